// SPDX-License-Identifier: BSD-3-Clause
// A strict reader of the JSON that a safetensors header is made of. Private to loaders/safetensors.
#ifndef TRIVET_SAFETENSORS_JSON_H
#define TRIVET_SAFETENSORS_JSON_H

#include "../archive/archive.h"

/// Text that is being read. Strings are decoded in place, so the text is the reader's own.
typedef struct rti_json {
  const char *name; ///< of the file, printable
  char *start, *at, *end;
} rti_json;

/// RT_E_FORMAT with the place and what is wrong there.
rt_status rti_json_fail(const rti_json *json, const char *what);
/// Skips blanks, then takes `c` if it is next.
bool rti_json_take(rti_json *json, char c);
/// A string: valid UTF-8, escapes decoded (surrogates only in pairs). *out_text points into the text that was read.
rt_status rti_json_string(rti_json *json, rti_text *out);
/// A number that is a non-negative integer up to 2^63-1, written without sign, point, exponent or leading zeros.
rt_status rti_json_count(rti_json *json, int64_t *out);
/// Calls item for each key of an object, standing behind its colon; item reads the value. Keys may repeat: item must notice.
rt_status rti_json_object(rti_json *json, rt_status (*item)(rti_json *json, const rti_text *key, void *user), void *user);
/// Calls item for each value of an array; item reads it.
rt_status rti_json_array(rti_json *json, rt_status (*item)(rti_json *json, void *user), void *user);

/// Bytes that rti_json_quote writes for `bytes` bytes of valid UTF-8: quotes and escapes included. out may be NULL.
size_t rti_json_quote(char *out, const char *text, size_t bytes);

#endif
