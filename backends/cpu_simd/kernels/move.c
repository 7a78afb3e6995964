// SPDX-License-Identifier: BSD-3-Clause
// Moving elements of one size: between rows of any strides (transposed ones through registers), and copies, fills and choices as elementwise
// kernels. Nothing here knows what an element means.
#include "kernel.h"

#define E ELEMENT_BYTES
#define UNROLL16 _Pragma("GCC unroll 16")

// ---- transposing ----------------------------------------------------------------------------------------------------------------------------
/// out[j][i] = x[i][j] for i < ELEMENTS, j < BLOCK_ELEMENTS; steps in bytes. A block holds rows i, i + ELEMENTS / BLOCK_ELEMENTS and so on apart;
/// zipping the first half of some rows with the second one, as often as it takes, turns rows into columns.
V_INLINE void transpose_unit(const char *x, int64_t x_step, char *out, int64_t out_step) {
  bits row[BLOCK_ELEMENTS], next[BLOCK_ELEMENTS];
  UNROLL16 for (int i = 0; i < BLOCK_ELEMENTS; i++) row[i] = b_blocks(x + i * x_step, BLOCK_ELEMENTS * x_step);
#define ZIP(from, to)                                                                       \
  UNROLL16 for (int i = 0; i < BLOCK_ELEMENTS / 2; i++) {                                   \
    to[2 * i] = b_zip_low(from[i], from[i + BLOCK_ELEMENTS / 2]);                           \
    to[2 * i + 1] = b_zip_high(from[i], from[i + BLOCK_ELEMENTS / 2]);                      \
  }
#define PUT(from) UNROLL16 for (int i = 0; i < BLOCK_ELEMENTS; i++) b_store(out + i * out_step, from[i]);
#if BLOCK_ELEMENTS == 1
  (void)next;
  PUT(row)
#elif BLOCK_ELEMENTS == 2
  ZIP(row, next)
  PUT(next)
#elif BLOCK_ELEMENTS == 4
  ZIP(row, next)
  ZIP(next, row)
  PUT(row)
#elif BLOCK_ELEMENTS == 8
  ZIP(row, next)
  ZIP(next, row)
  ZIP(row, next)
  PUT(next)
#else
  ZIP(row, next)
  ZIP(next, row)
  ZIP(row, next)
  ZIP(next, row)
  PUT(row)
#endif
}

/// As the unit for j < m; what is left of m is covered by a unit that overlaps the last one.
V_INLINE void transpose_strip(int64_t m, const char *x, int64_t x_step, char *out, int64_t out_step) {
  const char *at = x;
  char *to = out;
  for (int64_t n = m / BLOCK_ELEMENTS; n > 0; n--, at += BLOCK_BYTES, to += BLOCK_ELEMENTS * out_step) transpose_unit(at, x_step, to, out_step);
  const int64_t last = m - BLOCK_ELEMENTS;
  if (m % BLOCK_ELEMENTS) transpose_unit(x + last * E, x_step, out + last * out_step, out_step);
}
/// out[j][i] = x[i][j] for i < n, j < m; both at least a unit.
static void transpose(int64_t n, int64_t m, const char *x, int64_t x_step, char *out, int64_t out_step) {
  for (int64_t i = 0;;) {
    transpose_strip(m, x + i * x_step, x_step, out + i * E, out_step);
    if (i + ELEMENTS == n) return;
    i = i + 2 * ELEMENTS <= n ? i + ELEMENTS : n - ELEMENTS;
  }
}

// ---- rows of any strides ----------------------------------------------------------------------------------------------------------------------
#define COPY_BLOCKS(store)                                                                                                                  \
  for (; i + 4 * V_BYTES <= bytes; i += 4 * V_BYTES) {                                                                                     \
    const bits a = b_load(x + i), b = b_load(x + i + V_BYTES), c = b_load(x + i + 2 * V_BYTES), d = b_load(x + i + 3 * V_BYTES);           \
    store(out + i, a), store(out + i + V_BYTES, b), store(out + i + 2 * V_BYTES, c), store(out + i + 3 * V_BYTES, d);                      \
  }
V_INLINE bool may_stream(const char *out, uint32_t still) { return (still & SIMD_STREAM) && (uintptr_t)out % V_BYTES == 0; }

V_INLINE void copy_dense(int64_t n, const char *x, char *out, uint32_t still) {
  int64_t i = 0, bytes = n * E;
  if (may_stream(out, still)) {
    COPY_BLOCKS(b_stream)
    b_stream_end();
  }
  COPY_BLOCKS(b_store)
  for (; i + V_BYTES <= bytes; i += V_BYTES) b_store(out + i, b_load(x + i));
  if (i < bytes && bytes >= V_BYTES) { // what is left is covered by a vector that overlaps the last one
    b_store(out + bytes - V_BYTES, b_load(x + bytes - V_BYTES));
    return;
  }
  for (; i + BLOCK_BYTES <= bytes; i += BLOCK_BYTES) {
    const block b = b_block(x + i);
    memcpy(out + i, &b, sizeof b);
  }
  for (; i < bytes; i += E) memcpy(out + i, x + i, E);
}

