// SPDX-License-Identifier: BSD-3-Clause
// Elementwise operations and movement of cpu_simd on views that the conformance grid is too small for: random permutations, steps, flips and broadcasts
// of extents around the sizes of tiles and pieces, as inputs and as outputs, give the bits that cpu_ref gives.
// labels: threads
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <trivet/rt.h>

#define MOST 4 // inputs and output of a case

typedef struct world { rt_ctx *ctx[2]; uint64_t state; } world;

static uint64_t next(world *w) { // splitmix64
  uint64_t z = (w->state += 0x9e3779b97f4a7c15u);
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u, z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}
static int64_t pick(world *w, int64_t n) { return (int64_t)(next(w) % (uint64_t)n); }

static void ok(rt_status status) {
  if (status != RT_OK) print_error("%s\n", rt_last_error());
  assert_int_equal(status, RT_OK);
}

/// Takes the tensor it is given out of the hands of the caller.
static rt_tensor *then(rt_tensor *old, rt_tensor *made) { return rt_release(old), made; }

/// How a view of `rank` dimensions is made of a dense tensor.
typedef struct layout {
  int32_t rank, order[4];
  int64_t shape[4], extent[4], start[4], step[4]; // of the base, in the view's order
  bool flipped[4], repeated[4];
} layout;

static layout random_layout(world *w, int32_t rank, const int64_t *shape, bool is_out) {
  layout l = {.rank = rank};
  for (int32_t d = 0; d < rank; d++) l.order[d] = d;
  const bool shuffled = pick(w, 3) > 0;
  for (int32_t d = rank - 1; d > 0 && shuffled; d--) {
    const int32_t other = (int32_t)pick(w, d + 1), kept = l.order[d];
    l.order[d] = l.order[other], l.order[other] = kept;
  }
  for (int32_t d = 0; d < rank; d++) {
    l.repeated[d] = !is_out && pick(w, 6) == 0;
    l.shape[d] = l.repeated[d] ? 1 : shape[d];
    l.step[d] = pick(w, 5) == 0 ? 1 + pick(w, 3) : 1;
    l.start[d] = pick(w, 4) == 0 ? pick(w, 5) : 0;
    l.flipped[d] = pick(w, 6) == 0;
    l.extent[d] = l.start[d] + (l.shape[d] - 1) * l.step[d] + 1 + (pick(w, 5) == 0 ? pick(w, 4) : 0);
  }
  return l;
}

/// The view over a base that holds these bytes; *out_base keeps all of the base.
static rt_tensor *make_view(rt_ctx *ctx, const layout *l, const int64_t *shape, rt_dtype dtype, const void *data, rt_tensor **out_base) {
  int64_t base_shape[4];
  rt_axes back = {.count = l->rank};
  for (int32_t i = 0; i < l->rank; i++) base_shape[i] = l->extent[l->order[i]], back.axis[l->order[i]] = i;
  rt_tensor *t, *u;
  ok(rt_from_data(ctx, dtype, l->rank, base_shape, data, out_base));
  ok(rt_permute(*out_base, &back, &t));
  for (int32_t d = 0; d < l->rank; d++) {
    ok(rt_slice(t, d, l->start[d], l->start[d] + (l->shape[d] - 1) * l->step[d] + 1, l->step[d], &u)), t = then(t, u);
    const rt_axes axis = {.count = 1, .axis = {d}};
    if (l->flipped[d]) ok(rt_flip(t, &axis, &u)), t = then(t, u);
  }
  ok(rt_expand(t, l->rank, shape, &u));
  return then(t, u);
}

enum { COPY, NEG, LESS, ADD, WHERE, CLAMP, N_OPERATIONS };
static const struct { const char *name; int32_t n_in; } operations[N_OPERATIONS] = {
  [COPY] = {"copy", 1}, [NEG] = {"neg", 1}, [LESS] = {"lt", 2}, [ADD] = {"add", 2}, [WHERE] = {"where", 3}, [CLAMP] = {"clamp", 3},
};
static const rt_dtype any_dtypes[] = {RT_U8, RT_I16, RT_F32, RT_F64, RT_C128, RT_BOOL, RT_F16, RT_I64};
static const rt_dtype real_dtypes[] = {RT_U8, RT_I16, RT_F32, RT_F64, RT_I32, RT_BF16, RT_F16, RT_I64};

