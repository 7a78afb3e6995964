// SPDX-License-Identifier: BSD-3-Clause
// labels: threads
// The asynchronous example (examples/plugin_async) behind the public API: results equal the host's, each operation may fail later, the
// device may be lost or full, contexts and threads and devices side by side, and fork.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE // fork
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <trivet/rt.h>
#include <unistd.h>

#define N 1000

static rt_ctx *open_toy(const char *config) {
  rt_ctx_options options = {.size = sizeof options, .backends = "toy", .backend_path = TRIVET_BUILD_DIR "/examples", .config = config};
  rt_ctx *ctx = NULL;
  rt_status status = rt_ctx_create(&options, &ctx);
  if (status != RT_OK) print_error("%s\n", rt_last_error());
  assert_int_equal(status, RT_OK);
  return ctx;
}

static rt_tensor *numbers(rt_ctx *ctx, rt_device device, float from) {
  float values[N];
  for (int i = 0; i < N; i++) values[i] = from + (float)(i % 37);
  rt_tensor *t = NULL;
  assert_int_equal(rt_from_data_on(ctx, device, RT_F32, 2, (int64_t[]){25, 40}, values, &t), RT_OK);
  return t;
}

// A chain that uses the device for nearly everything: views, broadcasting, reductions, an immediate, copies. 0, or the first failure.
static rt_status chain(rt_ctx *ctx, rt_device device, float *out) {
  rt_tensor *x = numbers(ctx, device, -18), *y = NULL, *turned = NULL, *product = NULL, *sum = NULL, *shifted = NULL, *top = NULL;
  rt_status status = rt_relu(x, &y);
  if (status == RT_OK) status = rt_transpose(y, 0, 1, &turned);
  if (status == RT_OK) status = rt_matmul(x, turned, &product);                                   // [25,25]
  if (status == RT_OK) status = rt_sum(product, &(rt_axes){1, {1}}, true, RT_DTYPE_NONE, &sum);   // [25,1]
  if (status == RT_OK) status = rt_add(product, sum, &shifted);
  if (status == RT_OK) status = rt_slice(shifted, 0, 0, RT_SLICE_DEFAULT, 2, &top);
  if (status == RT_OK) status = rt_mul_scalar_into(top, rt_float(2), top);                        // every other row, in place
  if (status == RT_OK) status = rt_exp_into(top, top);                                            // falls back
  if (status == RT_OK) status = rt_read(shifted, out, 625 * sizeof(float));
  rt_release(x), rt_release(y), rt_release(turned), rt_release(product), rt_release(sum), rt_release(shifted), rt_release(top);
  return status;
}

