// SPDX-License-Identifier: BSD-3-Clause
// The tiles of a product of matrices, compiled once for each instruction set and lane type. A tile keeps up to TILE_ROWS x TILE_VECS vectors of sums in registers; there is one function for every
// height and width in vectors, so that edges compute no rows and few columns that are not there. Calls nothing outside itself.
#include "gemm.h"
#include "lanes.h"
#include "matvec.h"

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// ---- one tile -----------------------------------------------------------------------------------------------------------------------------

/// Where one tile reads and writes. Strides in elements; those that a packed tile knows are not read.
typedef struct tile {
  const lane *a, *b;
  int64_t a_row, a_depth, b_depth, depth;
  lane *out;
  int64_t out_row;
  const lane *bias;
  int64_t last; // lanes of the last vector of a row that are there
  bool add;
} tile;

enum { PACKED, DIRECT, DIRECT_TAIL }; // what a tile reads: panels; rows anywhere; rows whose last vector is not full

INLINE void run_tile(const tile *t, const int rows, const int vecs, const int form) {
  const int64_t a_row = form == PACKED ? 1 : t->a_row, a_depth = form == PACKED ? TILE_ROWS : t->a_depth;
  const int64_t b_depth = form == PACKED ? TILE_COLUMNS : t->b_depth;
  vec sum[TILE_ROWS][TILE_VECS];
  if (t->bias) UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vecs; v++) sum[r][v] = v_set1(t->bias[r]);
  else UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vecs; v++) sum[r][v] = (vec){0};
  const lane *a[(TILE_ROWS + 2) / 3]; // one pointer for three rows: x86 addresses rows 1 and 2 by an index
  UNROLL for (int r = 0; r < rows; r += 3) a[r / 3] = t->a + r * a_row;
  const lane *b = t->b;
  lane *const out = t->out;
  const int64_t out_row = t->out_row;
  const bool add = t->add;
  UNROLL for (int r = 0; r < rows; r++) __builtin_prefetch(out + r * out_row, 1);
  for (int64_t k = t->depth; k > 0; k--) {
    vec row[TILE_VECS];
    UNROLL for (int v = 0; v < vecs; v++)
      row[v] = form == DIRECT_TAIL && v == vecs - 1 ? v_load_n(b + v * VEC_LANES, t->last) : v_load(b + v * VEC_LANES);
    UNROLL for (int r = 0; r < rows; r++) {
      const vec x = v_set1(a[r / 3][r % 3 * a_row]);
      UNROLL for (int v = 0; v < vecs; v++) sum[r][v] = v_fma(x, row[v], sum[r][v]);
    }
    UNROLL for (int r = 0; r < rows; r += 3) a[r / 3] += a_depth;
    b += b_depth;
  }
  if (add) UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vecs; v++) sum[r][v] += v_load(out + r * out_row + v * VEC_LANES);
  UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vecs; v++) v_store(out + r * out_row + v * VEC_LANES, sum[r][v]);
}

#if TILE_VECS == 3
#define WIDTHS(X, rows) X(rows, 1) X(rows, 2) X(rows, 3)
#define CELLS(rows) {CELL(rows, 1), CELL(rows, 2), CELL(rows, 3)}
#else
#define WIDTHS(X, rows) X(rows, 1) X(rows, 2)
#define CELLS(rows) {CELL(rows, 1), CELL(rows, 2)}
#endif
#define CELL(rows, vecs) {packed_##rows##_##vecs, direct_##rows##_##vecs, tail_##rows##_##vecs}
#define TILES(rows, vecs)                                                                              \
  static void packed_##rows##_##vecs(const tile *t) { run_tile(t, rows, vecs, PACKED); }               \
  static void direct_##rows##_##vecs(const tile *t) { run_tile(t, rows, vecs, DIRECT); }               \
  static void tail_##rows##_##vecs(const tile *t) { run_tile(t, rows, vecs, DIRECT_TAIL); }
WIDTHS(TILES, 1) WIDTHS(TILES, 2) WIDTHS(TILES, 3) WIDTHS(TILES, 4)
#if TILE_ROWS > 4
WIDTHS(TILES, 5) WIDTHS(TILES, 6)
#endif
#if TILE_ROWS > 6
WIDTHS(TILES, 7) WIDTHS(TILES, 8)
#endif
#if TILE_ROWS > 8
WIDTHS(TILES, 9) WIDTHS(TILES, 10) WIDTHS(TILES, 11) WIDTHS(TILES, 12)
#endif

typedef void (*tile_fn)(const tile *t);
static const tile_fn tiles[TILE_ROWS][TILE_VECS][3] = {
  CELLS(1), CELLS(2), CELLS(3), CELLS(4),
#if TILE_ROWS > 4
  CELLS(5), CELLS(6),
#endif
#if TILE_ROWS > 6
  CELLS(7), CELLS(8),
#endif
#if TILE_ROWS > 8
  CELLS(9), CELLS(10), CELLS(11), CELLS(12),
#endif
};

