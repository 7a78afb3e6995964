// SPDX-License-Identifier: BSD-3-Clause
// The memory of a context: blocks by size class over an rt_allocator, kept for reuse until a trim. Small blocks are carved from slabs, larger
// ones are allocations of their own that start at staggered offsets; the largest go back to the allocator at once.
//
// One lock covers the lists and the counters, for a handful of instructions at a time; the allocator is never called under it. The counters
// need one shared atomic operation per call anyway, so a lock per class would only add to that.
#include <string.h>

#include "internal.h"

#if defined(__SANITIZE_ADDRESS__)
#define POOL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POOL_ASAN 1
#endif
#endif
#ifdef POOL_ASAN // free blocks, and the tails of blocks in use, are poisoned: a late use of a tensor's memory is caught
#include <sanitizer/asan_interface.h>
#define POISON(ptr, bytes) __asan_poison_memory_region(ptr, bytes)
#define UNPOISON(ptr, bytes) __asan_unpoison_memory_region(ptr, bytes)
#define LINK_ACCESS __attribute__((no_sanitize("address"), noinline))
#else
#define POISON(ptr, bytes) ((void)0)
#define UNPOISON(ptr, bytes) ((void)0)
#define LINK_ACCESS inline
#endif

#define ALIGN 64u
#define N_CLASSES 92            // 64, 128, 192, 256, then four per doubling to 1 GiB
#define N_SLAB_CLASSES 28       // to 16 KiB: carved from slabs
#define SLAB_BYTES ((size_t)64 << 10)
#define STAGGER_BYTES 192u      // between the starts of neighbours, so that no two operands share all of the low 12 address bits
#define STAGGER_STEPS 16u
#define PAGE_BYTES 4096u
#define HUGE_BYTES ((size_t)2 << 20)

typedef struct block { struct block *next; } block;

typedef struct slab {           // followed by its blocks
  block link;                   // to the next slab of its class
  size_t bytes;
  uint32_t n_blocks;
} slab;
#define SLAB_HEADER ALIGN
_Static_assert(sizeof(slab) <= SLAB_HEADER, "the header of a slab fits before its first block");

struct rti_pool {
  _Alignas(ALIGN) rti_spin lock;    // of the lists and counters
  rti_spin pressure;                // taken for the length of a trim, so that nobody else fails for want of memory that is about to come back
  uint32_t stagger;
  uint64_t live, peak, system, n_requests, n_system, n_failed; // system: bytes taken from the allocator and not given back
  uint64_t limit;
  bool is_direct;                   // nothing is kept: see rti_pool_set_direct
  rt_allocator allocator;
  _Atomic(block *) free[N_CLASSES];
  block *slabs[N_SLAB_CLASSES];
};

static void *default_alloc(void *user, size_t bytes, size_t align) { return (void)user, rti_os_alloc(bytes, align); }
static void default_free(void *user, void *ptr, size_t bytes, size_t align) { (void)user, rti_os_free(ptr, bytes, align); }

// ---- size classes ----------------------------------------------------------------------------------------------------------------------

/// The class of a size; N_CLASSES and above: none.
static inline uint32_t class_of(size_t bytes) {
  if (bytes <= 4 * ALIGN) return bytes ? (uint32_t)((bytes - 1) / ALIGN) : 0;
  uint32_t log2 = 63u - (uint32_t)__builtin_clzll(bytes - 1); // 2^log2 <= bytes - 1; the classes above 2^log2 are quarters of it apart
  return 4 * (log2 - 8) + (uint32_t)((bytes - 1) >> (log2 - 2)); // the quotient is 4 to 7
}

static inline size_t class_bytes(uint32_t class) {
  if (class < 4) return (class + 1) * (size_t)ALIGN;
  uint32_t log2 = 8 + (class - 4) / 4;
  return ((size_t)1 << log2) + ((size_t)((class - 4) % 4 + 1) << (log2 - 2));
}

