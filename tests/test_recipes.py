"""The recipes of docs/pipelines.md, run as they are: a GO is started, a NO-GO is not."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests.peers import live, shapes
from tests.peers.fleet import Fleet

RECIPES = Path(__file__).parents[1] / "docs" / "recipes"
BASE = shapes.HEALTHY.hosts[0]
GOOD = replace(BASE.vms[0], name="good-vm", on=False, gpus=())
BAD = replace(GOOD, name="bad-vm", reservation_mb=1024, locked=False)
BIN = Path(sys.executable).parent


@pytest.fixture
def site(new_vcenter, tmp_path):
    """A vCenter with a good and a bad VM, and a shell as a pipeline has it."""

    class Site:
        vcenter = new_vcenter(Fleet((replace(BASE, vms=(GOOD, BAD)),)))

        def sh(self, *words, **given):
            server = self.vcenter
            env = {
                "PATH": f"{tmp_path}:{BIN}:{os.environ['PATH']}", "HOME": str(tmp_path),
                "GOVC_URL": f"https://{server.host}:{server.port}", "LC_ALL": "C.UTF-8",
                "GOVC_USERNAME": server.user, "GOVC_PASSWORD": server.password,
                "GOVC_TLS_CA_CERTS": str(server.ca_file), **given,
            }  # fmt: skip
            return subprocess.run(
                words, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=120,
                stdin=subprocess.DEVNULL, check=False,
            )  # fmt: skip

        @property
        def sent(self):
            return self.vcenter.stats()["calls"].get("PowerOnVM_Task", 0)

    return Site()


def test_the_shell_gate_before_govc(site, running, tmp_path):
    (tmp_path / "govc").symlink_to(running(_path_of_govc()))
    gate = str(RECIPES / "gate.sh")
    refused = site.sh(gate, "bad-vm")
    assert refused.returncode == 1
    assert "bad-vm: NO-GO, not started" in refused.stderr
    assert site.sent == 0
    missing = site.sh(gate, "nobody")
    assert (missing.returncode, site.sent) == (2, 0)
    done = site.sh(gate, "good-vm")
    assert done.returncode == 0, done.stdout + done.stderr
    assert site.sent == 1
    assert site.vcenter.power_state("good-vm") == "poweredOn"
    assert site.vcenter.power_state("bad-vm") == "poweredOff"


@contextmanager
def _path_of_govc():
    """The path as a peer, so that a missing Go skips or fails like a missing simulator."""
    yield live.govc()


def test_the_ansible_playbook(site):
    play = [str(BIN / "ansible-playbook"), str(RECIPES / "power-on.yml"), "-e"]
    refused = site.sh(*play, "vm=bad-vm")
    assert refused.returncode == 2, refused.stdout + refused.stderr
    assert "Not started, NO-GO" in refused.stdout
    assert "VM-001" in refused.stdout
    assert site.sent == 0
    started = site.sh(*play, "vm=good-vm")
    assert started.returncode == 0, started.stdout + started.stderr
    assert "changed=1" in started.stdout
    assert site.sent == 1
    again = site.sh(*play, "vm=good-vm")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "changed=0" in again.stdout
    assert site.sent == 1


def test_the_lines_are_as_the_page_says_and_its_filters_work_on_them(site, tmp_path):
    page = (RECIPES.parent / "pipelines.md").read_text()
    gate, hosts = re.findall(r"`((?:grep|sed) -[^`]*)`", page)
    for vm, code, found in (("good-vm", 0, [BASE.name]), ("bad-vm", 1, [])):
        said = site.sh("hostcheck", "preflight", vm, "--quiet", "--format", "line")
        (tmp_path / "said").write_text(said.stdout)
        assert site.sh("sh", "-c", f"{gate} < said").returncode == code
        assert site.sh("sh", "-c", f"{hosts} < said").stdout.split() == found
        for line in said.stdout.splitlines():
            kind = line.partition(" ")[0]
            (example,) = dict.fromkeys(
                tuple(re.findall(r" (\w+)=", re.sub(r'"[^"]*"', "", one)))
                for one in page.splitlines()
                if one.startswith(f"{kind} verdict=")
            )
            assert tuple(re.findall(r" (\w+)=", re.sub(r'"[^"]*"', "", line))) == example


def test_the_gitlab_jobs(site, tmp_path):
    jobs = yaml.safe_load((RECIPES / "gitlab-ci.yml").read_text())
    stages = jobs.pop("stages")
    assert {job["stage"] for job in jobs.values()} == set(stages)
    for vm, code, sent in (("bad-vm", 1, 0), ("good-vm", 0, 1)):
        for name, job in jobs.items():
            done = site.sh("sh", "-euc", "\n".join(job["script"]), VM=vm)
            assert done.returncode == code, (name, done.stdout, done.stderr)
        assert site.sent == sent
        kept = jobs["preflight"]["artifacts"]
        for path in (*kept["paths"], kept["reports"]["junit"]):
            assert (tmp_path / path).stat().st_size
