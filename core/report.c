// SPDX-License-Identifier: BSD-3-Clause
// The report: which backend ran what, what fell back and why, what was copied and waited for. Runs and refusals are counted in the kernel
// table; copies, waits, per-call refusals and what layers say are counted in rows here.
#include <stdio.h>
#include <string.h>

#include "objects.h"

#define ROWS_MOST 512 // a few dozen are usual; past this the last row counts the rest

typedef struct row {
  rt_report_kind kind;
  uint16_t op;
  char backend[96], reason[160];
  uint64_t count, bytes;
} row;

struct rti_report {
  rti_spin lock;
  int32_t n_rows;
  row rows[ROWS_MOST];
};

rt_status rti_report_create(rt_ctx *ctx) {
  rti_report *report = rti_pool_alloc_zeroed(ctx->pool, sizeof *report);
  if (!report) return RT_E_NO_MEMORY;
  ctx->report = report;
  return RT_OK;
}

void rti_report_destroy(rt_ctx *ctx) {
  if (!ctx->report) return;
  rti_pool_free(ctx->pool, ctx->report, sizeof *ctx->report);
  ctx->report = NULL;
}

static void note(rt_ctx *ctx, rt_report_kind kind, uint16_t op, const char *backend, const char *reason, uint64_t bytes, uint64_t count) {
  rti_report *report = ctx->report;
  bool is_new = false;
  rti_spin_lock(&report->lock);
  row *r = NULL;
  for (int32_t i = 0; i < report->n_rows && !r; i++) {
    row *at = &report->rows[i];
    if (at->kind == kind && at->op == op && !strncmp(at->backend, backend, sizeof at->backend - 1) && !strncmp(at->reason, reason, sizeof at->reason - 1)) r = at;
  }
  if (!r && report->n_rows < ROWS_MOST) {
    r = &report->rows[report->n_rows++];
    is_new = true;
    memset(r, 0, sizeof *r);
    r->kind = kind, r->op = op;
    bool is_last = report->n_rows == ROWS_MOST;
    snprintf(r->backend, sizeof r->backend, "%s", is_last ? "(others)" : backend);
    snprintf(r->reason, sizeof r->reason, "%s", is_last ? "the report has no room for more reasons" : reason);
  }
  if (!r) r = &report->rows[ROWS_MOST - 1];
  r->count += count;
  r->bytes += bytes;
  rti_spin_unlock(&report->lock);
  if (is_new && ctx->fallback == RT_FALLBACK_REPORT && (kind == RT_REPORT_FALLBACK || kind == RT_REPORT_COPY))
    rti_log(ctx, RT_LOG_INFO, "%s: %s %s: %s", kind == RT_REPORT_COPY ? "copy" : "fallback", op && rti_ops[op].name ? rti_ops[op].name : "", backend, reason);
}

void rti_note(rt_ctx *ctx, rt_report_kind kind, uint16_t op, const char *backend, const char *reason, uint64_t bytes) {
  note(ctx, kind, op, backend, reason, bytes, 1);
  static const int32_t events[] = {0, RTB_EVENT_FALLBACK, RTB_EVENT_COPY, RTB_EVENT_WAIT, 0};
  if (!ctx->n_layer_libs || !events[kind]) return;
  rtb_event event = {.size = sizeof event, .kind = events[kind], .op = op, .bytes = bytes, .name = backend, .text = reason, .count = 1};
  rti_layers_event(ctx, &event);
}

void rti_note_event(rt_ctx *ctx, const rtb_event *event) {
  static const rt_report_kind kinds[] = {RT_REPORT_LAYER, RT_REPORT_FALLBACK, RT_REPORT_COPY, RT_REPORT_WAIT, RT_REPORT_LAYER, RT_REPORT_LAYER};
  rt_report_kind kind = event->kind >= 0 && event->kind < (int32_t)RTI_COUNT(kinds) ? kinds[event->kind] : RT_REPORT_LAYER;
  uint16_t op = event->op < RTI_OP_COUNT ? event->op : 0;
  note(ctx, kind, op, event->name ? event->name : "?", event->text ? event->text : "", event->bytes, event->count ? event->count : 1);
}

