"""What leaves: progress on stderr, reports on stdout or in files."""

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hostcheck import reports
from hostcheck.cli import console
from hostcheck.cli.front import BARS, front
from hostcheck.cli.given import Deliver, Showing
from hostcheck.cli.options import SETTINGS_FILE
from hostcheck.cli.outputs import ENDING, Output, named, plain_of, refuse_folders
from hostcheck.errors import UsageError
from hostcheck.reports import Screen, Show, pieces, write

if TYPE_CHECKING:
    from hostcheck.model.run import Asked, Run
    from hostcheck.recording import Shelf

WHOLE = Showing(details=True)
OUTPUTS = ("output", "outputs", "html", "html_single", "save")
"""Options that name what is written; every other path is read."""


NAMED = ("policy", "history", "since")
"""Options that name a file or something else."""


@contextmanager
def progress(what: str, total: int | None, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Show how far a phase is: a bar on a terminal, a line per host elsewhere, nothing if quiet."""
    if quiet:
        yield lambda _: None
        return
    if not sys.stderr.isatty():
        count = 0

        def line(host: str) -> None:
            nonlocal count
            count += 1
            of = f"/{total}" if total is not None else ""
            console.say(f"{what}: {count}{of} {host}")

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("{task.fields[host]}", markup=False),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task(what, total=total, host="")
        BARS.append(bar)
        try:
            yield lambda host: bar.update(task, advance=1, host=host)
        finally:
            BARS.remove(bar)


def deliver(run: "Run", wanted: Deliver, showing: Showing = WHOLE, *, brief: bool = False) -> None:
    """Keep the run, write the reports, print one; where it is to be brief, its one line."""
    unwritten = None
    for write_it in _writers(run, wanted):
        try:
            write_it()
        except UsageError as error:  # said last: what was learnt is still printed
            unwritten = unwritten or error
    try:
        if brief and wanted.format_ == "text" and not showing.details:
            show(list(pieces("run", "line", run))[-1:])
        else:
            show(shown("run", wanted.format_, run, showing))
    except UsageError as error:
        unwritten = unwritten or error
    if unwritten is not None:
        raise unwritten


def _writers(run: "Run", wanted: Deliver) -> Iterator[Callable[[], None]]:
    from hostcheck import runfile

    if wanted.output is not None:
        yield partial(runfile.write, run, wanted.output)
    for format_, path, _ in _reports(wanted):
        yield partial(write, "run", format_, run, path)


def _reports(wanted: Deliver) -> tuple[Output, ...]:
    places = (("html", wanted.html), ("html-single", wanted.html_single))
    named_so = tuple(Output(format_, path) for format_, path in places if path is not None)
    return named_so + wanted.rendered


def deliver_each(wanted: Deliver, name: str, run: "Run") -> None:
    """Keep one of several runs, and its reports: files of that name in the folders of these."""
    from hostcheck import runfile

    if wanted.output is not None:
        runfile.write(run, wanted.output / f"{name}.json")
    for format_, folder, _ in _reports(wanted):
        write("run", format_, run, folder / f"{name}.{ENDING.get(format_, format_)}")


def refuse_unwritable_folders(wanted: Deliver, save: Path | None) -> None:
    """Raise UsageError, before anything is asked, where several runs could not be kept."""
    from hostcheck import files

    for folder in (wanted.output, *(one.path for one in _reports(wanted)), save):
        if folder is not None:
            if folder.is_file() or folder.suffix in (".json", ".html", ".zip"):
                raise UsageError(f"{folder}: of several VMs each has its own file: give a folder")
            files.refuse_unwritable_folder(folder)
            tell_new_folders(folder)


def tell_new_folders(*outputs: Path | None) -> None:
    """Say, unless quiet, which folders will be made for what is written: one may be a slip."""
    context = click.get_current_context(silent=True)
    if context is not None and context.params.get("quiet"):
        return
    new = {one.parent: None for one in outputs if one is not None and not one.parent.exists()}
    for folder in new:
        front().tell(f"{folder} is not there yet: the folder will be made")


def refuse_unwritable(wanted: Deliver, save: Path | None = None) -> None:
    """Raise UsageError, before anything is asked, where an output could not be written."""
    from hostcheck import files

    refuse_folders(wanted.outputs)
    kept = wanted.output
    journal = {} if kept is None else {"the journal of --output": files.journal_of(kept)}
    pages = {"--html": wanted.html, "--html-single": wanted.html_single}
    files.refuse_shared({**named(wanted.outputs), **pages, "--save": save, **journal})
    if kept is not None:
        refuse_input(kept)
        files.refuse_unwritable(kept)
    for format_, path, _ in _reports(wanted):
        refuse_input(path)
        reports.refuse_unwritable("run", format_, path)
    if save is not None:
        files.refuse_unwritable_folder(save)
    tell_new_folders(kept, *(one.path for one in _reports(wanted)), save)


def regular(output: Path | None) -> Path | None:
    """Return where a run is kept; None for a device, a pipe or a terminal, which keeps nothing."""
    return None if output is None or (output.exists() and not output.is_file()) else output


def tell_gaps(targets: "Iterable[Asked]", unasked: Sequence[str] = ()) -> bool:
    """Say on standard error what a listing tells nothing of, and return whether there is any."""
    from hostcheck.model.run import gaps

    told = list(gaps(targets, unasked))
    for one in told:
        front().tell(one)
    return bool(told)


def put_away(shelf: "Shelf | None", save: Path | None) -> None:
    """Say what was replaced. Raises UsageError where a recording could not be kept."""
    if shelf is None:
        return
    if shelf.replaced:
        told = ", ".join(shelf.replaced[:5])
        more = f" and {len(shelf.replaced) - 5} more" if len(shelf.replaced) > 5 else ""
        front().tell(f"{save} held an earlier recording of {told}{more}: replaced")
    shelf.close()


def refuse_untold(told: str, format_: str, output: Path | None) -> None:
    """Raise UsageError, before anything is asked, where `give` could not write there."""
    if output is not None:
        if (told, format_) != ("run", "json"):  # the same run in another layout: nothing is lost
            refuse_input(output)
        reports.refuse_unwritable(told, format_, output)
        tell_new_folders(output)


def refuse_input(output: Path) -> None:
    """Raise UsageError where an output is a file that the command was given to read.

    By its options, or by its settings, which are a file too.
    """
    context = click.get_current_context(silent=True)
    given = context.params if context is not None else {}
    for name, value in given.items():
        for one in value if isinstance(value, tuple) else (value,):
            read = _file(one) if name in NAMED and one else one
            if name not in OUTPUTS and isinstance(read, Path) and _same(read, output):
                raise UsageError(f"{output} is read by this very command: give another file")
    place = context.meta.get(SETTINGS_FILE) if context is not None else None
    if place is not None and _same(place, output):
        raise UsageError(f"{output} holds the settings of this very command: give another file")
    if given.get("settings") is not None:
        from hostcheck.settings import files_of

        for setting, path in files_of(given["settings"]):
            if _same(path, output):
                raise UsageError(f"{output} is {setting} of the settings: give another file")


def _file(given: str) -> Path:
    """Return the file that is named where a file or something else may be."""
    return Path(given.removeprefix("sqlite:///"))


def _same(one: Path, other: Path) -> bool:
    try:
        if one.is_file() and other.exists():
            return one.samefile(other)
        return not one.is_dir() and one.resolve() == other.resolve()
    except OSError:
        return False


def give(
    told: str, format_: str, thing: object, output: Path | None, showing: Showing = WHOLE
) -> None:
    """Print a thing in a format, or write it to the file that was given."""
    _tell_no_rows(told, format_, thing)
    if output is None:
        show(shown(told, format_, thing, showing))
    else:
        write(told, format_, thing, output)


def _tell_no_rows(told: str, format_: str, thing: object) -> None:
    """Say of a table that is all heading what that means: the first words of the text."""
    if format_ == "csv" and len(list(islice(pieces(told, "csv", thing), 2))) < 2:
        text = "".join(pieces(told, "text", thing)).splitlines()
        front().tell(f"the table has no rows: {text[0] if text else 'there is nothing to tell'}")


def refuse_untold_each(format_: str, outputs: tuple[Output, ...]) -> None:
    """Raise UsageError, before a run is read, where `give_each` could not write it."""
    from hostcheck import files

    plain_of(outputs)
    refuse_folders(outputs, format_)
    files.refuse_shared(dict(named(outputs)))
    for one in outputs:
        refuse_untold("run", one.format_ or format_, one.path)


def give_each(format_: str, run: "Run", outputs: tuple[Output, ...], showing: Showing) -> None:
    """Print a run in a format, or write it to the files that were given, each in its own.

    One that cannot be written keeps none of the others from it.
    """
    if not outputs:
        give("run", format_, run, None, showing)
    unwritten = None
    for one in outputs:
        try:
            write("run", one.format_ or format_, run, one.path)
        except UsageError as error:
            unwritten = unwritten or error
    if unwritten is not None:
        raise unwritten


def refuse_unshown(showing: Showing, format_: str, *, written: bool = False) -> None:
    """Raise UsageError where the text is shaped and none is printed."""
    given = [f"--{one.name.removesuffix('s')}" if one.name == "checks" else f"--{one.name}"
             for one in fields(showing) if getattr(showing, one.name)]  # fmt: skip
    if showing.details and showing.summary:
        raise UsageError("--details shows all and --summary the least: give one of them")
    if both := set(showing.checks) & set(showing.skip):
        raise UsageError(f"{min(both)} is wanted by --check and left out by --skip: give one")
    if given and (format_ != "text" or written):
        raise UsageError(f"{given[0]} shapes the text that is printed: leave out --format and -o")


def shown(told: str, format_: str, thing: object, showing: Showing = WHOLE) -> Iterable[str]:
    """Render for the terminal that standard output is, or for what it is instead."""
    width = max(60, min(shutil.get_terminal_size((100, 24)).columns, 140))
    if format_ == "csv" and (change := getattr(sys.stdout, "reconfigure", None)) is not None:
        change(newline="")  # its line ends are its own, on Windows too
    colour = sys.stdout.isatty() and not front().variable("NO_COLOR")
    return pieces(told, format_, thing, Screen(width, colour, Show(**asdict(showing))))


def show(text: Iterable[str]) -> None:
    """Print pieces of text as they come. Raises UsageError where they cannot be written.

    A reader that has seen enough, such as `head`, changes nothing else: neither what is still to be
    done nor the exit code.
    """
    try:
        sys.stdout.writelines(text)
        sys.stdout.flush()
    except BrokenPipeError:
        console.discard_stdout()
    except OSError as error:
        if not console.is_full(error):
            raise
        console.discard_stdout()
        raise UsageError(console.UNWRITTEN) from None
