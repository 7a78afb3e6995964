// SPDX-License-Identifier: BSD-3-Clause
// Cells of what finds and picks elements: nonzero, topk, take, masked_select. The oracle looks at every element, one after
// another, and for the best again and again.
#include "internal.h"

#include <string.h>

// ---- nonzero --------------------------------------------------------------------------------------------------------------------------
typedef enum how_many { SOME, NONE, ALL } how_many;
typedef struct find_how {
  const char *name;
  int32_t rank;
  int64_t x[RT_MAX_RANK];
  how_many many;
  cf_layout in;
  cf_form form;
  cf_layout out;
} find_how;
static const find_how finds[] = {
  {"line", 1, {61}, SOME, CF_DENSE, CF_NEW, 0},
  {"matrix", 2, {7, 9}, SOME, CF_DENSE, CF_NEW, 0},
  {"scalar", 0, {0}, ALL, CF_DENSE, CF_NEW, 0},
  {"scalar-zero", 0, {0}, NONE, CF_DENSE, CF_NEW, 0},
  {"none", 2, {5, 4}, NONE, CF_DENSE, CF_NEW, 0},
  {"all", 2, {5, 4}, ALL, CF_DENSE, CF_NEW, 0},
  {"empty", 2, {5, 0}, SOME, CF_DENSE, CF_NEW, 0},
  {"ones", 5, {1, 5, 1, 7, 1}, SOME, CF_ONES, CF_NEW, 0},
  {"rank16", 16, {1, 2, 1, 2, 1, 1, 2, 1, 2, 1, 1, 1, 2, 1, 2, 3}, SOME, CF_TRANSPOSED, CF_NEW, 0},
  {"offset", 2, {7, 9}, SOME, CF_OFFSET, CF_NEW, 0},
  {"transposed", 3, {3, 5, 4}, SOME, CF_TRANSPOSED, CF_NEW, 0},
  {"stepped", 3, {3, 5, 4}, SOME, CF_STEPPED, CF_NEW, 0},
  {"negative", 3, {3, 5, 4}, SOME, CF_NEGATIVE, CF_NEW, 0},
  {"expanded", 3, {3, 5, 4}, SOME, CF_EXPANDED, CF_NEW, 0},
  {"into", 2, {7, 9}, SOME, CF_DENSE, CF_INTO, CF_OFFSET},
  {"into-transposed", 3, {3, 5, 4}, SOME, CF_DENSE, CF_INTO, CF_TRANSPOSED},
  {"into-negative", 2, {7, 9}, SOME, CF_DENSE, CF_INTO, CF_NEGATIVE},
};

static rt_status call_nonzero(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  (void)c;
  return into ? rt_nonzero_into(in[0], into) : rt_nonzero(in[0], out);
}

static void nonzero_cell(cf_case *c, const find_how *how, rt_dtype dtype, cf_class values) {
  c->call = call_nonzero, c->form = how->form, c->out_layout = how->out;
  cf_array *x = cf_input(c, 0, dtype, how->rank, how->x);
  cf_fill(c, 0, values);
  cf_word one = cf_cast(RT_I8, 1, dtype), negative_zero = cf_is_float(dtype) ? cf_encode(dtype, -(cf_real)0, 0) : 0;
  for (int64_t i = 0; i < x->numel; i++) {
    bool is_zero = how->many == NONE || (how->many == SOME && cf_random_below(c, 2));
    if (is_zero) cf_set(x, i, cf_random_below(c, 3) ? 0 : negative_zero);
    else if (how->many == ALL && cf_is_zero_at(x, i)) cf_set(x, i, one);
  }
  cf_place(c, 0, how->in);
  int64_t shape[2] = {how->rank, 0}, at[RT_MAX_RANK], column = 0;
  for (int64_t i = 0; i < x->numel; i++) shape[1] += !cf_is_zero_at(x, i);
  cf_result(c, RT_I64, 2, shape);
  for (int64_t i = 0; i < x->numel; i++) {
    if (cf_is_zero_at(x, i)) continue;
    cf_coordinates(x, i, at);
    for (int32_t d = 0; d < how->rank; d++) cf_want_bits(c, d * shape[1] + column, (uint64_t)at[d]);
    column++;
  }
  cf_close(c);
}

