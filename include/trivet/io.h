// SPDX-License-Identifier: BSD-3-Clause
// Files (libtrivet_io): one tensor (.npy), named tensors (.npz, safetensors, GGUF), ONNX models read and run.
#ifndef TRIVET_IO_H
#define TRIVET_IO_H

#include <trivet/rt.h>

RT_BEGIN

// ---- npy ---------------------------------------------------------------------------------------------------------------------------
/// Reads a .npy file (format 1, 2 or 3; little or big endian; C or Fortran order) into a new tensor on the default device. The data must
/// have exactly the bytes that the shape says; anything after them is an error (NumPy ignores it).
/// Dtypes   bool (any byte but 0 is true), i8..i64, u8..u64, f16, f32, f64, c64, c128
/// Owner    *out is a new reference
/// Errors   RT_E_ARGUMENT (NULL), RT_E_NOT_FOUND, RT_E_IO (also: not a regular file), RT_E_FORMAT, RT_E_DTYPE (objects, strings,
///          structures), RT_E_UNSUPPORTED (more than 16 axes), RT_E_NO_MEMORY; the sentence names the file and the field
/// Threads  any
RT_API RT_NODISCARD rt_status rt_npy_read(rt_ctx *ctx, const char *path, rt_tensor **out);
/// The same from memory; `name` stands in sentences. Nothing of `data` is kept.
RT_API RT_NODISCARD rt_status rt_npy_parse(rt_ctx *ctx, const char *name, const void *data, size_t bytes, rt_tensor **out);
/// Writes a .npy file (format 1.0, C order, little endian). A file at `path` is replaced when all is written and synced, by a rename: after a
/// failure it is what it was, and nothing lies beside it. A device or a pipe is written in place.
/// Errors   RT_E_ARGUMENT (NULL), RT_E_DTYPE (bf16 has no npy dtype), RT_E_NOT_FOUND (no such folder), RT_E_IO (refused, disk full),
///          RT_E_NO_MEMORY, and what reading t back from its device reports
RT_API RT_NODISCARD rt_status rt_npy_write(const char *path, const rt_tensor *t);

// ---- archives: files of named tensors ----------------------------------------------------------------------------------------------
/// Reads .npy (one tensor, "arr_0"), .npz (stored members; deflated ones where the library was built with zlib), safetensors and GGUF
/// (version 2 and 3, little endian); the first bytes tell which. Opening reads and checks all that describes the tensors and none of their data.
typedef struct rt_archive rt_archive;
typedef enum rt_archive_format { RT_ARCHIVE_NONE = 0, RT_ARCHIVE_NPY, RT_ARCHIVE_NPZ, RT_ARCHIVE_SAFETENSORS, RT_ARCHIVE_GGUF } rt_archive_format;

/// What the first bytes of a file say: RT_ARCHIVE_NONE for anything else, and for NULL. 16 bytes are enough.
RT_API rt_archive_format rt_archive_sniff(const void *head, size_t bytes);
/// Maps the file: a tensor whose bytes can be used as they lie is then a read-only view of it, without a copy, in host memory, and keeps the
/// mapping alive. For files that nobody changes meanwhile: values change with the file, and cutting it short ends the process (SIGBUS).
#define RT_ARCHIVE_MAP 1u
/// Writing .npz: deflated members. Errors: RT_E_UNSUPPORTED without zlib.
#define RT_ARCHIVE_DEFLATE 2u

/// Opens an archive. The file stays open until rt_archive_close.
/// Owner    *out_archive is yours; rt_archive_close it before its context
/// Errors   RT_E_ARGUMENT (NULL, unknown flags), RT_E_NOT_FOUND, RT_E_IO, RT_E_FORMAT (not one of the formats, or malformed), RT_E_UNSUPPORTED
///          (a version, an encrypted member, more than 16 axes), RT_E_NO_MEMORY; the sentence names file, tensor and the numbers
RT_API RT_NODISCARD rt_status rt_archive_open(rt_ctx *ctx, const char *path, uint32_t flags, rt_archive **out_archive);
/// The same from memory, which must stay until the archive is closed; `name` stands in sentences. Tensors are copies.
RT_API RT_NODISCARD rt_status rt_archive_parse(rt_ctx *ctx, const char *name, const void *data, size_t bytes, rt_archive **out_archive);
RT_API void rt_archive_close(rt_archive *archive); ///< NULL is allowed; tensors that were read live on

