// SPDX-License-Identifier: BSD-3-Clause
// The table of the reference backend, and resolve: which operation, in which dtypes and layouts, is run by which function. Compiled with
// TRIVET_BUILTIN the same table is the floor that libtrivet itself falls back to.
#include "ref.h"

typedef enum family { NO_FAMILY, MAP, FOLD, OP } family;
typedef enum result { SAME, BOOL, SUM, I64, GIVEN } result;

/// What a row of ops.def says that resolve has to know.
typedef struct op_row {
  uint8_t family, n_in, result, has_param;
  rtb_fn fn; // OP only
} op_row;

#define RT_UNARY(id, NAME, name, dtypes, result, ...) [id] = {MAP, 1, result, 0, NULL},
#define RT_PARAM(id, NAME, name, dtypes, result, ...) [id] = {MAP, 2, result, 1, NULL},
#define RT_BINARY(id, NAME, name, dtypes, result, ...) [id] = {MAP, 2, result, 0, NULL},
#define RT_TERNARY(id, NAME, name, dtypes, result, ...) [id] = {MAP, 3, result, 0, NULL},
#define RT_REDUCE(id, NAME, name, dtypes, result, ...) [id] = {FOLD, 1, result, 0, NULL},
#define RT_ARG(id, NAME, name, dtypes, result, ...) [id] = {FOLD, 1, result, 0, NULL},
#define RT_OP(id, NAME, name, inputs, dtypes, result, ...) [id] = {OP, inputs, result, 0, NULL},
#define RT_COMPOSITE(...)
static const op_row rows[REF_OPS] = {
#include <trivet/ops.def>
};

static rtb_fn function_of(uint16_t op) {
  switch (op) {
  case RTB_OP_COPY: case RTB_OP_FILL: return rti_ref_copy; // filling is copying an immediate
  case RTB_OP_CAST: return rti_ref_cast;
  case RTB_OP_ARANGE: return rti_ref_arange;
  case RTB_OP_WHERE: return rti_ref_where;
  case RTB_OP_GATHER: return rti_ref_gather;
  case RTB_OP_TAKE_ALONG: return rti_ref_take_along;
  case RTB_OP_GATHER_ND: return rti_ref_gather_nd;
  case RTB_OP_SCATTER: return rti_ref_scatter;
  case RTB_OP_SCATTER_ND: return rti_ref_scatter_nd;
  case RTB_OP_NONZERO: return rti_ref_nonzero;
  case RTB_OP_CUMSUM: case RTB_OP_CUMPROD: return rti_ref_scan;
  case RTB_OP_SORT: case RTB_OP_ARGSORT: return rti_ref_sort;
  case RTB_OP_SEARCHSORTED: return rti_ref_searchsorted;
  case RTB_OP_RANDOM_UNIFORM: return rti_ref_random_uniform;
  case RTB_OP_RANDOM_NORMAL: return rti_ref_random_normal;
  case RTB_OP_MATMUL: return rti_ref_matmul;
  case RTB_OP_CONV: return rti_ref_conv;
  case RTB_OP_MAX_POOL: return rti_ref_max_pool;
  case RTB_OP_AVG_POOL: return rti_ref_avg_pool;
  case RTB_OP_SOFTMAX: case RTB_OP_LOG_SOFTMAX: return rti_ref_softmax;
  case RTB_OP_LAYER_NORM: case RTB_OP_RMS_NORM: return rti_ref_layer_norm;
  case RTB_OP_BATCH_NORM: return rti_ref_batch_norm;
  default: return NULL;
  }
}

static const char *op_name(void *dev, uint16_t op) { return ((const rtb_host *)dev)->op_name(dev, op); }
static const char *dtype_name(void *dev, uint16_t dtype) { return ((const rtb_host *)dev)->dtype_name(dev, dtype); }

static bool is_dtype(uint16_t dtype) { return dtype > 0 && dtype < REF_DTYPES; }
static bool is_float(uint16_t dtype) { return dtype >= RTB_F16; }
static bool is_index(uint16_t dtype) { return dtype >= RTB_I8 && dtype <= RTB_U64; }

static uint16_t sum_dtype(uint16_t dtype) {
  return is_float(dtype) ? dtype : rti_ref_wide_of(dtype) == REF_U64 ? RTB_U64 : RTB_I64;
}

