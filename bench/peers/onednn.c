// SPDX-License-Identifier: BSD-3-Clause
// oneDNN (2.6 and later) in the comparisons: matrix products on plain layouts, as ours; convolutions in the layouts that oneDNN itself prefers, into
// which images and weights are brought before the clock starts. Its C interface changed with version 3: the macros below are the difference.
#include <dnnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contest.h"

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t layout;
typedef const_dnnl_memory_desc_t layout_ref;
#define REF(l) (l)
#define LAYOUT_PLAIN(l, n, dims, strides) dnnl_memory_desc_create_with_strides(l, n, dims, dnnl_f32, strides)
#define LAYOUT_ANY(l, n, dims) dnnl_memory_desc_create_with_tag(l, n, dims, dnnl_f32, dnnl_format_tag_any)
#define LAYOUT_FREE(l) dnnl_memory_desc_destroy(l)
#else
typedef dnnl_memory_desc_t layout;
typedef const dnnl_memory_desc_t *layout_ref;
#define REF(l) (&(l))
#define LAYOUT_PLAIN(l, n, dims, strides) dnnl_memory_desc_init_by_strides(l, n, dims, dnnl_f32, strides)
#define LAYOUT_ANY(l, n, dims) dnnl_memory_desc_init_by_tag(l, n, dims, dnnl_f32, dnnl_format_tag_any)
#define LAYOUT_FREE(l) (void)(l)
#endif

enum { SRC, WEIGHTS, BIAS, DST, SLOTS };
static const int arguments[SLOTS] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS, DNNL_ARG_DST};
static const dnnl_query_t queries[SLOTS] = {dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_weights_md, dnnl_query_dst_md};

typedef struct state {
  layout plain[SLOTS];                   // of the operands as they lie in memory
  dnnl_memory_t user[SLOTS], own[SLOTS]; // the same; and what the primitive works on: user's, or its own
  dnnl_primitive_t primitive;
  dnnl_exec_arg_t args[SLOTS];
  int n_args;
} state;

static dnnl_engine_t engine;
static dnnl_stream_t stream;

static bool good(dnnl_status_t status) {
  if (status != dnnl_success) fprintf(stderr, "contest: oneDNN: status %d\n", (int)status);
  return status == dnnl_success;
}

static bool start(int32_t n_threads, char *text, size_t bytes) { // OMP_NUM_THREADS is set already
  const dnnl_version_t *v = dnnl_version();
  snprintf(text, bytes, "oneDNN %d.%d.%d", v->major, v->minor, v->patch);
  return n_threads > 0 && good(dnnl_engine_create(&engine, dnnl_cpu, 0)) &&
         good(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags));
}

// The layout of an operand, with its channels split into groups where there are several.
static bool plain_layout(layout *l, const operand *o, int32_t groups) {
  dnnl_dims_t dims, strides;
  int n = 0;
  if (groups > 1) dims[n++] = groups;
  for (int32_t i = 0; i < o->rank; i++) dims[n++] = i == 0 && groups > 1 ? o->shape[0] / groups : o->shape[i];
  for (int i = n - 1; i >= 0; i--) strides[i] = i == n - 1 ? 1 : strides[i + 1] * dims[i + 1];
  if (o->transposed) strides[n - 2] = 1, strides[n - 1] = dims[n - 2];
  return good(LAYOUT_PLAIN(l, n, dims, strides));
}

static bool any_layout(layout *l, const operand *o, int32_t groups) {
  dnnl_dims_t dims;
  int n = 0;
  if (groups > 1) dims[n++] = groups;
  for (int32_t i = 0; i < o->rank; i++) dims[n++] = i == 0 && groups > 1 ? o->shape[0] / groups : o->shape[i];
  return good(LAYOUT_ANY(l, n, dims));
}

static bool create_matmul(state *s, dnnl_primitive_desc_t *pd) {
#if DNNL_VERSION_MAJOR >= 3
  return good(dnnl_matmul_primitive_desc_create(pd, engine, s->plain[SRC], s->plain[WEIGHTS], NULL, s->plain[DST], NULL));
#else
  dnnl_matmul_desc_t desc;
  return good(dnnl_matmul_desc_init(&desc, &s->plain[SRC], &s->plain[WEIGHTS], NULL, &s->plain[DST])) &&
         good(dnnl_primitive_desc_create(pd, &desc, NULL, engine, NULL));
#endif
}

