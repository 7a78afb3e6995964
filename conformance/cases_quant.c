// SPDX-License-Identifier: BSD-3-Clause
// Cells of quantisation and of integer products with zero points. The oracle rounds, saturates and adds up in 113-bit reals and 128-bit
// integers from the definitions.
#include "internal.h"

#include <string.h>

static const rt_dtype narrow[] = {RT_I8, RT_U8, RT_I16, RT_U16, RT_I32, RT_U32};
static bool is_narrow(rt_dtype dtype) { return !cf_is_float(dtype) && dtype != RT_BOOL && cf_bytes(dtype) <= 4; }

typedef struct quant_how {
  const char *name;
  int32_t rank;
  int64_t x[4];
  int32_t scale_rank; // and of the zero point
  int64_t scale[4];
  int32_t axis;
  bool has_zero;
  cf_layout in, beside; // of x; of scale and zero point
  cf_form form;
  cf_layout out;
} quant_how;
static const quant_how quants[] = {
  {"tensor", 2, {7, 11}, 0, {0}, 0, true, CF_DENSE, CF_DENSE, CF_NEW, 0},
  {"no-zero", 2, {7, 11}, 0, {0}, 0, false, CF_DENSE, CF_DENSE, CF_NEW, 0},
  {"one-element", 2, {7, 11}, 1, {1}, 5, true, CF_DENSE, CF_DENSE, CF_NEW, 0}, // an axis that nothing reads
  {"axis", 3, {3, 5, 4}, 1, {5}, 1, true, CF_DENSE, CF_DENSE, CF_NEW, 0},
  {"axis-no-zero", 3, {3, 5, 4}, 1, {5}, -2, false, CF_DENSE, CF_DENSE, CF_NEW, 0},
  {"first-axis", 3, {3, 5, 4}, 1, {3}, 0, true, CF_DENSE, CF_DENSE, CF_NEW, 0},
  {"last-axis", 4, {2, 3, 5, 4}, 1, {4}, -1, true, CF_DENSE, CF_STEPPED, CF_NEW, 0},
  {"blocks", 3, {3, 4, 5}, 3, {3, 4, 1}, 0, true, CF_DENSE, CF_DENSE, CF_NEW, 0}, // of 5 elements of a row
  {"elementwise", 2, {7, 11}, 2, {7, 11}, 0, true, CF_DENSE, CF_DENSE, CF_NEW, 0},
  {"rank0", 0, {0}, 0, {0}, 0, true, CF_DENSE, CF_DENSE, CF_NEW, 0},
  {"long", 1, {203}, 0, {0}, 0, true, CF_DENSE, CF_DENSE, CF_NEW, 0},
  {"empty", 2, {0, 5}, 1, {5}, 1, true, CF_DENSE, CF_DENSE, CF_NEW, 0},
  {"empty-axis", 2, {5, 0}, 1, {0}, 1, true, CF_DENSE, CF_DENSE, CF_NEW, 0},
  {"offset", 2, {7, 11}, 1, {7}, 0, true, CF_OFFSET, CF_OFFSET, CF_NEW, 0},
  {"rows", 2, {7, 11}, 1, {11}, 1, true, CF_ROWS, CF_NEGATIVE, CF_NEW, 0},
  {"transposed", 3, {3, 5, 4}, 0, {0}, 0, true, CF_TRANSPOSED, CF_DENSE, CF_NEW, 0},
  {"stepped", 3, {3, 5, 4}, 1, {5}, 1, true, CF_STEPPED, CF_STEPPED, CF_NEW, 0},
  {"negative", 3, {3, 5, 4}, 1, {5}, 1, true, CF_NEGATIVE, CF_NEGATIVE, CF_NEW, 0},
  {"mixed", 3, {3, 5, 4}, 3, {3, 1, 4}, 0, true, CF_MIXED, CF_DENSE, CF_NEW, 0},
  {"expanded", 3, {3, 5, 4}, 1, {4}, 2, true, CF_EXPANDED, CF_EXPANDED, CF_NEW, 0},
  {"into", 2, {7, 11}, 1, {7}, 0, true, CF_DENSE, CF_DENSE, CF_INTO, CF_OFFSET},
  {"into-stepped", 3, {3, 5, 4}, 1, {5}, 1, true, CF_ROWS, CF_DENSE, CF_INTO, CF_STEPPED},
  {"into-negative", 2, {7, 11}, 0, {0}, 0, false, CF_DENSE, CF_DENSE, CF_INTO, CF_NEGATIVE},
};
static const quant_how refused_quants[] = {
  {"refused-scale", 3, {3, 5, 4}, 1, {4}, 1, false, CF_DENSE, CF_DENSE, CF_NEW, 0},
  {"refused-rank", 2, {5, 4}, 3, {3, 1, 1}, 0, false, CF_DENSE, CF_DENSE, CF_NEW, 0},
  {"refused-broadcast", 2, {5, 1}, 2, {5, 4}, 0, false, CF_DENSE, CF_DENSE, CF_NEW, 0}, // the scale may not enlarge x
};

