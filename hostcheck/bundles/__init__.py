"""Hosts that nobody can reach: the script that asks one there, and files that were sent."""
