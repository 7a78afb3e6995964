// SPDX-License-Identifier: BSD-3-Clause
// trivet onnx-test: runs test folders of the ONNX project. A case is a folder with model.onnx and test_data_set_N/input_K.pb, output_K.pb; every
// output must have the recorded dtype and shape, and values within rtol 1e-3 and atol 1e-7, as in that project's own runner.
#include "trivet.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char help[] =
    "Usage: trivet onnx-test [OPTION]... DIR\n\n"
    "Runs an ONNX test case (a folder with model.onnx and test_data_set_0/input_0.pb ...), or all cases in a folder and the folders in it, and\n"
    "shows for each operation how many of the cases that hold it pass, fail and are not supported.\n\n"
    "  --json FILE    writes every case and operation to FILE as JSON ('-': stdout, instead of the table)\n"
    "  --known FILE   the cases that are expected not to pass: a line each, its name and the reason, separated by a tab. Any other case that does not\n"
    "                 pass is then an error; so is a case in the list that passes or is not there\n"
    "  --cases        shows every case, with the reason where it does not pass\n"
    "  -b, --backend NAMES  the backends to use, instead of RT_BACKEND\n\n"
    "Exit code 1 when a case fails; with --known, when the list is not true. A case that is not supported is no failure.\n";

typedef enum verdict { PASSED, FAILED, UNSUPPORTED, N_VERDICTS } verdict;
static const char *const verdict_names[N_VERDICTS] = {"pass", "FAIL", "unsupported"};
static const char *const verdict_keys[N_VERDICTS] = {"passed", "failed", "unsupported"};

typedef struct test_case { char *name, *reason; const char *known; verdict verdict; } test_case;
typedef struct op_count { char *name; int count[N_VERDICTS]; } op_count;
typedef struct known_case { char *name, *reason; bool seen; } known_case;

typedef struct suite {
  rt_ctx *ctx;
  test_case *cases;
  op_count *ops;
  known_case *known;
  size_t n_cases, n_ops, n_known;
  int count[N_VERDICTS];
  int n_wrong;      // cases that are not what the list says; without a list, that fail
  bool has_list;
  char *reason;     // of the case that runs
} suite;

// ---- one case ----------------------------------------------------------------------------------------------------------------------------

static verdict give_reason(suite *s, verdict v, char *text) {
  free(s->reason);
  s->reason = text;
  return v;
}

static verdict of_status(suite *s, rt_status status) {
  if (status == RT_OK) return PASSED;
  const char *sentence = rt_last_error();
  return give_reason(s, status == RT_E_UNSUPPORTED ? UNSUPPORTED : FAILED, text_copy(*sentence ? sentence : rt_status_name((int)status)));
}

// bf16 was recorded as u16 with the same bits before TensorProto was widely able to hold it.
static rt_status reinterpret(rt_ctx *ctx, rt_dtype wanted, rt_tensor **t) {
  if (!*t || wanted != RT_BF16 || rt_tensor_dtype(*t) != RT_U16) return RT_OK;
  size_t bytes = (size_t)rt_tensor_numel(*t) * 2;
  void *data = grow(NULL, bytes + 1, 1);
  rt_tensor *same = NULL;
  rt_status status = rt_read(*t, data, bytes);
  if (status == RT_OK) status = rt_from_data(ctx, RT_BF16, rt_tensor_rank(*t), rt_tensor_shape(*t), data, &same);
  free(data);
  if (status != RT_OK) return status;
  rt_release(*t);
  *t = same;
  return RT_OK;
}

// All elements as doubles, for floats; NULL after a failure.
static double *doubles_of(const rt_tensor *t) {
  size_t bytes = (size_t)rt_tensor_numel(t) * sizeof(double);
  double *values = grow(NULL, bytes + 1, 1);
  rt_tensor *wide = NULL;
  rt_status status = rt_cast(t, RT_F64, &wide);
  if (status == RT_OK) status = rt_read(wide, values, bytes);
  rt_release(wide);
  if (status == RT_OK) return values;
  free(values);
  return NULL;
}

