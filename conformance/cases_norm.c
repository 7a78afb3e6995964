// SPDX-License-Identifier: BSD-3-Clause
// Cells of layer_norm, rms_norm, batch_norm and group_norm, and what they must give: mean and squares in 113 bits over the elements that
// share statistics, and a bound that knows how far the mean may be off and how much is left after it was taken out.
#include "internal.h"

enum { WEIGHT = 1, BIAS = 2, MEAN = 1, VARIANCE = 2, BATCH_WEIGHT = 3, BATCH_BIAS = 4 };

// ---- the oracle -----------------------------------------------------------------------------------------------------------------------
typedef struct shared { // what elements share
  cf_terms terms;
  cf_real squares, about_zero; // sums: about the mean, of x^2
} shared;
/// x - mean and the variance it is divided by, each with what it may be off; n: elements that share them.
typedef struct apart { cf_real x, x_off, square, square_off, n; } apart;

static cf_real value_of(const cf_array *a, rt_dtype compute, int64_t i) {
  return cf_decode(compute, cf_cast(a->dtype, cf_bits(a, i), compute));
}

static void want_normalised(cf_case *c, rt_dtype compute, int64_t i, apart p, cf_real weight, cf_real bias) {
  cf_real unit = cf_unit(compute), tiny = cf_ulp(compute == RT_F64 ? RT_F64 : RT_F32, 0);
  cf_real eps = compute == RT_F64 ? (cf_real)c->param : cf_decode(RT_F32, cf_encode(RT_F32, (cf_real)c->param, 0));
  cf_real divisor = p.square + eps, off = p.square_off + unit * divisor, root = cf_sqrt(divisor), y = p.x / root;
  // The root of a divisor that is off by less than a quarter is off by less than that share; beyond, no result leaves +-sqrt(n).
  cf_real error = cf_is_inf(divisor) ? 0
      : off < divisor / 4 ? (p.x_off + 2 * unit * cf_abs(p.x)) * 1.25 / root + cf_abs(y) * (off / divisor + 4 * unit)
      : 2 * cf_sqrt(p.n) + 2;
  cf_want_sum(c, i, y * weight + bias, cf_abs(weight) * error + 4 * unit * (cf_abs(y * weight) + cf_abs(bias)) + tiny);
}

/// The statistics of element i, from all elements of its group.
static apart from_group(cf_case *c, rt_dtype compute, int64_t i, const shared *s) {
  cf_real unit = cf_unit(compute), n = (cf_real)s->terms.n, x = value_of(&c->in[0].x, compute, i);
  if (c->op->id == CF_ID(RMS_NORM)) return (apart){x, 0, s->about_zero / n, (n + 8) * unit * s->about_zero / n, n};
  cf_real mean = s->terms.sum / n, off = cf_terms_error(&s->terms, compute) / n + unit * cf_abs(mean), moved = off * off;
  return (apart){x - mean, off, s->squares / n, (n + 8) * unit * (s->squares / n + moved) + moved, n};
}

/// Everything from x; group: which statistics each element has, below n_groups.
static shared *statistics(cf_case *c, rt_dtype compute, const int64_t *group, int64_t n_groups) {
  const cf_array *x = &c->in[0].x;
  shared *all = cf_alloc(c, n_groups * (int64_t)sizeof *all);
  for (int64_t i = 0; i < x->numel; i++) cf_add_term(&all[group[i]].terms, value_of(x, compute, i));
  for (int64_t i = 0; i < x->numel; i++) {
    shared *s = &all[group[i]];
    cf_real v = value_of(x, compute, i), d = v - s->terms.sum / (cf_real)s->terms.n;
    s->squares += d * d;
    s->about_zero += v * v;
  }
  return all;
}

// ---- arguments that may be left out ---------------------------------------------------------------------------------------------------
/// Argument k among all that there could be, in the slots of the cell; -1 when it is left out.
static int slot_of(const cf_case *c, int k) {
  int slot = 0;
  for (int j = 0; j < k; j++) slot += c->present >> j & 1;
  return c->present >> k & 1 ? slot : -1;
}
static rt_tensor *pick(const cf_case *c, rt_tensor *const *in, int k) { return slot_of(c, k) < 0 ? NULL : in[slot_of(c, k)]; }

