// SPDX-License-Identifier: BSD-3-Clause
// The cases: cases.def expanded into functions that call the library in a loop, and into a list of names that a filter chooses from. What a
// case moves is counted from its operands, so that no row can be wrong about it.
#include "suite.h"

#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- what the rows call ---------------------------------------------------------------------------------------------------------------------
static const rt_axes axis_0 = {1, {0}}, axis_1 = {1, {1}}, last_axis = {1, {-1}};
static const rt_window pad_0 = {0}, pad_1 = {.pad_lo = {1, 1}, .pad_hi = {1, 1}};
static const rt_window stride_2 = {.stride = {2, 2}, .pad_lo = {3, 3}, .pad_hi = {3, 3}};

static rt_window depthwise(const rt_tensor *x) {
  rt_window window = pad_1;
  window.groups = (int32_t)rt_tensor_shape(x)[1];
  return window;
}
static rt_status conv_depthwise(const rt_tensor *x, const rt_tensor *weight, const rt_tensor *bias, rt_tensor **out) {
  const rt_window window = depthwise(x);
  return rt_conv(x, weight, bias, &window, out);
}
static rt_status conv_depthwise_into(const rt_tensor *x, const rt_tensor *weight, const rt_tensor *bias, rt_tensor *out) {
  const rt_window window = depthwise(x);
  return rt_conv_into(x, weight, bias, &window, out);
}

// Chains release what they made on the way, as a program would.
static rt_status chain_gelu(const rt_tensor *x, const rt_tensor *a, const rt_tensor *b, rt_tensor **out) {
  rt_tensor *scaled = NULL, *moved = NULL;
  rt_status status = rt_mul(x, a, &scaled);
  if (status == RT_OK) status = rt_add(scaled, b, &moved);
  rt_release(scaled);
  if (status == RT_OK) status = rt_gelu(moved, out);
  rt_release(moved);
  return status;
}
static rt_status chain_bias_relu(const rt_tensor *x, const rt_tensor *b, rt_tensor **out) {
  rt_tensor *moved = NULL;
  rt_status status = rt_add(x, b, &moved);
  if (status == RT_OK) status = rt_relu(moved, out);
  rt_release(moved);
  return status;
}
static rt_status chain_axpby(const rt_tensor *x, const rt_tensor *y, rt_tensor **out) {
  rt_tensor *left = NULL, *right = NULL;
  rt_status status = rt_mul_scalar(x, rt_float(2.5), &left);
  if (status == RT_OK) status = rt_mul_scalar(y, rt_float(0.5), &right);
  if (status == RT_OK) status = rt_add(left, right, out);
  rt_release(left);
  rt_release(right);
  return status;
}

static double product(const size *s) {
  double n = 1;
  for (int32_t d = 0; d < s->rank; d++) n *= (double)s->extent[d];
  return n;
}

// ---- the rows as functions ----------------------------------------------------------------------------------------------------------------------
#define NOTHING RT_E_UNSUPPORTED
// Names for the calls of a row; the empty statements say that a row need not use all.
#define NAMES(o) \
  rt_ctx *ctx = (o)->ctx; const rt_dtype dtype = (o)->dtype; const int32_t rank = (o)->size.rank; const int64_t *shape = (o)->size.extent; \
  const rt_tensor *a = (o)->a, *b = (o)->b, *c = (o)->c; rt_tensor *to = (o)->to; const void *host = (o)->host; const size_t host_bytes = (o)->host_bytes; \
  (void)ctx, (void)dtype, (void)rank, (void)shape, (void)a, (void)b, (void)c, (void)to, (void)host, (void)host_bytes

#define CASE(name, one, two, three, dtypes, sizes, flavours, flops, new_call, into_call) \
  static rt_status first_##name(const operands *o, rt_tensor **out) { NAMES(o); return new_call; } \
  static rt_status make_##name(const operands *o, int64_t n) { \
    NAMES(o); rt_status status = RT_OK; \
    for (rt_tensor *made, **out = &made; n > 0 && status == RT_OK; n--) { status = new_call; rt_release(made); } return status; }
#include "cases.def"
#define CASE(name, one, two, three, dtypes, sizes, flavours, flops, new_call, into_call) \
  static rt_status write_##name(const operands *o, int64_t n) { \
    NAMES(o); rt_status status = RT_OK; for (; n > 0 && status == RT_OK; n--) status = into_call; return status; } \
  static double flops_##name(const size *s) { \
    const double n = product(s), B = s->rank > 1 ? (double)s->extent[1] : 1; (void)B, (void)n; return flops; }
#include "cases.def"
#define SIZES(name, ...) static const size sizes_##name[] = {__VA_ARGS__};
#include "cases.def"

enum { NEW = 1 << FLAVOUR_NEW, GIVEN = 1 << FLAVOUR_GIVEN, PLACE = 1 << FLAVOUR_IN_PLACE };
enum { F32 = 1 << RT_F32, F64 = 1 << RT_F64, F16 = 1 << RT_F16, BF16 = 1 << RT_BF16, I32 = 1 << RT_I32 };
static const rt_dtype dtypes[] = {RT_F32, RT_F64, RT_F16, RT_BF16, RT_I32};

