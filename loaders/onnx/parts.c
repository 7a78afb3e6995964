// SPDX-License-Identifier: BSD-3-Clause
// Runs a model on a few items of its batch at a time, where every node treats each item alone: what one node writes is then still in the cache when
// the next one reads it. What such a node is, is a table here; a model with any other node, and one that is watched, runs whole.
#include <stdlib.h>
#include <string.h>

#include "ops.h"

#define FIRST_ITEMS 8         // of the first part, which shows how large an item's values become; and the least of a part
#define PART_BYTES (1u << 20) // of the largest value of a part: its neighbours fit beside it in a cache of several MB

// ---- which models ------------------------------------------------------------------------------------------------------------------------

/// Which outputs have the items of the first input along their first axis, when that input has them so:
typedef enum rule {
  RULE_NONE,
  RULE_FIRST,   ///< the other inputs are constants; the rank stays
  RULE_BINARY,  ///< of two inputs with items, or one of a constant that does not reach the first axis
  RULE_FLATTEN,
  RULE_GEMM,
  RULE_SOFTMAX,
} rule;

static const struct { const char *op; int64_t since; rule rule; } rules[] = {
    {"Conv", 1, RULE_FIRST}, {"MaxPool", 1, RULE_FIRST}, {"AveragePool", 1, RULE_FIRST}, {"GlobalAveragePool", 1, RULE_FIRST},
    {"GlobalMaxPool", 1, RULE_FIRST}, {"Relu", 1, RULE_FIRST}, {"Sigmoid", 1, RULE_FIRST}, {"Tanh", 1, RULE_FIRST},
    {"LeakyRelu", 1, RULE_FIRST}, {"Elu", 1, RULE_FIRST}, {"HardSigmoid", 1, RULE_FIRST}, {"HardSwish", 14, RULE_FIRST},
    {"Clip", 1, RULE_FIRST}, {"Add", 7, RULE_BINARY}, {"Sub", 7, RULE_BINARY}, {"Mul", 7, RULE_BINARY},
    {"Flatten", 1, RULE_FLATTEN}, {"Gemm", 7, RULE_GEMM}, {"Softmax", 13, RULE_SOFTMAX}, {"LogSoftmax", 13, RULE_SOFTMAX},
};

static rule rule_of(const rti_onnx_node *node) {
  if (node->problem || node->domain[0] || node->function || node->n_in < 1 || node->in[0] < 0 || node->out[0] < 0) return RULE_NONE;
  for (int32_t k = 1; k < node->n_out; k++) if (node->out[k] >= 0) return RULE_NONE; // places of a maximum count across items
  for (size_t i = 0; i < RTI_IO_COUNT(rules); i++)
    if (!strcmp(rules[i].op, node->op) && node->opset >= rules[i].since) return rules[i].rule;
  return RULE_NONE;
}

static int64_t attr_of(const rti_onnx_node *node, const char *name, int64_t fallback) {
  for (int32_t i = 0; i < node->n_attrs; i++) if (!strcmp(node->attrs[i].name, name)) return node->attrs[i].i;
  return fallback;
}

/// Does this constant, or nothing, leave the first of `rank` axes as it is?
static bool is_still(const rti_onnx_graph *graph, const rti_onnx_node *node, int32_t input, int32_t rank) {
  if (input >= node->n_in || node->in[input] < 0) return true;
  const rt_tensor *constant = graph->values[node->in[input]].constant;
  return constant && (rt_tensor_rank(constant) < rank || (rt_tensor_rank(constant) == rank && rt_tensor_shape(constant)[0] == 1));
}

/// The rank of the node's output, whose first axis are the items; 0: they may not be.
static int32_t rank_after(const rti_onnx_graph *graph, const rti_onnx_node *node, const int32_t *ranks) {
  const rule rule = rule_of(node);
  const int32_t rank = rule == RULE_NONE ? 0 : ranks[node->in[0]];
  const int32_t other = rule == RULE_BINARY && node->n_in == 2 && node->in[1] >= 0 ? ranks[node->in[1]] : 0;
  if (rule == RULE_BINARY && rank == 0) return other > 0 && is_still(graph, node, 0, other) ? other : 0;
  if (rank == 0) return 0;
  switch (rule) {
    case RULE_BINARY: return other == rank || (other == 0 && is_still(graph, node, 1, rank)) ? rank : 0;
    case RULE_FLATTEN: return rank >= 2 && attr_of(node, "axis", 1) == 1 ? 2 : 0;
    case RULE_GEMM: return rank == 2 && !attr_of(node, "transA", 0) && graph->values[node->in[1]].constant && is_still(graph, node, 2, 2) ? 2 : 0;
    case RULE_SOFTMAX: {
      const int64_t axis = attr_of(node, "axis", -1);
      return axis != 0 && axis != -rank ? rank : 0;
    }
    case RULE_FIRST:
      for (int32_t k = 1; k < node->n_in; k++) if (node->in[k] >= 0 && !graph->values[node->in[k]].constant) return 0;
      return rank;
    default: return 0;
  }
}

