"""What commands may say and assume of a URL or a login that somebody gave."""

import ipaddress
import json
import re
from collections.abc import Iterable

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


def login_in(word: str) -> str:
    """Return what stands before the last `@` of a word where a `:` is in it, without a scheme.

    That may be a user with a password, wherever it was typed; else it is empty.
    """
    login = word.rpartition("@")[0].rpartition("://")[2]
    return login if ":" in login else ""


def logins_in(words: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds the logins of words, also as Python, JSON or another case spells them.

    The login of `--option=login@host` is found alone as well. None where no word has one.
    """
    logins = {found for word in words if (found := login_in(word))}
    for one in tuple(logins):
        parts = one.split("=")
        logins |= {"=".join(parts[at:]) for at in range(1, len(parts))}
    ways = (str, lambda one: repr(one)[1:-1], lambda one: json.dumps(one)[1:-1])
    spelt = {way(one) for one in logins if ":" in one for way in ways}
    longest = sorted(spelt, key=len, reverse=True)
    found = "|".join(f"{re.escape(one)}@" for one in longest)
    return re.compile(found, re.IGNORECASE) if spelt else None


def is_here(host: str) -> bool:
    """Say whether a name or address is of this machine, which nobody else can listen to."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
