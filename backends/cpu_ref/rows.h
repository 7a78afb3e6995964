// SPDX-License-Identifier: BSD-3-Clause
// The rows of ops.def for one dtype: a function ref_<op>_<dtype> for each row that allows the dtype, and their table. rows.c includes it
// once per dtype, with
//   DTYPE STORED        f16, uint16_t: the name and the type in memory
//   CLASS VALUE         the vocabulary's class to compute elements in, and its type
//   WIDE_CLASS WIDE     the same for accumulators; WIDE is also the type of a SUM row's result when IS_INTEGER
//   LOAD(s) STORE(v)    STORED to a value and back, rounding once
//   PARAM(p)            an f64 parameter as this dtype computes with it
//   NEXTAFTER(a, b)     the value next to a in this dtype, towards b
//   PART                of a complex dtype: the type of its parts
//   PAIR                of a float: the complex type that two of it make
//   IS_BOOL IS_INTEGER IS_FLOAT IS_COMPLEX   one of them 1: which rows apply
// An integer dtype is its own class and value and needs no LOAD and STORE.

#ifndef IS_BOOL
#define IS_BOOL 0
#endif
#ifndef IS_FLOAT
#define IS_FLOAT 0
#endif
#ifndef IS_COMPLEX
#define IS_COMPLEX 0
#endif
#ifndef IS_INTEGER
#define IS_INTEGER 0
#else
#define CLASS DTYPE
#define VALUE STORED
#define LOAD(s) (s)
#define STORE(v) ((STORED)(v))
#endif

#define PASTE2(a, b) a##b
#define PASTE(a, b) PASTE2(a, b)
#define KERNEL2(name, dtype) ref_##name##_##dtype
#define KERNEL1(name, dtype) KERNEL2(name, dtype)
#define KERNEL(name) KERNEL1(name, DTYPE)

// Keeps its arguments when the row's `dtypes` holds this dtype.
#define KEEP_0(...)
#define KEEP_1(...) __VA_ARGS__
#define IF_ANY_C KEEP_1
#if IS_COMPLEX
#define IF_ANY KEEP_0
#else
#define IF_ANY KEEP_1
#endif
#if IS_BOOL
#define IF_NUMERIC_C KEEP_0
#else
#define IF_NUMERIC_C KEEP_1
#endif
#if IS_BOOL || IS_COMPLEX
#define IF_NUMERIC KEEP_0
#else
#define IF_NUMERIC KEEP_1
#endif
#define IF_INTEGER PASTE(KEEP_, IS_INTEGER)
#if IS_BOOL || IS_INTEGER
#define IF_BITS KEEP_1
#else
#define IF_BITS KEEP_0
#endif
#define IF_FLOAT PASTE(KEEP_, IS_FLOAT)
#if IS_FLOAT || IS_COMPLEX
#define IF_FLOAT_C KEEP_1
#else
#define IF_FLOAT_C KEEP_0
#endif

// The type in memory of a row's result, and how a value gets there.
#define OUT_SAME STORED
#define PUT_SAME(v) STORE(v)
#define OUT_BOOL uint8_t
#define PUT_BOOL(v) ((uint8_t)((v) != 0))
#define OUT_I64 int64_t
#if IS_COMPLEX
#define OUT_REAL PART
#define PUT_REAL(v) ((PART)(v))
#else
#define OUT_REAL STORED
#define PUT_REAL(v) STORE(v)
#endif
#define OUT_COMPLEX PAIR
#define PUT_COMPLEX(v) ((PAIR)(v))
#if IS_FLOAT || IS_COMPLEX
#define OUT_SUM STORED
#define PUT_SUM(v) STORE(v)
#else
#define OUT_SUM WIDE
#define PUT_SUM(v) (v)
#endif

#define NO_ROW(...)
#define RT_OP NO_ROW
#define RT_COMPOSITE NO_ROW

// ---- elementwise rows -------------------------------------------------------------------------------------------------------------------
#define VOCAB CLASS
#define T(v) ((VALUE)(v))
#define RT_REDUCE NO_ROW
#define RT_ARG NO_ROW

#define RT_UNARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc)                                                                   \
  IF_##dtypes(static void KERNEL(name)(int64_t n, void *const *at, const int64_t *step) {                                                  \
    const STORED *px = at[0];                                                                                                              \
    OUT_##result *py = at[1];                                                                                                              \
    for (int64_t i = 0, sx = step[0], sy = step[1]; i < n; i++) { const VALUE x = LOAD(px[i * sx]); py[i * sy] = PUT_##result(formula); }  \
  })
#define RT_PARAM(id, NAME, name, dtypes, result, cpu, gpu, param, value, formula, doc)                                                     \
  IF_##dtypes(static void KERNEL(name)(int64_t n, void *const *at, const int64_t *step) {                                                  \
    const STORED *px = at[0];                                                                                                              \
    const VALUE p = PARAM(*(const double *)at[1]);                                                                                         \
    OUT_##result *py = at[2];                                                                                                              \
    for (int64_t i = 0, sx = step[0], sy = step[2]; i < n; i++) { const VALUE x = LOAD(px[i * sx]); py[i * sy] = PUT_##result(formula); }  \
  })
