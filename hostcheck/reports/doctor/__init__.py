"""What a run will not be allowed, in its formats."""
