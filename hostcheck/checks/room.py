"""Whether a GPU has room for the vGPUs of a VM, and the MIG mode that decides it too."""

from hostcheck.checks.condition import fit
from hostcheck.checks.engine import Facts, attempt
from hostcheck.checks.kinds import listed, model_of
from hostcheck.checks.modes import in_mig
from hostcheck.checks.series import one_series
from hostcheck.checks.subjects import GpuOnHost, Placement, profiles_of, runs_here
from hostcheck.model.fact import Fact, Known, Unknown, Why
from hostcheck.model.host import Host, PhysicalGpu
from hostcheck.model.release import release_of
from hostcheck.model.requirements import Architecture, Requirements, bare

SWITCHING = (Architecture.HOPPER, Architecture.BLACKWELL)
SWITCHING_SINCE = (8, 0, 3)
SWITCHES = "an empty GPU of its kind may change its mode by itself"
MODE_BY = "HostSystem config.graphicsInfo"


def has_room(
    gpu: PhysicalGpu, host: Host, wanted: tuple[str, ...], needs: Requirements
) -> Fact[bool]:
    """Say whether a GPU can take the profiles: in its driver's words where it was asked.

    Room on a GPU that no VM may start on is none, nor is room beside another series, nor, where
    the driver did not say it, room in the other MIG mode.
    """
    room = room_told(gpu, wanted)
    if never(room):
        return room
    serves = fit(GpuOnHost(gpu, host), needs)
    parts = (room, serves, one_series(gpu, host, wanted), _mode_fits(gpu, host, wanted, needs))
    no = next((one for one in parts if never(one)), None)
    return no or next((one for one in parts if isinstance(one, Unknown)), serves)


def surely_full(placed: Placement, gpus: tuple[PhysicalGpu, ...], needs: Requirements) -> set[str]:
    """Return the GPUs that surely have no room for the vGPUs of a VM that is to start."""

    def find(known: Facts) -> set[str]:
        if not placed.vm.vgpus or runs_here(placed, known):
            return set()
        wanted = profiles_of(placed.vm, known)
        rooms = {gpu.address: has_room(gpu, placed.host, wanted, needs) for gpu in gpus}
        return {
            where for where, room in rooms.items() if isinstance(room, Known) and not room.value
        }

    found = attempt(find)
    return set() if isinstance(found, Unknown) else found


def room_told(gpu: PhysicalGpu, wanted: tuple[str, ...]) -> Fact[bool]:
    """Say what the driver says of room; of a GPU that no VM uses where it was not asked."""
    creatable = gpu.profiles_creatable
    if isinstance(creatable, Known):
        offered = {bare(name) for name in creatable.value}
        return Known({bare(name) for name in wanted} <= offered, creatable.sources)
    if creatable.why is not Why.NOT_ASKED or isinstance(gpu.vm_ids, Unknown):
        return creatable
    return creatable if gpu.vm_ids.value else Known(True, gpu.vm_ids.sources)


def _mode_fits(
    gpu: PhysicalGpu, host: Host, wanted: tuple[str, ...], needs: Requirements
) -> Fact[bool]:
    """Say whether a GPU whose driver was not asked is in the MIG mode that the profiles need."""
    creatable = gpu.profiles_creatable
    if isinstance(creatable, Known):
        return Known(True)
    if creatable.why is not Why.NOT_ASKED:
        return creatable

    def fits(known: Facts) -> Known[bool]:
        model = model_of(gpu, needs, known)
        backed = {listed(model, name, known).mig for name in wanted}
        right = backed == {known(in_mig(host, gpu, model))}
        if not right and may_switch(gpu, host, needs, known):
            known.leave(Unknown(Why.ABSENT, SWITCHES, MODE_BY))
        return Known(right)

    return attempt(fits)


def may_switch(gpu: PhysicalGpu, host: Host, needs: Requirements, known: Facts) -> bool:
    """Say whether a GPU may change between MIG and time slices when a VM starts on it."""
    model = model_of(gpu, needs, known)
    if not model.mig or model.architecture not in SWITCHING:
        return False
    release = release_of(known(host.version))
    return release >= SWITCHING_SINCE and not known(gpu.vm_ids)


def never(serves: Fact[bool]) -> bool:
    """Say whether it is known that it does not."""
    return isinstance(serves, Known) and not serves.value
