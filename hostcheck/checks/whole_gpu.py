"""VM: what a whole GPU asks of its VM: EFI firmware, and 64-bit space for the memory it maps."""

from msgspec import Struct
from msgspec.structs import replace

from hostcheck.checks.engine import Facts, check, judge, not_applicable, run, unsure
from hostcheck.checks.kinds import is_part, listed, model_of
from hostcheck.checks.pci import DELIVERED_WITH_DISPLAY
from hostcheck.checks.subjects import (
    Placement,
    addresses,
    every_placement,
    once,
    profiles_of,
    runs_here,
    serving_gpus,
    takes,
    whole_gpus,
)
from hostcheck.model.host import PhysicalGpu
from hostcheck.model.requirements import GpuModel, Requirements
from hostcheck.model.result import Severity, Verdict
from hostcheck.model.vm import Vm
from hostcheck.words import count

GUIDE = "https://docs.nvidia.com/grid/17.0/grid-vgpu-user-guide/"
MMIO_TABLE = "https://docs.nvidia.com/ai-enterprise/release-6/latest/appendix/vgpu.html"
LIMIT = "https://www.dell.com/support/kbdoc/en-us/000199172"
NVSWITCH = "https://docs.nvidia.com/ai-enterprise/release-8/latest/"
DEFAULT_MMIO_GIB = 32
WITHOUT_MMIO_GIB = 4
"""More than a VM maps without 64-bit MMIO: 917504 pages, 3.5 GiB."""
LARGE_BOARD_GIB = 16
"""Memory of the smallest boards of which anybody tells that they need 64-bit MMIO."""
LARGE_VM_BYTES = 32 * 2**30
"""Memory from which on NVIDIA's table of MMIO sizes counts for a VM with a vGPU."""
GENERAL_GIB = 64
"""What NVIDIA asks for at least."""
SWITCHED = ("b200", "b300")
"""Boards that come with NVSwitch alone, and whose switches are no PCI devices of the host."""


class Space(Struct, frozen=True):
    """64-bit MMIO space that the whole GPUs of a VM take, GiB."""

    count: int
    wanted: int
    """Enough, by NVIDIA's table or the rule behind it."""
    least: int
    """With less the VM surely does not start; 0 where that is not known."""
    doubt: str
    """Why nothing is sure between the two."""


@check(
    "VM-002",
    title="A VM with a whole GPU boots with EFI",
    severity=Severity.REQUIRED,
    source=LIMIT,
    each=every_placement,
    why=(
        "A whole GPU maps its memory into the VM. What is larger than 256 MB comes above 4 GB, "
        "which a VM with BIOS firmware does not reach: it does not start. The guest must have "
        "been installed with EFI."
    ),
    symptom="Module 'DevicePowerOn' power on failed.",
    fix="Install the guest with EFI firmware; changing the setting alone leaves it unbootable.",
    how=(
        run("vSphere Client", "{vm} > Edit Settings > VM Options > Boot Options > Firmware: EFI"),
    ),
    needs=("VM power off",),
)
def efi_for_a_whole_gpu(placed: Placement, needs: Requirements, known: Facts) -> Verdict:
    known(placed.vm.devices)
    space = _space(placed, needs, known)
    if space is None:
        return not_applicable("no whole GPU that maps more than 256 MB into the VM: see VM-025")
    firmware, expected = known(placed.vm.firmware), "firmware efi"
    observed = f"firmware {firmware}"
    if firmware == "efi":
        return judge(ok=True, observed=observed, expected=expected)
    doubt = _doubt(placed, space, known)
    if not doubt:
        return judge(ok=False, observed=observed, expected=expected)
    return unsure(observed, expected, doubt)


