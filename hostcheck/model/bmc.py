"""What a server's management controller (BMC) tells: its BIOS settings, its slots, its health.

Settings go by vendor-neutral names and words; what the BMC itself wrote stands beside them.
"""

from enum import StrEnum

from msgspec import Struct

from hostcheck.model.fact import Fact, Unknown, Why

NOT_TOLD = Unknown(Why.ABSENT, "the BMC does not tell it")


class Setting(StrEnum):
    """BIOS settings by vendor-neutral names."""

    SRIOV = "sriov"
    IOMMU = "iommu"
    ABOVE_4G = "above_4g"
    MMIO_BASE = "mmio_base"
    MMIO_SIZE = "mmio_size"
    ARI = "ari"
    ACS = "acs"
    NUMA_SPLIT = "numa_split"
    """Sub-NUMA clustering, nodes per socket: `off`, `2`, `4`, or `on` where no number is told."""
    L3_NUMA = "l3_numa"
    """Each last-level cache (CCX) as a NUMA node."""
    NODE_INTERLEAVING = "node_interleaving"
    """Memory spread over the sockets, which hides NUMA."""
    HYPER_THREADING = "hyper_threading"
    WORKLOAD_PROFILE = "workload_profile"
    CPU_PROFILE = "cpu_profile"
    """A second profile, of the processor's maker (HPE with AMD)."""
    SYSTEM_PROFILE = "system_profile"
    POWER_PROFILE = "power_profile"
    RESIZABLE_BAR = "resizable_bar"
    VIRTUALIZATION = "virtualization"
    """VT-x, AMD-V."""
    TPM = "tpm"
    SECURE_BOOT = "secure_boot"


ON, OFF = "on", "off"
"""The words of a switch. Values that are no switch's are the vendor's own."""


class Told(Struct, frozen=True):
    """An attribute as the BMC writes it."""

    attribute: str
    value: str


class BiosSetting(Struct, frozen=True):
    """One setting: what the last start had, and what the next one will have.

    Unknown is what the BMC does not list, or leaves to the BIOS (`Auto`). Never is that `off`.
    """

    setting: Setting
    active: Fact[str] = NOT_TOLD
    pending: Fact[str] = NOT_TOLD
    """The same as `active` where nothing waits."""
    told: tuple[Told, ...] = ()
    """What `active` was made of; of two attributes both must be on."""
    told_pending: tuple[Told, ...] = ()


class Waiting(Struct, frozen=True):
    """A BIOS attribute that the next start changes."""

    attribute: str
    now: str
    """Empty where the BMC does not list it now."""
    then: str


class Part(Struct, frozen=True):
    """A power supply or another part, and its health in the BMC's words: `OK`, `Critical`."""

    name: str
    health: Fact[str]


class BmcGpu(Struct, frozen=True):
    """An NVIDIA GPU as the BMC lists it; one that it does not list may be there all the same."""

    id: str
    name: str
    slot: Fact[str] = NOT_TOLD
    """What is written beside the slot: what one looks for in front of the rack."""
    address: Fact[str] = NOT_TOLD
    """PCI address `0000:ca:00.0`, where the BMC tells it."""
    firmware: Fact[str] = NOT_TOLD
    health: Fact[str] = NOT_TOLD
    celsius: Fact[float] = NOT_TOLD


class Bmc(Struct, frozen=True):
    """A BMC and the computer behind it."""

    vendor: Fact[str] = NOT_TOLD
    """Of the computer: `Dell`, `HPE`, `Lenovo`, ...; its own words where it is none of these."""
    cpu: Fact[str] = NOT_TOLD
    """`intel` or `amd`."""
    model: Fact[str] = NOT_TOLD
    service_tag: Fact[str] = NOT_TOLD
    """The number of the machine: Dell's service tag, else the serial number."""
    uuid: Fact[str] = NOT_TOLD
    bios_version: Fact[str] = NOT_TOLD
    kind: Fact[str] = NOT_TOLD
    """`iLO 5`, ..."""
    firmware: Fact[str] = NOT_TOLD
    """Of the BMC itself."""
    power_state: Fact[str] = NOT_TOLD
    post_state: Fact[str] = NOT_TOLD
    health: Fact[str] = NOT_TOLD
    joined_by: Fact[str] = NOT_TOLD
    """How it is known to be this host's: `UUID`, `UUID, bytes swapped`, `service tag`."""
    settings: Fact[tuple[BiosSetting, ...]] = NOT_TOLD
    """All of `Setting`, in that order."""
    settings_path: Fact[str] = NOT_TOLD
    """Where what waits is read, and would be written: `/redfish/v1/Systems/1/Bios/Settings`."""
    waiting: Fact[tuple[Waiting, ...]] = NOT_TOLD
    """All attributes that the next start changes, of whatever they are."""
    gpus: Fact[tuple[BmcGpu, ...]] = NOT_TOLD
    power_supplies: Fact[tuple[Part, ...]] = NOT_TOLD

    def setting(self, wanted: Setting) -> BiosSetting | Unknown:
        """Return one setting, or why no setting is known."""
        if isinstance(self.settings, Unknown):
            return self.settings
        return next((one for one in self.settings.value if one.setting is wanted),
                    BiosSetting(wanted))  # fmt: skip

    def active(self, wanted: Setting) -> Fact[str]:
        """Return what the last start had of a setting, with the sources of the settings."""
        found = self.setting(wanted)
        return found if isinstance(found, Unknown) else found.active