/// What one block takes from the allocator. Slab blocks from a page up are spaced by the stagger; the others have room to be shifted.
static inline size_t class_cost(uint32_t class) {
  size_t bytes = class_bytes(class);
  if (class >= N_SLAB_CLASSES) return bytes + ALIGN + STAGGER_STEPS * STAGGER_BYTES;
  return bytes >= PAGE_BYTES ? bytes + STAGGER_BYTES : bytes;
}

// ---- lock and list -----------------------------------------------------------------------------------------------------------------------

static inline void lock(rti_pool *pool) { rti_spin_lock(&pool->lock); }
static inline void unlock(rti_pool *pool) { rti_spin_unlock(&pool->lock); }

static LINK_ACCESS block *next_of(const block *b) { return b->next; }
static LINK_ACCESS void set_next(block *b, block *next) { b->next = next; }

static inline block *head(rti_pool *pool, uint32_t class) { return atomic_load_explicit(&pool->free[class], memory_order_relaxed); }
static inline void set_head(rti_pool *pool, uint32_t class, block *b) { // release: a forked child sees the link before the head
  atomic_store_explicit(&pool->free[class], b, memory_order_release);
}

static inline void count_live(rti_pool *pool, uint64_t bytes) {
  pool->live += bytes;
  if (pool->live > pool->peak) pool->peak = pool->live;
}

// ---- the allocator below -------------------------------------------------------------------------------------------------------------------

/// Takes memory from the allocator, within the limit. `live`: how much of it is in use from the start. NULL when there is none.
static void *take(rti_pool *pool, size_t bytes, uint64_t live, size_t align) {
  lock(pool);
  uint64_t system;
  bool ok = rti_add_u64(pool->system, bytes, &system) && (pool->limit == 0 || system <= pool->limit);
  if (ok) pool->system = system;
  unlock(pool);
  if (!ok) return NULL;
  void *ptr = pool->allocator.alloc(pool->allocator.user, bytes, align);
  lock(pool);
  if (ptr) {
    pool->n_system++;
    count_live(pool, live);
  } else {
    pool->system -= bytes;
  }
  unlock(pool);
  return ptr;
}

static void give_back(rti_pool *pool, void *ptr, size_t bytes, uint64_t live, size_t align) {
  UNPOISON(ptr, bytes);
  pool->allocator.free(pool->allocator.user, ptr, bytes, align);
  lock(pool);
  pool->system -= bytes;
  pool->live -= live;
  unlock(pool);
}

/// An allocation of its own: the block starts at a varying offset, and the eight bytes before it say at which.
static void *take_single(rti_pool *pool, size_t cost) {
  size_t align = cost >= HUGE_BYTES ? PAGE_BYTES : ALIGN;
  char *base = take(pool, cost, cost, align);
  if (!base) return NULL;
  if (cost >= HUGE_BYTES) rti_os_huge_pages(base, cost);
  lock(pool);
  uint64_t shift = ALIGN + pool->stagger++ % STAGGER_STEPS * STAGGER_BYTES;
  unlock(pool);
  memcpy(base + shift - sizeof shift, &shift, sizeof shift);
  return base + shift;
}

static void give_back_single(rti_pool *pool, void *ptr, size_t cost, uint64_t live) {
  uint64_t shift;
  memcpy(&shift, (char *)ptr - sizeof shift, sizeof shift);
  give_back(pool, (char *)ptr - shift, cost, live, cost >= HUGE_BYTES ? PAGE_BYTES : ALIGN);
}

/// A new slab: its first block is the answer, the others go to the free list.
static void *take_slab(rti_pool *pool, uint32_t class, uint32_t n_blocks) {
  size_t cost = class_cost(class), bytes = SLAB_HEADER + n_blocks * cost;
  slab *s = take(pool, bytes, cost, ALIGN);
  if (!s) return NULL;
  s->bytes = bytes;
  s->n_blocks = n_blocks;
  char *first = (char *)s + SLAB_HEADER;
  for (uint32_t i = 1; i < n_blocks; i++) {
    block *b = (block *)(void *)(first + i * cost);
    set_next(b, i + 1 < n_blocks ? (block *)(void *)(first + (i + 1) * cost) : NULL);
    POISON(b, cost);
  }
  lock(pool);
  s->link.next = pool->slabs[class];
  pool->slabs[class] = &s->link;
  if (n_blocks > 1) {
    set_next((block *)(void *)(first + (n_blocks - 1) * cost), head(pool, class));
    set_head(pool, class, (block *)(void *)(first + cost));
  }
  unlock(pool);
  return first;
}

