"""Forget what is over for long. What still fails keeps the day on which it was first seen."""

from collections.abc import Callable
from typing import NamedTuple

import sqlalchemy as sa

from hostcheck.history.place import HistoryPlace
from hostcheck.history.store import NOTHING, HistoryError, writing
from hostcheck.history.tables import CHANGE, HOST, RUN, TRACK, bits, instant_of, seconds_of

DAY_SECONDS = 86_400
CHUNK = 500
"""Rows that one statement names."""


class Forgotten(NamedTuple):
    """How many rows of each kind are gone."""

    runs: int
    changes: int
    findings: int
    hosts: int


def forget(connection: sa.Connection, keep: int) -> Forgotten:
    """Forget what is more than so many days older than the last run.

    That are runs, changes that later ones followed before that, findings that were over then, and
    hosts that no run judged since then.
    """
    newest = connection.execute(sa.select(sa.func.max(RUN.c.instant))).scalar()
    if newest is None:
        return Forgotten(0, 0, 0, 0)
    cut = instant_of(seconds_of(int(newest)) - keep * DAY_SECONDS)
    runs = connection.execute(sa.delete(RUN).where(RUN.c.instant < cut)).rowcount
    seen = 0
    for one in connection.execute(sa.select(RUN.c.seen)).scalars():
        seen |= bits(one)
    ids = connection.execute(sa.select(HOST.c.id)).scalars().all()
    gone = [one for one in ids if not seen >> one & 1]
    later = CHANGE.alias()
    followed = sa.exists().where(
        later.c.track == CHANGE.c.track, later.c.instant > CHANGE.c.instant, later.c.instant < cut
    )
    changes = connection.execute(
        sa.delete(CHANGE).where(CHANGE.c.instant < cut, followed)
    ).rowcount  # fmt: skip
    last = sa.exists().where(CHANGE.c.track == TRACK.c.id, CHANGE.c.instant >= cut)
    over = sa.select(TRACK.c.id).where(TRACK.c.check_id != "", TRACK.c.since.is_(None), ~last)
    tracks = list(connection.execute(over).scalars())
    hosts = len(gone)
    while gone:
        some, gone = gone[:CHUNK], gone[CHUNK:]
        of_some = sa.select(TRACK.c.id).where(TRACK.c.host.in_(some))
        tracks += connection.execute(of_some).scalars()
        connection.execute(sa.delete(HOST).where(HOST.c.id.in_(some)))
    findings = len(tracks)
    while tracks:
        some, tracks = tracks[:CHUNK], tracks[CHUNK:]
        changes += connection.execute(sa.delete(CHANGE).where(CHANGE.c.track.in_(some))).rowcount
        connection.execute(sa.delete(TRACK).where(TRACK.c.id.in_(some)))
    return Forgotten(runs, changes, findings, hosts)


def prune(place: HistoryPlace, password: Callable[[], str] | None, keep: int) -> Forgotten:
    """Forget in a history what `forget` says. Raises HistoryError where it cannot be done."""
    if place.file is not None and not place.file.exists():
        raise HistoryError(f"{place.name}: {NOTHING}")
    with writing(place, password) as connection:
        return forget(connection, keep)
