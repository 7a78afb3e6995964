// SPDX-License-Identifier: BSD-3-Clause
// Convolution and pooling of cpu_simd against plain loops, in shapes that cross its blocks: many channels, long and short lines, groups, strides,
// dilation, uneven pads. Values are small integers, so every sum is exact and compared bit by bit; with fractions the bits must not depend
// on the number of threads.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trivet/rt.h>

typedef struct geometry {
  const char *name;
  int32_t spatial;
  int64_t images, channels, rows; // rows: output channels
  int64_t in[3], taps[3];
  rt_window window;
  bool has_bias;
} geometry;
#define W(...) (rt_window){__VA_ARGS__}
static const geometry convs[] = {
  {"3x3, many channels", 2, 1, 70, 150, {15, 17}, {3, 3}, W(.pad_lo = {1, 1}, .pad_hi = {1, 1}), true},
  {"3x3 of small images", 2, 5, 37, 24, {7, 7}, {3, 3}, W(.pad_lo = {1, 1}, .pad_hi = {1, 1}), true},
  {"3x3 s2", 2, 2, 24, 48, {14, 14}, {3, 3}, W(.stride = {2, 2}, .pad_lo = {1, 1}, .pad_hi = {1, 1}), true},
  {"7x7 s2, first layer", 2, 1, 3, 64, {65, 63}, {7, 7}, W(.stride = {2, 2}, .pad_lo = {3, 3}, .pad_hi = {3, 3}), true},
  {"one input channel", 2, 3, 1, 24, {28, 28}, {3, 3}, W(.pad_lo = {1, 1}, .pad_hi = {1, 1}), false},
  {"1x1", 2, 2, 300, 140, {14, 14}, {1, 1}, W(.groups = 1), true},
  {"1x1 of few", 2, 3, 5, 7, {5, 9}, {1, 1}, W(.groups = 1), false},
  {"1x1 s2", 2, 1, 20, 30, {13, 15}, {1, 1}, W(.stride = {2, 2}), true},
  {"1x1 with pads", 2, 1, 20, 30, {6, 7}, {1, 1}, W(.pad_lo = {1, 0}, .pad_hi = {0, 2}), true},
  {"deep", 2, 1, 600, 10, {3, 4}, {3, 2}, W(.groups = 1), true},
  {"long line", 1, 1, 9, 13, {5003}, {5}, W(.pad_lo = {2}, .pad_hi = {2}), true},
  {"long line, far taps", 1, 1, 2, 3, {4099}, {7}, W(.stride = {3}, .dilation = {11}, .pad_lo = {40}, .pad_hi = {1}), true},
  {"strides beyond the window", 2, 1, 4, 9, {40, 41}, {2, 3}, W(.stride = {5, 7}, .pad_lo = {1, 2}), true},
  {"more taps than a block is deep", 2, 1, 3, 8, {30, 31}, {23, 19}, W(.pad_lo = {4, 0}, .pad_hi = {0, 3}), true},
  {"whole window", 2, 2, 8, 20, {19, 21}, {19, 21}, W(.groups = 1), true},
  {"dilation and uneven pads", 2, 2, 6, 11, {17, 19}, {3, 4}, W(.stride = {2, 1}, .dilation = {3, 2}, .pad_lo = {0, 5}, .pad_hi = {4, 1}), true},
  {"3d", 3, 2, 5, 14, {7, 9, 11}, {3, 2, 3}, W(.stride = {2, 1, 2}, .dilation = {1, 2, 1}, .pad_lo = {1, 0, 1}, .pad_hi = {1, 1, 0}), true},
  {"3x3 without pads", 2, 2, 20, 31, {13, 15}, {3, 3}, W(.groups = 1), true},
  {"3x3 s3 without pads", 2, 2, 9, 24, {40, 31}, {3, 3}, W(.stride = {3, 3}), false},
  {"deep, without pads", 2, 1, 130, 16, {14, 11}, {3, 2}, W(.groups = 1), true},
  {"long line of many rows", 1, 1, 9, 16, {5003}, {5}, W(.stride = {2}, .pad_lo = {2}, .pad_hi = {2}), true},
  {"3d of many rows", 3, 2, 5, 24, {7, 9, 11}, {3, 2, 3}, W(.stride = {2, 1, 2}, .dilation = {1, 2, 1}, .pad_lo = {1, 0, 1}, .pad_hi = {1, 1, 0}), true},
  {"groups of many rows", 2, 2, 12, 96, {12, 13}, {3, 3}, W(.pad_lo = {1, 1}, .pad_hi = {1, 1}, .groups = 4), true},
  {"groups", 2, 2, 24, 36, {12, 13}, {3, 3}, W(.pad_lo = {1, 1}, .pad_hi = {1, 1}, .groups = 4), true},
  {"groups of one row", 2, 1, 12, 4, {12, 13}, {3, 3}, W(.groups = 4), false},
  {"depthwise 3x3", 2, 2, 33, 33, {21, 37}, {3, 3}, W(.pad_lo = {1, 1}, .pad_hi = {1, 1}, .groups = 33), true},
  {"depthwise 3x3 of small images", 2, 3, 48, 48, {7, 7}, {3, 3}, W(.pad_lo = {1, 1}, .pad_hi = {1, 1}, .groups = 48), true},
  {"depthwise 3x3 of tiny images", 2, 3, 10, 10, {6, 2}, {3, 3}, W(.pad_lo = {1, 1}, .pad_hi = {1, 1}, .groups = 10), true},
  {"depthwise 3x3 s2", 2, 1, 16, 16, {29, 70}, {3, 3}, W(.stride = {2, 2}, .pad_lo = {0, 1}, .pad_hi = {1, 1}, .groups = 16), true},
  {"depthwise 5x5, dilation", 2, 1, 9, 9, {40, 33}, {5, 5}, W(.dilation = {2, 3}, .pad_lo = {4, 6}, .pad_hi = {4, 6}, .groups = 9), false},
  {"depthwise 3x3, dilation", 2, 1, 9, 9, {40, 33}, {3, 3}, W(.dilation = {2, 2}, .pad_lo = {2, 2}, .pad_hi = {2, 2}, .groups = 9), true},
  {"depthwise doubled", 1, 2, 7, 14, {300}, {9}, W(.stride = {2}, .pad_lo = {4}, .pad_hi = {3}, .groups = 7), true},
  {"depthwise 3d", 3, 1, 4, 4, {6, 7, 20}, {3, 3, 3}, W(.pad_lo = {1, 1, 1}, .pad_hi = {1, 1, 1}, .groups = 4), true},
};
static const geometry pools[] = {
  {"2x2 s2", 2, 2, 24, 24, {28, 29}, {2, 2}, W(.size = {2, 2}, .stride = {2, 2}), false},
  {"2x2 s2 of small images", 2, 3, 10, 10, {15, 14}, {2, 2}, W(.size = {2, 2}, .stride = {2, 2}), false},
  {"2x2 s2 of tiny images", 2, 3, 10, 10, {9, 5}, {2, 2}, W(.size = {2, 2}, .stride = {2, 2}), false},
  {"3x2 s2, pads above and below", 2, 2, 6, 6, {12, 22}, {3, 2}, W(.size = {3, 2}, .stride = {1, 2}, .pad_lo = {2, 0}, .pad_hi = {1, 0}), false},
  {"3x3 s2", 2, 1, 9, 9, {57, 113}, {3, 3}, W(.size = {3, 3}, .stride = {2, 2}, .pad_lo = {1, 1}, .pad_hi = {1, 1}), false},
  {"3x3 s1", 2, 2, 5, 5, {14, 19}, {3, 3}, W(.size = {3, 3}, .pad_lo = {1, 1}, .pad_hi = {1, 1}), false},
  {"global", 2, 3, 40, 40, {7, 7}, {7, 7}, W(.size = {7, 7}), false},
  {"long line", 1, 1, 3, 3, {5003}, {5}, W(.size = {5}, .stride = {3}, .pad_lo = {2}, .pad_hi = {4}), false},
  {"window longer than a piece", 1, 1, 2, 2, {3001}, {2500}, W(.size = {2500}, .stride = {7}, .pad_lo = {100}, .pad_hi = {9}), false},
  {"far taps", 1, 1, 2, 2, {4001}, {3}, W(.size = {3}, .dilation = {1500}, .stride = {2}), false},
  {"stride beyond the window", 2, 1, 4, 4, {33, 41}, {2, 3}, W(.size = {2, 3}, .stride = {5, 7}, .pad_lo = {1, 2}), false},
  {"3d", 3, 1, 3, 3, {7, 8, 21}, {3, 2, 3}, W(.size = {3, 2, 3}, .stride = {2, 1, 2}, .dilation = {1, 2, 2}, .pad_lo = {1, 1, 2}, .pad_hi = {1, 0, 2}), false},
};
// x: [images, rows, in], out: [images, channels, out]; so these are the gradients of convolutions.
static const geometry transposed[] = {
  {"2x2 s2", 2, 2, 24, 30, {9, 11}, {2, 2}, W(.stride = {2, 2}), true},
  {"4x4 s2", 2, 1, 20, 64, {14, 15}, {4, 4}, W(.stride = {2, 2}, .pad_lo = {1, 1}, .pad_hi = {1, 1}), true},
  {"3x3", 2, 2, 7, 70, {13, 9}, {3, 3}, W(.pad_lo = {1, 1}, .pad_hi = {1, 1}), false},
  {"taps missed by strides", 2, 1, 5, 6, {7, 6}, {2, 3}, W(.stride = {5, 4}, .pad_lo = {0, 1}, .output_pad = {2, 3}), true},
  {"dilation and strides", 2, 1, 5, 9, {7, 8}, {3, 4}, W(.stride = {4, 2}, .dilation = {2, 3}, .pad_lo = {3, 0}, .pad_hi = {1, 4}), true},
  {"cropped", 1, 1, 4, 8, {50}, {3}, W(.stride = {2}, .pad_lo = {9}, .pad_hi = {12}), true},
  {"3d groups", 3, 1, 6, 9, {4, 5, 6}, {3, 2, 3}, W(.stride = {2, 1, 3}, .pad_lo = {1, 0, 1}, .groups = 3), true},
  {"depthwise", 2, 2, 12, 12, {9, 7}, {3, 3}, W(.stride = {2, 2}, .pad_lo = {1, 1}, .pad_hi = {1, 1}, .output_pad = {1, 1}, .groups = 12), true},
};
#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static int64_t one(int32_t v) { return v ? v : 1; }

