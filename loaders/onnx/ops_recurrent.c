// SPDX-License-Identifier: BSD-3-Clause
// RNN, GRU and LSTM of ONNX, one direction after the other and one step after the other. The products with the input are made for all steps at
// once; each step adds the product with the state before it. Sequences that are shorter than the longest keep their state and give zeros.
#include <string.h>

#include "ops.h"

#define MAX_ACTIVATIONS 3

typedef struct activation { const char *name; double alpha, beta; } activation;

// What one node says. Shapes: X [steps,batch,inputs], W [directions,gates*hidden,inputs], R [directions,gates*hidden,hidden].
typedef struct layer {
  const rt_tensor *x, *w, *r, *bias, *lengths, *peepholes, *first[2]; // first: h, c; NULL: zeros
  int64_t steps, batch, inputs, hidden, gates;
  int32_t n_directions, n_activations;
  bool backwards, batch_first, coupled, late_reset, has_clip; // backwards: the first direction
  double clip;
  activation activations[2][MAX_ACTIVATIONS];
} layer;

// One direction of it.
typedef struct pass {
  const layer *l;
  const rt_tensor *x;           // [steps,batch,gates*hidden]: the products with the input and the biases
  const rt_tensor *r;           // [hidden,gates*hidden]
  const rt_tensor *reset_bias;  // [hidden], of a GRU that resets after the product; else NULL
  const rt_tensor *peepholes[3]; // [hidden] each: i o f
  const activation *f;
} pass;

typedef struct state { const rt_tensor *h, *c; } state; // [batch,hidden]

// ---- activations -------------------------------------------------------------------------------------------------------------------------------

static const struct { const char *name; double alpha, beta; uint8_t n_parameters; } functions[] = {
    {"Sigmoid", 0, 0, 0}, {"Tanh", 0, 0, 0}, {"Relu", 0, 0, 0}, {"Softsign", 0, 0, 0}, {"Softplus", 0, 0, 0}, {"Affine", 1, 0, 2}, {"ScaledTanh", 1, 1, 2},
    {"HardSigmoid", 0.2f, 0.5, 2}, {"LeakyRelu", 0.01f, 0, 1}, {"ThresholdedRelu", 1, 0, 1}, {"Elu", 1, 0, 1}};

static const rt_tensor *affine(rti_onnx_call *call, const rt_tensor *x, double factor, double offset) {
  STEP(scaled, rt_mul_scalar, x, rt_float(factor));
  STEP(y, rt_add_scalar, scaled, rt_float(offset));
  return y;
}

static const rt_tensor *activate(rti_onnx_call *call, const pass *p, int32_t index, const rt_tensor *x) {
  const activation *f = &p->f[index];
  if (p->l->has_clip) {
    STEP_TO(x, rt_maximum_scalar, x, rt_float(-p->l->clip));
    STEP_TO(x, rt_minimum_scalar, x, rt_float(p->l->clip));
  }
  static const struct { const char *name; rt_status (*run)(const rt_tensor *x, rt_tensor **out); } plain[] = {
      {"Sigmoid", rt_sigmoid}, {"Tanh", rt_tanh}, {"Relu", rt_relu}, {"Softsign", rt_softsign}, {"Softplus", rt_softplus}};
  for (size_t i = 0; i < RTI_IO_COUNT(plain); i++)
    if (!strcmp(plain[i].name, f->name)) {
      STEP(y, plain[i].run, x);
      return y;
    }
  const rt_tensor *y = NULL;
  if (!strcmp(f->name, "LeakyRelu")) STEP_TO(y, rt_leaky_relu, x, f->alpha);
  else if (!strcmp(f->name, "Elu")) STEP_TO(y, rt_elu, x, f->alpha);
  else if (!strcmp(f->name, "Affine")) y = affine(call, x, f->alpha, f->beta);
  else if (!strcmp(f->name, "ScaledTanh")) {
    STEP(inner, rt_mul_scalar, x, rt_float(f->beta));
    STEP(bent, rt_tanh, inner);
    STEP_TO(y, rt_mul_scalar, bent, rt_float(f->alpha));
  } else if (!strcmp(f->name, "HardSigmoid")) {
    const rt_tensor *line = affine(call, x, f->alpha, f->beta);
    STEP(low, rt_minimum_scalar, line, rt_float(1));
    STEP_TO(y, rt_maximum_scalar, low, rt_float(0));
  } else { // ThresholdedRelu
    STEP(zero, rt_full, call->ctx, rt_tensor_dtype(x), 0, NULL, rt_float(0));
    STEP(is_above, rt_gt_scalar, x, rt_float(f->alpha));
    STEP_TO(y, rt_where, is_above, x, zero);
  }
  return y;
}

