// SPDX-License-Identifier: BSD-3-Clause
// AttributeProto: numbers, text, lists, tensors and graphs; in functions, references to what the call says.
#include <stdio.h>
#include <string.h>

#include "model.h"

enum { NAME = 1, F = 2, I = 3, S = 4, T = 5, G = 6, FLOATS = 7, INTS = 8, STRINGS = 9, TENSORS = 10, GRAPHS = 11, TYPE_PROTO = 14, TYPE_PROTOS = 15, TYPE = 20,
       REFERENCE = 21, SPARSE = 22, SPARSES = 23 }; // fields

// Which kind of attribute a field belongs to; 0: none.
static rti_onnx_attr_kind kind_of_field(uint32_t number) {
  static const uint8_t kinds[24] = {[F] = RTI_ATTR_FLOAT, [I] = RTI_ATTR_INT, [S] = RTI_ATTR_STRING, [T] = RTI_ATTR_TENSOR, [G] = RTI_ATTR_GRAPH,
                                    [FLOATS] = RTI_ATTR_FLOATS, [INTS] = RTI_ATTR_INTS, [STRINGS] = RTI_ATTR_STRINGS, [TENSORS] = RTI_ATTR_TENSORS,
                                    [GRAPHS] = RTI_ATTR_GRAPHS, [TYPE_PROTO] = RTI_ATTR_TYPE, [TYPE_PROTOS] = RTI_ATTR_TYPES,
                                    [SPARSE] = RTI_ATTR_SPARSE_TENSOR, [SPARSES] = RTI_ATTR_SPARSE_TENSORS};
  return number < RTI_IO_COUNT(kinds) ? (rti_onnx_attr_kind)kinds[number] : (rti_onnx_attr_kind)0;
}

typedef struct list { int64_t *ints; float *floats; const char **strings; int64_t n; } list;

static void add_int(void *user, uint64_t value) {
  list *l = user;
  l->ints[l->n++] = (int64_t)value;
}

static float float_of_bits(uint64_t value) {
  const uint32_t bits = (uint32_t)value;
  float f;
  memcpy(&f, &bits, sizeof f);
  return f;
}

static void add_float(void *user, uint64_t value) {
  list *l = user;
  l->floats[l->n++] = float_of_bits(value);
}

// First walk: name, kind, and how many elements the lists hold.
// *out_reference: the attribute of a function that this one stands for; NULL: none.
static rt_status survey(rt_model *model, rti_wire message, const char *where, rti_onnx_attr *out, uint64_t *out_count, const char **out_reference) {
  rti_wire_field field;
  bool more;
  rt_status status;
  int64_t type = 0, seen = 0;
  *out_count = 0;
  *out_reference = NULL;
  while ((status = rti_wire_next(&message, &field, &more)) == RT_OK && more) {
    uint64_t count;
    const rti_onnx_attr_kind kind = kind_of_field(field.number);
    if (field.number == NAME) {
      if (!(out->name = rti_arena_text(&model->arena, &message, &field, "attribute name", &status))) return status;
    } else if (field.number == TYPE) {
      if ((status = rti_wire_i64(&message, &field, &type)) != RT_OK) return status;
    } else if (field.number == REFERENCE && field.bytes > 0) {
      if (!(*out_reference = rti_arena_text(&model->arena, &message, &field, "attribute name", &status))) return status;
    } else if (kind) {
      if (field.number == INTS || field.number == FLOATS) {
        if ((status = rti_wire_count(&message, &field, field.number == INTS ? RTI_WIRE_VARINT : RTI_WIRE_32, &count)) != RT_OK) return status;
        *out_count += count;
      }
      *out_count += field.number == STRINGS;
      if (seen && seen != kind) return rti_io_fail(RT_E_FORMAT, "%s: %s: attribute '%.80s' has values of two kinds", model->name, where, out->name ? out->name : "");
      seen = kind;
    }
  }
  if (status != RT_OK) return status;
  if (!out->name || !out->name[0]) return rti_io_fail(RT_E_FORMAT, "%s: %s: an attribute without a name", model->name, where);
  // Files before IR version 2 do not state the type. A stated type without a value means 0, "" or an empty list.
  if (type == 0) type = seen;
  if (*out_reference && type == 0) return RT_OK; // of whatever type the function's has
  if (type < RTI_ATTR_FLOAT || type > RTI_ATTR_TYPES || (seen && seen != type))
    return rti_io_fail(RT_E_FORMAT, "%s: %s: attribute '%.80s' has type %lld and a value of type %lld", model->name, where, out->name, (long long)type, (long long)seen);
  out->kind = (rti_onnx_attr_kind)type;
  return RT_OK;
}

