"""What a user may give: fields of a dataclass that say how they are spelled, and ranges.

Nothing heavy is imported here or in a way's `options.py`: the command line reads them for `--help`.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

OPTION = "option"
"""Under this name a field's metadata hold its `GivenOption`."""
Kind = Literal["text", "user", "yes or no", "flag", "file", "path", "whole", "seconds"]
"""A `file` has to be there; a `path` need not be. `yes or no` is None where nobody gave it."""


@dataclass(frozen=True, kw_only=True)
class GivenOption:
    """One option of the command line; its value has the name of the field."""

    flags: str
    kind: Kind
    help: str
    many: bool
    metavar: str | None
    least: int | None
    most: int | None


def option(
    kind: Kind,
    help: str,  # noqa: A002  it is what the command line calls it
    *,
    flags: str = "",
    many: bool = False,
    metavar: str | None = None,
    least: int | None = None,
    most: int | None = None,
) -> Any:
    """Return a dataclass field that is an option; empty, False or None where nobody gave it.

    `flags` are spelled like the field where they are not given; `many` may be repeated.
    """
    told = GivenOption(
        flags=flags, kind=kind, help=help, many=many, metavar=metavar, least=least, most=most
    )
    empty: Any = () if many else {"text": "", "user": "", "flag": False}.get(kind)
    return field(default=empty, metadata={OPTION: told})


SETTING = "setting"
"""Under this name the metadata of a section's field hold its `FileSetting`."""


@dataclass(frozen=True, kw_only=True)
class FileSetting:
    """What goes before a setting, and its range. `option` is a field of the way's `Given`.

    `files`: it names files, relative ones beside that of the settings.
    """

    option: str
    files: bool
    also: str
    least: int | None
    most: int | None


def setting(
    default: Any, option: str = "", *, also: str = "", least: int | None = None,
    most: int | None = None, files: bool = False,
) -> Any:  # fmt: skip
    """Return a dataclass field that is a setting of the file.

    The option goes before it, and `also` says in words what else does.
    """
    told = FileSetting(option=option, also=also, least=least, most=most, files=files)
    return field(default=default, metadata={SETTING: told})
