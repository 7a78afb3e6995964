// SPDX-License-Identifier: BSD-3-Clause
// What every row of the misuse table shares: two contexts full of small tensors, the macros that make a row, and what is checked after it.
// A row is one call that must fail: with the status and words it states, without touching any tensor, without leaving one behind, and
// with a context that works as before. Handles that are no handles (released, made up) are not in the table: nothing can tell them.
#ifndef TRIVET_TEST_MISUSE_WORLD_H
#define TRIVET_TEST_MISUSE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trivet/io.h>
#include <trivet/rt.h>

#define SHAPE(...) (int64_t[]){__VA_ARGS__}
#define AXES(...) (&(rt_axes){sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t), {__VA_ARGS__}})
#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define NO_DTYPE(code) ((rt_dtype)(code))
#define NO_KIND(code) ((rt_scalar){.kind = (rt_dtype_kind)(code), .as.u = 0x7f7f7f7f7f7f7f7f})

enum { GUARDS_MOST = 128, GUARD_BYTES = 512 };

/// Tensors of one dtype that stand for the classes an output or input can be wrong in. All are [3,4] but `wider`, [4,5], and `scalar`, [].
typedef struct kit {
  rt_tensor *x, *y, *out, *wider, *flat, *scalar; // flat: [12]
  rt_tensor *spread;                              // elements share memory
  rt_tensor *fixed, *mapped;                      // read-only; mapped for reading
  rt_tensor *foreign;                             // of the other context
  rt_tensor *scratch;                             // may be written: not guarded
} kit;

typedef struct guard {
  const rt_tensor *tensor;
  uint64_t version;
  int32_t rank;
  int64_t shape[RT_MAX_RANK], strides[RT_MAX_RANK];
  size_t bytes;
  unsigned char data[GUARD_BYTES];
} guard;

typedef struct world {
  rt_ctx *ctx, *other;
  kit f, i, l, b, u, h, d, z;             // f32, i32, i64, bool, u64, f16, f64, c64
  rt_tensor *weak_f, *weak_l, *weak_b, *weak_z; // scalar tensors
  rt_tensor *none, *deep, *image, *kernel, *bias, *one_d; // [0,4], rank 16, [1,4,6,6], [4,2,3,3] for 2 groups, [4], [4]; all f32
  void *memory[8];                        // of the imported tensors
  int n_memory;
  guard guards[GUARDS_MOST];
  int n_guards;
  long long n_live[2];
  rt_tensor *out;                         // what a row's call puts its result into: a tensor, a context, a model or an archive
  rt_ctx *made;
  rt_model *model;
  rt_archive *archive;
  bool wants_null;
} world;

static int n_rows, n_wrong;
static const char *row_name = "";
static char called[1 << 16]; // names of all functions that had a row, each between two spaces

// ---- after a row ------------------------------------------------------------------------------------------------------------------------

static void wrong(const char *what, const char *detail) {
  n_wrong++;
  print_error("WRONG %s\n      %s %s\n", row_name, what, detail);
}

static long long live_tensors(rt_ctx *ctx) {
  long long n = 0;
  if (rt_ctx_close(ctx) != RT_E_BUSY || sscanf(rt_last_error(), "context: %lld tensors", &n) != 1) return -1;
  return n;
}

/// After a test made or released tensors of its own.
static void recount(world *w) {
  w->n_live[0] = live_tensors(w->ctx), w->n_live[1] = live_tensors(w->other);
}

static bool read_guard(const rt_tensor *t, guard *g) {
  memset(g, 0, sizeof *g);
  g->tensor = t;
  g->version = rt_tensor_version(t);
  g->rank = rt_tensor_rank(t);
  memcpy(g->shape, rt_tensor_shape(t), sizeof(int64_t) * (size_t)g->rank);
  memcpy(g->strides, rt_tensor_strides(t), sizeof(int64_t) * (size_t)g->rank);
  g->bytes = (size_t)rt_tensor_numel(t) * rt_dtype_bytes(rt_tensor_dtype(t));
  return g->bytes <= sizeof g->data && rt_read(t, g->data, g->bytes) == RT_OK;
}

static void check_world(world *w) {
  guard now;
  for (int k = 0; k < w->n_guards; k++)
    if (!read_guard(w->guards[k].tensor, &now)) wrong("a tensor can no longer be read:", rt_last_error());
    else if (memcmp(&now, &w->guards[k], sizeof now)) {
      wrong("a tensor has changed", "");
      w->guards[k] = now; // so that it is said once
    }
  float sum[12];
  rt_tensor *c = NULL;
  bool adds = rt_add(w->f.x, w->f.y, &c) == RT_OK && rt_read(c, sum, sizeof sum) == RT_OK && sum[5] == 2 * 5 + 1;
  if (!adds) wrong("the context no longer adds:", rt_last_error());
  rt_release(c);
  if (live_tensors(w->ctx) != w->n_live[0] || live_tensors(w->other) != w->n_live[1]) {
    wrong("a tensor was left behind:", rt_last_error());
    recount(w);
  }
}

