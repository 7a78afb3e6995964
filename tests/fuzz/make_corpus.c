// SPDX-License-Identifier: BSD-3-Clause
// Writes the seeds of the fuzzers: cc -o make_corpus tests/fuzz/make_corpus.c && ./make_corpus tests/fuzz/corpus
// The files are committed; run this again after changing what they should reach. Seeds are small models that parse, one for each part of the
// format, .npy files of each version and order, and archives of each format.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../api/archive_write.h"

static const char *directory;

static void write_seed(const char *folder, const char *name, const void *data, size_t n) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s/%s", directory, folder, name);
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(data, 1, n, file) != n || fclose(file) != 0) {
    fprintf(stderr, "cannot write %s\n", path);
    exit(1);
  }
}

static void write_npy(const char *name, int major, const char *header, const void *data, size_t bytes) {
  proto file = {0};
  const size_t n = strlen(header);
  put_raw(&file, "\x93NUMPY", 6);
  const uint8_t version[2] = {(uint8_t)major, 0}, length[4] = {(uint8_t)n, (uint8_t)(n >> 8), 0, 0};
  put_raw(&file, version, 2);
  put_raw(&file, length, major == 1 ? 2 : 4);
  put_raw(&file, header, n);
  put_raw(&file, data, bytes);
  write_seed("npy", name, file.at, file.n);
  proto_free(&file);
}

static void write_model(const char *name, proto *graph, int64_t opset) {
  proto model = model_of(graph, opset);
  write_seed("onnx", name, model.at, model.n);
  proto_free(&model);
}

// One node over x [2,3] (or as stated) and weights that the caller has put into the graph.
static void write_node(const char *name, proto *graph, proto *node, const char *dims, int64_t opset) {
  put_message(graph, 1, node);
  graph_input(graph, "x", ONNX_F32, dims);
  graph_output(graph, "y", ONNX_F32, NULL);
  write_model(name, graph, opset);
}

static void models(void) {
  proto network = small_network();
  write_seed("onnx", "network", network.at, network.n);
  proto_free(&network);

  proto graph = {0}, node;
  static const float ones[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  static const int64_t four[4] = {1, 1, 2, 2}, pads[4] = {1, 0, 1, 0}, two[2] = {2, 2}, channels[1] = {1};
  proto weight = tensor_raw("w", ONNX_F32, 4, four, ones, 16);
  put_message(&graph, 5, &weight);
  node = node_head("Conv", "x w", "y");
  attr_ints(&node, "pads", 4, pads);
  attr_ints(&node, "strides", 2, two);
  attr_i(&node, "group", 1);
  write_node("conv", &graph, &node, "n 1 4 4", 11);

  node = node_head("MaxPool", "x", "y");
  attr_ints(&node, "kernel_shape", 2, two);
  attr_s(&node, "auto_pad", "SAME_UPPER");
  attr_i(&node, "ceil_mode", 1);
  write_node("pool", &graph, &node, "1 1 5 5", 12);

  for (int i = 0; i < 4; i++) {
    static const char *const names[4] = {"scale", "bias", "mean", "var"};
    proto vector = tensor_raw(names[i], ONNX_F32, 1, channels, ones, 4);
    put_message(&graph, 5, &vector);
  }
  node = node_head("BatchNormalization", "x scale bias mean var", "y");
  attr_f(&node, "epsilon", 1e-3f);
  write_node("batch_norm", &graph, &node, "2 1 3", 9);

  static const int64_t starts[2] = {-1, 0}, ends[2] = {INT64_MIN, 2}, axes[2] = {0, 1}, steps[2] = {-1, 1};
  static const struct { const char *name; const int64_t *values; } lists[4] = {{"starts", starts}, {"ends", ends}, {"axes", axes}, {"steps", steps}};
  for (int i = 0; i < 4; i++) {
    proto list = tensor_i64s(lists[i].name, 2, lists[i].values);
    put_message(&graph, 5, &list);
  }
  node = node_head("Slice", "x starts ends axes steps", "y");
  write_node("slice", &graph, &node, "3 4", 13);

  proto indices = tensor_i64s("i", 2, axes);
  put_message(&graph, 5, &indices);
  node = node_head("Gather", "x i", "y");
  attr_i(&node, "axis", 1);
  write_node("gather", &graph, &node, "2 3", 13);

  node = node_head("Split", "x", "a b");
  put_message(&graph, 1, &node);
  node = node_head("Concat", "b a", "y");
  attr_i(&node, "axis", -1);
  write_node("split_concat", &graph, &node, "4 2", 13);

  node = node_head("Pad", "x", "y");
  attr_ints(&node, "pads", 4, pads);
  attr_s(&node, "mode", "reflect");
  write_node("pad_2", &graph, &node, "3 3", 2);

  node = node_head("Clip", "x - high", "y");
  const float high = 0.5f;
  proto bound = tensor_raw("high", ONNX_F32, 0, NULL, &high, 4);
  put_message(&graph, 5, &bound);
  write_node("clip", &graph, &node, "2", 11);

  node = node_head("Shape", "x", "s");
  put_message(&graph, 1, &node);
  node = node_head("ConstantOfShape", "s", "y");
  write_node("shape", &graph, &node, "a b", 15);

  node = node_head("ReduceSum", "x axes", "y");
  proto list = tensor_i64s("axes", 1, axes);
  put_message(&graph, 5, &list);
  attr_i(&node, "keepdims", 0);
  write_node("reduce", &graph, &node, "2 3", 13);

  node = node_head("Cast", "x", "c");
  attr_i(&node, "to", ONNX_F16);
  put_message(&graph, 1, &node);
  node = node_head("Add", "c c", "d");
  put_message(&graph, 1, &node);
  node = node_head("CastLike", "d x", "y");
  write_node("cast", &graph, &node, "2 3", 15);

  static const int64_t sizes[4] = {1, 1, 5, 3};
  proto wanted = tensor_i64s("sizes", 4, sizes);
  put_message(&graph, 5, &wanted);
  node = node_head("Resize", "x - - sizes", "y");
  attr_s(&node, "mode", "cubic");
  attr_i(&node, "exclude_outside", 1);
  write_node("resize", &graph, &node, "1 1 3 4", 13);

  static const int64_t targets[2] = {1, 0};
  proto target = tensor_i64s("t", 2, targets);
  put_message(&graph, 5, &target);
  node = node_head("SoftmaxCrossEntropyLoss", "x t", "y logs");
  attr_s(&node, "reduction", "mean");
  attr_i(&node, "ignore_index", 0);
  write_node("loss", &graph, &node, "2 3", 13);

  // Every typed field of TensorProto, passed through.
  static const struct { const char *name; int64_t type; uint32_t field; } typed[] = {
      {"i8", ONNX_I8, 5}, {"u16", ONNX_U16, 5}, {"bool", ONNX_BOOL, 5}, {"f16", ONNX_F16, 5}, {"i64", ONNX_I64, 7}, {"u32", ONNX_U32, 11}};
  static const int64_t three[1] = {3};
  for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
    proto tensor = tensor_head(typed[i].name, typed[i].type, 1, three);
    for (int k = 0; k < 3; k++) put_i(&tensor, typed[i].field, k & 1);
    put_message(&graph, 5, &tensor);
    graph_output(&graph, typed[i].name, typed[i].type, "3");
  }
  node = node_head("Identity", "x", "y");
  write_node("typed", &graph, &node, "", 14);
}

