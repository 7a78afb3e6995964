// SPDX-License-Identifier: BSD-3-Clause
// Storages and buffers from the inside: where small and large data lie, who owns a buffer when, what a write does to shared memory, what the
// flags of the short way say, and that every order of releasing gives everything back. What callers see of it is test_sequences' business.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "objects.h"

static rt_ctx *ctx;
static int open_context(void **state) { return (void)state, rt_ctx_create(NULL, &ctx) == RT_OK ? 0 : -1; }
static int close_context(void **state) { return (void)state, rt_ctx_close(ctx) == RT_OK ? 0 : -1; } // busy: something leaked

static rt_tensor *vector(int64_t n) {
  rt_tensor *t = NULL;
  assert_int_equal(rt_full(ctx, RT_F32, 1, &n, rt_int(3), &t), RT_OK);
  return t;
}
static rt_tensor *clone(const rt_tensor *t) {
  rt_tensor *out = NULL;
  assert_int_equal(rt_clone(t, &out), RT_OK);
  return out;
}
static const rti_buffer *home(const rt_tensor *t) { return t->storage->place[0].buffer; }
static int owners(const rt_tensor *t) { return atomic_load(&t->storage->place[0].buffer->owners); }
static unsigned fast(const rt_tensor *t) { return atomic_load(&t->storage->fast); }

static void small_data_lies_in_the_handle(void **state) {
  static const struct { int64_t n; rti_memory memory; } cases[] = {
      {1, RTI_MEMORY_INLINE}, {RT_INLINE_BYTES / 4, RTI_MEMORY_INLINE}, {RT_INLINE_BYTES / 4 + 1, RTI_MEMORY_POOL}, {5000, RTI_MEMORY_POOL},
  };
  (void)state;
  for (size_t i = 0; i < RTI_COUNT(cases); i++) {
    rt_tensor *t = vector(cases[i].n);
    assert_int_equal(home(t)->memory, cases[i].memory);
    assert_int_equal((uintptr_t)home(t)->host % 64, 0);
    assert_true(t->view.data == home(t)->host);
    if (cases[i].memory == RTI_MEMORY_INLINE) assert_true(home(t)->host == (void *)t->block->data);
    rt_release(t);
  }
  rt_tensor *nothing = vector(0);
  assert_null(home(nothing));
  assert_null(nothing->view.data);
  rt_release(nothing);
}

static void a_clone_shares_until_either_side_is_written(void **state) {
  (void)state;
  for (int side = 0; side < 2; side++) {
    rt_tensor *t = vector(100), *c = clone(t), *written = side ? c : t, *other = side ? t : c;
    assert_true(t->storage != c->storage && home(t) == home(c));
    assert_int_equal(owners(t), 2);
    const void *before = home(other)->host;
    uint64_t version = rt_tensor_version(written), other_version = rt_tensor_version(other);
    assert_int_equal(rt_neg_into(written, written), RT_OK);
    assert_true(home(t) != home(c) && home(other)->host == before);
    assert_true(owners(t) == 1 && owners(c) == 1);
    assert_true(rt_tensor_version(written) > version && rt_tensor_version(other) == other_version);
    assert_true(((const float *)home(written)->host)[99] == -3 && ((const float *)home(other)->host)[99] == 3);
    const void *mine = home(written)->host;
    assert_int_equal(rt_neg_into(written, written), RT_OK); // alone now: in place
    assert_true(home(written)->host == mine);
    rt_release(t), rt_release(c);
  }
}

static void views_of_a_clone_follow_it(void **state) {
  (void)state;
  rt_tensor *t = vector(100), *c = clone(t), *view = NULL;
  assert_int_equal(rt_slice(c, 0, 50, 100, 1, &view), RT_OK);
  assert_int_equal(rt_neg_into(c, c), RT_OK); // the view's own address is stale from here on
  float got[50];
  assert_int_equal(rt_read(view, got, sizeof got), RT_OK);
  assert_true(got[0] == -3);
  assert_int_equal(rt_neg_into(view, view), RT_OK);
  assert_int_equal(rt_read(view, got, sizeof got), RT_OK);
  assert_true(got[0] == 3 && ((const float *)home(c)->host)[49] == -3 && ((const float *)home(t)->host)[50] == 3);
  rt_release(t), rt_release(c), rt_release(view);
}

