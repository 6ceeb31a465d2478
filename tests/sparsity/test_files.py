"""`hostcheck sparsity FILE`: real files, odd types, and bad files that are one line."""

import json
import pickle
import struct

import numpy as np
import pytest
from click.testing import CliRunner
from safetensors.numpy import save_file

from hostcheck.cli import main
from hostcheck.sparsity.two_four import prune
from hostcheck.sparsity.weights import tensors

RNG = np.random.default_rng(3)
DENSE = RNG.standard_normal((16, 32)).astype(np.float32)


@pytest.fixture
def sparsity(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, ["sparsity", *map(str, words)])


def raw(path, **made):
    """Write a .safetensors file by hand: name=(type, shape, bytes)."""
    head, body = {}, b""
    for name, (kind, shape, data) in made.items():
        at = len(body)
        head[name] = {"dtype": kind, "shape": shape, "data_offsets": [at, at + len(data)]}
        body += data
    text = json.dumps(head).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def test_a_dense_matrix_says_what_it_would_lose_and_regain(sparsity):
    np.save("dense.npy", DENSE)
    done = sparsity("dense.npy", "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    (one,) = report["weights"]
    assert one["two_four_along"] == []
    gone = np.abs(DENSE).sum() - np.abs(prune(DENSE)).sum()
    assert one["lost"]["l1"] == pytest.approx(gone / np.abs(DENSE).sum(), rel=1e-5)
    again = one["regained"]
    ordered = DENSE[:, again["order"]]
    left = np.abs(ordered).sum() - np.abs(prune(ordered)).sum()
    assert again["lost"]["l1"] == pytest.approx(left / np.abs(DENSE).sum(), rel=1e-5)
    assert again["share"] == pytest.approx((gone - left) / gone, rel=1e-4)
    assert again["share"] > 0
    text = sparsity("dense.npy")
    assert text.stdout.startswith("dense.npy: 0 of 1 weight matrices are 2:4 as they are\n")
    assert "not 2:4 along any axis; 0.0% of the weights are zero" in text.stdout
    assert "of the loss is regained" in text.stdout


def test_the_axis_along_which_it_is_two_four_is_told(sparsity):
    save_file(
        {"columns": prune(DENSE), "rows": prune(DENSE).T.copy(), "dense": DENSE,
         "conv": prune(DENSE).reshape(4, 4, 32, 1), "bias": np.ones(16, np.float32),
         "odd": np.ones((3, 7), np.float32), "nan": np.full((4, 4), np.nan, np.float32),
         "flags": np.ones((4, 4), np.bool_)},
        "model.safetensors",
    )  # fmt: skip
    report = json.loads(sparsity("model.safetensors", "--json", "--no-permute").stdout)
    along = {one["name"]: one["two_four_along"] for one in report["weights"]}
    assert along == {"columns": [1], "rows": [0], "dense": [], "conv": [2]}
    assert all(one["regained"] is None for one in report["weights"])
    reasons = {one["name"]: one["why"] for one in report["skipped"]}
    assert reasons == {
        "bias": "1 dimensions: no matrix", "odd": "7 along axis 1: no multiple of four",
        "nan": "holds infinite values or NaN", "flags": "BOOL is no type of weights",
    }  # fmt: skip
    turned = json.loads(
        sparsity("model.safetensors", "--json", "--axis", 0, "--tensor", "rows").stdout
    )
    assert [(one["name"], one["lost"]["l1"]) for one in turned["weights"]] == [("rows", 0.0)]


def test_eight_and_sixteen_bit_types_are_read_exactly(tmp_path):
    whole = np.array([[1.0, -2.5, 0.0078125, 3.0]], np.float32)
    path = tmp_path / "types.safetensors"
    raw(
        path,
        bf16=("BF16", [1, 4], (whole.view(np.uint32) >> 16).astype("<u2").tobytes()),
        e5m2=("F8_E5M2", [1, 4], bytes([0x3C, 0xC1, 0x20, 0x42])),
        e4m3=("F8_E4M3", [1, 6], bytes([0x38, 0xC2, 0x01, 0x7E, 0x00, 0x7F])),
    )
    found = {one.name: one.values for one in tensors(path)}
    assert found["bf16"].tolist() == whole.tolist()
    assert found["e5m2"].tolist() == [[1.0, -2.5, 0.0078125, 3.0]]
    assert found["e4m3"][0, :5].tolist() == [1.0, -2.5, 2.0**-9, 448.0, 0.0]
    assert np.isnan(found["e4m3"][0, 5])


class Bomb:
    def __reduce__(self):
        return (open, ("ran.txt", "w"))


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [("x.npy", b"", "not a usable .npy file"), ("x.npy", b"\x93NUMPY\x01\0", "not a usable .npy"),
     ("x.npy", pickle.dumps(Bomb()), "not a usable .npy file"),
     ("x.npy", b"PK\x03\x04", "x.npy: "),
     ("x.safetensors", b"", "not a usable .safetensors file"),
     ("x.safetensors", b"\xff" * 64, "not a usable .safetensors file"),
     ("x.pt", b"x", "neither .npy nor .safetensors; convert it to one")],
)  # fmt: skip
def test_a_bad_file_is_one_line_and_never_run(sparsity, tmp_path, name, data, told):
    (tmp_path / name).write_bytes(data)
    done = sparsity(name)
    assert done.exit_code == 2, done.output
    assert done.stderr.startswith(f"hostcheck: {name}")
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "ran.txt").exists()


def test_an_array_of_python_objects_is_refused(sparsity, tmp_path):
    np.save("objects.npy", np.array([[Bomb()] * 4]), allow_pickle=True)
    done = sparsity("objects.npy")
    assert done.exit_code == 2
    assert "it holds Python objects, which are never loaded; save numbers only" in done.stderr
    assert not (tmp_path / "ran.txt").exists()


def test_a_file_cut_short_and_a_name_that_matches_nothing_are_one_line(sparsity, tmp_path):
    save_file({"w": DENSE}, "w.safetensors")
    whole = (tmp_path / "w.safetensors").read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[:-9])
    for words in (["cut.safetensors"], ["w.safetensors", "--tensor", "v*"], ["none.npy"]):
        done = sparsity(*words)
        assert (done.exit_code, done.stderr.count("\n")) == (2, 1), done.output


def test_without_numpy_the_command_says_how_to_get_it(sparsity, monkeypatch):
    np.save("dense.npy", DENSE)
    monkeypatch.setitem(__import__("sys").modules, "hostcheck.sparsity.report", None)
    done = sparsity("dense.npy")
    assert done.exit_code == 2
    assert "pip install 'hostcheck[sparsity]'" in done.stderr
