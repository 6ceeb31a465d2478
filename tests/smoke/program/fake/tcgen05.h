// What the instructions of tcgen05 do, in C++; see instructions.h. Descriptors and layouts are decoded here,
// from the PTX manual, and encoded in the kernels.
#pragma once
#include "tensor.h"

#define HAS_TCGEN05 TCGEN05
#define HAS_TCGEN05_FP4 TCGEN05

template <uint32_t columns> inline void tensor_allocate(uint32_t address_to) {
  tensor::allocate(columns, address_to);
}
template <uint32_t columns> inline void tensor_release(uint32_t address) {
  tensor::release(address, columns);
}
// Collective instructions: every lane of the warp must come to the same one.
inline void together(const char* instruction) {
  block::with_warp(instruction, [](block::Warp&) {});
}
inline void sync_warp() { together("bar.warp.sync"); }
template <size_t count> inline void tensor_store(uint32_t to, const uint32_t (&words)[count]) {
  together("tcgen05.st");
  tensor::store(to, words, count);
}
inline void tensor_wait_stores() { tensor::wait_stores(); }
inline void tensor_load(uint32_t (&r)[32], uint32_t from) {
  together("tcgen05.ld");
  tensor::load(r, from, 32);
}
inline void tensor_wait_loads(uint32_t (&)[32]) { tensor::wait_loads(); }
inline void tensor_fence_before() { tensor::fence_before(); }
inline void tensor_fence_after() { tensor::fence_after(); }
inline void mbarrier_init(uint32_t at) { tensor::barrier_init(at); }
inline void fence_mbarrier_init() { tensor::barrier_fence(); }
inline void mbarrier_wait(uint32_t at, int parity) { tensor::barrier_wait(at, parity); }
inline void tensor_commit(uint32_t at) { tensor::issue({nullptr, 0, 0, 0, 0, 0, at, 0, false}); }
inline bool elect_one() { return block::my_lane() == 0; }

