"""The catalogue: every number has a source, and every GPU is told from every other."""

import itertools
import json
import re
from pathlib import Path

import pytest

from hostcheck import catalog
from hostcheck.model.lifecycle import (
    Cell,
    EsxiLine,
    Mark,
    line_of,
    minors_of,
    months_between,
    over,
)
from hostcheck.model.pci import NVIDIA, PciId
from hostcheck.model.release import release_of
from hostcheck.model.requirements import (
    Architecture,
    DriverEnd,
    GpuModel,
    VgpuProfile,
    VgpuRelease,
    family_of,
    type_name,
)
from hostcheck.model.window import vgpu_release_of

MODELS = catalog.requirements().models
every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
SAME_DEVICE = {frozenset({"a2", "a16"}), frozenset({"rtx6000p", "rtx8000p"})}
"""Told apart by the subsystem alone."""
SAME_TYPES = ({"a30", "a30x"}, {"a100-pcie-80", "a100x"}, {"a800-pcie-80", "ax800"})
"""The converged accelerators run the types of the board that they carry."""


def test_editions_and_sources():
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", catalog.requirements().edition)
    assert catalog.sources()
    assert all(catalog.sources().values())


def test_ids_are_unique():
    seen = [
        (one.vendor, one.device, one.sub_device) for model in MODELS.values() for one in model.ids
    ]
    assert len(seen) == len(set(seen))


def test_one_device_number_of_two_models_always_has_a_subsystem():
    shared = set()
    for first, second in itertools.combinations(MODELS.values(), 2):
        for one, other in itertools.product(first.ids, second.ids):
            if (one.vendor, one.device) == (other.vendor, other.device):
                assert one.sub_device
                assert other.sub_device
                shared.add(frozenset({first.key, second.key}))
    assert shared == SAME_DEVICE


def test_an_a16_is_no_a2():
    def found(sub_device):
        model = catalog.identify(PciId(NVIDIA, 0x25B6, NVIDIA, sub_device))
        return model.key if model else None

    assert (found(0x14A9), found(0x157E)) == ("a16", "a2")
    assert found(0) is found(0xFFFF) is None


@every_model
class TestModel:
    def test_is_found_by_each_of_its_ids(self, model):
        for one in model.ids:
            whole = PciId(one.vendor, one.device, NVIDIA, one.sub_device)
            assert catalog.identify(whole) is model
            if not one.sub_device:
                assert catalog.identify(PciId(one.vendor, one.device, NVIDIA, 0x1234)) is model
            assert catalog.identify(PciId(0x1002, one.device, 0, one.sub_device)) is None

    def test_cites_known_sources(self, model):
        assert model.sources
        assert set(model.sources) <= set(catalog.sources())

    def test_numbers_are_of_nvidia(self, model):
        assert model.ids
        assert {one.vendor for one in model.ids} == {NVIDIA}
        assert all(0 < one.device <= 0xFFFF and one.sub_device <= 0xFFFF for one in model.ids)

    def test_generation_decides_sriov(self, model):
        old = {Architecture.MAXWELL, Architecture.PASCAL, Architecture.VOLTA, Architecture.TURING}
        if model.key == "t4":
            assert model.sriov == "t4"
        else:
            assert model.sriov == ("none" if model.architecture in old else "required")
        assert model.sparse is (model.architecture not in old)

    def test_ecc_costs_where_there_is_ecc(self, model):
        assert model.ecc or not model.ecc_costs_framebuffer

    def test_mig_is_of_ampere_and_later(self, model):
        assert not model.mig or model.sriov == "required"

    def test_profiles_count(self, model):
        assert model.profiles or model.not_on_esxi
        names = [one.name for one in model.profiles]
        assert len(names) == len(set(names))
        for one in model.profiles:
            assert one.max_per_gpu > 0
            assert 0 < one.framebuffer_mib <= model.framebuffer_gib * 1024
            mixed = one.max_per_gpu_mixed
            assert mixed is None or 0 < mixed <= one.max_per_gpu, one
            assert one.series in ("A", "B", "C", "Q")
            assert model.mig or not one.mig

    def test_the_whole_framebuffer_fits_once(self, model):
        largest = max((one.framebuffer_mib for one in model.profiles), default=0)
        if not largest:
            return
        assert {one.max_per_gpu for one in model.profiles if one.framebuffer_mib == largest} == {1}

    def test_serves_every_spelling_of_its_types(self, model):
        prefix = model.profile_prefixes[-1].removeprefix("nvidia_").removeprefix("grid_")
        for vendor in ("nvidia_", "grid_"):
            if f"{vendor}{prefix}" in model.profile_prefixes:
                assert model.serves(f"{vendor}{prefix}8q")
                assert model.serves(f"{vendor}{prefix}8Q".upper())
        assert f"nvidia_{prefix}" in model.profile_prefixes
        assert model.serves(f"{prefix}8q")
        assert model.serves(f"GRID {prefix}8Q")
        assert not model.serves("")
        assert not model.serves(f"nvidia_{prefix.removesuffix('-')}")

    def test_prefixes_end_where_the_size_begins(self, model):
        for prefix in model.profile_prefixes:
            assert re.fullmatch(r"(grid|nvidia)_[a-z0-9_-]+-", prefix)


