"""The room on one GPU for each profile: the catalogue's number, and the driver's word on it."""

from collections.abc import Iterator
from typing import Any, TypeVar

from msgspec.structs import replace

from hostcheck.capacity.rules import left
from hostcheck.capacity.seen import CATALOGUE, MIB, Count, SeenGpu, absent, lists, sizes
from hostcheck.errors import crash
from hostcheck.model.capacity import (
    GpuMode,
    Limit,
    Room,
    Total,
)
from hostcheck.model.fact import Fact, Known, Unknown, Why
from hostcheck.model.requirements import (
    GpuModel,
    VgpuProfile,
)

Told = TypeVar("Told", Room, Total)
UNAWARE = (Limit.HOST, Limit.GRAPHICS_TYPE, Limit.PASSTHROUGH, Limit.OTHER_KIND)
"""What a driver does not know of: that it would create a vGPU all the same is no disagreement."""
NOT_CREATABLE = "the driver says that it cannot be created now"


class Rooms:
    """Counts profiles on one GPU. `asked`: one was asked for, so other kinds of GPU are named."""

    def __init__(
        self, models: tuple[GpuModel, ...], wanted: tuple[str, ...], *, asked: bool
    ) -> None:
        self._wanted = wanted
        self._asked = asked
        self._catalogued = {
            name for name in wanted for model in models if model.profile(name) or model.spells(name)
        }
        self._rooms: dict[tuple[int, str], Room] = {}
        """By identity of the GPU, and profile."""
        self._told: dict[Any, Any] = {}
        """Each value that many GPUs and hosts share, once."""

    def forget(self) -> None:
        """Let go of the GPUs of the last cluster."""
        self._rooms = {}

    def names(self, one: SeenGpu) -> tuple[str, ...]:
        """Return the profiles that are worth a line on a GPU: all, if it may be of any kind."""
        if self._asked or isinstance(one.model, Unknown):
            return self._wanted
        return tuple(each.name for each in one.model.profiles)

    def room(self, one: SeenGpu, name: str) -> Room:
        """Count one profile on one GPU as it is now, once."""
        key = (id(one), name)
        if key not in self._rooms:
            self._rooms[key] = self.once(self._walled(one, name))
        return self._rooms[key]

    def _walled(self, one: SeenGpu, name: str) -> Room:
        """Count; what goes wrong is a room that is not known, of this GPU alone."""
        try:
            return self.judged(one, name)
        except Exception as error:  # noqa: BLE001  one odd GPU, not the run
            return room_of(name, Unknown(Why.UNPARSED, crash(error), "hostcheck"))

    def once(self, told: Told) -> Told:
        """Return the first of equal values."""
        first: Told = self._told.setdefault(told, told)
        return first

    def judged(self, one: SeenGpu, name: str) -> Room:
        """Take the catalogue's number, then the driver's word on it."""
        counted = self._counted(one, name)
        said = one.creatable
        if isinstance(said, Unknown):
            return room_of(name, counted)
        creatable = lists(said.value, name)
        if isinstance(counted, Unknown):
            if creatable:
                return room_of(name, counted, "; the driver says that one more can be created")
            return Room(name, Known(0, said.sources), Limit.DRIVER, NOT_CREATABLE)
        room = room_of(name, counted)
        if creatable and not counted.free and counted.limit not in UNAWARE:
            says = f"the driver says that it can be created; {counted.reason}"
            return replace(room, disagreement=says)
        if not creatable and counted.free:
            return Room(
                name, Known(0, said.sources), Limit.DRIVER, NOT_CREATABLE,
                disagreement=f"the catalogue leaves room for {counted.free} ({counted.reason}); "
                f"{NOT_CREATABLE}",
            )  # fmt: skip
        return room

    def _counted(self, one: SeenGpu, name: str) -> Count | Unknown:
        """Count without the driver's word. What forbids goes before what is not known."""
        first: Unknown | None = None
        for bound in self._bounds(one, name):
            if isinstance(bound, Count):
                return bound
            first = first or bound
        return first or absent(f"nothing tells how many {name} fit", CATALOGUE)

    def _bounds(self, one: SeenGpu, name: str) -> Iterator[Count | Unknown]:
        """Yield whatever forbids the profile or leaves that open; the count only if nothing did."""
        if isinstance(one.model, Unknown):
            yield from (*one.gates, one.model)
            return
        wanted = self._of_kind(one.model, name)
        if not isinstance(wanted, VgpuProfile):
            other = isinstance(wanted, Count)
            yield from (wanted,) if other else (*one.gates, wanted)
            return
        yield from one.gates
        seen = list(one.gates)
        for bound in (_mode_fits(one.mode, wanted), *_offered(one, name)):
            if bound is not None:
                seen.append(bound)
                yield bound
        running = sizes(one)
        if isinstance(running, Unknown):
            yield running
        elif not isinstance(one.mode, Unknown):
            bound = left(one, one.model, wanted, running)
            if isinstance(bound, Unknown) or not bound.free or not seen:
                yield bound

    def _of_kind(self, model: GpuModel, name: str) -> VgpuProfile | Count | Unknown:
        found = model.profile(name)
        if found is not None and not found.verified:
            return absent(f"how many {found.name} fit is not verified", CATALOGUE)
        if found is not None:
            return found
        if model.spells(name):
            return absent(f"{name} is not among the profiles of {model.name}", CATALOGUE)
        if name in self._catalogued:
            return Count(0, Limit.OTHER_KIND, f"{model.name} does not make it")
        return absent(f"{name} is in no list of the catalogue", CATALOGUE)


def room_of(name: str, counted: Count | Unknown, more: str = "") -> Room:
    """Make a room of a count, or of why there is none."""
    if isinstance(counted, Unknown):
        return Room(name, counted, Limit.UNKNOWN, counted.detail + more)
    return Room(name, Known(counted.free), counted.limit, counted.reason, counted.at_least)


def _mode_fits(mode: GpuMode | Unknown, wanted: VgpuProfile) -> Count | Unknown | None:
    if isinstance(mode, Unknown):
        return mode
    if mode is GpuMode.MIG and not wanted.mig:
        return Count(0, Limit.MIG_ON, "the GPU is in MIG mode, the profile is time-sliced")
    if mode is not GpuMode.MIG and wanted.mig:
        return Count(0, Limit.MIG_OFF, "MIG is off, the profile is MIG-backed")
    return None


def _offered(one: SeenGpu, name: str) -> Iterator[Count | Unknown]:
    """Yield that vSphere or the installed driver does not make the profile here at all."""
    if isinstance(one.offered, Unknown):
        yield one.offered
    elif not lists(one.offered.value, name):
        yield Count(0, Limit.NOT_OFFERED, "vSphere does not offer it on this host")
    if isinstance(one.supported, Known) and not lists(one.supported.value, name):
        yield Count(0, Limit.NOT_OFFERED, "the driver does not make it on this GPU")


def locked(one: SeenGpu) -> Fact[int]:
    """Return the size that a GPU is locked to; only same-size mode locks."""
    shut = any(isinstance(gate, Count) for gate in one.gates)
    if not shut and isinstance(one.mode, Unknown):
        return one.mode
    if shut or one.mode is not GpuMode.SAME_SIZE:
        return Known(0)
    running = sizes(one)
    if isinstance(running, Unknown):
        return running
    return Known(running[0][1].framebuffer_mib * MIB if running else 0)
