// SPDX-License-Identifier: BSD-3-Clause
// ONNX models through the public API: a network that runs, what is refused and with which sentence, and hostile bytes. Models are written
// here, field by field; test_onnx_suite.c runs those that others wrote.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <trivet/io.h>

#include "proto_write.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static rt_ctx *ctx;

static int open_ctx(void **state) {
  (void)state;
  const rt_ctx_options options = {.size = sizeof options, .n_threads = 1, .memory_limit_bytes = 64u << 20};
  return rt_ctx_create(&options, &ctx) == RT_OK ? 0 : -1;
}

// Fails when a test, or a model, left a tensor behind.
static int close_ctx(void **state) {
  (void)state;
  return rt_ctx_close(ctx) == RT_OK ? 0 : -1;
}

// The block has exactly the size that is announced, so that a sanitizer sees a read past it.
static rt_status parse_exactly(const uint8_t *data, size_t n, rt_model **out) {
  uint8_t *exact = malloc(n ? n : 1);
  assert_non_null(exact);
  if (n) memcpy(exact, data, n);
  const rt_status status = rt_model_parse(ctx, "test.onnx", exact, n, out);
  free(exact);
  return status;
}

static rt_model *open_model(proto *model) {
  rt_model *m = NULL;
  if (parse_exactly(model->at, model->n, &m) != RT_OK) fail_msg("%s", rt_last_error());
  proto_free(model);
  return m;
}

static rt_tensor *floats(int32_t rank, const int64_t *shape, const float *values) {
  rt_tensor *t = NULL;
  assert_int_equal(rt_from_data(ctx, RT_F32, rank, shape, values, &t), RT_OK);
  return t;
}

// ---- a network -----------------------------------------------------------------------------------------------------------------------------

static void describe(void **state) {
  (void)state;
  proto file = small_network();
  rt_model *model = open_model(&file);
  assert_int_equal(rt_model_input_count(model), 1);
  assert_int_equal(rt_model_output_count(model), 1);
  rt_model_port port;
  assert_int_equal(rt_model_input(model, 0, &port), RT_OK);
  assert_string_equal(port.name, "x");
  assert_int_equal(port.dtype, RT_F32);
  assert_int_equal(port.rank, 2);
  assert_int_equal(port.shape[0], -1);
  assert_string_equal(port.symbol[0], "batch");
  assert_int_equal(port.shape[1], 4);
  assert_null(port.symbol[1]);
  assert_int_equal(rt_model_output(model, 0, &port), RT_OK);
  assert_string_equal(port.name, "y");
  assert_int_equal(rt_model_input(model, 1, &port), RT_E_ARGUMENT);
  assert_int_equal(rt_model_input(model, -1, &port), RT_E_ARGUMENT);
  rt_model_info info;
  assert_int_equal(rt_model_describe(model, &info), RT_OK);
  assert_string_equal(info.producer, "trivet tests");
  assert_string_equal(info.graph, "small");
  assert_int_equal(info.ir_version, 7);
  assert_int_equal(info.opset, 13);
  assert_int_equal(info.n_nodes, 6);
  assert_int_equal(info.n_weights, 3);
  assert_int_equal(info.weight_bytes, 4 * (24 + 6 + 18));
  rt_model_node node;
  assert_int_equal(rt_model_node_at(model, 0, &node), RT_OK);
  assert_string_equal(node.name, "first layer");
  assert_string_equal(node.op, "Gemm");
  assert_string_equal(node.domain, "");
  assert_int_equal(node.n_inputs, 3);
  assert_int_equal(node.n_outputs, 1);
  assert_int_equal(rt_model_node_at(model, 6, &node), RT_E_ARGUMENT);
  rt_model_close(model);
  rt_model_close(NULL);
}

// The same network in plain C.
static void expect_network(int batch, const float *x, float *y) {
  static const float w1[6][4] = {{1, 0, -1, 2}, {0.5f, 0.25f, 0, 1}, {-1, 1, 0, 0}, {2, 0, 0, -1}, {0, 0, 1, 1}, {1, 1, 1, 1}}, b1[6] = {0, 1, 0, -1, 0.5f, 0};
  for (int n = 0; n < batch; n++) {
    double h[6], logits[3], top = -1e30, sum = 0;
    for (int i = 0; i < 6; i++) {
      h[i] = b1[i];
      for (int k = 0; k < 4; k++) h[i] += (double)w1[i][k] * x[n * 4 + k];
      if (h[i] < 0) h[i] = 0;
    }
    for (int j = 0; j < 3; j++) {
      logits[j] = 0;
      for (int i = 0; i < 6; i++) logits[j] += h[i] * (((i * 3 + j) * 7) % 5 - 2);
      if (logits[j] > top) top = logits[j];
    }
    for (int j = 0; j < 3; j++) sum += exp(logits[j] - top);
    for (int j = 0; j < 3; j++) y[n * 3 + j] = (float)(exp(logits[j] - top) / sum);
  }
}

static void run_network(void **state) {
  (void)state;
  proto file = small_network();
  rt_model *model = open_model(&file);
  static const float x[12] = {1, 2, 3, 4, -1, 0.5f, 0, 0.25f, 0, 0, 0, 0};
  for (int64_t batch = 0; batch <= 3; batch++) { // a batch of none, too
    const int64_t shape[2] = {batch, 4};
    rt_tensor *in = floats(2, shape, x), *out = NULL;
    if (rt_model_run(model, 1, (const rt_tensor *const *)&in, 1, &out) != RT_OK) fail_msg("%s", rt_last_error());
    assert_int_equal(rt_tensor_rank(out), 2);
    assert_int_equal(rt_tensor_shape(out)[0], batch);
    assert_int_equal(rt_tensor_shape(out)[1], 3);
    float y[9], expected[9];
    assert_int_equal(rt_read(out, y, (size_t)batch * 12), RT_OK);
    expect_network((int)batch, x, expected);
    for (int i = 0; i < batch * 3; i++) assert_true(fabsf(y[i] - expected[i]) <= 1e-6f);
    rt_release(in);
    rt_release(out);
  }
  rt_model_close(model);
}

