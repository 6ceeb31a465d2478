"""Replay, judge and render recorded hosts: what a thousand of them cost.

    python -m benchmarks.replay [--hosts 100 1000] [--repeat 3]

The recorded machines of fixtures/ stand in line again and again, each time with a name, serials,
ids, addresses and counters of its own: no two hosts send the same text, so nothing is fast only
because it was read before.
"""

import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.stages import ROOT, measured, rows

FORMATS = (
    "text", "brief", "line", "csv", "markdown", "json", "junit", "sarif", "ocsf", "prometheus",
    "html", "html-single",
)  # fmt: skip


OWN = re.compile(
    r"(?P<uuid>GPU-[0-9a-f]{8})|(?P<serial>1320322014)|(?P<tag>AB12CD3)"
    r"|(?P<vm>\bvm-[0-9]+)|(?P<name>\besx-[0-9]+)(?=\.lab\.test)"
    r"|(?P<mac>(?<=02:00:00:)00:00|(?<=00:50:56:)00:00)"
    r"|(?P<hex>(?<=Interrupt Vector: 0x)[0-9a-f]+)|(?P<count>(?<=IRQ: )[0-9]+|(?<=_temp>)[0-9]+)"
)
"""What of a text is a host's own."""


def own(text: str, number: int) -> str:
    """Return a text as the host of that number would send it."""
    made = {
        "uuid": f"GPU-{number:08x}", "serial": f"{number:010d}", "tag": f"{number:07X}",
        "name": f"esx-{number:05d}", "mac": f"{number >> 8:02x}:{number & 255:02x}",
        "hex": f"{number & 255:02x}", "count": str(20 + number % 40),
    }  # fmt: skip

    def instead(found: re.Match[str]) -> str:
        kind = str(found.lastgroup)
        return f"{found[0]}{number:05d}" if kind == "vm" else made[kind]

    return OWN.sub(instead, text)


def line_up(hosts: int, folder: Path, machines: Sequence[Path] = ()) -> None:
    """Make a folder of so many recordings."""
    patterns = machines or sorted(one.parent for one in (ROOT / "fixtures").glob("*/manifest.json"))
    for number, machine in enumerate(islice(cycle(patterns), hosts)):
        place = folder / f"{number:05d}"
        manifest = msgspec.json.decode((machine / "manifest.json").read_bytes())
        manifest["vm_ids"] = [own(one, number) for one in manifest["vm_ids"]]
        manifest["host"] = f"esx-{number:05d}.lab.test"
        for answer in manifest["answers"]:
            answer["subject"] = own(answer.get("subject", ""), number)
            for file in filter(None, (answer.get("file"), answer.get("stderr_file"))):
                text = own((machine / file).read_bytes().decode(), number)
                (place / file).parent.mkdir(parents=True, exist_ok=True)
                (place / file).write_bytes(text.encode())
            for of_the_pattern in ("bytes", "sha256", "stderr_bytes", "stderr_sha256"):
                answer.pop(of_the_pattern, None)
        (place / "manifest.json").write_bytes(msgspec.json.encode(manifest))


PLACES = {"html": "page/", "html-single": "page.html"}
"""Where what is no plain file goes."""


def _size(place: Path) -> int:
    files = [one for one in place.rglob("*") if one.is_file()] or [place]
    return sum(one.stat().st_size for one in files)


def rows_of(hosts: int, repeat: int) -> Iterator[dict[str, Any]]:
    """Measure the audit of recordings, and every report of its run file."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        line_up(hosts, work / "recordings")
        hostcheck = [sys.executable, "-m", "hostcheck"]
        recordings, run = str(work / "recordings"), str(work / "run.json")
        audit = [*hostcheck, "audit", "--from", recordings, "-q", "-o", run]
        stages = {"replay, judge": [*audit, "--workers", "1"], "on all cores": audit}
        for one in FORMATS:
            told = ["report", run, "--format", one, "-o", str(work / PLACES.get(one, one))]
            stages[f"report {one}"] = [*hostcheck, *told]
        recorded = work / "recordings"
        for row in rows(stages, hosts=hosts, repeat=repeat, work=work, recordings=recorded):
            told = row["client"].removeprefix("report ")
            there = work / (PLACES.get(told, told) if told in FORMATS else "run.json")
            yield row | {"MB": _size(there) / 1e6}


def main() -> None:
    """Measure, print, and keep the results."""
    measured(
        "replay", "What recorded hosts cost to replay, judge and render.", rows_of, (100, 1000)
    )


if __name__ == "__main__":
    main()
