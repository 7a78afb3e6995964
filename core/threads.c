// SPDX-License-Identifier: BSD-3-Clause
// Parallel loops over fixed chunks. Each thread begins with the same share of them in every loop, so that it finds in its cache what it wrote in
// the loop before, and then helps with the shares of the others. Workers start at the first use, spin a while after a job and then sleep. Nothing
// here depends on how many threads there are, except how long it takes.
#include <fenv.h>
#include <string.h>

#include "internal.h"

#define SPIN_NS 200000u         // after a job: the next one often follows; to wake a sleeping thread takes as long on a virtual machine
#define SPIN_ROUNDS 64u         // pauses between two looks at the clock

#define GATE_OPEN (1u << 31)    // workers may join the job
#define GATE_WAITING (1u << 30) // the caller sleeps until the last worker has left; the other bits count the workers inside

typedef struct job {
  int64_t n, grain, n_chunks;
  rtb_body body;
  void *arg;
  fenv_t fenv;                  // the caller's: every chunk rounds as it would in the caller
  int32_t n_shares;
  atomic_llong limit;           // chunks from here on are not taken: the lowest that failed, or all of them
  rti_mutex lock;               // of the failure: the one of the lowest chunk, whatever the order of events
  int64_t failed_chunk;
  int32_t status;
  char sentence[512];
} job;

/// What one thread begins with: chunks up to the next share's first one.
typedef struct share {
  _Alignas(64) atomic_llong next;
} share;

typedef struct worker {
  rti_threads *threads;
  rti_thread thread;
  int32_t lane;
} worker;

struct rti_threads {
  rti_pool *pool;
  rt_threads hooks;             // parallel is NULL: workers of our own
  const atomic_bool *cancel;
  uint64_t fork_count;
  int32_t n_threads, n_started;
  bool is_started;
  atomic_bool busy;             // the owner of the job; nested and concurrent calls find it set and run inline
  _Alignas(64) _Atomic uint32_t gate;
  _Alignas(64) _Atomic uint32_t epoch; // rises with each job and at the end
  atomic_uint n_sleepers;
  atomic_bool quit;
  job job;
  worker *workers;              // n_threads - 1, none with hooks; behind the shares
  share shares[];               // one for each thread; the caller's is the first
};

static size_t threads_bytes(int32_t n_threads, int32_t n_workers) {
  return sizeof(rti_threads) + (size_t)n_threads * sizeof(share) + (size_t)n_workers * sizeof(worker);
}
static uint32_t *futex(_Atomic uint32_t *word) { return (uint32_t *)(void *)word; }

// ---- one job ---------------------------------------------------------------------------------------------------------------------------

static bool is_cancelled(const rti_threads *t) { return t->cancel && atomic_load_explicit(t->cancel, memory_order_relaxed); }
static int32_t fail_cancelled(void) { return rti_fail(RT_E_CANCELLED, "cancelled: rt_ctx_cancel stopped parallel work"); }

static int32_t run_chunk(int64_t n, int64_t grain, rtb_body body, void *arg, int64_t chunk) {
  int64_t begin = chunk * grain;
  return body(arg, begin, n - begin > grain ? begin + grain : n);
}

static int32_t run_inline(const rti_threads *t, int64_t n, int64_t grain, int64_t n_chunks, rtb_body body, void *arg) {
  for (int64_t chunk = 0; chunk < n_chunks; chunk++) {
    if (is_cancelled(t)) return fail_cancelled();
    int32_t status = run_chunk(n, grain, body, arg, chunk);
    if (status != RTB_OK) return status;
  }
  return RTB_OK;
}

/// errors_before: the sentences of this thread when the chunk began. One that is older says nothing about this failure.
static RTI_COLD void keep_failure(job *j, int64_t chunk, int32_t status, uint32_t errors_before) {
  rti_mutex_lock(&j->lock);
  if (chunk < j->failed_chunk) {
    j->failed_chunk = chunk;
    j->status = status;
    if (rti_error_count() == errors_before) rti_fail((rt_status)status, "parallel work failed with status %d", (int)status);
    strncpy(j->sentence, rt_last_error(), sizeof j->sentence - 1);
    atomic_store_explicit(&j->limit, chunk, memory_order_relaxed);
  }
  rti_mutex_unlock(&j->lock);
}

static int64_t first_of_share(const job *j, int32_t lane) {
  const int64_t each = j->n_chunks / j->n_shares, rest = j->n_chunks % j->n_shares;
  return each * lane + (lane < rest ? lane : rest);
}

