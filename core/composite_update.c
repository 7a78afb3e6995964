// SPDX-License-Identifier: BSD-3-Clause
// Steps of optimizers: they change a parameter and the state that belongs to it in place. Everything is computed beside the tensors, in
// f32, for f64 in f64, and stored at the end, so that a step that fails before that has changed nothing.
#include <math.h>
#include <string.h>

#include "composite.h"
#include "infer.h"

enum { PARAM, GRAD, STATE, STATE_2, MAX_TENSORS };

typedef struct update {
  uint16_t op;
  int n;                            // tensors
  rt_tensor *target[MAX_TENSORS];   // what is changed: all but the gradient
  const rt_tensor *now[MAX_TENSORS]; // in the dtype that it computes in
  rti_chain c;
} update;

/// A tensor of this shape that can be written and shares no memory with another that is.
static rt_status check_target(const update *u, int k, const char *const *role) {
  const char *name = rti_ops[u->op].name;
  const rt_tensor *t = u->target[k];
  rti_text text;
  if (t->flags & RTI_TENSOR_WEAK) return rti_fail(RT_E_ARGUMENT, "%s: %s is a scalar tensor, which is read-only", name, role[k]);
  if (rti_self_overlaps(t->view.ndim, t->view.shape, t->view.stride))
    return rti_fail(RT_E_ARGUMENT, "%s: several elements of %s (shape %s) may share memory", name, role[k],
                    rti_shape_text(&text, t->view.ndim, t->view.shape));
  for (int j = 0; j < k; j++)
    if (j != GRAD && u->target[j]->storage == t->storage && rti_ranges_overlap(u->target[j], t))
      return rti_fail(RT_E_ARGUMENT, "%s: %s and %s may share memory", name, role[j], role[k]);
  return RT_OK;
}

/// Memory of its own for what will be written, so that nothing is in the way after the first write.
static rt_status claim(const update *u, rt_tensor *t) {
  rti_buffer *buffer = NULL;
  if (t->view.numel == 0) return RT_OK;
  rt_status status = rti_prepare_write(t->storage, t->device, true, u->op, &buffer);
  rti_buffer_release(buffer);
  if (t->device == 0 && !rti_is_readable(t)) rti_tensor_refresh(t);
  return status;
}

static bool start(update *u, uint16_t op, rt_tensor *param, const rt_tensor *grad, rt_tensor *state, rt_tensor *state_2,
                  const char *const *role) {
  const rt_tensor *in[MAX_TENSORS] = {param, grad, state, state_2};
  rt_tensor *no_output;
  rt_dtype work = RT_F32;
  rti_text text_t, text_p;
  const char *name = rti_ops[op].name;
  *u = (update){.op = op, .n = role[STATE] ? role[STATE_2] ? 4 : 3 : 2, .target = {param, NULL, state, state_2}, .c = {.status = RT_OK}};
  rt_status status = rti_check_inputs(op, u->n, in, (rti_target){NULL, &no_output});
  for (int k = 0; k < u->n && status == RT_OK; k++) {
    const rtb_view *view = &in[k]->view;
    if (rti_dtype_kinds[view->dtype] != RT_KIND_FLOAT)
      status = rti_fail(RT_E_DTYPE, "%s: %s has dtype %s, not a float", name, role[k], rt_dtype_name((rt_dtype)view->dtype));
    else if (view->ndim != param->view.ndim || memcmp(view->shape, param->view.shape, sizeof(int64_t) * (size_t)view->ndim))
      status = rti_fail(RT_E_SHAPE, "%s: %s has shape %s, but %s has %s", name, role[k], rti_shape_text(&text_t, view->ndim, view->shape),
                        role[PARAM], rti_shape_text(&text_p, param->view.ndim, param->view.shape));
    else if (k != GRAD) status = check_target(u, k, role);
    if (view->dtype == RT_F64) work = RT_F64;
  }
  for (int k = 0; k < u->n && status == RT_OK; k++)
    if (k != GRAD) status = claim(u, u->target[k]);
  for (int k = 0; k < u->n && status == RT_OK; k++) {
    rt_tensor *made = NULL;
    u->now[k] = in[k];
    status = rti_to_dtype(&u->now[k], work, &made);
    rti_chain_keep(&u->c, made);
  }
  return (u->c.status = status) == RT_OK;
}

