// SPDX-License-Identifier: BSD-3-Clause
// trivet ops: the table of operations, and with --backend what that backend runs and why it refuses the rest.
#include "trivet.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: trivet ops [--backend NAME [--rank N]] [--json] [OPERATION]...\n\n"
    "Lists every operation: id, name, family, the dtypes it computes in (see below), the dtype of its result and its meaning.\n"
    "Given names, lists these only.\n\n"
    "  --backend NAME  which dtypes this backend runs, on dense arguments, and its reason where it refuses; \"builtin\" is the reference\n"
    "                  inside the library\n"
    "  --rank N        the rank of the arguments to ask about; default 4 for convolution and pooling, else 2\n\n"
    "Dtypes: any real one; numeric (integers and floats), integer, bits (integers and bool), float (bool and integers become f32);\n"
    "any_c, numeric_c, float_c: the same and complex ones.\n"
    "Results: same (as computed in); sum (i64, u64, others stay); real (of a complex dtype its parts' float, else same); complex (c64,\n"
    "of f64 c128); given (an argument says). A composite is made of other operations; docs/ops.md has its dtypes.\n";

typedef struct op_row { uint16_t id; const char *name, *family, *dtypes, *result, *doc; } op_row;
static const op_row ops[] = {
#define RT_UNARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc) {id, #name, "unary", #dtypes, #result, doc},
#define RT_PARAM(id, NAME, name, dtypes, result, cpu, gpu, param, value, formula, doc) {id, #name, "parameter", #dtypes, #result, doc},
#define RT_BINARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc) {id, #name, "binary", #dtypes, #result, doc},
#define RT_TERNARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc) {id, #name, "ternary", #dtypes, #result, doc},
#define RT_REDUCE(id, NAME, name, dtypes, result, empty, cpu, gpu, init, step, finish, doc) {id, #name, "reduction", #dtypes, #result, doc},
#define RT_ARG(id, NAME, name, dtypes, result, better, doc) {id, #name, "reduction", #dtypes, #result, doc},
#define RT_OP(id, NAME, name, inputs, dtypes, result, collapse, cpu, gpu, parameters, attrs, doc) {id, #name, "other", #dtypes, #result, doc},
#define RT_COMPOSITE(id, NAME, name, inputs, collapse, parameters, doc) {id, #name, "composite", "-", "-", doc},
#include <trivet/ops.def>
};

typedef struct dtype_row { rt_dtype code; const char *name; rt_dtype_kind kind; } dtype_row;
static const dtype_row dtypes[] = {
#define RT_DTYPE(code, NAME, name, bytes, kind, doc) {RT_##NAME, #name, RT_KIND_##kind},
#include <trivet/dtypes.def>
};

// Is the dtype in a set of ops.def?
static bool in_set(const char *set, rt_dtype_kind kind) {
  size_t length = strlen(set);
  if (strcmp(set, "-") == 0) return false;
  if (kind == RT_KIND_COMPLEX) return length > 2 && strcmp(set + length - 2, "_C") == 0;
  if (strncmp(set, "NUMERIC", 7) == 0) return kind != RT_KIND_BOOLEAN;
  if (strcmp(set, "INTEGER") == 0) return kind == RT_KIND_SIGNED || kind == RT_KIND_UNSIGNED;
  if (strcmp(set, "BITS") == 0) return kind != RT_KIND_FLOAT;
  if (strncmp(set, "FLOAT", 5) == 0) return kind == RT_KIND_FLOAT;
  return true;
}

static const char *lower(const char *word, char out[16]) {
  snprintf(out, 16, "%s", word);
  for (char *s = out; *s; s++) if (*s >= 'A' && *s <= 'Z') *s = (char)(*s - 'A' + 'a');
  return out;
}

static bool is_composite(const op_row *op) { return strcmp(op->family, "composite") == 0; }

static bool is_wanted(const op_row *op, int n_names, char **names) {
  for (int i = 0; i < n_names; i++) if (strcmp(names[i], op->name) == 0) return true;
  return n_names == 0;
}

static int list_all(int n_names, char **names, bool as_json) {
  table t;
  json j;
  char set[16], result[16];
  if (as_json) {
    json_start(&j);
    json_open(&j, NULL, '[');
  } else {
    table_start(&t, ">id|name|family|dtypes|result|meaning");
  }
  for (size_t i = 0; i < COUNT(ops); i++) {
    const op_row *op = &ops[i];
    if (!is_wanted(op, n_names, names)) continue;
    if (as_json) {
      json_open(&j, NULL, '{');
      json_int(&j, "id", op->id);
      json_text(&j, "name", op->name);
      json_text(&j, "family", op->family);
      json_text(&j, "dtype_set", lower(op->dtypes, set));
      json_open(&j, "dtypes", '[');
      for (size_t k = 0; k < COUNT(dtypes); k++) if (in_set(op->dtypes, dtypes[k].kind)) json_text(&j, NULL, dtypes[k].name);
      json_close(&j, '[');
      json_text(&j, "result", lower(op->result, result));
      json_text(&j, "doc", op->doc);
      json_close(&j, '{');
    } else {
      char *id = text_format("%d", op->id);
      table_row(&t, id, op->name, op->family, lower(op->dtypes, set), lower(op->result, result), op->doc);
      free(id);
    }
  }
  if (as_json) {
    json_close(&j, '[');
    json_end(&j);
  } else {
    table_end(&t, 0);
  }
  return EXIT_OK;
}