void cf_cases_nonzero(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(NONZERO));
  for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    for (size_t h = 0; h < CF_COUNT(finds); h++) {
      const cf_class *classes = cf_classes_of(dtype);
      for (int v = 0; classes[v] != CF_CLASSES; v++) {
        if (v > 0 && h > 1 && dtype != RT_F32) continue;
        cf_case *c = cf_open(g, op, dtype, "%s/%s", finds[h].name, cf_class_name[classes[v]]);
        if (c) nonzero_cell(c, &finds[h], dtype, classes[v]);
      }
    }
    cf_case *c = cf_open(g, op, dtype, "refused-count");
    if (!c) continue;
    c->call = call_nonzero, c->fails = RT_E_SHAPE, c->form = CF_INTO;
    cf_input(c, 0, dtype, 1, (int64_t[]){3});
    cf_place(c, 0, CF_DENSE);
    cf_result(c, RT_I64, 2, (int64_t[]){1, 2}); // but x is zero everywhere
    cf_close(c);
  }
}

// ---- topk -----------------------------------------------------------------------------------------------------------------------------
typedef struct top_how {
  const char *name;
  int32_t rank;
  int64_t x[RT_MAX_RANK];
  int32_t axis;
  int64_t k;
  cf_layout in;
} top_how;
static const top_how tops[] = {
  {"last", 2, {5, 23}, 1, 6, CF_DENSE},
  {"first", 2, {19, 6}, 0, 3, CF_DENSE},
  {"middle", 3, {3, 9, 4}, -2, 4, CF_DENSE},
  {"one", 2, {5, 23}, -1, 1, CF_DENSE},
  {"all", 2, {5, 23}, 1, 23, CF_DENSE},
  {"none", 2, {5, 23}, 1, 0, CF_DENSE},
  {"of-nothing", 2, {5, 0}, 1, 0, CF_DENSE},
  {"empty", 2, {0, 5}, 1, 2, CF_DENSE},
  {"offset", 1, {37}, 0, 5, CF_OFFSET},
  {"transposed", 3, {3, 5, 7}, 2, 3, CF_TRANSPOSED},
  {"stepped", 3, {3, 5, 7}, 1, 2, CF_STEPPED},
  {"negative", 3, {3, 5, 7}, 2, 4, CF_NEGATIVE},
  {"expanded", 3, {3, 5, 7}, 0, 2, CF_EXPANDED},
};

static rt_status call_topk(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  (void)into;
  rt_tensor *other = NULL;
  bool largest = c->param != 0;
  rt_status status = c->which_output ? rt_topk(in[0], c->pad_lo[0], c->axis, largest, &other, out)
                                     : rt_topk(in[0], c->pad_lo[0], c->axis, largest, out, &other);
  rt_release(other);
  return status;
}

/// Is a strictly better than b? Zeros are equal, and so are NaN, which are the largest.
static bool is_better(rt_dtype dtype, uint64_t a, uint64_t b, bool largest) {
  cf_real x = largest ? cf_decode(dtype, b) : cf_decode(dtype, a), y = largest ? cf_decode(dtype, a) : cf_decode(dtype, b);
  return cf_is_nan(y) ? !cf_is_nan(x) : x < y;
}

