// SPDX-License-Identifier: BSD-3-Clause
// Cells of take_along, tile, repeat, roll and stack, where each element comes from one of an input, and of linspace and eye.
#include "internal.h"

#include <math.h>
#include <string.h>

// ---- take_along -----------------------------------------------------------------------------------------------------------------------
typedef struct take_how {
  const char *name;
  int32_t rank, axis;
  int64_t x[3], index[3];
  cf_layout in[2];
  cf_form form;
  cf_layout out;
} take_how;
static const take_how takes[] = {
  {"last", 2, 1, {5, 7}, {5, 9}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"first", 2, 0, {7, 5}, {4, 5}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"middle", 3, -2, {3, 5, 4}, {3, 6, 4}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"line", 1, 0, {37}, {67}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"shorter", 3, 1, {3, 5, 4}, {2, 6, 1}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"no-indices", 2, 0, {7, 5}, {0, 5}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"offset", 2, 0, {7, 5}, {4, 5}, {CF_OFFSET, CF_OFFSET}, CF_NEW, 0},
  {"transposed", 3, 1, {3, 5, 4}, {3, 6, 4}, {CF_TRANSPOSED, CF_DENSE}, CF_NEW, 0},
  {"stepped", 3, 1, {3, 5, 4}, {3, 2, 4}, {CF_STEPPED, CF_STEPPED}, CF_NEW, 0},
  {"negative", 3, 2, {3, 5, 4}, {3, 5, 3}, {CF_NEGATIVE, CF_NEGATIVE}, CF_NEW, 0},
  {"expanded", 3, 1, {3, 5, 4}, {3, 2, 4}, {CF_EXPANDED, CF_EXPANDED}, CF_NEW, 0},
  {"into", 2, 0, {7, 5}, {4, 5}, {CF_DENSE, CF_DENSE}, CF_INTO, CF_OFFSET},
  {"into-stepped", 3, 1, {3, 5, 4}, {3, 2, 4}, {CF_ROWS, CF_TRANSPOSED}, CF_INTO, CF_STEPPED},
  {"into-negative", 2, 1, {5, 7}, {5, 4}, {CF_DENSE, CF_DENSE}, CF_INTO, CF_NEGATIVE},
  {"inplace", 2, 0, {7, 5}, {7, 5}, {CF_DENSE, CF_DENSE}, CF_IN_PLACE, 0},
  {"overlap", 2, 1, {5, 7}, {5, 7}, {CF_OFFSET, CF_DENSE}, CF_OVERLAP, 0},
};

static rt_status call_take(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  return into ? rt_take_along_into(in[0], in[1], c->axis, into) : rt_take_along(in[0], in[1], c->axis, out);
}

static void take_cell(cf_case *c, const take_how *how, rt_dtype dtype, rt_dtype index_dtype, cf_class values, int64_t bad_index) {
  c->call = call_take, c->form = how->form, c->out_layout = how->out, c->axis = how->axis;
  int32_t axis = how->axis < 0 ? how->axis + how->rank : how->axis;
  cf_input(c, 0, dtype, how->rank, how->x);
  cf_input(c, 1, index_dtype, how->rank, how->index);
  cf_fill(c, 0, values);
  cf_array *x = &c->in[0].x, *index = &c->in[1].x;
  int64_t n = x->shape[axis], at[RT_MAX_RANK];
  for (int64_t i = 0; i < index->numel; i++)
    cf_set(index, i, cf_encode_int(index_dtype, cf_is_signed(index_dtype) ? cf_random_below(c, 2 * n) - n : cf_random_below(c, n)));
  if (bad_index) cf_set(index, index->numel / 2, cf_encode_int(index_dtype, bad_index)), c->fails = RT_E_INDEX;
  cf_place(c, 0, how->in[0]);
  cf_place(c, 1, how->in[1]);
  cf_result(c, dtype, how->rank, how->index);
  for (int64_t i = 0; i < c->out.x.numel && !bad_index; i++) {
    cf_coordinates(&c->out.x, i, at);
    int64_t k = (int64_t)cf_decode_int(index_dtype, cf_bits(index, i));
    at[axis] = k < 0 ? k + n : k;
    cf_want_bits(c, i, cf_bits(x, cf_index_of(x, at)));
  }
  cf_close(c);
}