static void *take_new(rti_pool *pool, uint32_t class, size_t cost, bool frugal) {
  if (class >= N_SLAB_CLASSES) return take_single(pool, cost);
  uint32_t n_blocks = (uint32_t)(SLAB_BYTES / cost);
  return take_slab(pool, class, frugal ? 1 : n_blocks < 4 ? 4 : n_blocks);
}

// ---- giving memory back ------------------------------------------------------------------------------------------------------------------------

static block *merge(block *a, block *b) {
  block *first = NULL, *last = NULL;
  while (a && b) {
    block **least = (uintptr_t)a < (uintptr_t)b ? &a : &b, *taken = *least;
    *least = next_of(taken);
    if (last) set_next(last, taken);
    else first = taken;
    last = taken;
  }
  if (last) set_next(last, a ? a : b);
  return last ? first : a ? a : b;
}

/// Sorts a list by address, in place: runs of 2^i blocks wait in run[i].
static block *sort(block *list) {
  block *run[48] = {NULL};
  while (list) {
    block *one = list;
    list = next_of(list);
    set_next(one, NULL);
    size_t i = 0;
    for (; i + 1 < RTI_COUNT(run) && run[i]; i++) {
      one = merge(run[i], one);
      run[i] = NULL;
    }
    run[i] = run[i] ? merge(run[i], one) : one;
  }
  block *sorted = NULL;
  for (size_t i = 0; i < RTI_COUNT(run); i++) sorted = run[i] ? merge(run[i], sorted) : sorted;
  return sorted;
}

/// Gives back the slabs whose blocks are all free. The lists of the class are taken off the pool meanwhile, so the lock is not held; memory
/// that other threads ask for then comes from elsewhere.
static void trim_slabs(rti_pool *pool, uint32_t class) {
  lock(pool);
  block *free = head(pool, class), *slabs = pool->slabs[class];
  set_head(pool, class, NULL);
  pool->slabs[class] = NULL;
  unlock(pool);

  free = sort(free);
  slabs = sort(slabs);
  block *kept = NULL, *kept_last = NULL, *kept_slabs = NULL, *kept_slabs_last = NULL;
  while (slabs) { // both lists rise: the free blocks of one slab are a run
    slab *s = (slab *)(void *)slabs;
    slabs = s->link.next;
    block *run = free, *run_last = NULL;
    uint32_t n_free = 0;
    for (; free && (uintptr_t)free < (uintptr_t)s + s->bytes; free = next_of(free)) run_last = free, n_free++;
    if (n_free == s->n_blocks) {
      give_back(pool, s, s->bytes, 0, ALIGN);
      continue;
    }
    if (run_last) {
      if (kept_last) set_next(kept_last, run);
      else kept = run;
      kept_last = run_last;
    }
    if (!kept_slabs) kept_slabs_last = &s->link;
    s->link.next = kept_slabs;
    kept_slabs = &s->link;
  }
  lock(pool);
  if (kept_last) {
    set_next(kept_last, head(pool, class));
    set_head(pool, class, kept);
  }
  if (kept_slabs) {
    kept_slabs_last->next = pool->slabs[class];
    pool->slabs[class] = kept_slabs;
  }
  unlock(pool);
}

