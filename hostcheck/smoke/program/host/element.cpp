#include "element.h"

#include <stdlib.h>

namespace {
template <class Type> uint32_t value(uint32_t seed, uint64_t index, Data data) {
  return Type::value(seed, index, data);
}
template <class Type> int decode(uint32_t stored) {
  return static_cast<int>(Type::decode(static_cast<typename Type::Storage>(stored)));
}
int multiply(int a, int b) { return a * b; }
int magnitude(int a) { return abs(a); }
template <class Type> constexpr Element element(const char* name, const char* accumulator) {
  const bool integer = accumulator[0] == 's';
  return {name,
          accumulator,
          Type::bytes,
          1,
          integer,
          value<Type>,
          Type::encode,
          decode<Type>,
          multiply,
          magnitude,
          integer ? 1u : 0x80u << (8 * (Type::bytes - 1))};  // an integer's lowest bit; a float's sign
}

int low_of(int pair) { return static_cast<int8_t>(pair); }
int high_of(int pair) { return (pair - low_of(pair)) / 256; }
int decode_pair(uint32_t stored) {
  const Fp4Pair::Value v = Fp4Pair::decode(static_cast<uint8_t>(stored));
  return static_cast<int>(v.low) + 256 * static_cast<int>(v.high);
}
int multiply_pairs(int a, int b) { return low_of(a) * low_of(b) + high_of(a) * high_of(b); }
int magnitude_of_pair(int a) { return abs(low_of(a)) + abs(high_of(a)); }
}  // namespace

const Element elements[5] = {element<Int8>("int8", "s32"),
                             element<Fp16>("fp16", "f32"),
                             element<Bf16>("bf16", "f32"),
                             element<Fp8>("fp8", "f32"),
                             {"fp4", "f32", 1, 2, false, value<Fp4Pair>, Fp4Pair::encode, decode_pair,
                              multiply_pairs, magnitude_of_pair, 0x88}};
