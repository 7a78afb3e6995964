// SPDX-License-Identifier: BSD-3-Clause
// The instruction sets: which tables of kernels were built, and which of them this machine can run.
#include "simd.h"

// cmake/kernels.cmake defines SIMD_HAS_<isa> for each instruction set that the compiler can build.
#define MAP(isa, lane) extern const simd_map_row simd_map_##lane##_##isa[];
#define CAST(isa, lane) extern const simd_casts simd_cast_##lane##_##isa;
#define QUANT(isa, lane) extern const simd_quants simd_quant_##lane##_##isa;
#define MAKE(isa, lane) extern const simd_makes simd_make_##lane##_##isa;
#define MOVE(isa, lane) extern const simd_moves simd_move_##lane##_##isa;
#define TABLES(isa)                                                                                                                        \
  MAP(isa, boolean) MAP(isa, i8) MAP(isa, i16) MAP(isa, i32) MAP(isa, i64) MAP(isa, u8) MAP(isa, u16) MAP(isa, u32) MAP(isa, u64)              \
  MAP(isa, f16) MAP(isa, bf16) MAP(isa, f32) MAP(isa, f64)                                                                                 \
  CAST(isa, boolean) CAST(isa, i8) CAST(isa, i16) CAST(isa, i32) CAST(isa, i64) CAST(isa, u8) CAST(isa, u16) CAST(isa, u32) CAST(isa, u64)     \
  CAST(isa, f16) CAST(isa, bf16) CAST(isa, f32) CAST(isa, f64)                                                                             \
  QUANT(isa, f16) QUANT(isa, bf16) QUANT(isa, f32) QUANT(isa, f64)                                                                         \
  MAKE(isa, f64)                                                                                                                           \
  MOVE(isa, bytes1) MOVE(isa, bytes2) MOVE(isa, bytes4) MOVE(isa, bytes8) MOVE(isa, bytes16)                                               \
  static const simd_isa isa##_kernels = {                                                                                                  \
    .name = #isa,                                                                                                                          \
    .vector_bytes = VECTOR_BYTES_##isa,                                                                                                    \
    .map = {[RTB_BOOL] = simd_map_boolean_##isa, [RTB_I8] = simd_map_i8_##isa, [RTB_I16] = simd_map_i16_##isa, [RTB_I32] = simd_map_i32_##isa, \
            [RTB_I64] = simd_map_i64_##isa, [RTB_U8] = simd_map_u8_##isa, [RTB_U16] = simd_map_u16_##isa, [RTB_U32] = simd_map_u32_##isa,  \
            [RTB_U64] = simd_map_u64_##isa, [RTB_F16] = simd_map_f16_##isa, [RTB_BF16] = simd_map_bf16_##isa,                              \
            [RTB_F32] = simd_map_f32_##isa, [RTB_F64] = simd_map_f64_##isa},                                                               \
    .casts = {[RTB_BOOL] = &simd_cast_boolean_##isa, [RTB_I8] = &simd_cast_i8_##isa, [RTB_I16] = &simd_cast_i16_##isa,                     \
              [RTB_I32] = &simd_cast_i32_##isa, [RTB_I64] = &simd_cast_i64_##isa, [RTB_U8] = &simd_cast_u8_##isa,                          \
              [RTB_U16] = &simd_cast_u16_##isa, [RTB_U32] = &simd_cast_u32_##isa, [RTB_U64] = &simd_cast_u64_##isa,                        \
              [RTB_F16] = &simd_cast_f16_##isa, [RTB_BF16] = &simd_cast_bf16_##isa, [RTB_F32] = &simd_cast_f32_##isa,                      \
              [RTB_F64] = &simd_cast_f64_##isa},                                                                                           \
    .quants = {[RTB_F16] = &simd_quant_f16_##isa, [RTB_BF16] = &simd_quant_bf16_##isa, [RTB_F32] = &simd_quant_f32_##isa,                  \
               [RTB_F64] = &simd_quant_f64_##isa},                                                                                         \
    .makes = &simd_make_f64_##isa,                                                                                                         \
    .moves = {&simd_move_bytes1_##isa, &simd_move_bytes2_##isa, &simd_move_bytes4_##isa, &simd_move_bytes8_##isa, &simd_move_bytes16_##isa}, \
  };
#define VECTOR_BYTES_scalar 16
#define VECTOR_BYTES_neon 16
#define VECTOR_BYTES_avx2 32
#define VECTOR_BYTES_avx512 64

TABLES(scalar)
#ifdef SIMD_HAS_avx2
TABLES(avx2)
#endif
#ifdef SIMD_HAS_avx512
TABLES(avx512)
#endif
#ifdef SIMD_HAS_neon
TABLES(neon)
#endif

const simd_isa *const simd_isas[] = {
#ifdef SIMD_HAS_avx512
  &avx512_kernels,
#endif
#ifdef SIMD_HAS_avx2
  &avx2_kernels,
#endif
#ifdef SIMD_HAS_neon
  &neon_kernels,
#endif
  &scalar_kernels,
  NULL,
};

extern const simd_map_row simd_map_c64_scalar[], simd_map_c128_scalar[];
extern const simd_casts simd_cast_c64_scalar, simd_cast_c128_scalar;
extern const simd_map simd_pair_c64_scalar[SIMD_DTYPES], simd_pair_c128_scalar[SIMD_DTYPES];
const simd_complex simd_complexes[2] = {
  {simd_map_c64_scalar, &simd_cast_c64_scalar, simd_pair_c64_scalar},
  {simd_map_c128_scalar, &simd_cast_c128_scalar, simd_pair_c128_scalar},
};

bool simd_isa_runs(const simd_isa *isa) { // the compiler's functions also ask whether the system saves the registers
#ifdef SIMD_HAS_avx512
  if (isa == &avx512_kernels)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
#ifdef SIMD_HAS_avx2
  if (isa == &avx2_kernels) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
#endif
  (void)isa;
  return true;
}