static void write_proto(const char *folder, const char *name, proto file) {
  write_seed(folder, name, file.at, file.n);
  proto_free(&file);
}

static void archives(const uint8_t *bytes) {
  write_proto("safetensors", "empty", safetensors_file("{}", NULL, 0));
  write_proto("safetensors", "metadata", safetensors_file("{\"__metadata__\":{\"format\":\"pt\",\"k\":\"\\u00e9\\ud834\\udd1e\\n\"}}  ", NULL, 0));
  write_proto("safetensors", "tensors", safetensors_file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]},\"b\":{\"dtype\":\"BOOL\",\"shape\":[],"
                                                       "\"data_offsets\":[16,17]},\"c\":{\"dtype\":\"F8_E4M3\",\"shape\":[0,3],\"data_offsets\":[17,17]}}", bytes, 17));
  const zip_lie none = {0}, wide = {.wide = true};
  for (int k = 0; k < 3; k++) {
    zip z = {0};
    proto one = npy_file("{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }", bytes, 4), text = {0};
    put_raw(&text, "text", 4);
    if (k == 2) zip_deflate(&z, "a.npy", &one, none);
    else zip_store(&z, "a.npy", &one, k ? wide : none);
    if (k == 0) zip_store(&z, "read.me", &text, none);
    write_proto("npz", k == 0 ? "stored" : k == 1 ? "wide" : "deflated", zip_end(&z, k == 1));
    proto_free(&one), proto_free(&text);
  }
  static const uint64_t extents[4] = {32, 2, 1, 1};
  proto f = gguf_start(3, 2, 3);
  gguf_string(&f, "general.architecture", "llama");
  gguf_number(&f, "general.alignment", G_U32, 8, 4);
  gguf_number(&f, "f", G_F64, 0x3ff8000000000000, 8);
  gguf_tensor(&f, "q4", 2, extents, G_TENSOR_Q4_0, 0);
  gguf_tensor(&f, "q8", 1, extents, G_TENSOR_Q8_0, 40);
  gguf_pad(&f, 8);
  put_raw(&f, bytes, 36);
  gguf_pad(&f, 8);
  put_raw(&f, bytes, 34);
  write_proto("gguf", "quantised", f);
  f = gguf_start(2, 2, 2);
  gguf_list(&f, "words", G_STRING, 2);
  gguf_text(&f, "a");
  gguf_text(&f, "");
  gguf_list(&f, "numbers", G_I16, 3);
  put_raw(&f, bytes, 6);
  gguf_tensor(&f, "new", 4, extents, 99, 0);
  gguf_tensor(&f, "f16", 0, extents, G_TENSOR_F16, 32);
  gguf_pad(&f, 32);
  put_raw(&f, bytes, 34);
  write_proto("gguf", "lists", f);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: make_corpus DIRECTORY\n");
    return 2;
  }
  directory = argv[1];
  static const uint8_t bytes[48] = {0, 0, 128, 63, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  write_npy("v1_f4", 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }          \n", bytes, 24);
  write_npy("v2_big_i2", 2, "{'descr': '>i2', 'fortran_order': False, 'shape': (3,), }\n", bytes, 6);
  write_npy("v3_fortran_f8", 3, "{'shape': (2, 3), 'fortran_order': True, 'descr': '=f8'}\n", bytes, 48);
  write_npy("bool", 1, "{\"descr\": \"|b1\", \"fortran_order\": False, \"shape\": (1,), }\n", bytes + 4, 1);
  write_npy("scalar", 1, "{'descr': '<u8', 'fortran_order': False, 'shape': (), }\n", bytes, 8);
  write_npy("empty", 1, "{'descr': '|i1', 'fortran_order': True, 'shape': (0, 4L), }\n", bytes, 0);
  models();
  archives(bytes);
  return 0;
}