static void small_clones_are_copies(void **state) {
  (void)state;
  rt_tensor *t = vector(4), *c = clone(t);
  assert_true(home(t) != home(c) && owners(t) == 1 && owners(c) == 1);
  rt_release(t), rt_release(c);
}

static uint64_t live_bytes(void) {
  rt_memory_stats stats;
  assert_int_equal(rt_ctx_trim(ctx), RT_OK);
  assert_int_equal(rt_ctx_memory(ctx, &stats), RT_OK);
  return stats.live_bytes;
}

static void every_order_of_releasing_gives_everything_back(void **state) {
  (void)state;
  for (int64_t n = 10; n <= 1000; n *= 10) {
    uint64_t before = 0;
    for (int order = -1; order < 24; order++) { // the first time also fills caches
      rt_tensor *t[4] = {vector(n)};
      t[1] = clone(t[0]);
      assert_int_equal(rt_slice(t[1], 0, 2, 7, 1, &t[2]), RT_OK);
      t[3] = clone(t[2]);
      assert_int_equal(rt_neg_into(t[2], t[2]), RT_OK);
      for (int left = 4, code = order < 0 ? 0 : order; left > 0; left--) {
        int k = code % left;
        code /= left;
        rt_release(t[k]);
        memmove(&t[k], &t[k + 1], sizeof *t * (size_t)(left - 1 - k));
      }
      if (order < 0) before = live_bytes();
      else assert_int_equal(live_bytes(), before);
    }
  }
}

static void the_short_way_is_open_only_when_it_is_safe(void **state) {
  (void)state;
  const unsigned both = RTI_FAST_READ | RTI_FAST_WRITE;
  rt_tensor *t = vector(100), *imported = NULL;
  void *ptr;
  assert_int_equal(fast(t), both);
  assert_int_equal(rt_map(t, RT_MAP_READ, &ptr), RT_OK);
  assert_int_equal(fast(t), RTI_FAST_READ);
  assert_int_equal(rt_map(t, RT_MAP_READ, &ptr), RT_OK);
  assert_int_equal(rt_unmap(t), RT_OK);
  assert_int_equal(fast(t), RTI_FAST_READ); // one is open still
  assert_int_equal(rt_unmap(t), RT_OK);
  assert_int_equal(fast(t), both);
  assert_int_equal(rt_map(t, RT_MAP_WRITE, &ptr), RT_OK);
  assert_int_equal(fast(t), 0);
  assert_int_equal(rt_unmap(t), RT_OK);
  assert_int_equal(fast(t), both);
  assert_int_equal(rt_unmap(t), RT_E_STATE);
  assert_int_equal(rti_tensor_escape(t, &ptr), RT_OK); // a raw pointer outside
  assert_int_equal(fast(t), RTI_FAST_READ);
  assert_true(ptr == t->view.data);
  float memory[40] = {0};
  assert_int_equal(rt_import(ctx, RT_F32, 1, (int64_t[]){40}, NULL, memory, true, NULL, NULL, &imported), RT_OK);
  assert_int_equal(fast(imported), RTI_FAST_READ);
  assert_int_equal(rt_neg_into(imported, imported), RT_E_STATE);
  rt_release(t), rt_release(imported);
}

