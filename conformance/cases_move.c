// SPDX-License-Identifier: BSD-3-Clause
// Cells of gather, concat and pad: where each element comes from is worked out one coordinate at a time.
#include "internal.h"

#include <string.h>

void cf_coordinates(const cf_array *y, int64_t i, int64_t *at) {
  for (int32_t d = y->rank - 1; d >= 0; d--) at[d] = i % y->shape[d], i /= y->shape[d];
}

int64_t cf_index_of(const cf_array *x, const int64_t *at) {
  int64_t index = 0;
  for (int32_t d = 0; d < x->rank; d++) index = index * x->shape[d] + at[d];
  return index;
}

// ---- gather ---------------------------------------------------------------------------------------------------------------------------
typedef struct gather_how {
  const char *name;
  int32_t rank, index_rank, axis;
  int64_t x[3], index[3];
  cf_layout in[2];
  cf_form form;
  cf_layout out;
} gather_how;
static const gather_how gathers[] = {
  {"first", 2, 1, 0, {7, 5}, {4}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"last", 2, 1, 1, {5, 7}, {9}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"middle", 3, 1, -2, {3, 5, 4}, {6}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"line", 1, 1, 0, {37}, {67}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"matrix-indices", 2, 2, 0, {7, 5}, {2, 3}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"scalar-index", 2, 0, 1, {5, 7}, {0}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"no-indices", 2, 1, 0, {7, 5}, {0}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"empty", 2, 1, 0, {7, 0}, {3}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"offset", 2, 1, 0, {7, 5}, {4}, {CF_OFFSET, CF_OFFSET}, CF_NEW, 0},
  {"transposed", 3, 1, 1, {3, 5, 4}, {6}, {CF_TRANSPOSED, CF_DENSE}, CF_NEW, 0},
  {"stepped", 3, 2, 1, {3, 5, 4}, {2, 3}, {CF_STEPPED, CF_STEPPED}, CF_NEW, 0},
  {"negative", 3, 2, 2, {3, 5, 4}, {2, 3}, {CF_NEGATIVE, CF_NEGATIVE}, CF_NEW, 0},
  {"expanded", 3, 2, 1, {3, 5, 4}, {2, 3}, {CF_EXPANDED, CF_EXPANDED}, CF_NEW, 0},
  {"into", 2, 1, 0, {7, 5}, {4}, {CF_DENSE, CF_DENSE}, CF_INTO, CF_OFFSET},
  {"into-stepped", 3, 2, 1, {3, 5, 4}, {2, 3}, {CF_ROWS, CF_TRANSPOSED}, CF_INTO, CF_STEPPED},
  {"into-negative", 2, 1, 1, {5, 7}, {4}, {CF_DENSE, CF_DENSE}, CF_INTO, CF_NEGATIVE},
  {"inplace", 2, 1, 0, {7, 5}, {7}, {CF_DENSE, CF_DENSE}, CF_IN_PLACE, 0},
  {"overlap", 2, 1, 1, {5, 7}, {7}, {CF_OFFSET, CF_DENSE}, CF_OVERLAP, 0},
};

static rt_status call_gather(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  return into ? rt_gather_into(in[0], in[1], c->axis, into) : rt_gather(in[0], in[1], c->axis, out);
}

static void gather_cell(cf_case *c, const gather_how *how, rt_dtype dtype, rt_dtype index_dtype, cf_class values, int64_t bad_index) {
  c->call = call_gather, c->form = how->form, c->out_layout = how->out, c->axis = how->axis;
  int32_t axis = how->axis < 0 ? how->axis + how->rank : how->axis;
  cf_input(c, 0, dtype, how->rank, how->x);
  cf_input(c, 1, index_dtype, how->index_rank, how->index);
  cf_fill(c, 0, values);
  cf_array *x = &c->in[0].x, *index = &c->in[1].x;
  int64_t n = x->shape[axis];
  bool has_sign = cf_is_signed(index_dtype);
  for (int64_t i = 0; i < index->numel; i++)
    cf_set(index, i, cf_encode_int(index_dtype, has_sign ? cf_random_below(c, 2 * n) - n : cf_random_below(c, n)));
  if (bad_index) cf_set(index, index->numel / 2, cf_encode_int(index_dtype, bad_index)), c->fails = RT_E_INDEX;
  cf_place(c, 0, how->in[0]);
  cf_place(c, 1, how->in[1]);
  int32_t rank = 0;
  int64_t shape[RT_MAX_RANK], at[RT_MAX_RANK], from[RT_MAX_RANK], which[RT_MAX_RANK];
  for (int32_t d = 0; d < axis; d++) shape[rank++] = how->x[d];
  for (int32_t d = 0; d < how->index_rank; d++) shape[rank++] = how->index[d];
  for (int32_t d = axis + 1; d < how->rank; d++) shape[rank++] = how->x[d];
  cf_result(c, dtype, rank, shape);
  for (int64_t i = 0; i < c->out.x.numel && !bad_index; i++) {
    cf_coordinates(&c->out.x, i, at);
    for (int32_t d = 0; d < how->index_rank; d++) which[d] = at[axis + d];
    for (int32_t d = 0; d < how->rank; d++) from[d] = d < axis ? at[d] : at[d - 1 + how->index_rank];
    int64_t k = (int64_t)cf_decode_int(index_dtype, cf_bits(index, cf_index_of(index, which)));
    from[axis] = k < 0 ? k + n : k;
    cf_want_bits(c, i, cf_bits(x, cf_index_of(x, from)));
  }
  cf_close(c);
}

