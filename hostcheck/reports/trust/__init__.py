"""What machines show before a login, and what is pinned of it."""
