"""A host beside its siblings: the hosts of its cluster, or those with the same GPUs."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from hostcheck.diff.story import Glance, Story
from hostcheck.errors import UsageError
from hostcheck.model.difference import SIBLINGS, OddCheck, OddTrait, Siblings
from hostcheck.model.result import OPEN, Status
from hostcheck.model.traits import NONE, OF_GPU_HOSTS, TRAITS
from hostcheck.near import meant
from hostcheck.reports.words import WORST_FIRST

CLUSTER = "Cluster"
"""What is not known where a host that may be a sibling does not tell its own."""


def siblings(run: Path, name: str) -> Siblings:
    """Compare a host of a run file with its siblings in the same run.

    Raises UsageError when there is no such host or no sibling, or the file is none.
    """
    story = Story.at(run)
    host = _find(story, run, name)
    mine = host.traits()
    cluster, gpus = host.cluster(), mine.get("GPUs", "")
    kin = f"cluster {cluster}" if cluster else f"the same GPUs: {gpus}"

    def is_kin(other: Glance) -> bool:
        if other.who == host.who:
            return False
        if cluster:
            return other.who[1] == host.who[1] and other.cluster() == cluster
        return other.traits().get("GPUs", "") == gpus

    others = [(one.traits(), one.worst()) for one in story.hosts() if is_kin(one)]
    astray = [] if host.is_placed() else [CLUSTER]
    if cluster and any(not one.is_placed() and one.who[1] == host.who[1] for one in story.hosts()):
        astray = [CLUSTER]
    if not others:
        raise UsageError(f"{run}: {host.who[0]} has no sibling in this run ({kin})")
    odd = tuple(_odd_traits(mine, [traits for traits, _ in others]))
    return Siblings(
        SIBLINGS, *host.who, kin, len(others),
        odd,
        tuple(_odd_checks(story, host, [worst for _, worst in others])),
        (*astray, *_not_known(mine, [traits for traits, _ in others], {one.topic for one in odd})),
    )  # fmt: skip


def _find(story: Story, run: Path, name: str) -> Glance:
    names: list[str] = []
    short: list[Glance] = []
    for one in story.hosts():
        if one.who[0].lower() == name.lower():
            return one
        if one.who[0].partition(".")[0].lower() == name.lower():
            short.append(one)
        names.append(one.who[0])
    if len(short) == 1:
        return short[0]
    raise UsageError(f"{run}: no host is called {name!r}; {meant(name, names)}")


def _odd_traits(mine: dict[str, str], others: Iterable[dict[str, str]]) -> Iterable[OddTrait]:
    for topic, here in mine.items():
        held = Counter(traits[topic] for traits in others if topic in traits)
        if held and (common := min(held.items(), key=lambda item: (-item[1], item[0])))[0] != here:
            yield OddTrait(topic, here, *common, held.total())


def _not_known(mine: dict[str, str], others: list[dict[str, str]], odd: set[str]) -> Iterable[str]:
    """Yield the traits that could not be compared.

    They are not known here, or of so many siblings that another value may be the commonest.
    """
    needless = OF_GPU_HOSTS if mine.get("GPUs") == NONE else ()
    for topic in TRAITS:
        if topic in needless or topic in odd:
            continue
        held = Counter(traits[topic] for traits in others if topic in traits)
        like = held.pop(mine.get(topic, ""), 0)
        silent = sum(
            topic not in traits and (topic not in OF_GPU_HOSTS or traits.get("GPUs") != NONE)
            for traits in others
        )
        if topic not in mine or (silent and silent + max(held.values(), default=0) >= like):
            yield topic


def _odd_checks(
    story: Story, host: Glance, others: list[dict[str, Status]]
) -> Iterable[OddCheck]:  # fmt: skip
    worst = host.worst()
    observed: dict[str, list[str]] = {}
    for (check, _, _), one in host.open.items():
        told = story.told(one)
        seen = told.unseen.why if told.unseen is not None else told.observed
        if one.status is worst[check] and seen not in observed.setdefault(check, []):
            observed[check].append(seen)
    for check, title in story.titles():
        said = Counter(one[check] for one in others if check in one)
        if check not in worst or not said:
            continue
        common, share = min(said.items(), key=lambda item: (-item[1], WORST_FIRST.index(item[0])))
        if common is not worst[check] and {common, worst[check]} & OPEN:
            words = tuple(observed.get(check, ()))
            yield OddCheck(check, title, worst[check], common, share, said.total(), words)
