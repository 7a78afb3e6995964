// SPDX-License-Identifier: BSD-3-Clause
// GraphProto and NodeProto: the model's graph, the bodies of If, Loop and Scan, and the nodes of functions. Every name is checked and copied,
// and resolved to a number when it is read: its own graph first, then the graphs around. Nothing is executed here.
#include <stdlib.h>
#include <string.h>

#include "ops.h"

// Far above any real network, low enough that the arrays below stay small next to the file that would announce more.
#define NODE_LIMIT 200000
#define PORT_LIMIT 10000
#define WEIGHT_LIMIT 500000
#define ATTR_LIMIT 100
#define VALUE_LIMIT (1 << 22)

enum { GRAPH_NODE = 1, GRAPH_NAME = 2, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12, GRAPH_SPARSE = 15 }; // GraphProto
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP = 4, NODE_ATTR = 5, NODE_DOMAIN = 7, NODE_OVERLOAD = 8 };  // NodeProto

rt_status rti_onnx_new_graph(rt_model *model, const rti_onnx_node *owner, const char *where, rti_onnx_graph **out) {
  *out = NULL;
  rti_onnx_graph *parent = owner ? owner->graph : NULL;
  if (parent && parent->depth + 1 >= RTI_ONNX_GRAPH_DEPTH)
    return rti_io_fail(RT_E_UNSUPPORTED, "%s: %sgraphs and functions are nested %d deep", model->name, where, RTI_ONNX_GRAPH_DEPTH);
  rti_onnx_graph *graph = rti_arena_new(&model->arena, 1, sizeof *graph);
  char *own_where = rti_arena_new(&model->arena, strlen(where) + 1, 1);
  if (!graph || !own_where) return rti_onnx_no_memory(model);
  graph->where = strcpy(own_where, where);
  graph->name = "";
  graph->owner = owner;
  graph->parent = parent;
  graph->sees_parent = true;
  if (parent) {
    graph->depth = parent->depth + 1;
    graph->opsets = parent->opsets;
    graph->function = parent->function;
    graph->call = parent->call;
  }
  graph->next = model->graphs;
  model->graphs = graph;
  *out = graph;
  return RT_OK;
}

void rti_onnx_free_graphs(rt_model *model) {
  for (rti_onnx_graph *graph = model->graphs; graph; graph = graph->next) {
    rti_onnx_clear(graph);
    for (int32_t i = 0; i < graph->names.count; i++) rt_release(graph->values[i].constant);
    for (int32_t i = 0; i < graph->n_nodes; i++)
      for (int32_t k = 0; k < graph->nodes[i].n_attrs; k++) rt_release(graph->nodes[i].attrs[k].tensor);
    rti_names_free(&graph->names);
    free(graph->values);
  }
  model->graphs = model->graph = NULL;
}

// ---- values ------------------------------------------------------------------------------------------------------------------------------

static rt_status add_value(rt_model *model, rti_onnx_graph *graph, const char *name, int32_t alias, int32_t *out_value) {
  if (graph->names.count == graph->value_capacity) {
    const int32_t capacity = graph->value_capacity ? graph->value_capacity * 2 : 16;
    if (graph->value_capacity >= VALUE_LIMIT) return rti_onnx_too_many(model, "values", VALUE_LIMIT);
    rti_onnx_value *values = realloc(graph->values, (size_t)capacity * sizeof *values);
    if (!values) return rti_onnx_no_memory(model);
    graph->values = values;
    graph->value_capacity = capacity;
  }
  int32_t number;
  rt_status status = rti_names_add(&graph->names, name, &number);
  if (status != RT_OK) return rti_io_fail_in(status, "%s", model->name);
  graph->values[number] = (rti_onnx_value){.last_use = -1, .alias = alias};
  *out_value = number;
  return RT_OK;
}

