// SPDX-License-Identifier: BSD-3-Clause
// What the files of the bench suite share: cases out of cases.def, timed subjects (cases and what gauges the machine alike), the roofline,
// the facts about the machine, results read from files, and the reports. The suite is part of the command line tool and uses its helpers.
#ifndef TRIVET_BENCH_SUITE_H
#define TRIVET_BENCH_SUITE_H

#include "trivet.h"

#define MAX_EXTENTS 5
#define MOST_SAMPLES 1001

// ---- stats.c: samples and what they say --------------------------------------------------------------------------------------------------
typedef struct figures {
  double median, low, high, min; ///< ns per call; low and high are the quartiles
  int32_t n, n_outliers;         ///< samples; those beyond the quartiles by more than 1.5 times their distance
} figures;
/// Sorts `values`. n >= 1.
figures figures_of(double *values, int32_t n);
double median_of(double *values, int32_t n); ///< sorts them too
/// exp of the mean of the logarithms; NAN for none.
double geometric_mean(const double *values, size_t n);

// ---- runner.c: anything that can be called n times ------------------------------------------------------------------------------------------
typedef struct subject {
  const char *name;
  double (*run)(void *self, int64_t n); ///< ns that n calls took; negative after a failure, which rt_last_error tells
  void *self;
  int64_t reps;                         ///< calls per sample
  int32_t n_wanted, n_samples;
  double *ns, *cpu_ns;                  ///< per call, one per sample
  uint64_t n_faults, n_calls;           ///< minor page faults of the whole process while it was timed
  figures time;
  double cpu_time;                      ///< median
} subject;

typedef struct effort {
  int32_t n_samples;  ///< of each subject
  double sample_ns;   ///< that a sample takes at least
  double patience_ns; ///< all samples of one subject take no more than that, or there are only three
  bool show_progress;
} effort;
/// Warms up and calibrates each subject, then samples all of them in turns, in another order each time. EXIT_OK, or EXIT_FAILED after the sentence.
int run_subjects(subject *const *all, size_t n, const effort *how);
void subject_free(subject *s);
double now_ns(void);

// ---- roofline_kernels.c, roofline.c: what the machine can do, by loops of our own -----------------------------------------------------------
typedef enum traffic { READ, WRITE, COPY, SCALE, ADD, UPDATE, TRAFFICS } traffic;
typedef struct traffic_kind { const char *name; int n_arrays, n_streams; } traffic_kind; ///< x += y has two arrays and three streams
extern const traffic_kind traffic_kinds[TRAFFICS];

/// The loops of one instruction set. n is in floats, a multiple of 64; x, y and z are aligned to 64 bytes.
typedef struct probe_loops {
  const char *name;
  float (*stream[TRAFFICS])(float *x, const float *y, const float *z, size_t n);
  float (*bypass[TRAFFICS])(float *x, const float *y, const float *z, size_t n); ///< the same with stores that go around the caches; NULL: none
  double (*fma_f32)(int64_t n), (*fma_f64)(int64_t n);                           ///< n rounds of multiply-add
  double flops_f32, flops_f64;                                                   ///< per round
} probe_loops;
const probe_loops *probe_loops_at(int index); ///< those that this processor runs, the widest first; NULL past the last

typedef struct gauge {
  char name[64];          ///< "roofline/copy/24MiB/2"
  bool is_peak;
  traffic kind;           ///< of streams
  bool bypasses;
  rt_dtype dtype;         ///< of peaks: f32 or f64
  double footprint_bytes; ///< all arrays together
  double amount;          ///< bytes or flops per call
  int32_t n_threads;
  struct roofline *owner;
  subject timing;
} gauge;

typedef struct roofline {
  const probe_loops *loops;
  struct team *team;      ///< NULL with one thread
  int32_t n_threads;
  gauge **at;
  size_t n;
  float *arena;
  size_t arena_bytes;
} roofline;
/// false after the sentence.
bool roofline_start(roofline *r, int32_t n_threads);
/// Makes sure that this is measured, with one thread and with all.
void want_stream(roofline *r, traffic kind, double footprint_bytes);
void want_peak(roofline *r, rt_dtype dtype);
/// After all wants, before measuring; false after the sentence.
bool roofline_prepare(roofline *r);
/// The best that was measured: bytes or flops per ns, with any number of threads up to n_threads. 0: not measured.
double stream_limit(const roofline *r, traffic kind, double footprint_bytes, int32_t n_threads);
double peak_limit(const roofline *r, rt_dtype dtype, int32_t n_threads);
void roofline_free(roofline *r);

// ---- cases.c, operands.c: what is timed ---------------------------------------------------------------------------------------------------
typedef enum flavour { FLAVOUR_NEW, FLAVOUR_GIVEN, FLAVOUR_IN_PLACE, FLAVOURS } flavour;
extern const char *const flavour_names[FLAVOURS];

typedef struct size { int32_t rank; int64_t extent[MAX_EXTENTS]; } size;

typedef struct operands {
  rt_ctx *ctx;
  rt_dtype dtype;
  size size;
  rt_tensor *a, *b, *c, *to; ///< borrowed
  const void *host;
  size_t host_bytes;
} operands;