/// With `pressure` held: every free block then has its slab in the list of its class.
static void trim(rti_pool *pool) {
  for (uint32_t class = 0; class < N_SLAB_CLASSES; class++) trim_slabs(pool, class);
  for (uint32_t class = N_SLAB_CLASSES; class < N_CLASSES; class++) {
    lock(pool);
    block *b = head(pool, class);
    set_head(pool, class, NULL);
    unlock(pool);
    while (b) {
      block *next = next_of(b);
      give_back_single(pool, b, class_cost(class), 0);
      b = next;
    }
  }
}

// ---- allocate and free -----------------------------------------------------------------------------------------------------------------------

static void *take_free(rti_pool *pool, uint32_t class, size_t cost) {
  if (class >= N_CLASSES) return NULL;
  lock(pool);
  block *b = head(pool, class);
  if (b) {
    set_head(pool, class, next_of(b));
    count_live(pool, cost);
  }
  unlock(pool);
  return b;
}

/// No free block: asks the allocator, and once more after a trim, and at last for no more than this one block.
static RTI_COLD void *alloc_slow(rti_pool *pool, uint32_t class, size_t bytes, size_t cost) {
  void *ptr = take_new(pool, class, cost, false);
  if (ptr) return ptr;
  rti_spin_lock(&pool->pressure);
  ptr = take_free(pool, class, cost); // another thread's trim may have had the lists
  if (!ptr) {
    trim(pool);
    ptr = take_new(pool, class, cost, false);
    if (!ptr && class < N_SLAB_CLASSES) ptr = take_new(pool, class, cost, true);
  }
  rti_spin_unlock(&pool->pressure);
  if (ptr) return ptr;
  lock(pool);
  pool->n_failed++;
  uint64_t live = pool->live, limit = pool->limit;
  unlock(pool);
  if (limit) rti_fail(RT_E_NO_MEMORY, "no memory for %zu bytes: %llu in use, limit %llu (memory_limit_bytes or RT_MEMORY_LIMIT)", bytes, (unsigned long long)live, (unsigned long long)limit);
  else rti_fail(RT_E_NO_MEMORY, "no memory for %zu bytes: %llu in use", bytes, (unsigned long long)live);
  return NULL;
}

/// The cost of a size beyond the classes; false when it is no size at all.
static bool large_cost(size_t bytes, size_t *out_cost) {
  uint64_t cost;
  if (bytes > PTRDIFF_MAX || !rti_add_u64(bytes, ALIGN + STAGGER_STEPS * STAGGER_BYTES, &cost) || !rti_align_u64(cost, PAGE_BYTES, &cost)) return false;
  if (cost > PTRDIFF_MAX) return false;
  *out_cost = (size_t)cost;
  return true;
}

static RTI_COLD void *alloc_large(rti_pool *pool, size_t bytes) {
  size_t cost;
  lock(pool);
  pool->n_requests++;
  pool->n_failed += !large_cost(bytes, &cost);
  unlock(pool);
  if (large_cost(bytes, &cost)) return alloc_slow(pool, N_CLASSES, bytes, cost);
  rti_fail(RT_E_NO_MEMORY, "no memory for %zu bytes: more than there are addresses", bytes);
  return NULL;
}

static RTI_COLD void *alloc_direct(rti_pool *pool, size_t bytes) {
  if (!bytes) bytes = 1;
  lock(pool);
  pool->n_requests++;
  unlock(pool);
  void *ptr = bytes > PTRDIFF_MAX ? NULL : take(pool, bytes, bytes, ALIGN);
  if (ptr) return ptr;
  lock(pool);
  pool->n_failed++;
  uint64_t live = pool->live;
  unlock(pool);
  rti_fail(RT_E_NO_MEMORY, "no memory for %zu bytes: %llu in use", bytes, (unsigned long long)live);
  return NULL;
}

void rti_pool_set_direct(rti_pool *pool) { pool->is_direct = true; }

