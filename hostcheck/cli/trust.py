"""hostcheck trust."""

import sys
from collections import Counter
from pathlib import Path

import click

from hostcheck.cli.given import group
from hostcheck.cli.group import main
from hostcheck.cli.options import existing, settings_option
from hostcheck.cli.out import show
from hostcheck.connect.given import Trusting

trust_options = group(
    "given", Trusting,
    click.option(
        "--bmc-inventory", "inventory", type=existing(dir_okay=False),
        help="CSV or TOML with the address of each BMC.",
    ),
    click.option(
        "--bmc-fingerprints", "fingerprints", type=click.Path(path_type=Path),
        help="File to pin in. Default: ~/.config/hostcheck/bmc-fingerprints.",
    ),
    click.option("--renew", is_flag=True, help="Pin what is shown now, also where it differs."),
    click.option("--dry-run", is_flag=True, help="Show the certificates, and write nothing."),
    settings_option,
    click.argument("places", nargs=-1, metavar="[ADDRESS|FILE]..."),
)  # fmt: skip


@main.command()
@trust_options
def trust(given: Trusting) -> None:
    """Pin the certificates that BMCs show now, once, by their SHA-256.

    BMCs are named by address, or by an inventory (CSV or TOML). Nobody logs in. Do it where the
    network is yours, and compare some of the fingerprints with what the BMC's own page shows. What
    is pinned already and differs is told, and not touched without --renew.

    Exit codes: 0 all are pinned, 1 one differs from what is pinned, 2 usage, 3 one could not be
    looked at.
    """
    from hostcheck.connect import bmcs
    from hostcheck.words import printable

    seen: Counter[str] = Counter()
    for one in bmcs.trust(given):
        seen[one.word] += 1
        show([printable(f"{one.word:<8} {one.address} {one.told}") + "\n"])
    sys.exit(1 if seen["changed"] else 3 if seen["unknown"] else 0)
