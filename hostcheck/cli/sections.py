"""Help in sections: what is used every day comes first, and nothing is cut."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

TOLD = "Who is told"
HOSTS, ANSWER, OWN, VCENTER = "Which hosts", "The answer", "Of this command", "vCenter or ESXi"
GUESTS, RUN, GENERAL = "Smoke test in guests", "How it runs", "In general"
_ORDER = (HOSTS, OWN, ANSWER, VCENTER)
"""After these come the sections of ways, by name."""
_LAST = (TOLD, GUESTS, RUN, GENERAL)

QUIET = "quiet"
"""What is said of it is the least: it comes last."""


SECTIONS = {
    HOSTS: ("hosts", "clusters", "from_"),
    ANSWER: (
        *("format_", "output", "outputs", "html", "strict", "fail_on", "since", "quiet"),
        *("policy", "waivers", "fail_on_unused_waiver"),
        *("history", "history_password_file"),
        *("details", "summary", "only", "severity", "checks", "skip"),
    ),
    TOLD: ("mail", "mail_password_file", "webhook"),
    VCENTER: ("vcenter", "user", "password_file", "tls_ca", "tls_thumbprint", "timeout"),
    GUESTS: ("smoke", "smoke_guests", "smoke_attribute", "guest_user", "guest_password_file"),
    RUN: ("settings", "packages", "workers", "limit", "save"),
}
"""Options by the names of their fields. A way says its own title; others are a command's own."""
_TITLES = {name: title for title, names in SECTIONS.items() for name in names}


def under(title: str, option: Callable[[F], F]) -> Callable[[F], F]:
    """Return an option that is listed below a title in the help of every command."""

    def decorate(function: F) -> F:
        made: Any = option(function)
        made.__click_params__[-1].section = title
        return made  # type: ignore[no-any-return]  # click's decorators keep what they get

    return decorate


def _place(title: str) -> tuple[int, str]:
    if title in _ORDER:
        return _ORDER.index(title), title
    return (len(_ORDER) + 1 + _LAST.index(title) if title in _LAST else len(_ORDER)), title


class Sectioned(click.Command):
    """A command whose options are listed in sections."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options section by section; those without one are the command's own."""
        found: dict[str, list[tuple[str, str]]] = {}
        last = self.get_help_option(ctx)
        for one in sorted(self.get_params(ctx), key=lambda one: one.name == QUIET):
            record = one.get_help_record(ctx) if isinstance(one, click.Option) else None
            if record is not None:
                own = _TITLES.get(str(one.name), OWN)
                title = GENERAL if one is last else getattr(one, "section", own)
                found.setdefault(title, []).append(record)
        for title in sorted(found, key=_place):
            with formatter.section(title):
                formatter.write_dl(found[title])


class SectionedGroup(click.Group):
    """A group whose commands are listed with their whole summaries."""

    command_class = Sectioned

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by name."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, self.commands[name].get_short_help_str(limit=1000))
                    for name in self.list_commands(ctx)
                ]
            )
