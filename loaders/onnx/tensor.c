// SPDX-License-Identifier: BSD-3-Clause
// TensorProto: dimensions, dtype and data, either raw_data or one of the typed fields. Nothing is allocated before the number of elements
// is known to be in the file, or in the file beside it that external_data names.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

enum { // fields of TensorProto
  DIMS = 1, DATA_TYPE = 2, SEGMENT = 3, FLOAT_DATA = 4, INT32_DATA = 5, STRING_DATA = 6, INT64_DATA = 7, NAME = 8, RAW_DATA = 9, DOUBLE_DATA = 10,
  UINT64_DATA = 11, EXTERNAL_DATA = 13, DATA_LOCATION = 14
};

static const struct { const char *name; rt_dtype dtype; uint8_t field; } types[] = { // by TensorProto.DataType
    {"UNDEFINED", RT_DTYPE_NONE, 0}, {"FLOAT", RT_F32, FLOAT_DATA},    {"UINT8", RT_U8, INT32_DATA},       {"INT8", RT_I8, INT32_DATA},
    {"UINT16", RT_U16, INT32_DATA},  {"INT16", RT_I16, INT32_DATA},    {"INT32", RT_I32, INT32_DATA},      {"INT64", RT_I64, INT64_DATA},
    {"STRING", RT_DTYPE_NONE, 0},    {"BOOL", RT_BOOL, INT32_DATA},    {"FLOAT16", RT_F16, INT32_DATA},    {"DOUBLE", RT_F64, DOUBLE_DATA},
    {"UINT32", RT_U32, UINT64_DATA}, {"UINT64", RT_U64, UINT64_DATA},  {"COMPLEX64", RT_C64, FLOAT_DATA},   {"COMPLEX128", RT_C128, DOUBLE_DATA},
    {"BFLOAT16", RT_BF16, INT32_DATA}, {"FLOAT8E4M3FN", RT_DTYPE_NONE, 0}, {"FLOAT8E4M3FNUZ", RT_DTYPE_NONE, 0}, {"FLOAT8E5M2", RT_DTYPE_NONE, 0},
    {"FLOAT8E5M2FNUZ", RT_DTYPE_NONE, 0}, {"UINT4", RT_DTYPE_NONE, 0}, {"INT4", RT_DTYPE_NONE, 0},         {"FLOAT4E2M1", RT_DTYPE_NONE, 0},
};

rt_dtype rti_onnx_dtype(int64_t code, const char **out_name) {
  const bool known = code >= 0 && code < (int64_t)RTI_IO_COUNT(types);
  *out_name = known ? types[code].name : "of unknown number";
  return known ? types[code].dtype : RT_DTYPE_NONE;
}

static rti_wire_type element_wire(uint32_t number) {
  return number == FLOAT_DATA ? RTI_WIRE_32 : number == DOUBLE_DATA ? RTI_WIRE_64 : RTI_WIRE_VARINT;
}

// What one walk over the message finds.
typedef struct survey {
  int64_t code;
  uint64_t typed;         // elements of the typed field
  uint32_t typed_field;   // 0: none present
  rti_wire_field raw;     // number 0: absent
  rti_wire_field only;    // the typed field's only occurrence that holds elements
  uint32_t occurrences;
  bool external, segmented, too_deep;
  rti_onnx_external where; // the external data
} survey;

typedef struct dims { rti_onnx_tensor *facts; bool overflow; } dims;
static void add_dim(void *user, uint64_t value) {
  dims *d = user;
  if (d->facts->rank == RT_MAX_RANK) d->overflow = true;
  else d->facts->shape[d->facts->rank++] = (int64_t)value;
}

