"""What is read in one go is what is read with care: of whole answers, and of damaged ones.

Some answers come in thousands of lines, nearly always in the spelling of the tool that wrote them.
A parser may have a quick way for that spelling, which leaves any other to the careful one.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from hostcheck.errors import ParseError
from hostcheck.parsers import esxcli_hardware_pci_list, nvidia_smi_vgpu_s_v
from hostcheck.syntax import esxcli
from tests.parsers.test_any_answer import seeds
from tests.torture.damage import damages

MOST = 150
"""Damages of one answer, spread over it."""
ODD = (
    "\t",
    "\r\n",
    "\n\n",
    " ",
    "  ",
    ":",
    "\x0b",
    "\x85",
    "\u2028",
    "\x1b[0m",
    "N/A",
    "GPU is lost",
    "é",
)


class Quick(NamedTuple):
    """A quick way: where it is, by what name, and a parser that takes it."""

    module: Any
    name: str
    parse: Callable[[str], Any]


WAYS = {
    "esxcli hardware pci list": Quick(esxcli, "_devices", esxcli_hardware_pci_list.parse),
    "nvidia-smi vgpu -s -v": Quick(nvidia_smi_vgpu_s_v, "_known", nvidia_smi_vgpu_s_v.parse),
}


def told(parse: Callable[[str], Any], text: str) -> Any:
    try:
        return parse(text)
    except ParseError as error:
        return str(error)


def harmed(text: str) -> list[str]:
    every = damages(text)
    found = [one.of(text) for one in every[:: len(every) // MOST + 1]]
    for number, odd in enumerate(ODD, 1):
        for place in (0, len(text) * number // (len(ODD) + 1), len(text)):
            found.append(text[:place] + odd + text[place:])
            line = text.find("\n", place) + 1
            found.append(text[:line] + odd + text[line:])
    return found


@pytest.mark.parametrize("question", WAYS)
def test_the_quick_way_reads_what_the_careful_one_does(
    question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = WAYS[question]
    quick_way = getattr(way.module, way.name)
    taken = []
    for seed in seeds()[question]:
        for text in (seed, *harmed(seed)):
            monkeypatch.setattr(
                way.module, way.name, lambda *given: taken.append(quick_way(*given))
            )
            careful = told(way.parse, text)
            monkeypatch.setattr(way.module, way.name, quick_way)
            assert told(way.parse, text) == careful, text
    read = [one for one in taken if one is not None]
    assert len(read) > len(taken) / 4  # else it is not compared with anything
