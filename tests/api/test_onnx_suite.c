// SPDX-License-Identifier: BSD-3-Clause
// The ONNX project's own tests (Debian's libonnx-testdata): each model runs on its inputs, and every output is compared with the recorded
// one. Operations that Trivet does not know are counted, not failed; the number that passes may not fall below a reviewed minimum.
// ONNX_TESTDATA names another folder; TRIVET_BUILD_DIR/tests/onnx_suite.txt gets one line per test and per operation.
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <trivet/io.h>

#define MINIMUM_PASSED 876 // of 1,072 in libonnx-testdata 1.12.0
#define PATH_BYTES 2048
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// Failures that were looked at, with the reason why the recorded answer is not ours. Anything else that fails, fails the test; so does a
// line of this list that starts to pass.
static const struct { const char *name, *reason; } known[] = {
    {"test_cast_FLOAT_to_BFLOAT16", "recorded by cutting the lower 16 bits off; ONNX says (since 1.13) and we do: round to nearest, ties to even"},
    {"test_castlike_FLOAT_to_BFLOAT16", "the recorded input 'like' has shape [1] where the model declares [3,4]"},
    {"test_castlike_FLOAT_to_BFLOAT16_expanded", "the recorded input 'like' has shape [1] where the model declares [3,4]"},
    {"test_castlike_BFLOAT16_to_FLOAT", "the recorded input 'like' has shape [1] where the model declares [3,4]"},
    {"test_castlike_BFLOAT16_to_FLOAT_expanded", "the recorded input 'like' has shape [1] where the model declares [3,4]"},
};

// ---- a second reader of protobuf, independent of the one under test: it trusts its input ------------------------------------------------------

typedef struct bytes { const uint8_t *at, *end; } bytes;

static uint64_t take_varint(bytes *b) {
  uint64_t value = 0;
  for (int shift = 0; b->at < b->end; shift += 7) {
    const uint8_t byte = *b->at++;
    value |= (uint64_t)(byte & 127) << shift;
    if (byte < 128) break;
  }
  return value;
}

// One field: its number, or 0 at the end. *value for numbers, *inner for bytes (fixed sizes too).
static uint32_t take_field(bytes *b, uint64_t *value, bytes *inner) {
  *value = 0;
  *inner = (bytes){b->at, b->at};
  if (b->at >= b->end) return 0;
  const uint64_t tag = take_varint(b);
  size_t n = 0;
  if ((tag & 7) == 0) *value = take_varint(b);
  else n = (tag & 7) == 1 ? 8 : (tag & 7) == 5 ? 4 : (size_t)take_varint(b);
  *inner = (bytes){b->at, b->at + n};
  b->at += n;
  return (uint32_t)(tag >> 3);
}

// Elements are kept as 8 bytes each: double for floats, int64_t for the rest.
typedef struct expected { int type; int32_t rank; int64_t shape[16]; int64_t n; double *floats; int64_t *ints; } expected;

static double half_to_double(uint16_t h) {
  const int exponent = h >> 10 & 31, mantissa = h & 1023;
  const double size = exponent == 31 ? (mantissa ? NAN : INFINITY) : exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24);
  return h & 0x8000 ? -size : size;
}

static double bfloat_to_double(uint16_t b) {
  const uint32_t bits = (uint32_t)b << 16;
  float f;
  memcpy(&f, &bits, 4);
  return f;
}

static const struct { rt_dtype dtype; int bytes; } types[17] = {{0, 0},      {RT_F32, 4}, {RT_U8, 1},  {RT_I8, 1},  {RT_U16, 2}, {RT_I16, 2}, {RT_I32, 4}, {RT_I64, 8}, {0, 0},
                                                                {RT_BOOL, 1}, {RT_F16, 2}, {RT_F64, 8}, {RT_U32, 4}, {RT_U64, 8}, {0, 0},      {0, 0},      {RT_BF16, 2}};

static void widen(rt_dtype dtype, const uint8_t *at, double *f, int64_t *i) {
  uint64_t raw = 0;
  float single;
  const size_t n = rt_dtype_bytes(dtype);
  memcpy(&raw, at, n);
  switch (dtype) {
  case RT_F32: memcpy(&single, at, 4); *f = single; break;
  case RT_F64: memcpy(f, at, 8); break;
  case RT_F16: *f = half_to_double((uint16_t)raw); break;
  case RT_BF16: *f = bfloat_to_double((uint16_t)raw); break;
  default:
    *i = rt_dtype_kind_of(dtype) == RT_KIND_SIGNED && n < 8 ? (int64_t)(raw << (64 - 8 * n)) >> (64 - 8 * n) : (int64_t)raw;
  }
}

