"""The results of a run that are waived, and those that are left: asked by verdict and reports."""

from hostcheck.model.difference import Change, Difference
from hostcheck.model.result import Answer, Result
from hostcheck.model.run import HostReport, Run, called
from hostcheck.model.waiver import Waiver


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
        return self.waiver_of((report.host.name, report.host.target), result)

    def waiver_of(self, who: tuple[str, str], result: Result) -> Waiver | None:
        """Return what waives a result of a host, which is told by its name and target."""
        if not self._of:
            return None
        about = result.subject
        return self._waiver(who, (result.check, about.kind, about.id))

    def _waiver(self, who: tuple[str, str], key: tuple[str, str, str]) -> Waiver | None:
        """Return what waives what has a check, and kind and id of its subject."""
        if not self._of or self._waivers is None:
            return None
        at = self._of.get((who[0], who[1] or self._target, *key))
        return None if at is None else self._waivers.uses[at].waiver

    def counted(self, made: Difference) -> tuple[Change, ...]:
        """Return the changes of a difference, this being the later run, that nothing waives."""
        return tuple(
            one
            for one in made.changes
            if self._waiver((one.host, one.target), (one.check, one.subject_kind, one.subject_id))
            is None
        )

    def without(self) -> dict[tuple[str, str], Answer]:
        """Return by host and target what verdicts would be without what is waived."""
        hosts = () if self._waivers is None else self._waivers.hosts
        return {(one.host, one.target): one.without for one in hosts}

    def left(self, report: HostReport) -> tuple[Result, ...]:
        """Return the results of a host that nothing waives."""
        return self.left_of((report.host.name, report.host.target), report.results)

    def left_of(self, who: tuple[str, str], results: tuple[Result, ...]) -> tuple[Result, ...]:
        """Return which of some results of a host, told by its name and target, nothing waives."""
        if not self._of:
            return results
        return tuple(one for one in results if self.waiver_of(who, one) is None)
