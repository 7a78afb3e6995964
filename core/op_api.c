// SPDX-License-Identifier: BSD-3-Clause
// rt_add() and all its siblings: the families expanded from ops.def, and the operations with parameters of their own. Each checks its
// arguments, brings inputs to one dtype, states the result's dtype and shape, and hands a call to dispatch.c.
#include <math.h>
#include <string.h>

#include "dispatch.h"
#include "infer.h"

// ---- inputs ------------------------------------------------------------------------------------------------------------------------------

rt_status rti_check_inputs(uint16_t op, int n, const rt_tensor *const *in, rti_target to) {
  const char *name = rti_ops[op].name;
  static const char *const ordinal[] = {"first", "second", "third", "fourth"};
  if (to.out) *to.out = NULL;
  else if (!to.given) return rti_fail(RT_E_ARGUMENT, "%s: out is NULL", name);
  for (int k = 0; k < n; k++)
    if (!in[k]) return rti_fail(RT_E_ARGUMENT, "%s: the %s input is NULL", name, ordinal[k]);
  const rt_ctx *ctx = n ? in[0]->ctx : to.given->ctx;
  for (int k = 0; k <= n; k++) {
    const rt_tensor *t = k < n ? in[k] : to.given;
    if (t && t->ctx != ctx) return rti_fail(RT_E_STATE, "%s: the tensors belong to two contexts", name);
  }
  return RT_OK;
}

/// Adds t to the call in the wanted dtype: as it is, as an immediate (weak), or cast into *made.
static rt_status add_input(rti_call *call, const rt_tensor *t, rt_dtype dtype, rt_tensor **made) {
  *made = NULL;
  if (t->flags & RTI_TENSOR_WEAK) {
    rti_call_imm(call, dtype, rti_scalar_load((rt_dtype)t->view.dtype, t->view.data));
    return RT_OK;
  }
  rt_status status = (rt_dtype)t->view.dtype == dtype ? RT_OK : rt_cast(t, dtype, made);
  if (status == RT_OK) rti_call_tensor(call, *made ? *made : t);
  return status;
}

rt_status rti_run_op(rti_call *call, rti_target to) {
  call->user = true;
  return rti_run(call, to.given, to.out);
}

// ---- elementwise ---------------------------------------------------------------------------------------------------------------------------

static rt_status elementwise(uint16_t op, int n, const rt_tensor *const *in, const rt_scalar *scalar, const double *param, rti_target to) {
  rt_status status = rti_check_inputs(op, n, in, to);
  rti_call call;
  rt_dtype compute;
  if (status == RT_OK) {
    rti_call_init(&call, in[0]->ctx, op);
    status = rti_infer_compute(op, n, in, scalar, &compute);
  }
  if (status == RT_OK) status = rti_infer_broadcast(op, n, in, &call.out_rank, call.out_shape);
  if (status != RT_OK) return status;
  rt_tensor *made[4] = {NULL};
  for (int k = 0; k < n && status == RT_OK; k++) status = add_input(&call, in[k], compute, &made[k]);
  if (status == RT_OK) {
    if (scalar) rti_call_imm(&call, compute, *scalar);
    if (param) rti_call_imm(&call, RT_F64, rt_float(*param));
    call.out_dtype = rti_infer_result(op, compute);
    status = rti_run_op(&call, to);
  }
  bool is_cast = false; // the short way casts nothing: backends are never asked about other dtypes than the operation computes in
  for (int k = 0; k < n; k++) {
    is_cast |= made[k] != NULL;
    rt_release(made[k]);
  }
  if (status == RT_OK && !scalar && !param && !is_cast) rti_fast_learn(op, n, in, to.given ? to.given : *to.out);
  return status;
}

static inline rt_status map_new(uint16_t op, int n, const rt_tensor *const *in, rt_tensor **out) {
  if (RTI_UNLIKELY(!out)) return rti_fail(RT_E_ARGUMENT, "%s: out is NULL", rti_ops[op].name);
  rt_status status = rti_fast_new(op, n, in, out);
  return RTI_LIKELY(status != RTI_FAST_MISS) ? status : elementwise(op, n, in, NULL, NULL, (rti_target){NULL, out});
}

