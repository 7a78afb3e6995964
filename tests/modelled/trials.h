// SPDX-License-Identifier: BSD-3-Clause
// What the two builds of trials.c share with the test.
#ifndef TRIVET_TEST_TRIALS_H
#define TRIVET_TEST_TRIALS_H

#include <stdint.h>

typedef struct trial {
  _Alignas(64) uint8_t in[3][64], out[64]; // out is the memory of loads and stores, too
  uint32_t mask;
} trial;

typedef struct trial_row { const char *name; void (*run)(trial *t); } trial_row;

extern const trial_row trials_real[], trials_modelled[]; // in the order of trials.def

#endif
