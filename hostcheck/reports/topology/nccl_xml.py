"""A host's GPUs and network adapters as topology XML for NCCL in its guests (`NCCL_TOPO_FILE`).

A guest sees its devices at addresses of its own, which no host tells: each `busid` is the host's,
and beside it stands the UUID, by which `nvidia-smi --query-gpu=uuid,pci.bus_id --format=csv` in the
guest tells the address to put there. NCCL ignores attributes that it does not know, fills in from
the guest what is left out, and drops devices that the job has not. Its parser takes no declaration,
no text and no line break in a tag.
"""

from collections.abc import Iterable, Iterator

from hostcheck.errors import UsageError
from hostcheck.model.fact import Known, Unknown
from hostcheck.model.host import Host, PhysicalGpu
from hostcheck.model.run import HostReport
from hostcheck.reports import PAPER, Screen, view, words
from hostcheck.reports.pcie import TRANSFERS, Device, PcieBranch, devices_of, link_of, tree

LONGEST = 120
"""Characters of a value; NCCL's own limit is 254."""
CLASS_BRIDGE, CLASS_3D, CLASS_ETHERNET = "0x060400", "0x030200", "0x020000"


def pieces(report: HostReport, _screen: Screen = PAPER) -> Iterable[str]:
    """Return the document. Raises UsageError where the GPUs of the host are not known."""
    host = report.host
    if isinstance(host.gpus, Unknown):
        raise UsageError(
            f"{words.one_line(host.name)}: NCCL needs GPUs, and this host's are not known: "
            f"{words.missing(host.gpus)}"
        )
    return [f"{line}\n" for line in _lines(host)]


def _lines(host: Host) -> Iterator[str]:
    layout = view.of(host)
    yield _comment(f"host {host.name}; each busid is the host's: put the guest's there, by uuid")
    if layout.note:
        yield _comment(layout.note)
    yield '<system version="1">'
    for group in layout.groups:
        for place in group.nodes:
            if place.os_index is not None:
                yield f'  <cpu numaid="{place.os_index}">'
                yield from _below(tree(devices_of(place)), 4)
                yield "  </cpu>"
    for device in devices_of(layout.adrift) if layout.adrift is not None else ():
        yield "  " + _comment(f"left out: {device.address} {device.name}, its node is not known")
    yield "</system>"


def _below(branch: PcieBranch, indent: int) -> Iterator[str]:
    blank = " " * indent
    for one in branch.branches.values():
        yield f"{blank}<pci {_attributes(one.address, CLASS_BRIDGE, one.devices)}>"
        yield from _below(one, indent + 2)
        yield f"{blank}</pci>"
    for device in branch.devices:
        yield from _device(device, blank)


def _device(device: Device, blank: str) -> Iterator[str]:
    if not isinstance(device, PhysicalGpu):
        told = _attributes(device.address, CLASS_ETHERNET, [device])
        yield f'{blank}<pci {told} name="{_safe(device.name)}"/>'
        return
    told = _attributes(device.address, CLASS_3D, [device])
    one, uuid = device.pci_id, device.uuid
    told += f' vendor="0x{one.vendor:04x}" device="0x{one.device:04x}"'
    told += f' name="{_safe(device.name)}"'
    told += f' uuid="{_safe(uuid.value)}"' if isinstance(uuid, Known) else ""
    yield f"{blank}<pci {told}>"
    yield f"{blank}  <gpu/>"
    yield f"{blank}</pci>"


def _attributes(address: str, kind: str, devices: Iterable[Device]) -> str:
    """Return what NCCL wants of each; it takes no speed for 8 GT/s and no width for 16."""
    links = [link for one in devices if (link := link_of(one)) is not None]
    best = max(links, key=lambda one: (one.generation_max, one.width), default=None)
    known = best is not None and best.generation_max in TRANSFERS
    speed = f"{TRANSFERS[best.generation_max]} GT/s PCIe" if best is not None and known else ""
    width = best.width if best is not None and known else 0
    return f'busid="{address}" class="{kind}" link_speed="{speed}" link_width="{width}"'


def _comment(text: str) -> str:
    return f"<!-- {_safe(text, 400)} -->"


def _safe(text: str, longest: int = LONGEST) -> str:
    """Return the text without what NCCL's parser, which knows no entities, takes for markup."""
    shown = words.plain(words.cut(words.one_line(text), longest))
    for sign, stand_in in (("<", "("), (">", ")"), ('"', "'"), ("&", "+"), ("--", "- ")):
        shown = shown.replace(sign, stand_in)
    return shown.rstrip("-")
