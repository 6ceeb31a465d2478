"""`esxcli system maintenanceMode get`: whether the host is in maintenance mode.

Enabled
"""

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.syntax.esxcli import scalar_of

REQUEST = Request(Wire.SHELL, "esxcli system maintenanceMode get", "maintenance mode")


class MaintenanceMode(Struct, frozen=True):
    """The whole answer is one word, so it is known or not understood."""

    enabled: bool


def parse(text: str) -> MaintenanceMode:
    """Read any format of esxcli."""
    word = scalar_of(text, what=REQUEST.template, among=("Enabled", "Disabled"))
    return MaintenanceMode(enabled=word == "Enabled")