// Parameters are consumed in the order of the functions that have them, and are their operation's default where the list ends.
static void read_activations(rti_onnx_call *call, layer *l, const char *const *usual) {
  const rti_onnx_attr *names = rti_call_attr(call, "activations"), *alphas = rti_call_attr(call, "activation_alpha"), *betas = rti_call_attr(call, "activation_beta");
  const int32_t n = l->n_directions * l->n_activations;
  int64_t next_alpha = 0, next_beta = 0;
  if (names && names->n != n) rti_call_fail(call, RT_E_FORMAT, "%lld activations instead of %d", (long long)names->n, n);
  for (int32_t i = 0; i < n && call->status == RT_OK; i++) {
    activation *a = &l->activations[i / l->n_activations][i % l->n_activations];
    const char *wanted = names ? names->strings[i] : usual[i % l->n_activations];
    size_t k = 0;
    while (k < RTI_IO_COUNT(functions) && strcmp(functions[k].name, wanted) != 0) k++;
    if (k == RTI_IO_COUNT(functions)) {
      rti_call_fail(call, RT_E_UNSUPPORTED, "activation '%.40s' is not known", wanted);
      return;
    }
    *a = (activation){functions[k].name, functions[k].alpha, functions[k].beta};
    if (functions[k].n_parameters > 0 && alphas && next_alpha < alphas->n) a->alpha = (double)alphas->floats[next_alpha++];
    if (functions[k].n_parameters > 1 && betas && next_beta < betas->n) a->beta = (double)betas->floats[next_beta++];
  }
}

// ---- what a node says --------------------------------------------------------------------------------------------------------------------------

static void expect_shape(rti_onnx_call *call, const rt_tensor *t, const char *what, int32_t rank, const int64_t *shape) {
  if (!t || call->status != RT_OK) return;
  if (rt_tensor_rank(t) == rank && (rank == 0 || !memcmp(rt_tensor_shape(t), shape, (size_t)rank * sizeof *shape))) return;
  rti_io_text have, want;
  rti_call_fail(call, RT_E_SHAPE, "%s has shape %s instead of %s", what, rti_io_shape_text(&have, rt_tensor_rank(t), rt_tensor_shape(t)), rti_io_shape_text(&want, rank, shape));
}

// [batch,directions,hidden] as [directions,batch,hidden], or the other way round.
static const rt_tensor *swap_batch(rti_onnx_call *call, const rt_tensor *t, bool wanted) {
  if (!t || !wanted || call->status != RT_OK) return t;
  if (rt_tensor_rank(t) != 3) {
    rti_call_fail(call, RT_E_SHAPE, "an input of %d dimensions instead of 3", rt_tensor_rank(t));
    return NULL;
  }
  STEP(y, rt_transpose, t, 0, 1);
  return y;
}

