#include "reference.h"

#include <stdlib.h>
#include <string.h>

namespace {

constexpr int SAMPLES = 16;

int value_at(const Problem& p, uint32_t seed, int row, int k) {
  const uint64_t index =
      static_cast<uint64_t>(row) * static_cast<uint32_t>(p.shape.k) + static_cast<uint32_t>(k);
  return p.element.decode(p.element.value(seed, index, Data::exact));
}

// An element is kept when fewer than two of its group beat it: by magnitude, then by coming earlier.
bool kept(const int (&magnitude)[4], int i) {
  int better = 0;
  for (int j = 0; j < 4; ++j)
    better += magnitude[j] > magnitude[i] || (magnitude[j] == magnitude[i] && j < i);
  return better < 2;
}

// All partial sums fit: |a * b| <= 127 * 127, at most K/2 of them, K < 266,000.
int dot(const Element& e, const int16_t* a, const int16_t* b, int n) {
  int sum = 0;
  if (e.numbers == 1)
    for (int i = 0; i < n; ++i) sum += a[i] * b[i];
  else
    for (int i = 0; i < n; ++i) sum += e.multiply(a[i], b[i]);
  return sum;
}

bool equals(const Element& e, uint32_t stored, int wanted) {
  if (e.integer) return static_cast<int32_t>(stored) == wanted;
  float seen;
  memcpy(&seen, &stored, sizeof seen);
  return seen == static_cast<float>(wanted);
}

void* allocate(size_t bytes) {
  void* p = malloc(bytes);
  if (!p) abort();
  return p;
}

// The i-th of `count` places below `end`: all of them in order, or drawn by hash.
int place(int i, int count, int end, uint32_t seed) {
  return count == end ? i
                      : static_cast<int>(mix(seed, static_cast<uint64_t>(i)) % static_cast<uint32_t>(end));
}

Count compare(const Problem& p, int rows, int columns) {
  const int k = p.shape.k;
  const size_t width = static_cast<size_t>(k);
  auto* b = static_cast<int16_t*>(allocate(static_cast<size_t>(columns) * width * sizeof(int16_t)));
  auto* a = static_cast<int16_t*>(allocate(width * sizeof(int16_t)));
  auto* d = static_cast<uint32_t*>(allocate(static_cast<size_t>(p.shape.n) * 4));
  for (int j = 0; j < columns; ++j)
    for (int i = 0; i < k; ++i)
      b[static_cast<size_t>(j) * width + static_cast<size_t>(i)] =
          static_cast<int16_t>(value_of_b(p, place(j, columns, p.shape.n, 1), i));
  Count count = {0, 0};
  for (int i = 0; i < rows; ++i) {
    const int row = place(i, rows, p.shape.m, 2);
    pruned_row_of_a(p, row, a);
    p.d().read(d, static_cast<size_t>(row) * static_cast<size_t>(p.shape.n) * 4,
               static_cast<size_t>(p.shape.n) * 4);
    for (int j = 0; j < columns; ++j) {
      const int wanted = dot(p.element, a, b + static_cast<size_t>(j) * width, k);
      count.wrong += !equals(p.element, d[place(j, columns, p.shape.n, 1)], wanted);
      ++count.elements;
    }
  }
  free(b);
  free(a);
  free(d);
  return count;
}

}  // namespace

int value_of_b(const Problem& p, int n, int k) { return value_at(p, p.seed_b, n, k); }

void pruned_row_of_a(const Problem& p, int row, int16_t* out) {
  for (int k = 0; k < p.shape.k; k += 4) {
    int group[4], magnitude[4];
    for (int i = 0; i < 4; ++i) {
      group[i] = value_at(p, p.seed_a, row, k + i);
      magnitude[i] = p.element.magnitude(group[i]);
    }
    for (int i = 0; i < 4; ++i) out[k + i] = static_cast<int16_t>(kept(magnitude, i) ? group[i] : 0);
  }
}

Count compare_all(const Problem& p) { return compare(p, p.shape.m, p.shape.n); }
Count compare_samples(const Problem& p) { return compare(p, SAMPLES, SAMPLES); }
