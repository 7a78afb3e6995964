// SPDX-License-Identifier: BSD-3-Clause
// Looks operations up by domain, name and opset, checks nodes against their row, and runs one node. What each operation does is in
// ops_*.c.
#include "ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const rti_onnx_ops *const rti_onnx_families[] = {&rti_onnx_math_ops,  &rti_onnx_activation_ops, &rti_onnx_shape_ops,
                                               &rti_onnx_move_ops, &rti_onnx_reduce_ops,     &rti_onnx_nn_ops,
                                               &rti_onnx_resize_ops, &rti_onnx_index_ops,    &rti_onnx_window_ops,
                                               &rti_onnx_quant_ops,    &rti_onnx_control_ops,
                                               &rti_onnx_sequence_ops, &rti_onnx_recurrent_ops, &rti_onnx_norm_ops,
                                               &rti_onnx_training_ops, &rti_onnx_signal_ops, &rti_onnx_einsum_ops,
                                               &rti_onnx_vision_ops, &rti_onnx_text_ops,    &rti_onnx_random_ops};
const size_t rti_onnx_family_count = RTI_IO_COUNT(rti_onnx_families);

// ---- binding -----------------------------------------------------------------------------------------------------------------------------

int64_t rti_onnx_opset_of(const rti_onnx_opsets *opsets, const char *domain) {
  for (int32_t i = 0; i < opsets->n; i++)
    if (!strcmp(opsets->at[i].domain, domain)) return opsets->at[i].version;
  return 0;
}

// The newest row that is not newer than the opset. *out_known: there is one for some opset.
static const rti_onnx_op *find_row(const char *domain, const char *name, int64_t opset, bool *out_known, bool *out_takes_any) {
  const rti_onnx_op *found = NULL;
  *out_known = false;
  for (size_t f = 0; f < rti_onnx_family_count; f++) {
    if (strcmp(rti_onnx_families[f]->domain, domain) != 0) continue;
    for (int32_t i = 0; i < rti_onnx_families[f]->count; i++) {
      const rti_onnx_op *row = &rti_onnx_families[f]->rows[i];
      if (strcmp(row->name, name) != 0) continue;
      *out_known = true;
      if (row->since > opset || (found && row->since <= found->since)) continue;
      found = row;
      *out_takes_any = rti_onnx_families[f]->takes_any;
    }
  }
  return found && found->run ? found : NULL;
}

// The letter of an attribute in the row's list; 0 when it is not there.
static char attr_letter(const char *attrs, const char *name) {
  const size_t length = strlen(name);
  for (const char *at = attrs; *at;) {
    const char *colon = strchr(at, ':');
    if ((size_t)(colon - at) == length && !memcmp(at, name, length)) return colon[1];
    at = colon[2] ? colon + 3 : colon + 2; // "name:x" and one blank
  }
  return 0;
}

static rt_status check_attr(const rt_model *model, const rti_onnx_node *node, const rti_onnx_attr *attr, const char *where) {
  const char letter = attr_letter(node->row->attrs, attr->name);
  if (letter == 0)
    return rti_io_fail(RT_E_UNSUPPORTED, "%s: %s: attribute '%.80s' of %s is not known (opset %lld)", model->name, where, attr->name, node->op, (long long)node->opset);
  static const struct { char letter; rti_onnx_attr_kind kind; } kinds[] = {
      {'i', RTI_ATTR_INT}, {'f', RTI_ATTR_FLOAT}, {'s', RTI_ATTR_STRING}, {'I', RTI_ATTR_INTS}, {'F', RTI_ATTR_FLOATS}, {'t', RTI_ATTR_TENSOR}, {'g', RTI_ATTR_GRAPH}, {'S', RTI_ATTR_STRINGS}};
  for (size_t i = 0; i < RTI_IO_COUNT(kinds); i++)
    if (kinds[i].letter == letter && kinds[i].kind != attr->kind)
      return rti_io_fail(RT_E_FORMAT, "%s: %s: attribute '%.80s' of %s has type %d instead of %d (opset %lld)", model->name, where, attr->name, node->op, attr->kind,
                         kinds[i].kind, (long long)node->opset);
  return RT_OK;
}

