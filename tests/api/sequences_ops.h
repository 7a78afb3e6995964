// SPDX-License-Identifier: BSD-3-Clause
// The steps of test_sequences.c that compute and write: elementwise operations, reductions, contractions, copies, host writes and maps. Each
// predicts the status, the device and every value before the call is made; a step whose result would not be exact is not made.
#ifndef TRIVET_TEST_SEQUENCES_OPS_H
#define TRIVET_TEST_SEQUENCES_OPS_H

#include "sequences_views.h"

// ---- where an operation runs -------------------------------------------------------------------------------------------------------------

typedef struct vote { bool is_split; int32_t device; } vote; // device -1: cannot be told

/// Tensors above 128 bytes vote, the earliest device wins, two accelerators are an error. Without votes: the given output's, the first's.
static vote count_votes(const world *w, int n, const handle *const *in, const rt_dtype *as, const handle *out) {
  vote v = {false, -1};
  int accelerator = -1;
  for (int k = 0; k <= n; k++) {
    const handle *h = k < n ? in[k] : out;
    if (!h) continue;
    if (h->n * (int64_t)rt_dtype_bytes(k < n && as ? *as : h->dtype) <= RT_INLINE_BYTES) continue;
    if (v.device < 0 || w->order[h->device] < w->order[v.device]) v.device = h->device;
    if (h->device == RT_HOST) continue;
    v.is_split |= accelerator >= 0 && accelerator != h->device;
    accelerator = h->device;
  }
  if (v.device < 0) v.device = out ? out->device : in[0]->device;
  return v;
}

/// What writing to a given output may answer, after shape and dtype were found right.
static unsigned into_answers(const handle *out, vote v) {
  if (has_duplicates(out) || v.is_split) return MAY(RT_E_ARGUMENT);
  unsigned maybe = out->odd ? MAY(RT_E_ARGUMENT) : 0; // to the library it may look as if elements overlapped
  if (out->n == 0) return MAY(RT_OK) | maybe;
  if (out->s->read_only || out->s->n_reads || out->s->n_writes) return MAY(RT_E_STATE) | maybe;
  return MAY(RT_OK) | maybe;
}

static bool same_shape(const handle *a, int32_t rank, const int64_t *shape) {
  return a->rank == rank && (rank == 0 || !memcmp(a->shape, shape, sizeof *shape * (size_t)rank));
}

/// Somewhere to write a result: of the right shape and dtype if there is one (mostly).
static handle *pick_out(world *w, rt_dtype dtype, int32_t rank, const int64_t *shape) {
  int from = below(w, N_SLOTS);
  for (int i = 0; i < N_SLOTS; i++) {
    handle *h = &w->slot[(from + i) % N_SLOTS];
    if (h->t && h->dtype == dtype && same_shape(h, rank, shape)) return h;
  }
  return one_in(w, 10) ? pick(w) : NULL;
}

/// Memory that two storages share through the outside: the library cannot see an overlap there, so such calls are the user's to avoid.
static bool is_hidden_overlap(const handle *in, const handle *out) { return in->s != out->s && in->s->memory == out->s->memory; }

static void store_values(const handle *out, const int64_t *values) {
  for (int64_t i = 0; i < out->n; i++) out->s->memory->value[out->at[i]] = values[i];
}

// ---- one call in all its forms -------------------------------------------------------------------------------------------------------------

/// What is known before a call: the result and where its inputs are.
typedef struct plan {
  int n;
  const handle *in[3];
  rt_dtype as;           // the dtype that inputs are converted to
  bool converts;         // so the vote of a converted input may differ from that of the original
  handle result;         // shape and dtype
  int64_t values[MAX_NUMEL];
} plan;

static bool is_fit(const plan *p) {
  for (int64_t i = 0; i < p->result.n; i++)
    if (p->values[i] == UNFIT) return false;
  return true;
}
static vote plan_vote(const world *w, const plan *p, const handle *out, bool *is_certain) {
  vote v = count_votes(w, p->n, p->in, NULL, out), c = count_votes(w, p->n, p->in, &p->as, out);
  *is_certain = !p->converts || (v.is_split == c.is_split && v.device == c.device);
  return v;
}

