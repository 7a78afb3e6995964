// SPDX-License-Identifier: BSD-3-Clause
// labels: threads
// The memory pool: sizes and alignment, reuse, the exactness of its counters, the limit, trimming, an allocator that fails, several threads,
// fork, and (under AddressSanitizer) poisoned free blocks.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE // fork
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"

#define KB ((size_t)1 << 10)
#define MB ((size_t)1 << 20)
#define GB ((size_t)1 << 30)

// ---- an allocator that counts, checks and fails on request ------------------------------------------------------------------------------

typedef struct watched {
  atomic_llong bytes, blocks, peak, calls, bad;
  atomic_llong fail_at;     // this call and, with fail_for_good, all later ones; -1: never
  bool fail_for_good;
} watched;

typedef struct tag { size_t bytes, align; char *base; } tag; // before each block

static void *watched_alloc(void *user, size_t bytes, size_t align) {
  watched *w = user;
  long long call = atomic_fetch_add(&w->calls, 1), fail_at = atomic_load(&w->fail_at);
  if (bytes == 0 || align == 0 || (align & (align - 1)) || align > 4096) atomic_fetch_add(&w->bad, 1);
  if (fail_at >= 0 && (call == fail_at || (w->fail_for_good && call > fail_at))) return NULL;
  if (bytes > SIZE_MAX - align - sizeof(tag)) return NULL;
  char *base = malloc(bytes + align + sizeof(tag));
  if (!base) return NULL;
  char *ptr = (char *)(((uintptr_t)base + sizeof(tag) + align - 1) & ~(uintptr_t)(align - 1));
  tag t = {bytes, align, base};
  memcpy(ptr - sizeof t, &t, sizeof t);
  long long now = atomic_fetch_add(&w->bytes, (long long)bytes) + (long long)bytes;
  for (long long peak = atomic_load(&w->peak); now > peak && !atomic_compare_exchange_weak(&w->peak, &peak, now);) continue;
  atomic_fetch_add(&w->blocks, 1);
  return ptr;
}

static void watched_free(void *user, void *ptr, size_t bytes, size_t align) {
  watched *w = user;
  tag t;
  memcpy(&t, (char *)ptr - sizeof t, sizeof t);
  if (t.bytes != bytes || t.align != align) atomic_fetch_add(&w->bad, 1);
  atomic_fetch_sub(&w->bytes, (long long)bytes);
  atomic_fetch_sub(&w->blocks, 1);
  free(t.base);
}

static rti_pool *create(watched *w, uint64_t limit) {
  rti_pool *pool;
  *w = (watched){.fail_at = -1};
  rt_allocator allocator = {watched_alloc, watched_free, w};
  assert_int_equal(rti_pool_create(&allocator, limit, &pool), RT_OK);
  return pool;
}

static void destroy(rti_pool *pool, watched *w) {
  rti_pool_destroy(pool);
  assert_int_equal(atomic_load(&w->blocks), 0);
  assert_int_equal(atomic_load(&w->bytes), 0);
  assert_int_equal(atomic_load(&w->bad), 0);
}

static rt_memory_stats stats_of(const rti_pool *pool) {
  rt_memory_stats stats;
  rti_pool_stats(pool, &stats);
  return stats;
}

static bool holds(const unsigned char *ptr, size_t bytes, int value) {
  return bytes == 0 || (ptr[0] == (unsigned char)value && memcmp(ptr, ptr + 1, bytes - 1) == 0);
}

static uint32_t random_state = 12345;
static uint32_t next_random(void) {
  random_state ^= random_state << 13, random_state ^= random_state >> 17, random_state ^= random_state << 5;
  return random_state;
}

// ---- sizes -----------------------------------------------------------------------------------------------------------------------------

static const size_t sizes[] = {0,     1,     2,      63,     64,      65,      127,     128,     129,    191,    192,    193,     255,         256, 257, 320, 321, 512, 513, 1000,
                               1024,  4095,  4096,   4097,   8192,    10000,   16383,   16384,   16385,  20480,  65536,  65537,   100000,      1 << 20, (1 << 20) + 1,
                               2 << 20, (2 << 20) + 1, 5 << 20};

