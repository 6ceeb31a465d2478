"""Each host of a fleet is told once: usable, a setting or a reboot away, or not known."""

from msgspec.structs import replace

from hostcheck.model.result import Answer, Status
from hostcheck.reports.summary import whole as summary
from tests.reports import builders as b

FAILS = {
    "esx-bios": {"SRV-001": Status.FAIL},
    "esx-both": {"SRV-001": Status.FAIL, "VM-001": Status.FAIL},
    "esx-vm": {"VM-001": (Status.FAIL, {"only": (0,)})},
    "esx-dark": {"GFX-001": Status.UNKNOWN},
    "esx-dim": {"HST-003": Status.UNKNOWN},
    "esx-fine": {},
    "esx-flaw": {"NUMA-001": Status.FAIL},
}


def told(faults=FAILS):
    reports = [b.report(b.host(name, gpus=2), found) for name, found in faults.items()]
    run = b.run(*reports)
    menus = {"SRV-001": ("sriov",)}
    checks = tuple(replace(one, menus=menus.get(one.id, ())) for one in run.checks)
    return summary.of(replace(run, checks=checks)).ready


def test_each_host_is_in_one_group():
    ready = told()
    assert ready.now.names == ("esx-dim", "esx-fine", "esx-flaw")
    assert ready.now.blind == 1
    assert ready.now.gpus == 6
    assert ready.setting.names == ("esx-vm",)
    assert ready.reboot.names == ("esx-bios", "esx-both")
    assert ready.unknown.names == ("esx-dark",)
    assert ready.waived.count == 0


def test_who_has_to_mend_it_is_said_with_the_checks():
    owners = {one.owner: one for one in told().owners}
    assert owners["BIOS"].hosts.names == ("esx-bios", "esx-both")
    assert owners["BIOS"].alone == 1
    assert owners["BIOS"].checks == (("SRV-001", 2),)
    assert owners["VMware"].checks == (("VM-001", 2),)
    assert owners["VMware"].alone == 1


def test_a_host_without_a_gpu_is_in_no_group():
    report = replace(b.report(b.host("esx-none")), verdict=Answer.NO_GPU)
    ready = summary.of(b.run(report)).ready
    groups = (ready.now, ready.setting, ready.reboot, ready.waived, ready.unknown)
    assert sum(one.count for one in groups) == 0


def test_a_blocked_host_of_which_something_required_is_unknown_says_so():
    ready = told({"esx-bios": {"SRV-001": Status.FAIL, "GFX-001": Status.UNKNOWN},
                  "esx-vm": {"VM-001": (Status.FAIL, {"only": (0,)}), "HST-003": Status.UNKNOWN},
                  "esx-same": {"SRV-001": Status.FAIL}})  # fmt: skip
    assert (ready.reboot.count, ready.reboot.blind) == (2, 1)
    assert (ready.setting.count, ready.setting.blind) == (1, 0)
