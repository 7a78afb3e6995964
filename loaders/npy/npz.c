// SPDX-License-Identifier: BSD-3-Clause
// .npy and .npz as archives. The header of each member is read when the archive is opened, its data and its checksum when the tensor is. What
// .npz may hold and a tensor cannot be (pickled objects, strings, members that are no .npy) is listed and refused when it is read.
#include <stdlib.h>
#include <string.h>

#include "deflate.h"
#include "header.h"
#include "zip.h"

typedef struct member {
  rti_zip_member zip; // of a .npy file itself: stored, the whole file, no checksum
  rti_npy_header header;
} member;

static bool is_npy_name(const char *name, size_t bytes) { return bytes >= 4 && memcmp(name + bytes - 4, ".npy", 4) == 0; }

// ---- reading -------------------------------------------------------------------------------------------------------------------------------

// Takes and parses the header that the stream begins with.
static rt_status take_header(rti_zip_stream *stream, rti_npy_header *out) {
  uint8_t prefix[RTI_NPY_PREFIX], *at;
  const uint64_t size = stream->member->size;
  const size_t n = size < sizeof prefix ? (size_t)size : sizeof prefix;
  size_t bytes;
  rt_status status = rti_zip_take(stream, prefix, n);
  if (status == RT_OK) status = rti_npy_header_bytes("its header", prefix, size, &bytes);
  if (status != RT_OK) return status;
  if (bytes < n) bytes = n; // a header of 10 or 11 bytes has no room for a dictionary: the parser says so
  if (!(at = malloc(bytes))) return rti_io_fail(RT_E_NO_MEMORY, "no memory for a header of %zu bytes", bytes);
  memcpy(at, prefix, n);
  status = rti_zip_take(stream, at + n, bytes - n);
  if (status == RT_OK) status = rti_npy_parse_header("its header", at, bytes, size, out);
  free(at);
  return status;
}

// The header of a member, and what it makes of the entry.
static rt_status describe(rt_archive *archive, rti_entry *entry, member *m) {
  rti_zip_stream stream;
  rt_archive_entry *facts = &entry->facts;
  facts->rank = -1;
  facts->offset = m->zip.data;
  facts->bytes = m->zip.packed;
  facts->stored = m->zip.encrypted ? "encrypted" : m->zip.method == RTI_ZIP_STORED ? "?" : "compressed";
  rt_status status = rti_zip_begin(archive->source, &m->zip, &stream);
  if (status == RT_OK) status = take_header(&stream, &m->header);
  rti_zip_end(&stream);
  if (m->header.descr[0]) facts->stored = m->header.descr;
  if (status == RT_E_DTYPE || status == RT_E_UNSUPPORTED) return RT_OK; // said when it is read
  if (status != RT_OK) return rti_io_fail_in(status, "%s: tensor '%.80s'", archive->name, facts->name);
  facts->dtype = m->header.dtype;
  facts->rank = m->header.rank;
  memcpy(facts->shape, m->header.shape, sizeof facts->shape);
  if (m->zip.method != RTI_ZIP_STORED) return RT_OK;
  facts->offset += m->header.data_offset;
  facts->bytes -= m->header.data_offset;
  if (rti_npy_is_plain(&m->header)) rti_archive_note_in_place(archive, entry);
  return RT_OK;
}

static bool sniff_npy(const uint8_t *head, size_t bytes) { return bytes >= 6 && memcmp(head, "\x93NUMPY", 6) == 0; }

static rt_status open_npy(rt_archive *archive) {
  rti_entry *entry;
  member *m = rti_archive_new(archive, 1, sizeof *m);
  rt_status status = m ? rti_archive_add(archive, "arr_0", 5, &entry) : RT_E_NO_MEMORY;
  if (status != RT_OK) return status;
  m->zip = (rti_zip_member){.name = "arr_0.npy", .name_bytes = 9, .packed = archive->source->bytes, .size = archive->source->bytes};
  entry->detail = m;
  return describe(archive, entry, m);
}

static bool sniff_npz(const uint8_t *head, size_t bytes) {
  return bytes >= 4 && (rti_le32(head) == 0x04034b50u || rti_le32(head) == 0x06054b50u);
}

static rt_status open_npz(rt_archive *archive) {
  rti_zip_member *zips;
  int32_t n;
  rt_status status = rti_zip_list(archive, &zips, &n);
  for (int32_t i = 0; status == RT_OK && i < n; i++) {
    rti_entry *entry;
    member *m = rti_archive_new(archive, 1, sizeof *m);
    const bool is_npy = is_npy_name(zips[i].name, zips[i].name_bytes);
    status = m ? rti_archive_add(archive, zips[i].name, zips[i].name_bytes - (is_npy ? 4 : 0), &entry) : RT_E_NO_MEMORY;
    if (status != RT_OK) return status;
    m->zip = zips[i];
    entry->detail = m;
    if (is_npy) status = describe(archive, entry, m);
    else entry->facts.rank = -1, entry->facts.offset = m->zip.data, entry->facts.bytes = m->zip.packed;
  }
  return status;
}

static rt_status fill_from_stream(void *user, void *dst, size_t bytes) {
  const rt_status status = rti_zip_take(user, dst, bytes);
  return status == RT_OK ? rti_zip_finish(user) : status;
}

// The mapped bytes of a member have a checksum like any others.
static rt_status view_member(rt_archive *archive, const rti_entry *entry, const rti_zip_member *zip, rt_tensor **out) {
  rti_zip_stream whole = {.source = archive->source, .member = zip};
  if (zip->has_crc) whole.crc = rti_crc32(0, archive->source->at + zip->data, (size_t)zip->size);
  const rt_status status = rti_zip_finish(&whole);
  return status == RT_OK ? rti_archive_view(archive, entry, out) : status;
}

