// Which tile a block makes, and its copies from global memory into the stages of shared memory.
#pragma once
#include <instructions.h>

#include "../arguments.h"
#include "../tile.h"

struct Origin {
  int m, n;
};

// Eight rows of tiles are walked column by column, so that blocks that run together share B in the L2 cache.
template <class T> __forceinline__ Origin tile_of_this_block(const GemmArguments& p) {
  const int rows = p.m / T::m, columns = p.n / T::n, band = static_cast<int>(blockIdx.x) / (8 * columns);
  const int first = 8 * band, height = rows - first < 8 ? rows - first : 8;
  const int inside = static_cast<int>(blockIdx.x) - 8 * band * columns;
  return {(first + inside % height) * T::m, inside / height * T::n};
}

// Byte offset of a 16-byte chunk of a row in shared memory. Chunks are permuted within 128 bytes so that
// eight rows of one column of chunks lie in eight different bank groups: `ldmatrix` and `cp.async` are
// free of bank conflicts. It is address bits 4..6 ^= address bits 7..9 (as many as the row is wide), which is
// also the 128-, 64- and 32-byte swizzle of K-major wgmma operands (PTX ISA, "Shared Memory Matrix Layout",
// swizzling modes), so one copy serves both instruction families.
template <int row_bytes> __forceinline__ uint32_t swizzled(int row, int chunk) {
  constexpr int per_row = row_bytes / 16, rows_per_128 = 8 / per_row;
  return static_cast<uint32_t>(row * row_bytes + (chunk ^ row / rows_per_128 % per_row) * 16);
}

// A thread always copies the same chunk column; its rows are `threads / chunks per row` apart, a multiple
// of 8, so the swizzle of its first row holds for all.
template <class T> struct StageCopy {
  static constexpr int chunks_a = T::row_a / 16, chunks_b = T::row_b / 16;
  static constexpr int pass_a = T::threads / chunks_a, pass_b = T::threads / chunks_b;  // rows copied at once
  static constexpr int pieces = T::chunks * CHUNK_BYTES / 16;  // 16-byte pieces of metadata per 16 rows
  static_assert(pass_a % 8 == 0 && pass_b % 8 == 0 && T::m % pass_a == 0 && T::n % pass_b == 0, "passes");
  static_assert(T::m / CHUNK_ROWS * pieces <= T::threads, "metadata in one pass");

  const uint8_t *a, *b, *metadata;
  uint64_t stride_a, stride_b;  // bytes between passes in global memory
  uint32_t to_a, to_b, to_metadata;
  bool copies_metadata;

  __forceinline__ StageCopy(const GemmArguments& p, Origin origin) {
    const int thread = static_cast<int>(threadIdx.x);
    const uint32_t width_b = static_cast<uint32_t>(p.k) * T::Type::bytes,
                   width_a = T::sparse ? width_b / 2 : width_b;
    const int row_a = thread / chunks_a, chunk_a = thread % chunks_a;
    const int row_b = thread / chunks_b, chunk_b = thread % chunks_b;
    a = reinterpret_cast<const uint8_t*>(p.a) + static_cast<uint64_t>(origin.m + row_a) * width_a +
        chunk_a * 16;
    b = reinterpret_cast<const uint8_t*>(p.b) + static_cast<uint64_t>(origin.n + row_b) * width_b +
        chunk_b * 16;
    stride_a = static_cast<uint64_t>(pass_a) * width_a;
    stride_b = static_cast<uint64_t>(pass_b) * width_b;
    to_a = shared_base() + swizzled<T::row_a>(row_a, chunk_a);
    to_b = shared_base() + T::a_bytes + swizzled<T::row_b>(row_b, chunk_b);
    metadata = nullptr;
    to_metadata = 0;
    copies_metadata = false;
    if constexpr (T::metadata_bytes > 0) {
      const int band = thread / pieces, piece = thread % pieces;
      copies_metadata = band < T::m / CHUNK_ROWS;
      metadata = reinterpret_cast<const uint8_t*>(p.metadata) +
                 static_cast<uint64_t>(origin.m / CHUNK_ROWS + band) * static_cast<uint32_t>(p.k / CHUNK_K) *
                     CHUNK_BYTES +
                 piece * 16;
      to_metadata = shared_base() + T::a_bytes + T::b_bytes + band * T::chunks * CHUNK_BYTES + piece * 16;
    }
  }

  // Starts the copies of slab `slab` into stage `stage`. The caller commits.
  __forceinline__ void start(int stage, int slab) const {
    const uint32_t at = static_cast<uint32_t>(stage * T::stage_bytes);
    const uint64_t slab_a = static_cast<uint64_t>(slab) * T::row_a,
                   slab_b = static_cast<uint64_t>(slab) * T::row_b;
#pragma unroll
    for (int i = 0; i < T::m / pass_a; ++i)
      cp_async(to_a + at + i * pass_a * T::row_a, a + i * stride_a + slab_a);
#pragma unroll
    for (int i = 0; i < T::n / pass_b; ++i)
      cp_async(to_b + at + i * pass_b * T::row_b, b + i * stride_b + slab_b);
    if constexpr (T::metadata_bytes > 0)
      if (copies_metadata)
        cp_async(to_metadata + at,
                 metadata + static_cast<uint64_t>(slab / T::slabs_per_chunk * T::chunks) * CHUNK_BYTES);
  }
};
