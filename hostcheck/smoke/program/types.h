// The element types: how many bytes, which accumulator, and the test data.
//
// Any element of an operand can be computed anywhere from its seed and index, so the CPU oracle needs
// nothing from the GPU. Two kinds of data:
//   exact  small integers. Every partial sum is an integer that the accumulator holds exactly, so the
//          order of additions cannot matter and results are compared bit for bit.
//   wide   full mantissas and four exponents. Data that toggle few bits draw less power and run faster
//          than real ones: only these are timed.
#pragma once
#include "integers.h"

enum class Data : uint32_t { exact = 0, wide = 1 };

// A 32-bit mix of seed and index (the finaliser of public integer hashes; any good mix would do).
inline uint32_t mix(uint32_t seed, uint64_t index) {
  uint32_t x = static_cast<uint32_t>(index) * 0x9E3779B1u ^ seed * 0x85EBCA77u ^
               static_cast<uint32_t>(index >> 32) * 0xC2B2AE3Du;
  x = (x ^ (x >> 16)) * 0x7FEB352Du;
  x = (x ^ (x >> 15)) * 0x846CA68Bu;
  return x ^ (x >> 16);
}

struct Int8 {
  static constexpr int bytes = 1;
  using Storage = uint8_t;
  using Value = int32_t;
  using Accumulator = int32_t;  // never wraps: 127 * 127 * K/2 < 2^31 for K < 266,000

  static Storage value(uint32_t seed, uint64_t index, Data) {
    return static_cast<Storage>(static_cast<int>(mix(seed, index) % 255u) - 127);
  }
  static uint32_t magnitude(Storage v) {
    const int n = static_cast<int8_t>(v);
    return static_cast<uint32_t>(n < 0 ? -n : n);
  }
  static uint32_t encode(int n) { return static_cast<Storage>(n); }
  static Value decode(Storage v) { return static_cast<int8_t>(v); }
  static Accumulator multiply_add(Value a, Value b, Accumulator c) { return a * b + c; }
};

// A binary float of 1 + exponent_bits + mantissa_bits. The test data hold zeros and normal numbers only.
template <int exponent_bits, int mantissa_bits, int largest> struct Float {
  static constexpr int bytes = (1 + exponent_bits + mantissa_bits) / 8;
  static constexpr int bias = (1 << (exponent_bits - 1)) - 1;
  static constexpr uint32_t sign_bit = 1u << (exponent_bits + mantissa_bits);
  static constexpr uint32_t mantissa_mask = (1u << mantissa_bits) - 1u;
  using Value = float;
  using Accumulator = float;

  static Accumulator multiply_add(Value a, Value b, Accumulator c) { return a * b + c; }
  static uint32_t encode(int n) {  // a small integer, exactly
    if (n == 0) return 0;
    const uint32_t sign = n < 0 ? sign_bit : 0u, m = static_cast<uint32_t>(n < 0 ? -n : n);
    int exponent = 0;
    while ((2u << exponent) <= m) ++exponent;
    return sign | static_cast<uint32_t>(exponent + bias) << mantissa_bits |
           ((m << mantissa_bits >> exponent) & mantissa_mask);
  }
  static uint32_t bits(uint32_t seed, uint64_t index, Data data) {
    const uint32_t r = mix(seed, index);
    if (data == Data::exact) return encode(static_cast<int>(r % (2u * largest + 1u)) - largest);
    return (r & (sign_bit | mantissa_mask)) |  // +- 1.xxx times 2^-3, 2^-2, 2^-1 or 1
           (static_cast<uint32_t>(bias - 3) + ((r >> 16) & 3u)) << mantissa_bits;
  }
  static float decode(uint32_t v) {
    const uint32_t exponent = (v & (sign_bit - 1u)) >> mantissa_bits;
    if (exponent == 0) return 0.0f;
    union {
      uint32_t u;
      float f;
    } single;
    single.u = (v & sign_bit ? 0x80000000u : 0u) | (exponent + 127u - bias) << 23 |
               (v & mantissa_mask) << (23 - mantissa_bits);
    return single.f;
  }
  static uint32_t magnitude(uint32_t v) { return v & (sign_bit - 1u); }
};

// Integers to 4: partial sums stay below 2^24 for K up to 10^6, which binary32 holds exactly.
struct Fp16 : Float<5, 10, 4> {
  using Storage = uint16_t;
  static Storage value(uint32_t s, uint64_t i, Data d) { return static_cast<Storage>(bits(s, i, d)); }
};
struct Bf16 : Float<8, 7, 4> {
  using Storage = uint16_t;
  static Storage value(uint32_t s, uint64_t i, Data d) { return static_cast<Storage>(bits(s, i, d)); }
};
// e4m3. Hopper's tensor cores keep only about 14 bits of an fp8 sum (DeepSeek-V3 report, section 3.3.2),
// so the integers stop at 2: at K 8192 a sum of these data has a standard deviation near 160.
struct Fp8 : Float<4, 3, 2> {
  using Storage = uint8_t;
  static Storage value(uint32_t s, uint64_t i, Data d) { return static_cast<Storage>(bits(s, i, d)); }
};
constexpr uint32_t SCALES_OF_ONE = 0x7F7F7F7F;  // four ue8m0 scale factors: 2^(127 - 127)

// Two e2m1 numbers, the first in the low half of a byte. The block-scaled fp4 instructions keep or drop them
// together: their pattern, 4:8 in pairs, is 2:4 of such bytes with the same metadata (PTX ISA, "Sparse
// tcgen05.mma.sp with .kind::mxf4"). So the pair is the element, and K counts pairs. The integers of the test
// data are 0, 1 and 2; all scale factors are 1.
struct Fp4Pair {
  static constexpr int bytes = 1, bias = 1;
  using Storage = uint8_t;
  struct Value {
    float low, high;
  };
  using Accumulator = float;

  static Storage value(uint32_t seed, uint64_t index, Data data) {
    const uint32_t r = mix(seed, index);
    if (data == Data::wide) return static_cast<Storage>(r);
    const int low = static_cast<int>(r % 5u) - 2, high = static_cast<int>((r >> 16) % 5u) - 2;
    return static_cast<Storage>(encode(low) | encode(high) << 4);
  }
  static uint32_t encode(int n) {  // up to 4, and 6, with a 0 beside it
    const uint32_t m = static_cast<uint32_t>(n < 0 ? -n : n);
    return (n < 0 ? 8u : 0u) | (m < 2 ? 2 * m : m < 5 ? m + 2 : 7u);
  }
  static uint32_t doubled(uint32_t v) {  // the magnitude: 0, 0.5, 1, 1.5, 2, 3, 4, 6
    const uint32_t m = v & 7u;
    return m < 5 ? m : m == 5 ? 6u : m == 6 ? 8u : 12u;
  }
  static float number(uint32_t v) {
    const float magnitude = 0.5f * static_cast<float>(doubled(v));
    return v & 8u ? -magnitude : magnitude;
  }
  static uint32_t magnitude(Storage v) { return doubled(v) + doubled(v >> 4); }
  static Value decode(Storage v) { return {number(v), number(v >> 4)}; }
  static Accumulator multiply_add(Value a, Value b, Accumulator c) {
    return a.low * b.low + a.high * b.high + c;
  }
};
