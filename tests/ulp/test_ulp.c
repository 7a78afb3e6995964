// SPDX-License-Identifier: BSD-3-Clause
// How far the functions of cpu_simd are off, on each instruction set that this machine runs. The exact value is the reference's formula, in double
// for f32 and halves and in long double for f64; of f32 it is asked only where fast_oracle.h finds a result suspect. As a test: all halves, and samples of
// f32 and f64 that meet every exponent; and the ledger must list every function as it is now.
//   ulp_ulp full [-i isa] [-d dtype] [-s stride] [-n pairs] [-c commit] [name ...]   every stride-th f32 (1: all 2^32 of them), that many pairs of f32 for a
//                function of two numbers, and one line for the ledger of each row
// A function with a parameter is scanned at its default, and sampled at others.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <trivet/rt.h>

#include "../../backends/cpu_ref/vocab.h"
#include "fast_oracle.h"

// ---- rows -----------------------------------------------------------------------------------------------------------------------------------
typedef enum form { UNARY, PARAM, BINARY } form;
typedef struct row {
  const char *name;
  form form;
  double bound, parameter;
  rt_status (*unary)(const rt_tensor *, rt_tensor *);
  rt_status (*param)(const rt_tensor *, double, rt_tensor *);
  rt_status (*binary)(const rt_tensor *, const rt_tensor *, rt_tensor *);
  double (*narrow)(double, double);             // f32 and halves
  long double (*wide)(long double, long double); // f64
} row;

#define NOTHING(...)
#define SAME_SAME(...) __VA_ARGS__
#define SAME_REAL(...) __VA_ARGS__
#define SAME_BOOL NOTHING
#define SAME_COMPLEX NOTHING
#define FLOATS_FLOAT(...) __VA_ARGS__
#define FLOATS_FLOAT_C(...) __VA_ARGS__
#define FLOATS_NUMERIC NOTHING
#define FLOATS_NUMERIC_C NUMERIC_ROW
#define FLOATS_ANY NOTHING
#define FLOATS_ANY_C NOTHING
#define FLOATS_BITS NOTHING
#define FLOATS_INTEGER NOTHING
#define NUMERIC_ROW(...) __VA_ARGS__
#define NEXTAFTER(a, b) ((void)(b), (a)) // an exact row, which is not judged here
#define RT_TERNARY NOTHING
#define RT_REDUCE NOTHING
#define RT_ARG NOTHING
#define RT_OP NOTHING
#define RT_COMPOSITE NOTHING
#define RT_UNARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc) SAME_##result(FLOATS_##dtypes(FORMULA(name, x, p, formula)))
#define RT_PARAM(id, NAME, name, dtypes, result, cpu, gpu, param, value, formula, doc) SAME_##result(FLOATS_##dtypes(FORMULA(name, x, p, formula)))
#define RT_BINARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc) SAME_##result(FLOATS_##dtypes(FORMULA(name, a, b, formula)))
#define VOCAB narrow
#define T(v) ((double)(v))
#define FORMULA(name, x, y, formula) static double narrow_of_##name(double x, double y) { return (void)y, formula; }
#include <trivet/ops.def>
#undef VOCAB
#undef T
#undef FORMULA
#undef RT_UNARY
#undef RT_PARAM
#undef RT_BINARY
#define RT_TERNARY NOTHING
#define RT_REDUCE NOTHING
#define RT_ARG NOTHING
#define RT_OP NOTHING
#define RT_COMPOSITE NOTHING
#define RT_UNARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc) SAME_##result(FLOATS_##dtypes(FORMULA(name, x, p, formula)))
#define RT_PARAM(id, NAME, name, dtypes, result, cpu, gpu, param, value, formula, doc) SAME_##result(FLOATS_##dtypes(FORMULA(name, x, p, formula)))
#define RT_BINARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc) SAME_##result(FLOATS_##dtypes(FORMULA(name, a, b, formula)))
#define VOCAB long
#define T(v) ((long double)(v))
#define FORMULA(name, x, y, formula) static long double wide_of_##name(long double x, long double y) { return (void)y, formula; }
#include <trivet/ops.def>

