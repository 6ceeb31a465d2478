"""What a history says is what was seen: first sight, mending, and nothing of what was not known."""

import os
import random
import sqlite3
import threading
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from msgspec.structs import replace

import hostcheck
from hostcheck.errors import UsageError
from hostcheck.history import place, prune, store, tables, write
from hostcheck.history.ask import BY, Inquiry, ask
from hostcheck.model.fact import Known
from hostcheck.model.waiver import Waived, Waivers
from hostcheck.verdict import report_of
from tests.history.nights import CHECK, MODES, judged, moment, night, open_of, since_of

DAY = 24


def states(book, *modes, host="esx-1"):
    """Write a night for each of these modes; `away` is a night that did not ask the host."""
    told = []
    for day, mode in enumerate(modes):
        others = [judged("esx-9")]
        mine = [] if mode == "away" else [judged(host, mode)]
        told.append(since_of(book.write(night(day, *mine, *others))).get(host))
    return told


def tally(book, **question):
    (found,) = [one for one in book.ask(checks=(CHECK,), **question).tallies if one.key == CHECK]
    return found


def test_a_finding_is_known_since_it_was_seen_first(either):
    assert states(either, "well", "fail", "fail", "well", "fail") == [
        None, moment(1), moment(1), None, moment(4),
    ]  # fmt: skip
    assert open_of(either.ask()) == {"esx-1": ("fails", moment(4))}
    found = tally(either)
    assert (found.fails, found.new, found.mended, found.gone) == (1, 2, 1, 0)
    assert (found.mean_hours, found.longest_hours) == (2 * DAY, 2 * DAY)


@pytest.mark.parametrize("lost", ["unknown", "away"])
def test_what_is_not_known_is_neither_mended_nor_new(either, lost):
    assert states(either, "well", "fail", lost, "fail") == [None, moment(1), None, moment(1)]
    found = tally(either)
    assert (found.fails, found.new, found.mended) == (1, 1, 0)


@pytest.mark.parametrize("lost", ["unknown", "away"])
def test_what_is_not_known_now_is_said_to_be_so(book, lost):
    states(book, "well", "fail", lost)
    assert open_of(book.ask()) == {"esx-1": ("not known", moment(1))}
    found = tally(book)
    assert (found.fails, found.not_known, found.mended, found.oldest) == (0, 1, 0, moment(1))


@pytest.mark.parametrize("lost", ["unknown", "away"])
def test_what_was_not_known_is_mended_when_it_is_seen_well(book, lost):
    states(book, "well", "fail", lost, lost, "well")
    found = tally(book)
    assert (found.fails, found.not_known, found.mended, found.mean_hours) == (0, 0, 1, 3 * DAY)


def test_how_long_it_took_is_not_counted_where_the_beginning_was_not_seen(book):
    states(book, "fail", "well")
    found = tally(book)
    assert (found.new, found.mended, found.mean_hours) == (0, 1, None)


def gpus(report, count):
    """Return a host with so many of its GPUs; the first is lost."""
    host = report.host
    lost = replace(host.gpus.value[0], smi_seen=Known(value=False))
    return report_of(replace(host, gpus=Known((lost, *host.gpus.value[1:])[2 - count :])))


def test_a_subject_that_is_gone_is_not_mended(book):
    whole = judged("esx-1")
    book.write(night(0, whole), night(1, gpus(whole, 2)))
    assert "GPU-001" in {one.check for one in book.ask().findings}
    book.write(night(2, gpus(whole, 1)))
    past = book.ask(checks=("GPU-001",))
    assert past.findings == ()
    (one,) = past.tallies
    assert (one.new, one.mended, one.gone) == (1, 0, 1)


def test_a_host_that_does_not_answer_keeps_the_findings_of_its_parts(book):
    """GPUs that nobody could list are not gone."""
    whole = judged("esx-1")
    blind = report_of(replace(whole.host, gpus=MODES["unknown"], vms=MODES["unknown"]))
    since = []
    for day, report in enumerate([whole, gpus(whole, 2), blind, blind, gpus(whole, 2)]):
        told = book.write(night(day, report))
        since.append(since_of(told, "GPU-001").get("esx-1"))
    assert since == [None, moment(1), None, None, moment(1)]
    (one,) = book.ask(checks=("GPU-001",)).tallies
    assert (one.new, one.gone, one.mended, one.fails) == (1, 0, 0, 1)


