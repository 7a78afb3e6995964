// SPDX-License-Identifier: BSD-3-Clause
// The report as one HTML file that needs nothing else: the machine, then for each family plots, shares of the roofline, ratios to a peer, and a table
// of every case. The plots are in report_plot.c, the style in report_style.c.
#include "html.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void html_text(FILE *f, const char *text) {
  for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
    if (*s == '&') fputs("&amp;", f);
    else if (*s == '<') fputs("&lt;", f);
    else if (*s == '>') fputs("&gt;", f);
    else if (*s == '"') fputs("&quot;", f);
    else fputc(*s < 0x20 || *s == 0x7f ? '?' : *s, f);
  }
}

// One fact: a term and a text made as printf makes it.
static void fact(FILE *f, const char *term, const char *fmt, ...) TOOL_PRINTF(3, 4);
static void fact(FILE *f, const char *term, const char *fmt, ...) {
  char text[512];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  fprintf(f, "<dt>%s</dt><dd>", term);
  html_text(f, text);
  fprintf(f, "</dd>\n");
}

static void write_facts(FILE *f, const machine *m, const roofline *r) {
  fprintf(f, "<dl class=\"facts\">\n");
  char *processor = processor_text(m);
  fact(f, "Processor", "%s", processor);
  free(processor);
  char caches[256] = "";
  for (int32_t i = 0; i < m->n_caches; i++) {
    char *bytes = bytes_text((uint64_t)m->cache[i].bytes);
    size_t used = strlen(caches);
    snprintf(caches + used, sizeof caches - used, "%sL%d %s %s", i ? ", " : "", m->cache[i].level, m->cache[i].type, bytes);
    free(bytes);
  }
  fact(f, "Caches", "%s", *caches ? caches : "unknown");
  fact(f, "System", "%s; huge pages %s", m->kernel, *m->huge_pages ? m->huge_pages : "unknown");
  fact(f, "Load when it began", "%.2f %.2f %.2f", m->load[0], m->load[1], m->load[2]);
  fact(f, "Backends", "%s; device %s%s%s", m->backends, m->device, *m->settings ? "; " : "", m->settings);
  fact(f, "Threads", "%d", m->n_threads);
  fact(f, "Built", "Trivet %s, %s, %s", rt_version(), m->build, m->compiler);
  for (int k = 0; k < 2; k++) {
    rt_dtype dtype = k ? RT_F64 : RT_F32;
    double one = peak_limit(r, dtype, 1), all = peak_limit(r, dtype, r->n_threads);
    if (one > 0) fact(f, k ? "f64 peak" : "f32 peak", "%.4g Gflop/s with 1 thread, %.4g with %d (%s)", one, all, r->n_threads, r->loops->name);
  }
  fprintf(f, "</dl>\n");
}

static void tile(FILE *f, const char *what, const char *fmt, ...) TOOL_PRINTF(3, 4);
static void tile(FILE *f, const char *what, const char *fmt, ...) {
  va_list args;
  fprintf(f, "<div class=\"tile\"><b>");
  va_start(args, fmt);
  vfprintf(f, fmt, args); // numbers only
  va_end(args);
  fprintf(f, "</b>");
  html_text(f, what);
  fprintf(f, "</div>\n");
}

static void write_tiles(FILE *f, const report *r) {
  const suite *s = r->suite;
  double *share = grow(NULL, s->n, sizeof *share), *ratio = grow(NULL, s->n, sizeof *ratio), *spread = grow(NULL, s->n, sizeof *spread);
  size_t n_share = 0, n_ratio = 0, n_slower = 0, n_faster = 0;
  for (size_t i = 0; i < s->n; i++) {
    const bench_case *c = &s->at[i];
    const result *base = results_find(r->base, c->name);
    const figures *t = &c->timing.time;
    spread[i] = 100 * (t->high - t->low) / t->median;
    if (case_share(c) > 0) share[n_share++] = case_share(c);
    if (c->peer_ns > 0) ratio[n_ratio++] = c->peer_ns / t->median;
    n_slower += base && is_slower(t, base, r->threshold);
    n_faster += base && is_faster(t, base, r->threshold);
  }
  fprintf(f, "<div class=\"tiles\">\n");
  tile(f, "cases", "%zu", s->n);
  if (n_share > 0) tile(f, "of the roofline (geometric mean of the cases that have one)", "%.0f %%", 100 * geometric_mean(share, n_share));
  tile(f, "spread of a case (median): quartiles apart, of the median", "%.1f %%", median_of(spread, (int32_t)s->n));
  if (n_ratio > 0) {
    char *what = text_format("times as long for %s (geometric mean of %zu cases)", results_name(r->peers), n_ratio);
    tile(f, what, "%.2f", geometric_mean(ratio, n_ratio));
    free(what);
  }
  if (r->base) tile(f, "slower than the baseline", "%zu", n_slower);
  if (r->base) tile(f, "faster than the baseline", "%zu", n_faster);
  fprintf(f, "</div>\n");
  free(share), free(ratio), free(spread);
}

