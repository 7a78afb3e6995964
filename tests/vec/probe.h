// SPDX-License-Identifier: BSD-3-Clause
// What the test of the vector layer and its probes share: one table of probes per instruction set and lane. Inputs and outputs are arrays of
// V_LANES elements, so that the test itself is plain C for the baseline of the machine.
#ifndef TRIVET_TEST_VEC_PROBE_H
#define TRIVET_TEST_VEC_PROBE_H

#include <stdint.h>

/// Entry i of the tables that are looked up; all of them.
#define PROBE_ENTRY(i) (((i) * 37 + 11) % 101 - 50)
#define PROBE_FOUR(i) PROBE_ENTRY(i), PROBE_ENTRY((i) + 1), PROBE_ENTRY((i) + 2), PROBE_ENTRY((i) + 3)
#define PROBE_ENTRIES PROBE_FOUR(0), PROBE_FOUR(4), PROBE_FOUR(8), PROBE_FOUR(12), PROBE_FOUR(16), PROBE_FOUR(20), PROBE_FOUR(24), PROBE_FOUR(28)

/// out: num per lane, inum per lane, bool (uint8_t) per lane, or one num, as the row in probes.def says. p: the element that a and b hold.
typedef void (*vec_probe)(const void *a, const void *b, const void *c, void *out);

typedef struct vec_table {
  const char *isa, *lane;
  int lanes, num_bytes, lane_bytes;
  const vec_probe *probe;                                     // in the order of probes.def
  void (*load)(const void *from, void *nums);                 // v_load
  void (*load_n)(const void *from, void *nums, int64_t n);    // v_load_n
  void (*load_even)(const void *from, void *nums);            // v_load_even; NULL for halves
  void (*store)(const void *nums, void *to);                  // v_store
  void (*store_n)(const void *nums, void *to, int64_t n);     // v_store_n
  void (*store_mask_n)(const void *a, const void *b, void *to, int64_t n); // v_store_mask_n of v_lt(a, b)
} vec_table;

#endif
