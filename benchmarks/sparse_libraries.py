"""Our kernels, cuSPARSELt and cuBLASLt on the same operands, in one process, by turns.

For `sparse_gpu.py`; needs libcuda.so.1 and the standard library. The NVIDIA libraries are looked
for in the wheels nvidia-cusparselt-cu12 or -cu13 and nvidia-cublas-cu12 (or nvidia-cublas); one
that is missing is named, and the rest is measured. Every product is compared with our second
oracle, element by element, on exact data, before it is timed on wide data.

Declarations and numbers of the enums: docs.nvidia.com/cuda/cusparselt and .../cuda/cublas.
"""

import ctypes as c
import statistics
import sys
import time
from itertools import pairwise
from pathlib import Path

FAMILIES = {  # threads, columns of a tile, slab, stages if sparse or dense: program/tile.h
    "tcgen05": (256, 256, 128, {True: 5, False: 4}),
    "wgmma": (256, 256, 128, {True: 5, False: 4}),
    "wide": (256, 256, 128, {True: 3, False: 3}),
    "narrow": (128, 128, 64, {True: 3, False: 3}),
}
BYTES = {"int8": 1, "fp16": 2, "bf16": 2}
DATA_TYPE = {"int8": 3, "fp16": 2, "bf16": 14}  # cudaDataType_t: R_8I, R_16F, R_16BF
INT32, FLOAT32 = 10, 0


class RefusedError(Exception):
    """A library or the driver said no."""


class Arguments(c.Structure):
    """Four addresses and four numbers: arguments.h has no other shape, but for FillArguments."""

    _fields_ = [(f"p{i}", c.c_uint64) for i in range(4)] + [(f"n{i}", c.c_int32) for i in range(4)]


class Fill(c.Structure):
    _fields_ = [
        ("to", c.c_uint64),
        ("count", c.c_uint64),
        ("seed", c.c_uint32),
        ("data", c.c_uint32),
    ]


class Gpu:
    """The driver, a context, and our kernels."""

    def __init__(self, images: Path, index: int = 0) -> None:
        self.cuda = c.CDLL("libcuda.so.1")
        self.call("cuInit", 0)
        self.device, context = c.c_int(), c.c_void_p()
        self.call("cuDeviceGet", c.byref(self.device), index)
        self.call("cuDevicePrimaryCtxRetain", c.byref(context), self.device)
        self.call("cuCtxSetCurrent", context)
        name = c.create_string_buffer(128)
        self.call("cuDeviceGetName", name, 128, self.device)
        self.name = name.value.decode()
        self.capability = 10 * self.attribute(75) + self.attribute(76)
        self.shared_bytes = self.attribute(97)
        self.load(images)

    def call(self, function, *arguments):
        code = getattr(self.cuda, function)(*arguments)
        if code:
            raise RefusedError(f"{function}: CUDA error {code}")

    def attribute(self, which):
        value = c.c_int()
        self.call("cuDeviceGetAttribute", c.byref(value), which, self.device)
        return value.value

    def load(self, images):
        best = None
        for path in images.glob("sm_*.cubin"):
            made_for, exact = int("".join(filter(str.isdigit, path.stem))), path.stem.endswith("a")
            runs = made_for // 10 == self.capability // 10 and made_for <= self.capability
            if made_for == self.capability if exact else runs:
                best = max(best or (False, 0, path), (exact, made_for, path))
        self.image = (best[2] if best else images / "compute_80.ptx").read_bytes() + b"\0"
        self.module = c.c_void_p()
        self.call("cuModuleLoadData", c.byref(self.module), self.image)

    def kernel(self, name):
        """The kernel of that name, or None."""
        function = c.c_void_p()
        missing = self.cuda.cuModuleGetFunction(c.byref(function), self.module, name.encode())
        return None if missing else function

    def launch(self, function, blocks, threads, shared, arguments):
        words = (c.c_void_p * 1)(c.addressof(arguments))
        self.call(
            "cuLaunchKernel", function, blocks, 1, 1, threads, 1, 1, shared, None, words, None
        )

    def allocate(self, size):
        address = c.c_uint64()
        self.call("cuMemAlloc_v2", c.byref(address), c.c_size_t(max(size, 16)))
        return address.value

    def free(self, address):
        self.call("cuMemFree_v2", c.c_uint64(address))

    def fill(self, address, byte, size):
        self.call("cuMemsetD8_v2", c.c_uint64(address), c.c_ubyte(byte), c.c_size_t(size))

    def read(self, address, size):
        content = c.create_string_buffer(size)
        self.call("cuMemcpyDtoH_v2", content, c.c_uint64(address), c.c_size_t(size))
        return content.raw

    def wait(self):
        self.call("cuCtxSynchronize")

    def event(self):
        event = c.c_void_p()
        self.call("cuEventCreate", c.byref(event), 0)
        return event

    def record(self, event):
        self.call("cuEventRecord", event, None)

    def between(self, first, second):
        ms = c.c_float()
        self.call("cuEventElapsedTime", c.byref(ms), first, second)
        return ms.value


