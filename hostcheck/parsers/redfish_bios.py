"""`GET /redfish/v1/Systems/{system}/Bios`: the BIOS settings of the last start, and those waiting.

{"AttributeRegistry": "BiosAttributeRegistry.v1_0_3",
 "Attributes": {"SriovGlobalEnable": "Enabled", "SubNumaCluster": "Disabled", ...},
 "@Redfish.Settings": {"SettingsObject": {"@odata.id": ".../Bios/Settings"}}}

iLO 4 has the settings in the object itself, among its other fields. A BMC whose computer is in its
self-test may answer with no setting at all: that is not known, and nothing is off.
"""

from msgspec import Struct

from hostcheck.model.capture import Request
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.syntax.redfish import WIRE, Resource, path_in, resource_of

CURRENT = Request(
    WIRE, "GET /redfish/v1/Systems/{system}/Bios", "the BIOS settings of the last start"
)
WAITING = Request(
    WIRE, "GET /redfish/v1/Systems/{system}/Bios/{settings}",
    "the BIOS settings that the next start brings",
)  # fmt: skip
REQUEST = (CURRENT, WAITING)


class Bios(Struct, frozen=True):
    """BIOS settings by the vendor's names, in their order; numbers and truths in words.

    `attributes` is empty where there are none: before the first start, and where nothing waits.
    What has no value (null) is left out.
    """

    attributes: Reading[dict[str, str]]
    registry: Reading[str]
    waiting: Reading[str]
    """Path of what waits for the next start."""


def parse(text: str) -> Bios:
    """Read the settings, of now or of the next start. Raises ParseError when the text is none."""
    one = resource_of(text, asked=CURRENT.template)
    return Bios(_attributes(one), one.text("AttributeRegistry"), _waiting(one))


def _attributes(one: Resource) -> Reading[dict[str, str]]:
    told = one.get("Attributes")
    if isinstance(told, Unknown):
        kind = _kind(one)
        if "bios" not in kind:
            return told
        told = one.written() if "hpbios" in kind else {}
    if not isinstance(told, dict):
        detail = f"Attributes: expected an object, not {str(told)[:60]!r}"
        return Unknown(Why.UNPARSED, detail, one.asked)
    return {
        str(name): _word(told[name])
        for name in sorted(told)
        if isinstance(told[name], str | int | float) and not name.startswith(("@", "#"))
    }


def _kind(one: Resource) -> str:
    """Return the type of the resource: `#Bios.v1_2_0.Bios`, of iLO 4 `HpBios.1.2.0`."""
    kinds = (one.text("@odata.type"), one.text("Type"))
    return " ".join(kind.lower() for kind in kinds if not isinstance(kind, Unknown))


def _waiting(one: Resource) -> Reading[str]:
    settings = one.get("@Redfish.Settings", "SettingsObject")
    if not isinstance(settings, Unknown):
        return path_in(settings, "SettingsObject", one.asked)
    old = one.text("links", "Settings", "href")
    if isinstance(old, Unknown):
        return settings
    return path_in({"@odata.id": old}, "links.Settings.href", one.asked)


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else " ".join(str(value).split())
