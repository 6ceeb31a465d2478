"""What of a run is shown: which hosts, which findings."""

from hostcheck.model.result import Answer, Severity
from hostcheck.reports import Show, words


class Shown:
    """The choice that was made, as questions."""

    def __init__(self, show: Show) -> None:
        """Keep it."""
        self.summary = show.summary
        self._only = show.only
        self._checks = show.checks
        self._skip = show.skip
        self._severities: tuple[Severity, ...] = words.GRAVEST_FIRST
        if show.severity:
            least = words.GRAVEST_FIRST.index(Severity(show.severity))
            self._severities = words.GRAVEST_FIRST[: least + 1]
        self.leaves_out = bool(show.checks or show.skip or show.severity)
        """Whether some findings are not shown."""
        self.chosen = bool(show.checks or show.only)
        """Whether somebody asked for these hosts, and wants all their names."""
        self.says_severity = bool(show.severity or show.checks)

    def host(self, verdict: Answer) -> bool:
        """Say whether hosts with this verdict are shown."""
        return not self._only or verdict.value in self._only

    def finding(self, check: str, severity: Severity) -> bool:
        """Say whether what a check of this severity says is shown."""
        chosen = not self._checks or check in self._checks
        return chosen and check not in self._skip and severity in self._severities
