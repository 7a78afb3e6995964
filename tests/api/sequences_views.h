// SPDX-License-Identifier: BSD-3-Clause
// The steps of test_sequences.c that make handles: creating, viewing, cloning, moving, exporting and importing.
#ifndef TRIVET_TEST_SEQUENCES_VIEWS_H
#define TRIVET_TEST_SEQUENCES_VIEWS_H

#include "sequences_oracle.h"

/// A handle that may be read, or NULL. Storages that are mapped for writing are left alone.
static handle *pick(world *w) {
  int from = below(w, N_SLOTS);
  for (int i = 0; i < N_SLOTS; i++) {
    handle *h = &w->slot[(from + i) % N_SLOTS];
    if (h->t && !h->s->n_writes) return h;
  }
  return NULL;
}
static int index_of(const world *w, const handle *h) { return h >= w->slot && h < w->slot + N_SLOTS ? (int)(h - w->slot) : -1; }

/// Puts a handle into a slot by chance; the one that was there is released.
static handle *keep(world *w, const handle *made) {
  handle *to = &w->slot[below(w, N_SLOTS)];
  handle_release(to);
  *to = *made;
  if (w->step >= w->verbose_from) fprintf(stderr, "         -> slot %d\n", index_of(w, to));
  return to;
}

static rt_device any_device(world *w) { return (rt_device)below(w, w->n_devices); }
static rt_dtype any_dtype(world *w) { return (rt_dtype[]){RT_F32, RT_F32, RT_F32, RT_I32, RT_I32, RT_I64}[below(w, 6)]; }

/// 0 to 4 dimensions; now and then an extent of 0, mostly more than a handle holds inline or exactly as much.
static void any_shape(world *w, handle *h) {
  do {
    h->rank = below(w, 5);
    for (int32_t d = 0; d < h->rank; d++) h->shape[d] = one_in(w, 60) ? 0 : 1 + below(w, h->rank == 1 ? 60 : h->rank == 2 ? 12 : 6);
    h->n = count(h->rank, h->shape);
  } while (h->n > MAX_NUMEL);
}
static int64_t small_value(world *w) { return below(w, 41) - 20; }

static void fill_by_chance(world *w, const handle *h, char *bytes) {
  int64_t size = (int64_t)rt_dtype_bytes(h->dtype);
  for (int64_t i = 0; i < h->n; i++) {
    int64_t value = small_value(w);
    h->s->memory->value[h->at[i]] = value;
    save(h->dtype, value, bytes + i * size);
  }
}
static void lay_dense(handle *h) {
  for (int64_t i = 0; i < h->n; i++) h->at[i] = (int16_t)i;
}

// ---- create ------------------------------------------------------------------------------------------------------------------------------

typedef struct lent { world *w; void *block; } lent;
static void give_back(void *user) {
  lent *l = user;
  atomic_fetch_add(&l->w->n_given_back, 1);
  free(l->block);
  free(l);
}