static void an_escape_leaves_shared_memory(void **state) {
  (void)state;
  rt_tensor *t = vector(100), *c = clone(t);
  void *ptr = NULL, *again = NULL;
  const void *shared = home(c)->host;
  assert_int_equal(rti_tensor_escape(t, &ptr), RT_OK);
  assert_true(ptr != shared && home(c)->host == shared && owners(c) == 1);
  assert_int_equal(rti_tensor_escape(t, &again), RT_OK); // the address stays
  assert_true(again == ptr);
  rt_tensor *copy = clone(t);
  assert_true(home(copy) != home(t)); // what others may write is not shared
  rt_release(t), rt_release(c), rt_release(copy);
}

// ---- places ------------------------------------------------------------------------------------------------------------------------------

static void count_release(void *user) { ++*(int *)user; }

static rti_buffer *buffer_in(int32_t space, int *n_released) {
  rti_buffer *buffer = rti_small_alloc(ctx, sizeof *buffer);
  assert_non_null(buffer);
  rti_buffer_init(buffer, ctx, RTI_MEMORY_IMPORT, space, 64);
  buffer->release = count_release;
  buffer->user = n_released;
  return buffer;
}

static void a_storage_has_one_place_per_space(void **state) {
  (void)state;
  enum { N = 6 };
  int n_released[N + 1] = {0};
  rti_storage *storage = NULL;
  rti_buffer *old;
  assert_int_equal(rti_storage_create(ctx, 0, 64, &storage), RT_OK);
  assert_non_null(rti_storage_place(storage, 0)); // the home is there from the start
  assert_null(rti_storage_place(storage, 1));
  for (int32_t space = 0; space < N; space++) {
    assert_int_equal(rti_storage_install(storage, space, buffer_in(space, &n_released[space]), space % 2 == 0, &old), RT_OK);
    assert_null(old);
  }
  for (int32_t space = 0; space < N; space++) {
    const rti_place *place = rti_storage_place(storage, space);
    assert_non_null(place);
    assert_int_equal(place->space, space);
    assert_int_equal(place->buffer->space, space);
    assert_int_equal(place->valid, space % 2 == 0);
  }
  assert_int_equal(fast((&(rt_tensor){.storage = storage})), RTI_FAST_READ); // others are valid too, so no writing
  assert_int_equal(rti_storage_install(storage, 4, buffer_in(4, &n_released[N]), true, &old), RT_OK);
  assert_true(old && old->user == &n_released[4]);
  rti_buffer_disown(old);
  assert_int_equal(n_released[4], 1);
  rti_buffer *kept = rti_storage_place(storage, 3)->buffer;
  rti_buffer_retain(kept); // work in flight
  rti_storage_release(storage);
  for (int32_t space = 0; space <= N; space++) assert_int_equal(n_released[space], space != 3);
  rti_buffer_release(kept);
  assert_int_equal(n_released[3], 1);
}

static void a_weak_scalar_keeps_its_address(void **state) {
  (void)state;
  rt_tensor *weak = NULL, *view = NULL, *sum = NULL, *t = vector(3);
  assert_int_equal(rt_scalar_tensor(ctx, rt_float(2.5), &weak), RT_OK);
  atomic_store(&weak->storage->base, 0); // as when a device has read it
  assert_int_equal(rt_reshape(weak, 1, (int64_t[]){1}, &view), RT_OK);
  assert_int_equal(rt_add(t, view, &sum), RT_OK);
  assert_true(*(const float *)sum->view.data == 5.5f);
  rt_release(weak), rt_release(view), rt_release(sum), rt_release(t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(small_data_lies_in_the_handle),
      cmocka_unit_test(a_clone_shares_until_either_side_is_written),
      cmocka_unit_test(views_of_a_clone_follow_it),
      cmocka_unit_test(small_clones_are_copies),
      cmocka_unit_test(every_order_of_releasing_gives_everything_back),
      cmocka_unit_test(the_short_way_is_open_only_when_it_is_safe),
      cmocka_unit_test(an_escape_leaves_shared_memory),
      cmocka_unit_test(a_storage_has_one_place_per_space),
      cmocka_unit_test(a_weak_scalar_keeps_its_address),
  };
  return cmocka_run_group_tests(tests, open_context, close_context);
}
