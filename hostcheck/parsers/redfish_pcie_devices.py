"""`GET /redfish/v1/Chassis/{chassis}/PCIeDevices`: what is in the slots, GPUs among it.

{"Members": [{"@odata.id": "/redfish/v1/Chassis/1/PCIeDevices/GPU3", "Id": "GPU3",
  "Model": "H100 ...", "Manufacturer": "NVIDIA", "Status": {"Health": "OK"},
  "PCIeInterface": {"LanesInUse": 16, "MaxLanes": 16}, "Slot": {"Location": {...}}}]}

Asked with `$expand` its members are whole, else they are links, and each is asked by itself.
"""

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request
from hostcheck.model.fact import Reading, Unknown
from hostcheck.syntax.redfish import WIRE, Resource, resource_of

_WHAT = "PCIe devices"
EXPANDED = Request(
    WIRE, "GET /redfish/v1/Chassis/{chassis}/PCIeDevices?$expand=.($levels=1)",
    f"all {_WHAT} in one answer, where the BMC can do that",
)  # fmt: skip
LISTED = Request(WIRE, "GET /redfish/v1/Chassis/{chassis}/PCIeDevices", f"which {_WHAT} there are")
OF_CHASSIS = Request(
    WIRE, "GET /redfish/v1/Chassis/{chassis}/PCIeDevices/{device}", "one PCIe device: maker, health"
)
OF_SYSTEM = Request(
    WIRE, "GET /redfish/v1/Systems/{system}/PCIeDevices/{device}", "one PCIe device: maker, health"
)
REQUEST = (EXPANDED, LISTED, OF_CHASSIS, OF_SYSTEM)


class PcieDevice(Struct, frozen=True):
    """A device. Of a member that is a link nothing but its `path` and `id` is known."""

    path: str
    id: str
    """The last part of its path; of an iDRAC bus and slot in decimal, `202-0`."""
    name: Reading[str]
    model: Reading[str]
    maker: Reading[str]
    firmware: Reading[str]
    health: Reading[str]
    slot: Reading[str]
    lanes: Reading[float]
    lanes_max: Reading[float]
    functions: tuple[str, ...]
    """Paths of its functions, where it lists them; a GPU has one."""


def parse(text: str) -> tuple[PcieDevice, ...]:
    """Read one device, or the members of a list. Raises ParseError when the text is neither."""
    one = resource_of(text, asked=LISTED.template)
    members = one.get("Members")
    if isinstance(members, list):
        return tuple(_device(member) for member in one.each("Members"))
    if isinstance(one.text("Id"), Unknown):
        raise ParseError(f"{LISTED.template}: neither a device nor a list of them")
    return (_device(one),)


def _device(one: Resource) -> PcieDevice:
    path = one.path()
    functions = one.links("Links", "PCIeFunctions")
    return PcieDevice(
        path=path,
        id=path.rstrip("/").rpartition("/")[2],
        name=one.text("Name"),
        model=one.text("Model"),
        maker=_maker(one),
        firmware=one.text("FirmwareVersion"),
        health=one.text("Status", "Health"),
        slot=_slot(one),
        lanes=one.number("PCIeInterface", "LanesInUse"),
        lanes_max=one.number("PCIeInterface", "MaxLanes"),
        functions=() if isinstance(functions, Unknown) else functions,
    )


def _maker(one: Resource) -> Reading[str]:
    maker = one.text("Manufacturer")
    oem = one.text("Oem", "Supermicro", "GPUVendor")
    return oem if isinstance(maker, Unknown) and not isinstance(oem, Unknown) else maker


def _slot(one: Resource) -> Reading[str]:
    label = one.text("Slot", "Location", "PartLocation", "ServiceLabel")
    number = one.text("Oem", "Supermicro", "GPUSlot")
    if isinstance(label, Unknown) and not isinstance(number, Unknown):
        return f"GPU slot {number}"
    return label
