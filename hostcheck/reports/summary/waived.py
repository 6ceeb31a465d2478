"""What is waived, for reports: it stays visible, and is nothing to do."""

from collections.abc import Iterator

from hostcheck.model.result import Result
from hostcheck.model.run import HostReport, Run, called
from hostcheck.model.waiver import LIVE, State, Waiver, WaiverUse
from hostcheck.reports import words


class Excuses:
    """The waivers of a run by what they waive."""

    def __init__(self, run: Run) -> None:
        """Take a run, which may have none."""
        self._target = run.target
        self._waivers = run.waivers
        self._of = (
            {}
            if run.waivers is None
            else {
                (name, one.target, one.check, one.subject_kind, one.subject_id): one.waiver
                for one in run.waivers.results
                for name in (one.host, called(one.host, one.target))
            }
        )

    def waiver(self, report: HostReport, result: Result) -> Waiver | None:
        """Return what waives a result of a host."""
        if not self._of or self._waivers is None:
            return None
        about = result.subject
        target = report.host.target or self._target
        at = self._of.get((report.host.name, target, result.check, about.kind, about.id))
        return None if at is None else self._waivers.uses[at].waiver

    def left(self, report: HostReport) -> tuple[Result, ...]:
        """Return the results of a host that nothing waives."""
        if not self._of:
            return report.results
        return tuple(one for one in report.results if self.waiver(report, one) is None)


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
