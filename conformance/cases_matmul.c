// SPDX-License-Identifier: BSD-3-Clause
// Cells of matmul: all small shapes with exact integers (an index, tail or race bug shows as an inequality), tails of the usual tiles,
// batches that broadcast, operands in every layout, and outputs that are given or shared.
#include "internal.h"

#include <stdio.h>
#include <string.h>

typedef struct matmul_how {
  const char *name;
  int32_t a_rank, b_rank;
  int64_t a[5], b[5];
  cf_layout in[2];
  cf_form form;
  int share;
  cf_layout out;
} matmul_how;
static const matmul_how hows[] = { // every dtype
  {"contiguous", 2, 2, {5, 7}, {7, 3}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"wide", 2, 2, {17, 9}, {9, 35}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"deep", 2, 2, {3, 130}, {130, 5}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"row", 1, 2, {7}, {7, 5}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"column", 2, 1, {5, 7}, {7}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"dot", 1, 1, {33}, {33}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"batch", 3, 3, {3, 4, 5}, {3, 5, 2}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"batch+matrix", 3, 2, {3, 4, 5}, {5, 2}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"batch-broadcast", 4, 3, {2, 1, 3, 4}, {3, 4, 5}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"row+batch", 1, 3, {4}, {3, 4, 5}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"batch+column", 3, 1, {3, 5, 4}, {4}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"offset", 2, 2, {5, 7}, {7, 3}, {CF_OFFSET, CF_OFFSET}, CF_NEW, 0, 0},
  {"transposed+contiguous", 2, 2, {6, 9}, {9, 4}, {CF_TRANSPOSED, CF_DENSE}, CF_NEW, 0, 0},
  {"contiguous+transposed", 2, 2, {6, 9}, {9, 4}, {CF_DENSE, CF_TRANSPOSED}, CF_NEW, 0, 0},
  {"transposed", 2, 2, {6, 9}, {9, 4}, {CF_TRANSPOSED, CF_TRANSPOSED}, CF_NEW, 0, 0},
  {"batch-transposed", 3, 3, {3, 4, 5}, {3, 5, 2}, {CF_TRANSPOSED, CF_TRANSPOSED}, CF_NEW, 0, 0},
  {"rows", 2, 2, {6, 9}, {9, 4}, {CF_ROWS, CF_ROWS}, CF_NEW, 0, 0},
  {"stepped", 3, 2, {2, 6, 9}, {9, 4}, {CF_STEPPED, CF_STEPPED}, CF_NEW, 0, 0},
  {"negative", 2, 2, {6, 9}, {9, 4}, {CF_NEGATIVE, CF_NEGATIVE}, CF_NEW, 0, 0},
  {"mixed", 2, 3, {6, 9}, {2, 9, 4}, {CF_MIXED, CF_MIXED}, CF_NEW, 0, 0},
  {"expanded", 3, 2, {3, 4, 5}, {5, 2}, {CF_EXPANDED, CF_EXPANDED}, CF_NEW, 0, 0},
  {"windows", 2, 2, {6, 9}, {9, 4}, {CF_WINDOWS, CF_DENSE}, CF_NEW, 0, 0},
  {"ones", 4, 4, {1, 1, 5, 1}, {1, 1, 1, 7}, {CF_ONES, CF_ONES}, CF_NEW, 0, 0},
  {"empty", 2, 2, {0, 5}, {5, 3}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"over-nothing", 2, 2, {4, 0}, {0, 3}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"over-nothing-into", 2, 2, {4, 0}, {0, 3}, {CF_DENSE, CF_DENSE}, CF_INTO, 0, CF_STEPPED},
  {"into", 2, 2, {5, 7}, {7, 3}, {CF_DENSE, CF_DENSE}, CF_INTO, 0, CF_OFFSET},
  {"into-rows", 2, 2, {5, 7}, {7, 3}, {CF_DENSE, CF_DENSE}, CF_INTO, 0, CF_ROWS},
  {"into-stepped", 3, 3, {3, 4, 5}, {3, 5, 2}, {CF_DENSE, CF_DENSE}, CF_INTO, 0, CF_STEPPED},
  {"into-transposed", 2, 2, {5, 7}, {7, 3}, {CF_DENSE, CF_TRANSPOSED}, CF_INTO, 0, CF_TRANSPOSED},
  {"into-negative", 2, 2, {5, 7}, {7, 3}, {CF_STEPPED, CF_DENSE}, CF_INTO, 0, CF_NEGATIVE},
  {"inplace", 2, 2, {6, 6}, {6, 6}, {CF_DENSE, CF_DENSE}, CF_IN_PLACE, 0, 0},
  {"inplace-b", 2, 2, {6, 6}, {6, 6}, {CF_DENSE, CF_STEPPED}, CF_IN_PLACE, 1, 0},
  {"inplace-clone", 2, 2, {6, 6}, {6, 6}, {CF_DENSE, CF_DENSE}, CF_CLONE, 0, 0},
  {"overlap", 2, 2, {6, 6}, {6, 6}, {CF_OFFSET, CF_DENSE}, CF_OVERLAP, 0, 0},
  {"overlap-flip", 2, 2, {6, 6}, {6, 6}, {CF_DENSE, CF_OFFSET}, CF_OVERLAP_FLIP, 1, 0},
};

