"""BMCs of made-up machines, in the form in which BMCs of four vendors and one more answer.

Names of settings, paths and spellings are those of public recordings (docs/bmc-facts.md); machines,
numbers and addresses are made up. What is not asked of a BMC is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.peers.fleet import HostShape

ROOT = "/redfish/v1"
Resources = dict[str, Any]


@dataclass(frozen=True)
class BmcShape:
    """A BMC of a host. `now` and `then` change the vendor's usual settings; `none` leaves one out.

    `identity` is uuid, swapped, tag or another: by what it is known to be the host's.
    """

    vendor: str
    now: Mapping[str, Any] = field(default_factory=dict)
    then: Mapping[str, Any] = field(default_factory=dict)
    identity: str = "uuid"
    sick_gpu: str = ""
    supply: str = "OK"


@dataclass(frozen=True)
class Maker:
    """How a vendor's BMC spells its paths and fields."""

    system: str
    pending: str
    chassis: str
    manager: str
    kind: str
    firmware: str
    registry: str
    usual: Mapping[str, Any]
    whole_pending: bool
    root: Mapping[str, Any]


DELL = {
    "AcPwrRcvry": "Last", "BootMode": "Uefi", "EnergyPerformanceBias": "MaxPower",
    "IntelTxt": "Off", "LogicalProc": "Enabled", "MemOpMode": "OptimizerMode",
    "MemoryMappedIOH": "56TB", "MmioAbove4Gb": "Enabled", "NodeInterleave": "Disabled",
    "PcieAspmL1": "Disabled", "Proc1NumCores": 32, "ProcCStates": "Disabled",
    "ProcPwrPerf": "MaxPerf", "ProcVirtualization": "Enabled", "SecureBoot": "Disabled",
    "SetupPassword": None, "SriovGlobalEnable": "Enabled", "SubNumaCluster": "Disabled",
    "SysProfile": "PerfOptimized", "TpmSecurity": "On", "WorkloadProfile": "NotConfigured",
}  # fmt: skip
HPE = {
    "AMDPerformanceWorkloadProfile": "Disabled", "AccessControlService": "Enabled",
    "AdminName": "", "BootMode": "Uefi", "LastLevelCacheAsNUMANode": "Disabled",
    "NumaGroupSizeOpt": "Flat", "NumaMemoryDomainsPerSocket": "OneMemoryDomainPerSocket",
    "PciResourcePadding": "Normal", "PowerRegulator": "OsControl", "ProcAmdIoVt": "Enabled",
    "ProcSMT": "Enabled", "SecureBootStatus": "Disabled", "Sriov": "Enabled",
    "ThermalConfig": "OptimalCooling", "TpmState": "PresentEnabled",
    "WorkloadProfile": "Virtualization-MaxPerformance",
}  # fmt: skip
LENOVO = {
    "BootModes_SystemBootMode": "UEFIMode",
    "DevicesandIOPorts_IntelVTforDirectedIOVTd": "Enabled",
    "DevicesandIOPorts_MMConfigBase": "MMConfigBase_3GB",
    "DevicesandIOPorts_PCI64BitResourceAllocation": "Auto",
    "DevicesandIOPorts_SRIOV": "Enabled", "Memory_SocketInterleave": "NUMA",
    "OperatingModes_ChooseOperatingMode": "MaximumPerformance",
    "Power_PlatformControlledType": "MaximumPerformance",
    "Power_WorkloadConfiguration": "I_O_Sensitive", "Processors_HyperThreading": "Enabled",
    "Processors_IntelVirtualizationTechnology": "Enabled", "Processors_PCIeACSCTL": "Enabled",
    "Processors_SNC": "Disabled", "SecureBootConfiguration_SecureBootSetting": "Disabled",
}  # fmt: skip
SUPERMICRO = {
    "ARISupport_0049": "Enabled", "Above4GDecoding_0041": "Enabled",
    "AdministratorPassword_0117": None, "Hyper_Threading_ALL__F27F": "Enable",
    "IntelVTforDirectedI_O_VT_d__1E32": "Enable", "IntelVirtualizationTechnology_3C6F": "Enable",
    "MMIOHighBase_0045": "4T", "MMIOHighGranularitySize_0046": "1024G", "NUMA_003B": "Enabled",
    "PCIeACSCTL_1E3C": "Disable", "PowerTechnology_FF77": "Custom", "QuietBoot_002D": True,
    "Re_SizeBARSupport_0042": "Disabled", "SNC_F300": "Auto", "SR_IOVSupport_0047": "Enabled",
    "SecureBootEnable_0122": False,
}  # fmt: skip
CISCO = {
    "ATS": "Enabled", "CPUPerformance": "Custom", "IntelHyperThread": "Enabled",
    "IntelVT": "Enabled", "IntelVTD": "Enabled", "MemoryMappedIOAbove4GB": "Enabled",
    "NUMAOptimize": "Enabled", "SNC": "Disabled", "SrIov": "Enabled", "TPMControl": "Enabled",
    "WorkLdConfig": "IO Sensitive",
}  # fmt: skip
MAKERS = {
    "dell": Maker(
        "System.Embedded.1", "Bios/Settings", "System.Embedded.1", "iDRAC.Embedded.1",
        "16G Monolithic", "7.10.30.00", "BiosAttributeRegistry.v1_0_3", DELL, False,
        {"Vendor": "Dell", "Product": "Integrated Dell Remote Access Controller"},
    ),
    "hpe": Maker(
        "1", "bios/settings/", "1", "1", "iLO 6", "iLO 6 v1.58",
        "BiosAttributeRegistryA55.v2_20_00", HPE, True,
        {"Product": "ProLiant DL385 Gen11", "Oem": {"Hpe": {}}},
    ),
    "lenovo": Maker(
        "1", "Bios/Pending", "1", "1", "Lenovo XClarity Controller", "AFBT58B",
        "BiosAttributeRegistry.1.0.0", LENOVO, True, {"Vendor": "Lenovo"},
    ),
    "supermicro": Maker(
        "1", "Bios/SD", "1", "1", "X13DEG-OAD", "01.02.40", "BiosAttributeRegistry.v1_0_0",
        SUPERMICRO, False, {"Oem": {"Supermicro": {}}},
    ),
    "cisco": Maker(
        "WZP00000AAA", "Bios/Settings", "1", "CIMC", "UCSC-C240-M6SX", "4.3(2.240009)",
        "CiscoBiosAttributeRegistry.v1_0_0", CISCO, False, {"Vendor": "Cisco Systems Inc."},
    ),
}  # fmt: skip


