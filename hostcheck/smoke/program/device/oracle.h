// The second oracle, on ordinary cores: every element of D again, from the pruned dense A, compared exactly.
// Knows nothing of kept values and metadata, and uses no tensor core.
#pragma once
#include <instructions.h>

#include "../arguments.h"
#include "../types.h"

// One lane of shared memory: four int8 elements, or one element of another type.
template <class Type> struct CheckLane {
  using Value = typename Type::Value;
  static constexpr int elements = 1;
  static __forceinline__ Value load(const uint8_t* from) {
    return Type::decode(*reinterpret_cast<const typename Type::Storage*>(from));
  }
  static __forceinline__ float multiply_add(Value a, Value b, float c) { return Type::multiply_add(a, b, c); }
};
template <> struct CheckLane<Int8> {
  using Value = uint32_t;
  static constexpr int elements = 4;
  static __forceinline__ uint32_t load(const uint8_t* from) {
    return *reinterpret_cast<const uint32_t*>(from);
  }
  static __forceinline__ int multiply_add(uint32_t a, uint32_t b, int c) { return dot_of_bytes(a, b, c); }
};

template <class Type>
__forceinline__ bool matches(const CheckArguments& p, uint64_t at, typename Type::Accumulator wanted) {
  if constexpr (Type::bytes == 2) {
    if (p.half_output) {
      const uint32_t seen = reinterpret_cast<const uint16_t*>(p.d)[at];
      return seen == (round_pair<Type>(wanted, 0.0f) & 0xFFFFu);
    }
  }
  return reinterpret_cast<const typename Type::Accumulator*>(p.d)[at] == wanted;
}

// 256 threads make a 64 x 64 tile, four by four each.
template <class Type> __forceinline__ void check(const CheckArguments& p) {
  using Lane = CheckLane<Type>;
  using Accumulator = typename Type::Accumulator;
  constexpr int depth = 16;
  __shared__ typename Lane::Value a[64][depth + 1];
  __shared__ typename Lane::Value b[64][depth + 1];
  const int x = static_cast<int>(threadIdx.x) % 16, y = static_cast<int>(threadIdx.x) / 16;
  const int columns = p.n / 64, m = static_cast<int>(blockIdx.x) / columns * 64,
            n = static_cast<int>(blockIdx.x) % columns * 64;
  const uint64_t width = static_cast<uint64_t>(p.k) * Type::bytes;
  Accumulator sum[4][4] = {};
  for (int k = 0; k < p.k; k += depth * Lane::elements) {
    const uint64_t at = static_cast<uint64_t>(k + x * Lane::elements) * Type::bytes;
    for (int row = y; row < 64; row += 16) {
      a[row][x] = Lane::load(reinterpret_cast<const uint8_t*>(p.pruned) +
                             static_cast<uint64_t>(m + row) * width + at);
      b[row][x] =
          Lane::load(reinterpret_cast<const uint8_t*>(p.b) + static_cast<uint64_t>(n + row) * width + at);
    }
    __syncthreads();
    for (int i = 0; i < depth; ++i)
#pragma unroll
      for (int r = 0; r < 4; ++r)
#pragma unroll
        for (int c = 0; c < 4; ++c)
          sum[r][c] = Lane::multiply_add(a[y * 4 + r][i], b[x * 4 + c][i], sum[r][c]);
    __syncthreads();
  }
  auto* report = reinterpret_cast<CheckReport*>(p.report);
  uint64_t wrong = 0;
  for (int r = 0; r < 4; ++r)
    for (int c = 0; c < 4; ++c) {
      const uint64_t row = static_cast<uint64_t>(m + y * 4 + r);
      const uint64_t at = row * static_cast<uint32_t>(p.n) + static_cast<uint32_t>(n + x * 4 + c);
      if (matches<Type>(p, at, sum[r][c])) continue;
      ++wrong;
      atomic_min(&report->first_row, row);
      atomic_max(&report->last_row, row);
    }
  if (wrong) atomic_add(&report->wrong, wrong);
}
