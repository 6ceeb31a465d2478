"""hostcheck redact."""

from pathlib import Path

import click

from hostcheck.cli.group import main
from hostcheck.cli.options import existing
from hostcheck.cli.out import show, tell_new_folders


@main.command()
@click.argument("what", type=existing())
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="A new folder for what can be shown to strangers.",
)
@click.option(
    "--map",
    "map_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What stands for what, for you alone. Default: FOLDER.map.json beside it. One that is "
    "there is used again, so that later redactions agree with it.",
)
def redact(what: Path, output: Path, map_file: Path | None) -> None:
    """Replace names, addresses, serials, UUIDs and users of a recording, several, or a run file.

    The same word is replaced by the same stand-in everywhere. What was written is judged and
    searched again: the verdicts are the same, and nothing that was replaced is left.
    """
    from hostcheck import redact as redacting

    tell_new_folders(output)
    kept = map_file or output.with_name(f"{output.name}.map.json")
    done = redacting.redact(what, output, kept)
    told = f"{kept}: what stands for what; keep it. Look at {output} before you send it."
    show([f"{output}: {redacting.in_words(done)}\n", f"{told}\n"])