// ---- one family ----------------------------------------------------------------------------------------------------------------------------------
static void size_of_name(const char *name, char *out, size_t bytes) {
  const char *at = strchr(name, '/');
  at = at ? strchr(at + 1, '/') : NULL;
  snprintf(out, bytes, "%.*s", at ? (int)strcspn(at + 1, "/") : 0, at ? at + 1 : "");
}

static void write_shares(FILE *f, const group *g) {
  bool has_begun = false;
  for (size_t i = 0; i < g->n; i++) {
    const bench_case *c = g->at[i];
    if (c->flavour != g->at[0]->flavour || case_share(c) <= 0) continue;
    if (!has_begun) {
      fprintf(f, "<div><span class=\"name\">");
      html_text(f, g->row->name);
      fprintf(f, "</span><div class=\"chips\">");
      has_begun = true;
    }
    char size[60];
    size_of_name(c->name, size, sizeof size);
    fprintf(f, "<span class=\"chip\"><i style=\"width:%.1f%%\"></i><span>%s</span><b>%.2f</b></span>", 100 * fmin(1, case_share(c)), size, case_share(c));
  }
  if (has_begun) fprintf(f, "</div></div>\n");
}

// A name that may be broken behind its slashes.
static void case_name(FILE *f, const char *name) {
  for (const char *end; (end = strchr(name, '/')); name = end + 1) fprintf(f, "%.*s/<wbr/>", (int)(end - name), name);
  fputs(name, f);
}

static void cell(FILE *f, char *text, bool is_bad) {
  fprintf(f, "<td%s>", is_bad ? " class=\"bad\"" : "");
  html_text(f, text);
  fprintf(f, "</td>");
  free(text);
}

static void write_row(FILE *f, const report *r, const bench_case *c) {
  const figures *t = &c->timing.time;
  const result *base = results_find(r->base, c->name);
  fprintf(f, "<tr><td>");
  case_name(f, c->name);
  fprintf(f, "</td>");
  cell(f, time_text(t->median), false);
  cell(f, text_format("%.1f %%", 100 * (t->high - t->low) / t->median), t->high > 1.5 * t->low);
  cell(f, time_text(t->min), false);
  cell(f, rate_text(c->bytes / t->median, "B/s"), false);
  cell(f, c->flops > 0 ? rate_text(c->flops / t->median, "flop/s") : text_copy(""), false);
  cell(f, case_share(c) > 0 ? text_format("%.2f", case_share(c)) : text_copy(""), false);
  double faults = (double)c->timing.n_faults / (double)c->timing.n_calls;
  cell(f, text_format("%.3g", faults), faults >= 0.01);
  cell(f, text_format("%d of %d", t->n_outliers, t->n), false);
  if (r->base) cell(f, base ? text_format("%.2f", t->median / base->median) : text_copy(""), base && is_slower(t, base, r->threshold));
  if (r->peers) cell(f, c->peer_ns > 0 ? text_format("%.2f", c->peer_ns / t->median) : text_copy(""), c->peer_ns > 0 && c->peer_ns < t->median / 1.1);
  cell(f, text_copy(c->backend), false);
  fprintf(f, "</tr>\n");
}