// Loop's trip count and condition, and Scan's lengths, are optional although any number of inputs follows.
static bool may_skip_inputs(const rti_onnx_node *node) {
  for (int32_t i = 0; i < node->n_attrs; i++)
    if (node->attrs[i].graph) return true;
  return false;
}

rt_status rti_onnx_bind(const rt_model *model, rti_onnx_node *node, const char *where) {
  const int64_t opset = node->opset;
  bool known;
  node->row = find_row(node->domain, node->op, opset, &known, &node->takes_any);
  if (!node->row) {
    const char *dot = node->domain[0] ? "." : "";
    if (known && opset == 0)
      return rti_io_fail(RT_E_FORMAT, "%s: %s: operation %.80s%s%.80s, but the model states no opset for that domain", model->name, where, node->domain, dot, node->op);
    return rti_io_fail(RT_E_UNSUPPORTED, "%s: %s: operation %.80s%s%.80s is not %s (opset %lld)", model->name, where, node->domain, dot, node->op,
                       known ? "supported in this version" : "known", (long long)opset);
  }
  const rti_onnx_op *row = node->row;
  if (node->n_in < row->min_in || (node->n_in > row->max_in && row->max_in != RTI_ANY_NUMBER))
    return rti_io_fail(RT_E_FORMAT, "%s: %s: %s takes %d to %d inputs, not %d (opset %lld)", model->name, where, node->op, row->min_in, row->max_in, node->n_in,
                       (long long)opset);
  for (int32_t i = 0; i < node->n_in; i++)
    if (node->in[i] < 0 && (i < row->min_in || (row->max_in == RTI_ANY_NUMBER && !may_skip_inputs(node))))
      return rti_io_fail(RT_E_FORMAT, "%s: %s: input %d of %s is left out (opset %lld)", model->name, where, i, node->op, (long long)opset);
  if (node->n_out < 1) return rti_io_fail(RT_E_FORMAT, "%s: %s: %s has no outputs (opset %lld)", model->name, where, node->op, (long long)opset);
  for (int32_t i = row->max_out; i < node->n_out && row->max_out != RTI_ANY_NUMBER; i++)
    if (node->out[i] >= 0)
      return rti_io_fail(RT_E_UNSUPPORTED, "%s: %s: output %d of %s is not supported (opset %lld)", model->name, where, i, node->op, (long long)opset);
  for (int32_t i = 0; i < node->n_attrs; i++) {
    rt_status status = check_attr(model, node, &node->attrs[i], where);
    if (status != RT_OK) return status;
  }
  return RT_OK;
}

const char *rti_onnx_where_in_graph(rti_onnx_where *out, const rti_onnx_node *node) {
  if (node->name[0]) snprintf(out->at, sizeof out->at, "node '%.120s' (%d of %d)", node->name, node->index + 1, node->graph->node_capacity);
  else snprintf(out->at, sizeof out->at, "node %d of %d", node->index + 1, node->graph->node_capacity);
  return out->at;
}

const char *rti_onnx_where_in_model(rti_onnx_where *out, const rti_onnx_node *node) {
  rti_onnx_where own;
  snprintf(out->at, sizeof out->at, "%.200s%.159s", node->graph->where, rti_onnx_where_in_graph(&own, node));
  return out->at;
}

// ---- running -----------------------------------------------------------------------------------------------------------------------------

// Hands the values that a function computed to the node that calls it.
static void run_function(rti_onnx_call *call) {
  rti_onnx_graph *body = call->node->function;
  call->status = rti_onnx_run_graph(call->model, body);
  for (int32_t i = 0; i < call->node->n_out; i++)
    if (call->status == RT_OK) rti_call_out_datum(call, i, rti_onnx_peek(body, body->outputs[i].value));
  rti_onnx_clear(body);
}

