#!/usr/bin/env bash
# nvdisasm 13.5.37: a sparse tcgen05.mma disassembles to the same words as a dense one; mma.sync is marked ".SP".
#
# Seen with nvidia-cuda-nvcc 13.5.37 (ptxas) and nvidia-cuda-nvdisasm 13.5.37 on Linux x86-64, no GPU needed.
# Up to Hopper, and with `mma.sync` on Blackwell too, the machine code of a 2:4 multiplication says so:
# HMMA.SP, IMMA.SP. `tcgen05.mma.sp` becomes UTCHMMA, UTCQMMA or UTCIMMA with the very operands of `tcgen05.mma`,
# f16, f8f6f4 and i8 alike, although it takes one operand more in PTX, the metadata. To see in machine code that a
# kernel for B200 is sparse, one has to look at the instruction descriptor and the registers: a search for ".SP" finds
# nothing.
#
#     f16     sm_100a  dense   UTCHMMA gdesc, gdesc, tmem, tmem, idesc, UP
#     f16     sm_100a  sparse  UTCHMMA gdesc, gdesc, tmem, tmem, idesc, UP
#     mma.sync f16     sparse  HMMA.SP.16832.F32
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" --quiet --disable-pip-version-check install --no-deps \
	nvidia-cuda-nvcc==13.5.37 nvidia-cuda-nvdisasm==13.5.37
cat >"$place/look.py" <<'PYTHON'
import glob, os, re, subprocess, sys

PACKAGES = glob.glob(sys.prefix + "/lib/python*/site-packages/nvidia")[0]
TOOLS = {name: glob.glob(f"{PACKAGES}/**/{name}", recursive=True)[0] for name in ("ptxas", "nvdisasm")}
HEAD = """.version 9.0
.target sm_100a
.address_size 64
.visible .entry k(.param .u64 place) {
  .reg .b64 d<4>; .reg .b32 r<16>; .reg .f32 f<8>; .reg .pred p;
  ld.param.u64 d0, [place];
"""
TCGEN05 = """
  ld.u64 d1, [d0]; ld.u64 d2, [d0+8]; ld.u32 r1, [d0+16]; ld.u32 r2, [d0+20]; ld.u32 r3, [d0+24];
  setp.ne.u32 p, r1, 0;
  tcgen05.mma%s.cta_group::1.kind::%s [r1], d1, d2, %s r2, p;
"""
SYNC = """
  mma.sp::ordered_metadata.sync.aligned.m16n8k32.row.col.f32.f16.f16.f32
    {f0,f1,f2,f3}, {r0,r1,r2,r3}, {r4,r5,r6,r7}, {f0,f1,f2,f3}, r8, 0x0;
  st.f32 [d0], f0;
"""
LOADS = "".join(f"  ld.u32 r{i}, [d0+{4 * i}];\n" for i in range(9)) + "".join(
    f"  ld.f32 f{i}, [d0+{64 + 4 * i}];\n" for i in range(4)
)


def code(body: str) -> str:
    with open(sys.argv[1] + ".ptx", "w") as file:
        file.write(HEAD + body + "  ret;\n}\n")
    subprocess.run([TOOLS["ptxas"], "-arch", "sm_100a", file.name, "-o", sys.argv[1]], check=True)
    return subprocess.run([TOOLS["nvdisasm"], "-c", sys.argv[1]], capture_output=True, text=True, check=True).stdout


def multiplication(text: str) -> str:
    (found,) = re.findall(r"(UTC[A-Z]+MMA|[HI]MMA[.\w]*) ([^;]*);", text)
    return found[0] + " " + re.sub(r"\bU?R\d+|\[U?R\d+\]|(?<=UP)\d+", "", found[1].strip()).replace("[]", "")


os.chmod(TOOLS["ptxas"], 0o755), os.chmod(TOOLS["nvdisasm"], 0o755)
for kind in ("f16", "f8f6f4", "i8"):
    dense = multiplication(code(TCGEN05 % ("", kind, "")))
    sparse = multiplication(code(TCGEN05 % (".sp", kind, "[r3],")))
    print(f"{kind:<7} dense   {dense}\n{kind:<7} sparse  {sparse}")
    if dense != sparse:
        sys.exit(f"changed: the two of {kind} differ now")
sync = multiplication(code(LOADS + SYNC))
print(f"mma.sync f16 sparse  {sync.split()[0]}")
if ".SP" not in sync:
    sys.exit(f"changed: {sync} of mma.sync is not marked .SP")
PYTHON
"$place/venv/bin/python" "$place/look.py" "$place/k.cubin"
