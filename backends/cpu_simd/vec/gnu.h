// SPDX-License-Identifier: BSD-3-Clause
// The vector layer by GNU vector extensions, for any width: all of it for the instruction set `scalar` (the baseline of the architecture,
// whatever it has), and elsewhere what the file of the instruction set left out.
#include <math.h>

#define V_EACH for (int i_ = 0; i_ < V_LANES; i_++)

// ---- masks: -1 or 0 in every lane of an ivec, unless the instruction set has a type of its own --------------------------------------------
#ifndef v_mask
typedef ivec vmask;
V_INLINE vmask v_mask(ivec i) { return i >> (NUM_BITS - 1); }
V_INLINE ivec v_imask(vmask m) { return m; }
V_INLINE vmask v_and(vmask a, vmask b) { return a & b; }
V_INLINE vmask v_or(vmask a, vmask b) { return a | b; }
V_INLINE vmask v_xor(vmask a, vmask b) { return a ^ b; }
V_INLINE vmask v_not(vmask m) { return ~m; }
V_INLINE vmask v_lt(vec a, vec b) { return (vmask)(a < b); }
V_INLINE vmask v_le(vec a, vec b) { return (vmask)(a <= b); }
V_INLINE vmask v_eq(vec a, vec b) { return (vmask)(a == b); }
V_INLINE vmask v_ne(vec a, vec b) { return (vmask)(a != b); }
#ifndef v_iselect
V_INLINE ivec v_iselect(vmask m, ivec a, ivec b) { return (m & a) | (~m & b); }
#endif
#ifndef v_select
V_INLINE vec v_select(vmask m, vec a, vec b) { return (vec)v_iselect(m, (ivec)a, (ivec)b); }
#endif
#ifndef v_any
V_INLINE bool v_any(vmask m) {
  inum all = 0;
  V_EACH all |= m[i_];
  return all != 0;
}
V_INLINE bool v_all(vmask m) { return !v_any(~m); }
#endif
#ifndef v_store_mask
V_INLINE void v_store_mask_n(uint8_t *p, vmask m, int64_t n) {
  for (int64_t i = 0; i < n; i++) p[i] = (uint8_t)(m[i] & 1);
}
V_INLINE void v_store_mask(uint8_t *p, vmask m) { V_EACH p[i_] = (uint8_t)(m[i_] & 1); }
#endif
#endif

// ---- constants and bits ---------------------------------------------------------------------------------------------------------------------
V_INLINE vec v_set(num x) { return x - (vec){0}; } // x - 0 is x, -0 included
V_INLINE vec v_zero(void) { return (vec){0}; }
V_INLINE ivec v_iset(inum i) { return i + (ivec){0}; }
V_INLINE ivec v_bits(vec x) { return (ivec)x; }
V_INLINE vec v_from_bits(ivec i) { return (vec)i; }
#define V_SIGN v_iset(NUM_BITS == 64 ? (inum)INT64_MIN : (inum)INT32_MIN)
V_INLINE vec v_neg(vec x) { return (vec)((ivec)x ^ V_SIGN); }
V_INLINE vec v_abs(vec x) { return (vec)((ivec)x & ~V_SIGN); }
V_INLINE vec v_copysign(vec a, vec b) { return (vec)(((ivec)a & ~V_SIGN) | ((ivec)b & V_SIGN)); }
V_INLINE vmask v_sign_bit(vec x) { return v_mask((ivec)x); }
V_INLINE vmask v_is_nan(vec x) { return v_ne(x, x); }
#ifndef v_unordered
V_INLINE vmask v_unordered(vec a, vec b) { return v_or(v_ne(a, a), v_ne(b, b)); }
#endif

// ---- arithmetic -----------------------------------------------------------------------------------------------------------------------------
V_INLINE vec v_add(vec a, vec b) { return a + b; }
V_INLINE vec v_sub(vec a, vec b) { return a - b; }
V_INLINE vec v_mul(vec a, vec b) { return a * b; }
V_INLINE vec v_div(vec a, vec b) { return a / b; }

#if NUM_BITS == 64
#define V_LIBM(name) name
#else
#define V_LIBM(name) name##f
#endif
#ifndef v_sqrt
V_INLINE vec v_sqrt(vec x) {
  V_EACH x[i_] = V_LIBM(sqrt)(x[i_]);
  return x;
}
#endif
#ifndef v_fma
V_INLINE vec v_fma(vec a, vec b, vec c) {
  V_EACH a[i_] = V_LIBM(fma)(a[i_], b[i_], c[i_]);
  return a;
}
V_INLINE vec v_mad(vec a, vec b, vec c) { return a * b + c; }
#endif

