// SPDX-License-Identifier: BSD-3-Clause
// The AVX-512 intrinsics that cpu_simd uses, in plain C and AVX2, as Intel's manual defines them: kernels compiled with this header in front of them
// run on every machine with AVX2, so that the logic of the vector layer and of tiles of 64 bytes is tested there. instructions.c compares each of them
// with the instruction; an intrinsic that is not here does not compile.
//
// Where AVX2 has the instruction at half the width, the model is two of them: rounding, NaN and zeros are then the processor's. Masks, and what AVX2
// lacks, are loops over lanes. Lanes that the manual leaves undefined have all bits set.
#ifndef TRIVET_MODELLED_AVX512_H
#define TRIVET_MODELLED_AVX512_H

#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define MODEL static inline __attribute__((always_inline, unused))

typedef union model {
  __m512 ps;
  __m512d pd;
  __m512i si;
  __m256 half_ps[2];
  __m256d half_pd[2];
  __m256i half_si[2];
  __m128 quarter_ps[4];
  __m128i quarter[4];
  float f32[16];
  double f64[8];
  uint8_t u8[64];
  int32_t i32[16];
  int64_t i64[8];
} model;

/// The result of type `field`: half h of it is ..., or lane i of n.
#define MODEL_HALVES(field, ...)                                \
  model r;                                                      \
  for (int h = 0; h < 2; h++) r.half_##field[h] = __VA_ARGS__;  \
  return r.field
#define MODEL_LANES(n, field, lane, ...)                        \
  model r;                                                      \
  for (int i = 0; i < n; i++) r.lane[i] = __VA_ARGS__;          \
  return r.field
#define MODEL_COMPARE(s, n, how) \
  case how: return (uint32_t)_mm256_movemask_##s(_mm256_cmp_##s(a.half_##s[0], b.half_##s[0], how)) | \
      (uint32_t)_mm256_movemask_##s(_mm256_cmp_##s(a.half_##s[1], b.half_##s[1], how)) << (n / 2);
#define MODEL_ROUND(s, how) case how: r.half_##s[h] = _mm256_round_##s(a.half_##s[h], how); break;

