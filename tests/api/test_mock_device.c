// SPDX-License-Identifier: BSD-3-Clause
// labels: threads
// Two asynchronous devices, linked in, whose queues run only when somebody waits: what the core tells kernels about aliasing, when it frees
// them, what becomes of memory of the user's when a device fails, and who may wait for whom.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <trivet/backend.h>
#include <trivet/rt.h>

#define N 100 // more than the bytes that a handle holds, so that tensors vote
#define JOBS_MOST 4096

// ---- the device ----------------------------------------------------------------------------------------------------------------------

static struct {
  atomic_bool refuse_alias, uncached, fail_next; // what the next calls get
  atomic_bool imports, no_foreign_source, no_foreign_target; // what devices do with memory of others
  atomic_int n_imports; // host memory in use by devices
  atomic_int n_aliased, n_freed_early, n_lied;   // calls told of an alias; kernels freed with work queued; wrong alias bits
} knobs;

typedef struct kernel { uint32_t alias; atomic_int n_queued; } kernel;
typedef struct job { uint64_t seq; uint16_t op; kernel *k; char *from[2], *to; size_t bytes; bool fails; } job;
typedef struct mock_stream { pthread_mutex_t lock; uint64_t done, failed; int n; job jobs[JOBS_MOST]; } mock_stream;

static int32_t mock_probe(const rtb_host *host, uint32_t index, rtb_device_info *out) {
  (void)host, (void)out;
  return index < 2 ? RTB_OK : RTB_E_NOT_FOUND;
}
static int32_t mock_alloc(void *dev, uint64_t bytes, uint64_t *out_buf) {
  (void)dev;
  *out_buf = (uint64_t)(uintptr_t)aligned_alloc(256, (bytes + 255) / 256 * 256);
  return *out_buf ? RTB_OK : RTB_E_NO_MEMORY;
}
#define IMPORTED 1u // set in a handle that is host memory
static int32_t mock_import(void *dev, void *ptr, uint64_t bytes, uint64_t *out_buf) {
  (void)dev, (void)bytes;
  if (!atomic_load(&knobs.imports)) return RTB_E_UNSUPPORTED;
  atomic_fetch_add(&knobs.n_imports, 1);
  *out_buf = (uint64_t)(uintptr_t)ptr | IMPORTED;
  return RTB_OK;
}
static void mock_free(void *dev, uint64_t buf) {
  (void)dev;
  if (buf & IMPORTED) atomic_fetch_sub(&knobs.n_imports, 1);
  else free((void *)(uintptr_t)buf);
}
static int32_t mock_stream_create(void *dev, void **out_stream) {
  (void)dev;
  mock_stream *s = calloc(1, sizeof *s);
  if (!s) return RTB_E_NO_MEMORY;
  pthread_mutex_init(&s->lock, NULL);
  *out_stream = s;
  return RTB_OK;
}

static void run_job(mock_stream *s, job *j) {
  const float *a = (const float *)(void *)j->from[0], *b = (const float *)(void *)j->from[1];
  float *y = (float *)(void *)j->to;
  if (j->fails) {
    if (!s->failed) s->failed = j->seq;
  } else if (j->op == RTB_OP_COPY) {
    memmove(j->to, j->from[0], j->bytes);
  } else {
    for (size_t i = 0; i < j->bytes / sizeof *y; i++) y[i] = j->op == RTB_OP_NEG ? -a[i] : a[i] + b[i];
  }
  if (j->k) atomic_fetch_sub(&j->k->n_queued, 1);
  s->done = j->seq;
}
static int32_t mock_wait(void *dev, void *stream, uint64_t seq, uint64_t timeout_ns, rtb_error *out_error) {
  (void)dev, (void)timeout_ns;
  mock_stream *s = stream;
  pthread_mutex_lock(&s->lock);
  int n = 0;
  while (n < s->n && s->jobs[n].seq <= seq) run_job(s, &s->jobs[n++]);
  memmove(s->jobs, s->jobs + n, (size_t)(s->n -= n) * sizeof *s->jobs);
  bool fails = s->failed && seq >= s->failed;
  if (fails) out_error->code = RTB_E_BACKEND, out_error->seq = s->failed, memcpy(out_error->text, "the test asked for it", 22);
  pthread_mutex_unlock(&s->lock);
  return fails ? RTB_E_BACKEND : RTB_OK;
}
static uint64_t mock_done(void *dev, void *stream, uint64_t *out_failed_seq) {
  (void)dev;
  mock_stream *s = stream;
  pthread_mutex_lock(&s->lock);
  uint64_t done = s->done;
  *out_failed_seq = s->failed;
  pthread_mutex_unlock(&s->lock);
  return done;
}
static void mock_stream_destroy(void *dev, void *stream) {
  mock_stream *s = stream;
  rtb_error ignored = {.size = sizeof ignored};
  mock_wait(dev, s, UINT64_MAX, UINT64_MAX, &ignored);
  pthread_mutex_destroy(&s->lock);
  free(s);
}

