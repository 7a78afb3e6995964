// SPDX-License-Identifier: BSD-3-Clause
// The scalar side of the vector test for numbers of one width: included with NUM_BITS 32 and 64. Blocks of inputs go through every probe and
// through the plain C of probes.def, lane by lane.
#if NUM_BITS == 64
#define num double
#define inum int64_t
#define unum uint64_t
#define M(name) name
#define FN(name) name##_64
#else
#define num float
#define inum int32_t
#define unum uint32_t
#define M(name) name##f
#define FN(name) name##_32
#endif
#define I FN(bits_of)
#define U(x) ((unum)I(x))
#define W(u) ((inum)(u))
#define FROM FN(from_bits)
#define LEAST FN(least)
#define MOST FN(most)
#define SATURATED FN(saturated)
#define MANTISSA_OF FN(mantissa)
#define FROM_INT_SHIFT (NUM_BITS == 64 ? 13 : 8)

static inum I(num x) { inum i; memcpy(&i, &x, sizeof i); return i; }
static num FROM(inum i) { num x; memcpy(&x, &i, sizeof x); return x; }

static num LEAST(num x, num y) { // NaN wins; -0 is below +0
  if (x != x || y != y) return x + y;
  if (x == y) return I(x) < 0 ? x : y;
  return x < y ? x : y;
}
static num MOST(num x, num y) {
  if (x != x || y != y) return x + y;
  if (x == y) return I(x) < 0 ? y : x;
  return x > y ? x : y;
}

static inum SATURATED(num x) { // towards zero, at the ends of the range the ends; 0 for NaN
  const num end = NUM_BITS == 64 ? (num)0x1p63 : (num)0x1p31;
  return x != x ? 0 : x >= end ? (inum)(((unum)1 << (NUM_BITS - 1)) - 1) : x < -end ? (inum)((unum)1 << (NUM_BITS - 1)) : (inum)x;
}

static num FN(mantissa)(num x) {
  if (!(x >= 0)) return (num)NAN;
  return x == 0 || isinf(x) ? 1 : 2 * M(frexp)(x, &(int){0});
}

// All lanes of a to one, halves joined.
#define JOIN(name, step)                                                              \
  static num FN(name)(const num *a, const num *b, int lanes) {                        \
    num part[MAX_LANES];                                                              \
    (void)b;                                                                          \
    memcpy(part, a, (size_t)lanes * sizeof *a);                                       \
    for (int half = lanes / 2; half > 0; half /= 2)                                   \
      for (int i = 0; i < half; i++) part[i] = step(part[i], part[i + half]);         \
    return part[0];                                                                   \
  }
#define PLUS(x, y) ((x) + (y))
JOIN(sum_of, PLUS)
JOIN(lowest_of, LEAST)
JOIN(highest_of, MOST)
static num FN(any_less)(const num *a, const num *b, int lanes) {
  for (int i = 0; i < lanes; i++) if (a[i] < b[i]) return 1;
  return 0;
}
static num FN(all_less)(const num *a, const num *b, int lanes) {
  for (int i = 0; i < lanes; i++) if (!(a[i] < b[i])) return 0;
  return 1;
}

/// Is `got`, the bits of a num, right for what the row's scalar side gives?
static bool FN(same)(inum got, num want) { return got == I(want) || (want != want && FROM(got) != FROM(got)); }

#define SEEN_NUM(at, want) FN(same)(((const inum *)out)[at], want)
#define SEEN_BITS(at, want) (((const inum *)out)[at] == I(want))
#define SEEN_EITHER(at, want) (FN(same)(((const inum *)out)[at], want) || \
  (((x != x && y == y) || (x == 0 && y == 0)) && (FN(same)(((const inum *)out)[at], x) || FN(same)(((const inum *)out)[at], y))))
#define SEEN_TWICE(at, want) (FN(same)(((const inum *)out)[at], want) || FN(same)(((const inum *)out)[at], x * y + z))
#define SEEN_MASK(at, want) (((const uint8_t *)out)[at] == (uint8_t)(want))
#define SEEN_INT(at, want) (((const inum *)out)[at] == (want))
#define SEEN_TO_INT(at, want) (!(M(fabs)(x) < (NUM_BITS == 64 ? (num)0x1p51 : (num)0x1p31 - 256)) || ((const inum *)out)[at] == (want))
#define EACH_LANE(test) for (int i = 0; i < lanes; i++) { const num x = a[i], y = b[i], z = c[i]; (void)x, (void)y, (void)z; if (!(test)) return i; }
#define CHECK_NUM(want) EACH_LANE(SEEN_NUM(i, want))
#define CHECK_BITS(want) EACH_LANE(SEEN_BITS(i, want))
#define CHECK_EITHER(want) EACH_LANE(SEEN_EITHER(i, want))
#define CHECK_TWICE(want) EACH_LANE(SEEN_TWICE(i, want))
#define CHECK_MASK(want) EACH_LANE(SEEN_MASK(i, want))
#define CHECK_INT(want) EACH_LANE(SEEN_INT(i, want))
#define CHECK_TO_INT(want) EACH_LANE(SEEN_TO_INT(i, want))
#define CHECK_ONE(function) if (!FN(same)(*(const inum *)out, FN(function)(a, b, lanes))) return 0;
#define CHECK_ANY(function) if (*(const uint8_t *)out != (FN(function)(a, b, lanes) != 0)) return 0;

