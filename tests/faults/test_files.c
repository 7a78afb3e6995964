// SPDX-License-Identifier: BSD-3-Clause
// The operating system refuses, interrupts and cuts short: every file path of the libraries (a row of `paths`) meets every fault (a row of
// `faults`) at its first call, its second, and so on until a run makes no such call any more. What interrupts must not show; what refuses is the
// documented status with a sentence that names the file; a file that was to be replaced is whole, old or new, with nothing beside it; no
// descriptor is lost; and the next try works. A new reader or writer is one row of `paths`.
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <trivet/io.h>
#include <trivet/rt.h>
#include <unistd.h>

#include "../api/archive_write.h"
#include "../api/proto_write.h"
#include "../results.h"
#include "faults.h"

static char folder[] = "/tmp/trivet-faults-XXXXXX";
static rt_ctx *ctx;

// ---- files -----------------------------------------------------------------------------------------------------------------------------------

typedef struct bytes { uint8_t *at; size_t n; } bytes;

static bytes slurp(const char *path) {
  bytes b = {NULL, 0};
  FILE *file = fopen(path, "rb");
  if (!file) return b;
  b.at = malloc(1 << 20);
  assert_non_null(b.at);
  b.n = fread(b.at, 1, 1 << 20, file);
  fclose(file);
  return b;
}

static void spill(const char *path, const void *data, size_t n) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(data, 1, n, file), n);
  assert_int_equal(fclose(file), 0);
}

static int entries_of(const char *path) {
  int n = 0;
  DIR *dir = opendir(path);
  assert_non_null(dir);
  for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) n += entry->d_name[0] != '.';
  closedir(dir);
  return n;
}

static int open_descriptors(void) { return entries_of("/proc/self/fd"); }

// ---- paths: what is done to a file ----------------------------------------------------------------------------------------------------------

static const float values[6] = {1, 2, 3, 4, 5, 6};

static void one_tensor(rt_tensor **out) { assert_int_equal(rt_from_data(ctx, RT_F32, 2, (int64_t[]){2, 3}, values, out), RT_OK); }

static void prepare_npy(const char *path) {
  rt_tensor *t = NULL;
  one_tensor(&t);
  assert_int_equal(rt_npy_write(path, t), RT_OK);
  rt_release(t);
}
static rt_status read_npy(const char *path) {
  rt_tensor *t = NULL;
  const rt_status status = rt_npy_read(ctx, path, &t);
  assert_true((status == RT_OK) == (t != NULL));
  float got[6] = {0};
  if (t) {
    assert_int_equal(rt_read(t, got, sizeof got), RT_OK);
    assert_memory_equal(got, values, sizeof got);
  }
  rt_release(t);
  return status;
}

static void prepare_onnx(const char *path) {
  proto file = small_network();
  spill(path, file.at, file.n);
  proto_free(&file);
}
static rt_status read_onnx(const char *path) {
  rt_model *model = NULL;
  const rt_status status = rt_model_open(ctx, path, &model);
  assert_true((status == RT_OK) == (model != NULL));
  if (model) assert_int_equal(rt_model_input_count(model), 1);
  rt_model_close(model);
  return status;
}

static void prepare_old(const char *path) { spill(path, "what was here before", 20); }
static void prepare_nothing(const char *path) { (void)path; }
static rt_status write_npy(const char *path) {
  rt_tensor *t = NULL;
  one_tensor(&t);
  const rt_status status = rt_npy_write(path, t);
  rt_release(t);
  return status;
}

