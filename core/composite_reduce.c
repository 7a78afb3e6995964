// SPDX-License-Identifier: BSD-3-Clause
// Reductions made of others: var, std, logsumexp, norm. They compute in f32, for f64 in f64, and round to a half float once, at the end;
// each first takes out what would overflow or cancel (the mean, the maximum).
#include <math.h>
#include <string.h>

#include "composite.h"
#include "infer.h"

/// What the four have in common.
typedef struct reduction {
  uint16_t op;
  const rt_tensor *x;   // in the dtype that it computes in
  rt_axes axes;         // the reduced ones
  int64_t n;            // elements of x per result
  rt_dtype work, dtype; // computes in, result
  int32_t rank;         // of the result
  int64_t shape[RT_MAX_RANK];
} reduction;

/// Checks, then offers the whole to the backend of the device (with `value`, its scalar parameter). false: c->status is all there is to say.
static bool start(reduction *r, rti_chain *c, uint16_t op, const rt_tensor *x, const rt_axes *axes, bool keep_dims, const double *value, rti_target to) {
  *c = (rti_chain){.status = rti_check_inputs(op, 1, &x, to)};
  uint32_t bits = 0;
  if (c->status != RT_OK || (c->status = rti_axes(rti_ops[op].name, axes, x->view.ndim, &bits)) != RT_OK) return false;
  rt_dtype own = (rt_dtype)x->view.dtype;
  rt_tensor *size = NULL;
  if (rti_is_complex((int)own)) { // only magnitudes enter a norm
    c->status = op == RTB_OP_NORM ? rt_abs(x, &size) : rti_refuse_complex(rti_ops[op].name, own);
    if (c->status != RT_OK) return false;
    x = rti_chain_keep(c, size);
    own = (rt_dtype)x->view.dtype;
  }
  r->op = op, r->n = 1;
  r->dtype = rti_dtype_kinds[own] != RT_KIND_FLOAT || x->flags & RTI_TENSOR_WEAK ? RT_F32 : own;
  r->work = r->dtype == RT_F64 ? RT_F64 : RT_F32;
  rti_infer_reduce(x, bits, keep_dims, &r->rank, r->shape);
  r->axes.count = 0;
  for (int32_t d = 0; d < x->view.ndim; d++) {
    if (!(bits >> d & 1)) continue;
    r->axes.axis[r->axes.count++] = d;
    r->n *= x->view.shape[d];
  }
  rti_call call;
  rti_composite_call(&call, x->ctx, op, r->dtype, r->rank, r->shape);
  rt_tensor *made[2] = {NULL};
  if ((c->status = rti_composite_check(&call, to)) == RT_OK) c->status = rti_to_dtype(&x, r->dtype, &made[0]);
  rti_chain_keep(c, made[0]);
  if (c->status != RT_OK) return false;
  rti_call_tensor(&call, x);
  if (value) rti_call_imm(&call, RT_F64, rt_float(*value));
  call.axes = bits;
  if ((c->status = rti_composite_offer(&call, to)) != RTI_NOT_TAKEN) return false;
  c->status = rti_to_dtype(&x, r->work, &made[1]);
  rti_chain_keep(c, made[1]);
  r->x = x;
  return c->status == RT_OK;
}

/// Ends the chain with `result`, which has the kept axes still.
static rt_status finish(const reduction *r, rti_chain *c, const rt_tensor *result, rti_target to) {
  STEP(c, shaped, rt_reshape, result, r->rank, r->shape);
  rt_tensor *last = NULL;
  if (c->status == RT_OK && to.given) c->status = rt_cast_into(shaped, to.given);
  else if (c->status == RT_OK && r->dtype != r->work) c->status = rt_cast(shaped, r->dtype, &last);
  else if (c->status == RT_OK) last = rt_retain(shaped);
  if (c->status != RT_OK) rti_fail_in(c->status, "%s", rti_ops[r->op].name);
  rti_chain_end(c);
  if (c->status == RT_OK && !to.given) *to.out = last;
  return c->status;
}

/// Ends it with one value everywhere.
static rt_status finish_with(const reduction *r, rti_chain *c, double value, rti_target to) {
  rt_tensor *filled = NULL;
  c->status = rti_tensor_create(r->x->ctx, r->x->device, r->work, r->rank, r->shape, NULL, &filled);
  if (c->status == RT_OK) c->status = rt_full_into(rt_float(value), rti_chain_keep(c, filled));
  return finish(r, c, filled, to);
}

// ---- var, std ------------------------------------------------------------------------------------------------------------------------------

static rt_status var(uint16_t op, const rt_tensor *x, const rt_axes *axes, bool keep_dims, double correction, rti_target to) {
  reduction r;
  rti_chain c;
  if (to.out) *to.out = NULL;
  if (!isfinite(correction)) return rti_fail(RT_E_ARGUMENT, "%s: correction %g", rti_ops[op].name, correction);
  if (!start(&r, &c, op, x, axes, keep_dims, &correction, to)) return rti_chain_end(&c);
  double divisor = (double)r.n - correction;
  STEP(&c, mean, rt_mean, r.x, &r.axes, true);
  STEP(&c, apart, rt_sub, r.x, mean);
  STEP_INTO(&c, rt_square_into, apart, apart);
  STEP(&c, sum, rt_sum, apart, &r.axes, true, RT_DTYPE_NONE);
  STEP_INTO(&c, rt_div_scalar_into, sum, rt_float(divisor > 0 ? divisor : 0), sum);
  if (op == RTB_OP_STD) STEP_INTO(&c, rt_sqrt_into, sum, sum);
  return finish(&r, &c, sum, to);
}

