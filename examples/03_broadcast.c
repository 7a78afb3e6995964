// SPDX-License-Identifier: BSD-3-Clause
// Shapes that differ are matched from the right and repeated where one is 1: a column minus a row is a table. Nothing is copied for it.
#include <stdio.h>
#include <trivet/rt.h>

int main(void) {
  rt_ctx *ctx = NULL;
  rt_tensor *column = NULL, *row = NULL, *table = NULL, *means = NULL, *none = NULL;
  float heights[] = {10, 20, 30}, depths[] = {1, 2, 3, 4}, values[12], averages[4];
  int failed = rt_ctx_create(NULL, &ctx) || rt_from_data(ctx, RT_F32, 2, (int64_t[]){3, 1}, heights, &column)
            || rt_from_data(ctx, RT_F32, 1, (int64_t[]){4}, depths, &row)
            || rt_sub(column, row, &table) || rt_read(table, values, sizeof values)             // [3,1] - [4] -> [3,4]
            || rt_mean(table, &(rt_axes){1, {0}}, false, &means)                                // over the rows: [4]
            || rt_read(means, averages, sizeof averages);
  if (failed) {
    fprintf(stderr, "%s\n", rt_last_error());
  } else {
    for (int i = 0; i < 12; i++) printf("%4g%s", values[i], i % 4 == 3 ? "\n" : "");
    printf("mean of each column: %g %g %g %g\n", averages[0], averages[1], averages[2], averages[3]);
    rt_tensor *wide = NULL; // [3,4] and [1,1,3] do not fit: a status and a sentence
    if (rt_reshape(column, 3, (int64_t[]){1, 1, 3}, &wide) || rt_add(table, wide, &none)) printf("%s\n", rt_last_error());
    rt_release(wide);
  }
  rt_release(column), rt_release(row), rt_release(table), rt_release(means), rt_release(none);
  rt_ctx_close(ctx);
  return failed;
}

// Prints:
//      9   8   7   6
//     19  18  17  16
//     29  28  27  26
//   mean of each column: 19 18 17 16
//   add: shapes [3,4] and [1,1,3] do not broadcast
