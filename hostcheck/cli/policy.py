"""hostcheck policy."""

from pathlib import Path

import click

from hostcheck.cli.front import without_logins
from hostcheck.cli.group import main
from hostcheck.cli.options import format_option, output_option, policy_names
from hostcheck.cli.out import give, refuse_untold
from hostcheck.cli.policing import NONE, policy_of
from hostcheck.cli.sections import SectionedGroup


@main.group(cls=SectionedGroup)
def policy() -> None:
    """Policies: which checks are judged, how much each weighs, what it expects (docs/policy.md)."""


@policy.command(name="list")
@format_option("policies")
@output_option
def list_(format_: str, output: Path | None) -> None:
    """List the profiles that come with hostcheck."""
    from hostcheck.policy.file import listed

    refuse_untold("policies", format_, output)
    give("policies", format_, listed(), output)


@policy.command()
@click.argument("name", metavar="[NAME|FILE]", default=NONE, shell_complete=policy_names)
@click.option("--cluster", default="", metavar="CLUSTER", help="As it holds in this cluster.")
@click.option("--changed", is_flag=True, help="Only the checks that it changes.")
@format_option("policy")
@output_option
def show(name: str, cluster: str, changed: bool, format_: str, output: Path | None) -> None:
    """Print what a policy makes of every check, each value with what says so and why.

    Without a policy: what holds where none is given.
    """
    from msgspec.structs import replace

    from hostcheck.policy.settle import settings

    refuse_untold("policy", format_, output)
    told = settings(policy_of(name), cluster)
    told = replace(told, cluster=without_logins(told.cluster))
    if changed:
        told = replace(told, settings=tuple(one for one in told.settings if one.changed))
    give("policy", format_, told, output)
