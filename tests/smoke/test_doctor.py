"""`hostcheck doctor --smoke`: what stops a visit is told beforehand, and nobody is visited."""

import json
from dataclasses import replace

import pytest

from hostcheck import runfile
from hostcheck.doctor import role
from hostcheck.reports.run import json as json_report
from hostcheck.ways.guest import steps
from tests.peers import live, shapes
from tests.peers.fleet import Fleet, Vm
from tests.peers.role import holding
from tests.smoke import lab

FIRST, SECOND = "esx-51.lab.test", "esx-52.lab.test"
IMAGE = "Host.Config.Image"
NO_TOOLS = "VMware Tools do not run in the guest (guestToolsNotRunning): start them"
EXECUTE = "VirtualMachine.GuestOperations.Execute"


def _on(number, *vms):
    return replace(shapes.HOSTS["2n-2xA100-80-esxi803"], **shapes.at(number), vms=vms)


def _vm(name, gpu, inside):
    return Vm(name, profiles=("grid_a100d-80c",), gpus=(gpu,), guest=inside)


FLEET = Fleet(
    (
        _on(51,
            _vm("fine", lab.FIRST_GPU, lab.guest("pass")),
            _vm("toolless", lab.SECOND_GPU, lab.guest(tools=False))),
        _on(52,
            _vm("windows", lab.FIRST_GPU, lab.guest(family="windowsGuest")),
            _vm("good", lab.SECOND_GPU, lab.guest("pass"))),
    ),
    (shapes.CLUSTER,),
)  # fmt: skip


@pytest.fixture
def asked(hostcheck, running):
    """Ask a vCenter whose account holds a role: `asked("doctor", "fine", "--format", "json")`."""

    def held(*granted):
        rewrite = holding((*role.READ_ONLY, *granted))
        vcenter = running(live.running_vcenter(FLEET, rewrite=rewrite))

        def run(command, *names, more=(), **env):
            guests = [word for name in names for word in ("--smoke-guest", name)]
            return hostcheck(
                command, *lab.target(vcenter), "--smoke", *guests, "-q", *more,
                env=lab.secrets(vcenter) | env,
            )  # fmt: skip

        return run, vcenter

    return held


def blind(done):
    """Return {(host, why): privilege} of what the doctor says of SPARSE-001."""
    told = json.loads(done.stdout)
    (one,) = (each for each in told["checks"] if each["check"] == "SPARSE-001")
    return {
        (host, each["detail"]): each["privilege"] for each in one["blind"] for host in each["hosts"]
    }


def guest_calls(vcenter):
    made = vcenter.stats()["calls"]
    return {name: made[name] for name in steps.METHODS if made.get(name)}


def test_what_it_foresees_of_guests_is_what_the_audit_finds(asked, tmp_path):
    run, vcenter = asked(*steps.PRIVILEGES, IMAGE)
    names = ("fine", "toolless", "windows", "good")
    before = run("doctor", *names, more=["--format", "json"])
    assert before.exit_code == 3, before.output
    assert blind(before) == {
        (FIRST, f"guest toolless: {NO_TOOLS}"): "",
        (SECOND, "guest windows: the guest is a windowsGuest, not x86-64 Linux"): "",
    }  # fmt: skip
    assert guest_calls(vcenter) == {}
    assert not [one for one in json.loads(before.stdout)["lacks"] if one["wanted"]]
    run("audit", *names, more=["-o", "run.json"])
    made = json.loads(json_report.render(runfile.read(tmp_path / "run.json")))
    found = {
        (report["host"]["name"], one["unseen"]["detail"])
        for report in made["hosts"]
        for one in report["results"]
        if one["check"] == "SPARSE-001" and one["status"] == "unknown"
    }
    assert found == {(host, told.partition(": ")[2]) for host, told in blind(before)}
    assert guest_calls(vcenter), "the audit visits"


def test_where_every_guest_would_be_visited_nothing_stands_in_the_way(asked):
    run, vcenter = asked(*steps.PRIVILEGES, IMAGE)
    done = run("doctor", "good", "fine", more=["--format", "json"])
    unnamed = "no guest on this GPU was named for the smoke test"
    assert blind(done) == {(FIRST, unnamed): "", (SECOND, unnamed): ""}
    told = json.loads(done.stdout)
    assert not told["closed"]
    assert not [one for one in told["lacks"] if one["wanted"]]
    assert [(one["open"], one["of"]) for one in told["opened"]] == [(2, 2)]
    assert guest_calls(vcenter) == {}


def test_a_privilege_that_the_account_lacks_on_the_guest_is_named(asked):
    run, vcenter = asked(*(one for one in steps.PRIVILEGES if one != EXECUTE))
    done = run("doctor", "fine", more=["--format", "json"])
    assert done.exit_code == 3
    assert blind(done)[FIRST, "guest fine: the account lacks a privilege"] == EXECUTE
    (lack,) = (one for one in json.loads(done.stdout)["lacks"] if one["privilege"] == EXECUTE)
    assert (lack["wanted"], lack["lacking"], lack["of"]) == (True, 1, 1)
    assert guest_calls(vcenter) == {}
    shown = run("doctor", "fine")
    assert f"needs {EXECUTE}" in " ".join(shown.stdout.split())


def test_what_a_run_needs_of_the_user_is_asked_for_here_too(asked, hostcheck):
    run, _vcenter = asked()
    done = run("doctor", "nobody")
    assert done.exit_code == 2
    assert "nobody" in done.stderr
    done = hostcheck("doctor", "--role", "govc", "--smoke", "--smoke-guest", "fine", env={})
    assert all(one in done.stdout for one in steps.PRIVILEGES)
    plain = hostcheck("doctor", "--role", "govc", env={}).stdout
    made = [one for one in plain.splitlines() if not one.startswith("#")]
    assert made, "only where it is wanted:"
    assert not any(privilege in line for line in made for privilege in steps.PRIVILEGES)