/// Runs a tile whose rows do not end with a vector, or whose columns are not side by side: beside, and from there to its place.
static __attribute__((noinline)) void run_beside(tile_fn run, const tile *t, int64_t rows, int64_t columns, int64_t out_column) {
  lane beside[TILE_ROWS * TILE_COLUMNS] __attribute__((aligned(64)));
  tile dense = *t;
  dense.out = beside, dense.out_row = TILE_COLUMNS, dense.add = false;
  run(&dense);
  for (int64_t i = 0; i < rows; i++) {
    const lane *from = beside + i * TILE_COLUMNS;
    lane *to = t->out + i * t->out_row;
    int64_t j = 0;
    if (out_column == 1) {
      for (; j + VEC_LANES <= columns; j += VEC_LANES) v_store(to + j, t->add ? v_load(to + j) + v_load(from + j) : v_load(from + j));
      if (!t->add) v_store_n(to + j, v_load(from + j), columns - j), j = columns;
    }
    for (; j < columns; j++) to[j * out_column] = t->add ? (lane)(to[j * out_column] + from[j]) : from[j];
  }
}

INLINE void run_any(tile_fn run, const tile *t, int64_t rows, int64_t columns, int64_t out_column) {
  if (t->last == VEC_LANES && out_column == 1) run(t);
  else run_beside(run, t, rows, columns, out_column);
}

// ---- blocks of tiles ------------------------------------------------------------------------------------------------------------------------

/// A panel of B stays in the first cache while all of A's pass by.
static void block(int64_t m, int64_t n, int64_t depth, const void *a, const void *b, const simd_gemm_out *out) {
  tile t = {.depth = depth, .b = b, .out_row = out->row, .add = out->add};
  for (int64_t j = 0; j < n; j += TILE_COLUMNS, t.b += depth * TILE_COLUMNS) {
    const int64_t columns = least(TILE_COLUMNS, n - j), vecs = (columns + VEC_LANES - 1) / VEC_LANES;
    t.last = columns - (vecs - 1) * VEC_LANES;
    t.a = a;
    for (int64_t i = 0; i < m; i += TILE_ROWS, t.a += depth * TILE_ROWS) {
      const int64_t rows = least(TILE_ROWS, m - i);
      const tile_fn run = tiles[rows - 1][vecs - 1][PACKED];
      t.out = (lane *)out->data + i * out->row + j * out->column;
      t.bias = out->bias ? (const lane *)out->bias + i : NULL;
      run_any(run, &t, rows, columns, out->column);
    }
  }
}

static void direct(int64_t m, int64_t n, int64_t depth, const simd_gemm_matrix *a, const void *b, int64_t b_row, bool b_panels, const simd_gemm_out *out) {
  tile t = {.depth = depth, .a_row = a->line_stride, .a_depth = a->depth_stride, .b = b, .b_depth = b_panels ? TILE_COLUMNS : b_row, .out_row = out->row,
            .add = out->add};
  for (int64_t j = 0; j < n; j += TILE_COLUMNS, t.b += b_panels ? depth * TILE_COLUMNS : TILE_COLUMNS) {
    const int64_t columns = least(TILE_COLUMNS, n - j), vecs = (columns + VEC_LANES - 1) / VEC_LANES;
    t.last = columns - (vecs - 1) * VEC_LANES;
    const int form = t.last < VEC_LANES && !b_panels ? DIRECT_TAIL : DIRECT;
    for (int64_t i = 0; i < m; i += TILE_ROWS) {
      const int64_t rows = least(TILE_ROWS, m - i);
      const tile_fn run = tiles[rows - 1][vecs - 1][form];
      t.a = (const lane *)a->data + i * t.a_row;
      t.out = (lane *)out->data + i * out->row + j * out->column;
      t.bias = out->bias ? (const lane *)out->bias + i : NULL;
      run_any(run, &t, rows, columns, out->column);
    }
  }
}

// ---- packing --------------------------------------------------------------------------------------------------------------------------------

