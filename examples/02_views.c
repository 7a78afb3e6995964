// SPDX-License-Identifier: BSD-3-Clause
// Views share the data of their base: transposing, slicing and reversing move nothing, and writing through a view shows in the base.
#include <stdio.h>
#include <trivet/rt.h>

static int show(const char *name, const rt_tensor *t) {
  int64_t n = rt_tensor_numel(t), columns = rt_tensor_shape(t)[rt_tensor_rank(t) - 1];
  int32_t values[16];
  if (rt_read(t, values, (size_t)n * sizeof values[0])) return 1;
  printf("%s\n", name);
  for (int64_t i = 0; i < n; i++) printf("%4d%s", values[i], (i + 1) % columns ? "" : "\n");
  return 0;
}

int main(void) {
  rt_ctx *ctx = NULL;
  rt_tensor *line = NULL, *x = NULL, *turned = NULL, *last = NULL, *reversed = NULL;
  int failed = rt_ctx_create(NULL, &ctx) || rt_arange(ctx, RT_I32, rt_int(0), rt_int(12), rt_int(1), &line)
            || rt_reshape(line, 2, (int64_t[]){3, 4}, &x) || show("x", x)
            || rt_transpose(x, 0, 1, &turned) || show("x transposed", turned)
            || rt_slice(x, 1, -1, RT_SLICE_DEFAULT, 1, &last)              // x[:, -1:]
            || rt_neg_into(last, last) || show("x after its last column was negated through a view", x)
            || rt_flip(x, &(rt_axes){1, {0}}, &reversed) || show("its rows from the bottom up", reversed);
  if (failed) fprintf(stderr, "%s\n", rt_last_error());
  rt_release(line), rt_release(x), rt_release(turned), rt_release(last), rt_release(reversed);
  rt_ctx_close(ctx);
  return failed;
}

// Prints:
//   x
//      0   1   2   3
//      4   5   6   7
//      8   9  10  11
//   x transposed
//      0   4   8
//      1   5   9
//      2   6  10
//      3   7  11
//   x after its last column was negated through a view
//      0   1   2  -3
//      4   5   6  -7
//      8   9  10 -11
//   its rows from the bottom up
//      8   9  10 -11
//      4   5   6  -7
//      0   1   2  -3