static void run(int op, rt_tensor *const *in, rt_tensor *out) {
  switch (op) {
  case COPY: ok(rt_copy_into(in[0], out)); break;
  case NEG: ok(rt_neg_into(in[0], out)); break;
  case LESS: ok(rt_lt_into(in[0], in[1], out)); break;
  case ADD: ok(rt_add_into(in[0], in[1], out)); break;
  case WHERE: ok(rt_where_into(in[0], in[1], in[2], out)); break;
  default: ok(rt_clamp_into(in[0], in[1], in[2], out));
  }
}

/// Small numbers of a dtype, so that sums are exact and no bits are left to choice.
static void fill(world *w, rt_dtype dtype, int64_t n, char *to) {
  for (int64_t i = 0; i < n; i++) {
    const int64_t v = pick(w, 100);
    const float f = (float)v;
    const double d = (double)v, pair[2] = {d, -d};
    const uint16_t half = (uint16_t)(v ? 0x3c00 + v : 0); // about 1: a normal number in f16 and in bf16
    const uint8_t b = v & 1;
    switch (dtype) {
    case RT_F32: memcpy(to + 4 * i, &f, 4); break;
    case RT_F64: memcpy(to + 8 * i, &d, 8); break;
    case RT_C128: memcpy(to + 16 * i, pair, 16); break;
    case RT_F16: case RT_BF16: memcpy(to + 2 * i, &half, 2); break;
    case RT_BOOL: memcpy(to + i, &b, 1); break;
    default: memcpy(to + (int64_t)rt_dtype_bytes(dtype) * i, &v, rt_dtype_bytes(dtype)); // little endian
    }
  }
}

typedef enum plain { NOTHING, OUTPUT, EVERYTHING } plain; // what is dense

/// gaps: bit k, input k has nothing but a step of two in its last dimension; the other ones are dense then, too.
static void same(world *w, int op, rt_dtype dtype, int32_t rank, const int64_t *shape, plain plain, uint32_t gaps) {
  rt_tensor *view[2][MOST], *base[2][MOST];
  const int32_t n = operations[op].n_in + 1;
  for (int32_t k = 0; k < n; k++) {
    const bool is_out = k + 1 == n;
    layout l = random_layout(w, rank, shape, is_out);
    if (gaps || plain == EVERYTHING || (plain == OUTPUT && is_out)) {
      l = (layout){.rank = rank};
      for (int32_t d = 0; d < rank; d++) l.order[d] = d, l.shape[d] = l.extent[d] = shape[d], l.step[d] = 1;
      if (gaps >> k & 1 && !is_out) l.step[rank - 1] = 2, l.extent[rank - 1] = 2 * shape[rank - 1] - 1;
    }
    const rt_dtype own = (op == WHERE && k == 0) || (op == LESS && is_out) ? RT_BOOL : dtype;
    int64_t numel = 1;
    for (int32_t d = 0; d < rank; d++) numel *= l.extent[d];
    char *data = malloc((size_t)numel * rt_dtype_bytes(own));
    assert_non_null(data);
    fill(w, own, numel, data);
    for (int i = 0; i < 2; i++) view[i][k] = make_view(w->ctx[i], &l, shape, own, data, &base[i][k]);
    free(data);
  }
  char *bytes[2];
  const rt_dtype out_dtype = rt_tensor_dtype(view[0][n - 1]);
  const size_t size = (size_t)rt_tensor_numel(base[0][n - 1]) * rt_dtype_bytes(out_dtype);
  for (int i = 0; i < 2; i++) {
    run(op, view[i], view[i][n - 1]);
    bytes[i] = malloc(size);
    assert_non_null(bytes[i]);
    ok(rt_read(base[i][n - 1], bytes[i], size)); // with what lies between the elements of the output
  }
  if (memcmp(bytes[0], bytes[1], size) != 0) {
    print_error("%s of %s, shape", operations[op].name, rt_dtype_name(dtype));
    for (int32_t d = 0; d < rank; d++) print_error(" %lld", (long long)shape[d]);
    for (int32_t k = 0; k < n; k++) {
      print_error("; strides");
      for (int32_t d = 0; d < rank; d++) print_error(" %lld", (long long)rt_tensor_strides(view[0][k])[d]);
    }
    fail_msg("cpu_simd and cpu_ref differ");
  }
  for (int i = 0; i < 2; i++) {
    free(bytes[i]);
    for (int32_t k = 0; k < n; k++) rt_release(view[i][k]), rt_release(base[i][k]);
  }
}