static void results_equal_the_hosts(void **state) {
  (void)state;
  float there[625], here[625];
  rt_ctx *ctx = open_toy(NULL);
  rt_device toy;
  assert_int_equal(rt_device_find(ctx, "toy", &toy), RT_OK);
  assert_int_equal(chain(ctx, toy, there), RT_OK);
  assert_int_equal(chain(ctx, RT_HOST, here), RT_OK);
  for (int i = 0; i < 625; i++) assert_true(there[i] == here[i] || (there[i] != there[i] && here[i] != here[i]));
  int32_t own = 0;
  for (int32_t i = 0; i < rt_report_count(ctx); i++) {
    rt_report_row row;
    assert_int_equal(rt_report_get(ctx, i, &row), RT_OK);
    if (row.kind == RT_REPORT_RUN && !strncmp(row.backend, "toy", 3) && strcmp(row.op, "copy")) own += (int32_t)row.count;
  }
  assert_true(own >= 5); // relu, matmul, sum, add, mul: not all of it fell back
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

// Whichever operation fails later, the caller gets a status and a sentence, and the device works again afterwards.
static void each_operation_may_fail_later(void **state) {
  (void)state;
  float want[625], got[625];
  rt_ctx *ctx = open_toy(NULL);
  assert_int_equal(chain(ctx, RT_DEFAULT_DEVICE, want), RT_OK);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
  int n_failed = 0;
  for (int at = 1; at < 100; at++) {
    char config[64];
    snprintf(config, sizeof config, "toy.fail_at=%d\ntoy.batch=%d\n", at, at % 3 ? 16 : 1);
    ctx = open_toy(config);
    rt_status status = chain(ctx, RT_DEFAULT_DEVICE, got);
    if (status != RT_OK) {
      n_failed++;
      assert_int_equal(status, RT_E_BACKEND);
      assert_non_null(strstr(rt_last_error(), "fail_at asked for it"));
      assert_int_equal(chain(ctx, RT_DEFAULT_DEVICE, got), RT_OK); // with a new stream
    }
    assert_memory_equal(want, got, sizeof want);
    assert_int_equal(rt_ctx_close(ctx), RT_OK);
    if (status == RT_OK) break; // there are no more operations
  }
  assert_true(n_failed >= 6);
}

static void earlier_results_stay_readable(void **state) {
  (void)state;
  rt_ctx *ctx = open_toy("toy.fail_at=4\n"); // copy in, relu, relu, relu
  rt_tensor *x = numbers(ctx, RT_DEFAULT_DEVICE, 1), *y = NULL, *z = NULL, *w = NULL;
  float values[N];
  assert_int_equal(rt_relu(x, &y), RT_OK);
  assert_int_equal(rt_relu(y, &z), RT_OK);
  assert_int_equal(rt_relu(z, &w), RT_OK);
  assert_int_equal(rt_read(w, values, sizeof values), RT_E_BACKEND);
  assert_int_equal(rt_read(w, values, sizeof values), RT_E_BACKEND); // poisoned, not forgotten
  assert_int_equal(rt_read(z, values, sizeof values), RT_OK);
  assert_true(values[5] == 6);
  assert_int_equal(rt_add_into(z, z, w), RT_OK); // overwriting heals it
  assert_int_equal(rt_read(w, values, sizeof values), RT_OK);
  assert_true(values[5] == 12);
  rt_release(x), rt_release(y), rt_release(z), rt_release(w);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

static void a_lost_device_loses_its_memory_only(void **state) {
  (void)state;
  rt_ctx *ctx = open_toy("toy.fail_at=3\ntoy.fail_code=lost\n");
  rt_tensor *x = numbers(ctx, RT_DEFAULT_DEVICE, 1), *y = NULL, *z = NULL, *h = NULL;
  float values[N];
  assert_int_equal(rt_relu(x, &y), RT_OK);
  assert_int_equal(rt_relu(y, &z), RT_OK);
  assert_int_equal(rt_read(z, values, sizeof values), RT_E_DEVICE_LOST);
  assert_true(rt_last_error()[0] != 0);
  assert_int_equal(rt_read(y, values, sizeof values), RT_E_DEVICE_LOST);
  assert_int_equal(rt_read(x, values, sizeof values), RT_OK); // the host has a copy
  assert_true(values[5] == 6);
  assert_int_equal(rt_to(x, RT_HOST, &h), RT_OK);
  rt_release(y);
  assert_int_equal(rt_relu(h, &y), RT_OK);
  rt_device_desc desc;
  assert_int_equal(rt_device_describe(ctx, rt_tensor_device(x), &desc), RT_OK);
  assert_true(desc.is_lost);
  rt_release(x), rt_release(y), rt_release(z), rt_release(h);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

static void a_full_device_is_a_status(void **state) {
  (void)state;
  rt_ctx *ctx = open_toy("toy.memory_mb=1\n");
  rt_tensor *kept[40] = {NULL};
  rt_status status = RT_OK;
  int n = 0;
  int64_t shape[] = {100, 200}; // 80 kB
  for (; n < 40 && status == RT_OK; n++) status = rt_full(ctx, RT_F32, 2, shape, rt_float(n), &kept[n]);
  assert_int_equal(status, RT_E_NO_MEMORY);
  assert_true(n > 8 && n < 16);
  float first[20000];
  assert_int_equal(rt_read(kept[1], first, sizeof first), RT_OK); // those that fitted are unharmed
  assert_true(first[19999] == 1);
  for (int i = 0; i < 4; i++) rt_release(kept[i]), kept[i] = NULL;
  assert_int_equal(rt_full(ctx, RT_F32, 2, shape, rt_float(7), &kept[0]), RT_OK); // and there is room again
  for (int i = 0; i < 40; i++) rt_release(kept[i]);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

static void two_devices_do_not_mix_by_themselves(void **state) {
  (void)state;
  rt_ctx *ctx = open_toy("toy.devices=2\n");
  rt_device one, two;
  assert_int_equal(rt_device_find(ctx, "toy:0", &one), RT_OK);
  assert_int_equal(rt_device_find(ctx, "toy:1", &two), RT_OK);
  rt_tensor *a = numbers(ctx, one, 1), *b = numbers(ctx, two, 2), *moved = NULL, *sum = NULL;
  assert_int_equal(rt_add(a, b, &sum), RT_E_ARGUMENT);
  assert_non_null(strstr(rt_last_error(), "toy:1"));
  assert_int_equal(rt_to(b, one, &moved), RT_OK);
  assert_int_equal(rt_add(a, moved, &sum), RT_OK);
  float values[N];
  assert_int_equal(rt_read(sum, values, sizeof values), RT_OK);
  assert_true(values[0] == 3 && values[N - 1] == 3 + 2 * ((N - 1) % 37));
  rt_release(a), rt_release(b), rt_release(moved), rt_release(sum);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

static void *work(void *ctx) {
  static char failed[] = "the chain failed", differs[] = "results differ";
  float first[625], again[625];
  if (chain(ctx, RT_DEFAULT_DEVICE, first) != RT_OK) return failed;
  for (int i = 0; i < 5; i++) {
    if (chain(ctx, RT_DEFAULT_DEVICE, again) != RT_OK) return failed;
    if (memcmp(first, again, sizeof first)) return differs;
  }
  return NULL;
}

// Two threads on one context, two on another: the plugin has no state of its own.
static void contexts_and_threads_side_by_side(void **state) {
  (void)state;
  rt_ctx *ctx[2] = {open_toy("toy.batch=2\n"), open_toy(NULL)};
  pthread_t thread[4];
  for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&thread[i], NULL, work, ctx[i % 2]), 0);
  for (int i = 0; i < 4; i++) {
    void *why = NULL;
    pthread_join(thread[i], &why);
    if (why) print_error("%s\n", (char *)why);
    assert_null(why);
  }
  for (int i = 0; i < 2; i++) assert_int_equal(rt_ctx_close(ctx[i]), RT_OK);
}

static void a_forked_child_gets_a_status_and_never_hangs(void **state) {
  (void)state;
  rt_ctx *ctx = open_toy(NULL);
  rt_tensor *x = numbers(ctx, RT_DEFAULT_DEVICE, 1), *y = NULL;
  assert_int_equal(rt_relu(x, &y), RT_OK); // queued, not run
  pid_t child = fork();
  if (child == 0) {
    float values[N];
    alarm(20);
    rt_tensor *z = NULL;
    int ok = rt_read(y, values, sizeof values) == RT_E_FORKED && rt_relu(y, &z) != RT_OK;
    rt_release(y), rt_release(x), rt_release(z);
    rt_ctx_close(ctx);
#ifndef __SANITIZE_THREAD__ // which ends a forked process that starts a thread
    float out[625];
    rt_ctx *fresh = open_toy(NULL);
    ok = ok && chain(fresh, RT_DEFAULT_DEVICE, out) == RT_OK && rt_ctx_close(fresh) == RT_OK;
#endif
    _exit(ok ? 0 : 1);
  }
  int status = -1;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  float values[N];
  assert_int_equal(rt_read(y, values, sizeof values), RT_OK); // the parent goes on
  rt_release(x), rt_release(y);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

static void nonsense_in_the_configuration_is_a_sentence(void **state) {
  (void)state;
  rt_ctx_options options = {.size = sizeof options, .backends = "toy", .backend_path = TRIVET_BUILD_DIR "/examples",
                            .config = "toy.batch=many\n"};
  rt_ctx *ctx = NULL;
  assert_int_not_equal(rt_ctx_create(&options, &ctx), RT_OK);
  assert_null(ctx);
  assert_non_null(strstr(rt_last_error(), "batch=many"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(results_equal_the_hosts),
    cmocka_unit_test(each_operation_may_fail_later),
    cmocka_unit_test(earlier_results_stay_readable),
    cmocka_unit_test(a_lost_device_loses_its_memory_only),
    cmocka_unit_test(a_full_device_is_a_status),
    cmocka_unit_test(two_devices_do_not_mix_by_themselves),
    cmocka_unit_test(contexts_and_threads_side_by_side),
    cmocka_unit_test(a_forked_child_gets_a_status_and_never_hangs),
    cmocka_unit_test(nonsense_in_the_configuration_is_a_sentence),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
