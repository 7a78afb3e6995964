// SPDX-License-Identifier: BSD-3-Clause
// Cells of the reductions over any axes (those made of others too), of argmax and argmin, and of softmax.
#include "internal.h"

#include <math.h>

typedef struct reduce_how {
  const char *name;
  int32_t rank;
  int64_t shape[RT_MAX_RANK];
  cf_layout in;
  cf_form form;
  cf_layout out;
  int n_axes; // -1: all
  int32_t axes[4];
  bool keep_dims, is_basic;
} reduce_how;
static const reduce_how hows[] = {
  {"contiguous-all", 2, {7, 19}, CF_DENSE, CF_NEW, 0, -1, {0}, false, true},
  {"contiguous-last", 2, {5, 67}, CF_DENSE, CF_NEW, 0, 1, {-1}, false, true},
  {"contiguous-first", 2, {23, 9}, CF_DENSE, CF_NEW, 0, 1, {0}, false, true},
  {"contiguous-middle", 3, {3, 11, 5}, CF_DENSE, CF_NEW, 0, 1, {1}, false, false},
  {"contiguous-outer", 3, {4, 3, 6}, CF_DENSE, CF_NEW, 0, 2, {2, 0}, false, false},
  {"keep-dims", 3, {4, 3, 6}, CF_DENSE, CF_NEW, 0, 2, {0, -1}, true, false},
  {"keep-dims-all", 2, {4, 9}, CF_ROWS, CF_NEW, 0, -1, {0}, true, false},
  {"no-axes", 2, {3, 5}, CF_DENSE, CF_NEW, 0, 0, {0}, false, false},
  {"tail", 1, {517}, CF_DENSE, CF_NEW, 0, -1, {0}, false, false},
  {"offset", 1, {133}, CF_OFFSET, CF_NEW, 0, -1, {0}, false, false},
  {"one", 1, {1}, CF_DENSE, CF_NEW, 0, -1, {0}, false, false},
  {"rank0", 0, {0}, CF_DENSE, CF_NEW, 0, -1, {0}, false, false},
  {"transposed-last", 3, {3, 5, 7}, CF_TRANSPOSED, CF_NEW, 0, 1, {2}, false, true},
  {"transposed-first", 3, {3, 5, 7}, CF_TRANSPOSED, CF_NEW, 0, 1, {0}, false, false},
  {"transposed-all", 3, {3, 5, 7}, CF_TRANSPOSED, CF_NEW, 0, -1, {0}, false, false},
  {"rows-last", 3, {3, 5, 7}, CF_ROWS, CF_NEW, 0, 1, {2}, false, false},
  {"stepped-last", 3, {3, 5, 7}, CF_STEPPED, CF_NEW, 0, 1, {2}, false, false},
  {"negative-middle", 3, {3, 5, 7}, CF_NEGATIVE, CF_NEW, 0, 1, {1}, false, false},
  {"negative-all", 3, {3, 5, 7}, CF_NEGATIVE, CF_NEW, 0, -1, {0}, false, false},
  {"mixed-outer", 3, {3, 5, 7}, CF_MIXED, CF_NEW, 0, 2, {0, 2}, false, false},
  {"expanded-first", 3, {3, 5, 7}, CF_EXPANDED, CF_NEW, 0, 1, {0}, false, false},
  {"expanded-last", 3, {3, 5, 7}, CF_EXPANDED, CF_NEW, 0, 1, {-1}, false, false},
  {"ones", 5, {1, 5, 1, 7, 1}, CF_ONES, CF_NEW, 0, 2, {2, 3}, false, false},
  {"windows-last", 2, {9, 4}, CF_WINDOWS, CF_NEW, 0, 1, {1}, false, false},
  {"rank16", 16, {1, 2, 1, 2, 1, 1, 2, 1, 2, 1, 1, 1, 2, 1, 2, 3}, CF_TRANSPOSED, CF_NEW, 0, 4, {1, 3, 8, 15}, false, false},
  {"into", 3, {3, 5, 7}, CF_DENSE, CF_INTO, CF_OFFSET, 1, {1}, false, false},
  {"into-stepped", 3, {3, 5, 7}, CF_STEPPED, CF_INTO, CF_STEPPED, 1, {2}, false, false},
  {"into-negative", 3, {3, 5, 7}, CF_DENSE, CF_INTO, CF_NEGATIVE, 1, {0}, false, false},
  {"into-transposed-keep", 3, {3, 5, 7}, CF_DENSE, CF_INTO, CF_TRANSPOSED, 1, {1}, true, false},
  {"empty-result", 3, {0, 5, 7}, CF_DENSE, CF_NEW, 0, 1, {1}, false, false},
  {"over-nothing", 3, {3, 0, 7}, CF_DENSE, CF_NEW, 0, 1, {1}, false, false},
  {"over-nothing-into", 2, {3, 0}, CF_DENSE, CF_INTO, CF_STEPPED, 1, {1}, false, false},
  {"inplace", 2, {5, 1}, CF_DENSE, CF_IN_PLACE, 0, 1, {1}, true, false}, // only axes of extent 1 leave the shape as it is
  {"inplace-no-axes", 2, {3, 5}, CF_DENSE, CF_IN_PLACE, 0, 0, {0}, false, false},
  {"inplace-stepped", 3, {3, 1, 7}, CF_STEPPED, CF_IN_PLACE, 0, 1, {1}, true, false},
  {"inplace-clone", 2, {1, 9}, CF_DENSE, CF_CLONE, 0, 1, {0}, true, false},
  {"overlap", 2, {5, 1}, CF_OFFSET, CF_OVERLAP, 0, 1, {-1}, true, false},
  {"overlap-narrower", 2, {4, 7}, CF_OFFSET, CF_OVERLAP, 0, 1, {1}, false, false}, // out: the second element of each row
  {"overlap-flip", 2, {7, 1}, CF_OFFSET, CF_OVERLAP_FLIP, 0, 1, {1}, true, false},
};

