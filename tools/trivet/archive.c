// SPDX-License-Identifier: BSD-3-Clause
// Files of named tensors for people and for JSON: what `trivet inspect` says about .npz, safetensors and GGUF. Only what describes the tensors
// is read, so a file of any size answers at once.
#include "trivet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS_SHOWN = 8, TEXT_SHOWN = 60 };

static char *real_text(double value) {
  char text[40] = "";
  for (int digits = 6; digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, NULL) == value) break;
  }
  return text_copy(text);
}

char *value_text(const rt_archive_value *value) {
  if (value->text) return text_copy(value->text);
  switch (value->number.kind) {
  case RT_KIND_BOOLEAN: return text_copy(value->number.as.b ? "true" : "false");
  case RT_KIND_SIGNED: return text_format("%lld", (long long)value->number.as.i);
  case RT_KIND_UNSIGNED: return text_format("%llu", (unsigned long long)value->number.as.u);
  default: return real_text(value->number.as.f);
  }
}

// The items of a value, cut where it is long.
static char *meta_text(const rt_archive *archive, int32_t index, const rt_archive_meta *meta) {
  char *line = text_copy("");
  for (int64_t i = 0; i < meta->count && i < ITEMS_SHOWN; i++) {
    rt_archive_value value;
    if (rt_archive_meta_item(archive, index, i, &value) != RT_OK) continue;
    char *text = value_text(&value);
    size_t cut = strlen(text) > TEXT_SHOWN ? TEXT_SHOWN : strlen(text);
    while (cut < strlen(text) && cut > 0 && ((unsigned char)text[cut] & 0xc0) == 0x80) cut--; // not inside of a character
    char *longer = text_format("%s%s%.*s%s", line, i ? ", " : "", (int)cut, text, text[cut] ? "..." : "");
    free(line);
    free(text);
    line = longer;
  }
  if (!meta->is_list) return line;
  char *list = text_format("%lld: %s%s", (long long)meta->count, line, meta->count > ITEMS_SHOWN ? ", ..." : "");
  free(line);
  return list;
}

static void print_archive(const rt_archive *archive, uint64_t bytes) {
  int32_t n = rt_archive_count(archive), n_metas = rt_archive_meta_count(archive);
  char *size = bytes_text(bytes);
  printf("%s, %d tensor%s, %s\n", rt_archive_format_name(rt_archive_format_of(archive)), n, n == 1 ? "" : "s", size);
  free(size);
  table t;
  if (n > 0) printf("\n");
  table_start(&t, "tensor|stored|dtype|shape|>bytes");
  for (int32_t i = 0; i < n; i++) {
    rt_archive_entry entry;
    if (rt_archive_entry_at(archive, i, &entry) != RT_OK) continue;
    char *shape = shape_text(entry.rank, entry.shape, NULL), *count = text_format("%llu", (unsigned long long)entry.bytes);
    table_row(&t, entry.name, entry.stored, entry.dtype ? rt_dtype_name(entry.dtype) : NULL, shape, count);
    free(shape);
    free(count);
  }
  table_end(&t, 0);
  if (n_metas > 0) printf("\n");
  table_start(&t, "metadata|type|value");
  for (int32_t i = 0; i < n_metas; i++) {
    rt_archive_meta meta;
    if (rt_archive_meta_at(archive, i, &meta) != RT_OK) continue;
    char *type = text_format(meta.is_list ? "[%s]" : "%s", meta.type), *text = meta_text(archive, i, &meta);
    table_row(&t, meta.key, type, text);
    free(type);
    free(text);
  }
  table_end(&t, 0);
}

static void item_json(json *j, const char *key, const rt_archive_value *value) {
  if (value->text) json_text(j, key, value->text);
  else if (value->number.kind == RT_KIND_BOOLEAN) json_bool(j, key, value->number.as.b);
  else if (value->number.kind == RT_KIND_SIGNED) json_int(j, key, value->number.as.i);
  else if (value->number.kind == RT_KIND_UNSIGNED) json_uint(j, key, value->number.as.u);
  else json_real(j, key, value->number.as.f);
}

static void archive_json(const rt_archive *archive, const char *path) {
  json j;
  json_start(&j);
  json_open(&j, NULL, '{');
  json_text(&j, "file", path);
  json_text(&j, "format", rt_archive_format_name(rt_archive_format_of(archive)));
  json_open(&j, "tensors", '[');
  for (int32_t i = 0; i < rt_archive_count(archive); i++) {
    rt_archive_entry entry;
    if (rt_archive_entry_at(archive, i, &entry) != RT_OK) continue;
    json_open(&j, NULL, '{');
    json_text(&j, "name", entry.name);
    json_text(&j, "stored", entry.stored);
    json_text(&j, "dtype", entry.dtype ? rt_dtype_name(entry.dtype) : NULL);
    json_shape(&j, "shape", entry.rank, entry.shape, NULL);
    json_uint(&j, "offset", entry.offset);
    json_uint(&j, "bytes", entry.bytes);
    json_close(&j, '{');
  }
  json_close(&j, '[');
  json_open(&j, "metadata", '[');
  for (int32_t i = 0; i < rt_archive_meta_count(archive); i++) {
    rt_archive_meta meta;
    if (rt_archive_meta_at(archive, i, &meta) != RT_OK) continue;
    json_open(&j, NULL, '{');
    json_text(&j, "key", meta.key);
    json_text(&j, "type", meta.type);
    if (meta.is_list) json_int(&j, "count", meta.count), json_open(&j, "first", '[');
    for (int64_t k = 0; k < meta.count && k < ITEMS_SHOWN; k++) {
      rt_archive_value value;
      if (rt_archive_meta_item(archive, i, k, &value) == RT_OK) item_json(&j, meta.is_list ? NULL : "value", &value);
    }
    if (meta.is_list) json_close(&j, '[');
    json_close(&j, '{');
  }
  json_close(&j, '[');
  json_close(&j, '{');
  json_end(&j);
}

int inspect_archive(rt_ctx *ctx, const char *path, bool as_json) {
  rt_archive *archive = NULL;
  rt_status status = rt_archive_open(ctx, path, 0, &archive);
  if (status != RT_OK) return fail_status(status);
  uint64_t bytes = 0;
  for (int32_t i = 0; i < rt_archive_count(archive); i++) {
    rt_archive_entry entry;
    if (rt_archive_entry_at(archive, i, &entry) == RT_OK) bytes += entry.bytes;
  }
  if (as_json) archive_json(archive, path);
  else print_archive(archive, bytes);
  rt_archive_close(archive);
  return EXIT_OK;
}
