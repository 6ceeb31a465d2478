"""Machines that nobody designed: varied hosts, served by the live peers and recorded from them."""

import random
import sys
from pathlib import Path

from hostcheck import ways
from hostcheck.sources.live import LiveSource
from hostcheck.ways.tls import Endpoint
from hostcheck.ways.vsphere.transport import VsphereTransport
from tests.peers import shapes
from tests.peers.live import Missing, running_vcenter
from tests.peers.record import TARGET, record
from tests.torture.run import ROOT


def recorded_fleet(count: int, work: Path) -> list[str]:
    """Return the folders of that many generated machines. They are recorded once.

    None, with a line that says so, where the peers cannot run.
    """
    folders = [work / "fleet" / f"{number:03d}" for number in range(1, count + 1)]
    if not all((one / "manifest.json").is_file() for one in folders):
        try:
            _record(count, folders)
        except Missing as reason:
            sys.stderr.write(f"no generated machines: {reason}\n")
            return []
    return [str(one.resolve().relative_to(ROOT)) for one in folders]


def _record(count: int, folders: list[Path]) -> None:
    fleet = shapes.many(count, seed=random.Random(count).randrange(10**6))
    with running_vcenter(fleet) as vcenter:
        session = VsphereTransport(
            Endpoint(vcenter.host, vcenter.user, vcenter.port, (str(vcenter.ca_file),)),
            lambda: vcenter.password,
            ways.requests(),
        )
        source = LiveSource(TARGET, session)
        try:
            targets = {target.name: target for target in source.machines()}
            for host, place in zip(fleet.hosts, folders, strict=True):
                sys.stderr.write(f"recording {host.name}\n")
                record(session, targets[host.name], host, place)
        finally:
            source.close()
