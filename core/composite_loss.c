// SPDX-License-Identifier: BSD-3-Clause
// Losses, made of other operations. They compute in f32, for f64 in f64, and round to a half float once, at the end. Each takes its form
// from what neither overflows nor cancels: logits go through softplus and log_softmax, never through a probability.
#include <math.h>
#include <string.h>

#include "composite.h"
#include "infer.h"

#define MAX_INPUTS 4

typedef struct loss {
  uint16_t op;
  rt_loss_reduction reduction;
  const rt_tensor *in[MAX_INPUTS]; // in the dtype that it computes in; NULL: left out
  rt_dtype work, dtype;            // computes in, result
  rti_call call;                   // the whole as one operation
  rtb_attr_loss attr;
  rti_chain c;
  rti_target to;
} loss;

/// The name of the loss is all that a sentence needs; every refusal comes before the first step.
static rt_status check(loss *l, uint16_t op, int n, const rt_tensor *const *in, rt_loss_reduction reduction, rti_target to) {
  const rt_tensor *there[MAX_INPUTS];
  int n_there = 0;
  for (int k = 0; k < n; k++) {
    l->in[k] = in[k];
    if (in[k] || k < 2) there[n_there++] = in[k];
  }
  l->op = op, l->reduction = reduction, l->to = to, l->c = (rti_chain){.status = RT_OK};
  rt_status status = rti_check_inputs(op, n_there, there, to);
  if (status == RT_OK && (reduction < RT_LOSS_NONE || reduction > RT_LOSS_SUM))
    return rti_fail(RT_E_ARGUMENT, "%s: %d is no reduction", rti_ops[op].name, (int)reduction);
  return status;
}

/// The dtype of the result, from those of the inputs that hold numbers.
static rt_status choose_dtype(loss *l, int n, const rt_tensor *const *in) {
  rt_status status = rti_infer_compute(l->op, n, in, NULL, &l->dtype);
  if (status == RT_OK && rti_is_complex((int)l->dtype)) return rti_refuse_complex(rti_ops[l->op].name, l->dtype);
  if (status == RT_OK && rti_dtype_kinds[l->dtype] != RT_KIND_FLOAT) l->dtype = RT_F32;
  l->work = l->dtype == RT_F64 ? RT_F64 : RT_F32;
  return status;
}

static rt_status convert(loss *l, int k, rt_dtype dtype) {
  rt_tensor *made = NULL;
  rt_status status = l->in[k] ? rti_to_dtype(&l->in[k], dtype, &made) : RT_OK;
  rti_chain_keep(&l->c, made);
  return status;
}

/// Offers the whole to the backend of the device: the inputs (`index`: which of them is an index, or -1), then the immediates. false:
/// l->c.status is all there is to say.
static bool offer(loss *l, int n, int index, int n_values, const rt_scalar *values, int32_t rank, const int64_t *shape) {
  static const rt_dtype imm_dtype[] = {[RT_KIND_SIGNED] = RT_I64, [RT_KIND_FLOAT] = RT_F64};
  rt_status status = RT_OK;
  l->attr = (rtb_attr_loss){.size = sizeof l->attr, .reduction = (uint32_t)l->reduction};
  rti_composite_call(&l->call, l->in[0]->ctx, l->op, l->dtype, l->reduction == RT_LOSS_NONE ? rank : 0, shape);
  status = rti_composite_check(&l->call, l->to);
  for (int k = 0; k < n && status == RT_OK; k++) {
    status = convert(l, k, k == index ? (rt_dtype)l->in[k]->view.dtype : l->dtype);
    l->call.in[l->call.nin++] = (rti_arg){.tensor = l->in[k]};
  }
  for (int k = 0; k < n_values; k++) rti_call_imm(&l->call, imm_dtype[values[k].kind], values[k]);
  l->call.attr = &l->attr, l->call.attr_bytes = sizeof l->attr;
  if (status == RT_OK) status = rti_composite_offer(&l->call, l->to);
  bool is_composed = status == RTI_NOT_TAKEN;
  if (is_composed) status = RT_OK;
  for (int k = 0; k < n && status == RT_OK && is_composed; k++)
    if (k != index) status = convert(l, k, l->work);
  l->c.status = status;
  return is_composed && status == RT_OK;
}