// Floats: the suffix of intrinsics, the vector, its mask and lanes; number and integer of a lane, the fields of the union for both, the bit of quiet NaN.
#define MODEL_FLOATS(s, vector, mask, n, number, f, integer, k, quiet)                                                                       \
  MODEL vector model_set1_##s(number x) { MODEL_HALVES(s, _mm256_set1_##s(x)); }                                                             \
  MODEL vector model_sqrt_##s(vector x) {                                                                                                    \
    const model a = {.s = x};                                                                                                                \
    MODEL_HALVES(s, _mm256_sqrt_##s(a.half_##s[h]));                                                                                         \
  }                                                                                                                                          \
  MODEL vector model_add_##s(vector x, vector y) {                                                                                           \
    const model a = {.s = x}, b = {.s = y};                                                                                                  \
    MODEL_HALVES(s, _mm256_add_##s(a.half_##s[h], b.half_##s[h]));                                                                           \
  }                                                                                                                                          \
  MODEL vector model_min_##s(vector x, vector y) {                                                                                           \
    const model a = {.s = x}, b = {.s = y};                                                                                                  \
    MODEL_HALVES(s, _mm256_min_##s(a.half_##s[h], b.half_##s[h]));                                                                           \
  }                                                                                                                                          \
  MODEL vector model_max_##s(vector x, vector y) {                                                                                           \
    const model a = {.s = x}, b = {.s = y};                                                                                                  \
    MODEL_HALVES(s, _mm256_max_##s(a.half_##s[h], b.half_##s[h]));                                                                           \
  }                                                                                                                                          \
  MODEL vector model_fmadd_##s(vector x, vector y, vector z) {                                                                               \
    const model a = {.s = x}, b = {.s = y}, c = {.s = z};                                                                                    \
    MODEL_HALVES(s, _mm256_fmadd_##s(a.half_##s[h], b.half_##s[h], c.half_##s[h]));                                                          \
  }                                                                                                                                          \
  MODEL vector model_roundscale_##s(vector x, int how) {                                                                                     \
    const model a = {.s = x};                                                                                                                \
    model r;                                                                                                                                 \
    for (int h = 0; h < 2; h++) switch (how) {                                                                                               \
      MODEL_ROUND(s, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)                                                                          \
      MODEL_ROUND(s, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC)                                                                              \
      MODEL_ROUND(s, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC)                                                                              \
      MODEL_ROUND(s, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC)                                                                                 \
      default: __builtin_trap();                                                                                                             \
    }                                                                                                                                        \
    return r.s;                                                                                                                              \
  }                                                                                                                                          \
  MODEL uint32_t model_compare_##s(vector x, vector y, int how) {                                                                            \
    const model a = {.s = x}, b = {.s = y};                                                                                                  \
    switch (how) {                                                                                                                           \
      MODEL_COMPARE(s, n, _CMP_LT_OQ)                                                                                                        \
      MODEL_COMPARE(s, n, _CMP_LE_OQ)                                                                                                        \
      MODEL_COMPARE(s, n, _CMP_EQ_OQ)                                                                                                        \
      MODEL_COMPARE(s, n, _CMP_NEQ_UQ)                                                                                                       \
      MODEL_COMPARE(s, n, _CMP_UNORD_Q)                                                                                                      \
      default: __builtin_trap();                                                                                                             \
    }                                                                                                                                        \
  }                                                                                                                                          \
  MODEL vector model_blend_##s(mask m, vector x, vector y) { /* a bit of the mask chooses the second */                                      \
    const model a = {.s = x}, b = {.s = y};                                                                                                  \
    MODEL_LANES(n, s, k, m >> i & 1 ? b.k[i] : a.k[i]);                                                                                      \
  }                                                                                                                                          \
  MODEL vector model_mask_add_##s(vector from, mask m, vector x, vector y) { return model_blend_##s(m, from, model_add_##s(x, y)); }         \
  /* 4 gives the smaller one, 5 the larger, with the sign of what was chosen. A signalling NaN becomes quiet and wins, a quiet one loses */  \
  /* to a number; -0 is the smaller zero. */                                                                                                 \
  MODEL vector model_range_##s(vector x, vector y, int how) {                                                                                \
    const model a = {.s = x}, b = {.s = y};                                                                                                  \
    model r;                                                                                                                                 \
    if (how != 4 && how != 5) __builtin_trap();                                                                                              \
    for (int i = 0; i < n; i++) {                                                                                                            \
      const number p = a.f[i], q = b.f[i];                                                                                                   \
      const integer pi = a.k[i], qi = b.k[i];                                                                                                \
      const int first = p == q ? (pi < 0) == (how == 4) : (p < q) == (how == 4);                                                             \
      r.k[i] = p != p && !(pi & quiet) ? pi | quiet : q != q && !(qi & quiet) ? qi | quiet : p != p ? (q != q ? pi : qi) : q != q ? pi       \
        : first ? pi : qi;                                                                                                                   \
    }                                                                                                                                        \
    return r.s;                                                                                                                              \
  }                                                                                                                                          \
  /* Memory of lanes that are masked out is not touched. */                                                                                  \
  MODEL vector model_maskz_loadu_##s(mask m, const void *p) {                                                                                \
    model r = {.si = {0}};                                                                                                                   \
    for (int i = 0; i < n; i++) if (m >> i & 1) memcpy(&r.f[i], (const char *)p + (size_t)i * sizeof(number), sizeof(number));               \
    return r.s;                                                                                                                              \
  }                                                                                                                                          \
  MODEL void model_mask_storeu_##s(void *p, mask m, vector x) {                                                                              \
    const model a = {.s = x};                                                                                                                \
    for (int i = 0; i < n; i++) if (m >> i & 1) memcpy((char *)p + (size_t)i * sizeof(number), &a.f[i], sizeof(number));                     \
  }
MODEL_FLOATS(ps, __m512, __mmask16, 16, float, f32, int32_t, i32, 0x400000)
MODEL_FLOATS(pd, __m512d, __mmask8, 8, double, f64, int64_t, i64, 0x8000000000000)

// ---- integers: each half by AVX2 -------------------------------------------------------------------------------------------------------------
#define MODEL_INT1(name, ...) MODEL __m512i model_##name(__m512i x) { const model a = {.si = x}; MODEL_HALVES(si, __VA_ARGS__); }
#define MODEL_INT2(name) \
  MODEL __m512i model_##name(__m512i x, __m512i y) { const model a = {.si = x}, b = {.si = y}; MODEL_HALVES(si, _mm256_##name(a.half_si[h], b.half_si[h])); }