void cf_cases_take_along(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(TAKE_ALONG));
  for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    cf_class hard = cf_is_float(dtype) ? CF_SPECIALS : CF_EXTREMES;
    for (size_t h = 0; h < CF_COUNT(takes); h++) {
      cf_case *c = cf_open(g, op, dtype, "%s/%s", takes[h].name, cf_class_name[hard]);
      if (c) take_cell(c, &takes[h], dtype, h % 2 ? RT_I32 : RT_I64, hard, 0);
    }
    for (rt_dtype index = RT_I8; index <= RT_U64; index++) {
      cf_case *c = cf_open(g, op, dtype, "indices-%s/%s", rt_dtype_name(index), cf_class_name[hard]);
      if (c) take_cell(c, &takes[1], dtype, index, hard, 0);
      c = cf_open(g, op, dtype, "indices-%s-above", rt_dtype_name(index));
      if (c) take_cell(c, &takes[1], dtype, index, CF_UNIFORM, 7);
      if (!cf_is_signed(index)) continue;
      c = cf_open(g, op, dtype, "indices-%s-below", rt_dtype_name(index));
      if (c) take_cell(c, &takes[1], dtype, index, CF_UNIFORM, -8);
    }
    for (int longer = 0; longer < 2; longer++) {
      cf_case *c = cf_open(g, op, dtype, longer ? "refused-extent" : "refused-indices");
      if (!c) continue;
      c->call = call_take, c->fails = longer ? RT_E_SHAPE : RT_E_DTYPE;
      cf_input(c, 0, dtype, 2, (int64_t[]){3, 2});
      cf_input(c, 1, longer ? RT_I32 : RT_F32, 2, (int64_t[]){3, 2 + longer});
      for (int k = 0; k < 2; k++) cf_place(c, k, CF_DENSE);
      cf_close(c);
    }
  }
}

