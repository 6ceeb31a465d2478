"""Since when the findings of a run are known, as the history knew it when the run was made."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from hostcheck.history.place import HistoryPlace
from hostcheck.history.tables import CHANGE, FAIL, HOST, RUN, TRACK, bits, moment
from hostcheck.model.history import History, OfHost, Since


def of_run(
    connection: sa.Connection, place: HistoryPlace, instant: int, left_out: int = 0
) -> History:
    """Return what is known of a run that the history holds."""
    i = RUN.c.instant
    number, first, last = connection.execute(
        sa.select(sa.func.count(), sa.func.min(i), sa.func.max(i))
    ).one()
    seen = bits(connection.execute(sa.select(RUN.c.seen).where(i == instant)).scalar_one())
    asked = _now() if last == instant else _then(instant)
    return History(
        place.name, number, moment(first), tuple(_found(connection, asked, seen)), left_out
    )


def _found(connection: sa.Connection, asked: Any, seen: int) -> Iterator[OfHost]:
    hosts = {
        row[0]: (row[1], row[2])
        for row in connection.execute(sa.select(HOST.c.id, HOST.c.name, HOST.c.vcenter))
    }
    found: dict[tuple[str, str], list[Since]] = {}
    for host, since, check, kind, subject in connection.execute(asked):
        if seen >> host & 1:
            one = Since(check, kind, subject, moment(since))
            found.setdefault(hosts[host], []).append(one)
    for who in sorted(found):
        mine = sorted(found[who], key=lambda one: (one.check, one.subject_kind, one.subject_id))
        yield OfHost(*who, tuple(mine))


def _now() -> Any:
    t = TRACK.c
    return sa.select(t.host, t.since, t.check_id, t.kind, t.subject).where(
        t.state == FAIL, t.check_id != ""
    )


def _then(instant: int) -> Any:
    """Ask for what failed at an instant: the last change of each track until then."""
    c, t = CHANGE.c, TRACK.c
    last = (
        sa.select(c.track, sa.func.max(c.instant).label("instant"))
        .where(c.instant <= instant)
        .group_by(c.track)
        .subquery()
    )
    return (
        sa.select(t.host, c.since, t.check_id, t.kind, t.subject)
        .join(last, sa.and_(last.c.track == c.track, last.c.instant == c.instant))
        .join(TRACK, t.id == c.track)
        .where(c.state == FAIL, t.check_id != "")
    )
