// SPDX-License-Identifier: BSD-3-Clause
// The zip container below .npz: its list of members, one member as a stream of checked bytes, and the records of a new one. Private to
// loaders/npy.
#ifndef TRIVET_NPY_ZIP_H
#define TRIVET_NPY_ZIP_H

#include "../archive/archive.h"

enum { RTI_ZIP_STORED = 0, RTI_ZIP_DEFLATED = 8 };

typedef struct rti_zip_member {
  const char *name;     ///< not terminated, not checked
  size_t name_bytes;
  uint64_t local, data;  ///< where its local header and its data begin
  uint64_t packed, size; ///< bytes in the file, and what they stand for
  uint32_t crc;
  uint16_t method;
  bool encrypted, has_crc;
} rti_zip_member;

/// The members in the order of the central directory. Each lies inside the file, and no byte belongs to two of them.
rt_status rti_zip_list(rt_archive *archive, rti_zip_member **out_members, int32_t *out_n);

/// A member that is being read from its start. Zero bytes are none.
typedef struct rti_zip_stream {
  const rti_io_source *source;
  const rti_zip_member *member;
  struct rti_inflater *inflater; ///< NULL for a stored member
  uint64_t taken;                ///< bytes of the member so far
  uint32_t crc;
} rti_zip_stream;
/// Errors   RT_E_UNSUPPORTED (encrypted, a method that is not read here), RT_E_NO_MEMORY. These sentences do not name the file.
rt_status rti_zip_begin(const rti_io_source *source, const rti_zip_member *member, rti_zip_stream *out);
/// The next bytes; together never more than the size of the member.
rt_status rti_zip_take(rti_zip_stream *stream, void *dst, size_t bytes);
/// All has been taken: is it all there was, and is the checksum right?
rt_status rti_zip_finish(rti_zip_stream *stream);
void rti_zip_end(rti_zip_stream *stream);

/// Puts a member whose packed bytes are `head` and `body`, so that they begin at a multiple of 64, and notes it in `member`, of which name,
/// method, size and crc are given.
void rti_zip_put(rti_io_sink *sink, rti_zip_member *member, const void *head, size_t head_bytes, const void *body, size_t body_bytes);
/// Puts the central directory and the records behind it.
void rti_zip_put_directory(rti_io_sink *sink, const rti_zip_member *members, int32_t n);

#endif
