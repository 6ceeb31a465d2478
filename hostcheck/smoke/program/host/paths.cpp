#include "paths.h"

namespace {

// Dense multiply-adds of fp16 per clock and multiprocessor; 1-byte types make twice as many. With the data
// sheets' multiprocessors and boost clocks they give their dense fp16 TFLOPS: A100 312, A10 125, L4 121, L40S
// 362, H100 SXM 989, B200 and B300 2250 (HGX: 36 PFLOPS sparse by eight GPUs), RTX PRO 6000 504. A data sheet
// speaks of the instruction that its GPU is meant to be used by.
struct Row {
  Instruction instruction;
  int capability, multiply_adds;
};
constexpr Row rows[] = {{Instruction::mma, 80, 1024},     {Instruction::mma, 86, 512},
                        {Instruction::mma, 89, 512},      {Instruction::mma, 120, 512},
                        {Instruction::wgmma, 90, 2048},   {Instruction::tcgen05, 100, 4096},
                        {Instruction::tcgen05, 103, 4096}};

// A GPU that has run a path, and whose answer is kept in tests/smoke/program/answers/. None has.
struct Proof {
  Instruction instruction;
  int capability;
  const char* gpu;
};
constexpr Proof proofs[] = {{Instruction::mma, 0, nullptr}};

}  // namespace

const char* proven_on(const Gpu& gpu, const Family& family) {
  for (const Proof& proof : proofs)
    if (proof.instruction == family.instruction && proof.capability == gpu.capability()) return proof.gpu;
  return nullptr;
}

bool is_doubtful(const Gpu& gpu, const Family& family) {
  return family.instruction == Instruction::tcgen05 && !proven_on(gpu, family);
}

// Published ratios are of mma.sync on Ampere and Ada and of wgmma on Hopper (benchmarks/sparse.md); sm_120
// has the tensor cores of Ada, grown. Ampere's kernels on a healthy H100 are slower sparse than dense
// (github.com/NVIDIA/cutlass issue 1335), and no figure is known of mma.sync on sm_100, nor of tcgen05
// kernels like these.
bool speed_is_judged(const Gpu& gpu, const Family& family) {
  switch (family.instruction) {
    case Instruction::mma:
      return gpu.capability() == 80 || gpu.capability() == 86 || gpu.capability() == 89 ||
             gpu.capability() == 120;
    case Instruction::wgmma:
      return true;
    default:
      return false;
  }
}

Peak peak_of(const Gpu& gpu, const Family& family, const Element& element) {
  const Instruction instruction = family.instruction;
  const int capability = gpu.capability();
  if (element.numbers == 2 && capability == 103)
    return {0, "the published dense rate of fp4 is that of K = 96, which these kernels do not use"};
  for (const Row& row : rows)
    if (row.instruction == instruction && row.capability == capability)
      return {row.multiply_adds * (element.bytes == 1 ? 2 : 1) * element.numbers, nullptr};
  if (capability == 87 || capability == 88 || capability == 110 || capability == 121)
    return {
        0,
        "GPUs of this compute capability sit beside aarch64 processors, which this program is not built for"};
  if (instruction == Instruction::mma && gpu.major == 9)
    return {0, "the published rate is that of wgmma, and mma.sync ran"};
  if (instruction == Instruction::mma && gpu.major == 10)
    return {0, "the published rate is that of tcgen05, and mma.sync ran"};
  if (capability == 107) return {0, "no data sheet gives what a multiprocessor of Rubin does in a clock"};
  return {0, "no published rate of this compute capability is known to the program"};
}
