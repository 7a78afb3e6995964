// SPDX-License-Identifier: BSD-3-Clause
// Adds two tensors and prints the result. RT_BACKEND chooses where that happens.
#include <stdio.h>
#include <trivet/rt.h>

int main(void) {
  rt_ctx *ctx = NULL;
  rt_tensor *a = NULL, *b = NULL, *sum = NULL;
  float values[] = {1, 2, 3, 4}, result[4];
  int64_t shape[] = {4};
  // Every call answers 0 when all went well, so || stops at the first that did not.
  int failed = rt_ctx_create(NULL, &ctx) || rt_from_data(ctx, RT_F32, 1, shape, values, &a)
            || rt_full(ctx, RT_F32, 1, shape, rt_float(0.5), &b)
            || rt_add(a, b, &sum) || rt_read(sum, result, sizeof result);
  if (failed) fprintf(stderr, "%s\n", rt_last_error());
  else printf("%g %g %g %g\n", result[0], result[1], result[2], result[3]);
  rt_release(a), rt_release(b), rt_release(sum);
  rt_ctx_close(ctx);
  return failed;
}

// Prints:
//   1.5 2.5 3.5 4.5
