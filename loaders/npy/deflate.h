// SPDX-License-Identifier: BSD-3-Clause
// The one door to zlib. Without zlib the checksum is still there and the rest says that it is not. Private to loaders/npy.
#ifndef TRIVET_NPY_DEFLATE_H
#define TRIVET_NPY_DEFLATE_H

#include "../io_internal.h"

bool rti_deflate_is_here(void);
/// CRC-32 of zip, continued from `crc`; 0 begins one.
uint32_t rti_crc32(uint32_t crc, const void *data, size_t bytes);

/// Inflates `packed` bytes of a source that begin at `offset`. NULL when there is no memory, or no zlib.
typedef struct rti_inflater rti_inflater;
rti_inflater *rti_inflater_new(const rti_io_source *source, uint64_t offset, uint64_t packed);
/// Exactly `bytes` more bytes. Errors: RT_E_FORMAT (damaged, too short), and those of rti_io_source_read.
rt_status rti_inflater_take(rti_inflater *inflater, void *dst, size_t bytes);
/// RT_E_FORMAT unless the deflated data end exactly here.
rt_status rti_inflater_finish(rti_inflater *inflater);
void rti_inflater_free(rti_inflater *inflater); ///< NULL is allowed

/// head and body deflated together; free() it. NULL when there is no memory, or no zlib.
void *rti_deflate(const void *head, size_t head_bytes, const void *body, size_t body_bytes, size_t *out_bytes);

#endif
