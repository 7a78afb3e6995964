// SPDX-License-Identifier: BSD-3-Clause
// trivet bench: times the operations of bench/cases.def on this machine, beside what the machine can do, and compares with earlier figures. The
// work is in bench/; here are the options and what becomes of the results.
#include "suite.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
    "Usage: trivet bench [OPTION]... [FILTER]...\n\n"
    "Times operations: median of samples taken in turns, spread, bytes and flops per second, share of what the machine can do (probed in\n"
    "the same minute), page faults per call. Without FILTER every case, which takes some minutes and 2 GiB of memory; FILTER is part of a\n"
    "name, or a pattern with * and ?: add/f32, 'sum*/1000x1000/*'. Several are separated by commas or blanks.\n\n"
    "  -l, --list           the names of the cases, OPERATION/DTYPE/SIZE/FLAVOUR, and nothing else\n"
    "  -q, --quick          few short samples, and small sizes only: a first look\n"
    "  -b, --backend NAMES  the backends to use instead of RT_BACKEND\n"
    "  -t, --threads N      threads to use, the caller's included, instead of RT_THREADS\n"
    "  -n, --samples N      samples of each case (31; quick: 5)\n"
    "      --calls N        calls each case N times and measures nothing: for perf and callgrind\n"
    "  -s, --save NAME      keeps the figures in bench-baselines/NAME.json (NAME with a / is a path)\n"
    "  -a, --against NAME   compares with kept figures; exit code 1 when a case got slower\n"
    "      --threshold P    by how many percent it must be slower (10), beside having quartiles that do not touch\n"
    "      --peers FILE     figures of another library in the same form, under the same names: ratios in the reports\n"
    "      --json FILE      the figures in google-benchmark's form; - means standard output, instead of the table\n"
    "      --html FILE      a report with plots, in one file\n\n"
    "See docs/bench.md on reading the figures.\n";

typedef struct request {
  char *filter;
  const char *backend, *save, *against, *peers, *json, *html;
  int64_t n_threads, n_samples, n_calls, threshold;
  bool list, quick;
} request;

static void add_filter(request *q, const char *text) {
  char *longer = text_format("%s%s%s", q->filter ? q->filter : "", q->filter ? "," : "", text);
  free(q->filter);
  q->filter = longer;
}

static void log_to_stderr(void *user, rt_log_level level, const char *text) {
  (void)user;
  if (level <= RT_LOG_WARN) fail("%s", text);
}

static int save_json(const report *r, const char *path) {
  json j;
  json_start(&j);
  report_json(r, &j);
  if (strcmp(path, "-") != 0) return json_save(&j, path);
  json_end(&j);
  return EXIT_OK;
}

// A baseline that cannot be finished must not destroy the one before: written beside it, then renamed.
static int save_baseline(const report *r, const char *name) {
  char *path = baseline_path(name), *half = text_format("%s.part", path);
  if (!strchr(name, '/')) mkdir("bench-baselines", 0777); // what is wrong with it shows in a moment
  int code = save_json(r, half);
  if (code == EXIT_OK && rename(half, path) != 0) code = fail("%s: %s", path, strerror(errno));
  if (code != EXIT_OK) unlink(half);
  free(path), free(half);
  return code;
}

static int load_baseline(const char *name, results *out) {
  char *path = baseline_path(name);
  int code = results_load(path, out);
  free(path);
  return code;
}

static int measure(suite *s, const request *q) {
  effort how = {.n_samples = (int32_t)(q->n_samples ? q->n_samples : q->quick ? 5 : 31), .sample_ns = q->quick ? 2e5 : 5e5,
      .patience_ns = q->quick ? 2e8 : 3e9, .show_progress = true};
  if (!roofline_start(&s->roof, rt_ctx_threads(s->ctx))) return EXIT_FAILED;
  if (prepare_cases(s) != EXIT_OK || !roofline_prepare(&s->roof)) return EXIT_FAILED;
  size_t n = s->n + s->roof.n;
  subject **all = grow(NULL, n, sizeof *all);
  for (size_t i = 0; i < s->n; i++) all[i] = &s->at[i].timing;
  for (size_t i = 0; i < s->roof.n; i++) all[s->n + i] = &s->roof.at[i]->timing;
  int code = run_subjects(all, n, &how);
  free(all);
  if (code == EXIT_OK) limit_cases(s);
  return code;
}

// What follows measuring. A regression is a failure, but everything is written first.
static int use_figures(suite *s, const request *q, const machine *m, results *base, results *peers) {
  double threshold = (double)q->threshold / 100;
  report r = {.suite = s, .machine = m, .base = q->against ? base : NULL, .peers = q->peers ? peers : NULL, .threshold = threshold};
  const bool json_only = q->json && strcmp(q->json, "-") == 0;
  for (size_t i = 0; i < s->n; i++) {
    const result *peer = results_find(r.peers, s->at[i].name);
    s->at[i].peer_ns = peer ? peer->median : 0;
  }
  size_t n_slower = 0;
  if (!json_only) report_text(&r);
  if (r.base) warn_of_differences(base, m);
  if (r.base) n_slower = compare_with(s, base, threshold, !json_only);
  int code = q->json ? save_json(&r, q->json) : EXIT_OK;
  if (code == EXIT_OK && q->html) code = report_html(&r, q->html);
  if (code == EXIT_OK && q->save) code = save_baseline(&r, q->save);
  if (code == EXIT_OK && n_slower > 0) code = fail("bench: %zu case%s slower than %s", n_slower, n_slower == 1 ? " is" : "s are", base->path);
  return code;
}