def test_a_day_counts_what_hosts_were_and_who_was_not_asked(either):
    either.write(
        night(0, judged("a"), judged("b"), judged("c")),
        night(1, judged("a", "fail"), judged("b", "unknown")),
        night(1, judged("b"), hour=2),
        night(3, judged("a", "fail"), judged("b"), judged("c")),
    )
    told = [
        (one.runs, one.go, one.no_go, one.unsure, one.not_known) for one in either.ask().trend
    ]  # fmt: skip
    assert told == [(1, 3, 0, 0, 0), (2, 1, 1, 0, 1), (0, 0, 0, 0, 3), (1, 2, 1, 0, 0)]


def test_a_host_that_is_away_for_a_month_is_not_missed_any_more(book):
    book.write(night(0, judged("a"), judged("b", "fail")))
    for day in range(1, 34):
        book.write(night(day, judged("a")))
    past = book.ask()
    assert [one.not_known for one in past.trend][-5:] == [1, 1, 0, 0, 0]
    assert open_of(past) == {}


def test_hosts_clusters_and_checks_are_chosen(book):
    book.write(
        night(
            0, judged("esx-1", "fail"), judged("esx-2", "fail", "gpu-b"), judged("esx-3"),
            judged("esx-1", "fail", "gpu-b", target="zc"),
        )
    )  # fmt: skip
    assert {(one.host, one.target) for one in book.ask(checks=(CHECK,)).findings} == {
        ("esx-1", "vc.lab.test"), ("esx-2", "vc.lab.test"), ("esx-1", "zc"),
    }  # fmt: skip
    assert set(open_of(book.ask(clusters=("GPU-B",)))) == {"esx-1", "esx-2"}
    assert set(open_of(book.ask(hosts=("esx-2",)))) == {"esx-2"}
    by = book.ask(by="cluster", checks=(CHECK,)).tallies
    assert {(one.key, one.target, one.fails) for one in by} == {
        ("gpu-a", "vc.lab.test", 1), ("gpu-b", "vc.lab.test", 1), ("gpu-b", "zc", 1),
    }  # fmt: skip
    with pytest.raises(
        UsageError, match="no host matches 'nobody'; there are: esx-1, esx-2, esx-3"
    ):
        book.ask(hosts=("nobody",))


def test_what_comes_and_goes_is_named(book):
    states(book, *["well", "fail"] * 3)
    (one,) = book.ask().flapping
    assert (one.host, one.check, one.times, one.last, one.fails) == (
        "esx-1", CHECK, 3, moment(5), True,
    )  # fmt: skip


def test_a_waiver_is_remembered_and_mends_nothing(book):
    key = (CHECK, "host", "host-esx-1")
    waivers = Waivers("w.toml", "2026-03-02", (), (Waived("esx-1", "vc.lab.test", *key, 0),), ())
    runs = [
        night(0, judged("esx-1")), night(1, judged("esx-1", "fail")),
        night(2, judged("esx-1", "fail"), waivers=waivers), night(3, judged("esx-1", "fail")),
    ]  # fmt: skip
    waived = []
    for run in runs:
        book.write(run)
        waived += [(one.waived, one.since) for one in book.ask(checks=(CHECK,)).findings]
    assert waived == [(False, moment(1)), (True, moment(1)), (False, moment(1))]
    assert tally(book).mended == 0


def test_the_same_run_twice_is_one(either):
    runs = [night(day, judged("a", mode)) for day, mode in enumerate(("well", "fail", "fail"))]
    either.write(*runs)
    before = either.ask()
    again = either.write(runs[1])
    assert (since_of(again), again.runs, again.left_out) == ({"a": moment(1)}, 3, 0)
    assert either.ask() == before


def test_the_answers_of_a_night_are_one_run_however_they_are_judged(either):
    """Judged anew by a policy they do not make a second run, which would decide the day."""
    runs = [night(day, judged("a", "fail")) for day in range(2)]
    either.write(*runs)
    before = either.ask()
    (report,) = runs[1].hosts
    well = replace(runs[1], hosts=(replace(report, verdict=judged("a").verdict, results=()),))
    again = either.write(well)
    assert (again.otherwise, again.runs, since_of(again)) == (True, 2, {"a": moment(0)})
    assert either.ask() == before
    assert not either.write(runs[1]).otherwise
    with store.writing(either.place, either.password) as connection:  # as earlier versions wrote
        for instant, mark in connection.execute(sa.select(tables.RUN.c.instant, tables.RUN.c.mark)):
            connection.execute(
                sa.update(tables.RUN)
                .where(tables.RUN.c.instant == instant)
                .values(mark=mark.partition(".")[2])
            )
    assert not either.write(runs[1]).otherwise
    assert either.ask() == before