void cf_cases_gather(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(GATHER));
  for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    cf_class hard = cf_is_float(dtype) ? CF_SPECIALS : CF_EXTREMES;
    for (size_t h = 0; h < CF_COUNT(gathers); h++) {
      cf_case *c = cf_open(g, op, dtype, "%s/%s", gathers[h].name, cf_class_name[hard]);
      if (c) gather_cell(c, &gathers[h], dtype, h % 2 ? RT_I32 : RT_I64, hard, 0);
    }
    for (rt_dtype index = RT_I8; index <= RT_U64; index++) {
      cf_case *c = cf_open(g, op, dtype, "indices-%s/%s", rt_dtype_name(index), cf_class_name[hard]);
      if (c) gather_cell(c, &gathers[0], dtype, index, hard, 0);
      c = cf_open(g, op, dtype, "indices-%s-above", rt_dtype_name(index));
      if (c) gather_cell(c, &gathers[0], dtype, index, CF_UNIFORM, 7);
      if (!cf_is_signed(index)) continue;
      c = cf_open(g, op, dtype, "indices-%s-below", rt_dtype_name(index));
      if (c) gather_cell(c, &gathers[0], dtype, index, CF_UNIFORM, -8);
    }
    cf_case *c = cf_open(g, op, dtype, "refused-indices");
    if (!c) continue;
    c->call = call_gather, c->fails = RT_E_DTYPE;
    cf_input(c, 0, dtype, 1, (int64_t[]){3});
    cf_input(c, 1, RT_F32, 1, (int64_t[]){2});
    for (int k = 0; k < 2; k++) cf_place(c, k, CF_DENSE);
    cf_close(c);
  }
}

// ---- concat ---------------------------------------------------------------------------------------------------------------------------
typedef struct concat_how {
  const char *name;
  int n;
  int32_t rank, axis;
  int64_t shape[3], extent[4]; // extent: of each tensor along the axis
  cf_layout in[4];
  cf_form form;
  cf_layout out;
} concat_how;
static const concat_how concats[] = {
  {"one", 1, 2, 0, {3, 5}, {3}, {CF_DENSE}, CF_NEW, 0},
  {"first", 2, 2, 0, {0, 5}, {3, 2}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"last", 3, 2, -1, {4, 0}, {3, 1, 7}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"middle", 2, 3, 1, {3, 0, 4}, {5, 2}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"with-empty", 3, 2, 1, {4, 0}, {3, 0, 2}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"all-empty", 2, 2, 0, {0, 5}, {0, 0}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"layouts", 4, 3, 1, {3, 0, 4}, {5, 2, 3, 1}, {CF_TRANSPOSED, CF_STEPPED, CF_NEGATIVE, CF_EXPANDED}, CF_NEW, 0},
  {"into", 2, 2, 0, {0, 5}, {3, 2}, {CF_DENSE, CF_OFFSET}, CF_INTO, CF_OFFSET},
  {"into-stepped", 2, 3, 1, {3, 0, 4}, {5, 2}, {CF_DENSE, CF_ROWS}, CF_INTO, CF_STEPPED},
  {"into-negative", 2, 2, 1, {3, 0}, {5, 2}, {CF_DENSE, CF_DENSE}, CF_INTO, CF_NEGATIVE},
};

static rt_status call_concat(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  const rt_tensor *list[CF_MAX_IN];
  for (int k = 0; k < c->n_in; k++) list[k] = in[k];
  return into ? rt_concat_into(c->n_in, list, c->axis, into) : rt_concat(c->n_in, list, c->axis, out);
}

