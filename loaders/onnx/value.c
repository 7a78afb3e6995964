// SPDX-License-Identifier: BSD-3-Clause
// TensorProto, SequenceProto and OptionalProto in files of their own, as the test folders of the ONNX project hold them. The bytes do not say
// which of the three they are; the port that they are made for does.
#include <stdlib.h>
#include <string.h>

#include "model.h"

#define FILE_LIMIT ((uint64_t)INT32_MAX)

enum { ELEM_TYPE = 2, TENSORS = 3, TENSOR = 3, SEQUENCE = 5 }; // SequenceProto: tensor_values 3; OptionalProto: tensor_value 3, sequence_value 5
enum { IS_TENSOR = 1, IS_SEQUENCE = 3 };                       // SequenceProto.DataType, OptionalProto.DataType

static rt_status read_tensor(const rti_onnx_source *source, const rti_wire *message, rt_model_value *out) {
  rti_onnx_tensor facts;
  rt_status status = rti_onnx_read_tensor(source, message, "the tensor", &facts, &out->tensor);
  if (status == RT_OK) out->kind = RT_VALUE_TENSOR;
  return status;
}

static rt_status read_sequence(const rti_onnx_source *source, const rti_wire *message, rt_model_value *out) {
  rti_wire walk = *message, item;
  rti_wire_field field;
  bool more;
  rt_status status;
  uint64_t n = 0;
  int64_t type = 0;
  while ((status = rti_wire_next(&walk, &field, &more)) == RT_OK && more) {
    n += field.number == TENSORS;
    if (field.number == ELEM_TYPE && (status = rti_wire_i64(&walk, &field, &type)) != RT_OK) return status;
  }
  if (status != RT_OK) return status;
  if (type != IS_TENSOR && type != 0) return rti_io_fail(RT_E_UNSUPPORTED, "%s: a sequence of elements of kind %lld, which are no tensors", message->name, (long long)type);
  if (!(out->items = calloc((size_t)n + 1, sizeof *out->items))) return rti_io_fail(RT_E_NO_MEMORY, "%s: no memory for %llu tensors", message->name, (unsigned long long)n);
  out->kind = RT_VALUE_SEQUENCE;
  rti_onnx_tensor facts;
  for (walk = *message; (status = rti_wire_next(&walk, &field, &more)) == RT_OK && more;) {
    if (field.number != TENSORS) continue;
    if ((status = rti_wire_message(&walk, &field, &item)) != RT_OK) return status;
    if ((status = rti_onnx_read_tensor(source, &item, "an item", &facts, &out->items[out->n])) != RT_OK) return status;
    out->n++;
  }
  return status;
}

static rt_status read_optional(const rti_onnx_source *source, const rti_wire *message, rt_model_value *out) {
  rti_wire walk = *message, inner;
  rti_wire_field field;
  bool more;
  rt_status status;
  int64_t type = 0;
  while ((status = rti_wire_next(&walk, &field, &more)) == RT_OK && more)
    if (field.number == ELEM_TYPE && (status = rti_wire_i64(&walk, &field, &type)) != RT_OK) return status;
  if (status != RT_OK || type == 0) return status;
  if (type != IS_TENSOR && type != IS_SEQUENCE) return rti_io_fail(RT_E_UNSUPPORTED, "%s: an optional of kind %lld", message->name, (long long)type);
  for (walk = *message; (status = rti_wire_next(&walk, &field, &more)) == RT_OK && more;) {
    if (field.number != (type == IS_TENSOR ? TENSOR : SEQUENCE) || out->kind != RT_VALUE_NONE) continue;
    if ((status = rti_wire_message(&walk, &field, &inner)) != RT_OK) return status;
    status = type == IS_TENSOR ? read_tensor(source, &inner, out) : read_sequence(source, &inner, out);
    if (status != RT_OK) return status;
  }
  return status;
}

rt_status rt_onnx_value_read(rt_ctx *ctx, const char *path, const rt_model_port *port, rt_model_value *out) {
  if (!out) return rti_io_fail(RT_E_ARGUMENT, "onnx_value_read: out is NULL");
  *out = (rt_model_value){0};
  if (!ctx || !path) return rti_io_fail(RT_E_ARGUMENT, "onnx_value_read: %s is NULL", ctx ? "path" : "ctx");
  rti_io_file file;
  rt_status status = rti_io_read_file(path, FILE_LIMIT, &file);
  if (status != RT_OK) return status;
  rti_io_text printable;
  const rti_onnx_source source = {.ctx = ctx};
  const rti_wire message = rti_wire_open(rti_io_quote(&printable, path, strlen(path)), file.at, file.bytes);
  if (port && port->is_optional) status = read_optional(&source, &message, out);
  else status = port && port->is_sequence ? read_sequence(&source, &message, out) : read_tensor(&source, &message, out);
  if (status != RT_OK) rt_model_value_clear(out);
  rti_io_file_free(&file);
  return status;
}
