// SPDX-License-Identifier: BSD-3-Clause
// scatter and scatter_nd: indices are checked and turned into offsets first (index.c), so nothing is written when one is bad; then updates fall
// on their targets one after another, in C order of the indices. Only what lies beside the axis of scatter is independent and runs in parallel.
#include "index.h"

#include "../cpu_ref/vocab.h"

#define GRAIN 16384 // elements

/// n updates, each onto its own target: y[i] = y[i] combined with u[i].
typedef void (*combine_fn)(int64_t n, void *y, int64_t y_step, const void *u, int64_t u_step);

#define LOAD_SAME(v) (v)
#define STORE_SAME(v) (v)
#define COMBINE(op, dtype, type, value, load, store)                                                                                       \
  static void op##_to_##dtype(int64_t n, void *to, int64_t y_step, const void *from, int64_t u_step) {                                     \
    type *y = to;                                                                                                                          \
    const type *u = from;                                                                                                                  \
    for (int64_t i = 0; i < n; i++) {                                                                                                      \
      const value a = load(y[i * y_step]), b = load(u[i * u_step]);                                                                        \
      y[i * y_step] = (type)store(M(op)(a, b));                                                                                            \
    }                                                                                                                                      \
  }
#define ALL(dtype, type, value, load, store)                                                                                               \
  COMBINE(add, dtype, type, value, load, store) COMBINE(mul, dtype, type, value, load, store)                                             \
  COMBINE(min, dtype, type, value, load, store) COMBINE(max, dtype, type, value, load, store)

#define VOCAB i8
ALL(i8, int8_t, int8_t, LOAD_SAME, STORE_SAME)
#undef VOCAB
#define VOCAB i16
ALL(i16, int16_t, int16_t, LOAD_SAME, STORE_SAME)
#undef VOCAB
#define VOCAB i32
ALL(i32, int32_t, int32_t, LOAD_SAME, STORE_SAME)
#undef VOCAB
#define VOCAB i64
ALL(i64, int64_t, int64_t, LOAD_SAME, STORE_SAME)
#undef VOCAB
#define VOCAB u8
ALL(u8, uint8_t, uint8_t, LOAD_SAME, STORE_SAME)
#undef VOCAB
#define VOCAB u16
ALL(u16, uint16_t, uint16_t, LOAD_SAME, STORE_SAME)
#undef VOCAB
#define VOCAB u32
ALL(u32, uint32_t, uint32_t, LOAD_SAME, STORE_SAME)
#undef VOCAB
#define VOCAB u64
ALL(u64, uint64_t, uint64_t, LOAD_SAME, STORE_SAME)
#undef VOCAB
#define VOCAB narrow // one rounding from double is that of the float itself
ALL(f32, float, double, LOAD_SAME, STORE_SAME)
ALL(f16, uint16_t, double, ref_f16_to, ref_f16_from)
ALL(bf16, uint16_t, double, ref_bf16_to, ref_bf16_from)
#undef VOCAB
#define VOCAB f64
ALL(f64, double, double, LOAD_SAME, STORE_SAME)
#undef VOCAB
#define VOCAB c
COMBINE(add, c64, float _Complex, double _Complex, LOAD_SAME, STORE_SAME)
COMBINE(mul, c64, float _Complex, double _Complex, LOAD_SAME, STORE_SAME)
COMBINE(add, c128, double _Complex, double _Complex, LOAD_SAME, STORE_SAME)
COMBINE(mul, c128, double _Complex, double _Complex, LOAD_SAME, STORE_SAME)
#undef VOCAB
#define VOCAB b
COMBINE(min, bool8, uint8_t, uint8_t, LOAD_SAME, STORE_SAME)
COMBINE(max, bool8, uint8_t, uint8_t, LOAD_SAME, STORE_SAME)
#undef VOCAB

