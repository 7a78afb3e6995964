// SPDX-License-Identifier: BSD-3-Clause
// Writes small safetensors, zip and GGUF files in memory, right ones and broken ones, for tests and for the seeds of the fuzzers. It knows the
// formats and nothing of the readers; numbers are put as they are asked for, however wrong.
#ifndef TRIVET_TESTS_ARCHIVE_WRITE_H
#define TRIVET_TESTS_ARCHIVE_WRITE_H

#include <stdbool.h>

#include "proto_write.h"

static inline void put_le(proto *p, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; i++) put_raw(p, &(uint8_t){i < 8 ? (uint8_t)(value >> 8 * i) : 0}, 1);
}

// ---- safetensors ---------------------------------------------------------------------------------------------------------------------------

static inline proto safetensors_file(const char *header, const void *data, size_t bytes) {
  proto file = {0};
  put_le(&file, strlen(header), 8);
  put_raw(&file, header, strlen(header));
  put_raw(&file, data, bytes);
  return file;
}

// ---- npy and zip ---------------------------------------------------------------------------------------------------------------------------

static inline proto npy_file(const char *header, const void *data, size_t bytes) {
  proto file = {0};
  put_raw(&file, "\x93NUMPY\x01\x00", 8);
  put_le(&file, strlen(header), 2);
  put_raw(&file, header, strlen(header));
  put_raw(&file, data, bytes);
  return file;
}

static inline uint32_t crc_of(const void *data, size_t bytes) {
  const uint8_t *at = data;
  uint32_t crc = UINT32_MAX;
  for (size_t i = 0; i < bytes; i++) {
    crc ^= at[i];
    for (int k = 0; k < 8; k++) crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
  }
  return ~crc;
}

/// Deflated without compression: one stored block. At most 65535 bytes.
static inline proto deflated(const void *data, size_t bytes) {
  proto out = {0};
  put_le(&out, 1, 1);
  put_le(&out, bytes, 2);
  put_le(&out, ~bytes, 2);
  put_raw(&out, data, bytes);
  return out;
}

/// A zip file that grows: members, and the central directory that will follow them.
typedef struct zip { proto file, directory; int n; } zip;
/// What a member says about itself where that differs from what is right.
typedef struct zip_lie {
  const char *local_name;         ///< another name in the local header
  int method, flags, local_method; ///< 0: as it is
  uint64_t packed, size, local;   ///< added to the right numbers of the directory
  uint32_t crc;                   ///< xor
  bool wide;                      ///< 64-bit numbers in an extra field
} zip_lie;

static inline void zip_put(zip *z, const char *name, int method, const void *packed, size_t packed_bytes, size_t size, uint32_t crc, zip_lie lie) {
  const uint64_t local = z->file.n + lie.local, said_packed = packed_bytes + lie.packed, said_size = size + lie.size;
  const char *local_name = lie.local_name ? lie.local_name : name;
  method = lie.method ? lie.method : method;
  crc ^= lie.crc;
  put_le(&z->file, 0x04034b50, 4);
  put_le(&z->file, 20, 2);
  put_le(&z->file, (uint64_t)lie.flags, 2);
  put_le(&z->file, (uint64_t)(lie.local_method ? lie.local_method : method), 2);
  put_le(&z->file, 0, 4);
  put_le(&z->file, crc, 4);
  put_le(&z->file, packed_bytes, 4);
  put_le(&z->file, size, 4);
  put_le(&z->file, strlen(local_name), 2);
  put_le(&z->file, 0, 2);
  put_raw(&z->file, local_name, strlen(local_name));
  put_raw(&z->file, packed, packed_bytes);
  proto *d = &z->directory;
  put_le(d, 0x02014b50, 4);
  put_le(d, 20 | 20 << 16, 4);
  put_le(d, (uint64_t)lie.flags, 2);
  put_le(d, (uint64_t)method, 2);
  put_le(d, 0, 4);
  put_le(d, crc, 4);
  put_le(d, lie.wide ? UINT32_MAX : said_packed, 4);
  put_le(d, lie.wide ? UINT32_MAX : said_size, 4);
  put_le(d, strlen(name), 2);
  put_le(d, lie.wide ? 4 + 3 + 4 + 24 : 0, 2);
  put_le(d, 0, 2 + 2 + 2 + 4);
  put_le(d, lie.wide ? UINT32_MAX : local, 4);
  put_raw(d, name, strlen(name));
  if (lie.wide) { // another field before it
    put_le(d, 0x7777, 2);
    put_le(d, 3, 2);
    put_raw(d, "abc", 3);
    put_le(d, 1, 2);
    put_le(d, 24, 2);
    put_le(d, said_size, 8);
    put_le(d, said_packed, 8);
    put_le(d, local, 8);
  }
  z->n++;
}

