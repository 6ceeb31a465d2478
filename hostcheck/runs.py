"""The one builder of a run."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from hostcheck import __version__, catalog
from hostcheck.checks.engine import all_checks
from hostcheck.model.result import Manual
from hostcheck.model.run import SCHEMA, Asked, HostReport, Preflight, Run


class Totals(NamedTuple):
    """What all hosts of a run come to: when they answered, and whether guests were visited."""

    first_answer_at: str
    last_answer_at: str
    smoked: bool


def seen_in(hosts: Sequence[HostReport]) -> Totals:
    """Walk over the hosts."""
    times: set[str] = set()
    smoked = False
    for report in hosts:
        times.update(source.taken_at for source in report.host.sources if source.taken_at)
        smoked |= report.host.smoke_guests is not msgspec.UNSET
    return Totals(min(times, default=""), max(times, default=""), smoked)


def run_of(
    target: str,
    hosts: Sequence[HostReport],
    *,
    targets: tuple[Asked, ...] = (),
    seen: Totals | None = None,
    preflight: Preflight | None = None,
    unasked: tuple[str, ...] = (),
    ended: str = "",
) -> Run:
    """Put host reports, which are in the order of host names, into a run.

    `seen` is what is in them, where that is known without walking over them.
    """
    seen = seen or seen_in(hosts)
    return Run(
        schema=SCHEMA,
        tool_version=__version__,
        catalogue_edition=catalog.requirements().edition,
        target=target,
        first_answer_at=seen.first_answer_at,
        last_answer_at=seen.last_answer_at,
        hosts=hosts,
        checks=_manuals(smoked=seen.smoked),
        preflight=preflight,
        unasked=unasked,
        ended=ended if unasked else "",
        targets=targets,
    )


def _manuals(*, smoked: bool) -> tuple[Manual, ...]:
    """Return the manual of every check that could have had something to say."""
    return tuple(one.manual for one in all_checks() if smoked or not one.opt_in)