static char *address(const rtb_view *view) { return view->buf ? (char *)(uintptr_t)(view->buf & ~(uint64_t)IMPORTED) + view->offset : view->data; }
static int32_t run(void *kctx, void *stream, const rtb_op *op) {
  mock_stream *s = stream;
  const rtb_view *out = op->args[op->nin];
  if (out->buf & IMPORTED) return RTB_E_INTERNAL; // only read
  bool is_copy = op->op == RTB_OP_COPY;
  job j = {.seq = op->seq, .op = op->op, .k = is_copy ? NULL : kctx, .to = address(out)};
  j.bytes = (size_t)out->numel * (out->dtype == RTB_F32 ? 4 : 1);
  for (int k = 0; k < op->nin; k++) {
    j.from[k] = address(op->args[k]);
    bool is_told = !is_copy && j.k->alias >> k & 1;
    if (!is_copy && is_told != (j.from[k] == j.to)) atomic_fetch_add(&knobs.n_lied, 1);
    if (is_told) atomic_fetch_add(&knobs.n_aliased, 1);
  }
  if (!is_copy) {
    j.fails = atomic_exchange(&knobs.fail_next, false);
    atomic_fetch_add(&j.k->n_queued, 1);
  }
  pthread_mutex_lock(&s->lock);
  bool fits = s->n < JOBS_MOST;
  if (fits) s->jobs[s->n++] = j;
  pthread_mutex_unlock(&s->lock);
  return fits ? RTB_OK : RTB_E_INTERNAL;
}
static void free_kernel(void *kctx) {
  kernel *k = kctx;
  if (atomic_load(&k->n_queued)) atomic_fetch_add(&knobs.n_freed_early, 1); // and the queue still points here: leak it
  else free(k);
}
static int32_t resolve(void *dev, const rtb_sig *sig, rtb_kernel *out) {
  (void)dev;
  for (int i = 0; i < sig->nin + sig->nout; i++)
    if (sig->arg[i].layout != RTB_DENSE) return RTB_UNSUPPORTED_LAYOUT;
  out->fn = run;
  if (sig->op == RTB_OP_COPY && sig->arg[0].space == RTB_SPACE_FOREIGN && atomic_load(&knobs.no_foreign_target)) return RTB_UNSUPPORTED_SPACE;
  if (sig->op == RTB_OP_COPY && sig->arg[1].space == RTB_SPACE_FOREIGN && atomic_load(&knobs.no_foreign_source)) return RTB_UNSUPPORTED_SPACE;
  if (sig->op == RTB_OP_COPY) return RTB_OK;
  if ((sig->op != RTB_OP_NEG && sig->op != RTB_OP_ADD) || sig->arg[0].dtype != RTB_F32) return RTB_UNSUPPORTED_OP;
  if (sig->alias && atomic_load(&knobs.refuse_alias)) return RTB_UNSUPPORTED_ALIAS;
  kernel *k = calloc(1, sizeof *k);
  if (!k) return RTB_E_NO_MEMORY;
  k->alias = sig->alias;
  out->kctx = k;
  out->free = free_kernel;
  if (atomic_load(&knobs.uncached)) out->flags = RTB_KERNEL_NOT_CACHEABLE;
  return RTB_OK;
}

