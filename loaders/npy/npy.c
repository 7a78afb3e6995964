// SPDX-License-Identifier: BSD-3-Clause
// .npy files: read (versions 1 to 3, either byte order, C or Fortran order) and write (version 1.0, C order, little endian). NumPy ignores
// bytes that follow the data; here the data must be exactly what the shape says, so that a damaged file is noticed. Never pickles.
#include <stdlib.h>
#include <string.h>

#include "header.h"

static bool is_foreign(const rti_npy_header *header) {
  return rt_dtype_bytes(header->dtype) > 1 && header->big_endian == rti_io_host_is_little();
}

bool rti_npy_is_plain(const rti_npy_header *header) {
  return !is_foreign(header) && header->dtype != RT_BOOL && (!header->fortran_order || header->rank < 2);
}

typedef struct filling { const rti_npy_header *header; rti_io_fill fill; void *user; } filling;

// The bytes of the file, then what makes them elements here.
static rt_status fill_elements(void *user, void *dst, size_t bytes) {
  const filling *f = user;
  const rt_status status = f->fill(f->user, dst, bytes);
  if (status != RT_OK) return status;
  if (is_foreign(f->header)) rti_io_swap_dtype(dst, f->header->numel, f->header->dtype);
  if (f->header->dtype == RT_BOOL) rti_io_make_bools(dst, f->header->numel);
  return RT_OK;
}

rt_status rti_npy_load(rt_ctx *ctx, const rti_npy_header *header, rti_io_fill fill, void *user, rt_tensor **out) {
  filling f = {header, fill, user};
  if (!header->fortran_order || header->rank < 2) return rti_io_tensor(ctx, header->dtype, header->rank, header->shape, fill_elements, &f, out);
  // Fortran order is C order of the reversed shape, seen with its axes reversed.
  int64_t reversed[RT_MAX_RANK];
  for (int32_t i = 0; i < header->rank; i++) reversed[i] = header->shape[header->rank - 1 - i];
  rt_tensor *stored = NULL, *view = NULL;
  rt_status status = rti_io_tensor(ctx, header->dtype, header->rank, reversed, fill_elements, &f, &stored);
  if (status == RT_OK) status = rt_permute(stored, NULL, &view);
  if (status == RT_OK) status = rt_copy(view, out);
  rt_release(view);
  rt_release(stored);
  return status;
}

static rt_status fill_from_memory(void *user, void *dst, size_t bytes) {
  memcpy(dst, user, bytes);
  return RT_OK;
}

static rt_status parse(rt_ctx *ctx, const char *name, const uint8_t *data, size_t bytes, rt_tensor **out) {
  rti_npy_header header;
  size_t header_bytes;
  rt_status status = rti_npy_header_bytes(name, data, bytes, &header_bytes);
  if (status == RT_OK) status = rti_npy_parse_header(name, data, header_bytes, bytes, &header);
  if (status != RT_OK) return status;
  status = rti_npy_load(ctx, &header, fill_from_memory, (void *)(uintptr_t)(data + header.data_offset), out);
  return status == RT_OK ? RT_OK : rti_io_fail_in(status, "%s", name);
}

rt_status rt_npy_read(rt_ctx *ctx, const char *path, rt_tensor **out) {
  if (!out) return rti_io_fail(RT_E_ARGUMENT, "npy_read: out is NULL");
  *out = NULL;
  if (!ctx || !path) return rti_io_fail(RT_E_ARGUMENT, "npy_read: %s is NULL", ctx ? "path" : "ctx");
  rti_io_file file;
  rt_status status = rti_io_read_file(path, INT64_MAX, &file);
  if (status != RT_OK) return status;
  rti_io_text name;
  status = parse(ctx, rti_io_quote(&name, path, strlen(path)), file.at, file.bytes, out);
  rti_io_file_free(&file);
  return status;
}

rt_status rt_npy_parse(rt_ctx *ctx, const char *name, const void *data, size_t bytes, rt_tensor **out) {
  if (!out) return rti_io_fail(RT_E_ARGUMENT, "npy_parse: out is NULL");
  *out = NULL;
  if (!ctx || !name || (!data && bytes)) return rti_io_fail(RT_E_ARGUMENT, "npy_parse: %s is NULL", !ctx ? "ctx" : !name ? "name" : "data");
  rti_io_text printable;
  return parse(ctx, rti_io_quote(&printable, name, strlen(name)), data, bytes, out);
}

rt_status rt_npy_write(const char *path, const rt_tensor *t) {
  if (!path || !t) return rti_io_fail(RT_E_ARGUMENT, "npy_write: %s is NULL", path ? "t" : "path");
  rti_io_text name;
  const rt_dtype dtype = rt_tensor_dtype(t);
  if (!rti_npy_descr(dtype))
    return rti_io_fail(RT_E_DTYPE, "%s: .npy has no dtype for %s; cast to f32 first", rti_io_quote(&name, path, strlen(path)), rt_dtype_name(dtype));
  uint64_t numel, bytes;
  // A broadcast tensor may stand for more bytes than its storage holds.
  if (!rti_io_tensor_bytes(rt_tensor_rank(t), rt_tensor_shape(t), rt_dtype_bytes(dtype), &numel, &bytes) || bytes > SIZE_MAX - 1)
    return rti_io_fail(RT_E_SHAPE, "%s: too large for a file", rti_io_quote(&name, path, strlen(path)));
  char header[RTI_NPY_HEADER_BYTES];
  const size_t header_bytes = rti_npy_format_header(dtype, rt_tensor_rank(t), rt_tensor_shape(t), header);
  uint8_t *data = malloc((size_t)bytes + 1);
  if (!data) return rti_io_fail(RT_E_NO_MEMORY, "%s: no memory for %llu bytes", rti_io_quote(&name, path, strlen(path)), (unsigned long long)bytes);
  rt_status status = rt_read(t, data, (size_t)bytes);
  if (status == RT_OK && !rti_io_host_is_little()) rti_io_swap_dtype(data, numel, dtype);
  if (status == RT_OK) status = rti_io_replace_file(path, header, header_bytes, data, (size_t)bytes);
  else rti_io_fail_in(status, "%s", rti_io_quote(&name, path, strlen(path)));
  free(data);
  return status;
}
