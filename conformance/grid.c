// SPDX-License-Identifier: BSD-3-Clause
// The public functions: which cells there are, which of them were chosen, and which pairs of operation and dtype have none.
#include "internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- choosing -------------------------------------------------------------------------------------------------------------------------
/// Does the pattern [p, end) match a beginning of text? '*' stands for anything, '$' for the end.
static bool matches_here(const char *p, const char *end, const char *text) {
  for (; p < end; p++, text++) {
    if (*p == '$' && p + 1 == end) return *text == 0;
    if (*p == '*') {
      for (;; text++) {
        if (matches_here(p + 1, end, text)) return true;
        if (*text == 0) return false;
      }
    }
    if (*p != *text) return false; // at the end of text, too
  }
  return true;
}

static bool is_found(const char *p, const char *end, const char *text) {
  if (p < end && *p == '^') return matches_here(p + 1, end, text);
  for (;; text++) {
    if (matches_here(p, end, text)) return true;
    if (*text == 0) return false;
  }
}

static bool is_chosen(const char *filter, const char *name) {
  if (!filter || !*filter) return true;
  bool any = false, only_exclusions = true;
  for (const char *p = filter; *p;) {
    const char *end = p + strcspn(p, ",");
    if (*p == '-') {
      if (is_found(p + 1, end, name)) return false;
    } else if (end > p) {
      only_exclusions = false;
      any = any || is_found(p, end, name);
    }
    p = end + (*end == ',');
  }
  return any || only_exclusions;
}

cf_case *cf_open(cf_grid *g, const cf_op *op, rt_dtype dtype, const char *fmt, ...) {
  cf_case *c = &g->cell;
  int used = snprintf(c->name, sizeof c->name, "%s/%s/", op->name, rt_dtype_name(dtype));
  va_list args;
  va_start(args, fmt);
  vsnprintf(c->name + used, sizeof c->name - (size_t)used, fmt, args);
  va_end(args);
  g->covered[op->id][dtype] = 1;
  if (!is_chosen(g->options.filter, c->name)) return NULL;
  if (g->is_listing) {
    g->n_listed++;
    if (g->list) g->list(g->list_user, c->name);
    return NULL;
  }
  char name[sizeof c->name];
  memcpy(name, c->name, sizeof name);
  memset(c, 0, sizeof *c);
  memcpy(c->name, name, sizeof name);
  uint64_t hash = 14695981039346656037u ^ g->options.seed * 0x9e3779b97f4a7c15u; // FNV-1a
  for (const char *at = name; *at; at++) hash = (hash ^ (unsigned char)*at) * 1099511628211u;
  c->grid = g, c->op = op, c->dtype = dtype, c->random = hash, c->call = op->call, c->all_axes = true, c->param = op->value;
  g->data_used = 0;
  g->data_exhausted = false;
  return c;
}

// ---- all cells ------------------------------------------------------------------------------------------------------------------------
static void visit_cells(cf_grid *g) {
  for (int i = 0; i < cf_n_ops; i++) {
    const cf_op *op = &cf_ops[i];
    switch (op->family) {
      case CF_UNARY: case CF_PARAM: case CF_BINARY: case CF_TERNARY: cf_cases_map(g, op); break;
      case CF_REDUCE: case CF_ARG: cf_cases_reduce(g, op); break;
      default: break;
    }
  }
  cf_cases_promotion(g);
  cf_cases_softmax(g, cf_op_of(CF_ID(SOFTMAX)));
  cf_cases_softmax(g, cf_op_of(CF_ID(LOG_SOFTMAX)));
  static const int made[] = {CF_ID(VAR), CF_ID(STD), CF_ID(LOGSUMEXP), CF_ID(NORM)};
  for (size_t i = 0; i < CF_COUNT(made); i++) cf_cases_reduce_made(g, cf_op_of(made[i]));
  cf_cases_norm(g, cf_op_of(CF_ID(LAYER_NORM)));
  cf_cases_norm(g, cf_op_of(CF_ID(RMS_NORM)));
  cf_cases_norm_of_channels(g, cf_op_of(CF_ID(BATCH_NORM)));
  cf_cases_norm_of_channels(g, cf_op_of(CF_ID(GROUP_NORM)));
  cf_cases_embedding(g);
  cf_cases_scan(g, cf_op_of(CF_ID(CUMSUM)));
  cf_cases_scan(g, cf_op_of(CF_ID(CUMPROD)));
  cf_cases_sort(g, cf_op_of(CF_ID(SORT)));
  cf_cases_sort(g, cf_op_of(CF_ID(ARGSORT)));
  cf_cases_searchsorted(g);
  cf_cases_matmul(g);
  cf_cases_conv(g, cf_op_of(CF_ID(CONV)));
  cf_cases_conv(g, cf_op_of(CF_ID(CONV_TRANSPOSE)));
  cf_cases_pool(g, cf_op_of(CF_ID(MAX_POOL)));
  cf_cases_pool(g, cf_op_of(CF_ID(MAX_POOL_INDICES)));
  cf_cases_pool(g, cf_op_of(CF_ID(AVG_POOL)));
  cf_cases_quantize(g);
  cf_cases_dequantize(g);
  cf_cases_matmul_integer(g);
  cf_cases_conv_integer(g);
  cf_cases_copy(g);
  cf_cases_cast(g);
  cf_cases_where(g);
  cf_cases_gather(g);
  cf_cases_take_along(g);
  cf_cases_scatter(g);
  cf_cases_scatter_nd(g);
  cf_cases_gather_nd(g);
  cf_cases_nonzero(g);
  cf_cases_topk(g);
  cf_cases_count_nonzero(g);
  cf_cases_take(g);
  cf_cases_masked_select(g);
  cf_cases_unique(g);
  static const int rearranged[] = {CF_ID(TILE), CF_ID(REPEAT), CF_ID(ROLL), CF_ID(STACK)};
  for (size_t i = 0; i < CF_COUNT(rearranged); i++) cf_cases_rearranged(g, cf_op_of(rearranged[i]));
  cf_cases_linspace(g);
  cf_cases_eye(g);
  cf_cases_concat(g);
  cf_cases_pad(g);
  cf_cases_full(g);
  cf_cases_arange(g);
  cf_cases_random(g);
}

