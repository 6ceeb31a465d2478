"""A CUDA driver that is none: it makes the smoke program believe in a GPU. See its README.md.

`driver()` is a folder with a `libcuda.so.1` and a `libnvidia-ml.so.1` for LD_LIBRARY_PATH. It is
built from this directory and the kernels' own source on first use, and kept in `.peers/` under the
hash of what it is made of.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hostcheck.smoke.build import SOURCES

HERE = Path(__file__).resolve().parent
STORE = HERE.parents[3] / ".peers" / "fake-driver"
NVML = "libnvidia-ml.so.1"
FAMILIES = ("WIDE", "NARROW", "WGMMA", "TCGEN05")
FLAGS = (
    *("-std=c++20", "-Os", "-fPIC", "-shared", "-w"),  # half as long to build as -O2, as fast
    "-funsafe-math-optimizations",  # all sums are exact, in any order
    *("-fvisibility=hidden", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"),
)


TYPES = {"int8": "Int8", "fp16": "Fp16", "bf16": "Bf16"}


def _compile(
    sources: Sequence[Path], program: Path, output: Path, defines: Sequence[str] = ()
) -> None:
    includes = (HERE, program, program / "device", program / "host")
    subprocess.run(
        [
            *(sys.executable, "-m", "ziglang", "cc", *FLAGS),
            *(f"-I{path}" for path in includes),
            *(f"-D{define}" for define in defines),
            *map(str, sources),
            *("-o", str(output)),
        ],
        check=True,
    )


def build(
    into: Path,
    program: Path = SOURCES,
    families: Sequence[str] = FAMILIES,
    types: Sequence[str] = tuple(TYPES),
) -> None:
    """Build the `libcuda`.

    `program` may be a changed copy of the program's sources, with the kernels of some `families`
    and `types` only.
    """
    sources = [HERE / f"{name}.cpp" for name in ("block", "cuda", "kernels", "tensor")]
    each = " ".join(f"X({name}, {TYPES[name]})" for name in types if name in TYPES)
    defines = [f"EACH_TYPE(X)={each}", *(f"{family}=1" for family in families)]
    _compile(sources, program, into / "libcuda.so.1", defines)


def driver() -> Path:
    """Return the folder of the fake driver, built if it is not there yet."""
    made_of = hashlib.sha256(str(FLAGS).encode())
    for folder in (HERE, SOURCES):
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".cu", ".cpp", ".h"}:
                made_of.update(path.name.encode() + path.read_bytes())
    folder = STORE / made_of.hexdigest()[:16]
    if not folder.is_dir():
        STORE.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=STORE))
        try:
            build(work)
            _compile([HERE / "nvml.cpp"], SOURCES, work / NVML)
            work.replace(folder)
        except OSError:  # somebody else built the same
            if not folder.is_dir():
                raise
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return folder