/// Stores what was computed: the state first, then the parameter.
static rt_status finish(update *u, const rt_tensor *param, const rt_tensor *state, const rt_tensor *state_2) {
  const rt_tensor *made[MAX_TENSORS] = {param, NULL, state, state_2};
  rti_chain *c = &u->c;
  for (int k = u->n - 1; k >= 0; k--)
    if (k != GRAD) STEP_INTO(c, rt_cast_into, made[k], u->target[k]);
  if (c->status != RT_OK) rti_fail_in(c->status, "%s", rti_ops[u->op].name);
  return rti_chain_end(c);
}

/// A coefficient that must be finite and at least 0, and below `limit`.
static bool is_in_range(double value, double limit) { return value >= 0 && isfinite(value) && value < limit; }
static rt_status refuse(uint16_t op, const char *what, double value) {
  return rti_fail(RT_E_ARGUMENT, "%s: %s %g", rti_ops[op].name, what, value);
}

/// gradient + decay * param
static const rt_tensor *decayed(update *u, double decay) {
  rti_chain *c = &u->c;
  if (decay == 0) return u->now[GRAD];
  STEP(c, share, rt_mul_scalar, u->now[PARAM], rt_float(decay));
  STEP_INTO(c, rt_add_into, u->now[GRAD], share, share);
  return share;
}

/// param - rate * direction
static rt_tensor *moved(update *u, const rt_tensor *direction, double rate) {
  rti_chain *c = &u->c;
  STEP(c, way, rt_mul_scalar, direction, rt_float(rate));
  STEP_INTO(c, rt_sub_into, u->now[PARAM], way, way);
  return way;
}

// ---- sgd, momentum ----------------------------------------------------------------------------------------------------------------------

rt_status rt_sgd(rt_tensor *param, const rt_tensor *grad, double rate, double weight_decay) {
  static const char *const role[MAX_TENSORS] = {"param", "grad"};
  update u;
  if (!isfinite(rate)) return refuse(RTB_OP_SGD, "rate", rate);
  if (!is_in_range(weight_decay, INFINITY)) return refuse(RTB_OP_SGD, "weight_decay", weight_decay);
  if (!start(&u, RTB_OP_SGD, param, grad, NULL, NULL, role)) return rti_chain_end(&u.c);
  return finish(&u, moved(&u, decayed(&u, weight_decay), rate), NULL, NULL);
}

rt_status rt_momentum(rt_tensor *param, const rt_tensor *grad, rt_tensor *velocity, double rate, double momentum, bool nesterov,
                      double weight_decay) {
  static const char *const role[MAX_TENSORS] = {"param", "grad", "velocity"};
  update u;
  rti_chain *c = &u.c;
  if (!isfinite(rate)) return refuse(RTB_OP_MOMENTUM, "rate", rate);
  if (!is_in_range(momentum, INFINITY)) return refuse(RTB_OP_MOMENTUM, "momentum", momentum);
  if (!is_in_range(weight_decay, INFINITY)) return refuse(RTB_OP_MOMENTUM, "weight_decay", weight_decay);
  if (!start(&u, RTB_OP_MOMENTUM, param, grad, velocity, NULL, role)) return rti_chain_end(c);
  const rt_tensor *g = decayed(&u, weight_decay);
  STEP(c, v, rt_mul_scalar, u.now[STATE], rt_float(momentum));
  STEP_INTO(c, rt_add_into, v, g, v);
  const rt_tensor *direction = v;
  if (nesterov) {
    STEP(c, ahead, rt_mul_scalar, v, rt_float(momentum));
    STEP_INTO(c, rt_add_into, g, ahead, ahead);
    direction = ahead;
  }
  return finish(&u, moved(&u, direction, rate), v, NULL);
}

