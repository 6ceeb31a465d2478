"""A BMC's answers as facts of a host: whose it is, what it says, what it leaves open."""

import json
from pathlib import Path

import pytest

from hostcheck import catalog
from hostcheck.assemble.bmc import alone, with_bmc
from hostcheck.assemble.book import Book
from hostcheck.assemble.identity import BY_SWAPPED, BY_TAG, BY_UUID
from hostcheck.model.bmc import Setting
from hostcheck.model.capture import Capture
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.parsers import (
    redfish_bios,
    redfish_manager,
    redfish_pcie_devices,
    redfish_pcie_function,
    redfish_pcie_slots,
    redfish_power,
    redfish_root,
    redfish_system,
    redfish_systems,
    redfish_thermal,
    vim_host_system,
)
from hostcheck.syntax.redfish import fits
from tests.checks.synthetic import a_gpu, a_host, processors

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "redfish"
REQUESTS = (
    redfish_root.REQUEST, redfish_systems.REQUEST, redfish_system.REQUEST, *redfish_bios.REQUEST,
    redfish_manager.REQUEST, redfish_pcie_slots.REQUEST, *redfish_pcie_devices.REQUEST,
    *redfish_pcie_function.REQUEST, redfish_power.REQUEST, redfish_thermal.REQUEST,
    redfish_power.LISTED, redfish_power.ONE, redfish_thermal.METRICS,
)  # fmt: skip
CURRENT = redfish_bios.CURRENT.template
UUID, SWAPPED = "4c4c4544-0059-3410-804b-6573782d3031", "44454c4c-5900-1034-804b-6573782d3031"
OTHER = "11111111-2222-3333-4444-555555555555"


def captures(resources, failures=None):
    """Return the answers of a BMC, by the question each path belongs to."""
    found = {}
    for path, value in {**resources, **(failures or {})}.items():
        request = next(one for one in REQUESTS if fits(one.template, path))
        request = request.of(path) if "{" in request.template else request
        failed = isinstance(value, Unknown)
        text = "" if failed else json.dumps(value) if isinstance(value, dict) else value
        found[request.key] = Capture(request, text, failure=value if failed else None)
    return found


def link(path):
    return {"@odata.id": path}


def bmc(now=None, then=None, *, vendor="Dell Inc.", cpu="Intel(R) Xeon(R) Gold", **changes):
    """Return the resources of a BMC, links in the vendor's own case and with its slash."""
    base = "/redfish/v1/Systems/1"
    system = {
        **link(base), "UUID": UUID, "SKU": "AB12CD3", "SerialNumber": "CNFCP0012300AB",
        "Manufacturer": vendor, "Model": "PowerEdge R750xa", "BiosVersion": "1.8.2",
        "ProcessorSummary": {"Model": cpu}, "PowerState": "On", "AssetTag": "RACK7",
        "Bios": link("/redfish/v1/systems/1/bios/"),
        "Links": {"ManagedBy": [link("/redfish/v1/Managers/1")],
                  "Chassis": [link("/redfish/v1/Chassis/1")]},
        **changes,
    }  # fmt: skip
    bios = {
        "@odata.type": "#Bios.v1_2_0.Bios", "Attributes": now or {},
        "@Redfish.Settings": {"SettingsObject": link("/redfish/v1/systems/1/bios/settings/")},
    }  # fmt: skip
    waiting = {"@odata.type": "#Bios.v1_2_0.Bios"}
    if then is not None:
        waiting["Attributes"] = then
    return {
        "/redfish/v1": {"Vendor": vendor, "RedfishVersion": "1.13.1"},
        "/redfish/v1/Systems": {"Members": [link(base)]},
        base: system,
        "/redfish/v1/systems/1/bios/": bios,
        "/redfish/v1/systems/1/bios/settings/": waiting,
        "/redfish/v1/Managers/1": {"Model": "16G", "FirmwareVersion": "7.10.30.00"},
    }


