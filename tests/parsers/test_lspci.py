"""PCI devices by the small commands of the ESXi shell: lspci, vmkchdev."""

import pytest

from hostcheck.errors import ParseError
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.pci import PciId
from hostcheck.parsers.unasked import lspci, lspci_n, lspci_p, vmkchdev_l


def why(reading):
    assert isinstance(reading, Unknown), reading
    return reading.why


def test_brackets_belong_to_the_name_of_a_device_or_are_the_name_of_the_vmkernel():
    gpu, nic, function = lspci.parse(
        "0000:42:00.0 3D controller: NVIDIA Corporation GP102GL [Tesla P40]\r\n"
        "0000:04:00.0 Network controller Ethernet controller: Intel I210 [vmnic0]\r\n"
        "0000:3b:00.4 3D controller: NVIDIA Corporation A100 [PF_0.59.0_VF_0]\r\n"
    )
    assert gpu.description.endswith("[Tesla P40]")
    assert why(gpu.vmkernel_name) is Why.ABSENT
    assert (nic.description, nic.vmkernel_name) == ("Intel I210", "vmnic0")
    assert function.physical_function == "0000:3b:00.0"
    assert why(nic.physical_function) is Why.ABSENT


def test_virtual_functions_name_their_parent_in_decimal():
    (row,) = lspci_n.parse("0000:cb:00.0 Class 0200: 8086:154c [PF_0.202.1_VF_0]\n")
    assert row.address == "0000:cb:00.0"
    assert row.physical_function == "0000:ca:00.1"
    (row,) = lspci_n.parse("0000:cb:00.0 Class 0200: 8086:154c [PF_0.999.1_VF_0]\n")
    assert why(row.physical_function) is Why.UNPARSED


def test_numbers_of_a_device_without_a_name():
    (row,) = lspci_n.parse("0000:3b:00.0 Class 0302: 10DE:20b7\n")
    assert (row.device_class, row.pci_id) == (0x0302, PciId(0x10DE, 0x20B7))
    assert why(row.vmkernel_name) is Why.ABSENT


@pytest.mark.parametrize(
    ("tail", "owner", "driver", "name"),
    [
        (" A V igbn         vmnic4", "vmkernel", "igbn", "vmnic4"),
        (" A P pciPassthru", "passthru", "pciPassthru", None),
        (" @ V", "vmkernel", None, None),
        (" A V               vmgfx0", "vmkernel", None, "vmgfx0"),
        (" @ V    17", "vmkernel", None, None),
        (" A V nvidia   [PF_0.175.0_VF_0]", "vmkernel", "nvidia", "PF_0.175.0_VF_0"),
    ],
)
def test_owner_driver_and_name(tail, owner, driver, name):
    (row,) = lspci_p.parse(f"0000:af:00.0               10de:20b7 10de:1532  11/ 12/0x91{tail}\n")
    assert row.pci_id == PciId(0x10DE, 0x20B7, 0x10DE, 0x1532)
    assert row.owner == owner
    assert row.driver == driver if driver else why(row.driver) is Why.ABSENT
    assert row.vmkernel_name == name if name else why(row.vmkernel_name) is Why.ABSENT


def test_the_header_of_lspci_is_passed_over_and_a_new_owner_is_unknown():
    (row,) = lspci_p.parse(
        "Seg:Bu:Sl.F Vend:Dvid Subv:Subd ISA/irq/Vec P M Module       Name\n"
        "                                            Spawned bus\n"
        "0000:af:00.0 10de:20b7 10de:1532 255/   /     A X nvidia\n"
    )
    assert why(row.owner) is Why.UNPARSED
    assert row.driver == "nvidia"


def test_an_old_decimal_address_is_refused_rather_than_misread():
    with pytest.raises(ParseError, match="a hexadecimal PCI address"):
        lspci_p.parse("000:066:00.0 8086:3405 8086:0000   /   /     @ V\n")


def test_owners_by_vmkchdev():
    gpu, nic = vmkchdev_l.parse(
        "0000:42:00.0 10de:1b38 10de:11d9 passthru\n"
        "some other line\n"
        "0000:01:00.0 8086:1528 1028:1f61 vmkernel vmnic0\n"
    )
    assert (gpu.owner, nic.owner, nic.vmkernel_name) == ("passthru", "vmkernel", "vmnic0")
    assert why(gpu.vmkernel_name) is Why.ABSENT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "sh: lspci: not found",
        "0000:42:00.0",
        "0000:42:00.0 ",
        "0000:4",
        "0000:42:99.0 3D controller: NVIDIA",
        "0000:42:00.0 Class 0302",
        "0000:042:00.0 Class 0302: 10de:1b38",
        "0000:42:00.0 10de:1b38 10de:11",
        "zz:00.0 Class 0200: 8086:1521",
    ],
)
@pytest.mark.parametrize("module", [lspci, lspci_n, lspci_p, vmkchdev_l])
def test_what_is_no_list_of_devices_is_refused(module, text):
    with pytest.raises(ParseError) as caught:
        module.parse(text)
    assert str(caught.value).startswith(f"{module.REQUEST.template}: ")
    assert "\n" not in str(caught.value)
