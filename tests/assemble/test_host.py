"""Captures in, one Host out: joins by PCI address, one deciding source per fact, Unknowns."""

from unittest.mock import patch

import pytest
from msgspec.structs import replace

from hostcheck import assemble as module
from hostcheck.assemble import assemble
from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.host import GraphicsType, Mode
from hostcheck.model.host_ref import HostRef
from hostcheck.model.recording import Recording
from hostcheck.parsers import (
    esxcli_graphics_device_list,
    esxcli_hardware_memory_get,
    esxcli_hardware_pci_list,
    esxcli_software_vib_list,
    nvidia_smi_mig_lgi,
    nvidia_smi_q,
    nvidia_smi_q_x,
    nvidia_smi_vgpu_c,
    nvidia_smi_vgpu_q,
    nvidia_smi_vgpu_s,
    vim_compute_resource,
    vim_host_system,
    vim_software_packages,
    vim_virtual_machine,
    vsish_numa_nodes,
)
from tests.answers import (
    HIGH,
    LOW,
    PROPERTIES,
    SILENT,
    UUID,
    A,
    B,
    adapter,
    answer,
    bridge,
    compute_resource,
    element,
    failed,
    fields,
    function,
    graphics,
    header,
    host_system,
    machine,
    managed,
    node,
    numa,
    offered,
    passthrough,
    pci_list,
    resource_pool,
    smi,
    smi_gpu,
    vgpu,
    whole,
)


def joined(*captures, vm_ids=()):
    ref = HostRef(
        "esx-1", "vcenter.lab.test", "host-1", "ComputeResource", "domain-1", tuple(vm_ids)
    )
    return assemble(Recording(ref, {one.request.key: one for one in captures}))


def gpus_of(host):
    return {gpu.address: gpu for gpu in host.gpus.value}


# --- joins ----------------------------------------------------------------------------------------


def test_gpus_are_joined_by_address_and_sorted():
    host = joined(host_system(), smi(smi_gpu(B, "Disabled"), smi_gpu(A)))
    assert [gpu.address for gpu in host.gpus.value] == [A, B]
    first, second = host.gpus.value
    assert first.graphics_active.value is second.graphics_active.value is GraphicsType.SHARED_DIRECT
    assert first.graphics_configured.value is GraphicsType.SHARED_DIRECT
    assert second.graphics_configured.value is GraphicsType.SHARED
    assert (first.ecc_current.value, second.ecc_current.value) == (Mode.ENABLED, Mode.DISABLED)
    assert (first.sriov.value.capable, second.sriov.value.capable) == (True, False)
    assert (first.vm_ids.value, second.vm_ids.value) == (("vm-1",), ())
    assert first.uuid.value == f"GPU-{A}"


def test_every_fact_names_its_source():
    host = joined(host_system(), smi(smi_gpu(A)))
    gpu = host.gpus.value[0]
    assert host.sources[gpu.graphics_active.sources[0]].wire == Wire.PROPERTIES
    told = host.sources[gpu.ecc_current.sources[0]]
    assert (told.asked, told.taken_at) == ("nvidia-smi -q -x", "2026-11-21T09:00:00Z")


def test_signed_numbers_are_read_as_what_they_are():
    host = joined(host_system(pciDevice=function(A, device=0x20B5, sub_device=0x9533)))
    (gpu,) = host.gpus.value
    assert (gpu.pci_id.vendor, gpu.pci_id.device, gpu.pci_id.sub_device) == (0x10DE, 0x20B5, 0x9533)
    assert "<vendorId>-32634<" in bridge("0000:00:00.0")
    signed = joined(host_system(pciDevice=function(A, device=0xABCD)))
    assert "<deviceId>-21555<" in function(A, device=0xABCD)
    (gpu,) = signed.gpus.value
    assert isinstance(gpu.catalogue_key, Unknown)
    assert "10de:abcd" in gpu.catalogue_key.detail


def test_the_catalogue_names_a_gpu_before_its_driver_does():
    host = joined(host_system(pciDevice=function(A, name="GA100 [A100 PCIe 80GB]")))
    assert host.gpus.value[0].catalogue_key.value == "a100-pcie-80"
    assert "GA100" not in host.gpus.value[0].name


def test_virtual_functions_are_no_gpus():
    vfs = "".join(function(one) for one in ("0000:3b:00.4", "0000:3b:01.0", "0000:3b:02.3"))
    host = joined(host_system(pciDevice=function(A) + vfs))
    assert list(gpus_of(host)) == [A]


def test_what_is_no_display_or_not_nvidia_is_no_gpu():
    others = (
        function("0000:3b:00.1", 0x0403) + function("0000:04:00.0", 0x0300, 0x102B)
        + function("0000:05:00.0", 0x0680)
    )  # fmt: skip
    host = joined(host_system(pciDevice=function(A) + others + function(B, 0x0300)))
    assert list(gpus_of(host)) == [A, B]


ODD = "0000:3b:01.0"


def test_a_gpu_that_does_not_sit_at_slot_zero_is_told_by_vsphere():
    host = joined(host_system(pciDevice=function(ODD), graphicsInfo=graphics(ODD)))
    assert list(gpus_of(host)) == [ODD]
    host = joined(host_system(pciDevice=function(ODD), graphicsInfo=""))
    assert host.gpus.value == ()


def test_whether_it_is_a_gpu_is_unknown_when_vsphere_does_not_tell():
    host = joined(host_system(pciDevice=function(ODD), missing=["config.graphicsInfo"]))
    assert isinstance(host.gpus, Unknown)
    assert host.gpus.why is Why.DENIED


def test_virtual_functions_beside_their_gpu_need_no_telling():
    host = joined(
        host_system(
            pciDevice=function(A) + function("0000:3b:01.0"), missing=["config.graphicsInfo"]
        )
    )
    assert list(gpus_of(host)) == [A]
    assert host.gpus.value[0].graphics_active.why is Why.DENIED