/// The outcome of a call with a new output.
static void finish_new(world *w, plan *p, rt_status status, rt_tensor *t) {
  bool is_certain;
  vote v = plan_vote(w, p, NULL, &is_certain);
  unsigned allowed = v.is_split ? MAY(RT_E_ARGUMENT) : MAY(RT_OK);
  if (!is_certain) allowed = MAY(RT_OK) | MAY(RT_E_ARGUMENT);
  if (!done(w, status, allowed)) {
    if (status != RT_OK && t) fail_why(w, "a failed call left an output");
    return;
  }
  p->result.t = t;
  p->result.device = is_certain ? v.device : rt_tensor_device(t);
  keep_new(w, &p->result, p->values);
}

/// The outcome of a call into `out`, whose shape and dtype are right or not.
static void finish_into(world *w, const plan *p, const handle *out, bool takes_any_dtype, rt_status status) {
  unsigned allowed;
  bool is_certain = true;
  if (!takes_any_dtype && out->dtype != p->result.dtype) allowed = MAY(RT_E_DTYPE);
  else if (!same_shape(out, p->result.rank, p->result.shape)) allowed = MAY(RT_E_SHAPE);
  else {
    allowed = into_answers(out, plan_vote(w, p, out, &is_certain));
    if (!is_certain) allowed |= MAY(RT_E_ARGUMENT);
    if (!is_certain && allowed == MAY(RT_E_ARGUMENT) && !has_duplicates(out)) allowed |= MAY(RT_OK) | MAY(RT_E_STATE);
  }
  if (done(w, status, allowed)) store_values(out, p->values);
}

static bool hides_overlap(const plan *p, const handle *out) {
  for (int k = 0; k < p->n; k++)
    if (is_hidden_overlap(p->in[k], out)) return true;
  return false;
}

// ---- elementwise -------------------------------------------------------------------------------------------------------------------------

