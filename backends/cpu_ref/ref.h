// SPDX-License-Identifier: BSD-3-Clause
// What the files of the reference backend share: the kinds of kernels, the walk over rows, and conversion between any dtype and three wide
// types. Nothing here allocates or keeps state. Functions that cross files are hidden, and carry the library's prefix rti_ because
// the builtin reference ends up in static libraries, too.
#ifndef CPU_REF_REF_H
#define CPU_REF_REF_H

#include <stdbool.h>
#include <trivet/backend.h>
#include <trivet/backend_kit.h>

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

#define REF_DTYPES 16 // codes 1 to 15
#define REF_OPS 256   // ids of ops.def lie below
#define REF_CHUNK 64  // elements that pass through a buffer on the stack at a time

// ---- kernels made from the rows of ops.def (rows.h) -------------------------------------------------------------------------------------
/// n elements of each argument: at[k] is argument k's first one, step[k] its stride in elements.
typedef void (*ref_map)(int64_t n, void *const *at, const int64_t *step);

/// The elements that make one result of a reduction, seen from its first one: `rows` of `n` elements in C order.
typedef struct ref_span {
  int64_t n, step, numel;
  int32_t ndim;                                       // dimensions outside the innermost
  int64_t shape[RTB_MAX_RANK], stride[RTB_MAX_RANK];
} ref_span;
typedef void (*ref_fold)(const ref_span *span, const void *x, void *out);

/// One cell of the table: how this row computes in this dtype. NULL: not at all. A reduction's is fold, any other's map.
typedef union ref_row {
  ref_map map;
  ref_fold fold;
} ref_row;
const ref_row *rti_ref_rows_of(uint16_t dtype); ///< REF_OPS cells

int32_t rti_ref_map_dense(void *row, void *stream, const rtb_op *op); ///< every argument DENSE
int32_t rti_ref_map_any(void *row, void *stream, const rtb_op *op);
int32_t rti_ref_fold_any(void *row, void *stream, const rtb_op *op);

// ---- walking ----------------------------------------------------------------------------------------------------------------------------
/// Walks all arguments of an elementwise op row by row, in C order of the output:
///   for (ref_walk w = rti_ref_walk_start(op); !w.done; rti_ref_walk_next(&w)) use(w.n, w.at, w.step);
typedef struct ref_walk {
  rtb_walk outer;
  int64_t n;
  void *at[4];
  int64_t step[4];
  int32_t n_args;
  bool done;
} ref_walk;
ref_walk rti_ref_walk_start(const rtb_op *op);
void rti_ref_walk_next(ref_walk *walk);

static inline int64_t ref_stride(const rtb_view *view, int32_t d) { return view->ndim ? view->stride[d] : 0; }
static inline char *ref_at(const rtb_view *view, int64_t element) {
  return (char *)view->data + element * (int64_t)rtb_dtype_bytes(view->dtype);
}

// ---- conversion (convert.c) -------------------------------------------------------------------------------------------------------------
/// The wide type that holds every value of a dtype exactly: int64_t for bool and signed integers, uint64_t for unsigned, double for floats,
/// double _Complex for complex dtypes.
typedef enum ref_wide { REF_I64, REF_U64, REF_F64, REF_C128 } ref_wide;
typedef union ref_wide_row {
  int64_t i64[REF_CHUNK];
  uint64_t u64[REF_CHUNK];
  double f64[2 * REF_CHUNK]; // of a complex number the real part, then the imaginary part
  double _Complex c128[REF_CHUNK];
} ref_wide_row;
ref_wide rti_ref_wide_of(uint16_t dtype);
/// n elements of a dtype, `step` elements apart, to its wide type and back. put converts as cast does, from any wide type (NULL: a complex
/// number has no value there).
typedef void (*ref_get)(int64_t n, const void *x, int64_t step, void *wide);
typedef void (*ref_put)(int64_t n, const void *wide, void *out, int64_t step);
ref_get rti_ref_get_of(uint16_t dtype);
ref_put rti_ref_put_of(uint16_t dtype, ref_wide from);

// ---- operations with a function of their own --------------------------------------------------------------------------------------------
int32_t rti_ref_copy(void *host, void *stream, const rtb_op *op);
int32_t rti_ref_cast(void *host, void *stream, const rtb_op *op);
int32_t rti_ref_arange(void *host, void *stream, const rtb_op *op);
int32_t rti_ref_where(void *host, void *stream, const rtb_op *op);
int32_t rti_ref_gather(void *host, void *stream, const rtb_op *op);
int32_t rti_ref_take_along(void *host, void *stream, const rtb_op *op);
int32_t rti_ref_gather_nd(void *host, void *stream, const rtb_op *op);
int32_t rti_ref_scatter(void *host, void *stream, const rtb_op *op);
int32_t rti_ref_scatter_nd(void *host, void *stream, const rtb_op *op);
bool rti_ref_can_scatter(const rtb_attr_index *attr, uint16_t dtype); ///< in this mode?
int32_t rti_ref_nonzero(void *host, void *stream, const rtb_op *op);
int32_t rti_ref_scan(void *host, void *stream, const rtb_op *op); ///< cumsum and cumprod
int32_t rti_ref_sort(void *host, void *stream, const rtb_op *op); ///< and argsort; the workspace is what rti_ref_sort_accept asks for
int32_t rti_ref_sort_accept(void *host, const rtb_op *op, uint64_t *out_workspace_bytes);
int32_t rti_ref_searchsorted(void *host, void *stream, const rtb_op *op);
int32_t rti_ref_random_uniform(void *host, void *stream, const rtb_op *op);
int32_t rti_ref_random_normal(void *host, void *stream, const rtb_op *op);
int32_t rti_ref_matmul(void *host, void *stream, const rtb_op *op);   ///< and matmul_integer
int32_t rti_ref_conv(void *host, void *stream, const rtb_op *op);     ///< and conv_transpose, conv_integer
int32_t rti_ref_max_pool(void *host, void *stream, const rtb_op *op); ///< and max_pool_indices
int32_t rti_ref_avg_pool(void *host, void *stream, const rtb_op *op);
int32_t rti_ref_softmax(void *host, void *stream, const rtb_op *op); ///< and log_softmax
int32_t rti_ref_layer_norm(void *host, void *stream, const rtb_op *op); ///< and rms_norm
int32_t rti_ref_batch_norm(void *host, void *stream, const rtb_op *op);
int32_t rti_ref_quantize(void *host, void *stream, const rtb_op *op); ///< and dequantize

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
