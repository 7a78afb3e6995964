// SPDX-License-Identifier: BSD-3-Clause
// What elementwise operations mean, from their mathematical definitions: in 113-bit reals (or long double functions corrected to the
// argument's last bits), and in 128-bit integers that wrap when they are stored. Written without looking at the formulas of ops.def.
#include "internal.h"

#include <math.h>

// ---- functions ------------------------------------------------------------------------------------------------------------------------
static cf_real infinity(void) { return (cf_real)HUGE_VALL; }
static cf_real not_a_number(void) { return infinity() - infinity(); }
static cf_real with_sign(cf_real magnitude, cf_real sign) {
  return cf_is_negative(magnitude) == cf_is_negative(sign) ? magnitude : -magnitude;
}

/// 36 decimal digits, divided in 113 bits.
cf_real cf_pi(void) {
  cf_real e17 = (cf_real)100000000000000000, e18 = (cf_real)1000000000000000000;
  return ((cf_real)314159265358979323 * e18 + (cf_real)846264338327950288) / (e17 * e18);
}

cf_real cf_sqrt(cf_real x) {
  long double s = sqrtl((long double)x);
  if (!(s > 0) || cf_is_inf(x)) return (cf_real)s;
  return (cf_real)s + (x - (cf_real)s * (cf_real)s) / (2 * (cf_real)s); // one step of Newton's method
}

cf_real cf_exp(cf_real x) {
  long double head = (long double)x;
  long double y = expl(head);
  if (!(y > 0) || cf_is_inf((cf_real)y)) return (cf_real)y;
  return (cf_real)y * (1 + (x - (cf_real)head)); // the part of x that a long double cannot hold
}

static cf_real erfc_of(cf_real t) {
  long double head = (long double)t;
  long double y = erfcl(head);
  if (!(y > 0)) return (cf_real)y;
  return (cf_real)y - (t - (cf_real)head) * 2 / cf_sqrt(cf_pi()) * (cf_real)expl(-head * head);
}

static cf_real sigmoid(cf_real x) {
  if (!cf_is_negative(x)) return 1 / (1 + cf_exp(-x));
  cf_real e = cf_exp(x);
  return e / (1 + e);
}

static cf_real gelu(cf_real x) {
  if (cf_is_inf(x)) return cf_is_negative(x) ? -(cf_real)0 : x;
  return x * erfc_of(-x * cf_sqrt((cf_real)0.5)) / 2;
}

static cf_real gelu_tanh(cf_real x) { // 1 + tanh(u) = 2 sigmoid(2u)
  if (cf_is_inf(x)) return cf_is_negative(x) ? -(cf_real)0 : x;
  cf_real u = cf_sqrt(2 / cf_pi()) * (x + (cf_real)44715 / 1000000 * x * x * x);
  return x * sigmoid(2 * u);
}

static cf_real cube_root(cf_real x) {
  long double s = cbrtl((long double)x);
  if (s == 0 || cf_is_nan(x) || cf_is_inf(x)) return (cf_real)s;
  cf_real r = (cf_real)s;
  return r - (r - x / (r * r)) / 3; // one step of Newton's method
}

/// The coefficients of selu, 31 decimal digits each.
static cf_real selu(cf_real x) {
  cf_real e15 = (cf_real)1000000000000000, e16 = 10 * e15;
  cf_real scale = ((cf_real)1050700987355480 * e16 + (cf_real)4934193349852946) / (e15 * e16);
  cf_real alpha = ((cf_real)1673263242354377 * e16 + (cf_real)2848170429916717) / (e15 * e16);
  return x < 0 ? scale * alpha * (cf_real)expm1l((long double)x) : scale * x;
}

static cf_real mish(cf_real x) {
  if (cf_is_inf(x)) return cf_is_negative(x) ? -(cf_real)0 : x;
  return x * (cf_real)tanhl(log1pl(expl((long double)x)));
}

