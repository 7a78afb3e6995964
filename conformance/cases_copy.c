// SPDX-License-Identifier: BSD-3-Clause
// Cells of copy, of cast between all pairs of dtypes, and of where.
#include "internal.h"

#include <string.h>

typedef struct way { // a one-input operation whose result has the shape of its input
  const char *name;
  int32_t rank;
  int64_t shape[RT_MAX_RANK];
  cf_layout in;
  cf_form form;
  cf_layout out;
} way;
static const way ways[] = {
  {"contiguous", 2, {7, 37}, CF_DENSE, CF_NEW, 0},
  {"offset", 1, {131}, CF_OFFSET, CF_NEW, 0},
  {"rank0", 0, {0}, CF_DENSE, CF_NEW, 0},
  {"empty", 3, {3, 0, 5}, CF_DENSE, CF_NEW, 0},
  {"transposed", 3, {3, 5, 7}, CF_TRANSPOSED, CF_NEW, 0},
  {"rows", 3, {3, 5, 7}, CF_ROWS, CF_NEW, 0},
  {"stepped", 3, {3, 5, 7}, CF_STEPPED, CF_NEW, 0},
  {"negative", 3, {3, 5, 7}, CF_NEGATIVE, CF_NEW, 0},
  {"mixed", 3, {3, 5, 7}, CF_MIXED, CF_NEW, 0},
  {"expanded", 3, {3, 5, 7}, CF_EXPANDED, CF_NEW, 0},
  {"ones", 5, {1, 5, 1, 7, 1}, CF_ONES, CF_NEW, 0},
  {"windows", 2, {6, 9}, CF_WINDOWS, CF_NEW, 0},
  {"rank16", 16, {1, 2, 1, 2, 1, 1, 2, 1, 2, 1, 1, 1, 2, 1, 2, 3}, CF_TRANSPOSED, CF_NEW, 0},
  {"into", 2, {7, 37}, CF_DENSE, CF_INTO, CF_OFFSET},
  {"into-rows", 3, {3, 5, 7}, CF_DENSE, CF_INTO, CF_ROWS},
  {"into-transposed", 3, {3, 5, 7}, CF_DENSE, CF_INTO, CF_TRANSPOSED},
  {"into-stepped", 3, {3, 5, 7}, CF_TRANSPOSED, CF_INTO, CF_STEPPED},
  {"into-negative", 3, {3, 5, 7}, CF_EXPANDED, CF_INTO, CF_NEGATIVE},
  {"into-mixed", 3, {3, 5, 7}, CF_NEGATIVE, CF_INTO, CF_MIXED},
  {"inplace", 2, {5, 9}, CF_DENSE, CF_IN_PLACE, 0},
  {"inplace-clone", 2, {5, 9}, CF_DENSE, CF_CLONE, 0},
  {"overlap", 1, {131}, CF_OFFSET, CF_OVERLAP, 0},
  {"overlap-back", 3, {3, 5, 7}, CF_STEPPED, CF_OVERLAP_BACK, 0},
  {"overlap-flip", 2, {7, 37}, CF_OFFSET, CF_OVERLAP_FLIP, 0},
};

// ---- copy -----------------------------------------------------------------------------------------------------------------------------
static rt_status call_copy(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  (void)c;
  return into ? rt_copy_into(in[0], into) : rt_copy(in[0], out);
}

void cf_cases_copy(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(COPY));
  for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    for (size_t w = 0; w < CF_COUNT(ways); w++) {
      const cf_class *classes = cf_classes_of(dtype);
      for (int v = 0; classes[v] != CF_CLASSES; v++) {
        bool is_special = classes[v] == CF_SPECIALS || classes[v] == CF_EXTREMES || classes[v] == CF_SMALL;
        if (v > 0 && !is_special) continue;
        cf_case *c = cf_open(g, op, dtype, "%s/%s", ways[w].name, cf_class_name[classes[v]]);
        if (!c) continue;
        c->call = call_copy, c->form = ways[w].form, c->out_layout = ways[w].out;
        cf_input(c, 0, dtype, ways[w].rank, ways[w].shape);
        cf_fill(c, 0, classes[v]);
        cf_place(c, 0, ways[w].in);
        cf_result(c, dtype, ways[w].rank, ways[w].shape);
        for (int64_t i = 0; i < c->out.x.numel; i++) cf_want_bits(c, i, cf_bits(&c->in[0].x, i));
        cf_close(c);
      }
    }
  }
}

