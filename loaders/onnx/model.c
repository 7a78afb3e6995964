// SPDX-License-Identifier: BSD-3-Clause
// From the bytes of an .onnx file to a model that can run: ModelProto. Weights are copied once, into tensors on the default device; every name
// is checked and copied; nothing points into the file afterwards.
#include <stdlib.h>
#include <string.h>

#include "model.h"

#define FUNCTION_LIMIT 10000
#define LOOP_LIMIT 1000000                   // rounds of loops in one run, unless the caller sets another
#define INLINE_FACTOR 16                     // how many times its own size the calls of functions may add to a model ...
#define INLINE_BYTES (1u << 20)              // ... besides this
#define METADATA_LIMIT 10000
#define FILE_LIMIT ((uint64_t)INT32_MAX)     // protobuf's own

enum { IR_VERSION = 1, PRODUCER = 2, GRAPH = 7, OPSET_IMPORT = 8, METADATA = 14, FUNCTIONS = 25 }; // ModelProto

rt_status rti_onnx_no_memory(const rt_model *model) { return rti_io_fail(RT_E_NO_MEMORY, "%s: no memory for the model", model->name); }

rt_status rti_onnx_too_many(const rt_model *model, const char *what, int64_t limit) {
  return rti_io_fail(RT_E_FORMAT, "%s: more than %lld %s", model->name, (long long)limit, what);
}

rt_status rti_onnx_forgive(rt_model *model, rt_status status, const char **out_problem) {
  if (status != RT_E_UNSUPPORTED || !model->to_look) return status;
  const char *sentence = rt_last_error(), *own = model->name;
  const size_t n = strlen(own);
  if (!strncmp(sentence, own, n) && sentence[n] == ':' && sentence[n + 1] == ' ') sentence += n + 2; // the reader knows the file
  char *copy = rti_arena_new(&model->arena, strlen(sentence) + 1, 1);
  if (!copy) return rti_onnx_no_memory(model);
  strcpy(copy, sentence);
  if (!model->problem) model->problem = copy;
  if (out_problem && !*out_problem) *out_problem = copy;
  return RT_OK;
}

rt_status rti_onnx_each_message(rt_model *model, rti_wire parent, uint32_t number, rti_onnx_reader read, void *user) {
  rti_wire part;
  rti_wire_field field;
  bool more;
  rt_status status;
  while ((status = rti_wire_next(&parent, &field, &more)) == RT_OK && more)
    if (field.number == number && ((status = rti_wire_message(&parent, &field, &part)) != RT_OK || (status = read(model, user, &part)) != RT_OK)) return status;
  return status;
}

rt_status rti_onnx_read_opset(rt_model *model, void *user, const rti_wire *message) {
  enum { DOMAIN = 1, VERSION = 2 };
  rti_onnx_opsets *opsets = user;
  rti_wire walk = *message;
  rti_wire_field field;
  bool more;
  rt_status status;
  rti_onnx_opset opset = {"", 0};
  if (opsets->n == RTI_ONNX_OPSET_LIMIT) return rti_onnx_too_many(model, "opset imports", RTI_ONNX_OPSET_LIMIT);
  while ((status = rti_wire_next(&walk, &field, &more)) == RT_OK && more) {
    if (field.number == DOMAIN && !(opset.domain = rti_arena_text(&model->arena, &walk, &field, "domain", &status))) return status;
    if (field.number == VERSION && (status = rti_wire_i64(&walk, &field, &opset.version)) != RT_OK) return status;
  }
  if (status != RT_OK) return status;
  if (!strcmp(opset.domain, "ai.onnx")) opset.domain = "";
  if (opset.version < 1) return rti_io_fail(RT_E_FORMAT, "%s: opset %lld of domain '%.80s' is not valid", model->name, (long long)opset.version, opset.domain);
  for (int32_t i = 0; i < opsets->n; i++)
    if (!strcmp(opsets->at[i].domain, opset.domain)) return rti_io_fail(RT_E_FORMAT, "%s: two opsets for domain '%.80s'", model->name, opset.domain);
  if (!opset.domain[0] && opset.version > RTI_ONNX_OPSET_MAX)
    status = rti_io_fail(RT_E_UNSUPPORTED, "%s: opset %lld is newer than %d, the newest that this version knows", model->name, (long long)opset.version, RTI_ONNX_OPSET_MAX);
  opsets->at[opsets->n++] = opset;
  return rti_onnx_forgive(model, status, NULL);
}

