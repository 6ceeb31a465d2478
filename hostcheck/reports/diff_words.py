"""A difference in words and rows, for terminal and page: the same of many hosts once."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hostcheck.model.difference import Became, Change, Difference, HostChange, Side
from hostcheck.model.result import Answer, Status
from hostcheck.reports import words

NAMES = 6
"""Hosts that are named where many have the same."""
NOT_THERE = "not there"
_GRAVEST = ("NO-GO", NOT_THERE, "UNSURE", "GO", "NO-GPU")
MARK = {
    Became.NEW: words.MARK[Status.FAIL],
    Became.LOST: words.MARK[Status.UNKNOWN],
    Became.CHANGED: words.MARK[Status.FAIL],
    Became.MENDED: words.MARK[Status.PASS],
    Became.FOUND: words.MARK[Status.PASS],
    Became.OFF: words.MARK[Status.NOT_SELECTED],
    Became.GONE: words.MARK[Status.NOT_APPLICABLE],
}


class Together(NamedTuple):
    """The same change of one check, of one host or of many."""

    first: Change
    now: str
    """What is observed now, and what is expected of a fail."""
    was: str
    where: str


class Moves(NamedTuple):
    """Hosts that went from one thing to another: a verdict, a build, a BIOS."""

    what: str
    was: str
    now: str
    hosts: str
    why: str


def headline(made: Difference) -> str:
    """Return what became of the fleet in one line."""
    tally = [(became, sum(one.became is became for one in made.changes)) for became in Became]
    told = [f"{number} {became.value}" for became, number in tally if number]
    moved = sum(one.was is not one.now for one in made.hosts if one.was and one.now)
    told += [f"verdict of {words.count(moved, 'host')}"] if moved else []
    gone = sum(one.now is None for one in made.hosts)
    told += [f"{words.count(gone, 'host')} gone"] if gone else []
    come = [one for one in made.hosts if one.was is None]
    back = sum(one.known is not None for one in come)
    told += [f"{words.count(back, 'host')} back"] if back else []
    told += [f"{words.count(len(come) - back, 'host')} added"] if len(come) > back else []
    return ", ".join(told) if told else "Nothing is new, nothing is mended"


def side(run: Side) -> str:
    """Return one of the two runs in one line."""
    order = [one.value for one in Answer]
    tally = sorted(run.verdicts.items(), key=lambda item: order.index(item[0]))
    verdicts = ", ".join(f"{number} {verdict}" for verdict, number in tally) or "no host"
    last = words.moment(run.last_answer_at) or words.NO_ANSWERS
    return f"{words.one_line(run.target)}, {last}: {verdicts}"


def rest(made: Difference) -> str:
    """Return what is as it was."""
    same = words.count(made.same_hosts, "host is", "hosts are")
    fails = words.count(made.open_fails, "fail")
    return (
        f"{same} as before. {fails} and {words.count(made.open_unknowns, 'unknown')} stay as they "
        "were: hostcheck report shows them."
    )


def changes(made: Difference, became: Became) -> Iterator[Together]:
    """Yield what became so, gravest first."""
    found: dict[tuple[str, ...], list[Change]] = {}
    for one in made.changes:
        if one.became is became:
            alike = (one.check, one.was or "", one.observed_then, one.observed, one.expected)
            found.setdefault(alike, []).append(one)
    for group in found.values():
        first = group[0]
        yield Together(first, _now(first), _was(first), _where(group))


def _now(one: Change) -> str:
    now = one.observed or (words.STATUS[one.now] if one.now else "not judged")
    expected = f"; expected {one.expected}" if one.now is Status.FAIL and one.expected else ""
    return words.one_line(f"{now}{expected}")


def _was(one: Change) -> str:
    was = words.STATUS[one.was] if one.was else "not judged"
    return words.one_line(f"{was} ({one.observed_then})" if one.observed_then else was)


def _where(group: Sequence[Change]) -> str:
    hosts: dict[str, list[str]] = {}
    for one in group:
        about = "" if one.subject_kind == "host" else one.subject or one.subject_id
        hosts.setdefault(words.one_line(one.host), []).append(words.one_line(about))
    named = [
        f"{host} ({', '.join(filter(None, about))})" if any(about) else host
        for host, about in list(hosts.items())[:NAMES]
    ]
    more = f" and {len(hosts) - NAMES} more hosts" if len(hosts) > NAMES else ""
    return ", ".join(named) + more


def verdicts(made: Difference) -> Iterator[Moves]:
    """Yield the verdicts that moved, gravest first."""
    found: dict[tuple[str, str, str], list[HostChange]] = {}
    for one in made.hosts:
        if one.was is not one.now:
            was, now = (each.value if each else NOT_THERE for each in (one.was, one.now))
            found.setdefault((was, now, words.one_line(one.why)), []).append(one)
    for (was, now, why), hosts in sorted(
        found.items(), key=lambda item: (_GRAVEST.index(item[0][1]), item[0])
    ):
        yield Moves("Verdict", was, now, _names(hosts), why)


def traits(made: Difference) -> Iterator[Moves]:
    """Yield what is other than before though no host changes it by itself."""
    found: dict[tuple[str, str, str], list[HostChange]] = {}
    for one in made.hosts:
        for trait in one.traits:
            then, now = words.one_line(trait.then), words.one_line(trait.now)
            found.setdefault((trait.topic, then, now), []).append(one)
    for (topic, then, now), hosts in found.items():
        yield Moves(topic, then, now, _names(hosts), "")


def _names(hosts: Sequence[HostChange]) -> str:
    named = ", ".join(words.one_line(one.host) for one in hosts[:NAMES])
    return named + (f" and {len(hosts) - NAMES} more" if len(hosts) > NAMES else "")
