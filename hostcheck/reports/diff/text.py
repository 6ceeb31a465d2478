"""A difference for the terminal: what is new first, the same of many hosts once."""

from collections.abc import Iterable, Iterator
from itertools import chain

from hostcheck.model.difference import Became, Change, Difference, HostChange, Side
from hostcheck.model.result import Answer, Status
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.run.text.page import Page

NAMES = 6
"""Hosts that are named where many have the same."""
MARK = {
    Became.NEW: words.MARK[Status.FAIL],
    Became.LOST: words.MARK[Status.UNKNOWN],
    Became.CHANGED: words.MARK[Status.FAIL],
    Became.MENDED: words.MARK[Status.PASS],
    Became.FOUND: words.MARK[Status.PASS],
    Became.GONE: words.MARK[Status.NOT_APPLICABLE],
}


def pieces(made: Difference, screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    page = Page(screen.width, screen.colour)
    yield from (f"{line}\n" for line in _lines(made, page))


def _lines(made: Difference, page: Page) -> Iterator[str]:
    answer = made.worst(strict=False)
    yield page.paint(_headline(made), answer.value)
    yield from page.wrap(f"then: {_side(made.then)}", 2, 8)
    yield from page.wrap(f"now:  {_side(made.now)}", 2, 8)
    for notice in made.notices:
        yield from page.wrap(f"! {notice}", 2, 4)
    for became in Became:
        mine = [one for one in made.changes if one.became is became]
        if mine:
            yield from ("", page.paint(f"{became.value.upper()} ({len(mine)})", "strong"))
            yield from chain.from_iterable(_alike(group, page) for group in _groups(mine))
    yield from _verdicts(made, page)
    yield from _traits(made, page)
    yield ""
    yield from page.wrap(
        f"{words.count(made.same_hosts, 'host is', 'hosts are')} as before. "
        f"{words.count(made.open_fails, 'fail')} and "
        f"{words.count(made.open_unknowns, 'unknown')} stay as they were: "
        "hostcheck report shows them."
    )
    for told, checks in (("then", made.checks_gone), ("now", made.checks_added)):
        if checks:
            yield from page.wrap(f"Checks that only the run of {told} has: {', '.join(checks)}.")


def _headline(made: Difference) -> str:
    tally = [(became, sum(one.became is became for one in made.changes)) for became in Became]
    told = [f"{number} {became.value}" for became, number in tally if number]
    moved = sum(one.was is not one.now for one in made.hosts)
    told += [f"verdict of {words.count(moved, 'host')}"] if moved else []
    return f"{', '.join(told)}" if told else "Nothing is new, nothing is mended"


def _side(side: Side) -> str:
    order = [one.value for one in Answer]
    tally = sorted(side.verdicts.items(), key=lambda item: order.index(item[0]))
    verdicts = ", ".join(f"{number} {verdict}" for verdict, number in tally) or "no host"
    return f"{words.one_line(side.target)}, {words.moment(side.last_answer_at)}: {verdicts}"


def _groups(changes: Iterable[Change]) -> Iterable[list[Change]]:
    """Gather what is the same of several hosts."""
    found: dict[tuple[str, ...], list[Change]] = {}
    for one in changes:
        alike = (one.check, one.was or "", one.observed_then, one.observed, one.expected)
        found.setdefault(alike, []).append(one)
    return found.values()


def _alike(group: list[Change], page: Page) -> Iterator[str]:
    one = group[0]
    sign = page.paint(MARK[one.became], one.now or Status.NOT_APPLICABLE)
    lines = page.wrap(f"{one.check} {one.title} ({one.severity.value})", 4, 12)
    yield f"  {sign} {lines[0].lstrip()}"
    yield from lines[1:]
    yield from page.wrap(_observed(one), 12, 14)
    yield from page.wrap(f"on {_where(group)}", 12, 14)


def _observed(one: Change) -> str:
    was = f"{words.STATUS[one.was] if one.was else 'not judged'}"
    if one.observed_then:
        was += f" ({one.observed_then})"
    now = one.observed or (words.STATUS[one.now] if one.now else "not judged")
    expected = f"; expected {one.expected}" if one.now is Status.FAIL and one.expected else ""
    return f"{now}{expected}; was {was}"


def _where(group: list[Change]) -> str:
    hosts: dict[str, list[str]] = {}
    for one in group:
        about = "" if one.subject_kind == "host" else one.subject or one.subject_id
        hosts.setdefault(one.host, []).append(words.one_line(about))
    named = [
        f"{words.one_line(host)} ({', '.join(filter(None, about))})"
        if any(about)
        else words.one_line(host)
        for host, about in list(hosts.items())[:NAMES]
    ]
    more = f" and {len(hosts) - NAMES} more hosts" if len(hosts) > NAMES else ""
    return ", ".join(named) + more


def _verdicts(made: Difference, page: Page) -> Iterator[str]:
    moved: dict[tuple[str, str, str], list[HostChange]] = {}
    for one in made.hosts:
        if one.was is not one.now:
            key = (one.was.value if one.was else "", one.now.value if one.now else "", one.why)
            moved.setdefault(key, []).append(one)
    if not moved:
        return
    yield from ("", page.paint("VERDICTS", "strong"))
    for (was, now, why), hosts in sorted(
        moved.items(), key=lambda item: (_gravity(item[0][1]), item[0])
    ):
        what = f"{was or 'not there'} -> {now or 'not there'}"
        yield from page.wrap(f"{what}: {_names(hosts)}{f' ({why})' if why else ''}", 2, 4)


def _gravity(verdict: str) -> int:
    order = ["NO-GO", "", "UNSURE", "GO", "NO-GPU"]
    return order.index(verdict)


def _names(hosts: list[HostChange]) -> str:
    named = ", ".join(words.one_line(one.host) for one in hosts[:NAMES])
    return named + (f" and {len(hosts) - NAMES} more" if len(hosts) > NAMES else "")


def _traits(made: Difference, page: Page) -> Iterator[str]:
    moved: dict[tuple[str, str, str], list[HostChange]] = {}
    for one in made.hosts:
        for trait in one.traits:
            moved.setdefault((trait.topic, trait.then, trait.now), []).append(one)
    if not moved:
        return
    yield from ("", page.paint("OTHER THAN BEFORE", "strong"))
    for (topic, then, now), hosts in moved.items():
        yield from page.wrap(f"{topic}: {then} -> {now}: {_names(hosts)}", 2, 4)
