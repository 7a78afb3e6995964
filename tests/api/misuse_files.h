// SPDX-License-Identifier: BSD-3-Clause
// Misuse rows of dlpack.h and io.h: foreign structs, .npy files, archives and ONNX models. Malformed files have tests and fuzz targets of their own;
// here stand the arguments of each function.
#ifndef TRIVET_TEST_MISUSE_FILES_H
#define TRIVET_TEST_MISUSE_FILES_H

#include "misuse_world.h"

// ---- DLPack -----------------------------------------------------------------------------------------------------------------------------

static int n_deleted;
static void delete_managed(rt_dl_managed_versioned *self) {
  (void)self;
  n_deleted++;
}

static int64_t dl_shape[16] = {2, 3}, dl_strides[16] = {3, 1};
static float dl_data[8];
/// A struct that is right but for one field.
static rt_dl_managed_versioned *dl_version(uint32_t major, rt_dl_tensor tensor) {
  static rt_dl_managed_versioned managed;
  managed = (rt_dl_managed_versioned){.version = {major, 0}, .deleter = delete_managed, .dl_tensor = tensor};
  return &managed;
}
static rt_dl_managed *dl_legacy(rt_dl_tensor tensor) {
  static rt_dl_managed managed;
  managed = (rt_dl_managed){.dl_tensor = tensor};
  return &managed;
}
#define DL_RIGHT .data = dl_data, .device = {1, 0}, .ndim = 2, .dtype = {2, 32, 1}, .shape = dl_shape, .strides = dl_strides
#define DL_ROW(status, words, ...)                                                                                         \
  MISUSE(status, words, rt_from_dlpack(w->ctx, dl_version(1, (rt_dl_tensor)__VA_ARGS__), OUT));                            \
  MISUSE(status, words, rt_from_dlpack_legacy(w->ctx, dl_legacy((rt_dl_tensor)__VA_ARGS__), OUT))

