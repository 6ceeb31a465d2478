"""What is waived, for reports: it stays visible, and is nothing to do."""

from collections.abc import Iterator

from hostcheck.model.run import Run
from hostcheck.model.waiver import LIVE, State, WaiverUse
from hostcheck.reports import words


def waived_words(run: Run) -> str:
    """Say in one sentence what is waived; empty where no file of waivers was given."""
    told = run.waivers
    if told is None:
        return ""
    hosts = sum(one.excused for one in told.hosts)
    results = words.count(len(told.results), "result is", "results are")
    on = words.count(len({(one.host, one.target) for one in told.results}), "host")
    excused = words.count(hosts, "host has", "hosts have") + " nothing else against a GO"
    return (
        f"{results} waived on {on}; {excused if hosts else 'that excuses no host'}. "
        f"Judged on {told.day or 'a day that is not known'}."
    )


def uses(run: Run) -> Iterator[WaiverUse]:
    """Yield the waivers: first those that need somebody's hand."""
    told = () if run.waivers is None else run.waivers.uses
    order = [one for one in State if one not in LIVE] + [State.SOON, State.APPLIES]
    yield from sorted(told, key=lambda one: (order.index(one.state), one.waiver.line))


def use_words(one: WaiverUse) -> str:
    """Return a waiver in one sentence: what, of whom, until when, why, who answers for it."""
    waiver = one.waiver
    what = f"{waiver.check} on {waiver.host}"
    if waiver.subject != "*":
        what += f", {waiver.subject}"
    of = words.count(one.results, "result") + f" on {words.count(one.host_count, 'host')}"
    who = "; ".join(
        part
        for part in (
            f"answered for by {waiver.owner}",
            waiver.ticket,
            f"approved by {waiver.approver}" if waiver.approver else "",
        )
        if part
    )
    return (
        f"{what}: {of}, until {waiver.expires} (end of day, UTC): {waiver.reason} ({who}; "
        f"line {waiver.line})"
    )