#define MODEL_SHIFT(name) MODEL __m512i model_##name(__m512i x, unsigned n) { const model a = {.si = x}; MODEL_HALVES(si, _mm256_##name(a.half_si[h], (int)n)); }
MODEL_INT2(add_epi32)
MODEL_INT2(unpacklo_epi8)
MODEL_INT2(unpacklo_epi16)
MODEL_INT2(unpacklo_epi32)
MODEL_INT2(unpacklo_epi64)
MODEL_INT2(unpackhi_epi8)
MODEL_INT2(unpackhi_epi16)
MODEL_INT2(unpackhi_epi32)
MODEL_INT2(unpackhi_epi64)
MODEL_SHIFT(srli_epi32)
MODEL_SHIFT(slli_epi32)
MODEL __m512i model_set1_epi32(int x) { MODEL_HALVES(si, _mm256_set1_epi32(x)); }
MODEL __m512i model_and_si512(__m512i x, __m512i y) { const model a = {.si = x}, b = {.si = y}; MODEL_LANES(8, si, i64, a.i64[i] & b.i64[i]); }
MODEL __m512i model_mask_or_epi32(__m512i from, __mmask16 m, __m512i x, __m512i y) {
  const model a = {.si = x}, b = {.si = y}, c = {.si = from};
  MODEL_LANES(16, si, i32, m >> i & 1 ? a.i32[i] | b.i32[i] : c.i32[i]);
}
MODEL __m512i model_mask_blend_epi32(__mmask16 m, __m512i x, __m512i y) {
  const model a = {.si = x}, b = {.si = y};
  MODEL_LANES(16, si, i32, m >> i & 1 ? b.i32[i] : a.i32[i]);
}
MODEL __m512i model_mask_blend_epi64(__mmask8 m, __m512i x, __m512i y) {
  const model a = {.si = x}, b = {.si = y};
  MODEL_LANES(8, si, i64, m >> i & 1 ? b.i64[i] : a.i64[i]);
}

// ---- masks -----------------------------------------------------------------------------------------------------------------------------------
MODEL __mmask16 model_movepi32_mask(__m512i x) { // the sign bits
  const model a = {.si = x};
  return (__mmask16)(_mm256_movemask_ps(a.half_ps[0]) | _mm256_movemask_ps(a.half_ps[1]) << 8);
}
MODEL __mmask8 model_movepi64_mask(__m512i x) {
  const model a = {.si = x};
  return (__mmask8)(_mm256_movemask_pd(a.half_pd[0]) | _mm256_movemask_pd(a.half_pd[1]) << 4);
}
MODEL __m512i model_movm_epi32(__mmask16 m) { MODEL_LANES(16, si, i32, -(m >> i & 1)); }
MODEL __m512i model_movm_epi64(__mmask8 m) { MODEL_LANES(8, si, i64, -(m >> i & 1)); }

