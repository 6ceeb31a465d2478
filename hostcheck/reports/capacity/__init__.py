"""How many more vGPUs fit: each module is a format of it."""
