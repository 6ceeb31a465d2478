"""What is asked of one machine: way by way, each knowing what those before it were told."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from functools import cached_property
from types import MappingProxyType

import msgspec

from hostcheck import ways
from hostcheck.assemble import gpu_addresses, may_have_gpus, offline, smoke, system_of
from hostcheck.assemble.book import Book
from hostcheck.errors import UsageError
from hostcheck.model.capture import Capture, Request, Wire
from hostcheck.model.fact import Fact, Unknown, Why
from hostcheck.model.host_ref import HostRef
from hostcheck.model.pci import PciAddress
from hostcheck.model.recording import Recording
from hostcheck.model.seal import NO_SEAL, Login, Seal
from hostcheck.model.vm_class import Offered
from hostcheck.parsers import (
    esxcli_hardware_pci_list,
    rest_supervisor_clusters,
    rest_vm_classes,
    vim_directpath_capacity,
    vim_host_system,
    vim_software_packages,
)
from hostcheck.sources import walls
from hostcheck.sources.base import Source
from hostcheck.sources.namespaces import Namespaces
from hostcheck.syntax.opened import opened, opened_early
from hostcheck.ways.base import Opener, SoFar, Transport
from hostcheck.ways.recorder import RecorderTransport
from hostcheck.ways.replay import ReplayTransport
from hostcheck.ways.shell import order
from hostcheck.ways.vsphere import second_opinion

VSPHERE, SMOKE, BMC = "vsphere", "guest", "redfish"
"""The way that says which machines there are, so that each is asked by it; and two that have checks
of their own: the smoke test, and BMCs."""


class _Told:
    """What one machine has told so far; what nobody needs is not worked out."""

    def __init__(self, ref: HostRef, asked: RecorderTransport, *, packages: bool) -> None:
        self.ref = ref
        self.packages = packages
        self._asked = asked

    @cached_property
    def _system(self) -> vim_host_system.HostSystem | None:
        capture = self._asked.fetch(vim_host_system.REQUEST.of(self.ref.id))
        found = opened_early(capture, vim_host_system.parse)
        return None if isinstance(found, Unknown) else found

    def system(self) -> vim_host_system.HostSystem | None:
        """Return what vSphere says of the host, None where that was not understood."""
        return self._system

    def numbers(self) -> tuple[str, ...]:
        """Return the serial number and the service tags of the machine, as vSphere tells them."""
        capture = self._asked.fetch(vim_host_system.REQUEST.of(self.ref.id))
        told = opened(capture, vim_host_system.identity)
        if isinstance(told, Unknown):
            return ()
        tags = () if isinstance(told.service_tags, Unknown) else told.service_tags
        return tags if isinstance(told.serial, Unknown) else (told.serial, *tags)

    def holes(self) -> bool:
        """Say whether vSphere refused to tell something of the host, or told nothing."""
        capture = self._asked.fetch(vim_host_system.REQUEST.of(self.ref.id))
        return _with_holes(opened_early(capture, vim_host_system.parse))

    def may_have_gpus(self) -> bool:
        """Say whether vSphere lists NVIDIA GPUs, or it is not known what it lists."""
        return self._system is not None and may_have_gpus(self._system)

    def gpus(self) -> tuple[PciAddress, ...]:
        """Return the addresses of the NVIDIA GPUs that vSphere lists."""
        return gpu_addresses(self._system)

    def smoke_guests(self) -> tuple[str, ...]:
        """Return the ids of the VMs in which the smoke test is to run, of those named."""
        return smoke.guests_of(walls.host_of(Recording(self.ref, self._asked.captures)))


Begun = Callable[[], Recording]
"""Waits for what a way tells of a machine."""
Opening = Callable[[Opener, SoFar], AbstractContextManager[Transport]]
"""Opens a way to one machine, and closes it in the end."""


@contextmanager
def opening(opener: Opener, so_far: SoFar) -> Iterator[Transport]:
    """Open a way to one machine for a while."""
    with closing(opener(so_far)) as transport:
        yield transport


def ask_host(
    ref: HostRef,
    through: Mapping[str, Transport],
    openers: Mapping[str, Opener],
    *,
    packages: bool,
    opening: Opening = opening,
    begun: Mapping[str, Begun] = MappingProxyType({}),
    knocks: bool = False,
    seal: Seal = NO_SEAL,
) -> Recording:
    """Ask one machine by each way that has a transport or an opener, in the order of ways.

    A way that was `begun` before its turn is waited for then. Where it `knocks`, no more is asked
    than shows which ways are open, but of a machine `with_holes`. The logins of ways that have one
    are added to the `seal`.
    """
    routes: dict[str, Transport] = {}
    logins = dict.fromkeys(seal.logins)
    asked = RecorderTransport(routes)
    so_far = _Told(ref, asked, packages=packages and not knocks)
    wholly = not knocks
    for way in ways.every():
        if way.name in begun:
            early = begun[way.name]()
            asked.captures |= early.captures
            logins |= dict.fromkeys(early.seal.logins)
            if not knocks or not wholly:
                continue
        with ExitStack() as open_one:
            if way.name in openers:
                transport = open_one.enter_context(opening(openers[way.name], so_far))
            elif way.name in through:
                transport = through[way.name]
            else:
                continue
            routes |= {one.wire: transport for one in way.wirings if not one.changes}
            (way.collect if wholly or way.knock is None else way.knock)(asked, so_far)
            if knocks and way.name == VSPHERE and so_far.holes():
                wholly, so_far.packages = True, packages
                way.collect(asked, so_far)
            login = getattr(transport, "login", None)
            if login is not None:
                logins[login] = None
        asked.captures |= getattr(transport, "changes", {})  # whole when it was closed
    return Recording(ref, asked.captures, Seal(seal.options, in_order(logins)))


def in_order(logins: Iterable[Login]) -> tuple[Login, ...]:
    """Return logins in the order of ways, whoever was the first to ask by one."""
    places = {way.name: number for number, way in enumerate(ways.every())}
    return tuple(sorted(logins, key=lambda one: places.get(one.way, len(places))))


def with_holes(recorded: Recording) -> bool:
    """Say whether vSphere refused to tell something of a host, or told nothing.

    What other ways tell then decides what is judged, and cannot be foreseen: such a machine is
    asked all that a run asks.
    """
    capture = recorded.captures.get(vim_host_system.REQUEST.of(recorded.ref.id).key)
    return capture is not None and _with_holes(opened(capture, vim_host_system.parse))


def _with_holes(system: vim_host_system.HostSystem | Unknown) -> bool:
    if isinstance(system, Unknown):
        return True
    told = (getattr(system, name) for name in system.__struct_fields__)
    return any(isinstance(one, Unknown) and one.why is Why.DENIED for one in told)


def may_begin(ref: HostRef, opener: Opener) -> bool:
    """Say whether a way can be opened before a machine was asked anything else."""
    early = getattr(opener, "early", None)
    return early is not None and bool(early(ref))


def finish(ref: HostRef, there: Recording, openers: Mapping[str, Opener]) -> Recording:
    """Put the questions of today to answers that are there, and to what openers open."""
    if offline(ref, {key[0] for key in there.captures}):
        return _again(there)
    replay = ReplayTransport(there)
    wires = {key[0] for key in there.captures}
    asked = {key[1] for key in there.captures}
    replayed: dict[str, Transport] = {
        way.name: replay for way in ways.every() if way.name == VSPHERE or way.wires & wires
    }
    packages = vim_software_packages.REQUEST.template in asked
    changed = {key: one for key, one in there.captures.items() if key[0] == Wire.SERVICE}
    left = {name: one for name, one in openers.items() if not ways.named(name).wires & wires}
    told = ask_host(ref, replayed, left, packages=packages, seal=there.seal)
    return told.with_answers(changed)


class _Refusing:
    """Answers from what is there; some questions, or all, are refused as they would be."""

    def __init__(
        self, there: Recording, refused: Mapping[str, Unknown], every: Unknown | None = None
    ) -> None:
        self._replay = ReplayTransport(there)
        self._refused = refused
        self._every = every

    def fetch(self, request: Request) -> Capture:
        """Answer, or refuse."""
        why = self._refused.get(request.template, self._every)
        if why is None:
            return self._replay.fetch(request)
        failure = msgspec.structs.replace(why, asked=request.text)
        return Capture(request, failure=failure)

    def expect(self, requests: Iterable[Request]) -> None:
        """Do nothing: nothing travels."""

    def close(self) -> None:
        """Do nothing: nothing is open."""


def foreseen(
    there: Recording,
    closed: Mapping[str, Unknown],
    refused: Mapping[str, Unknown],
    elsewhere: Collection[str] = (),
) -> Recording:
    """Return what a run would be told of a machine where these ways are closed.

    `there` was knocked at. `refused` are questions of vSphere, by template, that an account may not
    put. Over ways that are open nothing more is told than `there`; what they will tell, `elsewhere`
    by template, is left open where a closed way is asked for it too.
    """
    through: dict[str, Transport] = {VSPHERE: _Refusing(there, refused)}
    through |= {way: _Refusing(there, {}, why) for way, why in closed.items()}
    if any(key[0] == Wire.GIVEN for key in there.captures):
        through[SMOKE] = _Refusing(there, {})
    made = ask_host(there.ref, through, {}, packages=bool(refused))
    told = {
        key: one
        for key, one in made.captures.items()
        if one.failure is None or one.request.template not in elsewhere or key in there.captures
    }
    return there.with_answers({**there.captures, **told})


def _again(there: Recording) -> Recording:
    """Put the questions of today to answers that a host's own shell gave; all of those are kept."""
    asked = RecorderTransport({Wire.SHELL: ReplayTransport(there)})
    asked.fetch(esxcli_hardware_pci_list.REQUEST)
    host = system_of(Book(asked.captures)).value
    order.ask(asked, () if isinstance(host, Unknown) else gpu_addresses(host))
    return there.with_answers(asked.captures)


