"""The order of steps, with a guest that fails or is interrupted at each of them in turn."""

import pytest

from hostcheck.model.fact import Unknown, Why
from hostcheck.parsers.smoke_sparse24 import REQUEST
from hostcheck.ways.base import Refused
from hostcheck.ways.guest.delivery import Ended, SmokePlan, deliver, here, wordless

STEPS = ("enter", "bring", "run", "stop", "leave")
GOOD = Ended(4, '{"schema":"hostcheck.sparse24/1","status":"no_device","exit_code":4}')


class Guest:
    """Notes what is done to it; `error` happens at the step `at`."""

    place = "/tmp/hostcheck-1"

    def __init__(self, at="", error=None, left=(), ended=GOOD):
        self.done = []
        self._at, self._error, self._left, self._ended = at, error, left, ended

    def _do(self, step):
        self.done.append(step)
        if step == self._at:
            self._at = ""
            raise self._error

    def enter(self):
        self._do("enter")

    def bring(self, program):
        assert program == b"program"
        self._do("bring")

    def run(self, plan):
        assert plan == SmokePlan(5)
        self._do("run")
        return self._ended

    def stop(self):
        self._do("stop")
        return []

    def leave(self):
        self._do("leave")
        return list(self._left)


def visit(guest, told=None):
    return deliver(
        guest, b"program", SmokePlan(5), REQUEST, (told if told is not None else []).append
    )


def test_all_goes_well():
    guest = Guest()
    capture = visit(guest)
    assert guest.done == ["enter", "bring", "run", "leave"]
    assert (capture.text, capture.exit_status, capture.stderr) == (GOOD.text, 4, "")
    assert capture.failure is None


@pytest.mark.parametrize("at", STEPS[:3])
def test_whatever_is_refused_it_is_ended_and_removed(at):
    guest = Guest(at, Refused(Unknown(Why.DENIED, "no", "x", "Some.Privilege")), left=["a", "b"])
    capture = visit(guest)
    assert guest.done == [*STEPS[: STEPS.index(at) + 1], "stop", "leave"]
    assert capture.failure == Unknown(Why.DENIED, "no", "sparse24", "Some.Privilege")
    assert capture.stderr == "a\nb"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("a bug")])
@pytest.mark.parametrize("at", [*STEPS[:3], "leave"])
def test_an_interrupt_or_a_crash_at_any_step_undoes_all_and_tells_what_is_left(at, error):
    guest, told = Guest(at, error, left=["it is left"]), []
    with pytest.raises(type(error)):
        visit(guest, told)
    assert guest.done[-2:] == ["stop", "leave"]
    assert told == ["it is left"]


def test_a_second_interrupt_still_says_where_to_look():
    class Stubborn(Guest):
        def stop(self):
            raise KeyboardInterrupt

    told = []
    with pytest.raises(KeyboardInterrupt):
        visit(Stubborn("run", KeyboardInterrupt()), told)
    assert told == ["/tmp/hostcheck-1 may be left, and the program may run; remove it by hand"]


@pytest.mark.parametrize(
    ("ended", "told"),
    [(Ended(0, GOOD.text), "it ended with status 0, and its JSON says 4"),
     (Ended(139, GOOD.text), "it ended with status 139, and its JSON says 4"),
     (Ended(126, ""), "the guest is no x86-64 Linux, or mounts /tmp noexec"),
     (Ended(127, " \n"), "the guest has no glibc, or it vanished"),
     (Ended(139, ""), "it was ended by SIGSEGV and wrote no result"),
     (Ended(128 + 99, ""), "it was ended by signal 99"), (Ended(9, ""), "ended with status 9")],
)  # fmt: skip
def test_a_status_and_an_answer_that_do_not_belong_together_are_no_answer(ended, told):
    capture = visit(Guest(ended=ended))
    assert told in capture.failure.detail
    assert capture.text == ""


def test_an_answer_that_is_not_understood_is_kept_for_whoever_reads_it():
    capture = visit(Guest(ended=Ended(0, '{"schema":')))
    assert (capture.failure, capture.text) == (None, '{"schema":')


def test_here_what_cannot_be_executed_is_told(tmp_path):
    file = tmp_path / "program"
    file.write_bytes(b"\x7fELF of another machine")
    assert (
        "cannot be executed here: Permission denied"
        in here(file, SmokePlan(), REQUEST).failure.detail
    )
    file.chmod(0o755)
    assert "it is for x86-64 Linux" in here(file, SmokePlan(), REQUEST).failure.detail
    assert wordless(0).why is Why.ABSENT