static void blocks_are_aligned_apart_and_writable(void **state) {
  watched w;
  rti_pool *pool = create(&w, 0);
  unsigned char *ptr[2 * RTI_COUNT(sizes)];
  (void)state;
  for (int round = 0; round < 2; round++) {
    for (size_t i = 0; i < RTI_COUNT(ptr); i++) {
      size_t bytes = sizes[i % RTI_COUNT(sizes)];
      ptr[i] = rti_pool_alloc(pool, bytes);
      assert_non_null(ptr[i]);
      assert_int_equal((uintptr_t)ptr[i] % 64, 0);
      memset(ptr[i], (int)i, bytes ? bytes : 1);
    }
    assert_true(stats_of(pool).live_bytes > 0);
    for (size_t i = 0; i < RTI_COUNT(ptr); i++) {
      size_t bytes = sizes[i % RTI_COUNT(sizes)];
      assert_true(holds(ptr[i], bytes ? bytes : 1, (int)i));
      rti_pool_free(pool, ptr[i], bytes);
    }
    assert_int_equal(stats_of(pool).live_bytes, 0);
  }
  destroy(pool, &w);
}

static void rounding_wastes_little(void **state) {
  watched w;
  rti_pool *pool = create(&w, 0);
  (void)state;
  for (size_t bytes = 1; bytes < 64 * MB; bytes += 1 + bytes / 50) {
    uint64_t before = stats_of(pool).live_bytes;
    void *ptr = rti_pool_alloc(pool, bytes);
    assert_non_null(ptr);
    uint64_t cost = stats_of(pool).live_bytes - before;
    assert_true(cost >= bytes);
    if (cost > bytes + bytes / 4 + 64 + (bytes > 16 * KB ? 3200 : bytes > 3 * KB ? 192 : 0)) fail_msg("%zu bytes take %llu", bytes, (unsigned long long)cost);
    rti_pool_free(pool, ptr, bytes);
  }
  destroy(pool, &w);
}

static void zeroed_blocks_are_zero_when_reused(void **state) {
  watched w;
  rti_pool *pool = create(&w, 0);
  (void)state;
  for (size_t i = 0; i < RTI_COUNT(sizes); i++) {
    size_t bytes = sizes[i] ? sizes[i] : 1;
    unsigned char *ptr = rti_pool_alloc(pool, sizes[i]);
    memset(ptr, 0xff, bytes);
    rti_pool_free(pool, ptr, sizes[i]);
    ptr = rti_pool_alloc_zeroed(pool, sizes[i]);
    assert_true(holds(ptr, bytes, 0));
    rti_pool_free(pool, ptr, sizes[i]);
  }
  destroy(pool, &w);
}

static void large_operands_do_not_alias(void **state) {
  static const size_t cases[] = {4 * KB, 16 * KB, 64 * KB, 1 * MB, 4 * MB};
  watched w;
  (void)state;
  for (size_t i = 0; i < RTI_COUNT(cases); i++) {
    rti_pool *pool = create(&w, 0);
    void *ptr[4];
    for (int k = 0; k < 4; k++) ptr[k] = rti_pool_alloc(pool, cases[i]);
    for (int a = 0; a < 3; a++) {
      size_t apart = ((uintptr_t)ptr[a] - (uintptr_t)ptr[a + 1]) % 4096;
      // slabs hold four or more in a row; allocations of their own are shifted against each other wherever malloc puts them
      if (cases[i] <= 16 * KB) assert_true(apart >= 64 && apart <= 4096 - 64);
    }
    if (cases[i] > 16 * KB) {
      size_t shift[4];
      for (int k = 0; k < 4; k++) shift[k] = ((size_t *)ptr[k])[-1];
      for (int a = 0; a < 4; a++) for (int b = 0; b < a; b++) assert_true(shift[a] != shift[b]);
    }
    for (int k = 0; k < 4; k++) rti_pool_free(pool, ptr[k], cases[i]);
    destroy(pool, &w);
  }
}