// `bytes` of row `row` of a K-major operand. Bits 46..48 are 0b001; swizzle 2 is 128 bytes, 4 is 64 bytes.
inline void read_tcgen05_operand(uint8_t* to, uint64_t descriptor, int row, int bytes) {
  const uint32_t start = static_cast<uint32_t>(descriptor & 0x3FFF) << 4;
  const uint32_t stride = static_cast<uint32_t>(descriptor >> 32 & 0x3FFF) << 4;
  const int mode = static_cast<int>(descriptor >> 61);
  if ((descriptor >> 46 & 7) != 1) block::broken("tcgen05: the constant bits of an operand's descriptor");
  if (descriptor >> 49 & 0xFFF) block::broken("tcgen05: base offset and absolute offsets are not emulated");
  if (mode != 2 && mode != 4) block::broken("tcgen05: only 128- and 64-byte swizzles are emulated");
  const uint32_t mask = mode == 2 ? 7 : 3, width = mode == 2 ? 128 : 64;
  if (start % (8 * width) / width) block::broken("tcgen05: an operand must start at a row of eight");
  for (int i = 0; i < bytes; i += 16) {
    uint32_t at = start + static_cast<uint32_t>(row / 8) * stride + static_cast<uint32_t>(row % 8) * width +
                  static_cast<uint32_t>(i);
    at ^= (at >> 7 & mask) << 4;
    memcpy(to + i, block::shared_at(at, 16), 16);
  }
}
// The metadata of group `g` of row `row`: .kind::f16 takes the column that the selector says of a pair, lane
// row%8
// + 8 * (g/4) of each 16 rows, half word row%16/8; the others take both columns of the row's own lane.
template <class Type> uint32_t nibble_in_tensor_memory(uint32_t at, int selector, int row, int g) {
  const auto word = [&](int lane, int column) {
    return tensor::word(at + (static_cast<uint32_t>(lane) << 16) + static_cast<uint32_t>(column));
  };
  if (Type::bytes == 2)
    return word(row / 16 * 16 + g / 4 * 8 + row % 8, selector) >> (row % 16 / 8 * 16 + g % 4 * 4) & 15u;
  return word(row, g / 8) >> (g % 8 * 4) & 15u;
}
// Types in the instruction descriptor: of A and B f16 0, bf16 1, e4m3 0, s8 1; of D f32 1, s32 2.
template <class Type> constexpr uint32_t number_of = 0;
template <class Type> constexpr uint32_t number_of_d = 1;
template <> constexpr uint32_t number_of<Bf16> = 1;
template <> constexpr uint32_t number_of<Int8> = 1;
template <> constexpr uint32_t number_of<Fp4Pair> = 1;
template <> constexpr uint32_t number_of_d<Int8> = 2;
// Checks the instruction descriptor and returns its sparsity selector.
template <class Type> int selector_of(uint32_t instruction, bool sparse) {
  const auto field = [&](int low, int bits) { return instruction >> low & ((1u << bits) - 1); };
  if (field(2, 1) != sparse || field(4, 2) != number_of_d<Type> || field(7, 3) != number_of<Type> ||
      field(10, 3) != number_of<Type>)
    block::broken("tcgen05: the instruction descriptor names other types, or the other form");
  if (field(3, 1) || field(6, 1) || field(13, 4) || field(23, 1) || field(29, 3))
    block::broken("tcgen05: the instruction descriptor asks for what is not emulated");
  if (field(24, 5) * 16 != 128 || field(17, 6) % 2 || field(17, 6) == 0 || field(17, 6) > 32)
    block::broken("tcgen05: M must be 128, N a multiple of 16 up to 256");
  const int selector = static_cast<int>(field(0, 2));
  if (selector > (sparse && Type::bytes == 2 ? 1 : 0)) block::broken("tcgen05: sparsity selector");
  return selector;
}
// .kind::mxf4: bit 2 sparse, 7..9 and 10..11 e2m1 is 1, 17..22 N / 8, 23 ue8m0, 27..28 M / 128, all else 0.
template <> inline int selector_of<Fp4Pair>(uint32_t instruction, bool sparse) {
  const uint32_t n = instruction >> 17 & 63;
  if (n == 0 || n % 2 || n > 32) block::broken("tcgen05: N must be a multiple of 16 up to 256");
  if (instruction !=
      (static_cast<uint32_t>(sparse) << 2 | 1u << 7 | 1u << 10 | n << 17 | 1u << 23 | 1u << 27))
    block::broken("tcgen05: the instruction descriptor of .kind::mxf4");
  return 0;
}
// Scale factors of other than 1 are not emulated: four columns of A, eight of B.
inline void must_be_ones(uint32_t scales) {
  for (uint32_t lane = 0; lane < tensor::LANES; ++lane)
    for (uint32_t column = 0; column < 8; ++column)
      if (tensor::word((lane << 16) + scales + column) != SCALES_OF_ONE)
        block::broken("tcgen05: a scale factor is not 1");
}
template <class Type, bool sparse> void multiply_in_tensor_memory(const tensor::Product& p) {
  using Accumulator = typename Type::Accumulator;
  constexpr int depth = (sparse ? 64 : 32) / Type::bytes;
  if (sizeof(typename Type::Value) > sizeof(Accumulator)) must_be_ones(p.scales);
  const int selector = selector_of<Type>(p.instruction, sparse),
            columns = static_cast<int>(p.instruction >> 17 & 63) * 8;
  static typename Type::Value a[tensor::LANES][64];
  for (int row = 0; row < tensor::LANES; ++row) {
    uint8_t bytes[32];
    read_tcgen05_operand(bytes, p.a, row, 32);
    expand<Type, sparse>(a[row], bytes,
                         [&](int g) { return nibble_in_tensor_memory<Type>(p.metadata, selector, row, g); });
  }
  for (int column = 0; column < columns; ++column) {
    uint8_t bytes[64];
    typename Type::Value b[64];
    read_tcgen05_operand(bytes, p.b, column, depth * Type::bytes);
    for (int k = 0; k < depth; ++k) b[k] = element_of<Type>(bytes, k);
    for (int row = 0; row < tensor::LANES; ++row) {
      uint32_t& d = tensor::word(p.d + (static_cast<uint32_t>(row) << 16) + static_cast<uint32_t>(column));
      Accumulator sum = 0;
      if (p.accumulate) memcpy(&sum, &d, 4);
      sum += dot<Type>(a[row], b, depth);
      memcpy(&d, &sum, 4);
    }
  }
}
template <class Type> struct Tcgen05 {
  static constexpr uint32_t type = number_of<Type>, type_of_d = number_of_d<Type>;
  static void sparse(uint32_t d, uint64_t a, uint64_t b, uint32_t metadata, uint32_t instruction,
                     bool accumulate, uint32_t scales) {
    if (metadata % 2) block::broken("tcgen05: metadata must start at an even column");
    tensor::issue(
        {multiply_in_tensor_memory<Type, true>, a, b, d, metadata, instruction, 0, scales, accumulate});
  }
  static void dense(uint32_t d, uint64_t a, uint64_t b, uint32_t instruction, bool accumulate,
                    uint32_t scales) {
    tensor::issue({multiply_in_tensor_memory<Type, false>, a, b, d, 0, instruction, 0, scales, accumulate});
  }
};