rt_status rti_onnx_new_value(rt_model *model, rti_onnx_graph *graph, const char *name, const char *where, int32_t *out_value) {
  if (rti_names_find(&graph->names, name) >= 0) return rti_io_fail(RT_E_FORMAT, "%s: %s: '%.120s' is defined twice", model->name, where, name);
  return add_value(model, graph, name, RTI_NO_ALIAS, out_value);
}

rt_status rti_onnx_find_value(rt_model *model, rti_onnx_graph *graph, const char *name, int32_t *out_value) {
  *out_value = rti_names_find(&graph->names, name);
  if (*out_value >= 0 || !graph->parent || !graph->sees_parent) return RT_OK;
  int32_t outer; // as deep as graphs are nested
  rt_status status = rti_onnx_find_value(model, graph->parent, name, &outer);
  if (status != RT_OK || outer < 0) return status;
  return add_value(model, graph, name, graph->parent->values[outer].alias == RTI_LEFT_OUT ? RTI_LEFT_OUT : outer, out_value);
}

// Small integer weights say how other operations work (shapes, axes, pads): a host copy saves reading them back from a device in each run.
static rt_status keep_ints(rt_model *model, rti_onnx_value *value) {
  enum { SMALL = 256 };
  const rt_dtype dtype = rt_tensor_dtype(value->constant);
  const int64_t n = rt_tensor_numel(value->constant);
  if ((dtype != RT_I64 && dtype != RT_I32) || rt_tensor_rank(value->constant) > 1 || n > SMALL) return RT_OK;
  int64_t *ints = rti_arena_new(&model->arena, (uint64_t)n, sizeof *ints);
  if (!ints) return rti_onnx_no_memory(model);
  if (dtype == RT_I64) {
    rt_status status = rt_read(value->constant, ints, (size_t)n * sizeof *ints);
    if (status != RT_OK) return status;
  } else {
    int32_t narrow[SMALL];
    rt_status status = rt_read(value->constant, narrow, (size_t)n * sizeof *narrow);
    if (status != RT_OK) return status;
    for (int64_t i = 0; i < n; i++) ints[i] = narrow[i];
  }
  value->ints = ints;
  value->n_ints = n;
  return RT_OK;
}

rt_status rti_onnx_set_constant(rt_model *model, rti_onnx_value *value, rt_tensor *tensor) {
  value->constant = tensor;
  return keep_ints(model, value);
}

// ---- weights, inputs, outputs --------------------------------------------------------------------------------------------------------------

static rt_status read_weight(rt_model *model, void *user, const rti_wire *message) {
  rti_onnx_graph *graph = user;
  rti_onnx_tensor facts;
  rt_tensor *tensor = NULL;
  rt_status status = rti_onnx_forgive(model, rti_onnx_read_tensor(&model->source, message, NULL, &facts, &tensor), NULL);
  if (status != RT_OK) return status;
  int32_t value = -1;
  const char *name = facts.name.number ? rti_arena_text(&model->arena, message, &facts.name, "initializer name", &status) : "";
  if (name && !name[0]) status = rti_io_fail(RT_E_FORMAT, "%s: an initializer without a name", model->name);
  if (status == RT_OK) status = rti_onnx_new_value(model, graph, name, "initializer", &value);
  if (status != RT_OK) {
    rt_release(tensor);
    return status;
  }
  model->n_weights++;
  if (!tensor) return RT_OK; // of a kind that cannot be read, in a model that is only looked at
  if (!rti_io_add(model->weight_bytes, facts.bytes, &model->weight_bytes)) model->weight_bytes = UINT64_MAX;
  return rti_onnx_set_constant(model, &graph->values[value], tensor);
}

