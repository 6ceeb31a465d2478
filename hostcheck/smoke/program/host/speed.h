// How fast sparse is beside dense, in one run.
#pragma once
#include "problem.h"

// Writes "speed". Returns null, or why the GPU fails; `speedup` is the median of the pairs' ratios.
const char* measure(const Gpu& gpu, const Element& element, const Family& family, Shape asked,
                    const Options& options, double* speedup);