def test_grid_is_missing_only_where_nvidia_gave_it_up():
    without = {
        key for key, model in MODELS.items()
        if not any(one.startswith("grid_") for one in model.profile_prefixes)
    }  # fmt: skip
    assert {MODELS[key].architecture for key in without} <= {Architecture.BLACKWELL}


def test_no_type_belongs_to_two_models():
    for first, second in itertools.permutations(MODELS.values(), 2):
        if {first.key, second.key} in SAME_TYPES:
            continue
        for prefix in first.profile_prefixes:
            assert not second.serves(f"{prefix}8c"), (first.key, second.key)


@pytest.mark.parametrize(
    ("profile", "key"),
    [
        ("grid_a100-40c", "a100-pcie-40"), ("grid_a100d-40c", "a100-pcie-80"),
        ("grid_a100dx-80c", "a100-sxm4-80"), ("nvidia_a40-8q", "a40"),
        ("grid_a100-3-20c", "a100-pcie-40"), ("grid_a100d-1-10cme", "a100-pcie-80"),
        ("nvidia_l40s-48q", "l40s"), ("nvidia_l4-24q", "l4"), ("nvidia_a16-4c", "a16"),
        ("nvidia_a10-12c", "a10"), ("nvidia_a2-4q", "a2"), ("grid_h100xm-80c", "h100-sxm-80"),
        ("grid_p4-8q", "p4"), ("grid_p6-1b4", "p6"), ("grid_p40-8q", "p40"), ("grid_m6-0q", "m6"),
        ("grid_p100-16q", "p100-pcie-16"), ("grid_p100c-12c", "p100-pcie-12"),
        ("grid_p100x-16c", "p100-sxm2"), ("grid_v100l-16q", "v100-fhhl"),
        ("grid_a800-40c", "a800-pcie-40"), ("grid_a800d-80c", "a800-pcie-80"),
        ("grid_a800dx-80c", "a800-sxm4-80"), ("nvidia_h800-80c", "h800-pcie-80"),
        ("nvidia_h800xm-80c", "h800-sxm-80"), ("nvidia_h800l-94c", "h800-nvl-94"),
        ("nvidia_h100xs-64c", "h100-sxm-64"), ("nvidia_rtxa5500-24q", "rtx-a5500"),
        ("nvidia_rtx5880-ada-48q", "rtx-5880-ada"), ("nvidia_rtx_6000d-84q", "rtx-6000d"),
        ("nvidia_rtx_pro_6000_blackwell_dc-2b", "rtx-pro-6000-bse"),
        ("nvidia_rtx_pro_4500_blackwell_dc-16q", "rtx-pro-4500-bse"),
    ],
)  # fmt: skip
def test_who_serves(profile, key):
    served = {model.key for model in MODELS.values() if model.serves(profile)}
    assert served == next((same for same in SAME_TYPES if key in same), {key})


