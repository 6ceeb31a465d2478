// A libcuda.so.1 for tests: memory is host memory, kernels are the program's own on the emulator, time is a
// model. It reads the image that the program loads: a kernel that is not in it is not found.
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "block.h"
#include "arguments.h"
#include "environment.h"
#include "format.h"
#include "kernels.h"
#include "shape.h"
#include "types.h"

namespace {

using Result = int;
constexpr Result OK = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NO_DEVICE = 100, NO_BINARY = 209,
                 NOT_FOUND = 500, LAUNCH_FAILED = 719, NOT_SUPPORTED = 801;

// ---- memory ----
struct Allocation {
  char* at;
  size_t bytes;
} allocations[64];
size_t used;
size_t memory() { return static_cast<size_t>(number("FAKE_GPU_MEMORY_MIB", 4096)) << 20; }
bool allocated(const void* p, size_t n) {
  const auto* at = static_cast<const char*>(p);
  for (const Allocation& a : allocations)
    if (a.at && at >= a.at && at + n <= a.at + a.bytes) return true;
  return false;
}

// ---- the GPU ----
int capability() { return static_cast<int>(number("FAKE_GPU_CC", 90)); }
int multiprocessors() { return static_cast<int>(number("FAKE_GPU_SMS", 1)); }
int shared_bytes() {  // per block, opt-in: CUDA C++ Programming Guide, "Technical Specifications per Compute
                      // Capability"
  const int cc = capability();
  const bool small = cc == 86 || cc == 89 || cc >= 120;
  const int kib = cc < 70 ? 48 : cc < 75 ? 96 : cc < 80 ? 64 : small ? 99 : cc < 90 ? 163 : 227;
  return static_cast<int>(number("FAKE_GPU_SHARED_BYTES", kib * 1024));
}

// ---- images ----
const char* image;
size_t image_bytes;
bool is_elf;
template <class T> T at(size_t offset) {
  T value;
  memcpy(&value, image + offset, sizeof value);
  return value;
}
bool runs_here() {  // ELF flags: the SM is in the lowest byte of ABI 7 and in the second byte of ABI 8, and
                    // bit 3 of the other one says sm_90a, sm_100a (seen in what ptxas writes)
  const uint32_t flags = at<uint32_t>(0x30);
  const bool new_abi = image[8] == 8;
  const int sm = static_cast<int>(new_abi ? flags >> 8 & 0xFF : flags & 0xFF);
  if (flags & (new_abi ? 0x8 : 0x800)) return sm == capability();
  return sm / 10 == capability() / 10 && sm <= capability();
}
bool image_has(const char* name) {
  const size_t n = strlen(name);
  for (size_t i = 1; i + n < image_bytes; ++i)
    if (!memcmp(image + i, name, n) && (is_elf ? !image[i - 1] && !image[i + n] : image[i + n] == '('))
      return true;
  return false;
}

// ---- time and launches ----
double now_ms;
bool is_gemm(const char* name) { return !strncmp(name, "sparse_", 7) || !strncmp(name, "dense_", 6); }
constexpr double DENSE_OPERATIONS_PER_MS_AND_SM = 4e9;

void run_blocks(const Kernel& kernel, const void* arguments, unsigned blocks, unsigned threads, size_t shared,
                bool alone) {
  block::grid_size = blocks;
  for (unsigned i = 0; i < blocks; ++i) {
    block::block_index = i;
    block::run(kernel.run, arguments, threads, shared, static_cast<uint32_t>(number("FAKE_GPU_SEED", 1)) + i,
               alone);
  }
}

// A GEMM runs when somebody looks at its result, so that timing loops cost nothing.
struct Pending {
  const Kernel* kernel;
  GemmArguments g;
  unsigned blocks, threads;
  size_t shared;
} pending;

void settle() {
  const Pending p = pending;
  pending.kernel = nullptr;
  if (!p.kernel) return;
  const bool sparse = !strncmp(p.kernel->name, "sparse_", 7);
  auto* words = reinterpret_cast<uint32_t*>(p.g.metadata);
  const size_t count = static_cast<size_t>(p.g.m) * static_cast<size_t>(p.g.k) / 32;
  uint32_t* saved = nullptr;
  if (sparse && fault("ignore-metadata")) {  // every group takes its elements 0 and 1
    saved = static_cast<uint32_t*>(malloc(count * 4));
    memcpy(saved, words, count * 4);
    for (size_t i = 0; i < count; ++i) words[i] = 0x44444444u;
  }
  run_blocks(*p.kernel, &p.g, p.blocks, p.threads, p.shared, false);
  if (saved) memcpy(words, saved, count * 4);
  free(saved);
  if (sparse && fault("bitflip")) reinterpret_cast<uint32_t*>(p.g.d)[3 * p.g.n + 7] ^= 1u << 9;
}
// Somebody writes or frees memory from `touched` on: a result that is gone unseen need not be made.
void settle_before_change(uint64_t touched) {
  if (pending.kernel && pending.g.d == touched) pending.kernel = nullptr;
  settle();
}

Result launch_gemm(const Kernel& kernel, const GemmArguments& g, unsigned blocks, unsigned threads,
                   size_t shared) {
  const bool sparse = !strncmp(kernel.name, "sparse_", 7);
  static int sparse_launches;
  if (sparse && fault("launch")) return LAUNCH_FAILED;
  if (sparse && fault("hang"))
    for (;;) pause();
  const double speedup = sparse ? strtod(text("FAKE_GPU_SPEEDUP", "1.60"), nullptr) : 1;
  now_ms += 2.0 * g.m * g.n * g.k /
            (DENSE_OPERATIONS_PER_MS_AND_SM * static_cast<double>(multiprocessors()) * speedup);
  if (sparse && fault("stale") && sparse_launches++ > 0) return OK;
  if (pending.kernel && pending.g.d != g.d) settle();
  pending = {&kernel, g, blocks, threads, shared};
  return OK;
}

}  // namespace

