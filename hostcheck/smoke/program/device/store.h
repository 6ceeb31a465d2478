// Accumulators to D. In the accumulator fragment of every mma and wgmma (PTX ISA, "Matrix Fragments for
// mma.m16n8k16": c0..c3) a lane holds columns 2t and 2t+1 of row g and of row g+8, with g = lane/4 and
// t = lane%4. Neighbouring lanes swap halves of two 8-column blocks, so that each lane stores four
// columns that lie side by side: 8- or 16-byte stores.
#pragma once
#include <instructions.h>

#include "../arguments.h"

struct FragmentCorner {  // this lane's first row, and its first column once the halves are swapped
  int row, column;
  bool odd;

  __forceinline__ FragmentCorner(int m, int n) {
    const int lane = static_cast<int>(threadIdx.x) % 32, t = lane % 4;
    odd = t % 2 != 0;
    row = m + lane / 4;
    column = n + t / 2 * 4 + (odd ? 8 : 0);
  }
};

// x: two columns of the left block, y: the same of the right block, both of row `row`.
template <class Type, class Accumulator>
__forceinline__ void store_row(const GemmArguments& p, int row, int column, bool odd, Accumulator x0,
                               Accumulator x1, Accumulator y0, Accumulator y1) {
  const uint64_t at = static_cast<uint64_t>(row) * static_cast<uint32_t>(p.n) + static_cast<uint32_t>(column);
  if constexpr (Type::bytes == 2) {
    if (p.half_output) {
      const uint32_t x = round_pair<Type>(x0, x1), y = round_pair<Type>(y0, y1),
                     other = from_neighbour(odd ? x : y);
      store_global(reinterpret_cast<uint16_t*>(p.d) + at, odd ? other : x, odd ? y : other);
      return;
    }
  }
  const uint32_t a0 = bits_of(x0), a1 = bits_of(x1), b0 = bits_of(y0), b1 = bits_of(y1);
  const uint32_t other0 = from_neighbour(odd ? a0 : b0), other1 = from_neighbour(odd ? a1 : b1);
  store_global(reinterpret_cast<uint32_t*>(p.d) + at, odd ? other0 : a0, odd ? other1 : a1, odd ? b0 : other0,
               odd ? b1 : other1);
}
