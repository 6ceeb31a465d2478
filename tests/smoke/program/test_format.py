"""The 2:4 layouts of the program against the PTX manual's formulas, typed here once more.

g is lane / 4, t is lane % 4. Three statements of the same facts must agree: these formulas
(register to element), the program's (element to word, and back) and the emulator's (element to
lane).
"""

import ctypes
import random
from itertools import product

import pytest

TYPES = ("int8", "fp16", "bf16", "fp8")
BYTES = {"int8": 1, "fp16": 2, "bf16": 2, "fp8": 1}
VALID = (0b0100, 0b1000, 0b1100, 0b1001, 0b1101, 0b1110)


@pytest.fixture(scope="module")
def library(fake_driver):
    return ctypes.CDLL(str(fake_driver / "libcuda.so.1"))


def slot(library, size, k, row, group):
    word, bit = ctypes.c_uint64(), ctypes.c_int()
    library.test_slot_of(size, k, row, group, ctypes.byref(word), ctypes.byref(bit))
    return word.value, bit.value


def metadata_of_lane(size, lane, selector):
    """(bit, row, K) of each nibble in one lane's register: figures of mma.sp in the PTX manual."""
    g, t = divmod(lane, 4)
    if size == 1:
        return [(4 * n, g + 8 * (t % 2), 32 * (t // 2) + 4 * n) for n in range(8)]
    if t // 2 != selector:
        return []
    return [(16 * h + 4 * n, g + 8 * h, 16 * (t % 2) + 4 * n) for h in range(2) for n in range(4)]


@pytest.mark.parametrize("size", [1, 2])
def test_every_group_lies_where_the_manual_says(library, size):
    m, k = 48, 256
    per_instruction = 64 // size
    seen = set()
    for row, group in product(range(m), range(k // 4)):
        word, bit = slot(library, size, k, row, group)
        seen.add((word, bit))
        chunk, lane = divmod(word, 32)
        assert divmod(chunk, k // 64) == (row // 16, group // 16)
        selector, inside = divmod(group * 4 % 64, per_instruction)
        assert (bit, row % 16, inside) in metadata_of_lane(size, lane, selector)
    assert len(seen) == m * k // 4
    assert {word for word, _ in seen} == set(range(m * k // 32))


@pytest.mark.parametrize("size", [1, 2])
def test_a_word_names_the_groups_that_lie_in_it(library, size):
    m, k = 32, 192
    for row, group in product(range(m), range(k // 4)):
        word, bit = slot(library, size, k, row, group)
        back = ctypes.c_int(), ctypes.c_int()
        library.test_group_at(
            size, k, ctypes.c_uint64(word), bit // 4, ctypes.byref(back[0]), ctypes.byref(back[1])
        )
        assert (back[0].value, back[1].value) == (row, group)


def in_tensor_memory(size, row, group):
    """(lane, column, bit) of a group's nibble, K counted in groups of four.

    1-byte types: [row][K]. 2-byte types: the axes of M are (16 rows, half, 8 rows), those of K
    (32, half, 16), and memory has them as (16 rows, K half, 8 rows), (K 32, row half, K 16):
    NVIDIA/cutlass sm1xx_sparse_config.inl, jax-ml/jax format_tcgen05_sparse_metadata.
    """
    if size == 1:
        return row, group // 8, 4 * (group % 8)
    (m16, rest), (k32, inside) = divmod(row, 16), divmod(group, 8)
    (m8, m), (k16, k) = divmod(rest, 8), divmod(inside, 4)
    return 16 * m16 + 8 * k16 + m, k32, 16 * m8 + 4 * k


@pytest.mark.parametrize("size", [1, 2])
def test_the_words_of_memory_are_those_of_tensor_memory(library, size):
    library.test_word_in_tensor_memory.restype = ctypes.c_uint64
    m, k = 256, 192
    for row, group in product(range(m), range(k // 4)):
        lane, column, bit = in_tensor_memory(size, row, group)
        word = library.test_word_in_tensor_memory(k, lane, column)
        assert (word, bit) == slot(library, size, k, row, group)


def a_position(size, lane, i):
    """(row, ordinal among the row's kept values) of element i of the A fragment."""
    g, t = divmod(lane, 4)
    per = 4 // size
    register, inside = divmod(i, per)
    return g + 8 * (register % 2), per * t + inside + 4 * per * (register // 2)


def b_position(size, lane, i):
    """(K, column) of element i of the B fragment."""
    g, t = divmod(lane, 4)
    per = 4 // size
    register, inside = divmod(i, per)
    return per * t + inside + 4 * per * register, g


def encode(name, n):
    """A small integer as the bits of the type."""
    if name == "int8":
        return n & 0xFF
    exponent_bits, mantissa_bits = {"fp16": (5, 10), "bf16": (8, 7), "fp8": (4, 3)}[name]
    if n == 0:
        return 0
    exponent = abs(n).bit_length() - 1
    mantissa = (abs(n) << mantissa_bits >> exponent) & ((1 << mantissa_bits) - 1)
    biased = exponent + (1 << (exponent_bits - 1)) - 1
    sign = int(n < 0) << (exponent_bits + mantissa_bits)
    return sign | biased << mantissa_bits | mantissa


@pytest.mark.parametrize("name", TYPES)
def test_the_emulated_instruction_is_a_matrix_product(library, name):
    """Registers filled by the formulas, through the emulated mma.sp, against plain Python."""
    rng = random.Random(name)
    size, per = BYTES[name], 4 // BYTES[name]
    depth = 64 // size
    nibbles = {
        (s, row, g): rng.choice(VALID)
        for s in range(size)
        for row in range(16)
        for g in range(depth // 4)
    }
    kept = {(row, i): rng.randint(-4, 4) for row in range(16) for i in range(depth // 2)}
    b = {(k, n): rng.randint(-4, 4) for k in range(depth) for n in range(8)}
    registers = {"a": bytearray(32 * 16), "b": bytearray(32 * 16), "e": bytearray(32 * 4)}
    for lane in range(32):
        for i in range(4 * per):
            at = lane * 16 + i * size
            registers["a"][at : at + size] = encode(name, kept[a_position(size, lane, i)]).to_bytes(
                size, "little"
            )
            registers["b"][at : at + size] = encode(name, b[b_position(size, lane, i)]).to_bytes(
                size, "little"
            )
        word = 0
        for s in range(size):
            for bit, row, k in metadata_of_lane(size, lane, s):
                word |= nibbles[s, row, k // 4] << bit
        registers["e"][lane * 4 : lane * 4 + 4] = word.to_bytes(4, "little")

    d = probe(library, name, registers)
    for selector in range(size):
        for lane, q in product(range(32), range(4)):
            row, column = lane // 4 + 8 * (q // 2), 2 * (lane % 4) + q % 2
            want = 0
            for i in range(depth // 2):
                nibble = nibbles[selector, row, i // 2]
                k = i // 2 * 4 + (nibble >> 2 if i % 2 else nibble & 3)
                want += kept[row, i] * b[k, column]
            assert d[lane * 8 + 4 * selector + q] == want


def probe(library, name, registers):
    """Launch the probe kernel once and return its results, [lane][selector][register]."""
    buffers = [
        (ctypes.c_char * len(registers[key])).from_buffer(registers[key]) for key in ("a", "b", "e")
    ]
    d = ((ctypes.c_int32 if name == "int8" else ctypes.c_float) * 256)()
    addresses = (ctypes.c_uint64 * 4)(*(ctypes.addressof(one) for one in (*buffers, d)))
    function = ctypes.c_void_p()
    assert library.cuModuleGetFunction(ctypes.byref(function), None, f"probe_{name}".encode()) == 0
    words = (ctypes.c_void_p * 1)(ctypes.addressof(addresses))
    assert library.cuLaunchKernel(function, 1, 1, 1, 32, 1, 1, 0, None, words, None) == 0
    return d


@pytest.mark.parametrize("nibble", range(16))
def test_fp4_is_e2m1(library, nibble):
    """OCP Microscaling Formats, table of FP4: two bits of exponent, bias 1, one of mantissa."""
    sign, exponent, mantissa = nibble >> 3, nibble >> 1 & 3, nibble & 1
    number = (1 + mantissa / 2) * 2 ** (exponent - 1) if exponent else mantissa / 2
    assert library.test_doubled_fp4(nibble) == (-2 if sign else 2) * number


@pytest.mark.parametrize(
    ("gpu", "sms", "tile", "per_sm", "size", "mib", "shape", "uses_mib"),
    [
        ("H200", 132, (128, 256), 1, 1, 80000, (4224, 4096, 8192), 185),
        ("H200", 132, (128, 256), 1, 2, 80000, (4224, 4096, 8192), 299),
        ("H200 MIG 1g", 16, (128, 256), 1, 1, 16000, (1024, 2048, 8192), 45),
        ("A100", 108, (128, 256), 1, 2, 40000, (3456, 4096, 8192), 256),
        ("A100-4C", 108, (128, 256), 1, 2, 3500, (3456, 4096, 8192), 256),
        ("L40S-4Q", 142, (128, 128), 2, 1, 3500, (2048, 9088, 8192), 184),
        ("L4", 58, (128, 128), 2, 2, 20000, (2048, 3712, 8192), 169),
        ("A10", 72, (128, 128), 2, 2, 20000, (3072, 3072, 8192), 207),
        ("A16, A2", 10, (128, 128), 2, 1, 15000, (1024, 1280, 8192), 36),
    ],
)
def test_shapes_are_whole_waves_near_a_square(
    library, gpu, sms, tile, per_sm, size, mib, shape, uses_mib
):
    chosen = (ctypes.c_int * 3)()
    budget = min(mib * 2**20 * 6 // 10, 480 * 2**20)
    library.test_choose_shape(size, *tile, sms * per_sm, ctypes.c_uint64(budget), chosen)
    assert tuple(chosen) == shape, gpu
    library.test_bytes_of.restype = ctypes.c_uint64
    assert round(library.test_bytes_of(size, *shape) / 2**20) == uses_mib


@pytest.mark.parametrize("free_mib", [512, 600, 1000])
@pytest.mark.parametrize("sms", [1, 7, 16, 84, 132, 148, 188])
@pytest.mark.parametrize("size", [1, 2])
def test_any_shape_fits_the_memory_and_the_kernels(library, free_mib, sms, size):
    budget = free_mib * 2**20 * 6 // 10
    for tile, per_sm in (((128, 256), 1), ((128, 128), 2)):
        shape = (ctypes.c_int * 3)()
        library.test_choose_shape(size, *tile, sms * per_sm, ctypes.c_uint64(budget), shape)
        m, n, k = shape
        library.test_bytes_of.restype = ctypes.c_uint64
        assert library.test_bytes_of(size, m, n, k) <= budget
        assert m % tile[0] == n % tile[1] == k % 256 == 0
        assert (m // tile[0]) * (n // tile[1]) % (sms * per_sm) == 0