static rt_status read_input(rt_model *model, void *user, const rti_wire *message) {
  rti_onnx_graph *graph = user;
  rti_onnx_port port = {0};
  rt_status status = rti_onnx_read_port(model, message, "input", &port);
  if (status != RT_OK) return status;
  // Up to IR version 3 every weight is listed as an input too.
  const int32_t known = rti_names_find(&graph->names, port.facts.name);
  if (known >= 0 && graph->values[known].constant) return RT_OK;
  if ((status = rti_onnx_new_value(model, graph, port.facts.name, "input", &port.value)) != RT_OK) return status;
  if (graph->n_inputs == graph->input_capacity) return rti_onnx_too_many(model, "inputs that are no weights", PORT_LIMIT);
  graph->inputs[graph->n_inputs++] = port;
  return RT_OK;
}

static rt_status read_output(rt_model *model, void *user, const rti_wire *message) {
  rti_onnx_graph *graph = user;
  rti_onnx_port port = {0};
  rt_status status = rti_onnx_read_port(model, message, "output", &port);
  if (status != RT_OK) return status;
  for (int32_t i = 0; i < graph->n_outputs && !graph->parent; i++) // a body may give one value twice
    if (!strcmp(graph->outputs[i].facts.name, port.facts.name)) return rti_io_fail(RT_E_FORMAT, "%s: output '%.120s' is listed twice", model->name, port.facts.name);
  if ((status = rti_onnx_find_value(model, graph, port.facts.name, &port.value)) != RT_OK) return status;
  if (port.value < 0) return rti_io_fail(RT_E_FORMAT, "%s: %snothing computes the output '%.120s'", model->name, graph->where, port.facts.name);
  graph->outputs[graph->n_outputs++] = port;
  return RT_OK;
}

// ---- nodes -------------------------------------------------------------------------------------------------------------------------------

typedef struct node_arrays { int32_t *in, *out; } node_arrays;

// Names, counts and arrays of a node; its edges and attributes come in a second walk, when sentences can name it.
static rt_status survey_node(rt_model *model, rti_wire message, rti_onnx_node *node, node_arrays *arrays) {
  rti_wire_field field;
  bool more;
  rt_status status;
  int32_t n_in = 0, n_out = 0, n_attrs = 0;
  node->name = node->op = node->domain = node->overload = "";
  const struct { uint32_t number; const char *what, **text; } texts[] = {
      {NODE_NAME, "node name", &node->name}, {NODE_OP, "operation", &node->op}, {NODE_DOMAIN, "domain", &node->domain}, {NODE_OVERLOAD, "overload", &node->overload}};
  while ((status = rti_wire_next(&message, &field, &more)) == RT_OK && more) {
    for (size_t i = 0; i < RTI_IO_COUNT(texts); i++)
      if (field.number == texts[i].number && !(*texts[i].text = rti_arena_text(&model->arena, &message, &field, texts[i].what, &status))) return status;
    n_in += field.number == NODE_INPUT; // each takes two bytes of a file below 2 GiB: no overflow
    n_out += field.number == NODE_OUTPUT;
    n_attrs += field.number == NODE_ATTR;
  }
  if (status != RT_OK) return status;
  if (!strcmp(node->domain, "ai.onnx")) node->domain = "";
  if (n_attrs > ATTR_LIMIT) return rti_onnx_too_many(model, "attributes at one node", ATTR_LIMIT);
  node->in = arrays->in = rti_arena_new(&model->arena, (uint64_t)n_in, sizeof *arrays->in);
  node->out = arrays->out = rti_arena_new(&model->arena, (uint64_t)n_out, sizeof *arrays->out);
  node->attrs = rti_arena_new(&model->arena, (uint64_t)n_attrs, sizeof *node->attrs);
  return arrays->in && arrays->out && node->attrs ? RT_OK : rti_onnx_no_memory(model);
}

