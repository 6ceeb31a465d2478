"""hostcheck plan."""

import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hostcheck.cli.group import main
from hostcheck.cli.options import DayType, existing, format_option, output_option
from hostcheck.cli.out import give, refuse_untold
from hostcheck.cli.outputs import RUN_FILE
from hostcheck.cli.ring import EXIT_UNKNOWN

if TYPE_CHECKING:
    from hostcheck.model.plan import Plan

EXIT_BLOCKED = 1


@main.command()
@click.argument("run", type=RUN_FILE)
@click.option(
    "--to",
    "to",
    multiple=True,
    metavar="RELEASE",
    help="vGPU release to plan for: 19, or 19.5; repeatable. Default: every one that is supported.",
)
@click.option(
    "--esx",
    default="",
    metavar="BUILD",
    help="ESXi that all hosts get: 8.0u3k, 9.1 or a build number. Default: their own line, or the "
    "first later one that is supported.",
)
@click.option(
    "--day",
    type=DayType(),
    metavar="DAY",
    help="Day to plan for: what is supported then. Default: today (UTC).",
)
@click.option(
    "--vgpu-catalog",
    type=existing(dir_okay=False),
    metavar="FILE",
    help="vgpuDriverCatalog.yaml of NVIDIA's download: it then says which guests a host takes.",
)
@format_option("plan")
@output_option
def plan(
    run: Path, to: tuple[str, ...], esx: str, day: str | None, vgpu_catalog: Path | None,
    format_: str, output: Path | None,
) -> None:  # fmt: skip
    """Plan upgrades of vGPU and ESXi for the hosts of a saved run: what stops them, order, cost.

    Exits with 0 where each cluster can go to a target, 1 where one is kept from all of them, 3
    where that is not known.
    """
    from hostcheck import planner, runlines
    from hostcheck.capacity.look import gatekeepers
    from hostcheck.catalog import requirements, sources
    from hostcheck.model.run import gaps
    from hostcheck.planner.listed import read
    from hostcheck.planner.table import ReleaseTable
    from hostcheck.planner.targets import esxi, targets

    refuse_untold("plan", format_, output)
    needs, when = requirements(), day or datetime.now(UTC).date().isoformat()
    listed = read(vgpu_catalog) if vgpu_catalog else None
    judge = partial(listed.judge, needs) if listed else None
    table = ReleaseTable(needs, sources(), when, judge)
    aims, build = targets(to, table), esxi(esx, table)
    name = vgpu_catalog.name if vgpu_catalog else ""
    told = runlines.read(run, gatekeepers())
    made = planner.plan(
        told,
        table,
        aims,
        build,
        listed=listed,
        listed_in=name,
    )
    give("plan", format_, made, output)
    sys.exit(_code(made) or (EXIT_UNKNOWN if any(gaps(told.targets, told.unasked)) else 0))


def _code(made: "Plan") -> int:
    """Fold the clusters: one that is kept from every target weighs more than one not known."""
    from hostcheck.model.plan import STAY, Feasible

    best = [
        {one.feasible for one in cluster.options if one.target != STAY}
        for cluster in made.clusters
    ]  # fmt: skip
    if any(one == {Feasible.BLOCKED} for one in best):
        return EXIT_BLOCKED
    if not best or any(Feasible.POSSIBLE not in one for one in best):
        return EXIT_UNKNOWN
    return 0
