"""Words, numbers and times, one way of each, for checks, counts and reports.

Names come from hosts and VMs, and may hold anything: terminal escapes, characters that reverse the
reading order, half characters. `clean` shows them instead of obeying them, in what is read;
`printable` replaces them, in what becomes a name or a command.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from itertools import groupby

_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"
    "\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
_ESCAPED = re.compile(r"%(2f|5c|25)", re.IGNORECASE)
_SINGLE_QUOTES = re.compile("['\u2018-\u201b]")


STEPS = {
    "name in DNS": "mend its name in DNS, or give HostName in ssh_config",
    "way to its SSH port": "open route and firewall to its SSH port",
    "SSH server": "look at sshd on the host: it answers its port, and not as an SSH server does",
    "ssh_config that can be read": "mend what ssh says of it: ssh -G HOST shows the same",
    "OpenSSH client": "install the OpenSSH client (ssh), which reads ssh_config and jumps",
    "way through the jump host": "try the jump by hand: ssh JUMP",
    "SSH algorithm in common": "allow one that both have in sshd_config of the host",
    "known_hosts entry": "compare the fingerprint with the host's console, then add its key",
    "host key as known": (
        "find out why the key is another; where it should be: ssh-keygen -R HOST, then add the key"
    ),
    "host key that is not revoked": "give the host a new key, and add that to known_hosts",
    "key or password": "give a key (--ssh-key, ssh-add) or a password (--ask-ssh-password)",
    "login that the server takes": "allow keys or passwords in sshd_config of the host",
    "key that can be used": "mend or unlock the key that is named: ssh-add KEY, chmod, a path",
    "key that the host accepts": (
        "put the public key where the host looks for it (ESXi: /etc/ssh/keys-USER/authorized_keys)"
    ),
    "one key": "name the one that the host knows: --ssh-key, or IdentityFile and IdentitiesOnly",
    "right password": (
        "check user and password, and whether the account is locked (ESXi locks it for 15 minutes "
        "after 5 failed logins) or has no Administrator role"
    ),
    "account that is not locked": "wait until the lock is over (ESXi: 15 minutes), or lift it",
    "password that has not expired": "change the password by hand: ssh USER@HOST",
    "login without a code": (
        "use a key, or an account that is asked for no code; at a terminal the code of one host of "
        "a run is asked for: choose it with --host"
    ),
    "right code": "run again with the password, and with a code that nobody used yet",
}
"""What settles an Unknown that says what was missing in these words."""


def clean(text: str) -> str:
    """Return the text with control, direction and half characters shown as escapes."""
    return text if text.isprintable() else _UNPRINTABLE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    point = ord(match.group())
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}"


def one_line(text: str) -> str:
    """Return the cleaned text on one line."""
    return " ".join(clean(text).split())


def printable(text: str) -> str:
    """Replace what a terminal or shell would act upon."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def spelled(name: str) -> str:
    """Return a name as clients show it: vSphere keeps a slash, backslash or percent as `%2f` ..."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), name)


def powershell(text: str) -> str:
    """Return what PowerShell reads as this very text, on one line.

    It takes typographic quotes for plain ones; doubled, each stands for itself.
    """
    parts = []
    for printable_, chars in groupby(text, str.isprintable):
        if printable_:
            parts.append("'" + _SINGLE_QUOTES.sub(r"\g<0>\g<0>", "".join(chars)) + "'")
        else:
            parts += [f"[char]::ConvertFromUtf32(0x{ord(one):x})" if ord(one) > 0xFFFF
                      else f"[char]0x{ord(one):04x}" for one in chars]  # fmt: skip
    if not text.isprintable():
        return f"('' + {' + '.join(parts)})"
    return parts[0] if parts else "''"


def plain(text: str) -> str:
    """Return the text in ASCII, with the signs of this report spelled in it."""
    signs = {"✓": "+", "✕": "x", "…": "...", "·": "-", "–": "-"}  # noqa: RUF001
    for sign, stand_in in signs.items():
        text = text.replace(sign, stand_in)
    return text.encode("ascii", "backslashreplace").decode()


def cut(text: str, length: int) -> str:
    """Return the text, or its beginning and an ellipsis when it is longer than `length`."""
    return text if len(text) <= length else text[: max(length - 1, 0)].rstrip() + "…"


def count(number: int, noun: str, nouns: str = "") -> str:
    """Return `1 host`, `2 hosts`."""
    return f"{number} {noun if number == 1 else nouns or noun + 's'}"


NAMES_SHOWN = 3


def some(names: Iterable[str]) -> str:
    """Name a few, count the rest."""
    every = list(dict.fromkeys(names))
    more = f" and {len(every) - NAMES_SHOWN} more" if len(every) > NAMES_SHOWN else ""
    return ", ".join(every[:NAMES_SHOWN]) + more


def size(octets: int) -> str:
    """Return a size in binary units: `80 GiB`, `1.5 TiB`."""
    amount = float(octets)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if amount < 1024 or unit == "TiB":
            break
        amount /= 1024
    shown = f"{amount:.1f}".removesuffix(".0") if amount < 100 else f"{amount:.0f}"
    return f"{shown} {unit}"


def gib(size: int) -> str:
    """Return a size in GiB, with one decimal where it has one."""
    whole = size / 2**30
    return f"{whole:.0f} GiB" if whole == round(whole) or whole >= 100 else f"{whole:.1f} GiB"


def speed(mbps: int) -> str:
    """Return a network speed: `100 Gb/s`, `100 Mb/s`."""
    return f"{mbps / 1000:g} Gb/s" if mbps >= 1000 else f"{mbps} Mb/s"


@lru_cache(4096)
def moment(text: str) -> str:
    """Return an ISO 8601 time in UTC, to the second, with its offset. Odd text stays as it is."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return clean(text)
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    return when.strftime("%Y-%m-%d %H:%M:%S +00:00")
