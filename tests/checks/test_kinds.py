"""A GPU or a type that the catalogue does not list is what its host says of it."""

import pytest
from msgspec.structs import replace

from hostcheck.assemble.kinds import generation, with_own_types
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.host import Mode, Sriov, VgpuLimit
from hostcheck.model.pci import PciId
from hostcheck.model.requirements import Architecture, named_profile
from tests.checks.synthetic import (
    GIB,
    NEEDS,
    a_gpu,
    a_host,
    a_vm,
    asks,
    known,
    result,
    says,
    unknown,
    with_gpu,
)

OFF = {"power_state": "poweredOff", "gpu_addresses": unknown(Why.ABSENT, "off")}
STRANGE = PciId(0x10DE, 0x3FF0, 0x10DE, 0x1FF0)
NOT_LISTED = unknown(Why.ABSENT, "10de:3ff0 is not in the catalogue", "hostcheck catalogue")
SILENT = unknown(Why.NOT_ASKED, "SSH is off")


def types(*names, mib=48 * 1024):
    """Types whose driver was asked."""
    return tuple(replace(named_profile(name, mib), verified=True) for name in names)


def strange(index=0, **changes):
    """A board that came after the catalogue, with what its host says of it."""
    told = {
        "pci_id": STRANGE, "name": "NVIDIA NB40", "catalogue_key": NOT_LISTED,
        "architecture": Architecture.BLACKWELL, "mig_current": Mode.NOT_SUPPORTED,
        "mig_pending": Mode.NOT_SUPPORTED,
        "own_types": types("NVIDIA NB40-8Q", "NVIDIA NB40-48Q", "NVIDIA NB40-1B"),
    }  # fmt: skip
    return a_gpu(index, index, "a40", **{**told, **changes})


def judged(check, *profiles, gpu=None, vm=None, **host):
    one = a_vm(**{**OFF, "vgpus": asks(*profiles), **(vm or {})})
    return result(check, a_host(gpus=[gpu or strange()], vms=[one], **host))


# --- Checks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", ["VGPU-001", "VGPU-003", "MIG-002"])
def test_a_board_that_only_the_host_knows_is_judged(check):
    offered = ("nvidia_nb40-8q", "nvidia_nb40-48q")
    says(judged(check, "nvidia_nb40-8q", profiles_offered=offered), "pass")


def test_what_its_driver_does_not_list_it_does_not_serve():
    says(judged("VGPU-001", "nvidia_a40-8q"), "fail", "NVIDIA NB40")


@pytest.mark.parametrize("check", ["VGPU-001", "VGPU-003", "MIG-002"])
def test_without_its_types_nothing_is_said(check):
    says(
        judged(check, "nvidia_nb40-8q", gpu=strange(own_types=(), profiles_supported=SILENT)),
        "unknown",
    )


@pytest.mark.parametrize("check", ["VGPU-001", "MIG-002", "PCI-001", "ECC-001"])
def test_without_its_generation_nothing_is_said(check):
    one = judged(check, "nvidia_nb40-8q", gpu=strange(architecture=unknown()))
    says(one, "unknown")
    assert "not in the catalogue" in one.unseen.detail


def test_its_generation_decides_what_the_bios_must_give():
    says(judged("PCI-001"), "pass")
    off = {"sriov": Sriov(capable=False)}
    says(judged("PCI-001", gpu=strange(**off)), "fail", "Blackwell needs it")
    says(judged("PCI-001", gpu=strange(architecture=Architecture.LATER, **off)), "fail")
    says(judged("PCI-001", gpu=strange(architecture=Architecture.PASCAL, **off)), "notapplicable")


def test_ecc_of_an_old_board_that_is_not_listed():
    says(judged("ECC-001", gpu=strange(ecc_current=Mode.ENABLED)), "pass")
    maxwell = {"architecture": Architecture.MAXWELL}
    says(judged("ECC-001", gpu=strange(ecc_current=Mode.ENABLED, **maxwell)), "fail")
    says(judged("ECC-001", gpu=strange(ecc_current=SILENT, **maxwell)), "unknown")
    says(judged("ECC-001", gpu=strange(ecc_current=Mode.NOT_SUPPORTED, **maxwell)), "notapplicable")


