"""The lines of a fix, run as they stand by curl and Ansible, against a BMC that takes them."""

import json
import os
import re
import shutil
import ssl
import subprocess
import threading
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from msgspec.structs import replace

from hostcheck.checks import menus
from hostcheck.model.bmc import Setting
from hostcheck.parsers import redfish_bios
from tests.checks.bmcs import TABLE, a_bmc
from tests.checks.synthetic import a_host, known
from tests.peers.redfish import running_bmc

PATH = "/redfish/v1/Systems/1/Bios/Settings"


ROOT = "/redfish/v1"
SYSTEM = f"{ROOT}/Systems/1"


def _link(path):
    return {"@odata.id": path}


class Taker(BaseHTTPRequestHandler):
    """Takes what is patched, as `Bios/Settings` of a BMC does, from who may do so."""

    def do_GET(self):
        told = {
            ROOT: {"Systems": _link(f"{ROOT}/Systems"), "Vendor": self.server.vendor},
            f"{ROOT}/Systems": {"Members": [_link(f"{ROOT}/Systems/0"), _link(SYSTEM)]},
            f"{ROOT}/Systems/0": {"Id": "0"},
            SYSTEM: {"Id": "1", "Bios": _link(f"{SYSTEM}/Bios")},
            f"{SYSTEM}/Bios": {
                "@Redfish.Settings": {"SettingsObject": _link(PATH)},
                "Attributes": self.server.now,
            },
        }.get(self.path.rstrip("/"), {})
        body = json.dumps(told).encode()
        self.send_response(
            200 if "Authorization" in self.headers or self.path.rstrip("/") == ROOT else 401
        )
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PATCH(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.heard.append((self.path, self.headers["Content-Type"], body))
        self.send_response(202 if "Authorization" in self.headers else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def taker(tmp_path, vendor, now):
    with running_bmc({}) as bmc:  # for its certificate
        ca, key = (
            shutil.copy(bmc.ca_file, tmp_path),
            shutil.copy(
                next(one for one in bmc.ca_file.parent.iterdir() if one != bmc.ca_file), tmp_path
            ),
        )
    server = HTTPServer(("127.0.0.1", 0), Taker)
    server.heard, server.vendor, server.now = [], vendor, now
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server, ca
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _lines(bmc, vendor):
    found = menus.of_host(TABLE, (Setting.SRIOV.value,), a_host(vendor=vendor, bmc=known(bmc)))
    return {one.tool.partition(" (")[0]: one.text for one in found}


def _needs(tool):
    if tool == "ansible" and not _knows_ca_path():
        pytest.skip("no community.general 10.6 or later")
    if shutil.which(tool) is None:
        if os.environ.get("CI"):
            pytest.fail("no curl")
        pytest.skip("no curl")


@cache
def _knows_ca_path():
    """Whether Ansible is here with a collection that takes a CA; Debian's is older."""
    if shutil.which("ansible-galaxy") is None:
        return False
    listed = subprocess.run(
        ["ansible-galaxy", "collection", "list", "community.general"],
        capture_output=True, text=True, timeout=120, check=False,
    ).stdout  # fmt: skip
    found = re.search(r"^community\.general\s+(\d+)\.(\d+)", listed, re.MULTILINE)
    return found is not None and (int(found[1]), int(found[2])) >= (10, 6)


def _run(line, server, ca, **more):
    env = {**os.environ, "BMC": f"127.0.0.1:{server.server_port}", "BMC_CA": ca, **more}
    return subprocess.run(
        ["/bin/sh", "-c", line], env=env, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("tool", ["Redfish", "Ansible"])
@pytest.mark.parametrize(
    ("vendor", "now", "wanted"),
    [
        ("dell", {"SriovGlobalEnable": "Disabled"}, {"SriovGlobalEnable": "Enabled"}),
        ("supermicro", {"SR_IOVSupport_0047": "Disabled"}, {"SR_IOVSupport_0047": "Enabled"}),
        ("lenovo", {"DevicesandIOPorts_SRIOV": "Disabled"}, {"DevicesandIOPorts_SRIOV": "Enabled"}),
    ],
)
def test_the_line_sets_what_the_next_start_brings(tool, vendor, now, wanted, tmp_path):
    _needs({"Redfish": "curl", "Ansible": "ansible"}[tool])
    bmc = a_bmc(vendor, "intel", now)
    user = {"Redfish": "operator:secret", "Ansible": "operator"}[tool]
    with taker(tmp_path, vendor.capitalize(), now) as (server, ca):
        done = _run(_lines(bmc, vendor)[tool], server, ca, BMC_USER=user, BMC_PASSWORD="secret")
    assert done.returncode == 0, done.stdout + done.stderr
    ((path, kind, body),) = server.heard
    assert (path, kind) == (PATH, "application/json")
    assert ("@Redfish.SettingsApplyTime" in body) is (vendor == "dell")
    waiting = json.dumps({"@odata.type": "#Bios.v1_2_0.Bios", **body})
    assert redfish_bios.parse(waiting).attributes == wanted
    after = a_bmc(vendor, "intel", now, wanted).setting(Setting.SRIOV)
    assert (after.active.value, after.pending.value) == ("off", "on")


NASTY = ("Sriov>GlobalEnable", "Sriov GlobalEnable", "{{SriovGlobalEnable}}", "Sriov;GlobalEnable",
         "$SriovGlobalEnable", "-SriovGlobalEnable", "Sriov\nGlobalEnable", "Sriov'GlobalEnable",
         "`SriovGlobalEnable`")  # fmt: skip


@pytest.mark.parametrize("name", NASTY)
def test_a_name_that_is_not_plain_gets_no_line(name):
    bmc = a_bmc("dell", "intel", {name: "Disabled"})
    assert bmc.setting(Setting.SRIOV).active.value == "off"  # it is read all the same
    assert set(_lines(bmc, "dell")) <= {"BIOS"}


@pytest.mark.parametrize(
    "path",
    [
        "/redfish/v1/Systems/1/Bios/$(reboot)", "/redfish/v1/Systems/`id`/Bios/Settings",
        '/redfish/v1/Systems/1/Bios/Settings"; reboot #', "/redfish/v1/Systems/1/Bios/a\nb",
        "/redfish/v1/Systems/{{ 7 * 7 }}/Bios/Settings", "@evil.example.com/redfish/v1",
        "/redfish/v1/Systems/1/Bios/Settings\\",
    ],
)  # fmt: skip
def test_a_path_that_is_not_plain_is_in_no_line(path):
    bmc = replace(a_bmc("hpe", "amd", {"Sriov": "Disabled"}), settings_path=known(path))
    lines = _lines(bmc, "hpe")
    assert set(lines) == {"BIOS", "ilorest"}
    assert not [text for text in lines.values() if path in text]


def test_the_lines_hold_no_secret_and_check_certificates():
    for vendor, cpu, now in (
        ("dell", "intel", {"SriovGlobalEnable": "Disabled"}),
        ("hpe", "amd", {"Sriov": "Disabled"}),
    ):
        for tool, text in _lines(a_bmc(vendor, cpu, now), vendor).items():
            if tool not in ("BIOS", "racadm"):
                assert "BMC_CA" in text, tool
                assert '"validate_certs": true' in text or tool != "Ansible"