// ---- tile, repeat, roll, stack --------------------------------------------------------------------------------------------------------
typedef struct rearrange_how {
  int id;
  const char *name;
  int n_in;
  int32_t rank;
  int64_t x[3];
  int64_t how[3]; // tile: repeats; else how[0]: times, shift
  int32_t axis;
  cf_layout in[3];
  cf_form form;
  cf_layout out;
} rearrange_how;
static const rearrange_how rearranged[] = {
  {CF_ID(TILE), "line", 1, 1, {5}, {7}, 0, {CF_DENSE}, CF_NEW, 0},
  {CF_ID(TILE), "matrix", 1, 2, {3, 4}, {2, 5}, 0, {CF_DENSE}, CF_NEW, 0},
  {CF_ID(TILE), "once", 1, 2, {3, 4}, {1, 1}, 0, {CF_DENSE}, CF_NEW, 0},
  {CF_ID(TILE), "never", 1, 2, {3, 4}, {2, 0}, 0, {CF_DENSE}, CF_NEW, 0},
  {CF_ID(TILE), "of-nothing", 1, 2, {0, 4}, {3, 2}, 0, {CF_DENSE}, CF_NEW, 0},
  {CF_ID(TILE), "rank0", 1, 0, {0}, {0}, 0, {CF_DENSE}, CF_NEW, 0},
  {CF_ID(TILE), "transposed", 1, 3, {2, 3, 4}, {3, 1, 2}, 0, {CF_TRANSPOSED}, CF_NEW, 0},
  {CF_ID(TILE), "negative", 1, 3, {2, 3, 4}, {2, 3, 3}, 0, {CF_NEGATIVE}, CF_NEW, 0},
  {CF_ID(TILE), "into-stepped", 1, 2, {3, 4}, {3, 2}, 0, {CF_EXPANDED}, CF_INTO, CF_STEPPED},
  {CF_ID(TILE), "inplace", 1, 2, {3, 4}, {1, 1}, 0, {CF_DENSE}, CF_IN_PLACE, 0},
  {CF_ID(REPEAT), "line", 1, 1, {5}, {3}, 0, {CF_DENSE}, CF_NEW, 0},
  {CF_ID(REPEAT), "first", 1, 2, {3, 4}, {2}, 0, {CF_DENSE}, CF_NEW, 0},
  {CF_ID(REPEAT), "last", 1, 2, {3, 4}, {5}, -1, {CF_DENSE}, CF_NEW, 0},
  {CF_ID(REPEAT), "never", 1, 2, {3, 4}, {0}, 1, {CF_DENSE}, CF_NEW, 0},
  {CF_ID(REPEAT), "of-nothing", 1, 2, {3, 0}, {4}, 1, {CF_DENSE}, CF_NEW, 0},
  {CF_ID(REPEAT), "transposed", 1, 3, {2, 3, 4}, {3}, 1, {CF_TRANSPOSED}, CF_NEW, 0},
  {CF_ID(REPEAT), "negative", 1, 3, {2, 3, 4}, {2}, 1, {CF_NEGATIVE}, CF_NEW, 0},
  {CF_ID(REPEAT), "into-negative", 1, 3, {2, 3, 4}, {3}, 2, {CF_STEPPED}, CF_INTO, CF_NEGATIVE},
  {CF_ID(ROLL), "line", 1, 1, {7}, {2}, 0, {CF_DENSE}, CF_NEW, 0},
  {CF_ID(ROLL), "back", 1, 2, {3, 5}, {-1}, -1, {CF_DENSE}, CF_NEW, 0},
  {CF_ID(ROLL), "far", 1, 2, {3, 5}, {-23}, 1, {CF_DENSE}, CF_NEW, 0},
  {CF_ID(ROLL), "farthest", 1, 2, {3, 5}, {INT64_MIN}, 1, {CF_DENSE}, CF_NEW, 0},
  {CF_ID(ROLL), "none", 1, 2, {3, 5}, {6}, 0, {CF_DENSE}, CF_NEW, 0},
  {CF_ID(ROLL), "of-nothing", 1, 2, {3, 0}, {1}, 1, {CF_DENSE}, CF_NEW, 0},
  {CF_ID(ROLL), "transposed", 1, 3, {2, 3, 4}, {1}, 1, {CF_TRANSPOSED}, CF_NEW, 0},
  {CF_ID(ROLL), "into-stepped", 1, 3, {2, 3, 4}, {3}, 2, {CF_NEGATIVE}, CF_INTO, CF_STEPPED},
  {CF_ID(ROLL), "inplace", 1, 2, {3, 5}, {2}, 1, {CF_DENSE}, CF_IN_PLACE, 0},
  {CF_ID(ROLL), "overlap", 1, 2, {3, 5}, {2}, 1, {CF_OFFSET}, CF_OVERLAP, 0},
  {CF_ID(STACK), "one", 1, 2, {3, 4}, {0}, 0, {CF_DENSE}, CF_NEW, 0},
  {CF_ID(STACK), "first", 2, 2, {3, 4}, {0}, 0, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {CF_ID(STACK), "middle", 3, 2, {3, 4}, {0}, 1, {CF_DENSE, CF_TRANSPOSED, CF_NEGATIVE}, CF_NEW, 0},
  {CF_ID(STACK), "last", 3, 2, {3, 4}, {0}, -1, {CF_DENSE, CF_STEPPED, CF_EXPANDED}, CF_NEW, 0},
  {CF_ID(STACK), "rank0", 3, 0, {0}, {0}, 0, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {CF_ID(STACK), "of-nothing", 2, 1, {0}, {0}, 0, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {CF_ID(STACK), "into-stepped", 2, 2, {3, 4}, {0}, 1, {CF_DENSE, CF_ROWS}, CF_INTO, CF_STEPPED},
};

static rt_status call_rearranged(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  const rt_tensor *list[CF_MAX_IN];
  for (int k = 0; k < c->n_in; k++) list[k] = in[k];
  switch (c->op->id) {
    case CF_ID(TILE): return into ? rt_tile_into(in[0], c->pad_lo, into) : rt_tile(in[0], c->pad_lo, out);
    case CF_ID(REPEAT): return into ? rt_repeat_into(in[0], c->pad_lo[0], c->axis, into) : rt_repeat(in[0], c->pad_lo[0], c->axis, out);
    case CF_ID(ROLL): return into ? rt_roll_into(in[0], c->pad_lo[0], c->axis, into) : rt_roll(in[0], c->pad_lo[0], c->axis, out);
    default: return into ? rt_stack_into(c->n_in, list, c->axis, into) : rt_stack(c->n_in, list, c->axis, out);
  }
}

static void rearrange_cell(cf_case *c, const rearrange_how *how, rt_dtype dtype, rt_dtype second, cf_class values) {
  bool is_stack = how->id == CF_ID(STACK);
  int32_t rank = how->rank + is_stack, axis = how->axis < 0 ? how->axis + rank : how->axis;
  rt_dtype y = how->n_in > 1 ? cf_promote(dtype, second) : dtype;
  c->call = call_rearranged, c->form = how->form, c->out_layout = how->out, c->axis = how->axis;
  memcpy(c->pad_lo, how->how, sizeof how->how); // repeats, times or shift
  int64_t shape[RT_MAX_RANK], at[RT_MAX_RANK], from[RT_MAX_RANK];
  for (int32_t d = 0; d < rank; d++) {
    shape[d] = is_stack ? (d == axis ? how->n_in : how->x[d - (d > axis)]) : how->x[d];
    if (how->id == CF_ID(TILE)) shape[d] *= how->how[d];
    if (how->id == CF_ID(REPEAT) && d == axis) shape[d] *= how->how[0];
  }
  for (int k = 0; k < how->n_in; k++) {
    cf_input(c, k, k == 1 ? second : dtype, how->rank, how->x);
    cf_fill(c, k, values);
    cf_place(c, k, how->in[k]);
  }
  cf_result(c, y, rank, shape);
  for (int64_t i = 0; i < c->out.x.numel; i++) {
    cf_coordinates(&c->out.x, i, at);
    const cf_array *x = &c->in[is_stack ? at[axis] : 0].x;
    for (int32_t d = 0; d < x->rank; d++) {
      from[d] = is_stack ? at[d + (d >= axis)] : at[d];
      if (how->id == CF_ID(TILE)) from[d] %= x->shape[d];
      if (how->id == CF_ID(REPEAT) && d == axis) from[d] /= how->how[0];
      if (how->id == CF_ID(ROLL) && d == axis) from[d] = (int64_t)((((cf_int)at[d] - how->how[0]) % x->shape[d] + x->shape[d]) % x->shape[d]);
    }
    cf_want_bits(c, i, cf_cast(x->dtype, cf_bits(x, cf_index_of(x, from)), y));
  }
  cf_close(c);
}

static void refused_rearranged(cf_grid *g, const cf_op *op, rt_dtype dtype, const char *name, rt_status fails, int64_t how, int32_t axis) {
  cf_case *c = cf_open(g, op, dtype, "%s", name);
  if (!c) return;
  c->call = call_rearranged, c->fails = fails, c->axis = axis;
  for (int d = 0; d < 2; d++) c->pad_lo[d] = how;
  cf_input(c, 0, dtype, 2, (int64_t[]){3, 2});
  cf_input(c, 1, dtype, 2, (int64_t[]){3, axis == 0 ? 3 : 2});
  if (op->id != CF_ID(STACK)) c->n_in = 1;
  for (int k = 0; k < c->n_in; k++) cf_place(c, k, CF_DENSE);
  cf_close(c);
}

void cf_cases_rearranged(cf_grid *g, const cf_op *op) {
  for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code, other = dtype == RT_F32 ? RT_F64 : RT_F32;
    cf_class hard = cf_is_float(dtype) ? CF_SPECIALS : CF_EXTREMES;
    for (size_t h = 0; h < CF_COUNT(rearranged); h++) {
      if (rearranged[h].id != op->id) continue;
      cf_case *c = cf_open(g, op, dtype, "%s/%s", rearranged[h].name, cf_class_name[hard]);
      if (c) rearrange_cell(c, &rearranged[h], dtype, dtype, hard);
      if (rearranged[h].n_in < 2) continue;
      c = cf_open(g, op, dtype, "%s/promotion/%s", rearranged[h].name, rt_dtype_name(other));
      if (c) rearrange_cell(c, &rearranged[h], dtype, other, CF_SMALL);
    }
    if (op->id != CF_ID(ROLL)) refused_rearranged(g, op, dtype, "refused-shape", RT_E_SHAPE, -1, 0);
    if (op->id != CF_ID(TILE)) refused_rearranged(g, op, dtype, "refused-axis", RT_E_ARGUMENT, 1, 3);
  }
}

// ---- linspace, eye --------------------------------------------------------------------------------------------------------------------
static rt_status call_linspace(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  (void)in;
  return into ? rt_linspace_into(c->scalar, c->scalar2, c->pad_lo[0], into)
              : rt_linspace(c->grid->ctx, c->asked, c->scalar, c->scalar2, c->pad_lo[0], out);
}

static const struct line_of { const char *name; double from, to; int64_t count; cf_form form; cf_layout out; rt_status fails; } lines[] = {
  {"unit", 0, 1, 11, CF_NEW, 0, RT_OK},
  {"down", 3, -2.5, 8, CF_NEW, 0, RT_OK},
  {"long", -1, 1, 1001, CF_NEW, 0, RT_OK},
  {"one", 7, 9, 1, CF_NEW, 0, RT_OK},
  {"two", 7, 9, 2, CF_NEW, 0, RT_OK},
  {"none", 7, 9, 0, CF_NEW, 0, RT_OK},
  {"flat", 0.1, 0.1, 5, CF_NEW, 0, RT_OK},
  {"wide", -DBL_MAX, DBL_MAX, 5, CF_NEW, 0, RT_OK},
  {"into-stepped", 1, 2, 9, CF_INTO, CF_STEPPED, RT_OK},
  {"into-negative", 1, 2, 9, CF_INTO, CF_NEGATIVE, RT_OK},
  {"refused-infinity", 0, (double)INFINITY, 5, CF_NEW, 0, RT_E_ARGUMENT},
  {"refused-count", 0, 1, -1, CF_NEW, 0, RT_E_SHAPE},
};

void cf_cases_linspace(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(LINSPACE));
  for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    for (size_t h = 0; h < CF_COUNT(lines); h++) {
      const struct line_of *how = &lines[h];
      bool is_refused = !cf_is_float(cf_part(dtype));
      if (is_refused && h > 0) continue;
      cf_case *c = cf_open(g, op, dtype, "%s", is_refused ? "refused-dtype" : how->name);
      if (!c) continue;
      c->call = call_linspace, c->form = how->form, c->out_layout = how->out, c->asked = dtype;
      c->scalar = rt_float(how->from), c->scalar2 = rt_float(how->to), c->pad_lo[0] = how->count;
      c->fails = is_refused ? RT_E_DTYPE : how->fails;
      if (how->count >= 0) cf_result(c, dtype, 1, &how->count);
      cf_real from = how->from, to = how->to, last = (cf_real)(how->count > 1 ? how->count - 1 : 1);
      // The step is rounded once, and counted up to count times; the sum is rounded once more.
      cf_real error = (cf_abs(from) + cf_abs(to)) * cf_power2(-52);
      for (int64_t i = 0; i < how->count && c->fails == RT_OK; i++) {
        int64_t at = i * cf_parts(dtype);
        if (i == 0 || i + 1 == how->count) cf_want_bits(c, i, cf_encode(cf_part(dtype), i ? to : from, 0));
        else cf_want_sum(c, at, from + (to - from) * (cf_real)i / last, error);
      }
      cf_close(c);
    }
  }
}