// ---- conversions; out of range gives the smallest integer ------------------------------------------------------------------------------------
MODEL __m512i model_cvtps_epi32(__m512 x) {
  const model a = {.ps = x};
  MODEL_HALVES(si, _mm256_cvtps_epi32(a.half_ps[h]));
}
MODEL __m512 model_cvtepi32_ps(__m512i x) {
  const model a = {.si = x};
  MODEL_HALVES(ps, _mm256_cvtepi32_ps(a.half_si[h]));
}
MODEL __m512i model_cvtpd_epi64(__m512d x) { // to nearest even
  const model a = {.pd = x};
  MODEL_LANES(8, si, i64, _mm_cvtsd_si64(_mm_set_sd(a.f64[i])));
}
MODEL __m512d model_cvtepi64_pd(__m512i x) {
  const model a = {.si = x};
  MODEL_LANES(8, pd, f64, (double)a.i64[i]);
}
MODEL __m512 model_cvtph_ps(__m256i x) {
  const __m128i half[2] = {_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1)};
  MODEL_HALVES(ps, _mm256_cvtph_ps(half[h]));
}
MODEL __m256i model_cvtps_ph(__m512 x) {
  const model a = {.ps = x};
  return _mm256_set_m128i(_mm256_cvtps_ph(a.half_ps[1], _MM_FROUND_TO_NEAREST_INT), _mm256_cvtps_ph(a.half_ps[0], _MM_FROUND_TO_NEAREST_INT));
}
MODEL __m512i model_cvtepu16_epi32(__m256i x) {
  const __m128i half[2] = {_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1)};
  MODEL_HALVES(si, _mm256_cvtepu16_epi32(half[h]));
}
/// The lower bytes of each of n lanes: `to` of `from` bytes.
MODEL model model_truncate(__m512i x, int n, int from, int to) {
  const model a = {.si = x};
  model r = {.si = {0}};
  for (int i = 0; i < n; i++) for (int k = 0; k < to; k++) r.u8[i * to + k] = a.u8[i * from + k];
  return r;
}
MODEL __m256i model_cvtepi32_epi16(__m512i x) { return model_truncate(x, 16, 4, 2).half_si[0]; }
MODEL __m256i model_cvtepi16_epi8(__m512i x) { return model_truncate(x, 32, 2, 1).half_si[0]; }
MODEL __m128i model_cvtepi32_epi8(__m512i x) { return model_truncate(x, 16, 4, 1).quarter[0]; }
MODEL __m128i model_cvtepi64_epi8(__m512i x) { return model_truncate(x, 8, 8, 1).quarter[0]; } // the upper half is 0

// ---- places ----------------------------------------------------------------------------------------------------------------------------------
MODEL model model_shuffle_quarters(__m512i x, __m512i y, int how) { // two quarters of the first, then two of the second
  const model a = {.si = x}, b = {.si = y};
  return (model){.quarter = {a.quarter[how & 3], a.quarter[how >> 2 & 3], b.quarter[how >> 4 & 3], b.quarter[how >> 6 & 3]}};
}
MODEL __m512 model_shuffle_f32x4(__m512 x, __m512 y, int how) { return model_shuffle_quarters((__m512i)x, (__m512i)y, how).ps; }
MODEL __m512d model_shuffle_f64x2(__m512d x, __m512d y, int how) { return model_shuffle_quarters((__m512i)x, (__m512i)y, how).pd; }
MODEL __m512 model_permute_ps(__m512 x, int how) { // the same in each quarter
  const model a = {.ps = x};
  MODEL_LANES(16, ps, f32, a.f32[(i & ~3) + (how >> 2 * (i & 3) & 3)]);
}
MODEL __m512d model_permute_pd(__m512d x, int how) { // a bit for each lane
  const model a = {.pd = x};
  MODEL_LANES(8, pd, f64, a.f64[(i & ~1) + (how >> i & 1)]);
}
MODEL __m512i model_castsi128_si512(__m128i x) {
  const __m128i undefined = _mm_set1_epi32(-1);
  return (model){.quarter = {x, undefined, undefined, undefined}}.si;
}
MODEL __m512i model_inserti32x4(__m512i x, __m128i y, int at) {
  model r = {.si = x};
  r.quarter[at & 3] = y;
  return r.si;
}

/// Exponents and significands of numbers, subnormal ones included.
MODEL __m512 model_getexp_ps(__m512 x) {
  const model a = {.ps = x};
  MODEL_LANES(16, ps, f32, isnan(a.f32[i]) ? a.f32[i] + a.f32[i] : logbf(a.f32[i]));
}
MODEL __m512d model_getexp_pd(__m512d x) {
  const model a = {.pd = x};
  MODEL_LANES(8, pd, f64, isnan(a.f64[i]) ? a.f64[i] + a.f64[i] : logb(a.f64[i]));
}
MODEL __m512 model_getmant_ps(__m512 x, int interval, int sign) {
  if (interval != _MM_MANT_NORM_1_2 || sign != _MM_MANT_SIGN_nan) __builtin_trap();
  const model a = {.ps = x};
  MODEL_LANES(16, ps, f32, isnan(a.f32[i]) ? a.f32[i] + a.f32[i] : a.f32[i] == 0 ? copysignf(1, a.f32[i]) : a.f32[i] < 0 ? -NAN :
                           isinf(a.f32[i]) ? 1 : scalbnf(a.f32[i], -ilogbf(a.f32[i])));
}
MODEL __m512d model_getmant_pd(__m512d x, int interval, int sign) {
  if (interval != _MM_MANT_NORM_1_2 || sign != _MM_MANT_SIGN_nan) __builtin_trap();
  const model a = {.pd = x};
  MODEL_LANES(8, pd, f64, isnan(a.f64[i]) ? a.f64[i] + a.f64[i] : a.f64[i] == 0 ? copysign(1, a.f64[i]) : a.f64[i] < 0 ? -(double)NAN :
                          isinf(a.f64[i]) ? 1 : scalbn(a.f64[i], -ilogb(a.f64[i])));
}
MODEL __m512i model_permutex2var_epi32(__m512i x, __m512i at, __m512i y) {
  const model a = {.si = x}, i_ = {.si = at}, b = {.si = y};
  MODEL_LANES(16, si, i32, i_.i32[i] & 16 ? b.i32[i_.i32[i] & 15] : a.i32[i_.i32[i] & 15]);
}
MODEL __m512 model_permutex2var_ps(__m512 x, __m512i at, __m512 y) {
  return (__m512)model_permutex2var_epi32((__m512i)x, at, (__m512i)y);
}

