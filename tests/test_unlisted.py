"""A machine whose GPU or profile the catalogue does not list: GO where the host tells enough.

Recordings of listed boards are retold as boards that came later: another device id, other names.
"""

from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec import structs

from hostcheck.capacity import capacity
from hostcheck.catalog import requirements
from hostcheck.cli import main
from hostcheck.model.fact import Known, Unknown
from hostcheck.model.recording import Recording
from hostcheck.model.result import Answer
from hostcheck.recording import load, save
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of

FIXTURES = Path(__file__).parents[1] / "fixtures"
L40S = FIXTURES / "2n-1xL40S-amd-nps1-esxi802"
A100 = FIXTURES / "2n-2xA100-80-esxi803"


def retold(folder: Path, *pairs: tuple[str, str], without: str = "") -> Recording:
    """Replace words in every answer; drop those to questions that contain `without`."""
    recorded = load(folder)
    captures = {}
    for key, capture in recorded.captures.items():
        if without and without in capture.request.text:
            continue
        text = capture.text
        for old, new in pairs:
            text = text.replace(old, new)
        captures[key] = structs.replace(capture, text=text)
    return structs.replace(recorded, captures=captures)


NEWER = (
    ("<deviceId>9913<", "<deviceId>16368<"), ("26B910DE", "3FF010DE"), ("26b9", "3ff0"),
    ("L40S", "NB40"), ("l40s", "nb40"),
)  # fmt: skip


def judged(recorded: Recording):
    return report_of(host_of(recorded))


def statuses(report, *checks: str) -> set[str]:
    return {one.status.value for one in report.results if one.check in checks}


def test_a_board_that_came_later_is_go():
    report = judged(retold(L40S, *NEWER))
    (gpu,) = report.host.gpus.value
    assert isinstance(gpu.catalogue_key, Unknown)
    assert gpu.own_types.value
    assert report.verdict is Answer.GO
    assert statuses(report, "VGPU-001", "VGPU-003", "MIG-002", "PCI-001") <= {
        "pass",
        "notapplicable",
    }


@pytest.mark.parametrize("name", ["Rubin", "Rubin CPX"])
def test_a_generation_that_came_later_is_go(name):
    later = ("<product_architecture>Ada Lovelace<", f"<product_architecture>{name}<")
    raw = ("AD102GL [", "")
    assert judged(retold(L40S, *NEWER, later, raw)).verdict is Answer.GO


@pytest.mark.parametrize("without", ["vgpu -s -v", "mig -lgi", "vgpu -c"])
def test_one_answer_less_is_still_go(without):
    assert judged(retold(L40S, *NEWER, without=without)).verdict is Answer.GO


def test_without_nvidia_smi_the_names_of_vsphere_tell():
    """The chip in the device's name is its generation; what it offers is its types."""
    named = ("<deviceName>NVIDIA NB40<", "<deviceName>AD102GL [NB40]<")
    report = judged(retold(L40S, *NEWER, named, without="nvidia-smi"))
    (gpu,) = report.host.gpus.value
    assert {one.name for one in gpu.own_types.value} >= {"nvidia_nb40-24q"}
    assert report.verdict in (Answer.GO, Answer.UNSURE)
    assert statuses(report, "VGPU-001", "VGPU-003") == {"pass"}


def test_with_nothing_told_it_is_unsure_and_says_why():
    report = judged(retold(L40S, *NEWER, ("AD102GL [", ""), without="nvidia-smi"))
    assert report.verdict is Answer.UNSURE
    told = " ".join(one.unseen.detail for one in report.results if one.unseen)
    assert "10de:3ff0" in told


def test_a_board_that_came_later_is_counted():
    def free(recorded: Recording, profile: str) -> tuple[int, bool]:
        (total,) = capacity([judged(recorded).host], requirements(), profile=profile).totals
        return total.free, total.at_least

    for size in ("24q", "8q", "48c"):
        listed = free(load(L40S), f"nvidia_l40s-{size}")
        assert free(retold(L40S, *NEWER), f"nvidia_nb40-{size}") == listed


def test_a_profile_that_only_a_host_knows_can_be_asked_for(tmp_path):
    save(retold(L40S, *NEWER), tmp_path / "newer")
    told = ["capacity", "--from", str(tmp_path / "newer"), "-q", "--profile", "nvidia_nb40-24q"]
    done = CliRunner().invoke(main, told)
    assert done.exit_code == 0
    assert "more NVIDIA NB40-24Q fit now" in done.output


def test_a_type_that_came_later_on_a_board_that_is_listed():
    """Its driver and vSphere list it, and a VM asks for it."""
    report = judged(retold(A100, ("A100D-20C", "A100D-19C"), ("a100d-20c", "a100d-19c"),
                           ("a100d-40c", "a100d-19c"), ("A100D-40C", "A100D-19C")))  # fmt: skip
    wanted = {
        vgpu.profile.value for vm in report.host.vms.value for vgpu in vm.vgpus
        if isinstance(vgpu.profile, Known)
    }  # fmt: skip
    assert "grid_a100d-19c" in wanted
    assert statuses(report, "VGPU-001", "VGPU-003", "MIG-002") <= {"pass", "notapplicable"}
    assert report.verdict is Answer.GO
