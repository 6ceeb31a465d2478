"""Arguments of methods: what is written for what is given, to the letter."""

import pytest

from hostcheck import ways
from hostcheck.model.capture import Call, CallPart, Request, Wire
from hostcheck.parsers import (
    vim_config_option,
    vim_config_target,
    vim_directpath_capacity,
    vim_host_system,
    vim_power_on,
    vim_query_options,
    vim_software_packages,
)
from hostcheck.parsers.vim_check_task import POWER_ON, VM_CONFIG
from hostcheck.syntax.vim_call import arguments

VM = '<vm type="VirtualMachine">vm-1</vm>'
HOST = '<host type="HostSystem">host-1</host>'
POOL = '<pool type="ResourcePool">resgroup-1</pool>'


@pytest.mark.parametrize(
    ("request_", "written"),
    [
        (vim_software_packages.REQUEST.of("image-1"), ""),
        (vim_host_system.REQUEST.of("host-1"), ""),
        (vim_query_options.REQUEST, "<name>vgpu.hotmigrate.enabled</name>"),
        (vim_config_target.REQUEST.of("env-1", host="host-1"), HOST),
        (vim_config_target.REQUEST.of("env-1"), ""),
        (vim_power_on.REQUEST.of("vm-1"), ""),
        (vim_power_on.REQUEST.of("vm-1", host="host-1"), HOST),
        (POWER_ON.of("vm-1", pool="resgroup-1"), VM + POOL),
        (POWER_ON.of("vm-1", pool="resgroup-1", host="host-1"), VM + HOST + POOL),
        (
            vim_config_option.REQUEST.of("env-1", host="host-1", version="20"),
            f"<spec><key>vmx-20</key>{HOST}<guestId>otherGuest64</guestId></spec>",
        ),
        (
            vim_directpath_capacity.REQUEST.of("host-1", profile="a<b"),
            (
                f'<target xsi:type="DirectPathProfileManagerTargetHost">{HOST}</target>'
                '<querySpec xsi:type="DirectPathProfileManagerCapacityQueryByDeviceConfig">'
                '<deviceConfig xsi:type="DirectPathProfileManagerVmiopDirectPathConfig">'
                "<vgpuProfile>a&lt;b</vgpuProfile></deviceConfig></querySpec>"
            ),
        ),
    ],
)
def test_a_method_is_given_what_its_request_says(request_: Request, written: str) -> None:
    assert arguments(request_) == written


def device(key: int) -> str:
    return (
        '<deviceChange><operation>add</operation><device xsi:type="VirtualPCIPassthrough">'
        f'<key>{key}</key><backing xsi:type="VirtualPCIPassthroughVmiopBackingInfo">'
        "<vgpu>p-1q</vgpu></backing></device></deviceChange>"
    )


@pytest.mark.parametrize(
    ("reserved", "memory", "locked"), [("-1", "4096", "true"), ("0", "0", "false")]
)
def test_a_vm_to_be_is_written_whole(reserved: str, memory: str, locked: str) -> None:
    words = {
        "profile": "p-1q", "count": "2", "vcpus": "4", "memory_mb": "4096", "reserved_mb": reserved,
        "firmware": "efi", "hardware_version": "20", "latency": "normal",
    }  # fmt: skip
    assert arguments(VM_CONFIG.of("given", pool="resgroup-1", **words)) == (
        "<spec><name>hostcheck what-if</name><version>vmx-20</version>"
        "<guestId>otherGuest64</guestId><numCPUs>4</numCPUs><memoryMB>4096</memoryMB>"
        f"{device(-1)}{device(-2)}"
        f"<memoryAllocation><reservation>{memory}</reservation></memoryAllocation>"
        "<firmware>efi</firmware>"
        f"<memoryReservationLockedToMax>{locked}</memoryReservationLockedToMax></spec>{POOL}"
        "<testType>hostTests</testType><testType>resourcePoolTests</testType>"
    )


def test_what_a_part_cannot_be_without_is_not_left_out() -> None:
    with pytest.raises(KeyError, match="version"):
        arguments(vim_config_option.REQUEST.of("env-1", host="host-1"))


def test_nothing_that_is_given_can_end_its_element() -> None:
    asked = Request(Wire.METHOD, "X.y", "", call=Call((CallPart("<a>{word}</a>"),)))
    assert arguments(asked.of("", word="</a><b>{subject}")) == "<a>&lt;/a&gt;&lt;b&gt;{subject}</a>"


def test_a_call_that_names_no_argument_of_its_request_is_seen() -> None:
    """Each listed method can be written: its parts name what somebody can give."""
    known = {
        "subject", "n", "host", "pool", "version", "profile", "count", "vcpus", "memory_mb",
        "reserved_mb", "firmware", "hardware_version", "kind", "ids", "privileges", "session",
    }  # fmt: skip
    calls = [one for one in ways.requests() if one.call is not None]
    assert len(calls) == 10
    for one in calls:
        filled = one.of("x", **dict.fromkeys(known - {"subject", "n"}, "1"))
        assert "{" not in arguments(filled), one.template
