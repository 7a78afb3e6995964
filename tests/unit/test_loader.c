// SPDX-License-Identifier: BSD-3-Clause
// Negotiation: which tables of backends and layers are taken, which clause refuses the others, and what fills the slots that a plugin leaves out.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "objects.h"

static int32_t resolve(void *dev, const rtb_sig *sig, rtb_kernel *out) { return (void)dev, (void)sig, (void)out, RTB_UNSUPPORTED_OP; }
static int32_t mem_alloc(void *dev, uint64_t bytes, uint64_t *out) { return (void)dev, (void)bytes, *out = 1, RTB_OK; }
static void mem_free(void *dev, uint64_t buf) { (void)dev, (void)buf; }
static int32_t stream_create(void *dev, void **out) { return (void)dev, *out = NULL, RTB_OK; }
static void stream_destroy(void *dev, void *stream) { (void)dev, (void)stream; }
static uint64_t done(void *dev, void *stream, uint64_t *failed) { return (void)dev, (void)stream, (void)failed, 0; }
static int32_t wait_host(void *dev, void *stream, uint64_t seq, uint64_t ns, rtb_error *error) { return (void)dev, (void)stream, (void)seq, (void)ns, (void)error, RTB_OK; }

static const rtb_backend good = {RTB_BACKEND_HEADER, .caps = RTB_CAP_HOST_MEMORY, .name = "good", .resolve = resolve};
static const rtb_backend device = {RTB_BACKEND_HEADER, .caps = RTB_CAP_ASYNC, .name = "device", .resolve = resolve, .mem_alloc = mem_alloc, .mem_free = mem_free,
                                   .stream_create = stream_create, .stream_destroy = stream_destroy, .done = done, .wait_host = wait_host};
static const rtb_layer layer = {RTB_LAYER_HEADER, .name = "layer"};

// ---- versions ------------------------------------------------------------------------------------------------------------------------------------

static void versions(void **state) {
  (void)state;
  const struct { rti_abi plugin; uint16_t major, minor; const char *refused; } rows[] = {
      {{0, 1, 0}, 0, 1, NULL},        {{0, 2, 0}, 0, 1, "built for interface 0.2, this is 0.1 (before 1.0 they must be equal"},
      {{0, 0, 0}, 0, 1, "before 1.0"}, {{1, 0, 0}, 0, 1, "built for interface 1.0, this is 0.1"}, {{0, 1, 0}, 1, 1, "built for interface 0.1, this is 1.1"},
      {{1, 5, 3}, 1, 3, NULL},        {{1, 5, 3}, 1, 2, "needs interface 1.3, this is 1.2"},      {{1, 2, 0}, 1, 9, NULL},
      {{65535, 0, 0}, 1, 0, "65535.0"},
  };
  for (size_t i = 0; i < RTI_COUNT(rows); i++) {
    char why[200] = "";
    const bool accepted = rti_abi_accepts(rows[i].plugin, rows[i].major, rows[i].minor, why, sizeof why);
    if (accepted != !rows[i].refused || (rows[i].refused && !strstr(why, rows[i].refused))) fail_msg("row %zu: %s", i, why);
  }
}

// ---- tables that are refused ----------------------------------------------------------------------------------------------------------------------

static void no_change(rtb_backend *b) { (void)b; }
static void too_small(rtb_backend *b) { b->size = offsetof(rtb_backend, resolve); }
static void just_large_enough(rtb_backend *b) { b->size = offsetof(rtb_backend, resolve) + sizeof b->resolve; }
static void too_large(rtb_backend *b) { b->size = 65537; }
static void other_major(rtb_backend *b) { b->major++; }
static void other_bytes(rtb_backend *b) { b->build ^= RTB_BUILD_BIG_ENDIAN; }
static void other_pointers(rtb_backend *b) { b->build ^= RTB_BUILD_POINTER_64; }
static void asan(rtb_backend *b) { b->build |= RTB_BUILD_ASAN; }
static void tsan(rtb_backend *b) { b->build |= RTB_BUILD_TSAN; }
static void msan(rtb_backend *b) { b->build |= RTB_BUILD_MSAN; }
static void other_ops(rtb_backend *b) { b->op_bytes += 8; }
static void other_views(rtb_backend *b) { b->view_bytes -= 8; }
static void no_name(rtb_backend *b) { b->name = NULL; }
static void empty_name(rtb_backend *b) { b->name = ""; }
static void name_of_32(rtb_backend *b) { b->name = "abcdefghijklmnopqrstuvwxyz_01234"; }
static void name_of_33(rtb_backend *b) { b->name = "abcdefghijklmnopqrstuvwxyz_012345"; }
static void capital(rtb_backend *b) { b->name = "Good"; }
static void no_resolve(rtb_backend *b) { b->resolve = NULL; }
static void no_alloc(rtb_backend *b) { b->mem_alloc = NULL; }
static void no_free(rtb_backend *b) { b->mem_free = NULL; }
static void no_streams(rtb_backend *b) { b->stream_create = NULL; }
static void no_end_of_streams(rtb_backend *b) { b->stream_destroy = NULL; }
static void no_done(rtb_backend *b) { b->done = NULL; }
static void no_wait(rtb_backend *b) { b->wait_host = NULL; }
static void async_on_the_host(rtb_backend *b) { b->caps |= RTB_CAP_HOST_MEMORY; }