// ---- cast -----------------------------------------------------------------------------------------------------------------------------
static rt_status call_cast(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  return into ? rt_cast_into(in[0], into) : rt_cast(in[0], c->asked, out);
}

/// A value where casts to `to` go wrong: ends of its range, halves, ties of its significand and their neighbours, and beyond.
static uint64_t edge_of(cf_case *c, rt_dtype from, rt_dtype to) {
  bool sign = cf_random(c) & 1;
  cf_real x;
  if (!cf_is_float(to)) {
    static const int bits[] = {7, 8, 15, 16, 31, 32, 53, 63, 64};
    cf_real near[] = {(cf_real)cf_int_max(to), (cf_real)cf_int_min(to), cf_power2(bits[cf_random_below(c, CF_COUNT(bits))]), 0};
    x = near[cf_random_below(c, CF_COUNT(near))] + (cf_real)(cf_random_below(c, 9) - 4) / 2;
  } else {
    cf_real ulp = cf_power2(1 - cf_precision(to));
    x = 1 + (cf_real)(2 * cf_random_below(c, 8) + 1) * ulp / 2; // half way between two numbers of `to`
    switch (cf_random_below(c, 5)) {
      case 0: x *= cf_power2((int)cf_random_below(c, 60)); break;                                 // large integers, too
      case 1: // overflow begins half an ulp above
        x = cf_max_finite(to) + cf_ulp(to, cf_max_finite(to)) / 2 * (cf_real)cf_random_below(c, 3);
        break;
      case 2: x *= cf_min_normal(to) * ulp * cf_power2((int)cf_random_below(c, 4)); break;         // subnormals, and what vanishes
      case 3: x = (cf_real)cf_random_below(c, 2) / 2 * cf_ulp(to, 0); break;
      default: break;
    }
  }
  if (sign) x = -x;
  if (!cf_is_float(from)) {
    if (!(cf_abs(x) < cf_power2(64))) x = (cf_real)cf_int_max(from);
    cf_int n = (cf_int)x + cf_random_below(c, 3) - 1;
    return cf_encode_int(from, n);
  }
  uint64_t rounded = cf_encode(from, x, 0), up = rounded + (uint64_t)cf_random_below(c, 3) - 1; // a neighbour of the edge
  return cf_is_nan(cf_decode(from, up)) || rounded == 0 ? rounded : up;
}

static cf_word edge_value(cf_case *c, rt_dtype from, rt_dtype to) {
  if (!cf_is_complex(from)) return edge_of(c, from, cf_part(to));
  return cf_join(from, edge_of(c, cf_part(from), cf_part(to)), edge_of(c, cf_part(from), cf_part(to)));
}

static void cast_cell(cf_grid *g, const cf_op *op, rt_dtype from, rt_dtype to, const way *w, cf_class values, bool edges) {
  cf_case *c = cf_open(g, op, from, "%s-to-%s/%s", w->name, rt_dtype_name(to), edges ? "edges" : cf_class_name[values]);
  if (!c) return;
  c->call = call_cast, c->asked = to, c->form = w->form, c->out_layout = w->out;
  cf_input(c, 0, from, w->rank, w->shape);
  cf_fill(c, 0, values);
  for (int64_t i = 0; i < c->in[0].x.numel && edges; i++) cf_set(&c->in[0].x, i, edge_value(c, from, to));
  cf_place(c, 0, w->in);
  cf_result(c, to, w->rank, w->shape);
  if (cf_is_complex(from) && !cf_is_complex(to) && to != RT_BOOL) c->fails = RT_E_DTYPE;
  for (int64_t i = 0; i < c->out.x.numel && c->fails == RT_OK; i++) cf_want_bits(c, i, cf_cast(from, cf_bits(&c->in[0].x, i), to));
  cf_close(c);
}

