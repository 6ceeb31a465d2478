// The GEMM for Hopper's wgmma: a warpgroup multiplies 64 x 256 straight from shared memory, asynchronously.
// Same operands, stages, swizzle and metadata as gemm_mma.h. (PTX ISA, "Asynchronous Warpgroup Level Matrix
// Multiply-Accumulate Instructions".)
#pragma once
#include <instructions.h>

#include "../arguments.h"
#include "../tile.h"
#include "stage.h"
#include "store.h"

#if HAS_WGMMA

// A matrix descriptor (PTX ISA, "Matrix Descriptor Format"), addresses and offsets in 16-byte units: bits
// 0..13 start address, 16..29 leading offset (not used by swizzled K-major operands; 1), 32..45 stride
// between groups of eight rows, 62..63 swizzle: 1 is 128 bytes, 2 is 64 bytes.
template <int row_bytes> __forceinline__ uint64_t descriptor(uint32_t address) {
  static_assert(row_bytes == 128 || row_bytes == 64, "swizzle");
  return static_cast<uint64_t>((address & 0x3FFFFu) >> 4) | 1ull << 16 |
         static_cast<uint64_t>(8 * row_bytes / 16) << 32 | (row_bytes == 128 ? 1ull : 2ull) << 62;
}

// Issues the multiplications of one slab as one group. `metadata` must stay untouched until that group is
// complete: whether wgmma reads the register when it is issued or later is not documented, so the caller
// alternates between two sets.
template <class T>
__forceinline__ void issue_slab(typename T::Type::Accumulator (&d)[128],
                                uint32_t (&metadata)[T::sparse ? T::chunks : 1], uint32_t from_a,
                                uint32_t from_b, uint32_t from_metadata) {
  if constexpr (T::sparse) {
#pragma unroll
    for (int i = 0; i < T::chunks; ++i) metadata[i] = load_shared(from_metadata + i * CHUNK_BYTES);
  }
  wgmma_fence();
#pragma unroll
  for (int step = 0; step < T::steps; ++step) {
    const uint64_t a = descriptor<T::row_a>(from_a + step * T::step_a),
                   b = descriptor<T::row_b>(from_b + step * T::step_b);
    using Instruction = Wgmma<typename T::Type>;
    if constexpr (!T::sparse) Instruction::dense(d, a, b);
    else if constexpr (T::Type::bytes == 1) Instruction::template sparse<0>(d, a, b, metadata[step]);
    else if (step % 2 == 0) Instruction::template sparse<0>(d, a, b, metadata[step / 2]);
    else Instruction::template sparse<1>(d, a, b, metadata[step / 2]);
  }
  wgmma_commit();
}

template <class T> __forceinline__ void gemm_wgmma(const GemmArguments& p) {
  constexpr int ahead = T::stages - 2;  // stages being filled; the other two are being multiplied
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const Origin origin = tile_of_this_block<T>(p);
  const StageCopy<T> copy(p, origin);
  const uint32_t a = shared_base() + warp / 4 * 64 * T::row_a, b = shared_base() + T::a_bytes;
  const uint32_t e = b + T::b_bytes + warp * T::chunks * CHUNK_BYTES + lane * 4;

  typename T::Type::Accumulator d[128];
#pragma unroll
  for (int i = 0; i < 128; ++i) d[i] = 0;
  uint32_t metadata[2][T::sparse ? T::chunks : 1] = {};

  const int slabs = p.k * T::Type::bytes / T::row_b;  // even, see K_MULTIPLE
#pragma unroll
  for (int s = 0; s < ahead; ++s) {
    if (s < slabs) copy.start(s, s);
    cp_async_commit();
  }
  int stage = 0, filled = ahead;
  for (int pair = 0; pair < slabs; pair += 2) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int slab = pair + half;
      cp_async_wait<ahead - 1>();  // this thread's copies of the slab have landed,
      fence_proxy_async();         // wgmma may see them,
      __syncthreads();             // and everybody's; everybody is done with slab - 2
      const uint32_t at = static_cast<uint32_t>(stage * T::stage_bytes);
      issue_slab<T>(d, metadata[half], a + at, b + at, e + at);
      if (slab + ahead < slabs) copy.start(filled, slab + ahead);  // into the stage of slab - 2
      cp_async_commit();
      wgmma_wait<1>();  // slab - 1 is complete: its metadata registers are free
#pragma unroll
      for (uint32_t word : metadata[half ^ 1]) keep(word);
      stage = stage + 1 == T::stages ? 0 : stage + 1;
      filled = filled + 1 == T::stages ? 0 : filled + 1;
    }
  }
  wgmma_wait<0>();
  renew(d);
  cp_async_wait<0>();

  const FragmentCorner corner(origin.m + warp * 16, origin.n);
#pragma unroll
  for (int j = 0; j < T::n / 8; j += 2)
#pragma unroll
    for (int lower = 0; lower < 2; ++lower) {
      const int left = j * 4 + lower * 2, right = left + 4;
      store_row<typename T::Type>(p, corner.row + lower * 8, corner.column + j * 8, corner.odd, d[left],
                                  d[left + 1], d[right], d[right + 1]);
    }
}

#endif
