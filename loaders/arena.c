// SPDX-License-Identifier: BSD-3-Clause
// An arena and a name table for what is read from a file. Both only grow with what the file really holds; neither knows what that is.
#include "arena.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES (16u << 10)
#define NAME_LIMIT (1 << 20) // values of one graph, tensors of one file

struct rti_arena_block {
  struct rti_arena_block *next;
  size_t used, bytes;
  max_align_t data[];
};

void *rti_arena_new(rti_arena *arena, uint64_t n, size_t element_bytes) {
  uint64_t bytes, padded;
  if (!rti_io_mul(n, element_bytes, &bytes) || !rti_io_add(bytes, 15, &padded) || padded > SIZE_MAX / 2) return NULL;
  const size_t need = (size_t)(padded & ~(uint64_t)15);
  struct rti_arena_block *block = arena->blocks;
  if (!block || block->bytes - block->used < need) {
    const size_t size = need > BLOCK_BYTES ? need : BLOCK_BYTES;
    struct rti_arena_block *fresh = calloc(1, sizeof *fresh + size);
    if (!fresh) return NULL;
    fresh->bytes = size;
    if (block && size > BLOCK_BYTES) { // a large piece must not end the use of a block that is half empty
      fresh->next = block->next;
      block->next = fresh;
    } else {
      fresh->next = block;
      arena->blocks = fresh;
    }
    block = fresh;
  }
  void *at = (char *)block->data + block->used;
  block->used += need;
  return at;
}

void rti_arena_free(rti_arena *arena) {
  while (arena->blocks) {
    struct rti_arena_block *next = arena->blocks->next;
    free(arena->blocks);
    arena->blocks = next;
  }
}

static uint32_t hash(const char *name) { // FNV-1a
  uint32_t h = 2166136261u;
  for (; *name; name++) h = (h ^ (uint8_t)*name) * 16777619u;
  return h ^ h >> 15;
}

static int32_t find_slot(const rti_names *table, const char *name) {
  const uint32_t mask = (uint32_t)table->n_slots - 1;
  uint32_t slot = hash(name) & mask;
  while (table->slots[slot] != 0 && strcmp(table->names[table->slots[slot] - 1], name) != 0) slot = (slot + 1) & mask;
  return (int32_t)slot;
}

int32_t rti_names_find(const rti_names *table, const char *name) { return table->n_slots ? table->slots[find_slot(table, name)] - 1 : -1; }

// Keeps the table at most half full.
static rt_status grow(rti_names *table) {
  const int32_t capacity = table->capacity ? table->capacity * 2 : 64;
  if (table->count >= NAME_LIMIT) return rti_io_fail(RT_E_FORMAT, "more than %d names in one file", NAME_LIMIT);
  const char **names = realloc(table->names, (size_t)capacity * sizeof *names);
  if (names) table->names = names;
  int32_t *slots = calloc((size_t)capacity * 2, sizeof *slots);
  if (!names || !slots) {
    free(slots);
    return rti_io_fail(RT_E_NO_MEMORY, "no memory for the names of a file");
  }
  free(table->slots);
  table->slots = slots;
  table->n_slots = capacity * 2;
  table->capacity = capacity;
  for (int32_t i = 0; i < table->count; i++) table->slots[find_slot(table, table->names[i])] = i + 1;
  return RT_OK;
}

rt_status rti_names_add(rti_names *table, const char *name, int32_t *out_number) {
  *out_number = -1;
  if (table->count == table->capacity) {
    rt_status status = grow(table);
    if (status != RT_OK) return status;
  }
  table->names[table->count] = name;
  table->slots[find_slot(table, name)] = table->count + 1;
  *out_number = table->count++;
  return RT_OK;
}

void rti_names_free(rti_names *table) {
  free(table->names);
  free(table->slots);
  *table = (rti_names){0};
}
