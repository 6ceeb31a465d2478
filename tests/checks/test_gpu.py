"""ECC, MIG, GPU: the driver's state of each GPU, by generation and release."""

import pytest

from hostcheck.model.fact import Why
from hostcheck.model.host import Mode, Passthrough, PcieLink
from tests.checks.synthetic import (
    NEEDS,
    a_gpu,
    a_host,
    changed,
    result,
    results,
    says,
    synthetic,
    unknown,
    with_gpu,
)

ON, OFF, NA = Mode.ENABLED, Mode.DISABLED, Mode.NOT_SUPPORTED
BOUND = Passthrough(capable=True, enabled=True, active=True)
BEFORE_AMPERE = ("Pascal", "Volta", "Turing")


def models(*architectures, hbm=None):
    return sorted(
        key
        for key, model in NEEDS.models.items()
        if model.architecture.value in architectures
        and model.ecc
        and hbm in (None, not model.ecc_costs_framebuffer)
    )


def ecc(model, mode, driver="550.90.05", **changes):
    gpu = a_gpu(0, 0, model, ecc_current=mode, **changes)
    return result("ECC-001", a_host(gpus=[gpu], driver_version=driver))


# --- ECC-001: the decision table ------------------------------------------------------------------


@pytest.mark.parametrize("mode", [ON, OFF, NA, unknown()])
@pytest.mark.parametrize("driver", ["418.70", unknown()])
def test_a_board_without_ecc(mode, driver):
    says(ecc("m10", mode, driver), "notapplicable", "has no ECC")


@pytest.mark.parametrize("driver", ["390.42", "418.70", "430.46", "550.90.05", unknown()])
def test_maxwell_with_ecc_on_never_starts(driver):
    one = ecc("m60", ON, driver)
    says(one, "fail", "ECC on", "ECC off", "Maxwell boards never run vGPU with ECC on")
    assert any("-e 0" in command.text for command in one.fix)


@pytest.mark.parametrize("driver", ["418.70", "550.90.05", unknown()])
def test_maxwell_with_ecc_off(driver):
    says(ecc("m60", OFF, driver), "pass", "ECC off")


@pytest.mark.parametrize("model", models(*BEFORE_AMPERE))
@pytest.mark.parametrize("driver", ["384.73", "410.91", "418.70"])
def test_before_release_9_ecc_must_be_off(model, driver):
    one = ecc(model, ON, driver)
    says(one, "fail", "ECC on", "vGPU 8 or older", driver.partition(".")[0])
    says(ecc(model, OFF, driver), "pass", "ECC off")


@pytest.mark.parametrize("model", models(*BEFORE_AMPERE, hbm=True))
@pytest.mark.parametrize("driver", ["430.27", "450.55", "550.90.05"])
def test_from_release_9_on_hbm_pays_nothing(model, driver):
    one = ecc(model, ON, driver)
    says(one, "pass", "ECC on", "ECC on or off")
    assert one.note == ""


@pytest.mark.parametrize("model", models(*BEFORE_AMPERE, hbm=False))
@pytest.mark.parametrize("driver", ["430.27", "450.55", "550.90.05"])
def test_from_release_9_on_gddr_pays(model, driver):
    says(ecc(model, ON, driver), "pass", "costs 64 MB of framebuffer per GB")


@pytest.mark.parametrize("model", models(*BEFORE_AMPERE))
def test_an_unknown_release_decides_nothing_when_ecc_is_on(model):
    one = ecc(model, ON, unknown(Why.NOT_ASKED, "the ESXi shell was not asked"))
    says(one, "unknown")
    assert one.unseen.why == "not asked"
    says(ecc(model, OFF, unknown()), "pass")


@pytest.mark.parametrize("model", models("Maxwell", *BEFORE_AMPERE))
def test_na_on_a_board_that_has_ecc_is_unknown(model):
    says(ecc(model, NA), "unknown", "nvidia-smi says N/A", "has ECC")


@pytest.mark.parametrize("model", models("Maxwell", *BEFORE_AMPERE))
def test_unknown_ecc_is_unknown(model):
    says(ecc(model, unknown(Why.UNPARSED, "ERR!")), "unknown")


@pytest.mark.parametrize("model", models("Ampere", "Ada", "Hopper", "Blackwell"))
@pytest.mark.parametrize("mode", [ON, OFF, NA, unknown(Why.NOT_ASKED)])
@pytest.mark.parametrize("driver", ["550.90.05", unknown()])
def test_ampere_and_later_never_mind(model, mode, driver):
    one = ecc(model, mode, driver)
    says(one, "pass")
    pays = NEEDS.models[model].ecc_costs_framebuffer and mode is ON
    assert ("costs 64 MB" in one.note) is pays
    if mode not in (ON, OFF):
        assert "never blocks vGPU" in one.observed


