// SPDX-License-Identifier: BSD-3-Clause
// Resizing along one axis. For each output element the neighbours in x and their weights are made once, in the workspace; weights of
// neighbours that fall on the same element (the edge stands for what is outside) add up. Sums run in long double.
#include "ref.h"

#include <math.h>

/// One call: the parameters, and the weights of neighbours first, first + 1 ... first + n - 1.
typedef struct resize {
  const rtb_attr_resize *attr;
  double p, a, b, q, cubic, shrink, outside;
  int64_t in, first, n;
  long double *weight;
} resize;

static double immediate(const rtb_op *op, int32_t k) { return *(const double *)op->args[k]->data; }

int32_t rti_ref_resize_accept(void *host, const rtb_op *op, uint64_t *out_workspace_bytes) {
  (void)host;
  const uint32_t axes = ((const rtb_attr_resize *)op->attr)->axes;
  int32_t axis = 0;
  while (!(axes >> axis & 1)) axis++;
  *out_workspace_bytes = (uint64_t)op->args[0]->shape[axis] * sizeof(long double);
  return RTB_OK;
}

static long double weight_at(const resize *r, long double u) {
  const long double a = r->cubic, x = u < 0 ? -u : u;
  if (r->attr->mode == RTB_RESIZE_LINEAR) return x < 1 ? 1 - x : 0;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

static int64_t held(double k, int64_t n) { return k > 0 ? k < (double)n ? (int64_t)k : n - 1 : 0; }

/// Sets neighbours and weights for a place in x.
static void find_neighbours(resize *r, double t) {
  const double radius = ceil((r->attr->mode == RTB_RESIZE_LINEAR ? 1 : 2) / r->shrink);
  // Farther out all neighbours are outside as well, but so far that adding 1 to a double changes nothing.
  const double lowest = -radius - 1, highest = (double)r->in + radius;
  t = !(t >= lowest) ? lowest : t > highest ? highest : t;
  const double base = floor(t);
  const bool excludes = r->attr->flags & RTB_RESIZE_EXCLUDE;
  r->first = held(base + 1 - radius, r->in);
  r->n = held(base + radius, r->in) - r->first + 1;
  for (int64_t k = 0; k < r->n; k++) r->weight[k] = 0;
  long double sum = 0;
  for (double k = base + 1 - radius; k <= base + radius; k++) {
    const bool is_outside = k < 0 || k > (double)(r->in - 1);
    if (is_outside && excludes) continue;
    const long double w = weight_at(r, ((long double)t - k) * r->shrink);
    r->weight[held(k, r->in) - r->first] += w;
    sum += w;
  }
  if (sum == 0) { // all of them excluded
    r->n = 1, r->weight[0] = 1;
  } else if (excludes || r->shrink < 1) {
    for (int64_t k = 0; k < r->n; k++) r->weight[k] /= sum;
  }
}

static double nearest(uint32_t round, double t) {
  switch (round) {
  case RTB_RESIZE_FLOOR: return floor(t);
  case RTB_RESIZE_CEIL: return ceil(t);
  case RTB_RESIZE_PREFER_CEIL: return floor(t + 0.5);
  default: return ceil(t - 0.5);
  }
}

int32_t rti_ref_resize(void *host, void *stream, const rtb_op *op) {
  (void)stream;
  const rtb_view *x = op->args[0], *out = op->args[8];
  resize r = {.attr = op->attr, .p = immediate(op, 1), .a = immediate(op, 2), .b = immediate(op, 3), .q = immediate(op, 4), .cubic = immediate(op, 5),
              .shrink = immediate(op, 6), .outside = immediate(op, 7)};
  int32_t axis = 0;
  while (!(r.attr->axes >> axis & 1)) axis++;
  r.in = x->shape[axis];
  if (!op->workspace) return rtb_failf(host, RTB_E_NO_MEMORY, "resize: no workspace for %lld weights", (long long)r.in);
  r.weight = op->workspace->data;
  const ref_get get = rti_ref_get_of(x->dtype);
  const ref_put put = rti_ref_put_of(x->dtype, REF_F64);
  int64_t extents[RTB_MAX_RANK];
  for (int32_t d = 0; d < x->ndim; d++) extents[d] = d == axis ? 1 : x->shape[d];
  const rtb_view *const walked[] = {x, out};
  rtb_walk w;
  for (int64_t i = 0; i < out->shape[axis]; i++) {
    const double t = (((double)i + r.p) * r.a) / r.b + r.q;
    const bool is_outside = (r.attr->flags & RTB_RESIZE_CROP) && !(t >= 0 && t <= (double)(r.in - 1)), copies = r.attr->mode == RTB_RESIZE_NEAREST;
    if (copies) r.first = held(nearest(r.attr->round, t), r.in);
    else if (!is_outside) find_neighbours(&r, t);
    for (rtb_walk_start(&w, extents, x->ndim, walked, 2); !w.done; rtb_walk_next(&w)) {
      char *const to = ref_at(out, w.at[1] + i * out->stride[axis]);
      if (is_outside) {
        put(1, &r.outside, to, 1);
      } else if (copies) {
        memcpy(to, ref_at(x, w.at[0] + r.first * x->stride[axis]), rtb_dtype_bytes(x->dtype));
      } else {
        long double sum = 0;
        for (int64_t k = 0; k < r.n; k++) {
          double value;
          if (r.weight[k] == 0) continue;
          get(1, ref_at(x, w.at[0] + (r.first + k) * x->stride[axis]), 1, &value);
          sum += r.weight[k] * (long double)value;
        }
        const double y = (double)sum;
        put(1, &y, to, 1);
      }
    }
  }
  return RTB_OK;
}
