"""GPUs that were given up, as whole answers: what was published of them, and machines made sick."""

import shutil
from pathlib import Path

import pytest

from hostcheck import capacity, catalog, preflight
from hostcheck.fleet import threads
from hostcheck.model.capacity import GpuMode
from hostcheck.model.fact import Known
from hostcheck.model.result import Answer, Status
from hostcheck.reports import view
from hostcheck.reports.topology import text as topology
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of

ROOT = Path(__file__).parents[1]
AGE = {"DRV-010"}
"""A recording grows old: the release of its driver was out of support on its day."""
A100 = ROOT / "fixtures" / "2n-2xA100-80-esxi803"
A40_LOST = ROOT / "fixtures" / "2n-2xA40-gpu-lost-esxi803"
H100 = ROOT / "fixtures" / "2n-8xH100-mig-mixed-esxi803"
SHARED = ROOT.parent / "shared" / "cases"
FIRST, SECOND = "0000:4a:00.0", "0000:ca:00.0"
LOG = "shell/nvidia-smi_-q_-x.txt"


def edited(folder, tmp_path, edit, name=LOG):
    """Copy a machine and edit one of its answers."""
    copy = shutil.copytree(folder, tmp_path / "machine")
    path = next(copy.rglob(name.rpartition("/")[2]))
    text = path.read_text()
    changed = edit(text)
    assert changed != text
    path.write_text(changed)
    return copy


def judged(folder):
    source = RecordedSource(folder)
    (target,) = source.machines()
    return report_of(host_of(source.collect(target)))


def statuses(report, check):
    return {one.subject.id: one.status.value for one in report.results if one.check == check}


def put_in(text, field, instead):
    """Put something before a field of the first GPU."""
    return text.replace(field, f"{instead}{field}", 1)