/// Describes axes and result of a cell whose input is filled and laid out, and runs it.
static void finish_cell(cf_case *c, const reduce_how *how, rt_dtype compute, rt_dtype result) {
  const cf_array *x = &c->in[0].x;
  bool is_reduced[RT_MAX_RANK] = {false};
  c->all_axes = how->n_axes < 0;
  for (int32_t d = 0; d < x->rank && c->all_axes; d++) is_reduced[d] = true;
  for (int k = 0; k < how->n_axes; k++) {
    c->axes.axis[c->axes.count++] = how->axes[k];
    is_reduced[how->axes[k] < 0 ? how->axes[k] + x->rank : how->axes[k]] = true;
  }
  c->keep_dims = how->keep_dims, c->form = how->form, c->out_layout = how->out;
  int32_t rank = 0;
  int64_t shape[RT_MAX_RANK] = {0}, n_reduced = 1;
  for (int32_t d = 0; d < x->rank; d++) {
    if (is_reduced[d]) n_reduced *= x->shape[d];
    if (!is_reduced[d] || how->keep_dims) shape[rank++] = is_reduced[d] ? 1 : x->shape[d];
  }
  cf_result(c, result, rank, shape);
  if (n_reduced == 0 && !c->op->may_be_empty) c->fails = RT_E_SHAPE;
  else if (c->op->family == CF_COMPOSITE) cf_reduce_in_passes(c, compute, is_reduced);
  else cf_reduce(c, compute, is_reduced);
  cf_close(c);
}

/// sum and prod compute and answer in the dtype asked for.
static void asked_cells(cf_grid *g, const cf_op *op, rt_dtype dtype) {
  static const rt_dtype asked[] = {RT_F32, RT_F64, RT_I32, RT_U8, RT_F16, RT_C64};
  static const reduce_how how = {"", 2, {4, 9}, CF_STEPPED, CF_NEW, 0, 1, {1}, false, false};
  for (size_t k = 0; k < CF_COUNT(asked); k++) {
    if (asked[k] == dtype) continue;
    cf_case *c = cf_open(g, op, dtype, "as-%s/integers", rt_dtype_name(asked[k]));
    if (!c) continue;
    cf_input(c, 0, dtype, how.rank, how.shape);
    cf_fill(c, 0, CF_SMALL);
    for (int64_t i = 0; i < c->in[0].x.numel; i++) // no value that differs between a cast before and after the sum
      if (!cf_is_complex(dtype) && cf_at(&c->in[0].x, i) < 0) cf_set(&c->in[0].x, i, cf_cast(RT_I8, 3, dtype));
    cf_place(c, 0, how.in);
    c->asked = asked[k];
    if (cf_is_complex(dtype) && !cf_is_complex(asked[k])) { // the imaginary part has no place there
      c->fails = RT_E_DTYPE;
      cf_close(c);
      continue;
    }
    finish_cell(c, &how, asked[k], asked[k]);
  }
}

