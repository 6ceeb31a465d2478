"""The built program on a fake GPU: every verdict, its exit code, and JSON that the schema knows."""

import json
import os
import re
import signal
import subprocess
import time
from importlib import resources
from pathlib import Path

import jsonschema
import pytest

SCHEMA = jsonschema.Draft202012Validator(
    json.loads((resources.files("hostcheck") / "schema" / "smoke-1.json").read_bytes())
)
QUICK = ("--quick", "--types", "int8", "--verify-shape", "128x256x256")
TIMED = ("--types", "int8", "--verify-shape", "128x256x256", "--shape", "128x256x256",
         "--warm-up", 0)  # fmt: skip


def valid(answer, status, code):
    """The document, once it is what it must be."""
    SCHEMA.validate(answer.document)
    said = answer.document
    assert (said["status"], said["exit_code"], answer.code) == (status, code, code), said
    return said


def test_every_type_passes_with_its_speed_and_its_health(smoke):
    said = valid(smoke(*TIMED[2:], "--types", "all", "--pairs", 4), "pass", 0)
    layouts = {one["dtype"]: one["metadata_layout"] for one in said["results"]}
    assert layouts == {"int8": "match", "fp16": "match", "bf16": "match", "fp8": None}
    for one in said["results"]:
        assert one["verify"]["elements"] == 128 * 256
        assert one["controls"]["metadata"]["caught"]
        assert one["controls"]["weight"]["caught"]
        speed = one["speed"]
        assert (speed["speedup"], speed["pairs"], speed["waves"]) == (1.6, 4, 1.0)
        assert speed["sparse_tops"] == pytest.approx(1.6 * speed["dense_tops"], rel=0.01)
        assert speed["sampled"] == 256
    assert said["health"]["xid_events"] == 0
    assert said["health"]["before"]["power_mw"] is None, "what NVML refuses is not 0"
    assert said["notes"] == []


def test_the_peak_is_that_of_the_data_sheet(smoke):
    said = valid(smoke(*TIMED, FAKE_GPU_CC=80, FAKE_GPU_SMS=108), "pass", 0)
    assert said["results"][0]["speed"]["peak_dense_tops"] == pytest.approx(624, rel=0.001)


def test_shapes_are_chosen_when_none_is_given(smoke):
    said = valid(smoke("--types", "int8", "--pairs", 1, "--warm-up", 0, "--min-speedup", 0,
                       FAKE_GPU_CC=90), "pass", 0)  # fmt: skip
    speed = said["results"][0]["speed"]
    assert (speed["m"], speed["n"], speed["k"]) == (256, 512, 8192)
    assert speed["waves"] == 4.0
    assert said["results"][0]["verify"]["k"] == 1024


@pytest.mark.parametrize("fault", ["bitflip", "stale", "ignore-metadata", "xid", "ecc"])
def test_sick_hardware_fails(smoke, fault):
    said = valid(smoke(*QUICK, FAKE_GPU_FAULT=fault), "fail", 1)
    reason = {"xid": "Xid", "ecc": "ECC"}.get(fault, "int8: ")
    assert reason in said["reason"]
    if fault == "stale":
        assert said["results"][0]["verify"]["sparse_bad_cpu"] == 0, "only the controls notice"
        assert not said["results"][0]["controls"]["metadata"]["caught"]
    if fault == "xid":
        assert said["health"]["xid_first"] == 79


def test_two_sicknesses_are_both_named(smoke):
    said = valid(smoke(*QUICK, FAKE_GPU_FAULT="bitflip,xid"), "fail", 1)
    assert "wrong results" in said["reason"]
    assert "Xid" in said["reason"]


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        (["--bogus"], "--bogus"),
        (["--device"], "a value is missing"),
        (["--device", "first"], "--device first"),
        (["--types", "int4"], "int8, fp16, bf16, fp8"),
        (["--types", ""], "int8, fp16, bf16, fp8"),
        (["--shape", "100x256x256"], "multiple"),
        (["--shape", "128x256"], "4096x4096x8192"),
        (["--verify-shape", "0x0x0"], "4096x4096x8192"),
        (["--kernels", "tma"], "mma-narrow"),
        (["--timeout", "0"], "1 to 3600"),
        (["--timeout", "1s"], "1 to 3600"),
        (["--pairs", "1000"], "1 to 200"),
        (["--min-speedup", "nan"], "ratio"),
    ],
)
def test_a_wrong_option_is_one_clear_line(smoke, option, reason):
    said = valid(smoke(*option), "usage", 2)
    assert reason in said["reason"]
    assert "\n" not in said["reason"]


