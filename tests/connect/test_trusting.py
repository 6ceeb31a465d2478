"""hostcheck trust: shown first, pinned on a word, never replaced; at servers of TLS and SSH."""

import base64
import json
import os
import re
import socket
import ssl
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pytest
from click.testing import CliRunner

import hostcheck
from hostcheck.cli import main
from hostcheck.ways import looked
from hostcheck.ways.shell.known_hosts import line_of, trust_in
from tests.peers import live, shapes
from tests.peers.fleet import Fleet
from tests.peers.live import running_vcenter
from tests.peers.redfish import State, running_bmc, running_bmcs
from tests.ways.redfish.machines import rack

HOST = replace(shapes.HEALTHY.hosts[0], vms=())
SCHEMA = json.loads((Path(hostcheck.__file__).parent / "schema" / "trust-1.json").read_text())
PINS = ".config/hostcheck/bmc-fingerprints"


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "GOVC_URL", "GOVC_TLS_KNOWN_HOSTS", "GOVC_USERNAME"):
        monkeypatch.delenv(name, raising=False)


def trust(*words, **env):
    return CliRunner().invoke(main, ["trust", *map(str, words)], env=env)


def seen(*words, **env):
    """Return the exit code, and the rows of the document, which follows its schema."""
    done = trust(*words, "--format", "json", **env)
    made = json.loads(done.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(made)
    return done.exit_code, [SimpleNamespace(**one) for one in made["rows"]]


def one_of(*words, **env):
    code, rows = seen(*words, **env)
    (row,) = rows
    return code, row


# BMCs


@pytest.fixture
def bmc(running):
    return running(running_bmc(rack()))


def test_a_bmc_is_shown_first_and_pinned_on_a_word(bmc, tmp_path):
    first = trust(bmc.address)
    assert first.exit_code == 3
    assert first.output.startswith(f"new      BMC {bmc.address}\n")
    for told in (bmc.fingerprint, "subject ", "issuer ", "valid ", "self-signed", "give --pin"):
        assert told in first.output
    assert not (tmp_path / PINS).exists()
    code, row = one_of(bmc.address, "--pin")
    assert (code, row.word, row.shown[0]["sha256"]) == (0, "pinned", bmc.fingerprint)
    assert (tmp_path / PINS).read_text().splitlines()[1:] == [f"{bmc.address} {bmc.fingerprint}"]
    again = trust(bmc.address, "--pin")
    assert (again.exit_code, again.output.split()[0]) == (0, "known")
    assert len((tmp_path / PINS).read_text().splitlines()) == 2
    assert (bmc.state.heard, bmc.state.logins) == ([], 0)


@pytest.mark.parametrize("full", ["stdout", "stderr"])
def test_what_is_pinned_was_shown(bmc, tmp_path, full):
    """Where one stream is lost, the other tells."""
    with Path("/dev/full").open("w") as nowhere:
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, full: nowhere}
        done = subprocess.run(
            [sys.executable, "-m", "hostcheck", "trust", bmc.address, "--pin"], **streams,
            text=True, timeout=60, check=False, env={**os.environ, "HOME": str(tmp_path)},
        )  # fmt: skip
    assert bmc.fingerprint in (tmp_path / PINS).read_text()
    if full == "stderr":
        assert (done.returncode, bmc.fingerprint in done.stdout) == (0, True)
        return
    told = rf"hostcheck: pinning BMC {bmc.address} in .*{PINS}: EC \w+ {bmc.fingerprint}\n"
    assert (done.returncode, bool(re.match(told, done.stderr))) == (2, True), done.stderr


def test_what_is_pinned_is_told_before(bmc, tmp_path, monkeypatch):
    told = []

    def say(sentence):
        told.append((sentence, (tmp_path / PINS).exists()))

    monkeypatch.setattr("hostcheck.cli.front.say", say)
    assert trust(bmc.address, "--pin").exit_code == 0
    ((sentence, there),) = told
    assert (bmc.fingerprint in sentence, there) == (True, False)
    assert (tmp_path / PINS).exists()


