"""The words of NVIDIA's management tool: what is a value, what only says that there is none.

Every reader here takes the text of one field and returns the value, or an Unknown that quotes what
was printed instead. Nothing is guessed: `N/A` is never 0 and a cut number is never a number.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

import msgspec.structs
from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.host import Mode
from hostcheck.model.pci import NVIDIA, PciAddress, PciId, from_hex

MEBIBYTE = 1 << 20

_SAYS_NOTHING = frozenset(
    (
        "",
        "-",
        "n/a",
        "not supported",
        "not available",
        "not found",
        "unknown",
        "unknown error",
        "err!",
        "error",
        "requested functionality has been deprecated",
    )
)
NOTHING = "N/A"
"""The tool's words for what a board does not have."""
LOST, RESET = "GPU is lost", "GPU requires reset"
_TROUBLE = {words.casefold(): words for words in (LOST, RESET)}
"""Words that stand where a value should, and say that the driver has given the GPU up."""
_DENIES = frozenset(("insufficient permissions", "no permission"))
_SWITCH = {
    "enabled": Mode.ENABLED,
    "disabled": Mode.DISABLED,
    "n/a": Mode.NOT_SUPPORTED,
    "not supported": Mode.NOT_SUPPORTED,
}
_YES_NO = {"yes": True, "no": False, "true": True, "false": False}
_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": MEBIBYTE, "GiB": 1 << 30}

_SIZE = re.compile(r"([0-9]{1,12}) *(B|KiB|MiB|GiB)")
_NUMBER = re.compile(r"[0-9]{1,18}")
_ID = re.compile(r"(?:0x)?([0-9a-fA-F]{4})([0-9a-fA-F]{4})")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_LOST = re.compile(r"Unable to determine the device handle for\b(.*)", re.IGNORECASE)
_LOST_ADDRESS = re.compile(
    r"\s*GPU\s*(?:[0-9]+:\s+)?((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])",
    re.IGNORECASE,
)
_INFOROM = re.compile(r"WARNING: infoROM is corrupted at gpu\s*(\S*)", re.IGNORECASE)
_NO_DEVICES = re.compile(r"No devices were found\.?", re.IGNORECASE)
_NO_VGPU_DEVICES = re.compile(r"Not? supported devices in vGPU mode\.?", re.IGNORECASE)
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)+")
_REFUSALS = ("NVIDIA-SMI has failed", "NVIDIA-SMI couldn't", "Failed to initialize NVML")
_NOTICES = (
    *(words.casefold() for words in _REFUSALS),
    "unable to determine the device handle for", "inforom is corrupted", "no devices were found",
)  # fmt: skip
"""Words of the lines that are no part of the answer. Nearly no answer holds any."""


class Noticed(Struct, frozen=True, kw_only=True):
    """What the tool says beside its answer, whichever answer was asked for."""

    lost: tuple[PciAddress, ...] = ()
    """GPUs it names but cannot talk to ("Unable to determine the device handle")."""
    lost_unnamed: tuple[str, ...] = ()
    """Such lines that hold no PCI address, verbatim."""
    inforom_corrupted: tuple[PciAddress, ...] = ()
    reset_needed: tuple[PciAddress, ...] = ()
    """GPUs of which it says "GPU requires reset" where a value should be."""


class Peeled(Struct, frozen=True):
    """An answer without its notices: lines keep their indentation, not their line ends."""

    lines: tuple[str, ...]
    no_devices: bool
    """It says that the driver runs and sees no GPU: a known zero."""
    notices: Noticed
    first: str
    """The first line that says anything, notices included."""

    @property
    def names_lost(self) -> bool:
        """Whether a GPU did not answer: then an empty list is not an answer about the others."""
        return bool(self.notices.lost or self.notices.lost_unnamed)


def peel(text: str, *, what: str) -> Peeled:
    """Set notices apart from the answer.

    Raises ParseError with the original sentence when the tool could not reach its driver, and when
    there is no answer at all.
    """
    lines: list[str] = []
    lost: list[PciAddress] = []
    unnamed: list[str] = []
    corrupted: list[PciAddress] = []
    no_devices = False
    plain = _ANSI.sub("", text) if "\x1b" in text else text
    said_lower = plain.casefold()
    if not any(words in said_lower for words in _NOTICES):
        lines, plain = [line.rstrip() for line in plain.splitlines()], ""
    for raw in plain.splitlines():
        line = raw.rstrip()
        said = line.strip()
        if said.startswith(_REFUSALS):
            raise ParseError(f"{what}: {said}")
        if match := _LOST.search(said):
            where = _LOST_ADDRESS.match(match[1])
            _note(where[1] if where else "", said, lost, unnamed)
        elif match := _INFOROM.search(said):
            _note(match[1], said, corrupted, unnamed)
        elif _NO_DEVICES.fullmatch(said):
            no_devices = True
        else:
            lines.append(line)
    if not text.strip():
        raise ParseError(f"{what}: the answer is empty")
    notices = Noticed(
        lost=tuple(lost), lost_unnamed=tuple(unnamed), inforom_corrupted=tuple(corrupted)
    )
    first = text.lstrip().partition("\n")[0].splitlines()[0].strip()
    return Peeled(tuple(lines), no_devices, notices, first)