// Archives: two tensors, one of them in the file more than once the size of what is read at a time.
static rt_status write_archive(const char *path, rt_archive_format format, uint32_t flags) {
  rt_tensor *t = NULL, *large = NULL;
  one_tensor(&t);
  assert_int_equal(rt_ones(ctx, RT_F32, 1, (int64_t[]){20000}, &large), RT_OK);
  const rt_named_tensor tensors[] = {{"t", t}, {"large", large}};
  const rt_status status = rt_archive_write(path, format, flags, format == RT_ARCHIVE_NPY ? 1 : 2, tensors, 0, NULL);
  rt_release(t), rt_release(large);
  return status;
}
static rt_status write_npz(const char *path) { return write_archive(path, RT_ARCHIVE_NPZ, 0); }
static rt_status write_safetensors(const char *path) { return write_archive(path, RT_ARCHIVE_SAFETENSORS, 0); }
static void prepare_npy_archive(const char *path) { assert_int_equal(write_archive(path, RT_ARCHIVE_NPY, 0), RT_OK); }
static void prepare_npz(const char *path) { assert_int_equal(write_npz(path), RT_OK); }
static void prepare_safetensors(const char *path) { assert_int_equal(write_safetensors(path), RT_OK); }
static void prepare_deflated(const char *path) {
  if (write_archive(path, RT_ARCHIVE_NPZ, RT_ARCHIVE_DEFLATE) == RT_E_UNSUPPORTED) prepare_npz(path); // no zlib here
}
static void prepare_gguf(const char *path) {
  proto f = gguf_start(3, 1, 0);
  gguf_tensor(&f, "t", 2, (uint64_t[]){3, 2}, G_TENSOR_F32, 0);
  gguf_pad(&f, 32);
  put_raw(&f, values, sizeof values);
  spill(path, f.at, f.n);
  proto_free(&f);
}

static rt_status read_archive(const char *path, uint32_t flags) {
  rt_archive *a = NULL;
  rt_status status = rt_archive_open(ctx, path, flags, &a);
  assert_true((status == RT_OK) == (a != NULL));
  for (int32_t i = 0; status == RT_OK && i < rt_archive_count(a); i++) {
    rt_tensor *t = NULL;
    float got[6] = {0};
    status = rt_archive_read(a, i, &t);
    assert_true((status == RT_OK) == (t != NULL));
    if (t && rt_tensor_numel(t) == 6) {
      assert_int_equal(rt_read(t, got, sizeof got), RT_OK);
      assert_memory_equal(got, values, sizeof got);
    }
    rt_release(t);
  }
  rt_archive_close(a);
  return status;
}
static rt_status read_pieces(const char *path) { return read_archive(path, 0); }
static rt_status read_mapped(const char *path) { return read_archive(path, RT_ARCHIVE_MAP); }

// A plugin that may be unmapped again, under a new inode each time: a library that is loaded already would not be read.
static void prepare_plugin(const char *path) {
  bytes library = slurp(TRIVET_BUILD_DIR "/tests/plugins/trivet_unified.so");
  assert_true(library.n > 0);
  spill(path, library.at, library.n);
  free(library.at);
}
static rt_status probe_plugin(const char *path) {
  rt_backend_desc desc;
  const rt_status status = rt_backend_probe_file(path, &desc);
  if (status == RT_OK) assert_string_equal(desc.name, "unified");
  else assert_true(desc.refused[0] && strstr(desc.path, path));
  return status;
}
// Fallback is an error, so that no backend of the default list is looked for: what happens to its file would be nobody's business.
static rt_status load(const char *backends, const char *folder_of_it, const char *const *plugins) {
  const rt_ctx_options options = {.size = sizeof options, .n_threads = 1, .backends = backends, .backend_path = folder_of_it, .plugins = plugins, .fallback = RT_FALLBACK_ERROR};
  rt_ctx *other = NULL;
  const rt_status status = rt_ctx_create(&options, &other);
  assert_true((status == RT_OK) == (other != NULL));
  rt_ctx_close(other);
  return status;
}
static rt_status load_by_path(const char *path) { return load("unified", NULL, (const char *[]){path, NULL}); }
static rt_status load_by_name(const char *path) { return (void)path, load("unified", folder, NULL); }