static rt_status read_edge(rt_model *model, rti_onnx_graph *graph, const rti_wire *message, const rti_wire_field *field, const char *where, bool is_input,
                           int32_t *out_value) {
  rt_status status;
  const char *name = rti_arena_text(&model->arena, message, field, "value name", &status);
  *out_value = -1;
  if (!name || !name[0]) return status; // "": this optional input or output is left out
  if (!is_input) return rti_onnx_new_value(model, graph, name, where, out_value);
  if ((status = rti_onnx_find_value(model, graph, name, out_value)) != RT_OK) return status;
  if (*out_value < 0) return rti_io_fail(RT_E_FORMAT, "%s: %s: input '%.120s' is defined by nothing before this node", model->name, where, name);
  if (graph->values[*out_value].alias == RTI_LEFT_OUT) *out_value = -1;
  return RT_OK;
}

static rt_status read_attr(rt_model *model, const rti_wire *message, const char *where, rti_onnx_node *node) {
  rti_onnx_attr *attr = &node->attrs[node->n_attrs++]; // counted at once: closing the model then frees its tensor, also after a failure
  bool found = true;
  rt_status status = rti_onnx_forgive(model, rti_onnx_read_attr(model, node, message, where, attr, &found), &node->problem);
  for (int32_t i = 0; status == RT_OK && found && i < node->n_attrs - 1; i++)
    if (!strcmp(node->attrs[i].name, attr->name)) status = rti_io_fail(RT_E_FORMAT, "%s: %s: attribute '%.80s' is given twice", model->name, where, attr->name);
  if (status == RT_OK && !found) node->n_attrs--;
  return status;
}

static rt_status bind(rt_model *model, rti_onnx_node *node, const char *where) {
  const rti_onnx_function *function = rti_onnx_find_function(model, node);
  rt_status status = function ? rti_onnx_inline(model, function, node, where) : RT_OK;
  if (status != RT_OK) node->function = NULL; // half of a body is none
  if (function) return rti_onnx_forgive(model, status, &node->problem);
  status = rti_onnx_forgive(model, rti_onnx_bind(model, node, where), &node->problem);
  // A body that cannot run makes its node one that cannot run.
  for (int32_t i = 0; i < node->n_attrs; i++)
    if (node->attrs[i].graph && node->attrs[i].graph->n_problems && !node->problem) node->problem = model->problem;
  return status;
}

static rt_status read_node(rt_model *model, void *user, const rti_wire *message) {
  rti_onnx_graph *graph = user;
  rti_onnx_node *node = &graph->nodes[graph->n_nodes];
  *node = (rti_onnx_node){.graph = graph, .index = graph->n_nodes++};
  node_arrays arrays = {0};
  rt_status status = survey_node(model, *message, node, &arrays);
  if (status != RT_OK) return status;
  node->opset = rti_onnx_opset_of(&graph->opsets, node->domain);
  rti_onnx_where where_text;
  const char *where = rti_onnx_where_in_model(&where_text, node);
  if (!node->op[0]) return rti_io_fail(RT_E_FORMAT, "%s: %s: no operation is given", model->name, where);
  rti_wire walk = *message, part;
  rti_wire_field field;
  bool more;
  // Inputs before outputs, whatever their order in the file: neither a node nor its body can read what it computes.
  while ((status = rti_wire_next(&walk, &field, &more)) == RT_OK && more)
    if (field.number == NODE_INPUT && (status = read_edge(model, graph, &walk, &field, where, true, &arrays.in[node->n_in++])) != RT_OK) return status;
  for (walk = *message; (status = rti_wire_next(&walk, &field, &more)) == RT_OK && more;)
    if (field.number == NODE_ATTR && ((status = rti_wire_message(&walk, &field, &part)) != RT_OK || (status = read_attr(model, &part, where, node)) != RT_OK)) return status;
  for (walk = *message; (status = rti_wire_next(&walk, &field, &more)) == RT_OK && more;)
    if (field.number == NODE_OUTPUT && (status = read_edge(model, graph, &walk, &field, where, false, &arrays.out[node->n_out++])) != RT_OK) return status;
  if (status == RT_OK) status = bind(model, node, where);
  graph->n_problems += node->problem != NULL;
  return status;
}