def test_help_and_version_need_no_gpu(smoke_program):
    for option, word in (("--help", "--min-speedup"), ("--version", "hostcheck-smoke")):
        done = subprocess.run(
            [smoke_program, option], capture_output=True, text=True, check=True, timeout=120
        )
        assert word in done.stdout


@pytest.mark.parametrize(
    ("gpu", "reason"),
    [
        ({"FAKE_GPU_CC": 75}, "8.0 (Ampere)"),
        ({"FAKE_GPU_CC": 70}, "8.0 (Ampere)"),
        ({"FAKE_GPU_SHARED_BYTES": 65536}, "shared memory"),
        ({"FAKE_GPU_MEMORY_MIB": 511}, "framebuffer too small"),
        ({"FAKE_GPU_NAME": "NVIDIA A40-2B"}, "C or Q profile"),
        ({"FAKE_GPU_NAME": "NVIDIA A40-2B", "FAKE_GPU_FAULT": "no-cuda"}, "C or Q profile"),
        ({"FAKE_GPU_NAME": "NVIDIA A16-1A", "FAKE_GPU_FAULT": "no-cuda"}, "C or Q profile"),
        ({"FAKE_GPU_NAME": "NVIDIA L4-4Q", "FAKE_GPU_LICENSED": 0, "FAKE_GPU_FAULT": "refused"},
         "without a licence"),
    ],
)  # fmt: skip
def test_what_is_not_broken_is_not_a_fail(smoke, gpu, reason):
    said = valid(smoke(*QUICK, **gpu), "not_applicable", 3)
    assert reason in said["reason"]


def test_memory_that_somebody_else_fills_is_not_a_fail(smoke):
    said = valid(smoke(*TIMED, "--shape", "65536x8192x8192", FAKE_GPU_MEMORY_MIB=1024),
                 "not_applicable", 3)  # fmt: skip
    assert "something else" in said["reason"]


def test_a_type_that_the_gpu_lacks_is_said(smoke):
    said = valid(smoke(*QUICK, "--types", "int8,fp8", FAKE_GPU_CC=80), "pass", 0)
    assert [one["dtype"] for one in said["results"]] == ["int8"]
    assert "fp8" in said["notes"][0]
    said = valid(smoke("--quick", "--types", "fp8", FAKE_GPU_CC=86), "not_applicable", 3)
    assert "fp8" in said["reason"]


@pytest.mark.parametrize("fault", ["no-device", "no-cuda"])
def test_no_gpu(smoke, fault):
    valid(smoke(*QUICK, FAKE_GPU_FAULT=fault), "no_device", 4)


def test_no_driver(smoke, tmp_path):
    (tmp_path / "libcuda.so.1").write_text("not a library")
    said = valid(smoke(*QUICK, driver=tmp_path), "no_device", 4)
    assert "libcuda.so.1" in said["reason"]


def test_the_gpu_is_chosen_by_index_or_by_any_spelling_of_its_address(smoke):
    two = {"FAKE_GPU_PCI": "0000:02:00.0,0000:3b:00.0"}
    for which in ("1", "0000:3b:00.0", "00000000:3B:00.0", "3b:00.0"):
        said = valid(smoke(*QUICK, "--device", which, **two), "pass", 0)
        assert (said["gpu"]["index"], said["gpu"]["pci"]) == (1, "0000:3b:00.0")
    for which in ("2", "0000:3c:00.0"):
        assert which in valid(smoke(*QUICK, "--device", which, **two), "no_device", 4)["reason"]


@pytest.mark.parametrize("fault", ["refused", "launch", "crash"])
def test_what_leaves_the_arithmetic_unknown_is_an_error(smoke, fault):
    said = valid(smoke(*QUICK, FAKE_GPU_FAULT=fault), "error", 5)
    assert {"refused": "context", "launch": "verify", "crash": "module"}[fault] in said["reason"]