typedef struct case_row {
  const char *name, *family, *title; ///< of the row; of its family
  const char *operand[3];
  uint32_t dtypes, flavours;         ///< bits
  const size *sizes;
  int32_t n_sizes;
  double (*flops)(const size *s);
  rt_status (*make)(const operands *o, int64_t n);            ///< n calls with new outputs
  rt_status (*write)(const operands *o, int64_t n);           ///< n calls into `to`
  rt_status (*first)(const operands *o, rt_tensor **out);     ///< one call, whose output stays
} case_row;

typedef struct bench_case {
  char name[96];
  const case_row *row;
  flavour flavour;
  operands on;
  double bytes, flops;     ///< per call
  double footprint_bytes;  ///< of different memory: in place, what is read and written counts once
  traffic kind;            ///< of its bytes
  bool has_limit;          ///< large enough that streams mean something
  double limit_ns;         ///< the least time the roofline leaves; 0: none
  char backend[64];        ///< who ran it, "a+b" when several did
  subject timing;
  double base_ns, peer_ns; ///< the same case in a baseline or of a peer; 0: not there
} bench_case;

typedef struct suite {
  bench_case *at;
  size_t n;
  rt_ctx *ctx;
  roofline roof;
  struct store *store;     ///< of operands
} suite;

/// All cases that the filter takes. quick: only up to 10,000 elements or 2 million flops.
void list_cases(suite *s, const char *filter, bool quick);
/// Makes the operands of all cases and finds out what each moves and who runs it. EXIT_OK, or EXIT_FAILED after the sentence.
int prepare_cases(suite *s);
/// Calls each case n times and prints its name, for profilers. EXIT_OK, or EXIT_FAILED after the sentence.
int call_cases(suite *s, int64_t n);
/// After measuring: fills limit_ns of each.
void limit_cases(suite *s);
double case_share(const bench_case *c); ///< of the roofline: 0 to about 1; 0: no limit
/// NULL when there is none.
const bench_case *find_case(const suite *s, const char *name);
void suite_free(suite *s);

/// The tensors of all cases; equal ones are made once. NULL after the library has failed.
rt_tensor *operand_tensor(suite *s, const char *spec, const bench_case *c);
rt_tensor *operand_like(suite *s, const rt_tensor *like, const char *purpose);
void *operand_host(suite *s, size_t bytes); ///< one for all: the first call must ask for the most
void operands_free(suite *s);

// ---- machine.c ------------------------------------------------------------------------------------------------------------------------------
typedef struct cache_level { int32_t level; char type[16]; int64_t bytes; int32_t n_sharing; } cache_level;
typedef struct machine {
  char date[40], cpu[96], governor[32], kernel[96], compiler[96], build[32], flags[160], huge_pages[64];
  char backends[160], device[200], settings[256]; ///< names with versions; the default device; "cpu_simd.isa=auto" and the like
  double load[3], mhz;
  int32_t n_cpus, n_threads;
  cache_level cache[8];
  int32_t n_caches;
} machine;
void machine_read(machine *m, rt_ctx *ctx);
char *processor_text(const machine *m); ///< model, instruction sets, governor. Yours to free

// ---- json_read.c: any JSON file -------------------------------------------------------------------------------------------------------------
typedef struct json_value {
  char kind;                   ///< '{' '[' 's' 'n' 't' 'f' '0' (null)
  const char *key, *text;      ///< key: inside an object; text: of a string
  double number;
  struct json_value *first, *next;
} json_value;
typedef struct json_file { json_value *root; char *text; json_value *pool; size_t n; } json_file;
/// EXIT_OK, or EXIT_FAILED after the sentence.
int json_load(const char *path, json_file *out);
const json_value *json_get(const json_value *object, const char *key); ///< NULL: not there, or no object
const char *json_get_text(const json_value *object, const char *key);  ///< "" when it is no string
double json_get_number(const json_value *object, const char *key, double fallback);
void json_free(json_file *f);

// ---- baseline.c: results in files ------------------------------------------------------------------------------------------------------------
typedef struct result { char *name; double median, low, high; } result; ///< ns
typedef struct results {
  result *at;
  size_t n;
  char *path, *library, *cpu, *backends, *settings, *date;
  int32_t n_threads; ///< 0: not said
} results;
/// Reads google-benchmark's JSON. EXIT_OK, or EXIT_FAILED after the sentence.
int results_load(const char *path, results *out);
const result *results_find(const results *r, const char *name);
const char *results_name(const results *r); ///< the library, or the file when that is not said
void results_free(results *r);
/// "NAME" is bench-baselines/NAME.json in the current folder; what holds a / is a path. Yours to free.
char *baseline_path(const char *name);
/// Says loudly on stderr what differs in how the two were taken.
void warn_of_differences(const results *base, const machine *m);
/// By more than the threshold, and the middle halves of the samples do not touch.
bool is_slower(const figures *now, const result *base, double threshold);
bool is_faster(const figures *now, const result *base, double threshold);
/// Prints what got slower and faster, if wanted; the number of regressions.
size_t compare_with(suite *s, const results *base, double threshold, bool prints);

// ---- reports --------------------------------------------------------------------------------------------------------------------------------
typedef struct report { suite *suite; const machine *machine; const results *base, *peers; double threshold; } report;
void report_text(const report *r);
void report_json(const report *r, json *j);
int report_html(const report *r, const char *path); ///< EXIT_OK, or EXIT_FAILED after the sentence
/// "1.23 us", "45.6 GB/s": three digits. Yours to free.
char *time_text(double ns);
char *rate_text(double per_ns, const char *unit);

#endif
