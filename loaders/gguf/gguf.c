// SPDX-License-Identifier: BSD-3-Clause
// GGUF: counts, typed metadata, descriptions of tensors, then their data, each aligned. Nothing says how long all of that is, so it is walked
// with a window over the file; every length is compared with what is left of the file before anything of that size is taken.
#include <stdlib.h>
#include <string.h>

#include "types.h"

#define TEXT_LIMIT (256u << 20)  // all metadata of a file together; large vocabularies take some 10 MiB
#define WINDOW_BYTES 65536
#define DEFAULT_ALIGNMENT 32

typedef unsigned long long ull;

// ---- the window ----------------------------------------------------------------------------------------------------------------------------

typedef struct walk {
  rt_archive *archive;
  uint64_t at;          // in the file
  uint64_t kept;        // bytes of metadata so far
  uint64_t window_at;
  size_t in_window;
  uint8_t *window;
} walk;

static uint64_t left(const walk *w) { return w->archive->source->bytes - w->at; }

static rt_status past_end(const walk *w, const char *what, uint64_t bytes) {
  return rti_io_fail(RT_E_FORMAT, "%s: byte %llu: %s of %llu bytes passes the end of the file (%llu are left)", w->archive->name,
                     (ull)w->at, what, (ull)bytes, (ull)left(w));
}

static rt_status too_many(const walk *w, const rti_meta *meta, uint64_t n) {
  return rti_io_fail(RT_E_FORMAT, "%s: metadata '%.80s': %llu items do not fit the %llu bytes that are left of the file", w->archive->name,
                     meta->facts.key, (ull)n, (ull)left(w));
}

static rt_status take(walk *w, const char *what, void *dst, size_t bytes) {
  if (bytes > left(w)) return past_end(w, what, bytes);
  rt_status status = RT_OK;
  if (bytes > WINDOW_BYTES) {
    status = rti_io_source_read(w->archive->source, w->at, dst, bytes);
  } else {
    if (w->at < w->window_at || w->at + bytes > w->window_at + w->in_window) {
      w->window_at = w->at;
      w->in_window = left(w) < WINDOW_BYTES ? (size_t)left(w) : WINDOW_BYTES;
      status = rti_io_source_read(w->archive->source, w->at, w->window, w->in_window);
    }
    if (status == RT_OK) memcpy(dst, w->window + (w->at - w->window_at), bytes);
  }
  w->at += bytes;
  return status;
}

static rt_status take_u32(walk *w, const char *what, uint32_t *out) {
  uint8_t bytes[4] = {0};
  const rt_status status = take(w, what, bytes, 4);
  *out = rti_le32(bytes);
  return status;
}

static rt_status take_u64(walk *w, const char *what, uint64_t *out) {
  uint8_t bytes[8] = {0};
  const rt_status status = take(w, what, bytes, 8);
  *out = rti_le64(bytes);
  return status;
}

// Memory of the archive, counted against the limit.
static rt_status keep(walk *w, uint64_t n, size_t element_bytes, void **out) {
  uint64_t bytes;
  if (!rti_io_mul(n, element_bytes, &bytes) || bytes > TEXT_LIMIT - w->kept)
    return rti_io_fail(RT_E_FORMAT, "%s: byte %llu: more than %u bytes of metadata", w->archive->name, (ull)w->at, TEXT_LIMIT);
  w->kept += bytes;
  *out = rti_archive_new(w->archive, n, element_bytes);
  return *out ? RT_OK : RT_E_NO_MEMORY;
}

static rt_status take_text(walk *w, const char *what, rti_text *out) {
  uint64_t bytes = 0;
  void *at = NULL;
  rt_status status = take_u64(w, what, &bytes);
  if (status == RT_OK && bytes > left(w)) status = past_end(w, what, bytes);
  if (status == RT_OK) status = keep(w, bytes + 1, 1, &at);
  if (status == RT_OK) status = take(w, what, at, (size_t)bytes);
  *out = (rti_text){at, (size_t)bytes};
  return status;
}

// ---- metadata ------------------------------------------------------------------------------------------------------------------------------

