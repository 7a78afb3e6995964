// SPDX-License-Identifier: BSD-3-Clause
// ONNX signal processing: window functions, Fourier transforms and mel filters. A transform is a product with a matrix of cosines and one of sines,
// whose angles are reduced as integers, so that they are exact for any length.
#include <math.h>
#include <string.h>

#include "ops.h"

#define PI 3.14159265358979323846

static rt_dtype output_dtype(rti_onnx_call *call) {
  const char *name;
  const int64_t code = rti_call_i(call, "output_datatype", 1);
  const rt_dtype dtype = rti_onnx_dtype(code, &name);
  if (dtype == RT_DTYPE_NONE) rti_call_fail(call, RT_E_UNSUPPORTED, "element type %lld (%s) is not supported", (long long)code, name);
  return dtype;
}

// One whole number from an input, in [low, RTI_ONNX_HOST_LIMIT].
static int64_t get_count(rti_onnx_call *call, int32_t index, int64_t low) {
  const int64_t n = rti_call_integer(call, index);
  if (call->status == RT_OK && (n < low || n > RTI_ONNX_HOST_LIMIT)) rti_call_fail(call, RT_E_ARGUMENT, "input %d is %lld", index, (long long)n);
  return call->status == RT_OK ? n : 0;
}

static void out_doubles(rti_onnx_call *call, int32_t rank, const int64_t *shape, const double *values) {
  const rt_dtype dtype = output_dtype(call);
  STEP(exact, rt_from_data, call->ctx, RT_F64, rank, shape, values);
  STEP(y, rt_cast, exact, dtype);
  rti_call_out(call, 0, y);
}

// ---- windows ---------------------------------------------------------------------------------------------------------------------------------------

// a0 - a1 cos(angle) + a2 cos(2 angle), where the angle makes one turn over the window.
static void cosine_window(rti_onnx_call *call, double a0, double a1, double a2) {
  const int64_t n = get_count(call, 0, 0);
  const double turn = 2 * PI / (double)(rti_call_i(call, "periodic", 1) ? n : n - 1);
  double *values = rti_call_buffer(call, (uint64_t)n, sizeof *values);
  for (int64_t i = 0; values && i < n; i++) values[i] = n == 1 ? 1 : a0 - a1 * cos((double)i * turn) + a2 * cos(2 * (double)i * turn);
  out_doubles(call, 1, &n, values);
}

static void run_hann(rti_onnx_call *call) { cosine_window(call, 0.5, 0.5, 0); }
static void run_hamming(rti_onnx_call *call) { cosine_window(call, 25.0 / 46, 21.0 / 46, 0); }
static void run_blackman(rti_onnx_call *call) { cosine_window(call, 0.42, 0.5, 0.08); }

// ---- Fourier transforms ------------------------------------------------------------------------------------------------------------------------------

typedef struct spectrum { const rt_tensor *re, *im; } spectrum; // im: NULL for zeros

// Cosines and sines of 2 pi i k / n for i in [0, n) and k in [0, bins), as [n,bins].
static spectrum waves(rti_onnx_call *call, int64_t n, int64_t bins, rt_dtype dtype) {
  STEP(i, rt_arange, call->ctx, RT_I64, rt_int(0), rt_int(n), rt_int(1));
  STEP(rows, rt_unsqueeze, i, 1);
  STEP(k, rt_arange, call->ctx, RT_I64, rt_int(0), rt_int(bins), rt_int(1));
  STEP(product, rt_mul, rows, k);
  STEP(reduced, rt_remainder_scalar, product, rt_int(n));
  STEP(whole, rt_cast, reduced, RT_F64);
  STEP(angle, rt_mul_scalar, whole, rt_float(2 * PI / (double)n));
  STEP(c, rt_cos, angle);
  STEP(s, rt_sin, angle);
  STEP(cosines, rt_cast, c, dtype);
  STEP(sines, rt_cast, s, dtype);
  return (spectrum){cosines, sines};
}

static const rt_tensor *product(rti_onnx_call *call, const rt_tensor *x, const rt_tensor *matrix) {
  if (!x) return NULL;
  STEP(y, rt_matmul, x, matrix);
  return y;
}

