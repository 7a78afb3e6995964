/*
 * Optional helpers for people who write a backend: nothing here crosses the interface, and nothing needs linking.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef TRIVET_BACKEND_KIT_H
#define TRIVET_BACKEND_KIT_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <trivet/backend.h>

#if defined(__GNUC__)
#define RTB_PRINTF(fmt_index, first) __attribute__((format(printf, fmt_index, first), unused))
#else
#define RTB_PRINTF(fmt_index, first)
#endif

/* Fills in a refusal: return rtb_refuse(out, RTB_UNSUPPORTED_RANK, "rank %d, at most 4", rank); */
static int32_t rtb_refuse(rtb_kernel *out, int32_t reason, const char *fmt, ...) RTB_PRINTF(3, 4);
static int32_t rtb_refuse(rtb_kernel *out, int32_t reason, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  vsnprintf(out->why, sizeof out->why, fmt, args);
  va_end(args);
  out->reason = reason;
  return reason;
}

/* Keeps a sentence for the caller: return rtb_failf(host, RTB_E_INDEX, "gather: index %lld ...", ...); */
static int32_t rtb_failf(const rtb_host *host, int32_t code, const char *fmt, ...) RTB_PRINTF(3, 4);
static int32_t rtb_failf(const rtb_host *host, int32_t code, const char *fmt, ...) {
  char text[256];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  return host->fail(host, code, text);
}

/* A walk over all elements of up to RTB_MAX_ARGS views of one shape, in C order:
 *   rtb_walk w;
 *   for (rtb_walk_start(&w, shape, ndim, views, n); !w.done; rtb_walk_next(&w)) use(w.at[0], w.at[1]);
 * at[k] is the element index relative to views[k]->data. */
typedef struct rtb_walk {
  int64_t at[RTB_MAX_ARGS];
  int64_t index[RTB_MAX_RANK];
  const rtb_view *const *view;
  const int64_t *shape;
  int32_t ndim, n, done;
} rtb_walk;

static inline void rtb_walk_start(rtb_walk *w, const int64_t *shape, int32_t ndim, const rtb_view *const *view, int32_t n) {
  memset(w, 0, sizeof *w);
  w->shape = shape, w->ndim = ndim, w->view = view, w->n = n;
  for (int32_t d = 0; d < ndim; d++) w->done |= shape[d] == 0;
}

static inline void rtb_walk_next(rtb_walk *w) {
  for (int32_t d = w->ndim - 1; d >= 0; d--) {
    for (int32_t k = 0; k < w->n; k++) if (w->view[k] && w->view[k]->ndim) w->at[k] += w->view[k]->stride[d];
    if (++w->index[d] < w->shape[d]) return;
    w->index[d] = 0;
    for (int32_t k = 0; k < w->n; k++) if (w->view[k] && w->view[k]->ndim) w->at[k] -= w->view[k]->stride[d] * w->shape[d];
  }
  w->done = 1;
}

/* Bytes of one element of a dtype, 0 if it is none. */
static inline uint32_t rtb_dtype_bytes(uint16_t dtype) {
  static const uint8_t bytes[] = {0, 1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 2, 4, 8, 8, 16};
  return dtype < sizeof bytes ? bytes[dtype] : 0;
}

#endif
