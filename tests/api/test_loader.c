// SPDX-License-Identifier: BSD-3-Clause
// Loading: every way in which a plugin file or a name can be wrong gives a status and a sentence; what is right loads once per process, in
// any number of contexts; nothing that is loaded or called changes the floating-point environment; a forked child can work.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <fenv.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <trivet/rt.h>
#include <trivet/backend.h>
#include <unistd.h>

#define PLUGINS TRIVET_BUILD_DIR "/tests/plugins"
#define BACKENDS TRIVET_BUILD_DIR "/lib/trivet/backends-0"

static char folder[] = "/tmp/trivet_loader_XXXXXX";

static int make_folder(void **state) {
  (void)state;
  return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
  (void)state;
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

// ---- files of our own making: cut, faked, no files at all ----------------------------------------------------------------------------------------

static size_t read_file(const char *path, char *data, size_t most) {
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  size_t n = fread(data, 1, most, f);
  fclose(f);
  return n;
}

static const char *write_file(const char *name, const char *data, size_t bytes) {
  static char path[256];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(data, 1, bytes, f), bytes);
  fclose(f);
  return path;
}

static void expect_refusal(const char *path, const char *clause) {
  rt_ctx_options options = {.size = sizeof options, .plugins = (const char *const[]){path, NULL}};
  rt_ctx *ctx = NULL;
  rt_status status = rt_ctx_create(&options, &ctx);
  if (status == RT_OK || ctx || !strstr(rt_last_error(), clause)) fail_msg("%s: status %s, sentence \"%s\" lacks \"%s\"", path, rt_status_name(status), rt_last_error(), clause);
}

static void files_that_are_no_plugins(void **state) {
  (void)state;
  static char data[64 << 20]; // a sanitized build is large
  size_t bytes = read_file(BACKENDS "/trivet_cpu_ref.so", data, sizeof data);
  assert_in_range(bytes, 10000, sizeof data - 1);
  // What is cut further back is debugging information, which loading does not need.
  size_t cuts[] = {0, 1, 4, 15, 16, 63, 64, 200, 2000, 4096, 20000};
  for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) expect_refusal(write_file("trivet_cut.so", data, cuts[i]), "trivet_cut.so");
  static const char text[] = "#!/bin/sh\nexit 3\n";
  expect_refusal(write_file("trivet_text.so", text, sizeof text - 1), "trivet_text.so");
  struct { size_t at; unsigned char value; const char *clause; } flips[] = {
      {4, 1, "trivet_flip.so"}, {5, 2, "trivet_flip.so"}, {16, 2, "trivet_flip.so"}, {18, 0xb7, "trivet_flip.so"}, // class, byte order, type, machine
  };
  for (size_t i = 0; i < sizeof flips / sizeof *flips; i++) {
    char kept = data[flips[i].at];
    data[flips[i].at] = (char)(flips[i].value == (unsigned char)kept ? flips[i].value + 1 : flips[i].value);
    expect_refusal(write_file("trivet_flip.so", data, bytes), flips[i].clause);
    data[flips[i].at] = kept;
  }
  char path[256];
  snprintf(path, sizeof path, "%s/trivet_fifo.so", folder);
  assert_int_equal(mkfifo(path, 0600), 0);
  alarm(20); // a FIFO that is opened for reading waits for ever
  expect_refusal(path, "trivet_fifo.so");
  alarm(0);
  expect_refusal(folder, folder);
  snprintf(path, sizeof path, "%s/trivet_absent.so", folder);
  expect_refusal(path, "trivet_absent.so");
  expect_refusal("trivet_cpu_ref.so", "absolute");
  expect_refusal("", "absolute");
}

// ---- plugins that misbehave: built from tests/abi/plugins ------------------------------------------------------------------------------------------

