"""Groups of options that become one typed argument of a command.

    @audit.options   ->   def audit(machines: Machines, ...)

A command sees a group as a value of its type: reading an option that the command does not have is a
type error.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from hostcheck.cli.outputs import Existing, Output, plain_of
from hostcheck.cli.sections import under
from hostcheck.ways.options import OPTION, GivenOption

F = TypeVar("F", bound=Callable[..., Any])


class UserType(click.ParamType[str]):
    """The name of a user, and no password with it."""

    name = "text"

    def convert(self, value: Any, param: Any, _ctx: Any) -> str:
        """Return the name as it was given."""
        from hostcheck.secrets import refuse_in_user

        refuse_in_user(str(value), param.opts[0] if param is not None else "user")
        return str(value)


@dataclass(frozen=True, kw_only=True)
class Deliver:
    """Where a report goes, and in which format."""

    format_: str = "text"
    outputs: tuple[Output, ...] = ()
    html: Path | None = None
    html_single: Path | None = None

    @property
    def output(self) -> Path | None:
        """Where the run is kept."""
        return plain_of(self.outputs)

    @property
    def rendered(self) -> tuple[Output, ...]:
        """What is written in a format."""
        return tuple(one for one in self.outputs if one.format_)


@dataclass(frozen=True, kw_only=True)
class Showing:
    """How much of a run its text shows."""

    details: bool = False
    summary: bool = False
    only: tuple[str, ...] = ()
    severity: str | None = None
    checks: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Failing:
    """What makes the exit code."""

    strict: bool = False
    fail_on: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FailingSince(Failing):
    """What makes the exit code, where an earlier run may be beside it."""

    since: str = ""
    """A run file, or a history."""


@dataclass(frozen=True, kw_only=True)
class Waiving:
    """Which file of waivers is set beside a run."""

    waivers: Path | None = None
    fail_on_unused_waiver: bool = False


@dataclass(frozen=True, kw_only=True)
class Remembering:
    """Which history a run is written into."""

    history: str = ""
    history_password_file: Path | None = None


def group(
    name: str, kind: type, *options: Callable[[F], F], ways: Mapping[str, type] | None = None
) -> Callable[[F], F]:
    """Give a command options, and what was given to them as one argument of that name.

    The options are named like the fields of `kind`, a dataclass; TypeError, when this module is
    read, where they are not. With `ways` its field of that name holds what was given for each.
    """
    ways = ways or {}
    theirs = {way: {one.name for one in fields(of)} for way, of in ways.items()}
    names = {one.name for one in fields(kind)} - ({"ways"} if ways else set())
    offered = _names(options)
    if offered != names:
        raise TypeError(f"{kind.__name__} and its options differ in {sorted(offered ^ names)}")
    options += tuple(one for of in ways.values() for one in options_of(of))

    def decorate(function: F) -> F:
        @wraps(function)
        def gathered(**given: Any) -> Any:
            mine: dict[str, Any] = {one: given.pop(one) for one in names}
            if ways:
                mine["ways"] = {
                    way: of(**{one: given.pop(one) for one in theirs[way]})
                    for way, of in ways.items()
                }
            return function(**{name: kind(**mine)}, **given)

        made: Any = gathered
        for option in reversed(options):
            made = option(made)
        return made  # type: ignore[no-any-return]  # click's decorators keep what they are given

    return decorate


def _title(kind: type) -> str:
    """Return what a way's options are listed under: `TITLE` of its module, else its name."""
    name = kind.__module__
    return str(getattr(sys.modules[name], "TITLE", name.split(".")[-2]))


def options_of(kind: type) -> list[Callable[[F], F]]:
    """Return the options that the fields of a dataclass describe: its own, then inherited ones."""
    ordered = sorted(fields(kind), key=lambda one: one.name not in vars(kind)["__annotations__"])
    return [under(_title(kind), _option(one.name, one.metadata[OPTION])) for one in ordered]


def _option(name: str, told: GivenOption) -> Callable[[F], F]:
    spelled = name.replace("_", "-")
    flags = told.flags or (f"--{spelled}/--no-{spelled}" if told.kind == "yes or no" else "")
    more: dict[str, Any] = {"help": told.help}
    match told.kind:
        case "flag":
            more["is_flag"] = True
        case "yes or no":
            more["default"] = None
        case "text" | "user" if not told.many:
            more |= {"default": "", "type": UserType() if told.kind == "user" else None}
        case "file" | "path":
            if told.kind == "file":
                more["type"] = Existing(exists=True, dir_okay=False, path_type=Path)
            else:
                more["type"] = click.Path(path_type=Path)
        case "whole":
            more |= {"type": click.IntRange(told.least, told.most), "metavar": "N"}
        case "seconds":
            more |= {"type": click.FloatRange(told.least, told.most), "metavar": "SECONDS"}
    if told.many:
        more["multiple"] = True
    if told.metavar:
        more["metavar"] = told.metavar
    return click.option(flags or f"--{spelled}", name, **more)


def _names(options: tuple[Callable[[F], F], ...]) -> set[str]:
    def probe() -> None:
        """Take the options."""

    made: Any = probe
    for option in options:
        made = option(made)
    return {one.name for one in made.__click_params__}
