"""Policies: read from files and profiles, and settled into the checks that a host is judged by."""