// false: not a tensor of numbers.
static bool read_tensor(bytes file, uint8_t **out_data, rt_dtype *out_dtype, int32_t *out_rank, int64_t *shape) {
  uint64_t value, type = 0;
  bytes inner, walk = file, raw = {NULL, NULL};
  int32_t rank = 0;
  uint32_t field;
  while ((field = take_field(&walk, &value, &inner))) {
    if (field == 1 && inner.at == inner.end && rank < 16) shape[rank++] = (int64_t)value;
    else if (field == 1)
      while (inner.at < inner.end && rank < 16) shape[rank++] = (int64_t)take_varint(&inner);
    if (field == 2) type = value;
    if (field == 9) raw = inner;
  }
  if (type > 16 || !types[type].bytes) return false;
  size_t numel = 1, n = 0;
  for (int32_t i = 0; i < rank; i++) numel *= (size_t)shape[i];
  const size_t size = (size_t)types[type].bytes;
  uint8_t *data = calloc(numel + 1, size);
  if (!data) exit(99);
  if (raw.at) {
    if ((size_t)(raw.end - raw.at) != numel * size) return free(data), false;
    memcpy(data, raw.at, numel * size);
  } else {
    walk = file;
    while ((field = take_field(&walk, &value, &inner))) {
      if (field != 4 && field != 5 && field != 7 && field != 10 && field != 11) continue;
      const size_t fixed = field == 4 ? 4 : field == 10 ? 8 : 0;
      if (!fixed && inner.at == inner.end && n < numel) memcpy(data + n++ * size, &value, size);
      while (inner.at < inner.end && n < numel) {
        if (fixed) memcpy(data + n++ * size, inner.at, size), inner.at += fixed;
        else value = take_varint(&inner), memcpy(data + n++ * size, &value, size);
      }
    }
    if (n != numel) return free(data), false;
  }
  *out_data = data;
  *out_dtype = types[type].dtype;
  *out_rank = rank;
  return true;
}

static uint8_t *read_file(const char *path, bytes *out) {
  FILE *f = fopen(path, "rb");
  if (!f) return NULL;
  fseek(f, 0, SEEK_END);
  const long n = ftell(f);
  rewind(f);
  uint8_t *at = malloc((size_t)n + 1);
  if (!at || fread(at, 1, (size_t)n, f) != (size_t)n) exit(99);
  fclose(f);
  *out = (bytes){at, at + n};
  return at;
}

// ---- one test ----------------------------------------------------------------------------------------------------------------------------------

typedef enum verdict { PASSED, UNSUPPORTED, FAILED, N_VERDICTS } verdict;
static const char *const verdict_names[N_VERDICTS] = {"passed", "not supported", "FAILED"};

static rt_ctx *ctx;
static char why[600];

static verdict from_status(rt_status status) {
  snprintf(why, sizeof why, "%s", rt_last_error());
  return status == RT_E_UNSUPPORTED ? UNSUPPORTED : FAILED;
}

static bool same_data(const rt_tensor *t, const uint8_t *want, int output) {
  const rt_dtype dtype = rt_tensor_dtype(t);
  const size_t size = rt_dtype_bytes(dtype), n = (size_t)rt_tensor_numel(t);
  uint8_t *have = malloc(n * size + 1);
  if (!have) exit(99);
  bool same = rt_read(t, have, n * size) == RT_OK;
  if (!same) snprintf(why, sizeof why, "%s", rt_last_error());
  for (size_t i = 0; same && i < n; i++) {
    double f = 0, g = 0;
    int64_t a = 0, b = 0;
    widen(dtype, have + i * size, &f, &a);
    widen(dtype, want + i * size, &g, &b);
    // The tolerances of the ONNX project's own runner.
    if (a != b || !((isnan(f) && isnan(g)) || f == g || fabs(f - g) <= 1e-7 + 1e-3 * fabs(g))) {
      snprintf(why, sizeof why, "output %d, element %zu: %.9g instead of %.9g (%lld, %lld)", output, i, f, g, (long long)a, (long long)b);
      same = false;
    }
  }
  free(have);
  return same;
}

// The suite records bf16 as u16 with the same bits.
static bool same_dtype(rt_dtype recorded, rt_dtype ours) { return recorded == ours || (recorded == RT_U16 && ours == RT_BF16); }