def vsphere(uuid=UUID, serial="AB12CD3", tags=()):
    """Return vSphere's answer about the host."""
    listed = "".join(
        f"<otherIdentifyingInfo><identifierValue>{value}</identifierValue><identifierType>"
        f"<label>x</label><summary>x</summary><key>{kind}</key></identifierType>"
        "</otherIdentifyingInfo>"
        for kind, value in tags
    )
    text = (
        '<objects><obj type="HostSystem">host-1</obj><propSet><name>hardware.systemInfo</name>'
        f"<val><vendor>Dell Inc.</vendor><model>x</model><uuid>{uuid}</uuid>{listed}"
        f"<serialNumber>{serial}</serialNumber></val></propSet></objects>"
    )
    request = vim_host_system.REQUEST.of("host-1")
    return {request.key: Capture(request, text)}


def host_of(resources, failures=None, host=None, cpu="intel", **identity):
    book = Book({**captures(resources, failures), **vsphere(**identity)})
    return with_bmc(host or a_host(**processors((1, 1), vendor=cpu)), book)


ON = {"SriovGlobalEnable": "Enabled", "ProcVirtualization": "Enabled", "SubNumaCluster": "Disabled"}


# --- whose BMC it is ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("identity", "changes", "how"),
    [
        ({}, {}, BY_UUID),
        ({"uuid": UUID.upper()}, {}, BY_UUID),
        ({"uuid": SWAPPED}, {}, BY_SWAPPED),
        ({"uuid": UUID}, {"UUID": SWAPPED.upper()}, BY_SWAPPED),
        ({"uuid": OTHER}, {}, BY_TAG),
        ({"uuid": OTHER, "serial": "ab12cd3"}, {}, BY_TAG),
        ({"uuid": OTHER, "serial": "", "tags": (("ServiceTag", "AB12CD3"),)}, {}, BY_TAG),
        ({"uuid": "00000000-0000-0000-0000-000000000000"}, {"UUID": None}, BY_TAG),
    ],
)
def test_a_bmc_is_the_hosts(identity, changes, how):
    found = host_of(bmc(ON, **changes), **identity).bmc
    assert isinstance(found, Known)
    assert found.value.joined_by.value == how


@pytest.mark.parametrize(
    ("identity", "changes", "words"),
    [
        ({"uuid": OTHER, "serial": "ZZ99ZZ9"}, {}, "not this host's"),
        ({"uuid": OTHER, "serial": "CNFCP0012300AB"}, {}, "not this host's"),
        ({"uuid": OTHER, "serial": "RACK7", "tags": (("AssetTag", "AB12CD3"),)}, {}, "not this"),
        ({"uuid": OTHER, "serial": ""}, {"SKU": ""}, "not this host's"),
        ({"uuid": "", "serial": ""}, {}, "does not tell which machine"),
        (
            {"uuid": "00000000-0000-0000-0000-000000000000", "serial": "Default string"},
            {"UUID": "00000000-0000-0000-0000-000000000000", "SKU": "Default string"},
            "does not tell which machine",
        ),
        (
            {"uuid": "03000200-0400-0500-0006-000700080009", "serial": "To be filled by O.E.M."},
            {"UUID": "03000200-0400-0500-0006-000700080009", "SKU": "To be filled by O.E.M."},
            "does not tell which machine",
        ),
    ],
)
def test_a_bmc_of_another_machine_never_speaks_for_this_one(identity, changes, words):
    host = host_of(bmc(ON, **changes), **identity)
    assert isinstance(host.bmc, Unknown)
    assert words in host.bmc.detail


def test_only_dells_service_tag_is_in_the_sku():
    hpe = bmc({}, vendor="HPE", cpu="AMD EPYC 7763", SerialNumber="SGH1234567", SKU="P38411-B21")
    assert host_of(hpe, uuid=OTHER, serial="SGH1234567").bmc.value.joined_by.value == BY_TAG
    assert isinstance(host_of(hpe, uuid=OTHER, serial="P38411-B21").bmc, Unknown)


def test_two_computers_with_one_identity_are_refused():
    both = bmc(ON)
    both["/redfish/v1/Systems"] = {
        "Members": [link("/redfish/v1/Systems/1"), link("/redfish/v1/Systems/2")]
    }
    both["/redfish/v1/Systems/2"] = {
        **both["/redfish/v1/Systems/1"],
        **link("/redfish/v1/Systems/2"),
    }
    found = host_of(both).bmc
    assert isinstance(found, Unknown)
    assert "2 computers" in found.detail


