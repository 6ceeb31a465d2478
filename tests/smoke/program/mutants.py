"""Kernels with one fault each: a test that the tests notice. `make mutants` runs all of them.

A mutant is compiled for the CPU and run by the unchanged program. It is caught when, with
asynchronous work done late or early, the program does not end with a pass.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from hostcheck.smoke import build
from tests.smoke.program import fake

CAPABILITY = {"WGMMA": 90, "WIDE": 80, "NARROW": 86}
BOTH = ("int8", "fp16")
MMA = ("NARROW", "WIDE")


class Mutant(NamedTuple):
    """One fault: in `file`, the text `good` becomes `bad`.

    Every test run judges the `quick` ones, in their first family.
    """

    name: str
    file: str
    good: str
    bad: str
    families: tuple[str, ...]
    types: tuple[str, ...] = BOTH
    quick: bool = False
    shape: str = "128x256x256"


MUTANTS = (
    Mutant("metadata nibble: first and second swapped", "format.h",
           "static_cast<uint32_t>(first) | static_cast<uint32_t>(second) << 2",
           "static_cast<uint32_t>(second) | static_cast<uint32_t>(first) << 2", ("NARROW",)),
    Mutant("keeps the smallest", "format.h",
           "if (magnitude[i] > magnitude[best]) best = i;",
           "if (magnitude[i] < magnitude[best]) best = i;", ("NARROW",)),
    Mutant("among equals the higher index is kept", "format.h",
           "if (magnitude[i] > magnitude[best]) best = i;",
           "if (magnitude[i] >= magnitude[best]) best = i;", ("NARROW",), ("fp16",), quick=True),
    Mutant("1-byte metadata: rows g and g+8 swapped", "format.h",
           "row += 8 * (lane % 2);", "row += 8 * (1 - lane % 2);", ("NARROW",), ("int8",)),
    Mutant("1-byte metadata: K halves swapped", "format.h",
           "group += 8 * (lane % 4 / 2) + n;", "group += 8 * (1 - lane % 4 / 2) + n;",
           ("NARROW", "WGMMA"), ("int8",)),
    Mutant("2-byte metadata: lanes of a pair swapped", "format.h",
           "group += 4 * (lane % 4) + n % 4;", "group += 4 * (lane % 4 ^ 1) + n % 4;",
           ("NARROW", "WGMMA"), ("fp16",), quick=True),
    Mutant("2-byte metadata: half words swapped", "format.h",
           "row += 8 * (n / 4);", "row += 8 * (1 - n / 4);", ("NARROW",), ("fp16",)),
    Mutant("prune keeps the first of the group", "device/prepare.h",
           "i == first || i == second ? dense[i]", "i == 0 || i == second ? dense[i]", ("NARROW",)),
    Mutant("kept values in descending order", "device/prepare.h",
           "kept[0] = dense[first];\n    kept[1] = dense[second];",
           "kept[1] = dense[first];\n    kept[0] = dense[second];", ("NARROW",)),
    Mutant("swizzle by the wrong row", "device/stage.h",
           "(chunk ^ row / rows_per_128 % per_row) * 16", "(chunk ^ row % per_row) * 16",
           ("WIDE", "NARROW", "WGMMA")),
    Mutant("no swizzle", "device/stage.h",
           "(chunk ^ row / rows_per_128 % per_row) * 16", "chunk * 16", ("WIDE", "WGMMA")),
    Mutant("metadata of the next slab", "device/stage.h",
           "slab / T::slabs_per_chunk * T::chunks", "(slab / T::slabs_per_chunk + 1) * T::chunks",
           ("WIDE", "NARROW", "WGMMA")),
    Mutant("metadata of the tile above", "device/stage.h",
           "origin.m / CHUNK_ROWS + band", "band", ("NARROW",), shape="1152x256x256"),
    Mutant("last band of tiles: its height wrong", "device/stage.h",
           "rows - first < 8 ? rows - first : 8", "8", ("NARROW",), shape="1152x256x256"),
    Mutant("mma: waits for one copy group too few", "device/gemm_mma.h",
           "cp_async_wait<T::stages - 2>();", "cp_async_wait<T::stages - 1>();", MMA, quick=True),
    Mutant("mma: no barrier in the loop", "device/gemm_mma.h",
           "      __syncthreads();                 // everybody's have",
           "      // everybody's have", MMA, quick=True),
    Mutant("mma: refills the stage that is read next", "device/gemm_mma.h",
           "copy.start(stage, slab + T::stages);",
           "copy.start((stage + 1) % T::stages, slab + T::stages);", MMA),
    Mutant("mma: selector inverted", "device/gemm_mma.h",
           "if (second_half) warp", "if (!second_half) warp", MMA, ("fp16",)),
    Mutant("mma: A fragment chunks swapped", "device/gemm_mma.h",
           "lane % 16, lane / 16)", "lane % 16, 1 - lane / 16)", MMA),
    Mutant("mma: metadata of the neighbouring rows", "device/gemm_mma.h",
           "warp_m * T::blocks_m * T::chunks * CHUNK_BYTES",
           "(1 - warp_m) * T::blocks_m * T::chunks * CHUNK_BYTES", MMA),
    Mutant("mma: fragment set not alternated", "device/gemm_mma.h",
           "warp.load_a(set ^ 1, from, next);", "warp.load_a(set, from, next);", MMA),
    Mutant("store: neighbours swap the wrong halves", "device/store.h",
           "t / 2 * 4 + (odd ? 8 : 0)", "t / 2 * 4 + (odd ? 0 : 8)", ("NARROW", "WGMMA")),
    Mutant("store: lower rows 4 below", "device/gemm_mma.h",
           "i * 16 + lower * 8", "i * 16 + lower * 4", ("NARROW",)),
    Mutant("store: halves of a 2-byte pair swapped", "device/store.h",
           "round_pair<Type>(x0, x1)", "round_pair<Type>(x1, x0)", ("NARROW",), ("fp16",),
           quick=True),
    Mutant("wgmma: no proxy fence", "device/gemm_wgmma.h",
           "fence_proxy_async();", ";", ("WGMMA",)),
    Mutant("wgmma: waits for one copy group too few", "device/gemm_wgmma.h",
           "cp_async_wait<ahead - 1>();", "cp_async_wait<ahead>();", ("WGMMA",)),
    Mutant("wgmma: no barrier in the loop", "device/gemm_wgmma.h",
           "      __syncthreads();             // and everybody's", "      // and everybody's",
           ("WGMMA",)),
    Mutant("wgmma: refills a stage that is being read", "device/gemm_wgmma.h",
           "copy.start(filled, slab + ahead)", "copy.start((filled + 1) % T::stages, slab + ahead)",
           ("WGMMA",), quick=True),
    Mutant("wgmma: does not wait for its products", "device/gemm_wgmma.h",
           "  wgmma_wait<0>();\n", "", ("WGMMA",)),
    Mutant("wgmma: one set of metadata registers", "device/gemm_wgmma.h",
           "issue_slab<T>(d, metadata[half],", "issue_slab<T>(d, metadata[0],", ("WGMMA",),
           quick=True),
    Mutant("wgmma: stride between row groups halved", "device/gemm_wgmma.h",
           "static_cast<uint64_t>(8 * row_bytes / 16)", "static_cast<uint64_t>(4 * row_bytes / 16)",
           ("WGMMA",)),
    Mutant("wgmma: swizzle mode wrong", "device/gemm_wgmma.h",
           "(row_bytes == 128 ? 1ull : 2ull) << 62", "1ull << 62", ("WGMMA",)),
    Mutant("wgmma: step along B too short", "device/gemm_wgmma.h",
           "from_b + step * T::step_b", "from_b + step * 32", ("WGMMA",)),
    Mutant("wgmma: selector inverted", "device/gemm_wgmma.h",
           "else if (step % 2 == 0)", "else if (step % 2 == 1)", ("WGMMA",), ("fp16",)),
    Mutant("wgmma: metadata of the other warp", "device/gemm_wgmma.h",
           "warp * T::chunks * CHUNK_BYTES", "(warp ^ 1) * T::chunks * CHUNK_BYTES", ("WGMMA",)),
    Mutant("second oracle: skips the end of K", "device/oracle.h",
           "for (int k = 0; k < p.k;", "for (int k = 0; k < p.k - 64;", ("NARROW",)),
)  # fmt: skip


def _outcome(folder: Path, mutant: Mutant, family: str, kind: str, when: str) -> str:
    """Run the program on the mutant: its status, or `crash`."""
    done = subprocess.run(
        [
            *(build.program(), "--types", kind, "--verify-shape", "128x256x1024", "--pairs", "1"),
            *("--shape", mutant.shape, "--warm-up", "0", "--timeout", "60"),
        ],
        env={
            **os.environ,
            "LD_LIBRARY_PATH": str(folder),
            "FAKE_GPU_CC": str(CAPABILITY[family]),
            "FAKE_GPU_ASYNC": when,
        },
        capture_output=True,
        check=False,
        timeout=90,
    )
    return str(json.loads(done.stdout)["status"])


def survivors(mutant: Mutant) -> list[str]:
    """Return in which (family, type) the mutant is not caught."""
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "program"
        shutil.copytree(build.SOURCES, program)
        path = program / mutant.file
        text = path.read_text()
        assert text.count(mutant.good) == 1, f"{mutant.name}: the text to change is not there once"
        path.write_text(text.replace(mutant.good, mutant.bad))
        fake.build(Path(folder), program, mutant.families, mutant.types)
        for family in mutant.families:
            for kind in mutant.types:
                outcomes = (
                    _outcome(Path(folder), mutant, family, kind, when) for when in ("late", "early")
                )
                if all(outcome == "pass" for outcome in outcomes):
                    missed.append(f"{family.lower()} {kind}")
    return missed


def main() -> int:
    """Judge every mutant; print a line for each and a sum."""
    missed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for mutant, where in zip(MUTANTS, pool.map(survivors, MUTANTS), strict=True):
            missed += bool(where)
            sys.stdout.write(f"{'MISSED' if where else 'caught'}  {mutant.name} {where or ''}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(MUTANTS) - missed} of {len(MUTANTS)} caught\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
