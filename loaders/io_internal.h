// SPDX-License-Identifier: BSD-3-Clause
// What the loaders share: sentences, checked sizes, whole-file reads. Private to libtrivet_io, which sees the public headers alone.
#ifndef TRIVET_IO_INTERNAL_H
#define TRIVET_IO_INTERNAL_H

#include <stdarg.h>
#include <stdatomic.h>
#include <trivet/io.h>

#define RTI_IO_PRINTF(fmt_index, first) __attribute__((format(printf, fmt_index, first)))
#define RTI_IO_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/// Sets the sentence of this thread and returns status.
rt_status rti_io_fail(rt_status status, const char *fmt, ...) RTI_IO_PRINTF(2, 3);
rt_status rti_io_fail_v(rt_status status, const char *fmt, va_list args);
/// Puts a prefix and ": " before the sentence of the failure that has just happened; returns status.
rt_status rti_io_fail_in(rt_status status, const char *fmt, ...) RTI_IO_PRINTF(2, 3);

/// Bytes of the UTF-8 sequence at `at`; 0 when it is not valid (overlong, surrogate, above U+10FFFF, cut) or a control character.
size_t rti_io_printable(const void *at, size_t rest);
/// Text that came from outside, made safe to print: what is not printable UTF-8, quotes and backslashes become \xNN; long text is cut.
typedef struct rti_io_text { char at[200]; } rti_io_text;
const char *rti_io_quote(rti_io_text *out, const void *data, size_t bytes);
/// "[2,3]", cut where it does not fit.
const char *rti_io_shape_text(rti_io_text *out, int32_t rank, const int64_t *shape);

// Sizes that come from outside are only added and multiplied here. True when the result fits and has been stored.
static inline bool rti_io_add(uint64_t a, uint64_t b, uint64_t *out) { return !__builtin_add_overflow(a, b, out); }
static inline bool rti_io_mul(uint64_t a, uint64_t b, uint64_t *out) { return !__builtin_mul_overflow(a, b, out); }
/// Elements and bytes of a dense tensor. False for a negative extent, or when the product of the extents that are not 0, times the element
/// size, passes 2^63-1: an extent of 0 must not hide an overflow beside it.
bool rti_io_tensor_bytes(int32_t rank, const int64_t *shape, size_t element_bytes, uint64_t *out_numel, uint64_t *out_bytes);

static inline bool rti_io_host_is_little(void) {
  const uint16_t probe = 1;
  return *(const uint8_t *)&probe == 1;
}
/// Reverses the bytes of each element in place.
void rti_io_swap(void *data, uint64_t n_elements, size_t element_bytes);
void rti_io_swap_dtype(void *data, uint64_t n_elements, rt_dtype dtype); // the parts of complex numbers one by one

/// A file in memory. The bytes are a private copy, not a mapping: somebody who cuts the file short while it is read must not be able to
/// end this process with SIGBUS, nor change bytes between check and use.
typedef struct rti_io_file { uint8_t *at; size_t bytes; } rti_io_file;
/// Errors   RT_E_NOT_FOUND, RT_E_IO (not a regular file, refused, shrank), RT_E_FORMAT (larger than limit), RT_E_NO_MEMORY
rt_status rti_io_read_file(const char *path, uint64_t limit, rti_io_file *out);
void rti_io_file_free(rti_io_file *file);
/// Where a file is being written. After the first failure the rest is dropped; a long writer looks at `error` now and then.
typedef struct rti_io_sink { int fd, error; uint64_t written; } rti_io_sink;
void rti_io_put(rti_io_sink *sink, const void *data, size_t bytes);
/// Puts all of a file. A status of its own (no memory ...) comes with its sentence; failures of the sink are looked at afterwards.
typedef rt_status (*rti_io_writer)(rti_io_sink *sink, void *user);
/// Writes a new file beside `path` and renames it over `path` when every byte is on its way to the disk; on failure the new file is removed
/// and the old one untouched. Devices and pipes are written in place.
rt_status rti_io_replace(const char *path, rti_io_writer write, void *user);
/// The same for a head and a body.
rt_status rti_io_replace_file(const char *path, const void *head, size_t head_bytes, const void *body, size_t body_bytes);

/// Bytes that are read piece by piece, counted by reference: a regular file, a mapping of one, or memory of the caller. What decides sizes is
/// copied out before it is looked at; so a mapped file that changes can change values, and one that is cut short can end the process with
/// SIGBUS, which is why nobody gets a mapping without asking for it.
typedef struct rti_io_source {
  atomic_uint references;
  int fd;              ///< -1 when there is memory
  const uint8_t *at;   ///< NULL when read through fd
  uint64_t bytes;
  bool is_mapped;
  rti_io_text name;    ///< printable
} rti_io_source;
rt_status rti_io_source_open(const char *path, bool map, rti_io_source **out);
rt_status rti_io_source_memory(const char *name, const void *data, size_t bytes, rti_io_source **out);
rti_io_source *rti_io_source_retain(rti_io_source *source);
void rti_io_source_release(void *source); ///< NULL is allowed; the type fits rt_import. Threads: any
/// Errors   RT_E_FORMAT (past the end), RT_E_IO (refused, shrank)
rt_status rti_io_source_read(const rti_io_source *source, uint64_t offset, void *dst, size_t bytes);

// ---- tensors that a loader fills ---------------------------------------------------------------------------------------------------------
/// Writes `bytes` bytes (more than 0) to dst.
typedef rt_status (*rti_io_fill)(void *user, void *dst, size_t bytes);
/// A new dense tensor of the default device, filled in place: large files are in memory once.
rt_status rti_io_tensor(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, rti_io_fill fill, void *user, rt_tensor **out);
/// Makes truth values of bytes: every byte but 0 is 1.
void rti_io_make_bools(void *data, uint64_t n_elements);

#endif
