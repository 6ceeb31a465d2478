"""What a user gave on the command line, in groups; a command sees the groups that it offers.

A field that nobody gave is empty: what the environment and the settings say is in `precedence`.
Plain dataclasses, so that `--help` imports nothing for them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hostcheck.ways.redfish.options import BmcReach
from hostcheck.ways.shell.options import Reach

if TYPE_CHECKING:
    from hostcheck.settings import SettingsFile

AUTO = "auto"


@dataclass(frozen=True, kw_only=True)
class Vsphere:
    """Which vCenters or ESXi hosts are asked. `timeout` is in seconds, for one answer.

    `settings` are those of the file that holds, read once; None where there is none.
    """

    vcenter: tuple[str, ...] = ()
    user: str = ""
    password_file: Path | None = None
    tls_ca: tuple[Path, ...] = ()
    tls_thumbprint: str = ""
    timeout: float | None = None
    settings: "SettingsFile | None" = None


@dataclass(frozen=True, kw_only=True)
class Machines(Vsphere):
    """Which hosts are asked, and in which ways besides vSphere: what is given for each, by name."""

    ways: Mapping[str, Any] = field(default_factory=dict)
    packages: bool | None = None
    workers: int | str | None = None
    """How many hosts side by side, AUTO, or the address of a Dask scheduler."""
    hosts: tuple[str, ...] = ()
    quiet: bool = False


@dataclass(frozen=True, kw_only=True)
class GuestAccess:
    """The login in guests."""

    guest_user: str = ""
    guest_password_file: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Smoking(GuestAccess):
    """Whether the smoke test runs, and in which guests."""

    smoke: bool | None = None
    smoke_guests: tuple[str, ...] = ()
    smoke_attribute: str = ""


@dataclass(frozen=True, kw_only=True)
class OpinionOptions:
    """Whether vCenter is asked for its own check of a power-on, and for how many seconds."""

    second_opinion: bool | None = None
    task_timeout: float | None = None


@dataclass(frozen=True, kw_only=True)
class Trusting(Vsphere):
    """Whose certificates and host keys are looked at, where they are pinned, and whether.

    `places` are BMCs; `esxi` and `ssh` are of the hosts that the vCenters list.
    """

    places: tuple[str, ...] = ()
    inventory: Path | None = None
    fingerprints: Path | None = None
    tls_known_hosts: Path | None = None
    esxi: bool = False
    ssh: bool = False
    ssh_hosts: tuple[str, ...] = ()
    ssh_port: int | None = None
    ssh_config: Path | None = None
    ssh_known_hosts: Path | None = None
    hosts: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    pin: bool = False


@dataclass(frozen=True, kw_only=True)
class Bare(BmcReach):
    """Which BMCs are asked by themselves, and for what; `places` are addresses or inventories."""

    places: tuple[str, ...] = ()
    judge: bool = False
    profile: str = ""
    bmc_timeout: float | None = None
    from_: Path | None = None
    save: Path | None = None
    quiet: bool = False
    settings: "SettingsFile | None" = None


NO_OPINION = OpinionOptions()
"""As no option says it."""


@dataclass(frozen=True, kw_only=True)
class OneGuest(Vsphere, Reach, GuestAccess):
    """Where one run of the smoke test takes place. `limit` is in seconds."""

    guest: str = ""
    over_ssh: str = ""
    hosts: tuple[str, ...] = ()
    limit: int | None = None
    device: int = 0
    quick: bool = False