def test_mig_of_a_board_that_is_not_listed():
    backed = types("NVIDIA NB40-1-12C", "NVIDIA NB40-48C")
    on = {"own_types": backed, "mig_current": Mode.ENABLED, "vgpu_mode": "multiInstanceGpu"}
    says(judged("MIG-002", "nvidia_nb40-1-12c", gpu=strange(**on)), "pass")
    says(judged("MIG-002", "nvidia_nb40-48c", gpu=strange(**on), version="8.0.2"), "fail")
    hidden = {**on, "mig_current": SILENT, "vgpu_mode": unknown(Why.ABSENT)}
    says(judged("MIG-002", "nvidia_nb40-48c", gpu=strange(**hidden)), "unknown")


def test_a_count_that_only_a_name_tells_is_no_ground_for_a_fail():
    named = (named_profile("nvidia_nb40-1-12c", 48 * 1024),)
    gpu = strange(own_types=named, mig_current=Mode.DISABLED)
    says(judged("MIG-002", "nvidia_nb40-1-12c", gpu=gpu, version="8.0.2"), "unknown")


def test_parts_are_told_by_the_largest_type():
    says(judged("VGPU-004", *("nvidia_nb40-8q",) * 2, version="7.0.3"), "fail")
    says(judged("VGPU-004", *("nvidia_nb40-48q",) * 2, version="7.0.3"), "pass")


def test_another_board_beside_it_is_judged_without_it():
    """An adapter for the console, on which the driver makes no vGPU."""
    console = strange(1, architecture=Architecture.PASCAL, own_types=(), profiles_supported=())
    vm = a_vm(**OFF, vgpus=asks("nvidia_a40-8q"))
    says(result("VGPU-001", a_host(gpus=[a_gpu(model="a40"), console], vms=[vm])), "pass")
    says(result("VGPU-001", a_host(gpus=[console], vms=[vm])), "fail")
    quiet = with_gpu(a_host(gpus=[console], vms=[vm]), profiles_supported=unknown())
    says(result("VGPU-001", quiet), "unknown")


def test_the_catalogue_is_compared_with_the_driver_and_not_with_itself():
    told = replace(NEEDS.models["a40"].profile("A40-8Q"), max_per_gpu=4)
    gpu = a_gpu(model="a40", own_types=(told,),
                profile_limits=(VgpuLimit("NVIDIA A40-8Q", known(4), known(8 * GIB)),))  # fmt: skip
    says(result("CAT-001", a_host(gpus=[gpu])), "fail", "4 per GPU, the catalogue says 6")
    says(judged("CAT-001"), "unknown")


def test_a_type_that_the_catalogue_lacks():
    gpu = a_gpu(model="a40", own_types=types("NVIDIA A40-5Q"))
    says(judged("MIG-002", "nvidia_a40-5q", gpu=gpu), "pass")
    says(judged("MIG-002", "nvidia_a40-7q", gpu=gpu), "unknown")


# --- What the host tells --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "called", "mode", "is_"),
    [
        ("Hopper", "", "", Architecture.HOPPER), ("Ada Lovelace", "", "", Architecture.ADA),
        (SILENT, "GP104GL [Tesla P4]", "", Architecture.PASCAL),
        (SILENT, "GM204GL [Tesla M60]", "", Architecture.MAXWELL),
        (SILENT, "TU104GL [Tesla T4]", "", Architecture.TURING),
        (SILENT, "GV100GL [Tesla V100 PCIe 16GB]", "", Architecture.VOLTA),
        (SILENT, "GA100 [A100 PCIe 80GB]", "", Architecture.AMPERE),
        (SILENT, "AD102GL [L40S]", "", Architecture.ADA),
        (SILENT, "GH100 [H100 SXM5 80GB]", "", Architecture.HOPPER),
        (SILENT, "GB202GL [RTX PRO 6000]", "", Architecture.BLACKWELL),
        ("Rubin", "", "SR-IOV", Architecture.LATER),
        ("Rubin", "", "Non SR-IOV", None), ("Rubin", "", SILENT, None),
        ("Kepler", "", "SR-IOV", None), (SILENT, "NVIDIA A100 80GB PCIe", "", None),
        (SILENT, "GK210GL [Tesla K80]", "", None), (SILENT, SILENT, "SR-IOV", None),
    ],
)  # fmt: skip
def test_the_generation(said, called, mode, is_):
    found = generation(*(one if isinstance(one, Unknown) else known(one)
                         for one in (said, called, mode)))  # fmt: skip
    assert (found.value if isinstance(found, Known) else None) is is_


