"""After a silent night: what comes back is compared with the night on which it was known last."""

from itertools import pairwise

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from hostcheck import runfile
from hostcheck.cli import main
from hostcheck.diff import since
from hostcheck.diff.memory import last_known
from hostcheck.diff.story import Story
from hostcheck.model.difference import Became
from hostcheck.model.fact import Known
from hostcheck.model.result import Answer
from hostcheck.model.run import Asked
from hostcheck.verdict import report_of
from tests.diff.test_diff import DENIED
from tests.history.conftest import Book
from tests.history.nights import CHECK, healthy, night

TARGETS = (Asked("vc-1"), Asked("vc-2"))
SILENT = (Asked("vc-1"), Asked("vc-2", "timed out"))
MAINTENANCE = {"in_maintenance_mode": Known(value=True)}
BLIND = {"in_maintenance_mode": DENIED}
WAITING = {"reboot_required": Known(value=True)}
"""HOST-003."""


def a_host(name, target="vc-2", **changes):
    return report_of(replace(healthy(), name=name, id=name, target=target, **changes))


STEADY = a_host("esx-1", "vc-1")


def nights(*hosts_of):
    """A run for each night, of the hosts of the second vCenter; None: it is silent."""
    return [
        night(day, STEADY, *(hosts or ()), target="vc-1, vc-2",
              targets=SILENT if hosts is None else TARGETS)
        for day, hosts in enumerate(hosts_of)
    ]  # fmt: skip


def saved(runs):
    """As an audit keeps them night by night, each with what it does not know and was known."""
    kept = [runs[0]]
    for run in runs[1:]:
        told = tuple(last_known(Story.of(kept[-1]), Story.of(run)))
        kept.append(replace(run, last_known=told))
    return kept


def told(made, *, of="esx-2"):
    return {(one.check, one.became) for one in made.changes if one.host == of}


@pytest.fixture(params=["saved", "history"])
def compared(request, tmp_path):
    """Compare each night with the one before, by the saved run or by a history of all."""

    def by_saved(runs):
        return [since(Story.of(then), now) for then, now in pairwise(saved(runs))]

    def by_history(runs):
        from hostcheck.history.recall import recall  # noqa: PLC0415

        book, made = Book(str(tmp_path / "history.db")), []
        for run in runs:
            then = recall(book.place, None, run) if made or run is not runs[0] else None
            if then is not None:
                made.append(since(then, run))
            book.write(run)
            if then is not None:  # and the same where it holds the run already
                assert since(recall(book.place, None, run), run) == made[-1]
        return made

    return by_saved if request.param == "saved" else by_history


def test_what_comes_back_unchanged_is_not_new(compared):
    broken = a_host("esx-2", **MAINTENANCE)
    well = a_host("esx-3")
    runs = nights((broken, well), None, None, (broken, well))
    gone, still, back = compared(runs)
    assert [(one.host, one.was, one.now) for one in gone.hosts] == [
        ("esx-2", Answer.NO_GO, None), ("esx-3", Answer.GO, None),
    ]  # fmt: skip
    assert "vc-2 told of no host: timed out" in {one.why for one in gone.hosts}
    assert not still.changes
    assert not back.changes
    assert {one.host: one.now for one in back.hosts if one.was is None} in (
        {}, {"esx-2": Answer.NO_GO, "esx-3": Answer.GO},
    )  # fmt: skip
    assert back.worst(strict=True) is Answer.GO


@pytest.mark.parametrize(
    ("then", "now", "became"),
    [
        (MAINTENANCE, {}, {(CHECK, Became.MENDED)}),
        ({}, MAINTENANCE, {(CHECK, Became.NEW)}),
        (WAITING, WAITING | MAINTENANCE, {(CHECK, Became.NEW)}),
        (MAINTENANCE, WAITING, {(CHECK, Became.MENDED), ("HOST-003", Became.NEW)}),
        (MAINTENANCE, BLIND, {(CHECK, Became.LOST)}),
    ],
)
def test_what_became_another_meanwhile_is_told(compared, then, now, became):
    *_, back = compared(nights((a_host("esx-2", **then),), None, (a_host("esx-2", **now),)))
    assert told(back) == became


