// SPDX-License-Identifier: BSD-3-Clause
// The vector layer for integer lanes and bool, by GNU vector extensions on every instruction set: `num` is the integer itself, `vec` a vector full
// of them (bool: bytes that are 0 or 1), and a mask has a lane of the same width. What vec.h lists for floats alone is not here.
//   v_add v_sub v_mul          wrap
//   v_low v_high v_min v_max   the same two functions: there is no NaN
//   v_store_mask(p, m)         as for floats
#define V_EACH for (int i_ = 0; i_ < V_LANES; i_++)

typedef ivec vmask;
V_INLINE vec v_set(num x) { return x - (vec){0}; }
V_INLINE vec v_zero(void) { return (vec){0}; }
V_INLINE vmask v_none(void) { return (vmask){0}; }

V_INLINE vec v_add(vec a, vec b) { return (vec)((uvec)a + (uvec)b); }
V_INLINE vec v_sub(vec a, vec b) { return (vec)((uvec)a - (uvec)b); }
V_INLINE vec v_mul(vec a, vec b) { return (vec)((uvec)a * (uvec)b); }
V_INLINE vmask v_lt(vec a, vec b) { return (vmask)(a < b); }
V_INLINE vmask v_le(vec a, vec b) { return (vmask)(a <= b); }
V_INLINE vmask v_eq(vec a, vec b) { return (vmask)(a == b); }
V_INLINE vmask v_ne(vec a, vec b) { return (vmask)(a != b); }
V_INLINE vmask v_and(vmask a, vmask b) { return a & b; }
V_INLINE vmask v_or(vmask a, vmask b) { return a | b; }
V_INLINE vmask v_xor(vmask a, vmask b) { return a ^ b; }
V_INLINE vmask v_not(vmask m) { return ~m; }
V_INLINE vec v_select(vmask m, vec a, vec b) { return (vec)((m & (vmask)a) | (~m & (vmask)b)); }
V_INLINE vec v_min(vec a, vec b) { return v_select(v_lt(a, b), a, b); }
V_INLINE vec v_max(vec a, vec b) { return v_select(v_lt(a, b), b, a); }

V_INLINE vec v_load(const lane *p) {
  vec x;
  memcpy(&x, p, sizeof x);
#if V_LANE == V_IS_boolean
  x = (vec)((ivec)(x != 0) & 1);
#endif
  return x;
}
V_INLINE void v_store(lane *p, vec x) { memcpy(p, &x, sizeof x); }
V_INLINE vec v_load_n(const lane *p, int64_t n) {
  lane part[V_LANES] = {0};
  memcpy(part, p, (size_t)n * sizeof *p);
  return v_load(part);
}
V_INLINE void v_store_n(lane *p, vec x, int64_t n) {
  lane part[V_LANES];
  v_store(part, x);
  memcpy(p, part, (size_t)n * sizeof *p);
}

#if NUM_BITS == 8
V_INLINE void v_store_mask(uint8_t *p, vmask m) {
  m &= 1;
  memcpy(p, &m, sizeof m);
}
#elif V_ISA == V_IS_avx512
#include <immintrin.h>
#if NUM_BITS == 16
#define V_NARROW(m) _mm512_cvtepi16_epi8((__m512i)(m))
#elif NUM_BITS == 32
#define V_NARROW(m) _mm512_cvtepi32_epi8((__m512i)(m))
#else
#define V_NARROW(m) _mm512_cvtepi64_epi8((__m512i)(m))
#endif
V_INLINE void v_store_mask(uint8_t *p, vmask m) {
  const __auto_type bytes = V_NARROW(m & 1);
  memcpy(p, &bytes, V_LANES);
}
#elif defined(__SSE2__)
// Saturating packs keep -1 and 0; a lane that is wider than they take is two halves, or four quarters, that are alike.
#include <immintrin.h>
V_INLINE void v_store_mask(uint8_t *p, vmask m) {
#if V_BYTES == 32
  const __m128i low = _mm256_castsi256_si128((__m256i)m), high = _mm256_extracti128_si256((__m256i)m, 1);
#else
  const __m128i low = (__m128i)m, high = low;
#endif
  __m128i bytes = NUM_BITS == 16 ? _mm_packs_epi16(low, high) : _mm_packs_epi32(low, high);
  if (NUM_BITS >= 32) bytes = _mm_packs_epi16(bytes, bytes);
  if (NUM_BITS == 64) bytes = _mm_packs_epi16(bytes, bytes);
  bytes = _mm_and_si128(bytes, _mm_set1_epi8(1));
  memcpy(p, &bytes, V_LANES);
}
#else
V_INLINE void v_store_mask(uint8_t *p, vmask m) { V_EACH p[i_] = (uint8_t)(m[i_] & 1); }
#endif
V_INLINE void v_store_mask_n(uint8_t *p, vmask m, int64_t n) {
  uint8_t part[V_LANES];
  v_store_mask(part, m);
  memcpy(p, part, (size_t)n);
}