static void exchange(void **state) {
  world *w = *state;
  rt_dl_managed_versioned *versioned = dl_version(1, (rt_dl_tensor){DL_RIGHT});
  rt_dl_managed *legacy = dl_legacy((rt_dl_tensor){DL_RIGHT});
  MISUSE(ARGUMENT, "to_dlpack: out is NULL", rt_to_dlpack(w->f.x, NULL));
  MISUSE(ARGUMENT, "to_dlpack: ", rt_to_dlpack(NULL, &versioned));
  ANSWER(NULL, versioned);
  MISUSE(ARGUMENT, "to_dlpack: out is NULL", rt_to_dlpack_legacy(w->f.x, NULL));
  MISUSE(ARGUMENT, "to_dlpack: ", rt_to_dlpack_legacy(NULL, &legacy));
  ANSWER(NULL, legacy);
  MISUSE(UNSUPPORTED, "to_dlpack: the memory is read-only", rt_to_dlpack_legacy(w->f.fixed, &legacy));
  MISUSE(ARGUMENT, "from_dlpack: ctx is NULL", rt_from_dlpack(NULL, dl_version(1, (rt_dl_tensor){DL_RIGHT}), OUT));
  MISUSE(ARGUMENT, "from_dlpack: managed is NULL", rt_from_dlpack(w->ctx, NULL, OUT));
  MISUSE(ARGUMENT, "from_dlpack: out is NULL", rt_from_dlpack(w->ctx, dl_version(1, (rt_dl_tensor){DL_RIGHT}), NO_OUT));
  MISUSE(ARGUMENT, "from_dlpack: ctx is NULL", rt_from_dlpack_legacy(NULL, dl_legacy((rt_dl_tensor){DL_RIGHT}), OUT));
  MISUSE(ARGUMENT, "from_dlpack: managed is NULL", rt_from_dlpack_legacy(w->ctx, NULL, OUT));
  MISUSE(ARGUMENT, "from_dlpack: out is NULL", rt_from_dlpack_legacy(w->ctx, dl_legacy((rt_dl_tensor){DL_RIGHT}), NO_OUT));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
  DL_ROW(FORMAT, "from_dlpack: ndim is -1", {DL_RIGHT, .ndim = -1});
  DL_ROW(FORMAT, "from_dlpack: ndim is -2147483648", {DL_RIGHT, .ndim = INT32_MIN});
  DL_ROW(SHAPE, "from_dlpack: rank 17, at most 16", {DL_RIGHT, .ndim = 17});
  DL_ROW(SHAPE, "from_dlpack: rank 2147483647", {DL_RIGHT, .ndim = INT32_MAX});
  DL_ROW(FORMAT, "from_dlpack: shape is NULL, but ndim is 2", {DL_RIGHT, .shape = NULL});
  DL_ROW(FORMAT, "from_dlpack: data is NULL, but there are 6 elements", {DL_RIGHT, .data = NULL});
  DL_ROW(UNSUPPORTED, "from_dlpack: the data is on a device of type 2", {DL_RIGHT, .device = {2, 0}});
  DL_ROW(UNSUPPORTED, "from_dlpack: the data is on a device of type -1", {DL_RIGHT, .device = {-1, 0}});
  DL_ROW(UNSUPPORTED, "from_dlpack: elements of 2 lanes", {DL_RIGHT, .dtype = {2, 32, 2}});
  DL_ROW(UNSUPPORTED, "from_dlpack: elements of 0 lanes", {DL_RIGHT, .dtype = {2, 32, 0}});
  DL_ROW(DTYPE, "from_dlpack: no dtype has the DLPack code 99 with 32 bits", {DL_RIGHT, .dtype = {99, 32, 1}});
  DL_ROW(DTYPE, "from_dlpack: no dtype has the DLPack code 2 with 0 bits", {DL_RIGHT, .dtype = {2, 0, 1}});
  DL_ROW(DTYPE, "from_dlpack: no dtype has the DLPack code 5 with 32 bits", {DL_RIGHT, .dtype = {5, 32, 1}});
  DL_ROW(FORMAT, "from_dlpack: data is not aligned", {DL_RIGHT, .byte_offset = 2});
  DL_ROW(FORMAT, "from_dlpack: byte_offset 18446744073709551612 leaves the address space", {DL_RIGHT, .byte_offset = UINT64_MAX - 3});
  DL_ROW(FORMAT, "from_dlpack: the strides leave the address space", {DL_RIGHT, .strides = SHAPE(INT64_MAX, 1)});
  DL_ROW(FORMAT, "from_dlpack: the strides leave the address space", {DL_RIGHT, .strides = SHAPE(INT64_MIN, 1)});
  DL_ROW(FORMAT, "from_dlpack: the strides leave the address space", {DL_RIGHT, .strides = SHAPE(INT64_MIN / 8, 1)});
  DL_ROW(SHAPE, "from_dlpack: shape [2,-3] has a negative extent", {DL_RIGHT, .shape = SHAPE(2, -3)});
  DL_ROW(SHAPE, "more than 2^63-1", {DL_RIGHT, .shape = SHAPE(INT64_MAX, INT64_MAX)});
#pragma GCC diagnostic pop
  assert_int_equal(n_deleted, 0); // still the caller's
  MISUSE(UNSUPPORTED, "from_dlpack: the struct has version 2.0, known is 1.x",
         rt_from_dlpack(w->ctx, dl_version(2, (rt_dl_tensor){DL_RIGHT}), OUT));
  MISUSE(UNSUPPORTED, "from_dlpack: the struct has version 0.0", rt_from_dlpack(w->ctx, dl_version(0, (rt_dl_tensor){DL_RIGHT}), OUT));
  assert_int_equal(n_deleted, 2);
  judge();
}

// ---- npy and models ---------------------------------------------------------------------------------------------------------------------

#define RUN(n_in, in, n_out) rt_model_run(model, n_in, in, n_out, OUT)
#define INPUT(t) ((const rt_tensor *const[]){t})

#define VALUE(...) (&(rt_model_value){__VA_ARGS__})

