// SPDX-License-Identifier: BSD-3-Clause
// Stores that go past the caches, of a whole vector in whatever type: `bits`.
//   b_stream(p, b)    p is a multiple of V_BYTES; memory need not read a line first that is written whole
//   b_stream_end()    comes after the last one, before another thread may look
#ifndef CPU_SIMD_STREAM_H
#define CPU_SIMD_STREAM_H

typedef uint64_t bits __attribute__((vector_size(V_BYTES)));

#if defined(__SSE2__)
#include <immintrin.h>
#if V_BYTES == 64
V_INLINE void b_stream(void *p, bits b) { _mm512_stream_si512(p, (__m512i)b); }
#elif V_BYTES == 32
V_INLINE void b_stream(void *p, bits b) { _mm256_stream_si256(p, (__m256i)b); }
#else
V_INLINE void b_stream(void *p, bits b) { _mm_stream_si128(p, (__m128i)b); }
#endif
V_INLINE void b_stream_end(void) { _mm_sfence(); }
#else
V_INLINE void b_stream(void *p, bits b) { memcpy(p, &b, sizeof b); }
V_INLINE void b_stream_end(void) {}
#endif

#endif
