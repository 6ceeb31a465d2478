"""NVIDIA's run-time compiler, from its PyPI wheel: CUDA source to machine code, and no toolkit.

Source: https://docs.nvidia.com/cuda/nvrtc/. What it does not say: the wheel's directory is not on
the loader's path, so `libnvrtc-builtins` has to be loaded before NVRTC asks for it by name.
"""

import ctypes
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from hostcheck import extras
from hostcheck.errors import UsageError

PACKAGE = "nvidia-cuda-nvrtc-cu12"


def version() -> str:
    """Return the version of the installed wheel.

    Raises:
        UsageError: it is not installed.
    """
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        raise UsageError(f"{PACKAGE} is not installed: {extras.install('smoke-build')}") from None


def _library() -> Path:
    version()
    files = metadata.files(PACKAGE) or []
    for file in files:
        if file.name.startswith("libnvrtc.so"):
            return Path(str(file.locate()))
    raise UsageError(f"{PACKAGE} holds no libnvrtc.so: install it anew")


class CompileError(UsageError):
    """The source does not compile; the message is the compiler's log."""


class Compiled(NamedTuple):
    """What a compilation gave: the code, and what was said about it."""

    code: bytes
    log: str


class Compiler:
    """NVRTC, loaded. Not for two threads at a time."""

    def __init__(self) -> None:
        path = _library()
        for builtins in sorted(path.parent.glob("libnvrtc-builtins.so*")):
            ctypes.CDLL(str(builtins), mode=ctypes.RTLD_GLOBAL)
        self._nvrtc = ctypes.CDLL(str(path))
        self._nvrtc.nvrtcGetErrorString.restype = ctypes.c_char_p

    def _check(self, code: int) -> None:
        if code:
            raise CompileError(f"NVRTC: {self._nvrtc.nvrtcGetErrorString(code).decode()}")

    def _output(self, program: ctypes.c_void_p, what: str) -> bytes:
        size = ctypes.c_size_t()
        self._check(getattr(self._nvrtc, f"nvrtcGet{what}Size")(program, ctypes.byref(size)))
        text = ctypes.create_string_buffer(size.value)
        self._check(getattr(self._nvrtc, f"nvrtcGet{what}")(program, text))
        return text.raw

    def compile(self, source: Path, options: list[str], *, what: str) -> Compiled:
        """Compile one file.

        Args:
            source: the file; its includes are found relative to it.
            options: as of nvcc.
            what: `CUBIN`, machine code of one GPU, or `PTX`, text that a driver compiles.

        Raises:
            CompileError: with the compiler's log.
        """
        program = ctypes.c_void_p()
        self._check(
            self._nvrtc.nvrtcCreateProgram(
                ctypes.byref(program), source.read_bytes(), source.name.encode(), 0, None, None
            )
        )
        options = [*options, f"--include-path={source.parent}"]
        words = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
        try:
            failed = self._nvrtc.nvrtcCompileProgram(program, len(options), words)
            log = self._output(program, "ProgramLog").rstrip(b"\0").decode(errors="replace")
            if failed:
                raise CompileError(log)
            return Compiled(self._output(program, what), log)
        finally:
            self._nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
