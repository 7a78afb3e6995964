// SPDX-License-Identifier: BSD-3-Clause
// Files (libtrivet_io): NumPy .npy read and write; ONNX models read and run.
#ifndef TRIVET_IO_H
#define TRIVET_IO_H

#include <trivet/rt.h>

RT_BEGIN

// ---- npy ---------------------------------------------------------------------------------------------------------------------------
/// Reads a .npy file (format 1, 2 or 3; little or big endian; C or Fortran order) into a new tensor on the default device. The data must
/// have exactly the bytes that the shape says; anything after them is an error (NumPy ignores it).
/// Dtypes   bool (any byte but 0 is true), i8..i64, u8..u64, f16, f32, f64
/// Owner    *out is a new reference
/// Errors   RT_E_ARGUMENT (NULL), RT_E_NOT_FOUND, RT_E_IO (also: not a regular file), RT_E_FORMAT, RT_E_DTYPE (objects, strings, complex,
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

// ---- onnx --------------------------------------------------------------------------------------------------------------------------
typedef struct rt_model rt_model;

/// Opens an ONNX model: parses, checks every node against the table of operations, uploads the weights. CNNs and MLPs.
/// Owner    *out_model is yours; rt_model_close it before its context
/// Errors   RT_E_ARGUMENT (NULL), RT_E_NOT_FOUND, RT_E_IO, RT_E_FORMAT (malformed, or above 2 GiB), RT_E_UNSUPPORTED (the sentence names
///          node, operation and opset), RT_E_NO_MEMORY
RT_API RT_NODISCARD rt_status rt_model_open(rt_ctx *ctx, const char *path, rt_model **out_model);
/// The same from memory; `name` stands in sentences. Nothing of `data` is kept.
RT_API RT_NODISCARD rt_status rt_model_parse(rt_ctx *ctx, const char *name, const void *data, size_t bytes, rt_model **out_model);
RT_API void rt_model_close(rt_model *model); ///< NULL is allowed

/// One input or output of a model. Extents that are not fixed are -1, with their symbol in `symbol`.
typedef struct rt_model_port {
  const char *name;
  rt_dtype dtype;
  int32_t rank;                       ///< -1: not stated
  int64_t shape[RT_MAX_RANK];
  const char *symbol[RT_MAX_RANK];    ///< "batch", or NULL
} rt_model_port;
RT_API int32_t rt_model_input_count(const rt_model *model);
RT_API int32_t rt_model_output_count(const rt_model *model);
RT_API RT_NODISCARD rt_status rt_model_input(const rt_model *model, int32_t index, rt_model_port *out_port);
RT_API RT_NODISCARD rt_status rt_model_output(const rt_model *model, int32_t index, rt_model_port *out_port);

/// One node, for listings. Strings are the model's.
typedef struct rt_model_node { const char *name, *op, *domain; int32_t n_inputs, n_outputs; } rt_model_node;
typedef struct rt_model_info {
  const char *producer, *graph;  ///< "" when not stated
  int64_t ir_version, opset;     ///< opset of the default domain
  int32_t n_nodes, n_weights;
  uint64_t weight_bytes;
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
/// told; fn must not run or close the model. NULL ends it.
/// Errors   RT_E_ARGUMENT (model is NULL)
/// Threads  not during a run
RT_API RT_NODISCARD rt_status rt_model_watch(rt_model *model, rt_model_step_fn fn, void *user);

RT_END
#endif
