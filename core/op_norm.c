// SPDX-License-Identifier: BSD-3-Clause
// Normalisation: layer_norm, rms_norm, batch_norm, and group_norm, which is a layer_norm of a view. As op_api.c: each checks its
// arguments, states dtype and shape of the result, and hands a call to dispatch.c. Kernels see weight and bias in the shape of x.
#include <math.h>
#include <string.h>

#include "composite.h"
#include "infer.h"

#define MAX_TENSORS 5

/// A call under way, and the tensors made for it.
typedef struct norm {
  rti_call call;
  const rt_tensor *in[MAX_TENSORS]; // NULL: left out
  rti_chain chain;
} norm;

static rt_status finish(norm *v, rt_status status) {
  v->chain.status = status;
  return rti_chain_end(&v->chain);
}

/// Checks what all have in common. The first of the n tensors is x, which gives the result its shape; all promote to one dtype.
static rt_status start(norm *v, uint16_t op, int n, const rt_tensor *const *in, double eps, rti_target to) {
  const rt_tensor *there[MAX_TENSORS];
  int n_there = 0;
  for (int k = 0; k < n; k++) {
    v->in[k] = in[k];
    if (in[k] || k == 0) there[n_there++] = in[k];
  }
  v->chain = (rti_chain){.status = RT_OK};
  rt_status status = rti_check_inputs(op, n_there, there, to);
  if (status != RT_OK) return status;
  if (!(eps >= 0) || !isfinite(eps)) return rti_fail(RT_E_ARGUMENT, "%s: eps %g", rti_ops[op].name, eps);
  // The vote is on the tensors as they are: a small weight that lies elsewhere has none, however far it is spread.
  rti_call_init(&v->call, in[0]->ctx, op);
  for (int k = 0; k < n_there; k++) rti_call_tensor(&v->call, there[k]);
  if ((status = rti_vote(&v->call, to.given, &v->call.device)) != RT_OK) return status;
  v->call.nin = 0;
  v->call.out_rank = in[0]->view.ndim;
  memcpy(v->call.out_shape, in[0]->view.shape, sizeof(int64_t) * (size_t)in[0]->view.ndim);
  return rti_infer_compute(op, n_there, there, NULL, &v->call.out_dtype);
}

/// Adds input k in the dtype that it computes in; with `spread` in the shape of x, to which it must broadcast. NULL: left out.
static rt_status add_input(norm *v, int k, const char *role, bool spread) {
  const char *name = rti_ops[v->call.op].name;
  const rt_tensor *t = v->in[k], *x = v->in[0];
  rt_tensor *made = NULL;
  if (!t) {
    v->call.in[v->call.nin++] = (rti_arg){0};
    return RT_OK;
  }
  rt_status status = rti_to_dtype(&t, v->call.out_dtype, &made);
  rti_chain_keep(&v->chain, made);
  if (status == RT_OK && spread) {
    int32_t rank = x->view.ndim;
    int64_t shape[RT_MAX_RANK];
    rti_text text_t, text_x;
    memcpy(shape, x->view.shape, sizeof(int64_t) * (size_t)rank);
    if (!rti_broadcast(&rank, shape, t->view.ndim, t->view.shape) || rank != x->view.ndim ||
        memcmp(shape, x->view.shape, sizeof(int64_t) * (size_t)rank))
      return rti_fail(RT_E_SHAPE, "%s: %s of shape %s does not broadcast to x of shape %s", name, role,
                      rti_shape_text(&text_t, t->view.ndim, t->view.shape),
                      rti_shape_text(&text_x, x->view.ndim, x->view.shape));
  }
  if (status != RT_OK) return status;
  rti_call_tensor(&v->call, t);
  v->call.in[v->call.nin - 1].is_spread = spread;
  return RT_OK;
}

// ---- layer_norm, rms_norm ---------------------------------------------------------------------------------------------------------------

