"""Orders of columns over a checkpoint: what shares an input shares its order."""

import tracemalloc

import numpy as np
import pytest
from safetensors.numpy import save_file

from hostcheck.sparsity import permutation
from hostcheck.sparsity.examine import examine, planned
from hostcheck.sparsity.opening import tensors
from hostcheck.sparsity.roles import axes, siblings
from hostcheck.sparsity.two_four import magnitude, prune

RNG = np.random.default_rng(11)


def lost(values, order=None):
    matrix = values if order is None else values[:, list(order)]
    return magnitude(matrix)[0] - magnitude(prune(matrix))[0]


def checkpoint(tmp_path, **weights):
    path = tmp_path / "m.safetensors"
    save_file({name.replace("__", ".") + ".weight": one for name, one in weights.items()}, path)
    return path


def scaled(rows, columns):
    """Columns of very different size: an order has something to gain."""
    factors = np.exp(RNG.standard_normal(columns))
    return (RNG.standard_normal((rows, columns)) * factors).astype(np.float32)


def test_siblings_have_one_order_and_its_gain_is_what_pruning_then_loses(tmp_path):
    weights = {"l__q_proj": scaled(32, 48), "l__k_proj": scaled(8, 48), "l__v_proj": scaled(8, 48)}
    found = examine(planned([checkpoint(tmp_path, **weights, l__o_proj=scaled(16, 48))]))
    (group,) = found.shared
    assert [one.name for one in group.members] == [
        "l.k_proj.weight", "l.q_proj.weight", "l.v_proj.weight"
    ]  # fmt: skip
    before = sum(lost(one) for one in weights.values())
    after = sum(lost(one, group.order) for one in weights.values())
    assert group.share == pytest.approx(1 - after / before, rel=1e-4)
    assert 0 < group.share <= group.bound
    alone = {one.name: one.regained for one in found.weights}
    best = sum(
        lost(one, alone[f"{name.replace('__', '.')}.weight"].order) for name, one in weights.items()
    )
    assert group.bound == pytest.approx(1 - best / before, rel=1e-4)
    for member in group.members:
        one = weights[member.name.removesuffix(".weight").replace(".", "__")]
        assert member.before == pytest.approx(lost(one) / np.abs(one).sum(), rel=1e-4)
        assert member.after == pytest.approx(lost(one, group.order) / np.abs(one).sum(), rel=1e-4)


def test_a_large_sibling_is_not_outvoted_by_a_small_one(tmp_path, monkeypatch):
    monkeypatch.setattr(permutation, "ROWS", 64)
    monkeypatch.setattr("hostcheck.sparsity.orders.ROWS", 64)
    big, small = scaled(2048, 32), scaled(64, 32)
    found = examine(planned([checkpoint(tmp_path, l__gate_proj=big, l__up_proj=small)]))
    (group,) = found.shared
    assert lost(big, group.order) < lost(big)


GROUPS = {
    "attention": (["l.q_proj", "l.k_proj", "l.v_proj", "l.o_proj"], 3),
    "experts": (["m.experts.0.gate_proj", "m.experts.1.up_proj", "m.experts.0.down_proj"], 2),
    "mixtral": (["m.experts.0.w1", "m.experts.0.w3", "m.experts.0.w2"], 2),
    "bert": (["a.self.query", "a.self.key", "a.self.value", "a.output.dense"], 3),
    "gguf": (["blk.0.attn_q", "blk.0.attn_k", "blk.0.attn_v", "blk.0.attn_output"], 3),
    "layers apart": (["l.0.q_proj", "l.1.k_proj"], 0),
}


@pytest.mark.parametrize("kind", GROUPS)
def test_who_reads_one_input(tmp_path, kind):
    names, count = GROUPS[kind]
    given = {name.replace(".", "__"): np.ones((4, 4), np.float32) for name in names}
    found = siblings(tensors([checkpoint(tmp_path, **given)]))
    assert [len(group) for group in found] == ([count] if count else [])


def test_siblings_of_other_widths_and_sparse_ones_have_no_order(tmp_path):
    path = checkpoint(tmp_path, l__q_proj=scaled(8, 16), l__k_proj=scaled(8, 32))
    assert not examine(planned([path])).shared
    done = prune(scaled(8, 16))
    path = checkpoint(tmp_path, l__q_proj=done, l__k_proj=done)
    assert not examine(planned([path])).shared


def test_shaking_a_search_that_settled_gains_more_and_never_loses(monkeypatch):
    shares = {}
    for escapes in (0, 12):
        monkeypatch.setattr(permutation, "ESCAPES", escapes)
        shares[escapes] = []
        for seed in range(6):
            matrix = np.random.default_rng(seed).standard_normal((32, 40)).astype(np.float32)
            order = permutation.search(matrix, rounds=600).order
            shares[escapes].append(1 - lost(matrix, order) / lost(matrix))
    plain, shaken = np.array(shares[0]), np.array(shares[12])
    assert (shaken >= plain - 1e-9).all()
    assert shaken.mean() > plain.mean() + 0.002


@pytest.mark.parametrize("axis", ["last", "first"])
def test_memory_does_not_grow_with_the_file(tmp_path, axis):
    weight = np.zeros((4096, 2048), np.float16)
    weight[:, ::2] = 1
    path = tmp_path / "m.safetensors"
    save_file({f"l.{at}.weight": weight for at in range(4)}, path)
    del weight
    plan = planned([path], axes=axes(["1" if axis == "last" else "0"]))
    tracemalloc.start()
    try:
        found = examine(plan, permute=False, workers=2)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found.weights) == 4
    assert path.stat().st_size > 60e6
    assert most < 8e6


def test_more_workers_say_the_same(tmp_path):
    weights = {f"l__{at}": scaled(16, 32) for at in range(5)}
    path = checkpoint(tmp_path, **weights)
    assert examine(planned([path]), workers=1) == examine(planned([path]), workers=4)


def test_each_weight_is_told_when_it_is_done(tmp_path):
    path = checkpoint(tmp_path, a=scaled(8, 16), b=scaled(8, 16))
    told = []
    examine(planned([path]), permute=False, done=told.append)
    assert sorted(told) == ["a.weight", "b.weight"]
