// The 2:4 format: which two of four elements are kept, and where their metadata lie.
//
// A row of A is cut into groups of four along K. Two elements of each group are kept, in ascending order,
// in a matrix half as wide. A nibble of metadata per group says which ones they were:
// first | second << 2. mma.sp::ordered_metadata takes the six ascending pairs 0100, 1000, 1001, 1100,
// 1101 and 1110 and nothing else. (PTX ISA, "Sparse matrix storage", mma.sp.)
#pragma once
#include "integers.h"

inline uint32_t nibble_of(int first, int second) {
  return static_cast<uint32_t>(first) | static_cast<uint32_t>(second) << 2;
}
inline int first_of(uint32_t nibble) { return static_cast<int>(nibble & 3u); }
inline int second_of(uint32_t nibble) { return static_cast<int>(nibble >> 2 & 3u); }

// The nibble that keeps the two largest magnitudes of a group; among equals the lower index wins.
inline uint32_t keep_two_largest(const uint32_t (&magnitude)[4]) {
  int best = 0;
  for (int i = 1; i < 4; ++i)
    if (magnitude[i] > magnitude[best]) best = i;
  int next = best == 0 ? 1 : 0;
  for (int i = next + 1; i < 4; ++i)
    if (i != best && magnitude[i] > magnitude[next]) next = i;
  return best < next ? nibble_of(best, next) : nibble_of(next, best);
}

// Metadata in memory: chunks of 32 words, one word per lane of a warp, so that a warp reads the metadata
// of one instruction in one coalesced 128-byte access. A chunk covers 16 rows by 64 elements of K; chunks
// lie K-fastest. Inside a chunk the words are the metadata registers that the instructions want:
//
//   1-byte types, m16n8k64 and m64nNk64: every lane holds eight groups, 32 elements of K, of one row:
//     row = lane/4 + 8*(lane%2), K from 32*(lane%4/2).
//   2-byte types, m16n8k32 and m64nNk32: a pair of lanes per quad holds one instruction's metadata and
//     the selector says which pair, so a chunk serves two instructions. Bits 0..15 are row lane/4, bits
//     16..31 the row 8 below; K from 16*(lane%4), that is selector lane%4/2.
//
// Source: PTX ISA, figures of mma.sp "Sparse MMA .m16n8k64 metadata layout for .u8/.s8" (in PTX 8.x and
// 9.x: f16/bf16 .m16n8k32, u8/s8/e4m3/e5m2 .m16n8k64); wgmma.mma_async.sp prints the same figures for each
// warp's 16 rows. The program looks for this layout on the device itself (layout probe) before trusting it.
struct Group {
  int row, index;  // index = K / 4
};
struct Slot {
  uint64_t word;
  int bit;
};
constexpr int CHUNK_ROWS = 16, CHUNK_K = 64, CHUNK_WORDS = 32, CHUNK_BYTES = 4 * CHUNK_WORDS;

// The group whose metadata are nibble `n` (0..7) of word `word`; k is the width of A.
inline Group group_at(int type_bytes, int k, uint64_t word, int n) {
  const int lane = static_cast<int>(word % CHUNK_WORDS);
  const uint32_t chunk = static_cast<uint32_t>(word / CHUNK_WORDS),
                 chunks = static_cast<uint32_t>(k / CHUNK_K);
  int row = lane / 4, group = static_cast<int>(chunk % chunks) * (CHUNK_K / 4);
  if (type_bytes == 1) {
    row += 8 * (lane % 2);
    group += 8 * (lane % 4 / 2) + n;
  } else {
    row += 8 * (n / 4);
    group += 4 * (lane % 4) + n % 4;
  }
  return {static_cast<int>(chunk / chunks) * CHUNK_ROWS + row, group};
}

// The same the other way round: where the metadata of a group lie.
inline Slot slot_of(int type_bytes, int k, Group at) {
  const int row = at.row % CHUNK_ROWS, group = at.index % (CHUNK_K / 4);
  const uint64_t chunk = static_cast<uint64_t>(at.row / CHUNK_ROWS) * static_cast<uint32_t>(k / CHUNK_K) +
                         static_cast<uint32_t>(at.index / (CHUNK_K / 4));
  const int quad = 4 * (row % 8), lower = row / 8;
  if (type_bytes == 1)
    return {chunk * CHUNK_WORDS + static_cast<uint32_t>(quad + 2 * (group / 8) + lower), 4 * (group % 8)};
  return {chunk * CHUNK_WORDS + static_cast<uint32_t>(quad + group / 4), 16 * lower + 4 * (group % 4)};
}

// Tensor memory, from where tcgen05 takes metadata, is 128 lanes of 32-bit columns; a column stands for 32
// elements of K of 128 rows. The words are the same as in a chunk, at other places:
//   1-byte types: lane = row, eight ascending nibbles;
//   2-byte types: lane = row % 8 + 8 * (K % 32 / 16) + 16 * (row / 16), bits 0..15 for the row and
//   bits 16..31 for
//     the row 8 below.
// Both come to the same function. `lane` may count on over the tiles of 128 rows.
// Source: PTX ISA, figures "Sparsity Metadata Layout for M = 128 / M = 256" of .kind::f16 and of
// .kind::f8f6f4, .kind::i8, which are pictures; as code in NVIDIA/cutlass sm1xx_sparse_config.inl
// (TensorEAtom_MMA_F16, TensorEAtom_MMA_S8orF8F6F4) and, independently, in jax-ml/jax
// format_tcgen05_sparse_metadata, which agree.
inline uint64_t word_in_tensor_memory(int k, int lane, int column) {
  const uint64_t chunk = static_cast<uint64_t>(lane / CHUNK_ROWS) * static_cast<uint32_t>(k / CHUNK_K) +
                         static_cast<uint32_t>(column / 2);
  return chunk * CHUNK_WORDS + static_cast<uint32_t>(4 * (lane % 8) + 2 * (column % 2) + lane % 16 / 8);
}
