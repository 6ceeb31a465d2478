"""Every step of the smoke test in a guest, as data: what may be sent, and nothing else.

The directory's name ends in a random number of ours, so no name that the guest chose is ever in a
command line.
"""

from hostcheck.model.capture import Path, Request, Wire

NAMED = Request(
    Wire.GIVEN, "guests that may run the smoke test", "VMs of this host that the user named"
)
"""Its answer holds managed object ids, one a line."""

PLACE = "/tmp/hostcheck-{run}"  # noqa: S108  making it fails where it exists; its owner's alone
PROGRAM = f"{PLACE}/sparse24"
_RUN = (
    f"exec /bin/sh -c 'echo $$ > {PLACE}/pid; "
    f"exec {PROGRAM} --device {{device}} --timeout {{seconds}}"
)


def _step(template: str, purpose: str) -> Request:
    return Request(Wire.GUEST, template, purpose)


UNAME = _step("uname -sm", "whether the guest is x86-64 Linux")
MAKE = _step(f"mkdir -m 700 {PLACE}", "a directory for the program")
BRING = _step(f"cat > {PROGRAM} && chmod 700 {PROGRAM}", "the program, from standard input")
SUM = _step(f"sha256sum {PROGRAM}", "whether it arrived whole")
RUN = _step(f"{_RUN}'", "run it")
RUN_QUICK = _step(f"{_RUN} --quick'", "run it without timing")
PID = _step(f"cat {PLACE}/pid", "its process, when it must be ended")
EXECUTABLE = _step("readlink /proc/{pid}/exe", "whether that process is the program")
KILL = _step("kill -9 {pid}", "end it")
REMOVE = _step(f"rm -rf {PLACE}", "remove the directory")
COMMANDS = (UNAME, MAKE, BRING, SUM, RUN, RUN_QUICK, PID, EXECUTABLE, KILL, REMOVE)
"""Over SSH: command lines."""

SUM_PROGRAM = "/usr/bin/sha256sum"
_RUNS = (
    f"{SUM_PROGRAM} -c {PLACE}/sums; then {PLACE}/sparse24 --device {{device}} "
    f"--timeout {{seconds}} [--quick] --output {PLACE}/result.json"
)
_CALLS = {
    "MakeDirectoryInGuest": (f"mkdir {PLACE}", "Modify"),
    "ChangeFileAttributesInGuest": (f"chmod 700 {PLACE}", "Modify"),
    "InitiateFileTransferToGuest": ("upload sparse24 and its SHA-256", "Modify"),
    "StartProgramInGuest": (_RUNS, "Execute"),
    "ListProcessesInGuest": ("whether it has ended", "Query"),
    "InitiateFileTransferFromGuest": ("fetch result.json", "Query"),
    "TerminateProcessInGuest": ("end it, when time is up", "Execute"),
    "DeleteDirectoryInGuest": (f"remove {PLACE}", "Modify"),
}
CALLS = tuple(
    Request(Wire.GUEST, name, purpose, f"VirtualMachine.GuestOperations.{privilege}")
    for name, (purpose, privilege) in _CALLS.items()
)
"""Over VMware Tools: guest operations."""
METHODS = frozenset(_CALLS)
VM = Request(
    Wire.PROPERTIES, "VirtualMachine",
    "whether a guest can be visited (only with --smoke and hostcheck smoke)", "System.Read",
    (Path("name"), Path("runtime.powerState"), Path("runtime.host"),
     Path("guest.toolsRunningStatus"), Path("guest.guestFamily")),
)  # fmt: skip
MANAGER = Request(
    Wire.PROPERTIES, "GuestOperationsManager", "who takes files and programs into guests",
    "System.View", (Path("fileManager"), Path("processManager")),
)  # fmt: skip
HOST = Request(
    Wire.PROPERTIES, "HostSystem", "the certificate of the host that takes files for a guest",
    "System.Read", (Path("summary.config.sslThumbprint"),),
)  # fmt: skip
PRIVILEGES = tuple(sorted({one.privilege for one in CALLS}))
WOULD_BE_VISITED = "nothing that vCenter tells stands in the way of a visit"
"""Of a guest at which was only looked."""
READS = (VM, MANAGER, HOST)
"""What is read of a VM before it is visited."""
_TEMPLATES = frozenset(one.template for one in COMMANDS)


def may_run(request: Request) -> bool:
    """Say whether a command is one of the steps. Slots hold integers by construction."""
    return request.wire == Wire.GUEST and request.template in _TEMPLATES
