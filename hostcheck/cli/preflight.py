"""hostcheck preflight."""

import sys
from dataclasses import dataclass, replace
from itertools import chain
from itertools import count as counted
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hostcheck.cli.completing import names_of_vms
from hostcheck.cli.failing import Code
from hostcheck.cli.front import front
from hostcheck.cli.given import Deliver, Failing, Showing
from hostcheck.cli.group import main
from hostcheck.cli.in_thought import emptied_option
from hostcheck.cli.machines import MemoryType, from_option, machines_options, opinion_options
from hostcheck.cli.options import (
    answers_options,
    cluster_option,
    existing,
    failing_options,
    policy_option,
    save_option,
)
from hostcheck.cli.out import (
    deliver,
    deliver_each,
    give,
    progress,
    put_away,
    refuse_unwritable,
    refuse_unwritable_folders,
    show,
)
from hostcheck.cli.policing import policy_of
from hostcheck.cli.profiles import profile_names
from hostcheck.connect.given import Machines, OpinionOptions
from hostcheck.errors import UsageError
from hostcheck.reports import formats, pieces

if TYPE_CHECKING:
    from hostcheck.model.policy import Policy
    from hostcheck.model.run import Run
    from hostcheck.preflight import VmChange

LITTLE = 4096
"""MiB of a VM to be of which nobody says how much it has."""
GRAVEST = (1, 3, 0)
"""Exit codes, the gravest first."""


@main.command()
@click.argument("vms", nargs=-1, metavar="[VM]...", shell_complete=names_of_vms)
@machines_options
@from_option
@cluster_option
@answers_options
@click.option("--details", is_flag=True, help="In text: every candidate with all its findings.")
@failing_options
@policy_option
@opinion_options
@save_option
@click.option(
    "--all",
    "every",
    is_flag=True,
    help="Every powered-off VM with a GPU: of all clusters, or of --cluster.",
)
@click.option(
    "--profile",
    default="",
    shell_complete=profile_names,
    help="vGPU profile of a VM that does not exist yet; of VM in thought.",
)
@click.option("--count", type=click.IntRange(1, 16), help="vGPUs of that VM.")
@click.option("--vcpus", type=click.IntRange(1, 960), help="vCPUs of that VM.")
@click.option(
    "--memory", type=MemoryType(), metavar="SIZE", help="Memory of that VM: MiB, or 64G, or 1T."
)
@click.option("--spec", type=existing(dir_okay=False), help="That VM in a TOML file.")
@emptied_option
def preflight(
    vms: tuple[str, ...],
    machines: Machines,
    from_: Path | None,
    clusters: tuple[str, ...],
    wanted: Deliver,
    details: bool,
    failing: Failing,
    policy: str,
    opinion: OpinionOptions,
    save: Path | None,
    every: bool,
    profile: str,
    count: int | None,
    vcpus: int | None,
    memory: int | None,
    spec: Path | None,
    emptied: tuple[str, ...],
) -> None:
    """Say GO, NO-GO or UNSURE for VMs on their candidate hosts, with reasons.

    A VM goes by its name, managed object id, UUID or inventory path. Its candidates are the hosts
    of its cluster, or those that --host names, without those of --in-maintenance. --vcpus,
    --memory, --profile and --count change it in thought. Of several VMs there is one table, and
    the worst decides the exit code; -o and --html are then folders. A VM that does not exist yet
    is given by --profile or --spec, and judged on every host.
    """
    from hostcheck.preflight import VmChange

    change = VmChange(vcpus or 0, memory or 0, profile, count or 0)
    task = _Task(
        machines,
        from_,
        clusters,
        wanted,
        details,
        Code(failing),
        opinion,
        save,
        policy_of(policy),
        emptied,
    )
    if (vms or every) and spec is not None:
        raise UsageError("--spec describes a VM to be: leave out the VM, or --spec")
    if vms and every:
        raise UsageError("--all judges every powered-off VM with a GPU: leave out the names")
    if spec is not None and change:
        raise UsageError("--spec describes the whole VM: leave out --profile and the like")
    if len(set(vms)) > 1 or every:
        _judge_several(task, vms, change)
    elif vms:
        _judge(task, vms[0], change, None)
    elif spec is None and not profile:
        raise UsageError("name one of: a VM, --all, --profile, --spec")
    else:
        _judge(task, "", change, spec)