def _note(spelling: str, line: str, known: list[PciAddress], unnamed: list[str]) -> None:
    try:
        known.append(from_hex(spelling))
    except ValueError:
        unnamed.append(line)


def with_trouble(notices: Noticed, gave_up: Iterable[tuple[Reading[PciAddress], str]]) -> Noticed:
    """Add the GPUs that the tool lists and gives up, each with its `trouble` or with no words."""
    lost, reset = list(notices.lost), list(notices.reset_needed)
    for where, said in gave_up:
        among = {LOST: lost, RESET: reset}.get(said)
        if among is not None and not isinstance(where, Unknown) and where not in among:
            among.append(where)
    return msgspec.structs.replace(notices, lost=tuple(lost), reset_needed=tuple(reset))


def refuse(peeled: Peeled, *, what: str, expected: str) -> ParseError:
    """Return the error for an answer of another kind, quoting its first line."""
    return ParseError(f"{what}: expected {expected}, the answer begins with {quoted(peeled.first)}")


def each_once(addresses: Iterable[Reading[PciAddress]], *, what: str) -> None:
    """Raise ParseError for a GPU that is there twice: answers of two moments were run together."""
    seen: set[PciAddress] = set()
    for where in addresses:
        if isinstance(where, Unknown):
            continue
        if where in seen:
            raise ParseError(f"{what}: expected one answer, GPU {where} is in it twice")
        seen.add(where)


def quoted(text: str) -> str:
    """Quote a line of an answer, shortened to what fits into one line of a report."""
    limit = 160
    return repr(text if len(text) <= limit else text[:limit] + "...")


def bare(value: str) -> str:
    """Return the words without the brackets that CSV puts around non-values."""
    said = value.strip()
    return said[1:-1].strip() if said.startswith("[") and said.endswith("]") else said


def no_value(value: str, asked: str) -> Unknown | None:
    """Return the Unknown when these words only say that there is no value."""
    why = _why_no_value(value)
    return Unknown(why, f"nvidia-smi says '{value.strip()}'", asked) if why else None


@lru_cache(1024)
def _why_no_value(value: str) -> Why | None:
    said = bare(value).casefold()
    if said in _DENIES:
        return Why.DENIED
    return Why.ABSENT if said in _SAYS_NOTHING or trouble(value) else None


def trouble(value: str) -> str:
    """Return the words by which the tool gives a whole GPU up, empty when these are none.

    They come instead of any value, and in a sentence of their own.
    """
    said = bare(value).rstrip(".").casefold()
    return _TROUBLE.get(said, "")


def may_give_up(text: str) -> bool:
    """Say whether an answer may hold `trouble`: a quick look that spares a look at each field.

    What XML or a terminal could hide a word with may hide one.
    """
    said = text.casefold()
    return any(part in said for part in ("lost", "requires", "&", "!", "?", "\x1b"))


def gravest(texts: Iterable[str]) -> str:
    """Return the gravest `trouble`: a lost GPU before one that a reset may bring back."""
    every = list(texts)
    whole = "\n".join(every).casefold()
    found = (said for words, said in _TROUBLE.items() if words in whole)  # nearly none is there
    return next((said for said in found if said in map(trouble, every)), "")


def may_say_no_vgpu_devices(text: str) -> bool:
    """Say whether a line of an answer may say so: a quick look that spares a look at each line."""
    return "devices in vgpu mode" in text.casefold()


def says_no_vgpu_devices(line: str) -> bool:
    """Say whether the driver runs and no GPU of this host can have vGPUs: a known zero.

    Older drivers write `Not` for `No`.
    """
    return _NO_VGPU_DEVICES.fullmatch(line.strip()) is not None


def version(value: str, asked: str) -> Reading[str]:
    """Read a version, and leave out the sentence that branch 610 writes behind it."""
    said = value.strip()
    first, _, more = said.partition(" ")
    if _VERSION.fullmatch(first) and more.lstrip().startswith("["):
        return first
    return word(value, asked)


