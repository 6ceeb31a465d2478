"""What hosts of one cluster do not have alike, as text, CSV and JSON."""
