"""What a BMC tells is proof where the host shows nothing; what it does not tell is never a pass."""

import json
import shlex

import pytest

from hostcheck.checks import menus
from hostcheck.checks.bmc import WANTED
from hostcheck.checks.engine import run_all
from hostcheck.model.bmc import OFF, ON, BmcGpu, Part, Setting, Waiting
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.host import Passthrough, Sriov
from hostcheck.model.result import Status
from tests.checks.bmcs import KINDS, TABLE, a_bmc, attributes, row_of, spelled
from tests.checks.synthetic import NEEDS, a_gpu, a_host, known, processors, unknown

NOT_ASKED = unknown(Why.NOT_ASKED, "the ESXi shell was not asked (--ssh)")
GIB = 2**30
BLIND = {"sriov": Sriov(capable=True), "bar1_bytes": NOT_ASKED}
"""A GPU that shows nothing of the BIOS: no virtual function yet, its window not asked for."""
BY_BIOS = {Setting.SRIOV: "PCI-001", Setting.ABOVE_4G: "PCI-004", Setting.ARI: "PCI-005"}
"""Checks that the BMC's word decides where the GPU shows nothing."""


def results(bmc, check, **gpu):
    cpu = "amd" if bmc.cpu.value == "amd" else "intel"
    host = a_host(
        gpus=(a_gpu(0, 0, **{**BLIND, **gpu}),), bmc=known(bmc), vendor=bmc.vendor,
        **processors((1, 1), vendor=cpu),
    )  # fmt: skip
    return [one for one in run_all(host, NEEDS) if one.check == check]


def result(bmc, check, **gpu):
    (one,) = results(bmc, check, **gpu)
    return one


def bmc_003(bmc, setting):
    return next(
        one for one in results(bmc, "BMC-003") if one.subject.id in (setting.value, "host-1")
    )


CASES = [
    (vendor, cpu, setting)
    for vendor, cpu in KINDS
    for setting in WANTED
    if row_of(setting, vendor, cpu) is not None
]


@pytest.mark.parametrize(("vendor", "cpu", "setting"), CASES)
class TestMatrix:
    """Vendors x settings x (on, off, auto, absent, odd, pending)."""

    def judged(self, vendor, cpu, setting, now, then=None):
        bmc = a_bmc(vendor, cpu, {"Other": "x", **now}, then)
        checks = [bmc_003(bmc, setting).status]
        if setting in BY_BIOS:
            checks.append(result(bmc, BY_BIOS[setting]).status)
        (status,) = set(checks)
        return status

    def values(self, vendor, cpu, setting, word):
        return attributes(setting, vendor, cpu, spelled(row_of(setting, vendor, cpu), word))

    def test_as_vgpu_needs_it(self, vendor, cpu, setting):
        now = self.values(vendor, cpu, setting, WANTED[setting])
        assert self.judged(vendor, cpu, setting, now) is Status.PASS

    def test_the_other_way(self, vendor, cpu, setting):
        other = {ON: OFF, OFF: ON}[WANTED[setting]]
        row = row_of(setting, vendor, cpu)
        if other not in row.values.values() and setting is Setting.NUMA_SPLIT:
            other = "2" if "2" in row.values.values() else ON
        now = self.values(vendor, cpu, setting, other)
        assert self.judged(vendor, cpu, setting, now) is Status.FAIL

    def test_auto_is_no_answer_but_where_the_table_says_on(self, vendor, cpu, setting):
        now = attributes(setting, vendor, cpu, "Auto")
        row = row_of(setting, vendor, cpu)
        expected = Status.PASS if row.values.get("Auto") == ON else Status.UNKNOWN
        assert self.judged(vendor, cpu, setting, now) is expected

    def test_absent_is_not_known(self, vendor, cpu, setting):
        assert self.judged(vendor, cpu, setting, {}) is Status.UNKNOWN

    @pytest.mark.parametrize("value", ["", "?", "Platform dependent", "0x1", "Enabled-ish"])
    def test_an_odd_value_is_not_known(self, vendor, cpu, setting, value):
        now = attributes(setting, vendor, cpu, value)
        assert self.judged(vendor, cpu, setting, now) is Status.UNKNOWN

    def test_what_waits_changes_no_verdict_of_now(self, vendor, cpu, setting):
        right = self.values(vendor, cpu, setting, WANTED[setting])
        auto = attributes(setting, vendor, cpu, "Auto")
        assert self.judged(vendor, cpu, setting, right, auto) is Status.PASS
        bmc = a_bmc(vendor, cpu, right, auto)
        assert bmc.setting(setting).active.value == WANTED[setting]

    def test_another_case_of_letters_is_the_same(self, vendor, cpu, setting):
        now = self.values(vendor, cpu, setting, WANTED[setting])
        loud = {name.upper(): value.upper() for name, value in now.items()}
        assert self.judged(vendor, cpu, setting, loud) is Status.PASS

    def test_digits_that_firmware_adds_do_not_matter(self, vendor, cpu, setting):
        now = self.values(vendor, cpu, setting, WANTED[setting])
        assert (
            self.judged(vendor, cpu, setting, {f"{name}_00A7": now[name] for name in now})
            is Status.PASS
        )


