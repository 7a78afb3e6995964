// SPDX-License-Identifier: BSD-3-Clause
// What a model tells beside its results: the texts in the file, extents of which nothing is known, the nodes of a run one by one,
// and that results which take the memory of an operand take it from nobody.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <trivet/io.h>

#include "proto_write.h"

static rt_ctx *ctx;

static int open_ctx(void **state) {
  (void)state;
  const rt_ctx_options options = {.size = sizeof options, .n_threads = 1};
  return rt_ctx_create(&options, &ctx) == RT_OK ? 0 : -1;
}

static int close_ctx(void **state) {
  (void)state;
  return rt_ctx_close(ctx) == RT_OK ? 0 : -1;
}

static rt_model *open_model(proto *file) {
  rt_model *model = NULL;
  if (rt_model_parse(ctx, "test.onnx", file->at, file->n, &model) != RT_OK) fail_msg("%s", rt_last_error());
  proto_free(file);
  return model;
}

static rt_tensor *floats(int32_t rank, const int64_t *shape, const float *values) {
  rt_tensor *t = NULL;
  assert_int_equal(rt_from_data(ctx, RT_F32, rank, shape, values, &t), RT_OK);
  return t;
}

// ---- texts -------------------------------------------------------------------------------------------------------------------------------
static void put_text(proto *model, const char *key, const char *value, size_t n) {
  proto entry = {0};
  if (key) put_s(&entry, 1, key);
  if (value) put_bytes(&entry, 2, value, n);
  put_message(model, 14, &entry);
}

static void texts(void **state) {
  (void)state;
  proto file = small_network();
  put_text(&file, "alphabet", "a\nb\n\xc3\xa4", 6);
  put_text(&file, "licence", "MIT", 3);
  put_text(&file, "alphabet", "another", 7);
  put_text(&file, "empty", NULL, 0);
  put_text(&file, NULL, "no key", 6);
  rt_model *model = open_model(&file);
  assert_string_equal(rt_model_metadata(model, "alphabet"), "a\nb\n\xc3\xa4");
  assert_string_equal(rt_model_metadata(model, "licence"), "MIT");
  assert_string_equal(rt_model_metadata(model, "empty"), "");
  assert_string_equal(rt_model_metadata(model, ""), "no key");
  assert_null(rt_model_metadata(model, "Licence"));
  assert_null(rt_model_metadata(model, NULL));
  assert_null(rt_model_metadata(NULL, "licence"));
  assert_string_equal(rt_model_metadata_key(model, 0), "alphabet");
  assert_string_equal(rt_model_metadata_key(model, 4), "");
  assert_null(rt_model_metadata_key(model, 5));
  assert_null(rt_model_metadata_key(model, -1));
  assert_null(rt_model_metadata_key(NULL, 0));
  rt_model_close(model);

  file = small_network();
  model = open_model(&file);
  assert_null(rt_model_metadata_key(model, 0));
  rt_model_close(model);
}

static void expect_refusal(proto *file, const char *words) {
  rt_model *model = NULL;
  assert_int_equal(rt_model_parse(ctx, "test.onnx", file->at, file->n, &model), RT_E_FORMAT);
  if (!strstr(rt_last_error(), words)) fail_msg("\"%s\" lacks \"%s\"", rt_last_error(), words);
  assert_null(model);
  proto_free(file);
}

static void texts_that_are_refused(void **state) {
  (void)state;
  proto file = small_network();
  put_text(&file, "half", "a\0b", 3);
  expect_refusal(&file, "the metadata 'half' has a zero byte in it");
  file = small_network();
  put_text(&file, "\x1b[31m", "red", 3);
  expect_refusal(&file, "metadata key '\\x1b[31m' is not printable");
  file = small_network();
  put_i(&file, 14, 7);
  expect_refusal(&file, "wire type 0 where 2 belongs");
  file = small_network();
  proto entry = {0};
  put_i(&entry, 2, 7);
  put_message(&file, 14, &entry);
  expect_refusal(&file, "wire type 0 where 2 belongs");
  file = small_network();
  for (int i = 0; i < 10001; i++) put_text(&file, "k", "v", 1);
  expect_refusal(&file, "more than 10000 metadata texts");
}

// ---- ports -------------------------------------------------------------------------------------------------------------------------------
static void question_marks_need_not_agree(void **state) {
  (void)state;
  proto graph = {0};
  graph_node(&graph, "Relu", "x", "y");
  graph_input(&graph, "x", ONNX_F32, "? ? n");
  graph_output(&graph, "y", ONNX_F32, "? ? n");
  proto file = model_of(&graph, 14);
  rt_model *model = open_model(&file);
  rt_model_port port;
  assert_int_equal(rt_model_input(model, 0, &port), RT_OK);
  assert_int_equal(port.shape[0], -1);
  assert_null(port.symbol[0]);
  assert_string_equal(port.symbol[2], "n");
  static const float values[6] = {-1, 2, -3, 4, -5, 6};
  rt_tensor *x = floats(3, (const int64_t[]){1, 2, 3}, values), *y = NULL;
  if (rt_model_run(model, 1, (const rt_tensor *const *)&x, 1, &y) != RT_OK) fail_msg("%s", rt_last_error());
  rt_release(x);
  rt_release(y);
  rt_model_close(model);
}