static verdict check_output(const rt_tensor *t, const char *folder, int output) {
  char path[PATH_BYTES];
  snprintf(path, sizeof path, "%.1500s/output_%d.pb", folder, output);
  bytes file;
  uint8_t *buffer = read_file(path, &file), *want = NULL;
  rt_dtype dtype;
  int32_t rank;
  int64_t shape[16];
  verdict v = PASSED;
  if (!buffer) return snprintf(why, sizeof why, "no recorded output %d", output), FAILED;
  if (!read_tensor(file, &want, &dtype, &rank, shape)) {
    snprintf(why, sizeof why, "output %d is no tensor of numbers", output);
    v = UNSUPPORTED;
  } else if (!same_dtype(dtype, rt_tensor_dtype(t))) {
    snprintf(why, sizeof why, "output %d is %s instead of %s", output, rt_dtype_name(rt_tensor_dtype(t)), rt_dtype_name(dtype));
    v = FAILED;
  } else if (rank != rt_tensor_rank(t) || memcmp(shape, rt_tensor_shape(t), (size_t)rank * sizeof *shape) != 0) {
    snprintf(why, sizeof why, "output %d has another shape (rank %d, expected %d)", output, rt_tensor_rank(t), rank);
    v = FAILED;
  } else if (!same_data(t, want, output)) {
    v = FAILED;
  }
  free(want);
  free(buffer);
  return v;
}

static verdict load_inputs(const rt_model *model, const char *folder, int32_t n, rt_tensor **in) {
  for (int32_t i = 0; i < n; i++) {
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%.1500s/input_%d.pb", folder, i);
    bytes file;
    uint8_t *buffer = read_file(path, &file), *data = NULL;
    rt_dtype dtype;
    int32_t rank;
    int64_t shape[16];
    if (!buffer) return snprintf(why, sizeof why, "no input %d", i), FAILED;
    if (!read_tensor(file, &data, &dtype, &rank, shape)) return free(buffer), snprintf(why, sizeof why, "input %d is no tensor of numbers", i), UNSUPPORTED;
    rt_model_port port;
    if (rt_model_input(model, i, &port) == RT_OK && same_dtype(dtype, port.dtype)) dtype = port.dtype;
    const rt_status status = rt_from_data(ctx, dtype, rank, shape, data, &in[i]);
    free(data);
    free(buffer);
    if (status != RT_OK) return from_status(status);
  }
  return PASSED;
}

static verdict run_set(rt_model *model, const char *folder) {
  enum { MAX = 64 };
  rt_tensor *in[MAX] = {0}, *out[MAX] = {0};
  const int32_t n_in = rt_model_input_count(model), n_out = rt_model_output_count(model);
  if (n_in > MAX || n_out > MAX) return snprintf(why, sizeof why, "too many ports"), FAILED;
  verdict v = load_inputs(model, folder, n_in, in);
  if (v == PASSED) {
    const rt_status status = rt_model_run(model, n_in, (const rt_tensor *const *)in, n_out, out);
    if (status != RT_OK) v = from_status(status);
  }
  for (int32_t i = 0; i < n_out && v == PASSED; i++) v = check_output(out[i], folder, i);
  for (int i = 0; i < MAX; i++) {
    rt_release(in[i]);
    rt_release(out[i]);
  }
  return v;
}

static verdict run_test(const char *folder) {
  char path[PATH_BYTES];
  rt_model *model = NULL;
  why[0] = '\0';
  snprintf(path, sizeof path, "%.1500s/model.onnx", folder);
  const rt_status status = rt_model_open(ctx, path, &model);
  if (status != RT_OK) return from_status(status);
  verdict v = PASSED;
  struct stat info;
  for (int set = 0; v == PASSED; set++) {
    snprintf(path, sizeof path, "%.1500s/test_data_set_%d", folder, set);
    if (stat(path, &info) != 0) {
      if (set == 0) v = FAILED, snprintf(why, sizeof why, "there are no data");
      break;
    }
    v = run_set(model, path);
  }
  rt_model_close(model);
  return v;
}

// ---- all tests ---------------------------------------------------------------------------------------------------------------------------------

typedef struct op_line { char name[48]; int count[N_VERDICTS]; } op_line;
static op_line ops[600];
static int n_ops, totals[N_VERDICTS], unexpected;

static void count_op(const char *name, size_t n, verdict v) {
  if (n >= sizeof ops[0].name) n = sizeof ops[0].name - 1;
  int i = 0;
  while (i < n_ops && (strncmp(ops[i].name, name, n) != 0 || ops[i].name[n])) i++;
  if (i == (int)COUNT(ops)) return;
  if (i == n_ops) memcpy(ops[n_ops++].name, name, n);
  ops[i].count[v]++;
}