static void beyond_the_classes(void **state) {
  rti_pool *pool;
  (void)state;
  assert_int_equal(rti_pool_create(NULL, 0, &pool), RT_OK); // the C library: untouched pages cost nothing
  char *ptr = rti_pool_alloc(pool, GB + 5);
  if (ptr) {
    ptr[0] = 1, ptr[GB + 4] = 2;
    assert_true(stats_of(pool).live_bytes >= GB + 5);
    rti_pool_free(pool, ptr, GB + 5);
    assert_int_equal(stats_of(pool).pooled_bytes, 0); // goes back at once
  }
  static const size_t impossible[] = {SIZE_MAX, SIZE_MAX - 63, SIZE_MAX / 2 + 1, PTRDIFF_MAX, PTRDIFF_MAX - 4096};
  for (size_t i = 0; i < RTI_COUNT(impossible); i++) {
    uint64_t failed = stats_of(pool).n_failed;
    rti_error_set("");
    assert_null(rti_pool_alloc(pool, impossible[i]));
    assert_non_null(strstr(rt_last_error(), "no memory for"));
    assert_int_equal(stats_of(pool).n_failed, failed + 1);
  }
  assert_int_equal(stats_of(pool).live_bytes, 0);
  rti_pool_destroy(pool);
}

// ---- counters -----------------------------------------------------------------------------------------------------------------------------

static void memory_is_reused_and_counted(void **state) {
  watched w;
  rti_pool *pool = create(&w, 0);
  (void)state;
  long long own = atomic_load(&w.bytes);
  for (size_t i = 0; i < RTI_COUNT(sizes); i++) {
    void *first = rti_pool_alloc(pool, sizes[i]);
    rt_memory_stats live = stats_of(pool);
    rti_pool_free(pool, first, sizes[i]);
    long long calls = atomic_load(&w.calls);
    void *second = rti_pool_alloc(pool, sizes[i]);
    assert_ptr_equal(first, second); // last in, first out
    assert_int_equal(atomic_load(&w.calls), calls);
    rt_memory_stats again = stats_of(pool);
    assert_int_equal(again.live_bytes, live.live_bytes);
    assert_int_equal(again.n_requests, live.n_requests + 1);
    assert_int_equal(again.n_system, live.n_system);
    assert_int_equal(again.live_bytes + again.pooled_bytes, (uint64_t)(atomic_load(&w.bytes) - own));
    rti_pool_free(pool, second, sizes[i]);
  }
  rt_memory_stats end = stats_of(pool);
  assert_int_equal(end.n_requests, 2 * RTI_COUNT(sizes));
  assert_int_equal(end.n_failed, 0);
  assert_int_equal(end.live_bytes, 0);
  assert_true(end.peak_bytes >= 5 * MB && end.peak_bytes < 5 * MB + 4 * KB);
  rti_pool_trim(pool);
  end = stats_of(pool);
  assert_int_equal(end.pooled_bytes, 0);
  assert_int_equal(atomic_load(&w.bytes), own);
  destroy(pool, &w);
}

static void trim_keeps_what_is_in_use(void **state) {
  enum { N = 3000 };
  static struct { unsigned char *ptr; size_t bytes; } used[N];
  watched w;
  rti_pool *pool = create(&w, 0);
  (void)state;
  for (int i = 0; i < N; i++) {
    used[i].bytes = 1 + next_random() % (i % 10 ? 700 : 30000);
    used[i].ptr = rti_pool_alloc(pool, used[i].bytes);
    memset(used[i].ptr, i, used[i].bytes);
  }
  for (int keep = 2; keep <= N; keep *= 4) { // every second, every eighth ...
    for (int i = 0; i < N; i++) {
      if (!used[i].ptr || i % keep == 0) continue;
      rti_pool_free(pool, used[i].ptr, used[i].bytes);
      used[i].ptr = NULL;
    }
    uint64_t pooled = stats_of(pool).pooled_bytes;
    rti_pool_trim(pool);
    assert_true(stats_of(pool).pooled_bytes <= pooled);
    for (int i = 0; i < N; i++) assert_true(!used[i].ptr || holds(used[i].ptr, used[i].bytes, i));
    for (int i = 1; i < 40; i++) { // what was kept can still be taken
      unsigned char *ptr = rti_pool_alloc(pool, (size_t)i * 17);
      memset(ptr, 0xee, (size_t)i * 17);
      rti_pool_free(pool, ptr, (size_t)i * 17);
    }
  }
  for (int i = 0; i < N; i++) rti_pool_free(pool, used[i].ptr, used[i].bytes);
  rti_pool_trim(pool);
  assert_int_equal(stats_of(pool).pooled_bytes, 0);
  destroy(pool, &w);
}

