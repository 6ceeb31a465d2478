"""The benchmark's own part, on a GPU that is none: it checks, and says what is missing."""

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[3] / "benchmarks" / "sparse_gpu.py"


def measure(folder, driver, **environment):
    return subprocess.run(
        [sys.executable, SCRIPT, "--quick", "--output", folder, "--compare", "128x256x512"],
        env={**os.environ, "LD_LIBRARY_PATH": str(driver), "FAKE_GPU_CC": "86", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_every_way_to_multiply_is_checked_and_missing_libraries_are_named(
    smoke_program, fake_driver, tmp_path
):
    del smoke_program
    done = measure(tmp_path, fake_driver)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "compare.json").read_text())
    for row in found["rows"]:
        assert row["wrong"] == {"ours sparse narrow": 0, "ours dense narrow": 0}
    assert [row["type"] for row in found["rows"]] == ["int8", "fp16"]
    assert json.loads((tmp_path / "verify.json").read_text())["status"] == "pass"
    assert (tmp_path / "summary.md").read_text() in done.stdout


def test_wrong_products_fail_the_benchmark(smoke_program, fake_driver, tmp_path):
    del smoke_program
    done = measure(tmp_path, fake_driver, FAKE_GPU_FAULT="bitflip")
    assert done.returncode == 1
    found = json.loads((tmp_path / "compare.json").read_text())
    assert found["rows"][0]["wrong"]["ours sparse narrow"] == 1