def test_what_nobody_serves():
    for profile in ("grid_a100", "a100", "nvidia_rtx-1q", "grid_xyz-1c", ""):
        assert not [model.key for model in MODELS.values() if model.serves(profile)]


def test_hardware_versions_rise_with_the_releases_and_have_sources():
    listed = catalog.hardware_versions()
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", listed.edition)
    releases = [release_of(one.release) for one in listed.releases]
    assert releases == sorted(set(releases))
    versions = [one.hardware_version for one in listed.releases]
    assert versions == sorted(versions)
    for one in listed.releases:
        assert one.hardware_version not in listed.foreign
        assert one.verified is bool(one.sources)
        assert set(one.sources) <= set(listed.sources)


@pytest.mark.parametrize(
    ("name", "slices", "mib", "series"),
    [
        ("A100-1-5CME", 1, 5120, "C"), ("grid_a100d-1-10cme", 1, 10240, "C"),
        ("DC-2-24QGFX", 2, 24576, "Q"), ("DC-1-8CGFX", 1, 8192, "C"),
        ("GRID V100D-2B4", 0, 2048, "B"),
        ("grid_m60-0q", 0, 512, "Q"), ("M10-0B", 0, 512, "B"), ("RTX6000-Ada-48A", 0, 49152, "A"),
        ("nvidia_rtx_pro_6000_blackwell_dc-4-96q", 4, 98304, "Q"), ("RTX 6000D-84C", 0, 86016, "C"),
    ],
)  # fmt: skip
def test_what_a_name_says(name, slices, mib, series):
    said = type_name(name)
    assert (said.slices, said.framebuffer_mib, said.series) == (slices, mib, series)


@pytest.mark.parametrize("name", ["", "A40", "A40-8", "NVIDIA RTX 6000D-84", "A40-8X", "A40-8Q-x"])
def test_what_is_no_name_of_a_type(name):
    assert type_name(name) is None
    assert family_of(name) == ""


def test_the_family_of_a_type():
    assert family_of("GRID P4-8Q") == family_of("grid_p4-2b4") == "p4-"
    assert family_of("NVIDIA A100D-1-10CME") == "a100d-"
    assert family_of("nvidia_rtx5880-ada-4q") == "rtx5880-ada-"


def test_a_type_is_found_in_every_spelling():
    """The driver and vSphere write the board before it, the catalogue does not."""
    model = MODELS["rtx-pro-6000-bse"]
    for name in ("DC-2B", "NVIDIA RTX Pro 6000 Blackwell DC-2B",
                 "nvidia_rtx_pro_6000_blackwell_dc-2b"):  # fmt: skip
        found = model.profile(name)
        assert found is not None
        assert (found.name, found.series, found.max_per_gpu) == ("DC-2B", "B", 32)


def test_no_1b_on_blackwell():
    for model in MODELS.values():
        if model.architecture is Architecture.BLACKWELL:
            assert not [one.name for one in model.profiles if one.name.endswith("-1B")]


def test_every_type_of_3_gb_for_desktops():
    """They came with Ampere, on every board that has B types and no MIG."""
    for model in MODELS.values():
        desktop = any(one.series == "B" for one in model.profiles)
        if desktop and model.sriov == "required":
            assert any(one.name.endswith("-3B") for one in model.profiles), model.key


def test_an_inferred_window_is_the_memory_doubled():
    inferred = {key: model for key, model in MODELS.items() if not model.vm_mmio_verified}
    assert {"l40s", "rtx-pro-6000-bse", "b200", "b300", "gb200"} <= set(inferred)
    for model in inferred.values():
        doubled = 2 << (model.framebuffer_gib - 1).bit_length()
        assert model.vm_mmio_gib == max(64, doubled), model.key
        assert "inferred" in model.sources


