"""The SSH service of a host, started for its shell where it is stopped, and stopped again.

Only with `--manage-ssh`. What runs already is not touched, and its policy never. That it will be
started is on disk before that (`ledger`), so that a run that is killed can be undone by the next.
"""

import os
import shlex
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from msgspec.structs import replace

from hostcheck.holding import HELD
from hostcheck.model.capture import Capture, Request
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host_ref import Key
from hostcheck.model.seal import Login
from hostcheck.parsers.vim_ssh_service import SERVICE, START, STOP
from hostcheck.syntax.vim import VimObject
from hostcheck.syntax.vim_node import Node
from hostcheck.ways.base import Refused, SoFar, Stopwatch, Transport
from hostcheck.ways.shell.ledger import Entry, FoundEntry, Ledger, OpenEntry
from hostcheck.ways.shell.services import STATE, STRICT, SYSTEM
from hostcheck.ways.shell.shells import Shells
from hostcheck.ways.shell.transport import SshTransport

TURN_SECONDS = 150
"""How long another run may be about starting or stopping SSH on the same host."""
NOT_SO = "InvalidState"
"""The fault of a service that is already what it was to become."""
STARTED_BY_ANOTHER = "another run of hostcheck had started it"


class Session(Protocol):
    """The session with the vCenter or ESXi host that starts the service."""

    def fetch(self, request: Request) -> Capture:
        """Put one question, or start or stop the service."""

    def read(self, request: Request) -> VimObject:
        """Read properties of one object, now. Raises Refused."""


class Managing:
    """Opens shells whose SSH service is started for them."""

    def __init__(
        self,
        shells: Callable[[SoFar], Transport],
        session: Session,
        ledger: Ledger,
        tell: Callable[[str], None],
        done: dict[Key, str],
    ) -> None:
        """Take the shells of one vCenter, and its session; `tell` hears what is not undone."""
        if not isinstance(shells, Shells):
            raise TypeError("only shells over SSH need the service")
        self.shells = shells
        self.session = session
        self.ledger = ledger
        self.tell = tell
        self.over = threading.Event()
        """Set when nothing is to be started any more."""
        self.done = done
        """What was done on a host, in a sentence."""

    def __call__(self, so_far: SoFar) -> "Managed":
        """Open the shell of a host; its service is started when it is first asked."""
        return Managed(self, so_far, self.shells(so_far))

    def close(self) -> None:
        """Start nothing any more."""
        self.over.set()