static rt_status start(cf_grid **out, const rt_conformance_options *options) {
  cf_grid *g = calloc(1, sizeof *g);
  *out = g;
  if (!g) return RT_E_NO_MEMORY;
  if (!options) return RT_OK;
  if (options->size < offsetof(rt_conformance_options, filter)) {
    free(g);
    *out = NULL;
    return RT_E_ARGUMENT;
  }
  memcpy(&g->options, options, options->size < sizeof g->options ? options->size : sizeof g->options);
  return RT_OK;
}

rt_status rt_conformance_run(rt_ctx *ctx, rt_device device, const rt_conformance_options *options, rt_conformance_summary *out_summary) {
  if (out_summary) memset(out_summary, 0, sizeof *out_summary);
  if (!ctx || !out_summary) return RT_E_ARGUMENT;
  cf_grid *g;
  rt_status status = start(&g, options);
  if (status != RT_OK) return status;
  g->ctx = ctx, g->device = device, g->summary = out_summary;
  rt_device_desc desc;
  bool is_device = false;
  for (rt_device d = 0; d < rt_device_count(ctx); d++) {
    if (rt_device_describe(ctx, d, &desc) != RT_OK) continue;
    if (desc.is_default) g->default_device = d;
    if (d == device) is_device = true;
  }
  if (device == RT_DEFAULT_DEVICE) g->device = g->default_device, is_device = true;
  if (!is_device) status = RT_E_ARGUMENT;
  else if (!(g->data = malloc(CF_DATA_BYTES))) status = RT_E_NO_MEMORY;
  else visit_cells(g);
  free(g->data);
  free(g);
  return status;
}

rt_status rt_conformance_list(const rt_conformance_options *options, void (*visit)(void *user, const char *name), void *user,
                              uint32_t *out_count) {
  if (out_count) *out_count = 0;
  cf_grid *g;
  rt_status status = start(&g, options);
  if (status != RT_OK) return status;
  g->is_listing = true, g->list = visit, g->list_user = user;
  visit_cells(g);
  if (out_count) *out_count = g->n_listed;
  free(g);
  return RT_OK;
}

rt_status rt_conformance_gaps(void (*visit)(void *user, const char *op, rt_dtype dtype, const char *reason), void *user,
                              uint32_t *out_count) {
  if (out_count) *out_count = 0;
  cf_grid *g;
  rt_status status = start(&g, NULL);
  if (status != RT_OK) return status;
  g->is_listing = true;
  visit_cells(g);
  uint32_t n = 0;
  for (int i = 0; i < cf_n_ops; i++) {
    for (int dtype = RT_BOOL; dtype < CF_ALL_DTYPES; dtype++) {
      if (cf_is_complex((rt_dtype)dtype) && !(cf_ops[i].accepts & CF_AND_COMPLEX)) continue; // the core refuses it
      if (g->covered[cf_ops[i].id][dtype]) continue;
      n++;
      if (visit) visit(user, cf_ops[i].name, (rt_dtype)dtype, "the grid has no cells for this row of ops.def yet");
    }
  }
  if (out_count) *out_count = n;
  free(g);
  return RT_OK;
}
