// SPDX-License-Identifier: BSD-3-Clause
// ONNX models with graphs inside: loops, branches, scans, functions, recurrent layers against plain C, sequences; what ends a loop that does not
// end; weights in other files, and the paths that must not be followed.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <trivet/io.h>

#include "onnx_models.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static rt_ctx *ctx;

static int open_ctx(void **state) {
  (void)state;
  const rt_ctx_options options = {.size = sizeof options, .n_threads = 1, .memory_limit_bytes = 64u << 20};
  return rt_ctx_create(&options, &ctx) == RT_OK ? 0 : -1;
}

static int close_ctx(void **state) {
  (void)state;
  return rt_ctx_close(ctx) == RT_OK ? 0 : -1;
}

static rt_model *parse(proto *file) {
  rt_model *model = NULL;
  if (rt_model_parse(ctx, "test.onnx", file->at, file->n, &model) != RT_OK) fail_msg("%s", rt_last_error());
  proto_free(file);
  return model;
}

static void refuse(proto *file, rt_status expected, const char *words) {
  rt_model *model = NULL;
  const rt_status status = rt_model_parse(ctx, "test.onnx", file->at, file->n, &model);
  if (status != expected || !strstr(rt_last_error(), words)) fail_msg("%s: %s, expected '%s'", rt_status_name(status), rt_last_error(), words);
  assert_null(model);
  proto_free(file);
}

static rt_tensor *tensor(rt_dtype dtype, int32_t rank, const int64_t *shape, const void *values) {
  rt_tensor *t = NULL;
  if (rt_from_data(ctx, dtype, rank, shape, values, &t) != RT_OK) fail_msg("%s", rt_last_error());
  return t;
}

static void expect_floats(const rt_tensor *t, int32_t rank, const int64_t *shape, const double *values, double tolerance) {
  assert_int_equal(rt_tensor_dtype(t), RT_F32);
  assert_int_equal(rt_tensor_rank(t), rank);
  for (int32_t i = 0; i < rank; i++) assert_int_equal(rt_tensor_shape(t)[i], shape[i]);
  const int64_t n = rt_tensor_numel(t);
  float have[256];
  assert_true(n <= 256);
  assert_int_equal(rt_read(t, have, (size_t)n * 4), RT_OK);
  for (int64_t i = 0; i < n; i++)
    if (!(fabs((double)have[i] - values[i]) <= tolerance)) fail_msg("element %lld is %.9g instead of %.9g", (long long)i, (double)have[i], values[i]);
}

// ---- control flow ----------------------------------------------------------------------------------------------------------------------------

static void a_loop_carries_collects_and_sees_outer_names(void **state) {
  (void)state;
  proto file = loop_model();
  rt_model *model = parse(&file);
  static const float x[3] = {1, -2, 0.5f};
  static const double factors[5] = {1, 3, 5, 3, 1};
  const int64_t three = 3;
  for (int64_t n = 0; n <= 4; n++) {
    rt_tensor *in[2] = {tensor(RT_I64, 0, NULL, &n), tensor(RT_F32, 1, &three, x)}, *out[2] = {0};
    if (rt_model_run(model, 2, (const rt_tensor *const *)in, 2, out) != RT_OK) fail_msg("%s", rt_last_error());
    double total[3], steps[12];
    for (int k = 0; k < 3; k++) {
      total[k] = factors[n] * (double)x[k];
      for (int64_t i = 0; i < n; i++) steps[i * 3 + k] = factors[i + 1] * (double)x[k];
    }
    expect_floats(out[0], 1, &three, total, 0);
    expect_floats(out[1], 2, (const int64_t[]){n, 3}, steps, 0);
    for (int k = 0; k < 2; k++) rt_release(in[k]), rt_release(out[k]);
  }
  rt_model_info info;
  assert_int_equal(rt_model_describe(model, &info), RT_OK);
  assert_int_equal(info.n_nodes, 9); // Loop, its five, Add, Mul, Sub
  rt_model_node node;
  assert_int_equal(rt_model_node_at(model, 4, &node), RT_OK); // the first of a branch
  assert_string_equal(node.op, "Add");
  assert_int_equal(node.depth, 2);
  assert_null(node.problem);
  rt_model_close(model);
}

static void a_scan_goes_backwards(void **state) {
  (void)state;
  proto file = scan_model();
  rt_model *model = parse(&file);
  static const float x[6] = {1, 2, 10, 20, 100, 200};
  for (int64_t t = 0; t <= 3; t += 3) {
    const int64_t shape[2] = {t, 2}, two = 2;
    rt_tensor *in = tensor(RT_F32, 2, shape, x), *out[2] = {0};
    if (rt_model_run(model, 1, (const rt_tensor *const *)&in, 2, out) != RT_OK) fail_msg("%s", rt_last_error());
    expect_floats(out[0], 1, &two, t ? (const double[]){111, 222} : (const double[]){0, 0}, 0);
    expect_floats(out[1], 2, (const int64_t[]){2, t}, (const double[]){100, 110, 111, 200, 220, 222}, 0);
    rt_release(in);
    rt_release(out[0]);
    rt_release(out[1]);
  }
  rt_model_close(model);
}

static rt_status run_endless(rt_model *model) {
  const int64_t three = 3;
  static const float x[3] = {1, 2, 3};
  rt_tensor *in = tensor(RT_F32, 1, &three, x), *out = NULL;
  const rt_status status = rt_model_run(model, 1, (const rt_tensor *const *)&in, 1, &out);
  assert_null(out);
  rt_release(in);
  return status;
}

