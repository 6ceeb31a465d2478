"""What the catalogue knows of BIOS settings: which attribute says it, in which menu it stands."""

import re
from functools import lru_cache

from msgspec import Struct

from hostcheck.model.bmc import OFF, ON, Setting

_FIRMWARE_DIGITS = re.compile(r"_[0-9A-F]{4}$", re.IGNORECASE)
_NO_WORD = re.compile(r"[^a-z0-9]")
_SWITCH = {"enabled": ON, "enable": ON, "on": ON, "true": ON, "yes": ON,
           "disabled": OFF, "disable": OFF, "off": OFF, "false": OFF, "no": OFF}  # fmt: skip
SWITCHES = frozenset(Setting) - {
    Setting.MMIO_BASE, Setting.MMIO_SIZE, Setting.WORKLOAD_PROFILE, Setting.CPU_PROFILE,
    Setting.SYSTEM_PROFILE, Setting.POWER_PROFILE,
}  # fmt: skip
"""Settings that are on or off, or on in several ways. The others hold the vendor's own words."""
AUTO = ("auto", "automatic", "platformdefault", "default")
JOINED = "joined"
"""Of the sockets: one NUMA node over both, AMD's NPS0."""


@lru_cache(1 << 14)
def canonical(name: str) -> str:
    """Return an attribute's name as it is compared: firmware changes case, marks and digits.

    Supermicro writes four hexadecimal digits behind each name, which change with the release.
    """
    return _NO_WORD.sub("", _FIRMWARE_DIGITS.sub("", name).lower())


@lru_cache(1 << 12)
def canonical_value(value: str) -> str:
    """Return a value as it is compared."""
    return _NO_WORD.sub("", value.lower())


class BiosRow(Struct, frozen=True):
    """One setting of one vendor: the attributes that say it, all of which must be on.

    `cpu` is `intel` or `amd`, empty for both. A row without attributes says that there is no such
    switch.
    """

    setting: Setting
    vendor: str
    """Key of a maker; empty: names of firmware that several makers have."""
    menu: str = ""
    """Where it stands and how it is to be, in words; empty where no source tells."""
    cpu: str = ""
    attributes: tuple[str, ...] = ()
    values: dict[str, str] = {}
    """What the vendor's values mean, beside the usual ones: `2-Way`: `2`."""
    want: dict[str, str] = {}
    """What a GPU host is to have, by attribute, in the vendor's spelling."""
    group: str = ""
    """Of the attributes in Dell's racadm: `BIOS.IntegratedDevices`."""
    read_on: str = ""
    """The machine whose BIOS tells it; empty where the row is second-hand."""
    source: str = ""

    def meaning(self, value: str) -> str | None:
        """Return the neutral word of a value; None where it says nothing, or is not known."""
        wanted = canonical_value(value)
        for theirs, word in self.values.items():
            if canonical_value(theirs) == wanted:
                return word
        if self.setting not in SWITCHES:
            return value or None
        return _SWITCH.get(wanted)


class BiosProfile(Struct, frozen=True):
    """A profile that holds a setting against what a GPU host needs, so that its switch is grey."""

    setting: Setting
    vendor: str
    cpu: str
    profile: Setting
    """The setting that chooses the profile."""
    wrong: dict[str, str]
    """Its values that do so, in the BIOS's spelling, and as the menu shows them."""
    right: tuple[str, ...]
    """Values of which it is known that they do not."""
    instead: str
    menu: str
    read_on: str
    source: str

    def forbids(self, value: str) -> str:
        """Return what the menu shows of a value that does so; empty for another one."""
        wanted = canonical_value(value)
        return next(
            (shown for one, shown in self.wrong.items() if canonical_value(one) == wanted), ""
        )

    def allows(self, value: str) -> bool:
        """Say whether it is known that a value does not."""
        return canonical_value(value) in map(canonical_value, self.right)


class Maker(Struct, frozen=True):
    """A vendor of servers, and how its names begin."""

    key: str
    shown: str
    starts: tuple[str, ...]


class Neutral(Struct, frozen=True):
    """What a setting is called where no vendor's words are known, and how it is to be."""

    name: str
    """`SR-IOV`: what it is called in results."""
    intel: str = ""
    amd: str = ""
    """Empty where it is not said how it is to be."""


class BiosTable(Struct, frozen=True):
    """All of it, with the sources by key."""

    schema: str = ""
    edition: str = ""
    sources: dict[str, str] = {}
    makers: tuple[Maker, ...] = ()
    settings: dict[Setting, Neutral] = {}
    rows: tuple[BiosRow, ...] = ()
    profiles: tuple[BiosProfile, ...] = ()

    def maker(self, words: str) -> Maker | None:
        """Return the maker of a name as vSphere or a BMC writes it."""
        name = words.strip().lower()
        return next((one for one in self.makers if name.startswith(one.starts)), None)

    def shown(self, key: str) -> str:
        """Return the name of a maker."""
        return next((one.shown for one in self.makers if one.key == key), "")

    def of(self, setting: Setting, vendor: str, cpu: str) -> tuple[BiosRow, ...]:
        """Return the rows of a setting; of a processor that is not known those that fit any."""
        return tuple(
            one
            for one in self.rows
            if (one.setting, one.vendor) == (setting, vendor) and one.cpu in ("", cpu)
        )

    def name(self, setting: Setting) -> str:
        """Return what a setting is called."""
        found = self.settings.get(setting)
        return found.name if found else setting.value
