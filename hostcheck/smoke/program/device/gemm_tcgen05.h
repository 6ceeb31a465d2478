// The GEMM for tcgen05, the tensor cores of sm_100 and its family: one thread multiplies 128 x 256 straight
// from shared memory into tensor memory, asynchronously. Same operands, stages, swizzle and metadata words as
// gemm_mma.h. (PTX ISA, "TensorCore 5th Generation Family Instructions".)
#pragma once
#include <instructions.h>

#include "../arguments.h"
#include "../tile.h"
#include "stage.h"

#if HAS_TCGEN05

// A shared memory descriptor (PTX ISA, "tcgen05 Shared memory descriptor"; NVIDIA/cutlass
// cute/arch/mma_sm100_desc.hpp, SmemDescriptor), addresses and offsets in 16-byte units: bits 0..13 start
// address, 16..29 leading offset (not used by swizzled K-major operands; 1), 32..45 stride between groups of
// eight rows, 46..48 always 1, 61..63 swizzle: 2 is 128 bytes, 4 is 64 bytes.
template <int row_bytes> __forceinline__ uint64_t tcgen05_operand(uint32_t address) {
  static_assert(row_bytes == 128 || row_bytes == 64, "swizzle");
  return static_cast<uint64_t>((address & 0x3FFFFu) >> 4) | 1ull << 16 |
         static_cast<uint64_t>(8 * row_bytes / 16) << 32 | 1ull << 46 |
         (row_bytes == 128 ? 2ull : 4ull) << 61;
}

// The instruction descriptor (PTX ISA, "Instruction descriptor" for .kind::tf32, f16, f8f6f4, i8;
// InstrDescriptor of the same header): bits 0..1 sparsity selector, 2 sparse, 4..5 type of D, 7..9 of
// A, 10..12 of B, 17..22 N / 8, 24..28 M / 16. A and B are K-major, nothing is negated or saturated.
//
// That of .kind::mxf4: bit 2 sparse, 7..9 and 10..11 type of A and B (1: e2m1), 17..22 N / 8, 23 type of the
// scale factors (1: ue8m0), 27..28 M / 128; which of the scale factors in a column, and K: 0.
template <class Type> constexpr bool is_scaled = false;
template <> constexpr bool is_scaled<Fp4Pair> = true;
template <class T> constexpr uint32_t tcgen05_instruction(int selector) {
  using Kind = Tcgen05<typename T::Type>;
  if constexpr (is_scaled<typename T::Type>)
    return (T::sparse ? 4u : 0u) | Kind::type << 7 | Kind::type << 10 |
           static_cast<uint32_t>(T::n / 8) << 17 | 1u << 23 | static_cast<uint32_t>(T::m / 128) << 27;
  return (T::sparse ? static_cast<uint32_t>(selector) | 4u : 0u) | Kind::type_of_d << 4 | Kind::type << 7 |
         Kind::type << 10 | static_cast<uint32_t>(T::n / 8) << 17 | static_cast<uint32_t>(T::m / 16) << 24;
}

// The metadata of a slab, on their way from global to tensor memory: a thread carries the words of its lane.
template <class T> struct MetadataInFlight {
  static constexpr int columns = T::sparse ? 2 * T::chunks : 1;
  const uint32_t* metadata;
  int k, lane;
  uint32_t words[columns];

  __forceinline__ MetadataInFlight(const GemmArguments& p, Origin origin)
      : metadata(reinterpret_cast<const uint32_t*>(p.metadata)),
        k(p.k),
        lane(origin.m + static_cast<int>(threadIdx.x) % T::m) {}
  __forceinline__ void load(int slab) {
#pragma unroll
    for (int c = 0; c < columns; ++c)
      words[c] = load_global(metadata + word_in_tensor_memory(k, lane, slab * columns + c));
  }
};

// Issues the multiplications of one slab; for one thread. A pair of columns holds the metadata of one
// instruction (1-byte types) or of two, which the selector tells apart (2-byte types).
template <class T>
__forceinline__ void issue_slab(uint32_t d, uint32_t from_a, uint32_t from_b, uint32_t metadata,
                                uint32_t scales, bool first) {
  using Instruction = Tcgen05<typename T::Type>;
#pragma unroll
  for (int step = 0; step < T::steps; ++step) {
    const uint64_t a = tcgen05_operand<T::row_a>(from_a + step * T::step_a),
                   b = tcgen05_operand<T::row_b>(from_b + step * T::step_b);
    const bool accumulate = !first || step > 0;
    if constexpr (!T::sparse) Instruction::dense(d, a, b, tcgen05_instruction<T>(0), accumulate, scales);
    else if constexpr (T::Type::bytes == 1)
      Instruction::sparse(d, a, b, metadata + 2 * step, tcgen05_instruction<T>(0), accumulate, scales);
    else
      Instruction::sparse(d, a, b, metadata + step / 2 * 2, tcgen05_instruction<T>(step % 2), accumulate,
                          scales);
  }
}

