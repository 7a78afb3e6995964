// SPDX-License-Identifier: BSD-3-Clause
// No mistake in this one: it knows nothing but composites, in f32 and on the host, each as one kernel that computes every element from its
// coordinates in double. pad takes constants only, concat dense arguments only, roll is too small below 10 elements.
#include "plugin.h"
#include <math.h>
#include <stdbool.h>
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

// ---- of neural networks: matrices only ------------------------------------------------------------------------------------------------------
static double cell(const rtb_view *v, int64_t row, int64_t column) { return at(v, (int64_t[]){row, column}); }
static int64_t number(const rtb_view *v, int64_t i) { return ((const int64_t *)v->data)[v->ndim ? i * v->stride[0] : 0]; }
static double value(const rtb_view *immediate) { return *(const double *)immediate->data; }

static double group_norm(const rtb_op *op, int64_t row, int64_t column) {
  const rtb_view *x = op->args[0];
  int64_t n = x->shape[1] / ((const rtb_attr_group *)op->attr)->groups, first = column / n * n;
  double mean = 0, var = 0;
  for (int64_t k = first; k < first + n; k++) mean += cell(x, row, k) / (double)n;
  for (int64_t k = first; k < first + n; k++) var += squared(cell(x, row, k), mean) / (double)n;
  double z = (cell(x, row, column) - mean) / sqrt(var + value(op->args[3]));
  if (op->args[1]) z *= at(op->args[1], &column);
  return op->args[2] ? z + at(op->args[2], &column) : z;
}

static double attention(const rtb_op *op, int64_t row, int64_t column) {
  const rtb_view *q = op->args[0], *k = op->args[1], *v = op->args[2], *mask = op->args[3];
  int causal = ((const rtb_attr_attention *)op->attr)->flags & RTB_ATTENTION_CAUSAL;
  double sum = 0, mixed = 0;
  for (int64_t key = 0; key < k->shape[0] && !(causal && key > row); key++) {
    double score = mask ? cell(mask, row, key) : 0;
    for (int64_t e = 0; e < q->shape[1]; e++) score += cell(q, row, e) * cell(k, key, e) * value(op->args[4]);
    sum += exp(score), mixed += exp(score) * cell(v, key, column);
  }
  return mixed / sum;
}

/// The mean, or element i.
static double loss(const rtb_op *op, const int64_t *i) {
  const rtb_view *x = op->args[0], *target = op->args[1];
  int is_entropy = op->op == RTB_OP_CROSS_ENTROPY, is_mean = ((const rtb_attr_loss *)op->attr)->reduction == RTB_LOSS_MEAN;
  double sum = 0, weights = 0;
  for (int64_t row = is_mean ? 0 : i[0]; row <= (is_mean ? x->shape[0] - 1 : i[0]); row++) {
    if (!is_entropy) {
      for (int64_t k = is_mean ? 0 : i[1]; k <= (is_mean ? x->shape[1] - 1 : i[1]); k++) sum += squared(cell(x, row, k), cell(target, row, k)), weights++;
      continue;
    }
    int64_t class = number(target, row);
    double all = 0, weight = op->args[2] ? at(op->args[2], &class) : 1;
    if (class == number(op->args[3], 0)) continue;
    for (int64_t k = 0; k < x->shape[1]; k++) all += exp(cell(x, row, k));
    sum += weight * (log(all) - cell(x, row, class)), weights += weight;
  }
  return is_mean ? sum / weights : sum;
}

static double element(const rtb_op *op, int64_t *i) {
  const rtb_view *x = op->args[0], *second = op->nin > 1 ? op->args[1] : NULL, *y = op->args[op->nin];
  int64_t j[RTB_MAX_RANK], n;
  for (int d = 0; d < y->ndim; d++) j[d] = i[d];
  switch (op->op) {
    case RTB_OP_GROUP_NORM: return group_norm(op, i[0], i[1]);
    case RTB_OP_ATTENTION: return attention(op, i[0], i[1]);
    case RTB_OP_MSE_LOSS: case RTB_OP_CROSS_ENTROPY: return loss(op, i);
    case RTB_OP_EMBEDDING: {
      int64_t index = number(second, i[0]);
      return index == number(op->args[2], 0) ? 0 : cell(x, index < 0 ? index + x->shape[0] : index, i[1]);
    }
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
  bool is_neural = sig->op == RTB_OP_GROUP_NORM || sig->op == RTB_OP_EMBEDDING || sig->op == RTB_OP_ATTENTION || sig->op == RTB_OP_MSE_LOSS ||
                   sig->op == RTB_OP_CROSS_ENTROPY;
  if (!is_neural && (sig->op < RTB_OP_CONCAT || sig->op > RTB_OP_NORM)) return snprintf(out->why, sizeof out->why, "whole knows composites only"), RTB_UNSUPPORTED_OP;
  if (sig->arg[sig->nin].dtype != RTB_F32) return RTB_UNSUPPORTED_DTYPE;
  for (int k = 0; k < sig->nin && sig->op == RTB_OP_CONCAT; k++)
    if (sig->arg[k].layout != RTB_DENSE) return RTB_UNSUPPORTED_LAYOUT;
  if (sig->op == RTB_OP_PAD && ((const rtb_attr_pad *)sig->attr)->mode != RTB_PAD_CONSTANT) return RTB_UNSUPPORTED_ATTR;
  if (sig->op == RTB_OP_ATTENTION && sig->arg[0].rank != 2) return RTB_UNSUPPORTED_RANK;
  if (sig->op == RTB_OP_ROLL) out->accept = accept_roll;
  out->fn = run;
  return RTB_OK;
}

static const rtb_backend table = {RTB_BACKEND_HEADER, .caps = RTB_CAP_HOST_MEMORY, .name = "whole", .vendor = "tests", .version = "0", .resolve = resolve};
HOSTILE_ENTRY(table)
