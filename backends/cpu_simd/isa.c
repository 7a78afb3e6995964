// SPDX-License-Identifier: BSD-3-Clause
// The instruction sets: which tables of kernels were built, and which of them this machine can run. A family of kernels is two lines here: where its
// tables are declared, and the field they are put into.
#include "conv.h"
#include "pool.h"
#include "simd.h"

// Lanes by name and the dtypes they serve. A table is one struct (ONE) or rows (ROWS).
#define EACH_FLOAT(X, ...) X(f16, F16, __VA_ARGS__) X(bf16, BF16, __VA_ARGS__) X(f32, F32, __VA_ARGS__) X(f64, F64, __VA_ARGS__)
#define EACH_INT(X, ...)                                                                                                                   \
  X(i8, I8, __VA_ARGS__) X(i16, I16, __VA_ARGS__) X(i32, I32, __VA_ARGS__) X(i64, I64, __VA_ARGS__)                                        \
  X(u8, U8, __VA_ARGS__) X(u16, U16, __VA_ARGS__) X(u32, U32, __VA_ARGS__) X(u64, U64, __VA_ARGS__)
#define EACH_REAL(X, ...) X(boolean, BOOL, __VA_ARGS__) EACH_INT(X, __VA_ARGS__) EACH_FLOAT(X, __VA_ARGS__)
#define EACH_WORD(X, ...) /* integers that wrap do not mind their sign */                                                                   \
  X(u8, I8, __VA_ARGS__) X(u16, I16, __VA_ARGS__) X(u32, I32, __VA_ARGS__) X(u64, I64, __VA_ARGS__)                                        \
  X(u8, U8, __VA_ARGS__) X(u16, U16, __VA_ARGS__) X(u32, U32, __VA_ARGS__) X(u64, U64, __VA_ARGS__)
#define EACH_WIDE_FLOAT(X, ...) X(f32, F32, __VA_ARGS__) X(f64, F64, __VA_ARGS__)
#define DECLARE_ONE(lane, LANE, isa, type, table) extern const type simd_##table##_##lane##_##isa;
#define DECLARE_ROWS(lane, LANE, isa, type, table) extern const type simd_##table##_##lane##_##isa[];
#define ONE(lane, LANE, isa, table) [RTB_##LANE] = &simd_##table##_##lane##_##isa,
#define ROWS(lane, LANE, isa, table) [RTB_##LANE] = simd_##table##_##lane##_##isa,
#define DECLARE_MOVES(isa) \
  extern const simd_moves simd_move_bytes1_##isa, simd_move_bytes2_##isa, simd_move_bytes4_##isa, simd_move_bytes8_##isa, simd_move_bytes16_##isa;

