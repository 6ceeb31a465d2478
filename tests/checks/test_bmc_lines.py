"""The Redfish line of a fix, run by curl as it stands, against a BMC that takes it."""

import json
import os
import shutil
import ssl
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from hostcheck.checks import menus
from hostcheck.model.bmc import Setting
from hostcheck.parsers import redfish_bios
from tests.checks.bmcs import TABLE, a_bmc
from tests.checks.synthetic import a_host, known
from tests.peers.redfish import running_bmc

PATH = "/redfish/v1/Systems/1/Bios/Settings"


class Taker(BaseHTTPRequestHandler):
    """Takes what is patched, as `Bios/Settings` of a BMC does, from who may do so."""

    def do_PATCH(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.heard.append((self.path, self.headers["Content-Type"], body))
        self.send_response(202 if "Authorization" in self.headers else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def taker(tmp_path):
    with running_bmc({}) as bmc:  # for its certificate
        ca, key = (
            shutil.copy(bmc.ca_file, tmp_path),
            shutil.copy(
                next(one for one in bmc.ca_file.parent.iterdir() if one != bmc.ca_file), tmp_path
            ),
        )
    server = HTTPServer(("127.0.0.1", 0), Taker)
    server.heard = []
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


@pytest.mark.parametrize(
    ("vendor", "now", "wanted"),
    [
        ("dell", {"SriovGlobalEnable": "Disabled"}, {"SriovGlobalEnable": "Enabled"}),
        ("supermicro", {"SR_IOVSupport_0047": "Disabled"}, {"SR_IOVSupport_0047": "Enabled"}),
        ("lenovo", {"DevicesandIOPorts_SRIOV": "Disabled"}, {"DevicesandIOPorts_SRIOV": "Enabled"}),
    ],
)
def test_the_line_sets_what_the_next_start_brings(vendor, now, wanted, tmp_path):
    if shutil.which("curl") is None:
        if os.environ.get("CI"):
            pytest.fail("no curl on this machine")
        pytest.skip("no curl on this machine")
    bmc = a_bmc(vendor, "intel", now)
    host = a_host(vendor=vendor, bmc=known(bmc))
    found = menus.of_host(TABLE, (Setting.SRIOV.value,), host)
    (line,) = [one.text for one in found if one.tool.startswith("Redfish")]
    with taker(tmp_path) as (server, ca):
        env = {
            **os.environ, "BMC": f"127.0.0.1:{server.server_port}", "BMC_CA": ca,
            "BMC_USER": "operator:secret",
        }  # fmt: skip
        done = subprocess.run(
            ["/bin/sh", "-c", line],
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    ((path, kind, body),) = server.heard
    assert (path, kind) == (PATH, "application/json")
    waiting = json.dumps({"@odata.type": "#Bios.v1_2_0.Bios", **body})
    assert redfish_bios.parse(waiting).attributes == wanted
    after = a_bmc(vendor, "intel", now, wanted).setting(Setting.SRIOV)
    assert (after.active.value, after.pending.value) == ("off", "on")
