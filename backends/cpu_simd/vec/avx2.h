// SPDX-License-Identifier: BSD-3-Clause
// The vector layer on x86-64 with AVX2, FMA and F16C: 256-bit vectors. min and max of x86 give their second argument when one is NaN or
// both are zeros; the contract costs four instructions more.
#include <immintrin.h>

#if NUM_BITS == 64
#define V_X(name) name##_pd
#else
#define V_X(name) name##_ps
#endif

#define v_sqrt v_sqrt
V_INLINE vec v_sqrt(vec x) { return (vec)V_X(_mm256_sqrt)(x); }
#define v_fma v_fma
#define V_FAST_FMA
V_INLINE vec v_fma(vec a, vec b, vec c) { return (vec)V_X(_mm256_fmadd)(a, b, c); }
V_INLINE vec v_mad(vec a, vec b, vec c) { return (vec)V_X(_mm256_fmadd)(a, b, c); }

#define v_round v_round
V_INLINE vec v_round(vec x) { return (vec)V_X(_mm256_round)(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
V_INLINE vec v_trunc(vec x) { return (vec)V_X(_mm256_round)(x, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }
V_INLINE vec v_floor(vec x) { return (vec)V_X(_mm256_round)(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
V_INLINE vec v_ceil(vec x) { return (vec)V_X(_mm256_round)(x, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }

#define v_low v_low
V_INLINE vec v_low(vec a, vec b) { return (vec)V_X(_mm256_min)(a, b); }
V_INLINE vec v_high(vec a, vec b) { return (vec)V_X(_mm256_max)(a, b); }
// Both orders of the arguments differ only where zeros meet or a NaN does: then `or` keeps the sign of -0 and a NaN, `and` that of +0 ...
#define v_min v_min
V_INLINE vec v_min(vec a, vec b) {
  const vec low = (vec)V_X(_mm256_or)(V_X(_mm256_min)(a, b), V_X(_mm256_min)(b, a));
  return low;
}
// ... but `and` of a NaN and a number may be a number, so there all bits are set: a NaN.
V_INLINE vec v_max(vec a, vec b) {
  const vec high = (vec)V_X(_mm256_and)(V_X(_mm256_max)(a, b), V_X(_mm256_max)(b, a));
  return (vec)V_X(_mm256_or)(high, V_X(_mm256_cmp)(a, b, _CMP_UNORD_Q));
}

#define v_unordered v_unordered
V_INLINE ivec v_unordered(vec a, vec b) { return (ivec)V_X(_mm256_cmp)(a, b, _CMP_UNORD_Q); }

#define v_select v_select
V_INLINE vec v_select(ivec m, vec a, vec b) { return (vec)V_X(_mm256_blendv)(b, a, (vec)m); }
#define v_iselect v_iselect
V_INLINE ivec v_iselect(ivec m, ivec a, ivec b) { return (ivec)_mm256_blendv_epi8((__m256i)b, (__m256i)a, (__m256i)m); }
#define v_any v_any
V_INLINE bool v_any(ivec m) { return V_X(_mm256_movemask)((vec)m) != 0; }
V_INLINE bool v_all(ivec m) { return V_X(_mm256_movemask)((vec)m) == (1 << V_LANES) - 1; }

#if NUM_BITS == 32
#define v_to_int v_to_int
V_INLINE ivec v_to_int(vec x) { return (ivec)_mm256_cvtps_epi32(x); }
V_INLINE vec v_from_int(ivec i) { return (vec)_mm256_cvtepi32_ps((__m256i)i); }
#define v_saturate v_saturate
V_INLINE ivec v_saturate(vec x) { // what does not fit becomes the smallest integer: all bits of it are wrong above the largest one
  const ivec whole = (ivec)_mm256_cvttps_epi32(x);
  return (whole ^ (ivec)_mm256_cmp_ps(x, _mm256_set1_ps(0x1p31f), _CMP_GE_OQ)) & (ivec)_mm256_cmp_ps(x, x, _CMP_ORD_Q);
}
#endif

// ---- memory ---------------------------------------------------------------------------------------------------------------------------------
/// All bits in the first n lanes.
V_INLINE ivec avx2_first(int64_t n) {
#if NUM_BITS == 64
  return (ivec)_mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
#else
  return (ivec)_mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
#endif
}

#if V_LANE == V_IS_f32 || V_LANE == V_IS_f64
#define v_load_n v_load_n
V_INLINE vec v_load_n(const lane *p, int64_t n) { return (vec)V_X(_mm256_maskload)(p, (__m256i)avx2_first(n)); }
V_INLINE void v_store_n(lane *p, vec x, int64_t n) { V_X(_mm256_maskstore)(p, (__m256i)avx2_first(n), x); }
#define v_load_even v_load_even
V_INLINE vec v_load_even(const lane *p) { // lanes 0 and 2 of each half of the first vector, 1 and 3 of the second; then the quarters in order
#if NUM_BITS == 64
  return (vec)_mm256_permute4x64_pd(_mm256_shuffle_pd(_mm256_loadu_pd(p), _mm256_loadu_pd(p + 3), 10), 0xd8);
#else
  return (vec)_mm256_permute4x64_pd(_mm256_castps_pd(_mm256_shuffle_ps(_mm256_loadu_ps(p), _mm256_loadu_ps(p + 7), 0xd8)), 0xd8);
#endif
}
#else
V_INLINE __m128i avx2_half(vec x) {
#if V_LANE == V_IS_f16
  return _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT);
#else
  const __m256i bits = (__m256i)x, odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i near = _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), odd), 16);
  const __m256i quiet = _mm256_or_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(0x40));
  const __m256i wide = _mm256_blendv_epi8(near, quiet, (__m256i)_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
  return _mm_packus_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
#endif
}
V_INLINE vec avx2_wide(__m128i h) {
#if V_LANE == V_IS_f16
  return (vec)_mm256_cvtph_ps(h);
#else
  return (vec)_mm256_slli_epi32(_mm256_cvtepu16_epi32(h), 16);
#endif
}
#define v_widen v_widen
#define v_load v_load
V_INLINE vec v_load(const lane *p) { return avx2_wide(_mm_loadu_si128((const __m128i *)(const void *)p)); }
V_INLINE void v_store(lane *p, vec x) { _mm_storeu_si128((__m128i *)(void *)p, avx2_half(x)); }
V_INLINE vec v_load_n(const lane *p, int64_t n) {
  lane part[8] = {0};
  for (int64_t i = 0; i < n; i++) part[i] = p[i];
  return v_load(part);
}
V_INLINE void v_store_n(lane *p, vec x, int64_t n) {
  lane part[8];
  v_store(part, x);
  for (int64_t i = 0; i < n; i++) p[i] = part[i];
}
#endif

#define v_store_mask v_store_mask
V_INLINE void v_store_mask(uint8_t *p, ivec m) {
#if NUM_BITS == 64
  const __m128i low = _mm_packs_epi32(_mm256_castsi256_si128((__m256i)m), _mm256_extracti128_si256((__m256i)m, 1)); // 4 pairs of 16-bit lanes
  const __m128i bytes = _mm_and_si128(_mm_shuffle_epi8(low, _mm_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1)), _mm_set1_epi8(1));
  const int32_t four = _mm_cvtsi128_si32(bytes);
  memcpy(p, &four, sizeof four);
#else
  const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128((__m256i)m), _mm256_extracti128_si256((__m256i)m, 1));
  const __m128i bytes = _mm_and_si128(_mm_packs_epi16(words, words), _mm_set1_epi8(1));
  const int64_t eight = _mm_cvtsi128_si64(bytes);
  memcpy(p, &eight, sizeof eight);
#endif
}
V_INLINE void v_store_mask_n(uint8_t *p, ivec m, int64_t n) {
  uint8_t part[V_LANES];
  v_store_mask(part, m);
  for (int64_t i = 0; i < n; i++) p[i] = part[i];
}

#define v_sum v_sum
V_INLINE num v_sum(vec x) {
#if NUM_BITS == 64
  const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd(x, 1));
  return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
#else
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
#endif
}
