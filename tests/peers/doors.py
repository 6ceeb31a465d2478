"""SSH ports of played hosts that open and close with the SSH service which the API peer plays.

The real server listens at 127.1.x.y; the port at 127.2.x.y, which the API peer opens and closes,
leads there. `Doors.config_file` sends `ssh` to the latter.
"""

import json
import re
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from tests.peers.live import Rewrite
from tests.peers.sshd import Shells

NAME = re.compile(r"<propSet><name>name</name><val[^>]*>([^<]+)<")


@dataclass(frozen=True)
class Doors:
    """How the hosts of these shells are reached. Those that are `stuck` never open.

    Other hosts of the vCenter have none.
    """

    shells: Shells
    config_file: Path
    stuck: Container[str] = ()

    @property
    def rewrite(self) -> Rewrite:
        """What `running_vcenter(rewrite=...)` takes."""

        def rewrite(load: Path) -> None:
            doors = {}
            for path in load.glob("*-HostSystem-*.xml"):
                found = NAME.search(path.read_text())
                assert found is not None
                name = found[1]
                if name not in self.shells.addresses:
                    continue
                inside = f"{self.shells.addresses[name]}:{self.shells.port}"
                doors[path.stem.partition("-HostSystem-")[2]] = {
                    "listen": _outside(inside), "to": inside, "stuck": name in self.stuck,
                }  # fmt: skip
            place = load / "testbed.json"
            place.write_text(json.dumps({**json.loads(place.read_text()), "doors": doors}))

        return rewrite


def doors_of(shells: Shells, folder: Path, stuck: Container[str] = ()) -> Doors:
    """Return the doors of shells; files about them are written into the folder."""
    known = folder / "known_hosts"
    known.write_text(_outside(shells.known_hosts_file.read_text()))
    config = folder / "ssh_config"
    text = _outside(shells.config_file.read_text())
    config.write_text(text.replace(str(shells.known_hosts_file), str(known)))
    return Doors(shells, config, stuck)


def _outside(text: str) -> str:
    return text.replace("127.1.", "127.2.")