// ---- rows -------------------------------------------------------------------------------------------------------------------------------

/// Notes every function that the text of a row calls.
static void note_calls(const char *text) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz_0123456789";
  for (const char *at = strstr(text, "rt_"); at; at = strstr(at + 3, "rt_")) {
    char word[64];
    size_t length = strspn(at, letters);
    bool starts = at == text || !strchr(letters, at[-1]);
    if (!starts || at[length] != '(' || length + 3 > sizeof word) continue;
    snprintf(word, sizeof word, " %.*s ", (int)length, at);
    if (!strstr(called, word) && strlen(called) + sizeof word < sizeof called) strcat(called, word);
  }
}

static void begin(world *w, const char *name) {
  row_name = name;
  w->out = (rt_tensor *)w; // anything but NULL
  w->made = (rt_ctx *)w;
  w->model = (rt_model *)w;
  w->archive = (rt_archive *)w;
  w->wants_null = false;
  (void)rt_error_set(RT_OK, "");
  note_calls(name);
}

/// Are the parts of `words` (a '*' stands between them) in the sentence, in that order?
static bool says(const char *sentence, const char *words) {
  while (*words && sentence) {
    char part[256];
    size_t length = strcspn(words, "*");
    snprintf(part, sizeof part, "%.*s", (int)length, words);
    if ((sentence = strstr(sentence, part))) sentence += length;
    words += length + (words[length] == '*');
  }
  return sentence;
}

static void end(world *w, rt_status got, rt_status want, const char *words) {
  n_rows++;
  char detail[1024];
  snprintf(detail, sizeof detail, "%s \"%.500s\", not %s \"%s\"", rt_status_name(got), rt_last_error(), rt_status_name(want), words);
  if (got != want || !says(rt_last_error(), words)) wrong("gives", detail);
  if (w->wants_null && w->out && w->made && w->model && w->archive && got != RT_OK) wrong("leaves *out as it was", "");
  if (w->wants_null && got == RT_OK && w->out != (rt_tensor *)w) rt_release(w->out);
  check_world(w);
}

static void end_value(world *w, bool is_right) {
  n_rows++;
  if (!is_right) wrong("gives another value", "");
  check_world(w);
}

/// A call that must fail: its status, a part of its sentence.
#define MISUSE(status, words, ...) (begin(w, #__VA_ARGS__), end(w, (__VA_ARGS__), RT_E_##status, words))
/// A call without a status, whose answer for nonsense is documented.
#define ANSWER(want, ...) (begin(w, #__VA_ARGS__), end_value(w, (__VA_ARGS__) == (want)))
/// A call without an answer that must do nothing.
#define HARMLESS(...) (begin(w, #__VA_ARGS__), (void)(__VA_ARGS__), end_value(w, true))
/// Where the result would go; must be NULL after the row.
#define OUT (w->wants_null = true, &w->out)
#define OUT_CTX (w->wants_null = true, &w->made)
#define OUT_MODEL (w->wants_null = true, &w->model)
#define OUT_ARCHIVE (w->wants_null = true, &w->archive)
#define NO_OUT ((rt_tensor **)NULL)
#define NO_TENSOR ((rt_tensor *)NULL)

/// At the end of each test: were all its rows right?
static void judge(void) {
  static int n_seen;
  int n_new = n_wrong - n_seen;
  n_seen = n_wrong;
  assert_int_equal(n_new, 0);
}

// ---- building the world -----------------------------------------------------------------------------------------------------------------

static rt_tensor *need(rt_status status, rt_tensor *t) {
  if (status != RT_OK) print_error("world: %s\n", rt_last_error());
  assert_int_equal(status, RT_OK);
  return t;
}

static rt_tensor *keep(world *w, rt_tensor *t) {
  assert_true(w->n_guards < GUARDS_MOST);
  assert_true(read_guard(t, &w->guards[w->n_guards++]));
  return t;
}

static rt_tensor *counting(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, int first) {
  rt_tensor *line = NULL, *typed = NULL, *t = NULL;
  int64_t numel = 1;
  for (int32_t k = 0; k < rank; k++) numel *= shape[k];
  need(rt_arange(ctx, RT_I64, rt_int(first), rt_int(first + numel), rt_int(1), &line), NULL);
  need(rt_cast(line, dtype, &typed), NULL);
  need(rt_reshape(typed, rank, shape, &t), NULL);
  rt_release(line);
  rt_release(typed);
  return t;
}