static cf_real hard_sigmoid(cf_real x) { return x <= -3 ? 0 : x >= 3 ? 1 : (x + 3) / 6; }

/// The number of the dtype after a, in the direction of b: one ulp away, or half of one below a power of two.
static cf_real next_after(rt_dtype dtype, cf_real a, cf_real b) {
  if (cf_is_nan(a) || cf_is_nan(b)) return not_a_number();
  if (a == b) return b;
  if (cf_is_inf(a)) return cf_is_negative(a) ? -cf_max_finite(dtype) : cf_max_finite(dtype);
  cf_real up = a < b ? 1 : -1, step = cf_ulp(dtype, a), y = a + up * step / 2;
  if (a == 0) return up * step;
  bool is_inward = cf_is_negative(a) != cf_is_negative(up);
  if (!is_inward || cf_ulp(dtype, y) == step) y = a + up * step;
  return y == 0 ? with_sign(0, a) : y;
}

static cf_real hypotenuse(cf_real a, cf_real b) { // exponents of a real have room for the squares of doubles
  if (cf_is_inf(a) || cf_is_inf(b)) return infinity();
  return cf_sqrt(a * a + b * b);
}

static cf_real round_to_integral(cf_real x, int op) { // arguments are doubles, so a long double holds them
  long double v = (long double)x;
  switch (op) {
    case CF_ID(FLOOR): return (cf_real)floorl(v);
    case CF_ID(CEIL): return (cf_real)ceill(v);
    case CF_ID(TRUNC): return (cf_real)truncl(v);
    default: { // nearest, ties to even, whatever the rounding mode
      long double down = floorl(v), rest = v - down;
      if (rest > 0.5L || (rest == 0.5L && fmodl(down, 2) != 0)) down += 1;
      return with_sign((cf_real)down, x);
    }
  }
}

/// r with a = b q + r, |r| < |b|, the sign of a. Exact: fmodl is.
static cf_real fmod_of(cf_real a, cf_real b) { return (cf_real)fmodl((long double)a, (long double)b); }

static void remainder_of(cf_real a, cf_real b, cf_answer *out) { // the sign of b
  cf_real r = fmod_of(a, b);
  if (r == 0) out->hi = with_sign(0, b);
  else if (cf_is_nan(r) || cf_is_negative(r) == cf_is_negative(b)) out->hi = r;
  else if (cf_is_inf(b)) out->hi = b;
  else { // r + b, in two parts: |b| is the larger
    out->hi = r + b;
    out->lo = r - (out->hi - b);
  }
}

static void floor_div_of(cf_real a, cf_real b, cf_answer *out) {
  cf_real q = a / b;
  out->hi = q;
  if (cf_is_nan(q) || cf_is_inf(q)) return;
  if (a == 0) return; // a zero of the quotient's sign
  if (cf_is_inf(b)) {
    out->hi = cf_is_negative(a) != cf_is_negative(b) ? -1 : q;
    return;
  }
  if (cf_abs(q) >= cf_power2(112)) return; // no format sees its fraction
  cf_real whole = (cf_real)(cf_int)q, r = fmod_of(a, b);
  if (whole > q) whole -= 1;
  // q itself was rounded, perhaps up to an integer: then the remainder is just below b.
  bool is_above = (cf_is_negative(r) == cf_is_negative(b) ? r : r + b) / b > (cf_real)0.5;
  out->hi = whole == q && r != 0 && is_above ? whole - 1 : whole;
}

/// 1: a > b, -1: a < b, 0: equal values (which includes +0 and -0), 2: a NaN is among them.
static int order(cf_real a, cf_real b) { return cf_is_nan(a) || cf_is_nan(b) ? 2 : a > b ? 1 : a < b ? -1 : 0; }

static cf_real larger(cf_real a, cf_real b) {
  int o = order(a, b);
  return o == 2 ? not_a_number() : o > 0 ? a : o < 0 ? b : cf_is_negative(a) ? b : a;
}

