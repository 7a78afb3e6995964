// SPDX-License-Identifier: BSD-3-Clause
// Cells of scatter, scatter_nd and gather_nd: the oracle lets one update after another fall on an array in C order, and follows one index at
// a time.
#include "internal.h"

#include <string.h>

#define N_MODES (RT_SCATTER_MAX + 1)
static const char *const mode_name[N_MODES] = {"set", "add", "mul", "min", "max"};

/// What an update makes of an element.
static uint64_t combine_real(rt_dtype dtype, rt_scatter_mode mode, uint64_t old, uint64_t update) {
  cf_real a = cf_decode(dtype, old), b = cf_decode(dtype, update);
  bool is_less = a == b ? cf_is_negative(a) && !cf_is_negative(b) : a < b; // -0 lies below +0
  switch (mode) {
    case RT_SCATTER_ADD: return cf_is_float(dtype) ? cf_encode(dtype, a + b, 0) : cf_encode_int(dtype, cf_decode_int(dtype, old) + cf_decode_int(dtype, update));
    case RT_SCATTER_MUL:
      if (cf_is_float(dtype)) return cf_encode(dtype, a * b, 0);
      return cf_encode_int(dtype, (cf_int)((uint64_t)cf_decode_int(dtype, old) * (uint64_t)cf_decode_int(dtype, update)));
    case RT_SCATTER_MIN: return cf_is_nan(a) ? old : cf_is_nan(b) ? update : is_less ? old : update;
    case RT_SCATTER_MAX: return cf_is_nan(a) ? old : cf_is_nan(b) ? update : is_less ? update : old;
    default: return update;
  }
}

static cf_word combine(rt_dtype dtype, rt_scatter_mode mode, cf_word old, cf_word update) {
  if (!cf_is_complex(dtype)) return combine_real(dtype, mode, (uint64_t)old, (uint64_t)update);
  uint64_t parts[2]; // sums go part by part; other modes have no cells
  for (int p = 0; p < 2; p++) parts[p] = combine_real(cf_part(dtype), mode, cf_part_of(dtype, old, p), cf_part_of(dtype, update, p));
  return cf_join(dtype, parts[0], parts[1]);
}
static bool has_cells(rt_dtype dtype, int mode) {
  if (cf_is_complex(dtype)) return mode <= RT_SCATTER_ADD; // a product's bound is another, and there is no order
  return dtype != RT_BOOL || (mode != RT_SCATTER_ADD && mode != RT_SCATTER_MUL);
}

/// Fills an array of indices for an axis of extent n, from both ends where the dtype has a sign.
static void fill_index(cf_case *c, cf_array *index, int64_t i, int64_t n) {
  cf_set(index, i, cf_encode_int(index->dtype, cf_is_signed(index->dtype) ? cf_random_below(c, 2 * n) - n : cf_random_below(c, n)));
}

static int64_t index_at(const cf_array *index, int64_t i, int64_t n) {
  int64_t k = (int64_t)cf_decode_int(index->dtype, cf_bits(index, i));
  return k < 0 ? k + n : k;
}

/// The result starts as x; `now` holds its bits.
static cf_word *start_result(cf_case *c, rt_dtype dtype) {
  const cf_array *x = &c->in[0].x;
  cf_result(c, dtype, x->rank, x->shape);
  cf_word *now = cf_alloc(c, x->numel * (int64_t)sizeof *now);
  for (int64_t i = 0; i < x->numel; i++) now[i] = cf_cast(x->dtype, cf_bits(x, i), dtype);
  return now;
}

static void finish_result(cf_case *c, const cf_word *now) {
  for (int64_t i = 0; i < c->out.x.numel && c->fails == RT_OK; i++) cf_want_bits(c, i, now[i]);
  cf_close(c);
}

/// Index dtypes, and what lies just outside of an axis of extent 7.
typedef struct bad_index { const char *name; int64_t value; } bad_index;
static const bad_index bad[] = {{"above", 7}, {"below", -8}};