static void read_lengths(rti_onnx_call *call, layer *l) {
  int64_t n;
  const int64_t *lengths = rti_call_ints(call, 4, &n);
  if (!lengths) return;
  if (n != l->batch) rti_call_fail(call, RT_E_SHAPE, "%lld sequence_lens for a batch of %lld", (long long)n, (long long)l->batch);
  for (int64_t i = 0; i < n && call->status == RT_OK; i++)
    if (lengths[i] < 0 || lengths[i] > l->steps) rti_call_fail(call, RT_E_SHAPE, "a sequence of %lld of %lld steps", (long long)lengths[i], (long long)l->steps);
  if (call->status != RT_OK) return;
  const int64_t column[2] = {n, 1};
  STEP_TO(l->lengths, rt_from_data, call->ctx, RT_I64, 2, column, lengths);
}

static layer read_layer(rti_onnx_call *call, int64_t gates, int32_t n_activations, const char *const *usual) {
  layer l = {.gates = gates, .n_activations = n_activations};
  const char *direction = rti_call_s(call, "direction", "forward");
  const bool both = !strcmp(direction, "bidirectional");
  l.backwards = !strcmp(direction, "reverse");
  l.n_directions = both ? 2 : 1;
  if (!both && !l.backwards && strcmp(direction, "forward") != 0) rti_call_fail(call, RT_E_UNSUPPORTED, "direction '%.40s' is not known", direction);
  l.batch_first = rti_call_i(call, "layout", 0) != 0;
  l.coupled = rti_call_i(call, "input_forget", 0) != 0;
  l.late_reset = rti_call_i(call, "linear_before_reset", 0) != 0;
  l.has_clip = rti_call_attr(call, "clip") != NULL;
  l.clip = rti_call_f(call, "clip", 0);
  l.x = swap_batch(call, rti_call_in(call, 0), l.batch_first);
  l.w = rti_call_in(call, 1);
  l.r = rti_call_in(call, 2);
  l.bias = rti_call_in(call, 3);
  l.first[0] = swap_batch(call, rti_call_in(call, 5), l.batch_first);
  l.first[1] = swap_batch(call, rti_call_in(call, 6), l.batch_first);
  l.peepholes = rti_call_in(call, 7);
  const rt_tensor *all[] = {l.w, l.r, l.bias, l.first[0], l.first[1], l.peepholes};
  for (size_t i = 0; i < RTI_IO_COUNT(all); i++) rti_call_same_dtype(call, l.x, all[i]);
  if (call->status == RT_OK && (rt_tensor_rank(l.x) != 3 || rt_tensor_rank(l.r) != 3))
    rti_call_fail(call, RT_E_SHAPE, "X and R have %d and %d dimensions instead of 3", rt_tensor_rank(l.x), rt_tensor_rank(l.r));
  if (call->status != RT_OK) return l;
  l.steps = rt_tensor_shape(l.x)[0];
  l.batch = rt_tensor_shape(l.x)[1];
  l.inputs = rt_tensor_shape(l.x)[2];
  l.hidden = rt_tensor_shape(l.r)[2];
  if (rti_call_i(call, "hidden_size", l.hidden) != l.hidden || l.hidden < 1 || l.hidden > INT32_MAX)
    rti_call_fail(call, RT_E_SHAPE, "hidden_size is %lld, R is made for %lld", (long long)rti_call_i(call, "hidden_size", l.hidden), (long long)l.hidden);
  if (l.steps > RTI_ONNX_HOST_LIMIT) rti_call_fail(call, RT_E_SHAPE, "%lld steps are more than %d", (long long)l.steps, RTI_ONNX_HOST_LIMIT);
  const int64_t d = l.n_directions, rows = gates * l.hidden;
  expect_shape(call, l.w, "W", 3, (const int64_t[]){d, rows, l.inputs});
  expect_shape(call, l.r, "R", 3, (const int64_t[]){d, rows, l.hidden});
  expect_shape(call, l.bias, "B", 2, (const int64_t[]){d, 2 * rows});
  expect_shape(call, l.first[0], "initial_h", 3, (const int64_t[]){d, l.batch, l.hidden});
  expect_shape(call, l.first[1], "initial_c", 3, (const int64_t[]){d, l.batch, l.hidden});
  expect_shape(call, l.peepholes, "P", 2, (const int64_t[]){d, 3 * l.hidden});
  if (call->status == RT_OK) read_lengths(call, &l);
  read_activations(call, &l, usual);
  return l;
}

