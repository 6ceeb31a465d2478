"""Everything about the sparse smoke test that needs a GPU, in one bounded command.

    python benchmarks/sparse_gpu.py --output out

Builds the program where the compilers are installed (else takes the built one), verifies, repeats
the default run three times, runs every kernel family and some fixed shapes, compares with
cuSPARSELt and cuBLASLt in one process, and prints a summary as Markdown. Each step has a limit, and
none is started after `--limit` seconds; what was learnt is in the output folder, one JSON file per
step.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import sparse_libraries as libraries

from hostcheck.errors import UsageError
from hostcheck.smoke import build

SQUARES = (4096, 8192, 10240)
COMPARED = ("4096x4096x4096", "8192x8192x8192", "4096x4096x10240")


def available_program():
    """The program built now, else the one that is there."""
    try:
        return build.up_to_date()
    except UsageError as error:
        print(f"not built: {error}")
        return build.program()


class Session:
    """Runs steps until the time is up."""

    def __init__(self, program, output, limit):
        self.program, self.output, self.end = program, output, time.monotonic() + limit
        self.rows = []

    def step(self, name, *options):
        """Run the program once and note a line for each of its types."""
        left = self.end - time.monotonic()
        if left < 5:
            print(f"{name}: no time left")
            return
        start = time.monotonic()
        seconds = str(int(min(left, 60)))
        done = subprocess.run(
            [self.program, "--timeout", seconds, *options],
            capture_output=True, text=True, check=False, timeout=left + 30,
        )  # fmt: skip
        wall = time.monotonic() - start
        (self.output / f"{name}.json").write_text(done.stdout)
        said = json.loads(done.stdout)
        print(f"{name}: {said['status']} in {wall:.1f} s {said.get('reason', '')}")
        for one in said.get("results", []):
            self.rows.append((name, said, one, wall))


HEAD = (
    "step", "status", "type", "layout", "wrong", "controls", "shape", "dense TOPS", "sparse TOPS",
    "ratio", "of sparse peak",
)  # fmt: skip


def line(name, said, one, wall):
    """One row of the first table."""
    verify, controls, speed = (one.get(key, {}) for key in ("verify", "controls", "speed"))
    cells = (
        f"{name} ({wall:.1f} s)",
        said["status"],
        one["dtype"],
        one.get("metadata_layout"),
        sum(count for key, count in verify.items() if "bad" in key) if verify else "-",
        all(controls.get(key, {}).get("caught") for key in ("metadata", "weight")),
        "x".join(str(speed[key]) for key in "mnk") if speed else "-",
        *(
            speed.get(key, "-")
            for key in ("dense_tops", "sparse_tops", "speedup", "sparse_of_peak")
        ),
    )
    return f"| {' | '.join(map(str, cells))} |"


def comparison(row):
    """One line about a product that was made by every library."""
    tops = row["tops"]
    sparse, dense = (
        max((rate for name, rate in tops.items() if name.startswith(f"ours {kind}")), default=0)
        for kind in ("sparse", "dense")
    )
    parts = [f"- {row['type']} {row['m']}x{row['n']}x{row['k']}: {tops} TOPS"]
    parts.append(f"wrong {sum(row['wrong'].values())}")
    if dense:
        parts.append(f"ours sparse/dense {sparse / dense:.3f}")
    if "cusparselt" in tops:
        parts.append(f"ours/cuSPARSELt {sparse / tops['cusparselt']:.3f}")
    if "cublaslt" in tops:
        parts.append(f"our dense/cuBLASLt {dense / tops['cublaslt']:.3f}")
    return ", ".join(parts) + (f" {row['notes']}" if row["notes"] else "")


def summary(rows, versions, compared):
    """Return the tables, as Markdown."""
    lines = ["", f"| {' | '.join(HEAD)} |", "|---" * len(HEAD) + "|"]
    lines += [line(*row) for row in rows]
    lines += ["", *(f"{name}: {version}" for name, version in versions.items()), ""]
    lines += [comparison(row) for row in compared]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("sparse-gpu"))
    parser.add_argument("--limit", type=int, default=420, help="seconds after which no step starts")
    parser.add_argument("--compare", nargs="*", default=COMPARED, metavar="MxNxK")
    parser.add_argument("--quick", action="store_true", help="verify and compare only")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    try:
        program = available_program()
    except UsageError as error:
        print(error)
        return 2
    print(f"program ready after {time.monotonic() - start:.0f} s")
    session = Session(program, options.output, options.limit - (time.monotonic() - start))
    session.step("verify", "--quick", "--types", "all")
    if not options.quick:
        for i in range(3):
            session.step(f"default-{i + 1}")
        session.step("all-types", "--types", "all")
        for family in ("tcgen05", "wgmma", "mma-wide", "mma-narrow"):
            session.step(f"family-{family}", "--kernels", family)
        for n in SQUARES:
            session.step(f"square-{n}", "--shape", f"{n}x{n}x{n}", "--pairs", "21")
    compared, versions = [], {}
    try:
        gpu = libraries.Gpu(program.parent / build.IMAGES_FOLDER)
        opened, versions = libraries.open_libraries()
        for kind in ("int8", "fp16"):
            for shape in options.compare:
                if time.monotonic() < session.end:
                    m, n, k = map(int, shape.split("x"))
                    compared.append(libraries.compare(gpu, opened, kind, (m, n, k)))
    except (OSError, libraries.RefusedError) as error:
        print(f"comparison: {error}")
    found = {"versions": versions, "rows": compared}
    (options.output / "compare.json").write_text(json.dumps(found, indent=1))
    text = summary(session.rows, versions, compared)
    (options.output / "summary.md").write_text(text)
    print(text)
    wrong = sum(sum(row["wrong"].values()) for row in compared)
    failed = [name for name, said, *_ in session.rows if said["status"] == "fail"]
    return 1 if wrong or failed else 0 if session.rows else 4


if __name__ == "__main__":
    sys.exit(main())