rt_status rti_onnx_run_node(rt_model *model, rti_onnx_node *node) {
  rti_onnx_call call = {.model = model, .node = node, .ctx = model->source.ctx, .opset = node->opset, .status = RT_OK};
  for (int32_t i = 0; i < node->n_in && !node->function && !node->takes_any; i++) rti_call_in(&call, i); // fails for what is no tensor
  if (call.status == RT_OK) (node->function ? run_function : node->row->run)(&call);
  for (int32_t i = 0; i < node->n_out && call.status == RT_OK; i++)
    if (node->out[i] >= 0 && node->graph->values[node->out[i]].current.kind == RTI_UNSET) rti_call_fail(&call, RT_E_INTERNAL, "output %d was not computed", i);
  rt_status status = call.status;
  if (status != RT_OK) {
    rti_onnx_where where;
    rti_onnx_where_in_graph(&where, node);
    if (node->graph->parent) rti_io_fail_in(status, "%s, %s (opset %lld)", where.at, node->op, (long long)node->opset); // the node around begins the sentence
    else rti_io_fail_in(status, "%s: %s, %s (opset %lld)", model->name, where.at, node->op, (long long)node->opset);
  }
  rti_call_drop(&call, 0, NULL, 0);
  for (int32_t i = 0; i < call.n_buffers; i++) free(call.buffers[i]);
  free(call.owned);
  free(call.buffers);
  return status;
}

void rti_call_fail(rti_onnx_call *call, rt_status status, const char *fmt, ...) {
  if (call->status != RT_OK) return;
  call->status = status;
  va_list args;
  va_start(args, fmt);
  rti_io_fail_v(status, fmt, args);
  va_end(args);
}

rt_tensor *rti_call_own(rti_onnx_call *call, rt_tensor *tensor) {
  if (!tensor) return NULL;
  if (call->n_owned == call->owned_capacity) {
    const int32_t capacity = call->owned_capacity ? call->owned_capacity * 2 : 16;
    rt_tensor **owned = realloc(call->owned, (size_t)capacity * sizeof *owned);
    if (!owned) {
      rt_release(tensor);
      rti_call_fail(call, RT_E_NO_MEMORY, "no memory for a list of tensors");
      return NULL;
    }
    call->owned = owned;
    call->owned_capacity = capacity;
  }
  return call->owned[call->n_owned++] = tensor;
}

void rti_call_drop(rti_onnx_call *call, int32_t mark, const rt_tensor **kept, int32_t n_kept) {
  for (int32_t i = 0; i < n_kept; i++) rt_retain(kept[i]);
  while (call->n_owned > mark) rt_release(call->owned[--call->n_owned]);
  for (int32_t i = 0; i < n_kept; i++) kept[i] = rti_call_own(call, (rt_tensor *)kept[i]);
}

bool rti_call_goes_on(rti_onnx_call *call) {
  if (call->status == RT_OK && rt_ctx_is_cancelled(call->ctx)) rti_call_fail(call, RT_E_CANCELLED, "cancelled: rt_ctx_cancel stopped a loop");
  return call->status == RT_OK;
}

bool rti_call_round(rti_onnx_call *call) {
  if (!rti_call_goes_on(call)) return false;
  if (call->model->loop_left-- <= 0)
    rti_call_fail(call, RT_E_TIMEOUT, "more than %lld rounds of loops in one run (rt_model_limit_loops allows more)", (long long)call->model->loop_limit);
  return call->status == RT_OK;
}

void *rti_call_buffer(rti_onnx_call *call, uint64_t n, size_t element_bytes) {
  uint64_t bytes;
  if (call->status != RT_OK) return NULL;
  void **list = realloc(call->buffers, ((size_t)call->n_buffers + 1) * sizeof *list);
  if (list) call->buffers = list;
  void *buffer = list && rti_io_mul(n, element_bytes, &bytes) && bytes < SIZE_MAX ? calloc(1, (size_t)bytes + 1) : NULL;
  if (buffer) call->buffers[call->n_buffers++] = buffer;
  else rti_call_fail(call, RT_E_NO_MEMORY, "no memory for %llu elements", (unsigned long long)n);
  return buffer;
}

bool rti_call_has(const rti_onnx_call *call, int32_t index) { return index < call->node->n_in && call->node->in[index] >= 0; }

