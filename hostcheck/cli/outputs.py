"""Paths that are given: those that are read, and places to write, a path or a format and a path."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import click
from click.shell_completion import CompletionItem

from hostcheck.errors import UsageError
from hostcheck.files import is_named_pipe
from hostcheck.near import near
from hostcheck.reports import formats

ENDING = {
    "text": "txt", "line": "txt", "junit": "xml", "markdown": "md", "prometheus": "prom",
    "ocsf": "ocsf.json", "html-single": "html", "brief": "html",
}  # fmt: skip
"""How a file of a format ends, where that is not the format's name."""


class Output(NamedTuple):
    """A place to write: `run.json`, or `html=run.html`."""

    format_: str
    """Empty where none is named: a run file, or what `--format` says."""
    path: Path
    folder: bool = False
    """Whether it was written as one, with a slash at its end."""

    @property
    def option(self) -> str:
        """What was given, without the path."""
        return f"--output {self.format_}" if self.format_ else "-o"


def refuse_folders(outputs: Iterable[Output], format_: str = "") -> None:
    """Raise UsageError for `out/` where a file is written; HTML may be a folder."""
    for one in outputs:
        if one.folder and (one.format_ or format_) != "html":
            raise UsageError(f"{one.option} {one.path}/ names a folder: give a file")


class FilePath(click.Path):
    """A file to write: no name that ends as a folder's does."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the path."""
        if str(value).endswith("/"):
            return self.fail(f"{value} names a folder: give a file", param, ctx)
        return super().convert(value, param, ctx)


class Existing(click.Path):
    """A path that is there; not a named pipe, to which perhaps nobody ever writes."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the path."""
        found: Any = super().convert(value, param, ctx)
        if is_named_pipe(Path(found)):
            self.fail(f"{found} is a named pipe: give a file", param, ctx)
        return found


class RunFile(Existing):
    """A run file; a folder of recordings is answered with the option that it belongs to."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the path."""
        place = Path(value)
        if any(place.glob("manifest.json")) or any(place.glob("*/manifest.json")):
            with_it = _has(ctx, "from_")
            told = f"give it with --from {value}" if with_it else "a run file is made by"
            make = "" if with_it else f" hostcheck audit --from {value} -o RUN.json"
            self.fail(f"{value} holds recordings and is no run file: {told}{make}", param, ctx)
        return super().convert(value, param, ctx)


class Recordings(Existing):
    """Recordings; a run file is answered with how it is given instead."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the path."""
        found: Any = super().convert(value, param, ctx)
        if _is_run(Path(found)):
            instead = "without --from" if _has(ctx, "run") else "to hostcheck report"
            self.fail(f"{found} is a run file and no recording: give it {instead}", param, ctx)
        return found


RUN_FILE = RunFile(exists=True, dir_okay=False, path_type=Path)
RECORDINGS = Recordings(exists=True, path_type=Path)


def _is_run(path: Path) -> bool:
    from hostcheck import runfile

    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            if file.read(1) != b"{":
                return False
        runfile.read(path)
    except (OSError, UsageError):  # whoever opens it says what it is
        return False
    return True


def _has(ctx: Any, name: str) -> bool:
    """Say whether the command has an argument or option of that name."""
    return any(one.name == name for one in ctx.command.params) if ctx is not None else False


def plain_of(outputs: tuple[Output, ...]) -> Path | None:
    """Return the path that was given without a format. Raises UsageError where there are two."""
    plain = [one.path for one in outputs if not one.format_]
    if len(plain) > 1:
        raise UsageError(f"-o names {plain[0]} and {plain[1]}: give one, others as FORMAT=PATH")
    return plain[0] if plain else None


def named(outputs: Iterable[Output]) -> dict[str, Path]:
    """Return the paths by what was given for them, each by a name of its own."""
    found: dict[str, Path] = {}
    for one in outputs:
        again = sum(name.startswith(one.option) for name in found)
        found[f"{one.option}{' again' * again}"] = one.path
    return found


class OutputType(click.ParamType[Output]):
    """A path, or a format and a path: `run.json`, `html=run.html`."""

    name = "output"

    def convert(self, value: Any, param: Any, ctx: Any) -> Output:
        """Return the format, empty where none is named, and the path."""
        if isinstance(value, Output):
            return value
        format_, equals, path = value.partition("=")
        if equals and not format_:
            return self.fail(
                f"{value} names no format: give FORMAT={path} (a file of that name is ./{value})",
                param, ctx,
            )  # fmt: skip
        if not equals or not re.fullmatch(r"[a-z][a-z-]*", format_):
            return Output("", Path(value), value.endswith("/"))
        if format_ not in formats("run"):
            like = near(format_, formats("run")) or formats("run")
            return self.fail(
                f"no format is called {format_!r}; there are: {', '.join(like)} (a file of that "
                f"name is ./{value})", param, ctx,
            )  # fmt: skip
        if not path:
            return self.fail(f"{value} names no file: give {format_}=FILE", param, ctx)
        return Output(format_, Path(path), path.endswith("/"))

    def shell_complete(self, _ctx: Any, _param: Any, incomplete: str) -> list[CompletionItem]:
        """Let the shell complete a path."""
        return [CompletionItem(incomplete, type="file")]
