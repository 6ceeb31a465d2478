"""hostcheck power-on."""

import sys
from pathlib import Path

import click

from hostcheck.cli.completing import names_of_vms
from hostcheck.cli.front import front
from hostcheck.cli.given import Deliver, Showing
from hostcheck.cli.group import main
from hostcheck.cli.machines import from_option, machines_options, opinion_options
from hostcheck.cli.options import cluster_option, deliver_options
from hostcheck.cli.out import deliver, progress, refuse_unwritable
from hostcheck.connect.given import Machines, OpinionOptions
from hostcheck.errors import UsageError


@main.command("power-on")
@click.argument("vm", shell_complete=names_of_vms)
@machines_options
@from_option
@cluster_option
@deliver_options
@click.option("--details", is_flag=True, help="In text: every candidate with all its findings.")
@opinion_options
@click.option("--accept-unsure", is_flag=True, help="Start on UNSURE too. Never on NO-GO.")
@click.option(
    "--start-timeout", type=click.FloatRange(1, 36000), help="Seconds to wait for the power-on."
)
def start(
    vm: str,
    machines: Machines,
    from_: Path | None,
    clusters: tuple[str, ...],
    wanted: Deliver,
    details: bool,
    opinion: OpinionOptions,
    accept_unsure: bool,
    start_timeout: float | None,
) -> None:
    """Power a VM on if its preflight says GO, and compare what happens with the verdict.

    The only command that changes a VM. It starts where it is registered, or where DRS puts
    it. Exit code: 0 it runs, 1 NO-GO or the power-on failed, 3 UNSURE or the outcome is not known.
    """
    from hostcheck import power_on
    from hostcheck.connect import live, opened

    if from_ is not None:
        raise UsageError("a recording cannot be started; `preflight --from` judges it")
    if machines.hosts:
        raise UsageError("--host cannot place a VM: it starts where it is registered, or by DRS")
    refuse_unwritable(wanted)
    asks = opened.wants_opinion(machines, opinion)
    with (
        live.machines(
            machines, front(), clusters=clusters, opinion=opinion, start_timeout=start_timeout,
            writes=power_on.WRITES,
        ) as (source, workers),
        progress("power-on", None, quiet=machines.quiet) as done,
    ):  # fmt: skip
        run = power_on.power_on(
            source, vm, accept_unsure=accept_unsure, workers=workers, opinion=asks, done=done
        )
    deliver(run, wanted, Showing(details=details), brief=machines.quiet)
    sys.exit(power_on.exit_code(run))