static void random_views(void **state) {
  world *w = *state;
  static const int64_t extents[4][12] = {
    {1, 7, 8, 63, 64, 65, 129, 1000, 4097, 16389, 33000, 70000}, {1, 2, 3, 4, 5, 16, 31, 64, 100, 127, 200, 300},
    {1, 2, 3, 4, 5, 8, 9, 16, 17, 33, 64, 70}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 20},
  };
  for (int round = 0; round < 1500; round++) {
    const int32_t rank = 1 + (int32_t)pick(w, 4);
    int64_t shape[4];
    for (int32_t d = 0; d < rank; d++) shape[d] = extents[rank - 1][pick(w, 12)];
    const int op = (int)pick(w, N_OPERATIONS);
    const bool moves = op == COPY || op == WHERE;
    same(w, op, (moves ? any_dtypes : real_dtypes)[pick(w, 8)], rank, shape, pick(w, 2) ? OUTPUT : NOTHING, 0);
  }
}

/// Inputs whose elements lie two apart, which some kernels read themselves: rows that end within a vector, tiles that are shorter than one, and a
/// last element that nothing may be read after.
static void gapped_views(void **state) {
  world *w = *state;
  static const int64_t columns[] = {64, 65, 71, 96, 100, 16384 + 1, 16384 + 7, 2 * 16384 + 9};
  static const rt_dtype dtypes[] = {RT_F32, RT_F64, RT_F16, RT_I32};
  static const int ops[] = {NEG, LESS, ADD, CLAMP};
  for (int rows = 1; rows <= 3; rows += 2)
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
      for (int d = 0; d < 4; d++)
        for (int o = 0; o < 4; o++)
          for (uint32_t gaps = 1; gaps < 1u << operations[ops[o]].n_in; gaps++) same(w, ops[o], dtypes[d], 2, (int64_t[]){rows, columns[c]}, OUTPUT, gaps);
}

/// Outputs that go past the caches.
static void large_views(void **state) {
  world *w = *state;
  const int64_t shape[2] = {2500, 2600};
  for (int op = 0; op < N_OPERATIONS; op++) same(w, op, op == LESS ? RT_U8 : RT_F32, 2, shape, op == ADD ? NOTHING : OUTPUT, 0);
  const int64_t small[2] = {26000000, 1};
  same(w, LESS, RT_U8, 1, small, OUTPUT, 0);
  const int64_t rows[2] = {1300, 2601}, line[1] = {5000003}; // rows of f64 that begin at odd places of a vector
  same(w, ADD, RT_F64, 2, rows, OUTPUT, 0);
  for (int op = 0; op < N_OPERATIONS; op++) same(w, op, op == LESS ? RT_U8 : op == ADD ? RT_F64 : RT_F32, 1, line, EVERYTHING, 0);
}

static int open_world(void **state) {
  static world w;
  static const char *const names[2] = {"cpu_simd", "cpu_ref"};
  w = (world){.state = 1};
  for (int i = 0; i < 2; i++) {
    rt_ctx_options options = {.size = sizeof options, .backends = names[i], .n_threads = 3};
    if (rt_ctx_create(&options, &w.ctx[i]) != RT_OK) return print_error("%s\n", rt_last_error()), 1;
  }
  *state = &w;
  return 0;
}

static int close_world(void **state) {
  world *w = *state;
  return rt_ctx_close(w->ctx[0]) != RT_OK || rt_ctx_close(w->ctx[1]) != RT_OK;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(random_views), cmocka_unit_test(gapped_views), cmocka_unit_test(large_views)};
  return cmocka_run_group_tests(tests, open_world, close_world);
}
