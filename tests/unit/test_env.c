// SPDX-License-Identifier: BSD-3-Clause
// RT_* variables: text, numbers with their limits and suffixes, settings of backends, and the listing.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE // setenv
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static const char *const names[RTI_ENV_COUNT] = {"RT_BACKEND", "RT_BACKEND_PATH", "RT_LAYERS", "RT_FALLBACK", "RT_THREADS", "RT_MEMORY_LIMIT"};

static int clear(void **state) {
  (void)state;
  for (int i = 0; i < RTI_ENV_COUNT; i++) unsetenv(names[i]);
  return 0;
}

static void text_is_read(void **state) {
  (void)state;
  for (int i = 0; i < RTI_ENV_COUNT; i++) {
    assert_null(rti_env_text((rti_env)i));
    setenv(names[i], "", 1);
    assert_null(rti_env_text((rti_env)i)); // empty is unset
    setenv(names[i], "value", 1);
    assert_string_equal(rti_env_text((rti_env)i), "value");
  }
}

static void numbers_are_parsed(void **state) {
  static const struct { rti_env which; const char *text; int64_t low, high; bool ok; int64_t value; } cases[] = {
      {RTI_ENV_THREADS, "1", 1, 1024, true, 1},
      {RTI_ENV_THREADS, "0012", 1, 1024, true, 12},
      {RTI_ENV_THREADS, "1024", 1, 1024, true, 1024},
      {RTI_ENV_THREADS, "-3", -5, 5, true, -3},
      {RTI_ENV_THREADS, "0", 1, 1024, false, 0},
      {RTI_ENV_THREADS, "1025", 1, 1024, false, 0},
      {RTI_ENV_THREADS, "-1", 1, 1024, false, 0},
      {RTI_ENV_THREADS, "4K", 1, 100000, false, 0}, // a count takes no suffix
      {RTI_ENV_THREADS, "4 ", 1, 1024, false, 0},
      {RTI_ENV_THREADS, " 4", 1, 1024, false, 0},
      {RTI_ENV_THREADS, "+4", 1, 1024, false, 0},
      {RTI_ENV_THREADS, "0x4", 1, 1024, false, 0},
      {RTI_ENV_THREADS, "4.0", 1, 1024, false, 0},
      {RTI_ENV_THREADS, "four", 1, 1024, false, 0},
      {RTI_ENV_THREADS, "-", 1, 1024, false, 0},
      {RTI_ENV_MEMORY_LIMIT, "123", 0, INT64_MAX, true, 123},
      {RTI_ENV_MEMORY_LIMIT, "0", 0, INT64_MAX, true, 0},
      {RTI_ENV_MEMORY_LIMIT, "4K", 0, INT64_MAX, true, 4096},
      {RTI_ENV_MEMORY_LIMIT, "4k", 0, INT64_MAX, true, 4096},
      {RTI_ENV_MEMORY_LIMIT, "512M", 0, INT64_MAX, true, INT64_C(512) << 20},
      {RTI_ENV_MEMORY_LIMIT, "3g", 0, INT64_MAX, true, INT64_C(3) << 30},
      {RTI_ENV_MEMORY_LIMIT, "9223372036854775807", 0, INT64_MAX, true, INT64_MAX},
      {RTI_ENV_MEMORY_LIMIT, "9223372036854775808", 0, INT64_MAX, false, 0},
      {RTI_ENV_MEMORY_LIMIT, "99999999999999999999999", 0, INT64_MAX, false, 0},
      {RTI_ENV_MEMORY_LIMIT, "8589934592G", 0, INT64_MAX, false, 0}, // 2^63
      {RTI_ENV_MEMORY_LIMIT, "8589934591G", 0, INT64_MAX, true, INT64_C(8589934591) << 30},
      {RTI_ENV_MEMORY_LIMIT, "4KB", 0, INT64_MAX, false, 0},
      {RTI_ENV_MEMORY_LIMIT, "4T", 0, INT64_MAX, false, 0},
      {RTI_ENV_MEMORY_LIMIT, "K", 0, INT64_MAX, false, 0},
      {RTI_ENV_MEMORY_LIMIT, "-4K", 0, INT64_MAX, false, 0},
  };
  (void)state;
  for (size_t i = 0; i < RTI_COUNT(cases); i++) {
    int64_t value = 77;
    setenv(names[cases[i].which], cases[i].text, 1);
    rti_error_set(cases[i].text);
    rt_status status = rti_env_i64(cases[i].which, cases[i].low, cases[i].high, &value);
    if (status != (cases[i].ok ? RT_OK : RT_E_ARGUMENT)) fail_msg("\"%s\" gave %s", cases[i].text, rt_status_name(status));
    assert_int_equal(value, cases[i].ok ? cases[i].value : 77);
    if (cases[i].ok) continue;
    assert_non_null(strstr(rt_last_error(), names[cases[i].which]));
    assert_non_null(strstr(rt_last_error(), cases[i].text));
  }
}

