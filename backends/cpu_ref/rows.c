// SPDX-License-Identifier: BSD-3-Clause
// The rows of ops.def as functions for every dtype, and the three functions that call them: elementwise over dense memory,
// elementwise over any strides, and reductions. What a row means is in ops.def; how a word of a formula is computed, in vocab.h.
#include "ref.h"
#include "vocab.h"

#undef bool // a macro in C11, but here also the name of a dtype
typedef _Bool bool;

// ---- the walk over what a reduction folds into one element ------------------------------------------------------------------------------
typedef struct span_walk {
  int64_t at; // elements from the first
  int64_t index[RTB_MAX_RANK];
  bool done;
} span_walk;

static inline span_walk span_start(const ref_span *span) {
  span_walk w;
  w.at = 0, w.done = false;
  for (int32_t d = 0; d < span->ndim; d++) w.index[d] = 0;
  return w;
}

static inline void span_next(span_walk *w, const ref_span *span) {
  for (int32_t d = span->ndim - 1; d >= 0; d--) {
    w->at += span->stride[d];
    if (++w->index[d] < span->shape[d]) return;
    w->index[d] = 0;
    w->at -= span->stride[d] * span->shape[d];
  }
  w->done = true;
}

// ---- one inclusion per dtype ------------------------------------------------------------------------------------------------------------
#define DTYPE bool
#define STORED uint8_t
#define CLASS b
#define VALUE uint8_t
#define WIDE_CLASS i64
#define WIDE int64_t
#define LOAD(s) ((uint8_t)((s) != 0))
#define STORE(v) ((uint8_t)((v) != 0))
#define IS_BOOL 1
#include "rows.h"

#define DTYPE i8
#define STORED int8_t
#define WIDE_CLASS i64
#define WIDE int64_t
#define IS_INTEGER 1
#include "rows.h"

#define DTYPE i16
#define STORED int16_t
#define WIDE_CLASS i64
#define WIDE int64_t
#define IS_INTEGER 1
#include "rows.h"

#define DTYPE i32
#define STORED int32_t
#define WIDE_CLASS i64
#define WIDE int64_t
#define IS_INTEGER 1
#include "rows.h"

#define DTYPE i64
#define STORED int64_t
#define WIDE_CLASS i64
#define WIDE int64_t
#define IS_INTEGER 1
#include "rows.h"

#define DTYPE u8
#define STORED uint8_t
#define WIDE_CLASS u64
#define WIDE uint64_t
#define IS_INTEGER 1
#include "rows.h"

#define DTYPE u16
#define STORED uint16_t
#define WIDE_CLASS u64
#define WIDE uint64_t
#define IS_INTEGER 1
#include "rows.h"

#define DTYPE u32
#define STORED uint32_t
#define WIDE_CLASS u64
#define WIDE uint64_t
#define IS_INTEGER 1
#include "rows.h"

#define DTYPE u64
#define STORED uint64_t
#define WIDE_CLASS u64
#define WIDE uint64_t
#define IS_INTEGER 1
#include "rows.h"

// Parameters are rounded to f32 for the three narrow floats: the type that they compute in by the contract.
#define DTYPE f16
#define STORED uint16_t
#define CLASS narrow
#define VALUE double
#define WIDE_CLASS narrow
#define WIDE double
#define LOAD(s) ref_f16_to(s)
#define STORE(v) ref_f16_from(v)
#define PARAM(p) ((double)(float)(p))
#define NEXTAFTER(a, b) ref_f16_nextafter(a, b)
#define PAIR float _Complex
#define IS_FLOAT 1
#include "rows.h"

#define DTYPE bf16
#define STORED uint16_t
#define CLASS narrow
#define VALUE double
#define WIDE_CLASS narrow
#define WIDE double
#define LOAD(s) ref_bf16_to(s)
#define STORE(v) ref_bf16_from(v)
#define PARAM(p) ((double)(float)(p))
#define NEXTAFTER(a, b) ref_bf16_nextafter(a, b)
#define PAIR float _Complex
#define IS_FLOAT 1
#include "rows.h"

