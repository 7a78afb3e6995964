// SPDX-License-Identifier: BSD-3-Clause
// The protobuf wire format: varints, two fixed sizes and counted bytes. Groups (wire types 3 and 4), which ONNX never used, are refused,
// so that no field can nest without a length that is checked against the message around it.
#include "wire.h"

#include <string.h>

static rt_status malformed(const rti_wire *wire, const uint8_t *at, const char *what) {
  return rti_io_fail(RT_E_FORMAT, "%s: byte %zu: %s", wire->name, (size_t)(at - wire->base), what);
}

// NULL, or what is wrong with the varint at *at. Ten bytes hold 70 bits: the last one may only be 0 or 1. Encodings with needless zero bytes
// are valid protobuf (writers that patch lengths produce them).
static const char *read_varint(const uint8_t **at, const uint8_t *end, uint64_t *out) {
  uint64_t value = 0;
  const uint8_t *p = *at;
  for (unsigned shift = 0; shift < 70; shift += 7, p++) {
    if (p == end) return "a number does not end inside its message";
    if (shift == 63 && *p > 1) return "a number of more than 64 bits";
    value |= (uint64_t)(*p & 0x7f) << shift;
    if (*p < 0x80) {
      *at = p + 1;
      *out = value;
      return NULL;
    }
  }
  return "a number of more than 10 bytes";
}

static uint64_t read_fixed(const uint8_t *at, int bytes) {
  uint64_t value = 0;
  for (int i = bytes - 1; i >= 0; i--) value = value << 8 | at[i];
  return value;
}

rti_wire rti_wire_open(const char *name, const void *data, size_t bytes) {
  // A NULL pointer with 0 bytes is an empty message, but NULL + 0 is not defined in C.
  static const uint8_t nothing;
  const uint8_t *at = data ? data : &nothing;
  return (rti_wire){at, at + bytes, at, name, 0};
}

rt_status rti_wire_next(rti_wire *wire, rti_wire_field *out_field, bool *out_more) {
  *out_field = (rti_wire_field){0};
  *out_more = false;
  if (wire->at == wire->end) return RT_OK;
  const uint8_t *start = wire->at;
  uint64_t tag, length;
  const char *wrong = read_varint(&wire->at, wire->end, &tag);
  if (wrong) return malformed(wire, start, wrong);
  if (tag >> 32 != 0) return malformed(wire, start, "a field number above 2^29-1");
  if (tag >> 3 == 0) return malformed(wire, start, "field number 0");
  out_field->number = (uint32_t)(tag >> 3);
  out_field->type = (rti_wire_type)(tag & 7);
  const size_t rest = (size_t)(wire->end - wire->at);
  switch (tag & 7) {
  case RTI_WIRE_VARINT:
    if ((wrong = read_varint(&wire->at, wire->end, &out_field->value))) return malformed(wire, wire->at, wrong);
    break;
  case RTI_WIRE_64:
  case RTI_WIRE_32:
    length = (tag & 7) == RTI_WIRE_64 ? 8 : 4;
    if (rest < length) return malformed(wire, start, "a fixed-size number passes the end of its message");
    out_field->value = read_fixed(wire->at, (int)length);
    wire->at += length;
    break;
  case RTI_WIRE_BYTES:
    if ((wrong = read_varint(&wire->at, wire->end, &length))) return malformed(wire, wire->at, wrong);
    if (length > (uint64_t)(wire->end - wire->at))
      return rti_io_fail(RT_E_FORMAT, "%s: byte %zu: field %u of %llu bytes passes the end of its message (%zu are left)", wire->name,
                         (size_t)(start - wire->base), out_field->number, (unsigned long long)length, (size_t)(wire->end - wire->at));
    out_field->at = wire->at;
    out_field->bytes = (size_t)length;
    wire->at += length;
    break;
  default:
    return rti_io_fail(RT_E_FORMAT, "%s: byte %zu: field %u has wire type %u, which ONNX does not use", wire->name, (size_t)(start - wire->base),
                       out_field->number, (unsigned)(tag & 7));
  }
  *out_more = true;
  return RT_OK;
}

