// SPDX-License-Identifier: BSD-3-Clause
// Softmax and its logarithm along one axis, in three passes over it: the maximum, the sum of exp(x - maximum), the results. Everything
// between reading and storing is double, or long double for f64; the sum is long double always.
#include "ref.h"

#include <math.h>

/// One line along the axis.
typedef struct line {
  const char *x;
  char *out;
  int64_t n, x_step, out_step;
  ref_get get;
  ref_put put;
  int64_t bytes; // of an element
  bool is_f64, is_log;
} line;

static int64_t chunk_at(const line *l, int64_t i, double *row) {
  const int64_t n = l->n - i < REF_CHUNK ? l->n - i : REF_CHUNK;
  l->get(n, l->x + i * l->x_step * l->bytes, l->x_step, row);
  return n;
}

static long double weight(const line *l, double x, double highest) {
  return l->is_f64 ? expl((long double)x - highest) : (long double)exp(x - highest);
}

static void softmax_line(const line *l) {
  double row[REF_CHUNK];
  double highest = -(double)INFINITY;
  for (int64_t i = 0; i < l->n; i += REF_CHUNK) {
    const int64_t n = chunk_at(l, i, row);
    for (int64_t k = 0; k < n; k++) if (!(row[k] <= highest)) highest = row[k]; // a NaN is taken, and replaced by a number after it ...
  }
  long double sum = 0;
  for (int64_t i = 0; i < l->n; i += REF_CHUNK) {
    const int64_t n = chunk_at(l, i, row);
    for (int64_t k = 0; k < n; k++) sum += weight(l, row[k], highest); // ... but here it makes the sum NaN, and with it every result
  }
  const long double log_sum = l->is_f64 ? logl(sum) : (long double)log((double)sum);
  for (int64_t i = 0; i < l->n; i += REF_CHUNK) {
    const int64_t n = chunk_at(l, i, row);
    for (int64_t k = 0; k < n; k++) {
      row[k] = (double)(l->is_log ? ((long double)row[k] - highest) - log_sum : weight(l, row[k], highest) / sum);
    }
    l->put(n, row, l->out + i * l->out_step * l->bytes, l->out_step);
  }
}

int32_t rti_ref_softmax(void *host, void *stream, const rtb_op *op) {
  (void)host, (void)stream;
  const rtb_view *x = op->args[0], *out = op->args[1];
  const uint32_t axes = ((const rtb_attr_axes *)op->attr)->axes;
  int32_t axis = 0;
  while (!(axes >> axis & 1)) axis++;
  line l = {.n = x->shape[axis], .x_step = x->stride[axis], .out_step = out->stride[axis], .bytes = rtb_dtype_bytes(x->dtype),
            .get = rti_ref_get_of(x->dtype), .put = rti_ref_put_of(x->dtype, REF_F64), .is_f64 = x->dtype == RTB_F64,
            .is_log = op->op == RTB_OP_LOG_SOFTMAX};
  int64_t first_of_lines[RTB_MAX_RANK];
  for (int32_t d = 0; d < x->ndim; d++) first_of_lines[d] = d == axis ? 1 : x->shape[d];
  rtb_walk w;
  for (rtb_walk_start(&w, first_of_lines, x->ndim, op->args, 2); !w.done; rtb_walk_next(&w)) {
    l.x = ref_at(x, w.at[0]), l.out = ref_at(out, w.at[1]);
    softmax_line(&l);
  }
  return RTB_OK;
}
