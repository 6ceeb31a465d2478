"""The full log of NVIDIA's management tool, which it prints as XML or as indented text.

Both forms become one `field_tree`; this module names the fields of that tree, over all versions of
the log, and turns them into facts.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.host import Mode, PcieLink
from hostcheck.model.pci import PciAddress, PciId
from hostcheck.syntax import smi_words as words
from hostcheck.syntax.field_tree import Field, alike, find, key, texts
from hostcheck.syntax.smi_words import Noticed, Peeled

T = TypeVar("T")

_SECTIONS = frozenset(
    key(label)
    for label in (
        "Product Name",
        "GPU UUID",
        "UUID",
        "PCI",
        "MIG Mode",
        "ECC Mode",
        "ECC Errors",
        "FB Memory Usage",
        "BAR1 Memory Usage",
        "GPU Virtualization Mode",
        "Remapped Rows",
        "Retired Pages",
        "Display Mode",
        "Persistence Mode",
        "Fabric",
        "Inforom Version",
        "VBIOS Version",
        "vGPU Device Capability",
    )
)
_RESET_XML = "gpu_reset_status/reset_required"
_DRAIN_XML = "gpu_reset_status/drain_and_reset_recommended"
_REPAIRS = (
    ("channel repair pending", ("ECC Errors/Channel Repair Pending",)),
    ("TPC repair pending", ("ECC Errors/TPC Repair Pending",)),
    ("unrepairable memory", ("ECC Errors/Unrepairable Memory",)),
    ("SRAM error threshold exceeded", ("ECC Errors/Aggregate/SRAM Threshold Exceeded",)),
)
_SOUND = {
    key("Bandwidth"): "full",
    key("Route Recovery in progress"): "false",
    key("Route Unhealthy"): "false",
    key("Access Timeout Recovery"): "false",
    key("Incorrect Configuration"): "none",
}
"""The parts of a fabric's health, and what a sound one says."""
_ONCE = ("Product Name", "GPU UUID", "UUID", "PCI")


class SmiGpu(Struct, frozen=True, kw_only=True):
    """One GPU of the log. Sizes are bytes; strings are the tool's words."""

    address: Reading[PciAddress]
    name: Reading[str]
    architecture: Reading[str]
    uuid: Reading[str]
    pci_id: Reading[PciId]
    vbios: Reading[str]
    serial: Reading[str]
    """Of the board; `N/A` where it has none to tell."""
    module_id: Reading[int]
    display_mode: Reading[str]
    display_active: Reading[str]
    persistence_mode: Reading[Mode]
    ecc_current: Reading[Mode]
    ecc_pending: Reading[Mode]
    mig_current: Reading[Mode]
    mig_pending: Reading[Mode]
    mig_device_count: Reading[int]
    framebuffer_total_bytes: Reading[int]
    framebuffer_used_bytes: Reading[int]
    bar1_total_bytes: Reading[int]
    virtualization_mode: Reading[str]
    """`Host VGPU`, `Pass-Through`, `None`."""
    host_vgpu_mode: Reading[str]
    """`SR-IOV` or `Non SR-IOV`."""
    vgpu_heterogeneous_mode: Reading[Mode]
    """Whether vGPUs of different framebuffer sizes may share this GPU now."""
    heterogeneous_profiles: Reading[bool]
    """Whether the GPU can mix vGPU types of one size."""
    heterogeneous_sizes: Reading[bool]
    """Whether the GPU can mix vGPU types of different sizes."""
    link: Reading[PcieLink]
    rows_remap_pending: Reading[bool]
    rows_remap_failed: Reading[bool]
    rows_remapped_correctable: Reading[int]
    rows_remapped_uncorrectable: Reading[int]
    pages_retire_pending: Reading[bool]
    pages_retired_single_bit: Reading[int]
    pages_retired_double_bit: Reading[int]
    ecc_uncorrected_volatile: Reading[int]
    """Since the driver was loaded: at least so many. None is known only when every part is told."""
    ecc_uncorrected_aggregate: Reading[int]
    """Over the life of the board, as above."""
    inforom_ecc_object: Reading[str]
    gsp_firmware: Reading[str]
    fabric_state: Reading[str]
    fabric_status: Reading[str]
    fabric_health: Reading[str]
    fabric_faults: Reading[tuple[str, ...]]
    """The parts of its health that are a fault, in the tool's words."""
    repairs: Reading[tuple[str, ...]]
    """What of `_REPAIRS` is said to be so; known when any of it is told."""
    recovery_action: Reading[str]
    """`None` when nothing needs to be done; `N/A` where the board has no such field."""
    reset_required: Reading[bool]
    gave_up: str
    """`GPU is lost` or `GPU requires reset`, where that stands for a value; else empty."""


