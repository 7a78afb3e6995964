// SPDX-License-Identifier: BSD-3-Clause
// The plots of the HTML report as inline SVG: time over size for each operation, bandwidth over footprint, ratios to a peer. Each mark has its figures
// as a title, so nothing is only a picture.
#include "html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const classes[FLAVOURS] = {"new", "given", "place"};

double elements_of(const bench_case *c) {
  double n = 1;
  for (int32_t d = 0; d < c->on.size.rank; d++) n *= (double)c->on.size.extent[d];
  return n;
}

// ---- axes: both logarithmic ---------------------------------------------------------------------------------------------------------------------
#define WIDTH 300
#define HEIGHT 200
typedef struct axes { double x_low, x_high, y_low, y_high, left, right, top, bottom; } axes;

static axes axes_start(void) { return (axes){INFINITY, 0, INFINITY, 0, 48, 10, 8, 32}; }

static void include(axes *a, double x, double y) {
  if (!(x > 0) || !(y > 0)) return;
  a->x_low = fmin(a->x_low, x), a->x_high = fmax(a->x_high, x);
  a->y_low = fmin(a->y_low, y), a->y_high = fmax(a->y_high, y);
}

// Room around the values; at least half a decade, so that one point is a point.
static void widen(double *low, double *high) {
  double spare = fmax(pow(*high / *low, 0.04), *high / *low < 3 ? 1.8 : 1);
  *low /= spare, *high *= spare;
}

static double x_of(const axes *a, double x) { return a->left + (WIDTH - a->left - a->right) * log(x / a->x_low) / log(a->x_high / a->x_low); }
static double y_of(const axes *a, double y) { return HEIGHT - a->bottom - (HEIGHT - a->top - a->bottom) * log(y / a->y_low) / log(a->y_high / a->y_low); }

static char *count_text(double n) {
  static const struct { double size; const char *unit; } units[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}};
  size_t u = 0;
  while (u + 1 < COUNT(units) && n < units[u].size) u++;
  return text_format("%.3g%s", n / units[u].size, units[u].unit);
}

static char *bytes_tick(double n) {
  static const char *const unit[] = {"B", "KiB", "MiB", "GiB"};
  size_t u = 0;
  for (; n >= 1024 && u + 1 < COUNT(unit); u++) n /= 1024;
  return text_format("%.4g %s", n, unit[u]);
}

static char *tick_time(double ns) {
  static const struct { double ns; const char *unit; } units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
  size_t u = 0;
  while (u + 1 < COUNT(units) && ns < 0.999 * units[u].ns) u++;
  return text_format("%.3g %s", ns / units[u].ns, units[u].unit);
}

