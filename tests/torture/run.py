"""Many damaged machines, on several processes, in blocks that are kept as they are done.

A block is a machine and a part of its damages, one by one or in random pairs. A run that was ended
goes on where it was; one of another hostcheck, or of other machines, begins anew.
"""

import gc
import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from itertools import islice, zip_longest
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from tests.torture.damage import apart
from tests.torture.machine import Hit, Machine
from tests.torture.memory import remember

ROOT = Path(__file__).parents[2]
SIZE = 250
"""Inputs of a block."""
TOLD = 40
"""Slips of a block that are kept in words."""


class Block(NamedTuple):
    """A machine and `count` of its damages: `single` from `start` on, or `pair` of a seed.

    `spread` are of all its answers alike, single ones and pairs: the short form.
    """

    folder: str
    kind: str
    start: int
    count: int


class Done(NamedTuple):
    """What became of a block: how often what happened, and what must not have."""

    block: Block
    counts: dict[str, int]
    slips: list[str]
    seconds: float


@lru_cache(2)
def machine(folder: str) -> Machine:
    """Return a machine; a process works on one after the other."""
    made = Machine(ROOT / folder)
    gc.freeze()
    return made


def inputs(block: Block) -> Iterator[tuple[Hit, ...]]:
    """Yield what happens to the machine, input by input."""
    every = machine(block.folder).damages
    if block.kind == "single":
        yield from ((one,) for one in every[block.start : block.start + block.count])
        return
    if block.kind == "spread":
        every = spread(every, block.count)
        yield from ((one,) for one in every)
    random = Random(f"{block.folder} {block.start}")
    left = block.count - (block.count * 4 // 5 if block.kind == "spread" else 0)
    while left:
        one, other = random.sample(every, 2)
        if one[0] != other[0] or apart(one[1], other[1]):
            left -= 1
            yield one, other


SLOW = "esxcli hardware pci list"
"""The longest answer, and the slowest to read."""


def spread(every: list[Hit], count: int) -> list[Hit]:
    """Choose four fifths of so many: of each answer in turns, of the slow one few."""
    of: dict[object, list[Hit]] = {}
    for one in Random(count).sample(every, len(every)):
        of.setdefault(one[0], []).append(one)
    for key, hits in of.items():
        del hits[count // 100 if SLOW in str(key) else count :]
    in_turns = (one for turn in zip_longest(*of.values()) for one in turn if one is not None)
    return list(islice(in_turns, count * 4 // 5))


def do(block: Block) -> Done:
    """Judge every input of a block. Nothing that is kept has cycles: they are looked for once."""
    gc.disable()
    forget = remember()
    counts: Counter[str] = Counter()
    slips: list[str] = []
    began = time.process_time()
    for hits in inputs(block):
        found = machine(block.folder).hit(*hits)
        counts["inputs"] += 1
        counts[f"how {found.how}"] += 1
        counts["pairs" if len(hits) > 1 else f"kind {hits[0][1].kind}"] += 1
        counts["other facts told"] += found.changed
        counts["slips"] += bool(found.slips)
        counts["crashes"] += bool(found.crashes)
        for words in found.crashes + found.slips:
            at = "; ".join(f"{key[1]} {key[2]} {one.kind} {one.where}" for key, one in hits)
            slips.append(f"{machine(block.folder).name}: {at}: {words}")
    gc.enable()
    forget()
    return Done(block, dict(counts), slips[:TOLD], time.process_time() - began)


def blocks(folders: Iterable[str]) -> Iterator[Block]:
    """Yield blocks without end: machines in turns, one damage at a time, then pairs alone.

    One block in five is of pairs as long as there are single ones. The order is random, and the
    same each time, so that a run which is ended was fair.
    """
    named = list(folders)
    sizes = {one: len(machine(one).damages) for one in named}
    every = [
        Block(one, "single", start, min(SIZE, size - start))
        for one, size in sizes.items()
        for start in range(0, size, SIZE)
    ]
    Random(1).shuffle(every)
    pair = (Block(one, "pair", number, SIZE) for number in range(10**9) for one in named)
    in_fours = zip_longest(*[iter(every)] * 4)
    for four in in_fours:
        yield from (one for one in four if one is not None)
        yield next(pair)
    yield from pair


def digest(folders: Iterable[str]) -> str:
    """Return what changes when the result may: hostcheck, this tool, the machines."""
    there = hashlib.sha256()
    files = [*(ROOT / "hostcheck").rglob("*.py"), *(ROOT / "hostcheck").rglob("*.json")]
    files += Path(__file__).parent.glob("*.py")
    for folder in folders:
        files += (ROOT / folder).rglob("*")
    for file in sorted(set(files)):
        if file.is_file() and file.name != "expected.json":
            there.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return there.hexdigest()


class Journal:
    """What is done already, a line a block."""

    def __init__(self, path: Path, key: str) -> None:
        self._path = path
        self.done: dict[Block, Done] = {}
        lines = path.read_text().splitlines() if path.is_file() else []
        if lines and json.loads(lines[0]) == {"of": key}:
            for line in lines[1:]:
                try:
                    block, counts, slips, seconds = json.loads(line)
                except ValueError:
                    break  # the last one, of a run that was killed
                self.done[Block(*block)] = Done(Block(*block), counts, slips, seconds)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as file:
            file.writelines(f"{json.dumps(one)}\n" for one in ({"of": key}, *self.done.values()))

    @property
    def inputs(self) -> int:
        """How many inputs were judged."""
        return sum(one.block.count for one in self.done.values())

    @property
    def slips(self) -> list[str]:
        """What must not have happened, in words."""
        return sorted({words for one in self.done.values() for words in one.slips})

    def add(self, one: Done) -> None:
        """Keep a block."""
        self.done[one.block] = one
        with self._path.open("a") as file:
            file.write(f"{json.dumps(one)}\n")


def run(folders: list[str], journal: Journal, *, most: int, minutes: float, processes: int) -> None:
    """Judge until there were so many inputs, or the time is over."""
    until = time.monotonic() + 60 * minutes
    waiting = (one for one in planned(folders, most) if one not in journal.done)
    with ProcessPoolExecutor(processes) as pool:
        while time.monotonic() < until:
            # In the order of machines: a process that goes on with a machine need not load it.
            hand = sorted(islice(waiting, processes * 8))
            if not hand:
                break
            for found in pool.map(do, hand, chunksize=4):
                journal.add(found)
            sys.stdout.write(f"{journal.inputs:,} inputs, {len(journal.slips)} slips\n")
            sys.stdout.flush()


def planned(folders: list[str], most: int) -> Iterator[Block]:
    """Yield blocks until they hold so many inputs."""
    inputs_so_far = 0
    for one in blocks(folders):
        if inputs_so_far >= most:
            return
        inputs_so_far += one.count
        yield one


def summary(done: Iterable[Done]) -> dict[str, Any]:
    """Return what the report tells of the blocks."""
    total: Counter[str] = Counter()
    of: dict[str, Counter[str]] = {}
    seconds = 0.0
    for one in done:
        total.update(one.counts)
        of.setdefault(one.block.folder, Counter()).update(one.counts)
        seconds += one.seconds
    return {"total": total, "machines": of, "seconds": seconds}
