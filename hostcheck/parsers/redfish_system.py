"""`GET /redfish/v1/Systems/{system}`: what a computer is, and where its BIOS is told.

{"UUID": "4c4c4544-0059-3410-804b-...", "SKU": "ABC1234", "SerialNumber": "CNFCP00...",
 "Manufacturer": "Dell Inc.", "Model": "PowerEdge R750", "BiosVersion": "1.8.2", "PowerState": "On",
 "Bios": {"@odata.id": "/redfish/v1/Systems/System.Embedded.1/Bios"}}

`AssetTag` is not read: it is what people type, and two machines may have the same.
"""

from msgspec import Struct

from hostcheck.model.capture import Request
from hostcheck.model.fact import Reading, Unknown
from hostcheck.syntax.redfish import WIRE, Resource, resource_of

REQUEST = Request(
    WIRE, "GET /redfish/v1/Systems/{system}",
    "identity, power state and health of a computer; where its BIOS is told",
)  # fmt: skip


class System(Struct, frozen=True):
    """A computer. Paths are as the BMC wrote them."""

    uuid: Reading[str]
    sku: Reading[str]
    """Dell's service tag; a product number elsewhere."""
    serial: Reading[str]
    """Dell's is the board's, Lenovo's and HPE's are the machine's."""
    vendor: Reading[str]
    model: Reading[str]
    bios_version: Reading[str]
    power_state: Reading[str]
    health: Reading[str]
    processor: Reading[str]
    host_name: Reading[str]
    bios: Reading[str]
    """Path of its BIOS settings; a computer without any is not the one that ESXi runs on."""
    managers: Reading[tuple[str, ...]]
    chassis: Reading[tuple[str, ...]]
    pcie_devices: Reading[tuple[str, ...]]
    post_state: Reading[str]
    """How far it started, in the vendor's words; BIOS settings may be missing before the end."""


def parse(text: str) -> System:
    """Read one computer. Raises ParseError when the text is none."""
    one = resource_of(text, asked=REQUEST.template)
    return System(
        uuid=one.text("UUID"),
        sku=one.text("SKU"),
        serial=one.text("SerialNumber"),
        vendor=one.text("Manufacturer"),
        model=one.text("Model"),
        bios_version=one.text("BiosVersion"),
        power_state=one.text("PowerState"),
        health=_health(one),
        processor=one.text("ProcessorSummary", "Model"),
        host_name=one.text("HostName"),
        bios=one.link("Bios"),
        managers=one.links("Links", "ManagedBy"),
        chassis=one.links("Links", "Chassis"),
        pcie_devices=one.links("PCIeDevices"),
        post_state=_post_state(one),
    )


def _health(one: Resource) -> Reading[str]:
    rolled = one.text("Status", "HealthRollup")
    return one.text("Status", "Health") if isinstance(rolled, Unknown) else rolled


def _post_state(one: Resource) -> Reading[str]:
    progress = one.text("BootProgress", "LastState")
    return one.text("Oem", "Hpe", "PostState") if isinstance(progress, Unknown) else progress