// The same through rt_model_run_values: kinds that the port does not take, and sequences without items.
static void values_of_a_model(world *w, rt_model *model, rt_tensor *image) {
  rt_model_value out;
  const rt_model_value *in = VALUE(RT_VALUE_TENSOR, image, 0, NULL);
  MISUSE(ARGUMENT, "model_run: model is NULL", rt_model_run_values(NULL, 1, in, 1, &out));
  MISUSE(ARGUMENT, "not 0 and 1", rt_model_run_values(model, 0, in, 1, &out));
  MISUSE(ARGUMENT, "not 1 and 2147483647", rt_model_run_values(model, 1, in, INT32_MAX, NULL));
  MISUSE(ARGUMENT, "not -2147483648 and 1", rt_model_run_values(model, INT32_MIN, in, 1, &out));
  MISUSE(ARGUMENT, "model_run: in is NULL", rt_model_run_values(model, 1, NULL, 1, &out));
  MISUSE(ARGUMENT, "model_run: out is NULL", rt_model_run_values(model, 1, in, 1, NULL));
  MISUSE(ARGUMENT, "is nothing, the model takes a tensor", rt_model_run_values(model, 1, VALUE(RT_VALUE_NONE, image, 0, NULL), 1, &out));
  MISUSE(ARGUMENT, "is a sequence, the model takes a tensor", rt_model_run_values(model, 1, VALUE(RT_VALUE_SEQUENCE, NULL, 1, &image), 1, &out));
  MISUSE(ARGUMENT, "is of no known kind", rt_model_run_values(model, 1, VALUE((rt_value_kind)77, image, 0, NULL), 1, &out));
  MISUSE(ARGUMENT, "is NULL", rt_model_run_values(model, 1, VALUE(RT_VALUE_TENSOR, NULL, 0, NULL), 1, &out));
  ANSWER(RT_VALUE_NONE, out.kind);
  HARMLESS(rt_model_value_clear(NULL));
  HARMLESS(rt_model_value_clear(&out));
  MISUSE(ARGUMENT, "model_limit_loops: model is NULL", rt_model_limit_loops(NULL, 1));
  MISUSE(ARGUMENT, "model_limit_loops: -1 rounds", rt_model_limit_loops(model, -1));
  MISUSE(ARGUMENT, "-9223372036854775808 rounds", rt_model_limit_loops(model, INT64_MIN));
}

static void runs_of_a_model(world *w) {
  rt_model *model = NULL;
  rt_tensor *image = NULL, *foreign = NULL;
  need(rt_model_open(w->ctx, TRIVET_SOURCE_DIR "/models/fashion_cnn.onnx", &model), NULL);
  need(rt_zeros(w->ctx, RT_F32, 4, SHAPE(1, 1, 28, 28), &image), NULL);
  need(rt_zeros(w->other, RT_F32, 4, SHAPE(1, 1, 28, 28), &foreign), NULL);
  recount(w);
  rt_model_port port;
  rt_model_info info;
  rt_model_node node;
  int32_t n_in = rt_model_input_count(model), n_out = rt_model_output_count(model);
  assert_int_equal(n_in, 1);
  assert_int_equal(n_out, 1);
  MISUSE(ARGUMENT, "model_input: model is NULL", rt_model_input(NULL, 0, &port));
  MISUSE(ARGUMENT, "model_input: out_port is NULL", rt_model_input(model, 0, NULL));
  MISUSE(ARGUMENT, "input -1 of 1 does not exist", rt_model_input(model, -1, &port));
  MISUSE(ARGUMENT, "input 1 of 1 does not exist", rt_model_input(model, 1, &port));
  MISUSE(ARGUMENT, "input 2147483647 of 1 does not exist", rt_model_input(model, INT32_MAX, &port));
  ANSWER(NULL, port.name);
  MISUSE(ARGUMENT, "model_output: model is NULL", rt_model_output(NULL, 0, &port));
  MISUSE(ARGUMENT, "model_output: out_port is NULL", rt_model_output(model, 0, NULL));
  MISUSE(ARGUMENT, "output -1 of 1 does not exist", rt_model_output(model, -1, &port));
  MISUSE(ARGUMENT, "output -2147483648 of 1 does not exist", rt_model_output(model, INT32_MIN, &port));
  MISUSE(ARGUMENT, "model_describe: model is NULL", rt_model_describe(NULL, &info));
  MISUSE(ARGUMENT, "model_describe: out_info is NULL", rt_model_describe(model, NULL));
  MISUSE(ARGUMENT, "model_node_at: model is NULL", rt_model_node_at(NULL, 0, &node));
  MISUSE(ARGUMENT, "model_node_at: out_node is NULL", rt_model_node_at(model, 0, NULL));
  MISUSE(ARGUMENT, "node -1 of", rt_model_node_at(model, -1, &node));
  MISUSE(ARGUMENT, "node 2147483647 of", rt_model_node_at(model, INT32_MAX, &node));
  MISUSE(ARGUMENT, "model_watch: model is NULL", rt_model_watch(NULL, NULL, NULL));
  ANSWER(NULL, rt_model_metadata(NULL, "key"));
  ANSWER(NULL, rt_model_metadata(model, NULL));
  ANSWER(NULL, rt_model_metadata(model, "nowhere"));
  ANSWER(NULL, rt_model_metadata_key(NULL, 0));
  ANSWER(NULL, rt_model_metadata_key(model, -1));
  ANSWER(NULL, rt_model_metadata_key(model, INT32_MAX));
  ANSWER(NULL, node.name);
  MISUSE(ARGUMENT, "model_run: model is NULL", rt_model_run(NULL, 1, INPUT(image), 1, OUT));
  MISUSE(ARGUMENT, "takes 1 inputs and gives 1 outputs, not 0 and 1", RUN(0, INPUT(image), 1));
  MISUSE(ARGUMENT, "not 2 and 1", RUN(2, INPUT(image), 1));
  MISUSE(ARGUMENT, "not -1 and 1", RUN(-1, INPUT(image), 1));
  MISUSE(ARGUMENT, "not 1 and 0", rt_model_run(model, 1, INPUT(image), 0, &w->out));
  MISUSE(ARGUMENT, "not 1 and -1", rt_model_run(model, 1, INPUT(image), -1, &w->out));
  MISUSE(ARGUMENT, "model_run: in is NULL", RUN(1, NULL, 1));
  MISUSE(ARGUMENT, "model_run: out is NULL", rt_model_run(model, 1, INPUT(image), 1, NULL));
  MISUSE(ARGUMENT, "NULL", RUN(1, INPUT(NULL), 1));
  MISUSE(STATE, "", RUN(1, INPUT(foreign), 1));
  MISUSE(SHAPE, "[3,4]", RUN(1, INPUT(w->f.x), 1));
  MISUSE(SHAPE, "", RUN(1, INPUT(w->deep), 1));
  MISUSE(DTYPE, "i32", RUN(1, INPUT(w->i.x), 1));
  values_of_a_model(w, model, image);
  rt_model_close(model);
  rt_release(image);
  rt_release(foreign);
  recount(w);
}

