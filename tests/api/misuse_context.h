// SPDX-License-Identifier: BSD-3-Clause
// Misuse rows of dtype.h, status.h, alloc.h and device.h: codes that are none, options, closing, and asking a context about itself.
#ifndef TRIVET_TEST_MISUSE_CONTEXT_H
#define TRIVET_TEST_MISUSE_CONTEXT_H

#include <unistd.h>

#include "misuse_world.h"

static void dtypes_and_statuses(void **state) {
  world *w = *state;
  rt_dtype both = RT_F32;
  static const int no_dtypes[] = {0, 16, 17, -1, 255, 256, 65537, INT32_MAX, INT32_MIN};
  for (size_t k = 0; k < COUNT(no_dtypes); k++) {
    rt_dtype none = NO_DTYPE(no_dtypes[k]);
    ANSWER(0, rt_dtype_bytes(none));
    ANSWER(0, strcmp(rt_dtype_name(none), "?"));
    ANSWER(RT_KIND_NONE, rt_dtype_kind_of(none));
    MISUSE(DTYPE, "is not a dtype", rt_promote(none, RT_F32, &both));
    MISUSE(DTYPE, "is not a dtype", rt_promote(RT_F32, none, &both));
    ANSWER(RT_DTYPE_NONE, both);
  }
  MISUSE(ARGUMENT, "promote: out_dtype is NULL", rt_promote(RT_F32, RT_F32, NULL));
  MISUSE(DTYPE, "promote: no dtype holds the values of both u64 and i8", rt_promote(RT_U64, RT_I8, &both));
  ANSWER(RT_DTYPE_NONE, rt_dtype_from_name(NULL));
  ANSWER(RT_DTYPE_NONE, rt_dtype_from_name(""));
  ANSWER(RT_DTYPE_NONE, rt_dtype_from_name("?"));
  ANSWER(RT_DTYPE_NONE, rt_dtype_from_name("F32"));
  ANSWER(RT_DTYPE_NONE, rt_dtype_from_name("f32 "));
  ANSWER(RT_DTYPE_NONE, rt_dtype_from_name("\xff\xfe"));
  ANSWER(0, strcmp(rt_status_name(-1), "RT_E_?"));
  ANSWER(0, strcmp(rt_status_name(18), "RT_E_?"));
  ANSWER(0, strcmp(rt_status_name(INT32_MIN), "RT_E_?"));
  MISUSE(BUSY, "", rt_error_set(RT_E_BUSY, NULL));
  ANSWER(0, rt_error_set(RT_OK, NULL) + (int)strlen(rt_last_error()));
  char *text = malloc(65536);
  memset(text, 'x', 65535);
  text[65535] = 0;
  MISUSE(IO, "xxxx", rt_error_set(RT_E_IO, text));
  ANSWER(511, (rt_error_set(RT_OK, text), strlen(rt_last_error())));
  free(text);
  ANSWER(0, strcmp(rt_version(), RT_VERSION));
  judge();
}

// ---- contexts ---------------------------------------------------------------------------------------------------------------------------

#define WITH(...) rt_ctx_create(&(rt_ctx_options){.size = sizeof(rt_ctx_options), __VA_ARGS__}, OUT_CTX)

static void *some_alloc(void *user, size_t bytes, size_t align) {
  (void)user, (void)bytes, (void)align;
  return NULL;
}
static void some_free(void *user, void *ptr, size_t bytes, size_t align) { (void)user, (void)ptr, (void)bytes, (void)align; }
static void some_parallel(void *user, int32_t n, void (*run)(void *arg, int32_t k), void *arg) {
  (void)user;
  for (int32_t k = 0; k < n; k++) run(arg, k);
}

