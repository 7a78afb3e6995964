// SPDX-License-Identifier: BSD-3-Clause
// Matrix product with batches, of integers with zero points, too. f16, bf16 and f32 add up in double, f64 and complex numbers in long double,
// integers modulo 2^64 (so they wrap in their own type); every sum runs over k in order. Blocks are widened onto the stack first, so any
// layout costs the same.
#include "blocks.h"
#include "ref.h"

/// A matrix inside a batch: element (i, j) is at + i * row + j * column elements.
typedef struct matrix {
  char *at;
  int64_t row, column;
  uint16_t dtype;
} matrix;

static matrix matrix_at(const rtb_view *view, int64_t element) {
  if (!view) return (matrix){0};
  const int32_t last = view->ndim - 1;
  return (matrix){ref_at(view, element), view->stride[last - 1], view->stride[last], view->dtype};
}
static char *element_at(const matrix *m, int64_t i, int64_t j) {
  return m->at + (i * m->row + j * m->column) * (int64_t)rtb_dtype_bytes(m->dtype);
}

static void clear(block_acc *acc, uint16_t dtype, int64_t rows) {
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t c = 0; c < PANEL_COLUMNS; c++) {
      if (dtype == RTB_F64) acc->f64[r][c] = 0;
      else acc->integer[r][c] = 0; // the same bits as 0.0
    }
  }
}

static void store(const block_acc *acc, const matrix *out, int64_t i0, int64_t j0, int64_t rows, int64_t columns) {
  const bool is_integer = rti_ref_wide_of(out->dtype) != REF_F64;
  const ref_put put = rti_ref_put_of(out->dtype, is_integer ? REF_U64 : REF_F64);
  for (int64_t r = 0; r < rows; r++) {
    double rounded[PANEL_COLUMNS];
    const void *row = is_integer ? (const void *)acc->integer[r] : acc->narrow[r];
    if (out->dtype == RTB_F64) {
      for (int64_t c = 0; c < columns; c++) rounded[c] = (double)acc->f64[r][c];
      row = rounded;
    }
    put(columns, row, element_at(out, i0 + r, j0), out->column);
  }
}

/// Element (i, j) of a matrix of zero points; without one, 0.
static uint64_t zero_at(const matrix *zero, int64_t i, int64_t j) {
  uint64_t value = 0; // modulo 2^64, of either sign
  if (zero->at) rti_ref_get_of(zero->dtype)(1, element_at(zero, i, j), 1, &value);
  return value;
}

/// a_zero: one column; b_zero: one row.
static void multiply(const matrix *a, const matrix *b, const matrix *a_zero, const matrix *b_zero, const matrix *out, int64_t m, int64_t n, int64_t depth) {
  const ref_get get_a = rti_ref_get_of(a->dtype), get_b = rti_ref_get_of(b->dtype);
  block_a block_of_a = {.u64 = {{0}}}; // rows past the end may be read
  block_b block_of_b;
  block_acc acc;
  for (int64_t i0 = 0; i0 < m; i0 += PANEL_ROWS) {
    const int64_t rows = least(PANEL_ROWS, m - i0);
    for (int64_t j0 = 0; j0 < n; j0 += PANEL_COLUMNS) {
      const int64_t columns = least(PANEL_COLUMNS, n - j0);
      clear(&acc, out->dtype, (rows + 1) & ~(int64_t)1);
      for (int64_t k0 = 0; k0 < depth; k0 += PANEL_DEPTH) {
        const int64_t deep = least(PANEL_DEPTH, depth - k0);
        for (int64_t r = 0; r < rows; r++) {
          get_a(deep, element_at(a, i0 + r, k0), a->column, block_of_a.u64[r]);
          if (a_zero->at) for (int64_t k = 0; k < deep; k++) block_of_a.u64[r][k] -= zero_at(a_zero, i0 + r, 0);
        }
        for (int64_t k = 0; k < deep; k++) {
          get_b(columns, element_at(b, k0 + k, j0), b->column, block_of_b.u64[k]);
          if (b_zero->at) for (int64_t c = 0; c < columns; c++) block_of_b.u64[k][c] -= zero_at(b_zero, 0, j0 + c);
          for (int64_t c = columns; c < ((columns + 3) & ~(int64_t)3); c++) block_of_b.u64[k][c] = 0;
        }
        if (out->dtype == RTB_F64) panel_f64(rows, columns, deep, block_of_a.f64, block_of_b.f64, acc.f64);
        else if (rti_ref_wide_of(out->dtype) == REF_F64) panel_narrow(rows, columns, deep, block_of_a.f64, block_of_b.f64, acc.narrow);
        else panel_integer(rows, columns, deep, block_of_a.u64, block_of_b.u64, acc.integer);
      }
      store(&acc, out, i0, j0, rows, columns);
    }
  }
}

/// Complex numbers: a row of a against a strip of columns of b, adding up in long double.
static void multiply_complex(const matrix *a, const matrix *b, const matrix *out, int64_t m, int64_t n, int64_t depth) {
  const ref_get get = rti_ref_get_of(out->dtype);
  const ref_put put = rti_ref_put_of(out->dtype, REF_C128);
  ref_wide_row row_of_a, row_of_b;
  long double re[REF_CHUNK], im[REF_CHUNK];
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j0 = 0; j0 < n; j0 += REF_CHUNK) {
      const int64_t columns = least(REF_CHUNK, n - j0);
      for (int64_t c = 0; c < columns; c++) re[c] = im[c] = 0;
      for (int64_t k = 0; k < depth; k++) {
        const int64_t at = k % REF_CHUNK;
        if (at == 0) get(least(REF_CHUNK, depth - k), element_at(a, i, k), a->column, row_of_a.f64);
        get(columns, element_at(b, k, j0), b->column, row_of_b.f64);
        const long double a_re = row_of_a.f64[2 * at], a_im = row_of_a.f64[2 * at + 1];
        for (int64_t c = 0; c < columns; c++) {
          const double b_re = row_of_b.f64[2 * c], b_im = row_of_b.f64[2 * c + 1];
          re[c] += a_re * b_re - a_im * b_im;
          im[c] += a_re * b_im + a_im * b_re;
        }
      }
      for (int64_t c = 0; c < columns; c++) row_of_b.f64[2 * c] = (double)re[c], row_of_b.f64[2 * c + 1] = (double)im[c];
      put(columns, row_of_b.f64, element_at(out, i, j0), out->column);
    }
  }
}

int32_t rti_ref_matmul(void *host, void *stream, const rtb_op *op) {
  (void)host, (void)stream;
  const rtb_view *a = op->args[0], *b = op->args[1], *out = op->args[op->nin];
  const bool is_integer = op->op == RTB_OP_MATMUL_INTEGER;
  const rtb_view *const views[5] = {a, b, is_integer ? op->args[2] : NULL, is_integer ? op->args[3] : NULL, out};
  const int32_t batch = out->ndim - 2;
  const bool is_complex = rti_ref_wide_of(out->dtype) == REF_C128;
  rtb_walk w;
  for (rtb_walk_start(&w, out->shape, batch, views, 5); !w.done; rtb_walk_next(&w)) {
    matrix m[5];
    for (int32_t k = 0; k < 5; k++) m[k] = matrix_at(views[k], w.at[k]);
    const int64_t rows = out->shape[batch], columns = out->shape[batch + 1], depth = a->shape[batch + 1];
    if (is_complex) multiply_complex(&m[0], &m[1], &m[4], rows, columns, depth);
    else multiply(&m[0], &m[1], &m[2], &m[3], &m[4], rows, columns, depth);
  }
  return RTB_OK;
}