static verdict compare_floats(suite *s, const rt_tensor *have, const rt_tensor *want, const char *what) {
  double *a = doubles_of(have), *b = a ? doubles_of(want) : NULL;
  verdict v = b ? PASSED : of_status(s, RT_E_INTERNAL);
  for (int64_t i = 0, n = rt_tensor_numel(want); b && v == PASSED && i < n; i++)
    if (!((isnan(a[i]) && isnan(b[i])) || a[i] == b[i] || fabs(a[i] - b[i]) <= 1e-7 + 1e-3 * fabs(b[i])))
      v = give_reason(s, FAILED, text_format("%s, element %lld is %.9g instead of %.9g", what, (long long)i, a[i], b[i]));
  free(a);
  free(b);
  return v;
}

static verdict compare_bits(suite *s, const rt_tensor *have, const rt_tensor *want, const char *what) {
  size_t size = rt_dtype_bytes(rt_tensor_dtype(want)), n = (size_t)rt_tensor_numel(want);
  unsigned char *a = grow(NULL, n * size + 1, 1), *b = grow(NULL, n * size + 1, 1);
  rt_status status = rt_read(have, a, n * size);
  if (status == RT_OK) status = rt_read(want, b, n * size);
  verdict v = of_status(s, status);
  for (size_t i = 0; v == PASSED && i < n; i++)
    if (memcmp(a + i * size, b + i * size, size) != 0) v = give_reason(s, FAILED, text_format("%s, element %zu differs", what, i));
  free(a);
  free(b);
  return v;
}

static verdict compare_tensors(suite *s, const rt_tensor *have, rt_tensor **want, const char *what) {
  rt_status status = reinterpret(s->ctx, rt_tensor_dtype(have), want);
  if (status != RT_OK) return of_status(s, status);
  rt_dtype dtype = rt_tensor_dtype(*want);
  if (rt_tensor_dtype(have) != dtype)
    return give_reason(s, FAILED, text_format("%s is %s instead of %s", what, rt_dtype_name(rt_tensor_dtype(have)), rt_dtype_name(dtype)));
  int32_t rank = rt_tensor_rank(*want);
  if (rank != rt_tensor_rank(have) || memcmp(rt_tensor_shape(have), rt_tensor_shape(*want), (size_t)rank * sizeof(int64_t)) != 0) {
    char *a = shape_text(rt_tensor_rank(have), rt_tensor_shape(have), NULL), *b = shape_text(rank, rt_tensor_shape(*want), NULL);
    verdict v = give_reason(s, FAILED, text_format("%s has shape %s instead of %s", what, a, b));
    free(a);
    free(b);
    return v;
  }
  return (rt_dtype_kind_of(dtype) == RT_KIND_FLOAT ? compare_floats : compare_bits)(s, have, *want, what);
}

static verdict compare_values(suite *s, const rt_model_value *have, rt_model_value *want, const char *name) {
  static const char *const kinds[] = {"nothing", "a tensor", "a sequence"};
  if (have->kind != want->kind) return give_reason(s, FAILED, text_format("output '%s' is %s instead of %s", name, kinds[have->kind], kinds[want->kind]));
  if (have->n != want->n)
    return give_reason(s, FAILED, text_format("output '%s' is a sequence of %lld instead of %lld", name, (long long)have->n, (long long)want->n));
  verdict v = PASSED;
  char *what = text_format("output '%s'", name);
  if (have->kind == RT_VALUE_TENSOR) v = compare_tensors(s, have->tensor, &want->tensor, what);
  free(what);
  for (int64_t i = 0; i < have->n && v == PASSED; i++) {
    what = text_format("output '%s', item %lld", name, (long long)i);
    v = compare_tensors(s, have->items[i], &want->items[i], what);
    free(what);
  }
  return v;
}

// Reads folder/input_3.pb or folder/output_3.pb.
static verdict read_value(suite *s, const char *folder, const char *kind, int32_t index, const rt_model_port *port, rt_model_value *out) {
  char *path = text_format("%s/%s_%d.pb", folder, kind, index);
  rt_status status = rt_onnx_value_read(s->ctx, path, port, out);
  if (status == RT_OK) status = reinterpret(s->ctx, port->dtype, &out->tensor);
  free(path);
  return of_status(s, status);
}

