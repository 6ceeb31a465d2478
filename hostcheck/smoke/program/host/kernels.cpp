#include "kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tile.h"
#include "document.h"
#include "images.h"

namespace {

cuda::Module module;

template <class F>
constexpr Family family(const char* name, const char* suffix, const char* description,
                        Instruction instruction) {
  return {name,
          suffix,
          description,
          instruction,
          F::m,
          F::n,
          Tile<Int8, true, F>::threads,
          F::blocks_per_sm,
          {{Tile<Int8, false, F>::shared_bytes, Tile<Int8, true, F>::shared_bytes},
           {Tile<Fp16, false, F>::shared_bytes, Tile<Fp16, true, F>::shared_bytes}}};
}
// fastest first
const Family families[] = {
    family<TensorMemory>("tcgen05", "_tcgen05", "tcgen05 128x256", Instruction::tcgen05),
    family<Warpgroup>("wgmma", "_wgmma", "wgmma 128x256", Instruction::wgmma),
    family<Wide>("mma-wide", "_wide", "mma.sync 128x256", Instruction::mma),
    family<Narrow>("mma-narrow", "_narrow", "mma.sync 128x128", Instruction::mma)};

bool fits(const Gpu& gpu, const Family& f) {
  for (const auto& of_bytes : f.shared_bytes)
    for (int bytes : of_bytes)
      if (bytes > gpu.shared_bytes) return false;
  for (const Element& element : elements)
    if (find_kernel("sparse", element, &f)) return true;
  return false;
}

// Machine code runs on its own major version from its minor version on (CUDA C++ Programming Guide, "Binary
// Compatibility"); sm_100f too, on its family; what ends with an a runs on that version alone.
bool may_run(const Image& image, const Gpu& gpu) {
  if (image.capability == 0) return true;
  if (image.exact) return image.capability == gpu.capability();
  return image.capability / 10 == gpu.major && image.capability <= gpu.capability();
}

}  // namespace

void load_module(const Gpu& gpu) {
  enter_phase("module");
  const double start = seconds_now();
  auto* unpacked = static_cast<unsigned char*>(malloc(unpacked_bytes));
  if (!unpacked || !unpack(packed_images, packed_bytes, unpacked, unpacked_bytes))
    finish(Status::error, "the program is damaged: it cannot unpack its kernels");
  const char* name = "none";
  cuda::Result result = cuda::NO_BINARY_FOR_GPU;
  for (int i = 0; i < image_count && result == cuda::NO_BINARY_FOR_GPU; ++i) {
    if (!may_run(images[i], gpu)) continue;
    name = images[i].name;
    result = cuda::cuModuleLoadData(&module, unpacked + images[i].offset);
  }
  cuda::check(result, "cuModuleLoadData");
  json::text("image", name);
  json::decimal("module_load_ms", (seconds_now() - start) * 1e3, 1);
}

const Family& choose_family(const Gpu& gpu, const char* wanted) {
  for (const Family& f : families) {
    if (strcmp(wanted, "auto") ? strcmp(wanted, f.name) : !fits(gpu, f)) continue;
    if (!fits(gpu, f))
      finish(Status::not_applicable, "--kernels %s: not for this GPU (compute capability %d.%d)", wanted,
             gpu.major, gpu.minor);
    json::text("config", f.description);
    return f;
  }
  finish(Status::error, "no kernels for compute capability %d.%d in this program", gpu.major, gpu.minor);
}

cuda::Function find_kernel(const char* what, const Element& element, const Family* f) {
  char name[64];
  snprintf(name, sizeof name, "%s_%s%s", what, element.name, f ? f->suffix : "");
  cuda::Function function = nullptr;
  const cuda::Result result = cuda::cuModuleGetFunction(&function, module, name);
  if (result == cuda::NOT_FOUND) return nullptr;
  cuda::check(result, "cuModuleGetFunction");
  return function;
}

Gemm gemm_of(const Element& element, const Family& f, bool sparse) {
  const Gemm gemm = {find_kernel(sparse ? "sparse" : "dense", element, &f), &f,
                     f.shared_bytes[element.bytes - 1][sparse], sparse};
  CUDA(cuFuncSetAttribute, gemm.function, cuda::MAX_DYNAMIC_SHARED_SIZE, gemm.shared_bytes);
  return gemm;
}

void launch(cuda::Function function, uint64_t blocks, int threads, int shared_bytes, void* arguments) {
  void* list[] = {arguments};
  CUDA(cuLaunchKernel, function, static_cast<unsigned>(blocks), 1, 1, static_cast<unsigned>(threads), 1, 1,
       static_cast<unsigned>(shared_bytes), nullptr, list, nullptr);
}
