// SPDX-License-Identifier: BSD-3-Clause
// Each intrinsic of avx512.h, called once over given bits. Compiled twice, as the instruction and as its model; instructions.c compares what they give.
#ifdef TRIAL_MODELLED
#include "avx512.h"
#else
#include <immintrin.h>
#include <string.h>
#endif

#include "trials.h"

#define IN(type, name, from) type name; memcpy(&name, from, sizeof name)
#define OUT(type, ...) const type y = __VA_ARGS__; memcpy(t->out, &y, sizeof y)

#define A_PS IN(__m512, a, t->in[0])
#define A_PD IN(__m512d, a, t->in[0])
#define A_SI IN(__m512i, a, t->in[0])
#define A_HALF IN(__m256i, a, t->in[0])
#define A_QUARTER IN(__m128i, a, t->in[0])
#define AB_PS A_PS; IN(__m512, b, t->in[1])
#define AB_PD A_PD; IN(__m512d, b, t->in[1])
#define AB_SI A_SI; IN(__m512i, b, t->in[1])
#define ABC_PS AB_PS; IN(__m512, c, t->in[2])
#define ABC_PD AB_PD; IN(__m512d, c, t->in[2])
#define ABC_SI AB_SI; IN(__m512i, c, t->in[2])
#define MASK16 const __mmask16 m = (__mmask16)t->mask
#define MASK8 const __mmask8 m = (__mmask8)t->mask

#define TRIAL(name, ...) static void trial_##name(trial *t) { __VA_ARGS__; }
#include "trials.def"
#undef TRIAL

#define TRIAL(name, ...) {#name, trial_##name},
#ifdef TRIAL_MODELLED
const trial_row trials_modelled[] = {
#else
const trial_row trials_real[] = {
#endif
#include "trials.def"
  {0},
};
