"""hostcheck topology."""

from dataclasses import replace
from pathlib import Path

import click

from hostcheck.cli.completing import names_of_hosts
from hostcheck.cli.front import front
from hostcheck.cli.group import main
from hostcheck.cli.machines import from_option, machines_options
from hostcheck.cli.options import format_option, output_option
from hostcheck.cli.out import give, refuse_untold
from hostcheck.connect.given import Machines
from hostcheck.errors import UsageError


@main.command()
@click.argument("host", shell_complete=names_of_hosts)
@machines_options
@from_option
@format_option("topology")
@output_option
def topology(
    host: str, machines: Machines, from_: Path | None, format_: str, output: Path | None
) -> None:
    """Draw one host: packages, NUMA nodes, root ports, GPUs, NICs, VMs, and their distances."""
    from hostcheck.connect import opened
    from hostcheck.sources import walls
    from hostcheck.verdict import report_of

    refuse_untold("topology", format_, output)
    named = replace(machines, hosts=(*machines.hosts, host))
    with opened.machines(named, front(), from_=from_) as (source, _):
        targets = source.machines()
        if len(targets) != 1:
            raise UsageError(f"{host!r} matches {len(targets)} hosts; name one")
        report = report_of(walls.host_of(walls.one(source, targets[0])))
    give("topology", format_, report, output)
