// SPDX-License-Identifier: BSD-3-Clause
// The header of .npy files: a Python dictionary with exactly three keys. The grammar accepted here is what NumPy's writers produce (any
// order of keys, either quote, any blanks, the L of Python 2) and nothing else; there is no evaluation and no recursion.
#include <stdio.h>
#include <string.h>

#include "header.h"

#define NPY_HEADER_LIMIT (1u << 20) // versions 2 and 3 could announce 4 GiB; 16 extents need far less than 1 MiB

static const struct { char code[4]; rt_dtype dtype; const char *descr; } dtypes[] = {
    {"b1", RT_BOOL, "|b1"}, {"i1", RT_I8, "|i1"},  {"i2", RT_I16, "<i2"}, {"i4", RT_I32, "<i4"}, {"i8", RT_I64, "<i8"}, {"u1", RT_U8, "|u1"},
    {"u2", RT_U16, "<u2"},  {"u4", RT_U32, "<u4"}, {"u8", RT_U64, "<u8"}, {"f2", RT_F16, "<f2"}, {"f4", RT_F32, "<f4"}, {"f8", RT_F64, "<f8"},
    {"c8", RT_C64, "<c8"},  {"c16", RT_C128, "<c16"},
};

typedef struct reader {
  const char *name;
  const char *start, *at, *end;
} reader;

static rt_status malformed(const reader *r, const char *what) {
  return rti_io_fail(RT_E_FORMAT, "%s: .npy header, character %zu: %s", r->name, (size_t)(r->at - r->start), what);
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static void skip_blanks(reader *r) {
  while (r->at < r->end && is_blank(*r->at)) r->at++;
}

// Skips blanks, then takes `c` if it is next.
static bool take(reader *r, char c) {
  skip_blanks(r);
  if (r->at == r->end || *r->at != c) return false;
  r->at++;
  return true;
}

static bool take_word(reader *r, const char *word) {
  skip_blanks(r);
  const size_t length = strlen(word);
  if ((size_t)(r->end - r->at) < length || memcmp(r->at, word, length) != 0) return false;
  r->at += length;
  return true;
}

// A quoted string without escapes.
static rt_status take_string(reader *r, const char **out_text, size_t *out_length) {
  skip_blanks(r);
  if (r->at == r->end || (*r->at != '\'' && *r->at != '"')) return malformed(r, "expected a string in quotes");
  const char quote = *r->at++;
  const char *text = r->at;
  while (r->at < r->end && *r->at != quote && *r->at != '\\') r->at++;
  if (r->at == r->end || *r->at != quote) return malformed(r, "the string does not end, or holds an escape");
  *out_text = text;
  *out_length = (size_t)(r->at++ - text);
  return RT_OK;
}

static rt_status take_descr(reader *r, rti_npy_header *out) {
  skip_blanks(r);
  if (r->at < r->end && (*r->at == '[' || *r->at == '('))
    return snprintf(out->descr, sizeof out->descr, "structured"), rti_io_fail(RT_E_DTYPE, "%s: descr: structured dtypes are not supported", r->name);
  const char *text;
  size_t length;
  rt_status status = take_string(r, &text, &length);
  if (status != RT_OK) return status;
  rti_io_text quoted;
  snprintf(out->descr, sizeof out->descr, "%.15s", rti_io_quote(&quoted, text, length));
  const char *code = text;
  size_t rest = length;
  char order = '=';
  if (rest > 0 && strchr("<>|=", *code)) {
    order = *code++;
    rest--;
  }
  if (rest == 1 && *code == '?') code = "b1", rest = 2;
  for (size_t i = 0; i < RTI_IO_COUNT(dtypes); i++) {
    if (rest != strlen(dtypes[i].code) || memcmp(code, dtypes[i].code, rest) != 0) continue;
    out->dtype = dtypes[i].dtype;
    out->big_endian = order == '>' || (order != '<' && !rti_io_host_is_little());
    return RT_OK;
  }
  return rti_io_fail(RT_E_DTYPE, "%s: descr: '%s' is not one of b1 i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16", r->name, quoted.at);
}

static rt_status take_extent(reader *r, int64_t *out) {
  int64_t value = 0;
  const char *first = r->at;
  for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++)
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, *r->at - '0', &value)) return malformed(r, "an extent of shape is too large");
  if (r->at == first) return malformed(r, "shape: expected an extent");
  if (r->at < r->end && *r->at == 'L') r->at++;
  *out = value;
  return RT_OK;
}

static rt_status take_shape(reader *r, rti_npy_header *out) {
  if (!take(r, '(')) return malformed(r, "shape: expected a tuple");
  bool comma = true;
  while (!take(r, ')')) {
    if (!comma) return malformed(r, "shape: expected a comma or the end of the tuple");
    if (out->rank == RT_MAX_RANK) return rti_io_fail(RT_E_UNSUPPORTED, "%s: shape: more than %d axes", r->name, RT_MAX_RANK);
    rt_status status = take_extent(r, &out->shape[out->rank]);
    if (status != RT_OK) return status;
    out->rank++;
    comma = take(r, ',');
  }
  // (3) is a number in Python, not a tuple.
  if (out->rank == 1 && !comma) return malformed(r, "shape: a tuple of one extent needs a comma");
  return RT_OK;
}