static void contexts(void **state) {
  world *w = *state;
  char *text = malloc(70001);
  memset(text, 'a', 70000);
  text[70000] = 0;
  MISUSE(ARGUMENT, "context: out_ctx is NULL", rt_ctx_create(NULL, NULL));
  MISUSE(ARGUMENT, "context: options.size is 0", rt_ctx_create(&(rt_ctx_options){.size = 0}, OUT_CTX));
  MISUSE(ARGUMENT, "context: options.size is 4", rt_ctx_create(&(rt_ctx_options){.size = 4}, OUT_CTX));
  MISUSE(ARGUMENT, "context: -1 threads", WITH(.n_threads = -1));
  MISUSE(ARGUMENT, "context: 4097 threads", WITH(.n_threads = 4097));
  MISUSE(ARGUMENT, "context: -2147483648 threads", WITH(.n_threads = INT32_MIN));
  MISUSE(ARGUMENT, "context: a thread pool without a function or threads", WITH(.threads = &(rt_threads){NULL, 2, NULL}));
  MISUSE(ARGUMENT, "context: a thread pool without a function or threads", WITH(.threads = &(rt_threads){some_parallel, 0, NULL}));
  MISUSE(ARGUMENT, "context: a thread pool without a function or threads", WITH(.threads = &(rt_threads){some_parallel, INT32_MIN, NULL}));
  MISUSE(ARGUMENT, "2147483647 threads", WITH(.threads = &(rt_threads){some_parallel, INT32_MAX, NULL}));
  MISUSE(ARGUMENT, "context: -1 is no fallback mode", WITH(.fallback = (rt_fallback)-1));
  MISUSE(ARGUMENT, "context: 4 is no fallback mode", WITH(.fallback = (rt_fallback)4));
  MISUSE(ARGUMENT, "context: 99 is no fallback mode", WITH(.fallback = (rt_fallback)99));
  MISUSE(ARGUMENT, "context: math 0x4", WITH(.math = 4));
  MISUSE(ARGUMENT, "context: math 0x80000001", WITH(.math = 0x80000001u));
  MISUSE(ARGUMENT, "context: an allocator without alloc or free", WITH(.allocator = &(rt_allocator){NULL, some_free, NULL}));
  MISUSE(ARGUMENT, "context: an allocator without alloc or free", WITH(.allocator = &(rt_allocator){some_alloc, NULL, NULL}));
  MISUSE(NO_MEMORY, "context: no memory for", WITH(.allocator = &(rt_allocator){some_alloc, some_free, NULL}));
  MISUSE(NO_MEMORY, "", WITH(.memory_limit_bytes = 1));
  MISUSE(NO_MEMORY, "", WITH(.memory_limit_bytes = 5000));
  MISUSE(NOT_FOUND, "backend nonsense", WITH(.backends = "nonsense"));
  MISUSE(NOT_FOUND, "backend nonsense", WITH(.backends = " , nonsense,"));
  MISUSE(NOT_FOUND, "backend nonsense", WITH(.backends = "nonsense", .backend_path = "relative:/nowhere/at/all::"));
  MISUSE(NOT_FOUND, "backend nonsense", WITH(.backends = "nonsense", .backend_path = text));
  MISUSE(ARGUMENT, "names have the characters a-z", WITH(.backends = "Nonsense"));
  MISUSE(ARGUMENT, "names have the characters a-z", WITH(.backends = "../evil"));
  MISUSE(ARGUMENT, "names have the characters a-z", WITH(.backends = "\xff\xfe"));
  MISUSE(ARGUMENT, "names have at most 32 characters", WITH(.backends = "a23456789012345678901234567890123"));
  MISUSE(ARGUMENT, "names have at most 32 characters", WITH(.backends = text));
  MISUSE(ARGUMENT, "is no absolute path", WITH(.plugins = (const char *const[]){"trivet_x.so", NULL}));
  MISUSE(ARGUMENT, "is no absolute path", WITH(.plugins = (const char *const[]){"", NULL}));
  MISUSE(NOT_FOUND, "/nowhere/trivet_x.so", WITH(.plugins = (const char *const[]){"/nowhere/trivet_x.so", NULL}));
  text[0] = '/';
  MISUSE(NOT_FOUND, "/aaaa", WITH(.plugins = (const char *const[]){text, NULL}));
  text[0] = 'a';
  MISUSE(NOT_FOUND, "layer nonsense", WITH(.layers = "nonsense"));
  MISUSE(ARGUMENT, "at most 32 characters", WITH(.layers = text));
  MISUSE(ARGUMENT, "context: the config has 70001 bytes", WITH(.config = text));
  const char *toy = TRIVET_BUILD_DIR "/examples/trivet_toy.so";
  if (access(toy, R_OK) == 0) {
    MISUSE(ARGUMENT, "config: backend toy has no key \"nonsense\"",
           WITH(.plugins = (const char *const[]){toy, NULL}, .config = "toy.nonsense=1\n"));
    MISUSE(ARGUMENT, "config: backend toy has no key \"\"", WITH(.plugins = (const char *const[]){toy, NULL}, .config = "toy."));
    MISUSE(ARGUMENT, "config: backend toy has no key \"devices\"",
           WITH(.plugins = (const char *const[]){toy, NULL}, .config = "toy.devices\n"));
  }
  free(text);

  MISUSE(BUSY, "tensors, views or copies of them still live", rt_ctx_close(w->ctx));
  ANSWER(RT_OK, rt_ctx_close(NULL));
  MISUSE(ARGUMENT, "cancel: ctx is NULL", rt_ctx_cancel(NULL, true));
  MISUSE(ARGUMENT, "sync: ctx is NULL", rt_ctx_sync(NULL));
  ANSWER(0, rt_ctx_threads(NULL));
  rt_memory_stats stats;
  MISUSE(ARGUMENT, "memory: ctx is NULL", rt_ctx_memory(NULL, &stats));
  MISUSE(ARGUMENT, "memory: out_stats is NULL", rt_ctx_memory(w->ctx, NULL));
  MISUSE(ARGUMENT, "trim: ctx is NULL", rt_ctx_trim(NULL));
  judge();
}