def test_what_was_not_known_is_told_once_and_compared_when_it_is(compared):
    """A fail that is not seen for two nights, and then is there again, or is not."""
    fails, blind, well = (a_host("esx-2", **one) for one in (MAINTENANCE, BLIND, {}))
    lost, quiet, again = compared(nights((fails,), (blind,), (blind,), (fails,)))
    assert told(lost) == {(CHECK, Became.LOST)}
    assert told(quiet) <= {(CHECK, Became.LOST)}
    assert told(again) == set()
    assert again.worst(strict=False) is Answer.GO
    *_, mended = compared(nights((fails,), (blind,), (blind,), (well,)))[-3:]
    assert told(mended) in ({(CHECK, Became.MENDED)}, set())


def test_unknown_for_two_nights_is_told_once():
    fails, blind = (a_host("esx-2", **one) for one in (MAINTENANCE, BLIND))
    kept = saved(nights((fails,), (blind,), (blind,)))
    assert told(since(Story.of(kept[1]), kept[2])) == set()


def test_a_saved_run_tells_what_else_changed_in_the_dark():
    then = a_host("esx-2", bios_version=Known("1.0"), **BLIND)
    back = replace(then.host, bios_version=Known("2.0"))
    kept = saved(nights((then,), None, (report_of(back),)))
    (host,) = [one for one in since(Story.of(kept[1]), kept[2]).hosts if one.host == "esx-2"]
    assert [(one.topic, one.then, one.now) for one in host.traits] == [("BIOS", "1.0", "2.0")]
    assert (host.was, host.known, host.now) == (None, Answer.UNSURE, Answer.UNSURE)
    assert not told(since(Story.of(kept[1]), kept[2]))
    assert since(Story.of(kept[1]), kept[2]).worst(strict=True) is Answer.GO


def test_hosts_that_an_interrupt_left_out_are_kept_and_removed_ones_are_not():
    broken = a_host("esx-2", **MAINTENANCE)
    then = night(0, STEADY, broken)
    left_out, removed = (night(1, STEADY, unasked=names) for names in (("esx-2 (vc-2)",), ()))
    for now, kept in ((left_out, ["esx-2"]), (removed, [])):
        assert [one.host for one in last_known(Story.of(then), Story.of(now))] == kept


def test_a_subject_that_nobody_can_list_is_not_gone():
    """The GPUs of a host are not told: its findings are not known now, and known again later."""
    from tests.diff.test_diff import recorded  # noqa: PLC0415

    sick = replace(recorded("2n-2xA40-gpu-lost-esxi803"), name="esx-2", id="esx-2", target="vc-2")
    fails, dark = report_of(sick), report_of(replace(sick, gpus=DENIED))
    kept = saved(nights((fails,), (dark,), (fails,)))
    lost, again = (since(Story.of(a), b) for a, b in pairwise(kept))
    assert Became.GONE not in {one.became for one in lost.changes}
    assert ("GPU-001", Became.LOST) in told(lost)
    assert Became.NEW not in {one.became for one in again.changes}


def test_it_is_kept_in_the_file_and_left_out_of_a_redacted_one(tmp_path):
    *_, run = saved(nights((a_host("esx-2", **MAINTENANCE),), None))
    runfile.write(run, tmp_path / "run.json")
    assert runfile.read(tmp_path / "run.json").last_known == run.last_known
    assert Story.at(tmp_path / "run.json").last_known().keys() == {("esx-2", "vc-2")}
    done = CliRunner().invoke(main, [
        "redact", str(tmp_path / "run.json"), "-o", str(tmp_path / "out"), "--map",
        str(tmp_path / "map.json"),
    ])  # fmt: skip
    assert done.exit_code == 0, done.output
    assert runfile.read(tmp_path / "out" / "run.json").last_known == ()


def test_a_history_tells_what_is_old_where_the_saved_run_does_not(tmp_path):
    """The earlier run was kept by somebody who compared nothing: it has no memory."""
    book = Book(str(tmp_path / "history.db"))
    broken = a_host("esx-2", **MAINTENANCE)
    first, silent, back = nights((broken,), None, (broken,))
    book.write(first, silent)
    alone = since(Story.of(silent), back)
    assert (CHECK, Became.NEW) in told(alone)
    beside = since(Story.of(silent), replace(back, history=book.write(back)))
    assert Became.NEW not in {one.became for one in beside.changes}
    assert beside.worst(strict=False) is not Answer.NO_GO