static rt_status read_member(rt_archive *archive, const rti_entry *entry, rt_tensor **out) {
  const member *m = entry->detail;
  if (!is_npy_name(m->zip.name, m->zip.name_bytes)) return rti_io_fail(RT_E_DTYPE, "the member is no .npy file");
  if (entry->facts.in_place) return view_member(archive, entry, &m->zip, out);
  rti_zip_stream stream;
  rti_npy_header header;
  rt_status status = rti_zip_begin(archive->source, &m->zip, &stream);
  if (status == RT_OK) status = take_header(&stream, &header);
  if (status == RT_OK && header.numel == 0) status = rti_zip_finish(&stream);
  if (status == RT_OK) status = rti_npy_load(archive->ctx, &header, fill_from_stream, &stream, out);
  rti_zip_end(&stream);
  return status;
}

// ---- writing -------------------------------------------------------------------------------------------------------------------------------

static rt_status check_tensors(const rti_archive_content *content) {
  if (content->n_texts)
    return rti_io_fail(RT_E_ARGUMENT, "%s: .npy and .npz files have no place for the text '%.80s'", content->path, content->texts[0].key);
  for (int32_t i = 0; i < content->n_tensors; i++) {
    const rt_dtype dtype = rt_tensor_dtype(content->tensors[i].tensor);
    if (!rti_npy_descr(dtype))
      return rti_io_fail(RT_E_DTYPE, "%s: tensor '%.80s': .npy has no dtype for %s; cast to f32 first", content->path,
                         content->tensors[i].name, rt_dtype_name(dtype));
  }
  return RT_OK;
}

static rt_status check_npy(const rti_archive_content *content) {
  if (content->n_tensors != 1)
    return rti_io_fail(RT_E_ARGUMENT, "%s: a .npy file holds one tensor, not %d", content->path, content->n_tensors);
  return check_tensors(content);
}

static rt_status check_npz(const rti_archive_content *content) {
  if (content->flags & RT_ARCHIVE_DEFLATE && !rti_deflate_is_here())
    return rti_io_fail(RT_E_UNSUPPORTED, "%s: deflating needs zlib, and this build has none (build it with zlib1g-dev)", content->path);
  return check_tensors(content);
}

static rt_status write_npy(rti_io_sink *sink, const rti_archive_content *content) {
  const rt_tensor *t = content->tensors[0].tensor;
  char header[RTI_NPY_HEADER_BYTES];
  void *data;
  size_t bytes;
  const rt_status status = rti_archive_elements(t, &data, &bytes);
  if (status != RT_OK) return rti_io_fail_in(status, "%s", content->path);
  rti_io_put(sink, header, rti_npy_format_header(rt_tensor_dtype(t), rt_tensor_rank(t), rt_tensor_shape(t), header));
  rti_io_put(sink, data, bytes);
  free(data);
  return RT_OK;
}

// Puts one member. Its name, with ".npy" behind it, stays with the member for the directory.
static rt_status put_member(rti_io_sink *sink, const rt_tensor *t, bool deflate, rti_zip_member *m) {
  char header[RTI_NPY_HEADER_BYTES];
  void *data, *packed = NULL;
  size_t bytes, packed_bytes = 0;
  rt_status status = rti_archive_elements(t, &data, &bytes);
  if (status != RT_OK) return status;
  const size_t header_bytes = rti_npy_format_header(rt_tensor_dtype(t), rt_tensor_rank(t), rt_tensor_shape(t), header);
  m->size = (uint64_t)header_bytes + bytes;
  m->crc = rti_crc32(rti_crc32(0, header, header_bytes), data, bytes);
  m->method = deflate ? RTI_ZIP_DEFLATED : RTI_ZIP_STORED;
  if (deflate && !(packed = rti_deflate(header, header_bytes, data, bytes, &packed_bytes)))
    status = rti_io_fail(RT_E_NO_MEMORY, "no memory to deflate %zu bytes", bytes);
  if (status == RT_OK && deflate) rti_zip_put(sink, m, packed, packed_bytes, NULL, 0);
  else if (status == RT_OK) rti_zip_put(sink, m, header, header_bytes, data, bytes);
  free(packed);
  free(data);
  return status;
}

static rt_status write_npz(rti_io_sink *sink, const rti_archive_content *content) {
  rti_arena arena = {0};
  rti_zip_member *members = rti_arena_new(&arena, (uint64_t)content->n_tensors + 1, sizeof *members);
  rt_status status = members ? RT_OK : rti_io_fail(RT_E_NO_MEMORY, "%s: no memory for the directory", content->path);
  for (int32_t i = 0; status == RT_OK && !sink->error && i < content->n_tensors; i++) {
    const rt_named_tensor *t = &content->tensors[i];
    const size_t length = strlen(t->name);
    char *name = rti_arena_new(&arena, length + 5, 1);
    if (!name) status = rti_io_fail(RT_E_NO_MEMORY, "no memory for a name");
    else members[i].name = memcpy(name, t->name, length), members[i].name_bytes = length + 4, memcpy(name + length, ".npy", 4);
    if (status == RT_OK) status = put_member(sink, t->tensor, content->flags & RT_ARCHIVE_DEFLATE, &members[i]);
    if (status != RT_OK) rti_io_fail_in(status, "%s: tensor '%.80s'", content->path, t->name);
  }
  if (status == RT_OK) rti_zip_put_directory(sink, members, content->n_tensors);
  rti_arena_free(&arena);
  return status;
}

const rti_format rti_format_npy = {RT_ARCHIVE_NPY, "npy", sniff_npy, open_npy, read_member, check_npy, write_npy};
const rti_format rti_format_npz = {RT_ARCHIVE_NPZ, "npz", sniff_npz, open_npz, read_member, check_npz, write_npz};