static int run_request(const request *q) {
  suite s = {0};
  results base = {0}, peers = {0};
  list_cases(&s, q->filter, q->quick);
  int code = s.n > 0 ? EXIT_OK : fail("bench: no case is called '%s'; --list shows all", q->filter ? q->filter : "");
  for (size_t i = 0; code == EXIT_OK && q->list && i < s.n; i++) printf("%s\n", s.at[i].name);
  // Files first: who has waited for minutes does not want to hear that a name was wrong.
  if (code == EXIT_OK && !q->list && q->against) code = load_baseline(q->against, &base);
  if (code == EXIT_OK && !q->list && q->peers) code = results_load(q->peers, &peers);
  if (code == EXIT_OK && !q->list) {
    rt_ctx_options options = {.size = sizeof options, .backends = q->backend, .n_threads = (int32_t)q->n_threads, .log = log_to_stderr};
    rt_status status = rt_ctx_create(&options, &s.ctx);
    machine m;
    if (status == RT_OK) machine_read(&m, s.ctx);
    if (status != RT_OK) code = fail_status(status);
    else if (q->n_calls > 0) code = prepare_cases(&s) == EXIT_OK ? call_cases(&s, q->n_calls) : EXIT_FAILED;
    else if ((code = measure(&s, q)) == EXIT_OK) code = use_figures(&s, q, &m, &base, &peers);
  }
  results_free(&base);
  results_free(&peers);
  suite_free(&s);
  return code;
}

static int run(const command *self, int argc, char **argv, bool as_json) {
  enum { THRESHOLD = 1000, CALLS, PEERS, JSON, HTML };
  static const struct option longs[] = {{"list", no_argument, NULL, 'l'}, {"quick", no_argument, NULL, 'q'}, {"backend", required_argument, NULL, 'b'},
      {"threads", required_argument, NULL, 't'}, {"samples", required_argument, NULL, 'n'}, {"calls", required_argument, NULL, CALLS},
      {"save", required_argument, NULL, 's'}, {"against", required_argument, NULL, 'a'}, {"threshold", required_argument, NULL, THRESHOLD},
      {"peers", required_argument, NULL, PEERS}, {"json", required_argument, NULL, JSON}, {"html", required_argument, NULL, HTML},
      {"help", no_argument, NULL, 'h'}, {0}};
  request q = {.json = as_json ? "-" : NULL, .threshold = 10};
  const struct { int option; const char *name; int64_t low, high, *value; } numbers[] = {{'t', "--threads", 1, 256, &q.n_threads},
      {'n', "--samples", 3, MOST_SAMPLES, &q.n_samples}, {CALLS, "--calls", 1, 1000000000, &q.n_calls}, {THRESHOLD, "--threshold", 0, 1000, &q.threshold}};
  const struct { int option; const char **value; } texts[] = {{'b', &q.backend}, {'s', &q.save}, {'a', &q.against}, {PEERS, &q.peers}, {JSON, &q.json}, {HTML, &q.html}};
  int code = EXIT_OK;
  for (int c; code == EXIT_OK && (c = getopt_long(argc, argv, "lqb:t:n:s:a:h", longs, NULL)) != -1;) {
    bool is_known = c == 'l' || c == 'q';
    if (c == 'h') return print_help(self);
    if (c == 'l') q.list = true;
    if (c == 'q') q.quick = true;
    for (size_t i = 0; i < COUNT(texts); i++) if (c == texts[i].option) *texts[i].value = optarg, is_known = true;
    for (size_t i = 0; i < COUNT(numbers); i++) {
      if (c != numbers[i].option) continue;
      is_known = true;
      if (!parse_number(optarg, numbers[i].low, numbers[i].high, numbers[i].value))
        code = usage_error(self, "%s takes a number from %lld to %lld, not '%s'", numbers[i].name, (long long)numbers[i].low, (long long)numbers[i].high, optarg);
    }
    if (!is_known) code = usage_error(self, NULL);
  }
  if (code == EXIT_OK && q.n_calls > 0 && (q.save || q.against || q.peers || q.json || q.html))
    code = usage_error(self, "--calls measures nothing, so there is nothing to save, compare or report");
  for (int i = optind; code == EXIT_OK && i < argc; i++) add_filter(&q, argv[i]);
  if (code == EXIT_OK) code = run_request(&q);
  free(q.filter);
  return code;
}

const command cmd_bench = {"bench", "times operations: share of the machine, baselines, HTML report", help, run};
