"""Bulletins and pages of packages: numbers are read, typing errors are named and not taken."""

import pytest

from hostcheck import catalog
from hostcheck.catalog import compare
from hostcheck.catalog.published import Quoted, bulletin, from_archive, from_bulletins, package
from hostcheck.errors import ParseError

RELEASES = catalog.requirements().releases
GUEST = "| CVE-1 | Guest driver | Linux(R535 vGPU 16) | {} | {} |\n"
HOST = (
    "| CVE-1 | Virtual GPU Manager | XenServer, VMware vSphere, Ubuntu(R535 vGPU 16) | {} | {} |\n"
)
UP_TO = "535.261.04(All versions prior to and including vGPU 16.11)"
PAGE = """### nvgpu_NVIDIA-GRID-vSphere-{line}-{drivers}.zip
<tr><td><strong>Version</strong></td><td>{minor}</td></tr>
"""


def test_a_bulletin_names_hosts_and_guests():
    text = HOST.format(UP_TO, "535.274.03(vGPU software 16.12)") + (
        "| CVE-1 | Guest driver | Windows(R535 vGPU 16) | 539.41(All versions prior to and "
        "including vGPU 16.11) | 539.56(vGPU 16.12) |\n"
        "| CVE-1 | Virtual GPU Manager | Azure Local(R595 vGPU 20) | 595.94(vGPU 20.0) | x |\n"
        "| CVE-1 | Guest driver | Linux(Cloud Gaming) | 595.58.03(vGPU 20.0) | x |\n"
        "| CVE-1 | Tesla | Linux(R535) | 535.1(vGPU 16.1) | 535.2(vGPU 16.2) |\n"
    )
    assert set(bulletin(text, "5703")) == {
        Quoted("16.11", "host", "535.261.04", "5703"),
        Quoted("16.12", "host", "535.274.03", "5703"),
        Quoted("16.11", "windows", "539.41", "5703"), Quoted("16.12", "windows", "539.56", "5703"),
    }  # fmt: skip


def compared(tmp_path, **bulletins):
    for name, text in bulletins.items():
        (tmp_path / f"{name[1:]}.md").write_text(text)
    return list(from_bulletins(tmp_path, RELEASES))


def test_a_number_of_another_branch_is_a_typing_error(tmp_path):
    (line,) = compared(tmp_path, _5703=HOST.format(UP_TO, "575.274.02(vGPU 16.12)"))
    assert line == "16.12: 575.274.02 is not of branch 535: a typing error of 5703, not taken"


def test_a_later_bulletin_corrects_an_earlier_one(tmp_path):
    wrong = "580.129.08(vGPU software 19.4)"
    right = "580.126.08(All versions prior to and including vGPU 19.4)"
    assert compared(tmp_path, _5747=HOST.format("x", wrong)) == [
        "19.4: host driver 580.129.08 (5747), not 580.126.08"
    ]
    assert compared(tmp_path, _5821=HOST.format(right, "x")) == []


def test_what_is_new_is_named(tmp_path):
    text = HOST.format("x", "535.400.01(vGPU 16.15)") + GUEST.format("x", "730.1(vGPU 23.0)")
    assert compared(tmp_path, _5900=text) == [
        "16.15: is not listed (host 535.400.01, 5900)",
        "23.0: no such release (linux 730.1, 5900)",
    ]


@pytest.mark.parametrize(
    ("drivers", "linux"),
    [("535.230.02-539.19", "535.230.02"), ("535.54.06-535.54.03-536.25", "535.54.03")],
)
def test_a_page_of_a_package(drivers, linux):
    found, line = package(PAGE.format(line="7.0", drivers=drivers, minor="16.9"), "04ecc2")
    assert line == "7.0"
    assert {(one.kind, one.driver) for one in found} == {
        ("host", drivers.split("-")[0]), ("linux", linux), ("windows", drivers.split("-")[-1]),
    }  # fmt: skip
    assert package("### NVIDIA-GRID-RHEL-10.0-1-2-3.zip", "x") == ([], "")


def test_packages_by_line(tmp_path):
    (tmp_path / "aa0001_x.md").write_text(
        PAGE.format(line="9.0", drivers="580.159.01-580.159.03-582.53", minor="19.5")
    )
    (tmp_path / "aa0002_x.md").write_text(
        PAGE.format(line="7.0", drivers="535.309.01-539.72", minor="16.14")
    )
    assert list(from_archive(tmp_path, RELEASES)) == [
        "16.14: the last package for ESXi 7.0 is not 16.9",
        "19.5: a package for ESXi 9.0 is not listed",
    ]


@pytest.mark.parametrize("look", [from_bulletins, from_archive])
def test_a_folder_of_something_else(look, tmp_path):
    (tmp_path / "README.md").write_text("nothing")
    with pytest.raises(ParseError):
        list(look(tmp_path, RELEASES))


def test_the_command(tmp_path, capsys):
    (tmp_path / "5703.md").write_text(HOST.format(UP_TO, "575.274.02(vGPU 16.12)"))
    assert compare.main(["--bulletins", str(tmp_path)]) == 1
    assert "product-security: 1 differences" in capsys.readouterr().out
    assert compare.main(["--archive", str(tmp_path)]) == 2
    assert compare.main(["--bulletins", str(tmp_path / "missing")]) == 2
