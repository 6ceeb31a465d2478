"""What the smoke test found: each module is a format of it."""
