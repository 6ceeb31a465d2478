"""Opens what is asked live: every vCenter that is wanted, shells and guests with it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from hostcheck import fleet
from hostcheck.connect import command_line, managing
from hostcheck.connect.given import NO_OPINION, Machines, OpinionOptions, Smoking
from hostcheck.connect.logins import ways_of
from hostcheck.connect.precedence import first, guests_of, settings_of
from hostcheck.connect.sessions import How, Live, Patience, opened
from hostcheck.connect.workers import refuse_unfit, side_by_side
from hostcheck.fleet import Workers
from hostcheck.front import Front
from hostcheck.ways.guest.steps import METHODS as GUEST
from hostcheck.ways.shell import services


@contextmanager
def machines(
    given: Machines,
    front: Front,
    *,
    clusters: tuple[str, ...] = (),
    smoking: Smoking | None = None,
    opinion: OpinionOptions = NO_OPINION,
    start_timeout: float | None = None,
    writes: Iterable[str] = (),
    beside: Iterable[str] = (),
    knocks: bool = False,
) -> Iterator[tuple[Live, Workers]]:
    """Open every vCenter that is wanted; `writes` names the only changes that can be sent.

    Ways `beside` vSphere are used whatever the options say. With `knocks` no more is asked of a
    machine than shows which ways are open.

    Raises UsageError for what cannot be.
    """
    settings = settings_of(given)
    visits = None
    wanted = None if smoking is None else guests_of(smoking, settings)
    if smoking is not None and wanted is not None:
        from hostcheck.connect.guests import Visits  # noqa: PLC0415  it brings paramiko

        visits = Visits(smoking, settings, front, *wanted, knocks=knocks)
    manages = managing.wanted(given, settings)
    refuse_unfit(given, settings, smokes=visits is not None, manages=manages)
    openers, carried, logging_in = ways_of(given, settings, front)
    manages = manages and not knocks
    if manages:
        writes = (*writes, *services.WRITES)
    how = How(
        openers=openers,
        carried=carried,
        packages=first(given.packages, settings.audit.packages),
        knocks=knocks,
        options=command_line.told(given, smoking),
    )
    source, sessions = opened(
        given, settings, front, hosts=given.hosts, clusters=clusters, how=how,
        patience=Patience(task_timeout=opinion.task_timeout, start_timeout=start_timeout),
        writes=(*writes, *(GUEST if visits is not None and not knocks else ())), quiet=given.quiet,
        beside=dict.fromkeys((*logging_in, *beside)),
    )  # fmt: skip
    with fleet.tended(source.keep_alive, source.close):
        managing.begin(source, sessions, front, manages=manages)
        if visits is not None:
            visits.add_to(source, sessions)
        # A page is judged while the next one is on its way, and sooner than that arrives.
        with side_by_side(source, given, settings, front, auto=1) as workers:
            yield source, workers
