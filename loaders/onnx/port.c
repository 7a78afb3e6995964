// SPDX-License-Identifier: BSD-3-Clause
// ValueInfoProto and TypeProto: what a model says about its inputs and outputs.
#include <string.h>

#include "model.h"

static rt_status read_dim(rt_model *model, const rti_wire *message, rt_model_port *facts) {
  enum { VALUE = 1, PARAM = 2 };
  rti_wire walk = *message;
  rti_wire_field field;
  bool more;
  rt_status status;
  int64_t extent = -1;
  const char *symbol = NULL;
  while ((status = rti_wire_next(&walk, &field, &more)) == RT_OK && more) {
    if (field.number == VALUE) {
      if ((status = rti_wire_i64(&walk, &field, &extent)) != RT_OK) return status;
      // Exporters write -1 for "any" where a symbol belongs.
      if (extent < -1) return rti_io_fail(RT_E_FORMAT, "%s: '%.120s': an extent of %lld", model->name, facts->name, (long long)extent);
      symbol = NULL;
    } else if (field.number == PARAM) {
      if (!(symbol = rti_arena_text(&model->arena, &walk, &field, "dimension name", &status))) return status;
      extent = -1;
    }
  }
  if (status != RT_OK) return status;
  if (facts->rank == RT_MAX_RANK) return rti_io_fail(RT_E_UNSUPPORTED, "%s: '%.120s' has more than %d dimensions", model->name, facts->name, RT_MAX_RANK);
  facts->shape[facts->rank] = extent;
  // "?" is what some exporters (Paddle's for one) write for an extent of which nothing is known: two of them need not agree.
  facts->symbol[facts->rank++] = symbol && symbol[0] && strcmp(symbol, "?") != 0 ? symbol : NULL;
  return RT_OK;
}

static rt_status read_shape(rt_model *model, const rti_wire *message, rt_model_port *facts) {
  enum { DIM = 1 };
  rti_wire walk = *message, dim;
  rti_wire_field field;
  bool more;
  rt_status status;
  facts->rank = 0;
  while ((status = rti_wire_next(&walk, &field, &more)) == RT_OK && more) {
    if (field.number != DIM) continue;
    if ((status = rti_wire_message(&walk, &field, &dim)) != RT_OK || (status = read_dim(model, &dim, facts)) != RT_OK) return status;
  }
  return status;
}

static rt_status read_tensor_type(rt_model *model, const rti_wire *message, rt_model_port *facts) {
  enum { ELEM_TYPE = 1, SHAPE = 2 };
  rti_wire walk = *message, shape;
  rti_wire_field field;
  bool more;
  rt_status status;
  int64_t code = 0;
  while ((status = rti_wire_next(&walk, &field, &more)) == RT_OK && more) {
    if (field.number == ELEM_TYPE) status = rti_wire_i64(&walk, &field, &code);
    else if (field.number == SHAPE && (status = rti_wire_message(&walk, &field, &shape)) == RT_OK) status = read_shape(model, &shape, facts);
    if (status != RT_OK) return status;
  }
  if (status != RT_OK) return status;
  const char *type_name;
  facts->dtype = rti_onnx_dtype(code, &type_name);
  if (code != 0 && facts->dtype == RT_DTYPE_NONE)
    status = rti_io_fail(RT_E_UNSUPPORTED, "%s: '%.120s': element type %lld (%s) is not supported", model->name, facts->name, (long long)code, type_name);
  return rti_onnx_forgive(model, status, NULL);
}

static rt_status read_type(rt_model *model, const rti_wire *message, rt_model_port *facts);

// SequenceTypeProto and OptionalTypeProto: a type in field 1.
static rt_status read_element_type(rt_model *model, const rti_wire *message, const rti_wire_field *field, rt_model_port *facts) {
  enum { ELEM_TYPE = 1 };
  rti_wire walk, type;
  rti_wire_field inner;
  bool more;
  rt_status status = rti_wire_message(message, field, &walk);
  while (status == RT_OK && (status = rti_wire_next(&walk, &inner, &more)) == RT_OK && more)
    if (inner.number == ELEM_TYPE && (status = rti_wire_message(&walk, &inner, &type)) == RT_OK) status = read_type(model, &type, facts);
  return status;
}

static rt_status read_type(rt_model *model, const rti_wire *message, rt_model_port *facts) {
  enum { TENSOR = 1, SEQUENCE = 4, MAP = 5, OPAQUE = 7, SPARSE = 8, OPTIONAL = 9 };
  rti_wire walk = *message, tensor;
  rti_wire_field field;
  bool more;
  rt_status status;
  while ((status = rti_wire_next(&walk, &field, &more)) == RT_OK && more) {
    switch (field.number) {
    case TENSOR:
      if ((status = rti_wire_message(&walk, &field, &tensor)) != RT_OK || (status = read_tensor_type(model, &tensor, facts)) != RT_OK) return status;
      break;
    // A sequence of sequences, and an optional in a sequence, are nothing that a value can be here.
    case SEQUENCE:
      if (facts->is_sequence) return rti_io_fail(RT_E_UNSUPPORTED, "%s: '%.120s' is a sequence of sequences", model->name, facts->name);
      facts->is_sequence = true;
      if ((status = read_element_type(model, &walk, &field, facts)) != RT_OK) return status;
      break;
    case OPTIONAL:
      if (facts->is_sequence || facts->is_optional) return rti_io_fail(RT_E_UNSUPPORTED, "%s: '%.120s' is an optional inside of another type", model->name, facts->name);
      facts->is_optional = true;
      if ((status = read_element_type(model, &walk, &field, facts)) != RT_OK) return status;
      break;
    case MAP: case OPAQUE: case SPARSE:
      status = rti_io_fail(RT_E_UNSUPPORTED, "%s: '%.120s' is neither a dense tensor nor a sequence of them", model->name, facts->name);
      if ((status = rti_onnx_forgive(model, status, NULL)) != RT_OK) return status;
      break;
    default: break; // denotation
    }
  }
  return status;
}

rt_status rti_onnx_read_port(rt_model *model, const rti_wire *message, const char *what, rti_onnx_port *out) {
  enum { NAME = 1, TYPE = 2 };
  rt_model_port *facts = &out->facts;
  rti_wire walk = *message, type;
  rti_wire_field field;
  bool more;
  rt_status status;
  facts->rank = -1;
  // The name first: sentences about the type need it, and fields come in any order.
  while ((status = rti_wire_next(&walk, &field, &more)) == RT_OK && more)
    if (field.number == NAME && !(facts->name = rti_arena_text(&model->arena, &walk, &field, "value name", &status))) return status;
  if (status != RT_OK) return status;
  if (!facts->name || !facts->name[0]) return rti_io_fail(RT_E_FORMAT, "%s: an %s without a name", model->name, what);
  walk = *message;
  while ((status = rti_wire_next(&walk, &field, &more)) == RT_OK && more) {
    if (field.number != TYPE) continue;
    if ((status = rti_wire_message(&walk, &field, &type)) != RT_OK || (status = read_type(model, &type, facts)) != RT_OK) return status;
  }
  return status;
}