enum { META_STRING = 8, META_ARRAY = 9 };
static const char *const meta_types[] = {"u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool", "string", NULL, "u64", "i64", "f64"};

static rt_status take_items(walk *w, uint32_t type, rti_meta *meta) {
  const uint64_t n = (uint64_t)meta->facts.count;
  void *items;
  if (type != META_STRING) {
    const size_t element = rt_dtype_bytes(rt_dtype_from_name(meta->facts.type));
    uint64_t bytes;
    if (!rti_io_mul(n, element, &bytes) || bytes > left(w)) return too_many(w, meta, n);
    const rt_status status = keep(w, n, element, &items);
    meta->items = items;
    return status == RT_OK ? take(w, "a value", items, (size_t)bytes) : status;
  }
  if (n > left(w) / 8) return too_many(w, meta, n);
  rt_status status = keep(w, n, sizeof(rti_text), &items);
  meta->items = items;
  for (uint64_t i = 0; status == RT_OK && i < n; i++) status = take_text(w, "a string", (rti_text *)items + i);
  return status;
}

static rt_status take_meta(walk *w) {
  rti_text key;
  rti_meta *meta;
  uint32_t type = 0;
  uint64_t count = 1;
  rt_status status = take_text(w, "a key", &key);
  if (status == RT_OK) status = rti_archive_add_meta(w->archive, key.at, key.bytes, &meta);
  if (status == RT_OK) status = take_u32(w, "a type", &type);
  if (status == RT_OK && (meta->facts.is_list = type == META_ARRAY)) {
    status = take_u32(w, "a type", &type);
    if (status == RT_OK) status = take_u64(w, "a count", &count);
    if (status == RT_OK && type == META_ARRAY)
      return rti_io_fail(RT_E_UNSUPPORTED, "%s: metadata '%.80s' is a list of lists", w->archive->name, meta->facts.key);
  }
  if (status != RT_OK) return status;
  if (type >= RTI_IO_COUNT(meta_types))
    return rti_io_fail(RT_E_FORMAT, "%s: metadata '%.80s' has type %u, which GGUF does not have", w->archive->name, meta->facts.key, type);
  if (count > INT64_MAX) return too_many(w, meta, count);
  meta->facts.type = meta_types[type];
  meta->facts.count = (int64_t)count;
  return take_items(w, type, meta);
}

static rt_status find_alignment(const rt_archive *archive, uint64_t *out) {
  *out = DEFAULT_ALIGNMENT;
  const int32_t index = rti_names_find(&archive->keys, "general.alignment");
  if (index < 0) return RT_OK;
  rt_archive_value value;
  const rti_meta *meta = &archive->metas[index];
  if (meta->facts.is_list || strcmp(meta->facts.type, "u32") != 0)
    return rti_io_fail(RT_E_FORMAT, "%s: general.alignment is not a u32", archive->name);
  const rt_status status = rt_archive_meta_item(archive, index, 0, &value);
  if (status != RT_OK) return status;
  *out = value.number.as.u;
  if (*out == 0 || (*out & (*out - 1)) != 0)
    return rti_io_fail(RT_E_FORMAT, "%s: general.alignment is %llu, no power of two", archive->name, (ull)*out);
  return RT_OK;
}

// ---- tensors -------------------------------------------------------------------------------------------------------------------------------

// The bytes of a tensor; its innermost extent (the last one here) must fill whole blocks.
static rt_status measure(const walk *w, rt_archive_entry *facts, const rti_gguf_type *type) {
  rti_io_text shape;
  uint64_t numel, decoded, bytes;
  const int64_t inner = facts->rank ? facts->shape[facts->rank - 1] : 1;
  rti_io_shape_text(&shape, facts->rank, facts->shape);
  if (inner % type->block_elements != 0)
    return rti_io_fail(RT_E_FORMAT, "%s: tensor '%.80s': rows of %lld elements do not fill blocks of %u (%s)", w->archive->name,
                       facts->name, (long long)inner, type->block_elements, type->name);
  if (!rti_io_tensor_bytes(facts->rank, facts->shape, 8, &numel, &decoded) ||
      !rti_io_mul(numel / type->block_elements, type->block_bytes, &bytes))
    return rti_io_fail(RT_E_FORMAT, "%s: tensor '%.80s': shape %s of %s is too large for any file", w->archive->name, facts->name, shape.at,
                       type->name);
  facts->bytes = bytes;
  return RT_OK;
}

