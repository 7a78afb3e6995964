// SPDX-License-Identifier: BSD-3-Clause
// A layer that uses everything the host offers to layers: reads the result of each call, asks the reference for the same call and compares, and
// says so in the report. It refuses device memory of more than 1 MiB. Where nothing may be read (inside of a stream) it reports the refusal.
#include <stdio.h>
#include <string.h>
#include <trivet/backend.h>

typedef struct reader { const rtb_host *host; } reader;
typedef struct wrapped { reader *self; const rtb_kernel *inner; rtb_kernel reference; int has_reference; } wrapped;

static void tell(const reader *r, uint16_t op, const char *text) {
  rtb_event event = {.size = sizeof event, .kind = RTB_EVENT_LAYER, .op = op, .name = "reader", .text = text};
  r->host->event(r->host, &event);
}

static int32_t run(void *ctx, void *stream, const rtb_op *op) {
  const wrapped *w = ctx;
  const rtb_host *host = w->self->host;
  const int32_t status = w->inner->fn(w->inner->kctx, stream, op);
  const rtb_view *y = op->args[op->nin];
  float got[64];
  char text[80];
  if (status != RTB_OK || y->dtype != RTB_F32 || y->numel > 64) return status;
  const int32_t read = host->read(host, w->self, y, got, (uint64_t)y->numel * 4);
  if (read != RTB_OK) {
    snprintf(text, sizeof text, "status %d", (int)read);
    return tell(w->self, op->op, text), status;
  }
  float sum = 0, again = 0;
  for (int64_t i = 0; i < y->numel; i++) sum += got[i];
  // A wrong number of bytes, no view.
  const int32_t wrong = host->read(host, w->self, y, got, 3), none = host->read(host, w->self, NULL, got, 4);
  snprintf(text, sizeof text, "sum %g%s", (double)sum, wrong == RTB_E_ARGUMENT && none == RTB_E_ARGUMENT ? "" : ", wrong reads were taken");
  tell(w->self, op->op, text);
  if (w->has_reference && op->nin == 1 && op->args[0]->data && y->data) {
    float out[64];
    rtb_view copy = *y;
    copy.data = out;
    if (y->layout != RTB_DENSE) return status;
    const rtb_view *args[2] = {op->args[0], &copy};
    rtb_op same = *op;
    same.args = args;
    if (w->reference.fn(w->reference.kctx, NULL, &same) != RTB_OK) return status;
    for (int64_t i = 0; i < y->numel; i++) again += out[i];
    tell(w->self, op->op, again == sum ? "the reference agrees" : "the reference differs");
  }
  return status;
}

static int32_t wrap(void *self, const rtb_sig *sig, const rtb_kernel *inner, rtb_fn *fn, void **ctx) {
  reader *r = self;
  wrapped *w = r->host->alloc(r->host, sizeof *w, 64);
  if (!w) return RTB_E_NO_MEMORY;
  memset(w, 0, sizeof *w);
  w->self = r, w->inner = inner;
  w->reference.size = sizeof w->reference;
  w->has_reference = r->host->resolve_reference(r->host, sig, &w->reference) == RTB_OK && w->reference.fn;
  *fn = run, *ctx = w;
  return RTB_OK;
}
static void unwrap(void *self, void *ctx) {
  const reader *r = self;
  r->host->free(r->host, ctx, sizeof(wrapped));
}

static int32_t on_alloc(void *self, uint64_t bytes) {
  const reader *r = self;
  return bytes <= 1 << 20 ? RTB_OK : r->host->fail(r->host, RTB_E_NO_MEMORY, "reader: no more than 1 MiB at once");
}

static int32_t attach(const rtb_host *host, const rtb_backend *below, void *dev, void **out_self) {
  (void)dev;
  if (!below->mem_import || !below->extension || !below->done) return host->fail(host, RTB_E_INTERNAL, "reader: a slot below is empty");
  reader *r = host->alloc(host, sizeof *r, 8);
  if (!r) return RTB_E_NO_MEMORY;
  r->host = host;
  *out_self = r;
  return RTB_OK;
}
static void detach(void *self) {
  const reader *r = self;
  r->host->free(r->host, self, sizeof *r);
}

static const rtb_layer layer = {RTB_LAYER_HEADER, .name = "reader", .version = "0", .attach = attach, .detach = detach, .wrap = wrap, .unwrap = unwrap, .on_alloc = on_alloc};

RTB_EXPORT const rtb_layer *RTB_LAYER_ENTRY(const rtb_host *host) { return (void)host, &layer; }
