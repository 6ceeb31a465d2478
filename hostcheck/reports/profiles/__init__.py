"""Which vGPU profiles hosts offer: each module is a format of it."""
