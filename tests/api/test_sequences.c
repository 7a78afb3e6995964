// SPDX-License-Identifier: BSD-3-Clause
// labels: threads
// Long random sequences of public API calls against a naive oracle (sequences_oracle.h): copy on write, views, overlap, clones, maps, raw
// pointers outside, and tensors on the host and on the asynchronous example's devices. Every value and every status is predicted.
//
// Each step draws from a generator seeded by the seed and its number alone, so steps can be left out: a failure is shrunk by leaving out
// halves, quarters and so on, and what remains is printed call by call. RT_TEST_SEED=n runs one seed, RT_TEST_STEPS=n changes the length.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <trivet/backend.h>

#include "../results.h"
#include "sequences_ops.h"

#define TOY TRIVET_BUILD_DIR "/examples/trivet_toy.so"
#define ALL_STEPS 128 // everything is read after so many steps
#define LAST_STEPS 60 // printed of a sequence that fails

#if defined(__SANITIZE_THREAD__)
#define SLOWER 20
#elif defined(__SANITIZE_ADDRESS__)
#define SLOWER 10
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLOWER 20
#endif
#endif
#ifndef SLOWER
#define SLOWER 1
#endif

// ---- a backend that spoils its output before it reads its input ------------------------------------------------------------------------------

// It says that it cannot compute in place and takes dense arguments only. Whoever hands it one memory twice without saying so gets nonsense.
static int32_t picky_abs(void *kctx, void *stream, const rtb_op *op) {
  (void)kctx, (void)stream;
  const float *x = op->args[0]->data;
  float *y = op->args[1]->data;
  memset(y, 0x55, (size_t)op->args[1]->numel * sizeof *y);
  for (int64_t i = 0; i < op->args[1]->numel; i++) y[i] = x[i] < 0 ? -x[i] : x[i];
  return RTB_OK;
}
static int32_t picky_resolve(void *dev, const rtb_sig *sig, rtb_kernel *out) {
  (void)dev;
  if (sig->op != RTB_OP_ABS || sig->arg[0].dtype != RTB_F32) return out->reason = RTB_UNSUPPORTED_OP;
  if (sig->alias) return out->reason = RTB_UNSUPPORTED_ALIAS;
  if (sig->arg[0].layout != RTB_DENSE || sig->arg[1].layout != RTB_DENSE) return out->reason = RTB_UNSUPPORTED_LAYOUT;
  out->fn = picky_abs;
  return RTB_OK;
}
static const void *picky_entry(const void *host) {
  static const rtb_backend table = {RTB_BACKEND_HEADER, .caps = RTB_CAP_HOST_MEMORY, .name = "picky", .vendor = "a test", .version = "0",
                                    .resolve = picky_resolve};
  (void)host;
  return &table;
}

// ---- running -----------------------------------------------------------------------------------------------------------------------------

typedef struct place { const char *name, *backends, *config; int32_t n_devices; bool host_first; } place; // where sequences run
static const place places[] = {
  {"host", "cpu_ref", NULL, 1, true},
  {"one device", "toy", "toy.batch=16\n", 2, false},
  {"one device, no batches", "toy", "toy.batch=1\n", 2, false},
  {"two devices", "toy", "toy.devices=2\ntoy.batch=16\n", 3, false},
  {"the host first, then a device", "cpu_ref,toy", "toy.batch=64\n", 2, true},
  {"a device and a picky backend", "toy,picky", "toy.batch=16\n", 2, false},
  {"a device that reads host memory in place", "unified", "unified.map=0\nunified.import=1\n", 2, false},
  {"two devices that exchange", "unified", "unified.map=0\nunified.import=1\nunified.devices=2\n", 3, false},
};

static rt_ctx *open_place(const place *p) {
  rt_ctx_options options = {.size = sizeof options, .backends = p->backends, .backend_path = TRIVET_BUILD_DIR "/examples:" TRIVET_BUILD_DIR "/tests/plugins", .config = p->config,
                            .n_threads = 1};
  if (p->n_devices == 1) options.backends = NULL, options.backend_path = NULL;
  rt_ctx *ctx = NULL;
  if (rt_ctx_create(&options, &ctx) != RT_OK) print_error("%s\n", rt_last_error());
  return ctx;
}

