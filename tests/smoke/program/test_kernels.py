"""The kernels' own source on the emulator: every family, type and order of events is right.

Each run compares every element with the program's CPU oracle and its second oracle, plants errors,
and checks the 2-byte outputs that are timed. The emulator refuses bank conflicts, divergence,
misalignment, reads and stores outside an allocation, unordered metadata, wgmma without its fence,
and what tcgen05 forbids (tensor.cpp beside it).
"""

from itertools import product

import pytest

SHAPES = {
    "late": ("--verify-shape", "128x512x1024", "--shape", "1152x256x256"),
    "early": ("--verify-shape", "128x256x1024", "--shape", "128x256x256"),
}
"""Which tile a block makes is the same early and late, and of many tiles once."""
FAMILIES = {"tcgen05": 100, "wgmma": 90, "mma-wide": 80, "mma-narrow": 89}
TYPES = {"tcgen05": 5, "wgmma": 4, "mma-wide": 3, "mma-narrow": 4}


@pytest.mark.parametrize(("family", "when"), list(product(FAMILIES, ("late", "early"))))
def test_every_element_is_right(smoke, family, when):
    answer = smoke(
        *("--kernels", family, "--types", "all", "--pairs", 1, "--warm-up", 0, *SHAPES[when]),
        FAKE_GPU_CC=FAMILIES[family],
        FAKE_GPU_ASYNC=when,
        FAKE_GPU_SEED=7 if when == "late" else 8,
    )
    assert answer.code == 0, (answer.document, answer.stderr)
    assert len(answer.document["results"]) == TYPES[family]
    for one in answer.document["results"]:
        native = (family, one["dtype"]) != ("wgmma", "fp8")
        assert one["metadata_layout"] == ("match" if native else None)
        assert one["verify"]["elements"] == 128 * (512 if when == "late" else 256)


@pytest.mark.parametrize(("cc", "when"), [(103, "early"), (120, "late")])
def test_pairs_of_fp4_are_right(smoke, cc, when):
    answer = smoke(
        *("--types", "fp4", "--verify-shape", "128x512x1024"),
        *("--shape", "1152x256x512", "--pairs", 1, "--warm-up", 0),
        FAKE_GPU_CC=cc,
        FAKE_GPU_ASYNC=when,
    )
    assert answer.code == 0, (answer.document, answer.stderr)
    (one,) = answer.document["results"]
    assert (one["metadata_layout"], one["verify"]["k"], one["speed"]["k"]) == ("match", 1024, 512)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_shortest_sum_is_right_too(smoke, family):
    answer = smoke(
        *("--kernels", family, "--types", "all", "--quick", "--verify-shape", "128x256x256"),
        FAKE_GPU_CC=FAMILIES[family],
    )
    assert answer.code == 0, (answer.document, answer.stderr)
