"""What makes the exit code of a command, and what is new since an earlier run."""

from typing import TYPE_CHECKING

from hostcheck.cli.front import front
from hostcheck.cli.given import Failing, FailingSince
from hostcheck.errors import UsageError

if TYPE_CHECKING:
    from hostcheck.exits import Counting
    from hostcheck.model.result import Answer
    from hostcheck.model.run import Run


def _why(counting: "Counting") -> tuple[str, ...]:
    """Name what counts beside what is required, and the options that say so."""
    told = (
        (counting.stale_waivers, "--fail-on-unused-waiver"),
        (counting.new is not None, "--fail-on new"),
        (counting.recommended, "--strict (recommended checks count)"),
        (counting.unknown, "--fail-on unknown (what is not known counts like a fail)"),
    )
    return tuple(words for counts, words in told if counts)


class Code:
    """The exit code of a run, by the options of a command; what they need is read at once."""

    def __init__(self, failing: Failing, *, stale_waivers: bool = False) -> None:
        """Open the earlier run. Raises UsageError where it is none, or missing."""
        from hostcheck.exits import Counting, FailOn

        since = failing.since if isinstance(failing, FailingSince) else None
        self._only_new = FailOn.NEW in failing.fail_on
        if self._only_new and since is None:
            raise UsageError("--fail-on new needs an earlier run to compare with: give --since RUN")
        if self._only_new and FailOn.REQUIRED in failing.fail_on:
            raise UsageError("--fail-on new leaves out what is not new: leave out required, or new")
        self._counting = Counting(
            recommended=failing.strict or FailOn.RECOMMENDED in failing.fail_on,
            unknown=FailOn.UNKNOWN in failing.fail_on,
            stale_waivers=stale_waivers,
        )
        self._since = since
        if since is not None:
            from hostcheck.diff.story import Story

            self._then = Story.at(since)

    def beside(self, run: "Run") -> "Run":
        """Return the run beside the earlier one, where one is given: what became of its fleet."""
        if self._since is None:
            return run
        from msgspec.structs import replace

        from hostcheck.diff import since

        return replace(run, since=since(self._then, run))

    def of(self, run: "Run", *, quiet: bool = False) -> int:
        """Return the exit code; say what is new since the earlier run, where one was given."""
        from hostcheck.exits import exit_code

        counting = self._compared(run, quiet=quiet)
        code, plain = exit_code(run, counting), exit_code(run)
        if code != plain:
            front().tell(f"exit code {code}, and {plain} without {' and '.join(_why(counting))}")
        return code

    def of_answer(self, answer: "Answer") -> int:
        """Return the exit code of an answer about several runs."""
        from hostcheck.exits import code_of

        return code_of(answer, self._counting)

    def _compared(self, run: "Run", *, quiet: bool) -> "Counting":
        if self._since is None:
            return self._counting
        from msgspec.structs import replace

        from hostcheck.reports import diff_words

        made = run.since or self.beside(run).since
        if made is None:
            return self._counting
        if not quiet:
            front().tell(f"since {self._since}: {diff_words.headline(made)}")
        return replace(self._counting, new=made) if self._only_new else self._counting