/// x, weight and (layer_norm) bias over the axes of `bits`; `name` is what the user called.
static rt_status over_axes(norm *v, uint32_t bits, double eps, rti_target to) {
  v->call.axes = bits;
  rt_status status = add_input(v, 0, "x", false);
  if (status == RT_OK) status = add_input(v, 1, "weight", true);
  if (status == RT_OK && v->call.op == RTB_OP_LAYER_NORM) status = add_input(v, 2, "bias", true);
  rti_call_imm(&v->call, RT_F64, rt_float(eps));
  return status == RT_OK ? rti_run_op(&v->call, to) : status;
}

static rt_status layer(uint16_t op, const rt_tensor *x, const rt_axes *axes, const rt_tensor *weight, const rt_tensor *bias, double eps,
                       rti_target to) {
  norm v;
  uint32_t bits = 0;
  rt_status status = start(&v, op, op == RTB_OP_LAYER_NORM ? 3 : 2, (const rt_tensor *[]){x, weight, bias}, eps, to);
  if (status == RT_OK) status = rti_axes(rti_ops[op].name, axes, x->view.ndim, &bits);
  if (status == RT_OK) status = over_axes(&v, bits, eps, to);
  return finish(&v, status);
}

rt_status rt_layer_norm(const rt_tensor *x, const rt_axes *axes, const rt_tensor *weight, const rt_tensor *bias, double eps,
                        rt_tensor **out) {
  return out ? layer(RTB_OP_LAYER_NORM, x, axes, weight, bias, eps, (rti_target){NULL, out}) : rti_no_out(RTB_OP_LAYER_NORM);
}
rt_status rt_layer_norm_into(const rt_tensor *x, const rt_axes *axes, const rt_tensor *weight, const rt_tensor *bias, double eps,
                             rt_tensor *out) {
  return layer(RTB_OP_LAYER_NORM, x, axes, weight, bias, eps, (rti_target){out, NULL});
}
rt_status rt_rms_norm(const rt_tensor *x, const rt_axes *axes, const rt_tensor *weight, double eps, rt_tensor **out) {
  return out ? layer(RTB_OP_RMS_NORM, x, axes, weight, NULL, eps, (rti_target){NULL, out}) : rti_no_out(RTB_OP_RMS_NORM);
}
rt_status rt_rms_norm_into(const rt_tensor *x, const rt_axes *axes, const rt_tensor *weight, double eps, rt_tensor *out) {
  return layer(RTB_OP_RMS_NORM, x, axes, weight, NULL, eps, (rti_target){out, NULL});
}

// ---- batch_norm -------------------------------------------------------------------------------------------------------------------------

/// Does input k hold one number per channel?
static rt_status check_channels(const norm *v, uint16_t op, int k, const char *role, int32_t axis) {
  const rt_tensor *t = v->in[k];
  const int64_t channels = v->in[0]->view.shape[axis];
  rti_text text;
  if (!t || (t->view.ndim == 1 && t->view.shape[0] == channels)) return RT_OK;
  return rti_fail(RT_E_SHAPE, "%s: %s has shape %s, not [%lld]", rti_ops[op].name, role,
                  rti_shape_text(&text, t->view.ndim, t->view.shape), (long long)channels);
}

/// Gives input k, of one axis, another shape of as many elements: `shape`, and axes of extent 1 up to `rank`.
static rt_status reshape_input(norm *v, int k, int32_t rank, int32_t n_given, const int64_t *shape) {
  int64_t full[RT_MAX_RANK];
  rt_tensor *made = NULL;
  if (!v->in[k]) return RT_OK;
  for (int32_t d = 0; d < rank; d++) full[d] = d < n_given ? shape[d] : 1;
  rt_status status = rt_reshape(v->in[k], rank, full, &made);
  v->in[k] = rti_chain_keep(&v->chain, made);
  return status;
}

