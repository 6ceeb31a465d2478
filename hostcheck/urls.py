"""What commands may say and assume of a URL that somebody gave."""

import ipaddress


def without_login(text: str) -> str:
    """Return a URL without its user and password, whatever signs are in them."""
    scheme, separator, rest = text.partition("://") if "://" in text else ("", "", text)
    return f"{scheme}{separator}***@{rest.rpartition('@')[2]}" if "@" in rest else text


def is_here(host: str) -> bool:
    """Say whether a name or address is of this machine, which nobody else can listen to."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
