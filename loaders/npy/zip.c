// SPDX-License-Identifier: BSD-3-Clause
// Zip as .npz uses it: one disk, members stored or deflated, 64-bit sizes where needed. The central directory says what there is, and each
// local header must agree with it; members may not overlap, which is how small files are made to inflate to anything. Nothing is ever
// written to a path that a member names.
#include "zip.h"

#include <stdlib.h>
#include <string.h>

#include "deflate.h"

enum { LOCAL_BYTES = 30, CENTRAL_BYTES = 46, END_BYTES = 22, LOCATOR_BYTES = 20, END64_BYTES = 56 };
#define LOCAL_MAGIC 0x04034b50u
#define CENTRAL_MAGIC 0x02014b50u
#define END_MAGIC 0x06054b50u
#define LOCATOR_MAGIC 0x07064b50u
#define END64_MAGIC 0x06064b50u
#define DIRECTORY_LIMIT (256u << 20) // a million members need half of that
#define RATIO_MOST 1032u             // no deflated data are more than this much smaller than what they stand for

typedef unsigned long long ull;

// ---- the list of members -------------------------------------------------------------------------------------------------------------------

typedef struct directory { uint64_t at, bytes, n; } directory;

static rt_status read_end64(const rt_archive *archive, uint64_t end, directory *out) {
  uint8_t locator[LOCATOR_BYTES], record[END64_BYTES];
  if (end < LOCATOR_BYTES + END64_BYTES) return rti_io_fail(RT_E_FORMAT, "%s: the 64-bit end record is missing", archive->name);
  rt_status status = rti_io_source_read(archive->source, end - LOCATOR_BYTES, locator, sizeof locator);
  if (status != RT_OK) return status;
  const uint64_t at = rti_le64(locator + 8);
  if (rti_le32(locator) != LOCATOR_MAGIC || at > end - LOCATOR_BYTES - END64_BYTES)
    return rti_io_fail(RT_E_FORMAT, "%s: the 64-bit end record is missing, or said to be at %llu", archive->name, (ull)at);
  if ((status = rti_io_source_read(archive->source, at, record, sizeof record)) != RT_OK) return status;
  if (rti_le32(record) != END64_MAGIC || rti_le32(record + 16) != 0 || rti_le32(record + 20) != 0 ||
      rti_le64(record + 24) != rti_le64(record + 32))
    return rti_io_fail(RT_E_FORMAT, "%s: the 64-bit end record at %llu is malformed, or of several disks", archive->name, (ull)at);
  *out = (directory){.at = rti_le64(record + 48), .bytes = rti_le64(record + 40), .n = rti_le64(record + 32)};
  uint64_t stop;
  if (!rti_io_add(out->at, out->bytes, &stop) || stop != at)
    return rti_io_fail(RT_E_FORMAT, "%s: the central directory of %llu bytes at %llu does not end at its end record (%llu)", archive->name,
                       (ull)out->bytes, (ull)out->at, (ull)at);
  return RT_OK;
}