class Managed:
    """The shell of one host, and its SSH service for as long as that is asked."""

    def __init__(self, managing: Managing, so_far: SoFar, ssh: SshTransport) -> None:
        """Keep what to ask; nothing is asked yet."""
        self._by = managing
        self._ref = so_far.ref
        self._ssh = ssh
        self._lock = threading.Lock()
        self._begun = False
        self._closed = False
        self._service_id = ""
        self._note: OpenEntry | None = None
        self._started_at = ""
        self._refusal: Unknown | None = None
        self._why_not = ""
        self.changes: dict[tuple[str, str, str], Capture] = {}
        """What was changed on the host, and undone: whole when this is closed."""

    @property
    def login(self) -> Login | None:
        """With what the shell is asked."""
        return self._ssh.login

    def expect(self, requests: Iterable[Request]) -> None:
        """Pass the hint on."""
        self._ssh.expect(requests)

    def fetch(self, request: Request) -> Capture:
        """Start the service, once, and put one question."""
        with self._lock:
            if not self._begun and not self._closed and not self._by.over.is_set():
                self._begun = True
                self._start()
        if self._refusal is not None:
            failure = replace(self._refusal, asked=request.text)
            return Stopwatch().capture(request, failure=failure)
        capture = self._ssh.fetch(request)
        failed = capture.failure
        if failed is not None and self._why_not:
            told = f"{failed.detail}; SSH was not started: {self._why_not}"
            return replace(capture, failure=replace(failed, detail=told))
        return capture

    def close(self) -> None:
        """Hang up, and stop the service where this started it. Waits for a start under way."""
        self._closed = True
        self._ssh.close()
        with self._lock:
            if self._note is not None:
                self._stop(self._note)
                self._forget()

    # Starting

    def _start(self) -> None:
        """Start the service where it is stopped, and wait until it answers."""
        if self._ssh.refused is not None:
            return
        try:
            if not self._needs_it():
                return
            with self._by.ledger.turn(self._ref.vcenter, self._ref.id, TURN_SECONDS):
                self._start_in_turn()
        except Refused as refused:
            self._why_not = refused.unknown.detail
        except OSError as error:
            told = (
                f"SSH is off and was not started, for that could not be noted: "
                f"{error.filename or self._by.ledger.folder}: {error.strerror or error}"
            )
            self._refusal = Unknown(Why.NOT_ASKED, told)
        if self._note is not None and self._refusal is None:
            try:
                self._ssh.await_server(lambda: self._closed or self._by.over.is_set())
            except Refused as refused:
                told = f"SSH was started, and does not answer: {refused.unknown.detail}"
                self._refusal = replace(refused.unknown, detail=told)

    def _needs_it(self) -> bool:
        """Say whether SSH is stopped here, or runs because a run started it. Raises Refused."""
        found = self._by.session.read(SYSTEM.of(self._ref.id))
        service = found.text("configManager.serviceSystem")
        if isinstance(service, Unknown):
            raise Refused(service)
        self._service_id = service
        others = self._others()  # before the state: an entry is there before a service runs by it
        if self._runs():
            return bool(others)
        if found.text("config.lockdownMode") == STRICT:
            told = "SSH is off and was not started: lockdown mode is strict, nobody is let in"
            self._refusal = Unknown(Why.DENIED, told)
            return False
        return True

    def _start_in_turn(self) -> None:
        """Note it, then start it. Raises OSError where it cannot be noted: then nothing is sent."""
        others, runs = self._others(), self._runs()
        if self._closed or (runs and not others):
            return
        now = Stopwatch().capture(START.of(self._service_id), stderr=STARTED_BY_ANOTHER)
        self._note = self._by.ledger.note(
            Entry(
                self._ref.vcenter, self._ref.name, self._ref.id, self._service_id, now.taken_at,
                os.getpid(),
            )
        )  # fmt: skip
        HELD.begin()
        self._started_at = now.taken_at
        if runs:
            self._keep(now)
            return
        capture = self._by.session.fetch(START.of(self._service_id))
        self._keep(capture)
        failure = capture.failure
        if failure is None:
            return
        if failure.why is Why.DENIED or failure.detail.startswith(NOT_SO):
            self._note.drop()  # nothing was started by us
            self._forget()
        if failure.why in (Why.DENIED, Why.ABSENT) and not failure.detail.startswith(NOT_SO):
            told = f"SSH is off and could not be started: {failure.detail}"
            self._refusal = Unknown(failure.why, told, "", failure.privilege)

    def _forget(self) -> None:
        self._note = None
        HELD.end()

    def _others(self) -> list[FoundEntry]:
        return self._by.ledger.of(self._ref.vcenter, self._ref.id, self._note)

    def _runs(self) -> bool:
        """Say whether SSH runs now. Raises Refused where that is not told."""
        return runs(self._by.session, self._service_id)

    def _keep(self, capture: Capture) -> None:
        self.changes[capture.request.key] = capture

    # Stopping

    def _stop(self, note: OpenEntry) -> None:
        """Stop the service, unless another run uses it. Never raises."""
        ref, ledger = self._ref, self._by.ledger
        try:
            with ledger.turn(ref.vcenter, ref.id, TURN_SECONDS):
                capture = self._stopped(note)
        except OSError:  # the others are looked for all the same
            capture = self._stopped(note)
        self._keep(capture)
        said = told_of(capture)
        told = f"SSH was started on {ref.name} at {self._started_at} and {said}"
        self._by.done[ref.key] = told
        if capture.failure is not None and capture.failure.why is not Why.NOT_ASKED:
            self._by.tell(f"{told}: {by_hand(ref.name, note.path)}")

    def _stopped(self, note: OpenEntry) -> Capture:
        request = STOP.of(self._service_id)
        others = self._by.ledger.of(self._ref.vcenter, self._ref.id, note)
        alive = [one.entry.pid for one in others if one.alive]
        if alive:
            note.drop()
            told = f"another run of hostcheck (process {alive[0]}) uses SSH, and stops it"
            return Stopwatch().capture(request, failure=Unknown(Why.NOT_ASKED, told, request.text))
        try:
            ran = runs(self._by.session, self._service_id)
        except Refused:
            ran = True
        capture = stopped(self._by.session, request, ran=ran)
        if capture.failure is None:
            note.drop()
            for one in others:  # runs that were killed: it was started for them too
                one.path.unlink(missing_ok=True)
        else:
            note.leave()
        return capture