/// The first lane in which the probe's result is wrong, or -1.
#define PROBE(kind, name, vector, scalar)                                                                          \
  static int FN(check_##name)(const num *a, const num *b, const num *c, const void *out, int lanes) {              \
    const void *const pa = a, *const pb = b;                                                                       \
    (void)pa, (void)pb, (void)c, (void)lanes;                                                                      \
    CHECK_##kind(scalar)                                                                                           \
    return -1;                                                                                                     \
  }
#include "probes.def"
#undef PROBE

#define PROBE(kind, name, vector, scalar) {#name, FN(check_##name)},
static const struct { const char *name; int (*check)(const num *a, const num *b, const num *c, const void *out, int lanes); } FN(rows)[] = {
#include "probes.def"
};
#undef PROBE

// ---- inputs ---------------------------------------------------------------------------------------------------------------------------------
/// Numbers at which rounding, signs and ranges change.
static num FN(special)(uint32_t k) {
#define EDGE(f, d) (NUM_BITS == 64 ? (num)(d) : (num)(f))
  const num list[] = {
    0, 1, 2, 3, (num)0.5, (num)1.5, (num)2.5, (num)3.5, (num)0.25, (num)1e-5, 7, 10, 100, (num)0.1, (num)3.14159265358979, 1000001, 12345678,
    INFINITY, NAN, FROM(1), FROM(2), EDGE(FLT_MIN, DBL_MIN), EDGE(FLT_MIN / 2, DBL_MIN / 2), EDGE(FLT_MAX, DBL_MAX), EDGE(FLT_MAX / 2, DBL_MAX / 2),
    EDGE(0x1p22, 0x1p51) + (num)0.5, EDGE(0x1p23, 0x1p52) - (num)0.5, EDGE(0x1p23, 0x1p52), EDGE(0x1p23, 0x1p52) + 1, EDGE(0x1p24, 0x1p53), EDGE(0x1p30, 0x1p50),
    EDGE(0x1.fffffep-2, 0x1.fffffffffffffp-2), 1 + EDGE(FLT_EPSILON, DBL_EPSILON), 1 - EDGE(FLT_EPSILON, DBL_EPSILON) / 2,
    EDGE(0x1p-126, 0x1p-1022) * (num)1.5, EDGE(0x1p63, 0x1p63), FROM((inum)((unum)I((num)INFINITY) + 1)), // the last one: a signalling NaN
  };
  const uint32_t n = sizeof list / sizeof *list;
  return k / n % 2 ? -list[k % n] : list[k % n];
}

/// Block t of inputs: pairs of special numbers, then any bits, numbers of like size, one number in all lanes, and that with one lane changed.
static void FN(fill)(uint32_t t, num *a, num *b, num *c) {
  uint64_t seed = 0x9e3779b97f4a7c15u * (t + 1);
  for (uint32_t i = 0; i < MAX_LANES; i++) {
    const uint64_t r1 = next_random(&seed), r2 = next_random(&seed), r3 = next_random(&seed);
    if (t < SPECIAL_BLOCKS) {
      const uint32_t k = t * MAX_LANES + i;
      a[i] = FN(special)(k), b[i] = FN(special)(k / SPECIALS), c[i] = FN(special)((uint32_t)r3);
    } else if (t % 4 == 0) {
      a[i] = FROM((inum)r1), b[i] = FROM((inum)r2), c[i] = FROM((inum)r3);
    } else if (t % 4 == 1) {
      a[i] = (num)(int32_t)r1 * (num)0x1p-20, b[i] = (num)(int32_t)r2 * (num)0x1p-24, c[i] = (num)(int32_t)r3 * (num)0x1p-20;
    } else {
      const bool odd = t % 4 == 3 && i == t / 4 % MAX_LANES;
      a[i] = (num)(t / 4 % 3 ? 1 : 4), b[i] = odd ? (num)2.5 : 2, c[i] = (num)-3;
      if (odd) a[i] = 6 - a[i];
    }
  }
}

/// Every probe of the table over every block; says the first few lanes that are wrong and returns their number.
static int FN(run_probes)(const vec_table *table) {
  int n_wrong = 0;
  for (uint32_t t = 0; t < N_BLOCKS; t++) {
    num a[MAX_LANES], b[MAX_LANES], c[MAX_LANES];
    FN(fill)(t, a, b, c);
    for (size_t p = 0; p < sizeof FN(rows) / sizeof *FN(rows); p++) {
      _Alignas(64) uint8_t out[MAX_LANES * 8] = {0};
      table->probe[p](a, b, c, out);
      const int lane = FN(rows)[p].check(a, b, c, out, table->lanes);
      if (lane < 0) continue;
      inum got;
      memcpy(&got, out + (size_t)lane * sizeof got, sizeof got);
      if (n_wrong++ < 20)
        print_error("%s %s: %s of (%a, %a, %a) in lane %d of block %u is wrong: as a number %a, first byte %d\n", table->isa, table->lane, FN(rows)[p].name, (double)a[lane],
                    (double)b[lane], (double)c[lane], lane, t, (double)FROM(got), out[lane]);
    }
  }
  return n_wrong;
}

#undef num
#undef inum
#undef unum
#undef M
#undef FN
#undef I
#undef U
#undef W
#undef FROM
#undef LEAST
#undef MOST
#undef SATURATED
#undef MANTISSA_OF
#undef FROM_INT_SHIFT
#undef JOIN
#undef PLUS
#undef EDGE
