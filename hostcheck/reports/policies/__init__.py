"""The profiles that there are, as text and JSON."""
