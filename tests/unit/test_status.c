// SPDX-License-Identifier: BSD-3-Clause
// The last error's sentence, the text buffer, names of codes, and log lines.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "objects.h"

static void names_cover_every_code(void **state) {
  static const struct { int code; const char *name; } cases[] = {
      {RT_OK, "RT_OK"}, {RT_E_ARGUMENT, "RT_E_ARGUMENT"}, {RT_E_SHAPE, "RT_E_SHAPE"}, {RT_E_DTYPE, "RT_E_DTYPE"}, {RT_E_INDEX, "RT_E_INDEX"},
      {RT_E_NO_MEMORY, "RT_E_NO_MEMORY"}, {RT_E_UNSUPPORTED, "RT_E_UNSUPPORTED"}, {RT_E_NOT_FOUND, "RT_E_NOT_FOUND"}, {RT_E_STATE, "RT_E_STATE"},
      {RT_E_BUSY, "RT_E_BUSY"}, {RT_E_IO, "RT_E_IO"}, {RT_E_FORMAT, "RT_E_FORMAT"}, {RT_E_BACKEND, "RT_E_BACKEND"},
      {RT_E_DEVICE_LOST, "RT_E_DEVICE_LOST"}, {RT_E_CANCELLED, "RT_E_CANCELLED"}, {RT_E_TIMEOUT, "RT_E_TIMEOUT"}, {RT_E_FORKED, "RT_E_FORKED"},
      {RT_E_INTERNAL, "RT_E_INTERNAL"}, {18, "RT_E_?"}, {-1, "RT_E_?"}, {INT32_MAX, "RT_E_?"}, {INT32_MIN, "RT_E_?"},
  };
  (void)state;
  for (size_t i = 0; i < RTI_COUNT(cases); i++) assert_string_equal(rt_status_name(cases[i].code), cases[i].name);
  assert_string_equal(rt_version(), "0.1.0");
}

static void public_and_backend_codes_agree(void **state) {
  (void)state;
  assert_int_equal(RT_E_ARGUMENT, RTB_E_ARGUMENT);
  assert_int_equal(RT_E_NO_MEMORY, RTB_E_NO_MEMORY);
  assert_int_equal(RT_E_BACKEND, RTB_E_BACKEND);
  assert_int_equal(RT_E_CANCELLED, RTB_E_CANCELLED);
  assert_int_equal(RT_E_FORKED, RTB_E_FORKED);
  assert_int_equal(RT_E_INTERNAL, RTB_E_INTERNAL);
}

static void sentence_is_kept(void **state) {
  (void)state;
  rti_error_set("");
  assert_string_equal(rt_last_error(), "");
  assert_int_equal(rti_fail(RT_E_SHAPE, "add: %d and %s", 7, "x"), RT_E_SHAPE);
  assert_string_equal(rt_last_error(), "add: 7 and x");
  assert_int_equal(rti_fail_in(RT_E_BACKEND, "node %d", 3), RT_E_BACKEND);
  assert_string_equal(rt_last_error(), "node 3: add: 7 and x");
}

static void arguments_may_be_the_sentence(void **state) {
  (void)state;
  rti_fail(RT_E_IO, "inner");
  rti_fail(RT_E_IO, "%s, then %s", rt_last_error(), rt_last_error());
  assert_string_equal(rt_last_error(), "inner, then inner");
  rti_fail_in(RT_E_IO, "%s", rt_last_error() + 7);
  assert_string_equal(rt_last_error(), "then inner: inner, then inner");
  rti_error_set(rt_last_error() + 5);
  assert_string_equal(rt_last_error(), "inner: inner, then inner");
  rti_error_set(NULL);
  assert_string_equal(rt_last_error(), "");
}

static void long_sentences_are_cut(void **state) {
  char text[2000];
  (void)state;
  memset(text, 'a', sizeof text);
  for (size_t length = 500; length < 530; length++) {
    text[length] = '\0';
    rti_fail(RT_E_IO, "%s", text);
    assert_int_equal(strlen(rt_last_error()), length < 511 ? length : 511);
    rti_error_set(text);
    assert_int_equal(strlen(rt_last_error()), length < 511 ? length : 511);
    text[length] = 'a';
  }
  text[sizeof text - 1] = '\0';
  rti_fail(RT_E_IO, "end");
  rti_fail_in(RT_E_IO, "%s", text);
  assert_int_equal(strlen(rt_last_error()), 511);
}

