// The kernels, compiled for each target and carried in the program. See hostcheck/smoke/build.py.
#pragma once
#include <stddef.h>

struct Image {
  int capability;  // 80 for sm_80, and so on; 0: PTX, which the driver compiles for GPUs unknown to us
  const void* bytes;
  size_t size;
};
extern const Image images[];
extern const int image_count;