#define SET(bytes, type)                                                                                                                   \
  static void set_##bytes(int64_t n, void *to, int64_t y_step, const void *from, int64_t u_step) {                                         \
    char *y = to;                                                                                                                          \
    const char *u = from;                                                                                                                  \
    for (int64_t i = 0; i < n; i++) memcpy(y + i * y_step * bytes, u + i * u_step * bytes, bytes);                                         \
  }
SET(1, uint8_t) SET(2, uint16_t) SET(4, uint32_t) SET(8, uint64_t) SET(16, uint64_t)

static combine_fn combine_of(uint16_t dtype, uint32_t mode) {
#define ROW(NAME, dtype) [RTB_##NAME] = {[RTB_SCATTER_ADD] = add_to_##dtype, [RTB_SCATTER_MUL] = mul_to_##dtype, [RTB_SCATTER_MIN] = min_to_##dtype, [RTB_SCATTER_MAX] = max_to_##dtype}
  static const combine_fn table[SIMD_DTYPES][RTB_SCATTER_MAX + 1] = {
    ROW(I8, i8), ROW(I16, i16), ROW(I32, i32), ROW(I64, i64), ROW(U8, u8), ROW(U16, u16), ROW(U32, u32), ROW(U64, u64),
    ROW(F16, f16), ROW(BF16, bf16), ROW(F32, f32), ROW(F64, f64),
    [RTB_C64] = {[RTB_SCATTER_ADD] = add_to_c64, [RTB_SCATTER_MUL] = mul_to_c64},
    [RTB_C128] = {[RTB_SCATTER_ADD] = add_to_c128, [RTB_SCATTER_MUL] = mul_to_c128},
    [RTB_BOOL] = {[RTB_SCATTER_MIN] = min_to_bool8, [RTB_SCATTER_MAX] = max_to_bool8},
  };
  if (mode != RTB_SCATTER_SET) return mode <= RTB_SCATTER_MAX ? table[dtype][mode] : NULL;
  switch (rtb_dtype_bytes(dtype)) {
  case 1: return set_1;
  case 2: return set_2;
  case 4: return set_4;
  case 8: return set_8;
  default: return set_16;
  }
}

// ---- the result starts as x -------------------------------------------------------------------------------------------------------------------
typedef struct copy_job { simd_walk places; const char *x; char *out; int64_t bytes; combine_fn set; } copy_job;

static int32_t copy_body(void *arg, int64_t begin, int64_t end) {
  const copy_job *job = arg;
  simd_walk w = job->places;
  simd_walk_start(&w, begin);
  for (int64_t i = begin; i < end;) {
    int64_t n = simd_walk_run(&w);
    if (n > end - i) n = end - i;
    job->set(n, job->out + w.at[1] * job->bytes, simd_walk_step(&w, 1), job->x + w.at[0] * job->bytes, simd_walk_step(&w, 0));
    simd_walk_next(&w, n);
    i += n;
  }
  return RTB_OK;
}

static int32_t copy_x(const simd_device *dev, const rtb_view *x, const rtb_view *out) {
  if (x->data == out->data) return RTB_OK;
  copy_job job = {.x = x->data, .out = out->data, .bytes = rtb_dtype_bytes(out->dtype), .set = combine_of(out->dtype, RTB_SCATTER_SET)};
  simd_walk_init(&job.places);
  for (int32_t d = 0; d < out->ndim; d++) simd_walk_dim(&job.places, out->shape[d], x->stride[d], out->stride[d], 0, 0);
  return simd_parallel(dev, job.places.numel, 4 * GRAIN, copy_body, &job);
}

// ---- updates ----------------------------------------------------------------------------------------------------------------------------------
typedef struct scatter_job {
  simd_walk places;      // array 0: out, without what the offset says; 1: offsets; 2: updates
  int64_t run, run_step[2], block; // each place is `run` elements, with steps in out and updates; blocks of `block` places are independent
  const int64_t *offset;
  char *out;
  const char *updates;
  int64_t bytes;
  combine_fn combine;
} scatter_job;

