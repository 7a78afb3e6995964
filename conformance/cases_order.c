// SPDX-License-Identifier: BSD-3-Clause
// Cells of what runs along one axis: cumsum, cumprod, sort, argsort, searchsorted. The oracle adds in 113 bits, sorts by insertion and
// counts one by one.
#include "internal.h"

typedef struct line_how {
  const char *name;
  int32_t rank;
  int64_t shape[RT_MAX_RANK];
  int32_t axis;
  cf_layout in;
  cf_form form;
  cf_layout out;
} line_how;
static const line_how hows[] = {
  {"contiguous-last", 2, {5, 37}, 1, CF_DENSE, CF_NEW, 0},
  {"contiguous-first", 2, {19, 6}, 0, CF_DENSE, CF_NEW, 0},
  {"negative-axis", 3, {3, 9, 4}, -2, CF_DENSE, CF_NEW, 0},
  {"tail", 1, {131}, 0, CF_DENSE, CF_NEW, 0},
  {"one", 2, {4, 1}, 1, CF_DENSE, CF_NEW, 0},
  {"offset", 1, {19}, 0, CF_OFFSET, CF_NEW, 0},
  {"transposed", 3, {3, 5, 7}, 2, CF_TRANSPOSED, CF_NEW, 0},
  {"stepped", 3, {3, 5, 7}, 1, CF_STEPPED, CF_NEW, 0},
  {"negative", 3, {3, 5, 7}, 2, CF_NEGATIVE, CF_NEW, 0},
  {"expanded", 3, {3, 5, 7}, 0, CF_EXPANDED, CF_NEW, 0},
  {"ones", 5, {1, 5, 1, 7, 1}, 3, CF_ONES, CF_NEW, 0},
  {"rank16", 16, {1, 2, 1, 2, 1, 1, 2, 1, 2, 1, 1, 1, 2, 1, 2, 3}, 15, CF_TRANSPOSED, CF_NEW, 0},
  {"empty", 2, {0, 5}, 1, CF_DENSE, CF_NEW, 0},
  {"over-nothing", 2, {5, 0}, 1, CF_DENSE, CF_NEW, 0},
  {"into", 2, {5, 9}, 1, CF_DENSE, CF_INTO, CF_OFFSET},
  {"into-stepped", 3, {3, 5, 7}, 1, CF_ROWS, CF_INTO, CF_STEPPED},
  {"into-negative", 3, {3, 5, 7}, 0, CF_DENSE, CF_INTO, CF_NEGATIVE},
  {"inplace", 2, {5, 9}, 1, CF_DENSE, CF_IN_PLACE, 0},
  {"overlap", 2, {5, 9}, 1, CF_OFFSET, CF_OVERLAP, 0},
};

/// The first element and the step of line `row` along axis of a dense array.
static int64_t line_start(const cf_array *x, int32_t axis, int64_t row, int64_t *step) {
  int64_t inner = 1;
  for (int32_t d = axis + 1; d < x->rank; d++) inner *= x->shape[d];
  *step = inner;
  return row / inner * inner * x->shape[axis] + row % inner;
}

// ---- cumsum, cumprod ------------------------------------------------------------------------------------------------------------------
static rt_status call_scan(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  if (c->op->id == CF_ID(CUMSUM)) return into ? rt_cumsum_into(in[0], c->axis, into) : rt_cumsum(in[0], c->axis, c->asked, out);
  return into ? rt_cumprod_into(in[0], c->axis, into) : rt_cumprod(in[0], c->axis, c->asked, out);
}