/// Without mean and variance they are taken from x: a layer_norm over all axes but the channels'.
static rt_status batch(const rt_tensor *const *in, int32_t axis, double eps, rti_target to) {
  static const char *const role[MAX_TENSORS] = {"x", "mean", "variance", "weight", "bias"};
  norm v;
  const rt_tensor *x = in[0];
  const uint16_t op = RTB_OP_BATCH_NORM;
  rt_status status = start(&v, op, MAX_TENSORS, in, eps, to);
  if (status == RT_OK) status = rti_axis("batch_norm", axis, x->view.ndim, &axis);
  if (status == RT_OK && !in[1] != !in[2])
    status = rti_fail(RT_E_ARGUMENT, "batch_norm: %s is NULL, but %s is not", role[in[1] ? 2 : 1], role[in[1] ? 1 : 2]);
  for (int k = 1; k < MAX_TENSORS && status == RT_OK; k++) status = check_channels(&v, op, k, role[k], axis);
  for (int k = 1; k < MAX_TENSORS && status == RT_OK; k++) status = reshape_input(&v, k, x->view.ndim - axis, 1, &x->view.shape[axis]);
  if (status != RT_OK) return finish(&v, status);
  if (in[1]) {
    for (int k = 0; k < MAX_TENSORS && status == RT_OK; k++) status = add_input(&v, k, role[k], false);
    rti_call_imm(&v.call, RT_F64, rt_float(eps));
    return finish(&v, status == RT_OK ? rti_run_op(&v.call, to) : status);
  }
  status = rti_composite_check(&v.call, to);
  v.call.op = RTB_OP_LAYER_NORM;
  v.in[1] = v.in[3], v.in[2] = v.in[4];
  if (status == RT_OK && (status = over_axes(&v, ((1u << x->view.ndim) - 1) & ~(1u << axis), eps, to)) != RT_OK)
    rti_fail_in(status, "batch_norm");
  return finish(&v, status);
}

rt_status rt_batch_norm(const rt_tensor *x, const rt_tensor *mean, const rt_tensor *variance, const rt_tensor *weight,
                        const rt_tensor *bias, int32_t axis, double eps, rt_tensor **out) {
  return out ? batch((const rt_tensor *[]){x, mean, variance, weight, bias}, axis, eps, (rti_target){NULL, out})
             : rti_no_out(RTB_OP_BATCH_NORM);
}
rt_status rt_batch_norm_into(const rt_tensor *x, const rt_tensor *mean, const rt_tensor *variance, const rt_tensor *weight,
                             const rt_tensor *bias, int32_t axis, double eps, rt_tensor *out) {
  return batch((const rt_tensor *[]){x, mean, variance, weight, bias}, axis, eps, (rti_target){out, NULL});
}

// ---- group_norm -------------------------------------------------------------------------------------------------------------------------

/// t of shape [N, C, ...] as [N, groups, C / groups, ...], which is a view always.
static rt_status split_channels(const rt_tensor *t, int32_t groups, rt_tensor **out) {
  int64_t shape[RT_MAX_RANK] = {t->view.shape[0], groups, t->view.shape[1] / groups};
  memcpy(shape + 3, t->view.shape + 2, sizeof(int64_t) * (size_t)(t->view.ndim - 2));
  return rt_reshape(t, t->view.ndim + 1, shape, out);
}

/// The whole as one operation, to the backend of the device.
static rt_status offer_group(norm *v, int32_t groups, double eps, rti_target to) {
  const rt_tensor *x = v->in[0];
  rtb_attr_group attr = {.size = sizeof attr, .groups = (uint32_t)groups};
  rti_call offer;
  rti_composite_call(&offer, x->ctx, RTB_OP_GROUP_NORM, v->call.out_dtype, x->view.ndim, x->view.shape);
  offer.attr = &attr, offer.attr_bytes = sizeof attr, offer.device = v->call.device;
  rt_status status = rti_composite_check(&offer, to);
  for (int k = 0; k < 3 && status == RT_OK; k++) {
    rt_tensor *made = NULL;
    if (v->in[k]) status = rti_to_dtype(&v->in[k], v->call.out_dtype, &made);
    rti_chain_keep(&v->chain, made);
    offer.in[offer.nin++] = (rti_arg){.tensor = v->in[k]};
  }
  rti_call_imm(&offer, RT_F64, rt_float(eps));
  return status == RT_OK ? rti_composite_offer(&offer, to) : status;
}

