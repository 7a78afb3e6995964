// SPDX-License-Identifier: BSD-3-Clause
// What creation computes before it is cast: ramps, the words of Philox 4x32-10, uniform numbers made of them. Plain loops over independent
// elements, which compilers turn into vectors.
#include "kernel.h"

#include <math.h>

static void ramp(int64_t n, int64_t first, double start, double step, double *out) {
  for (int64_t i = 0; i < n; i++) out[i] = fma((double)(first + i), step, start);
}

/// Blocks first to first + n: four words each. Rounds go over some blocks at a time, so that their products are made side by side.
#define SIDE 16
static void philox(int64_t n, uint64_t first, const uint32_t *key, const uint32_t *stream, uint32_t *words) {
  for (int64_t at = 0; at < n; at += SIDE) {
    uint32_t c0[SIDE], c1[SIDE], c2[SIDE], c3[SIDE], k0 = key[0], k1 = key[1];
    for (int i = 0; i < SIDE; i++) {
      const uint64_t block = first + (uint64_t)(at + i);
      c0[i] = (uint32_t)block, c1[i] = (uint32_t)(block >> 32), c2[i] = stream[0], c3[i] = stream[1];
    }
    for (int round = 0; round < 10; round++, k0 += 0x9e3779b9u, k1 += 0xbb67ae85u) {
      for (int i = 0; i < SIDE; i++) {
        const uint64_t a = (uint64_t)0xd2511f53u * c0[i], b = (uint64_t)0xcd9e8d57u * c2[i];
        c0[i] = (uint32_t)(b >> 32) ^ c1[i] ^ k0, c1[i] = (uint32_t)b;
        c2[i] = (uint32_t)(a >> 32) ^ c3[i] ^ k1, c3[i] = (uint32_t)a;
      }
    }
    const int64_t m = n - at < SIDE ? n - at : SIDE;
    for (int64_t i = 0; i < m; i++) {
      uint32_t *w = words + 4 * (at + i);
      w[0] = c0[i], w[1] = c1[i], w[2] = c2[i], w[3] = c3[i];
    }
  }
}

/// The top `bits` of each word, or of each pair of words where bits is 53, as a number from low to high.
static void uniform(int64_t n, const uint32_t *words, int32_t bits, double low, double high, double *out) {
  const double range = high - low;
  if (bits == 53) {
    for (int64_t i = 0; i < n; i++) out[i] = fma((double)(int64_t)(((uint64_t)words[2 * i + 1] << 32 | words[2 * i]) >> 11) * 0x1p-53, range, low);
  } else {
    const double scale = 1.0 / (double)(1 << bits);
    for (int64_t i = 0; i < n; i++) out[i] = low + (double)(int32_t)(words[i] >> (32 - bits)) * scale * range;
  }
}

const simd_makes KERNEL(make) = {.ramp = ramp, .philox = philox, .uniform = uniform};
