// Kernels that make the operands: test data, then prune, compress and metadata in one pass.
#pragma once
#include <instructions.h>

#include "../arguments.h"
#include "../format.h"
#include "../types.h"

inline uint64_t global_thread() { return blockIdx.x * static_cast<uint64_t>(blockDim.x) + threadIdx.x; }

template <class Type> __forceinline__ void fill(const FillArguments& p) {
  auto* to = reinterpret_cast<typename Type::Storage*>(p.destination);
  const uint64_t all = gridDim.x * static_cast<uint64_t>(blockDim.x);
  for (uint64_t i = global_thread(); i < p.count; i += all)
    to[i] = Type::value(p.seed, i, static_cast<Data>(p.data));
}

// One thread makes one word of metadata, which is eight groups: 32 elements in, 16 kept.
template <class Type> __forceinline__ void prune(const PruneArguments& p) {
  using Storage = typename Type::Storage;
  const uint64_t word = global_thread();
  if (word >= static_cast<uint64_t>(p.m) * static_cast<uint32_t>(p.k) / 32u) return;
  uint32_t metadata = 0;
  for (int n = 0; n < 8; ++n) {
    const Group at = group_at(Type::bytes, p.k, word, n);
    const uint64_t element =
        static_cast<uint64_t>(at.row) * static_cast<uint32_t>(p.k) + 4u * static_cast<uint32_t>(at.index);
    const auto* dense = reinterpret_cast<const Storage*>(p.dense) + element;
    auto* pruned = reinterpret_cast<Storage*>(p.pruned) + element;
    auto* kept = reinterpret_cast<Storage*>(p.kept) + element / 2;
    uint32_t magnitude[4];
    for (int i = 0; i < 4; ++i) magnitude[i] = Type::magnitude(dense[i]);
    const uint32_t nibble = keep_two_largest(magnitude);
    const int first = first_of(nibble), second = second_of(nibble);
    for (int i = 0; i < 4; ++i) pruned[i] = i == first || i == second ? dense[i] : static_cast<Storage>(0);
    kept[0] = dense[first];
    kept[1] = dense[second];
    metadata |= nibble << (4 * n);
  }
  reinterpret_cast<uint32_t*>(p.metadata)[word] = metadata;
}