rti_onnx_datum rti_call_datum(rti_onnx_call *call, int32_t index) {
  if (call->status != RT_OK || !rti_call_has(call, index)) return (rti_onnx_datum){0};
  const rti_onnx_datum datum = rti_onnx_peek(call->node->graph, call->node->in[index]);
  if (datum.kind == RTI_UNSET) rti_call_fail(call, RT_E_INTERNAL, "input %d is not there", index);
  return datum;
}

const rt_tensor *rti_call_in(rti_onnx_call *call, int32_t index) {
  const rti_onnx_datum datum = rti_call_datum(call, index);
  if (datum.kind != RTI_TENSOR && datum.kind != RTI_UNSET) rti_call_fail(call, RT_E_DTYPE, "input %d is %s, not a tensor", index, rti_datum_name(datum));
  return datum.tensor;
}

rt_tensor *rti_call_take(const rti_onnx_call *call, int32_t index) {
  const rti_onnx_node *node = call->node;
  if (call->status != RT_OK || !rti_call_has(call, index)) return NULL;
  const rti_onnx_value *value = &node->graph->values[node->in[index]];
  rt_tensor *tensor = value->current.tensor;
  if (value->constant || value->alias != RTI_NO_ALIAS || value->last_use != (int32_t)(node - node->graph->nodes) || value->current.kind != RTI_TENSOR) return NULL;
  return rt_tensor_is_contiguous(tensor) && rt_tensor_is_exclusive(tensor) ? tensor : NULL;
}

const int64_t *rti_call_ints(rti_onnx_call *call, int32_t index, int64_t *out_n) {
  *out_n = 0;
  const rt_tensor *tensor = rti_call_in(call, index);
  if (!tensor) return NULL;
  const rti_onnx_value *value = rti_onnx_value_at(call->node->graph, call->node->in[index]);
  if (value->ints) {
    *out_n = value->n_ints;
    return value->ints;
  }
  const rt_dtype dtype = rt_tensor_dtype(tensor);
  const int64_t n = rt_tensor_numel(tensor);
  if (n > RTI_ONNX_HOST_LIMIT) {
    rti_call_fail(call, RT_E_SHAPE, "input %d holds %lld numbers, more than %d", index, (long long)n, RTI_ONNX_HOST_LIMIT);
    return NULL;
  }
  if (dtype != RT_I64 && dtype != RT_I32) {
    rti_call_fail(call, RT_E_DTYPE, "input %d is %s, not i64", index, rt_dtype_name(dtype));
    return NULL;
  }
  int64_t *ints = rti_call_buffer(call, (uint64_t)n, sizeof *ints);
  if (!ints) return NULL;
  if (dtype == RT_I64) {
    call->status = rt_read(tensor, ints, (size_t)n * sizeof *ints);
  } else {
    int32_t *narrow = rti_call_buffer(call, (uint64_t)n, sizeof *narrow);
    if (narrow) call->status = rt_read(tensor, narrow, (size_t)n * sizeof *narrow);
    for (int64_t i = 0; narrow && i < n; i++) ints[i] = narrow[i];
  }
  if (call->status != RT_OK) return NULL;
  *out_n = n;
  return ints;
}

rt_scalar rti_call_scalar(rti_onnx_call *call, int32_t index) {
  rt_scalar value = rt_int(0);
  const rt_tensor *tensor = rti_call_in(call, index);
  if (!tensor) return value;
  if (rt_tensor_numel(tensor) != 1) rti_call_fail(call, RT_E_SHAPE, "input %d must hold one element, not %lld", index, (long long)rt_tensor_numel(tensor));
  else call->status = rt_item(tensor, &value);
  return value;
}

int64_t rti_call_integer(rti_onnx_call *call, int32_t index) {
  const rt_scalar value = rti_call_scalar(call, index);
  if (call->status == RT_OK && value.kind != RT_KIND_SIGNED && value.kind != RT_KIND_UNSIGNED) rti_call_fail(call, RT_E_DTYPE, "input %d must be an integer", index);
  return call->status == RT_OK ? value.as.i : 0;
}

