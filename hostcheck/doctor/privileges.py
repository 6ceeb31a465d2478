"""Which privileges the published requests need, and which of them an account has."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from hostcheck import ways
from hostcheck.model.capture import Request, Wire
from hostcheck.model.doctor import Lack
from hostcheck.model.fact import Unknown
from hostcheck.model.host_ref import HostRef
from hostcheck.parsers import vim_privileges
from hostcheck.parsers.vim_compute_resource import CLUSTER
from hostcheck.parsers.vim_host_system import REQUEST as HOST
from hostcheck.parsers.vim_virtual_machine import REQUEST as VM
from hostcheck.sources.live import LiveSource
from hostcheck.syntax.opened import opened
from hostcheck.syntax.rest import WIRE as REST

AT_ONCE = 500
"""Objects in one question."""
NAMES = 5
AUDIT, PACKAGES = "audit", "--packages"
MANAGES = "manage-ssh"
"""Stands among the ways that are used where SSH is started for the run."""
SENT_BY = {
    Wire.ESXCLI: "--esxcli", REST: "--lifecycle", Wire.WRITE: "hostcheck power-on",
    Wire.GUEST: "--smoke", Wire.SERVICE: "--manage-ssh",
}  # fmt: skip
"""What sends the requests of a wire; those of other wires are of every audit."""
READS = "System."
"""Begins the privileges that the Read-only role has."""
KINDS = {
    "Host.": HOST.template, "VcIntegrity.": CLUSTER.template, "VirtualMachine.": VM.template,
    READS: HOST.template,
}  # fmt: skip
"""On which objects a privilege counts, by how it begins."""


def needs() -> dict[str, dict[str, list[Request]]]:
    """Return by privilege, and by what sends them, the published requests that need it."""
    found: dict[str, dict[str, list[Request]]] = {}
    for one in ways.requests():
        if one.privilege:
            found.setdefault(one.privilege, {}).setdefault(sent_by(one), []).append(one)
    return found


def sent_by(request: Request) -> str:
    """Return the option or command that sends a request, `audit` where every run does."""
    if request.wire in SENT_BY:
        return SENT_BY[request.wire]
    of_hosts = request.privilege and not request.privilege.startswith(READS)
    return PACKAGES if of_hosts else AUDIT


def kind_of(privilege: str) -> str:
    """Return the managed object type on which a privilege counts."""
    return next(kind for begins, kind in KINDS.items() if privilege.startswith(begins))


Guests = frozenset[tuple[str, str]]
"""VMs by vCenter and id."""


class Grants:
    """What an account may do with the objects of a run."""

    def __init__(self) -> None:
        self._granted: dict[tuple[str, str], Mapping[str, bool]] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._kinds: dict[tuple[str, str], str] = {}
        self.notices: tuple[str, ...] = ()

    def ask(self, part: LiveSource, kind: str, names: Mapping[str, str]) -> None:
        """Ask about objects of one kind, by id; the names are for the reader."""
        wanted = [one for one in needs() if kind_of(one) == kind]
        ids = sorted(names)
        for start in range(0, len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            told = opened(part.granted(kind, some, wanted), vim_privileges.parse)
            if isinstance(told, Unknown):
                said = (
                    f"{part.target} does not tell which privileges {kind} objects grant: "
                    f"{told.detail}"
                )
                self.notices = tuple(dict.fromkeys((*self.notices, said)))
                return
            for one in some:
                key = (part.target, one)
                self._granted[key] = told.get(one, {})
                self._names[key], self._kinds[key] = names[one], kind

    def holds(self, target: str, object_id: str, privilege: str) -> bool | None:
        """Say whether an object grants a privilege; None where that is not known."""
        return self._granted.get((target, object_id), {}).get(privilege)

    def lacks(
        self, asks: frozenset[str], *, packages: bool, guests: Guests = frozenset()
    ) -> Iterator[Lack]:
        """Yield what is missing, what the run needs first; of guests that are named, on these."""
        sends = senders(asks, packages=packages)
        found = [
            made
            for privilege, by in needs().items()
            for sender, requests in by.items()
            for made in self._lack(
                privilege,
                sender,
                requests,
                wanted=sender in sends,
                only=guests if sender == SENT_BY[Wire.GUEST] else frozenset(),
            )
        ]
        yield from sorted(found, key=lambda one: (not one.wanted, one.privilege, one.target))

    def _lack(
        self, privilege: str, sender: str, requests: Sequence[Request], *, wanted: bool,
        only: Guests,
    ) -> Iterator[Lack]:  # fmt: skip
        texts = tuple(dict.fromkeys(one.template for one in requests))
        for target in sorted({key[0] for key in self._granted}):
            told = {
                key: granted[privilege]
                for key, granted in self._granted.items()
                if key[0] == target and privilege in granted and (not only or key in only)
            }
            missing = [key for key, granted in told.items() if not granted]
            if missing:
                names = sorted(self._names[key] for key in missing)
                yield Lack(
                    privilege, self._kinds[missing[0]], target, len(missing), len(told),
                    tuple(names[:NAMES]), texts, sender, wanted,
                )  # fmt: skip


def senders(asks: frozenset[str], *, packages: bool) -> frozenset[str]:
    """Return what sends requests in a run that uses these ways."""
    by_way = {
        "esxcli": "--esxcli", "rest": "--lifecycle", "guest": "--smoke", MANAGES: "--manage-ssh",
    }  # fmt: skip
    return frozenset(
        {AUDIT}
        | {sender for way, sender in by_way.items() if way in asks}
        | ({PACKAGES} if packages else set())
    )


def asked(parts: Iterable[LiveSource], refs: Sequence[HostRef]) -> Grants:
    """Ask each vCenter about the hosts of a run, their clusters and VMs."""
    grants = Grants()
    for part in parts:
        mine = [one for one in refs if one.vcenter == part.target]
        clusters = {one.cluster_id for one in mine if one.cluster_kind == CLUSTER.template}
        vms = [vm for one in mine for vm in one.vm_ids]
        for kind, names in (
            (HOST.template, {one.id: one.name for one in mine}),
            (CLUSTER.template, {one: part.inventory.clusters.get(one, one) for one in clusters}),
            (VM.template, {one: one for one in vms}),
        ):
            grants.ask(part, kind, names)
    return grants
