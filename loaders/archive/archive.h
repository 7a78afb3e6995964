// SPDX-License-Identifier: BSD-3-Clause
// What the formats of named tensors share: the table of formats, the open archive, and the few functions that fill it. Private to
// libtrivet_io; a format sees this header and none of another format's.
#ifndef TRIVET_ARCHIVE_H
#define TRIVET_ARCHIVE_H

#include "../arena.h"

typedef struct rti_entry {
  rt_archive_entry facts;
  const void *detail; ///< of the format; in the archive's arena
} rti_entry;

/// Items of metadata: `items` are rti_text for strings, else little-endian numbers as they were in the file.
typedef struct rti_text { const char *at; size_t bytes; } rti_text;
typedef struct rti_meta { rt_archive_meta facts; const void *items; } rti_meta;

typedef struct rti_format rti_format;
struct rt_archive {
  rt_ctx *ctx;
  const rti_format *format;
  rti_io_source *source;
  const char *name;         ///< of the file, printable
  rti_arena arena;
  rti_names names;          ///< number i is the name of entries[i]
  rti_names keys;           ///< number i is the key of metas[i]
  rti_entry *entries;
  rti_meta *metas;
  int32_t n_entries, n_metas, entry_room, meta_room;
  const void *detail;       ///< of the format
};

/// What a writer is given. Everything has been checked to be there, names to be printable and different.
typedef struct rti_archive_content {
  const char *path;         ///< printable
  uint32_t flags;
  int32_t n_tensors, n_texts;
  const rt_named_tensor *tensors;
  const rt_named_text *texts;
} rti_archive_content;

struct rti_format {
  rt_archive_format id;
  const char *name;
  /// Do these first bytes (16, or all of a shorter file) begin a file of this format?
  bool (*sniff)(const uint8_t *head, size_t bytes);
  /// Adds all entries and metadata, with all their bytes checked to lie in the file.
  rt_status (*open)(rt_archive *archive);
  rt_status (*read)(rt_archive *archive, const rti_entry *entry, rt_tensor **out);
  /// What the dtypes, names and counts leave to refuse, before a file is made. NULL: the format is not written.
  rt_status (*check)(const rti_archive_content *content);
  rt_status (*write)(rti_io_sink *sink, const rti_archive_content *content);
};
extern const rti_format rti_format_npy, rti_format_npz, rti_format_safetensors, rti_format_gguf;

/// Adds an entry whose name is `bytes` bytes at `name`. *out is good until the next call.
/// Errors   RT_E_FORMAT (a name that is not printable UTF-8, longer than 4096 bytes, or there already; too many), RT_E_NO_MEMORY
rt_status rti_archive_add(rt_archive *archive, const void *name, size_t bytes, rti_entry **out);
rt_status rti_archive_add_meta(rt_archive *archive, const void *key, size_t bytes, rti_meta **out);
/// Zeroed memory of the archive. NULL after the sentence about it.
void *rti_archive_new(rt_archive *archive, uint64_t n, size_t element_bytes);

/// Notes in the facts whether the entry can be a view of the mapping. dtype, shape, offset must be there.
void rti_archive_note_in_place(const rt_archive *archive, rti_entry *entry);
/// Reads an entry whose bytes in the file are its elements in C order, little endian.
rt_status rti_archive_read_plain(rt_archive *archive, const rti_entry *entry, rt_tensor **out);
/// A view of the mapped bytes of the entry.
rt_status rti_archive_view(rt_archive *archive, const rti_entry *entry, rt_tensor **out);

/// The elements of t in C order, little endian, and their number of bytes; free() them.
rt_status rti_archive_elements(const rt_tensor *t, void **out_data, size_t *out_bytes);

static inline uint32_t rti_le16(const uint8_t *at) { return at[0] | (uint32_t)at[1] << 8; }
static inline uint32_t rti_le32(const uint8_t *at) { return rti_le16(at) | rti_le16(at + 2) << 16; }
static inline uint64_t rti_le64(const uint8_t *at) { return rti_le32(at) | (uint64_t)rti_le32(at + 4) << 32; }

#endif