// ---- memory ----------------------------------------------------------------------------------------------------------------------------------
MODEL void model_stream_si512(void *p, __m512i x) { // faults unless p is aligned
  if ((uintptr_t)p & 63) __builtin_trap();
  memcpy(p, &x, sizeof x);
}
MODEL __m256i model_maskz_loadu_epi16(__mmask16 m, const void *p) {
  uint16_t r[16] = {0};
  for (int i = 0; i < 16; i++) if (m >> i & 1) memcpy(&r[i], (const char *)p + 2 * i, 2);
  __m256i x;
  memcpy(&x, r, sizeof x);
  return x;
}
MODEL void model_mask_storeu_epi16(void *p, __mmask16 m, __m256i x) {
  uint16_t a[16];
  memcpy(a, &x, sizeof a);
  for (int i = 0; i < 16; i++) if (m >> i & 1) memcpy((char *)p + 2 * i, &a[i], 2);
}
MODEL void model_mask_storeu_epi8(void *p, __mmask16 m, __m128i x) {
  uint8_t a[16];
  memcpy(a, &x, sizeof a);
  for (int i = 0; i < 16; i++) if (m >> i & 1) memcpy((char *)p + i, &a[i], 1);
}
MODEL __m128i model_maskz_set1_epi8(__mmask16 m, char x) {
  uint8_t r[16];
  for (int i = 0; i < 16; i++) r[i] = m >> i & 1 ? (uint8_t)x : 0;
  __m128i v;
  memcpy(&v, r, sizeof v);
  return v;
}

