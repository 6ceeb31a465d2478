// The GEMM for mma.sync, sparse and dense from one template, so that the two differ in nothing but what
// sparsity changes. Fragment layouts: PTX ISA, "Matrix Fragments for sparse mma.m16n8k32 / m16n8k64". The
// fragment of the kept values is the fragment of a dense 16 x 32-byte tile, so `ldmatrix` loads it.
#pragma once
#include <instructions.h>

#include "../arguments.h"
#include "../tile.h"
#include "stage.h"
#include "store.h"

template <class T> struct MmaWarp {
  using Type = typename T::Type;
  using Accumulator = typename Type::Accumulator;
  static constexpr int registers_b = T::sparse ? 4 : 2;  // per 8-column block and step

  Accumulator d[T::blocks_m][T::blocks_n][4];
  // A and metadata are double-buffered: the next step's are loaded while this step multiplies. B is
  // refilled block by block, as soon as a block has been used.
  uint32_t a[2][T::blocks_m][4], metadata[2][T::blocks_m], b[T::blocks_n][registers_b];
  uint32_t from_a, from_b, from_metadata;  // this lane's addresses in stage 0, step 0

  __forceinline__ MmaWarp(int warp_m, int warp_n) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    // ldmatrix, A: lanes 0..15 point at the 16 rows' first 16 bytes, lanes 16..31 at their second.
    from_a = shared_base() + swizzled<T::row_a>(warp_m * T::warp_m + lane % 16, lane / 16);
    // ldmatrix, B: four 16-byte chunks of one 8-column block (sparse) or two chunks of two blocks (dense).
    const int column = T::sparse ? lane % 8 : lane % 8 + 8 * (lane / 16);
    const int chunk = T::sparse ? lane / 8 : lane / 8 % 2;
    from_b = shared_base() + T::a_bytes + swizzled<T::row_b>(warp_n * T::warp_n + column, chunk);
    from_metadata =
        shared_base() + T::a_bytes + T::b_bytes + warp_m * T::blocks_m * T::chunks * CHUNK_BYTES + lane * 4;
#pragma unroll
    for (int i = 0; i < T::blocks_m; ++i)
#pragma unroll
      for (int j = 0; j < T::blocks_n; ++j)
#pragma unroll
        for (int q = 0; q < 4; ++q) d[i][j][q] = 0;
  }

  // The chunk index of a later step differs in its upper bits only, and the swizzle is an XOR: so is the
  // way to the next step.
  __forceinline__ void load_a(int set, uint32_t stage, int step) {
#pragma unroll
    for (int i = 0; i < T::blocks_m; ++i)
      ldmatrix(a[set][i], ((from_a + stage) ^ static_cast<uint32_t>(step * T::step_a)) + i * 16 * T::row_a);
    if constexpr (T::sparse) {
#pragma unroll
      for (int i = 0; i < T::blocks_m; ++i) {
        if (Type::bytes == 2 && step % 2 == 1)
          metadata[set][i] = metadata[set ^ 1][i];  // the other selector's
        else
          metadata[set][i] = load_shared(from_metadata + stage +
                                         (i * T::chunks + (Type::bytes == 2 ? 0 : step)) * CHUNK_BYTES);
      }
    }
  }
  // Sparse: block j. Dense: blocks j and j + 1.
  __forceinline__ void load_b(int j, uint32_t stage, int step) {
    const uint32_t from = ((from_b + stage) ^ static_cast<uint32_t>(step * T::step_b)) + j * 8 * T::row_b;
    if constexpr (T::sparse) ldmatrix(b[j], from);
    else {
      uint32_t two[4];
      ldmatrix(two, from);
      b[j][0] = two[0], b[j][1] = two[1], b[j + 1][0] = two[2], b[j + 1][1] = two[3];
    }
  }
  __forceinline__ void load_all(uint32_t stage) {
    load_a(0, stage, 0);
#pragma unroll
    for (int j = 0; j < T::blocks_n; j += T::sparse ? 1 : 2) load_b(j, stage, 0);
  }
  // Multiplies with fragment set `set`, and refills B from (next_stage, next_step) behind itself.
  template <int selector> __forceinline__ void multiply(int set, uint32_t next_stage, int next_step) {
#pragma unroll
    for (int j = 0; j < T::blocks_n; ++j) {
#pragma unroll
      for (int i = 0; i < T::blocks_m; ++i) {
        if constexpr (T::sparse)
          Mma<Type>::template sparse<selector>(d[i][j], a[set][i], b[j], metadata[set][i]);
        else Mma<Type>::dense(d[i][j], a[set][i], b[j]);
      }
      if constexpr (T::sparse) load_b(j, next_stage, next_step);
      else if (j % 2 == 1) load_b(j - 1, next_stage, next_step);
    }
  }
};