static cf_real smaller(cf_real a, cf_real b) {
  int o = order(a, b);
  return o == 2 ? not_a_number() : o < 0 ? a : o > 0 ? b : cf_is_negative(a) ? a : b;
}

/// Also says how large the terms are, which cancel where the result is close to 0.
static void log_add_exp(cf_real a, cf_real b, cf_answer *out) {
  cf_real high = larger(a, b), low = smaller(a, b);
  out->hi = high, out->size = 0;
  if (cf_is_nan(high) || cf_is_inf(high)) return;
  out->hi = high + (cf_real)log1pl(expl((long double)(low - high)));
  out->size = cf_abs(high);
}

/// a + b in two parts that together are exact.
static void add_exactly(cf_real a, cf_real b, cf_answer *out) {
  out->hi = a + b;
  if (cf_is_nan(out->hi) || cf_is_inf(out->hi)) return;
  cf_real b_seen = out->hi - a;
  out->lo = (a - (out->hi - b_seen)) + (b - b_seen);
}

static void answer_bool(cf_answer *out, bool value) { out->is_bool = true, out->i = value; }

bool cf_map_float(int op, rt_dtype dtype, const cf_real *v, cf_real param, cf_answer *out) {
  cf_real x = v[0], a = v[0], b = v[1];
  out->hi = out->lo = out->size = 0, out->i = 0, out->is_bool = false;
  switch (op) {
    case CF_ID(NEG): out->hi = -x; break;
    case CF_ID(ABS): out->hi = cf_abs(x); break;
    case CF_ID(REAL): case CF_ID(CONJ): out->hi = x; break;
    case CF_ID(IMAG): break;
    case CF_ID(ANGLE): out->hi = cf_is_nan(x) ? x : cf_is_negative(x) ? cf_pi() : 0; break;
    case CF_ID(SIGN): out->hi = cf_is_nan(x) || x == 0 ? x : cf_is_negative(x) ? -1 : 1; break;
    case CF_ID(FLOOR): case CF_ID(CEIL): case CF_ID(ROUND): case CF_ID(TRUNC): out->hi = round_to_integral(x, op); break;
    case CF_ID(SQUARE): out->hi = x * x; break;
    case CF_ID(SQRT): out->hi = x < 0 ? not_a_number() : cf_sqrt(x); break;
    case CF_ID(RSQRT): out->hi = x < 0 ? not_a_number() : 1 / cf_sqrt(x); break;
    case CF_ID(CBRT): out->hi = cube_root(x); break;
    case CF_ID(RECIPROCAL): out->hi = 1 / x; break;
    case CF_ID(EXP): out->hi = (cf_real)expl((long double)x); break;
    case CF_ID(EXP2): out->hi = (cf_real)exp2l((long double)x); break;
    case CF_ID(EXPM1): out->hi = (cf_real)expm1l((long double)x); break;
    case CF_ID(LOG): out->hi = x < 0 ? not_a_number() : (cf_real)logl((long double)x); break;
    case CF_ID(LOG2): out->hi = x < 0 ? not_a_number() : (cf_real)log2l((long double)x); break;
    case CF_ID(LOG10): out->hi = x < 0 ? not_a_number() : (cf_real)log10l((long double)x); break;
    case CF_ID(LOG1P): out->hi = x < -1 ? not_a_number() : (cf_real)log1pl((long double)x); break;
    case CF_ID(SIN): out->hi = (cf_real)sinl((long double)x); break;
    case CF_ID(COS): out->hi = (cf_real)cosl((long double)x); break;
    case CF_ID(TAN): out->hi = (cf_real)tanl((long double)x); break;
    case CF_ID(ASIN): out->hi = cf_abs(x) > 1 ? not_a_number() : (cf_real)asinl((long double)x); break;
    case CF_ID(ACOS): out->hi = cf_abs(x) > 1 ? not_a_number() : (cf_real)acosl((long double)x); break;
    case CF_ID(ATAN): out->hi = (cf_real)atanl((long double)x); break;
    case CF_ID(SINH): out->hi = (cf_real)sinhl((long double)x); break;
    case CF_ID(COSH): out->hi = (cf_real)coshl((long double)x); break;
    case CF_ID(TANH): out->hi = (cf_real)tanhl((long double)x); break;
    case CF_ID(ASINH): out->hi = (cf_real)asinhl((long double)x); break;
    case CF_ID(ACOSH): out->hi = x < 1 ? not_a_number() : (cf_real)acoshl((long double)x); break;
    case CF_ID(ATANH): out->hi = cf_abs(x) > 1 ? not_a_number() : (cf_real)atanhl((long double)x); break;
    case CF_ID(ERF): out->hi = (cf_real)erfl((long double)x); break;
    case CF_ID(ERFC): out->hi = (cf_real)erfcl((long double)x); break;
    case CF_ID(SIGMOID): out->hi = sigmoid(x); break;
    case CF_ID(RELU): out->hi = larger(x, 0); break;
    case CF_ID(GELU): out->hi = gelu(x); break;
    case CF_ID(GELU_TANH): out->hi = gelu_tanh(x); break;
    case CF_ID(SILU): out->hi = cf_is_inf(x) && cf_is_negative(x) ? -(cf_real)0 : x * sigmoid(x); break;
    case CF_ID(SOFTPLUS): out->hi = x > 0 ? x + (cf_real)log1pl(expl(-(long double)x)) : (cf_real)log1pl(expl((long double)x)); break;
    case CF_ID(MISH): out->hi = mish(x); break;
    case CF_ID(SOFTSIGN): out->hi = cf_is_inf(x) ? with_sign(1, x) : x / (1 + cf_abs(x)); break;
    case CF_ID(HARDSIGMOID): out->hi = hard_sigmoid(x); break;
    case CF_ID(HARDSWISH): out->hi = x <= -3 ? -(cf_real)0 : x * hard_sigmoid(x); break;
    case CF_ID(SELU): out->hi = selu(x); break;
    case CF_ID(SIGNBIT): answer_bool(out, cf_is_negative(x)); break;
    case CF_ID(ISNAN): answer_bool(out, cf_is_nan(x)); break;
    case CF_ID(ISINF): answer_bool(out, cf_is_inf(x)); break;
    case CF_ID(ISFINITE): answer_bool(out, !cf_is_nan(x) && !cf_is_inf(x)); break;
    case CF_ID(LOGICAL_NOT): answer_bool(out, x == 0); break;
    case CF_ID(LEAKY_RELU): out->hi = x < 0 ? param * x : x; break;
    case CF_ID(ELU): out->hi = x < 0 ? param * (cf_real)expm1l((long double)x) : x; break;
    case CF_ID(CELU): out->hi = x < 0 ? param * (cf_real)expm1l((long double)(x / param)) : x; break;
    case CF_ID(ADD): add_exactly(a, b, out); break;
    case CF_ID(SUB): add_exactly(a, -b, out); break;
    case CF_ID(MUL): out->hi = a * b; break;
    case CF_ID(DIV): out->hi = a / b; break;
    case CF_ID(FLOOR_DIV): floor_div_of(a, b, out); break;
    case CF_ID(REMAINDER): remainder_of(a, b, out); break;
    case CF_ID(FMOD): out->hi = fmod_of(a, b); break;
    case CF_ID(POW): out->hi = (cf_real)powl((long double)a, (long double)b); break;
    case CF_ID(ATAN2): out->hi = (cf_real)atan2l((long double)a, (long double)b); break;
    case CF_ID(HYPOT): out->hi = hypotenuse(a, b); break;
    case CF_ID(NEXTAFTER): out->hi = next_after(dtype, a, b); break;
    case CF_ID(LOGADDEXP): log_add_exp(a, b, out); break;
    case CF_ID(MINIMUM): out->hi = smaller(a, b); break;
    case CF_ID(MAXIMUM): out->hi = larger(a, b); break;
    case CF_ID(COPYSIGN): out->hi = with_sign(a, b); break;
    case CF_ID(EQ): answer_bool(out, order(a, b) == 0); break;
    case CF_ID(NE): answer_bool(out, order(a, b) != 0); break;
    case CF_ID(LT): answer_bool(out, order(a, b) == -1); break;
    case CF_ID(LE): answer_bool(out, order(a, b) == -1 || order(a, b) == 0); break;
    case CF_ID(GT): answer_bool(out, order(a, b) == 1); break;
    case CF_ID(GE): answer_bool(out, order(a, b) == 1 || order(a, b) == 0); break;
    case CF_ID(LOGICAL_AND): answer_bool(out, a != 0 && b != 0); break;
    case CF_ID(LOGICAL_OR): answer_bool(out, a != 0 || b != 0); break;
    case CF_ID(LOGICAL_XOR): answer_bool(out, (a != 0) != (b != 0)); break;
    case CF_ID(CLAMP): out->hi = smaller(larger(a, b), v[2]); break;
    case CF_ID(FMA): add_exactly(a * b, v[2], out); break;
    default: return false;
  }
  return true;
}

