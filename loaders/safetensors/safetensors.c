// SPDX-License-Identifier: BSD-3-Clause
// safetensors: eight bytes of length, a JSON header, then the data of the tensors without a gap. As strict as the reference reader: no byte of
// the data belongs to two tensors or to none, and what a shape needs is what its offsets hold. Nothing is executed and nothing is guessed.
#include <stdlib.h>
#include <string.h>

#include "json.h"

#define HEADER_LIMIT 100000000u // as the reference reader has it
#define METADATA "__metadata__"

// Dtypes by the names of the format. Those without a dtype here are listed and not read; their sizes are checked all the same.
static const struct { const char *name; rt_dtype dtype; unsigned bits;
} dtypes[] = {
  {"F64", RT_F64, 64},           {"F32", RT_F32, 32},           {"F16", RT_F16, 16},           {"BF16", RT_BF16, 16},
  {"I64", RT_I64, 64},           {"I32", RT_I32, 32},           {"I16", RT_I16, 16},           {"I8", RT_I8, 8},
  {"U64", RT_U64, 64},           {"U32", RT_U32, 32},           {"U16", RT_U16, 16},           {"U8", RT_U8, 8},
  {"BOOL", RT_BOOL, 8},          {"F8_E4M3", RT_DTYPE_NONE, 8}, {"F8_E5M2", RT_DTYPE_NONE, 8}, {"F8_E8M0", RT_DTYPE_NONE, 8},
  {"F6_E2M3", RT_DTYPE_NONE, 6}, {"F6_E3M2", RT_DTYPE_NONE, 6}, {"F4", RT_DTYPE_NONE, 4},      {"C64", RT_C64, 64},
};

static bool text_is(const rti_text *text, const char *word) {
  return text->bytes == strlen(word) && memcmp(text->at, word, text->bytes) == 0;
}

// A length that is possible, and behind it the start of an object.
static bool sniff(const uint8_t *head, size_t bytes) { return bytes > 8 && rti_le64(head) <= UINT32_MAX && head[8] == '{'; }

// ---- the header ----------------------------------------------------------------------------------------------------------------------------

typedef struct tensor_facts {
  rt_archive *archive;
  rt_archive_entry *facts;
  int64_t begin, end;
  int n_offsets;
  unsigned bits;
  enum { HAS_DTYPE = 1, HAS_SHAPE = 2, HAS_OFFSETS = 4 } seen;
} tensor_facts;

static rt_status take_extent(rti_json *json, void *user) {
  rt_archive_entry *facts = ((tensor_facts *)user)->facts;
  if (facts->rank == RT_MAX_RANK)
    return rti_io_fail(RT_E_UNSUPPORTED, "%s: tensor '%.80s': more than %d axes", json->name, facts->name, RT_MAX_RANK);
  return rti_json_count(json, &facts->shape[facts->rank++]);
}

static rt_status take_offset(rti_json *json, void *user) {
  tensor_facts *t = user;
  if (t->n_offsets == 2) return rti_json_fail(json, "data_offsets has more than two numbers");
  return rti_json_count(json, t->n_offsets++ ? &t->end : &t->begin);
}

static rt_status take_dtype(rti_json *json, tensor_facts *t) {
  rti_text text;
  rti_io_text quoted;
  const rt_status status = rti_json_string(json, &text);
  if (status != RT_OK) return status;
  for (size_t i = 0; i < RTI_IO_COUNT(dtypes); i++) {
    if (!text_is(&text, dtypes[i].name)) continue;
    t->facts->stored = dtypes[i].name;
    t->facts->dtype = dtypes[i].dtype;
    t->bits = dtypes[i].bits;
    return RT_OK;
  }
  return rti_io_fail(RT_E_DTYPE, "%s: tensor '%.80s': dtype '%s' is not one that safetensors has", json->name, t->facts->name,
                     rti_io_quote(&quoted, text.at, text.bytes));
}

