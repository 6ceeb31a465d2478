"""Builds the smoke program from PyPI packages alone, or finds the one that was built.

NVRTC makes the kernels' machine code, Zig's C++ compiler the program that carries it: neither a
GPU, a CUDA toolkit nor a C compiler is needed. `python -m hostcheck.smoke.build` builds what is out
of date. Why so: docs/decisions/0009-smoke-program.md.
"""

import hashlib
import json
import lzma
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import metadata, resources
from pathlib import Path
from typing import NamedTuple

from hostcheck import __version__, extras
from hostcheck.errors import UsageError
from hostcheck.smoke import nvrtc

SOURCES = Path(str(resources.files("hostcheck"))) / "smoke" / "program"
BUILT = SOURCES.parent / "built"
PROGRAM = "hostcheck-smoke"
FACTS = "built.json"
IMAGES_FOLDER = "images"
"""The machine code by itself, for tests and benchmarks; wheels do without."""

MODULE = "hostcheck.smoke.build"

GLIBC = "2.17"
"""The oldest C library that the program runs with: that of RHEL 7."""


class Image(NamedTuple):
    """One compilation of the kernels.

    `arch` is NVRTC's name, `families` the mma.sync kernels in it. `capability` is the compute
    capability times ten that it is chosen by, 0 for the text that drivers compile for GPUs that
    came after us.
    """

    arch: str
    capability: int
    families: tuple[str, ...]

    @property
    def file(self) -> str:
        """Its name in the build directory."""
        return f"{self.arch}.{'cubin' if self.capability else 'ptx'}"

    @property
    def exact(self) -> bool:
        """Whether it runs on GPUs of this very capability alone."""
        return self.arch.endswith("a")


IMAGES = (
    Image("sm_90a", 90, ("WIDE",)),
    Image("sm_100a", 100, ("WIDE",)),
    Image("sm_103a", 103, ("WIDE",)),
    Image("sm_100f", 100, ("WIDE",)),
    Image("sm_120a", 120, ("NARROW",)),
    Image("sm_80", 80, ("WIDE",)),
    Image("sm_86", 86, ("NARROW",)),
    Image("sm_89", 89, ("NARROW",)),
    Image("compute_80", 0, ("NARROW",)),
)
"""The slowest to compile first."""

LOGS_FOLDER = "logs"
"""What the compilers said of each image that they made; empty files where they said nothing."""

SPOILT = ("serialized", "injected")
"""Words of a compiler that made something else of a kernel than what is written: an asynchronous
product that it cannot keep asynchronous (C7510, C7511, C7514), a wait or a fence of its own (C7517,
C7519). Right results, and no measure of the hardware."""

NVRTC_OPTIONS = ("-std=c++17", "-default-device")
ZIG_OPTIONS = (
    *("-std=c++20", "-O2", "-Wall", "-Wextra", "-Werror", "-Wno-c23-extensions"),
    *("-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-s"),
)


def _source_files() -> Iterator[Path]:
    for path in sorted(SOURCES.rglob("*")):
        if path.suffix in {".cu", ".cpp", ".h", ".zig"}:
            yield path


