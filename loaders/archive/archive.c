// SPDX-License-Identifier: BSD-3-Clause
// The public functions on archives: which format a file is, what is in it, one tensor out of it, a whole one written. It knows no format;
// each is a row of `formats` and a folder of its own.
#include "archive.h"

#include <stdlib.h>
#include <string.h>

#define NAME_BYTES 4096
#define SNIFF_BYTES 16

static const rti_format *const formats[] = {&rti_format_npy, &rti_format_npz, &rti_format_gguf, &rti_format_safetensors};

static const rti_format *format_of(rt_archive_format id) {
  for (size_t i = 0; i < RTI_IO_COUNT(formats); i++)
    if (formats[i]->id == id) return formats[i];
  return NULL;
}

rt_archive_format rt_archive_sniff(const void *head, size_t bytes) {
  for (size_t i = 0; head && i < RTI_IO_COUNT(formats); i++)
    if (formats[i]->sniff(head, bytes)) return formats[i]->id;
  return RT_ARCHIVE_NONE;
}

// ---- what a format calls while it opens a file ---------------------------------------------------------------------------------------------

void *rti_archive_new(rt_archive *archive, uint64_t n, size_t element_bytes) {
  void *at = rti_arena_new(&archive->arena, n, element_bytes);
  if (!at)
    rti_io_fail(RT_E_NO_MEMORY, "%s: no memory for what it describes (%llu times %zu bytes)", archive->name, (unsigned long long)n,
                element_bytes);
  return at;
}

static bool is_printable(const char *text, size_t bytes) {
  size_t i = 0;
  for (size_t step; i < bytes && (step = rti_io_printable(text + i, bytes - i)) > 0; i += step) continue;
  return i == bytes;
}

// Copies a name and numbers it: as many as there were before.
static rt_status add_name(rt_archive *archive, rti_names *names, const char *what, const void *name, size_t bytes, const char **out) {
  rti_io_text quoted;
  if (bytes > NAME_BYTES)
    return rti_io_fail(RT_E_FORMAT, "%s: the name of a %s has %zu bytes, at most %d are allowed", archive->name, what, bytes, NAME_BYTES);
  if (!is_printable(name, bytes))
    return rti_io_fail(RT_E_FORMAT, "%s: the name of a %s is not printable UTF-8: '%s'", archive->name, what,
                       rti_io_quote(&quoted, name, bytes));
  char *copy = rti_archive_new(archive, bytes + 1, 1);
  if (!copy) return RT_E_NO_MEMORY;
  if (bytes) memcpy(copy, name, bytes);
  if (rti_names_find(names, copy) >= 0) return rti_io_fail(RT_E_FORMAT, "%s: %s '%s' is there twice", archive->name, what, copy);
  int32_t number;
  const rt_status status = rti_names_add(names, copy, &number);
  *out = copy;
  return status == RT_OK ? RT_OK : rti_io_fail_in(status, "%s", archive->name);
}

// Room for one more item of an array that doubles.
static rt_status make_room(const rt_archive *archive, void **array, int32_t count, int32_t *room, size_t item_bytes) {
  if (count < *room) return RT_OK;
  const int32_t wanted = *room ? *room * 2 : 16; // rti_names bounds the count far below overflow
  void *grown = realloc(*array, (size_t)wanted * item_bytes);
  if (!grown) return rti_io_fail(RT_E_NO_MEMORY, "%s: no memory for %d entries", archive->name, wanted);
  *array = grown;
  *room = wanted;
  return RT_OK;
}

rt_status rti_archive_add(rt_archive *archive, const void *name, size_t bytes, rti_entry **out) {
  void *array = archive->entries;
  const char *copy;
  rt_status status = make_room(archive, &array, archive->n_entries, &archive->entry_room, sizeof *archive->entries);
  archive->entries = array;
  if (status == RT_OK) status = add_name(archive, &archive->names, "tensor", name, bytes, &copy);
  if (status != RT_OK) return status;
  *out = &archive->entries[archive->n_entries++];
  **out = (rti_entry){.facts.name = copy, .facts.stored = "?"};
  return RT_OK;
}

