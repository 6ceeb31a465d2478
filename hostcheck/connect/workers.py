"""Who works on machines: threads here, processes beside it, or a Dask cluster."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from hostcheck import fleet
from hostcheck.connect.given import Machines
from hostcheck.connect.precedence import processes_of, workers_of
from hostcheck.errors import UsageError
from hostcheck.fleet import Workers
from hostcheck.front import Front
from hostcheck.settings import SettingsFile
from hostcheck.sources.base import Source

DIED = "a process that judged hosts died; what it had is judged once more"
LOST_WORK = "the cluster lost work it was given; what it lost is done in this process"


def refuse_unfit(
    given: Machines, settings: SettingsFile, *, smokes: bool, manages: bool = False
) -> None:
    """Raise UsageError, before anything is opened, for a cluster that cannot do the work."""
    wanted = workers_of(given, settings)
    if isinstance(wanted, str):
        fleet.address_of(wanted)
        if smokes:
            raise UsageError("--smoke visits guests from this process: give --workers NUMBER")
        if manages:
            raise UsageError(
                "--manage-ssh starts and stops SSH from this process: give --workers NUMBER"
            )


def side_by_side(
    source: Source, given: Machines, settings: SettingsFile, front: Front, *, auto: int
) -> AbstractContextManager[Workers]:
    """Return the workers that are wanted and of use: `auto` processes where no number is given."""
    wanted = workers_of(given, settings)
    if isinstance(wanted, str):
        return fleet.dask(wanted, _once(LOST_WORK, given, front))
    if source.one_by_one:
        return fleet.threads(wanted)
    # What no shell and no guest is asked for needs no threads: cores are what may help.
    return fleet.processes(processes_of(given, auto), _once(DIED, given, front))


def _once(sentence: str, given: Machines, front: Front) -> Callable[[], None]:
    """Return a warning that is worth one line however often its cause comes."""
    left = [] if given.quiet else [sentence]
    return lambda: front.tell(left.pop()) if left else None