RT_API rt_archive_format rt_archive_format_of(const rt_archive *archive); ///< RT_ARCHIVE_NONE for NULL
RT_API const char *rt_archive_format_name(rt_archive_format format);      ///< "npz"; "?" for an unknown number. Never NULL
RT_API int32_t rt_archive_count(const rt_archive *archive);               ///< tensors; 0 for NULL

/// One tensor of an archive, in the order of the file. Strings are the archive's.
typedef struct rt_archive_entry {
  const char *name;       ///< printable UTF-8
  const char *stored;     ///< the dtype as the format calls it: "<f4", "BF16", "Q4_0"; what reading refuses has a name too
  rt_dtype dtype;         ///< of the tensor that reading gives; RT_DTYPE_NONE: it cannot be read, and reading says why
  int32_t rank;           ///< -1: not known (members of .npz that cannot be read)
  int64_t shape[RT_MAX_RANK];
  uint64_t offset, bytes; ///< where its data lie in the file, and how many bytes they are there
  bool in_place;          ///< reading gives a view of the mapped file
} rt_archive_entry;
RT_API RT_NODISCARD rt_status rt_archive_entry_at(const rt_archive *archive, int32_t index, rt_archive_entry *out_entry);

/// Reads one tensor to the default device (what is in_place: to the host). GGUF's Q4_0 and Q8_0 become f32, exactly as ggml computes them;
/// checksums are compared.
/// Owner    *out is a new reference
/// Errors   RT_E_ARGUMENT (NULL, index), RT_E_DTYPE (no dtype for what is stored), RT_E_UNSUPPORTED (needs zlib), RT_E_IO, RT_E_FORMAT, RT_E_NO_MEMORY
/// Threads  one call at a time per archive
RT_API RT_NODISCARD rt_status rt_archive_read(rt_archive *archive, int32_t index, rt_tensor **out);
/// The same by name. Errors: also RT_E_NOT_FOUND.
RT_API RT_NODISCARD rt_status rt_archive_get(rt_archive *archive, const char *name, rt_tensor **out);

/// Metadata of safetensors ("__metadata__") and GGUF. A value is a list of `count` items, of one item unless is_list.
typedef struct rt_archive_meta {
  const char *key;        ///< printable UTF-8
  const char *type;       ///< of an item: "string", "bool", "u8" to "i64", "f32", "f64"
  bool is_list;
  int64_t count;
} rt_archive_meta;
/// One item: text (with a NUL behind it; it may hold others, and bytes that are no UTF-8), or a number when text is NULL.
typedef struct rt_archive_value { const char *text; size_t text_bytes; rt_scalar number; } rt_archive_value;
RT_API int32_t rt_archive_meta_count(const rt_archive *archive); ///< 0 for NULL
RT_API RT_NODISCARD rt_status rt_archive_meta_at(const rt_archive *archive, int32_t index, rt_archive_meta *out_meta);
RT_API RT_NODISCARD rt_status rt_archive_meta_item(const rt_archive *archive, int32_t index, int64_t item, rt_archive_value *out_value);

