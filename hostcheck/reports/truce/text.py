"""Exceptions from hardening for the terminal."""

from collections.abc import Iterator

from hostcheck.model.truce import Truce
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.run.text.page import TextPage

NO_CONTROL = "no control that is known for its release"
NAMES = 8


def pieces(made: Truce, screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    page = TextPage(screen.width, screen.colour)
    yield from (f"{line}\n" for line in _lines(made, page))


def _lines(made: Truce, page: TextPage) -> Iterator[str]:
    many = words.count(len(made.vms), "VM needs an exception", "VMs need an exception")
    yield page.paint(many if made.vms else "No VM that was read needs an exception", "strong")
    yield from page.wrap(words.one_line(made.target), 2, 4)
    for control in (*made.controls, None):
        found = [one for one in made.vms if one.control == (control.id if control else "")]
        if not found:
            continue
        title = f"{control.id} {control.title} ({control.severity})" if control else NO_CONTROL
        yield ""
        yield from page.wrap(title, 0, 2)
        for vm in found:
            line = f"{vm.vm} on {vm.host}: {', '.join(vm.devices)}"
            yield from page.wrap(words.one_line(line), 2, 4)
    if made.shells:
        yield ""
        yield from page.wrap(
            "SSH runs where no GPU needs it: a finding of its own while it does, and the way of "
            "--ssh. Without it hostcheck judges what the API tells (--esxcli):"
        )
        names = [words.one_line(one.host) for one in made.shells]
        more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
        controls = ", ".join(sorted({one.control for one in made.shells if one.control}))
        told = f"{controls or NO_CONTROL}: {', '.join(names[:NAMES])}{more}"
        yield from page.wrap(told, 2, 4)
    for one in made.unread:
        yield ""
        yield from page.wrap(
            words.one_line(f"not known of {one.host}: {one.why.why.value}: {one.why.detail}"), 0, 2
        )
