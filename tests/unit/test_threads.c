// SPDX-License-Identifier: BSD-3-Clause
// labels: threads
// The thread pool: every chunk exactly once at any number of threads, failures and sentences carried to the caller, cancelling, nesting,
// the embedder's own pool, and what is left of it in a forked child.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE // usleep, fork
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"

static rti_pool *pool;

static int setup(void **state) { return (void)state, rti_pool_create(NULL, 0, &pool) == RT_OK ? 0 : -1; }
static int teardown(void **state) {
  rt_memory_stats stats;
  (void)state;
  rti_pool_stats(pool, &stats);
  rti_pool_destroy(pool);
  return stats.live_bytes == 0 ? 0 : -1; // every test gives all memory back
}

static rti_threads *create(int32_t n_threads, const rt_threads *hooks, const atomic_bool *cancel) {
  rti_threads *threads = NULL;
  assert_int_equal(rti_threads_create(pool, n_threads, hooks, cancel, &threads), RT_OK);
  return threads;
}

// ---- chunks ----------------------------------------------------------------------------------------------------------------------------

typedef struct tally { int64_t n, grain; atomic_int *seen; atomic_int wrong; } tally;

static int32_t count_chunk(void *arg, int64_t begin, int64_t end) {
  tally *t = arg;
  int64_t expected = t->n - begin > t->grain ? begin + t->grain : t->n;
  if (begin < 0 || begin % t->grain != 0 || end != expected || begin >= end) atomic_fetch_add(&t->wrong, 1);
  else atomic_fetch_add(&t->seen[begin / t->grain], 1);
  return RTB_OK;
}

static void every_chunk_runs_once(void **state) {
  static const struct { int64_t n, grain; } cases[] = {{1, 1}, {1, 100}, {2, 1}, {7, 2}, {100, 1}, {1000, 7}, {1000, 1000}, {1001, 1000}, {4096, 64}, {INT64_MAX, INT64_MAX / 3}};
  static const int32_t counts[] = {1, 2, 3, 8};
  (void)state;
  for (size_t c = 0; c < RTI_COUNT(counts); c++) {
    rti_threads *threads = create(counts[c], NULL, NULL);
    assert_int_equal(rti_threads_count(threads), counts[c]);
    for (int repeat = 0; repeat < 50; repeat++) {
      for (size_t i = 0; i < RTI_COUNT(cases); i++) {
        int64_t n_chunks = cases[i].n / cases[i].grain + (cases[i].n % cases[i].grain != 0);
        tally t = {.n = cases[i].n, .grain = cases[i].grain, .seen = calloc((size_t)n_chunks, sizeof(atomic_int))};
        assert_int_equal(rti_parallel_for(threads, t.n, t.grain, count_chunk, &t), RTB_OK);
        assert_int_equal(atomic_load(&t.wrong), 0);
        for (int64_t k = 0; k < n_chunks; k++) assert_int_equal(atomic_load(&t.seen[k]), 1);
        free(t.seen);
      }
    }
    rti_threads_destroy(threads);
  }
}

static void nothing_to_do_calls_nobody(void **state) {
  rti_threads *threads = create(2, NULL, NULL);
  (void)state;
  assert_int_equal(rti_parallel_for(threads, 0, 1, count_chunk, NULL), RTB_OK);
  assert_int_equal(rti_parallel_for(threads, -5, 1, count_chunk, NULL), RTB_OK);
  assert_int_equal(rti_parallel_for(threads, 5, 0, count_chunk, NULL), RTB_E_ARGUMENT);
  assert_non_null(strstr(rt_last_error(), "grain of 0"));
  rti_threads_destroy(threads);
}

static void wrong_counts_are_refused(void **state) {
  static const int32_t counts[] = {0, -1, INT32_MIN, 1000000};
  rti_threads *threads;
  (void)state;
  for (size_t i = 0; i < RTI_COUNT(counts); i++) {
    threads = (rti_threads *)&pool;
    assert_int_equal(rti_threads_create(pool, counts[i], NULL, NULL, &threads), RT_E_ARGUMENT);
    assert_null(threads);
  }
  rt_threads empty = {0};
  assert_int_equal(rti_threads_create(pool, 2, &empty, NULL, &threads), RT_E_ARGUMENT);
  rti_threads_destroy(NULL);
}