// ---- watching ----------------------------------------------------------------------------------------------------------------------------
typedef struct log { int n, order[8]; int64_t elements[8]; uint64_t time_ns; } log;

static void note(void *user, const rt_model_step *step) {
  log *l = user;
  assert_true(l->n < 8);
  assert_int_equal(step->n_outputs, 1);
  l->order[l->n] = step->node;
  l->elements[l->n++] = rt_tensor_numel(step->outputs[0]);
  l->time_ns += step->time_ns;
}

static void watching(void **state) {
  (void)state;
  proto file = small_network(); // Gemm, Relu, Constant, Reshape, MatMul, Softmax
  rt_model *model = open_model(&file);
  static const float values[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  rt_tensor *x = floats(2, (const int64_t[]){2, 4}, values), *y = NULL;
  log seen = {0};
  assert_int_equal(rt_model_watch(model, note, &seen), RT_OK);
  assert_int_equal(rt_model_run(model, 1, (const rt_tensor *const *)&x, 1, &y), RT_OK);
  rt_release(y);
  assert_int_equal(seen.n, 5); // all but the constant, which ran when the model was opened
  static const int order[5] = {0, 1, 3, 4, 5};
  static const int64_t elements[5] = {12, 12, 12, 6, 6};
  for (int i = 0; i < 5; i++) {
    assert_int_equal(seen.order[i], order[i]);
    assert_int_equal(seen.elements[i], elements[i]);
  }
  assert_true(seen.time_ns > 0);
  assert_int_equal(rt_model_watch(model, NULL, NULL), RT_OK);
  assert_int_equal(rt_model_run(model, 1, (const rt_tensor *const *)&x, 1, &y), RT_OK);
  assert_int_equal(seen.n, 5);
  rt_release(y);
  rt_release(x);
  assert_int_equal(rt_model_watch(NULL, note, &seen), RT_E_ARGUMENT);
  rt_model_close(model);
}

// A node that fails is not told; those before it were.
static void watching_a_failure(void **state) {
  (void)state;
  proto graph = {0};
  graph_node(&graph, "Relu", "x", "a");
  graph_node(&graph, "Add", "a w", "y");
  static const float w[5] = {1, 2, 3, 4, 5};
  proto weight = tensor_raw("w", ONNX_F32, 1, (const int64_t[]){5}, w, sizeof w);
  put_message(&graph, 5, &weight);
  graph_input(&graph, "x", ONNX_F32, "n");
  graph_output(&graph, "y", ONNX_F32, "n");
  proto file = model_of(&graph, 14);
  rt_model *model = open_model(&file);
  rt_tensor *x = floats(1, (const int64_t[]){3}, w), *y = NULL;
  log seen = {0};
  assert_int_equal(rt_model_watch(model, note, &seen), RT_OK);
  assert_int_equal(rt_model_run(model, 1, (const rt_tensor *const *)&x, 1, &y), RT_E_SHAPE);
  assert_null(y);
  assert_int_equal(seen.n, 1);
  rt_release(x);
  rt_model_close(model);
}

// ---- results in the memory of operands ---------------------------------------------------------------------------------------------------
/// x [4] -> outputs; relu and sum may be written into their operand where nobody else reads it, and nowhere else.
static void operands_that_others_read_stay(void **state) {
  (void)state;
  proto graph = {0};
  graph_node(&graph, "Relu", "x", "a");        // x is the caller's
  graph_node(&graph, "Relu", "weight", "b");   // the model's
  graph_node(&graph, "Neg", "x", "n");
  graph_node(&graph, "Relu", "n", "c");        // n is read again by d
  graph_node(&graph, "Add", "n c", "d");       // and then free: d may lie there
  graph_node(&graph, "Neg", "x", "m");
  graph_node(&graph, "Identity", "m", "same"); // two names of one tensor
  graph_node(&graph, "Relu", "m", "e");
  graph_node(&graph, "Neg", "x", "k");
  graph_node(&graph, "Add", "k k", "f");       // both operands at once
  graph_node(&graph, "Neg", "x", "h");
  graph_node(&graph, "Relu", "h", "g");        // h is an output, too
  graph_node(&graph, "Neg", "x", "v");
  graph_node(&graph, "Add", "weight v", "w");  // into the second operand
  const float weight[4] = {-1, 2, -3, 4};
  proto t = tensor_raw("weight", ONNX_F32, 1, (const int64_t[]){4}, weight, sizeof weight);
  put_message(&graph, 5, &t);
  graph_input(&graph, "x", ONNX_F32, "4");
  static const struct { const char *name; float want[4]; } outputs[] = {
    {"a", {1, 0, 3, 0}}, {"b", {0, 2, 0, 4}}, {"c", {0, 2, 0, 4}}, {"d", {-1, 4, -3, 8}}, {"same", {-1, 2, -3, 4}}, {"e", {0, 2, 0, 4}}, {"f", {-2, 4, -6, 8}},
    {"h", {-1, 2, -3, 4}}, {"g", {0, 2, 0, 4}}, {"w", {-2, 4, -6, 8}}};
  enum { N = sizeof outputs / sizeof *outputs };
  for (int i = 0; i < N; i++) graph_output(&graph, outputs[i].name, ONNX_F32, "4");
  proto file = model_of(&graph, 13);
  rt_model *model = open_model(&file);
  const float values[4] = {1, -2, 3, -4};
  for (int round = 0; round < 2; round++) { // what the first one wrote over is missed by the second
    rt_tensor *x = floats(1, (const int64_t[]){4}, values), *out[N] = {NULL};
    const rt_tensor *in[1] = {x};
    if (rt_model_run(model, 1, in, N, out) != RT_OK) fail_msg("%s", rt_last_error());
    float got[4];
    assert_int_equal(rt_read(x, got, sizeof got), RT_OK);
    assert_memory_equal(got, values, sizeof got);
    for (int i = 0; i < N; i++) {
      assert_int_equal(rt_read(out[i], got, sizeof got), RT_OK);
      for (int k = 0; k < 4; k++)
        if (got[k] != outputs[i].want[k]) fail_msg("round %d: %s[%d] is %g, not %g", round, outputs[i].name, k, (double)got[k], (double)outputs[i].want[k]);
      rt_release(out[i]);
    }
    rt_release(x);
  }
  rt_model_close(model);
}

// ---- parts of a batch --------------------------------------------------------------------------------------------------------------------
#define ITEMS 50 // parts of 8 and 42

static void ignore(void *user, const rt_model_step *step) { (void)user, (void)step; }

static uint64_t count_runs(const char *op) {
  uint64_t n = 0;
  rt_report_row row;
  for (int32_t i = 0; i < rt_report_count(ctx); i++)
    if (rt_report_get(ctx, i, &row) == RT_OK && row.kind == RT_REPORT_RUN && !strcmp(row.op, op)) n += row.count;
  return n;
}

/// x [N,1,2,2] -> Relu -> one node -> y. It runs in parts where each item stands alone, and gives the bits of a run that is watched, which is whole.
static void parts_of_a_batch(void **state) {
  (void)state;
  static const struct { const char *op, *inputs; int64_t axis; bool in_parts; } cases[] = {
    {"Conv", "a w", 0, true},      {"Add", "a row", 0, true},     {"Sub", "row a", 0, true},  {"Mul", "a a", 0, true},      {"Add", "one a", 0, true},
    {"Add", "a table", 0, false},  {"Add", "table a", 0, false},  {"Neg", "a", 0, false},     {"Flatten", "a", 1, true},    {"Flatten", "a", 2, false},
    {"Softmax", "a", 1, true},     {"Softmax", "a", -1, true},    {"Softmax", "a", -4, false}, {"GlobalAveragePool", "a", 0, true},
    {"Add", "row row", 0, false}};
  static float values[ITEMS * 4], table[ITEMS * 4], want[ITEMS * 8], got[ITEMS * 8], after[ITEMS * 4];
  for (int i = 0; i < ITEMS * 4; i++) values[i] = (float)(i * 37 % 101) - 40, table[i] = (float)i;
  static const int64_t shape[4] = {ITEMS, 1, 2, 2}, one_shape[4] = {1, 1, 2, 2}, w_shape[4] = {2, 1, 1, 1}, row_shape[1] = {2};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    proto graph = {0}, tensors[4] = {tensor_raw("w", ONNX_F32, 4, w_shape, table + 1, 8), tensor_raw("row", ONNX_F32, 1, row_shape, table + 3, 8),
                                     tensor_raw("one", ONNX_F32, 4, one_shape, table + 5, 16), tensor_raw("table", ONNX_F32, 4, shape, table, sizeof table)};
    for (int k = 0; k < 4; k++) put_message(&graph, 5, &tensors[k]);
    graph_node(&graph, "Relu", "x", "a");
    proto node = node_head(cases[i].op, cases[i].inputs, "y");
    if (cases[i].axis) attr_i(&node, "axis", cases[i].axis);
    put_message(&graph, 1, &node);
    graph_input(&graph, "x", ONNX_F32, "N 1 2 2");
    proto y = {0};
    put_s(&y, 1, "y"); // of any type
    put_message(&graph, 12, &y);
    proto file = model_of(&graph, 13);
    rt_model *model = open_model(&file);
    rt_tensor *x = floats(4, shape, values), *whole = NULL, *some = NULL, *few = NULL, *few_y = NULL;
    assert_int_equal(rt_model_watch(model, ignore, NULL), RT_OK);
    if (rt_model_run(model, 1, (const rt_tensor *[]){x}, 1, &whole) != RT_OK) fail_msg("%s: %s", cases[i].op, rt_last_error());
    assert_int_equal(rt_model_watch(model, NULL, NULL), RT_OK);
    assert_int_equal(rt_report_reset(ctx), RT_OK);
    if (rt_model_run(model, 1, (const rt_tensor *[]){x}, 1, &some) != RT_OK) fail_msg("%s: %s", cases[i].op, rt_last_error());
    if (count_runs("relu") != (cases[i].in_parts ? 2 : 1)) fail_msg("%s of %s, axis %d: ran %d times", cases[i].op, cases[i].inputs, (int)cases[i].axis, (int)count_runs("relu"));
    const size_t bytes = (size_t)rt_tensor_numel(whole) * sizeof *want;
    assert_int_equal(rt_tensor_rank(some), rt_tensor_rank(whole));
    assert_memory_equal(rt_tensor_shape(some), rt_tensor_shape(whole), (size_t)rt_tensor_rank(whole) * sizeof(int64_t));
    assert_int_equal(rt_read(whole, want, bytes), RT_OK);
    assert_int_equal(rt_read(some, got, bytes), RT_OK);
    if (memcmp(want, got, bytes) != 0) fail_msg("%s of %s, axis %d: parts give other bits", cases[i].op, cases[i].inputs, (int)cases[i].axis);
    assert_int_equal(rt_read(x, after, sizeof after), RT_OK);
    assert_memory_equal(after, values, sizeof after); // Relu wrote into nothing of the caller's
    if (cases[i].in_parts) { // few items run whole
      assert_int_equal(rt_slice(x, 0, 0, 15, 1, &few), RT_OK);
      assert_int_equal(rt_report_reset(ctx), RT_OK);
      assert_int_equal(rt_model_run(model, 1, (const rt_tensor *[]){few}, 1, &few_y), RT_OK);
      assert_int_equal(count_runs("relu"), 1);
    }
    rt_release(x), rt_release(whole), rt_release(some), rt_release(few), rt_release(few_y);
    rt_model_close(model);
  }
}

