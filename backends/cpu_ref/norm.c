// SPDX-License-Identifier: BSD-3-Clause
// Normalisation. layer_norm and rms_norm take up to three passes over the elements that share statistics: the mean, the squares about it,
// the results; batch_norm is elementwise. Everything between reading and storing is long double.
#include "ref.h"

#include <math.h>

/// eps, rounded to f32 for what computes in f32.
static long double eps_of(const rtb_op *op) {
  double eps;
  memcpy(&eps, op->args[op->nin - 1]->data, sizeof eps);
  return op->args[0]->dtype == RTB_F64 ? eps : (double)(float)eps;
}

// ---- layer_norm, rms_norm ---------------------------------------------------------------------------------------------------------------
enum { X, WEIGHT, BIAS, OUT, ARGS };

typedef struct norm {
  const rtb_view *args[ARGS];      // WEIGHT and BIAS may be NULL
  int64_t inner[RTB_MAX_RANK];     // extents of the axes but the last one of them; 1 for the other dimensions
  int64_t n, step[ARGS];           // elements along the last axis, and how far they are apart
  ref_get get;
  ref_put put;
  int64_t first[ARGS];             // where the elements lie that share statistics
} norm;

static int64_t chunk_of(int64_t n, int64_t i) { return n - i < REF_CHUNK ? n - i : REF_CHUNK; }

static void load(const norm *v, int k, int64_t element, int64_t i, int64_t count, double *row) {
  v->get(count, ref_at(v->args[k], v->first[k] + element + i * v->step[k]), v->step[k], row);
}

/// The sum of x - centre, or of its square.
static long double sum_of(const norm *v, bool squares, long double centre) {
  long double sum = 0;
  double row[REF_CHUNK];
  rtb_walk w;
  for (rtb_walk_start(&w, v->inner, v->args[X]->ndim, v->args, 1); !w.done; rtb_walk_next(&w)) {
    for (int64_t i = 0; i < v->n; i += REF_CHUNK) {
      const int64_t count = chunk_of(v->n, i);
      load(v, X, w.at[X], i, count, row);
      for (int64_t k = 0; k < count; k++) {
        const long double apart = row[k] - centre;
        sum += squares ? apart * apart : apart;
      }
    }
  }
  return sum;
}

static void store_results(const norm *v, long double centre, long double scale) {
  double x[REF_CHUNK], weight[REF_CHUNK], bias[REF_CHUNK];
  rtb_walk w;
  for (rtb_walk_start(&w, v->inner, v->args[X]->ndim, v->args, ARGS); !w.done; rtb_walk_next(&w)) {
    for (int64_t i = 0; i < v->n; i += REF_CHUNK) {
      const int64_t count = chunk_of(v->n, i);
      load(v, X, w.at[X], i, count, x);
      if (v->args[WEIGHT]) load(v, WEIGHT, w.at[WEIGHT], i, count, weight);
      if (v->args[BIAS]) load(v, BIAS, w.at[BIAS], i, count, bias);
      for (int64_t k = 0; k < count; k++) {
        long double y = (x[k] - centre) / scale;
        if (v->args[WEIGHT]) y *= weight[k];
        if (v->args[BIAS]) y += bias[k];
        x[k] = (double)y;
      }
      v->put(count, x, ref_at(v->args[OUT], v->first[OUT] + w.at[OUT] + i * v->step[OUT]), v->step[OUT]);
    }
  }
}

int32_t rti_ref_layer_norm(void *host, void *stream, const rtb_op *op) {
  (void)host, (void)stream;
  const bool is_rms = op->op == RTB_OP_RMS_NORM;
  const rtb_view *x = op->args[0];
  const uint32_t axes = ((const rtb_attr_axes *)op->attr)->axes;
  const long double eps = eps_of(op);
  norm v = {.args = {x, op->args[1], is_rms ? NULL : op->args[2], op->args[op->nin]}, .n = 1,
            .get = rti_ref_get_of(x->dtype), .put = rti_ref_put_of(x->dtype, REF_F64)};
  int32_t last = -1;
  int64_t outer[RTB_MAX_RANK], count = 1;
  for (int32_t d = 0; d < x->ndim; d++) {
    const bool is_axis = axes >> d & 1;
    if (is_axis) last = d, count *= x->shape[d];
    outer[d] = is_axis ? 1 : x->shape[d];
    v.inner[d] = is_axis ? x->shape[d] : 1;
  }
  if (last >= 0) {
    v.n = x->shape[last], v.inner[last] = 1;
    for (int k = 0; k < ARGS; k++) v.step[k] = v.args[k] ? v.args[k]->stride[last] : 0;
  }
  rtb_walk w;
  for (rtb_walk_start(&w, outer, x->ndim, v.args, ARGS); !w.done; rtb_walk_next(&w)) {
    memcpy(v.first, w.at, sizeof v.first);
    const long double mean = is_rms ? 0 : sum_of(&v, false, 0) / count;
    store_results(&v, mean, sqrtl(sum_of(&v, true, mean) / count + eps));
  }
  return RTB_OK;
}

// ---- batch_norm -------------------------------------------------------------------------------------------------------------------------
int32_t rti_ref_batch_norm(void *host, void *stream, const rtb_op *op) {
  (void)host, (void)stream;
  enum { MEAN = 1, VARIANCE, SCALE, SHIFT, EPS, RESULT, ALL };
  const rtb_view *x = op->args[0], *out = op->args[RESULT];
  const long double eps = eps_of(op);
  const ref_get get = rti_ref_get_of(x->dtype);
  const ref_put put = rti_ref_put_of(x->dtype, REF_F64);
  const int32_t inner = out->ndim ? out->ndim - 1 : 0; // dimensions outside the innermost
  const int64_t n = out->ndim ? out->shape[inner] : 1;
  double row[EPS][REF_CHUNK];
  rtb_walk w;
  for (rtb_walk_start(&w, out->shape, inner, op->args, ALL); !w.done; rtb_walk_next(&w)) {
    for (int64_t i = 0; i < n; i += REF_CHUNK) {
      const int64_t count = chunk_of(n, i);
      for (int k = 0; k < EPS; k++) {
        const rtb_view *arg = op->args[k];
        if (arg) get(count, ref_at(arg, w.at[k] + i * ref_stride(arg, inner)), ref_stride(arg, inner), row[k]);
      }
      for (int64_t k = 0; k < count; k++) {
        long double y = ((long double)row[0][k] - row[MEAN][k]) / sqrtl(row[VARIANCE][k] + eps);
        if (op->args[SCALE]) y *= row[SCALE][k];
        if (op->args[SHIFT]) y += row[SHIFT][k];
        row[0][k] = (double)y;
      }
      put(count, row[0], ref_at(out, w.at[RESULT] + i * ref_stride(out, inner)), ref_stride(out, inner));
    }
  }
  return RTB_OK;
}
