// SPDX-License-Identifier: BSD-3-Clause
// The instruction sets: which tables of kernels were built, and which of them this machine can run. A family of kernels is two lines here: where its
// tables are declared, and the field they are put into.
#include "conv.h"
#include "lines.h"
#include "pool.h"
#include "simd.h"

// Lanes by name and the dtypes they serve. A table is one struct (ONE) or rows (ROWS).
#define EACH_FLOAT(X, ...) X(f16, F16, __VA_ARGS__) X(bf16, BF16, __VA_ARGS__) X(f32, F32, __VA_ARGS__) X(f64, F64, __VA_ARGS__)
#define EACH_INT(X, ...)                                                                                                                   \
  X(i8, I8, __VA_ARGS__) X(i16, I16, __VA_ARGS__) X(i32, I32, __VA_ARGS__) X(i64, I64, __VA_ARGS__)                                        \
  X(u8, U8, __VA_ARGS__) X(u16, U16, __VA_ARGS__) X(u32, U32, __VA_ARGS__) X(u64, U64, __VA_ARGS__)
#define EACH_EXACT(X, ...) X(boolean, BOOL, __VA_ARGS__) EACH_INT(X, __VA_ARGS__)
#define EACH_REAL(X, ...) EACH_EXACT(X, __VA_ARGS__) EACH_FLOAT(X, __VA_ARGS__)
#define EACH_COMPLEX(X, ...) X(c64, C64, __VA_ARGS__) X(c128, C128, __VA_ARGS__)
#define EACH_WORD(X, ...) /* integers that wrap do not mind their sign */                                                                  \
  X(u8, I8, __VA_ARGS__) X(u16, I16, __VA_ARGS__) X(u32, I32, __VA_ARGS__) X(u64, I64, __VA_ARGS__)                                        \
  X(u8, U8, __VA_ARGS__) X(u16, U16, __VA_ARGS__) X(u32, U32, __VA_ARGS__) X(u64, U64, __VA_ARGS__)
#define EACH_WIDE_FLOAT(X, ...) X(f32, F32, __VA_ARGS__) X(f64, F64, __VA_ARGS__)
#define DECLARE_ONE(lane, LANE, isa, type, table) extern const type simd_##table##_##lane##_##isa;
#define DECLARE_ROWS(lane, LANE, isa, type, table) extern const type simd_##table##_##lane##_##isa[];
#define ONE(lane, LANE, isa, table) [RTB_##LANE] = &simd_##table##_##lane##_##isa,
#define ROWS(lane, LANE, isa, table) [RTB_##LANE] = simd_##table##_##lane##_##isa,
#define DECLARE_MOVES(isa)                                                                                                                 \
  extern const simd_moves simd_move_bytes1_##isa, simd_move_bytes2_##isa, simd_move_bytes4_##isa, simd_move_bytes8_##isa, simd_move_bytes16_##isa;

#define TABLES(isa)                                                                                                                        \
  EACH_REAL(DECLARE_ROWS, isa, simd_map_row, map)                                                                                          \
  EACH_REAL(DECLARE_ONE, isa, simd_casts, cast)                                                                                            \
  EACH_FLOAT(DECLARE_ONE, isa, simd_quants, quant)                                                                                         \
  DECLARE_ONE(f64, F64, isa, simd_makes, make)                                                                                             \
  EACH_REAL(DECLARE_ROWS, isa, simd_fold, reduce) EACH_COMPLEX(DECLARE_ROWS, isa, simd_fold, reduce)                                       \
  EACH_FLOAT(DECLARE_ROWS, isa, simd_fold, arg)                                                                                            \
  EACH_FLOAT(DECLARE_ROWS, isa, simd_line_row, softmax)                                                                                    \
  EACH_FLOAT(DECLARE_ROWS, isa, simd_line_row, norm)                                                                                       \
  EACH_INT(DECLARE_ONE, isa, simd_pool, pool)                                                                                              \
  EACH_FLOAT(DECLARE_ONE, isa, simd_pool, pool)                                                                                            \
  EACH_FLOAT(DECLARE_ONE, isa, simd_conv, conv)                                                                                            \
  EACH_WORD(DECLARE_ONE, isa, simd_gemm_kernels, gemm)                                                                                     \
  EACH_WIDE_FLOAT(DECLARE_ONE, isa, simd_gemm_kernels, gemm)                                                                               \
  DECLARE_MOVES(isa)                                                                                                                       \
  static const simd_isa isa##_kernels = {                                                                                                  \
    .name = #isa,                                                                                                                          \
    .vector_bytes = VECTOR_BYTES_##isa,                                                                                                     \
    .map = {EACH_REAL(ROWS, isa, map)},                                                                                                    \
    .casts = {EACH_REAL(ONE, isa, cast)},                                                                                                  \
    .quants = {EACH_FLOAT(ONE, isa, quant)},                                                                                               \
    .makes = &simd_make_f64_##isa,                                                                                                         \
    .fold = {EACH_REAL(ROWS, isa, reduce) EACH_COMPLEX(ROWS, isa, reduce)},                                                                \
    .arg = {EACH_EXACT(ROWS, isa, reduce) EACH_FLOAT(ROWS, isa, arg)},                                                                     \
    .softmax = {EACH_FLOAT(ROWS, isa, softmax)},                                                                                           \
    .norm = {EACH_FLOAT(ROWS, isa, norm)},                                                                                                 \
    .pool = {EACH_INT(ONE, isa, pool) EACH_FLOAT(ONE, isa, pool)},                                                                         \
    .conv = {EACH_FLOAT(ONE, isa, conv)},                                                                                                  \
    .gemm = {EACH_WORD(ONE, isa, gemm) EACH_WIDE_FLOAT(ONE, isa, gemm)},                                                                   \
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
  if (isa == &avx2_kernels) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); // all of them have F16C, which clang 14 cannot ask for
#endif
  (void)isa;
  return true;
}
