// SPDX-License-Identifier: BSD-3-Clause
// The arithmetic of the toy device, run by its worker thread. Every function trusts its job: the core has checked shapes, and resolve
// has refused what is not handled here. Results follow the numeric contract: rounded once per op, NaN kept, +0 above -0, integers wrap.
#include <math.h>

#include "toy.h"

// ---- one loop per op and dtype ---------------------------------------------------------------------------------------------------------
// A NaN on either side stays (adding the two keeps it), and of two zeros the positive one is the larger.
#define TOY_FLOAT_ORDER(t, T) \
  static T larger_##t(T a, T b) { return a != a || b != b ? a + b : a == b ? (signbit(a) ? b : a) : a > b ? a : b; } \
  static T smaller_##t(T a, T b) { return a != a || b != b ? a + b : a == b ? (signbit(a) ? a : b) : a < b ? a : b; }
#define TOY_INTEGER_ORDER(t, T) \
  static T larger_##t(T a, T b) { return a > b ? a : b; } \
  static T smaller_##t(T a, T b) { return a < b ? a : b; }
TOY_FLOAT_ORDER(f32, float)
TOY_FLOAT_ORDER(f64, double)
TOY_INTEGER_ORDER(i32, int32_t)
TOY_INTEGER_ORDER(i64, int64_t)
TOY_INTEGER_ORDER(u8, uint8_t)

// memcpy instead of a cast: a buffer may hold any type, and the compiler makes a plain load of it.
#define TOY_LOAD(T, x, k) T x; memcpy(&x, at[k] + i * step[k], sizeof x)
#define TOY_STORE(T, value, k) T y = (T)(value); memcpy(at[k] + i * step[k], &y, sizeof y)
#define TOY_UNARY(name, T, R, value) \
  static void name(int64_t n, char *const *at, const int64_t *step) { \
    for (int64_t i = 0; i < n; i++) { TOY_LOAD(T, a, 0); TOY_STORE(R, value, 1); } \
  }
#define TOY_BINARY(name, T, R, value) \
  static void name(int64_t n, char *const *at, const int64_t *step) { \
    for (int64_t i = 0; i < n; i++) { TOY_LOAD(T, a, 0); TOY_LOAD(T, b, 1); TOY_STORE(R, value, 2); } \
  }

