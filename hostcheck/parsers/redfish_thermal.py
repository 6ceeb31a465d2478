"""`GET /redfish/v1/Chassis/{chassis}/Thermal`: temperatures, those of GPUs among them.

{"Temperatures": [{"Name": "GPU3 Temp", "ReadingCelsius": 61, "UpperThresholdCritical": 92,
  "Status": {"Health": "OK", "State": "Enabled"}}]}

Newer BMCs tell readings without health, each by the path of its sensor, in `ThermalMetrics`:

{"TemperatureReadingsCelsius": [{"DeviceName": "Internal", "Reading": 37.0,
  "DataSourceUri": "/redfish/v1/Chassis/System.Embedded.1/Sensors/CPU1Temp"}]}
"""

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.syntax.redfish import WIRE, Resource, resource_of

REQUEST = Request(
    WIRE, "GET /redfish/v1/Chassis/{chassis}/Thermal", "temperatures, those of GPUs among them"
)
METRICS = Request(
    WIRE, "GET /redfish/v1/Chassis/{chassis}/ThermalSubsystem/ThermalMetrics",
    "temperatures, where the chassis does not tell them itself",
)  # fmt: skip


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


def parse_metrics(text: str) -> tuple[Temperature, ...]:
    """Return the readings, by their sensors. Raises ParseError when the text lists none."""
    one = resource_of(text, asked=METRICS.template)
    listed = one.get("TemperatureReadingsCelsius")
    if isinstance(listed, Unknown):
        raise ParseError(f"{METRICS.template}: {listed.detail}")
    unsaid = Unknown(Why.ABSENT, "a reading alone", METRICS.template)
    return tuple(
        Temperature(name, item.number("Reading"), unsaid, unsaid)
        for item in one.each("TemperatureReadingsCelsius")
        if (name := _named(item))
    )


def _named(item: Resource) -> str:
    told = item.text("DataSourceUri")
    path = "" if isinstance(told, Unknown) else told.rstrip("/").rpartition("/")[2]
    name = item.text("DeviceName")
    return path or ("" if isinstance(name, Unknown) else name)


def _sensor(item: Resource) -> Temperature:
    return Temperature(
        str(item.text("Name")), item.number("ReadingCelsius"),
        item.number("UpperThresholdCritical"), item.text("Status", "Health"),
    )  # fmt: skip
