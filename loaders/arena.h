// SPDX-License-Identifier: BSD-3-Clause
// Memory that lives as long as what was read into it, and the table that turns names into numbers. Private to libtrivet_io.
#ifndef TRIVET_IO_ARENA_H
#define TRIVET_IO_ARENA_H

#include "io_internal.h"

/// Blocks that are freed together. Zero bytes are an empty arena.
typedef struct rti_arena { struct rti_arena_block *blocks; } rti_arena;
/// Zeroed memory for n elements; NULL (without a sentence) when there is none or the product overflows. n may be 0.
void *rti_arena_new(rti_arena *arena, uint64_t n, size_t element_bytes);
void rti_arena_free(rti_arena *arena);

/// Names numbered from 0 in the order of insertion. Zero bytes are an empty table. The names themselves are the arena's.
typedef struct rti_names {
  const char **names; ///< by number
  int32_t *slots;     ///< number + 1; open addressing
  int32_t count, capacity, n_slots;
} rti_names;
int32_t rti_names_find(const rti_names *table, const char *name); ///< -1 when absent
rt_status rti_names_add(rti_names *table, const char *name, int32_t *out_number); ///< the name must be absent
void rti_names_free(rti_names *table);

#endif
