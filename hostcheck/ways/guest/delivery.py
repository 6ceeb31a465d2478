"""The program into a guest, run there, and out again: one order of steps, whatever carries them.

Whatever happens on the way, an interrupt included, the program is ended and its directory removed.
What could not be undone is told.
"""

import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from hostcheck import environment
from hostcheck.errors import ParseError
from hostcheck.model.capture import Capture, Request
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.smoke import EXIT_CODES
from hostcheck.parsers import smoke_sparse24
from hostcheck.ways.base import Refused, Stopwatch

GRACE_SECONDS = 15
"""For how much longer than its own limit the program is waited for."""
NOT_EXECUTABLE = 126
NOT_FOUND = 127
LEAST_SIGNAL = 128


class SmokePlan(Struct, frozen=True):
    """How the program is to run: its own time limit, the CUDA device, without speed if quick."""

    seconds: int = 60
    device: int = 0
    quick: bool = False

    @property
    def patience(self) -> int:
        """After how many seconds it is ended from outside."""
        return self.seconds + GRACE_SECONDS


class Ended(Struct, frozen=True):
    """How the program ended, and what it wrote: the exit status as a shell counts it."""

    exit_status: int = 0
    text: str = ""


class Guest(Protocol):
    """A machine that the program is brought to. Every step raises Refused when it cannot be done.

    `stop` and `leave` never do: they return what they could not undo, as sentences.
    """

    @property
    def place(self) -> str:
        """The directory in the guest."""

    def enter(self) -> None:
        """Look whether the guest can run it, and make a fresh directory."""

    def bring(self, program: bytes) -> None:
        """Put the program there, and compare its SHA-256 there."""

    def run(self, plan: SmokePlan) -> Ended:
        """Run it and return what it wrote."""

    def stop(self) -> list[str]:
        """End it, if it still runs."""

    def leave(self) -> list[str]:
        """Remove the directory."""


def deliver(
    guest: Guest, program: bytes, plan: SmokePlan, request: Request, told: Callable[[str], None]
) -> Capture:
    """Do all of it. The capture's standard error holds what could not be undone, line by line.

    `told` hears the same after an interrupt, when there is no capture to hold it.
    """
    watch = Stopwatch()
    try:
        ended = _visit(guest, program, plan)
        left = guest.leave()
    except Refused as refused:
        failure = refused.unknown
        failure = Unknown(failure.why, failure.detail, request.text, failure.privilege)
        return watch.capture(request, stderr="\n".join(_undone(guest)), failure=failure)
    except BaseException:
        try:
            for sentence in _undone(guest):
                told(sentence)
        except BaseException:  # interrupted again, on the way out
            told(f"{guest.place} may be left, and the program may run; remove it by hand")
            raise
        raise
    return watch.capture(request, ended.text, "\n".join(left), ended.exit_status)


def _visit(guest: Guest, program: bytes, plan: SmokePlan) -> Ended:
    guest.enter()
    guest.bring(program)
    ended = guest.run(plan)
    unlike = _unlike(ended)
    if unlike is not None:
        raise Refused(unlike)
    return ended


def _unlike(ended: Ended) -> Unknown | None:
    """Say what is wrong when the exit status and what was written do not belong together."""
    if not ended.text.strip():
        return wordless(ended.exit_status)
    try:
        code = EXIT_CODES[smoke_sparse24.parse(ended.text).status]
    except ParseError:
        return None  # kept as it is: whoever reads it says what is wrong with it
    if code == ended.exit_status:
        return None
    told = f"it ended with status {ended.exit_status}, and its JSON says {code}"
    return Unknown(Why.UNPARSED, told)


def _undone(guest: Guest) -> Iterator[str]:
    yield from guest.stop()
    yield from guest.leave()


def wordless(exit_status: int) -> Unknown:
    """Say why a program that ended with this status wrote nothing."""
    if exit_status == NOT_EXECUTABLE:
        told = "it cannot be executed: the guest is no x86-64 Linux, or mounts /tmp noexec"
    elif exit_status == NOT_FOUND:
        told = "it cannot be executed: the guest has no glibc, or it vanished"
    elif exit_status > LEAST_SIGNAL:
        number = exit_status - LEAST_SIGNAL
        told = f"it was ended by {_signal_name(number)} and wrote no result"
    else:
        told = f"it ended with status {exit_status} and wrote no result"
    return Unknown(Why.ABSENT, told)


def _signal_name(number: int) -> str:
    known = {one.value: one.name for one in signal.Signals}
    return known.get(number, f"signal {number}")


def here(program: Path, plan: SmokePlan, request: Request) -> Capture:
    """Run it on this machine: nothing is brought, and nothing is left."""
    watch = Stopwatch()
    command = [str(program), "--device", str(plan.device), "--timeout", str(plan.seconds)]
    try:
        done = subprocess.run(  # noqa: S603  our own program, and integers
            [*command, "--quick"] if plan.quick else command,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            timeout=plan.patience, check=False, env=environment.of_children(),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return watch.capture(request, failure=Unknown(Why.TIMEOUT, overdue(plan), request.text))
    except OSError as error:
        told = f"{program} cannot be executed here: {error.strerror}; it is for x86-64 Linux"
        return watch.capture(request, failure=Unknown(Why.ABSENT, told, request.text))
    status = done.returncode if done.returncode >= 0 else LEAST_SIGNAL - done.returncode
    ended = Ended(status, done.stdout.decode(errors="replace"))
    unlike = _unlike(ended)
    if unlike is not None:
        return watch.capture(request, failure=Unknown(unlike.why, unlike.detail, request.text))
    return watch.capture(request, ended.text, "", status)


def overdue(plan: SmokePlan) -> str:
    """Say that it had to be ended."""
    return f"it did not end within {plan.patience} s and was ended; does the GPU hang?"