static verdict run_set(suite *s, rt_model *model, const char *folder) {
  int32_t n_in = rt_model_input_count(model), n_out = rt_model_output_count(model);
  rt_model_value *values = grow(NULL, (size_t)n_in + (size_t)n_out + 1, sizeof *values), *out = values + n_in;
  memset(values, 0, ((size_t)n_in + (size_t)n_out + 1) * sizeof *values);
  verdict v = PASSED;
  rt_model_port port;
  for (int32_t i = 0; i < n_in && v == PASSED; i++)
    if ((v = of_status(s, rt_model_input(model, i, &port))) == PASSED) v = read_value(s, folder, "input", i, &port, &values[i]);
  if (v == PASSED) v = of_status(s, rt_model_run_values(model, n_in, values, n_out, out));
  for (int32_t i = 0; i < n_out && v == PASSED; i++) {
    rt_model_value want = {0};
    if ((v = of_status(s, rt_model_output(model, i, &port))) == PASSED) v = read_value(s, folder, "output", i, &port, &want);
    if (v == PASSED) v = compare_values(s, &out[i], &want, port.name);
    rt_model_value_clear(&want);
  }
  for (int32_t i = 0; i < n_in + n_out; i++) rt_model_value_clear(&values[i]);
  free(values);
  return v;
}

static bool exists(const char *path) {
  struct stat info;
  return stat(path, &info) == 0;
}

static verdict run_case(suite *s, const char *folder) {
  char *path = text_format("%s/model.onnx", folder);
  rt_model *model = NULL;
  verdict v = of_status(s, rt_model_open(s->ctx, path, &model));
  free(path);
  for (int set = 0; v == PASSED; set++) {
    char *data = text_format("%s/test_data_set_%d", folder, set);
    bool is_there = exists(data);
    if (is_there) v = run_set(s, model, data);
    else if (set == 0) v = give_reason(s, FAILED, text_copy("there is no test_data_set_0"));
    free(data);
    if (!is_there) break;
  }
  rt_model_close(model);
  return v;
}

// ---- counting ----------------------------------------------------------------------------------------------------------------------------

static void count_op(suite *s, const char *name, verdict v) {
  size_t i = 0;
  while (i < s->n_ops && strcmp(s->ops[i].name, name) != 0) i++;
  if (i == s->n_ops) {
    s->ops = grow(s->ops, ++s->n_ops, sizeof *s->ops);
    s->ops[i] = (op_count){.name = text_copy(name)};
  }
  s->ops[i].count[v]++;
}

static char *op_name(const rt_model_node *node) { return node->domain && *node->domain ? text_format("%s.%s", node->domain, node->op) : text_copy(node->op); }

// The case counts once for each operation in its model, bodies included.
static void count_ops(suite *s, const char *folder, verdict v) {
  char *path = text_format("%s/model.onnx", folder);
  rt_model *model = NULL;
  rt_model_info info;
  if (rt_model_examine(s->ctx, path, &model) == RT_OK && rt_model_describe(model, &info) == RT_OK)
    for (int32_t i = 0; i < info.n_nodes; i++) {
      rt_model_node node, before;
      if (rt_model_node_at(model, i, &node) != RT_OK) continue;
      bool is_first = true;
      for (int32_t k = 0; k < i && is_first; k++)
        is_first = rt_model_node_at(model, k, &before) != RT_OK || strcmp(before.op, node.op) != 0 || strcmp(before.domain, node.domain) != 0;
      char *name = op_name(&node);
      if (is_first) count_op(s, name, v);
      free(name);
    }
  rt_model_close(model);
  free(path);
}

// A line of the list names a case when it is the end of its path, from a slash on.
static known_case *find_known(suite *s, const char *path) {
  size_t n = strlen(path);
  for (size_t i = 0; i < s->n_known; i++) {
    size_t length = strlen(s->known[i].name);
    if (length < n && path[n - length - 1] == '/' && strcmp(path + n - length, s->known[i].name) == 0) return &s->known[i];
  }
  return NULL;
}