/// Takes the chunks of one share in order, until none is left below the limit. So every chunk below one that failed is run: the lowest that fails
/// does so in every schedule. False: the work was cancelled.
static bool take_share(rti_threads *t, int32_t lane) {
  job *j = &t->job;
  const int64_t end = first_of_share(j, lane + 1);
  atomic_llong *next = &t->shares[lane].next;
  for (;;) {
    const int64_t limit = atomic_load_explicit(&j->limit, memory_order_relaxed), bound = end < limit ? end : limit;
    if (atomic_load_explicit(next, memory_order_relaxed) >= bound) return true;
    if (is_cancelled(t)) {
      const uint32_t errors = rti_error_count();
      keep_failure(j, INT64_MAX - 1, fail_cancelled(), errors); // a chunk that failed says more
      return false;
    }
    const int64_t chunk = atomic_fetch_add_explicit(next, 1, memory_order_relaxed);
    if (chunk >= end) return true;
    const uint32_t errors = rti_error_count();
    const int32_t status = run_chunk(j->n, j->grain, j->body, j->arg, chunk);
    if (RTI_UNLIKELY(status != RTB_OK)) keep_failure(j, chunk, status, errors);
  }
}

/// Its own share, then those of the others, beginning with the next.
static void take_chunks(rti_threads *t, int32_t lane) {
  const int32_t n = t->job.n_shares;
  for (int32_t i = 0, at = (int32_t)((uint32_t)lane % (uint32_t)n); i < n && take_share(t, at); i++) at = at + 1 < n ? at + 1 : 0;
}

// ---- workers ----------------------------------------------------------------------------------------------------------------------------

static bool enter_gate(rti_threads *t) {
  uint32_t gate = atomic_load_explicit(&t->gate, memory_order_relaxed);
  while (gate & GATE_OPEN)
    if (atomic_compare_exchange_weak_explicit(&t->gate, &gate, gate + 1, memory_order_acquire, memory_order_relaxed)) return true;
  return false;
}

static void leave_gate(rti_threads *t) {
  if (atomic_fetch_sub_explicit(&t->gate, 1, memory_order_release) == (GATE_WAITING | 1)) rti_os_wake_u32(futex(&t->gate), 1);
}

/// Returns when the epoch is no longer `seen`: spins a while, then sleeps.
static void wait_for_job(rti_threads *t, uint32_t seen) {
  for (uint64_t until = 0;;) {
    for (uint32_t i = 0; i < SPIN_ROUNDS; i++) {
      if (atomic_load_explicit(&t->epoch, memory_order_acquire) != seen) return;
      rti_os_pause();
    }
    uint64_t now = rti_os_now_ns();
    if (until == 0) until = now + SPIN_NS;
    if (now >= until) break;
  }
  atomic_fetch_add(&t->n_sleepers, 1); // before the look at epoch; the caller looks at n_sleepers after it raised epoch
  while (atomic_load(&t->epoch) == seen) rti_os_wait_u32(futex(&t->epoch), seen);
  atomic_fetch_sub(&t->n_sleepers, 1);
}

static void worker_main(void *arg) {
  const worker *self = arg;
  rti_threads *t = self->threads;
  uint32_t seen = 0;
  while (!atomic_load_explicit(&t->quit, memory_order_acquire)) {
    if (enter_gate(t)) {
      fesetenv(&t->job.fenv);
      take_chunks(t, self->lane);
      leave_gate(t);
    }
    wait_for_job(t, seen);
    seen = atomic_load_explicit(&t->epoch, memory_order_acquire);
  }
}

static void raise_epoch(rti_threads *t, int32_t n_wanted) {
  atomic_fetch_add(&t->epoch, 1);
  if (atomic_load(&t->n_sleepers) > 0) rti_os_wake_u32(futex(&t->epoch), n_wanted);
}

static void start_workers(rti_threads *t) {
  t->is_started = true;
  for (worker *w = t->workers; t->n_started < t->n_threads - 1; w++) {
    *w = (worker){.threads = t, .lane = t->n_started + 1};
    if (rti_thread_start(&w->thread, worker_main, w) != 0) break; // fewer will do
    t->n_started++;
  }
}

/// Shuts the gate and waits for the workers inside.
static void close_gate(rti_threads *t) {
  uint32_t gate = atomic_fetch_and_explicit(&t->gate, ~GATE_OPEN, memory_order_acquire) & ~GATE_OPEN;
  for (uint32_t spins = 0; gate != 0; gate = atomic_load_explicit(&t->gate, memory_order_acquire)) {
    if (gate == GATE_WAITING) {
      atomic_store_explicit(&t->gate, 0, memory_order_relaxed);
    } else if (gate & GATE_WAITING) {
      rti_os_wait_u32(futex(&t->gate), gate);
    } else if (spins < 40 * SPIN_ROUNDS) {
      spins++;
      rti_os_pause();
    } else {
      atomic_compare_exchange_strong(&t->gate, &gate, gate | GATE_WAITING);
    }
  }
}