/// The extents of x, weight and output, all with three spatial dimensions; those in front are 1.
typedef struct extents { int64_t in[3], out[3], taps[3], stride[3], dilation[3], lo[3], hi[3], groups; } extents;
static extents extents_of(const geometry *g) {
  extents e = {.groups = one(g->window.groups)};
  for (int d = 0; d < 3; d++) {
    const int s = d - (3 - g->spatial);
    e.in[d] = e.out[d] = e.taps[d] = e.stride[d] = e.dilation[d] = 1;
    if (s < 0) continue;
    e.in[d] = g->in[s], e.taps[d] = g->taps[s], e.stride[d] = one(g->window.stride[s]), e.dilation[d] = one(g->window.dilation[s]);
    e.lo[d] = g->window.pad_lo[s], e.hi[d] = g->window.pad_hi[s];
    e.out[d] = (e.in[d] + e.lo[d] + e.hi[d] - (e.taps[d] - 1) * e.dilation[d] - 1) / e.stride[d] + 1;
  }
  return e;
}

/// Where output position (z, y, x) sees tap (tz, ty, tx) in a map of x, or -1.
static int64_t seen(const extents *e, const int64_t *at, const int64_t *tap) {
  int64_t place = 0;
  for (int d = 0; d < 3; d++) {
    const int64_t i = at[d] * e->stride[d] + tap[d] * e->dilation[d] - e->lo[d];
    if (i < 0 || i >= e->in[d]) return -1;
    place = place * e->in[d] + i;
  }
  return place;
}

