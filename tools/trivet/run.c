// SPDX-License-Identifier: BSD-3-Clause
// trivet run: runs an ONNX model on .npy inputs, shows the outputs, and on request times it and tells where each operation ran.
#include "trivet.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char help[] =
    "Usage: trivet run MODEL.onnx --input X.npy [OPTION]...\n\n"
    "Runs a model once and shows dtype, shape and a summary of each output.\n\n"
    "  -i, --input [NAME=]X.npy   an input; without a name the inputs are taken in the model's order\n"
    "  -o, --output [NAME=]Y.npy  writes an output; without a name the outputs are taken in the model's order\n"
    "  -b, --backend NAME,NAME    the backends to use, as RT_BACKEND\n"
    "  -d, --device NAME[:INDEX]  puts the inputs on this device and opens its backend first; \"host\" for host memory\n"
    "      --bench N              then runs N times more: median and least time, items (first extent of the first input) per second\n"
    "      --profile N            then runs N times more and times each node: the slowest operations and nodes\n"
    "      --report               where each operation of the first run ran, fallbacks with reasons, copies and waits\n"
    "      --json                 the answer as JSON\n";

typedef struct pair { const char *name; const char *path; bool used; } pair; // name: NULL when not given
typedef struct pairs { pair *at; size_t n; } pairs;

typedef struct request {
  const char *model, *backend, *device;
  pairs inputs, outputs;
  int64_t n_bench, n_profile;
  bool report, as_json;
} request;

typedef struct report { rt_report_row *at; int32_t n; } report;

typedef struct session {
  rt_ctx *ctx;
  rt_model *model;
  rt_tensor **in, **out;
  int32_t n_in, n_out;
  summary *values;
  report loading, running;
  double *ms;  // of each timed run, sorted
  profile slow;
  int64_t n_items;
} session;

// Splits "name=path" in place. A path that contains '=' and no name can be given as "./a=b.npy".
static void add_pair(pairs *all, char *text) {
  char *equals = strchr(text, '='), *slash = strchr(text, '/');
  bool named = equals && equals != text && (!slash || equals < slash);
  if (named) *equals = '\0';
  all->at = grow(all->at, all->n + 1, sizeof *all->at);
  all->at[all->n++] = (pair){named ? text : NULL, named ? equals + 1 : text, false};
}

// The path for a port: by name, else the next one without a name. NULL when there is none.
static const char *take_pair(pairs *all, const char *name) {
  for (size_t i = 0; i < all->n; i++)
    if (!all->at[i].used && all->at[i].name && strcmp(all->at[i].name, name) == 0) { all->at[i].used = true; return all->at[i].path; }
  for (size_t i = 0; i < all->n; i++)
    if (!all->at[i].used && !all->at[i].name) { all->at[i].used = true; return all->at[i].path; }
  return NULL;
}

typedef rt_status (*port_fn)(const rt_model *model, int32_t index, rt_model_port *out_port);

// A name that the model does not have is said at once, with those that it has.
static int check_names(const pairs *all, const char *what, const rt_model *model, int32_t n, port_fn get) {
  for (size_t i = 0; i < all->n; i++) {
    const char *name = all->at[i].name;
    bool found = !name;
    char *names = text_copy("");
    for (int32_t k = 0; k < n; k++) {
      rt_model_port port;
      if (get(model, k, &port) != RT_OK) continue;
      found |= name && strcmp(port.name, name) == 0;
      char *longer = text_format("%s%s'%s'", names, k ? ", " : "", port.name);
      free(names);
      names = longer;
    }
    int code = found ? EXIT_OK : fail("run: the model has no %s named '%s'; its %ss are %s", what, name, what, n ? names : "none");
    free(names);
    if (code != EXIT_OK) return code;
  }
  return EXIT_OK;
}

// The sentence about a file that no port took.
static int check_used(const pairs *all, const char *what, int32_t n_ports) {
  for (size_t i = 0; i < all->n; i++) {
    if (all->at[i].used) continue;
    if (all->at[i].name) return fail("run: %s '%s' is given twice", what, all->at[i].name);
    return fail("run: %s %s is one too many: the model has %d", what, all->at[i].path, n_ports);
  }
  return EXIT_OK;
}

