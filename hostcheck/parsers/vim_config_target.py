"""`EnvironmentBrowser.QueryConfigTarget`: which devices a host offers to a VM, in its own words.

<sharedGpuPassthroughTypes><name>..</name><vgpu>grid_a100d-80c</vgpu></sharedGpuPassthroughTypes>
<dynamicPassthrough><vendorName>NVIDIA</vendorName><deviceName>..</deviceName><customLabel>ml
<vendorDeviceGroupInfo><deviceGroupName>Nvidia:2@grid_a100d-80c%NVLink</deviceGroupName>...
<vgpuProfileInfo><profileName>grid_a100d-80c</profileName><fbSizeInGib>80</fbSizeInGib>...
"""

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.capture import Call, Request, Wire
from hostcheck.model.fact import Unknown
from hostcheck.model.offer import DeviceGroup, DynamicDevice, OfferedProfile
from hostcheck.model.pci import PciId, unsigned16
from hostcheck.syntax.vim_call import HOST
from hostcheck.syntax.vim_node import Node
from hostcheck.syntax.xml import local, root_of

REQUEST = Request(
    Wire.METHOD, "EnvironmentBrowser.QueryConfigTarget",
    "profiles, labels and device groups that a candidate offers; asked by preflight only",
    "System.View", call=Call((HOST,)),
)  # fmt: skip


class ConfigTarget(Struct, frozen=True):
    """What one host offers. A list is empty where the host offers nothing of the kind."""

    profile_names: tuple[str, ...]
    profiles: tuple[OfferedProfile, ...]
    dynamic: tuple[DynamicDevice, ...]
    groups: tuple[DeviceGroup, ...]


def parse(text: str) -> ConfigTarget:
    """Read the answer. Raises ParseError when it is none, or holds no target."""
    root = root_of(text, what="QueryConfigTarget")
    if "QueryConfigTarget" not in local(root):
        raise ParseError(f"expected a QueryConfigTarget answer, found <{local(root)}>")
    target = Node(root, "QueryConfigTarget").child("returnval")
    if isinstance(target, Unknown):
        raise ParseError("QueryConfigTarget: the answer holds no target")
    return ConfigTarget(
        tuple(sorted(_words(one, "vgpu") for one in target.children("sharedGpuPassthroughTypes"))),
        tuple(_profile(one) for one in target.children("vgpuProfileInfo")),
        tuple(_dynamic(one) for one in target.children("dynamicPassthrough")),
        tuple(_group(one) for one in target.children("vendorDeviceGroupInfo")),
    )


def _words(node: Node, name: str) -> str:
    words = node.text(name)
    return "" if isinstance(words, Unknown) else words


def _profile(node: Node) -> OfferedProfile:
    size = node.number("fbSizeInGib")
    return OfferedProfile(
        _words(node, "profileName"),
        0 if isinstance(size, Unknown) else size,
        _words(node, "profileSharing"),
        _words(node, "profileClass"),
    )


def _dynamic(node: Node) -> DynamicDevice:
    vendor, device = node.number("vendorId"), node.number("deviceId")
    if isinstance(vendor, Unknown) or isinstance(device, Unknown):
        raise ParseError("QueryConfigTarget: a dynamic DirectPath device without its ids")
    return DynamicDevice(
        PciId(unsigned16(vendor), unsigned16(device)),
        _words(node, "deviceName"),
        _words(node, "customLabel"),
    )


def _group(node: Node) -> DeviceGroup:
    parts = node.children("componentDeviceInfo")
    return DeviceGroup(_words(node, "deviceGroupName"), tuple(_words(one, "type") for one in parts))
