// SPDX-License-Identifier: BSD-3-Clause
// labels: threads
// What the host offers to plugins, used by one that is linked in here: memory, log, threads, names, the clock; and by a layer from a file
// (tests/abi/plugins/layer_reader.c): reading results, the reference, events, refusing device memory.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <trivet/backend.h>
#include <trivet/rt.h>

// ---- a backend that runs a test where a kernel would be -----------------------------------------------------------------------------------------

static void (*job)(const rtb_host *host); // what neg does before it negates
static const rtb_host *host_of_neg;

static int32_t run_neg(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  host_of_neg = kctx;
  if (job) job(host_of_neg);
  for (int64_t i = 0; i < op->args[1]->numel; i++) ((float *)op->args[1]->data)[i] = -((const float *)op->args[0]->data)[i];
  return RTB_OK;
}
static int32_t resolve(void *dev, const rtb_sig *sig, rtb_kernel *out) { // `open` left out: dev is the host
  if (sig->op != RTB_OP_NEG || sig->arg[0].dtype != RTB_F32 || sig->arg[0].layout != RTB_DENSE || sig->arg[1].layout != RTB_DENSE) return RTB_UNSUPPORTED_OP;
  out->fn = run_neg, out->kctx = dev;
  return RTB_OK;
}
static const rtb_backend table = {RTB_BACKEND_HEADER, .caps = RTB_CAP_HOST_MEMORY, .name = "services", .resolve = resolve};
static const void *entry(const void *host) { return (void)host, &table; }

typedef struct heard { int n[5]; char last[200]; } heard;
static void listen(void *user, rt_log_level level, const char *text) {
  heard *h = user;
  if (level >= 1 && level <= 4) h->n[level]++;
  snprintf(h->last, sizeof h->last, "%s", text);
}

static rt_ctx *open_ctx(const char *backends, const char *layers, heard *h) {
  rt_ctx_options options = {.size = sizeof options, .n_threads = 3, .backends = backends, .layers = layers, .log = h ? listen : NULL, .log_user = h,
                            .backend_path = TRIVET_BUILD_DIR "/tests/plugins:" TRIVET_BUILD_DIR "/examples"};
  rt_ctx *ctx = NULL;
  if (rt_ctx_create(&options, &ctx) != RT_OK) print_error("%s\n", rt_last_error());
  assert_non_null(ctx);
  return ctx;
}

static void in_a_kernel(rt_ctx *ctx, void (*what)(const rtb_host *host)) {
  rt_tensor *x = NULL, *y = NULL;
  float value;
  job = what;
  host_of_neg = NULL;
  assert_int_equal(rt_from_data(ctx, RT_F32, 1, (int64_t[]){1}, (float[]){2}, &x), RT_OK);
  assert_int_equal(rt_neg(x, &y), RT_OK);
  assert_int_equal(rt_read(y, &value, sizeof value), RT_OK);
  assert_true(value == -2 && host_of_neg);
  rt_release(x), rt_release(y);
  job = NULL;
}

// ---- memory, names, clock, log -------------------------------------------------------------------------------------------------------------------

static rt_ctx *current;

static void ask_for_memory(const rtb_host *host) {
  rt_memory_stats before, after;
  assert_int_equal(rt_ctx_memory(current, &before), RT_OK);
  for (uint64_t align = 1; align <= 64; align *= 2) {
    char *at = host->alloc(host, 1000, align);
    assert_true(at && (uintptr_t)at % align == 0);
    memset(at, 1, 1000);
    host->free(host, at, 1000);
  }
  assert_null(host->alloc(host, 64, 128)); // free would not know
  assert_non_null(strstr(rt_last_error(), "128"));
  assert_null(host->alloc(host, UINT64_MAX / 2, 8));
  host->free(host, NULL, 64);
  assert_int_equal(rt_ctx_memory(current, &after), RT_OK);
  assert_true(after.live_bytes == before.live_bytes);
}

static void ask_for_names(const rtb_host *host) {
  assert_string_equal(host->op_name(host, RTB_OP_ADD), "add");
  assert_string_equal(host->op_name(host, RTB_OP_MATMUL), "matmul");
  assert_string_equal(host->op_name(host, 0), "?");
  assert_string_equal(host->op_name(host, 65535), "?");
  assert_string_equal(host->dtype_name(host, RTB_F32), "f32");
  assert_string_equal(host->dtype_name(host, 255), "?");
  assert_true(RTB_HAS(host, event) && host->size >= sizeof *host);
  const uint64_t begin = host->now_ns(host);
  uint64_t end = begin;
  while (end == begin) end = host->now_ns(host);
  assert_true(end > begin && end - begin < UINT64_C(10000000000));
}

static void log_at_each_level(const rtb_host *host) {
  host->log(host, RTB_LOG_ERROR, "one");
  host->log(host, RTB_LOG_WARN, "two");
  host->log(host, RTB_LOG_INFO, "three");
  host->log(host, RTB_LOG_DEBUG, "four");
  host->log(host, 0, "no level");
  host->log(host, 77, "no level either");
  host->log(host, RTB_LOG_ERROR, NULL);
  host->event(host, NULL); // nothing happens
}

static void small_services(void **state) {
  (void)state;
  heard h = {{0}, ""};
  current = open_ctx("services", "", &h);
  in_a_kernel(current, ask_for_memory);
  in_a_kernel(current, ask_for_names);
  memset(&h, 0, sizeof h);
  in_a_kernel(current, log_at_each_level);
  assert_int_equal(h.n[RT_LOG_ERROR], 2);
  assert_int_equal(h.n[RT_LOG_WARN], 1);
  assert_int_equal(h.n[RT_LOG_INFO], 3); // an unknown level is information
  assert_int_equal(h.n[RT_LOG_DEBUG], 1);
  assert_string_equal(h.last, "");
  assert_int_equal(rt_ctx_close(current), RT_OK);
}