// The end record is the last one whose comment reaches exactly to the end of the file.
static rt_status find_directory(const rt_archive *archive, directory *out) {
  const uint64_t bytes = archive->source->bytes;
  const size_t n = bytes < END_BYTES + 65535 ? (size_t)bytes : END_BYTES + 65535;
  uint8_t *tail = malloc(n + 1);
  if (!tail) return rti_io_fail(RT_E_NO_MEMORY, "%s: no memory for %zu bytes", archive->name, n);
  rt_status status = rti_io_source_read(archive->source, bytes - n, tail, n);
  size_t i = n < END_BYTES ? 0 : n - END_BYTES + 1;
  bool found = false;
  while (status == RT_OK && !found && i-- > 0) found = rti_le32(tail + i) == END_MAGIC && rti_le16(tail + i + 20) == n - i - END_BYTES;
  if (status == RT_OK && !found)
    status = rti_io_fail(RT_E_FORMAT, "%s: the file is cut: it has no end record of a zip file", archive->name);
  if (status == RT_OK) {
    const uint8_t *end = tail + i;
    const uint64_t end_at = bytes - n + i;
    *out = (directory){.at = rti_le32(end + 16), .bytes = rti_le32(end + 12), .n = rti_le16(end + 10)};
    uint64_t stop;
    const uint32_t disk = rti_le16(end + 4), other = rti_le16(end + 6);
    if (out->at == UINT32_MAX || out->bytes == UINT32_MAX || out->n == UINT16_MAX) status = read_end64(archive, end_at, out);
    else if (disk || other || rti_le16(end + 8) != out->n)
      status = rti_io_fail(RT_E_FORMAT, "%s: a zip file of several disks", archive->name);
    else if (!rti_io_add(out->at, out->bytes, &stop) || stop != end_at)
      status = rti_io_fail(RT_E_FORMAT, "%s: the central directory of %llu bytes at %llu does not end at its end record (%llu)",
                           archive->name, (ull)out->bytes, (ull)out->at, (ull)end_at);
  }
  free(tail);
  return status;
}

// The numbers of the 64-bit extra field stand for those of `at` that are all ones, in this order. False when one is missing.
static bool take_extra64(const uint8_t *extra, size_t bytes, uint64_t *const *numbers, int n) {
  int wanted = 0;
  for (int i = 0; i < n; i++) wanted += *numbers[i] == UINT32_MAX;
  if (wanted == 0) return true;
  for (size_t at = 0; bytes - at >= 4;) {
    const size_t field = rti_le16(extra + at + 2);
    if (field > bytes - at - 4) return false;
    if (rti_le16(extra + at) == 1) {
      if (field < (size_t)wanted * 8) return false;
      const uint8_t *from = extra + at + 4;
      for (int i = 0; i < n; i++)
        if (*numbers[i] == UINT32_MAX) *numbers[i] = rti_le64(from), from += 8;
      return true;
    }
    at += 4 + field;
  }
  return false;
}

// A local header says where the data begin. Name and method must be those of the directory.
static rt_status check_local(const rt_archive *archive, rti_zip_member *member, const char *shown, uint64_t limit) {
  uint8_t head[LOCAL_BYTES], *name;
  if (member->local > limit || limit - member->local < LOCAL_BYTES)
    return rti_io_fail(RT_E_FORMAT, "%s: member '%s' is said to begin at %llu, the directory at %llu", archive->name, shown,
                       (ull)member->local, (ull)limit);
  rt_status status = rti_io_source_read(archive->source, member->local, head, sizeof head);
  if (status != RT_OK) return status;
  const size_t name_bytes = rti_le16(head + 26);
  if (rti_le32(head) != LOCAL_MAGIC || rti_le16(head + 8) != member->method || name_bytes != member->name_bytes)
    return rti_io_fail(RT_E_FORMAT, "%s: member '%s': its local header at %llu contradicts the directory", archive->name, shown,
                       (ull)member->local);
  member->data = member->local + LOCAL_BYTES + name_bytes + rti_le16(head + 28);
  if (member->data > limit || member->packed > limit - member->data)
    return rti_io_fail(RT_E_FORMAT, "%s: member '%s': %llu bytes at %llu reach into the directory at %llu", archive->name, shown,
                       (ull)member->packed, (ull)member->data, (ull)limit);
  if (!(name = malloc(name_bytes + 1))) return rti_io_fail(RT_E_NO_MEMORY, "%s: no memory for a name", archive->name);
  status = rti_io_source_read(archive->source, member->local + LOCAL_BYTES, name, name_bytes);
  if (status == RT_OK && memcmp(name, member->name, name_bytes) != 0)
    status =
      rti_io_fail(RT_E_FORMAT, "%s: member '%s': its local header at %llu has another name", archive->name, shown, (ull)member->local);
  free(name);
  return status;
}