@check(
    "VM-004",
    title="The VM has enough 64-bit MMIO space for its whole GPUs",
    severity=Severity.REQUIRED,
    source=MMIO_TABLE,
    each=every_placement,
    why=(
        "A whole GPU, given through passthrough or as a full-framebuffer vGPU, maps all of its "
        "memory into the VM. Without 64-bit MMIO a VM maps 3.5 GB, with it 32 GB unless more is "
        "set. For several GPUs the space is the sum of their memory rounded up to a power of two, "
        "doubled."
    ),
    symptom=(
        "PCIPassthru: total number of pages needed exceeds limit, failing; Module 'DevicePowerOn' "
        "power on failed."
    ),
    fix="Set both advanced settings of the VM; it needs EFI firmware.",
    how=(
        run(
            "govc",
            "govc vm.change -vm {vm} -e pciPassthru.use64bitMMIO=TRUE -e "
            "pciPassthru.64bitMMIOSizeGB={gigabytes}",
        ),
    ),
    needs=("VM power off",),
)
def mmio_space(placed: Placement, needs: Requirements, known: Facts) -> Verdict:
    vm = placed.vm
    known(vm.devices)
    space = _space(placed, needs, known)
    if space is None:
        return not_applicable("no whole GPU that needs more than the default MMIO space")
    options = {key.lower(): value for key, value in known(vm.options).items()}
    on = options.get("pcipassthru.use64bitmmio", "").upper() == "TRUE"
    size = options.get("pcipassthru.64bitmmiosizegb", "")
    given = int(size) if size.isdecimal() else DEFAULT_MMIO_GIB
    observed = f"64-bit MMIO {'on' if on else 'off'}, {given} GiB"
    expected = f"64-bit MMIO on, {space.wanted} GiB for {count(space.count, 'whole GPU')}"
    if on and given >= space.wanted:
        return judge(ok=True, observed=observed, expected=expected)
    doubt = _doubt(placed, space, known) if (given if on else 0) < space.least else space.doubt
    if not doubt:
        return judge(ok=False, observed=observed, expected=expected, gigabytes=space.wanted)
    return unsure(observed, expected, doubt)


@check(
    "VM-025",
    title="A VM with a GPU boots with EFI",
    severity=Severity.RECOMMENDED,
    source=GUIDE,
    each=every_placement,
    why=(
        "A part of a GPU, or a small one, fits a VM with BIOS firmware; a large whole one later "
        "does not, and the firmware of an installed guest cannot be changed."
    ),
    fix="Install the next guest of this kind with EFI firmware.",
    how=(
        run("vSphere Client", "{vm} > Edit Settings > VM Options > Boot Options > Firmware: EFI"),
    ),
    needs=("VM power off",),
)
def efi_for_any_gpu(placed: Placement, needs: Requirements, known: Facts) -> Verdict:
    vm = placed.vm
    known(vm.devices)
    if _space(placed, needs, known) is not None:
        return not_applicable("a whole GPU: see VM-002")
    firmware, expected = known(vm.firmware), "firmware efi"
    return judge(ok=firmware == "efi", observed=f"firmware {firmware}", expected=expected)


@check(
    "VM-026",
    title="No GPU of a board with NVSwitch is given to the VM whole",
    severity=Severity.RECOMMENDED,
    source=NVSWITCH,
    each=every_placement,
    decides_now=True,
    why=(
        "Under vSphere NVIDIA supports the GPUs of NVSwitch boards as vGPUs only. A GPU that was "
        "given away as a whole has no Fabric Manager that brings up its NVLink."
    ),
    fix="Give the VM full-framebuffer vGPUs, several of them as a device group.",
    how=(
        run(
            "vSphere Client",
            "{vm} > Edit Settings > Add New Device > PCI Device: a device group, or an NVIDIA vGPU",
        ),
    ),
    needs=("VM power off",),
)
def no_whole_gpu_of_an_nvswitch_board(
    placed: Placement, _needs: Requirements, known: Facts
) -> Verdict:
    vm = placed.vm
    known(vm.devices)
    if not whole_gpus(vm, known):
        return not_applicable("no whole GPU by passthrough")
    gpus = [gpu for gpu in known(placed.host.gpus) if _passed(vm, gpu, known)]
    if not gpus:
        return not_applicable("no GPU here is its passthrough device: see VM-006, VM-007")
    switches = known(placed.host.nvswitches)
    unseen = [gpu for gpu in gpus if not switches and known(gpu.catalogue_key) in SWITCHED]
    seen = f"{len(switches)} NVSwitch devices" if switches else ""
    return judge(
        ok=not switches and not unseen,
        observed=f"{addresses(tuple(gpus))} for it, {seen or 'no NVSwitch'}",
        expected="a board without NVSwitch, or vGPUs",
        note="the board always has it" if unseen else "",
    )


def _passed(vm: Vm, gpu: PhysicalGpu, known: Facts) -> bool:
    return any(takes(device, gpu, known) for device in whole_gpus(vm, known))


