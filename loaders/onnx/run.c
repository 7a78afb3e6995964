// SPDX-License-Identifier: BSD-3-Clause
// Runs a model: checks what it is given against its ports, runs the nodes in the order of the file, releases each value after its last use.
// The bodies of control flow and of functions are graphs like the model's and run the same way.
#include <stdlib.h>
#include <string.h>

#include "model.h"

static void use(rti_onnx_graph *graph, int32_t value, int32_t node) {
  if (value >= 0) graph->values[value].last_use = node;
}

// A body reads what its aliases stand for whenever its node runs.
static rt_status prepare_body(rt_model *model, rti_onnx_graph *body, int32_t node) {
  if (!body) return RT_OK;
  for (int32_t i = 0; i < body->names.count; i++) use(body->parent, body->values[i].alias, node);
  return rti_onnx_prepare(model, body);
}

static rt_status run_constant(rt_model *model, rti_onnx_node *node) {
  rt_status status = rti_onnx_run_node(model, node);
  if (status != RT_OK) return status;
  rti_onnx_value *value = &node->graph->values[node->out[0]];
  rt_tensor *tensor = rt_retain(value->current.tensor);
  rti_datum_release(&value->current);
  status = rti_onnx_set_constant(model, value, tensor);
  return status == RT_OK ? RT_OK : rti_io_fail_in(status, "%s", model->name);
}

rt_status rti_onnx_prepare(rt_model *model, rti_onnx_graph *graph) {
  rt_status status = RT_OK;
  for (int32_t i = 0; i < graph->n_nodes && status == RT_OK; i++) {
    rti_onnx_node *node = &graph->nodes[i];
    for (int32_t k = 0; k < node->n_in; k++) use(graph, node->in[k], i);
    node->is_constant = !node->domain[0] && !strcmp(node->op, "Constant") && !node->function && !node->problem;
    if (node->is_constant && node->out[0] >= 0) status = run_constant(model, node);
    for (int32_t k = 0; k < node->n_attrs && status == RT_OK; k++) status = prepare_body(model, node->attrs[k].graph, i);
    if (status == RT_OK) status = prepare_body(model, node->function, i);
  }
  for (int32_t i = 0; i < graph->n_outputs; i++) use(graph, graph->outputs[i].value, graph->n_nodes);
  return status;
}

// ---- ports -------------------------------------------------------------------------------------------------------------------------------

// Extents that share a symbol must agree. The table of symbols is small: ports have few axes.
typedef struct symbols { const char *name[64]; int64_t extent[64]; int32_t n; } symbols;

static bool agrees(symbols *table, const char *symbol, int64_t extent, int64_t *out_before) {
  for (int32_t i = 0; i < table->n; i++) {
    if (strcmp(table->name[i], symbol) != 0) continue;
    *out_before = table->extent[i];
    return extent == table->extent[i];
  }
  if (table->n < (int32_t)RTI_IO_COUNT(table->name)) {
    table->name[table->n] = symbol;
    table->extent[table->n++] = extent;
  }
  return true;
}

// table: NULL for an item of a sequence, whose extents may differ from item to item.
static rt_status check_tensor(const rt_model *model, const rt_model_port *port, const rt_tensor *tensor, symbols *table) {
  if (!tensor) return rti_io_fail(RT_E_ARGUMENT, "%s: input '%.120s' is NULL", model->name, port->name);
  if (rt_tensor_ctx(tensor) != model->source.ctx) return rti_io_fail(RT_E_STATE, "%s: input '%.120s' belongs to another context", model->name, port->name);
  const rt_dtype dtype = rt_tensor_dtype(tensor);
  if (port->dtype != RT_DTYPE_NONE && port->dtype != dtype)
    return rti_io_fail(RT_E_DTYPE, "%s: input '%.120s' is %s, the model takes %s", model->name, port->name, rt_dtype_name(dtype), rt_dtype_name(port->dtype));
  if (port->rank < 0 || !table) return RT_OK;
  const int32_t rank = rt_tensor_rank(tensor);
  const int64_t *shape = rt_tensor_shape(tensor);
  rti_io_text have, want;
  if (rank != port->rank)
    return rti_io_fail(RT_E_SHAPE, "%s: input '%.120s' has shape %s, the model takes %s", model->name, port->name, rti_io_shape_text(&have, rank, shape),
                       rti_io_shape_text(&want, port->rank, port->shape));
  for (int32_t i = 0; i < rank; i++) {
    int64_t before = 0;
    if (port->shape[i] >= 0 && port->shape[i] != shape[i])
      return rti_io_fail(RT_E_SHAPE, "%s: input '%.120s' has shape %s, the model takes %s", model->name, port->name, rti_io_shape_text(&have, rank, shape),
                         rti_io_shape_text(&want, rank, port->shape));
    if (port->symbol[i] && !agrees(table, port->symbol[i], shape[i], &before))
      return rti_io_fail(RT_E_SHAPE, "%s: input '%.120s' has shape %s, but '%.80s' is %lld in an input before it", model->name, port->name,
                         rti_io_shape_text(&have, rank, shape), port->symbol[i], (long long)before);
  }
  return RT_OK;
}