/// Memory of the user's, in C order, reversed or transposed.
static bool import_block(world *w, handle *h) {
  int64_t strides[MAX_RANK] = {0}, size = (int64_t)rt_dtype_bytes(h->dtype), step = 1;
  int how = below(w, 3);
  bool read_only = one_in(w, 6);
  if (h->n == 0) return false;
  for (int32_t k = 0; k < h->rank; k++) {
    int32_t d = how == 1 ? k : h->rank - 1 - k;
    strides[d] = how == 2 ? -step : step;
    step *= h->shape[d];
  }
  h->s = store_new(h->n);
  h->s->escaped = true;
  h->s->read_only = read_only;
  lent *l = calloc(1, sizeof *l);
  *l = (lent){w, calloc((size_t)h->n, (size_t)size)};
  h->s->memory->raw = l->block;
  char *zero = (char *)l->block + (how == 2 ? (h->n - 1) * size : 0);
  int64_t index[MAX_RANK];
  for (int64_t i = 0; i < h->n; i++) {
    int64_t at = how == 2 ? h->n - 1 : 0;
    unravel(i, h->rank, h->shape, index);
    for (int32_t d = 0; d < h->rank; d++) at += index[d] * strides[d];
    h->at[i] = (int16_t)at;
    h->s->memory->value[at] = small_value(w);
    save(h->dtype, h->s->memory->value[at], (char *)l->block + at * size);
  }
  h->device = RT_HOST;
  static const char *const order[] = {"C order", "transposed", "reversed"};
  say(w, "import(%s, %lld elements, %s%s)", rt_dtype_name(h->dtype), (long long)h->n, order[how], read_only ? ", read-only" : "");
  if (done(w, rt_import(w->ctx, h->dtype, h->rank, h->shape, how ? strides : NULL, zero, read_only, give_back, l, &h->t), MAY(RT_OK))) {
    w->n_imported++;
    return true;
  }
  give_back(l);
  atomic_fetch_sub(&w->n_given_back, 1);
  return false;
}

static void step_create(world *w) {
  _Alignas(8) char bytes[8 * MAX_NUMEL];
  handle h = {.dtype = any_dtype(w), .device = any_device(w)};
  any_shape(w, &h);
  int how = below(w, 5);
  if (how == 4) {
    if (import_block(w, &h)) {
      check_facts(w, &h);
      keep(w, &h);
    } else {
      store_release(h.s);
    }
    return;
  }
  h.s = store_new(h.n);
  lay_dense(&h);
  rt_status status;
  if (how == 0) {
    say(w, "empty_on(device %d, %s, %lld elements)", h.device, rt_dtype_name(h.dtype), (long long)h.n);
    status = rt_empty_on(w->ctx, h.device, h.dtype, h.rank, h.shape, &h.t);
  } else if (how == 1) {
    int64_t value = small_value(w);
    for (int64_t i = 0; i < h.n; i++) h.s->memory->value[i] = value;
    say(w, "full(%s, %lld elements, %lld)", rt_dtype_name(h.dtype), (long long)h.n, (long long)value);
    status = rt_full(w->ctx, h.dtype, h.rank, h.shape, one_in(w, 2) ? rt_int(value) : rt_float((double)value), &h.t);
    h.device = w->order[0] == 0 ? RT_HOST : 1; // the default device: the first of the first backend
  } else {
    fill_by_chance(w, &h, bytes);
    say(w, "from_data_on(device %d, %s, %lld elements)", h.device, rt_dtype_name(h.dtype), (long long)h.n);
    status = rt_from_data_on(w->ctx, h.device, h.dtype, h.rank, h.shape, bytes, &h.t);
  }
  if (!done(w, status, MAY(RT_OK))) {
    store_release(h.s);
    return;
  }
  check_facts(w, &h);
  keep(w, &h);
}

// ---- views -------------------------------------------------------------------------------------------------------------------------------

/// A view of `of` under construction: shares its storage.
static handle view_of(const handle *of) {
  handle h = *of;
  h.t = NULL;
  h.s->refs++;
  return h;
}
/// Checks and keeps a finished view (h->t is set), or lets it go.
static handle *finish_view(world *w, handle *h, const handle *of, bool was_made) {
  if (!was_made) {
    handle_release(h);
    return NULL;
  }
  if (!rt_tensor_shares_storage(h->t, of->t)) fail_why(w, "the view does not share the storage of its base");
  check_facts(w, h);
  return keep(w, h);
}

/// Strides exist for a list of places and a shape when every step along an axis is the same everywhere.
static bool is_strided(const handle *h) {
  int64_t index[MAX_RANK], step[MAX_RANK] = {0};
  for (int64_t i = 0; i < h->n; i++) {
    int64_t at = h->at[0];
    unravel(i, h->rank, h->shape, index);
    for (int32_t d = 0, unit = 1; d < h->rank; d++, unit = 1) {
      for (int32_t e = d + 1; e < h->rank; e++) unit *= (int32_t)h->shape[e];
      if (h->shape[d] > 1) step[d] = h->at[unit] - h->at[0];
      at += index[d] * step[d];
    }
    if (at != h->at[i]) return false;
  }
  return true;
}