static rt_status call_quantize(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  const rt_tensor *zero = c->n_in > 2 ? in[2] : NULL;
  return into ? rt_quantize_into(in[0], in[1], zero, c->axis, into) : rt_quantize(in[0], in[1], zero, c->axis, c->asked, out);
}
static rt_status call_dequantize(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  const rt_tensor *zero = c->n_in > 2 ? in[2] : NULL;
  return into ? rt_dequantize_into(in[0], in[1], zero, c->axis, into) : rt_dequantize(in[0], in[1], zero, c->axis, out);
}

/// Scales as models have them; with specials, as they should not have them.
static void fill_scale(cf_case *c, cf_class values) {
  cf_array *a = &c->in[1].x;
  static const double plain[] = {0.5, 0.1, 1, 3, 0.0078125, 0.0123, 1.7, 0.25};
  for (int64_t i = 0; i < a->numel; i++) {
    cf_real s = (cf_real)plain[cf_random_below(c, CF_COUNT(plain))];
    if (values == CF_TIES || values == CF_INTEGERS) s = cf_power2(-(int)cf_random_below(c, 3)); // quotients that end in a half
    if (values == CF_WIDE) s *= cf_power2((int)cf_random_below(c, 24) - 12);
    cf_set(a, i, cf_encode(a->dtype, s, 0));
  }
  if (values == CF_SPECIALS) cf_fill(c, 1, CF_SPECIALS);
}

static bool quant_inputs(cf_case *c, const quant_how *how, rt_dtype x, rt_dtype scale, rt_dtype zero, cf_class values) {
  c->form = how->form, c->out_layout = how->out, c->axis = how->axis;
  cf_input(c, 0, x, how->rank, how->x);
  cf_input(c, 1, scale, how->scale_rank, how->scale);
  if (how->has_zero) cf_input(c, 2, zero, how->scale_rank, how->scale);
  cf_fill(c, 0, values);
  fill_scale(c, values);
  if (how->has_zero) cf_fill(c, 2, values == CF_WIDE || values == CF_SPECIALS || values == CF_EXTREMES ? CF_EXTREMES : CF_SMALL);
  for (int k = 0; k < c->n_in; k++) cf_place(c, k, k ? how->beside : how->in);
  return how->has_zero;
}

/// The element of scale or zero point beside element i of x.
static int64_t element_beside(const quant_how *how, const cf_array *x, const cf_array *a, int64_t i) {
  if (a->numel == 1) return 0;
  if (a->rank != 1) return cf_broadcast_index(a, x->rank, x->shape, i);
  int64_t at[RT_MAX_RANK];
  cf_coordinates(x, i, at);
  return at[how->axis < 0 ? how->axis + x->rank : how->axis];
}

/// To the nearest integer, ties to even; what is far outside of 32 bits stays far outside.
static cf_int nearest(cf_real q) {
  cf_real far = cf_power2(60);
  if (q > far || q < -far) return q > 0 ? (cf_int)1 << 60 : -((cf_int)1 << 60);
  cf_int whole = (cf_int)q; // towards zero
  cf_real rest = cf_abs(q - (cf_real)whole);
  if (rest > (cf_real)0.5 || (rest == (cf_real)0.5 && (whole & 1))) whole += cf_is_negative(q) ? -1 : 1;
  return whole;
}

