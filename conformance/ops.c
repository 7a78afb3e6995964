// SPDX-License-Identifier: BSD-3-Clause
// The table of operations as the grid sees it: facts and a call for each row, expanded from ops.def. The formulas of the table are left
// out on purpose: the oracle has its own.
#include "internal.h"

#define CALL(name) static rt_status call_##name(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out)
#define AXES (c->all_axes ? NULL : &c->axes)
#define ASKED_SUM c->asked,
#define ASKED_SAME
#define ASKED_BOOL

#define RT_UNARY(id, NAME, name, ...) \
  CALL(name) { (void)c; return into ? rt_##name##_into(in[0], into) : rt_##name(in[0], out); }
#define RT_PARAM(id, NAME, name, ...) \
  CALL(name) { return into ? rt_##name##_into(in[0], c->param, into) : rt_##name(in[0], c->param, out); }
#define RT_BINARY(id, NAME, name, ...) \
  CALL(name) { (void)c; return into ? rt_##name##_into(in[0], in[1], into) : rt_##name(in[0], in[1], out); } \
  CALL(name##_scalar) { return into ? rt_##name##_scalar_into(in[0], c->scalar, into) : rt_##name##_scalar(in[0], c->scalar, out); }
#define RT_TERNARY(id, NAME, name, ...) \
  CALL(name) { (void)c; return into ? rt_##name##_into(in[0], in[1], in[2], into) : rt_##name(in[0], in[1], in[2], out); }
#define RT_REDUCE(id, NAME, name, dtypes, result, ...) \
  CALL(name) { \
    return into ? rt_##name##_into(in[0], AXES, c->keep_dims, into) : rt_##name(in[0], AXES, c->keep_dims, ASKED_##result out); \
  }
#define RT_ARG(id, NAME, name, ...) \
  CALL(name) { return into ? rt_##name##_into(in[0], AXES, c->keep_dims, into) : rt_##name(in[0], AXES, c->keep_dims, out); }
#define RT_OP(...)
#define RT_COMPOSITE(...)
#include <trivet/ops.def>

const cf_op cf_ops[] = {
#define RT_UNARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc) \
  {id, #name, CF_UNARY, CF_ACCEPT_##dtypes, CF_GIVES_##result, true, cpu, gpu, 0, call_##name, NULL},
#define RT_PARAM(id, NAME, name, dtypes, result, cpu, gpu, param, value, formula, doc) \
  {id, #name, CF_PARAM, CF_ACCEPT_##dtypes, CF_GIVES_##result, true, cpu, gpu, value, call_##name, NULL},
#define RT_BINARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc) \
  {id, #name, CF_BINARY, CF_ACCEPT_##dtypes, CF_GIVES_##result, true, cpu, gpu, 0, call_##name, call_##name##_scalar},
#define RT_TERNARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc) \
  {id, #name, CF_TERNARY, CF_ACCEPT_##dtypes, CF_GIVES_##result, true, cpu, gpu, 0, call_##name, NULL},
#define RT_REDUCE(id, NAME, name, dtypes, result, empty, cpu, gpu, init, step, finish, doc) \
  {id, #name, CF_REDUCE, CF_ACCEPT_##dtypes, CF_GIVES_##result, empty, cpu, gpu, 0, call_##name, NULL},
#define RT_ARG(id, NAME, name, dtypes, result, better, doc) \
  {id, #name, CF_ARG, CF_ACCEPT_##dtypes, CF_GIVES_##result, false, 0, 0, 0, call_##name, NULL},
#define RT_OP(id, NAME, name, inputs, dtypes, result, collapse, cpu, gpu, list, into, doc) \
  {id, #name, CF_OP, CF_ACCEPT_##dtypes, CF_GIVES_##result, true, cpu, gpu, 0, NULL, NULL},
#define RT_COMPOSITE(id, NAME, name, inputs, collapse, list, doc) \
  {id, #name, CF_COMPOSITE, CF_ACCEPT_ANY, CF_GIVES_SAME, true, 0, 0, 0, NULL, NULL},
#include <trivet/ops.def>
};
const int cf_n_ops = CF_COUNT(cf_ops);

const cf_op *cf_op_of(int id) {
  for (int i = 0; i < cf_n_ops; i++) if (cf_ops[i].id == id) return &cf_ops[i];
  return NULL;
}

rt_dtype cf_compute_dtype(cf_accepts accepts, rt_dtype dtype) {
  if (cf_is_complex(dtype)) return accepts & CF_AND_COMPLEX ? dtype : RT_DTYPE_NONE;
  switch ((int)accepts & ~CF_AND_COMPLEX) {
    case CF_ACCEPT_ANY: return dtype;
    case CF_ACCEPT_NUMERIC: return dtype == RT_BOOL ? RT_DTYPE_NONE : dtype;
    case CF_ACCEPT_INTEGER: return dtype == RT_BOOL || cf_is_float(dtype) ? RT_DTYPE_NONE : dtype;
    case CF_ACCEPT_BITS: return cf_is_float(dtype) ? RT_DTYPE_NONE : dtype;
    case CF_ACCEPT_FLOAT: return cf_is_float(dtype) ? dtype : RT_F32;
  }
  return RT_DTYPE_NONE;
}

rt_dtype cf_result_dtype(const cf_op *op, rt_dtype compute) {
  switch (op->gives) {
    case CF_GIVES_BOOL: return RT_BOOL;
    case CF_GIVES_I64: return RT_I64;
    case CF_GIVES_REAL: return cf_part(compute);
    case CF_GIVES_COMPLEX: return compute == RT_F64 ? RT_C128 : RT_C64;
    case CF_GIVES_SUM:
      if (cf_is_float(compute) || cf_is_complex(compute)) return compute;
      return compute == RT_BOOL || cf_is_signed(compute) ? RT_I64 : RT_U64;
    default: return compute;
  }
}
