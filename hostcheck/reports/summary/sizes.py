"""How much a summary tells of a large fleet."""

LARGEST_PAGE = 40
"""Hosts that one page tells everything of; a report of more is an index and a page per host."""
NAMED = 8
"""Hosts that a step or cause names; of the others it knows the number."""
NOTHING = "Nothing is known of them"