rt_status rti_onnx_find_parts(rt_model *model) {
  const rti_onnx_graph *graph = model->graph;
  model->has_parts = false;
  if (graph->n_inputs < 1 || graph->n_outputs < 1 || graph->names.count < 1) return RT_OK;
  int32_t *ranks = calloc((size_t)graph->names.count, sizeof *ranks); // of values whose first axis are the items; 0: of others
  if (!ranks) return rti_onnx_no_memory(model);
  bool fits = true;
  for (int32_t i = 0; i < graph->n_inputs; i++) {
    const rti_onnx_port *port = &graph->inputs[i];
    fits &= port->facts.rank >= 1 && !port->facts.is_sequence && !port->facts.is_optional && !graph->values[port->value].constant;
    ranks[port->value] = port->facts.rank;
  }
  for (int32_t i = 0; i < graph->n_nodes && fits; i++) {
    const rti_onnx_node *node = &graph->nodes[i];
    if (node->is_constant) continue;
    const int32_t rank = rank_after(graph, node, ranks);
    fits = rank > 0;
    if (fits) ranks[node->out[0]] = rank;
  }
  for (int32_t i = 0; i < graph->n_outputs && fits; i++) fits = ranks[graph->outputs[i].value] > 0;
  free(ranks);
  model->has_parts = fits;
  return RT_OK;
}

// ---- a run -------------------------------------------------------------------------------------------------------------------------------

/// Items [begin, begin + n) from the inputs to the outputs, which are made with room for all `items` by the first part.
static rt_status run_part(rt_model *model, const rt_model_value *in, rt_model_value *out, int64_t begin, int64_t n, int64_t items) {
  rti_onnx_graph *graph = model->graph;
  rt_status status = RT_OK;
  for (int32_t i = 0; i < graph->n_inputs && status == RT_OK; i++) {
    rti_onnx_datum *datum = &graph->values[graph->inputs[i].value].current;
    *datum = (rti_onnx_datum){.kind = RTI_TENSOR};
    status = rt_slice(in[i].tensor, 0, begin, begin + n, 1, &datum->tensor);
  }
  if (status == RT_OK) status = rti_onnx_run_graph(model, graph);
  for (int32_t i = 0; i < graph->n_outputs && status == RT_OK; i++) {
    const rt_tensor *some = rti_onnx_peek(graph, graph->outputs[i].value).tensor;
    const int32_t rank = rt_tensor_rank(some);
    int64_t shape[RT_MAX_RANK] = {0};
    if (rank < 1 || rt_tensor_shape(some)[0] != n) status = rti_io_fail(RT_E_SHAPE, "%s: a part has other items than its input", model->name);
    for (int32_t d = 0; d < rank; d++) shape[d] = d == 0 ? items : rt_tensor_shape(some)[d];
    if (status == RT_OK && begin == 0)
      status = rt_empty_on(model->source.ctx, rt_tensor_device(some), rt_tensor_dtype(some), rank, shape, &out[i].tensor), out[i].kind = RT_VALUE_TENSOR;
    rt_tensor *place = NULL;
    if (status == RT_OK) status = rt_slice(out[i].tensor, 0, begin, begin + n, 1, &place);
    if (status == RT_OK) status = rt_copy_into(some, place);
    rt_release(place);
  }
  rti_onnx_clear(graph);
  return status;
}

/// Items of each part after the first one: `left` in parts of nearly equal size.
static int64_t later_items(const rt_model *model, int64_t left) {
  const int64_t fit = (int64_t)(PART_BYTES / (model->largest_bytes / FIRST_ITEMS + 1)), n = fit < FIRST_ITEMS ? FIRST_ITEMS : fit, n_parts = (left + n - 1) / n;
  return (left + n_parts - 1) / n_parts;
}

bool rti_onnx_run_parts(rt_model *model, const rt_model_value *in, rt_model_value *out) {
  const rti_onnx_graph *graph = model->graph;
  if (!model->has_parts || model->watch) return false;
  const int64_t items = rt_tensor_shape(in[0].tensor)[0];
  for (int32_t i = 0; i < graph->n_inputs; i++) // a device with memory of its own is fed best with everything at once
    if (rt_tensor_shape(in[i].tensor)[0] != items || rt_tensor_device(in[i].tensor) != RT_HOST) return false;
  if (items < 2 * FIRST_ITEMS) return false;
  rt_status status = RT_OK;
  model->largest_bytes = 0;
  for (int64_t begin = 0, n = FIRST_ITEMS; begin < items && status == RT_OK; begin += n) {
    if (begin == FIRST_ITEMS) n = later_items(model, items - begin);
    if (n > items - begin) n = items - begin;
    status = run_part(model, in, out, begin, n, items);
  }
  for (int32_t i = 0; i < graph->n_outputs && status != RT_OK; i++) rt_model_value_clear(&out[i]);
  return status == RT_OK;
}
