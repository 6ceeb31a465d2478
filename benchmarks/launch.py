"""Runs a command and reports what it took. Kept small: a child's peak memory is never below ours.

python -S benchmarks/launch.py REPORT COMMAND...
"""

import os
import sys
import time

started = time.perf_counter()
process = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(process, 0)
with open(sys.argv[1], "w") as report:  # noqa: PTH123  pathlib alone weighs a few megabytes
    report.write(
        f"{time.perf_counter() - started} {used.ru_utime + used.ru_stime} {used.ru_maxrss / 1024}"
    )
sys.exit(os.waitstatus_to_exitcode(status))