static bool create_conv(const job *j, state *s, dnnl_primitive_desc_t *pd) {
  const dnnl_dims_t strides = {j->stride, j->stride}, pads = {j->pad, j->pad};
  layout src, weights, dst;
  if (!any_layout(&src, &j->a, 1) || !any_layout(&weights, &j->b, j->groups) || !any_layout(&dst, &j->out, 1)) return false;
#if DNNL_VERSION_MAJOR >= 3
  const dnnl_dims_t dilations = {0, 0};
  bool ok = good(dnnl_convolution_forward_primitive_desc_create(pd, engine, dnnl_forward_inference, dnnl_convolution_direct, src, weights,
                                                                s->plain[BIAS], dst, strides, dilations, pads, pads, NULL));
#else
  dnnl_convolution_desc_t desc;
  bool ok = good(dnnl_convolution_forward_desc_init(&desc, dnnl_forward_inference, dnnl_convolution_direct, &src, &weights, &s->plain[BIAS],
                                                    &dst, strides, pads, pads)) &&
            good(dnnl_primitive_desc_create(pd, &desc, NULL, engine, NULL));
#endif
  LAYOUT_FREE(src), LAYOUT_FREE(weights), LAYOUT_FREE(dst);
  return ok;
}

// Brings one memory into the layout of another.
static bool reorder(dnnl_memory_t from, layout_ref from_layout, dnnl_memory_t to, layout_ref to_layout) {
  dnnl_primitive_desc_t pd;
  dnnl_primitive_t p;
  if (!good(dnnl_reorder_primitive_desc_create(&pd, from_layout, engine, to_layout, engine, NULL)) || !good(dnnl_primitive_create(&p, pd)))
    return false;
  dnnl_exec_arg_t args[2] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
  bool ok = good(dnnl_primitive_execute(p, stream, 2, args)) && good(dnnl_stream_wait(stream));
  dnnl_primitive_destroy(p), dnnl_primitive_desc_destroy(pd);
  return ok;
}

static void finish(void *self) {
  state *s = self;
  for (int i = 0; i < SLOTS; i++) {
    if (s->own[i] && s->own[i] != s->user[i]) dnnl_memory_destroy(s->own[i]);
    if (s->user[i]) dnnl_memory_destroy(s->user[i]), LAYOUT_FREE(s->plain[i]);
  }
  if (s->primitive) dnnl_primitive_destroy(s->primitive);
  free(s);
}

static void *prepare(const job *j) {
  const bool is_conv = strncmp(j->row, "conv", 4) == 0;
  if (!is_conv && strncmp(j->row, "matmul", 6) != 0) return NULL;
  const operand *operands[SLOTS] = {&j->a, &j->b, &j->c, &j->out};
  dnnl_primitive_desc_t pd = NULL;
  state *s = calloc(1, sizeof *s);
  bool ok = s != NULL;
  for (int i = 0; i < SLOTS && ok; i++) {
    if (operands[i]->rank == 0) continue;
    ok = plain_layout(&s->plain[i], operands[i], i == WEIGHTS ? j->groups : 1) &&
         good(dnnl_memory_create(&s->user[i], REF(s->plain[i]), engine, operands[i]->data));
  }
  ok = ok && (is_conv ? create_conv(j, s, &pd) : create_matmul(s, &pd)) && good(dnnl_primitive_create(&s->primitive, pd));
  for (int i = 0; i < SLOTS && ok; i++) {
    if (!s->user[i]) continue;
    layout_ref wanted = dnnl_primitive_desc_query_md(pd, queries[i], i == BIAS);
    if (dnnl_memory_desc_equal(wanted, REF(s->plain[i]))) s->own[i] = s->user[i];
    else
      ok = good(dnnl_memory_create(&s->own[i], wanted, engine, DNNL_MEMORY_ALLOCATE)) &&
           (i == DST || reorder(s->user[i], REF(s->plain[i]), s->own[i], wanted));
    s->args[s->n_args++] = (dnnl_exec_arg_t){arguments[i], s->own[i]};
  }
  if (pd) dnnl_primitive_desc_destroy(pd);
  if (ok) return s;
  if (s) finish(s);
  return NULL;
}

static bool run(void *self, int64_t n) {
  state *s = self;
  for (int64_t i = 0; i < n; i++)
    if (dnnl_primitive_execute(s->primitive, stream, s->n_args, s->args) != dnnl_success) return good(dnnl_runtime_error);
  return good(dnnl_stream_wait(stream));
}

static void read_result(void *self, const operand *out) {
  state *s = self;
  dnnl_memory_t to;
  layout_ref own;
  if (!good(dnnl_memory_get_memory_desc(s->own[DST], &own)) || !good(dnnl_memory_create(&to, REF(s->plain[DST]), engine, out->data)))
    return;
  reorder(s->own[DST], own, to, REF(s->plain[DST]));
  dnnl_memory_destroy(to);
}

const contender peer = {"oneDNN", start, prepare, run, read_result, finish, NULL};
