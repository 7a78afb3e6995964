// SPDX-License-Identifier: BSD-3-Clause
// The sentence of the last failure, one per thread, and the little text buffer for building such sentences. Nothing here allocates, so that
// a failure for want of memory can be reported too.
#include <stdio.h>
#include <string.h>

#include "internal.h"

#define SENTENCE_BYTES 512

// In a library that is loaded with dlopen, glibc allocates ordinary thread-local storage when a thread first touches it and ends the process
// if it cannot. Initial-exec storage is there from the thread's start. (musl has no such problem, and refuses initial-exec in dlopen.)
#if defined(__GLIBC__)
#define THREAD_TEXT static _Thread_local __attribute__((tls_model("initial-exec")))
#else
#define THREAD_TEXT static _Thread_local
#endif
THREAD_TEXT char sentence[SENTENCE_BYTES];
THREAD_TEXT uint32_t error_count; // sentences so far: tells whether a call left one

const char *rt_version(void) { return RT_VERSION; }

const char *rt_last_error(void) { return sentence; }
uint32_t rti_error_count(void) { return error_count; }

rt_status rt_error_set(rt_status status, const char *text) {
  rti_error_set(text);
  return status;
}

const char *rt_status_name(int status) {
  static const char *const names[] = {
      "RT_OK", "RT_E_ARGUMENT", "RT_E_SHAPE", "RT_E_DTYPE", "RT_E_INDEX", "RT_E_NO_MEMORY", "RT_E_UNSUPPORTED", "RT_E_NOT_FOUND", "RT_E_STATE",
      "RT_E_BUSY", "RT_E_IO", "RT_E_FORMAT", "RT_E_BACKEND", "RT_E_DEVICE_LOST", "RT_E_CANCELLED", "RT_E_TIMEOUT", "RT_E_FORKED", "RT_E_INTERNAL",
  };
  return status >= 0 && status < (int)RTI_COUNT(names) ? names[status] : "RT_E_?";
}

static size_t length_up_to(const char *text, size_t most) {
  const char *end = memchr(text, '\0', most);
  return end ? (size_t)(end - text) : most;
}

/// Copies text that may be the sentence itself; a cut never leaves half a UTF-8 character.
void rti_error_set(const char *text) {
  error_count++;
  size_t length = text ? length_up_to(text, SENTENCE_BYTES) : 0;
  if (length == SENTENCE_BYTES) {
    length--;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80) length--;
  }
  if (length > 0) memmove(sentence, text, length);
  sentence[length] = '\0';
}

rt_status rti_fail_v(rt_status status, const char *fmt, va_list args) {
  char text[SENTENCE_BYTES + 1]; // arguments may point into the sentence; one more byte, so that rti_error_set sees a cut
  if (vsnprintf(text, sizeof text, fmt, args) < 0) rti_error_set(fmt);
  else rti_error_set(text);
  return status;
}

rt_status rti_fail(rt_status status, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  rti_fail_v(status, fmt, args);
  va_end(args);
  return status;
}

rt_status rti_fail_in(rt_status status, const char *fmt, ...) {
  char prefix[SENTENCE_BYTES], old[SENTENCE_BYTES];
  memcpy(old, sentence, sizeof old);
  va_list args;
  va_start(args, fmt);
  if (vsnprintf(prefix, sizeof prefix, fmt, args) < 0) prefix[0] = '\0';
  va_end(args);
  return rti_fail(status, "%s: %s", prefix, old);
}

void rti_append(rti_text *text, const char *fmt, ...) {
  size_t used = length_up_to(text->at, sizeof text->at - 1);
  va_list args;
  va_start(args, fmt);
  if (vsnprintf(text->at + used, sizeof text->at - used, fmt, args) < 0) text->at[used] = '\0';
  va_end(args);
}

const char *rti_shape_text(rti_text *text, int32_t rank, const int64_t *shape) {
  text->at[0] = '\0';
  if (rank < 0 || (rank > 0 && !shape)) {
    rti_append(text, "[?]");
    return text->at;
  }
  rti_append(text, "[");
  for (int32_t d = 0; d < rank; d++) rti_append(text, d ? ",%lld" : "%lld", (long long)shape[d]);
  rti_append(text, "]");
  return text->at;
}