/// Ends with the result in the dtype that it was computed in.
static rt_status finish(loss *l, const rt_tensor *result) {
  rt_tensor *last = NULL;
  rti_chain *c = &l->c;
  if (c->status == RT_OK && l->to.given) c->status = rt_cast_into(result, l->to.given);
  else if (c->status == RT_OK && l->dtype != l->work) c->status = rt_cast(result, l->dtype, &last);
  else if (c->status == RT_OK) last = rt_retain(result);
  if (c->status != RT_OK) rti_fail_in(c->status, "%s", rti_ops[l->op].name);
  if (c->status == RT_OK && !l->to.given) *l->to.out = last;
  return rti_chain_end(c);
}

/// Ends with the sum or mean of the losses of all elements, or with them.
static rt_status finish_elements(loss *l, const rt_tensor *each) {
  rti_chain *c = &l->c;
  if (l->reduction == RT_LOSS_NONE) return finish(l, each);
  if (l->reduction == RT_LOSS_MEAN) {
    STEP(c, mean, rt_mean, each, NULL, false);
    return finish(l, mean);
  }
  STEP(c, sum, rt_sum, each, NULL, false, RT_DTYPE_NONE);
  return finish(l, sum);
}

// ---- element by element -----------------------------------------------------------------------------------------------------------------

/// All inputs promote to one dtype and broadcast to one shape.
static bool start(loss *l, uint16_t op, int n, const rt_tensor *const *in, const double *value, rt_loss_reduction reduction,
                  rti_target to) {
  const rt_tensor *there[MAX_INPUTS];
  int n_there = 0;
  int32_t rank = 0;
  int64_t shape[RT_MAX_RANK];
  rt_status status = check(l, op, n, in, reduction, to);
  for (int k = 0; k < n; k++)
    if (in[k]) there[n_there++] = in[k];
  if (status == RT_OK) status = choose_dtype(l, n_there, there);
  if (status == RT_OK) status = rti_infer_broadcast(op, n_there, there, &rank, shape);
  l->c.status = status;
  rt_scalar scalar = rt_float(value ? *value : 0);
  return status == RT_OK && offer(l, n, -1, value != NULL, &scalar, rank, shape);
}

static rt_status distance(uint16_t op, const rt_tensor *input, const rt_tensor *target, double beta, rt_loss_reduction reduction,
                          rti_target to) {
  loss l;
  rti_chain *c = &l.c;
  bool is_smooth = op == RTB_OP_SMOOTH_L1_LOSS;
  if (is_smooth && (!(beta >= 0) || !isfinite(beta))) {
    if (to.out) *to.out = NULL;
    return rti_fail(RT_E_ARGUMENT, "smooth_l1_loss: beta %g", beta);
  }
  if (!start(&l, op, 2, (const rt_tensor *[]){input, target}, is_smooth ? &beta : NULL, reduction, to)) return rti_chain_end(c);
  STEP(c, apart, rt_sub, l.in[0], l.in[1]);
  if (op == RTB_OP_MSE_LOSS) STEP_INTO(c, rt_square_into, apart, apart);
  else STEP_INTO(c, rt_abs_into, apart, apart);
  if (is_smooth && beta > 0) {
    STEP(c, is_near, rt_lt_scalar, apart, rt_float(beta));
    STEP(c, square, rt_square, apart);
    STEP_INTO(c, rt_div_scalar_into, square, rt_float(2 * beta), square);
    STEP_INTO(c, rt_sub_scalar_into, apart, rt_float(beta / 2), apart);
    STEP_INTO(c, rt_where_into, is_near, square, apart, apart);
  }
  return finish_elements(&l, apart);
}

#define DISTANCE(NAME, name)                                                                                                               \
  rt_status rt_##name(const rt_tensor *input, const rt_tensor *target, rt_loss_reduction reduction, rt_tensor **out) {                     \
    return out ? distance(RTB_OP_##NAME, input, target, 0, reduction, (rti_target){NULL, out}) : rti_no_out(RTB_OP_##NAME);                \
  }                                                                                                                                        \
  rt_status rt_##name##_into(const rt_tensor *input, const rt_tensor *target, rt_loss_reduction reduction, rt_tensor *out) {               \
    return distance(RTB_OP_##NAME, input, target, 0, reduction, (rti_target){out, NULL});                                                  \
  }
