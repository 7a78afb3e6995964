// SPDX-License-Identifier: BSD-3-Clause
// The limits of the machine: bandwidth for each kind of traffic at each footprint that a case has (so L1, L2, L3 and memory each have their own)
// and multiply-add peaks, with one thread and with all. They are sampled in turns with the cases, so that both see the same minute.
#include "suite.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

const traffic_kind traffic_kinds[TRAFFICS] = {
    [READ] = {"read", 1, 1}, [WRITE] = {"write", 1, 1}, [COPY] = {"copy", 2, 2}, [SCALE] = {"scale", 1, 2}, [ADD] = {"add", 3, 3}, [UPDATE] = {"update", 2, 3}};

#define APART_FLOATS 1088 // between arrays: not a multiple of a page, so that their lines do not fight for the same sets
static _Thread_local volatile float sink; // so that no loop is in vain

// ---- threads of our own: each does its share of every call of a sample ------------------------------------------------------------------------
typedef struct team {
  pthread_t thread[256];
  int32_t n;                 // the caller included
  pthread_mutex_t lock;
  pthread_cond_t wake;
  uint64_t round;            // under lock: rises with each job; 0 ends the threads
  bool ends;
  gauge *job;
  int64_t n_calls;
  _Atomic int32_t n_ready, n_done;
  _Atomic bool go;
} team;

static void work(const gauge *g, int32_t k, int64_t n_calls) {
  const roofline *r = g->owner;
  if (g->is_peak) {
    sink = (float)(g->dtype == RT_F64 ? r->loops->fma_f64 : r->loops->fma_f32)(n_calls * 1000);
    return;
  }
  size_t n = (size_t)(g->footprint_bytes / traffic_kinds[g->kind].n_arrays / sizeof(float)) / 64 * 64;
  size_t begin = n * (size_t)k / (size_t)g->n_threads / 64 * 64, end = n * ((size_t)k + 1) / (size_t)g->n_threads / 64 * 64;
  float *x = r->arena + begin, *y = x + n + APART_FLOATS, *z = y + n + APART_FLOATS;
  if (g->kind == READ) y = x;
  for (int64_t i = 0; i < n_calls; i++)
    sink = (g->bypasses ? r->loops->bypass : r->loops->stream)[g->kind](x, y, z, end - begin);
}

// Waits by looking, and lets others run when it takes long: there may be fewer processors than threads.
static void wait_for(_Atomic int32_t *count, int32_t n) {
  for (int64_t looks = 1; atomic_load(count) < n; looks++) if (looks % 4096 == 0) sched_yield();
}

typedef struct member { team *all; int32_t k; } member;
static void *serve(void *arg) {
  member self = *(member *)arg;
  free(arg);
  team *all = self.all;
  for (uint64_t seen = 0;;) {
    pthread_mutex_lock(&all->lock);
    while (!all->ends && all->round == seen) pthread_cond_wait(&all->wake, &all->lock);
    seen = all->round;
    bool ends = all->ends;
    gauge *job = all->job;
    int64_t n_calls = all->n_calls;
    pthread_mutex_unlock(&all->lock);
    if (ends) return NULL;
    atomic_fetch_add(&all->n_ready, 1);
    for (int64_t looks = 1; !atomic_load(&all->go); looks++) if (looks % 4096 == 0) sched_yield();
    work(job, self.k, n_calls);
    atomic_fetch_add(&all->n_done, 1);
  }
}

static double run_gauge(void *self, int64_t n) {
  gauge *g = self;
  team *all = g->n_threads > 1 ? g->owner->team : NULL;
  if (all) {
    pthread_mutex_lock(&all->lock);
    atomic_store(&all->go, false);
    atomic_store(&all->n_ready, 0);
    atomic_store(&all->n_done, 0);
    all->job = g, all->n_calls = n, all->round++;
    pthread_cond_broadcast(&all->wake);
    pthread_mutex_unlock(&all->lock);
    wait_for(&all->n_ready, all->n - 1);
  }
  double begin = now_ns();
  if (all) atomic_store(&all->go, true);
  work(g, 0, n);
  if (all) wait_for(&all->n_done, all->n - 1);
  return now_ns() - begin;
}

static void end_team(team *all) {
  if (!all) return;
  pthread_mutex_lock(&all->lock);
  all->ends = true;
  pthread_cond_broadcast(&all->wake);
  pthread_mutex_unlock(&all->lock);
  for (int32_t k = 1; k < all->n; k++) pthread_join(all->thread[k], NULL);
  pthread_cond_destroy(&all->wake);
  pthread_mutex_destroy(&all->lock);
  free(all);
}

static team *start_team(int32_t n) {
  team *all = grow(NULL, 1, sizeof *all);
  memset(all, 0, sizeof *all);
  pthread_mutex_init(&all->lock, NULL);
  pthread_cond_init(&all->wake, NULL);
  for (all->n = 1; all->n < n; all->n++) {
    member *one = grow(NULL, 1, sizeof *one);
    *one = (member){all, all->n};
    if (pthread_create(&all->thread[all->n], NULL, serve, one) == 0) continue;
    free(one);
    end_team(all);
    return NULL;
  }
  return all;
}