class Operands:
    """One product D[m][n] = A[m][k] * B[n][k]^T on the device. 2-byte types have 2-byte results."""

    def __init__(self, gpu, kind, m, n, k):
        self.gpu, self.kind, self.m, self.n, self.k = gpu, kind, m, n, k
        size = BYTES[kind]
        self.half = int(size == 2)
        self.d_bytes = m * n * (2 if self.half else 4)
        self.buffers = [
            gpu.allocate(bytes_)
            for bytes_ in (m * k * size, m * k * size, m * k * size // 2, m * k // 8, n * k * size,
                           self.d_bytes, 24)
        ]  # fmt: skip
        (self.a, self.pruned, self.kept, self.metadata, self.b, self.d, self.report) = self.buffers

    def data(self, *, wide):
        fill = self.gpu.kernel(f"fill_{self.kind}")
        for to, rows, seed in ((self.a, self.m, 1), (self.b, self.n, 2)):
            self.gpu.launch(fill, 1024, 256, 0, Fill(to, rows * self.k, seed, int(wide)))
        self.gpu.launch(
            self.gpu.kernel(f"prune_{self.kind}"), (self.m * self.k // 32 + 127) // 128, 128, 0,
            Arguments(self.a, self.pruned, self.kept, self.metadata, self.m, self.k),
        )  # fmt: skip
        self.gpu.wait()

    def ours(self, family, *, sparse):
        """Something to call, or None where this GPU has no such kernel."""
        threads, tile_n, slab, stages = FAMILIES[family]
        function = self.gpu.kernel(f"{'sparse' if sparse else 'dense'}_{self.kind}_{family}")
        chunk = 64 * BYTES[self.kind]
        metadata = 8 * max(1, slab // chunk) * 128 if sparse else 0
        stage = 128 * (slab // 2 if sparse else slab) + tile_n * slab + metadata
        shared = stages[sparse] * stage + 32  # tcgen05 keeps something behind its stages
        if function is None or shared > self.gpu.shared_bytes or self.m % 128 or self.n % tile_n:
            return None
        self.gpu.call("cuFuncSetAttribute", function, 8, shared)
        arguments = Arguments(self.kept if sparse else self.pruned, self.b, self.metadata, self.d,
                              self.m, self.n, self.k, self.half)  # fmt: skip
        blocks = (self.m // 128) * (self.n // tile_n)
        return lambda: self.gpu.launch(function, blocks, threads, shared, arguments)

    def wrong(self, run):
        """How many elements of what `run` makes are wrong."""
        self.gpu.fill(self.d, 0xA5, self.d_bytes)
        run()
        self.gpu.wait()
        self.gpu.fill(self.report, 0, 24)
        self.gpu.launch(
            self.gpu.kernel(f"check_{self.kind}"), (self.m // 64) * (self.n // 64), 256, 0,
            Arguments(self.pruned, self.b, self.d, self.report, self.m, self.n, self.k, self.half),
        )  # fmt: skip
        return int.from_bytes(self.gpu.read(self.report, 8), "little")

    def close(self):
        for buffer in self.buffers:
            self.gpu.free(buffer)


def library(pattern):
    """The newest library of an NVIDIA wheel on the path, else its name for the loader."""
    found = [
        str(hit) for folder in sys.path for hit in Path(folder).glob(f"nvidia/*/lib/{pattern}")
    ]
    try:
        return c.CDLL(max(found, default=pattern.replace(".*", "")), mode=c.RTLD_GLOBAL)
    except OSError as error:
        raise RefusedError(str(error)) from None


def opaque():
    """Room for one of cuSPARSELt's structures: 512 bytes since 0.8, more before."""
    room = (c.c_ubyte * (16384 + 64))()
    address = c.c_void_p((c.addressof(room) + 63) & ~63)
    address.room = room
    return address


class SparseLt:
    """cuSPARSELt. Its `search` tries its algorithms and writes D."""

    ROW, PLAIN, TRANSPOSED, HALF_SPARSE = 2, 0, 1, 0

    def __init__(self):
        self.lt = library("libcusparseLt.so.0")
        self.handle = opaque()
        self.call("cusparseLtInit", self.handle)
        part = c.c_int()
        numbers = []
        for which in range(3):
            self.lt.cusparseLtGetProperty(which, c.byref(part))
            numbers.append(str(part.value))
        self.version = ".".join(numbers)

    def call(self, function, *arguments):
        code = getattr(self.lt, function)(*arguments)
        if code:
            raise RefusedError(f"{function}: cuSPARSELt status {code}")

    def prepare(self, o):
        """Return (something to call, compress it anew, what the library says of our operands)."""
        h, p, size = self.handle, c.c_void_p, c.c_int64
        kind = DATA_TYPE[o.kind]
        out = kind if o.half else INT32
        a, b, d, product, selection, plan = (opaque() for _ in range(6))
        align = c.c_uint32(16)
        self.call("cusparseLtStructuredDescriptorInit", h, a, size(o.m), size(o.k), size(o.k),
                  align, kind, self.ROW, self.HALF_SPARSE)  # fmt: skip
        self.call("cusparseLtDenseDescriptorInit", h, b, size(o.n), size(o.k), size(o.k),
                  align, kind, self.ROW)  # fmt: skip
        self.call("cusparseLtDenseDescriptorInit", h, d, size(o.m), size(o.n), size(o.n),
                  align, out, self.ROW)  # fmt: skip
        compute = 2 if o.half else 0  # CUSPARSE_COMPUTE_32F, 32I
        self.call("cusparseLtMatmulDescriptorInit", h, product, self.PLAIN, self.TRANSPOSED,
                  a, b, d, d, compute)  # fmt: skip
        self.call("cusparseLtMatmulAlgSelectionInit", h, selection, product, 0)
        self.call("cusparseLtMatmulPlanInit", h, plan, product, selection)
        verdict = o.gpu.allocate(4)
        self.call("cusparseLtSpMMAPruneCheck2", h, a, 1, self.PLAIN, p(o.pruned), p(verdict), None)
        o.gpu.wait()
        said = {"our_pattern_is_2_4": o.gpu.read(verdict, 4) == bytes(4)}
        o.gpu.free(verdict)
        compressed_bytes, scratch_bytes = c.c_size_t(), c.c_size_t()
        self.call("cusparseLtSpMMACompressedSize", h, plan, c.byref(compressed_bytes),
                  c.byref(scratch_bytes))  # fmt: skip
        compressed = o.gpu.allocate(compressed_bytes.value)
        scratch = o.gpu.allocate(scratch_bytes.value)

        def compress():
            self.call(
                "cusparseLtSpMMACompress", h, plan, p(o.pruned), p(compressed), p(scratch), None
            )
            o.gpu.wait()

        compress()
        one, zero = c.c_float(1), c.c_float(0)
        ends = (c.byref(one), p(compressed), p(o.b), c.byref(zero), p(o.d), p(o.d))
        self.call("cusparseLtMatmulSearch", h, plan, *ends, None, None, 0)
        o.gpu.wait()
        workspace_bytes = c.c_size_t()
        self.call("cusparseLtMatmulGetWorkspace", h, plan, c.byref(workspace_bytes))
        workspace = o.gpu.allocate(workspace_bytes.value)
        keep = (a, b, d, product, selection, plan, one, zero)

        def run():
            self.call("cusparseLtMatmul", h, plan, *ends, p(workspace), None, 0)
            return keep

        return run, compress, said


class BlasLt:
    """cuBLASLt, with the fastest of the algorithms that it proposes."""

    def __init__(self):
        self.lt = library("libcublasLt.so.*")
        self.handle = c.c_void_p()
        self.call("cublasLtCreate", c.byref(self.handle))
        self.lt.cublasLtGetVersion.restype = c.c_size_t
        self.version = str(self.lt.cublasLtGetVersion())

    def call(self, function, *arguments):
        code = getattr(self.lt, function)(*arguments)
        if code:
            raise RefusedError(f"{function}: cuBLAS status {code}")

    def prepare(self, o):
        """Return something to call. Column-major: D^T = B * A^T."""
        p = c.c_void_p
        kind = DATA_TYPE[o.kind]
        compute, scale = (68, FLOAT32) if o.half else (72, INT32)  # CUBLAS_COMPUTE_32F, 32I
        product, preference = c.c_void_p(), c.c_void_p()
        self.call("cublasLtMatmulDescCreate", c.byref(product), compute, scale)
        for attribute, operation in ((3, 1), (4, 0)):  # TRANSA, TRANSB
            value = c.c_int(operation)
            self.call(
                "cublasLtMatmulDescSetAttribute", product, attribute, c.byref(value), c.c_size_t(4)
            )
        layouts = []
        for data_type, rows, columns in ((kind, o.k, o.n), (kind, o.k, o.m),
                                         (kind if o.half else INT32, o.n, o.m)):  # fmt: skip
            layout = c.c_void_p()
            self.call("cublasLtMatrixLayoutCreate", c.byref(layout), data_type, c.c_uint64(rows),
                      c.c_uint64(columns), c.c_int64(rows))  # fmt: skip
            layouts.append(layout)
        room = c.c_size_t(64 << 20)
        workspace = o.gpu.allocate(room.value)
        self.call("cublasLtMatmulPreferenceCreate", c.byref(preference))
        self.call(
            "cublasLtMatmulPreferenceSetAttribute", preference, 1, c.byref(room), c.c_size_t(8)
        )
        most, each = 8, 96  # of cublasLtMatmulHeuristicResult_t
        proposals, count = (c.c_ubyte * (most * each))(), c.c_int()
        self.call("cublasLtMatmulAlgoGetHeuristic", self.handle, product, *layouts, layouts[2],
                  preference, most, c.byref(proposals), c.byref(count))  # fmt: skip
        number = c.c_float if o.half else c.c_int32
        one, zero = number(1), number(0)

        def with_algorithm(i):
            algorithm = p(c.addressof(proposals) + each * i)

            def run():
                self.call("cublasLtMatmul", self.handle, product, c.byref(one), p(o.b), layouts[0],
                          p(o.pruned), layouts[1], c.byref(zero), p(o.d), layouts[2], p(o.d),
                          layouts[2], algorithm, p(workspace), room, None)  # fmt: skip

            return run

        runs = [with_algorithm(i) for i in range(count.value)]
        if not runs:
            raise RefusedError("cuBLASLt proposes no algorithm for this shape")
        return min(runs, key=lambda run: min(times(o.gpu, [run], 3)[0]))


def times(gpu, runs, repeats, warm_s=0.0):
    """Milliseconds of each of `runs`, `repeats` times by turns, queued without a pause."""
    start = time.monotonic()
    while True:
        for run in runs:
            run()
        gpu.wait()
        if time.monotonic() - start >= warm_s:
            break
    events = [gpu.event() for _ in range(len(runs) * repeats + 1)]
    gpu.record(events[0])
    for i in range(len(runs) * repeats):
        runs[i % len(runs)]()
        gpu.record(events[i + 1])
    gpu.wait()
    ms = [gpu.between(first, second) for first, second in pairwise(events)]
    for event in events:
        gpu.call("cuEventDestroy_v2", event)
    return [ms[i :: len(runs)] for i in range(len(runs))]


def open_libraries():
    """({name: library}, {name: version or why it is missing})."""
    opened, versions = {}, {}
    for name, make in (("cusparselt", SparseLt), ("cublaslt", BlasLt)):
        try:
            opened[name] = make()
            versions[name] = opened[name].version
        except (RefusedError, AttributeError) as error:
            versions[name] = f"not measured: {error}"
    return opened, versions


def ways(o, opened, notes):
    """({name: something to call}, what to call when the data changed) for these operands."""
    runs, compress = {}, None
    for family in FAMILIES:
        for sparse in (True, False):
            if run := o.ours(family, sparse=sparse):
                runs[f"ours {'sparse' if sparse else 'dense'} {family}"] = run
    for name, prepared in opened.items():
        try:
            if name == "cusparselt":
                runs[name], compress, notes[name] = prepared.prepare(o)
            else:
                runs[name] = prepared.prepare(o)
        except RefusedError as error:
            notes[name] = str(error)
    return runs, compress


def compare(gpu, opened, kind, shape, repeats=15, warm_s=0.3):
    """Measure one product every way that there is: a row of the table."""
    m, n, k = shape
    row = {"type": kind, "m": m, "n": n, "k": k, "tops": {}, "wrong": {}, "notes": {}}
    o = Operands(gpu, kind, m, n, k)
    try:
        o.data(wide=False)
        runs, compress = ways(o, opened, row["notes"])
        for name, run in runs.items():
            row["wrong"][name] = o.wrong(run)
        if kind != "int8":
            o.data(wide=True)
            if compress:
                compress()
        measured = times(gpu, list(runs.values()), repeats, warm_s)
        for name, ms in zip(runs, measured, strict=True):
            row["tops"][name] = round(2e-9 * m * n * k / statistics.median(ms), 1)
    finally:
        o.close()
    return row
