"""`nvidia-smi vgpu ...`: types that a GPU offers, and vGPUs that run."""

import pytest

from hostcheck.errors import ParseError
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host import Mode
from hostcheck.parsers import (
    nvidia_smi_vgpu_c,
    nvidia_smi_vgpu_q,
    nvidia_smi_vgpu_s,
    nvidia_smi_vgpu_s_v,
)
from hostcheck.parsers.unasked import nvidia_smi_vgpu, nvidia_smi_vgpu_u

MIB = 1 << 20
OFFERS = """\
GPU 00000000:3B:00.0
    NVIDIA A100-1-5CME
    NVIDIA A100-40C
    GRID K120Q
GPU 00000001:86:00.0
"""
RUNNING = """\
GPU 00000000:3B:00.0
    Active vGPUs                          : 2
    vGPU ID                               : 3251634213
        VM ID                             : 2098311
        VM Name                           : cad : 07
        vGPU Name                         : NVIDIA RTX Pro 6000 Blackwell DC-3Q
        Guest Driver Version              : N/A
        License Status                    : N/A (Expiry: N/A)
        GPU Instance ID                   : 3
        Placement ID                      : 0
        ECC Mode                          : Disabled
        FB Memory Usage
            Total                         : 3072 MiB
            Used                          : 128 MiB
    vGPU ID                               : 3251634214
        VM UUID                           : 0b9d6b0c-0000-4000-8000-000000000001
        VM Name                           : infer-01
        vGPU Name                         : NVIDIA A100-20C
        License Status                    : Unlicensed (Restricted)
        GPU Instance ID                   : N/A
        ECC Mode                          : N/A
GPU 00000000:86:00.0
    Active vGPUs                          : 0
"""
TYPES = """\
GPU 00000000:3B:00.0
    vGPU Type ID                          : 0x22e
        Name                              : NVIDIA A40-8Q
        Class                             : Quadro
        GPU Instance Profile ID           : N/A
        Max Instances                     : 6
        Max Instances Per VM              : 16
        FB Memory                         : 8192 MiB
        GRID License                      : RTX-Virtual-WS,5.0
    vGPU Type ID                          : 0x4d2
        Name                              : NVIDIA A100-3-20C
        GPU Instance Profile ID           : 9
        Max Instances                     : 2
"""
SUMMARY = """\
+-----------------------------------------------------------------------------+
| NVIDIA-SMI 550.90.05                Driver Version: 550.90.05               |
|---------------------------------+------------------------------+------------+
| GPU  Name                       | Bus-Id                       | GPU-Util   |
|      vGPU ID     Name           | VM ID     VM Name            | vGPU-Util  |
|=================================+==============================+============|
|   0  NVIDIA RTX 6000 Ada Gen... | 00000000:3B:00.0             |   4%       |
|      3251634213  NVIDIA RTX6... | 2098311   cad 07             |      4%    |
|      3251634214  NVIDIA RTX6... | 2098312   cad 08             |      0%    |
+---------------------------------+------------------------------+------------+
|   1  NVIDIA RTX 6000 Ada Gen... | 00000000:86:00.0             |   0%       |
+---------------------------------+------------------------------+------------+
"""
USAGE = """\
# gpu    vgpu    sm   mem   enc   dec   jpg   ofa
# Idx      Id     %     %     %     %     %     %
    0   13107    12     4     0     -     0     0
    1       -     -     -     -     -     -     -
"""
LOST = "Unable to determine the device handle for GPU1: 0000:82:00.0: Unknown Error\n"

offers = pytest.mark.parametrize(
    "parse", [nvidia_smi_vgpu_s.parse, nvidia_smi_vgpu_c.parse], ids=["s", "c"]
)
everyone = pytest.mark.parametrize(
    ("parse", "good"),
    [
        (nvidia_smi_vgpu.parse, SUMMARY),
        (nvidia_smi_vgpu_c.parse, OFFERS),
        (nvidia_smi_vgpu_q.parse, RUNNING),
        (nvidia_smi_vgpu_s.parse, OFFERS),
        (nvidia_smi_vgpu_s_v.parse, TYPES),
        (nvidia_smi_vgpu_u.parse, USAGE),
    ],
    ids=["summary", "c", "q", "s", "s_v", "u"],
)


