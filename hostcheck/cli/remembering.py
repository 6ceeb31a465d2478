"""A history beside a run: written late, and never at the cost of the run."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import click

from hostcheck.cli.front import front
from hostcheck.cli.given import Remembering, group
from hostcheck.cli.options import existing
from hostcheck.cli.out import tell_new_folders
from hostcheck.cli.ring import EXIT_USAGE
from hostcheck.errors import UsageError, crash

if TYPE_CHECKING:
    from hostcheck.history.place import HistoryPlace
    from hostcheck.model.run import Run
    from hostcheck.settings import SettingsFile


class DaysType(click.ParamType[int]):
    """A number of days: `30` or `30d`."""

    name = "days"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        """Return the number."""
        from hostcheck.settings import days

        try:
            return days(str(value))
        except UsageError as error:
            return self.fail(str(error), param, ctx)


remembering_options = group(
    "remembering", Remembering,
    click.option(
        "--history", default="", metavar="FILE|URL",
        help="History (docs/history.md): a SQLite file, or postgresql://USER@HOST/DATABASE.",
    ),
    click.option(
        "--history-password-file", type=existing(dir_okay=False),
        help="File whose first line is its password. Default: HOSTCHECK_HISTORY_PASSWORD, keyring, "
        "~/.pgpass.",
    ),
)  # fmt: skip


def place_of(
    given: Remembering, settings: "SettingsFile | None" = None, *, option: str = "--history"
) -> "tuple[HistoryPlace, Callable[[], str] | None] | None":
    """Return where the history is and what finds its password; None where there is to be none.

    The option goes before `[history]`. Raises UsageError for what is wrong.
    """
    url = given.history or (settings.history.url if settings is not None else "")
    if not url:
        if given.history_password_file is not None:
            raise UsageError("--history-password-file is of a history: give --history too")
        return None
    from hostcheck import extras
    from hostcheck.history import place
    from hostcheck.secrets import SecretPlace, password_or_none

    found = place.read(url, option if given.history else "url of [history]")
    needed = ["sqlalchemy", "alembic"] + ["psycopg"] * (found.file is None)
    if missing := [one for one in needed if find_spec(one) is None]:
        raise UsageError(f"a history needs {missing[0]}: {extras.install('history')}")
    if found.file is not None:
        if given.history_password_file is not None:
            raise UsageError("--history-password-file: a file of SQLite has no password")
        return found, None
    where = SecretPlace(
        found.key, "HOSTCHECK_HISTORY_PASSWORD", "--history-password-file",
        given.history_password_file,
    )  # fmt: skip
    return found, password_or_none(where, "Password of the history: ", front(), ask=False)


class Remembered:
    """The history of a command that makes or shows a run; or none."""

    def __init__(
        self, given: Remembering, settings: "SettingsFile | None" = None, *, shared: bool = False
    ) -> None:
        """Read where it is. Raises UsageError for what is wrong, and what is not installed.

        With `shared` the password is of another history too, and may be of that alone.
        """
        from dataclasses import replace

        from hostcheck.settings import days

        place = given.history or (settings.history.url if settings is not None else "")
        if shared and not place:
            given = replace(given, history_password_file=None)
        self._place = place_of(given, settings)
        keep = settings.history.keep if settings is not None else 0
        self._keep = days(str(keep)) if keep else 0
        self._lost = False
        if self._place is not None:
            tell_new_folders(self._place[0].file)

    def written(self, run: "Run") -> "Run":
        """Write a run, and return it with what the history says of it, or with why it does not."""
        if self._place is None:
            return run
        if not run.last_answer_at:
            front().tell("no host answered: the run has no time, and is not in the history")
            return run
        from msgspec.structs import replace

        from hostcheck.history.write import write
        from hostcheck.model.history import History

        place, password = self._place
        try:
            told = write(place, password, run, self._keep)
        except UsageError as error:
            fault = str(error)
        except KeyboardInterrupt:  # the run is there, and is told first
            fault = f"{place.name}: interrupted before the run was written"
        except Exception as error:  # noqa: BLE001  no fault of a history costs a run
            fault = f"{place.name}: {crash(error)}; please report it"
        else:
            if told.left_out:
                front().tell(
                    f"{place.name} knows younger answers of {told.left_out} hosts: left out"
                )
            if told.otherwise:
                front().tell(
                    f"{place.name} holds the answers of this run as they were judged first: it "
                    "keeps that, and not what another policy or version makes of them"
                )
            return replace(run, history=told)
        self._lost = True
        front().tell(f"the run is not in the history: {fault}")
        return replace(run, history=History(place.name, fault=fault))

    def code(self, code: int) -> int:
        """Return the exit code: that of a fault, where the run could not be written."""
        return EXIT_USAGE if self._lost else code