static rt_status call_eye(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  (void)in;
  return into ? rt_eye_into(c->pad_lo[0], c->pad_lo[1], c->pad_lo[2], into)
              : rt_eye(c->grid->ctx, c->asked, c->pad_lo[0], c->pad_lo[1], c->pad_lo[2], out);
}

void cf_cases_eye(cf_grid *g) {
  static const struct { const char *name; int64_t n, m, k; cf_form form; cf_layout out; } eyes[] = {
    {"square", 5, 5, 0, CF_NEW, 0}, {"wide", 3, 7, 2, CF_NEW, 0}, {"tall", 7, 3, -2, CF_NEW, 0}, {"corner", 4, 4, 3, CF_NEW, 0},
    {"outside", 4, 4, 4, CF_NEW, 0}, {"far-outside", 4, 4, INT64_MIN, CF_NEW, 0}, {"empty", 0, 4, 0, CF_NEW, 0},
    {"into", 4, 6, -1, CF_INTO, CF_OFFSET}, {"into-transposed", 4, 6, 1, CF_INTO, CF_TRANSPOSED}, {"refused-extent", -1, 4, 0, CF_NEW, 0}};
  const cf_op *op = cf_op_of(CF_ID(EYE));
  for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    for (size_t h = 0; h < CF_COUNT(eyes); h++) {
      cf_case *c = cf_open(g, op, dtype, "%s", eyes[h].name);
      if (!c) continue;
      c->call = call_eye, c->form = eyes[h].form, c->out_layout = eyes[h].out, c->asked = dtype;
      c->pad_lo[0] = eyes[h].n, c->pad_lo[1] = eyes[h].m, c->pad_lo[2] = eyes[h].k;
      if (eyes[h].n < 0) c->fails = RT_E_SHAPE;
      else cf_result(c, dtype, 2, c->pad_lo);
      for (int64_t i = 0; i < c->out.x.numel; i++)
        cf_want_bits(c, i, cf_cast(RT_I8, (cf_int)(i % eyes[h].m) - i / eyes[h].m == eyes[h].k, dtype));
      cf_close(c);
    }
  }
}
