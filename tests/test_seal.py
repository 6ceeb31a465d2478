"""With what a run was asked: kept with the answers, so that a replay tells it too; no secret in it.

Accounts, certificates and host keys are held against what the peers have.
"""

import hashlib
import json
import ssl
import subprocess

import pytest
from click.testing import CliRunner

from hostcheck import recording, runfile
from hostcheck.cli import main
from tests.peers import live, shapes
from tests.peers.fleet import CANARY, Fleet

KINDS = ("2n-2xA100-80-esxi803", "2n-2xA100-80-ssh-denied-esxi803")
HEALTHY, DENIED = "esx-01.lab.test", "esx-14.lab.test"


@pytest.fixture(scope="module")
def lab(keep_running):
    fleet = Fleet(tuple(shapes.HOSTS[kind] for kind in KINDS), (shapes.CLUSTER,))
    return keep_running(live.running_vcenter(fleet)), keep_running(live.running_shells(fleet))


def run(*words, **env):
    made = CliRunner().invoke(main, [*map(str, words)], env={"GOVC_PASSWORD": "", **env})
    assert made.exit_code in (0, 1, 3), made.output
    return made


@pytest.fixture(scope="module")
def asked(lab, tmp_path_factory):
    """A live audit with shells, whose password files have a name that must not be told."""
    vcenter, shells = lab
    folder = tmp_path_factory.mktemp("seal")
    secrets = []
    for option, secret in (("password", vcenter.password), ("ssh-password", shells.password)):
        file = folder / f"{option}-{CANARY}"
        file.write_text(secret)
        secrets += [f"--{option}-file", file]
    url = f"https://{vcenter.user}@{vcenter.host}:{vcenter.port}"
    run(
        "audit", "--vcenter", url, "--tls-ca", vcenter.ca_file, "--cluster", "gpu-*", "--ssh",
        "--ssh-config", shells.config_file, *secrets, "-q", "--workers", "1", "--save",
        folder / "saved", "-o", folder / "live.json", "--output", f"html={folder / 'live.html'}",
    )  # fmt: skip
    return folder


def test_accounts_and_keys_are_those_of_the_peers(lab, asked):
    vcenter, shells = lab
    certificate = ssl.PEM_cert_to_DER_cert(vcenter.ca_file.read_text())
    hosts = {one.host.name: one.host for one in runfile.read(asked / "live.json").hosts}
    key = subprocess.run(
        ["ssh-keygen", "-lf", shells.known_hosts_file], capture_output=True, text=True, check=True
    ).stdout.split()[1]
    for host in hosts.values():
        api, shell = host.logins
        assert (api.way, api.account, api.by) == ("vsphere", vcenter.user, "password")
        assert api.shown == hashlib.sha256(certificate).hexdigest()
        assert api.trust.endswith(f" or {vcenter.ca_file.name}")
        assert (shell.way, shell.shown) == ("shell", key)
        assert host.roles.value == ("Administrator",)
        assert host.asked_with == (
            "--tls-ca", vcenter.ca_file.name,
            "--ssh-config", shells.config_file.name, "--ssh",
        )  # fmt: skip
    assert hosts[HEALTHY].logins[1].by == "password"
    assert hosts[DENIED].logins[1].by == "refused"


def test_a_replay_tells_what_the_recording_was_taken_with(asked):
    again = asked / "again"
    run("audit", "--from", asked / "saved", "-q", "-o", f"{again}.json", "--html", f"{again}.html")
    for kind in ("json", "html"):
        assert again.with_suffix(f".{kind}").read_bytes() == (asked / f"live.{kind}").read_bytes()
    page = (asked / "live.html").read_text()
    for told in ("--ssh-config", "host key as in known_hosts", "Administrator"):
        assert told in page
    text = run("audit", "--from", asked / "saved", "-q", "--details").output
    assert "ASKED WITH" in text
    assert "refused; host key as in known_hosts (1 host)" in text
    sheet = run("case", HEALTHY, "--from", asked / "saved").output
    assert "Asked over ESXi shell:" in sheet


def test_no_secret_and_no_folder_of_this_machine_is_in_a_seal(lab, asked):
    for file in [*(asked / "saved").rglob("manifest.json"), asked / "live.json"]:
        text = file.read_text()
        for secret in (lab[0].password, lab[1].password, CANARY, str(asked), "password-file"):
            assert secret not in text, (file, secret)


def test_an_older_recording_tells_that_it_does_not(asked, tmp_path):
    source = next((asked / "saved").iterdir())
    old = tmp_path / "old"
    recording.save(recording.load(source), old)
    manifest = json.loads((old / "manifest.json").read_text())
    del manifest["seal"]
    (old / "manifest.json").write_text(json.dumps(manifest))
    text = run("audit", "--from", old, "-q", "--details").output
    assert "vSphere: not told: recorded before this was kept" in " ".join(text.split())


def test_a_redacted_recording_tells_nothing_of_who_took_it(lab, asked, tmp_path):
    run("redact", asked / "saved", "-o", tmp_path / "out", "--map", tmp_path / "map.json")
    for manifest in (tmp_path / "out").rglob("manifest.json"):
        assert json.loads(manifest.read_text())["seal"] == {"options": [], "logins": []}
    run("redact", asked / "live.json", "-o", tmp_path / "run", "--map", tmp_path / "map.json")
    text = (tmp_path / "run" / "run.json").read_text()
    assert lab[0].user not in text
    assert "SHA256:" not in text
