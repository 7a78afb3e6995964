// SPDX-License-Identifier: BSD-3-Clause
// What dtype and shape a result has, one function per rule. These are the checks that need no data: backends may trust them.
#include <string.h>

#include "infer.h"

bool rti_accepts_dtype(uint16_t op, rt_dtype dtype) {
  uint8_t class = rti_ops[op].accepts;
  rt_dtype_kind kind = (rt_dtype_kind)rti_dtype_kinds[dtype];
  bool is_integer = kind == RT_KIND_SIGNED || kind == RT_KIND_UNSIGNED;
  if (kind == RT_KIND_COMPLEX) return class & RTI_AND_COMPLEX;
  switch (class & ~RTI_AND_COMPLEX) {
    case RTI_ANY: return true;
    case RTI_NUMERIC: return is_integer || kind == RT_KIND_FLOAT;
    case RTI_INTEGER: return is_integer;
    case RTI_BITS: return is_integer || kind == RT_KIND_BOOLEAN;
    default: return kind == RT_KIND_FLOAT;
  }
}

rt_status rti_refuse_complex(const char *name, rt_dtype dtype) {
  return rti_fail(RT_E_DTYPE, "%s: not defined for %s, a complex dtype; take rt_real, rt_imag or rt_abs first", name, rt_dtype_name(dtype));
}

rt_status rti_infer_compute(uint16_t op, int n, const rt_tensor *const *in, const rt_scalar *scalar, rt_dtype *out_dtype) {
  const rti_op_info *info = &rti_ops[op];
  rt_dtype dtype = RT_DTYPE_NONE;
  rt_status status;
  for (int k = 0; k < n; k++) {
    if (in[k]->flags & RTI_TENSOR_WEAK) continue;
    rt_dtype mine = (rt_dtype)in[k]->view.dtype;
    if (!dtype) dtype = mine;
    else if (dtype != mine && (status = rt_promote(dtype, mine, &dtype)) != RT_OK) return rti_fail_in(status, "%s", info->name);
  }
  // Weak operands only raise the kind. When all are weak, the highest kind gives bool, i64, f32 or c64.
  rt_dtype_kind kind = dtype ? RT_KIND_NONE : RT_KIND_BOOLEAN;
  for (int k = 0; k <= n; k++) {
    const rt_tensor *t = k < n ? in[k] : NULL;
    if (k < n ? !(t->flags & RTI_TENSOR_WEAK) : !scalar) continue;
    rt_scalar value = {.kind = t ? (rt_dtype_kind)rti_dtype_kinds[t->view.dtype] : scalar->kind};
    if (value.kind < RT_KIND_BOOLEAN || value.kind > RT_KIND_COMPLEX) return rti_fail(RT_E_ARGUMENT, "%s: %d is no kind of scalar", info->name, (int)value.kind);
    if (dtype) dtype = rti_scalar_dtype(dtype, value);
    else if (value.kind > kind) kind = value.kind;
  }
  static const uint8_t of_kind[] = {[RT_KIND_BOOLEAN] = RT_BOOL, [RT_KIND_SIGNED] = RT_I64, [RT_KIND_UNSIGNED] = RT_U64, [RT_KIND_FLOAT] = RT_F32, [RT_KIND_COMPLEX] = RT_C64};
  if (!dtype) dtype = (rt_dtype)of_kind[kind];
  int class = info->accepts & ~RTI_AND_COMPLEX;
  if (class == RTI_FLOAT && rti_dtype_kinds[dtype] < RT_KIND_FLOAT) dtype = RT_F32;
  if (!rti_accepts_dtype(op, dtype)) {
    if (rti_is_complex((int)dtype)) return rti_refuse_complex(info->name, dtype);
    static const char *const wants[] = {"any dtype", "a number", "an integer", "an integer or bool", "a float"};
    return rti_fail(RT_E_DTYPE, "%s: not defined for %s, it takes %s; cast first", info->name, rt_dtype_name(dtype), wants[class]);
  }
  *out_dtype = dtype;
  return RT_OK;
}

rt_dtype rti_infer_result(uint16_t op, rt_dtype compute) {
  switch ((rti_result)rti_ops[op].result) {
    case RTI_BOOL: return RT_BOOL;
    case RTI_I64: return RT_I64;
    case RTI_REAL: return rti_real_of(compute);
    case RTI_COMPLEX: return rti_complex_of(compute);
    case RTI_SUM: {
      rt_dtype_kind kind = (rt_dtype_kind)rti_dtype_kinds[compute];
      return kind >= RT_KIND_FLOAT ? compute : kind == RT_KIND_UNSIGNED ? RT_U64 : RT_I64;
    }
    default: return compute;
  }
}