/// What argument k, which broadcasts to x, has for element i.
static cf_real seen(const cf_case *c, rt_dtype compute, int k, int64_t i, cf_real otherwise) {
  const cf_array *x = &c->in[0].x, *a = &c->in[slot_of(c, k) < 0 ? 0 : slot_of(c, k)].x;
  return slot_of(c, k) < 0 ? otherwise : value_of(a, compute, cf_broadcast_index(a, x->rank, x->shape, i));
}

static rt_status call_norm(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  const rt_axes *axes = c->all_axes ? NULL : &c->axes;
  rt_tensor *w = pick(c, in, WEIGHT), *b = pick(c, in, BIAS);
  int32_t groups = c->window.groups;
  switch (c->op->id) {
    case CF_ID(LAYER_NORM): return into ? rt_layer_norm_into(in[0], axes, w, b, c->param, into)
        : rt_layer_norm(in[0], axes, w, b, c->param, out);
    case CF_ID(RMS_NORM): return into ? rt_rms_norm_into(in[0], axes, w, c->param, into) : rt_rms_norm(in[0], axes, w, c->param, out);
    case CF_ID(GROUP_NORM): return into ? rt_group_norm_into(in[0], groups, w, b, c->param, into)
        : rt_group_norm(in[0], groups, w, b, c->param, out);
    default: break;
  }
  rt_tensor *mean = pick(c, in, MEAN), *variance = pick(c, in, VARIANCE);
  w = pick(c, in, BATCH_WEIGHT), b = pick(c, in, BATCH_BIAS);
  return into ? rt_batch_norm_into(in[0], mean, variance, w, b, c->axis, c->param, into)
      : rt_batch_norm(in[0], mean, variance, w, b, c->axis, c->param, out);
}

static const double epsilons[] = {1e-5, 0, 1, 1e-12};

/// Fills x and the other arguments that are there, all of one shape, and names the result.
static void arguments(cf_case *c, rt_dtype dtype, rt_dtype compute, unsigned present, const cf_layout *layouts, int32_t rank,
                      const int64_t *shape, int32_t rank_of_others,
                      const int64_t *shape_of_others, cf_class values) {
  c->call = call_norm, c->present = present | 1;
  cf_input(c, 0, dtype, rank, shape);
  for (int k = 1; k < 5; k++)
    if (slot_of(c, k) > 0) cf_input(c, slot_of(c, k), dtype, rank_of_others, shape_of_others);
  for (int k = 0; k < c->n_in; k++) {
    cf_fill(c, k, values);
    cf_place(c, k, layouts[k > 0]);
  }
  cf_result(c, compute, rank, shape);
}