static void destroy_takes_slabs_in_use(void **state) {
  watched w;
  rti_pool *pool = create(&w, 0);
  (void)state;
  assert_non_null(rti_pool_alloc(pool, 100));
  assert_non_null(rti_pool_alloc(pool, 5000));
  destroy(pool, &w);
  rti_pool_destroy(NULL);
}

// ---- the limit and an allocator that fails -------------------------------------------------------------------------------------------------

static void the_limit_holds(void **state) {
  watched w;
  (void)state;
  for (uint64_t limit = 64 * KB; limit <= 16 * MB; limit *= 4) {
    rti_pool *pool = create(&w, limit);
    long long own = atomic_load(&w.bytes);
    struct { void *ptr; size_t bytes; } used[64] = {{0}};
    for (int i = 0; i < 2000; i++) {
      size_t at = next_random() % RTI_COUNT(used), most = limit / (next_random() % 3 ? 100 : 4);
      rti_pool_free(pool, used[at].ptr, used[at].bytes);
      used[at].bytes = 1 + next_random() % most;
      used[at].ptr = rti_pool_alloc(pool, used[at].bytes);
      if (used[at].ptr) *(char *)used[at].ptr = ((char *)used[at].ptr)[used[at].bytes - 1] = 1;
      rt_memory_stats stats = stats_of(pool);
      assert_true(stats.live_bytes + stats.pooled_bytes <= limit);
      assert_int_equal(stats.limit_bytes, limit);
    }
    assert_true(atomic_load(&w.peak) - own <= (long long)limit);
    for (size_t i = 0; i < RTI_COUNT(used); i++) rti_pool_free(pool, used[i].ptr, used[i].bytes);
    destroy(pool, &w);
  }
}

static void pressure_gives_pooled_memory_to_other_sizes(void **state) {
  watched w;
  rti_pool *pool = create(&w, 10 * MB);
  (void)state;
  for (int round = 0; round < 3; round++) {
    for (size_t bytes = 64; bytes <= 8 * MB; bytes *= 2) { // in total more than the limit, one at a time
      void *ptr = rti_pool_alloc(pool, bytes);
      assert_non_null(ptr);
      rti_pool_free(pool, ptr, bytes);
    }
  }
  assert_int_equal(stats_of(pool).n_failed, 0);
  void *most = rti_pool_alloc(pool, 8 * MB);
  assert_non_null(most);
  assert_null(rti_pool_alloc(pool, 4 * MB));
  assert_non_null(strstr(rt_last_error(), "limit 10485760"));
  assert_non_null(strstr(rt_last_error(), "4194304 bytes"));
  assert_int_equal(stats_of(pool).n_failed, 1);
  void *small = rti_pool_alloc(pool, 100); // still usable
  assert_non_null(small);
  rti_pool_free(pool, small, 100);
  rti_pool_free(pool, most, 8 * MB);
  void *now = rti_pool_alloc(pool, 4 * MB);
  assert_non_null(now);
  rti_pool_free(pool, now, 4 * MB);
  destroy(pool, &w);
}

static void a_tight_limit_takes_single_blocks(void **state) {
  watched w;
  rti_pool *pool = create(&w, 4096); // less than a slab
  void *ptr[64];
  int n = 0;
  (void)state;
  while (n < 64 && (ptr[n] = rti_pool_alloc(pool, 200)) != NULL) memset(ptr[n++], 7, 200);
  assert_in_range(n, 10, 16);
  while (n > 0) rti_pool_free(pool, ptr[--n], 200);
  rti_pool_trim(pool);
  assert_int_equal(stats_of(pool).pooled_bytes, 0);
  destroy(pool, &w);
}

