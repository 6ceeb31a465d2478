"""Lists of vGPU types below the GPU that offers them: one address line, then indented names."""

import re

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.pci import PciAddress
from hostcheck.syntax import smi_words as words
from hostcheck.syntax.smi_words import Noticed

_GPU = re.compile(r"GPU +([0-9a-fA-F]+:[0-9a-fA-F:]+\.[0-9a-fA-F]+)(?: +(\S.*))?")
_TYPE = re.compile(r"\S.*-[0-9]+[A-Za-z]+[0-9]?|GRID K[0-9]+[A-Z]*")
"""`NVIDIA A40-8Q`, `GRID A100D-1-10C`, `GRID M60-2B4`: size and series end names since Maxwell."""


class OfferingGpu(Struct, frozen=True, kw_only=True):
    """One GPU and the vGPU types it offers, as `NVIDIA A40-8Q`, in the order of nvidia-smi."""

    address: PciAddress
    name: Reading[str]
    types: Reading[tuple[str, ...]]


class VgpuOffers(Noticed, frozen=True, kw_only=True):
    """GPUs that can have vGPUs, each with its types."""

    gpus: tuple[OfferingGpu, ...]


def offers_of(text: str, *, what: str) -> VgpuOffers:
    """Read the list. A line below a GPU that is no type is refused: offers are never dropped.

    So is an answer that ends inside a type: what is left of the name may be another's.
    """
    if text[text.rfind("\n") + 1 :][:1].isspace() and text.strip():
        raise ParseError(f"{what}: the answer ends inside a line")
    peeled = words.peel(text, what=what)
    found: list[tuple[re.Match[str], PciAddress, list[str]]] = []
    none = peeled.no_devices
    for line in peeled.lines:
        said = line.strip()
        if match := _GPU.fullmatch(said):
            found.append((match, address_of(match[1], what=what), []))
        elif words.says_no_vgpu_devices(said):
            none = True
        elif said and line != said:
            if not found or not (_TYPE.fullmatch(said) or _says_none(said)) or " : " in said:
                raise ParseError(f"{what}: expected a vGPU type, not {words.quoted(said)}")
            found[-1][2].append(said)
        elif said.startswith(("GPU", "GRID", "NVIDIA", "Fail")):
            raise ParseError(f"{what}: expected 'GPU <address>', not {words.quoted(said)}")
    if not (found or none):
        raise words.refuse(peeled, what=what, expected="'GPU <address>' and its vGPU types")
    words.each_once((where for _, where, _ in found), what=what)
    gave_up = ((where, words.gravest(types)) for _, where, types in found)
    notices = words.with_trouble(peeled.notices, gave_up)
    return VgpuOffers(
        gpus=tuple(
            OfferingGpu(
                address=where,
                name=words.word(match[2] or "", f"{what}: name")
                if match[2]
                else words.absent(f"{what}: name", "the answer has no product names"),
                types=_types(types, what),
            )
            for match, where, types in found
        ),
        lost=notices.lost,
        lost_unnamed=notices.lost_unnamed,
        inforom_corrupted=notices.inforom_corrupted,
        reset_needed=notices.reset_needed,
    )


def address_of(spelling: str, *, what: str) -> PciAddress:
    """Read the address that titles a GPU. Raises ParseError: nothing below it could be placed."""
    where = words.pci_address(spelling, what)
    if isinstance(where, Unknown):
        raise ParseError(f"{what}: {words.quoted(spelling)} is not a PCI address")
    return where


def _says_none(said: str) -> bool:
    return said == "None" or words.no_value(said, "") is not None


def _types(lines: list[str], what: str) -> Reading[tuple[str, ...]]:
    if lines == ["None"]:
        return ()
    for line in lines:
        unknown = words.no_value(line, f"{what}: vGPU types")
        if unknown is not None:
            return unknown
    twice = next((one for at, one in enumerate(lines) if one in lines[:at]), "")
    if twice:  # a heading is lost: they are of two GPUs
        told = f"{words.quoted(twice)} is listed twice for one GPU"
        return Unknown(Why.UNPARSED, told, f"{what}: vGPU types")
    return tuple(lines)