def error(value: str, asked: str) -> Reading[str]:
    """Read the outcome of something: errors are values here, `Unknown Error` too."""
    said = bare(value)
    return said if "error" in said.casefold() else word_or_none(value, asked)


def absent(asked: str, detail: str) -> Unknown:
    """Return the Unknown for a field that the answer does not hold."""
    return Unknown(Why.ABSENT, detail, asked)


def unparsed(value: str, asked: str, expected: str) -> Unknown:
    """Return the Unknown for a field whose words are not understood."""
    return Unknown(Why.UNPARSED, f"expected {expected}, not {quoted(value.strip())}", asked)


def word(value: str, asked: str) -> Reading[str]:
    """Read any words. `None` is a value (no virtualization, no recovery action)."""
    return no_value(value, asked) or value.strip()


def word_or_none(value: str, asked: str) -> Reading[str]:
    """Read any words where `N/A` says that the board has no such thing, which is an answer."""
    said = bare(value)
    return NOTHING if said.casefold() in ("n/a", "not supported") else word(value, asked)


def number(value: str, asked: str) -> Reading[int]:
    """Read a whole number without a unit."""
    unknown = no_value(value, asked)
    if unknown is not None:
        return unknown
    said = value.strip()
    return int(said) if _NUMBER.fullmatch(said) else unparsed(value, asked, "a number")


def size(value: str, asked: str, *, unit: str = "") -> Reading[int]:
    """Read a size such as `40960 MiB` in bytes; `unit` is what a bare number would count."""
    unknown = no_value(value, asked)
    if unknown is not None:
        return unknown
    match = _SIZE.fullmatch(f"{value.strip()} {unit}".strip()) or _SIZE.fullmatch(value.strip())
    if match is None:
        return unparsed(value, asked, "a size with its unit")
    return int(match[1]) * _UNITS[match[2]]


def yes_or_no(value: str, asked: str) -> Reading[bool]:
    """Read `Yes` or `No`, or `True` or `False`."""
    unknown = no_value(value, asked)
    if unknown is not None:
        return unknown
    answer = _YES_NO.get(value.strip().casefold())
    return unparsed(value, asked, "Yes or No") if answer is None else answer


def capability(value: str, asked: str) -> Reading[bool]:
    """Read `Supported` or `Not Supported`, which here is an answer; in brackets it is none."""
    said = value.strip().casefold()
    if said in ("supported", "not supported"):
        return said == "supported"
    return no_value(value, asked) or unparsed(value, asked, "Supported or Not Supported")


def switch(value: str, asked: str) -> Reading[Mode]:
    """Read `Enabled` or `Disabled`; `N/A` and `[Not Supported]` say that there is no switch."""
    mode = _SWITCH.get(bare(value).casefold())
    if mode is not None:
        return mode
    return no_value(value, asked) or unparsed(value, asked, "Enabled or Disabled")


def pci_address(value: str, asked: str) -> Reading[PciAddress]:
    """Read a hexadecimal PCI address with a domain of 4 or 8 digits."""
    unknown = no_value(value, asked)
    if unknown is not None:
        return unknown
    try:
        return from_hex(value)
    except ValueError:
        return unparsed(value, asked, "a PCI address")


def pci_id(device: str, subsystem: Reading[str], asked: str) -> Reading[PciId]:
    """Read `0x20F110DE` (device first, vendor last) and the subsystem, which may be missing.

    Published samples mask both as `000000DE`: a masked device is Unknown, a masked or missing
    subsystem is left out of the identity.
    """
    unknown = no_value(device, asked)
    if unknown is not None:
        return unknown
    match = _ID.fullmatch(device.strip())
    if match is None:
        return unparsed(device, asked, "eight hexadecimal digits")
    number_of, vendor = int(match[1], 16), int(match[2], 16)
    if number_of == 0:
        return absent(asked, f"nvidia-smi's '{device.strip()}' was masked")
    if vendor != NVIDIA:
        return unparsed(device, asked, "the vendor 10DE in the last four digits")
    return _with_subsystem(PciId(vendor, number_of), subsystem, asked)


def _with_subsystem(device: PciId, subsystem: Reading[str], asked: str) -> Reading[PciId]:
    if isinstance(subsystem, Unknown):
        return device
    match = _ID.fullmatch(subsystem.strip())
    if match is None:
        return unparsed(subsystem, asked, "eight hexadecimal digits of a subsystem")
    number_of, vendor = int(match[1], 16), int(match[2], 16)
    return PciId(device.vendor, device.device, vendor, number_of) if number_of else device
