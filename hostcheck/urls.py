"""What commands may say and assume of a URL that somebody gave."""

import ipaddress
import re

_BEHIND = re.compile(r"[/?#]")
"""Where the host of a URL ends."""


def without_secrets(text: str) -> str:
    """Return what a URL names, without user and password, path, query and fragment.

    Where it cannot be told which of these a sign belongs to, nothing is left of it.
    """
    scheme, separator, rest = text.partition("://") if "://" in text else ("", "", text)
    login, at, place = rest.rpartition("@")
    if _BEHIND.search(login):
        return f"{scheme}{separator}***"
    behind = _BEHIND.search(place)
    host = place[: behind.start()] if behind else place
    more = "/***" if behind and place[behind.start() :] != "/" else ""
    return f"{scheme}{separator}{'***@' if at else ''}{host}{more}"


def is_here(host: str) -> bool:
    """Say whether a name or address is of this machine, which nobody else can listen to."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
