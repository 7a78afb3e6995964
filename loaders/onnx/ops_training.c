// SPDX-License-Identifier: BSD-3-Clause
// The optimizers of the domain ai.onnx.preview.training: one step for any number of tensors. Inputs are the rate R, the number of steps so far T, then
// all tensors, all gradients, and all states of each kind; outputs are all new tensors and states, in the same order.
#include <math.h>
#include <string.h>

#include "ops.h"

// Input k of group g (0: tensors, 1: gradients, 2 and 3: states) of n.
static const rt_tensor *member(rti_onnx_call *call, int32_t group, int32_t n, int32_t k) { return rti_call_in(call, 2 + group * n + k); }

// How many tensors there are, when each has `n_groups` inputs.
static int32_t count(rti_onnx_call *call, int32_t n_groups) {
  const int32_t n = call->node->n_in - 2;
  if (n < 1 || n % n_groups != 0 || call->node->n_out != n / n_groups * (n_groups - 1))
    rti_call_fail(call, RT_E_FORMAT, "%d inputs and %d outputs are no R, T and groups of %d", call->node->n_in, call->node->n_out, n_groups);
  return call->status == RT_OK ? n / n_groups : 0;
}

static double number(rti_onnx_call *call, int32_t index) {
  const rt_scalar s = rti_call_scalar(call, index);
  return s.kind == RT_KIND_FLOAT ? s.as.f : s.kind == RT_KIND_UNSIGNED ? (double)s.as.u : s.kind == RT_KIND_SIGNED ? (double)s.as.i : s.as.b;
}

// a x + b y
static const rt_tensor *blend(rti_onnx_call *call, double a, const rt_tensor *x, double b, const rt_tensor *y) {
  STEP(first, rt_mul_scalar, x, rt_float(a));
  STEP(second, rt_mul_scalar, y, rt_float(b));
  STEP(sum, rt_add, first, second);
  return sum;
}

// The gradient of the loss with a penalty on the size of x.
static const rt_tensor *gradient(rti_onnx_call *call, int32_t n, int32_t k) {
  return blend(call, 1, member(call, 1, n, k), rti_call_f(call, "norm_coefficient", 0), member(call, 0, n, k));
}

// x - rate v / (sqrt(h) + epsilon)
static const rt_tensor *descend(rti_onnx_call *call, const rt_tensor *x, double rate, const rt_tensor *v, const rt_tensor *h) {
  STEP(root, rt_sqrt, h);
  STEP(divisor, rt_add_scalar, root, rt_float(rti_call_f(call, "epsilon", 1e-6f)));
  STEP(scaled, rt_mul_scalar, v, rt_float(rate));
  STEP(step, rt_div, scaled, divisor);
  STEP(y, rt_sub, x, step);
  return y;
}

static void run_adagrad(rti_onnx_call *call) {
  const int32_t n = count(call, 3);
  const double rate = number(call, 0) / (1 + number(call, 1) * rti_call_f(call, "decay_factor", 0));
  for (int32_t k = 0; k < n && call->status == RT_OK; k++) {
    const rt_tensor *x = member(call, 0, n, k), *g = gradient(call, n, k), *h = member(call, 2, n, k);
    STEP(square, rt_square, g);
    STEP(sum, rt_add, h, square);
    rti_call_out(call, k, descend(call, x, rate, g, sum));
    rti_call_out(call, n + k, sum);
  }
}

static void run_adam(rti_onnx_call *call) {
  const int32_t n = count(call, 4);
  const double alpha = rti_call_f(call, "alpha", 0.9f), beta = rti_call_f(call, "beta", 0.999f), steps = number(call, 1);
  const double after = rti_call_f(call, "norm_coefficient_post", 0);
  double rate = number(call, 0);
  if (steps > 0) rate *= sqrt(1 - pow(beta, steps)) / (1 - pow(alpha, steps));
  for (int32_t k = 0; k < n && call->status == RT_OK; k++) {
    const rt_tensor *x = member(call, 0, n, k), *g = gradient(call, n, k);
    STEP(square, rt_square, g);
    const rt_tensor *v = blend(call, alpha, member(call, 2, n, k), 1 - alpha, g), *h = blend(call, beta, member(call, 3, n, k), 1 - beta, square);
    const rt_tensor *moved = descend(call, x, rate, v, h);
    STEP(y, rt_mul_scalar, moved, rt_float(1 - after));
    rti_call_out(call, k, y);
    rti_call_out(call, n + k, v);
    rti_call_out(call, 2 * n + k, h);
  }
}

static void run_momentum(rti_onnx_call *call) {
  const int32_t n = count(call, 3);
  const char *mode = rti_call_s(call, "mode", "standard");
  const bool nesterov = !strcmp(mode, "nesterov");
  const double alpha = rti_call_f(call, "alpha", 0), rate = number(call, 0), beta = number(call, 1) > 0 ? rti_call_f(call, "beta", 1) : 1;
  if (!nesterov && strcmp(mode, "standard") != 0) rti_call_fail(call, RT_E_UNSUPPORTED, "mode '%.40s' is neither standard nor nesterov", mode);
  for (int32_t k = 0; k < n && call->status == RT_OK; k++) {
    const rt_tensor *g = gradient(call, n, k), *v = blend(call, alpha, member(call, 2, n, k), beta, g);
    const rt_tensor *direction = nesterov ? blend(call, 1, g, alpha, v) : v;
    rti_call_out(call, k, blend(call, 1, member(call, 0, n, k), -rate, direction));
    rti_call_out(call, n + k, v);
  }
}

static const rti_onnx_op rows[] = {
    // name   since in              out             attributes run
    {"Adagrad",  1, 5, RTI_ANY_NUMBER, RTI_ANY_NUMBER, "decay_factor:f epsilon:f norm_coefficient:f", run_adagrad, NULL, NULL},
    {"Adam",     1, 6, RTI_ANY_NUMBER, RTI_ANY_NUMBER, "alpha:f beta:f epsilon:f norm_coefficient:f norm_coefficient_post:f", run_adam, NULL, NULL},
    {"Momentum", 1, 5, RTI_ANY_NUMBER, RTI_ANY_NUMBER, "alpha:f beta:f mode:s norm_coefficient:f", run_momentum, NULL, NULL},
};

const rti_onnx_ops rti_onnx_training_ops = {"ai.onnx.preview.training", rows, (int32_t)RTI_IO_COUNT(rows), false};
