"""Which machine a host is, as vSphere tells it."""

from msgspec import Struct

from hostcheck.model.fact import Reading, Unknown
from hostcheck.syntax.vim import VimObject
from hostcheck.syntax.vim_node import Node


class Identity(Struct, frozen=True):
    """What tells one machine from another. Asset tags are typed in, and are not read."""

    uuid: Reading[str]
    serial: Reading[str]
    service_tags: Reading[tuple[str, ...]]


def identity_of(host: VimObject) -> Identity:
    """Read which machine a HostSystem is."""
    told = host.each("hardware.systemInfo", _identifier, "otherIdentifyingInfo")
    return Identity(
        host.text("hardware.systemInfo", "uuid"),
        host.text("hardware.systemInfo", "serialNumber"),
        told
        if isinstance(told, Unknown)
        else tuple(value for kind, value in told if kind == "ServiceTag" and value),
    )


def _identifier(node: Node) -> tuple[str, str]:
    kind, value = node.text("identifierType", "key"), node.text("identifierValue")
    return (
        "" if isinstance(kind, Unknown) else kind,
        "" if isinstance(value, Unknown) else value,
    )
