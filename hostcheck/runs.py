"""The one builder of a run."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from hostcheck import __version__, catalog
from hostcheck.checks.engine import all_checks
from hostcheck.model.policy import Policy
from hostcheck.model.result import Manual
from hostcheck.model.run import SCHEMA, Asked, HostReport, Preflight, Run
from hostcheck.policy.settle import sentence

OF_BMCS = "BMC-"
"""How checks begin that have something to say where a BMC was asked alone."""


class Totals(NamedTuple):
    """What hosts of a run come to: when they answered, if guests were visited and BMCs asked."""

    first_answer_at: str
    last_answer_at: str
    smoked: bool
    bmcs: bool
    managed: bool = False
    """Whether SSH was started for it on any host."""


def seen_in(hosts: Sequence[HostReport]) -> Totals:
    """Walk over the hosts."""
    times: set[str] = set()
    smoked = bmcs = managed = False
    for report in hosts:
        times.update(source.taken_at for source in report.host.sources if source.taken_at)
        smoked |= report.host.smoke_guests is not msgspec.UNSET
        bmcs |= report.host.bmc is not msgspec.UNSET
        managed |= report.host.ssh_service is not msgspec.UNSET
    return Totals(min(times, default=""), max(times, default=""), smoked, bmcs, managed)


def run_of(
    target: str,
    hosts: Sequence[HostReport],
    *,
    targets: tuple[Asked, ...] = (),
    seen: Totals | None = None,
    preflight: Preflight | None = None,
    unasked: tuple[str, ...] = (),
    ended: str = "",
    policy: Policy | None = None,
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
        checks=_manuals(seen),
        preflight=preflight,
        unasked=unasked,
        ended=ended if unasked else "",
        targets=targets,
        policy=policy,
        notices=noticed((), None, policy) if preflight is None else (),
    )


def noticed(notices: tuple[str, ...], then: Policy | None, now: Policy | None) -> tuple[str, ...]:
    """Return the notices of a run with what its policy does to what decides a power-on."""
    was, told = (sentence(one) if one is not None else "" for one in (then, now))
    left = tuple(one for one in notices if one != was)
    return (told, *left) if told else left


def _manuals(seen: Totals) -> tuple[Manual, ...]:
    """Return the manual of every check that could have had something to say."""
    wanted = {"BMC": seen.bmcs, "HOST": seen.managed}
    return tuple(
        one.manual
        for one in all_checks()
        if not one.opt_in or wanted.get(one.manual.family, seen.smoked)
    )