def uuid_of(host: HostShape) -> str:
    """The UUID that vSphere tells of a host."""
    return f"4c4c4544-0059-3410-804b-{int.from_bytes(host.name.encode()[:6], 'big'):012x}"


def _link(path: str) -> dict[str, str]:
    return {"@odata.id": path}


def resources(host: HostShape, bmc: BmcShape) -> Resources:
    """Return all that the BMC of a host answers, by path."""
    maker = MAKERS[bmc.vendor]
    lower = bmc.vendor == "hpe"
    system = f"{ROOT}/Systems/{maker.system}"
    bios = f"{ROOT}/systems/1/bios/" if lower else f"{system}/Bios"
    pending = f"{ROOT}/systems/1/{maker.pending}" if lower else f"{system}/{maker.pending}"
    chassis = f"{ROOT}/Chassis/{maker.chassis}"
    now = {**maker.usual, **bmc.now}
    return {
        ROOT: {
            **_link(ROOT), "@odata.type": "#ServiceRoot.v1_10_0.ServiceRoot",
            "RedfishVersion": "1.13.1", "Systems": _link(f"{ROOT}/Systems"),
            "Links": {"Sessions": _link(f"{ROOT}/SessionService/Sessions")}, **maker.root,
        },
        f"{ROOT}/Systems": {
            **_link(f"{ROOT}/Systems"), "Members@odata.count": 1, "Members": [_link(system)],
            "@odata.type": "#ComputerSystemCollection.ComputerSystemCollection",
        },
        system: _system(host, bmc, maker, system, bios, chassis),
        bios: {
            **_link(bios), "@odata.type": "#Bios.v1_2_0.Bios", "AttributeRegistry": maker.registry,
            "@Redfish.Settings": {"SettingsObject": _link(pending)}, "Attributes": now,
        },
        pending: {
            **_link(pending), "@odata.type": "#Bios.v1_2_0.Bios",
            "AttributeRegistry": maker.registry, **_then(bmc, maker, now),
        },
        f"{ROOT}/Managers/{maker.manager}": {
            **_link(f"{ROOT}/Managers/{maker.manager}"), "@odata.type": "#Manager.v1_13_0.Manager",
            "Model": maker.kind, "FirmwareVersion": maker.firmware, "Status": {"Health": "OK"},
        },
        **_chassis(host, bmc, chassis),
    }  # fmt: skip


