"""Tables and lists for the eye: the plain table, -L, topo -m, and the help on fields."""

import pytest

from hostcheck.errors import ParseError
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host import Mode
from hostcheck.parsers import nvidia_smi_topo_m
from hostcheck.parsers.unasked import nvidia_smi, nvidia_smi_help_query_gpu, nvidia_smi_l

MIB = 1 << 20

HEADING = """\
+-----------------------------------------------------------------------------+
| NVIDIA-SMI 550.90.05    Driver Version: 550.90.05    CUDA Version: N/A      |
|-------------------------------+----------------------+----------------------+
| GPU  Name        Persistence-M| Bus-Id        Disp.A | Volatile Uncorr. ECC |
| Fan  Temp  Perf  Pwr:Usage/Cap|         Memory-Usage | GPU-Util  Compute M. |
|                               |                      |               MIG M. |
|===============================+======================+======================|
"""
A40 = """\
|   0  NVIDIA A40          On   | 00000000:3B:00.0 Off |                    {} |
|  0%   28C    P8    22W / 300W |   8192MiB / 46068MiB |      0%      Default |
|                               |                      |                  N/A |
+-------------------------------+----------------------+----------------------+
"""
ERRONEOUS = """\
|   1  NVIDIA A40          ERR! | 00000000:86:00.0 Off |                 ERR! |
|ERR!  ERR! ERR!    ERR! / ERR! |     GPU is lost      |    ERR!         ERR! |
|                               |                      |                 ERR! |
+-------------------------------+----------------------+----------------------+
"""
PROCESSES = """\

+-----------------------------------------------------------------------------+
| Processes:                                                                  |
|  GPU   GI   CI        PID   Type   Process name                  GPU Memory |
|        ID   ID                                                   Usage      |
|=============================================================================|
{}+-----------------------------------------------------------------------------+
"""
VM = "|    0   N/A  N/A   2104081    C+G   cad workstation 7               8192MiB |\n"
TABLE = HEADING + A40.format(0) + PROCESSES.format(VM)


def test_the_table_shows_gpu_memory_ecc_mig_and_vms():
    table = nvidia_smi.parse(TABLE)
    assert table.driver_version == "550.90.05"
    (gpu,) = table.gpus
    assert (gpu.index, gpu.name, gpu.address) == (0, "NVIDIA A40", "0000:3b:00.0")
    assert gpu.framebuffer_used_bytes == 8192 * MIB
    assert gpu.framebuffer_total_bytes == 46068 * MIB
    assert gpu.mig is Mode.NOT_SUPPORTED
    (vm,) = table.processes
    assert (vm.pid, vm.kind, vm.name) == (2104081, "C+G", "cad workstation 7")
    assert vm.memory_bytes == 8192 * MIB
    assert isinstance(vm.gpu_instance_id, Unknown)


@pytest.mark.parametrize(
    ("cell", "mode", "count"),
    [("0", Mode.ENABLED, 0), ("7", Mode.ENABLED, 7), ("Off", Mode.DISABLED, None),
     ("On", Mode.ENABLED, None), ("N/A", Mode.NOT_SUPPORTED, None)],
)  # fmt: skip
def test_the_ecc_cell_is_a_count_or_a_word(cell, mode, count):
    (gpu,) = nvidia_smi.parse(HEADING + A40.format(cell)).gpus
    assert gpu.ecc is mode
    if count is None:
        assert isinstance(gpu.ecc_uncorrected_volatile, Unknown)
    else:
        assert gpu.ecc_uncorrected_volatile == count


def test_a_gpu_in_error_keeps_its_place_and_loses_its_values():
    table = nvidia_smi.parse(HEADING + A40.format(0) + ERRONEOUS)
    assert (table.lost, table.reset_needed) == (("0000:86:00.0",), ())
    healthy, lost = table.gpus
    assert healthy.framebuffer_used_bytes == 8192 * MIB
    assert (lost.index, lost.address) == (1, "0000:86:00.0")
    for reading in (lost.ecc, lost.ecc_uncorrected_volatile, lost.mig):
        assert isinstance(reading, Unknown)
        assert reading.detail == "nvidia-smi says 'ERR!'"
    assert isinstance(lost.framebuffer_total_bytes, Unknown)


def test_no_running_processes_is_a_known_zero():
    nothing = "|  No running processes found                                                 |\n"
    assert nvidia_smi.parse(HEADING + A40.format(0) + PROCESSES.format(nothing)).processes == ()


@pytest.mark.parametrize("rows", ["", "|    0  something else |\n", VM + "|  2  cut |\n"])
def test_a_list_of_processes_that_is_not_understood_is_unknown(rows):
    processes = nvidia_smi.parse(HEADING + A40.format(0) + PROCESSES.format(rows)).processes
    assert isinstance(processes, Unknown)
    assert processes.why is Why.UNPARSED


def test_no_devices_and_lost_devices_have_no_table():
    assert nvidia_smi.parse("No devices were found\n").gpus == ()
    line = "Unable to determine the device handle for GPU1: 0000:82:00.0: Unknown Error\n"
    assert nvidia_smi.parse(line).lost == ("0000:82:00.0",)
    assert len(nvidia_smi.parse(line + TABLE).gpus) == 1


