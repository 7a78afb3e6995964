// SPDX-License-Identifier: BSD-3-Clause
// Deflated data through zlib, where the build found it (RTI_HAVE_ZLIB). It gives bytes in pieces and never more than it is asked for, so what
// a member announces bounds what is written.
#include "deflate.h"

#include <limits.h>
#include <stdlib.h>

#ifdef RTI_HAVE_ZLIB
#include <zlib.h>

bool rti_deflate_is_here(void) { return true; }

uint32_t rti_crc32(uint32_t crc, const void *data, size_t bytes) { return (uint32_t)crc32_z(crc, data, bytes); }

struct rti_inflater {
  z_stream z;
  const rti_io_source *source;
  uint64_t at, left; // packed bytes that zlib has not been given
  bool ended;
  uint8_t in[16384];
};

// zlib's own memory, from here so that it is zeroed and counted with the rest.
static voidpf allocate(voidpf user, uInt n, uInt bytes) {
  (void)user;
  return calloc(n, bytes);
}
static void release(voidpf user, voidpf at) {
  (void)user;
  free(at);
}

rti_inflater *rti_inflater_new(const rti_io_source *source, uint64_t offset, uint64_t packed) {
  rti_inflater *inflater = calloc(1, sizeof *inflater);
  if (!inflater) return NULL;
  inflater->source = source;
  inflater->at = offset;
  inflater->left = packed;
  inflater->z.zalloc = allocate;
  inflater->z.zfree = release;
  if (inflateInit2(&inflater->z, -MAX_WBITS) == Z_OK) return inflater; // negative: no zlib header around it
  free(inflater);
  return NULL;
}

// One step of zlib, with its input refilled. Adds to *out_gave what it wrote.
static rt_status step(rti_inflater *inflater, void *dst, uInt room, size_t *out_gave) {
  z_stream *z = &inflater->z;
  if (z->avail_in == 0 && inflater->left > 0) {
    const size_t n = inflater->left < sizeof inflater->in ? (size_t)inflater->left : sizeof inflater->in;
    const rt_status status = rti_io_source_read(inflater->source, inflater->at, inflater->in, n);
    if (status != RT_OK) return status;
    inflater->at += n;
    inflater->left -= n;
    z->next_in = inflater->in;
    z->avail_in = (uInt)n;
  }
  z->next_out = dst;
  z->avail_out = room;
  const int result = inflate(z, Z_NO_FLUSH);
  *out_gave += room - z->avail_out;
  if (result == Z_STREAM_END) inflater->ended = true;
  else if (result == Z_MEM_ERROR) return rti_io_fail(RT_E_NO_MEMORY, "no memory to inflate");
  else if (result != Z_OK)
    return rti_io_fail(RT_E_FORMAT, "its deflated data are damaged (%s)",
                       z->msg                  ? z->msg
                       : result == Z_BUF_ERROR ? "they do not end"
                                               : "zlib gives no reason");
  return RT_OK;
}

rt_status rti_inflater_take(rti_inflater *inflater, void *dst, size_t bytes) {
  for (size_t done = 0; done < bytes;) {
    if (inflater->ended) return rti_io_fail(RT_E_FORMAT, "its deflated data end %zu bytes too early", bytes - done);
    const size_t rest = bytes - done;
    const rt_status status = step(inflater, (uint8_t *)dst + done, rest < INT_MAX ? (uInt)rest : INT_MAX, &done);
    if (status != RT_OK) return status;
  }
  return RT_OK;
}

rt_status rti_inflater_finish(rti_inflater *inflater) {
  uint8_t more;
  size_t gave = 0;
  while (!inflater->ended && gave == 0) {
    const rt_status status = step(inflater, &more, 1, &gave);
    if (status != RT_OK) return status;
  }
  if (gave > 0) return rti_io_fail(RT_E_FORMAT, "its deflated data hold more than it announces");
  const uint64_t unused = inflater->left + inflater->z.avail_in;
  return unused == 0 ? RT_OK : rti_io_fail(RT_E_FORMAT, "%llu bytes follow its deflated data", (unsigned long long)unused);
}

void rti_inflater_free(rti_inflater *inflater) {
  if (inflater) inflateEnd(&inflater->z);
  free(inflater);
}

void *rti_deflate(const void *head, size_t head_bytes, const void *body, size_t body_bytes, size_t *out_bytes) {
  z_stream z = {.zalloc = allocate, .zfree = release};
  if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) return NULL;
  const struct { const void *at; size_t bytes; } parts[2] = {{head, head_bytes}, {body, body_bytes}};
  const size_t room = deflateBound(&z, head_bytes + body_bytes) + 64;
  uint8_t *out = malloc(room);
  size_t used = 0;
  int result = out ? Z_OK : Z_MEM_ERROR;
  for (int i = 0; i < 2; i++) {
    size_t rest = parts[i].bytes;
    z.next_in = (Bytef *)(uintptr_t)parts[i].at; // zlib does not write there
    do {
      if (result != Z_OK) break;
      const uInt now = rest < INT_MAX ? (uInt)rest : INT_MAX;
      z.avail_in = now;
      z.next_out = out + used;
      z.avail_out = room - used < INT_MAX ? (uInt)(room - used) : INT_MAX;
      const uInt had = z.avail_out;
      result = deflate(&z, i == 1 && now == rest ? Z_FINISH : Z_NO_FLUSH);
      used += had - z.avail_out;
      rest -= now - z.avail_in;
    } while (i == 0 ? rest > 0 : result == Z_OK);
  }
  deflateEnd(&z);
  if (result == Z_STREAM_END) return *out_bytes = used, out;
  free(out);
  return NULL;
}

#else

bool rti_deflate_is_here(void) { return false; }

uint32_t rti_crc32(uint32_t crc, const void *data, size_t bytes) {
  // Four bits at a time: the table of the polynomial 0xedb88320.
  static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                     0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
  const uint8_t *at = data;
  crc = ~crc;
  for (size_t i = 0; i < bytes; i++) {
    crc ^= at[i];
    crc = crc >> 4 ^ table[crc & 15];
    crc = crc >> 4 ^ table[crc & 15];
  }
  return ~crc;
}

rti_inflater *rti_inflater_new(const rti_io_source *source, uint64_t offset, uint64_t packed) {
  (void)source, (void)offset, (void)packed;
  return NULL;
}
static rt_status missing(void) { return rti_io_fail(RT_E_UNSUPPORTED, "deflated data need zlib, which this build does not have"); }
rt_status rti_inflater_take(rti_inflater *inflater, void *dst, size_t bytes) {
  (void)inflater, (void)dst, (void)bytes;
  return missing();
}
rt_status rti_inflater_finish(rti_inflater *inflater) {
  (void)inflater;
  return missing();
}
void rti_inflater_free(rti_inflater *inflater) { (void)inflater; }
void *rti_deflate(const void *head, size_t head_bytes, const void *body, size_t body_bytes, size_t *out_bytes) {
  (void)head, (void)head_bytes, (void)body, (void)body_bytes, (void)out_bytes;
  return NULL;
}

#endif