/// A layer_norm of x [N, groups, C / groups, ...] over all but the first two axes.
static rt_status compose_group(norm *v, int32_t groups, double eps, rti_target to) {
  const rt_tensor *x = v->in[0];
  const int32_t rank = x->view.ndim;
  const int64_t split[2] = {groups, x->view.shape[1] / groups};
  rt_tensor *split_x = NULL, *split_out = NULL, *fresh = NULL;
  rt_status status = reshape_input(v, 1, rank, 2, split);
  if (status == RT_OK) status = reshape_input(v, 2, rank, 2, split);
  if (status == RT_OK) status = split_channels(x, groups, &split_x);
  if (status == RT_OK && to.given) status = split_channels(to.given, groups, &split_out);
  if (status == RT_OK) {
    v->in[0] = split_x;
    v->call.op = RTB_OP_LAYER_NORM;
    v->call.out_rank = rank + 1;
    memcpy(v->call.out_shape, split_x->view.shape, sizeof(int64_t) * (size_t)(rank + 1));
    status = over_axes(v, ((1u << (rank + 1)) - 1) & ~3u, eps, (rti_target){split_out, to.given ? NULL : &fresh});
  }
  if (status == RT_OK && !to.given) status = rt_reshape(fresh, rank, x->view.shape, to.out);
  rt_release(fresh);
  rt_release(split_out);
  rt_release(split_x);
  return status == RT_OK ? RT_OK : rti_fail_in(status, "group_norm");
}

static rt_status group(const rt_tensor *x, int32_t groups, const rt_tensor *weight, const rt_tensor *bias, double eps, rti_target to) {
  norm v;
  rti_text text;
  const uint16_t op = RTB_OP_GROUP_NORM;
  rt_status status = start(&v, op, 3, (const rt_tensor *[]){x, weight, bias}, eps, to);
  if (status != RT_OK) return status;
  if (x->view.ndim < 2 || x->view.ndim == RT_MAX_RANK)
    return rti_fail(RT_E_SHAPE, "group_norm: x of shape %s is not [N,C,...] of rank 2 to %d",
                    rti_shape_text(&text, x->view.ndim, x->view.shape), RT_MAX_RANK - 1);
  if (groups < 1 || x->view.shape[1] % groups)
    return rti_fail(RT_E_ARGUMENT, "group_norm: %d groups of %lld channels", groups, (long long)x->view.shape[1]);
  if (rti_is_complex((int)v.call.out_dtype)) return rti_refuse_complex("group_norm", v.call.out_dtype);
  if (rti_dtype_kinds[v.call.out_dtype] != RT_KIND_FLOAT) v.call.out_dtype = RT_F32;
  status = check_channels(&v, op, 1, "weight", 1);
  if (status == RT_OK) status = check_channels(&v, op, 2, "bias", 1);
  if (status == RT_OK) status = offer_group(&v, groups, eps, to);
  return finish(&v, status == RTI_NOT_TAKEN ? compose_group(&v, groups, eps, to) : status);
}

rt_status rt_group_norm(const rt_tensor *x, int32_t groups, const rt_tensor *weight, const rt_tensor *bias, double eps, rt_tensor **out) {
  return out ? group(x, groups, weight, bias, eps, (rti_target){NULL, out}) : rti_no_out(RTB_OP_GROUP_NORM);
}
rt_status rt_group_norm_into(const rt_tensor *x, int32_t groups, const rt_tensor *weight, const rt_tensor *bias, double eps,
                             rt_tensor *out) {
  return group(x, groups, weight, bias, eps, (rti_target){out, NULL});
}
