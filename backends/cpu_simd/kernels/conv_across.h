// SPDX-License-Identifier: BSD-3-Clause
// Products of weights with what output positions see, whose vectors lie across output channels: an element of x, wherever it lies, meets some
// vectors of weights side by side. So nothing is packed but weights, and no lane is lost at the ends of lines. Included by conv.c alone.
#ifndef CPU_SIMD_CONV_ACROSS_H
#define CPU_SIMD_CONV_ACROSS_H

// A tile of P positions by v vectors of channels keeps its sums in registers beside v weights and one element; with each v, P that fits.
#if V_ISA == V_IS_avx512 || V_ISA == V_IS_neon
#define ACROSS_TILES {8, 8, 8}
#elif V_ISA == V_IS_avx2
#define ACROSS_TILES {8, 6, 4}
#else
#define ACROSS_TILES {6, 4, 3}
#endif
#define ACROSS_POSITIONS 8

typedef void (*across_tile)(const simd_conv_spots *spots, const int64_t *position, num *sums);

V_INLINE void run_across(const simd_conv_spots *spots, const int64_t *position, num *sums, const int positions, const int vecs) {
  const num *at[ACROSS_POSITIONS], *w = spots->weights;
  const int64_t *offset = spots->offset;
  vec sum[ACROSS_POSITIONS][SIMD_CONV_ACROSS];
  V_UNROLL for (int p = 0; p < positions; p++) at[p] = (const num *)spots->x + position[p];
  if (spots->start) {
    V_UNROLL for (int v = 0; v < vecs; v++) sum[0][v] = take((const num *)spots->start + v * V_LANES);
    V_UNROLL for (int p = 1; p < positions; p++) V_UNROLL for (int v = 0; v < vecs; v++) sum[p][v] = sum[0][v];
  } else {
    V_UNROLL for (int p = 0; p < positions; p++) V_UNROLL for (int v = 0; v < vecs; v++) sum[p][v] = take(sums + (p * vecs + v) * V_LANES);
  }
  const int64_t *const end = offset + spots->depth;
  do { // at least once
    const int64_t seen = *offset++;
    vec weight[SIMD_CONV_ACROSS];
    V_UNROLL for (int v = 0; v < vecs; v++) weight[v] = take(w + v * V_LANES);
    V_UNROLL for (int p = 0; p < positions; p++) {
      const vec x = v_set(at[p][seen]);
      V_UNROLL for (int v = 0; v < vecs; v++) sum[p][v] = v_mad(x, weight[v], sum[p][v]);
    }
    w += vecs * V_LANES;
  } while (offset != end);
  V_UNROLL for (int p = 0; p < positions; p++) V_UNROLL for (int v = 0; v < vecs; v++) put(sums + (p * vecs + v) * V_LANES, sum[p][v]);
}

#define ACROSS_TILE(p, v) \
  static void across_##p##_##v(const simd_conv_spots *spots, const int64_t *position, num *sums) { run_across(spots, position, sums, p, v); }
#define ACROSS_ALL(X, v) X(1, v) X(2, v) X(3, v) X(4, v) X(5, v) X(6, v) X(7, v) X(8, v)
ACROSS_ALL(ACROSS_TILE, 1)
ACROSS_ALL(ACROSS_TILE, 2)
ACROSS_ALL(ACROSS_TILE, 3)
#define ACROSS_NAME(p, v) across_##p##_##v,
static const across_tile across_tiles[SIMD_CONV_ACROSS][ACROSS_POSITIONS] = {{ACROSS_ALL(ACROSS_NAME, 1)}, {ACROSS_ALL(ACROSS_NAME, 2)}, {ACROSS_ALL(ACROSS_NAME, 3)}};

/// Tiles of nearly equal size.
static void across(const simd_conv_spots *spots) {
  static const int64_t most[SIMD_CONV_ACROSS] = ACROSS_TILES;
  const int64_t n_tiles = (spots->n + most[spots->vecs - 1] - 1) / most[spots->vecs - 1], size = spots->n / n_tiles, n_longer = spots->n % n_tiles;
  const across_tile longer = across_tiles[spots->vecs - 1][n_longer ? size : 0], other = across_tiles[spots->vecs - 1][size - 1];
  const int64_t *position = spots->position;
  num *sums = spots->sums;
  for (int64_t t = 0; t < n_longer; t++, position += size + 1, sums += (size + 1) * spots->vecs * V_LANES) longer(spots, position, sums);
  for (int64_t t = n_longer; t < n_tiles; t++, position += size, sums += size * spots->vecs * V_LANES) other(spots, position, sums);
}

#endif
