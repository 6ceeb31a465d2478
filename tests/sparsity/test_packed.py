"""Weights that are stored as several tensors are judged as one."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from hostcheck.model.sparsity import Left
from hostcheck.sparsity.examine import examine, planned
from hostcheck.sparsity.numbers import decoded
from hostcheck.sparsity.opening import tensors
from hostcheck.sparsity.packed import JoinedWeights

MADE = Path(__file__).parent / "made"
FILES = sorted(path.stem for path in MADE.glob("*.safetensors"))


def raw(path, **made):
    """Write a .safetensors file by hand: name=(type, shape, bytes)."""
    head, body = {}, b""
    for name, (kind, shape, data) in made.items():
        at = len(body)
        head[name] = {"dtype": kind, "shape": shape, "data_offsets": [at, at + len(data)]}
        body += data
    text = json.dumps(head).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def judged(path, **given):
    return examine(planned([path]), permute=False, **given)


@pytest.mark.parametrize("name", FILES)
def test_what_the_package_packed_is_unpacked_as_the_package_does(name):
    path = MADE / f"{name}.safetensors"
    found = {one.name: one for one in JoinedWeights(tensors([path])).weights()}
    assert sorted(found) == ["dense", "layer.weight"]
    mine, theirs = (found[one].whole().astype(np.float64) for one in ("layer.weight", "dense"))
    assert mine.shape == theirs.shape
    assert np.count_nonzero(theirs)
    scale = (theirs * mine).sum() / (mine * mine).sum()  # one scale for all is left out
    assert "nvfp4" in name or scale == pytest.approx(1, rel=1e-6)
    near = 2.0**-8 if "nvfp4" in name else 1e-5  # the package unpacks to bf16
    assert np.allclose(mine * scale, theirs, rtol=near, atol=1e-6 * np.abs(theirs).max())


@pytest.mark.parametrize("name", FILES)
def test_rows_in_pieces_are_the_rows_of_the_whole(name):
    path = MADE / f"{name}.safetensors"
    (one,) = (
        each for each in JoinedWeights(tensors([path])).weights() if each.name == "layer.weight"
    )
    rows, columns = one.shape
    parts = [one.read(row * columns, (row + 1) * columns) for row in range(rows)]
    assert np.array_equal(np.concatenate(parts).reshape(one.shape), one.whole())


@pytest.mark.parametrize("name", [one for one in FILES if one != "bitmask-unstructured"])
def test_what_was_packed_two_four_is_two_four_and_loses_nothing(name):
    found = {one.name: one for one in judged(MADE / f"{name}.safetensors").weights}
    one = found["layer.weight"]
    assert one.fits
    assert one.lost.l1 == 0
    assert one.zeros >= 0.5


def test_a_bitmask_that_is_not_two_four_is_not_called_so():
    found = {one.name: one for one in judged(MADE / "bitmask-unstructured.safetensors").weights}
    assert not found["layer.weight"].fits
    assert found["layer.weight"].lost == found["dense"].lost


def test_a_bitmask_that_does_not_fit_its_weights_is_not_judged(tmp_path):
    path = MADE / "bitmask-f16.safetensors"
    made = {one.name: one.whole() for one in tensors([path]) if one.name != "dense"}
    made["layer.bitmask"] = made["layer.bitmask"] | 1
    save_file(made, tmp_path / "x.safetensors")
    found = judged(tmp_path / "x.safetensors")
    assert not found.weights
    assert [(one.name, one.left) for one in found.skipped] == [("layer.weight", Left.UNKNOWN)]
    del made["layer.shape"]
    save_file(made, tmp_path / "y.safetensors")
    found = judged(tmp_path / "y.safetensors")
    assert {one.left for one in found.skipped if one.name == "layer.bitmask"} == {Left.UNKNOWN}


RNG = np.random.default_rng(4)


def nibbled(numbers):
    """Eight 4-bit numbers along the first axis to an int32."""
    parts = numbers.astype(np.uint32).reshape(-1, 8, numbers.shape[1])
    return (parts << (4 * np.arange(8, dtype=np.uint32))[:, None]).sum(1, dtype=np.uint32)


def gptq(order, *, less):
    """A 2:4 layer of 64 inputs and 24 outputs in four groups, and what it stands for."""
    zero, scale = RNG.integers(1, 16, (4, 24)), RNG.uniform(0.1, 1, (4, 24)).astype(np.float32)
    number = RNG.integers(0, 16, (64, 24))
    pruned = RNG.permuted(np.tile([0, 0, 1, 1], (24, 16)).reshape(24, 16, 4), axis=2)
    pruned = pruned.reshape(24, 64).T.astype(bool)
    number[pruned] = zero[order][pruned]
    dense = (number - zero[order]) * scale[order]
    made = {
        "layer.qweight": nibbled(number).view(np.int32), "layer.scales": scale.astype(np.float32),
        "layer.qzeros": np.ascontiguousarray(nibbled(zero.T - less).T).view(np.int32),
        "layer.g_idx": order.astype(np.int32),
    }  # fmt: skip
    return made, dense


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("version", ["gptq", "gptq_v2"])
def test_gptq_is_pruned_where_it_equals_its_zero_point(tmp_path, shuffled, version):
    order = np.arange(64) // 16
    order = RNG.permutation(order) if shuffled else order
    made, dense = gptq(order, less=version == "gptq")
    save_file(made, tmp_path / "model.safetensors")
    told = '{"quantization_config": {"quant_method": "gptq", "checkpoint_format": "%s"}}'
    (tmp_path / "config.json").write_text(told % version)
    found = judged(tmp_path)
    (one,) = found.weights
    assert (one.name, one.dtype, one.axis) == ("layer.weight", "int4", 0)
    assert one.fits
    assert one.zeros == np.mean(dense == 0)
    opened = tensors([tmp_path / "model.safetensors"])
    (tensor,) = JoinedWeights(opened, zeros_less_one=version == "gptq").weights()
    assert np.allclose(tensor.whole(), dense)
    assert np.allclose(tensor.read(9 * 24, 30 * 24).reshape(-1, 24), dense[9:30])


def test_stacked_experts_in_mxfp4_are_taken_in_pairs(tmp_path):
    codes = np.tile([2, 3, 0, 0, 0, 0, 4, 5], (2, 8, 4)).astype(np.uint8)  # 2 experts, 8 x 32
    blocks = (codes[..., 0::2] | codes[..., 1::2] << 4).reshape(2, 8, 1, 16)
    scales = np.full((2, 8, 1), 127, np.uint8)
    save_file(
        {"experts.up_blocks": blocks, "experts.up_scales": scales}, tmp_path / "x.safetensors"
    )
    (one,) = judged(tmp_path / "x.safetensors").weights
    assert (one.name, one.shape, one.pattern) == ("experts.up", (2, 8, 32), "4:8 in pairs")
    assert one.fits
    assert 2 in one.two_four_along
    blocks[0, 0, 0, 1] = 0x20  # 1.0 in the odd half of the second pair
    save_file(
        {"experts.up_blocks": blocks, "experts.up_scales": scales}, tmp_path / "x.safetensors"
    )
    (one,) = judged(tmp_path / "x.safetensors").weights
    assert not one.fits


def test_what_is_not_unpacked_is_named_and_never_judged_by_its_bits(tmp_path):
    some = np.arange(256, dtype=np.int32).reshape(16, 16)
    save_file(
        {
            "m.weight_packed": some, "m.meta": some.astype(np.int16), "m.scale_packed": some * 1.0,
            "a.qweight": some[:, :2].copy(), "a.qzeros": some[:1, :2].copy(),
            "a.scales": np.ones((1, 16), np.float16),
            "b.weight": np.ones((128, 1), np.uint8), "b.weight.absmax": np.ones((4, 4), np.float32),
            "position_ids": np.ones((4, 4), np.int64),
        },
        tmp_path / "x.safetensors",
    )  # fmt: skip
    found = judged(tmp_path / "x.safetensors")
    assert not found.weights
    left = {one.name: (one.left, one.why) for one in found.skipped}
    assert {name for name, (kind, _) in left.items() if kind is Left.UNKNOWN} == {
        "m.weight_packed", "a.qweight", "b.weight",
    }  # fmt: skip
    assert "marlin-24" in left["m.weight_packed"][1]
    assert "AWQ" in left["a.qweight"][1]


def test_fp4_of_the_file_s_own_type_is_two_a_byte_low_one_first():
    assert decoded("F4", bytes([0x21, 0xF8])).tolist() == [0.5, 1.0, -0.0, -6.0]
    assert decoded("F8_E8M0", bytes([127, 130])).tolist() == [1.0, 8.0]


def test_fp8_in_blocks_is_scaled_by_the_block(tmp_path):
    rows, columns = 200, 256
    weight = RNG.integers(-9, 10, (rows, columns)).astype(np.int8)
    scale = np.array([[1, 2], [3, 0.5]])
    dense = weight * np.repeat(np.repeat(scale, 128, 0)[:rows], 128, 1)
    for name in ("w.weight_scale_inv", "w.weight_scale"):
        save_file({"w.weight": weight, name: scale.astype(np.float32)}, tmp_path / "x.safetensors")
        (one,) = JoinedWeights(tensors([tmp_path / "x.safetensors"])).weights()
        assert np.array_equal(one.whole(), dense)
        assert np.array_equal(one.read(120 * 256, 131 * 256).reshape(-1, 256), dense[120:131])


@pytest.mark.parametrize("shape", [(8, 4, 3, 3), (3, 8, 16)])
def test_int8_of_more_axes_is_less_its_zero_points(tmp_path, shape):
    laid = (*shape[:2], 1) if len(shape) == 3 else (shape[0], 1, 1, 1)
    zero = RNG.integers(-5, 6, laid)
    axis = 2 if len(shape) == 3 else 1
    keep = np.arange(shape[axis]) % 4 < 2
    keep = keep.reshape([-1 if at == axis else 1 for at in range(len(shape))])
    weight = np.where(keep, 50, 0) + zero
    save_file(
        {"m.weight": weight.astype(np.int8), "m.weight_zero_point": zero.astype(np.int8)},
        tmp_path / "x.safetensors",
    )
    (one,) = judged(tmp_path / "x.safetensors").weights
    assert (one.axis, one.fits, one.zeros) == (axis, True, 0.5)


@pytest.mark.parametrize("what", ["weight_scale", "weight_zero_point"])
@pytest.mark.parametrize("shape", [(8, 8), (4, 8, 8)])
def test_what_does_not_fit_beside_a_weight_leaves_it_unknown(tmp_path, what, shape):
    made = {"m.weight": np.zeros(shape, np.int8), f"m.{what}": np.ones((3, 5), np.int8)}
    save_file(made, tmp_path / "x.safetensors")
    found = judged(tmp_path / "x.safetensors")
    if what == "weight_scale" and len(shape) == 3:
        assert found.weights[0].fits  # a scale moves no zero
    else:
        assert {one.name: one.left for one in found.skipped}["m.weight"] is Left.UNKNOWN


def test_nvfp4_as_modelopt_writes_it(tmp_path):
    codes = np.tile([2, 3, 0, 0, 0, 0, 4, 5], (8, 4)).astype(np.uint8)
    scale = np.full((8, 2), 0x38, np.uint8)  # 1.0 in e4m3
    packed = (codes[:, ::2] | codes[:, 1::2] << 4).astype(np.uint8)
    raw(
        tmp_path / "x.safetensors",
        **{"m.weight": ("U8", [8, 16], packed.tobytes()),
           "m.weight_scale": ("F8_E4M3", [8, 2], scale.tobytes()),
           "m.weight_scale_2": ("F32", [], np.float32(2).tobytes()),
           "m.input_scale": ("F32", [], np.float32(2).tobytes())},
    )  # fmt: skip
    found = judged(tmp_path / "x.safetensors")
    (one,) = found.weights
    assert (one.name, one.dtype, one.shape, one.fits) == ("m.weight", "nvfp4", (8, 32), True)
    assert [left.name for left in found.skipped] == ["m.input_scale"]
