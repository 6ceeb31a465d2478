"""`hostcheck sparsity FILE`: real files, odd types, and bad files that are one line."""

import ctypes
import json
import pickle
import struct
import time
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from click.testing import CliRunner
from safetensors.numpy import save_file

from hostcheck.cli import main
from hostcheck.sparsity import claims, examine
from hostcheck.sparsity.opening import tensors
from hostcheck.sparsity.two_four import prune

ROOT = Path(__file__).parents[2]
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
        "nan": "holds infinite values or NaN",
        "flags": "BOOL is no type of weights that is read here",
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
    found = {one.name: one.whole() for one in tensors([path])}
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
     ("x.pt", b"x", "a Python pickle runs code when it is read; save it as .safetensors"),
     ("x.bin", pickle.dumps(Bomb()), "a Python pickle runs code when it is read"),
     ("x.onnx", b"\xff\xff\xff", "not a usable .onnx file"),
     ("x.gguf", b"GGUF", "not a usable .gguf file"), ("x.gguf", b"", "not a usable .gguf file"),
     ("x.h5", b"x", "none of .gguf, .npy, .onnx, .safetensors; convert it to one"),
     ("x.index.json", b"{}", "it has no weight_map"),
     ("x.index.json", b'{"weight_map": {"a": "../a.safetensors"}}', "is no file beside it"),
     ("x.index.json", b'{"weight_map": {"a": "a.safetensors"}}', "shards are missing: a.safetens")],
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
    monkeypatch.setitem(__import__("sys").modules, "hostcheck.sparsity.examine", None)
    done = sparsity("dense.npy")
    assert done.exit_code == 2
    assert "pip install numpy==" in done.stderr


