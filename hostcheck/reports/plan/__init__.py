"""A plan, in its formats."""
