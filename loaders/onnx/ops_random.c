// SPDX-License-Identifier: BSD-3-Clause
// ONNX operations that draw random numbers. Each draw of a model has a stream of its own: a model that is opened again, here or elsewhere, gives the
// same numbers in the same order of runs. A node's seed chooses other ones; without it the seed is 0.
#include <string.h>

#include "ops.h"

// The dtype that the node asks for; `fallback` when it asks for none.
static rt_dtype wanted_dtype(rti_onnx_call *call, rt_dtype fallback) {
  const char *name;
  const rti_onnx_attr *attr = rti_call_attr(call, "dtype");
  const rt_dtype dtype = attr ? rti_onnx_dtype(attr->i, &name) : fallback;
  if (dtype == RT_DTYPE_NONE) rti_call_fail(call, RT_E_UNSUPPORTED, "element type %lld (%s) is not supported", attr ? (long long)attr->i : 0, attr ? name : "none");
  return dtype;
}

typedef struct draw { uint64_t seed, stream; } draw;

static draw next_draw(rti_onnx_call *call) {
  const float seed = (float)rti_call_f(call, "seed", 0);
  uint32_t bits;
  memcpy(&bits, &seed, sizeof bits);
  return (draw){bits, call->model->n_draws++};
}

// Normal numbers, or uniform ones, of a shape.
static void random(rti_onnx_call *call, rt_dtype dtype, int32_t rank, const int64_t *shape, bool normal) {
  const draw d = next_draw(call);
  const double a = normal ? rti_call_f(call, "mean", 0) : rti_call_f(call, "low", 0), b = normal ? rti_call_f(call, "scale", 1) : rti_call_f(call, "high", 1);
  STEP(y, normal ? rt_random_normal : rt_random_uniform, call->ctx, dtype, rank, shape, d.seed, d.stream, a, b);
  rti_call_out(call, 0, y);
}

static bool is_normal(const rti_onnx_call *call) { return !strncmp(call->node->op, "RandomNormal", strlen("RandomNormal")); }

static void run_random(rti_onnx_call *call) {
  int64_t rank;
  const int64_t *shape = rti_call_list(call, "shape", &rank);
  if (!shape || rank > RT_MAX_RANK) rti_call_fail(call, RT_E_FORMAT, "the attribute shape is missing or has more than %d numbers", RT_MAX_RANK);
  random(call, wanted_dtype(call, RT_F32), (int32_t)rank, shape, is_normal(call));
}

static void run_random_like(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  random(call, wanted_dtype(call, rt_tensor_dtype(x)), rt_tensor_rank(x), rt_tensor_shape(x), is_normal(call));
}

// 1 with the probability that the input says, else 0.
static void run_bernoulli(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const rt_dtype dtype = wanted_dtype(call, rt_tensor_dtype(x));
  const draw d = next_draw(call);
  STEP(dice, rt_random_uniform, call->ctx, RT_F64, rt_tensor_rank(x), rt_tensor_shape(x), d.seed, d.stream, 0, 1);
  STEP(is_one, rt_lt, dice, x);
  STEP(y, rt_cast, is_one, dtype);
  rti_call_out(call, 0, y);
}

static const rti_onnx_op rows[] = {
    // name               since in    out attributes run
    {"RandomNormal",         1, 0, 0, 1, "dtype:i mean:f scale:f seed:f shape:I", run_random, NULL, NULL},
    {"RandomNormalLike",     1, 1, 1, 1, "dtype:i mean:f scale:f seed:f",         run_random_like, NULL, NULL},
    {"RandomUniform",        1, 0, 0, 1, "dtype:i high:f low:f seed:f shape:I",   run_random, NULL, NULL},
    {"RandomUniformLike",    1, 1, 1, 1, "dtype:i high:f low:f seed:f",           run_random_like, NULL, NULL},
    {"Bernoulli",           15, 1, 1, 1, "dtype:i seed:f",                        run_bernoulli, NULL, NULL},
};

const rti_onnx_ops rti_onnx_random_ops = {"", rows, (int32_t)RTI_IO_COUNT(rows), false};
