// Which GPU, what it is, and whether this test applies to it.
#pragma once
#include <stddef.h>

#include "cuda.h"
#include "nvml.h"

enum class Sharing { unknown, none, mig, time_sliced };

struct Gpu {
  cuda::Device device;
  int major, minor, multiprocessors, clock_khz, shared_bytes;
  int memory_clock_khz, memory_bus_bits;  // 0: not told
  Sharing sharing;
  nvml::Reading licensed;
  nvml::Health health_before;

  int capability() const { return 10 * major + minor; }
};

// The trailing part of a vGPU's name, "24Q" of "NVIDIA L40S-24Q": its framebuffer and its series.
struct Profile {
  char series;  // 'A', 'B', 'C' or 'Q'; 0 if the name is not a vGPU's
  bool mig_backed;
};
Profile profile_of(const char* gpu_name);

// Chooses and describes; finishes with no_device or not_applicable where this is the end.
Gpu choose_gpu(const char* which);
// Makes its context current and returns the free framebuffer in bytes.
size_t open_context(const Gpu& gpu);
