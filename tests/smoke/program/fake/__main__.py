"""Print the folder of the fake driver."""

import sys

from tests.smoke.program.fake import driver

sys.stdout.write(f"{driver()}\n")