/// What is written: tensors with their names, and texts with their keys (safetensors only).
typedef struct rt_named_tensor { const char *name; const rt_tensor *tensor; } rt_named_tensor;
typedef struct rt_named_text { const char *key, *text; } rt_named_text;
/// Writes an archive, replacing a file at `path` as rt_npy_write does. .npz gets 64-bit records and data aligned to 64 bytes; safetensors
/// gets the order its reference writer uses (larger elements first, then by name), so that every tensor lies aligned.
/// Errors   RT_E_ARGUMENT (NULL, a name twice or not printable UTF-8, several tensors or none for .npy, texts where the format has no place for
///          them), RT_E_DTYPE (bf16 in .npy and .npz, c128 in safetensors), RT_E_UNSUPPORTED (GGUF), and those of rt_npy_write
RT_API RT_NODISCARD rt_status rt_archive_write(const char *path, rt_archive_format format, uint32_t flags, int32_t n_tensors, const rt_named_tensor *tensors, int32_t n_texts, const rt_named_text *texts);

// ---- onnx --------------------------------------------------------------------------------------------------------------------------
typedef struct rt_model rt_model;

/// Opens an ONNX model: parses, checks every node against the table of operations, uploads the weights. Weights in other files are read when
/// these lie in the folder of the model or below it.
/// Owner    *out_model is yours; rt_model_close it before its context
/// Errors   RT_E_ARGUMENT (NULL), RT_E_NOT_FOUND, RT_E_IO, RT_E_FORMAT (malformed, or above 2 GiB), RT_E_UNSUPPORTED (the sentence names
///          node, operation and opset), RT_E_NO_MEMORY
RT_API RT_NODISCARD rt_status rt_model_open(rt_ctx *ctx, const char *path, rt_model **out_model);
/// The same from memory; `name` stands in sentences. Nothing of `data` is kept.
RT_API RT_NODISCARD rt_status rt_model_parse(rt_ctx *ctx, const char *name, const void *data, size_t bytes, rt_model **out_model);
/// The same, but what only cannot run (an operation, a dtype, an opset that is not known) is kept: rt_model_node says what, rt_model_info the first
/// of it, and a run of the model then ends with RT_E_UNSUPPORTED.
RT_API RT_NODISCARD rt_status rt_model_examine(rt_ctx *ctx, const char *path, rt_model **out_model);
RT_API void rt_model_close(rt_model *model); ///< NULL is allowed

/// One input or output of a model. Extents that are not fixed are -1, with their symbol in `symbol`.
typedef struct rt_model_port {
  const char *name;
  rt_dtype dtype;
  int32_t rank;                       ///< -1: not stated
  int64_t shape[RT_MAX_RANK];
  const char *symbol[RT_MAX_RANK];    ///< "batch", or NULL
  bool is_sequence;                   ///< a sequence of such tensors (rt_model_run_values)
  bool is_optional;                   ///< or nothing
} rt_model_port;
RT_API int32_t rt_model_input_count(const rt_model *model);
RT_API int32_t rt_model_output_count(const rt_model *model);
RT_API RT_NODISCARD rt_status rt_model_input(const rt_model *model, int32_t index, rt_model_port *out_port);
RT_API RT_NODISCARD rt_status rt_model_output(const rt_model *model, int32_t index, rt_model_port *out_port);

/// One node, for listings. Strings are the model's. The nodes of a body (of a loop, a branch, a function) follow the node that it belongs to.
typedef struct rt_model_node {
  const char *name, *op, *domain;
  const char *problem;           ///< why it cannot run; NULL: it can
  int32_t n_inputs, n_outputs;
  int32_t depth;                 ///< 0: of the model's graph, 1: of a body in it ...
} rt_model_node;
typedef struct rt_model_info {
  const char *producer, *graph;  ///< "" when not stated
  int64_t ir_version, opset;     ///< opset of the default domain
  int32_t n_nodes, n_weights;    ///< bodies included
  uint64_t weight_bytes;
  const char *problem;           ///< the first thing that cannot run, in a model that was opened by rt_model_examine; else NULL
} rt_model_info;
RT_API RT_NODISCARD rt_status rt_model_describe(const rt_model *model, rt_model_info *out_info);
RT_API RT_NODISCARD rt_status rt_model_node_at(const rt_model *model, int32_t index, rt_model_node *out_node);

