"""A file of pinned certificates: `address SHA-256`, a line for each BMC (`hostcheck trust`)."""

from pathlib import Path

from hostcheck.errors import UsageError
from hostcheck.ways.redfish.door import fingerprint
from hostcheck.ways.redfish.inventory import place

HEAD = "# Certificates of BMCs: address, SHA-256. Written by hostcheck trust.\n"


def read(path: Path) -> dict[tuple[str, int], str]:
    """Return the pinned certificates by address in small letters, and port.

    A file that is not there pins nothing. Raises UsageError that names the line that is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error}); give another file") from None
    found: dict[tuple[str, int], str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            key, pinned = key_of(words[0]), fingerprint(" ".join(words[1:]))
        except UsageError as error:
            raise UsageError(f"{path}: line {number}: {error}") from None
        if found.setdefault(key, pinned) != pinned:
            raise UsageError(f"{path}: line {number}: {words[0]} is pinned twice; keep one")
    return found


def key_of(address: str) -> tuple[str, int]:
    """Return under what an address is pinned."""
    host, port = place(address)
    return host.lower(), port


def name_of(key: tuple[str, int]) -> str:
    """Return how an address is written there."""
    host, port = key
    return host if port == 443 else f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
