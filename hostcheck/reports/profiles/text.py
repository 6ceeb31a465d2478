"""Profiles for terminals: a table per kind of GPU, and below it what is not known."""

from collections.abc import Iterator
from itertools import groupby

from hostcheck.model.profiles import ProfileRow, Profiles
from hostcheck.reports import PAPER, Screen

COLUMNS = "  {:<44} {:>6} {:>8} {:<12} {:>7}  {}\n"


def pieces(told: Profiles, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield a table per kind of GPU."""
    yield f"vGPU profiles of {told.hosts} {'host' if told.hosts == 1 else 'hosts'}, "
    yield f"catalogue of {told.edition}\n"
    silent = any(host for host, _ in told.untold)
    nobody = "not known" if silent else "no host"
    for gpu, rows in groupby(told.rows, key=lambda row: row.gpu):
        yield f"\n{gpu}\n"
        yield COLUMNS.format("PROFILE", "SERIES", "MEMORY", "FORM", "PER GPU", "OFFERED BY")
        for row in rows:
            yield _line(row, told.hosts, nobody)
    if told.untold:
        yield "\nNOT KNOWN\n"
    for host, why in told.untold:
        yield f"  {host}: {why}\n" if host else f"  {why}\n"


def _line(row: ProfileRow, hosts: int, nobody: str) -> str:
    size = row.framebuffer_mib
    memory = f"{size // 1024} GB" if size >= 1024 else f"{size} MB"
    offered = row.offered_by
    by = nobody if not offered else offered[0] if len(offered) == 1 else f"{len(offered)} hosts"
    if hosts > 1 and len(offered) == hosts:
        by = "all hosts"
    own = "" if row.known_by == "catalogue" else "; not in the catalogue"
    return COLUMNS.format(
        row.name, row.series, memory, "MIG" if row.mig else "time-sliced",
        row.max_per_gpu or "?", by + own,
    )  # fmt: skip
