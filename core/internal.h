// SPDX-License-Identifier: BSD-3-Clause
// What the files of core/ share below the level of tensors: errors, logging, environment, memory, threads, dtypes, shape text.
#ifndef TRIVET_INTERNAL_H
#define TRIVET_INTERNAL_H

#include <assert.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <trivet/backend.h>
#include <trivet/rt.h>

#include "checked.h"
#include "platform.h"

#define RTI_PRINTF(fmt_index, first) __attribute__((format(printf, fmt_index, first)))
#define RTI_COLD __attribute__((cold, noinline))
#define RTI_LIKELY(x) __builtin_expect(!!(x), 1)
#define RTI_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define RTI_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#ifdef RTI_CHECKS // debug presets: our own promises, never user mistakes
#define rti_assert(x) assert(x)
#else
#define rti_assert(x) ((void)0)
#endif

// ---- status.c --------------------------------------------------------------------------------------------------------------------------
/// Keeps the sentence for this thread (cut at 511 bytes) and returns status. Allocates nothing.
RTI_COLD rt_status rti_fail(rt_status status, const char *fmt, ...) RTI_PRINTF(2, 3);
RTI_COLD rt_status rti_fail_v(rt_status status, const char *fmt, va_list args);
/// Puts "prefix: " before the kept sentence; returns status.
RTI_COLD rt_status rti_fail_in(rt_status status, const char *fmt, ...) RTI_PRINTF(2, 3);
/// Sets the sentence back to one that was saved (for carrying it across threads).
void rti_error_set(const char *text);
/// Sentences set on this thread so far.
uint32_t rti_error_count(void);

/// A text buffer on the stack; appending past its end cuts.
typedef struct rti_text { char at[256]; } rti_text;
void rti_append(rti_text *text, const char *fmt, ...) RTI_PRINTF(2, 3);
/// "[2,3]"; "[]" for rank 0.
const char *rti_shape_text(rti_text *text, int32_t rank, const int64_t *shape);

// ---- log.c -----------------------------------------------------------------------------------------------------------------------------
void rti_log(const rt_ctx *ctx, rt_log_level level, const char *fmt, ...) RTI_PRINTF(3, 4);

// ---- env.c: the only reader of the environment ---------------------------------------------------------------------------------------------
typedef enum rti_env { // rows of the table in env.c
  RTI_ENV_BACKEND, RTI_ENV_BACKEND_PATH, RTI_ENV_LAYERS, RTI_ENV_FALLBACK, RTI_ENV_THREADS, RTI_ENV_MEMORY_LIMIT, RTI_ENV_COUNT
} rti_env;
const char *rti_env_text(rti_env which);                                  ///< NULL when unset or empty
rt_status rti_env_i64(rti_env which, int64_t low, int64_t high, int64_t *value); ///< leaves *value alone when unset; RT_E_ARGUMENT names the variable
/// RT_<BACKEND>_<KEY>, both in capitals; NULL when unset.
const char *rti_env_config(const char *backend, const char *key);

// ---- lock.c: for a few instructions, never held across a call into a plugin or a wait --------------------------------------------------------------
// It holds the fork generation of its holder: a child of fork takes over what a thread of its parent held. Every step under one leaves what it
// protects usable.
typedef struct rti_spin { atomic_uint holder; } rti_spin;
RTI_COLD void rti_spin_wait(rti_spin *spin, uint32_t mine);
static inline void rti_spin_init(rti_spin *spin) { atomic_init(&spin->holder, 0); }
static inline void rti_spin_lock(rti_spin *spin) {
  uint32_t mine = (uint32_t)rti_os_fork_count() + 1, nobody = 0;
  if (RTI_UNLIKELY(!atomic_compare_exchange_strong_explicit(&spin->holder, &nobody, mine, memory_order_acquire, memory_order_relaxed))) rti_spin_wait(spin, mine);
}
static inline void rti_spin_unlock(rti_spin *spin) { atomic_store_explicit(&spin->holder, 0, memory_order_release); }