#define RT_UNARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc) \
  SAME_##result(FLOATS_##dtypes({#name, UNARY, cpu, .unary = rt_##name##_into, .narrow = narrow_of_##name, .wide = wide_of_##name}, ))
#define RT_PARAM(id, NAME, name, dtypes, result, cpu, gpu, param_name, value, formula, doc) \
  SAME_##result(FLOATS_##dtypes({#name, PARAM, cpu, .parameter = value, .param = rt_##name##_into, .narrow = narrow_of_##name, .wide = wide_of_##name}, ))
#define RT_BINARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc) \
  SAME_##result(FLOATS_##dtypes({#name, BINARY, cpu, .binary = rt_##name##_into, .narrow = narrow_of_##name, .wide = wide_of_##name}, ))
#define RT_TERNARY NOTHING
#define RT_REDUCE NOTHING
#define RT_ARG NOTHING
#define RT_OP NOTHING
#define RT_COMPOSITE NOTHING
static const row rows[] = {
#include <trivet/ops.def>
};
#define N_ROWS (sizeof rows / sizeof *rows)

/// Exact rows, and those of two numbers that are rounded once, are left to the grid.
static bool is_scanned(const row *r) { return r->bound >= (r->form == BINARY ? 1 : 0.5); }

// ---- numbers --------------------------------------------------------------------------------------------------------------------------------
typedef struct format { const char *name; rt_dtype dtype; int bytes, precision, min_exponent; } format; // the smallest normal is 2^min_exponent
static const format formats[] = {{"f32", RT_F32, 4, 24, -126}, {"f16", RT_F16, 2, 11, -14}, {"bf16", RT_BF16, 2, 8, -126}, {"f64", RT_F64, 8, 53, -1022}};
#define F32 (&formats[0])

static long double ulp_of(const format *f, long double x) {
  int exponent;
  frexpl(x, &exponent);
  const int last = exponent - f->precision, least = f->min_exponent - f->precision + 1;
  return ldexpl(1, x == 0 || last < least ? least : last);
}
static long double largest(const format *f) { return ldexpl(2 - ldexpl(1, 1 - f->precision), f->dtype == RT_F16 ? 15 : 1 - f->min_exponent); }

static double get(const format *f, const void *p, int64_t i) {
  const double x = f->dtype == RT_F64 ? ((const double *)p)[i] : f->dtype == RT_F32 ? (double)((const float *)p)[i]
    : f->dtype == RT_F16 ? ref_f16_to(((const uint16_t *)p)[i]) : ref_bf16_to(((const uint16_t *)p)[i]);
  return x == x ? x : NAN; // a quiet one: signalling ones are not in the contract
}
static void put(const format *f, void *p, int64_t i, double x) {
  if (f->dtype == RT_F64) ((double *)p)[i] = x;
  else if (f->dtype == RT_F32) ((float *)p)[i] = (float)x;
  else ((uint16_t *)p)[i] = f->dtype == RT_F16 ? ref_f16_from(x) : ref_bf16_from(x);
}

static uint64_t state = 88172645463325252u;
static uint64_t random64(void) { return state ^= state << 13, state ^= state >> 7, state ^= state << 17; }
/// Specials, any bits, and the ranges in which functions change.
static void sample(const format *f, void *p, int64_t i) {
  static const double specials[] = {0.0, -0.0, 1, -1, INFINITY, -INFINITY, NAN, 2, -2, 0.5, -0.5, 3, -3, 0x1p-126, -0x1p-149, 0x1p-1074, 0x1.fffffep127,
    0x1.fffffffffffffp1023, -0x1.fffffffffffffp1023, 88.72, 89, -104, 709.78, -745.2, 0x1p24, 0x1p53};
  static const double ranges[] = {1, 4, 20, 120, 760};
  const uint64_t bits = random64();
  const unsigned kind = (unsigned)(random64() >> 60);
  if (kind == 0) put(f, p, i, specials[bits % (sizeof specials / sizeof *specials)]);
  else if (kind < 8) memcpy((char *)p + i * f->bytes, &bits, (size_t)f->bytes);
  else put(f, p, i, (double)(int64_t)bits * 0x1p-63 * ranges[kind % 5]);
}

