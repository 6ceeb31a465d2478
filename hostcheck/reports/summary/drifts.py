"""Properties in which the hosts of a cluster should not differ, and who has another value."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from hostcheck.model.drift import SCHEMA, Drift, DriftList, Held
from hostcheck.model.fact import Known
from hostcheck.model.host import Host
from hostcheck.model.run import Run
from hostcheck.model.traits import alike

_NUMBERED = re.compile(r"_[0-9A-F]{4}$")
"""What Supermicro writes behind each name, and changes with each release of the BIOS."""
_Cluster = tuple[str, str]
"""Who was asked, and the cluster's name there."""


def of_bmc(host: Host) -> Iterator[tuple[str, str]]:
    """Yield what a BMC tells, by topic: firmware by model, BIOS attributes by their own names.

    So servers of one vendor are compared only.
    """
    if not isinstance(host.bmc, Known):
        return
    bmc = host.bmc.value
    if isinstance(bmc.firmware, Known) and isinstance(bmc.model, Known):
        yield f"BMC firmware of {bmc.model.value}", bmc.firmware.value
    if not isinstance(bmc.settings, Known):
        return
    for setting in bmc.settings.value:
        for told in setting.told:
            yield f"BIOS setting {_NUMBERED.sub('', told.attribute)}", told.value


class Drifts:
    """Values of the properties in which hosts of one cluster should not differ."""

    def __init__(self, target: str = "") -> None:
        """Take who was asked, where hosts do not say it."""
        self._target = target
        self._size: Counter[_Cluster] = Counter()
        self._holders: dict[_Cluster, dict[str, dict[str, list[str]]]] = {}
        self._homeless = 0

    def add(self, host: Host) -> None:
        """Note what a host has."""
        if not isinstance(host.cluster, Known) or not host.cluster.value:
            self._homeless += 1
            return
        where = (host.target or self._target, host.cluster.value)
        self._size[where] += 1
        topics = self._holders.setdefault(where, {})
        for topic, value in (*alike(host), *of_bmc(host)):
            if value:
                topics.setdefault(topic, {}).setdefault(value, []).append(host.name)

    @property
    def clusters(self) -> int:
        """Return how many clusters have several hosts."""
        return sum(size > 1 for size in self._size.values())

    @property
    def alone(self) -> int:
        """Return how many hosts have nobody to be compared with."""
        return self._homeless + sum(size == 1 for size in self._size.values())

    def compared(self) -> Iterator[Drift]:
        """Yield every property that is known of several hosts of a cluster, cluster by cluster."""
        for where, topics in sorted(self._holders.items()):
            for topic, holders in topics.items():
                known = sum(map(len, holders.values()))
                if known < 2:
                    continue
                ranked = sorted(holders.items(), key=lambda item: (-len(item[1]), item[0]))
                most = len(ranked[0][1])
                held = (Held(value, tuple(who), len(who) < most) for value, who in ranked)
                yield Drift(*where, topic, tuple(held), known, self._size[where])

    def drifts(self) -> tuple[Drift, ...]:
        """Return the properties in which the hosts of a cluster differ, unknown values aside."""
        return tuple(one for one in self.compared() if one.differs)


def drifts_of(run: Run, hosts: Iterable[Host], *, whole: bool) -> DriftList:
    """Compare hosts of a run; the properties that they have alike are told too, if wanted."""
    found = Drifts(run.target)
    for host in hosts:
        found.add(host)
    told = tuple(found.compared()) if whole else found.drifts()
    return DriftList(SCHEMA, run.target, run.last_answer_at, found.clusters, found.alone, told)