// ---- one step ------------------------------------------------------------------------------------------------------------------------------------

// The columns of `n` gates from gate `first` on.
static const rt_tensor *gate(rti_onnx_call *call, const pass *p, const rt_tensor *t, int64_t first, int64_t n) {
  STEP(y, rt_slice, t, -1, first * p->l->hidden, (first + n) * p->l->hidden, 1);
  return y;
}

// t plus the product of h with the columns of R for `n` gates from `first` on.
static const rt_tensor *add_product(rti_onnx_call *call, const pass *p, const rt_tensor *t, const rt_tensor *h, int64_t first, int64_t n) {
  const rt_tensor *columns = gate(call, p, p->r, first, n);
  STEP(product, rt_matmul, h, columns);
  STEP(y, rt_add, t, product);
  return y;
}

static state step_rnn(rti_onnx_call *call, const pass *p, const rt_tensor *x, state s) {
  return (state){activate(call, p, 0, add_product(call, p, x, s.h, 0, 1)), NULL};
}

// z r h: h' = (1 - z) g(...) + z h
static state step_gru(rti_onnx_call *call, const pass *p, const rt_tensor *x, state s) {
  const rt_tensor *both = activate(call, p, 0, add_product(call, p, gate(call, p, x, 0, 2), s.h, 0, 2));
  const rt_tensor *z = gate(call, p, both, 0, 1), *r = gate(call, p, both, 1, 1), *inner = gate(call, p, x, 2, 1);
  if (p->l->late_reset) {
    const rt_tensor *columns = gate(call, p, p->r, 2, 1);
    STEP(product, rt_matmul, s.h, columns);
    const rt_tensor *whole = product;
    if (p->reset_bias) STEP_TO(whole, rt_add, whole, p->reset_bias);
    STEP(kept, rt_mul, r, whole);
    STEP_TO(inner, rt_add, inner, kept);
  } else {
    STEP(kept, rt_mul, r, s.h);
    inner = add_product(call, p, inner, kept, 2, 1);
  }
  const rt_tensor *fresh = activate(call, p, 1, inner);
  STEP(difference, rt_sub, s.h, fresh);
  STEP(moved, rt_mul, z, difference);
  STEP(h, rt_add, fresh, moved);
  return (state){h, NULL};
}

static const rt_tensor *peep(rti_onnx_call *call, const pass *p, int32_t which, const rt_tensor *t, const rt_tensor *c) {
  if (!p->peepholes[which]) return t;
  STEP(seen, rt_mul, c, p->peepholes[which]);
  STEP(y, rt_add, t, seen);
  return y;
}

// i o f c: c' = f c + i g(...), h' = o h(c')
static state step_lstm(rti_onnx_call *call, const pass *p, const rt_tensor *x, state s) {
  const rt_tensor *all = add_product(call, p, x, s.h, 0, 4);
  const rt_tensor *i = activate(call, p, 0, peep(call, p, 0, gate(call, p, all, 0, 1), s.c)), *f = NULL;
  if (p->l->coupled) f = affine(call, i, -1, 1);
  else f = activate(call, p, 0, peep(call, p, 2, gate(call, p, all, 2, 1), s.c));
  const rt_tensor *fresh = activate(call, p, 1, gate(call, p, all, 3, 1));
  STEP(kept, rt_mul, f, s.c);
  STEP(added, rt_mul, i, fresh);
  STEP(c, rt_add, kept, added);
  const rt_tensor *o = activate(call, p, 0, peep(call, p, 1, gate(call, p, all, 1, 1), c));
  const rt_tensor *shown = activate(call, p, 2, c);
  STEP(h, rt_mul, o, shown);
  return (state){h, c};
}