static rt_status take_field(rti_json *json, const rti_text *key, void *user) {
  tensor_facts *t = user;
  const unsigned bit = text_is(key, "dtype")          ? HAS_DTYPE
                       : text_is(key, "shape")        ? HAS_SHAPE
                       : text_is(key, "data_offsets") ? HAS_OFFSETS
                                                      : 0;
  if (!bit) return rti_json_fail(json, "a key of a tensor that is not dtype, shape or data_offsets");
  if (t->seen & bit) return rti_json_fail(json, "the same key twice");
  t->seen |= bit;
  if (bit == HAS_DTYPE) return take_dtype(json, t);
  return rti_json_array(json, bit == HAS_SHAPE ? take_extent : take_offset, t);
}

// Size against offsets, for one tensor. `facts->offset` becomes the place in the file once the length of the header is added.
static rt_status check_tensor(const rti_json *json, const tensor_facts *t) {
  const rt_archive_entry *facts = t->facts;
  rti_io_text shape;
  uint64_t numel, ignored, bits;
  if (t->seen != (HAS_DTYPE | HAS_SHAPE | HAS_OFFSETS) || t->n_offsets != 2)
    return rti_io_fail(RT_E_FORMAT, "%s: tensor '%.80s': dtype, shape or two data_offsets are missing", json->name, facts->name);
  if (t->begin > t->end)
    return rti_io_fail(RT_E_FORMAT, "%s: tensor '%.80s': data_offsets [%lld,%lld] end before they begin", json->name, facts->name,
                       (long long)t->begin, (long long)t->end);
  rti_io_shape_text(&shape, facts->rank, facts->shape);
  if (!rti_io_tensor_bytes(facts->rank, facts->shape, (t->bits + 7) / 8, &numel, &ignored) || !rti_io_mul(numel, t->bits, &bits))
    return rti_io_fail(RT_E_FORMAT, "%s: tensor '%.80s': shape %s of %s is too large for any file", json->name, facts->name, shape.at,
                       facts->stored);
  if (bits % 8 != 0 || bits / 8 != (uint64_t)(t->end - t->begin))
    return rti_io_fail(RT_E_FORMAT, "%s: tensor '%.80s': shape %s of %s needs %llu bytes, data_offsets [%lld,%lld] hold %lld", json->name,
                       facts->name, shape.at, facts->stored, (unsigned long long)(bits / 8 + (bits % 8 != 0)), (long long)t->begin,
                       (long long)t->end, (long long)(t->end - t->begin));
  return RT_OK;
}

static rt_status take_text(rti_json *json, const rti_text *key, void *user) {
  rt_archive *archive = user;
  rti_text value, *copy;
  char *at = NULL;
  rti_meta *meta;
  rt_status status = rti_json_string(json, &value);
  if (status == RT_OK) status = rti_archive_add_meta(archive, key->at, key->bytes, &meta);
  if (status != RT_OK) return status;
  if (!(copy = rti_archive_new(archive, 1, sizeof *copy)) || !(at = rti_archive_new(archive, value.bytes + 1, 1))) return RT_E_NO_MEMORY;
  memcpy(at, value.at, value.bytes);
  *copy = (rti_text){at, value.bytes};
  meta->items = copy;
  return RT_OK;
}

typedef struct header { rt_archive *archive; bool has_metadata; } header;

static rt_status take_member(rti_json *json, const rti_text *key, void *user) {
  header *h = user;
  if (text_is(key, METADATA)) {
    if (h->has_metadata) return rti_json_fail(json, METADATA " is there twice");
    h->has_metadata = true;
    return rti_json_object(json, take_text, h->archive);
  }
  rti_entry *entry;
  rt_status status = rti_archive_add(h->archive, key->at, key->bytes, &entry);
  if (status != RT_OK) return status;
  tensor_facts t = {.archive = h->archive, .facts = &entry->facts};
  if ((status = rti_json_object(json, take_field, &t)) != RT_OK || (status = check_tensor(json, &t)) != RT_OK) return status;
  entry->facts.offset = (uint64_t)t.begin;
  entry->facts.bytes = (uint64_t)(t.end - t.begin);
  return RT_OK;
}

