"""Groups of options that become one typed argument of a command.

    @audit.options   ->   def audit(machines: Machines, ...)

A command sees a group as a value of its type: reading an option that the command does not have is a
type error.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class Deliver:
    """Where a report goes, and in which format."""

    format_: str = "text"
    output: Path | None = None
    html: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Showing:
    """How much of a run its text shows."""

    details: bool = False
    summary: bool = False
    only: tuple[str, ...] = ()
    severity: str | None = None
    checks: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()


def group(name: str, kind: type, *options: Callable[[F], F]) -> Callable[[F], F]:
    """Give a command options, and what was given to them as one argument of that name.

    The options are named like the fields of `kind`, a dataclass; TypeError, when this module is
    read, where they are not.
    """
    names = {one.name for one in fields(kind)}
    offered = _names(options)
    if offered != names:
        raise TypeError(f"{kind.__name__} and its options differ in {sorted(offered ^ names)}")

    def decorate(function: F) -> F:
        @wraps(function)
        def gathered(**given: Any) -> Any:
            mine = {one: given.pop(one) for one in names}
            return function(**{name: kind(**mine)}, **given)

        made: Any = gathered
        for option in reversed(options):
            made = option(made)
        return made  # type: ignore[no-any-return]  # click's decorators keep what they are given

    return decorate


def _names(options: tuple[Callable[[F], F], ...]) -> set[str]:
    def probe() -> None:
        """Take the options."""

    made: Any = probe
    for option in options:
        made = option(made)
    return {one.name for one in made.__click_params__}
