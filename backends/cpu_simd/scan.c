// SPDX-License-Identifier: BSD-3-Clause
// Running sums and products along one axis. Lines whose neighbours lie side by side are run through together, a row of them at a time, which the
// compiler turns into vectors; others one by one. f16 and bf16 add up in f32, c64 in double, and round each
// result once; integers wrap in 64 bits.
#include <string.h>

#include "simd.h"
#include "walk.h"

#include "../cpu_ref/small_float.h"

#define GRAIN 16384 // elements
#define TOGETHER 256

/// `lines` neighbouring lines (x_line and out_line apart) of n elements (x_step and out_step apart).
typedef void (*scan_fn)(const void *x, int64_t x_step, int64_t x_line, void *out, int64_t out_step, int64_t out_line, int64_t n, int64_t lines);

#define SAME(v) (v)
#define TRUTH(v) ((v) != 0)
#define SCAN(name, in_type, acc_type, out_type, load, store, sign, start)                                                                  \
  static void name(const void *from, int64_t x_step, int64_t x_line, void *to, int64_t out_step, int64_t out_line, int64_t n, int64_t lines) { \
    const in_type *x = from;                                                                                                               \
    out_type *out = to;                                                                                                                    \
    acc_type acc[TOGETHER];                                                                                                                \
    if (lines == 1) {                                                                                                                      \
      acc_type one = start;                                                                                                                \
      for (int64_t i = 0; i < n; i++) {                                                                                                    \
        one = one sign (acc_type)load(x[i * x_step]);                                                                                      \
        out[i * out_step] = (out_type)store(one);                                                                                          \
      }                                                                                                                                    \
      return;                                                                                                                              \
    }                                                                                                                                      \
    for (int64_t k = 0; k < lines; k++) acc[k] = start;                                                                                    \
    for (int64_t i = 0; i < n; i++) {                                                                                                      \
      const in_type *row = x + i * x_step;                                                                                                 \
      out_type *out_row = out + i * out_step;                                                                                              \
      if (x_line == 1 && out_line == 1) {                                                                                                  \
        for (int64_t k = 0; k < lines; k++) out_row[k] = (out_type)store(acc[k] = acc[k] sign (acc_type)load(row[k]));                     \
      } else {                                                                                                                             \
        for (int64_t k = 0; k < lines; k++) out_row[k * out_line] = (out_type)store(acc[k] = acc[k] sign (acc_type)load(row[k * x_line])); \
      }                                                                                                                                    \
    }                                                                                                                                      \
  }
