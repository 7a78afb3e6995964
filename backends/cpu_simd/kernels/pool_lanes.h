// SPDX-License-Identifier: BSD-3-Clause
// What the pooling kernels compute with: the vector layer for floats; for integers vectors of the compiler's, with the few functions of the
// layer that a largest element needs.
#ifndef CPU_SIMD_POOL_LANES_H
#define CPU_SIMD_POOL_LANES_H

// 1 for the integers among lanes; any other name is 0 for the preprocessor.
#define INTEGER_i8 1
#define INTEGER_i16 1
#define INTEGER_i32 1
#define INTEGER_i64 1
#define INTEGER_u8 1
#define INTEGER_u16 1
#define INTEGER_u32 1
#define INTEGER_u64 1
#define POOL_PASTE2(a, b) a##b
#define POOL_PASTE(a, b) POOL_PASTE2(a, b)
#define POOL_INTEGER POOL_PASTE(INTEGER_, SIMD_LANE)

#if !POOL_INTEGER
#include "kernel.h"
#include "pairs.h"

#include <math.h>

#define LOWEST (-(num)INFINITY)
V_INLINE bool is_larger(num a, num b) { return a != a ? b == b : a > b || (a == b && signbit(b) && !signbit(a)); } // NaN wins, +0 over -0

#else
#include <string.h>

#include "../simd.h"
#include "name.h"

#define V_INLINE static inline __attribute__((always_inline, unused))
#if defined(__AVX512BW__)
#define V_BYTES 64
#elif defined(__AVX2__)
#define V_BYTES 32
#else
#define V_BYTES 16
#endif
typedef int8_t type_i8;
typedef int16_t type_i16;
typedef int32_t type_i32;
typedef int64_t type_i64;
typedef uint8_t type_u8;
typedef uint16_t type_u16;
typedef uint32_t type_u32;
typedef uint64_t type_u64;
typedef POOL_PASTE(type_, SIMD_LANE) lane, num;
typedef lane vec __attribute__((vector_size(V_BYTES)));
#define V_LANES ((int64_t)(V_BYTES / sizeof(lane)))
#define LOWEST ((lane)((lane)-1 > 0 ? 0 : (uint64_t)1 << (8 * sizeof(lane) - 1)))

V_INLINE bool is_larger(num a, num b) { return a > b; }
V_INLINE vec v_max(vec a, vec b) {
  const vec m = (vec)(a > b);
  return (a & m) | (b & ~m);
}
/// Every other element of two vectors that follow one another (pairs.h), in order.
V_INLINE vec v_even_mixed(vec a, vec b) {
  vec even;
  for (int64_t i = 0; i < V_LANES; i++) even[i] = 2 * i < V_LANES ? a[2 * i] : b[2 * i - V_LANES];
  return even;
}
V_INLINE vec v_odd_mixed(vec a, vec b) {
  vec odd;
  for (int64_t i = 0; i < V_LANES; i++) odd[i] = 2 * i < V_LANES ? a[2 * i + 1] : b[2 * i + 1 - V_LANES];
  return odd;
}
V_INLINE vec v_unmix(vec x) { return x; }
V_INLINE vec v_load_n(const lane *p, int64_t n) {
  vec x = {0};
  memcpy(&x, p, (size_t)n * sizeof(lane));
  return x;
}
V_INLINE vec v_load(const lane *p) {
  vec x;
  memcpy(&x, p, sizeof x);
  return x;
}
V_INLINE void v_store_n(lane *p, vec x, int64_t n) { memcpy(p, &x, (size_t)n * sizeof(lane)); }
V_INLINE void v_store(lane *p, vec x) { memcpy(p, &x, sizeof x); }
#endif

// Numbers in scratch memory.
V_INLINE vec v_take(const num *p) {
  vec x;
  memcpy(&x, p, sizeof x);
  return x;
}
V_INLINE void v_put(num *p, vec x) { memcpy(p, &x, sizeof x); }

#endif
