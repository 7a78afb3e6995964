// SPDX-License-Identifier: BSD-3-Clause
// Custom allocators and the statistics of a context's memory pool.
#ifndef TRIVET_ALLOC_H
#define TRIVET_ALLOC_H

#include <trivet/status.h>

RT_BEGIN

/// Where a context's memory comes from. Both functions may be called from any thread, and must not call back into the context.
typedef struct rt_allocator {
  /// At least `bytes` bytes (never 0) at a multiple of `align` (a power of two, at most 4096), or NULL when there is none.
  void *(*alloc)(void *user, size_t bytes, size_t align);
  /// Takes back what alloc gave; `bytes` and `align` are what was asked for.
  void (*free)(void *user, void *ptr, size_t bytes, size_t align);
  void *user;
} rt_allocator;

/// Bytes and counts since the context was created.
typedef struct rt_memory_stats {
  uint64_t live_bytes;      ///< tensor data, workspaces and objects in use, as size classes round them up
  uint64_t peak_bytes;      ///< the largest live_bytes so far
  uint64_t pooled_bytes;    ///< kept for reuse
  uint64_t limit_bytes;     ///< live plus pooled never exceeds it; 0: no limit
  uint64_t n_requests;      ///< allocations asked of the pool
  uint64_t n_system;        ///< of these, how many reached the allocator below
  uint64_t n_failed;        ///< refused, by the allocator or by the limit
} rt_memory_stats;

typedef struct rt_ctx rt_ctx;

/// Fills *out_stats. Threads: any. Errors: RT_E_ARGUMENT for NULL.
RT_API RT_NODISCARD rt_status rt_ctx_memory(const rt_ctx *ctx, rt_memory_stats *out_stats);
/// Gives pooled memory back to the allocator, except what shares a slab with something that still lives (pooled_bytes then stays above 0).
/// Threads: any. Errors: RT_E_ARGUMENT for NULL.
RT_API rt_status rt_ctx_trim(rt_ctx *ctx);

RT_END
#endif
