// SPDX-License-Identifier: BSD-3-Clause
// Cells of the elementwise rows: every dtype in every layout, every kind of value in some; f32 has every kind of value in every layout.
#include "internal.h"

#include <string.h>

// Shapes; rows with several arguments may show each one another.
typedef enum shape_id { PLAIN, CUBE, TAIL, RANK_0, EMPTY, ONES, SMALL, RANK_16, BROADCAST, LEFT_BROADCAST, SCALAR, LEFT_SCALAR, HALVES } shape_id;
typedef struct shape { int32_t rank; int64_t extent[RT_MAX_RANK]; } shape;
static const shape shapes[][3] = { // arguments a, b, c
  [PLAIN] = {{2, {8, 32}}, {2, {8, 32}}, {2, {8, 32}}}, // no tail for vectors of up to 16 lanes
  [CUBE] = {{3, {3, 5, 7}}, {3, {3, 5, 7}}, {3, {3, 5, 7}}},
  [TAIL] = {{1, {131}}, {1, {131}}, {1, {131}}},
  [RANK_0] = {{0, {0}}, {0, {0}}, {0, {0}}},
  [EMPTY] = {{3, {3, 0, 5}}, {3, {3, 0, 5}}, {3, {3, 0, 5}}},
  [ONES] = {{5, {1, 5, 1, 7, 1}}, {5, {1, 5, 1, 7, 1}}, {5, {1, 5, 1, 7, 1}}},
  [SMALL] = {{2, {6, 9}}, {2, {6, 9}}, {2, {6, 9}}},
  [RANK_16] = {{16, {1, 2, 1, 2, 1, 1, 2, 1, 2, 1, 1, 1, 2, 1, 2, 3}}, {16, {1, 2, 1, 2, 1, 1, 2, 1, 2, 1, 1, 1, 2, 1, 2, 3}}, {1, {3}}},
  [BROADCAST] = {{3, {3, 5, 7}}, {2, {5, 1}}, {1, {7}}},
  [LEFT_BROADCAST] = {{2, {5, 1}}, {3, {3, 1, 7}}, {3, {3, 5, 7}}},
  [SCALAR] = {{3, {3, 5, 7}}, {0, {0}}, {0, {0}}},
  [LEFT_SCALAR] = {{0, {0}}, {3, {3, 5, 7}}, {0, {0}}},
  [HALVES] = {{2, {256, 256}}, {2, {256, 256}}, {2, {256, 256}}},
};

