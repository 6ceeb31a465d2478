"""hostcheck record."""

import sys
from contextlib import ExitStack
from pathlib import Path

import click

from hostcheck.cli import console
from hostcheck.cli.front import front
from hostcheck.cli.group import main
from hostcheck.cli.limit import RunLimit
from hostcheck.cli.machines import machines_options, smoking_options
from hostcheck.cli.options import cluster_option, limit_option
from hostcheck.cli.out import progress, put_away, show, tell_new_folders
from hostcheck.cli.ring import EXIT_UNKNOWN
from hostcheck.connect.given import Machines, Smoking


@main.command()
@machines_options
@cluster_option
@smoking_options
@limit_option
@click.option(
    "--save", required=True, type=click.Path(path_type=Path), help="Folder for the recordings."
)
def record(
    machines: Machines,
    clusters: tuple[str, ...],
    smoking: Smoking,
    limit: float | None,
    save: Path,
) -> None:
    """Collect only: one replayable recording per host in a folder.

    An interrupt, or the end of its --limit, names the hosts that were not asked and exits 3.
    """
    from hostcheck import app, files, recording
    from hostcheck.connect import opened
    from hostcheck.model.run import called

    files.refuse_unwritable_folder(save)
    tell_new_folders(save)
    time_left = RunLimit(limit, machines)
    ended = ""
    with ExitStack() as until_asked:
        with time_left.until_listed():
            source, workers = until_asked.enter_context(
                opened.machines(machines, front(), clusters=clusters, smoking=smoking)
            )
            targets = source.machines()
        shelf = recording.Shelf(save)
        left = {one.key for one in targets}
        with progress("record", len(targets), quiet=machines.quiet) as done:
            try:
                with time_left:
                    for recorded in app.recordings(source, targets, workers=workers, done=done):
                        folder = shelf.add(recorded)
                        left.discard(recorded.ref.key)
                        if folder is not None:
                            show([f"{folder}\n"])
            except KeyboardInterrupt as cause:
                ended = str(cause) or "interrupted"
    if left:
        several = len(source.about.targets) > 1
        found = (called(one[0], one[1]) if several else one[0] for one in left)
        names = ", ".join(sorted(found))
        console.say(f"\nhostcheck: {ended}: {len(left)} hosts were not asked: {names}")
        sys.exit(EXIT_UNKNOWN)
    put_away(shelf, save)
    silent = [one for one in source.about.targets if one.failure]
    for one in silent:
        front().tell(f"{one.name} could not be asked: {one.failure}")
    if not targets:
        front().tell("no host was found")
    if silent or not targets:
        sys.exit(EXIT_UNKNOWN)
