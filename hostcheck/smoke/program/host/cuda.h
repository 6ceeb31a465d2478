// The CUDA driver, opened at run time: no CUDA header, library or run time is needed to build or to start.
// Declarations: CUDA Driver API reference; the _v2 names are what cuda.h maps the plain ones to.
#pragma once
#include <stddef.h>

#include "../integers.h"

namespace cuda {

using Result = int;
using Device = int;
using Address = uint64_t;
using Context = void*;
using Module = void*;
using Function = void*;
using Event = void*;
using Stream = void*;

enum : Result {
  OUT_OF_MEMORY = 2,
  NO_DEVICE = 100,
  INVALID_PTX = 218,
  NO_BINARY_FOR_GPU = 209,
  ECC_UNCORRECTABLE = 214,
  NOT_FOUND = 500
};
enum Attribute {
  CLOCK_KHZ = 13,
  MULTIPROCESSORS = 16,
  ECC_ENABLED = 32,
  MEMORY_CLOCK_KHZ = 36,
  MEMORY_BUS_BITS = 37,
  CC_MAJOR = 75,
  CC_MINOR = 76,
  SHARED_BYTES_OPT_IN = 97
};
constexpr int MAX_DYNAMIC_SHARED_SIZE = 8;  // CUfunction_attribute

#define CUDA_FUNCTIONS(X)                                                                                    \
  X(cuInit, (unsigned))                                                                                      \
  X(cuDriverGetVersion, (int*))                                                                              \
  X(cuGetErrorName, (Result, const char**))                                                                  \
  X(cuDeviceGetCount, (int*)) X(cuDeviceGet, (Device*, int)) X(cuDeviceGetName, (char*, int, Device))        \
      X(cuDeviceGetPCIBusId, (char*, int, Device)) X(cuDeviceGetAttribute, (int*, int, Device))              \
          X(cuDeviceTotalMem_v2, (size_t*, Device)) X(cuDevicePrimaryCtxRetain, (Context*, Device))          \
              X(cuCtxSetCurrent, (Context)) X(cuCtxSynchronize, (void))                                      \
                  X(cuMemGetInfo_v2, (size_t*, size_t*)) X(cuMemAlloc_v2, (Address*, size_t))                \
                      X(cuMemFree_v2, (Address)) X(cuMemsetD8_v2, (Address, unsigned char, size_t))          \
                          X(cuMemcpyHtoD_v2, (Address, const void*, size_t))                                 \
                              X(cuMemcpyDtoH_v2, (void*, Address, size_t))                                   \
                                  X(cuModuleLoadData, (Module*, const void*))                                \
                                      X(cuModuleGetFunction, (Function*, Module, const char*))               \
                                          X(cuFuncSetAttribute, (Function, int, int))                        \
                                              X(cuLaunchKernel,                                              \
                                                (Function, unsigned, unsigned, unsigned, unsigned, unsigned, \
                                                 unsigned, unsigned, Stream, void**, void**))                \
                                                  X(cuEventCreate, (Event*, unsigned))                       \
                                                      X(cuEventDestroy_v2, (Event))                          \
                                                          X(cuEventRecord, (Event, Stream))                  \
                                                              X(cuEventElapsedTime, (float*, Event, Event))
#define DECLARE(name, arguments) extern Result(*name) arguments;
CUDA_FUNCTIONS(DECLARE)
#undef DECLARE

// Opens libcuda.so.1; finishes with `no_device` where there is none.
void open_driver();
const char* error_name(Result result);
// Finishes with what a failure of this call means: see failure() in cuda.cpp.
void check(Result result, const char* call);
[[noreturn]] void failure(Result result, const char* call);

}  // namespace cuda

#define CUDA(function, ...) cuda::check(cuda::function(__VA_ARGS__), #function)

// Device memory that is freed with its owner.
struct Buffer {
  cuda::Address address = 0;
  size_t bytes = 0;
  Buffer() = default;
  explicit Buffer(size_t n);
  Buffer(Buffer&& other) : address(other.address), bytes(other.bytes) { other.address = 0; }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer();
  void fill(uint8_t byte) const;
  void write(const void* from, size_t offset, size_t n) const;
  void read(void* to, size_t offset, size_t n) const;
};
