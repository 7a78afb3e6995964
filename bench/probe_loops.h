// SPDX-License-Identifier: BSD-3-Clause
// The loops of one instruction set, included once for each by roofline_kernels.c, which defines before
//   ISA(name)  NAME  TARGET  LANES (floats in a vector)  FMA_F32(a, b, c)  FMA_F64(a, b, c)  BYPASS(address, vector) or nothing
// Written with vectors of the compiler, so that nothing here is the code that they judge.

typedef float ISA(f32) __attribute__((vector_size(4 * LANES), may_alias));
typedef double ISA(f64) __attribute__((vector_size(4 * LANES), may_alias));
#define V(p, k) (((ISA(f32) *)(p))[k])

TARGET static float ISA(read)(float *x, const float *y, const float *z, size_t n) {
  (void)x, (void)z;
  ISA(f32) s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0}, s4 = {0}, s5 = {0}, s6 = {0}, s7 = {0};
  size_t i = 0;
  for (; i + 8 * LANES <= n; i += 8 * LANES) {
    const float *at = y + i;
    s0 += V(at, 0), s1 += V(at, 1), s2 += V(at, 2), s3 += V(at, 3), s4 += V(at, 4), s5 += V(at, 5), s6 += V(at, 6), s7 += V(at, 7);
  }
  for (; i < n; i += LANES) s0 += V(y + i, 0);
  s0 += s1 + s2 + s3 + s4 + s5 + s6 + s7;
  return s0[0] + s0[LANES - 1];
}

// Four vectors a round; the rest is whole vectors, because n is a multiple of 64.
#define STREAM(name, put, value) \
  TARGET static float ISA(name)(float *x, const float *y, const float *z, size_t n) { \
    (void)y, (void)z; \
    const ISA(f32) two = (ISA(f32)){0} + 2.0f; (void)two; \
    for (size_t i = 0; i < n; i += 4 * LANES) { \
      put(x + i, value(0)); put(x + i + LANES, value(1)); put(x + i + 2 * LANES, value(2)); put(x + i + 3 * LANES, value(3)); } \
    return x[0]; }
#define PUT(p, v) (V(p, 0) = (v))
#define IS_WRITE(k) two
#define IS_COPY(k) V(y + i, k)
#define IS_SCALE(k) (V(x + i, k) * two)
#define IS_ADD(k) (V(y + i, k) + V(z + i, k))
#define IS_UPDATE(k) (V(x + i, k) + V(y + i, k))
STREAM(write, PUT, IS_WRITE)
STREAM(copy, PUT, IS_COPY)
STREAM(scale, PUT, IS_SCALE)
STREAM(add, PUT, IS_ADD)
STREAM(update, PUT, IS_UPDATE)
#ifdef BYPASS
STREAM(write_past, BYPASS, IS_WRITE)
STREAM(copy_past, BYPASS, IS_COPY)
STREAM(add_past, BYPASS, IS_ADD)
#endif

// Twelve sums hide the latency of two units; the factor is below one, so that they settle instead of growing.
#define TWELVE(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
#define DECLARE(k) vec s##k;
#define STEP(k) s##k = FMA(s##k, x, y);
#define TOTAL(k) total += s##k;
#define PEAK(name, vec_type, lane) \
  TARGET static double ISA(name)(int64_t n) { \
    typedef vec_type vec; volatile lane half = (lane)0.5; \
    const vec x = (vec){0} + half, y = (vec){0} + half; TWELVE(DECLARE) \
    TWELVE(START) for (int64_t i = 0; i < n; i++) { TWELVE(STEP) } \
    vec total = {0}; TWELVE(TOTAL) return (double)total[0]; }
#define START(k) s##k = (vec){0} + (float)k;
#define FMA FMA_F32
PEAK(fma_f32, ISA(f32), float)
#undef FMA
#define FMA FMA_F64
PEAK(fma_f64, ISA(f64), double)
#undef FMA

static const probe_loops ISA(loops) = {
    .name = NAME,
    .stream = {ISA(read), ISA(write), ISA(copy), ISA(scale), ISA(add), ISA(update)},
#ifdef BYPASS
    .bypass = {[WRITE] = ISA(write_past), [COPY] = ISA(copy_past), [ADD] = ISA(add_past)},
#endif
    .fma_f32 = ISA(fma_f32), .fma_f64 = ISA(fma_f64), .flops_f32 = 12.0 * 2 * LANES, .flops_f64 = 12.0 * LANES};

#undef V
#undef STREAM
#undef PUT
#undef IS_WRITE
#undef IS_COPY
#undef IS_SCALE
#undef IS_ADD
#undef IS_UPDATE
#undef TWELVE
#undef DECLARE
#undef STEP
#undef TOTAL
#undef PEAK
#undef START
#undef ISA
#undef NAME
#undef TARGET
#undef LANES
#undef FMA_F32
#undef FMA_F64
#undef BYPASS
