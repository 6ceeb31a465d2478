"""The list of a VM's devices, which its controllers count."""

import pytest

from hostcheck.model.fact import Unknown
from hostcheck.parsers.vim_virtual_machine import parse

VGPU = (
    '<device xsi:type="VirtualPCIPassthrough"><key>13000</key>'
    '<backing xsi:type="VirtualPCIPassthroughVmiopBackingInfo"><vgpu>nvidia_a40-8q</vgpu></backing>'
    "</device>"
)
VIDEO = '<device xsi:type="VirtualMachineVideoCard"><key>500</key></device>'


def devices(*below: int, held: str) -> object:
    names = "".join(f"<device>{one}</device>" for one in below)
    controller = f'<device xsi:type="VirtualPCIController"><key>100</key>{names}</device>'
    text = (
        '<objects xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="urn:vim25">'
        '<obj type="VirtualMachine">vm-1</obj><propSet><name>config.hardware</name>'
        f'<val xsi:type="VirtualHardware">{controller}{held}</val></propSet></objects>'
    )
    return parse(text).devices


@pytest.mark.parametrize("below", [(), (500,), (500, 13000)])
def test_what_controllers_name_is_listed(below):
    told = devices(*below, held=VGPU + VIDEO)
    assert not isinstance(told, Unknown)
    assert [one.profile for one in told.vgpus] == ["nvidia_a40-8q"]


def test_a_device_that_its_controller_names_is_missing():
    told = devices(500, 13000, held=VIDEO)
    assert isinstance(told, Unknown)
    assert told.detail == "device 13000 is named by its controller, and is not listed"


def test_a_device_is_listed_twice():
    told = devices(500, 13000, held=VGPU + VIDEO + VGPU)
    assert isinstance(told, Unknown)
    assert told.detail == "two devices have the key 13000"
