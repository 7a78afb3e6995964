// SPDX-License-Identifier: BSD-3-Clause
// The report for a terminal: the machine in a few lines, one row per case, and what needs a second look.
#include "suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Three digits, as people write them: 4.56, 45.6, 456.
static char *three_digits(double value, const char *unit) {
  int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return text_format("%.*f %s", decimals, value, unit);
}

char *time_text(double ns) {
  static const struct { double ns; const char *name; } units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
  size_t u = 0;
  while (u + 1 < COUNT(units) && ns < 0.9995 * units[u].ns) u++;
  return three_digits(ns / units[u].ns, units[u].name);
}

char *rate_text(double per_ns, const char *unit) {
  if (!(per_ns > 0)) return text_copy("");
  bool is_tera = per_ns >= 1000;
  char *name = text_format("%c%s", is_tera ? 'T' : 'G', unit), *text = three_digits(is_tera ? per_ns / 1000 : per_ns, name);
  free(name);
  return text;
}

static void print_machine(const machine *m, const roofline *r) {
  printf("%s, Trivet %s, %s build, %s\n", m->date, rt_version(), m->build, m->compiler);
  char *processor = processor_text(m);
  printf("processor  %s\ncaches    ", processor);
  free(processor);
  for (int32_t i = 0; i < m->n_caches; i++) {
    char *bytes = bytes_text((uint64_t)m->cache[i].bytes);
    printf("%s L%d %s %s", i ? "," : "", m->cache[i].level, m->cache[i].type, bytes);
    free(bytes);
  }
  printf("%s\nsystem     %s; load %.2f %.2f %.2f\n", m->n_caches ? "" : " unknown", m->kernel, m->load[0], m->load[1], m->load[2]);
  const char *plural = m->n_threads == 1 ? "" : "s";
  printf("backends   %s; device %s; %d thread%s%s%s\n", m->backends, m->device, m->n_threads, plural, *m->settings ? "; " : "", m->settings);
  printf("roofline   probed with %s", r->loops->name);
  for (int k = 0; k < 2; k++) {
    rt_dtype dtype = k ? RT_F64 : RT_F32;
    double one = peak_limit(r, dtype, 1), all = peak_limit(r, dtype, r->n_threads);
    if (one <= 0) continue;
    printf("; %s peak %.4g Gflop/s with 1 thread", rt_dtype_name(dtype), one);
    if (r->n_threads > 1) printf(", %.4g with %d", all, r->n_threads);
  }
  printf("\n");
  if (m->load[0] > 0.5 * m->n_cpus) printf("NOTE       the machine was busy (load %.2f) when this began: compare ratios, not times\n", m->load[0]);
}

static void print_case(table *t, const bench_case *c, bool has_peers) {
  const figures *f = &c->timing.time;
  char *median = time_text(f->median), *min = time_text(f->min), *spread = text_format("%.1f %%", 100 * (f->high - f->low) / f->median);
  char *bytes = rate_text(c->bytes / f->median, "B/s"), *flops = c->flops > 0 ? rate_text(c->flops / f->median, "flop/s") : text_copy("");
  char *share = case_share(c) > 0 ? text_format("%.2f", case_share(c)) : text_copy("");
  char *faults = text_format("%.3g", (double)c->timing.n_faults / (double)c->timing.n_calls), *outliers = text_format("%d/%d", f->n_outliers, f->n);
  char *peer = has_peers && c->peer_ns > 0 ? text_format("%.2f x", c->peer_ns / f->median) : text_copy("");
  if (has_peers) table_row(t, c->name, median, spread, min, bytes, flops, share, faults, outliers, peer);
  else table_row(t, c->name, median, spread, min, bytes, flops, share, faults, outliers);
  free(median), free(min), free(spread), free(bytes), free(flops), free(share), free(faults), free(outliers), free(peer);
}

// Who ran what: a line when not everything ran on the first backend of the context.
static void print_others(const suite *s) {
  rt_backend_desc first;
  if (rt_backend_describe(s->ctx, 0, &first) != RT_OK) return;
  size_t n = 0;
  for (size_t i = 0; i < s->n; i++) n += strcmp(s->at[i].backend, first.name) != 0 && *s->at[i].backend;
  if (n == 0) return;
  printf("\nNOTE: %zu of %zu cases did not run on %s alone:", n, s->n, first.name);
  for (size_t i = 0, shown = 0; i < s->n; i++) {
    if (strcmp(s->at[i].backend, first.name) == 0 || !*s->at[i].backend) continue;
    if (shown++ == 8) { printf(" ..."); break; }
    printf(" %s (%s)", s->at[i].name, s->at[i].backend);
  }
  printf("\n");
}

// A line per family when there are several: geometric means.
static void print_families(const report *r) {
  const suite *s = r->suite;
  table t;
  double *share = grow(NULL, s->n, sizeof *share), *ratio = grow(NULL, s->n, sizeof *ratio);
  table_start(&t, r->peers ? "family|>cases|>roofline|>peer" : "family|>cases|>roofline");
  for (size_t i = 0, end; i < s->n; i = end) {
    size_t n_share = 0, n_ratio = 0;
    for (end = i; end < s->n && s->at[end].row->family == s->at[i].row->family; end++) {
      const bench_case *c = &s->at[end];
      if (case_share(c) > 0) share[n_share++] = case_share(c);
      if (c->peer_ns > 0) ratio[n_ratio++] = c->peer_ns / c->timing.time.median;
    }
    char *n = text_format("%zu", end - i), *mean = n_share ? text_format("%.2f", geometric_mean(share, n_share)) : text_copy("");
    char *peer = n_ratio ? text_format("%.2f x", geometric_mean(ratio, n_ratio)) : text_copy("");
    table_row(&t, s->at[i].row->title, n, mean, peer);
    free(n), free(mean), free(peer);
  }
  printf("\nGeometric means\n");
  table_end(&t, 2);
  free(share), free(ratio);
}

void report_text(const report *r) {
  const suite *s = r->suite;
  table t;
  print_machine(r->machine, &s->roof);
  printf("\n");
#define HEADS "case|>median|>spread|>least|>bytes|>flops|>roofline|>faults|>outliers"
  table_start(&t, r->peers ? HEADS "|>peer" : HEADS);
  for (size_t i = 0; i < s->n; i++) print_case(&t, &s->at[i], r->peers != NULL);
  table_end(&t, 0);
  if (s->n > 0 && s->at[0].row->family != s->at[s->n - 1].row->family) print_families(r);
  if (r->peers) {
    double *ratio = grow(NULL, s->n, sizeof *ratio);
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) if (s->at[i].peer_ns > 0) ratio[n++] = s->at[i].peer_ns / s->at[i].timing.time.median;
    printf("\nAgainst %s: %zu cases in both, it takes %.2f times as long (geometric mean).\n", results_name(r->peers), n, geometric_mean(ratio, n));
    free(ratio);
  }
  print_others(s);
}