// ---- archives ---------------------------------------------------------------------------------------------------------------------------

#define TENSORS(...) ((const rt_named_tensor[]){__VA_ARGS__})
#define TEXTS(...) ((const rt_named_text[]){__VA_ARGS__})
#define WRITE_TO(path, format, flags, n, tensors, n_texts, texts) rt_archive_write(path, RT_ARCHIVE_##format, flags, n, tensors, n_texts, texts)
#define WRITE(format, ...) WRITE_TO("/nowhere/x", format, 0, __VA_ARGS__)

static void writing_archives(world *w, const char *long_text) {
  const rt_tensor *x = w->f.x;
  MISUSE(ARGUMENT, "archive_write: path is NULL", WRITE_TO(NULL, NPZ, 0, 1, TENSORS({"x", x}), 0, NULL));
  MISUSE(ARGUMENT, "there is no format 0", WRITE(NONE, 1, TENSORS({"x", x}), 0, NULL));
  MISUSE(ARGUMENT, "there is no format 99", rt_archive_write("x", (rt_archive_format)99, 0, 1, TENSORS({"x", x}), 0, NULL));
  MISUSE(ARGUMENT, "there is no format -1", rt_archive_write("x", (rt_archive_format)-1, 0, 1, TENSORS({"x", x}), 0, NULL));
  MISUSE(UNSUPPORTED, "gguf files are read, not written", WRITE(GGUF, 1, TENSORS({"x", x}), 0, NULL));
  MISUSE(ARGUMENT, "flags 0x1 mean nothing for npz", WRITE_TO("/nowhere/x", NPZ, RT_ARCHIVE_MAP, 1, TENSORS({"x", x}), 0, NULL));
  MISUSE(ARGUMENT, "flags 0x2 mean nothing for safetensors", WRITE_TO("/nowhere/x", SAFETENSORS, RT_ARCHIVE_DEFLATE, 1, TENSORS({"x", x}), 0, NULL));
  MISUSE(ARGUMENT, "flags 0xffffffff", WRITE_TO("/nowhere/x", NPZ, UINT32_MAX, 1, TENSORS({"x", x}), 0, NULL));
  MISUSE(ARGUMENT, "-1 tensors and 0 texts", WRITE(NPZ, -1, TENSORS({"x", x}), 0, NULL));
  MISUSE(ARGUMENT, "-2147483648 tensors", WRITE(NPZ, INT32_MIN, TENSORS({"x", x}), 0, NULL));
  MISUSE(ARGUMENT, "1 tensors and -1 texts", WRITE(SAFETENSORS, 1, TENSORS({"x", x}), -1, NULL));
  MISUSE(ARGUMENT, "tensors is NULL", WRITE(NPZ, 1, NULL, 0, NULL));
  MISUSE(ARGUMENT, "texts is NULL", WRITE(SAFETENSORS, 1, TENSORS({"x", x}), 1, NULL));
  MISUSE(ARGUMENT, "tensor 'x' is NULL", WRITE(NPZ, 1, TENSORS({"x", NULL}), 0, NULL));
  MISUSE(ARGUMENT, "the name of tensor 1 is NULL", WRITE(NPZ, 2, TENSORS({"x", x}, {NULL, x}), 0, NULL));
  MISUSE(ARGUMENT, "tensor 'x' is given twice", WRITE(NPZ, 2, TENSORS({"x", x}, {"x", x}), 0, NULL));
  MISUSE(ARGUMENT, "the name of tensor 0 is not printable UTF-8*\\x1b", WRITE(NPZ, 1, TENSORS({"a\x1b[2J", x}), 0, NULL));
  MISUSE(ARGUMENT, "the name of tensor 0 is not printable UTF-8", WRITE(SAFETENSORS, 1, TENSORS({"\xff", x}), 0, NULL));
  MISUSE(ARGUMENT, "at most 4096 bytes", WRITE(NPZ, 1, TENSORS({long_text, x}), 0, NULL));
  MISUSE(ARGUMENT, "the name of text 0 is NULL", WRITE(SAFETENSORS, 0, NULL, 1, TEXTS({NULL, "v"})));
  MISUSE(ARGUMENT, "text 'k' is NULL", WRITE(SAFETENSORS, 0, NULL, 1, TEXTS({"k", NULL})));
  MISUSE(ARGUMENT, "text 'k' is given twice", WRITE(SAFETENSORS, 0, NULL, 2, TEXTS({"k", "v"}, {"k", "w"})));
  MISUSE(ARGUMENT, "the text of 'k' is not printable UTF-8 at byte 1", WRITE(SAFETENSORS, 0, NULL, 1, TEXTS({"k", "v\xe4"})));
  MISUSE(ARGUMENT, "no place for the text 'k'", WRITE(NPZ, 1, TENSORS({"x", x}), 1, TEXTS({"k", "v"})));
  MISUSE(ARGUMENT, "no place for the text 'k'", WRITE(NPY, 1, TENSORS({"x", x}), 1, TEXTS({"k", "v"})));
  MISUSE(ARGUMENT, "holds one tensor, not 0", WRITE(NPY, 0, NULL, 0, NULL));
  MISUSE(ARGUMENT, "holds one tensor, not 2", WRITE(NPY, 2, TENSORS({"x", x}, {"y", x}), 0, NULL));
  MISUSE(ARGUMENT, "can be named '__metadata__'", WRITE(SAFETENSORS, 1, TENSORS({"__metadata__", x}), 0, NULL));
  rt_tensor *wide = NULL, *brain = NULL;
  need(rt_zeros(w->ctx, RT_C128, 1, SHAPE(3), &wide), NULL);
  need(rt_zeros(w->ctx, RT_BF16, 1, SHAPE(3), &brain), NULL);
  recount(w);
  MISUSE(DTYPE, "tensor 'x': safetensors has no dtype for c128", WRITE(SAFETENSORS, 1, TENSORS({"x", wide}), 0, NULL));
  MISUSE(DTYPE, "tensor 'x': .npy has no dtype for bf16", WRITE(NPZ, 1, TENSORS({"x", brain}), 0, NULL));
  MISUSE(DTYPE, "tensor 'x': .npy has no dtype for bf16", WRITE(NPY, 1, TENSORS({"x", brain}), 0, NULL));
  rt_release(wide), rt_release(brain);
  recount(w);
  MISUSE(NOT_FOUND, "/nowhere/x", WRITE(NPZ, 1, TENSORS({"x", x}), 0, NULL));
  MISUSE(NOT_FOUND, "/nowhere/x", WRITE(SAFETENSORS, 1, TENSORS({"x", x}), 0, NULL));
  MISUSE(NOT_FOUND, "", WRITE_TO("", NPZ, 0, 1, TENSORS({"x", x}), 0, NULL));
  MISUSE(IO, "/: ", WRITE_TO("/", SAFETENSORS, 0, 1, TENSORS({"x", x}), 0, NULL));
  MISUSE(IO, "aaaa", WRITE_TO(long_text, NPY, 0, 1, TENSORS({"x", x}), 0, NULL));
}

