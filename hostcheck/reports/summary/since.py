"""Since when findings are known, for reports: what a history said of the run."""

from collections.abc import Iterable
from datetime import date

from hostcheck.model.host import Host
from hostcheck.model.result import Result, Status
from hostcheck.model.run import Run

DAY = len("2026-11-28")


def first_seen(run: Run, host: Host) -> dict[tuple[str, str, str], str]:
    """Return when the findings of a host were first seen; nothing where no history was asked."""
    if run.history is None:
        return {}
    return run.history.of(host.name, host.target or run.target)


def known_since(
    run: Run, times: dict[tuple[str, str, str], str], results: Iterable[Result]
) -> str:  # fmt: skip
    """Say since when the oldest of these fails is known; empty where that is not known."""
    found = [
        times[key]
        for one in results
        if one.status is Status.FAIL
        and (key := (one.check, one.subject.kind, one.subject.id)) in times
    ]
    if not found or run.history is None:
        return ""
    oldest = min(found)
    day = oldest[:DAY]
    if oldest == run.history.begins:
        return f"known since {day} or before"
    if oldest == run.last_answer_at:
        return "seen for the first time"
    try:
        ago = (date.fromisoformat(run.last_answer_at[:DAY]) - date.fromisoformat(day)).days
    except ValueError:  # of a run file that is damaged
        return ""
    return f"known since {day}, for {ago} {'day' if ago == 1 else 'days'}"