// ---- judging --------------------------------------------------------------------------------------------------------------------------------
typedef struct finding { double worst, at, second, result; uint64_t n, n_wrong, n_disputed; double wrong_at, wrong_second, wrong_result; } finding;

/// The oracle itself is off by that much, which only matters where a result must be rounded correctly.
static bool is_within(const row *r, const format *f, const finding *found) { return !found->n_wrong && found->worst <= r->bound + (f->bytes == 8 ? 0x1p-11 : 0x1p-27); }

/// Errors are counted in ulp of the dtype that is computed in: a half may be off by that and one rounding more.
static void judge(const row *r, const format *f, double x, double second, double y, finding *out) {
  const long double exact = f->dtype == RT_F64 ? r->wide(x, second) : (long double)r->narrow(x, second);
  const bool is_half = f->bytes == 2;
  long double unit = ulp_of(is_half ? F32 : f, exact), error = fabsl(y - exact);
  if (strcmp(r->name, "logaddexp") == 0) unit = fmaxl(unit, ulp_of(is_half ? F32 : f, x > second ? x : second));
  if (is_half) error -= ulp_of(f, exact) / 2, error = error < 0 ? 0 : error;
  out->n++;
  bool wrong = (exact != exact) != (y != y);
  if (exact == exact && y == y) {
    wrong = !!signbit(exact) != !!signbit(y) && (exact != 0 ? fabsl(exact) > 8 * ulp_of(f, 0) || y != 0 : true);
    if (isinf(y)) { // a value within the bound may overflow
      wrong = wrong || fabsl(exact) + r->bound * unit < largest(f) + ulp_of(f, largest(f)) / 2;
      error = 0;
    } else if (isinf(exact)) wrong = true;
  } else error = 0;
  if (isinf(exact) && isinf(y)) error = 0;
  if (wrong) {
    if (!out->n_wrong++) out->wrong_at = x, out->wrong_second = second, out->wrong_result = y;
    return;
  }
  const double ulps = (double)(error / unit);
  if (ulps > out->worst) out->worst = ulps, out->at = x, out->second = second, out->result = y;
}

#define CHUNK 65536
typedef struct bench { rt_ctx *ctx; rt_tensor *a, *b, *y; char in[2][CHUNK * 8], out[CHUNK * 8]; } bench;

static void must(rt_status status) {
  if (status == RT_OK) return;
  print_error("%s\n", rt_last_error());
  fail();
}
static void run_chunk(bench *w, const row *r, const format *f, double p) {
  must(rt_write(w->a, w->in[0], (size_t)(CHUNK * f->bytes)));
  if (r->form == BINARY) must(rt_write(w->b, w->in[1], (size_t)(CHUNK * f->bytes)));
  must(r->form == UNARY ? r->unary(w->a, w->y) : r->form == PARAM ? r->param(w->a, p, w->y) : r->binary(w->a, w->b, w->y));
  must(rt_read(w->y, w->out, (size_t)(CHUNK * f->bytes)));
}
/// Every result of the chunk, slowly.
static void judge_all(bench *w, const row *r, const format *f, double p, finding *out) {
  const double parameter = f->dtype == RT_F64 ? p : (double)(float)p;
  for (int64_t i = 0; i < CHUNK; i++) judge(r, f, get(f, w->in[0], i), r->form == BINARY ? get(f, w->in[1], i) : parameter, get(f, w->out, i), out);
}