static int64_t m_neg(int64_t a) { return -a; }
static int64_t m_relu(int64_t a) { return a > 0 ? a : 0; }
static int64_t m_abs(int64_t a) { return a < 0 ? -a : a; }
static int64_t m_sign(int64_t a) { return (a > 0) - (a < 0); }
static int64_t m_add(int64_t a, int64_t b) { return a + b; }
static int64_t m_sub(int64_t a, int64_t b) { return a - b; }
static int64_t m_mul(int64_t a, int64_t b) {
  double size = (double)a * (double)b;
  return size > 4e18 || size < -4e18 ? UNFIT : a * b;
}
static int64_t m_square(int64_t a) { return m_mul(a, a); }
static int64_t m_maximum(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t m_minimum(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t m_remainder(int64_t a, int64_t b) { return b == 0 ? UNFIT : a % b && (a % b < 0) != (b < 0) ? a % b + b : a % b; }

typedef struct unary {
  const char *name;
  int64_t (*f)(int64_t);
  rt_status (*make)(const rt_tensor *, rt_tensor **), (*into)(const rt_tensor *, rt_tensor *);
} unary;
static const unary unaries[] = { // the asynchronous example offers neg, relu and square; the others fall back
  {"neg", m_neg, rt_neg, rt_neg_into}, {"relu", m_relu, rt_relu, rt_relu_into}, {"square", m_square, rt_square, rt_square_into},
  {"abs", m_abs, rt_abs, rt_abs_into}, {"sign", m_sign, rt_sign, rt_sign_into},
};
typedef struct binary {
  const char *name;
  int64_t (*f)(int64_t, int64_t);
  rt_status (*make)(const rt_tensor *, const rt_tensor *, rt_tensor **), (*into)(const rt_tensor *, const rt_tensor *, rt_tensor *);
  rt_status (*make_scalar)(const rt_tensor *, rt_scalar, rt_tensor **), (*into_scalar)(const rt_tensor *, rt_scalar, rt_tensor *);
} binary;
#define BINARY(name) {#name, m_##name, rt_##name, rt_##name##_into, rt_##name##_scalar, rt_##name##_scalar_into}
static const binary binaries[] = {BINARY(add), BINARY(sub), BINARY(maximum), BINARY(minimum), BINARY(mul), BINARY(remainder)};

static int64_t apply2(const binary *op, rt_dtype dtype, int64_t a, int64_t b) {
  if (a == UNFIT || b == UNFIT) return UNFIT;
  return a == UNKNOWN || b == UNKNOWN ? UNKNOWN : fit(dtype, op->f(a, b));
}

/// A partner for a that broadcasts with it, or NULL.
static const handle *pick_partner(world *w, const handle *a, int32_t *rank, int64_t *shape) {
  int from = below(w, N_SLOTS);
  for (int i = 0; i < N_SLOTS; i++) {
    const handle *b = &w->slot[(from + i) % N_SLOTS];
    if (!b->t || b->s->n_writes) continue;
    bool fits = true;
    *rank = a->rank > b->rank ? a->rank : b->rank;
    for (int32_t d = 0; d < *rank && fits; d++) {
      int64_t x = d < *rank - a->rank ? 1 : a->shape[d - *rank + a->rank], y = d < *rank - b->rank ? 1 : b->shape[d - *rank + b->rank];
      fits = x == y || x == 1 || y == 1;
      shape[d] = x == 1 ? y : x;
    }
    if (fits && count(*rank, shape) <= MAX_NUMEL) return b;
  }
  return NULL;
}

static void step_unary(world *w) {
  const unary *op = &unaries[below(w, 5)];
  const handle *a = pick(w);
  if (!a) return;
  plan p = {.n = 1, .in = {a}, .result = *a};
  for (int64_t i = 0; i < a->n; i++) {
    int64_t v = get(a, i);
    p.values[i] = v == UNKNOWN ? v : fit(a->dtype, op->f(v));
  }
  if (!is_fit(&p)) return;
  if (one_in(w, 2)) {
    rt_tensor *t = NULL;
    say(w, "%s(slot %d)", op->name, index_of(w, a));
    rt_status status = op->make(a->t, &t);
    finish_new(w, &p, status, t);
    return;
  }
  handle *out = one_in(w, 3) ? (handle *)(uintptr_t)a : pick_out(w, p.result.dtype, p.result.rank, p.result.shape);
  if (!out || hides_overlap(&p, out)) return;
  say(w, "%s_into(slot %d, slot %d)", op->name, index_of(w, a), index_of(w, out));
  finish_into(w, &p, out, false, op->into(a->t, out->t));
}

static void plan_binary(plan *p, const binary *op, const handle *a, const handle *b) {
  p->n = 2;
  p->in[0] = a, p->in[1] = b;
  p->as = p->result.dtype = promoted(a->dtype, b->dtype);
  p->converts = a->dtype != b->dtype;
  p->result.n = count(p->result.rank, p->result.shape);
  for (int64_t i = 0; i < p->result.n; i++)
    p->values[i] = apply2(op, p->as, convert(p->as, get(a, broadcast_at(a, i, p->result.rank, p->result.shape))),
                          convert(p->as, get(b, broadcast_at(b, i, p->result.rank, p->result.shape))));
}

static void step_binary(world *w) {
  const binary *op = &binaries[below(w, 5)];
  const handle *a = pick(w), *b;
  plan p;
  if (!a || !(b = one_in(w, 8) ? a : pick_partner(w, a, &p.result.rank, p.result.shape))) return;
  if (a == b) p.result = *a;
  plan_binary(&p, op, a, b);
  if (!is_fit(&p)) op = &binaries[2], plan_binary(&p, op, a, b);
  if (!is_fit(&p)) return;
  if (one_in(w, 2)) {
    rt_tensor *t = NULL;
    say(w, "%s(slot %d, slot %d)", op->name, index_of(w, a), index_of(w, b));
    rt_status status = op->make(a->t, b->t, &t);
    finish_new(w, &p, status, t);
    return;
  }
  handle *out = one_in(w, 4) ? (handle *)(uintptr_t)a : pick_out(w, p.result.dtype, p.result.rank, p.result.shape);
  if (!out || hides_overlap(&p, out)) return;
  say(w, "%s_into(slot %d, slot %d, slot %d)", op->name, index_of(w, a), index_of(w, b), index_of(w, out));
  finish_into(w, &p, out, false, op->into(a->t, b->t, out->t));
}

static void step_scalar(world *w) {
  const binary *op = &binaries[below(w, 6)];
  const handle *a = pick(w);
  if (!a) return;
  bool is_float = a->dtype == RT_F32 && one_in(w, 2);
  int64_t value = op->f == m_remainder ? 5 + below(w, 20) : below(w, 9) - 4;
  rt_scalar scalar = is_float ? rt_float((double)value) : rt_int(value);
  plan p = {.n = 1, .in = {a}, .result = *a};
  for (int64_t i = 0; i < a->n; i++) p.values[i] = apply2(op, a->dtype, get(a, i), value);
  if (!is_fit(&p)) return;
  bool is_new = one_in(w, 3);
  rt_tensor *t = NULL, *weak = NULL;
  if (one_in(w, 8)) { // the same as a tensor
    if (!done(w, rt_scalar_tensor(w->ctx, scalar, &weak), MAY(RT_OK))) return;
  }
  if (is_new) {
    say(w, "%s_scalar(slot %d, %lld)", op->name, index_of(w, a), (long long)value);
    rt_status status = weak ? op->make(a->t, weak, &t) : op->make_scalar(a->t, scalar, &t);
    rt_release(weak);
    finish_new(w, &p, status, t);
    return;
  }
  handle *out = one_in(w, 3) ? pick_out(w, a->dtype, a->rank, a->shape) : (handle *)(uintptr_t)a;
  if (out && !hides_overlap(&p, out)) {
    say(w, "%s_scalar_into(slot %d, %lld, slot %d)", op->name, index_of(w, a), (long long)value, index_of(w, out));
    finish_into(w, &p, out, false, weak ? op->into(a->t, weak, out->t) : op->into_scalar(a->t, scalar, out->t));
  }
  rt_release(weak);
}

static void step_fma(world *w) {
  const handle *a = pick(w), *b;
  plan p = {.n = 3, .as = RT_F32};
  if (!a || !(b = pick_partner(w, a, &p.result.rank, p.result.shape))) return;
  p.result.dtype = RT_F32;
  p.result.n = count(p.result.rank, p.result.shape);
  p.in[0] = p.in[2] = a, p.in[1] = b;
  p.converts = a->dtype != RT_F32 || b->dtype != RT_F32;
  for (int64_t i = 0; i < p.result.n; i++) {
    int64_t x = convert(RT_F32, get(a, broadcast_at(a, i, p.result.rank, p.result.shape)));
    int64_t y = convert(RT_F32, get(b, broadcast_at(b, i, p.result.rank, p.result.shape)));
    p.values[i] = x == UNFIT || y == UNFIT ? UNFIT : x == UNKNOWN || y == UNKNOWN ? UNKNOWN : fit(RT_F32, x * y + x);
  }
  if (!is_fit(&p)) return;
  handle *out = pick_out(w, RT_F32, p.result.rank, p.result.shape);
  if (!out || hides_overlap(&p, out)) return;
  say(w, "fma_into(slot %d, slot %d, the first, slot %d)", index_of(w, a), index_of(w, b), index_of(w, out));
  finish_into(w, &p, out, false, rt_fma_into(a->t, b->t, a->t, out->t));
}

/// Two windows of one tensor, shifted, reversed or transposed against each other: an operation reads one and writes the other.
static void step_overlap(world *w) {
  const handle *of = pick(w);
  if (!of || of->rank == 0) return;
  int32_t axis = below(w, of->rank);
  int64_t n = of->shape[axis];
  if (n < 2) return;
  int64_t shift = 1 + below(w, (int)(n - 1));
  handle from, to;
  bool is_reversed = one_in(w, 4);
  bool made = is_reversed ? slice(w, of, axis, n - shift - 1, RT_SLICE_DEFAULT, -1, &from) : slice(w, of, axis, 0, n - shift, 1, &from);
  made = slice(w, of, axis, shift, n, 1, &to) && made;
  if (!made) {
    handle_release(&from);
    handle_release(&to);
    return;
  }
  const binary *op = &binaries[below(w, 4)];
  plan p = {.result = to};
  plan_binary(&p, op, &from, one_in(w, 2) ? &to : &from);
  if (is_fit(&p)) {
    bool copies = one_in(w, 4);
    if (copies) {
      p.n = 1, p.in[0] = &from;
      for (int64_t i = 0; i < from.n; i++) p.values[i] = get(&from, i);
    }
    say(w, "%s_into over windows of slot %d that overlap", copies ? "copy" : op->name, index_of(w, of));
    finish_into(w, &p, &to, false, copies ? rt_copy_into(from.t, to.t) : op->into(p.in[0]->t, p.in[1]->t, to.t));
  }
  if (one_in(w, 2)) handle_release(&from);
  else keep(w, &from);
  if (one_in(w, 2)) handle_release(&to);
  else keep(w, &to);
}

/// A clone goes to a device and away again, and the original is written in place while the clone lives, or while the device may still read
/// the memory that both shared.
static void step_detour(world *w) {
  handle *h = pick(w);
  if (!h || h->n == 0 || w->n_devices < 2) return;
  rt_tensor *clone = NULL, *there = NULL, *t = NULL;
  handle copy = *h;
  copy.device = 1 + below(w, w->n_devices - 1);
  const unary *op = &unaries[below(w, 5)];
  bool is_gone = one_in(w, 2);
  plan p = {.n = 1, .in = {h}, .result = *h};
  int64_t values[MAX_NUMEL];
  for (int64_t i = 0; i < h->n; i++) {
    values[i] = get(h, i);
    p.values[i] = values[i] == UNKNOWN ? UNKNOWN : fit(h->dtype, op->f(values[i]));
  }
  vote v = count_votes(w, 2, (const handle *[]){h, &copy}, NULL, NULL);
  if (!is_fit(&p)) return;
  say(w, "slot %d: its clone is added to zeros on device %d%s, then %s in place", index_of(w, h), copy.device, is_gone ? " and released" : "", op->name);
  bool made = done(w, rt_clone(h->t, &clone), MAY(RT_OK)) && done(w, rt_to(clone, copy.device, &there), MAY(RT_OK)) &&
              done(w, rt_sub_into(there, there, there), has_duplicates(h) || h->odd ? MAY(RT_OK) | MAY(RT_E_ARGUMENT) : MAY(RT_OK));
  if (made) made = done(w, rt_add(clone, there, &t), v.is_split ? MAY(RT_E_ARGUMENT) : MAY(RT_OK));
  if (is_gone) rt_release(clone);
  rt_release(there);
  if (!w->why[0]) finish_into(w, &p, h, false, op->into(h->t, h->t));
  if (!is_gone) rt_release(clone);
  if (!made) return;
  p.result.t = t;
  p.result.device = v.device;
  keep_new(w, &p.result, values);
}

// ---- copies, casts, fills ------------------------------------------------------------------------------------------------------------------

static void step_copy(world *w) {
  const handle *a = pick(w);
  if (!a) return;
  plan p = {.n = 1, .in = {a}, .result = *a};
  if (one_in(w, 3)) { // new, maybe in another dtype
    p.result.dtype = one_in(w, 2) ? a->dtype : any_dtype(w);
    for (int64_t i = 0; i < a->n; i++) p.values[i] = convert(p.result.dtype, get(a, i));
    if (!is_fit(&p)) return;
    rt_tensor *t = NULL;
    say(w, "cast(slot %d, %s)", index_of(w, a), rt_dtype_name(p.result.dtype));
    rt_status status = p.result.dtype == a->dtype ? rt_copy(a->t, &t) : rt_cast(a->t, p.result.dtype, &t);
    finish_new(w, &p, status, t);
    return;
  }
  handle *out = NULL; // any that a broadcasts to
  int from = below(w, N_SLOTS);
  for (int i = 0; i < N_SLOTS && !out; i++) {
    handle *h = &w->slot[(from + i) % N_SLOTS];
    bool fits = h->t && h->rank >= a->rank;
    for (int32_t d = 0; d < a->rank && fits; d++) fits = a->shape[d] == h->shape[d + h->rank - a->rank] || a->shape[d] == 1;
    if (fits) out = h;
  }
  if (!out || hides_overlap(&p, out)) return;
  p.result = *out;
  for (int64_t i = 0; i < out->n; i++) p.values[i] = convert(out->dtype, get(a, broadcast_at(a, i, out->rank, out->shape)));
  if (!is_fit(&p)) return;
  say(w, "copy_into(slot %d, slot %d)", index_of(w, a), index_of(w, out));
  finish_into(w, &p, out, true, rt_copy_into(a->t, out->t));
}

static void step_fill(world *w) {
  handle *out = &w->slot[below(w, N_SLOTS)];
  if (!out->t) return;
  plan p = {.n = 0, .result = *out};
  int64_t value = small_value(w);
  for (int64_t i = 0; i < out->n; i++) p.values[i] = value;
  say(w, "full_into(%lld, slot %d)", (long long)value, index_of(w, out));
  finish_into(w, &p, out, false, rt_full_into(rt_int(value), out->t));
}

// ---- operations with a shape of their own ----------------------------------------------------------------------------------------------------

static void step_reduce(world *w) {
  const handle *a = pick(w);
  if (!a) return;
  rt_axes axes = {0};
  uint32_t bits = 0;
  bool is_sum = one_in(w, 2), keep_dims = one_in(w, 2), all = one_in(w, 4);
  for (int32_t d = 0; d < a->rank; d++)
    if (all || one_in(w, 2)) bits |= 1u << d, axes.axis[axes.count++] = one_in(w, 2) ? d : d - a->rank;
  plan p = {.n = 1, .in = {a}};
  p.result = (handle){.dtype = is_sum && a->dtype == RT_I32 ? RT_I64 : a->dtype};
  for (int32_t d = 0; d < a->rank; d++)
    if (!(bits >> d & 1) || keep_dims) p.result.shape[p.result.rank++] = bits >> d & 1 ? 1 : a->shape[d];
  p.result.n = count(p.result.rank, p.result.shape);
  if (a->n == 0 && (!is_sum || p.result.n > 0)) return; // over nothing: the grid's business
  int64_t size[MAX_NUMEL] = {0};
  bool is_first[MAX_NUMEL];
  memset(is_first, 1, sizeof is_first);
  for (int64_t i = 0; i < a->n; i++) {
    int64_t index[MAX_RANK], to[MAX_RANK], v = get(a, i);
    int32_t rank = 0;
    unravel(i, a->rank, a->shape, index);
    for (int32_t d = 0; d < a->rank; d++)
      if (!(bits >> d & 1) || keep_dims) to[rank++] = bits >> d & 1 ? 0 : index[d];
    int64_t at = ravel(rank, p.result.shape, to), *sum = &p.values[at];
    if (is_first[at]) *sum = is_sum ? 0 : v;
    is_first[at] = false;
    if (*sum == UNKNOWN || v == UNKNOWN) *sum = UNKNOWN;
    else if (!is_sum) *sum = m_maximum(*sum, v);
    else if ((size[at] += m_abs(v)) > 1 << 24 && p.result.dtype == RT_F32) return; // some order of adding would round
    else *sum += v;
  }
  rt_axes *given = all && one_in(w, 2) ? NULL : &axes;
  handle *out = one_in(w, 2) ? pick_out(w, p.result.dtype, p.result.rank, p.result.shape) : NULL;
  if (out && (hides_overlap(&p, out) || !same_shape(out, p.result.rank, p.result.shape) || out->dtype != p.result.dtype)) return;
  const char *name = is_sum ? "sum" : "max";
  if (out) {
    say(w, "%s_into(slot %d, axes %x, slot %d)", name, index_of(w, a), bits, index_of(w, out));
    finish_into(w, &p, out, false, is_sum ? rt_sum_into(a->t, given, keep_dims, out->t) : rt_max_into(a->t, given, keep_dims, out->t));
    return;
  }
  rt_tensor *t = NULL;
  say(w, "%s(slot %d, axes %x)", name, index_of(w, a), bits);
  rt_status status = is_sum ? rt_sum(a->t, given, keep_dims, RT_DTYPE_NONE, &t) : rt_max(a->t, given, keep_dims, &t);
  finish_new(w, &p, status, t);
}

static void step_matmul(world *w) {
  const handle *a = NULL, *b = NULL;
  int from = below(w, N_SLOTS);
  for (int i = 0; i < N_SLOTS && !(a && b); i++) {
    const handle *h = &w->slot[(from + i) % N_SLOTS];
    if (!h->t || h->s->n_writes || h->rank != 2 || h->n == 0) continue;
    if (!a) a = h;
    if (h->shape[0] == a->shape[1] && h->dtype == a->dtype) b = h;
  }
  if (!b) return;
  plan p = {.n = 2, .in = {a, b}};
  p.result = (handle){.dtype = a->dtype, .rank = 2, .shape = {a->shape[0], b->shape[1]}, .n = a->shape[0] * b->shape[1]};
  if (p.result.n > MAX_NUMEL) return;
  for (int64_t i = 0; i < p.result.n; i++) {
    int64_t sum = 0, size = 0;
    for (int64_t k = 0; k < a->shape[1]; k++) {
      int64_t x = get(a, i / b->shape[1] * a->shape[1] + k), y = get(b, k * b->shape[1] + i % b->shape[1]);
      if (x == UNKNOWN || y == UNKNOWN) return;
      size += m_abs(x) > 4096 || m_abs(y) > 4096 ? (int64_t)1 << 40 : m_abs(x * y);
      if (size <= 1 << 24) sum += x * y;
    }
    if (size > 1 << 24) return;
    p.values[i] = sum;
  }
  handle *out = one_in(w, 2) ? pick_out(w, p.result.dtype, 2, p.result.shape) : NULL;
  if (out && hides_overlap(&p, out)) return;
  if (out) {
    say(w, "matmul_into(slot %d, slot %d, slot %d)", index_of(w, a), index_of(w, b), index_of(w, out));
    finish_into(w, &p, out, false, rt_matmul_into(a->t, b->t, out->t));
    return;
  }
  rt_tensor *t = NULL;
  say(w, "matmul(slot %d, slot %d)", index_of(w, a), index_of(w, b));
  rt_status status = rt_matmul(a->t, b->t, &t);
  finish_new(w, &p, status, t);
}

static void step_concat(world *w) {
  const handle *a = pick(w);
  if (!a || a->rank == 0 || 2 * a->n > MAX_NUMEL) return;
  int32_t axis = below(w, a->rank);
  const handle *b = a;
  int from = below(w, N_SLOTS);
  for (int i = 0; i < N_SLOTS && b == a; i++) {
    const handle *h = &w->slot[(from + i) % N_SLOTS];
    bool fits = h->t && !h->s->n_writes && h->rank == a->rank && h->dtype == a->dtype;
    for (int32_t d = 0; d < a->rank && fits; d++) fits = d == axis || h->shape[d] == a->shape[d];
    if (fits && a->n + h->n <= MAX_NUMEL) b = h;
  }
  plan p = {.n = 2, .in = {a, b}, .result = *a};
  p.result.shape[axis] += b->shape[axis];
  p.result.n = count(p.result.rank, p.result.shape);
  for (int64_t i = 0; i < p.result.n; i++) {
    int64_t index[MAX_RANK];
    unravel(i, p.result.rank, p.result.shape, index);
    bool in_a = index[axis] < a->shape[axis];
    if (!in_a) index[axis] -= a->shape[axis];
    p.values[i] = in_a ? get(a, ravel(a->rank, a->shape, index)) : get(b, ravel(b->rank, b->shape, index));
  }
  handle *out = one_in(w, 2) ? pick_out(w, p.result.dtype, p.result.rank, p.result.shape) : NULL;
  if (out && hides_overlap(&p, out)) return;
  const rt_tensor *in[2] = {a->t, b->t};
  if (out) {
    say(w, "concat_into(slot %d, slot %d, axis %d, slot %d)", index_of(w, a), index_of(w, b), axis, index_of(w, out));
    finish_into(w, &p, out, false, rt_concat_into(2, in, axis, out->t));
    return;
  }
  rt_tensor *t = NULL;
  say(w, "concat(slot %d, slot %d, axis %d)", index_of(w, a), index_of(w, b), axis);
  rt_status status = rt_concat(2, in, axis, &t);
  finish_new(w, &p, status, t);
}

// ---- the host's access -------------------------------------------------------------------------------------------------------------------

static void step_write(world *w) {
  _Alignas(8) char bytes[8 * MAX_NUMEL];
  handle *out = &w->slot[below(w, N_SLOTS)];
  if (!out->t) return;
  int64_t values[MAX_NUMEL], size = (int64_t)rt_dtype_bytes(out->dtype);
  for (int64_t i = 0; i < out->n; i++) values[i] = small_value(w), save(out->dtype, values[i], bytes + i * size);
  bool is_short = one_in(w, 20);
  say(w, "write(slot %d%s)", index_of(w, out), is_short ? ", a byte too many" : "");
  unsigned allowed = is_short ? MAY(RT_E_ARGUMENT) : into_answers(out, (vote){false, 0});
  if (done(w, rt_write(out->t, bytes, (size_t)bytes_of(out) + is_short), allowed)) store_values(out, values);
}

static void step_read(world *w) {
  const handle *h = pick(w);
  if (!h) return;
  say(w, "read(slot %d)", index_of(w, h));
  check_read(w, h, "read");
  if (h->n != 1 || w->why[0]) return;
  rt_scalar value;
  if (!done(w, rt_item(h->t, &value), MAY(RT_OK)) || get(h, 0) == UNKNOWN) return;
  double got = value.kind == RT_KIND_FLOAT ? value.as.f : (double)value.as.i;
  if (got != (double)get(h, 0)) fail_why(w, "item is %g, not %g", got, (double)get(h, 0));
}

static void write_mapped(world *w, const mapped *m, bool all) {
  int64_t size = (int64_t)rt_dtype_bytes(m->h.dtype);
  for (int64_t i = 0; i < m->h.n; i++) {
    if (!all && !one_in(w, 3)) continue;
    int64_t value = small_value(w);
    save(m->h.dtype, value, m->ptr + (m->h.at[i] - m->h.at[0]) * size);
    m->h.s->memory->value[m->h.at[i]] = value;
  }
}
static void unmap(world *w, mapped *m) {
  say(w, "unmap (%s)", m->writes ? "writing" : "reading");
  check_raw(w, &m->h, "a mapped pointer", m->ptr);
  if (m->writes) write_mapped(w, m, false);
  done(w, rt_unmap(m->h.t), MAY(RT_OK));
  if (m->writes) m->h.s->n_writes--;
  else m->h.s->n_reads--;
  handle_release(&m->h);
  *m = (mapped){0};
}
static void step_map(world *w) {
  mapped *m = &w->maps[below(w, N_MAPS)];
  if (m->ptr) {
    unmap(w, m);
    return;
  }
  handle *h = &w->slot[below(w, N_SLOTS)];
  if (!h->t || h->n == 0) return;
  uint32_t flags = (uint32_t[]){RT_MAP_READ, RT_MAP_READ, RT_MAP_WRITE, RT_MAP_READ | RT_MAP_WRITE}[below(w, 4)];
  unsigned allowed = h->s->n_writes ? MAY(RT_E_STATE) : MAY(RT_OK);
  if (flags & RT_MAP_WRITE) allowed = into_answers(h, (vote){false, 0});
  say(w, "map(slot %d, flags %u)", index_of(w, h), flags);
  void *ptr = NULL;
  if (!done(w, rt_map(h->t, flags, &ptr), allowed)) return;
  *m = (mapped){.h = *h, .ptr = ptr, .writes = flags & RT_MAP_WRITE};
  rt_retain(h->t);
  h->s->refs++;
  if (m->writes) h->s->n_writes++;
  else h->s->n_reads++;
  if (!(flags & RT_MAP_READ)) write_mapped(w, m, true);
  else check_raw(w, &m->h, "a mapped pointer", m->ptr);
}

static void step_release(world *w) {
  handle *h = &w->slot[below(w, N_SLOTS)];
  say(w, "release(slot %d)", index_of(w, h));
  handle_release(h);
}

static void step_wait(world *w) {
  const handle *h = pick(w);
  if (!h) return;
  if (one_in(w, 20)) {
    say(w, "trim");
    done(w, rt_ctx_trim(w->ctx), MAY(RT_OK));
  }
  say(w, "wait(slot %d)", index_of(w, h));
  done(w, one_in(w, 4) ? rt_ctx_sync(w->ctx) : rt_wait(h->t), MAY(RT_OK));
}

#endif
