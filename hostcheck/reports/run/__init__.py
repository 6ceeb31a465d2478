"""A run, as audits and preflights end: each module is a format of it."""