class SmiLog(Noticed, frozen=True, kw_only=True):
    """The log: `attached_gpus` is its own count, which an excerpt's `gpus` may not reach."""

    driver_version: Reading[str]
    attached_gpus: Reading[int]
    gpus: tuple[SmiGpu, ...]


class _Section:
    """A section of the log and the command that its readings are said to come from."""

    def __init__(self, field: Field, what: str) -> None:
        self.field = field
        self.what = what

    def read(self, reader: Callable[[str, str], Reading[T]], *paths: str) -> Reading[T]:
        """Read the field at the first path that exists."""
        found = find(self.field, *paths)
        if found is None:
            return _missing(self.what, paths[0])
        if found.twice:
            return Unknown(Why.UNPARSED, f"'{found.path}' is there twice", self.asked(found.path))
        return reader(found.value, self.asked(found.path))

    def asked(self, path: str) -> str:
        """Name a field as a question."""
        return f"{self.what}: {path}"


@lru_cache(1024)
def _missing(what: str, path: str) -> Unknown:
    return words.absent(f"{what}: {path}", f"the answer has no '{path}'")


def log_of(root: Field, gpus: Sequence[Field], *, what: str, peeled: Peeled, text: str) -> SmiLog:
    """Read the log from its top section and the sections of its GPUs, whose value is the address.

    `text` is what they were made of.

    Fields of a GPU at the top are an excerpt of one GPU that lost its title.
    Raises ParseError when nothing in it belongs to this log, or when two GPUs ran into one.
    """
    top = _Section(root, what)
    driver = top.read(words.version, "KMD Version", "Driver Version")
    attached = top.read(words.number, "Attached GPUs")
    sections = [root, *gpus] if _holds_gpu(root) else gpus
    if not sections and isinstance(attached, Unknown) and isinstance(driver, Unknown):
        raise words.refuse(peeled, what=what, expected="a log with 'GPU <address>'")
    may_give_up = words.may_give_up(text)
    found = tuple(
        _gpu(section, what, words.gravest(texts(section)) if may_give_up else "")
        for section in sections
    )
    words.each_once((gpu.address for gpu in found), what=what)
    notices = words.with_trouble(peeled.notices, ((gpu.address, gpu.gave_up) for gpu in found))
    return SmiLog(
        driver_version=driver,
        attached_gpus=attached,
        gpus=found,
        lost=notices.lost,
        lost_unnamed=notices.lost_unnamed,
        inforom_corrupted=notices.inforom_corrupted,
        reset_needed=notices.reset_needed,
    )


def empty_log(peeled: Peeled, *, what: str) -> SmiLog:
    """Return the log of a driver that runs and lists no GPU.

    The count is a known zero when it says so, Unknown when a GPU that is lost was all it named.
    """
    notices = peeled.notices
    said = f"nvidia-smi says only {words.quoted(peeled.first)}"
    return SmiLog(
        driver_version=words.absent(f"{what}: Driver Version", said),
        attached_gpus=0
        if peeled.no_devices and not peeled.names_lost
        else words.absent(f"{what}: Attached GPUs", said),
        gpus=(),
        lost=notices.lost,
        lost_unnamed=notices.lost_unnamed,
        inforom_corrupted=notices.inforom_corrupted,
    )


