// SPDX-License-Identifier: BSD-3-Clause
// A layer with state of its own: it counts by itself and sends what it has when a report is about to be read.
// It relies on the promise that `inner` stays valid until unwrap, so a wrapped call costs one addition and one jump.
#include <stdatomic.h>
#include <trivet/backend.h>

typedef struct counted {
  const rtb_kernel *inner;
  atomic_uint_fast64_t *calls;
} counted;

typedef struct counter {
  const rtb_host *host;
  atomic_uint_fast64_t calls[256]; // since the last report; by op, ids from 255 up share the last one
} counter;

static int32_t call(void *ctx, void *stream, const rtb_op *op) {
  const counted *k = ctx;
  atomic_fetch_add_explicit(k->calls, 1, memory_order_relaxed);
  return k->inner->fn(k->inner->kctx, stream, op);
}

static int32_t wrap(void *self, const rtb_sig *sig, const rtb_kernel *inner, rtb_fn *fn, void **ctx) {
  counter *c = self;
  counted *k = c->host->alloc(c->host, sizeof *k, sizeof(void *));
  if (!k) return RTB_E_NO_MEMORY;
  *k = (counted){inner, &c->calls[sig->op < 255 ? sig->op : 255]};
  *fn = call, *ctx = k;
  return RTB_OK;
}

static void unwrap(void *self, void *ctx) {
  const counter *c = self;
  c->host->free(c->host, ctx, sizeof(counted));
}

// A report is about to be read: sends what came in since the last one. Its rows add up.
static void on_event(void *self, const rtb_event *event) {
  counter *c = self;
  for (uint16_t op = 0; event->kind == RTB_EVENT_REPORT && op < 256; op++) {
    uint64_t n = atomic_exchange_explicit(&c->calls[op], 0, memory_order_relaxed);
    rtb_event mine = {.size = sizeof mine, .kind = RTB_EVENT_LAYER, .op = op, .name = "tally", .text = "calls", .count = n};
    if (n > 0) c->host->event(c->host, &mine);
  }
}

static int32_t attach(const rtb_host *host, const rtb_backend *below, void *dev, void **out_self) {
  (void)below, (void)dev;
  counter *c = host->alloc(host, sizeof *c, sizeof(void *));
  if (!c) return RTB_E_NO_MEMORY;
  c->host = host;
  for (int i = 0; i < 256; i++) atomic_init(&c->calls[i], 0);
  *out_self = c;
  return RTB_OK;
}

static void detach(void *self) {
  const counter *c = self;
  c->host->free(c->host, self, sizeof *c);
}

static const rtb_layer layer = {
  RTB_LAYER_HEADER, .name = "tally", .version = "0.1.0",
  .attach = attach, .detach = detach, .wrap = wrap, .unwrap = unwrap, .on_event = on_event,
};

RTB_EXPORT const rtb_layer *RTB_LAYER_ENTRY(const rtb_host *host) {
  (void)host;
  return &layer;
}