def test_an_older_run_says_nothing_of_hosts_of_which_younger_answers_are_known(either):
    either.write(night(0, judged("a"), judged("b")), night(2, judged("a", "fail")))
    late = either.write(night(1, judged("a"), judged("b", "fail")))
    assert late.left_out == 1
    assert since_of(late) == {"b": moment(1)}
    assert open_of(either.ask()) == {"a": ("fails", moment(2)), "b": ("not known", moment(1))}


def test_the_report_of_an_old_run_says_what_was_known_then(book):
    runs = [night(day, judged("a", mode)) for day, mode in enumerate(("fail", "well", "fail"))]
    book.write(*runs)
    assert since_of(book.write(runs[0])) == {"a": moment(0)}
    assert since_of(book.write(runs[1])) == {}


def test_two_runs_of_one_second_are_two(book):
    told = book.write(night(0, judged("a", "fail")), night(0, judged("b", "fail")))
    assert told.runs == 2
    assert since_of(told) == {"b": moment(0)}


def test_writers_wait_for_each_other(either):
    """Four at once, and the tables are not there yet: what came first is for the locks to say."""
    wrong = []

    def one(number):
        try:
            either.write(night(0, judged(f"esx-{number}", "fail"), hour=number))
        except UsageError as error:
            wrong.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    past = either.ask()
    assert (past.runs, past.hosts, len(open_of(past))) == (4, 4, 4)


def test_a_write_that_is_broken_off_leaves_nothing(either, monkeypatch):
    either.write(night(0, judged("a"), judged("b")))
    before = either.ask()
    compare = write._Pen._compare

    def breaks(pen, glance, *rest):
        if glance.who[0] == "b":
            raise KeyboardInterrupt
        compare(pen, glance, *rest)

    monkeypatch.setattr(write, "CHUNK", 1)
    with monkeypatch.context() as broken:
        broken.setattr(write._Pen, "_compare", breaks)
        with pytest.raises(KeyboardInterrupt):
            either.write(night(1, judged("a", "fail"), judged("b", "fail")))
    assert either.ask() == before
    told = either.write(night(1, judged("a", "fail"), judged("b", "fail")))
    assert since_of(told) == dict.fromkeys("ab", moment(1))


def test_a_writer_that_is_killed_leaves_nothing(book, monkeypatch):
    book.write(night(0, judged("a"), judged("b")))
    before = book.ask()
    monkeypatch.setattr(write, "CHUNK", 1)
    child = os.fork()
    if child == 0:
        monkeypatch.setattr(write, "RUN", None)  # what is written last
        try:
            with store.writing(book.place, None) as connection:
                connection.exec_driver_sql("PRAGMA cache_spill = 1")
                connection.exec_driver_sql("DELETE FROM hostcheck_change")
                os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert book.ask() == before


def test_what_is_over_is_forgotten_and_what_lasts_is_not(either):
    modes = {0: ("fail", "fail"), 1: ("fail", "well"), 50: ("fail", "fail"), 100: ("fail", "well")}
    for day, (a, b) in modes.items():
        told = either.write(night(day, judged("a", a), judged("b", b)))
    either.write(night(100, judged("c"), hour=1))
    assert since_of(told) == {"a": moment(0)}
    with store.writing(either.place, either.password) as connection:
        gone = prune.forget(connection, 20)
    assert (gone.runs, gone.hosts) == (3, 0)
    past = either.ask(days=400)
    assert (past.begins, open_of(past)["a"]) == (moment(100), ("fails", moment(0)))
    assert [(one.go, one.no_go) for one in past.trend] == [(2, 1)]
    assert tally(either, days=400).mended == 1


def test_a_host_that_is_gone_is_forgotten_with_all_that_was_known_of_it(book):
    book.write(night(0, judged("a", "fail"), judged("b")), night(90, judged("b")), keep=30)
    assert {one.host for one in book.ask().findings} == {"b"}
    assert book.ask().hosts == 1
    told = book.write(night(91, judged("a", "fail"), judged("b")), keep=30)
    assert since_of(told) == {"a": moment(91)}


def rows(book):
    with sqlite3.connect(book.url) as file:
        return {
            table.name: file.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0]
            for table in tables.METADATA.sorted_tables
        }


def test_of_what_stays_as_it_is_nothing_is_written_but_the_run(book):
    book.write(night(0, judged("a", "fail"), judged("b")))
    first = rows(book)
    book.write(*(night(day, judged("a", "fail"), judged("b")) for day in range(1, 8)))
    assert rows(book) == first | {"hostcheck_run": 8}


