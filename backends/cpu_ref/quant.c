// SPDX-License-Identifier: BSD-3-Clause
// Quantize and dequantize: elementwise, with scale and zero point broadcast. Both are exact in the sense of their rows: one rounding of the
// quotient and one to an integer; one rounding of the product.
#include "ref.h"

#include <math.h>

/// x / scale in the dtype they have (f32 for halves) to the nearest integer, ties to even.
static void quotients(bool is_f64, int64_t n, const double *scale, double *x) {
  for (int64_t i = 0; i < n; i++) x[i] = is_f64 ? rint(x[i] / scale[i]) : (double)rintf((float)x[i] / (float)scale[i]);
}

static void quantize_row(const ref_walk *w, const rtb_op *op, int64_t i, int64_t n, const int64_t *zero) {
  const uint16_t dtype = op->args[0]->dtype;
  const int64_t bytes = rtb_dtype_bytes(dtype);
  double x[REF_CHUNK], scale[REF_CHUNK];
  rti_ref_get_of(dtype)(n, (const char *)w->at[0] + i * w->step[0] * bytes, w->step[0], x);
  rti_ref_get_of(dtype)(n, (const char *)w->at[1] + i * w->step[1] * bytes, w->step[1], scale);
  quotients(dtype == RTB_F64, n, scale, x);
  for (int64_t k = 0; k < n; k++) x[k] += (double)zero[k]; // exact where it does not saturate
  const rtb_view *out = op->args[3];
  rti_ref_put_of(out->dtype, REF_F64)(n, x, (char *)w->at[3] + i * w->step[3] * (int64_t)rtb_dtype_bytes(out->dtype), w->step[3]);
}

static void dequantize_row(const ref_walk *w, const rtb_op *op, int64_t i, int64_t n, const int64_t *zero) {
  const rtb_view *x = op->args[0], *scale = op->args[1], *out = op->args[3];
  int64_t value[REF_CHUNK]; // at most 32 bits, so that signed and unsigned ones fit
  double factor[REF_CHUNK], y[REF_CHUNK];
  rti_ref_get_of(x->dtype)(n, (const char *)w->at[0] + i * w->step[0] * (int64_t)rtb_dtype_bytes(x->dtype), w->step[0], value);
  rti_ref_get_of(scale->dtype)(n, (const char *)w->at[1] + i * w->step[1] * (int64_t)rtb_dtype_bytes(scale->dtype), w->step[1], factor);
  for (int64_t k = 0; k < n; k++) {
    const int64_t difference = value[k] - zero[k]; // 33 bits and a sign
    // Exact in double for halves, rounded once for f64. The 57 bits that f32 may need fit a long double, so the one rounding is to f32.
    y[k] = out->dtype == RTB_F32 ? (double)(float)((long double)difference * (long double)factor[k]) : (double)difference * factor[k];
  }
  rti_ref_put_of(out->dtype, REF_F64)(n, y, (char *)w->at[3] + i * w->step[3] * (int64_t)rtb_dtype_bytes(out->dtype), w->step[3]);
}

int32_t rti_ref_quantize(void *host, void *stream, const rtb_op *op) {
  (void)host, (void)stream;
  const int64_t nothing = 0;
  const uint16_t zero_dtype = op->op == RTB_OP_QUANTIZE ? op->args[3]->dtype : op->args[0]->dtype;
  const rtb_view none = {.data = (void *)(uintptr_t)&nothing, .numel = 1, .dtype = zero_dtype, .layout = RTB_IMM};
  const rtb_view *const args[4] = {op->args[0], op->args[1], op->args[2] ? op->args[2] : &none, op->args[3]};
  rtb_op whole = *op;
  whole.args = args;
  for (ref_walk w = rti_ref_walk_start(&whole); !w.done; rti_ref_walk_next(&w)) {
    for (int64_t i = 0; i < w.n; i += REF_CHUNK) {
      const int64_t n = w.n - i < REF_CHUNK ? w.n - i : REF_CHUNK;
      int64_t zero[REF_CHUNK];
      rti_ref_get_of(zero_dtype)(n, (const char *)w.at[2] + i * w.step[2] * (int64_t)rtb_dtype_bytes(zero_dtype), w.step[2], zero);
      (whole.op == RTB_OP_QUANTIZE ? quantize_row : dequantize_row)(&w, &whole, i, n, zero);
    }
  }
  return RTB_OK;
}