static inline rt_status map_into(uint16_t op, int n, const rt_tensor *const *in, rt_tensor *out) {
  rt_status status = rti_fast_into(op, n, in, out);
  return RTI_LIKELY(status != RTI_FAST_MISS) ? status : elementwise(op, n, in, NULL, NULL, (rti_target){out, NULL});
}

rt_status rti_no_out(uint16_t op) { return rti_fail(RT_E_ARGUMENT, "%s: out is NULL", rti_ops[op].name); }

static rt_status reduce(uint16_t op, const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_dtype dtype, rti_target to);

#define RT_UNARY(id, NAME, name, ...)                                                                        \
  rt_status rt_##name(const rt_tensor *x, rt_tensor **out) { return map_new(id, 1, &x, out); }               \
  rt_status rt_##name##_into(const rt_tensor *x, rt_tensor *out) { return map_into(id, 1, &x, out); }
#define RT_PARAM(id, NAME, name, ...)                                                                        \
  rt_status rt_##name(const rt_tensor *x, double p, rt_tensor **out) { return out ? elementwise(id, 1, &x, NULL, &p, (rti_target){NULL, out}) : rti_no_out(id); } \
  rt_status rt_##name##_into(const rt_tensor *x, double p, rt_tensor *out) { return elementwise(id, 1, &x, NULL, &p, (rti_target){out, NULL}); }
#define RT_BINARY(id, NAME, name, ...)                                                                       \
  rt_status rt_##name(const rt_tensor *a, const rt_tensor *b, rt_tensor **out) { return map_new(id, 2, (const rt_tensor *[]){a, b}, out); }       \
  rt_status rt_##name##_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out) { return map_into(id, 2, (const rt_tensor *[]){a, b}, out); } \
  rt_status rt_##name##_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out) { return out ? elementwise(id, 1, &a, &b, NULL, (rti_target){NULL, out}) : rti_no_out(id); } \
  rt_status rt_##name##_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out) { return elementwise(id, 1, &a, &b, NULL, (rti_target){out, NULL}); }
#define RT_TERNARY(id, NAME, name, ...)                                                                      \
  rt_status rt_##name(const rt_tensor *a, const rt_tensor *b, const rt_tensor *c, rt_tensor **out) { return map_new(id, 3, (const rt_tensor *[]){a, b, c}, out); } \
  rt_status rt_##name##_into(const rt_tensor *a, const rt_tensor *b, const rt_tensor *c, rt_tensor *out) { return map_into(id, 3, (const rt_tensor *[]){a, b, c}, out); }
// A sum also takes a dtype; the forms differ only there.
#define REDUCE_SUM(id, name)                                                                                 \
  rt_status rt_##name(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_dtype dtype, rt_tensor **out) { return out ? reduce(id, x, axes, keep_dims, dtype, (rti_target){NULL, out}) : rti_no_out(id); }
#define REDUCE_SAME(id, name)                                                                                \
  rt_status rt_##name(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor **out) { return out ? reduce(id, x, axes, keep_dims, RT_DTYPE_NONE, (rti_target){NULL, out}) : rti_no_out(id); }
#define REDUCE_BOOL REDUCE_SAME
#define REDUCE_INTO(id, name)                                                                                \
  rt_status rt_##name##_into(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor *out) { return reduce(id, x, axes, keep_dims, RT_DTYPE_NONE, (rti_target){out, NULL}); }
#define RT_REDUCE(id, NAME, name, dtypes, result, ...) REDUCE_##result(id, name) REDUCE_INTO(id, name)
#define RT_ARG(id, NAME, name, ...) REDUCE_SAME(id, name) REDUCE_INTO(id, name)
#define RT_OP(...)
#define RT_COMPOSITE(...)
#include <trivet/ops.def>

// ---- reductions ----------------------------------------------------------------------------------------------------------------------------

