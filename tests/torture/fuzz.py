"""Parsers under a fuzzer that sees which code an input reaches (atheris, where it is installed).

    pip install atheris && python -m tests.torture.fuzz --seconds 600

Seeds are the recorded answers. The first byte of an input chooses the parser. What raises anything
but ParseError is left in `.torture/fuzz/`, as a file that makes it happen again.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
LARGEST = 8192
"""Bytes of an input: more finds nothing that these do not, and takes long."""


def seeds(place: Path, names: list[str]) -> int:
    """Write the recorded answers that are small enough, each behind the byte of its parser."""
    from hostcheck import recording  # noqa: PLC0415  the worker imports parsers instrumented

    place.mkdir(parents=True, exist_ok=True)
    count = 0
    for manifest in (ROOT / "fixtures").glob("*/manifest.json"):
        for (_, asked, _), capture in recording.load(manifest.parent).captures.items():
            data = capture.text.encode()
            for number, name in enumerate(names):
                if data and len(data) < LARGEST and _same(name, asked):
                    held = bytes([number]) + data
                    (place / hashlib.sha256(held).hexdigest()[:16]).write_bytes(held)
                    count += 1
    return count


def _same(template: str, asked: str) -> bool:
    pattern = re.sub(r"\\\{\w+\\\}", r"\\d+", re.escape(template))
    return re.fullmatch(pattern, asked) is not None


def worker(given: list[str]) -> None:
    """Fuzz until libFuzzer ends the process: `given` are its options."""
    import atheris  # noqa: PLC0415  not in every environment

    with atheris.instrument_imports(include=["hostcheck.parsers", "hostcheck.syntax"]):
        from hostcheck.ask import parsers  # noqa: PLC0415  instrumented as it is imported
        from hostcheck.errors import ParseError  # noqa: PLC0415

        every = [read for _, read in parsers()]  # this imports them

    def one(data: bytes) -> None:
        if data:
            with suppress(ParseError):
                every[data[0] % len(every)](data[1:].decode(errors="replace"))

    atheris.Setup([sys.argv[0], *given], one)
    atheris.Fuzz()


def main(given: list[str]) -> int:
    """Fuzz for some time, and keep how many inputs there were."""
    from hostcheck.ask import parsers  # noqa: PLC0415  the worker imports it instrumented

    parser = argparse.ArgumentParser(prog="python -m tests.torture.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--work", type=Path, default=ROOT / ".torture" / "fuzz")
    wanted = parser.parse_args(given)
    names = [request.template for request, _ in parsers()]
    corpus = wanted.work / "corpus"
    seeded = seeds(wanted.work / "seeds", names)
    corpus.mkdir(parents=True, exist_ok=True)
    options = [
        str(corpus), str(wanted.work / "seeds"), f"-max_total_time={wanted.seconds}",
        f"-max_len={LARGEST}", "-timeout=10", f"-artifact_prefix={wanted.work}/",
        "-print_final_stats=1",
    ]  # fmt: skip
    code = "import sys; from tests.torture.fuzz import worker; worker(sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", code, *options],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    ran = re.search(r"number_of_executed_units:\s*(\d+)", done.stderr)
    grown = re.search(r"new_units_added:\s*(\d+)", done.stderr)
    if ran is None or grown is None or not int(grown[1]):
        sys.stderr.write(done.stderr[-2000:])
        return 2
    told = {
        "inputs": int(ran[1]), "seeds": seeded, "parsers": len(names), "kept": int(grown[1]),
        "crashed": done.returncode != 0,
    }  # fmt: skip
    (wanted.work / "fuzz.json").write_text(json.dumps(told))
    sys.stdout.write(f"{told}\n")
    if done.returncode:
        sys.stdout.write(done.stderr[-3000:])
    return 1 if done.returncode else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
