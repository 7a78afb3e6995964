// SPDX-License-Identifier: BSD-3-Clause
// The oracle of test_sequences.c. It knows tensors in the plainest way there is: memory is an array of whole numbers, and a handle is the
// list of the places of its elements in C order. Views edit lists, writes store at once, clones copy at once; there are no strides,
// devices, replicas or streams in it. What the library says about a handle is checked against the list when the handle is made.
#ifndef TRIVET_TEST_SEQUENCES_ORACLE_H
#define TRIVET_TEST_SEQUENCES_ORACLE_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trivet/rt.h>

#define MAX_NUMEL 200
#define MAX_RANK 6
#define N_SLOTS 20
#define N_EXPORTS 4
#define N_MAPS 3
#define UNKNOWN INT64_MIN // an element that nobody has written yet
#define UNFIT INT64_MAX   // a result that its dtype does not hold exactly: the step is not made

typedef struct memory {
  int refs;
  char *raw;       // host address of element 0, when somebody outside knows it
  int64_t value[MAX_NUMEL];
} memory;

typedef struct store { // what a tensor and its views share
  int refs;
  memory *memory;
  int64_t base, n;     // its elements are memory[base .. base + n)
  bool is_whole;       // n is known to be all of it
  bool read_only, escaped;
  int n_reads, n_writes; // open maps
} store;

typedef struct handle {
  rt_tensor *t;        // NULL: the slot is free
  store *s;
  rt_dtype dtype;
  rt_device device;
  int32_t rank;
  int64_t shape[MAX_RANK], n;
  bool odd;            // the library may take its elements for overlapping although they do not
  int16_t at[MAX_NUMEL];
} handle;

typedef struct exported { rt_dl_managed_versioned *managed; handle h; } exported; // h.t: NULL
typedef struct mapped { handle h; char *ptr; bool writes; } mapped;                // h.t: retained

typedef struct world {
  rt_ctx *ctx;
  int32_t n_devices;
  int order[4];        // of each device in the vote
  uint64_t seed, rng;
  int64_t step;
  int64_t verbose_from; // calls from this step on are printed
  handle slot[N_SLOTS];
  exported exports[N_EXPORTS];
  mapped maps[N_MAPS];
  int64_t n_imported, n_calls;
  atomic_llong n_given_back;
  char why[600];       // "": all is well
  char now[300];       // the call being made
} world;

// ---- chance ------------------------------------------------------------------------------------------------------------------------------

static inline uint64_t chance(world *w) { // splitmix64
  uint64_t x = w->rng += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}
static inline int below(world *w, int n) { return (int)(chance(w) % (uint64_t)n); }
static inline bool one_in(world *w, int n) { return below(w, n) == 0; }

// ---- failure -----------------------------------------------------------------------------------------------------------------------------

static inline void fail_why(world *w, const char *format, ...) {
  if (w->why[0]) return; // the first one counts
  va_list list;
  va_start(list, format);
  int n = snprintf(w->why, sizeof w->why, "step %lld: ", (long long)w->step);
  vsnprintf(w->why + n, sizeof w->why - (size_t)n, format, list);
  va_end(list);
}

/// Names the call that follows; printed in the replay of a failure.
static inline void say(world *w, const char *format, ...) {
  w->n_calls++;
  if (w->step < w->verbose_from) return;
  va_list list;
  va_start(list, format);
  vsnprintf(w->now, sizeof w->now, format, list);
  va_end(list);
  fprintf(stderr, "  %5lld  %s\n", (long long)w->step, w->now);
}

#define MAY(status) (1u << (status))
/// true when the call was made and is to be modelled; a status outside of `allowed` is a failure of the test.
static inline bool done(world *w, rt_status status, unsigned allowed) {
  if (!(MAY(status) & allowed)) {
    int want = 0;
    while (!(allowed >> want & 1)) want++;
    fail_why(w, "got %s (%s), not %s", rt_status_name(status), status ? rt_last_error() : "", rt_status_name((rt_status)want));
    return false;
  }
  return status == RT_OK;
}

// ---- numbers -----------------------------------------------------------------------------------------------------------------------------