def test_a_gpu_missing_from_the_catalogue_is_unknown():
    says(ecc("a40", OFF, catalogue_key=unknown(Why.ABSENT, "not in the catalogue")), "unknown")


def test_a_release_that_is_no_number_is_no_pass():
    assert ecc("p40", ON, "beta").status.value == "error"


def test_ecc_without_gpus():
    for check in ("ECC-001", "ECC-002", "MIG-001", "GPU-002"):
        says(result(check, a_host()), "notapplicable")
        says(result(check, changed(a_host(), gpus=unknown())), "unknown")


# --- ECC-002, MIG-001 -----------------------------------------------------------------------------


@pytest.mark.parametrize(("check", "what"), [("ECC-002", "ecc"), ("MIG-001", "mig")])
class TestPending:
    def judged(self, check, what, current, pending, model="a100-pcie-80", **changes):
        modes = {f"{what}_current": current, f"{what}_pending": pending}
        return result(check, a_host(gpus=[a_gpu(0, 0, model, **modes, **changes)]))

    @pytest.mark.parametrize("mode", [ON, OFF])
    def test_the_same_now_and_then(self, check, what, mode):
        says(self.judged(check, what, mode, mode), "pass", mode.value)

    @pytest.mark.parametrize(("current", "pending"), [(ON, OFF), (OFF, ON)])
    def test_a_change_waits(self, check, what, current, pending):
        one = self.judged(check, what, current, pending)
        says(one, "fail", f"{current.value} now, {pending.value} after the next reboot")
        option = {"ecc": "-e", "mig": "-mig"}[what]
        (kept,) = (fix.text for fix in one.fix if f" {option} " in fix.text)
        assert kept.endswith(f" {option} {int(current is ON)}"), "the way to keep what is now"

    @pytest.mark.parametrize(
        ("current", "pending"), [(unknown(), ON), (ON, unknown()), (unknown(), unknown())]
    )
    def test_not_knowing_either(self, check, what, current, pending):
        says(self.judged(check, what, current, pending), "unknown")

    def test_na_where_there_is_no_switch(self, check, what):
        says(self.judged(check, what, NA, NA, "m10"), "notapplicable", "N/A")

    @pytest.mark.parametrize(("current", "pending"), [(NA, NA), (ON, NA), (NA, OFF)])
    def test_na_where_there_is_one_is_unknown(self, check, what, current, pending):
        says(self.judged(check, what, current, pending), "unknown", "N/A")

    def test_na_on_a_gpu_that_the_catalogue_does_not_know(self, check, what):
        missing = unknown(Why.ABSENT, "not in the catalogue")
        says(self.judged(check, what, NA, NA, catalogue_key=missing), "unknown")

    def test_the_catalogue_is_not_needed_otherwise(self, check, what):
        missing = unknown(Why.ABSENT, "not in the catalogue")
        says(self.judged(check, what, ON, OFF, catalogue_key=missing), "fail")
        says(self.judged(check, what, ON, ON, catalogue_key=missing), "pass")


TWO = synthetic("2 package, 2 node, 1 gpu/node")
GPU = TWO.gpus.value[0].address


# --- GPU-002 --------------------------------------------------------------------------------------


def health(model, **changes):
    return result("GPU-002", a_host(gpus=[a_gpu(0, 0, model, **changes)]))


@pytest.mark.parametrize("model", ["a30", "l40s", "h100-pcie-80"])
def test_row_remapping(model):
    says(health(model), "pass", "no row remapping pending or failed")
    says(health(model, rows_remap_pending=True), "fail", "row remapping pending")
    says(health(model, rows_remap_failed=True), "fail", "row remapping failed", "replace it")
    both = {"rows_remap_failed": True, "rows_remap_pending": True}
    says(health(model, **both), "fail", "failed")


@pytest.mark.parametrize("field", ["rows_remap_pending", "rows_remap_failed"])
def test_na_of_a_gpu_in_mig_mode_is_not_health(field):
    na = unknown(Why.ABSENT, "nvidia-smi says '[N/A]'")
    one = health("h100-pcie-80", **{field: na})
    says(one, "unknown")
    assert "[N/A]" in one.unseen.detail


@pytest.mark.parametrize("model", ["m60", "p40", "v100-pcie-16", "t4"])
def test_page_retirement(model):
    says(health(model), "pass", "no page retirement pending")
    says(health(model, pages_retire_pending=True), "fail", "page retirement pending")
    says(health(model, pages_retire_pending=unknown()), "unknown")


