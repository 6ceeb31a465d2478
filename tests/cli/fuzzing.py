"""Command lines that nobody would write: drawn from click's own tree, with every kind of bad file.

    python -m tests.cli.fuzzing SEED TRIES

Whatever is typed, there is no traceback, the exit code is one of the documented ones, what can be
mended is one line, and what is written is whole.
"""

import os
import random
import resource
import shutil
import signal
import stat
import sys
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import click
from click.testing import CliRunner

from hostcheck.cli import main
from tests.private_data import FIXTURES

MACHINE = FIXTURES / "2n-2xA100-80-esxi803"
RUN = Path(__file__).parents[1] / "kept" / "run-2.json"
CODES = {0, 1, 2, 3}
OF_ITS_OWN = {"smoke": {0, 1, 2, 3, 4, 5}, "diff": {0, 1, 2, 3}, "plan": {0, 1, 2, 3}}
SECONDS = 90
"""A command that takes longer hangs."""
LONGEST = 1500
"""Characters of one line, where somebody gave long ones."""
NEVER = {"--workers"}
"""Options that start processes, or wait for a cluster."""

ENDLESS = 1
"""Of the places, at the end of them: what may be written and has no end to read."""

WORDS = (
    "", " ", "x", "esx-01", "esx-01*", "[", "[!", "*", "**", "?", "-", "--", ".", "..", "../../x",
    "infer-01", "nvidia_l40s-24q", "grid_a100d-40c", "NUMA-001", "GO", "19", "19.5", "2026-11-28",
    "2026-13-41", "127.0.0.1:1", "127.0.0.1:99999", "https://127.0.0.1:1/sdk", "http://", "://",
    "https://[::1", "user:pw@127.0.0.1:1", "a@b@c", "\x1b[31m", "ä\u2713\U0001f600", "a\nb", "a\tb",
    "\udce4\udcff", "x" * 5000, "%s{}{0}$HOME`id`", "0", "-1", "1", "16", "64G", "1e400", "nan",
    "inf", "9" * 40, "٣", "2h", "None", "sqlite:///x", "postgresql://127.0.0.1:1/x", "json=",
    "html=x.html", "=x", "nosuch=x", "root@127.0.0.1", "ab" * 32,
)  # fmt: skip


class Fault(NamedTuple):
    """A command line, and what was wrong with what it did."""

    typed: list[str]
    what: str


