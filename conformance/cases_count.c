// SPDX-License-Identifier: BSD-3-Clause
// Cells of count_nonzero, bincount and histogram: the oracle looks at one element after another and adds to the place it belongs to.
#include "internal.h"

#include <math.h>

// ---- count_nonzero --------------------------------------------------------------------------------------------------------------------
typedef struct count_how {
  const char *name;
  int32_t rank;
  int64_t x[4];
  int n_axes; // -1: all
  int32_t axes[2];
  bool keep_dims;
  cf_layout in;
  cf_form form;
  cf_layout out;
} count_how;
static const count_how counts[] = {
  {"all", 2, {7, 19}, -1, {0}, false, CF_DENSE, CF_NEW, 0},
  {"last", 2, {5, 23}, 1, {-1}, false, CF_DENSE, CF_NEW, 0},
  {"first", 2, {23, 5}, 1, {0}, true, CF_DENSE, CF_NEW, 0},
  {"outer", 3, {3, 5, 4}, 2, {2, 0}, false, CF_TRANSPOSED, CF_NEW, 0},
  {"no-axes", 2, {5, 4}, 0, {0}, false, CF_STEPPED, CF_NEW, 0},
  {"rank0", 0, {0}, -1, {0}, false, CF_DENSE, CF_NEW, 0},
  {"over-nothing", 2, {3, 0}, 1, {1}, false, CF_DENSE, CF_NEW, 0},
  {"into-stepped", 3, {3, 5, 4}, 1, {1}, false, CF_NEGATIVE, CF_INTO, CF_STEPPED},
  {"inplace", 1, {1}, 1, {0}, true, CF_DENSE, CF_IN_PLACE, 0},
};

static rt_status call_count(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  const rt_axes *axes = c->all_axes ? NULL : &c->axes;
  return into ? rt_count_nonzero_into(in[0], axes, c->keep_dims, into) : rt_count_nonzero(in[0], axes, c->keep_dims, out);
}

static void count_cell(cf_case *c, const count_how *how, rt_dtype dtype) {
  c->call = call_count, c->form = how->form, c->out_layout = how->out, c->keep_dims = how->keep_dims, c->all_axes = how->n_axes < 0;
  cf_array *x = cf_input(c, 0, dtype, how->rank, how->x);
  cf_fill(c, 0, cf_is_float(dtype) ? CF_SPECIALS : CF_SMALL);
  for (int64_t i = 0; i < x->numel; i++)
    if (cf_random_below(c, 2)) cf_set(x, i, 0);
  cf_place(c, 0, how->in);
  bool is_reduced[4] = {false};
  for (int32_t d = 0; d < how->rank; d++) is_reduced[d] = how->n_axes < 0;
  for (int k = 0; k < how->n_axes; k++) {
    c->axes.axis[c->axes.count++] = how->axes[k];
    is_reduced[how->axes[k] < 0 ? how->axes[k] + how->rank : how->axes[k]] = true;
  }
  cf_array y = {.rank = how->rank}; // with the reduced axes kept
  int64_t shape[4], at[RT_MAX_RANK];
  int32_t rank = 0;
  for (int32_t d = 0; d < how->rank; d++) {
    y.shape[d] = is_reduced[d] ? 1 : how->x[d];
    if (!is_reduced[d] || how->keep_dims) shape[rank++] = y.shape[d];
  }
  cf_result(c, RT_I64, rank, shape);
  for (int64_t i = 0; i < c->out.x.numel; i++) cf_want_bits(c, i, 0);
  for (int64_t i = 0; i < x->numel; i++) {
    cf_coordinates(x, i, at);
    for (int32_t d = 0; d < how->rank; d++) if (is_reduced[d]) at[d] = 0;
    if (!cf_is_zero_at(x, i)) c->want[cf_index_of(&y, at)].bits++;
  }
  cf_close(c);
}

void cf_cases_count_nonzero(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(COUNT_NONZERO));
  for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    for (size_t h = 0; h < CF_COUNT(counts); h++) {
      if (counts[h].form == CF_IN_PLACE && dtype != RT_I64) continue;
      cf_case *c = cf_open(g, op, dtype, "%s", counts[h].name);
      if (c) count_cell(c, &counts[h], dtype);
    }
    cf_case *c = cf_open(g, op, dtype, "refused-axis");
    if (!c) continue;
    c->call = call_count, c->fails = RT_E_ARGUMENT, c->all_axes = false, c->axes = (rt_axes){1, {2}};
    cf_input(c, 0, dtype, 2, (int64_t[]){3, 2});
    cf_place(c, 0, CF_DENSE);
    cf_close(c);
  }
}