rt_status rti_archive_add_meta(rt_archive *archive, const void *key, size_t bytes, rti_meta **out) {
  void *array = archive->metas;
  const char *copy;
  rt_status status = make_room(archive, &array, archive->n_metas, &archive->meta_room, sizeof *archive->metas);
  archive->metas = array;
  if (status == RT_OK) status = add_name(archive, &archive->keys, "metadata entry", key, bytes, &copy);
  if (status != RT_OK) return status;
  *out = &archive->metas[archive->n_metas++];
  **out = (rti_meta){.facts = {.key = copy, .type = "string", .count = 1}};
  return RT_OK;
}

// ---- reading one tensor --------------------------------------------------------------------------------------------------------------------

void rti_archive_note_in_place(const rt_archive *archive, rti_entry *entry) {
  rt_archive_entry *facts = &entry->facts;
  // A byte of a bool may be anything in a file, and must be 0 or 1 in a tensor. An empty tensor has nothing to view.
  facts->in_place = archive->source->is_mapped && facts->bytes > 0 && facts->dtype != RT_DTYPE_NONE && facts->dtype != RT_BOOL &&
                    rti_io_host_is_little() && facts->offset % rt_dtype_bytes(facts->dtype) == 0;
}

rt_status rti_archive_view(rt_archive *archive, const rti_entry *entry, rt_tensor **out) {
  const rt_archive_entry *facts = &entry->facts;
  rti_io_source *source = rti_io_source_retain(archive->source);
  void *data = (void *)(uintptr_t)(source->at + facts->offset); // imported read-only
  const rt_status status =
    rt_import(archive->ctx, facts->dtype, facts->rank, facts->shape, NULL, data, true, rti_io_source_release, source, out);
  if (status != RT_OK) rti_io_source_release(source);
  return status;
}

typedef struct piece { const rti_io_source *source; const rt_archive_entry *facts; } piece;

static rt_status fill_plain(void *user, void *dst, size_t bytes) {
  const piece *from = user;
  const rt_status status = rti_io_source_read(from->source, from->facts->offset, dst, bytes);
  if (status != RT_OK) return status;
  if (from->facts->dtype == RT_BOOL) rti_io_make_bools(dst, bytes);
  else if (!rti_io_host_is_little()) rti_io_swap_dtype(dst, bytes / rt_dtype_bytes(from->facts->dtype), from->facts->dtype);
  return RT_OK;
}

rt_status rti_archive_read_plain(rt_archive *archive, const rti_entry *entry, rt_tensor **out) {
  const rt_archive_entry *facts = &entry->facts;
  if (facts->in_place) return rti_archive_view(archive, entry, out);
  piece from = {archive->source, facts};
  return rti_io_tensor(archive->ctx, facts->dtype, facts->rank, facts->shape, fill_plain, &from, out);
}

static rt_status read_entry(rt_archive *archive, int32_t index, rt_tensor **out) {
  const rti_entry *entry = &archive->entries[index];
  const rt_status status = archive->format->read(archive, entry, out);
  return status == RT_OK ? RT_OK : rti_io_fail_in(status, "%s: tensor '%.80s'", archive->name, entry->facts.name);
}

rt_status rt_archive_read(rt_archive *archive, int32_t index, rt_tensor **out) {
  if (!out) return rti_io_fail(RT_E_ARGUMENT, "archive_read: out is NULL");
  *out = NULL;
  if (!archive) return rti_io_fail(RT_E_ARGUMENT, "archive_read: archive is NULL");
  if (index < 0 || index >= archive->n_entries)
    return rti_io_fail(RT_E_ARGUMENT, "%s: tensor %d of %d does not exist", archive->name, index, archive->n_entries);
  return read_entry(archive, index, out);
}

rt_status rt_archive_get(rt_archive *archive, const char *name, rt_tensor **out) {
  if (!out) return rti_io_fail(RT_E_ARGUMENT, "archive_get: out is NULL");
  *out = NULL;
  if (!archive || !name) return rti_io_fail(RT_E_ARGUMENT, "archive_get: %s is NULL", archive ? "name" : "archive");
  const int32_t index = rti_names_find(&archive->names, name);
  rti_io_text quoted;
  if (index < 0)
    return rti_io_fail(RT_E_NOT_FOUND, "%s: none of its %d tensors is named '%s'", archive->name, archive->n_entries,
                       rti_io_quote(&quoted, name, strlen(name)));
  return read_entry(archive, index, out);
}