#define FAMILY(label, heading) {.family = #label, .title = heading},
#define CASE(label, one, two, three, types, list, forms, work, new_call, into_call) \
  {.name = #label, .operand = {one, two, three}, .dtypes = types, .flavours = forms, .sizes = sizes_##list, .n_sizes = COUNT(sizes_##list), \
   .flops = flops_##label, .make = make_##label, .write = write_##label, .first = first_##label},
static case_row rows[] = {
#include "cases.def"
};

const char *const flavour_names[FLAVOURS] = {"new", "given", "in_place"};

// ---- names and filters ---------------------------------------------------------------------------------------------------------------------------
static void size_text(const size *s, char *out, size_t bytes) {
  for (int32_t d = 0, at = 0; d < s->rank; d++) at += snprintf(out + at, bytes - (size_t)at, "%s%lld", d ? "x" : "", (long long)s->extent[d]);
}

// One of the patterns between commas fits: a glob when it has * ? or [, else a part of the name.
static bool is_chosen(const char *filter, const char *name) {
  if (!filter || !*filter) return true;
  for (const char *at = filter; *at; at += strspn(at, ",")) {
    size_t length = strcspn(at, ",");
    char *pattern = text_format("%.*s", (int)length, at);
    bool fits = strpbrk(pattern, "*?[") ? fnmatch(pattern, name, 0) == 0 : length > 0 && strstr(name, pattern);
    free(pattern);
    if (fits) return true;
    at += length;
  }
  return false;
}

// Dtypes beside the first tell little more, so there are few of them; of products none that takes seconds where a backend has no kernel of its own.
static bool is_in_suite(const case_row *row, rt_dtype dtype, const size *s, flavour f) {
  if (dtype == RT_F32 || (row->dtypes & (row->dtypes - 1)) == 0) return true;
  if (f != FLAVOUR_NEW || row->flops(s) > (dtype == RT_F64 ? 3e9 : 5e7)) return false;
  bool is_grid = row->sizes == sizes_GRID || row->sizes == sizes_SQUARE;
  return !is_grid || (s->rank == 2 && (s->extent[0] == 100 || s->extent[0] == 1000));
}

void list_cases(suite *s, const char *filter, bool quick) {
  const case_row *family = NULL;
  for (size_t i = 0; i < COUNT(rows); i++) {
    if (!rows[i].name) { family = &rows[i]; continue; }
    rows[i].family = family->family, rows[i].title = family->title;
    for (size_t t = 0; t < COUNT(dtypes); t++)
      for (int32_t k = 0; k < rows[i].n_sizes; k++)
        for (flavour f = 0; f < FLAVOURS; f++) {
          const size *extents = &rows[i].sizes[k];
          if (!(rows[i].dtypes & 1u << dtypes[t]) || !(rows[i].flavours & 1u << f) || !is_in_suite(&rows[i], dtypes[t], extents, f)) continue;
          if (quick && (rows[i].flops(extents) > 2e6 || (extents->rank < 3 && product(extents) > 10000))) continue;
          bench_case one = {.row = &rows[i], .flavour = f, .on = {.dtype = dtypes[t], .size = *extents}};
          char text[60];
          size_text(extents, text, sizeof text);
          snprintf(one.name, sizeof one.name, "%s/%s/%s/%s", rows[i].name, rt_dtype_name(dtypes[t]), text, flavour_names[f]);
          if (!is_chosen(filter, one.name)) continue;
          s->at = grow(s->at, s->n + 1, sizeof *s->at);
          s->at[s->n++] = one;
        }
  }
}

const bench_case *find_case(const suite *s, const char *name) {
  for (size_t i = 0; i < s->n; i++) if (strcmp(s->at[i].name, name) == 0) return &s->at[i];
  return NULL;
}

// ---- preparing -----------------------------------------------------------------------------------------------------------------------------------
static double run_case(void *self, int64_t n) {
  const bench_case *c = self;
  double begin = now_ns();
  rt_status status = (c->flavour == FLAVOUR_NEW ? c->row->make : c->row->write)(&c->on, n);
  if (status == RT_OK) status = rt_ctx_sync(c->on.ctx);
  return status == RT_OK ? now_ns() - begin : -1;
}

static double bytes_of(const rt_tensor *t) { return t ? (double)rt_tensor_numel(t) * (double)rt_dtype_bytes(rt_tensor_dtype(t)) : 0; }

// What streams through: only reads when the output is small beside the inputs, and so on.
static traffic traffic_of(double in, double out, bool is_in_place) {
  if (in < out / 8) return WRITE;
  if (out < in / 8) return READ;
  bool has_two = in > 1.5 * out;
  return is_in_place ? (has_two ? UPDATE : SCALE) : (has_two ? ADD : COPY);
}

// The names of the backends that one call reaches.
static rt_status find_backend(bench_case *c) {
  rt_ctx *ctx = c->on.ctx;
  rt_status status = rt_ctx_sync(ctx);
  if (status == RT_OK) status = rt_report_reset(ctx);
  if (status == RT_OK && run_case(c, 1) < 0) return RT_E_BACKEND; // the sentence is there
  for (int32_t i = 0; status == RT_OK && i < rt_report_count(ctx); i++) {
    rt_report_row row;
    if ((status = rt_report_get(ctx, i, &row)) != RT_OK || row.kind != RT_REPORT_RUN || strstr(c->backend, row.backend)) continue;
    size_t used = strlen(c->backend);
    snprintf(c->backend + used, sizeof c->backend - used, "%s%s", used ? "+" : "", row.backend);
  }
  return status;
}

static rt_status prepare_case(suite *s, bench_case *c) {
  rt_tensor *out = NULL;
  const rt_tensor **operand[3] = {(const rt_tensor **)&c->on.a, (const rt_tensor **)&c->on.b, (const rt_tensor **)&c->on.c};
  double in = 0;
  c->on.ctx = s->ctx;
  for (int i = 0; i < 3; i++) {
    const char *spec = c->row->operand[i];
    if (*spec == 'h') {
      c->on.host_bytes = (size_t)product(&c->on.size) * rt_dtype_bytes(c->on.dtype);
      c->on.host = operand_host(s, c->on.host_bytes);
      in += (double)c->on.host_bytes;
    } else if (*spec) {
      bool is_second_in_place = i > 0 && c->flavour == FLAVOUR_IN_PLACE;
      if (!(*operand[i] = operand_tensor(s, is_second_in_place ? "~*" : spec, c))) return RT_E_NO_MEMORY;
      in += bytes_of(*operand[i]);
    }
  }
  rt_status status = c->row->first(&c->on, &out);
  if (status != RT_OK) return status;
  double written = bytes_of(out);
  c->has_limit = in + written >= 4096 && rt_tensor_device(out) == RT_HOST; // the roofline is that of the processor
  if (c->flavour == FLAVOUR_GIVEN && !(c->on.to = operand_like(s, out, "given"))) status = RT_E_NO_MEMORY;
  if (c->flavour == FLAVOUR_IN_PLACE && !(c->on.a = c->on.to = operand_like(s, c->on.a, c->row->name))) status = RT_E_NO_MEMORY;
  rt_release(out);
  if (status != RT_OK) return status;
  c->bytes = in + written;
  c->flops = c->row->flops(&c->on.size);
  c->kind = traffic_of(in, written, c->flavour == FLAVOUR_IN_PLACE);
  c->footprint_bytes = c->flavour == FLAVOUR_IN_PLACE ? in : c->bytes;
  if (c->has_limit) {
    want_stream(&s->roof, c->kind, c->footprint_bytes);
    if (rt_dtype_kind_of(c->on.dtype) == RT_KIND_FLOAT) want_peak(&s->roof, c->on.dtype);
  }
  c->timing = (subject){.name = c->name, .run = run_case, .self = c};
  return find_backend(c);
}

int prepare_cases(suite *s) {
  size_t most_host_bytes = 0;
  for (size_t i = 0; i < s->n; i++) {
    size_t bytes = (size_t)product(&s->at[i].on.size) * rt_dtype_bytes(s->at[i].on.dtype);
    if (*s->at[i].row->operand[0] == 'h' && bytes > most_host_bytes) most_host_bytes = bytes;
  }
  if (most_host_bytes > 0) operand_host(s, most_host_bytes);
  for (size_t i = 0; i < s->n; i++) {
    if (prepare_case(s, &s->at[i]) == RT_OK) continue;
    return fail("bench: %s: %s", s->at[i].name, rt_last_error());
  }
  return EXIT_OK;
}

int call_cases(suite *s, int64_t n) {
  for (size_t i = 0; i < s->n; i++) {
    if (run_case(&s->at[i], n) < 0) return fail("bench: %s: %s", s->at[i].name, rt_last_error());
    printf("%s\n", s->at[i].name);
  }
  return EXIT_OK;
}

void limit_cases(suite *s) {
  for (size_t i = 0; i < s->n; i++) {
    bench_case *c = &s->at[i];
    if (!c->has_limit) continue;
    double stream = stream_limit(&s->roof, c->kind, c->footprint_bytes, s->roof.n_threads);
    double peak = rt_dtype_kind_of(c->on.dtype) == RT_KIND_FLOAT ? peak_limit(&s->roof, c->on.dtype, s->roof.n_threads) : 0;
    c->limit_ns = fmax(stream > 0 ? c->bytes / stream : 0, peak > 0 ? c->flops / peak : 0);
  }
}

double case_share(const bench_case *c) { return c->limit_ns > 0 && c->timing.time.median > 0 ? c->limit_ns / c->timing.time.median : 0; }

void suite_free(suite *s) {
  for (size_t i = 0; i < s->n; i++) subject_free(&s->at[i].timing);
  free(s->at);
  operands_free(s);
  roofline_free(&s->roof);
  if (s->ctx) rt_ctx_close(s->ctx);
  *s = (suite){0};
}