// ---- the data ------------------------------------------------------------------------------------------------------------------------------

static int by_offset(const void *a, const void *b) {
  const rt_archive_entry *x = *(const rt_archive_entry *const *)a, *y = *(const rt_archive_entry *const *)b;
  if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
  return (x->bytes > y->bytes) - (x->bytes < y->bytes); // empty ones come before the one that begins where they are
}

// In the order of the offsets each tensor begins where the one before it ends, the first at 0, and the last ends where the file does.
static rt_status check_layout(const rt_archive *archive, uint64_t data_bytes) {
  if (archive->n_entries == 0)
    return data_bytes == 0
             ? RT_OK
             : rti_io_fail(RT_E_FORMAT, "%s: %llu bytes of data belong to no tensor", archive->name, (unsigned long long)data_bytes);
  const rt_archive_entry **sorted = malloc((size_t)archive->n_entries * sizeof *sorted), *last = NULL;
  if (!sorted) return rti_io_fail(RT_E_NO_MEMORY, "%s: no memory to check its %d tensors", archive->name, archive->n_entries);
  for (int32_t i = 0; i < archive->n_entries; i++) sorted[i] = &archive->entries[i].facts;
  qsort(sorted, (size_t)archive->n_entries, sizeof *sorted, by_offset);
  rt_status status = RT_OK;
  uint64_t at = 0; // offset + bytes cannot overflow: both are ends below 2^63
  for (int32_t i = 0; status == RT_OK && i < archive->n_entries; i++) {
    const rt_archive_entry *next = sorted[i];
    if (next->offset != at)
      status = rti_io_fail(RT_E_FORMAT, "%s: tensor '%.80s' begins at data offset %llu, %s %llu, where %s%.80s%s ends", archive->name,
                           next->name, (unsigned long long)next->offset, next->offset < at ? "before" : "behind", (unsigned long long)at,
                           last ? "'" : "", last ? last->name : "the header", last ? "'" : "");
    at = next->offset + next->bytes;
    last = next;
  }
  if (status == RT_OK && at != data_bytes)
    status = rti_io_fail(RT_E_FORMAT, "%s: its tensors end at data offset %llu ('%.80s'), the file holds %llu bytes of data", archive->name,
                         (unsigned long long)at, last->name, (unsigned long long)data_bytes);
  free(sorted);
  return status;
}

static rt_status parse_header(rt_archive *archive, char *text, size_t bytes) {
  rti_json json = {archive->name, text, text, text + bytes};
  header h = {archive, false};
  rt_status status = rti_json_object(&json, take_member, &h);
  if (status != RT_OK) return status;
  while (json.at < json.end && *json.at == ' ') json.at++; // writers pad the header
  if (json.at != json.end) return rti_json_fail(&json, "something follows the header");
  const uint64_t data = 8 + (uint64_t)bytes;
  if ((status = check_layout(archive, archive->source->bytes - data)) != RT_OK) return status;
  for (int32_t i = 0; i < archive->n_entries; i++) {
    archive->entries[i].facts.offset += data;
    rti_archive_note_in_place(archive, &archive->entries[i]);
  }
  return RT_OK;
}

static rt_status open_archive(rt_archive *archive) {
  uint8_t length[8];
  rt_status status = rti_io_source_read(archive->source, 0, length, 8);
  if (status != RT_OK) return status;
  const uint64_t bytes = rti_le64(length);
  if (bytes > HEADER_LIMIT || bytes > archive->source->bytes - 8)
    return rti_io_fail(RT_E_FORMAT, "%s: no safetensors file: a header of %llu bytes, where the file has %llu and the limit is %u",
                       archive->name, (unsigned long long)bytes, (unsigned long long)archive->source->bytes, HEADER_LIMIT);
  char *text = malloc((size_t)bytes + 1);
  if (!text) return rti_io_fail(RT_E_NO_MEMORY, "%s: no memory for its header of %llu bytes", archive->name, (unsigned long long)bytes);
  status = rti_io_source_read(archive->source, 8, text, (size_t)bytes);
  if (status == RT_OK) status = parse_header(archive, text, (size_t)bytes);
  free(text);
  return status;
}