/// One cell of the arguments that are refused before any value is looked at.
static void refused(cf_grid *g, const cf_op *op, rt_dtype dtype, const char *name, rt_status fails, rt_dtype index_dtype, const int64_t *index,
                    rt_scatter_mode mode, rt_status (*call)(cf_case *, rt_tensor *const *, rt_tensor *, rt_tensor **)) {
  cf_case *c = cf_open(g, op, dtype, "%s", name);
  if (!c) return;
  c->call = call, c->fails = fails, c->param = mode, c->axis = 0;
  cf_input(c, 0, dtype, 2, (int64_t[]){3, 2});
  cf_input(c, 1, index_dtype, 2, index);
  cf_input(c, 2, dtype, 0, NULL);
  for (int k = 0; k < 3; k++) cf_place(c, k, CF_DENSE);
  cf_close(c);
}

// ---- scatter --------------------------------------------------------------------------------------------------------------------------
typedef struct scatter_how {
  const char *name;
  int32_t rank, axis;
  int64_t x[3], index[3];
  int32_t update_rank; // -1: the updates have the shape of the indices
  int64_t update[3];
  cf_layout in[3];
  cf_form form;
  cf_layout out;
  int share;
} scatter_how;
static const scatter_how scatters[] = {
  {"last", 2, 1, {5, 7}, {5, 9}, -1, {0}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"first", 2, 0, {7, 5}, {4, 5}, -1, {0}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"middle", 3, -2, {3, 5, 4}, {3, 6, 4}, -1, {0}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"line", 1, 0, {37}, {67}, -1, {0}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"one-target", 1, 0, {1}, {23}, -1, {0}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"shorter", 3, 1, {3, 5, 4}, {2, 6, 1}, -1, {0}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"no-indices", 2, 0, {7, 5}, {0, 5}, -1, {0}, {CF_TRANSPOSED, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"no-indices-into", 2, 1, {7, 5}, {7, 0}, -1, {0}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_INTO, CF_STEPPED, 0},
  {"empty", 2, 1, {0, 5}, {0, 3}, -1, {0}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"one-update", 2, 1, {5, 7}, {5, 3}, 0, {0}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"row-of-updates", 3, 1, {3, 5, 4}, {3, 6, 4}, 2, {6, 1}, {CF_DENSE, CF_DENSE, CF_STEPPED}, CF_NEW, 0, 0},
  {"offset", 2, 0, {7, 5}, {4, 5}, -1, {0}, {CF_OFFSET, CF_OFFSET, CF_OFFSET}, CF_NEW, 0, 0},
  {"transposed", 3, 1, {3, 5, 4}, {3, 6, 4}, -1, {0}, {CF_TRANSPOSED, CF_DENSE, CF_TRANSPOSED}, CF_NEW, 0, 0},
  {"stepped", 3, 1, {3, 5, 4}, {3, 2, 4}, -1, {0}, {CF_STEPPED, CF_STEPPED, CF_STEPPED}, CF_NEW, 0, 0},
  {"negative", 3, 2, {3, 5, 4}, {3, 5, 3}, -1, {0}, {CF_NEGATIVE, CF_NEGATIVE, CF_NEGATIVE}, CF_NEW, 0, 0},
  {"expanded", 3, 1, {3, 5, 4}, {3, 2, 4}, -1, {0}, {CF_EXPANDED, CF_EXPANDED, CF_EXPANDED}, CF_NEW, 0, 0},
  {"into", 2, 0, {7, 5}, {4, 5}, -1, {0}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_INTO, CF_OFFSET, 0},
  {"into-stepped", 3, 1, {3, 5, 4}, {3, 2, 4}, -1, {0}, {CF_ROWS, CF_TRANSPOSED, CF_ROWS}, CF_INTO, CF_STEPPED, 0},
  {"into-negative", 2, 1, {5, 7}, {5, 4}, -1, {0}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_INTO, CF_NEGATIVE, 0},
  {"inplace", 2, 0, {7, 5}, {7, 5}, -1, {0}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_IN_PLACE, 0, 0},
  {"inplace-stepped", 3, 1, {3, 5, 4}, {3, 6, 4}, -1, {0}, {CF_STEPPED, CF_DENSE, CF_DENSE}, CF_IN_PLACE, 0, 0},
  {"inplace-clone", 2, 1, {5, 7}, {5, 4}, -1, {0}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_CLONE, 0, 0},
  {"inplace-updates", 2, 1, {5, 7}, {5, 7}, -1, {0}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_IN_PLACE, 0, 2},
  {"overlap", 2, 1, {5, 7}, {5, 7}, -1, {0}, {CF_OFFSET, CF_DENSE, CF_DENSE}, CF_OVERLAP, 0, 0},
  {"overlap-updates", 2, 1, {5, 7}, {5, 7}, -1, {0}, {CF_DENSE, CF_DENSE, CF_OFFSET}, CF_OVERLAP_BACK, 0, 2},
};

static rt_status call_scatter(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  rt_scatter_mode mode = (rt_scatter_mode)(int)c->param;
  return into ? rt_scatter_into(in[0], in[1], in[2], c->axis, mode, into) : rt_scatter(in[0], in[1], in[2], c->axis, mode, out);
}

static void scatter_cell(cf_case *c, const scatter_how *how, rt_dtype dtype, rt_dtype other, rt_dtype index_dtype, rt_scatter_mode mode,
                         cf_class values, const bad_index *wrong) {
  c->call = call_scatter, c->form = how->form, c->out_layout = how->out, c->axis = how->axis, c->share = how->share, c->param = mode;
  int32_t axis = how->axis < 0 ? how->axis + how->rank : how->axis;
  cf_input(c, 0, dtype, how->rank, how->x);
  cf_input(c, 1, index_dtype, how->rank, how->index);
  if (how->update_rank < 0) cf_input(c, 2, other, how->rank, how->index);
  else cf_input(c, 2, other, how->update_rank, how->update);
  cf_fill(c, 0, values);
  cf_fill(c, 2, values);
  cf_array *x = &c->in[0].x, *index = &c->in[1].x, *updates = &c->in[2].x;
  int64_t n = x->shape[axis], at[RT_MAX_RANK];
  for (int64_t i = 0; i < index->numel; i++) fill_index(c, index, i, n);
  if (wrong) cf_set(index, index->numel / 2, cf_encode_int(index_dtype, wrong->value)), c->fails = RT_E_INDEX;
  for (int k = 0; k < 3; k++) cf_place(c, k, how->in[k]);
  rt_dtype y = cf_promote(dtype, other);
  cf_word *now = start_result(c, y);
  for (int64_t i = 0; i < index->numel && !wrong; i++) {
    cf_coordinates(index, i, at);
    at[axis] = index_at(index, i, n);
    int64_t target = cf_index_of(x, at);
    now[target] = combine(y, mode, now[target], cf_cast(other, cf_bits(updates, cf_broadcast_index(updates, how->rank, how->index, i)), y));
  }
  finish_result(c, now);
}

void cf_cases_scatter(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(SCATTER));
  cf_case *c;
  for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code, other = dtype == RT_F32 ? RT_F64 : RT_F32;
    cf_class hard = cf_is_float(dtype) || cf_is_complex(dtype) ? CF_SPECIALS : CF_EXTREMES;
    for (size_t h = 0; h < CF_COUNT(scatters); h++)
      for (int mode = 0; mode < N_MODES; mode++) {
        const cf_class *classes = cf_classes_of(dtype);
        if (h > 4 && mode != (int)(h + code) % N_MODES && dtype != RT_F32) continue;
        if (!has_cells(dtype, mode)) continue;
        for (int v = 0; classes[v] != CF_CLASSES; v++) {
          if (h > 0 && classes[v] != hard && dtype != RT_BOOL) continue;
          if ((c = cf_open(g, op, dtype, "%s/%s/%s", scatters[h].name, mode_name[mode], cf_class_name[classes[v]])))
            scatter_cell(c, &scatters[h], dtype, dtype, h % 2 ? RT_I32 : RT_I64, (rt_scatter_mode)mode, classes[v], NULL);
        }
      }
    for (rt_dtype index = RT_I8; index <= RT_U64; index++) {
      if ((c = cf_open(g, op, dtype, "indices-%s/%s", rt_dtype_name(index), cf_class_name[hard])))
        scatter_cell(c, &scatters[1], dtype, dtype, index, cf_is_complex(dtype) ? RT_SCATTER_SET : RT_SCATTER_MAX, hard, NULL);
      for (int k = 0; k < 1 + cf_is_signed(index); k++)
        if ((c = cf_open(g, op, dtype, "indices-%s-%s", rt_dtype_name(index), bad[k].name)))
          scatter_cell(c, &scatters[1], dtype, dtype, index, RT_SCATTER_SET, CF_UNIFORM, &bad[k]);
    }
    if ((c = cf_open(g, op, dtype, "promotion/%s", rt_dtype_name(other))))
      scatter_cell(c, &scatters[0], dtype, other, RT_I64, RT_SCATTER_ADD, CF_SMALL, NULL);
    refused(g, op, dtype, "refused-indices", RT_E_DTYPE, RT_F32, (int64_t[]){3, 2}, RT_SCATTER_SET, call_scatter);
    refused(g, op, dtype, "refused-extent", RT_E_SHAPE, RT_I64, (int64_t[]){3, 3}, RT_SCATTER_SET, call_scatter);
    refused(g, op, dtype, "refused-mode", RT_E_ARGUMENT, RT_I64, (int64_t[]){3, 2}, (rt_scatter_mode)N_MODES, call_scatter);
    if (dtype == RT_BOOL) refused(g, op, dtype, "refused-add", RT_E_DTYPE, RT_I64, (int64_t[]){3, 2}, RT_SCATTER_ADD, call_scatter);
    if (cf_is_complex(dtype)) refused(g, op, dtype, "refused-min", RT_E_DTYPE, RT_I64, (int64_t[]){3, 2}, RT_SCATTER_MIN, call_scatter);
    if (dtype == RT_BOOL) refused(g, op, dtype, "refused-mul", RT_E_DTYPE, RT_I64, (int64_t[]){3, 2}, RT_SCATTER_MUL, call_scatter);
  }
}