DISTANCE(MSE_LOSS, mse_loss)
DISTANCE(L1_LOSS, l1_loss)

rt_status rt_smooth_l1_loss(const rt_tensor *input, const rt_tensor *target, double beta, rt_loss_reduction reduction, rt_tensor **out) {
  return out ? distance(RTB_OP_SMOOTH_L1_LOSS, input, target, beta, reduction, (rti_target){NULL, out}) : rti_no_out(RTB_OP_SMOOTH_L1_LOSS);
}
rt_status rt_smooth_l1_loss_into(const rt_tensor *input, const rt_tensor *target, double beta, rt_loss_reduction reduction,
                                 rt_tensor *out) {
  return distance(RTB_OP_SMOOTH_L1_LOSS, input, target, beta, reduction, (rti_target){out, NULL});
}

// ---- binary cross entropy ---------------------------------------------------------------------------------------------------------------

static rt_status weighted(loss *l, const rt_tensor *each, const rt_tensor *weight) {
  rti_chain *c = &l->c;
  if (!weight) return finish_elements(l, each);
  STEP(c, product, rt_mul, each, weight);
  return finish_elements(l, product);
}

/// (t - 1) log(1 - p) - t log(p), with no logarithm below -100: a wrong answer given for certain costs 100.
static rt_status bce(const rt_tensor *input, const rt_tensor *target, const rt_tensor *weight, rt_loss_reduction reduction, rti_target to) {
  loss l;
  rti_chain *c = &l.c;
  if (!start(&l, RTB_OP_BCE_LOSS, 3, (const rt_tensor *[]){input, target, weight}, NULL, reduction, to)) return rti_chain_end(c);
  STEP(c, log_p, rt_log, l.in[0]);
  STEP_INTO(c, rt_maximum_scalar_into, log_p, rt_float(-100), log_p);
  STEP(c, log_rest, rt_neg, l.in[0]);
  STEP_INTO(c, rt_log1p_into, log_rest, log_rest);
  STEP_INTO(c, rt_maximum_scalar_into, log_rest, rt_float(-100), log_rest);
  STEP(c, true_part, rt_mul, l.in[1], log_p);
  STEP(c, minus_rest, rt_sub_scalar, l.in[1], rt_float(1));
  STEP(c, false_part, rt_mul, minus_rest, log_rest);
  STEP(c, each, rt_sub, false_part, true_part);
  return weighted(&l, each, l.in[2]);
}

rt_status rt_bce_loss(const rt_tensor *input, const rt_tensor *target, const rt_tensor *weight, rt_loss_reduction reduction,
                      rt_tensor **out) {
  return out ? bce(input, target, weight, reduction, (rti_target){NULL, out}) : rti_no_out(RTB_OP_BCE_LOSS);
}
rt_status rt_bce_loss_into(const rt_tensor *input, const rt_tensor *target, const rt_tensor *weight, rt_loss_reduction reduction,
                           rt_tensor *out) {
  return bce(input, target, weight, reduction, (rti_target){out, NULL});
}

/// t softplus(-x) + (1 - t) softplus(x): both terms are positive for a target from 0 to 1, so nothing cancels.
static rt_status bce_with_logits(const rt_tensor *input, const rt_tensor *target, const rt_tensor *weight, const rt_tensor *pos_weight,
                                 rt_loss_reduction reduction, rti_target to) {
  loss l;
  rti_chain *c = &l.c;
  const rt_tensor *in[] = {input, target, weight, pos_weight};
  if (!start(&l, RTB_OP_BCE_WITH_LOGITS, 4, in, NULL, reduction, to)) return rti_chain_end(c);
  STEP(c, if_true, rt_neg, l.in[0]);
  STEP_INTO(c, rt_softplus_into, if_true, if_true);
  STEP(c, true_part, rt_mul, l.in[1], if_true);
  if (l.in[3]) {
    STEP(c, product, rt_mul, true_part, l.in[3]);
    true_part = product;
  }
  STEP(c, if_false, rt_softplus, l.in[0]);
  STEP(c, rest, rt_neg, l.in[1]);
  STEP_INTO(c, rt_add_scalar_into, rest, rt_float(1), rest);
  STEP(c, false_part, rt_mul, rest, if_false);
  STEP(c, each, rt_add, true_part, false_part);
  return weighted(&l, each, l.in[2]);
}

