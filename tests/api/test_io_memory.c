// SPDX-License-Identifier: BSD-3-Clause
// Every allocation of the loaders failing once, and all of the core's from each point on: the answer is RT_E_NO_MEMORY, nothing leaks, and
// the context closes. This program's malloc stands in front of the C library's and counts the calls that come from libtrivet_io.
// labels: unsanitized
#define _GNU_SOURCE
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <trivet/io.h>

#include "archive_write.h"

static int fail_at = -1, n_calls; // which call fails; calls so far

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t n, size_t bytes);
extern void *__libc_realloc(void *at, size_t bytes);

static bool refused(const void *caller) {
  Dl_info info;
  if (fail_at < 0 || !dladdr(caller, &info) || !info.dli_fname || !strstr(info.dli_fname, "trivet_io")) return false;
  return n_calls++ == fail_at;
}
#define EXPORTED __attribute__((visibility("default"))) // the libraries must find these
EXPORTED void *malloc(size_t bytes) { return refused(__builtin_return_address(0)) ? NULL : __libc_malloc(bytes); }
EXPORTED void *calloc(size_t n, size_t bytes) { return refused(__builtin_return_address(0)) ? NULL : __libc_calloc(n, bytes); }
EXPORTED void *realloc(void *at, size_t bytes) { return refused(__builtin_return_address(0)) ? NULL : __libc_realloc(at, bytes); }

// The core's memory comes through this allocator of the context.
static int core_fail_at = -1, n_core_calls;
static void *core_alloc(void *user, size_t bytes, size_t align) {
  (void)user;
  if (core_fail_at >= 0 && n_core_calls++ >= core_fail_at) return NULL; // for good: the pool tries again after giving memory back
  return aligned_alloc(align, (bytes + align - 1) / align * align);
}
static void core_free(void *user, void *ptr, size_t bytes, size_t align) {
  (void)user, (void)bytes, (void)align;
  free(ptr);
}

static char path[64];

static rt_status read_and_write_npy(rt_ctx *ctx) {
  static const char header[] = "{'descr': '>f4', 'fortran_order': True, 'shape': (3, 2), }\n";
  static const uint8_t length[4] = {1, 0, sizeof header - 1, 0}, data[24] = {0x3f, 0x80};
  proto file = {0};
  put_raw(&file, "\x93NUMPY", 6);
  put_raw(&file, length, 4);
  put_raw(&file, header, sizeof header - 1);
  put_raw(&file, data, sizeof data);
  rt_tensor *t = NULL, *again = NULL;
  rt_status status = rt_npy_parse(ctx, "memory", file.at, file.n, &t);
  if (status == RT_OK) status = rt_npy_write(path, t);
  if (status == RT_OK) status = rt_npy_read(ctx, path, &again);
  rt_release(t);
  rt_release(again);
  proto_free(&file);
  return status;
}

