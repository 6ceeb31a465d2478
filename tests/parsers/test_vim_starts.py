"""What vCenter says of a start, how a start ended, and what a host offers: good answers and bad."""

import pytest

from hostcheck.errors import ParseError
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.offer import DeviceGroup, DynamicDevice, OfferedProfile, PerVmLimit
from hostcheck.model.opinion import Objection, Said
from hostcheck.model.pci import PciId
from hostcheck.parsers import (
    vim_check_task,
    vim_config_option,
    vim_config_target,
    vim_power_on,
    vim_vm_runtime,
)
from tests.answers import element, fields, managed

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def task(state, **values):
    named = {f"info.{name}": value for name, value in values.items()}
    return managed("Task", "task-1", {"info.state": state, **named})


def fault(name, kind, message="", *details, **more):
    inner = fields(**more) + "".join(
        element("faultMessage", fields(key="k", message=one)) for one in details
    )
    return element(name, element("fault", inner, kind) + fields(localizedMessage=message))


def checked(*parts, host="host-1"):
    body = fields(vm="vm-1", host=host) if host else fields(vm="vm-1")
    return task("success", result=element("CheckResult", body + "".join(parts)))


# --- checks ---------------------------------------------------------------------------------------


def test_words_are_vspheres_each_once():
    error = fault("error", "GenericVmConfigFault", "Module failed.", "No device.", "No device.",
                  reason="No device.")  # fmt: skip
    (one,) = vim_check_task.parse(checked(error, fault("warning", "OldCpu", "It is old."))).hosts
    assert one.host_id == "host-1"
    assert one.said == Said(
        (Objection("GenericVmConfigFault", "Module failed. No device."),),
        (Objection("OldCpu", "It is old."),),
    )


def test_nothing_said_is_known_and_nobody_tested_is_an_empty_list():
    (one,) = vim_check_task.parse(checked(host="")).hosts
    assert (one.host_id, one.said) == ("", Said((), ()))
    assert vim_check_task.parse(task("success", result="")).hosts == ()


def test_a_task_without_a_result_says_nothing():
    said = vim_check_task.parse(task("success")).hosts
    assert isinstance(said, Unknown)
    assert said.why is Why.ABSENT


@pytest.mark.parametrize(
    ("kind", "why"),
    [("NoPermission", Why.DENIED), ("RequestCanceled", Why.ABSENT), ("Timedout", Why.TIMEOUT),
     ("HostNotConnected", Why.UNREACHABLE)],
)  # fmt: skip
def test_a_task_that_failed_is_the_reason_for_not_knowing(kind, why):
    told = task("error", error=element("fault", "", kind) + fields(localizedMessage="Sorry."))
    said = vim_check_task.parse(told).hosts
    assert said.why is why
    assert "Sorry." in said.detail


def test_a_fault_without_words_goes_by_its_type():
    (one,) = vim_check_task.parse(checked(fault("error", "OddFault"))).hosts
    assert one.said.errors == (Objection("OddFault", "OddFault"),)


BAD = [
    "", "x", "<a/>", "<!DOCTYPE a><a/>", managed("HostSystem", "host-1", {}),
    managed("Task", "task-1", {}), task("running"), task("queued"), task(""),
]  # fmt: skip


@pytest.mark.parametrize("text", BAD)
@pytest.mark.parametrize("parser", [vim_check_task, vim_power_on])
def test_what_is_no_ended_task_is_refused(parser, text):
    with pytest.raises(ParseError):
        parser.parse(text)


# --- power-on -------------------------------------------------------------------------------------


def test_a_power_on_that_worked_and_one_that_did_not():
    assert vim_power_on.parse(task("success")).refusal is None
    refused = task("error", error=element("fault", "", "InvalidState") + fields(
        localizedMessage="Not now."))  # fmt: skip
    assert vim_power_on.parse(refused).refusal == Objection("InvalidState", "Not now.")
    assert vim_power_on.parse(task("error")).refusal.words == "vSphere does not say why"


def test_what_a_vm_waits_for():
    told = vim_vm_runtime.parse(
        managed("VirtualMachine", "vm-1", {
            "runtime.powerState": "poweredOff", "runtime.question": fields(id="1", text="Moved?"),
        }, missing=["runtime.host"])
    )  # fmt: skip
    assert (told.power_state, told.question) == ("poweredOff", "Moved?")
    assert told.host_id.why is Why.DENIED


# --- what a host offers ---------------------------------------------------------------------------


def answer(method, body):
    return f'<{method}Response {XSI} xmlns="urn:vim25">{body}</{method}Response>'


def test_what_a_host_offers():
    group = "Nvidia:2@grid_a100d-80c%NVLink"
    body = (
        element("sharedGpuPassthroughTypes", fields(name="n", vgpu="grid_b"))
        + element("sharedGpuPassthroughTypes", fields(name="n", vgpu="grid_a"))
        + element("dynamicPassthrough", fields(
            name="n", vendorName="N", deviceName="A100", customLabel="ml", vendorId="4318",
            deviceId="8373"))
        + element("vendorDeviceGroupInfo", fields(name="n", deviceGroupName=group)
                  + element("componentDeviceInfo", fields(type="nvidiaVgpu")))
        + element("vgpuProfileInfo", fields(profileName="grid_a", fbSizeInGib="80",
                                            profileSharing="mig", profileClass="compute"))
    )  # fmt: skip
    told = vim_config_target.parse(answer("QueryConfigTarget", element("returnval", body)))
    assert told.profile_names == ("grid_a", "grid_b")
    assert told.profiles == (OfferedProfile("grid_a", 80, "mig", "compute"),)
    assert told.dynamic == (DynamicDevice(PciId(0x10DE, 0x20B5), "A100", "ml"),)
    assert told.groups == (DeviceGroup(group, ("nvidiaVgpu",)),)
    empty = vim_config_target.parse(answer("QueryConfigTarget", "<returnval/>"))
    assert (empty.profiles, empty.dynamic, empty.groups) == ((), (), ())


def option(*limits):
    body = "".join(
        element("backingOption", element("vgpu", fields(defaultValue=profile)) + fields(
            maxInstances=most), vim_config_option.BACKING)
        for profile, most in limits
    )  # fmt: skip
    return answer("QueryConfigOptionEx", element("returnval", element("hardwareOptions", body)))


def test_limits_of_vgpus_in_one_vm():
    told = vim_config_option.parse(option(("grid_b", 4), ("", 8), ("", 8))).limits
    assert told == (PerVmLimit("", 8), PerVmLimit("grid_b", 4))


@pytest.mark.parametrize("limits", [(), (("", 0),), (("", -1),), (("", "many"),)])
def test_no_limit_is_not_known(limits):
    assert vim_config_option.parse(option(*limits)).limits.why is Why.ABSENT


@pytest.mark.parametrize("text", ["", "x", "<a/>", "<!ENTITY>", "<QueryConfigTargetResponse/>"])
@pytest.mark.parametrize("parser", [vim_config_target, vim_config_option])
def test_another_answer_is_refused(parser, text):
    with pytest.raises(ParseError):
        parser.parse(text)