rt_status rt_bce_with_logits(const rt_tensor *input, const rt_tensor *target, const rt_tensor *weight, const rt_tensor *pos_weight,
                             rt_loss_reduction reduction, rt_tensor **out) {
  return out ? bce_with_logits(input, target, weight, pos_weight, reduction, (rti_target){NULL, out}) : rti_no_out(RTB_OP_BCE_WITH_LOGITS);
}
rt_status rt_bce_with_logits_into(const rt_tensor *input, const rt_tensor *target, const rt_tensor *weight, const rt_tensor *pos_weight,
                                  rt_loss_reduction reduction, rt_tensor *out) {
  return bce_with_logits(input, target, weight, pos_weight, reduction, (rti_target){out, NULL});
}

// ---- cross entropy ----------------------------------------------------------------------------------------------------------------------

/// input [N,C,...] or [C] and target without the axis of the classes, which is *out_axis.
static rt_status cross_entropy_infer(loss *l, double smoothing, int32_t *out_axis, int64_t *shape) {
  const rt_tensor *x = l->in[0], *target = l->in[1], *weight = l->in[2];
  rti_text text_x, text_t;
  int32_t rank = x->view.ndim - 1, axis = *out_axis = rank > 0;
  rt_dtype_kind kind = (rt_dtype_kind)rti_dtype_kinds[target->view.dtype];
  if (rank < 0) return rti_fail(RT_E_SHAPE, "cross_entropy: input of shape [] has no classes");
  if (kind != RT_KIND_SIGNED && kind != RT_KIND_UNSIGNED)
    return rti_fail(RT_E_DTYPE, "cross_entropy: target has dtype %s, not an integer", rt_dtype_name((rt_dtype)target->view.dtype));
  for (int32_t d = 0; d < rank; d++) shape[d] = x->view.shape[d < axis ? d : d + 1];
  if (target->view.ndim != rank || memcmp(shape, target->view.shape, sizeof(int64_t) * (size_t)rank))
    return rti_fail(RT_E_SHAPE, "cross_entropy: target of shape %s does not fit to input of shape %s",
                    rti_shape_text(&text_t, target->view.ndim, target->view.shape),
                    rti_shape_text(&text_x, x->view.ndim, x->view.shape));
  if (weight && (weight->view.ndim != 1 || weight->view.shape[0] != x->view.shape[axis]))
    return rti_fail(RT_E_SHAPE, "cross_entropy: weight has shape %s, not [%lld]",
                    rti_shape_text(&text_t, weight->view.ndim, weight->view.shape),
                    (long long)x->view.shape[axis]);
  if (!(smoothing >= 0 && smoothing <= 1)) return rti_fail(RT_E_ARGUMENT, "cross_entropy: label_smoothing %g is not in 0 to 1", smoothing);
  return choose_dtype(l, weight ? 2 : 1, (const rt_tensor *[]){x, weight});
}

/// What label smoothing adds: minus the mean over the classes of weight times log_p.
static rt_tensor *smooth_part(loss *l, const rt_tensor *log_p, int32_t axis) {
  rti_chain *c = &l->c;
  const rt_axes axes = {1, {axis}};
  const rt_tensor *terms = log_p;
  if (l->in[2]) {
    int64_t shape[RT_MAX_RANK];
    int32_t rank = log_p->view.ndim - axis;
    for (int32_t d = 0; d < rank; d++) shape[d] = d ? 1 : log_p->view.shape[axis];
    STEP(c, column, rt_reshape, l->in[2], rank, shape);
    STEP(c, product, rt_mul, log_p, column);
    terms = product;
  }
  STEP(c, mean, rt_mean, terms, &axes, false);
  STEP_INTO(c, rt_neg_into, mean, mean);
  return mean;
}

