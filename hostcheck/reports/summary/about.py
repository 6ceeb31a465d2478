"""What the reader must know of the run itself: its end, its vCenters, its catalogue."""

from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace

from hostcheck.model.run import (
    HostReport,
    OpenedOneByOne,
    Run,
    called,
    silent,
)
from hostcheck.reports import words
from hostcheck.reports.summary.sizes import NAMED, NOTHING

STALE_DAYS = 180
"""Age at which a catalogue may miss boards, profiles and releases that hosts have."""


def catalogue_age(run: Run) -> int | None:
    """Return how many days older than the answers the catalogue is; None without two dates."""
    try:
        asked = date.fromisoformat(run.last_answer_at[: len("2026-11-21")])
        return (asked - date.fromisoformat(run.catalogue_edition)).days
    except ValueError:
        return None


def catalogue(run: Run) -> str:
    """Name the catalogue's edition and its age."""
    age = catalogue_age(run)
    return run.catalogue_edition if age is None else f"{run.catalogue_edition} ({_days(age)})"


def _days(age: int) -> str:
    return f"{words.count(age, 'day')} old" if age > 0 else "newer than the answers"


def named(run: Run) -> Run:
    """Return a run whose hosts go by name and vCenter, where it asked several."""
    if len(run.targets) < 2:
        return run
    asked = run.preflight
    if asked is not None:
        candidates = tuple(
            replace(one, host=called(one.host, one.target)) for one in asked.candidates
        )
        asked = replace(asked, candidates=candidates)
    hosts = OpenedOneByOne(len(run.hosts), lambda number: _named(run.hosts[number]))
    return replace(run, hosts=hosts, preflight=asked)


def _named(report: HostReport) -> HostReport:
    host = report.host
    return replace(report, host=replace(host, name=called(host.name, host.target)))


def ended(run: Run) -> str:
    """Say what kept a run from its other hosts."""
    return words.one_line(run.ended) or "the run was interrupted"


def sentence(told: str) -> str:
    """Return the words with a capital."""
    return words.capital(told)


def judged_by(run: Run) -> str:
    """Name the policy that hosts were judged by; empty where there was none."""
    if run.policy is None:
        return ""
    place = f", {run.policy.file}" if run.policy.file else ""
    return f"Judged by policy {run.policy.called}{place}"


def without(names: Sequence[str]) -> str:
    """Say of hosts that are in maintenance mode in thought what that means; empty without any."""
    if not names:
        return ""
    told = ", ".join(words.one_line(name) for name in names[:NAMED])
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return (
        f"In maintenance mode, in thought, and left out: {told}{more}. What runs there is not "
        "moved in thought: hostcheck plan says whether the others take it."
    )


def notices(run: Run) -> tuple[str, ...]:
    """Return what the reader must know of the run itself."""
    told = [words.one_line(f"{judged_by(run)}.")] if run.policy is not None else []
    told += filter(None, [without(run.preflight.in_maintenance if run.preflight else ())])
    told += run.notices if run.power_on is None else run.notices[:-1]  # its last is the reason
    told += [
        words.one_line(f"{one.name} could not be asked: {one.failure}. Its hosts were not asked.")
        for one in silent(run.targets)
    ]
    if run.unasked:
        names = ", ".join(words.one_line(name) for name in run.unasked[:NAMED])
        more = f" and {len(run.unasked) - NAMED} more" if len(run.unasked) > NAMED else ""
        told.append(f"{sentence(ended(run))} before {names}{more} could be asked. {NOTHING}.")
    if run.history is not None and run.history.fault:
        told.append(
            words.one_line(
                "The run is not in the history, and since when its findings are known is not told: "
                f"{run.history.fault}"
            )
        )
    age = catalogue_age(run)
    if age is not None and age > STALE_DAYS:
        told.append(
            f"The catalogue was {age} days old when the hosts answered. It may not know their "
            "GPUs, vGPU profiles or driver releases: update hostcheck."
        )
    return tuple(told)