// ---- failures --------------------------------------------------------------------------------------------------------------------------

typedef struct failing { int64_t from; atomic_llong ran; } failing;

static int32_t fail_from(void *arg, int64_t begin, int64_t end) {
  failing *f = arg;
  (void)end;
  atomic_fetch_add(&f->ran, 1);
  if (begin >= f->from) return rti_fail(RT_E_INDEX, "gather: index %lld", (long long)begin);
  return RTB_OK;
}

static void lowest_failure_is_carried(void **state) {
  (void)state;
  for (int32_t n_threads = 1; n_threads <= 4; n_threads++) {
    rti_threads *threads = create(n_threads, NULL, NULL);
    for (int64_t from = 0; from < 200; from += 9) {
      failing f = {.from = from};
      char expected[64];
      snprintf(expected, sizeof expected, "gather: index %lld", (long long)from);
      rti_error_set("");
      assert_int_equal(rti_parallel_for(threads, INT64_MAX, 1, fail_from, &f), RTB_E_INDEX); // returns at all: the rest was stopped
      assert_string_equal(rt_last_error(), expected);
      assert_true(atomic_load(&f.ran) > from);
    }
    rti_threads_destroy(threads);
  }
}

static int32_t fail_silently(void *arg, int64_t begin, int64_t end) {
  pthread_t *caller = arg;
  (void)begin, (void)end;
  for (volatile int i = 0; i < 2000; i++) continue;
  return pthread_equal(*caller, pthread_self()) ? RTB_OK : RTB_E_BACKEND;
}

static int32_t fail_in_every_thread(void *arg, int64_t begin, int64_t end) {
  (void)arg, (void)begin, (void)end;
  return RTB_E_INDEX;
}

static void silent_failure_gets_a_sentence(void **state) {
  rti_threads *threads = create(3, NULL, NULL);
  pthread_t self = pthread_self();
  int32_t status = RTB_OK;
  (void)state;
  for (int i = 0; i < 1000 && status == RTB_OK; i++) status = rti_parallel_for(threads, 1000, 1, fail_silently, &self);
  assert_int_equal(status, RTB_E_BACKEND);
  assert_string_equal(rt_last_error(), "parallel work failed with status 12");
  // Nor does the caller's own failure show what went wrong before.
  rti_error_set("an older story");
  assert_int_equal(rti_parallel_for(threads, 1000, 1, fail_in_every_thread, NULL), RTB_E_INDEX);
  assert_string_equal(rt_last_error(), "parallel work failed with status 4");
  rti_threads_destroy(threads);
}

typedef struct cancelling { atomic_bool *flag; int64_t at; atomic_llong ran; } cancelling;

static int32_t cancel_at(void *arg, int64_t begin, int64_t end) {
  cancelling *c = arg;
  (void)end;
  atomic_fetch_add(&c->ran, 1);
  if (begin == c->at) atomic_store(c->flag, true);
  return RTB_OK;
}

static void cancel_stops_between_chunks(void **state) {
  (void)state;
  for (int32_t n_threads = 1; n_threads <= 3; n_threads++) {
    atomic_bool flag = false;
    rti_threads *threads = create(n_threads, NULL, &flag);
    cancelling c = {.flag = &flag, .at = 10};
    assert_int_equal(rti_parallel_for(threads, INT64_MAX, 1, cancel_at, &c), RTB_E_CANCELLED);
    assert_non_null(strstr(rt_last_error(), "cancel"));
    long long before = atomic_load(&c.ran);
    assert_int_equal(rti_parallel_for(threads, 1, 1, cancel_at, &c), RTB_E_CANCELLED); // until it is cleared
    assert_int_equal(atomic_load(&c.ran), before);
    atomic_store(&flag, false);
    c.at = -1;
    assert_int_equal(rti_parallel_for(threads, 100, 1, cancel_at, &c), RTB_OK);
    assert_int_equal(atomic_load(&c.ran), before + 100);
    rti_threads_destroy(threads);
  }
}

