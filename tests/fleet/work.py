"""What processes beside a test do: they read this module, and not those of the test."""

import os
from pathlib import Path


def double(number):
    return 2 * number


def die(number):
    """Work that ends its process for some numbers, and for others the first time only."""
    marker = Path(os.environ["HOSTCHECK_TEST_MARKER"])
    if number == 3 or (number == 5 and not marker.exists()):
        marker.touch()
        os._exit(9)
    return 2 * number