static void topk_cell(cf_case *c, const top_how *how, rt_dtype dtype, cf_class values, bool largest, int which) {
  c->call = call_topk, c->axis = how->axis, c->param = largest, c->pad_lo[0] = how->k, c->which_output = which;
  int32_t axis = how->axis < 0 ? how->axis + how->rank : how->axis;
  int64_t shape[RT_MAX_RANK], at[RT_MAX_RANK], n = how->x[axis];
  memcpy(shape, how->x, sizeof shape);
  shape[axis] = how->k;
  cf_array *x = cf_input(c, 0, dtype, how->rank, how->x);
  cf_fill(c, 0, values);
  cf_place(c, 0, how->in);
  cf_result(c, which ? RT_I64 : dtype, how->rank, shape);
  bool *is_taken = cf_alloc(c, x->numel * (int64_t)sizeof *is_taken);
  for (int64_t i = 0; i < c->out.x.numel; i++) { // in C order: along the axis, from the best on
    cf_coordinates(&c->out.x, i, at);
    int64_t best = -1, best_at = 0;
    for (int64_t k = 0; k < n; k++) {
      at[axis] = k;
      int64_t from = cf_index_of(x, at);
      if (is_taken[from] || (best >= 0 && !is_better(dtype, cf_bits(x, from), cf_bits(x, best), largest))) continue;
      best = from, best_at = k;
    }
    is_taken[best] = true;
    cf_want_bits(c, i, which ? (uint64_t)best_at : cf_bits(x, best));
  }
  cf_close(c);
}

void cf_cases_topk(cf_grid *g) {
  static const char *const outputs[] = {"values", "indices"};
  const cf_op *op = cf_op_of(CF_ID(TOPK));
  for (int code = RT_BOOL; code < CF_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    for (size_t h = 0; h < CF_COUNT(tops); h++) {
      const cf_class *classes = cf_classes_of(dtype);
      for (int v = 0; classes[v] != CF_CLASSES; v++) {
        if (v > 0 && h > 1 && dtype != RT_F32) continue;
        for (int which = 0; which < 2; which++) {
          bool largest = (h + (size_t)v) % 2 == 0;
          cf_case *c = cf_open(g, op, dtype, "%s/%s/%s/%s", tops[h].name, cf_class_name[classes[v]], largest ? "largest" : "smallest", outputs[which]);
          if (c) topk_cell(c, &tops[h], dtype, classes[v], largest, which);
        }
      }
    }
    static const struct { const char *name; int32_t axis; int64_t k; } wrong[] = {{"refused-axis", 2, 1}, {"refused-k", 1, 3}, {"refused-negative-k", 0, -1}};
    for (size_t k = 0; k < CF_COUNT(wrong); k++) {
      cf_case *c = cf_open(g, op, dtype, "%s", wrong[k].name);
      if (!c) continue;
      c->call = call_topk, c->fails = RT_E_ARGUMENT, c->axis = wrong[k].axis, c->pad_lo[0] = wrong[k].k;
      cf_input(c, 0, dtype, 2, (int64_t[]){3, 2});
      cf_place(c, 0, CF_DENSE);
      cf_close(c);
    }
  }
}

// ---- take -----------------------------------------------------------------------------------------------------------------------------
typedef struct pick_how {
  const char *name;
  int32_t rank, other_rank; // of the indices, of the mask
  int64_t x[4], other[4];
  cf_layout in[2];
  cf_form form;
  cf_layout out;
} pick_how;
static const pick_how takes[] = {
  {"line", 1, 1, {37}, {67}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"matrix", 2, 2, {5, 7}, {3, 4}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"scalar-index", 2, 0, {5, 7}, {0}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"of-scalar", 0, 1, {0}, {4}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"no-indices", 2, 2, {5, 0}, {3, 0}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"transposed", 3, 2, {3, 5, 4}, {4, 6}, {CF_TRANSPOSED, CF_TRANSPOSED}, CF_NEW, 0},
  {"stepped", 3, 1, {3, 5, 4}, {9}, {CF_STEPPED, CF_STEPPED}, CF_NEW, 0},
  {"negative", 2, 2, {5, 7}, {3, 4}, {CF_NEGATIVE, CF_NEGATIVE}, CF_NEW, 0},
  {"expanded", 2, 2, {5, 7}, {3, 4}, {CF_EXPANDED, CF_EXPANDED}, CF_NEW, 0},
  {"into-stepped", 2, 3, {5, 7}, {3, 2, 4}, {CF_OFFSET, CF_DENSE}, CF_INTO, CF_STEPPED},
  {"inplace", 2, 2, {5, 7}, {5, 7}, {CF_DENSE, CF_DENSE}, CF_IN_PLACE, 0},
  {"overlap", 2, 2, {5, 7}, {5, 7}, {CF_OFFSET, CF_DENSE}, CF_OVERLAP, 0},
};

