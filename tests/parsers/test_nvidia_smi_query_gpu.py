"""`nvidia-smi --query-gpu`: columns by position, by heading, or by what cannot be anything else."""

import pytest

from hostcheck.errors import ParseError
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host import Mode
from hostcheck.model.pci import PciId
from hostcheck.parsers.nvidia_smi_query_gpu import COLUMNS, REQUEST, parse

MIB = 1 << 20
UUID = "GPU-1b2c3d4e-0000-4000-8000-00000000000a"
ROW = (
    f"0, {UUID}, NVIDIA A100 80GB PCIe, 00000000:4A:00.0, 0x20B510DE, 0x153310DE, 550.90.05, "
    "Enabled, Disabled, Disabled, Enabled, 81920, 512\n"
)


def test_the_request_asks_for_the_columns_that_are_read():
    assert REQUEST.template.startswith("nvidia-smi --query-gpu=index,uuid,name,pci.bus_id,")
    assert REQUEST.template.endswith("memory.used --format=csv,noheader,nounits")
    assert len(COLUMNS) == 13


def test_the_columns_of_the_request_have_no_heading():
    (gpu,) = parse(ROW).gpus
    assert (gpu.index, gpu.uuid, gpu.name) == (0, UUID, "NVIDIA A100 80GB PCIe")
    assert gpu.address == "0000:4a:00.0"
    assert gpu.pci_id == PciId(0x10DE, 0x20B5, 0x10DE, 0x1533)
    assert gpu.driver_version == "550.90.05"
    assert (gpu.ecc_current, gpu.ecc_pending) == (Mode.ENABLED, Mode.DISABLED)
    assert (gpu.mig_current, gpu.mig_pending) == (Mode.DISABLED, Mode.ENABLED)
    assert gpu.framebuffer_total_bytes == 81920 * MIB
    assert gpu.framebuffer_used_bytes == 512 * MIB


def test_any_columns_with_a_heading_in_any_order_and_with_units():
    answer = (
        "memory.total [MiB], gpu_name, gpu_bus_id, temperature.gpu, mig.mode.current\n"
        "40960 MiB, NVIDIA A100-PCIE-40GB, 00000001:AF:00.0, 34, Enabled\n"
    )
    (gpu,) = parse(answer).gpus
    assert gpu.framebuffer_total_bytes == 40960 * MIB
    assert (gpu.name, gpu.address) == ("NVIDIA A100-PCIE-40GB", "0001:af:00.0")
    assert gpu.mig_current is Mode.ENABLED
    assert isinstance(gpu.ecc_current, Unknown)
    assert gpu.ecc_current.asked == "nvidia-smi --query-gpu: ecc.mode.current"


def test_the_heading_keeps_the_unit_when_the_cells_do_not():
    answer = "pci.bus_id, memory.total [MiB]\n00000000:3B:00.0, 46068\n"
    assert parse(answer).gpus[0].framebuffer_total_bytes == 46068 * MIB


def test_a_bare_size_under_a_heading_without_unit_is_no_size():
    (gpu,) = parse("pci.bus_id, memory.total\n00000000:3B:00.0, 46068\n").gpus
    assert isinstance(gpu.framebuffer_total_bytes, Unknown)


@pytest.mark.parametrize("said", ["[N/A]", "N/A", "[Not Supported]"])
def test_a_board_without_the_switch_is_not_supported(said):
    (gpu,) = parse(f"pci.bus_id, ecc.mode.current\n00000000:3B:00.0, {said}\n").gpus
    assert gpu.ecc_current is Mode.NOT_SUPPORTED


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("[Unknown Error]", Why.ABSENT),
        ("[GPU requires reset]", Why.ABSENT),
        ("[Requested functionality has been deprecated]", Why.ABSENT),
        ("[Insufficient Permissions]", Why.DENIED),
        ("Enab", Why.UNPARSED),
    ],
)
def test_other_words_for_a_switch_are_unknown(said, why):
    (gpu,) = parse(f"pci.bus_id, ecc.mode.current\n00000000:3B:00.0, {said}\n").gpus
    assert isinstance(gpu.ecc_current, Unknown)
    assert gpu.ecc_current.why is why


