#include "element.h"

namespace {
template <class Type> uint32_t value(uint32_t seed, uint64_t index, Data data) {
  return Type::value(seed, index, data);
}
template <class Type> int decode(uint32_t stored) {
  return static_cast<int>(Type::decode(static_cast<typename Type::Storage>(stored)));
}
template <class Type> constexpr Element element(const char* name, const char* accumulator) {
  return {name,        accumulator,  Type::bytes, Type::bytes == 1 && accumulator[0] == 's',
          value<Type>, Type::encode, decode<Type>};
}
}  // namespace

const Element elements[4] = {element<Int8>("int8", "s32"), element<Fp16>("fp16", "f32"),
                             element<Bf16>("bf16", "f32"), element<Fp8>("fp8", "f32")};
