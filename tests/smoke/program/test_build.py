"""What is built, what it needs, and what is said when it is not there."""

import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import sys

import pytest

from hostcheck.errors import UsageError
from hostcheck.smoke import build, nvrtc

MIB = 2**20
DRIVERS_OF_CUDA_12 = 7
"""The ELF ABI that drivers from R525 on know; 8 came with the GPUs from Blackwell on."""


def dynamic(path):
    """(libraries, greatest glibc symbol version) that an ELF file asks for, by readelf's rules."""
    content = path.read_bytes()
    needed = {
        name for name in (b"libc.so.6", b"libdl.so.2", b"libpthread.so.0", b"libm.so.6",
                          b"libstdc++.so.6", b"libgcc_s.so.1", b"libcuda.so.1", b"libcudart.so")
        if b"\0" + name + b"\0" in content
    }  # fmt: skip
    versions = re.findall(rb"GLIBC_(\d+)\.(\d+)(?:\.\d+)?\0", content)
    return needed, max((int(a), int(b)) for a, b in versions)


def test_the_program_needs_glibc_2_17_and_no_cuda_library(smoke_program):
    content = smoke_program.read_bytes()
    assert content[:5] == b"\x7fELF\x02"
    assert struct.unpack_from("<H", content, 18) == (62,), "x86-64"
    needed, glibc = dynamic(smoke_program)
    assert needed <= {b"libc.so.6", b"libdl.so.2", b"libpthread.so.0", b"libcuda.so.1"}
    assert glibc <= (2, 17)
    done = subprocess.run(
        [smoke_program, "--version"],
        env={"LD_TRACE_LOADED_OBJECTS": "1", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "libcuda" not in done.stdout, "the driver is opened at run time only"
    assert "libpthread" in done.stdout


def test_it_is_small_enough_to_be_uploaded(smoke_program):
    assert smoke_program.stat().st_size < MIB


def test_what_was_built_is_written_down(smoke_program):
    facts = json.loads((smoke_program.parent / build.FACTS).read_text())
    assert facts["program"]["bytes"] == smoke_program.stat().st_size
    assert set(facts["images"]) == {image.arch for image in build.IMAGES}
    assert facts["tools"]["nvrtc"] == nvrtc.version() == "12.9.86"


def test_old_drivers_take_the_machine_code_of_old_gpus(smoke_program):
    abi = {
        image.arch: (smoke_program.parent / build.IMAGES_FOLDER / image.file).read_bytes()[8]
        for image in build.IMAGES
        if image.capability
    }
    assert {arch for arch, version in abi.items() if version > DRIVERS_OF_CUDA_12} == {
        "sm_100a",
        "sm_100f",
        "sm_103a",
        "sm_120a",
    }


def test_the_images_are_those_that_are_written_down(smoke_program):
    facts = json.loads((smoke_program.parent / build.FACTS).read_text())
    for image in build.IMAGES:
        code = (smoke_program.parent / build.IMAGES_FOLDER / image.file).read_bytes()
        assert facts["images"][image.arch]["sha256"] == hashlib.sha256(code).hexdigest()


def test_a_damaged_program_says_so(smoke_program, fake_driver, tmp_path):
    content = bytearray(smoke_program.read_bytes())
    packed = content.rindex(b"\xfd7zXZ\0")
    content[packed + 100_000] ^= 1
    broken = tmp_path / "hostcheck-smoke"
    broken.write_bytes(content)
    broken.chmod(0o755)
    done = subprocess.run(
        [broken, "--quick"],
        env={"LD_LIBRARY_PATH": str(fake_driver)},
        capture_output=True,
        check=False,
        timeout=60,
    )
    said = json.loads(done.stdout)
    assert (done.returncode, said["status"]) == (5, "error")
    assert "damaged" in said["reason"]


def test_a_missing_a_stale_and_a_changed_program_are_one_line(smoke_program, tmp_path):
    with pytest.raises(
        UsageError, match="is not built, and what compiles it is not installed: pip"
    ):
        build.program(tmp_path)
    for name in (build.PROGRAM, build.FACTS):
        shutil.copy(smoke_program.parent / name, tmp_path)
    assert build.program(tmp_path) == tmp_path / build.PROGRAM
    facts = tmp_path / build.FACTS
    current = facts.read_text()
    facts.write_text(current.replace(build.sources_sha256(), "0" * 64))
    with pytest.raises(UsageError, match="other sources"):
        build.program(tmp_path)
    facts.write_text(current)
    with (tmp_path / build.PROGRAM).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(UsageError, match="not the one that was built"):
        build.program(tmp_path)


def test_a_program_that_is_there_is_not_built_again(smoke_program, tmp_path, monkeypatch):
    monkeypatch.setattr(build, "build", lambda _: pytest.fail("it was built"))
    told = []
    assert build.ready(tmp_path / "cache", told.append, smoke_program.parent) == smoke_program
    assert build.ready(smoke_program.parent, told.append, tmp_path / "built") == smoke_program
    monkeypatch.setattr(nvrtc, "PACKAGE", "nvidia-cuda-nvrtc-of-nobody")
    with pytest.raises(UsageError, match="then the same command again"):
        build.ready(tmp_path / "cache", told.append, tmp_path / "built")
    assert (told, list(tmp_path.iterdir())) == ([], [])


def test_a_program_that_is_not_there_is_built_where_that_can_be(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "build", lambda directory: directory / build.PROGRAM)
    told = []
    place = tmp_path / "built"
    assert build.ready(tmp_path / "cache", told.append, place) == place / build.PROGRAM
    assert told == ["the smoke program is built now, once: that takes minutes"]
    (tmp_path / "file").touch()
    nowhere = tmp_path / "file" / "built"
    assert build.ready(tmp_path / "cache", told.append, nowhere).parent == tmp_path / "cache"


def test_a_missing_compiler_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(nvrtc, "PACKAGE", "nvidia-cuda-nvrtc-of-nobody")
    with pytest.raises(UsageError, match=r"pip install nvidia-cuda-nvrtc-cu12==.* ziglang=="):
        build.build(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_compilers_log_is_told(smoke_program, tmp_path):
    del smoke_program
    source = tmp_path / "wrong.cu"
    source.write_text("__global__ void k() { nonsense; }")
    with pytest.raises(nvrtc.CompileError, match="nonsense"):
        nvrtc.Compiler().compile(source, ["--gpu-architecture=sm_80"], what="CUBIN")


def test_the_log_of_every_image_is_kept_and_says_nothing_bad(smoke_program):
    logs = smoke_program.parent / build.LOGS_FOLDER
    assert {path.stem for path in logs.iterdir()} == {image.arch for image in build.IMAGES}
    for path in logs.iterdir():
        text = path.read_text()
        assert not any(word in text for word in build.SPOILT), (path, text)


@pytest.mark.parametrize(
    ("good", "bad", "word"),
    [
        ("  wgmma_fence();\n", "\n", "injected"),
        ("wgmma_wait<1>();", "d[0] += 1; wgmma_wait<1>();", "serialized"),
    ],
)
def test_a_compiler_that_mends_a_kernel_fails_the_build(smoke_program, tmp_path, good, bad, word):
    del smoke_program
    shutil.copytree(build.SOURCES, tmp_path / "program")
    kernel = tmp_path / "program" / "device" / "gemm_wgmma.h"
    text = kernel.read_text()
    assert text.count(good) == 1
    kernel.write_text(text.replace(good, bad))
    every = kernel.with_name("kernels.cu")
    every.write_text(f"#define EACH_TYPE(X) X(fp16, Fp16)\n{every.read_text()}")
    hopper = build.Image("sm_90a", 90, ())
    with pytest.raises(nvrtc.CompileError, match=f"(?s)changed a kernel.*{word}"):
        build.compile_image(hopper, tmp_path, tmp_path / "program")
    assert not (tmp_path / hopper.file).exists()


def test_building_twice_gives_the_same_bytes_where_it_matters(smoke_program):
    done = subprocess.run(
        [sys.executable, "-m", build.MODULE], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(str(smoke_program))