void rti_call_same_dtype(rti_onnx_call *call, const rt_tensor *a, const rt_tensor *b) {
  if (a && b && rt_tensor_dtype(a) != rt_tensor_dtype(b))
    rti_call_fail(call, RT_E_DTYPE, "%s and %s must be one dtype", rt_dtype_name(rt_tensor_dtype(a)), rt_dtype_name(rt_tensor_dtype(b)));
}

const rti_onnx_attr *rti_call_attr(const rti_onnx_call *call, const char *name) {
  for (int32_t i = 0; i < call->node->n_attrs; i++)
    if (!strcmp(call->node->attrs[i].name, name)) return &call->node->attrs[i];
  return NULL;
}

int64_t rti_call_i(const rti_onnx_call *call, const char *name, int64_t fallback) {
  const rti_onnx_attr *attr = rti_call_attr(call, name);
  return attr ? attr->i : fallback;
}

double rti_call_f(const rti_onnx_call *call, const char *name, double fallback) {
  const rti_onnx_attr *attr = rti_call_attr(call, name);
  return attr ? attr->f : fallback;
}

const char *rti_call_s(const rti_onnx_call *call, const char *name, const char *fallback) {
  const rti_onnx_attr *attr = rti_call_attr(call, name);
  return attr ? attr->s : fallback;
}

const int64_t *rti_call_list(const rti_onnx_call *call, const char *name, int64_t *out_n) {
  const rti_onnx_attr *attr = rti_call_attr(call, name);
  *out_n = attr ? attr->n : 0;
  return attr ? attr->ints : NULL;
}

bool rti_call_wants(const rti_onnx_call *call, int32_t index) { return index < call->node->n_out && call->node->out[index] >= 0; }

void rti_call_out(rti_onnx_call *call, int32_t index, const rt_tensor *tensor) {
  if (call->status != RT_OK || !rti_call_wants(call, index)) return;
  if (!tensor) {
    rti_call_fail(call, RT_E_INTERNAL, "output %d was not computed", index);
    return;
  }
  rti_call_out_datum(call, index, (rti_onnx_datum){.kind = RTI_TENSOR, .tensor = (rt_tensor *)tensor});
}

void rti_call_out_datum(rti_onnx_call *call, int32_t index, rti_onnx_datum datum) {
  if (call->status != RT_OK || !rti_call_wants(call, index)) return;
  if (datum.kind == RTI_UNSET) {
    rti_call_fail(call, RT_E_INTERNAL, "output %d was not computed", index);
    return;
  }
  rti_onnx_datum *current = &call->node->graph->values[call->node->out[index]].current;
  rti_datum_retain(datum);
  rti_datum_release(current);
  *current = datum;
}

int32_t rti_call_axis(rti_onnx_call *call, int64_t axis, int32_t rank) {
  if (axis >= -rank && axis < rank) return (int32_t)(axis < 0 ? axis + rank : axis);
  rti_call_fail(call, RT_E_SHAPE, "axis %lld is not in [%d, %d)", (long long)axis, -rank, rank);
  return 0;
}

rt_axes rti_call_axes(rti_onnx_call *call, const int64_t *axes, int64_t n, int32_t rank) {
  rt_axes out = {0};
  uint32_t seen = 0;
  if (n > RT_MAX_RANK) rti_call_fail(call, RT_E_SHAPE, "%lld axes are more than %d", (long long)n, RT_MAX_RANK);
  for (int64_t i = 0; i < n && call->status == RT_OK; i++) {
    const int32_t axis = rti_call_axis(call, axes[i], rank);
    if (seen >> axis & 1) rti_call_fail(call, RT_E_SHAPE, "axis %lld is given twice", (long long)axes[i]);
    seen |= 1u << axis;
    out.axis[out.count++] = axis;
  }
  return out;
}

int64_t rti_call_product(rti_onnx_call *call, const int64_t *shape, int32_t first, int32_t last) {
  int64_t product = 1;
  for (int32_t i = first; i < last; i++)
    if (__builtin_mul_overflow(product, shape[i], &product)) {
      rti_call_fail(call, RT_E_SHAPE, "the product of extents %d to %d passes 2^63-1", first, last - 1);
      return 0;
    }
  return product;
}
