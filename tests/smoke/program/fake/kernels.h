// The program's kernels, compiled for the CPU, by name.
#pragma once

struct Kernel {
  const char* name;
  void (*run)(const void* arguments);
};
extern const Kernel kernels[];
extern const int kernel_count;