@once
def _space(placed: Placement, needs: Requirements, known: Facts) -> Space | None:
    """Say what the VM's whole GPUs need; None where there are none, or small ones only."""
    models = [*_vgpus(placed, needs, known), *_passed_through(placed, needs, known)]
    large = [one for one in models if one.model.sriov != "t4" and one.gib >= LARGE_BOARD_GIB]
    if not large:
        return None
    mapped = sum(_power_of_two(one.gib) for one in large if one.least)
    several = len(large) > 1
    return Space(
        count=len(large),
        wanted=max(
            *(one.wanted for one in large),
            2 * _power_of_two(sum(one.gib for one in large)) if several else 0,
        ),
        # beside the memory the small windows of the GPUs need room
        least=max(*(one.least for one in large), mapped + 1 if several and mapped else 0),
        doubt=next((one.doubt for one in large if one.doubt), "it is a rule, and no table"),
    )


def _doubt(placed: Placement, space: Space, known: Facts) -> str:
    """Say why it is not sure that the VM does not start, empty where it is."""
    if not space.least:
        return space.doubt
    if runs_here(placed, known):
        return "it runs: it started with this, or with what was set before; a restart will show"
    return ""


class _Board(Struct, frozen=True):
    """One whole GPU of a VM: what it is, and what is sure of the space that it takes."""

    model: GpuModel
    wanted: int
    least: int
    doubt: str = ""

    @property
    def gib(self) -> int:
        return self.model.framebuffer_gib


def _vgpus(placed: Placement, needs: Requirements, known: Facts) -> list[_Board]:
    """Return the full-framebuffer vGPUs of a large VM."""
    vm = placed.vm
    if not vm.vgpus:
        return []
    gpus = serving_gpus(placed, needs, known)
    if not gpus:
        return []
    model = model_of(gpus[0], needs, known)
    profiles = {name: listed(model, name, known) for name in profiles_of(vm, known)}
    whole = {name for name, one in profiles.items() if not one.mig and not is_part(one, model)}
    count = sum(known(vgpu.profile) in whole for vgpu in vm.vgpus)
    if not count or known(vm.memory_bytes) < LARGE_VM_BYTES:
        return []
    return [_board(model, maps_all=_in_table(model))] * count


def _passed_through(placed: Placement, needs: Requirements, known: Facts) -> list[_Board]:
    """Return what passthrough gives the VM; of several kinds that it may get the most needy."""
    boards = []
    for device in whole_gpus(placed.vm, known):
        alike = [gpu for gpu in known(placed.host.gpus) if takes(device, gpu, known)]
        kinds = [_whole(_of_known_size(gpu, needs, known)) for gpu in alike]
        if kinds:
            most = max(kinds, key=lambda one: one.wanted)
            boards.append(replace(most, least=min(one.least for one in kinds)))
    return boards


def _of_known_size(gpu: PhysicalGpu, needs: Requirements, known: Facts) -> GpuModel:
    """Return what a GPU is; leaves the check where neither catalogue nor host tells its memory."""
    model = model_of(gpu, needs, known)
    if not model.framebuffer_gib:
        known(gpu.catalogue_key)
    return model


def _whole(model: GpuModel) -> _Board:
    shows = model.key in DELIVERED_WITH_DISPLAY
    return _board(model, maps_all=not shows and (_in_table(model) or model.sriov == "required"))


def _in_table(model: GpuModel) -> bool:
    return bool(model.vm_mmio_gib) and model.vm_mmio_verified


def _board(model: GpuModel, *, maps_all: bool) -> _Board:
    """Say what a board takes. `maps_all`: it is sure that it maps all of its memory."""
    inferred = max(GENERAL_GIB, 2 * _power_of_two(model.framebuffer_gib))
    wanted = model.vm_mmio_gib or inferred
    if not _in_table(model):
        doubt = f"no table names {model.name}: {wanted} GiB is inferred from its memory"
        return _Board(model, wanted, WITHOUT_MMIO_GIB if maps_all else 0, doubt)
    if not maps_all:
        doubt = f"what {model.name} maps depends on its display mode, which is not known"
        return _Board(model, wanted, 0, doubt)
    return _Board(model, wanted, wanted)


def _power_of_two(number: int) -> int:
    """Return the power of two that is not smaller."""
    return 1 << (number - 1).bit_length()
