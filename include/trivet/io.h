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

RT_END
#endif
