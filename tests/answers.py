"""Small answers, built by hand: what vSphere and a shell say of one host with two A100."""

from hostcheck.model.capture import Capture
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.pci import PciAddress
from hostcheck.parsers import (
    esxcli_hardware_pci_list,
    nvidia_smi_q_x,
    vim_compute_resource,
    vim_host_system,
    vim_resource_pool,
    vim_virtual_machine,
)
from hostcheck.ways.shell.order import config_header

A, B = PciAddress("0000:3b:00.0"), PciAddress("0000:af:00.0")
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
UUID = "50 2b 6f 1c 3e 5a 4d 77-9b 0a 8c 51 2f 6e 90 1d"


def element(name, body, type_=""):
    return f'<{name} xsi:type="{type_}">{body}</{name}>' if type_ else f"<{name}>{body}</{name}>"


def fields(**values):
    return "".join(
        "".join(element(name, one) for one in (value if isinstance(value, list) else [value]))
        for name, value in values.items()
    )


def references(*ids):
    return "".join(element("ManagedObjectReference", one) for one in ids)


def managed(kind, id_, properties, missing=()):
    sets = "".join(
        f"<propSet><name>{name}</name><val>{body}</val></propSet>"
        for name, body in properties.items()
    )
    gone = "".join(
        f"<missingSet><path>{path}</path><fault><fault xsi:type='NoPermission'>"
        f"<privilegeId>System.Read</privilegeId></fault></fault></missingSet>"
        for path in missing
    )
    return f'<objects {XSI}><obj type="{kind}">{id_}</obj>{sets}{gone}</objects>'


def function(address, device_class=0x0302, vendor=0x10DE, device=0x20B5, **more):
    def short(number):
        return number - 0x10000 if number > 0x7FFF else number

    return element("HostPciDevice", fields(
        id=address, classId=short(device_class), vendorId=short(vendor), deviceId=short(device),
        subVendorId=short(more.pop("sub_vendor", 0x10DE)),
        subDeviceId=short(more.pop("sub_device", 0x1533)),
        vendorName="V", deviceName=more.pop("name", "D"), **more,
    ))  # fmt: skip


def bridge(address, **more):
    return function(address, 0x0604, 0x8086, 0x347A, **more)


def graphics(address, *vms, kind="sharedDirect", kilobytes=83886080):
    return element("HostGraphicsInfo", fields(
        deviceName="NVIDIA A100", pciId=address, graphicsType=kind, memorySizeInKB=kilobytes,
        vgpuMode="sameSize", vm=list(vms),
    ))  # fmt: skip


def node(index, pus, *pci):
    return element("numaNode", fields(
        typeId=index, cpuID=[str(pu) for pu in reversed(pus)], memorySize=2**38, pciId=list(pci),
    ))  # fmt: skip


def package(index, pus):
    return element("HostCpuPackage", fields(
        index=index, vendor="intel", description="Intel(R)  Xeon(R)", threadId=[str(p) for p in pus]
    ))  # fmt: skip


def pnic(number, address):
    return element("PhysicalNic", fields(
        key=f"key-vmnic{number}", device=f"vmnic{number}", pci=address, driver="d",
        linkSpeed=fields(speedMb=25000),
    ))  # fmt: skip


def passthrough(address, *, sriov=True, active="false", **more):
    body = fields(
        id=address, passthruEnabled=active, passthruCapable="true", passthruActive=active, **more
    )
    if not sriov:
        return element("HostPciPassthruInfo", body, "HostPciPassthruInfo")
    body += fields(
        sriovEnabled="false", sriovCapable="true", sriovActive="true",
        numVirtualFunction=4, maxVirtualFunctionSupported=20,
    )  # fmt: skip
    return element("HostPciPassthruInfo", body, "HostSriovInfo")


def numa(*nodes):
    return fields(type="NUMA", numNodes=len(nodes)) + "".join(nodes)