def test_a_fleet_from_its_inventory_in_which_one_is_dead(bmc, tmp_path):
    (tmp_path / "bmc.csv").write_text(f"host,address\nesx-01,{bmc.address}\nesx-02,127.0.0.1:9\n")
    done = trust("--bmc-inventory", "bmc.csv", "--bmc-fingerprints", "pins", "--pin")
    assert done.exit_code == 3
    assert f"pinned   BMC esx-01 ({bmc.address})\n" in done.output
    dead = next(one for one in done.output.splitlines() if one.startswith("unknown"))
    assert dead == "unknown  BMC esx-02 (127.0.0.1:9): 127.0.0.1:9: Connection refused"
    assert "127.0.0.1:9" not in (tmp_path / "pins").read_text()


def test_a_bmc_that_is_pinned_otherwise_is_told_and_left(bmc, tmp_path):
    pins = tmp_path / "pins"
    before = f"# mine\n192.0.2.1 {'1' * 64}\n{bmc.address} {'0' * 64}\n"
    pins.write_text(before)
    code, row = one_of(bmc.address, "--bmc-fingerprints", "pins", "--pin")
    assert (code, row.word, row.pinned) == (1, "changed", ["0" * 64])
    assert "take the old one out of pins" in row.told
    assert pins.read_text() == before
    pins.write_text(f"# mine\n192.0.2.1 {'1' * 64}")
    assert one_of(bmc.address, "--bmc-fingerprints", "pins", "--pin")[0] == 0
    assert pins.read_text() == f"# mine\n192.0.2.1 {'1' * 64}\n{bmc.address} {bmc.fingerprint}\n"


def test_nothing_to_look_at_is_one_line():
    done = trust()
    assert (done.exit_code, done.output.count("\n")) == (2, 1)
    for told in ("--bmc-inventory", "--vcenter", "--ssh"):
        assert told in done.output


# vCenters


@pytest.fixture(scope="module")
def vcenter(keep_running):
    return keep_running(running_vcenter(Fleet((HOST,))))


def test_a_vcenter_that_is_pinned_is_believed_by_an_audit_and_by_govc(vcenter, tmp_path):
    place = f"{vcenter.host}:{vcenter.port}"
    assert trust("--vcenter", place, "--pin").exit_code == 2, "nothing says where"
    known = {"GOVC_TLS_KNOWN_HOSTS": str(tmp_path / "new" / "known")}
    code, row = one_of("--vcenter", place, **known)
    assert (code, row.word, row.of) == (3, "new", "vSphere")
    assert "no authority vouches for it" in row.chain
    assert not (tmp_path / "new").exists()
    assert one_of("--vcenter", place, "--pin", **known)[0] == 0
    assert one_of("--vcenter", place, **known)[1].word == "known"
    words = ("hosts", "-q", "--vcenter", place, "--user", vcenter.user)
    done = CliRunner().invoke(main, words, env={"GOVC_PASSWORD": vcenter.password, **known})
    assert (done.exit_code, HOST.name in done.output) == (0, True), done.output
    govc = live.govc()
    about = subprocess.run(
        [govc, "host.info"], capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, **known, "GOVC_URL": vcenter.url, "GOVC_USERNAME": vcenter.user,
             "GOVC_PASSWORD": vcenter.password, "GOVC_HOME": str(tmp_path)},
    )  # fmt: skip
    assert (about.returncode, HOST.name in about.stdout) == (0, True), about.stderr


def test_a_vcenter_of_which_an_authority_speaks_and_of_which_a_pin_speaks_otherwise(vcenter):
    place = f"{vcenter.host}:{vcenter.port}"
    _, row = one_of("--vcenter", place, "--tls-ca", vcenter.ca_file)
    assert "an authority that is trusted here vouches for it" in row.chain
    code, row = one_of("--vcenter", place, "--tls-thumbprint", "ab" * 32)
    assert (code, row.word, row.pinned) == (1, "changed", ["ab" * 32])
    assert "--tls-thumbprint" in row.told
    Path("known").write_text(f"{place.upper()} {'AB:' * 19}AB\n")
    before = Path("known").read_text()
    code, row = one_of("--vcenter", place, "--tls-known-hosts", "known", "--pin")
    assert (code, row.word) == (1, "changed")
    assert Path("known").read_text() == before