static void backends(void **state) {
  (void)state;
  const struct { const char *name; const rtb_backend *from; void (*change)(rtb_backend *); const char *refused; } rows[] = {
      {"good", &good, no_change, NULL}, {"device", &device, no_change, NULL},
      {"too small", &good, too_small, "its table says it has "}, {"just large enough", &good, just_large_enough, NULL}, {"too large", &good, too_large, "65537 bytes"},
      {"other major", &good, other_major, "is built for interface"}, {"other bytes", &good, other_bytes, "byte order"}, {"other pointers", &good, other_pointers, "pointer size"},
      {"asan", &good, asan, "AddressSanitizer"}, {"tsan", &good, tsan, "ThreadSanitizer"}, {"msan", &good, msan, "MemorySanitizer"},
      {"other ops", &good, other_ops, "its ops have"}, {"other views", &good, other_views, "its views"},
      {"no name", &good, no_name, "it has no name"}, {"empty name", &good, empty_name, "it has no name"}, {"32 characters", &good, name_of_32, NULL},
      {"33 characters", &good, name_of_33, "longer than 32 characters"}, {"capital", &good, capital, "outside a-z, 0-9 and _"},
      {"no resolve", &good, no_resolve, "resolve is missing"}, {"no alloc", &device, no_alloc, "mem_alloc or mem_free is missing"},
      {"no free", &device, no_free, "mem_alloc or mem_free is missing"}, {"no streams", &device, no_streams, "a stream slot is missing"},
      {"no end of streams", &device, no_end_of_streams, "a stream slot is missing"}, {"no done", &device, no_done, "a stream slot is missing"},
      {"no wait", &device, no_wait, "a stream slot is missing"}, {"asynchronous on the host", &device, async_on_the_host, "computes on host memory"},
  };
  for (size_t i = 0; i < RTI_COUNT(rows); i++) {
    rtb_backend theirs = *rows[i].from, ours;
    char why[200] = "";
    rows[i].change(&theirs);
    if (rows[i].refused && memcmp(&theirs, rows[i].from, sizeof theirs) == 0) continue; // this build has that sanitizer itself
    const bool accepted = rti_merge_backend(&theirs, &ours, why, sizeof why);
    if (accepted != !rows[i].refused) fail_msg("%s: %s: %s", rows[i].name, accepted ? "accepted" : "refused", why);
    if (!accepted && !strstr(why, rows[i].refused)) fail_msg("%s: \"%s\" lacks \"%s\"", rows[i].name, why, rows[i].refused);
    if (accepted) assert_true(ours.size == sizeof ours && ours.probe && ours.open && ours.close && ours.shutdown && ours.vendor && ours.version);
  }
}