// ---- two accelerators --------------------------------------------------------------------------------------------------------------------------

#define ON_DEVICE(device, t) need(rt_from_data_on(ctx, device, RT_F32, 2, SHAPE(8, 8), values, &t), NULL)

/// What one accelerator alone cannot get wrong. Arguments above RT_INLINE_BYTES keep to their device.
static void two_accelerators(void **state) {
  world *w = *state;
  const char *toy = TRIVET_BUILD_DIR "/examples/trivet_toy.so";
  if (access(toy, R_OK) != 0) {
    print_error("SKIPPED: %s is not built\n", toy);
    skip();
  }
  rt_ctx *ctx = NULL;
  rt_ctx_options options = {.size = sizeof options, .plugins = (const char *const[]){toy, NULL}, .config = "toy.devices=2\n"};
  rt_tensor *one = NULL, *two = NULL, *host = NULL;
  rt_dl_managed_versioned *managed = NULL;
  rt_device found = 1;
  float values[64], after[64];
  for (int k = 0; k < 64; k++) values[k] = (float)k;
  need(rt_ctx_create(&options, &ctx), NULL);
  ON_DEVICE(1, one);
  ON_DEVICE(2, two);
  ON_DEVICE(RT_HOST, host);
  MISUSE(ARGUMENT, "add: arguments live on two devices, toy:0 and toy:1", rt_add(one, two, OUT));
  MISUSE(ARGUMENT, "fma: arguments live on two devices", rt_fma(one, host, two, OUT));
  MISUSE(ARGUMENT, "neg: arguments live on two devices", rt_neg_into(one, two));
  MISUSE(ARGUMENT, "add: arguments live on two devices", rt_add_into(one, host, two));
  MISUSE(ARGUMENT, "copy: arguments live on two devices", rt_copy_into(one, two));
  MISUSE(ARGUMENT, "matmul: arguments live on two devices", rt_matmul(one, two, OUT));
  MISUSE(ARGUMENT, "concat: arguments live on two devices", rt_concat(3, (const rt_tensor *const[]){host, one, two}, 0, OUT));
  MISUSE(STATE, "add: the tensors belong to two contexts", rt_add(one, w->f.x, OUT));
  MISUSE(ARGUMENT, "to: device 3 is not in 0 to 2", rt_to(one, 3, OUT));
  MISUSE(ARGUMENT, "empty: device 3 is not in 0 to 2", rt_empty_on(ctx, 3, RT_F32, 1, SHAPE(3), OUT));
  MISUSE(NOT_FOUND, "device toy:2: there is none of that name; there are: host, toy:0, toy:1", rt_device_find(ctx, "toy:2", &found));
  MISUSE(UNSUPPORTED, "the tensor lives on device toy:0", rt_to_dlpack(one, &managed));
  ANSWER(NULL, managed);
  MISUSE(BUSY, "context: 3 tensors", rt_ctx_close(ctx));
  const rt_tensor *all[] = {one, two, host};
  for (size_t k = 0; k < COUNT(all); k++) {
    need(rt_read(all[k], after, sizeof after), NULL);
    assert_memory_equal(values, after, sizeof after);
  }
  rt_release(one);
  rt_release(two);
  rt_release(host);
  need(rt_ctx_close(ctx), NULL);
  judge();
}

// ---- what a context tells ---------------------------------------------------------------------------------------------------------------

static const void *no_entry(const void *host) {
  (void)host;
  return NULL;
}
static void visit(void *user, const char *name, const char *path, const char *origin) { (void)user, (void)name, (void)path, (void)origin; }