static rt_status walk(rti_wire message, rti_onnx_tensor *facts, survey *s, bool *out_mixed) {
  rti_wire_field field;
  rti_wire entry;
  bool more;
  rt_status status;
  while ((status = rti_wire_next(&message, &field, &more)) == RT_OK && more) {
    uint64_t count;
    int64_t number;
    dims d = {facts, false};
    switch (field.number) {
    case DIMS:
      if ((status = rti_wire_count(&message, &field, RTI_WIRE_VARINT, &count)) != RT_OK) return status;
      rti_wire_each(&field, RTI_WIRE_VARINT, add_dim, &d);
      s->too_deep |= d.overflow;
      break;
    case DATA_TYPE:
      if ((status = rti_wire_i64(&message, &field, &s->code)) != RT_OK) return status;
      break;
    case FLOAT_DATA: case INT32_DATA: case INT64_DATA: case DOUBLE_DATA: case UINT64_DATA:
      if ((status = rti_wire_count(&message, &field, element_wire(field.number), &count)) != RT_OK) return status;
      if (count == 0) break;
      if (s->typed_field && s->typed_field != field.number) *out_mixed = true;
      s->typed_field = field.number;
      s->typed += count; // each element takes a byte of the file at least: no overflow
      s->only = field;
      s->occurrences++;
      break;
    case RAW_DATA:
      if ((status = rti_wire_expect(&message, &field, RTI_WIRE_BYTES)) != RT_OK) return status;
      s->raw = field;
      break;
    case NAME:
      if ((status = rti_wire_expect(&message, &field, RTI_WIRE_BYTES)) != RT_OK) return status;
      facts->name = field;
      break;
    case DATA_LOCATION:
      if ((status = rti_wire_i64(&message, &field, &number)) != RT_OK) return status;
      s->external |= number != 0;
      break;
    case EXTERNAL_DATA:
      if ((status = rti_wire_message(&message, &field, &entry)) != RT_OK || (status = rti_onnx_read_external(&entry, message.name, &s->where)) != RT_OK) return status;
      s->external = true;
      break;
    case SEGMENT: s->segmented = true; break;
    default: break;
    }
  }
  return status;
}

// What a typed field counts: the parts of complex numbers, else elements.
static rt_dtype part_of(rt_dtype dtype) { return dtype == RT_C64 ? RT_F32 : dtype == RT_C128 ? RT_F64 : dtype; }

// Stores typed elements one by one, checking that each fits its dtype.
typedef struct store { uint8_t *at; rt_dtype dtype; bool misfit; } store;

static void store_element(void *user, uint64_t value) {
  store *s = user;
  const int64_t number = (int64_t)value;
  const uint32_t bits32 = (uint32_t)value;
  const uint16_t bits16 = (uint16_t)value;
  const uint8_t bits8 = (uint8_t)value;
  switch (s->dtype) {
  case RT_BOOL: { const uint8_t truth = value != 0; memcpy(s->at, &truth, 1); s->misfit |= value > 1; break; }
  case RT_U8: memcpy(s->at, &bits8, 1); s->misfit |= value > UINT8_MAX; break;
  case RT_I8: memcpy(s->at, &bits8, 1); s->misfit |= number < INT8_MIN || number > INT8_MAX; break;
  case RT_U16: case RT_F16: case RT_BF16: memcpy(s->at, &bits16, 2); s->misfit |= value > UINT16_MAX; break;
  case RT_I16: memcpy(s->at, &bits16, 2); s->misfit |= number < INT16_MIN || number > INT16_MAX; break;
  case RT_I32: memcpy(s->at, &bits32, 4); s->misfit |= number < INT32_MIN || number > INT32_MAX; break;
  case RT_U32: memcpy(s->at, &bits32, 4); s->misfit |= value > UINT32_MAX; break;
  case RT_F32: memcpy(s->at, &bits32, 4); break;
  default: memcpy(s->at, &value, 8); break; // i64, u64, f64
  }
  s->at += rt_dtype_bytes(s->dtype);
}

