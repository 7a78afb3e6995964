// SPDX-License-Identifier: BSD-3-Clause
// How far the functions of cpu_simd are off, on each instruction set that this machine runs. The exact value is the reference's formula, in double
// for f32 and halves and in long double for f64. As a test: all halves, and samples of f32 and f64 that meet every exponent.
//   ulp_ulp full [-i isa] [-d dtype] [-s stride] [name ...]   every stride-th f32 (1: all 2^32 of them), and one line for the ledger of each row
// A row with a second input or a parameter is sampled only.
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

// ---- rows -----------------------------------------------------------------------------------------------------------------------------------
typedef enum form { UNARY, PARAM, BINARY } form;
typedef struct row {
  const char *name;
  form form;
  double bound;
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
  SAME_##result(FLOATS_##dtypes({#name, PARAM, cpu, .param = rt_##name##_into, .narrow = narrow_of_##name, .wide = wide_of_##name}, ))
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
typedef struct finding { double worst, at, second, result; uint64_t n, n_wrong; double wrong_at, wrong_second, wrong_result; } finding;

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
static void run_chunk(bench *w, const row *r, const format *f, double p, finding *out) {
  must(rt_write(w->a, w->in[0], (size_t)(CHUNK * f->bytes)));
  if (r->form == BINARY) must(rt_write(w->b, w->in[1], (size_t)(CHUNK * f->bytes)));
  must(r->form == UNARY ? r->unary(w->a, w->y) : r->form == PARAM ? r->param(w->a, p, w->y) : r->binary(w->a, w->b, w->y));
  must(rt_read(w->y, w->out, (size_t)(CHUNK * f->bytes)));
  const double parameter = f->dtype == RT_F64 ? p : (double)(float)p;
  for (int64_t i = 0; i < CHUNK; i++) judge(r, f, get(f, w->in[0], i), r->form == BINARY ? get(f, w->in[1], i) : parameter, get(f, w->out, i), out);
}

/// Unary rows of halves: all of them. Of f32: every stride-th. Else samples.
static finding scan(bench *w, const row *r, const format *f, uint64_t stride) {
  static const double parameters[] = {1, 0.5, 1.9, -0.75};
  finding out = {0};
  const int64_t shape = CHUNK;
  rt_tensor **tensors[] = {&w->a, &w->b, &w->y};
  for (int i = 0; i < 3; i++) must(rt_empty(w->ctx, f->dtype, 1, &shape, tensors[i]));
  if (r->form == UNARY && f->bytes <= 4) {
    uint64_t at = 0, last = f->bytes == 2 ? 0x10000 : (uint64_t)1 << 32, step = f->bytes == 2 ? 1 : stride;
    while (at < last) {
      for (int64_t i = 0; i < CHUNK; i++, at += step) {
        const uint64_t bits = at + (step > 1 ? random64() % step : 0);
        if (bits < last) memcpy(w->in[0] + i * f->bytes, &bits, (size_t)f->bytes);
        else sample(f, w->in[0], i);
      }
      run_chunk(w, r, f, 0, &out);
    }
  }
  for (int k = 0; k < (r->form == UNARY ? f->bytes > 2 : 4); k++) {
    for (int64_t i = 0; i < CHUNK; i++) sample(f, w->in[0], i), sample(f, w->in[1], i);
    run_chunk(w, r, f, parameters[k], &out);
  }
  for (int i = 0; i < 3; i++) rt_release(*tensors[i]), *tensors[i] = NULL;
  return out;
}

/// False: this machine does not run it.
static bool open_isa(bench *w, const char *isa) {
  char config[64];
  snprintf(config, sizeof config, "cpu_simd.isa=%s\n", isa);
  rt_ctx_options options = {.size = sizeof options, .backends = "cpu_simd", .config = config, .fallback = RT_FALLBACK_ERROR};
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
    if (rows[i].bound < 1) continue; // the grid judges exact rows
    for (int k = 0; k < 4; k++) {
      const finding found = scan(&work, &rows[i], &formats[k], 1 << 16);
      if (!found.n_wrong && found.worst <= rows[i].bound) continue;
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
static void avx512_is_within_bounds(void **unused) {
  (void)unused;
  if (getenv("TRIVET_MODELLED")) return is_within_bounds("avx512");
  print_message("avx512 is used by name only, so it is scanned by name: scripts/ulp.sh\n");
  skip();
}
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
  const char *isa = NULL, *dtype = NULL;
  uint64_t stride = 1;
  while (n > 1 && args[0][0] == '-') {
    if (args[0][1] == 'i') isa = args[1];
    if (args[0][1] == 'd') dtype = args[1];
    if (args[0][1] == 's') stride = strtoull(args[1], NULL, 0);
    n -= 2, args += 2;
  }
  char machine[64], date[16];
  const time_t now = time(NULL);
  machine_name(machine, sizeof machine), strftime(date, sizeof date, "%Y-%m-%d", gmtime(&now));
  int n_failed = 0;
  for (size_t a = 0; a < sizeof isas / sizeof *isas; a++) {
    if ((isa && strcmp(isa, isas[a]) != 0) || !open_isa(&work, isas[a])) continue;
    for (size_t i = 0; i < N_ROWS; i++) {
      bool chosen = n == 0;
      for (int k = 0; k < n; k++) chosen = chosen || strcmp(args[k], rows[i].name) == 0;
      for (int k = 0; chosen && rows[i].bound >= 1 && k < 4; k++) {
        if (dtype && strcmp(dtype, formats[k].name) != 0) continue;
        const finding found = scan(&work, &rows[i], &formats[k], stride);
        n_failed += found.n_wrong || found.worst > rows[i].bound;
        printf("%s\t%s\t%s\t%llu\t%.4f\t%g\t%a\t%a\t%s\t%s%s\n", rows[i].name, formats[k].name, isas[a], (unsigned long long)found.n, found.worst, rows[i].bound, found.at,
               rows[i].form == UNARY ? 0 : found.second, date, machine, found.n_wrong ? "\tWRONG" : "");
        fflush(stdout);
      }
    }
    must(rt_ctx_close(work.ctx));
  }
  return n_failed != 0;
}

int main(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "full")) return write_ledger(argc - 2, argv + 2);
  if (argc > 1) {
    fprintf(stderr, "%s: what is %s? Alone it tests; with `full [-i isa] [-d dtype] [-s stride] [name ...]` it prints a ledger, which takes hours\n", argv[0], argv[1]);
    return 2;
  }
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(scalar_is_within_bounds),
    cmocka_unit_test(avx2_is_within_bounds),
    cmocka_unit_test(avx512_is_within_bounds),
    cmocka_unit_test(neon_is_within_bounds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
