"""HOST: can the host start anything now?"""

import pytest

from hostcheck.exits import exit_code
from hostcheck.model.fact import Why
from hostcheck.model.result import Answer
from hostcheck.runs import run_of
from hostcheck.verdict import report_of
from tests.checks.synthetic import a_gpu, a_host, a_vm, changed, result, says, synthetic, unknown

UNKNOWN = [
    ("HOST-001", "connection_state"),
    ("HOST-001", "power_state"),
    ("HOST-002", "in_maintenance_mode"),
    ("HOST-003", "reboot_required"),
]


def test_a_host_that_is_there():
    says(result("HOST-001", a_host()), "pass", "connected, poweredOn")


@pytest.mark.parametrize(
    ("connection", "power"),
    [("notResponding", "poweredOn"), ("disconnected", "poweredOn"), ("notResponding", "unknown"),
     ("connected", "standBy"), ("connected", "poweredOff"), ("connected", "unknown")],
)  # fmt: skip
def test_a_host_that_is_not(connection, power):
    one = result("HOST-001", a_host(connection_state=connection, power_state=power))
    says(one, "fail", f"{connection}, {power}")


@pytest.mark.parametrize(("inside", "status"), [(True, "fail"), (False, "pass")])
def test_maintenance(inside, status):
    says(result("HOST-002", a_host(in_maintenance_mode=inside)), status, "in maintenance mode")


@pytest.mark.parametrize(
    ("pending", "status", "words"),
    [(True, "fail", "a reboot is required"), (False, "pass", "no reboot required")],
)
def test_reboot(pending, status, words):
    one = result("HOST-003", a_host(reboot_required=pending))
    says(one, status, words)
    assert bool(one.fix) is pending


@pytest.mark.parametrize(("check", "field"), UNKNOWN)
def test_unknown(check, field):
    lost = unknown(Why.UNREACHABLE, "no route to host", "HostSystem runtime")
    one = result(check, a_host(**{field: lost}))
    says(one, "unknown")
    assert (one.unseen.why, one.unseen.detail) == ("unreachable", "no route to host")


@pytest.mark.parametrize("check", ["HOST-001", "HOST-002", "HOST-003"])
def test_a_host_without_gpus_is_judged_too(check):
    says(result(check, a_host(gpus=())), "pass")


# --- HOST-004 -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("automation", "version", "status"),
    [
        ("fullyAutomated", "7.0.3", "fail"),
        ("fullyAutomated", "8.0.0", "pass"),
        ("partiallyAutomated", "7.0.3", "pass"),
        ("manual", "6.7.0", "pass"),
        ("off", "6.7.0", "pass"),
        ("none", "7.0.3", "notapplicable"),
        (unknown(), "8.0.3", "unknown"),
        ("fullyAutomated", unknown(), "unknown"),
    ],
)
def test_drs(automation, version, status):
    host = changed(synthetic("1 package, 1 node, 1 gpu/node"), drs_automation=automation,
                   version=version)  # fmt: skip
    says(result("HOST-004", host), status)


# --- HOST-008 -------------------------------------------------------------------------------------


def evacuation(**changes):
    return result("HOST-008", changed(a_host(gpus=[a_gpu()]), **changes))


def test_a_cluster_that_empties_its_hosts_of_vgpu_vms():
    says(evacuation(), "pass", "-1")
    one = evacuation(drs_evacuation="")
    says(one, "fail", "is not set")
    assert one.fix[0].text.startswith("gpu > Configure > vSphere DRS")
    assert "New-AdvancedSetting" in one.fix[1].text
    (one,) = evacuation(drs_evacuation="", cluster=unknown()).fix
    assert one.tool.startswith("PowerCLI")
    says(evacuation(drs_evacuation="0"), "fail", "VgpuMMAutomationTimeoutSecs 0")


@pytest.mark.parametrize("automation", ["none", "off"])
def test_where_drs_moves_nothing(automation):
    says(evacuation(drs_automation=automation, drs_evacuation=unknown()), "notapplicable")


def test_before_drs_could():
    says(evacuation(version="6.7.0", drs_evacuation=""), "notapplicable", "7.0 U3")
    says(evacuation(version="7.0.3", drs_evacuation=""), "fail")


@pytest.mark.parametrize("lost", ["drs_automation", "drs_evacuation", "version"])
def test_not_knowing_the_option(lost):
    says(evacuation(**{lost: unknown()}), "unknown")


# --- HOST-013, and hosts without a GPU ---


@pytest.mark.parametrize(
    ("offered", "gpus", "status"),
    [((), (), "notapplicable"), (("grid_a100d-40c",), (), "fail"),
     (("grid_a100d-40c",), (a_gpu(0),), "pass"), ((), (a_gpu(0),), "pass"),
     (unknown(Why.ABSENT), (), "notapplicable"), (unknown(Why.DENIED), (), "unknown")],
)  # fmt: skip
def test_profiles_that_are_offered_without_a_gpu(offered, gpus, status):
    one = result("HOST-013", a_host(gpus=gpus, profiles_offered=offered))
    says(one, status, one.observed)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Answer.NO_GPU),
        ({"in_maintenance_mode": True}, Answer.NO_GPU),
        ({"vms": (a_vm(0, None, host_id="host-elsewhere"),)}, Answer.NO_GPU),
        ({"vms": (a_vm(0, None),)}, Answer.NO_GO),
        ({"profiles_offered": ("grid_a100d-40c",)}, Answer.NO_GO),
        ({"profiles_offered": unknown(Why.DENIED)}, Answer.UNSURE),
        ({"vms": (a_vm(0, None, devices=unknown(Why.DENIED), vgpus=()),)}, Answer.UNSURE),
    ],
)
def test_a_host_that_lost_its_only_gpu_counts(changes, verdict):
    """Without a GPU nothing is to be judged, unless something there asks for one or names one."""
    host = a_host(**{"gpus": (), "profiles_offered": (), **changes})
    report = report_of(host)
    assert report.verdict is verdict
    run = run_of("vcenter", [report])
    assert exit_code(run) == {"NO-GO": 1}.get(verdict.value, 3)