static void scan_cell(cf_case *c, const line_how *how, rt_dtype compute, rt_dtype result) {
  c->call = call_scan, c->form = how->form, c->out_layout = how->out, c->axis = how->axis;
  cf_place(c, 0, how->in);
  cf_result(c, result, how->rank, how->shape);
  const cf_array *x = &c->in[0].x;
  int32_t axis = how->axis < 0 ? how->axis + how->rank : how->axis;
  bool is_product = c->op->id == CF_ID(CUMPROD);
  int64_t n = x->shape[axis], step;
  for (int64_t row = 0; n > 0 && row * n < x->numel; row++) {
    int64_t first = line_start(x, axis, row, &step);
    cf_terms terms = {0}, imaginary = {0};
    cf_real product = 1;
    cf_pair both = {1, 0};
    uint64_t whole = is_product;
    for (int64_t k = 0; k < n; k++) {
      int64_t i = first + k * step;
      if (c->fails != RT_OK) break;
      cf_word word = cf_cast(x->dtype, cf_bits(x, i), compute);
      uint64_t bits = (uint64_t)word;
      if (cf_is_complex(compute)) {
        cf_pair v = cf_decode_pair(compute, word);
        both = k ? cf_times(both, v) : v;
        cf_add_term(&terms, v.re);
        cf_add_term(&imaginary, v.im);
        for (int p = 0; p < 2 && !is_product; p++)
          cf_want_sum(c, 2 * i + p, p ? imaginary.sum : terms.sum, cf_terms_error(p ? &imaginary : &terms, compute));
        if (is_product) cf_want_product(c, i, compute, both, k + 1);
      } else if (cf_is_float(compute)) {
        cf_real v = cf_decode(compute, bits);
        cf_add_term(&terms, v);
        product *= v;
        if (is_product) cf_want_sum(c, i, product, (cf_real)(k + 1) * cf_unit(compute) * cf_abs(product) + cf_ulp(result, 0));
        else cf_want_sum(c, i, terms.sum, cf_terms_error(&terms, compute));
      } else {
        uint64_t v = (uint64_t)cf_decode_int(compute, bits);
        whole = is_product ? whole * v : whole + v;
        cf_want_bits(c, i, cf_encode_int(result, (cf_int)whole));
      }
    }
  }
  cf_close(c);
}

void cf_cases_scan(cf_grid *g, const cf_op *op) {
  static const rt_dtype asked[] = {RT_F32, RT_F64, RT_I32, RT_U8, RT_F16, RT_C64};
  for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code, result = cf_result_dtype(op, dtype);
    for (size_t h = 0; h < CF_COUNT(hows); h++) {
      const cf_class *classes = cf_classes_of(dtype);
      bool shares = hows[h].form == CF_IN_PLACE || hows[h].form == CF_OVERLAP;
      if (shares && result != dtype) continue;
      for (int v = 0; classes[v] != CF_CLASSES; v++) {
        if (v > 0 && h > 2 && dtype != RT_F32) continue;
        cf_case *c = cf_open(g, op, dtype, "%s/%s", hows[h].name, cf_class_name[classes[v]]);
        if (!c) continue;
        cf_input(c, 0, dtype, hows[h].rank, hows[h].shape);
        cf_fill(c, 0, classes[v]);
        scan_cell(c, &hows[h], result, result);
      }
    }
    for (size_t k = 0; k < CF_COUNT(asked); k++) {
      if (asked[k] == dtype) continue;
      cf_case *c = cf_open(g, op, dtype, "as-%s/integers", rt_dtype_name(asked[k]));
      if (!c) continue;
      cf_input(c, 0, dtype, 2, (int64_t[]){4, 9});
      cf_fill(c, 0, CF_SMALL);
      for (int64_t i = 0; i < c->in[0].x.numel; i++) // no value that differs between a cast before and after the sum
        if (!cf_is_complex(dtype) && cf_at(&c->in[0].x, i) < 0) cf_set(&c->in[0].x, i, cf_cast(RT_I8, 3, dtype));
      c->asked = asked[k];
      if (cf_is_complex(dtype) && !cf_is_complex(asked[k])) c->fails = RT_E_DTYPE;
      scan_cell(c, &(line_how){"", 2, {4, 9}, 1, CF_STEPPED, CF_NEW, 0}, asked[k], asked[k]);
    }
    cf_case *c = cf_open(g, op, dtype, "refused-axis");
    if (!c) continue;
    c->call = call_scan, c->fails = RT_E_ARGUMENT, c->axis = 2;
    cf_input(c, 0, dtype, 2, (int64_t[]){3, 2});
    cf_place(c, 0, CF_DENSE);
    cf_close(c);
  }
}