static const void *entry(const void *host) {
  static const rtb_backend table = {
    RTB_BACKEND_HEADER, .caps = RTB_CAP_ASYNC, .name = "mock", .vendor = "tests", .version = "0", .probe = mock_probe, .resolve = resolve,
    .mem_alloc = mock_alloc, .mem_free = mock_free, .mem_import = mock_import, .stream_create = mock_stream_create, .stream_destroy = mock_stream_destroy,
    .done = mock_done, .wait_host = mock_wait,
  };
  (void)host;
  return &table;
}

// ---- the tests -----------------------------------------------------------------------------------------------------------------------

static rt_ctx *ctx;
static rt_device first, second;

static int set_up(void **state) {
  (void)state;
  memset(&knobs, 0, sizeof knobs);
  rt_ctx_options options = {.size = sizeof options, .backends = "mock"};
  if (rt_ctx_create(&options, &ctx) != RT_OK) return -1;
  return rt_device_find(ctx, "mock:0", &first) == RT_OK && rt_device_find(ctx, "mock:1", &second) == RT_OK ? 0 : -1;
}
static int tear_down(void **state) {
  (void)state;
  return rt_ctx_close(ctx) == RT_OK && !atomic_load(&knobs.n_lied) && !atomic_load(&knobs.n_freed_early) ? 0 : -1;
}
static int register_mock(void **state) { return (void)state, rt_backend_register(entry) == RT_OK ? 0 : -1; }

static rt_tensor *numbers(rt_device device, float from) {
  float values[N];
  for (int i = 0; i < N; i++) values[i] = from + (float)i;
  rt_tensor *t = NULL;
  assert_int_equal(rt_from_data_on(ctx, device, RT_F32, 1, (int64_t[]){N}, values, &t), RT_OK);
  return t;
}
static void expect(const rt_tensor *t, float scale, float from) {
  float values[N];
  assert_int_equal(rt_read(t, values, sizeof values), RT_OK);
  for (int i = 0; i < N; i++)
    if (values[i] != scale * (float)i + from) fail_msg("element %d is %g, not %g", i, values[i], scale * (float)i + from);
}

// A kernel hears of an alias exactly when its pointers are equal, wherever a clone shares the memory.
static void alias_bits_are_true(void **state) {
  (void)state;
  for (int read_first = 0; read_first < 2; read_first++) {
    rt_tensor *x = numbers(first, 1), *clone = NULL, *y = NULL;
    if (read_first) { // the shared place is the device's, not the host's
      assert_int_equal(rt_neg_into(x, x), RT_OK);
      assert_int_equal(rt_neg_into(x, x), RT_OK);
    }
    assert_int_equal(rt_clone(x, &clone), RT_OK);
    int before = atomic_load(&knobs.n_aliased);
    assert_int_equal(rt_neg_into(x, x), RT_OK);
    assert_int_equal(atomic_load(&knobs.n_aliased) - before, read_first ? 0 : 1);
    assert_int_equal(rt_add_into(x, clone, x), RT_OK);
    expect(x, 0, 0);
    expect(clone, 1, 1);
    assert_int_equal(rt_neg(clone, &y), RT_OK);
    expect(y, -1, -1);
    rt_release(x), rt_release(clone), rt_release(y);
  }
  assert_int_equal(atomic_load(&knobs.n_lied), 0);
}

static void an_alias_may_be_refused(void **state) {
  (void)state;
  atomic_store(&knobs.refuse_alias, true);
  rt_tensor *x = numbers(first, 1), *clone = NULL;
  assert_int_equal(rt_clone(x, &clone), RT_OK);
  assert_int_equal(rt_neg_into(x, x), RT_OK);
  expect(x, -1, -1);
  expect(clone, 1, 1);
  assert_int_equal(rt_neg_into(x, x), RT_OK);
  expect(x, 1, 1);
  assert_int_equal(atomic_load(&knobs.n_aliased), 0);
  rt_release(x), rt_release(clone);
}

