// SPDX-License-Identifier: BSD-3-Clause
// What the operations' files share, the short way of dispatch.c, and plans.
#ifndef TRIVET_DISPATCH_H
#define TRIVET_DISPATCH_H

#include "objects.h"

/// Where a result goes: a new tensor (*out) or a given one.
typedef struct rti_target {
  rt_tensor *given;
  rt_tensor **out;
} rti_target;
/// No NULL, one context, a place for the result. Sets *out to NULL.
rt_status rti_check_inputs(uint16_t op, int n, const rt_tensor *const *in, rti_target to);
/// May the result of this call be written into `out`? Its own sentence, under this name.
rt_status rti_check_given(const rti_call *call, const char *name, const rt_tensor *out);
/// Runs a call for the user.
rt_status rti_run_op(rti_call *call, rti_target to);
rt_status rti_no_out(uint16_t op);
/// For operations that take arrays only: *t in this dtype and not weak, cast into *made where needed (else NULL).
rt_status rti_to_dtype(const rt_tensor **t, rt_dtype dtype, rt_tensor **made);
/// Runs a contraction over nothing: all zero.
rt_status rti_run_zero(rti_call *call, rti_target to);
/// For integer products: t is i8 or u8, and so is its zero point (or NULL); a weak one is cast into *made.
rt_status rti_check_quantized(uint16_t op, const char *which, const rt_tensor *t, const rt_tensor **zero, rt_tensor **made);

/// Of one storage: may an element of one be an element of the other?
bool rti_ranges_overlap(const rt_tensor *a, const rt_tensor *b);

#define RTI_FAST_MISS ((rt_status)-1)
/// Elementwise ops on dense host tensors of one shape and dtype. RTI_FAST_MISS: nothing was done, go the long way.
rt_status rti_fast_into(uint16_t op, int nin, const rt_tensor *const *in, rt_tensor *out);
rt_status rti_fast_new(uint16_t op, int nin, const rt_tensor *const *in, rt_tensor **out);
/// After the long way made `out`: lets the next call of this kind be short.
void rti_fast_learn(uint16_t op, int nin, const rt_tensor *const *in, const rt_tensor *out);

/// Dense host memory that nobody else sees: may be written as it is.
static inline bool rti_is_ours(const rt_tensor *out) {
  const rti_storage *storage = out->storage;
  return (atomic_load_explicit(&storage->fast, memory_order_acquire) & RTI_FAST_WRITE) && rti_is_readable(out) &&
         atomic_load_explicit(&storage->place[0].buffer->owners, memory_order_acquire) == 1 &&
         !storage->place[0].buffer->stream; // which may still read it for a clone that is gone by now
}

/// Ordering writers is the caller's, so no read-modify-write is needed.
static inline void rti_count_write(rti_storage *storage) {
  atomic_store_explicit(&storage->version, atomic_load_explicit(&storage->version, memory_order_relaxed) + 1, memory_order_relaxed);
}

/// May this input of the op be exactly the output?
bool rti_may_alias(uint16_t op, int k);
bool rti_is_same_view(const rt_tensor *a, const rt_tensor *b);

// ---- plan.c ------------------------------------------------------------------------------------------------------------------------------
/// The words of a call on the host whose memory is all at hand: false when it is not, or when there are too many.
bool rti_plan_words(const rti_call *call, const rt_tensor *given, rti_plan_key *key);
/// Runs a call as one with the same words was run before. RTI_FAST_MISS: there was none, nothing was done.
rt_status rti_plan_run(const rti_call *call, const rti_plan_key *key, rt_tensor *given, rt_tensor **out);

#endif
