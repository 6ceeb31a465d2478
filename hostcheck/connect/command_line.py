"""The command line as it is kept with the answers: what says what was asked, and nothing else.

It is put together from the options that are listed here, and not cut out of what was typed: what
nobody listed is not told. An audit, the same resumed, and a recording of the same hosts say the
same, for they are told the same.
"""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from hostcheck.connect.given import Machines, Smoking
from hostcheck.urls import login_in, without_secrets
from hostcheck.ways.options import OPTION

SPELLED = {"smoke_guests": "smoke-guest"}
"""Options whose fields have another name."""
URLS = ("bmc_pattern",)
"""Where a login may stand before an address."""
TOLD = frozenset((
    "user", "tls_ca", "tls_thumbprint", "timeout", "packages", "esxcli",
    "lifecycle", "manage_ssh", "ssh", "ssh_user", "ssh_port", "ssh_config", "ssh_known_hosts",
    "ssh_key", "ssh_agent", "command_timeout", "host_timeout", "bmc", "bmc_pattern",
    "bmc_inventory", "bmc_user", "bmc_ca", "bmc_fingerprints", "bmc_timeout", "smoke",
    "smoke_guests", "smoke_attribute", "guest_user",
))  # fmt: skip
UNTOLD = frozenset((
    "password_file", "ssh_password_file", "bmc_password_file", "guest_password_file",
    "ask_ssh_password", "ask_bmc_password", "settings", "ways", "workers", "quiet", "hosts",
    "vcenter",
))  # fmt: skip
"""Where passwords come from, and what changes no answer of a host, as which others were asked."""


def told(given: Machines, smoking: Smoking | None) -> tuple[str, ...]:
    """Return the options that were given and are told. Of a file its name stands there alone."""
    groups: list[Any] = [given, *(given.ways[way] for way in sorted(given.ways)), smoking]
    return tuple(word for one in groups if one is not None for word in _words_of(one))


def _words_of(group: Any) -> Iterator[str]:
    for one in fields(group):
        if one.name not in TOLD:
            continue
        option = one.metadata.get(OPTION)
        flag = SPELLED.get(one.name, one.name.replace("_", "-"))
        if option is not None and option.flags:
            flag = option.flags.split("/")[0].strip("- ")
        value = getattr(group, one.name)
        for word in value if isinstance(value, tuple) else (value,):
            if word is False and option is not None and option.kind == "flag":
                continue  # it was not given
            if isinstance(word, bool):
                yield f"--{flag}" if word else f"--no-{flag}"
            elif word not in (None, ""):
                yield from (f"--{flag}", _word(one.name, word))


def _word(name: str, value: Any) -> str:
    if isinstance(value, Path):
        return value.name
    text = f"{value:g}" if isinstance(value, float) else str(value)
    unsure = name in URLS or "://" in text or login_in(text)
    return without_secrets(text) if unsure else text