void *rti_pool_alloc(rti_pool *pool, size_t bytes) {
  if (RTI_UNLIKELY(pool->is_direct)) return alloc_direct(pool, bytes);
  if (RTI_UNLIKELY(bytes > (size_t)1 << 30)) return alloc_large(pool, bytes);
  uint32_t class = class_of(bytes);
  size_t cost = class_cost(class);
  lock(pool);
  pool->n_requests++;
  block *b = head(pool, class);
  if (RTI_LIKELY(b != NULL)) {
    set_head(pool, class, next_of(b));
    count_live(pool, cost);
    unlock(pool);
  } else {
    unlock(pool);
    b = alloc_slow(pool, class, bytes, cost);
    if (!b) return NULL;
  }
#ifdef POOL_ASAN
  UNPOISON(b, bytes ? bytes : 1);
  size_t used = ((bytes ? bytes : 1) + 7) & ~(size_t)7; // the granules of the tail
  if (used < class_bytes(class)) POISON((char *)b + used, class_bytes(class) - used);
#endif
  return b;
}

void *rti_pool_alloc_zeroed(rti_pool *pool, size_t bytes) {
  void *ptr = rti_pool_alloc(pool, bytes);
  return ptr ? memset(ptr, 0, bytes ? bytes : 1) : NULL;
}

void rti_pool_free(rti_pool *pool, void *ptr, size_t bytes) {
  if (!ptr) return;
  rti_assert((uintptr_t)ptr % ALIGN == 0);
  if (RTI_UNLIKELY(pool->is_direct)) {
    if (!bytes) bytes = 1;
    give_back(pool, ptr, bytes, bytes, ALIGN);
    return;
  }
  if (RTI_UNLIKELY(bytes > (size_t)1 << 30)) {
    size_t cost = 0;
    if (large_cost(bytes, &cost)) give_back_single(pool, ptr, cost, cost);
    return;
  }
  uint32_t class = class_of(bytes);
  block *b = ptr;
  POISON(b, class_bytes(class));
  lock(pool);
  set_next(b, head(pool, class));
  set_head(pool, class, b);
  pool->live -= class_cost(class);
  unlock(pool);
}

void rti_pool_trim(rti_pool *pool) {
  rti_spin_lock(&pool->pressure);
  trim(pool);
  rti_spin_unlock(&pool->pressure);
}

// ---- the pool itself -------------------------------------------------------------------------------------------------------------------------

rt_status rti_pool_create(const rt_allocator *allocator, uint64_t limit_bytes, rti_pool **out_pool) {
  static const rt_allocator fallback = {default_alloc, default_free, NULL};
  *out_pool = NULL;
  if (!allocator) allocator = &fallback;
  if (!allocator->alloc || !allocator->free) return rti_fail(RT_E_ARGUMENT, "pool: the allocator lacks a function");
  rti_pool *pool = allocator->alloc(allocator->user, sizeof *pool, ALIGN);
  if (!pool) return rti_fail(RT_E_NO_MEMORY, "pool: no memory for %zu bytes", sizeof *pool);
  memset(pool, 0, sizeof *pool);
  pool->allocator = *allocator;
  pool->limit = limit_bytes;
  *out_pool = pool;
  return RT_OK;
}

void rti_pool_destroy(rti_pool *pool) {
  if (!pool) return;
  rti_pool_trim(pool);
  for (uint32_t class = 0; class < N_SLAB_CLASSES; class++) { // slabs with blocks that nobody gave back
    for (slab *s = (slab *)(void *)pool->slabs[class], *next; s; s = next) {
      next = (slab *)(void *)s->link.next;
      give_back(pool, s, s->bytes, 0, ALIGN);
    }
  }
  rt_allocator allocator = pool->allocator;
  allocator.free(allocator.user, pool, sizeof *pool, ALIGN);
}

void rti_pool_stats(const rti_pool *pool, rt_memory_stats *out) {
  rti_pool *mutable = (rti_pool *)(uintptr_t)pool;
  lock(mutable);
  *out = (rt_memory_stats){.live_bytes = pool->live, .peak_bytes = pool->peak, .pooled_bytes = pool->system - pool->live, .limit_bytes = pool->limit,
                           .n_requests = pool->n_requests, .n_system = pool->n_system, .n_failed = pool->n_failed};
  unlock(mutable);
}
