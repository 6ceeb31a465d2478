"""One host for a terminal: a tree of places and devices, then the matrix of distances."""

from collections.abc import Iterator

from hostcheck.model.fact import Known, Unknown
from hostcheck.model.host import Host, Nic, PhysicalGpu
from hostcheck.model.run import HostReport
from hostcheck.reports import PAPER, Screen, view, words


def pieces(report: HostReport, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the whole text."""
    yield render(report.host)


def render(host: Host, *, ascii_only: bool = False) -> str:
    """Return the host as a tree of places and devices, then the distance matrix."""
    shown = view.of(host)
    tree = _Tree(ascii_only)
    for group in shown.groups:
        package = tree.add(tree.root, _package_line(group))
        for node in group.nodes:
            _node(tree, package, node, shown, _node_line(node))
        if not group.nodes:
            tree.add(package, "NUMA nodes not known")
    if shown.adrift:
        _node(tree, tree.root, shown.adrift, shown, "NUMA node not known: on any of them")
    for guest in shown.elsewhere:
        state = {True: "on, GPU not known or none", False: "off", None: "power not known"}
        tree.add(tree.root, f"VM {words.one_line(guest.vm.name)}  {state[guest.running]}")
    for topic, fact in shown.unknowns:
        tree.add(tree.root, f"{topic} not known: {words.missing(fact)}")
    lines = [words.one_line(host.name), *tree.lines()]
    if shown.note:
        lines += ["", shown.note]
    return "\n".join([*lines, *_matrix(host, ascii_only=ascii_only)]) + "\n"


class _Tree:
    """A tree of lines, drawn with boxes or with ASCII."""

    def __init__(self, ascii_only: bool) -> None:
        self.ascii_only = ascii_only
        self.root = 0
        self.texts = [""]
        self.below: list[list[int]] = [[]]

    def add(self, parent: int, text: str) -> int:
        self.texts.append(words.plain(text) if self.ascii_only else text)
        self.below.append([])
        self.below[parent].append(len(self.texts) - 1)
        return len(self.texts) - 1

    def lines(self, at: int = 0, prefix: str = "") -> Iterator[str]:
        fork, last, rail = ("|-- ", "`-- ", "|   ") if self.ascii_only else ("├─ ", "└─ ", "│  ")
        for number in self.below[at]:
            final = number == self.below[at][-1]
            yield prefix + (last if final else fork) + self.texts[number]
            yield from self.lines(number, prefix + (" " * len(rail) if final else rail))


def _package_line(group: view.Packages) -> str:
    numbers = ", ".join(str(number) for number in group.os_indexes)
    if not group.os_indexes:
        return "Package not known"
    several = len(group.os_indexes) > 1
    name = f"Packages {numbers}, interleaved" if several else f"Package {numbers}"
    return f"{name}  {words.one_line(group.description)}".rstrip()


def _node_line(node: view.NumaPlace) -> str:
    memory = node.memory_bytes
    parts = [words.size(memory.value) if isinstance(memory, Known) else "memory not known"]
    if node.pu_count is not None:
        parts.append(words.count(node.pu_count, "PU"))
    if node.note:
        parts.append(node.note)
    return f"NUMA node {node.os_index}  {', '.join(parts)}"


def _node(tree: _Tree, parent: int, node: view.NumaPlace, shown: view.Layout, line: str) -> None:
    place = tree.add(parent, line)
    for port in node.ports:
        below = tree.add(place, f"root port {port.address or 'not known'}")
        for gpu in port.gpus:
            card = tree.add(below, _gpu_line(shown, gpu))
            for guest in shown.guests_of(gpu.address):
                profile = words.profiles(guest.vm)
                tree.add(card, f"VM {words.one_line(guest.vm.name)}  {profile}")
        for nic in port.nics:
            tree.add(below, _nic_line(nic))
    if not node.ports:
        tree.add(place, "no GPU, no network adapter")


def _gpu_line(shown: view.Layout, gpu: PhysicalGpu) -> str:
    parts = [f"GPU {shown.number(gpu.address)}", gpu.address, words.one_line(gpu.name)]
    if isinstance(gpu.graphics_active, Known):
        parts.append(words.GRAPHICS[gpu.graphics_active.value])
    else:
        parts.append("graphics type not known")
    for name, mode in (("ECC", gpu.ecc_current), ("MIG", gpu.mig_current)):
        value = words.MODE[mode.value] if isinstance(mode, Known) else "not known"
        parts.append(f"{name} {value}")
    used, total = gpu.framebuffer_used_bytes, gpu.framebuffer_bytes
    if isinstance(used, Known) and isinstance(total, Known):
        parts.append(f"{words.size(used.value)} of {words.size(total.value)} used")
    else:
        parts.append("framebuffer use not known")
    parts += [words.one_line(said).upper() for said in view.troubles(gpu)]
    return "  ".join(parts)


def _nic_line(nic: Nic) -> str:
    if isinstance(nic.link_up, Unknown):
        state = "link not known"
    else:
        state = "up" if nic.link_up.value else "down"
    rate = words.speed(nic.speed_mbps.value) if isinstance(nic.speed_mbps, Known) else ""
    return "  ".join(part for part in (words.one_line(nic.name), nic.address, state, rate) if part)


def _matrix(host: Host, *, ascii_only: bool) -> Iterator[str]:
    table = view.matrix(host)
    if not table.rows:
        return
    names = [words.cut(words.one_line(name), 10) for name in table.columns]
    if ascii_only:
        names = [words.plain(name) for name in names]
    entries = [[_entry(cell) for cell in row] for row in table.cells]
    widths = [
        max(len(name), *(len(row[column]) for row in entries)) for column, name in enumerate(names)
    ]
    first = max(len(name) for name in table.rows)
    yield ""
    yield "  ".join(
        [" " * first, *(name.ljust(width) for name, width in zip(names, widths, strict=True))]
    ).rstrip()
    for name, row in zip(table.rows, entries, strict=True):
        yield "  ".join(
            [name.ljust(first), *(e.ljust(w) for e, w in zip(row, widths, strict=True))]
        ).rstrip()
    yield ""
    for code in table.used:
        yield f"  {code.value:<5} {view.LEGEND[code]}"
    if any(cell.nvlink for row in table.cells for cell in row):
        yield "  NV#   joined by that many NVLinks as well"


def _entry(cell: view.Cell) -> str:
    return f"{cell.nvlink}/{cell.distance.value}" if cell.nvlink else cell.distance.value
