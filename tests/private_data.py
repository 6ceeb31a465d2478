"""What must not be in a recording of fixtures/: names, addresses, serials of real machines.

`python -m tests.private_data [FILE ...]` names what it finds and exits with 1; without files it
reads all of fixtures/. What is allowed was made up for the machines there.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

FIXTURES = Path(__file__).parents[1] / "fixtures"
ENDINGS = (
    "com|net|org|edu|gov|mil|int|io|eu|de|ch|at|fr|uk|us|nl|be|it|es|pt|pl|cz|se|no|fi|dk|ie|ru|jp|"
    "cn|kr|in|au|nz|ca|br|za|cloud|dev|app|tech|local|lan|internal|intranet|corp|home|localdomain|"
    "test"
)
FINDS = {
    "name": re.compile(rf"(?<![\w.-])(?:[a-z0-9-]+\.)+(?:{ENDINGS})(?![\w.-])", re.IGNORECASE),
    "mail": re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"),
    "address": re.compile(
        r"(?<![\d.])(?:10\.\d+|172\.(?:1[6-9]|2\d|3[01])|192\.168|169\.254|100\.(?:6[4-9]|[7-9]\d|1"
        r"[01]\d|12[0-7]))\.\d+\.\d+(?![\d.])"
        r"|(?<=<ipAddress>)[^<]+|(?<=<managementIp>)[^<]+|(?<=<managementServerIp>)[^<]+"
    ),
    "MAC": re.compile(r"(?<![0-9a-f:])(?:[0-9a-f]{2}:){5}[0-9a-f]{2}(?![0-9a-f:])", re.IGNORECASE),
    "serial": re.compile(
        r"(?:(?<=<serial>)|(?<=<serialNumber>)|(?<=<enclosureSerialNumber>)|(?<=<board_serial>)"
        r"|(?<=Serial Number: )|(?<=Serial Number {21}: ))[^<\n]+"
    ),
    "licence": re.compile(r"\b(?:[0-9A-Z]{5}-){4}[0-9A-Z]{5}\b"),
    "secret": re.compile(
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----|vmware_soap_session|(?i:passw(?:or)?d\s*[=:>]\s*\S+)"
    ),
}
"""Kinds of private data, and how each looks."""
ALLOWED = {
    "name": re.compile(r"(?:.*\.)?(?:lab\.test|example\.(?:com|net|org)|w3\.org)", re.IGNORECASE),
    "mail": re.compile(
        r".*@(?:[\w-]+\.)*(?:lab\.test|example\.(?:com|net|org))|Members@odata\.count"
    ),
    "address": re.compile(r"127\..*|192\.0\.2\..*|198\.51\.100\..*|203\.0\.113\..*"),
    "MAC": re.compile(r"(?:02|00:50:56|00:00:00|ff:ff:ff):.*", re.IGNORECASE),
    "serial": re.compile(r"AB12CD3|VMware-.*|1320322014\d{3}|N/A|unknown|None"),
}
"""What was made up: reserved names and addresses, MACs of no maker, the serials of the peers."""


@cache
def _private(text: str) -> tuple[tuple[str, str], ...]:
    return tuple(private(text))


def private(text: str) -> Iterator[tuple[str, str]]:
    """Yield the kind of each private datum of a text, and the datum."""
    for kind, looks in FINDS.items():
        for found in dict.fromkeys(match[0].strip() for match in looks.finditer(text)):
            if kind not in ALLOWED or not ALLOWED[kind].fullmatch(found):
                yield kind, found


def scan(files: Iterable[Path]) -> list[str]:
    """Return a line for each private datum of these files; half of the answers are alike."""
    return [
        f"{file}: {kind}: {found}"
        for file in files
        for kind, found in _private(file.read_text(encoding="utf-8", errors="replace"))
    ]


def main() -> int:
    files = [Path(name) for name in sys.argv[1:]] or sorted(FIXTURES.rglob("*"))
    found = scan(file for file in files if file.is_file())
    sys.stdout.write("".join(f"{line}\n" for line in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