_TOLD: dict[str, tuple[Any, ...]] = {
    "name": (words.word, "Product Name"),
    "architecture": (words.word, "Product Architecture"),
    "uuid": (words.word, "GPU UUID", "uuid"),
    "vbios": (words.word, "VBIOS Version"),
    "serial": (words.word, "Serial Number", "serial"),
    "module_id": (words.number, "Module ID", "gpu_module_id", "Platform Info/Module Id"),
    "display_mode": (words.word, "Display Mode"),
    "display_active": (words.word, "Display Active"),
    "persistence_mode": (words.switch, "Persistence Mode"),
    "ecc_current": (words.switch, "ECC Mode/Current", "ecc_mode/current_ecc"),
    "ecc_pending": (words.switch, "ECC Mode/Pending", "ecc_mode/pending_ecc"),
    "mig_current": (words.switch, "MIG Mode/Current", "mig_mode/current_mig"),
    "mig_pending": (words.switch, "MIG Mode/Pending", "mig_mode/pending_mig"),
    "framebuffer_total_bytes": (words.size, "FB Memory Usage/Total"),
    "framebuffer_used_bytes": (words.size, "FB Memory Usage/Used"),
    "bar1_total_bytes": (words.size, "BAR1 Memory Usage/Total"),
    "virtualization_mode": (words.word, "GPU Virtualization Mode/Virtualization Mode"),
    "host_vgpu_mode": (words.word, "GPU Virtualization Mode/Host VGPU Mode"),
    "vgpu_heterogeneous_mode": (words.switch, "GPU Virtualization Mode/vGPU Heterogeneous Mode"),
    "heterogeneous_profiles": (
        words.capability,
        "vGPU Device Capability/Heterogeneous Time-Slice Profiles",
        "vgpu_device_capability/heterogeneous_timeSlice_profile",
    ),
    "heterogeneous_sizes": (
        words.capability,
        "vGPU Device Capability/Heterogeneous Time-Slice Sizes",
    ),
    "rows_remap_pending": (
        words.yes_or_no,
        "Remapped Rows/Pending",
        "remapped_rows/remapped_row_pending",
    ),
    "rows_remap_failed": (
        words.yes_or_no,
        "Remapped Rows/Remapping Failure Occurred",
        "remapped_rows/remapped_row_failure",
    ),
    "rows_remapped_correctable": (
        words.number,
        "Remapped Rows/Correctable Error",
        "remapped_rows/remapped_row_corr",
    ),
    "rows_remapped_uncorrectable": (
        words.number,
        "Remapped Rows/Uncorrectable Error",
        "remapped_rows/remapped_row_unc",
    ),
    "pages_retire_pending": (
        words.yes_or_no,
        "Retired Pages/Pending Page Blacklist",
        "Retired Pages/Pending",
        "retired_pages/pending_blacklist",
        "retired_pages/pending_retirement",
    ),
    "pages_retired_single_bit": (
        words.number,
        "Retired Pages/Single Bit ECC",
        "retired_pages/multiple_single_bit_retirement/retired_count",
    ),
    "pages_retired_double_bit": (
        words.number,
        "Retired Pages/Double Bit ECC",
        "retired_pages/double_bit_retirement/retired_count",
    ),
    "inforom_ecc_object": (words.word, "Inforom Version/ECC Object"),
    "gsp_firmware": (words.word, "GSP Firmware Version"),
    "fabric_state": (words.word_or_none, "Fabric/State"),
    "fabric_status": (words.error, "Fabric/Status"),
    "fabric_health": (words.word_or_none, "Fabric/Health/Summary"),
    "reset_required": (words.yes_or_no, "GPU Reset Status/Reset Required", _RESET_XML),
}
"""Fields of a GPU: how the value is read, and where it stands in the text and in the XML."""


def _gpu(field: Field, what: str, gave_up: str) -> SmiGpu:
    _check_one_gpu(field, what, excused=bool(gave_up))
    gpu = _Section(alike(field), what)
    told: dict[str, Any] = {name: gpu.read(how, *where) for name, (how, *where) in _TOLD.items()}
    return SmiGpu(
        address=_address(gpu),
        pci_id=_pci_id(gpu),
        mig_device_count=_mig_device_count(gpu),
        link=_link(gpu),
        ecc_uncorrected_volatile=_uncorrected(gpu, "Volatile"),
        ecc_uncorrected_aggregate=_uncorrected(gpu, "Aggregate"),
        fabric_faults=_fabric_faults(gpu),
        repairs=_repairs(gpu),
        recovery_action=_recovery_action(gpu),
        gave_up=gave_up,
        **told,
    )


def _recovery_action(gpu: _Section) -> Reading[str]:
    """Read what the driver asks for; before branch 570 only draining was recommended."""
    action = gpu.read(words.word_or_none, "GPU Recovery Action")
    if not isinstance(action, Unknown) and action.casefold() not in ("n/a", "none"):
        return action
    drain = gpu.read(words.yes_or_no, "GPU Reset Status/Drain and Reset Recommended", _DRAIN_XML)
    return "Drain and Reset" if drain is True else action


def _repairs(gpu: _Section) -> Reading[tuple[str, ...]]:
    """List what needs repair. Drivers before 580 tell of none of it."""
    told = [(name, gpu.read(words.yes_or_no, *paths)) for name, paths in _REPAIRS]
    known = [name for name, said in told if said is True]
    wrong = [said for _, said in told if isinstance(said, Unknown) and said.why is not Why.ABSENT]
    if known or not all(isinstance(said, Unknown) for _, said in told):
        return wrong[0] if wrong and not known else tuple(known)
    return wrong[0] if wrong else words.absent(gpu.asked("ECC Errors"), "it tells of no repairs")


def _fabric_faults(gpu: _Section) -> Reading[tuple[str, ...]]:
    fabric = next(iter(gpu.field.named("Fabric")), None)
    health = next(iter(fabric.named("Health")), None) if fabric else None
    if health is None:
        return words.absent(gpu.asked("Fabric/Health"), "the answer has no 'Fabric/Health'")
    return tuple(
        f"{part.label.replace('_', ' ')}: {part.value}"
        for part in health.children
        if key(part.label) in _SOUND
        and words.bare(part.value).casefold()
        not in ("n/a", "not supported", _SOUND[key(part.label)])
    )