def test_a_launch_failure_with_an_xid_is_a_fail(smoke):
    said = valid(smoke(*QUICK, FAKE_GPU_FAULT="launch,xid"), "fail", 1)
    assert "Xid 79" in said["reason"]


def test_a_hung_gpu_ends_in_time_with_what_was_learnt(smoke):
    start = time.monotonic()
    said = valid(smoke(*QUICK, "--timeout", 1, FAKE_GPU_FAULT="hang"), "timeout", 6)
    assert time.monotonic() - start < 30
    assert "phase verify" in said["reason"]
    assert said["gpu"]["name"] == "Fake GPU"
    assert said["results"][0]["metadata_layout"] == "match"


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_signal_ends_it_like_the_timeout(smoke_program, fake_driver, tmp_path, name):
    output = tmp_path / "answer.json"
    running = subprocess.Popen(
        [smoke_program, "--quick", "--types", "int8", "--output", output],
        env={**os.environ, "LD_LIBRARY_PATH": str(fake_driver), "FAKE_GPU_FAULT": "hang"},
    )
    while not _blocks(running.pid, signal.SIGTERM):
        time.sleep(0.01)
    running.send_signal(getattr(signal, name))
    assert running.wait(timeout=30) == 6
    said = json.loads(output.read_text())
    SCHEMA.validate(said)
    assert "signal" in said["reason"]


def _blocks(pid, number):
    status = Path(f"/proc/{pid}/status").read_text()
    mask = int(re.search(r"SigBlk:\t(\w+)", status)[1], 16)
    return mask >> (number - 1) & 1


def test_slow_is_not_a_fail_and_is_told_with_its_number(smoke):
    said = valid(smoke(*TIMED, FAKE_GPU_SPEEDUP=1.02), "slow", 7)
    assert "1.020 times" in said["reason"]
    assert "shared" not in said["reason"]
    valid(smoke(*TIMED, "--min-speedup", 1.01, FAKE_GPU_SPEEDUP=1.02), "pass", 0)
    valid(smoke(*TIMED, "--min-speedup", 0, FAKE_GPU_SPEEDUP=0.5), "pass", 0)


def test_slow_on_a_vgpu_says_that_it_may_be_shared_and_unlicensed(smoke):
    said = valid(smoke(*TIMED, FAKE_GPU_SPEEDUP=1.02, FAKE_GPU_NAME="NVIDIA L40S-24Q",
                       FAKE_GPU_LICENSED=0), "slow", 7)  # fmt: skip
    assert "shared with other VMs" in said["reason"]
    assert "no vGPU licence" in said["reason"]
    assert len(said["notes"]) == 2


@pytest.mark.parametrize(
    ("name", "virtualization", "sharing"),
    [
        ("NVIDIA H100 PCIe", "passthrough", "none"),
        ("NVIDIA H100 PCIe", "none", "none"),
        ("NVIDIA A100-SXM4-40GB", "passthrough", "none"),
        ("NVIDIA L40S-24Q", "vgpu", "time_sliced"),
        ("GRID A100D-80C", "vgpu", "time_sliced"),
        ("NVIDIA H100XL-1-12C", "vgpu", "mig"),
        ("GRID A100-1-5CME", "vgpu", "mig"),
        ("NVIDIA A100-SXM4-40GB MIG 1g.5gb", "passthrough", "mig"),
    ],
)
def test_how_the_gpu_is_shared(smoke, name, virtualization, sharing):
    said = valid(smoke(*QUICK, FAKE_GPU_NAME=name, FAKE_GPU_VIRTUALIZATION=virtualization),
                 "pass", 0)  # fmt: skip
    assert said["gpu"]["sharing"] == sharing
    assert bool(said["notes"]) == (sharing == "time_sliced")
    assert said["gpu"]["licensed"] == (True if virtualization == "vgpu" else None)