def runs(session: Session, service_id: str) -> bool:
    """Say whether SSH runs now. Raises Refused where that is not told."""
    found = session.read(STATE.of(service_id)).each("serviceInfo", _key_and_state, "service")
    if isinstance(found, Unknown):
        raise Refused(found)
    state = dict(found).get(SERVICE, Unknown(Why.ABSENT, f"{SERVICE} is not listed"))
    if isinstance(state, Unknown):
        raise Refused(state)
    return state


def _key_and_state(node: Node) -> tuple[object, bool | Unknown]:
    return node.text("key"), node.truth("running")


def stopped(session: Session, request: Request, *, ran: bool) -> Capture:
    """Stop the service. That it was stopped already is told beside a good answer."""
    capture = session.fetch(request)
    if capture.failure is not None and not capture.failure.detail.startswith(NOT_SO):
        return capture
    beside = "" if ran and capture.failure is None else "somebody else had stopped it"
    return replace(capture, failure=None, stderr=beside)


def told_of(capture: Capture) -> str:
    """Say what became of stopping the service."""
    if capture.failure is not None:
        return f"not stopped: {capture.failure.detail}"
    beside = f" ({capture.stderr})" if capture.stderr else ""
    return f"stopped at {capture.taken_at}{beside}"


def by_hand(host: str, path: os.PathLike[str]) -> str:
    """Say how to stop it, and how to say that this was done."""
    return (
        f"`govc host.service -host {shlex.quote(host)} stop {SERVICE}` stops it, and so does the "
        f"next run with --ssh --manage-ssh; stopped by hand, remove {os.fspath(path)}"
    )


def undo(ledger: Ledger, sessions: Mapping[str, Session], tell: Callable[[str], None]) -> None:
    """Stop what runs that were killed left running, at the vCenters of these sessions."""
    for one in ledger.left():
        entry = one.entry
        begun = f"SSH was started on {entry.host} of {entry.vcenter} at {entry.noted_at}"
        session = sessions.get(entry.vcenter)
        if session is None:
            told = "and that run was killed before it could stop it"
            tell(f"{begun} {told}: {by_hand(entry.host, one.path)}")
            continue
        try:
            with ledger.turn(entry.vcenter, entry.host_id, TURN_SECONDS):
                others = ledger.of(entry.vcenter, entry.host_id)
                if any(other.alive for other in others):
                    continue  # whoever uses it stops it
                capture = stopped(session, STOP.of(entry.service_id), ran=True)
                if capture.failure is None:
                    one.path.unlink(missing_ok=True)
        except OSError as error:
            tell(f"{begun}: {error}")
            continue
        way = "" if capture.failure is None else f": {by_hand(entry.host, one.path)}"
        tell(f"{begun} by a run that was killed, and {told_of(capture)}{way}")
    for path in ledger.odd:
        tell(f"{path}: it cannot be read, so SSH may run on a host; look, and remove it")
