// SPDX-License-Identifier: BSD-3-Clause
// Functions that a model defines: FunctionProto. Each call gets a body of its own, whose inputs are aliases of what the call names and whose
// references to attributes are replaced by the call's. A function may call others; nesting and the total size of all bodies are bounded.
#include <stdio.h>
#include <string.h>

#include "model.h"

enum { NAME = 1, INPUT = 4, OUTPUT = 5, NODE = 7, OPSET_IMPORT = 9, DOMAIN = 10, ATTRIBUTE_PROTO = 11, OVERLOAD = 13 }; // fields
#define PORT_LIMIT 10000

rt_status rti_onnx_read_function(rt_model *model, void *user, const rti_wire *message) {
  (void)user;
  rti_onnx_function *function = &model->functions[model->n_functions];
  *function = (rti_onnx_function){.name = "", .domain = "", .overload = "", .body = *message};
  rti_wire walk = *message;
  rti_wire_field field;
  bool more;
  rt_status status;
  const struct { uint32_t number; const char *what, **text; } texts[] = {
      {NAME, "function name", &function->name}, {DOMAIN, "domain", &function->domain}, {OVERLOAD, "overload", &function->overload}};
  uint64_t n_in = 0, n_out = 0;
  while ((status = rti_wire_next(&walk, &field, &more)) == RT_OK && more) {
    for (size_t i = 0; i < RTI_IO_COUNT(texts); i++)
      if (field.number == texts[i].number && !(*texts[i].text = rti_arena_text(&model->arena, &walk, &field, texts[i].what, &status))) return status;
    n_in += field.number == INPUT;
    n_out += field.number == OUTPUT;
  }
  if (status != RT_OK) return status;
  if (!function->name[0]) return rti_io_fail(RT_E_FORMAT, "%s: a function without a name", model->name);
  if (!strcmp(function->domain, "ai.onnx")) function->domain = "";
  if (n_in > PORT_LIMIT || n_out > PORT_LIMIT) return rti_onnx_too_many(model, "inputs or outputs of a function", PORT_LIMIT);
  function->n_in = (int32_t)n_in;
  function->n_out = (int32_t)n_out;
  for (int32_t i = 0; i < model->n_functions; i++) {
    const rti_onnx_function *other = &model->functions[i];
    if (!strcmp(other->name, function->name) && !strcmp(other->domain, function->domain) && !strcmp(other->overload, function->overload))
      return rti_io_fail(RT_E_FORMAT, "%s: function '%.80s' of domain '%.80s' is defined twice", model->name, function->name, function->domain);
  }
  if (!(function->opsets.at = rti_arena_new(&model->arena, RTI_ONNX_OPSET_LIMIT, sizeof *function->opsets.at))) return rti_onnx_no_memory(model);
  if ((status = rti_onnx_each_message(model, *message, OPSET_IMPORT, rti_onnx_read_opset, &function->opsets)) != RT_OK)
    return rti_io_fail_in(status, "function '%.80s'", function->name);
  model->n_functions++;
  return RT_OK;
}

const rti_onnx_function *rti_onnx_find_function(const rt_model *model, const rti_onnx_node *node) {
  for (int32_t i = 0; i < model->n_functions; i++) {
    const rti_onnx_function *f = &model->functions[i];
    if (!strcmp(f->name, node->op) && !strcmp(f->domain, node->domain) && !strcmp(f->overload, node->overload)) return f;
  }
  return NULL;
}

// Names the inputs of the body: aliases of the values that the call gives.
static rt_status name_inputs(rt_model *model, rti_onnx_graph *body, const rti_onnx_node *node, const char *where) {
  rti_wire walk = body->function->body;
  rti_wire_field field;
  bool more;
  rt_status status;
  int32_t i = 0, value;
  while ((status = rti_wire_next(&walk, &field, &more)) == RT_OK && more) {
    if (field.number != INPUT) continue;
    const char *name = rti_arena_text(&model->arena, &walk, &field, "input of a function", &status);
    if (!name || (status = rti_onnx_new_value(model, body, name, where, &value)) != RT_OK) return status;
    body->values[value].alias = i < node->n_in && node->in[i] >= 0 ? node->in[i] : RTI_LEFT_OUT;
    i++;
  }
  return status;
}

static rt_status name_outputs(rt_model *model, rti_onnx_graph *body, const char *where) {
  rti_wire walk = body->function->body;
  rti_wire_field field;
  bool more;
  rt_status status;
  while ((status = rti_wire_next(&walk, &field, &more)) == RT_OK && more) {
    if (field.number != OUTPUT) continue;
    rti_onnx_port *port = &body->outputs[body->n_outputs];
    if (!(port->facts.name = rti_arena_text(&model->arena, &walk, &field, "output of a function", &status))) return status;
    if ((status = rti_onnx_find_value(model, body, port->facts.name, &port->value)) != RT_OK) return status;
    if (port->value < 0)
      return rti_io_fail(RT_E_FORMAT, "%s: %s: nothing in the function '%.80s' computes its output '%.80s'", model->name, where, body->function->name, port->facts.name);
    body->n_outputs++;
  }
  return status;
}