LOW, HIGH = range(4), range(4, 8)
TWO_NODES = numa(node(0, LOW, A, "0000:18:00.0"), node(1, HIGH, B, "0000:18:00.1"))
SILENT = numa(node(0, LOW), node(1, HIGH))
PROPERTIES = {
    "summary.rebootRequired": "false",
    "runtime.connectionState": "connected",
    "runtime.powerState": "poweredOn",
    "runtime.inMaintenanceMode": "false",
    "hardware.systemInfo": fields(vendor="Dell Inc.", model="PowerEdge"),
    "parent": "domain-1",
    "hardware.memorySize": 2**39,
    "hardware.memoryTieringType": "noTiering",
    "hardware.cpuInfo": fields(numCpuPackages=2, numCpuCores=4, numCpuThreads=8, hz=2 * 10**9),
    "hardware.cpuPkg": package(1, HIGH) + package(0, LOW),
    "hardware.numaInfo": TWO_NODES,
    "hardware.pciDevice": function(B) + function(A) + bridge("0000:00:1c.0"),
    "config.product": fields(version="8.0.3", build="1"),
    "config.graphicsInfo": graphics(A, "vm-1") + graphics(B),
    "config.graphicsConfig": fields(hostDefaultGraphicsType="shared")
    + element("deviceType", fields(deviceId=A, graphicsType="sharedDirect"))
    + element("deviceType", fields(deviceId=B, graphicsType="shared")),
    "config.sharedPassthruGpuTypes": element("string", "grid_a100d-40c"),
    "config.pciPassthruInfo": passthrough(A) + passthrough(B, sriov=False),
    "config.network.pnic": pnic(0, "0000:18:00.0") + pnic(10, "0000:18:00.1")
    + pnic(2, "0000:18:00.1"),
    "config.network.vswitch": element("HostVirtualSwitch", fields(
        name="vSwitch0", key="key-vSwitch0", pnic=["key-vmnic10", "key-vmnic0"])),
    "config.network.portgroup": element("HostPortGroup", fields(
        vswitch="key-vSwitch0", spec=fields(name="VM Network", vswitchName="vSwitch0"))),
    "config.network.proxySwitch": element("HostProxySwitch", fields(
        dvsUuid=UUID, dvsName="dvs", pnic="key-vmnic2")),
    "configManager.imageConfigManager": "ha-image",
    "datastore": references("datastore-1"), "network": references("network-1"),
}  # fmt: skip


def host_system(host_id="host-1", *, without=(), missing=(), **changed):
    """Properties change by their last word: `numaInfo=...`. What has graphics is a PCI device."""
    if "pciDevice" in changed:
        drawn = {A: graphics(A, "vm-1"), B: graphics(B)}
        there = "".join(one for where, one in drawn.items() if f">{where}<" in changed["pciDevice"])
        changed.setdefault("graphicsInfo", there)
    given = {
        name: changed.get(name.rpartition(".")[2], body)
        for name, body in PROPERTIES.items()
        if name not in without and name not in missing
    }
    return answer(
        vim_host_system.REQUEST.of(host_id), managed("HostSystem", host_id, given, missing)
    )


def vgpu(profile="grid_a100d-40c"):
    backing = element("backing", fields(vgpu=profile), "VirtualPCIPassthroughVmiopBackingInfo")
    return element("device", fields(deviceInfo=fields(label="PCI device 0")) + backing)


def whole(address, device="20b5", vendor=4318):
    body = fields(id=address, deviceId=device, vendorId=vendor)
    backing = element("backing", body, "VirtualPCIPassthroughDeviceBackingInfo")
    return element("device", fields(deviceInfo=fields(label="PCI device 1")) + backing)


def offered(assigned="", vendor=4318, device=-32634, **more):
    body = fields(allowedDevice=fields(vendorId=vendor, deviceId=device), **more)
    body += fields(assignedId=assigned) if assigned else ""
    backing = element("backing", body, "VirtualPCIPassthroughDynamicBackingInfo")
    return element("device", fields(deviceInfo=fields(label="PCI device 2")) + backing)


def adapter(network="", uuid=""):
    if uuid:
        body, kind = (
            fields(port=fields(switchUuid=uuid, portgroupKey="dvportgroup-1")),
            ("VirtualEthernetCardDistributedVirtualPortBackingInfo"),
        )
    else:
        body, kind = fields(deviceName=network), "VirtualEthernetCardNetworkBackingInfo"
    label = fields(deviceInfo=fields(label="Network adapter 1"))
    return element("device", label + element("backing", body, kind))


def mmio(gib):
    """64-bit MMIO space among the advanced settings of a VM."""
    settings = {"pciPassthru.use64bitMMIO": "TRUE", "pciPassthru.64bitMMIOSizeGB": gib}
    return "".join(
        element("OptionValue", fields(key=key, value=value)) for key, value in settings.items()
    )