def test_bridges_chain_to_the_root_port():
    devices = (
        function(A, parentBridge="0000:3a:00.0")
        + bridge("0000:3a:00.0", parentBridge="0000:39:01.0")
        + bridge("0000:39:01.0", parentBridge="0000:00:1c.0") + bridge("0000:00:1c.0")
    )  # fmt: skip
    (gpu,) = joined(host_system(pciDevice=devices)).gpus.value
    assert gpu.bridges == ("0000:3a:00.0", "0000:39:01.0", "0000:00:1c.0")


def test_bridges_in_a_ring_end():
    ring = function(A, parentBridge="0000:3a:00.0") + bridge("0000:3a:00.0", parentBridge=A)
    (gpu,) = joined(host_system(pciDevice=ring)).gpus.value
    assert gpu.bridges == ("0000:3a:00.0", A)


# --- processors -----------------------------------------------------------------------------------


def test_packages_and_nodes_meet_by_processor():
    host = joined(host_system())
    assert [one.os_index for one in host.packages.value] == [0, 1]
    assert [one.node_os_indexes for one in host.packages.value] == [(0,), (1,)]
    assert [one.package_os_indexes for one in host.numa_nodes.value] == [(0,), (1,)]
    assert host.numa_nodes.value[0].pus == (0, 1, 2, 3)
    assert host.packages.value[0].description == "Intel(R) Xeon(R)"


def test_an_interleaved_node_spans_packages():
    host = joined(host_system(numaInfo=numa(node(0, range(8)))))
    assert host.numa_nodes.value[0].package_os_indexes == (0, 1)
    assert [one.node_os_indexes for one in host.packages.value] == [(0,), (0,)]


@pytest.mark.parametrize("lost", ["hardware.numaInfo", "hardware.cpuPkg"])
def test_neither_without_the_other(lost):
    host = joined(host_system(missing=[lost]))
    assert isinstance(host.packages, Unknown)
    assert isinstance(host.numa_nodes, Unknown)
    assert host.gpus.value[0].numa_node.why is Why.DENIED


# --- NUMA nodes of devices ------------------------------------------------------------------------


def test_the_api_places_devices():
    host = joined(host_system(), pci_list(**{A: 1, B: 0}), header(A, 1))
    assert [gpu.numa_node.value for gpu in host.gpus.value] == [0, 1]
    assert [nic.numa_node.value for nic in host.nics.value] == [0, 1, 1]


def test_a_silent_api_leaves_it_to_esxcli():
    host = joined(host_system(numaInfo=SILENT), pci_list(**{A: 1, B: 0}), header(A, 0))
    assert [gpu.numa_node.value for gpu in host.gpus.value] == [1, 0]


def test_an_esxcli_that_does_not_know_nodes_leaves_it_to_vsish():
    host = joined(
        host_system(numaInfo=SILENT), pci_list(**{A: None, B: None}), header(A, 1), header(B, 0)
    )
    assert [gpu.numa_node.value for gpu in host.gpus.value] == [1, 0]


def test_a_lost_answer_of_esxcli_is_not_silence():
    lost = failed(esxcli_hardware_pci_list.REQUEST)
    host = joined(host_system(numaInfo=SILENT), lost, header(A, 1), header(B, 0))
    assert [gpu.numa_node.why for gpu in host.gpus.value] == [Why.TIMEOUT, Why.TIMEOUT]


@pytest.mark.parametrize("nothing", [-1, 4294967295, None])
def test_no_node_is_not_node_zero(nothing):
    host = joined(host_system(numaInfo=SILENT), pci_list(**{A: nothing, B: 0}))
    assert isinstance(host.gpus.value[0].numa_node, Unknown)


def test_a_device_in_no_nodes_list_is_unknown_not_zero():
    host = joined(host_system(numaInfo=numa(node(0, LOW, A), node(1, HIGH))), pci_list(**{B: 1}))
    first, second = (gpu.numa_node for gpu in host.gpus.value)
    assert first == Known(0, (0,))
    assert second.why is Why.ABSENT
    assert "no NUMA node lists it" in second.detail


def test_a_silent_api_alone_is_unknown():
    host = joined(host_system(numaInfo=SILENT))
    assert "no NUMA node lists any PCI device" in host.gpus.value[0].numa_node.detail


@pytest.mark.parametrize("index", [0, 5])
def test_on_a_one_node_host_everything_is_on_that_node(index):
    host = joined(host_system(numaInfo=numa(node(index, range(8)))))
    assert {gpu.numa_node.value for gpu in host.gpus.value} == {index}
    assert {nic.numa_node.value for nic in host.nics.value} == {index}


# --- nvidia-smi -----------------------------------------------------------------------------------

MUTE = (
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. "
    "Make sure that the latest NVIDIA driver is installed and running."
)


def test_nvidia_smi_was_not_asked():
    host = joined(host_system())
    assert host.smi_answers.why is Why.NOT_ASKED
    assert host.gpus.value[0].ecc_current.why is Why.NOT_ASKED


@pytest.mark.parametrize(
    "said",
    [{"exit_status": 127, "stderr": "sh: nvidia-smi: not found"}, {"exit_status": 9, "text": MUTE},
     {"exit_status": 9, "stderr": MUTE}, {"exit_status": 0, "text": MUTE}],
)  # fmt: skip
def test_nvidia_smi_absent_or_mute_is_a_known_no(said):
    host = joined(host_system(), answer(nvidia_smi_q_x.REQUEST, **said))
    assert host.smi_answers.value is False
    assert isinstance(host.smi_gpu_count, Unknown)
    assert isinstance(host.gpus.value[0].smi_seen, Unknown)


@pytest.mark.parametrize(
    "said",
    [{"text": "garbage"}, {"text": ""}, {"text": "<nvidia_smi_log>"}, {"exit_status": 1},
     {"failure": Unknown(Why.TIMEOUT, MUTE)}, {"failure": Unknown(Why.DENIED, "login refused")}],
)  # fmt: skip
def test_anything_else_is_not_knowing(said):
    host = joined(host_system(), answer(nvidia_smi_q_x.REQUEST, **said))
    assert isinstance(host.smi_answers, Unknown)
    assert isinstance(host.driver_version, Unknown)


