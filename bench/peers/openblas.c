// SPDX-License-Identifier: BSD-3-Clause
// OpenBLAS in the comparisons: matrix products, on the kernels that are right for the processor.
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contest.h"

typedef struct state {
  const job *j;
  blasint m, n, k, ldb;
  int64_t batches;
  CBLAS_TRANSPOSE b;
} state;

static bool start(int32_t n_threads, char *text, size_t bytes) {
  openblas_set_num_threads(n_threads);
  const char *config = openblas_get_config(); // "OpenBLAS 0.3.21 NO_LAPACK ..."
  snprintf(text, bytes, "%.*s (core %s)", (int)(strcspn(config, " ") + 1 + strcspn(config + strcspn(config, " ") + 1, " ")), config,
           openblas_get_corename());
  return true;
}

// OpenBLAS 0.3.21 takes AMD's processors with AVX-512 for lesser ones and then runs at half their speed.
static const char *environment(const char **value) {
  __builtin_cpu_init();
  *value = "SkylakeX";
  return __builtin_cpu_supports("avx512f") ? "OPENBLAS_CORETYPE" : NULL;
}

static void *prepare(const job *j) {
  if (strncmp(j->row, "mat", 3) != 0 && strcmp(j->row, "vecmat") != 0) return NULL;
  state *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  const int64_t *a = j->a.shape + (j->a.rank == 3), *b = j->b.shape + (j->b.rank == 3);
  *s = (state){.j = j,
               .m = (blasint)a[0],
               .k = (blasint)a[1],
               .n = (blasint)b[1],
               .ldb = (blasint)b[1],
               .batches = j->a.rank == 3 ? j->a.shape[0] : 1,
               .b = CblasNoTrans};
  if (j->b.transposed) s->b = CblasTrans, s->ldb = s->k;
  return s;
}

static void product(const state *s) {
  const job *j = s->j;
  if (j->b.rank == 1) return cblas_sgemv(CblasRowMajor, CblasNoTrans, s->m, s->k, 1, j->a.data, s->k, j->b.data, 1, 0, j->out.data, 1);
  if (j->a.rank == 1)
    return cblas_sgemv(CblasRowMajor, CblasTrans, (blasint)j->b.shape[0], s->n, 1, j->b.data, s->n, j->a.data, 1, 0, j->out.data, 1);
  for (int64_t i = 0; i < s->batches; i++)
    cblas_sgemm(CblasRowMajor, CblasNoTrans, s->b, s->m, s->n, s->k, 1, j->a.data + i * s->m * s->k, s->k, j->b.data + i * s->k * s->n,
                s->ldb, 0, j->out.data + i * s->m * s->n, s->n);
}

static bool run(void *self, int64_t n) {
  for (int64_t i = 0; i < n; i++) product(self);
  return true;
}

static void read_result(void *self, const operand *out) {
  const state *s = self;
  size_t n = 1;
  for (int32_t i = 0; i < out->rank; i++) n *= (size_t)out->shape[i];
  if (out->data != s->j->out.data) memcpy(out->data, s->j->out.data, n * sizeof *out->data);
}

const contender peer = {"OpenBLAS", start, prepare, run, read_result, free, environment};