// ---- reading ---------------------------------------------------------------------------------------------------------------------------

static void dtypes_text(const rti_kernel *kernel, char *out, size_t bytes) {
  int nin = (int)(kernel->op_alias >> 16 & 15), nout = (int)(kernel->op_alias >> 20 & 15);
  size_t at = 0;
  out[0] = 0;
  for (int i = 0; i < nin + nout && at < bytes; i++) {
    const char *name = kernel->arg[i] >> 16 >> 0 && (uint8_t)(kernel->arg[i] >> 16) == RTB_NONE ? "-" : rt_dtype_name((rt_dtype)(kernel->arg[i] & 0xffff));
    at += (size_t)snprintf(out + at, bytes - at, "%s%s", i == nin ? "->" : i ? "," : "", name);
  }
}

/// Calls of one kernel that ran, and calls that one refusal turned away. Fast calls of a kernel also passed its refuser.
static uint64_t runs_of(const rti_kernel *kernel) { return atomic_load(&kernel->runs) + atomic_load(&kernel->fast_runs); }

static void fill_kernel_row(const rti_kernel *kernel, uint64_t count, rt_report_row *out) {
  memset(out, 0, sizeof *out);
  out->kind = kernel->fn ? RT_REPORT_RUN : RT_REPORT_FALLBACK;
  const char *name = rti_ops[kernel->op_alias & 0xff].name;
  snprintf(out->op, sizeof out->op, "%s", name ? name : "?");
  dtypes_text(kernel, out->dtypes, sizeof out->dtypes);
  snprintf(out->backend, sizeof out->backend, "%s", kernel->instance->name);
  if (!kernel->fn) snprintf(out->reason, sizeof out->reason, "%s", kernel->inner.why);
  out->count = count;
}

/// Rows that differ only in layouts are one row.
static bool same_row(const rti_kernel *a, const rti_kernel *b) {
  if (a->instance != b->instance || (a->op_alias & 0xffffff) != (b->op_alias & 0xffffff) || !a->fn != !b->fn) return false;
  int n = (int)(a->op_alias >> 16 & 15) + (int)(a->op_alias >> 20 & 15);
  for (int i = 0; i < n; i++)
    if ((a->arg[i] & 0xffff) != (b->arg[i] & 0xffff)) return false;
  return a->fn || !strcmp(a->inner.why, b->inner.why);
}

#define KERNELS_MOST 1024
typedef struct gathered { int32_t n; struct { const rti_kernel *kernel; uint64_t count; } row[KERNELS_MOST]; } gathered;

void rti_counted(rti_kernel *kernel) {
  rt_ctx *ctx = kernel->instance->ctx;
  if (kernel->is_uncached) {
    note(ctx, kernel->fn ? RT_REPORT_RUN : RT_REPORT_FALLBACK, (uint16_t)kernel->op_alias, kernel->instance->name, kernel->fn ? "" : kernel->inner.why, 0, 1);
    return;
  }
  rti_spin_lock(&ctx->lock);
  if (!atomic_exchange(&kernel->counted, true)) {
    kernel->next_counted = atomic_load(&ctx->counted);
    atomic_store(&ctx->counted, kernel);
  }
  rti_spin_unlock(&ctx->lock);
}

static void gather_one(gathered *all, const rti_kernel *kernel, uint64_t count) {
  if (!count) return;
  for (int32_t i = 0; i < all->n; i++)
    if (same_row(all->row[i].kernel, kernel)) {
      all->row[i].count += count;
      return;
    }
  if (all->n == KERNELS_MOST) return;
  all->row[all->n].kernel = kernel;
  all->row[all->n++].count = count;
}