/// As judge_all, but the slow oracle sees only what may change the finding: errors within MARGIN of the worst so far or above it, wrong signs, NaN on one side.
/// Four values of each PART, chosen at random, show it the fast oracle; a part where the two differ by a quarter of MARGIN is judged slowly.
#define PART 1024
static void judge_f32(const row *r, fast_oracle fast, const float *x, const float *second, const float *y, finding *out) {
  for (int part = 0; part < CHUNK; part += PART) {
    const int pick = part + (int)(random64() % (PART / 4)) * 4;
    double claimed[4];
    compute_four(fast, x + pick, second + pick, claimed);
    bool is_disputed = false;
    for (int i = pick; i < pick + 4; i++) {
      const double exact = r->narrow(get(F32, x, i), get(F32, second, i)), claim = claimed[i - pick];
      is_disputed = is_disputed || !((exact != exact && claim != claim) || exact == claim || fabs(exact - claim) <= MARGIN / 4 * (double)ulp_of(F32, exact));
    }
    int places[PART], n = PART;
    // Errors below a quarter of an ulp are of no interest, and looking at all of them, as long as nothing worse was met, would be slow.
    if (!is_disputed) n = find_suspects(fast, strcmp(r->name, "logaddexp") == 0, fmax(out->worst, 0.25) - MARGIN, PART, x + part, second + part, y + part, places);
    out->n_disputed += is_disputed;
    out->n += (uint64_t)(PART - n);
    for (int i = 0; i < n; i++) {
      const int at = part + (is_disputed ? i : places[i]);
      judge(r, F32, get(F32, x, at), get(F32, second, at), get(F32, y, at), out);
    }
  }
}
static void judge_chunk(bench *w, const row *r, fast_oracle fast, double p, finding *out) {
  float *second = (float *)w->in[1];
  if (!fast) judge_all(w, r, F32, p, out);
  else {
    for (int64_t i = 0; r->form != BINARY && i < CHUNK; i++) second[i] = (float)p;
    judge_f32(r, fast, (float *)w->in[0], second, (float *)w->out, out);
  }
}

/// Two numbers that belong together: for pow a result of any size, for the others b of about the size of a.
static void sample_pair(bench *w, const row *r, int64_t i) {
  float *a = (float *)w->in[0] + i, *b = (float *)w->in[1] + i;
  sample(F32, w->in[0], i), sample(F32, w->in[1], i);
  const uint64_t bits = random64();
  if (!(bits & 1) || *a == 0 || *a != *a) return;
  const double u = (double)(int64_t)random64() * 0x1p-63;
  *b = (float)(r->binary != rt_pow_into ? *a * (1 + u * (bits & 2 ? 1 : 0x1p-8)) : u * 150 / log2(fabs(*a)));
}

static void open_tensors(bench *w, const format *f) {
  const int64_t shape = CHUNK;
  must(rt_empty(w->ctx, f->dtype, 1, &shape, &w->a)), must(rt_empty(w->ctx, f->dtype, 1, &shape, &w->b)), must(rt_empty(w->ctx, f->dtype, 1, &shape, &w->y));
}
static void close_tensors(bench *w) { rt_release(w->a), rt_release(w->b), rt_release(w->y), w->a = w->b = w->y = NULL; }

