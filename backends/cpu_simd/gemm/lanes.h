// SPDX-License-Identifier: BSD-3-Clause
// The vector of one lane type on the instruction set that this file is compiled for, and the few things that a product of matrices does
// with it. Included once. The build defines SIMD_LANE and SIMD_ISA.
#ifndef CPU_SIMD_GEMM_LANES_H
#define CPU_SIMD_GEMM_LANES_H

#include <stdint.h>
#include <string.h>
#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#define PASTE3(a, b, c) a##b##c
#define PASTE(a, b, c) PASTE3(a, b, c)
#define TYPE_f32 float
#define TYPE_f64 double
#define TYPE_u8 uint8_t
#define TYPE_u16 uint16_t
#define TYPE_u32 uint32_t
#define TYPE_u64 uint64_t
#define FLOAT_f32 4
#define FLOAT_f64 8
#define FLOAT_u8 0
#define FLOAT_u16 0
#define FLOAT_u32 0
#define FLOAT_u64 0
#define LANE_FLOAT PASTE(FLOAT_, SIMD_LANE, ) // bytes of a float, 0 for an integer (unsigned: it wraps, and its bits are those of a signed one)

#define INLINE static inline __attribute__((always_inline))
// Loops with constant bounds over the registers of a tile must vanish: only then are its sums kept in registers.
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#if defined(__AVX512F__)
#define VEC_BYTES 64
#elif defined(__AVX2__)
#define VEC_BYTES 32
#else
#define VEC_BYTES 16
#endif
// Tiles of TILE_ROWS x TILE_VECS vectors: as many sums as leave registers for one row of B and one element of A.
#if LANE_FLOAT && defined(__AVX512F__)
#define TILE_ROWS 12
#define TILE_VECS 2
#elif LANE_FLOAT && defined(__AVX2__)
#define TILE_ROWS 6
#define TILE_VECS 2
#elif LANE_FLOAT && defined(__aarch64__)
#define TILE_ROWS 6
#define TILE_VECS 3
#else
#define TILE_ROWS 4
#define TILE_VECS 2
#endif

typedef PASTE(TYPE_, SIMD_LANE, ) lane;
typedef lane vec __attribute__((vector_size(VEC_BYTES)));
#define VEC_LANES ((int64_t)(VEC_BYTES / sizeof(lane)))
#define TILE_COLUMNS (VEC_LANES * TILE_VECS)

INLINE vec v_load(const lane *p) {
  vec v;
  memcpy(&v, p, sizeof v);
  return v;
}
INLINE void v_store(lane *p, vec v) { memcpy(p, &v, sizeof v); }

INLINE vec v_set1(lane x) {
#if defined(__AVX512F__) && LANE_FLOAT == 4
  return (vec)_mm512_set1_ps(x);
#elif defined(__AVX512F__) && LANE_FLOAT == 8
  return (vec)_mm512_set1_pd(x);
#elif defined(__AVX2__) && LANE_FLOAT == 4
  return (vec)_mm256_set1_ps(x);
#elif defined(__AVX2__) && LANE_FLOAT == 8
  return (vec)_mm256_set1_pd(x);
#else
  return x - (vec){0}; // x - 0 is x, also for -0, NaN and infinities
#endif
}

/// a b + c; rounded once where the instruction set can, twice on the baseline of x86.
INLINE vec v_fma(vec a, vec b, vec c) {
#if defined(__AVX512F__) && LANE_FLOAT == 4
  return (vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX512F__) && LANE_FLOAT == 8
  return (vec)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif defined(__FMA__) && LANE_FLOAT == 4
  return (vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__FMA__) && LANE_FLOAT == 8
  return (vec)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#elif defined(__aarch64__) && LANE_FLOAT == 4
  return (vec)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#elif defined(__aarch64__) && LANE_FLOAT == 8
  return (vec)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
#else
  return a * b + c;
#endif
}

/// The first n lanes (n < VEC_LANES); no byte past them is touched. The other lanes of a load are 0.
INLINE void v_store_n(lane *p, vec v, int64_t n) {
#if defined(__AVX512F__) && LANE_FLOAT == 4
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
#elif defined(__AVX512F__) && LANE_FLOAT == 8
  _mm512_mask_storeu_pd(p, (__mmask8)((1u << n) - 1), (__m512d)v);
#else
  const char *from = (const char *)&v;
  char *to = (char *)p;
  const uint64_t bytes = (uint64_t)n * sizeof(lane);
#define PIECE(size) if (bytes & size) { memcpy(to, from, size); to += size, from += size; }
#if VEC_BYTES > 32
  PIECE(32)
#endif
#if VEC_BYTES > 16
  PIECE(16)
#endif
  PIECE(8) PIECE(4) PIECE(2) PIECE(1)
#undef PIECE
#endif
}
INLINE vec v_load_n(const lane *p, int64_t n) {
#if defined(__AVX512F__) && LANE_FLOAT == 4
  return (vec)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
#elif defined(__AVX512F__) && LANE_FLOAT == 8
  return (vec)_mm512_maskz_loadu_pd((__mmask8)((1u << n) - 1), p);
#elif defined(__AVX2__) && LANE_FLOAT == 4
  return (vec)_mm256_maskload_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)));
#elif defined(__AVX2__) && LANE_FLOAT == 8
  return (vec)_mm256_maskload_pd(p, _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3)));
#else
  vec v = {0};
  for (int64_t i = 0; i < n; i++) v[i] = p[i];
  return v;
#endif
}

#endif