def own(gpu, *offered, others=()):
    made = with_own_types((gpu, *others), NEEDS.models, known(offered) if offered else SILENT)
    return {one.name: (one.framebuffer_mib, one.max_per_gpu) for one in made[0].own_types.value}


def bare_board(index=0, **changes):
    """A board of which only vSphere tells anything."""
    quiet = {"profiles_supported": SILENT, "profile_limits": SILENT, "framebuffer_bytes": SILENT}
    return strange(index, **{**quiet, "graphics_memory_bytes": 48 * GIB, **changes})


def test_the_driver_tells_sizes_and_counts():
    limit = VgpuLimit("NVIDIA NB40-6Q", known(7), known(6 * GIB))
    told = own(strange(profile_limits=(limit,), profiles_supported=()))
    assert told == {"NVIDIA NB40-6Q": (6144, 7)}


def test_what_the_driver_leaves_out_the_name_tells():
    limit = VgpuLimit("NVIDIA NB40-6Q", unknown(), unknown())
    assert own(strange(profile_limits=(limit,), profiles_supported=())) == {
        "NVIDIA NB40-6Q": (6144, 8)
    }


def test_vsphere_tells_names():
    assert own(bare_board(), "nvidia_nb40-6q", "nvidia_nb40-1-12c", "no type") == {
        "nvidia_nb40-6q": (6144, 8), "nvidia_nb40-1-12c": (12288, 1),
    }  # fmt: skip


def test_what_vsphere_offers_for_another_board_is_not_its_own():
    other = a_gpu(1, 1, "l40s")
    told = own(bare_board(), "nvidia_nb40-6q", "nvidia_l40s-48q", others=(other,))
    assert told == {"nvidia_nb40-6q": (6144, 8)}


def test_two_boards_that_nobody_lists_cannot_be_told_apart_by_vsphere():
    second = bare_board(1, pci_id=PciId(0x10DE, 0x3FF1))
    assert own(bare_board(), "nvidia_nb40-6q", others=(second,)) == {}
    twin = bare_board(1)
    assert own(bare_board(), "nvidia_nb40-6q", others=(twin,)) == {"nvidia_nb40-6q": (6144, 8)}


def test_a_listed_board_has_only_what_is_new_or_otherwise():
    gpu = a_gpu(model="a40", profile_limits=SILENT)
    assert own(gpu, "nvidia_a40-8q", "nvidia_a40-5q", "nvidia_l40s-8q") == {
        "nvidia_a40-5q": (5120, 9)
    }
    limits = (VgpuLimit("NVIDIA A40-8Q", known(4), known(8 * GIB)),)
    assert own(a_gpu(model="a40", profile_limits=limits)) == {"A40-8Q": (8192, 4)}


def test_losing_what_the_host_tells_never_helps():
    host = a_host(
        gpus=[strange()], vms=[a_vm(**OFF, vgpus=asks("nvidia_nb40-8q"))],
        profiles_offered=("nvidia_nb40-8q",),
    )  # fmt: skip
    for lost in ({"own_types": unknown()}, {"architecture": unknown()}, {"ecc_current": unknown()}):
        for check in ("VGPU-001", "MIG-002", "PCI-001", "ECC-001", "DRV-007"):
            before, after = result(check, host), result(check, with_gpu(host, **lost))
            assert after.status.value in (before.status.value, "unknown"), (lost, check)
