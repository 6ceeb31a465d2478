"""The last run of the same hosts, as far as a history knows it: its verdicts and its fails."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from hostcheck.diff.story import Story, Who
from hostcheck.history.place import HistoryPlace
from hostcheck.history.store import reading
from hostcheck.history.tables import (
    CHANGE,
    FAIL,
    HOST,
    NOT_KNOWN,
    RUN,
    TRACK,
    bits,
    instant_of,
    moment,
)
from hostcheck.model.run import SCHEMA, Run
from hostcheck.runfile import StoredHosts

HIMSELF = ("", "host", "", "", "")
"""What passes on each host: that it was judged."""
_encode = msgspec.json.Encoder().encode


def check(place: HistoryPlace, password: Callable[[], str] | None) -> None:
    """Raise HistoryError where there is no history, or it cannot be read."""
    with reading(place, password):
        pass


def recall(
    place: HistoryPlace, password: Callable[[], str] | None, run: Run
) -> Story | None:  # fmt: skip
    """Return what was known before a run of its hosts, and of those of the run before it.

    A finding that was not known last night is as it was when it was known last. None where the
    history holds no earlier run. Raises HistoryError.
    """
    at = instant_of(int(datetime.fromisoformat(run.last_answer_at).timestamp()))
    with reading(place, password) as connection:
        r = RUN.c
        last = connection.execute(
            sa.select(r.tool, r.catalogue, r.target, r.instant, r.seen)
            .where(r.instant < at)
            .order_by((r.target == run.target).desc(), r.instant.desc())
            .limit(1)
        ).one_or_none()
        if last is None:
            return None
        tool, catalogue, target, instant, seen = last
        mine = bits(seen) if target == run.target else 0
        newest = connection.execute(sa.select(sa.func.max(r.instant))).scalar_one()
        asked = _now() if newest < at else _then(at)
        lines = dict(_lines(connection, asked, mine, set(_names(run))))
    told = [lines[who] for who in sorted(lines)]
    story = Story.of(
        Run(
            SCHEMA,
            tool,
            catalogue,
            target,
            moment(instant),
            moment(instant),
            StoredHosts(len(told), told.__getitem__),
            run.checks,
        )
    )
    story.sketch = True
    return story


def _names(run: Run) -> Iterator[Who]:
    return (one.who for one in Story.of(run).hosts())


def _now() -> Any:
    t = TRACK.c
    failed = sa.and_(t.check_id != "", t.since.is_not(None))
    return sa.select(
        t.host, t.check_id, t.kind, t.subject, t.name, t.severity, t.state
    ).where(sa.or_(t.check_id == "", failed))  # fmt: skip


def _then(at: int) -> Any:
    """Ask for the last change of each track before an instant."""
    c, t = CHANGE.c, TRACK.c
    last = (
        sa.select(c.track, sa.func.max(c.instant).label("instant"))
        .where(c.instant < at)
        .group_by(c.track)
        .subquery()
    )
    failed = sa.and_(t.check_id != "", c.state.in_((FAIL, NOT_KNOWN)))
    return (
        sa.select(t.host, t.check_id, t.kind, t.subject, t.name, c.severity, c.state)
        .join(last, sa.and_(last.c.track == c.track, last.c.instant == c.instant))
        .join(TRACK, t.id == c.track)
        .where(sa.or_(t.check_id == "", failed))
    )


def _lines(
    connection: sa.Connection, asked: Any, seen: int, names: set[Who]
) -> Iterator[tuple[Who, bytes]]:
    """Yield the hosts that are meant as lines of a run file, with what failed."""
    hosts: dict[int, Who] = {
        id_: (name, vcenter)
        for id_, name, vcenter in connection.execute(
            sa.select(HOST.c.id, HOST.c.name, HOST.c.vcenter)
        )
        if seen >> id_ & 1 or (name, vcenter) in names
    }
    verdicts: dict[int, str] = {}
    fails: dict[int, list[tuple[str, ...]]] = {}
    for host, check_id, *rest, state in connection.execute(asked):
        if host in hosts:
            if check_id:
                fails.setdefault(host, []).append((check_id, *rest))
            else:
                verdicts[host] = state
    for host, verdict in verdicts.items():
        found = sorted(fails.get(host, ()))
        yield hosts[host], _encode({
            "verdict": verdict,
            "host": {"name": hosts[host][0], "id": "", "target": hosts[host][1]},
            "subjects": [
                {"kind": kind, "id": id_, "name": name}
                for _, kind, id_, name, _ in (*found, HIMSELF)
            ],
            "results": [
                {"check": check_id, "status": FAIL, "subject": at, "told": {"severity": severity}}
                for at, (check_id, *_, severity) in enumerate(found)
            ] + [{"check": "", "status": "pass", "subject": len(found), "told": {}}],
        })  # fmt: skip
