"""Boot options: named as the cause where they are, and the BIOS is then left alone."""

import pytest

from hostcheck.checks.boot import IN_THE_WAY
from hostcheck.model.fact import Why
from hostcheck.model.host import BootOption, Passthrough, Sriov
from hostcheck.model.result import Status
from tests.checks.synthetic import (
    a_gpu,
    a_host,
    changed,
    known,
    processors,
    result,
    says,
    synthetic,
    unknown,
)

SHIPPED = {
    "noIOMMU": "FALSE", "disablePciPassthrough": "FALSE", "enablePCIEHotplug": "TRUE",
    "useNUMAInfo": "TRUE", "fakeNUMAnodes": "0", "iovDisableIR": "FALSE",
    "pciBarAllocPolicy": "2", "vgpuMockDeviceCount": "1",
}  # fmt: skip
STUCK = Passthrough(capable=False, enabled=False, active=False)
GIVEN = Passthrough(capable=True, enabled=True, active=True)


def boot(*, without=(), configured=None, **runtime):
    """Options as shipped but for these; `configured` are those that wait for a reboot."""
    configured = configured or {}
    return tuple(
        BootOption(
            name,
            known(configured.get(name, runtime.get(name, default))),
            known(runtime.get(name, default)),
            known(default),
        )
        for name, default in SHIPPED.items()
        if name not in without
    )


def host(*, passthrough=STUCK, gpu=None, **changes):
    changes = {"boot_options": boot(), **changes}
    return changed(a_host(gpus=[a_gpu(0, 0, passthrough=passthrough, **(gpu or {}))]), **changes)


# --- PCI-006, and what becomes of PCI-001 and PCI-003 ---------------------------------------------


@pytest.mark.parametrize("name", IN_THE_WAY)
def test_an_option_that_switches_it_off_is_the_cause(name):
    sick = host(boot_options=boot(**{name: "TRUE"}), gpu={"sriov": Sriov(capable=False)})
    one = result("PCI-006", sick)
    says(one, "fail", f"{name} TRUE", IN_THE_WAY[name])
    assert [command.text for command in one.fix] == [
        f"esxcli system settings kernel set -s {name} -v FALSE"
    ]
    for check in ("PCI-003", "PCI-001"):
        blamed = result(check, sick)
        says(blamed, "fail", name, "PCI-006")
        assert blamed.fix == ()


def test_without_such_an_option_the_bios_is_named():
    says(result("PCI-006", host()), "pass", "neither TRUE")
    one = result("PCI-003", host())
    says(one, "fail", "not read from the BIOS")
    assert {command.tool for command in one.fix} == {"BIOS (Dell, Intel)"}


@pytest.mark.parametrize("options", [unknown(), boot(noIOMMU="TRUE"), boot()])
def test_a_gpu_that_can_be_passed_proves_that_none_is_in_force(options):
    fine = host(passthrough=GIVEN, boot_options=options)
    says(result("PCI-006", fine), "pass", "1 of 1 GPU can be passed through")
    says(result("PCI-003", fine), "pass")


@pytest.mark.parametrize(
    "options",
    [
        unknown(Why.NOT_ASKED), (), boot(without=["noIOMMU"]),
        boot(without=["disablePciPassthrough"]), boot(noIOMMU="TRU"), boot(noIOMMU="maybe"),
    ],
)  # fmt: skip
def test_options_that_are_not_told_are_no_pass(options):
    says(result("PCI-006", host(boot_options=options)), "unknown")
    one = result("PCI-003", host(boot_options=options))
    says(one, "fail")
    assert one.fix


def test_a_value_that_is_not_known():
    odd = (BootOption("noIOMMU", unknown(), unknown(), known("FALSE")), *boot(without=["noIOMMU"]))
    says(result("PCI-006", host(boot_options=odd)), "unknown")


# --- PCI-007 --------------------------------------------------------------------------------------


def hpe(*, passthrough=GIVEN, vendor="HPE", **changes):
    return result("PCI-007", host(passthrough=passthrough, vendor=vendor, **changes))


def test_hot_plug_on_an_hpe_server_with_a_gpu_in_passthrough():
    one = hpe()
    says(one, "fail", "enablePCIEHotplug TRUE", "1 GPU in passthrough")
    assert one.fix[0].text == "esxcli system settings kernel set -s enablePCIEHotplug -v FALSE"
    says(hpe(boot_options=boot(enablePCIEHotplug="FALSE")), "pass")
    says(hpe(vendor="Hewlett-Packard"), "fail")


