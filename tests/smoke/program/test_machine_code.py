"""The machine code of every target, disassembled: what compilers do to kernels behind one's back.

`mma.sp` that becomes a call, an instruction that is emulated, registers that spill: each leaves the
results right and ruins what is measured.
"""

import re
import subprocess
from collections import Counter, defaultdict
from importlib import metadata

import pytest

from hostcheck.smoke.build import IMAGES, IMAGES_FOLDER

CUBINS = [image for image in IMAGES if image.capability]
TYPES = ("int8", "fp16", "bf16", "fp8", "fp4")
TO_FP8 = TYPES[:4]
SPARSE = {
    "mma": {"int8": "IMMA.SP.16864.S8.S8", "fp16": "HMMA.SP.16832.F32",
            "bf16": "HMMA.SP.16832.F32.BF16", "fp8": "QMMA.SP.16864.F32.E4M3.E4M3",
            "fp4": "OMMA.SF.SP.168128.F32.E2M1.E2M1.E8"},
    "wgmma": {"int8": "IGMMA.SP.64", "fp16": "HGMMA.SP.64", "bf16": "HGMMA.SP.64",
              "fp8": "QGMMA.SP.64"},
    "tcgen05": {"int8": "UTCIMMA", "fp16": "UTCHMMA", "bf16": "UTCHMMA", "fp8": "UTCQMMA",
                "fp4": "UTCOMMA"},
}  # fmt: skip
DENSE = {
    "mma": {"int8": "IMMA.16832.S8.S8", "fp16": "HMMA.16816.F32",
            "bf16": "HMMA.16816.F32.BF16", "fp8": "QMMA.16832.F32.E4M3.E4M3",
            "fp4": "OMMA.SF.16864.F32.E2M1.E2M1.E8"},
    "wgmma": {"int8": "IGMMA.64", "fp16": "HGMMA.64", "bf16": "HGMMA.64", "fp8": "QGMMA.64"},
    "tcgen05": {"int8": "UTCIMMA", "fp16": "UTCHMMA", "bf16": "UTCHMMA", "fp8": "UTCQMMA",
                "fp4": "UTCOMMA"},
}  # fmt: skip
KERNELS = {
    "sm_80": {"int8": {"wide"}, "fp16": {"wide"}, "bf16": {"wide"}},
    "sm_86": {"int8": {"narrow"}, "fp16": {"narrow"}, "bf16": {"narrow"}},
    "sm_89": {kind: {"narrow"} for kind in TO_FP8},
    "sm_90a": {kind: {"wide", "wgmma"} for kind in ("int8", "fp16", "bf16")} | {"fp8": {"wgmma"}},
    "sm_100a": {kind: {"wide", "tcgen05"} for kind in ("int8", "fp16", "bf16")}
    | {"fp8": {"tcgen05"}, "fp4": {"tcgen05"}},
    "sm_103a": {
        "int8": {"wide"},
        "fp16": {"wide", "tcgen05"},
        "bf16": {"wide", "tcgen05"},
        "fp8": {"tcgen05"},
        "fp4": {"tcgen05"},
    },
    "sm_100f": {
        "int8": {"wide"},
        "fp16": {"wide", "tcgen05"},
        "bf16": {"wide", "tcgen05"},
        "fp8": {"tcgen05"},
    },
    "sm_120a": {kind: {"narrow"} for kind in TYPES},
}
SECTION = re.compile(r"\s*\.section\s+\.text\.(\w+)")
INSTRUCTION = re.compile(r"\s+/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9_.]*)(.*?);")
TRAP = "tcgen05_guardrail_trap"
"""What ptxas puts around the allocation of tensor memory: it ends a kernel that does it wrongly."""
LABEL = "label"
REGISTER = re.compile(r"\bR(\d+)\b")


@pytest.fixture(scope="module", params=CUBINS, ids=lambda one: one.arch)
def machine_code(request, smoke_program):
    """(target, each kernel's instructions in order, as (name, operands))."""
    cubin = smoke_program.parent / IMAGES_FOLDER / request.param.file
    listing = subprocess.run(
        [_disassembler(), "-c", cubin], capture_output=True, text=True, check=True
    ).stdout
    kernels = defaultdict(list)
    name = ""
    for line in listing.splitlines():
        if section := SECTION.match(line):
            name = section[1]
        elif found := INSTRUCTION.match(line):
            kernels[name].append(found.groups())
        elif line.startswith(".L_"):
            kernels[name].append((LABEL, line.rstrip(":")))
    return request.param.arch, dict(kernels)