static rt_status call_take(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  (void)c;
  return into ? rt_take_into(in[0], in[1], into) : rt_take(in[0], in[1], out);
}

static void take_cell(cf_case *c, const pick_how *how, rt_dtype dtype, rt_dtype index_dtype, cf_class values, int64_t bad_index) {
  c->call = call_take, c->form = how->form, c->out_layout = how->out;
  cf_array *x = cf_input(c, 0, dtype, how->rank, how->x), *index = cf_input(c, 1, index_dtype, how->other_rank, how->other);
  cf_fill(c, 0, values);
  int64_t n = x->numel;
  for (int64_t i = 0; i < index->numel; i++)
    cf_set(index, i, cf_encode_int(index_dtype, cf_is_signed(index_dtype) ? cf_random_below(c, 2 * n) - n : cf_random_below(c, n)));
  if (bad_index) cf_set(index, index->numel / 2, cf_encode_int(index_dtype, bad_index)), c->fails = RT_E_INDEX;
  for (int k = 0; k < 2; k++) cf_place(c, k, how->in[k]);
  cf_result(c, dtype, how->other_rank, how->other);
  for (int64_t i = 0; i < c->out.x.numel && !bad_index; i++) {
    int64_t k = (int64_t)cf_decode_int(index_dtype, cf_bits(index, i));
    cf_want_bits(c, i, cf_bits(x, k < 0 ? k + n : k));
  }
  cf_close(c);
}

void cf_cases_take(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(TAKE));
  for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    cf_class hard = cf_is_float(dtype) ? CF_SPECIALS : CF_EXTREMES;
    for (size_t h = 0; h < CF_COUNT(takes); h++) {
      cf_case *c = cf_open(g, op, dtype, "%s/%s", takes[h].name, cf_class_name[hard]);
      if (c) take_cell(c, &takes[h], dtype, h % 2 ? RT_U8 : RT_I64, hard, 0);
    }
    static const struct { const char *name; rt_dtype index; int64_t bad; } outside[] = {{"above", RT_U8, 35}, {"below", RT_I32, -36}};
    for (size_t k = 0; k < CF_COUNT(outside); k++) {
      cf_case *c = cf_open(g, op, dtype, "indices-%s", outside[k].name);
      if (c) take_cell(c, &takes[1], dtype, outside[k].index, CF_UNIFORM, outside[k].bad);
    }
    cf_case *c = cf_open(g, op, dtype, "refused-indices");
    if (!c) continue;
    c->call = call_take, c->fails = RT_E_DTYPE;
    for (int k = 0; k < 2; k++) cf_input(c, k, k ? RT_F64 : dtype, 1, (int64_t[]){3});
    for (int k = 0; k < 2; k++) cf_place(c, k, CF_DENSE);
    cf_close(c);
  }
}