// Counts a test for each operation that its graph holds (once each).
static void count_ops_of(const char *folder, verdict v) {
  char path[PATH_BYTES];
  snprintf(path, sizeof path, "%.1500s/model.onnx", folder);
  bytes file, graph, node, text;
  uint8_t *buffer = read_file(path, &file);
  uint64_t value;
  uint32_t a, b, c;
  bytes seen[256];
  int n_seen = 0;
  while (buffer && (a = take_field(&file, &value, &graph)))
    while (a == 7 && (b = take_field(&graph, &value, &node)))
      while (b == 1 && (c = take_field(&node, &value, &text))) {
        if (c != 4) continue;
        const size_t n = (size_t)(text.end - text.at);
        int k = 0;
        while (k < n_seen && ((size_t)(seen[k].end - seen[k].at) != n || memcmp(seen[k].at, text.at, n) != 0)) k++;
        if (k < n_seen || n_seen == (int)COUNT(seen)) continue;
        seen[n_seen++] = text;
        count_op((const char *)text.at, n, v);
      }
  free(buffer);
}

static const char *known_reason(const char *name) {
  for (size_t i = 0; i < COUNT(known); i++)
    if (!strcmp(known[i].name, name)) return known[i].reason;
  return NULL;
}

static void run_kind(const char *root, const char *kind, FILE *report) {
  char path[PATH_BYTES];
  int counts[N_VERDICTS] = {0};
  struct dirent **entries = NULL;
  snprintf(path, sizeof path, "%.1000s/%s", root, kind);
  const int n = scandir(path, &entries, NULL, alphasort);
  for (int i = 0; i < n; i++) {
    char folder[PATH_BYTES];
    snprintf(folder, sizeof folder, "%.1000s/%.500s", path, entries[i]->d_name);
    if (!strncmp(entries[i]->d_name, "test_", 5)) {
      const verdict v = run_test(folder);
      const char *reason = known_reason(entries[i]->d_name);
      counts[v]++;
      totals[v]++;
      count_ops_of(folder, v);
      if (report) fprintf(report, "%s\t%s/%s\t%s\n", verdict_names[v], kind, entries[i]->d_name, reason ? reason : why);
      if (v == FAILED && !reason) printf("FAILED  %s/%s: %s\n", kind, entries[i]->d_name, why);
      if (v == PASSED && reason) printf("PASSES  %s/%s, which is listed as failing\n", kind, entries[i]->d_name);
      unexpected += (v == FAILED) != (reason != NULL);
    }
    free(entries[i]);
  }
  free(entries);
  printf("%-20s %4d passed, %3d not supported, %3d failed\n", kind, counts[PASSED], counts[UNSUPPORTED], counts[FAILED]);
}

static int by_name(const void *a, const void *b) { return strcmp(((const op_line *)a)->name, ((const op_line *)b)->name); }

static void write_ops(FILE *report) {
  qsort(ops, (size_t)n_ops, sizeof *ops, by_name);
  for (int i = 0; i < n_ops; i++)
    fprintf(report, "operation\t%s\t%d passed\t%d not supported\t%d failed\n", ops[i].name, ops[i].count[PASSED], ops[i].count[UNSUPPORTED], ops[i].count[FAILED]);
}

int main(void) {
  const char *root = getenv("ONNX_TESTDATA");
  const bool default_root = !root;
  if (default_root) root = "/usr/share/libonnx-testdata/data";
  struct stat info;
  if (stat(root, &info) != 0) {
    printf("SKIPPED: %s is not there; apt install libonnx-testdata for the 1,072 tests of the ONNX project\n", root);
    return 77;
  }
  if (rt_ctx_create(NULL, &ctx) != RT_OK) return printf("no context: %s\n", rt_last_error()), 1;
  FILE *report = fopen(TRIVET_BUILD_DIR "/tests/onnx_suite.txt", "w");
  static const char *const kinds[] = {"node", "simple", "pytorch-converted", "pytorch-operator"};
  for (size_t i = 0; i < COUNT(kinds); i++) run_kind(root, kinds[i], report);
  if (report) {
    write_ops(report);
    fclose(report);
    printf("per test and per operation: %s\n", TRIVET_BUILD_DIR "/tests/onnx_suite.txt");
  }
  const rt_status closed = rt_ctx_close(ctx);
  if (closed != RT_OK) printf("tensors are left behind: %s\n", rt_last_error());
  const bool enough = !default_root || totals[PASSED] >= MINIMUM_PASSED;
  printf("%d passed (at least %d), %d not supported, %d failed, %d of these not expected\n", totals[PASSED], MINIMUM_PASSED, totals[UNSUPPORTED], totals[FAILED], unexpected);
  return enough && unexpected == 0 && closed == RT_OK ? 0 : 1;
}