static void want_quantized(cf_case *c, const quant_how *how, rt_dtype compute) {
  const cf_array *x = &c->in[0].x, *scale = &c->in[1].x, *zero = how->has_zero ? &c->in[2].x : NULL;
  rt_dtype to = c->out.x.dtype, lane = compute == RT_F64 ? RT_F64 : RT_F32;
  for (int64_t i = 0; i < x->numel; i++) {
    int64_t s = element_beside(how, x, scale, i);
    cf_real quotient = cf_decode(compute, cf_cast(x->dtype, cf_bits(x, i), compute)) / cf_decode(compute, cf_cast(scale->dtype, cf_bits(scale, s), compute));
    quotient = cf_decode(lane, cf_encode(lane, quotient, 0));
    cf_int y = cf_is_nan(quotient) ? 0 : nearest(quotient);
    if (zero && !cf_is_nan(quotient)) y += cf_decode_int(to, cf_bits(zero, element_beside(how, x, zero, i)));
    y = y < cf_int_min(to) ? cf_int_min(to) : y > cf_int_max(to) ? cf_int_max(to) : y;
    cf_want_bits(c, i, cf_encode_int(to, y));
  }
}

void cf_cases_quantize(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(QUANTIZE));
  for (int code = RT_BOOL; code < CF_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code, compute = cf_compute_dtype(CF_ACCEPT_FLOAT, dtype);
    rt_dtype scale = compute;
    for (size_t t = 0; t < CF_COUNT(narrow); t++) {
      for (size_t h = 0; h < CF_COUNT(quants); h++) {
        const cf_class *classes = cf_classes_of(dtype);
        if (dtype != compute && h > 0) continue;
        for (int v = 0; classes[v] != CF_CLASSES; v++) {
          if (v > 0 && h > 3 && (dtype != RT_F32 || t > 1)) continue;
          cf_case *c = cf_open(g, op, dtype, "%s-to-%s/%s", quants[h].name, rt_dtype_name(narrow[t]), cf_class_name[classes[v]]);
          if (!c) continue;
          bool has_zero = quant_inputs(c, &quants[h], dtype, scale, narrow[t], classes[v]);
          c->call = call_quantize, c->asked = has_zero && h % 2 ? RT_DTYPE_NONE : narrow[t]; // the zero point may say it, too
          cf_result(c, narrow[t], quants[h].rank, quants[h].x);
          want_quantized(c, &quants[h], compute);
          cf_close(c);
        }
      }
    }
    rt_dtype other = dtype == RT_F64 ? RT_F32 : RT_F64;
    cf_case *c = cf_open(g, op, dtype, "promotion/%s", rt_dtype_name(other));
    if (c) {
      quant_inputs(c, &quants[0], dtype, other, RT_U8, CF_SMALL);
      c->call = call_quantize, c->asked = RT_U8;
      cf_result(c, RT_U8, 2, quants[0].x);
      want_quantized(c, &quants[0], RT_F64);
      cf_close(c);
    }
    for (size_t h = 0; h < CF_COUNT(refused_quants) + 2; h++) { // the last two: to i64; a zero point of another dtype
      bool is_shape = h < CF_COUNT(refused_quants);
      c = cf_open(g, op, dtype, "%s", is_shape ? refused_quants[h].name : h == CF_COUNT(refused_quants) ? "refused-to-i64" : "refused-zero");
      if (!c) continue;
      quant_inputs(c, is_shape ? &refused_quants[h] : &quants[h == CF_COUNT(refused_quants)], dtype, scale, RT_U8, CF_SMALL);
      c->call = call_quantize, c->asked = is_shape ? RT_U8 : h == CF_COUNT(refused_quants) ? RT_I64 : RT_I8;
      c->fails = is_shape ? RT_E_SHAPE : RT_E_DTYPE;
      cf_close(c);
    }
  }
}