def _disassembler():
    for file in metadata.files("nvidia-cuda-nvdisasm") or []:
        if file.name == "nvdisasm":
            return file.locate()
    raise AssertionError("the wheel nvidia-cuda-nvdisasm holds no nvdisasm")


def _tensor(instructions):
    return Counter(name for name, _ in instructions if "MMA" in name)


def test_every_gemm_is_made_of_the_instruction_that_it_is_there_for(machine_code):
    arch, kernels = machine_code
    seen = defaultdict(set)
    for name, instructions in kernels.items():
        what, kind, *family = name.split("_")
        if what not in ("sparse", "dense"):
            continue
        seen[kind] |= set(family)
        wanted = {"sparse": SPARSE, "dense": DENSE}[what]
        form = family[0] if family[0] in SPARSE else "mma"
        assert set(_tensor(instructions)) == {wanted[form][kind]}, name
    assert dict(seen) == KERNELS[arch]


def test_the_probe_is_one_sparse_instruction_per_selector(machine_code):
    arch, kernels = machine_code
    probes = {name: one for name, one in kernels.items() if name.startswith("probe_")}
    native = {kind for kind, families in KERNELS[arch].items() if families & {"wide", "narrow"}}
    assert set(probes) == {f"probe_{kind}" for kind in native}
    for name, instructions in probes.items():
        kind = name.removeprefix("probe_")
        wanted = SPARSE["mma"][kind]
        assert _tensor(instructions) == {wanted: 2 if kind in ("fp16", "bf16") else 1}


def test_nothing_spills_and_nothing_is_called(machine_code):
    _, kernels = machine_code
    for name, instructions in kernels.items():
        used = {one for one, _ in instructions}
        bad = {one for one in used if re.match(r"(STL|LDL)\b", one)}
        if not name.startswith(
            "check_"
        ):  # its CALL is a jump: it goes to a label and never returns
            bad |= {
                one
                for one, operands in instructions
                if one.startswith(("CALL", "JCAL")) and TRAP not in operands
            }
        assert not bad, (name, bad)


DESCRIBED = {"int8": (2, 1, 0), "fp16": (1, 0, 0), "bf16": (1, 1, 0), "fp8": (1, 0, 0),
             "fp4": (0, 1, 1)}  # fmt: skip
"""(type of D, type of A and B, scale factors of ue8m0) in the instruction descriptor: PTX ISA,
"Instruction descriptor"."""


def _constant(instructions, before, register):
    """What the last UMOV before an instruction puts into a uniform register; None: no constant."""
    for one, operands in reversed(instructions[:before]):
        target, _, rest = operands.strip().partition(", ")
        if target == register:
            value = rest.strip()
            return int(value, 16) if one == "UMOV" and value.startswith("0x") else None
    return None


def _tcgen05(kernels):
    """(kernel, its products as (metadata register, metadata constant, descriptor))."""
    for name, instructions in kernels.items():
        if not name.endswith("_tcgen05"):
            continue
        products = []
        for i, (one, operands) in enumerate(instructions):
            if one.startswith("UTC") and one.endswith("MMA"):
                found = re.search(r"tmem\[(UR\d+)\], tmem\[(UR\d+)\], idesc\[(UR\d+)\]", operands)
                metadata, descriptor = found[2], found[3]
                products.append((
                    metadata, _constant(instructions, i, metadata),
                    _constant(instructions, i, descriptor),
                ))  # fmt: skip
        yield name, instructions, products


