"""`GET /redfish/v1/Chassis/{chassis}/Thermal`: temperatures, those of GPUs among them.

{"Temperatures": [{"Name": "GPU3 Temp", "ReadingCelsius": 61, "UpperThresholdCritical": 92,
  "Status": {"Health": "OK", "State": "Enabled"}}]}
"""

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request
from hostcheck.model.fact import Reading, Unknown
from hostcheck.syntax.redfish import WIRE, Resource, resource_of

REQUEST = Request(
    WIRE, "GET /redfish/v1/Chassis/{chassis}/Thermal", "temperatures, those of GPUs among them"
)


class Temperature(Struct, frozen=True):
    """One sensor, in degrees Celsius."""

    name: str
    celsius: Reading[float]
    critical_celsius: Reading[float]
    health: Reading[str]


def parse(text: str) -> tuple[Temperature, ...]:
    """Return the sensors that are there. Raises ParseError when the text lists none."""
    one = resource_of(text, asked=REQUEST.template)
    listed = one.get("Temperatures")
    if isinstance(listed, Unknown):
        raise ParseError(f"{REQUEST.template}: {listed.detail}")
    return tuple(
        _sensor(item)
        for item in one.each("Temperatures")
        if item.text("Status", "State") != "Absent" and not isinstance(item.text("Name"), Unknown)
    )


def _sensor(item: Resource) -> Temperature:
    return Temperature(
        str(item.text("Name")), item.number("ReadingCelsius"),
        item.number("UpperThresholdCritical"), item.text("Status", "Health"),
    )  # fmt: skip
