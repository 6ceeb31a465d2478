"""What hardening says against VMs and hosts that GPUs need as they are."""

from msgspec import Struct

from hostcheck.model.fact import Unknown

SCHEMA = "hostcheck.truce/1"


class Control(Struct, frozen=True):
    """One control of a hardening standard."""

    id: str
    line: str
    """Release line of ESXi it is about: `8.0`, `9`."""
    about: str
    """`VM` or `host`."""
    severity: str
    title: str
    stig_id: str
    """Of the checklist it is in; empty where that is not known."""
    group: str
    rule: str
    source: str
    """Where it is read."""


class ExceptedVm(Struct, frozen=True):
    """A VM that a control finds fault with, and that needs what it finds."""

    vm: str
    vm_id: str
    host: str
    target: str
    control: str
    """Empty: none that is known is about this release of ESXi."""
    devices: tuple[str, ...]
    """vGPU profiles and whole devices."""


class OpenShell(Struct, frozen=True):
    """A host whose SSH runs, which no GPU needs."""

    host: str
    target: str
    control: str


class VmsUnread(Struct, frozen=True):
    """A host of which it is not known what its VMs have, or whether its SSH runs."""

    host: str
    target: str
    why: Unknown


class Truce(Struct, frozen=True):
    """Exceptions that the VMs and hosts of a run need."""

    schema: str
    target: str
    controls: tuple[Control, ...]
    """Those that are named below."""
    vms: tuple[ExceptedVm, ...]
    shells: tuple[OpenShell, ...]
    unread: tuple[VmsUnread, ...]
    owner: str = ""
    """Who answers for the exceptions; empty: nobody yet."""
    expires: str = ""
    """The last day on which they hold."""
    ticket: str = ""