/// What the function makes of 2^18 numbers, as one number: it tells in the ledger which code was scanned. f32 only; all NaN are one.
static uint64_t fingerprint(bench *w, const row *r) {
  const uint64_t saved = state;
  uint64_t hash = 0xcbf29ce484222325u; // FNV-1a, by words
  state = 88172645463325252u;
  open_tensors(w, F32);
  for (uint32_t chunk = 0; chunk < 4; chunk++) {
    for (uint32_t i = 0; i < CHUNK; i++) {
      if (r->form == BINARY) sample(F32, w->in[0], i), sample(F32, w->in[1], i);
      else ((uint32_t *)w->in[0])[i] = (chunk * CHUNK + i) * 16411u; // 2^18 times this is a little more than 2^32
    }
    run_chunk(w, r, F32, r->parameter);
    for (int i = 0; i < CHUNK; i++) {
      const uint32_t bits = ((uint32_t *)w->out)[i];
      hash = (hash ^ ((bits & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : bits)) * 0x100000001b3u;
    }
  }
  close_tensors(w);
  state = saved;
  return hash;
}

/// Halves: all of them. f32: every stride-th, of functions of two numbers `pairs`. And samples.
static finding scan(bench *w, const row *r, const format *f, uint64_t stride, uint64_t pairs) {
  static const double parameters[] = {1, 0.5, 1.9, -0.75};
  finding out = {0};
  open_tensors(w, f);
  for (int k = 0; k < (r->form == UNARY ? 1 : 4); k++) {
    for (int64_t i = 0; i < CHUNK; i++) sample(f, w->in[0], i), sample(f, w->in[1], i);
    run_chunk(w, r, f, parameters[k]);
    judge_all(w, r, f, parameters[k], &out);
  }
  const fast_oracle fast = f == F32 ? find_fast_oracle(r->name) : NULL;
  if (r->form != BINARY && f->bytes == 2) {
    for (int64_t i = 0; i < CHUNK; i++) ((uint16_t *)w->in[0])[i] = (uint16_t)i;
    run_chunk(w, r, f, r->parameter);
    judge_all(w, r, f, r->parameter, &out);
  }
  for (uint64_t at = 0; r->form != BINARY && f == F32 && at < (uint64_t)1 << 32;) {
    for (int64_t i = 0; i < CHUNK; i++, at += stride) ((uint32_t *)w->in[0])[i] = (uint32_t)(at + (stride > 1 ? random64() % stride : 0));
    run_chunk(w, r, f, r->parameter);
    judge_chunk(w, r, fast, r->parameter, &out);
  }
  for (uint64_t n = 0; r->form == BINARY && f == F32 && n < pairs; n += CHUNK) {
    for (int64_t i = 0; i < CHUNK; i++) sample_pair(w, r, i);
    run_chunk(w, r, f, 0);
    judge_chunk(w, r, fast, 0, &out);
  }
  close_tensors(w);
  return out;
}

/// False: this machine does not run it.
static bool open_isa(bench *w, const char *isa) {
  char config[64];
  snprintf(config, sizeof config, "cpu_simd.isa=%s\n", isa);
  rt_ctx_options options = {.size = sizeof options, .n_threads = 1, .backends = "cpu_simd", .config = config, .fallback = RT_FALLBACK_ERROR};
  const rt_status status = rt_ctx_create(&options, &w->ctx);
  if (status == RT_E_UNSUPPORTED) return false;
  must(status);
  return true;
}
static const char *const isas[] = {"scalar", "avx2", "avx512", "neon"};

static bench work;
static void is_within_bounds(const char *isa) {
  if (!open_isa(&work, isa)) {
    print_message("%s\n", rt_last_error());
    skip();
  }
  int n_failed = 0;
  for (size_t i = 0; i < N_ROWS; i++) {
    if (!is_scanned(&rows[i])) continue;
    for (int k = 0; k < 4; k++) {
      const finding found = scan(&work, &rows[i], &formats[k], 1 << 16, CHUNK);
      if (is_within(&rows[i], &formats[k], &found)) continue;
      n_failed++;
      print_error("%s/%s on %s: %.4f ulp at %a, %a gives %a (bound %g); %llu wrong, the first at %a, %a gives %a\n", rows[i].name, formats[k].name, isa, found.worst,
                  found.at, found.second, found.result, rows[i].bound, (unsigned long long)found.n_wrong, found.wrong_at, found.wrong_second, found.wrong_result);
    }
  }
  assert_int_equal(rt_ctx_close(work.ctx), RT_OK);
  assert_int_equal(n_failed, 0);
}
static void scalar_is_within_bounds(void **unused) { (void)unused; is_within_bounds(isas[0]); }
static void avx2_is_within_bounds(void **unused) { (void)unused; is_within_bounds(isas[1]); }
static void avx512_is_within_bounds(void **unused) { (void)unused; is_within_bounds("avx512"); }
static void neon_is_within_bounds(void **unused) { (void)unused; is_within_bounds(isas[3]); }

// ---- the ledger -----------------------------------------------------------------------------------------------------------------------------
static void machine_name(char *text, size_t size) {
  snprintf(text, size, "unknown");
  FILE *file = fopen("/proc/cpuinfo", "r");
  char line[256];
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "model name%*[ \t:]%63[^\n]", text) == 1) break;
  if (file) fclose(file);
}
static int write_ledger(int n, char **args) {
  const char *isa = NULL, *dtype = NULL, *commit = "?";
  uint64_t stride = 1, pairs = 100000000;
  while (n > 1 && args[0][0] == '-') {
    if (args[0][1] == 'i') isa = args[1];
    if (args[0][1] == 'd') dtype = args[1];
    if (args[0][1] == 's') stride = strtoull(args[1], NULL, 0);
    if (args[0][1] == 'n') pairs = strtoull(args[1], NULL, 0);
    if (args[0][1] == 'c') commit = args[1];
    n -= 2, args += 2;
  }
  char machine[64], date[16], bits[24];
  const time_t now = time(NULL);
  machine_name(machine, sizeof machine), strftime(date, sizeof date, "%Y-%m-%d", gmtime(&now));
  int n_failed = 0;
  for (size_t a = 0; a < sizeof isas / sizeof *isas; a++) {
    if ((isa && strcmp(isa, isas[a]) != 0) || !open_isa(&work, isas[a])) continue;
    for (size_t i = 0; i < N_ROWS; i++) {
      bool chosen = n == 0;
      for (int k = 0; k < n; k++) chosen = chosen || strcmp(args[k], rows[i].name) == 0;
      for (int k = 0; chosen && is_scanned(&rows[i]) && k < 4; k++) {
        if (dtype && strcmp(dtype, formats[k].name) != 0) continue;
        const finding found = scan(&work, &rows[i], &formats[k], stride, pairs);
        n_failed += !is_within(&rows[i], &formats[k], &found);
        if (&formats[k] == F32) snprintf(bits, sizeof bits, "%016llx", (unsigned long long)fingerprint(&work, &rows[i]));
        printf("%s\t%s\t%s\t%llu\t%.4f\t%g\t%a\t%a\t%s\t%s\t%s\t%s%s\n", rows[i].name, formats[k].name, isas[a], (unsigned long long)found.n, found.worst, rows[i].bound,
               found.at, rows[i].form == UNARY ? 0 : found.second, &formats[k] == F32 ? bits : "-", date, commit, machine, found.n_wrong ? "\tWRONG" : "");
        if (found.n_wrong) fprintf(stderr, "%s: %llu wrong, the first: %a, %a gives %a\n", rows[i].name, (unsigned long long)found.n_wrong, found.wrong_at, found.wrong_second, found.wrong_result);
        if (found.n_disputed) fprintf(stderr, "%s: of %d numbers each, %llu parts were judged slowly, for the oracles differ\n", rows[i].name, PART, (unsigned long long)found.n_disputed);
        fflush(stdout);
      }
    }
    must(rt_ctx_close(work.ctx));
  }
  return n_failed != 0;
}

