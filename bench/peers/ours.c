// SPDX-License-Identifier: BSD-3-Clause
// Trivet in the comparisons: operands are imported in place, outputs are its own.
#include <trivet/rt.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contest.h"

static rt_ctx *ctx;
static const rt_axes last_axis = {1, {-1}};

typedef struct state state;
typedef rt_status call(const state *s, rt_tensor **out); // NULL: writes s->out
struct state {
  rt_tensor *a, *b, *c, *out, *last;
  rt_window window;
  call *call;
  bool given;
};

static rt_status call_matmul(const state *s, rt_tensor **out) {
  return out ? rt_matmul(s->a, s->b, out) : rt_matmul_into(s->a, s->b, s->out);
}
static rt_status call_conv(const state *s, rt_tensor **out) {
  return out ? rt_conv(s->a, s->b, s->c, &s->window, out) : rt_conv_into(s->a, s->b, s->c, &s->window, s->out);
}
static rt_status call_add(const state *s, rt_tensor **out) { return out ? rt_add(s->a, s->b, out) : rt_add_into(s->a, s->b, s->out); }
static rt_status call_add_scalar(const state *s, rt_tensor **out) {
  return out ? rt_add_scalar(s->a, rt_float(2.5), out) : rt_add_scalar_into(s->a, rt_float(2.5), s->out);
}
static rt_status call_relu(const state *s, rt_tensor **out) { return out ? rt_relu(s->a, out) : rt_relu_into(s->a, s->out); }
static rt_status call_tanh(const state *s, rt_tensor **out) { return out ? rt_tanh(s->a, out) : rt_tanh_into(s->a, s->out); }
static rt_status call_exp(const state *s, rt_tensor **out) { return out ? rt_exp(s->a, out) : rt_exp_into(s->a, s->out); }
static rt_status call_gelu(const state *s, rt_tensor **out) { return out ? rt_gelu(s->a, out) : rt_gelu_into(s->a, s->out); }
static rt_status call_softmax(const state *s, rt_tensor **out) {
  return out ? rt_softmax(s->a, -1, out) : rt_softmax_into(s->a, -1, s->out);
}
static rt_status call_sum(const state *s, rt_tensor **out) { return rt_sum(s->a, NULL, false, RT_DTYPE_NONE, out); }
static rt_status call_max(const state *s, rt_tensor **out) { return rt_max(s->a, NULL, false, out); }
static rt_status call_layer_norm(const state *s, rt_tensor **out) {
  return out ? rt_layer_norm(s->a, &last_axis, s->b, s->c, 1e-5, out) : rt_layer_norm_into(s->a, &last_axis, s->b, s->c, 1e-5, s->out);
}

static const struct {
  const char *row;
  call *call;
} calls[] = { // the first that the row begins with
  {"matmul", call_matmul},
  {"matvec", call_matmul},
  {"vecmat", call_matmul},
  {"conv", call_conv},
  {"add_scalar", call_add_scalar},
  {"add", call_add},
  {"relu", call_relu},
  {"tanh", call_tanh},
  {"exp", call_exp},
  {"gelu", call_gelu},
  {"softmax", call_softmax},
  {"sum", call_sum},
  {"max", call_max},
  {"layer_norm", call_layer_norm}};

static bool complain(void) { return fprintf(stderr, "contest: Trivet: %s\n", rt_last_error()), false; }

static bool start(int32_t n_threads, char *text, size_t bytes) {
  rt_backend_desc first;
  rt_ctx_options options = {.size = sizeof options, .n_threads = n_threads};
  if (rt_ctx_create(&options, &ctx) != RT_OK || rt_backend_describe(ctx, 0, &first) != RT_OK) return complain();
  snprintf(text, bytes, "Trivet %s (%s)", rt_version(), first.name);
  return true;
}

static rt_tensor *import(const operand *o) {
  rt_tensor *t = NULL, *view = NULL;
  int64_t shape[4] = {o->shape[0], o->shape[1], o->shape[2], o->shape[3]};
  if (o->rank == 0) return NULL;
  if (o->transposed) shape[o->rank - 2] = o->shape[o->rank - 1], shape[o->rank - 1] = o->shape[o->rank - 2];
  if (rt_import(ctx, RT_F32, o->rank, shape, NULL, o->data, true, NULL, NULL, &t) != RT_OK) complain();
  if (!o->transposed) return t;
  if (rt_transpose(t, -2, -1, &view) != RT_OK) complain();
  rt_release(t);
  return view;
}

static void finish(void *self) {
  state *s = self;
  rt_release(s->a), rt_release(s->b), rt_release(s->c), rt_release(s->out), rt_release(s->last);
  free(s);
}

static void *prepare(const job *j) {
  state *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  for (size_t i = 0; i < sizeof calls / sizeof *calls && !s->call; i++)
    if (strncmp(j->row, calls[i].row, strlen(calls[i].row)) == 0) s->call = calls[i].call;
  s->given = j->given;
  s->window = (rt_window){.stride = {j->stride, j->stride}, .pad_lo = {j->pad, j->pad}, .pad_hi = {j->pad, j->pad}, .groups = j->groups};
  s->a = import(&j->a), s->b = import(&j->b), s->c = import(&j->c);
  if (s->call && (!s->given || rt_empty(ctx, RT_F32, j->out.rank, j->out.shape, &s->out) == RT_OK)) return s;
  finish(s);
  return NULL;
}

static bool run(void *self, int64_t n) {
  state *s = self;
  rt_tensor *out = NULL;
  if (s->given) {
    for (int64_t i = 0; i < n; i++)
      if (s->call(s, NULL) != RT_OK) return complain();
    return true;
  }
  for (int64_t i = 0; i < n; i++) {
    rt_release(out); // as a program does: the old result goes when the next one is there
    if (s->call(s, &out) != RT_OK) return complain();
  }
  rt_release(s->last);
  s->last = out;
  return true;
}

static void read_result(void *self, const operand *out) {
  state *s = self;
  rt_tensor *t = s->given ? s->out : s->last;
  if (rt_read(t, out->data, (size_t)rt_tensor_numel(t) * sizeof *out->data) != RT_OK) complain();
}

const contender ours = {"Trivet", start, prepare, run, read_result, finish, NULL};
