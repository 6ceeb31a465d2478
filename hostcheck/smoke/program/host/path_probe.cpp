// The same question as layout_probe.cpp for kernels whose instruction reads metadata from tensor memory:
// which nibble in memory steers each group? It is asked of the multiplication itself.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../format.h"
#include "../tile.h"
#include "document.h"
#include "layout_probe.h"
#include "problem.h"

// How it works. Every pair of kept values of A is (1, 6). Column n of B is 1 + k % 4 in group n of K and 0
// elsewhere. Then D[row][n] = (1 + first) + 6 * (1 + second): what the hardware took for group n of that
// row. Metadata are random and legal; twelve settings leave one of all nibbles, for every row and group.
namespace {

constexpr int SETTINGS = 12, K = K_MULTIPLE, GROUPS = K / 4, FIRST = 1, SECOND = 6;
constexpr uint32_t VALID[] = {0b0100, 0b1000, 0b1100, 0b1001, 0b1101, 0b1110};

void* allocate(size_t bytes) {
  void* p = calloc(bytes, 1);
  if (!p) abort();
  return p;
}

void put(uint8_t* matrix, const Element& e, size_t index, int n) {
  const uint32_t bits = e.encode(n);
  memcpy(matrix + index * static_cast<size_t>(e.bytes), &bits, static_cast<size_t>(e.bytes));
}

void write_operands(const Problem& p) {
  const Element& e = p.element;
  const size_t rows = static_cast<size_t>(p.shape.m), columns = static_cast<size_t>(p.shape.n);
  auto* kept = static_cast<uint8_t*>(allocate(p.kept().bytes));
  auto* b = static_cast<uint8_t*>(allocate(p.b().bytes));
  for (size_t i = 0; i < rows * K / 2; ++i) put(kept, e, i, i % 2 ? SECOND : FIRST);
  for (size_t n = 0; n < columns && n < GROUPS; ++n)
    for (size_t i = 0; i < 4; ++i) put(b, e, n * K + 4 * n + i, 1 + static_cast<int>(i));
  p.kept().write(kept, 0, p.kept().bytes);
  p.b().write(b, 0, p.b().bytes);
  free(kept);
  free(b);
}

// The nibble that gives this element of D; 16, which no nibble equals, when none does.
uint32_t nibble_behind(const Element& e, uint32_t bits) {
  float f;
  memcpy(&f, &bits, sizeof f);
  const int got = e.integer ? static_cast<int32_t>(bits) : f >= 0 && f < 1000 ? static_cast<int>(f) : 0;
  const int second = got / SECOND - 1, first = got % SECOND - 1;
  return first >= 0 && first < 4 && second >= 0 && second < 4 ? nibble_of(first, second) : 16u;
}

}  // namespace

bool probe_path(const Element& e, const Family& family) {
  enter_phase("layout probe");
  const Problem p(e, {family.m, family.n, K}, 1);
  const Gemm sparse = gemm_of(e, family, true);
  write_operands(p);
  const size_t words = p.metadata().bytes / 4, nibbles = 8 * words,
               elements = static_cast<size_t>(family.m) * static_cast<size_t>(family.n);
  auto* metadata = static_cast<uint32_t*>(allocate(SETTINGS * p.metadata().bytes));
  auto* d = static_cast<uint32_t*>(allocate(SETTINGS * elements * 4));
  for (size_t setting = 0; setting < SETTINGS; ++setting) {
    uint32_t* mine = metadata + setting * words;
    for (size_t n = 0; n < nibbles; ++n)
      mine[n / 8] |= VALID[mix(static_cast<uint32_t>(setting) + 77, n) % 6] << 4 * (n % 8);
    p.metadata().write(mine, 0, p.metadata().bytes);
    p.poison();
    p.multiply(sparse);
    p.d().read(d + setting * elements, 0, elements * 4);
  }
  // What each nibble was in all settings, five bits a setting.
  auto* histories = static_cast<uint64_t*>(allocate(nibbles * sizeof(uint64_t)));
  for (size_t setting = 0; setting < SETTINGS; ++setting)
    for (size_t n = 0; n < nibbles; ++n)
      histories[n] = histories[n] << 5 | (metadata[setting * words + n / 8] >> 4 * (n % 8) & 15u);
  int wrong = 0;
  char seen[160] = "";
  for (int row = 0; row < family.m; ++row)
    for (int group = 0; group < GROUPS; ++group) {
      const Slot slot = slot_of(e.bytes, K, {row, group});
      const size_t expected = slot.word * 8 + static_cast<size_t>(slot.bit / 4);
      uint64_t taken = 0;
      for (size_t setting = 0; setting < SETTINGS; ++setting)
        taken = taken << 5 |
                nibble_behind(e, d[setting * elements + static_cast<size_t>(row * family.n + group)]);
      size_t found = 0;
      int candidates = 0;
      for (size_t n = 0; n < nibbles; ++n)
        if (histories[n] == taken) found = n, ++candidates;
      if (candidates == 1 && found == expected) continue;
      if (wrong++ == 0)
        snprintf(seen, sizeof seen,
                 "row %d, group %d: documented in word %zu nibble %zu, found in %d places, the last word %zu "
                 "nibble %zu",
                 row, group, expected / 8, expected % 8, candidates, found / 8, found % 8);
    }
  json::text("metadata_layout", wrong ? "mismatch" : "match");
  if (wrong) json::text("metadata_seen", seen);
  free(histories);
  free(metadata);
  free(d);
  return wrong == 0;
}