/// The value of a reduction over no elements.
static rt_scalar empty_value(uint16_t op, rt_dtype dtype) {
  if (op == RTB_OP_MEAN && rti_is_complex((int)dtype)) return rt_complex_number(NAN, NAN);
  return rt_float(op == RTB_OP_PROD || op == RTB_OP_ALL ? 1.0 : op == RTB_OP_MEAN ? NAN : 0.0);
}

static rt_status reduce(uint16_t op, const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_dtype dtype, rti_target to) {
  rt_status status = rti_check_inputs(op, 1, &x, to);
  const rti_op_info *info = &rti_ops[op];
  rti_call call;
  rt_dtype compute;
  if (status == RT_OK) {
    rti_call_init(&call, x->ctx, op);
    status = rti_axes(info->name, axes, x->view.ndim, &call.axes);
  }
  if (status == RT_OK) status = rti_infer_compute(op, 1, &x, NULL, &compute);
  if (status != RT_OK) return status;
  if (to.given && info->result == RTI_SUM) dtype = (rt_dtype)to.given->view.dtype;
  if (dtype != RT_DTYPE_NONE && !rti_is_dtype((int)dtype)) return rti_fail(RT_E_ARGUMENT, "%s: %d is no dtype", info->name, (int)dtype);
  call.out_dtype = rti_infer_result(op, compute);
  bool convert_result = false;
  if (dtype != RT_DTYPE_NONE && dtype != call.out_dtype) { // as if x had been cast first
    compute = dtype;
    call.out_dtype = rti_infer_result(op, compute);
    convert_result = call.out_dtype != dtype;
  }
  rti_infer_reduce(x, call.axes, keep_dims, &call.out_rank, call.out_shape);
  rt_tensor *made = NULL, *wide = NULL;
  rt_tensor *strong = NULL; // a weak scalar is an array here
  if (x->flags & RTI_TENSOR_WEAK) {
    if ((status = rt_cast(x, compute, &strong)) != RT_OK) return status;
    x = strong;
  }
  int64_t numel = 1;
  for (int32_t d = 0; d < call.out_rank; d++) numel *= call.out_shape[d];
  if (x->view.numel == 0 && numel > 0) {
    rti_text text;
    if (!info->empty_ok)
      status = rti_fail(RT_E_SHAPE, "%s: not defined over no elements (shape %s)", info->name, rti_shape_text(&text, x->view.ndim, x->view.shape));
    else {
      rt_dtype want = dtype != RT_DTYPE_NONE ? dtype : call.out_dtype;
      call.op = RTB_OP_FILL;
      call.axes = 0;
      rti_call_imm(&call, want, empty_value(op, want));
      call.out_dtype = want;
      call.device = to.given ? to.given->device : x->device;
      status = rti_run_op(&call, to);
    }
    rt_release(strong);
    return status;
  }
  status = add_input(&call, x, compute, &made);
  if (status == RT_OK && !convert_result) status = rti_run_op(&call, to);
  else if (status == RT_OK && (status = rti_run_op(&call, (rti_target){NULL, &wide})) == RT_OK)
    status = to.given ? rt_cast_into(wide, to.given) : rt_cast(wide, dtype, to.out);
  rt_release(made);
  rt_release(wide);
  rt_release(strong);
  return status;
}

// ---- movement and creation -------------------------------------------------------------------------------------------------------------------