def test_a_computer_without_bios_settings_is_not_it():
    both = bmc(ON)
    both["/redfish/v1/Systems/HGX_Baseboard_0"] = {**link("/redfish/v1/Systems/HGX_Baseboard_0"),
                                                   "UUID": UUID}  # fmt: skip
    assert host_of(both).bmc.value.model.value == "PowerEdge R750xa"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/redfish/v1", Why.UNREACHABLE), ("/redfish/v1/Systems", Why.DENIED),
        ("/redfish/v1/Systems/1", Why.TIMEOUT),
    ],
)  # fmt: skip
def test_an_answer_that_is_lost_says_why(path, why):
    resources = bmc(ON)
    left = {path: Unknown(why, "no answer", path)}
    if path != "/redfish/v1/Systems/1":
        resources = {}
    found = host_of(resources, left).bmc
    assert isinstance(found, Unknown)
    assert found.why is why


def test_without_vsphere_nothing_is_joined():
    book = Book(captures(bmc(ON)))
    assert isinstance(with_bmc(a_host(), book).bmc, Unknown)


def test_a_host_whose_bmc_nobody_asked_has_none():
    host = a_host()
    assert with_bmc(host, Book(vsphere())) is host


# --- settings -------------------------------------------------------------------------------------


def word(host, setting):
    return host.bmc.value.active(setting)


def test_settings_now_and_after_the_next_start():
    host = host_of(bmc(ON, {"SriovGlobalEnable": "Disabled"}))
    one = host.bmc.value.setting(Setting.SRIOV)
    assert (one.active.value, one.pending.value) == ("on", "off")
    (waiting,) = host.bmc.value.waiting.value
    assert (waiting.attribute, waiting.now, waiting.then) == (
        "SriovGlobalEnable", "Enabled", "Disabled"
    )  # fmt: skip
    asked = [host.sources[index].asked for index in one.pending.sources]
    assert asked == [redfish_bios.CURRENT.template, redfish_bios.WAITING.template]


def test_nothing_waits_where_dell_lists_nothing_and_where_hpe_lists_the_same():
    assert host_of(bmc(ON)).bmc.value.waiting.value == ()
    assert host_of(bmc(ON, {})).bmc.value.waiting.value == ()
    hpe = {"vendor": "HPE", "cpu": "AMD EPYC 7763"}
    same = bmc({"Sriov": "Enabled"}, {"Sriov": "Enabled", "AdminPassword": "x"}, **hpe)
    assert host_of(same, cpu="amd").bmc.value.waiting.value == ()
    mute = host_of(bmc({"Sriov": "Enabled"}, {}, **hpe), cpu="amd").bmc.value
    assert isinstance(mute.waiting, Unknown)
    assert isinstance(mute.setting(Setting.SRIOV).pending, Unknown)
    assert mute.active(Setting.SRIOV).value == "on"


def test_no_setting_in_the_self_test_is_not_known():
    host = host_of(bmc({}))
    assert isinstance(host.bmc.value.settings, Unknown)
    assert "self-test" in host.bmc.value.settings.detail
    assert isinstance(host.bmc.value.waiting, Unknown)


def test_a_lost_bios_leaves_what_else_is_known():
    resources = bmc(ON)
    path = "/redfish/v1/systems/1/bios/"
    lost = Unknown(Why.ABSENT, "not licensed (OemLicenseNotPassed)", path)
    host = host_of(resources, {path: lost})
    assert host.bmc.value.settings.detail == "not licensed (OemLicenseNotPassed)"
    assert host.bmc.value.bios_version.value == "1.8.2"
    assert host.bmc.value.firmware.value == "7.10.30.00"


def test_the_processor_decides_which_attribute_is_the_iommu():
    amd = {"ProcVirtualization": "Enabled", "IommuSupport": "Disabled"}
    assert word(host_of(bmc(amd, cpu="AMD EPYC 9354")), Setting.IOMMU).value == "off"
    assert word(host_of(bmc(amd)), Setting.IOMMU).value == "on"
    unnamed = host_of(bmc(amd, cpu=""), cpu="amd")
    assert word(unnamed, Setting.IOMMU).value == "off"
    assert isinstance(word(host_of(bmc(amd, cpu="ARM"), cpu="arm"), Setting.IOMMU), Unknown)