rt_status rti_onnx_read_nodes(rt_model *model, rti_onnx_graph *graph, const rti_wire *message, uint32_t number) {
  rti_wire walk = *message;
  rti_wire_field field;
  bool more;
  rt_status status;
  uint64_t n_nodes = 0;
  while ((status = rti_wire_next(&walk, &field, &more)) == RT_OK && more) n_nodes += field.number == number;
  if (status != RT_OK) return status;
  model->n_all_nodes += (int64_t)n_nodes;
  if (model->n_all_nodes > NODE_LIMIT) return rti_onnx_too_many(model, "nodes", NODE_LIMIT);
  if (!(graph->nodes = rti_arena_new(&model->arena, n_nodes, sizeof *graph->nodes))) return rti_onnx_no_memory(model);
  graph->node_capacity = (int32_t)n_nodes;
  return rti_onnx_each_message(model, *message, number, read_node, graph);
}

// ---- graph -------------------------------------------------------------------------------------------------------------------------------

static rt_status allocate_graph(rt_model *model, rti_onnx_graph *graph, rti_wire message) {
  rti_wire_field field;
  bool more;
  rt_status status;
  uint64_t n_weights = 0, n_inputs = 0, n_outputs = 0;
  while ((status = rti_wire_next(&message, &field, &more)) == RT_OK && more) {
    switch (field.number) {
    case GRAPH_INITIALIZER: n_weights++; break;
    case GRAPH_INPUT: n_inputs++; break;
    case GRAPH_OUTPUT: n_outputs++; break;
    case GRAPH_SPARSE:
      status = rti_onnx_forgive(model, rti_io_fail(RT_E_UNSUPPORTED, "%s: %ssparse initializers are not supported", model->name, graph->where), NULL);
      break;
    case GRAPH_NAME: graph->name = rti_arena_text(&model->arena, &message, &field, "graph name", &status); break;
    default: break;
    }
    if (status != RT_OK) return status;
  }
  if (status != RT_OK) return status;
  if (n_weights > WEIGHT_LIMIT) return rti_onnx_too_many(model, "initializers", WEIGHT_LIMIT);
  if (n_outputs > PORT_LIMIT) return rti_onnx_too_many(model, "outputs", PORT_LIMIT);
  // Old files list their weights among the inputs.
  if (n_inputs > n_weights + PORT_LIMIT) return rti_onnx_too_many(model, "inputs that are no weights", PORT_LIMIT);
  const uint64_t n_real_inputs = n_inputs < PORT_LIMIT ? n_inputs : PORT_LIMIT;
  graph->inputs = rti_arena_new(&model->arena, n_real_inputs, sizeof *graph->inputs);
  graph->outputs = rti_arena_new(&model->arena, n_outputs, sizeof *graph->outputs);
  graph->input_capacity = (int32_t)n_real_inputs;
  return graph->inputs && graph->outputs ? RT_OK : rti_onnx_no_memory(model);
}

rt_status rti_onnx_read_graph(rt_model *model, rti_onnx_graph *graph, const rti_wire *message) {
  rt_status status = allocate_graph(model, graph, *message);
  if (status == RT_OK) status = rti_onnx_each_message(model, *message, GRAPH_INITIALIZER, read_weight, graph);
  if (status == RT_OK) status = rti_onnx_each_message(model, *message, GRAPH_INPUT, read_input, graph);
  if (status == RT_OK) status = rti_onnx_read_nodes(model, graph, message, GRAPH_NODE);
  if (status == RT_OK) status = rti_onnx_each_message(model, *message, GRAPH_OUTPUT, read_output, graph);
  if (status == RT_OK && graph->n_outputs == 0) status = rti_io_fail(RT_E_FORMAT, "%s: %sthe graph has no outputs", model->name, graph->where);
  return status;
}