/// A text that the file carries beside its graph (ONNX metadata_props), such as the alphabet of a text recogniser; of equal keys the first.
/// NULL when there is none under this key. It is a stranger's: UTF-8 as a rule, and it may hold control characters.
/// Owner    the model, until it is closed
RT_API const char *rt_model_metadata(const rt_model *model, const char *key);
/// The key of the text number `index`, printable; NULL from the last on. Texts are in the order of the file.
RT_API const char *rt_model_metadata_key(const rt_model *model, int32_t index);

/// Runs the model: in[] in the order of its inputs, out[] receives new references in the order of its outputs.
/// Shapes   checked against the model's ports; symbols must agree with each other
/// Owner    out[i] share no storage with weights or inputs that a write would reach; after a failure all are NULL
/// Errors   RT_E_ARGUMENT (counts, NULL), RT_E_SHAPE, RT_E_DTYPE, RT_E_STATE (a tensor of another context), and what the operations report,
///          with the node's name
/// Threads  one run at a time per model
RT_API RT_NODISCARD rt_status rt_model_run(rt_model *model, int32_t n_in, const rt_tensor *const *in, int32_t n_out, rt_tensor **out);

/// What goes in or comes out at a port that is no plain tensor. Zero bytes are nothing.
typedef enum rt_value_kind { RT_VALUE_NONE = 0, RT_VALUE_TENSOR = 1, RT_VALUE_SEQUENCE = 2 } rt_value_kind;
typedef struct rt_model_value {
  rt_value_kind kind;
  rt_tensor *tensor;   ///< of TENSOR
  int64_t n;           ///< of SEQUENCE
  rt_tensor **items;   ///< n tensors; allocated by this library where it fills the struct
} rt_model_value;
/// Releases what the library has put into a value, and zeroes it. NULL is allowed.
RT_API void rt_model_value_clear(rt_model_value *value);
/// As rt_model_run, for any kind of port. in[] stays the caller's; clear each out[i].
RT_API RT_NODISCARD rt_status rt_model_run_values(rt_model *model, int32_t n_in, const rt_model_value *in, int32_t n_out, rt_model_value *out);
/// How many rounds all Loop, Scan and recurrent nodes together may make in one run (1,000,000 unless set): the data say how many they want. Past
/// it the run ends with RT_E_TIMEOUT; rt_ctx_cancel ends it with RT_E_CANCELLED at the next round.
RT_API RT_NODISCARD rt_status rt_model_limit_loops(rt_model *model, int64_t n_rounds);
/// Reads a file with one TensorProto, SequenceProto or OptionalProto, as the test folders of the ONNX project hold. `port` says which; NULL: a
/// TensorProto.
/// Owner    *out is yours; rt_model_value_clear it
RT_API RT_NODISCARD rt_status rt_onnx_value_read(rt_ctx *ctx, const char *path, const rt_model_port *port, rt_model_value *out);

/// What a watcher is told about one node of a run.
typedef struct rt_model_step {
  int32_t node;                    ///< its number, as rt_model_node_at takes it
  uint64_t time_ns;                ///< from its start until its outputs are computed
  int32_t n_outputs;
  const rt_tensor *const *outputs; ///< borrowed, valid during the call; NULL where an output is left out
} rt_model_step;
typedef void (*rt_model_step_fn)(void *user, const rt_model_step *step);
/// Calls fn after each node of every run from now on, on the thread of the run: to find slow nodes, or a value that is not what it should be.
/// The run then waits for each node, so a device that would run ahead does not. Nodes that ran when the model was opened (constants) are not
/// told, and those of bodies and functions count as part of the node that they belong to; fn must not run or close the model. NULL ends it.
/// Errors   RT_E_ARGUMENT (model is NULL)
/// Threads  not during a run
RT_API RT_NODISCARD rt_status rt_model_watch(rt_model *model, rt_model_step_fn fn, void *user);

RT_END
#endif