// ---- layer_norm, rms_norm -------------------------------------------------------------------------------------------------------------
typedef struct norm_how {
  const char *name;
  int32_t rank;
  int64_t shape[RT_MAX_RANK];
  int n_axes; // -1: all
  int32_t axes[4], weight_rank;
  int64_t weight[5];
  unsigned present;
  cf_layout in[2]; // of x, of weight and bias
  cf_form form;
  cf_layout out;
} norm_how;
#define BOTH (1u << WEIGHT | 1u << BIAS)
static const norm_how hows[] = {
  {"last", 2, {5, 37}, 1, {-1}, 1, {37}, BOTH, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"plain", 2, {5, 37}, 1, {1}, 0, {0}, 0, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"last-two", 3, {3, 5, 7}, 2, {1, 2}, 2, {5, 7}, BOTH, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"weight-only", 2, {5, 9}, 1, {1}, 1, {9}, 1u << WEIGHT, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"bias-only", 2, {5, 9}, 1, {1}, 1, {9}, 1u << BIAS, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"first", 2, {23, 6}, 1, {0}, 2, {23, 1}, BOTH, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"outer", 3, {4, 3, 6}, 2, {2, 0}, 3, {4, 1, 6}, BOTH, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"middle", 3, {3, 11, 5}, 1, {-2}, 1, {1}, BOTH, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"all", 2, {7, 19}, -1, {0}, 2, {7, 19}, BOTH, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"weight-per-row", 3, {2, 4, 9}, 1, {2}, 2, {4, 1}, BOTH, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"tail", 1, {517}, 1, {0}, 1, {517}, BOTH, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"one", 2, {4, 1}, 1, {1}, 1, {1}, BOTH, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"no-axes", 2, {3, 5}, 0, {0}, 1, {5}, BOTH, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"rank0", 0, {0}, -1, {0}, 0, {0}, BOTH, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"offset", 2, {5, 37}, 1, {1}, 1, {37}, BOTH, {CF_OFFSET, CF_OFFSET}, CF_NEW, 0},
  {"rows", 3, {3, 5, 7}, 1, {2}, 1, {7}, BOTH, {CF_ROWS, CF_DENSE}, CF_NEW, 0},
  {"transposed", 3, {3, 5, 7}, 1, {2}, 2, {5, 7}, BOTH, {CF_TRANSPOSED, CF_TRANSPOSED}, CF_NEW, 0},
  {"stepped", 3, {3, 5, 7}, 1, {1}, 2, {5, 1}, BOTH, {CF_STEPPED, CF_STEPPED}, CF_NEW, 0},
  {"negative", 3, {3, 5, 7}, 2, {1, 2}, 1, {7}, BOTH, {CF_NEGATIVE, CF_NEGATIVE}, CF_NEW, 0},
  {"mixed", 3, {3, 5, 7}, 2, {0, 2}, 1, {7}, BOTH, {CF_MIXED, CF_STEPPED}, CF_NEW, 0},
  {"expanded", 3, {3, 5, 7}, 1, {2}, 2, {5, 7}, BOTH, {CF_EXPANDED, CF_EXPANDED}, CF_NEW, 0},
  {"ones", 5, {1, 5, 1, 7, 1}, 2, {2, 3}, 3, {1, 7, 1}, BOTH, {CF_ONES, CF_ONES}, CF_NEW, 0},
  {"rank16", 16, {1, 2, 1, 2, 1, 1, 2, 1, 2, 1, 1, 1, 2, 1, 2, 3}, 4, {1, 3, 8, 15}, 1, {3}, BOTH, {CF_TRANSPOSED, CF_DENSE}, CF_NEW, 0},
  {"empty", 2, {0, 5}, 1, {1}, 1, {5}, BOTH, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"over-nothing", 2, {5, 0}, 1, {1}, 1, {0}, BOTH, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"into", 2, {5, 9}, 1, {1}, 1, {9}, BOTH, {CF_DENSE, CF_DENSE}, CF_INTO, CF_OFFSET},
  {"into-stepped", 3, {3, 5, 7}, 1, {2}, 1, {7}, BOTH, {CF_ROWS, CF_DENSE}, CF_INTO, CF_STEPPED},
  {"into-transposed", 3, {3, 5, 7}, 1, {2}, 1, {7}, 0, {CF_DENSE, CF_DENSE}, CF_INTO, CF_TRANSPOSED},
  {"into-negative", 3, {3, 5, 7}, 1, {0}, 1, {7}, BOTH, {CF_DENSE, CF_DENSE}, CF_INTO, CF_NEGATIVE},
  {"inplace", 2, {5, 9}, 1, {1}, 1, {9}, BOTH, {CF_DENSE, CF_DENSE}, CF_IN_PLACE, 0},
  {"inplace-stepped", 3, {3, 5, 7}, 1, {1}, 1, {7}, BOTH, {CF_STEPPED, CF_DENSE}, CF_IN_PLACE, 0},
  {"inplace-clone", 2, {5, 9}, 1, {0}, 1, {9}, BOTH, {CF_DENSE, CF_DENSE}, CF_CLONE, 0},
  {"overlap", 2, {5, 9}, 1, {1}, 1, {9}, BOTH, {CF_OFFSET, CF_DENSE}, CF_OVERLAP, 0},
  {"overlap-flip", 2, {5, 9}, 1, {1}, 1, {9}, BOTH, {CF_OFFSET, CF_DENSE}, CF_OVERLAP_FLIP, 0},
};

static void norm_cell(cf_case *c, const norm_how *how, rt_dtype dtype, cf_class values) {
  rt_dtype compute = cf_compute_dtype(CF_ACCEPT_FLOAT, dtype);
  bool is_reduced[RT_MAX_RANK] = {false};
  c->form = how->form, c->out_layout = how->out, c->all_axes = how->n_axes < 0;
  for (int32_t d = 0; d < how->rank && c->all_axes; d++) is_reduced[d] = true;
  for (int k = 0; k < how->n_axes; k++) {
    c->axes.axis[c->axes.count++] = how->axes[k];
    is_reduced[how->axes[k] < 0 ? how->axes[k] + how->rank : how->axes[k]] = true;
  }
  unsigned present = c->op->id == CF_ID(RMS_NORM) ? how->present & ~(1u << BIAS) : how->present;
  arguments(c, dtype, compute, present, how->in, how->rank, how->shape, how->weight_rank, how->weight, values);
  const cf_array *x = &c->in[0].x;
  int64_t *group = cf_alloc(c, x->numel * (int64_t)sizeof *group), n_groups = 1;
  for (int32_t d = 0; d < x->rank; d++) n_groups *= is_reduced[d] ? 1 : x->shape[d];
  for (int64_t i = 0; i < x->numel; i++) group[i] = cf_bucket_of(x, is_reduced, i);
  const shared *all = statistics(c, compute, group, n_groups);
  for (int64_t i = 0; i < x->numel; i++)
    want_normalised(c, compute, i, from_group(c, compute, i, &all[group[i]]), seen(c, compute, WEIGHT, i, 1), seen(c, compute, BIAS, i, 0));
  cf_close(c);
}

