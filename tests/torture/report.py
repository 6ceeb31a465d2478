"""docs/reliability.md, of what the tools left in a folder, and of what is always true."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.torture import mutants
from tests.torture.says import STATEMENTS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
WORDS = Path(__file__).with_name("reliability.md")
"""The page without its figures: each `{name}` on a line of its own is made here."""
HOW = {
    "judged": "judged from the beginning",
    "told before": "the answer is read as one that was judged, but for the words of a reason",
    "alike": "the answer is read as the whole one: nothing that is needed was lost",
    "another fact": "the answer is whole and says something else (below)",
}


def write(work: Path) -> None:
    """Write the page anew. What was not run in this folder stays as it was."""
    before = PAGE.read_text() if PAGE.is_file() else ""
    text = WORDS.read_text()
    made = {
        "inputs": _inputs(work),
        "since": _since(work, before),
        "statements": statements(),
        "versions": versions(),
        "mutants": _mutants(work),
        "fuzzed": _fuzzed(work),
    }
    for name, lines in made.items():
        told = "".join(f"{line}\n" for line in lines)
        text = text.replace(f"{{{name}}}\n", told or _kept(before, name) or "Not run here.\n")
    PAGE.write_text(text)


def _kept(page: str, name: str) -> str:
    """Return what a page tells in the place of a name, between the words around it."""
    above, _, below = WORDS.read_text().partition(f"{{{name}}}\n")
    first, last = above.rstrip().rpartition("\n")[2], below.lstrip().partition("\n")[0]
    found = page.partition(f"{first}\n")[2].partition(f"\n{last}\n")
    return f"{found[0].strip()}\n" if found[1] else ""


def _inputs(work: Path) -> Iterator[str]:
    place = work / "inputs.json"
    if not place.is_file():
        return
    told: dict[str, Any] = json.loads(place.read_text())
    total = told["total"]
    yield (
        f"**{total['inputs']:,} damaged answers** of {len(told['machines'])} machines, "
        f"{total['pairs']:,} of them two at a time, in {told['seconds'] / 60:,.0f} minutes of one "
        f"processor: **{total['slips']} slips, {total['crashes']} crashes**."
        + (f" Counted on {told['of']}." if told.get("of") else "")
    )
    if total["slips"]:
        yield ""
        yield (
            "What slipped is below: among the faults that were found, with what holds them now, "
            "or, of a label, among what an answer says then."
        )
    if again := told.get("again"):
        yield ""
        yield (
            f"With that mended, on {again['of']}: **{again['inputs']:,} damaged answers, "
            f"{again['slips']} slips, {again['crashes']} crashes**."
        )
    yield ""
    yield "| what became of it | inputs |"
    yield "|---|---:|"
    yield from (f"| {words} | {total.get(f'how {how}', 0):,} |" for how, words in HOW.items())
    yield ""
    yield "| one damage at a time | inputs |"
    yield "|---|---:|"
    kinds = sorted(one for one in total if one.startswith("kind "))
    yield from (f"| {one.removeprefix('kind ')} | {total[one]:,} |" for one in kinds)
    yield ""
    yield "| machine | inputs | slips |"
    yield "|---|---:|---:|"
    generated: dict[str, int] = {"inputs": 0, "slips": 0}
    for folder, counts in sorted(told["machines"].items()):
        if folder.startswith("fixtures/"):
            yield f"| {Path(folder).name} | {counts['inputs']:,} | {counts['slips']} |"
        else:
            for name in generated:
                generated[name] += counts[name]
    count = sum(not one.startswith("fixtures/") for one in told["machines"])
    if count:
        told_of = f"| {count} generated ones | {generated['inputs']:,} | {generated['slips']} |"
        yield told_of


ROW = re.compile(r"(?m)^\| (\S+) \| ([\d,]+) \| (\d+) \| (.+) \|$")
"""A machine that was counted alone: inputs, slips, and on which commit."""


def _since(work: Path, before: str) -> Iterator[str]:
    """Tell of machines that the run over all has not: as they were told, and those of this run."""
    there = {one.parent.name for one in (ROOT / "fixtures").glob("*/manifest.json")}
    rows = {one[0]: one[1:] for one in ROW.findall(_kept(before, "since")) if one[0] in there}
    place = work / "inputs.json"
    found: dict[str, Any] = json.loads(place.read_text())["machines"] if place.is_file() else {}
    for name in map(Path, found):
        rows.pop(name.name, None)
    place = work / "alone.json"
    for name, told in json.loads(place.read_text()).items() if place.is_file() else ():
        rows[name] = (f"{told['inputs']:,}", str(told["slips"]), told["of"])
    yield from ("| machine | inputs | slips | commit |", "|---|---:|---:|---|") if rows else ()
    yield from (f"| {name} | {' | '.join(row)} |" for name, row in sorted(rows.items()))


def versions() -> Iterator[str]:
    """Tell which releases the recorded machines are of."""
    found: dict[tuple[str, str], int] = {}
    for folder in sorted(one.parent for one in (ROOT / "fixtures").glob("*/manifest.json")):
        api = re.search(r"<apiVersion>([^<]+)", (folder / "api" / "HostSystem.xml").read_text())
        log = folder / "shell" / "nvidia-smi_-q_-x.txt"
        dtd = re.search(r"nvsmi_device_(v\d+)", log.read_text()) if log.is_file() else None
        both = (api[1] if api else "not told", dtd[1] if dtd else "no log")
        found[both] = found.get(both, 0) + 1
    yield "| API version | DTD of `nvidia-smi -q -x` | machines |"
    yield "|---|---|---:|"
    yield from (f"| {api} | {dtd} | {count} |" for (api, dtd), count in sorted(found.items()))


def statements() -> Iterator[str]:
    """Tell what a damaged answer says that nothing shows to be damaged."""
    yield "| answer | damage | what it says then |"
    yield "|---|---|---|"
    for one in STATEMENTS:
        asked = one.asked.replace("|", ", ")
        where = one.where.replace("\\", "").rstrip("$").replace("|", " or ")
        at = f" of `{where}`" if where else " of whole lines" + ", the last" * one.last
        yield f"| `{asked}` | {', '.join(one.kinds)}{at} | {one.why} |"


def _mutants(work: Path) -> Iterator[str]:
    place = work / "mutants.jsonl"
    lines = place.read_text().splitlines()[1:] if place.is_file() else []
    if not lines:
        return
    told = [json.loads(line) for line in lines]
    seen, every = sum(noticed for _, noticed in told), mutants.mutants()
    yield (
        f"**{seen} of {len(told)}** conditions that were turned round made a test fail; there are "
        f"{len(every)}, in {len({one.of for one in every})} functions, of which "
        f"{len({one[4] for one, _ in told})} had one turned round."
    )
    left = sorted((one[0], *one[2:4]) for one, noticed in told if not noticed)
    if left:
        yield ""
        yield "| not noticed | condition |"
        yield "|---|---|"
        yield from (
            f"| {file}:{line} | `{words.replace('|', '¦')}` |" for file, line, words in left
        )


def _fuzzed(work: Path) -> Iterator[str]:
    place = work / "fuzz" / "fuzz.json"
    if not place.is_file():
        return
    told = json.loads(place.read_text())
    found = "one raised" if told["crashed"] else "none raised"
    yield (
        f"**{told['inputs']:,} inputs** for {told['parsers']} parsers, {told['kept']:,} of which "
        f"reached code that none before them had; {found} anything but a ParseError."
    )


if __name__ == "__main__":
    write(ROOT / ".torture")
