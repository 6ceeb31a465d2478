"""Waivers beside a run, for the commands that take a file of them."""

from pathlib import Path
from typing import TYPE_CHECKING

from hostcheck.cli.given import Waiving
from hostcheck.errors import UsageError

if TYPE_CHECKING:
    from hostcheck.model.run import Run


class WaiverFile:
    """A file of waivers that was read before anything else was done; or none."""

    def __init__(self, waiving: Waiving, setting: str = "", *, carried: bool = False) -> None:
        """Read the file of the option, else of the setting. Raises UsageError for what is wrong.

        A saved run may have `carried` waivers of its own.
        """
        place = waiving.waivers or (Path(setting).expanduser() if setting else None)
        self._place = place
        if waiving.fail_on_unused_waiver and place is None and not carried:
            raise UsageError("--fail-on-unused-waiver needs a file of waivers: give --waivers FILE")
        if place is not None:
            from hostcheck.waivers.file import read

            self._waivers = read(place)

    def applied(self, run: "Run") -> "Run":
        """Return the run with what the waivers come to."""
        if self._place is None:
            return run
        from hostcheck.waivers.apply import apply

        return apply(run, self._waivers, str(self._place))
