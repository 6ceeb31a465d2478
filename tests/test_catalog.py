"""The catalogue: every number has a source, and every GPU is told from every other."""

import itertools
import re

import pytest

from hostcheck import catalog
from hostcheck.model.pci import NVIDIA, PciId
from hostcheck.model.requirements import Architecture, numbers

MODELS = catalog.requirements().models
every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
SAME_DEVICE = {frozenset({"a2", "a16"}), frozenset({"rtx6000p", "rtx8000p"})}
"""Told apart by the subsystem alone."""


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
        assert model.profiles
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
        largest = max(one.framebuffer_mib for one in model.profiles)
        assert {one.max_per_gpu for one in model.profiles if one.framebuffer_mib == largest} == {1}

    def test_serves_every_spelling_of_its_types(self, model):
        prefix = model.profile_prefixes[-1].removeprefix("nvidia_").removeprefix("grid_")
        for vendor in ("nvidia_", "grid_"):
            if f"{vendor}{prefix}" in model.profile_prefixes:
                assert model.serves(f"{vendor}{prefix}8q")
                assert model.serves(f"{vendor}{prefix}8Q".upper())
        assert f"nvidia_{prefix}" in model.profile_prefixes
        assert not model.serves("")
        assert not model.serves(prefix)
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
    ],
)  # fmt: skip
def test_who_serves(profile, key):
    assert [model.key for model in MODELS.values() if model.serves(profile)] == [key]


def test_what_nobody_serves():
    for profile in ("grid_a100", "a100-40c", "nvidia_rtx-1q", "grid_xyz-1c", ""):
        assert not [model.key for model in MODELS.values() if model.serves(profile)]


def test_hardware_versions_rise_with_the_releases_and_have_sources():
    listed = catalog.hardware_versions()
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", listed.edition)
    releases = [numbers(one.release) for one in listed.releases]
    assert releases == sorted(set(releases))
    versions = [one.hardware_version for one in listed.releases]
    assert versions == sorted(versions)
    for one in listed.releases:
        assert one.hardware_version not in listed.foreign
        assert one.verified is bool(one.sources)
        assert set(one.sources) <= set(listed.sources)
