"""hostcheck capacity."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hostcheck.cli.front import front
from hostcheck.cli.group import main
from hostcheck.cli.in_thought import emptied_option
from hostcheck.cli.machines import from_option, machines_options
from hostcheck.cli.options import cluster_option, format_option, output_option
from hostcheck.cli.out import give, progress, refuse_untold, tell_gaps
from hostcheck.cli.outputs import RUN_FILE
from hostcheck.cli.profiles import profile_names
from hostcheck.cli.ring import EXIT_UNKNOWN
from hostcheck.connect.given import Machines
from hostcheck.errors import UsageError

if TYPE_CHECKING:
    from hostcheck.capacity.seen import Seen
    from hostcheck.model.capacity import Capacity
    from hostcheck.model.fact import Fact
    from hostcheck.model.requirements import Requirements
    from hostcheck.profiles import Spelling


@main.command("capacity")
@click.argument("run", required=False, type=RUN_FILE)
@machines_options
@from_option
@cluster_option
@click.option(
    "--profile",
    default="",
    shell_complete=profile_names,
    help="Only this vGPU profile: nvidia_l40s-24q.",
)
@emptied_option
@format_option("capacity")
@output_option
def room(
    run: Path | None,
    machines: Machines,
    from_: Path | None,
    clusters: tuple[str, ...],
    profile: str,
    emptied: tuple[str, ...],
    format_: str,
    output: Path | None,
) -> None:
    """Count how many more vGPUs of each profile fit now, per GPU, host and cluster.

    Asked live, or of recordings or a run file. Framebuffer room only: host memory, processors and
    NUMA nodes are not counted.
    """
    from hostcheck.catalog import requirements
    from hostcheck.profiles import Spelling

    refuse_untold("capacity", format_, output)
    needs = requirements()
    spelling = Spelling(profile, needs, short=True)
    partial = False
    if run is None:
        counted = _asked(machines, from_, clusters, spelling, needs, emptied)
    elif from_ is not None or machines.vcenter:
        raise UsageError(f"{run} is read, nothing is asked: leave out --from and --vcenter")
    else:
        counted, partial = _of_run(run, machines.hosts, clusters, spelling, needs, emptied)
    _refuse_strangers(counted, emptied)
    if profile and spelling.wrong:
        raise UsageError(spelling.wrong)
    give("capacity", format_, counted, output)
    if partial or not counted.clusters or any(one.failure for one in counted.targets):
        sys.exit(EXIT_UNKNOWN)


def _refuse_strangers(counted: "Capacity", emptied: tuple[str, ...]) -> None:
    from hostcheck.connect.chosen import refuse_strangers

    there = {(host.name, "") for cluster in counted.clusters for host in cluster.hosts}
    refuse_strangers(there, emptied, ())


def _of_run(
    path: Path, hosts: tuple[str, ...], clusters: tuple[str, ...], spelling: "Spelling",
    needs: "Requirements", emptied: tuple[str, ...],
) -> "tuple[Capacity, bool]":  # fmt: skip
    """Count on the hosts of a saved run, by what was judged of them then; were some not asked?"""
    from hostcheck import capacity, runlines
    from hostcheck.connect.chosen import host_and_cluster, is_host, matches, refuse_strangers

    run = runlines.read(path, capacity.gatekeepers())
    there = []

    def looked() -> "Iterator[Seen]":
        for report in run.hosts:
            name, cluster = host_and_cluster(report.host)
            there.append((name, cluster))
            if is_host(name, hosts) and matches(cluster, clusters):
                spelling.see(report.host)
                yield capacity.look_at(report.host, needs, report.results)

    counted = capacity.of_seen(
        looked(), needs, profile=spelling.typed, targets=run.targets,
        rests=lambda name: bool(emptied) and is_host(name, emptied),
    )  # fmt: skip
    refuse_strangers(there, hosts, clusters, where=str(path))
    return counted, tell_gaps((), run.unasked)


def _asked(
    machines: Machines, from_: Path | None, clusters: tuple[str, ...], spelling: "Spelling",
    needs: "Requirements", emptied: tuple[str, ...],
) -> "Capacity":  # fmt: skip
    """Count on hosts that are asked now, or that were recorded."""
    from hostcheck import app, capacity
    from hostcheck.connect import opened
    from hostcheck.connect.chosen import is_host
    from hostcheck.sources.asking import vcenter_count
    from hostcheck.sources.walls import host_of

    profile = spelling.typed
    vcenter: dict[tuple[str, str], Fact[int]] = {}
    with opened.machines(machines, front(), from_=from_, clusters=clusters) as (source, workers):
        targets = source.machines()

        def looked(done: Callable[[str], None]) -> "Iterator[Seen]":
            for recorded in app.recordings(source, targets, workers=workers, done=done):
                host = host_of(recorded)
                spelling.see(host)
                name = capacity.offered_as(host, profile) if profile else ""
                if name:
                    at = recorded.ref.vcenter, recorded.ref.id
                    vcenter[at] = vcenter_count(source, recorded, name)
                yield capacity.look_at(host, needs)

        with progress("capacity", len(targets), quiet=machines.quiet) as done:
            return capacity.of_seen(
                looked(done), needs, profile=profile, vcenter=vcenter,
                targets=source.about.targets,
                rests=lambda name: bool(emptied) and is_host(name, emptied),
            )  # fmt: skip
