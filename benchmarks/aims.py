"""Every aim of speed and memory in one go, in a fixed order: what is measured, beside its aim.

    python -m benchmarks.aims [--against CHECKOUT] [--minutes 20] [--hosts 10000]

It is made for a machine that does nothing else, and takes a quarter of an hour there. CHECKOUT is
an older build, such as `git worktree add ../old a448b69` makes, that takes turns with this one on
recordings that both can read. What cannot be measured is said in a line, and the others go on; each
figure is kept as soon as it is there, in results/aims.json and results/aims.md. `--hosts` lets no
fleet be larger: a trial of the script, not of the program.
"""

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from benchmarks import calibration, measure
from benchmarks.aims_of import PARTS, Figure, Part, Session

COLUMNS = dict.fromkeys(("what", "figure", "aim", "met", "this build", "beside"), "{}")


def row_of(figure: Figure) -> dict[str, str]:
    """Return a row of the table."""
    aim, met = "", ""
    if figure.most is not None:
        aim, met = f"at most {figure.most:g}", _word(figure.value <= figure.most)
    if figure.least is not None:
        aim, met = f"at least {figure.least:g}", _word(figure.value >= figure.least)
    return {
        "what": figure.what, "figure": f"{figure.value:.3g}", "aim": aim, "met": met,
        "this build": figure.ours, "beside": figure.beside,
    }  # fmt: skip


def _word(met: bool) -> str:
    return "yes" if met else "no"


class Kept:
    """What is measured so far, on disk at any time."""

    def __init__(self) -> None:
        """Begin with the speed of this machine."""
        self._figures: list[Figure] = []
        self._left_out: list[str] = []
        self._calibration = calibration.seconds()
        self._write()

    def add(self, figure: Figure) -> None:
        """Keep a figure."""
        self._figures.append(figure)
        print(f"{figure.what}: {figure.value:.3g}", flush=True)
        self._write()

    def leave_out(self, part: str, why: str) -> None:
        """Keep why the rest of a part was not measured."""
        self._left_out.append(f"not measured, {part}: {why}")
        print(self._left_out[-1], flush=True)
        self._write()

    def text(self) -> str:
        """Return the table, and what is not in it."""
        machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
        today = datetime.now(UTC).strftime("%Y-%m-%d")
        load = f"load {os.getloadavg()[0]:.1f} at the end"
        lines = [f"{today}, {machine}, {load}, calibration {self._calibration:.4f} s", ""]
        lines.append(measure.table([row_of(one) for one in self._figures], COLUMNS))
        return "\n".join([*lines, "", *self._left_out]).rstrip() + "\n"

    def _write(self) -> None:
        measure.RESULTS.mkdir(exist_ok=True)
        (measure.RESULTS / "aims.md").write_text(self.text())
        rows = [one._asdict() for one in self._figures]
        kept = {"calibration": self._calibration, "rows": rows, "left out": self._left_out}
        told = msgspec.json.format(msgspec.json.encode(kept), indent=1)
        (measure.RESULTS / "aims.json").write_bytes(told + b"\n")


@contextmanager
def bytecode(folder: Path) -> Iterator[None]:
    """Let all builds keep what they compile, in a folder that both write anew."""
    before = dict(os.environ)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def measured(session: Session, kept: Kept, until: float, parts: Sequence[Part]) -> None:
    """Measure part by part; no part ends the others, and none begins after the time is over.

    An interrupt ends all of them.
    """
    for part in parts:
        if time.monotonic() > until:
            kept.leave_out(part.__name__, "no time was left")
            continue
        try:
            for figure in part(session):
                kept.add(figure)
        except Exception as error:  # noqa: BLE001  one sick part takes no other with it
            told = str(error).strip().splitlines() or [""]
            kept.leave_out(part.__name__, f"{type(error).__name__}: {told[-1]}")
        except KeyboardInterrupt:
            kept.leave_out(f"{part.__name__} and all after it", "interrupted")
            return


def main() -> None:
    """Measure, keep, print the table; an interrupt ends with what there is."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--against", type=Path, help="checkout of an older build")
    parser.add_argument("--minutes", type=float, default=20, help="begin no part after these")
    parser.add_argument("--hosts", type=int, default=10000, help="no fleet is larger")
    given = parser.parse_args()
    until = time.monotonic() + given.minutes * 60
    kept = Kept()
    with tempfile.TemporaryDirectory() as name, bytecode(Path(name) / "bytecode"):
        old = given.against and given.against.absolute()
        measured(Session(Path(name), old, given.hosts), kept, until, PARTS)
    print(kept.text())


if __name__ == "__main__":
    main()