def test_the_text_stands_in_where_the_driver_has_no_xml():
    text = (
        "Driver Version                  : 430.46\nAttached GPUs                   : 1\n"
        f"GPU 0000{A}\n    Product Name                : A100\n    ECC Mode\n"
        "        Current                 : Disabled\n        Pending                 : Enabled\n"
    )
    host = joined(
        host_system(), answer(nvidia_smi_q_x.REQUEST, "Option -x is not known.", exit_status=2),
        answer(nvidia_smi_q.REQUEST, text),
    )  # fmt: skip
    assert host.smi_answers.value is True
    assert host.driver_version.value == "430.46"
    gpu = gpus_of(host)[A]
    assert (gpu.ecc_current.value, gpu.ecc_pending.value) == (Mode.DISABLED, Mode.ENABLED)


LOST = "Unable to determine the device handle for GPU 0000{}: Unknown Error\n"


def test_a_lost_gpu_is_not_seen():
    host = joined(host_system(), smi(smi_gpu(B), count=1, before=LOST.format(A)))
    gpus = gpus_of(host)
    assert (gpus[A].smi_seen.value, gpus[B].smi_seen.value) == (False, True)
    assert host.smi_gpu_count.value == 1
    assert isinstance(gpus[A].ecc_current, Unknown)
    assert host.smi_answers.value is True


def test_a_complaint_about_one_gpu_says_nothing_of_the_other():
    host = joined(host_system(), answer(nvidia_smi_q_x.REQUEST, LOST.format(A), exit_status=15))
    gpus = gpus_of(host)
    assert gpus[A].smi_seen.value is False
    assert isinstance(gpus[B].smi_seen, Unknown)
    assert isinstance(host.smi_gpu_count, Unknown)


def test_no_devices_is_a_known_zero():
    host = joined(host_system(), answer(nvidia_smi_q_x.REQUEST, "No devices were found\n"))
    assert host.smi_gpu_count.value == 0
    assert gpus_of(host)[A].smi_seen.value is False


def test_a_log_that_counts_more_gpus_than_it_lists_is_not_the_whole():
    host = joined(host_system(), smi(smi_gpu(B), count=2))
    assert "counts 2 GPUs and lists 1" in host.smi_gpu_count.detail
    gpus = gpus_of(host)
    assert gpus[B].smi_seen.value is True
    assert gpus[A].smi_seen.why is Why.UNPARSED
    assert isinstance(
        joined(host_system(), smi(smi_gpu(A), smi_gpu(B), count=1)).smi_gpu_count, Unknown
    )


def test_a_gpu_in_passthrough_may_be_counted_or_not():
    given = passthrough(A, active="true") + passthrough(B)
    for count in (1, 2):
        host = joined(host_system(pciPassthruInfo=given), smi(smi_gpu(B), count=count))
        assert host.smi_gpu_count.value == 1
        assert gpus_of(host)[A].smi_seen.value is False
    host = joined(host_system(pciPassthruInfo=given), smi(smi_gpu(B), count=3))
    assert isinstance(host.smi_gpu_count, Unknown)


@pytest.mark.parametrize("status", [1, 6, 14, 15])
def test_a_status_of_nvidia_smi_itself_ends_a_whole_answer(status):
    log = replace(smi(smi_gpu(A), smi_gpu(B)), exit_status=status)
    assert joined(host_system(), log).smi_gpu_count.value == 2


@pytest.mark.parametrize("status", [16, 124, 126, 127, 134, 137, 139, 143, 255])
def test_an_nvidia_smi_that_died_may_have_said_half(status):
    log = replace(smi(smi_gpu(A), smi_gpu(B)), exit_status=status)
    host = joined(host_system(), log)
    assert host.smi_gpu_count.why is Why.UNPARSED
    assert f"exit status {status}" in host.smi_gpu_count.detail
    offers = "GPU 00000000:3B:00.0\n    NVIDIA A100D-40C\n"
    half = answer(nvidia_smi_vgpu_c.REQUEST, offers, exit_status=status)
    creatable = gpus_of(joined(host_system(), half))[A].profiles_creatable
    assert creatable.why is Why.UNPARSED


# --- network --------------------------------------------------------------------------------------


def uplinks(*, network="", uuid="", **changed):
    host = joined(
        host_system(**changed), machine("vm-1", vgpu(), adapter(network, uuid)), vm_ids=["vm-1"]
    )
    return host.vms.value[0].nics[0].uplinks


def test_uplinks_of_a_standard_switch_in_natural_order():
    assert uplinks(network="VM Network").value == ("vmnic0", "vmnic10")


def test_uplinks_of_a_distributed_switch():
    assert uplinks(uuid=UUID).value == ("vmnic2",)


@pytest.mark.parametrize("elsewhere", [{"network": "Other"}, {"uuid": "00 11"}])
def test_a_switch_that_this_host_has_not(elsewhere):
    assert uplinks(**elsewhere).why is Why.ABSENT


@pytest.mark.parametrize(
    "lost", ["config.network.vswitch", "config.network.portgroup", "config.network.pnic",
             "config.network.proxySwitch"],
)  # fmt: skip
@pytest.mark.parametrize("kind", [{"network": "VM Network"}, {"uuid": UUID}])
def test_switches_that_may_not_be_read(lost, kind):
    assert uplinks(**kind, missing=[lost]).why is Why.DENIED


def test_adapters_are_in_natural_order_with_their_switches():
    nics = joined(host_system()).nics.value
    assert [nic.name for nic in nics] == ["vmnic0", "vmnic2", "vmnic10"]
    assert [nic.switches for nic in nics] == [("vSwitch0",), ("dvs",), ("vSwitch0",)]


# --- what is listed is counted --------------------------------------------------------------------


ONE_LOST = fields(type="NUMA", numNodes=2) + node(0, LOW, A)


