// SPDX-License-Identifier: BSD-3-Clause
// What the files of this benchmark share: cases (a name and how to run it n times), the samples taken of them, and the plugin files used.
#ifndef TRIVET_BENCH_CORE_H
#define TRIVET_BENCH_CORE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE // this header comes first in every file
#endif
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <trivet/rt.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SAMPLES 151 // of each case, taken in turns so that a disturbance hits all cases alike

typedef struct bench_case {
  char name[48];                                      // "add_into/dense/4/layers:0"
  bool (*run)(struct bench_case *self, int64_t n);    // n calls; false when one failed
  bool (*finish)(struct bench_case *self);            // after each sample, not timed; NULL: nothing
  void *out;                                          // what run writes to: a tensor, or the op of the direct call
  const rt_tensor *a, *b;
  rt_ctx *ctx;
  int64_t sync_every;                                 // 0: never inside a sample
  int64_t n_calls;                                    // per sample
  double ns[SAMPLES];
  double median, low, high;                           // of ns: the median and the quartiles
} bench_case;

typedef struct bench {
  bench_case *at;
  size_t n;
  const char *toy_path;    // of the example, NULL when it was not found
  char *reference_path;    // of trivet_cpu_ref.so
} bench;

/// Fails with a sentence on stderr: the library's when `what` is followed by ": " and nothing.
bool complain(const char *what);
bench_case *add_case(bench *all, const char *name);
bench_case *find_case(bench *all, const char *name);

// ---- cases.c --------------------------------------------------------------------------------------------------------------------------
/// Opens the contexts, makes the tensors and adds every case. false after a sentence.
bool make_cases(bench *all);
void free_cases(bench *all);

// ---- direct.c: the kernel of the reference plugin, called without the core -------------------------------------------------------------
/// Adds the case "direct/4": fn on the same four elements.
bool add_direct_case(bench *all);

// ---- report.c -------------------------------------------------------------------------------------------------------------------------
typedef struct overhead { double total, direct, overhead, low, high; } overhead;
/// Takes all samples of all cases and fills their medians.
bool take_samples(bench *all);
/// The differences of samples taken in the same round: median and quartiles.
overhead overhead_of(bench *all, const char *name);
void print_head(void);
void print_tables(bench *all);
bool write_json(bench *all, const char *path);

#endif