/// Each function, dtype and instruction set (AVX-512, AVX2 and scalar) has its line, within the bound of today; f32 on the first two saw at least every 64th number,
/// and each f32 was scanned as it is now: it has the same fingerprint.
static void ledger_is_whole(void **unused) {
  (void)unused;
  enum { N_LEDGERS = 3 }; // scalar, AVX2, AVX-512: the first of `isas`
  static bool has_line[N_ROWS][4][N_LEDGERS], is_open;
  FILE *file = fopen(TRIVET_SOURCE_DIR "/tests/ulp/ledger.tsv", "r");
  assert_non_null(file);
  int n_failed = 0;
  for (int a = 0; a < N_LEDGERS; a++) {
    if (!(is_open = open_isa(&work, isas[a]))) print_message("%s: its fingerprints are not compared\n", isas[a]);
    char line[512], name[32], dtype[8], isa[8], bits[24], wrong[8];
    rewind(file);
    while (fgets(line, sizeof line, file)) {
      unsigned long long n;
      double worst, bound;
      if (sscanf(line, "%31s %7s %7s %llu %lf %lf %*s %*s %23s", name, dtype, isa, &n, &worst, &bound, bits) != 7) fail_msg("not a line of the ledger: %s", line);
      if (strcmp(isa, isas[a]) != 0) continue;
      size_t i = 0, k = 0;
      while (i < N_ROWS && strcmp(rows[i].name, name) != 0) i++;
      while (k < 4 && strcmp(formats[k].name, dtype) != 0) k++;
      const char *fault = NULL;
      const finding found = {.worst = worst, .n_wrong = sscanf(strrchr(line, '\t'), "\t%7[WRONG]", wrong) == 1};
      char now[24] = "-";
      if (i == N_ROWS || k == 4 || !is_scanned(&rows[i])) fault = "no such function or dtype is scanned";
      else if (has_line[i][k][a]) fault = "a second line";
      else if (bound != rows[i].bound) fault = "the bound is another now";
      else if (!is_within(&rows[i], &formats[k], &found)) fault = "beyond the bound";
      else if (k == 0 && a > 0 && n < (rows[i].form == BINARY ? 100000000 : (unsigned long long)1 << 26)) fault = "too few numbers";
      else {
        has_line[i][k][a] = true;
        if (k == 0 && is_open) snprintf(now, sizeof now, "%016llx", (unsigned long long)fingerprint(&work, &rows[i]));
        if ((k == 0) != (strcmp(bits, "-") != 0) || (k == 0 && is_open && strcmp(bits, now) != 0)) fault = "it makes other bits now than when it was scanned";
      }
      if (fault) print_error("ledger: %s/%s on %s: %s\n", name, dtype, isa, fault), n_failed++;
    }
    for (size_t i = 0; i < N_ROWS; i++)
      for (int k = 0; k < 4; k++)
        if (is_scanned(&rows[i]) && !has_line[i][k][a]) print_error("ledger: %s/%s on %s has no valid line\n", rows[i].name, formats[k].name, isas[a]), n_failed++;
    if (is_open) assert_int_equal(rt_ctx_close(work.ctx), RT_OK);
  }
  fclose(file);
  if (n_failed) fail_msg("%d faults; `scripts/ulp.sh BUILD_DIR -i ISA -d DTYPE NAME ...` scans anew, a minute for most of f32", n_failed);
}