def test_both_switches_of_a_dgx_must_be_on():
    def sriov(now):
        host = host_of(bmc(now, vendor="NVIDIA"))
        fact = word(host, Setting.SRIOV)
        return fact if isinstance(fact, Unknown) else fact.value

    assert sriov({"SriovSupport": "Enabled", "SRIOVEnable": "Enable"}) == "on"
    assert sriov({"SriovSupport": "Enabled", "SRIOVEnable": "Disable"}) == "off"
    assert isinstance(sriov({"SriovSupport": "Enabled"}), Unknown)


def test_a_vendor_that_is_not_known_by_names_that_say_what_they_are():
    host = host_of(bmc({"SriovSupport": "Enabled", "VTdSupport": "Disable", "SncEn": "Auto"},
                       vendor="QuantaComp"))  # fmt: skip
    assert host.bmc.value.vendor.value == "QuantaComp"
    assert word(host, Setting.SRIOV).value == "on"
    assert word(host, Setting.IOMMU).value == "off"
    assert isinstance(word(host, Setting.NUMA_SPLIT), Unknown)
    assert isinstance(word(host, Setting.ARI), Unknown)


def test_one_name_several_times_must_agree():
    def snc(*values):
        now = {f"SNC_{0xF300 + index:04X}": value for index, value in enumerate(values)}
        return word(host_of(bmc(now, vendor="Supermicro")), Setting.NUMA_SPLIT)

    assert snc("Enable SNC2 (2-clusters)", "Enable SNC2 (2-clusters)").value == "2"
    assert isinstance(snc("Enable SNC2 (2-clusters)", "Enable SNC4 (4-clusters)"), Unknown)
    assert isinstance(snc("Disable", "Auto"), Known)
    assert isinstance(snc("Enable", "Auto"), Unknown)


def test_two_sources_testify():
    host = host_of(bmc(ON))
    told = {one.topic: [each.value for each in one.statements if isinstance(each, Known)]
            for one in host.testimonies}  # fmt: skip
    assert told["NUMA nodes of a package"] == ["1", "1"]
    cut = host_of(bmc({**ON, "SubNumaCluster": "2-Way"}))
    told = {one.topic: one.statements for one in cut.testimonies}["NUMA nodes of a package"]
    assert [one.value for one in told] == ["1", "2"]


# --- parts ----------------------------------------------------------------------------------------


def test_a_gpu_of_the_host_goes_by_its_slot():
    gpu = a_gpu(0)
    bus = int(gpu.address.split(":")[1], 16)
    resources = bmc(ON)
    chassis = "/redfish/v1/Chassis/1"
    resources |= {
        f"{chassis}/PCIeDevices": {"Members": [link(f"{chassis}/PCIeDevices/{bus}-0")]},
        f"{chassis}/PCIeDevices/{bus}-0": {
            **link(f"{chassis}/PCIeDevices/{bus}-0"), "Id": f"{bus}-0", "Name": "GA100",
            "Manufacturer": "NVIDIA Corporation", "Status": {"Health": "Critical"},
        },
        f"{chassis}/PCIeDevices/49-0": {
            **link(f"{chassis}/PCIeDevices/49-0"), "Id": "49-0", "Name": "ConnectX-6",
            "Manufacturer": "NVIDIA Corporation",
        },
        f"{chassis}/PCIeSlots": {"Slots": [
            {"Location": {"PartLocation": {"LocationOrdinalValue": 7}},
             "Links": {"PCIeDevice": [link(f"/redfish/v1/Systems/1/PCIeDevices/{bus}-0")]}}
        ]},
        f"{chassis}/Power": {"PowerSupplies": [{"Name": "PS1", "Status": {"Health": "OK"}}]},
        f"{chassis}/Thermal": {"Temperatures": [
            {"Name": f"{bus}-0 Temp", "ReadingCelsius": 61}]},
    }  # fmt: skip
    host = host_of(resources, host=a_host(gpus=(gpu, a_gpu(1)), **processors((1, 1))))
    (one,) = host.bmc.value.gpus.value
    assert (one.name, one.slot.value, one.address.value) == ("GA100", "slot 7", gpu.address)
    assert one.celsius.value == 61
    assert host.gpus.value[0].slot.value == "slot 7"
    assert isinstance(host.gpus.value[1].slot, Unknown)
    assert [each.health.value for each in host.bmc.value.power_supplies.value] == ["OK"]


