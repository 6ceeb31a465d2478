"""Who is told what changed by a run: found before it begins, told when all is written."""

from pathlib import Path
from typing import TYPE_CHECKING

from hostcheck.cli.front import front
from hostcheck.cli.ring import EXIT_USAGE
from hostcheck.errors import UsageError
from hostcheck.notify.given import Telling

if TYPE_CHECKING:
    from hostcheck.cli.earlier import Earlier
    from hostcheck.connect.telling import Courier
    from hostcheck.model.run import Run
    from hostcheck.settings import SettingsFile

NO_EARLIER = (
    "--mail and --webhook tell what changed since an earlier run: give -o RUN.json, whose last run "
    "is taken, or --since RUN"
)


class Teller:
    """Who is to be told, and the earlier run, which was opened before it is replaced."""

    def __init__(
        self,
        given: Telling,
        settings: "SettingsFile",
        earlier: "Earlier",
        *,
        output: Path | None = None,
        only_given: bool = False,
    ) -> None:
        """Check addresses and files, and open the run at `output`, where no other was named.

        What the settings say holds for runs that are kept. Raises UsageError for what is wrong.
        """
        self._couriers: tuple[Courier, ...] = ()
        self._earlier = earlier
        asked = given.mail or given.webhook
        nothing = not earlier.name and output is None
        if not asked and (only_given or nothing):
            return
        from hostcheck.connect.telling import couriers

        self._couriers = couriers(given, settings, front(), only_given=only_given)
        if not self._couriers:
            return
        if nothing:
            raise UsageError(NO_EARLIER)
        earlier.open_output(output)

    def told(self, run: "Run", code: int, *, quiet: bool) -> int:
        """Tell what changed, if anything did; return the exit code, which says what went wrong."""
        if not self._couriers:
            return code
        from hostcheck.errors import HostcheckError
        from hostcheck.notify.news import news

        try:
            notice = news(self._earlier.story(run), run, code)
        except UsageError as error:
            front().tell(f"nobody was told: {error}")
            return EXIT_USAGE
        if notice is None:
            if not quiet:
                front().tell("nothing changed since the last run: nobody is told")
            return code
        for one in self._couriers:
            try:
                one.send(notice)
            except HostcheckError as error:
                front().tell(f"{error}; the run is written, and this message is lost")
                code = EXIT_USAGE
            else:
                if not quiet:
                    front().tell(f"told {one.where}")
        return code
