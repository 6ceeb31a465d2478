"""hostcheck vm-class."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hostcheck.cli.front import front
from hostcheck.cli.group import main
from hostcheck.cli.machines import from_option, machines_options
from hostcheck.cli.options import cluster_option, existing, format_option, output_option
from hostcheck.cli.out import give, progress, refuse_untold
from hostcheck.cli.outputs import RUN_FILE
from hostcheck.connect.given import Machines
from hostcheck.errors import UsageError

if TYPE_CHECKING:
    from hostcheck.fleet import Workers
    from hostcheck.model.vm_class import Judged, Offered
    from hostcheck.sources.base import Source


@main.command("vm-class")
@click.argument("file", type=existing(dir_okay=False), required=False)
@click.argument("run", type=RUN_FILE, required=False)
@machines_options
@from_option
@cluster_option
@format_option("vm_class")
@output_option
def vm_class(
    file: Path | None, run: Path | None, machines: Machines, from_: Path | None,
    clusters: tuple[str, ...], format_: str, output: Path | None,
) -> None:  # fmt: skip
    """Judge VM classes of vSphere Kubernetes before they are offered, and count what fits.

    FILE holds classes as kubectl or vCenter's REST API tells them; without it vCenter is asked for
    its classes and namespaces. The hosts come from a saved RUN, from recordings (--from), or are
    asked. Exits with 0 where every class is kept, 1 where one promises what no host keeps, 3 where
    that is not known or no class asks for a GPU.
    """
    from hostcheck.exits import EXIT_CODES
    from hostcheck.vmclasses.read import read

    refuse_untold("vm_class", format_, output)
    if run is not None and (from_ is not None or machines.vcenter):
        raise UsageError("RUN holds the hosts already: leave out --from and --vcenter")
    if file is None and from_ is not None:
        raise UsageError("recordings hold no VM classes: give FILE")
    if run is not None and file is not None:
        judged = _of_run(read(file), file, run, machines.hosts, clusters)
    else:
        judged = _asked(read(file) if file else None, str(file), machines, from_, clusters)
    give("vm_class", format_, judged, output)
    sys.exit(EXIT_CODES[judged.answer])


def _of_run(
    offered: "Offered", file: Path, run: Path, hosts: tuple[str, ...], clusters: tuple[str, ...]
) -> "Judged":
    """Judge against the hosts of a saved run."""
    from hostcheck import runlines
    from hostcheck.capacity.look import gatekeepers
    from hostcheck.catalog import requirements
    from hostcheck.connect.chosen import host_and_cluster, is_host, matches, refuse_strangers
    from hostcheck.model.run import gaps
    from hostcheck.vmclasses.judge import ClassSource, judge
    from hostcheck.vmclasses.seen import seen_of

    needs = requirements()
    told = runlines.read(run, gatekeepers(), runlines.CLASSES)
    seen = [
        seen_of(one.host, offered.classes, needs, one.results)
        for one in told.hosts
        if is_host(one.host.name, hosts)
    ]
    there = map(host_and_cluster, (one.host for one in told.hosts))
    refuse_strangers(there, hosts, clusters, where=str(run))
    notices = tuple(gaps(told.targets, told.unasked))
    target = ClassSource(told.target, told.last_answer_at, notices, told.targets)
    return judge(
        offered, seen, needs, target, classes_from=str(file),
        wanted=lambda name: matches(name, clusters),
    )  # fmt: skip


def _asked(
    offered: "Offered | None", file: str, machines: Machines, from_: Path | None,
    clusters: tuple[str, ...],
) -> "Judged":  # fmt: skip
    """Judge against recorded hosts, or hosts that are asked now; without classes ask for them."""
    from hostcheck.connect import live, opened

    if offered is not None:
        with opened.machines(machines, front(), from_=from_, clusters=clusters) as (
            source,
            workers,
        ):
            return _on(offered, file, source, workers, quiet=machines.quiet)
    with live.machines(machines, front(), clusters=clusters, beside=("rest",)) as (asked, workers):
        names = {one.vcenter for one in asked.machines()}
        if len(names) != 1:
            raise UsageError("VM classes are read of one vCenter: give one --vcenter, or FILE")
        from hostcheck.sources.asking import offered_classes

        (name,) = names
        told = offered_classes(asked.part(name).beside["rest"], name)
        return _on(told, name, asked, workers, quiet=machines.quiet)


def _on(
    offered: "Offered", classes_from: str, source: "Source", workers: "Workers", *, quiet: bool
) -> "Judged":
    """Look at each host of a source and judge."""
    from hostcheck import app
    from hostcheck.catalog import requirements
    from hostcheck.sources.asking import with_offers
    from hostcheck.sources.walls import host_of
    from hostcheck.vmclasses.judge import ClassSource, judge
    from hostcheck.vmclasses.seen import seen_of

    needs, names, times, seen = requirements(), {}, [], []
    targets = source.machines()
    with progress("vm-class", len(targets), quiet=quiet) as done:
        for recorded in app.recordings(source, targets, workers=workers, done=done):
            host = host_of(with_offers(source, recorded))
            seen.append(seen_of(host, offered.classes, needs))
            names[recorded.ref.cluster_id] = seen[-1].cluster
            times += [one.taken_at for one in host.sources if one.taken_at]
    about = source.about
    seen.sort(key=lambda one: (one.name, one.target))
    known = {key: name for key, name in names.items() if key and name}
    target = ClassSource(about.target, max(times, default=""), (), about.targets)
    return judge(offered, seen, needs, target, classes_from=classes_from, cluster_names=known)