/// A shape with n elements.
static void shape_with(world *w, int64_t n, handle *h) {
  h->rank = 0;
  if (n == 0) {
    h->rank = 2, h->shape[0] = below(w, 3), h->shape[1] = h->shape[0] ? 0 : below(w, 4);
    return;
  }
  for (int64_t rest = n; rest > 1 && h->rank < 4;) {
    int64_t factor = h->rank == 3 ? rest : 1 + below(w, (int)(rest < 12 ? rest : 12));
    while (rest % factor) factor--;
    h->shape[h->rank++] = factor;
    rest /= factor;
    if (rest > 1 && h->rank == 4) h->shape[3] *= rest;
  }
  if (h->rank < 5 && one_in(w, 4)) h->shape[h->rank++] = 1;
  if (count(h->rank, h->shape) != n) h->rank = 1, h->shape[0] = n;
}

static void step_reshape(world *w) {
  const handle *of = pick(w);
  if (!of) return;
  handle h = view_of(of);
  shape_with(w, of->n, &h);
  int64_t asked[MAX_RANK] = {0};
  memcpy(asked, h.shape, sizeof h.shape);
  if (h.n > 0 && h.rank > 0 && one_in(w, 3)) asked[below(w, h.rank)] = -1;
  bool fits = h.n == 0 || is_strided(&h), may_copy = one_in(w, 2);
  int slot = index_of(w, of);
  say(w, "%s(slot %d, rank %d)", may_copy ? "reshape" : "view", slot, h.rank);
  if (!may_copy) {
    bool made = done(w, rt_view(of->t, h.rank, asked, &h.t), fits ? MAY(RT_OK) : MAY(RT_E_SHAPE));
    finish_view(w, &h, of, made);
    return;
  }
  if (!done(w, rt_reshape(of->t, h.rank, asked, &h.t), MAY(RT_OK))) {
    handle_release(&h);
    return;
  }
  if (rt_tensor_shares_storage(h.t, of->t) != fits)
    fail_why(w, "reshape %s, although strides for it do%s exist", fits ? "copied" : "did not copy", fits ? "" : " not");
  if (!fits) {
    store *s = store_new(h.n);
    for (int64_t i = 0; i < h.n; i++) s->memory->value[i] = get(of, i);
    store_release(h.s);
    h.s = s, h.odd = false;
    lay_dense(&h);
  }
  check_facts(w, &h);
  keep(w, &h);
}

static void step_permute(world *w) {
  const handle *of = pick(w);
  if (!of) return;
  handle h = view_of(of);
  rt_axes axes = {.count = of->rank};
  for (int32_t d = 0; d < of->rank; d++) axes.axis[d] = d;
  bool swap = of->rank > 0 && one_in(w, 2);
  int32_t a = swap ? below(w, of->rank) : 0, b = swap ? below(w, of->rank) : 0;
  for (int32_t d = swap ? 1 : of->rank; d > 0; d--) {
    int32_t x = swap ? a : d - 1, y = swap ? b : below(w, d), other = axes.axis[x];
    axes.axis[x] = axes.axis[y], axes.axis[y] = other;
  }
  for (int32_t d = 0; d < of->rank; d++) h.shape[d] = of->shape[axes.axis[d]];
  for (int64_t i = 0; i < h.n; i++) {
    int64_t index[MAX_RANK], from[MAX_RANK];
    unravel(i, h.rank, h.shape, index);
    for (int32_t d = 0; d < h.rank; d++) from[axes.axis[d]] = index[d];
    h.at[i] = of->at[ravel(of->rank, of->shape, from)];
  }
  say(w, "%s(slot %d)", swap ? "transpose" : "permute", index_of(w, of));
  rt_status status = swap ? rt_transpose(of->t, a, one_in(w, 2) ? b - of->rank : b, &h.t) : rt_permute(of->t, &axes, &h.t);
  finish_view(w, &h, of, done(w, status, MAY(RT_OK)));
}