static rt_status check_input(const rt_model *model, const rt_model_port *port, const rt_model_value *value, symbols *table) {
  if (value->kind == RT_VALUE_NONE && port->is_optional) return RT_OK;
  const rt_value_kind wanted = port->is_sequence ? RT_VALUE_SEQUENCE : RT_VALUE_TENSOR;
  static const char *const names[] = {"nothing", "a tensor", "a sequence"};
  if (value->kind != wanted) {
    const bool is_known = value->kind >= RT_VALUE_NONE && value->kind <= RT_VALUE_SEQUENCE;
    return rti_io_fail(RT_E_ARGUMENT, "%s: input '%.120s' is %s, the model takes %s", model->name, port->name, is_known ? names[value->kind] : "of no known kind", names[wanted]);
  }
  if (wanted == RT_VALUE_TENSOR) return check_tensor(model, port, value->tensor, table);
  if (value->n < 0 || (value->n > 0 && !value->items)) return rti_io_fail(RT_E_ARGUMENT, "%s: input '%.120s': the items are NULL", model->name, port->name);
  for (int64_t i = 0; i < value->n; i++) {
    rt_status status = check_tensor(model, port, value->items[i], NULL);
    if (status != RT_OK) return status;
  }
  return RT_OK;
}

static rt_status set_input(rt_model *model, rti_onnx_datum *out, const rt_model_value *value) {
  static const rti_onnx_kind kinds[] = {[RT_VALUE_NONE] = RTI_NONE, [RT_VALUE_TENSOR] = RTI_TENSOR, [RT_VALUE_SEQUENCE] = RTI_LIST};
  rti_onnx_datum datum = {.kind = kinds[value->kind]};
  if (value->kind == RT_VALUE_TENSOR) datum.tensor = rt_retain(value->tensor);
  if (value->kind == RT_VALUE_SEQUENCE) {
    if (!(datum.list = rti_list_new(value->n))) return rti_onnx_no_memory(model);
    for (int64_t i = 0; i < value->n; i++) datum.list->items[i] = rt_retain(value->items[i]);
  }
  *out = datum;
  return RT_OK;
}

// A clone, because an output may share storage with a weight or an input (views do), and the caller may write to it.
static rt_status give_output(rt_model *model, rti_onnx_datum datum, rt_model_value *out) {
  if (datum.kind == RTI_TENSOR) {
    out->kind = RT_VALUE_TENSOR;
    return rt_clone(datum.tensor, &out->tensor);
  }
  if (datum.kind != RTI_LIST) return RT_OK;
  out->kind = RT_VALUE_SEQUENCE;
  if (datum.list->n > 0 && !(out->items = calloc((size_t)datum.list->n, sizeof *out->items))) return rti_onnx_no_memory(model);
  rt_status status = RT_OK;
  for (; out->n < datum.list->n && status == RT_OK; out->n++) status = rt_clone(datum.list->items[out->n], &out->items[out->n]);
  return status;
}

void rt_model_value_clear(rt_model_value *value) {
  if (!value) return;
  rt_release(value->tensor);
  for (int64_t i = 0; i < value->n; i++) rt_release(value->items[i]);
  free(value->items);
  *value = (rt_model_value){0};
}

// ---- one run -----------------------------------------------------------------------------------------------------------------------------

rti_onnx_value *rti_onnx_value_at(rti_onnx_graph *graph, int32_t number) {
  while (graph->values[number].alias >= 0) {
    number = graph->values[number].alias;
    graph = graph->parent;
  }
  return &graph->values[number];
}

rti_onnx_datum rti_onnx_peek(rti_onnx_graph *graph, int32_t number) {
  const rti_onnx_value *value = rti_onnx_value_at(graph, number);
  return value->constant ? (rti_onnx_datum){.kind = RTI_TENSOR, .tensor = value->constant} : value->current;
}

void rti_onnx_clear(rti_onnx_graph *graph) {
  for (int32_t i = 0; i < graph->names.count; i++) rti_datum_release(&graph->values[i].current);
}

static void note_size(rt_model *model, const rti_onnx_datum *datum) {
  const uint64_t bytes = datum->tensor ? (uint64_t)rt_tensor_numel(datum->tensor) * rt_dtype_bytes(rt_tensor_dtype(datum->tensor)) : 0;
  if (bytes > model->largest_bytes) model->largest_bytes = bytes;
}

