"""A whole run over SSH: each host tells its own reason, and none ends the run."""

import os

import pytest

from hostcheck import runfile
from hostcheck.model.fact import Known
from hostcheck.words import STEPS
from tests.peers import shapes
from tests.peers.fleet import Fleet

GOOD, PROXIED, UNKNOWN, LOST, REVOKED = (
    f"esx-{number:02d}.lab.test" for number in range(1, 6)
)  # fmt: skip


@pytest.fixture
def lab(new_vcenter, new_shells):
    one = shapes.HOSTS["2n-2xA100-80-esxi803"]
    fleet = Fleet(
        tuple(type(one)(**{**vars(one), **shapes.at(n)}) for n in range(1, 6)), (shapes.CLUSTER,)
    )
    return new_vcenter(fleet), new_shells(fleet)


def audited(start, lab, tmp_path, config, **secrets):
    """Audit all hosts with this ssh_config; return how that ended, and the run."""
    vcenter, _ = lab
    file = tmp_path / "ssh_config"
    file.write_text(config)
    done = start(
        "audit", "--vcenter", f"127.0.0.1:{vcenter.port}", "--user", vcenter.user, "--tls-ca",
        vcenter.ca_file, "--ssh", "--ssh-config", file, "-o", "run.json", "--details",
        env={
            "PATH": os.environ["PATH"], "HOME": str(tmp_path), "GOVC_PASSWORD": vcenter.password,
            **secrets,
        },
        cwd=tmp_path,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done, list(runfile.read(tmp_path / "run.json").hosts)


def needs(report):
    return {one.unseen.privilege for one in report.results if one.unseen} & set(STEPS)


def test_each_host_says_its_own_reason(start, lab, tmp_path):
    _, shells = lab
    revoked = tmp_path / "revoked"
    revoked.write_text((shells.key_file.parent / "host_key.pub").read_text())
    config = (
        f"Host {PROXIED}\n  ProxyCommand echo nobody is at home >&2\n"
        f"Host {UNKNOWN}\n  UserKnownHostsFile /dev/null\n"
        f"Host {LOST}\n  HostName no-such-host.invalid\n"
        f"Host {REVOKED}\n  RevokedHostKeys {revoked}\n"
        f"{shells.ssh_config_text}Host *\n  IdentityFile {shells.key_file}\n"
    )
    done, reports = audited(start, lab, tmp_path, config)
    found = {one.host.name: needs(one) for one in reports}
    assert found == {
        GOOD: set(),
        PROXIED: {"way through the jump host"},
        UNKNOWN: {"known_hosts entry"},
        LOST: {"name in DNS"},
        REVOKED: {"host key that is not revoked"},
    }
    told = " ".join(done.stdout.split())
    for need in set().union(*found.values()):
        assert STEPS[need] in told
    assert "nobody is at home" in told


def test_a_config_that_ssh_cannot_read_leaves_the_api(start, lab, tmp_path):
    _, shells = lab
    done, reports = audited(start, lab, tmp_path, f"{shells.ssh_config_text}Port of-old\n")
    assert done.returncode in (0, 1, 3)
    assert [needs(one) for one in reports] == [{"ssh_config that can be read"}] * 5
    line = len(shells.ssh_config_text.splitlines()) + 1
    told = " ".join(done.stdout.split())
    assert f"ssh_config line {line}: Bad" in told
    assert "hostcheck-" not in told, "the file is called as the user calls it"
    told = [one.host.package_count for one in reports]
    assert all(isinstance(one, Known) for one in told), "what the API tells is there"


def test_a_wrong_password_is_tried_twice_in_a_run(start, lab, tmp_path):
    _, shells = lab
    done, reports = audited(
        start, lab, tmp_path, shells.ssh_config_text, HOSTCHECK_SSH_PASSWORD="wr0ng"
    )
    assert [needs(one) for one in reports] == [{"right password"}] * 5
    assert shells.log_file.read_text().count("\nFailed ") <= 2
    told = " ".join(done.stdout.split())
    assert STEPS["right password"] in told
    assert "wr0ng" not in done.stdout + done.stderr + (tmp_path / "run.json").read_text()