static rt_status read_tensor(rt_archive *archive, const rti_entry *entry, rt_tensor **out) {
  if (entry->facts.dtype == RT_DTYPE_NONE) return rti_io_fail(RT_E_DTYPE, "no dtype here is the %s of safetensors", entry->facts.stored);
  return rti_archive_read_plain(archive, entry, out);
}

// ---- writing -------------------------------------------------------------------------------------------------------------------------------

static const char *name_of(rt_dtype dtype) {
  for (size_t i = 0; i < RTI_IO_COUNT(dtypes); i++)
    if (dtypes[i].dtype == dtype) return dtypes[i].name;
  return NULL;
}

static rt_status check(const rti_archive_content *content) {
  for (int32_t i = 0; i < content->n_tensors; i++) {
    const rt_named_tensor *t = &content->tensors[i];
    if (!name_of(rt_tensor_dtype(t->tensor)))
      return rti_io_fail(RT_E_DTYPE, "%s: tensor '%.80s': safetensors has no dtype for %s", content->path, t->name,
                         rt_dtype_name(rt_tensor_dtype(t->tensor)));
    if (strcmp(t->name, METADATA) == 0)
      return rti_io_fail(RT_E_ARGUMENT, "%s: no tensor of a safetensors file can be named '%s'", content->path, t->name);
  }
  for (int32_t i = 0; i < content->n_texts; i++) {
    const rt_named_text *text = &content->texts[i];
    const size_t bytes = strlen(text->text);
    for (size_t k = 0, step; k < bytes; k += step) {
      const unsigned char c = (unsigned char)text->text[k];
      step = c < 0x80 ? 1 : rti_io_printable(text->text + k, bytes - k);
      if (step == 0)
        return rti_io_fail(RT_E_ARGUMENT, "%s: the text of '%.80s' is not printable UTF-8 at byte %zu", content->path, text->key, k);
    }
  }
  return RT_OK;
}

// Larger elements first, then by name: each tensor then begins at a multiple of its element size, as the header ends at one of 8.
static int by_size_and_name(const void *a, const void *b) {
  const rt_named_tensor *x = *(const rt_named_tensor *const *)a, *y = *(const rt_named_tensor *const *)b;
  const rt_dtype p = rt_tensor_dtype(x->tensor), q = rt_tensor_dtype(y->tensor);
  if (rt_dtype_bytes(p) != rt_dtype_bytes(q)) return rt_dtype_bytes(p) > rt_dtype_bytes(q) ? -1 : 1;
  return strcmp(x->name, y->name);
}

// Text that grows; after a failure it is NULL and stays so.
typedef struct growing { char *at; size_t used, room; bool failed; } growing;

static char *grow(growing *text, size_t bytes) {
  if (!text->failed && text->room - text->used < bytes) {
    const size_t room = text->room + bytes + text->room / 2 + 256;
    char *at = realloc(text->at, room);
    if (at) text->at = at, text->room = room;
    else text->failed = true;
  }
  if (text->failed) return NULL;
  text->used += bytes;
  return text->at + text->used - bytes;
}

static void put(growing *text, const char *words) {
  const size_t bytes = strlen(words);
  char *at = grow(text, bytes);
  if (at) memcpy(at, words, bytes);
}

static void put_quoted(growing *text, const char *words) {
  const size_t bytes = strlen(words);
  char *at = grow(text, rti_json_quote(NULL, words, bytes));
  if (at) rti_json_quote(at, words, bytes);
}