static void an_endless_loop_ends(void **state) {
  (void)state;
  proto file = endless_model();
  rt_model *model = parse(&file);
  assert_int_equal(rt_model_limit_loops(model, 1000), RT_OK);
  for (int i = 0; i < 2; i++) { // each run has the whole limit
    assert_int_equal(run_endless(model), RT_E_TIMEOUT);
    if (!strstr(rt_last_error(), "test.onnx: node 1 of 1, Loop (opset 13): more than 1000 rounds")) fail_msg("%s", rt_last_error());
  }
  assert_int_equal(rt_model_limit_loops(model, INT64_MAX), RT_OK);
  assert_int_equal(rt_ctx_cancel(ctx, true), RT_OK);
  assert_true(rt_ctx_is_cancelled(ctx));
  assert_int_equal(run_endless(model), RT_E_CANCELLED);
  assert_int_equal(rt_ctx_cancel(ctx, false), RT_OK);
  assert_false(rt_ctx_is_cancelled(ctx));
  rt_model_close(model);
}

// The sentence of a failure inside a body names every node on the way to it.
static void a_failure_in_a_body_names_the_way(void **state) {
  (void)state;
  proto body = {0}, graph = {0}, inner = node_head("MatMul", "acc acc", "next");
  put_s(&inner, 3, "product");
  put_node(&body, &inner);
  graph_node(&body, "Identity", "c", "c2");
  graph_input(&body, "i", ONNX_I64, "");
  graph_input(&body, "c", ONNX_BOOL, "");
  graph_input(&body, "acc", ONNX_F32, NULL);
  graph_output(&body, "c2", ONNX_BOOL, "");
  graph_output(&body, "next", ONNX_F32, NULL);
  proto loop = node_head("Loop", "n - x", "y");
  put_s(&loop, 3, "loop");
  attr_graph(&loop, "body", &body);
  put_node(&graph, &loop);
  put_scalar_i64(&graph, "n", 3);
  graph_input(&graph, "x", ONNX_F32, "2 3");
  graph_output(&graph, "y", ONNX_F32, NULL);
  proto file = model_of(&graph, 13);
  rt_model *model = parse(&file);
  static const float x[6] = {0};
  rt_tensor *in = tensor(RT_F32, 2, (const int64_t[]){2, 3}, x), *out = NULL;
  assert_int_equal(rt_model_run(model, 1, (const rt_tensor *const *)&in, 1, &out), RT_E_SHAPE);
  if (!strstr(rt_last_error(), "test.onnx: node 'loop' (1 of 1), Loop (opset 13): node 'product' (1 of 2), MatMul (opset 13): matmul"))
    fail_msg("%s", rt_last_error());
  rt_release(in);
  rt_model_close(model);
}

// A Loop over `inputs`, whose body has `n_body_inputs` inputs and gives a condition and one value.
static proto odd_loop(const char *inputs, int n_body_inputs, const char *outputs) {
  proto body = {0}, graph = {0}, loop = node_head("Loop", inputs, outputs);
  graph_node(&body, "Identity", "x", "next");
  graph_node(&body, "Identity", "p1", "c2");
  for (int i = 0; i < n_body_inputs; i++) {
    char name[16];
    snprintf(name, sizeof name, "p%d", i);
    graph_input(&body, name, i == 0 ? ONNX_I64 : i == 1 ? ONNX_BOOL : ONNX_F32, NULL);
  }
  graph_output(&body, "c2", ONNX_BOOL, NULL);
  graph_output(&body, "next", ONNX_F32, NULL);
  attr_graph(&loop, "body", &body);
  put_node(&graph, &loop);
  put_scalar_i64(&graph, "n", 3);
  graph_input(&graph, "x", ONNX_F32, NULL);
  graph_output(&graph, "y", ONNX_F32, NULL);
  return model_of(&graph, 13);
}

