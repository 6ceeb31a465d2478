"""`nvidia-smi mig ...`: profiles, GPU instances, compute instances; and having none of them."""

import pytest

from hostcheck.errors import ParseError
from hostcheck.parsers import nvidia_smi_mig_lgi
from hostcheck.parsers.unasked import nvidia_smi_mig_lci, nvidia_smi_mig_lgip

GIB = 1 << 30
PROFILES = """\
+-------------------------------------------------------------------------------+
| GPU instance profiles:                                                        |
| GPU   Name               ID    Instances   Memory     P2P    SM    DEC   ENC  |
|                                Free/Total   GiB              CE    JPEG  OFA  |
|===============================================================================|
|   0  MIG 1g.24gb+me.all  65     0/1        23.50      No     46     4     4   |
|                                                               1     4     1   |
+-------------------------------------------------------------------------------+
|   1  MIG 2g.48gb-me      66     1/2        47.38      No     94     0     0   |
|                                                               2     0     0   |
+-------------------------------------------------------------------------------+
"""
INSTANCES = """\
+-------------------------------------------------------+
| GPU instances:                                        |
| GPU   Name             Profile  Instance   Placement  |
|                          ID       ID       Start:Size |
|=======================================================|
|   0  MIG 2g.12gb          5        3          2:2     |
+-------------------------------------------------------+
"""
COMPUTE = """\
+--------------------------------------------------------------------+
| Compute instances:                                                 |
| GPU     GPU       Name             Profile   Instance   Placement  |
|       Instance                       ID        ID       Start:Size |
|         ID                                                         |
|====================================================================|
|   0      3       MIG 1c.2g.12gb       0         1          1:1     |
+--------------------------------------------------------------------+
"""

everyone = pytest.mark.parametrize(
    ("module", "good", "field"),
    [
        (nvidia_smi_mig_lgip, PROFILES, "profiles"),
        (nvidia_smi_mig_lgi, INSTANCES, "instances"),
        (nvidia_smi_mig_lci, COMPUTE, "instances"),
    ],
    ids=["lgip", "lgi", "lci"],
)


def test_a_profile_that_is_used_up_has_none_free():
    full, half = nvidia_smi_mig_lgip.parse(PROFILES).profiles
    assert (full.name, full.profile_id, full.free, full.total) == ("MIG 1g.24gb+me.all", 65, 0, 1)
    assert (half.gpu_index, half.name, half.free, half.total) == (1, "MIG 2g.48gb-me", 1, 2)
    assert full.memory_bytes == int(23.5 * GIB)
    assert (full.multiprocessors, half.multiprocessors) == (46, 94)


def test_an_instance_has_its_place():
    (one,) = nvidia_smi_mig_lgi.parse(INSTANCES).instances
    assert (one.gpu_index, one.name, one.profile_id, one.instance_id) == (0, "MIG 2g.12gb", 5, 3)
    assert (one.placement_start, one.placement_size) == (2, 2)


def test_a_compute_instance_lies_in_a_gpu_instance():
    (one,) = nvidia_smi_mig_lci.parse(COMPUTE).instances
    assert (one.gpu_index, one.gpu_instance_id, one.name) == (0, 3, "MIG 1c.2g.12gb")
    assert (one.profile_id, one.instance_id, one.placement_start) == (0, 1, 1)


@everyone
@pytest.mark.parametrize(
    "answer",
    [
        "No MIG-enabled devices found.\n",
        "No GPU instances found: Not Found\n",
        "No compute instances found: Not Found\r\n",
        "No devices were found\n",
    ],
)
def test_having_none_is_a_known_zero(module, good, field, answer):
    assert getattr(module.parse(answer), field) == ()
    assert getattr(module.parse(good), field)


@everyone
@pytest.mark.parametrize(
    "answer",
    [
        "",
        "Failed to display GPU instances: Insufficient Permissions\n",
        "Failed to display GPU instance profiles: Unknown Error\n",
        "Unable to determine the device handle for GPU1: 0000:82:00.0: Unknown Error\n",
        "Option -lgi is not recognized\n",
        "| GPU instances |\n",
    ],
)
def test_other_answers_are_refused_and_never_none(module, good, field, answer):
    assert getattr(module.parse(good), field)
    with pytest.raises(ParseError):
        module.parse(answer)


@everyone
def test_a_table_that_ends_in_an_error_is_refused(module, good, field):
    assert getattr(module.parse(good), field)
    with pytest.raises(ParseError, match="Insufficient Permissions"):
        module.parse(good + "Failed to display GPU instances: Insufficient Permissions\n")


@everyone
def test_a_table_without_entries_is_refused(module, good, field):
    assert getattr(module.parse(good), field)
    with pytest.raises(ParseError):
        module.parse(good[: good.index("=|\n") + 3])


@everyone
def test_an_entry_that_is_cut_is_refused(module, good, field):
    assert getattr(module.parse(good), field)
    cut = good[: good.index("MIG ") + 7]
    with pytest.raises(ParseError):
        module.parse(cut)


@everyone
@pytest.mark.parametrize("other", [PROFILES, INSTANCES, COMPUTE], ids=["lgip", "lgi", "lci"])
def test_the_three_tables_are_not_mixed_up(module, good, field, other):
    assert getattr(module.parse(good), field)
    if other != good:
        with pytest.raises(ParseError):
            module.parse(other)
