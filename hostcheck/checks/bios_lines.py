"""Lines to copy that set one BIOS attribute: by racadm, ilorest, curl or Ansible. We run none.

A line names an attribute as this very server's BMC writes it, and the path that it told: both are
a stranger's words on their way into somebody's shell. What is not plain gets no line. The shell
variables are the user's: a BMC's address, account and authority are no facts of a report.
"""

import json
import re
import shlex
from collections.abc import Iterator

from hostcheck.model.bmc import Bmc, Told
from hostcheck.model.fact import Unknown
from hostcheck.model.result import Command

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_PATH = re.compile(r"/redfish/v1/systems/([\w.~%:+-]+)/bios/[\w./-]+", re.ASCII | re.IGNORECASE)
_CURL = (
    'curl --user "$BMC_USER" --cacert "$BMC_CA" --request PATCH "https://$BMC{path}" '
    "--header 'Content-Type: application/json' --data {body}"
)


def setting(vendor: str, group: str, bmc: Bmc, wanted: Told) -> Iterator[Command]:
    """Yield a line for each tool that can set the attribute to the value it is to have.

    `vendor` is the key of a maker, `group` of the attributes in Dell's racadm.
    """
    name, value = wanted.attribute, wanted.value
    if _PLAIN.fullmatch(name) is None:
        return
    if vendor == "dell" and group:
        words = f"racadm set {group}.{name} {shlex.quote(value)}"
        yield Command(
            "racadm (on the iDRAC; the next restart applies it)",
            f"{words}; racadm jobqueue create BIOS.Setup.1-1",
        )
    if vendor == "hpe":
        pair = shlex.quote(f"{name}={value}")
        yield Command(
            "ilorest (asks for the login; the next restart applies it)",
            'ilorest login "$BMC" --https "$BMC_CA" && '
            f"ilorest set {pair} --selector Bios. --commit --logout",
        )
    path = "" if isinstance(bmc.settings_path, Unknown) else bmc.settings_path.value
    system = _PATH.fullmatch(path)
    if system is None:
        return
    body: dict[str, object] = {"Attributes": {name: value}}
    if vendor == "dell":
        body = {"@Redfish.SettingsApplyTime": {"ApplyTime": "OnReset"}, **body}
    yield Command(
        "Redfish (the next restart applies it)",
        _CURL.format(path=path, body=shlex.quote(json.dumps(body))),
    )
    yield Command(
        "Ansible (community.general 10.6 or later; the next restart applies it)",
        _ansible(system[1], name, value),
    )


def _ansible(system: str, name: str, value: str) -> str:
    """Return an ad-hoc command; the certificate is checked only if that is said."""
    given = {
        "category": "Systems",
        "command": "SetBiosAttributes",
        "resource_id": system,
        "bios_attributes": {name: value},
        "baseuri": _env("BMC"),
        "username": _env("BMC_USER"),
        "password": _env("BMC_PASSWORD"),
        "validate_certs": True,
        "ca_path": _env("BMC_CA"),
    }
    module = "community.general.redfish_config"
    return f"ansible localhost -m {module} -a {shlex.quote(json.dumps(given))}"


def _env(variable: str) -> str:
    return f'{{{{ lookup("env", "{variable}") }}}}'