def test_hot_plug_elsewhere():
    says(hpe(vendor="Dell Inc."), "notapplicable", "HPE servers only")
    says(hpe(passthrough=STUCK), "notapplicable", "no GPU in passthrough")


@pytest.mark.parametrize("lost", ["vendor", "boot_options", "gpus"])
def test_hot_plug_where_something_is_not_known(lost):
    says(hpe(**{lost: unknown()}), "unknown")
    says(hpe(boot_options=boot(without=["enablePCIEHotplug"])), "unknown")


# --- PCI-008 --------------------------------------------------------------------------------------


def test_what_somebody_changed_is_told():
    says(result("PCI-008", host()), "pass", "all as shipped")
    one = result("PCI-008", host(boot_options=boot(iovDisableIR="TRUE", pciBarAllocPolicy="0")))
    says(
        one, "fail", "iovDisableIR TRUE for FALSE: interrupt remapping", "pciBarAllocPolicy 0 for 2"
    )
    assert one.fix[0].text == "esxcli system settings kernel set -s iovDisableIR -v FALSE"


def test_a_host_that_makes_up_vgpu_devices_is_named():
    one = result("PCI-008", host(boot_options=boot(vgpuMockDeviceCount="8")))
    says(one, "fail", "vgpuMockDeviceCount 8 for 1: vGPU devices that ESXi makes up")


@pytest.mark.parametrize("options", [unknown(), ()])
@pytest.mark.parametrize("check", ["PCI-008", "HOST-007", "NUMA-002"])
def test_no_options_no_verdict(check, options):
    says(result(check, host(boot_options=options)), "unknown")


# --- HOST-007 -------------------------------------------------------------------------------------


def test_an_option_that_waits_for_a_reboot():
    says(result("HOST-007", host()), "pass")
    one = result("HOST-007", host(boot_options=boot(configured={"noIOMMU": "TRUE"})))
    says(one, "fail", "noIOMMU FALSE, then TRUE", "after the next reboot noIOMMU: no IOMMU")
    assert one.fix[1].text == "esxcli system settings kernel set -s noIOMMU -v FALSE"
    one = result(
        "HOST-007", host(boot_options=boot(noIOMMU="TRUE", configured={"noIOMMU": "FALSE"}))
    )
    says(one, "fail", "noIOMMU TRUE, then FALSE")
    assert one.note == ""
    one = result("HOST-007", host(boot_options=boot(configured={"fakeNUMAnodes": "4"})))
    says(one, "fail", "made-up NUMA nodes")


# --- NUMA-002, and what becomes of NUMA-001 -------------------------------------------------------


@pytest.mark.parametrize(
    ("machine", "change"),
    [
        (synthetic("2 package, 4 node"), {"fakeNUMAnodes": "4"}),
        (synthetic("2 package, 1 node"), {"useNUMAInfo": "FALSE"}),
        (synthetic("1 package, 2 node"), {"fakeNUMAnodes": "2"}),
    ],
)
def test_nodes_that_esxi_made_up_are_not_the_bios(machine, change):
    ((name, value),) = change.items()
    sick = changed(machine, boot_options=boot(**change))
    one = result("NUMA-002", sick)
    says(one, "fail", f"{name} {value}")
    assert one.fix[0].text == f"esxcli system settings kernel set -s {name} -v {SHIPPED[name]}"
    blamed = result("NUMA-001", sick)
    says(blamed, "fail", name, "NUMA-002")
    assert blamed.fix == ()
    for options in (boot(), unknown()):
        blamed = result("NUMA-001", changed(machine, boot_options=options))
        says(blamed, "fail")
        assert blamed.fix


def test_real_nodes():
    says(result("NUMA-002", changed(a_host(**processors((1, 1))), boot_options=boot())), "pass")


def test_no_status_of_the_blamed_checks_depends_on_the_options():
    """Only the fix does: losing the options can neither spoil nor whitewash."""
    for passthrough in (STUCK, GIVEN):
        for check in ("PCI-001", "PCI-003", "NUMA-001"):
            told = {
                result(check, host(passthrough=passthrough, boot_options=options)).status
                for options in (boot(), boot(noIOMMU="TRUE", useNUMAInfo="FALSE"), unknown())
            }
            assert len(told) == 1
            assert told <= {Status.PASS, Status.FAIL}
