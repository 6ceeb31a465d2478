"""The smoke test in a guest over VMware Tools: no network into the guest is needed.

Tools pass arguments to the guest's shell. All of them are constants and integers of ours: the
directory's name ends in a random number, and what the guest says is never sent back to it.
"""

import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from xml.etree import ElementTree as ET

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.capture import Capture, Request, Wire
from hostcheck.model.fact import Unknown, Why
from hostcheck.syntax.vim import VimObject
from hostcheck.syntax.vim_node import Node
from hostcheck.syntax.xml import escape, local, root_of
from hostcheck.ways.base import Refused, SoFar, Transport
from hostcheck.ways.guest import steps
from hostcheck.ways.guest.delivery import NOT_EXECUTABLE, Ended, SmokePlan, deliver, overdue
from hostcheck.ways.guest.files import transfer
from hostcheck.ways.guest.steps import PLACE, SUM_PROGRAM
from hostcheck.ways.vsphere.transport import VsphereTransport

CHECK_SECONDS = 30
STOP_SECONDS = 10
FIRST_LOOK_SECONDS = 0.25
LONGEST_LOOK_SECONDS = 2.0
"""How often it is looked whether a program has ended: ever less often."""
CLOSE_SECONDS = 30
"""For how long guests that are visited may clean up when the run is stopped."""
FOR_OWNER = (
    '<fileAttributes xsi:type="GuestPosixFileAttributes">'
    f"<permissions>{0o700}</permissions></fileAttributes>"
)
WRONG_LOGIN = "the guest refuses this user name or password"
MOST_WRONG_LOGINS = 3
"""After so many guests that refuse it no other is tried: a shared account may lock itself."""
GONE = "there is no such process any more"
_FAULTS = {
    "InvalidGuestLogin": (Why.DENIED, WRONG_LOGIN),
    "GuestPermissionDenied": (Why.DENIED, "the guest does not let this user do that"),
    "GuestOperationsUnavailable": (Why.ABSENT, "VMware Tools in the guest do not answer"),
    "InvalidPowerState": (Why.ABSENT, "the VM does not run"),
    "OperationDisabledByGuest": (Why.DENIED, "the guest's VMware Tools forbid this"),
    "OperationNotSupportedByGuest": (Why.ABSENT, "the guest's VMware Tools cannot do this"),
    "TooManyGuestLogons": (Why.ABSENT, "too many guest logins at once"),
    "GuestProcessNotFound": (Why.ABSENT, GONE),
}


class GuestLogin(Struct, frozen=True):
    """Who logs in to guests. The password is fetched once, when it is first needed."""

    user: str
    password: Callable[[], str]


def looked_at(session: VsphereTransport, vm_id: str) -> VimObject:
    """Look whether a VM runs, with Tools and a Linux guest. Raises Refused where it does not."""
    vm = session.read(steps.VM.of(vm_id))
    power, tools = vm.text("runtime.powerState"), vm.text("guest.toolsRunningStatus")
    if isinstance(power, Unknown):
        raise Refused(power)
    if power != "poweredOn":
        raise Refused(Unknown(Why.ABSENT, f"the VM does not run ({power}): power it on"))
    if not isinstance(tools, Unknown) and tools != "guestToolsRunning":
        told = f"VMware Tools do not run in the guest ({tools}): start them"
        raise Refused(Unknown(Why.ABSENT, told))
    family = vm.text("guest.guestFamily")
    if not isinstance(family, Unknown) and family != "linuxGuest":
        raise Refused(Unknown(Why.ABSENT, f"the guest is a {family}, not x86-64 Linux"))
    return vm


