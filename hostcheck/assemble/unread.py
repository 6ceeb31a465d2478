"""A host of which nothing is known but that it was found: what stands for one that went wrong."""

from typing import Any, get_args

from msgspec import NODEFAULT, UnsetType
from msgspec.structs import fields

from hostcheck.model.fact import Unknown
from hostcheck.model.host import Host
from hostcheck.model.host_ref import HostRef


def unread_host(why: Unknown, ref: HostRef) -> Host:
    """Return a host whose every fact is unknown for the same reason."""
    told: dict[str, Any] = {}
    for field in fields(Host):
        kinds = get_args(field.type)
        if Unknown in kinds and UnsetType not in kinds:
            told[field.name] = why
        elif field.default is NODEFAULT:
            told[field.name] = ()
    return Host(**{**told, "target": ref.vcenter, "name": ref.name, "id": ref.id})
