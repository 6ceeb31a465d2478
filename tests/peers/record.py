"""Write the recorded machines of `fixtures/`: every named shape, recorded from the live peers.

    python -m tests.peers.record fixtures

The recordings are made by `hostcheck record` itself over TLS and SSH, so they are in the formats of
the wire. Times differ with every recording; nothing else does.
"""

import shutil
import sys
from pathlib import Path
from typing import Any

from hostcheck import recording, ways
from hostcheck.model.host_ref import HostRef
from hostcheck.sources.live import LiveSource
from hostcheck.ways.base import SoFar
from hostcheck.ways.shell.reach import Shell, shell_from_ssh_config
from hostcheck.ways.shell.transport import SshTransport
from hostcheck.ways.shell.way import WAY as SHELL
from hostcheck.ways.tls import Endpoint
from hostcheck.ways.vsphere.transport import VsphereTransport
from tests.peers import shapes
from tests.peers.fleet import Fleet, HostShape
from tests.peers.live import running_shells, running_vcenter

TARGET = "vcenter.lab.test"
SMALL: dict[str, Any] = {"host_timeout": 60.0, "command_timeout": 10.0, "connect_timeout": 5.0}


def main(folder: Path) -> None:
    """Record every shape under its name, replacing what is there: one vCenter, a shell each."""
    with running_vcenter(shapes.everything()) as vcenter:
        session = VsphereTransport(
            Endpoint(vcenter.host, vcenter.user, vcenter.port, (str(vcenter.ca_file),)),
            lambda: vcenter.password,
            ways.requests(),
        )
        source = LiveSource(TARGET, session)
        try:
            targets = {target.name: target for target in source.machines()}
            for shape, host in shapes.HOSTS.items():
                print(shape)  # noqa: T201  a command
                record(session, targets[host.name], host, folder / shape)
        finally:
            source.close()


def record(session: VsphereTransport, target: HostRef, host: HostShape, place: Path) -> None:
    """Record one host. The expected results beside the recording are kept."""
    neighbours = Fleet((host, *shapes.HEALTHY.hosts))  # a server beside a host that refuses
    with running_shells(neighbours if host.shell_trouble == "refuse" else Fleet((host,))) as shells:

        def open_shell(so_far: SoFar) -> SshTransport:
            base = Shell("", known_hosts=(str(shells.known_hosts_file),), **SMALL)
            shell = shell_from_ssh_config(so_far.ref.name, config=shells.config_file, base=base)
            return SshTransport(shell, SHELL.allows, lambda: shells.password)

        recorded = (
            LiveSource(TARGET, session, openers={"shell": open_shell})
            .collector([target])
            .collect(target)
        )
    expected = place / "expected.json"
    kept = expected.read_bytes() if expected.is_file() else b""
    shutil.rmtree(place, ignore_errors=True)
    recording.save(recorded, place)
    if kept:
        expected.write_bytes(kept)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
