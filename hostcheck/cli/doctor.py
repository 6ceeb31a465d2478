"""hostcheck doctor."""

import sys
from pathlib import Path

import click

from hostcheck.cli.front import front
from hostcheck.cli.group import main
from hostcheck.cli.machines import machines_options, smoking_options
from hostcheck.cli.options import cluster_option, format_option, output_option
from hostcheck.cli.out import give, progress, refuse_untold
from hostcheck.cli.ring import EXIT_UNKNOWN
from hostcheck.connect.given import Machines, Smoking

TOOLS = ("govc", "powercli")


@main.command()
@machines_options
@smoking_options
@cluster_option
@click.option(
    "--role", "tool", type=click.Choice(TOOLS),
    help="Print commands that make the least role for these options, and ask nobody anything.",
)  # fmt: skip
@format_option("doctor")
@output_option
def doctor(
    machines: Machines,
    smoking: Smoking,
    clusters: tuple[str, ...],
    tool: str | None,
    format_: str,
    output: Path | None,
) -> None:
    """Say before a run what this account, this network and these hosts will not allow.

    Give the options of the run that you mean. Privileges, SSH, lockdown mode, ports, keys and
    logins of shells and BMCs are tried, guests (--smoke) are looked at from outside; then each
    check: will be judged, or will be unknown, and why.

    Exit codes: 0 nothing stands in the way of what the options ask, 2 usage or no login at all, 3
    something will be unknown.
    """
    from hostcheck.connect import doctor as asking

    if tool is not None:
        for line in asking.role_for(tool, machines, smoking, front()):
            click.echo(line)
        return
    refuse_untold("doctor", format_, output)
    with progress("doctor", None, quiet=machines.quiet) as done:
        found = asking.examined(machines, smoking, front(), clusters, done)
    give("doctor", format_, found, output)
    sys.exit(EXIT_UNKNOWN if found.stands_in_the_way else 0)
