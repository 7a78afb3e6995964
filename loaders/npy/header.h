// SPDX-License-Identifier: BSD-3-Clause
// The header of a .npy file, also inside of an archive. Private to loaders/npy.
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
  char descr[16]; ///< the dtype as the file has it, printable and cut; also when it is none of ours
} rti_npy_header;

/// Bytes of magic, version, length and dictionary together, from the first RTI_NPY_PREFIX bytes of a file of `total` bytes (all of them, when
/// it has fewer).
#define RTI_NPY_PREFIX 12
rt_status rti_npy_header_bytes(const char *name, const uint8_t *at, uint64_t total, size_t *out_bytes);
/// Reads those bytes, and checks that exactly the data follow in a file of `total` bytes. `name` stands in sentences and is printable.
rt_status rti_npy_parse_header(const char *name, const uint8_t *at, size_t header_bytes, uint64_t total, rti_npy_header *out);
/// True when the bytes of the file are those of a tensor here: this byte order, C order, no truth values to look at.
bool rti_npy_is_plain(const rti_npy_header *header);
/// A new tensor. `fill` gives the bytes of the data, as they are in the file.
rt_status rti_npy_load(rt_ctx *ctx, const rti_npy_header *header, rti_io_fill fill, void *user, rt_tensor **out);

/// Bytes that rti_npy_format_header may need at most.
#define RTI_NPY_HEADER_BYTES 640
/// Writes a version 1.0 header, padded so that the data start at a multiple of 64; the number of bytes.
size_t rti_npy_format_header(rt_dtype dtype, int32_t rank, const int64_t *shape, char out[RTI_NPY_HEADER_BYTES]);
/// "<f4"; NULL when .npy has no such dtype.
const char *rti_npy_descr(rt_dtype dtype);

#endif