def test_the_matrix_is_as_large_as_it_is_said_to_be():
    assert len(KINDS) >= 11
    assert len(CASES) >= 45


# --- the host's own evidence, and the BMC's -------------------------------------------------------

SRIOV_OFF = {"SriovGlobalEnable": "Disabled", "ProcVirtualization": "Enabled"}
ALL_ON = {
    "SriovGlobalEnable": "Enabled", "ProcVirtualization": "Enabled", "MmioAbove4Gb": "Enabled",
    "SubNumaCluster": "Disabled", "NodeInterleave": "Disabled",
}  # fmt: skip
WORKING = Sriov(capable=True, enabled=True, active=True, vf_count=16, vf_maximum=16)


def test_functions_that_are_there_prove_more_than_the_last_start():
    assert result(a_bmc(now=SRIOV_OFF), "PCI-001", sriov=WORKING).status is Status.PASS
    lost = a_bmc(settings=unknown())
    assert result(lost, "PCI-001", sriov=WORKING).status is Status.PASS


def test_the_bmcs_word_decides_where_the_gpu_shows_nothing():
    assert result(a_bmc(now=ALL_ON), "PCI-001").status is Status.PASS
    off = result(a_bmc(now=SRIOV_OFF), "PCI-001")
    assert off.status is Status.FAIL
    assert "SriovGlobalEnable is Disabled" in off.note
    assert result(a_bmc(settings=unknown()), "PCI-001").status is Status.UNKNOWN


def test_on_in_the_bios_and_nothing_on_the_host_is_a_fault_of_something_else():
    one = result(a_bmc(now=ALL_ON), "PCI-001", sriov=Sriov(capable=False))
    assert one.status is Status.FAIL
    assert "riser" in one.note
    assert one.fix == ()
    off = result(a_bmc(now=SRIOV_OFF), "PCI-001", sriov=Sriov(capable=False))
    assert "SriovGlobalEnable is Disabled" in off.note
    assert any(one.tool.startswith("racadm") for one in off.fix)


def test_the_iommu_is_proven_by_what_can_be_passed_through():
    off = {**ALL_ON, "ProcVirtualization": "Disabled"}
    none = Passthrough(capable=False, enabled=False, active=False)
    assert result(a_bmc(now=off), "PCI-003").status is Status.PASS
    told = result(a_bmc(now=off), "PCI-003", passthrough=none)
    assert told.status is Status.FAIL
    assert "ProcVirtualization is Disabled" in told.note
    assert result(a_bmc(now=ALL_ON), "PCI-003", passthrough=none).fix == ()


