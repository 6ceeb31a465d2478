"""hostcheck report."""

import sys
from pathlib import Path

import click

from hostcheck.cli.given import Showing, Waiving
from hostcheck.cli.group import main
from hostcheck.cli.options import (
    existing,
    format_option,
    output_option,
    showing_options,
    waiving_options,
)
from hostcheck.cli.out import give, refuse_unshown, refuse_untold
from hostcheck.cli.waiving import Beside


@main.command()
@click.argument("run", type=existing(dir_okay=False))
@format_option("run")
@output_option
@showing_options
@waiving_options
def report(
    run: Path, format_: str, output: Path | None, showing: Showing, waiving: Waiving
) -> None:
    """Render a saved run in any format. With --waivers it is judged by those, and not its own."""
    from hostcheck import runfile

    refuse_unshown(showing, format_, output)
    refuse_untold("run", format_, output)
    waivers = Beside(waiving)
    told = waivers.applied(runfile.read(run))
    give("run", format_, told, output, showing)
    sys.exit(waivers.code(told, 0))
