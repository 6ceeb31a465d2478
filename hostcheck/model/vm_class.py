"""A VM class of vSphere Kubernetes, and what is to be said of it before it is offered.

Sizes are bytes, lines count from 1 (0: not in a file). What the class does not say is Unknown
where it decides, else empty.
"""

from msgspec import Struct

from hostcheck.model.fact import Reading, Unknown
from hostcheck.model.lifecycle import Mark
from hostcheck.model.pci import PciId
from hostcheck.model.result import Answer, Severity, Status
from hostcheck.model.run import Asked

SCHEMA = "hostcheck.vm-class/1"
DEFAULT_MMIO_GIB = 512
"""What VM Operator gives a VM with a passthrough device whose class says nothing else."""


class ClassVgpu(Struct, frozen=True):
    """A vGPU that each VM of the class gets."""

    profile: str
    line: int = 0


class ClassDevice(Struct, frozen=True):
    """A whole device (dynamic DirectPath I/O): any of these ids, with the label where one is."""

    ids: tuple[PciId, ...]
    label: str = ""
    line: int = 0


class Reservation(Struct, frozen=True):
    """What is asked and allowed of one resource; 0: nothing is said. Bytes, or thousandths."""

    request: int = 0
    limit: int = 0


class VmClass(Struct, frozen=True):
    """A class as a file or vCenter tells it."""

    name: str
    source: str
    """File or vCenter."""
    form: str
    """`v1alpha6` of VM Operator's API, or `REST`."""
    cpus: Reading[int]
    memory_bytes: Reading[int]
    memory: Reservation = Reservation()
    cpu: Reservation = Reservation()
    """In thousandths of a core; of REST, which says percent of a host's slowest core, nothing."""
    locked_to_max: bool = False
    """Whether its configSpec reserves all memory of the VM."""
    vgpus: tuple[ClassVgpu, ...] = ()
    devices: tuple[ClassDevice, ...] = ()
    groups: tuple[str, ...] = ()
    """Device groups, in vSphere's names."""
    others: tuple[str, ...] = ()
    """Passthrough devices of which it is not understood what they are, in words."""
    overridden: tuple[str, ...] = ()
    """Devices that the class names where its configSpec, which names others or none, is used."""
    firmware: str = ""
    mmio_gib: int = 0
    """0: the class says nothing."""
    hardware_version: int = 0
    storage: str = ""
    """Storage class or policy of its instance storage; with volumes and without it `?`."""
    poweroff: bool = False
    """Whether DRS powers its VMs off when a host enters maintenance mode."""
    slots: int = 0
    """VMs that are reserved for."""
    slots_profile: str = ""
    """The reservation that they are of."""
    status: str = ""
    """READY or REMOVING, in REST's words; empty where nobody says it."""
    namespaces: tuple[str, ...] = ()
    lines: dict[str, int] = {}
    """By field of this struct: where to change it."""
    notices: tuple[str, ...] = ()
    """What of it was not read."""

    @property
    def wants_gpu(self) -> bool:
        """Whether a VM of it gets a device that is passed through."""
        return bool(self.vgpus or self.devices or self.groups or self.others)

    def line_of(self, field: str) -> int:
        """Return where a field stands, or where the class begins."""
        return self.lines.get(field) or self.lines.get("name", 0)


class Namespace(Struct, frozen=True):
    """A vSphere namespace: which classes it may use, and where its VMs run."""

    name: str
    clusters: tuple[str, ...]
    """Managed object ids; none where that is not told."""
    classes: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    """Ids of the storage policies bound to it."""
    supervisor: str = ""
    zones: tuple[str, ...] | None = None
    """Told since 9.0; None: all those of its Supervisor."""
    unread: bool = False
    """Whether it is not told which classes it may use."""
    more: Unknown | None = None
    """Why it may run on clusters besides those that are told, where that is not known."""


class Offered(Struct, frozen=True):
    """Classes, and the namespaces that use them, as one file or vCenter tells them."""

    classes: tuple[VmClass, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    cluster_names: dict[str, str] = {}
    """Names of clusters with vSphere Kubernetes, by managed object id."""
    notices: tuple[str, ...] = ()
    unread: bool = False
    """Whether there are classes that were not understood."""
    unlisted: bool = False
    """Whether there may be namespaces of which nothing is told."""


class ClassChange(Struct, frozen=True):
    """What to change, and where: line 0 is not in a file."""

    where: str
    line: int
    what: str


class ClassFinding(Struct, frozen=True):
    """One judgement of a class on a cluster. Required ones decide."""

    check: str
    title: str
    severity: Severity
    status: Status
    observed: str
    expected: str = ""
    note: str = ""
    told_by: str = ""
    """What settles it, where it is not known."""
    mark: Mark = Mark.READ
    source: str = ""
    hosts: tuple[str, ...] = ()
    """Those that it fails on, or that leave it open; none: it is of the class."""
    change: ClassChange | None = None


class Fit(Struct, frozen=True):
    """How many VMs fit: at least `low`, at most `high`; without `high` that is not known."""

    low: int
    high: int | None
    why: str = ""
    """What leaves it open, or what bounds it."""

    @property
    def words(self) -> str:
        """Return it in words: `12`, `8 to 12`, `at least 3`."""
        if self.high is None:
            return f"at least {self.low}" if self.low else "not known how many"
        return str(self.low) if self.low == self.high else f"{self.low} to {self.high}"


class ClassPlace(Struct, frozen=True):
    """A class on one cluster (zone) of its namespaces."""

    cluster: str
    """Its name; empty: hosts of no known cluster."""
    target: str
    """vCenter or ESXi."""
    answer: Answer
    hosts: int
    keepers: tuple[str, ...]
    """Hosts that keep all that the class promises."""
    open: tuple[str, ...]
    """Hosts of which that is not known."""
    findings: tuple[ClassFinding, ...]
    now: Fit
    after_loss: Fit
    """With any one host gone, and its VMs started again on the others."""
    namespaces: tuple[str, ...] = ()


class ClassJudged(Struct, frozen=True):
    """One class on every cluster that counts."""

    name: str
    form: str
    source: str
    line: int
    asks: str
    """In words: `2 x nvidia_l40s-24q, 16 vCPUs, 128 GiB`."""
    answer: Answer
    places: tuple[ClassPlace, ...]
    notices: tuple[str, ...] = ()


class Judged(Struct, frozen=True):
    """The answer for all classes."""

    schema: str
    tool_version: str
    catalogue_edition: str
    classes_from: str
    target: str
    """What told of the hosts."""
    read_at: str
    """When the last answer was taken."""
    answer: Answer
    warnings: tuple[str, ...]
    classes: tuple[ClassJudged, ...]
    targets: tuple[Asked, ...] = ()
