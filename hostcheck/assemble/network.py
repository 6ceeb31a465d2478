"""Physical network adapters and the switches they are uplinks of."""

import re

from hostcheck.assemble.book import Parsed
from hostcheck.assemble.devices import Locator
from hostcheck.model.fact import Fact, Reading, Unknown, Why
from hostcheck.model.host import Nic
from hostcheck.model.pci import PciAddress
from hostcheck.parsers.vim_host_system import HostSystem
from hostcheck.syntax.vim_network import Pnic, Switch


def nics_of(system: Parsed[HostSystem], located: Locator) -> Fact[tuple[Nic, ...]]:
    """Join the physical adapters with their place and their switches."""

    def join(one: HostSystem) -> Reading[tuple[Nic, ...]]:
        if isinstance(one.pnics, Unknown):
            return one.pnics
        switches = () if isinstance(one.switches, Unknown) else one.switches
        return tuple(
            Nic(
                name=pnic.name,
                address=pnic.address,
                link_up=system.fact(lambda _, pnic=pnic: _up(pnic.speed_mbps)),  # type: ignore[misc]
                speed_mbps=system.fact(lambda _, pnic=pnic: pnic.speed_mbps),  # type: ignore[misc]
                driver=system.fact(lambda _, pnic=pnic: pnic.driver),  # type: ignore[misc]
                bridges=located.bridges(pnic.address),
                numa_node=located.node(pnic.address),
                switches=tuple(
                    switch.name
                    for switch in switches
                    if {pnic.key, pnic.name} & set(switch.uplinks)
                ),
                model=system.fact(lambda one, pnic=pnic: _model(one, pnic.address)),  # type: ignore[misc]
                firmware=system.fact(lambda _, pnic=pnic: pnic.firmware),  # type: ignore[misc]
            )
            for pnic in sorted(one.pnics, key=lambda pnic: natural(pnic.name))
        )

    return system.fact(join)


def _model(one: HostSystem, where: PciAddress) -> Reading[str]:
    if isinstance(one.devices, Unknown):
        return one.devices
    found = (device.name for device in one.devices if device.address == where)
    absent = Unknown(Why.ABSENT, f"{where} is not listed", "HostSystem hardware.pciDevice")
    return next(found, "") or absent


def uplinks_of(switch: Switch, pnics: tuple[Pnic, ...]) -> Reading[tuple[str, ...]]:
    """Return the names of a switch's uplinks, all of which must be adapters of the host.

    So must all be that its settings name: an adapter of the host that is left out is not known to
    be no uplink.
    """
    names = {pnic.key: pnic.name for pnic in pnics} | {pnic.name: pnic.name for pnic in pnics}
    for uplink in switch.uplinks:
        if uplink not in names:
            told = f"{uplink} is an uplink of {switch.name}, and no adapter of the host"
            return Unknown(Why.UNPARSED, told, "HostSystem config.network.pnic")
    found = {names[uplink] for uplink in switch.uplinks}
    if left_out := sorted((set(switch.meant) & set(names.values())) - found):
        told = f"{left_out[0]} is an uplink in the settings of {switch.name}, and not among them"
        return Unknown(Why.UNPARSED, told, "HostSystem config.network")
    return tuple(sorted(found, key=natural))


def _up(speed_mbps: Reading[int]) -> Reading[bool]:
    return speed_mbps if isinstance(speed_mbps, Unknown) else speed_mbps > 0


def natural(name: str) -> list[tuple[int, str]]:
    """Return a sort key that puts vmnic2 before vmnic10."""
    parts = re.split(r"(\d{1,18})", name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