static void (*const steps[])(world *) = { // as often as they are named
  step_create, step_create, step_create, step_create, step_release, step_release,
  step_reshape, step_reshape, step_permute, step_slice, step_slice, step_select, step_expand, step_squeeze, step_flip, step_diagonal, step_windows,
  step_as_strided, step_clone, step_clone, step_clone, step_clone, step_export, step_export, step_raw_write,
  step_unary, step_unary, step_unary, step_binary, step_binary, step_binary, step_binary, step_binary, step_scalar, step_scalar, step_scalar,
  step_fma, step_overlap, step_overlap, step_detour, step_detour, step_copy, step_copy, step_copy, step_fill, step_fill,
  step_reduce, step_reduce, step_matmul, step_concat,
  step_write, step_write, step_read, step_read, step_map, step_map, step_wait,
};
#define N_STEPS (int)(sizeof steps / sizeof steps[0])

static void world_init(world *w, rt_ctx *ctx, const place *p, uint64_t seed) {
  memset(w, 0, sizeof *w);
  w->ctx = ctx;
  w->n_devices = p->n_devices;
  w->seed = seed;
  w->verbose_from = INT64_MAX;
  for (int32_t d = 0; d < p->n_devices; d++) w->order[d] = p->host_first ? d : d ? d : 9;
}

/// Runs the steps of [0, n) that `leave_out` does not name. The number of the step that failed, or n.
static int64_t walk(world *w, int64_t n, const bool *leave_out) {
  for (w->step = 0; w->step < n && !w->why[0]; w->step++) {
    if (leave_out && leave_out[w->step]) continue;
    w->rng = w->seed * 0xd1342543de82ef95u + (uint64_t)w->step * 0x2545f4914f6cdd1du;
    steps[below(w, N_STEPS)](w);
    if (!w->why[0] && one_in(w, 6)) check_read(w, pick(w) ? pick(w) : &w->slot[0], "after the step");
    if (!w->why[0] && (w->step % ALL_STEPS == ALL_STEPS - 1 || w->step == n - 1)) check_everything(w);
    if (w->why[0]) return w->step;
  }
  return n;
}

static void leave(world *w) {
  for (int i = 0; i < N_MAPS; i++)
    if (w->maps[i].ptr) unmap(w, &w->maps[i]);
  for (int i = 0; i < N_EXPORTS; i++) {
    if (!w->exports[i].managed) continue;
    w->exports[i].managed->deleter(w->exports[i].managed);
    store_release(w->exports[i].h.s);
  }
  for (int i = 0; i < N_SLOTS; i++) handle_release(&w->slot[i]);
  memset(w->exports, 0, sizeof w->exports);
}

/// What is live when nothing is: kernels, the report, streams.
static uint64_t live_bytes(rt_ctx *ctx) {
  rt_memory_stats stats;
  return rt_ctx_sync(ctx) == RT_OK && rt_ctx_trim(ctx) == RT_OK && rt_ctx_memory(ctx, &stats) == RT_OK ? stats.live_bytes : 0;
}

static int64_t n_calls;

/// One sequence in a context of its own, twice: the second time no memory may be left that the first did not leave. true: it passed.
static bool run_sequence(const place *p, uint64_t seed, int64_t n, const bool *leave_out, int64_t verbose_from, char *why, int64_t *failed_at) {
  static world w;
  rt_ctx *ctx = open_place(p);
  uint64_t live[2] = {0};
  int64_t at = n;
  why[0] = 0;
  *failed_at = n;
  if (!ctx) return snprintf(why, 600, "no context"), false;
  for (int round = 0; round < 2 && !why[0]; round++) {
    world_init(&w, ctx, p, seed);
    w.verbose_from = verbose_from;
    at = walk(&w, n, leave_out);
    leave(&w);
    n_calls += w.n_calls;
    live[round] = live_bytes(ctx);
    if (!w.why[0] && w.n_imported != w.n_given_back)
      fail_why(&w, "%lld imports, %lld given back", (long long)w.n_imported, (long long)w.n_given_back);
    memcpy(why, w.why, sizeof w.why);
    if (why[0] && *failed_at > at) *failed_at = at;
  }
  // With streams, how much is in flight at once and which waits are counted is up to the clock.
  uint64_t slack = p->n_devices > 1 ? 64 << 10 : 0;
  if (!why[0] && live[1] > live[0] + slack)
    snprintf(why, 600, "%llu bytes are live after a second run of the sequence, %llu after the first", (unsigned long long)live[1],
             (unsigned long long)live[0]);
  if (rt_ctx_close(ctx) != RT_OK && !why[0]) snprintf(why, 600, "close: %s", rt_last_error());
  return !why[0];
}

