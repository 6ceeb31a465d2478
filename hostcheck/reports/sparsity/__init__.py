"""Which weights are sparse: each module is a format of it."""
