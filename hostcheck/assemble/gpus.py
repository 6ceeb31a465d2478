"""Physical GPUs: what vSphere and nvidia-smi say of each, joined by PCI address."""

from collections.abc import Callable
from functools import cached_property
from operator import attrgetter
from typing import Any

from hostcheck import catalog
from hostcheck.assemble.book import Book, Parsed, U
from hostcheck.assemble.devices import Locator
from hostcheck.assemble.kinds import generation, with_own_types
from hostcheck.model.capture import Request
from hostcheck.model.fact import Fact, Known, Reading, Unknown, Why
from hostcheck.model.host import (
    GraphicsType,
    MigSlice,
    PhysicalGpu,
    VgpuLimit,
)
from hostcheck.model.pci import DISPLAY_CLASSES, NVIDIA, NVSWITCHES, PciAddress, parts
from hostcheck.model.release import release_of
from hostcheck.parsers import (
    nvidia_smi_mig_lgi,
    nvidia_smi_q,
    nvidia_smi_q_x,
    nvidia_smi_query_gpu,
    nvidia_smi_vgpu_c,
    nvidia_smi_vgpu_s,
    nvidia_smi_vgpu_s_v,
    vim_host_system,
)
from hostcheck.parsers.nvidia_smi_query_gpu import GpuQuery
from hostcheck.parsers.vim_host_system import HostSystem
from hostcheck.syntax.smi_log import SmiGpu, SmiLog
from hostcheck.syntax.smi_words import LOST, RESET, Noticed
from hostcheck.syntax.vgpu_types import VgpuOffers

NOT_TALKING = "couldn't communicate with the NVIDIA driver"
NO_COMMAND = 127


def smi_log(book: Book) -> Parsed[SmiLog]:
    """Read nvidia-smi's XML or, where the driver does not know that option, its text."""
    log = book.read(nvidia_smi_q_x.REQUEST, nvidia_smi_q_x.parse)
    if isinstance(log.value, Unknown):
        text = book.read(nvidia_smi_q.REQUEST, nvidia_smi_q.parse)
        if not isinstance(text.value, Unknown):
            return text
    return log


def smi_answers(log: Parsed[SmiLog]) -> Fact[bool]:
    """Tell a driver that does not talk, or is not there, from a question that was not answered."""
    if not isinstance(log.value, Unknown):
        return Known(True, (log.source,))
    detail = log.value.detail
    if log.value.why in (Why.ABSENT, Why.UNPARSED) and (
        NOT_TALKING in detail or f"exit status {NO_COMMAND}" in detail
    ):
        return Known(False, (log.source,))
    return log.value


AS_LOGGED = (
    "uuid",
    "serial",
    "ecc_current",
    "ecc_pending",
    "mig_current",
    "mig_pending",
    "framebuffer_used_bytes",
    "link",
    "display_mode",
    "display_active",
    "virtualization_mode",
    "host_vgpu_mode",
    "fabric_state",
    "fabric_status",
    "rows_remap_pending",
    "rows_remap_failed",
    "pages_retire_pending",
    "recovery_action",
    "reset_required",
    "repairs",
    "fabric_health",
    "fabric_faults",
    "vbios",
)
"""Facts of a GPU that nvidia-smi's log tells under the same name."""
LABELS = (7, 0, 2)
"""First release whose API tells hardware labels."""
NO_LABEL = Unknown(
    Why.ABSENT, "the server did not set it", "HostSystem config.pciPassthruInfo.hardwareLabel"
)


NOT_TOLD_YET = Unknown(
    Why.ABSENT,
    "the API tells hardware labels from vSphere 7.0.2 on; the vSphere Client shows them",
    NO_LABEL.asked,
)


ONLY_LOST = "nvidia-smi named a lost GPU and listed no other"


def _in_passthrough(one: HostSystem) -> int:
    """Count the NVIDIA GPUs that are surely in passthrough, where the driver does not list them."""
    functions = _nvidia_functions(one)
    if isinstance(functions, Unknown) or isinstance(one.passthrough, Unknown):
        return 0
    given = {state.address for state in one.passthrough if state.passthrough.active}
    return sum(device.address in given for device in functions)


def _cut_short(log: SmiLog, system: Parsed[HostSystem]) -> Unknown | None:
    """Say that the log lists other GPUs than it counts: then one that is not listed may be there.

    A GPU that is lost, or in passthrough, may be counted or not.
    """
    count, least = log.attached_gpus, len(log.gpus)
    if isinstance(count, Unknown):
        return None
    most = least + len(log.lost) + len(log.lost_unnamed)
    if not isinstance(system.value, Unknown):
        most += _in_passthrough(system.value)
    if least <= count <= most:
        return None
    detail = f"nvidia-smi counts {count} GPUs and lists {least}"
    return Unknown(Why.UNPARSED, detail, "nvidia-smi -q -x")