static int32_t scatter_body(void *arg, int64_t begin, int64_t end) {
  const scatter_job *job = arg;
  const int64_t bytes = job->bytes, last = end * job->block;
  simd_walk w = job->places;
  simd_walk_start(&w, begin * job->block);
  for (int64_t i = begin * job->block; i < last;) {
    int64_t n = simd_walk_run(&w);
    if (n > last - i) n = last - i;
    const int64_t so = simd_walk_step(&w, 0), si = simd_walk_step(&w, 1), su = simd_walk_step(&w, 2);
    const int64_t *offset = job->offset + w.at[1];
    for (int64_t j = 0; j < n; j++)
      job->combine(job->run, job->out + (w.at[0] + j * so + offset[j * si]) * bytes, job->run_step[0], job->updates + (w.at[2] + j * su) * bytes, job->run_step[1]);
    simd_walk_next(&w, n);
    i += n;
  }
  return RTB_OK;
}

static int64_t dense_stride(const rtb_view *indices, int32_t d, int32_t last) {
  int64_t stride = 1;
  while (++d < last) stride *= indices->shape[d];
  return stride;
}

static int32_t scatter(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  const simd_device *dev = kctx;
  const rtb_view *indices = op->args[1], *updates = op->args[2], *out = op->args[3];
  const rtb_attr_index *attr = op->attr;
  const int32_t axis = simd_axis_of(attr->axes);
  int64_t *offset = op->workspace->data;
  int32_t status = simd_offsets(dev, "scatter", indices, out, axis, SIMD_SINGLE, offset);
  if (status == RTB_OK) status = copy_x(dev, op->args[0], out);
  if (status != RTB_OK) return status;
  scatter_job job = {.offset = offset, .out = out->data, .updates = updates->data, .bytes = rtb_dtype_bytes(out->dtype), .run = 1, .block = 1,
                     .combine = combine_of(out->dtype, attr->mode)};
  simd_walk_init(&job.places);
  int64_t outer = 1; // positions before the axis: each has targets of its own
  for (int32_t d = 0; d < indices->ndim; d++) {
    if (d < axis) outer *= indices->shape[d];
    simd_walk_dim(&job.places, indices->shape[d], d == axis ? 0 : out->stride[d], dense_stride(indices, d, indices->ndim), updates->stride[d], 0);
  }
  job.block = job.places.numel / outer;
  const int64_t grain = GRAIN / job.block;
  return simd_parallel(dev, outer, grain < 1 ? 1 : grain, scatter_body, &job);
}

static int32_t scatter_nd(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  const simd_device *dev = kctx;
  const rtb_view *indices = op->args[1], *updates = op->args[2], *out = op->args[3];
  const int32_t last = indices->ndim - 1, k = (int32_t)indices->shape[last];
  int64_t *offset = op->workspace->data;
  int32_t status = simd_offsets(dev, "scatter_nd", indices, out, 0, k, offset);
  if (status == RTB_OK) status = copy_x(dev, op->args[0], out);
  if (status != RTB_OK) return status;
  scatter_job job = {.offset = offset, .out = out->data, .updates = updates->data, .bytes = rtb_dtype_bytes(out->dtype), .run = 1,
                     .combine = combine_of(out->dtype, ((const rtb_attr_index *)op->attr)->mode)};
  simd_walk_init(&job.places);
  for (int32_t d = 0; d < last; d++) simd_walk_dim(&job.places, indices->shape[d], 0, dense_stride(indices, d, last), updates->stride[d], 0);
  const int32_t inner = out->ndim - 1; // the innermost dimension of a slice is its run
  for (int32_t d = k; d < inner; d++) simd_walk_dim(&job.places, out->shape[d], out->stride[d], 0, updates->stride[last + d - k], 0);
  if (k <= inner) job.run = out->shape[inner], job.run_step[0] = out->stride[inner], job.run_step[1] = updates->stride[last + inner - k];
  job.block = job.places.numel;
  return scatter_body(&job, 0, 1);
}

