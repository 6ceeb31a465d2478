"""Start the program in a process of its own that need not read its modules.

Python and the modules of a run take a quarter of a second to start, and tests start hundreds of
them. Here one process a session reads the modules, and forks itself for each start: a process with
its own arguments, folder, environment, streams and exit code, as ever. Where it is the start that
is tested, or a signal, a terminal or an option of Python, start `python -m hostcheck`.
"""

import gc
import importlib
import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

READ_BEFORE = (
    "hostcheck.app", "hostcheck.cli.audit", "hostcheck.cli.preflight", "hostcheck.cli.record",
    "hostcheck.cli.report", "hostcheck.connect.live", "hostcheck.connect.logins",
    "hostcheck.reports.run.html", "hostcheck.reports.run.json", "hostcheck.reports.run.text",
    "hostcheck.ways.redfish.opening", "hostcheck.ways.shell.transport",
    "hostcheck.ways.vsphere.transport",
)  # fmt: skip
MAIN = "from hostcheck.cli import main; main()"


class Starter:
    """Starts the program, one after the other."""

    def __init__(self, parent: "subprocess.Popen[str]") -> None:
        self._parent = parent

    def __call__(
        self, *arguments: object, cwd: Path, env: Mapping[str, str], timeout: float = 120,
        code: str = MAIN,
    ) -> "subprocess.CompletedProcess[str]":  # fmt: skip
        """Run the program to its end, as `subprocess.run` does; it has no standard input.

        What its output has that is no UTF-8 is escaped: `surrogateescape` gives the bytes back.
        """
        words = list(map(str, arguments))
        with tempfile.TemporaryDirectory(prefix="started-") as name:
            streams = [f"{name}/out", f"{name}/err"]
            told = json.dumps([code, words, str(cwd), dict(env), streams])
            assert self._parent.stdin is not None
            assert self._parent.stdout is not None
            self._parent.stdin.write(f"{told}\n")
            self._parent.stdin.flush()
            if not select.select([self._parent.stdout], [], [], timeout)[0]:
                self._parent.kill()
                raise subprocess.TimeoutExpired(words, timeout)
            code = int(self._parent.stdout.readline())
            out, err = (Path(one).read_text("utf-8", "surrogateescape") for one in streams)
        return subprocess.CompletedProcess(words, code, out, err)


@contextmanager
def starting() -> Iterator[Starter]:
    """Keep the process that forks until the block ends."""
    with subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={"PATH": os.environ["PATH"]},
    ) as parent:  # fmt: skip
        yield Starter(parent)
        parent.stdin.close()  # type: ignore[union-attr]


def _fork_for_each() -> str:
    """Fork for each line that is read. Return its code in the fork, "" when no more come."""
    for line in sys.stdin:
        code, words, folder, environment, streams = json.loads(line)
        if pid := os.fork():
            ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            sys.stdout.write(f"{ended}\n")
            sys.stdout.flush()
            continue
        _become(words, folder, environment, streams)
        return str(code)
    return ""


def _become(
    words: Sequence[str], folder: str, environment: Mapping[str, str], streams: Sequence[str]
) -> None:
    files = [os.open(os.devnull, os.O_RDONLY)]
    files += [os.open(one, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600) for one in streams]
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  what the other has read ahead is not ours
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["hostcheck", *words]


if __name__ == "__main__":
    for module in READ_BEFORE:
        importlib.import_module(module)
    gc.freeze()
    exec(_fork_for_each(), {"__name__": "__main__"})
