"""A host of which nothing is known but that it was found: what stands for one that went wrong."""

from typing import Any, get_args

from msgspec import NODEFAULT, UnsetType
from msgspec.structs import fields

from hostcheck.model.fact import Unknown
from hostcheck.model.host import Host


def unread_host(why: Unknown, *, target: str, name: str, host_id: str) -> Host:
    """Return a host whose every fact is unknown for the same reason."""
    told: dict[str, Any] = {}
    for field in fields(Host):
        kinds = get_args(field.type)
        if Unknown in kinds and UnsetType not in kinds:
            told[field.name] = why
        elif field.default is NODEFAULT:
            told[field.name] = ()
    return Host(**{**told, "target": target, "name": name, "id": host_id})