static bool is_norm(uint16_t op) { return op == RTB_OP_LAYER_NORM || op == RTB_OP_RMS_NORM || op == RTB_OP_BATCH_NORM; }
/// The argument that is a parameter of type f64, or -1.
static int32_t param_of(const rtb_sig *sig, const op_row *row) { return row->has_param || is_norm(sig->op) ? sig->nin - 1 : -1; }
/// Inputs that may be left out: a bias, a weight.
static bool may_be_absent(uint16_t op, int32_t k) {
  switch (op) {
  case RTB_OP_CONV: return k == 2;
  case RTB_OP_LAYER_NORM: return k == 1 || k == 2;
  case RTB_OP_RMS_NORM: return k == 1;
  case RTB_OP_BATCH_NORM: return k == 3 || k == 4;
  default: return false;
  }
}

/// Do the dtypes of this call fit its row? For OP, out is what a SAME row would give.
static bool dtypes_fit(const rtb_sig *sig, const op_row *row) {
  const uint16_t in = sig->arg[0].dtype, out = sig->arg[sig->nin].dtype;
  switch (sig->op) {
  case RTB_OP_CAST: return true;
  case RTB_OP_ARANGE: {
    const uint16_t want = is_float(out) ? RTB_F64 : in;
    return out != RTB_BOOL && in == want && sig->arg[1].dtype == want && rtb_dtype_bytes(want) == 8;
  }
  case RTB_OP_RANDOM_UNIFORM: case RTB_OP_RANDOM_NORMAL:
    return is_float(out) && in == RTB_U64 && sig->arg[1].dtype == RTB_U64 && sig->arg[2].dtype == RTB_F64 && sig->arg[3].dtype == RTB_F64;
  case RTB_OP_WHERE: return in == RTB_BOOL && sig->arg[1].dtype == out && sig->arg[2].dtype == out;
  case RTB_OP_GATHER: case RTB_OP_TAKE_ALONG: case RTB_OP_GATHER_ND: return is_index(sig->arg[1].dtype) && in == out;
  case RTB_OP_SCATTER: case RTB_OP_SCATTER_ND: return is_index(sig->arg[1].dtype) && in == out && sig->arg[2].dtype == out;
  default: break;
  }
  for (int32_t k = 1; k < sig->nin; k++) {
    const bool absent = sig->arg[k].layout == RTB_NONE;
    if (!absent && sig->arg[k].dtype != (k == param_of(sig, row) ? RTB_F64 : in)) return false;
  }
  switch (row->result) {
  case BOOL: return out == RTB_BOOL;
  case I64: return out == RTB_I64;
  case SUM: return out == sum_dtype(in);
  default: return out == in;
  }
}

/// Does the row compute in this dtype? OP rows are asked by name: they have no cell of their own.
static bool computes_in(const rtb_sig *sig, const op_row *row) {
  const uint16_t in = sig->arg[0].dtype;
  if (row->family != OP) {
    const ref_row *cell = &rti_ref_rows_of(in)[sig->op];
    return cell->map || cell->fold;
  }
  switch (sig->op) {
  case RTB_OP_MATMUL: case RTB_OP_MAX_POOL: return in != RTB_BOOL;
  case RTB_OP_CONV: case RTB_OP_AVG_POOL: case RTB_OP_SOFTMAX: case RTB_OP_LOG_SOFTMAX: return is_float(in);
  case RTB_OP_SCATTER: case RTB_OP_SCATTER_ND: return rti_ref_can_scatter(sig->attr, in);
  default: return !is_norm(sig->op) || is_float(in);
  }
}

static bool takes_immediate(const rtb_sig *sig, const op_row *row, int32_t k) {
  if (row->family == MAP || k == param_of(sig, row)) return true;
  if (is_norm(sig->op)) return false;
  switch (sig->op) {
  case RTB_OP_MATMUL: case RTB_OP_CONV: case RTB_OP_MAX_POOL: case RTB_OP_AVG_POOL: case RTB_OP_SOFTMAX: case RTB_OP_LOG_SOFTMAX:
  case RTB_OP_TAKE_ALONG: case RTB_OP_CUMSUM: case RTB_OP_CUMPROD: case RTB_OP_SORT: case RTB_OP_ARGSORT: case RTB_OP_SEARCHSORTED:
  case RTB_OP_SCATTER: case RTB_OP_SCATTER_ND: case RTB_OP_GATHER_ND: case RTB_OP_NONZERO:
    return false;
  default: return row->family == OP;
  }
}