static rt_status from_typed(rt_ctx *ctx, const rti_wire *message, const char *what, const rti_onnx_tensor *facts, const survey *s, rt_tensor **out) {
  const rti_wire_type wire_type = element_wire(s->typed_field);
  const rt_dtype part = part_of(facts->dtype);
  const size_t size = rt_dtype_bytes(part);
  // One packed run of elements that already are what we store: no copy in between.
  if (s->occurrences == 1 && s->only.type == RTI_WIRE_BYTES && wire_type != RTI_WIRE_VARINT && rti_io_host_is_little())
    return rt_from_data(ctx, facts->dtype, facts->rank, facts->shape, s->only.at, out);
  uint8_t *data = malloc((size_t)facts->bytes + 1);
  if (!data) return rti_io_fail(RT_E_NO_MEMORY, "%s: %s: no memory for %llu bytes", message->name, what, (unsigned long long)facts->bytes);
  store target = {data, part, false};
  rti_wire again = *message;
  rti_wire_field field;
  bool more;
  while (rti_wire_next(&again, &field, &more) == RT_OK && more)
    if (field.number == s->typed_field && (size_t)(target.at - data) + size <= facts->bytes) rti_wire_each(&field, wire_type, store_element, &target);
  rt_status status = target.misfit ? rti_io_fail(RT_E_FORMAT, "%s: %s: an element does not fit %s", message->name, what, rt_dtype_name(facts->dtype))
                                   : rt_from_data(ctx, facts->dtype, facts->rank, facts->shape, data, out);
  free(data);
  return status;
}

static bool has_odd_bool(const rti_onnx_tensor *facts, const uint8_t *data) {
  if (facts->dtype != RT_BOOL) return false;
  for (uint64_t i = 0; i < facts->numel; i++)
    if (data[i] > 1) return true;
  return false;
}

static rt_status from_raw(rt_ctx *ctx, const rti_wire *message, const char *what, const rti_onnx_tensor *facts, const uint8_t *raw, rt_tensor **out) {
  if (has_odd_bool(facts, raw)) return rti_io_fail(RT_E_FORMAT, "%s: %s: a bool that is neither 0 nor 1", message->name, what);
  if (rti_io_host_is_little() || rt_dtype_bytes(facts->dtype) == 1) return rt_from_data(ctx, facts->dtype, facts->rank, facts->shape, raw, out);
  uint8_t *data = malloc((size_t)facts->bytes + 1);
  if (!data) return rti_io_fail(RT_E_NO_MEMORY, "%s: %s: no memory for %llu bytes", message->name, what, (unsigned long long)facts->bytes);
  memcpy(data, raw, (size_t)facts->bytes);
  rti_io_swap_dtype(data, facts->numel, facts->dtype);
  const rt_status status = rt_from_data(ctx, facts->dtype, facts->rank, facts->shape, data, out);
  free(data);
  return status;
}

// Data of another file go straight into the tensor: large weights are in memory once.
typedef struct elsewhere {
  const rti_onnx_source *source;
  const rti_wire *message;
  const char *what;
  const rti_onnx_tensor *facts;
  const rti_onnx_external *where;
} elsewhere;

static rt_status fill_from_elsewhere(void *user, void *dst, size_t bytes) {
  const elsewhere *e = user;
  rt_status status = rti_onnx_load_external(e->source, e->message->name, e->what, e->where, dst, bytes);
  if (status != RT_OK) return status;
  if (has_odd_bool(e->facts, dst)) return rti_io_fail(RT_E_FORMAT, "%s: %s: a bool that is neither 0 nor 1", e->message->name, e->what);
  if (!rti_io_host_is_little()) rti_io_swap(dst, e->facts->numel, rt_dtype_bytes(e->facts->dtype));
  return RT_OK;
}

static rt_status from_elsewhere(const rti_onnx_source *source, const rti_wire *message, const char *what, const rti_onnx_tensor *facts, const rti_onnx_external *where,
                                rt_tensor **out) {
  rt_status status = rti_onnx_check_external(source, message->name, what, where, facts->bytes);
  const elsewhere e = {source, message, what, facts, where};
  return status == RT_OK ? rti_io_tensor(source->ctx, facts->dtype, facts->rank, facts->shape, fill_from_elsewhere, (void *)&e, out) : status;
}