V_INLINE void fill_dense(int64_t n, const char *x, char *out, uint32_t still) {
  element one, few[ELEMENTS];
  memcpy(&one, x, E);
  int64_t i = 0;
  if (n >= ELEMENTS) {
    for (int k = 0; k < ELEMENTS; k++) few[k] = one;
    const bits all = b_load(few);
    if (may_stream(out, still)) {
      for (; i + 4 * ELEMENTS <= n; i += 4 * ELEMENTS) UNROLL16 for (int u = 0; u < 4; u++) b_stream(out + (i + u * ELEMENTS) * E, all);
      b_stream_end();
    }
    for (; i + 4 * ELEMENTS <= n; i += 4 * ELEMENTS) UNROLL16 for (int u = 0; u < 4; u++) b_store(out + (i + u * ELEMENTS) * E, all);
    for (; i + ELEMENTS <= n; i += ELEMENTS) b_store(out + i * E, all);
    if (i < n) b_store(out + (n - ELEMENTS) * E, all);
    return;
  }
  for (; i < n; i++) memcpy(out + i * E, &one, E);
}

#define EACH(x_step, out_step)                                                                                                             \
  for (int64_t j = 0; j < n; j++) {                                                                                                        \
    element one;                                                                                                                           \
    memcpy(&one, x + j * (x_step), E), memcpy(out + j * (out_step), &one, E);                                                              \
  }
V_INLINE void copy_even(int64_t n, const char *x, char *out) {
  int64_t i = 0;
#if ELEMENT_BYTES <= 8
#define UNIT(i) b_store(out + (i) * E, b_even(b_load(x + 2 * (i) * E), b_load(x + (2 * (i) + ELEMENTS) * E)))
  for (; i + ELEMENTS < n; i += ELEMENTS) UNIT(i); // which reads the element after the last one that it wants, too
  if (i + 1 < n && n > ELEMENTS) UNIT(n - 1 - ELEMENTS), i = n - 1;
#endif
  for (; i < n; i++) memcpy(out + i * E, x + 2 * i * E, E);
}

/// Steps that there are shuffles for.
V_INLINE void copy_steps(int64_t n, const char *x, int64_t x_step, char *out, int64_t out_step) {
  if (out_step == E && x_step == 2 * E) copy_even(n, x, out);
  else if (out_step == E && x_step == -E) EACH(-E, E)
  else EACH(x_step, out_step)
}

static void move(int64_t rows, int64_t cols, const void *from, int64_t x_row, int64_t x_col, void *to, int64_t out_row, int64_t out_col) {
  const char *x = from;
  char *out = to;
  if (rows >= BLOCK_ELEMENTS && cols >= ELEMENTS && x_row == E && x_col != 0 && out_col == E) return transpose(cols, rows, x, x_col, out, out_row);
  if (cols >= BLOCK_ELEMENTS && rows >= ELEMENTS && x_col == E && out_row == E) return transpose(rows, cols, x, x_row, out, out_col);
  const bool dense = x_col == E && out_col == E, fill = x_col == 0 && out_col == E;
  if (dense && cols * E >= BLOCK_BYTES) {
    for (int64_t i = 0; i < rows; i++) copy_dense(cols, x + i * x_row, out + i * out_row, 0);
  } else if (fill && cols * E >= BLOCK_BYTES) {
    for (int64_t i = 0; i < rows; i++) fill_dense(cols, x + i * x_row, out + i * out_row, 0);
  } else if (cols >= rows) {
    for (int64_t i = 0; i < rows; i++) copy_steps(cols, x + i * x_row, x_col, out + i * out_row, out_col);
  } else { // short rows: down the columns
    for (int64_t i = 0; i < cols; i++) copy_steps(rows, x + i * x_col, x_row, out + i * out_col, out_row);
  }
}

// ---- elementwise ------------------------------------------------------------------------------------------------------------------------------
static void copy(int64_t n, const void *const *in, void *out, uint32_t still) {
  if (still & 1) fill_dense(n, in[0], out, still);
  else copy_dense(n, in[0], out, still);
}

/// A still input is its element many times. Conditions are bytes; anything but 0 is true.
static void where(int64_t n, const void *const *in, void *out, uint32_t still) {
  const uint8_t *c = in[0];
  const element *a = in[1], *b = in[2];
  element *y = out;
  if (still & 1) {
    copy(n, *c ? in + 1 : in + 2, out, still >> (*c ? 1 : 2) & 1);
  } else if ((still & 6) == 0) {
    V_APART for (int64_t i = 0; i < n; i++) {
      const element p = a[i], q = b[i];
      y[i] = c[i] ? p : q;
    }
  } else if ((still & 6) == 6) {
    const element p = *a, q = *b;
    V_APART for (int64_t i = 0; i < n; i++) y[i] = c[i] ? p : q;
  } else if (still & 2) {
    const element p = *a;
    V_APART for (int64_t i = 0; i < n; i++) {
      const element q = b[i];
      y[i] = c[i] ? p : q;
    }
  } else {
    const element q = *b;
    V_APART for (int64_t i = 0; i < n; i++) {
      const element p = a[i];
      y[i] = c[i] ? p : q;
    }
  }
}

const simd_moves KERNEL(move) = {.bytes = E, .move = move, .copy = copy, .where = where};
