// SPDX-License-Identifier: BSD-3-Clause
// Lists devices, computes on the default one and shows where each operation ran. The same program runs anywhere:
//   RT_BACKEND=toy RT_BACKEND_PATH=$PWD/build/release/examples build/release/bin/example_04_devices
#include <stdio.h>
#include <trivet/rt.h>

static const char *const kinds[] = {"ran", "fell back", "copied", "waited", "layer"};

int main(void) {
  rt_ctx *ctx = NULL;
  rt_tensor *x = NULL, *y = NULL, *z = NULL;
  rt_scalar sum = {0};
  int failed = rt_ctx_create(NULL, &ctx);
  for (int32_t i = 0; !failed && i < rt_device_count(ctx); i++) {
    rt_device_desc d;
    if (rt_device_describe(ctx, i, &d) != RT_OK) continue;
    printf("device %d: %s, tried in order: %s%s\n", i, d.name, d.backends, d.is_default ? " (default)" : "");
  }
  failed = failed || rt_arange(ctx, RT_F32, rt_float(-500), rt_float(500), rt_float(1), &x)
        || rt_relu(x, &y) || rt_sum(y, NULL, false, RT_DTYPE_NONE, &z) || rt_item(z, &sum);
  if (failed) fprintf(stderr, "%s\n", rt_last_error());
  else printf("sum of relu: %g\n", sum.as.f);
  for (int32_t i = 0; !failed && i < rt_report_count(ctx); i++) {
    rt_report_row r;
    if (rt_report_get(ctx, i, &r) || r.kind > RT_REPORT_LAYER) continue;
    printf("%-9s %-6s %s %s x%llu\n", kinds[r.kind], r.op, r.backend, r.reason, (unsigned long long)r.count);
  }
  rt_release(x), rt_release(y), rt_release(z);
  rt_ctx_close(ctx);
  return failed;
}

// Prints, without any variable set:
//   device 0: host, tried in order: builtin (default)
//   sum of relu: 124750
//   ran       sum    builtin  x1
//   ran       relu   builtin  x1
//   ran       arange builtin  x1
// and with RT_BACKEND=toy also what fell back (arange), what was copied and waited for, and why.