static void archives(world *w, const char *long_text) {
  static const char bytes[] = "\x50\0\0\0\0\0\0\0{\"__metadata__\":{\"k\":\"v\"},\"x\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}   \7";
  rt_archive *a = NULL;
  rt_archive_entry entry;
  rt_archive_meta meta;
  rt_archive_value value;
  rt_status status = rt_archive_parse(w->ctx, "a", bytes, sizeof bytes - 1, &a);
  need(status, NULL);
  recount(w);
  MISUSE(ARGUMENT, "archive_open: ctx is NULL", rt_archive_open(NULL, "x.npz", 0, OUT_ARCHIVE));
  MISUSE(ARGUMENT, "archive_open: path is NULL", rt_archive_open(w->ctx, NULL, 0, OUT_ARCHIVE));
  MISUSE(ARGUMENT, "archive_open: out_archive is NULL", rt_archive_open(w->ctx, "x.npz", 0, NULL));
  MISUSE(ARGUMENT, "archive_open: flags 0x2, known is 0x1", rt_archive_open(w->ctx, "x.npz", RT_ARCHIVE_DEFLATE, OUT_ARCHIVE));
  MISUSE(ARGUMENT, "archive_open: flags 0xffffffff", rt_archive_open(w->ctx, "x.npz", UINT32_MAX, OUT_ARCHIVE));
  MISUSE(NOT_FOUND, "/nowhere/x.npz", rt_archive_open(w->ctx, "/nowhere/x.npz", 0, OUT_ARCHIVE));
  MISUSE(NOT_FOUND, "/nowhere/x.npz", rt_archive_open(w->ctx, "/nowhere/x.npz", RT_ARCHIVE_MAP, OUT_ARCHIVE));
  MISUSE(NOT_FOUND, "", rt_archive_open(w->ctx, "", 0, OUT_ARCHIVE));
  MISUSE(IO, "/: not a regular file", rt_archive_open(w->ctx, "/", 0, OUT_ARCHIVE));
  MISUSE(IO, "/: not a regular file", rt_archive_open(w->ctx, "/", RT_ARCHIVE_MAP, OUT_ARCHIVE));
  MISUSE(IO, "/dev/null: not a regular file", rt_archive_open(w->ctx, "/dev/null", 0, OUT_ARCHIVE));
  MISUSE(IO, "aaaa", rt_archive_open(w->ctx, long_text, 0, OUT_ARCHIVE));
  MISUSE(ARGUMENT, "archive_parse: ctx is NULL", rt_archive_parse(NULL, "x", bytes, 9, OUT_ARCHIVE));
  MISUSE(ARGUMENT, "archive_parse: name is NULL", rt_archive_parse(w->ctx, NULL, bytes, 9, OUT_ARCHIVE));
  MISUSE(ARGUMENT, "archive_parse: data is NULL", rt_archive_parse(w->ctx, "x", NULL, 9, OUT_ARCHIVE));
  MISUSE(ARGUMENT, "archive_parse: out_archive is NULL", rt_archive_parse(w->ctx, "x", bytes, 9, NULL));
  MISUSE(FORMAT, "x: its first bytes", rt_archive_parse(w->ctx, "x", NULL, 0, OUT_ARCHIVE));
  MISUSE(FORMAT, "x: its first bytes", rt_archive_parse(w->ctx, "x", long_text, 65535, OUT_ARCHIVE));
  ANSWER(RT_ARCHIVE_NONE, rt_archive_sniff(NULL, 16));
  ANSWER(RT_ARCHIVE_NONE, rt_archive_sniff(bytes, 0));
  ANSWER(RT_ARCHIVE_NONE, rt_archive_format_of(NULL));
  ANSWER(0, strcmp(rt_archive_format_name((rt_archive_format)0), "?"));
  ANSWER(0, strcmp(rt_archive_format_name((rt_archive_format)-7), "?"));
  ANSWER(0, rt_archive_count(NULL));
  ANSWER(0, rt_archive_meta_count(NULL));
  HARMLESS(rt_archive_close(NULL));
  MISUSE(ARGUMENT, "archive_entry_at: archive is NULL", rt_archive_entry_at(NULL, 0, &entry));
  MISUSE(ARGUMENT, "archive_entry_at: out_entry is NULL", rt_archive_entry_at(a, 0, NULL));
  MISUSE(ARGUMENT, "a: tensor -1 of 1 does not exist", rt_archive_entry_at(a, -1, &entry));
  MISUSE(ARGUMENT, "a: tensor 1 of 1 does not exist", rt_archive_entry_at(a, 1, &entry));
  ANSWER(NULL, entry.name);
  MISUSE(ARGUMENT, "archive_meta_at: archive is NULL", rt_archive_meta_at(NULL, 0, &meta));
  MISUSE(ARGUMENT, "archive_meta_at: out_meta is NULL", rt_archive_meta_at(a, 0, NULL));
  MISUSE(ARGUMENT, "a: metadata entry -1 of 1 does not exist", rt_archive_meta_at(a, -1, &meta));
  MISUSE(ARGUMENT, "a: metadata entry 2147483647 of 1", rt_archive_meta_at(a, INT32_MAX, &meta));
  ANSWER(NULL, meta.key);
  MISUSE(ARGUMENT, "archive_meta_item: archive is NULL", rt_archive_meta_item(NULL, 0, 0, &value));
  MISUSE(ARGUMENT, "archive_meta_item: out_value is NULL", rt_archive_meta_item(a, 0, 0, NULL));
  MISUSE(ARGUMENT, "a: metadata entry 1 of 1 does not exist", rt_archive_meta_item(a, 1, 0, &value));
  MISUSE(ARGUMENT, "a: metadata entry -2147483648 of 1", rt_archive_meta_item(a, INT32_MIN, 0, &value));
  MISUSE(ARGUMENT, "a: item 1 of the 1 of 'k' does not exist", rt_archive_meta_item(a, 0, 1, &value));
  MISUSE(ARGUMENT, "a: item -9223372036854775808 of the 1", rt_archive_meta_item(a, 0, INT64_MIN, &value));
  ANSWER(NULL, value.text);
  MISUSE(ARGUMENT, "archive_read: archive is NULL", rt_archive_read(NULL, 0, OUT));
  MISUSE(ARGUMENT, "archive_read: out is NULL", rt_archive_read(a, 0, NO_OUT));
  MISUSE(ARGUMENT, "a: tensor -1 of 1 does not exist", rt_archive_read(a, -1, OUT));
  MISUSE(ARGUMENT, "a: tensor 2147483647 of 1 does not exist", rt_archive_read(a, INT32_MAX, OUT));
  MISUSE(ARGUMENT, "archive_get: archive is NULL", rt_archive_get(NULL, "x", OUT));
  MISUSE(ARGUMENT, "archive_get: name is NULL", rt_archive_get(a, NULL, OUT));
  MISUSE(ARGUMENT, "archive_get: out is NULL", rt_archive_get(a, "x", NO_OUT));
  MISUSE(NOT_FOUND, "a: none of its 1 tensors is named 'y'", rt_archive_get(a, "y", OUT));
  MISUSE(NOT_FOUND, "named ''", rt_archive_get(a, "", OUT));
  MISUSE(NOT_FOUND, "named 'aaaa", rt_archive_get(a, long_text, OUT));
  rt_archive_close(a);
  writing_archives(w, long_text);
}