// Transforms the last axis, of n elements, into `bins` elements. The result has the parts as a new last axis.
static const rt_tensor *transform(rti_onnx_call *call, spectrum x, int64_t n, int64_t bins, bool inverse) {
  const spectrum w = waves(call, n, bins, rt_tensor_dtype(x.re));
  const rt_tensor *re = product(call, x.re, w.re), *im = product(call, x.re, w.im); // x (cos - i sin), or with + for the inverse
  if (!inverse) STEP_TO(im, rt_neg, im);
  const rt_tensor *re_of_im = product(call, x.im, w.im), *im_of_im = product(call, x.im, w.re);
  if (re_of_im) STEP_TO(re, inverse ? rt_sub : rt_add, re, re_of_im);
  if (im_of_im) STEP_TO(im, rt_add, im, im_of_im);
  const rt_tensor *parts[2] = {re, im};
  STEP(y, rt_stack, 2, parts, -1);
  if (!inverse) return y;
  STEP(scaled, rt_mul_scalar, y, rt_float(1 / (double)n));
  return scaled;
}

// Real and imaginary part along the last axis, which has 1 or 2 elements.
static spectrum split_parts(rti_onnx_call *call, const rt_tensor *x) {
  spectrum s = {NULL, NULL};
  const int32_t rank = rt_tensor_rank(x);
  const int64_t n_parts = rank > 0 ? rt_tensor_shape(x)[rank - 1] : 0;
  if (call->status == RT_OK && (rank < 2 || n_parts < 1 || n_parts > 2)) rti_call_fail(call, RT_E_SHAPE, "the last axis must hold 1 or 2 parts of each number");
  STEP_TO(s.re, rt_select, x, -1, 0);
  if (n_parts == 2) STEP_TO(s.im, rt_select, x, -1, 1);
  return s;
}

// Cuts or fills the last axis to n elements, after the wanted axis has come there.
static const rt_tensor *prepare(rti_onnx_call *call, const rt_tensor *x, int32_t axis, int64_t n) {
  if (!x) return NULL;
  STEP(moved, rt_transpose, x, axis, -1);
  int64_t low[RT_MAX_RANK] = {0}, high[RT_MAX_RANK] = {0};
  const int32_t last = rt_tensor_rank(x) - 1;
  if (moved) high[last] = n - rt_tensor_shape(moved)[last];
  if (high[last] == 0) return moved;
  STEP(y, rt_pad, moved, low, high, RT_PAD_CONSTANT, rt_float(0));
  return y;
}

static void run_dft(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const bool one_sided = rti_call_i(call, "onesided", 0) != 0, inverse = rti_call_i(call, "inverse", 0) != 0;
  const int32_t rank = rt_tensor_rank(x);
  // The axis was an attribute before opset 20, and is an input since.
  const int64_t wanted = call->opset < 20 ? rti_call_i(call, "axis", 1) : rti_call_has(call, 2) ? rti_call_integer(call, 2) : -2;
  const int32_t axis = rti_call_axis(call, wanted, rank);
  spectrum parts = split_parts(call, x);
  if (call->status == RT_OK && axis == rank - 1) rti_call_fail(call, RT_E_SHAPE, "axis %d holds the parts", axis);
  if (one_sided && (inverse || parts.im)) rti_call_fail(call, RT_E_UNSUPPORTED, "onesided is for real inputs and not for the inverse");
  if (call->status != RT_OK) return;
  const int64_t n = rti_call_has(call, 1) ? get_count(call, 1, 1) : rt_tensor_shape(x)[axis];
  if (n < 1) rti_call_fail(call, RT_E_SHAPE, "a transform of %lld elements", (long long)n);
  parts.re = prepare(call, parts.re, axis, n);
  parts.im = prepare(call, parts.im, axis, n);
  if (call->status != RT_OK) return;
  const rt_tensor *y = transform(call, parts, n, one_sided ? n / 2 + 1 : n, inverse);
  STEP(back, rt_transpose, y, axis, rank - 2);
  rti_call_out(call, 0, back);
}