@pytest.mark.parametrize("first", ["asked", "written"])
@pytest.mark.parametrize("known", range(1, len(tables.REVISIONS)))
def test_a_history_of_an_earlier_schema_is_brought_up_to_date(either, monkeypatch, first, known):
    """Whoever opens it first does it, and what it knew is there."""
    with monkeypatch.context() as earlier:
        earlier.setattr(store, "REVISIONS", tables.REVISIONS[:known])
        earlier.setattr(store, "migrate", partial(store.migrate, to=tables.REVISIONS[known - 1]))
        either.write(night(0, judged("a")), night(1, judged("a", "fail")))
        before = either.ask()
        assert ("instant", "track", "state", "since") not in indexes(either)
    if first == "asked":
        assert either.ask() == before
    told = either.write(night(2, judged("a", "fail")))
    assert since_of(told) == {"a": moment(1)}
    assert indexes(either) == {("instant", "track", "state", "since")}
    assert either.ask().runs == 3


def indexes(book):
    with store.reading(book.place, book.password) as connection:
        there = sa.inspect(connection).get_indexes("hostcheck_change")
        return {tuple(one["column_names"]) for one in there}


def test_a_schema_of_later_is_refused(either):
    either.write(night(0, judged("a")))
    with store.writing(either.place, either.password) as connection:
        connection.execute(sa.text(f"UPDATE {tables.VERSION} SET version_num = '9999'"))
    for act in (either.ask, lambda: either.write(night(1, judged("a")))):
        with pytest.raises(UsageError, match=r"its schema is 9999, .*update hostcheck"):
            act()


def test_the_schema_that_is_made_is_the_one_that_is_asked(either):
    either.write(night(0, judged("a")))
    script = ScriptDirectory(str(Path(hostcheck.__file__).parent / "history" / "migrations"))
    assert tuple(reversed([one.revision for one in script.walk_revisions()])) == tables.REVISIONS
    with store.reading(either.place, either.password) as connection:
        made = sa.inspect(connection)
        for table in tables.METADATA.sorted_tables:
            there = {(one["name"], one["nullable"]) for one in made.get_columns(table.name)}
            assert there == {(one.name, one.nullable) for one in table.columns}
            key = made.get_pk_constraint(table.name)["constrained_columns"]
            assert key == [one.name for one in table.primary_key]


def played(seed):
    """Runs of twenty nights in which hosts break, mend, are not asked, come and go."""
    dice = random.Random(seed)
    names = [f"esx-{number}" for number in range(8)]
    mode = dict.fromkeys(names, "well")
    for day in range(20):
        for name in names:
            if dice.random() < 0.3:
                mode[name] = dice.choice((*MODES, "away"))
        here = [name for name in names if mode[name] != "away"] or names[:1]
        hosts = [
            judged(name, mode[name].replace("away", "well"), f"gpu-{name[-1]}") for name in here
        ]
        yield night(day, *hosts, hour=dice.randrange(4))


def foretold(runs):
    """What a plain reading of the same runs says: since when it fails, what was new and mended."""
    since, known, counts = {}, set(), Counter()
    for run in runs:
        for report in run.hosts:
            name = report.host.name
            status = next(one.status.value for one in report.results if one.check == CHECK)
            if status == "fail" and name not in since:
                since[name] = run.last_answer_at
                counts["new"] += name in known
            if status == "pass" and since.pop(name, None):
                counts["mended"] += 1
            known.add(name)
    return since, counts


@pytest.mark.parametrize("seed", range(2))
def test_both_databases_say_what_a_plain_reading_of_the_runs_says(tmp_path, postgresql, seed):
    database = postgresql.database()
    books = [
        place.read(str(tmp_path / "history.db")), place.read(database.url),
    ]  # fmt: skip
    passwords = [None, lambda: database.password]
    runs = list(played(seed))
    told = [
        [write.write(one, password, run) for run in runs]
        for one, password in zip(books, passwords, strict=True)
    ]
    for here, there in zip(*told, strict=True):
        assert replace(here, place="") == replace(there, place="")
    for by in BY:
        here, there = (
            replace(ask(one, password, Inquiry(days=60, by=by)), place="")
            for one, password in zip(books, passwords, strict=True)
        )
        assert here == there
    past = ask(books[0], None, Inquiry(days=60, checks=(CHECK,)))
    since, counts = foretold(runs)
    assert {one.host: one.since for one in past.findings} == since
    (one,) = past.tallies
    assert (one.new, one.mended) == (counts["new"], counts["mended"])
    assert one.mended >= 3