// Every slot can be called: layers do so with what lies below them.
static void slots_left_out_answer(void **state) {
  (void)state;
  rtb_backend b;
  char why[200];
  assert_true(rti_merge_backend(&good, &b, why, sizeof why));
  rtb_device_info info = {.size = sizeof info};
  assert_int_equal(b.probe(NULL, 0, &info), RTB_OK); // one device, the processor
  assert_true(info.kind == RTB_DEVICE_CPU && strcmp(info.name, "cpu") == 0);
  assert_int_equal(b.probe(NULL, 1, &info), RTB_E_NOT_FOUND);
  void *dev = NULL, *pointer = &dev, *stream = &dev;
  uint64_t buffer = 7;
  assert_int_equal(b.open(&rti_negotiation_host, 0, "", &dev), RTB_OK);
  assert_ptr_equal(dev, &rti_negotiation_host);
  assert_int_equal(b.mem_alloc(dev, 64, &buffer), RTB_E_UNSUPPORTED);
  assert_true(buffer == 0);
  buffer = 7;
  assert_int_equal(b.mem_import(dev, &b, 64, &buffer), RTB_E_UNSUPPORTED);
  assert_true(buffer == 0);
  assert_int_equal(b.mem_map(dev, 0, &pointer), RTB_E_UNSUPPORTED);
  assert_null(pointer);
  b.mem_free(dev, 0);
  assert_int_equal(b.stream_create(dev, &stream), RTB_OK);
  assert_null(stream);
  assert_int_equal(b.flush(dev, NULL), RTB_OK);
  uint64_t failed = 0;
  assert_true(b.done(dev, NULL, &failed) == UINT64_MAX && failed == 0); // all is done at once, nothing has failed
  assert_int_equal(b.wait_host(dev, NULL, 5, 0, NULL), RTB_OK);
  assert_null(b.extension("anything", 1));
  assert_int_equal(b.quiesce(dev), RTB_OK);
  b.stream_destroy(dev, NULL), b.close(dev), b.shutdown();
  assert_true(b.vendor[0] == 0 && b.version[0] == 0);
}

// What a shorter, older table does not have is never read.
static void a_short_table_is_not_read_past_its_end(void **state) {
  (void)state;
  rtb_backend theirs, ours;
  char why[200];
  memset(&theirs, 0x5a, sizeof theirs); // what lies behind the end
  memcpy(&theirs, &good, offsetof(rtb_backend, resolve) + sizeof theirs.resolve);
  theirs.size = offsetof(rtb_backend, resolve) + sizeof theirs.resolve;
  assert_true(rti_merge_backend(&theirs, &ours, why, sizeof why));
  void *pointer;
  assert_int_equal(ours.mem_map(NULL, 0, &pointer), RTB_E_UNSUPPORTED);
}

// ---- layers --------------------------------------------------------------------------------------------------------------------------------------

static void layers(void **state) {
  (void)state;
  struct { const char *name; rtb_layer table; const char *refused; } rows[] = {
      {"good", layer, NULL},         {"too small", layer, "its table says it has"}, {"too large", layer, "its table says it has"}, {"other major", layer, "is built for interface"},
      {"other bytes", layer, "byte order"}, {"no name", layer, "it has no name"}, {"other ops", layer, "its ops have"}, {"other views", layer, "its views"},
  };
  rows[1].table.size = 8, rows[2].table.size = 70000, rows[3].table.major++, rows[4].table.build ^= RTB_BUILD_BIG_ENDIAN;
  rows[5].table.name = NULL, rows[6].table.op_bytes++, rows[7].table.view_bytes++;
  rtb_layer ours;
  for (size_t i = 0; i < RTI_COUNT(rows); i++) {
    char why[200] = "";
    const bool accepted = rti_merge_layer(&rows[i].table, &ours, why, sizeof why);
    if (accepted != !rows[i].refused || (!accepted && !strstr(why, rows[i].refused))) fail_msg("%s: %s", rows[i].name, why);
  }
  // One without a single slot lets everything pass.
  char why[200];
  assert_true(rti_merge_layer(&layer, &ours, why, sizeof why));
  void *self = &self, *fn_ctx = NULL;
  rtb_fn fn = NULL;
  assert_int_equal(ours.attach(NULL, &good, NULL, &self), RTB_OK);
  assert_null(self);
  assert_int_equal(ours.wrap(NULL, NULL, NULL, &fn, &fn_ctx), RTB_OK);
  assert_true(!fn && !fn_ctx && !ours.on_event && !ours.on_alloc);
  ours.unwrap(NULL, NULL), ours.detach(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(versions), cmocka_unit_test(backends), cmocka_unit_test(slots_left_out_answer), cmocka_unit_test(a_short_table_is_not_read_past_its_end), cmocka_unit_test(layers),
  };
  return cmocka_run_group_tests_name("loader", tests, NULL, NULL);
}
