// The shape of the timed multiplication. Pure arithmetic.
#pragma once
#include "../integers.h"
#include "options.h"

inline uint64_t bytes_of(int element_bytes, Shape s) {
  const uint64_t m = static_cast<uint64_t>(s.m), n = static_cast<uint64_t>(s.n),
                 k = static_cast<uint64_t>(s.k);
  const uint64_t elements = 2 * m * k + m * k / 2 + n * k;  // A, A pruned, A kept, B
  return elements * static_cast<uint64_t>(element_bytes) + m * k / 8 + m * n * 4;
}

inline double ratio_from_square(Shape s) {
  return s.m > s.n ? static_cast<double>(s.m) / s.n : static_cast<double>(s.n) / s.m;
}

// Whole waves: as many tiles as the GPU runs at once, so that no multiprocessor idles at the end. K is long,
// so that the start and end of a tile do not count; then the nearest to a square of up to four waves, where
// a wave less is worth a side ratio 1.6 times nearer to 1. `budget`: bytes of device memory.
inline Shape choose_shape(int element_bytes, int tile_m, int tile_n, int tiles_at_once, uint64_t budget) {
  Shape best = {tile_m, tile_n, 512};
  for (int k = 8192; k >= 512; k /= 2) {
    double best_cost = 0;
    for (int waves = 4; waves >= 1; --waves) {
      double handicap = 1;
      for (int i = waves; i < 4; ++i) handicap *= 1.6;
      const int tiles = tiles_at_once * waves;
      for (int rows = 1; rows <= tiles; ++rows) {
        if (tiles % rows) continue;
        const Shape s = {rows * tile_m, tiles / rows * tile_n, k};
        if (bytes_of(element_bytes, s) > budget) continue;
        const double cost = ratio_from_square(s) * handicap;
        if (best_cost > 0 && cost >= best_cost) continue;
        best_cost = cost;
        best = s;
      }
    }
    if (best_cost > 0) break;
  }
  return best;
}
