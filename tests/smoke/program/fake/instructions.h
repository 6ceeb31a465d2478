// What each instruction does, in C++, for the kernels of hostcheck/smoke/program/device. The fragment and
// metadata layouts are written from the PTX manual in the direction opposite to the kernels': given an
// element, which lane, register and bits hold it. Collective instructions are computed by the last lane to
// arrive.
#pragma once
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "tensor.h"
#include "types.h"

#define HAS_FP8_MMA 1
#define HAS_FP4_MMA 1
#define HAS_WGMMA WGMMA
#define __global__
#define __shared__ static
#define __forceinline__ inline
#define __launch_bounds__(threads, blocks)
#define __syncthreads() (tensor::before_barrier(), block::wait_for_block(), tensor::after_barrier())

struct Index {
  unsigned x;
};
#define threadIdx (Index{block::current->index})
#define blockIdx (Index{block::block_index})
#define gridDim (Index{block::grid_size})
#define blockDim (Index{block::block_size})

inline uint32_t shared_base() { return 0; }

// ---- copies --------------------------------------------------------------------------------------
inline void cp_async(uint32_t to, const void* from) {
  if (to % 16 || reinterpret_cast<uintptr_t>(from) % 16) block::broken("cp.async is not aligned");
  block::Thread& t = *block::current;
  block::CopyGroup& open = t.groups[t.committed];
  if (open.count == block::MAX_COPIES) block::broken("too many copies in a group");
  open.copies[open.count++] = {to, from};
  if (!block::copies_late) block::copy({to, from});
}
inline void cp_async_commit() {
  block::Thread& t = *block::current;
  if (++t.committed == block::MAX_GROUPS) block::broken("too many groups of copies");
  t.groups[t.committed].count = 0;
}
template <int pending> inline void cp_async_wait() {
  block::Thread& t = *block::current;
  t.fenced = false;
  while (t.committed > pending) {
    if (block::copies_late)
      for (int i = 0; i < t.groups[0].count; ++i) block::copy(t.groups[0].copies[i]);
    memmove(&t.groups[0], &t.groups[1], sizeof t.groups[0] * static_cast<size_t>(t.committed));
    --t.committed;
  }
}
inline void ldmatrix(uint32_t (&r)[4], uint32_t row) {
  block::Warp& w = block::my_warp();
  w.in[block::my_lane()][0] = row;
  block::with_warp("ldmatrix", [](block::Warp& warp) {
    for (int matrix = 0; matrix < 4; ++matrix) {
      uint32_t banks = 0;
      for (int i = 0; i < 8; ++i) {
        const uint32_t at = warp.in[8 * matrix + i][0];
        if (at % 16) block::broken("ldmatrix is not aligned");
        banks |= 1u << at / 16 % 8;
        for (int lane = 4 * i; lane < 4 * i + 4; ++lane)
          memcpy(&warp.out[lane][matrix], block::shared_at(at, 16) + 4 * (lane % 4), 4);
      }
      if (banks != 0xFF) block::broken("ldmatrix has a bank conflict");
    }
  });
  memcpy(r, w.out[block::my_lane()], sizeof r);
}
inline uint32_t load_shared(uint32_t from) {
  uint32_t v;
  memcpy(&v, block::shared_at(from, 4), 4);
  return v;
}
inline uint32_t load_global(const uint32_t* from) {
  if (block::is_allocated && !block::is_allocated(from, 4)) block::broken("load outside every allocation");
  return *from;
}
inline void store_words(void* to, const uint32_t* words, size_t bytes) {
  if (block::is_allocated && !block::is_allocated(to, bytes)) block::broken("store outside every allocation");
  if (reinterpret_cast<uintptr_t>(to) % bytes) block::broken("store is not aligned");
  memcpy(to, words, bytes);
}
inline void store_global(void* to, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  const uint32_t words[] = {a, b, c, d};
  store_words(to, words, 16);
}
inline void store_global(void* to, uint32_t a, uint32_t b) {
  const uint32_t words[] = {a, b};
  store_words(to, words, 8);
}
inline uint32_t from_neighbour(uint32_t v) {
  block::Warp& w = block::my_warp();
  w.in[block::my_lane()][0] = v;
  block::with_warp("shfl", [](block::Warp& warp) {
    for (int lane = 0; lane < 32; ++lane) warp.out[lane][0] = warp.in[lane ^ 1][0];
  });
  return w.out[block::my_lane()][0];
}

