"""Start the program in a process of its own that need not read its modules.

Python and the modules of a run take a quarter of a second to start, and tests start hundreds of
them. Here one process a session reads the modules, and forks itself for each start: a process with
its own arguments, folder, environment, streams and exit code, as ever. Where it is the start that
is tested, a terminal or an option of Python, start `python -m hostcheck`.
"""

import faulthandler
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Self

READ_BEFORE = (
    "hostcheck.app", "hostcheck.cli.audit", "hostcheck.cli.preflight", "hostcheck.cli.record",
    "hostcheck.cli.report", "hostcheck.connect.live", "hostcheck.connect.logins",
    "hostcheck.reports.run.html", "hostcheck.reports.run.json", "hostcheck.reports.run.text",
    "hostcheck.ways.redfish.opening", "hostcheck.ways.shell.transport",
    "hostcheck.ways.vsphere.transport",
)  # fmt: skip
MAIN = "from hostcheck.cli import main; main()"


class Started:
    """A start of the program that goes on, used as `subprocess.Popen` is; streams are text."""

    def __init__(self, pid: int, status: int, out: int | None, err: int | None) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._status = status
        self.stdout, self.stderr = (
            None if one is None else os.fdopen(one, encoding="utf-8", errors="surrogateescape")
            for one in (out, err)
        )

    def poll(self) -> int | None:
        """Return its exit code, None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float = 120) -> int:
        """Return its exit code as soon as it ends. Raises subprocess.TimeoutExpired."""
        if (code := self._ended(timeout)) is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout)
        return code

    def _ended(self, timeout: float) -> int | None:
        if self.returncode is None and select.select([self._status], [], [], timeout)[0]:
            self.returncode = int(os.read(self._status, 16))
            os.close(self._status)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float = 120) -> tuple[str, str]:
        """Read what it says until its end.

        Raises subprocess.TimeoutExpired that says where it hung; it is ended then.
        """
        streams = {one: "" for one in (self.stdout, self.stderr) if one is not None}
        readers = [
            threading.Thread(target=lambda at: streams.__setitem__(at, at.read()), args=(one,))
            for one in streams
        ]
        for reader in readers:
            reader.start()
        try:
            self.wait(timeout)
        except subprocess.TimeoutExpired as late:
            self.send_signal(signal.SIGABRT)
            for reader in readers:
                reader.join(timeout)
            late.add_note(streams.get(self.stderr, ""))  # type: ignore[arg-type]
            self.kill()
            raise
        finally:
            for reader in readers:
                reader.join()
            self._close()
        told = [streams.get(one, "") for one in (self.stdout, self.stderr)]  # type: ignore[arg-type]
        return told[0], told[1]

    def _close(self) -> None:
        for one in (self.stdout, self.stderr):
            if one is not None:
                one.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()
        self.wait()


class Starter:
    """Starts the program, each in a process of its own."""

    def __init__(self, door: socket.socket) -> None:
        self._door = door

    def __call__(
        self, *arguments: object, cwd: Path, env: Mapping[str, str], timeout: float = 120,
        code: str = MAIN,
    ) -> "subprocess.CompletedProcess[str]":  # fmt: skip
        """Run the program to its end, as `subprocess.run` does; it has no standard input.

        What its output has that is no UTF-8 is escaped: `surrogateescape` gives the bytes back.
        """
        started = self.open(*arguments, cwd=cwd, env=env, code=code)
        out, err = started.communicate(timeout)
        assert started.returncode is not None
        return subprocess.CompletedProcess([*map(str, arguments)], started.returncode, out, err)

    def read(self, *modules: str) -> None:
        """Read more modules before the next start: those that all of a file's starts need."""
        self._ask(modules, [])

    def _ask(self, told: object, files: "list[int]") -> int:
        packed = json.dumps(told).encode()
        socket.send_fds(self._door, [len(packed).to_bytes(4, "big")], files)
        self._door.sendall(packed)
        return int.from_bytes(self._door.recv(4, socket.MSG_WAITALL), "big")

    def open(
        self, *arguments: object, cwd: Path, env: Mapping[str, str], code: str = MAIN,
        stdout: int | None = None,
    ) -> Started:  # fmt: skip
        """Start the program and let it run. Its output goes to a file that is open, or is read.

        subprocess.DEVNULL is such a file, as ever.
        """
        with ExitStack() as ours:
            if stdout == subprocess.DEVNULL:
                stdout = os.open(os.devnull, os.O_WRONLY)
                ours.callback(os.close, stdout)
            ends = [os.pipe() for _ in range(3)]
            for _, end in ends:
                ours.callback(os.close, end)
            status, out, err = (end for _, end in ends)
            told = (code, [*map(str, arguments)], str(cwd), dict(env))
            pid = self._ask(told, [status, out if stdout is None else stdout, err])
        if stdout is not None:
            os.close(ends[1][0])
        return Started(pid, ends[0][0], ends[1][0] if stdout is None else None, ends[2][0])


@contextmanager
def starting() -> Iterator[Starter]:
    """Keep the process that forks until the block ends."""
    here, there = socket.socketpair()
    with here, subprocess.Popen(
        [sys.executable, __file__, str(there.fileno())], pass_fds=[there.fileno()],
        env={"PATH": os.environ["PATH"]},
    ):  # fmt: skip
        there.close()
        yield Starter(here)
        here.close()


def _fork_for_each(door: socket.socket) -> str:
    """Fork for each that is asked for. Return its code in the fork, "" when no more come."""
    while True:
        size, files, *_ = socket.recv_fds(door, 4, 3)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not size:
            return ""
        told = door.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL)
        if not files:
            _read(json.loads(told))
            door.sendall(size)
        elif os.fork() == 0:
            return _kept(door, told, files)
        for file in files:
            os.close(file)


def _kept(door: socket.socket, told: bytes, files: Sequence[int]) -> str:
    """Fork once more, and tell how that ended. Return its code in the fork."""
    code, words, folder, environment = json.loads(told)
    status, *streams = files
    if pid := os.fork():
        for file in streams:
            os.close(file)
        door.sendall(pid.to_bytes(4, "big"))
        ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.write(status, str(ended).encode())
        os._exit(0)
    os.close(status)
    door.close()
    _become(words, folder, environment, streams)
    return str(code)


def _become(
    words: Sequence[str], folder: str, environment: Mapping[str, str], streams: Sequence[int]
) -> None:
    for number, file in enumerate((os.open(os.devnull, os.O_RDONLY), *streams)):
        os.dup2(file, number)
        os.close(file)
    sys.stdin = os.fdopen(0, closefd=False)
    for name, file in (("stdout", 1), ("stderr", 2)):  # what they write to may be of another kind
        was = getattr(sys, name)
        fresh = os.fdopen(
            file, "w", encoding=was.encoding, errors=was.errors, closefd=False,
            buffering=1 if file == 2 else -1,
        )  # fmt: skip
        setattr(sys, name, fresh)
        setattr(sys, f"__{name}__", fresh)
    faulthandler.enable(2)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["hostcheck", *words]


def _read(modules: Sequence[str]) -> None:
    for module in modules:
        with suppress(ImportError):  # an extra that is not there is none of every start's business
            importlib.import_module(module)
    gc.freeze()


if __name__ == "__main__":
    _read(READ_BEFORE)
    exec(_fork_for_each(socket.socket(fileno=int(sys.argv[1]))), {"__name__": "__main__"})