def test_servers_that_show_no_certificate_are_a_line_each():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        places = ("vc.invalid", "127.0.0.1:9", f"127.0.0.1:{port}")
        words = [word for one in places for word in ("--vcenter", one)]
        done = trust(*words, "--timeout", "1", "--tls-known-hosts", "known", "--pin")
    assert done.exit_code == 3
    assert len(done.output.splitlines()) == 4
    assert f"127.0.0.1:{port}: no certificate within 1 s" in done.output
    assert not Path("known").exists()


def test_a_certificate_that_is_not_understood_has_its_digest():
    assert looked.described(b"nonsense").kind == "certificate that is not understood"
    assert len(looked.described(b"nonsense").sha256) == 64


# ESXi hosts, of which vCenter is a second witness


@pytest.fixture
def esxi(running):
    """Return a function that runs a vCenter that lists a host of TLS, and states this of it."""
    host = running(running_bmcs({"127.0.0.2": State(rack())}))
    der = ssl.PEM_cert_to_DER_cert(host.ca_file.read_text())

    def listing(stated, *, whole=False):
        def rewrite(load):
            for file in load.rglob("*"):
                if file.is_file() and "HostSystem" in file.name + file.read_text()[:4000]:
                    text = file.read_text()
                    text = text.replace("<port>443</port>", f"<port>{host.port}</port>")
                    if whole:
                        pem = ssl.DER_cert_to_PEM_cert(der)
                        held = "".join(f"<certificate>{one}</certificate>" for one in pem.encode())
                        text = re.sub(r"(<name>config</name><val [^>]*>)", rf"\1{held}", text)
                    file.write_text(text)

        fleet = Fleet((replace(HOST, name="127.0.0.2"),))
        server = running(running_vcenter(fleet, thumbprint=stated, rewrite=rewrite))
        words = ("--esxi", "--vcenter", f"{server.host}:{server.port}", "--user", server.user,
                 "--tls-ca", server.ca_file, "--tls-known-hosts", "known")  # fmt: skip
        return words, {"GOVC_PASSWORD": server.password}

    return SimpleNamespace(listing=listing, port=host.port, digests=looked.digests(der))


@pytest.mark.parametrize("whole", [True, False])
def test_vcenter_knows_the_same_certificate(esxi, whole):
    """The certificate itself goes before a thumbprint, which older vCenters tell as SHA-1."""
    words, env = esxi.listing("ab" * 20 if whole else esxi.digests[1].upper(), whole=whole)
    code, row = one_of(*words, **env)
    assert (code, row.word, row.of) == (3, "new", "ESXi")
    assert row.address == f"127.0.0.2:{esxi.port}"
    assert row.witness.endswith(" knows the same certificate")
    assert one_of(*words, "--pin", **env)[1].word == "pinned"
    assert one_of(*words, **env)[0] == 0


def test_vcenter_knows_another_certificate(esxi):
    words, env = esxi.listing("ab" * 32)
    code, row = one_of(*words, "--pin", **env)
    assert (code, row.word) == (1, "differs")
    assert f"knows another certificate: {'ab' * 32}" in row.witness
    assert not Path("known").exists()


def test_vcenter_tells_nothing_of_the_certificate(esxi):
    words, env = esxi.listing("")
    code, row = one_of(*words, **env)
    assert (code, row.word) == (3, "new")
    assert "does not tell what it knows of the certificate" in row.witness


# SSH


@pytest.fixture
def config(shells, tmp_path):
    """Write an ssh_config for the hosts of a server that asks about known_hosts of ours."""

    def written(*lines, names=None, known="known"):
        blocks = [
            f"Host {name}\n  HostName {address}\n  Port {shells.port}\n"
            f"  UserKnownHostsFile {tmp_path / known}\n  GlobalKnownHostsFile none\n"
            for name, address in shells.addresses.items()
            if names is None or name in names
        ]
        file = tmp_path / "ssh_config"
        file.write_text("".join(blocks) + "".join(f"{one}\n" for one in lines))
        return ("--ssh-config", file)

    return written


@pytest.fixture(scope="module")
def key(shells):
    """The host key of the server, as its own file has it."""
    field = shells.known_hosts_file.read_text().split()
    return field[1], field[2]