static void unset_numbers_change_nothing(void **state) {
  int64_t value = 42;
  (void)state;
  assert_int_equal(rti_env_i64(RTI_ENV_THREADS, 1, 8, &value), RT_OK);
  setenv("RT_THREADS", "", 1);
  assert_int_equal(rti_env_i64(RTI_ENV_THREADS, 1, 8, &value), RT_OK);
  assert_int_equal(value, 42);
}

static void backends_have_settings(void **state) {
  char longest[200];
  (void)state;
  memset(longest, 'a', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  unsetenv("RT_CPU_SIMD_ISA");
  assert_null(rti_env_config("cpu_simd", "isa"));
  setenv("RT_CPU_SIMD_ISA", "avx2", 1);
  assert_string_equal(rti_env_config("cpu_simd", "isa"), "avx2");
  assert_string_equal(rti_env_config("CPU-simd", "Isa"), "avx2");
  setenv("RT_CPU_SIMD_ISA", "", 1);
  assert_string_equal(rti_env_config("cpu_simd", "isa"), ""); // a setting may be empty on purpose
  assert_null(rti_env_config("cpu_simd", longest));
  assert_null(rti_env_config(longest, "isa"));
  setenv("RT_MEMORY_LIMIT", "4K", 1);
  assert_null(rti_env_config("memory", "limit")); // ours, whoever is called so
  unsetenv("RT_CPU_SIMD_ISA");
}

static void listing_shows_value_and_origin(void **state) {
  rt_env_row row;
  (void)state;
  setenv("RT_LAYERS", "count,validate", 1);
  for (int32_t i = 0; i < RTI_ENV_COUNT; i++) {
    assert_int_equal(rt_env_get(i, &row), RT_OK);
    assert_string_equal(row.name, names[i]);
    assert_true(strlen(row.help) > 10 && strlen(row.help) < sizeof row.help - 1);
    assert_string_equal(row.origin, i == RTI_ENV_LAYERS ? "environment" : "unset");
    if (i == RTI_ENV_LAYERS) assert_string_equal(row.value, "count,validate");
    if (i == RTI_ENV_FALLBACK) assert_string_equal(row.value, "silent");
    if (i == RTI_ENV_THREADS) assert_true(atoi(row.value) >= 1);
    if (i == RTI_ENV_BACKEND) assert_string_equal(row.value, "");
  }
  assert_int_equal(rt_env_get(RTI_ENV_COUNT, &row), RT_OK);
  assert_string_equal(row.name, "RT_<BACKEND>_<KEY>");
  assert_int_equal(rt_env_get(RTI_ENV_COUNT + 1, &row), RT_E_NOT_FOUND);
  assert_string_equal(row.name, "");
  assert_int_equal(rt_env_get(-1, &row), RT_E_NOT_FOUND);
  assert_int_equal(rt_env_get(0, NULL), RT_E_ARGUMENT);
}

static void long_values_are_cut_in_the_listing(void **state) {
  char text[2000];
  rt_env_row row;
  (void)state;
  memset(text, 'p', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  setenv("RT_BACKEND_PATH", text, 1);
  assert_int_equal(strlen(rti_env_text(RTI_ENV_BACKEND_PATH)), sizeof text - 1);
  assert_int_equal(rt_env_get(RTI_ENV_BACKEND_PATH, &row), RT_OK);
  assert_int_equal(strlen(row.value), sizeof row.value - 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(text_is_read, clear, clear),
      cmocka_unit_test_setup_teardown(numbers_are_parsed, clear, clear),
      cmocka_unit_test_setup_teardown(unset_numbers_change_nothing, clear, clear),
      cmocka_unit_test_setup_teardown(backends_have_settings, clear, clear),
      cmocka_unit_test_setup_teardown(listing_shows_value_and_origin, clear, clear),
      cmocka_unit_test_setup_teardown(long_values_are_cut_in_the_listing, clear, clear),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
