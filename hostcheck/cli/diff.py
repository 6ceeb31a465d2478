"""hostcheck diff."""

import sys
from pathlib import Path

import click

from hostcheck.cli.group import main
from hostcheck.cli.options import format_option, output_option, strict_option
from hostcheck.cli.out import give, refuse_untold
from hostcheck.cli.outputs import RUN_FILE
from hostcheck.cli.ring import EXIT_UNKNOWN
from hostcheck.errors import UsageError

EXIT_DIFFERS = 1


@main.command()
@click.argument("then", type=RUN_FILE)
@click.argument("now", type=RUN_FILE, required=False)
@click.option(
    "--siblings", "host", metavar="HOST",
    help="Compare this host with the others of its cluster in one run, instead of two runs.",
)  # fmt: skip
@format_option("diff")
@output_option
@strict_option
def diff(
    then: Path, now: Path | None, host: str | None, format_: str, output: Path | None, strict: bool
) -> None:
    """Compare two saved runs of a fleet: what is new, what is mended, what is not known now.

    Exits with 0 where nothing required is new, 1 where something fails that did not, 3 where
    nothing new fails and something is not known now that was. With --siblings: 0 where the host is
    like the others, 1 where it differs, 3 where it does not and something of it is not known.
    """
    from hostcheck.diff import difference
    from hostcheck.diff.siblings import siblings
    from hostcheck.exits import EXIT_CODES

    refuse_untold("diff", format_, output)
    if host is not None:
        if now is not None or strict:
            raise UsageError("--siblings compares within one run: give that run alone")
        beside = siblings(then, host)
        give("siblings", format_, beside, output)
        differs = beside.traits or beside.checks
        sys.exit(EXIT_DIFFERS if differs else EXIT_UNKNOWN if beside.not_known else 0)
    if now is None:
        raise UsageError("give two runs, the earlier one first; or one with --siblings HOST")
    made = difference(then, now)
    give("diff", format_, made, output)
    sys.exit(EXIT_CODES[made.worst(strict=strict)])