// ---- bincount -------------------------------------------------------------------------------------------------------------------------
typedef struct bin_how {
  const char *name;
  int32_t rank;
  int64_t x[3], length; // the least that is asked for; histogram: bins
  cf_layout in[2];
  cf_form form;
  cf_layout out;
} bin_how;
static const bin_how bins[] = {
  {"line", 1, {61}, 0, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"longer", 1, {61}, 30, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"rank0", 0, {0}, 0, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"empty", 2, {3, 0}, 0, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"empty-longer", 1, {0}, 5, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"transposed", 2, {7, 9}, 4, {CF_TRANSPOSED, CF_DENSE}, CF_NEW, 0},
  {"stepped", 3, {3, 5, 4}, 0, {CF_STEPPED, CF_TRANSPOSED}, CF_NEW, 0},
  {"negative", 2, {7, 9}, 0, {CF_NEGATIVE, CF_NEGATIVE}, CF_NEW, 0},
  {"expanded", 2, {7, 9}, 0, {CF_EXPANDED, CF_STEPPED}, CF_NEW, 0},
  {"into", 2, {7, 9}, 14, {CF_DENSE, CF_DENSE}, CF_INTO, CF_OFFSET},
  {"into-stepped", 2, {7, 9}, 14, {CF_DENSE, CF_DENSE}, CF_INTO, CF_STEPPED},
};

static rt_status call_bincount(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  const rt_tensor *weights = c->n_in > 1 ? in[1] : NULL;
  return into ? rt_bincount_into(in[0], weights, c->pad_lo[0], into) : rt_bincount(in[0], weights, c->pad_lo[0], out);
}

/// weights: RT_DTYPE_NONE for none.
static void bincount_cell(cf_case *c, const bin_how *how, rt_dtype dtype, rt_dtype weights) {
  c->call = call_bincount, c->form = how->form, c->out_layout = how->out, c->pad_lo[0] = how->length;
  cf_array *x = cf_input(c, 0, dtype, how->rank, how->x), *w = weights ? cf_input(c, 1, weights, how->rank, how->x) : NULL;
  for (int64_t i = 0; i < x->numel; i++) cf_set(x, i, cf_encode_int(dtype, cf_random_below(c, 12)));
  if (w) cf_fill(c, 1, cf_is_float(weights) ? CF_UNIFORM : CF_EXTREMES);
  for (int k = 0; k < c->n_in; k++) cf_place(c, k, how->in[k]);
  int64_t length = how->length;
  for (int64_t i = 0; i < x->numel; i++)
    if ((int64_t)cf_decode_int(dtype, cf_bits(x, i)) >= length) length = (int64_t)cf_decode_int(dtype, cf_bits(x, i)) + 1;
  rt_dtype y = weights ? weights : RT_I64;
  cf_result(c, y, 1, &length);
  for (int64_t b = 0; b < length; b++) {
    uint64_t sum = 0; // bits of zero in every dtype
    for (int64_t i = 0; i < x->numel; i++) {
      if (cf_decode_int(dtype, cf_bits(x, i)) != b) continue;
      if (cf_is_float(y)) sum = cf_encode(y, cf_decode(y, sum) + cf_at(w, i), 0); // rounded at every step, in C order
      else sum = cf_encode_int(y, cf_decode_int(y, sum) + (w ? cf_decode_int(y, cf_bits(w, i)) : 1));
    }
    cf_want_bits(c, b, sum);
  }
  cf_close(c);
}

void cf_cases_bincount(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(BINCOUNT));
  cf_case *c;
  for (int code = RT_BOOL; code < CF_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    bool counts_this = dtype != RT_BOOL && !cf_is_float(dtype);
    for (size_t h = 0; h < CF_COUNT(bins) && counts_this; h++) {
      if ((c = cf_open(g, op, dtype, "%s", bins[h].name))) bincount_cell(c, &bins[h], dtype, RT_DTYPE_NONE);
      if ((c = cf_open(g, op, dtype, "%s/weights-f32", bins[h].name))) bincount_cell(c, &bins[h], dtype, RT_F32);
    }
    for (rt_dtype weights = RT_I8; (int)weights < CF_DTYPES && counts_this; weights++) // the first line has those of f32
      if (weights != RT_F32 && (c = cf_open(g, op, dtype, "line/weights-%s", rt_dtype_name(weights)))) bincount_cell(c, &bins[0], dtype, weights);
    if (!(c = cf_open(g, op, dtype, counts_this ? "refused-shape" : "refused-dtype"))) continue;
    c->call = call_bincount, c->fails = counts_this ? RT_E_SHAPE : RT_E_DTYPE;
    cf_input(c, 0, dtype, 1, (int64_t[]){3});
    cf_input(c, 1, RT_F32, 1, (int64_t[]){counts_this ? 4 : 3});
    for (int k = 0; k < 2; k++) cf_place(c, k, CF_DENSE);
    cf_close(c);
    if (!cf_is_signed(dtype) || !(c = cf_open(g, op, dtype, "below"))) continue;
    c->call = call_bincount, c->fails = RT_E_INDEX;
    cf_set(cf_input(c, 0, dtype, 1, (int64_t[]){3}), 1, cf_encode_int(dtype, -1));
    cf_place(c, 0, CF_DENSE);
    cf_close(c);
  }
}