static rt_status check_member(const rt_archive *archive, rti_zip_member *member, uint64_t limit) {
  rti_io_text quoted;
  const char *shown = rti_io_quote(&quoted, member->name, member->name_bytes < 80 ? member->name_bytes : 80);
  if (member->method == RTI_ZIP_STORED && member->packed != member->size && !member->encrypted)
    return rti_io_fail(RT_E_FORMAT, "%s: member '%s' is stored, but %llu bytes are said to stand for %llu", archive->name, shown,
                       (ull)member->packed, (ull)member->size);
  if (member->method == RTI_ZIP_DEFLATED && member->size / RATIO_MOST > member->packed)
    return rti_io_fail(RT_E_FORMAT, "%s: member '%s': %llu deflated bytes cannot stand for %llu", archive->name, shown, (ull)member->packed,
                       (ull)member->size);
  return check_local(archive, member, shown, limit);
}

static int by_place(const void *a, const void *b) {
  const rti_zip_member *x = *(const rti_zip_member *const *)a, *y = *(const rti_zip_member *const *)b;
  return (x->local > y->local) - (x->local < y->local);
}

static rt_status check_overlap(const rt_archive *archive, const rti_zip_member *members, int32_t n) {
  const rti_zip_member **sorted = malloc(((size_t)n + 1) * sizeof *sorted);
  if (!sorted) return rti_io_fail(RT_E_NO_MEMORY, "%s: no memory to check its %d members", archive->name, n);
  for (int32_t i = 0; i < n; i++) sorted[i] = &members[i];
  qsort(sorted, (size_t)n, sizeof *sorted, by_place);
  rt_status status = RT_OK;
  for (int32_t i = 1; status == RT_OK && i < n; i++) {
    const rti_zip_member *before = sorted[i - 1], *next = sorted[i];
    rti_io_text a, b;
    if (before->data + before->packed > next->local)
      status = rti_io_fail(RT_E_FORMAT, "%s: members '%.60s' and '%.60s' overlap: one ends at %llu, the other begins at %llu",
                           archive->name, rti_io_quote(&a, before->name, before->name_bytes),
                           rti_io_quote(&b, next->name, next->name_bytes), (ull)(before->data + before->packed), (ull)next->local);
  }
  free(sorted);
  return status;
}

rt_status rti_zip_list(rt_archive *archive, rti_zip_member **out_members, int32_t *out_n) {
  directory where = {0};
  rt_status status = find_directory(archive, &where);
  if (status != RT_OK) return status;
  if (where.bytes > DIRECTORY_LIMIT || where.n > where.bytes / CENTRAL_BYTES)
    return rti_io_fail(RT_E_FORMAT, "%s: a central directory of %llu bytes for %llu members (at most %u bytes are allowed)", archive->name,
                       (ull)where.bytes, (ull)where.n, DIRECTORY_LIMIT);
  uint8_t *records = rti_archive_new(archive, where.bytes + 1, 1);
  rti_zip_member *members = records ? rti_archive_new(archive, where.n + 1, sizeof *members) : NULL;
  if (!members) return RT_E_NO_MEMORY;
  status = rti_io_source_read(archive->source, where.at, records, (size_t)where.bytes);
  size_t at = 0;
  for (uint64_t i = 0; status == RT_OK && i < where.n; i++) {
    const uint8_t *record = records + at;
    const size_t rest = (size_t)where.bytes - at;
    size_t name = 0, extra = 0, comment = 0;
    if (rest >= CENTRAL_BYTES) name = rti_le16(record + 28), extra = rti_le16(record + 30), comment = rti_le16(record + 32);
    if (rest < CENTRAL_BYTES || rti_le32(record) != CENTRAL_MAGIC || name + extra + comment > rest - CENTRAL_BYTES)
      return rti_io_fail(RT_E_FORMAT, "%s: entry %llu of the central directory (at %llu) is malformed", archive->name, (ull)i,
                         (ull)(where.at + at));
    rti_zip_member *m = &members[i];
    *m = (rti_zip_member){.name = (const char *)record + CENTRAL_BYTES,
                          .name_bytes = name,
                          .local = rti_le32(record + 42),
                          .packed = rti_le32(record + 20),
                          .size = rti_le32(record + 24),
                          .crc = rti_le32(record + 16),
                          .method = (uint16_t)rti_le16(record + 10),
                          .encrypted = record[8] & 1,
                          .has_crc = true};
    uint64_t *const wide[] = {&m->size, &m->packed, &m->local};
    if (!take_extra64(record + CENTRAL_BYTES + name, extra, wide, 3))
      return rti_io_fail(RT_E_FORMAT, "%s: entry %llu of the central directory (at %llu) lacks its 64-bit numbers", archive->name, (ull)i,
                         (ull)(where.at + at));
    at += CENTRAL_BYTES + name + extra + comment;
    status = check_member(archive, m, where.at);
  }
  if (status == RT_OK && at != where.bytes)
    status = rti_io_fail(RT_E_FORMAT, "%s: the central directory has %llu bytes, its %llu entries have %zu", archive->name,
                         (ull)where.bytes, (ull)where.n, at);
  if (status == RT_OK) status = check_overlap(archive, members, (int32_t)where.n);
  *out_members = members;
  *out_n = (int32_t)where.n;
  return status;
}

