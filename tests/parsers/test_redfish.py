"""Answers of BMCs: what is told, what is not, and what is no answer at all."""

import contextlib
import json
import random
import re

import pytest

from hostcheck.errors import ParseError
from hostcheck.model.fact import Unknown, Why
from hostcheck.parsers import (
    redfish_bios,
    redfish_chassis,
    redfish_manager,
    redfish_pcie_devices,
    redfish_pcie_function,
    redfish_pcie_slots,
    redfish_power,
    redfish_root,
    redfish_system,
    redfish_systems,
    redfish_thermal,
)
from hostcheck.syntax.redfish import LEFT_OUT, fits, without_secrets

PARSERS = (
    redfish_bios, redfish_chassis, redfish_manager, redfish_pcie_devices, redfish_pcie_function,
    redfish_pcie_slots, redfish_power, redfish_root, redfish_system, redfish_systems,
    redfish_thermal,
)  # fmt: skip
BIOS = {"@odata.id": "/redfish/v1/Systems/1/Bios", "@odata.type": "#Bios.v1_2_0.Bios"}


def link(path):
    return {"@odata.id": path}


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected JSON"),
        ("<!DOCTYPE html><html><body>Not Found</body></html>", "not a web page"),
        ("[]", "expected a JSON object"),
        ('{"@odata.id": "/redf', "expected JSON"),
        ('"' + "[" * 5, "expected JSON"),
        ("[" * 3000, "expected JSON"),
        (
            json.dumps({"error": {"code": "Base.1.10.GeneralError", "@Message.ExtendedInfo": [
                {"MessageId": "SMC.1.0.OemLicenseNotPassed", "Message": "Not licensed."}
            ]}}),
            "the BMC answers with an error: Not licensed.",
        ),
        ('{"error": {}}', "no words"),
        ('{"error": "busy"}', "no words"),
    ],
)  # fmt: skip
def test_no_answer(parser, text, words):
    with pytest.raises(ParseError, match=words):
        parser.parse(text)


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"Members": [1, "x", null, {}], "Slots": [null, 3, {}], "Status": 7, "Bios": "x"}',
        '{"Members": {}, "Slots": {}, "Temperatures": {}, "PowerSupplies": [[]], "Id": 1}',
        '{"Attributes": [1], "Links": {"ManagedBy": {}}, "@odata.type": "#Bios.v1_0_0.Bios"}',
    ],
)
def test_an_odd_answer_crashes_nothing(parser, text):
    with contextlib.suppress(ParseError):
        parser.parse(text)


def test_settings_as_they_are_written():
    text = json.dumps(
        {
            **BIOS,
            "Attributes": {"B": "Enabled", "A": False, "N": 4, "Null": None, "S": "  two  words "},
            "AttributeRegistry": "BiosAttributeRegistry.v1_0_3",
            "@Redfish.Settings": {"SettingsObject": link("/redfish/v1/Systems/1/Bios/SD")},
        }
    )
    read = redfish_bios.parse(text)
    assert read.attributes == {"A": "false", "B": "Enabled", "N": "4", "S": "two words"}
    assert list(read.attributes) == ["A", "B", "N", "S"]
    assert read.waiting == "/redfish/v1/Systems/1/Bios/SD"


def test_no_setting_is_a_known_nothing_and_no_bios_is_unknown():
    assert redfish_bios.parse(json.dumps(BIOS)).attributes == {}
    assert redfish_bios.parse(json.dumps({**BIOS, "Attributes": {}})).attributes == {}
    read = redfish_bios.parse('{"@odata.type": "#Chassis.v1_0_0.Chassis"}')
    assert isinstance(read.attributes, Unknown)
    odd = redfish_bios.parse(json.dumps({**BIOS, "Attributes": "none"})).attributes
    assert isinstance(odd, Unknown)
    assert odd.why is Why.UNPARSED