// What must be known before the first node is read: opsets and functions.
static rt_status read_imports(rt_model *model, const rti_wire *file, uint64_t n_functions) {
  if (n_functions > FUNCTION_LIMIT) return rti_onnx_too_many(model, "functions", FUNCTION_LIMIT);
  model->opsets.at = rti_arena_new(&model->arena, RTI_ONNX_OPSET_LIMIT, sizeof *model->opsets.at);
  model->functions = rti_arena_new(&model->arena, n_functions, sizeof *model->functions);
  if (!model->opsets.at || !model->functions) return rti_onnx_no_memory(model);
  rt_status status = rti_onnx_each_message(model, *file, OPSET_IMPORT, rti_onnx_read_opset, &model->opsets);
  if (status != RT_OK) return status;
  if (model->opsets.n == 0) { // IR versions 1 and 2 know only this one
    if (model->ir_version >= 3) return rti_io_fail(RT_E_FORMAT, "%s: states no opset", model->name);
    model->opsets.at[model->opsets.n++] = (rti_onnx_opset){"", 1};
  }
  return rti_onnx_each_message(model, *file, FUNCTIONS, rti_onnx_read_function, NULL);
}

static rt_status read_model(rt_model *model, const rti_wire *file) {
  rti_wire walk = *file, graph = {0};
  rti_wire_field field;
  bool more;
  rt_status status;
  uint64_t n_functions = 0, n_metadata = 0;
  while ((status = rti_wire_next(&walk, &field, &more)) == RT_OK && more) {
    if (field.number == IR_VERSION) status = rti_wire_i64(&walk, &field, &model->ir_version);
    else if (field.number == PRODUCER) model->producer = rti_arena_text(&model->arena, &walk, &field, "producer name", &status);
    else if (field.number == GRAPH && graph.at) status = rti_io_fail(RT_E_FORMAT, "%s: two graphs", model->name);
    else if (field.number == GRAPH) status = rti_wire_message(&walk, &field, &graph);
    n_functions += field.number == FUNCTIONS;
    n_metadata += field.number == METADATA;
    if (status != RT_OK) return status;
  }
  if (status != RT_OK) return status;
  if (!graph.at) return rti_io_fail(RT_E_FORMAT, "%s: not an ONNX model (there is no graph in it)", model->name);
  if (model->ir_version < 1) return rti_io_fail(RT_E_FORMAT, "%s: not an ONNX model (IR version %lld)", model->name, (long long)model->ir_version);
  if (n_metadata > METADATA_LIMIT) return rti_onnx_too_many(model, "metadata texts", METADATA_LIMIT);
  if (!(model->metadata = rti_arena_new(&model->arena, n_metadata, sizeof *model->metadata))) return rti_onnx_no_memory(model);
  if ((status = rti_onnx_each_message(model, *file, METADATA, rti_onnx_read_metadata, NULL)) != RT_OK) return status;
  if ((status = read_imports(model, file, n_functions)) != RT_OK) return status;
  if ((status = rti_onnx_new_graph(model, NULL, "", &model->graph)) != RT_OK) return status;
  model->graph->opsets = model->opsets;
  return rti_onnx_read_graph(model, model->graph, &graph);
}

// A malformed model and a file that never was one need different words. Writers begin a model with its version: field 1, a number.
static rt_status say_what_it_is(const char *name, const void *data, size_t bytes) {
  const rt_archive_format format = rt_archive_sniff(data, bytes);
  if (format != RT_ARCHIVE_NONE) return rti_io_fail(RT_E_FORMAT, "%s: not an ONNX model but a %s file", name, rt_archive_format_name(format));
  if (bytes > 0 && *(const uint8_t *)data != 0x08) return rti_io_fail_in(RT_E_FORMAT, "%s: not an ONNX model", name);
  return RT_E_FORMAT;
}