typedef state (*step_function)(rti_onnx_call *call, const pass *p, const rt_tensor *x, state s);

// ---- all steps -----------------------------------------------------------------------------------------------------------------------------------

static pass open_pass(rti_onnx_call *call, const layer *l, int32_t direction) {
  pass p = {.l = l, .f = l->activations[direction]};
  STEP(w, rt_select, l->w, 0, direction);
  STEP(w_turned, rt_transpose, w, 0, 1);
  STEP(x, rt_matmul, l->x, w_turned);
  STEP(r, rt_select, l->r, 0, direction);
  STEP_TO(p.r, rt_transpose, r, 0, 1);
  p.x = x;
  const int64_t rows = l->gates * l->hidden;
  if (l->bias) {
    STEP(both, rt_select, l->bias, 0, direction);
    STEP(of_w, rt_slice, both, 0, 0, rows, 1);
    STEP(of_r, rt_slice, both, 0, rows, 2 * rows, 1);
    if (l->late_reset) { // the last gate's bias belongs inside of the reset
      p.reset_bias = gate(call, &p, of_r, 2, 1);
      int64_t low[1] = {0}, high[1] = {l->hidden};
      const rt_tensor *others = gate(call, &p, of_r, 0, 2);
      STEP_TO(of_r, rt_pad, others, low, high, RT_PAD_CONSTANT, rt_float(0));
    }
    STEP(sum, rt_add, of_w, of_r);
    STEP_TO(p.x, rt_add, p.x, sum);
  }
  if (l->peepholes) {
    STEP(peepholes, rt_select, l->peepholes, 0, direction);
    for (int32_t i = 0; i < 3; i++) p.peepholes[i] = gate(call, &p, peepholes, i, 1);
  }
  return p;
}

static const rt_tensor *first_state(rti_onnx_call *call, const layer *l, int32_t which, int32_t direction) {
  const rt_tensor *y = NULL;
  if (l->first[which]) STEP_TO(y, rt_select, l->first[which], 0, direction);
  else STEP_TO(y, rt_zeros, call->ctx, rt_tensor_dtype(l->x), 2, (const int64_t[]){l->batch, l->hidden});
  return y;
}

// Where a sequence has ended, the state stays and the output is zero.
static state end_sequences(rti_onnx_call *call, const layer *l, int64_t t, state before, state after, const rt_tensor **y) {
  *y = after.h;
  if (!l->lengths) return after;
  STEP(runs, rt_gt_scalar, l->lengths, rt_int(t));
  STEP(zero, rt_full, call->ctx, rt_tensor_dtype(l->x), 0, NULL, rt_float(0));
  STEP_TO(*y, rt_where, runs, after.h, zero);
  STEP(h, rt_where, runs, after.h, before.h);
  const rt_tensor *c = NULL;
  if (after.c) STEP_TO(c, rt_where, runs, after.c, before.c);
  return (state){h, c};
}

// Runs one direction; *out_y becomes [steps,batch,hidden].
static state run_pass(rti_onnx_call *call, const layer *l, int32_t direction, step_function step, const rt_tensor **out_y) {
  const bool backwards = direction == 1 || l->backwards;
  const pass p = open_pass(call, l, direction);
  state s = {first_state(call, l, 0, direction), l->gates == 4 ? first_state(call, l, 1, direction) : NULL};
  rt_tensor **outputs = rti_call_buffer(call, (uint64_t)l->steps, sizeof *outputs);
  int64_t n = 0;
  for (; n < l->steps && rti_call_round(call); n++) {
    const int64_t t = backwards ? l->steps - 1 - n : n;
    const int32_t mark = call->n_owned;
    const rt_tensor *y = NULL;
    STEP(x, rt_select, p.x, 0, t);
    s = end_sequences(call, l, t, s, step(call, &p, x, s), &y);
    outputs[t] = rt_retain(y);
    const rt_tensor *kept[2] = {s.h, s.c};
    rti_call_drop(call, mark, kept, 2);
    s = (state){kept[0], kept[1]};
  }
  *out_y = NULL;
  if (l->steps == 0) STEP_TO(*out_y, rt_zeros, call->ctx, rt_tensor_dtype(l->x), 3, (const int64_t[]){0, l->batch, l->hidden});
  else STEP_TO(*out_y, rt_stack, (int32_t)l->steps, (const rt_tensor *const *)outputs, 0);
  for (int64_t t = 0; outputs && t < l->steps; t++) rt_release(outputs[t]);
  return s;
}

