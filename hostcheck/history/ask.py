"""What a history answers: a window of days that ends with its last run."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa

from hostcheck.errors import UsageError
from hostcheck.history.place import HistoryPlace
from hostcheck.history.store import NOTHING, reading
from hostcheck.history.tables import (
    BITS,
    CHANGE,
    FAIL,
    GONE,
    HOST,
    RUN,
    TRACK,
    WELL,
    bits,
    instant_of,
    moment,
    seconds_of,
    when,
)
from hostcheck.model.history import SCHEMA, Day, Flapping, Lasting, Now, Past, Tally
from hostcheck.model.result import Answer, Severity
from hostcheck.ways.vsphere.inventory import is_host, matches, refuse_strangers

BY = ("check", "host", "cluster")
REMEMBERED = 30
"""A host that was not judged for so many days is not missed any more."""
FEW = 500
"""Hosts that a statement names."""
TIMES = 3
"""A finding that came so often in the window flaps."""
HOUR = 3600
ONE = timedelta(days=1)


class Inquiry(NamedTuple):
    """Which hosts and checks, how many days, and what is counted together."""

    hosts: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    days: int = 30
    by: str = "check"


class _Host(NamedTuple):
    name: str
    vcenter: str
    cluster: str


class _Seen(NamedTuple):
    """A run: when, and the bits of the hosts that it judged."""

    instant: int
    hosts: int

    @property
    def day(self) -> date:
        return _day(self.instant)


@dataclass
class _Count:
    """What is counted of a key."""

    fails: int = 0
    not_known: int = 0
    oldest: str = ""
    new: int = 0
    mended: int = 0
    gone: int = 0
    known: int = 0
    seconds: int = 0
    longest: int = 0

    def of(self, key: str, target: str) -> Tally:
        mean = round(self.seconds / self.known / HOUR, 1) if self.known else None
        longest = round(self.longest / HOUR, 1) if self.known else None
        return Tally(
            key, target, self.fails, self.not_known, self.oldest, self.new, self.mended, self.gone,
            mean, longest,
        )  # fmt: skip


def ask(place: HistoryPlace, password: Callable[[], str] | None, question: Inquiry) -> Past:
    """Answer a question. Raises HistoryError, and UsageError where no host is meant."""
    with reading(place, password) as connection:
        return _Answer(connection, place, question).past()


class _Answer:
    def __init__(
        self, connection: sa.Connection, place: HistoryPlace, question: Inquiry
    ) -> None:  # fmt: skip
        self._connection = connection
        self._place = place
        self._question = question
        found = connection.execute(sa.select(RUN.c.instant, RUN.c.seen).order_by(RUN.c.instant))
        self._runs = [_Seen(instant, bits(seen)) for instant, seen in found]
        if not self._runs:
            raise UsageError(f"{place.name}: {NOTHING}")
        self._hosts = dict(self._chosen())
        self._mask = sum(1 << one for one in self._hosts)
        self._last = self._runs[-1].day
        first = self._last - (question.days - 1) * ONE
        self._first = max(first, self._runs[0].day)
        self._cut = instant_of(int(_midnight(self._first).timestamp()))
        self._seen = self._last_seen()
        self._counts: dict[tuple[str, str], _Count] = {}

    def past(self) -> Past:
        findings = tuple(sorted(
            self._findings(), key=lambda one: (one.since, one.target, one.host, one.check,
                                               one.subject_kind, one.subject_id),
        ))  # fmt: skip
        self._count(findings)
        tallies = (count.of(*key) for key, count in self._counts.items())
        window = [one for one in self._runs if one.instant >= self._cut]
        return Past(
            SCHEMA, self._place.name, moment(self._runs[0].instant),
            moment(self._runs[-1].instant), len(window), self._first.isoformat(),
            self._last.isoformat(), self._question.by, len(self._hosts), tuple(self._trend()),
            findings, tuple(sorted(tallies, key=_gravest)), tuple(sorted(
                self._flapping(), key=lambda one: (-one.times, one.target, one.host, one.check,
                                                   one.subject_kind, one.subject_id),
            )),
        )  # fmt: skip

    def _chosen(self) -> Iterator[tuple[int, _Host]]:
        h = HOST.c
        patterns = self._question
        every = self._connection.execute(sa.select(h.id, h.name, h.vcenter, h.cluster))
        there = set()
        self._all = True
        for id_, *rest in every:
            one = _Host(*rest)
            there.add((one.name, one.cluster))
            if is_host(one.name, patterns.hosts) and matches(one.cluster, patterns.clusters):
                yield id_, one
            else:
                self._all = False
        refuse_strangers(there, patterns.hosts, patterns.clusters, where=self._place.name)

    def _last_seen(self) -> dict[int, int]:
        """Return the instant at which each host was judged last."""
        found: dict[int, int] = {}
        left = self._mask
        for run in reversed(self._runs):
            here = run.hosts & left
            left &= ~here
            while here:
                least = here & -here
                found[least.bit_length() - 1] = run.instant
                here ^= least
        return found

    def _trend(self) -> Iterator[Day]:
        """Yield the days: on each counts what a host was when it was judged last."""
        of = self._verdicts()
        asked = (
            sa.select(CHANGE.c.instant, CHANGE.c.track, CHANGE.c.state)
            .where(CHANGE.c.state.in_([one.value for one in Answer]))
            .order_by(CHANGE.c.instant)
        )
        if len(self._hosts) <= FEW:
            asked = asked.where(CHANGE.c.track.in_(of))
        rows = self._connection.execute(asked).all()
        changes = ((instant, of[track], state) for instant, track, state in rows if track in of)
        change = next(changes, None)
        verdicts = dict.fromkeys((one.value for one in Answer), 0)
        was: dict[int, str] = {}
        days: dict[date, int] = {}
        last = self._runs[0].day
        for day, runs in _by_day(self._runs):
            for empty in _between(last, day):
                if empty >= self._first:
                    yield self._quiet(empty, days)
            for run in runs:
                days[day] = days.get(day, 0) | run.hosts
                while change is not None and change[0] <= run.instant:
                    _, host, verdict = change
                    if host in was:
                        verdicts[was[host]] ^= 1 << host
                    verdicts[verdict] |= 1 << host
                    was[host] = verdict
                    change = next(changes, None)
            if day >= self._first:
                here = days[day] & self._mask
                go, no_go, unsure, no_gpu = (
                    (verdicts[one.value] & here).bit_count() for one in _ORDER
                )
                missed = self._missed(day, days)
                yield Day(day.isoformat(), len(runs), go, no_go, unsure, no_gpu, missed)
            last = day

    def _verdicts(self) -> dict[int, int]:
        """Return the hosts that are meant by the tracks of their verdicts."""
        t = TRACK.c
        asked = self._of_few(sa.select(t.id, t.host).where(t.check_id == ""))
        rows = self._connection.execute(asked).all()
        return {track: host for track, host in rows if host in self._hosts}

    def _quiet(self, day: date, days: dict[date, int]) -> Day:
        return Day(day.isoformat(), 0, 0, 0, 0, 0, self._missed(day, days))

    def _missed(self, day: date, days: dict[date, int]) -> int:
        recent = 0
        for ago in range(1, REMEMBERED + 1):
            recent |= days.get(day - ago * ONE, 0)
        return (recent & ~days.get(day, 0) & self._mask).bit_count()

    def _findings(self) -> Iterator[Lasting]:
        t = TRACK.c
        asked = sa.select(
            t.host, t.check_id, t.severity, t.kind, t.subject, t.name, t.state, t.waived, t.since
        ).where(t.since.is_not(None), t.check_id != "")
        newest = self._runs[-1].instant
        forgotten = instant_of(seconds_of(newest) - REMEMBERED * 24 * HOUR)
        for host, check, severity, kind, subject, name, state, waived, since in self._wanted(asked):
            seen = self._seen.get(host, 0)
            if seen < forgotten:
                continue
            known = state == FAIL and _day(seen) == self._last
            days = (seconds_of(newest) - seconds_of(since)) // (24 * HOUR)
            name_, vcenter, cluster = self._hosts[host]
            yield Lasting(
                name_, vcenter, cluster, check, _SEVERITIES[severity], kind, subject, name,
                Now.FAILS if known else Now.NOT_KNOWN, bool(waived), moment(since), days,
                moment(seen),
            )  # fmt: skip

    def _wanted(self, asked: Any) -> Iterator[Sequence[Any]]:
        """Yield rows of the hosts and checks that are meant; the host is the first column."""
        if self._question.checks:
            asked = asked.where(TRACK.c.check_id.in_(self._question.checks))
        rows = self._connection.execute(self._of_few(asked)).all()  # one by one takes twice as long
        return (row for row in rows if row[0] in self._hosts)

    def _of_few(self, asked: Any) -> Any:
        """Let the database leave out what is of no host that is meant, where these are few."""
        return asked.where(TRACK.c.host.in_(self._hosts)) if len(self._hosts) <= FEW else asked

    def _of(self, host: _Host, check: str) -> _Count:
        key = {
            "check": (check, ""), "host": (host.name, host.vcenter),
            "cluster": (host.cluster, host.vcenter),
        }[self._question.by]  # fmt: skip
        return self._counts.setdefault(key, _Count())

    def _count(self, findings: Sequence[Lasting]) -> None:
        for one in findings:
            count = self._of(_Host(one.host, one.target, one.cluster), one.check)
            count.fails += one.now is Now.FAILS
            count.not_known += one.now is Now.NOT_KNOWN
            count.oldest = count.oldest or one.since
        for host, check, *numbers in self._wanted(self._sums()):
            new, mended, gone, known, seconds, longest = map(int, numbers)
            count = self._of(self._hosts[host], check)
            count.new += new
            count.mended += mended
            count.gone += gone
            count.known += known
            count.seconds += seconds
            count.longest = max(count.longest, longest)

    def _sums(self) -> Any:
        """Ask for sums over changes, by host and check as far as their key needs them."""
        c, host, check = CHANGE.c, TRACK.c.host, TRACK.c.check_id
        told: tuple[Any, ...] = (host, check)
        by: tuple[Any, ...] = (host, check)
        if self._question.by != "check":
            told, by = (host, sa.func.min(check)), (host,)
        elif self._all:
            told, by = (sa.func.min(host), check), (check,)
        second: Any = sa.literal_column(str(1 << BITS))
        took = c.instant // second - c.since // second
        came = sa.and_(c.state == FAIL, c.since == c.instant, c.instant > HOST.c.first)
        well, gone = c.state == WELL, c.state == GONE
        known = sa.and_(well, c.since > HOST.c.first)
        return (
            sa.select(
                *told, *map(_number, (came, well, gone, known)),
                sa.func.sum(sa.case((known, took), else_=0)),
                sa.func.max(sa.case((known, took), else_=0)),
            )
            .join(TRACK, TRACK.c.id == c.track)
            .join(HOST, HOST.c.id == TRACK.c.host)
            .where(c.instant >= self._cut, check != "", sa.or_(came, well, gone))
            .group_by(*by)
        )  # fmt: skip

    def _flapping(self) -> Iterator[Flapping]:
        c, t = CHANGE.c, TRACK.c
        often = (
            sa.select(c.track, sa.func.count().label("times"), sa.func.max(c.instant).label("last"))
            .where(c.instant >= self._cut, c.state == FAIL, c.since == c.instant)
            .group_by(c.track)
            .having(sa.func.count() >= TIMES)
            .subquery()
        )
        asked = sa.select(
            t.host, t.check_id, t.kind, t.subject, t.name, t.since, often.c.times, often.c.last
        ).join(often, t.id == often.c.track)
        for host, check, kind, subject, name, since, times, last in self._wanted(asked):
            yield Flapping(
                *self._hosts[host], check, kind, subject, name, int(times), moment(int(last)),
                since is not None,
            )  # fmt: skip


_SEVERITIES = {one.value: one for one in Severity}
_ORDER = (Answer.GO, Answer.NO_GO, Answer.UNSURE, Answer.NO_GPU)


def _number(condition: Any) -> Any:
    return sa.func.sum(sa.case((condition, 1), else_=0))


def _by_day(runs: Sequence[_Seen]) -> Iterator[tuple[date, list[_Seen]]]:
    return ((day, list(some)) for day, some in groupby(runs, key=lambda one: one.day))


def _between(last: date, day: date) -> Iterator[date]:
    return (last + number * ONE for number in range(1, (day - last).days))


def _gravest(one: Tally) -> tuple[int, int, str, str]:
    return (-one.fails, -one.not_known, one.key, one.target)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _day(instant: int) -> date:
    return when(instant).date()