// ---- sort, argsort --------------------------------------------------------------------------------------------------------------------
/// Does a stand before b in ascending order? Zeros are equal, and so are NaN, which are the largest.
static bool is_before(rt_dtype dtype, uint64_t a, uint64_t b) {
  cf_real x = cf_decode(dtype, a), y = cf_decode(dtype, b);
  return cf_is_nan(y) ? !cf_is_nan(x) : x < y;
}

/// Positions of n elements in order, by insertion: an element goes before those it is strictly better than.
static void sort_line(const cf_array *x, int64_t first, int64_t step, int64_t n, bool descending, int64_t *order) {
  for (int64_t k = 0; k < n; k++) {
    uint64_t bits = cf_bits(x, first + k * step);
    int64_t at = k;
    for (; at > 0; at--) {
      uint64_t other = cf_bits(x, first + order[at - 1] * step);
      if (!(descending ? is_before(x->dtype, other, bits) : is_before(x->dtype, bits, other))) break;
      order[at] = order[at - 1];
    }
    order[at] = k;
  }
}

static rt_status call_sort(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  bool descending = c->param != 0;
  if (c->op->id == CF_ID(SORT)) return into ? rt_sort_into(in[0], c->axis, descending, into) : rt_sort(in[0], c->axis, descending, out);
  return into ? rt_argsort_into(in[0], c->axis, descending, into) : rt_argsort(in[0], c->axis, descending, out);
}

static void sort_cell(cf_case *c, const line_how *how, rt_dtype dtype, cf_class values, bool descending) {
  bool gives_index = c->op->id == CF_ID(ARGSORT);
  c->call = call_sort, c->form = how->form, c->out_layout = how->out, c->axis = how->axis, c->param = descending;
  cf_input(c, 0, dtype, how->rank, how->shape);
  cf_fill(c, 0, values);
  cf_place(c, 0, how->in);
  cf_result(c, gives_index ? RT_I64 : dtype, how->rank, how->shape);
  const cf_array *x = &c->in[0].x;
  int32_t axis = how->axis < 0 ? how->axis + how->rank : how->axis;
  int64_t n = x->shape[axis], step, *order = cf_alloc(c, n * (int64_t)sizeof *order);
  for (int64_t row = 0; n > 0 && row * n < x->numel; row++) {
    int64_t first = line_start(x, axis, row, &step);
    sort_line(x, first, step, n, descending, order);
    for (int64_t k = 0; k < n; k++) cf_want_bits(c, first + k * step, gives_index ? (uint64_t)order[k] : cf_bits(x, first + order[k] * step));
  }
  cf_close(c);
}

void cf_cases_sort(cf_grid *g, const cf_op *op) {
  for (int code = RT_BOOL; code < CF_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    for (size_t h = 0; h < CF_COUNT(hows); h++) {
      const cf_class *classes = cf_classes_of(dtype);
      bool shares = hows[h].form == CF_IN_PLACE || hows[h].form == CF_OVERLAP;
      if (shares && op->gives == CF_GIVES_I64 && dtype != RT_I64) continue;
      for (int v = 0; classes[v] != CF_CLASSES; v++) {
        if (v > 0 && h > 2 && dtype != RT_F32) continue;
        bool descending = (h + (size_t)v) % 2 == 1;
        cf_case *c = cf_open(g, op, dtype, "%s/%s/%s", hows[h].name, cf_class_name[classes[v]], descending ? "descending" : "ascending");
        if (c) sort_cell(c, &hows[h], dtype, classes[v], descending);
      }
    }
    cf_case *c = cf_open(g, op, dtype, "refused-axis");
    if (!c) continue;
    c->call = call_sort, c->fails = RT_E_ARGUMENT, c->axis = -3;
    cf_input(c, 0, dtype, 2, (int64_t[]){3, 2});
    cf_place(c, 0, CF_DENSE);
    cf_close(c);
  }
}

// ---- searchsorted ---------------------------------------------------------------------------------------------------------------------
static rt_status call_searchsorted(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  bool right = c->param != 0;
  return into ? rt_searchsorted_into(in[0], in[1], right, into) : rt_searchsorted(in[0], in[1], right, out);
}

