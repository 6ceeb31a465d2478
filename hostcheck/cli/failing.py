"""What makes the exit code of a command, and what is new since an earlier run."""

from typing import TYPE_CHECKING

from hostcheck.cli.front import front
from hostcheck.cli.given import Failing, FailingSince
from hostcheck.cli.ring import EXIT_USAGE
from hostcheck.errors import UsageError

if TYPE_CHECKING:
    from hostcheck.cli.earlier import Earlier
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

    def __init__(
        self, failing: Failing, earlier: "Earlier | None" = None, *, stale_waivers: bool = False
    ) -> None:
        """Take the earlier run. Raises UsageError where one is missing."""
        from hostcheck.exits import Counting, FailOn

        self._earlier = earlier if isinstance(failing, FailingSince) and failing.since else None
        self._only_new = FailOn.NEW in failing.fail_on
        self._lost = False
        if self._only_new and self._earlier is None:
            raise UsageError("--fail-on new needs an earlier run to compare with: give --since RUN")
        if self._only_new and FailOn.REQUIRED in failing.fail_on:
            raise UsageError("--fail-on new leaves out what is not new: leave out required, or new")
        self._counting = Counting(
            recommended=failing.strict or FailOn.RECOMMENDED in failing.fail_on,
            unknown=FailOn.UNKNOWN in failing.fail_on,
            stale_waivers=stale_waivers,
        )

    def beside(self, run: "Run") -> "Run":
        """Return the run beside the earlier one, where one is given: what became of its fleet."""
        if self._earlier is None:
            return run
        from msgspec.structs import replace

        from hostcheck.diff import since

        try:
            then = self._earlier.story(run)
            made = None if then is None else since(then, run)
        except UsageError as error:  # the run is there, and is told first
            front().tell(f"the run is compared with none: {error}")
            self._lost = True
            return run
        if made is None:
            front().tell(f"{self._earlier.name} holds no earlier run: everything counts as new")
        return replace(run, since=made)

    def of(self, run: "Run", *, quiet: bool = False) -> int:
        """Return the exit code; say what is new since the earlier run, where one was given."""
        from hostcheck.exits import exit_code

        if self._lost:
            return EXIT_USAGE
        counting = self._compared(run, quiet=quiet)
        code = exit_code(run, counting)
        plain = exit_code(run) if _why(counting) else code
        if code != plain:
            front().tell(f"exit code {code}, and {plain} without {' and '.join(_why(counting))}")
        return code

    def of_answer(self, answer: "Answer") -> int:
        """Return the exit code of an answer about several runs."""
        from hostcheck.exits import code_of

        return code_of(answer, self._counting)

    def _compared(self, run: "Run", *, quiet: bool) -> "Counting":
        if self._earlier is None or run.since is None:
            return self._counting
        from msgspec.structs import replace

        from hostcheck.reports import diff_words

        if not quiet:
            front().tell(f"since {self._earlier.name}: {diff_words.headline(run.since)}")
        return replace(self._counting, new=run.since) if self._only_new else self._counting