// ---- one member ----------------------------------------------------------------------------------------------------------------------------

rt_status rti_zip_begin(const rti_io_source *source, const rti_zip_member *member, rti_zip_stream *out) {
  *out = (rti_zip_stream){.source = source, .member = member};
  if (member->encrypted) return rti_io_fail(RT_E_UNSUPPORTED, "it is encrypted");
  if (member->method == RTI_ZIP_STORED) return RT_OK;
  if (member->method != RTI_ZIP_DEFLATED)
    return rti_io_fail(RT_E_UNSUPPORTED, "compression method %u is neither stored nor deflated", member->method);
  if (!rti_deflate_is_here()) return rti_io_fail(RT_E_UNSUPPORTED, "it is deflated, and this build has no zlib (build it with zlib1g-dev)");
  out->inflater = rti_inflater_new(source, member->data, member->packed);
  return out->inflater ? RT_OK : rti_io_fail(RT_E_NO_MEMORY, "no memory to inflate");
}

rt_status rti_zip_take(rti_zip_stream *stream, void *dst, size_t bytes) {
  const rti_zip_member *member = stream->member;
  if (bytes > member->size - stream->taken)
    return rti_io_fail(RT_E_FORMAT, "%zu bytes at %llu pass the end of its %llu bytes", bytes, (ull)stream->taken, (ull)member->size);
  const rt_status status = stream->inflater ? rti_inflater_take(stream->inflater, dst, bytes)
                                            : rti_io_source_read(stream->source, member->data + stream->taken, dst, bytes);
  if (status != RT_OK) return status;
  stream->taken += bytes;
  stream->crc = rti_crc32(stream->crc, dst, bytes);
  return RT_OK;
}

rt_status rti_zip_finish(rti_zip_stream *stream) {
  const rti_zip_member *member = stream->member;
  const rt_status status = stream->inflater ? rti_inflater_finish(stream->inflater) : RT_OK;
  if (status != RT_OK) return status;
  if (member->has_crc && stream->crc != member->crc)
    return rti_io_fail(RT_E_FORMAT, "its %llu bytes have the checksum %08x, the file says %08x", (ull)member->size, stream->crc,
                       member->crc);
  return RT_OK;
}

void rti_zip_end(rti_zip_stream *stream) {
  rti_inflater_free(stream->inflater);
  *stream = (rti_zip_stream){0};
}

// ---- writing -------------------------------------------------------------------------------------------------------------------------------

// Numbers one after the other, little endian.
static uint8_t *put_le(uint8_t *at, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; i++) *at++ = (uint8_t)(value >> 8 * i);
  return at;
}

enum { VERSION_64 = 45, FLAG_UTF8 = 0x800, DATE_1980 = 0x21, EXTRA_64 = 1, EXTRA_PADDING = 0xd935, PADDING_MOST = 64 };

