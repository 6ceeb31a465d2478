"""hostcheck hosts, hostcheck vms: what there is, and names for whoever presses Tab."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hostcheck.cli.front import front
from hostcheck.cli.group import main
from hostcheck.cli.machines import from_option, machines_options
from hostcheck.cli.options import cluster_option, format_option, output_option
from hostcheck.cli.out import give, progress, refuse_untold, tell_gaps
from hostcheck.cli.outputs import RUN_FILE
from hostcheck.cli.ring import EXIT_UNKNOWN
from hostcheck.connect.given import Machines
from hostcheck.errors import UsageError

if TYPE_CHECKING:
    from hostcheck.model.host import Host

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def _listing(told: str) -> Callable[[F], F]:
    """Return the options of a listing."""

    def decorate(function: F) -> F:
        for option in (
            output_option, format_option(told), cluster_option, from_option, machines_options,
            click.argument("run", required=False, type=RUN_FILE),
        ):  # fmt: skip
            function = option(function)
        return function

    return decorate


@main.command()
@_listing("hosts")
def hosts(
    run: Path | None,
    machines: Machines,
    from_: Path | None,
    clusters: tuple[str, ...],
    format_: str,
    output: Path | None,
) -> None:
    """List hosts: cluster, state, release, GPUs. Asked live, or of recordings or a run file."""
    from hostcheck import listing

    refuse_untold("hosts", format_, output)
    told, partial = _told("hosts", listing.hosts, run, machines, from_, clusters)
    give("hosts", format_, told, output)
    if partial or not told.rows:
        sys.exit(EXIT_UNKNOWN)


@main.command()
@_listing("vms")
def vms(
    run: Path | None,
    machines: Machines,
    from_: Path | None,
    clusters: tuple[str, ...],
    format_: str,
    output: Path | None,
) -> None:
    """List VMs with a GPU: id, power, host, devices. Asked live, or of recordings or a run file."""
    from hostcheck import listing

    refuse_untold("vms", format_, output)
    told, partial = _told("vms", listing.vms, run, machines, from_, clusters)
    give("vms", format_, told, output)
    if partial or told.untold or not told.rows:
        sys.exit(EXIT_UNKNOWN)


def _told(
    what: str,
    tell: "Callable[[Iterable[Host]], T]",
    run: Path | None,
    machines: Machines,
    from_: Path | None,
    clusters: tuple[str, ...],
) -> tuple[T, bool]:
    """Tell of the hosts of a run file, of recordings, or asked live; were some left out?"""
    from hostcheck.connect.chosen import of_run

    if run is not None:
        from hostcheck import runlines

        if from_ is not None or machines.vcenter:
            raise UsageError(f"{run} is read, nothing is asked: leave out --from and --vcenter")
        read = runlines.read(run, (), runlines.LISTING)
        told = tell(of_run(read, str(run), machines.hosts, clusters))
        return told, tell_gaps(read.targets, read.unasked)
    from hostcheck import app
    from hostcheck.connect import opened
    from hostcheck.sources.walls import host_of

    with opened.machines(machines, front(), from_=from_, clusters=clusters) as (source, workers):
        targets = source.machines()
        with progress(what, len(targets), quiet=machines.quiet) as done:
            recorded = app.recordings(source, targets, workers=workers, done=done)
            told = tell(map(host_of, recorded))
        return told, tell_gaps(source.about.targets)