static void concat_cell(cf_case *c, const concat_how *how, rt_dtype dtype, rt_dtype second, cf_class values) {
  c->call = call_concat, c->form = how->form, c->out_layout = how->out, c->axis = how->axis;
  int32_t axis = how->axis < 0 ? how->axis + how->rank : how->axis;
  int64_t shape[RT_MAX_RANK], at[RT_MAX_RANK], total = 0;
  rt_dtype y = how->n > 1 ? cf_promote(dtype, second) : dtype;
  for (int k = 0; k < how->n; k++) {
    memcpy(shape, how->shape, sizeof how->shape);
    shape[axis] = how->extent[k];
    total += how->extent[k];
    cf_input(c, k, k == 1 ? second : dtype, how->rank, shape);
    cf_fill(c, k, values);
    cf_place(c, k, how->in[k]);
  }
  shape[axis] = total;
  cf_result(c, y, how->rank, shape);
  for (int64_t i = 0; i < c->out.x.numel; i++) {
    cf_coordinates(&c->out.x, i, at);
    int k = 0;
    while (at[axis] >= how->extent[k]) at[axis] -= how->extent[k++];
    const cf_array *x = &c->in[k].x;
    cf_want_bits(c, i, cf_cast(x->dtype, cf_bits(x, cf_index_of(x, at)), y));
  }
  cf_close(c);
}

void cf_cases_concat(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(CONCAT));
  for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code, other = dtype == RT_F32 ? RT_F64 : RT_F32;
    cf_class hard = cf_is_float(dtype) ? CF_SPECIALS : CF_EXTREMES;
    for (size_t h = 0; h < CF_COUNT(concats); h++) {
      cf_case *c = cf_open(g, op, dtype, "%s/%s", concats[h].name, cf_class_name[hard]);
      if (c) concat_cell(c, &concats[h], dtype, dtype, hard);
    }
    cf_case *c = cf_open(g, op, dtype, "promotion/%s", rt_dtype_name(other));
    if (c) concat_cell(c, &concats[3], dtype, other, CF_SMALL);
    c = cf_open(g, op, dtype, "refused-shapes");
    if (!c) continue;
    c->call = call_concat, c->fails = RT_E_SHAPE;
    cf_input(c, 0, dtype, 2, (int64_t[]){3, 2});
    cf_input(c, 1, dtype, 2, (int64_t[]){3, 3});
    for (int k = 0; k < 2; k++) cf_place(c, k, CF_DENSE);
    cf_close(c);
  }
}

// ---- pad ------------------------------------------------------------------------------------------------------------------------------
typedef struct pad_how {
  const char *name;
  int32_t rank;
  int64_t x[3], lo[3], hi[3];
  rt_pad_mode mode;
  cf_layout in;
  cf_form form;
  cf_layout out;
} pad_how;
static const pad_how pads[] = {
  {"constant", 2, {3, 5}, {1, 2}, {2, 0}, RT_PAD_CONSTANT, CF_DENSE, CF_NEW, 0},
  {"constant-3d", 3, {3, 4, 5}, {0, 1, 2}, {3, 0, 1}, RT_PAD_CONSTANT, CF_DENSE, CF_NEW, 0},
  {"constant-none", 2, {3, 5}, {0, 0}, {0, 0}, RT_PAD_CONSTANT, CF_DENSE, CF_NEW, 0},
  {"constant-crop", 2, {5, 6}, {-1, -2}, {-2, -1}, RT_PAD_CONSTANT, CF_DENSE, CF_NEW, 0},
  {"constant-shift", 2, {5, 6}, {2, -1}, {-1, 3}, RT_PAD_CONSTANT, CF_DENSE, CF_NEW, 0},
  {"constant-of-nothing", 2, {0, 4}, {2, 1}, {1, 0}, RT_PAD_CONSTANT, CF_DENSE, CF_NEW, 0},
  {"constant-transposed", 3, {3, 4, 5}, {1, 1, 1}, {1, 1, 1}, RT_PAD_CONSTANT, CF_TRANSPOSED, CF_NEW, 0},
  {"constant-stepped", 3, {3, 4, 5}, {1, 1, 1}, {1, 1, 1}, RT_PAD_CONSTANT, CF_STEPPED, CF_NEW, 0},
  {"constant-negative", 2, {3, 5}, {1, 2}, {2, 0}, RT_PAD_CONSTANT, CF_NEGATIVE, CF_NEW, 0},
  {"constant-into-stepped", 2, {3, 5}, {1, 2}, {2, 0}, RT_PAD_CONSTANT, CF_DENSE, CF_INTO, CF_STEPPED},
  {"edge", 2, {3, 5}, {1, 2}, {4, 1}, RT_PAD_EDGE, CF_DENSE, CF_NEW, 0},
  {"edge-3d-stepped", 3, {3, 4, 5}, {1, 6, 0}, {0, 2, 3}, RT_PAD_EDGE, CF_STEPPED, CF_NEW, 0},
  {"edge-crop", 2, {5, 6}, {-1, 2}, {-2, 1}, RT_PAD_EDGE, CF_DENSE, CF_NEW, 0},
  {"edge-into-negative", 2, {3, 5}, {1, 2}, {2, 1}, RT_PAD_EDGE, CF_DENSE, CF_INTO, CF_NEGATIVE},
  {"reflect", 2, {4, 5}, {3, 2}, {1, 4}, RT_PAD_REFLECT, CF_DENSE, CF_NEW, 0},
  {"reflect-negative", 3, {3, 4, 5}, {1, 0, 2}, {2, 3, 0}, RT_PAD_REFLECT, CF_NEGATIVE, CF_NEW, 0},
  {"reflect-into", 2, {4, 5}, {1, 1}, {1, 1}, RT_PAD_REFLECT, CF_OFFSET, CF_INTO, CF_OFFSET},
  {"wrap", 2, {4, 5}, {4, 2}, {1, 5}, RT_PAD_WRAP, CF_DENSE, CF_NEW, 0},
  {"wrap-transposed", 3, {3, 4, 5}, {1, 0, 2}, {2, 3, 0}, RT_PAD_WRAP, CF_TRANSPOSED, CF_NEW, 0},
  {"wrap-into-rows", 3, {3, 4, 5}, {1, 0, 2}, {2, 3, 0}, RT_PAD_WRAP, CF_DENSE, CF_INTO, CF_ROWS},
};

