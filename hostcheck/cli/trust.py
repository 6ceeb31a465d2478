"""hostcheck trust."""

import sys
from collections import Counter

from hostcheck.cli.group import main
from hostcheck.cli.options import trust_options
from hostcheck.cli.out import show
from hostcheck.connect.given import Trusting


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