// ---- the names that kernels use ----------------------------------------------------------------------------------------------------------------
#ifndef TRIVET_MODELLED_ALONE
#undef _mm512_cmp_ps_mask
#undef _mm512_cmp_pd_mask
#undef _mm512_roundscale_ps
#undef _mm512_roundscale_pd
#undef _mm512_range_ps
#undef _mm512_range_pd
#undef _mm512_cvtps_ph
#undef _mm512_shuffle_f32x4
#undef _mm512_shuffle_f64x2
#undef _mm512_permute_ps
#undef _mm512_permute_pd
#undef _mm512_getmant_ps
#undef _mm512_getmant_pd
#undef _mm512_getexp_ps
#undef _mm512_getexp_pd
#undef _mm512_inserti32x4
#undef _mm512_srli_epi32
#undef _mm512_slli_epi32
#define _mm512_set1_ps model_set1_ps
#define _mm512_set1_pd model_set1_pd
#define _mm512_sqrt_ps model_sqrt_ps
#define _mm512_sqrt_pd model_sqrt_pd
#define _mm512_add_ps model_add_ps
#define _mm512_add_pd model_add_pd
#define _mm512_min_ps model_min_ps
#define _mm512_min_pd model_min_pd
#define _mm512_max_ps model_max_ps
#define _mm512_max_pd model_max_pd
#define _mm512_fmadd_ps model_fmadd_ps
#define _mm512_fmadd_pd model_fmadd_pd
#define _mm512_roundscale_ps model_roundscale_ps
#define _mm512_roundscale_pd model_roundscale_pd
#define _mm512_cmp_ps_mask(...) (__mmask16)model_compare_ps(__VA_ARGS__)
#define _mm512_cmp_pd_mask(...) (__mmask8)model_compare_pd(__VA_ARGS__)
#define _mm512_mask_blend_ps model_blend_ps
#define _mm512_mask_blend_pd model_blend_pd
#define _mm512_mask_add_ps model_mask_add_ps
#define _mm512_mask_add_pd model_mask_add_pd
#define _mm512_range_ps model_range_ps
#define _mm512_getexp_ps model_getexp_ps
#define _mm512_getexp_pd model_getexp_pd
#define _mm512_getmant_ps model_getmant_ps
#define _mm512_getmant_pd model_getmant_pd
#define _mm512_permutex2var_ps model_permutex2var_ps
#define _mm512_permutex2var_epi32 model_permutex2var_epi32
#define _mm512_range_pd model_range_pd
#define _mm512_maskz_loadu_ps model_maskz_loadu_ps
#define _mm512_maskz_loadu_pd model_maskz_loadu_pd
#define _mm512_mask_storeu_ps model_mask_storeu_ps
#define _mm512_mask_storeu_pd model_mask_storeu_pd
#define _mm512_add_epi32 model_add_epi32
#define _mm512_unpacklo_epi8 model_unpacklo_epi8
#define _mm512_unpacklo_epi16 model_unpacklo_epi16
#define _mm512_unpacklo_epi32 model_unpacklo_epi32
#define _mm512_unpacklo_epi64 model_unpacklo_epi64
#define _mm512_unpackhi_epi8 model_unpackhi_epi8
#define _mm512_unpackhi_epi16 model_unpackhi_epi16
#define _mm512_unpackhi_epi32 model_unpackhi_epi32
#define _mm512_unpackhi_epi64 model_unpackhi_epi64
#define _mm512_srli_epi32 model_srli_epi32
#define _mm512_slli_epi32 model_slli_epi32
#define _mm512_set1_epi32 model_set1_epi32
#define _mm512_and_si512 model_and_si512
#define _mm512_mask_or_epi32 model_mask_or_epi32
#define _mm512_mask_blend_epi32 model_mask_blend_epi32
#define _mm512_mask_blend_epi64 model_mask_blend_epi64
#define _mm512_movepi32_mask model_movepi32_mask
#define _mm512_movepi64_mask model_movepi64_mask
#define _mm512_movm_epi32 model_movm_epi32
#define _mm512_movm_epi64 model_movm_epi64
#define _mm512_cvtps_epi32 model_cvtps_epi32
#define _mm512_cvtepi32_ps model_cvtepi32_ps
#define _mm512_cvtpd_epi64 model_cvtpd_epi64
#define _mm512_cvtepi64_pd model_cvtepi64_pd
#define _mm512_cvtph_ps model_cvtph_ps
#define _mm512_cvtps_ph(x, how) model_cvtps_ph(x)
#define _mm512_cvtepu16_epi32 model_cvtepu16_epi32
#define _mm512_cvtepi32_epi16 model_cvtepi32_epi16
#define _mm512_cvtepi16_epi8 model_cvtepi16_epi8
#define _mm512_cvtepi32_epi8 model_cvtepi32_epi8
#define _mm512_cvtepi64_epi8 model_cvtepi64_epi8
#define _mm512_shuffle_f32x4 model_shuffle_f32x4
#define _mm512_shuffle_f64x2 model_shuffle_f64x2
#define _mm512_permute_ps model_permute_ps
#define _mm512_permute_pd model_permute_pd
#define _mm512_castsi128_si512 model_castsi128_si512
#define _mm512_inserti32x4 model_inserti32x4
#define _mm512_stream_si512(p, x) model_stream_si512(p, x)
#define _mm256_maskz_loadu_epi16 model_maskz_loadu_epi16
#define _mm256_mask_storeu_epi16 model_mask_storeu_epi16
#define _mm_mask_storeu_epi8 model_mask_storeu_epi8
#define _mm_maskz_set1_epi8 model_maskz_set1_epi8
// What the compiler would say for AVX-512. After <immintrin.h>, whose own intrinsics must stay those of AVX2.
#define __AVX512F__ 1
#define __AVX512BW__ 1
#endif

#endif