static void run_hook_lane(void *arg, int32_t lane) {
  rti_threads *t = arg;
  fenv_t own;
  fegetenv(&own);
  fesetenv(&t->job.fenv);
  take_chunks(t, lane);
  fesetenv(&own);
}

// ---- the pool -----------------------------------------------------------------------------------------------------------------------------

rt_status rti_threads_create(rti_pool *pool, int32_t n_threads, const rt_threads *hooks, const atomic_bool *cancel, rti_threads **out) {
  *out = NULL;
  if (hooks && (!hooks->parallel || hooks->n_threads < 1)) return rti_fail(RT_E_ARGUMENT, "threads: the embedder's pool lacks its function or has no threads");
  if (!hooks && (n_threads < 1 || n_threads > RTI_MAX_THREADS)) return rti_fail(RT_E_ARGUMENT, "threads: %d is not a number from 1 to %d", (int)n_threads, RTI_MAX_THREADS);
  int32_t n_workers = hooks ? 0 : n_threads - 1;
  const int32_t n_lanes = hooks ? (hooks->n_threads < RTI_MAX_THREADS ? hooks->n_threads : RTI_MAX_THREADS) : n_threads;
  rti_threads *t = rti_pool_alloc_zeroed(pool, threads_bytes(n_lanes, n_workers));
  if (!t) return RT_E_NO_MEMORY;
  if (rti_mutex_init(&t->job.lock) != 0) {
    rti_pool_free(pool, t, threads_bytes(n_lanes, n_workers));
    return rti_fail(RT_E_NO_MEMORY, "threads: no lock to be had");
  }
  t->pool = pool;
  if (hooks) t->hooks = *hooks;
  t->cancel = cancel;
  t->n_threads = n_lanes;
  t->workers = (worker *)(void *)&t->shares[n_lanes];
  t->fork_count = rti_os_fork_count();
  *out = t;
  return RT_OK;
}

void rti_threads_destroy(rti_threads *t) {
  if (!t) return;
  if (rti_os_fork_count() == t->fork_count) { // else the workers stayed in the parent
    atomic_store_explicit(&t->quit, true, memory_order_release);
    raise_epoch(t, INT32_MAX);
    for (int32_t i = 0; i < t->n_started; i++) rti_thread_join(&t->workers[i].thread);
    rti_mutex_deinit(&t->job.lock);
  }
  rti_pool_free(t->pool, t, threads_bytes(t->n_threads, t->hooks.parallel ? 0 : t->n_threads - 1));
}

int32_t rti_threads_count(const rti_threads *threads) { return threads->n_threads; }

/// With `busy` held.
static int32_t run_parallel(rti_threads *t, int64_t n, int64_t grain, int64_t n_chunks, rtb_body body, void *arg) {
  job *j = &t->job;
  j->n = n, j->grain = grain, j->n_chunks = n_chunks, j->body = body, j->arg = arg;
  fegetenv(&j->fenv);
  j->n_shares = t->n_threads < n_chunks ? t->n_threads : (int32_t)n_chunks;
  for (int32_t i = 0; i < j->n_shares; i++) atomic_store_explicit(&t->shares[i].next, first_of_share(j, i), memory_order_relaxed);
  atomic_store_explicit(&j->limit, n_chunks, memory_order_relaxed);
  j->failed_chunk = INT64_MAX;
  j->status = RTB_OK;
  if (t->hooks.parallel) {
    t->hooks.parallel(t->hooks.user, j->n_shares, run_hook_lane, t);
    take_chunks(t, 0); // in case the embedder's pool ran fewer lanes than it was asked for
  } else {
    atomic_store_explicit(&t->gate, GATE_OPEN, memory_order_release);
    raise_epoch(t, j->n_shares - 1);
    take_chunks(t, 0);
    close_gate(t);
  }
  if (j->status != RTB_OK) rti_error_set(j->sentence);
  return j->status;
}

int32_t rti_parallel_for(rti_threads *t, int64_t n, int64_t grain, rtb_body body, void *arg) {
  if (n <= 0) return RTB_OK;
  if (grain < 1) return rti_fail(RT_E_ARGUMENT, "parallel_for: a grain of %lld is not positive", (long long)grain);
  int64_t n_chunks = n / grain + (n % grain != 0);
  if (n_chunks == 1 || t->n_threads == 1 || rti_os_fork_count() != t->fork_count || atomic_exchange_explicit(&t->busy, true, memory_order_acquire))
    return run_inline(t, n, grain, n_chunks, body, arg);
  if (!t->hooks.parallel && !t->is_started) start_workers(t);
  int32_t status;
  if (t->hooks.parallel || t->n_started > 0) status = run_parallel(t, n, grain, n_chunks, body, arg);
  else status = run_inline(t, n, grain, n_chunks, body, arg);
  atomic_store_explicit(&t->busy, false, memory_order_release);
  return status;
}