static rt_status compose_cross_entropy(loss *l, int32_t axis, int64_t ignore, double smoothing) {
  rti_chain *c = &l->c;
  rt_ctx *ctx = l->in[0]->ctx;
  const rt_axes axes = {1, {axis}};
  if (l->in[1]->view.dtype == RT_U64 && ignore < 0) ignore = RT_NO_INDEX; // no target is that
  STEP(c, log_p, rt_log_softmax, l->in[0], axis);
  // Ignored targets become class 0 for a while. As u64 a negative target is out of range: take_along would count it from the end.
  STEP(c, wide, rt_cast, l->in[1], RT_I64);
  STEP(c, is_ignored, rt_eq_scalar, wide, rt_int(ignore));
  STEP(c, class_0, rt_zeros, ctx, RT_I64, 0, NULL);
  if (ignore != RT_NO_INDEX) STEP_INTO(c, rt_where_into, is_ignored, class_0, wide, wide);
  STEP(c, classes, rt_cast, wide, RT_U64);
  STEP(c, column, rt_unsqueeze, classes, axis);
  STEP(c, picked, rt_take_along, log_p, column, axis);
  STEP(c, each, rt_squeeze, picked, &axes);
  STEP_INTO(c, rt_neg_into, each, each);
  rt_tensor *weight = NULL;
  if (l->in[2]) {
    STEP(c, of_target, rt_gather, l->in[2], classes, 0);
    STEP_INTO(c, rt_mul_into, each, of_target, each);
    weight = of_target;
  }
  if (smoothing > 0) {
    rt_tensor *part = c->status == RT_OK ? smooth_part(l, log_p, axis) : NULL;
    STEP_INTO(c, rt_mul_scalar_into, each, rt_float(1 - smoothing), each);
    STEP_INTO(c, rt_mul_scalar_into, part, rt_float(smoothing), part);
    STEP_INTO(c, rt_add_into, each, part, each);
  }
  STEP(c, zero, rt_zeros, ctx, l->work, 0, NULL);
  if (ignore != RT_NO_INDEX) STEP_INTO(c, rt_where_into, is_ignored, zero, each, each);
  if (l->reduction == RT_LOSS_NONE) return finish(l, each);
  STEP(c, sum, rt_sum, each, NULL, false, RT_DTYPE_NONE);
  if (l->reduction == RT_LOSS_SUM) return finish(l, sum);
  // The mean: by the weights of the targets that count, or by how many these are.
  STEP(c, counts, rt_logical_not, is_ignored);
  if (weight) STEP_INTO(c, rt_where_into, is_ignored, zero, weight, weight);
  STEP(c, divisor, rt_sum, weight ? weight : counts, NULL, false, RT_DTYPE_NONE);
  STEP(c, divisor_as_sum, rt_cast, divisor, l->work);
  STEP(c, mean, rt_div, sum, divisor_as_sum);
  return finish(l, mean);
}

static rt_status cross_entropy(const rt_tensor *input, const rt_tensor *target, const rt_tensor *weight, int64_t ignore_index,
                               double smoothing, rt_loss_reduction reduction, rti_target to) {
  loss l;
  int32_t axis = 0;
  int64_t shape[RT_MAX_RANK];
  rt_status status = check(&l, RTB_OP_CROSS_ENTROPY, 3, (const rt_tensor *[]){input, target, weight}, reduction, to);
  if (status == RT_OK) status = cross_entropy_infer(&l, smoothing, &axis, shape);
  if (status != RT_OK) return status;
  const rt_scalar values[2] = {rt_int(ignore_index), rt_float(smoothing)};
  if (!offer(&l, 3, 1, 2, values, input->view.ndim - 1, shape)) return rti_chain_end(&l.c);
  return compose_cross_entropy(&l, axis, ignore_index, smoothing);
}

rt_status rt_cross_entropy(const rt_tensor *input, const rt_tensor *target, const rt_tensor *weight, int64_t ignore_index,
                           double label_smoothing, rt_loss_reduction reduction, rt_tensor **out) {
  return out ? cross_entropy(input, target, weight, ignore_index, label_smoothing, reduction, (rti_target){NULL, out})
             : rti_no_out(RTB_OP_CROSS_ENTROPY);
}
rt_status rt_cross_entropy_into(const rt_tensor *input, const rt_tensor *target, const rt_tensor *weight, int64_t ignore_index,
                                double label_smoothing, rt_loss_reduction reduction, rt_tensor *out) {
  return cross_entropy(input, target, weight, ignore_index, label_smoothing, reduction, (rti_target){out, NULL});
}
