"""`nvidia-smi vgpu -q`: the vGPUs that run now, with VM, type, guest driver and licence.

GPU 00000000:3B:00.0
    Active vGPUs                          : 1
    vGPU ID                               : 3251634213
        VM ID                             : 2098311
        VM Name                           : cad-07
        vGPU Name                         : NVIDIA A40-8Q
        License Status                    : Licensed (Expiry: 2026-11-30 8:15:0 GMT)
"""

from collections.abc import Sequence

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.host import Mode
from hostcheck.model.pci import PciAddress
from hostcheck.syntax import smi_words as words
from hostcheck.syntax.field_tree import Field
from hostcheck.syntax.smi_words import Noticed
from hostcheck.syntax.vgpu_blocks import VgpuBlock, blocks_of

REQUEST = Request(Wire.SHELL, "nvidia-smi vgpu -q", "running vGPUs: VM, type, driver, licence")


LICENCES = ("Licensed", "Unlicensed")
"""Each may be followed by words in brackets: an expiry, or how it is restricted."""


class ActiveVgpu(Struct, frozen=True, kw_only=True):
    """One vGPU of one VM on the GPU at `address`."""

    address: PciAddress
    vgpu_id: Reading[int]
    vm_id: Reading[str]
    """A world id on ESXi, a UUID on KVM."""
    vm_name: Reading[str]
    type_name: Reading[str]
    guest_driver: Reading[str]
    """Unknown until the guest has loaded one."""
    licence: Reading[str]
    ecc: Reading[Mode]
    framebuffer_total_bytes: Reading[int]
    framebuffer_used_bytes: Reading[int]
    gpu_instance_id: Reading[int]
    """Known for vGPUs backed by MIG only."""
    placement_id: Reading[int]


class BusyGpu(Struct, frozen=True, kw_only=True):
    """One GPU. `vgpus` is Unknown when the answer lists fewer or more than it counts."""

    address: PciAddress
    active_vgpus: Reading[int]
    vgpus: Reading[tuple[ActiveVgpu, ...]]


class RunningVgpus(Noticed, frozen=True, kw_only=True):
    """Every GPU that can have vGPUs, idle ones too."""

    gpus: tuple[BusyGpu, ...]


def parse(text: str) -> RunningVgpus:
    """Read the running vGPUs of every GPU."""
    what = REQUEST.template
    blocks, notices = blocks_of(text, what=what)
    return RunningVgpus(
        gpus=tuple(_gpu(block) for block in blocks),
        lost=notices.lost,
        lost_unnamed=notices.lost_unnamed,
        inforom_corrupted=notices.inforom_corrupted,
        reset_needed=notices.reset_needed,
    )


def _gpu(block: VgpuBlock) -> BusyGpu:
    listed = block.field.named("vGPU ID")
    if block.field.children and not listed and not block.field.named("Active vGPUs"):
        first = block.field.children[0].label
        raise ParseError(f"{block.what}: expected 'Active vGPUs', not {words.quoted(first)}")
    active = block.read(words.number, "Active vGPUs")
    return BusyGpu(address=block.address, active_vgpus=active, vgpus=_vgpus(block, active, listed))


def _vgpus(
    block: VgpuBlock, active: Reading[int], listed: Sequence[Field]
) -> Reading[tuple[ActiveVgpu, ...]]:
    if isinstance(active, Unknown):
        return active
    if active != len(listed):
        return Unknown(
            Why.UNPARSED,
            f"it counts {active} active vGPUs and lists {len(listed)}",
            f"{block.what}: vGPU ID",
        )
    return tuple(_vgpu(VgpuBlock(block.address, field, block.what)) for field in listed)


def _vgpu(one: VgpuBlock) -> ActiveVgpu:
    return ActiveVgpu(
        address=one.address,
        vgpu_id=words.number(one.field.value, f"{one.what}: vGPU ID"),
        vm_id=one.read(words.word, "VM ID", "VM UUID"),
        vm_name=one.read(words.word, "VM Name"),
        type_name=one.read(words.word, "vGPU Name"),
        guest_driver=one.read(words.word, "Guest Driver Version"),
        licence=one.read(_licence, "License Status"),
        ecc=one.read(words.switch, "ECC Mode"),
        framebuffer_total_bytes=one.read(words.size, "FB Memory Usage/Total"),
        framebuffer_used_bytes=one.read(words.size, "FB Memory Usage/Used"),
        gpu_instance_id=one.read(words.number, "GPU Instance ID"),
        placement_id=one.read(words.number, "Placement ID"),
    )


def _licence(value: str, asked: str) -> Reading[str]:
    """Read the status with its expiry; `N/A (Expiry: N/A)` says nothing."""
    status = value.partition("(")[0]
    if words.no_value(status, asked) is not None:
        return words.absent(asked, f"nvidia-smi says '{value}'")
    if status.strip() not in LICENCES:
        return words.unparsed(value, asked, " or ".join(LICENCES))
    return value