class VsphereGuest:
    """One VM's guest. `stopping` ends the waiting for a program, not the cleaning up."""

    def __init__(
        self, session: VsphereTransport, vm_id: str, login: GuestLogin, stopping: threading.Event
    ) -> None:
        self._session = session
        self._vm_id = vm_id
        self._login = login
        self._stopping = stopping
        self.place = PLACE.format(run=secrets.randbelow(1 << 60))
        self._managers: dict[str, str] = {}
        self._thumbprint = ""
        self._made = False
        self._started = False

    # Steps

    def enter(self) -> None:
        """Look whether Tools run in a Linux guest, and make the directory."""
        vm = looked_at(self._session, self._vm_id)
        self._thumbprint = self._thumbprint_of(vm.text("runtime.host"))
        manager = self._session.read(steps.MANAGER.of(self._session.guest_operations))
        for name in ("fileManager", "processManager"):
            found = manager.text(name)
            if isinstance(found, Unknown):
                raise Refused(found)
            self._managers[name] = found
        self._made = True
        try:
            self._file(
                "MakeDirectoryInGuest",
                f"<directoryPath>{self.place}</directoryPath>"
                "<createParentDirectories>false</createParentDirectories>",
            )
        except Refused as refused:
            self._made = refused.unknown.why in (Why.TIMEOUT, Why.UNREACHABLE, Why.UNPARSED)
            raise
        self._file(
            "ChangeFileAttributesInGuest",
            f"<guestFilePath>{self.place}</guestFilePath>{FOR_OWNER}",
        )

    def bring(self, program: bytes) -> None:
        """Upload the program and its SHA-256, and let the guest compare them."""
        digest = hashlib.sha256(program).hexdigest()
        self._upload("sparse24", program)
        self._upload("sums", f"{digest}  {self.place}/sparse24\n".encode())
        try:
            status = self._finish(self._start(SUM_PROGRAM, f"-c {self.place}/sums"), CHECK_SECONDS)
        except Refused as refused:
            if "FileNotFound" in refused.unknown.detail:
                told = f"the guest has no {SUM_PROGRAM}, so the copy cannot be verified"
                raise Refused(Unknown(Why.ABSENT, told)) from None
            raise
        if status >= NOT_EXECUTABLE:
            told = f"the copy cannot be verified: {SUM_PROGRAM} ended with status {status}"
            raise Refused(Unknown(Why.ABSENT, told))
        if status:
            told = f"the copy in the guest does not have the program's SHA-256 {digest}"
            raise Refused(Unknown(Why.ABSENT, told))

    def run(self, plan: SmokePlan) -> Ended:
        """Run it, and fetch the JSON that it wrote."""
        arguments = f"--device {plan.device:d} --timeout {plan.seconds:d}"
        arguments += " --quick" if plan.quick else ""
        pid = self._start(
            f"{self.place}/sparse24", f"{arguments} --output {self.place}/result.json"
        )
        try:
            status = self._finish(pid, plan.patience)
        except Refused as refused:
            if refused.unknown.why is Why.TIMEOUT and not refused.unknown.asked:
                raise Refused(Unknown(Why.TIMEOUT, overdue(plan))) from None
            raise
        return Ended(status, self._download("result.json"))

    def stop(self) -> list[str]:
        """End whatever runs from our directory."""
        if not self._started:
            return []
        try:
            running = self._ours()
            for pid in running:
                self._terminate(pid)
            limit = time.monotonic() + STOP_SECONDS
            while running and time.monotonic() < limit:
                running = self._ours()
                time.sleep(FIRST_LOOK_SECONDS if running else 0)
        except Refused as refused:
            return [f"the program may still run in {self.place}: {refused}"]
        return [f"process {pid} ({self.place}/sparse24) did not end" for pid in running]

    def leave(self) -> list[str]:
        """Remove the directory with all that is in it."""
        if not self._made:
            return []
        try:
            self._file(
                "DeleteDirectoryInGuest",
                f"<directoryPath>{self.place}</directoryPath><recursive>true</recursive>",
            )
        except Refused as refused:
            if "FileNotFound" not in refused.unknown.detail:
                return [f"{self.place} is left: {refused}; remove it by hand"]
        return []

    # Files

    def _thumbprint_of(self, host_id: str | Unknown) -> str:
        """Return what vCenter states for the ESXi host, which hands out and takes files."""
        if isinstance(host_id, Unknown):
            return ""
        try:
            host = self._session.read(steps.HOST.of(host_id))
        except Refused:
            return ""
        found = host.text("summary.config.sslThumbprint")
        return "" if isinstance(found, Unknown) else found

    def _upload(self, name: str, data: bytes) -> None:
        answer = self._file(
            "InitiateFileTransferToGuest",
            f"<guestFilePath>{self.place}/{name}</guestFilePath>"
            f"{FOR_OWNER}<fileSize>{len(data)}</fileSize><overwrite>false</overwrite>",
        )
        transfer(self._session.endpoint, _field(answer, "returnval"), self._thumbprint, data)

    def _download(self, name: str) -> str:
        try:
            answer = self._file(
                "InitiateFileTransferFromGuest",
                f"<guestFilePath>{self.place}/{name}</guestFilePath>",
            )
        except Refused as refused:
            if "FileNotFound" in refused.unknown.detail:
                return ""
            raise
        found = transfer(self._session.endpoint, _field(answer, "url"), self._thumbprint)
        return found.decode(errors="replace")

    # Processes

    def _start(self, program: str, arguments: str) -> int:
        self._started = True
        answer = self._process(
            "StartProgramInGuest",
            f'<spec xsi:type="GuestProgramSpec"><programPath>{program}</programPath>'
            f"<arguments>{arguments}</arguments></spec>",
        )
        return _integer(_field(answer, "returnval"))

    def _finish(self, pid: int, seconds: float) -> int:
        """Wait until a program has ended, and return its exit status."""
        limit = time.monotonic() + seconds
        wait = FIRST_LOOK_SECONDS
        while True:
            found = [one for one in self._listed(f"<pids>{pid:d}</pids>") if one.pid == pid]
            if not found:
                raise Refused(Unknown(Why.ABSENT, "the program vanished from the guest's list"))
            if found[0].ended:
                self._started = False
                return found[0].exit_status
            if time.monotonic() > limit:
                raise Refused(Unknown(Why.TIMEOUT, f"no end within {seconds:g} s"))
            if self._stopping.wait(wait):
                raise Refused(Unknown(Why.NOT_ASKED, "the run was stopped"))
            wait = min(wait * 1.5, LONGEST_LOOK_SECONDS)

    def _terminate(self, pid: int) -> None:
        """End a process; one that has ended by itself since it was listed is fine."""
        try:
            self._process("TerminateProcessInGuest", f"<pid>{pid:d}</pid>")
        except Refused as refused:
            if refused.unknown.detail != GONE:
                raise

    def _ours(self) -> list[int]:
        return [
            one.pid for one in self._listed("") if not one.ended and f"{self.place}/" in one.line
        ]

    def _listed(self, pids: str) -> Iterator["_Process"]:
        answer = self._process("ListProcessesInGuest", pids)
        for element in answer.iter():
            if local(element) == "returnval":
                node = Node(element, "process list")
                pid, line = node.number("pid"), node.text("cmdLine")
                status = node.number("exitCode")
                if not isinstance(pid, Unknown):
                    yield _Process(
                        pid,
                        "" if isinstance(line, Unknown) else line,
                        not isinstance(node.text("endTime"), Unknown),
                        0 if isinstance(status, Unknown) else status,
                    )

    # Calls

    def _file(self, method: str, arguments: str) -> ET.Element:
        return self._call(method, "GuestFileManager", self._managers["fileManager"], arguments)

    def _process(self, method: str, arguments: str) -> ET.Element:
        manager = self._managers["processManager"]
        return self._call(method, "GuestProcessManager", manager, arguments)

    def _call(self, method: str, kind: str, manager: str, arguments: str) -> ET.Element:
        """Call one guest operation; its faults become words that say what to do."""
        secret = escape(self._login.password())
        try:
            answer = self._session.call(
                method, kind, manager,
                f'<vm type="VirtualMachine">{escape(self._vm_id)}</vm>'
                '<auth xsi:type="NamePasswordAuthentication">'
                "<interactiveSession>false</interactiveSession>"
                f"<username>{escape(self._login.user)}</username><password>{secret}</password>"
                f"</auth>{arguments}",
            )  # fmt: skip
        except Refused as refused:
            found = refused.unknown
            why, told = _FAULTS.get(found.detail.partition(" ")[0], (found.why, found.detail))
            raise Refused(Unknown(why, told, method, found.privilege)) from None
        try:
            return root_of(answer.decode(errors="replace"), what=method)
        except ParseError as error:
            raise Refused(Unknown(Why.UNPARSED, str(error), method)) from None


