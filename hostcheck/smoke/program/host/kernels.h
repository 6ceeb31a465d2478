// The loaded module: which family of kernels fits this GPU, and how each kernel is launched.
#pragma once
#include "cuda.h"
#include "element.h"
#include "gpu.h"

enum class Instruction { mma, wgmma, tcgen05 };

struct Family {
  const char *name, *suffix, *description;
  Instruction instruction;
  int m, n, threads, blocks_per_sm;
  int shared_bytes[2][2];  // [element bytes - 1][sparse]
};

// Loads the image for this GPU. Finishes with an error when the driver takes none.
void load_module(const Gpu& gpu);
// The family that --kernels names; `auto` is the fastest that the GPU and its image have.
const Family& choose_family(const Gpu& gpu, const char* wanted);
// Null where the image has no such kernel.
cuda::Function find_kernel(const char* what, const Element& element, const Family* family);

struct Gemm {
  cuda::Function function;
  const Family* family;
  int shared_bytes;
  bool sparse;
};
Gemm gemm_of(const Element& element, const Family& family, bool sparse);
void launch(cuda::Function function, uint64_t blocks, int threads, int shared_bytes, void* arguments);
