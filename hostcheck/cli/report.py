"""hostcheck report."""

from pathlib import Path

import click

from hostcheck.cli.given import Showing
from hostcheck.cli.group import main
from hostcheck.cli.options import existing, format_option, output_option, showing_options
from hostcheck.cli.out import give, refuse_unshown, refuse_untold


@main.command()
@click.argument("run", type=existing(dir_okay=False))
@format_option("run")
@output_option
@showing_options
def report(run: Path, format_: str, output: Path | None, showing: Showing) -> None:
    """Render a saved run in any format."""
    from hostcheck import runfile

    refuse_unshown(showing, format_, output)
    refuse_untold("run", format_, output)
    give("run", format_, runfile.read(run), output, showing)