/// Elements start, start + step, ... of an axis, `extent` of them; the axis may go away.
static void take_along(handle *h, const handle *of, int32_t axis, int64_t start, int64_t extent, int64_t step) {
  h->shape[axis] = extent;
  h->n = count(h->rank, h->shape);
  for (int64_t i = 0; i < h->n; i++) {
    int64_t index[MAX_RANK];
    unravel(i, h->rank, h->shape, index);
    index[axis] = start + index[axis] * step;
    h->at[i] = of->at[ravel(of->rank, of->shape, index)];
  }
}

static bool slice(world *w, const handle *of, int32_t axis, int64_t start, int64_t stop, int64_t step, handle *h) {
  *h = view_of(of);
  int64_t n = of->shape[axis], first = start < 0 ? start + n : start, last = stop < 0 ? stop + n : stop, extent = 0;
  if (start == RT_SLICE_DEFAULT) first = step > 0 ? 0 : n - 1;
  if (stop == RT_SLICE_DEFAULT) last = step > 0 ? n : -1;
  else if (stop < 0 && last < 0) last = step > 0 ? 0 : -1;
  if (start != RT_SLICE_DEFAULT && first < 0) first = step > 0 ? 0 : -1;
  if (first > n - 1 && step < 0) first = n - 1;
  if (last > n) last = n;
  for (int64_t i = first; step > 0 ? i < last : i > last; i += step) extent++; // as a loop over the elements would count
  take_along(h, of, axis, first, extent, step);
  say(w, "slice(slot %d, axis %d, %lld, %lld, %lld)", index_of(w, of), axis, (long long)start, (long long)stop, (long long)step);
  return done(w, rt_slice(of->t, axis, start, stop, step, &h->t), MAY(RT_OK));
}

static void step_slice(world *w) {
  const handle *of = pick(w);
  if (!of || of->rank == 0) return;
  int32_t axis = below(w, of->rank);
  int n = (int)of->shape[axis];
  int64_t start = one_in(w, 4) ? RT_SLICE_DEFAULT : below(w, 2 * n + 3) - n - 1;
  int64_t stop = one_in(w, 3) ? RT_SLICE_DEFAULT : below(w, 2 * n + 3) - n - 1;
  int64_t step = (int[]){1, 1, 1, 2, 3, -1, -1, -2}[below(w, 8)];
  handle h;
  bool made = slice(w, of, axis, start, stop, step, &h);
  finish_view(w, &h, of, made);
}

static void remove_axis(handle *h, int32_t axis) {
  h->rank--;
  for (int32_t d = axis; d < h->rank; d++) h->shape[d] = h->shape[d + 1];
}

static void step_select(world *w) {
  const handle *of = pick(w);
  if (!of || of->rank == 0) return;
  int32_t axis = below(w, of->rank);
  int n = (int)of->shape[axis];
  int64_t at = below(w, 2 * n + 2) - n - 1;
  bool fits = at >= -n && at < n;
  handle h = view_of(of);
  if (fits) {
    take_along(&h, of, axis, at < 0 ? at + n : at, 1, 1);
    remove_axis(&h, axis);
  }
  say(w, "select(slot %d, axis %d, %lld)", index_of(w, of), axis, (long long)at);
  finish_view(w, &h, of, done(w, rt_select(of->t, axis, at, &h.t), fits ? MAY(RT_OK) : MAY(RT_E_ARGUMENT)));
}

