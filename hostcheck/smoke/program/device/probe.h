// One raw sparse instruction per block, registers in and registers out: the host finds out with it which
// bits of which lane's metadata each group of A really uses.
#pragma once
#include <instructions.h>

#include "../arguments.h"
#include "../types.h"

template <class Type> __forceinline__ void probe(const ProbeArguments& p) {
  const uint64_t at = blockIdx.x * 32u + threadIdx.x;
  uint32_t a[4], b[4];
  for (int i = 0; i < 4; ++i) {
    a[i] = reinterpret_cast<const uint32_t*>(p.a)[at * 4 + i];
    b[i] = reinterpret_cast<const uint32_t*>(p.b)[at * 4 + i];
  }
  const uint32_t metadata = reinterpret_cast<const uint32_t*>(p.metadata)[at];
  typename Type::Accumulator zero[4] = {}, one[4] = {};
  Mma<Type>::template sparse<0>(zero, a, b, metadata);
  if constexpr (Type::bytes == 2) Mma<Type>::template sparse<1>(one, a, b, metadata);
  for (int i = 0; i < 4; ++i) {
    reinterpret_cast<uint32_t*>(p.d)[at * 8 + i] = bits_of(zero[i]);
    reinterpret_cast<uint32_t*>(p.d)[at * 8 + 4 + i] = bits_of(one[i]);
  }
}
