#include "layout_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../arguments.h"
#include "../format.h"
#include "document.h"
#include "kernels.h"

// How it works. B[k][n] = 1 + k % 4. All kept values of A are 0 but those of one group, 1 and 6. Then
// D[row][0] = (1 + first) + 6 * (1 + second): what the hardware took from that row's nibble of metadata.
// With random metadata in all 32 lanes, only nibbles that equal what it took can be where it looked. Twenty
// settings leave one of the 256 nibbles, for every row and group.
namespace {

constexpr int SETTINGS = 20, ROWS = 16, NIBBLES = 256, FIRST_WEIGHT = 1, SECOND_WEIGHT = 6;
constexpr uint32_t VALID[] = {0b0100, 0b1000, 0b1100, 0b1001, 0b1101, 0b1110};

struct Registers {  // of one warp
  uint32_t lane[32][4];
};
struct Results {  // [lane][selector][register]
  uint32_t lane[32][2][4];
};

int number(const Element& e, uint32_t bits) {
  if (e.integer) return static_cast<int32_t>(bits);
  float f;
  memcpy(&f, &bits, sizeof f);
  return f >= -1e6f && f <= 1e6f ? static_cast<int>(f) : -1;
}

// The fragments of A and B (PTX ISA, mma.m16n8k16 and on): byte `at` of a row is in lane 4 * (row % 8) +
// at % 16 / 4, byte at % 4 of register at / 16, for A register row / 8 + 2 * (at / 16).
void put_a(Registers& r, const Element& e, int row, int ordinal, int n) {
  const int at = ordinal * e.bytes;
  r.lane[4 * (row % 8) + at % 16 / 4][row / 8 + 2 * (at / 16)] |= e.encode(n) << 8 * (at % 4);
}
void put_b(Registers& r, const Element& e, int k, int column, int n) {
  const int at = k * e.bytes;
  r.lane[4 * column + at % 16 / 4][at / 16] |= e.encode(n) << 8 * (at % 4);
}

}  // namespace

bool probe_layout(const Element& e) {
  const cuda::Function probe = find_kernel("probe", e, nullptr);
  if (!probe) {
    json::null("metadata_layout");
    return true;
  }
  enter_phase("layout probe");
  const int groups = e.bytes == 1 ? 16 : 8, selectors = e.bytes, runs = SETTINGS * groups;
  const size_t all = static_cast<size_t>(runs) * sizeof(Registers);
  auto* a = static_cast<Registers*>(calloc(static_cast<size_t>(runs), sizeof(Registers)));
  auto* b = static_cast<Registers*>(calloc(static_cast<size_t>(runs), sizeof(Registers)));
  auto* d = static_cast<Results*>(calloc(static_cast<size_t>(runs), sizeof(Results)));
  auto* metadata = static_cast<uint32_t (*)[32]>(calloc(static_cast<size_t>(runs), sizeof(uint32_t[32])));
  if (!a || !b || !d || !metadata) abort();
  for (int run = 0; run < runs; ++run) {
    const int setting = run / groups, group = run % groups;
    for (int n = 0; n < NIBBLES; ++n)
      metadata[run][n / 8] |= VALID[mix(static_cast<uint32_t>(setting), static_cast<uint64_t>(n)) % 6]
                              << 4 * (n % 8);
    for (int row = 0; row < ROWS; ++row) {
      put_a(a[run], e, row, 2 * group, FIRST_WEIGHT);
      put_a(a[run], e, row, 2 * group + 1, SECOND_WEIGHT);
    }
    for (int column = 0; column < 8; ++column)
      for (int k = 0; k < 4 * groups; ++k) put_b(b[run], e, k, column, 1 + k % 4);
  }
  const Buffer on_a(all), on_b(all), on_metadata(static_cast<size_t>(runs) * 128), on_d(2 * all);
  on_a.write(a, 0, all);
  on_b.write(b, 0, all);
  on_metadata.write(metadata, 0, on_metadata.bytes);
  ProbeArguments p = {on_a.address, on_b.address, on_metadata.address, on_d.address};
  launch(probe, static_cast<uint64_t>(runs), 32, 0, &p);
  on_d.read(d, 0, on_d.bytes);

  int wrong = 0;
  char seen[160] = "";
  for (int selector = 0; selector < selectors; ++selector)
    for (int row = 0; row < ROWS; ++row)
      for (int group = 0; group < groups; ++group) {
        bool possible[NIBBLES];
        memset(possible, true, sizeof possible);
        for (int setting = 0; setting < SETTINGS; ++setting) {
          const int run = setting * groups + group;
          // D[row][0]: see store.h
          const int got = number(e, d[run].lane[4 * (row % 8)][selector][2 * (row / 8)]);
          const int second = got / SECOND_WEIGHT - 1, first = got % SECOND_WEIGHT - 1;
          const bool sane = got > 0 && first >= 0 && first < 4 && second >= 0 && second < 4;
          for (int n = 0; n < NIBBLES; ++n)
            possible[n] = possible[n] && sane &&
                          (metadata[run][n / 8] >> 4 * (n % 8) & 15u) == nibble_of(first, second);
        }
        int found = -1, candidates = 0;
        for (int n = 0; n < NIBBLES; ++n)
          if (possible[n]) found = n, ++candidates;
        const Slot slot = slot_of(e.bytes, CHUNK_K, {row, group + 8 * selector});
        const int expected = static_cast<int>(slot.word) * 8 + slot.bit / 4;
        if (candidates == 1 && found == expected) continue;
        if (wrong++ == 0)
          snprintf(seen, sizeof seen,
                   "selector %d, row %d, group %d: documented in lane %d nibble %d, found in %d places, the "
                   "last lane %d nibble %d",
                   selector, row, group, expected / 8, expected % 8, candidates, found / 8, found % 8);
      }
  json::text("metadata_layout", wrong ? "mismatch" : "match");
  if (wrong) json::text("metadata_seen", seen);
  free(a);
  free(b);
  free(d);
  free(metadata);
  return wrong == 0;
}