// ---- scatter_nd, gather_nd ------------------------------------------------------------------------------------------------------------
typedef struct nd_how {
  const char *name;
  int32_t rank, index_rank, batch; // batch: gather_nd only
  int64_t x[4], index[4];
  cf_layout in[3];
  cf_form form;
  cf_layout out;
  int share;
} nd_how;

/// Fills the coordinates for the axes of x after the first `batch`; the last axis of the indices counts them.
static void fill_coordinates(cf_case *c, int32_t batch, const bad_index *wrong) {
  const cf_array *x = &c->in[0].x;
  cf_array *index = &c->in[1].x;
  int64_t k = index->shape[index->rank - 1];
  for (int64_t i = 0; i < index->numel; i++) fill_index(c, index, i, x->shape[batch + i % k]);
  int64_t middle = index->numel / 2 / k * k; // the first coordinate of a slice: its axis has extent 7
  if (wrong) cf_set(index, middle, cf_encode_int(index->dtype, wrong->value)), c->fails = RT_E_INDEX;
}

static const nd_how scatters_nd[] = {
  {"elements", 2, 2, 0, {7, 5}, {9, 2}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"rows", 2, 2, 0, {7, 5}, {9, 1}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"planes", 3, 3, 0, {7, 3, 4}, {2, 3, 1}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"lines", 3, 3, 0, {7, 3, 4}, {2, 5, 2}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"one-slice", 2, 1, 0, {7, 5}, {1}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"one-element", 2, 1, 0, {7, 5}, {2}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"line", 1, 2, 0, {37}, {53, 1}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"no-indices", 2, 2, 0, {7, 5}, {0, 2}, {CF_NEGATIVE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"empty", 2, 2, 0, {7, 0}, {3, 1}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"offset", 2, 2, 0, {7, 5}, {9, 1}, {CF_OFFSET, CF_OFFSET, CF_OFFSET}, CF_NEW, 0, 0},
  {"transposed", 3, 3, 0, {7, 3, 4}, {2, 5, 2}, {CF_TRANSPOSED, CF_TRANSPOSED, CF_TRANSPOSED}, CF_NEW, 0, 0},
  {"stepped", 3, 3, 0, {7, 3, 4}, {2, 3, 1}, {CF_STEPPED, CF_STEPPED, CF_STEPPED}, CF_NEW, 0, 0},
  {"negative", 3, 3, 0, {7, 3, 4}, {2, 3, 2}, {CF_NEGATIVE, CF_NEGATIVE, CF_NEGATIVE}, CF_NEW, 0, 0},
  {"expanded", 3, 2, 0, {7, 3, 4}, {3, 1}, {CF_EXPANDED, CF_DENSE, CF_EXPANDED}, CF_NEW, 0, 0},
  {"into", 2, 2, 0, {7, 5}, {9, 1}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_INTO, CF_OFFSET, 0},
  {"into-stepped", 3, 3, 0, {7, 3, 4}, {2, 3, 1}, {CF_ROWS, CF_DENSE, CF_ROWS}, CF_INTO, CF_STEPPED, 0},
  {"into-negative", 3, 2, 0, {7, 3, 4}, {3, 2}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_INTO, CF_NEGATIVE, 0},
  {"inplace", 3, 2, 0, {7, 3, 4}, {5, 1}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_IN_PLACE, 0, 0},
  {"inplace-stepped", 3, 2, 0, {7, 3, 4}, {5, 2}, {CF_STEPPED, CF_DENSE, CF_DENSE}, CF_IN_PLACE, 0, 0},
  {"inplace-clone", 2, 2, 0, {7, 5}, {9, 2}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_CLONE, 0, 0},
  {"inplace-updates", 2, 2, 0, {7, 5}, {7, 1}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_IN_PLACE, 0, 2},
  {"overlap", 2, 2, 0, {7, 5}, {9, 1}, {CF_OFFSET, CF_DENSE, CF_DENSE}, CF_OVERLAP, 0, 0},
};

static rt_status call_scatter_nd(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  rt_scatter_mode mode = (rt_scatter_mode)(int)c->param;
  return into ? rt_scatter_nd_into(in[0], in[1], in[2], mode, into) : rt_scatter_nd(in[0], in[1], in[2], mode, out);
}

/// Extents of what the indices name: their own without the last, then those of x after the first `skip` + k.
static int32_t slices(const nd_how *how, int64_t *shape) {
  int32_t rank = 0, k = (int32_t)how->index[how->index_rank - 1];
  for (int32_t d = 0; d + 1 < how->index_rank; d++) shape[rank++] = how->index[d];
  for (int32_t d = how->batch + k; d < how->rank; d++) shape[rank++] = how->x[d];
  return rank;
}

/// The element of x that element `at` of the slices is.
static int64_t element_of(const nd_how *how, const cf_array *x, const cf_array *index, const int64_t *at) {
  int64_t from[RT_MAX_RANK], row = 0, k = how->index[how->index_rank - 1];
  for (int32_t d = 0; d < how->batch; d++) from[d] = at[d];
  for (int32_t d = 0; d + 1 < how->index_rank; d++) row = row * how->index[d] + at[d];
  for (int32_t d = 0; d < k; d++) from[how->batch + d] = index_at(index, row * k + d, x->shape[how->batch + d]);
  for (int32_t d = how->batch + (int32_t)k; d < x->rank; d++) from[d] = at[how->index_rank - 1 + d - how->batch - (int32_t)k];
  return cf_index_of(x, from);
}

static void scatter_nd_cell(cf_case *c, const nd_how *how, rt_dtype dtype, rt_dtype other, rt_dtype index_dtype, rt_scatter_mode mode,
                            cf_class values, const bad_index *wrong) {
  c->call = call_scatter_nd, c->form = how->form, c->out_layout = how->out, c->share = how->share, c->param = mode;
  int64_t shape[RT_MAX_RANK], at[RT_MAX_RANK];
  int32_t rank = slices(how, shape);
  cf_input(c, 0, dtype, how->rank, how->x);
  cf_input(c, 1, index_dtype, how->index_rank, how->index);
  cf_input(c, 2, other, rank, shape);
  cf_fill(c, 0, values);
  cf_fill(c, 2, values);
  fill_coordinates(c, 0, wrong);
  for (int k = 0; k < 3; k++) cf_place(c, k, how->in[k]);
  const cf_array *x = &c->in[0].x, *index = &c->in[1].x, *updates = &c->in[2].x;
  rt_dtype y = cf_promote(dtype, other);
  cf_word *now = start_result(c, y);
  for (int64_t i = 0; i < updates->numel && !wrong; i++) {
    cf_coordinates(updates, i, at);
    int64_t target = element_of(how, x, index, at);
    now[target] = combine(y, mode, now[target], cf_cast(other, cf_bits(updates, i), y));
  }
  finish_result(c, now);
}

void cf_cases_scatter_nd(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(SCATTER_ND));
  cf_case *c;
  for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code, other = dtype == RT_F32 ? RT_F64 : RT_F32;
    cf_class hard = cf_is_float(dtype) || cf_is_complex(dtype) ? CF_SPECIALS : CF_EXTREMES;
    for (size_t h = 0; h < CF_COUNT(scatters_nd); h++)
      for (int mode = 0; mode < N_MODES; mode++) {
        if (h > 1 && mode != (int)(h + code) % N_MODES && dtype != RT_F32) continue;
        if (!has_cells(dtype, mode)) continue;
        if ((c = cf_open(g, op, dtype, "%s/%s/%s", scatters_nd[h].name, mode_name[mode], cf_class_name[hard])))
          scatter_nd_cell(c, &scatters_nd[h], dtype, dtype, h % 2 ? RT_I32 : RT_I64, (rt_scatter_mode)mode, hard, NULL);
      }
    for (rt_dtype index = RT_I8; index <= RT_U64; index++) {
      if ((c = cf_open(g, op, dtype, "indices-%s/%s", rt_dtype_name(index), cf_class_name[hard])))
        scatter_nd_cell(c, &scatters_nd[0], dtype, dtype, index, cf_is_complex(dtype) ? RT_SCATTER_SET : RT_SCATTER_MIN, hard, NULL);
      for (int k = 0; k < 1 + cf_is_signed(index); k++)
        if ((c = cf_open(g, op, dtype, "indices-%s-%s", rt_dtype_name(index), bad[k].name)))
          scatter_nd_cell(c, &scatters_nd[0], dtype, dtype, index, RT_SCATTER_SET, CF_UNIFORM, &bad[k]);
    }
    if ((c = cf_open(g, op, dtype, "promotion/%s", rt_dtype_name(other))))
      scatter_nd_cell(c, &scatters_nd[1], dtype, other, RT_I64, RT_SCATTER_ADD, CF_SMALL, NULL);
    refused(g, op, dtype, "refused-indices", RT_E_DTYPE, RT_BOOL, (int64_t[]){3, 2}, RT_SCATTER_SET, call_scatter_nd);
    refused(g, op, dtype, "refused-coordinates", RT_E_SHAPE, RT_I64, (int64_t[]){1, 3}, RT_SCATTER_SET, call_scatter_nd);
    refused(g, op, dtype, "refused-no-coordinates", RT_E_SHAPE, RT_I64, (int64_t[]){3, 0}, RT_SCATTER_SET, call_scatter_nd);
    refused(g, op, dtype, "refused-mode", RT_E_ARGUMENT, RT_I64, (int64_t[]){3, 2}, (rt_scatter_mode)-1, call_scatter_nd);
  }
}

