// SPDX-License-Identifier: BSD-3-Clause
// Cells of unique: the oracle compares each row with all that came before it, and puts the groups in order by insertion.
#include "internal.h"

#include <string.h>

typedef struct unique_how {
  const char *name;
  int32_t rank;
  int64_t x[4];
  int32_t axis; // NO_AXIS: over the elements
  cf_layout in;
} unique_how;
#define NO_AXIS 99
static const unique_how uniques[] = {
  {"line", 1, {61}, NO_AXIS, CF_DENSE},
  {"rows", 2, {17, 2}, 0, CF_DENSE},
  {"matrix", 2, {7, 9}, NO_AXIS, CF_DENSE},
  {"columns", 2, {2, 17}, 1, CF_DENSE},
  {"middle", 3, {2, 13, 1}, -2, CF_DENSE},
  {"planes", 3, {9, 1, 2}, 0, CF_DENSE},
  {"line-along", 1, {41}, 0, CF_DENSE},
  {"one", 1, {1}, NO_AXIS, CF_DENSE},
  {"one-row", 2, {1, 5}, 0, CF_DENSE},
  {"rank0", 0, {0}, NO_AXIS, CF_DENSE},
  {"empty", 2, {3, 0}, NO_AXIS, CF_DENSE},
  {"no-rows", 2, {0, 3}, 0, CF_DENSE},
  {"rows-of-nothing", 2, {3, 0}, 0, CF_DENSE},
  {"offset", 1, {37}, NO_AXIS, CF_OFFSET},
  {"transposed", 2, {7, 9}, NO_AXIS, CF_TRANSPOSED},
  {"transposed-rows", 3, {2, 17, 2}, 1, CF_TRANSPOSED},
  {"stepped", 2, {7, 9}, NO_AXIS, CF_STEPPED},
  {"negative-rows", 2, {17, 2}, 0, CF_NEGATIVE},
  {"expanded", 2, {3, 7}, NO_AXIS, CF_EXPANDED},
  {"expanded-rows", 2, {5, 3}, 0, CF_EXPANDED},
};

static rt_status call_unique(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  (void)into;
  rt_tensor *all[4] = {NULL};
  rt_status status = rt_unique(in[0], c->axis == NO_AXIS ? NULL : &c->axis, c->param != 0, &all[0], &all[1], &all[2], &all[3]);
  for (int k = 0; k < 4; k++) {
    if (k == c->which_output) *out = all[k];
    else rt_release(all[k]);
  }
  return status;
}

/// Rows of m elements along an axis, or single elements: element j of row i.
typedef struct rows { const cf_array *x; int32_t axis; int64_t n, m; } rows;
static uint64_t row_element(const rows *r, int64_t i, int64_t j) {
  if (r->axis == NO_AXIS) return cf_bits(r->x, i);
  int64_t at[RT_MAX_RANK];
  for (int32_t d = r->x->rank - 1; d >= 0; d--) {
    if (d == r->axis) continue;
    at[d] = j % r->x->shape[d];
    j /= r->x->shape[d];
  }
  at[r->axis] = i;
  return cf_bits(r->x, cf_index_of(r->x, at));
}

static bool are_equal(const rows *r, int64_t a, int64_t b) {
  for (int64_t j = 0; j < r->m; j++)
    if (!(cf_decode(r->x->dtype, row_element(r, a, j)) == cf_decode(r->x->dtype, row_element(r, b, j)))) return false;
  return true;
}

/// Does row a stand before row b? NaN is larger than all, and as large as another.
static bool is_before(const rows *r, int64_t a, int64_t b) {
  for (int64_t j = 0; j < r->m; j++) {
    cf_real x = cf_decode(r->x->dtype, row_element(r, a, j)), y = cf_decode(r->x->dtype, row_element(r, b, j));
    if (x == y || (cf_is_nan(x) && cf_is_nan(y))) continue;
    return cf_is_nan(y) || x < y;
  }
  return false;
}

