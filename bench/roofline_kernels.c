// SPDX-License-Identifier: BSD-3-Clause
// The loops that measure the machine, compiled for each instruction set of it; the processor says which is run. Nothing of a backend is used:
// the roofline must not be better or worse because a backend is.
#include "suite.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define ISA(name) avx512_##name
#define NAME "AVX-512"
#define TARGET __attribute__((target("avx512f")))
#define LANES 16
#define FMA_F32 _mm512_fmadd_ps
#define FMA_F64 _mm512_fmadd_pd
#define BYPASS _mm512_stream_ps
#include "probe_loops.h"

#define ISA(name) avx2_##name
#define NAME "AVX2 and FMA"
#define TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#define FMA_F32 _mm256_fmadd_ps
#define FMA_F64 _mm256_fmadd_pd
#define BYPASS _mm256_stream_ps
#include "probe_loops.h"

#define BASELINE "SSE2"
#define BYPASS _mm_stream_ps
#elif defined(__aarch64__)
#include <arm_neon.h>
#define BASELINE "NEON"
#define FMA_F32 vfmaq_f32_of
#define FMA_F64 vfmaq_f64_of
#define vfmaq_f32_of(a, b, c) ((baseline_f32)vfmaq_f32((float32x4_t)(c), (float32x4_t)(a), (float32x4_t)(b)))
#define vfmaq_f64_of(a, b, c) ((baseline_f64)vfmaq_f64((float64x2_t)(c), (float64x2_t)(a), (float64x2_t)(b)))
#else
#define BASELINE "baseline"
#endif

#define ISA(name) baseline_##name
#define NAME BASELINE
#define TARGET
#define LANES 4
#ifndef FMA_F32
#define FMA_F32(a, b, c) ((a) * (b) + (c)) // -ffp-contract=off: a multiplication and an addition, two flops as well
#define FMA_F64(a, b, c) ((a) * (b) + (c))
#endif
#include "probe_loops.h"

const probe_loops *probe_loops_at(int index) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && index-- == 0) return &avx512_loops;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && index-- == 0) return &avx2_loops;
#endif
  return index == 0 ? &baseline_loops : NULL;
}
