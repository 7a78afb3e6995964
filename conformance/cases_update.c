// SPDX-License-Identifier: BSD-3-Clause
// Cells of the steps of optimizers. Each cell judges one of the tensors that a step changes; the others are copies that go away. The oracle
// follows the published formulas in 113 bits and adds up what each rounding may cost.
#include "internal.h"

#include <math.h>

enum { PARAM, GRAD, STATE, STATE_2 };

/// A value and what it may be off.
typedef struct about { cf_real value, off; } about;

static about plus(about a, about b, cf_real unit) {
  cf_real sum = a.value + b.value;
  return (about){sum, a.off + b.off + unit * cf_abs(sum)};
}
/// By a number that was rounded, too.
static about times(about a, cf_real by, cf_real unit) {
  return (about){a.value * by, a.off * cf_abs(by) + 2 * unit * cf_abs(a.value * by)};
}

typedef struct rates { double rate, momentum, beta1, beta2, eps, decay; bool nesterov; int64_t step; } rates;
static const rates choices[] = {
  {0.1, 0.9, 0.9, 0.999, 1e-8, 0, false, 1}, {0.01, 0.5, 0.9, 0.999, 1e-8, 0.25, true, 7}, {-0.5, 0, 0.5, 0.75, 0.125, 0.01, true, 3},
  {2, 1, 0, 0, 1e-3, 0, false, 1000},
};

static cf_real one_minus_power(double base, int64_t n) {
  cf_real power = 1;
  for (int64_t k = 0; k < n; k++) power *= (cf_real)base;
  return 1 - power;
}

/// What tensor `judged` becomes at one element.
static about after(int id, int judged, const rates *r, const about *now, cf_real unit, cf_real tiny) {
  about g = now[GRAD], param = now[PARAM];
  bool is_adam = id == CF_ID(ADAM) || id == CF_ID(ADAMW);
  if (r->decay != 0 && id != CF_ID(ADAMW)) g = plus(g, times(param, r->decay, unit), unit);
  if (!is_adam) {
    about direction = g;
    if (id == CF_ID(MOMENTUM)) {
      direction = plus(times(now[STATE], r->momentum, unit), g, unit);
      if (judged == STATE) return direction;
      if (r->nesterov) direction = plus(g, times(direction, r->momentum, unit), unit);
    }
    return plus(param, times(direction, -r->rate, unit), unit);
  }
  about square = {g.value * g.value, 2 * cf_abs(g.value) * g.off + g.off * g.off + unit * g.value * g.value + tiny};
  about m = plus(times(now[STATE], r->beta1, unit), times(g, 1 - (cf_real)r->beta1, unit), unit);
  about v = plus(times(now[STATE_2], r->beta2, unit), times(square, 1 - (cf_real)r->beta2, unit), unit);
  if (judged == STATE) return m;
  if (judged == STATE_2) return v;
  cf_real part = v.value / one_minus_power(r->beta2, r->step), root = cf_sqrt(part), divisor = root + (cf_real)r->eps;
  cf_real part_off = v.off / one_minus_power(r->beta2, r->step) + 3 * unit * cf_abs(part);
  cf_real divisor_off = (root > 0 ? part_off / root : cf_sqrt(part_off)) + 3 * unit * divisor;
  about direction = {m.value / divisor, m.off / divisor + cf_abs(m.value) / divisor * (2 * divisor_off / divisor + 2 * unit)};
  if (cf_is_inf(divisor)) direction.off = 0;
  if (id == CF_ID(ADAMW)) param = r->decay != 0 ? times(param, 1 - (cf_real)r->rate * (cf_real)r->decay, unit) : param;
  return plus(param, times(direction, -(cf_real)r->rate / one_minus_power(r->beta1, r->step), unit), unit);
}

/// The state that is not judged is a copy: the grid wants its inputs back as they were.
static rt_status call_update(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  const rates *r = &choices[c->index];
  rt_tensor *t[4] = {NULL};
  rt_status status = RT_OK;
  (void)into, (void)out;
  for (int k = 0; k < c->n_in && status == RT_OK; k++) {
    if (k == GRAD || k == c->share) t[k] = rt_retain(in[k]);
    else status = rt_copy(in[k], &t[k]);
  }
  if (status == RT_OK) {
    switch (c->op->id) {
      case CF_ID(SGD): status = rt_sgd(t[0], t[1], r->rate, r->decay); break;
      case CF_ID(MOMENTUM): status = rt_momentum(t[0], t[1], t[2], r->rate, r->momentum, r->nesterov, r->decay); break;
      case CF_ID(ADAM): status = rt_adam(t[0], t[1], t[2], t[3], r->step, r->rate, r->beta1, r->beta2, r->eps, r->decay); break;
      default: status = rt_adamw(t[0], t[1], t[2], t[3], r->step, r->rate, r->beta1, r->beta2, r->eps, r->decay); break;
    }
  }
  for (int k = 0; k < 4; k++) rt_release(t[k]);
  return status;
}