def test_boards_that_esxi_never_sees_say_why():
    arm = {key for key, model in MODELS.items() if "Arm" in model.not_on_esxi}
    assert arm == {"gh200-96", "gh200-144", "gb200", "gb300"}
    assert {key for key, model in MODELS.items() if model.not_on_esxi} - arm == {"b200", "b300"}


class TestReleases:
    RELEASES = catalog.requirements().releases

    def test_are_ascending_and_cite_known_sources(self):
        branches = [one.branch for one in self.RELEASES]
        assert branches == sorted(set(branches))
        for one in self.RELEASES:
            assert set(one.sources) <= set(catalog.sources())
            assert one.sources or not one.verified
            assert one.esxi is None or set(one.esxi.sources) <= set(catalog.sources())

    def test_the_newest_are_there(self):
        assert {one.release: one.branch for one in self.RELEASES if one.release > 17} == {
            18: 570, 19: 580, 20: 595, 21: 620,
        }  # fmt: skip
        assert [one.branch for one in self.RELEASES if not one.release] == [590, 610]

    def test_long_term_branches(self):
        assert [one.release for one in self.RELEASES if one.long_term] == [13, 16, 19, 21]

    def test_what_nobody_could_read_is_not_verified(self):
        assert not next(one for one in self.RELEASES if one.release == 21).verified


def test_ends_and_faults_name_what_is_there():
    needs = catalog.requirements()
    generations = {one.value for one in Architecture}
    for end in needs.ends:
        assert set(end.of) <= generations | set(MODELS)
        assert set(end.sources) <= set(catalog.sources())
    for fault in needs.faults:
        assert set(fault.sources) <= set(catalog.sources())
        assert fault.cured.startswith(f"{fault.branch}.")


def test_no_word_of_the_file_is_overlooked():
    """A misspelt optional field would be read as absent."""
    written = json.loads(Path(catalog.__file__).with_name("gpus.json").read_bytes())
    for gpu in written["gpus"]:
        assert set(gpu) <= set(GpuModel.__struct_fields__), gpu["key"]
        for one in gpu["profiles"]:
            assert set(one) <= set(VgpuProfile.__struct_fields__) - {"series", "mig"}, one
    table = json.loads(Path(catalog.__file__).with_name("releases.json").read_bytes())
    for release in table["releases"]:
        assert set(release) <= set(VgpuRelease.__struct_fields__)
        for cell in (release.get(name, {}) for name in ("kind", "ends", "enterprise")):
            assert set(cell) <= set(Cell.__struct_fields__)
    for end in table["ends"]:
        assert set(end) <= set(DriverEnd.__struct_fields__)
    for line in table["esxi"]:
        assert set(line) <= set(EsxiLine.__struct_fields__)
        for cell in (line["general"], line["guidance"]):
            assert set(cell) <= set(Cell.__struct_fields__)