static const nd_how gathers_nd[] = {
  {"elements", 2, 2, 0, {7, 5}, {9, 2}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"rows", 2, 2, 0, {7, 5}, {9, 1}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"planes", 3, 3, 0, {7, 3, 4}, {2, 3, 1}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"one-slice", 3, 1, 0, {7, 3, 4}, {2}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"one-element", 2, 1, 0, {7, 5}, {2}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"batch", 3, 2, 1, {3, 7, 4}, {3, 1}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"batch-of-lines", 3, 3, 1, {3, 7, 4}, {3, 5, 2}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"two-batches", 4, 4, 2, {2, 3, 7, 4}, {2, 3, 5, 1}, {CF_STEPPED, CF_STEPPED}, CF_NEW, 0, 0},
  {"no-indices", 2, 2, 0, {7, 5}, {0, 2}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"empty", 2, 2, 0, {7, 0}, {3, 1}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"no-batch", 3, 2, 1, {0, 7, 4}, {0, 1}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"offset", 2, 2, 0, {7, 5}, {9, 1}, {CF_OFFSET, CF_OFFSET}, CF_NEW, 0, 0},
  {"transposed", 3, 3, 1, {3, 7, 4}, {3, 5, 1}, {CF_TRANSPOSED, CF_TRANSPOSED}, CF_NEW, 0, 0},
  {"negative", 3, 3, 0, {7, 3, 4}, {2, 3, 2}, {CF_NEGATIVE, CF_NEGATIVE}, CF_NEW, 0, 0},
  {"expanded", 3, 2, 0, {7, 3, 4}, {3, 2}, {CF_EXPANDED, CF_EXPANDED}, CF_NEW, 0, 0},
  {"into", 2, 2, 0, {7, 5}, {9, 1}, {CF_DENSE, CF_DENSE}, CF_INTO, CF_OFFSET, 0},
  {"into-stepped", 3, 3, 1, {3, 7, 4}, {3, 5, 1}, {CF_ROWS, CF_DENSE}, CF_INTO, CF_STEPPED, 0},
  {"into-negative", 3, 2, 0, {7, 3, 4}, {3, 1}, {CF_DENSE, CF_DENSE}, CF_INTO, CF_NEGATIVE, 0},
  {"inplace", 2, 2, 0, {7, 5}, {7, 1}, {CF_DENSE, CF_DENSE}, CF_IN_PLACE, 0, 0},
  {"overlap", 2, 2, 0, {7, 5}, {7, 1}, {CF_OFFSET, CF_DENSE}, CF_OVERLAP, 0, 0},
};

