"""hostcheck truce."""

from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hostcheck.cli.front import front
from hostcheck.cli.group import main
from hostcheck.cli.options import DayType, format_option, output_option
from hostcheck.cli.out import give, refuse_untold, tell_gaps
from hostcheck.cli.outputs import RUN_FILE
from hostcheck.errors import UsageError

if TYPE_CHECKING:
    from hostcheck.model.run import Run
    from hostcheck.model.truce import Truce

NAMES = 5
SIGNED = ("inspec", "cklb")
"""Formats in which somebody answers for an exception."""


@main.command()
@click.argument("run", type=RUN_FILE)
@click.option("--vm", "vms", multiple=True, metavar="PATTERN", help="VMs, repeatable.")
@click.option("--owner", default="", metavar="WHO", help="Who answers for the exceptions.")
@click.option(
    "--expires", type=DayType(), metavar="DAY", help="The last day on which they hold: 2027-03-31."
)
@click.option("--ticket", default="", help="For the reader.")
@format_option("truce")
@output_option
def truce(
    run: Path, vms: tuple[str, ...], owner: str, expires: str | None, ticket: str,
    format_: str, output: Path | None,
) -> None:  # fmt: skip
    """Say which VMs of a saved run a hardening audit (DISA STIG) finds fault with for their GPUs.

    As text, JSON, an InSpec waiver file, STIG checklists (cklb, a file for each VM), or the list
    that VMware's remediation script takes (powercli). Nothing is approved by it.
    """
    from msgspec.structs import replace

    from hostcheck import runlines
    from hostcheck.truce import truce as of

    if format_ in SIGNED and not (owner and expires):
        raise UsageError(f"--format {format_} is signed: give --owner WHO and --expires DAY")
    today = datetime.now(UTC).date().isoformat()
    if expires is not None and expires < today:
        raise UsageError(f"--expires: {expires} is over already (today is {today}, UTC)")
    if format_ in SIGNED and not owner.strip():
        raise UsageError("--owner must not be empty: somebody answers for an exception")
    refuse_untold("truce", format_, output)
    read = runlines.read(run, (), runlines.TRUCE)
    made = of(read, owner=owner, expires=expires or "", ticket=ticket)
    if vms:
        patterns = [each.lower() for each in vms]
        chosen = tuple(
            one for one in made.vms if any(fnmatchcase(one.vm.lower(), each) for each in patterns)
        )
        if not chosen:
            raise UsageError(f"no VM that needs an exception is called {', '.join(vms)}")
        made = replace(made, vms=chosen)
    tell_gaps(read.targets, read.unasked)
    give("truce", format_, made, output)
    if format_ == "cklb" and output is not None and not vms:
        _put_aside(read, made, output)


def _put_aside(run: "Run", made: "Truce", folder: Path) -> None:
    """Put aside checklists of VMs that need no exception any more; say why where nobody knows."""
    from hostcheck.model.run import silent
    from hostcheck.reports.truce import cklb

    stale = cklb.stale(made, run, folder)
    if not stale:
        return
    named = ", ".join(one.name for one in stale[:NAMES])
    more = f" and {len(stale) - NAMES} more" if len(stale) > NAMES else ""
    if made.unread or run.unasked or silent(run.targets):
        front().tell(
            f"{folder}: {named}{more} of an earlier run may still be needed, because not all "
            "hosts told their VMs"
        )
        return
    for one in stale:
        one.replace(one.with_name(f"{one.name}.old"))
    front().tell(
        f"{folder}: {named}{more} of an earlier run: these VMs need no exception now; put aside "
        "as .old"
    )