def test_a_device_that_could_not_be_read_stays_in_sight():
    chassis = "/redfish/v1/Chassis/1"
    paths = [f"{chassis}/PCIeDevices/{name}" for name in ("GPU1", "GPU2")]
    resources = {**bmc(ON), f"{chassis}/PCIeDevices": {"Members": [link(path) for path in paths]},
                 paths[0]: {**link(paths[0]), "Id": "GPU1", "Manufacturer": "NVIDIA"}}  # fmt: skip
    host = host_of(resources, {paths[1]: Unknown(Why.TIMEOUT, "no answer in 30 s", paths[1])})
    one, other = host.bmc.value.gpus.value
    assert (one.id, other.id) == ("GPU1", "GPU2")
    assert other.health.why is Why.TIMEOUT
    assert "may be a GPU: no answer in 30 s" in other.health.detail


def test_by_itself_a_bmc_tells_its_computers():
    (one,) = alone(Book(captures(bmc(ON)))).value
    assert one.service_tag.value == "AB12CD3"
    assert isinstance(one.joined_by, Unknown)
    assert one.active(Setting.SRIOV).value == "on"
    lost = alone(Book(captures({}, {"/redfish/v1": Unknown(Why.UNREACHABLE, "refused")})))
    assert lost.why is Why.UNREACHABLE


# --- recordings of real machines, where they are at hand ------------------------------------------

SEEN = {
    "dell": {"sriov": "on", "iommu": "on", "above_4g": "on", "numa_split": "off",
             "node_interleaving": "off", "hyper_threading": "on", "mmio_base": "56TB",
             "workload_profile": "NotConfigured", "system_profile": "PerfOptimized",
             "tpm": "on", "secure_boot": "off", "ari": None, "acs": None},
    "hpe": {"sriov": "on", "iommu": "on", "above_4g": None, "numa_split": None, "l3_numa": "off",
            "acs": "on", "mmio_size": "Normal", "hyper_threading": "on", "ari": None,
            "workload_profile": "GeneralPowerEfficientCompute", "cpu_profile": "Disabled",
            "tpm": "on", "secure_boot": "off"},
    "lenovo": {"sriov": "on", "iommu": "on", "above_4g": "on", "numa_split": "off", "acs": "on",
               "node_interleaving": "off", "hyper_threading": "on", "secure_boot": "off",
               "workload_profile": "Balanced", "ari": None},
    "supermicro": {"sriov": "on", "iommu": "on", "above_4g": "on", "ari": "on", "acs": "off",
                   "numa_split": None, "node_interleaving": "off", "mmio_base": "4T",
                   "mmio_size": "1024G", "resizable_bar": "off", "secure_boot": "off"},
}  # fmt: skip
GPUS = {"dell": 1, "hpe": 0, "lenovo": 8, "supermicro": 8}


def recorded(vendor):
    """Return what the BMC of a recorded machine tells, and how many BIOS attributes it lists."""
    folder = SAMPLES / vendor
    if not folder.is_dir():
        pytest.skip("the recordings of real machines do not lie beside the repository")
    resources = {}
    for file in folder.rglob("index.json"):
        told = file.read_text()
        path = json.loads(told)["@odata.id"]
        for each in {path.rstrip("/"), path}:
            if any(fits(one.template, each) for one in REQUESTS):
                resources[each] = told
    (one,) = alone(Book(captures(resources))).value
    bios = [json.loads(told) for path, told in resources.items() if fits(CURRENT, path)]
    return one, len(bios[0]["Attributes"])


@pytest.mark.parametrize("vendor", SEEN)
def test_recordings_of_real_machines(vendor):
    one, _ = recorded(vendor)
    read = {
        setting.setting.value: setting.active.value if isinstance(setting.active, Known) else None
        for setting in one.settings.value
    }
    assert {name: read[name] for name in SEEN[vendor]} == SEEN[vendor]
    assert one.waiting.value == ()
    assert len(one.gpus.value) == GPUS[vendor]
    assert all(isinstance(gpu.slot, Known) for gpu in one.gpus.value)


