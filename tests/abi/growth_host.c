// SPDX-License-Identifier: BSD-3-Clause
// A program for test_growth.sh: loads the plugin file it is given into a core of some version, runs relu on it, and says who ran it.
#include <stdio.h>
#include <string.h>
#include <trivet/rt.h>

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  rt_ctx_options options = {.size = sizeof options, .plugins = (const char *const[]){argv[1], NULL}};
  rt_ctx *ctx;
  rt_tensor *x = NULL, *y = NULL;
  float out[3];
  if (rt_ctx_create(&options, &ctx) != RT_OK) return puts(rt_last_error()), 1;
  rt_status status = rt_from_data(ctx, RT_F32, 1, (int64_t[]){3}, (float[]){-1, 0, 2}, &x);
  if (status == RT_OK) status = rt_relu(x, &y);
  if (status == RT_OK) status = rt_read(y, out, sizeof out);
  bool is_right = status == RT_OK && out[0] == 0 && out[1] == 0 && out[2] == 2;
  rt_report_row row;
  for (int32_t i = 0; rt_report_get(ctx, i, &row) == RT_OK; i++)
    if (row.kind == RT_REPORT_RUN && !strcmp(row.op, "relu")) printf("relu ran on %s\n", row.backend);
  rt_release(x);
  rt_release(y);
  return rt_ctx_close(ctx) == RT_OK && is_right ? 0 : 3;
}
