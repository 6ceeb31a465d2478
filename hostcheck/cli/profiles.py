"""hostcheck profiles."""

import sys
from pathlib import Path
from typing import Any

from hostcheck.cli.front import front
from hostcheck.cli.group import main
from hostcheck.cli.machines import from_option, machines_options
from hostcheck.cli.options import cluster_option, format_option, output_option
from hostcheck.cli.out import give, progress, refuse_untold, tell_gaps
from hostcheck.cli.ring import EXIT_UNKNOWN
from hostcheck.connect.given import Machines


def profile_names(_context: Any, _parameter: Any, incomplete: str) -> list[str]:
    """Complete a profile from the catalogue, as vSphere writes it."""
    from hostcheck.catalog import requirements
    from hostcheck.profiles import every_name

    return [one for one in every_name(requirements()) if one.startswith(incomplete.lower())]


@main.command()
@machines_options
@from_option
@cluster_option
@format_option("profiles")
@output_option
def profiles(
    machines: Machines,
    from_: Path | None,
    clusters: tuple[str, ...],
    format_: str,
    output: Path | None,
) -> None:
    """List the vGPU profiles that hosts offer, and what the catalogue knows of them."""
    from hostcheck import app
    from hostcheck import profiles as telling
    from hostcheck.catalog import requirements
    from hostcheck.connect import opened
    from hostcheck.sources.walls import host_of

    refuse_untold("profiles", format_, output)
    with opened.machines(machines, front(), from_=from_, clusters=clusters) as (source, workers):
        targets = source.machines()
        with progress("profiles", len(targets), quiet=machines.quiet) as done:
            recorded = app.recordings(source, targets, workers=workers, done=done)
            told = telling.profiles(map(host_of, recorded), requirements())
        missing = tell_gaps(source.about.targets) or not targets
    give("profiles", format_, told, output)
    if missing:
        sys.exit(EXIT_UNKNOWN)