def test_settings_of_ilo_4_stand_in_the_resource_itself():
    text = json.dumps(
        {
            "@odata.id": "/redfish/v1/Systems/1/Bios/", "@odata.type": "#HpBios.1.2.0.HpBios",
            "AttributeRegistry": "HpBiosAttributeRegistryP89.1.1.00", "Sriov": "Enabled",
            "IntelProcVtd": "Disabled", "SettingsResult": {"ETag": "0"},
            "links": {"Settings": {"href": "/redfish/v1/Systems/1/Bios/Settings/"}},
        }
    )  # fmt: skip
    read = redfish_bios.parse(text)
    assert read.attributes["Sriov"] == "Enabled"
    assert read.attributes["IntelProcVtd"] == "Disabled"
    assert "@odata.id" not in read.attributes
    assert read.waiting == "/redfish/v1/Systems/1/Bios/Settings/"


def test_a_link_that_leads_elsewhere_is_none():
    for path in ("https://elsewhere.example.com/redfish/v1/x", "/etc/passwd", 7, None, ["x"]):
        text = json.dumps({"Bios": link(path), "UUID": "x"})
        assert isinstance(redfish_system.parse(text).bios, Unknown)


@pytest.mark.parametrize(
    ("path", "fit"),
    [
        ("/redfish/v1/Systems/System.Embedded.1/Bios", True),
        ("/redfish/v1/systems/1/bios/", True),
        ("/redfish/v1/Systems/WZP2415000X/Bios", True),
        ("/redfish/v1/Systems/1/../2/Bios", False),
        ("/redfish/v1/Systems/../Bios", False),
        ("/redfish/v1/Systems/1/Bios?x=1", False),
        ("/redfish/v1/Systems/1/Bios#x", False),
        ("/redfish/v1/Systems/1/Bios/Actions/Bios.ResetBios", False),
        ("/redfish/v1/Systems//Bios", False),
        ("//elsewhere.example.com/redfish/v1/Systems/1/Bios", False),
        ("/redfish/v1/Systems/1\r\nX: y/Bios", False),
        ("/redfish/v1/Systems/%2e%2e/Bios", False),
        ("/redfish/v1/Systems/1/Bios\n", False),
    ],
)
def test_only_a_path_of_the_published_form_fits(path, fit):
    assert fits(redfish_bios.CURRENT.template, path) is fit


def test_a_query_of_ours_fits_and_no_other():
    template = redfish_pcie_devices.EXPANDED.template
    assert fits(template, "/redfish/v1/Chassis/1/PCIeDevices?$expand=.($levels=1)")
    assert not fits(template, "/redfish/v1/Chassis/1/PCIeDevices?$expand=*")
    assert not fits(template, "/redfish/v1/Chassis/1/PCIeDevices")


def test_digests_of_passwords_are_no_settings():
    text = (
        '{"Attributes": {"SHA256SetupPassword": "19D2\\"83", "SHA256SetupPasswordSalt":"4EB3",'
        '"IscsiDev1Con1ChapSecret": "geheim", "SetupPassword": null, "SriovGlobalEnable":"On"}}'
    )
    cleaned = without_secrets(text)
    assert json.loads(cleaned)["Attributes"] == {
        "SHA256SetupPassword": LEFT_OUT, "SHA256SetupPasswordSalt": LEFT_OUT,
        "IscsiDev1Con1ChapSecret": LEFT_OUT, "SetupPassword": None, "SriovGlobalEnable": "On",
    }  # fmt: skip


SECRET = re.compile(
    "passw(or)?d|passphrase|secret|salt|token|private_?key|credential|sha256(setup|system)|kmskey",
    re.IGNORECASE,
)
PIECES = (
    "Password", "passwd", "passw", "Token", "SHA256SetupPassword", "sha256", "Salt", "KMSKey",
    "PRIVATE_KEY", "Mode", "é", '"', "\\", '": "', ", ", ": ", " ", "\n", "\U0001f511",
)  # fmt: skip