/// Leaves out ever smaller parts as long as the rest still fails (for 20 seconds at most), then replays what remains.
static void explain(const place *p, uint64_t seed, int64_t n, const char *first_why) {
  bool *leave_out = calloc((size_t)n + 1, sizeof *leave_out);
  char why[600];
  int64_t at;
  time_t end = time(NULL) + 20;
  print_error("%s, seed %llu: %s\n", p->name, (unsigned long long)seed, first_why);
  if (run_sequence(p, seed, n, leave_out, INT64_MAX, why, &at)) {
    print_error("  it passed when run again: a matter of time\n");
    free(leave_out);
    return;
  }
  int64_t last = at < n ? at + 1 : n;
  for (int64_t part = last / 2; part > 0 && time(NULL) < end; part /= 2) {
    for (int64_t from = 0; from < last && time(NULL) < end; from += part) {
      bool before[4096];
      int64_t size = part < 4096 ? part : 4096;
      if (from + size > last) size = last - from;
      memcpy(before, leave_out + from, (size_t)size);
      memset(leave_out + from, 1, (size_t)size);
      if (run_sequence(p, seed, last, leave_out, INT64_MAX, why, &at)) memcpy(leave_out + from, before, (size_t)size);
      else if (at + 1 < last) last = at + 1;
    }
  }
  int64_t from = last;
  for (int n_shown = 0; from > 0 && n_shown < LAST_STEPS; n_shown += !leave_out[from]) from--;
  print_error("  the end of the shortest sequence found, of the first %lld steps:\n", (long long)last);
  if (run_sequence(p, seed, last, leave_out, from, why, &at)) print_error("  (which passed this time)\n");
  print_error("  %s\n", why);
  free(leave_out);
}

static FILE *results;

static void run_place(int index, int64_t n_seeds, int64_t n) {
  const place *p = &places[index];
  const char *one = getenv("RT_TEST_SEED"), *length = getenv("RT_TEST_STEPS");
  if (p->n_devices > 1 && access(TOY, R_OK) != 0) {
    print_message("SKIPPED: %s is missing: sequences on devices are NOT tested\n", TOY);
    skip();
  }
  if (length) n = atoll(length);
  n = n / SLOWER > 500 ? n / SLOWER : 500;
  rt_ctx *ctx = open_place(p);
  assert_non_null(ctx);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
  uint64_t first = one ? strtoull(one, NULL, 10) : 1 + 1000 * (uint64_t)index;
  if (one) n_seeds = 1;
  n_calls = 0;
  for (uint64_t seed = first; seed < first + (uint64_t)n_seeds; seed++) {
    char why[600];
    int64_t at;
    if (run_sequence(p, seed, n, NULL, INT64_MAX, why, &at)) continue;
    explain(p, seed, n, why);
    fail();
  }
  print_message("%s: seeds %llu to %llu, %lld steps each, twice: %lld calls\n", p->name, (unsigned long long)first,
                (unsigned long long)(first + (uint64_t)n_seeds - 1), (long long)n, (long long)n_calls);
  RESULT(results, "%s\t%lld\t0\n", p->name, (long long)n_calls);
}

static void on_the_host(void **state) { (void)state, run_place(0, 15, 15000); }
static void with_a_device(void **state) { (void)state, run_place(1, 12, 8000); }
static void with_a_device_that_holds_nothing_back(void **state) { (void)state, run_place(2, 8, 8000); }
static void with_two_devices(void **state) { (void)state, run_place(3, 15, 8000); }
static void with_a_device_behind_the_host(void **state) { (void)state, run_place(4, 8, 8000); }
static void with_a_backend_that_refuses_aliases(void **state) { (void)state, run_place(5, 6, 8000); }
static void with_host_memory_read_in_place(void **state) { (void)state, run_place(6, 6, 8000); }
static void with_two_devices_that_exchange(void **state) { (void)state, run_place(7, 6, 8000); }