static void exclusive(void **state) {
  (void)state;
  static float mine[64];
  rt_tensor *t = floats(1, (const int64_t[]){64}, mine), *other = NULL;
  assert_true(rt_tensor_is_exclusive(t));
  other = rt_retain(t);
  assert_false(rt_tensor_is_exclusive(t));
  rt_release(other);
  assert_int_equal(rt_slice(t, 0, 1, 3, 1, &other), RT_OK);
  assert_false(rt_tensor_is_exclusive(t));
  assert_false(rt_tensor_is_exclusive(other));
  rt_release(other);
  assert_true(rt_tensor_is_exclusive(t));
  assert_int_equal(rt_clone(t, &other), RT_OK);
  assert_false(rt_tensor_is_exclusive(t));
  assert_int_equal(rt_add_scalar_into(other, rt_int(1), other), RT_OK); // moves it to memory of its own
  assert_true(rt_tensor_is_exclusive(t));
  assert_true(rt_tensor_is_exclusive(other));
  rt_release(other), rt_release(t);
  assert_int_equal(rt_import(ctx, RT_F32, 1, (const int64_t[]){64}, NULL, mine, false, NULL, NULL, &t), RT_OK);
  assert_false(rt_tensor_is_exclusive(t));
  rt_release(t);
  assert_int_equal(rt_scalar_tensor(ctx, rt_float(1), &t), RT_OK);
  assert_false(rt_tensor_is_exclusive(t));
  rt_release(t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(texts, open_ctx, close_ctx),
      cmocka_unit_test_setup_teardown(texts_that_are_refused, open_ctx, close_ctx),
      cmocka_unit_test_setup_teardown(question_marks_need_not_agree, open_ctx, close_ctx),
      cmocka_unit_test_setup_teardown(watching, open_ctx, close_ctx),
      cmocka_unit_test_setup_teardown(watching_a_failure, open_ctx, close_ctx),
      cmocka_unit_test_setup_teardown(operands_that_others_read_stay, open_ctx, close_ctx),
      cmocka_unit_test_setup_teardown(parts_of_a_batch, open_ctx, close_ctx),
      cmocka_unit_test_setup_teardown(exclusive, open_ctx, close_ctx),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
