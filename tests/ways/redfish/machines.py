"""BMCs made up for tests of the wire: as much of a machine as the walk goes through."""

from typing import Any

ROOT = "/redfish/v1"


def link(path: str) -> dict[str, str]:
    return {"@odata.id": path}


def rack(*, expands: bool = True) -> dict[str, Any]:
    """A server with one GPU in a slot, a BMC, a power supply and a sensor."""
    system, chassis = f"{ROOT}/Systems/System.Embedded.1", f"{ROOT}/Chassis/System.Embedded.1"
    device = f"{chassis}/PCIeDevices/202-0"
    return {
        ROOT: {
            "@odata.id": ROOT, "RedfishVersion": "1.13.1", "Vendor": "Dell",
            "Systems": link(f"{ROOT}/Systems"), "Chassis": link(f"{ROOT}/Chassis"),
            "Links": {"Sessions": link(f"{ROOT}/SessionService/Sessions")},
            "ProtocolFeaturesSupported": {"ExpandQuery": {"NoLinks": expands, "Levels": expands}},
        },
        f"{ROOT}/Systems": {
            "@odata.id": f"{ROOT}/Systems",
            "Members": [link(f"{ROOT}/Systems/Baseboard_0"), link(system)],
        },
        f"{ROOT}/Systems/Baseboard_0": {"@odata.id": f"{ROOT}/Systems/Baseboard_0", "Id": "HGX"},
        system: {
            "@odata.id": system, "Id": "System.Embedded.1", "Manufacturer": "Dell Inc.",
            "UUID": "4c4c4544-0059-3410-804b-000000000001", "SKU": "TAG0001", "PowerState": "On",
            "SerialNumber": "CN0001", "Bios": link(f"{system}/Bios"),
            "Links": {
                "Chassis": [link(chassis)], "ManagedBy": [link(f"{ROOT}/Managers/iDRAC.Embedded.1")]
            },
        },
        f"{system}/Bios": {
            "@odata.id": f"{system}/Bios", "@odata.type": "#Bios.v1_1_0.Bios",
            "Attributes": {
                "SriovGlobalEnable": "Enabled", "MmioAbove4Gb": "Enabled",
                "SHA256SetupPassword": "canary-of-a-digest",
            },
            "@Redfish.Settings": {"SettingsObject": link(f"{system}/Bios/Settings")},
        },
        f"{system}/Bios/Settings": {
            "@odata.id": f"{system}/Bios/Settings", "@odata.type": "#Bios.v1_1_0.Bios",
            "Attributes": {},
        },
        f"{ROOT}/Managers/iDRAC.Embedded.1": {
            "@odata.id": f"{ROOT}/Managers/iDRAC.Embedded.1", "Model": "15G",
            "FirmwareVersion": "6.10",
        },
        chassis: {
            "@odata.id": chassis, "Id": "System.Embedded.1",
            "PCIeSlots": link(f"{chassis}/PCIeSlots"), "Thermal": link(f"{chassis}/Thermal"),
            "PCIeDevices": link(f"{chassis}/PCIeDevices"), "Power": link(f"{chassis}/Power"),
        },
        f"{chassis}/PCIeSlots": {
            "@odata.id": f"{chassis}/PCIeSlots",
            "Slots": [{"Lanes": 16, "Links": {"PCIeDevice": [link(device)]},
                       "Location": {"PartLocation": {"ServiceLabel": "PCIe Slot 7"}}}],
        },
        f"{chassis}/PCIeDevices": {
            "@odata.id": f"{chassis}/PCIeDevices", "Members": [link(device)],
        },
        device: {
            "@odata.id": device, "Id": "202-0", "Name": "NVIDIA L40S",
            "Manufacturer": "NVIDIA Corporation", "Status": {"Health": "OK"},
        },
        f"{chassis}/Power": {
            "@odata.id": f"{chassis}/Power",
            "PowerSupplies": [{"Name": "PS1 Status", "Status": {"Health": "OK"}}],
        },
        f"{chassis}/Thermal": {
            "@odata.id": f"{chassis}/Thermal",
            "Temperatures": [{"Name": "GPU7 Temp", "ReadingCelsius": 41}],
        },
    }  # fmt: skip
