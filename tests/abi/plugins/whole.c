// SPDX-License-Identifier: BSD-3-Clause
// No mistake in this one: it knows nothing but composites, in f32 and on the host, each as one kernel that computes every element from its
// coordinates in double. pad takes constants only, concat dense arguments only, roll is too small below 10 elements.
#include "plugin.h"
#include <math.h>
#include <stdio.h>

static double at(const rtb_view *v, const int64_t *index) {
  const float *data = v->data;
  for (int d = 0; d < v->ndim; d++) data += index[d] * v->stride[d];
  return *data;
}
static int axis_of(const rtb_op *op) { return __builtin_ctz(((const rtb_attr_axes *)op->attr)->axes); }

/// sum of f(x, by) over the reduced axes, from element `index` of the result on.
static double total(const rtb_op *op, const int64_t *index, double (*f)(double x, double by), double by, int64_t *out_n) {
  const rtb_view *x = op->args[0];
  uint32_t axes = ((const rtb_attr_axes *)op->attr)->axes;
  int64_t i[RTB_MAX_RANK];
  double sum = 0;
  for (int d = 0; d < x->ndim; d++) i[d] = axes >> d & 1 ? 0 : index[d];
  for (*out_n = 0;; ) {
    sum += f(at(x, i), by);
    ++*out_n;
    int d = x->ndim - 1;
    for (; d >= 0; d--) {
      if (!(axes >> d & 1)) continue;
      if (++i[d] < x->shape[d]) break;
      i[d] = 0;
    }
    if (d < 0) return sum;
  }
}
static double itself(double x, double by) { (void)by; return x; }
static double squared(double x, double by) { return (x - by) * (x - by); }
static double power(double x, double by) { return pow(fabs(x), by); }
static double exponential(double x, double by) { (void)by; return exp(x); }

static double element(const rtb_op *op, int64_t *i) {
  const rtb_view *x = op->args[0], *second = op->nin > 1 ? op->args[1] : NULL, *y = op->args[op->nin];
  int64_t j[RTB_MAX_RANK], n;
  for (int d = 0; d < y->ndim; d++) j[d] = i[d];
  switch (op->op) {
    case RTB_OP_CONCAT: {
      int a = axis_of(op), k = 0;
      for (; j[a] >= op->args[k]->shape[a]; k++) j[a] -= op->args[k]->shape[a];
      return at(op->args[k], j);
    }
    case RTB_OP_STACK: {
      int a = axis_of(op);
      for (int d = a; d < y->ndim - 1; d++) j[d] = i[d + 1];
      return at(op->args[i[a]], j);
    }
    case RTB_OP_PAD: {
      const rtb_attr_pad *pad = op->attr;
      for (int d = 0; d < y->ndim; d++)
        if ((j[d] -= pad->pad_lo[d]) < 0 || j[d] >= x->shape[d]) return *(const float *)second->data;
      return at(x, j);
    }
    case RTB_OP_LINSPACE: {
      double from = *(const double *)x->data, to = *(const double *)second->data;
      return y->numel > 1 ? from + (to - from) * (double)i[0] / (double)(y->numel - 1) : from;
    }
    case RTB_OP_EYE: return i[1] == i[0] + *(const int64_t *)x->data;
    case RTB_OP_TILE:
      for (int d = 0; d < y->ndim; d++) j[d] %= x->shape[d];
      return at(x, j);
    case RTB_OP_REPEAT: j[axis_of(op)] /= y->shape[axis_of(op)] / x->shape[axis_of(op)]; return at(x, j);
    case RTB_OP_ROLL: {
      int a = axis_of(op);
      int64_t extent = x->shape[a], to = (j[a] - *(const int64_t *)second->data) % extent;
      j[a] = to < 0 ? to + extent : to;
      return at(x, j);
    }
    case RTB_OP_LOGSUMEXP: return log(total(op, i, exponential, 0, &n));
    case RTB_OP_NORM: {
      double p = *(const double *)second->data;
      return pow(total(op, i, power, p, &n), 1 / p);
    }
    default: { // var, std
      double mean = total(op, i, itself, 0, &n) / (double)n;
      double var = total(op, i, squared, mean, &n) / ((double)n - *(const double *)second->data);
      return op->op == RTB_OP_STD ? sqrt(var) : var;
    }
  }
}

static int32_t run(void *kctx, void *stream, const rtb_op *op) {
  (void)kctx, (void)stream;
  const rtb_view *y = op->args[op->nin];
  int64_t i[RTB_MAX_RANK] = {0};
  for (int64_t n = 0; n < y->numel; n++) {
    float *to = y->data;
    for (int d = 0; d < y->ndim; d++) to += i[d] * y->stride[d];
    *to = (float)element(op, i);
    for (int d = y->ndim - 1; d >= 0 && ++i[d] == y->shape[d]; d--) i[d] = 0;
  }
  return RTB_OK;
}

static int32_t accept_roll(void *kctx, const rtb_op *op, uint64_t *out_workspace_bytes) {
  (void)kctx, (void)out_workspace_bytes;
  return op->args[0]->numel < 10 ? RTB_UNSUPPORTED_SIZE : RTB_OK;
}

static int32_t resolve(void *dev, const rtb_sig *sig, rtb_kernel *out) {
  (void)dev;
  if (sig->op < RTB_OP_CONCAT || sig->op > RTB_OP_NORM) return snprintf(out->why, sizeof out->why, "whole knows composites only"), RTB_UNSUPPORTED_OP;
  if (sig->arg[sig->nin].dtype != RTB_F32) return RTB_UNSUPPORTED_DTYPE;
  for (int k = 0; k < sig->nin && sig->op == RTB_OP_CONCAT; k++)
    if (sig->arg[k].layout != RTB_DENSE) return RTB_UNSUPPORTED_LAYOUT;
  if (sig->op == RTB_OP_PAD && ((const rtb_attr_pad *)sig->attr)->mode != RTB_PAD_CONSTANT) return RTB_UNSUPPORTED_ATTR;
  if (sig->op == RTB_OP_ROLL) out->accept = accept_roll;
  out->fn = run;
  return RTB_OK;
}

static const rtb_backend table = {RTB_BACKEND_HEADER, .caps = RTB_CAP_HOST_MEMORY, .name = "whole", .vendor = "tests", .version = "0", .resolve = resolve};
HOSTILE_ENTRY(table)
