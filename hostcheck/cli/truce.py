"""hostcheck truce."""

from fnmatch import fnmatchcase
from pathlib import Path

import click

from hostcheck.cli.group import main
from hostcheck.cli.options import DayType, existing, format_option, output_option
from hostcheck.cli.out import give, refuse_untold
from hostcheck.errors import UsageError

SIGNED = ("inspec", "cklb")
"""Formats in which somebody answers for an exception."""


@main.command()
@click.argument("run", type=existing(dir_okay=False))
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

    from hostcheck import runfile
    from hostcheck.truce import truce as of

    if format_ in SIGNED and not (owner and expires):
        raise UsageError(f"--format {format_} is signed: give --owner WHO and --expires DAY")
    refuse_untold("truce", format_, output)
    made = of(runfile.read(run), owner=owner, expires=expires or "", ticket=ticket)
    if vms:
        patterns = [each.lower() for each in vms]
        chosen = tuple(
            one for one in made.vms if any(fnmatchcase(one.vm.lower(), each) for each in patterns)
        )
        if not chosen:
            raise UsageError(f"no VM that needs an exception is called {', '.join(vms)}")
        made = replace(made, vms=chosen)
    give("truce", format_, made, output)