// A kernel that is not kept lives until its call has ended.
static void kernels_are_freed_after_their_call(void **state) {
  (void)state;
  atomic_store(&knobs.uncached, true);
  rt_tensor *x = numbers(first, 1), *y = NULL;
  assert_int_equal(rt_neg(x, &y), RT_OK);
  assert_int_equal(atomic_load(&knobs.n_freed_early), 0);
  assert_int_equal(rt_add_into(y, x, y), RT_OK);
  assert_int_equal(atomic_load(&knobs.n_freed_early), 0);
  expect(y, 0, 0);
  rt_release(x), rt_release(y);
}

static void count_release(void *user) { atomic_fetch_add((atomic_int *)user, 1); }

// A device that fails to write memory of the user's leaves it the memory of that tensor: unreadable until it is overwritten, not exchanged.
static void imported_memory_survives_a_failure(void **state) {
  (void)state;
  float memory[N];
  for (int i = 0; i < N; i++) memory[i] = (float)i;
  atomic_int n_released = 0;
  rt_tensor *x = numbers(first, 1), *mine = NULL;
  assert_int_equal(rt_import(ctx, RT_F32, 1, (int64_t[]){N}, NULL, memory, false, count_release, &n_released, &mine), RT_OK);
  atomic_store(&knobs.fail_next, true);
  assert_int_equal(rt_neg_into(x, mine), RT_E_BACKEND);
  assert_non_null(strstr(rt_last_error(), "the test asked for it"));
  float values[N];
  assert_int_equal(rt_read(mine, values, sizeof values), RT_E_BACKEND);
  assert_int_equal(n_released, 0);
  assert_int_equal(rt_neg_into(x, mine), RT_OK);
  assert_true(memory[3] == -4);
  memory[3] = 30; // the same memory in both directions
  assert_int_equal(rt_read(mine, values, sizeof values), RT_OK);
  assert_true(values[3] == 30);
  rt_release(mine);
  assert_int_equal(n_released, 1);
  rt_release(x);
}

// Data on two accelerators is an error in every order of the arguments, and the sentence names both.
static void two_accelerators_do_not_meet(void **state) {
  (void)state;
  rt_tensor *a = numbers(first, 1), *b = numbers(second, 1), *h = numbers(RT_HOST, 1), *y = NULL;
  const rt_tensor *orders[4][3] = {{a, b, h}, {b, a, h}, {h, a, b}, {h, b, a}};
  for (int i = 0; i < 4; i++) {
    assert_int_equal(rt_fma(orders[i][0], orders[i][1], orders[i][2], &y), RT_E_ARGUMENT);
    assert_non_null(strstr(rt_last_error(), "mock:0"));
    assert_non_null(strstr(rt_last_error(), "mock:1"));
  }
  assert_null(y);
  rt_release(a), rt_release(b), rt_release(h);
}

// A failure that no caller was told of is rt_ctx_sync's to tell, once, whoever found it.
static void a_failure_is_told_once(void **state) {
  (void)state;
  rt_tensor *x = numbers(first, 1), *early = NULL, *late = NULL;
  float values[N];
  for (int found_by = 0; found_by < 3; found_by++) {
    assert_int_equal(rt_neg(x, &early), RT_OK);
    atomic_store(&knobs.fail_next, true);
    assert_int_equal(rt_neg(x, &late), RT_OK);
    if (found_by == 1) assert_int_equal(rt_read(late, values, sizeof values), RT_E_BACKEND); // told
    if (found_by == 2) rt_release(late), late = NULL;                                        // nobody will ask
    expect(early, -1, -1);
    assert_int_equal(rt_ctx_sync(ctx), found_by == 1 ? RT_OK : RT_E_BACKEND);
    if (found_by != 1) assert_non_null(strstr(rt_last_error(), "the test asked for it"));
    assert_int_equal(rt_ctx_sync(ctx), RT_OK);
    rt_release(early), rt_release(late);
    late = NULL;
  }
  rt_release(x);
}