static void put_number(growing *text, uint64_t value) {
  char digits[24];
  size_t at = sizeof digits - 1;
  digits[at] = '\0';
  do digits[--at] = (char)('0' + value % 10);
  while (value /= 10);
  put(text, digits + at);
}

// False for tensors of more than 2^63-1 bytes together.
static bool put_header(growing *text, const rti_archive_content *content, const rt_named_tensor *const *sorted) {
  uint64_t at = 0;
  put(text, "{");
  for (int32_t i = 0; i < content->n_texts; i++) {
    put(text, i ? "," : "\"" METADATA "\":{");
    put_quoted(text, content->texts[i].key);
    put(text, ":");
    put_quoted(text, content->texts[i].text);
  }
  if (content->n_texts) put(text, "}");
  for (int32_t i = 0; i < content->n_tensors; i++) {
    const rt_tensor *t = sorted[i]->tensor;
    uint64_t numel, bytes;
    if (i || content->n_texts) put(text, ",");
    put_quoted(text, sorted[i]->name);
    put(text, ":{\"dtype\":\"");
    put(text, name_of(rt_tensor_dtype(t)));
    put(text, "\",\"shape\":[");
    for (int32_t d = 0; d < rt_tensor_rank(t); d++) {
      if (d) put(text, ",");
      put_number(text, (uint64_t)rt_tensor_shape(t)[d]);
    }
    put(text, "],\"data_offsets\":[");
    put_number(text, at);
    put(text, ",");
    if (!rti_io_tensor_bytes(rt_tensor_rank(t), rt_tensor_shape(t), rt_dtype_bytes(rt_tensor_dtype(t)), &numel, &bytes) ||
        !rti_io_add(at, bytes, &at) || at > INT64_MAX)
      return false;
    put_number(text, at);
    put(text, "]}");
  }
  put(text, "}");
  while (!text->failed && text->used % 8) put(text, " ");
  return true;
}

static rt_status write_archive(rti_io_sink *sink, const rti_archive_content *content) {
  const rt_named_tensor **sorted = malloc(((size_t)content->n_tensors + 1) * sizeof *sorted);
  growing text = {0};
  rt_status status = RT_OK;
  for (int32_t i = 0; sorted && i < content->n_tensors; i++) sorted[i] = &content->tensors[i];
  if (sorted) qsort(sorted, (size_t)content->n_tensors, sizeof *sorted, by_size_and_name);
  if (sorted && !put_header(&text, content, sorted)) status = rti_io_fail(RT_E_SHAPE, "%s: too large for a file", content->path);
  else if (!sorted || text.failed) status = rti_io_fail(RT_E_NO_MEMORY, "%s: no memory for the header", content->path);
  else if (text.used > HEADER_LIMIT)
    status = rti_io_fail(RT_E_ARGUMENT, "%s: a header of %zu bytes is above the limit of %u", content->path, text.used, HEADER_LIMIT);
  uint8_t length[8];
  for (int i = 0; i < 8; i++) length[i] = (uint8_t)((uint64_t)text.used >> 8 * i);
  if (status == RT_OK) rti_io_put(sink, length, 8);
  if (status == RT_OK) rti_io_put(sink, text.at, text.used);
  for (int32_t i = 0; status == RT_OK && !sink->error && i < content->n_tensors; i++) {
    void *data;
    size_t bytes;
    status = rti_archive_elements(sorted[i]->tensor, &data, &bytes);
    if (status != RT_OK) rti_io_fail_in(status, "%s: tensor '%.80s'", content->path, sorted[i]->name);
    else rti_io_put(sink, data, bytes);
    free(data);
  }
  free(text.at);
  free(sorted);
  return status;
}

const rti_format rti_format_safetensors = {RT_ARCHIVE_SAFETENSORS, "safetensors", sniff, open_archive, read_tensor, check, write_archive};
