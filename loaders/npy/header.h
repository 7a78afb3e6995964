// SPDX-License-Identifier: BSD-3-Clause
// The header of a .npy file. Private to loaders/npy.
#ifndef TRIVET_NPY_HEADER_H
#define TRIVET_NPY_HEADER_H

#include "../io_internal.h"

typedef struct rti_npy_header {
  rt_dtype dtype;
  bool big_endian;
  bool fortran_order;
  int32_t rank;
  int64_t shape[RT_MAX_RANK];
  uint64_t numel, data_bytes;
  size_t data_offset;
} rti_npy_header;

/// Reads magic, version and dictionary, and checks that exactly the data follow. `name` stands in sentences and is printable.
rt_status rti_npy_parse_header(const char *name, const uint8_t *at, size_t bytes, rti_npy_header *out);

/// Bytes that rti_npy_format_header may need at most.
#define RTI_NPY_HEADER_BYTES 640
/// Writes a version 1.0 header, padded so that the data start at a multiple of 64; the number of bytes.
size_t rti_npy_format_header(rt_dtype dtype, int32_t rank, const int64_t *shape, char out[RTI_NPY_HEADER_BYTES]);
/// "<f4"; NULL when .npy has no such dtype.
const char *rti_npy_descr(rt_dtype dtype);

#endif
