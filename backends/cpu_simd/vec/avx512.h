// SPDX-License-Identifier: BSD-3-Clause
// The vector layer on x86-64 with AVX-512 F, BW, DQ and VL: 512-bit vectors, a bit per lane as the mask. Tails are masked loads and stores,
// which touch nothing beyond their lanes.
#include <immintrin.h>

#if NUM_BITS == 64
#define V_X(name) name##_pd
#define V_I(name) name##_epi64
#define V_WHERE(name) name##_pd_mask
typedef __mmask8 vmask;
#else
#define V_X(name) name##_ps
#define V_I(name) name##_epi32
#define V_WHERE(name) name##_ps_mask
typedef __mmask16 vmask;
#endif

// ---- masks ----------------------------------------------------------------------------------------------------------------------------------
#define v_mask v_mask
#if NUM_BITS == 64
V_INLINE vmask v_mask(ivec i) { return _mm512_movepi64_mask((__m512i)i); }
#else
V_INLINE vmask v_mask(ivec i) { return _mm512_movepi32_mask((__m512i)i); }
#endif
V_INLINE ivec v_imask(vmask m) { return (ivec)V_I(_mm512_movm)(m); }
V_INLINE vmask v_and(vmask a, vmask b) { return (vmask)(a & b); }
V_INLINE vmask v_or(vmask a, vmask b) { return (vmask)(a | b); }
V_INLINE vmask v_xor(vmask a, vmask b) { return (vmask)(a ^ b); }
V_INLINE vmask v_not(vmask m) { return (vmask)~m; }
V_INLINE vmask v_lt(vec a, vec b) { return V_WHERE(_mm512_cmp)(a, b, _CMP_LT_OQ); }
V_INLINE vmask v_le(vec a, vec b) { return V_WHERE(_mm512_cmp)(a, b, _CMP_LE_OQ); }
V_INLINE vmask v_eq(vec a, vec b) { return V_WHERE(_mm512_cmp)(a, b, _CMP_EQ_OQ); }
V_INLINE vmask v_ne(vec a, vec b) { return V_WHERE(_mm512_cmp)(a, b, _CMP_NEQ_UQ); }
#define v_unordered v_unordered
V_INLINE vmask v_unordered(vec a, vec b) { return V_WHERE(_mm512_cmp)(a, b, _CMP_UNORD_Q); }
V_INLINE ivec v_iselect(vmask m, ivec a, ivec b) { return (ivec)V_I(_mm512_mask_blend)(m, (__m512i)b, (__m512i)a); }
V_INLINE vec v_select(vmask m, vec a, vec b) { return (vec)V_X(_mm512_mask_blend)(m, b, a); }
V_INLINE bool v_any(vmask m) { return m != 0; }
V_INLINE bool v_all(vmask m) { return m == (vmask)-1; }

/// The first n lanes, 0 < n <= 16.
V_INLINE __mmask16 avx512_first(int64_t n) { return (__mmask16)((1u << n) - 1); }

V_INLINE void v_store_mask_n(uint8_t *p, vmask m, int64_t n) { _mm_mask_storeu_epi8(p, avx512_first(n), _mm_maskz_set1_epi8(m, 1)); }
V_INLINE void v_store_mask(uint8_t *p, vmask m) { v_store_mask_n(p, m, V_LANES); }

// ---- arithmetic -----------------------------------------------------------------------------------------------------------------------------
#define v_sqrt v_sqrt
V_INLINE vec v_sqrt(vec x) { return (vec)V_X(_mm512_sqrt)(x); }
#define V_FAST_FMA
#define v_fma v_fma
#define V_FAST_FMA
V_INLINE vec v_fma(vec a, vec b, vec c) { return (vec)V_X(_mm512_fmadd)(a, b, c); }
V_INLINE vec v_mad(vec a, vec b, vec c) { return (vec)V_X(_mm512_fmadd)(a, b, c); }