#define EACH(i, n) for (i[0] = 0; i[0] < n[0]; i[0]++) for (i[1] = 0; i[1] < n[1]; i[1]++) for (i[2] = 0; i[2] < n[2]; i[2]++)

static void plain_conv(const geometry *g, const double *x, const double *weight, const double *bias, double *out) {
  const extents e = extents_of(g);
  const int64_t channels = g->channels / e.groups, rows = g->rows / e.groups, map = e.in[0] * e.in[1] * e.in[2], taps = e.taps[0] * e.taps[1] * e.taps[2];
  int64_t at[3], tap[3];
  for (int64_t n = 0; n < g->images; n++) for (int64_t m = 0; m < g->rows; m++) EACH(at, e.out) {
    double sum = bias ? bias[m] : 0;
    EACH(tap, e.taps) {
      const int64_t place = seen(&e, at, tap), t = (tap[0] * e.taps[1] + tap[1]) * e.taps[2] + tap[2];
      for (int64_t c = 0; place >= 0 && c < channels; c++)
        sum += weight[(m * channels + c) * taps + t] * x[(n * g->channels + m / rows * channels + c) * map + place];
    }
    *out++ = sum;
  }
}

/// weight: [rows, channels / groups, taps].
static void plain_transposed(const geometry *g, const int64_t *out_extents, const double *x, const double *weight, const double *bias, double *out) {
  const extents e = extents_of(g);
  const int64_t channels = g->channels / e.groups, rows = g->rows / e.groups, taps = e.taps[0] * e.taps[1] * e.taps[2];
  const int64_t map = out_extents[0] * out_extents[1] * out_extents[2];
  int64_t at[3], tap[3];
  for (int64_t i = 0; i < g->images * g->channels * map; i++) out[i] = bias ? bias[i / map % g->channels] : 0;
  for (int64_t n = 0; n < g->images; n++) for (int64_t r = 0; r < g->rows; r++) EACH(at, e.in) {
    EACH(tap, e.taps) {
      const int64_t t = (tap[0] * e.taps[1] + tap[1]) * e.taps[2] + tap[2];
      int64_t place = 0;
      for (int d = 0; d < 3 && place >= 0; d++) {
        const int64_t p = at[d] * e.stride[d] + tap[d] * e.dilation[d] - e.lo[d];
        place = p < 0 || p >= out_extents[d] ? -1 : place * out_extents[d] + p;
      }
      for (int64_t c = 0; place >= 0 && c < channels; c++)
        out[(n * g->channels + r / rows * channels + c) * map + place] += weight[(r * channels + c) * taps + t] * *x;
    }
    x++;
  }
}

