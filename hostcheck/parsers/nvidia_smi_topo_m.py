"""`nvidia-smi topo -m`: how GPUs reach each other. ESXi prints no processor columns.

        GPU0    GPU1    GPU2
GPU0     X      NV4     SYS
GPU1    NV4      X      SYS
GPU2    SYS     SYS      X
"""

import re

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request, Wire
from hostcheck.syntax.smi_words import Noticed, Peeled, peel, quoted, refuse

REQUEST = Request(Wire.SHELL, "nvidia-smi topo -m", "NVLink and PCIe paths between GPUs")

_GPU = re.compile(r"GPU[0-9]{1,4}")
_DEVICE = re.compile(r"(?:GPU|NIC)[0-9]{1,4}|mlx[0-9]\S*|\S*_(?:bond_)?[0-9]+")
_LINK = re.compile(r"X|SYS|NODE|PHB|PXB|PIX|PSB|SOC|NV[0-9]{1,3}|C2C|N/A|DIS|OK|ERR!?")
_LEGEND = re.compile(r"(NIC[0-9]{1,4}): +(\S+)")


class Links(Noticed, frozen=True, kw_only=True):
    """`links[a][b]` is the path from GPU a to GPU b in the tool's words; X is the GPU itself."""

    gpus: tuple[str, ...]
    """`GPU0`, `GPU1`: the indexes of nvidia-smi."""
    links: tuple[tuple[str, ...], ...]
    nics: tuple[str, ...]
    """Network adapters by their name, or `NIC0` where the legend does not name it."""


def parse(text: str) -> Links:
    """Read the square among GPUs; paths to network adapters and processor columns are left out."""
    what = REQUEST.template
    peeled = peel(text, what=what)
    lines = [line.split() for line in peeled.lines]
    heading = next((position for position, line in enumerate(lines) if _is_heading(line)), None)
    if heading is None:
        if peeled.no_devices:
            return _topology(peeled, (), (), ())
        raise refuse(peeled, what=what, expected="a heading with GPU0")
    devices = _devices(lines[heading])
    gpus = tuple(device for device in devices if _GPU.fullmatch(device))
    if len(set(devices)) != len(devices):
        raise ParseError(f"{what}: a device is twice in {quoted(' '.join(devices))}")
    rows = {
        line[0]: dict(zip(devices, line[1:], strict=False))
        for line in reversed(lines[heading + 1 :])
        if line and line[0] in gpus
    }
    for gpu in gpus:
        row = rows.get(gpu, {})
        cells = [row.get(other, "") for other in gpus]
        wrong = [cell for cell in cells if not _LINK.fullmatch(cell)]
        if wrong or row[gpu] != "X":
            raise ParseError(
                f"{what}: expected a path from {gpu} to each of {len(gpus)} GPUs, "
                f"not {quoted(' '.join(cells))}"
            )
    names = {
        match[1]: match[2] for line in peeled.lines if (match := _LEGEND.fullmatch(line.strip()))
    }
    return _topology(
        peeled,
        gpus,
        tuple(tuple(rows[one][other] for other in gpus) for one in gpus),
        tuple(names.get(device, device) for device in devices if device not in gpus),
    )


def _is_heading(line: list[str]) -> bool:
    """Tell the heading from a row: a row has a path, not a device or a word, behind its GPU."""
    return (
        bool(line)
        and _GPU.fullmatch(line[0]) is not None
        and not (len(line) > 1 and _LINK.fullmatch(line[1]))
    )


def _devices(line: list[str]) -> tuple[str, ...]:
    devices: list[str] = []
    for cell in line:
        if not _DEVICE.fullmatch(cell):
            break
        devices.append(cell)
    return tuple(devices)


def _topology(
    peeled: Peeled, gpus: tuple[str, ...], links: tuple[tuple[str, ...], ...], nics: tuple[str, ...]
) -> Links:
    return Links(
        gpus=gpus,
        links=links,
        nics=nics,
        lost=peeled.notices.lost,
        lost_unnamed=peeled.notices.lost_unnamed,
        inforom_corrupted=peeled.notices.inforom_corrupted,
    )
