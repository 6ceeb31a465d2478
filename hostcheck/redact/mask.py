"""Private words and what stands for them: one stand-in for each, wherever it is met.

Names are learnt before anything is replaced, and numbered in their order, so that what is sorted by
name stays as it was. What looks private by itself, an address or a UUID, is numbered as it comes.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

ORDINARY = frozenset((
    "a100", "active", "basic", "bios", "bmc", "boot", "cluster", "connected", "cpu", "custom",
    "data", "datastore", "default", "device", "direct", "disabled", "disconnected", "disk",
    "dynamic", "efi", "enabled", "error", "esx", "esxcli", "esxi", "example", "fail", "false", "go",
    "gpu", "group", "guest", "high", "host", "image", "intel", "iso", "label", "low", "memory",
    "mig", "model",
    "n/a", "name", "net", "network", "nic", "no", "none", "normal", "nvidia", "off", "on", "os",
    "pass", "pci", "performance", "pool", "poweredoff", "poweredon", "required", "resources",
    "root", "rule", "running", "serial", "server", "shared", "static", "store", "suspended", "swap",
    "switch", "system", "true", "type", "unknown", "user", "vcenter", "version", "vgpu", "vm",
    "vmnic", "vmware", "yes",
))  # fmt: skip
"""Words that answers are written in: as a name they are replaced only where a name stands."""
KEPT = frozenset({"Resources", "VM Network", "Management Network", "VM to be", ""})
"""Names that every vSphere has, and ours: they tell nothing."""
USUAL = re.compile(r"vSwitch\d+|vmk\d+|vmnic\d+|unknown|none|n/?a|0+|not specified", re.IGNORECASE)
MACHINES = ("host", "vcenter")
"""Kinds that come first: a host outside a cluster is called as what it is in."""
SHORTEST = 3
MOREF = re.compile(
    r"(?:vm|host|network|datastore|resgroup|domain|dvportgroup|group|datacenter)-[a-z]?\d+"
    r"(?![^\W_])"
)
"""A managed object id: it tells nothing without the vCenter, and joins the answers."""
WORD = re.compile(r"[^\W_]+")
UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
PAIRS = r"(?:[0-9a-fA-F]{2} ){7}[0-9a-fA-F]{2}"
PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("uuid", re.compile(
        rf"(?<![0-9a-fA-F])(?<![0-9a-fA-F]-){UUID}(?![0-9a-fA-F-])"
        rf"|(?<!\w){PAIRS}-{PAIRS}(?!\w)|(?<![^\W_])[0-9a-fA-F]{{32}}(?![^\W_])"
    )),
    ("mac", re.compile(
        r"(?<![0-9a-fA-F:])(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}(?![0-9a-fA-F:])"
        r"|(?<![^\W_])(?:[0-9a-fA-F]{2}-){5}[0-9a-fA-F]{2}(?![^\W_])"
        r"|(?<![^\W_])(?:[0-9a-fA-F]{4}\.){2}[0-9a-fA-F]{4}(?![^\W_])"
    )),
    ("user", re.compile(r"(?<![\w.+-])[A-Za-z_][\w.+-]*@[A-Za-z0-9][\w-]*(?:\.[\w-]+)*")),
    ("user", re.compile(r"(?<![\w\\])[A-Z][A-Z0-9-]{1,63}\\[A-Za-z][\w.-]*")),
    ("ipv4", re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)")),
    ("ipv6", re.compile(r"(?<![\w:.])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?![\w:.])")),
)  # fmt: skip
"""What looks private by itself."""
BARE_MAC = re.compile(r"(?<![^\W_])[0-9a-fA-F]{12}(?![^\W_])")
"""A number like any other, but where the same address stands elsewhere with its marks."""
LOOKS_PRIVATE = frozenset(kind for kind, _ in PATTERNS)
_MARKED_MAC = dict(PATTERNS)["mac"]
MEMBER = re.compile(
    r"(?:(?<![^\W_])(?:Systems|Chassis|Managers)|(?i:/redfish/v1/(?:systems|chassis|managers)))/"
    r"([^\s/\"'?#<>{}|,;:()\[\]\\]+)"
)
"""A member of a Redfish collection, which some makers call by its serial number."""
WORDS_OF_MAKERS = frozenset((
    "backplane", "baseboard", "blade", "bmc", "board", "chassis", "cimc", "cmc", "computer", "cpu",
    "drive", "embedded", "enclosure", "erot", "fan", "fpga", "gpu", "hgx", "host", "idrac", "ilo",
    "integrated", "internal", "mainboard", "manager", "managers", "module", "motherboard", "node",
    "nvswitch", "pcie", "pcieretimer", "pcieswitch", "power", "processor", "psu", "rack",
    "rackmount", "riser", "self", "server", "storage", "sxm", "system", "systems", "tray", "xcc",
))  # fmt: skip
"""What members are called by that have their names from their makers: `HGX_Chassis_0`, `Self`."""
BEFORE_A_VERSION = re.compile(r"(?:ersion|elease|irmware|ild|BIOS)\W{0,3}[\w ]{0,12}\W{0,4}$")


def _uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def _mac(number: int) -> str:
    return "0e:5e:" + ":".join(f"{number:08x}"[at : at + 2] for at in range(0, 8, 2))


CUTS: Mapping[str, tuple[tuple[str, tuple[int, ...]], ...]] = {
    "uuid": (("-", (8, 4, 4, 4, 12)), ("", (32,))),
    "mac": ((":", (2,) * 6), ("-", (2,) * 6), (".", (4,) * 3), ("", (12,))),
}
"""How digits are put together, by what stands between and how many; the map has the first."""


def _cut(told: str, between: str, lengths: tuple[int, ...]) -> str:
    digits = iter("".join(WORD.findall(told)).lower())
    return between.join("".join(islice(digits, length)) for length in lengths)


def _swapped(uuid: str) -> str:
    """Return a UUID with the bytes of its first three parts in the other order, as some tell it."""
    digits = "".join(WORD.findall(uuid))
    pairs = [digits[at : at + 2] for at in range(0, 32, 2)]
    turned = [*pairs[3::-1], *pairs[5:3:-1], *pairs[7:5:-1], *pairs[8:]]
    return _cut("".join(turned), *CUTS["uuid"][0])


def _spelled(stand_in: str, told: str) -> str:
    """Write a stand-in as that is written which it stands for."""
    digits = iter("".join(WORD.findall(stand_in)))
    return "".join(next(digits) if one.isalnum() else one for one in told)


STAND_INS: Mapping[str, Callable[[int], str]] = {
    "uuid": _uuid,
    "mac": _mac,
    "user": lambda number: f"user-{number:04}@example",
    "ipv4": lambda number: f"198.18.{number >> 8 & 255}.{number & 255}",
    "ipv6": lambda number: f"2001:db8::{number:x}",
    "vcenter": lambda number: f"vcenter-{number:02}.example",
    "host": lambda number: f"esx-{number:04}.example",
    "short host": lambda number: f"esx-{number:04}",
    "vm": lambda number: f"guest-{number:05}",
    "serial": lambda number: f"SERIAL{number:04}",
}


class Mask:
    """Everything private that is known, and its stand-ins."""

    def __init__(self, known: Mapping[str, Mapping[str, str]] | None = None) -> None:
        """Begin with what stood for what before, by kind."""
        self.map: dict[str, dict[str, str]] = {
            kind: dict(pairs) for kind, pairs in (known or {}).items()
        }
        self._new: dict[str, set[str]] = {}
        self.replaced: dict[str, set[str]] = {}
        """What was replaced, by kind: of the map, what was met."""
        self._kinds: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._index: dict[str, list[str]] = {}
        self._domains: set[str] = set()
        self._macs = set(self.map.get("mac", ()))

    def learn(self, kind: str, name: str) -> None:
        """Note a private name."""
        name = name.strip()
        if name in KEPT or USUAL.fullmatch(name) or (kind == "serial" and _looks_so(name)):
            return
        first = WORD.search(name)
        if first is not None and first.start():  # found by the word that it begins with
            self.learn(kind, name[first.start() :])
        self._new.setdefault(kind, set()).add(name)

    def learn_host(self, kind: str, name: str) -> None:
        """Note the name of a machine, and its domain, of which other machines are too."""
        if name.casefold() not in {one.casefold() for one in self.map.get(kind, ())}:
            self.learn(kind, name)
        short, _, domain = name.partition(".")
        if "." in domain and not short.isdecimal():
            self._domains.add(domain.casefold())

    def learn_macs(self, text: str) -> None:
        """Note the MAC addresses of a text, which may stand elsewhere without their marks."""
        for found in _MARKED_MAC.finditer(text):
            self._macs.add(_cut(found[0], *CUTS["mac"][0]))

    def seal(self) -> None:
        """Number what was learnt, in the order of names."""
        done = {name for pairs in self.map.values() for name in pairs}
        for kind in sorted(self._new, key=lambda one: (one not in MACHINES, one)):
            for name in sorted(self._new[kind] - done):
                self._stand_in(kind, name)
            done |= self._new[kind]
        self._new = {}
        for kind in MACHINES:
            for name, stand_in in list(self.map.get(kind, {}).items()):
                self._shorten(name, stand_in)
        for kind, pairs in self.map.items():
            if kind not in LOOKS_PRIVATE:
                self._kinds |= {name: kind for name in pairs if name not in self._names}
                self._names |= {name: to for name, to in pairs.items() if name not in self._names}
        for name in sorted(self._names, key=lambda one: (-len(one), one)):
            first = WORD.match(name)
            if first is not None and not is_ordinary(name):
                self._index.setdefault(first[0].casefold(), []).append(name)

    def _shorten(self, name: str, stand_in: str) -> None:
        short = name.partition(".")[0]
        if short != name and not short.isdecimal():
            self.map.setdefault("short host", {}).setdefault(short, stand_in.partition(".")[0])

    def _stand_in(self, kind: str, original: str) -> str:
        pairs = self.map.setdefault(kind, {})
        if original not in pairs:
            number = len(pairs) + 1
            make = STAND_INS.get(kind)
            pairs[original] = f"{kind}-{number:04}" if make is None else make(number)
        return pairs[original]

    def _met(self, kind: str, original: str) -> str:
        """Return the stand-in of what is replaced now."""
        self.replaced.setdefault(kind, set()).add(original)
        return self._stand_in(kind, original)

    def _known(self, name: str) -> str:
        """Return the stand-in of a name that is replaced now; nothing where it is none."""
        return self._met(self._kinds[name], name) if name in self._names else ""

    def name(self, text: str) -> str:
        """Return what stands for a text that is a name, whatever it is."""
        return self._known(text.strip()) or self.text(text)

    def serial(self, text: str) -> str:
        """Return what stands for a serial number."""
        told = text.strip()
        if not told or USUAL.fullmatch(told):
            return text
        if told not in self._names and _looks_so(told):
            return self.text(text)
        return self._known(told) or self._met("serial", told)

    def text(self, text: str, *, versions: bool = False) -> str:
        """Return a text with everything private replaced; of `versions` no part is an address."""
        text = MEMBER.sub(self._member, text)
        text = "".join(self._named(text))
        for kind, looks in PATTERNS:
            if kind == "ipv4" and versions:
                continue
            text = self._replaced(kind, looks, text)
        if self._macs:
            text = BARE_MAC.sub(self._bare_mac, text)
        for domain in self._domains:
            text = re.sub(
                rf"(?<![\w.-])(?:[\w-]+\.)*{re.escape(domain)}(?![\w-])",
                lambda found: self._met("name", found[0].casefold()),
                text,
                flags=re.IGNORECASE,
            )
        return text

    def _member(self, found: re.Match[str]) -> str:
        told = found[1]
        if is_of_a_maker(told) or _looks_so(told):
            return found[0]
        return found[0].removesuffix(told) + self.serial(told)

    def identifier(self, text: str) -> str:
        """Return what stands for the `Id` of a resource, which its path may hold too."""
        return self._met("serial", text) if text in self.map.get("serial", ()) else self.text(text)

    def _replaced(self, kind: str, looks: re.Pattern[str], text: str) -> str:
        return looks.sub(lambda found: self._found(kind, found), text)

    def _bare_mac(self, found: re.Match[str]) -> str:
        mac = _cut(found[0], *CUTS["mac"][0])
        return _spelled(self._met("mac", mac), found[0]) if mac in self._macs else found[0]

    def _found(self, kind: str, found: re.Match[str]) -> str:
        told = found[0]
        if kind in ("ipv4", "ipv6"):
            try:
                address = ipaddress.ip_address(told)
            except ValueError:
                return told
            before = found.string[max(found.start() - 40, 0) : found.start()]
            if address.is_unspecified or BEFORE_A_VERSION.search(before):
                return told
        if kind in CUTS:
            if "." in told and BEFORE_A_VERSION.search(found.string[: found.start()][-40:]):
                return told
            one = _cut(told, *CUTS[kind][0])
            known = self.map.get(kind, {})
            if kind == "uuid" and one not in known and (other := _swapped(one)) in known:
                return _spelled(_swapped(self._met(kind, other)), told)
            return _spelled(self._met(kind, one), told)
        return self._met(kind, told if kind == "user" else told.lower())

    def _named(self, text: str) -> Iterator[str]:
        at = 0
        for found in WORD.finditer(text):
            if found.start() < at:
                continue
            name = self._name_at(text, found)
            if name:
                start = found.start()
                yield text[at:start]
                yield self._known(name)
                at = start + len(name)
        yield text[at:]

    def _name_at(self, text: str, found: re.Match[str]) -> str:
        """Return the longest name that begins at a word, whole; nothing of a managed object id."""
        start = found.start()
        object_id = MOREF.match(text, start)
        least = object_id.end() - start if object_id else 0
        for name in self._index.get(found[0].casefold(), ()):
            end = start + len(name)
            here = text[start:end]
            if here.casefold() != name.casefold() or len(name) <= least:
                continue
            if end == len(text) or not text[end].isalnum():
                return name
        return ""

    def originals(self) -> Iterator[str]:
        """Yield all that must not be found any more."""
        for kind, pairs in self.map.items():
            for original in pairs:
                if kind in LOOKS_PRIVATE or not is_ordinary(original):
                    yield original

    def spellings(self) -> Iterator[tuple[str, str]]:
        """Yield the same with the other ways to write it, each with what it is a way to write."""
        for original in self.originals():
            yield original, original
            for kind, looks in PATTERNS:
                if kind in CUTS and looks.fullmatch(original):
                    yield from ((original, _cut(original, *cut)) for cut in CUTS[kind])
                    if kind == "uuid":
                        turned = _swapped(original)
                        yield from ((original, _cut(turned, *cut)) for cut in CUTS[kind])


def _looks_so(told: str) -> bool:
    """Say whether a serial number is a UUID or a MAC address, which are known by themselves."""
    return any(kind in CUTS and looks.fullmatch(told) for kind, looks in PATTERNS)


def is_of_a_maker(told: str) -> bool:
    """Say whether a member of a Redfish collection is called so on other machines too."""
    parts = re.findall(r"[A-Za-z]+|\d+|[^A-Za-z\d]+", told)
    return all(
        part.lower() in WORDS_OF_MAKERS if part.isalpha() else len(part) < SHORTEST
        for part in parts
    )


def is_ordinary(name: str) -> bool:
    """Say whether a name may as well be another word of an answer."""
    first = WORD.search(name)
    plain = name.casefold() in ORDINARY or name.isdecimal() or MOREF.fullmatch(name) is not None
    return first is None or first.start() > 0 or len(name) < SHORTEST or plain
