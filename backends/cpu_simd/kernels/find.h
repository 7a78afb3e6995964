// SPDX-License-Identifier: BSD-3-Clause
// `any` and `all` as folds, over what each family of lanes says of its own elements: find_rows and find_columns set found[j] when row (column) j has an
// element that is not 0 (is_any), or one that is.
#ifndef CPU_SIMD_FIND_H
#define CPU_SIMD_FIND_H

static void find_start(int64_t m, void *state) { memset(state, 0, (size_t)m); }
static void find_join(int64_t m, const void *later, void *state) {
  for (int64_t j = 0; j < m; j++) ((uint8_t *)state)[j] |= ((const uint8_t *)later)[j];
}

#define FIND(name, is_any)                                                                                                                 \
  static void name##_rows(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state) {                                 \
    (void)first;                                                                                                                           \
    find_rows(is_any, m, n, x, step, state);                                                                                               \
  }                                                                                                                                        \
  static void name##_columns(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state) {                              \
    (void)first;                                                                                                                           \
    find_columns(is_any, m, n, x, step, state);                                                                                            \
  }                                                                                                                                        \
  static void name##_finish(int64_t m, const void *state, int64_t n, void *out, int64_t out_step) {                                        \
    (void)n;                                                                                                                               \
    for (int64_t j = 0; j < m; j++) ((uint8_t *)out)[j * out_step] = ((const uint8_t *)state)[j] == (is_any);                              \
  }
FIND(any, true)
FIND(all, false)

#endif
