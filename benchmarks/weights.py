"""What `hostcheck sparsity` costs beside torch and numpy, in turns, each a process of its own.

    .venv/bin/python -m benchmarks.weights [--mb 1024] [--torch /path/to/python] [--big 10240]

All read the same bf16 tensors of 4096 x 8192 and say what 2:4 pruning loses. Ratios within one run
count: walls of a busy machine do not.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import measure

ROOT = Path(__file__).resolve().parents[1]
ROWS, COLUMNS = 4096, 8192

SORTED = """
import sys, torch
from safetensors import safe_open
with safe_open(sys.argv[1], framework="pt") as file:
    for name in file.keys():
        four = file.get_tensor(name).reshape(-1, 4).abs()
        kept = four.sort(dim=1).values.float()
        print(name, float(kept[:, :2].sum() / kept.sum()), bool((kept[:, :2] == 0).all()))
"""
TODAY = """
import sys, numpy as np
from safetensors import deserialize
for name, told in sorted(deserialize(open(sys.argv[1], "rb").read())):
    wide = (np.frombuffer(bytes(told["data"]), "<u2").astype(np.uint32) << 16).view(np.float32)
    four = np.abs(wide.reshape(-1, 4).astype(np.float64))
    kept = np.take_along_axis(four, np.argsort(-four, axis=1, kind="stable")[:, :2], 1)
    print(name, 1 - kept.sum() / four.sum(), bool((np.count_nonzero(four, axis=1) <= 2).all()))
"""
BLOCKED = """
import sys, numpy as np
from safetensors import safe_open
import json
path = sys.argv[1]
size = int(np.fromfile(path, "<u8", 1)[0])
head = json.loads(open(path, "rb").read(8 + size)[8:])
for name, told in sorted(head.items()):
    if name == "__metadata__": continue
    first, last = (8 + size + one for one in told["data_offsets"])
    data = np.memmap(path, "<u2", "r", first, ((last - first) // 2,))
    whole = lost = 0.0
    for at in range(0, data.size, 1 << 18):
        wide = (data[at : at + (1 << 18)].astype(np.uint32) << 16).view(np.float32)
        a, b, c, d = np.abs(wide.reshape(-1, 4)).T
        high, other = np.maximum(a, b), np.maximum(c, d)
        low, less = np.minimum(a, b), np.minimum(c, d)
        whole += float(high.sum() + other.sum() + low.sum() + less.sum())
        lost += float(np.minimum(low, less).sum())
        lost += float(np.minimum(np.minimum(high, other), np.maximum(low, less)).sum())
    print(name, lost / whole, lost == 0)
"""


def made(path: Path, megabytes: int) -> None:
    """Write a file of normal bf16 weights without having it in memory."""
    one = 2 * ROWS * COLUMNS
    count = max(1, (megabytes << 20) // one)
    head = {
        f"layers.{at}.weight": {
            "dtype": "BF16", "shape": [ROWS, COLUMNS], "data_offsets": [at * one, (at + 1) * one],
        }
        for at in range(count)
    }  # fmt: skip
    text = json.dumps(head).encode()
    rng = np.random.default_rng(1)
    base = (rng.standard_normal(ROWS * COLUMNS, np.float32).view(np.uint32) >> 16).astype("<u2")
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for at in range(count):
            file.write(np.roll(base, 4 * at).tobytes())


def rows_of(megabytes: int, repeat: int, *, big: int = 0, torch: str = "") -> list[dict[str, Any]]:
    """Measure every client on one file, in turns; a `big` one is for hostcheck alone."""
    python, env = sys.executable, {**os.environ, "PYTHONPATH": str(ROOT)}
    mine = [python, "-m", "hostcheck", "sparsity", "--no-permute", "--quiet"]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.safetensors"
        made(file, megabytes)
        clients = {
            "hostcheck": [*mine, str(file)],
            "hostcheck, one thread": [*mine, "--workers", "1", str(file)],
            "numpy, whole and argsort (as until now)": [python, "-c", TODAY, str(file)],
            "numpy, blocks and minima": [python, "-c", BLOCKED, str(file)],
        }
        if torch:
            clients["torch, sort"] = [torch, "-c", SORTED, str(file)]
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in clients}
        for _ in range(repeat):
            for name, command in clients.items():
                runs[name].append(measure.cost(command, env=env, cwd=Path(folder)))
        rows: list[dict[str, Any]] = [
            {"client": name, "mb": megabytes, **measure.median(one)} for name, one in runs.items()
        ]
        if big:
            file.unlink()
            made(file, big)
            cost = measure.cost([*mine, str(file)], env=env, cwd=Path(folder))
            rows.append({"client": "hostcheck", "mb": big, **cost})
    return rows


def main() -> None:
    """Measure, print a table, keep the rows."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--mb", type=int, default=1024)
    asked.add_argument("--big", type=int, default=0, help="MB of a second file, hostcheck alone")
    asked.add_argument("--torch", default="", help="a Python that has torch")
    asked.add_argument("--repeat", type=int, default=3)
    given = asked.parse_args()
    rows = rows_of(given.mb, given.repeat, big=given.big, torch=given.torch)
    columns = {"client": "{}", "mb": "{}", "cpu": "{:.3g}", "wall": "{:.3g}", "memory": "{:.0f}"}
    print(measure.table(rows, columns))
    measure.RESULTS.mkdir(exist_ok=True)
    taken = {"machine": f"{os.cpu_count()} cores", "repeat": given.repeat, "rows": rows}
    (measure.RESULTS / "weights.json").write_text(json.dumps(taken, indent=1) + "\n")


if __name__ == "__main__":
    main()