def test_tcgen05_is_sparse_by_its_descriptor_and_reads_metadata(machine_code):
    """Sparse and dense are one instruction there, UTCHMMA or the like: the operands tell."""
    arch, kernels = machine_code
    checked = 0
    for name, instructions, products in _tcgen05(kernels):
        checked += 1
        what, kind, _ = name.split("_")
        sparse = what == "sparse"
        assert len(products) == (2 if sparse else 4), "those of one slab"
        selectors = {0, 1} if sparse and kind in ("fp16", "bf16") else {0}
        of_d, of_a, scaled = DESCRIBED[kind]
        assert {descriptor for _, _, descriptor in products} == {
            selector | sparse << 2 | of_d << 4 | of_a << 7 | of_a << 10 | 256 // 8 << 17
            | scaled << 23 | 128 // 16 << 24
            for selector in selectors
        }, name  # fmt: skip
        constants = {constant for _, constant, _ in products}
        assert constants == ({None} if sparse else {0}), (name, "metadata's address")
        used = Counter(one.split(".")[0] for one, _ in instructions)
        assert used["STTM"] == sparse + 2 * scaled, "metadata and scale factors go there"
        assert (used["UTCBAR"], used["LDTM"]) == (1, 4)
    assert checked == {"sm_100a": 10, "sm_103a": 8, "sm_100f": 6}.get(arch, 0)


def _wgmma(kernels):
    """(name, instructions, where products are issued, where a wait ends) of each wgmma kernel."""
    for name, instructions in kernels.items():
        if not name.endswith("_wgmma"):
            continue
        products = [i for i, (one, _) in enumerate(instructions) if "GMMA" in one]
        waits = [
            (i, operands.split(", ")[-1].strip())
            for i, (one, operands) in enumerate(instructions)
            if one == "WARPGROUP.DEPBAR.LE"
        ]
        assert [pending for _, pending in waits] == ["0x1", "0x1", "0x0"], name
        yield name, instructions, products, [i for i, _ in waits]


def test_nothing_touches_the_accumulators_while_wgmma_writes_them(machine_code):
    arch, kernels = machine_code
    checked = 0
    for name, instructions, products, (*_, complete) in _wgmma(kernels):
        checked += 1
        accumulators = set()
        for i in products:
            first = int(REGISTER.search(instructions[i][1])[1])
            accumulators |= set(range(first, first + 128))
        assert len(accumulators) == 128
        for one, operands in instructions[products[0] : complete]:
            if "GMMA" not in one:
                touched = accumulators & {int(r) for r in REGISTER.findall(operands)}
                assert not touched, (name, one, operands)
    assert checked == (8 if arch == "sm_90a" else 0)


def test_metadata_registers_stay_until_their_products_are_complete(machine_code):
    """The loop is [products] wait [products] wait; a wait completes the products before those."""
    _, kernels = machine_code
    for name, instructions, products, (first_wait, second_wait, _) in _wgmma(kernels):
        if not name.startswith("sparse_"):
            continue
        labels = {operands: i for i, (one, operands) in enumerate(instructions) if one == LABEL}
        end, start = next(
            (i, labels[target[1]])
            for i, (one, operands) in enumerate(instructions)
            if i > second_wait
            and one == "BRA"
            and (target := re.search(r"\((\S+)\)", operands))
            and labels[target[1]] < products[0]
        )
        early = [i for i in products if i < first_wait]
        late = [i for i in products if i > first_wait]
        for mine, kept in (
            (early, instructions[early[0] : second_wait]),
            (late, instructions[late[0] : end] + instructions[start:first_wait]),
        ):
            metadata = {int(REGISTER.findall(instructions[i][1])[-1]) for i in mine}
            written = {register for one in kept for register in _written(*one)}
            assert not metadata & written, name


@pytest.mark.parametrize("register", [24, "metadata"])
def test_these_two_tests_would_notice(machine_code, register):
    arch, kernels = machine_code
    for name, instructions, products, _ in _wgmma(kernels):
        if name.startswith("sparse_"):
            last = REGISTER.findall(instructions[products[0]][1])[-1]
            write = ("MOV", f" R{last if register == 'metadata' else register}, RZ ")
            spoilt = [*instructions[: products[0] + 1], write, *instructions[products[0] + 1 :]]
            test = (
                test_metadata_registers_stay_until_their_products_are_complete
                if register == "metadata"
                else test_nothing_touches_the_accumulators_while_wgmma_writes_them
            )
            with pytest.raises(AssertionError):
                test((arch, {**kernels, name: spoilt}))


def _written(name, operands):
    """The registers that an instruction writes, or more."""
    target = REGISTER.match(operands.strip())
    if not target or name.startswith(("ST", "LDGSTS")) or "GMMA" in name:
        return set()
    width = 4 if ".128" in name else 2 if ".64" in name or "WIDE" in name else 1
    return set(range(int(target[1]), int(target[1]) + width))
