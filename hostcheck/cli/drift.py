"""hostcheck drift."""

import sys
from pathlib import Path

import click

from hostcheck.cli.diff import EXIT_DIFFERS
from hostcheck.cli.group import main
from hostcheck.cli.options import cluster_option, format_option, output_option
from hostcheck.cli.out import give, refuse_untold
from hostcheck.cli.outputs import RUN_FILE
from hostcheck.cli.ring import EXIT_UNKNOWN


@main.command()
@click.argument("run", type=RUN_FILE)
@cluster_option
@click.option("--all", "whole", is_flag=True, help="Tell what the hosts have alike too.")
@format_option("drift")
@output_option
def drift(
    run: Path, clusters: tuple[str, ...], whole: bool, format_: str, output: Path | None
) -> None:
    """Tell where the hosts of a cluster differ in a saved run: releases, firmware, BIOS, modes.

    Hosts are compared within their cluster, and the value that fewer of them have is marked.
    Exits with 0 where all is known and nothing differs, 1 where something does, 3 where nothing
    that is known differs and something is not known.
    """
    from hostcheck import runlines
    from hostcheck.connect import chosen
    from hostcheck.reports.summary import whole as summary

    refuse_untold("drift", format_, output)
    read = runlines.read(run, (), runlines.DRIFT)
    there: set[tuple[str, str]] = set()

    def wanted(cluster: str) -> bool:
        there.add(("", cluster))
        return chosen.matches(cluster, clusters)

    made = summary.drifts_of(read, wanted, whole=whole)
    chosen.refuse_strangers(there, (), clusters, where=str(run))
    give("drift", format_, made, output)
    sys.exit(EXIT_DIFFERS if made.differs else 0 if made.is_sure else EXIT_UNKNOWN)
