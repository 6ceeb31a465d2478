"""Hosts in a line each: each module is a format of the list."""