static inline void zip_store(zip *z, const char *name, const proto *file, zip_lie lie) {
  zip_put(z, name, 0, file->at, file->n, file->n, crc_of(file->at, file->n), lie);
}

static inline void zip_deflate(zip *z, const char *name, const proto *file, zip_lie lie) {
  proto packed = deflated(file->at, file->n);
  zip_put(z, name, 8, packed.at, packed.n, file->n, crc_of(file->at, file->n), lie);
  proto_free(&packed);
}

/// The finished file; z is empty again.
static inline proto zip_end(zip *z, bool wide) {
  proto file = z->file;
  const uint64_t start = file.n, bytes = z->directory.n;
  put_raw(&file, z->directory.at, z->directory.n);
  if (wide) {
    const uint64_t end = file.n;
    put_le(&file, 0x06064b50, 4);
    put_le(&file, 44, 8);
    put_le(&file, 45 | 45 << 16, 4);
    put_le(&file, 0, 8);
    put_le(&file, (uint64_t)z->n, 8);
    put_le(&file, (uint64_t)z->n, 8);
    put_le(&file, bytes, 8);
    put_le(&file, start, 8);
    put_le(&file, 0x07064b50, 4);
    put_le(&file, 0, 4);
    put_le(&file, end, 8);
    put_le(&file, 1, 4);
  }
  put_le(&file, 0x06054b50, 4);
  put_le(&file, 0, 4);
  put_le(&file, wide ? UINT16_MAX : (uint64_t)z->n, 2);
  put_le(&file, wide ? UINT16_MAX : (uint64_t)z->n, 2);
  put_le(&file, wide ? UINT32_MAX : bytes, 4);
  put_le(&file, wide ? UINT32_MAX : start, 4);
  put_le(&file, 0, 2);
  proto_free(&z->directory);
  *z = (zip){0};
  return file;
}

// ---- GGUF ----------------------------------------------------------------------------------------------------------------------------------

enum { G_U8, G_I8, G_U16, G_I16, G_U32, G_I32, G_F32, G_BOOL, G_STRING, G_ARRAY, G_U64, G_I64, G_F64 };
enum { G_TENSOR_F32 = 0, G_TENSOR_F16 = 1, G_TENSOR_Q4_0 = 2, G_TENSOR_Q5_0 = 6, G_TENSOR_Q8_0 = 8, G_TENSOR_I8 = 24 };

static inline proto gguf_start(uint32_t version, uint64_t n_tensors, uint64_t n_metas) {
  proto file = {0};
  put_raw(&file, "GGUF", 4);
  put_le(&file, version, 4);
  put_le(&file, n_tensors, 8);
  put_le(&file, n_metas, 8);
  return file;
}

static inline void gguf_text(proto *file, const char *text) {
  put_le(file, strlen(text), 8);
  put_raw(file, text, strlen(text));
}

static inline void gguf_number(proto *file, const char *key, uint32_t type, uint64_t bits, int bytes) {
  gguf_text(file, key);
  put_le(file, type, 4);
  put_le(file, bits, bytes);
}

static inline void gguf_string(proto *file, const char *key, const char *value) {
  gguf_text(file, key);
  put_le(file, G_STRING, 4);
  gguf_text(file, value);
}

/// The head of a list; its items follow.
static inline void gguf_list(proto *file, const char *key, uint32_t type, uint64_t count) {
  gguf_text(file, key);
  put_le(file, G_ARRAY, 4);
  put_le(file, type, 4);
  put_le(file, count, 8);
}

/// extents: innermost first, as in the file; none are put for a rank above 4, which is a lie anyway.
static inline void gguf_tensor(proto *file, const char *name, uint32_t rank, const uint64_t *extents, uint32_t type, uint64_t offset) {
  gguf_text(file, name);
  put_le(file, rank, 4);
  for (uint32_t i = 0; rank <= 4 && i < rank; i++) put_le(file, extents[i], 8);
  put_le(file, type, 4);
  put_le(file, offset, 8);
}

static inline void gguf_pad(proto *file, size_t alignment) {
  while (file->n % alignment) put_le(file, 0, 1);
}

#endif