typedef enum kind { MAX, INDEX, MEAN, MEAN_WITH_PADS } kind;
static void plain_pool(const geometry *g, kind kind, const double *x, double *out) {
  const extents e = extents_of(g);
  const int64_t map = e.in[0] * e.in[1] * e.in[2];
  int64_t at[3], tap[3];
  for (int64_t n = 0; n < g->images * g->channels; n++, x += map) EACH(at, e.out) {
    double sum = 0, best = 0, count = 0, index = -1;
    EACH(tap, e.taps) {
      const int64_t place = seen(&e, at, tap);
      count += place >= 0 || kind == MEAN_WITH_PADS;
      if (place < 0) continue;
      sum += x[place];
      if (index < 0 || x[place] > best) best = x[place], index = (double)place;
    }
    *out++ = kind == MAX ? best : kind == INDEX ? index : (double)((float)sum / (float)count);
  }
}

// ---- running ---------------------------------------------------------------------------------------------------------------------------------
static void works(rt_status status) {
  if (status != RT_OK) fail_msg("%s: %s", rt_status_name(status), rt_last_error());
}

static rt_ctx *open_context(const char *isa, int32_t threads) {
  char config[64];
  snprintf(config, sizeof config, "cpu_simd.isa=%s\n", isa);
  const rt_ctx_options options = {.size = sizeof options, .n_threads = threads, .backends = "cpu_simd", .config = config, .fallback = RT_FALLBACK_ERROR};
  rt_ctx *ctx = NULL;
  const rt_status status = rt_ctx_create(&options, &ctx);
  if (status == RT_E_UNSUPPORTED) return NULL;
  works(status);
  return ctx;
}

