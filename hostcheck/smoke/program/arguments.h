// What each kernel is called with: one structure by value, so host, emulator and ctypes call it alike.
// Addresses are device pointers; matrices are row-major without padding, K fastest.
#pragma once
#include "integers.h"

struct FillArguments {  // destination[i] = Type::value(seed, i, data)
  uint64_t destination, count;
  uint32_t seed, data;
};
struct PruneArguments {  // dense [m][k] -> pruned [m][k], kept [m][k/2], metadata words (format.h)
  uint64_t dense, pruned, kept, metadata;
  int32_t m, k;
};
struct GemmArguments {  // d[m][n] = a[m][k] * b[n][k]^T; sparse: a is `kept`, half as wide
  uint64_t a, b, metadata, d;
  int32_t m, n, k;
  int32_t half_output;  // d holds 2-byte floats instead of 4-byte accumulators (floats only)
};
struct CheckArguments {  // compares every element of d with pruned * b^T
  uint64_t pruned, b, d, report;
  int32_t m, n, k;
  int32_t half_output;
};
struct CheckReport {
  uint64_t wrong, first_row, last_row;  // rows with a wrong element; first > last when none is wrong
};
struct ProbeArguments {  // one warp per block, registers in and out: [block][lane][register]
  uint64_t a, b, metadata, d;
};