def hidden(value, name=""):
    """The same document, with words of secret names left out; what the text is not asked for."""
    if isinstance(value, dict):
        return {key: hidden(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [hidden(one) for one in value]
    return LEFT_OUT if isinstance(value, str) and SECRET.search(name) else value


@pytest.mark.parametrize("plain", [True, False], ids=["escapes", "letters"])
def test_secrets_are_left_out_under_any_name_and_nothing_else(plain):
    chance = random.Random(7)

    def words():
        return "".join(chance.choices(PIECES, k=chance.randint(0, 4)))

    secrets = 0
    for _ in range(2000):
        given = {
            words(): chance.choice([words(), 7, None, [words(), words()], {words(): words()}])
            for _ in range(5)
        }
        signs = chance.choice([(",", ":"), (", ", " : "), (",\n", ":\n ")])
        text = json.dumps(given, ensure_ascii=plain, separators=signs)
        assert json.loads(without_secrets(text)) == hidden(given)
        secrets += hidden(given) != given
    assert secrets > 500


def test_a_long_text_of_nothing_but_words_for_secrets_comes_to_an_end():
    """Looked at once; from each word to the end it would take hours."""
    text = json.dumps({"Description": "token" * 1_600_000, "Token": "x"})
    for one in (text, text.replace("Desc", "é")):
        assert json.loads(without_secrets(one))["Token"] == LEFT_OUT


def test_what_a_computer_is():
    text = json.dumps(
        {
            "UUID": "34383350-3131-584d-5133-303230394d53", "SKU": "P12345-B21",
            "SerialNumber": " SGH123 ", "AssetTag": "rack 7", "Manufacturer": "HPE",
            "Bios": link("/redfish/v1/systems/1/bios/"), "PowerState": "On",
            "Status": {"Health": "OK", "HealthRollup": "Critical"},
            "Links": {"Chassis": [link("/redfish/v1/Chassis/1/")]},
            "Oem": {"Hpe": {"PostState": "FinishedPost"}},
        }
    )  # fmt: skip
    read = redfish_system.parse(text)
    assert read.serial == "SGH123"
    assert read.bios == "/redfish/v1/systems/1/bios/"
    assert read.health == "Critical"
    assert read.chassis == ("/redfish/v1/Chassis/1/",)
    assert read.post_state == "FinishedPost"
    assert "rack 7" not in str(read)


def test_the_vendor_may_stand_in_oem_alone():
    assert redfish_root.parse('{"Oem": {"Hpe": {}}}').vendor == "Hpe"
    assert redfish_root.parse('{"Vendor": "Dell", "Oem": {"Dell": {}}}').vendor == "Dell"
    assert isinstance(redfish_root.parse('{"Id": "RootService"}').vendor, Unknown)


def test_members_that_are_links_or_whole():
    listed = json.dumps({"Members": [link("/redfish/v1/Chassis/1/PCIeDevices/GPU1")]})
    (one,) = redfish_pcie_devices.parse(listed)
    assert (one.id, one.path) == ("GPU1", "/redfish/v1/Chassis/1/PCIeDevices/GPU1")
    assert isinstance(one.maker, Unknown)
    whole = json.dumps(
        {"Members": [{
            **link("/redfish/v1/Chassis/1/PCIeDevices/slot_3/"), "Id": "slot_3",
            "Manufacturer": "NVIDIA", "Name": "NVIDIA L40", "Model": "N/A",
            "Slot": {"Location": {"PartLocation": {"ServiceLabel": "PCIe 3"}}},
            "Links": {"PCIeFunctions": [link("/redfish/v1/Chassis/1/PCIeDevices/slot_3/x/y")]},
        }]}
    )  # fmt: skip
    (one,) = redfish_pcie_devices.parse(whole)
    assert (one.id, one.maker, one.slot) == ("slot_3", "NVIDIA", "PCIe 3")
    assert isinstance(one.model, Unknown)
    assert one.functions == ("/redfish/v1/Chassis/1/PCIeDevices/slot_3/x/y",)


@pytest.mark.parametrize(
    ("told", "vendor", "where"),
    [
        ({"VendorId": "0x10de", "Name": "NVIDIA L40 b3:00:00"}, 0x10DE, "0000:b3:00.0"),
        ({"VendorId": "4318", "Name": "Function 1"}, 4318, None),
        ({"VendorId": "0x0000", "Name": "GPU1"}, None, None),
        ({"VendorId": "none", "Name": "NIC 10:00:09"}, None, None),
    ],
)
def test_functions(told, vendor, where):
    read = redfish_pcie_function.parse(json.dumps(told))
    assert (None if isinstance(read.vendor_id, Unknown) else read.vendor_id) == vendor
    assert (None if isinstance(read.address, Unknown) else read.address) == where


def test_slots_power_and_temperatures():
    slots = redfish_pcie_slots.parse(
        json.dumps({"Slots": [
            {"Location": {"PartLocation": {"ServiceLabel": "PCI-E Slot 1"}}, "Lanes": 16},
            {"Location": {"PartLocation": {"LocationOrdinalValue": 7}},
             "Links": {"PCIeDevice": [link("/redfish/v1/Systems/1/PCIeDevices/202-0")]}},
        ]})
    )  # fmt: skip
    assert [one.label for one in slots] == ["PCI-E Slot 1", "slot 7"]
    assert slots[1].devices == ("/redfish/v1/Systems/1/PCIeDevices/202-0",)
    supplies = redfish_power.parse(
        json.dumps({"PowerSupplies": [
            {"Name": "PS1", "Status": {"Health": "OK", "State": "Enabled"}},
            {"Name": "PS2", "Status": {"State": "Absent"}},
            {"Status": {"Health": "Critical"}},
        ]})
    )  # fmt: skip
    assert [(one.name, one.health) for one in supplies] == [
        ("PS1", "OK"), ("power supply 3", "Critical")
    ]  # fmt: skip
    (sensor,) = redfish_thermal.parse(
        json.dumps({"Temperatures": [
            {"Name": "GPU3 Temp", "ReadingCelsius": 61, "Status": {"Health": "OK"}},
            {"ReadingCelsius": 3}, {"Name": "gone", "Status": {"State": "Absent"}},
        ]})
    )  # fmt: skip
    assert (sensor.name, sensor.celsius) == ("GPU3 Temp", 61)
    assert isinstance(sensor.critical_celsius, Unknown)


def test_power_and_temperatures_as_newer_bmcs_tell_them():
    base = "/redfish/v1/Chassis/1/PowerSubsystem/PowerSupplies"
    listed = redfish_power.parse_list(json.dumps({"Members": [link(f"{base}/PSU1")]}))
    assert listed == (f"{base}/PSU1",)
    assert redfish_power.parse_list('{"Members": []}') == ()
    (supply,) = redfish_power.parse_one(
        json.dumps({"Id": "PSU1", "Name": "PS1 Status", "Status": {"Health": "Critical"}})
    )
    assert (supply.name, supply.health) == ("PS1 Status", "Critical")
    assert redfish_power.parse_one('{"Id": "PSU2", "Status": {"State": "Absent"}}') == ()
    readings = redfish_thermal.parse_metrics(
        json.dumps({"TemperatureReadingsCelsius": [
            {"DeviceName": "Internal", "Reading": 37.0,
             "DataSourceUri": "/redfish/v1/Chassis/1/Sensors/GPU3Temp"},
            {"DeviceName": "GPU4", "Reading": 41.0}, {"Reading": 3},
        ]})
    )  # fmt: skip
    told = [(one.name, one.celsius) for one in readings]
    assert told == [("GPU3Temp", 37.0), ("GPU4", 41.0)]
    assert all(isinstance(one.health, Unknown) for one in readings)


@pytest.mark.parametrize("text", ["{}", "[]", "", "<html>", '{"Members": 1}', '{"Members": [7]}',
                                  '{"TemperatureReadingsCelsius": null}'])  # fmt: skip
def test_newer_answers_that_list_nothing_are_refused(text):
    for parse in (redfish_power.parse_list, redfish_power.parse_one, redfish_thermal.parse_metrics):
        with pytest.raises(ParseError):
            parse(text)


def test_the_bmc_itself_and_its_chassis():
    told = redfish_manager.parse('{"Model": "iLO 5", "FirmwareVersion": "iLO 5 v2.72"}')
    assert (told.model, told.firmware) == ("iLO 5", "iLO 5 v2.72")
    chassis = redfish_chassis.parse(json.dumps({"Power": link("/redfish/v1/Chassis/1/Power/")}))
    assert chassis.power == "/redfish/v1/Chassis/1/Power/"
    assert isinstance(chassis.thermal, Unknown)


def test_a_list_without_members_is_not_known():
    with pytest.raises(ParseError, match="Members is not there"):
        redfish_systems.parse('{"Name": "Computer System Collection"}')
    assert redfish_systems.parse('{"Members": []}') == ()