static void bodies_that_do_not_fit(void **state) {
  (void)state;
  const struct { proto file; rt_status status; const char *words; } cases[] = {
      {odd_loop("n - x", 3, "y"), RT_OK, ""},
      {odd_loop("n - x", 2, "y"), RT_E_FORMAT, "the body has 2 inputs and 2 outputs, not 3 and 2"},
      {odd_loop("n - x x", 4, "y"), RT_E_FORMAT, "the body has 4 inputs and 2 outputs, not 4 and 3"},
      {odd_loop("n - x", 3, "y z"), RT_E_FORMAT, "the body gives 1 outputs, the node 2"},
      {odd_loop("n - -", 3, "y"), RT_E_FORMAT, "input 2 is left out"},
      {odd_loop("n x x", 3, "y"), RT_E_DTYPE, "the condition must be one bool"},
      {odd_loop("x - x", 3, "y"), RT_E_DTYPE, "input 0 is f32, not i64"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    proto file = cases[i].file;
    rt_model *model = parse(&file);
    const float x = 0;
    rt_tensor *in = tensor(RT_F32, 0, NULL, &x), *out = NULL;
    const rt_status status = rt_model_run(model, 1, (const rt_tensor *const *)&in, 1, &out);
    if (status != cases[i].status || (status != RT_OK && !strstr(rt_last_error(), cases[i].words)))
      fail_msg("case %zu: %s: %s", i, rt_status_name(status), rt_last_error());
    rt_release(in);
    rt_release(out);
    rt_model_close(model);
  }
}

// ---- functions -------------------------------------------------------------------------------------------------------------------------------

static double bend(double x, double w, double slope) { return (x < 0 ? slope * x : x) + w; }

static void functions_are_inlined(void **state) {
  (void)state;
  proto file = function_model();
  rt_model *model = parse(&file);
  static const float x[4] = {-4, -1, 0, 3};
  const int64_t n = 4;
  rt_tensor *in = tensor(RT_F32, 1, &n, x), *out[2] = {0};
  if (rt_model_run(model, 1, (const rt_tensor *const *)&in, 2, out) != RT_OK) fail_msg("%s", rt_last_error());
  double y[4], z[4];
  for (int i = 0; i < 4; i++) {
    y[i] = bend(bend((double)x[i], (double)x[i], 0.5), 0, 0.25);
    z[i] = bend((double)x[i], 0, 0.5);
  }
  expect_floats(out[0], 1, &n, y, 0);
  expect_floats(out[1], 1, &n, z, 0);
  rt_release(in);
  rt_release(out[0]);
  rt_release(out[1]);
  rt_model_close(model);
}

// A model whose only node calls mine.F, whose body is `nodes`.
static proto calling(proto *nodes, const char *inputs, const char *outputs) {
  proto graph = {0}, node = node_head("F", inputs, outputs);
  put_s(&node, 7, "mine");
  put_s(&node, 3, "caller");
  put_node(&graph, &node);
  graph_input(&graph, "x", ONNX_F32, "n");
  graph_output(&graph, "y", ONNX_F32, "n");
  proto model = model_of(&graph, 13);
  put_import(&model, 8, "mine", 1);
  put_function(&model, "F", "a", "b", nodes);
  return model;
}

static void functions_that_are_wrong(void **state) {
  (void)state;
  proto nodes = {0}, node = node_head("F", "a", "b"), file;
  function_node(&nodes, "mine", &node);
  file = calling(&nodes, "x", "y");
  refuse(&file, RT_E_FORMAT, "node 'caller' (1 of 1), function F, node 1 of 1: the function F calls itself");

  node = node_head("Relu", "x", "b"); // x is a name of the caller
  function_node(&nodes, "", &node);
  file = calling(&nodes, "x", "y");
  refuse(&file, RT_E_FORMAT, "input 'x' is defined by nothing");

  node = node_head("Relu", "a", "c");
  function_node(&nodes, "", &node);
  file = calling(&nodes, "x", "y");
  refuse(&file, RT_E_FORMAT, "nothing in the function 'F' computes its output 'b'");

  node = node_head("Relu", "a", "b");
  function_node(&nodes, "", &node);
  file = calling(&nodes, "x x", "y");
  refuse(&file, RT_E_FORMAT, "the function F takes 1 inputs and gives 1 outputs, not 2 and 1");

  node = node_head("Nonsense", "a", "b");
  function_node(&nodes, "", &node);
  file = calling(&nodes, "x", "y");
  refuse(&file, RT_E_UNSUPPORTED, "node 'caller' (1 of 1), function F, node 1 of 1: operation Nonsense is not known (opset 15)");

  node = node_head("Elu", "a", "b");
  attr_reference(&node, "alpha", "nowhere", 1); // neither the call nor the function says it: the operation's own default
  function_node(&nodes, "", &node);
  file = calling(&nodes, "x", "y");
  rt_model_close(parse(&file));

  graph_node(&nodes, "Relu", "a", "b");
  proto_free(&nodes);
  node = node_head("Relu", "a", "b");
  function_node(&nodes, "", &node);
  file = calling(&nodes, "-", "y");
  refuse(&file, RT_E_FORMAT, "input 0 of Relu is left out");

  proto graph = {0};
  node = node_head("Elu", "x", "y");
  attr_reference(&node, "alpha", "slope", 1);
  put_node(&graph, &node);
  graph_input(&graph, "x", ONNX_F32, "n");
  graph_output(&graph, "y", ONNX_F32, "n");
  file = model_of(&graph, 13);
  refuse(&file, RT_E_FORMAT, "but this is no function");
}

// Ten functions, each of which calls the next one ten times: 10^10 nodes, if anybody counted.
static void functions_do_not_explode(void **state) {
  (void)state;
  proto graph = {0}, node = node_head("F0", "x", "y");
  put_s(&node, 7, "mine");
  put_node(&graph, &node);
  graph_input(&graph, "x", ONNX_F32, "n");
  graph_output(&graph, "y", ONNX_F32, "n");
  proto model = model_of(&graph, 13);
  put_import(&model, 8, "mine", 1);
  for (int i = 0; i < 10; i++) {
    proto nodes = {0};
    char own[16], next[16], from[16] = "a", to[16];
    snprintf(own, sizeof own, "F%d", i);
    snprintf(next, sizeof next, "F%d", i + 1);
    for (int k = 0; k < 10; k++) {
      snprintf(to, sizeof to, k == 9 ? "b" : "t%d", k);
      node = node_head(i == 9 ? "Relu" : next, from, to);
      function_node(&nodes, i == 9 ? "" : "mine", &node);
      memcpy(from, to, sizeof from);
    }
    put_function(&model, own, "a", "b", &nodes);
  }
  refuse(&model, RT_E_UNSUPPORTED, "16 times");
}

// ---- recurrent layers against plain C -----------------------------------------------------------------------------------------------------------

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double held(double x, double clip) { return clip > 0 ? fmax(-clip, fmin(clip, x)) : x; }

// The product of W and x, or R and h, for one row, with its bias.
static double row(int which, int direction, int gates, int row_index, const double *v, int n) {
  double sum = recurrent_weight(3, direction * 2 * gates * HIDDEN + (which == 2 ? gates * HIDDEN : 0) + row_index);
  for (int k = 0; k < n; k++) sum += recurrent_weight(which, (direction * gates * HIDDEN + row_index) * n + k) * v[k];
  return sum;
}

static void oracle_step(int gates, bool late_reset, double clip, int d, const double *x, double *h, double *c) {
  double next[HIDDEN], r_h[HIDDEN], z[HIDDEN];
  for (int j = 0; j < HIDDEN; j++) {
    double pre[4];
    for (int g = 0; g < gates; g++) pre[g] = row(1, d, gates, g * HIDDEN + j, x, INPUTS);
    if (gates == 1) {
      next[j] = tanh(held(pre[0] + row(2, d, 1, j, h, HIDDEN), clip));
    } else if (gates == 3) {
      z[j] = sigmoid(held(pre[0] + row(2, d, 3, j, h, HIDDEN), clip));
      r_h[j] = sigmoid(held(pre[1] + row(2, d, 3, HIDDEN + j, h, HIDDEN), clip));
    } else {
      for (int g = 0; g < 4; g++) pre[g] += row(2, d, 4, g * HIDDEN + j, h, HIDDEN);
      const int p = d * 3 * HIDDEN + j;
      const double i = sigmoid(held(pre[0] + recurrent_weight(6, p) * c[j], clip)), f = sigmoid(held(pre[2] + recurrent_weight(6, p + 2 * HIDDEN) * c[j], clip));
      c[j] = f * c[j] + i * tanh(held(pre[3], clip));
      next[j] = sigmoid(held(pre[1] + recurrent_weight(6, p + HIDDEN) * c[j], clip)) * tanh(held(c[j], clip));
    }
  }
  if (gates == 3) {
    double reset[HIDDEN];
    for (int j = 0; j < HIDDEN; j++) reset[j] = r_h[j] * h[j];
    for (int j = 0; j < HIDDEN; j++) {
      const double w = row(1, d, 3, 2 * HIDDEN + j, x, INPUTS);
      const double inner = late_reset ? w + r_h[j] * row(2, d, 3, 2 * HIDDEN + j, h, HIDDEN) : w + row(2, d, 3, 2 * HIDDEN + j, reset, HIDDEN);
      next[j] = (1 - z[j]) * tanh(held(inner, clip)) + z[j] * h[j];
    }
  }
  memcpy(h, next, sizeof next);
}

static void recurrent_layers_are_what_onnx_says(void **state) {
  (void)state;
  static const struct { int gates; bool late_reset; float clip; } cases[] = {{1, false, 0}, {1, false, 0.5f}, {3, false, 0}, {3, true, 0}, {3, true, 0.75f}, {4, false, 0}, {4, false, 0.5f}};
  static const float x[STEPS * BATCH * INPUTS] = {1, -0.5f, 0.25f, 2, -1, 0.75f, 0, 0.5f, -0.25f, 1.5f, 0.125f, -2};
  static const int lengths[BATCH] = {3, 2};
  for (size_t i = 0; i < COUNT(cases); i++) {
    const int gates = cases[i].gates;
    double y[STEPS * 2 * BATCH * HIDDEN] = {0}, last_h[2 * BATCH * HIDDEN], last_c[2 * BATCH * HIDDEN];
    for (int d = 0; d < 2; d++)
      for (int b = 0; b < BATCH; b++) {
        double *h = last_h + (d * BATCH + b) * HIDDEN, *c = last_c + (d * BATCH + b) * HIDDEN;
        for (int j = 0; j < HIDDEN; j++) h[j] = recurrent_weight(4, (d * BATCH + b) * HIDDEN + j), c[j] = recurrent_weight(5, (d * BATCH + b) * HIDDEN + j);
        for (int s = 0; s < lengths[b]; s++) {
          const int t = d ? lengths[b] - 1 - s : s;
          double step_x[INPUTS];
          for (int k = 0; k < INPUTS; k++) step_x[k] = (double)x[(t * BATCH + b) * INPUTS + k];
          oracle_step(gates, cases[i].late_reset, (double)cases[i].clip, d, step_x, h, c);
          memcpy(y + ((t * 2 + d) * BATCH + b) * HIDDEN, h, HIDDEN * sizeof *h);
        }
      }
    proto file = recurrent_model(gates, cases[i].late_reset, cases[i].clip);
    rt_model *model = parse(&file);
    rt_tensor *in = tensor(RT_F32, 3, (const int64_t[]){STEPS, BATCH, INPUTS}, x), *out[3] = {0};
    if (rt_model_run(model, 1, (const rt_tensor *const *)&in, gates == 4 ? 3 : 2, out) != RT_OK) fail_msg("case %zu: %s", i, rt_last_error());
    expect_floats(out[0], 4, (const int64_t[]){STEPS, 2, BATCH, HIDDEN}, y, 2e-6);
    expect_floats(out[1], 3, (const int64_t[]){2, BATCH, HIDDEN}, last_h, 2e-6);
    if (gates == 4) expect_floats(out[2], 3, (const int64_t[]){2, BATCH, HIDDEN}, last_c, 2e-6);
    rt_release(in);
    for (int k = 0; k < 3; k++) rt_release(out[k]);
    rt_model_close(model);
  }
}

// ---- sequences ----------------------------------------------------------------------------------------------------------------------------------

static void sequences_come_out_as_values(void **state) {
  (void)state;
  proto file = sequence_model();
  rt_model *model = parse(&file);
  rt_model_port port;
  assert_int_equal(rt_model_output(model, 0, &port), RT_OK);
  assert_true(port.is_sequence && !port.is_optional);
  assert_int_equal(port.dtype, RT_F32);
  static const float x[3] = {1, 2, 3};
  const int64_t three = 3, one = 1;
  rt_model_value in = {.kind = RT_VALUE_TENSOR, .tensor = tensor(RT_F32, 1, &three, x)}, out[2];
  if (rt_model_run_values(model, 1, &in, 2, out) != RT_OK) fail_msg("%s", rt_last_error());
  assert_int_equal(out[0].kind, RT_VALUE_SEQUENCE);
  assert_int_equal(out[0].n, 2);
  expect_floats(out[0].items[0], 1, &one, (const double[]){4}, 0);
  expect_floats(out[0].items[1], 1, &one, (const double[]){9}, 0);
  assert_int_equal(out[1].kind, RT_VALUE_TENSOR);
  expect_floats(out[1].tensor, 1, (const int64_t[]){2}, (const double[]){4, 9}, 0);
  for (int i = 0; i < 2; i++) rt_model_value_clear(&out[i]);
  rt_tensor *tensors[2] = {0};
  assert_int_equal(rt_model_run(model, 1, (const rt_tensor *const *)&in.tensor, 2, tensors), RT_E_ARGUMENT);
  assert_non_null(strstr(rt_last_error(), "output 'seq' is no tensor"));
  assert_null(tensors[1]);
  rt_model_value_clear(&in);
  rt_model_close(model);
}

// An operation that wants a tensor says what it got instead.
static void sequences_where_tensors_belong(void **state) {
  (void)state;
  static const struct { const char *op, *inputs; rt_status status; const char *words; } cases[] = {
      {"Relu", "items", RT_E_DTYPE, "input 0 is a sequence, not a tensor"},
      {"Add", "x items", RT_E_DTYPE, "input 1 is a sequence, not a tensor"},
      {"Relu", "nothing", RT_E_DTYPE, "input 0 is an empty optional, not a tensor"},
      {"SequenceLength", "x", RT_E_DTYPE, "input 0 is a tensor, not a sequence"},
      {"SequenceAt", "items five", RT_E_INDEX, "position 5 of a sequence of 3"},
      {"SequenceErase", "items minus", RT_E_INDEX, "position -4 of a sequence of 3"},
      {"SequenceInsert", "items five", RT_E_DTYPE, "f32 and i64"},
      {"OptionalGetElement", "nothing", RT_E_INDEX, "the optional is empty"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    proto graph = {0};
    graph_node(&graph, "SplitToSequence", "x", "items");
    proto node = node_head("Optional", "", "nothing"), type = {0};
    put_s(&type, 1, "type");
    put_bytes(&type, 14, "", 0);
    put_i(&type, 20, 13);
    put_message(&node, 5, &type);
    put_node(&graph, &node);
    graph_node(&graph, cases[i].op, cases[i].inputs, "y");
    put_scalar_i64(&graph, "five", 5);
    put_scalar_i64(&graph, "minus", -4);
    graph_input(&graph, "x", ONNX_F32, "n");
    graph_output(&graph, "y", 0, NULL);
    proto file = model_of(&graph, 16);
    rt_model *model = parse(&file);
    static const float x[3] = {1, 2, 3};
    const int64_t three = 3;
    rt_tensor *in = tensor(RT_F32, 1, &three, x), *out = NULL;
    const rt_status status = rt_model_run(model, 1, (const rt_tensor *const *)&in, 1, &out);
    if (status != cases[i].status || !strstr(rt_last_error(), cases[i].words) || !strstr(rt_last_error(), "node 3 of 3"))
      fail_msg("case %zu: %s: %s", i, rt_status_name(status), rt_last_error());
    rt_release(in);
    rt_model_close(model);
  }
}

// ---- einsum against plain C ----------------------------------------------------------------------------------------------------------------------

// Sums over every assignment of the labels: letters a to f, with the extents 2 3 2 1 3 2.
enum { N_LETTERS = 6 };
static const int64_t letter_extents[N_LETTERS] = {2, 3, 2, 1, 3, 2};

static void shape_of_term(const char *term, int32_t *rank, int64_t *shape) {
  *rank = (int32_t)strlen(term);
  for (int32_t i = 0; i < *rank; i++) shape[i] = letter_extents[term[i] - 'a'];
}

static int64_t index_in_term(const char *term, const int64_t *at) {
  int64_t index = 0;
  for (const char *c = term; *c; c++) index = index * letter_extents[*c - 'a'] + at[*c - 'a'];
  return index;
}

static float operand_value(int operand, int64_t index) { return (float)((operand * 7 + (int)index * 5) % 11 - 5); }

static void einsum_sums_over_every_assignment(void **state) {
  (void)state;
  static const struct { const char *terms[3], *result; } cases[] = {
      {{"ab", "bc", NULL}, "ac"}, {{"ab", "bc", NULL}, "ca"}, {{"abc", "abe", NULL}, "ace"}, {{"ab", "cd", NULL}, "abcd"}, {{"abc", NULL}, "b"},
      {{"aba", "b", NULL}, "ab"}, {{"aca", "ac", NULL}, ""}, {{"ab", "ab", NULL}, ""}, {{"ab", "bc", "ce"}, "ae"}, {{"ab", "bc", "ca"}, ""},
      {{"abf", "f", "ba"}, "fa"}, {{"bed", "ecb", NULL}, "ec"}, {{"aacc", NULL}, "ca"}, {{"ab", "c", "d"}, "dcba"}, {{"abcdef", "fedcba", NULL}, "ad"}};
  for (size_t i = 0; i < COUNT(cases); i++) {
    char equation[64] = "", names[16] = "";
    proto graph = {0};
    int n = 0;
    for (; n < 3 && cases[i].terms[n]; n++) {
      int32_t rank;
      int64_t shape[8], numel = 1;
      float values[256];
      char name[3] = {'t', (char)('0' + n), '\0'};
      shape_of_term(cases[i].terms[n], &rank, shape);
      for (int32_t k = 0; k < rank; k++) numel *= shape[k];
      for (int64_t k = 0; k < numel; k++) values[k] = operand_value(n, k);
      put_floats(&graph, name, rank, shape, values);
      snprintf(equation + strlen(equation), sizeof equation - strlen(equation), "%s%s", n ? ", " : "", cases[i].terms[n]);
      snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", n ? " " : "", name);
    }
    snprintf(equation + strlen(equation), sizeof equation - strlen(equation), " -> %s", cases[i].result);
    proto node = node_head("Einsum", names, "y");
    attr_s(&node, "equation", equation);
    put_node(&graph, &node);
    graph_output(&graph, "y", ONNX_F32, NULL);
    proto file = model_of(&graph, 13);
    rt_model *model = parse(&file);
    double expected[256] = {0};
    for (int64_t code = 0; code < 2 * 3 * 2 * 1 * 3 * 2; code++) {
      int64_t at[N_LETTERS], rest = code;
      bool used[N_LETTERS] = {false}, counts = true;
      double product = 1;
      for (int l = 0; l < N_LETTERS; l++) at[l] = rest % letter_extents[l], rest /= letter_extents[l];
      for (int k = 0; k < n; k++) {
        for (const char *c = cases[i].terms[k]; *c; c++) used[*c - 'a'] = true;
        product *= (double)operand_value(k, index_in_term(cases[i].terms[k], at));
      }
      for (int l = 0; l < N_LETTERS; l++) counts &= used[l] || at[l] == 0; // labels that are not there have one value
      if (counts) expected[index_in_term(cases[i].result, at)] += product;
    }
    int32_t rank;
    int64_t shape[8];
    shape_of_term(cases[i].result, &rank, shape);
    rt_tensor *out = NULL;
    if (rt_model_run(model, 0, NULL, 1, &out) != RT_OK) fail_msg("%s: %s", equation, rt_last_error());
    expect_floats(out, rank, shape, expected, 0);
    rt_release(out);
    rt_model_close(model);
  }
}

static void equations_that_are_wrong(void **state) {
  (void)state;
  static const struct { const char *equation; rt_status status; const char *words; } cases[] = {
      {"ij,jk->ik", RT_OK, ""},        {"ij,jk", RT_OK, ""},           {"...j,jk->...k", RT_OK, ""},    {"ij,j->i", RT_E_SHAPE, "term 1 has 1 labels for 2 dimensions"},
      {"ij,jk,kl->il", RT_E_FORMAT, "number of terms"},                {"ij->ij", RT_E_FORMAT, "number of terms"},
      {"ij,jk->iz", RT_E_FORMAT, "the result has 2 labels, the terms leave 1"}, {"ij,jk->izk", RT_E_FORMAT, "3 labels"},
      {"i1,jk->ik", RT_E_FORMAT, "'1'"},
      {"ij,jk->ik->", RT_E_FORMAT, "goes on after its result"},                             {"ij,jk-ik", RT_E_FORMAT, "'-' where '->' belongs"},
      {"ij,ik->jk", RT_E_SHAPE, "extents 2 and 3"},                    {"", RT_E_SHAPE, "term 0"},
      {"ii,jk->ik", RT_E_SHAPE, "two extents"},                        {"......,jk->k", RT_E_FORMAT, "'.'"}};
  for (size_t i = 0; i < COUNT(cases); i++) {
    proto graph = {0}, node = node_head("Einsum", "x w", "y");
    static const float w[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    put_floats(&graph, "x", 2, (const int64_t[]){2, 3}, w);
    put_floats(&graph, "w", 2, (const int64_t[]){3, 4}, w);
    attr_s(&node, "equation", cases[i].equation);
    put_node(&graph, &node);
    graph_output(&graph, "y", ONNX_F32, NULL);
    proto file = model_of(&graph, 13);
    rt_model *model = parse(&file);
    rt_tensor *out = NULL;
    const rt_status status = rt_model_run(model, 0, NULL, 1, &out);
    if (status != cases[i].status || (status != RT_OK && !strstr(rt_last_error(), cases[i].words)))
      fail_msg("'%s': %s: %s", cases[i].equation, rt_status_name(status), rt_last_error());
    if (status == RT_OK) expect_floats(out, 2, (const int64_t[]){2, 4}, (const double[]){38, 44, 50, 56, 83, 98, 113, 128}, 0);
    rt_release(out);
    rt_model_close(model);
  }
}

// ---- random numbers ----------------------------------------------------------------------------------------------------------------------------

static void random_numbers_are_the_same_again(void **state) {
  (void)state;
  float first[2][8];
  for (int round = 0; round < 2; round++) {
    proto graph = {0}, node = node_head("RandomUniform", "", "y");
    attr_ints(&node, "shape", 1, (const int64_t[]){4});
    attr_f(&node, "low", 2);
    attr_f(&node, "high", 3);
    put_node(&graph, &node);
    graph_output(&graph, "y", ONNX_F32, NULL);
    proto file = model_of(&graph, 13);
    rt_model *model = parse(&file);
    for (int run = 0; run < 2; run++) {
      rt_tensor *out = NULL;
      assert_int_equal(rt_model_run(model, 0, NULL, 1, &out), RT_OK);
      assert_int_equal(rt_read(out, first[round] + 4 * run, 16), RT_OK);
      rt_release(out);
    }
    for (int i = 0; i < 8; i++) assert_true(first[round][i] >= 2 && first[round][i] < 3);
    assert_memory_not_equal(first[round], first[round] + 4, 16); // two runs differ
    rt_model_close(model);
  }
  assert_memory_equal(first[0], first[1], sizeof first[0]); // two models do not
}

// ---- weights in other files -----------------------------------------------------------------------------------------------------------------------

static char folder[64];

static void in_folder(char *out, size_t bytes, const char *name) { snprintf(out, bytes, "%s/%s", folder, name); }

static void write_file(const char *name, const void *data, size_t n) {
  char path[256];
  in_folder(path, sizeof path, name);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(data, 1, n, file), n);
  fclose(file);
}

static void put_entry(proto *t, const char *key, const char *value) {
  proto entry = {0};
  put_s(&entry, 1, key);
  put_s(&entry, 2, value);
  put_message(t, 13, &entry);
}

// x + w, where w [2] of f32 lies elsewhere. NULL leaves an entry out.
static proto external_model(const char *location, const char *offset, const char *length) {
  const int64_t two = 2;
  proto graph = {0}, t = tensor_head("w", ONNX_F32, 1, &two);
  if (location) put_entry(&t, "location", location);
  if (offset) put_entry(&t, "offset", offset);
  if (length) put_entry(&t, "length", length);
  put_i(&t, 14, 1);
  put_message(&graph, 5, &t);
  graph_node(&graph, "Add", "x w", "y");
  graph_input(&graph, "x", ONNX_F32, "2");
  graph_output(&graph, "y", ONNX_F32, "2");
  return model_of(&graph, 13);
}

static void weights_in_other_files(void **state) {
  (void)state;
  snprintf(folder, sizeof folder, "/tmp/trivet-external-%ld", (long)getpid());
  char path[256], target[256];
  assert_int_equal(mkdir(folder, 0700), 0);
  in_folder(path, sizeof path, "below");
  assert_int_equal(mkdir(path, 0700), 0);
  static const float data[4] = {100, 200, 300, 400};
  write_file("w.bin", data, sizeof data);
  write_file("below/w.bin", data, sizeof data);
  in_folder(path, sizeof path, "link.bin");
  in_folder(target, sizeof target, "w.bin");
  assert_int_equal(symlink(target, path), 0);
  in_folder(path, sizeof path, "way");
  assert_int_equal(symlink("below", path), 0);
  in_folder(path, sizeof path, "pipe");
  assert_int_equal(mkfifo(path, 0600), 0);
  const struct { const char *location, *offset, *length; rt_status status; const char *words; float first; } cases[] = {
      {"w.bin", NULL, NULL, RT_OK, "", 100},
      {"w.bin", "0", "8", RT_OK, "", 100},
      {"w.bin", "8", "8", RT_OK, "", 300},
      {"below/w.bin", "4", NULL, RT_OK, "", 200},
      {"w.bin", "12", "8", RT_E_FORMAT, "8 bytes from 12 on pass its end at 16", 0},
      {"w.bin", "9223372036854775807", "8", RT_E_FORMAT, "pass its end", 0},
      {"w.bin", "18446744073709551615", "8", RT_E_FORMAT, "is no number of bytes", 0},
      {"w.bin", "-4", "8", RT_E_FORMAT, "is no number of bytes", 0},
      {"w.bin", "0", "4", RT_E_FORMAT, "4 bytes of 'w.bin' are stated, its shape needs 8", 0},
      {"w.bin", "0", "0x8", RT_E_FORMAT, "is no number of bytes", 0},
      {NULL, "0", "8", RT_E_FORMAT, "which is not named", 0},
      {"", NULL, NULL, RT_E_FORMAT, "is empty", 0},
      {"/etc/hostname", NULL, NULL, RT_E_FORMAT, "is absolute", 0},
      {"../w.bin", NULL, NULL, RT_E_FORMAT, "leads out of the folder", 0},
      {"below/../w.bin", NULL, NULL, RT_E_FORMAT, "leads out of the folder", 0},
      {"below/..", NULL, NULL, RT_E_FORMAT, "leads out of the folder", 0},
      {"./w.bin", NULL, NULL, RT_E_FORMAT, "has an empty part", 0},
      {"below//w.bin", NULL, NULL, RT_E_FORMAT, "has an empty part", 0},
      {"..\\w.bin", NULL, NULL, RT_E_FORMAT, "backslash", 0},
      {"link.bin", NULL, NULL, RT_E_IO, "symbolic link", 0},
      {"way/w.bin", NULL, NULL, RT_E_IO, "symbolic link", 0},
      {"below", NULL, NULL, RT_E_IO, "not a regular file", 0},
      {"pipe", NULL, NULL, RT_E_IO, "not a regular file", 0},
      {"nowhere.bin", NULL, NULL, RT_E_NOT_FOUND, "nowhere.bin", 0},
      {"w.bin/x", NULL, NULL, RT_E_IO, "no folder", 0},
  };
  in_folder(path, sizeof path, "model.onnx");
  for (size_t i = 0; i < COUNT(cases); i++) {
    proto file = external_model(cases[i].location, cases[i].offset, cases[i].length);
    write_file("model.onnx", file.at, file.n);
    proto_free(&file);
    rt_model *model = NULL;
    const rt_status status = rt_model_open(ctx, path, &model);
    if (status != cases[i].status || (status != RT_OK && (!strstr(rt_last_error(), cases[i].words) || !strstr(rt_last_error(), "initializer 'w'"))))
      fail_msg("case %zu: %s: %s", i, rt_status_name(status), rt_last_error());
    if (status != RT_OK) continue;
    static const float x[2] = {1, 2};
    const int64_t two = 2;
    rt_tensor *in = tensor(RT_F32, 1, &two, x), *out = NULL;
    assert_int_equal(rt_model_run(model, 1, (const rt_tensor *const *)&in, 1, &out), RT_OK);
    expect_floats(out, 1, &two, (const double[]){(double)cases[i].first + 1, (double)cases[i].first + 102}, 0);
    rt_release(in);
    rt_release(out);
    rt_model_close(model);
  }
  static const char *const names[] = {"model.onnx", "w.bin", "below/w.bin", "link.bin", "way", "pipe"};
  for (size_t i = 0; i < COUNT(names); i++) {
    in_folder(path, sizeof path, names[i]);
    unlink(path);
  }
  in_folder(path, sizeof path, "below");
  rmdir(path);
  assert_int_equal(rmdir(folder), 0);
}

// ---- hostile bytes -----------------------------------------------------------------------------------------------------------------------------------

// Runs a model on zeros of the stated shapes, where these are small; open extents are 2. Loops may make 50 rounds.
static void run_on_zeros(rt_model *model) {
  enum { MOST = 4 };
  rt_model_value in[MOST] = {{0}}, out[MOST] = {{0}};
  const int32_t n_in = rt_model_input_count(model), n_out = rt_model_output_count(model);
  bool ready = n_in <= MOST && n_out <= MOST;
  assert_int_equal(rt_model_limit_loops(model, 50), RT_OK);
  for (int32_t i = 0; ready && i < n_in; i++) {
    rt_model_port port;
    int64_t shape[RT_MAX_RANK], numel = 1;
    assert_int_equal(rt_model_input(model, i, &port), RT_OK);
    for (int32_t k = 0; k < port.rank && ready; k++) {
      shape[k] = port.shape[k] < 0 ? 2 : port.shape[k];
      ready = shape[k] < 100 && (numel *= shape[k]) < 100000;
    }
    in[i].kind = RT_VALUE_TENSOR;
    ready = ready && !port.is_sequence && rt_zeros(ctx, port.dtype ? port.dtype : RT_F32, port.rank < 0 ? 0 : port.rank, shape, &in[i].tensor) == RT_OK;
  }
  if (ready) {
    const rt_status status = rt_model_run_values(model, n_in, in, n_out, out);
    if (status == RT_E_INTERNAL) fail_msg("%s", rt_last_error());
  }
  for (int i = 0; i < MOST; i++) {
    rt_model_value_clear(&in[i]);
    rt_model_value_clear(&out[i]);
  }
}

static void flipped_bytes_never_crash(void **state) {
  (void)state;
  proto files[] = {loop_model(), scan_model(), function_model(), sequence_model(), recurrent_model(4, false, 0.5f), recurrent_model(3, true, 0)};
  uint64_t seed = 4711;
  int n_ok = 0, n_refused = 0;
  for (size_t f = 0; f < COUNT(files); f++) {
    uint8_t *bad = malloc(files[f].n);
    assert_non_null(bad);
    for (int round = 0; round < 3000; round++) {
      size_t n = files[f].n;
      memcpy(bad, files[f].at, n);
      for (int k = 0; k < 1 + round % 3; k++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        bad[(seed >> 33) % n] ^= (uint8_t)(1 + (seed >> 20) % 255);
      }
      if (round % 16 == 0) n = (size_t)(seed >> 33) % n; // cut, too
      rt_model *model = NULL;
      const rt_status status = rt_model_parse(ctx, "test.onnx", bad, n, &model);
      assert_true((status == RT_OK) == (model != NULL));
      if (status == RT_E_INTERNAL) fail_msg("%s", rt_last_error());
      if (model) run_on_zeros(model);
      *(status == RT_OK ? &n_ok : &n_refused) += 1;
      rt_model_close(model);
    }
    free(bad);
    proto_free(&files[f]);
  }
  assert_true(n_ok > 1000 && n_refused > 1000); // the test reaches both sides
}

// ---- models that cannot run -------------------------------------------------------------------------------------------------------------------------

static void examining_keeps_what_cannot_run(void **state) {
  (void)state;
  proto branch = {0}, other = {0}, graph = {0}, node = node_head("Nonsense", "x", "n");
  put_s(&node, 3, "odd");
  put_node(&branch, &node);
  graph_output(&branch, "n", ONNX_F32, NULL);
  graph_node(&other, "Identity", "x", "i");
  graph_output(&other, "i", ONNX_F32, NULL);
  node = node_head("If", "c", "y");
  put_s(&node, 3, "choice");
  attr_graph(&node, "then_branch", &branch);
  attr_graph(&node, "else_branch", &other);
  put_node(&graph, &node);
  graph_node(&graph, "Relu", "y", "z");
  proto words = tensor_head("words", ONNX_STRING, 1, (const int64_t[]){1});
  put_s(&words, 6, "hello");
  put_message(&graph, 5, &words);
  graph_input(&graph, "c", ONNX_BOOL, "");
  graph_input(&graph, "x", ONNX_F32, "2");
  graph_output(&graph, "z", ONNX_F32, "2");
  proto file = model_of(&graph, 13);
  char path[64];
  snprintf(path, sizeof path, "/tmp/trivet-examine-%ld.onnx", (long)getpid());
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(file.at, 1, file.n, f), file.n);
  fclose(f);
  proto_free(&file);
  rt_model *model = NULL;
  assert_int_equal(rt_model_open(ctx, path, &model), RT_E_UNSUPPORTED);
  if (rt_model_examine(ctx, path, &model) != RT_OK) fail_msg("%s", rt_last_error());
  unlink(path);
  rt_model_info info;
  rt_model_node nodes[4];
  assert_int_equal(rt_model_describe(model, &info), RT_OK);
  assert_string_equal(info.problem, "initializer 'words': element type 8 (STRING) is not supported");
  assert_int_equal(info.n_nodes, 4);
  assert_int_equal(info.n_weights, 1);
  for (int i = 0; i < 4; i++) assert_int_equal(rt_model_node_at(model, i, &nodes[i]), RT_OK);
  assert_string_equal(nodes[1].op, "Nonsense");
  if (!strstr(nodes[1].problem, "node 'choice' (1 of 2), then_branch, node 'odd' (1 of 1): operation Nonsense is not known (opset 13)")) fail_msg("%s", nodes[1].problem);
  assert_non_null(nodes[0].problem); // a body that cannot run
  assert_null(nodes[2].problem);
  assert_null(nodes[3].problem);
  rt_tensor *out = NULL;
  const rt_tensor *in[2] = {NULL, NULL};
  assert_int_equal(rt_model_run(model, 2, in, 1, &out), RT_E_UNSUPPORTED);
  assert_non_null(strstr(rt_last_error(), "STRING"));
  rt_model_close(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_loop_carries_collects_and_sees_outer_names),
      cmocka_unit_test(a_scan_goes_backwards),
      cmocka_unit_test(an_endless_loop_ends),
      cmocka_unit_test(a_failure_in_a_body_names_the_way),
      cmocka_unit_test(bodies_that_do_not_fit),
      cmocka_unit_test(functions_are_inlined),
      cmocka_unit_test(functions_that_are_wrong),
      cmocka_unit_test(functions_do_not_explode),
      cmocka_unit_test(recurrent_layers_are_what_onnx_says),
      cmocka_unit_test(sequences_come_out_as_values),
      cmocka_unit_test(sequences_where_tensors_belong),
      cmocka_unit_test(einsum_sums_over_every_assignment),
      cmocka_unit_test(equations_that_are_wrong),
      cmocka_unit_test(random_numbers_are_the_same_again),
      cmocka_unit_test(weights_in_other_files),
      cmocka_unit_test(flipped_bytes_never_crash),
      cmocka_unit_test(examining_keeps_what_cannot_run),
  };
  return cmocka_run_group_tests_name("onnx_graphs", tests, open_ctx, close_ctx);
}
