// How the three kernel families cut the work. Everything is counted in bytes, so 1-byte and 2-byte types
// share one geometry:
//   a sparse step multiplies 16 rows x 32 bytes of kept A by 8 columns x 64 bytes of B,
//   a dense step             16 rows x 32 bytes of A      by 8 columns x 32 bytes of B.
// A block makes one tile of D. It walks K in slabs; some slabs ("stages") are on their way into shared
// memory while one is multiplied.
#pragma once
#include "format.h"
#include "integers.h"

// mma.sync, 164 KiB of shared memory or more per block: sm_80, sm_90, sm_100. Eight warps of 64 x 64.
struct Wide {
  static constexpr int m = 128, n = 256, warps_m = 2, warps_n = 4, slab = 128, blocks_per_sm = 1;
  static constexpr bool stages_metadata = true;
  static constexpr int extra_bytes = 0;  // of shared memory, behind the stages
  static constexpr int stages(bool) { return 3; }
};
// mma.sync, two blocks in the 100 KiB of sm_86, sm_89, sm_120. Four warps of 64 x 64.
struct Narrow {
  static constexpr int m = 128, n = 128, warps_m = 2, warps_n = 2, slab = 64, blocks_per_sm = 2;
  static constexpr bool stages_metadata = true;
  static constexpr int extra_bytes = 0;
  static constexpr int stages(bool) { return 3; }
};
// wgmma, sm_90a only: two warpgroups (four warps each) of 64 x 256. Two stages belong to the multiplication
// that is still running, hence the depth; a sparse stage is smaller, so one more fits.
struct Warpgroup {
  static constexpr int m = 128, n = 256, warps_m = 8, warps_n = 1, slab = 128, blocks_per_sm = 1;
  static constexpr bool stages_metadata = true;
  static constexpr int extra_bytes = 0;
  static constexpr int stages(bool sparse) { return sparse ? 5 : 4; }
};
// tcgen05, the tensor cores of sm_100 to sm_107: one thread multiplies 128 x 256, D and the metadata are in
// tensor memory, which four warps reach by quarters: eight warps store D as 32 rows by 128 columns each.
// Metadata go there from global memory through registers, never through a stage. Behind the stages lie two
// mbarriers and the address of the tensor memory.
struct TensorMemory {
  static constexpr int m = 128, n = 256, warps_m = 4, warps_n = 2, slab = 128, blocks_per_sm = 1;
  static constexpr bool stages_metadata = false;
  static constexpr int extra_bytes = 32;
  static constexpr int stages(bool sparse) { return sparse ? 5 : 4; }
};

template <class Type_, bool sparse_, class Family_> struct Tile {
  using Type = Type_;
  using Family = Family_;
  static constexpr bool sparse = sparse_;
  static constexpr int m = Family::m, n = Family::n, stages = Family::stages(sparse);
  static constexpr int threads = 32 * Family::warps_m * Family::warps_n;
  static constexpr int warp_m = m / Family::warps_m, warp_n = n / Family::warps_n;
  static constexpr int blocks_m = warp_m / 16, blocks_n = warp_n / 8;  // instructions per warp and step
  static constexpr int row_b = Family::slab, row_a = sparse ? row_b / 2 : row_b;  // bytes of a row in a stage
  static constexpr int step_a = 32, step_b = sparse ? 64 : 32, steps = row_b / step_b;
  // Metadata: one chunk feeds one step of 1-byte types and two steps of 2-byte types.
  static constexpr int chunk_b = CHUNK_K * Type::bytes;  // bytes of a B row that one chunk covers
  static constexpr int chunks =
      sparse ? (row_b > chunk_b ? row_b / chunk_b : 1) : 0;  // per 16 rows and stage
  static constexpr int slabs_per_chunk = chunk_b > row_b ? chunk_b / row_b : 1;
  // A stage in shared memory: A, then B, then metadata.
  static constexpr int a_bytes = m * row_a, b_bytes = n * row_b;
  static constexpr int metadata_bytes = Family::stages_metadata ? m / CHUNK_ROWS * chunks * CHUNK_BYTES : 0;
  static constexpr int stage_bytes = a_bytes + b_bytes + metadata_bytes;
  static constexpr int shared_bytes = stages * stage_bytes + Family::extra_bytes;
  static_assert(stage_bytes % 128 == 0 && warp_m % 16 == 0 && warp_n % 16 == 0 && steps >= 1, "tile");
};

// Every kernel walks slabs in pairs, and a chunk of metadata may span two: K is a multiple of this.
constexpr int K_MULTIPLE = 256;
