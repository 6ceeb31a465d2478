"""`VirtualMachineCompatibilityChecker`: vCenter's own checks of a VM, since vCenter 6.7.

Each runs as a task whose result has one entry per host that was tested:

<CheckResult><vm type="VirtualMachine">vm-12</vm><host type="HostSystem">host-10</host>
<error><fault xsi:type="InsufficientGraphicsResourcesFault"/><localizedMessage>...

A host that is in maintenance mode or not connected is left out where no host was named.
"""

from msgspec import Struct

from hostcheck.model.capture import Call, CallPart, Request, Wire
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.opinion import Said
from hostcheck.syntax.vim import refusal
from hostcheck.syntax.vim_call import HOST, POOL, VM
from hostcheck.syntax.vim_node import Node
from hostcheck.syntax.vim_task import objection, task_of


def _checker(*parts: CallPart) -> Call:
    return Call(
        parts, manager="vmCompatibilityChecker", since=(6, 7),
        missing="only vCenter 6.7 and later has this check; an ESXi host has none",
    )  # fmt: skip


POWER_ON = Request(
    Wire.TASK, "VirtualMachineCompatibilityChecker.CheckPowerOn_Task",
    "vCenter's own opinion of starting the VM of a preflight, on every host of its cluster",
    "System.View", call=_checker(VM, HOST, POOL),
)  # fmt: skip
_ALL = ("reserved_mb", "-1")
"""All of its memory is reserved."""
SPEC = (
    CallPart(
        "<spec><name>hostcheck what-if</name><version>vmx-{hardware_version}</version>"
        "<guestId>otherGuest64</guestId><numCPUs>{vcpus}</numCPUs><memoryMB>{memory_mb}</memoryMB>"
    ),
    CallPart(
        '<deviceChange><operation>add</operation><device xsi:type="VirtualPCIPassthrough">'
        '<key>-{n}</key><backing xsi:type="VirtualPCIPassthroughVmiopBackingInfo">'
        "<vgpu>{profile}</vgpu></backing></device></deviceChange>",
        times="count",
    ),
    CallPart(
        "<memoryAllocation><reservation>{memory_mb}</reservation></memoryAllocation>", only=_ALL
    ),
    CallPart(
        "<memoryAllocation><reservation>{reserved_mb}</reservation></memoryAllocation>",
        unless=_ALL,
    ),
    CallPart("<firmware>{firmware}</firmware>"),
    CallPart("<memoryReservationLockedToMax>true</memoryReservationLockedToMax></spec>", only=_ALL),
    CallPart(
        "<memoryReservationLockedToMax>false</memoryReservationLockedToMax></spec>", unless=_ALL
    ),
)
"""A VM to be, in the order of VirtualMachineConfigSpec: the server insists on it."""
TESTS = CallPart("<testType>hostTests</testType><testType>resourcePoolTests</testType>")
"""A VM that does not exist yet has no datastore and no network to test."""
VM_CONFIG = Request(
    Wire.TASK, "VirtualMachineCompatibilityChecker.CheckVmConfig_Task",
    "vCenter's own opinion of a VM that does not exist yet", "System.View",
    call=_checker(*SPEC, HOST, POOL, TESTS),
)  # fmt: skip
REQUEST = (POWER_ON, VM_CONFIG)


class HostSaid(Struct, frozen=True):
    """What was said of one host; `host_id` is empty where the answer names none."""

    host_id: str
    said: Reading[Said]


class Checked(Struct, frozen=True):
    """What the task found, or why it found nothing."""

    hosts: Reading[tuple[HostSaid, ...]]


def parse(text: str) -> Checked:
    """Read a task of one of the checks. A success without entries is a known empty list."""
    result = task_of(text).result
    if isinstance(result, Unknown):
        return Checked(result)
    return Checked(tuple(_host_said(node) for node in result.items()))


def _host_said(node: Node) -> HostSaid:
    host = node.text("host")
    return HostSaid("" if isinstance(host, Unknown) else host, _said(node))


def _said(node: Node) -> Reading[Said]:
    """Read warnings and errors; that the account may not look is no error of the VM."""
    errors = [(objection(one), refusal(one, "CheckResult.error")) for one in node.children("error")]
    found = tuple(one for one, reason in errors if reason.why is not Why.DENIED)
    if errors and not found:
        return errors[0][1]
    return Said(found, tuple(objection(one) for one in node.children("warning")))