/// Every number that may be asked about, of any rank: an answer, never a crash.
static void support_of_everything(world *w) {
  static const int32_t ranks[] = {0, 1, 2, 3, 5, 6, 15, 16};
  for (uint32_t op = 0; op < 300; op++)
    for (int dtype = 1; dtype <= 13; dtype++)
      for (size_t r = 0; r < COUNT(ranks); r++) {
        rt_status status = rt_backend_supports(w->ctx, 0, (uint16_t)op, dtype, ranks[r]);
        bool is_known = status == RT_OK || status == RT_E_ARGUMENT || status == RT_E_SHAPE || status == RT_E_DTYPE;
        if (!is_known && status != RT_E_UNSUPPORTED) wrong("rt_backend_supports gives", rt_status_name(status));
      }
}

static void what_contexts_tell(void **state) {
  world *w = *state;
  rt_device_desc device;
  rt_device found = 5;
  rt_backend_desc backend;
  rt_config_key key;
  rt_report_row row;
  rt_env_row variable;
  char *text = malloc(65536);
  memset(text, 'a', 65535);
  text[65535] = 0;
  ANSWER(0, rt_device_count(NULL));
  MISUSE(ARGUMENT, "device: ctx is NULL", rt_device_describe(NULL, 0, &device));
  MISUSE(ARGUMENT, "device: out_desc is NULL", rt_device_describe(w->ctx, 0, NULL));
  MISUSE(ARGUMENT, "device: -2 is not in 0 to 0", rt_device_describe(w->ctx, -2, &device));
  MISUSE(ARGUMENT, "device: 1 is not in 0 to 0", rt_device_describe(w->ctx, 1, &device));
  MISUSE(ARGUMENT, "device: 2147483647", rt_device_describe(w->ctx, INT32_MAX, &device));
  ANSWER(0, strlen(device.name));
  MISUSE(ARGUMENT, "device: ", rt_device_find(NULL, "host", &found));
  MISUSE(ARGUMENT, "device: ", rt_device_find(w->ctx, NULL, &found));
  MISUSE(ARGUMENT, "device: ", rt_device_find(w->ctx, "host", NULL));
  MISUSE(NOT_FOUND, "device nonsense: there is none of that name; there are: host", rt_device_find(w->ctx, "nonsense", &found));
  MISUSE(NOT_FOUND, "there are: host", rt_device_find(w->ctx, "", &found));
  MISUSE(NOT_FOUND, "there are: host", rt_device_find(w->ctx, "host:1", &found));
  MISUSE(NOT_FOUND, "there are: host", rt_device_find(w->ctx, "hos", &found));
  MISUSE(NOT_FOUND, "there are: host", rt_device_find(w->ctx, text, &found));
  ANSWER(RT_HOST, found);

  ANSWER(0, rt_backend_count(NULL));
  MISUSE(ARGUMENT, "backend: ctx is NULL", rt_backend_describe(NULL, 0, &backend));
  MISUSE(ARGUMENT, "backend: out_desc is NULL", rt_backend_describe(w->ctx, 0, NULL));
  MISUSE(ARGUMENT, "backend: -1 is not in 0 to", rt_backend_describe(w->ctx, -1, &backend));
  MISUSE(ARGUMENT, "backend: 2147483647 is not in 0 to", rt_backend_describe(w->ctx, INT32_MAX, &backend));
  ANSWER(0, strlen(backend.name));
  MISUSE(ARGUMENT, "config_key: out_key is NULL", rt_backend_config_key(w->ctx, 0, 0, NULL));
  MISUSE(ARGUMENT, "backend: ctx is NULL", rt_backend_config_key(NULL, 0, 0, &key));
  MISUSE(ARGUMENT, "backend: -1 is not in 0 to", rt_backend_config_key(w->ctx, -1, 0, &key));
  MISUSE(NOT_FOUND, "has no configuration key -1", rt_backend_config_key(w->ctx, 0, -1, &key));
  MISUSE(NOT_FOUND, "has no configuration key 2147483647", rt_backend_config_key(w->ctx, 0, INT32_MAX, &key));
  ANSWER(NULL, key.name);
  MISUSE(ARGUMENT, "backend: ctx is NULL", rt_backend_supports(NULL, 0, 50, RT_F32, 1));
  MISUSE(ARGUMENT, "backend: -1 is not in 0 to", rt_backend_supports(w->ctx, -1, 50, RT_F32, 1));
  MISUSE(ARGUMENT, "backend: 99 is not in 0 to", rt_backend_supports(w->ctx, 99, 50, RT_F32, 1));
  MISUSE(ARGUMENT, "supports: 0 is no operation", rt_backend_supports(w->ctx, 0, 0, RT_F32, 1));
  MISUSE(ARGUMENT, "supports: 45 is no operation", rt_backend_supports(w->ctx, 0, 45, RT_F32, 1));
  MISUSE(ARGUMENT, "supports: 65535 is no operation", rt_backend_supports(w->ctx, 0, 65535, RT_F32, 1));
  MISUSE(ARGUMENT, "supports: dtype 0", rt_backend_supports(w->ctx, 0, 50, 0, 1));
  MISUSE(ARGUMENT, "supports: dtype 16", rt_backend_supports(w->ctx, 0, 50, 16, 1));
  MISUSE(ARGUMENT, "supports: dtype -1", rt_backend_supports(w->ctx, 0, 50, -1, 1));
  MISUSE(ARGUMENT, "supports: dtype 255", rt_backend_supports(w->ctx, 0, 50, 255, 1));
  MISUSE(ARGUMENT, "rank -1", rt_backend_supports(w->ctx, 0, 50, RT_F32, -1));
  MISUSE(ARGUMENT, "rank 17", rt_backend_supports(w->ctx, 0, 50, RT_F32, 17));
  MISUSE(DTYPE, "add is not defined for bool", rt_backend_supports(w->ctx, 0, 50, RT_BOOL, 1));
  support_of_everything(w);
  MISUSE(ARGUMENT, "register: entry is NULL", rt_backend_register(NULL));
  MISUSE(FORMAT, "register: the backend", rt_backend_register(no_entry));
  MISUSE(ARGUMENT, "search: visit is NULL", rt_backend_search(NULL, NULL, NULL));
  ANSWER(RT_OK, rt_backend_search(&(rt_ctx_options){.size = 0, .backend_path = "/"}, visit, NULL));
  ANSWER(RT_OK, rt_backend_search(&(rt_ctx_options){.size = sizeof(rt_ctx_options), .backend_path = text}, visit, NULL));
  MISUSE(ARGUMENT, "probe: out_desc is NULL", rt_backend_probe_file("/nowhere/trivet_x.so", NULL));
  MISUSE(ARGUMENT, "is no absolute path", rt_backend_probe_file(NULL, &backend));
  MISUSE(ARGUMENT, "is no absolute path", rt_backend_probe_file("", &backend));
  MISUSE(ARGUMENT, "is no absolute path", rt_backend_probe_file("trivet_x.so", &backend));
  MISUSE(ARGUMENT, "plugin: \"aaaa", rt_backend_probe_file(text, &backend));
  MISUSE(NOT_FOUND, "/nowhere/trivet_x.so", rt_backend_probe_file("/nowhere/trivet_x.so", &backend));
  text[0] = '/';
  MISUSE(NOT_FOUND, "/aaaa", rt_backend_probe_file(text, &backend));

  ANSWER(0, rt_report_count(NULL));
  MISUSE(ARGUMENT, "report: ctx is NULL", rt_report_get(NULL, 0, &row));
  MISUSE(ARGUMENT, "report: out_row is NULL", rt_report_get(w->ctx, 0, NULL));
  MISUSE(NOT_FOUND, "report: no row -1", rt_report_get(w->ctx, -1, &row));
  MISUSE(NOT_FOUND, "report: no row -2147483648", rt_report_get(w->ctx, INT32_MIN, &row));
  MISUSE(NOT_FOUND, "report: no row 2147483647", rt_report_get(w->ctx, INT32_MAX, &row));
  MISUSE(NOT_FOUND, "report: no row", rt_report_get(w->ctx, rt_report_count(w->ctx), &row));
  ANSWER(0, strlen(row.op));
  MISUSE(ARGUMENT, "report: ctx is NULL", rt_report_reset(NULL));
  MISUSE(ARGUMENT, "env_get: out_row is NULL", rt_env_get(0, NULL));
  MISUSE(NOT_FOUND, "env_get: there is no variable -1", rt_env_get(-1, &variable));
  MISUSE(NOT_FOUND, "env_get: there is no variable 2147483647", rt_env_get(INT32_MAX, &variable));
  ANSWER(0, strlen(variable.name));
  free(text);
  judge();
}

#endif
