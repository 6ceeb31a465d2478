"""VM classes judged, in their formats."""
