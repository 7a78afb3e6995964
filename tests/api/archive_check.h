// SPDX-License-Identifier: BSD-3-Clause
// What the tests of archives share: a context, files in memory that must be refused with a status and words, cut files and changed bytes.
#ifndef TRIVET_TESTS_ARCHIVE_CHECK_H
#define TRIVET_TESTS_ARCHIVE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <trivet/io.h>

#include "archive_write.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static rt_ctx *ctx;

static int open_ctx(void **state) {
  (void)state;
  const rt_ctx_options options = {.size = sizeof options, .n_threads = 1, .memory_limit_bytes = 64u << 20};
  return rt_ctx_create(&options, &ctx) == RT_OK ? 0 : -1;
}

// Tensors that a test leaves behind make closing fail.
static int close_ctx(void **state) {
  (void)state;
  return rt_ctx_close(ctx) == RT_OK ? 0 : -1;
}

/// Opens a file that must be right.
static inline rt_archive *opened(const proto *file) {
  rt_archive *a = NULL;
  if (rt_archive_parse(ctx, "good", file->at, file->n, &a) != RT_OK) fail_msg("%s", rt_last_error());
  return a;
}

/// The bytes of one tensor against what is expected, with dtype and rank.
static inline void check_tensor(rt_archive *a, const char *name, rt_dtype dtype, int32_t rank, const void *data, size_t bytes) {
  rt_tensor *t = NULL;
  if (rt_archive_get(a, name, &t) != RT_OK) fail_msg("%s", rt_last_error());
  assert_int_equal(rt_tensor_dtype(t), dtype);
  assert_int_equal(rt_tensor_rank(t), rank);
  assert_int_equal((size_t)rt_tensor_numel(t) * rt_dtype_bytes(dtype), bytes);
  uint8_t back[4096];
  assert_true(bytes <= sizeof back);
  assert_int_equal(rt_read(t, back, bytes), RT_OK);
  assert_memory_equal(back, data, bytes);
  rt_release(t);
}

/// Opens what may be broken and reads all of it; the first failure, or RT_OK. The block has exactly the size that is announced, so that a
/// sanitizer sees a read past it.
static inline rt_status read_all(const uint8_t *data, size_t n) {
  uint8_t *exact = malloc(n ? n : 1);
  assert_non_null(exact);
  if (n) memcpy(exact, data, n);
  rt_archive *a = NULL;
  rt_status status = rt_archive_parse(ctx, "file", exact, n, &a);
  assert_true((status == RT_OK) == (a != NULL));
  for (int32_t i = 0; status == RT_OK && i < rt_archive_count(a); i++) {
    rt_tensor *t = NULL;
    status = rt_archive_read(a, i, &t);
    assert_true((status == RT_OK) == (t != NULL));
    rt_release(t);
  }
  rt_archive_close(a);
  free(exact);
  if (status != RT_OK && (!strstr(rt_last_error(), "file") || status == RT_E_INTERNAL)) fail_msg("%s: %s", rt_status_name(status), rt_last_error());
  return status;
}

/// Frees the file.
static inline void check_refused(proto file, rt_status expected, const char *words, const char *which) {
  const rt_status status = read_all(file.at, file.n);
  if (status != expected || !strstr(rt_last_error(), words)) fail_msg("%s: %s: %s", which, rt_status_name(status), rt_last_error());
  proto_free(&file);
}

/// No beginning of the file is a file.
static inline void check_truncations(const proto *file) {
  for (size_t n = 0; n < file->n; n++) {
    const rt_status status = read_all(file->at, n);
    if (status != RT_E_FORMAT) fail_msg("%zu of %zu bytes: %s", n, file->n, rt_status_name(status));
  }
}

/// Whatever is changed, nothing crashes and a refusal is one that says so.
static inline void check_flips(const proto *file, int rounds) {
  uint64_t seed = 20240229;
  proto bad = {0};
  put_raw(&bad, file->at, file->n);
  for (int round = 0; round < rounds; round++) {
    memcpy(bad.at, file->at, file->n);
    for (int k = 0; k < 1 + round % 3; k++) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      bad.at[(seed >> 33) % bad.n] ^= (uint8_t)(1 + (seed >> 20) % 255);
    }
    const rt_status status = read_all(bad.at, bad.n);
    if (status != RT_OK && status != RT_E_FORMAT && status != RT_E_DTYPE && status != RT_E_UNSUPPORTED && status != RT_E_NO_MEMORY)
      fail_msg("round %d: %s: %s", round, rt_status_name(status), rt_last_error());
  }
  proto_free(&bad);
}

#endif
