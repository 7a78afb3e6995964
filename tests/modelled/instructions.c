// SPDX-License-Identifier: BSD-3-Clause
// The model of AVX-512 beside the instructions: each intrinsic of avx512.h over special numbers, random bits and every kind of mask, bit by bit. It
// runs where the processor has AVX-512 or scripts/run-avx512.sh emulates one. `model` and `real` print what either makes, to compare machines by.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trials.h"

enum { N_TRIALS = 4000 };

static uint64_t next_random(uint64_t *seed) { // splitmix64
  uint64_t z = *seed += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

/// Bits that are odd as f64, as two f32 or as four f16.
static uint64_t special(uint64_t *seed) {
  static const uint64_t wide[] = {0, 0x8000000000000000, 0x3ff0000000000000, 0xbff8000000000000, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000001,
    0x7ff0000000000001, 0xfff4000000000000, 1, 0x800fffffffffffff, 0x0010000000000000, 0x7fefffffffffffff, 0x43e0000000000000, 0xc3e0000000000000,
    0x4340000000000001, 0x4004000000000000, 0x3fe0000000000000, 0x41dfffffffe00000};
  static const uint32_t narrow[] = {0, 0x80000000, 0x3f800000, 0xbfc00000, 0x7f800000, 0xff800000, 0x7fc00001, 0x7f800001, 0xffa00000, 1, 0x807fffff, 0x00800000,
    0x7f7fffff, 0x4f000000, 0xcf000000, 0x4b800001, 0x40200000, 0x3f000000, 0x477fefff, 0x477ff000, 0x33000000, 0x33000001, 0x38801000, 0x3f801000, 0x3f803000};
  static const uint16_t half[] = {0, 0x8000, 0x3c00, 0xbe00, 0x7c00, 0xfc00, 0x7e01, 0x7c01, 1, 0x83ff, 0x0400, 0x7bff};
  const uint64_t r = next_random(seed);
#define ONE_OF(list, shift) (uint64_t)list[(r >> shift) % (sizeof list / sizeof *list)]
  switch (r % 8) {
    case 0: case 1: return ONE_OF(wide, 8);
    case 2: case 3: return ONE_OF(narrow, 8) | ONE_OF(narrow, 24) << 32;
    case 4: return ONE_OF(half, 8) | ONE_OF(half, 20) << 16 | ONE_OF(half, 32) << 32 | ONE_OF(half, 44) << 48;
    case 5: { // numbers of like size
      const float pair[2] = {(float)(int32_t)next_random(seed) * 0x1p-24f, (float)(int32_t)next_random(seed) * 0x1p-20f};
      uint64_t bits;
      memcpy(&bits, pair, sizeof bits);
      return bits;
    }
    case 6: {
      const double x = (double)(int64_t)next_random(seed) * (r & 8 ? 0x1p-60 : 0x1p-10);
      uint64_t bits;
      memcpy(&bits, &x, sizeof bits);
      return bits;
    }
    default: return next_random(seed);
  }
}

/// Trial k of a sequence that begins with k = 0 and seed = 1.
static void fill(trial *t, int k, uint64_t *seed) {
  for (int i = 0; i < 3 * 8; i++) {
    const uint64_t bits = special(seed);
    memcpy(&t->in[0][0] + 8 * i, &bits, 8);
  }
  if (k % 8 == 0) memcpy(t->in[1], t->in[0], 64);
  t->mask = (uint32_t)(k % 3 ? (1u << k % 17) - 1 : next_random(seed)); // the first lanes, or any
  memset(t->out, 0xa5, sizeof t->out);
}

/// The compiler may swap what a sum adds, and with it which of two NaN comes out: in sums one NaN is as good as another.
static void forget_nan(const char *name, uint8_t *out) {
  if (strstr(name, "add_ps"))
    for (int i = 0; i < 16; i++) {
      float x;
      memcpy(&x, out + 4 * i, 4);
      if (x != x) memset(out + 4 * i, 0xff, 4);
    }
  if (strstr(name, "add_pd"))
    for (int i = 0; i < 8; i++) {
      double x;
      memcpy(&x, out + 8 * i, 8);
      if (x != x) memset(out + 8 * i, 0xff, 8);
    }
}

/// A line for each row: its name and a number made of all its results. Emulated instructions are compared with a processor's model by them.
static void print_digests(const trial_row *row) {
  for (; row->name; row++) {
    uint64_t seed = 1, digest = 0;
    for (int k = 0; k < N_TRIALS; k++) {
      trial t;
      fill(&t, k, &seed);
      row->run(&t);
      forget_nan(row->name, t.out);
      for (int i = 0; i < 64; i += 8) {
        uint64_t bits;
        memcpy(&bits, t.out + i, 8);
        bits += digest, digest = next_random(&bits);
      }
    }
    printf("%s %016llx\n", row->name, (unsigned long long)digest);
  }
}

static void is_the_instruction(void **state) {
  const trial_row *real = *state, *modelled = real - trials_real + trials_modelled;
  uint64_t seed = 1;
  int n_wrong = 0;
  for (int k = 0; k < N_TRIALS; k++) {
    trial t, u;
    fill(&t, k, &seed);
    u = t;
    real->run(&t), modelled->run(&u);
    forget_nan(real->name, t.out), forget_nan(real->name, u.out);
    if (memcmp(&t, &u, sizeof t) == 0 || n_wrong++ >= 3) continue;
    int at = 0;
    while (at < 63 && t.out[at] == u.out[at]) at++;
    at &= ~7;
    uint64_t bits[5];
    memcpy(&bits[0], t.in[0] + at, 8), memcpy(&bits[1], t.in[1] + at, 8), memcpy(&bits[2], t.in[2] + at, 8);
    memcpy(&bits[3], t.out + at, 8), memcpy(&bits[4], u.out + at, 8);
    print_error("%s, mask %04x, bytes %d to %d: of %016llx, %016llx, %016llx the instruction makes %016llx, the model %016llx\n", real->name, (unsigned)t.mask, at, at + 7,
                (unsigned long long)bits[0], (unsigned long long)bits[1], (unsigned long long)bits[2], (unsigned long long)bits[3], (unsigned long long)bits[4]);
  }
  if (n_wrong) fail_msg("%d of %d", n_wrong, N_TRIALS);
}

int main(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "model")) return print_digests(trials_modelled), 0;
  if (!(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))) {
    puts("this CPU has no AVX-512 to hold its model against: scripts/run-avx512.sh BUILD_DIR tests/modelled_avx512");
    return 77;
  }
  if (argc > 1) return print_digests(trials_real), 0;
  struct CMUnitTest tests[128];
  size_t n = 0;
  for (const trial_row *row = trials_real; row->name && n < sizeof tests / sizeof *tests; row++)
    tests[n++] = (struct CMUnitTest){row->name, is_the_instruction, NULL, NULL, (void *)(uintptr_t)row};
  return _cmocka_run_group_tests("AVX-512 and its model", tests, n, NULL, NULL);
}