/// Copies or casts x into a given tensor that x broadcasts to, or into a new one of dtype.
static rt_status copy_or_cast(uint16_t op, const rt_tensor *x, rt_dtype dtype, rti_target to) {
  rt_status status = rti_check_inputs(op, 1, &x, to);
  if (status != RT_OK) return status;
  if (!rti_is_dtype((int)dtype)) return rti_fail(RT_E_ARGUMENT, "%s: %d is no dtype", rti_ops[op].name, (int)dtype);
  if (rti_is_complex(x->view.dtype) && !rti_is_complex((int)dtype) && dtype != RT_BOOL)
    return rti_fail(RT_E_DTYPE, "%s: %s to %s would lose the imaginary part; take rt_real, rt_imag or rt_abs first", rti_ops[op].name,
                    rt_dtype_name((rt_dtype)x->view.dtype), rt_dtype_name(dtype));
  rti_call call;
  rti_call_init(&call, x->ctx, (rt_dtype)x->view.dtype == dtype ? RTB_OP_COPY : RTB_OP_CAST);
  call.c_order = op == RTB_OP_COPY;
  call.out_dtype = dtype;
  const rt_tensor *shape_of = to.given ? to.given : x;
  call.out_rank = shape_of->view.ndim;
  memcpy(call.out_shape, shape_of->view.shape, sizeof(int64_t) * (size_t)call.out_rank);
  int32_t rank = call.out_rank;
  int64_t shape[RT_MAX_RANK];
  memcpy(shape, call.out_shape, sizeof shape);
  rti_text from, into;
  if (x->view.ndim > rank || !rti_broadcast(&rank, shape, x->view.ndim, x->view.shape) || memcmp(shape, call.out_shape, sizeof(int64_t) * (size_t)rank))
    return rti_fail(RT_E_SHAPE, "%s: %s does not broadcast to out %s", rti_ops[op].name, rti_shape_text(&from, x->view.ndim, x->view.shape),
                    rti_shape_text(&into, call.out_rank, call.out_shape));
  // A weak scalar becomes an ordinary tensor.
  if (x->flags & RTI_TENSOR_WEAK) {
    call.op = RTB_OP_FILL;
    call.device = to.given ? to.given->device : RT_HOST;
    rti_call_imm(&call, dtype, rti_scalar_load((rt_dtype)x->view.dtype, x->view.data));
  } else {
    rti_call_tensor(&call, x);
  }
  status = rti_run_op(&call, to);
  return status == RT_OK || call.op == op ? status : rti_fail_in(status, "%s", rti_ops[op].name);
}

rt_status rt_copy(const rt_tensor *x, rt_tensor **out) {
  return out ? copy_or_cast(RTB_OP_COPY, x, x ? (rt_dtype)x->view.dtype : RT_F32, (rti_target){NULL, out}) : rti_no_out(RTB_OP_COPY);
}
rt_status rt_copy_into(const rt_tensor *x, rt_tensor *out) { return copy_or_cast(RTB_OP_COPY, x, out ? (rt_dtype)out->view.dtype : RT_F32, (rti_target){out, NULL}); }
rt_status rt_cast(const rt_tensor *x, rt_dtype dtype, rt_tensor **out) {
  return out ? copy_or_cast(RTB_OP_CAST, x, dtype, (rti_target){NULL, out}) : rti_no_out(RTB_OP_CAST);
}
rt_status rt_cast_into(const rt_tensor *x, rt_tensor *out) { return copy_or_cast(RTB_OP_CAST, x, out ? (rt_dtype)out->view.dtype : RT_F32, (rti_target){out, NULL}); }

/// Runs an op without tensor inputs into `given`, or into a new tensor on the default device.
static rt_status create(rti_call *call, rt_dtype dtype, int32_t rank, const int64_t *shape, rti_target to) {
  const char *name = rti_ops[call->op].name;
  call->user = true;
  if (to.given) {
    call->out_dtype = (rt_dtype)to.given->view.dtype;
    call->out_rank = to.given->view.ndim;
    memcpy(call->out_shape, to.given->view.shape, sizeof(int64_t) * (size_t)call->out_rank);
    call->device = to.given->device;
    return rti_run(call, to.given, NULL);
  }
  int64_t numel;
  uint64_t bytes;
  rt_status status = rti_check_shape(name, dtype, rank, shape, &numel, &bytes);
  if (status != RT_OK) return status;
  call->out_dtype = dtype;
  call->out_rank = rank;
  if (rank) memcpy(call->out_shape, shape, sizeof(int64_t) * (size_t)rank);
  call->device = call->ctx->default_device;
  return rti_run(call, NULL, to.out);
}

