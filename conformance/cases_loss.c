// SPDX-License-Identifier: BSD-3-Clause
// Cells of the losses: what each element costs, from the definition in 113 bits, with what computing it may lose; then the mean or the sum.
#include "internal.h"

#include <math.h>

/// One term, and what it may be off.
typedef struct cost { cf_real value, off; } cost;

static cf_real value_of(const cf_array *a, rt_dtype compute, int64_t i) {
  return cf_decode(compute, cf_cast(a->dtype, cf_bits(a, i), compute));
}
static cf_real log_of(cf_real x) { return (cf_real)logl((long double)x); }
static cf_real softplus_of(cf_real x) { return (x > 0 ? x : 0) + (cf_real)log1pl((long double)cf_exp(-cf_abs(x))); }

/// Ends with the costs themselves, or adds them up; divisor: of the mean.
static void want_costs(cf_case *c, rt_dtype compute, const cost *costs, int64_t n, cf_real divisor, cf_real divisor_off) {
  cf_real unit = cf_unit(compute), sum = 0, size = 0, off = 0;
  rt_loss_reduction reduction = (rt_loss_reduction)c->axis;
  for (int64_t i = 0; i < n; i++) {
    if (reduction == RT_LOSS_NONE) cf_want_sum(c, i, costs[i].value, costs[i].off);
    sum += costs[i].value, size += cf_abs(costs[i].value), off += costs[i].off;
  }
  if (reduction == RT_LOSS_NONE) return;
  off += (cf_real)n * unit * size;
  if (reduction == RT_LOSS_SUM) cf_want_sum(c, 0, sum, off);
  else cf_want_sum(c, 0, sum / divisor, off / cf_abs(divisor) + cf_abs(sum / divisor) * (2 * unit + divisor_off));
}

