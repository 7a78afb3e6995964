// SPDX-License-Identifier: BSD-3-Clause
// The comparison of Trivet with one other library from C or C++: what a job is, and what either side must offer. contest.c has the jobs, the clock
// and the report; ours.c is Trivet; every other file here is one library, and makes one program with these two.
#ifndef TRIVET_BENCH_CONTEST_H
#define TRIVET_BENCH_CONTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// f32, in C order at 64 bytes, unless `transposed`: then the memory holds the last two axes the other way round.
typedef struct operand { int32_t rank; int64_t shape[4]; bool transposed; float *data; } operand;

typedef struct job {
  const char *row;     ///< of cases.def: "matmul", "conv_3x3", "add" ...
  char name[96];       ///< "matmul/f32/256x256x256/given"
  bool given;          ///< writes `out`; else makes its output
  operand a, b, c;     ///< rank 0: the row has none
  operand out;
  int32_t stride, pad, groups; ///< of convolutions
  double flops;
} job;

typedef struct contender {
  const char *name;
  /// Uses this many threads from now on; writes its version and what it runs on to `text`. False after a sentence on stderr.
  bool (*start)(int32_t n_threads, char *text, size_t bytes);
  /// What `run` needs; NULL: this library has no such call.
  void *(*prepare)(const job *j);
  /// n times. False after a sentence on stderr.
  bool (*run)(void *state, int64_t n);
  /// The result of the last run, in C order, to out->data.
  void (*read)(void *state, const operand *out);
  void (*finish)(void *state);
  /// A variable and its value that the library must find when it is loaded; NULL: none.
  const char *(*environment)(const char **value);
} contender;

extern const contender ours, peer;

#ifdef __cplusplus
}
#endif
#endif
