"""Nights for a history: small runs of hosts of which some are odd, on days that are given."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from msgspec.structs import replace

from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.runs import run_of
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of

RECORDED = Path(__file__).parents[2] / "fixtures" / "2n-2xA100-80-esxi803"
"""A healthy host."""
BEGIN = datetime(2026, 3, 1, 2, tzinfo=UTC)
DENIED = Unknown(Why.DENIED, "no permission", "runtime.inMaintenanceMode", "System.Read")
CHECK = "HOST-002"
"""Of a host in maintenance mode."""
MODES = {"well": Known(value=False), "fail": Known(value=True), "unknown": DENIED}


@cache
def healthy():
    source = RecordedSource(RECORDED)
    (ref,) = source.machines()
    return host_of(source.collect(ref))


@cache
def judged(name, mode="well", cluster="gpu-a", target=""):
    """A healthy host, but for what its maintenance mode is."""
    host = replace(
        healthy(), name=name, id=f"host-{name}", in_maintenance_mode=MODES[mode],
        cluster=Known(cluster), target=target,
    )  # fmt: skip
    return report_of(host)


def moment(day, hour=0):
    """Return the time of the night of a day from 0 on."""
    return (BEGIN + timedelta(days=day, hours=hour)).strftime("%Y-%m-%dT%H:%M:%SZ")


def night(day, *reports, hour=0, **more):
    """Return a run of these hosts."""
    run = run_of(more.pop("target", "vc.lab.test"), tuple(sorted(reports, key=lambda one: (
        one.host.name, one.host.target,
    ))))  # fmt: skip
    at = moment(day, hour)
    return replace(run, first_answer_at=at, last_answer_at=at, **more)


def since_of(history, check=CHECK):
    """Return since when hosts have this finding."""
    return {
        host.host: one.since
        for host in history.hosts
        for one in host.findings
        if one.check == check
    }


def open_of(past, check=CHECK):
    """Return what is told of the findings of a check: by host."""
    found = defaultdict(list)
    for one in past.findings:
        if one.check == check:
            found[one.host].append((one.now.value, one.since))
    return {host: told[0] if len(told) == 1 else told for host, told in found.items()}
