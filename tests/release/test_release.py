"""What is shipped: the same bytes from the same commit, locked by digest, and all of it named."""

import configparser
import hashlib
import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from tests.release import build, sbom

ROOT = Path(__file__).parents[2]


def _backend() -> str:
    found = re.search(r'"setuptools==([\d.]+)"', (ROOT / "pyproject.toml").read_text())
    assert found
    return found[1]


def _can_build() -> bool:
    try:
        metadata.version("build")
        return metadata.version("setuptools") == _backend()
    except metadata.PackageNotFoundError:
        return False


def _built(folder: Path, umask: int, zone: str, age: int) -> dict[str, str]:
    """Build in a process of its own, with files of another age, and return digests by name."""
    source = folder / "source"
    old = os.umask(umask)
    try:
        build.export(source)
        for number, file in enumerate(sorted(source.rglob("*"))):
            os.utime(file, (age + number, age + number))
        code = "import sys; from pathlib import Path; from tests.release.build import build; "
        code += "build(Path(sys.argv[1]), Path(sys.argv[2]), 1_790_000_000)"
        subprocess.run(
            [sys.executable, "-c", code, str(source), str(folder / "out")],
            cwd=ROOT, check=True, env={**os.environ, "TZ": zone, "PYTHONHASHSEED": str(umask)},
        )  # fmt: skip
    finally:
        os.umask(old)
    return {
        one.name: hashlib.sha256(one.read_bytes()).hexdigest()
        for one in sorted((folder / "out").iterdir())
    }


@pytest.mark.skipif(not _can_build(), reason=f"no build, or setuptools is not {_backend()}")
def test_wheel_and_source_are_the_same_bytes_wherever_they_are_built(tmp_path: Path) -> None:
    here = _built(tmp_path / "a", 0o022, "UTC", 1_700_000_000)
    there = _built(tmp_path / "b" / "deeper", 0o027, "Asia/Tokyo", 1_600_000_001)
    assert sorted(name.rpartition(".")[2] for name in here) == ["gz", "whl"]
    assert here == there


def test_all_that_is_installed_is_locked_by_digest() -> None:
    locked = {one.name: one for one in sbom.pins()}
    assert all(one.sha256 for one in locked.values())
    pinned = dict(
        line.lower().replace("_", "-").split("==")
        for line in (ROOT / "constraints.txt").read_text().split()
    )
    assert {one.name: one.version for one in locked.values()}.items() <= pinned.items()
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    wanted = [re.split(r"[<>=]", one)[0] for one in setup["options"]["install_requires"].split()]
    seen: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        assert name in locked, name
        wanted += [
            re.match(r"[\w.-]+", one)[0].lower().replace("_", "-")  # type: ignore[index]
            for one in metadata.requires(name) or ()
            if not re.search(r"extra|python_(full_)?version *<|sys_platform|os_name", one)
        ]
    assert seen <= set(locked)
    assert set(locked) - seen <= {"pycparser", "cffi"}


def test_the_bill_of_materials_names_everything_and_its_licence() -> None:
    bill = json.loads(sbom.document(1_790_000_000))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["timestamp"] == "2026-09-21T14:13:20Z"
    components = {one["name"]: one for one in bill["components"]}
    assert set(components) == {one.name for one in sbom.pins()}
    for one in components.values():
        assert one["licenses"][0]["license"]["name"], one["name"]
        assert one["purl"] == f"pkg:pypi/{one['name']}@{one['version']}"
    references = {one["bom-ref"] for one in components.values()}
    reached, wanted = set(), [bill["metadata"]["component"]["bom-ref"]]
    needs = {one["ref"]: one["dependsOn"] for one in bill["dependencies"]}
    while wanted:
        reference = wanted.pop()
        reached.add(reference)
        wanted += [one for one in needs[reference] if one not in reached]
    assert reached >= references
    assert sbom.document(1) != sbom.document(10**9)
    assert sbom.document(1) == sbom.document(1)