void cf_cases_dequantize(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(DEQUANTIZE));
  static const rt_dtype scales[] = {RT_F32, RT_F16, RT_BF16, RT_F64};
  for (int code = RT_BOOL; code < CF_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    if (!is_narrow(dtype)) {
      cf_case *c = cf_open(g, op, dtype, "refused");
      if (!c) continue;
      quant_inputs(c, &quants[1], dtype, RT_F32, RT_U8, CF_SMALL);
      c->call = call_dequantize, c->fails = RT_E_DTYPE;
      cf_close(c);
      continue;
    }
    for (size_t s = 0; s < CF_COUNT(scales); s++) {
      for (size_t h = 0; h < CF_COUNT(quants); h++) {
        const cf_class *classes = cf_classes_of(dtype);
        const quant_how *how = &quants[h];
        for (int v = 0; classes[v] != CF_CLASSES; v++) {
          if (v > 0 && h > 3 && s > 0) continue;
          cf_case *c = cf_open(g, op, dtype, "%s-to-%s/%s", how->name, rt_dtype_name(scales[s]), cf_class_name[classes[v]]);
          if (!c) continue;
          quant_inputs(c, how, dtype, scales[s], dtype, classes[v]);
          if (classes[v] == CF_UNIFORM) cf_fill(c, 1, s % 2 ? CF_SPECIALS : CF_WIDE), cf_place(c, 1, how->beside);
          c->call = call_dequantize;
          cf_result(c, scales[s], how->rank, how->x);
          const cf_array *x = &c->in[0].x, *scale = &c->in[1].x, *zero = how->has_zero ? &c->in[2].x : NULL;
          for (int64_t i = 0; i < x->numel; i++) {
            cf_int difference = cf_decode_int(dtype, cf_bits(x, i)) - (zero ? cf_decode_int(dtype, cf_bits(zero, element_beside(how, x, zero, i))) : 0);
            cf_want_ulp(c, i, (cf_real)difference * cf_at(scale, element_beside(how, x, scale, i)), 0);
          }
          cf_close(c);
        }
      }
    }
    for (size_t h = 0; h < CF_COUNT(refused_quants); h++) {
      cf_case *c = cf_open(g, op, dtype, "%s", refused_quants[h].name);
      if (!c) continue;
      quant_inputs(c, &refused_quants[h], dtype, RT_F32, dtype, CF_SMALL);
      c->call = call_dequantize, c->fails = RT_E_SHAPE;
      cf_close(c);
    }
  }
}

