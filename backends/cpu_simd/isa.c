// SPDX-License-Identifier: BSD-3-Clause
// The instruction sets: which tables of kernels were built, and which of them this machine can run.
#include "conv.h"
#include "pool.h"
#include "simd.h"

// cmake/kernels.cmake defines SIMD_HAS_<isa> for each instruction set that the compiler can build.
#define MAP(isa, lane) extern const simd_map_row simd_map_##lane##_##isa[];
#define FOLD(isa, lane) extern const simd_fold simd_reduce_##lane##_##isa[], simd_arg_##lane##_##isa[];
#define CAST(isa, lane) extern const simd_casts simd_cast_##lane##_##isa;
#define MOVE(isa, lane) extern const simd_moves simd_move_##lane##_##isa;
#define EACH_REAL(X, isa)                                                                                                                  \
  X(isa, i8, I8) X(isa, i16, I16) X(isa, i32, I32) X(isa, i64, I64) X(isa, u8, U8) X(isa, u16, U16) X(isa, u32, U32) X(isa, u64, U64)      \
  X(isa, f16, F16) X(isa, bf16, BF16) X(isa, f32, F32) X(isa, f64, F64)
#define POOL(isa, lane, LANE) extern const simd_pool simd_pool_##lane##_##isa;
#define POOL_CELL(isa, lane, LANE) [RTB_##LANE] = &simd_pool_##lane##_##isa,
#define EACH_FLOAT(X, isa) X(isa, f16, F16) X(isa, bf16, BF16) X(isa, f32, F32) X(isa, f64, F64)
#define CONV(isa, lane, LANE) extern const simd_conv simd_conv_##lane##_##isa;
#define CONV_CELL(isa, lane, LANE) [RTB_##LANE] = &simd_conv_##lane##_##isa,
#define GEMM(isa, lane) extern const simd_gemm_kernels simd_gemm_##lane##_##isa;
#define GEMM_TABLES(isa)                                                                                                                   \
  {[RTB_F32] = &simd_gemm_f32_##isa, [RTB_F64] = &simd_gemm_f64_##isa, [RTB_I8] = &simd_gemm_u8_##isa, [RTB_U8] = &simd_gemm_u8_##isa,        \
   [RTB_I16] = &simd_gemm_u16_##isa, [RTB_U16] = &simd_gemm_u16_##isa, [RTB_I32] = &simd_gemm_u32_##isa, [RTB_U32] = &simd_gemm_u32_##isa,    \
   [RTB_I64] = &simd_gemm_u64_##isa, [RTB_U64] = &simd_gemm_u64_##isa}
#define FOLD(isa, lane) extern const simd_fold simd_reduce_##lane##_##isa[];
#define TABLES(isa)                                                                                                                        \
  MAP(isa, boolean) MAP(isa, i8) MAP(isa, i16) MAP(isa, i32) MAP(isa, i64) MAP(isa, u8) MAP(isa, u16) MAP(isa, u32) MAP(isa, u64)              \
  MAP(isa, f16) MAP(isa, bf16) MAP(isa, f32) MAP(isa, f64)                                                                                 \
  GEMM(isa, f32) GEMM(isa, f64) GEMM(isa, u8) GEMM(isa, u16) GEMM(isa, u32) GEMM(isa, u64)                                                 \
  EACH_REAL(POOL, isa) EACH_FLOAT(CONV, isa)                                                                                                                   \
  EACH_REAL(POOL, isa)                                                                                                                     \
  MOVE(isa, u8) MOVE(isa, u16) MOVE(isa, u32) MOVE(isa, u64) MOVE(isa, u128)                                                               \
  FOLD(isa, f16) FOLD(isa, bf16) FOLD(isa, f32) FOLD(isa, f64)                                                                             \
  static const simd_isa isa##_kernels = {                                                                                                  \
    .name = #isa,                                                                                                                          \
    .vector_bytes = VECTOR_BYTES_##isa,                                                                                                    \
    .map = {[RTB_F16] = simd_map_f16_##isa, [RTB_BF16] = simd_map_bf16_##isa, [RTB_F32] = simd_map_f32_##isa, [RTB_F64] = simd_map_f64_##isa}, \
    .arg = {[RTB_F16] = simd_arg_f16_##isa, [RTB_BF16] = simd_arg_bf16_##isa, [RTB_F32] = simd_arg_f32_##isa, [RTB_F64] = simd_arg_f64_##isa}, \
    .pool = {EACH_REAL(POOL_CELL, isa)},                                                                                                   \
    .conv = {EACH_FLOAT(CONV_CELL, isa)},                                                                                                  \
    .gemm = GEMM_TABLES(isa),                                                                                                              \
    .moves = {&simd_move_u8_##isa, &simd_move_u16_##isa, &simd_move_u32_##isa, &simd_move_u64_##isa, &simd_move_u128_##isa},               \
    .fold = {[RTB_F16] = simd_reduce_f16_##isa, [RTB_BF16] = simd_reduce_bf16_##isa, [RTB_F32] = simd_reduce_f32_##isa, [RTB_F64] = simd_reduce_f64_##isa}, \
  CAST(isa, boolean) CAST(isa, i8) CAST(isa, i16) CAST(isa, i32) CAST(isa, i64) CAST(isa, u8) CAST(isa, u16) CAST(isa, u32) CAST(isa, u64)     \
  CAST(isa, f16) CAST(isa, bf16) CAST(isa, f32) CAST(isa, f64)                                                                             \
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