def test_one_node_that_is_left_of_two_is_not_the_only_one():
    host = joined(host_system(numaInfo=ONE_LOST))
    assert "2 NUMA nodes are counted, 1 listed" in host.numa_nodes.detail
    for gpu in gpus_of(host).values():
        assert isinstance(gpu.numa_node, Unknown)


def test_one_node_that_nobody_counted_is_not_the_only_one():
    gpus = gpus_of(joined(host_system(numaInfo=fields(type="NUMA") + node(0, LOW, A))))
    assert gpus[A].numa_node.value == 0
    assert isinstance(gpus[B].numa_node, Unknown)


def test_the_only_node_holds_every_device():
    host = joined(host_system(numaInfo=numa(node(0, range(8)))))
    assert [gpu.numa_node.value for gpu in host.gpus.value] == [0, 0]


@pytest.mark.parametrize("count", [1, 3])
def test_packages_are_counted(count):
    cpu = fields(numCpuPackages=count, numCpuCores=4, numCpuThreads=8)
    assert isinstance(joined(host_system(cpuInfo=cpu)).packages, Unknown)


@pytest.mark.parametrize(
    "entry",
    [
        passthrough(A).replace(' xsi:type="HostSriovInfo"', ""),
        passthrough(A).replace("HostSriovInfo", "HostPciPassthruInfo"),
        passthrough(A).replace("HostSriovInfo", "HostNewKindInfo"),
        passthrough(A, sriov=False).replace(' xsi:type="HostPciPassthruInfo"', ""),
        passthrough(A, sriov=False).replace('"HostPciPassthruInfo"', '"HostSriovInfo"'),
        passthrough(A).replace("<sriovCapable>true</sriovCapable>", ""),
        passthrough(A).replace("<sriovCapable>true<", "<sriovCapable><"),
        passthrough(A).replace(">20<", ">many<"),
        passthrough(A).replace("<sriovCapable>true<", "<sriovCapable>false<"),
    ],
)
def test_sriov_whose_type_and_fields_contradict_is_unknown(entry):
    gpus = gpus_of(joined(host_system(pciPassthruInfo=entry + passthrough(B, sriov=False))))
    assert isinstance(gpus[A].sriov, Unknown)
    assert gpus[A].passthrough.value.capable is True
    assert gpus[B].sriov.value.capable is False


# --- virtual machines -----------------------------------------------------------------------------


def vms(*machines, **changed):
    ids = [one.request.subject for one in machines]
    return joined(host_system(**changed), *machines, vm_ids=ids).vms.value


def test_only_vms_with_a_device_are_listed():
    bus = element("device", fields(key=100), "VirtualPCIController")
    found = vms(machine("vm-1", vgpu()), machine("vm-2", bus), machine("vm-3", whole(B)),
                machine("vm-4", adapter("VM Network")), machine("vm-5", offered()))  # fmt: skip
    assert [vm.id for vm in found] == ["vm-1", "vm-3", "vm-5"]
    assert found[2].passthroughs[0].allowed == ("10de:8086",)


def test_templates_are_not_listed():
    assert vms(machine("vm-1", vgpu(), template="true")) == ()


@pytest.mark.parametrize("how", ["missing", "without"])
def test_a_vm_that_may_be_a_template_is_not_judged(how):
    (vm,) = vms(machine("vm-1", vgpu(), **{how: ["config.template"]}))
    assert isinstance(vm.devices, Unknown)
    assert vm.devices.asked == "VirtualMachine config.template"


@pytest.mark.parametrize(
    "lost",
    [failed(vim_virtual_machine.REQUEST.of("vm-9"), Why.DENIED),
     answer(vim_virtual_machine.REQUEST.of("vm-9"), "garbage"),
     machine("vm-9", vgpu(), missing=["config.hardware"]),
     machine("vm-9", without=["config.hardware"])],
)  # fmt: skip
def test_a_vm_that_cannot_be_read_is_kept(lost):
    found = vms(machine("vm-1", vgpu()), lost)
    (vm,) = [one for one in found if one.id == "vm-9"]
    assert isinstance(vm.devices, Unknown)
    assert vm.vgpus == ()
    assert vm.name in ("vm-9", "name of vm-9")


def test_a_vm_that_was_not_asked_is_kept():
    (vm,) = joined(host_system(), vm_ids=["vm-7"]).vms.value
    assert vm.devices.why is Why.NOT_ASKED


def test_vms_of_an_unreadable_host_are_unknown():
    host = joined(failed(vim_host_system.REQUEST.of("host-1")), machine(), vm_ids=["vm-1"])
    assert host.vms.why is Why.TIMEOUT
    assert host.gpus.why is Why.TIMEOUT


def test_where_a_vgpu_runs_is_told_by_the_host():
    (vm,) = vms(machine("vm-1", vgpu()))
    assert vm.gpu_addresses.value == (A,)
    (vm,) = vms(machine("vm-2", vgpu()))
    assert "does not say on which GPU" in vm.gpu_addresses.detail
    (vm,) = vms(machine("vm-1", vgpu(), powerState="poweredOff"))
    assert "not running" in vm.gpu_addresses.detail
    (vm,) = vms(machine("vm-1", vgpu()), missing=["config.graphicsInfo"])
    assert vm.gpu_addresses.why is Why.DENIED


def test_where_whole_devices_sit_is_told_by_the_vm():
    (vm,) = vms(machine("vm-1", whole(B), offered(A)))
    assert vm.gpu_addresses.value == (A, B)
    (vm,) = vms(machine("vm-1", whole("nowhere")))
    assert vm.gpu_addresses.why is Why.UNPARSED


def test_a_vm_that_was_given_another_kind_of_device_has_no_gpu():
    nic = whole("0000:99:00.0", "101d", vendor=0x15B3)
    assert vms(machine("vm-1", nic)) == ()
    assert vms(machine("vm-1", whole(A, "101d", vendor=0x15B3))) == (), "whatever sits there now"
    (vm,) = vms(machine("vm-1", whole(A), nic))
    assert vm.gpu_addresses.value == (A,)
    assert [device.gpu.value for device in vm.passthroughs] == [True, False]


