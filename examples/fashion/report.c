// SPDX-License-Identifier: BSD-3-Clause
// Prints rt_report_get() as tables for people: where each operation ran and along which path, which kernels were the backend's own, what
// was copied and waited for. It adds up and sorts; every number and every reason is the core's.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fashion.h"

typedef struct rows { rt_report_row *row; int32_t n; } rows;

static bool gather(rt_ctx *ctx, rows *out) {
  int32_t n = rt_report_count(ctx);
  out->n = 0;
  if (!(out->row = calloc((size_t)n + 1, sizeof *out->row))) return fail("no memory for %d rows of the report", n);
  for (int32_t i = 0; i < n; i++) {
    if (rt_report_get(ctx, i, &out->row[out->n]) == RT_OK) out->n++;
  }
  return true;
}

// The core moves data with the operation "copy" of a backend. Nothing else in this network copies.
static bool is_move(const rt_report_row *r) { return !strcmp(r->op, "copy"); }

/// Runs first, by calls, moves after the rest; then by name, so that two reports compare line by line.
static int by_calls(const void *left, const void *right) {
  const rt_report_row *a = left, *b = right;
  if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
  if (is_move(a) != is_move(b)) return is_move(a) ? 1 : -1;
  if (a->count != b->count) return a->count > b->count ? -1 : 1;
  int order = strcmp(a->op, b->op);
  if (order == 0) order = strcmp(a->dtypes, b->dtypes);
  return order ? order : strcmp(a->backend, b->backend);
}

/// "toy" and the device "toy:0" are the same backend.
static bool is_backend(const char *text, const char *name) {
  size_t length = strcspn(text, ":");
  return strlen(name) == length && !memcmp(text, name, length);
}

/// Those who refused an operation before `r` ran it: into `path` as "toy -> builtin", their reasons into `why`. The backend that is asked
/// first has nobody before it.
static void trace(const rows *all, const rt_report_row *r, const char *first, char path[96], char why[256]) {
  size_t at = 0, why_at = 0;
  path[0] = why[0] = 0;
  for (int32_t i = 0; i < 2 * all->n && !is_backend(r->backend, first); i++) { // once for the first one, once for the others
    const rt_report_row *no = &all->row[i % all->n];
    if (is_backend(no->backend, first) != (i < all->n)) continue;
    bool is_same = no->kind == RT_REPORT_FALLBACK && !strcmp(no->op, r->op) && (!no->dtypes[0] || !strcmp(no->dtypes, r->dtypes));
    if (!is_same || !strcmp(no->backend, r->backend)) continue;
    size_t length = strlen(no->backend);
    if (at < length + 4 || strncmp(path + at - length - 4, no->backend, length)) { // one backend may give several reasons
      at += (size_t)snprintf(path + at, 96 - at, "%.39s -> ", no->backend);
      if (at >= 48) at = 48; // three names of 32 characters would not fit; cut instead
    }
    if (why_at < 200) why_at += (size_t)snprintf(why + why_at, 256 - why_at, "%s%.120s", why_at ? "; " : "", no->reason);
  }
  snprintf(path + at, 96 - at, "%.39s", r->backend);
}

static int longest(int so_far, const char *text) { return (int)strlen(text) > so_far ? (int)strlen(text) : so_far; }

static void print_runs(const rows *all, const char *first) {
  int op = 9, dtypes = 6, path = 4;
  char text[96], why[256];
  for (int32_t i = 0; i < all->n; i++) {
    if (all->row[i].kind != RT_REPORT_RUN) continue;
    trace(all, &all->row[i], first, text, why);
    op = longest(op, all->row[i].op), dtypes = longest(dtypes, all->row[i].dtypes), path = longest(path, text);
  }
  printf("\n  %s%-*s  %-*s  %-*s  %7s  why not elsewhere%s\n", screen_style(STYLE_DIM), op, "operation", dtypes, "dtypes", path, "path", "calls",
         screen_style(STYLE_PLAIN));
  for (int32_t i = 0; i < all->n; i++) {
    const rt_report_row *r = &all->row[i];
    if (r->kind != RT_REPORT_RUN) continue;
    trace(all, r, first, text, why);
    const char *remark = is_move(r) ? "(moving data)" : why;
    printf("  %-*s  %-*s  %-*s  %7llu%s%s\n", op, r->op, dtypes, r->dtypes, path, text, (unsigned long long)r->count,
           *remark ? "  " : "", remark);
  }
}

/// "the kernels of toy itself executed 1200 of 2400 operations (50 %): relu 700, ..."; moving data does not count.
static void print_own(const rows *all, const char *first) {
  uint64_t own = 0, total = 0;
  for (int32_t i = 0; i < all->n; i++) {
    if (all->row[i].kind != RT_REPORT_RUN || is_move(&all->row[i])) continue;
    total += all->row[i].count;
    if (is_backend(all->row[i].backend, first)) own += all->row[i].count;
  }
  printf("  the kernels of %s itself executed ", first);
  if (own == total) {
    printf("all %llu operations\n", (unsigned long long)total);
    return;
  }
  printf("%llu of %llu operations (%.0f %%)", (unsigned long long)own, (unsigned long long)total, 100.0 * (double)own / (double)total);
  const char *separator = ": ";
  for (int32_t i = 0; i < all->n; i++) {
    if (all->row[i].kind != RT_REPORT_RUN || is_move(&all->row[i]) || !is_backend(all->row[i].backend, first)) continue;
    printf("%s%s %llu", separator, all->row[i].op, (unsigned long long)all->row[i].count);
    separator = ", ";
  }
  printf("\n");
}

static void print_bytes(uint64_t bytes) {
  if (bytes >= 10000000000u) printf("  %7.1f GB", (double)bytes * 1e-9);
  else if (bytes >= 1000000) printf("  %7.1f MB", (double)bytes * 1e-6);
  else printf("  %7.1f kB", (double)bytes * 1e-3);
}

/// Copies, waits and what layers said: one table each, only when there is something.
static void print_events(const rows *all, rt_report_kind kind, const char *heading) {
  int where = (int)strlen(heading), op = 3;
  for (int32_t i = 0; i < all->n; i++) {
    if (all->row[i].kind == kind) where = longest(where, all->row[i].backend), op = longest(op, all->row[i].op);
  }
  bool is_first = true;
  for (int32_t i = 0; i < all->n; i++) {
    const rt_report_row *r = &all->row[i];
    if (r->kind != kind) continue;
    if (is_first) {
      printf("\n  %s%-*s  %-*s  %7s%s  why%s\n", screen_style(STYLE_DIM), where, heading, op, "for", "times",
             kind == RT_REPORT_COPY ? "     amount" : "", screen_style(STYLE_PLAIN));
    }
    is_first = false;
    printf("  %-*s  %-*s  %7llu", where, r->backend, op, r->op, (unsigned long long)r->count);
    if (kind == RT_REPORT_COPY) print_bytes(r->bytes);
    printf("  %s\n", r->reason);
  }
}

bool report_print(rt_ctx *ctx, const char *first) {
  rows all;
  if (!gather(ctx, &all)) return false;
  qsort(all.row, (size_t)all.n, sizeof *all.row, by_calls);
  print_own(&all, first);
  print_runs(&all, first);
  print_events(&all, RT_REPORT_COPY, "copied");
  print_events(&all, RT_REPORT_WAIT, "waited for");
  print_events(&all, RT_REPORT_LAYER, "layer");
  free(all.row);
  return true;
}