static inline int64_t load(rt_dtype dtype, const char *from) {
  int32_t i;
  int64_t l;
  float f;
  switch (dtype) {
    case RT_I32: return memcpy(&i, from, sizeof i), i;
    case RT_I64: return memcpy(&l, from, sizeof l), l;
    default: return memcpy(&f, from, sizeof f), f == (float)(int64_t)(f > -1e18f && f < 1e18f ? f : 0) ? (int64_t)f : UNFIT;
  }
}
static inline void save(rt_dtype dtype, int64_t value, char *to) {
  int32_t i = (int32_t)value;
  float f = (float)value;
  if (value == UNKNOWN) i = 77, f = 77, value = 77;
  memcpy(to, dtype == RT_I32 ? (void *)&i : dtype == RT_I64 ? (void *)&value : (void *)&f, rt_dtype_bytes(dtype));
}
/// The value as a result of dtype: i32 wraps, the others must hold it exactly.
static inline int64_t fit(rt_dtype dtype, int64_t v) {
  if (v == UNKNOWN || v == UNFIT) return v;
  if (dtype == RT_I32) return (int32_t)(uint32_t)(uint64_t)v;
  int64_t limit = dtype == RT_F32 ? 1 << 24 : (int64_t)1 << 53;
  return v > limit || v < -limit ? UNFIT : v;
}
/// The value converted to dtype without loss.
static inline int64_t convert(rt_dtype dtype, int64_t v) {
  int64_t limit = dtype == RT_I32 ? INT32_MAX : dtype == RT_F32 ? 1 << 24 : (int64_t)1 << 53;
  return v == UNKNOWN ? v : v > limit || v < -limit ? UNFIT : v;
}
static inline rt_dtype promoted(rt_dtype a, rt_dtype b) {
  return a == RT_F32 || b == RT_F32 ? RT_F32 : a == RT_I64 || b == RT_I64 ? RT_I64 : RT_I32;
}
static inline int64_t get(const handle *h, int64_t i) { return h->s->memory->value[h->at[i]]; }
static inline int64_t bytes_of(const handle *h) { return h->n * (int64_t)rt_dtype_bytes(h->dtype); }

static inline int64_t count(int32_t rank, const int64_t *shape) {
  int64_t n = 1;
  for (int32_t d = 0; d < rank; d++) n *= shape[d];
  return n;
}
static inline void unravel(int64_t i, int32_t rank, const int64_t *shape, int64_t *index) {
  for (int32_t d = rank - 1; d >= 0; d--) index[d] = i % shape[d], i /= shape[d];
}
static inline int64_t ravel(int32_t rank, const int64_t *shape, const int64_t *index) {
  int64_t i = 0;
  for (int32_t d = 0; d < rank; d++) i = i * shape[d] + index[d];
  return i;
}
/// The element of h that broadcasts to index i of `shape`.
static inline int64_t broadcast_at(const handle *h, int64_t i, int32_t rank, const int64_t *shape) {
  int64_t index[MAX_RANK], mine[MAX_RANK];
  if (h->n == 1) return 0;
  unravel(i, rank, shape, index);
  for (int32_t d = 0; d < h->rank; d++) mine[d] = h->shape[d] == 1 ? 0 : index[d + rank - h->rank];
  return ravel(h->rank, h->shape, mine);
}
static inline bool has_duplicates(const handle *h) {
  bool seen[MAX_NUMEL] = {false};
  for (int64_t i = 0; i < h->n; i++) {
    if (seen[h->at[i]]) return true;
    seen[h->at[i]] = true;
  }
  return false;
}

// ---- lifetime ----------------------------------------------------------------------------------------------------------------------------

static inline store *store_new(int64_t n) {
  store *s = calloc(1, sizeof *s);
  s->memory = calloc(1, sizeof *s->memory);
  s->refs = s->memory->refs = 1;
  s->n = n, s->is_whole = true;
  for (int64_t i = 0; i < n; i++) s->memory->value[i] = UNKNOWN;
  return s;
}
static inline store *store_of_memory(memory *m, int64_t base, int64_t n) {
  store *s = calloc(1, sizeof *s);
  m->refs++;
  *s = (store){.refs = 1, .memory = m, .base = base, .n = n, .is_whole = true, .escaped = true};
  return s;
}
static inline void store_release(store *s) {
  if (!s || --s->refs) return;
  if (!--s->memory->refs) free(s->memory);
  free(s);
}
static inline void handle_release(handle *h) {
  rt_release(h->t);
  store_release(h->s);
  h->t = NULL, h->s = NULL;
}