// Signed overflow is undefined in C, so integers are added and multiplied as unsigned ones (U) and converted back.
#define TOY_LOOPS(t, T, U) \
  TOY_UNARY(neg_##t, T, T, -(U)a) \
  TOY_UNARY(relu_##t, T, T, larger_##t(a, 0)) \
  TOY_UNARY(square_##t, T, T, (U)a * (U)a) \
  TOY_BINARY(add_##t, T, T, (U)a + (U)b) \
  TOY_BINARY(sub_##t, T, T, (U)a - (U)b) \
  TOY_BINARY(mul_##t, T, T, (U)a * (U)b) \
  TOY_BINARY(maximum_##t, T, T, larger_##t(a, b)) \
  TOY_BINARY(minimum_##t, T, T, smaller_##t(a, b)) \
  TOY_BINARY(eq_##t, T, uint8_t, a == b) \
  TOY_BINARY(lt_##t, T, uint8_t, a < b)
TOY_LOOPS(f32, float, float)
TOY_LOOPS(f64, double, double)
TOY_LOOPS(i32, int32_t, uint32_t)
TOY_LOOPS(i64, int64_t, uint64_t)
TOY_LOOPS(u8, uint8_t, uint32_t)

// Copies do not care what the bytes mean. Two rows without gaps are one memcpy.
#define TOY_MOVE(bytes) \
  static void move_##bytes(int64_t n, char *const *at, const int64_t *step) { \
    if (step[0] == bytes && step[1] == bytes) { memmove(at[1], at[0], (size_t)n * bytes); return; } \
    for (int64_t i = 0; i < n; i++) memcpy(at[1] + i * step[1], at[0] + i * step[0], bytes); \
  }
TOY_MOVE(1)
TOY_MOVE(2)
TOY_MOVE(4)
TOY_MOVE(8)

typedef struct toy_row { uint16_t op, dtype, result; toy_loop loop; } toy_row;
#define TOY_ROWS(t, T) \
  {RTB_OP_NEG, T, T, neg_##t}, {RTB_OP_RELU, T, T, relu_##t}, {RTB_OP_SQUARE, T, T, square_##t}, {RTB_OP_ADD, T, T, add_##t}, \
  {RTB_OP_SUB, T, T, sub_##t}, {RTB_OP_MUL, T, T, mul_##t}, {RTB_OP_MAXIMUM, T, T, maximum_##t}, {RTB_OP_MINIMUM, T, T, minimum_##t}, \
  {RTB_OP_EQ, T, RTB_BOOL, eq_##t}, {RTB_OP_LT, T, RTB_BOOL, lt_##t}
static const toy_row rows[] = {
  TOY_ROWS(f32, RTB_F32), TOY_ROWS(f64, RTB_F64), TOY_ROWS(i32, RTB_I32), TOY_ROWS(i64, RTB_I64), TOY_ROWS(u8, RTB_U8),
};

toy_loop toy_find_loop(uint16_t op, uint16_t dtype, uint16_t *out_dtype) {
  *out_dtype = dtype;
  if (op == RTB_OP_COPY || op == RTB_OP_FILL) {
    uint32_t bytes = rtb_dtype_bytes(dtype);
    return bytes == 1 ? move_1 : bytes == 2 ? move_2 : bytes == 4 ? move_4 : bytes == 8 ? move_8 : NULL;
  }
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (rows[i].op == op && rows[i].dtype == dtype) { *out_dtype = rows[i].result; return rows[i].loop; }
  }
  return NULL;
}

// ---- walking ---------------------------------------------------------------------------------------------------------------------------
// Moves `at` to the next index of the first n_dims dimensions, the last one fastest; step is in bytes, [dimension][argument].
// False when it has gone round.
typedef int64_t toy_steps[TOY_MAX_ARGS];
static bool next(int32_t n_dims, const int64_t *shape, int64_t *index, int32_t n_args, char **at, toy_steps *step) {
  for (int32_t d = n_dims - 1; d >= 0; d--) {
    bool carry = ++index[d] == shape[d];
    if (carry) index[d] = 0;
    for (int32_t k = 0; k < n_args; k++) at[k] += carry ? -step[d][k] * (shape[d] - 1) : step[d][k];
    if (!carry) return true;
  }
  return false;
}

void toy_run_map(const toy_job *job) {
  const toy_arg *out = &job->arg[job->n_args - 1];
  char *at[TOY_MAX_ARGS];
  int64_t step[RTB_MAX_RANK + 1][TOY_MAX_ARGS] = {{0}}, index[RTB_MAX_RANK] = {0};
  bool all_dense = true;
  for (int32_t k = 0; k < job->n_args; k++) all_dense &= job->arg[k].layout == RTB_DENSE || job->arg[k].layout == RTB_IMM;
  int32_t inner = all_dense || out->ndim == 0 ? 0 : out->ndim - 1; // all dense: numel alone counts, as one long row
  for (int32_t k = 0; k < job->n_args; k++) {
    const toy_arg *a = &job->arg[k];
    int64_t bytes = rtb_dtype_bytes(a->dtype);
    at[k] = a->data;
    if (a->layout == RTB_IMM) continue; // steps stay 0
    if (all_dense) step[0][k] = bytes;
    else for (int32_t d = 0; d < out->ndim; d++) step[d][k] = a->stride[d] * bytes;
  }
  int64_t n = all_dense ? out->numel : out->ndim == 0 ? 1 : out->shape[inner];
  do job->loop(n, at, step[inner]);
  while (next(inner, out->shape, index, job->n_args, at, step));
}

// ---- reductions and contractions -------------------------------------------------------------------------------------------------------
// The output has extent 1 where x is summed over. So there are two walks: over the kept dimensions, and inside it over the others.
void toy_run_sum(const toy_job *job) {
  const toy_arg *x = &job->arg[0], *y = &job->arg[1];
  int64_t shape[2][RTB_MAX_RANK], step[2][RTB_MAX_RANK][TOY_MAX_ARGS] = {{{0}}}, index[2][RTB_MAX_RANK] = {{0}};
  int32_t n_dims[2] = {0, 0}; // [0] kept, [1] summed
  for (int32_t d = 0; d < x->ndim; d++) {
    int32_t summed = job->attr.axes.axes >> d & 1, to = n_dims[summed]++;
    shape[summed][to] = x->shape[d];
    step[summed][to][0] = x->stride[d] * (int64_t)rtb_dtype_bytes(x->dtype);
    step[summed][to][1] = summed ? 0 : y->stride[d] * (int64_t)rtb_dtype_bytes(y->dtype);
  }
  char *at[2] = {x->data, y->data};
  do {
    char *in[1] = {at[0]};
    double sum = 0;
    uint64_t total = 0;
    do {
      float f;
      int32_t i;
      if (x->dtype == RTB_F32) memcpy(&f, in[0], sizeof f), sum += f;
      else memcpy(&i, in[0], sizeof i), total += (uint64_t)(int64_t)i;
    } while (next(n_dims[1], shape[1], index[1], 1, in, step[1]));
    float rounded = (float)sum;
    if (x->dtype == RTB_F32) memcpy(at[1], &rounded, sizeof rounded);
    else memcpy(at[1], &total, sizeof total);
  } while (next(n_dims[0], shape[0], index[0], 2, at, step[0]));
}

// One product of two matrices. A product of two floats is exact in double, so each sum is rounded once per addition and once at the end.
static void multiply(int64_t m, int64_t n, int64_t k, char *const *at, toy_steps *step, double *sum) {
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j = 0; j < n; j++) sum[j] = 0;
    for (int64_t l = 0; l < k; l++) {
      float a, b;
      memcpy(&a, at[0] + i * step[0][0] + l * step[1][0], sizeof a);
      for (int64_t j = 0; j < n; j++) {
        memcpy(&b, at[1] + l * step[0][1] + j * step[1][1], sizeof b);
        sum[j] += (double)a * b;
      }
    }
    for (int64_t j = 0; j < n; j++) {
      float y = (float)sum[j];
      memcpy(at[2] + i * step[0][2] + j * step[1][2], &y, sizeof y);
    }
  }
}

// Batch dimensions are matched from the right, and one that is missing or 1 in an operand is repeated.
void toy_run_matmul(const toy_job *job) {
  const toy_arg *a = &job->arg[0], *b = &job->arg[1], *y = &job->arg[2];
  int32_t n_batch = y->ndim - 2;
  int64_t step[RTB_MAX_RANK][TOY_MAX_ARGS] = {{0}}, matrix[2][TOY_MAX_ARGS] = {{0}}, index[RTB_MAX_RANK] = {0};
  char *at[3] = {a->data, b->data, y->data};
  for (int32_t k = 0; k < 3; k++) {
    const toy_arg *x = &job->arg[k];
    for (int32_t d = 0; d < n_batch; d++) {
      int32_t own = d - (y->ndim - x->ndim);
      step[d][k] = own < 0 || x->shape[own] == 1 ? 0 : x->stride[own] * (int64_t)sizeof(float);
    }
    for (int32_t d = 0; d < 2; d++) matrix[d][k] = x->stride[x->ndim - 2 + d] * (int64_t)sizeof(float);
  }
  double *sum = (double *)(void *)job->workspace;
  do multiply(a->shape[a->ndim - 2], b->shape[b->ndim - 1], a->shape[a->ndim - 1], at, matrix, sum);
  while (next(n_batch, y->shape, index, 3, at, step));
}

// Elements outside x are padding, which never wins; the output's shape already says how many windows there are.
static float pool_window(const toy_job *job, const char *plane, int64_t top, int64_t left) {
  const toy_arg *x = &job->arg[0];
  const rtb_attr_window *w = &job->attr.window;
  float best = -INFINITY, v;
  for (int64_t h = top; h < top + w->window[0]; h++) {
    for (int64_t c = left; c < left + w->window[1]; c++) {
      if (h < 0 || h >= x->shape[2] || c < 0 || c >= x->shape[3]) continue;
      memcpy(&v, plane + (h * x->stride[2] + c * x->stride[3]) * (int64_t)sizeof v, sizeof v);
      best = larger_f32(best, v);
    }
  }
  return best;
}

void toy_run_max_pool(const toy_job *job) {
  const toy_arg *x = &job->arg[0], *y = &job->arg[1];
  const rtb_attr_window *w = &job->attr.window;
  for (int64_t image = 0; image < y->shape[0] * y->shape[1]; image++) {
    int64_t n = image / y->shape[1], c = image % y->shape[1];
    const char *from = x->data + (n * x->stride[0] + c * x->stride[1]) * (int64_t)sizeof(float);
    char *to = y->data + (n * y->stride[0] + c * y->stride[1]) * (int64_t)sizeof(float);
    for (int64_t i = 0; i < y->shape[2]; i++) {
      for (int64_t j = 0; j < y->shape[3]; j++) {
        float best = pool_window(job, from, i * w->stride[0] - w->pad_lo[0], j * w->stride[1] - w->pad_lo[1]);
        memcpy(to + (i * y->stride[2] + j * y->stride[3]) * (int64_t)sizeof best, &best, sizeof best);
      }
    }
  }
}