typedef struct reader { const rt_tensor *shared, *own; rt_tensor *sum; rt_status status; } reader;
static void *read_on_a_device(void *arg) {
  reader *r = arg;
  r->status = rt_add(r->own, r->shared, &r->sum);
  return NULL;
}

// Two threads read the same tensor, each for its device; then the host writes, which must wait for both.
static void two_threads_read_for_two_devices(void **state) {
  (void)state;
  rt_tensor *own[2] = {numbers(first, 0), numbers(second, 0)};
  static const float zeros[N];
  for (int round = 0; round < 50; round++) {
    rt_tensor *x = numbers(RT_HOST, 1);
    reader readers[2] = {{.shared = x, .own = own[0]}, {.shared = x, .own = own[1]}};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&thread[i], NULL, read_on_a_device, &readers[i]), 0);
    for (int i = 0; i < 2; i++) pthread_join(thread[i], NULL);
    assert_int_equal(rt_write(x, zeros, sizeof zeros), RT_OK);
    for (int i = 0; i < 2; i++) {
      assert_int_equal(readers[i].status, RT_OK);
      expect(readers[i].sum, 2, 1);
      rt_release(readers[i].sum);
    }
    rt_release(x);
  }
  rt_release(own[0]), rt_release(own[1]);
}

// The same memory goes to one device and then to another, both still queued, and is then overwritten.
static void memory_that_two_devices_read_is_waited_for(void **state) {
  (void)state;
  rt_tensor *x = numbers(RT_HOST, 1), *on[2] = {NULL}, *y[2] = {NULL};
  for (int d = 0; d < 2; d++) {
    rt_tensor *there = numbers(d ? second : first, 0);
    assert_int_equal(rt_add(there, x, &y[d]), RT_OK); // the device votes with the host; its order in the list wins
    on[d] = there;
  }
  float zeros[N] = {0};
  assert_int_equal(rt_write(x, zeros, sizeof zeros), RT_OK);
  for (int d = 0; d < 2; d++) expect(y[d], 2, 1);
  for (int d = 0; d < 2; d++) rt_release(on[d]), rt_release(y[d]);
  rt_release(x);
}

// ---- memory of others ------------------------------------------------------------------------------------------------------------------

static uint64_t copied(const char *route) {
  rt_report_row row;
  uint64_t bytes = 0;
  for (int32_t i = 0; rt_report_get(ctx, i, &row) == RT_OK; i++)
    if (row.kind == RT_REPORT_COPY && !strcmp(row.backend, route)) bytes += row.bytes;
  return bytes;
}

// Directly where both devices agree, through the host where either declines; what the first device does afterwards does not show.
static void two_devices_exchange(void **state) {
  (void)state;
  for (int declines = 0; declines < 3; declines++) {
    if (declines) assert_int_equal(rt_ctx_close(ctx), RT_OK), assert_int_equal(set_up(NULL), 0); // answers are kept by a context
    atomic_store(&knobs.no_foreign_source, declines == 1);
    atomic_store(&knobs.no_foreign_target, declines == 2);
    rt_tensor *x = numbers(first, 1), *y = NULL, *z = NULL, *sum = NULL;
    assert_int_equal(rt_neg(x, &y), RT_OK);
    rt_report_reset(ctx);
    assert_int_equal(rt_to(y, second, &z), RT_OK);
    assert_int_equal(rt_tensor_device(z), second);
    assert_int_equal(rt_neg_into(y, y), RT_OK);
    assert_int_equal(rt_add(z, z, &sum), RT_OK);
    assert_int_equal(rt_tensor_device(sum), second);
    uint64_t bytes = N * sizeof(float);
    assert_int_equal(copied("mock:0->mock:1"), declines ? 0 : bytes);
    assert_int_equal(copied("mock:0->host"), declines ? bytes : 0);
    assert_int_equal(copied("host->mock:1"), declines ? bytes : 0);
    expect(z, -1, -1);
    expect(sum, -2, -2);
    expect(y, 1, 1);
    rt_release(x), rt_release(y), rt_release(z), rt_release(sum);
  }
}