class TestTable:
    """Releases and lines: each cell says how it is known, and the rows hold together."""

    NEEDS = catalog.requirements()
    RELEASES = tuple(one for one in NEEDS.releases if one.release)

    def cells(self):
        for one in self.RELEASES:
            yield from (one.kind, one.ends, one.enterprise)
        for line in self.NEEDS.esxi:
            yield from (line.general, line.guidance)

    def rows(self):
        for one in self.RELEASES:
            yield from (*one.minors, *one.packages)
        for line in self.NEEDS.esxi:
            yield from (*line.floor, *line.builds)

    def test_each_cell_has_its_mark_and_either_sources_or_a_page(self):
        sources = set(catalog.sources())
        for cell in self.cells():
            assert set(cell.sources) <= sources
            assert bool(cell.sources) == (cell.mark is not Mark.UNKNOWN)
            assert cell.page.startswith("https://") == (cell.mark is Mark.UNKNOWN)
        for row in self.rows():
            assert row.sources, row
            assert set(row.sources) <= sources, row
            assert row.mark is not Mark.UNKNOWN, row

    def test_a_cell_cannot_be_both(self):
        with pytest.raises(ValueError, match="2028-07"):
            Cell(Mark.UNKNOWN, "2028-07")
        with pytest.raises(ValueError, match="V"):
            Cell(Mark.READ)

    def test_drivers_are_of_their_branch_and_ascend(self):
        for one in self.RELEASES:
            names = [int(minor.name.removeprefix(f"{one.release}.")) for minor in one.minors]
            assert names == sorted(set(names)), one.release
            hosts = [release_of(minor.host) for minor in one.minors if minor.host]
            assert hosts == sorted(hosts), one.release
            for minor in one.minors:
                for driver in filter(None, (minor.host, minor.linux, minor.windows)):
                    assert vgpu_release_of(driver, self.NEEDS.releases) == one, minor
                assert minor.windows == "" or minor.windows.count(".") == 1

    @pytest.mark.parametrize(
        ("driver", "names"),
        [("535.161.05", ["16.4", "16.5"]), ("535.309.01", ["16.14"]), ("595.71.03", ["20.1"]),
         ("470.256.02", ["13.11", "13.12"]), ("535.274.03", ["16.12"]), ("580.126.08", ["19.4"]),
         ("575.274.02", []), ("580.129.08", [])],
    )  # fmt: skip
    def test_a_driver_names_its_releases(self, driver, names):
        every = [minor for one in self.RELEASES for minor in one.minors]
        assert [one.name for one in minors_of(driver, every)] == names

    def test_ends_of_support(self):
        assert {one.release: one.ends.value for one in self.RELEASES if one.ends.value} == {
            13: "2024-08", 14: "2023-02", 15: "2023-12", 16: "2026-07", 17: "2025-06",
            18: "2026-03", 19: "2028-07", 20: "2027-03", 21: "2029-09",
        }  # fmt: skip
        believed = [one.release for one in self.RELEASES if one.ends.mark is Mark.INFERRED]
        assert believed == [20, 21]

    def test_builds_order_within_a_version_alone(self):
        for line in self.NEEDS.esxi:
            assert all(line_of(one.version) == line.line for one in line.builds)
            places = [(release_of(one.version), one.build) for one in line.builds]
            assert places == sorted(set(places))
            assert {(one.version, one.build) for one in line.floor} <= {
                (one.version, one.build) for one in line.builds
            }
        eight = next(one for one in self.NEEDS.esxi if one.line == "8.0")
        u2f, u3k = eight.floor
        assert (u2f.name, u3k.name) == ("U2f", "U3k")
        assert u2f.build > u3k.build

    def test_packages_name_releases_of_their_own(self):
        lines = {one.line for one in self.NEEDS.esxi}
        for one in self.RELEASES:
            for row in one.packages:
                assert row.line in lines
                assert row.first.startswith(f"{one.release}.")
                assert row.last == "" or row.last.startswith(f"{one.release}.")
        packed = {one.release: {row.line for row in one.packages} for one in self.RELEASES}
        assert "8.0" not in packed[13] | packed[14]
        assert packed[18] == {"7.0", "8.0", "9.0"}


@pytest.mark.parametrize(
    ("end", "day", "ended"),
    [("2026-07", "2026-07-31", False), ("2026-07", "2026-08-01", True),
     ("2025-10-02", "2025-10-02", False), ("2025-10-02", "2025-10-03", True)],
)  # fmt: skip
def test_when_a_time_is_over(end, day, ended):
    assert over(end, day) is ended


@pytest.mark.parametrize(
    ("later", "months"),
    [("2026-11-28", 0), ("2026-12-27", 0), ("2026-12-28", 1), ("2027-05-28", 6), ("2027-05-27", 5)],
)
def test_months_are_whole(later, months):
    assert months_between("2026-11-28", later) == months
