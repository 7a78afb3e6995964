// SPDX-License-Identifier: BSD-3-Clause
// One integer class of the vocabulary, INT from LOW to HIGH, computed through its unsigned twin UINT so that everything wraps. What C leaves
// undefined is defined here: x / 0 is 0, x % 0 is x, the smallest integer over -1 wraps, and shifts take any count.
#if LOW
#define NEGATIVE(x) ((x) < 0)
#else
#define NEGATIVE(x) 0
#endif
#ifndef NOT
#define NOT(x) ~(x)
#endif
#define F(name) static inline INT VOCAB_PASTE(name, CLASS)
#define TRUTH(name) static inline int VOCAB_PASTE(name, CLASS)
#define CALL(name) VOCAB_PASTE(name, CLASS)

F(add)(INT a, INT b) { return (INT)(UINT)(1u * (UINT)a + (UINT)b); }
F(sub)(INT a, INT b) { return (INT)(UINT)(1u * (UINT)a - (UINT)b); }
F(mul)(INT a, INT b) { return (INT)(UINT)(1u * (UINT)a * (UINT)b); } // 1u: two 16-bit factors would overflow int
F(neg)(INT x) { return (INT)(UINT)(0u - (UINT)x); }
F(abs)(INT x) { return NEGATIVE(x) ? CALL(neg)(x) : x; }
F(sign)(INT x) { return (INT)(NEGATIVE(x) ? -1 : x != 0); }
F(floor)(INT x) { return x; }
F(ceil)(INT x) { return x; }
F(round)(INT x) { return x; }
F(trunc)(INT x) { return x; }

F(div)(INT a, INT b) { // towards zero
  if (b == 0) return 0;
  if (NEGATIVE(b) && (INT)(b + 1) == 0) return CALL(neg)(a);
  return (INT)(a / b);
}
F(fmod)(INT a, INT b) {
  if (b == 0) return a;
  if (NEGATIVE(b) && (INT)(b + 1) == 0) return 0;
  return (INT)(a % b);
}
F(floor_div)(INT a, INT b) {
  const INT quotient = CALL(div)(a, b);
  return b != 0 && NEGATIVE(a) != NEGATIVE(b) && CALL(fmod)(a, b) != 0 ? (INT)(quotient - 1) : quotient;
}
F(remainder)(INT a, INT b) {
  const INT rest = CALL(fmod)(a, b);
  return b != 0 && rest != 0 && NEGATIVE(rest) != NEGATIVE(b) ? (INT)(rest + b) : rest;
}
F(pow)(INT a, INT b) {
  if (NEGATIVE(b)) return (INT)(a == 1 ? 1 : NEGATIVE(a) && (INT)(a + 1) == 0 ? (b & 1 ? -1 : 1) : 0);
  INT y = 1;
  for (UINT n = (UINT)b; n; n = (UINT)(n >> 1), a = CALL(mul)(a, a)) {
    if (n & 1) y = CALL(mul)(y, a);
  }
  return y;
}

F(min)(INT a, INT b) { return a < b ? a : b; }
F(max)(INT a, INT b) { return a > b ? a : b; }
F(lowest)(void) { return LOW; }
F(highest)(void) { return HIGH; }
TRUTH(arg_gt)(INT x, INT best) { return x > best; }
TRUTH(arg_lt)(INT x, INT best) { return x < best; }
TRUTH(sign_bit)(INT x) { return (void)x, NEGATIVE(x); }
TRUTH(is_nan)(INT x) { return (void)x, 0; }
TRUTH(is_inf)(INT x) { return (void)x, 0; }
TRUTH(is_finite)(INT x) { return (void)x, 1; }

F(bit_not)(INT x) { return (INT)(NOT(x)); }
F(bit_and)(INT a, INT b) { return (INT)(a & b); }
F(bit_or)(INT a, INT b) { return (INT)(a | b); }
F(bit_xor)(INT a, INT b) { return (INT)(a ^ b); }
F(shl)(INT a, INT b) { return NEGATIVE(b) || (uint64_t)b >= BITS ? 0 : (INT)(UINT)(1u * (UINT)a << b); }
F(shr)(INT a, INT b) { // >> of a negative number copies the sign on every compiler we know of (C11 6.5.7 leaves it to them)
  if (NEGATIVE(b) || (uint64_t)b >= BITS) return (INT)(NEGATIVE(a) ? -1 : 0);
  return (INT)(a >> b);
}

#undef F
#undef TRUTH
#undef CALL
#undef CLASS
#undef INT
#undef UINT
#undef BITS
#undef LOW
#undef HIGH
#undef NEGATIVE
#undef NOT
