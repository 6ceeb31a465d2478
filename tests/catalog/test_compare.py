"""`make catalogue`: the catalogue beside small files in the form that NVIDIA publishes."""

import subprocess
import sys
from pathlib import Path

import pytest

from hostcheck.catalog import compare
from hostcheck.errors import ParseError

NAMES = """\
static const CHIPS_RELEASED sChipsReleased[] = {
    { 0x2235, 0x145a, 0x10de, "NVIDIA A40" },
    { 0x2235, 0x14fe, 0x10DE, "NVIDIA A40-8Q" },
    { 0x2235, 0x14ff, 0x10DE, "NVIDIA A40-5Q" },
    { 0x2235, 0x1500, 0x10DE, "NVIDIA A40-8" },
    { 0x25B6, 0x1502, 0x10DE, "NVIDIA A16-4Q" },
    { 0x25B6, 0x1503, 0x10DE, "NVIDIA A2-5Q" },
    { 0x3FF0, 0x1501, 0x10DE, "NVIDIA NB40-8Q" },
};
"""
CONFIG = """\
<?xml version="1.0" encoding="utf-8"?>
<vgpuconfig>
  <vgpuType id="557" name="NVIDIA A40-8Q">
    <profileSize>0x200000000</profileSize></vgpuType>
  <vgpuType id="558" name="NVIDIA A40-48Q">
    <profileSize>0xB00000000</profileSize></vgpuType>
  <vgpuType id="600" name="NVIDIA A16-4Q">
    <profileSize>0x100000000</profileSize></vgpuType>
  <pgpu>
    <devId vendorId="0x10de" deviceId="0x2235" subsystemVendorId="0x10de" subsystemId="0x0"/>
    <supportedVgpu vgpuId="557"><maxVgpus>5</maxVgpus></supportedVgpu>
    <supportedVgpu vgpuId="558"><maxVgpus>1</maxVgpus></supportedVgpu>
  </pgpu>
  <pgpu>
    <devId vendorId="0x10de" deviceId="0x25B6" subsystemVendorId="0x10de" subsystemId="0x14A9"/>
    <supportedVgpu vgpuId="600"><maxVgpus>4</maxVgpus></supportedVgpu>
  </pgpu>
</vgpuconfig>
"""
MANAGER = """\
version: v1
vgpu-configs:
    A40-8Q:
        - devices: all
          vgpu-devices:
            A40-8Q: 6
    A40-12Q:
        - devices: all
          vgpu-devices:
            A40-12Q: 5
    NB40-8Q:
        - devices: all
          vgpu-devices:
            NB40-8Q: 6
    default:
        - device-filter: "0x223510DE"
          devices: all
          vgpu-devices:
            DC-8C: 4
"""
IDS = """\
10dd  Another Vendor
\t2235  Not of NVIDIA
10de  NVIDIA Corporation
\t2235  GA102GL [A40]
\t\t10de 145a  A40
\t25b6  GA107GL [A2 / A16]
10df  Emulex Corporation
\t26b9  Not of NVIDIA either
"""


def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, text: str):
    path = tmp_path / "table"
    path.write_text(text)
    status = compare.main([option, str(path)])
    return status, capsys.readouterr().out


def test_names(tmp_path, capsys):
    status, out = run(tmp_path, capsys, "--names", NAMES)
    assert status == 1
    assert "a40: NVIDIA A40-5Q is not listed" in out
    assert "3ff0: no such GPU, and 1 types of it, such as NB40-8Q" in out
    assert "A40-8Q" not in out.replace("NB40-8Q", "")
    assert "a40: not in the table: A40-1Q" in out
    assert "a2 or a16: NVIDIA A2-5Q is not listed" in out
    assert "A16-4Q" not in out
    assert "A40-48C" not in out  # of a series that this table has none of


def test_sizes_and_counts(tmp_path, capsys):
    status, out = run(tmp_path, capsys, "--vgpu-config", CONFIG)
    assert status == 1
    assert "a40: 5 of A40-8Q fit, not 6" in out
    assert "a40: A40-48Q has 45056 MiB, not 49152" in out
    assert "a16: " in out
    assert "a2: " not in out  # the subsystem tells them apart


def test_counts_by_short_name(tmp_path, capsys):
    status, out = run(tmp_path, capsys, "--device-manager", MANAGER)
    assert status == 1
    assert "5 of A40-12Q fit, not a40 4" in out
    assert "NB40-8Q is not listed" in out
    assert "2 differences" in out  # DC-8C is a name of two boards, one of which takes 4


def test_ids(tmp_path, capsys):
    status, out = run(tmp_path, capsys, "--pci-ids", IDS)
    assert status == 1
    assert "l40s: 26b9 is not in pci.ids" in out
    assert "a40: " not in out
    assert "a16: " not in out


@pytest.mark.parametrize("option", ["--names", "--vgpu-config", "--device-manager", "--pci-ids"])
@pytest.mark.parametrize("text", ["", "<a/>", "version: v1", "<vgpuconfig></vgpuconfig>"])
def test_a_file_of_another_kind(tmp_path, capsys, option, text):
    assert run(tmp_path, capsys, option, text)[0] == 2


def test_entities_are_refused():
    with pytest.raises(ParseError):
        compare.vgpu_config('<!DOCTYPE a [<!ENTITY b "c">]><vgpuconfig/>')


def test_a_type_without_its_row():
    with pytest.raises(ParseError, match="no type '9'"):
        compare.vgpu_config(
            "<vgpuconfig><pgpu><devId deviceId='0x2235'/>"
            "<supportedVgpu vgpuId='9'/></pgpu></vgpuconfig>"
        )


def test_nothing_to_compare_with():
    with pytest.raises(SystemExit):
        compare.main([])


def test_it_says_what_it_does_without_docstrings() -> None:
    command = [sys.executable, "-OO", "-m", "hostcheck.catalog.compare", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert compare.TITLE in " ".join(done.stdout.split())
