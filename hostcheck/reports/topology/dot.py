"""A host as a graph for Graphviz: `dot -Tsvg FILE`.

Packages and NUMA nodes are boxes that hold their devices; what is not known is dashed.
"""

from collections.abc import Iterator

from hostcheck.model.fact import Known
from hostcheck.model.host import Host, PhysicalGpu
from hostcheck.model.run import HostReport
from hostcheck.reports import PAPER, Screen, view, words
from hostcheck.reports.pcie import Device, PcieBranch, devices_of, tree

LONGEST = 80
"""Characters of a label's line."""


def pieces(report: HostReport, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the graph line by line."""
    yield from (f"{line}\n" for line in _lines(report.host))


def _lines(host: Host) -> Iterator[str]:
    layout = view.of(host)
    yield f"digraph {_quoted(host.name)} {{"
    yield f"  label={_quoted(host.name, layout.note)}; labelloc=t; rankdir=LR; compound=true;"
    yield '  node [shape=box, fontname="sans-serif"]; edge [arrowhead=none];'
    number = 0
    for group in layout.groups:
        number += 1
        names = ", ".join(map(str, group.os_indexes))
        title = f"Package {names}" if names else "Package not known"
        yield f"  subgraph cluster_p{number} {{"
        yield f"    label={_quoted(title, group.description)};{'' if names else ' style=dashed;'}"
        for place in group.nodes:
            number += 1
            yield from _place(place, layout, number, 4)
        if not group.nodes:
            yield f'    "p{number}" [label="NUMA nodes not known", style=dashed];'
        yield "  }"
    if layout.adrift is not None:
        yield from _place(layout.adrift, layout, number + 1, 2)
    for bond in layout.bonds:
        ends = (layout.gpus[one].address for one in (bond.first, bond.second))
        yield f"  {' -> '.join(map(_quoted, ends))} [label={_quoted(bond.code)}, constraint=false];"
    for at, guest in enumerate(layout.guests):
        yield from _guest(guest, layout, at)
    for at, (topic, fact) in enumerate(layout.unknowns):
        told = _quoted(f"{topic} not known", words.missing(fact))
        yield f'  "u{at}" [label={told}, style=dashed];'
    yield "}"


def _place(place: view.NumaPlace, layout: view.Layout, number: int, indent: int) -> Iterator[str]:
    blank, index = " " * indent, place.os_index
    size = place.memory_bytes
    memory = words.size(size.value) if isinstance(size, Known) else "memory not known"
    title, style = f"NUMA node {index}", ""
    if index is None:
        title, memory, style = "NUMA node not known", "", " style=dashed;"
    yield f"{blank}subgraph cluster_n{number} {{"
    yield f"{blank}  label={_quoted(title, memory, place.note)};{style}"
    root = tree(devices_of(place))
    yield f'{blank}  "n{number}" [label={_quoted(title)}, shape=plaintext];'
    yield from _below(root, f"n{number}", layout, blank + "  ")
    yield f"{blank}}}"


def _below(branch: PcieBranch, parent: str, layout: view.Layout, blank: str) -> Iterator[str]:
    for one in branch.branches.values():
        name = _quoted(one.address)
        yield f"{blank}{name} [label={_quoted('bridge', one.address)}, shape=ellipse];"
        yield f"{blank}{_quoted(parent)} -> {name};"
        yield from _below(one, one.address, layout, blank)
    for device in branch.devices:
        name = _quoted(device.address)
        yield f"{blank}{name} [label={_label(device, layout)}, style=filled, fillcolor=white];"
        yield f"{blank}{_quoted(parent)} -> {name};"


def _label(device: Device, layout: view.Layout) -> str:
    if isinstance(device, PhysicalGpu):
        return _quoted(
            f"GPU {layout.number(device.address)}", device.name, device.address,
            *(one.upper() for one in view.troubles(device)),
        )  # fmt: skip
    rate = words.speed(device.speed_mbps.value) if isinstance(device.speed_mbps, Known) else ""
    if isinstance(device.link_up, Known) and not device.link_up.value:
        rate = "down"
    return _quoted(device.name, device.address, rate)


def _guest(guest: view.VmOnGpus, layout: view.Layout, at: int) -> Iterator[str]:
    state = {True: "", False: "off", None: "power not known"}[guest.running]
    known = isinstance(guest.addresses, Known)
    state = state if known else "GPU not known"
    style = "rounded" if known and guest.running else '"rounded,dashed"'
    told = _quoted(f"VM {guest.vm.name}", words.profiles(guest.vm), state)
    yield f'  "vm{at}" [label={told}, style={style}];'
    here = {gpu.address for gpu in layout.gpus}
    for address in guest.addresses.value if isinstance(guest.addresses, Known) else ():
        if address in here:
            yield f'  {_quoted(address)} -> "vm{at}" [style=dotted];'


def _quoted(*lines: str) -> str:
    """Return a quoted string of lines; in one, a backslash begins an escape, so it is doubled."""
    shown = (words.cut(words.one_line(one), LONGEST) for one in lines if one)
    told = "\\n".join(one.replace("\\", "\\\\").replace('"', '\\"') for one in shown)
    return f'"{told}"'