static void add_case(suite *s, const char *root, const char *folder) {
  verdict v = run_case(s, folder);
  known_case *known = find_known(s, folder);
  if (known) known->seen = true;
  size_t n_root = strlen(root);
  const char *name = strncmp(folder, root, n_root) == 0 && folder[n_root] == '/' ? folder + n_root + 1 : folder;
  s->cases = grow(s->cases, s->n_cases + 1, sizeof *s->cases);
  s->cases[s->n_cases++] = (test_case){text_copy(name), v == PASSED ? NULL : s->reason, known ? known->reason : NULL, v};
  if (v != PASSED) s->reason = NULL;
  s->count[v]++;
  s->n_wrong += s->has_list ? (v == PASSED) == (known != NULL) : v == FAILED;
  count_ops(s, folder, v);
}

static void walk(suite *s, const char *root, const char *folder, int depth) {
  char *model = text_format("%s/model.onnx", folder);
  bool is_case = exists(model);
  free(model);
  if (is_case) {
    add_case(s, root, folder);
    return;
  }
  struct dirent **entries = NULL;
  int n = depth > 3 ? 0 : scandir(folder, &entries, NULL, alphasort);
  for (int i = 0; i < n; i++) {
    char *path = text_format("%s/%s", folder, entries[i]->d_name);
    struct stat info;
    if (entries[i]->d_name[0] != '.' && stat(path, &info) == 0 && S_ISDIR(info.st_mode)) walk(s, root, path, depth + 1);
    free(path);
    free(entries[i]);
  }
  free(entries);
}

static int read_known(suite *s, const char *path) {
  FILE *file = fopen(path, "re");
  if (!file) return fail("%s: %s", path, strerror(errno));
  char *line = NULL;
  size_t room = 0;
  int code = EXIT_OK, number = 0;
  for (ssize_t n; code == EXIT_OK && (n = getline(&line, &room, file)) > 0;) {
    number++;
    if (line[n - 1] == '\n') line[n - 1] = '\0';
    if (!*line || *line == '#') continue;
    char *tab = strchr(line, '\t');
    if (!tab || tab == line || !tab[1]) {
      code = fail("%s:%d: a line is a name, a tab and a reason", path, number);
      break;
    }
    *tab = '\0';
    s->known = grow(s->known, s->n_known + 1, sizeof *s->known);
    s->known[s->n_known++] = (known_case){text_copy(line), text_copy(tab + 1), false};
  }
  if (ferror(file)) code = fail("%s: %s", path, strerror(errno));
  free(line);
  fclose(file);
  return code;
}

// ---- answers -----------------------------------------------------------------------------------------------------------------------------

static int by_name(const void *a, const void *b) { return strcmp(((const op_count *)a)->name, ((const op_count *)b)->name); }

static void print_table(const suite *s, bool all_cases) {
  table t;
  table_start(&t, "operation|>pass|>fail|>unsupported");
  for (size_t i = 0; i < s->n_ops; i++) {
    char *n[N_VERDICTS];
    for (int v = 0; v < N_VERDICTS; v++) n[v] = text_format("%d", s->ops[i].count[v]);
    table_row(&t, s->ops[i].name, n[PASSED], n[FAILED], n[UNSUPPORTED]);
    for (int v = 0; v < N_VERDICTS; v++) free(n[v]);
  }
  table_end(&t, 0);
  printf("\n");
  table_start(&t, "verdict|case|reason");
  for (size_t i = 0; i < s->n_cases; i++) {
    const test_case *c = &s->cases[i];
    bool wrong = s->has_list ? (c->verdict == PASSED) == (c->known != NULL) : c->verdict == FAILED;
    if (all_cases || wrong) table_row(&t, verdict_names[c->verdict], c->name, c->verdict == PASSED && c->known ? "is listed as not passing" : c->reason);
  }
  table_end(&t, 0);
  printf("%zu cases: %d pass, %d fail, %d are not supported\n", s->n_cases, s->count[PASSED], s->count[FAILED], s->count[UNSUPPORTED]);
}

