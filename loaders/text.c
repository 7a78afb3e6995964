// SPDX-License-Identifier: BSD-3-Clause
// Sentences and sizes for the loaders. Nothing from a file reaches a sentence unless it went through rti_io_quote or was checked to be
// printable when it was read.
#include <stdio.h>
#include <string.h>

#include "io_internal.h"

size_t rti_io_printable(const void *text, size_t rest) {
  const uint8_t *at = text, first = at[0];
  if (first < 0x80) return first >= 0x20 && first != 0x7f;
  const size_t length = first >= 0xc2 && first <= 0xdf ? 2 : (first & 0xf0) == 0xe0 ? 3 : first >= 0xf0 && first <= 0xf4 ? 4 : 0;
  if (length == 0 || length > rest) return 0;
  uint32_t code = first & (0xffu >> (length + 1));
  for (size_t i = 1; i < length; i++) {
    if ((at[i] & 0xc0) != 0x80) return 0;
    code = code << 6 | (at[i] & 0x3f);
  }
  static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < smallest[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return 0;
  return code < 0xa0 ? 0 : length; // U+0080 to U+009F steer terminals too
}

// A precision such as %.80s may cut a name inside a character; whoever decodes the sentence must not stumble over the rest.
static rt_status set_sentence(rt_status status, char *text) {
  for (size_t i = 0, n = strlen(text), step; i < n; i += step) {
    step = (uint8_t)text[i] < 0x80 ? 1 : rti_io_printable(text + i, n - i);
    if (step == 0) text[i] = '?', step = 1;
  }
  return rt_error_set(status, text);
}

rt_status rti_io_fail_v(rt_status status, const char *fmt, va_list args) {
  char text[512];
  vsnprintf(text, sizeof text, fmt, args);
  return set_sentence(status, text);
}

rt_status rti_io_fail(rt_status status, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  rti_io_fail_v(status, fmt, args);
  va_end(args);
  return status;
}

rt_status rti_io_fail_in(rt_status status, const char *fmt, ...) {
  char cause[512], text[1100];
  snprintf(cause, sizeof cause, "%s", rt_last_error());
  va_list args;
  va_start(args, fmt);
  char prefix[512];
  vsnprintf(prefix, sizeof prefix, fmt, args);
  va_end(args);
  snprintf(text, sizeof text, "%s: %s", prefix, cause[0] ? cause : rt_status_name(status));
  return set_sentence(status, text);
}

const char *rti_io_quote(rti_io_text *out, const void *data, size_t bytes) {
  const uint8_t *from = data;
  char *to = out->at;
  const char *limit = out->at + sizeof out->at - 8; // room for one escape, "..." and NUL
  for (size_t i = 0; i < bytes;) {
    if (to >= limit) {
      memcpy(to, "...", 3);
      to += 3;
      break;
    }
    const size_t step = from[i] == '\'' || from[i] == '\\' ? 0 : rti_io_printable(from + i, bytes - i);
    if (step) memcpy(to, from + i, step), to += step;
    else to += snprintf(to, 5, "\\x%02x", from[i]);
    i += step ? step : 1;
  }
  *to = '\0';
  return out->at;
}

const char *rti_io_shape_text(rti_io_text *out, int32_t rank, const int64_t *shape) {
  size_t used = 0;
  out->at[used++] = '[';
  for (int32_t i = 0; i < rank && used + 24 < sizeof out->at; i++)
    used += (size_t)snprintf(out->at + used, sizeof out->at - used, i ? ",%lld" : "%lld", (long long)shape[i]);
  out->at[used++] = ']';
  out->at[used] = '\0';
  return out->at;
}

bool rti_io_tensor_bytes(int32_t rank, const int64_t *shape, size_t element_bytes, uint64_t *out_numel, uint64_t *out_bytes) {
  uint64_t numel = 1;
  bool empty = false;
  for (int32_t i = 0; i < rank; i++) {
    if (shape[i] < 0) return false;
    if (shape[i] == 0) empty = true;
    else if (!rti_io_mul(numel, (uint64_t)shape[i], &numel)) return false;
  }
  uint64_t bytes;
  if (!rti_io_mul(numel, element_bytes, &bytes) || bytes > INT64_MAX) return false;
  *out_numel = empty ? 0 : numel;
  *out_bytes = empty ? 0 : bytes;
  return true;
}

void rti_io_swap(void *data, uint64_t n_elements, size_t element_bytes) {
  uint8_t *at = data;
  for (uint64_t i = 0; i < n_elements; i++, at += element_bytes) {
    for (size_t low = 0, high = element_bytes - 1; low < high; low++, high--) {
      uint8_t byte = at[low];
      at[low] = at[high];
      at[high] = byte;
    }
  }
}

void rti_io_swap_dtype(void *data, uint64_t n_elements, rt_dtype dtype) {
  const unsigned parts = rt_dtype_kind_of(dtype) == RT_KIND_COMPLEX ? 2 : 1;
  rti_io_swap(data, parts * n_elements, rt_dtype_bytes(dtype) / parts);
}