@offers
def test_types_belong_to_the_gpu_above_them(parse):
    first, second = parse(OFFERS).gpus
    assert first.address == "0000:3b:00.0"
    assert first.types == ("NVIDIA A100-1-5CME", "NVIDIA A100-40C", "GRID K120Q")
    assert (second.address, second.types) == ("0001:86:00.0", ())


@offers
@pytest.mark.parametrize("said", ["N/A", "Unknown Error"])
def test_a_word_instead_of_types_is_unknown_and_not_none(parse, said):
    (gpu,) = parse(f"GPU 00000000:3B:00.0\n    {said}\n").gpus
    assert isinstance(gpu.types, Unknown)


@offers
def test_words_that_give_a_gpu_up_are_noticed(parse):
    said = parse("GPU 00000000:3B:00.0\n    GPU requires reset\nGPU 00000000:86:00.0\n")
    assert (said.reset_needed, said.lost) == (("0000:3b:00.0",), ())
    assert isinstance(said.gpus[0].types, Unknown)


def test_words_that_give_a_gpu_up_are_noticed_among_fields():
    said = nvidia_smi_vgpu_q.parse("GPU 00000000:3B:00.0\n    Active vGPUs : GPU is lost\n")
    assert said.lost == ("0000:3b:00.0",)
    assert isinstance(said.gpus[0].vgpus, Unknown)


@offers
@pytest.mark.parametrize(
    "answer",
    [
        "    NVIDIA A40-8Q\n",
        "GPU 00000000:3B\n    NVIDIA A40-8Q\n",
        "GPU 00000000:3B:00.0\n    what is this\n",
        "GPU FFFFFFFF:3B:00.0\n    NVIDIA A40-8Q\n",
        TYPES,
        RUNNING,
    ],
)
def test_types_without_gpu_and_lines_without_type_are_refused(parse, answer):
    with pytest.raises(ParseError):
        parse(answer)


@everyone
@pytest.mark.parametrize("no", ["No", "Not"])
def test_no_gpu_for_vgpus_is_a_known_zero(parse, good, no):
    field = "vgpus" if parse is nvidia_smi_vgpu_u.parse else "gpus"
    assert getattr(parse(f"{no} supported devices in vGPU mode\n"), field) == ()
    assert len(getattr(parse(good), field)) > 0


@everyone
def test_a_lost_gpu_is_a_fact_beside_others_and_no_answer_alone(parse, good):
    assert parse(LOST + good).lost == ("0000:82:00.0",)
    with pytest.raises(ParseError, match=r"0000:82:00\.0"):
        parse(LOST)


@everyone
@pytest.mark.parametrize(
    "answer", ["", "-sh: nvidia-smi: not found\n", "Option -q is not recognized\n", "0, A40\n"]
)
def test_other_answers_are_refused(parse, good, answer):
    assert good
    with pytest.raises(ParseError):
        parse(answer)


@everyone
def test_line_ends_and_exit_status_make_no_difference(parse, good):
    assert parse("\r\n" + good.replace("\n", "\r\n") + "0\r\n") == parse(good)


def test_two_vms_share_a_gpu_and_another_gpu_is_idle():
    busy, idle = nvidia_smi_vgpu_q.parse(RUNNING).gpus
    assert (idle.active_vgpus, idle.vgpus) == (0, ())
    first, second = busy.vgpus
    assert (first.vm_id, first.vm_name) == ("2098311", "cad : 07")
    assert first.type_name == "NVIDIA RTX Pro 6000 Blackwell DC-3Q"
    assert (first.gpu_instance_id, first.placement_id) == (3, 0)
    assert first.ecc is Mode.DISABLED
    assert (first.framebuffer_total_bytes, first.framebuffer_used_bytes) == (3072 * MIB, 128 * MIB)
    assert second.vm_id == "0b9d6b0c-0000-4000-8000-000000000001"
    assert second.licence == "Unlicensed (Restricted)"
    assert second.ecc is Mode.NOT_SUPPORTED


def test_driver_and_licence_are_unknown_before_the_guest_loads_a_driver():
    first = nvidia_smi_vgpu_q.parse(RUNNING).gpus[0].vgpus[0]
    assert isinstance(first.guest_driver, Unknown)
    assert first.licence == Unknown(
        Why.ABSENT,
        "nvidia-smi says 'N/A (Expiry: N/A)'",
        "nvidia-smi vgpu -q: License Status",
    )