#define TABLES(isa)                                                                                                                        \
  EACH_REAL(DECLARE_ROWS, isa, simd_map_row, map)                                                                                          \
  EACH_REAL(DECLARE_ONE, isa, simd_casts, cast)                                                                                            \
  EACH_FLOAT(DECLARE_ROWS, isa, simd_fold, reduce)                                                                                         \
  EACH_FLOAT(DECLARE_ROWS, isa, simd_fold, arg)                                                                                            \
  EACH_INT(DECLARE_ONE, isa, simd_pool, pool)                                                                                              \
  EACH_FLOAT(DECLARE_ONE, isa, simd_pool, pool)                                                                                            \
  EACH_FLOAT(DECLARE_ONE, isa, simd_conv, conv)                                                                                            \
  EACH_WORD(DECLARE_ONE, isa, simd_gemm_kernels, gemm)                                                                                     \
  EACH_WIDE_FLOAT(DECLARE_ONE, isa, simd_gemm_kernels, gemm)                                                                               \
  DECLARE_MOVES(isa)                                                                                                                       \
  static const simd_isa isa##_kernels = {                                                                                                  \
    .name = #isa,                                                                                                                          \
    .vector_bytes = VECTOR_BYTES_##isa,                                                                                                    \
    .map = {EACH_REAL(ROWS, isa, map)},                                                                                                    \
    .casts = {EACH_REAL(ONE, isa, cast)},                                                                                                  \
    .fold = {EACH_FLOAT(ROWS, isa, reduce)},                                                                                               \
    .arg = {EACH_FLOAT(ROWS, isa, arg)},                                                                                                   \
    .pool = {EACH_INT(ONE, isa, pool) EACH_FLOAT(ONE, isa, pool)},                                                                         \
    .conv = {EACH_FLOAT(ONE, isa, conv)},                                                                                                  \
    .gemm = {EACH_WORD(ONE, isa, gemm) EACH_WIDE_FLOAT(ONE, isa, gemm)},                                                                   \
    .moves = {&simd_move_bytes1_##isa, &simd_move_bytes2_##isa, &simd_move_bytes4_##isa, &simd_move_bytes8_##isa, &simd_move_bytes16_##isa}, \
// The instruction sets: which tables of kernels were built, and which of them this machine can run.
#include "lines.h"
#include "pool.h"
#include "simd.h"

// cmake/kernels.cmake defines SIMD_HAS_<isa> for each instruction set that the compiler can build.
#define MAP(isa, lane) extern const simd_map_row simd_map_##lane##_##isa[];
#define EACH_FLOAT(X, isa) X(isa, f16, F16) X(isa, bf16, BF16) X(isa, f32, F32) X(isa, f64, F64)
#define EACH_INTEGER(X, isa)                                                                                                               \
  X(isa, boolean, BOOL) X(isa, i8, I8) X(isa, i16, I16) X(isa, i32, I32) X(isa, i64, I64) X(isa, u8, U8) X(isa, u16, U16) X(isa, u32, U32) \
  X(isa, u64, U64)
#define FOLD(isa, lane, LANE) extern const simd_fold simd_reduce_##lane##_##isa[];
#define ARG(isa, lane, LANE) extern const simd_fold simd_arg_##lane##_##isa[];
#define FOLD_CELL(isa, lane, LANE) [RTB_##LANE] = simd_reduce_##lane##_##isa,
#define ARG_CELL(isa, lane, LANE) [RTB_##LANE] = simd_arg_##lane##_##isa,
#define LINES(isa, lane, LANE) extern const simd_line_row simd_softmax_##lane##_##isa[], simd_norm_##lane##_##isa[];
#define SOFTMAX_CELL(isa, lane, LANE) [RTB_##LANE] = simd_softmax_##lane##_##isa,
#define NORM_CELL(isa, lane, LANE) [RTB_##LANE] = simd_norm_##lane##_##isa,
#define MOVE(isa, lane) extern const simd_moves simd_move_##lane##_##isa;
#define EACH_REAL(X, isa)                                                                                                                  \
  X(isa, i8, I8) X(isa, i16, I16) X(isa, i32, I32) X(isa, i64, I64) X(isa, u8, U8) X(isa, u16, U16) X(isa, u32, U32) X(isa, u64, U64)      \
  X(isa, f16, F16) X(isa, bf16, BF16) X(isa, f32, F32) X(isa, f64, F64)
#define POOL(isa, lane, LANE) extern const simd_pool simd_pool_##lane##_##isa;
#define POOL_CELL(isa, lane, LANE) [RTB_##LANE] = &simd_pool_##lane##_##isa,
#define GEMM(isa, lane) extern const simd_gemm_kernels simd_gemm_##lane##_##isa;
#define GEMM_TABLES(isa)                                                                                                                   \
  {[RTB_F32] = &simd_gemm_f32_##isa, [RTB_F64] = &simd_gemm_f64_##isa, [RTB_I8] = &simd_gemm_u8_##isa, [RTB_U8] = &simd_gemm_u8_##isa,     \
   [RTB_I16] = &simd_gemm_u16_##isa, [RTB_U16] = &simd_gemm_u16_##isa, [RTB_I32] = &simd_gemm_u32_##isa, [RTB_U32] = &simd_gemm_u32_##isa, \
   [RTB_I64] = &simd_gemm_u64_##isa, [RTB_U64] = &simd_gemm_u64_##isa}
#define TABLES(isa)                                                                                                                        \
  MAP(isa, f16) MAP(isa, bf16) MAP(isa, f32) MAP(isa, f64)                                                                                 \
  GEMM(isa, f32) GEMM(isa, f64) GEMM(isa, u8) GEMM(isa, u16) GEMM(isa, u32) GEMM(isa, u64)                                                 \
  EACH_REAL(POOL, isa)                                                                                                                     \
  MOVE(isa, u8) MOVE(isa, u16) MOVE(isa, u32) MOVE(isa, u64) MOVE(isa, u128)                                                               \
  EACH_INTEGER(FOLD, isa) EACH_FLOAT(FOLD, isa) EACH_FLOAT(ARG, isa) EACH_FLOAT(LINES, isa)                                                \
#define FOLD(isa, lane) extern const simd_fold simd_reduce_##lane##_##isa[];
#define TABLES(isa)                                                                                                                        \
  MAP(isa, f16) MAP(isa, bf16) MAP(isa, f32) MAP(isa, f64)                                                                                 \
  GEMM(isa, f32) GEMM(isa, f64) GEMM(isa, u8) GEMM(isa, u16) GEMM(isa, u32) GEMM(isa, u64)                                                 \
  EACH_FLOAT(CONV, isa)                                                                                                                    \
  EACH_REAL(POOL, isa)                                                                                                                     \
  MOVE(isa, u8) MOVE(isa, u16) MOVE(isa, u32) MOVE(isa, u64) MOVE(isa, u128)                                                               \
  FOLD(isa, f16) FOLD(isa, bf16) FOLD(isa, f32) FOLD(isa, f64)                                                                             \
  static const simd_isa isa##_kernels = {                                                                                                  \
    .name = #isa,                                                                                                                          \
    .vector_bytes = VECTOR_BYTES_##isa,                                                                                                    \
    .map = {[RTB_F16] = simd_map_f16_##isa, [RTB_BF16] = simd_map_bf16_##isa, [RTB_F32] = simd_map_f32_##isa, [RTB_F64] = simd_map_f64_##isa}, \
    .arg = {EACH_INTEGER(FOLD_CELL, isa) EACH_FLOAT(ARG_CELL, isa)},                                                                       \
    .pool = {EACH_REAL(POOL_CELL, isa)},                                                                                                   \
    .gemm = GEMM_TABLES(isa),                                                                                                              \
    .moves = {&simd_move_u8_##isa, &simd_move_u16_##isa, &simd_move_u32_##isa, &simd_move_u64_##isa, &simd_move_u128_##isa},               \
    .fold = {EACH_INTEGER(FOLD_CELL, isa) EACH_FLOAT(FOLD_CELL, isa)},                                                                     \
    .softmax = {EACH_FLOAT(SOFTMAX_CELL, isa)}, .norm = {EACH_FLOAT(NORM_CELL, isa)},                                                      \
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
