"""Properties in which the hosts of a fleet should not differ, and who has another value."""

from dataclasses import dataclass

from hostcheck.model.host import Host
from hostcheck.model.traits import TRAITS


@dataclass(frozen=True, slots=True)
class Drift:
    """One property in which hosts differ: the commonest value, and who has another."""

    topic: str
    common: str
    share: int
    of: int
    others: tuple[tuple[str, tuple[str, ...]], ...]


class Drifts:
    """Values of the properties in which hosts of one fleet should not differ."""

    def __init__(self) -> None:
        self._holders: dict[str, dict[str, list[str]]] = {topic: {} for topic in TRAITS}

    def add(self, host: Host) -> None:
        """Note what a host has."""
        for topic, value_of in TRAITS.items():
            value = value_of(host)
            if value:
                self._holders[topic].setdefault(value, []).append(host.name)

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