// ---- what every multiplication does ----------------------------------------------------------------
// Element (row, i) of a tile of bytes, i counted in elements.
template <class Type> typename Type::Value element_of(const uint8_t* row, int i) {
  typename Type::Storage stored;
  memcpy(&stored, row + i * Type::bytes, Type::bytes);
  return Type::decode(stored);
}
// One row of A (32 bytes) widened to where its values belong along K.
template <class Type, bool sparse, class Nibble>
void expand(typename Type::Value (&wide)[64], const uint8_t* row, Nibble nibble) {
  constexpr int held = 32 / Type::bytes;
  memset(wide, 0, sizeof wide);
  for (int i = 0; i < held; ++i) {
    int k = i;
    if (sparse) {
      const uint32_t n = nibble(i / 2);
      if ((n & 3u) >= (n >> 2)) block::broken("a nibble of metadata is not in ascending order");
      k = i / 2 * 4 + static_cast<int>(i % 2 ? n >> 2 : n & 3u);
    }
    wide[k] = element_of<Type>(row, i);
  }
}
template <class Type>
typename Type::Accumulator dot(const typename Type::Value* a, const typename Type::Value* b, int n) {
  typename Type::Accumulator sum = 0;
  for (int k = 0; k < n; ++k) sum = Type::multiply_add(a[k], b[k], sum);
  return sum;
}
// Metadata of one instruction: the nibble of group `g` of row `row` (0..15) among 32 lanes' registers.
// 2-byte types: the two lanes 2s and 2s+1 of quad row%8, where s is the selector; row/8 chooses the half
// word. 1-byte types: lanes row/8 and 2 + row/8 of quad row%8.
template <class Type, class Register> uint32_t nibble_in(Register lane, int selector, int row, int g) {
  if (Type::bytes == 2)
    return lane(4 * (row % 8) + 2 * selector + g / 4) >> (16 * (row / 8) + 4 * (g % 4)) & 15u;
  return lane(4 * (row % 8) + row / 8 + 2 * (g / 8)) >> (4 * (g % 8)) & 15u;
}