// By kind, place and operation: the library's own order depends on addresses.
static int compare_rows(const void *a, const void *b) {
  const rt_report_row *x = a, *y = b;
  if (x->kind != y->kind) return (int)x->kind - (int)y->kind;
  int by_backend = strcmp(x->backend, y->backend), by_op = strcmp(x->op, y->op), by_reason = strcmp(x->reason, y->reason);
  return by_backend ? by_backend : by_op ? by_op : by_reason ? by_reason : strcmp(x->dtypes, y->dtypes);
}

static report take_report(rt_ctx *ctx) {
  report r = {0};
  int32_t n = rt_report_count(ctx);
  r.at = grow(NULL, (size_t)(n > 0 ? n : 1), sizeof *r.at);
  for (int32_t i = 0; i < n; i++) if (rt_report_get(ctx, i, &r.at[r.n]) == RT_OK) r.n++;
  rt_report_reset(ctx);
  qsort(r.at, (size_t)r.n, sizeof *r.at, compare_rows);
  return r;
}

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

// "toy" of "toy:1": the backend that must be opened for a device. NULL for the host.
static char *backend_of(const char *device) {
  if (!device || strcmp(device, "host") == 0) return NULL;
  return text_format("%.*s", (int)strcspn(device, ":"), device);
}

static int read_inputs(session *s, request *r) {
  rt_device device = RT_DEFAULT_DEVICE;
  rt_status status = r->device ? rt_device_find(s->ctx, r->device, &device) : RT_OK;
  if (status != RT_OK) return fail_status(status);
  for (int32_t i = 0; i < s->n_in; i++) {
    rt_model_port port;
    if ((status = rt_model_input(s->model, i, &port)) != RT_OK) return fail_status(status);
    const char *path = take_pair(&r->inputs, port.name);
    if (!path) {
      char *shape = shape_text(port.rank, port.shape, port.symbol);
      int code = fail("run: input '%s' (%s %s) is missing: --input %s=FILE.npy", port.name, rt_dtype_name(port.dtype), shape, port.name);
      free(shape);
      return code;
    }
    if ((status = rt_npy_read(s->ctx, path, &s->in[i])) != RT_OK) return fail_status(status);
    if (!r->device || rt_tensor_device(s->in[i]) == device) continue;
    rt_tensor *moved = NULL;
    if ((status = rt_to(s->in[i], device, &moved)) != RT_OK) return fail_status(status);
    rt_release(s->in[i]);
    s->in[i] = moved;
  }
  if (s->n_in > 0 && rt_tensor_rank(s->in[0]) > 0) s->n_items = rt_tensor_shape(s->in[0])[0];
  return check_used(&r->inputs, "input", s->n_in);
}

// One run, complete: the outputs are computed when it returns.
static rt_status run_once(session *s, rt_tensor **out) {
  rt_status status = rt_model_run(s->model, s->n_in, (const rt_tensor *const *)s->in, s->n_out, out);
  for (int32_t i = 0; status == RT_OK && i < s->n_out; i++) status = rt_wait(out[i]);
  return status;
}

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// ms may be NULL; what the outputs hold is dropped.
static rt_status run_again(session *s, int64_t n, double *ms) {
  rt_tensor **out = grow(NULL, (size_t)s->n_out + 1, sizeof *out);
  rt_status status = RT_OK;
  for (int64_t i = 0; status == RT_OK && i < n; i++) {
    memset(out, 0, (size_t)s->n_out * sizeof *out);
    double start = now_ms();
    status = run_once(s, out);
    if (ms) ms[i] = now_ms() - start;
    for (int32_t k = 0; k < s->n_out; k++) rt_release(out[k]);
  }
  free(out);
  return status;
}

static rt_status time_runs(session *s, int64_t n) {
  s->ms = grow(NULL, (size_t)n, sizeof *s->ms);
  rt_status status = run_again(s, n, s->ms);
  if (status == RT_OK) qsort(s->ms, (size_t)n, sizeof *s->ms, compare_doubles);
  return status;
}

static rt_status profile_nodes(session *s, int64_t n) {
  rt_status status = profile_start(&s->slow, s->model);
  s->slow.n_runs = n;
  if (status == RT_OK) status = run_again(s, n, NULL);
  return status == RT_OK ? profile_stop(&s->slow) : status;
}

static int write_outputs(session *s, request *r) {
  for (int32_t i = 0; i < s->n_out; i++) {
    rt_model_port port;
    rt_status status = rt_model_output(s->model, i, &port);
    if (status != RT_OK) return fail_status(status);
    const char *path = take_pair(&r->outputs, port.name);
    if (path && (status = rt_npy_write(path, s->out[i])) != RT_OK) return fail_status(status);
  }
  return check_used(&r->outputs, "output", s->n_out);
}