EXPORT Result cuInit(unsigned) {
  block::copies_late = block::products_late = strcmp(text("FAKE_GPU_ASYNC", "late"), "early") != 0;
  block::is_allocated = allocated;
  return fault("no-device") || fault("no-cuda") ? NO_DEVICE : OK;
}
EXPORT Result cuDriverGetVersion(int* version) { return *version = 12040, OK; }
EXPORT Result cuGetErrorName(Result r, const char** name) {
  *name = r == OUT_OF_MEMORY   ? "CUDA_ERROR_OUT_OF_MEMORY"
          : r == NO_BINARY     ? "CUDA_ERROR_NO_BINARY_FOR_GPU"
          : r == LAUNCH_FAILED ? "CUDA_ERROR_LAUNCH_FAILED"
          : r == NOT_SUPPORTED ? "CUDA_ERROR_NOT_SUPPORTED"
                               : "CUDA_ERROR_UNKNOWN";
  return OK;
}
EXPORT Result cuDeviceGetCount(int* count) {
  char known[64];
  for (*count = 0; pci_address(*count, known, sizeof known);) ++*count;
  return OK;
}
EXPORT Result cuDeviceGet(int* device, int index) { return *device = index, OK; }
EXPORT Result cuDeviceGetName(char* to, int room, int) {
  return snprintf(to, static_cast<size_t>(room), "%s", gpu_name()), OK;
}
EXPORT Result cuDeviceGetPCIBusId(char* to, int room, int device) {
  return pci_address(device, to, static_cast<size_t>(room)) ? OK : INVALID_VALUE;
}
EXPORT Result cuDeviceGetAttribute(int* value, int attribute, int) {
  switch (attribute) {
    case 13:
      *value = 1410000;
      break;
    case 16:
      *value = multiprocessors();
      break;
    case 32:
      *value = 1;
      break;
    case 36:
      *value = 1215000;
      break;
    case 37:
      *value = 5120;
      break;
    case 75:
      *value = capability() / 10;
      break;
    case 76:
      *value = capability() % 10;
      break;
    case 97:
      *value = shared_bytes();
      break;
    default:
      return INVALID_VALUE;
  }
  return OK;
}
EXPORT Result cuDeviceTotalMem_v2(size_t* bytes, int) { return *bytes = memory(), OK; }
EXPORT Result cuDevicePrimaryCtxRetain(void** context, int) {
  *context = &used;
  return fault("refused") ? NOT_SUPPORTED : OK;
}
EXPORT Result cuCtxSetCurrent(void*) { return OK; }
EXPORT Result cuCtxSynchronize() { return OK; }
EXPORT Result cuMemGetInfo_v2(size_t* free, size_t* total) {
  *total = memory();
  *free = *total - used;
  return OK;
}
EXPORT Result cuMemAlloc_v2(uint64_t* address, size_t bytes) {
  if (used + bytes > memory()) return OUT_OF_MEMORY;
  for (Allocation& a : allocations) {
    if (a.at) continue;
    a.at = static_cast<char*>(aligned_alloc(512, (bytes + 511) / 512 * 512));
    a.bytes = bytes;
    memset(a.at, 0xEE, bytes);
    used += bytes;
    return *address = reinterpret_cast<uint64_t>(a.at), OK;
  }
  return OUT_OF_MEMORY;
}
EXPORT Result cuMemFree_v2(uint64_t address) {
  if (pending.kernel && pending.g.d == address) pending.kernel = nullptr;
  for (Allocation& a : allocations)
    if (a.at && reinterpret_cast<uint64_t>(a.at) == address) {
      free(a.at);
      a.at = nullptr;
      used -= a.bytes;
      return OK;
    }
  return INVALID_VALUE;
}
EXPORT Result cuMemsetD8_v2(uint64_t to, unsigned char byte, size_t n) {
  settle_before_change(to);
  return memset(reinterpret_cast<void*>(to), byte, n), OK;
}
EXPORT Result cuMemcpyHtoD_v2(uint64_t to, const void* from, size_t n) {
  settle();
  return memcpy(reinterpret_cast<void*>(to), from, n), OK;
}
EXPORT Result cuMemcpyDtoH_v2(void* to, uint64_t from, size_t n) {
  settle();
  return memcpy(to, reinterpret_cast<const void*>(from), n), OK;
}
EXPORT Result cuModuleLoadData(void** module, const void* bytes) {
  if (fault("crash")) raise(SIGSEGV);
  image = static_cast<const char*>(bytes);
  is_elf = !memcmp(image,
                   "\x7f"
                   "ELF",
                   4);
  // An ELF ends with its program headers or its section headers.
  if (is_elf) {
    const size_t sections = at<uint64_t>(0x28) + static_cast<size_t>(at<uint16_t>(0x3A)) * at<uint16_t>(0x3C);
    const size_t segments = at<uint64_t>(0x20) + static_cast<size_t>(at<uint16_t>(0x36)) * at<uint16_t>(0x38);
    image_bytes = sections > segments ? sections : segments;
  } else {
    image_bytes = strlen(image);
  }
  *module = &image;
  return !is_elf || runs_here() ? OK : NO_BINARY;
}
EXPORT Result cuModuleGetFunction(void** function, void*, const char* name) {
  if (image && !image_has(name)) return NOT_FOUND;
  for (int i = 0; i < kernel_count; ++i)
    if (!strcmp(kernels[i].name, name)) return *function = const_cast<Kernel*>(&kernels[i]), OK;
  return NOT_FOUND;
}
EXPORT Result cuFuncSetAttribute(void*, int, int bytes) {
  return bytes > shared_bytes() ? INVALID_VALUE : OK;
}
EXPORT Result cuLaunchKernel(void* function, unsigned blocks, unsigned, unsigned, unsigned threads, unsigned,
                             unsigned, unsigned shared, void*, void** arguments, void**) {
  const Kernel& kernel = *static_cast<Kernel*>(function);
  if (is_gemm(kernel.name))
    return launch_gemm(kernel, *static_cast<const GemmArguments*>(arguments[0]), blocks, threads, shared);
  settle();
  run_blocks(kernel, arguments[0], blocks, threads, shared,
             !strncmp(kernel.name, "fill_", 5) || !strncmp(kernel.name, "prune_", 6));
  return OK;
}
EXPORT Result cuEventCreate(void** event, unsigned) { return *event = calloc(1, sizeof(double)), OK; }
EXPORT Result cuEventDestroy_v2(void* event) { return free(event), OK; }
EXPORT Result cuEventRecord(void* event, void*) { return *static_cast<double*>(event) = now_ms, OK; }
EXPORT Result cuEventElapsedTime(float* ms, void* from, void* to) {
  return *ms = static_cast<float>(*static_cast<double*>(to) - *static_cast<double*>(from)), OK;
}

// ---- the program's pure functions, for tests that ask them directly ----
EXPORT void test_slot_of(int bytes, int k, int row, int group, uint64_t* word, int* bit) {
  const Slot s = slot_of(bytes, k, {row, group});
  *word = s.word;
  *bit = s.bit;
}
EXPORT void test_group_at(int bytes, int k, uint64_t word, int n, int* row, int* group) {
  const Group g = group_at(bytes, k, word, n);
  *row = g.row;
  *group = g.index;
}
EXPORT uint64_t test_word_in_tensor_memory(int k, int lane, int column) {
  return word_in_tensor_memory(k, lane, column);
}
EXPORT int test_doubled_fp4(int nibble) {
  return static_cast<int>(2 * Fp4Pair::number(static_cast<uint32_t>(nibble)));
}
EXPORT void test_choose_shape(int bytes, int m, int n, int at_once, uint64_t budget, int* shape) {
  const Shape s = choose_shape(bytes, m, n, at_once, budget);
  memcpy(shape, &s, sizeof s);
}
EXPORT uint64_t test_bytes_of(int bytes, int m, int n, int k) { return bytes_of(bytes, {m, n, k}); }
