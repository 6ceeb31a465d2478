"""What several sources say of the same thing, side by side."""

from collections.abc import Callable, Iterable

from hostcheck import catalog
from hostcheck.assemble.book import Book, Parsed, U, not_asked
from hostcheck.assemble.devices import Locator
from hostcheck.model.capacity import GpuMode
from hostcheck.model.fact import Fact, Known, Reading, Unknown, Why, holds
from hostcheck.model.host import (
    GraphicsType,
    Mode,
    PhysicalGpu,
    Testimony,
)
from hostcheck.model.pci import PciAddress
from hostcheck.model.release import is_before
from hostcheck.parsers import (
    esxcli_graphics_device_list,
    esxcli_hardware_cpu_global_get,
    esxcli_hardware_memory_get,
    esxcli_system_version_get,
    nvidia_smi_query_gpu,
    vsish_numa_nodes,
    vsish_package_list,
)
from hostcheck.parsers.vim_host_system import HostSystem

TELLS_MODES = (8, 0, 3)
"""First release whose vSphere says how a GPU is shared."""


def _words(fact: Fact[U], show: Callable[[U], str] = str) -> Fact[str]:
    return fact if isinstance(fact, Unknown) else Known(show(fact.value), fact.sources)


def testimonies_of(
    book: Book,
    host_id: str,
    system: Parsed[HostSystem],
    located: Locator,
    gpus: Fact[tuple[PhysicalGpu, ...]],
) -> tuple[Testimony, ...]:
    """Put side by side what several sources say of the same thing."""
    cpu = book.read_esxcli(
        esxcli_hardware_cpu_global_get.REQUEST, host_id, esxcli_hardware_cpu_global_get.parse
    )
    memory = book.read_esxcli(
        esxcli_hardware_memory_get.REQUEST, host_id, esxcli_hardware_memory_get.parse
    )
    version = book.read_esxcli(
        esxcli_system_version_get.REQUEST, host_id, esxcli_system_version_get.parse
    )
    packages = book.read(vsish_package_list.REQUEST, vsish_package_list.parse)
    nodes = book.read(vsish_numa_nodes.REQUEST, vsish_numa_nodes.parse)
    graphics = book.read_esxcli(
        esxcli_graphics_device_list.REQUEST, host_id, esxcli_graphics_device_list.parse
    )
    query = book.read(nvidia_smi_query_gpu.REQUEST, nvidia_smi_query_gpu.parse)
    topics = {
        "ESXi version": [
            _words(system.fact(lambda one: one.version)),
            _words(version.fact(lambda one: one.version)),
        ],
        "package count": [
            _words(system.fact(lambda one: one.package_count)),
            _words(cpu.fact(lambda one: one.package_count)),
            _words(packages.fact(len)),
        ],
        "NUMA node count": [
            _words(system.fact(lambda one: one.numa_node_count)),
            _words(memory.fact(lambda one: one.numa_node_count)),
            _words(nodes.fact(len)),
        ],
    }
    for gpu in gpus.value if isinstance(gpus, Known) else ():
        topics |= _of_gpu(gpu, located, graphics, query)
        topics |= _mig_of_gpu(gpu, system.fact(lambda one: one.version))
    return tuple(
        Testimony(topic, tuple(statements))
        for topic, all_statements in topics.items()
        if (statements := _apart(all_statements))
    )


def _of_gpu(
    gpu: PhysicalGpu,
    located: Locator,
    graphics: Parsed[tuple[esxcli_graphics_device_list.GraphicsDevice, ...]],
    query: Parsed[nvidia_smi_query_gpu.GpuQuery],
) -> dict[str, list[Fact[str]]]:
    where = gpu.address
    return {
        f"NUMA node of GPU {where}": [
            _words(located.by_api(where)),
            _words(located.by_esxcli(where)),
            _words(located.by_vsish(where)),
        ],
        f"graphics type of GPU {where}": [
            _words(gpu.graphics_active),
            _words(graphics.fact(lambda found: _esxcli_type(found, where))),
        ],
        f"ECC mode of GPU {where}": [
            _words(gpu.ecc_current),
            _words(query.fact(lambda found: _csv_ecc(found, where))),
        ],
    }


def _mig_of_gpu(gpu: PhysicalGpu, version: Fact[str]) -> dict[str, list[Fact[str]]]:
    """Put vSphere's mode beside nvidia-smi's: of boards that have MIG, since vSphere tells it."""
    model = catalog.identify(gpu.pci_id)
    if holds(gpu.mig_current, Mode.NOT_SUPPORTED) or (model is not None and not model.mig):
        return {}
    if isinstance(version, Known) and is_before(version.value, TELLS_MODES):
        return {}
    in_time = (GpuMode.SAME_SIZE.value, GpuMode.MIXED_SIZE.value)
    words = {**dict.fromkeys(in_time, Mode.DISABLED.value), GpuMode.MIG.value: Mode.ENABLED.value}
    return {
        f"MIG mode of GPU {gpu.address}": [
            _words(gpu.vgpu_mode, lambda said: words.get(said, said)),
            _words(gpu.mig_current),
        ]
    }


def _apart(statements: Iterable[Fact[str]]) -> list[Fact[str]]:
    """Return what was asked, each source once: an answer does not testify for itself."""
    found: list[Fact[str]] = []
    for one in statements:
        if not not_asked(one) and one not in found:
            found.append(one)
    return found


def _esxcli_type(
    devices: tuple[esxcli_graphics_device_list.GraphicsDevice, ...], where: PciAddress
) -> Reading[GraphicsType]:
    for device in devices:
        if device.address == where:
            return device.graphics_type
    return Unknown(Why.ABSENT, f"{where} is not listed", "esxcli graphics device list")


def _csv_ecc(query: nvidia_smi_query_gpu.GpuQuery, where: PciAddress) -> Reading[Mode]:
    for gpu in query.gpus:
        if gpu.address == where:
            return gpu.ecc_current
    return Unknown(Why.ABSENT, f"nvidia-smi does not list {where}", "nvidia-smi --query-gpu")