int32_t simd_resolve_scatter(simd_device *dev, const rtb_sig *sig, rtb_kernel *out) {
  const char *name = simd_op_name(dev, sig->op);
  const rtb_attr_index *attr = sig->attr;
  const uint16_t dtype = sig->arg[0].dtype;
  const int32_t status = simd_want_views(dev, sig, out);
  if (status != RTB_OK) return status;
  if (!simd_is_index(sig->arg[1].dtype)) return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "%s: indices of %s", name, simd_dtype_name(dev, sig->arg[1].dtype));
  if (!combine_of(dtype, attr->mode)) return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "%s of %s has no such mode here", name, simd_dtype_name(dev, dtype));
  if (sig->alias & ~1u) return rtb_refuse(out, RTB_UNSUPPORTED_ALIAS, "%s cannot write over its updates", name);
  out->accept = simd_index_accept;
  out->fn = sig->op == RTB_OP_SCATTER ? scatter : scatter_nd;
  return RTB_OK;
}

// ---- nonzero ----------------------------------------------------------------------------------------------------------------------------------
/// Bits that make an element of this dtype different from zero: all but the sign of floats.
static uint64_t zero_mask(uint16_t dtype) {
  switch (dtype) {
  case RTB_F16: case RTB_BF16: return 0x7fff;
  case RTB_F32: case RTB_C64: return 0x7fffffff;
  case RTB_F64: case RTB_C128: return INT64_MAX;
  default: return UINT64_MAX;
  }
}

/// Writes the coordinates of the elements of one line that are not zero; `line`: those of its first element. Answers how many there are so far.
static inline int64_t find_in_line(const char *at, int64_t n, int64_t step, int64_t part, bool pairs, uint64_t mask, const rtb_view *out, const int64_t *line,
                                   int32_t inner, int64_t found) {
  for (int64_t i = 0; i < n; i++, at += step) {
    uint64_t a = 0, b = 0;
    memcpy(&a, at, (size_t)part);
    if (pairs) memcpy(&b, at + part, (size_t)part);
    if (!((a | b) & mask)) continue;
    if (found < out->shape[1]) {
      int64_t *to = (int64_t *)out->data + found * out->stride[1];
      for (int32_t d = 0; d < inner; d++) to[d * out->stride[0]] = line[d];
      if (inner >= 0) to[inner * out->stride[0]] = i;
    }
    found++;
  }
  return found;
}

static int32_t nonzero(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  const simd_device *dev = kctx;
  const rtb_view *x = op->args[0], *out = op->args[1];
  const uint64_t mask = zero_mask(x->dtype);
  const int64_t bytes = rtb_dtype_bytes(x->dtype);
  const int32_t inner = x->ndim - 1;
  const int64_t n = inner < 0 ? 1 : x->shape[inner], step = inner < 0 ? 0 : x->stride[inner] * bytes;
  int64_t found = 0;
  rtb_walk w;
  for (rtb_walk_start(&w, x->shape, inner < 0 ? 0 : inner, op->args, 1); !w.done; rtb_walk_next(&w)) {
    const char *at = (const char *)x->data + w.at[0] * bytes;
#define FIND(part, pairs) found = find_in_line(at, n, step, part, pairs, mask, out, w.index, inner, found)
    if (x->dtype == RTB_C128) FIND(8, true);
    else if (x->dtype == RTB_C64) FIND(4, true);
    else if (bytes == 1) FIND(1, false);
    else if (bytes == 2) FIND(2, false);
    else if (bytes == 4) FIND(4, false);
    else FIND(8, false);
  }
  if (found == out->shape[1]) return RTB_OK;
  return rtb_failf(dev->host, RTB_E_STATE, "nonzero: %lld elements are not zero, but there is room for %lld", (long long)found, (long long)out->shape[1]);
}

int32_t simd_resolve_nonzero(simd_device *dev, const rtb_sig *sig, rtb_kernel *out) {
  const int32_t status = simd_want_views(dev, sig, out);
  if (status != RTB_OK) return status;
  if (sig->alias) return rtb_refuse(out, RTB_UNSUPPORTED_ALIAS, "nonzero cannot write over its input");
  out->fn = nonzero;
  return RTB_OK;
}
