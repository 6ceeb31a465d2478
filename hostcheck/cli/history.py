"""hostcheck history."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hostcheck.cli.given import Remembering
from hostcheck.cli.group import main
from hostcheck.cli.options import (
    CheckType,
    cluster_option,
    format_option,
    output_option,
    settings_option,
)
from hostcheck.cli.out import give, refuse_untold
from hostcheck.cli.remembering import DaysType, remembering_options
from hostcheck.cli.sections import SectionedGroup
from hostcheck.errors import UsageError

if TYPE_CHECKING:
    from hostcheck.settings import SettingsFile

BY = ("check", "host", "cluster")
NOWHERE = "which history? give --history FILE|URL, or url in [history] of hostcheck.toml"


class _Group(SectionedGroup):
    """A group of which `show` is meant where no command is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = ["show", *args]
        return super().parse_args(ctx, args)


@main.group(cls=_Group)
def history() -> None:
    """What became of a fleet from night to night; `hostcheck history` is `history show`."""


@history.command()
@remembering_options
@settings_option
@click.option("--host", "hosts", multiple=True, metavar="PATTERN", help="Hosts, repeatable.")
@cluster_option
@click.option(
    "--check", "checks", multiple=True, metavar="ID", type=CheckType(),
    help="Findings of this check, repeatable.",
)  # fmt: skip
@click.option(
    "--days", type=DaysType(), default=30, show_default=True,
    help="Days before the last run that are looked at.",
)  # fmt: skip
@click.option(
    "--by", type=click.Choice(BY), default="check", show_default=True, help="What is counted."
)
@format_option("history")
@output_option
def show(
    remembering: Remembering, settings: "SettingsFile | None", hosts: tuple[str, ...],
    clusters: tuple[str, ...], checks: tuple[str, ...], days: int, by: str, format_: str,
    output: Path | None,
) -> None:  # fmt: skip
    """Tell verdicts by day, findings since when, how long mending took, and what comes and goes.

    A host that was not asked, or whose answer is missing, is not known on that day: its findings
    are neither there nor mended.
    """
    from hostcheck.cli.remembering import place_of

    refuse_untold("history", format_, output)
    found = place_of(remembering, settings)
    if found is None:
        raise UsageError(NOWHERE)
    from hostcheck.history.ask import Inquiry, ask

    give("history", format_, ask(*found, Inquiry(hosts, clusters, checks, days, by)), output)


@history.command()
@remembering_options
@settings_option
@click.option(
    "--keep", type=DaysType(), required=True, metavar="DAYS",
    help="Forget what was over so many days before the last run: 400d.",
)  # fmt: skip
def prune(remembering: Remembering, settings: "SettingsFile | None", keep: int) -> None:
    """Forget runs that are older, and what was over then.

    A finding that still fails keeps the day on which it was first seen. `keep = "400d"` in
    [history] of hostcheck.toml does this whenever a run is written.
    """
    from hostcheck.cli.remembering import place_of

    found = place_of(remembering, settings)
    if found is None:
        raise UsageError(NOWHERE)
    from hostcheck.history.prune import prune as forget

    gone = forget(*found, keep)
    click.echo(
        f"forgotten: {gone.runs} runs, {gone.changes} changes, {gone.findings} findings, "
        f"{gone.hosts} hosts"
    )