static rt_status start_create(uint16_t op, rt_ctx *ctx, rt_dtype dtype, rti_target to, rti_call *call) {
  const char *name = rti_ops[op].name;
  if (to.out) *to.out = NULL;
  else if (!to.given) return rti_fail(RT_E_ARGUMENT, "%s: out is NULL", name);
  if (!to.given && !ctx) return rti_fail(RT_E_ARGUMENT, "%s: ctx is NULL", name);
  rti_call_init(call, to.given ? to.given->ctx : ctx, op);
  if (to.given) dtype = (rt_dtype)to.given->view.dtype;
  if (!rti_is_dtype((int)dtype)) return rti_fail(RT_E_ARGUMENT, "%s: %d is no dtype", name, (int)dtype);
  return rti_accepts_dtype(op, dtype) ? RT_OK : rti_fail(RT_E_DTYPE, "%s: not defined for %s", name, rt_dtype_name(dtype));
}

static rt_status full(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, rt_scalar value, rti_target to) {
  rti_call call;
  rt_status status = start_create(RTB_OP_FILL, ctx, dtype, to, &call);
  if (to.given) dtype = (rt_dtype)to.given->view.dtype;
  if (status == RT_OK) status = rti_scalar_check("full", value, dtype);
  if (status != RT_OK) return status;
  rti_call_imm(&call, dtype, value);
  return create(&call, dtype, rank, shape, to);
}

rt_status rt_full(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, rt_scalar value, rt_tensor **out) {
  return out ? full(ctx, dtype, rank, shape, value, (rti_target){NULL, out}) : rti_no_out(RTB_OP_FILL);
}
rt_status rt_full_into(rt_scalar value, rt_tensor *out) { return full(NULL, RT_DTYPE_NONE, 0, NULL, value, (rti_target){out, NULL}); }
rt_status rt_zeros(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, rt_tensor **out) { return rt_full(ctx, dtype, rank, shape, rt_int(0), out); }
rt_status rt_ones(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, rt_tensor **out) { return rt_full(ctx, dtype, rank, shape, rt_int(1), out); }

static double as_double(rt_scalar s) {
  return s.kind == RT_KIND_FLOAT ? s.as.f : s.kind == RT_KIND_SIGNED ? (double)s.as.i : s.kind == RT_KIND_UNSIGNED ? (double)s.as.u : s.as.b;
}

/// How many elements arange has. Integers are counted exactly.
static rt_status arange_count(rt_dtype dtype, rt_scalar start, rt_scalar stop, rt_scalar step, int64_t *out_count) {
  bool is_float = rti_dtype_kinds[dtype] >= RT_KIND_FLOAT;
  if (!is_float && (start.kind == RT_KIND_FLOAT || stop.kind == RT_KIND_FLOAT || step.kind == RT_KIND_FLOAT))
    return rti_fail(RT_E_DTYPE, "arange: a float bound or step with dtype %s", rt_dtype_name(dtype));
  if (is_float) {
    double span = as_double(stop) - as_double(start), by = as_double(step), count = ceil(span / by);
    if (by == 0 || !isfinite(span) || !isfinite(by)) return rti_fail(RT_E_ARGUMENT, "arange: from %g to %g by %g", as_double(start), as_double(stop), by);
    if (count > 1e18) return rti_fail(RT_E_SHAPE, "arange: from %g to %g by %g has more than 1e18 elements", as_double(start), as_double(stop), by);
    *out_count = count > 0 ? (int64_t)count : 0;
    return RT_OK;
  }
  __extension__ typedef __int128 wide;
  wide bound[3];
  rt_scalar given[3] = {start, stop, step};
  for (int i = 0; i < 3; i++)
    bound[i] = given[i].kind == RT_KIND_SIGNED ? (wide)given[i].as.i : given[i].kind == RT_KIND_UNSIGNED ? (wide)given[i].as.u : (wide)given[i].as.b;
  if (bound[2] == 0) return rti_fail(RT_E_ARGUMENT, "arange: step 0");
  wide span = bound[2] > 0 ? bound[1] - bound[0] : bound[0] - bound[1], by = bound[2] > 0 ? bound[2] : -bound[2];
  wide count = span > 0 ? (span - 1) / by + 1 : 0;
  if (count > INT64_MAX) return rti_fail(RT_E_SHAPE, "arange: more than 2^63-1 elements");
  *out_count = (int64_t)count;
  return RT_OK;
}