// ---- nested and concurrent calls -----------------------------------------------------------------------------------------------------------

typedef struct nest { rti_threads *threads; atomic_llong sum; int depth; } nest;

static int32_t nested(void *arg, int64_t begin, int64_t end) {
  nest *outer = arg;
  if (outer->depth == 0) {
    atomic_fetch_add(&outer->sum, end - begin);
    return RTB_OK;
  }
  nest inner = {.threads = outer->threads, .depth = outer->depth - 1};
  int32_t status = rti_parallel_for(outer->threads, 10 * (end - begin), 3, nested, &inner);
  atomic_fetch_add(&outer->sum, atomic_load(&inner.sum));
  return status;
}

static void nested_calls_run_inline(void **state) {
  (void)state;
  for (int32_t n_threads = 1; n_threads <= 4; n_threads += 3) {
    nest n = {.threads = create(n_threads, NULL, NULL), .depth = 3};
    assert_int_equal(rti_parallel_for(n.threads, 20, 1, nested, &n), RTB_OK);
    assert_int_equal(atomic_load(&n.sum), 20000);
    rti_threads_destroy(n.threads);
  }
}

static void *call_often(void *arg) {
  nest *n = arg;
  for (int i = 0; i < 300; i++) {
    nest mine = {.threads = n->threads, .depth = 1};
    if (rti_parallel_for(n->threads, 50, 1, nested, &mine) != RTB_OK || atomic_load(&mine.sum) != 500) return arg;
  }
  return NULL;
}

static void concurrent_callers_share_a_pool(void **state) {
  nest n = {.threads = create(3, NULL, NULL)};
  pthread_t callers[3];
  (void)state;
  for (size_t i = 0; i < RTI_COUNT(callers); i++) assert_int_equal(pthread_create(&callers[i], NULL, call_often, &n), 0);
  for (size_t i = 0; i < RTI_COUNT(callers); i++) {
    void *failed;
    pthread_join(callers[i], &failed);
    assert_null(failed);
  }
  rti_threads_destroy(n.threads);
}

static void sleeping_workers_wake_up(void **state) {
  rti_threads *threads = create(4, NULL, NULL);
  (void)state;
  for (int i = 0; i < 20; i++) {
    failing f = {.from = INT64_MAX};
    assert_int_equal(rti_parallel_for(threads, 1000, 1, fail_from, &f), RTB_OK);
    assert_int_equal(atomic_load(&f.ran), 1000);
    usleep(2000); // longer than they spin
  }
  rti_threads_destroy(threads);
}

// ---- what a body sees -------------------------------------------------------------------------------------------------------------------------

typedef struct surroundings { pthread_t caller; int rounding; atomic_int wrong_rounding, open_signals, elsewhere; } surroundings;

static int32_t look_around(void *arg, int64_t begin, int64_t end) {
  surroundings *s = arg;
  (void)begin, (void)end;
  if (fegetround() != s->rounding) atomic_fetch_add(&s->wrong_rounding, 1);
  if (!pthread_equal(pthread_self(), s->caller)) {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    atomic_fetch_add(&s->open_signals, !sigismember(&mask, SIGINT) || !sigismember(&mask, SIGALRM) || !sigismember(&mask, SIGCHLD));
    atomic_fetch_add(&s->elsewhere, 1);
  }
  for (volatile int i = 0; i < 2000; i++) continue;
  return RTB_OK;
}

static void workers_round_as_the_caller_and_take_no_signals(void **state) {
  static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_TOWARDZERO, FE_TONEAREST};
  rti_threads *threads = create(3, NULL, NULL);
  int elsewhere = 0;
  (void)state;
  for (int i = 0; i < 1000 && (i < 40 || elsewhere == 0); i++) {
    surroundings s = {.caller = pthread_self(), .rounding = modes[i % 4]};
    fesetround(s.rounding);
    int32_t status = rti_parallel_for(threads, 200, 1, look_around, &s);
    int after = fegetround();
    fesetround(FE_TONEAREST);
    assert_int_equal(status, RTB_OK);
    assert_int_equal(after, s.rounding);
    assert_int_equal(atomic_load(&s.wrong_rounding), 0);
    assert_int_equal(atomic_load(&s.open_signals), 0);
    elsewhere += atomic_load(&s.elsewhere);
  }
  assert_true(elsewhere > 0);
  rti_threads_destroy(threads);
}

