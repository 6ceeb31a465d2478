"""`--write`: the same files, pruned; what is kept keeps its bits."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from safetensors.numpy import load_file, save_file

from hostcheck.cli import main
from hostcheck.sparsity import survey
from hostcheck.sparsity.two_four import prune

RNG = np.random.default_rng(6)
DENSE = RNG.standard_normal((24, 32)).astype(np.float16)
WHOLE = {
    "a.q_proj.weight": DENSE, "a.k_proj.weight": DENSE[:8] * 2, "done.weight": prune(DENSE),
    "lm_head.weight": DENSE, "bias": np.arange(5, dtype=np.float32),
    "conv.weight": RNG.standard_normal((8, 16, 3, 3)).astype(np.float32),
}  # fmt: skip


@pytest.fixture
def sparsity(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(survey, "BLOCK", 128)
    return lambda *words: CliRunner().invoke(main, ["sparsity", *map(str, words)])


def pruned(values, axis=1):
    moved = np.moveaxis(values, axis, -1)
    flat = prune(moved.reshape(-1, moved.shape[-1])).reshape(moved.shape)
    return np.moveaxis(flat, -1, axis)


def test_layers_are_pruned_and_all_else_stays(sparsity):
    save_file(WHOLE, "m.safetensors", metadata={"format": "pt"})
    done = sparsity("m.safetensors", "--no-permute", "--write", "out.safetensors")
    assert done.exit_code == 0, done.output
    assert "out.safetensors: 3 layers pruned and read again\n" in done.stderr
    made = load_file("out.safetensors")
    assert sorted(made) == sorted(WHOLE)
    for name, values in WHOLE.items():
        changed = name in {"a.q_proj.weight", "a.k_proj.weight", "conv.weight"}
        wanted = pruned(values) if changed else values
        assert made[name].dtype == values.dtype
        assert np.array_equal(made[name], wanted), name
    assert sparsity("out.safetensors", "--no-permute", "--require", "all").exit_code == 0
    assert sparsity("m.safetensors", "--write", "out.safetensors").exit_code == 2  # it exists


def test_only_what_is_named_is_pruned(sparsity):
    save_file(WHOLE, "m.safetensors")
    sparsity("m.safetensors", "--no-permute", "--tensor", "a.q*", "--write", "o.safetensors")
    made = load_file("o.safetensors")
    assert [name for name in WHOLE if not np.array_equal(made[name], WHOLE[name])] == [
        "a.q_proj.weight"
    ]


def test_a_folder_of_shards_becomes_a_folder_and_siblings_share_their_order(sparsity, tmp_path):
    (tmp_path / "in").mkdir()
    names = sorted(WHOLE)
    shards = {"one.safetensors": names[:3], "two.safetensors": names[3:]}
    for shard, inside in shards.items():
        save_file({name: WHOLE[name] for name in inside}, tmp_path / "in" / shard)
    told = {"weight_map": {name: shard for shard, inside in shards.items() for name in inside}}
    (tmp_path / "in" / "model.safetensors.index.json").write_text(json.dumps(told))
    (tmp_path / "in" / "config.json").write_text('{"model_type": "llama"}')
    done = sparsity("in", "--write", "out", "--permuted", "--json")
    assert done.exit_code == 0, done.output
    made = load_file(tmp_path / "out" / "one.safetensors")
    made |= load_file(tmp_path / "out" / "two.safetensors")
    order = made["a.q_proj.weight.order"]
    assert np.array_equal(order, made["a.k_proj.weight.order"])
    for name, axis in (("a.q_proj.weight", 1), ("a.k_proj.weight", 1), ("conv.weight", 1)):
        order = made[f"{name}.order"]
        assert sorted(order.tolist()) == list(range(WHOLE[name].shape[axis]))
        assert np.array_equal(made[name], pruned(np.take(WHOLE[name], order, axis), axis))
    assert sparsity("out", "--no-permute", "--require", "all").exit_code == 0
    assert json.loads((tmp_path / "out" / "config.json").read_text()) == {"model_type": "llama"}


def test_what_reads_one_input_is_reordered_together_or_not_at_all(sparsity):
    done = pruned(DENSE[:8] * 2)
    save_file({"l.q_proj.weight": DENSE, "l.k_proj.weight": done}, "m.safetensors")
    sparsity("m.safetensors", "--write", "o.safetensors", "--permuted")
    made = load_file("o.safetensors")
    order = made["l.q_proj.weight.order"]
    assert order.tolist() != list(range(32))
    assert np.array_equal(order, made["l.k_proj.weight.order"])
    assert np.array_equal(made["l.k_proj.weight"], pruned(done[:, order]))  # 2:4 until then
    scaled = {"l.k_proj.weight": np.full((8, 32), 3, np.int8)}
    scaled["l.k_proj.weight_scale"] = np.ones((8, 1), np.float32)
    save_file({"l.q_proj.weight": DENSE, **scaled}, "s.safetensors")
    sparsity("s.safetensors", "--write", "p.safetensors", "--permuted")
    made = load_file("p.safetensors")
    assert sorted(made) == ["l.k_proj.weight", "l.k_proj.weight_scale", "l.q_proj.weight"]
    assert np.array_equal(made["l.q_proj.weight"], pruned(DENSE))


@pytest.mark.parametrize(
    "words",
    [["m.npy", "--write", "x.safetensors"], ["m.safetensors", "--write", "x.npy"],
     ["m.safetensors", "--write", "m.safetensors"], ["m.safetensors", "--permuted"],
     ["m.safetensors", "--permuted", "--no-permute", "--write", "x.safetensors"]],
)  # fmt: skip
def test_what_cannot_be_written_is_one_line(sparsity, words, tmp_path):
    save_file({"w": DENSE}, "m.safetensors")
    before = (tmp_path / "m.safetensors").read_bytes()
    np.save("m.npy", DENSE)
    done = sparsity(*words)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1), done.output
    assert (tmp_path / "m.safetensors").read_bytes() == before


def test_what_is_scaled_by_another_tensor_is_named_and_left(sparsity):
    save_file(
        {"w.weight": np.full((8, 8), 3, np.int8), "w.weight_scale": np.ones((8, 1), np.float32)},
        "m.safetensors",
    )
    done = sparsity("m.safetensors", "--no-permute", "--write", "o.safetensors")
    assert "o.safetensors: 0 layers pruned and read again, 1 stay as they are" in done.stderr