def vcenter_count(source: Source, recorded: Recording, profile: str) -> Fact[int]:
    """Ask vCenter how many more vGPUs of a profile fit on a host; it tells from 9.0 on."""
    request = vim_directpath_capacity.REQUEST.of(recorded.ref.id, profile=profile)
    book = Book(walls.ask(source.asker(recorded.ref.vcenter), recorded, [request]).captures)
    return book.read(request, vim_directpath_capacity.parse).fact(lambda remaining: remaining)


def with_offers(source: Source, recorded: Recording) -> Recording:
    """Return a machine's answers with what it offers to a VM: devices, labels, groups."""
    asker = source.asker(recorded.ref.vcenter)
    return walls.ask(asker, recorded, [second_opinion.offered(recorded)])


def offered_classes(rest: Transport, vcenter: str) -> Offered:
    """Ask one vCenter for its VM classes and the namespaces that use them.

    What it does not tell is a notice, and leaves the rest. Raises UsageError without classes.
    """
    told = opened(rest.fetch(rest_vm_classes.REQUEST), rest_vm_classes.parse)
    if isinstance(told, Unknown):
        raise UsageError(f"{vcenter} tells no VM classes: {told.detail}; give them as FILE")
    notices = [*told.odd]
    names = opened(rest.fetch(rest_supervisor_clusters.REQUEST), rest_supervisor_clusters.parse)
    if isinstance(names, Unknown):
        notices.append(f"clusters with vSphere Kubernetes are not told: {names.detail}")
        names = {}
    asking = Namespaces(rest)
    spaces = asking.every(name for one in told.classes for name in one.namespaces)
    notices += asking.notices
    classes = tuple(msgspec.structs.replace(one, source=vcenter) for one in told.classes)
    return Offered(
        classes, spaces, names, tuple(notices), unread=bool(told.odd), unlisted=asking.unlisted
    )