// A thread stores 32 columns of one row, 16 bytes at a time.
template <class Type>
__forceinline__ void store_columns(const GemmArguments& p, int row, int column, const uint32_t (&d)[32]) {
  const uint64_t at = static_cast<uint64_t>(row) * static_cast<uint32_t>(p.n) + static_cast<uint32_t>(column);
  if constexpr (Type::bytes == 2) {
    if (p.half_output) {
      auto* to = reinterpret_cast<uint16_t*>(p.d) + at;
      const auto pair = [&](int i) { return round_pair<Type>(float_of(d[i]), float_of(d[i + 1])); };
#pragma unroll
      for (int i = 0; i < 32; i += 8) store_global(to + i, pair(i), pair(i + 2), pair(i + 4), pair(i + 6));
      return;
    }
  }
  auto* to = reinterpret_cast<uint32_t*>(p.d) + at;
#pragma unroll
  for (int i = 0; i < 32; i += 4) store_global(to + i, d[i], d[i + 1], d[i + 2], d[i + 3]);
}

template <class T> __forceinline__ void gemm_tcgen05(const GemmArguments& p) {
  constexpr int ahead = T::stages - 1;  // stages being filled; the other one is being multiplied
  constexpr uint32_t d_columns = T::n;
  constexpr uint32_t columns = 512;  // all of the tensor memory: one block per multiprocessor
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const uint32_t control = shared_base() + T::stages * T::stage_bytes;
  const Origin origin = tile_of_this_block<T>(p);
  const StageCopy<T> copy(p, origin);
  MetadataInFlight<T> metadata(p, origin);

  if (warp == 0) {
    tensor_allocate<columns>(control + 16);
    if (elect_one()) {
      mbarrier_init(control);
      mbarrier_init(control + 8);
      fence_mbarrier_init();
    }
  }
  tensor_fence_before();
  __syncthreads();
  tensor_fence_after();
  const uint32_t d = load_shared(control + 16);
  // Tensor memory is addressed by lane << 16 | column. A warp reaches the 32 lanes of its quarter.
  const uint32_t quarter = static_cast<uint32_t>(warp % 4 * 32) << 16;

  // Scale factors of A take four columns and those of B eight: all are 1, so where each lies does not matter.
  const uint32_t scales = d + d_columns + 8;  // behind both sets of metadata
  if constexpr (is_scaled<typename T::Type>) {
    const uint32_t ones[4] = {SCALES_OF_ONE, SCALES_OF_ONE, SCALES_OF_ONE, SCALES_OF_ONE};
    if (warp < 4) {
      tensor_store(scales + quarter, ones);
      tensor_wait_stores();
      tensor_store(scales + quarter + 4, ones);
      tensor_wait_stores();
    }
  }

  const int slabs = p.k * T::Type::bytes / T::row_b;
#pragma unroll
  for (int s = 0; s < ahead; ++s) {
    if (s < slabs) copy.start(s, s);
    cp_async_commit();
  }
  if constexpr (T::sparse) metadata.load(0);
  int stage = 0, filled = ahead;
  for (int slab = 0; slab < slabs; ++slab) {
    // Two sets of metadata: the products of slab - 1 may still be reading theirs.
    const uint32_t set = d + d_columns + static_cast<uint32_t>(slab % 2 * MetadataInFlight<T>::columns);
    if constexpr (T::sparse) {
      if (warp < 4) {
        sync_warp();  // the lanes may have left the wait one by one
        tensor_store(set + quarter, metadata.words);
        tensor_wait_stores();
        if (slab + 1 < slabs) metadata.load(slab + 1);
      }
    }
    cp_async_wait<ahead - 1>();  // this thread's copies of the slab have landed,
    fence_proxy_async();         // the tensor cores may see them,
    tensor_fence_before();       // and its metadata,
    __syncthreads();             // and everybody's.
    tensor_fence_after();
    const uint32_t at = shared_base() + static_cast<uint32_t>(stage * T::stage_bytes);
    if (warp == 0 && elect_one()) {
      issue_slab<T>(d, at, at + T::a_bytes, set, scales, slab == 0);
      tensor_commit(control + static_cast<uint32_t>(slab % 2 * 8));
    }
    if (slab > 0) {  // slab - 1 is complete: its stage and its metadata are free
      mbarrier_wait(control + static_cast<uint32_t>((slab - 1) % 2 * 8), (slab - 1) / 2 % 2);
      tensor_fence_after();
    }
    if (slab + ahead < slabs) copy.start(filled, slab + ahead);
    cp_async_commit();
    stage = stage + 1 == T::stages ? 0 : stage + 1;
    filled = filled + 1 == T::stages ? 0 : filled + 1;
  }
  mbarrier_wait(control + static_cast<uint32_t>((slabs - 1) % 2 * 8), (slabs - 1) / 2 % 2);
  tensor_fence_after();
  cp_async_wait<0>();
  sync_warp();

  const int row = origin.m + static_cast<int>(threadIdx.x) % T::m, half = warp / 4 * T::warp_n;
#pragma unroll
  for (int column = 0; column < T::warp_n; column += 32) {
    uint32_t part[32];
    tensor_load(part, d + quarter + static_cast<uint32_t>(half + column));
    tensor_wait_loads(part);
    store_columns<typename T::Type>(p, row, origin.n + half + column, part);
  }
  tensor_fence_before();
  __syncthreads();
  if (warp == 0) tensor_release<columns>(d);
}

#endif
