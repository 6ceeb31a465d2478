"""Adapters, switches and port groups of a host, as HostSystem config.network tells them."""

from msgspec import Struct

from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.pci import PciAddress
from hostcheck.syntax.vim import VimObject, address_in, must
from hostcheck.syntax.vim_node import Node


class Pnic(Struct, frozen=True):
    """A physical adapter; `key` is what switches call it."""

    key: str
    name: str
    address: PciAddress
    driver: Reading[str]
    speed_mbps: Reading[int]
    firmware: Reading[str]
    """From API 8.0.0.1 on."""


class StandardSwitch(Struct, frozen=True):
    """A switch of one host; port groups name it, or its key."""

    key: str
    name: str
    uplinks: tuple[str, ...]
    meant: tuple[str, ...]


class PortGroup(Struct, frozen=True):
    """A port group of one host, and the switch it is on: by name and by key."""

    name: str
    switch: str
    switch_key: str


class Switch(Struct, frozen=True):
    """A virtual switch: its uplinks by key, and what a VM's adapter calls it by.

    `meant` are the names of the adapters that its settings say are uplinks.
    """

    name: str
    uuid: str
    uplinks: tuple[str, ...]
    port_groups: tuple[str, ...]
    meant: tuple[str, ...] = ()


def pnic_of(node: Node) -> Pnic:
    """Read one adapter. A link that is down has no `linkSpeed`; that is a known zero."""
    speed = node.number("linkSpeed", "speedMb")
    key = node.text("key")
    name = must(node.text("device"))
    return Pnic(
        key=name if isinstance(key, Unknown) else key,
        name=name,
        address=address_in(node, "pci"),
        driver=node.text("driver"),
        speed_mbps=0 if isinstance(speed, Unknown) and speed.why is Why.ABSENT else speed,
        firmware=node.text("firmwareVersion"),
    )


def switches_of(host: VimObject) -> Reading[tuple[Switch, ...]]:
    """Read standard and distributed switches. Both lists must be readable, else uplinks are not."""
    standard = host.each("config.network.vswitch", _standard)
    groups = host.each("config.network.portgroup", _port_group)
    distributed = host.each("config.network.proxySwitch", _distributed)
    if isinstance(standard, Unknown):
        return standard
    if isinstance(groups, Unknown):
        return groups
    if isinstance(distributed, Unknown):
        if distributed.why is not Why.ABSENT:
            return distributed
        distributed = ()
    found = [
        Switch(
            name=one.name,
            uuid="",
            uplinks=one.uplinks,
            port_groups=tuple(
                sorted(
                    group.name
                    for group in groups
                    if group.switch == one.name or (one.key and group.switch_key == one.key)
                )
            ),
            meant=one.meant,
        )
        for one in standard
    ]
    return tuple(sorted((*found, *distributed), key=lambda switch: (switch.name, switch.uuid)))


def _standard(node: Node) -> StandardSwitch:
    key = node.text("key")
    return StandardSwitch(
        key="" if isinstance(key, Unknown) else key,
        name=must(node.text("name")),
        uplinks=_uplinks(node),
        meant=_meant(node, "bridge"),
    )


def _port_group(node: Node) -> PortGroup:
    switch, key = node.text("spec", "vswitchName"), node.text("vswitch")
    return PortGroup(
        name=must(node.text("spec", "name")),
        switch="" if isinstance(switch, Unknown) else switch,
        switch_key="" if isinstance(key, Unknown) else key,
    )


def _distributed(node: Node) -> Switch:
    return Switch(
        name=must(node.text("dvsName")),
        uuid=must(node.text("dvsUuid")),
        uplinks=_uplinks(node),
        port_groups=(),
        meant=_meant(node, "backing"),
    )


def _uplinks(node: Node) -> tuple[str, ...]:
    return tuple(sorted(must(item.text()) for item in node.children("pnic")))


def _meant(node: Node, part: str) -> tuple[str, ...]:
    """Return the adapters that the settings of a switch name, as far as they can be read."""
    spec = node.child("spec")
    settings = spec if isinstance(spec, Unknown) else spec.child(part)
    if isinstance(settings, Unknown):
        return ()
    names = [one.text() for one in settings.children("nicDevice")]
    names += [one.text("pnicDevice") for one in settings.children("pnicSpec")]
    return tuple(sorted(name for name in names if not isinstance(name, Unknown)))
