"""CAT-001, VGPU-010: what the driver says of its types and what the catalogue knows."""

import pytest

from hostcheck.model.host import Passthrough, VgpuLimit
from tests.checks.synthetic import GIB, a_gpu, a_host, known, result, says, unknown


def judged(*limits, **changes):
    gpu = a_gpu(model="a40", profile_limits=known(limits), **changes)
    return result("CAT-001", a_host(gpus=[gpu]))


def limit(name="NVIDIA A40-8Q", most=6, size=8 * GIB):
    return VgpuLimit(name, known(most), known(size))


def test_agreement():
    says(judged(limit(), limit("NVIDIA A40-48Q", 1, 48 * GIB)), "pass", "2 types told, 0 differ")


def test_another_count():
    says(judged(limit(most=4)), "fail", "4 per GPU, the catalogue says 6")


def test_another_size():
    says(judged(limit(size=7 * GIB)), "fail", "7168 MiB, the catalogue says 8192")


def test_a_type_that_the_catalogue_lacks():
    says(judged(limit("NVIDIA A40-5Q")), "fail", "NVIDIA A40-5Q is not in the catalogue")


def test_a_few_are_named_and_the_rest_counted():
    many = [limit(f"NVIDIA A40-{size}0Q") for size in range(1, 8)]
    says(judged(*many), "fail", "A40-40Q", "; and 3 more")


def test_what_the_driver_does_not_say_is_no_difference():
    says(judged(VgpuLimit("NVIDIA A40-8Q", unknown(), unknown())), "pass")


def test_a_driver_that_was_not_asked():
    gpu = a_gpu(model="a40", profile_limits=unknown())
    says(result("CAT-001", a_host(gpus=[gpu])), "unknown")


def test_a_gpu_that_is_given_away():
    bound = Passthrough(capable=True, enabled=True, active=True)
    says(judged(passthrough=bound), "notapplicable", "in passthrough")


@pytest.mark.parametrize("model", ["b200", "b300", "gb200", "gb300", "gh200-96", "gh200-144"])
def test_a_board_that_esxi_is_not_known_to_run(model):
    gpu = a_gpu(model=model, profiles_supported=known(()))
    says(result("VGPU-010", a_host(gpus=[gpu])), "unknown", "0 types listed")
    gpu = a_gpu(model=model, profiles_supported=unknown())
    says(result("VGPU-010", a_host(gpus=[gpu])), "unknown")


def test_an_arm_board_is_named_as_what_it_is():
    gpu = a_gpu(model="gb200", profiles_supported=known(()))
    says(result("VGPU-010", a_host(gpus=[gpu])), "unknown", "GB200", "an Arm processor")


def test_a_driver_that_lists_types_outweighs_the_documents():
    gpu = a_gpu(model="b200", profiles_supported=known(("NVIDIA B200X-180C",)))
    says(result("VGPU-010", a_host(gpus=[gpu])), "pass", "1 type listed")


def test_nothing_is_known_against_other_boards():
    says(result("VGPU-010", a_host(gpus=[a_gpu(model="l40s")])), "notapplicable")
    bound = Passthrough(capable=True, enabled=True, active=True)
    says(result("VGPU-010", a_host(gpus=[a_gpu(model="b200", passthrough=bound)])), "notapplicable")