static int64_t shape_of(const geometry *g, int64_t first, int64_t second, const int64_t *inner, int64_t *shape) {
  int64_t n = first * second;
  shape[0] = first, shape[1] = second;
  for (int d = 0; d < g->spatial; d++) n *= shape[2 + d] = inner[3 - g->spatial + d];
  return n;
}

static double *numbers(int64_t n, int32_t range, double scale) { // integers in [-range, range], times scale
  double *x = malloc((size_t)n * sizeof *x);
  assert_non_null(x);
  static uint64_t state = 88172645463325252u;
  for (int64_t i = 0; i < n; i++) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    x[i] = (double)((int64_t)(state >> 33) % (2 * range + 1) - range) * scale;
  }
  return x;
}

typedef struct world { double *x, *weight, *bias; int64_t n_x, n_weight, n_out, x_shape[5], weight_shape[5]; } world;
static world world_of(const geometry *g, int32_t range, double scale) {
  const extents e = extents_of(g);
  int64_t out_shape[5];
  world w;
  w.n_x = shape_of(g, g->images, g->channels, e.in, w.x_shape);
  w.n_weight = shape_of(g, g->rows, g->channels / e.groups, e.taps, w.weight_shape);
  w.n_out = shape_of(g, g->images, g->rows, e.out, out_shape);
  w.x = numbers(w.n_x, range, scale), w.weight = numbers(w.n_weight, range, scale), w.bias = numbers(g->rows, range, scale);
  return w;
}
static void free_world(world *w) { free(w->x), free(w->weight), free(w->bias); }

static rt_tensor *tensor(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, const double *values) {
  rt_tensor *wide = NULL, *t = NULL;
  works(rt_from_data(ctx, RT_F64, rank, shape, values, &wide));
  works(rt_cast(wide, dtype, &t));
  rt_release(wide);
  return t;
}

/// Elements of t as f64, to be freed. Releases t.
static double *elements(rt_tensor *t, int64_t n) {
  double *got = malloc((size_t)n * sizeof *got);
  rt_tensor *wide = NULL;
  assert_non_null(got);
  assert_int_equal(rt_tensor_numel(t), n);
  works(rt_cast(t, RT_F64, &wide));
  works(rt_read(wide, got, (size_t)n * sizeof *got));
  rt_release(wide);
  rt_release(t);
  return got;
}

static double *run_conv(rt_ctx *ctx, rt_dtype dtype, const geometry *g, const world *w) {
  rt_tensor *x = tensor(ctx, dtype, g->spatial + 2, w->x_shape, w->x), *weight = tensor(ctx, dtype, g->spatial + 2, w->weight_shape, w->weight), *y = NULL;
  rt_tensor *bias = g->has_bias ? tensor(ctx, dtype, 1, &g->rows, w->bias) : NULL;
  works(rt_conv(x, weight, bias, &g->window, &y));
  rt_release(x), rt_release(weight), rt_release(bias);
  return elements(y, w->n_out);
}