static void every_failure_of_the_allocator_is_survived(void **state) {
  (void)state;
  for (int for_good = 0; for_good < 2; for_good++) {
    for (int fail_at = 0; fail_at < 40; fail_at++) {
      watched w = {.fail_at = fail_at, .fail_for_good = for_good};
      rt_allocator allocator = {watched_alloc, watched_free, &w};
      rti_pool *pool = (rti_pool *)&w;
      rt_status status = rti_pool_create(&allocator, 0, &pool);
      if (status != RT_OK) {
        assert_int_equal(status, RT_E_NO_MEMORY);
        assert_null(pool);
        assert_int_equal(fail_at, 0);
        continue;
      }
      struct { unsigned char *ptr; size_t bytes; } used[60];
      uint64_t refused = 0;
      for (size_t i = 0; i < RTI_COUNT(used); i++) {
        used[i].bytes = (i + 1) * (i % 3 == 2 ? 601 : 40);
        used[i].ptr = rti_pool_alloc(pool, used[i].bytes);
        if (used[i].ptr) memset(used[i].ptr, (int)i, used[i].bytes);
        refused += !used[i].ptr;
        if (i % 4 == 3) {
          rti_pool_free(pool, used[i - 2].ptr, used[i - 2].bytes);
          used[i - 2].ptr = NULL;
        }
      }
      rt_memory_stats stats = stats_of(pool);
      assert_int_equal(stats.n_failed, refused);
      if (!for_good) assert_int_equal(refused, 0); // the second try after a trim succeeds
      for (size_t i = 0; i < RTI_COUNT(used); i++) {
        assert_true(!used[i].ptr || holds(used[i].ptr, used[i].bytes, (int)i));
        rti_pool_free(pool, used[i].ptr, used[i].bytes);
      }
      assert_int_equal(stats_of(pool).live_bytes, 0);
      destroy(pool, &w);
    }
  }
}

static void half_an_allocator_is_refused(void **state) {
  rt_allocator half = {watched_alloc, NULL, NULL};
  rti_pool *pool = (rti_pool *)&half;
  (void)state;
  assert_int_equal(rti_pool_create(&half, 0, &pool), RT_E_ARGUMENT);
  assert_null(pool);
}

// ---- threads and fork ------------------------------------------------------------------------------------------------------------------

typedef struct churn { rti_pool *pool; uint32_t seed; atomic_bool *stop; bool trims; atomic_int bad; } churn;

static void *churn_main(void *arg) {
  churn *c = arg;
  struct { unsigned char *ptr; size_t bytes; } used[32] = {{0}};
  uint32_t x = c->seed;
  for (int i = 0; c->stop ? !atomic_load(c->stop) : i < 6000; i++) {
    x ^= x << 13, x ^= x >> 17, x ^= x << 5;
    size_t at = x % RTI_COUNT(used);
    if (used[at].ptr && (used[at].ptr[0] != (unsigned char)at || used[at].ptr[used[at].bytes - 1] != (unsigned char)c->seed)) atomic_fetch_add(&c->bad, 1);
    rti_pool_free(c->pool, used[at].ptr, used[at].bytes);
    used[at].bytes = 2 + (x >> 8) % (x % 7 ? 900 : 60000);
    used[at].ptr = rti_pool_alloc(c->pool, used[at].bytes);
    if (!used[at].ptr) atomic_fetch_add(&c->bad, 1);
    else used[at].ptr[0] = (unsigned char)at, used[at].ptr[used[at].bytes - 1] = (unsigned char)c->seed;
    if (c->trims && i % 500 == 0) rti_pool_trim(c->pool);
  }
  for (size_t i = 0; i < RTI_COUNT(used); i++) rti_pool_free(c->pool, used[i].ptr, used[i].bytes);
  return NULL;
}

static void threads_share_a_pool(void **state) {
  (void)state;
  for (int limited = 0; limited < 2; limited++) {
    watched w;
    rti_pool *pool = create(&w, limited ? 12 * MB : 0); // three times 32 blocks of at most 60 kB need less: nobody may fail
    churn c[3] = {{.pool = pool, .seed = 1}, {.pool = pool, .seed = 99, .trims = true}, {.pool = pool, .seed = 777}};
    pthread_t thread[3];
    for (int i = 0; i < 3; i++) assert_int_equal(pthread_create(&thread[i], NULL, churn_main, &c[i]), 0);
    for (int i = 0; i < 3; i++) pthread_join(thread[i], NULL);
    for (int i = 0; i < 3; i++) assert_int_equal(atomic_load(&c[i].bad), 0);
    assert_int_equal(stats_of(pool).live_bytes, 0);
    assert_int_equal(stats_of(pool).n_failed, 0);
    rti_pool_trim(pool);
    assert_int_equal(stats_of(pool).pooled_bytes, 0);
    destroy(pool, &w);
  }
}

