"""One file a revision; a revision that was released is not changed any more."""
