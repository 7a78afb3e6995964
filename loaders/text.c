// SPDX-License-Identifier: BSD-3-Clause
// Sentences and sizes for the loaders. Nothing from a file reaches a sentence unless it went through rti_io_quote or was checked to be
// printable when it was read.
#include <stdio.h>
#include <string.h>

#include "io_internal.h"

rt_status rti_io_fail_v(rt_status status, const char *fmt, va_list args) {
  char text[512];
  vsnprintf(text, sizeof text, fmt, args);
  return rt_error_set(status, text);
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
  return rt_error_set(status, text);
}

const char *rti_io_quote(rti_io_text *out, const void *data, size_t bytes) {
  const uint8_t *from = data;
  char *to = out->at;
  const char *limit = out->at + sizeof out->at - 8; // room for one escape, "..." and NUL
  for (size_t i = 0; i < bytes; i++) {
    if (to >= limit) {
      memcpy(to, "...", 3);
      to += 3;
      break;
    }
    if (from[i] >= 0x20 && from[i] < 0x7f && from[i] != '\'' && from[i] != '\\') *to++ = (char)from[i];
    else to += snprintf(to, 5, "\\x%02x", from[i]);
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