typedef struct update_how {
  const char *name;
  int32_t rank;
  int64_t shape[3];
  cf_layout in[2]; // of what is judged, of the others
  cf_form form;
  bool is_mixed;   // what is not judged is in another dtype
} update_how;
static const update_how hows[] = {
  {"contiguous", 2, {7, 19}, {CF_DENSE, CF_DENSE}, CF_IN_PLACE, false},
  {"mixed", 2, {7, 19}, {CF_DENSE, CF_DENSE}, CF_IN_PLACE, true},
  {"clone", 2, {5, 9}, {CF_DENSE, CF_DENSE}, CF_CLONE, false},
  {"rank0", 0, {0}, {CF_DENSE, CF_DENSE}, CF_IN_PLACE, false},
  {"empty", 2, {0, 3}, {CF_DENSE, CF_DENSE}, CF_IN_PLACE, false},
  {"transposed", 3, {3, 5, 7}, {CF_TRANSPOSED, CF_DENSE}, CF_IN_PLACE, false},
  {"stepped", 3, {3, 5, 7}, {CF_STEPPED, CF_TRANSPOSED}, CF_IN_PLACE, false},
  {"negative", 3, {3, 5, 7}, {CF_NEGATIVE, CF_EXPANDED}, CF_IN_PLACE, false},
  {"offset", 1, {131}, {CF_OFFSET, CF_OFFSET}, CF_IN_PLACE, false},
};

static void update_cell(cf_case *c, const update_how *how, rt_dtype dtype, cf_class values, int judged, int n, int64_t choice) {
  rt_dtype other = dtype == RT_F32 ? RT_F16 : RT_F32;
  rt_dtype work = dtype == RT_F64 || (how->is_mixed && other == RT_F64) ? RT_F64 : RT_F32;
  c->call = call_update, c->form = how->form, c->share = judged, c->index = choice;
  for (int k = 0; k < n; k++) {
    cf_array *x = cf_input(c, k, how->is_mixed && k != judged ? other : dtype, how->rank, how->shape);
    cf_fill(c, k, values);
    for (int64_t i = 0; i < x->numel && k == STATE_2; i++) cf_set(x, i, cf_encode(x->dtype, cf_abs(cf_at(x, i)), 0));
    cf_place(c, k, how->in[k != judged]);
  }
  cf_result(c, dtype, how->rank, how->shape);
  cf_real unit = cf_unit(work), tiny = cf_ulp(work, 0);
  for (int64_t i = 0; i < c->out.x.numel; i++) {
    about now[4] = {{0, 0}};
    for (int k = 0; k < n; k++) now[k].value = cf_at(&c->in[k].x, i);
    about y = after(c->op->id, judged, &choices[choice], now, unit, tiny);
    cf_want_sum(c, i, y.value, cf_is_nan(y.off) || cf_is_inf(y.off) ? 0 : y.off + 8 * tiny);
  }
  cf_close(c);
}

void cf_cases_update(cf_grid *g, const cf_op *op) {
  static const cf_class classes[] = {CF_UNIFORM, CF_WIDE, CF_SPECIALS, CF_INTEGERS, CF_CANCELLING};
  static const char *const judged_name[] = {"param", "", "state", "state-2"};
  int n = op->id == CF_ID(SGD) ? 2 : op->id == CF_ID(MOMENTUM) ? 3 : 4;
  for (int code = RT_BOOL; code < CF_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    for (size_t h = 0; h < CF_COUNT(hows) && cf_is_float(dtype); h++) {
      for (int judged = 0; judged < n; judged++) {
        if (judged == GRAD) continue;
        for (size_t v = 0; v < CF_COUNT(classes); v++) {
          if (v > 0 && h > 1 && dtype != RT_F32) continue;
          cf_case *c = cf_open(g, op, dtype, "%s/%s/%s", hows[h].name, cf_class_name[classes[v]], judged_name[judged]);
          if (c) update_cell(c, &hows[h], dtype, classes[v], judged, n, (int64_t)((h + v) % CF_COUNT(choices)));
        }
      }
    }
    if (cf_is_float(dtype)) continue;
    cf_case *c = cf_open(g, op, dtype, "refused");
    if (!c) continue;
    c->call = call_update, c->fails = RT_E_DTYPE;
    for (int k = 0; k < n; k++) {
      cf_input(c, k, dtype, 1, (int64_t[]){3});
      cf_place(c, k, CF_DENSE);
    }
    cf_close(c);
  }
}