void cf_cases_reduce(cf_grid *g, const cf_op *op) {
  for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code, compute = cf_compute_dtype(op->accepts, dtype);
    if (compute == RT_DTYPE_NONE) {
      cf_case *c = cf_open(g, op, dtype, "refused");
      if (!c) continue;
      cf_input(c, 0, dtype, 1, (int64_t[]){3});
      cf_place(c, 0, CF_DENSE);
      c->fails = RT_E_DTYPE;
      cf_close(c);
      continue;
    }
    // Integers are added in the wide type that they give, so that nothing wraps on the way.
    rt_dtype result = cf_result_dtype(op, compute), terms = op->gives == CF_GIVES_SUM ? result : compute;
    for (size_t h = 0; h < CF_COUNT(hows); h++) {
      const cf_class *classes = cf_classes_of(dtype);
      bool shares = hows[h].form > CF_INTO; // memory with the input
      if ((dtype != compute && !hows[h].is_basic) || (shares && result != dtype)) continue;
      for (int v = 0; classes[v] != CF_CLASSES; v++) {
        if (v > 0 && !hows[h].is_basic && dtype != RT_F32) continue;
        cf_case *c = cf_open(g, op, dtype, "%s/%s", hows[h].name, cf_class_name[classes[v]]);
        if (!c) continue;
        cf_input(c, 0, dtype, hows[h].rank, hows[h].shape);
        cf_fill(c, 0, classes[v]);
        cf_place(c, 0, hows[h].in);
        finish_cell(c, &hows[h], terms, result);
      }
    }
    if (op->gives == CF_GIVES_SUM) asked_cells(g, op, dtype);
  }
}

// ---- var, std, logsumexp, norm --------------------------------------------------------------------------------------------------------
#define CALL_MADE(name, ...) into ? rt_##name##_into(in[0], __VA_ARGS__, into) : rt_##name(in[0], __VA_ARGS__, out)
static rt_status call_made(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  const rt_axes *axes = c->all_axes ? NULL : &c->axes;
  switch (c->op->id) {
    case CF_ID(VAR): return CALL_MADE(var, axes, c->keep_dims, c->param);
    case CF_ID(STD): return CALL_MADE(std, axes, c->keep_dims, c->param);
    case CF_ID(NORM): return CALL_MADE(norm, c->param, axes, c->keep_dims);
    default: return CALL_MADE(logsumexp, axes, c->keep_dims);
  }
}

void cf_cases_reduce_made(cf_grid *g, const cf_op *op) {
  static const double corrections[] = {0, 1, 2.5}, ps[] = {2, 1, HUGE_VAL};
  bool is_norm = op->id == CF_ID(NORM);
  size_t n = op->id == CF_ID(LOGSUMEXP) ? 1 : 3;
  for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code, compute = cf_is_complex(dtype) && is_norm ? cf_part(dtype) : cf_compute_dtype(CF_ACCEPT_FLOAT, dtype);
    bool is_refused = compute == RT_DTYPE_NONE;
    for (size_t h = 0; h < CF_COUNT(hows); h++) {
      const cf_class *classes = cf_classes_of(dtype);
      if (dtype != compute && !hows[h].is_basic) continue;
      for (int v = 0; classes[v] != CF_CLASSES; v++) {
        if (v > 0 && !hows[h].is_basic && dtype != RT_F32) continue;
        if (is_refused && h + (size_t)v > 0) continue;
        double param = is_norm ? ps[(h + (size_t)v) % n] : corrections[(h + (size_t)v) % n];
        cf_case *c = cf_open(g, op, dtype, n == 1 ? "%s/%s" : is_norm ? "%s/%s/p=%g" : "%s/%s/correction=%g", hows[h].name, cf_class_name[classes[v]], param);
        if (!c) continue;
        cf_input(c, 0, dtype, hows[h].rank, hows[h].shape);
        cf_fill(c, 0, classes[v]);
        cf_place(c, 0, hows[h].in);
        c->call = call_made, c->param = param;
        if (is_refused) c->fails = RT_E_DTYPE, cf_close(c);
        else finish_cell(c, &hows[h], compute, compute);
      }
    }
  }
  for (int k = 0; k < 2; k++) { // what is no axis, and what is no parameter
    cf_case *c = k && n == 1 ? NULL : cf_open(g, op, RT_F32, k ? "refused-parameter" : "refused-axis");
    if (!c) continue;
    c->call = call_made, c->fails = RT_E_ARGUMENT, c->param = k ? HUGE_VAL - HUGE_VAL : 1, c->all_axes = false;
    c->axes = (rt_axes){1, {k ? 0 : 2}};
    cf_input(c, 0, RT_F32, 2, (int64_t[]){3, 2});
    cf_place(c, 0, CF_DENSE);
    cf_close(c);
  }
}