/// Checks what the library says about h->t against h, and that its strides lead to the places in h->at.
static inline void check_facts(world *w, const handle *h) {
  const rt_tensor *t = h->t;
  if (rt_tensor_rank(t) != h->rank || rt_tensor_dtype(t) != h->dtype || rt_tensor_numel(t) != h->n || rt_tensor_device(t) != h->device) {
    fail_why(w, "rank %d, dtype %s, numel %lld, device %d; not rank %d, dtype %s, numel %lld, device %d", rt_tensor_rank(t),
             rt_dtype_name(rt_tensor_dtype(t)), (long long)rt_tensor_numel(t), rt_tensor_device(t), h->rank, rt_dtype_name(h->dtype),
             (long long)h->n, h->device);
    return;
  }
  int64_t index[MAX_RANK];
  const int64_t *shape = rt_tensor_shape(t), *stride = rt_tensor_strides(t);
  if (h->rank && memcmp(shape, h->shape, sizeof *shape * (size_t)h->rank)) fail_why(w, "the shape is wrong");
  bool is_dense = true;
  for (int64_t i = 0; i < h->n && !w->why[0]; i++) {
    int64_t at = rt_tensor_offset(t) + h->s->base;
    unravel(i, h->rank, h->shape, index);
    for (int32_t d = 0; d < h->rank; d++) at += index[d] * stride[d];
    is_dense &= h->at[i] == h->at[0] + i;
    if (at != h->at[i]) fail_why(w, "strides and offset lead to place %lld for element %lld, not to %d", (long long)at, (long long)i, h->at[i]);
  }
  if (!w->why[0] && rt_tensor_is_contiguous(t) != is_dense) fail_why(w, "is_contiguous is %d", rt_tensor_is_contiguous(t));
}

/// The list of places that the library's strides lead to: for new tensors, whose layout is the library's choice.
static inline void adopt_layout(handle *h) {
  int64_t index[MAX_RANK];
  const int64_t *stride = rt_tensor_strides(h->t);
  for (int64_t i = 0; i < h->n; i++) {
    int64_t at = rt_tensor_offset(h->t) + h->s->base;
    unravel(i, h->rank, h->shape, index);
    for (int32_t d = 0; d < h->rank; d++) at += index[d] * stride[d];
    h->at[i] = (int16_t)(at < 0 || at >= MAX_NUMEL ? MAX_NUMEL - 1 : at); // nonsense is found as a duplicate or by check_facts
  }
}

// ---- checking values ---------------------------------------------------------------------------------------------------------------------

static inline void check_values(world *w, const handle *h, const char *what, const char *bytes, const int64_t *want) {
  size_t size = rt_dtype_bytes(h->dtype);
  for (int64_t i = 0; i < h->n; i++) {
    int64_t expected = want ? want[i] : get(h, i), got = load(h->dtype, bytes + (size_t)i * size);
    if (expected == UNKNOWN || expected == got) continue;
    fail_why(w, "%s: element %lld of %lld (%s, device %d, place %d) is %lld, not %lld", what, (long long)i, (long long)h->n,
             rt_dtype_name(h->dtype), h->device, h->at[i], (long long)got, (long long)expected);
    return;
  }
}
static inline void check_read(world *w, const handle *h, const char *what) {
  _Alignas(8) char bytes[8 * MAX_NUMEL];
  if (!h->t || h->s->n_writes) return;
  if (done(w, rt_read(h->t, bytes, (size_t)bytes_of(h)), MAY(RT_OK))) check_values(w, h, what, bytes, NULL);
}
/// The same elements through an address: `zero` is where element 0 of the list lies.
static inline void check_raw(world *w, const handle *h, const char *what, const char *zero) {
  _Alignas(8) char bytes[8 * MAX_NUMEL];
  int64_t size = (int64_t)rt_dtype_bytes(h->dtype);
  for (int64_t i = 0; i < h->n; i++) memcpy(bytes + i * size, zero + (h->at[i] - h->at[0]) * size, (size_t)size);
  check_values(w, h, what, bytes, NULL);
}
static inline void check_everything(world *w) {
  for (int i = 0; i < N_SLOTS && !w->why[0]; i++) {
    char what[24];
    snprintf(what, sizeof what, "slot %d", i);
    check_read(w, &w->slot[i], what);
  }
  for (int i = 0; i < N_EXPORTS && !w->why[0]; i++)
    if (w->exports[i].managed) check_raw(w, &w->exports[i].h, "an exported pointer", w->exports[i].managed->dl_tensor.data);
  for (int i = 0; i < N_MAPS && !w->why[0]; i++)
    if (w->maps[i].ptr) check_raw(w, &w->maps[i].h, "a mapped pointer", w->maps[i].ptr);
}

#endif