// ---- printing ---------------------------------------------------------------------------------------------------------------------------
static const char *const kind_names[] = {"ran", "fallback", "copy", "wait", "layer"};

static const char *kind_name(rt_report_kind kind) { return (size_t)kind < COUNT(kind_names) ? kind_names[kind] : "?"; }

static void print_report(const char *title, const report *r) {
  if (r->n == 0) return;
  printf("\n%s\n", title);
  table t;
  table_start(&t, "what|>times|operation|dtypes|where|>moved|why");
  for (int32_t i = 0; i < r->n; i++) {
    const rt_report_row *row = &r->at[i];
    char *count = text_format("%llu", (unsigned long long)row->count), *moved = row->bytes ? bytes_text(row->bytes) : text_copy("");
    table_row(&t, kind_name(row->kind), count, row->op, row->dtypes, row->backend, moved, row->reason);
    free(count);
    free(moved);
  }
  table_end(&t, 2);
}

static void report_json(json *j, const char *key, const report *r) {
  json_open(j, key, '[');
  for (int32_t i = 0; i < r->n; i++) {
    const rt_report_row *row = &r->at[i];
    json_open(j, NULL, '{');
    json_text(j, "kind", kind_name(row->kind));
    json_text(j, "op", row->op);
    json_text(j, "dtypes", row->dtypes);
    json_text(j, "backend", row->backend);
    json_text(j, "reason", row->reason);
    json_uint(j, "count", row->count);
    json_uint(j, "bytes", row->bytes);
    json_close(j, '{');
  }
  json_close(j, '[');
}

static double median(const double *sorted, int64_t n) { return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2; }

static void print_text(const session *s, const request *r) {
  table t;
  table_start(&t, "output|dtype|shape|values");
  for (int32_t i = 0; i < s->n_out; i++) {
    rt_model_port port;
    bool has_name = rt_model_output(s->model, i, &port) == RT_OK;
    char *shape = shape_text(rt_tensor_rank(s->out[i]), rt_tensor_shape(s->out[i]), NULL), *text = summary_text(&s->values[i]);
    table_row(&t, has_name ? port.name : "?", rt_dtype_name(rt_tensor_dtype(s->out[i])), shape, text);
    free(shape);
    free(text);
  }
  table_end(&t, 0);
  if (r->n_bench > 0) {
    double middle = median(s->ms, r->n_bench);
    printf("\n%lld runs of %lld items: median %.4g ms, least %.4g ms, %.6g items/s\n", (long long)r->n_bench, (long long)s->n_items, middle,
        s->ms[0], (double)s->n_items / middle * 1e3);
  }
  if (r->n_profile > 0) profile_print(&s->slow);
  if (!r->report) return;
  print_report("While loading", &s->loading);
  print_report("In one run", &s->running);
}

static void print_json(const session *s, const request *r) {
  json j;
  json_start(&j);
  json_open(&j, NULL, '{');
  json_text(&j, "model", r->model);
  json_open(&j, "outputs", '[');
  for (int32_t i = 0; i < s->n_out; i++) {
    rt_model_port port;
    bool has_name = rt_model_output(s->model, i, &port) == RT_OK;
    json_open(&j, NULL, '{');
    json_text(&j, "name", has_name ? port.name : NULL);
    json_text(&j, "dtype", rt_dtype_name(rt_tensor_dtype(s->out[i])));
    json_shape(&j, "shape", rt_tensor_rank(s->out[i]), rt_tensor_shape(s->out[i]), NULL);
    summary_json(&j, &s->values[i]);
    json_close(&j, '{');
  }
  json_close(&j, '[');
  if (r->n_bench > 0) {
    double middle = median(s->ms, r->n_bench);
    json_open(&j, "bench", '{');
    json_int(&j, "runs", r->n_bench);
    json_int(&j, "items", s->n_items);
    json_real(&j, "median_ms", middle);
    json_real(&j, "min_ms", s->ms[0]);
    json_real(&j, "items_per_second", (double)s->n_items / middle * 1e3);
    json_close(&j, '{');
  }
  if (r->n_profile > 0) profile_json(&j, &s->slow);
  if (r->report) {
    json_open(&j, "report", '{');
    report_json(&j, "loading", &s->loading);
    report_json(&j, "running", &s->running);
    json_close(&j, '{');
  }
  json_close(&j, '{');
  json_end(&j);
}