static gathered *gather_kernels(rt_ctx *ctx) {
  gathered *all = rti_pool_alloc(ctx->pool, sizeof *all);
  if (!all) return NULL;
  all->n = 0;
  rti_spin_lock(&ctx->lock);
  for (rti_kernel *kernel = atomic_load(&ctx->counted); kernel; kernel = kernel->next_counted) {
    gather_one(all, kernel, kernel->fn ? runs_of(kernel) : atomic_load(&kernel->passes));
    if (kernel->fn && kernel->refuser) gather_one(all, kernel->refuser, atomic_load(&kernel->fast_runs));
  }
  rti_spin_unlock(&ctx->lock);
  return all;
}

static void ask_layers(rt_ctx *ctx) {
  if (!ctx->n_layer_libs) return;
  rtb_event event = {.size = sizeof event, .kind = RTB_EVENT_REPORT, .name = "core", .text = ""};
  rti_layers_event(ctx, &event);
}

int32_t rt_report_count(rt_ctx *ctx) {
  if (!ctx) return 0;
  ask_layers(ctx);
  gathered *all = gather_kernels(ctx);
  int32_t n = all ? all->n : 0;
  if (all) rti_pool_free(ctx->pool, all, sizeof *all);
  rti_spin_lock(&ctx->report->lock);
  n += ctx->report->n_rows;
  rti_spin_unlock(&ctx->report->lock);
  return n;
}

rt_status rt_report_get(rt_ctx *ctx, int32_t index, rt_report_row *out_row) {
  if (!ctx || !out_row) return rti_fail(RT_E_ARGUMENT, "report: %s is NULL", ctx ? "out_row" : "ctx");
  memset(out_row, 0, sizeof *out_row);
  gathered *all = index >= 0 ? gather_kernels(ctx) : NULL;
  if (index >= 0 && !all) return RT_E_NO_MEMORY;
  int32_t n = all ? all->n : 0;
  bool found = index >= 0 && index < n;
  if (found) fill_kernel_row(all->row[index].kernel, all->row[index].count, out_row);
  if (all) rti_pool_free(ctx->pool, all, sizeof *all);
  if (found) return RT_OK;
  rti_spin_lock(&ctx->report->lock);
  int32_t at = index - n;
  if (index >= 0 && at < ctx->report->n_rows) {
    const row *r = &ctx->report->rows[at];
    found = true;
    out_row->kind = r->kind;
    snprintf(out_row->op, sizeof out_row->op, "%s", r->op && rti_ops[r->op].name ? rti_ops[r->op].name : "");
    snprintf(out_row->backend, sizeof out_row->backend, "%.39s", r->backend);
    snprintf(out_row->reason, sizeof out_row->reason, "%s", r->reason);
    out_row->count = r->count;
    out_row->bytes = r->bytes;
  }
  rti_spin_unlock(&ctx->report->lock);
  return found ? RT_OK : rti_fail(RT_E_NOT_FOUND, "report: no row %d", index);
}

rt_status rt_report_reset(rt_ctx *ctx) {
  if (!ctx) return rti_fail(RT_E_ARGUMENT, "report: ctx is NULL");
  ask_layers(ctx); // so that what they counted so far does not appear later
  rti_spin_lock(&ctx->lock);
  for (rti_kernel *kernel = atomic_exchange(&ctx->counted, NULL), *next; kernel; kernel = next) {
    next = kernel->next_counted;
    atomic_store(&kernel->runs, 0);
    atomic_store(&kernel->passes, 0);
    atomic_store(&kernel->fast_runs, 0);
    atomic_store(&kernel->counted, false);
  }
  rti_spin_unlock(&ctx->lock);
  rti_spin_lock(&ctx->report->lock);
  ctx->report->n_rows = 0;
  rti_spin_unlock(&ctx->report->lock);
  return RT_OK;
}
