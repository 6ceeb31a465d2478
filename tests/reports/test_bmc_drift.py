"""BIOS settings in which hosts of a cluster differ, by the BMC's word; firmware by model."""

from hostcheck.model.drift import Held
from hostcheck.reports.summary.drifts import Drifts
from tests.checks.bmcs import a_bmc
from tests.checks.synthetic import a_host, changed, known, unknown


def drifts(*hosts):
    found = Drifts()
    for number, (now, cluster, changes) in enumerate(hosts):
        vendor = changes.pop("vendor_key", "dell")
        bmc = a_bmc(vendor, "intel", now, **changes)
        found.add(changed(a_host(bmc=known(bmc)), name=f"esx-{number}", cluster=cluster))
    return {one.topic: one for one in found.drifts()}


ON, OFF = {"SriovGlobalEnable": "Enabled"}, {"SriovGlobalEnable": "Disabled"}


def test_a_setting_that_differs_in_a_cluster():
    found = drifts((ON, "gpu", {}), (ON, "gpu", {}), (OFF, "gpu", {}), (OFF, "other", {}))
    assert list(found) == ["BIOS setting SriovGlobalEnable"]
    one = found["BIOS setting SriovGlobalEnable"]
    assert (one.cluster, one.common, one.share, one.known) == ("gpu", "Enabled", 2, 3)
    assert one.held[1] == Held("Disabled", ("esx-2",), odd=True)


def test_digits_that_firmware_adds_are_no_difference():
    kind = {"vendor_key": "supermicro"}
    same = drifts(
        ({"SR_IOVSupport_0047": "Enabled"}, "gpu", {**kind}),
        ({"SR_IOVSupport_002B": "Enabled"}, "gpu", {**kind}),
    )
    assert same == {}
    assert drifts(
        ({"SR_IOVSupport_0047": "Enabled"}, "gpu", {**kind}),
        ({"SR_IOVSupport_002B": "Disabled"}, "gpu", {**kind}),
    )


def test_firmware_is_compared_with_that_of_the_same_model():
    def told(model, firmware):
        return {"model": known(model), "firmware": known(firmware)}

    found = drifts(
        (ON, "gpu", told("R750", "7.10")), (ON, "gpu", told("R750", "7.00")),
        (ON, "gpu", told("R650", "6.10")), (ON, "gpu", {"model": known("R750")}),
    )  # fmt: skip
    assert list(found) == ["BMC firmware of R750"]


def test_an_attribute_that_others_of_a_model_tell_is_not_known_of_the_one_that_does_not():
    found = Drifts()
    r750 = {"model": known("R750")}
    for number, (now, changes) in enumerate([(ON, r750), ({}, r750), ({}, {"model": known("R6")})]):
        bmc = a_bmc("dell", "intel", now, **changes)
        host = a_host(bmc=known(bmc))
        found.add(changed(host, name=f"esx-{number}", cluster="gpu"))
    one = {one.topic: one for one in found.compared()}["BIOS setting SriovGlobalEnable"]
    assert (one.known, one.not_known) == (1, ("esx-1",))


def test_what_is_not_known_is_no_difference():
    assert drifts((ON, "gpu", {}), ({}, "gpu", {}), (ON, "gpu", {"settings": unknown()})) == {}
