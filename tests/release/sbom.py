"""The bill of materials: what is installed with hostcheck, as CycloneDX 1.6.

Versions and digests are those of `requirements.lock`, licences those that each package states.
"""

import json
import re
import time
import uuid
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from hostcheck import __version__

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
_PIN = re.compile(r"^([\w.-]+)==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_LICENCE = "License :: OSI Approved :: "


class Pin(NamedTuple):
    """A package of the lock file, and the digests of the files that may be installed of it."""

    name: str
    version: str
    sha256: tuple[str, ...]


def pins() -> list[Pin]:
    """Read the lock file."""
    found: list[Pin] = []
    for line in LOCK.read_text().splitlines():
        if start := _PIN.match(line):
            found.append(Pin(start[1], start[2], ()))
        if told := _HASH.findall(line):
            found[-1] = found[-1]._replace(sha256=(*found[-1].sha256, *told))
    return found


def licence(name: str) -> str:
    """Return the licence that an installed package states. Raises PackageNotFoundError."""
    told = metadata.metadata(name)
    if stated := told.get("License-Expression"):
        return str(stated)
    classed = [
        one.removeprefix(_LICENCE)
        for one in told.get_all("Classifier") or ()
        if one.startswith(_LICENCE)
    ]
    return " OR ".join(classed) or (told.get("License") or "").partition("\n")[0]


def _component(pin: Pin) -> dict[str, Any]:
    reference = f"pkg:pypi/{pin.name}@{pin.version}"
    return {
        "type": "library",
        "bom-ref": reference,
        "name": pin.name,
        "version": pin.version,
        "purl": reference,
        "licenses": [{"license": {"name": licence(pin.name)}}],
        "externalReferences": [
            {
                "type": "distribution",
                "url": f"https://pypi.org/project/{pin.name}/{pin.version}/",
                "hashes": [{"alg": "SHA-256", "content": one} for one in pin.sha256],
            }
        ],
    }


def _needs(name: str, known: dict[str, str]) -> list[str]:
    wanted = (
        re.match(r"[\w.-]+", one) for one in metadata.requires(name) or () if "extra" not in one
    )
    names = {one[0].lower().replace("_", "-") for one in wanted if one}
    return sorted(known[one] for one in names if one in known)


def document(when: int) -> str:
    """Return the bill of materials, made at a time in seconds since 1970."""
    every = pins()
    known = {one.name: f"pkg:pypi/{one.name}@{one.version}" for one in every}
    ours = f"pkg:pypi/hostcheck@{__version__}"
    body = {
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when)),
            "component": {
                "type": "application", "bom-ref": ours, "name": "hostcheck", "purl": ours,
                "version": __version__, "licenses": [{"license": {"id": "Apache-2.0"}}],
            },
        },
        "components": [_component(one) for one in every],
        "dependencies": [
            {"ref": ours, "dependsOn": _needs("hostcheck", known)},
            *({"ref": known[one.name], "dependsOn": _needs(one.name, known)} for one in every),
        ],
    }  # fmt: skip
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(body, sort_keys=True))
    head = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "serialNumber": f"urn:uuid:{serial}",
    }  # fmt: skip
    return json.dumps(head | body, indent=1) + "\n"
