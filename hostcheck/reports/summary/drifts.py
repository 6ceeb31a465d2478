"""Properties in which the hosts of a fleet should not differ, and who has another value."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hostcheck.model.fact import Known
from hostcheck.model.host import Host
from hostcheck.model.traits import TRAITS

_NUMBERED = re.compile(r"_[0-9A-F]{4}$")
"""What Supermicro writes behind each name, and changes with each release of the BIOS."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One property in which hosts differ: the commonest value, and who has another."""

    topic: str
    common: str
    share: int
    of: int
    others: tuple[tuple[str, tuple[str, ...]], ...]


def of_bmc(host: Host) -> Iterator[tuple[str, str]]:
    """Yield what a BMC tells, by topic: firmware by model, BIOS attributes by cluster.

    An attribute is a topic under its own name, so that servers of one vendor are compared only.
    """
    if not isinstance(host.bmc, Known):
        return
    bmc = host.bmc.value
    if isinstance(bmc.firmware, Known) and isinstance(bmc.model, Known):
        yield f"BMC firmware of {bmc.model.value}", bmc.firmware.value
    if not isinstance(host.cluster, Known) or not isinstance(bmc.settings, Known):
        return
    for setting in bmc.settings.value:
        for told in setting.told:
            name = _NUMBERED.sub("", told.attribute)
            yield f"BIOS {name} in {host.cluster.value}", told.value


class Drifts:
    """Values of the properties in which hosts of one fleet should not differ."""

    def __init__(self) -> None:
        self._holders: dict[str, dict[str, list[str]]] = {topic: {} for topic in TRAITS}

    def add(self, host: Host) -> None:
        """Note what a host has."""
        found = [(topic, value_of(host)) for topic, value_of in TRAITS.items()]
        for topic, value in (*found, *of_bmc(host)):
            if value:
                holders = self._holders.setdefault(topic, {})
                holders.setdefault(value, []).append(host.name)

    def drifts(self) -> tuple[Drift, ...]:
        """Return the properties in which the hosts differ, unknown values aside."""
        found = []
        for topic, holders in self._holders.items():
            if len(holders) < 2:
                continue
            ranked = sorted(holders.items(), key=lambda item: (-len(item[1]), item[0]))
            found.append(
                Drift(
                    topic, ranked[0][0], len(ranked[0][1]), sum(map(len, holders.values())),
                    tuple((value, tuple(names)) for value, names in ranked[1:]),
                )
            )  # fmt: skip
        return tuple(found)