rt_status rti_onnx_read_tensor(const rti_onnx_source *source, const rti_wire *message, const char *what, rti_onnx_tensor *facts, rt_tensor **out) {
  *facts = (rti_onnx_tensor){0};
  *out = NULL;
  survey s = {0};
  bool mixed = false;
  rt_status status = walk(*message, facts, &s, &mixed);
  rti_io_text quoted;
  char own[256];
  if (!what && (status == RT_OK || facts->name.number)) {
    snprintf(own, sizeof own, "initializer '%s'", rti_io_quote(&quoted, facts->name.at, facts->name.bytes));
    what = own;
  }
  if (status != RT_OK) return what ? rti_io_fail_in(status, "%s", what) : status;
  const char *file = message->name, *type_name;
  rti_io_text shape_text;
  facts->dtype = rti_onnx_dtype(s.code, &type_name);
  rt_ctx *ctx = source->ctx;
  if (s.segmented) return rti_io_fail(RT_E_UNSUPPORTED, "%s: %s: tensors in segments are not supported", file, what);
  if (s.code <= 0) return rti_io_fail(RT_E_FORMAT, "%s: %s: element type %lld is not valid", file, what, (long long)s.code);
  if (facts->dtype == RT_DTYPE_NONE)
    return rti_io_fail(RT_E_UNSUPPORTED, "%s: %s: element type %lld (%s) is not supported", file, what, (long long)s.code, type_name);
  if (s.too_deep) return rti_io_fail(RT_E_UNSUPPORTED, "%s: %s: more than %d dimensions", file, what, RT_MAX_RANK);
  if (!rti_io_tensor_bytes(facts->rank, facts->shape, rt_dtype_bytes(facts->dtype), &facts->numel, &facts->bytes))
    return rti_io_fail(RT_E_FORMAT, "%s: %s: shape %s of %s is negative or has more than 2^63-1 bytes", file, what,
                       rti_io_shape_text(&shape_text, facts->rank, facts->shape), rt_dtype_name(facts->dtype));
  if (mixed || (s.typed_field && s.raw.number) || (s.external && (s.typed_field || s.raw.number))) return rti_io_fail(RT_E_FORMAT, "%s: %s: its data are given twice", file, what);
  if (s.typed_field && s.typed_field != types[s.code].field)
    return rti_io_fail(RT_E_FORMAT, "%s: %s: the data of %s lie in field %u instead of %u", file, what, rt_dtype_name(facts->dtype), s.typed_field, types[s.code].field);
  if (s.raw.number && s.raw.bytes != facts->bytes)
    return rti_io_fail(RT_E_FORMAT, "%s: %s: raw_data holds %zu bytes, shape %s of %s needs %llu", file, what, s.raw.bytes,
                       rti_io_shape_text(&shape_text, facts->rank, facts->shape), rt_dtype_name(facts->dtype), (unsigned long long)facts->bytes);
  const uint64_t parts = part_of(facts->dtype) == facts->dtype ? facts->numel : 2 * facts->numel; // of numel times 8 bytes, checked above
  if (s.external) return from_elsewhere(source, message, what, facts, &s.where, out);
  if (!s.raw.number && s.typed != parts)
    return rti_io_fail(RT_E_FORMAT, "%s: %s: holds %llu elements, shape %s needs %llu", file, what, (unsigned long long)s.typed,
                       rti_io_shape_text(&shape_text, facts->rank, facts->shape), (unsigned long long)parts);
  if (facts->numel == 0) status = rt_from_data(ctx, facts->dtype, facts->rank, facts->shape, NULL, out);
  else if (s.raw.number) return from_raw(ctx, message, what, facts, s.raw.at, out);
  else return from_typed(ctx, message, what, facts, &s, out);
  return status;
}