static void draw_line(FILE *f, const char *class, double x1, double y1, double x2, double y2) {
  fprintf(f, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", class, x1, y1, x2, y2);
}

static void draw_label(FILE *f, const char *anchor, double x, double y, const char *text) {
  fprintf(f, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>", x, y, anchor, text);
}

// Ticks at powers of `base`, not more than `most` of them.
static void draw_ticks(FILE *f, const axes *a, bool is_x, double base, int most, char *(*text)(double)) {
  double low = is_x ? a->x_low : a->y_low, high = is_x ? a->x_high : a->y_high;
  int first = (int)ceil(log(low) / log(base) - 1e-9), last = (int)floor(log(high) / log(base) + 1e-9), step = (last - first) / most + 1;
  for (int k = first; k <= last; k += step) {
    char *label = text(pow(base, k));
    const double x = x_of(a, pow(base, k)), y = y_of(a, pow(base, k)), bottom = HEIGHT - a->bottom;
    if (is_x) draw_line(f, "grid", x, a->top, x, bottom), draw_label(f, "middle", x, bottom + 14, label);
    else draw_line(f, "grid", a->left, y, WIDTH - a->right, y), draw_label(f, "end", a->left - 5, y + 4, label);
    free(label);
  }
}

static void draw_mark(FILE *f, const char *class, int shape, double x, double y, const char *title) {
  static const char *const paths[] = {"", "M-3.5,-3.5h7v7h-7z", "M0,-4.5L4.2,3.2H-4.2z", "M0,-4.8L4.8,0L0,4.8L-4.8,0z"};
  if (shape == 0) fprintf(f, "<circle class=\"mark %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\">", class, x, y);
  else fprintf(f, "<path class=\"mark %s\" transform=\"translate(%.1f,%.1f)\" d=\"%s\">", class, x, y, paths[shape]);
  fprintf(f, "<title>");
  html_text(f, title);
  fprintf(f, "</title></%s>", shape == 0 ? "circle" : "path");
}

// ---- time over size -------------------------------------------------------------------------------------------------------------------------------
static int by_elements(const void *a, const void *b) {
  const bench_case *one = *(const bench_case *const *)a, *two = *(const bench_case *const *)b;
  double x = elements_of(one), y = elements_of(two);
  return x != y ? (x > y) - (x < y) : (int)one->flavour - (int)two->flavour; // new outputs first
}

size_t next_group(const suite *s, size_t begin, group *out) {
  const case_row *row = s->at[begin].row;
  size_t end = begin;
  *out = (group){.row = row, .dtype = s->at[begin].on.dtype};
  for (; end < s->n && s->at[end].row == row; end++)
    if (s->at[end].on.dtype == out->dtype && out->n < COUNT(out->at)) out->at[out->n++] = &s->at[end];
  qsort(out->at, out->n, sizeof(bench_case *), by_elements);
  return end;
}

// Points that lie on one line: sizes of the same form, one growing after the other. Others are marks alone.
static bool is_ladder(const group *g) {
  for (size_t i = 0; i < g->n; i++)
    for (int32_t d = 1; d < g->at[i]->on.size.rank; d++) if (g->at[i]->on.size.extent[d] != g->at[i]->on.size.extent[0]) return false;
  return true;
}

typedef enum curve { CURVE_CASE, CURVE_LIMIT, CURVE_PEER } curve;
static double value_of(const bench_case *c, curve which) {
  return which == CURVE_CASE ? c->timing.time.median : which == CURVE_LIMIT ? c->limit_ns : c->peer_ns;
}

static void draw_curve(FILE *f, const axes *a, const group *g, flavour flavour, curve which, const char *class, int shape) {
  bool is_line = is_ladder(g) && g->n > 1, has_begun = false;
  for (size_t i = 0; is_line && i < g->n; i++) {
    double v = value_of(g->at[i], which);
    if (g->at[i]->flavour != flavour || !(v > 0)) continue;
    fprintf(f, "%s%.1f,%.1f", has_begun ? " " : "<polyline points=\"", x_of(a, elements_of(g->at[i])), y_of(a, v));
    has_begun = true;
  }
  if (has_begun) fprintf(f, "\" class=\"%s\"/>", class);
  for (size_t i = 0; i < g->n; i++) {
    const bench_case *c = g->at[i];
    double v = value_of(c, which);
    if (c->flavour != flavour || !(v > 0)) continue;
    const double x = x_of(a, elements_of(c)), y = y_of(a, v);
    if (which == CURVE_LIMIT) { // a dash: the mark of a limit
      draw_line(f, class, x - 4, y, x + 4, y);
      continue;
    }
    if (which == CURVE_CASE) draw_line(f, class, x, y_of(a, c->timing.time.low), x, y_of(a, c->timing.time.high));
    char *time = time_text(v), *title = text_format("%s%s: %s", c->name, which == CURVE_PEER ? ", peer" : "", time);
    draw_mark(f, class, shape, x, y, title);
    free(time), free(title);
  }
}

void plot_time(FILE *f, const group *g, bool has_peers) {
  axes a = axes_start();
  flavour least = FLAVOURS;
  for (size_t i = 0; i < g->n; i++) {
    const bench_case *c = g->at[i];
    for (curve k = CURVE_CASE; k <= CURVE_PEER; k++) include(&a, elements_of(c), value_of(c, k));
    include(&a, elements_of(c), c->timing.time.low), include(&a, elements_of(c), c->timing.time.high);
    least = c->flavour < least ? c->flavour : least;
  }
  widen(&a.x_low, &a.x_high), widen(&a.y_low, &a.y_high);
  fprintf(f, "<div class=\"plot\"><h4>");
  html_text(f, g->row->name);
  fprintf(f, " %s</h4><svg viewBox=\"0 0 %d %d\" role=\"img\"><title>", rt_dtype_name(g->dtype), WIDTH, HEIGHT);
  html_text(f, g->row->name);
  fprintf(f, ": time over size</title>");
  draw_ticks(f, &a, true, 10, 4, count_text);
  draw_ticks(f, &a, false, 10, 5, tick_time);
  draw_label(f, "end", WIDTH - 10, HEIGHT - 3, g->at[0]->on.size.rank <= 2 ? "elements" : "product of extents");
  draw_curve(f, &a, g, least, CURVE_LIMIT, "limit", 0);
  if (has_peers) draw_curve(f, &a, g, least, CURVE_PEER, "peer", 3);
  for (flavour k = FLAVOURS; k-- > 0;) draw_curve(f, &a, g, k, CURVE_CASE, classes[k], (int)k);
  fprintf(f, "</svg></div>\n");
}

void legend(FILE *f, bool has_peers) {
  static const struct { const char *class, *text; int shape; } all[] = {{"new", "new output", 0}, {"given", "given output", 1}, {"place", "in place", 2},
      {"peer", "peer", 3}, {"limit", "roofline: the least time of this machine", -1}};
  fprintf(f, "<ul class=\"legend\">");
  for (size_t i = 0; i < COUNT(all); i++) {
    if (!has_peers && strcmp(all[i].class, "peer") == 0) continue;
    fprintf(f, "<li><svg viewBox=\"0 0 34 12\"><line class=\"%s\" x1=\"1\" y1=\"6\" x2=\"33\" y2=\"6\"/>", all[i].class);
    if (all[i].shape >= 0) draw_mark(f, all[i].class, all[i].shape, 17, 6, all[i].text);
    fprintf(f, "</svg>%s</li>", all[i].text);
  }
  fprintf(f, "</ul>\n");
}

// ---- bandwidth over footprint ---------------------------------------------------------------------------------------------------------------------
typedef struct point { double x, y; } point;
static int by_x(const void *a, const void *b) { return (((const point *)a)->x > ((const point *)b)->x) - (((const point *)a)->x < ((const point *)b)->x); }

bool plot_bandwidth(FILE *f, const roofline *r) {
  static const struct { traffic kind; const char *class; int shape; } shown[] = {{READ, "new", 0}, {COPY, "given", 1}, {ADD, "place", 2}, {WRITE, "peer", 3}};
  axes a = axes_start();
  size_t n_points = 0;
  for (size_t i = 0; i < r->n; i++) {
    const gauge *g = r->at[i];
    if (g->is_peak || g->kind == SCALE || g->kind == UPDATE) continue;
    include(&a, g->footprint_bytes, stream_limit(r, g->kind, g->footprint_bytes, r->n_threads));
    n_points++;
  }
  if (n_points < 4 || a.x_high < 8 * a.x_low) return false;
  widen(&a.x_low, &a.x_high), widen(&a.y_low, &a.y_high);
  fprintf(f, "<ul class=\"legend\">");
  for (size_t k = 0; k < COUNT(shown); k++) {
    fprintf(f, "<li><svg viewBox=\"0 0 34 12\"><line class=\"%s\" x1=\"1\" y1=\"6\" x2=\"33\" y2=\"6\"/>", shown[k].class);
    draw_mark(f, shown[k].class, shown[k].shape, 17, 6, traffic_kinds[shown[k].kind].name);
    fprintf(f, "</svg>%s</li>", traffic_kinds[shown[k].kind].name);
  }
  fprintf(f, "</ul><div class=\"plot wide\"><h4>GB/s over footprint</h4><svg viewBox=\"0 0 %d %d\" role=\"img\">"
             "<title>Bandwidth over footprint</title>", WIDTH, HEIGHT);
  draw_ticks(f, &a, true, 8, 5, bytes_tick);
  draw_ticks(f, &a, false, 2, 6, count_text);
  point *line = grow(NULL, r->n, sizeof *line);
  for (size_t k = 0; k < COUNT(shown); k++) {
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++) {
      const gauge *g = r->at[i];
      if (g->is_peak || g->kind != shown[k].kind || g->n_threads != 1 || g->bypasses) continue; // one for each footprint
      line[n++] = (point){g->footprint_bytes, stream_limit(r, g->kind, g->footprint_bytes, r->n_threads)};
    }
    qsort(line, n, sizeof *line, by_x);
    fprintf(f, "<polyline class=\"%s\" points=\"", shown[k].class);
    for (size_t i = 0; i < n; i++) fprintf(f, "%s%.1f,%.1f", i ? " " : "", x_of(&a, line[i].x), y_of(&a, line[i].y));
    fprintf(f, "\"/>");
    for (size_t i = 0; i < n; i++) {
      char *bytes = bytes_text((uint64_t)line[i].x), *title = text_format("%s, %s: %.1f GB/s", traffic_kinds[shown[k].kind].name, bytes, line[i].y);
      draw_mark(f, shown[k].class, shown[k].shape, x_of(&a, line[i].x), y_of(&a, line[i].y), title);
      free(bytes), free(title);
    }
  }
  free(line);
  fprintf(f, "</svg></div>\n");
  return true;
}

// ---- ratios: percent of the width, so that the letters keep their size ------------------------------------------------------------------------------
ratio_scale ratio_range(const suite *s) {
  ratio_scale scale = {0.5, 2};
  for (size_t i = 0; i < s->n; i++) {
    double ratio = s->at[i].peer_ns / s->at[i].timing.time.median;
    if (ratio > 0) scale.low = fmin(scale.low, ratio), scale.high = fmax(scale.high, ratio);
  }
  scale.low = exp2(floor(log2(scale.low)) - 0.3), scale.high = exp2(ceil(log2(scale.high)) + 0.3);
  return scale;
}

static double percent(const ratio_scale *s, double ratio) { return 100 * log(ratio / s->low) / log(s->high / s->low); }

// Powers of two, of four where there are many.
static double tick_factor(const ratio_scale *s) { return s->high / s->low > 100 ? s->high / s->low > 4000 ? 16 : 4 : 2; }

void plot_ratio_axis(FILE *f, const ratio_scale *s) {
  double factor = tick_factor(s);
  fprintf(f, "<span></span><svg>");
  for (double at = pow(factor, ceil(log(s->low) / log(factor))); at <= s->high; at *= factor)
    fprintf(f, "<text x=\"%.2f%%\" y=\"17\" text-anchor=\"middle\">%.4g</text>", percent(s, at), at);
  fprintf(f, "</svg><span class=\"sum\">mean</span>\n");
}

void plot_ratios(FILE *f, const group *g, const ratio_scale *s) {
  double ratio[COUNT(g->at)], factor = tick_factor(s);
  size_t n = 0;
  for (size_t i = 0; i < g->n; i++) {
    const bench_case *c = g->at[i];
    if (c->flavour == g->at[0]->flavour && c->peer_ns > 0) ratio[n++] = c->peer_ns / c->timing.time.median;
  }
  if (n == 0) return;
  fprintf(f, "<span class=\"name\">");
  html_text(f, g->row->name);
  fprintf(f, "</span><svg>");
  for (double at = pow(factor, ceil(log(s->low) / log(factor))); at <= s->high; at *= factor)
    fprintf(f, "<line class=\"%s\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"0\" y2=\"22\"/>", at == 1 ? "one" : "grid", percent(s, at), percent(s, at));
  for (size_t i = 0, k = 0; i < g->n; i++) {
    const bench_case *c = g->at[i];
    if (c->flavour != g->at[0]->flavour || !(c->peer_ns > 0)) continue;
    const double radius = 3.5 + 2.5 * (double)k / (double)n;
    fprintf(f, "<circle class=\"mark %s\" cx=\"%.2f%%\" cy=\"11\" r=\"%.1f\"><title>", ratio[k] >= 1 ? "new" : "given", percent(s, ratio[k]), radius);
    html_text(f, c->name);
    fprintf(f, ": %.2f</title></circle>", ratio[k]);
    k++;
  }
  fprintf(f, "</svg><span class=\"sum\">%.2f</span>\n", geometric_mean(ratio, n));
}
