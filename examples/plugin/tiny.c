// SPDX-License-Identifier: BSD-3-Clause
// A complete backend: relu on dense f32, everything else falls back. It computes on host pointers, so one slot is enough.
#include <trivet/backend.h>

// Runs one call. DENSE means: element i of the output belongs to element i of the input, whatever the shape.
static int32_t relu_f32(void *kctx, void *stream, const rtb_op *op) {
  (void)kctx, (void)stream;
  const float *x = op->args[0]->data;
  float *y = op->args[1]->data;
  for (int64_t i = 0; i < op->args[1]->numel; i++) y[i] = x[i] > 0 || x[i] != x[i] ? x[i] : 0; // NaN stays, -0 becomes +0
  return RTB_OK;
}

// A refusal is an answer too: a reason and a sentence, which the user finds in the report.
static int32_t refuse(rtb_kernel *out, int32_t reason, const char *why) {
  for (int i = 0; why[i] && i + 1 < RTB_WHY_BYTES; i++) out->why[i] = why[i]; // the host zeroed it
  return out->reason = reason;
}

// "Can you run this?" The answer is kept, so this need not be fast.
static int32_t resolve(void *dev, const rtb_sig *sig, rtb_kernel *out) {
  (void)dev;
  if (sig->op != RTB_OP_RELU) return refuse(out, RTB_UNSUPPORTED_OP, "tiny knows relu only");
  for (int i = 0; i < 2; i++) {
    if (sig->arg[i].dtype != RTB_F32) return refuse(out, RTB_UNSUPPORTED_DTYPE, "tiny knows f32 only");
    if (sig->arg[i].layout != RTB_DENSE) { // want_layout is all zero, and zero is RTB_DENSE: "make it dense and I take it"
      return refuse(out, RTB_UNSUPPORTED_LAYOUT, "tiny wants dense arguments");
    }
  }
  out->fn = relu_f32;
  return RTB_OK;
}

static const rtb_backend table = {
  RTB_BACKEND_HEADER, .caps = RTB_CAP_HOST_MEMORY,
  .name = "tiny", .vendor = "an example", .version = "0.1.0",
  .resolve = resolve,
};

// The only exported symbol.
RTB_EXPORT const rtb_backend *RTB_BACKEND_ENTRY(const rtb_host *host) {
  (void)host;
  return &table;
}
