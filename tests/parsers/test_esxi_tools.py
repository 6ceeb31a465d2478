"""Modules, adapters, virtualization and release by the other commands of the ESXi shell."""

# ruff: noqa: E501  tables keep the width that the commands print

import pytest

from hostcheck.errors import ParseError
from hostcheck.model.fact import Unknown, Why
from hostcheck.parsers.unasked import esxcfg_info, esxcfg_nics_l, vmkload_mod_l, vmware_v

NICS = (
    "Name    PCI          Driver      Link Speed      Duplex MAC Address       MTU    Description\n"
)


def test_loaded_modules_with_the_header_and_without():
    text = "Name                     Used  Size(kb)\nvmkernel  120  20480\nnvidia    51    35792\n"
    for said in (text, text.partition("\n")[2]):
        kernel, nvidia = vmkload_mod_l.parse(said)
        assert (kernel.name, kernel.used) == ("vmkernel", 120)
        assert (nvidia.name, nvidia.used, nvidia.size_bytes) == ("nvidia", 51, 35792 * 1024)


@pytest.mark.parametrize(
    "text",
    ["", "Name  Used  Size(kb)\n", "sh: vmkload_mod: not found", "nvidia  51", "nvidia  x  35792",
     "nvidia  51  35792\nnvidia  5", "a  1  " + "9" * 30],
)  # fmt: skip
def test_what_is_no_list_of_modules_is_refused(text):
    with pytest.raises(ParseError, match="vmkload_mod -l: expected"):
        vmkload_mod_l.parse(text)


def test_adapters_up_and_down():
    up, down = esxcfg_nics_l.parse(
        NICS
        + "vmnic0  0000:4b:00.0 icen        Up   25000Mbps  Full   A0:00:00:00:00:01 1500   Intel\r\n"
        + "vmnic9  0000:4b:00.1             Down 0Mbps      Half   a0:00:00:00:00:02 9000\r\n"
    )
    assert (up.address, up.driver, up.link_up, up.speed_mbps) == (
        "0000:4b:00.0",
        "icen",
        True,
        25000,
    )
    assert (up.mac, up.description) == ("a0:00:00:00:00:01", "Intel")
    assert (down.link_up, down.speed_mbps, down.mtu_bytes) == (False, 0, 9000)
    assert isinstance(down.driver, Unknown)
    assert isinstance(down.description, Unknown)
    assert esxcfg_nics_l.parse(NICS) == ()


@pytest.mark.parametrize(
    "text",
    ["", "sh: esxcfg-nics: not found", NICS + "vmnic0  0000:4b:00.0 icen  Up",
     NICS + "vmnic0  0000:004:00.0 icen Up 1000Mbps Full a0:00:00:00:00:01 1500 x"],
)  # fmt: skip
def test_what_is_no_list_of_adapters_is_refused(text):
    with pytest.raises(ParseError, match="esxcfg-nics -l: expected"):
        esxcfg_nics_l.parse(text)


def test_hardware_virtualization_in_the_tree():
    tree = "+Host : \n   \\==+Hardware Info : \n      |----BIOS UUID....1\n      |----HV Support.....{}\n"
    assert esxcfg_info.parse(tree.format(3)).hv_support == 3
    assert esxcfg_info.parse(tree.format(2)).hv_support == 2
    lost = esxcfg_info.parse(tree.format("?")).hv_support
    assert isinstance(lost, Unknown)
    assert lost.why is Why.ABSENT


@pytest.mark.parametrize("text", ["", "sh: esxcfg-info: not found", "HV Support: 3",
                                  "|----HV Support..3\n|----HV Support..2\n"])  # fmt: skip
def test_what_is_no_tree_is_refused(text):
    with pytest.raises(ParseError, match="esxcfg-info: "):
        esxcfg_info.parse(text)


@pytest.mark.parametrize(
    "text",
    ["VMware ESXi 8.0.3 build-24022510\n", "VMware ESXi 8.0.3 build-24022510\r\nVMware ESXi 8.0 Update 3\r\n"],
)  # fmt: skip
def test_release_and_build(text):
    release = vmware_v.parse(text)
    assert (release.version, release.build) == ("8.0.3", "24022510")


@pytest.mark.parametrize(
    "text",
    ["", "VMware ESXi 8.0 Update 3", "VMware ESXi 8.0.3 build-", "VMware Workstation 17.0 build-1",
     "sh: vmware: not found"],
)  # fmt: skip
def test_what_is_no_release_is_refused(text):
    with pytest.raises(ParseError, match="vmware -v: expected"):
        vmware_v.parse(text)