static void refused(cf_grid *g, const cf_op *op, const char *name, rt_status status, double eps, int32_t axis, int64_t extent) {
  cf_case *c = cf_open(g, op, RT_F32, "%s", name);
  if (!c) return;
  c->call = call_norm, c->fails = status, c->param = eps;
  c->all_axes = false, c->axes = (rt_axes){1, {axis}}, c->axis = axis, c->window.groups = axis + 1;
  c->present = op->id == CF_ID(BATCH_NORM) ? 1 | 1u << BATCH_WEIGHT : 1 | 1u << WEIGHT;
  cf_input(c, 0, RT_F32, 2, (int64_t[]){3, 4});
  cf_input(c, 1, RT_F32, 1, &extent);
  for (int k = 0; k < 2; k++) cf_place(c, k, CF_DENSE);
  cf_close(c);
}

void cf_cases_norm(cf_grid *g, const cf_op *op) {
  for (int code = RT_BOOL; code < CF_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    for (size_t h = 0; h < CF_COUNT(hows); h++) {
      const cf_class *classes = cf_classes_of(dtype);
      for (int v = 0; classes[v] != CF_CLASSES; v++) {
        if (cf_is_float(dtype) ? v > 0 && h > 2 && dtype != RT_F32 : v > 0 || h > 1) continue;
        cf_case *c = cf_open(g, op, dtype, "%s/%s", hows[h].name, cf_class_name[classes[v]]);
        if (!c) continue;
        c->param = epsilons[(h + (size_t)v) % CF_COUNT(epsilons)];
        norm_cell(c, &hows[h], dtype, classes[v]);
      }
    }
  }
  refused(g, op, "refused-eps", RT_E_ARGUMENT, -1, 1, 4);
  refused(g, op, "refused-axis", RT_E_ARGUMENT, 1, 2, 4);
  refused(g, op, "refused-weight", RT_E_SHAPE, 1, 1, 3);
}