// ---- opening -------------------------------------------------------------------------------------------------------------------------------

static rt_status open_source(rt_ctx *ctx, rti_io_source *source, rt_archive **out_archive) {
  rt_archive *archive = calloc(1, sizeof *archive);
  if (!archive) {
    const rt_status status = rti_io_fail(RT_E_NO_MEMORY, "%s: no memory for an archive", source->name.at);
    rti_io_source_release(source);
    return status;
  }
  archive->ctx = ctx;
  archive->source = source;
  archive->name = source->name.at;
  uint8_t head[SNIFF_BYTES];
  const size_t n = source->bytes < sizeof head ? (size_t)source->bytes : sizeof head;
  rt_status status = rti_io_source_read(source, 0, head, n);
  if (status == RT_OK) archive->format = format_of(rt_archive_sniff(head, n));
  if (status == RT_OK && !archive->format)
    status = rti_io_fail(RT_E_FORMAT, "%s: its first bytes are those of no .npy, .npz, safetensors or GGUF file", archive->name);
  if (status == RT_OK) status = archive->format->open(archive);
  if (status != RT_OK) {
    rt_archive_close(archive);
    return status;
  }
  *out_archive = archive;
  return RT_OK;
}

rt_status rt_archive_open(rt_ctx *ctx, const char *path, uint32_t flags, rt_archive **out_archive) {
  if (!out_archive) return rti_io_fail(RT_E_ARGUMENT, "archive_open: out_archive is NULL");
  *out_archive = NULL;
  if (!ctx || !path) return rti_io_fail(RT_E_ARGUMENT, "archive_open: %s is NULL", ctx ? "path" : "ctx");
  if (flags & ~RT_ARCHIVE_MAP) return rti_io_fail(RT_E_ARGUMENT, "archive_open: flags 0x%x, known is 0x%x", flags, RT_ARCHIVE_MAP);
  rti_io_source *source;
  const rt_status status = rti_io_source_open(path, flags & RT_ARCHIVE_MAP, &source);
  return status == RT_OK ? open_source(ctx, source, out_archive) : status;
}

rt_status rt_archive_parse(rt_ctx *ctx, const char *name, const void *data, size_t bytes, rt_archive **out_archive) {
  if (!out_archive) return rti_io_fail(RT_E_ARGUMENT, "archive_parse: out_archive is NULL");
  *out_archive = NULL;
  if (!ctx || !name || (!data && bytes))
    return rti_io_fail(RT_E_ARGUMENT, "archive_parse: %s is NULL", !ctx ? "ctx" : !name ? "name" : "data");
  rti_io_source *source;
  const rt_status status = rti_io_source_memory(name, data, bytes, &source);
  return status == RT_OK ? open_source(ctx, source, out_archive) : status;
}

void rt_archive_close(rt_archive *archive) {
  if (!archive) return;
  rti_names_free(&archive->names);
  rti_names_free(&archive->keys);
  rti_arena_free(&archive->arena);
  free(archive->entries);
  free(archive->metas);
  rti_io_source_release(archive->source);
  free(archive);
}

// ---- facts ---------------------------------------------------------------------------------------------------------------------------------

rt_archive_format rt_archive_format_of(const rt_archive *archive) { return archive ? archive->format->id : RT_ARCHIVE_NONE; }
int32_t rt_archive_count(const rt_archive *archive) { return archive ? archive->n_entries : 0; }
int32_t rt_archive_meta_count(const rt_archive *archive) { return archive ? archive->n_metas : 0; }

const char *rt_archive_format_name(rt_archive_format id) {
  const rti_format *format = format_of(id);
  return format ? format->name : "?";
}

rt_status rt_archive_entry_at(const rt_archive *archive, int32_t index, rt_archive_entry *out_entry) {
  if (!archive || !out_entry) return rti_io_fail(RT_E_ARGUMENT, "archive_entry_at: %s is NULL", archive ? "out_entry" : "archive");
  *out_entry = (rt_archive_entry){0};
  if (index < 0 || index >= archive->n_entries)
    return rti_io_fail(RT_E_ARGUMENT, "%s: tensor %d of %d does not exist", archive->name, index, archive->n_entries);
  *out_entry = archive->entries[index].facts;
  return RT_OK;
}

