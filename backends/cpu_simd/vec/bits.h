// SPDX-License-Identifier: BSD-3-Clause
// Vectors for kernels that move elements and never look at them: `element` is 1, 2, 4, 8 or 16 bytes, `bits` as many bytes as a vector of the
// instruction set has, made of blocks of 16.
//   b_load b_store (p)        any alignment
//   b_stream b_stream_end     stream.h
//   b_blocks(p, step)         block g comes from p + g step bytes
//   b_zip_low b_zip_high(a, b)   in each block: the elements of the lower (upper) halves of a's and b's block, taking turns
//   b_even(a, b)              elements 0, 2, 4 ... of a, then of b; elements of at most 8 bytes
#ifndef CPU_SIMD_BITS_H
#define CPU_SIMD_BITS_H

#define BLOCK_BYTES 16
#define ELEMENT_BYTES (1 << (V_LANE - V_IS_bytes1))
#define ELEMENTS (V_BYTES / ELEMENT_BYTES)
#define BLOCK_ELEMENTS (BLOCK_BYTES / ELEMENT_BYTES)

#if V_LANE == V_IS_bytes1
typedef uint8_t element;
#elif V_LANE == V_IS_bytes2
typedef uint16_t element;
#elif V_LANE == V_IS_bytes4
typedef uint32_t element;
#elif V_LANE == V_IS_bytes8
typedef uint64_t element;
#else
typedef struct element { uint64_t half[2]; } element;
#endif

#include "stream.h"
typedef uint64_t block __attribute__((vector_size(BLOCK_BYTES)));

V_INLINE bits b_load(const void *p) {
  bits b;
  memcpy(&b, p, sizeof b);
  return b;
}
V_INLINE void b_store(void *p, bits b) { memcpy(p, &b, sizeof b); }
V_INLINE block b_block(const char *p) {
  block b;
  memcpy(&b, p, sizeof b);
  return b;
}

#if V_ISA == V_IS_avx2
#include <immintrin.h>
V_INLINE bits b_blocks(const char *p, int64_t step) {
  return (bits)_mm256_inserti128_si256(_mm256_castsi128_si256((__m128i)b_block(p)), (__m128i)b_block(p + step), 1);
}
#define B_ZIP(side, width) (bits)_mm256_unpack##side##_epi##width((__m256i)a, (__m256i)b)
#elif V_ISA == V_IS_avx512
#include <immintrin.h>
V_INLINE bits b_blocks(const char *p, int64_t step) {
  __m512i b = _mm512_castsi128_si512((__m128i)b_block(p));
  b = _mm512_inserti32x4(b, (__m128i)b_block(p + step), 1);
  b = _mm512_inserti32x4(b, (__m128i)b_block(p + 2 * step), 2);
  return (bits)_mm512_inserti32x4(b, (__m128i)b_block(p + 3 * step), 3);
}
#define B_ZIP(side, width) (bits)_mm512_unpack##side##_epi##width((__m512i)a, (__m512i)b)
#else
V_INLINE bits b_blocks(const char *p, int64_t step) { return (void)step, b_block(p); }
typedef uint8_t bits8 __attribute__((vector_size(16)));
typedef uint16_t bits16 __attribute__((vector_size(16)));
typedef uint32_t bits32 __attribute__((vector_size(16)));
typedef uint64_t bits64 __attribute__((vector_size(16)));
#define B_LOW8 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define B_HIGH8 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define B_LOW16 0, 8, 1, 9, 2, 10, 3, 11
#define B_HIGH16 4, 12, 5, 13, 6, 14, 7, 15
#define B_LOW32 0, 4, 1, 5
#define B_HIGH32 2, 6, 3, 7
#define B_LOW64 0, 2
#define B_HIGH64 1, 3
#define B_ORDER_lo(width) B_LOW##width
#define B_ORDER_hi(width) B_HIGH##width
#define B_ZIP(side, width) (bits)__builtin_shufflevector((bits##width)a, (bits##width)b, B_ORDER_##side(width))
#endif

V_INLINE bits b_zip_low(bits a, bits b) {
#if V_LANE == V_IS_bytes1
  return B_ZIP(lo, 8);
#elif V_LANE == V_IS_bytes2
  return B_ZIP(lo, 16);
#elif V_LANE == V_IS_bytes4
  return B_ZIP(lo, 32);
#elif V_LANE == V_IS_bytes8
  return B_ZIP(lo, 64);
#else
  return (void)b, a;
#endif
}
V_INLINE bits b_zip_high(bits a, bits b) {
#if V_LANE == V_IS_bytes1
  return B_ZIP(hi, 8);
#elif V_LANE == V_IS_bytes2
  return B_ZIP(hi, 16);
#elif V_LANE == V_IS_bytes4
  return B_ZIP(hi, 32);
#elif V_LANE == V_IS_bytes8
  return B_ZIP(hi, 64);
#else
  return (void)b, a;
#endif
}

#if ELEMENT_BYTES <= 8
typedef element elements __attribute__((vector_size(V_BYTES)));
#define B_EVEN_2 0, 2
#define B_EVEN_4 B_EVEN_2, 4, 6
#define B_EVEN_8 B_EVEN_4, 8, 10, 12, 14
#define B_EVEN_16 B_EVEN_8, 16, 18, 20, 22, 24, 26, 28, 30
#define B_EVEN_32 B_EVEN_16, 32, 34, 36, 38, 40, 42, 44, 46, 48, 50, 52, 54, 56, 58, 60, 62
#define B_EVEN_64 B_EVEN_32, 64, 66, 68, 70, 72, 74, 76, 78, 80, 82, 84, 86, 88, 90, 92, 94, 96, 98, 100, 102, 104, 106, 108, 110, 112, 114, 116, 118, 120, 122, 124, 126
#if ELEMENTS == 2
#define B_EVENS B_EVEN_2
#elif ELEMENTS == 4
#define B_EVENS B_EVEN_4
#elif ELEMENTS == 8
#define B_EVENS B_EVEN_8
#elif ELEMENTS == 16
#define B_EVENS B_EVEN_16
#elif ELEMENTS == 32
#define B_EVENS B_EVEN_32
#else
#define B_EVENS B_EVEN_64
#endif
V_INLINE bits b_even(bits a, bits b) { return (bits)__builtin_shufflevector((elements)a, (elements)b, B_EVENS); }
#endif

#endif