// Adding and taking away 2^23 (2^52) rounds a magnitude below it to an integer; larger ones, infinities and NaN are their own.
#ifndef v_round
V_INLINE vec v_round(vec x) {
  const vec magic = v_set(NUM_BITS == 64 ? (num)0x1p52 : (num)0x1p23), size = v_abs(x);
  const vec near = (size + magic) - magic;
  return v_copysign(v_select(v_lt(size, magic), near, size), x);
}
V_INLINE vec v_trunc(vec x) {
  const vec size = v_abs(x), near = v_abs(v_round(x));
  return v_copysign(v_select(v_lt(size, near), near - 1, near), x);
}
V_INLINE vec v_floor(vec x) {
  const vec near = v_round(x);
  return v_copysign(v_select(v_lt(x, near), near - 1, near), x);
}
V_INLINE vec v_ceil(vec x) {
  const vec near = v_round(x);
  return v_copysign(v_select(v_lt(near, x), near + 1, near), x);
}
#endif

#ifndef v_low
V_INLINE vec v_low(vec a, vec b) { return v_select(v_lt(a, b), a, b); }
V_INLINE vec v_high(vec a, vec b) { return v_select(v_lt(b, a), a, b); }
#endif
// Where a equals b the two may be zeros of either sign: of their bits, `or` has the minimum's sign and `and` the maximum's. A NaN is the only
// thing that is unequal to itself, so a + b passes it on.
#ifndef v_min
V_INLINE vec v_min(vec a, vec b) {
  const vec low = v_select(v_eq(a, b), (vec)((ivec)a | (ivec)b), v_low(a, b));
  return v_select(v_or(v_is_nan(a), v_is_nan(b)), a + b, low);
}
V_INLINE vec v_max(vec a, vec b) {
  const vec high = v_select(v_eq(a, b), (vec)((ivec)a & (ivec)b), v_high(a, b));
  return v_select(v_or(v_is_nan(a), v_is_nan(b)), a + b, high);
}
#endif

// ---- integers -------------------------------------------------------------------------------------------------------------------------------
#ifndef v_to_int
#if NUM_BITS == 64 // the sum with 1.5 2^52 holds the integer in its low bits
V_INLINE ivec v_to_int(vec x) { return (ivec)(x + 0x1.8p52) - (ivec)v_set(0x1.8p52); }
V_INLINE vec v_from_int(ivec i) { return (vec)(i + (ivec)v_set(0x1.8p52)) - 0x1.8p52; }
#else
V_INLINE ivec v_to_int(vec x) {
  const vec near = v_round(x);
  ivec i;
  V_EACH i[i_] = (inum)near[i_];
  return i;
}
V_INLINE vec v_from_int(ivec i) {
  vec x;
  V_EACH x[i_] = (num)i[i_];
  return x;
}
#endif
#endif

#ifndef v_saturate
V_INLINE ivec v_saturate(vec x) {
  const vec end = v_set(NUM_BITS == 64 ? (num)0x1p63 : (num)0x1p31);
  const ivec inside = __builtin_convertvector(v_select(v_lt(v_abs(x), end), x, v_zero()), ivec);
  return v_iselect(v_le(end, x), ~V_SIGN, v_iselect(v_le(x, v_neg(end)), V_SIGN, inside));
}
#endif

#ifndef v_exponent
V_INLINE vec v_exponent(vec x) {
  V_EACH x[i_] = (num)logb((double)x[i_]);
  return x;
}
V_INLINE vec v_mantissa(vec x) {
  V_EACH {
    const double size = fabs((double)x[i_]);
    x[i_] = !(x[i_] >= 0) ? (num)NAN : size == 0 || isinf(size) ? (num)1 : (num)scalbn(size, -ilogb(size));
  }
  return x;
}
#endif

#ifndef v_lookup
V_INLINE vec v_lookup(const num *t, ivec i) {
  vec y;
  V_EACH y[i_] = t[i[i_] & 31];
  return y;
}
V_INLINE ivec v_ilookup(const inum *t, ivec i) {
  ivec y;
  V_EACH y[i_] = t[i[i_] & 31];
  return y;
}
#endif