static void step_expand(world *w) {
  const handle *of = pick(w);
  if (!of) return;
  handle h = view_of(of);
  int32_t grow = of->rank < 4 ? below(w, 2) : 0;
  h.rank = of->rank + grow;
  for (int32_t d = 0; d < h.rank; d++) h.shape[d] = d >= grow && of->shape[d - grow] != 1 ? of->shape[d - grow] : 1 + below(w, 5);
  h.n = count(h.rank, h.shape);
  if (h.n > MAX_NUMEL) {
    handle_release(&h);
    return;
  }
  for (int64_t i = 0; i < h.n; i++) h.at[i] = of->at[broadcast_at(of, i, h.rank, h.shape)];
  say(w, "expand(slot %d)", index_of(w, of));
  finish_view(w, &h, of, done(w, rt_expand(of->t, h.rank, h.shape, &h.t), MAY(RT_OK)));
}

static void step_squeeze(world *w) {
  const handle *of = pick(w);
  if (!of) return;
  handle h = view_of(of);
  if (of->rank < 5 && one_in(w, 2)) {
    int32_t axis = below(w, of->rank + 1);
    for (int32_t d = h.rank++; d > axis; d--) h.shape[d] = h.shape[d - 1];
    h.shape[axis] = 1;
    say(w, "unsqueeze(slot %d, %d)", index_of(w, of), axis);
    finish_view(w, &h, of, done(w, rt_unsqueeze(of->t, one_in(w, 2) ? axis : axis - h.rank, &h.t), MAY(RT_OK)));
    return;
  }
  for (int32_t d = h.rank - 1; d >= 0; d--)
    if (h.shape[d] == 1) remove_axis(&h, d);
  say(w, "squeeze(slot %d)", index_of(w, of));
  finish_view(w, &h, of, done(w, rt_squeeze(of->t, NULL, &h.t), MAY(RT_OK)));
}

static void step_flip(world *w) {
  const handle *of = pick(w);
  if (!of) return;
  handle h = view_of(of), before = *of;
  rt_axes axes = {0};
  for (int32_t d = 0; d < of->rank; d++) {
    if (one_in(w, 2)) continue;
    axes.axis[axes.count++] = d;
    take_along(&h, &before, d, of->shape[d] - 1, of->shape[d], -1);
    memcpy(before.at, h.at, sizeof h.at);
  }
  say(w, "flip(slot %d, %d axes)", index_of(w, of), axes.count);
  finish_view(w, &h, of, done(w, rt_flip(of->t, &axes, &h.t), MAY(RT_OK)));
}

static void step_diagonal(world *w) {
  const handle *of = pick(w);
  if (!of || of->rank < 2) return;
  int32_t a = below(w, of->rank), b = below(w, of->rank - 1);
  b += b >= a;
  int64_t offset = below(w, 7) - 3, extent = 0;
  while (extent + (offset < 0 ? -offset : 0) < of->shape[a] && extent + (offset > 0 ? offset : 0) < of->shape[b]) extent++;
  handle h = view_of(of);
  remove_axis(&h, a > b ? a : b);
  remove_axis(&h, a > b ? b : a);
  h.shape[h.rank++] = extent;
  h.n = count(h.rank, h.shape);
  for (int64_t i = 0; i < h.n; i++) {
    int64_t index[MAX_RANK], from[MAX_RANK];
    unravel(i, h.rank, h.shape, index);
    for (int32_t d = 0, k = 0; d < of->rank; d++)
      from[d] = d == a ? index[h.rank - 1] - (offset < 0 ? offset : 0) : d == b ? index[h.rank - 1] + (offset > 0 ? offset : 0) : index[k++];
    h.at[i] = of->at[ravel(of->rank, of->shape, from)];
  }
  say(w, "diagonal(slot %d, %lld, %d, %d)", index_of(w, of), (long long)offset, a, b);
  finish_view(w, &h, of, done(w, rt_diagonal(of->t, offset, a, b, &h.t), MAY(RT_OK)));
}