def of(host, shells):
    return f"[{shells.addresses[host]}]:{shells.port}"


def by_ssh(file, host):
    """Say whether ssh itself believes the host: it gets as far as to be refused a login."""
    done = subprocess.run(
        ["ssh", "-F", str(file), "-oBatchMode=yes", "-oStrictHostKeyChecking=yes",
         "-oIdentityFile=none", "-oIdentityAgent=none", "-l", "nobody", host, "true"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ("Permission denied" in done.stderr) != ("verification failed" in done.stderr), done
    return "Permission denied" in done.stderr


def test_host_keys_are_shown_first_and_pinned_where_ssh_reads_them(shells, config, key, tmp_path):
    host, file = HOST.name, config()
    code, row = one_of("--ssh-host", host, *file)
    assert (code, row.word, row.address) == (3, "new", of(host, shells))
    shown = subprocess.run(
        ["ssh-keygen", "-lf", str(shells.known_hosts_file)], capture_output=True, text=True,
        check=True,
    ).stdout  # fmt: skip
    assert row.shown[0]["sha256"] in shown
    assert not (tmp_path / "known").exists()
    assert not by_ssh(file[1], host)
    done = trust("--ssh-host", host, "--pin", *file)
    assert done.stderr == (
        f"hostcheck: pinning SSH {host} in {tmp_path / 'known'}: "
        f"{row.shown[0]['kind']} {row.shown[0]['sha256']}\n"
    )
    assert done.stdout.startswith(f"pinned   SSH {host} ({of(host, shells)})\n")
    assert (tmp_path / "known").read_text() == f"{of(host, shells)} {' '.join(key)}\n"
    assert by_ssh(file[1], host)
    assert one_of("--ssh-host", host, "--pin", *file)[1].word == "known"


def test_the_fleet_that_vcenter_lists(vcenter, shells, config):
    words = ("--ssh", "--vcenter", f"{vcenter.host}:{vcenter.port}", "--user", vcenter.user,
             "--tls-ca", vcenter.ca_file, *config(), "--pin")  # fmt: skip
    before = vcenter.stats()["open_sessions"]
    code, row = one_of(*words, GOVC_PASSWORD=vcenter.password)
    assert (code, row.word, row.name) == (0, "pinned", HOST.name)
    done = CliRunner().invoke(
        main, ["audit", "-q", *map(str, words[1:-3]), "--ssh", *map(str, words[-3:-1]),
               "--ssh-user", shells.user, "-o", "run.json"],
        env={"GOVC_PASSWORD": vcenter.password, "HOSTCHECK_SSH_PASSWORD": shells.password},
    )  # fmt: skip
    assert done.exit_code in (0, 1, 3), done.output
    assert "known_hosts" not in done.output
    assert vcenter.stats()["open_sessions"] == before


def test_names_are_hashed_where_ssh_config_wants_it(shells, config, tmp_path):
    file = config("Host *", "  HashKnownHosts yes")
    assert one_of("--ssh-host", HOST.name, "--pin", *file)[1].word == "pinned"
    held = (tmp_path / "known").read_text()
    assert held.startswith("|1|")
    assert shells.addresses[HOST.name] not in held
    assert by_ssh(file[1], HOST.name)
    assert one_of("--ssh-host", HOST.name, *file)[1].word == "known"


@pytest.mark.parametrize("hashed", [True, False])
def test_a_key_that_is_pinned_otherwise_is_told_and_left(shells, config, tmp_path, hashed):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "other"], check=True)
    kind, blob, *_ = Path("other.pub").read_text().split()
    before = line_of(of(HOST.name, shells), kind, base64.b64decode(blob), hashed=hashed)
    (tmp_path / "known").write_text(before)
    code, row = one_of("--ssh-host", HOST.name, "--pin", *config())
    assert (code, row.word) == (1, "changed")
    assert (tmp_path / "known").read_text() == before
    command = row.told.partition("the new one: ")[2]
    assert command.startswith("ssh-keygen -R ")
    subprocess.run(["sh", "-c", command], check=True, capture_output=True)
    assert one_of("--ssh-host", HOST.name, "--pin", *config())[1].word == "pinned"


