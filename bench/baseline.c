// SPDX-License-Identifier: BSD-3-Clause
// Results out of files: baselines of this tool, and what peers measured, both in google-benchmark's JSON. Says what got slower, and whether the
// two were taken alike at all.
#include "suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

char *baseline_path(const char *name) {
  return strchr(name, '/') ? text_copy(name) : text_format("bench-baselines/%s.json", name);
}

static double unit_ns(const char *unit) {
  static const struct { const char *name; double ns; } units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
  for (size_t i = 0; i < COUNT(units); i++) if (strcmp(unit, units[i].name) == 0) return units[i].ns;
  return *unit ? 0 : 1; // the form's own default
}

static void set_result(results *r, const char *name, double median, double low, double high) {
  result *found = NULL;
  for (size_t i = 0; i < r->n; i++) if (strcmp(r->at[i].name, name) == 0) found = &r->at[i];
  if (!found) {
    r->at = grow(r->at, r->n + 1, sizeof *r->at);
    found = &r->at[r->n++];
    found->name = text_copy(name);
  }
  found->median = median, found->low = low, found->high = high;
}

// A single run counts until the median of several follows it; other aggregates (mean, stddev ...) do not count.
static int add_entry(results *r, const json_value *entry) {
  const char *name = json_get_text(entry, "name"), *aggregate = json_get_text(entry, "aggregate_name");
  if (json_get(entry, "error_occurred") && json_get(entry, "error_occurred")->kind == 't') return EXIT_OK;
  if (*aggregate && strcmp(aggregate, "median") != 0) return EXIT_OK;
  if (*aggregate) name = json_get_text(entry, "run_name");
  double ns = unit_ns(json_get_text(entry, "time_unit")), time = json_get_number(entry, "real_time", NAN) * ns;
  if (!*name) return fail("%s: a benchmark has no name", r->path);
  if (!(time > 0) || !isfinite(time)) return fail("%s: %s has no time that is a number of ns, us, ms or s", r->path, name);
  double low = json_get_number(entry, "q1", NAN) * ns, high = json_get_number(entry, "q3", NAN) * ns;
  set_result(r, name, time, low > 0 ? low : time, high > 0 ? high : time);
  return EXIT_OK;
}

int results_load(const char *path, results *out) {
  json_file file;
  *out = (results){.path = text_copy(path)};
  int code = json_load(path, &file);
  if (code != EXIT_OK) return code;
  const json_value *context = json_get(file.root, "context"), *list = json_get(file.root, "benchmarks");
  if (!list || list->kind != '[') code = fail("%s: no list of benchmarks in it, as google-benchmark writes one", path);
  for (const json_value *v = code == EXIT_OK ? list->first : NULL; v && code == EXIT_OK; v = v->next) code = add_entry(out, v);
  out->library = text_copy(json_get_text(context, "library"));
  out->cpu = text_copy(json_get_text(context, "cpu_model"));
  out->backends = text_copy(json_get_text(context, "backends"));
  out->settings = text_copy(json_get_text(context, "settings"));
  out->date = text_copy(json_get_text(context, "date"));
  out->n_threads = (int32_t)json_get_number(context, "threads", 0);
  json_free(&file);
  return code;
}

const char *results_name(const results *r) { return *r->library ? r->library : r->path; }

const result *results_find(const results *r, const char *name) {
  for (size_t i = 0; r && i < r->n; i++) if (strcmp(r->at[i].name, name) == 0) return &r->at[i];
  return NULL;
}

void results_free(results *r) {
  for (size_t i = 0; i < r->n; i++) free(r->at[i].name);
  free(r->at), free(r->path), free(r->library), free(r->cpu), free(r->backends), free(r->settings), free(r->date);
  *r = (results){0};
}

// ---- comparing --------------------------------------------------------------------------------------------------------------------------------
static void warn(const char *what, const char *before, const char *now) {
  if (strcmp(before, now) == 0) return;
  fail("WARNING: the baseline was taken with another %s: '%s', now '%s'. Differences below may be due to that alone", what, before, now);
}

void warn_of_differences(const results *base, const machine *m) {
  char before[24], now[24];
  snprintf(before, sizeof before, "%d", base->n_threads);
  snprintf(now, sizeof now, "%d", m->n_threads);
  warn("processor", base->cpu, m->cpu);
  warn("number of threads", before, now);
  warn("list of backends", base->backends, m->backends);
  warn("setting of a backend", base->settings, m->settings);
}

bool is_slower(const figures *now, const result *base, double threshold) { return now->median > base->median * (1 + threshold) && now->low > base->high; }
bool is_faster(const figures *now, const result *base, double threshold) { return now->median * (1 + threshold) < base->median && now->high < base->low; }

// How many cases `is` holds for; they are listed below the heading, if there is one.
static size_t list_those(suite *s, const results *base, double threshold, bool (*is)(const figures *, const result *, double), const char *heading) {
  size_t n = 0;
  table t;
  table_start(&t, "case|>baseline|>quartiles|>now|>quartiles|>change");
  for (size_t i = 0; i < s->n; i++) {
    const result *b = results_find(base, s->at[i].name);
    const figures *now = &s->at[i].timing.time;
    if (!b || !is(now, b, threshold)) continue;
    n++;
    if (!heading) continue;
    char *before = time_text(b->median), *low = time_text(b->low), *high = time_text(b->high), *after = time_text(now->median);
    char *now_low = time_text(now->low), *now_high = time_text(now->high);
    char *range = text_format("%s to %s", low, high), *now_range = text_format("%s to %s", now_low, now_high);
    char *change = text_format("%.2f x", now->median / b->median);
    table_row(&t, s->at[i].name, before, range, after, now_range, change);
    free(before), free(low), free(high), free(after), free(now_low), free(now_high), free(range), free(now_range), free(change);
  }
  if (n > 0 && heading) printf("\n%s\n", heading);
  table_end(&t, 2);
  return n;
}

size_t compare_with(suite *s, const results *base, double threshold, bool prints) {
  size_t n_both = 0;
  for (size_t i = 0; i < s->n; i++) {
    const result *b = results_find(base, s->at[i].name);
    s->at[i].base_ns = b ? b->median : 0;
    n_both += b != NULL;
  }
  size_t n_faster = list_those(s, base, threshold, is_faster, prints ? "Faster than the baseline" : NULL);
  size_t n_slower = list_those(s, base, threshold, is_slower, prints ? "SLOWER than the baseline" : NULL);
  const char *date = *base->date ? base->date : "no date";
  if (prints) printf("\nAgainst %s (%s): %zu cases in both, %zu slower and %zu faster by more than %.4g %% with quartiles apart.\n", base->path, date, n_both,
      n_slower, n_faster, 100 * threshold);
  return n_slower;
}