enum { READS = 1, WRITES = 2, LOADS = 4, SEARCHES = 8, PIECES = 16, MAPS = 32 };
static const struct path_row {
  const char *name;
  int kind;
  const char *file;                     // in an empty folder
  void (*prepare)(const char *path);    // what lies there before
  rt_status (*run)(const char *path);   // checks what it gets when that is RT_OK
} paths[] = {
    {"read .npy", READS, "a.npy", prepare_npy, read_npy},
    {"read .onnx", READS, "a.onnx", prepare_onnx, read_onnx},
    {"read .npy as an archive", READS | PIECES, "d.npy", prepare_npy_archive, read_pieces},
    {"read .npz", READS | PIECES, "a.npz", prepare_npz, read_pieces},
    {"read deflated .npz", READS | PIECES, "b.npz", prepare_deflated, read_pieces},
    {"read safetensors", READS | PIECES, "a.safetensors", prepare_safetensors, read_pieces},
    {"read GGUF", READS | PIECES, "a.gguf", prepare_gguf, read_pieces},
    {"map .npz", READS | MAPS, "c.npz", prepare_npz, read_mapped},
    {"map safetensors", READS | MAPS, "b.safetensors", prepare_safetensors, read_mapped},
    {"map GGUF", READS | MAPS, "b.gguf", prepare_gguf, read_mapped},
    {"replace .npz", WRITES, "d.npz", prepare_old, write_npz},
    {"write new safetensors", WRITES, "c.safetensors", prepare_nothing, write_safetensors},
    {"replace .npy", WRITES, "b.npy", prepare_old, write_npy},
    {"write a new .npy", WRITES, "c.npy", prepare_nothing, write_npy},
    {"probe a plugin", LOADS, "trivet_unified.so", prepare_plugin, probe_plugin},
    {"open a plugin by its path", LOADS, "trivet_unified.so", prepare_plugin, load_by_path},
    {"open a plugin by its name", LOADS | SEARCHES, "trivet_unified.so", prepare_plugin, load_by_name},
};

// ---- faults: what the system does, and what must come of it ----------------------------------------------------------------------------------

#define HIDDEN RT_OK   // must not show: the run succeeds
#define ANY (READS | WRITES | LOADS)
static const struct fault_row {
  fault what;
  int kinds;             // of paths that it is put to
  rt_status expected;
  bool once_only;        // for good it would never end: an interruption is tried again
} faults[] = {
    {{"open", EINTR}, ANY, HIDDEN, true},
    {{"open", EMFILE}, ANY, RT_E_IO, false},
    {{"open", ENFILE}, ANY, RT_E_IO, false},
    {{"open", EACCES}, ANY, RT_E_IO, false},
    {{"open", ENOMEM}, ANY, RT_E_NO_MEMORY, false},
    {{"open", ENOENT}, ANY, RT_E_NOT_FOUND, false},
    {{"open", ENOSPC}, WRITES, RT_E_IO, false},
    {{"open", EROFS}, WRITES, RT_E_IO, false},
    {{"open", EEXIST}, WRITES, HIDDEN, true},       // another name is tried ...
    {{"fstat", EIO}, READS | LOADS, RT_E_IO, false},
    {{"fstat", ENOMEM}, READS | LOADS, RT_E_NO_MEMORY, false},
    {{"read", EINTR}, READS, HIDDEN, true},
    {{"read", FAULT_SHORT}, READS, HIDDEN, false},
    {{"read", FAULT_END}, READS, RT_E_IO, false},
    {{"read", EIO}, READS, RT_E_IO, false},
    {{"read", ENOMEM}, READS, RT_E_NO_MEMORY, false},
    {{"mmap", ENOMEM}, READS, RT_E_NO_MEMORY, false},
    {{"pread", EINTR}, LOADS | PIECES, HIDDEN, true},
    {{"pread", FAULT_SHORT}, LOADS | PIECES, HIDDEN, false},
    {{"pread", FAULT_END}, LOADS | PIECES, RT_E_IO, false},
    {{"pread", EIO}, LOADS | PIECES, RT_E_IO, false},
    {{"pread", ENOMEM}, PIECES, RT_E_NO_MEMORY, false},
    {{"mmap", ENODEV}, MAPS, RT_E_IO, false},       // a file system that cannot map
    {{"mmap", EACCES}, MAPS, RT_E_IO, false},
    {{"write", EINTR}, WRITES, HIDDEN, true},
    {{"write", FAULT_SHORT}, WRITES, HIDDEN, false},
    {{"write", ENOSPC}, WRITES, RT_E_IO, false},
    {{"write", EDQUOT}, WRITES, RT_E_IO, false},
    {{"write", EFBIG}, WRITES, RT_E_IO, false},
    {{"write", EIO}, WRITES, RT_E_IO, false},
    {{"fsync", EINTR}, WRITES, HIDDEN, true},
    {{"fsync", EINVAL}, WRITES, HIDDEN, false},     // a file system that does not know it
    {{"fsync", ENOSPC}, WRITES, RT_E_IO, false},
    {{"fsync", EIO}, WRITES, RT_E_IO, false},
    {{"close", EINTR}, ANY, HIDDEN, false},         // the descriptor is closed all the same
    {{"close", EIO}, READS | LOADS, HIDDEN, false}, // nothing was written, nothing is lost
    {{"close", EIO}, WRITES, RT_E_IO, false},
    {{"close", ENOSPC}, WRITES, RT_E_IO, false},
    {{"rename", EACCES}, WRITES, RT_E_IO, false},
    {{"rename", ENOSPC}, WRITES, RT_E_IO, false},
    {{"rename", ENOENT}, WRITES, RT_E_IO, false},   // the folder went away in between
    {{"stat", EIO}, WRITES, RT_E_IO, false},        // not known whether there is a link to follow
    {{"stat", EACCES}, WRITES, RT_E_IO, false},
    {{"stat", ENOMEM}, WRITES, RT_E_NO_MEMORY, false},
    {{"realpath", EIO}, WRITES, RT_E_IO, false},
    {{"realpath", ENOMEM}, WRITES, RT_E_NO_MEMORY, false},
    {{"opendir", EMFILE}, SEARCHES, RT_E_IO, false},
    {{"opendir", EACCES}, SEARCHES, RT_E_IO, false},
    {{"opendir", ENOMEM}, SEARCHES, RT_E_NO_MEMORY, false},
    {{"readdir", EIO}, SEARCHES, RT_E_IO, false},
};
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *fault_text(const struct fault_row *f) {
  return f->what.error == FAULT_SHORT ? "short" : f->what.error == FAULT_END ? "end" : strerror(f->what.error);
}

