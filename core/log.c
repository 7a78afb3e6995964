// SPDX-License-Identifier: BSD-3-Clause
// Hands log lines to the embedder's callback. The library itself never prints.
#include <stdio.h>

#include "objects.h"

void rti_log(const rt_ctx *ctx, rt_log_level level, const char *fmt, ...) {
  if (!ctx || !ctx->log) return;
  char text[1024];
  va_list args;
  va_start(args, fmt);
  int length = vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  ctx->log(ctx->log_user, level, length < 0 ? fmt : text);
}