#define MANY 1u  // needs two arguments
#define SAME 2u  // the result has the dtype of the argument it shares memory with
#define BASIC 4u // also for inputs that are converted first, and with every kind of value
#define PLAINLY 8u // no need for more than one kind of value
#define TWINS 16u  // all arguments are one tensor
typedef struct map_how {
  const char *name;
  shape_id shape;
  cf_layout in[3];
  cf_form form;
  int share;
  cf_layout out;
  uint32_t flags;
} map_how;
static const map_how hows[] = {
  {"contiguous", PLAIN, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0, BASIC},
  {"tail", TAIL, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0, 0},
  {"offset", TAIL, {CF_OFFSET, CF_OFFSET, CF_OFFSET}, CF_NEW, 0, 0, 0},
  {"rank0", RANK_0, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0, 0},
  {"empty", EMPTY, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0, PLAINLY},
  {"transposed", CUBE, {CF_TRANSPOSED, CF_TRANSPOSED, CF_TRANSPOSED}, CF_NEW, 0, 0, 0},
  {"transposed+contiguous", CUBE, {CF_TRANSPOSED, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0, MANY},
  {"rows", CUBE, {CF_ROWS, CF_ROWS, CF_ROWS}, CF_NEW, 0, 0, 0},
  {"stepped", CUBE, {CF_STEPPED, CF_STEPPED, CF_STEPPED}, CF_NEW, 0, 0, BASIC},
  {"negative", CUBE, {CF_NEGATIVE, CF_NEGATIVE, CF_NEGATIVE}, CF_NEW, 0, 0, 0},
  {"mixed", CUBE, {CF_MIXED, CF_STEPPED, CF_TRANSPOSED}, CF_NEW, 0, 0, 0},
  {"expanded", CUBE, {CF_EXPANDED, CF_DENSE, CF_EXPANDED}, CF_NEW, 0, 0, 0},
  {"broadcast", BROADCAST, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0, MANY | BASIC},
  {"left-broadcast", LEFT_BROADCAST, {CF_DENSE, CF_STEPPED, CF_DENSE}, CF_NEW, 0, 0, MANY},
  {"transposed+scalar", SCALAR, {CF_TRANSPOSED, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0, MANY},
  {"scalar+contiguous", LEFT_SCALAR, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_NEW, 0, 0, MANY},
  {"ones", ONES, {CF_ONES, CF_ONES, CF_DENSE}, CF_NEW, 0, 0, 0},
  {"windows", SMALL, {CF_WINDOWS, CF_WINDOWS, CF_DENSE}, CF_NEW, 0, 0, 0},
  {"rank16", RANK_16, {CF_TRANSPOSED, CF_STEPPED, CF_DENSE}, CF_NEW, 0, 0, 0},
  {"twins", CUBE, {CF_STEPPED, CF_STEPPED, CF_STEPPED}, CF_NEW, 0, 0, MANY | TWINS},
  {"into", PLAIN, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_INTO, 0, CF_OFFSET, BASIC},
  {"into-rows", CUBE, {CF_DENSE, CF_ROWS, CF_DENSE}, CF_INTO, 0, CF_ROWS, 0},
  {"into-transposed", CUBE, {CF_DENSE, CF_TRANSPOSED, CF_DENSE}, CF_INTO, 0, CF_TRANSPOSED, 0},
  {"into-stepped", CUBE, {CF_STEPPED, CF_DENSE, CF_OFFSET}, CF_INTO, 0, CF_STEPPED, 0},
  {"into-negative", CUBE, {CF_DENSE, CF_DENSE, CF_NEGATIVE}, CF_INTO, 0, CF_NEGATIVE, 0},
  {"inplace", PLAIN, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_IN_PLACE, 0, 0, SAME},
  {"inplace-b", CUBE, {CF_STEPPED, CF_ROWS, CF_DENSE}, CF_IN_PLACE, 1, 0, SAME | MANY},
  {"inplace-stepped", CUBE, {CF_STEPPED, CF_STEPPED, CF_STEPPED}, CF_IN_PLACE, 0, 0, SAME},
  {"inplace+broadcast", BROADCAST, {CF_OFFSET, CF_DENSE, CF_DENSE}, CF_IN_PLACE, 0, 0, SAME | MANY},
  {"inplace-twins", TAIL, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_IN_PLACE, 0, 0, SAME | MANY | TWINS},
  {"inplace-clone", TAIL, {CF_DENSE, CF_DENSE, CF_DENSE}, CF_CLONE, 0, 0, SAME},
  {"overlap", TAIL, {CF_OFFSET, CF_DENSE, CF_DENSE}, CF_OVERLAP, 0, 0, SAME},
  {"overlap-back", CUBE, {CF_ROWS, CF_DENSE, CF_DENSE}, CF_OVERLAP_BACK, 0, 0, SAME},
  {"overlap-flip", TAIL, {CF_OFFSET, CF_DENSE, CF_DENSE}, CF_OVERLAP_FLIP, 0, 0, SAME},
};

static int arguments_of(const cf_op *op) { return op->family == CF_TERNARY ? 3 : op->family == CF_BINARY ? 2 : 1; }

static void broadcast_shape(const cf_case *c, shape *out) {
  out->rank = 0;
  for (int k = 0; k < c->n_in; k++) if (c->in[k].x.rank > out->rank) out->rank = c->in[k].x.rank;
  for (int32_t d = 0; d < out->rank; d++) out->extent[d] = 1;
  for (int k = 0; k < c->n_in; k++) {
    const cf_array *a = &c->in[k].x;
    for (int32_t d = 0; d < a->rank; d++)
      if (a->shape[d] != 1) out->extent[d + out->rank - a->rank] = a->shape[d];
  }
}

static void run_cell(cf_case *c, const map_how *how, rt_dtype dtype, rt_dtype compute, cf_class values) {
  for (int k = 0; k < arguments_of(c->op); k++) cf_input(c, k, dtype, shapes[how->shape][k].rank, shapes[how->shape][k].extent);
  for (int k = 0; k < c->n_in; k++) {
    cf_fill(c, k, values);
    cf_place(c, k, how->in[k]);
    if (how->flags & TWINS) c->in[k].x = c->in[0].x;
  }
  c->are_twins = how->flags & TWINS;
  shape y;
  broadcast_shape(c, &y);
  c->form = how->form, c->share = how->share, c->out_layout = how->out;
  cf_result(c, cf_result_dtype(c->op, compute), y.rank, y.extent);
  cf_map(c, compute);
  cf_close(c);
}

/// rt_add_scalar and its siblings: the second argument is a number.
static void scalar_cells(cf_grid *g, const cf_op *op, rt_dtype dtype) {
  static const struct { const char *name; cf_form form; bool is_float, is_complex; } forms[] = {
    {"weak-scalar", CF_NEW, false, false}, {"weak-scalar-into", CF_INTO, false, false}, {"weak-float", CF_NEW, true, false},
    {"weak-complex", CF_NEW, false, true}};
  for (size_t f = 0; f < CF_COUNT(forms); f++) {
    bool is_complex = cf_is_complex(dtype), is_float = cf_is_float(dtype) || is_complex;
    if ((forms[f].is_float && is_float && !is_complex) || (forms[f].is_complex && is_complex)) continue;
    // 2.5 with i32 computes in f32, a complex number in c64 or c128
    rt_dtype wide = forms[f].is_complex ? cf_promote(dtype, RT_C64) : forms[f].is_float && !is_float ? RT_F32 : dtype;
    rt_dtype number = forms[f].is_float && is_complex ? cf_part(dtype) : wide;
    cf_class values = is_float ? CF_UNIFORM : CF_SMALL;
    cf_case *c = cf_open(g, op, dtype, "%s/%s", forms[f].name, cf_class_name[values]);
    if (!c) continue;
    cf_input(c, 0, dtype, 2, (int64_t[]){7, 11});
    cf_input(c, 1, number, 0, NULL);
    cf_fill(c, 0, values);
    cf_fill(c, 1, number != dtype ? CF_UNIFORM : values);
    cf_place(c, 0, CF_ROWS);
    const cf_array *b = &c->in[1].x;
    cf_pair z = cf_is_complex(b->dtype) ? cf_decode_pair(b->dtype, cf_bits(b, 0)) : (cf_pair){0, 0};
    if (cf_is_complex(b->dtype)) c->scalar = rt_complex_number((double)z.re, (double)z.im);
    else if (cf_is_float(b->dtype)) c->scalar = rt_float((double)cf_at(b, 0));
    else if (dtype == RT_BOOL) c->scalar = rt_bool(cf_bits(b, 0) != 0);
    else c->scalar = rt_int((int64_t)cf_decode_int(dtype, (uint64_t)cf_bits(b, 0)));
    c->call = op->call_scalar, c->form = forms[f].form, c->out_layout = CF_STEPPED;
    rt_dtype compute = cf_compute_dtype(op->accepts, wide);
    if (compute == RT_DTYPE_NONE) {
      c->form = CF_NEW, c->fails = RT_E_DTYPE;
    } else {
      cf_result(c, cf_result_dtype(op, compute), 2, c->in[0].x.shape);
      cf_map(c, compute);
    }
    c->n_in = 1; // the number is no tensor
    cf_close(c);
  }
}

static void set_param(cf_case *c, rt_dtype compute) {
  if (c->op->family == CF_PARAM && cf_is_half(compute)) c->param = c->op->value >= 1 ? 1.5 : 0.25; // products of halves stay exact
}

/// All 65,536 numbers of a dtype with 16 bits.
static void every_number(cf_grid *g, const cf_op *op, rt_dtype dtype) {
  static const map_how how = {"contiguous", HALVES, {CF_DENSE}, CF_NEW, 0, 0, 0};
  cf_case *c = cf_open(g, op, dtype, "%s/%s", how.name, cf_class_name[CF_EVERY]);
  if (!c) return;
  set_param(c, dtype);
  run_cell(c, &how, dtype, dtype, CF_EVERY);
}

void cf_cases_map(cf_grid *g, const cf_op *op) {
  for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code, compute = cf_compute_dtype(op->accepts, dtype);
    if (compute == RT_DTYPE_NONE) {
      cf_case *c = cf_open(g, op, dtype, "refused");
      if (!c) continue;
      for (int k = 0; k < arguments_of(op); k++) {
        cf_input(c, k, dtype, 1, (int64_t[]){3});
        cf_fill(c, k, CF_SMALL);
        cf_place(c, k, CF_DENSE);
      }
      c->fails = RT_E_DTYPE;
      cf_close(c);
      continue;
    }
    for (size_t h = 0; h < CF_COUNT(hows); h++) {
      const map_how *how = &hows[h];
      if ((how->flags & MANY) && arguments_of(op) < 2) continue;
      if ((how->flags & SAME) && cf_result_dtype(op, compute) != dtype) continue;
      if (dtype != compute && !(how->flags & BASIC)) continue;
      const cf_class *classes = cf_classes_of(dtype);
      for (int v = 0; classes[v] != CF_CLASSES; v++) {
        bool is_wanted = v == 0 || (how->flags & BASIC) || (dtype == RT_F32 && !(how->flags & PLAINLY));
        if (!is_wanted) continue;
        cf_case *c = cf_open(g, op, dtype, "%s/%s", how->name, cf_class_name[classes[v]]);
        if (!c) continue;
        set_param(c, compute);
        run_cell(c, how, dtype, compute, classes[v]);
      }
    }
    if (arguments_of(op) == 1 && dtype == compute && cf_bytes(dtype) == 2) every_number(g, op, dtype);
    if (op->family == CF_BINARY && dtype == cf_compute_dtype(op->accepts, dtype)) scalar_cells(g, op, dtype);
  }
}

// ---- two dtypes at once ---------------------------------------------------------------------------------------------------------------
void cf_cases_promotion(cf_grid *g) {
  static const int ids[] = {CF_ID(ADD), CF_ID(DIV), CF_ID(LT), CF_ID(MAXIMUM), CF_ID(BITWISE_AND)};
  for (size_t n = 0; n < CF_COUNT(ids); n++) {
    const cf_op *op = cf_op_of(ids[n]);
    for (int a = RT_BOOL; a < CF_ALL_DTYPES; a++) {
      for (int b = RT_BOOL; b < CF_ALL_DTYPES; b++) {
        if (a == b) continue;
        cf_case *c = cf_open(g, op, (rt_dtype)a, "promotion/%s", rt_dtype_name((rt_dtype)b));
        if (!c) continue;
        cf_input(c, 0, (rt_dtype)a, 2, (int64_t[]){5, 3});
        cf_input(c, 1, (rt_dtype)b, 1, (int64_t[]){3});
        for (int k = 0; k < 2; k++) cf_fill(c, k, CF_SMALL), cf_place(c, k, k ? CF_DENSE : CF_STEPPED);
        rt_dtype compute = cf_compute_dtype(op->accepts, cf_promote((rt_dtype)a, (rt_dtype)b));
        if (cf_promote((rt_dtype)a, (rt_dtype)b) == RT_DTYPE_NONE || compute == RT_DTYPE_NONE) {
          c->fails = RT_E_DTYPE;
        } else {
          cf_result(c, cf_result_dtype(op, compute), 2, c->in[0].x.shape);
          cf_map(c, compute);
        }
        cf_close(c);
      }
    }
  }
}
