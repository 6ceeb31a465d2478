// The element types at run time: what ../types.h says, by name.
#pragma once
#include "../types.h"

struct Element {
  const char *name, *accumulator;
  int bytes;
  bool integer;
  uint32_t (*value)(uint32_t seed, uint64_t index, Data data);
  uint32_t (*encode)(int n);       // a small integer
  int (*decode)(uint32_t stored);  // of exact data
};
extern const Element elements[4];  // int8, fp16, bf16, fp8