rt_status rt_archive_meta_at(const rt_archive *archive, int32_t index, rt_archive_meta *out_meta) {
  if (!archive || !out_meta) return rti_io_fail(RT_E_ARGUMENT, "archive_meta_at: %s is NULL", archive ? "out_meta" : "archive");
  *out_meta = (rt_archive_meta){0};
  if (index < 0 || index >= archive->n_metas)
    return rti_io_fail(RT_E_ARGUMENT, "%s: metadata entry %d of %d does not exist", archive->name, index, archive->n_metas);
  *out_meta = archive->metas[index].facts;
  return RT_OK;
}

// A little-endian number of one of the twelve types that metadata have.
static rt_scalar number_at(rt_dtype dtype, const uint8_t *at) {
  const size_t bytes = rt_dtype_bytes(dtype);
  uint64_t bits = 0;
  for (size_t i = bytes; i-- > 0;) bits = bits << 8 | at[i];
  const uint64_t sign = 1ull << (bytes * 8 - 1);
  union { uint32_t bits; float f; } single = {.bits = (uint32_t)bits};
  union { uint64_t bits; double f; } twice = {.bits = bits};
  switch (rt_dtype_kind_of(dtype)) {
  case RT_KIND_BOOLEAN: return rt_bool(bits != 0);
  case RT_KIND_SIGNED: return rt_int((int64_t)((bits ^ sign) - sign));
  case RT_KIND_FLOAT: return rt_float(dtype == RT_F32 ? (double)single.f : twice.f);
  default: return rt_uint(bits);
  }
}

rt_status rt_archive_meta_item(const rt_archive *archive, int32_t index, int64_t item, rt_archive_value *out_value) {
  if (!archive || !out_value) return rti_io_fail(RT_E_ARGUMENT, "archive_meta_item: %s is NULL", archive ? "out_value" : "archive");
  *out_value = (rt_archive_value){0};
  if (index < 0 || index >= archive->n_metas)
    return rti_io_fail(RT_E_ARGUMENT, "%s: metadata entry %d of %d does not exist", archive->name, index, archive->n_metas);
  const rti_meta *meta = &archive->metas[index];
  if (item < 0 || item >= meta->facts.count)
    return rti_io_fail(RT_E_ARGUMENT, "%s: item %lld of the %lld of '%.80s' does not exist", archive->name, (long long)item,
                       (long long)meta->facts.count, meta->facts.key);
  const rt_dtype dtype = rt_dtype_from_name(meta->facts.type);
  if (dtype == RT_DTYPE_NONE) {
    const rti_text *text = (const rti_text *)meta->items + item;
    *out_value = (rt_archive_value){.text = text->at, .text_bytes = text->bytes};
  } else {
    out_value->number = number_at(dtype, (const uint8_t *)meta->items + (size_t)item * rt_dtype_bytes(dtype));
  }
  return RT_OK;
}

// ---- writing -------------------------------------------------------------------------------------------------------------------------------

rt_status rti_archive_elements(const rt_tensor *t, void **out_data, size_t *out_bytes) {
  *out_data = NULL;
  uint64_t numel, bytes;
  const size_t element = rt_dtype_bytes(rt_tensor_dtype(t));
  // A broadcast tensor may stand for more bytes than its storage holds.
  if (!rti_io_tensor_bytes(rt_tensor_rank(t), rt_tensor_shape(t), element, &numel, &bytes) || bytes > SIZE_MAX - 1)
    return rti_io_fail(RT_E_SHAPE, "too large for a file");
  void *data = malloc((size_t)bytes + 1);
  if (!data) return rti_io_fail(RT_E_NO_MEMORY, "no memory for %llu bytes", (unsigned long long)bytes);
  const rt_status status = rt_read(t, data, (size_t)bytes);
  if (status != RT_OK) {
    free(data);
    return status;
  }
  if (!rti_io_host_is_little()) rti_io_swap_dtype(data, numel, rt_tensor_dtype(t));
  *out_data = data;
  *out_bytes = (size_t)bytes;
  return RT_OK;
}