// ---- softmax --------------------------------------------------------------------------------------------------------------------------
static rt_status call_softmax(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  if (c->op->id == CF_ID(SOFTMAX)) return into ? rt_softmax_into(in[0], c->axis, into) : rt_softmax(in[0], c->axis, out);
  return into ? rt_log_softmax_into(in[0], c->axis, into) : rt_log_softmax(in[0], c->axis, out);
}

void cf_cases_softmax(cf_grid *g, const cf_op *op) {
  static const struct {
    const char *name;
    int32_t rank;
    int64_t shape[RT_MAX_RANK];
    int32_t axis;
    cf_layout in;
    cf_form form;
    cf_layout out;
  } soft[] = {
    {"contiguous-last", 2, {5, 37}, 1, CF_DENSE, CF_NEW, 0},
    {"contiguous-first", 2, {11, 6}, 0, CF_DENSE, CF_NEW, 0},
    {"contiguous-middle", 3, {3, 9, 4}, 1, CF_DENSE, CF_NEW, 0},
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
    {"into-transposed", 3, {3, 5, 7}, 2, CF_DENSE, CF_INTO, CF_TRANSPOSED},
    {"into-negative", 3, {3, 5, 7}, 0, CF_DENSE, CF_INTO, CF_NEGATIVE},
    {"inplace", 2, {5, 9}, 1, CF_DENSE, CF_IN_PLACE, 0},
    {"inplace-stepped", 3, {3, 5, 7}, 1, CF_STEPPED, CF_IN_PLACE, 0},
    {"inplace-clone", 2, {5, 9}, 0, CF_DENSE, CF_CLONE, 0},
    {"overlap", 2, {5, 9}, 1, CF_OFFSET, CF_OVERLAP, 0},
    {"overlap-flip", 2, {5, 9}, 1, CF_OFFSET, CF_OVERLAP_FLIP, 0},
  };
  for (int code = RT_BOOL; code < CF_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code, compute = cf_compute_dtype(op->accepts, dtype);
    for (size_t h = 0; h < CF_COUNT(soft); h++) {
      const cf_class *classes = cf_classes_of(dtype);
      if (dtype != compute && (h > 1 || soft[h].form != CF_NEW)) continue;
      for (int v = 0; classes[v] != CF_CLASSES; v++) {
        if (v > 0 && h > 2 && dtype != RT_F32) continue;
        cf_case *c = cf_open(g, op, dtype, "%s/%s", soft[h].name, cf_class_name[classes[v]]);
        if (!c) continue;
        cf_input(c, 0, dtype, soft[h].rank, soft[h].shape);
        cf_fill(c, 0, classes[v]);
        cf_place(c, 0, soft[h].in);
        c->call = call_softmax, c->form = soft[h].form, c->out_layout = soft[h].out;
        cf_result(c, compute, soft[h].rank, soft[h].shape);
        c->axis = soft[h].axis < 0 ? soft[h].axis + soft[h].rank : soft[h].axis;
        cf_softmax(c, compute);
        c->axis = soft[h].axis;
        cf_close(c);
      }
    }
  }
}