// ---- what one backend runs --------------------------------------------------------------------------------------------------------------
typedef struct verdict { const char *name; char *why; } verdict; // why: NULL when it runs

static int64_t natural_rank(const op_row *op) {
  return strcmp(op->name, "conv") == 0 || strcmp(op->name, "max_pool") == 0 || strcmp(op->name, "avg_pool") == 0 ? 4 : 2;
}

static size_t judge(rt_ctx *ctx, int32_t backend, const op_row *op, int64_t rank, verdict *out) {
  size_t n = 0;
  for (size_t k = 0; k < COUNT(dtypes); k++) {
    if (!in_set(op->dtypes, dtypes[k].kind)) continue;
    rt_status status = rt_backend_supports(ctx, backend, op->id, (int)dtypes[k].code, (int32_t)(rank < 0 ? natural_rank(op) : rank));
    const char *sentence = rt_last_error();
    out[n++] = (verdict){dtypes[k].name, status == RT_OK ? NULL : text_copy(*sentence ? sentence : rt_status_name((int)status))};
  }
  return n;
}

static char *append(char *text, const char *separator, const char *more) {
  char *longer = text_format("%s%s%s", text, *text ? separator : "", more);
  free(text);
  return longer;
}

// "f32 f64", or "all" when nothing of the set is missing.
static char *runs_text(const verdict *v, size_t n) {
  char *text = text_copy("");
  size_t n_runs = 0;
  for (size_t i = 0; i < n; i++) {
    if (v[i].why) continue;
    n_runs++;
    text = append(text, " ", v[i].name);
  }
  if (n_runs < n || n == 1) return text;
  free(text);
  return text_copy("all");
}

// Do two reasons say the same about different operations or dtypes ("toy has no abs", "toy has no exp")? Words that name one count as equal.
static bool is_name(const char *word, size_t length) {
  for (size_t i = 0; i < COUNT(dtypes); i++) if (strlen(dtypes[i].name) == length && memcmp(dtypes[i].name, word, length) == 0) return true;
  for (size_t i = 0; i < COUNT(ops); i++) if (strlen(ops[i].name) == length && memcmp(ops[i].name, word, length) == 0) return true;
  return false;
}

static bool same_reason(const char *a, const char *b) {
  static const char ends[] = " ,:;.()";
  while (*a && *b) {
    size_t n = strcspn(a, ends), m = strcspn(b, ends);
    bool same_word = n == m && memcmp(a, b, n) == 0;
    if (!same_word && !(is_name(a, n) && is_name(b, m))) return false;
    a += n, b += m;
    if (*a != *b) return false;
    if (*a) a++, b++;
  }
  return *a == *b;
}

// "i8 i16: toy has no neg from i8 to i8; bool: ...": each kind of reason once, as it was given for the first of its dtypes.
static char *refusals_text(const verdict *v, size_t n) {
  char *text = text_copy("");
  for (size_t i = 0; i < n; i++) {
    bool is_first = v[i].why != NULL;
    for (size_t k = 0; k < i && is_first; k++) if (v[k].why && same_reason(v[k].why, v[i].why)) is_first = false;
    if (!is_first) continue;
    char *names = text_copy("");
    for (size_t k = i; k < n; k++) if (v[k].why && same_reason(v[k].why, v[i].why)) names = append(names, " ", v[k].name);
    names = append(names, ": ", v[i].why);
    text = append(text, "; ", names);
    free(names);
  }
  return text;
}

// Operations that the backend does not run at all, by reason: one paragraph each.
typedef struct outcast { const char *op; char *why; bool shown; } outcast;

static void print_outcasts(outcast *all, size_t n) {
  if (n > 0) printf("\nNot run at all\n");
  for (size_t i = 0; i < n; i++) {
    if (all[i].shown) continue;
    char *why = clean_text(all[i].why);
    printf("  because \"%s\" and the like:\n   ", why);
    free(why);
    int column = 3;
    for (size_t k = i; k < n; k++) {
      if (all[k].shown || !same_reason(all[k].why, all[i].why)) continue;
      all[k].shown = true;
      column += (int)strlen(all[k].op) + 1;
      if (column > 100) {
        printf("\n   ");
        column = 4 + (int)strlen(all[k].op);
      }
      printf(" %s", all[k].op);
    }
    printf("\n");
  }
}

static void verdict_json(json *j, const op_row *op, const verdict *v, size_t n) {
  json_open(j, NULL, '{');
  json_int(j, "id", op->id);
  json_text(j, "name", op->name);
  json_text(j, "family", op->family);
  json_open(j, "runs", '[');
  for (size_t i = 0; i < n; i++) if (!v[i].why) json_text(j, NULL, v[i].name);
  json_close(j, '[');
  json_open(j, "refused", '[');
  for (size_t i = 0; i < n; i++) {
    if (!v[i].why) continue;
    json_open(j, NULL, '{');
    json_text(j, "dtype", v[i].name);
    json_text(j, "reason", v[i].why);
    json_close(j, '{');
  }
  json_close(j, '[');
  json_close(j, '{');
}

