// SPDX-License-Identifier: BSD-3-Clause
// The rows of ops.def that are functions, where f32 computes them, and what they cost. OWN: in vectors of f32. WIDE: in vectors of f64, rounded
// once (map_wide.c), where f32 alone would need twice its precision or where speed matters less than code. NEAR: as OWN, but where there is a
// fast fma, numbers that FAR_name does not mark are computed by m_name_near, which takes fewer instructions, and blocks of nothing else by it alone.
// Halves are widened to f32 in pieces.
// All others are PLAIN: a few exact instructions. The cost is that of f32 with AVX2, in tenths of a nanosecond per element at 3.5 GHz.
#ifndef CPU_SIMD_FUNCTIONS_H
#define CPU_SIMD_FUNCTIONS_H

#define KIND_exp ~, NEAR, 2
#define KIND_exp2 ~, OWN, 3
#define KIND_expm1 ~, OWN, 4
#ifdef V_LOOKUP
#define KIND_log ~, OWN, 3
#else
#define KIND_log ~, NEAR, 3
#endif
#define KIND_tanh ~, OWN, 6
#define KIND_erf ~, OWN, 7
#define KIND_sigmoid ~, OWN, 3
#define KIND_silu ~, OWN, 3
#define KIND_gelu ~, NEAR, 5
#define KIND_gelu_tanh ~, OWN, 6
#define KIND_softplus ~, OWN, 8
#define KIND_selu ~, OWN, 5
#define KIND_elu ~, OWN, 5
#define KIND_rsqrt ~, OWN, 3

#define KIND_mish ~, WIDE, 20
#define KIND_celu ~, WIDE, 22
#define KIND_log1p ~, WIDE, 22
#define KIND_log2 ~, WIDE, 22
#define KIND_log10 ~, WIDE, 22
#define KIND_sin ~, WIDE, 14
#define KIND_cos ~, WIDE, 14
#define KIND_tan ~, WIDE, 18
#define KIND_asin ~, WIDE, 13
#define KIND_acos ~, WIDE, 14
#define KIND_atan ~, WIDE, 18
#define KIND_sinh ~, WIDE, 20
#define KIND_cosh ~, WIDE, 14
#define KIND_asinh ~, WIDE, 50
#define KIND_acosh ~, WIDE, 42
#define KIND_atanh ~, WIDE, 42
#define KIND_erfc ~, WIDE, 33
#define KIND_cbrt ~, WIDE, 34
#define KIND_pow ~, WIDE, 50
#define KIND_atan2 ~, WIDE, 32
#define KIND_hypot ~, WIDE, 8
#define KIND_logaddexp ~, WIDE, 45
#define KIND_floor_div ~, WIDE, 7
#define KIND_remainder ~, WIDE, 16
#define KIND_fmod ~, WIDE, 12

#define SECOND(...) SECOND_OF(__VA_ARGS__, ~)
#define SECOND_OF(a, b, ...) b
#define THIRD(...) THIRD_OF(__VA_ARGS__, ~, ~)
#define THIRD_OF(a, b, c, ...) c
#define KIND(name) SECOND(KIND_##name, PLAIN)
#define COST_F32(name) THIRD(KIND_##name, ~, 2)

#endif
