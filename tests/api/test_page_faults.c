// SPDX-License-Identifier: BSD-3-Clause
// Operations with new outputs reuse memory that is already there: after warm-up, minor page faults grow by less than 1 per 100 operations, up to
// outputs of 64 MB. Faults are counted, nothing is timed.
// labels: unsanitized
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>
#include <trivet/rt.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static rt_tensor *made(rt_status status, rt_tensor **out) {
  if (status != RT_OK) fail_msg("%s", rt_last_error());
  return *out;
}

static long minor_faults(void) {
  struct rusage usage;
  assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
  return usage.ru_minflt;
}

typedef rt_tensor *(*operation)(const rt_tensor *x);
static rt_tensor *fill(const rt_tensor *x) {
  rt_tensor *out = NULL;
  return made(rt_full(rt_tensor_ctx(x), rt_tensor_dtype(x), rt_tensor_rank(x), rt_tensor_shape(x), rt_float(1), &out), &out);
}
static rt_tensor *add(const rt_tensor *x) { rt_tensor *out = NULL; return made(rt_add(x, x, &out), &out); }
static rt_tensor *sum(const rt_tensor *x) {
  rt_tensor *out = NULL;
  return made(rt_sum(x, &(rt_axes){1, {0}}, false, RT_DTYPE_NONE, &out), &out);
}
// Two outputs alive at once, as in a chain of operations.
static rt_tensor *chain(const rt_tensor *x) {
  rt_tensor *first = add(x), *out = NULL;
  rt_status status = rt_relu(first, &out);
  rt_release(first);
  return made(status, &out);
}
static rt_tensor *from_host(const rt_tensor *x) {
  static float data[500 * 500];
  rt_tensor *out = NULL;
  return made(rt_from_data(rt_tensor_ctx(x), RT_F32, rt_tensor_rank(x), rt_tensor_shape(x), data, &out), &out);
}

static const struct { const char *name; operation run; int64_t rows, columns; int n; } cases[] = {
    {"add 1x8", add, 1, 8, 1000},           {"add 1x32", add, 1, 32, 1000},          {"add 100x100", add, 100, 100, 500},
    {"add 500x500", add, 500, 500, 200},    {"add 1000x1000", add, 1000, 1000, 100}, {"full 2000x2000", fill, 2000, 2000, 100},
    {"full 4000x4000", fill, 4000, 4000, 100}, {"sum 500x500", sum, 500, 500, 200},  {"chain 100x100", chain, 100, 100, 500},
    {"chain 1000x1000", chain, 1000, 1000, 100}, {"from_data 500x500", from_host, 500, 500, 200}};

static void faults_of_one(rt_ctx *ctx, size_t i) {
  rt_tensor *x = NULL;
  made(rt_ones(ctx, RT_F32, 2, (int64_t[]){cases[i].rows, cases[i].columns}, &x), &x);
  for (int k = 0; k < 5; k++) rt_release(cases[i].run(x)); // the pool, the backend's workspaces, the threads and their stacks
  long faults = 0;
  for (int round = 0; round < 3; round++) { // of three, one without what the system does beside: it takes pages away to see who uses them
    long before = minor_faults();
    for (int k = 0; k < cases[i].n; k++) rt_release(cases[i].run(x));
    faults = minor_faults() - before;
    if (faults * 100 < cases[i].n) break;
  }
  rt_release(x);
  if (faults * 100 >= cases[i].n && faults > 0) fail_msg("%s: %ld page faults in %d operations", cases[i].name, faults, cases[i].n);
}

static void test_faults(int32_t n_threads) {
  rt_ctx *ctx = NULL;
  rt_ctx_options options = {.size = sizeof options, .n_threads = n_threads};
  if (rt_ctx_create(&options, &ctx) != RT_OK) fail_msg("%s", rt_last_error());
  for (size_t i = 0; i < COUNT(cases); i++) faults_of_one(ctx, i);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

static void one_thread(void **state) { (void)state; test_faults(1); }
static void two_threads(void **state) { (void)state; test_faults(2); }

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(one_thread), cmocka_unit_test(two_threads)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