// ---- the steps --------------------------------------------------------------------------------------------------------------------------
static int run_session(session *s, request *r) {
  rt_status status = rt_model_open(s->ctx, r->model, &s->model);
  if (status != RT_OK) return fail_status(status);
  s->n_in = rt_model_input_count(s->model), s->n_out = rt_model_output_count(s->model);
  s->in = memset(grow(NULL, (size_t)s->n_in + 1, sizeof *s->in), 0, ((size_t)s->n_in + 1) * sizeof *s->in);
  s->out = memset(grow(NULL, (size_t)s->n_out + 1, sizeof *s->out), 0, ((size_t)s->n_out + 1) * sizeof *s->out);
  s->values = grow(NULL, (size_t)s->n_out + 1, sizeof *s->values);
  s->n_items = 1;
  if (check_names(&r->inputs, "input", s->model, s->n_in, rt_model_input) != EXIT_OK) return EXIT_FAILED;
  if (check_names(&r->outputs, "output", s->model, s->n_out, rt_model_output) != EXIT_OK) return EXIT_FAILED;
  if (read_inputs(s, r) != EXIT_OK) return EXIT_FAILED;
  s->loading = take_report(s->ctx);
  if ((status = run_once(s, s->out)) != RT_OK) return fail_status(status);
  s->running = take_report(s->ctx);
  if (r->n_bench > 0 && (status = time_runs(s, r->n_bench)) != RT_OK) return fail_status(status);
  if (r->n_profile > 0 && (status = profile_nodes(s, r->n_profile)) != RT_OK) return fail_status(status);
  for (int32_t i = 0; i < s->n_out; i++) if ((status = summarize(s->out[i], &s->values[i])) != RT_OK) return fail_status(status);
  if (write_outputs(s, r) != EXIT_OK) return EXIT_FAILED;
  (r->as_json ? print_json : print_text)(s, r);
  return EXIT_OK;
}

static void end_session(session *s) {
  for (int32_t i = 0; s->in && i < s->n_in; i++) rt_release(s->in[i]);
  for (int32_t i = 0; s->out && i < s->n_out; i++) rt_release(s->out[i]);
  profile_free(&s->slow);
  rt_model_close(s->model);
  if (s->ctx) rt_ctx_close(s->ctx);
  free(s->in);
  free(s->out);
  free(s->values);
  free(s->ms);
  free(s->loading.at);
  free(s->running.at);
}

static int run(const command *self, int argc, char **argv, bool as_json) {
  enum { BENCH = 1000, PROFILE, REPORT };
  static const struct option longs[] = {{"input", required_argument, NULL, 'i'}, {"output", required_argument, NULL, 'o'},
      {"backend", required_argument, NULL, 'b'}, {"device", required_argument, NULL, 'd'}, {"bench", required_argument, NULL, BENCH}, {"profile", required_argument, NULL, PROFILE},
      {"report", no_argument, NULL, REPORT}, {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
  request r = {.as_json = as_json};
  int code = EXIT_OK;
  for (int c; code == EXIT_OK && (c = getopt_long(argc, argv, "i:o:b:d:h", longs, NULL)) != -1;) {
    if (c == 'i') add_pair(&r.inputs, optarg);
    else if (c == 'o') add_pair(&r.outputs, optarg);
    else if (c == 'b') r.backend = optarg;
    else if (c == 'd') r.device = optarg;
    else if (c == REPORT) r.report = true;
    else if (c == 'j') r.as_json = true;
    else if (c == 'h') return print_help(self);
    else if (c != BENCH && c != PROFILE) code = usage_error(self, NULL);
    else if (!parse_number(optarg, 1, 10000000, c == BENCH ? &r.n_bench : &r.n_profile))
      code = usage_error(self, "--%s takes a number from 1 to 10000000, not '%s'", c == BENCH ? "bench" : "profile", optarg);
  }
  if (code == EXIT_OK && argc - optind != 1) code = usage_error(self, "run takes one model, not %d", argc - optind);
  if (code == EXIT_OK) {
    r.model = argv[optind];
    char *implied = r.backend ? NULL : backend_of(r.device);
    session s = {.ctx = open_ctx(r.backend ? r.backend : implied)};
    code = s.ctx ? run_session(&s, &r) : EXIT_FAILED;
    end_session(&s);
    free(implied);
  }
  free(r.inputs.at);
  free(r.outputs.at);
  return code;
}

const command cmd_run = {"run", "runs an ONNX model on .npy files", help, run};
