"""The earlier run that a run is compared with: a saved one, or the last one of a history."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hostcheck.cli.front import front
from hostcheck.cli.given import Remembering
from hostcheck.cli.remembering import place_of
from hostcheck.errors import UsageError
from hostcheck.files import is_named_pipe

if TYPE_CHECKING:
    from hostcheck.diff.story import Story
    from hostcheck.history.place import HistoryPlace
    from hostcheck.model.run import Run

SQLITE = b"SQLite format 3\0"
"""How a file of SQLite begins."""


class Earlier:
    """What `--since` names, else the run at the output, opened before that is replaced."""

    def __init__(self, since: str, remembering: Remembering) -> None:
        """Open what was named. Raises UsageError where it is neither run nor history."""
        self.name = since
        self.is_history = bool(since) and is_history(since)
        self._story: Story | None = None
        self._history: tuple[HistoryPlace, Callable[[], str] | None] | None = None
        if self.is_history:
            self._history = self._opened(Remembering(
                history=since, history_password_file=remembering.history_password_file,
            ))  # fmt: skip
        elif since:
            self._story = _saved(Path(since))

    @staticmethod
    def _opened(given: Remembering) -> "tuple[HistoryPlace, Callable[[], str] | None] | None":
        found = place_of(given, option="--since")
        if found is not None:
            from hostcheck.history.recall import check

            check(*found)
        return found

    def open_output(self, output: Path | None) -> None:
        """Open the run at the output, where nothing was named; one that is none is replaced."""
        if self.name or output is None or not output.is_file():
            return
        try:
            self._story = _saved(output)
        except UsageError as error:  # it is replaced: no run is lost for it
            front().tell(f"{error}; it is replaced, and all of the new run counts as new")

    def story(self, run: "Run") -> "Story | None":
        """Return what was known before a run; None where there is no earlier one.

        Raises UsageError where it cannot be read.
        """
        if self._history is None or self._story is not None or not run.last_answer_at:
            return self._story
        from hostcheck.history.recall import recall

        self._story = recall(*self._history, run)
        return self._story

    def remembered(self, run: "Run") -> "Run":
        """Return a run with what the saved one knew and it does not, for the run after it."""
        if self._story is None or self._story.sketch:
            return run
        from msgspec.structs import replace

        from hostcheck.diff.memory import last_known
        from hostcheck.diff.story import Story

        try:
            kept = last_known(self._story, Story.of(run))
            return replace(run, last_known=tuple(sorted(kept, key=lambda o: (o.host, o.target))))
        except UsageError as error:  # whoever compares says it too
            front().tell(str(error))
            return run


def _saved(path: Path) -> "Story":
    from hostcheck.diff.story import Story

    return Story.at(path)


def is_history(given: str) -> bool:
    """Say whether a history is meant, and no run file."""
    if "://" in given:
        return True
    if is_named_pipe(Path(given)):
        raise UsageError(f"--since: {given} is a named pipe: give a file")
    try:
        with Path(given).open("rb") as file:
            return file.read(len(SQLITE)) == SQLITE
    except OSError:
        return False