@dataclass(frozen=True)
class _Task:
    """What is asked for, whichever VM it is of."""

    machines: Machines
    from_: Path | None
    clusters: tuple[str, ...]
    wanted: Deliver
    details: bool
    code: Code
    opinion: OpinionOptions
    save: Path | None
    policy: "Policy | None"
    emptied: tuple[str, ...]


def _judge(task: _Task, vm: str, change: "VmChange", spec: Path | None) -> None:
    """Judge one VM: one that exists, or one that is described."""
    from hostcheck import preflight as judging
    from hostcheck import recording
    from hostcheck.connect import opened

    machines = task.machines
    _refuse_format(task.wanted.format_, "run", "several VMs", "one")
    refuse_unwritable(task.wanted, task.save)
    wish = None
    if spec is not None:
        wish = judging.read_spec(spec)
    elif not vm:
        wish = judging.VmSpec(
            change.profile, change.count or 1, change.vcpus or 1, change.memory_mb or LITTLE
        )
    # An existing VM is looked for everywhere: --host names its candidates, not its home.
    source_of = machines if wish else replace(machines, hosts=())
    asks = opened.wants_opinion(machines, task.opinion)
    shelf = recording.Shelf(task.save) if task.save is not None else None
    with (
        opened.machines(
            source_of, front(), from_=task.from_, clusters=task.clusters, opinion=task.opinion
        ) as (source, workers),
        progress("preflight", None, quiet=machines.quiet) as done,
    ):  # fmt: skip
        how: Any = {
            "workers": workers, "opinion": asks, "policy": task.policy, "done": done,
            "emptied": task.emptied,
        }  # fmt: skip
        if shelf is not None:
            how["keep"] = shelf.add
        if wish is not None:
            run = _spelt(judging.what_if(source, wish, **how), wish.profile)
        else:
            run = judging.preflight(source, vm, hosts=machines.hosts, change=change, **how)
            run = _spelt(run, change.profile) if change.profile else run
    deliver(run, task.wanted, Showing(details=task.details), brief=machines.quiet)
    put_away(shelf, task.save)
    sys.exit(task.code.of(run))


def _judge_several(task: _Task, vms: tuple[str, ...], change: "VmChange") -> None:
    """Judge several VMs; the answers are a table, and each run is kept where a folder is given."""
    from hostcheck import files, recording
    from hostcheck import preflight as judging
    from hostcheck.connect import opened
    from hostcheck.preflight.answers import answer_of, answers_of

    machines, wanted = task.machines, task.wanted
    if task.details:
        raise UsageError("--details tells all of one VM: name one, or give -o FOLDER")
    _refuse_format(wanted.format_, "answers", "one VM", "several")
    refuse_unwritable_folders(wanted, task.save)
    shelf = recording.Shelf(task.save) if task.save is not None else None
    left: list[str] = []
    rows, codes, taken = [], [], set()
    with (
        opened.machines(
            replace(machines, hosts=()), front(), from_=task.from_, clusters=task.clusters,
            opinion=task.opinion,
        ) as (source, workers),
        progress("preflight", None, quiet=machines.quiet) as done,
    ):  # fmt: skip
        for judged in judging.several(
            source, vms, hosts=machines.hosts, emptied=task.emptied, change=change,
            workers=workers, opinion=bool(task.opinion.second_opinion), policy=task.policy,
            left=left.append, done=done, **({"keep": shelf.add} if shelf is not None else {}),
        ):  # fmt: skip
            run = _spelt(judged, change.profile) if change.profile else judged
            row = answer_of(run)
            rows.append(row)
            codes.append(task.code.of(run))
            first = files.directory_name(row.vm)
            more = (f"{first}-{row.vm_id}-{at}" for at in counted(2))
            name = next(
                one for one in chain([first, f"{first}-{row.vm_id}"], more) if one not in taken
            )
            taken.add(name)
            deliver_each(wanted, name, run)
        told = answers_of(rows, left, source.about)
    codes.append(task.code.of_answer(told.verdict))
    if machines.quiet and wanted.format_ == "text":
        show(list(pieces("answers", "line", told))[-1:])
    else:
        give("answers", wanted.format_, told, None)
    put_away(shelf, task.save)
    sys.exit(min(codes, key=GRAVEST.index))


def _refuse_format(format_: str, told: str, of: str, here: str) -> None:
    if format_ not in formats(told):
        raise UsageError(f"--format {format_} tells of {of}; of {here}: {', '.join(formats(told))}")


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
