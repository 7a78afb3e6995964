// SPDX-License-Identifier: BSD-3-Clause
// What the fuzz targets of archives share: any bytes as an archive of one format. What opens is described and read in full, under a memory
// limit; every fact must lie inside of the bytes that there are.
#ifndef TRIVET_FUZZ_ARCHIVE_H
#define TRIVET_FUZZ_ARCHIVE_H

#include <stdlib.h>
#include <string.h>
#include <trivet/io.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool truth) {
  if (!truth) abort();
}

static void read_entry(rt_archive *archive, int32_t index, size_t size) {
  rt_archive_entry entry;
  rt_tensor *t = NULL;
  expect(rt_archive_entry_at(archive, index, &entry) == RT_OK);
  expect(entry.name && entry.stored && entry.offset <= size && entry.bytes <= size - entry.offset && !entry.in_place);
  const rt_status status = rt_archive_read(archive, index, &t);
  expect((status == RT_OK) == (t != NULL) && status != RT_E_INTERNAL);
  expect(status == RT_OK || rt_last_error()[0] != '\0');
  expect(status != RT_OK || entry.dtype != RT_DTYPE_NONE);
  if (!t) return;
  expect(rt_tensor_dtype(t) == entry.dtype && rt_tensor_rank(t) == entry.rank);
  const size_t bytes = (size_t)rt_tensor_numel(t) * rt_dtype_bytes(rt_tensor_dtype(t));
  expect(bytes / 1032 <= size); // what deflate can do at most; blocks decode to less
  void *copy = malloc(bytes + 1);
  expect(copy && rt_read(t, copy, bytes) == RT_OK);
  free(copy);
  rt_release(t);
}

static void read_metadata(const rt_archive *archive, size_t size) {
  for (int32_t i = 0; i < rt_archive_meta_count(archive); i++) {
    rt_archive_meta meta;
    rt_archive_value value;
    expect(rt_archive_meta_at(archive, i, &meta) == RT_OK);
    expect(meta.key && meta.type && meta.count >= 0 && (uint64_t)meta.count <= size);
    for (int64_t k = 0; k < meta.count; k++) {
      expect(rt_archive_meta_item(archive, i, k, &value) == RT_OK);
      expect(value.text ? value.text[value.text_bytes] == '\0' && value.text_bytes <= size : value.number.kind != RT_KIND_NONE);
    }
  }
}

static int fuzz(rt_archive_format format, const uint8_t *data, size_t size) {
  static rt_ctx *ctx;
  const rt_ctx_options options = {.size = sizeof options, .n_threads = 1, .memory_limit_bytes = 16u << 20};
  if (rt_archive_sniff(data, size) != format) return 0;
  expect(ctx || rt_ctx_create(&options, &ctx) == RT_OK);
  rt_archive *archive = NULL;
  const rt_status status = rt_archive_parse(ctx, "fuzz", data, size, &archive);
  expect((status == RT_OK) == (archive != NULL) && status != RT_E_INTERNAL);
  expect(status == RT_OK || strstr(rt_last_error(), "fuzz"));
  for (int32_t i = 0; i < rt_archive_count(archive); i++) read_entry(archive, i, size);
  read_metadata(archive, size);
  rt_archive_close(archive);
  return 0;
}

#endif