static void step_windows(world *w) {
  const handle *of = pick(w);
  if (!of || of->rank == 0 || of->rank == MAX_RANK) return;
  int32_t axis = below(w, of->rank);
  int64_t size = 1 + below(w, 3), step = 1 + below(w, 3), dilation = 1 + below(w, 2), n = of->shape[axis], windows = 0;
  while (windows * step + (size - 1) * dilation < n) windows++;
  handle h = view_of(of);
  h.odd = true;
  h.shape[axis] = windows;
  h.shape[h.rank++] = size;
  h.n = count(h.rank, h.shape);
  if (h.n > MAX_NUMEL) {
    handle_release(&h);
    return;
  }
  for (int64_t i = 0; i < h.n; i++) {
    int64_t index[MAX_RANK];
    unravel(i, h.rank, h.shape, index);
    index[axis] = index[axis] * step + index[h.rank - 1] * dilation;
    h.at[i] = of->at[ravel(of->rank, of->shape, index)];
  }
  say(w, "windows(slot %d, axis %d, %lld, %lld, %lld)", index_of(w, of), axis, (long long)size, (long long)step, (long long)dilation);
  finish_view(w, &h, of, done(w, rt_windows(of->t, axis, size, step, dilation, &h.t), windows ? MAY(RT_OK) : MAY(RT_E_SHAPE)));
}

static void step_as_strided(world *w) {
  const handle *of = pick(w);
  if (!of || !of->s->is_whole) return;
  handle h = view_of(of);
  int64_t strides[MAX_RANK], offset = of->s->n ? below(w, (int)of->s->n) : 0;
  bool inside = true;
  h.odd = true;
  h.rank = below(w, 4);
  for (int32_t d = 0; d < h.rank; d++) h.shape[d] = 1 + below(w, 4), strides[d] = below(w, 9) - 2;
  h.n = count(h.rank, h.shape);
  for (int64_t i = 0; i < h.n; i++) {
    int64_t index[MAX_RANK], at = offset;
    unravel(i, h.rank, h.shape, index);
    for (int32_t d = 0; d < h.rank; d++) at += index[d] * strides[d];
    inside &= at >= 0 && at < of->s->n;
    h.at[i] = (int16_t)(inside ? of->s->base + at : 0);
  }
  say(w, "as_strided(slot %d, offset %lld, rank %d)", index_of(w, of), (long long)offset, h.rank);
  finish_view(w, &h, of, done(w, rt_as_strided(of->t, h.rank, h.shape, strides, offset, &h.t), inside ? MAY(RT_OK) : MAY(RT_E_SHAPE)));
}

// ---- copies ------------------------------------------------------------------------------------------------------------------------------

/// A new storage for h->t (shape and dtype are set) with the given values, in whatever dense order the library chose. Kept.
static void keep_new(world *w, handle *h, const int64_t *values) {
  h->s = store_new(h->n);
  h->odd = false;
  adopt_layout(h);
  if (has_duplicates(h)) fail_why(w, "elements of a new tensor share memory");
  for (int64_t i = 0; i < h->n; i++) h->s->memory->value[h->at[i]] = values[i];
  for (int i = 0; i < N_SLOTS; i++)
    if (w->slot[i].t && rt_tensor_shares_storage(w->slot[i].t, h->t)) fail_why(w, "a new tensor shares the storage of slot %d", i);
  check_facts(w, h);
  keep(w, h);
}