def furnish(folder: Path) -> list[str]:
    """Fill a folder with good and bad files; return what may be named of it."""
    shutil.copytree(MACHINE, folder / "rec" / "esx-01")
    shutil.copy(RUN, folder / "run.json")
    whole = RUN.read_bytes()
    made = {
        "empty": b"", "binary": bytes(range(256)) * 40, "cut.json": whole[: len(whole) // 2],
        "list.json": b"[1, 2]", "deep.json": b"[" * 100_000, "line": b"a" * 3_000_000,
        "utf16": "schema".encode("utf-16"), "good.toml": b"[ssh]\nport = 22\n",
        "bad.toml": b"[ssh\n", "latin.toml": b"[ssh]\nuser = '\xe4'\n", "x.zip": b"PK\x03\x04cut",
        "x.tgz": b"\x1f\x8b\x08cut", "x.yaml": b"a: [b\n- c: {", "nul": b"a\0b\n",
        "x.csv": b"a,b\n1\n", "history.db": b"SQLite format 3\0" + b"\xff" * 900,
        "latin.csv": b"address,\xe4\n\xff,1\n", "numbers.json": b'{"schema": 1e999, "hosts": -0}',
        "surrogate.json": b'{"schema": "\\ud800"}',
    }  # fmt: skip
    for name, data in made.items():
        (folder / name).write_bytes(data)
    Path(os.fsdecode(os.fsencode(folder) + b"/\xe4\xff")).write_bytes(b"x")
    (folder / "void").mkdir()
    (folder / "loop").symlink_to("loop")
    (folder / "gone").symlink_to("nowhere")
    badly = folder / "badly" / "esx-02"
    shutil.copytree(MACHINE, badly)
    for at, file in enumerate(sorted(one for one in badly.rglob("*") if one.is_file())):
        if at % 3 == 0:
            file.write_bytes(file.read_bytes()[:40] + b"\xff\0")
    return [
        *made, "rec", "rec/esx-01", "run.json", "void", "loop", "gone", "badly", "\udce4\udcff",
        "nothing", "empty/x", "void/new/x", "locked/x", "locked", "secret", "n" * 300, "/dev/null",
        "/proc/x", ".", "", "rec/",
        "a\nb", "out.json", "out.html", "out/", str(folder / "out.txt"), "html=out.html",
        "/dev/full",
    ]  # fmt: skip


class Drawn:
    """Draws command lines."""

    def __init__(self, seed: int, places: list[str]) -> None:
        """Begin a sequence that the seed alone decides."""
        self._random = random.Random(seed)
        self._places = places
        self._leaves = list(_leaves(main, ()))

    def line(self) -> list[str]:
        """Return a command and what follows it."""
        path, command = self._random.choice(self._leaves)
        words = [*path]
        options = [one for one in command.params if isinstance(one, click.Option)]
        options = [one for one in options if not NEVER & set(one.opts)]
        for one in self._random.sample(
            options, min(len(options), self._random.choice((0, 1, 2, 3, 5)))
        ):
            name = self._random.choice([*one.opts, *one.secondary_opts])
            words.append(name)
            if not one.is_flag:
                words += [self._value(one.type) for _ in range(max(one.nargs, 1))]
        if self._random.random() < 0.7 and any("--from" in one.opts for one in options):
            words += ["--from", self._random.choice(("rec", "rec", "badly", "run.json", "x.tgz"))]
        for one in command.params:
            if isinstance(one, click.Argument) and (one.required or self._random.random() < 0.6):
                words += [self._value(one.type) for _ in range(self._random.choice((1, 1, 1, 2)))]
        if self._random.random() < 0.04:
            words.append(self._random.choice(WORDS))
        return words

    def _value(self, kind: Any) -> str:
        if self._random.random() < 0.15:
            return self._random.choice((*WORDS, *self._places[:-ENDLESS]))
        if isinstance(kind, click.Choice):
            return str(self._random.choice([*kind.choices, "nosuch"]))
        if isinstance(kind, (click.Path, click.File)):
            if getattr(kind, "exists", True):  # a device without an end is read without an end
                return self._random.choice(
                    ("run.json", "rec", "good.toml", *self._places[:-ENDLESS])
                )
            return self._random.choice(self._places)
        if kind.name == "output":
            format_ = self._random.choice(("", "", "html=", "csv=", "junit=", "line=", "text="))
            return format_ + self._random.choice(self._places)
        return self._random.choice(WORDS)


def _lock(folder: Path) -> None:
    """Add what nobody but root may read or write."""
    (folder / "locked").mkdir(0o555)
    (folder / "secret").write_bytes(b"x")
    (folder / "secret").chmod(0)


def _leaves(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    for name, one in sorted(command.commands.items()):
        yield from _leaves(one, (*path, name))


def tree(folder: Path) -> dict[str, int]:
    """Return what lies in a folder, with the size of each file."""
    return {
        os.fsencode(one.relative_to(folder)).decode(errors="replace"): one.lstat().st_size
        for one in folder.rglob("*")
        if stat.S_ISREG(one.lstat().st_mode)
    }


class HangsError(Exception):
    """A command took too long."""


def _too_long(*_: object) -> None:
    raise HangsError


def wrong(words: list[str], folder: Path) -> str:
    """Run a command line in a furnished folder; return what is wrong, empty where nothing is."""
    before = tree(folder)
    mine = signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(SECONDS)
    try:
        with chdir(folder):
            done = CliRunner().invoke(main, words)
    except HangsError:
        return "hangs"
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, mine)
    told = done.stderr
    if "Traceback" in told or "this is a bug" in told:
        return f"a traceback: {told[-1500:]}"
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        return f"raised {done.exception!r}"
    if done.exit_code not in OF_ITS_OWN.get(words[0], CODES):
        return f"exit code {done.exit_code}: {told[-300:]}"
    after = tree(folder)
    if half := [one for one in after if one.endswith((".part", ".tried"))]:
        return f"half-written: {half}"
    if lost := set(before) - set(after):
        return f"lost {lost}"
    if done.exit_code == 2 and words[0] != "smoke":
        return _of_a_mistake(told, {one for one in after if before.get(one) != after[one]})
    return ""


def _of_a_mistake(told: str, fresh: set[str]) -> str:
    """Return what is wrong with the line that says what to mend."""
    *_, last = told.splitlines() or [""]
    if not last.startswith("hostcheck: "):
        return f"no line says what to mend: {told[-300:]!r}"
    if len(last) > LONGEST:
        return f"a line of {len(last)} characters: {last[:300]}"
    if fresh and not any(word in last for word in ("written", "no space", "give another")):
        return f"exit code 2, and wrote {sorted(fresh)}: {last}"
    return ""


def tried(seed: int, tries: int) -> list[Fault]:
    """Try so many command lines, each in a fresh folder; return the faults."""
    found = []
    with TemporaryDirectory() as place:
        model = Path(place) / "model"
        model.mkdir()
        drawn = Drawn(seed, furnish(model))
        home = Path(place) / "home"
        for at in range(tries):
            words = drawn.line()
            for folder in (Path(place) / "here", home):
                shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(model, Path(place) / "here", symlinks=True)
            home.mkdir()
            _lock(Path(place) / "here")
            os.environ["HOME"] = str(home)
            what = wrong(words, Path(place) / "here")
            if what:
                found.append(Fault(words, what))
                sys.stderr.write(f"{at}: {[one[:80] for one in words]}\n    {what}\n")
    return found


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    faults = tried(int(sys.argv[1]), int(sys.argv[2]))
    sys.stdout.write(f"{sys.argv[2]} tries, {len(faults)} faults\n")