static void unique_cell(cf_case *c, const unique_how *how, rt_dtype dtype, cf_class values, bool sorted, int which) {
  c->call = call_unique, c->axis = how->axis, c->param = sorted, c->which_output = which;
  cf_array *x = cf_input(c, 0, dtype, how->rank, how->x);
  cf_fill(c, 0, values);
  cf_place(c, 0, how->in);
  rows r = {x, how->axis < 0 ? how->axis + how->rank : how->axis, x->numel, 1};
  if (r.axis != NO_AXIS) {
    r.n = x->shape[r.axis];
    for (int32_t d = 0; d < x->rank; d++) if (d != r.axis) r.m *= x->shape[d];
  }
  // first[g]: the row that group g came with; group[i]: of row i; place[g]: where the group stands in the result.
  int64_t *first = cf_alloc(c, r.n * 8), *group = cf_alloc(c, r.n * 8), *place = cf_alloc(c, r.n * 8), *total = cf_alloc(c, r.n * 8), n = 0;
  for (int64_t i = 0; i < r.n; i++) {
    group[i] = 0;
    while (group[i] < n && !are_equal(&r, first[group[i]], i)) group[i]++;
    if (group[i] == n) first[n++] = i;
    total[group[i]]++;
  }
  for (int64_t a = 0; a < n; a++) {
    place[a] = sorted ? 0 : a;
    for (int64_t b = 0; b < n && sorted; b++) place[a] += is_before(&r, first[b], first[a]) || (b < a && !is_before(&r, first[a], first[b]));
  }
  int64_t shape[RT_MAX_RANK], at[RT_MAX_RANK];
  memcpy(shape, how->x, sizeof how->x);
  if (which == 0 && r.axis != NO_AXIS) {
    shape[r.axis] = n;
    cf_result(c, dtype, how->rank, shape);
    for (int64_t i = 0; i < c->out.x.numel; i++) {
      cf_coordinates(&c->out.x, i, at);
      int64_t a = 0;
      while (place[a] != at[r.axis]) a++;
      at[r.axis] = first[a];
      cf_want_bits(c, i, cf_bits(x, cf_index_of(x, at)));
    }
  } else if (which == 2) {
    cf_result(c, RT_I64, r.axis == NO_AXIS ? how->rank : 1, r.axis == NO_AXIS ? how->x : &r.n);
    for (int64_t i = 0; i < r.n; i++) cf_want_bits(c, i, (uint64_t)place[group[i]]);
  } else {
    cf_result(c, which ? RT_I64 : dtype, 1, &n);
    for (int64_t a = 0; a < n; a++) cf_want_bits(c, place[a], which == 0 ? cf_bits(x, first[a]) : (uint64_t)(which == 1 ? first[a] : total[a]));
  }
  cf_close(c);
}

void cf_cases_unique(cf_grid *g) {
  static const char *const outputs[] = {"values", "first", "inverse", "counts"};
  const cf_op *op = cf_op_of(CF_ID(UNIQUE));
  for (int code = RT_BOOL; code < CF_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    for (size_t h = 0; h < CF_COUNT(uniques); h++) {
      const cf_class *classes = cf_classes_of(dtype);
      for (int v = 0; classes[v] != CF_CLASSES; v++) {
        if (v > 0 && h > 1 && dtype != RT_F32) continue;
        for (int k = 0; k < 8; k++) {
          bool sorted = k < 4;
          if (!sorted && h > 2 && dtype != RT_F32) continue;
          cf_class values = cf_is_float(dtype) && v == 0 ? CF_INTEGERS : classes[v]; // few of the uniform numbers are equal
          if (values == CF_INTEGERS && v > 0) continue;
          cf_case *c = cf_open(g, op, dtype, "%s/%s/%s/%s", uniques[h].name, cf_class_name[values], sorted ? "sorted" : "as-they-come", outputs[k % 4]);
          if (c) unique_cell(c, &uniques[h], dtype, values, sorted, k % 4);
        }
      }
    }
    cf_case *c = cf_open(g, op, dtype, "refused-axis");
    if (!c) continue;
    c->call = call_unique, c->fails = RT_E_ARGUMENT, c->axis = 2;
    cf_input(c, 0, dtype, 2, (int64_t[]){3, 2});
    cf_place(c, 0, CF_DENSE);
    cf_close(c);
  }
}
