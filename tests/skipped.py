"""Why tests did not run, in one line: what to install for how many more, and what no clone can run.

In CI nothing is skipped silently: a reason that is not in this table fails the run.
"""

from collections import Counter
from collections.abc import Iterable

PACKAGES = {
    "install openssh-server": "openssh-server",
    "no chromium": "chromium",
    "no BusyBox": "busybox",
    "no Go toolchain": "golang",
    "install passwd": "passwd",
    "no curl": "curl",
    "no systemd-analyze": "systemd",
    "no promtool": "prometheus",
    "no prometheus-node-exporter": "prometheus-node-exporter",
    "no lstopo": "hwloc",
    "no dot": "graphviz",
    "no pdftotext": "poppler-utils",
    "no PostgreSQL": "postgresql",
}
"""A part of a reason, and the Debian package that settles it."""
OTHERWISE = {
    "need root": "as root",
    "needs root": "as root",
    "x86-64 Linux": "on x86-64 Linux",
    "playwright": "with pip install -e '.[dev]'",
    "no hadolint": "with pip install -e '.[dev]'",
    "tree_sitter": "with pip install -e '.[dev]'",
}
"""A part of a reason, and where these tests run."""
SAMPLES = ("beside the repository", "is not here")
"""Samples and recordings of others, which no clone has: they are not ours to give away."""
BY_DESIGN = ("on purpose", "this system has no /dev/full", "only glibc", "no community.general")
"""The collection comes in a package of 500 MB, which no CI run installs: `pip install ansible`."""


def kind(reason: str) -> str:
    """Return what would let a test run; `samples`, `design`, or empty for a reason nobody knows."""
    for table in (PACKAGES, OTHERWISE):
        for part, settled in table.items():
            if part in reason:
                return settled
    if any(part in reason for part in SAMPLES):
        return "samples"
    return "design" if any(part in reason for part in BY_DESIGN) else ""


def line(reasons: Iterable[str]) -> str:
    """Return the line; empty where every test ran."""
    counted = Counter(kind(one) for one in reasons)
    if not counted:
        return ""
    packages = [one for one in PACKAGES.values() if counted[one]]
    more = sum(counted[one] for one in packages)
    told = [f"apt-get install {' '.join(packages)} runs {more} more"] if packages else []
    elsewhere = dict.fromkeys(OTHERWISE.values())
    told += [f"{counted[one]} run {one}" for one in elsewhere if counted[one]]
    if counted["samples"]:
        told.append(f"{counted['samples']} read samples that no clone has")
    if counted["design"]:
        told.append(f"{counted['design']} do not apply here")
    if counted[""]:
        told.append(f"{counted['']} for reasons that tests/skipped.py does not know")
    return f"{counted.total()} tests were not run: {'; '.join(told)}"


def unexplained(reasons: Iterable[str]) -> list[str]:
    """Return what CI must not pass over: all but samples and what does not apply."""
    return sorted({one for one in reasons if kind(one) not in ("samples", "design")})
