// SPDX-License-Identifier: BSD-3-Clause
// The element types of GGUF: how many elements and bytes a block has, and what reading makes of it. Private to loaders/gguf.
#ifndef TRIVET_GGUF_TYPES_H
#define TRIVET_GGUF_TYPES_H

#include "../archive/archive.h"

typedef struct rti_gguf_type {
  uint32_t id;
  const char *name;
  uint32_t block_elements, block_bytes;
  rt_dtype dtype; ///< of the tensor that reading gives; RT_DTYPE_NONE: not read
  /// Decodes n blocks to f32; NULL when the bytes are the elements.
  void (*decode)(const uint8_t *blocks, uint64_t n, float *out);
} rti_gguf_type;

/// NULL for a number that is not in the table.
const rti_gguf_type *rti_gguf_type_of(uint32_t id);

#endif