static void run_stft(rti_onnx_call *call) {
  const rt_tensor *signal = rti_call_in(call, 0), *window = rti_call_in(call, 2);
  const bool one_sided = rti_call_i(call, "onesided", 1) != 0;
  const int64_t step = get_count(call, 1, 1);
  spectrum parts = split_parts(call, signal);
  if (call->status == RT_OK && rt_tensor_rank(signal) != 3) rti_call_fail(call, RT_E_SHAPE, "a signal of %d dimensions instead of 3", rt_tensor_rank(signal));
  if (!window && !rti_call_has(call, 3)) rti_call_fail(call, RT_E_FORMAT, "neither the window nor the length of a frame is given");
  if (one_sided && parts.im) rti_call_fail(call, RT_E_UNSUPPORTED, "onesided is for real signals");
  if (call->status != RT_OK) return;
  const int64_t n = rti_call_has(call, 3) ? get_count(call, 3, 1) : rt_tensor_numel(window);
  if (n < 1 || n > rt_tensor_shape(signal)[1]) rti_call_fail(call, RT_E_SHAPE, "frames of %lld of a signal of %lld", (long long)n, (long long)rt_tensor_shape(signal)[1]);
  if (window && (rt_tensor_rank(window) != 1 || rt_tensor_numel(window) != n)) rti_call_fail(call, RT_E_SHAPE, "a window of %lld for frames of %lld", (long long)rt_tensor_numel(window), (long long)n);
  const rt_tensor **part[2] = {&parts.re, &parts.im};
  for (int i = 0; i < 2; i++) {
    if (!*part[i]) continue;
    STEP_TO(*part[i], rt_windows, *part[i], 1, n, step, 1);
    if (window) STEP_TO(*part[i], rt_mul, *part[i], window);
  }
  if (call->status == RT_OK) rti_call_out(call, 0, transform(call, parts, n, one_sided ? n / 2 + 1 : n, false));
}

// ---- mel filters -----------------------------------------------------------------------------------------------------------------------------------------

static double number(rti_onnx_call *call, int32_t index) {
  const rt_scalar s = rti_call_scalar(call, index);
  return s.kind == RT_KIND_FLOAT ? s.as.f : (double)s.as.i;
}

// Triangles over the bins of a spectrum, whose corners are equally far apart in mel.
static void run_mel_weights(rti_onnx_call *call) {
  const int64_t n_mel = get_count(call, 0, 1), length = get_count(call, 1, 1), n_bins = length / 2 + 1;
  const double rate = number(call, 2), low = 2595 * log10(1 + number(call, 3) / 700), high = 2595 * log10(1 + number(call, 4) / 700);
  if (n_bins * n_mel > RTI_ONNX_HOST_LIMIT) rti_call_fail(call, RT_E_SHAPE, "a matrix of %lld by %lld", (long long)n_bins, (long long)n_mel);
  int64_t *corner = rti_call_buffer(call, (uint64_t)n_mel + 2, sizeof *corner);
  const int64_t shape[2] = {n_bins, n_mel};
  double *w = call->status == RT_OK ? rti_call_buffer(call, (uint64_t)(n_bins * n_mel), sizeof *w) : NULL;
  for (int64_t i = 0; w && i < n_mel + 2; i++) {
    const double hertz = 700 * (pow(10, ((double)i * (high - low) / (double)(n_mel + 2) + low) / 2595) - 1), bin = floor((double)(length + 1) * hertz / rate);
    if (!(bin >= 0 && bin < (double)n_bins)) rti_call_fail(call, RT_E_ARGUMENT, "an edge lies at bin %g of %lld", bin, (long long)n_bins);
    if (call->status != RT_OK) return;
    corner[i] = (int64_t)bin;
  }
  for (int64_t m = 0; w && m < n_mel; m++) {
    const int64_t from = corner[m], top = corner[m + 1], to = corner[m + 2];
    if (top == from) w[top * n_mel + m] = 1;
    for (int64_t k = from; k <= top && top > from; k++) w[k * n_mel + m] = (double)(k - from) / (double)(top - from);
    for (int64_t k = top; k < to; k++) w[k * n_mel + m] = (double)(to - k) / (double)(to - top);
  }
  out_doubles(call, 2, shape, w);
}

static const rti_onnx_op rows[] = {
    // name           since in    out attributes                      run
    {"HannWindow",      17, 1, 1, 1, "output_datatype:i periodic:i",  run_hann, NULL, NULL},
    {"HammingWindow",   17, 1, 1, 1, "output_datatype:i periodic:i",  run_hamming, NULL, NULL},
    {"BlackmanWindow",  17, 1, 1, 1, "output_datatype:i periodic:i",  run_blackman, NULL, NULL},
    {"DFT",             17, 1, 2, 1, "axis:i inverse:i onesided:i",   run_dft, NULL, NULL},
    {"DFT",             20, 1, 3, 1, "inverse:i onesided:i",          run_dft, NULL, NULL},
    {"STFT",            17, 2, 4, 1, "onesided:i",                    run_stft, NULL, NULL},
    {"MelWeightMatrix", 17, 5, 5, 1, "output_datatype:i",             run_mel_weights, NULL, NULL},
};

const rti_onnx_ops rti_onnx_signal_ops = {"", rows, (int32_t)RTI_IO_COUNT(rows), false};