def smi_count(log: SmiLog, system: Parsed[HostSystem]) -> Reading[int]:
    """Count the GPUs; an answer that is nothing but a complaint about one of them counts none."""
    if not log.gpus and (log.lost or log.lost_unnamed):
        return Unknown(Why.ABSENT, ONLY_LOST, "nvidia-smi -q -x")
    return _cut_short(log, system) or len(log.gpus)


def _smi_sees(log: SmiLog, where: PciAddress, system: Parsed[HostSystem]) -> Reading[bool]:
    if any(gpu.address == where for gpu in log.gpus):
        return True
    if where in log.lost:
        return False
    for gpu in log.gpus:
        if isinstance(gpu.address, Unknown):
            return gpu.address
    if not log.gpus and log.lost:
        return Unknown(Why.ABSENT, ONLY_LOST, "nvidia-smi -q -x")
    return _cut_short(log, system) or False


def smi_order(log: Parsed[SmiLog]) -> tuple[PciAddress, ...]:
    """Return GPU addresses in the order in which nvidia-smi numbers them."""
    if isinstance(log.value, Unknown):
        return ()
    return tuple(gpu.address for gpu in log.value.gpus if not isinstance(gpu.address, Unknown))


def _nvidia_functions(one: HostSystem) -> Reading[tuple[vim_host_system.Device, ...]]:
    """Return the GPUs without their virtual functions: the physical one sits at slot 0, function 0.

    One that sits elsewhere is a GPU where vSphere says that it draws.
    """
    if isinstance(one.devices, Unknown):
        return one.devices
    display = [
        (parts(device.address), device)
        for device in one.devices
        if device.pci_id.vendor == NVIDIA and device.device_class in DISPLAY_CLASSES
    ]
    heads = {where[:2] for where, _ in display if where[2:] == (0, 0)}
    found = [device for where, device in display if where[2:] == (0, 0)]
    others = [device for where, device in display if where[:2] not in heads]
    if others:  # vSphere's list of graphics alone tells such a GPU from a virtual function
        if isinstance(one.graphics, Unknown):
            return one.graphics
        drawn = {graphics.address for graphics in one.graphics}
        found += [device for device in others if device.address in drawn]
    return tuple(sorted(found, key=lambda device: device.address))


def nvswitches(one: HostSystem) -> Reading[tuple[PciAddress, ...]]:
    """Return the addresses of the NVSwitches of the host."""
    if isinstance(one.devices, Unknown):
        return one.devices
    return tuple(
        device.address
        for device in one.devices
        if device.pci_id.vendor == NVIDIA and device.pci_id.device in NVSWITCHES
    )


def gpu_addresses(one: HostSystem | None) -> tuple[PciAddress, ...]:
    """Return the addresses of the NVIDIA GPUs, for the questions that are asked of each."""
    functions = _nvidia_functions(one) if one is not None else ()
    return () if isinstance(functions, Unknown) else tuple(one.address for one in functions)


def may_have_gpus(one: HostSystem) -> bool:
    """Say whether NVIDIA GPUs are in the PCI inventory, or it is not known what is."""
    functions = _nvidia_functions(one)
    return isinstance(functions, Unknown) or bool(functions)


def gpus_of(
    book: Book, system: Parsed[HostSystem], log: Parsed[SmiLog], located: Locator
) -> Fact[tuple[PhysicalGpu, ...]]:
    """Join every NVIDIA GPU of the PCI inventory with what is known of it."""
    functions = system.fact(_nvidia_functions)
    if isinstance(functions, Unknown):
        return functions
    facts = _GpuFacts(book, system, log)
    gpus = [facts.gpu(device, located) for device in functions.value]
    offered = system.fact(lambda one: one.profiles_offered)
    told = with_own_types(gpus, catalog.requirements().models, offered)
    return Known(told, functions.sources)


def _listed_of(
    listed: Fact[tuple[Any, ...]], where: PciAddress, pick: Callable[[Any], Reading[U]], field: str
) -> Fact[U]:
    """Return what a list of HostSystem says of one GPU, from where the list is."""
    if isinstance(listed, Unknown):
        return listed
    for one in listed.value:
        if one.address == where:
            reading = pick(one)
            return reading if isinstance(reading, Unknown) else Known(reading, listed.sources)
    return Unknown(Why.ABSENT, f"{where} is not listed", f"HostSystem {field}")