void cf_cases_cast(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(CAST));
  static const way every = {"contiguous", 2, {256, 256}, CF_DENSE, CF_NEW, 0};
  static const way contiguous = {"contiguous", 2, {7, 37}, CF_DENSE, CF_NEW, 0}, stepped = {"stepped", 3, {3, 5, 7}, CF_STEPPED, CF_NEW, 0};
  for (int a = RT_BOOL; a < CF_ALL_DTYPES; a++) {
    rt_dtype from = (rt_dtype)a;
    cf_class hard = cf_is_float(from) || cf_is_complex(from) ? CF_SPECIALS : from == RT_BOOL ? CF_SMALL : CF_EXTREMES;
    for (int b = RT_BOOL; b < CF_ALL_DTYPES; b++) {
      if (from != RT_BOOL) cast_cell(g, op, from, (rt_dtype)b, &contiguous, CF_UNIFORM, true);
      cast_cell(g, op, from, (rt_dtype)b, &contiguous, hard, false);
      cast_cell(g, op, from, (rt_dtype)b, &stepped, cf_is_float(from) || cf_is_complex(from) ? CF_WIDE : CF_SMALL, false);
      if (cf_is_float(from)) cast_cell(g, op, from, (rt_dtype)b, &contiguous, CF_TIES, false);
      if (cf_bytes(from) == 2) cast_cell(g, op, from, (rt_dtype)b, &every, CF_EVERY, false);
    }
    for (size_t w = 0; w < CF_COUNT(ways); w++) {
      if (ways[w].form != CF_NEW && ways[w].form != CF_INTO) continue; // in place, source and result would be one dtype
      rt_dtype narrow = from == RT_F16 ? RT_I16 : RT_F16, wide = from == RT_F64 ? RT_F32 : RT_F64;
      if (cf_is_complex(from)) narrow = RT_BOOL, wide = from == RT_C64 ? RT_C128 : RT_C64;
      cast_cell(g, op, from, narrow, &ways[w], CF_UNIFORM, false);
      cast_cell(g, op, from, wide, &ways[w], CF_UNIFORM, false);
    }
  }
}

