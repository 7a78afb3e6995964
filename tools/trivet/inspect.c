// SPDX-License-Identifier: BSD-3-Clause
// trivet inspect: what is in a file of tensors or an ONNX model, told apart by their first bytes. A model is opened as for running.
#include "trivet.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char help[] =
    "Usage: trivet inspect [--nodes] [--json] FILE\n\n"
    "For a .npy file: dtype, shape and a summary of the values. For .npz, safetensors and GGUF: the tensors with name, dtype, shape and\n"
    "size, and the metadata. For an ONNX model: inputs, outputs, nodes by operation, weights.\n\n"
    "  --nodes  every node of the model in order, instead of one line per operation\n";

// The first bytes of a regular file; EXIT_OK or after the sentence EXIT_FAILED.
static int read_head(const char *path, unsigned char *out, size_t bytes, size_t *out_n) {
  struct stat info;
  if (stat(path, &info) != 0) return fail("%s: %s", path, strerror(errno));
  if (!S_ISREG(info.st_mode)) return fail("%s: not a regular file", path);
  FILE *file = fopen(path, "rbe");
  if (!file) return fail("%s: %s", path, strerror(errno));
  *out_n = fread(out, 1, bytes, file);
  int error = ferror(file) ? errno : 0;
  fclose(file);
  return error ? fail("%s: %s", path, strerror(error)) : EXIT_OK;
}

static int inspect_npy(rt_ctx *ctx, const char *path, bool as_json) {
  rt_tensor *t = NULL;
  summary values;
  rt_status status = rt_npy_read(ctx, path, &t);
  if (status == RT_OK) status = summarize(t, &values);
  if (status != RT_OK) {
    rt_release(t);
    return fail_status(status);
  }
  const char *dtype = rt_dtype_name(rt_tensor_dtype(t));
  uint64_t bytes = (uint64_t)values.numel * rt_dtype_bytes(rt_tensor_dtype(t));
  if (as_json) {
    json j;
    json_start(&j);
    json_open(&j, NULL, '{');
    json_text(&j, "file", path);
    json_text(&j, "format", "npy");
    json_text(&j, "dtype", dtype);
    json_shape(&j, "shape", rt_tensor_rank(t), rt_tensor_shape(t), NULL);
    json_uint(&j, "bytes", bytes);
    summary_json(&j, &values);
    json_close(&j, '{');
    json_end(&j);
  } else {
    char *shape = shape_text(rt_tensor_rank(t), rt_tensor_shape(t), NULL), *size = bytes_text(bytes), *text = summary_text(&values);
    printf("npy, %s %s, %s\n%s\n", dtype, shape, size, text);
    free(shape);
    free(size);
    free(text);
  }
  rt_release(t);
  return EXIT_OK;
}

// ---- onnx ------------------------------------------------------------------------------------------------------------------------------
typedef rt_status (*port_fn)(const rt_model *model, int32_t index, rt_model_port *out_port);

static void add_ports(table *t, const rt_model *model, const char *what, int32_t n, port_fn get) {
  for (int32_t i = 0; i < n; i++) {
    rt_model_port port;
    if (get(model, i, &port) != RT_OK) continue;
    char *shape = shape_text(port.rank, port.shape, port.symbol);
    table_row(t, what, port.name, rt_dtype_name(port.dtype), shape);
    free(shape);
  }
}

static void ports_json(json *j, const rt_model *model, const char *key, int32_t n, port_fn get) {
  json_open(j, key, '[');
  for (int32_t i = 0; i < n; i++) {
    rt_model_port port;
    if (get(model, i, &port) != RT_OK) continue;
    json_open(j, NULL, '{');
    json_text(j, "name", port.name);
    json_text(j, "dtype", rt_dtype_name(port.dtype));
    json_shape(j, "shape", port.rank, port.shape, port.symbol);
    json_close(j, '{');
  }
  json_close(j, '[');
}

static const char *domain_of(const rt_model_node *node) { return node->domain && *node->domain ? node->domain : "ai.onnx"; }

// One line per operation, in the order of first use.
static void print_node_counts(const rt_model *model, int32_t n_nodes) {
  table t;
  table_start(&t, ">nodes|operation|domain");
  for (int32_t i = 0; i < n_nodes; i++) {
    rt_model_node node, other;
    if (rt_model_node_at(model, i, &node) != RT_OK) continue;
    int32_t count = 0;
    bool is_first = true;
    for (int32_t k = 0; k < n_nodes; k++) {
      if (rt_model_node_at(model, k, &other) != RT_OK) continue;
      if (strcmp(other.op, node.op) != 0 || strcmp(domain_of(&other), domain_of(&node)) != 0) continue;
      if (k < i) is_first = false;
      count++;
    }
    if (!is_first) continue;
    char *n = text_format("%d", count);
    table_row(&t, n, node.op, domain_of(&node));
    free(n);
  }
  table_end(&t, 0);
}

static void print_nodes(const rt_model *model, int32_t n_nodes) {
  table t;
  table_start(&t, ">node|operation|name|>inputs|>outputs");
  for (int32_t i = 0; i < n_nodes; i++) {
    rt_model_node node;
    if (rt_model_node_at(model, i, &node) != RT_OK) continue;
    char *index = text_format("%d", i), *n_in = text_format("%d", node.n_inputs), *n_out = text_format("%d", node.n_outputs);
    table_row(&t, index, node.op, node.name, n_in, n_out);
    free(index);
    free(n_in);
    free(n_out);
  }
  table_end(&t, 0);
}