/// Planted errors are found at their place, and numbers that are right are not suspected.
static void scan_sees_what_is_wrong(void **unused) {
  (void)unused;
  static float x[CHUNK], second[CHUNK], y[CHUNK];
  static const struct { const char *name; float x, y; bool is_wrong; } plants[] = {
    {"exp", 1, 2.71828246f, false}, {"exp", 0x1p-140f, 1.00000024f, false}, {"exp", 89, 3.4e38f, false}, {"exp", 88, INFINITY, true}, {"exp", 2, NAN, true},
    {"log", -1, 0, true}, {"tanh", -0.0f, 0.0f, true}, {"sin", 1e30f, -0.0901f, false}, {"gelu", -13, -1e-38f, false}, {"erfc", 9, 0, false},
  };
  for (size_t p = 0; p < sizeof plants / sizeof *plants; p++) {
    const row *r = rows;
    while (strcmp(r->name, plants[p].name) != 0) r++;
    const fast_oracle fast = find_fast_oracle(r->name);
    if (!fast) {
      print_message("no libmvec with AVX2 here: the slow oracle judges all\n");
      skip();
    }
    for (int i = 0; i < CHUNK; i++) x[i] = (float)(i - CHUNK / 3) / 512, y[i] = (float)r->narrow(x[i], 0);
    finding found = {0};
    judge_f32(r, fast, x, second, y, &found);
    assert_true(found.n == CHUNK && found.n_wrong == 0 && found.n_disputed == 0 && found.worst <= 0.5 + 0x1p-27);
    const int at = (int)(random64() % CHUNK);
    x[at] = plants[p].x, y[at] = plants[p].y;
    found = (finding){0};
    judge_f32(r, fast, x, second, y, &found);
    assert_true(found.n == CHUNK && found.n_wrong == plants[p].is_wrong && found.n_disputed == 0);
    assert_true(plants[p].is_wrong ? found.wrong_at == plants[p].x : found.worst > 0.6 && found.at == plants[p].x);
  }
}

int main(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "full")) return write_ledger(argc - 2, argv + 2);
  if (argc > 1) {
    fprintf(stderr, "%s: what is %s? Alone it tests; with `full ...` it prints a ledger, which takes an hour\n", argv[0], argv[1]);
    return 2;
  }
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(scan_sees_what_is_wrong),
    cmocka_unit_test(ledger_is_whole),
    cmocka_unit_test(scalar_is_within_bounds),
    cmocka_unit_test(avx2_is_within_bounds),
    cmocka_unit_test(avx512_is_within_bounds),
    cmocka_unit_test(neon_is_within_bounds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