static rt_status copy_text(rt_model *model, const rti_wire *message, const rti_wire_field *field, const char **out) {
  rti_io_text text;
  rt_status status = rti_wire_expect(message, field, RTI_WIRE_BYTES);
  if (status != RT_OK) return status;
  const char *quoted = rti_io_quote(&text, field->at, field->bytes);
  char *copy = rti_arena_new(&model->arena, strlen(quoted) + 1, 1);
  if (!copy) return rti_onnx_no_memory(model);
  *out = strcpy(copy, quoted);
  return RT_OK;
}

static rt_status read_body(rt_model *model, rti_onnx_node *node, const rti_wire *message, const rti_wire_field *field, const char *where, rti_onnx_attr *out) {
  rti_wire body;
  rti_onnx_where place;
  if (!node->graph) return rti_io_fail(RT_E_UNSUPPORTED, "%s: %s: attribute '%.80s' of a function is a graph", model->name, where, out->name);
  if (out->graph) return rti_io_fail(RT_E_FORMAT, "%s: %s: attribute '%.80s' holds two graphs", model->name, where, out->name);
  snprintf(place.at, sizeof place.at, "%.260s, %.60s, ", where, out->name);
  rt_status status = rti_wire_message(message, field, &body);
  if (status == RT_OK) status = rti_onnx_new_graph(model, node, place.at, &out->graph);
  return status == RT_OK ? rti_onnx_read_graph(model, out->graph, &body) : status;
}

static rt_status read_value(rt_model *model, rti_onnx_node *node, const rti_wire *message, const rti_wire_field *field, const char *where, list *l, rti_onnx_attr *out) {
  rt_status status = RT_OK;
  rti_wire tensor;
  rti_onnx_tensor facts;
  switch (field->number) {
  case F:
    if ((status = rti_wire_expect(message, field, RTI_WIRE_32)) == RT_OK) out->f = (double)float_of_bits(field->value);
    break;
  case I: status = rti_wire_i64(message, field, &out->i); break;
  case S: status = copy_text(model, message, field, &out->s); break;
  case STRINGS: status = copy_text(model, message, field, &l->strings[l->n++]); break;
  case G: status = read_body(model, node, message, field, where, out); break;
  case T: {
    if (out->tensor) return rti_io_fail(RT_E_FORMAT, "%s: %s: attribute '%.80s' holds two tensors", model->name, where, out->name);
    if ((status = rti_wire_message(message, field, &tensor)) != RT_OK) break;
    char what[320];
    snprintf(what, sizeof what, "%.200s, attribute '%.80s'", where, out->name);
    status = rti_onnx_read_tensor(&model->source, &tensor, what, &facts, &out->tensor);
    break;
  }
  case INTS: rti_wire_each(field, RTI_WIRE_VARINT, add_int, l); break;
  case FLOATS: rti_wire_each(field, RTI_WIRE_32, add_float, l); break;
  default: break;
  }
  return status;
}

rt_status rti_onnx_read_attr(rt_model *model, rti_onnx_node *node, const rti_wire *message, const char *where, rti_onnx_attr *out, bool *out_found) {
  uint64_t count;
  const char *reference;
  *out_found = true;
  rt_status status = survey(model, *message, where, out, &count, &reference);
  if (status != RT_OK) return status;
  if (reference) return rti_onnx_resolve_reference(model, node, reference, where, out, out_found);
  list l = {0};
  const size_t size = out->kind == RTI_ATTR_INTS ? sizeof *l.ints : out->kind == RTI_ATTR_FLOATS ? sizeof *l.floats : sizeof *l.strings;
  void *items = rti_arena_new(&model->arena, count, size);
  if (!items) return rti_onnx_no_memory(model);
  if (out->kind == RTI_ATTR_INTS) out->ints = l.ints = items;
  if (out->kind == RTI_ATTR_FLOATS) out->floats = l.floats = items;
  if (out->kind == RTI_ATTR_STRINGS) out->strings = l.strings = items;
  out->s = "";
  rti_wire again = *message;
  rti_wire_field field;
  bool more;
  while ((status = rti_wire_next(&again, &field, &more)) == RT_OK && more)
    if ((status = read_value(model, node, &again, &field, where, &l, out)) != RT_OK) return status;
  if (status != RT_OK) return status;
  if ((out->kind == RTI_ATTR_TENSOR && !out->tensor) || (out->kind == RTI_ATTR_GRAPH && !out->graph))
    return rti_io_fail(RT_E_FORMAT, "%s: %s: attribute '%.80s' lacks its %s", model->name, where, out->name, out->kind == RTI_ATTR_GRAPH ? "graph" : "tensor");
  out->n = l.n;
  return RT_OK;
}
