// SPDX-License-Identifier: BSD-3-Clause
// What a suite found, as lines of tab-separated fields in <build>/tests/results/<suite>.tsv: the source of docs/conformance.md, which
// scripts/conformance.sh writes. A run replaces the file of its suite.
#ifndef TRIVET_TESTS_RESULTS_H
#define TRIVET_TESTS_RESULTS_H

#include <stdio.h>
#include <sys/stat.h>

/// NULL when it cannot be written: results are a by-product, a suite does not fail for their sake.
static inline FILE *results_open(const char *suite) {
  char path[4096];
  mkdir(TRIVET_BUILD_DIR "/tests/results", 0777);
  if ((size_t)snprintf(path, sizeof path, "%s/tests/results/%s.tsv", TRIVET_BUILD_DIR, suite) >= sizeof path) return NULL;
  return fopen(path, "w");
}

#define RESULT(file, ...) ((file) ? (void)fprintf(file, __VA_ARGS__) : (void)0)

static inline void results_close(FILE *file) {
  if (file) fclose(file);
}

#endif