// What fails on the first device is unreadable on the second too, and stays the first one's failure.
static void a_failed_source_is_not_exchanged(void **state) {
  (void)state;
  rt_tensor *x = numbers(first, 1), *y = NULL, *z = NULL, *w = NULL;
  atomic_store(&knobs.fail_next, true);
  assert_int_equal(rt_neg(x, &y), RT_OK);
  assert_int_equal(rt_to(y, second, &z), RT_OK);
  assert_int_equal(rt_neg(z, &w), RT_E_BACKEND);
  assert_non_null(strstr(rt_last_error(), "mock:0"));
  assert_non_null(strstr(rt_last_error(), "the test asked for it"));
  rt_tensor *good = numbers(second, 1);
  assert_int_equal(rt_neg(good, &w), RT_OK);
  expect(w, -1, -1);
  rt_release(x), rt_release(y), rt_release(z), rt_release(w), rt_release(good);
}

// A device that reads host memory in place: no bytes move, and neither side sees the other's writes too early.
static void host_memory_is_read_in_place(void **state) {
  (void)state;
  atomic_store(&knobs.imports, true);
  float zeros[N] = {0};
  rt_tensor *there = numbers(first, 0), *x = numbers(RT_HOST, 1), *y = NULL, *z = NULL, *clone = NULL;
  rt_report_reset(ctx);
  assert_int_equal(rt_add(there, x, &y), RT_OK);
  assert_int_equal(copied("host->mock:0"), 0); // `there` was made on the host too
  int in_use = atomic_load(&knobs.n_imports);
  assert_int_equal(in_use, 2);
  // The host writes while the device has not read yet: the memory that it reads stays as it was.
  assert_int_equal(rt_write(x, zeros, sizeof zeros), RT_OK);
  expect(x, 0, 0);
  expect(y, 2, 1);
  // Nothing in flight: the host writes its memory itself, without a copy.
  rt_report_reset(ctx);
  assert_int_equal(rt_add(there, x, &z), RT_OK);
  expect(z, 1, 0);
  assert_int_equal(rt_neg_into(x, x), RT_OK); // on the host
  expect(x, 0, 0);
  assert_int_equal(copied("host->host"), 0);
  // The device writes: not into the host's memory, which a clone may share.
  assert_int_equal(rt_clone(there, &clone), RT_OK);
  assert_int_equal(rt_neg_into(there, there), RT_OK);
  expect(there, -1, 0);
  expect(clone, 1, 0);
  rt_release(there), rt_release(x), rt_release(y), rt_release(z), rt_release(clone);
  assert_int_equal(rt_ctx_sync(ctx), RT_OK);
  assert_int_equal(atomic_load(&knobs.n_imports), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(alias_bits_are_true, set_up, tear_down),
      cmocka_unit_test_setup_teardown(an_alias_may_be_refused, set_up, tear_down),
      cmocka_unit_test_setup_teardown(kernels_are_freed_after_their_call, set_up, tear_down),
      cmocka_unit_test_setup_teardown(imported_memory_survives_a_failure, set_up, tear_down),
      cmocka_unit_test_setup_teardown(two_accelerators_do_not_meet, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_failure_is_told_once, set_up, tear_down),
      cmocka_unit_test_setup_teardown(two_threads_read_for_two_devices, set_up, tear_down),
      cmocka_unit_test_setup_teardown(memory_that_two_devices_read_is_waited_for, set_up, tear_down),
      cmocka_unit_test_setup_teardown(two_devices_exchange, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_failed_source_is_not_exchanged, set_up, tear_down),
      cmocka_unit_test_setup_teardown(host_memory_is_read_in_place, set_up, tear_down),
  };
  return cmocka_run_group_tests_name("mock_device", tests, register_mock, NULL);
}
