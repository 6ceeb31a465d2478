"""hostcheck capacity."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hostcheck.cli.front import front
from hostcheck.cli.group import main
from hostcheck.cli.options import (
    cluster_option,
    format_option,
    from_option,
    machines_options,
    output_option,
)
from hostcheck.cli.out import give, progress, refuse_untold
from hostcheck.cli.profiles import profile_names
from hostcheck.cli.ring import EXIT_UNKNOWN
from hostcheck.connect.given import Machines
from hostcheck.errors import UsageError

if TYPE_CHECKING:
    from hostcheck.model.fact import Fact
    from hostcheck.model.host import Host


@main.command("capacity")
@machines_options
@from_option
@cluster_option
@click.option(
    "--profile",
    default="",
    shell_complete=profile_names,
    help="Only this vGPU profile: nvidia_l40s-24q.",
)
@format_option("capacity")
@output_option
def room(
    machines: Machines,
    from_: Path | None,
    clusters: tuple[str, ...],
    profile: str,
    format_: str,
    output: Path | None,
) -> None:
    """Count how many more vGPUs of each profile fit now, per GPU, host and cluster.

    Framebuffer room only: host memory, processors and NUMA nodes are not counted.
    """
    from hostcheck import app, capacity
    from hostcheck.catalog import requirements
    from hostcheck.connect import opened
    from hostcheck.profiles import Spelling
    from hostcheck.sources.asking import vcenter_count
    from hostcheck.sources.walls import host_of

    refuse_untold("capacity", format_, output)
    needs = requirements()
    spelling = Spelling(profile, needs, short=True)
    with opened.machines(machines, front(), from_=from_, clusters=clusters) as (source, workers):
        targets = source.machines()
        vcenter: dict[tuple[str, str], Fact[int]] = {}

        def hosts(done: Callable[[str], None]) -> "Iterator[Host]":
            for recorded in app.recordings(source, targets, workers=workers, done=done):
                host = host_of(recorded)
                spelling.see(host)
                name = capacity.offered_as(host, profile) if profile else ""
                if name:
                    at = recorded.ref.vcenter, recorded.ref.id
                    vcenter[at] = vcenter_count(source, recorded, name)
                yield host

        with progress("capacity", len(targets), quiet=machines.quiet) as done:
            counted = capacity.capacity(
                hosts(done), needs, profile=profile, vcenter=vcenter, targets=source.about.targets
            )
    if profile and spelling.wrong:
        raise UsageError(spelling.wrong)
    give("capacity", format_, counted, output)
    if not targets or any(one.failure for one in counted.targets):
        sys.exit(EXIT_UNKNOWN)