// ---- adam, adamw ------------------------------------------------------------------------------------------------------------------------

/// 1 - beta^step, which for a small step is small
static double debias(double beta, int64_t step) { return -expm1((double)step * log(beta)); }

/// beta * state + (1 - beta) * x
static rt_tensor *averaged(update *u, int k, double beta, const rt_tensor *x) {
  rti_chain *c = &u->c;
  STEP(c, average, rt_mul_scalar, u->now[k], rt_float(beta));
  STEP(c, share, rt_mul_scalar, x, rt_float(1 - beta));
  STEP_INTO(c, rt_add_into, average, share, average);
  return average;
}

typedef struct adam {
  int64_t step;
  double rate, beta1, beta2, eps, weight_decay;
} adam;

static rt_status adam_step(uint16_t op, rt_tensor *param, const rt_tensor *grad, rt_tensor *average, rt_tensor *square_average, adam a) {
  static const char *const role[MAX_TENSORS] = {"param", "grad", "average", "square_average"};
  update u;
  rti_chain *c = &u.c;
  if (a.step < 1) return rti_fail(RT_E_ARGUMENT, "%s: step %lld, but the first one is 1", rti_ops[op].name, (long long)a.step);
  if (!isfinite(a.rate)) return refuse(op, "rate", a.rate);
  if (!is_in_range(a.beta1, 1)) return refuse(op, "beta1", a.beta1);
  if (!is_in_range(a.beta2, 1)) return refuse(op, "beta2", a.beta2);
  if (!is_in_range(a.eps, INFINITY)) return refuse(op, "eps", a.eps);
  if (!is_in_range(a.weight_decay, INFINITY)) return refuse(op, "weight_decay", a.weight_decay);
  if (!start(&u, op, param, grad, average, square_average, role)) return rti_chain_end(c);
  const bool is_decoupled = op == RTB_OP_ADAMW;
  const rt_tensor *g = is_decoupled ? u.now[GRAD] : decayed(&u, a.weight_decay);
  STEP(c, squares, rt_square, g);
  rt_tensor *m = averaged(&u, STATE, a.beta1, g), *v = averaged(&u, STATE_2, a.beta2, squares);
  STEP(c, divisor, rt_div_scalar, v, rt_float(debias(a.beta2, a.step)));
  STEP_INTO(c, rt_sqrt_into, divisor, divisor);
  STEP_INTO(c, rt_add_scalar_into, divisor, rt_float(a.eps), divisor);
  STEP(c, direction, rt_div, m, divisor);
  if (is_decoupled && a.weight_decay != 0) {
    STEP(c, smaller, rt_mul_scalar, u.now[PARAM], rt_float(1 - a.rate * a.weight_decay));
    u.now[PARAM] = smaller;
  }
  return finish(&u, moved(&u, direction, a.rate / debias(a.beta1, a.step)), m, v);
}

rt_status rt_adam(rt_tensor *param, const rt_tensor *grad, rt_tensor *average, rt_tensor *square_average, int64_t step, double rate,
                  double beta1, double beta2, double eps, double weight_decay) {
  return adam_step(RTB_OP_ADAM, param, grad, average, square_average, (adam){step, rate, beta1, beta2, eps, weight_decay});
}
rt_status rt_adamw(rt_tensor *param, const rt_tensor *grad, rt_tensor *average, rt_tensor *square_average, int64_t step, double rate,
                   double beta1, double beta2, double eps, double weight_decay) {
  return adam_step(RTB_OP_ADAMW, param, grad, average, square_average, (adam){step, rate, beta1, beta2, eps, weight_decay});
}