static rt_status take_dictionary(reader *r, rti_npy_header *out) {
  enum { DESCR = 1, ORDER = 2, SHAPE = 4 };
  unsigned seen = 0;
  if (!take(r, '{')) return malformed(r, "expected a dictionary");
  bool comma = true;
  while (!take(r, '}')) {
    if (!comma) return malformed(r, "expected a comma or the end of the dictionary");
    const char *key;
    size_t length;
    rt_status status = take_string(r, &key, &length);
    if (status != RT_OK) return status;
    const unsigned bit = length == 5 && !memcmp(key, "descr", 5) ? DESCR : length == 13 && !memcmp(key, "fortran_order", 13) ? ORDER : length == 5 && !memcmp(key, "shape", 5) ? SHAPE : 0;
    if (bit == 0) return malformed(r, "a key that is not descr, fortran_order or shape");
    if (seen & bit) return malformed(r, "the same key twice");
    seen |= bit;
    if (!take(r, ':')) return malformed(r, "expected a colon");
    if (bit == DESCR) status = take_descr(r, out);
    else if (bit == SHAPE) status = take_shape(r, out);
    else if (take_word(r, "True")) out->fortran_order = true;
    else if (!take_word(r, "False")) status = malformed(r, "fortran_order: expected True or False");
    if (status != RT_OK) return status;
    comma = take(r, ',');
  }
  skip_blanks(r);
  if (r->at != r->end) return malformed(r, "something follows the dictionary");
  if (seen != (DESCR | ORDER | SHAPE)) return malformed(r, "descr, fortran_order or shape is missing");
  return RT_OK;
}

rt_status rti_npy_header_bytes(const char *name, const uint8_t *at, uint64_t total, size_t *out_bytes) {
  *out_bytes = 0;
  if (total < 10 || memcmp(at, "\x93NUMPY", 6) != 0) return rti_io_fail(RT_E_FORMAT, "%s: not a .npy file (it does not begin with \\x93NUMPY)", name);
  const unsigned major = at[6], minor = at[7];
  if (major < 1 || major > 3 || minor != 0) return rti_io_fail(RT_E_FORMAT, "%s: .npy version %u.%u is not 1.0, 2.0 or 3.0", name, major, minor);
  const size_t prefix = major == 1 ? 10 : 12;
  if (total < prefix) return rti_io_fail(RT_E_FORMAT, "%s: ends inside the .npy header", name);
  uint32_t length = at[8] | (uint32_t)at[9] << 8;
  if (major > 1) length |= (uint32_t)at[10] << 16 | (uint32_t)at[11] << 24;
  if (length > NPY_HEADER_LIMIT) return rti_io_fail(RT_E_FORMAT, "%s: a .npy header of %u bytes is above the limit of %u", name, length, NPY_HEADER_LIMIT);
  if (length > total - prefix)
    return rti_io_fail(RT_E_FORMAT, "%s: the .npy header of %u bytes ends past the file of %llu bytes", name, length, (unsigned long long)total);
  *out_bytes = prefix + length;
  return RT_OK;
}

rt_status rti_npy_parse_header(const char *name, const uint8_t *at, size_t header_bytes, uint64_t total, rti_npy_header *out) {
  *out = (rti_npy_header){0};
  const char *text = (const char *)at + (at[6] == 1 ? 10 : 12);
  reader r = {name, text, text, (const char *)at + header_bytes};
  rt_status status = take_dictionary(&r, out);
  if (status != RT_OK) return status;
  rti_io_text shape;
  if (!rti_io_tensor_bytes(out->rank, out->shape, rt_dtype_bytes(out->dtype), &out->numel, &out->data_bytes))
    return rti_io_fail(RT_E_FORMAT, "%s: shape %s of %s has more than 2^63-1 bytes", name, rti_io_shape_text(&shape, out->rank, out->shape), rt_dtype_name(out->dtype));
  out->data_offset = header_bytes;
  if (total - header_bytes != out->data_bytes)
    return rti_io_fail(RT_E_FORMAT, "%s: shape %s of %s needs %llu bytes of data, the file holds %llu", name, rti_io_shape_text(&shape, out->rank, out->shape),
                       rt_dtype_name(out->dtype), (unsigned long long)out->data_bytes, (unsigned long long)(total - header_bytes));
  return RT_OK;
}

const char *rti_npy_descr(rt_dtype dtype) {
  for (size_t i = 0; i < RTI_IO_COUNT(dtypes); i++)
    if (dtypes[i].dtype == dtype) return dtypes[i].descr;
  return NULL;
}

size_t rti_npy_format_header(rt_dtype dtype, int32_t rank, const int64_t *shape, char out[RTI_NPY_HEADER_BYTES]) {
  // 16 extents of at most 20 characters and ", " stay under 400 bytes.
  size_t used = 10;
  used += (size_t)snprintf(out + used, RTI_NPY_HEADER_BYTES - used, "{'descr': '%s', 'fortran_order': False, 'shape': (", rti_npy_descr(dtype));
  for (int32_t i = 0; i < rank; i++)
    used += (size_t)snprintf(out + used, RTI_NPY_HEADER_BYTES - used, rank == 1 ? "%lld," : i ? ", %lld" : "%lld", (long long)shape[i]);
  used += (size_t)snprintf(out + used, RTI_NPY_HEADER_BYTES - used, "), }");
  const size_t total = (used + 1 + 63) / 64 * 64;
  memset(out + used, ' ', total - used - 1);
  out[total - 1] = '\n';
  memcpy(out, "\x93NUMPY\x01\x00", 8);
  out[8] = (char)((total - 10) & 0xff);
  out[9] = (char)((total - 10) >> 8);
  return total;
}