@pytest.mark.parametrize(
    "answer",
    [
        HEADING,
        HEADING
        + "|  0%   28C    P8    22W / 300W |   8192MiB / 46068MiB |      0%      Default |\n",
        HEADING + A40.format(0) + A40.format(0),
        HEADING + A40.format(0).replace("00000000:3B:00.0", "FFFFFFFF:3B:00.0"),
        HEADING + A40.format(0).replace("00000000:3B:00.0", "????????????????"),
        "Disabled ECC support for GPU 00000000:AF:00.0.\nAll done.\n",
        "| just | a | table |\n",
    ],
    ids=["no GPU", "GPU without its first line", "twice", "domain", "no address", "text", "table"],
)
def test_a_damaged_table_is_refused(answer):
    with pytest.raises(ParseError):
        nvidia_smi.parse(answer)


LISTED = """\
GPU 0: NVIDIA A30 (UUID: GPU-3b0c2a57-0000-4000-8000-000000000001)
  MIG 2g.12gb     Device  0: (UUID: MIG-95a1e0c2-0000-5000-8000-000000000002)
  MIG 2g.12gb     Device  1: (UUID: MIG-GPU-3b0c2a57-0000-4000-8000-000000000001/2/0)
GPU 1: NVIDIA A30 (UUID: GPU-3b0c2a57-0000-4000-8000-000000000003)
"""


def test_mig_devices_belong_to_the_gpu_above_them():
    first, second = nvidia_smi_l.parse("banner\n" + LISTED + "0\n").gpus
    assert [device.index for device in first.mig_devices] == [0, 1]
    assert first.mig_devices[1].uuid.startswith("MIG-GPU-")
    assert (second.index, second.name, second.mig_devices) == (1, "NVIDIA A30", ())


def test_a_list_keeps_lost_gpus_apart():
    answer = (
        "Unable to determine the device handle for GPU1: 0000:82:00.0: Unknown Error\n" + LISTED
    )
    assert nvidia_smi_l.parse(answer).lost == ("0000:82:00.0",)


@pytest.mark.parametrize(
    "answer",
    [
        "GPU 0: NVIDIA A30 (UUID: GPU-3b0c",
        "GPU 0: NVIDIA A30\n",
        "  MIG 2g.12gb     Device  0: (UUID: MIG-1)\n",
        LISTED[:-20],
        "NVIDIA A30\n",
        "",
    ],
)
def test_a_cut_list_is_refused(answer):
    with pytest.raises(ParseError):
        nvidia_smi_l.parse(answer)


WITH_NICS = """\
\t\x1b[4mGPU0\tGPU1\tNIC0\tNIC1\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID\x1b[0m
GPU0\t X \tNV18\tPIX\tSYS\t0-55,112-167\t0\t\tN/A
GPU1\tNV18\t X \tNODE\tSYS\t\t\t\tN/A
NIC0\tPIX\tNODE\t X \tSYS\t\t\t\t
NIC1\tSYS\tSYS\tSYS\t X \t\t\t\t

Legend:

  X    = Self
  NV#  = Connection traversing a bonded set of # NVLinks

NIC Legend:

  NIC0: mlx5_0
  NIC1: mlx5_bond_0
"""


def test_adapters_are_named_and_left_out_of_the_square():
    topology = nvidia_smi_topo_m.parse(WITH_NICS)
    assert topology.gpus == ("GPU0", "GPU1")
    assert topology.links == (("X", "NV18"), ("NV18", "X"))
    assert topology.nics == ("mlx5_0", "mlx5_bond_0")


def test_adapters_of_old_drivers_stand_in_the_heading_by_name():
    topology = nvidia_smi_topo_m.parse(
        "\tGPU0\tGPU1\tmlx5_0\tCPU Affinity\nGPU0\t X \tPIX\tPHB\t0-7\nGPU1\tPIX\t X \tPHB\t0-7\n"
    )
    assert topology.links == (("X", "PIX"), ("PIX", "X"))
    assert topology.nics == ("mlx5_0",)


@pytest.mark.parametrize(
    "answer",
    [
        "        GPU0    GPU1\nGPU0     X      NV4\n",
        "        GPU0    GPU1\nGPU0     X      NV4\nGPU1    NV\n",
        "        GPU0    GPU1\nGPU0     X\nGPU1    NV4      X\n",
        "        GPU0    GPU1\nGPU0    NV4      X\nGPU1    NV4      X\n",
        "        GPU0    GPU0\nGPU0     X      NV4\n",
        "GPU0     X      NV4\nGPU1    NV4      X\n",
        "Failed to run topology matrix\n",
        "",
    ],
)
def test_a_square_with_a_hole_is_refused(answer):
    with pytest.raises(ParseError):
        nvidia_smi_topo_m.parse(answer)


def test_no_devices_have_no_topology():
    assert nvidia_smi_topo_m.parse("No devices were found\n").gpus == ()


def test_help_names_fields_but_not_quoted_words_of_its_sentences():
    names = nvidia_smi_help_query_gpu.parse(
        'List of valid properties to query for the switch "--query-gpu=":\n\n'
        '"uuid" or "gpu_uuid"\nThe identifier.\n\n"compute_mode"\n"Default" means many contexts.\n'
        '"clocks.max.sm" or "clocks.max.sm"\nMaximum.\n'
    ).names
    assert names == ("uuid", "gpu_uuid", "compute_mode", "clocks.max.sm")


@pytest.mark.parametrize(
    "answer",
    ['"uuid"\n', "List of valid properties to query for the switch\n", "uuid\nname\n", ""],
)
def test_help_without_title_or_names_is_refused(answer):
    with pytest.raises(ParseError):
        nvidia_smi_help_query_gpu.parse(answer)
