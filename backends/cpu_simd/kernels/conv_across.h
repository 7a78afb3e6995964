// SPDX-License-Identifier: BSD-3-Clause
// Products of weights with what output positions see, whose vectors lie across output channels: an element of x, wherever it lies, meets some
// vectors of weights side by side. So nothing is packed but weights, and no lane is lost at the ends of lines. What is finished turns into lines
// of channels in registers, and is not read again. Included by conv.c alone.
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

#define QUAD (16 / (int)sizeof(num)) // numbers of 16 bytes, the parts in which vectors turn

/// Stores the sums of up to QUAD positions, repeated where there are fewer, position by position in the line of each channel.
V_INLINE void put_turned(num *out, int64_t row, const vec a, const vec b, const vec c, const vec d, const int positions) {
  vec turned[QUAD]; // part i of vector j: what channel i * QUAD + j has
#if NUM_BITS == 64
  (void)c, (void)d;
  turned[0] = v_even_mixed(a, b), turned[1] = v_odd_mixed(a, b);
#else
  const vec even = v_even_mixed(a, b), odd = v_odd_mixed(a, b), more_even = v_even_mixed(c, d), more_odd = v_odd_mixed(c, d);
  turned[0] = v_even_mixed(even, more_even), turned[1] = v_even_mixed(odd, more_odd);
  turned[2] = v_odd_mixed(even, more_even), turned[3] = v_odd_mixed(odd, more_odd);
#endif
  V_UNROLL for (int i = 0; i < V_LANES / QUAD; i++) V_UNROLL for (int j = 0; j < QUAD; j++, out += row)
    memcpy(out, (const char *)&turned[j] + i * 16, (size_t)positions * sizeof(num));
}

/// Stores a vector of the sums of each position; where they are no multiple of QUAD, the last ones overlap.
V_INLINE void put_positions(num *out, int64_t row, vec sum[][SIMD_CONV_ACROSS], const int v, const int positions) {
  const int last = positions - 1;
#define AT(p) sum[(p) < last ? (p) : last][v]
  V_UNROLL for (int i = 0; i < positions; i += QUAD) {
    const int p = i + QUAD <= positions || positions < QUAD ? i : positions - QUAD;
    put_turned(out + p, row, AT(p), AT(p + 1), AT(p + 2), AT(p + 3), positions < QUAD ? positions : QUAD);
  }
#undef AT
}

typedef void (*across_tile)(const simd_conv_spots *spots, const int64_t *position, num *sums, num *out);

V_INLINE void run_across(const simd_conv_spots *spots, const int64_t *position, num *sums, num *out, const int positions, const int vecs) {
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
  if (out) {
    V_UNROLL for (int v = 0; v < vecs; v++, out += V_LANES * spots->out_row) put_positions(out, spots->out_row, sum, v, positions);
    return;
  }
  V_UNROLL for (int p = 0; p < positions; p++) V_UNROLL for (int v = 0; v < vecs; v++) put(sums + (p * vecs + v) * V_LANES, sum[p][v]);
}

#define ACROSS_TILE(p, v)                                                                                       \
  static void across_##p##_##v(const simd_conv_spots *spots, const int64_t *position, num *sums, num *out) {    \
    run_across(spots, position, sums, out, p, v);                                                               \
  }
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
  num *sums = spots->sums, *out = spots->out;
  for (int64_t t = 0; t < n_tiles; t++) {
    const int64_t here = size + (t < n_longer);
    (t < n_longer ? longer : other)(spots, position, sums, out);
    position += here, sums += here * spots->vecs * V_LANES, out = out ? out + here : NULL;
  }
}

#endif
