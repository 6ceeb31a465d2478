"""Properties in which the hosts of a cluster should not differ, and who has another value."""

import re
from collections import Counter
from collections.abc import Callable, Iterator

from msgspec import UNSET

from hostcheck.model.drift import SCHEMA, Drift, DriftList, Held
from hostcheck.model.fact import Known, Why
from hostcheck.model.host import Host
from hostcheck.model.run import Run, silent
from hostcheck.model.traits import Trait, alike

_NUMBERED = re.compile(r"_[0-9A-F]{4}$")
"""What Supermicro writes behind each name, and changes with each release of the BIOS."""
FIRMWARE, SETTING = "BMC firmware", "BIOS setting"
_Cluster = tuple[str, str]
"""Who was asked, and the cluster's name there."""


def of_bmc(host: Host) -> Iterator[Trait]:
    """Yield what a BMC tells: firmware by model, BIOS attributes by their own names.

    So servers of one vendor are compared only. An attribute that one server of a model tells and
    another does not is not known of that one.
    """
    bmc = host.bmc.value if isinstance(host.bmc, Known) else None
    asked = host.bmc is not UNSET
    model = bmc.model.value if bmc is not None and isinstance(bmc.model, Known) else ""
    firmware = bmc.firmware.value if bmc is not None and isinstance(bmc.firmware, Known) else ""
    topic = f"{FIRMWARE} of {model}" if model else ""
    yield Trait(FIRMWARE, topic, firmware if topic else "", asked)
    if bmc is None or not isinstance(bmc.settings, Known):
        yield Trait(SETTING, "", "", asked)
        return
    vendor = bmc.vendor.value if isinstance(bmc.vendor, Known) else ""
    for setting in bmc.settings.value:
        kin = f"{vendor} {model}: {setting.setting.value}" if vendor or model else ""
        yield Trait(SETTING, "", "", asked=False, kin=kin)
        for told in setting.told:
            topic = f"{SETTING} {_NUMBERED.sub('', told.attribute)}"
            yield Trait(SETTING, topic, told.value, kin=kin)


class _Family:
    """What the hosts of a cluster have of one family."""

    def __init__(self) -> None:
        self.holders: dict[str, dict[str, list[str]]] = {}
        """By topic, by value."""
        self.unread: dict[str, list[str]] = {}
        """By topic, hosts that have it and do not tell it."""
        self.unlisted: list[str] = []
        """Hosts that may have any topic of it."""
        self.kin: dict[str, list[str]] = {}
        """Hosts of each kin."""
        self.told_by: dict[str, dict[str, None]] = {}
        """By topic, the kins whose hosts have it."""
        self.asked = False
        """Whether anybody wanted to know it of one of those."""

    def add(self, host: str, one: Trait) -> None:
        if one.topic and one.kin:
            self.told_by.setdefault(one.topic, {})[one.kin] = None
        if not one.topic and one.kin:
            self.kin.setdefault(one.kin, []).append(host)
        elif not one.topic:
            self.unlisted.append(host)
            self.asked |= one.asked
        elif one.value:
            self.holders.setdefault(one.topic, {}).setdefault(one.value, []).append(host)
        else:
            self.unread.setdefault(one.topic, []).append(host)

    def topics(self, name: str) -> Iterator[tuple[str, dict[str, list[str]], list[str]]]:
        """Yield the topics, with who has which value, and of whom it is not known."""
        there = dict.fromkeys((*self.holders, *self.unread))
        if not there and self.asked:
            yield name, {}, self.unlisted
        for topic in there:
            holders = self.holders.get(topic, {})
            telling = {host for hosts in holders.values() for host in hosts}
            silent = [
                host for kin in self.told_by.get(topic, ()) for host in self.kin.get(kin, ())
                if host not in telling
            ]  # fmt: skip
            unread = (*self.unread.get(topic, ()), *self.unlisted, *silent)
            yield topic, holders, [*dict.fromkeys(unread)]


class Drifts:
    """Values of the properties in which hosts of one cluster should not differ."""

    def __init__(self, target: str = "") -> None:
        """Take who was asked, where hosts do not say it."""
        self._target = target
        self._size: Counter[_Cluster] = Counter()
        self._families: dict[_Cluster, dict[str, _Family]] = {}
        self._homeless = 0
        self.unplaced = 0
        """Hosts whose cluster is not known."""

    def add(self, host: Host) -> None:
        """Note what a host has."""
        if not isinstance(host.cluster, Known) or not host.cluster.value:
            self._homeless += 1
            absent = isinstance(host.cluster, Known) or host.cluster.why is Why.ABSENT
            self.unplaced += not absent
            return
        where = (host.target or self._target, host.cluster.value)
        self._size[where] += 1
        families = self._families.setdefault(where, {})
        for one in (*alike(host), *of_bmc(host)):
            families.setdefault(one.family, _Family()).add(host.name, one)

    @property
    def clusters(self) -> int:
        """Return how many clusters have several hosts."""
        return sum(size > 1 for size in self._size.values())

    @property
    def alone(self) -> int:
        """Return how many hosts have nobody to be compared with."""
        return self._homeless + sum(size == 1 for size in self._size.values())

    def compared(self) -> Iterator[Drift]:
        """Yield every property that several hosts of a cluster have or may have."""
        for where, families in sorted(self._families.items()):
            if self._size[where] == 1:
                continue
            for name, family in families.items():
                for topic, holders, unknown in family.topics(name):
                    known = sum(map(len, holders.values()))
                    if known + len(unknown) > 1:
                        yield self._drift(where, topic, holders, tuple(unknown))

    def _drift(
        self, where: _Cluster, topic: str, holders: dict[str, list[str]], unknown: tuple[str, ...]
    ) -> Drift:
        ranked = sorted(holders.items(), key=lambda item: (-len(item[1]), item[0]))
        most = len(ranked[0][1]) if ranked else 0
        held = tuple(Held(value, tuple(who), len(who) < most) for value, who in ranked)
        known = sum(len(one.hosts) for one in held)
        return Drift(*where, topic, held, known, self._size[where], unknown)

    def drifts(self) -> tuple[Drift, ...]:
        """Return the properties in which the hosts of a cluster differ, unknown values aside."""
        return tuple(one for one in self.compared() if one.differs)


def _any(_cluster: str) -> bool:
    return True


def drifts_of(
    run: Run, wanted: Callable[[str], bool] = _any, *, whole: bool = False
) -> DriftList:  # fmt: skip
    """Compare the hosts of some clusters: where they differ, and what is not known of some.

    The properties that they have alike are told too, if wanted. A host whose cluster is not known
    may be of any.
    """
    found = Drifts(run.target)
    for report in run.hosts:
        cluster = report.host.cluster
        if not isinstance(cluster, Known) or wanted(cluster.value):
            found.add(report.host)
    told = tuple(one for one in found.compared() if whole or one.differs or not one.is_sure)
    away = len(run.unasked) + len(silent(run.targets))
    return DriftList(
        SCHEMA, run.target, run.last_answer_at, found.clusters, found.alone, told, found.unplaced,
        away,
    )  # fmt: skip