def test_without_nvml_nothing_is_made_up(smoke, fake_driver, tmp_path):
    (tmp_path / "libcuda.so.1").symlink_to(fake_driver / "libcuda.so.1")
    said = valid(smoke(*QUICK, driver=tmp_path), "pass", 0)
    assert "libnvidia-ml.so.1" in said["notes"][0]
    assert said["gpu"]["driver"] is None
    assert (said["gpu"]["sharing"], said["gpu"]["licensed"]) == ("unknown", None)
    assert said["health"]["xid_events"] is None
    assert set(said["health"]["after"].values()) == {None}


def test_the_answer_goes_to_a_file_whole(smoke_program, fake_driver, tmp_path):
    output = tmp_path / "answer.json"
    env = {**os.environ, "LD_LIBRARY_PATH": str(fake_driver)}
    command = [smoke_program, *QUICK, "--output"]
    done = subprocess.run([*command, output], env=env, capture_output=True, check=True, timeout=60)
    assert done.stdout == b""
    assert json.loads(output.read_text())["status"] == "pass"
    assert list(tmp_path.iterdir()) == [output]
    lost = subprocess.run(
        [*command, tmp_path / "no" / "where"], env=env, capture_output=True, check=False, timeout=60
    )
    assert lost.returncode == 5
    assert b"cannot write" in lost.stderr


IMAGES = {
    80: ("sm_80", "mma.sync"), 86: ("sm_86", "mma.sync"), 87: ("sm_86", "mma.sync"),
    89: ("sm_89", "mma.sync"), 90: ("sm_90a", "wgmma"), 100: ("sm_100a", "tcgen05"),
    103: ("sm_103a", "tcgen05"), 107: ("sm_100f", "tcgen05"), 110: ("ptx", "mma.sync"),
    120: ("sm_120a", "mma.sync"), 121: ("ptx", "mma.sync"),
}  # fmt: skip


@pytest.mark.parametrize("cc", IMAGES)
def test_each_gpu_gets_its_own_machine_code(smoke, cc):
    said = valid(smoke(*QUICK[:1], *QUICK[3:], FAKE_GPU_CC=cc), "pass", 0)
    assert (said["image"], said["config"].split()[0]) == IMAGES[cc]
    assert said["proven_on"] is None, "no GPU has run any of them yet"


@pytest.mark.parametrize("cc", [100, 103, 107])
def test_machine_code_for_one_gpu_is_for_no_other(smoke, cc):
    """sm_100a runs on 10.0 alone and sm_103a on 10.3; the family's image has no int8, no fp4."""
    said = valid(smoke("--quick", "--types", "all", *QUICK[3:], FAKE_GPU_CC=cc), "pass", 0)
    kinds = [one["dtype"] for one in said["results"]]
    assert (
        kinds
        == {
            100: ["int8", "fp16", "bf16", "fp8", "fp4"],
            103: ["fp16", "bf16", "fp8", "fp4"],
            107: ["fp16", "bf16", "fp8"],
        }[cc]
    )
    assert {one["metadata_layout"] for one in said["results"]} == {"match"}


def test_types_are_those_that_the_tensor_cores_have(smoke):
    said = valid(smoke(*QUICK[:1], *QUICK[3:], FAKE_GPU_CC=103), "pass", 0)
    assert [one["dtype"] for one in said["results"]] == ["fp16", "fp8"]
    assert said["notes"] == []
    said = valid(smoke(*QUICK[:1], "--types", "int8,fp8", *QUICK[3:], FAKE_GPU_CC=103), "pass", 0)
    assert [one["dtype"] for one in said["results"]] == ["fp8"]
    assert said["notes"] == [
        "int8: not applicable, the tensor cores of compute capability 10.3 have none"
    ]
    said = valid(smoke(*QUICK, FAKE_GPU_CC=103), "not_applicable", 3)
    assert "int8" in said["reason"]


@pytest.mark.parametrize(
    ("cc", "rate"),
    [(80, 2048), (86, 1024), (89, 1024), (90, 4096), (100, 8192), (103, 8192), (120, 1024)],
)
def test_the_peak_is_that_of_the_path_that_ran(smoke, cc, rate):
    """Multiply-adds of a 1-byte type per clock; the clock of the fake is 1410 MHz."""
    said = valid(smoke(*TIMED, "--types", "all", FAKE_GPU_CC=cc), "pass", 0)
    for one in said["results"]:
        if (one["dtype"], cc) == ("fp4", 103):
            assert "K = 96" in one["speed"]["peak_why"]
            continue
        of_type = rate * {"fp4": 2, "int8": 1, "fp8": 1}.get(one["dtype"], 0.5)
        assert one["speed"]["peak_dense_tops"] == pytest.approx(2e-6 * of_type * 1410, abs=0.06)
        assert "peak_why" not in one["speed"]


