"""hostcheck waive."""

from datetime import UTC, date, datetime
from pathlib import Path

import click

from hostcheck.cli.group import main
from hostcheck.cli.options import CheckType, DayType
from hostcheck.cli.out import show
from hostcheck.cli.outputs import RUN_FILE
from hostcheck.errors import UsageError


@main.command()
@click.argument("run", type=RUN_FILE)
@click.option(
    "--check", "checks", multiple=True, required=True, metavar="ID", type=CheckType(),
    help="What is waived of it is what fails or is not known in the run. Repeatable.",
)  # fmt: skip
@click.option("--host", default="*", metavar="PATTERN", help="On these hosts. Default: all.")
@click.option("--reason", required=True, help="Why that is accepted.")
@click.option("--owner", required=True, help="Who answers for it.")
@click.option(
    "--expires", required=True, type=DayType(), metavar="DAY",
    help="The last day on which it holds (UTC): 2027-03-31.",
)  # fmt: skip
@click.option("--ticket", default="", help="Where that was decided.")
@click.option(
    "--any-evidence",
    is_flag=True,
    help="Let it hold whatever is observed later. Without this it is void once something else is.",
)
def waive(
    run: Path, checks: tuple[str, ...], host: str, reason: str, owner: str, expires: str,
    ticket: str, any_evidence: bool,
) -> None:  # fmt: skip
    """Print entries for a file of waivers (docs/waivers.md) from a saved run; change no file."""
    from hostcheck import runlines
    from hostcheck.waivers.write import entries

    today = datetime.now(UTC).date()
    until = date.fromisoformat(expires)
    if until < today:
        raise UsageError(f"--expires: {expires} is over already (today is {today}, UTC)")
    if not reason.strip() or not owner.strip():
        raise UsageError("--reason and --owner must not be empty: somebody answers for a waiver")
    found = list(
        entries(
            runlines.whole(run), checks, host, reason=reason, owner=owner, expires=until,
            ticket=ticket, bound=not any_evidence,
        )
    )  # fmt: skip
    if not found:
        raise UsageError(
            f"{run}: {', '.join(checks)} has nothing to waive on hosts like {host!r}; "
            "hostcheck report shows what fails"
        )
    show("\n".join(found))