// Names are printable, so that readers take them, and different. Each is the first member of a struct of `stride` bytes.
static rt_status check_names(const char *path, const char *what, int32_t n, const char *const *names, size_t stride) {
  rti_names seen = {0};
  rt_status status = RT_OK;
  for (int32_t i = 0; status == RT_OK && i < n; i++) {
    const char *name = *(const char *const *)((const char *)names + (size_t)i * stride);
    const size_t bytes = name ? strlen(name) : 0;
    rti_io_text quoted;
    int32_t number;
    if (!name) status = rti_io_fail(RT_E_ARGUMENT, "%s: the name of %s %d is NULL", path, what, i);
    else if (bytes > NAME_BYTES || !is_printable(name, bytes))
      status = rti_io_fail(RT_E_ARGUMENT, "%s: the name of %s %d is not printable UTF-8 of at most %d bytes: '%s'", path, what, i,
                           NAME_BYTES, rti_io_quote(&quoted, name, bytes));
    else if (rti_names_find(&seen, name) >= 0) status = rti_io_fail(RT_E_ARGUMENT, "%s: %s '%.80s' is given twice", path, what, name);
    else if ((status = rti_names_add(&seen, name, &number)) == RT_E_FORMAT)
      status = rti_io_fail(RT_E_ARGUMENT, "%s: %d %ss are too many", path, n, what);
  }
  rti_names_free(&seen);
  return status;
}

typedef struct writing { const rti_format *format; const rti_archive_content *content; } writing;

static rt_status write_content(rti_io_sink *sink, void *user) {
  const writing *w = user;
  return w->format->write(sink, w->content);
}

rt_status rt_archive_write(const char *path, rt_archive_format format, uint32_t flags, int32_t n_tensors, const rt_named_tensor *tensors,
                           int32_t n_texts, const rt_named_text *texts) {
  if (!path) return rti_io_fail(RT_E_ARGUMENT, "archive_write: path is NULL");
  rti_io_text quoted;
  const char *name = rti_io_quote(&quoted, path, strlen(path));
  const rti_format *row = format_of(format);
  if (!row) return rti_io_fail(RT_E_ARGUMENT, "%s: archive_write: there is no format %d", name, (int)format);
  if (!row->write) return rti_io_fail(RT_E_UNSUPPORTED, "%s: %s files are read, not written", name, row->name);
  if (flags & ~RT_ARCHIVE_DEFLATE || (flags && format != RT_ARCHIVE_NPZ))
    return rti_io_fail(RT_E_ARGUMENT, "%s: archive_write: flags 0x%x mean nothing for %s", name, flags, row->name);
  if (n_tensors < 0 || n_texts < 0)
    return rti_io_fail(RT_E_ARGUMENT, "%s: archive_write: %d tensors and %d texts", name, n_tensors, n_texts);
  if ((n_tensors && !tensors) || (n_texts && !texts))
    return rti_io_fail(RT_E_ARGUMENT, "%s: archive_write: %s is NULL", name, n_tensors && !tensors ? "tensors" : "texts");
  rt_status status = n_tensors ? check_names(name, "tensor", n_tensors, &tensors->name, sizeof *tensors) : RT_OK;
  if (status == RT_OK && n_texts) status = check_names(name, "text", n_texts, &texts->key, sizeof *texts);
  for (int32_t i = 0; status == RT_OK && i < n_tensors; i++)
    if (!tensors[i].tensor) status = rti_io_fail(RT_E_ARGUMENT, "%s: tensor '%.80s' is NULL", name, tensors[i].name);
  for (int32_t i = 0; status == RT_OK && i < n_texts; i++)
    if (!texts[i].text) status = rti_io_fail(RT_E_ARGUMENT, "%s: text '%.80s' is NULL", name, texts[i].key);
  if (status != RT_OK) return status;
  const rti_archive_content content = {name, flags, n_tensors, n_texts, tensors, texts};
  if ((status = row->check(&content)) != RT_OK) return status;
  writing w = {row, &content};
  return rti_io_replace(path, write_content, &w);
}
