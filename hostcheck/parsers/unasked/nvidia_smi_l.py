"""`nvidia-smi -L`: GPUs with their UUIDs, and their MIG devices.

GPU 0: NVIDIA A30 (UUID: GPU-3b0c2a57-...)
  MIG 2g.12gb     Device  0: (UUID: MIG-95a1e0c2-...)
"""

import re

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request, Wire
from hostcheck.syntax.smi_words import Noticed, peel, quoted, refuse

REQUEST = Request(Wire.SHELL, "nvidia-smi -L", "GPUs and MIG devices by UUID")

_GPU = re.compile(r"GPU ([0-9]{1,4}): (.*\S) \(UUID: (GPU-\S+)\)")
_MIG = re.compile(r"(MIG \S+)\s+Device\s+([0-9]{1,4}): \(UUID: (MIG-\S+)\)")


class ListedMigDevice(Struct, frozen=True):
    """One MIG device; `profile` as in `MIG 2g.12gb`."""

    index: int
    profile: str
    uuid: str


class ListedGpu(Struct, frozen=True):
    """One GPU and the MIG devices on it."""

    index: int
    name: str
    uuid: str
    mig_devices: tuple[ListedMigDevice, ...]


class GpuList(Noticed, frozen=True, kw_only=True):
    """The GPUs in the order of nvidia-smi."""

    gpus: tuple[ListedGpu, ...]


def parse(text: str) -> GpuList:
    """Read the list. A line about a GPU or MIG device that is cut or strange is refused."""
    what = REQUEST.template
    peeled = peel(text, what=what)
    gpus: list[tuple[re.Match[str], list[ListedMigDevice]]] = []
    for line in peeled.lines:
        said = line.strip()
        if match := _GPU.fullmatch(said):
            gpus.append((match, []))
        elif (match := _MIG.fullmatch(said)) and gpus:
            gpus[-1][1].append(ListedMigDevice(int(match[2]), match[1], match[3]))
        elif said.startswith(("GPU ", "MIG ")):
            raise ParseError(
                f"{what}: expected 'GPU 0: name (UUID: GPU-...)' and below it its MIG devices, "
                f"not {quoted(said)}"
            )
    if not (gpus or peeled.no_devices or peeled.names_lost):
        raise refuse(peeled, what=what, expected="'GPU 0: name (UUID: GPU-...)'")
    return GpuList(
        gpus=tuple(
            ListedGpu(int(match[1]), match[2], match[3], tuple(devices)) for match, devices in gpus
        ),
        lost=peeled.notices.lost,
        lost_unnamed=peeled.notices.lost_unnamed,
        inforom_corrupted=peeled.notices.inforom_corrupted,
    )