def _then(bmc: BmcShape, maker: Maker, now: Mapping[str, Any]) -> dict[str, Any]:
    if maker.whole_pending:
        return {"Attributes": {**now, **bmc.then}}
    return {"Attributes": dict(bmc.then)} if bmc.then else {}


def _system(
    host: HostShape, bmc: BmcShape, maker: Maker, path: str, bios: str, chassis: str
) -> dict[str, Any]:
    uuid, tag = uuid_of(host), host.serial
    if bmc.identity == "swapped":
        uuid = f"44454c4c-5900-1034{uuid[18:]}"
    elif bmc.identity == "tag":
        uuid = "00000000-0000-0000-0000-000000000000"
    elif bmc.identity == "another":
        uuid, tag = "4c4c4544-0059-3410-804b-000000000099", "EF45GH6"
    dell = bmc.vendor == "dell"
    return {
        **_link(path), "@odata.type": "#ComputerSystem.v1_16_0.ComputerSystem",
        "UUID": uuid, "SKU": tag if dell else "PN-000-01",
        "SerialNumber": "CNFCP0000000AB" if dell else tag, "AssetTag": "",
        "Manufacturer": host.vendor, "Model": host.model, "BiosVersion": host.bios,
        "PowerState": "On", "Status": {"Health": "OK", "HealthRollup": "OK", "State": "Enabled"},
        "ProcessorSummary": {"Count": 2, "Model": host.cpu}, "Bios": _link(bios),
        "Links": {"ManagedBy": [_link(f"{ROOT}/Managers/{maker.manager}")],
                  "Chassis": [_link(chassis)]},
    }  # fmt: skip


def _chassis(host: HostShape, bmc: BmcShape, path: str) -> Resources:
    devices, slots = {}, []
    for number, gpu in enumerate(host.gpus, 1):
        bus = int(gpu.address.split(":")[1], 16)
        name = {"dell": f"{bus}-0", "lenovo": f"slot_{number}"}.get(bmc.vendor, f"GPU{number}")
        where = f"{path}/PCIeDevices/{name}"
        sick = bmc.sick_gpu == gpu.address
        devices[where] = {
            **_link(where), "@odata.type": "#PCIeDevice.v1_7_0.PCIeDevice", "Id": name,
            "Name": gpu.model.name, "Manufacturer": "NVIDIA Corporation", "Model": gpu.model.name,
            "FirmwareVersion": "92.00.9E.00.01",
            "Status": {"State": "Enabled", "Health": "Critical" if sick else "OK"},
        }  # fmt: skip
        label = {} if bmc.vendor == "dell" else {"ServiceLabel": f"PCIe {number}"}
        slots.append(
            {"Location": {"PartLocation": {**label, "LocationOrdinalValue": number,
                                           "LocationType": "Slot"}},
             "Lanes": 16, "Links": {"PCIeDevice": [_link(where)]}}
        )  # fmt: skip
    return {
        path: {
            **_link(path), "@odata.type": "#Chassis.v1_19_0.Chassis",
            "PCIeSlots": _link(f"{path}/PCIeSlots"), "PCIeDevices": _link(f"{path}/PCIeDevices"),
            "Power": _link(f"{path}/Power"), "Thermal": _link(f"{path}/Thermal"),
        },
        f"{path}/PCIeDevices": {
            **_link(f"{path}/PCIeDevices"), "Members": [_link(one) for one in devices],
            "@odata.type": "#PCIeDeviceCollection.PCIeDeviceCollection",
        },
        **devices,
        f"{path}/PCIeSlots": {
            **_link(f"{path}/PCIeSlots"), "@odata.type": "#PCIeSlots.v1_4_1.PCIeSlots",
            "Slots": slots,
        },
        f"{path}/Power": {
            **_link(f"{path}/Power"), "@odata.type": "#Power.v1_7_0.Power",
            "PowerSupplies": [{"Name": f"PS{number} Status", "Status": {"Health": health}}
                              for number, health in ((1, "OK"), (2, bmc.supply))],
        },
        f"{path}/Thermal": {
            **_link(f"{path}/Thermal"), "@odata.type": "#Thermal.v1_7_0.Thermal",
            "Temperatures": [{"Name": f"{one.rpartition('/')[2]} Temp", "ReadingCelsius": 54,
                              "Status": {"Health": "OK"}} for one in devices],
        },
    }  # fmt: skip