// ---- pool.c ----------------------------------------------------------------------------------------------------------------------------
// A size-class pool over an rt_allocator. Blocks are 64-byte aligned and carry no header: free needs the bytes that were asked for.
typedef struct rti_pool rti_pool;
rt_status rti_pool_create(const rt_allocator *allocator, uint64_t limit_bytes, rti_pool **out_pool); ///< the pool object itself comes from the allocator too
void rti_pool_destroy(rti_pool *pool);
void rti_pool_set_direct(rti_pool *pool); ///< before its first use: every request reaches the allocator
void *rti_pool_alloc(rti_pool *pool, size_t bytes);       ///< NULL after rti_fail(RT_E_NO_MEMORY, ...); bytes 0 counts as 1
void *rti_pool_alloc_zeroed(rti_pool *pool, size_t bytes);
void rti_pool_free(rti_pool *pool, void *ptr, size_t bytes);
void rti_pool_stats(const rti_pool *pool, rt_memory_stats *out);
void rti_pool_trim(rti_pool *pool);

// ---- threads.c -------------------------------------------------------------------------------------------------------------------------
typedef struct rti_threads rti_threads;
/// n_threads counts the caller; workers start at the first parallel work. hooks (or NULL) replaces the own pool. cancel: polled between chunks.
#define RTI_MAX_THREADS 1024 // of our own; with hooks, lanes
rt_status rti_threads_create(rti_pool *pool, int32_t n_threads, const rt_threads *hooks, const atomic_bool *cancel, rti_threads **out);
void rti_threads_destroy(rti_threads *threads);
int32_t rti_threads_count(const rti_threads *threads);
/// body(arg, k*grain, min(n, (k+1)*grain)) for each k, whatever the number of threads. The first non-zero status stops the rest and is returned
/// with its sentence; RTB_E_CANCELLED when cancelled. One chunk, a nested call or a busy pool run inline. In a forked child: inline.
int32_t rti_parallel_for(rti_threads *threads, int64_t n, int64_t grain, rtb_body body, void *arg);

// ---- dtype.c ---------------------------------------------------------------------------------------------------------------------------
#define RTI_DTYPE_COUNT 16 // codes 1 to 15
extern const uint8_t rti_dtype_size[RTI_DTYPE_COUNT];
extern const uint8_t rti_dtype_kinds[RTI_DTYPE_COUNT];           ///< rt_dtype_kind
static inline bool rti_is_dtype(int code) { return code > 0 && code < RTI_DTYPE_COUNT; }
static inline bool rti_is_complex(int dtype) { return rti_dtype_kinds[dtype] == RT_KIND_COMPLEX; }
/// What data of a dtype is aligned to: its size, for complex numbers that of a part.
static inline size_t rti_dtype_align(rt_dtype dtype) { return rti_is_complex((int)dtype) ? rti_dtype_size[dtype] / 2u : rti_dtype_size[dtype]; }
/// The dtype of the parts of a complex one, else the dtype itself; and the complex dtype with parts of at least this precision.
static inline rt_dtype rti_real_of(rt_dtype dtype) { return dtype == RT_C64 ? RT_F32 : dtype == RT_C128 ? RT_F64 : dtype; }
static inline rt_dtype rti_complex_of(rt_dtype dtype) { return dtype == RT_F64 || dtype == RT_C128 ? RT_C128 : RT_C64; }
/// The dtype of a scalar used with a tensor of `dtype`: dtype itself unless the scalar's kind is higher.
rt_dtype rti_scalar_dtype(rt_dtype dtype, rt_scalar value);
/// RT_OK when `value` is a scalar that an element of dtype can be made of: no complex number for a real one.
rt_status rti_scalar_check(const char *who, rt_scalar value, rt_dtype dtype);
/// Stores a scalar as one element, converted as cast converts (floats round to nearest even, float to integer saturates, NaN to 0).
void rti_scalar_store(rt_scalar value, rt_dtype dtype, void *out_element);
rt_scalar rti_scalar_load(rt_dtype dtype, const void *element);
uint16_t rti_f16_from_f64(double value);
double rti_f16_to_f64(uint16_t bits);
uint16_t rti_bf16_from_f64(double value);
double rti_bf16_to_f64(uint16_t bits);

#endif