def test_a_gpu_that_was_moved_is_one_all_the_same():
    (vm,) = vms(machine("vm-1", whole("0000:99:00.0")))
    assert vm.passthroughs[0].gpu.value is True
    assert vm.gpu_addresses.value == ()


@pytest.mark.parametrize(
    ("vendor", "device"), [(0x15B3, 0x101D), (0x8086, 0x4940), (0x1B4B, 0x9215), (0x10DE, 0x22A3)]
)
def test_adapters_accelerators_controllers_and_switches_are_no_gpus(vendor, device):
    assert vms(machine("vm-1", offered(vendor=vendor, device=device))) == ()
    assert vms(machine("vm-1", whole("0000:99:00.0", f"{device:x}", vendor=vendor))) == ()


def test_what_nobody_knows_may_be_a_gpu():
    for device in (whole("0000:99:00.0", "fff0"), offered(device=0xFFF0)):
        (vm,) = vms(machine("vm-1", device))
        assert "10de:fff0" in vm.passthroughs[0].gpu.detail
    (vm,) = vms(machine("vm-1", whole(A, "not a number")))
    assert vm.passthroughs[0].gpu.why is Why.UNPARSED
    assert vms(machine("vm-1", whole("0000:99:00.0", "not a number", vendor=0x15B3))) == ()


def test_the_audio_function_beside_a_gpu_is_none():
    sound = function("0000:99:00.1", 0x0403, device=0x10FA)
    (vm,) = vms(machine("vm-1", whole(A), whole("0000:99:00.1", "10fa")), pciDevice=sound)
    assert [device.gpu.value for device in vm.passthroughs] == [True, False]
    assert vms(machine("vm-1", whole("0000:99:00.1", "10fa")), pciDevice=sound) == ()


@pytest.mark.parametrize(
    ("kind", "held"),
    [("com.intel.qat", ()), ("com.nvidia.any", (Why.ABSENT,)), (None, (Why.ABSENT,))],
)
def test_a_vendors_own_kind_of_device_goes_by_its_class(kind, held):
    body = "" if kind is None else fields(deviceClass=kind)
    dvx = element("backing", body, "VirtualPCIPassthroughDvxBackingInfo")
    found = vms(machine("vm-1", element("device", dvx, "VirtualPCIPassthrough")))
    assert tuple(vm.passthroughs[0].gpu.why for vm in found) == held


def test_a_dynamic_device_may_ask_for_a_subsystem():
    backing = element(
        "allowedDevice",
        fields(vendorId=4318, deviceId=0x20B5, subVendorId=4318, subDeviceId=0x1533),
    )
    dynamic = element("backing", backing, "VirtualPCIPassthroughDynamicBackingInfo")
    (vm,) = vms(machine("vm-1", element("device", dynamic, "VirtualPCIPassthrough")))
    assert vm.passthroughs[0].allowed == ("10de:20b5 (subsystem 10de:1533)",)
    assert vm.passthroughs[0].gpu.value is True


@pytest.mark.parametrize("id_", ["20b5", "0x20b5", "0x20B5"])
def test_what_a_fixed_device_should_be_and_what_is_there(id_):
    (vm,) = vms(machine("vm-1", whole(A, id_)))
    (device,) = vm.passthroughs
    assert str(device.device.value) == "10de:20b5"
    assert [str(one) for one in device.there.value] == ["10de:20b5"]
    (vm,) = vms(machine("vm-1", vgpu(), whole("0000:99:00.0")))
    assert vm.passthroughs[0].there.value == ()


def test_a_fixed_device_of_which_not_all_can_be_read():
    (vm,) = vms(machine("vm-1", whole(A, "none")))
    assert "not a hexadecimal device id" in vm.passthroughs[0].device.detail
    (vm,) = vms(machine("vm-1", whole(A)), missing=["hardware.pciDevice"])
    assert vm.passthroughs[0].there.why is Why.DENIED
    (vm,) = vms(machine("vm-1", whole("00000:175:00.0")))
    for fact in (vm.passthroughs[0].address, vm.passthroughs[0].there):
        assert "in decimal, in hexadecimal it is 0000:af:00.0" in fact.detail


def test_the_label_that_a_dynamic_device_asks_for():
    (vm,) = vms(machine("vm-1", offered(), offered(customLabel="ml")))
    assert [one.hardware_label.value for one in vm.passthroughs] == ["", "ml"]


def test_hardware_labels():
    def told(**changed):
        return joined(host_system(**changed)).gpus.value[0].hardware_label

    assert told(pciPassthruInfo=passthrough(A, hardwareLabel="ml") + passthrough(B)).value == "ml"
    assert told().value == ""
    older = told(product=fields(version="7.0.1"))
    assert older.why is Why.ABSENT
    assert "vSphere Client shows them" in older.detail
    assert told(missing=["config.pciPassthruInfo"]).why is Why.DENIED
    assert isinstance(told(without=["config.product"]), Unknown)


def test_a_virtual_iommu_by_flag_or_by_setting():
    def told(**how):
        (vm,) = vms(machine("vm-1", vgpu(), **how))
        return vm.viommu

    on = element("OptionValue", fields(key="vvtd.enable", value="TRUE"))
    assert told().value is False
    assert told(flags=fields(vvtdEnabled="true")).value is True
    assert told(extraConfig=on).value is True
    assert told(flags="").value is False
    assert told(missing=["config.flags"]).why is Why.DENIED
    assert told(missing=["config.extraConfig"]).why is Why.DENIED
    assert told(flags=fields(vvtdEnabled="true"), missing=["config.extraConfig"]).value is True
    assert told(flags=fields(vvtdEnabled="perhaps")).why is Why.UNPARSED


