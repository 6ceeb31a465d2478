"""The smoke test in guests that the user named."""