// ---- integers -------------------------------------------------------------------------------------------------------------------------
static cf_int floor_quotient(cf_int a, cf_int b) {
  cf_int q = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

static cf_int power(cf_int a, cf_int b) { // modulo 2^64
  if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 ? -1 : 1) : 0;
  uint64_t result = 1, factor = (uint64_t)a;
  for (uint64_t n = (uint64_t)b; n; n >>= 1, factor *= factor) if (n & 1) result *= factor;
  return (cf_int)result;
}

bool cf_map_int(int op, rt_dtype dtype, const cf_int *v, cf_answer *out) {
  cf_int x = v[0], a = v[0], b = v[1], width = 8 * (cf_int)cf_bytes(dtype);
  bool in_width = b >= 0 && b < width;
  out->hi = out->lo = out->size = 0, out->i = 0, out->is_bool = false;
  switch (op) {
    case CF_ID(NEG): out->i = -x; break;
    case CF_ID(ABS): out->i = x < 0 ? -x : x; break;
    case CF_ID(SIGN): out->i = (x > 0) - (x < 0); break;
    case CF_ID(FLOOR): case CF_ID(CEIL): case CF_ID(ROUND): case CF_ID(TRUNC): out->i = x; break;
    case CF_ID(SQUARE): out->i = (cf_int)((uint64_t)x * (uint64_t)x); break;
    case CF_ID(RELU): out->i = x < 0 ? 0 : x; break;
    case CF_ID(ISNAN): case CF_ID(ISINF): answer_bool(out, false); break;
    case CF_ID(SIGNBIT): answer_bool(out, x < 0); break;
    case CF_ID(ISFINITE): answer_bool(out, true); break;
    case CF_ID(LOGICAL_NOT): answer_bool(out, x == 0); break;
    case CF_ID(BITWISE_NOT): out->i = dtype == RT_BOOL ? x == 0 : ~x; break;
    case CF_ID(ADD): out->i = a + b; break;
    case CF_ID(SUB): out->i = a - b; break;
    case CF_ID(MUL): out->i = (cf_int)((uint64_t)a * (uint64_t)b); break;
    case CF_ID(FLOOR_DIV): out->i = b == 0 ? 0 : floor_quotient(a, b); break;
    case CF_ID(REMAINDER): out->i = b == 0 ? a : a - b * floor_quotient(a, b); break;
    case CF_ID(FMOD): out->i = b == 0 ? a : a % b; break;
    case CF_ID(POW): out->i = power(a, b); break;
    case CF_ID(MINIMUM): out->i = a < b ? a : b; break;
    case CF_ID(MAXIMUM): out->i = a > b ? a : b; break;
    case CF_ID(EQ): answer_bool(out, a == b); break;
    case CF_ID(NE): answer_bool(out, a != b); break;
    case CF_ID(LT): answer_bool(out, a < b); break;
    case CF_ID(LE): answer_bool(out, a <= b); break;
    case CF_ID(GT): answer_bool(out, a > b); break;
    case CF_ID(GE): answer_bool(out, a >= b); break;
    case CF_ID(LOGICAL_AND): answer_bool(out, a != 0 && b != 0); break;
    case CF_ID(LOGICAL_OR): answer_bool(out, a != 0 || b != 0); break;
    case CF_ID(LOGICAL_XOR): answer_bool(out, (a != 0) != (b != 0)); break;
    case CF_ID(BITWISE_AND): out->i = a & b; break;
    case CF_ID(BITWISE_OR): out->i = a | b; break;
    case CF_ID(BITWISE_XOR): out->i = a ^ b; break;
    case CF_ID(SHIFT_LEFT): out->i = in_width ? (cf_int)((uint64_t)a << (int)b) : 0; break;
    case CF_ID(SHIFT_RIGHT): out->i = in_width ? a >> (int)b : a < 0 ? -1 : 0; break;
    case CF_ID(CLAMP): out->i = a > b ? a : b, out->i = out->i < v[2] ? out->i : v[2]; break;
    default: return false;
  }
  return true;
}