typedef struct search_how {
  const char *name;
  int64_t n;
  int32_t rank;
  int64_t shape[3];
  cf_layout in[2];
  cf_form form;
  cf_layout out;
} search_how;
static const search_how searches[] = {
  {"line", 17, 1, {41}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"matrix", 8, 2, {5, 9}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"scalar", 5, 0, {0}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"one", 1, 1, {7}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"nothing", 0, 1, {7}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"no-values", 5, 2, {0, 3}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"stepped", 17, 3, {3, 2, 4}, {CF_STEPPED, CF_TRANSPOSED}, CF_NEW, 0},
  {"negative", 17, 2, {3, 8}, {CF_NEGATIVE, CF_NEGATIVE}, CF_NEW, 0},
  {"into", 17, 2, {3, 8}, {CF_OFFSET, CF_EXPANDED}, CF_INTO, CF_STEPPED},
};

static void search_cell(cf_case *c, const search_how *how, rt_dtype dtype, rt_dtype other, cf_class values, bool right) {
  rt_dtype compute = cf_promote(dtype, other);
  c->call = call_searchsorted, c->form = how->form, c->out_layout = how->out, c->param = right;
  cf_input(c, 0, dtype, 1, &how->n);
  cf_input(c, 1, other, how->rank, how->shape);
  cf_array *sorted = &c->in[0].x, *x = &c->in[1].x;
  cf_fill(c, 0, values);
  cf_fill(c, 1, values);
  cf_array unsorted = *sorted;
  int64_t *order = cf_alloc(c, how->n * (int64_t)sizeof *order);
  unsigned char *copy = cf_alloc(c, how->n * cf_bytes(dtype));
  for (int64_t i = 0; i < how->n * cf_bytes(dtype); i++) copy[i] = sorted->data[i];
  unsorted.data = copy;
  sort_line(&unsorted, 0, 1, how->n, false, order);
  for (int64_t i = 0; i < how->n; i++) cf_set(sorted, i, cf_bits(&unsorted, order[i]));
  for (int64_t i = 0; i < x->numel && how->n > 0 && dtype == other; i += 2) cf_set(x, i, cf_bits(sorted, i % how->n)); // every second one is there
  cf_place(c, 0, how->in[0]);
  cf_place(c, 1, how->in[1]);
  cf_result(c, RT_I64, how->rank, how->shape);
  for (int64_t i = 0; i < x->numel; i++) {
    uint64_t value = cf_cast(other, cf_bits(x, i), compute), count = 0;
    for (int64_t k = 0; k < how->n; k++) {
      uint64_t at = cf_cast(dtype, cf_bits(sorted, k), compute);
      count += right ? !is_before(compute, value, at) : is_before(compute, at, value);
    }
    cf_want_bits(c, i, count);
  }
  cf_close(c);
}

void cf_cases_searchsorted(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(SEARCHSORTED));
  for (int code = RT_BOOL; code < CF_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code, other = dtype == RT_F64 ? RT_F32 : RT_F64;
    for (size_t h = 0; h < CF_COUNT(searches); h++) {
      const cf_class *classes = cf_classes_of(dtype);
      for (int v = 0; classes[v] != CF_CLASSES; v++) {
        if (v > 0 && h > 1) continue;
        for (int right = 0; right < 2; right++) {
          cf_case *c = cf_open(g, op, dtype, "%s/%s/%s", searches[h].name, cf_class_name[classes[v]], right ? "right" : "left");
          if (c) search_cell(c, &searches[h], dtype, dtype, classes[v], right);
        }
      }
    }
    cf_case *c = cf_open(g, op, dtype, "promotion/%s", rt_dtype_name(other));
    if (c) search_cell(c, &searches[0], dtype, other, CF_SMALL, false);
    c = cf_open(g, op, dtype, "refused-shape");
    if (!c) continue;
    c->call = call_searchsorted, c->fails = RT_E_SHAPE;
    cf_input(c, 0, dtype, 2, (int64_t[]){3, 2});
    cf_input(c, 1, dtype, 1, (int64_t[]){3});
    for (int k = 0; k < 2; k++) cf_place(c, k, CF_DENSE);
    cf_close(c);
  }
}