static void step_clone(world *w) {
  const handle *of = pick(w);
  if (!of) return;
  handle h = *of;
  h.t = NULL;
  bool moves = one_in(w, 2);
  h.device = moves ? any_device(w) : of->device;
  say(w, moves ? "to(slot %d, device %d)" : "clone(slot %d)", index_of(w, of), h.device);
  if (!done(w, moves ? rt_to(of->t, h.device, &h.t) : rt_clone(of->t, &h.t), MAY(RT_OK))) return;
  int64_t values[MAX_NUMEL], index[MAX_RANK];
  for (int64_t i = 0; i < h.n; i++) values[i] = get(of, i);
  // A clone has the layout of the original in a storage as large, or is dense in a storage of its own size.
  const int64_t *stride = rt_tensor_strides(h.t);
  bool is_alike = h.device == of->device && rt_tensor_offset(h.t) + of->s->base == of->at[0];
  for (int64_t i = 0; i < h.n && is_alike; i++) {
    int64_t at = of->at[0];
    unravel(i, h.rank, h.shape, index);
    for (int32_t d = 0; d < h.rank; d++) at += index[d] * stride[d];
    is_alike = at == of->at[i];
  }
  if (!is_alike || h.n == 0) {
    keep_new(w, &h, values);
    return;
  }
  h.s = store_new(of->s->n);
  h.s->is_whole = of->s->n == of->n && of->s->is_whole;
  h.s->base = of->s->base;
  memcpy(h.s->memory->value, of->s->memory->value, sizeof h.s->memory->value);
  if (rt_tensor_shares_storage(h.t, of->t)) fail_why(w, "a clone shares the storage of its original");
  check_facts(w, &h);
  keep(w, &h);
}

// ---- pointers that leave -----------------------------------------------------------------------------------------------------------------

static void step_export(world *w) {
  exported *e = &w->exports[below(w, N_EXPORTS)];
  if (e->managed && one_in(w, 2)) {
    say(w, "an exported tensor is given back");
    check_raw(w, &e->h, "an exported pointer", e->managed->dl_tensor.data);
    e->managed->deleter(e->managed);
    store_release(e->h.s);
    *e = (exported){0};
    return;
  }
  handle *of = pick(w);
  if (e->managed || !of || of->n == 0) return;
  store *s = of->s;
  unsigned want = of->device != RT_HOST ? MAY(RT_E_UNSUPPORTED) : s->n_reads && !s->read_only ? MAY(RT_E_STATE) : MAY(RT_OK);
  say(w, "to_dlpack(slot %d)", index_of(w, of));
  rt_dl_managed_versioned *managed = NULL;
  if (!done(w, rt_to_dlpack(of->t, &managed), want)) return;
  char *zero = (char *)managed->dl_tensor.data - of->at[0] * (int64_t)rt_dtype_bytes(of->dtype);
  if (s->memory->raw && s->memory->raw != zero) fail_why(w, "an exported pointer has moved");
  s->memory->raw = zero;
  s->escaped = true;
  if (one_in(w, 3)) { // straight back in: a second storage on the same memory
    int16_t low = of->at[0], high = of->at[0];
    for (int64_t i = 0; i < of->n; i++) low = of->at[i] < low ? of->at[i] : low, high = of->at[i] > high ? of->at[i] : high;
    handle h = *of;
    h.t = NULL;
    say(w, "from_dlpack");
    if (!done(w, rt_from_dlpack(w->ctx, managed, &h.t), MAY(RT_OK))) {
      managed->deleter(managed);
      return;
    }
    h.s = store_of_memory(s->memory, low, high - low + 1);
    h.s->read_only = s->read_only;
    check_facts(w, &h);
    keep(w, &h);
    return;
  }
  e->managed = managed;
  e->h = *of;
  e->h.t = NULL;
  s->refs++;
}

/// Somebody writes through a pointer that they have from outside.
static void step_raw_write(world *w) {
  handle *h = pick(w);
  if (!h || !h->s->memory->raw || h->n == 0) return;
  int64_t size = (int64_t)rt_dtype_bytes(h->dtype);
  say(w, "the memory of slot %d is written from outside", index_of(w, h));
  for (int k = 0; k < 3; k++) {
    int at = h->at[below(w, (int)h->n)];
    int64_t value = small_value(w);
    save(h->dtype, value, h->s->memory->raw + at * size);
    h->s->memory->value[at] = value;
  }
}

#endif
