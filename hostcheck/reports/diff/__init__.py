"""What became of a fleet between two runs, in its formats."""
