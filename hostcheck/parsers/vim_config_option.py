"""`EnvironmentBrowser.QueryConfigOptionEx`: how many vGPUs one VM may have on a host.

<virtualDeviceOption xsi:type="VirtualPCIPassthroughOption"><backingOption
xsi:type="VirtualPCIPassthroughVmiopBackingOption"><vgpu>..</vgpu><maxInstances>8</maxInstances>
"""

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.capture import Call, CallPart, Request, Wire
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.offer import PerVmLimit
from hostcheck.syntax.vim_call import HOST
from hostcheck.syntax.vim_node import XSI_TYPE, Node
from hostcheck.syntax.xml import local, root_of

REQUEST = Request(
    Wire.METHOD, "EnvironmentBrowser.QueryConfigOptionEx",
    "how many vGPUs a VM may have on a candidate; asked of VMs with several", "System.View",
    call=Call((
        CallPart("<spec><key>vmx-{version}</key>"), HOST,
        CallPart("<guestId>otherGuest64</guestId></spec>"),
    )),
)  # fmt: skip
"""One guest is named because the answer else describes all that there are, a megabyte."""
BACKING = "VirtualPCIPassthroughVmiopBackingOption"


class ConfigOption(Struct, frozen=True):
    """The limits of one host for VMs of one hardware version."""

    limits: Reading[tuple[PerVmLimit, ...]]


def parse(text: str) -> ConfigOption:
    """Read the answer; a host that says nothing of vGPUs gives no limit. Raises ParseError."""
    root = root_of(text, what="QueryConfigOptionEx")
    if "QueryConfigOptionEx" not in local(root):
        raise ParseError(f"expected a QueryConfigOptionEx answer, found <{local(root)}>")
    found = []
    for element in root.iter():
        if element.get(XSI_TYPE, "").rpartition(":")[2] != BACKING:
            continue
        node = Node(element, "QueryConfigOptionEx")
        profile, most = node.text("vgpu", "defaultValue"), node.number("maxInstances")
        if isinstance(most, int) and most > 0:
            found.append(PerVmLimit("" if isinstance(profile, Unknown) else profile, most))
    if not found:
        return ConfigOption(
            Unknown(Why.ABSENT, "the host states no limit of vGPUs", "QueryConfigOptionEx")
        )
    return ConfigOption(tuple(sorted(set(found), key=lambda one: (one.profile, one.per_vm))))