def test_words_that_give_a_gpu_up_are_noticed_in_any_column():
    sick = ROW.replace("Enabled", "[GPU requires reset]")
    query = parse(sick)
    assert (query.gpus[0].gave_up, query.lost) == ("GPU requires reset", ())
    assert query.reset_needed == (query.gpus[0].address,)
    query = parse("pci.bus_id, memory.used [MiB]\n00000000:3B:00.0, [GPU is lost]\n")
    assert (query.lost, query.reset_needed) == (("0000:3b:00.0",), ())


def test_health_that_administrators_paste():
    (gpu,) = parse(
        "pci.bus_id, gpu_recovery_action, reset_status.reset_required, "
        "ecc.errors.uncorrected.volatile.total, ecc.errors.uncorrected.aggregate.total, "
        "fabric.state, fabric.status, fabric.health.summary, remapped_rows.failure\n"
        "00000000:3B:00.0, Drain and Reset, Yes, 5, [N/A], Completed, Unknown Error, Unhealthy, "
        "Yes\n"
    ).gpus
    assert (gpu.recovery_action, gpu.reset_required) == ("Drain and Reset", True)
    assert gpu.ecc_uncorrected_volatile == 5
    assert isinstance(gpu.ecc_uncorrected_aggregate, Unknown)
    assert (gpu.fabric_state, gpu.fabric_status) == ("Completed", "Unknown Error")
    assert (gpu.fabric_health, gpu.rows_remap_failed) == ("Unhealthy", True)
    assert parse("gpu_recovery_action\nNone\n").gpus[0].recovery_action == "None"


def test_a_lost_gpu_stands_beside_the_healthy_ones():
    query = parse(
        "Unable to determine the device handle for GPU1: 0000:82:00.0: Unknown Error\n" + ROW
    )
    assert query.lost == ("0000:82:00.0",)
    assert len(query.gpus) == 1


def test_a_lost_gpu_may_be_all_that_is_said():
    query = parse("Unable to determine the device handle for GPU 0000:82:00.0: Unknown Error\n")
    assert (query.gpus, query.lost) == ((), ("0000:82:00.0",))


def test_no_devices_is_a_known_zero():
    assert parse("No devices were found\n").gpus == ()


def test_banner_exit_status_and_blank_lines_are_no_gpus():
    assert len(parse("Welcome to esx01\n\n" + ROW + "\n0\n").gpus) == 1
    assert len(parse("Welcome to esx01\nindex, pci.bus_id\n0, 00000000:3B:00.0\n0\n").gpus) == 1


def test_identity_is_recognised_without_a_heading_and_switches_are_not():
    (gpu,) = parse(f"{UUID}, 00000000:3B:00.0, Enabled, Disabled, 550.90.05\n").gpus
    assert (gpu.uuid, gpu.address, gpu.driver_version) == (UUID, "0000:3b:00.0", "550.90.05")
    for reading in (gpu.ecc_current, gpu.ecc_pending, gpu.mig_current, gpu.mig_pending):
        assert isinstance(reading, Unknown)
        assert "no heading" in reading.detail


def test_a_power_limit_is_not_taken_for_a_driver_version():
    (gpu,) = parse(f"{UUID}, 400.00\n").gpus
    assert isinstance(gpu.driver_version, Unknown)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "Enabled\n",
        "Enabled, Disabled\n",
        "40960, 0\n",
        "00000000:3B:00.0, 00000000:86:00.0\n",
        f"{UUID}, 00000000:3B:00.0\n{UUID}\n",
        ROW + "1, GPU-1b2c3d4e-0000-40\n",
        ROW[:25],
        "index, pci.bus_id\n",
        "index, pci.bus_id\n0, 00000000:3B:00.0, Enabled\n",
        "index, index\n0, 0\n",
        "index\n0\n1\nuuid\nGPU-1\n",
        'Field "mig.mode" is not a valid field to query.\n',
        "-sh: nvidia-smi: not found\n",
        "index, pci.bus_id\n0, 00000000:3B:00.0\n1, 00000000:3B:00.0\n",
    ],
)
def test_what_cannot_be_told_is_refused(answer):
    with pytest.raises(ParseError):
        parse(answer)


def test_the_refusal_says_to_keep_the_heading():
    with pytest.raises(ParseError, match="keep the heading"):
        parse("Enabled, Disabled\n")


def test_the_driver_that_is_not_loaded_is_quoted():
    sentence = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."
    with pytest.raises(ParseError, match=sentence):
        parse(sentence)