static rt_status take_tensor(walk *w) {
  rti_text name;
  rti_entry *entry;
  uint32_t rank = 0, id = 0;
  rt_status status = take_text(w, "the name of a tensor", &name);
  if (status == RT_OK) status = rti_archive_add(w->archive, name.at, name.bytes, &entry);
  if (status == RT_OK) status = take_u32(w, "a rank", &rank);
  if (status != RT_OK) return status;
  rt_archive_entry *facts = &entry->facts;
  if (rank > 4) return rti_io_fail(RT_E_FORMAT, "%s: tensor '%.80s' has rank %u, GGUF has at most 4", w->archive->name, facts->name, rank);
  facts->rank = (int32_t)rank;
  for (uint32_t d = rank; status == RT_OK && d-- > 0;) { // innermost first in the file
    uint64_t extent;
    status = take_u64(w, "an extent", &extent);
    if (status == RT_OK && extent > INT64_MAX)
      status = rti_io_fail(RT_E_FORMAT, "%s: tensor '%.80s' has an extent of %llu", w->archive->name, facts->name, (ull)extent);
    facts->shape[d] = (int64_t)extent;
  }
  if (status == RT_OK) status = take_u32(w, "a type", &id);
  if (status == RT_OK) status = take_u64(w, "an offset", &facts->offset);
  if (status != RT_OK) return status;
  const rti_gguf_type *type = rti_gguf_type_of(id);
  entry->detail = type;
  if (!type) return RT_OK; // a type that came after this was written: its bytes are those up to the next tensor
  facts->stored = type->name;
  facts->dtype = type->dtype;
  return measure(w, facts, type);
}

// The data begin at the next multiple of the alignment, and each tensor at the one behind the tensor before it, in the order of the file.
static rt_status place_tensors(const walk *w, uint64_t alignment) {
  rt_archive *archive = w->archive;
  uint64_t data;
  if (!rti_io_add(w->at, alignment - 1, &data)) data = UINT64_MAX;
  data &= ~(alignment - 1);
  if (archive->n_entries > 0 && data > archive->source->bytes)
    return rti_io_fail(RT_E_FORMAT, "%s: the data would begin at %llu, behind the end of the file of %llu bytes", archive->name, (ull)data,
                       (ull)archive->source->bytes);
  const uint64_t room = archive->n_entries > 0 ? archive->source->bytes - data : 0;
  uint64_t expected = 0;
  for (int32_t i = 0; i < archive->n_entries; i++) {
    rti_entry *entry = &archive->entries[i];
    rt_archive_entry *facts = &entry->facts;
    if (facts->offset != expected)
      return rti_io_fail(RT_E_FORMAT,
                         "%s: tensor '%.80s' is said to begin at data offset %llu, the tensors before it end at %llu (aligned to %llu)",
                         archive->name, facts->name, (ull)facts->offset, (ull)expected, (ull)alignment);
    if (facts->offset > room)
      return rti_io_fail(RT_E_FORMAT, "%s: tensor '%.80s' begins at data offset %llu of %llu", archive->name, facts->name,
                         (ull)facts->offset, (ull)room);
    if (!entry->detail) {
      const uint64_t next = i + 1 < archive->n_entries ? archive->entries[i + 1].facts.offset : room;
      facts->bytes = next > facts->offset ? next - facts->offset : 0;
    }
    if (facts->bytes > room - facts->offset)
      return rti_io_fail(RT_E_FORMAT, "%s: tensor '%.80s': %llu bytes at data offset %llu pass the end of the file (%llu bytes of data)",
                         archive->name, facts->name, (ull)facts->bytes, (ull)facts->offset, (ull)room);
    expected = (facts->offset + facts->bytes + alignment - 1) & ~(alignment - 1); // both are below the size of the file
    facts->offset += data;
    const rti_gguf_type *type = entry->detail;
    if (type && !type->decode) rti_archive_note_in_place(archive, entry);
  }
  return RT_OK;
}

