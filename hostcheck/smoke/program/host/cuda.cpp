#include "cuda.h"

#include <dlfcn.h>

#include "document.h"
#include "nvml.h"

namespace cuda {

#define DEFINE(name, arguments) Result(*name) arguments;
CUDA_FUNCTIONS(DEFINE)
#undef DEFINE

void open_driver() {
  void* library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) finish(Status::no_device, "no NVIDIA driver: %s", dlerror());
#define LOAD(name, arguments)                                                 \
  if (!(name = reinterpret_cast<Result(*) arguments>(dlsym(library, #name)))) \
    finish(Status::no_device, "libcuda.so.1 has no %s: the driver is older than R525", #name);
  CUDA_FUNCTIONS(LOAD)
#undef LOAD
}

const char* error_name(Result result) {
  const char* name = nullptr;
  if (cuGetErrorName && cuGetErrorName(result, &name) == 0 && name) return name;
  return "CUDA_ERROR";
}

void check(Result result, const char* call) {
  if (result) failure(result, call);
}

// Broken hardware is a fail only where hardware says so itself: an Xid event or an uncorrectable memory
// error. A GPU that is merely full is not broken. Anything else leaves the arithmetic unknown.
void failure(Result result, const char* call) {
  const char* name = error_name(result);
  unsigned long long xid = 0;
  if (nvml::new_xids(&xid) > 0) {
    constexpr const char* what = "%s: %s (%d) in phase %s, with Xid %llu";
    if (nvml::may_be_the_programs(xid)) finish_wrong(what, call, name, result, current_phase(), xid);
    finish(Status::fail, what, call, name, result, current_phase(), xid);
  }
  if (result == ECC_UNCORRECTABLE)
    finish(Status::fail, "uncorrectable memory error: %s: %s (%d) in phase %s", call, name, result,
           current_phase());
  if (result == OUT_OF_MEMORY)
    finish(Status::not_applicable, "out of GPU memory in phase %s: something else fills the framebuffer",
           current_phase());
  finish(Status::error, "%s: %s (%d) in phase %s", call, name, result, current_phase());
}

}  // namespace cuda

Buffer::Buffer(size_t n) : bytes(n) { CUDA(cuMemAlloc_v2, &address, n); }
Buffer::~Buffer() {
  if (address) CUDA(cuMemFree_v2, address);
}
void Buffer::fill(uint8_t byte) const { CUDA(cuMemsetD8_v2, address, byte, bytes); }
void Buffer::write(const void* from, size_t offset, size_t n) const {
  CUDA(cuMemcpyHtoD_v2, address + offset, from, n);
}
void Buffer::read(void* to, size_t offset, size_t n) const { CUDA(cuMemcpyDtoH_v2, to, address + offset, n); }