#define DTYPE f32
#define STORED float
#define CLASS narrow
#define VALUE double
#define WIDE_CLASS narrow
#define WIDE double
#define LOAD(s) ((double)(s))
#define STORE(v) ((float)(v))
#define PARAM(p) ((double)(float)(p))
#define NEXTAFTER(a, b) ((double)nextafterf((float)(a), (float)(b)))
#define PAIR float _Complex
#define IS_FLOAT 1
#include "rows.h"

#define DTYPE f64
#define STORED double
#define CLASS f64
#define VALUE double
#define WIDE_CLASS long
#define WIDE long double
#define LOAD(s) (s)
#define STORE(v) ((double)(v))
#define PARAM(p) (p)
#define NEXTAFTER(a, b) nextafter(a, b)
#define PAIR double _Complex
#define IS_FLOAT 1
#include "rows.h"

#define DTYPE c64
#define STORED float _Complex
#define CLASS c
#define VALUE double _Complex
#define WIDE_CLASS cl
#define WIDE long double _Complex
#define LOAD(s) ((double _Complex)(s))
#define STORE(v) ((float _Complex)(v))
#define PART float
#define IS_COMPLEX 1
#include "rows.h"

#define DTYPE c128
#define STORED double _Complex
#define CLASS c
#define VALUE double _Complex
#define WIDE_CLASS cl
#define WIDE long double _Complex
#define LOAD(s) (s)
#define STORE(v) ((double _Complex)(v))
#define PART double
#define IS_COMPLEX 1
#include "rows.h"

const ref_row *rti_ref_rows_of(uint16_t dtype) {
  static const ref_row *const rows[REF_DTYPES] = {
#define RT_DTYPE(code, NAME, name, bytes, kind, doc) [code] = ref_rows_##name,
#include <trivet/dtypes.def>
  };
  return rows[dtype];
}

// ---- elementwise ------------------------------------------------------------------------------------------------------------------------
int32_t rti_ref_map_dense(void *row, void *stream, const rtb_op *op) {
  (void)stream;
  static const int64_t ones[4] = {1, 1, 1, 1};
  void *at[4];
  const int32_t n_args = op->nin + op->nout;
  for (int32_t k = 0; k < n_args; k++) at[k] = op->args[k]->data;
  ((const ref_row *)row)->map(op->args[op->nin]->numel, at, ones);
  return RTB_OK;
}

int32_t rti_ref_map_any(void *row, void *stream, const rtb_op *op) {
  (void)stream;
  for (ref_walk w = rti_ref_walk_start(op); !w.done; rti_ref_walk_next(&w)) ((const ref_row *)row)->map(w.n, w.at, w.step);
  return RTB_OK;
}

// ---- reductions -------------------------------------------------------------------------------------------------------------------------
int32_t rti_ref_fold_any(void *row, void *stream, const rtb_op *op) {
  (void)stream;
  const rtb_view *x = op->args[0], *out = op->args[1];
  const uint32_t axes = ((const rtb_attr_axes *)op->attr)->axes;
  ref_span span = {.n = 1, .numel = 1};
  for (int32_t d = 0; d < x->ndim; d++) {
    if (!(axes >> d & 1)) continue;
    span.shape[span.ndim] = x->shape[d], span.stride[span.ndim++] = x->stride[d];
    span.numel *= x->shape[d];
  }
  if (span.ndim) span.ndim--, span.n = span.shape[span.ndim], span.step = span.stride[span.ndim];
  // The extents of out are 1 in every reduced dimension, so its walk is a walk over the first elements in x.
  const rtb_view *const views[] = {x, out};
  rtb_walk w;
  for (rtb_walk_start(&w, out->shape, out->ndim, views, 2); !w.done; rtb_walk_next(&w)) {
    ((const ref_row *)row)->fold(&span, ref_at(x, w.at[0]), ref_at(out, w.at[1]));
  }
  return RTB_OK;
}