// ---- threads -----------------------------------------------------------------------------------------------------------------------------

static bool toy_is_missing(void) {
  if (access(TOY, R_OK) == 0) return false;
  print_message("SKIPPED: %s is missing: threads on devices are NOT tested\n", TOY);
  return true;
}

typedef struct walker { world w; int64_t n; pthread_t thread; } walker;
static void *walk_alone(void *arg) {
  walker *me = arg;
  walk(&me->w, me->n, NULL);
  leave(&me->w);
  return NULL;
}

/// Two threads with tensors of their own in one context.
static void two_threads_side_by_side(void **state) {
  (void)state;
  if (toy_is_missing()) skip();
  static walker walkers[2];
  for (int index = 0; index < 4; index += index ? 2 : 1) { // the host, one device, two devices
    rt_ctx *ctx = open_place(&places[index]);
    assert_non_null(ctx);
    for (int k = 0; k < 2; k++) {
      world_init(&walkers[k].w, ctx, &places[index], 5000 + 10 * (uint64_t)index + (uint64_t)k);
      walkers[k].n = 20000 / SLOWER;
      assert_int_equal(pthread_create(&walkers[k].thread, NULL, walk_alone, &walkers[k]), 0);
    }
    for (int k = 0; k < 2; k++) {
      pthread_join(walkers[k].thread, NULL);
      if (walkers[k].w.why[0]) print_error("%s, seed %llu: %s\n", places[index].name, (unsigned long long)walkers[k].w.seed, walkers[k].w.why);
    }
    assert_true(!walkers[0].w.why[0] && !walkers[1].w.why[0]);
    assert_int_equal(rt_ctx_close(ctx), RT_OK);
  }
}

#define N_SHARED 60
typedef struct shared {
  rt_tensor *t;
  bool is_defined;
  float value[N_SHARED];
} shared;
typedef struct reader {
  rt_ctx *ctx;
  const shared *all;
  pthread_barrier_t *start;
  world w; // for chance and for the reason
  pthread_t thread;
} reader;

/// t by its address: it is often made by the call that gives `status`.
static void expect(reader *me, const shared *s, rt_status status, rt_tensor *const *t, float factor, float plus) {
  float got[N_SHARED];
  if (status == RT_OK) status = rt_read(*t, got, sizeof got);
  if (status != RT_OK) fail_why(&me->w, "%s: %s", rt_status_name(status), rt_last_error());
  for (int i = 0; i < N_SHARED && s->is_defined && !me->w.why[0]; i++)
    if (got[i] != factor * s->value[i] + plus)
      fail_why(&me->w, "tensor %d: element %d is %g, not %g", (int)(s - me->all), i, got[i], factor * s->value[i] + plus);
}

/// One use of a tensor that another thread uses at the same time; nobody writes it.
static void use_shared(reader *me, const shared *s) {
  rt_tensor *t = NULL, *u = NULL;
  rt_status status;
  void *ptr;
  switch (below(&me->w, 8)) {
    case 0: expect(me, s, RT_OK, &s->t, 1, 0); break;
    case 1: expect(me, s, rt_neg(s->t, &t), &t, -1, 0); break;
    case 2: // on the device, whatever its home
      status = rt_to(s->t, 1, &u);
      if (status == RT_OK) status = rt_add(s->t, u, &t);
      expect(me, s, status, &t, 2, 0);
      break;
    case 3:
      status = rt_transpose(s->t, 0, 1, &u);
      if (status == RT_OK) status = rt_transpose(u, 0, 1, &t);
      expect(me, s, status, &t, 1, 0);
      break;
    case 4: // a clone is written; the original is not
      status = rt_clone(s->t, &t);
      if (status == RT_OK) status = rt_add_scalar_into(t, rt_float(3), t);
      expect(me, s, status, &t, 1, 3);
      break;
    case 5: expect(me, s, rt_to(s->t, below(&me->w, 2), &t), &t, 1, 0); break;
    case 6: expect(me, s, rt_wait(s->t), &s->t, 1, 0); break;
    default:
      if ((status = rt_map(s->t, RT_MAP_READ, &ptr)) == RT_OK) status = rt_unmap(s->t);
      expect(me, s, status, &s->t, 1, 0);
  }
  rt_release(t), rt_release(u);
}

