"""hostcheck preflight."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hostcheck.cli.front import front
from hostcheck.cli.given import Deliver, Showing
from hostcheck.cli.group import main
from hostcheck.cli.options import (
    cluster_option,
    deliver_options,
    existing,
    from_option,
    machines_options,
    opinion_options,
    save_option,
    strict_option,
)
from hostcheck.cli.out import deliver, progress, refuse_unwritable
from hostcheck.cli.profiles import profile_names
from hostcheck.connect.given import Machines, OpinionOptions
from hostcheck.errors import UsageError

if TYPE_CHECKING:
    from hostcheck.model.run import Run


@main.command()
@click.argument("vm", default="")
@machines_options
@from_option
@cluster_option
@deliver_options
@click.option("--details", is_flag=True, help="In text: every candidate with all its findings.")
@strict_option
@opinion_options
@save_option
@click.option(
    "--profile",
    default="",
    shell_complete=profile_names,
    help="vGPU profile of a VM that does not exist yet.",
)
@click.option("--count", type=click.IntRange(1, 16), default=1, help="vGPUs of that VM.")
@click.option("--vcpus", type=click.IntRange(1, 960), default=1, help="vCPUs of that VM.")
@click.option("--memory", type=click.IntRange(1), default=4096, help="Memory of that VM, MiB.")
@click.option("--spec", type=existing(dir_okay=False), help="That VM in a TOML file.")
def preflight(
    vm: str,
    machines: Machines,
    from_: Path | None,
    clusters: tuple[str, ...],
    wanted: Deliver,
    details: bool,
    strict: bool,
    opinion: OpinionOptions,
    save: Path | None,
    profile: str,
    count: int,
    vcpus: int,
    memory: int,
    spec: Path | None,
) -> None:
    """Say GO, NO-GO or UNSURE for one VM on its candidate hosts, with reasons.

    Candidates are the hosts of the VM's cluster, or those that --host names. A VM that does not
    exist yet is given by --profile or --spec, and judged on every host.
    """
    from hostcheck import preflight as judging
    from hostcheck import recording, verdict
    from hostcheck.connect import opened

    if bool(vm) + bool(profile) + bool(spec) != 1:
        raise UsageError("name one of: a VM, --profile, --spec")
    refuse_unwritable(wanted, save)
    wish = None
    if spec is not None:
        wish = judging.read_spec(spec)
    elif profile:
        wish = judging.VmSpec(profile=profile, count=count, vcpus=vcpus, memory_mb=memory)
    # An existing VM is looked for everywhere: --host names its candidates, not its home.
    source_of = machines if wish else replace(machines, hosts=())
    asks = opened.wants_opinion(machines, opinion)
    shelf = recording.Shelf(save) if save is not None else None
    with (
        opened.machines(
            source_of, front(), from_=from_, clusters=clusters, opinion=opinion
        ) as (source, workers),
        progress("preflight", None, quiet=machines.quiet) as done,
    ):  # fmt: skip
        how: Any = {"workers": workers, "opinion": asks, "done": done}
        if shelf is not None:
            how["keep"] = shelf.add
        if wish is not None:
            run = judging.what_if(source, wish, **how)
            run = _spelt(run, wish.profile)
        else:
            run = judging.preflight(source, vm, hosts=machines.hosts, **how)
    deliver(run, wanted, Showing(details=details), brief=machines.quiet)
    if shelf is not None:
        shelf.close()
    sys.exit(verdict.exit_code(run, strict=strict))


def _spelt(run: "Run", profile: str) -> "Run":
    """Raise UsageError for a profile that is surely misspelt; else note what speaks against it."""
    from msgspec.structs import replace as changed

    from hostcheck.catalog import requirements
    from hostcheck.profiles import Spelling

    spelling = Spelling(profile, requirements())
    for report in run.hosts:
        spelling.see(report.host)
    if spelling.wrong:
        raise UsageError(spelling.wrong)
    return changed(run, notices=(*run.notices, spelling.doubt)) if spelling.doubt else run