def machine(vm_id="vm-1", *devices, missing=(), without=(), **changed):
    given = {
        "name": f"name of {vm_id}", "runtime.host": "host-1", "runtime.powerState": "poweredOn",
        "config.template": "false", "config.version": "vmx-20",
        "config.hardware": fields(numCPU=8, numCoresPerSocket=8, memoryMB=65536) + "".join(devices),
        "config.memoryAllocation": fields(reservation=65536),
        "config.memoryReservationLockedToMax": "true",
        "config.flags": fields(vvtdEnabled="false", vbsEnabled="false"),
        "config.initialOverhead": fields(initialMemoryReservation=2**28),
        "config.extraConfig": "", "resourcePool": "resgroup-1",
        "config.latencySensitivity": fields(level="normal"),
        "config.cpuAllocation": fields(reservation=0), "runtime.connectionState": "connected",
        "datastore": references("datastore-1"), "network": references("network-1"),
    }  # fmt: skip
    if "firmware" in changed:
        given["config.firmware"] = ""
    if "deviceGroups" in changed:
        given["config.deviceGroups"] = ""
    given = {
        name: changed.get(name.rpartition(".")[2], body)
        for name, body in given.items()
        if name not in without and name not in missing
    }
    return answer(
        vim_virtual_machine.REQUEST.of(vm_id), managed("VirtualMachine", vm_id, given, missing)
    )


def resource_pool(unreserved=2**38, *, pool_id="resgroup-1", owner="domain-1", missing=()):
    given = {
        "name": "gold", "owner": owner, "runtime.memory": fields(unreservedForVm=unreserved),
        "runtime.cpu": fields(unreservedForVm=50_000),
    }  # fmt: skip
    given = {name: body for name, body in given.items() if name not in missing}
    return answer(
        vim_resource_pool.REQUEST.of(pool_id), managed("ResourcePool", pool_id, given, missing)
    )


def compute_resource(id_="domain-1", kind="ComputeResource", drs="", rules="", **summary):
    """One host of 512 GiB and 4 cores, of which 16 GiB and 400 MHz are ESXi's."""
    numbers = {
        "numHosts": 1, "numEffectiveHosts": 1, "totalMemory": 2**39,
        "effectiveMemory": (512 - 16) * 1024, "totalCpu": 8000, "effectiveCpu": 7600,
    }  # fmt: skip
    given = {"name": "gpu", "summary": fields(**{**numbers, **summary})}
    if kind == "ClusterComputeResource":
        given["configurationEx"] = element("drsConfig", drs) + rules
    request = vim_compute_resource.request_for(kind).of(id_)
    return answer(request, managed(kind, id_, given))


def smi_gpu(address, ecc="Enabled", pending="Enabled", mig="Disabled"):
    return (
        f'<gpu id="0000{address.upper()}"><product_name>NVIDIA A100</product_name>'
        f"<uuid>GPU-{address}</uuid><ecc_mode><current_ecc>{ecc}</current_ecc>"
        f"<pending_ecc>{pending}</pending_ecc></ecc_mode>"
        f"<mig_mode><current_mig>{mig}</current_mig><pending_mig>{mig}</pending_mig></mig_mode>"
        "</gpu>"
    )


def smi(*gpus, count=None, before=""):
    attached = len(gpus) if count is None else count
    log = fields(driver_version="550.90.05", attached_gpus=attached) + "".join(gpus)
    return answer(nvidia_smi_q_x.REQUEST, f"{before}<nvidia_smi_log>{log}</nvidia_smi_log>")


def answer(request, text="", **how):
    return Capture(request, text, taken_at="2026-11-21T09:00:00Z", **how)


def pci_list(**nodes):
    blocks = [
        f"{address}\n   Address: {address}\n   Device Class: 0x0302\n   Vendor ID: 0x10de\n"
        + (f"   NUMA Node: {index}\n" if index is not None else "")
        for address, index in nodes.items()
    ]
    return answer(esxcli_hardware_pci_list.REQUEST, "\n".join(blocks))


def header(address, index):
    return answer(
        config_header(address),
        f"PCI Config Header {{\n   Vendor ID:0x10de\n   Numa node:{index}\n}}\n",
    )


def failed(request, why=Why.TIMEOUT):
    return answer(request, failure=Unknown(why, "no answer in time", request.text))
