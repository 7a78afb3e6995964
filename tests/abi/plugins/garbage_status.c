// SPDX-License-Identifier: BSD-3-Clause
// Answers with numbers that mean nothing: resolve gives 12345 for exp and success without a function for log; the function for relu
// returns -77. `why` is full to the last byte, without an end.
#include "plugin.h"
#include <string.h>
static int32_t relu(void *kctx, void *stream, const rtb_op *op) {
  (void)kctx, (void)stream, (void)op;
  return -77;
}
static int32_t resolve(void *dev, const rtb_sig *sig, rtb_kernel *out) {
  (void)dev;
  memset(out->why, 'w', sizeof out->why);
  if (sig->op == RTB_OP_EXP) return 12345;
  if (sig->op == RTB_OP_LOG) return RTB_OK;
  if (sig->op != RTB_OP_RELU) return RTB_UNSUPPORTED_OP;
  out->fn = relu;
  return RTB_OK;
}
static const rtb_backend table = {
  RTB_BACKEND_HEADER, .caps = RTB_CAP_HOST_MEMORY, .name = "garbage_status", .vendor = "tests", .version = "0", .resolve = resolve,
};
HOSTILE_ENTRY(table)