class _GpuFacts:
    """Joins what vSphere and nvidia-smi say of each GPU, by PCI address."""

    def __init__(self, book: Book, system: Parsed[HostSystem], log: Parsed[SmiLog]) -> None:
        self._system = system
        self._log = log
        self._query = book.read(nvidia_smi_query_gpu.REQUEST, nvidia_smi_query_gpu.parse)
        self._supported = book.read(nvidia_smi_vgpu_s.REQUEST, nvidia_smi_vgpu_s.parse)
        self._limits = book.read(nvidia_smi_vgpu_s_v.REQUEST, nvidia_smi_vgpu_s_v.parse)
        self._creatable = book.read(nvidia_smi_vgpu_c.REQUEST, nvidia_smi_vgpu_c.parse)
        self._instances = book.read(nvidia_smi_mig_lgi.REQUEST, nvidia_smi_mig_lgi.parse)

    def gpu(self, device: vim_host_system.Device, located: Locator) -> PhysicalGpu:
        where = device.address
        model = catalog.identify(device.pci_id)
        asked = "hostcheck catalogue"
        missing = Unknown(Why.ABSENT, f"{device.pci_id} is not in the catalogue", asked)
        alike: dict[str, Any] = {name: self._smi(where, attrgetter(name)) for name in AS_LOGGED}
        return PhysicalGpu(
            **alike,
            address=where,
            pci_id=device.pci_id,
            name=model.name if model else device.name,
            catalogue_key=self._system.fact(lambda _: model.key if model else missing),
            bridges=located.bridges(where),
            numa_node=located.node(where),
            graphics_active=self._graphics(where, lambda one: one.type),
            graphics_configured=self._configured(where),
            vgpu_mode=self._graphics(where, lambda one: one.vgpu_mode),
            graphics_memory_bytes=self._graphics(where, lambda one: one.memory_bytes),
            vm_ids=self._graphics(where, lambda one: one.vm_ids),
            sriov=self._passthrough(where, lambda one: one.sriov),
            passthrough=self._passthrough(where, lambda one: one.passthrough),
            hardware_label=self._label(where),
            smi_seen=self._log.fact(lambda log: _smi_sees(log, where, self._system)),
            mig_instances=self._mig_instances(where, lambda one: one.name),
            mig_slices=self._mig_instances(where, _slice),
            framebuffer_bytes=self._smi(where, lambda one: one.framebuffer_total_bytes),
            bar1_bytes=self._smi(where, lambda one: one.bar1_total_bytes),
            inforom_corrupted=self._log.fact(lambda log: where in log.inforom_corrupted),
            profiles_supported=self._offers(nvidia_smi_vgpu_s.REQUEST, self._supported, where),
            profile_limits=self._limits_of(where),
            profiles_creatable=self._offers(nvidia_smi_vgpu_c.REQUEST, self._creatable, where),
            vgpu_listed=self._listed(where),
            given_up=self._given_up(where),
            ecc_uncorrected=self._smi(where, lambda one: one.ecc_uncorrected_volatile),
            ecc_uncorrected_ever=self._smi(where, lambda one: one.ecc_uncorrected_aggregate),
            architecture=generation(
                self._smi(where, lambda one: one.architecture),
                self._system.fact(lambda _: device.name),
                self._smi(where, lambda one: one.host_vgpu_mode),
            ),
        )

    def _graphics(
        self, where: PciAddress, pick: Callable[[vim_host_system.Graphics], Reading[U]]
    ) -> Fact[U]:
        listed = self._system.fact(lambda one: one.graphics)
        return _listed_of(listed, where, pick, "config.graphicsInfo")

    def _configured(self, where: PciAddress) -> Fact[GraphicsType]:
        listed = self._system.fact(lambda one: one.graphics_configured)
        return _listed_of(listed, where, attrgetter("type"), "config.graphicsConfig")

    def _passthrough(
        self, where: PciAddress, pick: Callable[[vim_host_system.PassthroughState], Reading[U]]
    ) -> Fact[U]:
        listed = self._system.fact(lambda one: one.passthrough)
        return _listed_of(listed, where, pick, "config.pciPassthruInfo")

    def _label(self, where: PciAddress) -> Fact[str]:
        """Return the hardware label; a release that knows labels leaves out an empty one."""
        label = self._passthrough(where, lambda one: one.label)
        version = self._system.fact(lambda one: one.version)
        if label != NO_LABEL or isinstance(version, Unknown):
            return label
        if release_of(version.value) >= LABELS:
            return Known("", version.sources)
        return NOT_TOLD_YET

    def _smi(self, where: PciAddress, pick: Callable[[SmiGpu], Reading[U]]) -> Fact[U]:
        log = self._log.value
        if isinstance(log, Unknown):
            return log
        for gpu in log.gpus:
            if gpu.address == where:
                return self._log.lift(pick(gpu))
        return Unknown(Why.ABSENT, f"nvidia-smi does not list {where}", "nvidia-smi -q -x")

    def _given_up(self, where: PciAddress) -> Fact[str]:
        """Return the words by which nvidia-smi gives a GPU up, in its log or in its CSV."""
        answers: tuple[Parsed[SmiLog] | Parsed[GpuQuery], ...] = (self._log, self._query)
        for named, words in ((_lost, LOST), (_reset_needed, RESET)):
            for answer in answers:
                if not isinstance(answer.value, Unknown) and where in named(answer.value):
                    return Known(words, (answer.source,))
        query = self._query.value
        if isinstance(query, Unknown) and query.why is not Why.ABSENT:
            return self._log.value if isinstance(self._log.value, Unknown) else query
        return self._log.fact(lambda _: "")

    @cached_property
    def _gpus_listed(self) -> dict[str, set[PciAddress]]:
        """Return which GPUs each list of vGPU types is of, by what was asked."""
        lists = (
            (nvidia_smi_vgpu_c.REQUEST.text, self._creatable.value),
            (nvidia_smi_vgpu_s_v.REQUEST.text, self._limits.value),
            (nvidia_smi_vgpu_s.REQUEST.text, self._supported.value),
        )
        return {
            asked: {gpu.address for gpu in value.gpus}
            for asked, value in lists
            if not isinstance(value, Unknown)
        }

    def _mixed_up(self, asked: str) -> Unknown | None:
        """Say so where another list has a GPU more: its types may stand below another one here."""
        lists = self._gpus_listed
        mine = lists.get(asked, set())
        for other, listed in lists.items() if mine else ():
            for where in sorted(listed - mine):
                told = f"{other} lists {where}, and {asked} does not: its types may be another's"
                return Unknown(Why.UNPARSED, told, asked)
        return None

    def _offers(
        self, request: Request, answer: Parsed[VgpuOffers], where: PciAddress
    ) -> Fact[tuple[str, ...]]:
        def find(offers: VgpuOffers) -> Reading[tuple[str, ...]]:
            if mixed := self._mixed_up(request.text):
                return mixed
            for gpu in offers.gpus:
                if gpu.address == where:
                    return gpu.types
            if not offers.gpus:
                return ()  # it says that no GPU of this host is in vGPU mode
            return Unknown(Why.ABSENT, f"nvidia-smi vgpu does not list {where}", "nvidia-smi vgpu")

        return answer.fact(find)

    def _listed(self, where: PciAddress) -> Fact[bool]:
        """Say whether nvidia-smi lists a GPU as one for vGPUs; unknown where its lists differ."""
        lists = self._gpus_listed

        def find(offers: VgpuOffers) -> Reading[bool]:
            if any(gpu.address == where for gpu in offers.gpus):
                return True
            other = next((one for one, listed in lists.items() if where in listed), "")
            if not other:
                return False
            asked = nvidia_smi_vgpu_s.REQUEST.text
            return Unknown(Why.UNPARSED, f"{other} lists {where}, and {asked} does not", asked)

        return self._supported.fact(find)

    def _limits_of(self, where: PciAddress) -> Fact[tuple[VgpuLimit, ...]]:
        lift = self._limits.lift

        def find(told: nvidia_smi_vgpu_s_v.VgpuTypes) -> Reading[tuple[VgpuLimit, ...]]:
            if mixed := self._mixed_up(nvidia_smi_vgpu_s_v.REQUEST.text):
                return mixed
            for gpu in told.gpus:
                if gpu.address == where:
                    return tuple(
                        VgpuLimit(one.name, lift(one.maximum),
                                  lift(one.framebuffer_bytes))
                        for one in gpu.types
                        if not isinstance(one.name, Unknown)
                    )  # fmt: skip
            return Unknown(Why.ABSENT, f"nvidia-smi does not list {where}", "nvidia-smi vgpu -s -v")

        return self._limits.fact(find)

    def _mig_instances(
        self, where: PciAddress, pick: Callable[[nvidia_smi_mig_lgi.GpuInstance], U]
    ) -> Fact[tuple[U, ...]]:
        """GPU instances are listed by nvidia-smi's index of the GPU."""
        order = smi_order(self._log)
        if where not in order:
            return self._smi(where, lambda _: ())
        index = order.index(where)
        return self._instances.fact(
            lambda one: tuple(pick(each) for each in one.instances if each.gpu_index == index)
        )


def _slice(one: nvidia_smi_mig_lgi.GpuInstance) -> MigSlice:
    return MigSlice(one.name, one.instance_id, one.placement_start, one.placement_size)


def _lost(said: Noticed) -> tuple[PciAddress, ...]:
    return said.lost


def _reset_needed(said: Noticed) -> tuple[PciAddress, ...]:
    return said.reset_needed