class _Process(Struct, frozen=True):
    pid: int
    line: str
    ended: bool
    exit_status: int


def _field(answer: ET.Element, name: str) -> str:
    """Return the text of a field of an answer. Raises Refused when it is not there."""
    for element in answer.iter():
        if local(element) == name and element.text and element.text.strip():
            return element.text.strip()
    raise Refused(Unknown(Why.UNPARSED, f"vSphere's answer holds no {name}"))


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise Refused(Unknown(Why.UNPARSED, f"vSphere's answer is no number: {text!r}")) from None


class GuestTransport:
    """Answers the smoke test's question, whose subject is the VM, and which VMs were named.

    Threads may share it.
    """

    def __init__(
        self,
        session: VsphereTransport,
        login: GuestLogin,
        program: bytes,
        plan: SmokePlan,
        told: Callable[[str], None],
    ) -> None:
        """Keep what every visit needs. `told` hears what an interrupt left behind."""
        self._session = session
        self._login = login
        self._program = program
        self._plan = plan
        self._told = told
        self._stopping = threading.Event()
        self._idle = threading.Condition()
        self._visits = 0
        self._wrong_logins = 0

    def expect(self, requests: Iterable[Request]) -> None:
        """Do nothing: guests are visited one by one."""

    def fetch(self, request: Request) -> Capture:
        """Visit one guest."""
        with self._idle:
            if self._wrong_logins >= MOST_WRONG_LOGINS:
                told = f"not tried: {self._wrong_logins} guests refused this user name or password"
                return Capture(request, failure=Unknown(Why.NOT_ASKED, told, request.text))
            self._visits += 1
        try:
            guest = VsphereGuest(self._session, request.subject, self._login, self._stopping)
            capture = deliver(guest, self._program, self._plan, request, self._told)
            self._note(capture)
            return capture
        finally:
            with self._idle:
                self._visits -= 1
                self._idle.notify_all()

    def _note(self, capture: Capture) -> None:
        """Count wrong logins; tell what a run that was stopped will not report any more."""
        if capture.failure is not None and capture.failure.detail == WRONG_LOGIN:
            with self._idle:
                self._wrong_logins += 1
        if self._stopping.is_set():
            for sentence in capture.stderr.splitlines():
                self._told(sentence)

    def close(self) -> None:
        """Let the visits that are going on clean up."""
        self._stopping.set()
        with self._idle:
            if not self._idle.wait_for(lambda: not self._visits, CLOSE_SECONDS):
                self._told(f"{self._visits} guests did not finish cleaning up: look for {PLACE}")


class NamedGuests:
    """The guests that the user named, on all hosts of a run."""

    def __init__(self, guests: Transport, named: frozenset[str]) -> None:
        """`named` are managed object ids of VMs."""
        self._guests = guests
        self.named = named

    def __call__(self, so_far: SoFar) -> "_OneHost":
        """Return what answers for one host."""
        return _OneHost(self._guests, sorted(self.named.intersection(so_far.ref.vm_ids)))

    def close(self) -> None:
        """Let the visits that are going on clean up."""
        self._guests.close()


class _OneHost:
    """Tells which guests of one host were named, and visits no other."""

    def __init__(self, guests: Transport, named: list[str]) -> None:
        self._guests = guests
        self._named = named

    def expect(self, requests: Iterable[Request]) -> None:
        """Do nothing: guests are visited one by one."""

    def fetch(self, request: Request) -> Capture:
        """Tell the list, or visit one guest of it."""
        if request.wire == Wire.GIVEN:
            return Capture(request, "".join(f"{vm_id}\n" for vm_id in self._named))
        if request.subject not in self._named:
            raise PermissionError(f"nobody named {request.subject} for the smoke test")
        return self._guests.fetch(request)

    def close(self) -> None:
        """Do nothing: the visits belong to all hosts."""
