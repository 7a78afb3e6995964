// SPDX-License-Identifier: BSD-3-Clause
// Lays an array out as a view of a larger storage, with strides of its own choosing, and walks strided memory naively: this file decides
// which element lies where without asking the library. What lies around the view is a pattern that must survive the operation.
#include "internal.h"

#include <string.h>

#define MARGIN_BEFORE 3 // elements; odd, so that views are not aligned to anything
#define MARGIN_AFTER 5

void cf_walk(int32_t rank, const int64_t *shape, const int64_t *stride, int64_t offset,
             void (*visit)(void *user, int64_t i, int64_t at), void *user) {
  int64_t index[RT_MAX_RANK] = {0}, numel = 1;
  for (int32_t d = 0; d < rank; d++) numel *= shape[d];
  for (int64_t i = 0; i < numel; i++) {
    int64_t at = offset;
    for (int32_t d = 0; d < rank; d++) at += index[d] * stride[d];
    visit(user, i, at);
    for (int32_t d = rank - 1; d >= 0 && ++index[d] == shape[d]; d--) index[d] = 0;
  }
}

/// No pattern is a NaN or a bool beyond 0 and 1, so that a device may copy it as values; neighbours differ, so that shifts show.
static void fill_pattern(rt_dtype dtype, unsigned char *data, int64_t numel) {
  for (int64_t i = 0; i < numel; i++) {
    unsigned char element[16];
    memset(element, 0x5a, sizeof element);
    element[0] = dtype == RT_BOOL ? (unsigned char)(i * 37 >> 2 & 1) : (unsigned char)(i * 37 + 11);
    memcpy(data + i * cf_bytes(dtype), element, cf_bytes(dtype));
  }
}

/// Strides of a layout, from the last axis to the first.
static void choose_strides(cf_slot *s, cf_layout layout) {
  const cf_array *x = &s->x;
  int64_t next = 1;
  int32_t rank = x->rank;
  if (layout == CF_TRANSPOSED) {
    for (int32_t d = 0; d < rank; d++) s->stride[d] = next, next *= x->shape[d];
    return;
  }
  for (int32_t d = rank - 1; d >= 0; d--) {
    int64_t step = 1, gap = 0;
    switch (layout) {
      case CF_ROWS: gap = d == rank - 2 ? 5 : 0; break;
      case CF_STEPPED: step = d == rank - 1 ? 2 : 1, gap = d == rank - 2 ? 3 : 0; break;
      case CF_MIXED: step = d == rank - 1 ? 3 : d == 0 ? 2 : 1; break;
      default: break;
    }
    next = (next + gap) * step;
    s->stride[d] = next;
    if (layout == CF_EXPANDED && d == 0) s->stride[d] = 0;
    if (layout == CF_WINDOWS && d <= 1) s->stride[d] = 1;
    if (layout == CF_NEGATIVE || (layout == CF_MIXED && d == 0)) s->stride[d] = -next;
    next *= x->shape[d];
    if (layout == CF_ONES && x->shape[d] == 1) s->stride[d] = 1000 + 7 * d;
  }
}

typedef struct copy { cf_array *x; unsigned char *base; } copy;
static void scatter(void *user, int64_t i, int64_t at) {
  copy *k = user;
  cf_store(k->x->dtype, k->base + at * cf_bytes(k->x->dtype), cf_bits(k->x, i));
}
static void collect(void *user, int64_t i, int64_t at) {
  copy *k = user;
  cf_set(k->x, i, cf_load(k->x->dtype, k->base + at * cf_bytes(k->x->dtype)));
}

void cf_lay_out(cf_case *c, cf_slot *s, cf_layout layout) {
  cf_array *x = &s->x;
  s->layout = layout;
  choose_strides(s, layout);
  int64_t low = 0, high = x->numel ? 1 : 0; // positions the view reaches, relative to element (0,0,...)
  for (int32_t d = 0; d < x->rank && x->numel; d++) {
    int64_t reach = (x->shape[d] - 1) * s->stride[d];
    if (reach < 0) low += reach;
    else high += reach;
  }
  s->offset = layout == CF_DENSE ? 0 : MARGIN_BEFORE - low;
  s->base_numel = layout == CF_DENSE ? x->numel : s->offset + high + MARGIN_AFTER;
  s->before = cf_alloc(c, s->base_numel * cf_bytes(x->dtype));
  fill_pattern(x->dtype, s->before, s->base_numel);
}

bool cf_upload(cf_case *c, cf_slot *s) {
  cf_array *x = &s->x;
  cf_grid *g = c->grid;
  bool is_dense = s->layout == CF_DENSE;
  rt_status status = is_dense ? rt_from_data_on(g->ctx, g->device, x->dtype, x->rank, x->shape, s->before, &s->base)
                              : rt_from_data_on(g->ctx, g->device, x->dtype, 1, &s->base_numel, s->before, &s->base);
  if (status == RT_OK && is_dense) s->view = rt_retain(s->base);
  else if (status == RT_OK) status = rt_as_strided(s->base, x->rank, x->shape, s->stride, s->offset, &s->view);
  if (status != RT_OK) cf_fail(c, "could not make an argument: %s: %s", rt_status_name(status), rt_last_error());
  return status == RT_OK;
}

void cf_place(cf_case *c, int which, cf_layout layout) {
  cf_slot *s = &c->in[which];
  cf_lay_out(c, s, layout);
  copy k = {&s->x, s->before};
  cf_walk(s->x.rank, s->x.shape, s->stride, s->offset, scatter, &k);
  cf_walk(s->x.rank, s->x.shape, s->stride, s->offset, collect, &k);
}