#define v_round v_round
V_INLINE vec v_round(vec x) { return (vec)V_X(_mm512_roundscale)(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
V_INLINE vec v_trunc(vec x) { return (vec)V_X(_mm512_roundscale)(x, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }
V_INLINE vec v_floor(vec x) { return (vec)V_X(_mm512_roundscale)(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
V_INLINE vec v_ceil(vec x) { return (vec)V_X(_mm512_roundscale)(x, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }

#define v_low v_low
V_INLINE vec v_low(vec a, vec b) { return (vec)V_X(_mm512_min)(a, b); }
V_INLINE vec v_high(vec a, vec b) { return (vec)V_X(_mm512_max)(a, b); }
// range (4: minimum, 5: maximum, with the sign of the result of the comparison) orders -0 below +0; of a number and a NaN it gives the number.
#define v_min v_min
V_INLINE vec v_min(vec a, vec b) { return (vec)V_X(_mm512_mask_add)(V_X(_mm512_range)(a, b, 4), v_unordered(a, b), a, b); }
V_INLINE vec v_max(vec a, vec b) { return (vec)V_X(_mm512_mask_add)(V_X(_mm512_range)(a, b, 5), v_unordered(a, b), a, b); }

#define v_to_int v_to_int
#if NUM_BITS == 64
V_INLINE ivec v_to_int(vec x) { return (ivec)_mm512_cvtpd_epi64(x); }
V_INLINE vec v_from_int(ivec i) { return (vec)_mm512_cvtepi64_pd((__m512i)i); }
#else
V_INLINE ivec v_to_int(vec x) { return (ivec)_mm512_cvtps_epi32(x); }
V_INLINE vec v_from_int(ivec i) { return (vec)_mm512_cvtepi32_ps((__m512i)i); }
#endif

#define v_exponent v_exponent
V_INLINE vec v_exponent(vec x) { return (vec)V_X(_mm512_getexp)(x); }
V_INLINE vec v_mantissa(vec x) { return (vec)V_X(_mm512_getmant)(x, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_nan); }

#if NUM_BITS == 32
#define V_LOOKUP
#define v_lookup v_lookup
V_INLINE vec v_lookup(const num *t, ivec i) {
  vec low, high;
  memcpy(&low, t, sizeof low), memcpy(&high, t + V_LANES, sizeof high);
  return (vec)_mm512_permutex2var_ps((__m512)low, (__m512i)i, (__m512)high);
}
V_INLINE ivec v_ilookup(const inum *t, ivec i) {
  ivec low, high;
  memcpy(&low, t, sizeof low), memcpy(&high, t + V_LANES, sizeof high);
  return (ivec)_mm512_permutex2var_epi32((__m512i)low, (__m512i)i, (__m512i)high);
}
#endif

// ---- memory ---------------------------------------------------------------------------------------------------------------------------------
#if V_LANE == V_IS_f32 || V_LANE == V_IS_f64
#define v_load_n v_load_n
V_INLINE vec v_load_n(const lane *p, int64_t n) { return (vec)V_X(_mm512_maskz_loadu)((vmask)avx512_first(n), p); }
V_INLINE void v_store_n(lane *p, vec x, int64_t n) { V_X(_mm512_mask_storeu)(p, (vmask)avx512_first(n), x); }
#else
V_INLINE __m256i avx512_half(vec x) {
#if V_LANE == V_IS_f16
  return _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT);
#else
  const __m512i bits = (__m512i)x, odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i near = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
  const __m512i wide = _mm512_mask_or_epi32(near, v_ne(x, x), bits, _mm512_set1_epi32(0x400000)); // a NaN stays one, and quiet
  return _mm512_cvtepi32_epi16(_mm512_srli_epi32(wide, 16));
#endif
}
V_INLINE vec avx512_wide(__m256i h) {
#if V_LANE == V_IS_f16
  return (vec)_mm512_cvtph_ps(h);
#else
  return (vec)_mm512_slli_epi32(_mm512_cvtepu16_epi32(h), 16);
#endif
}
#define v_widen v_widen
#define v_load v_load
V_INLINE vec v_load(const lane *p) { return avx512_wide(_mm256_loadu_si256((const __m256i *)(const void *)p)); }
V_INLINE void v_store(lane *p, vec x) { _mm256_storeu_si256((__m256i *)(void *)p, avx512_half(x)); }
V_INLINE vec v_load_n(const lane *p, int64_t n) { return avx512_wide(_mm256_maskz_loadu_epi16(avx512_first(n), p)); }
V_INLINE void v_store_n(lane *p, vec x, int64_t n) { _mm256_mask_storeu_epi16(p, avx512_first(n), avx512_half(x)); }
#endif

// ---- all lanes to one: each step joins lane i with lane i + half; what it leaves in the other lanes is not used ---------------------------
#define v_sum v_sum
#if NUM_BITS == 64
#define V_JOIN_512(step)                                          \
  x = step(x, (vec)_mm512_shuffle_f64x2(x, x, 0x4e));             \
  x = step(x, (vec)_mm512_shuffle_f64x2(x, x, 0xb1));             \
  x = step(x, (vec)_mm512_permute_pd(x, 0x55));
#else
#define V_JOIN_512(step)                                          \
  x = step(x, (vec)_mm512_shuffle_f32x4(x, x, 0x4e));             \
  x = step(x, (vec)_mm512_shuffle_f32x4(x, x, 0xb1));             \
  x = step(x, (vec)_mm512_permute_ps(x, 0x4e));                   \
  x = step(x, (vec)_mm512_permute_ps(x, 0xb1));
#endif
V_INLINE num v_sum(vec x) {
  V_JOIN_512(V_X(_mm512_add))
  return x[0];
}
#define v_lowest_of v_lowest_of
V_INLINE num v_lowest_of(vec x) {
  V_JOIN_512(v_min)
  return x[0];
}
V_INLINE num v_highest_of(vec x) {
  V_JOIN_512(v_max)
  return x[0];
}