// ---- matmul_integer -------------------------------------------------------------------------------------------------------------------
typedef struct integer_how {
  const char *name;
  int32_t a_rank, b_rank;
  int64_t a[4], b[4];
  int32_t zero_rank[2]; // -1: no zero point
  int64_t zero[2][4];
  cf_layout in[2];
  cf_form form;
  cf_layout out;
} integer_how;
static const integer_how products[] = {
  {"plain", 2, 2, {5, 7}, {7, 3}, {-1, -1}, {{0}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"zeros", 2, 2, {5, 7}, {7, 3}, {0, 0}, {{0}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"a-zero", 2, 2, {5, 7}, {7, 3}, {0, -1}, {{0}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"b-zero", 2, 2, {5, 7}, {7, 3}, {-1, 1}, {{0}, {1}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"per-row-and-column", 2, 2, {5, 7}, {7, 3}, {1, 1}, {{5}, {3}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"square", 2, 2, {6, 6}, {6, 6}, {1, 1}, {{6}, {6}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"wide", 2, 2, {37, 9}, {9, 70}, {1, 1}, {{37}, {70}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"deep", 2, 2, {3, 130}, {130, 5}, {0, 1}, {{0}, {5}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"row", 1, 2, {7}, {7, 5}, {0, 1}, {{0}, {5}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"column", 2, 1, {5, 7}, {7}, {1, 0}, {{5}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"dot", 1, 1, {33}, {33}, {0, 0}, {{0}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"batch", 3, 3, {3, 4, 5}, {3, 5, 2}, {3, 3}, {{3, 4, 1}, {3, 1, 2}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"batch-broadcast", 4, 3, {2, 1, 3, 4}, {3, 4, 5}, {1, 2}, {{3}, {1, 5}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"transposed", 2, 2, {6, 9}, {9, 4}, {1, 1}, {{6}, {4}}, {CF_TRANSPOSED, CF_TRANSPOSED}, CF_NEW, 0},
  {"stepped", 3, 2, {2, 6, 9}, {9, 4}, {1, 1}, {{6}, {4}}, {CF_STEPPED, CF_STEPPED}, CF_NEW, 0},
  {"negative", 2, 2, {6, 9}, {9, 4}, {1, 1}, {{6}, {4}}, {CF_NEGATIVE, CF_NEGATIVE}, CF_NEW, 0},
  {"expanded", 3, 2, {3, 4, 5}, {5, 2}, {0, 0}, {{0}}, {CF_EXPANDED, CF_EXPANDED}, CF_NEW, 0},
  {"empty", 2, 2, {0, 5}, {5, 3}, {0, 1}, {{0}, {3}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"over-nothing", 2, 2, {4, 0}, {0, 3}, {0, 0}, {{0}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"into", 2, 2, {5, 7}, {7, 3}, {1, 1}, {{5}, {3}}, {CF_DENSE, CF_DENSE}, CF_INTO, CF_OFFSET},
  {"into-stepped", 3, 3, {3, 4, 5}, {3, 5, 2}, {0, 0}, {{0}}, {CF_DENSE, CF_DENSE}, CF_INTO, CF_STEPPED},
  {"into-row", 1, 2, {7}, {7, 5}, {0, 0}, {{0}}, {CF_DENSE, CF_DENSE}, CF_INTO, CF_STEPPED},
  // 255 x 255 x 40,000 does not fit 31 bits.
  {"wraps", 2, 2, {2, 40000}, {40000, 1}, {-1, -1}, {{0}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
};
static const integer_how refused_products[] = {
  {"refused-depth", 2, 2, {4, 5}, {6, 3}, {-1, -1}, {{0}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"refused-a-zero", 2, 2, {4, 5}, {5, 3}, {1, -1}, {{3}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"refused-b-zero", 2, 2, {4, 5}, {5, 3}, {-1, 1}, {{0}, {4}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"refused-zero-rank", 2, 2, {4, 5}, {5, 3}, {3, -1}, {{2, 4, 1}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"refused-zero-column", 2, 2, {4, 5}, {5, 3}, {2, -1}, {{4, 5}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
};

static rt_status call_product(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  const rt_tensor *a_zero = c->zeros & 1 ? in[2] : NULL, *b_zero = c->zeros & 2 ? in[c->n_in - 1] : NULL;
  return into ? rt_matmul_integer_into(in[0], in[1], a_zero, b_zero, into) : rt_matmul_integer(in[0], in[1], a_zero, b_zero, out);
}

static void product_inputs(cf_case *c, const integer_how *how, rt_dtype a, rt_dtype b, cf_class values) {
  c->call = call_product, c->form = how->form, c->out_layout = how->out;
  cf_input(c, 0, a, how->a_rank, how->a);
  cf_input(c, 1, b, how->b_rank, how->b);
  for (int k = 0; k < 2; k++) {
    if (how->zero_rank[k] < 0) continue;
    c->zeros |= 1 << k;
    cf_input(c, c->n_in, k ? b : a, how->zero_rank[k], how->zero[k]);
  }
  for (int k = 0; k < c->n_in; k++) {
    cf_fill(c, k, values);
    if (!strcmp(how->name, "wraps")) memset(c->in[k].x.data, values == CF_SMALL ? 0x7f : values == CF_EXTREMES ? 0xff : 0x80, (size_t)c->in[k].x.numel);
    cf_place(c, k, k < 2 ? how->in[k] : CF_OFFSET);
  }
}

/// The element of a zero point for row or column `place` of matrix `batch` of the result.
static cf_int zero_for(const cf_array *zero, int which, const cf_array *y, int64_t element, int64_t place) {
  if (!zero) return 0;
  if (zero->numel == 1) return cf_decode_int(zero->dtype, cf_bits(zero, 0));
  if (zero->rank == 1) return cf_decode_int(zero->dtype, cf_bits(zero, place));
  int64_t at[RT_MAX_RANK], index = 0; // of rank 2 and more: beside the last axes of y, with extent 1 along the axis that is summed over
  cf_coordinates(y, element, at);
  at[y->rank - 2] = which ? 0 : place;
  at[y->rank - 1] = which ? place : 0;
  for (int32_t d = 0; d < zero->rank; d++) index = index * zero->shape[d] + (zero->shape[d] == 1 ? 0 : at[d + y->rank - zero->rank]);
  return cf_decode_int(zero->dtype, cf_bits(zero, index));
}

static void product_result(cf_case *c) {
  const cf_array *a = &c->in[0].x, *b = &c->in[1].x;
  const cf_array *a_zero = c->zeros & 1 ? &c->in[2].x : NULL, *b_zero = c->zeros & 2 ? &c->in[c->n_in - 1].x : NULL;
  int64_t shape[RT_MAX_RANK], m = a->rank > 1 ? a->shape[a->rank - 2] : 1, n = b->rank > 1 ? b->shape[b->rank - 1] : 1, depth = a->shape[a->rank - 1];
  int32_t a_batch = a->rank > 2 ? a->rank - 2 : 0, b_batch = b->rank > 2 ? b->rank - 2 : 0, batch = a_batch > b_batch ? a_batch : b_batch, rank = batch;
  for (int32_t d = 0; d < batch; d++) {
    int32_t ka = d - (batch - a_batch), kb = d - (batch - b_batch);
    shape[d] = ka >= 0 && a->shape[ka] != 1 ? a->shape[ka] : kb >= 0 ? b->shape[kb] : 1;
  }
  if (a->rank > 1) shape[rank++] = m;
  if (b->rank > 1) shape[rank++] = n;
  cf_result(c, RT_I32, rank, shape);
  const cf_array *y = &c->out.x;
  cf_array a_part = *a, b_part = *b; // batch axes alone
  a_part.rank = a_batch, b_part.rank = b_batch;
  for (int64_t i = 0; i < y->numel; i++) {
    int64_t number = i / (m * n), row = i / n % m, column = i % n;
    int64_t a_first = cf_broadcast_index(&a_part, batch, y->shape, number) * m * depth + row * depth;
    int64_t b_first = cf_broadcast_index(&b_part, batch, y->shape, number) * depth * n + column;
    cf_int sum = 0, za = zero_for(a_zero, 0, y, i, row), zb = zero_for(b_zero, 1, y, i, column);
    for (int64_t k = 0; k < depth; k++)
      sum += (cf_decode_int(a->dtype, cf_bits(a, a_first + k)) - za) * (cf_decode_int(b->dtype, cf_bits(b, b_first + k * n)) - zb);
    cf_want_bits(c, i, cf_encode_int(RT_I32, sum));
  }
}

void cf_cases_matmul_integer(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(MATMUL_INTEGER));
  for (int code = RT_BOOL; code < CF_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    if (dtype != RT_I8 && dtype != RT_U8) {
      cf_case *c = cf_open(g, op, dtype, "refused");
      if (!c) continue;
      product_inputs(c, &products[0], dtype, RT_U8, CF_SMALL);
      c->fails = RT_E_DTYPE;
      cf_close(c);
      continue;
    }
    for (int k = 0; k < 2; k++) {
      rt_dtype other = k ? RT_I8 : RT_U8;
      const cf_class *classes = cf_classes_of(dtype);
      for (size_t h = 0; h < CF_COUNT(products); h++) {
        for (int v = 0; classes[v] != CF_CLASSES; v++) {
          cf_case *c = cf_open(g, op, dtype, "%s-by-%s/%s", products[h].name, rt_dtype_name(other), cf_class_name[classes[v]]);
          if (!c) continue;
          product_inputs(c, &products[h], dtype, other, classes[v]);
          product_result(c);
          cf_close(c);
        }
      }
      for (size_t h = 0; h < CF_COUNT(refused_products); h++) {
        cf_case *c = cf_open(g, op, dtype, "%s-by-%s", refused_products[h].name, rt_dtype_name(other));
        if (!c) continue;
        product_inputs(c, &refused_products[h], dtype, other, CF_SMALL);
        c->fails = RT_E_SHAPE;
        cf_close(c);
      }
      for (int64_t i = 0; i < 6 * 6 * 6; i++) {
        cf_case *c = cf_open(g, op, dtype, "%lldx%lldx%lld-by-%s", (long long)(i / 36), (long long)(i / 6 % 6), (long long)(i % 6), rt_dtype_name(other));
        if (!c) continue;
        integer_how how = {"", 2, 2, {i / 36, i / 6 % 6}, {i / 6 % 6, i % 6}, {1, 1}, {{i / 36}, {i % 6}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0};
        product_inputs(c, &how, dtype, other, CF_UNIFORM);
        product_result(c);
        cf_close(c);
      }
    }
    cf_case *c = cf_open(g, op, dtype, "refused-zero");
    if (!c) continue;
    product_inputs(c, &products[0], dtype, RT_U8, CF_SMALL);
    cf_input(c, 2, dtype == RT_I8 ? RT_U8 : RT_I8, 0, NULL);
    cf_place(c, 2, CF_DENSE);
    c->zeros = 1, c->fails = RT_E_DTYPE;
    cf_close(c);
  }
}

// ---- conv_integer ---------------------------------------------------------------------------------------------------------------------
typedef struct conv_how {
  const char *name;
  int32_t rank;
  int64_t x[5], weight[5];
  rt_window window;
  int zeros; // 1: of x, 2: of the weight, 4: the weight's per channel
  cf_layout in[2];
  cf_form form;
  cf_layout out;
} conv_how;
static const conv_how convs[] = {
  {"1d", 3, {2, 3, 11}, {4, 3, 3}, {{0}, {0}, {0}, {0}, {0}, 0, 0, 0, {0}}, 0, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"2d", 4, {2, 3, 7, 6}, {4, 3, 3, 3}, {{0}, {0}, {0}, {0}, {0}, 0, 0, 0, {0}}, 3, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"3d", 5, {1, 2, 4, 5, 6}, {3, 2, 2, 3, 2}, {{0}, {0}, {0}, {0}, {0}, 0, 0, 0, {0}}, 7, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"x-zero", 4, {2, 3, 7, 6}, {4, 3, 3, 3}, {{0}, {2, 2}, {0}, {0}, {0}, 0, 0, 0, {0}}, 1, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"weight-zero", 4, {2, 3, 7, 6}, {4, 3, 3, 3}, {{0}, {2, 2}, {0}, {0}, {0}, 0, 0, 0, {0}}, 2, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"per-channel", 4, {2, 3, 7, 6}, {4, 3, 3, 3}, {{0}, {0}, {0}, {0}, {0}, 0, 0, 0, {0}}, 6, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"pads", 4, {1, 3, 5, 6}, {4, 3, 3, 3}, {{0}, {2, 1}, {0}, {1, 2}, {1, 0}, 0, 0, 0, {0}}, 7, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"dilation", 4, {1, 2, 9, 9}, {3, 2, 3, 3}, {{0}, {0}, {2, 3}, {1, 2}, {1, 2}, 0, 0, 0, {0}}, 3, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"groups", 4, {2, 4, 5, 5}, {6, 2, 3, 3}, {{0}, {0}, {0}, {1, 1}, {1, 1}, 2, 0, 0, {0}}, 7, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"depthwise", 4, {2, 4, 5, 5}, {4, 1, 3, 3}, {{0}, {0}, {0}, {1, 1}, {1, 1}, 4, 0, 0, {0}}, 7, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"empty", 4, {0, 3, 4, 5}, {4, 3, 2, 2}, {{0}, {0}, {0}, {0}, {0}, 0, 0, 0, {0}}, 3, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"no-channels", 3, {2, 0, 5}, {4, 0, 2}, {{0}, {0}, {0}, {0}, {0}, 0, 0, 0, {0}}, 3, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"transposed", 4, {2, 3, 5, 6}, {4, 3, 3, 3}, {{0}, {0}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, 7, {CF_TRANSPOSED, CF_TRANSPOSED}, CF_NEW, 0},
  {"stepped", 4, {2, 3, 5, 6}, {4, 3, 3, 3}, {{0}, {0}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, 7, {CF_STEPPED, CF_STEPPED}, CF_NEW, 0},
  {"negative", 4, {2, 3, 5, 6}, {4, 3, 3, 3}, {{0}, {0}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, 7, {CF_NEGATIVE, CF_NEGATIVE}, CF_NEW, 0},
  {"into-stepped", 4, {1, 3, 5, 6}, {4, 3, 3, 3}, {{0}, {0}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, 7, {CF_ROWS, CF_DENSE}, CF_INTO, CF_STEPPED},
};

static rt_status call_conv(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  const rt_tensor *x_zero = c->zeros & 1 ? in[2] : NULL, *weight_zero = c->zeros & 2 ? in[c->n_in - 1] : NULL;
  return into ? rt_conv_integer_into(in[0], in[1], x_zero, weight_zero, &c->window, into)
              : rt_conv_integer(in[0], in[1], x_zero, weight_zero, &c->window, out);
}

static void conv_inputs(cf_case *c, const conv_how *how, rt_dtype x, rt_dtype weight, cf_class values) {
  c->call = call_conv, c->form = how->form, c->out_layout = how->out, c->window = how->window, c->zeros = how->zeros & 3;
  cf_input(c, 0, x, how->rank, how->x);
  cf_input(c, 1, weight, how->rank, how->weight);
  if (how->zeros & 1) cf_input(c, 2, x, 0, NULL);
  if (how->zeros & 2) cf_input(c, c->n_in, weight, how->zeros & 4 ? 1 : 0, how->weight);
  for (int k = 0; k < c->n_in; k++) {
    cf_fill(c, k, values);
    cf_place(c, k, k < 2 ? how->in[k] : CF_OFFSET);
  }
}

void cf_cases_conv_integer(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(CONV_INTEGER));
  for (int code = RT_BOOL; code < CF_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    bool is_byte = dtype == RT_I8 || dtype == RT_U8;
    for (size_t h = 0; h < (is_byte ? 2 * CF_COUNT(convs) : 1); h++) {
      const conv_how *how = &convs[h / 2];
      rt_dtype other = h % 2 ? RT_I8 : RT_U8;
      const cf_class *classes = cf_classes_of(RT_I8);
      for (int v = 0; classes[v] != CF_CLASSES; v++) {
        if (v > 0 && !is_byte) continue;
        cf_case *c = is_byte ? cf_open(g, op, dtype, "%s-by-%s/%s", how->name, rt_dtype_name(other), cf_class_name[classes[v]]) : cf_open(g, op, dtype, "refused");
        if (!c) continue;
        conv_inputs(c, how, dtype, other, classes[v]);
        if (!is_byte) c->fails = RT_E_DTYPE;
        else {
          int64_t shape[5] = {how->x[0], how->weight[0]};
          for (int32_t d = 0; d < how->rank - 2; d++) {
            int64_t stride = how->window.stride[d] ? how->window.stride[d] : 1, dilation = how->window.dilation[d] ? how->window.dilation[d] : 1;
            shape[2 + d] = (how->x[2 + d] + how->window.pad_lo[d] + how->window.pad_hi[d] - dilation * (how->weight[2 + d] - 1) - 1) / stride + 1;
          }
          cf_result(c, RT_I32, how->rank, shape);
          cf_conv_integer(c);
        }
        cf_close(c);
      }
    }
    cf_case *c = is_byte ? cf_open(g, op, dtype, "refused-zero") : NULL;
    if (!c) continue;
    conv_inputs(c, &convs[0], dtype, RT_U8, CF_SMALL);
    cf_input(c, 2, RT_U8, 1, (int64_t[]){3}); // neither one element nor one per channel
    cf_place(c, 2, CF_DENSE);
    c->zeros = 2, c->fails = RT_E_SHAPE;
    cf_close(c);
  }
}