def test_device_groups():
    def told(*devices, **how):
        (vm,) = vms(machine("vm-1", *devices, **how))
        return vm.device_groups

    name = "Nvidia:2@grid_a100d-80c%NVLink"
    group = element("deviceGroup", fields(groupInstanceKey=1, deviceGroupName=name))
    member = vgpu().replace("</device>", f"{element('deviceGroupInfo', '')}</device>")
    assert told(vgpu()).value == ()
    assert told(member, deviceGroups=group).value == (name,)
    assert told(member).why is Why.ABSENT
    assert told(vgpu(), missing=["config.deviceGroups"]).why is Why.DENIED


def test_settings_that_do_not_go_with_a_gpu():
    (vm,) = vms(machine("vm-1", vgpu(), flags=fields(vbsEnabled="true")))
    assert vm.vbs.value is True
    assert vm.sev.why is Why.ABSENT


# --- memory ---------------------------------------------------------------------------------------


def sums(*machines, **changed):
    host = joined(
        host_system(**changed), *machines, vm_ids=[one.request.subject for one in machines]
    )
    return host.memory_reserved_bytes, host.memory_overhead_bytes


def test_running_vms_of_this_host_hold_memory_with_a_gpu_or_without():
    loose = {"memoryReservationLockedToMax": "false", "memoryAllocation": fields(reservation=1024)}
    reserved, overhead = sums(
        machine("vm-1", vgpu()), machine("vm-2", **loose), machine("vm-3", powerState="poweredOff"),
        machine("vm-4", host="host-9"),
    )  # fmt: skip
    assert reserved.value == 2**36 + 2**30
    assert overhead.value == 2 * 2**28
    assert len(reserved.sources) == 4


@pytest.mark.parametrize(
    "lost", ["runtime.powerState", "config.memoryAllocation", "config.hardware"]
)
def test_one_vm_that_is_not_known_leaves_the_sum_open(lost):
    loose = {"memoryReservationLockedToMax": "true" if "hardware" in lost else "false"}
    reserved, _ = sums(machine("vm-1"), machine("vm-2", missing=[lost], **loose))
    assert reserved.why is Why.DENIED
    reserved, _ = sums(machine("vm-1"), failed(vim_virtual_machine.REQUEST.of("vm-2")))
    assert reserved.why is Why.TIMEOUT


def test_a_vm_that_may_have_locked_all_of_its_memory_leaves_the_sum_open():
    lost = {"missing": ["config.memoryReservationLockedToMax"]}
    loose = {"memoryAllocation": fields(reservation=1024)}
    reserved, _ = sums(machine("vm-1"), machine("vm-2", **lost, **loose))
    assert reserved.why is Why.DENIED
    whole = {"memoryAllocation": fields(reservation=2**16)}
    reserved, _ = sums(machine("vm-1"), machine("vm-2", **lost, **whole))
    assert reserved.value == 2 * 2**36


def test_an_overhead_that_is_not_told():
    _, overhead = sums(machine("vm-1", without=["config.initialOverhead"]))
    assert overhead.why is Why.ABSENT


@pytest.mark.parametrize(
    ("summary", "gib"),
    [
        ({}, 16),
        ({"numHosts": 4, "numEffectiveHosts": 4, "totalMemory": 2**41,
          "effectiveMemory": 2000 * 1024}, 12),
        ({"numHosts": 4, "numEffectiveHosts": 2, "totalMemory": 2**41,
          "effectiveMemory": 1000 * 1024}, 12),
        ({"numHosts": 2, "numEffectiveHosts": 2, "totalMemory": 3 * 2**39,
          "effectiveMemory": 1500 * 1024}, 12),
    ],
)  # fmt: skip
def test_what_esxi_keeps_is_shared_out_by_size(summary, gib):
    host = joined(host_system(), compute_resource(**summary))
    assert host.memory_hypervisor_bytes.value == gib * 2**30


@pytest.mark.parametrize(
    "summary",
    [
        {"numHosts": 2, "numEffectiveHosts": 1, "totalMemory": 3 * 2**39},
        {"numEffectiveHosts": 0},
        {"totalMemory": 0},
        {"effectiveMemory": "plenty"},
    ],
)
def test_what_esxi_keeps_is_not_guessed(summary):
    assert isinstance(
        joined(host_system(), compute_resource(**summary)).memory_hypervisor_bytes, Unknown
    )
    assert isinstance(joined(host_system()).memory_hypervisor_bytes, Unknown)


def tier(kind, gib):
    body = fields(name=kind, type=kind, flags="memoryTier", size=gib * 2**30)
    return element("HostMemoryTierInfo", body)


def dram(tiering="", *tiers, version="8.0.3", **how):
    told = {"hardware.memoryTieringType": tiering, "hardware.memoryTierInfo": "".join(tiers)}
    silent = [name for name, body in told.items() if not body]
    with patch.dict(PROPERTIES, told):
        product = fields(version=version, build="1")
        host = joined(host_system(product=product, without=silent, **how))
    return host.memory_dram_bytes


def test_of_a_tiered_host_the_dram_counts():
    """`hardware.memorySize` is 512 GiB here, the NVMe of the tier among them."""
    assert dram("softwareTiering", tier("DRAM", 256), tier("NVMe", 256)).value == 2**38
    assert dram("", tier("DRAM", 128), tier("NVMe", 384), version="9.0.0").value == 2**37
    assert dram("noTiering", tier("DRAM", 512)).value == 2**39
    assert dram("noTiering").value == 2**39


def test_persistent_memory_that_the_hardware_hides_is_memory():
    assert dram("hardwareTiering", tier("DRAM", 64), tier("PMem", 512)).value == 2**39


@pytest.mark.parametrize("version", ["6.7.0", "7.0.3", "8.0.2"])
def test_a_release_without_nvme_tiers_has_none(version):
    assert dram(version=version).value == 2**39


