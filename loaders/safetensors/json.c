// SPDX-License-Identifier: BSD-3-Clause
// JSON as far as a safetensors header uses it: objects, arrays, strings and non-negative integers. It recurses only as deep as its callers
// ask, allocates nothing and guesses nothing. The libraries at hand keep numbers as doubles, which cannot hold every offset, and take the
// last of two equal keys; from a file that nobody trusts both are ways to say two things at once.
#include "json.h"

#include <stdio.h>
#include <string.h>

rt_status rti_json_fail(const rti_json *json, const char *what) {
  return rti_io_fail(RT_E_FORMAT, "%s: header, character %zu: %s", json->name, (size_t)(json->at - json->start), what);
}

static void skip_blanks(rti_json *json) {
  while (json->at < json->end && (*json->at == ' ' || *json->at == '\t' || *json->at == '\n' || *json->at == '\r')) json->at++;
}

bool rti_json_take(rti_json *json, char c) {
  skip_blanks(json);
  if (json->at == json->end || *json->at != c) return false;
  json->at++;
  return true;
}

// The four digits of \uXXXX; false when they are none.
static bool take_unit(rti_json *json, uint32_t *out) {
  uint32_t unit = 0;
  if (json->end - json->at < 4) return false;
  for (int i = 0; i < 4; i++, json->at++) {
    const char c = *json->at, lower = (char)(c | 0x20);
    if (c >= '0' && c <= '9') unit = unit << 4 | (uint32_t)(c - '0');
    else if (lower >= 'a' && lower <= 'f') unit = unit << 4 | (uint32_t)(lower - 'a' + 10);
    else return false;
  }
  *out = unit;
  return true;
}

static char *put_utf8(char *to, uint32_t code) {
  if (code < 0x80) return *to++ = (char)code, to;
  if (code < 0x800) *to++ = (char)(0xc0 | code >> 6);
  else if (code < 0x10000) *to++ = (char)(0xe0 | code >> 12), *to++ = (char)(0x80 | (code >> 6 & 0x3f));
  else *to++ = (char)(0xf0 | code >> 18), *to++ = (char)(0x80 | (code >> 12 & 0x3f)), *to++ = (char)(0x80 | (code >> 6 & 0x3f));
  *to++ = (char)(0x80 | (code & 0x3f));
  return to;
}

// What follows a backslash. An escape is never shorter than what it stands for, so `to` stays behind the reader.
static rt_status take_escape(rti_json *json, char **to) {
  static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
  const char c = json->at < json->end ? *json->at : '\0';
  const char *known = c ? strchr(from, c) : NULL;
  if (known) {
    json->at++;
    *(*to)++ = into[known - from];
    return RT_OK;
  }
  uint32_t unit, low;
  if (c != 'u') return rti_json_fail(json, "an escape that JSON does not have");
  json->at++;
  if (!take_unit(json, &unit)) return rti_json_fail(json, "\\u needs four hexadecimal digits");
  if (unit >= 0xdc00 && unit <= 0xdfff) return rti_json_fail(json, "the second half of a surrogate pair alone");
  if (unit >= 0xd800 && unit <= 0xdbff) {
    if (json->end - json->at < 6 || json->at[0] != '\\' || json->at[1] != 'u')
      return rti_json_fail(json, "the first half of a surrogate pair alone");
    json->at += 2;
    if (!take_unit(json, &low) || low < 0xdc00 || low > 0xdfff) return rti_json_fail(json, "the first half of a surrogate pair alone");
    unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
  }
  *to = put_utf8(*to, unit);
  return RT_OK;
}

rt_status rti_json_string(rti_json *json, rti_text *out) {
  if (!rti_json_take(json, '"')) return rti_json_fail(json, "expected a string");
  char *text = json->at, *to = text;
  while (json->at < json->end && *json->at != '"') {
    const unsigned char c = (unsigned char)*json->at;
    if (c < 0x20) return rti_json_fail(json, "a control character in a string");
    if (c == '\\') {
      json->at++;
      const rt_status status = take_escape(json, &to);
      if (status != RT_OK) return status;
      continue;
    }
    // What is valid but not printable (U+007F to U+009F) is up to whoever uses the string.
    const bool is_c1 = c == 0xc2 && json->end - json->at > 1 && ((unsigned char)json->at[1] & 0xe0) == 0x80;
    const size_t step = c == 0x7f ? 1 : is_c1 ? 2 : rti_io_printable(json->at, (size_t)(json->end - json->at));
    if (step == 0) return rti_json_fail(json, "a string that is not UTF-8");
    memmove(to, json->at, step);
    to += step;
    json->at += step;
  }
  if (json->at == json->end) return rti_json_fail(json, "a string does not end");
  json->at++;
  *out = (rti_text){text, (size_t)(to - text)};
  return RT_OK;
}

rt_status rti_json_count(rti_json *json, int64_t *out) {
  skip_blanks(json);
  const char *first = json->at;
  int64_t value = 0;
  for (; json->at < json->end && *json->at >= '0' && *json->at <= '9'; json->at++)
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, *json->at - '0', &value))
      return rti_json_fail(json, "a number above 2^63-1");
  if (json->at == first) return rti_json_fail(json, "expected a non-negative integer");
  if (*first == '0' && json->at - first > 1) return rti_json_fail(json, "a number with a leading zero");
  if (json->at < json->end && strchr(".eE", *json->at)) return rti_json_fail(json, "a number that is not an integer");
  *out = value;
  return RT_OK;
}

rt_status rti_json_object(rti_json *json, rt_status (*item)(rti_json *json, const rti_text *key, void *user), void *user) {
  if (!rti_json_take(json, '{')) return rti_json_fail(json, "expected an object");
  if (rti_json_take(json, '}')) return RT_OK;
  do {
    rti_text key;
    rt_status status = rti_json_string(json, &key);
    if (status == RT_OK && !rti_json_take(json, ':')) status = rti_json_fail(json, "expected a colon");
    if (status == RT_OK) status = item(json, &key, user);
    if (status != RT_OK) return status;
  } while (rti_json_take(json, ','));
  return rti_json_take(json, '}') ? RT_OK : rti_json_fail(json, "expected a comma or the end of the object");
}

rt_status rti_json_array(rti_json *json, rt_status (*item)(rti_json *json, void *user), void *user) {
  if (!rti_json_take(json, '[')) return rti_json_fail(json, "expected an array");
  if (rti_json_take(json, ']')) return RT_OK;
  do {
    const rt_status status = item(json, user);
    if (status != RT_OK) return status;
  } while (rti_json_take(json, ','));
  return rti_json_take(json, ']') ? RT_OK : rti_json_fail(json, "expected a comma or the end of the array");
}

size_t rti_json_quote(char *out, const char *text, size_t bytes) {
  char escape[8];
  size_t used = 0;
  if (out) out[used] = '"';
  used++;
  for (size_t i = 0; i < bytes; i++) {
    const unsigned char c = (unsigned char)text[i];
    if (c == '"' || c == '\\') snprintf(escape, sizeof escape, "\\%c", c);
    else if (c < 0x20) snprintf(escape, sizeof escape, "\\u%04x", c);
    else snprintf(escape, sizeof escape, "%c", c);
    const size_t length = strlen(escape);
    if (out) memcpy(out + used, escape, length);
    used += length;
  }
  if (out) out[used] = '"';
  return used + 1;
}