def test_a_small_window_of_a_board_with_a_display_mode():
    small = {"model": "l40s", "bar1_bytes": GIB // 4}
    off = a_bmc(now={**ALL_ON, "MmioAbove4Gb": "Disabled"})
    assert result(off, "PCI-004", **small).status is Status.FAIL
    assert result(a_bmc(now=ALL_ON), "PCI-004", **small).status is Status.UNKNOWN
    assert result(off, "PCI-004", bar1_bytes=64 * GIB).status is Status.PASS


def test_a_cut_socket_names_the_attribute():
    bmc = a_bmc(now={**ALL_ON, "SubNumaCluster": "2-Way"})
    host = a_host(**processors((2, 2)), vendor="Dell Inc.", bmc=known(bmc))
    (one,) = [each for each in run_all(host, NEEDS) if each.check == "NUMA-001"]
    assert one.status is Status.FAIL
    assert "SubNumaCluster is 2-Way" in one.note
    assert any("SubNumaCluster Disabled" in each.text for each in one.fix)


def test_without_a_bmc_in_the_run_nothing_is_said_of_bmcs():
    ids = {one.check for one in run_all(a_host(gpus=(a_gpu(0, 0, **BLIND),)), NEEDS)}
    assert not [one for one in ids if one.startswith("BMC-")]


def test_a_bmc_that_is_not_this_hosts_says_nothing():
    told = Unknown(Why.ABSENT, "the BMC is not this host's", "Redfish Systems")
    host = a_host(gpus=(a_gpu(0, 0, **BLIND),), bmc=told)
    found = {one.check: one for one in run_all(host, NEEDS) if one.check.startswith("BMC-")}
    assert {one.status for one in found.values()} == {Status.UNKNOWN}
    assert all("not this host's" in one.unseen.detail for one in found.values())


# --- what waits, and what holds switches ----------------------------------------------------------


def test_a_change_that_waits_is_named_with_what_it_brings():
    waiting = known((Waiting("SriovGlobalEnable", "Enabled", "Disabled"),))
    bmc = a_bmc(now=ALL_ON, then={"SriovGlobalEnable": "Disabled"}, waiting=waiting)
    one = result(bmc, "BMC-001")
    assert one.status is Status.FAIL
    assert "SriovGlobalEnable: Enabled -> Disabled" in one.observed
    assert "SR-IOV from on to off" in one.note
    assert result(a_bmc(now=ALL_ON), "BMC-001").status is Status.PASS
    assert result(a_bmc(now=ALL_ON, waiting=unknown()), "BMC-001").status is Status.UNKNOWN


HPE = {"Sriov": "Enabled", "ProcAmdIoVt": "Enabled", "AMDPerformanceWorkloadProfile": "Disabled"}


@pytest.mark.parametrize(
    ("profile", "status"),
    [
        ("Virtualization-MaxPerformance", Status.PASS),
        ("Virtualization-PowerEfficient", Status.PASS),
        ("GeneralPowerEfficientCompute", Status.PASS),
        ("Custom", Status.PASS),
        ("GraphicProcessing", Status.FAIL),
        ("graphicprocessing", Status.FAIL),
        ("HighPerformanceCompute(HPC)", Status.FAIL),
        ("HighPerformanceCompute", Status.FAIL),
        ("DecisionSupport", Status.FAIL),
        ("I/OThroughput", Status.FAIL),
        ("TelcoOptimized", Status.UNKNOWN),
    ],
)
def test_profiles_of_hpe(profile, status):
    bmc = a_bmc("hpe", "amd", {**HPE, "WorkloadProfile": profile})
    one = result(bmc, "BMC-002")
    assert one.status is status
    if status is Status.FAIL:
        assert "SR-IOV" in one.observed
        assert any("Virtualization - Max Performance" in each.text for each in one.fix)


def test_a_profile_of_the_processors_maker_cuts_sockets():
    now = {**HPE, "WorkloadProfile": "Custom",
           "AMDPerformanceWorkloadProfile": "VMwareVSphereOptimized"}  # fmt: skip
    assert result(a_bmc("hpe", "amd", now), "BMC-002").status is Status.FAIL
    other = {**now, "AMDPerformanceWorkloadProfile": "JavaThroughput"}
    assert result(a_bmc("hpe", "amd", other), "BMC-002").status is Status.UNKNOWN


def test_what_profiles_set_on_intel_was_not_to_be_read():
    bmc = a_bmc("hpe", "intel", {"WorkloadProfile": "GraphicProcessing"})
    assert result(bmc, "BMC-002").status is Status.UNKNOWN
    dell = a_bmc(now={**ALL_ON, "WorkloadProfile": "HpcProfile"})
    assert result(dell, "BMC-002").status is Status.NOT_APPLICABLE


def test_a_sick_gpu_goes_by_its_slot():
    gpus = (
        BmcGpu("slot_3", "NVIDIA L40", known("PCIe 3"), health=known("Critical")),
        BmcGpu("slot_4", "NVIDIA L40", known("PCIe 4"), health=known("OK")),
        BmcGpu("GPU5", "H100"),
    )
    found = results(a_bmc(now=ALL_ON, gpus=known(gpus)), "BMC-004")
    assert [one.status for one in found] == [Status.FAIL, Status.PASS, Status.UNKNOWN]
    assert "in PCIe 3" in found[0].subject.name


def test_power_supplies():
    good, bad, mute = (
        Part("PS1", known("OK")),
        Part("PS2", known("Critical")),
        Part("PS3", unknown()),
    )

    def status(*parts):
        return result(a_bmc(now=ALL_ON, power_supplies=known(parts)), "BMC-005").status

    assert status(good, good) is Status.PASS
    assert status(good, bad, mute) is Status.FAIL
    assert status(good, mute) is Status.UNKNOWN
    assert status() is Status.UNKNOWN


# --- lines to copy --------------------------------------------------------------------------------


def lines(vendor, cpu, now, *settings):
    host = a_host(vendor=vendor, bmc=known(a_bmc(vendor, cpu, now)))
    found = menus.of_host(TABLE, tuple(one.value for one in settings), host)
    return [one for one in found if not one.tool.startswith("BIOS")]


def test_a_line_names_the_attribute_as_this_bmc_writes_it():
    now = {"SR_IOVSupport_0047": "Disabled"}
    (one, ansible) = lines("supermicro", "intel", now, Setting.SRIOV)
    given = json.loads(shlex.split(ansible.text)[-1])
    assert given["bios_attributes"] == {"SR_IOVSupport_0047": "Enabled"}
    words = shlex.split(one.text)
    assert words[0] == "curl"
    assert '{"Attributes": {"SR_IOVSupport_0047": "Enabled"}}' in words


def test_dell_and_hpe_have_tools_of_their_own():
    tools = [one.tool.partition(" ")[0] for one in lines("dell", "intel", SRIOV_OFF, Setting.SRIOV)]
    assert tools == ["racadm", "Redfish", "Ansible"]
    (ilorest, redfish, _) = lines("hpe", "amd", {"Sriov": "Disabled"}, Setting.SRIOV)
    assert "ilorest set Sriov=Enabled" in ilorest.text
    assert "PATCH" in redfish.text


def test_a_switch_that_a_profile_holds_is_set_by_another_profile():
    now = {"WorkloadProfile": "GraphicProcessing", "Sriov": "Disabled", "ProcAmdIoVt": "Disabled"}
    found = lines("hpe", "amd", now, Setting.SRIOV, Setting.IOMMU)
    assert "ilorest set WorkloadProfile=Virtualization-MaxPerformance" in found[0].text
    assert not [one for one in found if "Sriov" in one.text or "ProcAmdIoVt" in one.text]
    free = lines("hpe", "amd", {**now, "WorkloadProfile": "Custom"}, Setting.SRIOV)
    assert "ilorest set Sriov=Enabled" in free[0].text
    waits = {"WorkloadProfile": "Virtualization-MaxPerformance"}
    bmc = a_bmc("hpe", "amd", now, then={**now, **waits})
    host = a_host(vendor="HPE", bmc=known(bmc))
    told = [one.text for one in menus.of_host(TABLE, (Setting.SRIOV.value,), host)]
    assert any(
        "Virtualization-MaxPerformance is set and waits for a restart" in one for one in told
    )


def test_a_setting_that_the_bmc_says_is_right_needs_no_menu():
    host = a_host(vendor="Dell Inc.", bmc=known(a_bmc(now=SRIOV_OFF)), **processors((1, 1)))
    settings = (Setting.IOMMU, Setting.ABOVE_4G, Setting.SRIOV)
    found = menus.of_host(TABLE, tuple(one.value for one in settings), host)
    tools = [one.tool.partition(" (")[0] for one in found]
    assert tools == ["BIOS", "racadm", "Redfish", "Ansible", "BIOS"]
    assert "SR-IOV Global Enable" in found[0].text
    assert "above 4GB" in found[4].text  # which this BMC does not list


def test_what_is_set_already_and_waits_is_not_set_again():
    bmc = a_bmc(now=SRIOV_OFF, then={"SriovGlobalEnable": "Enabled"})
    host = a_host(vendor="Dell Inc.", bmc=known(bmc), **processors((1, 1)))
    (menu, waits) = menus.of_host(TABLE, ("sriov",), host)
    assert "SR-IOV Global Enable" in menu.text
    assert waits.text.startswith("SriovGlobalEnable: Enabled is set and waits for a restart")


def test_auto_that_means_on_is_right():
    now = {"DevicesandIOPorts_PCI64BitResourceAllocation": "Auto"}
    assert lines("lenovo", "intel", now, Setting.ABOVE_4G) == []


def test_what_is_right_or_not_told_gets_no_line():
    assert lines("dell", "intel", ALL_ON, Setting.SRIOV) == []
    assert lines("dell", "intel", {}, Setting.SRIOV) == []
    assert lines("hpe", "amd", {"Other": "x"}, Setting.ABOVE_4G) == []


@pytest.mark.parametrize(("vendor", "cpu", "setting"), CASES)
def test_no_line_holds_a_password_or_a_host(vendor, cpu, setting):
    for one in lines(vendor, cpu, attributes(setting, vendor, cpu, "Auto"), setting):
        rest = one.text.replace('"password": "{{ lookup(\\"env\\", \\"BMC_PASSWORD\\") }}"', "")
        assert "password" not in rest.lower()
        assert shlex.split(one.text)


def test_the_words_of_a_fact_are_evidence():
    one = result(a_bmc(now=SRIOV_OFF), "PCI-001", sriov=Sriov(capable=False))
    assert one.sources == (0,)
    assert isinstance(a_bmc(now=SRIOV_OFF).active(Setting.SRIOV), Known)