// The values may be long and of any kind (an alphabet, a licence), so only their sizes are shown.
static void print_texts(const rt_model *model) {
  const char *key;
  for (int32_t i = 0; (key = rt_model_metadata_key(model, i)); i++) {
    const char *value = rt_model_metadata(model, key);
    char *size = bytes_text(strlen(value)), *clean = clean_text(key);
    printf("%s%s (%s)", i == 0 ? "\ntexts: " : ", ", clean, size);
    free(size);
    free(clean);
  }
  if (rt_model_metadata_key(model, 0)) printf("\n");
}

static void model_json(const rt_model *model, const rt_model_info *info, const char *path) {
  json j;
  json_start(&j);
  json_open(&j, NULL, '{');
  json_text(&j, "file", path);
  json_text(&j, "format", "onnx");
  json_text(&j, "graph", info->graph);
  json_text(&j, "producer", info->producer);
  json_int(&j, "ir_version", info->ir_version);
  json_int(&j, "opset", info->opset);
  json_int(&j, "weights", info->n_weights);
  json_uint(&j, "weight_bytes", info->weight_bytes);
  ports_json(&j, model, "inputs", rt_model_input_count(model), rt_model_input);
  ports_json(&j, model, "outputs", rt_model_output_count(model), rt_model_output);
  json_open(&j, "texts", '{');
  const char *key;
  for (int32_t i = 0; (key = rt_model_metadata_key(model, i)); i++) json_text(&j, key, rt_model_metadata(model, key));
  json_close(&j, '{');
  json_open(&j, "nodes", '[');
  for (int32_t i = 0; i < info->n_nodes; i++) {
    rt_model_node node;
    if (rt_model_node_at(model, i, &node) != RT_OK) continue;
    json_open(&j, NULL, '{');
    json_text(&j, "op", node.op);
    json_text(&j, "domain", domain_of(&node));
    json_text(&j, "name", node.name);
    json_int(&j, "inputs", node.n_inputs);
    json_int(&j, "outputs", node.n_outputs);
    json_close(&j, '{');
  }
  json_close(&j, '[');
  json_close(&j, '{');
  json_end(&j);
}

static int inspect_model(rt_ctx *ctx, const char *path, const unsigned char *head, size_t n_head, bool nodes, bool as_json) {
  rt_model *model = NULL;
  rt_model_info info;
  rt_status status = rt_model_open(ctx, path, &model);
  if (status == RT_E_FORMAT && (n_head == 0 || head[0] != 0x08)) // writers begin a model with its version: field 1, a number
    return fail("%s: neither a .npy, .npz, safetensors or GGUF file nor an ONNX model", path);
  if (status == RT_OK) status = rt_model_describe(model, &info);
  if (status != RT_OK) {
    rt_model_close(model);
    return fail_status(status);
  }
  if (as_json) {
    model_json(model, &info, path);
  } else {
    char *size = bytes_text(info.weight_bytes), *graph = clean_text(info.graph), *producer = clean_text(info.producer);
    printf("ONNX model%s%s%s%s, IR version %lld, opset %lld\n", *graph ? " " : "", graph, *producer ? " by " : "", producer,
        (long long)info.ir_version, (long long)info.opset);
    printf("%d nodes, %d weights of %s\n\n", info.n_nodes, info.n_weights, size);
    free(size);
    free(graph);
    free(producer);
    table ports;
    table_start(&ports, "port|name|dtype|shape");
    add_ports(&ports, model, "input", rt_model_input_count(model), rt_model_input);
    add_ports(&ports, model, "output", rt_model_output_count(model), rt_model_output);
    table_end(&ports, 0);
    print_texts(model);
    printf("\n");
    (nodes ? print_nodes : print_node_counts)(model, info.n_nodes);
  }
  rt_model_close(model);
  return EXIT_OK;
}

static int run(const command *self, int argc, char **argv, bool as_json) {
  static const struct option longs[] = {
      {"nodes", no_argument, NULL, 'n'}, {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
  bool nodes = false;
  for (int c; (c = getopt_long(argc, argv, "h", longs, NULL)) != -1;) {
    if (c == 'n') nodes = true;
    else if (c == 'j') as_json = true;
    else if (c == 'h') return print_help(self);
    else return usage_error(self, NULL);
  }
  if (argc - optind != 1) return usage_error(self, "inspect takes one file, not %d", argc - optind);
  const char *path = argv[optind];
  unsigned char head[16];
  size_t n_head = 0;
  if (read_head(path, head, sizeof head, &n_head) != EXIT_OK) return EXIT_FAILED;
  rt_ctx *ctx = open_ctx(NULL);
  if (!ctx) return EXIT_FAILED;
  rt_archive_format format = rt_archive_sniff(head, n_head);
  int code = format == RT_ARCHIVE_NONE  ? inspect_model(ctx, path, head, n_head, nodes, as_json)
             : format == RT_ARCHIVE_NPY ? inspect_npy(ctx, path, as_json)
                                        : inspect_archive(ctx, path, as_json);
  rt_ctx_close(ctx);
  return code;
}

const command cmd_inspect = {"inspect", "what is in a file: .npy, .npz, safetensors, GGUF, ONNX", help, run};