// ---- what is measured ------------------------------------------------------------------------------------------------------------------------------
bool roofline_start(roofline *r, int32_t n_threads) {
  *r = (roofline){.loops = probe_loops_at(0), .n_threads = n_threads < 256 ? n_threads : 256};
  if (r->n_threads > 1 && !(r->team = start_team(r->n_threads))) return fail("bench: no %d threads for the roofline", n_threads), false;
  return true;
}

// Eight sizes per octave are as fine as bandwidth is.
static double rounded(double bytes) {
  double step = exp2(floor(log2(bytes)) - 3);
  return floor(bytes / step) * step;
}

static bool is_same(const gauge *g, bool is_peak, traffic kind, rt_dtype dtype, double footprint) {
  return g->is_peak == is_peak && (is_peak ? g->dtype == dtype : g->kind == kind && g->footprint_bytes == footprint);
}

static void add_gauge(roofline *r, gauge wanted) {
  gauge *g = grow(NULL, 1, sizeof *g);
  *g = wanted;
  g->owner = r;
  char *bytes = bytes_text((uint64_t)g->footprint_bytes);
  if (g->is_peak) snprintf(g->name, sizeof g->name, "roofline/fma/%s/%d", rt_dtype_name(g->dtype), g->n_threads);
  else snprintf(g->name, sizeof g->name, "roofline/%s%s/%s/%d", traffic_kinds[g->kind].name, g->bypasses ? "_past_caches" : "", bytes, g->n_threads);
  for (char *s = g->name; *s; s++) if (*s == ' ') memmove(s, s + 1, strlen(s));
  free(bytes);
  g->timing = (subject){.name = g->name, .run = run_gauge, .self = g};
  r->at = grow(r->at, r->n + 1, sizeof(gauge *));
  r->at[r->n++] = g;
}

void want_stream(roofline *r, traffic kind, double footprint_bytes) {
  double footprint = rounded(footprint_bytes);
  for (size_t i = 0; i < r->n; i++) if (is_same(r->at[i], false, kind, 0, footprint)) return;
  size_t arrays = (size_t)traffic_kinds[kind].n_arrays, n = (size_t)(footprint / (double)arrays / sizeof(float)) / 64 * 64;
  gauge g = {.kind = kind, .footprint_bytes = footprint, .amount = (double)n * sizeof(float) * traffic_kinds[kind].n_streams};
  size_t bytes = (n + APART_FLOATS) * arrays * sizeof(float);
  if (bytes > r->arena_bytes) r->arena_bytes = bytes;
  for (g.n_threads = 1; g.n_threads <= r->n_threads; g.n_threads += r->n_threads > 1 ? r->n_threads - 1 : 1) {
    add_gauge(r, g);
    if (!r->loops->bypass[kind] || footprint < 1 << 20) continue;
    gauge past = g;
    past.bypasses = true;
    add_gauge(r, past);
  }
}

void want_peak(roofline *r, rt_dtype dtype) {
  gauge g = {.is_peak = true, .dtype = dtype == RT_F64 ? RT_F64 : RT_F32};
  for (size_t i = 0; i < r->n; i++) if (is_same(r->at[i], true, 0, g.dtype, 0)) return;
  for (g.n_threads = 1; g.n_threads <= r->n_threads; g.n_threads += r->n_threads > 1 ? r->n_threads - 1 : 1) {
    g.amount = 1000 * (g.dtype == RT_F64 ? r->loops->flops_f64 : r->loops->flops_f32) * g.n_threads;
    add_gauge(r, g);
  }
}

bool roofline_prepare(roofline *r) {
  if (r->arena_bytes == 0) return true;
  const size_t huge_page = 2 << 20;
  r->arena_bytes = (r->arena_bytes + huge_page - 1) / huge_page * huge_page;
  if (!(r->arena = aligned_alloc(huge_page, r->arena_bytes))) return fail("bench: no memory for the roofline (%zu bytes)", r->arena_bytes), false;
#ifdef MADV_HUGEPAGE
  madvise(r->arena, r->arena_bytes, MADV_HUGEPAGE); // a wish: the limit is what the machine can do, not what pages cost
#endif
  for (size_t i = 0; i < r->arena_bytes / sizeof(float); i++) r->arena[i] = 1;
  return true;
}

// ---- what was measured -----------------------------------------------------------------------------------------------------------------------------
static double best(const roofline *r, bool is_peak, traffic kind, rt_dtype dtype, double footprint, int32_t n_threads) {
  double most = 0;
  for (size_t i = 0; i < r->n; i++) {
    const gauge *g = r->at[i];
    if (g->n_threads > n_threads || !(g->timing.time.median > 0) || !is_same(g, is_peak, kind, dtype, footprint)) continue;
    most = fmax(most, g->amount / g->timing.time.median);
  }
  return most;
}

double stream_limit(const roofline *r, traffic kind, double footprint_bytes, int32_t n_threads) {
  return best(r, false, kind, 0, rounded(footprint_bytes), n_threads);
}

double peak_limit(const roofline *r, rt_dtype dtype, int32_t n_threads) {
  return best(r, true, 0, dtype == RT_F64 ? RT_F64 : RT_F32, 0, n_threads);
}

void roofline_free(roofline *r) {
  end_team(r->team);
  for (size_t i = 0; i < r->n; i++) {
    subject_free(&r->at[i]->timing);
    free(r->at[i]);
  }
  free(r->at);
  free(r->arena);
  *r = (roofline){0};
}
