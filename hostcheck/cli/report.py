"""hostcheck report."""

from pathlib import Path

import click

from hostcheck.cli.group import main
from hostcheck.cli.options import existing, format_option, output_option
from hostcheck.cli.out import give


@main.command()
@click.argument("run", type=existing(dir_okay=False))
@format_option("run")
@output_option
def report(run: Path, format_: str, output: Path | None) -> None:
    """Render a saved run in any format."""
    from hostcheck import runfile

    give("run", format_, runfile.read(run), output)