#define BOTH(dtype, in_type, acc_type, out_type, load, store)                     \
  SCAN(sum_##dtype, in_type, acc_type, out_type, load, store, +, 0)               \
  SCAN(prod_##dtype, in_type, acc_type, out_type, load, store, *, 1)
BOTH(bool, uint8_t, uint64_t, int64_t, TRUTH, (int64_t)SAME)
BOTH(i8, int8_t, uint64_t, int64_t, (uint64_t)(int64_t)SAME, (int64_t)SAME)
BOTH(i16, int16_t, uint64_t, int64_t, (uint64_t)(int64_t)SAME, (int64_t)SAME)
BOTH(i32, int32_t, uint64_t, int64_t, (uint64_t)(int64_t)SAME, (int64_t)SAME)
BOTH(i64, int64_t, uint64_t, int64_t, SAME, (int64_t)SAME)
BOTH(u8, uint8_t, uint64_t, uint64_t, SAME, SAME)
BOTH(u16, uint16_t, uint64_t, uint64_t, SAME, SAME)
BOTH(u32, uint32_t, uint64_t, uint64_t, SAME, SAME)
BOTH(u64, uint64_t, uint64_t, uint64_t, SAME, SAME)
BOTH(f16, uint16_t, float, uint16_t, (float)ref_f16_to, ref_f16_from)
BOTH(bf16, uint16_t, float, uint16_t, (float)ref_bf16_to, ref_bf16_from)
BOTH(f32, float, float, float, SAME, SAME)
BOTH(f64, double, double, double, SAME, SAME)
BOTH(c64, float _Complex, double _Complex, float _Complex, SAME, (float _Complex)SAME)
BOTH(c128, double _Complex, double _Complex, double _Complex, SAME, SAME)

typedef struct scan_row { scan_fn sum, prod; uint16_t out; } scan_row;
#define ROW(NAME, dtype, OUT) [RTB_##NAME] = {sum_##dtype, prod_##dtype, RTB_##OUT}
static const scan_row rows[SIMD_DTYPES] = {
  ROW(BOOL, bool, I64), ROW(I8, i8, I64), ROW(I16, i16, I64), ROW(I32, i32, I64), ROW(I64, i64, I64), ROW(U8, u8, U64), ROW(U16, u16, U64),
  ROW(U32, u32, U64), ROW(U64, u64, U64), ROW(F16, f16, F16), ROW(BF16, bf16, BF16), ROW(F32, f32, F32), ROW(F64, f64, F64), ROW(C64, c64, C64), ROW(C128, c128, C128),
};

typedef struct scan_job {
  scan_fn fn;
  simd_walk lines;     // array 0: x, 1: out
  const char *x;
  char *out;
  int64_t n, x_step, out_step, x_bytes, out_bytes;
} scan_job;

static int32_t scan_body(void *arg, int64_t begin, int64_t end) {
  const scan_job *job = arg;
  simd_walk w = job->lines;
  simd_walk_start(&w, begin);
  for (int64_t i = begin; i < end;) {
    int64_t together = simd_walk_run(&w);
    if (together > end - i) together = end - i;
    if (together > TOGETHER) together = TOGETHER;
    job->fn(job->x + w.at[0] * job->x_bytes, job->x_step, simd_walk_step(&w, 0), job->out + w.at[1] * job->out_bytes, job->out_step, simd_walk_step(&w, 1), job->n, together);
    simd_walk_next(&w, together);
    i += together;
  }
  return RTB_OK;
}

typedef struct scan_kernel { simd_device *dev; scan_fn fn; } scan_kernel;

static int32_t scan(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  const scan_kernel *kernel = kctx;
  const rtb_view *x = op->args[0], *out = op->args[1];
  const int32_t axis = simd_axis_of(((const rtb_attr_axes *)op->attr)->axes);
  scan_job job = {.fn = kernel->fn, .x = x->data, .out = out->data, .n = x->shape[axis], .x_step = x->stride[axis], .out_step = out->stride[axis],
                  .x_bytes = rtb_dtype_bytes(x->dtype), .out_bytes = rtb_dtype_bytes(out->dtype)};
  simd_walk_init(&job.lines);
  for (int32_t d = 0; d < x->ndim; d++)
    if (d != axis) simd_walk_dim(&job.lines, x->shape[d], x->stride[d], out->stride[d], 0, 0);
  const int64_t grain = GRAIN / job.n;
  return simd_parallel(kernel->dev, job.lines.numel, grain < 1 ? 1 : grain, scan_body, &job);
}

int32_t simd_resolve_scan(simd_device *dev, const rtb_sig *sig, rtb_kernel *out) {
  const char *name = simd_op_name(dev, sig->op);
  const int32_t status = simd_want_views(dev, sig, out);
  if (status != RTB_OK) return status;
  const scan_row *row = sig->arg[0].dtype < SIMD_DTYPES ? &rows[sig->arg[0].dtype] : NULL;
  if (!row || !row->sum || row->out != sig->arg[1].dtype)
    return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "%s of %s to %s", name, simd_dtype_name(dev, sig->arg[0].dtype), simd_dtype_name(dev, sig->arg[1].dtype));
  if (sig->alias) return rtb_refuse(out, RTB_UNSUPPORTED_ALIAS, "%s cannot write over its input", name);
  scan_kernel *kernel = simd_context(dev, sizeof *kernel, out);
  if (!kernel) return RTB_E_NO_MEMORY;
  kernel->fn = sig->op == RTB_OP_CUMSUM ? row->sum : row->prod;
  out->fn = scan;
  return RTB_OK;
}