// ---- all elements ---------------------------------------------------------------------------------------------------------------------
int64_t cf_broadcast_index(const cf_array *a, int32_t rank, const int64_t *shape, int64_t i) {
  int64_t index = 0, next = 1;
  for (int32_t d = rank - 1, k = a->rank - 1; d >= 0; d--, k--) {
    int64_t at = i % shape[d];
    i /= shape[d];
    if (k < 0) continue;
    if (a->shape[k] != 1) index += at * next;
    next *= a->shape[k];
  }
  return index;
}

void cf_map(cf_case *c, rt_dtype compute) {
  const cf_array *y = &c->out.x;
  if (cf_is_complex(compute)) {
    cf_map_complex(c, compute);
    return;
  }
  rt_dtype lane = cf_is_half(compute) ? RT_F32 : compute; // what a parameter is rounded to
  cf_real param = cf_is_float(compute) ? cf_decode(lane, cf_encode(lane, (cf_real)c->param, 0)) : 0;
  for (int64_t i = 0; i < y->numel; i++) {
    cf_real x[CF_MAX_IN] = {0};
    cf_int n[CF_MAX_IN] = {0};
    for (int k = 0; k < c->n_in; k++) {
      const cf_array *a = &c->in[k].x;
      uint64_t bits = (uint64_t)cf_cast(a->dtype, cf_bits(a, cf_broadcast_index(a, y->rank, y->shape, i)), compute);
      if (cf_is_float(compute)) x[k] = cf_decode(compute, bits);
      else n[k] = cf_decode_int(compute, bits);
    }
    if (c->op->id == CF_ID(COMPLEX)) {
      rt_dtype part = cf_part(y->dtype);
      cf_want_bits(c, i, cf_join(y->dtype, cf_encode(part, x[0], 0), cf_encode(part, x[1], 0)));
      continue;
    }
    cf_answer answer;
    bool known = cf_is_float(compute) ? cf_map_float(c->op->id, compute, x, param, &answer) : cf_map_int(c->op->id, compute, n, &answer);
    if (!known) cf_fail(c, "the oracle has no formula for this row");
    if (!known) return;
    if (answer.is_bool) cf_want_bits(c, i, cf_encode_int(y->dtype, answer.i));
    else if (cf_is_float(compute) && answer.size > 0) cf_want_ulp_of(c, i, answer.hi, answer.size);
    else if (cf_is_float(compute)) cf_want_ulp(c, i, answer.hi, answer.lo);
    else cf_want_bits(c, i, cf_encode_int(y->dtype, answer.i));
  }
}