// ---- the embedder's pool ------------------------------------------------------------------------------------------------------------------------

typedef struct own_pool { int calls, lanes; bool is_lazy; } own_pool;

static void own_parallel(void *user, int32_t n, void (*run)(void *arg, int32_t k), void *arg) {
  own_pool *p = user;
  p->calls++;
  p->lanes = n;
  if (p->is_lazy) return;
  for (int32_t k = n; k-- > 0;) run(arg, k);
}

static void embedder_pool_is_used(void **state) {
  (void)state;
  for (int lazy = 0; lazy < 2; lazy++) {
    own_pool own = {.is_lazy = lazy};
    rt_threads hooks = {.parallel = own_parallel, .n_threads = 5, .user = &own};
    rti_threads *threads = create(1, &hooks, NULL);
    atomic_int seen[100] = {0};
    tally t = {.n = 100, .grain = 1, .seen = seen};
    assert_int_equal(rti_threads_count(threads), 5);
    assert_int_equal(rti_parallel_for(threads, 100, 1, count_chunk, &t), RTB_OK);
    for (int k = 0; k < 100; k++) assert_int_equal(atomic_load(&seen[k]), 1);
    assert_int_equal(own.calls, 1);
    assert_int_equal(own.lanes, 5);
    nest n = {.threads = threads, .depth = 2};
    assert_int_equal(rti_parallel_for(threads, 3, 1, nested, &n), RTB_OK);
    assert_int_equal(own.calls, 2); // the inner calls were inline
    assert_int_equal(own.lanes, 3);
    failing f = {.from = 4};
    assert_int_equal(rti_parallel_for(threads, 100, 1, fail_from, &f), RTB_E_INDEX);
    assert_string_equal(rt_last_error(), "gather: index 4");
    rti_threads_destroy(threads);
  }
}

// ---- fork --------------------------------------------------------------------------------------------------------------------------------

static void child_works_inline_and_does_not_hang(void **state) {
  rti_threads *threads = create(4, NULL, NULL);
  failing f = {.from = INT64_MAX};
  (void)state;
  assert_int_equal(rti_parallel_for(threads, 1000, 1, fail_from, &f), RTB_OK);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    alarm(20);
    failing mine = {.from = INT64_MAX};
    int32_t status = rti_parallel_for(threads, 1000, 1, fail_from, &mine);
    rti_threads_destroy(threads);
    _exit(status == RTB_OK && atomic_load(&mine.ran) == 1000 ? 0 : 1);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  atomic_store(&f.ran, 0);
  assert_int_equal(rti_parallel_for(threads, 1000, 1, fail_from, &f), RTB_OK); // the parent goes on
  assert_int_equal(atomic_load(&f.ran), 1000);
  rti_threads_destroy(threads);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(every_chunk_runs_once, setup, teardown),
      cmocka_unit_test_setup_teardown(nothing_to_do_calls_nobody, setup, teardown),
      cmocka_unit_test_setup_teardown(wrong_counts_are_refused, setup, teardown),
      cmocka_unit_test_setup_teardown(lowest_failure_is_carried, setup, teardown),
      cmocka_unit_test_setup_teardown(silent_failure_gets_a_sentence, setup, teardown),
      cmocka_unit_test_setup_teardown(cancel_stops_between_chunks, setup, teardown),
      cmocka_unit_test_setup_teardown(nested_calls_run_inline, setup, teardown),
      cmocka_unit_test_setup_teardown(concurrent_callers_share_a_pool, setup, teardown),
      cmocka_unit_test_setup_teardown(sleeping_workers_wake_up, setup, teardown),
      cmocka_unit_test_setup_teardown(workers_round_as_the_caller_and_take_no_signals, setup, teardown),
      cmocka_unit_test_setup_teardown(embedder_pool_is_used, setup, teardown),
      cmocka_unit_test_setup_teardown(child_works_inline_and_does_not_hang, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
