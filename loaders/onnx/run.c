// SPDX-License-Identifier: BSD-3-Clause
// Runs a model: checks what it is given against its ports, runs the nodes in the order of the file, releases each value after its last use.
#include <string.h>

#include "model.h"

rt_status rti_onnx_prepare(rt_model *model) {
  for (int32_t i = 0; i < model->n_nodes; i++)
    for (int32_t k = 0; k < model->nodes[i].n_in; k++)
      if (model->nodes[i].in[k] >= 0) model->values[model->nodes[i].in[k]].last_use = i;
  for (int32_t i = 0; i < model->n_outputs; i++) model->values[model->outputs[i].value].last_use = model->n_nodes;
  for (int32_t i = 0; i < model->n_nodes; i++) {
    rti_onnx_node *node = &model->nodes[i];
    node->is_constant = !node->domain[0] && !strcmp(node->op, "Constant");
    if (!node->is_constant || node->out[0] < 0) continue;
    rt_status status = rti_onnx_run_node(model, i);
    if (status != RT_OK) return status;
    rti_onnx_value *value = &model->values[node->out[0]];
    rt_tensor *tensor = value->current;
    value->current = NULL;
    if ((status = rti_onnx_set_constant(model, node->out[0], tensor)) != RT_OK) return rti_io_fail_in(status, "%s", model->name);
  }
  return RT_OK;
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

static rt_status check_input(const rt_model *model, int32_t index, const rt_tensor *tensor, symbols *table) {
  const rt_model_port *port = &model->inputs[index].facts;
  if (!tensor) return rti_io_fail(RT_E_ARGUMENT, "%s: input '%.120s' is NULL", model->name, port->name);
  if (rt_tensor_ctx(tensor) != model->ctx) return rti_io_fail(RT_E_STATE, "%s: input '%.120s' belongs to another context", model->name, port->name);
  const rt_dtype dtype = rt_tensor_dtype(tensor);
  if (port->dtype != RT_DTYPE_NONE && port->dtype != dtype)
    return rti_io_fail(RT_E_DTYPE, "%s: input '%.120s' is %s, the model takes %s", model->name, port->name, rt_dtype_name(dtype), rt_dtype_name(port->dtype));
  if (port->rank < 0) return RT_OK;
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

// ---- one run -----------------------------------------------------------------------------------------------------------------------------

static void drop(rti_onnx_value *value) {
  rt_release(value->current);
  value->current = NULL;
}

static rt_status run_nodes(rt_model *model) {
  for (int32_t i = 0; i < model->n_nodes; i++) {
    const rti_onnx_node *node = &model->nodes[i];
    if (node->is_constant) continue;
    rt_status status = rti_onnx_step(model, i);
    if (status != RT_OK) return status;
    for (int32_t k = 0; k < node->n_in; k++)
      if (node->in[k] >= 0 && model->values[node->in[k]].last_use == i) drop(&model->values[node->in[k]]);
    for (int32_t k = 0; k < node->n_out; k++)
      if (node->out[k] >= 0 && model->values[node->out[k]].last_use < 0) drop(&model->values[node->out[k]]);
  }
  return RT_OK;
}

rt_status rt_model_run(rt_model *model, int32_t n_in, const rt_tensor *const *in, int32_t n_out, rt_tensor **out) {
  if (out && n_out > 0) memset(out, 0, (size_t)n_out * sizeof *out);
  if (!model) return rti_io_fail(RT_E_ARGUMENT, "model_run: model is NULL");
  if (n_in != model->n_inputs || n_out != model->n_outputs)
    return rti_io_fail(RT_E_ARGUMENT, "%s: takes %d inputs and gives %d outputs, not %d and %d", model->name, model->n_inputs, model->n_outputs, n_in, n_out);
  if ((n_in > 0 && !in) || !out) return rti_io_fail(RT_E_ARGUMENT, "%s: model_run: %s is NULL", model->name, out ? "in" : "out");
  symbols table = {.n = 0};
  for (int32_t i = 0; i < n_in; i++) {
    rt_status status = check_input(model, i, in[i], &table);
    if (status != RT_OK) return status;
  }
  for (int32_t i = 0; i < n_in; i++) model->values[model->inputs[i].value].current = rt_retain(in[i]);
  rt_status status = run_nodes(model);
  for (int32_t i = 0; i < n_out && status == RT_OK; i++) {
    // A clone, because an output may share storage with a weight or an input (views do), and the caller may write to it.
    const rti_onnx_value *value = &model->values[model->outputs[i].value];
    status = rt_clone(value->current ? value->current : value->constant, &out[i]);
    if (status != RT_OK) rti_io_fail_in(status, "%s: output '%.120s'", model->name, model->outputs[i].facts.name);
  }
  for (int32_t i = 0; i < model->names.count; i++) drop(&model->values[i]);
  if (status != RT_OK) {
    for (int32_t i = 0; i < n_out; i++) {
      rt_release(out[i]);
      out[i] = NULL;
    }
  }
  return status;
}