static void write_table(FILE *f, const report *r, size_t begin, size_t end) {
  fprintf(f, "<details><summary>All %zu cases of this family</summary><div class=\"scroll\"><table><thead><tr><th>case</th><th>median</th><th>spread</th>"
             "<th>least</th><th>bytes</th><th>flops</th><th>roofline</th><th>faults</th><th>outliers</th>%s%s<th>ran on</th></tr></thead><tbody>\n", end - begin,
      r->base ? "<th>now / baseline</th>" : "", r->peers ? "<th>peer / this</th>" : "");
  for (size_t i = begin; i < end; i++) write_row(f, r, &r->suite->at[i]);
  fprintf(f, "</tbody></table></div></details>\n");
}

static void write_family(FILE *f, const report *r, size_t begin, size_t end, const ratio_scale *scale) {
  const suite *s = r->suite;
  group g;
  bool has_shares = false, has_ratios = false;
  for (size_t i = begin; i < end; i++) has_shares |= case_share(&s->at[i]) > 0, has_ratios |= s->at[i].peer_ns > 0;
  fprintf(f, "<section id=\"%s\"><h2>", s->at[begin].row->family);
  html_text(f, s->at[begin].row->title);
  fprintf(f, "</h2>\n");
  legend(f, has_ratios);
  fprintf(f, "<div class=\"plots\">\n");
  for (size_t i = begin; i < end;) i = next_group(s, i, &g), plot_time(f, &g, has_ratios);
  fprintf(f, "</div>\n");
  if (has_shares) {
    fprintf(f, "<h3>Share of the roofline, new outputs</h3><div class=\"bars\">\n");
    for (size_t i = begin; i < end;) i = next_group(s, i, &g), write_shares(f, &g);
    fprintf(f, "</div>\n");
  }
  if (has_ratios) {
    fprintf(f, "<h3>How many times as long the peer takes, new outputs</h3><p>A dot for each size, larger dots for larger sizes; right of the line at 1 "
               "Trivet is faster.</p><div class=\"ratios\">\n");
    plot_ratio_axis(f, scale);
    for (size_t i = begin; i < end;) i = next_group(s, i, &g), plot_ratios(f, &g, scale);
    fprintf(f, "</div>\n");
  }
  write_table(f, r, begin, end);
  fprintf(f, "</section>\n");
}

static size_t family_end(const suite *s, size_t begin) {
  size_t end = begin;
  while (end < s->n && s->at[end].row->family == s->at[begin].row->family) end++;
  return end;
}

static void write_page(FILE *f, const report *r) {
  const suite *s = r->suite;
  const machine *m = r->machine;
  fprintf(f, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
             "<title>Trivet bench</title>\n<style>%s</style></head><body>\n<h1>Trivet bench</h1>\n<p>%s. Medians of samples taken in turns; bars show quartiles. "
             "Ratios of one run hold; times of a shared machine do not.</p>\n", html_style, m->date);
  if (m->load[0] > 0.5 * m->n_cpus)
    fprintf(f, "<p class=\"warn\">The machine was busy when this began: load %.2f on %d processors.</p>\n", m->load[0], m->n_cpus);
  write_tiles(f, r);
  write_facts(f, m, &s->roof);
  fprintf(f, "<nav>");
  for (size_t i = 0; i < s->n; i = family_end(s, i)) {
    fprintf(f, "<a href=\"#%s\">", s->at[i].row->family);
    html_text(f, s->at[i].row->title);
    fprintf(f, "</a> ");
  }
  fprintf(f, "</nav>\n<section><h2>What the machine can do</h2><p>Bandwidth of plain loops, the best of 1 thread and all, of stores through and around "
             "the caches. It is the limit that shares are shares of.</p>\n");
  if (!plot_bandwidth(f, &s->roof)) fprintf(f, "<p>Too few sizes were measured for a plot.</p>\n");
  fprintf(f, "</section>\n");
  const ratio_scale scale = ratio_range(s);
  for (size_t i = 0; i < s->n; i = family_end(s, i)) write_family(f, r, i, family_end(s, i), &scale);
  fprintf(f, "</body></html>\n");
}

int report_html(const report *r, const char *path) {
  FILE *f = fopen(path, "we");
  if (!f) return fail("%s: %s", path, strerror(errno));
  write_page(f, r);
  bool failed = ferror(f) != 0;
  return fclose(f) != 0 || failed ? fail("%s: %s", path, strerror(errno)) : EXIT_OK;
}