static void a_cut_keeps_characters_whole(void **state) {
  (void)state;
  for (size_t before = 507; before <= 511; before++) {
    char text[600] = {0};
    memset(text, 'a', before);
    memcpy(text + before, "\xe2\x82\xac" "bbbb", 7); // a three-byte character across the end
    rti_error_set(text);
    assert_int_equal(strlen(rt_last_error()), before + 3 <= 511 ? 511 : before);
  }
}

static void *other_thread(void *arg) {
  (void)arg;
  bool was_empty = *rt_last_error() == '\0';
  rti_fail(RT_E_IO, "theirs");
  return was_empty && strcmp(rt_last_error(), "theirs") == 0 ? NULL : (void *)1;
}

static void each_thread_has_its_own(void **state) {
  pthread_t thread;
  void *failed;
  (void)state;
  rti_fail(RT_E_IO, "mine");
  assert_int_equal(pthread_create(&thread, NULL, other_thread, NULL), 0);
  pthread_join(thread, &failed);
  assert_null(failed);
  assert_string_equal(rt_last_error(), "mine");
}

static void shapes_have_a_text(void **state) {
  static const struct { int32_t rank; int64_t shape[16]; const char *text; } cases[] = {
      {0, {0}, "[]"}, {1, {5}, "[5]"}, {2, {2, 3}, "[2,3]"}, {3, {0, -1, 7}, "[0,-1,7]"}, {-1, {0}, "[?]"}, {1, {INT64_MIN}, "[-9223372036854775808]"},
  };
  rti_text text;
  (void)state;
  for (size_t i = 0; i < RTI_COUNT(cases); i++) assert_string_equal(rti_shape_text(&text, cases[i].rank, cases[i].shape), cases[i].text);
  assert_string_equal(rti_shape_text(&text, 2, NULL), "[?]");
  int64_t large[16];
  for (int d = 0; d < 16; d++) large[d] = INT64_MIN;
  assert_int_equal(strlen(rti_shape_text(&text, 16, large)), sizeof text.at - 1);
}

static void appending_cuts_at_the_end(void **state) {
  rti_text text = {""};
  (void)state;
  for (int i = 0; i < 100; i++) rti_append(&text, "%d,", 123456);
  assert_int_equal(strlen(text.at), sizeof text.at - 1);
  assert_memory_equal(text.at, "123456,123456,", 14);
}

// ---- log -----------------------------------------------------------------------------------------------------------------------------

static struct { int calls; rt_log_level level; char text[2048]; } heard;

static void listen(void *user, rt_log_level level, const char *text) {
  assert_ptr_equal(user, &heard);
  heard.calls++;
  heard.level = level;
  snprintf(heard.text, sizeof heard.text, "%s", text);
}

static void log_lines_reach_the_callback(void **state) {
  rt_ctx *ctx = calloc(1, sizeof *ctx);
  char text[1500];
  (void)state;
  assert_non_null(ctx);
  rti_log(NULL, RT_LOG_ERROR, "nobody");
  rti_log(ctx, RT_LOG_ERROR, "nobody");
  assert_int_equal(heard.calls, 0);
  ctx->log = listen;
  ctx->log_user = &heard;
  rti_log(ctx, RT_LOG_WARN, "%s=%d", "a", 5);
  assert_int_equal(heard.calls, 1);
  assert_int_equal(heard.level, RT_LOG_WARN);
  assert_string_equal(heard.text, "a=5");
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  rti_log(ctx, RT_LOG_DEBUG, "%s", text);
  assert_int_equal(strlen(heard.text), 1023);
  free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_cover_every_code),
      cmocka_unit_test(public_and_backend_codes_agree),
      cmocka_unit_test(sentence_is_kept),
      cmocka_unit_test(arguments_may_be_the_sentence),
      cmocka_unit_test(long_sentences_are_cut),
      cmocka_unit_test(a_cut_keeps_characters_whole),
      cmocka_unit_test(each_thread_has_its_own),
      cmocka_unit_test(shapes_have_a_text),
      cmocka_unit_test(appending_cuts_at_the_end),
      cmocka_unit_test(log_lines_reach_the_callback),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