// ---- mma.sync ------------------------------------------------------------------------------------
// Fragments, for tiles of bytes: A 16 x 32, byte (row, i) in lane 4*(row%8) + i%16/4, register row/8 +
// 2*(i/16); B 8 columns, byte (column, i) in lane 4*column + i%16/4, register i/16; D (row, column) in lane
// 4*(row%8) + column/2, register 2*(row/8) + column%2.
template <class Type, bool sparse, int selector> void multiply_fragments(block::Warp& w) {
  using Accumulator = typename Type::Accumulator;
  constexpr int depth = (sparse ? 64 : 32) / Type::bytes;
  typename Type::Value b[8][64];
  for (int column = 0; column < 8; ++column) {
    uint8_t bytes[64];
    for (int i = 0; i < depth * Type::bytes; ++i)
      bytes[i] = static_cast<uint8_t>(w.in[4 * column + i % 16 / 4][4 + i / 16] >> 8 * (i % 4));
    for (int k = 0; k < depth; ++k) b[column][k] = element_of<Type>(bytes, k);
  }
  for (int row = 0; row < 16; ++row) {
    uint8_t bytes[32];
    for (int i = 0; i < 32; ++i)
      bytes[i] =
          static_cast<uint8_t>(w.in[4 * (row % 8) + i % 16 / 4][row / 8 + 2 * (i / 16)] >> 8 * (i % 4));
    typename Type::Value a[64];
    expand<Type, sparse>(a, bytes, [&](int g) {
      return nibble_in<Type>([&](int lane) { return w.in[lane][8]; }, selector, row, g);
    });
    for (int column = 0; column < 8; ++column) {
      const Accumulator sum = dot<Type>(a, b[column], depth);
      memcpy(&w.out[4 * (row % 8) + column / 2][2 * (row / 8) + column % 2], &sum, 4);
    }
  }
}
template <class Accumulator, int registers_b>
void mma(const char* name, void (*work)(block::Warp&), Accumulator (&d)[4], const uint32_t (&a)[4],
         const uint32_t (&b)[registers_b], uint32_t metadata) {
  block::Warp& w = block::my_warp();
  uint32_t* in = w.in[block::my_lane()];
  memcpy(in, a, sizeof a);
  memcpy(in + 4, b, sizeof b);
  in[8] = metadata;
  block::with_warp(name, work);
  for (int q = 0; q < 4; ++q) {
    Accumulator sum;
    memcpy(&sum, &w.out[block::my_lane()][q], 4);
    d[q] += sum;
  }
}
template <class Type> struct Mma {
  using Accumulator = typename Type::Accumulator;
  template <int selector>
  static void sparse(Accumulator (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[4], uint32_t e) {
    static_assert(Type::bytes == 2 ? selector < 2 : selector == 0, "selector");
    mma(selector ? "mma.sp selector 1" : "mma.sp selector 0", multiply_fragments<Type, true, selector>, d, a,
        b, e);
  }
  static void dense(Accumulator (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    mma("mma", multiply_fragments<Type, false, 0>, d, a, b, 0);
  }
};

// ---- wgmma ---------------------------------------------------------------------------------------
inline void fence_proxy_async() { block::current->fenced = true; }
inline void wgmma_fence() {}
inline void keep(uint32_t) {}
template <class Accumulator> inline void renew(Accumulator (&)[128]) {}

// `bytes` of row `row` of a K-major operand: rows of 128 (64) bytes, groups of eight rows a stride apart,
// and address bits 4.. XORed with bits 7.. .
inline void read_operand(uint8_t* to, uint64_t descriptor, int row, int bytes) {
  const uint32_t start = static_cast<uint32_t>(descriptor & 0x3FFF) << 4;
  const uint32_t stride = static_cast<uint32_t>(descriptor >> 32 & 0x3FFF) << 4;
  const int mode = static_cast<int>(descriptor >> 62);
  if (mode != 1 && mode != 2) block::broken("wgmma: only 128- and 64-byte swizzles are emulated");
  const uint32_t mask = mode == 1 ? 7 : 3, width = mode == 1 ? 128 : 64;
  for (int i = 0; i < bytes; i += 16) {
    uint32_t at = start + static_cast<uint32_t>(row / 8) * stride + static_cast<uint32_t>(row % 8) * width +
                  static_cast<uint32_t>(i);
    at ^= (at >> 7 & mask) << 4;
    memcpy(to + i, block::shared_at(at, 16), 16);
  }
}
template <class Type, bool sparse> void multiply_operands(const block::Product& p) {
  using Accumulator = typename Type::Accumulator;
  constexpr int depth = (sparse ? 64 : 32) / Type::bytes;
  static typename Type::Value a[16][64];
  for (int row = 0; row < 16; ++row) {
    uint8_t bytes[32];
    read_operand(bytes, p.a, p.warp % 4 * 16 + row, 32);
    expand<Type, sparse>(a[row], bytes, [&](int g) {
      return nibble_in<Type>([&](int lane) { return *p.metadata[lane]; }, p.selector, row, g);
    });
  }
  for (int column = 0; column < 256; ++column) {
    uint8_t bytes[64];
    typename Type::Value b[64];
    read_operand(bytes, p.b, column, depth * Type::bytes);
    for (int k = 0; k < depth; ++k) b[k] = element_of<Type>(bytes, k);
    for (int row = 0; row < 16; ++row) {  // D: the fragment of m16n8, repeated every eight columns
      auto* d = static_cast<Accumulator*>(p.d[4 * (row % 8) + column % 8 / 2]);
      d[column / 8 * 4 + row / 8 * 2 + column % 2] += dot<Type>(a[row], b, depth);
    }
  }
}
inline void execute(const block::ProductGroup& group) {
  for (int i = 0; i < group.count; ++i) group.products[i].execute(group.products[i]);
}
inline void issue(void (*work)(const block::Product&), int selector, void* d, uint64_t a, uint64_t b,
                  const uint32_t& metadata) {
  if (!block::current->fenced) block::broken("wgmma reads shared memory without fence.proxy.async");
  block::Warp& w = block::my_warp();
  const unsigned lane = block::my_lane();
  static block::Product next[block::MAX_THREADS / block::LANES];
  block::Product& product = next[block::current->index / block::LANES];
  if (w.arrived && (product.a != a || product.b != b))
    block::broken("wgmma: descriptors differ between lanes");
  product.execute = work;
  product.a = a;
  product.b = b;
  product.selector = selector;
  product.warp = static_cast<int>(block::current->index / block::LANES);
  product.metadata[lane] = &metadata;
  product.d[lane] = d;
  block::with_warp("wgmma", [](block::Warp& warp) {
    const block::Product& p = next[&warp - block::warps];
    block::ProductGroup& open = warp.groups[warp.committed];
    if (open.count == block::MAX_PRODUCTS) block::broken("too many wgmma in a group");
    open.products[open.count++] = p;
    if (!block::products_late) p.execute(p);
  });
}
inline void wgmma_commit() {
  block::with_warp("wgmma.commit_group", [](block::Warp& w) {
    if (++w.committed == 4) block::broken("too many groups of wgmma");
    w.groups[w.committed].count = 0;
  });
}
template <int pending> inline void wgmma_wait() {
  block::with_warp("wgmma.wait_group", [](block::Warp& w) {
    while (w.committed > pending) {
      if (block::products_late) execute(w.groups[0]);
      memmove(&w.groups[0], &w.groups[1], sizeof w.groups[0] * static_cast<size_t>(w.committed));
      --w.committed;
    }
  });
}
template <class Type> struct Wgmma {
  using Accumulator = typename Type::Accumulator;
  template <int selector>
  static void sparse(Accumulator (&d)[128], uint64_t a, uint64_t b, const uint32_t& e) {
    static_assert(Type::bytes == 2 ? selector < 2 : selector == 0, "selector");
    issue(multiply_operands<Type, true>, selector, d, a, b, e);
  }
  static void dense(Accumulator (&d)[128], uint64_t a, uint64_t b) {
    static const uint32_t none = 0;
    issue(multiply_operands<Type, false>, 0, d, a, b, none);
  }
};

#include "tcgen05.h"

// ---- arithmetic ----------------------------------------------------------------------------------
inline uint32_t bits_of(int v) { return static_cast<uint32_t>(v); }
inline float float_of(uint32_t v) {
  float f;
  memcpy(&f, &v, 4);
  return f;
}
inline uint32_t bits_of(float v) {
  uint32_t u;
  memcpy(&u, &v, 4);
  return u;
}
inline uint32_t rounded(float v, int mantissa_bits) {  // a normal number, to nearest, ties to even
  const int drop = 23 - mantissa_bits;
  const uint32_t u = bits_of(v);
  return (u + ((1u << (drop - 1)) - 1u) + (u >> drop & 1u)) >> drop;
}
template <class Type> uint32_t half_of(float v) {
  if (v == 0) return 0;
  if (Type::bias == Bf16::bias) return rounded(v, 7);
  const uint32_t r = rounded(v, 10);  // sign, eight bits of exponent, ten of mantissa
  return (r >> 18) << 15 | ((r & 0x3FFFF) - ((127 - 15) << 10));
}
template <class Type> inline uint32_t round_pair(float low, float high) {
  return half_of<Type>(low) | half_of<Type>(high) << 16;
}
inline int dot_of_bytes(uint32_t a, uint32_t b, int c) {
  for (int i = 0; i < 32; i += 8) c += static_cast<int8_t>(a >> i) * static_cast<int8_t>(b >> i);
  return c;
}
inline void atomic_add(uint64_t* to, uint64_t v) { *to += v; }
inline void atomic_min(uint64_t* to, uint64_t v) { *to = v < *to ? v : *to; }
inline void atomic_max(uint64_t* to, uint64_t v) { *to = v > *to ? v : *to; }
