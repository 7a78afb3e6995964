// SPDX-License-Identifier: BSD-3-Clause
// Counts how often each op runs on the backend below. The counts go into the report, one row per op; nothing else changes.
#include <trivet/backend.h>

typedef struct counted {
  const rtb_host *host;
  const rtb_kernel *inner; // stays valid until unwrap
  rtb_event event;
} counted;

static int32_t call(void *ctx, void *stream, const rtb_op *op) {
  const counted *k = ctx;
  k->host->event(k->host, &k->event);
  return k->inner->fn(k->inner->kctx, stream, op);
}

static int32_t wrap(void *self, const rtb_sig *sig, const rtb_kernel *inner, rtb_fn *fn, void **ctx) {
  const rtb_host *host = self; // what a layer without attach gets
  counted *k = host->alloc(host, sizeof *k, sizeof(void *));
  if (!k) return RTB_E_NO_MEMORY;
  *k = (counted){host, inner, {.size = sizeof k->event, .kind = RTB_EVENT_LAYER, .op = sig->op, .name = "count", .text = "calls", .count = 1}};
  *fn = call, *ctx = k;
  return RTB_OK;
}

static void unwrap(void *self, void *ctx) {
  const rtb_host *host = self;
  host->free(host, ctx, sizeof(counted));
}

static const rtb_layer layer = {RTB_LAYER_HEADER, .name = "count", .version = "0.1.0", .wrap = wrap, .unwrap = unwrap};
RTB_EXPORT const rtb_layer *RTB_LAYER_ENTRY(const rtb_host *host) { return host ? &layer : 0; }
