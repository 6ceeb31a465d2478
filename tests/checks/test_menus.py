"""The menus of the server that was read, and no other vendor's."""

import re

import pytest

from hostcheck.checks import fixes, menus
from hostcheck.checks.engine import all_checks, check, look, run
from hostcheck.checks.subjects import every_host
from hostcheck.model.result import Command, Severity
from tests.checks.synthetic import NEEDS, a_host, processors, unknown

TABLE = NEEDS.bios
EVERY = ("sriov", "iommu", "above_4g", "ari", "numa_split")
DELL = "Dell Inc."

SAID = {
    "title": "A title", "why": "one.", "fix": "two.", "severity": Severity.REQUIRED,
    "source": "https://x.test/", "each": every_host,
}  # fmt: skip


def told(settings, *, cpu="intel", **changes):
    host = a_host(**processors((1, 1), vendor=cpu), **changes)
    return menus.of_host(TABLE, settings, host)


@pytest.mark.parametrize("cpu", ["intel", "amd"])
@pytest.mark.parametrize(
    ("vendor", "shown"),
    [
        (DELL, "Dell"), ("HPE", "HPE"), ("HP", "HPE"), ("Hewlett Packard Enterprise", "HPE"),
        ("Lenovo", "Lenovo"), ("LENOVO", "Lenovo"), ("Supermicro", "Supermicro"),
        ("Super Micro Computer, Inc.", "Supermicro"), ("Cisco Systems Inc", "Cisco"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("setting", EVERY)
def test_one_vendor_and_one_processor(vendor, shown, setting, cpu):
    other = {"intel": "AMD", "amd": "Intel"}[cpu]
    for command in told((setting,), cpu=cpu, vendor=vendor):
        assert re.match(rf"BIOS( \({shown}(, [A-Z]\w+)?\))?$", command.tool)
        assert other not in command.tool


@pytest.mark.parametrize("vendor", ["FUJITSU", "Inspur", "VMware, Inc.", "", unknown()])
@pytest.mark.parametrize("setting", EVERY)
def test_a_vendor_that_is_not_known_gets_neutral_words(vendor, setting):
    (command,) = told((setting,), vendor=vendor)
    assert command.tool == "BIOS"
    assert ">" not in command.text
    assert command.text == TABLE.settings[setting].intel


def test_without_the_processor_both_are_told():
    (command,) = menus.of_host(TABLE, ("iommu",), a_host(vendor=DELL, packages=unknown()))
    assert command == Command(
        "BIOS", "Intel VT for Directed I/O (VT-d): on; or on AMD: AMD IOMMU (AMD-Vi): on"
    )


@pytest.mark.parametrize(
    ("vendor", "cpu", "setting", "words"),
    [
        (DELL, "intel", "sriov", "Integrated Devices > SR-IOV Global Enable: Enabled"),
        (DELL, "intel", "iommu", "Processor Settings > Virtualization Technology: Enabled"),
        (DELL, "amd", "iommu", "IOMMU Support: Enabled"),
        (DELL, "intel", "above_4g", "Memory Mapped I/O above 4GB: Enabled"),
        (DELL, "intel", "numa_split", "Sub NUMA Cluster: Disabled"),
        (DELL, "amd", "numa_split", "NUMA Nodes Per Socket: 1"),
        ("HPE", "amd", "iommu", "AMD I/O Virtualization Technology: Enabled"),
        ("HPE", "intel", "iommu", "Intel(R) VT-d: Enabled"),
        ("HPE", "intel", "numa_split", "Processor Options > Sub-NUMA Clustering: Disabled"),
        ("HPE", "amd", "numa_split", "Memory Options > NUMA memory domains per socket: One"),
        ("Lenovo", "intel", "above_4g", "PCI 64-Bit Resource Allocation: Enabled or Auto"),
        ("Lenovo", "amd", "iommu", "Devices and I/O Ports > IOMMU"),
        ("Lenovo", "amd", "numa_split", "System Settings > Memory > NUMA Nodes per Socket: NPS1"),
        ("Supermicro", "intel", "numa_split", "North Bridge > Uncore Configuration > SNC: Disable"),
        ("Supermicro", "intel", "iommu", "North Bridge > IIO Configuration > Intel VT"),
        ("Supermicro", "intel", "ari", "ARI Support: Enabled"),
        ("Cisco Systems Inc", "amd", "ari", "PcieARISupport"),
    ],
)  # fmt: skip
def test_where_the_setting_is(vendor, cpu, setting, words):
    assert words in told((setting,), cpu=cpu, vendor=vendor)[0].text


@pytest.mark.parametrize("setting", ["sriov", "iommu"])
def test_hpe_profiles_that_hold_a_switch_off_are_named(setting):
    commands = told((setting,), cpu="amd", vendor="HPE", model="ProLiant DL385 Gen11")
    (_, profile) = commands
    assert '"Virtualization - Max Performance"' in profile.text
    for name in ("Graphic Processing", "High Performance Compute (HPC)", "Low Latency"):
        assert name in profile.text
    assert ("Decision Support" in profile.text) is (setting == "sriov")


def test_hpe_profiles_cut_sockets_too():
    texts = [
        one.text for one in told(("numa_split",), cpu="amd", vendor="HPE", model="ProLiant DL385")
    ]
    assert len(texts) == 3
    assert "VMware vSphere Optimized" in texts[2]


def test_on_intel_only_what_was_read_is_said():
    (_, profile) = told(("sriov",), vendor="HPE", model="ProLiant DL380 Gen10")
    assert "greyed out" in profile.text
    assert "Graphic" not in profile.text


@pytest.mark.parametrize("model", ["ProLiant DL380 Gen9", "ProLiant DL380p Gen8"])
def test_before_gen10_there_are_no_workload_profiles(model):
    assert len(told(("sriov",), vendor="HPE", model=model)) == 1


def test_the_manual_shows_all_of_them():
    shown = {one.tool for one in menus.everyone(TABLE, ("iommu",))}
    assert {"BIOS (Dell, AMD)", "BIOS (HPE, Intel)", "BIOS (Supermicro, Intel)"} <= shown


def test_a_setting_that_has_no_menus_is_refused():
    with pytest.raises(ValueError, match="no such BIOS setting: turbo"):
        check("TEST-001", **SAID, menus=("sriov", "turbo"))


def test_no_check_writes_a_menu_of_its_own():
    assert not [one.id for one in all_checks() for command in one.manual.commands
                if command.tool.startswith("BIOS")]  # fmt: skip


# --- releases -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "release", "ok"),
    [
        ("esxcli", "6.5.0", True),
        ("esxcli (ESXi 7.0 and later)", "7.0.0", True),
        ("esxcli (ESXi 7.0 and later)", "6.7.0", False),
        ("esxcli (before ESXi 7.0, from your depot)", "6.7.0", True),
        ("esxcli (before ESXi 7.0)", "7.0.0", False),
        ("esxcli (ESXi 8.0.3 and later)", "8.0.2", False),
        ("esxcli (ESXi 8.0.3 and later)", "8.0.3", True),
        ("esxcli (ESXi 8.0.3 and later)", "9.0.0.1", True),
        ("esxcli (ESXi 8.0.3 and later)", "10.0.0", True),
        ("esxcli (ESXi 8.0.3 and later)", None, True),
    ],
)
def test_a_command_is_for_the_releases_that_have_it(words, release, ok):
    assert fixes.runs_on(words, release) is ok


def test_several_words_make_several_commands():
    how = (run("govc", "govc x {vm} {setting}"), look("shell", "ls {gone}"))
    manual = check("TEST-001", **SAID, how=how)(lambda *_: None).manual
    found = fixes.of_fail(manual, {"vm": "a b", "setting": ("one", "two")}, None)
    assert [one.text for one in found] == ["govc x 'a b' one", "govc x 'a b' two"]
    assert manual.commands[1].tool == "shell (only looks)"


@pytest.mark.parametrize(
    ("tool", "text", "label"),
    [
        ("govc", "govc vm.info x", ""),
        ("govc (less memory)", "govc vm.info x", "less memory"),
        ("PowerCLI", "Set-VM x", "PowerCLI"),
        ("shell (only looks)", "vmkload_mod -l", "shell (only looks)"),
    ],
)
def test_no_tool_is_named_twice(tool, text, label):
    assert Command(tool, text).label == label
