"""What a history costs: the nights of a fleet, and the questions about a year of them.

    python -m benchmarks.history [--hosts 10000] [--nights 365] [--postgresql]

*whole* are run files as an audit writes them, written into an empty history (all is new) and once
more a night later (nothing is). The year is of hosts whose lines hold what the history reads, and
few results that pass: 1 % of the hosts break anew each night, for 1 to 20 days; 0.3 % do not
answer; one vCenter of five is silent every thirtieth night; one host in 500 comes and goes.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace

from benchmarks.measure import keep, table, workload
from benchmarks.plan import line_up
from benchmarks.stages import ROOT, recorded
from hostcheck import runfile
from hostcheck.catalog import requirements
from hostcheck.checks.engine import run_all
from hostcheck.history import place, store, tables
from hostcheck.history.ask import BY, Inquiry, ask
from hostcheck.history.write import write
from hostcheck.model.result import Status, verdict_of
from hostcheck.model.run import Run
from tests.peers.postgresql import running_postgresql

BEGIN = datetime(2026, 1, 1, 2, tzinfo=UTC)
PASSES, UNKNOWNS = 6, 4
"""Results that pass and that are not known, of each host of the year, beside all its fails."""
CLUSTER, VCENTERS = 16, 5
COLUMNS = {
    "history": "{}", "hosts": "{}", "client": "{}", "CPU s": "{:.2f}", "wall s": "{:.2f}",
    "rows": "{}", "MB": "{:.1f}",
}  # fmt: skip


def timed(act: Callable[[], Any]) -> dict[str, float]:
    """Return what an act took, of this process."""
    cpu, wall = time.process_time(), time.perf_counter()
    act()
    return {"CPU s": time.process_time() - cpu, "wall s": time.perf_counter() - wall}


@dataclass
class Odd:
    """What is odd of a host: until which night each of its results fails."""

    fails: dict[int, int] = field(default_factory=dict)
    silent: bool = False


class Fleet:
    """Hosts as lines, and what becomes of them from night to night."""

    def __init__(self, run: Run, hosts: int) -> None:
        self._run = run
        self._dice = random.Random(1)
        self._odd: dict[int, Odd] = {}
        slim = [
            self._slim(msgspec.json.decode(runfile.pack(one), type=runfile.StoredHost))
            for one in run.hosts
        ]
        self._hosts = [self._named(slim[number % len(slim)], number) for number in range(hosts)]
        self._lines = [msgspec.json.encode(one) for one in self._hosts]

    def _slim(self, line: runfile.StoredHost) -> runfile.StoredHost:
        passing = [one for one in line.results if one.status is Status.PASS][:PASSES]
        blind = [one for one in line.results if one.status is Status.UNKNOWN][:UNKNOWNS]
        fails = [one for one in line.results if one.status is Status.FAIL]
        return replace(line, results=(*passing, *blind, *fails))

    def _named(self, line: runfile.StoredHost, number: int) -> runfile.StoredHost:
        host = {
            "name": f"esx-{number:05d}.example.com", "id": f"host-{number}",
            "target": f"vc-{number % VCENTERS}.example.com",
            "cluster": {"is": "known", "value": f"cluster-{number // CLUSTER:04d}", "sources": []},
        }  # fmt: skip
        return replace(
            line, host={name: msgspec.Raw(msgspec.json.encode(one)) for name, one in host.items()}
        )

    def night(self, day: int) -> Run:
        """Return the run of a night."""
        dice = self._dice
        for number in range(len(self._hosts)):
            odd = self._odd.get(number)
            if odd is not None:
                odd.silent = False
                odd.fails = {at: until for at, until in odd.fails.items() if until > day}
            if dice.random() < 0.01:
                odd = self._odd.setdefault(number, Odd())
                odd.fails[dice.randrange(PASSES)] = day + dice.randint(1, 20)
            if dice.random() < 0.003:
                self._odd.setdefault(number, Odd()).silent = True
            if number % 500 == 0 and day % 2:
                self._odd.setdefault(number, Odd()).fails[0] = day + 1
        away = day % 30 == 7
        here = [n for n in range(len(self._hosts)) if not (away and n % VCENTERS == 2)]
        at = (BEGIN + timedelta(days=day)).strftime("%Y-%m-%dT%H:%M:%SZ")
        hosts = runfile.StoredHosts(len(here), lambda place: self._line(here[place]))
        return replace(self._run, hosts=hosts, first_answer_at=at, last_answer_at=at)

    def _line(self, number: int) -> bytes:
        odd = self._odd.get(number)
        if odd is None or not (odd.fails or odd.silent):
            return self._lines[number]
        host = self._hosts[number]
        results = [
            replace(
                one,
                status=Status.UNKNOWN if odd.silent
                else Status.FAIL if at in odd.fails else one.status,
            )
            for at, one in enumerate(host.results)
        ]  # fmt: skip
        verdict = verdict_of([one.status for one in results])
        return msgspec.json.encode(replace(host, verdict=verdict, results=tuple(results)))


class Place:
    """A history that is measured."""

    def __init__(self, name: str, url: str, password: Callable[[], str] | None) -> None:
        self.name = name
        self._place = place.read(url)
        self._password = password

    def write(self, run: Run) -> None:
        write(self._place, self._password, run)

    def ask(self, **inquiry: Any) -> None:
        ask(self._place, self._password, Inquiry(**inquiry))

    def size(self) -> dict[str, float]:
        """Return its rows, and its size in MB."""
        with store.reading(self._place, self._password) as connection:
            rows = sum(
                connection.execute(sa.select(sa.func.count()).select_from(one)).scalar() or 0
                for one in tables.METADATA.sorted_tables
            )
            if self._place.file is not None:
                return {"rows": rows, "MB": self._place.file.stat().st_size / 1e6}
            whole = "SELECT pg_database_size(current_database())"
            return {"rows": rows, "MB": (connection.exec_driver_sql(whole).scalar() or 0) / 1e6}


def whole_of(there: Place, pattern: Path, hosts: int, work: Path) -> Iterator[dict[str, Any]]:
    """Measure run files as they are."""
    path = work / "whole.json"
    if not path.exists():
        line_up(hosts, pattern, path)
    run = runfile.read(path)
    hosts_ = [one.host for one in runfile.read(pattern).hosts]
    judged = timed(lambda: [run_all(one, requirements()) for one in hosts_])
    yield {
        "client": "judging alone", **{n: v * hosts / len(hosts_) for n, v in judged.items()},
    }  # fmt: skip
    yield {"client": "whole: first night", **timed(lambda: there.write(run)), **there.size()}
    later = replace(run, last_answer_at="2026-12-24T02:00:00Z")
    yield {"client": "whole: next night", **timed(lambda: there.write(later)), **there.size()}


def year_of(there: Place, fleet: Fleet, nights: int) -> Iterator[dict[str, Any]]:
    """Measure the nights and what is asked after them."""
    took: list[dict[str, float]] = []
    run = fleet.night(0)
    for day in range(nights):
        took.append(timed(lambda: there.write(run)))  # noqa: B023  called here
        if day in (0, 29, 99, 199) or day == nights - 1:
            yield {"client": f"night {day + 1}", **took[-1], **there.size()}
        if day + 1 < nights:
            last, run = run, fleet.night(day + 1)
    for days in (30, nights):
        for by in BY:
            asked = timed(lambda: there.ask(days=days, by=by))  # noqa: B023  called here
            yield {"client": f"asked: {days} days by {by}", **asked}
    one = timed(lambda: there.ask(days=nights, hosts=("esx-00001*",), by="check"))
    yield {"client": f"asked: {nights} days of one host", **one}
    yield {"client": "asked: since when, of the last but one", **timed(lambda: there.write(last))}


def main() -> None:
    """Measure, print, and keep the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hosts", type=int, default=10000)
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--postgresql", action="store_true", help="instead of SQLite")
    parser.add_argument("--no-whole", action="store_true", help="the year alone")
    given = parser.parse_args()
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        work = Path(name)
        pattern = recorded(given.hosts, work)
        server = stack.enter_context(running_postgresql()) if given.postgresql else None

        def fresh(name: str) -> Place:
            if server is None:
                return Place("SQLite", str(work / f"{name}.db"), None)
            database = server.database()
            return Place("PostgreSQL", database.url, lambda: database.password)

        rows = [] if given.no_whole else [whole_of(fresh("whole"), pattern, given.hosts, work)]
        fleet = Fleet(runfile.read(pattern), given.hosts)
        rows.append(year_of(fresh("year"), fleet, given.nights))
        kind = "PostgreSQL" if given.postgresql else "SQLite"
        for row in (one for some in rows for one in some):
            blank = {
                "history": kind, "hosts": given.hosts, "rows": "", "MB": 0.0,
                "workload": workload(ROOT / "fixtures"),
            }  # fmt: skip
            found.append({**blank, **row})
            print(table(found[-1:], COLUMNS), flush=True)
    print(table(found, COLUMNS))
    keep("history", found, repeat=1, figure="CPU s")


if __name__ == "__main__":
    main()