rt_status rt_var(const rt_tensor *x, const rt_axes *axes, bool keep_dims, double correction, rt_tensor **out) {
  return out ? var(RTB_OP_VAR, x, axes, keep_dims, correction, (rti_target){NULL, out}) : rti_no_out(RTB_OP_VAR);
}
rt_status rt_var_into(const rt_tensor *x, const rt_axes *axes, bool keep_dims, double correction, rt_tensor *out) {
  return var(RTB_OP_VAR, x, axes, keep_dims, correction, (rti_target){out, NULL});
}
rt_status rt_std(const rt_tensor *x, const rt_axes *axes, bool keep_dims, double correction, rt_tensor **out) {
  return out ? var(RTB_OP_STD, x, axes, keep_dims, correction, (rti_target){NULL, out}) : rti_no_out(RTB_OP_STD);
}
rt_status rt_std_into(const rt_tensor *x, const rt_axes *axes, bool keep_dims, double correction, rt_tensor *out) {
  return var(RTB_OP_STD, x, axes, keep_dims, correction, (rti_target){out, NULL});
}

// ---- logsumexp -----------------------------------------------------------------------------------------------------------------------------

static rt_status logsumexp(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rti_target to) {
  reduction r;
  rti_chain c;
  if (!start(&r, &c, RTB_OP_LOGSUMEXP, x, axes, keep_dims, NULL, to)) return rti_chain_end(&c);
  if (r.n == 0) return finish_with(&r, &c, -(double)INFINITY, to);
  STEP(&c, highest, rt_max, r.x, &r.axes, true);
  STEP(&c, is_finite, rt_isfinite, highest); // an infinite one is not taken out: it decides the sum as it is
  STEP(&c, zero, rt_scalar_tensor, r.x->ctx, rt_float(0));
  STEP(&c, shift, rt_where, is_finite, highest, zero);
  STEP(&c, apart, rt_sub, r.x, shift);
  STEP_INTO(&c, rt_exp_into, apart, apart);
  STEP(&c, sum, rt_sum, apart, &r.axes, true, RT_DTYPE_NONE);
  STEP_INTO(&c, rt_log_into, sum, sum);
  STEP_INTO(&c, rt_add_into, sum, shift, sum);
  return finish(&r, &c, sum, to);
}

rt_status rt_logsumexp(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor **out) {
  return out ? logsumexp(x, axes, keep_dims, (rti_target){NULL, out}) : rti_no_out(RTB_OP_LOGSUMEXP);
}
rt_status rt_logsumexp_into(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor *out) {
  return logsumexp(x, axes, keep_dims, (rti_target){out, NULL});
}

// ---- norm ----------------------------------------------------------------------------------------------------------------------------------

static rt_status norm(const rt_tensor *x, double p, const rt_axes *axes, bool keep_dims, rti_target to) {
  reduction r;
  rti_chain c;
  if (to.out) *to.out = NULL;
  if (p != 1 && p != 2 && !(isinf(p) && p > 0)) return rti_fail(RT_E_ARGUMENT, "norm: p is %g, not 1, 2 or infinity", p);
  if (!start(&r, &c, RTB_OP_NORM, x, axes, keep_dims, &p, to)) return rti_chain_end(&c);
  if (r.n == 0) return finish_with(&r, &c, 0, to);
  STEP(&c, size, rt_abs, r.x);
  if (p == 1) {
    STEP(&c, sum, rt_sum, size, &r.axes, true, RT_DTYPE_NONE);
    return finish(&r, &c, sum, to);
  }
  STEP(&c, highest, rt_max, size, &r.axes, true);
  if (p != 2) return finish(&r, &c, highest, to);
  STEP(&c, is_finite, rt_isfinite, highest);
  STEP(&c, is_some, rt_gt_scalar, highest, rt_float(0));
  STEP_INTO(&c, rt_logical_and_into, is_finite, is_some, is_finite);
  STEP(&c, one, rt_scalar_tensor, r.x->ctx, rt_float(1));
  STEP(&c, scale, rt_where, is_finite, highest, one);
  STEP_INTO(&c, rt_div_into, size, scale, size);
  STEP_INTO(&c, rt_square_into, size, size);
  STEP(&c, sum, rt_sum, size, &r.axes, true, RT_DTYPE_NONE);
  STEP_INTO(&c, rt_sqrt_into, sum, sum);
  STEP_INTO(&c, rt_mul_into, sum, scale, sum);
  return finish(&r, &c, sum, to);
}

rt_status rt_norm(const rt_tensor *x, double p, const rt_axes *axes, bool keep_dims, rt_tensor **out) {
  return out ? norm(x, p, axes, keep_dims, (rti_target){NULL, out}) : rti_no_out(RTB_OP_NORM);
}
rt_status rt_norm_into(const rt_tensor *x, double p, const rt_axes *axes, bool keep_dims, rt_tensor *out) {
  return norm(x, p, axes, keep_dims, (rti_target){out, NULL});
}
