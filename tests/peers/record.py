"""Write the recorded machines of `fixtures/`: every named shape, recorded from the live peers.

    python -m tests.peers.record fixtures [SHAPE ...]

The recordings are made by `hostcheck record` itself over TLS, SSH and Redfish, in the formats of
the wire. Times differ with every recording; nothing else does: one vCenter plays all machines, also
where one is recorded.
"""

import json
import shutil
import sys
from collections.abc import Collection
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec import structs

from hostcheck import recording, ways
from hostcheck.model.host_ref import HostRef
from hostcheck.model.recording import Recording
from hostcheck.sources.live import LiveSource
from hostcheck.ways.base import Opener, SoFar
from hostcheck.ways.redfish.door import Door
from hostcheck.ways.redfish.session import Trials
from hostcheck.ways.redfish.transport import RedfishTransport
from hostcheck.ways.redfish.way import WAY as REDFISH
from hostcheck.ways.shell import services
from hostcheck.ways.shell.ledger import Ledger
from hostcheck.ways.shell.managed import Managing
from hostcheck.ways.shell.reach import Shell, shell_from_ssh_config
from hostcheck.ways.shell.shells import Shells as OurShells
from hostcheck.ways.shell.transport import SshTransport
from hostcheck.ways.shell.way import WAY as SHELL
from hostcheck.ways.tls import Endpoint
from hostcheck.ways.vsphere.transport import VsphereTransport
from tests.peers import shapes
from tests.peers.bmcs import BmcShape, resources
from tests.peers.doors import Doors, doors_of
from tests.peers.fleet import Fleet, HostShape
from tests.peers.live import Shells, running_shells, running_vcenter
from tests.peers.redfish import Bmc, Login, running_bmc

TARGET = "vcenter.lab.test"
SMALL: dict[str, Any] = {"host_timeout": 60.0, "command_timeout": 10.0, "connect_timeout": 5.0}


def main(folder: Path, names: Collection[str] = ()) -> None:
    """Record every shape, or those named, replacing what is there: one vCenter, a shell each."""
    wanted = {name: shapes.SHAPES[name] for name in names or shapes.SHAPES}
    fleet = Fleet(tuple(shapes.SHAPES.values()), (shapes.CLUSTER, shapes.AWAY))
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(TemporaryDirectory()))
        shells = stack.enter_context(running_shells(Fleet(tuple(shapes.MANAGED.values()))))
        doors = doors_of(shells, scratch)
        vcenter = stack.enter_context(running_vcenter(fleet, rewrite=doors.rewrite))
        session = VsphereTransport(
            Endpoint(vcenter.host, vcenter.user, vcenter.port, (str(vcenter.ca_file),)),
            lambda: vcenter.password,
            ways.requests(),
            services.WRITES,
        )
        source = LiveSource(TARGET, session)
        stack.callback(source.close)
        targets = {target.name: target for target in source.machines()}
        for shape, host in wanted.items():
            print(shape)  # noqa: T201  a command
            if shape in shapes.MANAGED:
                managed = _managed(doors, session, Ledger(scratch / "started"))
                _record(session, targets[host.name], host, folder / shape, shells, managed)
            else:
                _, bmc = shapes.WITH_BMC.get(shape, (host, None))
                record(session, targets[host.name], host, folder / shape, bmc)


def record(
    session: VsphereTransport,
    target: HostRef,
    host: HostShape,
    place: Path,
    bmc: BmcShape | None = None,
) -> None:
    """Record one host, with its BMC if it has one. The results beside the recording are kept."""
    neighbours = Fleet((host, *shapes.HEALTHY.hosts))  # a server beside a host that refuses
    with ExitStack() as stack:
        shells = stack.enter_context(
            running_shells(neighbours if host.shell_trouble == "refuse" else Fleet((host,)))
        )
        openers: dict[str, Opener] = {"shell": partial(_shell, shells)}
        if bmc is not None:
            running = stack.enter_context(running_bmc(resources(host, bmc)))
            openers["redfish"] = partial(_bmc, running)
        _record(session, target, host, place, shells, openers)


def _record(
    session: VsphereTransport,
    target: HostRef,
    host: HostShape,
    place: Path,
    shells: Shells,
    openers: dict[str, Opener],
) -> None:
    source = LiveSource(TARGET, session, openers=openers)
    recorded = _settled(source.collector([target]).collect(target), shells, host)
    expected = place / "expected.json"
    kept = expected.read_bytes() if expected.is_file() else b""
    shutil.rmtree(place, ignore_errors=True)
    recording.save(recorded, place)
    _unseal(place / recording.MANIFEST)
    if kept:
        expected.write_bytes(kept)


def _settled(recorded: Recording, shells: Shells, host: HostShape) -> Recording:
    """Put the host's name and root where a failure names this server's port and account."""
    captures = dict(recorded.captures)
    for key, capture in captures.items():
        if failure := capture.failure:
            detail = failure.detail.replace(f"{host.address}:{shells.port}", f"{host.name}:22")
            detail = detail.replace(shells.user, "root")
            failure = structs.replace(failure, detail=detail)
            captures[key] = structs.replace(capture, failure=failure)
    return structs.replace(recorded, captures=captures)


def _unseal(manifest: Path) -> None:
    """Leave out sizes and digests: these machines are there to be edited, by hand and by tests.

    The logins are those of the peers, and no part of a machine.
    """
    told = json.loads(manifest.read_bytes())
    told.pop("seal", None)
    for answer in told["answers"]:
        answer.pop("bytes", None)
        answer.pop("sha256", None)
    manifest.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")


def _shell(shells: Shells, so_far: SoFar) -> SshTransport:
    base = Shell("", known_hosts=(str(shells.known_hosts_file),), **SMALL)
    shell = shell_from_ssh_config(so_far.ref.name, config=shells.config_file, base=base)
    return SshTransport(shell, SHELL.allows, lambda: shells.password)


def _managed(doors: Doors, session: VsphereTransport, ledger: Ledger) -> dict[str, Opener]:
    """Open a shell whose service is started for it, as `--manage-ssh` does."""
    known = doors.config_file.with_name("known_hosts")
    shells = OurShells(
        Shell("", **SMALL), doors.config_file, "", 0, (str(known),), (), SHELL.allows,
        lambda: doors.shells.password,
    )  # fmt: skip
    return {"shell": Managing(shells, session, ledger, print, {})}


def _bmc(running: Bmc, _so_far: SoFar) -> RedfishTransport:
    door = Door(running.host, running.port, Login.user, fingerprint=running.fingerprint)
    return RedfishTransport(door, lambda: Login.password, Trials(), REDFISH.allows, print)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