@pytest.mark.parametrize("vendor", SEEN)
def test_the_table_of_the_docs_says_what_was_seen(vendor):
    one, listed = recorded(vendor)
    page = (Path(__file__).parents[2] / "docs" / "bmc-facts.md").read_text()
    table = page.partition("## What was seen on which recording")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line[:2] == "| "]
    column = [name.strip().lower() for name in rows[0]].index(vendor)
    told = {cells[0].strip(): cells[column].strip() for cells in rows[1:]}
    assert told.pop("attributes listed") == str(listed)
    shown = {catalog.bios().name(each.setting): each.active for each in one.settings.value}
    compared = 0
    for name, cell in told.items():
        setting = next((key for key in shown if key.startswith(LONGER.get(name, name))), None)
        if setting is None:
            continue
        compared += 1
        if cell == "-" or cell.startswith("unknown"):
            assert isinstance(shown[setting], Unknown), (name, shown[setting])
            assert (cell == "unknown: Auto") is ("Auto" in shown[setting].detail), name
        else:
            assert shown[setting].value == cell.partition(" (")[0], name
    assert compared >= 17
    assert one.waiting.value == ()


LONGER = {
    "above 4 GB": "memory-mapped I/O above 4 GB", "NUMA split": "sub-NUMA clustering",
    "L3 as NUMA": "L3 cache as NUMA domain",
}  # fmt: skip


# --- power and temperatures, old and new ----------------------------------------------------------

NEWER = "/redfish/v1/Chassis/1/PowerSubsystem/PowerSupplies"
OLDER = "/redfish/v1/Chassis/1/Power"
TWO = {
    NEWER: {"Members": [link(f"{NEWER}/PSU1"), link(f"{NEWER}/PSU2")]},
    f"{NEWER}/PSU1": {"Id": "PSU1", "Name": "PSU1", "Status": {"Health": "OK"}},
    f"{NEWER}/PSU2": {"Id": "PSU2", "Name": "PSU2", "Status": {"Health": "Critical"}},
}
LOST = Unknown(Why.TIMEOUT, "30 s")


def supplies(resources, failures=None):
    told = host_of({**bmc(ON), **resources}, failures).bmc.value.power_supplies
    if isinstance(told, Unknown):
        return told.why
    return [(one.name, getattr(one.health, "value", "?")) for one in told.value]


def test_supplies_of_newer_bmcs_are_told_one_by_one():
    assert supplies(TWO) == [("PSU1", "OK"), ("PSU2", "Critical")]


def test_a_supply_that_was_not_read_stays_in_sight():
    assert supplies(TWO, {f"{NEWER}/PSU2": LOST}) == [("PSU1", "OK"), ("PSU2", "?")]
    without = {path: one for path, one in TWO.items() if not path.endswith("PSU1")}
    assert supplies(without) == [("PSU1", "?"), ("PSU2", "Critical")]


def test_a_list_that_is_lost_is_unknown_and_one_that_is_read_counts_beside_it():
    assert supplies({}, {NEWER: LOST}) is Why.TIMEOUT
    assert supplies(TWO, {OLDER: LOST}) == [("PSU1", "OK"), ("PSU2", "Critical")]


def test_supplies_of_a_chassis_that_is_lost_are_not_those_of_the_other():
    both = {"Links": {"Chassis": [link("/redfish/v1/Chassis/1"), link("/redfish/v1/Chassis/2")]}}
    power = {OLDER: {"PowerSupplies": [{"Name": "PS1", "Status": {"Health": "OK"}}]}}
    resources = {**bmc(ON, **both), **power}
    told = host_of(resources, {"/redfish/v1/Chassis/2/Power": LOST}).bmc.value.power_supplies
    assert isinstance(told, Unknown)
    assert told.why is Why.TIMEOUT
    gone = Unknown(Why.ABSENT, "HTTP 404")
    told = host_of(resources, {"/redfish/v1/Chassis/2/Power": gone}).bmc.value.power_supplies
    assert [one.name for one in told.value] == ["PS1"]
