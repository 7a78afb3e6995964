// SPDX-License-Identifier: BSD-3-Clause
// The table of ONNX operations and what their functions are written with. An operation is a row and a function that builds on the public
// C API; STEP keeps it free of error handling and of releases. Private to loaders/onnx.
#ifndef TRIVET_ONNX_OPS_H
#define TRIVET_ONNX_OPS_H

#include "model.h"

#define RTI_ANY_NUMBER 255 ///< of inputs or outputs
/// Elements that a run copies to or makes in host memory at once. That memory is not the context's, so its limit does not bound it, and a tensor
/// expanded from one element may have any number of them.
#define RTI_ONNX_HOST_LIMIT (1 << 20)

/// One call of a node. The first failure stays in `status` and turns every later step into nothing.
typedef struct rti_onnx_call {
  rt_model *model;
  rti_onnx_node *node;
  rt_ctx *ctx;
  int64_t opset;
  rt_status status;
  rt_tensor **owned;   ///< intermediate tensors, released when the call ends
  void **buffers;      ///< host copies of inputs, freed when the call ends
  int32_t n_owned, n_buffers, owned_capacity;
} rti_onnx_call;

/// A row. `since` is the opset in which this meaning began; it ends where the next row of the same name begins. A row without `run` ends the
/// operation.
/// `attrs` lists the attributes that are understood, as "axis:i pads:I ": i int, f float, s string, I ints, F floats, S strings, t tensor,
/// g graph. A name that is
/// followed by ":-" may be present with any value because it cannot change the result of inference.
struct rti_onnx_op {
  const char *name;
  uint8_t since, min_in, max_in, max_out;
  const char *attrs;
  void (*run)(rti_onnx_call *call);
  rt_status (*unary)(const rt_tensor *x, rt_tensor **out);                       ///< for rows that share a function
  rt_status (*binary)(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
};

/// takes_any: their inputs may be sequences and optionals.
typedef struct rti_onnx_ops { const char *domain; const rti_onnx_op *rows; int32_t count; bool takes_any; } rti_onnx_ops;
extern const rti_onnx_ops rti_onnx_math_ops, rti_onnx_activation_ops, rti_onnx_shape_ops, rti_onnx_move_ops, rti_onnx_reduce_ops, rti_onnx_nn_ops,
    rti_onnx_resize_ops, rti_onnx_index_ops, rti_onnx_window_ops, rti_onnx_quant_ops, rti_onnx_control_ops, rti_onnx_sequence_ops,
    rti_onnx_recurrent_ops, rti_onnx_norm_ops, rti_onnx_training_ops, rti_onnx_signal_ops, rti_onnx_einsum_ops, rti_onnx_vision_ops,
    rti_onnx_text_ops, rti_onnx_random_ops;
extern const rti_onnx_ops *const rti_onnx_families[]; ///< all of them
extern const size_t rti_onnx_family_count;

// ---- inputs ----------------------------------------------------------------------------------------------------------------------------
/// NULL when left out, or after a failure.
const rt_tensor *rti_call_in(rti_onnx_call *call, int32_t index);
/// The input itself, to be written and made the output, when nobody reads it after this node or can see it otherwise; else NULL.
rt_tensor *rti_call_take(const rti_onnx_call *call, int32_t index);
bool rti_call_has(const rti_onnx_call *call, int32_t index);
/// Whatever the input holds; borrowed. UNSET when left out, or after a failure.
rti_onnx_datum rti_call_datum(rti_onnx_call *call, int32_t index);
/// All elements of an integer input as i64, for inputs that say how to compute. NULL and *out_n 0 when left out or after a failure; an input
/// without elements gives a pointer.
const int64_t *rti_call_ints(rti_onnx_call *call, int32_t index, int64_t *out_n);
/// The only element of an input.
rt_scalar rti_call_scalar(rti_onnx_call *call, int32_t index);
/// The only element of an input, which must be an integer.
int64_t rti_call_integer(rti_onnx_call *call, int32_t index);
/// Fails unless both have one dtype, as ONNX demands. NULL passes.
void rti_call_same_dtype(rti_onnx_call *call, const rt_tensor *a, const rt_tensor *b);

// ---- attributes (their types were checked by rti_onnx_bind) ------------------------------------------------------------------------------
const rti_onnx_attr *rti_call_attr(const rti_onnx_call *call, const char *name); ///< NULL when absent
int64_t rti_call_i(const rti_onnx_call *call, const char *name, int64_t fallback);
double rti_call_f(const rti_onnx_call *call, const char *name, double fallback);
const char *rti_call_s(const rti_onnx_call *call, const char *name, const char *fallback);
/// NULL and 0 when absent.
const int64_t *rti_call_list(const rti_onnx_call *call, const char *name, int64_t *out_n);

// ---- helpers ---------------------------------------------------------------------------------------------------------------------------
/// Keeps the first failure.
void rti_call_fail(rti_onnx_call *call, rt_status status, const char *fmt, ...) RTI_IO_PRINTF(3, 4);
/// Takes over a new tensor, to be released when the call ends. NULL is allowed.
rt_tensor *rti_call_own(rti_onnx_call *call, rt_tensor *tensor);
/// Memory until the call ends; NULL after a failure.
void *rti_call_buffer(rti_onnx_call *call, uint64_t n, size_t element_bytes);
/// Makes a tensor the node's output. Outputs that nobody asked for are ignored.
void rti_call_out(rti_onnx_call *call, int32_t index, const rt_tensor *tensor);
bool rti_call_wants(const rti_onnx_call *call, int32_t index);
void rti_call_out_datum(rti_onnx_call *call, int32_t index, rti_onnx_datum datum); ///< retains it
/// Releases what the call has come to own since it owned `mark` tensors (call->n_owned at that time), all but `kept`: for loops.
void rti_call_drop(rti_onnx_call *call, int32_t mark, const rt_tensor **kept, int32_t n_kept);
/// Counts one round of a loop. False when there may be none: after a failure, past the model's limit, or when the context is cancelled.
bool rti_call_round(rti_onnx_call *call);
/// The same for work that is bounded by the size of the data: not counted.
bool rti_call_goes_on(rti_onnx_call *call);
/// An axis in [-rank, rank), made non-negative. 0 after a failure.
int32_t rti_call_axis(rti_onnx_call *call, int64_t axis, int32_t rank);
/// Axes made non-negative and checked for repetition.
rt_axes rti_call_axes(rti_onnx_call *call, const int64_t *axes, int64_t n, int32_t rank);
/// Product of shape[first..last).
int64_t rti_call_product(rti_onnx_call *call, const int64_t *shape, int32_t first, int32_t last);

/// Declares `name`, the result of a function of the C API whose last parameter is the output; NULL after a failure.
#define STEP(name, function, ...)                                              \
  rt_tensor *name = NULL;                                                      \
  if (call->status == RT_OK) {                                                 \
    call->status = (function)(__VA_ARGS__, &name);                             \
    name = rti_call_own(call, name);                                           \
  }
/// As STEP, for a variable that exists.
#define STEP_TO(name, function, ...)                                           \
  do {                                                                         \
    rt_tensor *step_result = NULL;                                             \
    if (call->status == RT_OK) {                                               \
      call->status = (function)(__VA_ARGS__, &step_result);                    \
      name = rti_call_own(call, step_result);                                  \
    }                                                                          \
  } while (0)

#endif
