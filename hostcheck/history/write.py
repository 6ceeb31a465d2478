"""Write a run into a history: of a host that is as it was, nothing is written but a bit."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from hashlib import blake2b
from itertools import count, islice
from operator import or_
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace

from hostcheck.diff.story import Glance, Key, SeenResult, Story, Who
from hostcheck.errors import UsageError
from hostcheck.history.place import HistoryPlace
from hostcheck.history.prune import forget
from hostcheck.history.since import of_run
from hostcheck.history.store import reading, writing
from hostcheck.history.tables import (
    CHANGE,
    FAIL,
    GONE,
    HOST,
    NOT_KNOWN,
    RUN,
    TRACK,
    WELL,
    bits,
    instant_of,
    packed,
)
from hostcheck.model.history import History
from hostcheck.model.result import OPEN, Status
from hostcheck.model.run import Run

VERDICT: Key = ("", "host", "")
"""The track of a host's verdict: it has no check."""
CHUNK = 500
"""Hosts that are in memory at a time."""
_encode = msgspec.json.Encoder().encode


class _Twice(Exception):  # noqa: N818  the way out of a transaction
    """The run is there already, at this instant; `otherwise`: it was judged otherwise then."""

    def __init__(self, instant: int, *, otherwise: bool) -> None:
        super().__init__()
        self.instant = instant
        self.otherwise = otherwise


class _Stored(NamedTuple):
    """A host of the database."""

    id: int
    digest: bytes
    cluster: str


class _Track(NamedTuple):
    """A track of the database."""

    id: int
    severity: str
    state: str
    waived: bool
    since: int | None


@dataclass
class _Rows:
    """What is to be written."""

    tracks: list[dict[str, Any]] = field(default_factory=list)
    became: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)


def write(
    place: HistoryPlace, password: Callable[[], str] | None, run: Run, keep: int = 0
) -> History:
    """Write a run, whole or not at all, and say since when its findings are known.

    One that is there already stays as it is, with what was waived of it then: the answers of a
    night are one run, whoever judges them anew and by what. A host of which the
    history knows younger answers is left out: what is known of it only ever goes forward. With
    `keep` what is over for more days than that is forgotten. Raises HistoryError, and UsageError
    for a preflight.
    """
    if run.preflight is not None:
        raise UsageError("a history is of audits: a preflight is not written into it")
    at = int(datetime.fromisoformat(run.last_answer_at).timestamp())
    try:
        with writing(place, password) as connection:
            pen = _Pen(connection, run, at)
            pen.write()
            if keep:
                forget(connection, keep)
            return of_run(connection, place, pen.instant, pen.left_out)
    except _Twice as twice:
        with reading(place, password) as connection:
            told = of_run(connection, place, twice.instant)
        return replace(told, otherwise=twice.otherwise)


