"""The smoke test in a guest over SSH: listed commands with integers in them, and nothing else.

The directory's name ends in a random number of ours, so no name that the guest chose is ever in a
command line. The program is ended only after /proc said that the process is this very program.
"""

import hashlib
import secrets
import time
from collections.abc import Callable

from hostcheck.model.capture import Capture, Request
from hostcheck.model.fact import Unknown, Why
from hostcheck.ways.base import Refused
from hostcheck.ways.guest.delivery import Ended, SmokePlan, overdue
from hostcheck.ways.guest.steps import (
    BRING,
    EXECUTABLE,
    KILL,
    MAKE,
    PID,
    PLACE,
    REMOVE,
    RUN,
    RUN_QUICK,
    SUM,
    UNAME,
)
from hostcheck.ways.shell.transport import SshTransport

LOOKS = 10
LOOK_SECONDS = 0.3
"""How often, and how far apart, it is looked whether a killed process is gone."""


class SshGuest:
    """One guest. `connect` opens a fresh connection: a hanging command may hold the last one."""

    def __init__(self, connect: Callable[[], SshTransport]) -> None:
        self._connect = connect
        self._shell = connect()
        self._run = secrets.randbelow(1 << 60)
        self.place = PLACE.format(run=self._run)
        self._made = False
        self._started = False

    def _do(self, step: Request, data: bytes = b"", **slots: int) -> Capture:
        """Do one step. Raises Refused when it could not be asked at all."""
        capture = self._shell.send(step.fill(**slots) if slots else step, data)
        if capture.failure is not None:
            raise Refused(capture.failure)
        return capture

    def _must(self, step: Request, data: bytes = b"", **slots: int) -> str:
        """Do one step that has to end well, and return what it printed."""
        capture = self._do(step, data, **slots)
        if capture.exit_status:
            said = (capture.stderr.strip() or capture.text.strip()).partition("\n")[0]
            told = f"{capture.request.text!r} ended with status {capture.exit_status}: {said}"
            raise Refused(Unknown(Why.ABSENT, told))
        return capture.text.strip()

    def enter(self) -> None:
        """Look whether it is x86-64 Linux, and make the directory."""
        kind = self._must(UNAME)
        if kind != "Linux x86_64":
            raise Refused(Unknown(Why.ABSENT, f"the guest is {kind!r}, not x86-64 Linux"))
        self._made = True
        capture = self._do(MAKE, run=self._run)
        if capture.exit_status:
            self._made = False
            self._must(MAKE, run=self._run)

    def bring(self, program: bytes) -> None:
        """Copy the program through standard input, and let the guest sum it up."""
        self._must(BRING, program, run=self._run)
        wanted = hashlib.sha256(program).hexdigest()
        found = self._must(SUM, run=self._run).partition(" ")[0].removeprefix("\\")
        if found != wanted:
            told = f"the copy in the guest has SHA-256 {found[:64]!r}, the program has {wanted}"
            raise Refused(Unknown(Why.ABSENT, told))

    def run(self, plan: SmokePlan) -> Ended:
        """Run it; its JSON comes on standard output."""
        self._started = True
        step = RUN_QUICK if plan.quick else RUN
        try:
            capture = self._do(step, run=self._run, device=plan.device, seconds=plan.seconds)
        except Refused as refused:
            if refused.unknown.why is Why.TIMEOUT:
                raise Refused(Unknown(Why.TIMEOUT, overdue(plan))) from None
            raise
        self._started = False
        return Ended(capture.exit_status, capture.text)

    def stop(self) -> list[str]:
        """End the program, if /proc says that it still runs."""
        if not self._started:
            return []
        self._reconnect()
        try:
            said = self._do(PID, run=self._run)
            if said.exit_status:
                return []
            pid = int(said.text)
            if not self._runs(pid):
                return []
            self._do(KILL, pid=pid)
            for _ in range(LOOKS):
                if not self._runs(pid):
                    return []
                time.sleep(LOOK_SECONDS)
        except (Refused, ValueError) as error:
            return [f"the program may still run in {self.place}: {error}"]
        return [f"process {pid} ({self.place}/sparse24) did not end"]

    def _runs(self, pid: int) -> bool:
        shown = self._do(EXECUTABLE, pid=pid).text.strip()
        return shown.removesuffix(" (deleted)") == f"{self.place}/sparse24"

    def leave(self) -> list[str]:
        """Remove the directory and hang up."""
        try:
            if self._made:
                self._must(REMOVE, run=self._run)
        except Refused:
            self._reconnect()
            try:
                self._must(REMOVE, run=self._run)
            except Refused as refused:
                return [f"{self.place} is left: {refused}; remove it by hand"]
        finally:
            self._shell.close()
        return []

    def _reconnect(self) -> None:
        self._shell.close()
        self._shell = self._connect()
