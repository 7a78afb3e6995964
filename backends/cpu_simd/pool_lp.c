// SPDX-License-Identifier: BSD-3-Clause
// The p-norm of windows, position by position in double: what is inside a window is raised to p as it comes. Larger powers than the first are taken
// of what is left after the largest element of the window is divided out, but squares of f32 and halves, which a double holds.
#include <math.h>

#include "../cpu_ref/small_float.h"
#include "window.h"

typedef struct norm_job {
  const rtb_view *x, *out;
  simd_window window;
  double p;
} norm_job;

/// The taps of one position: first element, and how many there are along each dimension.
typedef struct norm_seen {
  const char *x;
  int64_t n[3], step[3]; // in elements
} norm_seen;

typedef double (*norm_fn)(const norm_seen *seen, double p);

#define LOAD_SAME(v) ((double)(v))
#define EACH_TAP(type, load, ...)                                                                                                          \
  for (int64_t z = 0; z < seen->n[0]; z++) for (int64_t y = 0; y < seen->n[1]; y++) {                                                      \
    const type *row = (const type *)seen->x + z * seen->step[0] + y * seen->step[1];                                                       \
    for (int64_t t = 0; t < seen->n[2]; t++) { const double size = fabs(load(row[t * seen->step[2]])); __VA_ARGS__ }                       \
  }
#define NORM(dtype, type, load, squares_fit)                                                                                               \
  static double norm_##dtype(const norm_seen *seen, double p) {                                                                            \
    double sum = 0, largest = 0;                                                                                                           \
    if (p == 1) { EACH_TAP(type, load, sum += size;) return sum; }                                                                         \
    if (p == 2 && squares_fit) { EACH_TAP(type, load, sum += size * size;) return sqrt(sum); }                                             \
    EACH_TAP(type, load, largest = fmax(largest, size);)                                                                                   \
    if (p == 2) { EACH_TAP(type, load, const double part = size == largest ? size > 0 : size / largest; sum += part * part;) }             \
    else { EACH_TAP(type, load, sum += size == largest ? size > 0 : pow(size / largest, p);) }                                             \
    return !(largest > 0) ? sum : largest * (p == 2 ? sqrt(sum) : pow(sum, 1 / p));                                                        \
  }
NORM(f32, float, LOAD_SAME, true)
NORM(f64, double, LOAD_SAME, false)
NORM(f16, uint16_t, ref_f16_to, true)
NORM(bf16, uint16_t, ref_bf16_to, true)

static const norm_fn norms[SIMD_DTYPES] = {[RTB_F32] = norm_f32, [RTB_F64] = norm_f64, [RTB_F16] = norm_f16, [RTB_BF16] = norm_bf16};

static void put(uint16_t dtype, void *to, int64_t i, double x) {
  switch (dtype) {
  case RTB_F32: ((float *)to)[i] = (float)x; break;
  case RTB_F64: ((double *)to)[i] = x; break;
  case RTB_F16: ((uint16_t *)to)[i] = ref_f16_from(x); break;
  default: ((uint16_t *)to)[i] = ref_bf16_from(x); break;
  }
}

/// Lines [begin, end) of the output, numbered through all images and channels.
static int32_t lines_body(void *arg, int64_t begin, int64_t end) {
  const norm_job *job = arg;
  const simd_window *w = &job->window;
  const rtb_view *x = job->x, *out = job->out;
  const norm_fn norm = norms[x->dtype];
  const int64_t bytes = rtb_dtype_bytes(x->dtype);
  for (int64_t i = begin; i < end; i++) {
    const int64_t map = i / (w->out[1] * w->out[0]), image = map / out->shape[1], channel = map % out->shape[1];
    int64_t at[3] = {i / w->out[1] % w->out[0], i % w->out[1], 0};
    for (; at[2] < w->out[2]; at[2]++) {
      norm_seen seen;
      int64_t from = image * x->stride[0] + channel * x->stride[1], to = image * out->stride[0] + channel * out->stride[1];
      for (int d = 0; d < 3; d++) {
        const int64_t first = at[d] * w->stride[d] - w->pad_lo[d];
        const simd_taps inside = simd_taps_in(first, w->taps[d], w->dilation[d], 0, w->in[d]);
        from += inside.end > inside.first ? (first + inside.first * w->dilation[d]) * w->x_stride[d] : 0;
        to += at[d] * w->out_stride[d];
        seen.n[d] = inside.end - inside.first, seen.step[d] = w->dilation[d] * w->x_stride[d];
      }
      seen.x = (const char *)x->data + from * bytes;
      put(out->dtype, out->data, to, norm(&seen, job->p));
    }
  }
  return RTB_OK;
}

static int32_t lp_pool(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  const simd_device *dev = kctx;
  norm_job job = {.x = op->args[0], .out = op->args[2], .p = *(const double *)op->args[1]->data};
  job.window = simd_window_of(op->attr, job.x, job.out, NULL);
  const simd_window *w = &job.window;
  const int64_t work = w->out[2] * w->n_taps * (job.p == 1 || job.p == 2 ? 1 : 20), grain = 32768 / (work + 32); // about 1 ns per tap, 20 with a power
  return simd_parallel(dev, job.out->numel / w->out[2], grain < 1 ? 1 : grain, lines_body, &job);
}

int32_t simd_resolve_lp_pool(simd_device *dev, const rtb_sig *sig, rtb_kernel *out) {
  const uint16_t dtype = sig->arg[0].dtype;
  if (dtype >= SIMD_DTYPES || !norms[dtype] || sig->arg[2].dtype != dtype)
    return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "lp_pool of %s", simd_dtype_name(dev, dtype));
  if (sig->arg[0].layout > RTB_NEGATIVE || sig->arg[2].layout > RTB_NEGATIVE) return rtb_refuse(out, RTB_UNSUPPORTED_LAYOUT, "lp_pool: x and out must be strided views");
  if (sig->alias) return rtb_refuse(out, RTB_UNSUPPORTED_ALIAS, "lp_pool: windows overlap, so the output cannot be the input");
  out->fn = lp_pool;
  return RTB_OK;
}