static void plugins_that_are_refused(void **state) {
  (void)state;
  static const struct { const char *name, *clause; } cases[] = {
      {"no_entry", "rt_backend_entry_v0"}, {"entry_is_data", "rt_backend_entry_v0"}, {"null_table", "gives no reason"},
      {"refuses_with_reason", "refuses to load"}, {"wrong_major", "interface"}, {"newer_minor", "interface"}, {"bad_name", "name"},
      {"no_resolve", "resolve"}, {"huge_size", "bytes"}, {"tiny_size", "bytes"}, {"wrong_op_bytes", "bytes"}, {"wrong_build", "built"},
      {"open_fails", "does not open"}, {"async_without_streams", "stream"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char path[512];
    snprintf(path, sizeof path, PLUGINS "/trivet_%s.so", cases[i].name);
    expect_refusal(path, cases[i].clause);
  }
}

static void plugins_that_lie_are_survived(void **state) {
  (void)state;
  rt_ctx_options options = {.size = sizeof options, .plugins = (const char *const[]){PLUGINS "/trivet_probe_lies.so", NULL}};
  rt_ctx *ctx = NULL;
  if (rt_ctx_create(&options, &ctx) == RT_OK) assert_in_range(rt_device_count(ctx), 1, 32); // a million devices are offered
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
  options.plugins = (const char *const[]){PLUGINS "/trivet_garbage_status.so", NULL};
  assert_int_equal(rt_ctx_create(&options, &ctx), RT_OK);
  rt_tensor *x = NULL, *y = NULL;
  assert_int_equal(rt_from_data(ctx, RT_F32, 1, (int64_t[]){2}, (float[]){0, 1}, &x), RT_OK);
  assert_int_equal(rt_exp(x, &y), RT_OK); // its answer is no reason: the next backend runs it
  rt_release(y);
  assert_int_equal(rt_log(x, &y), RT_OK); // yes without a function is no
  rt_release(y);
  assert_int_equal(rt_relu(x, &y), RT_E_BACKEND);
  assert_null(y);
  assert_non_null(strstr(rt_last_error(), "garbage_status"));
  assert_non_null(strstr(rt_last_error(), "-77"));
  rt_release(x);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

// ---- names --------------------------------------------------------------------------------------------------------------------------------------

static void keep_lines(void *user, rt_log_level level, const char *text) {
  char *said = user;
  if (level == RT_LOG_WARN && strlen(said) + strlen(text) < 500) strcat(strcat(said, text), "\n");
}

static void names(void **state) {
  (void)state;
  static const struct { const char *backends; rt_status status; const char *clause; } cases[] = {
      {"nonsense", RT_E_NOT_FOUND, "found: cpu_ref"}, {"cpu_ref,nonsense", RT_E_NOT_FOUND, "nonsense"}, {"../cpu_ref", RT_E_ARGUMENT, "names have"},
      {"/lib/x.so", RT_E_ARGUMENT, "names have"}, {"CPU_REF", RT_E_ARGUMENT, "names have"},
      {"a_name_of_more_than_thirty_two_characters", RT_E_ARGUMENT, "32"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    rt_ctx_options options = {.size = sizeof options, .backends = cases[i].backends};
    rt_ctx *ctx = NULL;
    rt_status status = rt_ctx_create(&options, &ctx);
    if (status != cases[i].status || !strstr(rt_last_error(), cases[i].clause)) fail_msg("%s: %s, \"%s\"", cases[i].backends, rt_status_name(status), rt_last_error());
    assert_null(ctx);
  }
  // The variable, and the option that beats it.
  rt_ctx *ctx = NULL;
  setenv("RT_BACKEND", "nonsense", 1);
  assert_int_equal(rt_ctx_create(NULL, &ctx), RT_E_NOT_FOUND);
  rt_ctx_options options = {.size = sizeof options, .backends = "cpu_ref"};
  assert_int_equal(rt_ctx_create(&options, &ctx), RT_OK);
  rt_backend_desc desc;
  assert_int_equal(rt_backend_describe(ctx, 0, &desc), RT_OK);
  assert_string_equal(desc.name, "cpu_ref");
  assert_string_equal(desc.origin, "beside libtrivet");
  assert_string_equal(desc.path, BACKENDS "/trivet_cpu_ref.so");
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
  setenv("RT_BACKEND", "", 1);
  setenv("RT_FALLBACK", "sometimes", 1);
  assert_int_equal(rt_ctx_create(NULL, &ctx), RT_E_ARGUMENT);
  assert_non_null(strstr(rt_last_error(), "sometimes"));
  unsetenv("RT_FALLBACK");
  unsetenv("RT_BACKEND");
  // A relative directory is never searched.
  options = (rt_ctx_options){.size = sizeof options, .backends = "garbage_status", .backend_path = "tests/plugins:."};
  assert_int_equal(chdir(TRIVET_BUILD_DIR), 0);
  assert_int_equal(rt_ctx_create(&options, &ctx), RT_E_NOT_FOUND);
  char said[512] = "";
  options.backend_path = "tests/plugins:" PLUGINS;
  options.config = "garbage_status_2.devices=2\ndevices\n";
  options.log = keep_lines, options.log_user = said;
  assert_int_equal(rt_ctx_create(&options, &ctx), RT_OK);
  assert_string_equal(said, "backend_path: \"tests/plugins\" is not absolute, so it is not searched\n"
                            "config: \"garbage_status_2.devices=2\" is for no backend that is open\n"
                            "config: \"devices\" is for no backend that is open\n");
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

static void configuration(void **state) {
  (void)state;
  rt_ctx *ctx = NULL;
  rt_ctx_options options = {.size = sizeof options, .backends = "cpu_ref", .config = "cpu_ref.no_such_key=1\n"};
  assert_int_equal(rt_ctx_create(&options, &ctx), RT_E_ARGUMENT);
  assert_non_null(strstr(rt_last_error(), "no_such_key"));
  options = (rt_ctx_options){.size = 3};
  assert_int_equal(rt_ctx_create(&options, &ctx), RT_E_ARGUMENT);
  options = (rt_ctx_options){.size = sizeof options, .n_threads = -1};
  assert_int_equal(rt_ctx_create(&options, &ctx), RT_E_ARGUMENT);
  options = (rt_ctx_options){.size = sizeof options, .layers = "nonsense"};
  assert_int_equal(rt_ctx_create(&options, &ctx), RT_E_NOT_FOUND);
  assert_int_equal(rt_ctx_create(NULL, NULL), RT_E_ARGUMENT);
}

// ---- fallback as an error ---------------------------------------------------------------------------------------------------------------------------

static void fallback_is_an_error_when_asked(void **state) {
  (void)state;
  rt_ctx_options options = {.size = sizeof options, .plugins = (const char *const[]){PLUGINS "/trivet_garbage_status.so", NULL}, .fallback = RT_FALLBACK_ERROR};
  rt_ctx *ctx = NULL;
  rt_tensor *x = NULL, *y = NULL;
  assert_int_equal(rt_ctx_create(&options, &ctx), RT_OK);
  assert_int_equal(rt_from_data(ctx, RT_F32, 1, (int64_t[]){2}, (float[]){0, 1}, &x), RT_OK);
  assert_int_equal(rt_neg(x, &y), RT_E_UNSUPPORTED);
  assert_non_null(strstr(rt_last_error(), "neg"));
  assert_non_null(strstr(rt_last_error(), "garbage_status"));
  rt_release(x);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

static void count_fallback_lines(void *user, rt_log_level level, const char *text) {
  (void)level;
  *(int *)user += !strncmp(text, "fallback: exp garbage_status: ", 30);
}

static void each_fallback_is_logged_once_when_asked(void **state) {
  (void)state;
  int n = 0;
  rt_ctx_options options = {.size = sizeof options, .plugins = (const char *const[]){PLUGINS "/trivet_garbage_status.so", NULL},
                            .fallback = RT_FALLBACK_REPORT, .log = count_fallback_lines, .log_user = &n};
  rt_ctx *ctx = NULL;
  rt_tensor *x = NULL, *y = NULL;
  assert_int_equal(rt_ctx_create(&options, &ctx), RT_OK);
  assert_int_equal(rt_from_data(ctx, RT_F32, 2, (int64_t[]){2, 2}, (float[]){0, 1, 2, 3}, &x), RT_OK);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(rt_exp(x, &y), RT_OK);
    rt_release(y);
  }
  assert_int_equal(n, 1);
  rt_release(x);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

static void the_origin_is_where_this_context_found_it(void **state) {
  (void)state;
  rt_backend_desc desc;
  assert_int_equal(rt_backend_probe_file(PLUGINS "/trivet_garbage_status.so", &desc), RT_OK);
  setenv("RT_BACKEND_PATH", PLUGINS, 1);
  rt_ctx_options options = {.size = sizeof options, .backends = "garbage_status"};
  rt_ctx *ctx = NULL;
  assert_int_equal(rt_ctx_create(&options, &ctx), RT_OK);
  unsetenv("RT_BACKEND_PATH");
  assert_int_equal(rt_backend_describe(ctx, 0, &desc), RT_OK);
  assert_string_equal(desc.origin, "RT_BACKEND_PATH");
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

// ---- many contexts, one library -----------------------------------------------------------------------------------------------------------------------

static void two_contexts_share_a_library_and_nothing_else(void **state) {
  (void)state;
  char alias[300];
  snprintf(alias, sizeof alias, "%s/trivet_cpu_ref.so", folder);
  assert_int_equal(symlink(BACKENDS "/trivet_cpu_ref.so", alias), 0);
  rt_ctx *a = NULL, *b = NULL;
  rt_ctx_options options = {.size = sizeof options, .backends = "cpu_ref"}, other = {.size = sizeof other, .plugins = (const char *const[]){alias, NULL}};
  assert_int_equal(rt_ctx_create(&options, &a), RT_OK);
  assert_int_equal(rt_ctx_create(&other, &b), RT_OK); // another path to the same file
  rt_tensor *x = NULL, *y = NULL, *z = NULL;
  assert_int_equal(rt_ones(a, RT_F32, 1, (int64_t[]){3}, &x), RT_OK);
  assert_int_equal(rt_ones(b, RT_F32, 1, (int64_t[]){3}, &y), RT_OK);
  assert_int_equal(rt_add(x, y, &z), RT_E_STATE);
  assert_non_null(strstr(rt_last_error(), "two contexts"));
  assert_int_equal(rt_ctx_close(a), RT_E_BUSY);
  assert_non_null(strstr(rt_last_error(), "1 tensors"));
  assert_int_equal(rt_add(x, x, &z), RT_OK); // still usable
  rt_release(z);
  rt_release(x);
  assert_int_equal(rt_ctx_close(a), RT_OK);
  assert_int_equal(rt_add(y, y, &z), RT_OK); // the library outlives the first context
  rt_release(z);
  rt_release(y);
  assert_int_equal(rt_ctx_close(b), RT_OK);
}

// A backend that is linked into the program.
static int32_t linked_relu(void *kctx, void *stream, const rtb_op *op) {
  (void)kctx, (void)stream;
  const float *x = op->args[0]->data;
  float *y = op->args[1]->data;
  for (int64_t i = 0; i < op->args[0]->numel; i++) y[i] = x[i] < 0 ? 0 : x[i];
  return RTB_OK;
}
static int32_t linked_resolve(void *dev, const rtb_sig *sig, rtb_kernel *out) {
  (void)dev;
  if (sig->op != RTB_OP_RELU || sig->arg[0].dtype != RTB_F32) return RTB_UNSUPPORTED_OP;
  if (sig->arg[0].layout != RTB_DENSE || sig->arg[1].layout != RTB_DENSE) return RTB_UNSUPPORTED_LAYOUT;
  out->fn = linked_relu;
  return RTB_OK;
}
static const rtb_backend linked = {RTB_BACKEND_HEADER, .caps = RTB_CAP_HOST_MEMORY, .name = "linked", .resolve = linked_resolve};
static const void *linked_entry(const void *host) {
  (void)host;
  return &linked;
}

static void a_backend_that_is_linked_in(void **state) {
  (void)state;
  assert_int_equal(rt_backend_register(NULL), RT_E_ARGUMENT);
  assert_int_equal(rt_backend_register(linked_entry), RT_OK);
  assert_int_equal(rt_backend_register(linked_entry), RT_E_STATE);
  rt_ctx_options options = {.size = sizeof options, .backends = "linked"};
  rt_ctx *ctx = NULL;
  assert_int_equal(rt_ctx_create(&options, &ctx), RT_OK);
  rt_tensor *x = NULL, *turned = NULL, *y = NULL;
  float values[6] = {-1, 2, -3, 4, -5, 6}, out[6];
  assert_int_equal(rt_from_data(ctx, RT_F32, 2, (int64_t[]){2, 3}, values, &x), RT_OK);
  assert_int_equal(rt_transpose(x, 0, 1, &turned), RT_OK);
  assert_int_equal(rt_relu(turned, &y), RT_OK); // one dense permutation: the dense kernel runs it
  assert_int_equal(rt_read(y, out, sizeof out), RT_OK);
  const float want[6] = {0, 4, 2, 0, 0, 6};
  assert_memory_equal(out, want, sizeof want);
  rt_report_row row;
  bool was_run = false;
  for (int32_t i = 0; rt_report_get(ctx, i, &row) == RT_OK; i++) was_run |= row.kind == RT_REPORT_RUN && !strcmp(row.backend, "linked") && !strcmp(row.op, "relu");
  assert_true(was_run);
  rt_release(x), rt_release(turned), rt_release(y);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

// ---- the environment of the process -------------------------------------------------------------------------------------------------------------------

static void floating_point_environment_is_left_alone(void **state) {
  (void)state;
  static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_TOWARDZERO};
  for (size_t m = 0; m < sizeof modes / sizeof *modes; m++) {
    assert_int_equal(fesetround(modes[m]), 0);
    feclearexcept(FE_ALL_EXCEPT);
    volatile double tiny = 4.9e-324; // flushed if somebody set FTZ or DAZ
    rt_ctx_options options = {.size = sizeof options, .backends = "cpu_ref", .n_threads = 2};
    rt_ctx *ctx = NULL;
    rt_tensor *x = NULL, *y = NULL, *z = NULL;
    assert_int_equal(rt_ctx_create(&options, &ctx), RT_OK);
    assert_int_equal(rt_full(ctx, RT_F32, 2, (int64_t[]){40, 40}, rt_float(0.5), &x), RT_OK);
    rt_status status = rt_exp(x, &y);
    if (status == RT_OK) status = rt_matmul(x, y, &z);
    if (status == RT_OK) status = rt_softmax_into(y, 1, x);
    assert_int_equal(status, RT_OK);
    rt_release(x), rt_release(y), rt_release(z);
    assert_int_equal(rt_ctx_close(ctx), RT_OK);
    assert_int_equal(fegetround(), modes[m]);
    assert_true(tiny * 2 > 0);
  }
  fesetround(FE_TONEAREST);
}

static void a_forked_child_computes(void **state) {
  (void)state;
  rt_ctx_options options = {.size = sizeof options, .backends = "cpu_ref", .n_threads = 4};
  rt_ctx *ctx = NULL;
  rt_tensor *x = NULL, *sum = NULL;
  rt_scalar value;
  assert_int_equal(rt_ctx_create(&options, &ctx), RT_OK);
  assert_int_equal(rt_ones(ctx, RT_F32, 1, (int64_t[]){100000}, &x), RT_OK);
  for (int round = 0; round < 3; round++) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
      alarm(20);
      bool ok = rt_sum(x, NULL, false, RT_DTYPE_NONE, &sum) == RT_OK && rt_item(sum, &value) == RT_OK && value.as.f == 100000;
      rt_release(sum), rt_release(x);
      _exit(ok && rt_ctx_close(ctx) == RT_OK ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  rt_release(x);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_OWN_ALLOCATOR true // theirs does not promise to survive a fork beside other threads
#else
#define HAS_OWN_ALLOCATOR false
#endif

static atomic_bool hammering;
static void *hammer(void *arg) {
  rt_tensor *x = arg, *y = NULL, *z = NULL;
  for (int i = 0; atomic_load(&hammering); i++) {
    if (rt_add(x, x, &y) != RT_OK || rt_transpose(y, 0, 1, &z) != RT_OK) return arg;
    rt_release(y);
    rt_status status = rt_mul_scalar(z, rt_float(i), &y); // the long way, notes and counts
    rt_release(z);
    rt_release(y);
    if (status != RT_OK) return arg;
  }
  return NULL;
}

static void a_child_forked_beside_busy_threads_never_hangs(void **state) {
  (void)state;
  if (HAS_OWN_ALLOCATOR) {
    print_error("SKIPPED: the sanitizer's allocator does not survive a fork beside other threads\n");
    skip();
  }
  rt_ctx_options options = {.size = sizeof options, .backends = "cpu_ref", .n_threads = 2};
  rt_ctx *ctx = NULL;
  rt_tensor *x = NULL, *y = NULL, *z = NULL;
  pthread_t threads[2];
  assert_int_equal(rt_ctx_create(&options, &ctx), RT_OK);
  assert_int_equal(rt_ones(ctx, RT_F32, 2, (int64_t[]){4, 3}, &x), RT_OK);
  atomic_store(&hammering, true);
  for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&threads[i], NULL, hammer, x), 0);
  int n_bad = 0;
  for (int round = 0; round < 200; round++) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
      alarm(10);
      rt_report_row row;
      rt_ctx *other = NULL;
      bool ok = rt_add(x, x, &y) == RT_OK && rt_exp(y, &z) == RT_OK && rt_report_count(ctx) > 0 && rt_report_get(ctx, 0, &row) == RT_OK;
      ok = ok && (round % 20 || (rt_ctx_create(&options, &other) == RT_OK && rt_ctx_close(other) == RT_OK));
      rt_release(y), rt_release(z);
      _exit(ok ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    n_bad += !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  atomic_store(&hammering, false);
  for (int i = 0; i < 2; i++) {
    void *failed;
    pthread_join(threads[i], &failed);
    assert_null(failed);
  }
  assert_int_equal(n_bad, 0);
  rt_release(x);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(files_that_are_no_plugins),
      cmocka_unit_test(plugins_that_are_refused),
      cmocka_unit_test(plugins_that_lie_are_survived),
      cmocka_unit_test(names),
      cmocka_unit_test(configuration),
      cmocka_unit_test(fallback_is_an_error_when_asked),
      cmocka_unit_test(each_fallback_is_logged_once_when_asked),
      cmocka_unit_test(the_origin_is_where_this_context_found_it),
      cmocka_unit_test(two_contexts_share_a_library_and_nothing_else),
      cmocka_unit_test(a_backend_that_is_linked_in),
      cmocka_unit_test(floating_point_environment_is_left_alone),
      cmocka_unit_test(a_forked_child_computes),
      cmocka_unit_test(a_child_forked_beside_busy_threads_never_hangs),
  };
  return cmocka_run_group_tests_name("loader", tests, make_folder, remove_folder);
}