/// The same on views of tensors whose channels are innermost.
static double *run_conv_channels_last(rt_ctx *ctx, const geometry *g, const world *w) {
  const extents e = extents_of(g);
  const int32_t rank = g->spatial + 2;
  rt_axes inner = {.count = rank}, back = {.count = rank};
  int64_t shape[5];
  shape_of(g, g->images, g->rows, e.out, shape);
  for (int32_t d = 1; d < rank; d++) inner.axis[d] = d + 1 < rank ? d + 1 : 1, back.axis[d] = d > 1 ? d - 1 : rank - 1;
  for (int32_t d = 1; d < rank; d++) shape[d] = d + 1 < rank ? e.out[3 - g->spatial + d - 1] : g->rows;
  rt_tensor *dense = tensor(ctx, RT_F32, rank, w->x_shape, w->x), *turned = NULL, *moved = NULL, *x = NULL, *y = NULL, *view = NULL, *bias = NULL;
  rt_tensor *weight = tensor(ctx, RT_F32, rank, w->weight_shape, w->weight);
  if (g->has_bias) bias = tensor(ctx, RT_F32, 1, &g->rows, w->bias);
  works(rt_permute(dense, &inner, &turned));
  works(rt_copy(turned, &moved));
  works(rt_permute(moved, &back, &x));
  works(rt_zeros(ctx, RT_F32, rank, shape, &y));
  works(rt_permute(y, &back, &view));
  works(rt_conv_into(x, weight, bias, &g->window, view));
  rt_release(dense), rt_release(turned), rt_release(moved), rt_release(x), rt_release(weight), rt_release(bias), rt_release(y);
  return elements(view, w->n_out);
}

static double *run_pool(rt_ctx *ctx, rt_dtype dtype, const geometry *g, const world *w, kind kind) {
  rt_tensor *x = tensor(ctx, dtype, g->spatial + 2, w->x_shape, w->x), *y = NULL;
  rt_window window = g->window;
  window.count_pad = kind == MEAN_WITH_PADS;
  works(kind == MAX ? rt_max_pool(x, &window, &y) : kind == INDEX ? rt_max_pool_indices(x, &window, &y) : rt_avg_pool(x, &window, &y));
  rt_release(x);
  return elements(y, w->n_out);
}

static void same(const char *isa, const char *name, rt_dtype dtype, const double *got, const double *want, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    if (got[i] != want[i]) fail_msg("%s, %s, dtype %d: element %lld is %.9g, not %.9g", isa, name, (int)dtype, (long long)i, got[i], want[i]);
}

// ---- tests ------------------------------------------------------------------------------------------------------------------------------------
static const char *const isas[] = {"scalar", "avx2", "avx512", "neon"};

static void convolution_is_exact(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(isas); i++) {
    rt_ctx *ctx = open_context(isas[i], 2);
    if (!ctx) { print_message("%s: not on this machine\n", isas[i]); continue; }
    for (size_t k = 0; k < COUNT(convs); k++) {
      const geometry *g = &convs[k];
      world w = world_of(g, 3, 1);
      double *want = malloc((size_t)w.n_out * sizeof *want);
      assert_non_null(want);
      plain_conv(g, w.x, w.weight, g->has_bias ? w.bias : NULL, want);
      for (int d = 0; d < 2; d++) {
        double *got = run_conv(ctx, d ? RT_F64 : RT_F32, g, &w);
        same(isas[i], g->name, d ? RT_F64 : RT_F32, got, want, w.n_out);
        free(got);
      }
      double *got = run_conv_channels_last(ctx, g, &w);
      same(isas[i], g->name, RT_F32, got, want, w.n_out);
      free(got);
      free(want);
      free_world(&w);
    }
    assert_int_equal(rt_ctx_close(ctx), RT_OK);
  }
}