@pytest.mark.parametrize(
    ("tiering", "tiers"),
    [
        ("", ()),
        ("", (tier("DRAM", 512),)),
        ("softwareTiering", ()),
        ("softwareTiering", (tier("NVMe", 256),)),
        ("softwareTiering", (tier("DRAM", 1024), tier("NVMe", 256))),
        ("quantumTiering", (tier("DRAM", 512),)),
        ("softwareTiering", (tier("Peaberry", 256),)),
    ],
)
@pytest.mark.parametrize("version", ["8.0.3", "9.0.0", "who knows", ""])
def test_tiers_that_are_not_told_or_not_understood(tiering, tiers, version):
    assert isinstance(dram(tiering, *tiers, version=version), Unknown)


def test_tiers_that_are_refused():
    missing = ["hardware.memoryTieringType", "hardware.memoryTierInfo"]
    assert dram("noTiering", tier("DRAM", 512), missing=missing).why is Why.DENIED


def pools(*captures, **changed):
    return joined(host_system(**changed), machine("vm-1", vgpu()), *captures, vm_ids=["vm-1"]).vms


def test_the_pool_of_a_vm():
    (pool,) = pools(resource_pool(5 * 2**30)).value[0].pools.value
    assert (pool.name, pool.unreserved_bytes.value) == ("gold", 5 * 2**30)
    (pool,) = pools(resource_pool(missing=["name", "runtime.memory"])).value[0].pools.value
    assert pool.name == "resgroup-1"
    assert pool.unreserved_bytes.why is Why.DENIED


def test_a_pool_that_cannot_be_told():
    assert pools().value[0].pools.why is Why.NOT_ASKED
    assert "another cluster" in pools(resource_pool(owner="domain-2")).value[0].pools.detail
    assert isinstance(pools(resource_pool(missing=["owner"])).value[0].pools, Unknown)
    assert isinstance(pools(resource_pool(), without=["parent"]).value[0].pools, Unknown)


# --- software, cluster ----------------------------------------------------------------------------

IMAGE = vim_software_packages.REQUEST.of("ha-image")
VIBS = (
    "Name                          Version   Vendor  Acceptance Level  Install Date\n"
    "----------------------------  --------  ------  ----------------  ------------\n"
    "NVD-VMware_ESXi_8.0.0_Driver  535.1     NVD     VMwareAccepted    2026-05-01\n"
    "nvme-pcie                     1.2       VMW     VMwareCertified   2026-05-01\n"
)


def packages(*names):
    body = "".join(
        element("returnval", fields(name=name, version="550.1", vendor="NVIDIA")) for name in names
    )
    name = "fetchSoftwarePackagesResponse"
    return answer(IMAGE, element(name, body))


def test_driver_packages_of_the_api():
    found = joined(
        host_system(), packages("NVD-AIE_ESXi_8.0.0_Driver", "nvme-pcie", "nvdgpumgmtdaemon",
                                "NVIDIA-VMware_ESXi_7.0.2_Driver", "nvidia-something")
    ).driver_packages.value  # fmt: skip
    assert {one.name for one in found} >= {
        "NVD-AIE_ESXi_8.0.0_Driver", "NVIDIA-VMware_ESXi_7.0.2_Driver", "nvdgpumgmtdaemon",
    }  # fmt: skip
    assert "nvme-pcie" not in {one.name for one in found}


def test_no_driver_package_is_known_and_empty():
    assert joined(host_system(), packages("esx-base")).driver_packages.value == ()


def test_esxcli_stands_in_for_an_api_that_is_denied():
    host = joined(
        host_system(), failed(IMAGE, Why.DENIED), answer(esxcli_software_vib_list.REQUEST, VIBS)
    )
    assert [one.name for one in host.driver_packages.value] == ["NVD-VMware_ESXi_8.0.0_Driver"]


def test_denied_and_nobody_else_was_asked():
    host = joined(host_system(), failed(IMAGE, Why.DENIED))
    assert host.driver_packages.why is Why.DENIED


def test_the_cluster():
    request = vim_compute_resource.request_for("ComputeResource").of("domain-1")
    capture = answer(request, managed("ComputeResource", "domain-1", {"name": "esx-1"}))
    assert joined(host_system(), capture).cluster.value == "esx-1"
    assert joined(host_system()).cluster.why is Why.NOT_ASKED


# --- testimonies ----------------------------------------------------------------------------------


def statements(host, topic):
    (found,) = [one.statements for one in host.testimonies if one.topic == topic]
    return [one.value if isinstance(one, Known) else one.why for one in found]


def memory(count):
    return answer(
        esxcli_hardware_memory_get.REQUEST,
        f"Physical Memory: 1 Bytes\nNUMA Node Count: {count}\n",
    )


def test_who_was_not_asked_does_not_testify():
    assert statements(joined(host_system()), "NUMA node count") == ["2"]


def test_disagreement_is_put_side_by_side():
    nodes = answer(vsish_numa_nodes.REQUEST, "0/\n1/\n2/\n3/\n")
    host = joined(host_system(), memory(4), nodes)
    assert statements(host, "NUMA node count") == ["2", "4", "4"]


def test_who_was_asked_and_did_not_answer_is_there():
    host = joined(host_system(), memory(2), failed(vsish_numa_nodes.REQUEST))
    assert statements(host, "NUMA node count") == ["2", "2", Why.TIMEOUT]


def test_each_gpu_has_its_testimonies():
    listed = answer(
        esxcli_graphics_device_list.REQUEST,
        f"{A}\n   Vendor Name: NVIDIA\n   Device Name: A100\n   Module Name: nvidia\n"
        "   Graphics Type: Shared\n   Memory Size in KB: 0\n   Number of VMs: 0\n",
    )
    host = joined(host_system(), pci_list(**{A: 1, B: 1}), header(A, 0), listed)
    assert statements(host, f"NUMA node of GPU {A}") == ["0", "1", "0"]
    assert statements(host, f"NUMA node of GPU {B}") == ["1", "1"]
    assert statements(host, f"graphics type of GPU {A}") == ["sharedDirect", "shared"]
    assert statements(host, f"graphics type of GPU {B}") == ["sharedDirect", Why.ABSENT]


