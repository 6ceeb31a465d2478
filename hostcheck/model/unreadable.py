"""What a file that cannot be read is told by."""

import msgspec

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that it cannot read: not all of it is of its own."""
DAMAGED = (*UNREADABLE, IndexError, ValueError)
"""The same, and what is raised for numbers that point to nothing."""