/// The sentence says which file it was and, where the system gave a reason, that reason.
static void check_sentence(const struct path_row *p, const struct fault_row *f, int nth) {
  const char *sentence = rt_last_error();
  if (!strstr(sentence, p->kind & SEARCHES ? folder : p->file)) fail_msg("%s, %s %d (%s): the sentence names no file: %s", p->name, f->what.call, nth, fault_text(f), sentence);
  if (f->what.error > 0 && !strstr(sentence, strerror(f->what.error)) && f->expected != RT_E_NO_MEMORY)
    fail_msg("%s, %s %d (%s): the sentence gives no reason: %s", p->name, f->what.call, nth, fault_text(f), sentence);
}

/// What lies in the folder: the file as it was, or the whole new one. Either way nothing else.
static void check_files(const struct path_row *p, const struct fault_row *f, int nth, rt_status status, const char *path, bytes before, bytes wanted) {
  const bytes now = slurp(path), expected = status == RT_OK && p->kind & WRITES ? wanted : before;
  const int n_files = entries_of(folder);
  if (now.n != expected.n || (now.n && memcmp(now.at, expected.at, now.n) != 0))
    fail_msg("%s, %s %d (%s): the file has %zu bytes, %s %zu", p->name, f->what.call, nth, fault_text(f), now.n, status == RT_OK ? "should have" : "had", expected.n);
  if (n_files != (expected.at != NULL)) fail_msg("%s, %s %d (%s): %d files in the folder", p->name, f->what.call, nth, fault_text(f), n_files);
  free(now.at);
}