static void files(void **state) {
  world *w = *state;
  char *text = malloc(65536);
  memset(text, 'a', 65535);
  text[65535] = 0;
  MISUSE(ARGUMENT, "npy_read: ctx is NULL", rt_npy_read(NULL, "x.npy", OUT));
  MISUSE(ARGUMENT, "npy_read: path is NULL", rt_npy_read(w->ctx, NULL, OUT));
  MISUSE(ARGUMENT, "npy_read: out is NULL", rt_npy_read(w->ctx, "x.npy", NO_OUT));
  MISUSE(NOT_FOUND, "", rt_npy_read(w->ctx, "", OUT));
  MISUSE(NOT_FOUND, "/nowhere/x.npy", rt_npy_read(w->ctx, "/nowhere/x.npy", OUT));
  MISUSE(IO, "aaaa", rt_npy_read(w->ctx, text, OUT));
  MISUSE(IO, "/", rt_npy_read(w->ctx, "/", OUT));
  MISUSE(ARGUMENT, "npy_parse: ctx is NULL", rt_npy_parse(NULL, "x", text, 10, OUT));
  MISUSE(ARGUMENT, "npy_parse: name is NULL", rt_npy_parse(w->ctx, NULL, text, 10, OUT));
  MISUSE(ARGUMENT, "npy_parse: data is NULL", rt_npy_parse(w->ctx, "x", NULL, 10, OUT));
  MISUSE(ARGUMENT, "npy_parse: out is NULL", rt_npy_parse(w->ctx, "x", text, 10, NO_OUT));
  MISUSE(FORMAT, "x: not a .npy file", rt_npy_parse(w->ctx, "x", NULL, 0, OUT));
  MISUSE(FORMAT, "x: not a .npy file", rt_npy_parse(w->ctx, "x", text, 65535, OUT));
  MISUSE(FORMAT, "aaaa", rt_npy_parse(w->ctx, text, text, 5, OUT));
  MISUSE(ARGUMENT, "npy_write: path is NULL", rt_npy_write(NULL, w->f.x));
  MISUSE(ARGUMENT, "npy_write: t is NULL", rt_npy_write("/nowhere/x.npy", NULL));
  MISUSE(NOT_FOUND, "/nowhere/x.npy", rt_npy_write("/nowhere/x.npy", w->f.x));
  MISUSE(NOT_FOUND, "", rt_npy_write("", w->f.x));
  MISUSE(IO, "", rt_npy_write("/", w->f.x));
  MISUSE(IO, "aaaa", rt_npy_write(text, w->f.x));
  rt_tensor *brain = NULL;
  need(rt_zeros(w->ctx, RT_BF16, 1, SHAPE(3), &brain), NULL);
  recount(w);
  MISUSE(DTYPE, ".npy has no dtype for bf16", rt_npy_write("/nowhere/x.npy", brain));
  rt_release(brain);
  recount(w);

  MISUSE(ARGUMENT, "model_open: ctx is NULL", rt_model_open(NULL, "x.onnx", OUT_MODEL));
  MISUSE(ARGUMENT, "model_open: path is NULL", rt_model_open(w->ctx, NULL, OUT_MODEL));
  MISUSE(ARGUMENT, "model_open: out_model is NULL", rt_model_open(w->ctx, "x.onnx", NULL));
  MISUSE(NOT_FOUND, "/nowhere/x.onnx", rt_model_open(w->ctx, "/nowhere/x.onnx", OUT_MODEL));
  MISUSE(IO, "/", rt_model_open(w->ctx, "/", OUT_MODEL));
  MISUSE(IO, "aaaa", rt_model_open(w->ctx, text, OUT_MODEL));
  MISUSE(ARGUMENT, "model_parse: ctx is NULL", rt_model_parse(NULL, "x", text, 10, OUT_MODEL));
  MISUSE(ARGUMENT, "model_parse: name is NULL", rt_model_parse(w->ctx, NULL, text, 10, OUT_MODEL));
  MISUSE(ARGUMENT, "model_parse: data is NULL", rt_model_parse(w->ctx, "x", NULL, 10, OUT_MODEL));
  MISUSE(ARGUMENT, "model_parse: out_model is NULL", rt_model_parse(w->ctx, "x", text, 10, NULL));
  MISUSE(FORMAT, "x: ", rt_model_parse(w->ctx, "x", NULL, 0, OUT_MODEL));
  MISUSE(FORMAT, "x: ", rt_model_parse(w->ctx, "x", text, 65535, OUT_MODEL));
  HARMLESS(rt_model_close(NULL));
  MISUSE(ARGUMENT, "model_examine: ctx is NULL", rt_model_examine(NULL, "x.onnx", OUT_MODEL));
  MISUSE(ARGUMENT, "model_examine: path is NULL", rt_model_examine(w->ctx, NULL, OUT_MODEL));
  MISUSE(ARGUMENT, "model_examine: out_model is NULL", rt_model_examine(w->ctx, "x.onnx", NULL));
  MISUSE(NOT_FOUND, "/nowhere/x.onnx", rt_model_examine(w->ctx, "/nowhere/x.onnx", OUT_MODEL));
  rt_model_value value;
  MISUSE(ARGUMENT, "onnx_value_read: ctx is NULL", rt_onnx_value_read(NULL, "x.pb", NULL, &value));
  MISUSE(ARGUMENT, "onnx_value_read: path is NULL", rt_onnx_value_read(w->ctx, NULL, NULL, &value));
  MISUSE(ARGUMENT, "onnx_value_read: out is NULL", rt_onnx_value_read(w->ctx, "x.pb", NULL, NULL));
  MISUSE(NOT_FOUND, "/nowhere/x.pb", rt_onnx_value_read(w->ctx, "/nowhere/x.pb", NULL, &value));
  MISUSE(IO, "/", rt_onnx_value_read(w->ctx, "/", NULL, &value));
  ANSWER(RT_VALUE_NONE, value.kind);
  ANSWER(0, rt_model_input_count(NULL));
  ANSWER(0, rt_model_output_count(NULL));
  archives(w, text);
  free(text);
  runs_of_a_model(w);
  judge();
}

#endif