rt_status rti_onnx_run_graph(rt_model *model, rti_onnx_graph *graph) {
  for (int32_t i = 0; i < graph->n_nodes; i++) {
    rti_onnx_node *node = &graph->nodes[i];
    if (node->is_constant) continue;
    rt_status status = rti_onnx_step(model, node);
    if (status != RT_OK) return status;
    if (model->has_parts) note_size(model, &graph->values[node->out[0]].current);
    for (int32_t k = 0; k < node->n_in; k++)
      if (node->in[k] >= 0 && graph->values[node->in[k]].last_use == i) rti_datum_release(&graph->values[node->in[k]].current);
    for (int32_t k = 0; k < node->n_out; k++)
      if (node->out[k] >= 0 && graph->values[node->out[k]].last_use < 0) rti_datum_release(&graph->values[node->out[k]].current);
  }
  return RT_OK;
}

rt_status rt_model_run_values(rt_model *model, int32_t n_in, const rt_model_value *in, int32_t n_out, rt_model_value *out) {
  if (out && n_out > 0) memset(out, 0, (size_t)n_out * sizeof *out);
  if (!model) return rti_io_fail(RT_E_ARGUMENT, "model_run: model is NULL");
  rti_onnx_graph *graph = model->graph;
  if (n_in != graph->n_inputs || n_out != graph->n_outputs)
    return rti_io_fail(RT_E_ARGUMENT, "%s: takes %d inputs and gives %d outputs, not %d and %d", model->name, graph->n_inputs, graph->n_outputs, n_in, n_out);
  if ((n_in > 0 && !in) || !out) return rti_io_fail(RT_E_ARGUMENT, "%s: model_run: %s is NULL", model->name, out ? "in" : "out");
  if (model->problem) return rti_io_fail(RT_E_UNSUPPORTED, "%s: %s", model->name, model->problem);
  symbols table = {.n = 0};
  rt_status status = RT_OK;
  for (int32_t i = 0; i < n_in && status == RT_OK; i++) status = check_input(model, &graph->inputs[i].facts, &in[i], &table);
  if (status == RT_OK && rti_onnx_run_parts(model, in, out)) return RT_OK;
  for (int32_t i = 0; i < n_in && status == RT_OK; i++) status = set_input(model, &graph->values[graph->inputs[i].value].current, &in[i]);
  model->loop_left = model->loop_limit;
  if (status == RT_OK) status = rti_onnx_run_graph(model, graph);
  for (int32_t i = 0; i < n_out && status == RT_OK; i++)
    if ((status = give_output(model, rti_onnx_peek(graph, graph->outputs[i].value), &out[i])) != RT_OK)
      rti_io_fail_in(status, "%s: output '%.120s'", model->name, graph->outputs[i].facts.name);
  rti_onnx_clear(graph);
  for (int32_t i = 0; i < n_out && status != RT_OK; i++) rt_model_value_clear(&out[i]);
  return status;
}

rt_status rt_model_run(rt_model *model, int32_t n_in, const rt_tensor *const *in, int32_t n_out, rt_tensor **out) {
  if (out && n_out > 0) memset(out, 0, (size_t)n_out * sizeof *out);
  if (!model) return rti_io_fail(RT_E_ARGUMENT, "model_run: model is NULL");
  const rti_onnx_graph *graph = model->graph;
  if (n_in != graph->n_inputs || n_out != graph->n_outputs)
    return rti_io_fail(RT_E_ARGUMENT, "%s: takes %d inputs and gives %d outputs, not %d and %d", model->name, graph->n_inputs, graph->n_outputs, n_in, n_out);
  if ((n_in > 0 && !in) || !out) return rti_io_fail(RT_E_ARGUMENT, "%s: model_run: %s is NULL", model->name, out ? "in" : "out");
  rt_model_value *values = calloc((size_t)n_in + (size_t)n_out + 1, sizeof *values), *results = values ? values + n_in : NULL;
  if (!values) return rti_onnx_no_memory(model);
  for (int32_t i = 0; i < n_in; i++) values[i] = (rt_model_value){.kind = RT_VALUE_TENSOR, .tensor = rt_retain(in[i])};
  rt_status status = rt_model_run_values(model, n_in, values, n_out, results);
  for (int32_t i = 0; i < n_out && status == RT_OK; i++)
    if (results[i].kind != RT_VALUE_TENSOR)
      status = rti_io_fail(RT_E_ARGUMENT, "%s: output '%.120s' is no tensor; rt_model_run_values gives it", model->name, graph->outputs[i].facts.name);
  for (int32_t i = 0; i < n_out && status == RT_OK; i++) {
    out[i] = results[i].tensor;
    results[i] = (rt_model_value){0};
  }
  for (int32_t i = 0; i < n_in + n_out; i++) rt_model_value_clear(&values[i]);
  free(values);
  return status;
}
