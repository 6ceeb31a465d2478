// What is known of each path, that is of a family of kernels on a compute capability: whether a GPU has run
// it, how fast it could be at most, and what a healthy GPU shows. What is not known is not judged.
#pragma once
#include "element.h"
#include "gpu.h"
#include "kernels.h"

// The GPU whose answer, by these kernels, the project has kept; null where nobody's was.
const char* proven_on(const Gpu& gpu, const Family& family);

// Whether a wrong result may be the fault of kernels that no GPU has run: where they read metadata in a
// layout that is not looked for on the device first.
bool is_doubtful(const Gpu& gpu, const Family& family);

// Whether published figures say what sparse/dense a healthy GPU reaches by this path.
bool speed_is_judged(const Gpu& gpu, const Family& family);

struct Peak {
  int multiply_adds;  // dense, per clock and multiprocessor, of this type; 0: not known
  const char* why;    // it is not known
};
Peak peak_of(const Gpu& gpu, const Family& family, const Element& element);