// Puts all nodes in a row: those of a body follow the node that it belongs to.
static void list_nodes(rt_model *model, rti_onnx_graph *graph, int64_t *n) {
  for (int32_t i = 0; i < graph->n_nodes; i++) {
    rti_onnx_node *node = &graph->nodes[i];
    node->number = (int32_t)*n;
    model->listing[(*n)++] = node;
    for (int32_t k = 0; k < node->n_attrs; k++)
      if (node->attrs[k].graph) list_nodes(model, node->attrs[k].graph, n);
    if (node->function) list_nodes(model, node->function, n);
  }
}

static rt_status finish(rt_model *model) {
  int64_t n = 0;
  if (!(model->listing = rti_arena_new(&model->arena, (uint64_t)model->n_all_nodes, sizeof *model->listing))) return rti_onnx_no_memory(model);
  list_nodes(model, model->graph, &n);
  model->n_all_nodes = n;
  const rt_status status = rti_onnx_prepare(model, model->graph);
  return status == RT_OK ? rti_onnx_find_parts(model) : status;
}

typedef struct request { rti_onnx_source source; const char *name; bool to_look; } request; // `name` is printable

static rt_status parse(const request *r, const void *data, size_t bytes, rt_model **out_model) {
  if (bytes > FILE_LIMIT) return rti_io_fail(RT_E_FORMAT, "%s: %zu bytes are more than a model may have", r->name, bytes);
  rt_model *model = calloc(1, sizeof *model);
  char *own_name = model ? rti_arena_new(&model->arena, strlen(r->name) + 1, 1) : NULL;
  if (!own_name) {
    free(model);
    return rti_io_fail(RT_E_NO_MEMORY, "%s: no memory for the model", r->name);
  }
  model->source = r->source;
  model->to_look = r->to_look;
  model->name = strcpy(own_name, r->name);
  model->producer = "";
  model->loop_limit = LOOP_LIMIT;
  model->inline_bytes = INLINE_FACTOR * (uint64_t)bytes + INLINE_BYTES;
  const rti_wire file = rti_wire_open(model->name, data, bytes);
  rt_status status = read_model(model, &file);
  if (status == RT_OK) status = finish(model);
  model->source.folder = NULL; // the caller's
  if (status != RT_OK) {
    rt_model_close(model);
    return status == RT_E_FORMAT ? say_what_it_is(r->name, data, bytes) : status;
  }
  *out_model = model;
  return RT_OK;
}

rt_status rt_model_parse(rt_ctx *ctx, const char *name, const void *data, size_t bytes, rt_model **out_model) {
  if (!out_model) return rti_io_fail(RT_E_ARGUMENT, "model_parse: out_model is NULL");
  *out_model = NULL;
  if (!ctx || !name || (!data && bytes)) return rti_io_fail(RT_E_ARGUMENT, "model_parse: %s is NULL", !ctx ? "ctx" : !name ? "name" : "data");
  rti_io_text printable;
  const request r = {.source = {.ctx = ctx}, .name = rti_io_quote(&printable, name, strlen(name))};
  return parse(&r, data, bytes, out_model);
}

// The folder of a file: "." when its path has none. NULL without memory.
static char *folder_of(const char *path) {
  const char *slash = strrchr(path, '/');
  const size_t n = !slash ? 1 : slash == path ? 1 : (size_t)(slash - path);
  char *folder = malloc(n + 1);
  if (!folder) return NULL;
  memcpy(folder, slash ? path : ".", n);
  folder[n] = '\0';
  return folder;
}