static rt_status call_gather_nd(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  return into ? rt_gather_nd_into(in[0], in[1], c->axis, into) : rt_gather_nd(in[0], in[1], c->axis, out);
}

static void gather_nd_cell(cf_case *c, const nd_how *how, rt_dtype dtype, rt_dtype index_dtype, cf_class values, const bad_index *wrong) {
  c->call = call_gather_nd, c->form = how->form, c->out_layout = how->out, c->axis = how->batch;
  int64_t shape[RT_MAX_RANK], at[RT_MAX_RANK];
  int32_t rank = slices(how, shape);
  cf_input(c, 0, dtype, how->rank, how->x);
  cf_input(c, 1, index_dtype, how->index_rank, how->index);
  cf_fill(c, 0, values);
  fill_coordinates(c, how->batch, wrong);
  for (int k = 0; k < 2; k++) cf_place(c, k, how->in[k]);
  cf_result(c, dtype, rank, shape);
  const cf_array *x = &c->in[0].x, *index = &c->in[1].x;
  for (int64_t i = 0; i < c->out.x.numel && !wrong; i++) {
    cf_coordinates(&c->out.x, i, at);
    cf_want_bits(c, i, cf_bits(x, element_of(how, x, index, at)));
  }
  cf_close(c);
}

void cf_cases_gather_nd(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(GATHER_ND));
  cf_case *c;
  for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    cf_class hard = cf_is_float(dtype) || cf_is_complex(dtype) ? CF_SPECIALS : CF_EXTREMES;
    for (size_t h = 0; h < CF_COUNT(gathers_nd); h++)
      if ((c = cf_open(g, op, dtype, "%s/%s", gathers_nd[h].name, cf_class_name[hard])))
        gather_nd_cell(c, &gathers_nd[h], dtype, h % 2 ? RT_I32 : RT_I64, hard, NULL);
    for (rt_dtype index = RT_I8; index <= RT_U64; index++) {
      if ((c = cf_open(g, op, dtype, "indices-%s/%s", rt_dtype_name(index), cf_class_name[hard])))
        gather_nd_cell(c, &gathers_nd[5], dtype, index, hard, NULL);
      for (int k = 0; k < 1 + cf_is_signed(index); k++)
        if ((c = cf_open(g, op, dtype, "indices-%s-%s", rt_dtype_name(index), bad[k].name)))
          gather_nd_cell(c, &gathers_nd[5], dtype, index, CF_UNIFORM, &bad[k]);
    }
    static const struct { const char *name; rt_status fails; rt_dtype index; int32_t batch; int64_t shape[2]; } wrong[] = {
      {"refused-indices", RT_E_DTYPE, RT_F32, 0, {3, 2}}, {"refused-coordinates", RT_E_SHAPE, RT_I64, 1, {3, 2}},
      {"refused-batch-extent", RT_E_SHAPE, RT_I64, 1, {2, 1}}, {"refused-batch", RT_E_SHAPE, RT_I64, 2, {3, 2}},
      {"refused-negative-batch", RT_E_ARGUMENT, RT_I64, -1, {3, 2}}, {"refused-far-batch", RT_E_SHAPE, RT_I64, INT32_MAX, {3, 2}}};
    for (size_t k = 0; k < CF_COUNT(wrong); k++) {
      if (!(c = cf_open(g, op, dtype, "%s", wrong[k].name))) continue;
      c->call = call_gather_nd, c->fails = wrong[k].fails, c->axis = wrong[k].batch;
      cf_input(c, 0, dtype, 2, (int64_t[]){3, 2});
      cf_input(c, 1, wrong[k].index, 2, wrong[k].shape);
      for (int i = 0; i < 2; i++) cf_place(c, i, CF_DENSE);
      cf_close(c);
    }
  }
}
