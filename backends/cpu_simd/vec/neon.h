// SPDX-License-Identifier: BSD-3-Clause
// The vector layer on 64-bit Arm: 128-bit vectors. Its minimum and maximum are those of the contract, and every processor converts
// binary16; what is missing here the compiler makes of gnu.h.
#include <arm_neon.h>

#if NUM_BITS == 64
#define V_F(name) name##_f64
#define V_U(name) name##_u64
typedef float64x2_t neon_vec;
typedef uint64x2_t neon_mask;
#else
#define V_F(name) name##_f32
#define V_U(name) name##_u32
typedef float32x4_t neon_vec;
typedef uint32x4_t neon_mask;
#endif

#define v_sqrt v_sqrt
V_INLINE vec v_sqrt(vec x) { return (vec)V_F(vsqrtq)((neon_vec)x); }
#define V_FAST_FMA
#define v_fma v_fma
#define V_FAST_FMA
V_INLINE vec v_fma(vec a, vec b, vec c) { return (vec)V_F(vfmaq)((neon_vec)c, (neon_vec)a, (neon_vec)b); }
V_INLINE vec v_mad(vec a, vec b, vec c) { return v_fma(a, b, c); }

#define v_round v_round
V_INLINE vec v_round(vec x) { return (vec)V_F(vrndnq)((neon_vec)x); }
V_INLINE vec v_trunc(vec x) { return (vec)V_F(vrndq)((neon_vec)x); }
V_INLINE vec v_floor(vec x) { return (vec)V_F(vrndmq)((neon_vec)x); }
V_INLINE vec v_ceil(vec x) { return (vec)V_F(vrndpq)((neon_vec)x); }

#define v_low v_low
V_INLINE vec v_low(vec a, vec b) { return (vec)V_F(vminq)((neon_vec)a, (neon_vec)b); }
V_INLINE vec v_high(vec a, vec b) { return (vec)V_F(vmaxq)((neon_vec)a, (neon_vec)b); }
#define v_min v_min
V_INLINE vec v_min(vec a, vec b) { return v_low(a, b); }
V_INLINE vec v_max(vec a, vec b) { return v_high(a, b); }

#define v_select v_select
V_INLINE vec v_select(ivec m, vec a, vec b) { return (vec)V_F(vbslq)((neon_mask)m, (neon_vec)a, (neon_vec)b); }
#define v_iselect v_iselect
V_INLINE ivec v_iselect(ivec m, ivec a, ivec b) { return (ivec)V_U(vbslq)((neon_mask)m, (neon_mask)a, (neon_mask)b); }
#define v_any v_any
V_INLINE bool v_any(ivec m) { return vmaxvq_u32((uint32x4_t)m) != 0; }
V_INLINE bool v_all(ivec m) { return vminvq_u32((uint32x4_t)m) != 0; }

#define v_to_int v_to_int
#define v_saturate v_saturate
#if NUM_BITS == 64
V_INLINE ivec v_to_int(vec x) { return (ivec)vcvtnq_s64_f64((neon_vec)x); }
V_INLINE ivec v_saturate(vec x) { return (ivec)vcvtq_s64_f64((neon_vec)x); }
V_INLINE vec v_from_int(ivec i) { return (vec)vcvtq_f64_s64((int64x2_t)i); }
#else
V_INLINE ivec v_to_int(vec x) { return (ivec)vcvtnq_s32_f32((neon_vec)x); }
V_INLINE ivec v_saturate(vec x) { return (ivec)vcvtq_s32_f32((neon_vec)x); }
V_INLINE vec v_from_int(ivec i) { return (vec)vcvtq_f32_s32((int32x4_t)i); }
#endif

// ---- memory ---------------------------------------------------------------------------------------------------------------------------------
#if V_LANE == V_IS_f16 || V_LANE == V_IS_bf16
V_INLINE uint16x4_t neon_half(vec x) {
#if V_LANE == V_IS_f16
  return (uint16x4_t)vcvt_f16_f32((neon_vec)x);
#else
  const uint32x4_t bits = (uint32x4_t)x, odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
  const uint32x4_t near = vaddq_u32(vaddq_u32(bits, vdupq_n_u32(0x7fff)), odd), quiet = vorrq_u32(bits, vdupq_n_u32(0x400000));
  return vshrn_n_u32(vbslq_u32(vceqq_f32((neon_vec)x, (neon_vec)x), near, quiet), 16);
#endif
}
V_INLINE vec neon_wide(uint16x4_t h) {
#if V_LANE == V_IS_f16
  return (vec)vcvt_f32_f16((float16x4_t)h);
#else
  return (vec)vshll_n_u16(h, 16);
#endif
}
#define v_widen v_widen
#define v_load v_load
V_INLINE vec v_load(const lane *p) { return neon_wide(vld1_u16(p)); }
V_INLINE void v_store(lane *p, vec x) { vst1_u16(p, neon_half(x)); }
V_INLINE vec v_load_n(const lane *p, int64_t n) {
  lane part[V_LANES] = {0};
  for (int64_t i = 0; i < n; i++) part[i] = p[i];
  return v_load(part);
}
V_INLINE void v_store_n(lane *p, vec x, int64_t n) {
  lane part[V_LANES];
  v_store(part, x);
  for (int64_t i = 0; i < n; i++) p[i] = part[i];
}
#endif

// ---- all lanes to one -----------------------------------------------------------------------------------------------------------------------
#define v_sum v_sum
#define v_lowest_of v_lowest_of
#if NUM_BITS == 64
V_INLINE num v_sum(vec x) { return vpaddd_f64((neon_vec)x); }
#else
V_INLINE num v_sum(vec x) {
  const float32x2_t two = vadd_f32(vget_low_f32((neon_vec)x), vget_high_f32((neon_vec)x));
  return vpadds_f32(two);
}
#endif
V_INLINE num v_lowest_of(vec x) { return V_F(vminvq)((neon_vec)x); }
V_INLINE num v_highest_of(vec x) { return V_F(vmaxvq)((neon_vec)x); }