/// One run; true when the fault was met.
static bool run_once(const struct path_row *p, const struct fault_row *f, int nth, bool for_good, bytes wanted) {
  char path[64];
  snprintf(path, sizeof path, "%s/%s", folder, p->file);
  unlink(path);
  p->prepare(path);
  const bytes before = slurp(path);
  const int n_open = open_descriptors();
  faults_arm(f->what, nth, for_good);
  rt_status status = p->run(path);
  const bool met = faults_disarm() > 0;
  const rt_status expected = met ? f->expected : RT_OK;
  if (status != expected)
    fail_msg("%s, %s %d%s (%s): %s instead of %s: %s", p->name, f->what.call, nth, for_good ? " and on" : "", fault_text(f), rt_status_name(status),
             rt_status_name(expected), status ? rt_last_error() : "");
  if (status != RT_OK) check_sentence(p, f, nth);
  if (open_descriptors() != n_open) fail_msg("%s, %s %d (%s): %d descriptors are left open", p->name, f->what.call, nth, fault_text(f), open_descriptors() - n_open);
  check_files(p, f, nth, status, path, before, wanted);
  if (met && (status = p->run(path)) != RT_OK) fail_msg("%s, after %s %d (%s): %s", p->name, f->what.call, nth, fault_text(f), rt_last_error());
  free(before.at);
  unlink(path);
  return met;
}

static void every_path_meets_every_fault(void **state) {
  (void)state;
  int total = 0;
  FILE *results = results_open("faults_files");
  for (size_t i = 0; i < COUNT(paths); i++) {
    const struct path_row *p = &paths[i];
    char path[64];
    snprintf(path, sizeof path, "%s/%s", folder, p->file);
    p->prepare(path);
    assert_int_equal(p->run(path), RT_OK);
    const bytes wanted = slurp(path);
    int n_met = 0, n_calls = 0;
    for (size_t k = 0; k < COUNT(faults); k++) {
      const struct fault_row *f = &faults[k];
      if (!(p->kind & f->kinds)) continue;
      int nth = 0;
      for (; run_once(p, f, nth, false, wanted); nth++) assert_true(nth < 1000);
      n_calls += nth > 0;
      n_met += nth;
      if (f->once_only) continue;
      for (nth = 0; run_once(p, f, nth, true, wanted); nth++) assert_true(nth < 1000);
      n_met += nth;
    }
    free(wanted.at);
    unlink(path);
    print_message("%-26s %3d faults, %d kinds\n", p->name, n_met, n_calls);
    RESULT(results, "%s\t%d\t0\n", p->name, n_met);
    assert_true(n_calls >= 10); // a row that meets nothing tests nothing
    total += n_met;
  }
  results_close(results);
  print_message("%d faults met\n", total);
}

// No descriptor is free, for real: the limit is lowered to what is open, then one more is allowed at a time until the path gets through.
static void descriptors_run_out(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(paths); i++) {
    const struct path_row *p = &paths[i];
    char path[64];
    struct rlimit before, low;
    snprintf(path, sizeof path, "%s/%s", folder, p->file);
    p->prepare(path);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const int first_free = dup(0);
    assert_true(first_free >= 0);
    close(first_free);
    rt_status status = RT_E_IO;
    int spare = 0;
    for (; status != RT_OK; spare++) {
      assert_true(spare < 16);
      low = before;
      low.rlim_cur = (rlim_t)(first_free + spare);
      assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
      status = p->run(path);
      assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
      if (status == RT_OK) continue;
      // The loader of the C library opens the file once more; its refusal is "not a plugin" for us, with its own sentence.
      if (status != RT_E_IO && !(p->kind & LOADS && (status == RT_E_FORMAT || status == RT_E_NOT_FOUND)))
        fail_msg("%s with %d descriptors: %s: %s", p->name, spare, rt_status_name(status), rt_last_error());
      if (!strstr(rt_last_error(), p->kind & SEARCHES ? folder : p->file)) fail_msg("%s with %d descriptors: %s", p->name, spare, rt_last_error());
    }
    assert_true(spare > 1);
    assert_int_equal(entries_of(folder), 1);
    unlink(path);
  }
}

static int open_all(void **state) {
  (void)state;
  if (!mkdtemp(folder)) return -1;
  return rt_ctx_create(&(rt_ctx_options){.size = sizeof(rt_ctx_options), .n_threads = 1}, &ctx) == RT_OK ? 0 : -1;
}
static int close_all(void **state) {
  (void)state;
  return rt_ctx_close(ctx) == RT_OK && rmdir(folder) == 0 ? 0 : -1;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_path_meets_every_fault), cmocka_unit_test(descriptors_run_out)};
  return cmocka_run_group_tests_name("faults", tests, open_all, close_all);
}
