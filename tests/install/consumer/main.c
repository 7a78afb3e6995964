// SPDX-License-Identifier: BSD-3-Clause
// A program of somebody who installed Trivet: adds two vectors, and saves and loads the result when built with the file library. Prints the
// result and the backends of its context, for the script that built it.
#include <stdio.h>
#include <trivet/rt.h>
#ifdef USE_IO
#include <trivet/io.h>
#endif

static int fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, rt_last_error());
  return 1;
}

int main(void) {
  rt_ctx *ctx = NULL;
  rt_tensor *a = NULL, *b = NULL, *sum = NULL;
  const int64_t shape[] = {3};
  float x[] = {1, 2, 3}, y[] = {10, 20, 30}, z[3] = {0};
  if (rt_ctx_create(NULL, &ctx) != RT_OK) return fail("context");
  if (rt_from_data(ctx, RT_F32, 1, shape, x, &a) != RT_OK || rt_from_data(ctx, RT_F32, 1, shape, y, &b) != RT_OK) return fail("data");
  if (rt_add(a, b, &sum) != RT_OK) return fail("add");
#ifdef USE_IO
  rt_tensor *loaded = NULL;
  if (rt_npy_write("consumer.npy", sum) != RT_OK || rt_npy_read(ctx, "consumer.npy", &loaded) != RT_OK) return fail("npy");
  rt_release(sum);
  sum = loaded;
#endif
  if (rt_read(sum, z, sizeof z) != RT_OK) return fail("read");
  printf("%s: %g %g %g on", rt_version(), z[0], z[1], z[2]);
  for (int32_t i = 0; i < rt_backend_count(ctx); i++) {
    rt_backend_desc desc;
    if (rt_backend_describe(ctx, i, &desc) != RT_OK) return fail("backends");
    printf(" %s(%s)", desc.name, desc.origin);
  }
  printf("\n");
  rt_release(a), rt_release(b), rt_release(sum);
  return rt_ctx_close(ctx) == RT_OK ? 0 : fail("close");
}