static rt_status arange(rt_ctx *ctx, rt_dtype dtype, rt_scalar start, rt_scalar step, int64_t count, rti_target to) {
  rti_call call;
  rt_status status = start_create(RTB_OP_ARANGE, ctx, dtype, to, &call);
  if (status == RT_OK) status = rti_scalar_check("arange", start, RT_F64);
  if (status == RT_OK) status = rti_scalar_check("arange", step, RT_F64);
  if (status != RT_OK) return status;
  if (to.given) dtype = (rt_dtype)to.given->view.dtype;
  rt_dtype_kind kind = (rt_dtype_kind)rti_dtype_kinds[dtype];
  rt_dtype carry = kind >= RT_KIND_FLOAT ? RT_F64 : kind == RT_KIND_UNSIGNED ? RT_U64 : RT_I64;
  double from = as_double(start), by = as_double(step); // a given output has no count that would have found these
  if (kind < RT_KIND_FLOAT && (start.kind == RT_KIND_FLOAT || step.kind == RT_KIND_FLOAT))
    return rti_fail(RT_E_DTYPE, "arange: a float bound or step with dtype %s", rt_dtype_name(dtype));
  if (by == 0 || !isfinite(from) || !isfinite(by)) return rti_fail(RT_E_ARGUMENT, "arange: from %g by %g", from, by);
  if (to.given && to.given->view.ndim != 1) {
    rti_text text;
    return rti_fail(RT_E_SHAPE, "arange: out has shape %s, not one axis", rti_shape_text(&text, to.given->view.ndim, to.given->view.shape));
  }
  if (carry == RT_U64 && step.kind == RT_KIND_SIGNED) step = rt_uint((uint64_t)step.as.i); // counts down by wrapping
  rti_call_imm(&call, carry, start);
  rti_call_imm(&call, carry, step);
  return create(&call, dtype, 1, &count, to);
}

rt_status rt_arange(rt_ctx *ctx, rt_dtype dtype, rt_scalar start, rt_scalar stop, rt_scalar step, rt_tensor **out) {
  if (!out) return rti_no_out(RTB_OP_ARANGE);
  *out = NULL;
  if (!rti_is_dtype((int)dtype)) return rti_fail(RT_E_ARGUMENT, "arange: %d is no dtype", (int)dtype);
  int64_t count = 0;
  rt_status status = rti_scalar_check("arange", start, RT_F64);
  if (status == RT_OK) status = rti_scalar_check("arange", stop, RT_F64);
  if (status == RT_OK) status = rti_scalar_check("arange", step, RT_F64);
  if (status == RT_OK) status = arange_count(dtype, start, stop, step, &count);
  return status == RT_OK ? arange(ctx, dtype, start, step, count, (rti_target){NULL, out}) : status;
}
rt_status rt_arange_into(rt_scalar start, rt_scalar step, rt_tensor *out) { return arange(NULL, RT_DTYPE_NONE, start, step, 0, (rti_target){out, NULL}); }

static rt_status random_fill(uint16_t op, rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, uint64_t seed, uint64_t stream, double p, double q, rti_target to) {
  rti_call call;
  rt_status status = start_create(op, ctx, dtype, to, &call);
  if (status != RT_OK) return status;
  if (op == RTB_OP_RANDOM_UNIFORM ? !(p <= q) || !isfinite(q - p) : !(q >= 0) || !isfinite(p) || !isfinite(q))
    return rti_fail(RT_E_ARGUMENT, op == RTB_OP_RANDOM_UNIFORM ? "random_uniform: from %g to %g" : "random_normal: mean %g, standard deviation %g", p, q);
  rti_call_imm(&call, RT_U64, rt_uint(seed));
  rti_call_imm(&call, RT_U64, rt_uint(stream));
  rti_call_imm(&call, RT_F64, rt_float(p));
  rti_call_imm(&call, RT_F64, rt_float(q));
  return create(&call, dtype, rank, shape, to);
}