class _Pen:
    """Writes one run, whose last answer came at so many seconds since 1970.

    The mark of a run is of what was asked and when, a point, and what was judged: it is the same
    wherever the run is read from, and whatever was waived of it. Earlier versions wrote what is
    behind the point.
    """

    def __init__(self, connection: sa.Connection, run: Run, at: int) -> None:
        self._connection = connection
        self._run = run
        self._story = Story.of(run)
        self.instant = self._free(at)
        self._hosts = self._stored()
        self._later = self._judged_later()
        self._new_host = count(_next(connection, HOST.c.id))
        self._new_track = count(_next(connection, TRACK.c.id))
        self._seen = 0
        self.left_out = 0

    def write(self) -> None:
        """Write what changed, and the run. Raises _Twice where it is there already."""
        run = self._run
        when = (run.target, run.first_answer_at, run.last_answer_at)
        whole, asked = (blake2b(_encode(when), digest_size=16) for _ in range(2))
        hosts = self._story.hosts()
        while some := tuple(islice(hosts, CHUNK)):
            asked.update(_encode([one.who for one in some]))
            self._write(some, whole)
        old, mark = whole.hexdigest(), f"{asked.hexdigest()}.{whole.hexdigest()}"
        there = sa.select(RUN.c.instant, RUN.c.mark).where(
            sa.or_(RUN.c.mark == old, RUN.c.mark.startswith(f"{asked.hexdigest()}."))
        )
        if (known := self._connection.execute(there).first()) is not None:
            raise _Twice(int(known[0]), otherwise=known[1] not in (old, mark))
        self._put(sa.insert(RUN), [{
            "instant": self.instant, "mark": mark, "tool": run.tool_version,
            "catalogue": run.catalogue_edition, "target": run.target, "seen": packed(self._seen),
        }])  # fmt: skip

    def _write(self, some: Sequence[Glance], whole: Any) -> None:
        fresh: list[dict[str, Any]] = []
        moved: list[dict[str, Any]] = []
        changed: dict[int, Glance] = {}
        for glance in some:
            digest = self._digest(glance)
            whole.update(digest)
            mine = self._story.waived(glance.who)
            if mine:
                digest = blake2b(digest + _encode(sorted(mine)), digest_size=16).digest()
            there = self._hosts.get(glance.who)
            id_ = next(self._new_host) if there is None else there.id
            if (self._later | self._seen) >> id_ & 1:
                self.left_out += 1
                continue
            self._seen |= 1 << id_
            cluster = glance.cluster() or (there.cluster if there is not None else "")
            if there is None:
                self._hosts[glance.who] = _Stored(id_, digest, cluster)
                name, vcenter = glance.who
                fresh.append({
                    "id": id_, "name": name, "vcenter": vcenter, "cluster": cluster,
                    "first": self.instant, "digest": digest,
                })  # fmt: skip
            elif (there.digest, there.cluster) == (digest, cluster):
                continue
            else:
                moved.append({"key": id_, "cluster": cluster, "digest": digest})
            changed[id_] = glance
        self._put(sa.insert(HOST), fresh)
        self._put(_changed(HOST, "cluster", "digest"), moved)
        self._write_changed(changed, {one["id"] for one in fresh})

    def _write_changed(self, changed: Mapping[int, Glance], fresh: Collection[int]) -> None:
        tracks = self._tracks([id_ for id_ in changed if id_ not in fresh])
        rows = _Rows()
        for id_, glance in changed.items():
            self._compare(glance, id_, tracks.get(id_, {}), rows)
        self._put(sa.insert(TRACK), rows.tracks)
        self._put(_changed(TRACK, "severity", "state", "waived", "since"), rows.became)
        self._put(sa.insert(CHANGE), rows.changes)

    def _digest(self, glance: Glance) -> bytes:
        """Return a digest of all that a history keeps of a host, but for what is waived."""
        told = [
            (*key, one.status, self._told(one) if one.status is Status.FAIL else "")
            for key, one in glance.open.items()
        ]
        return blake2b(_encode((glance.who, glance.verdict, told)), digest_size=16).digest()

    def _told(self, one: SeenResult) -> str:
        return self._story.told(one).severity.value

    def _compare(
        self, glance: Glance, host: int, tracks: Mapping[Key, _Track], rows: _Rows
    ) -> None:
        """Add rows for what of a host is another thing now."""
        waived = self._story.waived(glance.who)
        self._became(host, VERDICT, "", tracks.get(VERDICT), ("", glance.verdict.value, False),
                     None, rows)  # fmt: skip
        failing = set()
        for key, one in glance.open.items():
            if one.status is not Status.FAIL:
                continue
            failing.add(key)
            was = tracks.get(key)
            now = (self._told(one), FAIL, key in waived)
            since = self.instant if was is None or was.since is None else was.since
            self._became(host, key, glance.subject(one).name, was, now, since, rows)
        blind = {check for check, kind, _ in glance.open if kind == "host"}
        for key, was in tracks.items():
            if was.since is None or key in failing:
                continue
            unseen = key[0] in blind or key[0] in glance.off
            state = _without_fail(glance.judged.get(key), unseen=unseen)
            self._became(host, key, "", was, (was.severity, state, False), was.since, rows)

    def _became(
        self, host: int, key: Key, name: str, was: _Track | None, now: tuple[str, str, bool],
        since: int | None, rows: _Rows,
    ) -> None:  # fmt: skip
        if was is not None and (was.severity, was.state, was.waived) == now:
            return
        row: dict[str, Any] = dict(zip(("severity", "state", "waived"), now, strict=True))
        id_ = next(self._new_track) if was is None else was.id
        left = None if now[1] in (WELL, GONE) else since
        if was is None:
            about = {"host": host, "check_id": key[0], "kind": key[1], "subject": key[2]}
            rows.tracks.append({"id": id_, **about, "name": name, **row, "since": left})
        else:
            rows.became.append({"key": id_, **row, "since": left})
        rows.changes.append({"track": id_, "instant": self.instant, **row, "since": since})

    def _free(self, at: int) -> int:
        """Return the first instant of a second that is free."""
        first = instant_of(at)
        i = RUN.c.instant
        last = sa.select(sa.func.max(i)).where(i >= first, i < instant_of(at + 1))
        found = self._connection.execute(last).scalar()
        return first if found is None else int(found) + 1

    def _stored(self) -> dict[Who, _Stored]:
        found = self._connection.execute(
            sa.select(HOST.c.name, HOST.c.vcenter, HOST.c.id, HOST.c.digest, HOST.c.cluster)
        )
        return {(row[0], row[1]): _Stored(row[2], bytes(row[3]), row[4]) for row in found}

    def _judged_later(self) -> int:
        """Return the hosts of which younger answers are known."""
        asked = sa.select(RUN.c.seen).where(RUN.c.instant > self.instant)
        return reduce(or_, map(bits, self._connection.execute(asked).scalars()), 0)

    def _tracks(self, hosts: Sequence[int]) -> dict[int, dict[Key, _Track]]:
        """Return what was known of hosts."""
        t = TRACK.c
        asked = sa.select(
            t.host, t.check_id, t.kind, t.subject, t.id, t.severity, t.state, t.waived, t.since
        ).where(t.host.in_(hosts))
        found: dict[int, dict[Key, _Track]] = {}
        for host, check, kind, subject, *rest in self._connection.execute(asked):
            found.setdefault(host, {})[check, kind, subject] = _Track(*rest)
        return found

    def _put(self, statement: Any, rows: list[dict[str, Any]]) -> None:
        """Execute a statement for all rows, past what the library does to each."""
        if not rows:
            return
        made = statement.compile(dialect=self._connection.dialect, column_keys=[*rows[0]])
        given: list[Any] = rows
        if made.positional:
            given = [tuple(map(row.__getitem__, made.positiontup)) for row in rows]
        self._connection.exec_driver_sql(str(made), given)


def _changed(table: sa.Table, *columns: str) -> Any:
    values: dict[str, Any] = {name: sa.bindparam(name) for name in columns}
    return sa.update(table).where(table.c.id == sa.bindparam("key")).values(**values)


def _without_fail(status: Status | None, *, unseen: bool) -> str:
    """Say what a finding is that does not fail now.

    `unseen`: its check could not list its subjects, or a policy has it off. Without an answer it
    is not known, and never over.
    """
    if status is None or status is Status.NOT_SELECTED:
        return NOT_KNOWN if unseen else GONE
    return NOT_KNOWN if status in OPEN else WELL


def _next(connection: sa.Connection, column: Any) -> int:
    """Return the first number that is not taken."""
    return int(connection.execute(sa.select(sa.func.max(column))).scalar() or 0) + 1