// ---- histogram ------------------------------------------------------------------------------------------------------------------------
static const bin_how histograms[] = {
  {"line", 1, {61}, 16, {CF_DENSE}, CF_NEW, 0},
  {"one-bin", 1, {61}, 1, {CF_DENSE}, CF_NEW, 0},
  {"two-bins", 2, {7, 9}, 2, {CF_DENSE}, CF_NEW, 0},
  {"rank0", 0, {0}, 4, {CF_DENSE}, CF_NEW, 0},
  {"empty", 2, {3, 0}, 4, {CF_DENSE}, CF_NEW, 0},
  {"transposed", 2, {7, 9}, 8, {CF_TRANSPOSED}, CF_NEW, 0},
  {"stepped", 3, {3, 5, 4}, 8, {CF_STEPPED}, CF_NEW, 0},
  {"negative", 2, {7, 9}, 8, {CF_NEGATIVE}, CF_NEW, 0},
  {"expanded", 2, {7, 9}, 4, {CF_EXPANDED}, CF_NEW, 0},
  {"into-stepped", 2, {7, 9}, 16, {CF_DENSE}, CF_INTO, CF_STEPPED},
  {"inplace", 1, {8}, 8, {CF_DENSE}, CF_IN_PLACE, 0},
};

static rt_status call_histogram(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  double from = c->scalar.as.f, to = c->scalar2.as.f;
  return into ? rt_histogram_into(in[0], c->pad_lo[0], from, to, into) : rt_histogram(in[0], c->pad_lo[0], from, to, out);
}

/// From -2 to 2: with a power of two of bins every edge is a number of every dtype that is computed in, and many elements lie on one.
static void histogram_cell(cf_case *c, const bin_how *how, rt_dtype dtype, cf_class values) {
  c->call = call_histogram, c->form = how->form, c->out_layout = how->out;
  c->pad_lo[0] = how->length, c->scalar = rt_float(-2), c->scalar2 = rt_float(2);
  cf_array *x = cf_input(c, 0, dtype, how->rank, how->x);
  cf_fill(c, 0, values);
  cf_place(c, 0, how->in[0]);
  cf_result(c, RT_I64, 1, &how->length);
  cf_real width = (cf_real)4 / (cf_real)how->length;
  for (int64_t b = 0; b < how->length; b++) {
    cf_real low = -2 + (cf_real)b * width, high = low + width;
    uint64_t count = 0;
    for (int64_t i = 0; i < x->numel; i++) count += cf_at(x, i) >= low && (cf_at(x, i) < high || (b + 1 == how->length && cf_at(x, i) == high));
    cf_want_bits(c, b, count);
  }
  cf_close(c);
}

void cf_cases_histogram(cf_grid *g) {
  static const struct { const char *name; int64_t n; double low, high; } wrong[] = {
    {"refused-bins", 0, 0, 1}, {"refused-range", 4, 1, 1}, {"refused-infinity", 4, 0, HUGE_VAL}};
  const cf_op *op = cf_op_of(CF_ID(HISTOGRAM));
  cf_case *c;
  for (int code = RT_BOOL; code < CF_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    for (size_t h = 0; h < CF_COUNT(histograms); h++) {
      const cf_class *classes = cf_classes_of(dtype);
      if (histograms[h].form == CF_IN_PLACE && dtype != RT_I64) continue;
      for (int v = 0; classes[v] != CF_CLASSES; v++) {
        if (v > 0 && h > 0 && dtype != RT_F32) continue;
        if ((c = cf_open(g, op, dtype, "%s/%s", histograms[h].name, cf_class_name[classes[v]]))) histogram_cell(c, &histograms[h], dtype, classes[v]);
      }
    }
    for (size_t k = 0; k < CF_COUNT(wrong); k++) {
      if (!(c = cf_open(g, op, dtype, "%s", wrong[k].name))) continue;
      c->call = call_histogram, c->fails = RT_E_ARGUMENT, c->pad_lo[0] = wrong[k].n;
      c->scalar = rt_float(wrong[k].low), c->scalar2 = rt_float(wrong[k].high);
      cf_input(c, 0, dtype, 1, (int64_t[]){3});
      cf_place(c, 0, CF_DENSE);
      cf_close(c);
    }
  }
}
