#!/usr/bin/env bash
# NVRTC 12.9.86: from sm_100 on a plain `mma.sp` of fp16 or int8 is compiled to a function call.
#
# Seen with nvidia-cuda-nvrtc-cu12 12.9.86 and nvidia-cuda-nvdisasm 13.5.37, on Linux x86-64, no GPU needed:
# `mma.sp.sync` of fp16 and int8 is one instruction on sm_80 and sm_90. On sm_100 and sm_120 the same PTX
# compiles without a warning to a CALL into code that sorts the metadata, more than twice as many lines.
# bf16 and tf32 do not change, and neither does any type written as `mma.sp::ordered_metadata`. A kernel
# that is fast on Hopper is slow on Blackwell, and only the machine code tells why.
#
#     sm_90  fp16  plain 0 calls  ordered 0 calls
#     sm_100 fp16  plain 1 calls  ordered 0 calls
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" --quiet --disable-pip-version-check install \
	nvidia-cuda-nvrtc-cu12==12.9.86 nvidia-cuda-nvdisasm==13.5.37
cat >"$place/look.py" <<'PYTHON'
import ctypes, glob, re, subprocess, sys

PACKAGES = glob.glob(sys.prefix + "/lib/python*/site-packages/nvidia")[0]
nvrtc = ctypes.CDLL(glob.glob(PACKAGES + "/**/libnvrtc.so*", recursive=True)[0])
nvdisasm = glob.glob(PACKAGES + "/**/nvdisasm", recursive=True)[0]
SHAPES = {
    "fp16": ("m16n8k32.row.col.f32.f16.f16.f32", "float", "f"),
    "bf16": ("m16n8k32.row.col.f32.bf16.bf16.f32", "float", "f"),
    "tf32": ("m16n8k16.row.col.f32.tf32.tf32.f32", "float", "f"),
    "int8": ("m16n8k64.row.col.s32.s8.s8.s32", "int", "r"),
}
KERNEL = """
extern "C" __global__ void multiply(const unsigned *in, %(type)s *out) {
  %(type)s c[4] = {0, 0, 0, 0};
  asm("mma.sp%(how)s.sync.aligned.%(shape)s {%%0,%%1,%%2,%%3}, {%%4,%%5,%%6,%%7}, {%%8,%%9,%%10,%%11},"
      " {%%0,%%1,%%2,%%3}, %%12, 0x0;"
      : "+%(reg)s"(c[0]), "+%(reg)s"(c[1]), "+%(reg)s"(c[2]), "+%(reg)s"(c[3])
      : "r"(in[0]), "r"(in[1]), "r"(in[2]), "r"(in[3]), "r"(in[4]), "r"(in[5]), "r"(in[6]), "r"(in[7]),
        "r"(in[8]));
  for (int i = 0; i < 4; ++i) out[4 * threadIdx.x + i] = c[i];
}
"""


def calls(kind: str, how: str, arch: str) -> int:
    shape, type_, reg = SHAPES[kind]
    source = KERNEL % {"type": type_, "how": how, "shape": shape, "reg": reg}
    program, size = ctypes.c_void_p(), ctypes.c_size_t()
    nvrtc.nvrtcCreateProgram(ctypes.byref(program), source.encode(), b"k.cu", 0, None, None)
    option = (ctypes.c_char_p * 1)(f"--gpu-architecture={arch}".encode())
    if nvrtc.nvrtcCompileProgram(program, 1, option):
        sys.exit(f"{kind} for {arch} does not compile: something else changed")
    nvrtc.nvrtcGetCUBINSize(program, ctypes.byref(size))
    cubin = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetCUBIN(program, cubin)
    with open(sys.argv[1], "wb") as file:
        file.write(cubin.raw)
    code = subprocess.run([nvdisasm, "-c", sys.argv[1]], capture_output=True, text=True, check=True)
    return len(re.findall(r"\bCALL\.", code.stdout))


seen = {}
for arch in ("sm_80", "sm_90", "sm_100", "sm_120"):
    for kind in SHAPES:
        seen[arch, kind] = calls(kind, "", arch), calls(kind, "::ordered_metadata", arch)
        print(f"{arch:<6} {kind}  plain {seen[arch, kind][0]} calls  ordered {seen[arch, kind][1]} calls")
slow = {key for key, (plain, _) in seen.items() if plain}
expected = {(arch, kind) for arch in ("sm_100", "sm_120") for kind in ("fp16", "int8")}
if slow != expected or any(ordered for _, ordered in seen.values()):
    sys.exit(f"changed: calls are in {sorted(slow)}, they were in {sorted(expected)}")
PYTHON
"$place/venv/bin/python" "$place/look.py" "$place/k.cubin"
