// SPDX-License-Identifier: BSD-3-Clause
// What samples say: order statistics, because noise only ever adds time, and a count of the samples that lie far out.
#include "suite.h"

#include <math.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// Between the two nearest samples, as most programs do it.
static double quantile(const double *sorted, int32_t n, double q) {
  double at = q * (n - 1);
  int32_t below = (int32_t)at;
  return below + 1 < n ? sorted[below] + (at - below) * (sorted[below + 1] - sorted[below]) : sorted[below];
}

figures figures_of(double *values, int32_t n) {
  qsort(values, (size_t)n, sizeof *values, by_value);
  figures f = {.median = quantile(values, n, 0.5), .low = quantile(values, n, 0.25), .high = quantile(values, n, 0.75), .min = values[0], .n = n};
  double reach = 1.5 * (f.high - f.low);
  for (int32_t i = 0; i < n; i++) f.n_outliers += values[i] < f.low - reach || values[i] > f.high + reach;
  return f;
}

double median_of(double *values, int32_t n) {
  qsort(values, (size_t)n, sizeof *values, by_value);
  return quantile(values, n, 0.5);
}

double geometric_mean(const double *values, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += log(values[i]);
  return n ? exp(sum / (double)n) : NAN;
}