// ---- masked_select --------------------------------------------------------------------------------------------------------------------
static const pick_how selects[] = {
  {"line", 1, 1, {61}, {61}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"matrix", 2, 2, {7, 9}, {7, 9}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"rank0", 0, 0, {0}, {0}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"empty", 2, 2, {5, 0}, {5, 0}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"rows", 2, 2, {7, 5}, {7, 1}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"columns", 3, 1, {3, 5, 4}, {4}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"of-one-row", 1, 2, {9}, {7, 9}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"transposed", 3, 3, {3, 5, 4}, {3, 5, 4}, {CF_TRANSPOSED, CF_DENSE}, CF_NEW, 0},
  {"stepped", 3, 3, {3, 5, 4}, {3, 5, 4}, {CF_STEPPED, CF_TRANSPOSED}, CF_NEW, 0},
  {"negative", 3, 3, {3, 5, 4}, {3, 5, 4}, {CF_NEGATIVE, CF_STEPPED}, CF_NEW, 0},
  {"expanded", 3, 3, {3, 5, 4}, {3, 5, 4}, {CF_EXPANDED, CF_NEGATIVE}, CF_NEW, 0},
  {"into", 2, 2, {7, 9}, {7, 9}, {CF_DENSE, CF_DENSE}, CF_INTO, CF_OFFSET},
  {"into-stepped", 2, 2, {7, 9}, {7, 9}, {CF_DENSE, CF_DENSE}, CF_INTO, CF_STEPPED},
};

static rt_status call_select(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  (void)c;
  return into ? rt_masked_select_into(in[0], in[1], into) : rt_masked_select(in[0], in[1], out);
}

static void select_cell(cf_case *c, const pick_how *how, rt_dtype dtype, cf_class values, how_many many) {
  c->call = call_select, c->form = how->form, c->out_layout = how->out;
  cf_array *x = cf_input(c, 0, dtype, how->rank, how->x), *mask = cf_input(c, 1, RT_BOOL, how->other_rank, how->other);
  cf_fill(c, 0, values);
  for (int64_t i = 0; i < mask->numel; i++) cf_set(mask, i, many == SOME ? (uint64_t)cf_random_below(c, 2) : many == ALL);
  for (int k = 0; k < 2; k++) cf_place(c, k, how->in[k]);
  int32_t rank = how->rank > how->other_rank ? how->rank : how->other_rank;
  int64_t shape[4], numel = 1, count = 0, at = 0;
  for (int32_t d = 0; d < rank; d++) { // of what both broadcast to
    int32_t dx = d - (rank - how->rank), dm = d - (rank - how->other_rank);
    shape[d] = dx < 0 || how->x[dx] == 1 ? how->other[dm] : how->x[dx];
    numel *= shape[d];
  }
  for (int64_t i = 0; i < numel; i++) count += cf_bits(mask, cf_broadcast_index(mask, rank, shape, i)) != 0;
  cf_result(c, dtype, 1, &count);
  for (int64_t i = 0; i < numel; i++)
    if (cf_bits(mask, cf_broadcast_index(mask, rank, shape, i))) cf_want_bits(c, at++, cf_bits(x, cf_broadcast_index(x, rank, shape, i)));
  cf_close(c);
}

void cf_cases_masked_select(cf_grid *g) {
  static const char *const names[] = {"some", "none", "all"};
  const cf_op *op = cf_op_of(CF_ID(MASKED_SELECT));
  for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    cf_class hard = cf_is_float(dtype) ? CF_SPECIALS : CF_EXTREMES;
    for (size_t h = 0; h < CF_COUNT(selects); h++)
      for (int many = SOME; many <= ALL; many++) {
        if (many != SOME && h > 2) continue;
        cf_case *c = cf_open(g, op, dtype, "%s/%s/%s", selects[h].name, names[many], cf_class_name[hard]);
        if (c) select_cell(c, &selects[h], dtype, hard, (how_many)many);
      }
    for (int k = 0; k < 2; k++) {
      cf_case *c = cf_open(g, op, dtype, k ? "refused-shapes" : "refused-mask");
      if (!c) continue;
      c->call = call_select, c->fails = k ? RT_E_SHAPE : RT_E_DTYPE;
      cf_input(c, 0, dtype, 2, (int64_t[]){3, 2});
      cf_input(c, 1, k ? RT_BOOL : RT_U8, 2, k ? (int64_t[]){3, 4} : (int64_t[]){3, 2});
      for (int i = 0; i < 2; i++) cf_place(c, i, CF_DENSE);
      cf_close(c);
    }
  }
}