def _holds_gpu(field: Field) -> bool:
    return any(
        child.value or child.places()
        for name in field.places()
        if name in _SECTIONS
        for child in field.under(name)
    )


def _check_one_gpu(field: Field, what: str, *, excused: bool) -> None:
    places = field.places()
    if places and not _holds_gpu(field) and not excused:
        raise ParseError(
            f"{what}: expected the fields of a GPU below {words.quoted(field.value)}, "
            f"found {words.quoted(field.below(0).label)}"
        )
    for label in _ONCE:
        if len(places.get(key(label), ())) > 1:
            raise ParseError(
                f"{what}: GPU {words.quoted(field.value)} has '{label}' twice: "
                "the line that begins the next GPU is missing"
            )


def _address(gpu: _Section) -> Reading[PciAddress]:
    titled = words.pci_address(gpu.field.value, gpu.asked("GPU"))
    if not isinstance(titled, Unknown):
        return titled
    return gpu.read(words.pci_address, "PCI/Bus Id", "pci/pci_bus_id")


def _pci_id(gpu: _Section) -> Reading[PciId]:
    device = gpu.read(words.word, "PCI/Device Id", "pci/pci_device_id")
    subsystem = gpu.read(words.word, "PCI/Sub System Id", "pci/pci_sub_system_id")
    if isinstance(device, Unknown):
        return device
    return words.pci_id(device, subsystem, gpu.asked("PCI/Device Id"))


def _mig_device_count(gpu: _Section) -> Reading[int]:
    """Count MIG devices. The text form prints none as nothing, before `Accounting Mode`."""
    asked = gpu.asked("MIG Devices")
    listed = gpu.field.named("MIG Device")
    if listed:
        return len(listed)
    for devices in gpu.field.named("mig_devices"):
        if devices.children:
            return len(devices.named("mig_device"))
        if devices.value.casefold() == "none":
            return 0
        return words.no_value(devices.value, asked) or words.unparsed(
            devices.value, asked, "a list of MIG devices"
        )
    if {key("MIG Mode"), key("Accounting Mode")} <= gpu.field.places().keys():
        return 0
    return words.absent(asked, "the answer has no list of MIG devices")


def _link(gpu: _Section) -> Reading[PcieLink]:
    generation = "PCI/GPU Link Info/PCIe Generation"
    width = "PCI/GPU Link Info/Link Width"
    gen_xml, width_xml = "pci/pci_gpu_link_info/pcie_gen", "pci/pci_gpu_link_info/link_widths"
    now = gpu.read(words.number, f"{generation}/Current", f"{gen_xml}/current_link_gen")
    most = gpu.read(words.number, f"{generation}/Max", f"{gen_xml}/max_link_gen")
    wide = gpu.read(_lanes, f"{width}/Current", f"{width_xml}/current_link_width")
    widest = gpu.read(_lanes, f"{width}/Max", f"{width_xml}/max_link_width")
    if isinstance(now, Unknown):
        return now
    if isinstance(most, Unknown):
        return most
    if isinstance(wide, Unknown):
        return wide
    if isinstance(widest, Unknown):
        return widest
    return PcieLink(now, most, wide, widest)


def _lanes(value: str, asked: str) -> Reading[int]:
    """Read `16x`. Without its x the number was cut."""
    unknown = words.no_value(value, asked)
    if unknown is not None:
        return unknown
    lanes = words.number(value[:-1], asked) if value.endswith("x") else None
    return words.unparsed(value, asked, "a width like 16x") if lanes is None else lanes


def _uncorrected(gpu: _Section, span: str) -> Reading[int]:
    """Sum what could not be corrected: `Double Bit` before Turing, SRAM and DRAM since.

    A count that is not there was lost, unless ECC is off; one that is `N/A` was answered.
    """
    errors = f"ECC Errors/{span}"
    paths = [f"{errors}/Double Bit/Total"]
    if not find(gpu.field, *paths):
        whole = find(gpu.field, f"{errors}/SRAM Uncorrectable")
        kinds = ("",) if whole else (" Parity", " SEC-DED")
        paths = [f"{errors}/DRAM Uncorrectable"]
        paths += [f"{errors}/SRAM Uncorrectable{kind}" for kind in kinds]
    parts = [gpu.read(words.number, path) for path in paths]
    if count := sum(part for part in parts if not isinstance(part, Unknown)):
        return count
    found = [find(gpu.field, path) for path in paths]
    off = gpu.read(*_TOLD["ecc_current"]) in (Mode.DISABLED, Mode.NOT_SUPPORTED)
    if not off and not all(one and one.value.strip() for one in found):
        told = "its errors are not there, and ECC is not said to be off"
        return Unknown(Why.UNPARSED, told, gpu.asked(errors))
    return next((part for part in parts if isinstance(part, Unknown)), 0)