FB = "<fb_memory_usage>"
EDITS = {
    "recovery action Reset": (
        lambda text: put_in(text, FB, "<gpu_recovery_action>Reset</gpu_recovery_action>"),
        "GPU-006",
    ),
    "recovery action Drain P2P": (
        lambda text: put_in(text, FB, "<gpu_recovery_action>Drain P2P</gpu_recovery_action>"),
        "GPU-006",
    ),
    "reset required": (
        lambda text: put_in(
            text, FB, "<gpu_reset_status><reset_required>Yes</reset_required></gpu_reset_status>"
        ),
        "GPU-006",
    ),
    "a temperature that is GPU requires reset": (
        lambda text: text.replace("34 C", "[GPU requires reset]", 1), "GPU-006",
    ),
    "a display mode that is GPU is lost": (
        lambda text: text.replace(
            "<display_mode>Enabled", "<display_mode>GPU is lost", 1
        ),
        "GPU-006",
    ),
    "uncorrected errors": (
        lambda text: text.replace("<dram_uncorrectable>0", "<dram_uncorrectable>2", 1), "GPU-007",
    ),
    "uncorrected errors beside an unknown sum": (
        lambda text: text.replace("<sram_uncorrectable>0", "<sram_uncorrectable>N/A", 1).replace(
            "<dram_uncorrectable>0", "<dram_uncorrectable>2", 1
        ),
        "GPU-007",
    ),
    "no virtualization mode": (
        lambda text: text.replace("Host VGPU", "None", 1), "GPU-008",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_one_of_two_gpus_is_given_up_and_the_other_serves(name, tmp_path):
    edit, check = EDITS[name]
    folder = edited(A100, tmp_path, edit)
    report = judged(folder)
    assert report.verdict is Answer.NO_GO
    assert statuses(report, check) == {FIRST: "fail", SECOND: "pass"}
    failed = {one.check for one in report.results if one.status is Status.FAIL}
    assert failed - AGE == {check}
    told = capacity.capacity([report.host], catalog.requirements())
    modes = {gpu.address: gpu.mode for gpu in told.clusters[0].hosts[0].gpus.value}
    assert modes[FIRST] is GpuMode.NOT_SERVING
    assert modes[SECOND] is not GpuMode.NOT_SERVING
    first, second = report.host.gpus.value
    assert view.troubles(first)
    assert not view.troubles(second)
    assert view.troubles(first)[0] in topology.render(report)


@pytest.mark.parametrize("name", EDITS)
def test_a_log_that_cannot_be_read_is_never_a_go(name, tmp_path):
    edit, _ = EDITS[name]
    folder = edited(A100, tmp_path, lambda text: edit(text)[: len(text) // 2])
    assert judged(folder).verdict is Answer.UNSURE


def preflight_of(folder, vm):
    source = RecordedSource(folder)
    with threads(1) as workers:
        return preflight.preflight(source, vm, workers=workers, done=lambda _: None).preflight


def test_a_gpu_lost_at_run_time_is_not_go_and_its_neighbour_is_in_doubt(tmp_path):
    """vSphere goes on showing the framebuffer of a GPU that nvidia-smi has lost."""

    def shows(text):
        dead = text.index("0000:82:00.0", text.index("graphicsInfo"))
        zero = "<memorySizeInKB>0</memorySizeInKB>"
        return text[:dead] + text[dead:].replace(zero, zero.replace("0", "50319360"), 1)

    folder = edited(A40_LOST, tmp_path, shows, "api/HostSystem.xml")
    report = judged(folder)
    assert statuses(report, "DRV-001")["0000:82:00.0"] == "pass"
    assert statuses(report, "GPU-001") == {"0000:41:00.0": "unknown", "0000:82:00.0": "fail"}
    assert report.verdict is Answer.NO_GO
    vms = [vm.name for vm in report.host.vms.value if vm.power_state.value == "poweredOff"]
    told = preflight_of(folder, vms[0])
    assert told.verdict is Answer.UNSURE
    assert "0000:82:00.0 is lost" in told.summary


def without_second(text):
    head, gpu, types = text.partition("GPU 00000000:CA:00.0")
    assert gpu
    assert "GPU 0" not in types
    return head


@pytest.mark.parametrize(
    ("lost", "status"),
    [(["s"], "unknown"), (["s", "c"], "unknown"), (["s", "c", "s_-v"], "fail")],
)
def test_a_gpu_that_one_list_lacks_and_another_has_is_not_known(lost, status, tmp_path):
    """One list that ends early is no word of the driver; all of them are."""
    folder = shutil.copytree(A100, tmp_path / "machine")
    for name in lost:
        path = folder / "shell" / f"nvidia-smi_vgpu_-{name}.txt"
        path.write_text(without_second(path.read_text()))
    assert statuses(judged(folder), "GPU-008") == {FIRST: "pass", SECOND: status}


@pytest.mark.parametrize("no", ["No", "Not"])
def test_no_gpu_in_vgpu_mode_is_no_go_with_a_true_reason(no, tmp_path):
    copy = edited(
        ROOT / "fixtures" / "2n-1xL40S-amd-nps1-esxi802", tmp_path,
        lambda text: text.replace("Host VGPU", "None"),
    )  # fmt: skip
    answers = list(copy.rglob("nvidia-smi_vgpu*"))
    assert len(answers) == 4
    for path in answers:
        path.write_text(f"{no} supported devices in vGPU mode\n")
    report = judged(copy)
    assert (report.verdict, set(statuses(report, "GPU-008").values())) == (Answer.NO_GO, {"fail"})
    gpu = report.host.gpus.value[0]
    assert gpu.profiles_creatable == Known((), gpu.profiles_creatable.sources)


def test_a_fabric_that_waits_is_no_fail_and_an_ill_one_is(tmp_path):
    def waits(text):
        return text.replace("<state>Completed", "<state>In Progress").replace(
            "<status>Success", "<status>N/A"
        )

    found = set(statuses(judged(edited(H100, tmp_path / "waits", waits)), "GPU-005").values())
    assert found == {"unknown"}

    def ill(text):
        return text.replace(
            "</fabric>", "<health><summary>Unhealthy</summary></health></fabric>", 1
        )

    found = statuses(judged(edited(H100, tmp_path / "ill", ill)), "GPU-005").values()
    assert sorted(found) == ["fail", *["pass"] * 7]


def test_the_text_of_driver_610_is_the_running_driver(tmp_path):
    """With the XML refused the text is read, whose version has a sentence behind it."""

    def older(text):
        return text.replace("550.54.16", "610.57.04")

    copy = edited(A100, tmp_path, older, "esxcli_software_vib_list.txt")
    assert statuses(judged(copy), "DRV-005") == {"host-1001": "fail"}
    log = next(copy.rglob("nvidia-smi_-q_-x.txt"))
    words = "610.57.04 [Deprecated; will be removed in CUDA 14.0. Use KMD Version instead]"
    log.write_text(log.read_text().replace("550.54.16", words))
    assert statuses(judged(copy), "DRV-005") == {"host-1001": "pass"}


CASES = {
    "k1-gpu-lost-vsphere-keeps-memory": Answer.NO_GO,
    "k1-no-gpu-in-vgpu-mode": Answer.NO_GO,
    "k1-recovery-action-reset": Answer.NO_GO,
    "k1-reset-required-yes": Answer.NO_GO,
}


@pytest.mark.parametrize("name", CASES)
def test_recordings_that_were_collected_elsewhere(name):
    if not (SHARED / name).is_dir():
        pytest.skip(f"{SHARED / name} is not here")
    assert judged(SHARED / name).verdict is CASES[name]