static void wrong_arguments_of_a_run(void **state) {
  (void)state;
  proto graph = {0};
  graph_node(&graph, "Add", "a b", "y");
  graph_input(&graph, "a", ONNX_F32, "n 2");
  graph_input(&graph, "b", ONNX_F32, "n 2");
  graph_output(&graph, "y", ONNX_F32, "n 2");
  proto file = model_of(&graph, 14);
  rt_model *model = open_model(&file);
  static const int64_t two[2] = {2, 2}, three[2] = {3, 2}, odd[2] = {2, 3}, line[1] = {2};
  static const float values[6] = {1, 2, 3, 4, 5, 6};
  rt_tensor *a = floats(2, two, values), *b3 = floats(2, three, values), *b_odd = floats(2, odd, values), *b_line = floats(1, line, values), *b_ints = NULL;
  const int32_t ints[4] = {1, 2, 3, 4};
  assert_int_equal(rt_from_data(ctx, RT_I32, 2, two, ints, &b_ints), RT_OK);
  rt_tensor *out = NULL;
  const struct { const rt_tensor *b; rt_status status; const char *words; } cases[] = {
      {a, RT_OK, ""},
      {b3, RT_E_SHAPE, "'n' is 2"},
      {b_odd, RT_E_SHAPE, "[2,3], the model takes [-1,2]"},
      {b_line, RT_E_SHAPE, "'b' has shape [2]"},
      {b_ints, RT_E_DTYPE, "is i32, the model takes f32"},
      {NULL, RT_E_ARGUMENT, "'b' is NULL"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    const rt_tensor *in[2] = {a, cases[i].b};
    const rt_status status = rt_model_run(model, 2, in, 1, &out);
    if (status != cases[i].status || (status != RT_OK && !strstr(rt_last_error(), cases[i].words)))
      fail_msg("case %zu: %s: %s", i, rt_status_name(status), rt_last_error());
    assert_true((status == RT_OK) == (out != NULL));
    rt_release(out);
    out = NULL;
  }
  const rt_tensor *in[2] = {a, a};
  assert_int_equal(rt_model_run(model, 1, in, 1, &out), RT_E_ARGUMENT);
  assert_int_equal(rt_model_run(model, 2, in, 0, &out), RT_E_ARGUMENT);
  assert_int_equal(rt_model_run(model, 2, in, 2, (rt_tensor *[2]){NULL, NULL}), RT_E_ARGUMENT);
  assert_int_equal(rt_model_run(model, 2, NULL, 1, &out), RT_E_ARGUMENT);
  assert_int_equal(rt_model_run(model, 2, in, 1, NULL), RT_E_ARGUMENT);
  assert_int_equal(rt_model_run(NULL, 2, in, 1, &out), RT_E_ARGUMENT);
  rt_ctx *other = NULL;
  assert_int_equal(rt_ctx_create(NULL, &other), RT_OK);
  rt_tensor *stranger = NULL;
  assert_int_equal(rt_from_data(other, RT_F32, 2, two, values, &stranger), RT_OK);
  in[1] = stranger;
  assert_int_equal(rt_model_run(model, 2, in, 1, &out), RT_E_STATE);
  rt_release(stranger);
  assert_int_equal(rt_ctx_close(other), RT_OK);
  rt_release(a);
  rt_release(b3);
  rt_release(b_odd);
  rt_release(b_line);
  rt_release(b_ints);
  rt_model_close(model);
}

// Of complex weights the typed field holds the parts, two for each element.
static void complex_weights(void **state) {
  (void)state;
  static const double raw[4] = {0.5, -1, 1e300, 2};
  static const int64_t dims[1] = {2};
  for (int n_parts = 3; n_parts <= 4; n_parts++) {
    proto graph = {0}, typed = tensor_head("a", ONNX_C64, 1, dims), wide = tensor_raw("b", ONNX_C128, 1, dims, raw, sizeof raw);
    for (int i = 0; i < n_parts; i++) put_f(&typed, 4, (float)i + 1);
    put_message(&graph, 5, &typed);
    put_message(&graph, 5, &wide);
    graph_node(&graph, "Mul", "a a", "square");
    graph_node(&graph, "Neg", "b", "negative");
    graph_output(&graph, "square", ONNX_C64, NULL);
    graph_output(&graph, "negative", ONNX_C128, NULL);
    proto file = model_of(&graph, 13);
    rt_model *model = NULL;
    rt_status status = parse_exactly(file.at, file.n, &model);
    proto_free(&file);
    if (n_parts == 3) {
      assert_int_equal(status, RT_E_FORMAT);
      assert_non_null(strstr(rt_last_error(), "holds 3 elements, shape [2] needs 4"));
      continue;
    }
    rt_tensor *y[2] = {NULL, NULL};
    if (status != RT_OK || rt_model_run(model, 0, NULL, 2, y) != RT_OK) fail_msg("%s", rt_last_error());
    assert_int_equal(rt_tensor_dtype(y[0]), RT_C64);
    assert_int_equal(rt_tensor_dtype(y[1]), RT_C128);
    float square[4];
    double negative[4];
    assert_int_equal(rt_read(y[0], square, sizeof square), RT_OK);
    assert_int_equal(rt_read(y[1], negative, sizeof negative), RT_OK);
    assert_true(square[0] == -3 && square[1] == 4 && square[2] == -7 && square[3] == 24);
    for (int i = 0; i < 4; i++) assert_true(negative[i] == -raw[i]);
    rt_release(y[0]);
    rt_release(y[1]);
    rt_model_close(model);
  }
}

// Writing to an output must not change the weights of the model, nor an input.
static void outputs_belong_to_the_caller(void **state) {
  (void)state;
  static const int64_t shape[1] = {3};
  static const float weights[3] = {1, 2, 3}, nines[3] = {9, 9, 9};
  proto graph = {0}, w = tensor_raw("w", ONNX_F32, 1, shape, weights, 12);
  put_message(&graph, 5, &w);
  graph_node(&graph, "Identity", "w", "copy");
  proto node = node_head("Unsqueeze", "w", "view");
  attr_ints(&node, "axes", 1, (const int64_t[]){0});
  put_message(&graph, 1, &node);
  graph_input(&graph, "x", ONNX_F32, "3");
  static const char *const names[] = {"w", "copy", "view", "x"};
  for (size_t i = 0; i < COUNT(names); i++) graph_output(&graph, names[i], ONNX_F32, NULL);
  proto file = model_of(&graph, 11);
  rt_model *model = open_model(&file);
  rt_tensor *x = floats(1, shape, weights);
  for (int round = 0; round < 2; round++) {
    rt_tensor *out[4] = {0};
    if (rt_model_run(model, 1, (const rt_tensor *const *)&x, 4, out) != RT_OK) fail_msg("%s", rt_last_error());
    for (int i = 0; i < 4; i++) {
      float data[3];
      assert_int_equal(rt_read(out[i], data, 12), RT_OK);
      assert_memory_equal(data, weights, 12);
      assert_int_equal(rt_write(out[i], nines, 12), RT_OK);
    }
    for (int i = 0; i < 4; i++) rt_release(out[i]);
  }
  rt_release(x);
  rt_model_close(model);
}

// ---- one node at a time: meanings that changed between opsets ----------------------------------------------------------------------------------

typedef void (*add_attrs)(proto *node);
static void axis_1(proto *node) { attr_i(node, "axis", 1); }
static void old_broadcast(proto *node) { attr_i(node, "broadcast", 1); attr_i(node, "axis", 0); }
static void last_index(proto *node) { attr_i(node, "axis", 1); attr_i(node, "select_last_index", 1); }
static void axes_1(proto *node) { attr_ints(node, "axes", 1, (const int64_t[]){1}); }
static void noop(proto *node) { attr_i(node, "noop_with_empty_axes", 1); }
static void allow_zero(proto *node) { attr_i(node, "allowzero", 1); }
static void clip_6(proto *node) { attr_f(node, "min", -1); attr_f(node, "max", 2); }
static void shape_1(proto *node) { attr_i(node, "start", -1); }
static void before(proto *node) { attr_i(node, "exclusive", 1); }
static void from_behind(proto *node) { attr_i(node, "exclusive", 1); attr_i(node, "reverse", 1); }
static void smallest(proto *node) { attr_i(node, "largest", 0); attr_i(node, "axis", 0); }
static void k_2(proto *node) { attr_i(node, "k", 2); }
static void fmod_1(proto *node) { attr_i(node, "fmod", 1); }

// Input x is f32 [2,3] = {0,1,2,3,4,5} minus 2 = {-2,-1,0,1,2,3}; i1, i2 are i64 weights; v2 is the f32 weight {10,20}; ints divides.
static const struct {
  const char *name, *op, *inputs;
  int64_t opset;
  add_attrs attrs;
  int32_t rank;
  int64_t shape[3];
  double values[8];
} nodes[] = {
    {"softmax before 13 sees one row", "Softmax", "cube", 12, axis_1, 3, {1, 2, 2}, {0.25, 0.25, 0.25, 0.25}},
    {"softmax from 13 on goes along its axis", "Softmax", "cube", 13, axis_1, 3, {1, 2, 2}, {0.5, 0.5, 0.5, 0.5}},
    {"add before 7 aligns at axis", "Add", "x v2", 6, old_broadcast, 2, {2, 3}, {8, 9, 10, 21, 22, 23}},
    {"argmax of equals: the first", "ArgMax", "cube", 13, axis_1, 3, {1, 1, 2}, {0, 0}},
    {"argmax of equals: the last", "ArgMax", "cube", 13, last_index, 3, {1, 1, 2}, {1, 1}},
    {"sum with axes as attribute", "ReduceSum", "x", 11, axes_1, 2, {2, 1}, {-3, 6}},
    {"sum with axes as input", "ReduceSum", "x one", 13, NULL, 2, {2, 1}, {-3, 6}},
    {"sum over all", "ReduceSum", "x", 13, NULL, 2, {1, 1}, {3}},
    {"sum over nothing", "ReduceSum", "x", 13, noop, 2, {2, 3}, {-2, -1, 0, 1, 2, 3}},
    {"max with axes as attribute", "ReduceMax", "x", 13, axes_1, 2, {2, 1}, {0, 3}},
    {"max with axes as input", "ReduceMax", "x one", 18, NULL, 2, {2, 1}, {0, 3}},
    {"reshape copies a zero", "Reshape", "x zero_minus", 13, NULL, 2, {2, 3}, {-2, -1, 0, 1, 2, 3}},
    {"reshape with allowzero makes an empty tensor", "Reshape", "nothing zero_two", 14, allow_zero, 2, {0, 2}, {0}},
    {"clip with attributes", "Clip", "x", 6, clip_6, 2, {2, 3}, {-1, -1, 0, 1, 2, 2}},
    {"clip with the upper bound alone", "Clip", "x - bound", 11, NULL, 2, {2, 3}, {-2, -1, 0, 1, 1, 1}},
    {"integers are divided towards zero", "Div", "ints three", 13, NULL, 1, {4}, {-2, -1, 1, 2}},
    {"mod has the sign of the divisor", "Mod", "ints three", 13, NULL, 1, {4}, {2, 1, 2, 1}},
    {"mod with fmod has the sign of the dividend", "Mod", "ints three", 13, fmod_1, 1, {4}, {-1, -2, 2, 1}},
    {"the last extent", "Shape", "x", 15, shape_1, 1, {1}, {3}},
    {"slice backwards to the start", "Slice", "x m1 lowest one m1", 13, NULL, 2, {2, 3}, {0, -1, -2, 3, 2, 1}},
    {"expand never shrinks", "Expand", "v2 ones", 13, NULL, 3, {1, 1, 2}, {10, 20}},
    {"tile", "Tile", "v2 three", 13, NULL, 1, {6}, {10, 20, 10, 20, 10, 20}},
    {"running sum", "CumSum", "x one", 14, NULL, 2, {2, 3}, {-2, -3, -3, 1, 3, 6}},
    {"running sum of what is before", "CumSum", "ints zero", 14, before, 1, {4}, {0, -7, -12, -7}},
    {"running sum of what is behind", "CumSum", "x one", 14, from_behind, 2, {2, 3}, {-1, 0, 0, 5, 3, 0}},
    {"the two largest", "TopK", "x", 9, k_2, 2, {2, 2}, {0, -1, 3, 2}},
    {"the largest", "TopK", "x one", 10, NULL, 2, {2, 1}, {0, 3}},
    {"the smallest", "TopK", "x one", 11, smallest, 2, {1, 3}, {-2, -1, 0}},
    {"elements by index", "GatherElements", "ints zero_minus", 13, NULL, 1, {2}, {-7, 7}},
    {"uneven split, first part", "Split", "v2", 18, NULL, 1, {2}, {10, 20}},
    {"powers keep the dtype of the base", "Pow", "ints half", 13, NULL, 1, {4}, {0, 0, 2, 2}},
};

static void put_weights(proto *graph) {
  static const float v2[2] = {10, 20}, cube[4] = {1, 1, 1, 1}, bound = 1, half = 0.5f;
  static const int64_t two = 2, cube_dims[3] = {1, 2, 2}, empty_dims[2] = {0, 3};
  proto t = tensor_raw("v2", ONNX_F32, 1, &two, v2, 8);
  put_message(graph, 5, &t);
  t = tensor_raw("cube", ONNX_F32, 3, cube_dims, cube, 16);
  put_message(graph, 5, &t);
  t = tensor_raw("bound", ONNX_F32, 0, NULL, &bound, 4);
  put_message(graph, 5, &t);
  t = tensor_raw("half", ONNX_F32, 0, NULL, &half, 4);
  put_message(graph, 5, &t);
  t = tensor_raw("nothing", ONNX_F32, 2, empty_dims, NULL, 0);
  put_message(graph, 5, &t);
  static const struct { const char *name; int64_t n, values[4]; } lists[] = {
      {"one", 1, {1}}, {"m1", 1, {-1}}, {"three", 1, {3}}, {"lowest", 1, {INT64_MIN}}, {"zero", 1, {0}},
      {"ones", 3, {1, 1, 1}}, {"zero_minus", 2, {0, -1}}, {"zero_two", 2, {0, 2}},
      {"ints", 4, {-7, -5, 5, 7}}};
  for (size_t i = 0; i < COUNT(lists); i++) {
    t = tensor_i64s(lists[i].name, lists[i].n, lists[i].values);
    put_message(graph, 5, &t);
  }
}

static double element(const rt_tensor *t, int64_t index) {
  rt_tensor *flat = NULL, *one = NULL;
  rt_scalar value;
  const int64_t all = -1;
  assert_int_equal(rt_reshape(t, 1, &all, &flat), RT_OK);
  assert_int_equal(rt_select(flat, 0, index, &one), RT_OK);
  assert_int_equal(rt_item(one, &value), RT_OK);
  rt_release(flat);
  rt_release(one);
  return value.kind == RT_KIND_FLOAT ? value.as.f : value.kind == RT_KIND_SIGNED ? (double)value.as.i : (double)value.as.u;
}

static void meanings_follow_the_opset(void **state) {
  (void)state;
  static const float x[6] = {-2, -1, 0, 1, 2, 3};
  static const int64_t x_shape[2] = {2, 3};
  for (size_t i = 0; i < COUNT(nodes); i++) {
    proto graph = {0}, node = node_head(nodes[i].op, nodes[i].inputs, "y");
    put_weights(&graph);
    if (nodes[i].attrs) nodes[i].attrs(&node);
    put_message(&graph, 1, &node);
    graph_input(&graph, "x", ONNX_F32, "2 3");
    graph_output(&graph, "y", 0, NULL);
    proto file = model_of(&graph, nodes[i].opset);
    rt_model *model = NULL;
    rt_tensor *in = floats(2, x_shape, x), *out = NULL;
    rt_status status = parse_exactly(file.at, file.n, &model);
    if (status == RT_OK) status = rt_model_run(model, 1, (const rt_tensor *const *)&in, 1, &out);
    if (status != RT_OK) fail_msg("%s: %s", nodes[i].name, rt_last_error());
    if (rt_tensor_rank(out) != nodes[i].rank) fail_msg("%s: rank %d", nodes[i].name, rt_tensor_rank(out));
    for (int32_t k = 0; k < nodes[i].rank; k++)
      if (rt_tensor_shape(out)[k] != nodes[i].shape[k]) fail_msg("%s: extent %d is %lld", nodes[i].name, k, (long long)rt_tensor_shape(out)[k]);
    for (int64_t k = 0; k < rt_tensor_numel(out); k++)
      if (element(out, k) != nodes[i].values[k]) fail_msg("%s: element %lld is %g instead of %g", nodes[i].name, (long long)k, element(out, k), nodes[i].values[k]);
    rt_release(in);
    rt_release(out);
    rt_model_close(model);
    proto_free(&file);
  }
}

// Values that only a run can know. Inputs and weights as above.
static const struct {
  const char *op, *inputs;
  add_attrs attrs;
  rt_status status;
  const char *words;
} failing[] = {
    {"Resize", "x - - huge", NULL, RT_E_SHAPE, "cannot become"},
    {"Reshape", "x many", NULL, RT_E_SHAPE, "more than 1048576"},
    {"Reshape", "x huge", NULL, RT_E_SHAPE, "Reshape"},
    {"Reshape", "x x", NULL, RT_E_DTYPE, "f32, not i64"},
    {"Expand", "x huge", NULL, RT_E_SHAPE, "Expand"},
    {"Expand", "x m1", NULL, RT_E_SHAPE, "-1"},
    {"Tile", "x huge", NULL, RT_E_SHAPE, "repeats of axis 1"},
    {"Tile", "x m1", NULL, RT_E_SHAPE, "1 repeats for 2 dimensions"},
    {"Gather", "x ints", NULL, RT_E_INDEX, "Gather"},
    {"GatherElements", "v2 ints", NULL, RT_E_INDEX, "index -7"},
    {"GatherElements", "x ints", NULL, RT_E_SHAPE, "1 dimensions for an input of 2"},
    {"CumSum", "x three", NULL, RT_E_SHAPE, "axis 3"},
    {"TopK", "x m1", NULL, RT_E_SHAPE, "k is -1"},
    {"TopK", "v2 three", NULL, RT_E_SHAPE, "k is 3 for an axis of extent 2"},
    {"OneHot", "ints m1 v2", NULL, RT_E_ARGUMENT, "depth"},
    {"OneHot", "ints three x", NULL, RT_E_SHAPE, "two elements"},
    {"NegativeLogLikelihoodLoss", "x zero_minus", NULL, RT_E_INDEX, "outside of [0, 3)"},
    {"Slice", "x one", NULL, RT_E_FORMAT, "inputs"},
    {"Slice", "x one one three", NULL, RT_E_SHAPE, "axis 3"},
    {"Slice", "x zero_two zero_two zero_two zero_minus", NULL, RT_E_SHAPE, "axis 2"},
    {"Slice", "x one one one nought", NULL, RT_E_ARGUMENT, "step of 0"},
    {"Unsqueeze", "x zero_two_two", NULL, RT_E_SHAPE, "twice"},
    {"Pad", "x ones", NULL, RT_E_SHAPE, "3 pads for 2 axes"},
    {"Split", "v2 three", NULL, RT_E_SHAPE, "does not fit"},
    {"Split", "v2 ones", NULL, RT_E_SHAPE, "3 sizes for 1 outputs"},
    {"ConstantOfShape", "m1", NULL, RT_E_SHAPE, "ConstantOfShape"},
    {"Range", "nought three nought", NULL, RT_E_ARGUMENT, "Range"},
    {"Range", "ones three one", NULL, RT_E_SHAPE, "one element"},
    {"MatMul", "x x", NULL, RT_E_SHAPE, "MatMul"},
    {"Add", "x ints", NULL, RT_E_DTYPE, "f32 and i64"},
    {"Conv", "x x", NULL, RT_E_SHAPE, "0 spatial axes"},
    {"Squeeze", "x one", NULL, RT_E_SHAPE, "Squeeze"},
};

static void failures_during_a_run(void **state) {
  (void)state;
  static const float x[6] = {-2, -1, 0, 1, 2, 3};
  static const int64_t x_shape[2] = {2, 3}, huge[2] = {INT32_MAX, INT64_MAX / 2}, many[1] = {2000000}, nought = 0, zero_two_two[3] = {0, 2, 2};
  for (size_t i = 0; i < COUNT(failing); i++) {
    proto graph = {0}, node = node_head(failing[i].op, failing[i].inputs, "y");
    put_weights(&graph);
    proto t = tensor_i64s("huge", 2, huge);
    put_message(&graph, 5, &t);
    t = tensor_i64s("million", 1, many);
    put_message(&graph, 5, &t);
    t = tensor_i64s("zero_two_two", 3, zero_two_two);
    put_message(&graph, 5, &t);
    t = tensor_raw("nought", ONNX_I64, 0, NULL, &nought, 8);
    put_message(&graph, 5, &t);
    graph_node(&graph, "Expand", "one million", "many"); // two million numbers without storage
    if (failing[i].attrs) failing[i].attrs(&node);
    put_message(&graph, 1, &node);
    graph_input(&graph, "x", ONNX_F32, "2 3");
    graph_output(&graph, "y", 0, NULL);
    proto file = model_of(&graph, 13);
    rt_model *model = NULL;
    rt_tensor *in = floats(2, x_shape, x), *out = NULL;
    rt_status status = parse_exactly(file.at, file.n, &model);
    if (status == RT_OK) status = rt_model_run(model, 1, (const rt_tensor *const *)&in, 1, &out);
    if (status != failing[i].status || !strstr(rt_last_error(), failing[i].words) || !strstr(rt_last_error(), "node 2 of 2"))
      print_message("%s(%s): %s: %s\n", failing[i].op, failing[i].inputs, rt_status_name(status), rt_last_error());
    assert_int_equal(status, failing[i].status);
    assert_non_null(strstr(rt_last_error(), failing[i].words));
    assert_non_null(strstr(rt_last_error(), "node 2 of 2"));
    assert_null(out);
    rt_release(in);
    rt_model_close(model);
    proto_free(&file);
  }
}

// ---- what is refused -----------------------------------------------------------------------------------------------------------------------

// Each case writes one thing that is wrong into a graph that is fine otherwise: x [2,3] -> y.
static void fine(proto *g) { graph_node(g, "Relu", "x", "y"); }
static void weight(proto *g, proto *t) { put_message(g, 5, t); }

static void unknown_op(proto *g) {
  fine(g);
  proto node = node_head("Bar", "y", "z");
  put_s(&node, 3, "conv7");
  put_s(&node, 7, "com.foo");
  put_message(g, 1, &node);
}
static void unknown_default_op(proto *g) { fine(g); graph_node(g, "NoSuchThing", "y", "z"); }
static void op_of_a_later_opset(proto *g) { fine(g); graph_node(g, "Gelu", "y", "z"); }
static void unknown_attribute(proto *g) {
  proto node = node_head("Relu", "x", "y");
  attr_i(&node, "leak", 1);
  put_message(g, 1, &node);
}
static void attribute_of_wrong_type(proto *g) {
  proto node = node_head("LeakyRelu", "x", "y");
  attr_i(&node, "alpha", 1);
  put_message(g, 1, &node);
}
static void attribute_twice(proto *g) {
  proto node = node_head("LeakyRelu", "x", "y");
  attr_f(&node, "alpha", 1);
  attr_f(&node, "alpha", 2);
  put_message(g, 1, &node);
}
static void no_operation(proto *g) { fine(g); graph_node(g, "", "x", "z"); }
static void too_few_inputs(proto *g) { graph_node(g, "Add", "x", "y"); }
static void too_many_inputs(proto *g) { graph_node(g, "Relu", "x x", "y"); }
static void left_out_input(proto *g) { graph_node(g, "Add", "x -", "y"); }
static void undefined_input(proto *g) { graph_node(g, "Relu", "nowhere", "y"); }
static void cycle(proto *g) { graph_node(g, "Add", "x b", "y"); graph_node(g, "Relu", "y", "b"); }
static void own_output(proto *g) { graph_node(g, "Add", "x y", "y"); }
static void output_twice(proto *g) { fine(g); graph_node(g, "Relu", "x", "y"); }
static void output_hides_input(proto *g) { fine(g); graph_node(g, "Relu", "y", "x"); }
static void two_outputs_of_one_name(proto *g) { fine(g); graph_node(g, "Split", "y", "a a"); }
static void unsupported_output(proto *g) {
  proto node = node_head("Relu", "x", "y more");
  put_message(g, 1, &node);
}
static void undefined_graph_output(proto *g) { fine(g); graph_output(g, "lost", ONNX_F32, NULL); }
static void listed_twice(proto *g) { fine(g); graph_output(g, "y", ONNX_F32, NULL); }
static void input_twice(proto *g) { fine(g); graph_input(g, "x", ONNX_F32, NULL); }
static void initializer_twice(proto *g) {
  fine(g);
  for (int i = 0; i < 2; i++) {
    proto t = tensor_i64s("w", 1, (const int64_t[]){1});
    weight(g, &t);
  }
}
static void unnamed_initializer(proto *g) { fine(g); proto t = tensor_i64s(NULL, 1, (const int64_t[]){1}); weight(g, &t); }
static void raw_too_short(proto *g) { fine(g); proto t = tensor_raw("w", ONNX_F32, 1, (const int64_t[]){3}, "12345678901", 11); weight(g, &t); }
static void raw_too_long(proto *g) { fine(g); proto t = tensor_raw("w", ONNX_F32, 1, (const int64_t[]){3}, "1234567890123", 13); weight(g, &t); }
static void raw_in_an_empty_tensor(proto *g) { fine(g); proto t = tensor_raw("w", ONNX_F32, 2, (const int64_t[]){0, 3}, "1234", 4); weight(g, &t); }
static void no_data(proto *g) { fine(g); proto t = tensor_head("w", ONNX_F32, 1, (const int64_t[]){3}); weight(g, &t); }
static void overflow(proto *g) { fine(g); proto t = tensor_raw("w", ONNX_F32, 2, (const int64_t[]){1LL << 32, 1LL << 32}, "", 0); weight(g, &t); }
static void hidden_overflow(proto *g) { fine(g); proto t = tensor_raw("w", ONNX_F32, 3, (const int64_t[]){0, 1LL << 32, 1LL << 32}, "", 0); weight(g, &t); }
static void wrap_to_zero(proto *g) { fine(g); proto t = tensor_raw("w", ONNX_I8, 2, (const int64_t[]){1LL << 62, 4}, "", 0); weight(g, &t); }
static void negative_dim(proto *g) { fine(g); proto t = tensor_raw("w", ONNX_F32, 2, (const int64_t[]){-1, -4}, "1234567890123456", 16); weight(g, &t); }
static void huge_dim(proto *g) { fine(g); proto t = tensor_head("w", ONNX_F32, 1, (const int64_t[]){1LL << 40}); put_f(&t, 4, 1); weight(g, &t); }
static void seventeen_dims(proto *g) {
  fine(g);
  static const int64_t ones[17] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  proto t = tensor_raw("w", ONNX_F32, 17, ones, "1234", 4);
  weight(g, &t);
}
static void data_twice(proto *g) { fine(g); proto t = tensor_raw("w", ONNX_F32, 1, (const int64_t[]){1}, "1234", 4); put_f(&t, 4, 1); weight(g, &t); }
static void data_in_the_wrong_field(proto *g) { fine(g); proto t = tensor_head("w", ONNX_F32, 1, (const int64_t[]){1}); put_i(&t, 7, 1); weight(g, &t); }
static void element_out_of_range(proto *g) { fine(g); proto t = tensor_head("w", ONNX_I8, 1, (const int64_t[]){1}); put_i(&t, 5, 128); weight(g, &t); }
static void odd_bool(proto *g) { fine(g); proto t = tensor_raw("w", ONNX_BOOL, 1, (const int64_t[]){1}, "\x02", 1); weight(g, &t); }
static void strings(proto *g) { fine(g); proto t = tensor_head("w", ONNX_STRING, 1, (const int64_t[]){1}); put_s(&t, 6, "x"); weight(g, &t); }
static void no_element_type(proto *g) { fine(g); proto t = tensor_raw("w", 0, 1, (const int64_t[]){1}, "1234", 4); weight(g, &t); }
static void unknown_element_type(proto *g) { fine(g); proto t = tensor_raw("w", 99, 1, (const int64_t[]){1}, "1234", 4); weight(g, &t); }
static void external_data(proto *g) {
  fine(g);
  proto t = tensor_head("w", ONNX_F32, 1, (const int64_t[]){1}), entry = {0};
  put_s(&entry, 1, "location");
  put_s(&entry, 2, "../../etc/passwd");
  put_message(&t, 13, &entry);
  put_i(&t, 14, 1);
  weight(g, &t);
}
static void sparse_weight(proto *g) { fine(g); put_bytes(g, 15, "", 0); }
static void sequence_input(proto *g) {
  fine(g);
  proto info = {0}, type = {0};
  put_s(&info, 1, "seq");
  put_bytes(&type, 4, "", 0);
  put_message(&info, 2, &type);
  put_message(g, 11, &info);
}
static void name_with_nul(proto *g) { fine(g); proto n = node_head("Relu", "x", "z"); put_bytes(&n, 3, "a\0b", 3); put_message(g, 1, &n); }
static void name_with_escape(proto *g) { fine(g); proto n = node_head("Relu", "x", "z"); put_s(&n, 3, "\x1b[31mred"); put_message(g, 1, &n); }
static void name_not_utf8(proto *g) { fine(g); proto n = node_head("Relu", "x", "z"); put_s(&n, 3, "\xc3("); put_message(g, 1, &n); }
static void name_overlong_utf8(proto *g) { fine(g); proto n = node_head("Relu", "x", "z"); put_s(&n, 3, "\xc0\xaf"); put_message(g, 1, &n); }
static void name_too_long(proto *g) {
  fine(g);
  static char name[5001];
  memset(name, 'n', 5000);
  proto n = node_head("Relu", "x", "z");
  put_s(&n, 3, name);
  put_message(g, 1, &n);
}
static void format_in_name(proto *g) { fine(g); proto n = node_head("Oops", "x", "z"); put_s(&n, 3, "%s%n%99999d"); put_message(g, 1, &n); }
static void group_wire_type(proto *g) { fine(g); put_tag(g, 9, 3); }
static void field_zero(proto *g) { fine(g); put_tag(g, 0, 0); put_varint(g, 0); }
static void endless_varint(proto *g) { fine(g); put_raw(g, "\x48\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12); }
static void length_past_the_end(proto *g) { fine(g); put_raw(g, "\x52\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11); }
static void node_is_a_number(proto *g) { fine(g); put_i(g, 1, 5); }
static void no_outputs(proto *g) { (void)g; }
static void two_data_kinds(proto *g) {
  proto node = node_head("LeakyRelu", "x", "y"), a = {0};
  put_s(&a, 1, "alpha");
  put_f(&a, 2, 1);
  put_i(&a, 3, 1);
  put_message(&node, 5, &a);
  put_message(g, 1, &node);
}
static void constant_without_value(proto *g) { graph_node(g, "Constant", "", "y"); }

static const struct { void (*write)(proto *graph); rt_status status; const char *words; } refused[] = {
    {unknown_op, RT_E_UNSUPPORTED, "test.onnx: node 'conv7' (2 of 2): operation com.foo.Bar is not known"},
    {unknown_default_op, RT_E_UNSUPPORTED, "node 2 of 2: operation NoSuchThing is not known (opset 13)"},
    {op_of_a_later_opset, RT_E_UNSUPPORTED, "operation Gelu is not supported in this version (opset 13)"},
    {unknown_attribute, RT_E_UNSUPPORTED, "attribute 'leak' of Relu"},
    {attribute_of_wrong_type, RT_E_FORMAT, "'alpha' of LeakyRelu has type 2"},
    {attribute_twice, RT_E_FORMAT, "'alpha' is given twice"},
    {two_data_kinds, RT_E_FORMAT, "values of two kinds"},
    {no_operation, RT_E_FORMAT, "no operation"},
    {too_few_inputs, RT_E_FORMAT, "Add takes 2 to 2 inputs, not 1"},
    {too_many_inputs, RT_E_FORMAT, "Relu takes 1 to 1 inputs, not 2"},
    {left_out_input, RT_E_FORMAT, "input 1 of Add is left out"},
    {undefined_input, RT_E_FORMAT, "'nowhere' is defined by nothing"},
    {cycle, RT_E_FORMAT, "'b' is defined by nothing"},
    {own_output, RT_E_FORMAT, "'y' is defined by nothing"},
    {output_twice, RT_E_FORMAT, "'y' is defined twice"},
    {output_hides_input, RT_E_FORMAT, "'x' is defined twice"},
    {two_outputs_of_one_name, RT_E_FORMAT, "'a' is defined twice"},
    {unsupported_output, RT_E_UNSUPPORTED, "output 1 of Relu"},
    {undefined_graph_output, RT_E_FORMAT, "nothing computes the output 'lost'"},
    {listed_twice, RT_E_FORMAT, "'y' is listed twice"},
    {input_twice, RT_E_FORMAT, "'x' is defined twice"},
    {initializer_twice, RT_E_FORMAT, "'w' is defined twice"},
    {unnamed_initializer, RT_E_FORMAT, "without a name"},
    {raw_too_short, RT_E_FORMAT, "raw_data holds 11 bytes, shape [3] of f32 needs 12"},
    {raw_too_long, RT_E_FORMAT, "raw_data holds 13 bytes"},
    {raw_in_an_empty_tensor, RT_E_FORMAT, "raw_data holds 4 bytes, shape [0,3] of f32 needs 0"},
    {no_data, RT_E_FORMAT, "holds 0 elements, shape [3] needs 3"},
    {overflow, RT_E_FORMAT, "2^63-1"},
    {hidden_overflow, RT_E_FORMAT, "2^63-1"},
    {wrap_to_zero, RT_E_FORMAT, "2^63-1"},
    {negative_dim, RT_E_FORMAT, "negative"},
    {huge_dim, RT_E_FORMAT, "holds 1 elements"},
    {seventeen_dims, RT_E_UNSUPPORTED, "16 dimensions"},
    {data_twice, RT_E_FORMAT, "given twice"},
    {data_in_the_wrong_field, RT_E_FORMAT, "field 7 instead of 4"},
    {element_out_of_range, RT_E_FORMAT, "does not fit i8"},
    {odd_bool, RT_E_FORMAT, "neither 0 nor 1"},
    {strings, RT_E_UNSUPPORTED, "initializer 'w': element type 8 (STRING)"},
    {no_element_type, RT_E_FORMAT, "element type 0"},
    {unknown_element_type, RT_E_UNSUPPORTED, "element type 99"},
    {external_data, RT_E_UNSUPPORTED, "lie in another file"},
    {sparse_weight, RT_E_UNSUPPORTED, "sparse"},
    {sequence_input, RT_E_UNSUPPORTED, "'seq' is not a dense tensor"},
    {name_with_nul, RT_E_FORMAT, "'a\\x00b' is not printable"},
    {name_with_escape, RT_E_FORMAT, "'\\x1b[31mred' is not printable"},
    {name_not_utf8, RT_E_FORMAT, "not printable"},
    {name_overlong_utf8, RT_E_FORMAT, "not printable"},
    {name_too_long, RT_E_FORMAT, "longer than"},
    {format_in_name, RT_E_UNSUPPORTED, "'%s%n%99999d'"},
    {group_wire_type, RT_E_FORMAT, "wire type 3"},
    {field_zero, RT_E_FORMAT, "field number 0"},
    {endless_varint, RT_E_FORMAT, "more than 64 bits"},
    {length_past_the_end, RT_E_FORMAT, "passes the end of its message"},
    {node_is_a_number, RT_E_FORMAT, "wire type 0 where 2 belongs"},
    {no_outputs, RT_E_FORMAT, "nothing computes the output 'y'"},
    {constant_without_value, RT_E_FORMAT, "exactly one attribute"},
};

static void expect_refusal(size_t index, const proto *file, rt_status expected, const char *words) {
  rt_model *model = (rt_model *)&ctx;
  const rt_status status = parse_exactly(file->at, file->n, &model);
  if (status != expected || !strstr(rt_last_error(), words)) fail_msg("case %zu (%s): %s: %s", index, words, rt_status_name(status), rt_last_error());
  if (!strstr(rt_last_error(), "test.onnx")) fail_msg("case %zu: the file is not named: %s", index, rt_last_error());
  assert_null(model);
}

static void refuse_wrong_graphs(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(refused); i++) {
    proto graph = {0};
    graph_input(&graph, "x", ONNX_F32, "2 3");
    graph_output(&graph, "y", ONNX_F32, NULL);
    refused[i].write(&graph);
    proto file = model_of(&graph, 13);
    expect_refusal(i, &file, refused[i].status, refused[i].words);
    proto_free(&file);
  }
}

static void opset_of(proto *m, const char *domain, int64_t version) {
  proto import = {0};
  put_s(&import, 1, domain);
  put_i(&import, 2, version);
  put_message(m, 8, &import);
}
static void nothing(proto *m) { (void)m; }
static void text(proto *m) { put_raw(m, "hello, world\n", 13); }
static void only_ir(proto *m) { put_i(m, 1, 7); }
static void graph_of(proto *m) {
  proto g = {0};
  graph_input(&g, "x", ONNX_F32, NULL);
  fine(&g);
  graph_output(&g, "y", ONNX_F32, NULL);
  put_message(m, 7, &g);
}
static void no_ir(proto *m) { graph_of(m); opset_of(m, "", 13); }
static void no_opset(proto *m) { only_ir(m); graph_of(m); }
static void other_opset_only(proto *m) { no_opset(m); opset_of(m, "ai.onnx.ml", 2); }
static void two_opsets(proto *m) { no_opset(m); opset_of(m, "", 13); opset_of(m, "ai.onnx", 12); }
static void opset_zero(proto *m) { no_opset(m); opset_of(m, "", 0); }
static void opset_negative(proto *m) { no_opset(m); opset_of(m, "", -13); }
static void opset_of_the_future(proto *m) { no_opset(m); opset_of(m, "", 1000); }
static void two_graphs(proto *m) { no_opset(m); graph_of(m); opset_of(m, "", 13); }
static void many_opsets(proto *m) {
  no_opset(m);
  for (int i = 0; i < 100; i++) {
    char domain[16];
    snprintf(domain, sizeof domain, "d%d", i);
    opset_of(m, domain, 1);
  }
}
static void many_nodes(proto *m) {
  proto g = {0};
  for (int i = 0; i < 200001; i++) put_bytes(&g, 1, "", 0);
  only_ir(m);
  put_message(m, 7, &g);
  opset_of(m, "", 13);
}

static void refuse_wrong_models(void **state) {
  (void)state;
  static const struct { void (*write)(proto *model); rt_status status; const char *words; } cases[] = {
      {nothing, RT_E_FORMAT, "no graph"}, {text, RT_E_FORMAT, "test.onnx"}, {only_ir, RT_E_FORMAT, "no graph"}, {no_ir, RT_E_FORMAT, "IR version 0"},
      {no_opset, RT_E_FORMAT, "states no opset"}, {other_opset_only, RT_E_FORMAT, "states no opset for that domain"}, {two_opsets, RT_E_FORMAT, "two opsets"},
      {opset_zero, RT_E_FORMAT, "opset 0"}, {opset_negative, RT_E_FORMAT, "opset -13"}, {opset_of_the_future, RT_E_UNSUPPORTED, "opset 1000 is newer"},
      {two_graphs, RT_E_FORMAT, "two graphs"}, {many_opsets, RT_E_FORMAT, "more than 64"}, {many_nodes, RT_E_FORMAT, "more than 200000 nodes"}};
  for (size_t i = 0; i < COUNT(cases); i++) {
    proto file = {0};
    cases[i].write(&file);
    expect_refusal(i, &file, cases[i].status, cases[i].words);
    proto_free(&file);
  }
}

// Messages inside messages inside messages, in a field that is read (a graph inside a graph is not).
static void deep_nesting_ends(void **state) {
  (void)state;
  static uint8_t deep[2][600000];
  size_t n = 0;
  // From the inside out: each level is one attribute that holds a graph (field 6) that holds a node (1) that holds an attribute (5).
  static const uint32_t fields[3] = {5, 1, 6};
  uint8_t *from = deep[0], *to = deep[1];
  for (int level = 0; level < 900; level++) {
    proto head = {0};
    put_tag(&head, fields[level % 3], 2);
    put_varint(&head, n);
    memcpy(to, head.at, head.n);
    memcpy(to + head.n, from, n);
    n += head.n;
    proto_free(&head);
    uint8_t *swap = from;
    from = to;
    to = swap;
  }
  proto node = node_head("If", "x", "y"), attr = {0}, graph = {0};
  put_s(&attr, 1, "then_branch");
  put_bytes(&attr, 6, from, n);
  put_message(&node, 5, &attr);
  put_message(&graph, 1, &node);
  graph_input(&graph, "x", ONNX_BOOL, "");
  graph_output(&graph, "y", ONNX_F32, NULL);
  proto file = model_of(&graph, 13);
  expect_refusal(0, &file, RT_E_UNSUPPORTED, "operation If is not known");
  proto_free(&file);
}

// ---- hostile bytes -------------------------------------------------------------------------------------------------------------------------

static void truncation_is_an_error_or_a_smaller_model(void **state) {
  (void)state;
  proto file = small_network();
  int whole = 0;
  for (size_t n = 0; n <= file.n; n++) {
    rt_model *model = NULL;
    const rt_status status = parse_exactly(file.at, n, &model);
    if (status != RT_OK && status != RT_E_FORMAT) fail_msg("%zu of %zu bytes: %s: %s", n, file.n, rt_status_name(status), rt_last_error());
    assert_true((status == RT_OK) == (model != NULL));
    whole += status == RT_OK;
    rt_model_close(model);
  }
  assert_int_equal(whole, 1);
  proto_free(&file);
}

static void run_with_zeros(rt_model *model) {
  rt_tensor *in[4] = {0}, *out[4] = {0};
  const int32_t n_in = rt_model_input_count(model), n_out = rt_model_output_count(model);
  bool ready = n_in <= 4 && n_out <= 4;
  for (int32_t i = 0; ready && i < n_in; i++) {
    rt_model_port port;
    int64_t shape[RT_MAX_RANK], numel = 1;
    assert_int_equal(rt_model_input(model, i, &port), RT_OK);
    for (int32_t k = 0; k < port.rank && ready; k++) {
      shape[k] = port.shape[k] < 0 ? 2 : port.shape[k];
      ready = shape[k] < 100 && (numel *= shape[k]) < 100000;
    }
    ready = ready && rt_zeros(ctx, port.dtype ? port.dtype : RT_F32, port.rank < 0 ? 0 : port.rank, shape, &in[i]) == RT_OK;
  }
  if (ready) {
    const rt_status status = rt_model_run(model, n_in, (const rt_tensor *const *)in, n_out, out);
    assert_int_not_equal(status, RT_E_INTERNAL);
    for (int32_t i = 0; i < n_out; i++) assert_true((status == RT_OK) == (out[i] != NULL));
  }
  for (int i = 0; i < 4; i++) {
    rt_release(in[i]);
    rt_release(out[i]);
  }
}

static void flipped_bytes_never_crash(void **state) {
  (void)state;
  uint64_t seed = 77;
  int n_ok = 0, n_refused = 0;
  print_message("seed %llu\n", (unsigned long long)seed);
  proto file = small_network();
  uint8_t *bad = malloc(file.n);
  assert_non_null(bad);
  for (int round = 0; round < 10000; round++) {
    memcpy(bad, file.at, file.n);
    for (int k = 0; k < 1 + round % 3; k++) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      bad[(seed >> 33) % file.n] ^= (uint8_t)(1 + (seed >> 20) % 255);
    }
    rt_model *model = NULL;
    const rt_status status = parse_exactly(bad, file.n, &model);
    assert_true((status == RT_OK) == (model != NULL));
    assert_int_not_equal(status, RT_E_INTERNAL);
    if (model) run_with_zeros(model);
    *(status == RT_OK ? &n_ok : &n_refused) += 1;
    rt_model_close(model);
  }
  assert_true(n_ok > 100 && n_refused > 100); // the test reaches both sides
  free(bad);
  proto_free(&file);
}

// The failure of an operation names the node and keeps the cause.
static void a_failing_node_is_named(void **state) {
  (void)state;
  proto graph = {0}, node = node_head("MatMul", "x x", "y");
  put_s(&node, 3, "dense_1");
  put_message(&graph, 1, &node);
  graph_input(&graph, "x", ONNX_F32, "a b");
  graph_output(&graph, "y", ONNX_F32, NULL);
  proto file = model_of(&graph, 13);
  rt_model *model = open_model(&file);
  static const int64_t shape[2] = {2, 3};
  static const float x[6] = {0};
  rt_tensor *in = floats(2, shape, x), *out = NULL;
  assert_int_equal(rt_model_run(model, 1, (const rt_tensor *const *)&in, 1, &out), RT_E_SHAPE);
  if (!strstr(rt_last_error(), "test.onnx: node 'dense_1' (1 of 1), MatMul: matmul")) fail_msg("%s", rt_last_error());
  assert_null(out);
  rt_release(in);
  rt_model_close(model);
}

static void misuse_is_an_error(void **state) {
  (void)state;
  rt_model *model = NULL;
  rt_model_port port;
  rt_model_info info;
  rt_model_node node;
  assert_int_equal(rt_model_parse(NULL, "x", "", 0, &model), RT_E_ARGUMENT);
  assert_int_equal(rt_model_parse(ctx, NULL, "", 0, &model), RT_E_ARGUMENT);
  assert_int_equal(rt_model_parse(ctx, "x", NULL, 1, &model), RT_E_ARGUMENT);
  assert_int_equal(rt_model_parse(ctx, "x", "", 0, NULL), RT_E_ARGUMENT);
  assert_int_equal(rt_model_parse(ctx, "x", NULL, 0, &model), RT_E_FORMAT);
  assert_int_equal(rt_model_open(NULL, "x", &model), RT_E_ARGUMENT);
  assert_int_equal(rt_model_open(ctx, NULL, &model), RT_E_ARGUMENT);
  assert_int_equal(rt_model_open(ctx, "x", NULL), RT_E_ARGUMENT);
  assert_int_equal(rt_model_open(ctx, "/no/such/model.onnx", &model), RT_E_NOT_FOUND);
  assert_non_null(strstr(rt_last_error(), "/no/such/model.onnx"));
  assert_int_equal(rt_model_open(ctx, "/", &model), RT_E_IO);
  assert_int_equal(rt_model_input_count(NULL), 0);
  assert_int_equal(rt_model_output_count(NULL), 0);
  assert_int_equal(rt_model_input(NULL, 0, &port), RT_E_ARGUMENT);
  assert_int_equal(rt_model_output(NULL, 0, &port), RT_E_ARGUMENT);
  assert_int_equal(rt_model_describe(NULL, &info), RT_E_ARGUMENT);
  assert_int_equal(rt_model_node_at(NULL, 0, &node), RT_E_ARGUMENT);
  assert_null(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(describe),
      cmocka_unit_test(run_network),
      cmocka_unit_test(wrong_arguments_of_a_run),
      cmocka_unit_test(complex_weights), cmocka_unit_test(outputs_belong_to_the_caller),
      cmocka_unit_test(meanings_follow_the_opset),
      cmocka_unit_test(failures_during_a_run),
      cmocka_unit_test(refuse_wrong_graphs),
      cmocka_unit_test(refuse_wrong_models),
      cmocka_unit_test(deep_nesting_ends),
      cmocka_unit_test(truncation_is_an_error_or_a_smaller_model),
      cmocka_unit_test(flipped_bytes_never_crash),
      cmocka_unit_test(a_failing_node_is_named),
      cmocka_unit_test(misuse_is_an_error),
  };
  return cmocka_run_group_tests_name("onnx", tests, open_ctx, close_ctx);
}