// ---- batch_norm -----------------------------------------------------------------------------------------------------------------------
typedef struct batch_how {
  const char *name;
  int32_t rank;
  int64_t shape[5];
  int32_t axis;    // group_norm: number of groups
  unsigned present;
  cf_layout in[2]; // of x, of the others
  cf_form form;
  cf_layout out;
} batch_how;
#define GIVEN (1u << MEAN | 1u << VARIANCE)
#define AFFINE (1u << BATCH_WEIGHT | 1u << BATCH_BIAS)
static const batch_how batches[] = {
  {"images", 4, {2, 5, 3, 4}, 1, GIVEN | AFFINE, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"training", 4, {2, 5, 3, 4}, 1, AFFINE, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"rows-of-numbers", 2, {7, 19}, 1, GIVEN | AFFINE, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"plain", 3, {3, 5, 7}, 1, GIVEN, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"weight-only", 3, {3, 5, 7}, 1, GIVEN | 1u << BATCH_WEIGHT, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"bias-only", 3, {3, 5, 7}, 1, GIVEN | 1u << BATCH_BIAS, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"channels-last", 4, {2, 3, 4, 6}, -1, GIVEN | AFFINE, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"channels-first", 2, {9, 11}, 0, GIVEN | AFFINE, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"line", 1, {131}, 0, GIVEN | AFFINE, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"3d", 5, {1, 3, 2, 3, 4}, 1, GIVEN | AFFINE, {CF_DENSE, CF_STEPPED}, CF_NEW, 0},
  {"transposed", 3, {3, 5, 7}, 1, GIVEN | AFFINE, {CF_TRANSPOSED, CF_NEGATIVE}, CF_NEW, 0},
  {"stepped", 3, {3, 5, 7}, 1, GIVEN | AFFINE, {CF_STEPPED, CF_OFFSET}, CF_NEW, 0},
  {"negative", 3, {3, 5, 7}, 1, GIVEN | AFFINE, {CF_NEGATIVE, CF_DENSE}, CF_NEW, 0},
  {"expanded", 3, {3, 5, 7}, 1, GIVEN | AFFINE, {CF_EXPANDED, CF_EXPANDED}, CF_NEW, 0},
  {"ones", 5, {1, 5, 1, 7, 1}, 1, GIVEN | AFFINE, {CF_ONES, CF_DENSE}, CF_NEW, 0},
  {"one-channel", 3, {3, 1, 7}, 1, GIVEN | AFFINE, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"empty", 3, {0, 5, 7}, 1, GIVEN | AFFINE, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"no-channels", 3, {3, 0, 7}, 1, GIVEN | AFFINE, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"into-stepped", 3, {3, 5, 7}, 1, GIVEN | AFFINE, {CF_DENSE, CF_DENSE}, CF_INTO, CF_STEPPED},
  {"into-transposed", 3, {3, 5, 7}, 1, GIVEN | AFFINE, {CF_DENSE, CF_DENSE}, CF_INTO, CF_TRANSPOSED},
  {"inplace", 3, {3, 5, 7}, 1, GIVEN | AFFINE, {CF_DENSE, CF_DENSE}, CF_IN_PLACE, 0},
  {"inplace-clone", 3, {3, 5, 7}, 1, GIVEN | AFFINE, {CF_DENSE, CF_DENSE}, CF_CLONE, 0},
  {"overlap", 3, {3, 5, 7}, 1, GIVEN | AFFINE, {CF_OFFSET, CF_DENSE}, CF_OVERLAP, 0},
  {"training-plain", 2, {19, 6}, 1, 0, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"training-transposed", 3, {3, 5, 7}, 1, AFFINE, {CF_TRANSPOSED, CF_STEPPED}, CF_NEW, 0},
  {"training-into", 3, {3, 5, 7}, -2, AFFINE, {CF_NEGATIVE, CF_DENSE}, CF_INTO, CF_STEPPED},
  {"training-inplace", 3, {3, 5, 7}, 0, AFFINE, {CF_DENSE, CF_DENSE}, CF_IN_PLACE, 0},
  {"training-empty", 3, {0, 5, 7}, 1, AFFINE, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
};

static void batch_cell(cf_case *c, const batch_how *how, rt_dtype dtype, cf_class values) {
  rt_dtype compute = cf_compute_dtype(CF_ACCEPT_FLOAT, dtype);
  int32_t axis = how->axis < 0 ? how->axis + how->rank : how->axis;
  int64_t channels = how->shape[axis], inner = 1;
  for (int32_t d = axis + 1; d < how->rank; d++) inner *= how->shape[d];
  c->form = how->form, c->out_layout = how->out, c->axis = how->axis;
  arguments(c, dtype, compute, how->present, how->in, how->rank, how->shape, 1, &channels, values);
  const cf_array *x = &c->in[0].x;
  int64_t *channel = cf_alloc(c, x->numel * (int64_t)sizeof *channel);
  for (int64_t i = 0; i < x->numel; i++) channel[i] = i / inner % channels;
  const shared *all = how->present & 1u << MEAN ? NULL : statistics(c, compute, channel, channels);
  for (int64_t i = 0; i < x->numel; i++) {
    cf_real of[5];
    for (int k = 1; k < 5; k++) of[k] = slot_of(c, k) < 0 ? (k == BATCH_WEIGHT) : value_of(&c->in[slot_of(c, k)].x, compute, channel[i]);
    apart p = all ? from_group(c, compute, i, &all[channel[i]]) : (apart){value_of(x, compute, i) - of[MEAN], 0, of[VARIANCE], 0, 1};
    want_normalised(c, compute, i, p, of[BATCH_WEIGHT], of[BATCH_BIAS]);
  }
  cf_close(c);
}

// ---- group_norm -----------------------------------------------------------------------------------------------------------------------
static const batch_how groupings[] = {
  {"images", 4, {2, 6, 3, 4}, 3, BOTH, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"instance", 4, {2, 5, 3, 4}, 5, BOTH, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"one-group", 3, {3, 4, 5}, 1, BOTH, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"channels-only", 2, {5, 12}, 4, BOTH, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"plain", 3, {2, 6, 5}, 2, 0, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"weight-only", 3, {2, 6, 5}, 2, 1u << WEIGHT, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"transposed", 3, {3, 6, 7}, 2, BOTH, {CF_TRANSPOSED, CF_NEGATIVE}, CF_NEW, 0},
  {"stepped", 3, {3, 6, 7}, 3, BOTH, {CF_STEPPED, CF_STEPPED}, CF_NEW, 0},
  {"negative", 3, {3, 6, 7}, 3, BOTH, {CF_NEGATIVE, CF_DENSE}, CF_NEW, 0},
  {"expanded", 3, {3, 6, 7}, 3, BOTH, {CF_EXPANDED, CF_EXPANDED}, CF_NEW, 0},
  {"empty", 3, {0, 6, 7}, 3, BOTH, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"no-channels", 3, {2, 0, 7}, 1, BOTH, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"into-stepped", 3, {3, 6, 7}, 2, BOTH, {CF_DENSE, CF_DENSE}, CF_INTO, CF_STEPPED},
  {"into-transposed", 3, {3, 6, 7}, 2, BOTH, {CF_DENSE, CF_DENSE}, CF_INTO, CF_TRANSPOSED},
  {"inplace", 3, {3, 6, 7}, 2, BOTH, {CF_DENSE, CF_DENSE}, CF_IN_PLACE, 0},
  {"inplace-clone", 3, {3, 6, 7}, 2, BOTH, {CF_DENSE, CF_DENSE}, CF_CLONE, 0},
  {"overlap", 3, {3, 6, 7}, 2, BOTH, {CF_OFFSET, CF_DENSE}, CF_OVERLAP, 0},
};

static void group_cell(cf_case *c, const batch_how *how, rt_dtype dtype, cf_class values) {
  rt_dtype compute = cf_compute_dtype(CF_ACCEPT_FLOAT, dtype);
  int64_t channels = how->shape[1], groups = how->axis, inner = 1;
  for (int32_t d = 2; d < how->rank; d++) inner *= how->shape[d];
  c->form = how->form, c->out_layout = how->out, c->window.groups = how->axis;
  arguments(c, dtype, compute, how->present, how->in, how->rank, how->shape, 1, &channels, values);
  const cf_array *x = &c->in[0].x;
  int64_t *group = cf_alloc(c, x->numel * (int64_t)sizeof *group);
  for (int64_t i = 0; i < x->numel; i++) group[i] = i / inner / channels * groups + i / inner % channels / (channels / groups);
  const shared *all = statistics(c, compute, group, how->shape[0] * groups);
  for (int64_t i = 0; i < x->numel; i++) {
    int w = slot_of(c, WEIGHT), b = slot_of(c, BIAS);
    int64_t channel = i / inner % channels;
    want_normalised(c, compute, i, from_group(c, compute, i, &all[group[i]]), w < 0 ? 1 : value_of(&c->in[w].x, compute, channel),
                    b < 0 ? 0 : value_of(&c->in[b].x, compute, channel));
  }
  cf_close(c);
}

void cf_cases_norm_of_channels(cf_grid *g, const cf_op *op) {
  bool is_batch = op->id == CF_ID(BATCH_NORM);
  const batch_how *table = is_batch ? batches : groupings;
  size_t n = is_batch ? CF_COUNT(batches) : CF_COUNT(groupings);
  for (int code = RT_BOOL; code < CF_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    for (size_t h = 0; h < n; h++) {
      const cf_class *classes = cf_classes_of(dtype);
      for (int v = 0; classes[v] != CF_CLASSES; v++) {
        if (cf_is_float(dtype) ? v > 0 && h > 1 && dtype != RT_F32 : v > 0 || h > 1) continue;
        cf_case *c = cf_open(g, op, dtype, "%s/%s", table[h].name, cf_class_name[classes[v]]);
        if (!c) continue;
        c->param = epsilons[(h + (size_t)v) % CF_COUNT(epsilons)];
        (is_batch ? batch_cell : group_cell)(c, &table[h], dtype, classes[v]);
      }
    }
  }
  refused(g, op, "refused-eps", RT_E_ARGUMENT, -1, 1, 4);
  refused(g, op, is_batch ? "refused-axis" : "refused-groups", RT_E_ARGUMENT, 1, 2, 4);
  refused(g, op, "refused-weight", RT_E_SHAPE, 1, 1, 3);
}
