// SPDX-License-Identifier: BSD-3-Clause
// Operations that move values: copy and fill, cast, arange, where. Elements are moved by their size.
#include "ref.h"

#include <math.h>

// ---- copy, full -------------------------------------------------------------------------------------------------------------------------
typedef struct uint128 { uint64_t word[2]; } uint128_t; // aligned to its halves, as a complex number is
#define MOVES(bits)                                                                                                                        \
  static void copy_##bits(int64_t n, void *const *at, const int64_t *step) {                                                               \
    const uint##bits##_t *x = at[0];                                                                                                       \
    uint##bits##_t *y = at[1];                                                                                                             \
    for (int64_t i = 0, sx = step[0], sy = step[1]; i < n; i++) y[i * sy] = x[i * sx];                                                     \
  }                                                                                                                                        \
  static void where_##bits(int64_t n, void *const *at, const int64_t *step) {                                                              \
    const uint8_t *condition = at[0];                                                                                                      \
    const uint##bits##_t *a = at[1], *b = at[2];                                                                                           \
    uint##bits##_t *y = at[3];                                                                                                             \
    for (int64_t i = 0; i < n; i++) y[i * step[3]] = condition[i * step[0]] ? a[i * step[1]] : b[i * step[2]];                             \
  }
MOVES(8)
MOVES(16)
MOVES(32)
MOVES(64)
MOVES(128)

static ref_map copy_of(uint16_t dtype) {
  switch (rtb_dtype_bytes(dtype)) {
  case 1: return copy_8;
  case 2: return copy_16;
  case 4: return copy_32;
  case 8: return copy_64;
  default: return copy_128;
  }
}

int32_t rti_ref_copy(void *host, void *stream, const rtb_op *op) {
  (void)host, (void)stream;
  const uint32_t bytes = rtb_dtype_bytes(op->args[1]->dtype);
  const ref_map copy = copy_of(op->args[1]->dtype);
  for (ref_walk w = rti_ref_walk_start(op); !w.done; rti_ref_walk_next(&w)) {
    if (w.step[0] == 1 && w.step[1] == 1) memmove(w.at[1], w.at[0], (size_t)w.n * bytes); // memmove: out may be x itself
    else copy(w.n, w.at, w.step);
  }
  return RTB_OK;
}

int32_t rti_ref_where(void *host, void *stream, const rtb_op *op) {
  (void)host, (void)stream;
  const uint32_t bytes = rtb_dtype_bytes(op->args[3]->dtype);
  const ref_map where = bytes == 1 ? where_8 : bytes == 2 ? where_16 : bytes == 4 ? where_32 : bytes == 8 ? where_64 : where_128;
  for (ref_walk w = rti_ref_walk_start(op); !w.done; rti_ref_walk_next(&w)) where(w.n, w.at, w.step);
  return RTB_OK;
}

// ---- cast -------------------------------------------------------------------------------------------------------------------------------
int32_t rti_ref_cast(void *host, void *stream, const rtb_op *op) {
  (void)host, (void)stream;
  const rtb_view *x = op->args[0], *out = op->args[1];
  const ref_get get = rti_ref_get_of(x->dtype);
  const ref_put put = rti_ref_put_of(out->dtype, rti_ref_wide_of(x->dtype));
  const int64_t x_bytes = rtb_dtype_bytes(x->dtype), out_bytes = rtb_dtype_bytes(out->dtype);
  ref_wide_row row;
  for (ref_walk w = rti_ref_walk_start(op); !w.done; rti_ref_walk_next(&w)) {
    for (int64_t i = 0; i < w.n; i += REF_CHUNK) {
      const int64_t n = w.n - i < REF_CHUNK ? w.n - i : REF_CHUNK;
      get(n, (const char *)w.at[0] + i * w.step[0] * x_bytes, w.step[0], &row);
      put(n, &row, (char *)w.at[1] + i * w.step[1] * out_bytes, w.step[1]);
    }
  }
  return RTB_OK;
}

// ---- arange -----------------------------------------------------------------------------------------------------------------------------
int32_t rti_ref_arange(void *host, void *stream, const rtb_op *op) {
  (void)host, (void)stream;
  const rtb_view *out = op->args[2];
  const bool is_float = op->args[0]->dtype == RTB_F64;
  const ref_put put = rti_ref_put_of(out->dtype, is_float ? REF_F64 : REF_U64); // wrapping makes i64 and u64 one
  double start = 0, step = 0;
  uint64_t start_bits = 0, step_bits = 0;
  memcpy(is_float ? (void *)&start : &start_bits, op->args[0]->data, 8);
  memcpy(is_float ? (void *)&step : &step_bits, op->args[1]->data, 8);
  const rtb_op only_out = {.nout = 1, .args = op->args + 2};
  uint64_t index = 0;
  ref_wide_row row;
  for (ref_walk w = rti_ref_walk_start(&only_out); !w.done; rti_ref_walk_next(&w)) {
    for (int64_t i = 0; i < w.n; i += REF_CHUNK) {
      const int64_t n = w.n - i < REF_CHUNK ? w.n - i : REF_CHUNK;
      for (int64_t k = 0; k < n; k++, index++) {
        if (is_float) row.f64[k] = fma((double)index, step, start);
        else row.u64[k] = start_bits + index * step_bits;
      }
      put(n, &row, (char *)w.at[0] + i * w.step[0] * (int64_t)rtb_dtype_bytes(out->dtype), w.step[0]);
    }
  }
  return RTB_OK;
}