def test_a_revoked_key_is_refused(config, key, tmp_path):
    (tmp_path / "known").write_text(f"@revoked * {' '.join(key)}\n")
    code, row = one_of("--ssh-host", HOST.name, "--pin", *config())
    assert (code, row.word) == (1, "revoked")
    assert (tmp_path / "known").read_text() == f"@revoked * {' '.join(key)}\n"
    (tmp_path / "known").write_text("")
    (tmp_path / "list").write_text(f"{' '.join(key)}\n")
    file = config("Host *", f"  RevokedHostKeys {tmp_path / 'list'}")
    assert one_of("--ssh-host", HOST.name, "--pin", *file)[1].word == "revoked"
    assert (tmp_path / "known").read_text() == ""


def test_every_kind_of_key_is_shown_and_none_is_added_to_a_pinned_host(running, tmp_path):
    server = running(live.running_shells(Fleet((HOST,)), settings=["HostKey {work}/rsa_key"]))
    address, config = server.addresses[HOST.name], tmp_path / "config"
    config.write_text(f"Host *\n  UserKnownHostsFile {tmp_path / 'known'}\n")
    words = ("--ssh-host", address, "--ssh-port", server.port, "--ssh-config", config)
    code, row = one_of(*words)
    assert [one["kind"] for one in row.shown] == ["ssh-ed25519", "ssh-rsa"]
    first = row.shown[0]["sha256"]
    assert one_of(*words, "--pin")[1].word == "pinned"
    lines = (tmp_path / "known").read_text().splitlines(keepends=True)
    assert len(lines) == 2
    (tmp_path / "known").write_text(lines[0])
    code, row = one_of(*words, "--pin")
    assert (code, row.word, row.pinned) == (0, "known", [f"ssh-ed25519 {first}"])
    assert (tmp_path / "known").read_text() == lines[0]


def test_jump_hosts_are_looked_at_first(new_shells, tmp_path):
    other = replace(HOST, **shapes.at(2))
    server = new_shells(Fleet((HOST, other)), settings=["AllowTcpForwarding yes", "PermitOpen any"])
    known, config = tmp_path / "known", tmp_path / "config"
    config.write_text(
        f"Host *\n  Port {server.port}\n  User {server.user}\n  IdentityFile {server.key_file}\n"
        f"  UserKnownHostsFile {known}\n  GlobalKnownHostsFile none\n"
        f"Host bastion\n  HostName {HOST.address}\n"
        f"Host {other.name}\n  HostName {other.address}\n  ProxyJump bastion\n"
    )
    words = ("--ssh-host", other.name, "--ssh-config", config)
    code, rows = seen(*words)
    assert (code, [(one.of, one.word) for one in rows]) == (
        3, [("jump host", "new"), ("SSH", "unknown")]
    )  # fmt: skip
    assert "Host key verification failed" in rows[1].told
    code, rows = seen(*words, "--pin")
    assert (code, [one.word for one in rows]) == (0, ["pinned", "pinned"])
    for address in (HOST.address, other.address):
        assert trust_in((str(known),), f"[{address}]:{server.port}").keys
    assert by_ssh(config, other.name)


def test_hosts_that_cannot_be_asked_are_a_line_each(config, tmp_path):
    silent = socket.create_server(("127.0.0.1", 0))  # connected to, and never answered
    (tmp_path / "hostcheck.toml").write_text("[ssh]\nconnect_timeout = 1\n")
    file = config("Host mute", "  HostName 127.0.0.1", f"  Port {silent.getsockname()[1]}")
    names = ("mute", "no-such.invalid", "-oProxyCommand=x")
    words = [word for one in names for word in ("--ssh-host", one)]
    done = trust(*words, "--ssh-host", HOST.name, *file)
    silent.close()
    assert done.exit_code == 3
    assert sum(one.startswith("unknown  SSH ") for one in done.output.splitlines()) == 3
    assert f"new      SSH {HOST.name} " in done.output


def test_a_file_that_cannot_be_written_loses_no_sight(config):
    done = trust("--ssh-host", HOST.name, "--pin", *config(known="."))
    assert done.exit_code == 3
    assert "it could not be pinned" in done.output
    assert "ssh-ed25519 SHA256:" in done.output
