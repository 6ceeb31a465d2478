"""What a run will not be allowed, for the terminal: what is missing first, then check by check."""

from collections.abc import Iterator, Sequence

from hostcheck.model.doctor import Blind, Doctor, Lack, Outlook
from hostcheck.model.result import Status
from hostcheck.model.run import silent
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.run.text.page import TextPage

NAMES = 6
OBJECTS = {
    "HostSystem": "host", "ClusterComputeResource": "cluster", "VirtualMachine": "VM",
}  # fmt: skip


def pieces(made: Doctor, screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    page = TextPage(screen.width, screen.colour)
    yield from (f"{line}\n" for line in _lines(made, page))


def _lines(made: Doctor, page: TextPage) -> Iterator[str]:
    dark = [one for one in made.checks if any(each.asked_for for each in one.blind)]
    sign = Status.UNKNOWN if made.stands_in_the_way else Status.PASS
    head = (
        f"{words.count(len(dark), 'check')} of {len(made.checks)} will be unknown on some host"
        if dark
        else f"What this run asks of {words.count(made.hosts, 'host')} is not refused"
    )
    yield page.paint(f"{words.MARK[sign]} {head}", sign)
    yield from page.wrap(f"{words.one_line(made.target)}: {words.count(made.hosts, 'host')}", 2, 4)
    for one in silent(made.targets):
        yield from page.wrap(f"! {one.name} could not be asked: {one.failure}", 2, 4)
    for notice in made.notices:
        yield from page.wrap(f"! {notice}", 2, 4)
    yield from _lacking(made, page)
    yield from _ways(made, page)
    yield from _checks(made.checks, page)


def _lacking(made: Doctor, page: TextPage) -> Iterator[str]:
    for title, wanted in (
        ("PRIVILEGES THAT THIS RUN LACKS", True),
        ("PRIVILEGES THAT OTHER OPTIONS AND COMMANDS WOULD LACK", False),
    ):
        lacks = [one for one in made.lacks if one.wanted is wanted]
        if lacks:
            yield from ("", page.paint(title, "strong"))
        for one in lacks:
            yield from page.wrap(_lack(one), 2, 6)


def _lack(one: Lack) -> str:
    noun = OBJECTS.get(one.kind, one.kind)
    on = f"on {one.lacking} of {words.count(one.of, noun)}"
    named = ", ".join(map(words.one_line, one.objects))
    some = f" ({named})" if one.lacking != one.of else ""
    requests = ", ".join(one.requests[:3]) + (" ..." if len(one.requests) > 3 else "")
    return f"{one.privilege} {on}{some}: {one.needed_by} sends {requests}"


def _ways(made: Doctor, page: TextPage) -> Iterator[str]:
    if made.opened:
        yield from ("", page.paint("WAYS TO HOSTS", "strong"))
    for one in made.opened:
        status = Status.PASS if one.open == one.of else Status.UNKNOWN
        sign = page.paint(words.MARK[status], status)
        lines = page.wrap(f"{one.way}: open on {one.open} of {one.of}", 4, 6)
        yield f"  {sign} {lines[0].lstrip()}"
        yield from lines[1:]
        for closed in (each for each in made.closed if each.way == one.way):
            yield from page.wrap(
                f"{_reason(closed.why, closed.detail, closed.privilege)}: {_named(closed.hosts)}",
                6, 8,
            )  # fmt: skip
    if made.settings:
        yield from ("", page.paint("SETTINGS OF HOSTS", "strong"))
    for setting in made.settings:
        yield from page.wrap(f"{setting.what}: {_named(setting.hosts)}", 2, 4)


def _checks(checks: Sequence[Outlook], page: TextPage) -> Iterator[str]:
    for title, asked_for in (
        ("WILL BE UNKNOWN", True),
        ("WILL BE UNKNOWN, FOR NO OPTION ASKS", False),
    ):
        found = [
            (one, blind) for one in checks for blind in one.blind if blind.asked_for is asked_for
        ]
        if found:
            yield from ("", page.paint(title, "strong"))
        for one, blind in found:
            lines = page.wrap(f"{one.check} {one.title} ({one.severity.value})", 4, 12)
            yield f"  {page.paint(words.MARK[Status.UNKNOWN], Status.UNKNOWN)} {lines[0].lstrip()}"
            yield from lines[1:]
            yield from page.wrap(f"{_blind(blind)}: {_named(blind.hosts)}", 12, 14)
    whole = [one.check for one in checks if not one.blind]
    yield from ("", page.paint(f"WILL BE JUDGED ({len(whole)})", "strong"))
    yield from page.wrap(", ".join(whole) or "none", 2, 2)


def _blind(one: Blind) -> str:
    told = _reason(one.why, one.detail, one.privilege)
    return f"{told} [{one.asked}]" if one.asked else told


def _reason(why: str, detail: str, privilege: str) -> str:
    needs = f" (needs {privilege})" if privilege else ""
    return words.one_line(f"{why}: {detail}{needs}" if detail else f"{why}{needs}")


def _named(hosts: Sequence[str]) -> str:
    named = ", ".join(map(words.one_line, hosts[:NAMES]))
    return named + (f" and {len(hosts) - NAMES} more hosts" if len(hosts) > NAMES else "")
