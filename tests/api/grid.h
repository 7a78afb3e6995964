// SPDX-License-Identifier: BSD-3-Clause
// What the tests of the conformance grid share: run some cells, print those that fail (a few in full), count.
#ifndef TRIVET_TEST_GRID_H
#define TRIVET_TEST_GRID_H

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <trivet/conformance.h>

#include "../results.h"

typedef struct grid_log { uint32_t n_printed; int all; } grid_log;

static void print_failure(void *user, const rt_conformance_cell *cell) {
  grid_log *log = user;
  if (cell->status == RT_CONFORMANCE_PASS || (log->n_printed++ >= 40 && !log->all)) return;
  print_message("%s %s (%s): %s\n", cell->status == RT_CONFORMANCE_FAIL ? "FAIL" : "SKIP", cell->name, cell->ran_by, cell->text);
}

typedef struct op_count { char op[40]; uint32_t n[3], n_own; } op_count; // n: by rt_conformance_status
typedef struct grid_table { grid_log log; const char *own; op_count at[512]; int n_ops; } grid_table;

static inline void count_cell(void *user, const rt_conformance_cell *cell) {
  grid_table *t = user;
  print_failure(&t->log, cell);
  int i = 0;
  while (i < t->n_ops && strcmp(t->at[i].op, cell->op) != 0) i++;
  if (i == 512) return;
  if (i == t->n_ops) snprintf(t->at[t->n_ops++].op, sizeof t->at[i].op, "%s", cell->op);
  t->at[i].n[cell->status]++;
  t->at[i].n_own += strstr(cell->ran_by, t->own) != NULL;
}

/// The whole grid, counted per operation into results/<suite>.tsv: passed, failed, skipped, and how many `own` had a kernel in.
static inline rt_conformance_summary run_whole_grid(rt_ctx *ctx, rt_device device, const char *own, const char *suite) {
  static grid_table t;
  t = (grid_table){.own = own};
  rt_conformance_options options = {.size = sizeof options, .on_cell = count_cell, .user = &t};
  rt_conformance_summary sum;
  assert_int_equal(rt_conformance_run(ctx, device, &options, &sum), RT_OK);
  print_message("%u cells: %u passed, %u failed, %u skipped\n", sum.n_cells, sum.n_passed, sum.n_failed, sum.n_skipped);
  FILE *file = results_open(suite);
  for (int i = 0; i < t.n_ops; i++) RESULT(file, "%s\t%u\t%u\t%u\t%u\n", t.at[i].op, t.at[i].n[0], t.at[i].n[1], t.at[i].n[2], t.at[i].n_own);
  results_close(file);
  return sum;
}

static inline rt_conformance_summary run_grid(rt_ctx *ctx, rt_device device, const char *filter) {
  grid_log log = {0};
  rt_conformance_options options = {.size = sizeof options, .filter = filter, .on_cell = print_failure, .user = &log};
  rt_conformance_summary sum;
  assert_int_equal(rt_conformance_run(ctx, device, &options, &sum), RT_OK);
  print_message("%u cells: %u passed, %u failed, %u skipped; by", sum.n_cells, sum.n_passed, sum.n_failed, sum.n_skipped);
  for (uint32_t i = 0; i < sum.n_backends; i++) print_message(" %s %u", sum.backend[i].name, sum.backend[i].n_cells);
  print_message("\n");
  return sum;
}

static inline uint32_t cells_of(const rt_conformance_summary *sum, const char *backend) {
  for (uint32_t i = 0; i < sum->n_backends; i++) if (strcmp(sum->backend[i].name, backend) == 0) return sum->backend[i].n_cells;
  return 0;
}

#endif
