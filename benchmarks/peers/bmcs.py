"""So many BMCs, each as slow as it is: python -m benchmarks.peers.bmcs COUNT LEAST MOST FOLDER

Writes `FOLDER/bmc.csv`, `FOLDER/pins` and `FOLDER/paths`, what hostcheck asks one of them, then
`FOLDER/ready`; at the end of its standard input `FOLDER/seen`: the seconds of the slowest chain of
answers, requests, logins, sessions left open.
"""

import json
import random
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from hostcheck.ways.redfish import order
from hostcheck.ways.redfish.door import Door
from hostcheck.ways.redfish.session import Trials
from hostcheck.ways.redfish.transport import RedfishTransport
from hostcheck.ways.redfish.way import WAY
from tests.peers.redfish import Login, State, running_bmc, running_bmcs
from tests.ways.redfish.machines import rack


def main() -> None:
    count, least, most = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    folder = Path(sys.argv[4])
    chance = random.Random(1)
    held = rack()
    held = json.loads(json.dumps(held))
    states = {
        f"127.1.{number // 250}.{1 + number % 250}": State(
            held, delay=chance.uniform(least, most), closes=False
        )
        for number in range(count)
    }
    with running_bmcs(states) as bmc:
        rows = [f"{_name(n)},{one}:{bmc.port}" for n, one in enumerate(states)]
        (folder / "bmc.csv").write_text("\n".join(["host,address", *rows, ""]))
        pins = [f"{one}:{bmc.port} {bmc.fingerprint}" for one in states]
        (folder / "pins").write_text("\n".join([*pins, ""]))
        (folder / "paths").write_text("\n".join(walk(held)))
        (folder / "ready").touch()
        sys.stdin.read()
    seen = {
        "slowest": max(one.delay * len(one.heard) for one in states.values()),
        "requests": sum(len(one.heard) for one in states.values()),
        "logins": sum(one.logins for one in states.values()),
        "left": sum(len(one.sessions) for one in states.values()),
    }
    (folder / "seen").write_text(json.dumps(seen))


def walk(held: dict[str, Any]) -> list[str]:
    """Return the paths that hostcheck GETs of such a BMC, in their order."""
    with running_bmc(held) as bmc:
        door = Door(bmc.host, bmc.port, Login.user, fingerprint=bmc.fingerprint)
        transport = RedfishTransport(door, lambda: Login.password, Trials(), WAY.allows, print)
        with closing(transport):
            order.walk(transport)
        return [one.removeprefix("GET ") for one in bmc.state.heard if one.startswith("GET ")]


def _name(number: int) -> str:
    return f"bmc-{number:04}.lab.test"


if __name__ == "__main__":
    main()
