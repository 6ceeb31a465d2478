"""The smoke test of the sparse tensor cores: its program, and how that is built."""
