"""ONNX and GGUF files, made by their own packages."""

import json

import gguf
import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from onnx import TensorProto, helper, numpy_helper

from hostcheck.cli import main
from hostcheck.sparsity.opening import tensors
from hostcheck.sparsity.two_four import prune

RNG = np.random.default_rng(9)
DENSE = RNG.standard_normal((32, 64)).astype(np.float32)
SPARSE = prune(DENSE)


@pytest.fixture
def sparsity(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, ["sparsity", *map(str, words)])


def judged(sparsity, *words):
    done = sparsity(*words, "--json", "--no-permute")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    return {one["name"]: one for one in found["weights"]}, found["skipped"]


def model(path, nodes, **weights):
    made = [
        one if isinstance(one, TensorProto) else numpy_helper.from_array(one, name)
        for name, one in weights.items()
    ]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 64])], [], made
    )
    onnx.save(helper.make_model(graph), path)


def test_the_graph_tells_the_axis_of_each_initialiser(sparsity):
    turned = np.ascontiguousarray(SPARSE.T)
    nodes = [
        helper.make_node("MatMul", ["x", "matmul"], ["a"]),
        helper.make_node("MatMul", ["x", "sibling"], ["b"]),
        helper.make_node("Gemm", ["x", "gemm", "bias"], ["c"], transB=1),
        helper.make_node("Gemm", ["a", "gemm_in"], ["d"]),
        helper.make_node("Conv", ["y", "conv"], ["e"]),
        helper.make_node("Transpose", ["turned"], ["t"], perm=[1, 0]),
        helper.make_node("MatMul", ["x", "t"], ["f"]),
        helper.make_node("Gather", ["table", "i"], ["h"]),
    ]
    conv = SPARSE.reshape(32, 64, 1, 1)
    model(
        "m.onnx", nodes, matmul=turned, sibling=turned, gemm=SPARSE, gemm_in=turned, conv=conv,
        turned=SPARSE, table=DENSE, bias=np.ones(32, np.float32),
    )  # fmt: skip
    found, skipped = judged(sparsity, "m.onnx")
    axes = {name: one["axis"] for name, one in found.items()}
    assert axes == {
        "matmul": 0, "sibling": 0, "gemm": 1, "gemm_in": 0, "conv": 1, "turned": 1, "table": 1,
    }  # fmt: skip
    assert {name for name, one in found.items() if not one["fits"]} == {"table"}
    assert found["table"]["role"] == "embedding"
    assert [one["name"] for one in skipped] == ["bias"]
    assert sparsity("m.onnx", "--require", "all", "--no-permute").exit_code == 0


def test_a_quantised_initialiser_is_pruned_where_it_equals_its_zero_point(sparsity):
    stored = np.where(SPARSE.T == 0, 131, np.clip(SPARSE.T * 40 + 131, 0, 255)).astype(np.uint8)
    nodes = [
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["w"], axis=1),
        helper.make_node("MatMul", ["x", "w"], ["a"]),
        helper.make_node("MatMulInteger", ["x", "bare"], ["b"]),
    ]
    zero = np.full(32, 131, np.uint8)
    model("m.onnx", nodes, q=stored, scale=np.ones(32, np.float32), zero=zero, bare=stored)
    found, skipped = judged(sparsity, "m.onnx")
    assert found["q"]["fits"]
    assert found["q"]["axis"] == 0
    assert {one["name"]: one["left"] for one in skipped}["bare"] == "not known"


@pytest.mark.parametrize("kind", ["FLOAT16", "BFLOAT16", "FLOAT8E4M3FN", "DOUBLE", "INT8"])
def test_types_of_onnx_are_read_as_its_package_reads_them(tmp_path, kind):
    number = getattr(TensorProto, kind)
    as_numpy = helper.tensor_dtype_to_np_dtype(number)
    raw = numpy_helper.from_array(np.clip(DENSE * 9, -9, 9).astype(as_numpy), "w")
    model(tmp_path / "m.onnx", [helper.make_node("MatMul", ["x", "w"], ["a"])], w=raw)
    (one,) = tensors([tmp_path / "m.onnx"])
    assert np.array_equal(one.whole(), numpy_helper.to_array(raw).astype(one.whole().dtype))
    assert np.count_nonzero(one.whole())


def test_numbers_beside_an_onnx_file_are_read_and_none_outside_of_its_folder(sparsity, tmp_path):
    model("m.onnx", [helper.make_node("Gemm", ["x", "w"], ["a"], transB=1)], w=SPARSE)
    made = onnx.load("m.onnx")
    onnx.save(made, "m.onnx", save_as_external_data=True, location="w.data", size_threshold=0)
    assert (tmp_path / "w.data").is_file()
    found, _ = judged(sparsity, "m.onnx")
    assert found["w"]["fits"]
    made = onnx.load("m.onnx", load_external_data=False)
    (tmp_path / "in").mkdir()
    made.graph.initializer[0].external_data[0].value = "../w.data"
    (tmp_path / "in" / "m.onnx").write_bytes(made.SerializeToString())
    done = sparsity("in/m.onnx")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "are in no file beside it" in done.stderr


def written(path, **weights):
    writer = gguf.GGUFWriter(path, "llama")
    for name, (values, kind) in weights.items():
        data = gguf.quants.quantize(values, kind)
        writer.add_tensor(name.replace("__", "."), data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


Q = gguf.GGMLQuantizationType


def test_gguf_blocks_are_judged_by_what_they_widen_to(sparsity, tmp_path):
    written(
        "m.gguf", blk__0__attn_q__weight=(SPARSE, Q.F16), blk__0__attn_k__weight=(SPARSE, Q.Q8_0),
        blk__0__attn_v__weight=(SPARSE, Q.BF16), blk__0__ffn_up__weight=(DENSE, Q.Q4_1),
        token_embd__weight=(DENSE, Q.F16), output__weight=(DENSE, Q.F32),
    )  # fmt: skip
    found, _ = judged(sparsity, "m.gguf")
    told = {
        name.split(".")[-2]: (one["dtype"], one["fits"], one["role"]) for name, one in found.items()
    }
    assert told == {
        "attn_q": ("F16", True, "layer"), "attn_k": ("Q8_0", True, "layer"),
        "attn_v": ("BF16", True, "layer"), "ffn_up": ("Q4_1", False, "layer"),
        "token_embd": ("F16", False, "embedding"), "output": ("F32", False, "head"),
    }  # fmt: skip
    assert found["blk.0.attn_q.weight"]["shape"] == [32, 64]
    by_name = {one.name: one for one in tensors([tmp_path / "m.gguf"])}
    q4 = by_name["blk.0.ffn_up.weight"]
    wanted = gguf.quants.dequantize(gguf.quants.quantize(DENSE, Q.Q4_1), Q.Q4_1)
    assert np.array_equal(q4.whole(), wanted)
    assert np.array_equal(q4.read(64, 256).reshape(3, 64), wanted[1:4])


def test_a_gguf_file_cut_short_is_one_line(sparsity, tmp_path):
    written("m.gguf", w=(DENSE, Q.F16))
    whole = (tmp_path / "m.gguf").read_bytes()
    for size in (20, 60, len(whole) - 64):
        (tmp_path / "m.gguf").write_bytes(whole[:size])
        done = sparsity("m.gguf")
        assert (done.exit_code, done.stderr.count("\n")) == (2, 1), done.output