static rt_status call_pad(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  return into ? rt_pad_into(in[0], c->pad_lo, c->pad_hi, c->pad_mode, c->scalar, into)
              : rt_pad(in[0], c->pad_lo, c->pad_hi, c->pad_mode, c->scalar, out);
}

/// Where position p of a padded axis comes from; -1: the constant.
static int64_t source(rt_pad_mode mode, int64_t p, int64_t n) {
  if (p >= 0 && p < n) return p;
  switch (mode) {
    case RT_PAD_EDGE: return p < 0 ? 0 : n - 1;
    case RT_PAD_REFLECT: return p < 0 ? -p : 2 * (n - 1) - p;
    case RT_PAD_WRAP: return p < 0 ? p + n : p - n;
    default: return -1;
  }
}

static void pad_cell(cf_case *c, const pad_how *how, rt_dtype dtype, cf_class values) {
  c->call = call_pad, c->form = how->form, c->out_layout = how->out, c->pad_mode = how->mode, c->scalar = rt_int(3);
  int64_t shape[3], at[RT_MAX_RANK];
  for (int32_t d = 0; d < how->rank; d++) {
    c->pad_lo[d] = how->lo[d], c->pad_hi[d] = how->hi[d];
    shape[d] = how->x[d] + how->lo[d] + how->hi[d];
  }
  cf_input(c, 0, dtype, how->rank, how->x);
  cf_fill(c, 0, values);
  cf_place(c, 0, how->in);
  cf_result(c, dtype, how->rank, shape);
  const cf_array *x = &c->in[0].x;
  for (int64_t i = 0; i < c->out.x.numel; i++) {
    cf_coordinates(&c->out.x, i, at);
    bool inside = true;
    for (int32_t d = 0; d < how->rank; d++) {
      at[d] = source(how->mode, at[d] - how->lo[d], how->x[d]);
      if (at[d] < 0) inside = false;
    }
    cf_want_bits(c, i, inside ? cf_bits(x, cf_index_of(x, at)) : cf_cast(RT_I8, 3, dtype));
  }
  cf_close(c);
}

void cf_cases_pad(cf_grid *g) {
  static const struct { const char *name; rt_pad_mode mode; int64_t n, lo; } refused[] = {
    {"refused-extent", RT_PAD_CONSTANT, 3, -4}, {"refused-edge-of-nothing", RT_PAD_EDGE, 0, 2},
    {"refused-wrap-of-nothing", RT_PAD_WRAP, 0, 2}};
  const cf_op *op = cf_op_of(CF_ID(PAD));
  for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    cf_class hard = cf_is_float(dtype) ? CF_SPECIALS : CF_EXTREMES;
    for (size_t h = 0; h < CF_COUNT(pads); h++) {
      cf_case *c = cf_open(g, op, dtype, "%s/%s", pads[h].name, cf_class_name[hard]);
      if (c) pad_cell(c, &pads[h], dtype, hard);
    }
    for (size_t h = 0; h < CF_COUNT(refused); h++) {
      cf_case *c = cf_open(g, op, dtype, "%s", refused[h].name);
      if (!c) continue;
      c->call = call_pad, c->fails = RT_E_SHAPE, c->pad_mode = refused[h].mode, c->pad_lo[0] = refused[h].lo, c->scalar = rt_int(0);
      cf_input(c, 0, dtype, 1, &refused[h].n);
      cf_fill(c, 0, CF_SMALL);
      cf_place(c, 0, CF_DENSE);
      cf_close(c);
    }
  }
}