// ---- element by element ---------------------------------------------------------------------------------------------------------------
typedef struct loss_how {
  const char *name;
  int32_t rank[4]; // of input, target and, where there are, weight, pos_weight
  int64_t shape[4][4];
  cf_layout in[2]; // of the input, of the others
  cf_form form;
  cf_layout out;
} loss_how;
#define SAME_SHAPES(rank, ...) {rank, rank, rank, rank}, {{__VA_ARGS__}, {__VA_ARGS__}, {__VA_ARGS__}, {__VA_ARGS__}}
static const loss_how hows[] = {
  {"contiguous", SAME_SHAPES(2, 7, 19), {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"tail", SAME_SHAPES(1, 131), {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"rank0", SAME_SHAPES(0, 0), {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"broadcast", {2, 1, 2, 1}, {{5, 9}, {9}, {5, 1}, {9}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"broadcast-input", {1, 2, 3, 0}, {{9}, {5, 9}, {2, 1, 9}, {0}}, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"transposed", SAME_SHAPES(3, 3, 5, 7), {CF_TRANSPOSED, CF_TRANSPOSED}, CF_NEW, 0},
  {"stepped", SAME_SHAPES(3, 3, 5, 7), {CF_STEPPED, CF_NEGATIVE}, CF_NEW, 0},
  {"expanded", SAME_SHAPES(3, 3, 5, 7), {CF_EXPANDED, CF_ROWS}, CF_NEW, 0},
  {"empty", SAME_SHAPES(2, 0, 5), {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"into", SAME_SHAPES(3, 3, 5, 7), {CF_DENSE, CF_DENSE}, CF_INTO, CF_OFFSET},
  {"into-stepped", SAME_SHAPES(3, 3, 5, 7), {CF_OFFSET, CF_DENSE}, CF_INTO, CF_STEPPED},
};

static rt_status call_loss(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  rt_loss_reduction r = (rt_loss_reduction)c->axis;
  const rt_tensor *w = c->present & 4 ? in[2] : NULL, *p = c->present & 8 ? in[c->n_in - 1] : NULL;
  switch (c->op->id) {
    case CF_ID(MSE_LOSS): return into ? rt_mse_loss_into(in[0], in[1], r, into) : rt_mse_loss(in[0], in[1], r, out);
    case CF_ID(L1_LOSS): return into ? rt_l1_loss_into(in[0], in[1], r, into) : rt_l1_loss(in[0], in[1], r, out);
    case CF_ID(SMOOTH_L1_LOSS): return into ? rt_smooth_l1_loss_into(in[0], in[1], c->param, r, into)
        : rt_smooth_l1_loss(in[0], in[1], c->param, r, out);
    case CF_ID(BCE_LOSS): return into ? rt_bce_loss_into(in[0], in[1], w, r, into) : rt_bce_loss(in[0], in[1], w, r, out);
    case CF_ID(BCE_WITH_LOGITS): return into ? rt_bce_with_logits_into(in[0], in[1], w, p, r, into)
        : rt_bce_with_logits(in[0], in[1], w, p, r, out);
    default: return into ? rt_cross_entropy_into(in[0], in[1], w, c->index, c->param, r, into)
        : rt_cross_entropy(in[0], in[1], w, c->index, c->param, r, out);
  }
}

/// x: input, target, weight, pos_weight.
static cost cost_of(const cf_case *c, rt_dtype compute, const cf_real *x) {
  cf_real unit = cf_unit(compute), tiny = cf_ulp(compute == RT_F64 ? RT_F64 : RT_F32, 0), y, size;
  cf_real apart = cf_abs(x[0] - x[1]), beta = (cf_real)c->param;
  switch (c->op->id) {
    case CF_ID(MSE_LOSS): y = size = apart * apart; break;
    case CF_ID(L1_LOSS): y = size = apart; break;
    case CF_ID(SMOOTH_L1_LOSS):
      y = apart < beta ? apart * apart / (2 * beta) : apart - beta / 2;
      size = apart < beta ? y : apart + beta / 2;
      break;
    case CF_ID(BCE_LOSS): {
      cf_real log_p = log_of(x[0]), log_rest = log_of(1 - x[0]);
      if (x[0] > 0 && x[0] < cf_power2(-60)) log_rest = -x[0] - x[0] * x[0] / 2;
      if (log_p < -100) log_p = -100;
      if (log_rest < -100) log_rest = -100;
      y = (x[1] - 1) * log_rest - x[1] * log_p;
      size = cf_abs(x[1] * log_p) + cf_abs((x[1] - 1) * log_rest);
      y *= x[2], size *= cf_abs(x[2]);
      break;
    }
    default: {
      cf_real true_part = x[3] * x[1] * softplus_of(-x[0]), false_part = (1 - x[1]) * softplus_of(x[0]);
      y = (true_part + false_part) * x[2], size = (cf_abs(true_part) + cf_abs(false_part)) * cf_abs(x[2]);
    }
  }
  // What is lost below the normal numbers is weighted, too.
  return (cost){y, 12 * unit * size + 4 * tiny * (1 + cf_abs(x[2])) * (1 + cf_abs(x[3]))};
}

/// Probabilities and targets are from 0 to 1, ends included; the rest is as the class says.
static void fill(cf_case *c, int k, cf_class values) {
  cf_array *x = &c->in[k].x;
  bool is_probability = c->op->id == CF_ID(BCE_LOSS) ? k < 2 : c->op->id == CF_ID(BCE_WITH_LOGITS) && k == 1;
  cf_fill(c, k, values);
  for (int64_t i = 0; i < x->numel && is_probability; i++) {
    cf_real p = cf_random_below(c, 5) == 0 ? (cf_real)cf_random_below(c, 2) : (cf_real)cf_random_below(c, 4097) * cf_power2(-12);
    if (cf_is_float(x->dtype)) cf_set(x, i, cf_encode(x->dtype, p, 0));
    else cf_set(x, i, p >= 0.5);
  }
}

static void loss_cell(cf_case *c, const loss_how *how, rt_dtype dtype, cf_class values, rt_loss_reduction reduction, unsigned present) {
  rt_dtype compute = cf_compute_dtype(CF_ACCEPT_FLOAT, dtype);
  int64_t shape[4];
  int32_t rank = 0;
  c->call = call_loss, c->form = how->form, c->out_layout = how->out, c->axis = (int32_t)reduction, c->present = present;
  int slot[4] = {-1, -1, -1, -1};
  for (int k = 0; k < 4; k++) {
    if (!(present >> k & 1)) continue;
    slot[k] = c->n_in;
    cf_input(c, slot[k], dtype, how->rank[k], how->shape[k]);
    fill(c, slot[k], values);
    cf_place(c, slot[k], how->in[k > 0]);
    if (how->rank[k] > rank) rank = how->rank[k];
  }
  int64_t n = 1;
  for (int32_t d = 0; d < rank; d++) {
    shape[d] = 1;
    for (int k = 0; k < 4; k++) {
      int32_t own = how->rank[k] - rank + d;
      if (slot[k] >= 0 && own >= 0 && how->shape[k][own] != 1) shape[d] = how->shape[k][own];
    }
    n *= shape[d];
  }
  cf_result(c, compute, reduction == RT_LOSS_NONE ? rank : 0, shape);
  cost *costs = cf_alloc(c, n * (int64_t)sizeof *costs);
  for (int64_t i = 0; i < n; i++) {
    cf_real x[4] = {0, 0, 1, 1};
    for (int k = 0; k < 4; k++)
      if (slot[k] >= 0) x[k] = value_of(&c->in[slot[k]].x, compute, cf_broadcast_index(&c->in[slot[k]].x, rank, shape, i));
    costs[i] = cost_of(c, compute, x);
  }
  want_costs(c, compute, costs, n, (cf_real)n, 0);
  cf_close(c);
}

static const char *const reduction_name[] = {"none", "mean", "sum"};

void cf_cases_loss(cf_grid *g, const cf_op *op) {
  static const double betas[] = {1, 0, 0.25};
  bool is_bce = op->id == CF_ID(BCE_LOSS), has_logits = op->id == CF_ID(BCE_WITH_LOGITS);
  for (int code = RT_BOOL; code < CF_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    for (size_t h = 0; h < CF_COUNT(hows); h++) {
      const cf_class *classes = cf_classes_of(dtype);
      for (int v = 0; classes[v] != CF_CLASSES; v++) {
        if (cf_is_float(dtype) ? v > 0 && h > 1 && dtype != RT_F32 : v > 0 || h > 1) continue;
        for (int r = RT_LOSS_NONE; r <= RT_LOSS_SUM; r++) {
          if (r && h > 4 && dtype != RT_F32) continue;
          cf_case *c = cf_open(g, op, dtype, "%s/%s/%s", hows[h].name, cf_class_name[classes[v]], reduction_name[r]);
          if (!c) continue;
          size_t turn = h + (size_t)v + (size_t)r;
          if (op->id == CF_ID(SMOOTH_L1_LOSS)) c->param = betas[turn % CF_COUNT(betas)];
          unsigned present = 3 | (is_bce || has_logits ? turn % 2 ? 4 : 0 : 0) | (has_logits && turn / 2 % 2 ? 8 : 0);
          loss_cell(c, &hows[h], dtype, classes[v], (rt_loss_reduction)r, present);
        }
      }
    }
  }
  for (int k = 0; k < 2; k++) {
    cf_case *c = cf_open(g, op, RT_F32, k ? "refused-reduction" : "refused-shapes");
    if (!c) continue;
    c->call = call_loss, c->fails = k ? RT_E_ARGUMENT : RT_E_SHAPE, c->axis = k ? 3 : RT_LOSS_SUM, c->present = 3, c->param = 1;
    cf_input(c, 0, RT_F32, 1, (int64_t[]){3});
    cf_input(c, 1, RT_F32, 1, (int64_t[]){k ? 3 : 4});
    for (int i = 0; i < 2; i++) cf_place(c, i, CF_DENSE);
    cf_close(c);
  }
}

// ---- cross entropy --------------------------------------------------------------------------------------------------------------------
typedef struct entropy_how {
  const char *name;
  int32_t rank; // of the input
  int64_t shape[4], ignore;
  bool has_weight;
  double smoothing;
  cf_layout in[2]; // of input and weight, of the target
  cf_form form;
  cf_layout out;
} entropy_how;
static const entropy_how entropies[] = {
  {"rows", 2, {7, 19}, RT_NO_INDEX, false, 0, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"ignore", 2, {17, 5}, -100, false, 0, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"weights", 2, {17, 5}, RT_NO_INDEX, true, 0, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"weights-ignore", 2, {17, 5}, 2, true, 0, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"smooth", 2, {7, 9}, RT_NO_INDEX, false, 0.125, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"smooth-whole", 2, {7, 9}, 3, false, 1, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"smooth-weights-ignore", 3, {4, 5, 3}, 1, true, 0.25, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"images", 4, {2, 5, 3, 4}, -1, true, 0, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"line", 1, {9}, RT_NO_INDEX, true, 0.5, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"all-ignored", 2, {1, 4}, 0, false, 0, {CF_DENSE, CF_DENSE}, CF_NEW, 0}, // the only target is made 0 below
  {"one-class", 2, {5, 1}, RT_NO_INDEX, false, 0, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"empty", 2, {0, 4}, RT_NO_INDEX, true, 0, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"transposed", 3, {4, 5, 3}, 1, true, 0, {CF_TRANSPOSED, CF_TRANSPOSED}, CF_NEW, 0},
  {"stepped", 3, {4, 5, 3}, RT_NO_INDEX, true, 0.25, {CF_STEPPED, CF_NEGATIVE}, CF_NEW, 0},
  {"into-stepped", 3, {4, 5, 3}, 1, true, 0, {CF_NEGATIVE, CF_STEPPED}, CF_INTO, CF_STEPPED},
};

static void entropy_cell(cf_case *c, const entropy_how *how, rt_dtype dtype, rt_dtype index, cf_class values, rt_loss_reduction reduction,
                         int64_t bad) {
  rt_dtype compute = cf_compute_dtype(CF_ACCEPT_FLOAT, dtype);
  int32_t axis = how->rank > 1;
  int64_t n_classes = how->shape[axis], shape[4], n = 1, inner = 1;
  c->call = call_loss, c->form = how->form, c->out_layout = how->out, c->axis = (int32_t)reduction, c->present = how->has_weight ? 7 : 3;
  c->index = how->ignore, c->param = how->smoothing;
  for (int32_t d = 0; d + 1 < how->rank; d++) n *= shape[d] = how->shape[d < axis ? d : d + 1];
  for (int32_t d = axis + 1; d < how->rank; d++) inner *= how->shape[d];
  cf_array *x = cf_input(c, 0, dtype, how->rank, how->shape), *target = cf_input(c, 1, index, how->rank - 1, shape);
  cf_fill(c, 0, values);
  for (int64_t i = 0; i < n; i++) {
    int64_t t = how->ignore != RT_NO_INDEX && cf_random_below(c, 4) == 0 ? how->ignore : cf_random_below(c, n_classes);
    if (n == 1 && how->ignore == 0) t = 0;
    if (t < 0 && !cf_is_signed(index)) t = 0;
    cf_set(target, i, cf_encode_int(index, bad && i == n / 2 ? bad : t));
  }
  if (how->has_weight) {
    cf_array *w = cf_input(c, 2, dtype, 1, &n_classes);
    cf_fill(c, 2, values == CF_SPECIALS ? CF_INTEGERS : values);
    for (int64_t i = 0; i < n_classes; i++) // weights are positive, so that their sum does not cancel
      if (cf_is_float(dtype)) cf_set(w, i, cf_encode(dtype, cf_abs(cf_at(w, i)) + (values == CF_WIDE ? 0 : 1), 0));
      else cf_set(w, i, cf_cast(RT_I8, (uint64_t)(i % 3 + 1), dtype));
  }
  for (int k = 0; k < c->n_in; k++) cf_place(c, k, how->in[k == 1]);
  cf_result(c, compute, reduction == RT_LOSS_NONE ? how->rank - 1 : 0, shape);
  if (bad) c->fails = RT_E_INDEX;
  cost *costs = cf_alloc(c, n * (int64_t)sizeof *costs);
  cf_real unit = cf_unit(compute), divisor = 0, steps = 16, smoothing = (cf_real)how->smoothing;
  for (int64_t k = n_classes; k > 1; k /= 2) steps += 2;
  for (int64_t i = 0; i < n && !bad; i++) {
    int64_t first = i / inner * inner * n_classes + i % inner, t = (int64_t)cf_decode_int(index, cf_bits(target, i));
    if (t == how->ignore) continue;
    cf_real highest = -(cf_real)HUGE_VALL, sum = 0, smooth = 0, smooth_size = 0;
    for (int64_t k = 0; k < n_classes; k++) {
      cf_real v = value_of(x, compute, first + k * inner);
      if (!(v <= highest)) highest = v;
    }
    for (int64_t k = 0; k < n_classes; k++) sum += cf_exp(value_of(x, compute, first + k * inner) - highest);
    cf_real log_sum = log_of(sum), off = 0;
    cost picked = {0};
    cf_real of_target = how->has_weight ? value_of(&c->in[2].x, compute, t) : 1;
    for (int64_t k = 0; k < n_classes; k++) {
      cf_real shifted = value_of(x, compute, first + k * inner) - highest, cost_here = log_sum - shifted;
      cf_real off_here = steps * unit * (cf_abs(shifted) + cf_abs(log_sum) + 1);
      cf_real w = how->has_weight ? value_of(&c->in[2].x, compute, k) : 1;
      if (k == t) picked = (cost){cost_here * of_target, off_here * of_target + 4 * unit * cf_abs(cost_here * of_target)};
      smooth += cost_here * w / (cf_real)n_classes, smooth_size += cf_abs(cost_here * w) / (cf_real)n_classes;
      off += off_here * cf_abs(w) / (cf_real)n_classes;
    }
    if (smoothing > 0) {
      off += (cf_real)(n_classes + 6) * unit * smooth_size;
      picked = (cost){(1 - smoothing) * picked.value + smoothing * smooth,
                      (1 - smoothing) * picked.off + smoothing * off + 4 * unit * (cf_abs(picked.value) + smooth_size)};
    }
    costs[i] = picked;
    if (cf_is_inf(picked.value) || cf_is_nan(picked.value)) costs[i].off = 0;
    divisor += of_target;
  }
  want_costs(c, compute, costs, n, divisor, ((cf_real)n + 2) * unit);
  cf_close(c);
}

void cf_cases_cross_entropy(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(CROSS_ENTROPY));
  for (int code = RT_BOOL; code < CF_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    for (size_t h = 0; h < CF_COUNT(entropies); h++) {
      const cf_class *classes = cf_classes_of(dtype);
      for (int v = 0; classes[v] != CF_CLASSES; v++) {
        if (cf_is_float(dtype) ? v > 0 && h > 3 && dtype != RT_F32 : v > 0 || h > 2) continue;
        for (int r = RT_LOSS_NONE; r <= RT_LOSS_SUM; r++) {
          cf_case *c = cf_open(g, op, dtype, "%s/%s/%s", entropies[h].name, cf_class_name[classes[v]], reduction_name[r]);
          if (c) entropy_cell(c, &entropies[h], dtype, h % 2 ? RT_I32 : RT_I64, classes[v], (rt_loss_reduction)r, 0);
        }
      }
    }
    for (rt_dtype index = RT_I8; index <= RT_U64; index++) {
      cf_case *c = cf_open(g, op, dtype, "targets-%s", rt_dtype_name(index));
      if (c) entropy_cell(c, &entropies[3], dtype, index, CF_SMALL, RT_LOSS_MEAN, 0);
      c = cf_open(g, op, dtype, "targets-%s-above", rt_dtype_name(index));
      if (c) entropy_cell(c, &entropies[3], dtype, index, CF_SMALL, RT_LOSS_MEAN, 5);
      if (!cf_is_signed(index)) continue;
      c = cf_open(g, op, dtype, "targets-%s-negative", rt_dtype_name(index));
      if (c) entropy_cell(c, &entropies[3], dtype, index, CF_SMALL, RT_LOSS_MEAN, -1);
    }
  }
}