static void make_kit(world *w, rt_dtype dtype, kit *k) {
  rt_tensor *row;
  void *address;
  k->x = keep(w, counting(w->ctx, dtype, 2, SHAPE(3, 4), 0));
  k->y = keep(w, counting(w->ctx, dtype, 2, SHAPE(3, 4), 1));
  k->out = keep(w, counting(w->ctx, dtype, 2, SHAPE(3, 4), 2));
  k->wider = keep(w, counting(w->ctx, dtype, 2, SHAPE(4, 5), 3));
  k->flat = keep(w, counting(w->ctx, dtype, 1, SHAPE(12), 4));
  k->scalar = keep(w, counting(w->ctx, dtype, 0, NULL, 5));
  k->foreign = keep(w, counting(w->other, dtype, 2, SHAPE(3, 4), 0));
  k->scratch = counting(w->ctx, dtype, 2, SHAPE(3, 4), 0);
  row = counting(w->ctx, dtype, 1, SHAPE(4), 6);
  need(rt_expand(row, 2, SHAPE(3, 4), &k->spread), NULL);
  rt_release(row);
  keep(w, k->spread);
  void *memory = w->memory[w->n_memory++] = calloc(12, 8);
  assert_non_null(memory);
  need(rt_import(w->ctx, dtype, 2, SHAPE(3, 4), NULL, memory, true, NULL, NULL, &k->fixed), NULL);
  keep(w, k->fixed);
  k->mapped = counting(w->ctx, dtype, 2, SHAPE(3, 4), 7);
  need(rt_map(k->mapped, RT_MAP_READ, &address), NULL);
  keep(w, k->mapped);
}

static void free_kit(kit *k) {
  assert_int_equal(rt_unmap(k->mapped), RT_OK);
  rt_tensor *all[] = {k->x, k->y, k->out, k->wider, k->flat, k->scalar, k->spread, k->fixed, k->mapped, k->foreign, k->scratch};
  for (size_t t = 0; t < COUNT(all); t++) rt_release(all[t]);
}

static int make_world(void **state) {
  world *w = calloc(1, sizeof *w);
  rt_ctx_options options = {.size = sizeof options, .memory_limit_bytes = 64u << 20, .n_threads = 1};
  assert_non_null(w);
  need(rt_ctx_create(&options, &w->ctx), NULL);
  need(rt_ctx_create(&options, &w->other), NULL);
  make_kit(w, RT_F32, &w->f);
  make_kit(w, RT_I32, &w->i);
  make_kit(w, RT_I64, &w->l);
  make_kit(w, RT_BOOL, &w->b);
  make_kit(w, RT_U64, &w->u);
  make_kit(w, RT_F16, &w->h);
  make_kit(w, RT_F64, &w->d);
  make_kit(w, RT_C64, &w->z);
  need(rt_scalar_tensor(w->ctx, rt_float(2.5), &w->weak_f), NULL);
  need(rt_scalar_tensor(w->ctx, rt_int(2), &w->weak_l), NULL);
  need(rt_scalar_tensor(w->ctx, rt_bool(true), &w->weak_b), NULL);
  need(rt_scalar_tensor(w->ctx, rt_complex_number(2, -1), &w->weak_z), NULL);
  keep(w, w->weak_f);
  keep(w, w->weak_l);
  keep(w, w->weak_b);
  keep(w, w->weak_z);
  w->none = keep(w, counting(w->ctx, RT_F32, 2, SHAPE(0, 4), 0));
  w->deep = keep(w, counting(w->ctx, RT_F32, 16, SHAPE(1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 3, 2), 0));
  w->image = counting(w->ctx, RT_F32, 4, SHAPE(1, 4, 6, 6), 0);
  w->kernel = keep(w, counting(w->ctx, RT_F32, 4, SHAPE(4, 2, 3, 3), 0));
  w->bias = keep(w, counting(w->ctx, RT_F32, 1, SHAPE(4), 0));
  w->one_d = keep(w, counting(w->ctx, RT_F32, 1, SHAPE(4), 0));
  recount(w);
  assert_true(w->n_live[0] > 0 && w->n_live[1] > 0);
  *state = w;
  return 0;
}

static int free_world(void **state) {
  world *w = *state;
  kit *kits[] = {&w->f, &w->i, &w->l, &w->b, &w->u, &w->h, &w->d, &w->z};
  for (size_t k = 0; k < COUNT(kits); k++) free_kit(kits[k]);
  rt_tensor *rest[] = {w->weak_f, w->weak_l, w->weak_b, w->weak_z, w->none, w->deep, w->image, w->kernel, w->bias, w->one_d};
  for (size_t k = 0; k < COUNT(rest); k++) rt_release(rest[k]);
  bool is_closed = rt_ctx_close(w->ctx) == RT_OK && rt_ctx_close(w->other) == RT_OK;
  if (!is_closed) print_error("%s\n", rt_last_error());
  for (int k = 0; k < w->n_memory; k++) free(w->memory[k]);
  free(w);
  return is_closed ? 0 : -1;
}

#endif