// ---- the format ----------------------------------------------------------------------------------------------------------------------------

static bool sniff(const uint8_t *head, size_t bytes) { return bytes >= 4 && memcmp(head, "GGUF", 4) == 0; }

static rt_status read_all(walk *w) {
  uint32_t version = 0;
  uint64_t n_tensors = 0, n_metas = 0, alignment;
  w->at = 4;
  rt_status status = take_u32(w, "the version", &version);
  if (status == RT_OK && version != 2 && version != 3) {
    const bool swapped = version != 0 && (version & 0xffffff) == 0;
    return rti_io_fail(RT_E_UNSUPPORTED,
                       swapped ? "%s: a big-endian GGUF file (version %u as it is read here)" : "%s: GGUF version %u is not 2 or 3",
                       w->archive->name, version);
  }
  if (status == RT_OK) status = take_u64(w, "the number of tensors", &n_tensors);
  if (status == RT_OK) status = take_u64(w, "the number of metadata", &n_metas);
  // Each takes some bytes of the file: 8 for the length of a name, and at least 16 and 5 more.
  if (status == RT_OK && (n_tensors > left(w) / 24 || n_metas > left(w) / 13))
    return rti_io_fail(RT_E_FORMAT, "%s: %llu tensors and %llu metadata do not fit a file of %llu bytes", w->archive->name, (ull)n_tensors,
                       (ull)n_metas, (ull)w->archive->source->bytes);
  for (uint64_t i = 0; status == RT_OK && i < n_metas; i++) status = take_meta(w);
  for (uint64_t i = 0; status == RT_OK && i < n_tensors; i++) status = take_tensor(w);
  if (status == RT_OK) status = find_alignment(w->archive, &alignment);
  return status == RT_OK ? place_tensors(w, alignment) : status;
}

static rt_status open_archive(rt_archive *archive) {
  walk w = {.archive = archive, .window = malloc(WINDOW_BYTES)};
  if (!w.window) return rti_io_fail(RT_E_NO_MEMORY, "%s: no memory to read it", archive->name);
  const rt_status status = read_all(&w);
  free(w.window);
  return status;
}

typedef struct blocks { const rti_io_source *source; const rti_gguf_type *type; uint64_t at; } blocks;

// Blocks are read a window at a time, so that no second copy of the tensor is made.
static rt_status fill_decoded(void *user, void *dst, size_t bytes) {
  const blocks *from = user;
  const rti_gguf_type *type = from->type;
  float *out = dst;
  uint8_t *window = malloc(WINDOW_BYTES);
  if (!window) return rti_io_fail(RT_E_NO_MEMORY, "no memory to decode");
  rt_status status = RT_OK;
  uint64_t at = from->at, n = bytes / sizeof(float) / type->block_elements;
  while (status == RT_OK && n > 0) {
    const uint64_t most = WINDOW_BYTES / type->block_bytes, now = n < most ? n : most;
    status = rti_io_source_read(from->source, at, window, (size_t)now * type->block_bytes);
    if (status == RT_OK) type->decode(window, now, out);
    at += now * type->block_bytes;
    out += now * type->block_elements;
    n -= now;
  }
  free(window);
  return status;
}

static rt_status read_tensor(rt_archive *archive, const rti_entry *entry, rt_tensor **out) {
  const rti_gguf_type *type = entry->detail;
  const rt_archive_entry *facts = &entry->facts;
  if (facts->dtype == RT_DTYPE_NONE) return rti_io_fail(RT_E_DTYPE, "type %s of GGUF is not read here", type ? type->name : "(unknown)");
  if (!type->decode) return rti_archive_read_plain(archive, entry, out);
  blocks from = {archive->source, type, facts->offset};
  return rti_io_tensor(archive->ctx, facts->dtype, facts->rank, facts->shape, fill_decoded, &from, out);
}

const rti_format rti_format_gguf = {RT_ARCHIVE_GGUF, "gguf", sniff, open_archive, read_tensor, NULL, NULL};