rt_status rt_random_uniform(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, uint64_t seed, uint64_t stream, double low, double high, rt_tensor **out) {
  return out ? random_fill(RTB_OP_RANDOM_UNIFORM, ctx, dtype, rank, shape, seed, stream, low, high, (rti_target){NULL, out}) : rti_no_out(RTB_OP_RANDOM_UNIFORM);
}
rt_status rt_random_uniform_into(uint64_t seed, uint64_t stream, double low, double high, rt_tensor *out) {
  return random_fill(RTB_OP_RANDOM_UNIFORM, NULL, RT_DTYPE_NONE, 0, NULL, seed, stream, low, high, (rti_target){out, NULL});
}
rt_status rt_random_normal(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, uint64_t seed, uint64_t stream, double mean, double std, rt_tensor **out) {
  return out ? random_fill(RTB_OP_RANDOM_NORMAL, ctx, dtype, rank, shape, seed, stream, mean, std, (rti_target){NULL, out}) : rti_no_out(RTB_OP_RANDOM_NORMAL);
}
rt_status rt_random_normal_into(uint64_t seed, uint64_t stream, double mean, double std, rt_tensor *out) {
  return random_fill(RTB_OP_RANDOM_NORMAL, NULL, RT_DTYPE_NONE, 0, NULL, seed, stream, mean, std, (rti_target){out, NULL});
}

// ---- where, gather -----------------------------------------------------------------------------------------------------------------------------

static rt_status where(const rt_tensor *condition, const rt_tensor *a, const rt_tensor *b, rti_target to) {
  const rt_tensor *in[3] = {condition, a, b};
  rt_status status = rti_check_inputs(RTB_OP_WHERE, 3, in, to);
  if (status != RT_OK) return status;
  if (condition->view.dtype != RT_BOOL)
    return rti_fail(RT_E_DTYPE, "where: the condition has dtype %s, not bool", rt_dtype_name((rt_dtype)condition->view.dtype));
  rti_call call;
  rti_call_init(&call, a->ctx, RTB_OP_WHERE);
  rt_tensor *made[3] = {NULL};
  if ((status = rti_infer_compute(RTB_OP_WHERE, 2, in + 1, NULL, &call.out_dtype)) != RT_OK) return status;
  if ((status = rti_infer_broadcast(RTB_OP_WHERE, 3, in, &call.out_rank, call.out_shape)) != RT_OK) return status;
  status = add_input(&call, condition, RT_BOOL, &made[0]);
  for (int k = 1; k < 3 && status == RT_OK; k++) status = add_input(&call, in[k], call.out_dtype, &made[k]);
  if (status == RT_OK) status = rti_run_op(&call, to);
  for (int k = 0; k < 3; k++) rt_release(made[k]);
  return status;
}

rt_status rt_where(const rt_tensor *condition, const rt_tensor *a, const rt_tensor *b, rt_tensor **out) {
  return out ? where(condition, a, b, (rti_target){NULL, out}) : rti_no_out(RTB_OP_WHERE);
}
rt_status rt_where_into(const rt_tensor *condition, const rt_tensor *a, const rt_tensor *b, rt_tensor *out) { return where(condition, a, b, (rti_target){out, NULL}); }

