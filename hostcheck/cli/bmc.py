"""hostcheck bmc."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hostcheck.cli.front import front
from hostcheck.cli.group import main
from hostcheck.cli.machines import bare_options
from hostcheck.cli.options import format_option, output_option
from hostcheck.cli.out import give, progress, refuse_untold
from hostcheck.connect.given import Bare
from hostcheck.errors import UsageError

if TYPE_CHECKING:
    from hostcheck.model.bare import BareServer


@main.command()
@bare_options
@format_option("bmc")
@output_option
def bmc(given: Bare, format_: str, output: Path | None) -> None:
    """Show what BMCs tell of their servers; with --judge, say which are ready for vGPU.

    No ESXi is needed. BMCs are named by address, or by an inventory (CSV or TOML). A server is
    ready (GO) when its BIOS says that those settings are on without which no vGPU starts: SR-IOV,
    IOMMU, memory-mapped I/O above 4 GB.

    Exit codes: 0 all is told, or all are GO; 1 one is NO-GO; 2 usage; 3 something is not known.
    """
    from hostcheck import bare
    from hostcheck.catalog import requirements
    from hostcheck.connect import bmcs
    from hostcheck.exits import EXIT_CODES
    from hostcheck.model.fact import Unknown

    refuse_untold("bmc", format_, output)
    if given.profile and not given.judge:
        raise UsageError("--for names what servers are judged for: give --judge too")
    needs = requirements()
    boards = bare.boards_with(given.profile, needs) if given.profile else ()
    wanted = bare.deciding_for(boards)
    servers: list[BareServer] = []
    with progress("bmc", len(bmcs.listed(given)), quiet=given.quiet) as done:
        for name, address, captures in bmcs.asked(given, front()):
            servers += bare.servers_of(name, address, captures, needs, wanted)
            done(name)
    fleet = bare.fleet_of(servers, needs, judged=given.judge, profile=given.profile)
    give("bmc", format_, fleet, output)
    if given.judge:
        sys.exit(EXIT_CODES[fleet.verdict])
    lost = any(
        isinstance(one.bmc, Unknown) or isinstance(one.bmc.value.settings, Unknown)
        for one in servers
    )
    sys.exit(3 if lost else 0)