rt_status rti_infer_broadcast(uint16_t op, int n, const rt_tensor *const *in, int32_t *out_rank, int64_t *out_shape) {
  *out_rank = 0;
  for (int k = 0; k < n; k++) {
    if (rti_broadcast(out_rank, out_shape, in[k]->view.ndim, in[k]->view.shape)) continue;
    rti_text a, b;
    const rt_tensor *other = in[0];
    for (int j = 0; j < k; j++) { // name a pair that clashes
      int32_t rank = 0;
      int64_t shape[RT_MAX_RANK];
      other = in[j];
      if (rti_broadcast(&rank, shape, other->view.ndim, other->view.shape) && !rti_broadcast(&rank, shape, in[k]->view.ndim, in[k]->view.shape)) break;
    }
    return rti_fail(RT_E_SHAPE, "%s: shapes %s and %s do not broadcast", rti_ops[op].name, rti_shape_text(&a, other->view.ndim, other->view.shape),
                    rti_shape_text(&b, in[k]->view.ndim, in[k]->view.shape));
  }
  return RT_OK;
}

void rti_infer_reduce(const rt_tensor *x, uint32_t axes, bool keep_dims, int32_t *out_rank, int64_t *out_shape) {
  *out_rank = 0;
  for (int32_t d = 0; d < x->view.ndim; d++) {
    bool is_reduced = axes >> d & 1;
    if (!is_reduced || keep_dims) out_shape[(*out_rank)++] = is_reduced ? 1 : x->view.shape[d];
  }
}

/// What windows of all kinds have in common: 1 to 3 spatial axes, and no number below its lowest. weight: of a convolution, else NULL.
static rt_status read_window(uint16_t op, const rt_tensor *x, const rt_tensor *weight, const rt_window *window, rtb_attr_window *out_attr) {
  const char *name = rti_ops[op].name;
  rti_text text, text_w;
  int32_t spatial = x->view.ndim - 2, groups = window->groups ? window->groups : 1;
  if (spatial < 1 || spatial > 3)
    return rti_fail(RT_E_SHAPE, "%s: x of shape %s is not [N,C,...] with 1 to 3 spatial axes", name, rti_shape_text(&text, x->view.ndim, x->view.shape));
  *out_attr = (rtb_attr_window){.size = sizeof *out_attr, .spatial = (uint32_t)spatial, .groups = (uint32_t)groups,
                                .flags = window->count_pad && !weight ? RTB_WINDOW_COUNT_PAD : 0};
  if (groups < 1) return rti_fail(RT_E_ARGUMENT, "%s: groups %d", name, window->groups);
  if (weight && weight->view.ndim != x->view.ndim)
    return rti_fail(RT_E_SHAPE, "%s: weight %s does not have the rank of x %s", name, rti_shape_text(&text_w, weight->view.ndim, weight->view.shape),
                    rti_shape_text(&text, x->view.ndim, x->view.shape));
  for (int32_t i = 0; i < spatial; i++) {
    int64_t size = weight ? weight->view.shape[2 + i] : window->size[i];
    int32_t stride = window->stride[i] ? window->stride[i] : 1, dilation = window->dilation[i] ? window->dilation[i] : 1;
    int32_t low = window->pad_lo[i], high = window->pad_hi[i];
    if (weight && window->size[i] && window->size[i] != size)
      return rti_fail(RT_E_ARGUMENT, "%s: window size %d of axis %d, but the weight's extent is %lld", name, window->size[i], i, (long long)size);
    if (size < 1 || size > INT32_MAX || stride < 1 || dilation < 1 || low < 0 || high < 0)
      return rti_fail(RT_E_ARGUMENT, "%s: spatial axis %d has window %lld, stride %d, dilation %d, pads %d and %d", name, i, (long long)size, stride, dilation,
                      low, high);
    if (x->view.shape[2 + i] > INT64_MAX / 4) return rti_fail(RT_E_SHAPE, "%s: spatial axis %d has extent %lld", name, i, (long long)x->view.shape[2 + i]);
    out_attr->window[i] = (int32_t)size;
    out_attr->stride[i] = stride;
    out_attr->dilation[i] = dilation;
    out_attr->pad_lo[i] = low;
    out_attr->pad_hi[i] = high;
  }
  return RT_OK;
}