static rt_status open_file(rt_ctx *ctx, const char *path, bool to_look, const char *function, rt_model **out_model) {
  if (!out_model) return rti_io_fail(RT_E_ARGUMENT, "%s: out_model is NULL", function);
  *out_model = NULL;
  if (!ctx || !path) return rti_io_fail(RT_E_ARGUMENT, "%s: %s is NULL", function, ctx ? "path" : "ctx");
  rti_io_file file;
  rt_status status = rti_io_read_file(path, FILE_LIMIT, &file);
  if (status != RT_OK) return status;
  rti_io_text printable;
  char *folder = folder_of(path);
  const request r = {.source = {.ctx = ctx, .folder = folder}, .name = rti_io_quote(&printable, path, strlen(path)), .to_look = to_look};
  status = folder ? parse(&r, file.at, file.bytes, out_model) : rti_io_fail(RT_E_NO_MEMORY, "%s: no memory for a file name", r.name);
  free(folder);
  rti_io_file_free(&file);
  return status;
}

rt_status rt_model_open(rt_ctx *ctx, const char *path, rt_model **out_model) { return open_file(ctx, path, false, "model_open", out_model); }
rt_status rt_model_examine(rt_ctx *ctx, const char *path, rt_model **out_model) { return open_file(ctx, path, true, "model_examine", out_model); }

void rt_model_close(rt_model *model) {
  if (!model) return;
  rti_onnx_free_graphs(model);
  rti_arena_free(&model->arena);
  free(model);
}

// ---- facts -------------------------------------------------------------------------------------------------------------------------------

int32_t rt_model_input_count(const rt_model *model) { return model ? model->graph->n_inputs : 0; }
int32_t rt_model_output_count(const rt_model *model) { return model ? model->graph->n_outputs : 0; }

static rt_status get_port(const rt_model *model, const char *what, const rti_onnx_port *ports, int32_t n, int32_t index, rt_model_port *out) {
  if (index < 0 || index >= n) return rti_io_fail(RT_E_ARGUMENT, "%s: %s %d of %d does not exist", model->name, what, index, n);
  *out = ports[index].facts;
  return RT_OK;
}

rt_status rt_model_input(const rt_model *model, int32_t index, rt_model_port *out_port) {
  if (!model || !out_port) return rti_io_fail(RT_E_ARGUMENT, "model_input: %s is NULL", model ? "out_port" : "model");
  *out_port = (rt_model_port){0};
  return get_port(model, "input", model->graph->inputs, model->graph->n_inputs, index, out_port);
}

rt_status rt_model_output(const rt_model *model, int32_t index, rt_model_port *out_port) {
  if (!model || !out_port) return rti_io_fail(RT_E_ARGUMENT, "model_output: %s is NULL", model ? "out_port" : "model");
  *out_port = (rt_model_port){0};
  return get_port(model, "output", model->graph->outputs, model->graph->n_outputs, index, out_port);
}

rt_status rt_model_describe(const rt_model *model, rt_model_info *out_info) {
  if (!model || !out_info) return rti_io_fail(RT_E_ARGUMENT, "model_describe: %s is NULL", model ? "out_info" : "model");
  *out_info = (rt_model_info){model->producer, model->graph->name, model->ir_version, rti_onnx_opset_of(&model->opsets, ""), (int32_t)model->n_all_nodes,
                              model->n_weights, model->weight_bytes, model->problem};
  return RT_OK;
}

rt_status rt_model_node_at(const rt_model *model, int32_t index, rt_model_node *out_node) {
  if (!model || !out_node) return rti_io_fail(RT_E_ARGUMENT, "model_node_at: %s is NULL", model ? "out_node" : "model");
  *out_node = (rt_model_node){0};
  if (index < 0 || index >= model->n_all_nodes) return rti_io_fail(RT_E_ARGUMENT, "%s: node %d of %lld does not exist", model->name, index, (long long)model->n_all_nodes);
  const rti_onnx_node *node = model->listing[index];
  *out_node = (rt_model_node){node->name, node->op, node->domain, node->problem, node->n_in, node->n_out, node->graph->depth};
  return RT_OK;
}

rt_status rt_model_limit_loops(rt_model *model, int64_t n_rounds) {
  if (!model) return rti_io_fail(RT_E_ARGUMENT, "model_limit_loops: model is NULL");
  if (n_rounds < 0) return rti_io_fail(RT_E_ARGUMENT, "model_limit_loops: %lld rounds", (long long)n_rounds);
  model->loop_limit = n_rounds;
  return RT_OK;
}