@pytest.mark.parametrize(
    ("cc", "kernels", "why"),
    [(90, "mma-wide", "wgmma"), (100, "mma-wide", "tcgen05"), (103, "mma-wide", "tcgen05"),
     (87, "auto", "aarch64"), (110, "auto", "aarch64"), (121, "auto", "aarch64"),
     (107, "auto", "data sheet"), (122, "auto", "no published rate")],
)  # fmt: skip
def test_a_path_without_a_published_peak_says_why(smoke, cc, kernels, why):
    said = valid(
        smoke("--types", "fp16", *TIMED[2:], "--kernels", kernels, FAKE_GPU_CC=cc), "pass", 0
    )
    speed = said["results"][0]["speed"]
    assert why in speed["peak_why"]
    assert {speed[key] for key in ("peak_dense_tops", "dense_of_peak", "sparse_of_peak")} == {None}


@pytest.mark.parametrize(
    ("cc", "kernels", "judged"),
    [(80, "auto", True), (86, "auto", True), (89, "auto", True), (90, "auto", True),
     (120, "auto", True), (90, "mma-wide", False), (100, "auto", False), (103, "auto", False),
     (103, "mma-wide", False), (110, "auto", False)],
)  # fmt: skip
def test_a_ratio_is_judged_only_where_a_healthy_one_is_known(smoke, cc, kernels, judged):
    options = ("--types", "fp16", *TIMED[2:], "--kernels", kernels)
    said = valid(smoke(*options, FAKE_GPU_CC=cc, FAKE_GPU_SPEEDUP=1.05),
                 *(("slow", 7) if judged else ("pass", 0)))  # fmt: skip
    assert said["speed_judged"] is judged
    assert bool(said["notes"]) is not judged
    if not judged:
        assert "1.050 times as fast" in said["notes"][0]
        assert "not judged" in said["notes"][0]
        valid(smoke(*options, "--min-speedup", 1.1, FAKE_GPU_CC=cc, FAKE_GPU_SPEEDUP=1.05),
              "slow", 7)  # fmt: skip


@pytest.mark.parametrize("fault", ["bitflip", "stale", "ignore-metadata"])
def test_kernels_that_no_gpu_has_run_accuse_none(smoke, fault):
    """Nothing is known: not a fail, as the fault may be the kernels', and never a pass."""
    said = valid(smoke(*QUICK, FAKE_GPU_CC=100, FAKE_GPU_FAULT=fault), "error", 5)
    assert said["results"][0]["metadata_layout"] == "mismatch"
    assert "documented in word" in said["results"][0]["metadata_seen"]
    assert "the fault may be theirs: --kernels mma-wide" in said["reason"]
    said = valid(smoke(*QUICK, "--kernels", "mma-wide", FAKE_GPU_CC=100, FAKE_GPU_FAULT=fault),
                 "fail", 1)  # fmt: skip
    assert "theirs" not in said["reason"]


@pytest.mark.parametrize(
    ("fault", "xid", "status", "code"),
    [("xid", 79, "fail", 1), ("xid", 48, "fail", 1), ("ecc", 79, "fail", 1),
     ("xid", 13, "error", 5), ("xid", 31, "error", 5), ("launch,xid", 13, "error", 5),
     ("launch,xid", 79, "fail", 1), ("bitflip,ecc", 79, "fail", 1)],
)  # fmt: skip
def test_what_hardware_says_of_itself_is_a_fail_by_any_kernels(smoke, fault, xid, status, code):
    """An illegal instruction or address may be the program's; a GPU that is gone is not."""
    gpu = {"FAKE_GPU_CC": 103, "FAKE_GPU_FAULT": fault, "FAKE_GPU_XID": xid}
    valid(smoke("--quick", "--types", "fp16", *QUICK[3:], **gpu), status, code)