static rt_status run_network(rt_ctx *ctx) {
  proto file = small_network();
  static const int64_t shape[2] = {2, 4};
  static const float x[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  rt_model *model = NULL;
  rt_tensor *in = NULL, *out = NULL;
  rt_status status = rt_model_parse(ctx, "memory", file.at, file.n, &model);
  if (status == RT_OK) status = rt_from_data(ctx, RT_F32, 2, shape, x, &in);
  if (status == RT_OK) status = rt_model_run(model, 1, (const rt_tensor *const *)&in, 1, &out);
  assert_true((status == RT_OK) == (out != NULL));
  rt_release(in);
  rt_release(out);
  rt_model_close(model);
  proto_free(&file);
  return status;
}

// Opens an archive, reads all of it, and closes it.
static rt_status read_archive(rt_ctx *ctx, const char *from, const proto *file, uint32_t flags) {
  rt_archive *a = NULL;
  rt_status status = file ? rt_archive_parse(ctx, "memory", file->at, file->n, &a) : rt_archive_open(ctx, from, flags, &a);
  assert_true((status == RT_OK) == (a != NULL));
  for (int32_t i = 0; status == RT_OK && i < rt_archive_count(a); i++) {
    rt_tensor *t = NULL;
    status = rt_archive_read(a, i, &t);
    assert_true((status == RT_OK) == (t != NULL));
    rt_release(t);
  }
  rt_archive_close(a);
  return status;
}

static rt_status read_foreign_npz(rt_ctx *ctx) {
  static const uint8_t data[24] = {0x3f, 0x80};
  zip z = {0};
  proto one = npy_file("{'descr': '>f4', 'fortran_order': True, 'shape': (3, 2), }\n", data, sizeof data);
  zip_store(&z, "stored.npy", &one, (zip_lie){0});
  zip_store(&z, "wide.npy", &one, (zip_lie){.wide = true});
  proto file = zip_end(&z, false);
  const rt_status status = read_archive(ctx, NULL, &file, 0);
  proto_free(&one), proto_free(&file);
  return status;
}

static rt_status read_gguf(rt_ctx *ctx) {
  static const uint64_t extents[2] = {32, 2};
  proto f = gguf_start(3, 2, 2);
  gguf_string(&f, "key", "value");
  gguf_list(&f, "words", G_STRING, 2);
  gguf_text(&f, "a");
  gguf_text(&f, "b");
  gguf_tensor(&f, "q", 2, extents, G_TENSOR_Q4_0, 0);
  gguf_tensor(&f, "f", 2, extents, G_TENSOR_F32, 64);
  gguf_pad(&f, 32);
  for (int k = 0; k < 64 + 256; k++) put_le(&f, 0, 1);
  const rt_status status = read_archive(ctx, NULL, &f, 0);
  proto_free(&f);
  return status;
}

// 20 tensors, so that every table grows, written and read in one format.
static rt_status write_and_read(rt_ctx *ctx, rt_archive_format format, uint32_t write_flags, uint32_t read_flags) {
  enum { N = 20 };
  char names[N][8];
  rt_named_tensor all[N];
  const rt_named_text text = {"key", "value"};
  const int64_t n = 100; // more than fits a handle
  rt_tensor *t = NULL;
  rt_status status = rt_zeros(ctx, RT_F32, 1, &n, &t);
  for (int i = 0; i < N; i++) {
    snprintf(names[i], sizeof names[i], "t%d", i);
    all[i] = (rt_named_tensor){names[i], t};
  }
  const int32_t n_texts = format == RT_ARCHIVE_SAFETENSORS, n_tensors = format == RT_ARCHIVE_NPY ? 1 : N;
  if (status == RT_OK) status = rt_archive_write(path, format, write_flags, n_tensors, all, n_texts, &text);
  if (status == RT_OK) status = read_archive(ctx, path, NULL, read_flags);
  rt_release(t);
  return status;
}

static rt_status npy_archive(rt_ctx *ctx) { return write_and_read(ctx, RT_ARCHIVE_NPY, 0, 0); }
static rt_status stored_npz(rt_ctx *ctx) { return write_and_read(ctx, RT_ARCHIVE_NPZ, 0, 0); }
static rt_status mapped_npz(rt_ctx *ctx) { return write_and_read(ctx, RT_ARCHIVE_NPZ, 0, RT_ARCHIVE_MAP); }
static rt_status safetensors(rt_ctx *ctx) { return write_and_read(ctx, RT_ARCHIVE_SAFETENSORS, 0, 0); }
static rt_status mapped_safetensors(rt_ctx *ctx) { return write_and_read(ctx, RT_ARCHIVE_SAFETENSORS, 0, RT_ARCHIVE_MAP); }
// Without zlib the same as stored.
static rt_status deflated_npz(rt_ctx *ctx) {
  const rt_status status = write_and_read(ctx, RT_ARCHIVE_NPZ, RT_ARCHIVE_DEFLATE, 0);
  return status == RT_E_UNSUPPORTED ? stored_npz(ctx) : status;
}

static rt_status (*const scenarios[])(rt_ctx *ctx) = {read_and_write_npy, run_network, read_foreign_npz,   read_gguf,   npy_archive,
                                                      stored_npz,         mapped_npz,  deflated_npz,       safetensors, mapped_safetensors};

static rt_ctx *open_ctx(void) {
  static const rt_allocator allocator = {core_alloc, core_free, NULL};
  const rt_ctx_options options = {.size = sizeof options, .n_threads = 1, .allocator = &allocator};
  rt_ctx *ctx = NULL;
  assert_int_equal(rt_ctx_create(&options, &ctx), RT_OK);
  return ctx;
}

// Lets the k-th call that *counter counts fail (of the core's: it and all after it), for each k that there is. At least `expected` calls, so that the test counts something.
static void fail_each(int *switch_on, int *counter, int expected) {
  for (size_t s = 0; s < sizeof scenarios / sizeof *scenarios; s++) {
    bool reached = true;
    int k = 0;
    for (; reached && k < 10000; k++) {
      rt_ctx *ctx = open_ctx();
      *counter = 0;
      *switch_on = k;
      const rt_status status = scenarios[s](ctx);
      *switch_on = -1;
      reached = *counter > k;
      if (status != (reached ? RT_E_NO_MEMORY : RT_OK)) fail_msg("scenario %zu, call %d: %s: %s", s, k, rt_status_name(status), rt_last_error());
      if (rt_ctx_close(ctx) != RT_OK) fail_msg("scenario %zu, call %d: %s", s, k, rt_last_error());
    }
    if (k <= expected) fail_msg("scenario %zu: only %d calls", s, k);
  }
}

static void allocations_of_the_loaders(void **state) {
  (void)state;
  fail_each(&fail_at, &n_calls, 3);
}

static void allocations_of_the_core(void **state) {
  (void)state;
  fail_each(&core_fail_at, &n_core_calls, 2);
}

int main(void) {
  snprintf(path, sizeof path, "/tmp/trivet-memory-%ld.npy", (long)getpid());
  const struct CMUnitTest tests[] = {cmocka_unit_test(allocations_of_the_loaders), cmocka_unit_test(allocations_of_the_core)};
  const int failed = cmocka_run_group_tests_name("io_memory", tests, NULL, NULL);
  unlink(path);
  return failed;
}