rt_status rti_infer_window(uint16_t op, const rt_tensor *x, const rt_tensor *weight, const rt_window *window, rtb_attr_window *out_attr, int64_t *out_extent) {
  const char *name = rti_ops[op].name;
  static const rt_window none;
  bool is_pool = !weight;
  if (!window && is_pool) return rti_fail(RT_E_ARGUMENT, "%s: window is NULL", name);
  if (!window) window = &none;
  rt_status status = read_window(op, x, weight, window, out_attr);
  if (status != RT_OK) return status;
  int64_t channels = x->view.shape[1], groups = out_attr->groups;
  rti_text text, text_w;
  if (weight && (channels % groups || weight->view.shape[0] % groups || weight->view.shape[1] != channels / groups))
    return rti_fail(RT_E_SHAPE, "%s: x %s and weight %s do not fit with groups %lld (weight is [M, C/groups, ...])", name,
                    rti_shape_text(&text, x->view.ndim, x->view.shape), rti_shape_text(&text_w, weight->view.ndim, weight->view.shape), (long long)groups);
  for (int32_t i = 0; i < (int32_t)out_attr->spatial; i++) {
    // Each factor is below 2^31, so these fit; the padded extent stays below 2^62.
    int64_t stride = out_attr->stride[i], low = out_attr->pad_lo[i], high = out_attr->pad_hi[i], extent = x->view.shape[2 + i];
    int64_t reach = (int64_t)(out_attr->window[i] - 1) * out_attr->dilation[i] + 1;
    int64_t room = extent + low + high - reach;
    if (room < 0)
      return rti_fail(RT_E_SHAPE, "%s: a window that reaches over %lld elements does not fit into spatial axis %d of extent %lld with pads %lld and %lld",
                      name, (long long)reach, i, (long long)extent, (long long)low, (long long)high);
    if (is_pool && (low >= reach || high >= reach))
      return rti_fail(RT_E_ARGUMENT, "%s: spatial axis %d has pads %lld and %lld, not below the window's reach of %lld", name, i, (long long)low, (long long)high, (long long)reach);
    int64_t count = room / stride + 1;
    if (is_pool && window->ceil_mode && room % stride && room / stride * stride + stride < extent + low) count++; // starts inside x or its low pad
    out_extent[i] = count;
  }
  return RT_OK;
}

rt_status rti_infer_transposed(const rt_tensor *x, const rt_tensor *weight, const rt_window *window, rtb_attr_window *out_attr, int64_t *out_channels, int64_t *out_extent) {
  const char *name = rti_ops[RTB_OP_CONV_TRANSPOSE].name;
  static const rt_window none;
  if (!window) window = &none;
  rt_status status = read_window(RTB_OP_CONV_TRANSPOSE, x, weight, window, out_attr);
  if (status != RT_OK) return status;
  int64_t groups = out_attr->groups;
  rti_text text, text_w;
  if (weight->view.shape[0] != x->view.shape[1] || x->view.shape[1] % groups || !rti_mul_i64(weight->view.shape[1], groups, out_channels))
    return rti_fail(RT_E_SHAPE, "%s: x %s and weight %s do not fit with groups %lld (weight is [C, M/groups, ...])", name,
                    rti_shape_text(&text, x->view.ndim, x->view.shape), rti_shape_text(&text_w, weight->view.ndim, weight->view.shape), (long long)groups);
  for (int32_t i = 0; i < (int32_t)out_attr->spatial; i++) {
    int64_t extent = x->view.shape[2 + i], reach = (int64_t)(out_attr->window[i] - 1) * out_attr->dilation[i] + 1, whole;
    if (window->output_pad[i] < 0) return rti_fail(RT_E_ARGUMENT, "%s: spatial axis %d has output_pad %d", name, i, window->output_pad[i]);
    if (extent < 1 || !rti_mul_i64(extent - 1, out_attr->stride[i], &whole) || whole > INT64_MAX / 2)
      return rti_fail(RT_E_SHAPE, "%s: spatial axis %d of extent %lld with stride %d", name, i, (long long)extent, out_attr->stride[i]);
    whole += reach + window->output_pad[i];
    out_extent[i] = whole - out_attr->pad_lo[i] - out_attr->pad_hi[i];
    if (out_extent[i] < 0)
      return rti_fail(RT_E_SHAPE, "%s: pads %d and %d take more from spatial axis %d than its %lld elements", name, out_attr->pad_lo[i], out_attr->pad_hi[i], i,
                      (long long)whole);
  }
  return RT_OK;
}