#define RT_BINARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc)                                                                  \
  IF_##dtypes(static void KERNEL(name)(int64_t n, void *const *at, const int64_t *step) {                                                  \
    const STORED *pa = at[0], *pb = at[1];                                                                                                 \
    OUT_##result *py = at[2];                                                                                                              \
    for (int64_t i = 0, sa = step[0], sb = step[1], sy = step[2]; i < n; i++) {                                                            \
      const VALUE a = LOAD(pa[i * sa]), b = LOAD(pb[i * sb]);                                                                              \
      py[i * sy] = PUT_##result(formula);                                                                                                  \
    }                                                                                                                                      \
  })
#define RT_TERNARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc)                                                                 \
  IF_##dtypes(static void KERNEL(name)(int64_t n, void *const *at, const int64_t *step) {                                                  \
    const STORED *pa = at[0], *pb = at[1], *pc = at[2];                                                                                    \
    OUT_##result *py = at[3];                                                                                                              \
    for (int64_t i = 0, sa = step[0], sb = step[1], sc = step[2], sy = step[3]; i < n; i++) {                                              \
      const VALUE a = LOAD(pa[i * sa]), b = LOAD(pb[i * sb]), c = LOAD(pc[i * sc]);                                                        \
      py[i * sy] = PUT_##result(formula);                                                                                                  \
    }                                                                                                                                      \
  })
#include <trivet/ops.def>
#undef VOCAB
#undef T

// ---- reductions: the same vocabulary, in the class of the accumulator -------------------------------------------------------------------
#define VOCAB WIDE_CLASS
#define T(v) ((WIDE)(v))
#define RT_OP NO_ROW
#define RT_COMPOSITE NO_ROW
#define RT_UNARY NO_ROW
#define RT_PARAM NO_ROW
#define RT_BINARY NO_ROW
#define RT_TERNARY NO_ROW

#define RT_REDUCE(id, NAME, name, dtypes, result, empty, cpu, gpu, init, next, finish, doc)                                                \
  IF_##dtypes(static void KERNEL(name)(const ref_span *span, const void *first, void *out) {                                               \
    const STORED *px = first;                                                                                                              \
    const int64_t n = span->numel;                                                                                                         \
    WIDE acc = init;                                                                                                                       \
    for (span_walk w = span_start(span); !w.done; span_next(&w, span)) {                                                                   \
      for (int64_t i = 0; i < span->n; i++) { const WIDE x = (WIDE)LOAD(px[w.at + i * span->step]); acc = (WIDE)(next); }                  \
    }                                                                                                                                      \
    (void)n;                                                                                                                               \
    *(OUT_##result *)out = PUT_##result(finish);                                                                                           \
  })
#define RT_ARG(id, NAME, name, dtypes, result, better, doc)                                                                                \
  IF_##dtypes(static void KERNEL(name)(const ref_span *span, const void *first, void *out) {                                               \
    const STORED *px = first;                                                                                                              \
    WIDE best = (WIDE)LOAD(px[0]);                                                                                                         \
    int64_t index = 0, best_index = 0;                                                                                                     \
    for (span_walk w = span_start(span); !w.done; span_next(&w, span)) {                                                                   \
      for (int64_t i = 0; i < span->n; i++, index++) {                                                                                     \
        const WIDE x = (WIDE)LOAD(px[w.at + i * span->step]);                                                                              \
        if (better) best = x, best_index = index;                                                                                          \
      }                                                                                                                                    \
    }                                                                                                                                      \
    *(OUT_##result *)out = best_index;                                                                                                     \
  })
#include <trivet/ops.def>
#undef VOCAB
#undef T

// ---- the table --------------------------------------------------------------------------------------------------------------------------
#define RT_OP NO_ROW
#define RT_COMPOSITE NO_ROW
#define RT_UNARY(id, NAME, name, dtypes, ...) IF_##dtypes([id] = {.map = KERNEL(name)}, )
#define RT_PARAM RT_UNARY
#define RT_BINARY RT_UNARY
#define RT_TERNARY RT_UNARY
#define RT_REDUCE(id, NAME, name, dtypes, ...) IF_##dtypes([id] = {.fold = KERNEL(name)}, )
#define RT_ARG RT_REDUCE
static const ref_row KERNEL(rows)[REF_OPS] = {
#include <trivet/ops.def>
};

#undef PASTE2
#undef PASTE
#undef KERNEL2
#undef KERNEL1
#undef KERNEL
#undef KEEP_0
#undef KEEP_1
#undef IF_ANY
#undef IF_ANY_C
#undef IF_NUMERIC
#undef IF_NUMERIC_C
#undef IF_INTEGER
#undef IF_BITS
#undef IF_FLOAT
#undef IF_FLOAT_C
#undef OUT_SAME
#undef PUT_SAME
#undef OUT_BOOL
#undef PUT_BOOL
#undef OUT_I64
#undef OUT_REAL
#undef PUT_REAL
#undef OUT_COMPLEX
#undef PUT_COMPLEX
#undef OUT_SUM
#undef PUT_SUM
#undef NO_ROW
#undef DTYPE
#undef STORED
#undef CLASS
#undef VALUE
#undef WIDE_CLASS
#undef WIDE
#undef LOAD
#undef STORE
#undef PARAM
#undef NEXTAFTER
#undef PART
#undef PAIR
#undef IS_BOOL
#undef IS_INTEGER
#undef IS_FLOAT
#undef IS_COMPLEX