def sources_sha256() -> str:
    """Return the hash of everything that the program is made from, in this package."""
    whole = hashlib.sha256(f"{__version__} {IMAGES} {NVRTC_OPTIONS} {ZIG_OPTIONS}".encode())
    for path in _source_files():
        whole.update(path.relative_to(SOURCES).as_posix().encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


def _why_not_current(directory: Path) -> str | None:
    try:
        facts = json.loads((directory / FACTS).read_bytes())
        content = (directory / PROGRAM).read_bytes()
    except (OSError, ValueError):
        return "is not built"
    if facts["sources_sha256"] != sources_sha256():
        return "was built from other sources"
    if facts["program"]["sha256"] != hashlib.sha256(content).hexdigest():
        return "is not the one that was built"
    return None


def program(directory: Path = BUILT) -> Path:
    """Return the built program, an x86-64 Linux executable.

    Raises:
        UsageError: it is not built, or not from these sources.
    """
    why = _why_not_current(directory)
    if why is not None:
        raise UsageError(
            f"the smoke program {why}, and what compiles it is not installed: "
            f"{extras.install('smoke-build')}, then the same command again"
        )
    return directory / PROGRAM


def ready(cache: Path, tell: Callable[[str], None], built: Path = BUILT) -> Path:
    """Return the program, built now, once, where a wheel did not bring it.

    It is made among the sources, or in the folder `cache` where those cannot be written; `tell`
    hears that it takes its time.

    Raises:
        UsageError: it is not there, and a compiler is missing or refuses.
    """
    for directory in (built, cache):
        if _why_not_current(directory) is None:
            return directory / PROGRAM
    if not _has_compilers():
        return program(built)
    tell("the smoke program is built now, once: that takes minutes")
    try:
        built.mkdir(exist_ok=True)
        here = os.access(built, os.W_OK)
    except OSError:
        here = False
    return build(built if here else cache)


def _has_compilers() -> bool:
    try:
        nvrtc.version()
        metadata.version("ziglang")
    except (UsageError, metadata.PackageNotFoundError):
        return False
    return True


def compile_image(image: Image, into: Path, sources: Path = SOURCES) -> None:
    """Compile the kernels once, into a file of the directory `into`, with the log beside it.

    Raises:
        CompileError: with the compiler's log; also when it says that it spoilt a kernel.
    """
    source = sources / "device" / "kernels.cu"
    options = [
        *NVRTC_OPTIONS,
        f"--gpu-architecture={image.arch}",
        f"--include-path={source.parent / 'ptx'}",
        *(f"-D{family}=1" for family in image.families),
    ]
    made = nvrtc.Compiler().compile(source, options, what="CUBIN" if image.capability else "PTX")
    if any(word in made.log for word in SPOILT):
        raise nvrtc.CompileError(f"{image.arch}: the compiler changed a kernel\n{made.log}")
    (into / image.file).write_bytes(made.code)
    (into / f"{image.arch}.log").write_text(made.log)


def _compile_images(into: Path) -> None:
    """Compile every image, in as many processes at a time as there are processors."""
    waiting = list(IMAGES)
    running: list[subprocess.Popen[bytes]] = []
    try:
        while waiting or running:
            while waiting and len(running) < (os.cpu_count() or 1):
                image = waiting.pop(0)
                words = [sys.executable, "-m", MODULE, "--image", image.arch, str(into)]
                running.append(subprocess.Popen(words, env={**os.environ, "PYTHONPATH": _root()}))  # noqa: S603
            for process in [one for one in running if one.poll() is not None]:
                running.remove(process)
                if process.returncode:
                    raise nvrtc.CompileError("the kernels do not compile: see the log above")
            time.sleep(0.02)
    finally:
        for process in running:
            process.kill()
            process.wait()


def _root() -> str:
    return str(SOURCES.parents[2])


def _pack(work: Path) -> None:
    """Write the images as one xz stream, and the C++ that carries it, into the directory."""
    whole = bytearray()
    table = []
    for image in sorted(IMAGES, key=lambda one: (not one.exact, -one.capability)):
        name = image.arch if image.capability else "ptx"
        exact = "true" if image.exact else "false"
        table.append(f'    {{"{name}", {image.capability}, {exact}, {len(whole)}}},')
        whole += (work / image.file).read_bytes() + b"\0"  # PTX ends with a zero
        whole += bytes(-len(whole) % 64)
    packed = lzma.compress(whole, check=lzma.CHECK_CRC32, preset=9 | lzma.PRESET_EXTREME)
    (work / "images.xz").write_bytes(packed)
    lines = [
        '#include "images.h"',
        *("const Image images[] = {", *table, "};"),
        f"const int image_count = {len(IMAGES)};",
        *("const unsigned char packed_images[] = {", '#embed "images.xz"', "};"),
        f"const size_t packed_bytes = {len(packed)}, unpacked_bytes = {len(whole)};",
    ]
    (work / "images.cpp").write_text("\n".join(lines) + "\n")


def zig(*words: str) -> None:
    """Run Zig's C and C++ compiler.

    Raises:
        UsageError: it is not installed, or it refuses; what it says is on standard error.
    """
    try:
        metadata.version("ziglang")
    except metadata.PackageNotFoundError:
        raise UsageError(f"ziglang is not installed: {extras.install('smoke-build')}") from None
    done = subprocess.run([sys.executable, "-m", "ziglang", *words], check=False)  # noqa: S603
    if done.returncode:
        raise UsageError("the smoke program does not compile: see the log above")


def build(directory: Path = BUILT) -> Path:
    """Build the program and what is said about it, and return its path.

    Raises:
        UsageError: a compiler is missing or refuses.
    """
    nvrtc.version()
    sources = sources_sha256()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        _compile_images(work)
        _pack(work)
        target = ("-target", f"x86_64-linux-gnu.{GLIBC}")
        host = SOURCES / "host"
        zig(
            *("build-obj", str(host / "unpack.zig"), *target, "-O", "ReleaseSmall"),
            *("-lc", "-fstrip", f"-femit-bin={work / 'unpack.o'}"),
        )
        zig(
            *("cc", *target, *ZIG_OPTIONS, f'-DVERSION="{__version__}"'),
            *("-I", str(host), *map(str, sorted(host.glob("*.cpp")))),
            *(str(work / "images.cpp"), str(work / "unpack.o"), "-Wl,--gc-sections"),
            *("-o", str(work / PROGRAM), "-ldl", "-lpthread"),
        )
        content = (work / PROGRAM).read_bytes()
        images = {image: (work / image.file).read_bytes() for image in IMAGES}
        logs = {image.arch: (work / f"{image.arch}.log").read_text() for image in IMAGES}
    facts = {
        "program": _measure(content),
        "images": {image.arch: _measure(content) for image, content in images.items()},
        "tools": {"nvrtc": nvrtc.version(), "zig": metadata.version("ziglang")},
        "glibc": GLIBC,
        "sources_sha256": sources,
    }
    for folder in (IMAGES_FOLDER, LOGS_FOLDER):
        shutil.rmtree(directory / folder, ignore_errors=True)
        (directory / folder).mkdir(parents=True)
    for image, code in images.items():
        (directory / IMAGES_FOLDER / image.file).write_bytes(code)
        (directory / LOGS_FOLDER / f"{image.arch}.log").write_text(logs[image.arch])
    path = directory / PROGRAM
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    path.chmod(0o755)
    (directory / FACTS).write_text(json.dumps(facts, indent=1) + "\n")
    return path


def up_to_date(directory: Path = BUILT) -> Path:
    """Return the program, built now if it is not current.

    Raises:
        UsageError: a compiler is missing or refuses.
    """
    return build(directory) if _why_not_current(directory) is not None else directory / PROGRAM


def _measure(content: bytes) -> dict[str, int | str]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def main(words: list[str]) -> int:
    """Build what is out of date; `--image ARCH DIRECTORY` compiles one image."""
    try:
        if words[:1] == ["--image"]:
            compile_image(next(one for one in IMAGES if one.arch == words[1]), Path(words[2]))
        else:
            start = time.monotonic()
            path = up_to_date()
            size = path.stat().st_size
            sys.stdout.write(f"{path}: {size:,} bytes, {time.monotonic() - start:.0f} s\n")
    except UsageError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