def test_the_mode_of_a_gpu_has_two_witnesses_since_vsphere_tells_it():
    driver = smi(smi_gpu(A), smi_gpu(B, mig="Enabled"))
    host = joined(host_system(product=fields(version="8.0.3")), driver)
    assert statements(host, f"MIG mode of GPU {A}") == ["disabled", "disabled"]
    assert statements(host, f"MIG mode of GPU {B}") == ["disabled", "enabled"]
    alone = joined(host_system(product=fields(version="8.0.3")))
    assert statements(alone, f"MIG mode of GPU {A}") == ["disabled"]
    before = joined(host_system(product=fields(version="8.0.2")), driver)
    assert [one for one in before.testimonies if one.topic.startswith("MIG mode")] == []
    without = joined(
        host_system(product=fields(version="8.0.3")), smi(smi_gpu(A, mig="N/A"), smi_gpu(B))
    )
    topics = [one.topic for one in without.testimonies if one.topic.startswith("MIG mode")]
    assert topics == [f"MIG mode of GPU {B}"]


def test_esxcli_over_the_api_where_the_shell_was_not_asked():
    shell = esxcli_hardware_pci_list.REQUEST
    text = pci_list(**{A: 1, B: 1}).text
    over_api = Request(Wire.ESXCLI, shell.template, "", subject="host-1")
    host = joined(host_system(numaInfo=SILENT), answer(over_api, text))
    assert [gpu.numa_node.value for gpu in host.gpus.value] == [1, 1]
    assert host.sources[host.gpus.value[0].numa_node.sources[0]].wire == Wire.ESXCLI


# --- answers that are none ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("capture", "why"),
    [
        ({"exit_status": 1, "stderr": "Permission denied"}, Why.DENIED),
        ({"exit_status": 127, "stderr": "esxcli: not found"}, Why.ABSENT),
        ({"text": "nonsense"}, Why.UNPARSED),
        ({"failure": Unknown(Why.UNREACHABLE, "refused")}, Why.UNREACHABLE),
    ],
)
def test_why_an_answer_says_nothing(capture, why):
    host = joined(host_system(), answer(esxcli_hardware_memory_get.REQUEST, **capture))
    assert statements(host, "NUMA node count") == ["2", why]


def test_an_empty_book_is_a_host_of_unknowns():
    host = joined()
    assert host.gpus.why is host.vms.why is host.version.why is Why.NOT_ASKED
    assert host.sources == ()
    assert module.gpu_addresses(None) == ()


# --- vGPUs and MIG --------------------------------------------------------------------------------


def offers(request, **types):
    lines = []
    for address, names in types.items():
        lines += [f"GPU 0000{address}", *(f"    {name}" for name in names)]
    return answer(request, "\n".join(lines) + "\n")


def test_offers_are_joined_by_address():
    host = joined(
        host_system(),
        offers(nvidia_smi_vgpu_s.REQUEST, **{B: ["GRID A100D-4C", "GRID A100D-8C"], A: []}),
        offers(nvidia_smi_vgpu_c.REQUEST, **{B: ["GRID A100D-4C"], A: []}),
    )
    gpus = gpus_of(host)
    assert gpus[B].profiles_supported.value == ("GRID A100D-4C", "GRID A100D-8C")
    assert gpus[B].profiles_creatable.value == ("GRID A100D-4C",)
    assert gpus[A].profiles_supported.value == gpus[A].profiles_creatable.value == ()


def test_a_gpu_that_is_not_among_the_offers_makes_all_of_them_unknown():
    """The types below a heading that is lost stand below the one before it."""
    host = joined(
        host_system(),
        offers(nvidia_smi_vgpu_s.REQUEST, **{B: ["GRID A100D-4C"], A: []}),
        offers(nvidia_smi_vgpu_c.REQUEST, **{B: ["GRID A100D-4C"]}),
    )
    gpus = gpus_of(host)
    assert gpus[B].profiles_supported.value == ("GRID A100D-4C",)
    for one in (A, B):
        assert "its types may be another's" in gpus[one].profiles_creatable.detail


INSTANCES = """\
+-------------------------------------------------------+
| GPU instances:                                        |
| GPU   Name             Profile  Instance   Placement  |
|                          ID       ID       Start:Size |
|=======================================================|
|   1  MIG 3g.40gb          9        2          0:4     |
+-------------------------------------------------------+
"""


def test_mig_instances_are_joined_by_the_index_of_nvidia_smi():
    listed = answer(nvidia_smi_mig_lgi.REQUEST, INSTANCES)
    gpus = gpus_of(joined(host_system(), smi(smi_gpu(B), smi_gpu(A)), listed))
    assert (gpus[A].mig_instances.value, gpus[B].mig_instances.value) == (("MIG 3g.40gb",), ())
    gpus = gpus_of(joined(host_system(), smi(smi_gpu(B)), listed))
    assert isinstance(gpus[A].mig_instances, Unknown)


RUNNING = f"""\
GPU 0000{A}
    Active vGPUs                          : 1
    vGPU ID                               : 3251634213
        VM Name                           : train-1
        vGPU Name                         : GRID A100D-40C
        Guest Driver Version              : N/A
        License Status                    : Licensed (Expiry: 2026-11-30 8:15:0 GMT)
GPU 0000{B}
    Active vGPUs                          : {{count}}
"""


def test_running_vgpus():
    host = joined(host_system(), answer(nvidia_smi_vgpu_q.REQUEST, RUNNING.format(count=0)))
    (one,) = host.vgpu_instances.value
    assert (one.address, one.vm_name, one.profile) == (A, "train-1", "GRID A100D-40C")
    assert isinstance(one.guest_driver, Unknown)
    assert one.licence.value.startswith("Licensed")


def test_running_vgpus_that_are_counted_and_not_listed_are_unknown():
    host = joined(host_system(), answer(nvidia_smi_vgpu_q.REQUEST, RUNNING.format(count=2)))
    assert host.vgpu_instances.why is Why.UNPARSED