// Squares of SQUARE x SQUARE elements in 16 bytes wide vectors turn lines that run along the depth into panels.
#if LANE_FLOAT == 4
#define SQUARE 4
typedef lane small __attribute__((vector_size(16)));
INLINE void turn(const lane *from, int64_t line_stride, lane *to, const int64_t width) {
  small x[4], y[4];
  for (int i = 0; i < 4; i++) memcpy(&x[i], from + i * line_stride, 16);
  y[0] = __builtin_shufflevector(x[0], x[1], 0, 4, 1, 5), y[1] = __builtin_shufflevector(x[2], x[3], 0, 4, 1, 5);
  y[2] = __builtin_shufflevector(x[0], x[1], 2, 6, 3, 7), y[3] = __builtin_shufflevector(x[2], x[3], 2, 6, 3, 7);
  x[0] = __builtin_shufflevector(y[0], y[1], 0, 1, 4, 5), x[1] = __builtin_shufflevector(y[0], y[1], 2, 3, 6, 7);
  x[2] = __builtin_shufflevector(y[2], y[3], 0, 1, 4, 5), x[3] = __builtin_shufflevector(y[2], y[3], 2, 3, 6, 7);
  for (int i = 0; i < 4; i++) memcpy(to + i * width, &x[i], 16);
}
#elif LANE_FLOAT == 8
#define SQUARE 2
typedef lane small __attribute__((vector_size(16)));
INLINE void turn(const lane *from, int64_t line_stride, lane *to, const int64_t width) {
  small x, y, z;
  memcpy(&x, from, 16), memcpy(&y, from + line_stride, 16);
  z = __builtin_shufflevector(x, y, 0, 2), memcpy(to, &z, 16);
  z = __builtin_shufflevector(x, y, 1, 3), memcpy(to + width, &z, 16);
}
#else
#define SQUARE 1
INLINE void turn(const lane *from, int64_t line_stride, lane *to, const int64_t width) { (void)line_stride, (void)width, *to = *from; }
#endif

/// `width` lines into one panel, all of them there.
INLINE void pack_full(const lane *from, int64_t line_stride, int64_t depth_stride, int64_t depth, lane *to, const int64_t width) {
  if (line_stride == 1) {
    for (int64_t k = 0; k < depth; k++, from += depth_stride, to += width) memcpy(to, from, (size_t)width * sizeof(lane));
    return;
  }
  int64_t k = 0;
  if (depth_stride == 1) {
    for (; k + SQUARE <= depth; k += SQUARE) {
      int64_t w = 0;
      UNROLL for (; w + SQUARE <= width; w += SQUARE) turn(from + w * line_stride + k, line_stride, to + k * width + w, width);
      for (int64_t i = 0; i < SQUARE && w < width; i++)
        for (int64_t rest = w; rest < width; rest++) to[(k + i) * width + rest] = from[rest * line_stride + k + i];
    }
  }
  for (; k < depth; k++) {
    UNROLL for (int64_t w = 0; w < width; w++) to[k * width + w] = from[w * line_stride + k * depth_stride];
  }
}

#define PACK_STEP 8 // depths that are copied from all lines before the next: so many rows of a matrix are read at once, each from end to end

INLINE void pack(const simd_gemm_matrix *x, int64_t first, int64_t n, int64_t k0, int64_t depth, lane *to, const int64_t width) {
  const lane *from = (const lane *)x->data + first * x->line_stride + k0 * x->depth_stride;
  const int64_t full = n - n % width, step = x->line_stride == 1 ? PACK_STEP : depth;
  for (int64_t k = 0; k < depth; k += step) {
    for (int64_t i = 0; i < full; i += width)
      pack_full(from + k * x->depth_stride + i * x->line_stride, x->line_stride, x->depth_stride, least(step, depth - k), to + i * depth + k * width, width);
  }
  if (full == n) return;
  from += full * x->line_stride, to += full * depth;
  for (int64_t k = 0; k < depth; k++, from += x->depth_stride, to += width)
    for (int64_t w = 0; w < width; w++) to[w] = w < n - full ? from[w * x->line_stride] : (lane)0;
}
static void pack_a(const void *source, int64_t first, int64_t n, int64_t k0, int64_t depth, void *panels) {
  pack(source, first, n, k0, depth, panels, TILE_ROWS);
}
static void pack_b(const void *source, int64_t first, int64_t n, int64_t k0, int64_t depth, void *panels) {
  pack(source, first, n, k0, depth, panels, TILE_COLUMNS);
}

// A panel of B (kc x nr) fills half of a first cache, a block of A (mc x kc) a third of a second one: 16 of 32 KB and 150 of 512 KB on AVX2.
#define TABLE PASTE(simd_gemm_, PASTE(SIMD_LANE, _, SIMD_ISA), )
extern const simd_gemm_kernels TABLE;
const simd_gemm_kernels TABLE = {
  .lane_bytes = sizeof(lane), .mr = TILE_ROWS, .nr = TILE_COLUMNS, .vector = VEC_LANES,
  .kc = 256, .mc = 96 / sizeof(lane) * TILE_ROWS, .nc = 8192 / sizeof(lane),
  .pack_a = pack_a, .pack_b = pack_b, .block = block, .direct = direct, .mix = mix, .total = total, .dots = dots,
};