// ---- where ----------------------------------------------------------------------------------------------------------------------------
typedef struct where_how {
  const char *name;
  int32_t rank[3];
  int64_t shape[3][3];
  cf_layout in[3];
  cf_form form;
  int share;
  cf_layout out;
} where_how;
#define THREE(...) {{__VA_ARGS__}, {__VA_ARGS__}, {__VA_ARGS__}}
static const where_how wheres[] = {
  {"contiguous", {2, 2, 2}, THREE(7, 37), {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"offset", {1, 1, 1}, THREE(131), {CF_OFFSET, CF_OFFSET, CF_OFFSET}, CF_NEW, 0, 0},
  {"rank0", {0, 0, 0}, THREE(0), {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"empty", {2, 2, 2}, THREE(3, 0), {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"transposed", {3, 3, 3}, THREE(3, 5, 7), {CF_TRANSPOSED, CF_TRANSPOSED, CF_TRANSPOSED}, CF_NEW, 0, 0},
  {"mixed", {3, 3, 3}, THREE(3, 5, 7), {CF_STEPPED, CF_TRANSPOSED, CF_NEGATIVE}, CF_NEW, 0, 0},
  {"expanded", {3, 3, 3}, THREE(3, 5, 7), {CF_EXPANDED, CF_DENSE, CF_EXPANDED}, CF_NEW, 0, 0},
  {"broadcast", {1, 3, 2}, {{7}, {3, 5, 1}, {5, 7}}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"scalars", {3, 0, 0}, {{3, 5, 7}, {0}, {0}}, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"scalar-condition", {0, 2, 2}, {{0}, {5, 7}, {5, 7}}, {CF_DENSE, CF_STEPPED, CF_DENSE}, CF_NEW, 0, 0},
  {"into-stepped", {3, 3, 3}, THREE(3, 5, 7), {CF_DENSE, CF_ROWS, CF_DENSE}, CF_INTO, 0, CF_STEPPED},
  {"into-negative", {3, 3, 3}, THREE(3, 5, 7), {CF_NEGATIVE, CF_DENSE, CF_DENSE}, CF_INTO, 0, CF_NEGATIVE},
  {"inplace", {2, 2, 2}, THREE(7, 37), {CF_DENSE, CF_DENSE, CF_DENSE}, CF_IN_PLACE, 1, 0},
  {"inplace-b", {2, 2, 2}, THREE(7, 9), {CF_DENSE, CF_DENSE, CF_STEPPED}, CF_IN_PLACE, 2, 0},
  {"overlap", {1, 1, 1}, THREE(131), {CF_DENSE, CF_DENSE, CF_OFFSET}, CF_OVERLAP, 2, 0},
};

static rt_status call_where(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  (void)c;
  return into ? rt_where_into(in[0], in[1], in[2], into) : rt_where(in[0], in[1], in[2], out);
}

static void where_cell(cf_case *c, const where_how *how, rt_dtype a, rt_dtype b, cf_class values) {
  c->call = call_where, c->form = how->form, c->share = how->share, c->out_layout = how->out;
  rt_dtype dtypes[] = {RT_BOOL, a, b}, y = cf_promote(a, b);
  int32_t rank = 0;
  int64_t shape[3] = {1, 1, 1};
  for (int k = 0; k < 3; k++) {
    cf_input(c, k, dtypes[k], how->rank[k], how->shape[k]);
    cf_fill(c, k, values);
    cf_place(c, k, how->in[k]);
    if (how->rank[k] > rank) rank = how->rank[k];
  }
  for (int k = 0; k < 3; k++)
    for (int32_t d = 0; d < how->rank[k]; d++)
      if (how->shape[k][d] != 1) shape[d + rank - how->rank[k]] = how->shape[k][d];
  cf_result(c, y, rank, shape);
  for (int64_t i = 0; i < c->out.x.numel; i++) {
    const cf_array *from = &c->in[cf_bits(&c->in[0].x, cf_broadcast_index(&c->in[0].x, rank, shape, i)) ? 1 : 2].x;
    cf_want_bits(c, i, cf_cast(from->dtype, cf_bits(from, cf_broadcast_index(from, rank, shape, i)), y));
  }
  cf_close(c);
}

void cf_cases_where(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(WHERE));
  for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    const cf_class *classes = cf_classes_of(dtype);
    for (size_t h = 0; h < CF_COUNT(wheres); h++) {
      for (int v = 0; classes[v] != CF_CLASSES; v++) {
        if (v > 0 && h > 0 && dtype != RT_F32) continue;
        cf_case *c = cf_open(g, op, dtype, "%s/%s", wheres[h].name, cf_class_name[classes[v]]);
        if (c) where_cell(c, &wheres[h], dtype, dtype, classes[v]);
      }
    }
    rt_dtype other = dtype == RT_F32 ? RT_F64 : RT_F32;
    cf_case *c = cf_open(g, op, dtype, "promotion/%s", rt_dtype_name(other));
    if (c) where_cell(c, &wheres[0], dtype, other, CF_SMALL);
    if (dtype == RT_BOOL) continue;
    c = cf_open(g, op, dtype, "refused-condition");
    if (!c) continue;
    c->call = call_where, c->fails = RT_E_DTYPE;
    for (int k = 0; k < 3; k++) cf_input(c, k, dtype, 1, (int64_t[]){3}), cf_fill(c, k, CF_SMALL), cf_place(c, k, CF_DENSE);
    cf_close(c);
  }
}