// Walks one slab. `odd` is the fragment set of its first step and, where a chunk of metadata spans two
// slabs, the half of the chunk that this slab needs.
template <class T, bool odd>
__forceinline__ void multiply_slab(MmaWarp<T>& warp, const StageCopy<T>& copy, int& stage, int slab,
                                   int slabs) {
#pragma unroll
  for (int step = 0; step < T::steps; ++step) {
    const int set = (step + odd) % 2;
    int next = step + 1;
    if (step == T::steps - 1) {        // the next fragments come from the next stage:
      cp_async_wait<T::stages - 2>();  // this thread's copies into it have landed,
      __syncthreads();                 // everybody's have, and everybody has left the stage just used,
      if (slab + T::stages < slabs) copy.start(stage, slab + T::stages);  // which is refilled
      cp_async_commit();
      stage = stage + 1 == T::stages ? 0 : stage + 1;
      next = 0;
    }
    const uint32_t from = static_cast<uint32_t>(stage * T::stage_bytes);
    warp.load_a(set ^ 1, from, next);
    constexpr bool two_byte = T::sparse && T::Type::bytes == 2;
    const bool second_half = two_byte && ((T::steps == 1 ? odd : step) % 2 == 1);
    if (second_half) warp.template multiply<two_byte ? 1 : 0>(set, from, next);
    else warp.template multiply<0>(set, from, next);
  }
}

template <class T> __forceinline__ void gemm_mma(const GemmArguments& p) {
  const int index = static_cast<int>(threadIdx.x) / 32;
  const int warp_m = index / T::Family::warps_n, warp_n = index % T::Family::warps_n;
  const Origin origin = tile_of_this_block<T>(p);
  const StageCopy<T> copy(p, origin);
  MmaWarp<T> warp(warp_m, warp_n);

  const int slabs = p.k * T::Type::bytes / T::row_b;  // even, see K_MULTIPLE
#pragma unroll
  for (int s = 0; s < T::stages; ++s) {
    if (s < slabs) copy.start(s, s);
    cp_async_commit();
  }
  cp_async_wait<T::stages - 1>();
  __syncthreads();
  warp.load_all(0);
  int stage = 0;
  for (int slab = 0; slab < slabs; slab += 2) {
    multiply_slab<T, false>(warp, copy, stage, slab, slabs);
    multiply_slab<T, T::steps % 2 == 1>(warp, copy, stage, slab + 1, slabs);
  }
  cp_async_wait<0>();

  const FragmentCorner at(origin.m + warp_m * T::warp_m, origin.n + warp_n * T::warp_n);
#pragma unroll
  for (int i = 0; i < T::blocks_m; ++i)
#pragma unroll
    for (int j = 0; j < T::blocks_n; j += 2)
#pragma unroll
      for (int lower = 0; lower < 2; ++lower) {
        const auto &left = warp.d[i][j], &right = warp.d[i][j + 1];
        store_row<typename T::Type>(p, at.row + i * 16 + lower * 8, at.column + j * 8, at.odd,
                                    left[lower * 2], left[lower * 2 + 1], right[lower * 2],
                                    right[lower * 2 + 1]);
      }
}