static void *read_shared(void *arg) {
  reader *me = arg;
  pthread_barrier_wait(me->start);
  for (int i = 0; i < 6 && !me->w.why[0]; i++) use_shared(me, &me->all[below(&me->w, 6)]);
  return NULL;
}

/// Tensors in every state that the host and a device can have of them; each thread may be the first to need a replica.
static void share(rt_ctx *ctx, int round, shared *all) {
  static const int64_t shape[] = {6, 10};
  rt_status status = RT_OK;
  for (int k = 0; k < 6; k++) {
    shared *s = &all[k];
    s->is_defined = true;
    for (int i = 0; i < N_SHARED; i++) s->value[i] = (float)((i * 7 + k + round) % 31 - 15);
    if (status == RT_OK && k != 3 && k != 4) status = rt_from_data_on(ctx, k == 0 || k == 2 ? RT_HOST : 1, RT_F32, 2, shape, s->value, &s->t);
  }
  if (status == RT_OK) status = rt_add_into(all[1].t, all[1].t, all[2].t);      // 2: at home on the host, written by the device
  for (int i = 0; i < N_SHARED; i++) all[2].value[i] = 2 * all[1].value[i];
  if (status == RT_OK) status = rt_clone(all[2].t, &all[3].t);                  // 3: shares its memory
  memcpy(all[3].value, all[2].value, sizeof all[3].value);
  if (status == RT_OK) status = rt_empty_on(ctx, 1, RT_F32, 2, shape, &all[4].t); // 4: no memory at all
  all[4].is_defined = false;
  if (status == RT_OK) status = rt_neg_into(all[5].t, all[5].t);                // 5: at home on the device, written by the host
  if (status == RT_OK) status = rt_write(all[5].t, all[5].value, sizeof all[5].value);
  if (status != RT_OK) print_error("%s\n", rt_last_error());
  assert_int_equal(status, RT_OK);
}

static void two_threads_read_what_they_share(void **state) {
  (void)state;
  if (toy_is_missing()) skip();
  static shared all[6];
  static reader readers[2];
  rt_ctx *ctx = open_place(&places[1]);
  pthread_barrier_t start;
  assert_non_null(ctx);
  pthread_barrier_init(&start, NULL, 2);
  for (int round = 0; round < (SLOWER > 1 ? 1000 : 4000); round++) {
    share(ctx, round, all);
    for (int k = 0; k < 2; k++) {
      readers[k] = (reader){.ctx = ctx, .all = all, .start = &start, .w = {.rng = (uint64_t)(2 * round + k), .step = round}};
      assert_int_equal(pthread_create(&readers[k].thread, NULL, read_shared, &readers[k]), 0);
    }
    for (int k = 0; k < 2; k++) {
      pthread_join(readers[k].thread, NULL);
      if (readers[k].w.why[0]) print_error("%s\n", readers[k].w.why);
    }
    assert_true(!readers[0].w.why[0] && !readers[1].w.why[0]);
    for (int k = 0; k < 6; k++) rt_release(all[k].t);
  }
  pthread_barrier_destroy(&start);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(on_the_host),
    cmocka_unit_test(with_a_device),
    cmocka_unit_test(with_a_device_that_holds_nothing_back),
    cmocka_unit_test(with_two_devices),
    cmocka_unit_test(with_a_device_behind_the_host),
    cmocka_unit_test(with_a_backend_that_refuses_aliases),
    cmocka_unit_test(with_host_memory_read_in_place),
    cmocka_unit_test(with_two_devices_that_exchange),
    cmocka_unit_test(two_threads_side_by_side),
    cmocka_unit_test(two_threads_read_what_they_share),
  };
  if (rt_backend_register(picky_entry) != RT_OK) print_error("%s\n", rt_last_error());
  results = results_open("sequences");
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  results_close(results);
  return failed;
}
