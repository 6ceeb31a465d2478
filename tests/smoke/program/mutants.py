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

CAPABILITY = {"TCGEN05": 100, "WGMMA": 90, "WIDE": 80, "NARROW": 86}
FP4 = {"TCGEN05": 100, "NARROW": 120}
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
    Mutant("tcgen05: metadata of the other half of the rows", "format.h",
           "2 * (column % 2) + lane % 16 / 8", "2 * (column % 2) + 1 - lane % 16 / 8",
           ("TCGEN05",)),
    Mutant("tcgen05: columns of metadata swapped", "format.h",
           "2 * (column % 2) + lane % 16 / 8", "2 * (1 - column % 2) + lane % 16 / 8",
           ("TCGEN05",), quick=True),
    Mutant("tcgen05: metadata of the next slab", "device/gemm_tcgen05.h",
           "slab * columns + c", "(slab + 1) * columns + c", ("TCGEN05",)),
    Mutant("tcgen05: metadata of the first tile in all", "device/gemm_tcgen05.h",
           "lane(origin.m + static_cast", "lane(static_cast", ("TCGEN05",), shape="1152x256x256"),
    Mutant("tcgen05: one set of metadata", "device/gemm_tcgen05.h",
           "slab % 2 * MetadataInFlight<T>::columns", "0 * MetadataInFlight<T>::columns",
           ("TCGEN05",), quick=True),
    Mutant("tcgen05: metadata over D", "device/gemm_tcgen05.h",
           "d + d_columns + static_cast", "d + d_columns - 4 + static_cast", ("TCGEN05",)),
    Mutant("tcgen05: selector inverted", "device/gemm_tcgen05.h",
           "tcgen05_instruction<T>(step % 2)", "tcgen05_instruction<T>(1 - step % 2)",
           ("TCGEN05",), ("fp16",)),
    Mutant("tcgen05: selector never set", "device/gemm_tcgen05.h",
           "tcgen05_instruction<T>(step % 2)", "tcgen05_instruction<T>(0)",
           ("TCGEN05",), ("fp16",), quick=True),
    Mutant("tcgen05: metadata of the first step in all", "device/gemm_tcgen05.h",
           "metadata + 2 * step, tcgen05", "metadata, tcgen05", ("TCGEN05",), ("int8",)),
    Mutant("tcgen05: accumulates from the start", "device/gemm_tcgen05.h",
           "!first || step > 0", "true", ("TCGEN05",)),
    Mutant("tcgen05: begins anew with each slab", "device/gemm_tcgen05.h",
           "!first || step > 0", "step > 0", ("TCGEN05",)),
    Mutant("tcgen05: does not say that A is sparse", "device/gemm_tcgen05.h",
           "static_cast<uint32_t>(selector) | 4u", "static_cast<uint32_t>(selector)", ("TCGEN05",)),
    Mutant("tcgen05: N of the instruction halved", "device/gemm_tcgen05.h",
           "T::n / 8) << 17 | static", "T::n / 16) << 17 | static", ("TCGEN05",)),
    Mutant("tcgen05: M of the instruction halved", "device/gemm_tcgen05.h",
           "T::m / 16) << 24", "T::m / 32) << 24", ("TCGEN05",)),
    Mutant("tcgen05: type of B left out", "device/gemm_tcgen05.h",
           "         Kind::type << 10 |", "         0u << 10 |", ("TCGEN05",), ("int8", "bf16")),
    Mutant("tcgen05: constant bits of the operand left out", "device/gemm_tcgen05.h",
           "| 1ull << 46 |", "|", ("TCGEN05",)),
    Mutant("tcgen05: stride between row groups halved", "device/gemm_tcgen05.h",
           "static_cast<uint64_t>(8 * row_bytes / 16)", "static_cast<uint64_t>(4 * row_bytes / 16)",
           ("TCGEN05",)),
    Mutant("tcgen05: swizzle modes swapped", "device/gemm_tcgen05.h",
           "(row_bytes == 128 ? 2ull : 4ull) << 61", "(row_bytes == 128 ? 4ull : 2ull) << 61",
           ("TCGEN05",)),
    Mutant("tcgen05: step along B too short", "device/gemm_tcgen05.h",
           "from_b + step * T::step_b", "from_b + step * 32", ("TCGEN05",)),
    Mutant("tcgen05: no proxy fence", "device/gemm_tcgen05.h",
           "    fence_proxy_async();", "    ;", ("TCGEN05",)),
    Mutant("tcgen05: metadata stored without a wait", "device/gemm_tcgen05.h",
           "        tensor_wait_stores();\n", "", ("TCGEN05",), quick=True),
    Mutant("tcgen05: no fence before the barrier", "device/gemm_tcgen05.h",
           "    tensor_fence_before();       // and its metadata,\n", "", ("TCGEN05",)),
    Mutant("tcgen05: no fence after the barrier", "device/gemm_tcgen05.h",
           "    __syncthreads();             // and everybody's.\n    tensor_fence_after();\n",
           "    __syncthreads();\n", ("TCGEN05",)),
    Mutant("tcgen05: no fence after the products", "device/gemm_tcgen05.h",
           "(slab - 1) / 2 % 2);\n      tensor_fence_after();\n", "(slab - 1) / 2 % 2);\n",
           ("TCGEN05",)),
    Mutant("tcgen05: no barrier in the loop", "device/gemm_tcgen05.h",
           "    __syncthreads();             // and everybody's.\n", "", ("TCGEN05",), quick=True),
    Mutant("tcgen05: waits for one copy group too few", "device/gemm_tcgen05.h",
           "cp_async_wait<ahead - 1>();", "cp_async_wait<ahead>();", ("TCGEN05",)),
    Mutant("tcgen05: does not wait for the slab before", "device/gemm_tcgen05.h",
           "    if (slab > 0) {", "    if (slab < 0) {", ("TCGEN05",)),
    Mutant("tcgen05: waits for the wrong phase", "device/gemm_tcgen05.h",
           "(slab - 1) / 2 % 2);", "(slab + 1) / 2 % 2);", ("TCGEN05",), quick=True),
    Mutant("tcgen05: does not wait for the last slab", "device/gemm_tcgen05.h",
           "  mbarrier_wait(control + static_cast<uint32_t>((slabs - 1) % 2 * 8), "
           "(slabs - 1) / 2 % 2);\n", "", ("TCGEN05",)),
    Mutant("tcgen05: does not wait for what it loads", "device/gemm_tcgen05.h",
           "    tensor_wait_loads(part);\n", "", ("TCGEN05",)),
    Mutant("tcgen05: a warp reads another's quarter", "device/gemm_tcgen05.h",
           "warp % 4 * 32", "(warp + 1) % 4 * 32", ("TCGEN05",)),
    Mutant("tcgen05: halves of D swapped", "device/gemm_tcgen05.h",
           "quarter + static_cast<uint32_t>(half + column)",
           "quarter + static_cast<uint32_t>(T::warp_n - half + column)", ("TCGEN05",)),
    Mutant("tcgen05: columns of D shifted", "device/gemm_tcgen05.h",
           "store_columns<typename T::Type>(p, row, origin.n + half + column, part)",
           "store_columns<typename T::Type>(p, row, origin.n + half + (column ^ 32), part)",
           ("TCGEN05",)),
    Mutant("tcgen05: half of a pair lost", "device/gemm_tcgen05.h",
           "float_of(d[i + 1])", "float_of(d[i])", ("TCGEN05",), ("fp16",)),
    Mutant("tcgen05: tensor memory is not released", "device/gemm_tcgen05.h",
           "  if (warp == 0) tensor_release<columns>(d);\n", "", ("TCGEN05",)),
    Mutant("tcgen05: mbarriers without their fence", "device/gemm_tcgen05.h",
           "      fence_mbarrier_init();\n", "", ("TCGEN05",)),
    Mutant("tcgen05: no scale factors", "device/gemm_tcgen05.h",
           "      tensor_store(scales + quarter + 4, ones);\n", "", ("TCGEN05",), ("fp4",)),
    Mutant("tcgen05: scale factors in the way of the metadata", "device/gemm_tcgen05.h",
           "scales = d + d_columns + 8;", "scales = d + d_columns + 4;", ("TCGEN05",), ("fp4",)),
    Mutant("tcgen05: type of the scale factors left out", "device/gemm_tcgen05.h",
           " | 1u << 23 |", " |", ("TCGEN05",), ("fp4",)),
    Mutant("fp4: numbers of a pair swapped on the device", "device/prepare.h",
           "kept[0] = dense[first];", "kept[0] = dense[first] >> 4 | dense[first] << 4;",
           ("NARROW",), ("fp4",)),
    Mutant("fp4: keeps by the first of a pair", "types.h",
           "return doubled(v) + doubled(v >> 4);", "return doubled(v);", ("NARROW",), ("fp4",)),
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
            "FAKE_GPU_CC": str((FP4 if kind == "fp4" else CAPABILITY)[family]),
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
        (Path(folder) / fake.NVML).symlink_to(fake.driver() / fake.NVML)
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
