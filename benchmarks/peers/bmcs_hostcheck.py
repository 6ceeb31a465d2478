"""hostcheck's way to BMCs, all of an inventory side by side: its argument is their folder."""

import os
import sys
from contextlib import closing
from pathlib import Path

from hostcheck import fleet
from hostcheck.front import Front
from hostcheck.ways.recorder import RecorderTransport
from hostcheck.ways.redfish import order
from hostcheck.ways.redfish.inventory import InventoryRow
from hostcheck.ways.redfish.opening import Bmcs, opener
from hostcheck.ways.redfish.options import Given, Section


def main() -> None:
    folder = Path(sys.argv[1])
    given = Given(bmc_inventory=folder / "bmc.csv", bmc_user="auditor")
    front = Front(os.environ, str, print, somebody=False)
    bmcs = opener(given, Section(fingerprints=str(folder / "pins")), front)
    beside = fleet.Ahead(bmcs.rows, lambda row: asked(bmcs, row))
    answers = [beside.take(row) for row in bmcs.rows]
    beside.close()
    if min(answers) < 11:
        raise SystemExit(f"a BMC told {min(answers)} things only")


def asked(bmcs: Bmcs, row: InventoryRow) -> int:
    """Return how many answers a BMC gave."""
    with closing(bmcs.open(row)) as transport:
        recorder = RecorderTransport({"redfish": transport})
        order.walk(recorder)
        return sum(one.failure is None for one in recorder.captures.values())


if __name__ == "__main__":
    main()