@pytest.mark.parametrize("model", ["t4", "h100-pcie-80"])
def test_repairs_of_later_drivers(model):
    says(health(model, repairs=("channel repair pending",)), "fail", "channel repair pending")
    says(health(model, repairs=("unrepairable memory",)), "fail", "unrepairable memory")
    says(health(model, repairs=unknown(Why.ABSENT, "this driver tells of none")), "pass")
    says(health(model, repairs=unknown()), "unknown")


def test_a_board_without_ecc_retires_no_pages():
    says(health("m10"), "notapplicable", "no ECC")


def test_health_of_a_gpu_that_the_catalogue_does_not_know():
    says(health("a30", catalogue_key=unknown(Why.ABSENT, "not in it")), "unknown")


def test_each_gpu_has_its_own_health():
    found = results("GPU-002", with_gpu(TWO, 1, rows_remap_pending=True))
    assert [one.status.value for one in found] == ["pass", "fail"]


# --- GPU-003 to GPU-005: link, infoROM, fabric ----------------------------------------------------

SXM = a_host(gpus=[a_gpu(0, 0, "h100-sxm-80")])
PCIE = a_host(gpus=[a_gpu(0, 0, "h100-pcie-80")])
HEALTH_OF = {"GPU-003": "link", "GPU-004": "inforom_corrupted", "GPU-005": "fabric_state"}


@pytest.mark.parametrize(("width", "status"), [(16, "pass"), (8, "fail"), (1, "fail")])
def test_link_width(width, status):
    link = PcieLink(1, 4, width, 16)
    says(result("GPU-003", with_gpu(TWO, link=link), GPU), status, f"x{width}")


def test_generation_of_an_idle_link_is_not_judged():
    says(result("GPU-003", with_gpu(TWO, link=PcieLink(1, 5, 16, 16)), GPU), "pass")


def test_inforom():
    says(result("GPU-004", TWO, GPU), "pass", "no complaint")
    says(result("GPU-004", with_gpu(TWO, inforom_corrupted=True), GPU), "fail", "corrupted")


@pytest.mark.parametrize(
    ("state", "status", "verdict"),
    [("Completed", "Success", "pass"), ("In Progress", "N/A", "unknown"),
     ("Not Started", "N/A", "unknown"), ("Completed", "Unknown Error", "fail"),
     ("Completed", "Insufficient resources", "fail"), ("N/A", "N/A", "notapplicable")],
)  # fmt: skip
def test_fabric(state, status, verdict):
    says(result("GPU-005", with_gpu(SXM, fabric_state=state, fabric_status=status)), verdict)


@pytest.mark.parametrize(
    ("health", "faults", "verdict"),
    [("Healthy", (), "pass"), ("N/A", (), "pass"), ("Unhealthy", (), "fail"),
     ("Limited Capacity", (), "fail"), ("Healthy", ("route unhealthy: True",), "fail"),
     ("Odd", (), "unknown"), (unknown(Why.ABSENT), unknown(Why.ABSENT), "pass"),
     (unknown(), (), "unknown"), ("Healthy", unknown(), "unknown")],
)  # fmt: skip
def test_a_fabric_that_is_joined_may_still_be_ill(health, faults, verdict):
    host = with_gpu(SXM, fabric_health=health, fabric_faults=faults)
    one = result("GPU-005", host)
    says(one, verdict, *(faults if isinstance(faults, tuple) else ()))


def test_a_fabric_that_is_ill_while_it_waits_is_ill():
    waits = {"fabric_state": "In Progress", "fabric_status": "N/A"}
    says(result("GPU-005", with_gpu(SXM, fabric_health="Unhealthy", **waits)), "fail", "Unhealthy")


def test_no_fabric_on_pcie_boards_and_before_hopper():
    says(result("GPU-005", PCIE), "notapplicable", "in no NVLink fabric")
    says(result("GPU-005", TWO, GPU), "notapplicable", "tells of no fabric")


@pytest.mark.parametrize(("check", "field"), HEALTH_OF.items())
def test_health_that_was_not_read(check, field):
    says(result(check, with_gpu(SXM, **{field: unknown()})), "unknown")
    bound = with_gpu(SXM, passthrough=BOUND, **{field: unknown()})
    says(result(check, bound), "notapplicable", "in passthrough")


def test_a_reboot_is_advised_where_all_that_is_wrong_waits_for_it():
    def fix(*repairs):
        one = result("GPU-002", a_host(gpus=[a_gpu(0, 0, "a100-pcie-80", repairs=repairs)]))
        says(one, "fail", ", ".join(repairs))
        return [command.text for command in one.fix]

    assert any("reboot" in text for text in fix("channel repair pending"))
    assert fix("unrepairable memory") == []
    assert fix("channel repair pending", "unrepairable memory") == []