// ---- threads -------------------------------------------------------------------------------------------------------------------------------------

#define N 1003
static atomic_int hits[N];
static const rtb_host *chunk_host;

static int32_t take_chunk(void *arg, int64_t begin, int64_t end) {
  const int64_t grain = *(const int64_t *)arg;
  if (begin % grain || (end != N && end - begin != grain)) return RTB_E_INTERNAL; // exactly the chunks that are promised
  for (int64_t i = begin; i < end; i++) atomic_fetch_add(&hits[i], 1);
  return RTB_OK;
}
static int32_t fail_at_500(void *arg, int64_t begin, int64_t end) {
  (void)arg;
  return begin <= 500 && 500 < end ? (chunk_host->fail)(chunk_host, RTB_E_INDEX, "500 is not wanted") : RTB_OK;
}

static void run_chunks(const rtb_host *host) {
  assert_int_equal(host->n_threads(host), 3);
  assert_int_equal(host->is_cancelled(host), 0);
  for (int64_t grain = 1; grain <= 2 * N; grain = 3 * grain + 1) {
    for (int i = 0; i < N; i++) atomic_store(&hits[i], 0);
    assert_int_equal(host->parallel_for(host, N, grain, take_chunk, &grain), RTB_OK);
    for (int i = 0; i < N; i++) assert_int_equal(atomic_load(&hits[i]), 1);
  }
  chunk_host = host;
  assert_int_equal(host->parallel_for(host, N, 10, fail_at_500, NULL), RTB_E_INDEX);
  assert_string_equal(rt_last_error(), "500 is not wanted"); // whichever thread said so
  assert_int_equal(host->parallel_for(host, N, 0, fail_at_500, NULL), RTB_E_ARGUMENT);
  assert_int_equal(rt_ctx_cancel(current, true), RT_OK);
  assert_int_equal(host->is_cancelled(host), 1);
  int64_t grain = 10;
  assert_int_equal(host->parallel_for(host, N, grain, take_chunk, &grain), RTB_E_CANCELLED);
  assert_int_equal(rt_ctx_cancel(current, false), RT_OK);
  assert_int_equal(host->is_cancelled(host), 0);
}

static void work_for_threads(void **state) {
  (void)state;
  current = open_ctx("services", "", NULL);
  in_a_kernel(current, run_chunks);
  assert_int_equal(rt_ctx_close(current), RT_OK);
}

// ---- layers --------------------------------------------------------------------------------------------------------------------------------------

static uint64_t told(rt_ctx *ctx, const char *op, const char *text) {
  uint64_t n = 0;
  rt_report_row row;
  for (int32_t i = 0; i < rt_report_count(ctx); i++)
    if (rt_report_get(ctx, i, &row) == RT_OK && row.kind == RT_REPORT_LAYER && !strcmp(row.op, op) && !strcmp(row.reason, text)) n += row.count;
  return n;
}

static void read_behind(const char *backend, const char *expected, const char *of_reference) {
  rt_ctx *ctx = open_ctx(backend, "reader", NULL);
  rt_tensor *x = NULL, *y = NULL;
  assert_int_equal(rt_from_data(ctx, RT_F32, 2, (int64_t[]){2, 3}, (float[]){1, 2, 3, 4, 5, -6}, &x), RT_OK);
  assert_int_equal(rt_relu(x, &y), RT_OK);
  assert_int_equal(rt_wait(y), RT_OK);
  if (told(ctx, "relu", expected) != 1) {
    rt_report_row row;
    for (int32_t i = 0; i < rt_report_count(ctx); i++)
      if (rt_report_get(ctx, i, &row) == RT_OK) print_error("%d %s %s: %s\n", row.kind, row.op, row.backend, row.reason);
    fail_msg("%s: nobody told '%s'", backend, expected);
  }
  if (of_reference) assert_int_equal(told(ctx, "relu", of_reference), 1);
  rt_release(x), rt_release(y);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

static void a_layer_reads_host_memory(void **state) { (void)state, read_behind("cpu_ref", "sum 15", "the reference agrees"); }
static void a_layer_reads_device_memory(void **state) { (void)state, read_behind("unified", "sum 15", NULL); }
static void a_layer_may_not_read_inside_of_a_stream(void **state) { (void)state, read_behind("toy", "status 8", NULL); } // RTB_E_STATE

static void a_layer_refuses_device_memory(void **state) {
  (void)state;
  rt_ctx *ctx = open_ctx("unified", "reader", NULL);
  rt_tensor *small = NULL, *large = NULL;
  assert_int_equal(rt_ones(ctx, RT_F32, 1, (int64_t[]){1000}, &small), RT_OK);
  assert_int_equal(rt_empty(ctx, RT_F32, 1, (int64_t[]){1 << 19}, &large), RT_OK); // memory is taken when it is needed
  rt_status status = rt_relu_into(large, large);
  assert_int_equal(status, RT_E_NO_MEMORY);
  if (!strstr(rt_last_error(), "no more than 1 MiB")) fail_msg("%s", rt_last_error());
  assert_int_equal(rt_relu_into(small, small), RT_OK);
  rt_release(small), rt_release(large);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

int main(void) {
  if (rt_backend_register(entry) != RT_OK) return print_error("%s\n", rt_last_error()), 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(small_services), cmocka_unit_test(work_for_threads), cmocka_unit_test(a_layer_reads_host_memory), cmocka_unit_test(a_layer_reads_device_memory),
      cmocka_unit_test(a_layer_may_not_read_inside_of_a_stream), cmocka_unit_test(a_layer_refuses_device_memory),
  };
  return cmocka_run_group_tests_name("services", tests, NULL, NULL);
}