// ---- memory ---------------------------------------------------------------------------------------------------------------------------------
#if V_LANE == V_IS_f32 || V_LANE == V_IS_f64
#ifndef v_load
V_INLINE vec v_load(const lane *p) {
  vec x;
  memcpy(&x, p, sizeof x);
  return x;
}
V_INLINE void v_store(lane *p, vec x) { memcpy(p, &x, sizeof x); }
#endif
#ifndef v_load_even
#if V_LANES == 2
#define V_EVENS 0, 3
#elif V_LANES == 4
#define V_EVENS 0, 2, 5, 7
#elif V_LANES == 8
#define V_EVENS 0, 2, 4, 6, 9, 11, 13, 15
#else
#define V_EVENS 0, 2, 4, 6, 8, 10, 12, 14, 17, 19, 21, 23, 25, 27, 29, 31
#endif
V_INLINE vec v_load_even(const lane *p) { return __builtin_shufflevector(v_load(p), v_load(p + V_LANES - 1), V_EVENS); }
#endif
#ifndef v_load_n
V_INLINE vec v_load_n(const lane *p, int64_t n) {
  vec x = {0};
  for (int64_t i = 0; i < n; i++) x[i] = p[i];
  return x;
}
V_INLINE void v_store_n(lane *p, vec x, int64_t n) {
  for (int64_t i = 0; i < n; i++) p[i] = x[i];
}
#endif
#else
#ifndef v_widen // halves: v_widen(uint16_t lanes in the low bits) and v_narrow are all that differs
#if V_LANE == V_IS_f16
// A binary16 is a sign, 5 bits of exponent and 10 of mantissa. As a float with the same bits its value is off by 2^112, subnormals included;
// infinities and NaN are those whose exponent is all ones.
V_INLINE vec v_widen(ivec h) {
  const ivec magnitude = (h & 0x7fff) << 13, sign = (h & 0x8000) << 16;
  const vec scaled = (vec)magnitude * 0x1p112f;
  const vec special = (vec)(magnitude | 0x7f800000);
  return (vec)((ivec)v_select((vmask)v_mask(v_iset(0x7bff) - (h & 0x7fff)), special, scaled) | sign);
}
// To nearest even. Normal results: round the bits and take 112 from the exponent; below 2^-14: adding 0.5 leaves the result in the low bits.
V_INLINE ivec v_narrow(vec x) {
  const ivec bits = (ivec)x, sign = (bits >> 16) & 0x8000, size = bits & 0x7fffffff;
  const ivec normal = (size - (112 << 23) + 0xfff + ((size >> 13) & 1)) >> 13;
  const ivec tiny = (ivec)((vec)size + 0.5f) - (ivec)v_set(0.5f);
  const vmask is_tiny = v_mask(size - 0x38800000), is_over = v_mask(v_iset(0x477fefff) - size), is_nan = v_mask(v_iset(0x7f800000) - size);
  ivec h = v_iselect(is_tiny, tiny, normal);
  h = v_iselect(is_over, v_iset(0x7c00), h);
  h = v_iselect(is_nan, v_iset(0x7e00), h);
  return h | sign;
}
#else // bf16: the upper half of a float
V_INLINE vec v_widen(ivec h) { return (vec)(h << 16); }
V_INLINE ivec v_narrow(vec x) {
  const ivec bits = (ivec)x, near = (ivec)((uvec)(bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
  return v_iselect(v_is_nan(x), ((bits >> 16) & 0xffff) | 0x40, near);
}
#endif
#endif
#ifndef v_load
V_INLINE vec v_load_n(const lane *p, int64_t n) {
  ivec h = {0};
  for (int64_t i = 0; i < n; i++) h[i] = p[i];
  return v_widen(h);
}
V_INLINE void v_store_n(lane *p, vec x, int64_t n) {
  const ivec h = v_narrow(x);
  for (int64_t i = 0; i < n; i++) p[i] = (lane)h[i];
}
V_INLINE vec v_load(const lane *p) { return v_load_n(p, V_LANES); }
V_INLINE void v_store(lane *p, vec x) { v_store_n(p, x, V_LANES); }
#endif
#endif

// ---- all lanes to one -------------------------------------------------------------------------------------------------------------------------
// Lanes change places with those half as many on. The orders are written out: compilers that compute them load them, index by index.
#define V_TURN(step, ...) x = step(x, __builtin_shufflevector(x, x, __VA_ARGS__));
#if V_LANES == 2
#define V_TURNS(step) V_TURN(step, 1, 0)
#elif V_LANES == 4
#define V_TURNS(step) V_TURN(step, 2, 3, 0, 1) V_TURN(step, 1, 0, 3, 2)
#elif V_LANES == 8
#define V_TURNS(step) V_TURN(step, 4, 5, 6, 7, 0, 1, 2, 3) V_TURN(step, 2, 3, 0, 1, 6, 7, 4, 5) V_TURN(step, 1, 0, 3, 2, 5, 4, 7, 6)
#else
#define V_TURNS(step)                                                                                    \
  V_TURN(step, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)                                      \
  V_TURN(step, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11)                                      \
  V_TURN(step, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)                                      \
  V_TURN(step, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)
#endif
#define V_JOIN(name, step)                                                                               \
  V_INLINE num name(vec x) {                                                                             \
    V_TURNS(step)                                                                                        \
    return x[0];                                                                                         \
  }
#ifndef v_sum
V_JOIN(v_sum, v_add)
#endif
#ifndef v_lowest_of
V_JOIN(v_lowest_of, v_min)
V_JOIN(v_highest_of, v_max)
#endif