static void run_layer(rti_onnx_call *call, int64_t gates, int32_t n_activations, const char *const *usual, step_function step) {
  const layer l = read_layer(call, gates, n_activations, usual);
  const rt_tensor *y[2] = {NULL, NULL}, *h[2] = {NULL, NULL}, *c[2] = {NULL, NULL};
  for (int32_t d = 0; d < l.n_directions && call->status == RT_OK; d++) {
    const state s = run_pass(call, &l, d, step, &y[d]);
    h[d] = s.h;
    c[d] = s.c;
  }
  STEP(all_y, rt_stack, l.n_directions, y, 1); // [steps,directions,batch,hidden]
  STEP(all_h, rt_stack, l.n_directions, h, 0);
  const rt_tensor *shown = all_y;
  const rt_axes order = {4, {2, 0, 1, 3}};
  if (l.batch_first) STEP_TO(shown, rt_permute, all_y, &order);
  rti_call_out(call, 0, shown);
  rti_call_out(call, 1, swap_batch(call, all_h, l.batch_first));
  if (gates != 4) return;
  STEP(all_c, rt_stack, l.n_directions, c, 0);
  rti_call_out(call, 2, swap_batch(call, all_c, l.batch_first));
}

static void run_rnn(rti_onnx_call *call) {
  static const char *const usual[] = {"Tanh"};
  run_layer(call, 1, 1, usual, step_rnn);
}

static void run_gru(rti_onnx_call *call) {
  static const char *const usual[] = {"Sigmoid", "Tanh"};
  run_layer(call, 3, 2, usual, step_gru);
}

static void run_lstm(rti_onnx_call *call) {
  static const char *const usual[] = {"Sigmoid", "Tanh", "Tanh"};
  run_layer(call, 4, 3, usual, step_lstm);
}

#define COMMON "activation_alpha:F activation_beta:F activations:S clip:f direction:s hidden_size:i"

static const rti_onnx_op rows[] = {
    // name since in    out attributes                              run
    {"RNN",    1, 3, 6, 2, COMMON " output_sequence:-",             run_rnn, NULL, NULL},
    {"RNN",    7, 3, 6, 2, COMMON,                                  run_rnn, NULL, NULL},
    {"RNN",   14, 3, 6, 2, COMMON " layout:i",                      run_rnn, NULL, NULL},
    {"GRU",    1, 3, 6, 2, COMMON " output_sequence:-",             run_gru, NULL, NULL},
    {"GRU",    3, 3, 6, 2, COMMON " output_sequence:- linear_before_reset:i", run_gru, NULL, NULL},
    {"GRU",    7, 3, 6, 2, COMMON " linear_before_reset:i",         run_gru, NULL, NULL},
    {"GRU",   14, 3, 6, 2, COMMON " layout:i linear_before_reset:i", run_gru, NULL, NULL},
    {"LSTM",   1, 3, 8, 3, COMMON " input_forget:i output_sequence:-", run_lstm, NULL, NULL},
    {"LSTM",   7, 3, 8, 3, COMMON " input_forget:i",                run_lstm, NULL, NULL},
    {"LSTM",  14, 3, 8, 3, COMMON " input_forget:i layout:i",       run_lstm, NULL, NULL},
};

const rti_onnx_ops rti_onnx_recurrent_ops = {"", rows, (int32_t)RTI_IO_COUNT(rows), false};