def test_a_folder_an_index_and_shards_are_one_checkpoint(sparsity, tmp_path):
    save_file({"a.weight": prune(DENSE)}, "one.safetensors")
    save_file({"b.weight": DENSE}, "two.safetensors")
    told = {"weight_map": {"a.weight": "one.safetensors", "b.weight": "two.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(told))
    save_file({"stray.weight": DENSE}, "stray.safetensors")  # the index does not name it
    wanted = [("a.weight", "one.safetensors", True), ("b.weight", "two.safetensors", False)]
    for given in (["."], ["model.safetensors.index.json"], ["one.safetensors", "two.safetensors"]):
        found = json.loads(sparsity(*given, "--json", "--no-permute").stdout)
        rows = [(one["name"], one["file"], one["fits"]) for one in found["weights"]]
        assert rows == wanted, given
    done = sparsity("one.safetensors", "one.safetensors")
    assert (done.exit_code, "give the files of one checkpoint" in done.stderr) == (2, True)
    (tmp_path / "none").mkdir()
    assert "it holds no .safetensors file" in sparsity("none").stderr


def test_capital_suffixes_and_nameless_types_are_told(sparsity):
    save_file({"w": prune(DENSE)}, "X.SAFETENSORS")
    assert sparsity("X.SAFETENSORS").stdout.startswith("X.SAFETENSORS: 1 of 1")
    np.save("bf16.npy", np.zeros((4, 4), "V2"))
    assert "a 16-bit type that numpy does not name is no type" in sparsity("bf16.npy").stdout
    np.save("turned.npy", np.asfortranarray(prune(DENSE).astype(">f4")))
    assert sparsity("turned.npy").stdout.startswith("turned.npy: 1 of 1")


EXPERTS = np.stack([prune(DENSE)] * 2)
SAID = {"2": [2], "-1": [2], "1": [1], "*.experts=1": [1]}


@pytest.mark.parametrize(("given", "axes"), [(None, [2]), *SAID.items()])
def test_experts_have_their_groups_along_the_last_axis_unless_told(sparsity, given, axes):
    conv = np.ascontiguousarray(DENSE.reshape(16, 32, 1, 1))
    save_file({"m.experts": EXPERTS, "m.conv": conv}, "x.safetensors")
    words = ["--axis", given] if given else []
    found = json.loads(sparsity("x.safetensors", "--json", "--no-permute", *words).stdout)
    axis = {one["name"]: one["axis"] for one in found["weights"]}
    assert [axis["m.experts"]] == axes
    if given in (None, "*.experts=1"):
        assert axis["m.conv"] == 1


@pytest.mark.parametrize("given", ["x", "9", "w=", "--1"])
def test_an_axis_that_is_no_number_is_one_line(sparsity, given):
    np.save("x.npy", DENSE)
    done = sparsity("x.npy", f"--axis={given}")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)


SPARSE = {
    "format": "sparse-24-bitmask", "sparsity_structure": "2:4", "ignore": ["lm_head", "re:.*router"]
}  # fmt: skip
CLAIM = {"quantization_config": {"format": "dense", "sparsity_config": SPARSE}}


def checkpoint(tmp_path, config, **weights):
    save_file(
        {name.replace("__", ".") + ".weight": one for name, one in weights.items()},
        tmp_path / "model.safetensors",
    )
    (tmp_path / "config.json").write_text(json.dumps(config))


def test_a_claim_that_the_weights_do_not_hold_is_said_first(sparsity, tmp_path):
    good = prune(DENSE)
    checkpoint(tmp_path, CLAIM, a=good, b=DENSE, c__router=DENSE, lm_head=DENSE)
    lines = sparsity(".", "--no-permute").stdout.splitlines()
    assert lines[0] == "config.json says 2:4 (sparse-24-bitmask); 1 of 3 layers are not: b.weight"
    assert lines[1].startswith("Warning: compressed-tensors above 0.14.0 no longer reads")
    assert "random weights" in lines[1]
    assert lines[2] == ".: 1 of 3 weight matrices are 2:4 as they are"
    checkpoint(tmp_path, CLAIM, a=good, lm_head=DENSE)
    assert "; every layer is\n" in sparsity(".", "--no-permute").stdout
    checkpoint(tmp_path, {}, a=good)
    assert sparsity(".").stdout.startswith(".: 1 of 1")
    checkpoint(tmp_path, {"quantization_config": {"format": "marlin-24"}}, a=good)
    assert "config.json says 2:4 (marlin-24)" in sparsity(".").stdout


@pytest.mark.parametrize(
    "ignore",
    [["re:.*router"], ["c.router"], ["re:(x+x+)+y", "re:c\\.(router|x)$"], ["re:(", "re:.*ter"],
     ["re:" + "(" * 5000, "c.router"], ["re:a{99999999999}", "re:c"]],
)  # fmt: skip
def test_what_a_claim_leaves_out_is_as_the_loaders_read_it(sparsity, tmp_path, ignore):
    config = {"sparsity_config": {**SPARSE, "ignore": ignore}}
    checkpoint(tmp_path, config, a=prune(DENSE), b=DENSE, c__router=DENSE)
    told = sparsity(".", "--no-permute").stdout
    assert told.startswith("config.json says 2:4 (sparse-24-bitmask); 1 of 3 layers are not: b.w")


def test_a_pattern_that_does_not_end_is_one_line(sparsity, tmp_path, monkeypatch):
    """It belongs to the checkpoint, which somebody else made."""
    monkeypatch.setattr(claims, "SECONDS", 1)
    config = {"sparsity_config": {**SPARSE, "ignore": ["lm_head", "re:.*router", "re:(x+x+)+y"]}}
    checkpoint(tmp_path, config, **{"x" * 60: DENSE})
    began = time.monotonic()
    done = sparsity(".", "--no-permute")
    assert time.monotonic() - began < 30
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "the pattern 're:(x+x+)+y' of its ignore does not end within 1 s" in done.stderr


def test_a_system_without_glibc_tunes_no_heap(sparsity, tmp_path, monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda _: pytest.fail("Windows takes no None"))
    monkeypatch.setattr(examine.sys, "platform", "win32")
    checkpoint(tmp_path, {}, a=prune(DENSE))
    assert sparsity(".", "--no-permute").exit_code == 0


@pytest.mark.parametrize(
    ("require", "code"),
    [("all", 1), ("a.*", 0), ("b.*", 1), ("lm_head*", 1), ("none*", 3), ("packed*", 3), ("odd*", 1),
     ("bias*", 3), ("nan*", 3), ("[ap]*", 3)],
)  # fmt: skip
def test_what_is_required_decides_the_exit_code(sparsity, tmp_path, require, code):
    checkpoint(
        tmp_path, {}, a=prune(DENSE), b=DENSE, lm_head=DENSE, bias=np.ones(4, np.float32),
        odd=np.ones((3, 7), np.float32), nan=np.full((4, 4), np.nan, np.float32),
        packed=np.ones((4, 4), np.int32),
    )  # fmt: skip
    assert sparsity(".", "--no-permute", "--require", require).exit_code == code
    assert sparsity(".", "--no-permute").exit_code == 0


def test_all_that_is_required_leaves_out_embeddings_and_heads(sparsity, tmp_path):
    checkpoint(tmp_path, {}, a=prune(DENSE), lm_head=DENSE, model__embed_tokens=DENSE)
    done = sparsity(".", "--no-permute", "--require", "all")
    assert done.exit_code == 0, done.output
    assert ".: 1 of 1 weight matrices are 2:4" in done.stdout
    assert "(head, not counted)" in done.stdout
    assert "(embedding, not counted)" in done.stdout


HALF = prune(np.random.default_rng(1).standard_normal((64, 128)))
RUNS = {
    ("float16", "h100"): "", ("int8", "b200"): "",
    ("int8", "b300"): "B300 has no sparse instruction for I8",
    ("float32", "b300"): "tf32 units take 1:2; cast it to fp16 or bf16",
    ("float64", "l40s"): "L40S has no sparse instruction for F64",
}  # fmt: skip


@pytest.mark.parametrize(("kind", "gpu"), RUNS)
def test_what_the_sparse_units_of_a_gpu_take(sparsity, kind, gpu):
    np.save("w.npy", (HALF * 20).astype(kind))
    done = sparsity("w.npy", "--json", "--for", gpu, "--require", "all")
    (one,) = json.loads(done.stdout)["weights"]
    assert one["keeps_from_running"] == RUNS[kind, gpu]
    assert done.exit_code == bool(RUNS[kind, gpu])
    np.save("w.npy", (HALF * 20).astype(kind)[:, :100])
    (one,) = json.loads(sparsity("w.npy", "--json", "--for", gpu).stdout)["weights"]
    assert one["fits"]
    assert one["keeps_from_running"]


def test_four_bit_floats_go_in_pairs_and_need_a_blackwell(sparsity, tmp_path):
    codes = np.tile([2, 3, 0, 0, 0, 0, 4, 5], (16, 16)).astype(np.uint8)
    raw(
        tmp_path / "x.safetensors",
        w=("F4", [16, 128], (codes[:, ::2] | codes[:, 1::2] << 4).tobytes()),
    )
    runs = {
        gpu: json.loads(sparsity("x.safetensors", "--json", "--for", gpu).stdout)["weights"][0]
        for gpu in ("h100", "b300", "rtx-pro-6000")
    }
    assert {one["pattern"] for one in runs.values()} == {"4:8 in pairs"}
    assert all(one["fits"] for one in runs.values())
    told = {gpu: one["keeps_from_running"] for gpu, one in runs.items()}
    assert told == {"h100": "H100 has no sparse instruction for F4", "b300": "", "rtx-pro-6000": ""}


def test_csv_has_a_row_for_each_and_no_formula(sparsity, tmp_path):
    checkpoint(tmp_path, {}, **{"=cmd": DENSE, "b": np.ones(4, np.float32)})
    lines = sparsity(".", "--format", "csv", "--no-permute").stdout.splitlines()
    assert lines[0].startswith("name,file,dtype,shape,role,axis")
    assert [line.split(",")[0] for line in lines[1:]] == ["'=cmd.weight", "b.weight"]


def test_the_json_follows_its_schema(sparsity, tmp_path):
    checkpoint(tmp_path, CLAIM, a__q_proj=DENSE, a__k_proj=DENSE[:8], b=np.ones(4, np.float32))
    schema = json.loads((ROOT / "hostcheck" / "schema" / "sparsity-2.json").read_text())
    found = json.loads(sparsity(".", "--json").stdout)
    assert not list(jsonschema.Draft202012Validator(schema).iter_errors(found))
    assert found["shared"]


class Page(HTMLParser):
    """The words of a page, and the attributes of its bars."""

    def __init__(self):
        super().__init__()
        self.tags, self.words, self.bars = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "rect":
            self.bars.append(dict(attrs))

    def handle_data(self, data):
        self.words.append(data)


def test_the_page_tells_the_loss_by_layer_and_escapes_names(sparsity, tmp_path):
    weights = {"<script>alert(1)</script>": DENSE, "done": prune(DENSE), "bias": DENSE[0]}
    checkpoint(tmp_path, CLAIM, **weights)
    done = sparsity(".", "--format", "html", "-o", "page.html", "--for", "h100")
    assert (done.exit_code, done.stdout) == (0, "")
    page = Page()
    page.feed((tmp_path / "page.html").read_text())
    told = "".join(page.words)
    assert "script" not in page.tags
    assert "<script>alert(1)</script>.weight" in told
    assert told.index("config.json says 2:4") < told.index("1 of 2 weight matrices", 200)
    assert "0 of 2 run on the sparse units of H100" in told
    found = {one["name"]: one for one in json.loads(sparsity(".", "--json").stdout)["weights"]}
    wide = [float(bar["width"]) for bar in page.bars]
    lost = found["<script>alert(1)</script>.weight"]
    assert wide[:2] == pytest.approx(
        [200 * lost["lost"]["l1"], 200 * lost["lost"]["l1"] * lost["regained"]["share"]], abs=0.01
    )
    assert wide[2:] == [0, 0]
