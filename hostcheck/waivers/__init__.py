"""Waivers: a file in which somebody answers for fails, and what of a run it waives."""