static int32_t find_backend(rt_ctx *ctx, const char *name) {
  rt_backend_desc desc;
  for (int32_t i = 0; i < rt_backend_count(ctx); i++)
    if (rt_backend_describe(ctx, i, &desc) == RT_OK && strcmp(desc.name, name) == 0) return i;
  return -1;
}

static int list_backend(const char *name, int64_t rank, int n_names, char **names, bool as_json) {
  bool builtin = strcmp(name, "builtin") == 0;
  rt_ctx *ctx = open_ctx(builtin ? NULL : name);
  if (!ctx) return EXIT_FAILED;
  int32_t backend = find_backend(ctx, name);
  if (backend < 0) {
    rt_ctx_close(ctx);
    return fail("ops: one backend at a time, not '%s'", name);
  }
  table t;
  json j;
  if (as_json) {
    json_start(&j);
    json_open(&j, NULL, '{');
    json_text(&j, "backend", name);
    json_open(&j, "ops", '[');
  } else {
    table_start(&t, ">id|name|runs|refuses");
  }
  outcast outcasts[COUNT(ops)];
  size_t n_ops = 0, n_pairs = 0, n_runs = 0, n_outcasts = 0;
  for (size_t i = 0; i < COUNT(ops); i++) {
    if (!is_wanted(&ops[i], n_names, names) || is_composite(&ops[i])) continue;
    verdict v[COUNT(dtypes)];
    size_t n = judge(ctx, backend, &ops[i], rank, v), n_ok = 0;
    for (size_t k = 0; k < n; k++) n_ok += !v[k].why;
    n_ops += n_ok > 0;
    n_pairs += n;
    n_runs += n_ok;
    if (as_json) {
      verdict_json(&j, &ops[i], v, n);
    } else if (n_ok == 0) {
      size_t telling = 0; // the reason for f32 says most: where others lack the dtype, it may be rank or shape
      for (size_t k = 0; k < n; k++) if (strcmp(v[k].name, "f32") == 0) telling = k;
      outcasts[n_outcasts++] = (outcast){ops[i].name, text_copy(v[telling].why), false};
    } else {
      char *id = text_format("%d", ops[i].id), *runs = runs_text(v, n), *refusals = refusals_text(v, n);
      table_row(&t, id, ops[i].name, runs, refusals);
      free(id);
      free(runs);
      free(refusals);
    }
    for (size_t k = 0; k < n; k++) free(v[k].why);
  }
  rt_ctx_close(ctx);
  if (as_json) {
    json_close(&j, '[');
    json_uint(&j, "pairs", n_pairs);
    json_uint(&j, "pairs_run", n_runs);
    json_close(&j, '{');
    json_end(&j);
  } else {
    table_end(&t, 0);
    for (int i = 0; i < n_names; i++)
      for (size_t k = 0; k < COUNT(ops); k++)
        if (is_composite(&ops[k]) && strcmp(ops[k].name, names[i]) == 0) printf("%s is made of other operations, unless a backend takes it whole.\n", names[i]);
    print_outcasts(outcasts, n_outcasts);
    printf("\n%s runs %zu operation%s, %zu of %zu pairs of operation and dtype%s.\n", name, n_ops, n_ops == 1 ? "" : "s", n_runs, n_pairs,
        n_runs < n_pairs ? "; the rest falls back" : "");
    for (size_t i = 0; i < n_outcasts; i++) free(outcasts[i].why);
  }
  return EXIT_OK;
}

static int run(const command *self, int argc, char **argv, bool as_json) {
  static const struct option longs[] = {{"backend", required_argument, NULL, 'b'}, {"rank", required_argument, NULL, 'r'},
      {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
  const char *backend = NULL;
  int64_t rank = -1;
  for (int c; (c = getopt_long(argc, argv, "b:h", longs, NULL)) != -1;) {
    if (c == 'b') backend = optarg;
    else if (c == 'j') as_json = true;
    else if (c == 'h') return print_help(self);
    else if (c != 'r') return usage_error(self, NULL);
    else if (!parse_number(optarg, 0, RT_MAX_RANK, &rank))
      return usage_error(self, "--rank takes a number from 0 to %d, not '%s'", RT_MAX_RANK, optarg);
  }
  if (rank >= 0 && !backend) return usage_error(self, "--rank goes with --backend");
  for (int i = optind; i < argc; i++) {
    bool known = false;
    for (size_t k = 0; k < COUNT(ops); k++) known |= strcmp(ops[k].name, argv[i]) == 0;
    if (!known) return fail("ops: there is no operation '%s'", argv[i]);
  }
  if (backend) return list_backend(backend, rank, argc - optind, argv + optind, as_json);
  return list_all(argc - optind, argv + optind, as_json);
}

const command cmd_ops = {"ops", "every operation; with --backend B what B runs and why not", help, run};
