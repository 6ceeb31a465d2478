// The element types at run time: what ../types.h says, by name.
#pragma once
#include "../types.h"

struct Element {
  const char *name, *accumulator;
  int bytes;
  int numbers;  // per element: 2 where a pair is the element, and K counts pairs
  bool integer;
  uint32_t (*value)(uint32_t seed, uint64_t index, Data data);
  uint32_t (*encode)(int n);  // a small integer
  // Of exact data; of a pair low + 256 * high.
  int (*decode)(uint32_t stored);
  int (*multiply)(int a, int b);  // what was decoded
  int (*magnitude)(int a);
  uint32_t flip;  // bits that make another value of any but 0
};
extern const Element elements[5];  // int8, fp16, bf16, fp8, fp4