rt_status rti_wire_expect(const rti_wire *wire, const rti_wire_field *field, rti_wire_type type) {
  if (field->type == type) return RT_OK;
  return rti_io_fail(RT_E_FORMAT, "%s: byte %zu: field %u ends here with wire type %u where %u belongs", wire->name, (size_t)(wire->at - wire->base),
                     field->number, (unsigned)field->type, (unsigned)type);
}

rt_status rti_wire_message(const rti_wire *parent, const rti_wire_field *field, rti_wire *out) {
  rt_status status = rti_wire_expect(parent, field, RTI_WIRE_BYTES);
  if (status != RT_OK) return status;
  if (parent->depth + 1 >= RTI_WIRE_DEPTH) return malformed(parent, field->at, "messages are nested too deeply");
  *out = (rti_wire){field->at, field->at + field->bytes, parent->base, parent->name, parent->depth + 1};
  return RT_OK;
}

rt_status rti_wire_i64(const rti_wire *wire, const rti_wire_field *field, int64_t *out) {
  *out = (int64_t)field->value;
  return rti_wire_expect(wire, field, RTI_WIRE_VARINT);
}

rt_status rti_wire_count(const rti_wire *wire, const rti_wire_field *field, rti_wire_type type, uint64_t *out_count) {
  *out_count = 0;
  if (field->type == type) {
    *out_count = 1;
    return RT_OK;
  }
  if (field->type != RTI_WIRE_BYTES) return rti_wire_expect(wire, field, type);
  if (type != RTI_WIRE_VARINT) {
    const size_t size = type == RTI_WIRE_64 ? 8 : 4;
    if (field->bytes % size != 0) return malformed(wire, field->at, "packed numbers end inside an element");
    *out_count = field->bytes / size;
    return RT_OK;
  }
  const uint8_t *at = field->at, *end = field->at + field->bytes;
  while (at < end) {
    uint64_t value;
    const char *wrong = read_varint(&at, end, &value);
    if (wrong) return malformed(wire, at, wrong);
    ++*out_count;
  }
  return RT_OK;
}

void rti_wire_each(const rti_wire_field *field, rti_wire_type type, void (*visit)(void *user, uint64_t value), void *user) {
  if (field->type != RTI_WIRE_BYTES) {
    visit(user, field->value);
    return;
  }
  const uint8_t *at = field->at, *end = field->at + field->bytes;
  while (at < end) {
    uint64_t value;
    if (type == RTI_WIRE_VARINT) {
      if (read_varint(&at, end, &value)) return;
    } else {
      const int size = type == RTI_WIRE_64 ? 8 : 4;
      value = read_fixed(at, size);
      at += size;
    }
    visit(user, value);
  }
}

const char *rti_arena_text(rti_arena *arena, const rti_wire *wire, const rti_wire_field *field, const char *what, rt_status *out_status) {
  *out_status = rti_wire_expect(wire, field, RTI_WIRE_BYTES);
  if (*out_status != RT_OK) return NULL;
  if (field->bytes > RTI_ONNX_NAME_BYTES) {
    *out_status = rti_io_fail(RT_E_FORMAT, "%s: byte %zu: a %s of %zu bytes is longer than %d", wire->name, (size_t)(field->at - wire->base), what, field->bytes,
                              RTI_ONNX_NAME_BYTES);
    return NULL;
  }
  for (size_t i = 0; i < field->bytes;) {
    const size_t step = rti_io_printable(field->at + i, field->bytes - i);
    if (step == 0) {
      rti_io_text quoted;
      *out_status = rti_io_fail(RT_E_FORMAT, "%s: byte %zu: the %s '%s' is not printable UTF-8", wire->name, (size_t)(field->at + i - wire->base), what,
                                rti_io_quote(&quoted, field->at, field->bytes));
      return NULL;
    }
    i += step;
  }
  char *text = rti_arena_new(arena, field->bytes + 1, 1);
  if (!text) {
    *out_status = rti_io_fail(RT_E_NO_MEMORY, "%s: no memory for a %s", wire->name, what);
    return NULL;
  }
  memcpy(text, field->at, field->bytes);
  return text;
}
