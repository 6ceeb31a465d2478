"""What the ESXi shell of a host prints: command line -> (standard output, standard error, status).

Formats are those of real hosts; facts come from the same shape as the API side.
"""

from collections.abc import Sequence

from tests.peers import esxcli, smi
from tests.peers.devices import functions
from tests.peers.fleet import HostShape, Vm
from tests.peers.smi import Answer


def answers(host: HostShape) -> dict[str, Answer]:
    """Every command line that this host knows. Any other ends with 127 in the shell itself."""
    texts = {
        "vmware -v": f"VMware ESXi {host.version} build-{host.build}\n",
        "esxcli system version get": record(esxcli.version(host)),
        "esxcli system maintenanceMode get": "Enabled\n" if host.maintenance else "Disabled\n",
        "esxcli hardware cpu global get": record(esxcli.cpu_global(host)),
        "esxcli hardware memory get": _memory(host),
        "esxcli hardware platform get": _platform(host),
        "esxcli hardware pci list": blocks(
            [esxcli.pci_row(host, item) for item in functions(host)], keep_address=True
        ),
        "esxcli graphics device list": blocks(esxcli.graphics_rows(host)),
        "esxcli graphics host get": record(esxcli.graphics_host(host)),
        "esxcli network nic list": table(esxcli.nic_rows(host)),
        "esxcli software vib list": table(esxcli.vib_rows(host)),
        "esxcli system settings kernel list": table(esxcli.kernel_rows(host)),
        "esxcli vm process list": "\n".join(_process(host, vm) for vm in host.vms if vm.on),
        "vsish -e dir /hardware/cpu/packageList": _numbers(range(host.packages)),
        "vsish -e dir /hardware/cpuTopology/numa/nodes": _numbers(range(host.node_count)),
        "sched-stats -t numa-clients": _numa_clients(host),
    }
    found: dict[str, Answer] = {command: (text, "", 0) for command, text in texts.items()}
    for gpu in host.gpus:
        found[header_command(gpu.address)] = (_header(None if host.nested else gpu.node), "", 0)
    return {**found, **smi.answers(host)}


def header_command(address: str) -> str:
    """The vsish line for a device: its address in decimal."""
    segment, bus = int(address[:4], 16), int(address[5:7], 16)
    slot, function = int(address[8:10], 16), int(address[11])
    path = f"/hardware/pci/seg/{segment}/bus/{bus}/slot/{slot}/func/{function}/pciConfigHeader"
    return f"vsish -e get {path}"


def _words(value: esxcli.Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def record(row: esxcli.Row) -> str:
    """Indented `Name: value` lines."""
    return "".join(f"   {name}: {_words(value)}\n" for name, value in row)


def blocks(rows: Sequence[esxcli.Row], *, keep_address: bool = False) -> str:
    """Records headed by their address and parted by an empty line."""
    texts = []
    for row in rows:
        fields = row if keep_address else tuple(pair for pair in row if pair[0] != "Address")
        texts.append(f"{dict(row)['Address']}\n{record(fields)}")
    return "\n".join(texts)


def table(rows: Sequence[esxcli.Row]) -> str:
    """A header, dashes under it, and columns two blanks apart; numbers stand to the right."""
    if not rows:
        return ""
    names = [name for name, _ in rows[0]]
    cells = [[_words(value) for _, value in row] for row in rows]
    numeric = [isinstance(value, int) and not isinstance(value, bool) for _, value in rows[0]]
    widths = [max(len(name), *(len(row[at]) for row in cells)) for at, name in enumerate(names)]
    widths[-1] = len(names[-1])
    lines = [
        "  ".join(name.ljust(width) for name, width in zip(names, widths, strict=True)).rstrip()
    ]
    lines.append("  ".join("-" * width for width in widths))
    for row in cells:
        parts = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ]
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines) + "\n"


def _numbers(numbers: range) -> str:
    return "".join(f"{number}\n" for number in numbers)


def _memory(host: HostShape) -> str:
    words = dict(esxcli.memory(host))
    return (
        f"   Physical Memory: {words['Physical Memory']} Bytes\n"
        f"   Reliable Memory: {words['Reliable Memory']} Bytes\n"
        f"   NUMA Node Count: {words['NUMA Node Count']}\n"
    )


def _platform(host: HostShape) -> str:
    return (
        "Platform Information\n"
        "   UUID: 0x4c 0x4c 0x45 0x44 0x0 0x59 0x34 0x10 0x80 0x4b 0xb8 0xc0 0x4f 0x0 0x0 0x0\n"
        f"   Product Name: {host.model}\n"
        f"   Vendor Name: {host.vendor}\n"
        f"   Serial Number: {host.serial}\n"
        f"   Enclosure Serial Number: {host.serial}\n"
        "   BIOS Asset Tag: \n"
        f"   IPMI Supported: {'false' if host.nested else 'true'}\n"
    )


def _header(node: int | None) -> str:
    number = 4294967295 if node is None else node
    return (
        "PCI Config Header {\n"
        "   Class code:0x030200\n"
        "   Header type:0x00\n"
        f"   Numa node:{number}\n"
        "}\n"
    )  # fmt: skip


def _process(host: HostShape, vm: Vm) -> str:
    world = smi.world_id(host, vm.name)
    return (
        f"{vm.name}\n"
        f"   World ID: {world}\n"
        "   Process ID: 0\n"
        f"   VMX Cartel ID: {world - 2}\n"
        "   UUID: 42 36 49 50 7c 48 2a 8b-18 b5 48 e1 0d db 9a 37\n"
        f"   Display Name: {vm.name}\n"
        f"   Config File: /vmfs/volumes/vsan0/{vm.name}/{vm.name}.vmx\n"
    )


def _numa_clients(host: HostShape) -> str:
    """One line a NUMA client; the scheduler has none to tell of on a one-node host."""
    if host.node_count == 1:
        return ""
    heads = ("groupName", "groupID", "clientID", "homeNode", "affinity", "nWorlds", "vmmWorlds",
             "localMem", "remoteMem")  # fmt: skip
    widths = (16, 11, 11, 11, 11, 11, 11, 12, 11)
    mask = (1 << host.node_count) - 1
    rows: list[tuple[object, ...]] = [heads]
    for vm in host.vms:
        if vm.on:
            world = smi.world_id(host, vm.name)
            rows.append((f"vm.{world}", world + 40_000, 0, vm.home_node, mask, vm.vcpus, vm.vcpus,
                         vm.memory_mb * 1024, 0))  # fmt: skip
    return "".join(
        "".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        + "\n"
        for row in rows
    )