// What local and central header share, from the version to the lengths of name and extra.
static uint8_t *put_common(uint8_t *at, const rti_zip_member *m, size_t extra) {
  at = put_le(at, VERSION_64, 2);
  at = put_le(at, FLAG_UTF8, 2);
  at = put_le(at, m->method, 2);
  at = put_le(at, (uint64_t)DATE_1980 << 16, 4); // the same tensors give the same file
  at = put_le(at, m->crc, 4);
  at = put_le(at, UINT32_MAX, 4); // sizes and places are in the 64-bit field, whatever they are: a path that only runs above
  at = put_le(at, UINT32_MAX, 4); // 4 GiB is one that nobody tests
  at = put_le(at, m->name_bytes, 2);
  return put_le(at, extra, 2);
}

void rti_zip_put(rti_io_sink *sink, rti_zip_member *m, const void *head, size_t head_bytes, const void *body, size_t body_bytes) {
  uint8_t record[LOCAL_BYTES], extra[20 + 4 + PADDING_MOST] = {0}, *at = record;
  m->local = sink->written;
  m->packed = (uint64_t)head_bytes + body_bytes;
  const size_t padding = (PADDING_MOST - (m->local + LOCAL_BYTES + m->name_bytes + 20 + 4) % PADDING_MOST) % PADDING_MOST;
  at = put_le(at, LOCAL_MAGIC, 4);
  put_common(at, m, 20 + 4 + padding);
  at = put_le(put_le(extra, EXTRA_64, 2), 16, 2);
  at = put_le(put_le(at, m->size, 8), m->packed, 8);
  put_le(put_le(at, EXTRA_PADDING, 2), padding, 2);
  rti_io_put(sink, record, sizeof record);
  rti_io_put(sink, m->name, m->name_bytes);
  rti_io_put(sink, extra, 20 + 4 + padding);
  rti_io_put(sink, head, head_bytes);
  rti_io_put(sink, body, body_bytes);
}

void rti_zip_put_directory(rti_io_sink *sink, const rti_zip_member *members, int32_t n) {
  const uint64_t start = sink->written;
  for (int32_t i = 0; i < n; i++) {
    uint8_t record[CENTRAL_BYTES] = {0}, extra[28], *at = record;
    at = put_le(at, CENTRAL_MAGIC, 4);
    at = put_le(at, 3 << 8 | VERSION_64, 2); // made on Unix
    at = put_common(at, &members[i], sizeof extra);
    at = put_le(at, 0, 6);                     // no comment, disk 0, internal attributes
    at = put_le(at, 0100644ull << 16, 4);      // a regular file
    put_le(at, UINT32_MAX, 4);
    at = put_le(put_le(extra, EXTRA_64, 2), 24, 2);
    put_le(put_le(put_le(at, members[i].size, 8), members[i].packed, 8), members[i].local, 8);
    rti_io_put(sink, record, sizeof record);
    rti_io_put(sink, members[i].name, members[i].name_bytes);
    rti_io_put(sink, extra, sizeof extra);
  }
  const uint64_t end = sink->written;
  uint8_t tail[END64_BYTES + LOCATOR_BYTES + END_BYTES], *at = tail;
  at = put_le(put_le(at, END64_MAGIC, 4), END64_BYTES - 12, 8);
  at = put_le(put_le(at, 3 << 8 | VERSION_64, 2), VERSION_64, 2);
  at = put_le(put_le(at, 0, 8), (uint64_t)n, 8);
  at = put_le(put_le(put_le(at, (uint64_t)n, 8), end - start, 8), start, 8);
  at = put_le(put_le(put_le(put_le(at, LOCATOR_MAGIC, 4), 0, 4), end, 8), 1, 4);
  at = put_le(put_le(put_le(at, END_MAGIC, 4), 0, 4), UINT16_MAX, 2);
  put_le(put_le(put_le(put_le(at, UINT16_MAX, 2), UINT32_MAX, 4), UINT32_MAX, 4), 0, 2);
  rti_io_put(sink, tail, sizeof tail);
}
