// SPDX-License-Identifier: BSD-3-Clause
// Counter-based random numbers: Philox 4x32 with 10 rounds (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3",
// 2011). Element i in C order depends on (seed, stream, i) alone; docs/numerics.md defines every bit.
#include "ref.h"

#include <math.h>

typedef struct philox {
  uint32_t key[2], stream[2];
  uint64_t block; // the one in `word`, unless is_empty
  uint32_t word[4];
  bool is_empty;
} philox;

static void fill_block(philox *p) {
  uint32_t c0 = (uint32_t)p->block, c1 = (uint32_t)(p->block >> 32), c2 = p->stream[0], c3 = p->stream[1];
  uint32_t k0 = p->key[0], k1 = p->key[1];
  for (int round = 0; round < 10; round++, k0 += 0x9e3779b9u, k1 += 0xbb67ae85u) {
    const uint64_t a = (uint64_t)0xd2511f53u * c0, b = (uint64_t)0xcd9e8d57u * c2;
    c0 = (uint32_t)(b >> 32) ^ c1 ^ k0, c1 = (uint32_t)b;
    c2 = (uint32_t)(a >> 32) ^ c3 ^ k1, c3 = (uint32_t)a;
  }
  p->word[0] = c0, p->word[1] = c1, p->word[2] = c2, p->word[3] = c3;
}

static const uint32_t *block_at(philox *p, uint64_t block) {
  if (p->is_empty || p->block != block) p->is_empty = false, p->block = block, fill_block(p);
  return p->word;
}

static uint64_t top_53(const uint32_t *pair) { return ((uint64_t)pair[1] << 32 | pair[0]) >> 11; }

/// In [0, 1), with as many bits as the dtype's mantissa holds.
static double uniform_at(philox *p, uint16_t dtype, uint64_t i) {
  if (dtype == RTB_F64) return (double)top_53(block_at(p, i / 2) + 2 * (i % 2)) * 0x1p-53;
  const uint32_t word = block_at(p, i / 4)[i % 4];
  return dtype == RTB_F32 ? (word >> 8) * 0x1p-24 : dtype == RTB_F16 ? (word >> 21) * 0x1p-11 : (word >> 24) * 0x1p-8;
}

// cos(2 pi turns) for turns in [0, 1): the quadrant is taken off exactly, so the zeros are zeros.
static double cos_turns(double turns) {
  const double quarters = turns * 4, nearest = floor(quarters + 0.5), angle = (quarters - nearest) * 1.57079632679489661923;
  switch ((int)nearest & 3) {
  case 0: return cos(angle);
  case 1: return -sin(angle);
  case 2: return -cos(angle);
  default: return sin(angle);
  }
}
static long double cos_turns_long(long double turns) {
  const long double quarters = turns * 4, nearest = floorl(quarters + 0.5L);
  const long double angle = (quarters - nearest) * 1.570796326794896619231321691639751442L;
  switch ((int)nearest & 3) {
  case 0: return cosl(angle);
  case 1: return -sinl(angle);
  case 2: return -cosl(angle);
  default: return sinl(angle);
  }
}

/// Box and Muller, the cosine of each pair: mean + std sqrt(-2 ln u1) cos(2 pi u2), u1 in (0, 1], u2 in [0, 1).
static double normal_at(philox *p, uint16_t dtype, uint64_t i, double mean, double std) {
  if (dtype == RTB_F64) {
    const uint32_t *word = block_at(p, i);
    const long double u1 = (long double)(top_53(word) + 1) * 0x1p-53L, u2 = (long double)top_53(word + 2) * 0x1p-53L;
    return (double)(mean + std * (sqrtl(-2 * logl(u1)) * cos_turns_long(u2)));
  }
  const uint32_t *word = block_at(p, i / 2) + 2 * (i % 2);
  const double u1 = ((double)word[0] + 1) * 0x1p-32, u2 = word[1] * 0x1p-32;
  return mean + std * (sqrt(-2 * log(u1)) * cos_turns(u2));
}

static double value_at(philox *p, bool is_normal, uint16_t dtype, uint64_t i, double a, double b) {
  if (is_normal) return normal_at(p, dtype, i, a, b);
  const double u = uniform_at(p, dtype, i);
  return dtype == RTB_F64 ? fma(u, b - a, a) : a + u * (b - a);
}

static int32_t generate(const rtb_op *op, bool is_normal) {
  const rtb_view *out = op->args[4];
  const ref_put put = rti_ref_put_of(out->dtype, REF_F64);
  uint64_t seed, stream;
  double a, b; // low and high, or mean and standard deviation
  memcpy(&seed, op->args[0]->data, sizeof seed);
  memcpy(&stream, op->args[1]->data, sizeof stream);
  memcpy(&a, op->args[2]->data, sizeof a);
  memcpy(&b, op->args[3]->data, sizeof b);
  philox p = {.key = {(uint32_t)seed, (uint32_t)(seed >> 32)}, .stream = {(uint32_t)stream, (uint32_t)(stream >> 32)}, .is_empty = true};
  const rtb_op only_out = {.nout = 1, .args = op->args + 4};
  uint64_t index = 0;
  double row[REF_CHUNK];
  for (ref_walk w = rti_ref_walk_start(&only_out); !w.done; rti_ref_walk_next(&w)) {
    for (int64_t i = 0; i < w.n; i += REF_CHUNK) {
      const int64_t n = w.n - i < REF_CHUNK ? w.n - i : REF_CHUNK;
      for (int64_t k = 0; k < n; k++) row[k] = value_at(&p, is_normal, out->dtype, index++, a, b);
      put(n, row, (char *)w.at[0] + i * w.step[0] * (int64_t)rtb_dtype_bytes(out->dtype), w.step[0]);
    }
  }
  return RTB_OK;
}

int32_t rti_ref_random_uniform(void *host, void *stream, const rtb_op *op) { return (void)host, (void)stream, generate(op, false); }
int32_t rti_ref_random_normal(void *host, void *stream, const rtb_op *op) { return (void)host, (void)stream, generate(op, true); }