def test_a_list_shorter_than_its_own_count_is_unknown():
    cut = RUNNING[: RUNNING.index("    vGPU ID                               : 3251634214")]
    (gpu,) = nvidia_smi_vgpu_q.parse(cut).gpus
    assert gpu.active_vgpus == 2
    assert isinstance(gpu.vgpus, Unknown)
    assert gpu.vgpus.why is Why.UNPARSED


def test_fields_above_the_first_gpu_are_refused():
    with pytest.raises(ParseError):
        nvidia_smi_vgpu_q.parse(RUNNING[RUNNING.index("\n") + 1 :])


def test_sizes_and_limits_of_types():
    (gpu,) = nvidia_smi_vgpu_s_v.parse(TYPES).gpus
    first, second = gpu.types
    assert (first.type_id, first.name, first.kind) == (0x22E, "NVIDIA A40-8Q", "Quadro")
    assert (first.maximum, first.maximum_per_vm) == (6, 16)
    assert first.framebuffer_bytes == 8192 * MIB
    assert isinstance(first.gpu_instance_profile_id, Unknown)
    assert second.gpu_instance_profile_id == 9
    assert isinstance(second.framebuffer_bytes, Unknown)


def test_the_summary_shows_vms_below_their_gpu():
    summary = nvidia_smi_vgpu.parse(SUMMARY)
    busy, idle = summary.gpus
    assert [(one.vgpu_id, one.vm_id, one.vm_name) for one in busy.vgpus] == [
        (3251634213, "2098311", "cad 07"),
        (3251634214, "2098312", "cad 08"),
    ]
    assert busy.name == "NVIDIA RTX 6000 Ada Gen..."
    assert (idle.address, idle.vgpus) == ("0000:86:00.0", ())


@pytest.mark.parametrize(
    "dropped",
    ["|   0  NVIDIA", "| GPU  Name", "|   1  NVIDIA RTX 6000"],
    ids=["gpu", "head", "last"],
)
def test_a_summary_without_a_line_is_refused_or_shorter(dropped):
    lines = [line for line in SUMMARY.splitlines(keepends=True) if not line.startswith(dropped)]
    if dropped == "|   0  NVIDIA":
        with pytest.raises(ParseError, match="below its GPU"):
            nvidia_smi_vgpu.parse("".join(lines))
    else:
        assert len(nvidia_smi_vgpu.parse("".join(lines)).gpus) >= 1


def test_idle_gpus_are_listed_and_have_no_vgpu():
    usage = nvidia_smi_vgpu_u.parse(USAGE)
    assert usage.gpu_indexes == (0, 1)
    (one,) = usage.vgpus
    assert (one.vgpu_id, one.sm_percent, one.memory_percent) == (13107, 12, 4)
    assert isinstance(one.decoder_percent, Unknown)


def test_the_last_of_several_rounds_counts():
    usage = nvidia_smi_vgpu_u.parse(USAGE + "    0   13107    99     4     0     0     0     0\n")
    assert usage.vgpus[0].sm_percent == 99


@pytest.mark.parametrize(
    "row", ["    0   13107    12\n", "    0   x  1 2 3 4 5 6\n", "    ?   1  1 2 3 4 5 6\n"]
)
def test_a_cut_row_of_usage_is_refused(row):
    with pytest.raises(ParseError):
        nvidia_smi_vgpu_u.parse(USAGE + row)


@pytest.mark.parametrize("module", [nvidia_smi_vgpu_s, nvidia_smi_vgpu_c], ids=["s", "c"])
def test_a_list_that_ends_inside_a_type_is_refused(module):
    """`A100-1-5C` is a type too: what is left of a name may be another's."""
    begin, end = OFFERS.index("NVIDIA A100-1"), OFFERS.index("\n    NVIDIA A100-40C")
    for left in range(begin, end + 1):
        with pytest.raises(ParseError):
            module.parse(OFFERS[:left])


@pytest.mark.parametrize("name", ["NVIDIA A40-8", "NVIDIA A4", "GRID A100D-", "NVIDIA"])
def test_half_a_type_is_refused_wherever_it_stands(name):
    with pytest.raises(ParseError):
        nvidia_smi_vgpu_c.parse(f"GPU 00000000:3B:00.0\n    {name}\n    NVIDIA A40-8Q\n")
