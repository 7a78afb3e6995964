// SPDX-License-Identifier: BSD-3-Clause
// A bounded, zero-copy reader of the protobuf wire format. What it hands out points into the bytes it was given; names alone are
// copied. Private to loaders/onnx.
#ifndef TRIVET_ONNX_WIRE_H
#define TRIVET_ONNX_WIRE_H

#include "../arena.h"

#define RTI_WIRE_DEPTH 32 ///< messages inside messages; ONNX needs 8

/// A message that is being read. `base` is the start of the file, for offsets in sentences; `name` is printable.
typedef struct rti_wire {
  const uint8_t *at, *end, *base;
  const char *name;
  int depth;
} rti_wire;

typedef enum rti_wire_type { RTI_WIRE_VARINT = 0, RTI_WIRE_64 = 1, RTI_WIRE_BYTES = 2, RTI_WIRE_32 = 5 } rti_wire_type;

typedef struct rti_wire_field {
  uint32_t number;
  rti_wire_type type;
  uint64_t value;      ///< VARINT, 64 and 32
  const uint8_t *at;   ///< BYTES
  size_t bytes;
} rti_wire_field;

rti_wire rti_wire_open(const char *name, const void *data, size_t bytes);
/// The next field. *out_more is false at the end of the message.
/// Errors   RT_E_FORMAT with the offset: a varint that does not end or passes 64 bits, field number 0, groups and unknown wire types, a
///          length that passes the end of the message
rt_status rti_wire_next(rti_wire *wire, rti_wire_field *out_field, bool *out_more);
/// Opens a BYTES field as a message. Errors: RT_E_FORMAT for another wire type, or deeper than RTI_WIRE_DEPTH.
rt_status rti_wire_message(const rti_wire *parent, const rti_wire_field *field, rti_wire *out);
/// RT_E_FORMAT unless the field has that wire type.
rt_status rti_wire_expect(const rti_wire *wire, const rti_wire_field *field, rti_wire_type type);
rt_status rti_wire_i64(const rti_wire *wire, const rti_wire_field *field, int64_t *out);

/// Elements of a repeated number field that this occurrence holds: 1, or several when packed. `type` is that of one element.
/// Errors   RT_E_FORMAT for other wire types and packed bytes that end inside an element
rt_status rti_wire_count(const rti_wire *wire, const rti_wire_field *field, rti_wire_type type, uint64_t *out_count);
/// Reads them, as raw 64-bit values, in order: call visit for each. The occurrence must have passed rti_wire_count.
void rti_wire_each(const rti_wire_field *field, rti_wire_type type, void (*visit)(void *user, uint64_t value), void *user);

#define RTI_ONNX_NAME_BYTES 4096
/// Copies a name out of a file: at most RTI_ONNX_NAME_BYTES of valid UTF-8 without NUL and control characters, so that it can be printed.
/// `what` names the thing in sentences ("node name"). NULL with RT_E_FORMAT or RT_E_NO_MEMORY in *out_status.
const char *rti_arena_text(rti_arena *arena, const rti_wire *wire, const rti_wire_field *field, const char *what, rt_status *out_status);

#endif