static int write_json(const suite *s, const char *folder, const char *path) {
  json j;
  json_start(&j);
  json_open(&j, NULL, '{');
  json_text(&j, "folder", folder);
  for (int v = 0; v < N_VERDICTS; v++) json_int(&j, verdict_keys[v], s->count[v]);
  json_open(&j, "cases", '[');
  for (size_t i = 0; i < s->n_cases; i++) {
    json_open(&j, NULL, '{');
    json_text(&j, "name", s->cases[i].name);
    json_text(&j, "verdict", verdict_keys[s->cases[i].verdict]);
    json_text(&j, "reason", s->cases[i].reason);
    json_text(&j, "known", s->cases[i].known);
    json_close(&j, '{');
  }
  json_close(&j, '[');
  json_open(&j, "operations", '[');
  for (size_t i = 0; i < s->n_ops; i++) {
    json_open(&j, NULL, '{');
    json_text(&j, "name", s->ops[i].name);
    for (int v = 0; v < N_VERDICTS; v++) json_int(&j, verdict_keys[v], s->ops[i].count[v]);
    json_close(&j, '{');
  }
  json_close(&j, '[');
  json_close(&j, '{');
  if (strcmp(path, "-") != 0) return json_save(&j, path);
  json_end(&j);
  return EXIT_OK;
}

static int run_suite(suite *s, const char *folder, const char *json_path, bool all_cases) {
  struct stat info;
  if (stat(folder, &info) != 0) return fail("%s: %s", folder, strerror(errno));
  char *root = text_copy(folder);
  for (size_t n = strlen(root); n > 1 && root[n - 1] == '/'; n--) root[n - 1] = '\0';
  walk(s, root, root, 0);
  free(root);
  if (s->n_cases == 0) return fail("%s: there is no test case (a folder with model.onnx) in it", folder);
  qsort(s->ops, s->n_ops, sizeof *s->ops, by_name);
  if (!json_path || strcmp(json_path, "-") != 0) print_table(s, all_cases);
  int code = json_path ? write_json(s, folder, json_path) : EXIT_OK;
  int n_missing = 0;
  for (size_t i = 0; i < s->n_known; i++)
    if (!s->known[i].seen && n_missing++ == 0) code = fail("the list names the case '%s', which is not there", s->known[i].name);
  if (s->n_wrong > 0) code = s->has_list ? fail("%d cases are not what the list of known ones says", s->n_wrong) : fail("%d cases fail", s->n_wrong);
  return code;
}

static void free_suite(suite *s) {
  for (size_t i = 0; i < s->n_cases; i++) free(s->cases[i].name), free(s->cases[i].reason);
  for (size_t i = 0; i < s->n_ops; i++) free(s->ops[i].name);
  for (size_t i = 0; i < s->n_known; i++) free(s->known[i].name), free(s->known[i].reason);
  free(s->cases);
  free(s->ops);
  free(s->known);
  free(s->reason);
}

static int run(const command *self, int argc, char **argv, bool as_json) {
  enum { JSON = 1000, KNOWN, CASES };
  static const struct option longs[] = {{"json", required_argument, NULL, JSON}, {"known", required_argument, NULL, KNOWN}, {"cases", no_argument, NULL, CASES},
      {"backend", required_argument, NULL, 'b'}, {"help", no_argument, NULL, 'h'}, {0}};
  const char *json_path = as_json ? "-" : NULL, *known = NULL, *backend = NULL;
  bool all_cases = false;
  for (int c; (c = getopt_long(argc, argv, "b:h", longs, NULL)) != -1;) {
    if (c == JSON) json_path = optarg;
    else if (c == KNOWN) known = optarg;
    else if (c == CASES) all_cases = true;
    else if (c == 'b') backend = optarg;
    else if (c == 'h') return print_help(self);
    else return usage_error(self, NULL);
  }
  if (argc - optind != 1) return usage_error(self, "onnx-test takes one folder, not %d", argc - optind);
  suite s = {.has_list = known != NULL};
  int code = known ? read_known(&s, known) : EXIT_OK;
  if (code == EXIT_OK) code = (s.ctx = open_ctx(backend)) ? run_suite(&s, argv[optind], json_path, all_cases) : EXIT_FAILED;
  if (rt_ctx_close(s.ctx) != RT_OK) code = fail_status(RT_E_BUSY);
  free_suite(&s);
  return code;
}

const command cmd_onnx_test = {"onnx-test", "runs the test folders of the ONNX project", help, run};
