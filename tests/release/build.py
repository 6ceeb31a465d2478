"""Builds wheel, source distribution and bill of materials: the same bytes wherever it is done.

    python -m tests.release.build dist

What goes in are the files that git knows and the smoke test's program. Times, owners, modes and the
order of members are set afterwards, for neither format fixes them: the time is SOURCE_DATE_EPOCH,
by default that of the last commit.
"""

import gzip
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

from tests.release import sbom

ROOT = Path(__file__).parents[2]
BUILT = Path("hostcheck/smoke/built")
PROGRAM = ("built.json", "hostcheck-smoke")
LEVEL = 9
FILE, TOOL = 0o644, 0o755
OLDEST = 315_532_800
"""1980, the first year of a zip."""


def main(place: Path) -> None:
    """Build into a folder."""
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "source"
        export(source)
        for file in build(source, Path(name) / "built", moment()):
            shutil.copy(file, place)
    (place / "hostcheck.cdx.json").write_text(sbom.document(moment()))
    sys.stdout.writelines(f"{one}\n" for one in sorted(place.iterdir()))


def moment() -> int:
    """Return the time that everything in it gets, in seconds since 1970."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    told = given or _git("log", "-1", "--format=%ct")
    return max(OLDEST, int(told))


def _git(*words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout


def export(place: Path) -> None:
    """Copy what git knows, and the program where it was built."""
    files = [Path(one) for one in _git("ls-files", "-z").split("\0") if one]
    files += [BUILT / one for one in PROGRAM if (ROOT / BUILT / one).is_file()]
    for one in files:
        if (ROOT / one).is_file():
            (place / one).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / one, place / one)


def build(source: Path, place: Path, when: int) -> list[Path]:
    """Build both from a folder, and set what may differ. Returns the files."""
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(place), str(source)],
        check=True, stdout=subprocess.DEVNULL,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(when)},
    )  # fmt: skip
    for wheel in place.glob("*.whl"):
        _settle_zip(wheel, when)
    for archive in place.glob("*.tar.gz"):
        _settle_tar(archive, when)
    return sorted(place.iterdir())


def _settle_zip(path: Path, when: int) -> None:
    with zipfile.ZipFile(path) as there:
        held = {one.filename: there.read(one) for one in there.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as fresh:
        for name in sorted(held, key=lambda one: (".dist-info/" in one, one)):
            member = zipfile.ZipInfo(name, time.gmtime(when)[:6])
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3
            member.external_attr = (0o100000 | _mode(name)) << 16
            fresh.writestr(member, held[name])


def _settle_tar(path: Path, when: int) -> None:
    with tarfile.open(path) as there:
        held = [(one, there.extractfile(one)) for one in there.getmembers()]
        plain = io.BytesIO()
        with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as fresh:
            for one, data in sorted(held, key=lambda each: each[0].name):
                member = tarfile.TarInfo(one.name)
                member.type, member.size, member.mtime = one.type, one.size, when
                member.mode = TOOL if one.isdir() else _mode(one.name)
                fresh.addfile(member, data)
    packed = gzip.compress(plain.getvalue(), LEVEL, mtime=when)
    path.write_bytes(packed)


def _mode(name: str) -> int:
    return TOOL if name.endswith((".sh", "/hostcheck-smoke")) else FILE


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "dist"))