/// Is it right when the output is exactly an input? Yes if each element is read before its place is written and none is read after.
static bool takes_alias(const rtb_sig *sig, const op_row *row) {
  if (row->family == MAP) return true;
  switch (sig->op) {
  case RTB_OP_COPY: case RTB_OP_CAST: case RTB_OP_WHERE: case RTB_OP_SOFTMAX: case RTB_OP_LOG_SOFTMAX: return true;
  case RTB_OP_SCATTER: case RTB_OP_SCATTER_ND: return sig->alias == 1; // x
  default: return is_norm(sig->op);
  }
}

static int32_t resolve(void *dev, const rtb_sig *sig, rtb_kernel *out) {
  const op_row *row = sig->op < REF_OPS ? &rows[sig->op] : &rows[0];
  const rtb_fn fn = row->family == OP ? function_of(sig->op) : row->family == FOLD ? rti_ref_fold_any : rti_ref_map_any;
  if (row->family == NO_FAMILY || !fn) return rtb_refuse(out, RTB_UNSUPPORTED_OP, "operation %d has no kernel of its own here", sig->op);
  const char *name = op_name(dev, sig->op);
  if (sig->nin != row->n_in || sig->nout != 1) {
    return rtb_refuse(out, RTB_UNSUPPORTED_OP, "%s takes %d inputs and 1 output, not %d and %d", name, row->n_in, sig->nin, sig->nout);
  }
  bool dense = true;
  for (int32_t k = 0; k <= sig->nin; k++) {
    const rtb_sig_arg *arg = &sig->arg[k];
    const bool immediate = arg->layout == RTB_IMM && k < sig->nin && takes_immediate(sig, row, k);
    const bool absent = arg->layout == RTB_NONE && may_be_absent(sig->op, k);
    if (arg->space == RTB_SPACE_FOREIGN) return rtb_refuse(out, RTB_UNSUPPORTED_SPACE, "%s: argument %d is not in host memory", name, k);
    if (arg->layout > RTB_NEGATIVE && !immediate && !absent) {
      memset(out->want_layout, RTB_NEGATIVE, sizeof out->want_layout);
      return rtb_refuse(out, RTB_UNSUPPORTED_LAYOUT, "%s: argument %d must be a strided view", name, k);
    }
    if (!absent && !is_dtype(arg->dtype)) {
      return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "%s: argument %d has dtype code %d", name, k, arg->dtype);
    }
    dense = dense && arg->layout == RTB_DENSE;
  }
  const uint16_t in = sig->arg[0].dtype, result = sig->arg[sig->nin].dtype;
  if (!computes_in(sig, row)) return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "%s is not defined for %s", name, dtype_name(dev, in));
  if (!dtypes_fit(sig, row)) {
    return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "%s: dtypes do not fit (%s to %s)", name, dtype_name(dev, in), dtype_name(dev, result));
  }
  if (sig->alias && !takes_alias(sig, row)) return rtb_refuse(out, RTB_UNSUPPORTED_ALIAS, "%s cannot write over its input", name);
  for (int32_t k = 0; k < sig->nin; k++) {
    if ((sig->alias >> k & 1) && rtb_dtype_bytes(sig->arg[k].dtype) != rtb_dtype_bytes(result)) {
      return rtb_refuse(out, RTB_UNSUPPORTED_ALIAS, "%s: output and input have elements of different size", name);
    }
  }
  out->fn = dense && row->family == MAP ? rti_ref_map_dense : fn;
  if (fn == rti_ref_sort) out->accept = rti_ref_sort_accept;
  if (row->family != OP) out->kctx = (void *)&rti_ref_rows_of(in)[sig->op]; // read-only, like every kctx
  return RTB_OK;
}

static const rtb_backend table = {
  RTB_BACKEND_HEADER,
  .caps = RTB_CAP_HOST_MEMORY | RTB_CAP_UNLOADABLE,
#ifdef TRIVET_BUILTIN
  .name = "builtin",
#else
  .name = "cpu_ref",
#endif
  .vendor = "Trivet",
  .version = "0.1.0",
  .resolve = resolve,
};

#ifdef TRIVET_BUILTIN
__attribute__((visibility("hidden"))) const rtb_backend *rti_builtin_entry(const rtb_host *host);
const rtb_backend *rti_builtin_entry(const rtb_host *host) {
#else
RTB_EXPORT const rtb_backend *RTB_BACKEND_ENTRY(const rtb_host *host);
const rtb_backend *RTB_BACKEND_ENTRY(const rtb_host *host) {
#endif
  (void)host;
  return &table;
}