static void transposed_is_exact(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(isas); i++) {
    rt_ctx *ctx = open_context(isas[i], 2);
    if (!ctx) continue;
    for (size_t k = 0; k < COUNT(transposed); k++) {
      const geometry *g = &transposed[k];
      const extents e = extents_of(g);
      int64_t out[3] = {1, 1, 1}, x_shape[5], weight_shape[5];
      for (int s = 0; s < g->spatial; s++) {
        const int d = 3 - g->spatial + s;
        out[d] = (e.in[d] - 1) * e.stride[d] + (e.taps[d] - 1) * e.dilation[d] + 1 + g->window.output_pad[s] - e.lo[d] - e.hi[d];
      }
      const int64_t n_x = shape_of(g, g->images, g->rows, e.in, x_shape), n_weight = shape_of(g, g->rows, g->channels / e.groups, e.taps, weight_shape);
      const int64_t n = g->images * g->channels * out[0] * out[1] * out[2];
      double *x = numbers(n_x, 3, 1), *weight = numbers(n_weight, 3, 1), *bias = numbers(g->channels, 3, 1), *want = malloc((size_t)n * sizeof *want);
      assert_non_null(want);
      plain_transposed(g, out, x, weight, g->has_bias ? bias : NULL, want);
      rt_tensor *tx = tensor(ctx, RT_F32, g->spatial + 2, x_shape, x), *tw = tensor(ctx, RT_F32, g->spatial + 2, weight_shape, weight), *y = NULL;
      rt_tensor *tb = g->has_bias ? tensor(ctx, RT_F32, 1, &g->channels, bias) : NULL;
      works(rt_conv_transpose(tx, tw, tb, &g->window, &y));
      rt_release(tx), rt_release(tw), rt_release(tb);
      double *got = elements(y, n);
      same(isas[i], g->name, RT_F32, got, want, n);
      free(x), free(weight), free(bias), free(want), free(got);
    }
    assert_int_equal(rt_ctx_close(ctx), RT_OK);
  }
}

static void pooling_is_exact(void **state) {
  (void)state;
  static const rt_dtype dtypes[] = {RT_F32, RT_F64, RT_F16, RT_I8, RT_I16, RT_I32, RT_I64};
  for (size_t i = 0; i < COUNT(isas); i++) {
    rt_ctx *ctx = open_context(isas[i], 2);
    if (!ctx) continue;
    for (size_t k = 0; k < COUNT(pools); k++) for (int kind = MAX; kind <= MEAN_WITH_PADS; kind++) {
      const geometry *g = &pools[k];
      world w = world_of(g, 50, 1);
      double *want = malloc((size_t)w.n_out * sizeof *want);
      assert_non_null(want);
      plain_pool(g, (enum kind)kind, w.x, want);
      for (size_t d = 0; d < (kind < MEAN ? COUNT(dtypes) : 1); d++) {
        double *got = run_pool(ctx, dtypes[d], g, &w, (enum kind)kind);
        same(isas[i], g->name, dtypes[d], got, want, w.n_out);
        free(got);
      }
      free(want);
      free_world(&w);
    }
    assert_int_equal(rt_ctx_close(ctx), RT_OK);
  }
}

static void threads_do_not_change_bits(void **state) {
  (void)state;
  static const int32_t threads[] = {1, 2, 3, 7};
  for (size_t k = 0; k < COUNT(convs) + COUNT(pools); k++) {
    const bool is_pool = k >= COUNT(convs);
    const geometry *g = is_pool ? &pools[k - COUNT(convs)] : &convs[k];
    world w = world_of(g, 1000, 0x1.23456p-9);
    double *first = NULL;
    for (size_t t = 0; t < COUNT(threads); t++) {
      rt_ctx *ctx = open_context("auto", threads[t]);
      double *got = is_pool ? run_pool(ctx, RT_F32, g, &w, MEAN) : run_conv(ctx, RT_F32, g, &w);
      if (!first) first = got;
      if (memcmp(first, got, (size_t)w.n_out * sizeof *got) != 0) fail_msg("%s: other bits on %d threads", g->name, (int)threads[t]);
      if (first != got) free(got);
      assert_int_equal(rt_ctx_close(ctx), RT_OK);
    }
    free(first);
    free_world(&w);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(convolution_is_exact),
    cmocka_unit_test(transposed_is_exact),
    cmocka_unit_test(pooling_is_exact),
    cmocka_unit_test(threads_do_not_change_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