static const matmul_how refused[] = {
  {"refused-depth", 2, 2, {4, 5}, {6, 3}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"refused-batch", 3, 3, {2, 4, 5}, {3, 5, 3}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
  {"refused-scalar", 0, 2, {0}, {5, 3}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0},
};

static void result_shape(cf_case *c, rt_dtype dtype) {
  const cf_array *a = &c->in[0].x, *b = &c->in[1].x;
  int64_t shape[RT_MAX_RANK];
  int32_t a_batch = a->rank > 2 ? a->rank - 2 : 0, b_batch = b->rank > 2 ? b->rank - 2 : 0, rank = a_batch > b_batch ? a_batch : b_batch;
  for (int32_t d = 0; d < rank; d++) {
    int32_t ka = d - (rank - a_batch), kb = d - (rank - b_batch);
    shape[d] = ka >= 0 && a->shape[ka] != 1 ? a->shape[ka] : kb >= 0 ? b->shape[kb] : 1;
  }
  if (a->rank > 1) shape[rank++] = a->shape[a->rank - 2];
  if (b->rank > 1) shape[rank++] = b->shape[b->rank - 1];
  cf_result(c, dtype, rank, shape);
}

static void run_cell(cf_case *c, const matmul_how *how, rt_dtype dtype, cf_class values) {
  cf_input(c, 0, dtype, how->a_rank, how->a);
  cf_input(c, 1, dtype, how->b_rank, how->b);
  for (int k = 0; k < 2; k++) {
    cf_fill(c, k, values);
    cf_place(c, k, how->in[k]);
  }
  c->form = how->form, c->share = how->share, c->out_layout = how->out;
  result_shape(c, dtype);
  cf_matmul(c, dtype);
  cf_close(c);
}

static rt_status call_matmul(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  (void)c;
  return into ? rt_matmul_into(in[0], in[1], into) : rt_matmul(in[0], in[1], out);
}

static void one_shape(cf_grid *g, const cf_op *op, rt_dtype dtype, int64_t m, int64_t k, int64_t n, cf_class values) {
  cf_case *c = cf_open(g, op, dtype, "%lldx%lldx%lld/%s", (long long)m, (long long)k, (long long)n, cf_class_name[values]);
  if (!c) return;
  matmul_how how = {"", 2, 2, {m, k}, {k, n}, {CF_DENSE, CF_DENSE}, CF_NEW, 0, 0};
  c->call = call_matmul;
  run_cell(c, &how, dtype, values);
}

void cf_cases_matmul(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(MATMUL));
  for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    if (dtype == RT_BOOL) {
      cf_case *c = cf_open(g, op, dtype, "refused");
      if (!c) continue;
      c->call = call_matmul, c->fails = RT_E_DTYPE;
      for (int k = 0; k < 2; k++) cf_input(c, k, dtype, 2, (int64_t[]){3, 3}), cf_fill(c, k, CF_SMALL), cf_place(c, k, CF_DENSE);
      cf_close(c);
      continue;
    }
    for (size_t h = 0; h < CF_COUNT(hows); h++) {
      const cf_class *classes = cf_classes_of(dtype);
      for (int v = 0; classes[v] != CF_CLASSES; v++) {
        bool is_exact = classes[v] == CF_INTEGERS || classes[v] == CF_SMALL;
        if (!is_exact && h > 0 && dtype != RT_F32 && v > 0) continue;
        cf_case *c = cf_open(g, op, dtype, "%s/%s", hows[h].name, cf_class_name[classes[v]]);
        if (!c) continue;
        c->call = call_matmul;
        run_cell(c, &hows[h], dtype, classes[v]);
      }
    }
    for (size_t h = 0; h < CF_COUNT(refused); h++) {
      cf_case *c = cf_open(g, op, dtype, "%s", refused[h].name);
      if (!c) continue;
      c->call = call_matmul, c->fails = RT_E_SHAPE;
      cf_input(c, 0, dtype, refused[h].a_rank, refused[h].a);
      cf_input(c, 1, dtype, refused[h].b_rank, refused[h].b);
      for (int k = 0; k < 2; k++) cf_fill(c, k, CF_SMALL), cf_place(c, k, CF_DENSE);
      cf_close(c);
    }
  }
  for (int64_t m = 0; m <= 17; m++) // past every tile of 16
    for (int64_t k = 0; k <= 17; k++)
      for (int64_t n = 0; n <= 17; n++) one_shape(g, op, RT_F32, m, k, n, CF_INTEGERS);
  static const int64_t tails[][3] = {{1, 64, 1}, {1, 33, 17}, {6, 16, 16}, {7, 17, 15}, {8, 32, 12}, {12, 40, 32}, {13, 5, 33},
                                     {16, 16, 16}, {17, 31, 47}, {24, 3, 65}, {31, 63, 9}, {33, 33, 33}, {64, 7, 64}, {65, 66, 67},
                                     {2, 300, 2}};
  for (size_t t = 0; t < CF_COUNT(tails); t++) {
    const bool is_new = tails[t][0] > 17 || tails[t][1] > 17 || tails[t][2] > 17;
    if (is_new) one_shape(g, op, RT_F32, tails[t][0], tails[t][1], tails[t][2], CF_INTEGERS);
    one_shape(g, op, RT_F32, tails[t][0], tails[t][1], tails[t][2], CF_WIDE);
    one_shape(g, op, RT_F64, tails[t][0], tails[t][1], tails[t][2], CF_INTEGERS);
  }
}
