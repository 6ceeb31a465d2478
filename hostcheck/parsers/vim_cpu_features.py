"""`featureRequirement`, `featureCapability`: processor features that a VM wants and a host has.

<VirtualMachineFeatureRequirement><key>cpuid.lm</key><featureName>cpuid.lm</featureName>
<value>Bool:Min:1</value></VirtualMachineFeatureRequirement>
<HostFeatureCapability><key>cpuid.lm</key>...<value>1</value></HostFeatureCapability>

A host lists some two hundred of them, a running VM half of that: only a preflight asks, about its
VM and its candidates. A VM that is off has what its guest needs (`offlineFeatureRequirement`), and
what its own EVC mode fixes; one that is suspended has what its guest has seen.
"""

from hostcheck.model.capture import Path, Request, Wire
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.syntax.vim import VimObject
from hostcheck.syntax.vim_objects import object_of

PURPOSE = "asked by preflight only"
VM = Request(
    Wire.PROPERTIES, "VirtualMachine", f"processor features that a VM requires; {PURPOSE}",
    "System.Read",
    (Path("runtime.offlineFeatureRequirement"), Path("runtime.featureRequirement"), Path("name")),
)  # fmt: skip
HOST = Request(
    Wire.PROPERTIES, "HostSystem", f"processor features of a candidate; {PURPOSE}", "System.Read",
    (Path("config.featureCapability"),),
)  # fmt: skip
REQUEST = (VM, HOST)


def of_vm(vm_id: str) -> Request:
    """Return the question about a VM; its key is not that of the VM's other properties."""
    return VM.of(vm_id, about="features")


def of_host(host_id: str) -> Request:
    """Return the question about a host."""
    return HOST.of(host_id, about="features")


def parse(text: str) -> Reading[dict[str, str]]:
    """Read what a VM requires: `Bool:Min:1` by name. Raises ParseError when it is no VM."""
    vm = object_of(text, kind="VirtualMachine")
    found: dict[str, str] = {}
    for path in ("runtime.offlineFeatureRequirement", "runtime.featureRequirement"):
        listed = vm.pairs(path)
        if isinstance(listed, Unknown):
            if listed.why is Why.ABSENT and vm.tells("name"):
                continue  # a list that is not set: such a VM requires nothing
            return listed
        found |= _by_name(listed)
    return dict(sorted(found.items()))


def parse_host(text: str) -> Reading[dict[str, str]]:
    """Read what a host is capable of. Raises ParseError when it is no host."""
    host: VimObject = object_of(text, kind="HostSystem")
    listed = host.pairs("config.featureCapability")
    return listed if isinstance(listed, Unknown) else dict(sorted(_by_name(listed).items()))


def _by_name(listed: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Return features by name; releases write `cpuid.SSE3` and `cpuid.sse3`."""
    return {name.lower(): value for name, value in listed}