rt_status rti_onnx_inline(rt_model *model, const rti_onnx_function *function, rti_onnx_node *node, const char *where) {
  if (node->n_in > function->n_in || node->n_out > function->n_out)
    return rti_io_fail(RT_E_FORMAT, "%s: %s: the function %.80s takes %d inputs and gives %d outputs, not %d and %d", model->name, where, node->op, function->n_in,
                       function->n_out, node->n_in, node->n_out);
  for (const rti_onnx_graph *g = node->graph; g; g = g->parent)
    if (g->function == function) return rti_io_fail(RT_E_FORMAT, "%s: %s: the function %.80s calls itself", model->name, where, node->op);
  const uint64_t bytes = (uint64_t)(function->body.end - function->body.at);
  if (bytes > model->inline_bytes) return rti_io_fail(RT_E_UNSUPPORTED, "%s: %s: calls of functions expand the model to more than 16 times its size", model->name, where);
  model->inline_bytes -= bytes;
  rti_onnx_where place;
  snprintf(place.at, sizeof place.at, "%.250s, function %.60s, ", where, node->op);
  rti_onnx_graph *body;
  rt_status status = rti_onnx_new_graph(model, node, place.at, &body);
  if (status != RT_OK) return status;
  node->function = body;
  body->sees_parent = false;
  body->function = function;
  body->call = node;
  body->opsets = function->opsets;
  body->name = function->name;
  if (!(body->outputs = rti_arena_new(&model->arena, (uint64_t)function->n_out, sizeof *body->outputs))) return rti_onnx_no_memory(model);
  status = name_inputs(model, body, node, where);
  if (status == RT_OK) status = rti_onnx_read_nodes(model, body, &function->body, NODE);
  if (status == RT_OK) status = name_outputs(model, body, where);
  if (body->n_problems && !node->problem) node->problem = model->problem;
  return status;
}

// ---- references to attributes ------------------------------------------------------------------------------------------------------------

static rt_status read_name(const rti_wire *message, rti_wire_field *out_name) {
  enum { ATTR_NAME = 1 };
  rti_wire walk = *message;
  rti_wire_field field;
  bool more;
  rt_status status;
  *out_name = (rti_wire_field){0};
  while ((status = rti_wire_next(&walk, &field, &more)) == RT_OK && more)
    if (field.number == ATTR_NAME && (status = rti_wire_expect(&walk, &field, RTI_WIRE_BYTES)) == RT_OK) *out_name = field;
  return status;
}

rt_status rti_onnx_resolve_reference(rt_model *model, rti_onnx_node *node, const char *name, const char *where, rti_onnx_attr *out, bool *out_found) {
  const rti_onnx_graph *graph = node->graph;
  const char *own_name = out->name;
  const rti_onnx_attr_kind kind = out->kind;
  *out_found = false;
  if (!graph || !graph->function) return rti_io_fail(RT_E_FORMAT, "%s: %s: an attribute refers to one of a function, but this is no function", model->name, where);
  for (int32_t i = 0; i < graph->call->n_attrs && !*out_found; i++) {
    const rti_onnx_attr *given = &graph->call->attrs[i];
    if (strcmp(given->name, name) != 0) continue;
    if (given->graph) return rti_io_fail(RT_E_UNSUPPORTED, "%s: %s: attribute '%.80s' of a function is a graph", model->name, where, name);
    *out = *given;
    out->tensor = rt_retain(given->tensor);
    *out_found = true;
  }
  rti_wire walk = graph->function->body, message;
  rti_wire_field field, default_name;
  bool more;
  rt_status status;
  while (!*out_found && (status = rti_wire_next(&walk, &field, &more)) == RT_OK && more) {
    if (field.number != ATTRIBUTE_PROTO) continue;
    if ((status = rti_wire_message(&walk, &field, &message)) != RT_OK || (status = read_name(&message, &default_name)) != RT_OK) return status;
    if (default_name.bytes != strlen(name) || memcmp(default_name.at, name, default_name.bytes) != 0) continue;
    rti_onnx_node nowhere = {.graph = NULL}; // a default can neither be a reference nor a graph
    *out = (rti_onnx_attr){0};
    if ((status = rti_onnx_read_attr(model, &nowhere, &message, where, out, out_found)) != RT_OK) return status;
  }
  if (*out_found && kind && out->kind != kind)
    return rti_io_fail(RT_E_FORMAT, "%s: %s: attribute '%.80s' has type %d where '%.80s' of the function has %d", model->name, where, own_name, kind, name, out->kind);
  out->name = own_name;
  return RT_OK;
}