/// Forks while two threads use the pool, so that now and then its lock is held by a thread that the child does not have.
static void a_child_can_use_the_pool(void **state) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  (void)state;
  print_error("SKIPPED: the sanitizer's allocator does not promise to survive such forks\n");
  skip();
#else
  rti_pool *pool;
  atomic_bool stop = false;
  pthread_t thread[2];
  (void)state;
  assert_int_equal(rti_pool_create(NULL, 0, &pool), RT_OK);
  churn c[2] = {{.pool = pool, .seed = 5, .stop = &stop}, {.pool = pool, .seed = 6, .stop = &stop}};
  for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&thread[i], NULL, churn_main, &c[i]), 0);
  int bad = 0;
  for (int i = 0; i < 100; i++) {
    pid_t child = fork();
    if (child == 0) {
      alarm(20);
      for (int k = 0; k < 100; k++) { // sizes that the slabs already hold, and their lists
        void *a = rti_pool_alloc(pool, 64 + (size_t)k * 8), *b = rti_pool_alloc(pool, 64);
        if (!a || !b || a == b) _exit(1);
        rti_pool_free(pool, a, 64 + (size_t)k * 8);
        rti_pool_free(pool, b, 64);
      }
      _exit(0);
    }
    int status = 1;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) bad++;
  }
  atomic_store(&stop, true);
  for (int i = 0; i < 2; i++) pthread_join(thread[i], NULL);
  assert_int_equal(bad, 0);
  rti_pool_destroy(pool);
#endif
}

// ---- AddressSanitizer --------------------------------------------------------------------------------------------------------------------

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
static void free_blocks_and_tails_are_poisoned(void **state) {
  static const size_t cases[] = {1, 64, 100, 200, 5000, 70000, 3 << 20};
  rti_pool *pool;
  (void)state;
  assert_int_equal(rti_pool_create(NULL, 0, &pool), RT_OK);
  for (size_t i = 0; i < RTI_COUNT(cases); i++) {
    char *ptr = rti_pool_alloc(pool, cases[i]);
    assert_null(__asan_region_is_poisoned(ptr, cases[i]));
    if (cases[i] % 64) assert_true(__asan_address_is_poisoned(ptr + cases[i]) || cases[i] % 8);
    if (cases[i] == 100) assert_true(__asan_address_is_poisoned(ptr + 104));
    rti_pool_free(pool, ptr, cases[i]);
    assert_true(__asan_address_is_poisoned(ptr) && __asan_address_is_poisoned(ptr + cases[i] - 1));
  }
  rti_pool_destroy(pool);
}
#else
static void free_blocks_and_tails_are_poisoned(void **state) {
  (void)state;
  print_error("SKIPPED: only AddressSanitizer can tell\n");
  skip();
}
#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(blocks_are_aligned_apart_and_writable),
      cmocka_unit_test(rounding_wastes_little),
      cmocka_unit_test(zeroed_blocks_are_zero_when_reused),
      cmocka_unit_test(large_operands_do_not_alias),
      cmocka_unit_test(beyond_the_classes),
      cmocka_unit_test(memory_is_reused_and_counted),
      cmocka_unit_test(trim_keeps_what_is_in_use),
      cmocka_unit_test(destroy_takes_slabs_in_use),
      cmocka_unit_test(the_limit_holds),
      cmocka_unit_test(pressure_gives_pooled_memory_to_other_sizes),
      cmocka_unit_test(a_tight_limit_takes_single_blocks),
      cmocka_unit_test(every_failure_of_the_allocator_is_survived),
      cmocka_unit_test(half_an_allocator_is_refused),
      cmocka_unit_test(threads_share_a_pool),
      cmocka_unit_test(a_child_can_use_the_pool),
      cmocka_unit_test(free_blocks_and_tails_are_poisoned),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