static rt_status gather(const rt_tensor *x, const rt_tensor *indices, int32_t axis, rti_target to) {
  const rt_tensor *in[2] = {x, indices};
  rt_status status = rti_check_inputs(RTB_OP_GATHER, 2, in, to);
  if (status != RT_OK || (status = rti_axis("gather", axis, x->view.ndim, &axis)) != RT_OK) return status;
  rt_dtype_kind kind = (rt_dtype_kind)rti_dtype_kinds[indices->view.dtype];
  if (kind != RT_KIND_SIGNED && kind != RT_KIND_UNSIGNED)
    return rti_fail(RT_E_DTYPE, "gather: indices have dtype %s, not an integer", rt_dtype_name((rt_dtype)indices->view.dtype));
  rti_call call;
  rti_call_init(&call, x->ctx, RTB_OP_GATHER);
  int32_t rank = x->view.ndim - 1 + indices->view.ndim;
  if (rank > RT_MAX_RANK) return rti_fail(RT_E_SHAPE, "gather: the result would have rank %d, more than %d", rank, RT_MAX_RANK);
  int64_t *shape = call.out_shape;
  for (int32_t d = 0; d < axis; d++) *shape++ = x->view.shape[d];
  for (int32_t d = 0; d < indices->view.ndim; d++) *shape++ = indices->view.shape[d];
  for (int32_t d = axis + 1; d < x->view.ndim; d++) *shape++ = x->view.shape[d];
  call.out_rank = rank;
  call.out_dtype = (rt_dtype)x->view.dtype;
  int64_t numel;
  uint64_t bytes;
  if ((status = rti_check_shape("gather", call.out_dtype, rank, call.out_shape, &numel, &bytes)) != RT_OK) return status;
  if (numel > 0 && x->view.numel == 0)
    return rti_fail(RT_E_INDEX, "gather: no index is in range for axis %d of extent 0", axis);
  rt_tensor *strong = NULL; // a weak index is read as a tensor
  if (indices->flags & RTI_TENSOR_WEAK && (status = rt_cast(indices, RT_I64, &strong)) != RT_OK) return status;
  rtb_attr_axes attr = {.size = sizeof attr, .axes = 1u << axis};
  call.attr = &attr;
  call.attr_bytes = sizeof attr;
  rti_call_tensor(&call, x);
  rti_call_tensor(&call, strong ? strong : indices);
  status = rti_run_op(&call, to);
  rt_release(strong);
  return status;
}

rt_status rt_gather(const rt_tensor *x, const rt_tensor *indices, int32_t axis, rt_tensor **out) {
  return out ? gather(x, indices, axis, (rti_target){NULL, out}) : rti_no_out(RTB_OP_GATHER);
}
rt_status rt_gather_into(const rt_tensor *x, const rt_tensor *indices, int32_t axis, rt_tensor *out) { return gather(x, indices, axis, (rti_target){out, NULL}); }

// ---- softmax -------------------------------------------------------------------------------------------------------------------------------------

static rt_status softmax(uint16_t op, const rt_tensor *x, int32_t axis, rti_target to) {
  rt_status status = rti_check_inputs(op, 1, &x, to);
  if (status != RT_OK || (status = rti_axis(rti_ops[op].name, axis, x->view.ndim, &axis)) != RT_OK) return status;
  rti_call call;
  rti_call_init(&call, x->ctx, op);
  if ((status = rti_infer_compute(op, 1, &x, NULL, &call.out_dtype)) != RT_OK) return status;
  call.axes = 1u << axis;
  call.out_rank = x->view.ndim;
  memcpy(call.out_shape, x->view.shape, sizeof(int64_t) * (size_t)call.out_rank);
  // A weak scalar is an array here (a view of one may have an axis): never an immediate.
  rt_tensor *made = NULL;
  bool is_cast = x->flags & RTI_TENSOR_WEAK || (rt_dtype)x->view.dtype != call.out_dtype;
  if (is_cast) status = rt_cast(x, call.out_dtype, &made);
  rti_call_tensor(&call, is_cast ? made : x);
  if (status == RT_OK) status = rti_run_op(&call, to);
  rt_release(made);
  return status;
}

rt_status rt_softmax(const rt_tensor *x, int32_t axis, rt_tensor **out) { return out ? softmax(RTB_OP_SOFTMAX, x, axis, (rti_target){NULL, out}) : rti_no_out(RTB_OP_SOFTMAX); }
rt_status rt_softmax_into(const rt_tensor *x, int32_t axis, rt_tensor *out) { return softmax(RTB_OP_SOFTMAX, x, axis, (rti_target){out, NULL}); }
rt_status rt_log_softmax(const rt_tensor *x, int32_t axis, rt_tensor **out) { return out ? softmax(RTB_OP_LOG_SOFTMAX, x, axis, (rti_target){NULL, out}) : rti_no_out(RTB_OP_LOG_SOFTMAX); }
rt_status rt_log_softmax_into(const rt_tensor *x, int32_t axis, rt_tensor *out) { return softmax(RTB_OP_LOG_SOFTMAX, x, axis, (rti_target){out, NULL}); }
