// SPDX-License-Identifier: BSD-3-Clause
// Archives as files: written and read back, mapped without a copy, and what happens when the system says no in the middle. What a malformed
// file is answered stands in test_safetensors.c, test_npz.c and test_gguf.c.
#define _XOPEN_SOURCE 700
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive_check.h"

static char folder[64];

static int open_all(void **state) {
  strcpy(folder, "/tmp/trivet-archive-XXXXXX");
  return mkdtemp(folder) ? open_ctx(state) : -1;
}
static int close_all(void **state) { return rmdir(folder) == 0 ? close_ctx(state) : -1; }

static const char *path_of(const char *name) {
  static char path[4][256];
  static int next;
  next = (next + 1) % 4;
  snprintf(path[next], sizeof path[next], "%s/%s", folder, name);
  return path[next];
}

static int files_in_folder(void) {
  DIR *dir = opendir(folder);
  int n = -2; // . and ..
  assert_non_null(dir);
  while (readdir(dir)) n++;
  closedir(dir);
  return n;
}

static void write_bytes(const char *path, const proto *file) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  if (file->n) assert_int_equal(fwrite(file->at, 1, file->n, f), file->n);
  fclose(f);
}

static rt_tensor *ones(rt_dtype dtype, int64_t n) {
  rt_tensor *t = NULL;
  assert_int_equal(rt_ones(ctx, dtype, 1, &n, &t), RT_OK);
  return t;
}

// ---- written and read back ---------------------------------------------------------------------------------------------------------------

static bool deflate_is_there(void) {
  rt_tensor *t = ones(RT_F32, 1);
  const rt_named_tensor one = {"x", t};
  const rt_status status = rt_archive_write("/dev/null", RT_ARCHIVE_NPZ, RT_ARCHIVE_DEFLATE, 1, &one, 0, NULL);
  assert_true(status == RT_OK || status == RT_E_UNSUPPORTED);
  rt_release(t);
  return status == RT_OK;
}

static void round_trip(void **state) {
  (void)state;
  static const rt_dtype dtypes[] = {RT_BOOL, RT_I8, RT_I16, RT_I32, RT_I64, RT_U8, RT_U16, RT_U32, RT_U64, RT_F16, RT_F32, RT_F64, RT_C64, RT_BF16};
  static const struct { int32_t rank; int64_t shape[5]; } shapes[] = {{0, {0}}, {1, {1}}, {1, {0}}, {1, {7}}, {2, {2, 3}}, {3, {2, 0, 3}}, {5, {1, 2, 1, 2, 2}}};
  enum { N = COUNT(dtypes) * COUNT(shapes) };
  rt_named_tensor all[N];
  char names[N][32];
  uint8_t data[64];
  for (int k = 0; k < 64; k++) data[k] = (uint8_t)(k * 37 & 1);
  for (size_t i = 0; i < N; i++) {
    rt_tensor *t = NULL;
    snprintf(names[i], sizeof names[i], "%c \"\\/%zu", (char)('z' - i % 26), i);
    const size_t s = i % COUNT(shapes);
    assert_int_equal(rt_from_data(ctx, dtypes[i / COUNT(shapes)], shapes[s].rank, shapes[s].shape, data, &t), RT_OK);
    all[i] = (rt_named_tensor){names[i], t};
  }
  static const struct { rt_archive_format format; uint32_t flags; } ways[] = {{RT_ARCHIVE_SAFETENSORS, 0}, {RT_ARCHIVE_NPZ, 0}, {RT_ARCHIVE_NPZ, RT_ARCHIVE_DEFLATE}};
  for (size_t w = 0; w < COUNT(ways); w++) {
    if (ways[w].flags && !deflate_is_there()) continue;
    const int32_t n = ways[w].format == RT_ARCHIVE_SAFETENSORS ? N : N - COUNT(shapes); // .npz has no bf16
    for (uint32_t map = 0; map < 2; map++) {
      rt_archive *a = NULL;
      if (rt_archive_write(path_of("a"), ways[w].format, ways[w].flags, n, all, 0, NULL) != RT_OK || rt_archive_open(ctx, path_of("a"), map, &a) != RT_OK)
        fail_msg("%s", rt_last_error());
      assert_int_equal(rt_archive_format_of(a), ways[w].format);
      assert_int_equal(rt_archive_count(a), n);
      assert_int_equal(rt_archive_meta_count(a), 0);
      for (int32_t i = 0; i < n; i++) {
        const rt_tensor *t = all[i].tensor;
        const size_t s = (size_t)i % COUNT(shapes);
        check_tensor(a, names[i], rt_tensor_dtype(t), rt_tensor_rank(t), data, (size_t)rt_tensor_numel(t) * rt_dtype_bytes(rt_tensor_dtype(t)));
        rt_tensor *back = NULL;
        assert_int_equal(rt_archive_get(a, names[i], &back), RT_OK);
        for (int32_t d = 0; d < shapes[s].rank; d++) assert_int_equal(rt_tensor_shape(back)[d], shapes[s].shape[d]);
        rt_release(back);
      }
      rt_archive_close(a);
    }
  }
  assert_int_equal(files_in_folder(), 1);
  unlink(path_of("a"));
  for (size_t i = 0; i < N; i++) rt_release((rt_tensor *)(uintptr_t)all[i].tensor);
}

// The bytes of a safetensors file, with texts that need escapes and tensors given in the wrong order.
static void written_safetensors(void **state) {
  (void)state;
  static const char header[] = "{\"__metadata__\":{\"k\\\"\":\"a\\u0001\u00e9\",\"l\":\"\"},\"y\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                               "\"a\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[8,9]},\"b\":{\"dtype\":\"U8\",\"shape\":[0,3],\"data_offsets\":[9,9]}}";
  static const float two[2] = {1, -2};
  static const int64_t shape[2] = {0, 3}, pair = 2;
  rt_tensor *y = NULL, *a = NULL, *b = NULL;
  assert_int_equal(rt_from_data(ctx, RT_F32, 1, &pair, two, &y), RT_OK);
  assert_int_equal(rt_from_data(ctx, RT_U8, 0, NULL, "\7", &a), RT_OK);
  assert_int_equal(rt_from_data(ctx, RT_U8, 2, shape, NULL, &b), RT_OK);
  const rt_named_tensor tensors[] = {{"b", b}, {"a", a}, {"y", y}};
  const rt_named_text texts[] = {{"k\"", "a\1\u00e9"}, {"l", ""}};
  if (rt_archive_write(path_of("x"), RT_ARCHIVE_SAFETENSORS, 0, 3, tensors, 2, texts) != RT_OK) fail_msg("%s", rt_last_error());
  uint8_t bytes[512];
  FILE *f = fopen(path_of("x"), "rb");
  assert_non_null(f);
  const size_t n = fread(bytes, 1, sizeof bytes, f), padded = (sizeof header - 1 + 7) / 8 * 8;
  fclose(f);
  assert_int_equal(n, 8 + padded + 9);
  assert_int_equal(bytes[0] | bytes[1] << 8, padded);
  assert_memory_equal(bytes + 8, header, sizeof header - 1);
  for (size_t i = sizeof header - 1; i < padded; i++) assert_int_equal(bytes[8 + i], ' ');
  assert_memory_equal(bytes + 8 + padded, two, 8);
  assert_int_equal(bytes[8 + padded + 8], 7);
  unlink(path_of("x"));
  rt_release(y), rt_release(a), rt_release(b);
}

// Broadcast and turned: what is written are the elements in C order.
static void views_are_written_dense(void **state) {
  (void)state;
  static const float row[2] = {1, 2}, expected[4] = {1, 2, 1, 2}, turned[4] = {1, 1, 2, 2};
  static const int64_t pair = 2, square[2] = {2, 2};
  rt_tensor *t = NULL, *wide = NULL, *turn = NULL;
  assert_int_equal(rt_from_data(ctx, RT_F32, 1, &pair, row, &t), RT_OK);
  assert_int_equal(rt_expand(t, 2, square, &wide), RT_OK);
  assert_int_equal(rt_permute(wide, NULL, &turn), RT_OK);
  const rt_named_tensor tensors[] = {{"wide", wide}, {"turn", turn}};
  for (int k = RT_ARCHIVE_NPZ; k <= RT_ARCHIVE_SAFETENSORS; k++) {
    rt_archive *a = NULL;
    assert_int_equal(rt_archive_write(path_of("v"), (rt_archive_format)k, 0, 2, tensors, 0, NULL), RT_OK);
    assert_int_equal(rt_archive_open(ctx, path_of("v"), 0, &a), RT_OK);
    check_tensor(a, "wide", RT_F32, 2, expected, 16);
    check_tensor(a, "turn", RT_F32, 2, turned, 16);
    rt_archive_close(a);
  }
  unlink(path_of("v"));
  rt_release(t), rt_release(wide), rt_release(turn);
}

// ---- mapped ------------------------------------------------------------------------------------------------------------------------------

static bool is_mapped_now(const char *path) {
  char line[4096];
  bool found = false;
  FILE *maps = fopen("/proc/self/maps", "r");
  if (!maps) return false;
  while (fgets(line, sizeof line, maps)) found |= strstr(line, path) != NULL;
  fclose(maps);
  return found;
}

static void mapped_tensors_outlive_the_archive(void **state) {
  (void)state;
  const bool can_see = access("/proc/self/maps", R_OK) == 0;
  rt_tensor *t = ones(RT_F32, 1000), *half = ones(RT_F16, 3);
  const rt_named_tensor tensors[] = {{"t", t}, {"half", half}};
  for (int k = RT_ARCHIVE_NPY; k <= RT_ARCHIVE_SAFETENSORS; k++) {
    rt_archive *a = NULL;
    rt_archive_entry entry;
    rt_tensor *view = NULL, *slice = NULL, *sum = NULL;
    rt_scalar value;
    void *address;
    const int32_t n = k == RT_ARCHIVE_NPY ? 1 : 2;
    assert_int_equal(rt_archive_write(path_of("m"), (rt_archive_format)k, 0, n, tensors, 0, NULL), RT_OK);
    assert_int_equal(rt_archive_open(ctx, path_of("m"), RT_ARCHIVE_MAP, &a), RT_OK);
    for (int32_t i = 0; i < n; i++) {
      assert_int_equal(rt_archive_entry_at(a, i, &entry), RT_OK);
      assert_true(entry.in_place); // all that we write lies aligned
    }
    rt_memory_stats before, after;
    assert_int_equal(rt_ctx_memory(ctx, &before), RT_OK);
    assert_int_equal(rt_archive_read(a, 0, &view), RT_OK);
    assert_int_equal(rt_ctx_memory(ctx, &after), RT_OK);
    assert_true(after.live_bytes - before.live_bytes < 4000); // a handle, no data
    assert_int_equal(rt_tensor_device(view), RT_HOST);
    assert_int_equal(rt_map(view, RT_MAP_WRITE, &address), RT_E_STATE);
    rt_archive_close(a);
    unlink(path_of("m")); // the mapping keeps the bytes
    if (can_see) assert_true(is_mapped_now(path_of("m")));
    assert_int_equal(rt_slice(view, 0, 10, 20, 1, &slice), RT_OK);
    rt_release(view);
    assert_int_equal(rt_sum(slice, NULL, false, RT_DTYPE_NONE, &sum), RT_OK);
    assert_int_equal(rt_item(sum, &value), RT_OK);
    assert_true(value.as.f == 10);
    rt_release(sum);
    if (can_see) assert_true(is_mapped_now(path_of("m")));
    rt_release(slice);
    if (can_see) assert_false(is_mapped_now(path_of("m")));
  }
  rt_release(t), rt_release(half);
}

// What cannot be used as it lies is read: unaligned, a bool, empty, another byte order, Fortran order, deflated.
static void what_cannot_be_mapped_is_copied(void **state) {
  (void)state;
  static const uint8_t bytes[16] = {0, 0, 1, 0, 2, 0, 0, 0, 0, 3, 9, 9, 9, 9, 9, 9};
  proto file = safetensors_file("{\"b\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[0,1]},\"x\":{\"dtype\":\"I16\",\"shape\":[2],\"data_offsets\":[1,5]},"
                                "\"y\":{\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[5,10]},\"z\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[10,10]}}  ", bytes, 10);
  write_bytes(path_of("u"), &file);
  static const int16_t expected[2] = {256, 512};
  rt_archive *a = NULL;
  rt_archive_entry entry;
  assert_int_equal(rt_archive_open(ctx, path_of("u"), RT_ARCHIVE_MAP, &a), RT_OK);
  for (int32_t i = 0; i < 4; i++) {
    assert_int_equal(rt_archive_entry_at(a, i, &entry), RT_OK);
    if (i == 1) assert_int_equal(entry.offset % 2, 1);
    assert_int_equal(entry.in_place, i == 2);
  }
  check_tensor(a, "b", RT_BOOL, 1, "\0", 1);
  check_tensor(a, "x", RT_I16, 1, expected, 4);
  check_tensor(a, "y", RT_U8, 1, bytes + 5, 5);
  check_tensor(a, "z", RT_F32, 1, bytes, 0);
  rt_archive_close(a);
  proto_free(&file);

  static const int16_t turned[4] = {1, 3, 2, 4}, plain[4] = {1, 2, 3, 4};
  static const uint8_t big[8] = {0, 1, 0, 2, 0, 3, 0, 4};
  static const struct { const char *header; const void *data; } rows[] = {
      {"{'descr': '>i2', 'fortran_order': False, 'shape': (2, 2), }  ", big}, {"{'descr': '<i2', 'fortran_order': True, 'shape': (2, 2), }   ", turned}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    zip z = {0};
    proto one = npy_file(rows[i].header, rows[i].data, 8);
    zip_store(&z, "x.npy", &one, (zip_lie){0});
    file = zip_end(&z, false);
    write_bytes(path_of("u"), &file);
    assert_int_equal(rt_archive_open(ctx, path_of("u"), RT_ARCHIVE_MAP, &a), RT_OK);
    assert_int_equal(rt_archive_entry_at(a, 0, &entry), RT_OK);
    assert_false(entry.in_place);
    check_tensor(a, "x", RT_I16, 2, plain, 8);
    rt_archive_close(a);
    proto_free(&one), proto_free(&file);
  }
  unlink(path_of("u"));
}

static void mapped_members_have_checksums(void **state) {
  (void)state;
  rt_tensor *t = ones(RT_F64, 100), *back = NULL;
  const rt_named_tensor one = {"x", t};
  rt_archive *a = NULL;
  rt_archive_entry entry;
  assert_int_equal(rt_archive_write(path_of("c"), RT_ARCHIVE_NPZ, 0, 1, &one, 0, NULL), RT_OK);
  assert_int_equal(rt_archive_open(ctx, path_of("c"), RT_ARCHIVE_MAP, &a), RT_OK);
  assert_int_equal(rt_archive_entry_at(a, 0, &entry), RT_OK);
  assert_true(entry.in_place && entry.offset % 64 == 0);
  FILE *f = fopen(path_of("c"), "r+b");
  assert_non_null(f);
  assert_int_equal(fseek(f, (long)entry.offset + 5, SEEK_SET), 0);
  assert_int_equal(fputc(1, f), 1);
  fclose(f);
  assert_int_equal(rt_archive_read(a, 0, &back), RT_E_FORMAT);
  assert_non_null(strstr(rt_last_error(), "checksum"));
  assert_null(back);
  rt_archive_close(a);
  unlink(path_of("c"));
  rt_release(t);
}

// ---- the system says no ------------------------------------------------------------------------------------------------------------------

// A file that was cut between opening and reading: a status, for each format.
static void files_that_shrink(void **state) {
  (void)state;
  rt_tensor *t = ones(RT_F32, 10000), *back = NULL;
  const rt_named_tensor one = {"x", t};
  for (int k = RT_ARCHIVE_NPY; k <= RT_ARCHIVE_SAFETENSORS; k++) {
    rt_archive *a = NULL;
    assert_int_equal(rt_archive_write(path_of("s"), (rt_archive_format)k, 0, 1, &one, 0, NULL), RT_OK);
    assert_int_equal(rt_archive_open(ctx, path_of("s"), 0, &a), RT_OK);
    assert_int_equal(truncate(path_of("s"), 20000), 0);
    assert_int_equal(rt_archive_read(a, 0, &back), RT_E_IO);
    assert_non_null(strstr(rt_last_error(), "ended at byte 20000"));
    assert_null(back);
    rt_archive_close(a);
  }
  unlink(path_of("s"));
  rt_release(t);
}

static void a_full_disk_is_a_status(void **state) {
  (void)state;
  rt_tensor *t = ones(RT_F32, 1 << 16), *small = ones(RT_F32, 2);
  const rt_named_tensor tensors[] = {{"small", small}, {"x", t}, {"y", t}};
  for (int k = RT_ARCHIVE_NPY; k <= RT_ARCHIVE_SAFETENSORS; k++) {
    const rt_archive_format format = (rt_archive_format)k;
    const int32_t n = format == RT_ARCHIVE_NPY ? 1 : 3;
    if (access("/dev/full", W_OK) == 0) {
      assert_int_equal(rt_archive_write("/dev/full", format, 0, n, tensors + 3 - n, 0, NULL), RT_E_IO);
      assert_non_null(strstr(rt_last_error(), "/dev/full"));
    }
    // A limit on the size of files stops the write in the middle: the old file stays, the new one is removed.
    assert_int_equal(rt_archive_write(path_of("kept"), format, 0, 1, tensors, 0, NULL), RT_OK);
    struct rlimit before, low;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    low = before;
    low.rlim_cur = 5000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    const rt_status status = rt_archive_write(path_of("kept"), format, 0, n, tensors + 3 - n, 0, NULL);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    assert_int_equal(status, RT_E_IO);
    assert_non_null(strstr(rt_last_error(), "kept"));
    assert_int_equal(files_in_folder(), 1);
    rt_archive *a = NULL;
    assert_int_equal(rt_archive_open(ctx, path_of("kept"), 0, &a), RT_OK);
    check_tensor(a, format == RT_ARCHIVE_NPY ? "arr_0" : "small", RT_F32, 1, (float[]){1, 1}, 8);
    rt_archive_close(a);
  }
  unlink(path_of("kept"));
  rt_release(t), rt_release(small);
}

static void no_descriptors_left(void **state) {
  (void)state;
  rt_tensor *t = ones(RT_F32, 4), *back = NULL;
  const rt_named_tensor one = {"x", t};
  assert_int_equal(rt_archive_write(path_of("f"), RT_ARCHIVE_SAFETENSORS, 0, 1, &one, 0, NULL), RT_OK);
  rt_archive *mapped = NULL, *a = NULL;
  assert_int_equal(rt_archive_open(ctx, path_of("f"), RT_ARCHIVE_MAP, &mapped), RT_OK);
  struct rlimit before, low;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
  low = before;
  low.rlim_cur = 3;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
  const rt_status open_status = rt_archive_open(ctx, path_of("f"), 0, &a), map_status = rt_archive_open(ctx, path_of("f"), RT_ARCHIVE_MAP, &a);
  const bool says_why = strstr(rt_last_error(), "/f: cannot open: ") != NULL;
  const rt_status write_status = rt_archive_write(path_of("f"), RT_ARCHIVE_NPZ, 0, 1, &one, 0, NULL);
  const rt_status read_status = rt_archive_read(mapped, 0, &back); // needs none
  setrlimit(RLIMIT_NOFILE, &before);
  assert_int_equal(open_status, RT_E_IO);
  assert_int_equal(map_status, RT_E_IO);
  assert_true(says_why);
  assert_int_equal(write_status, RT_E_IO);
  assert_int_equal(read_status, RT_OK);
  rt_archive_close(mapped);
  rt_release(back);
  rt_release(t);
  assert_int_equal(files_in_folder(), 1);
  unlink(path_of("f"));
}

static void what_is_no_file(void **state) {
  (void)state;
  rt_archive *a = NULL;
  for (uint32_t map = 0; map < 2; map++) {
    assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
    assert_int_equal(rt_archive_open(ctx, path_of("fifo"), map, &a), RT_E_IO); // at once, although nobody writes
    unlink(path_of("fifo"));
    assert_int_equal(rt_archive_open(ctx, "/dev/zero", map, &a), RT_E_IO);
    assert_int_equal(rt_archive_open(ctx, folder, map, &a), RT_E_IO);
    const proto nothing = {0};
    write_bytes(path_of("empty"), &nothing);
    assert_int_equal(rt_archive_open(ctx, path_of("empty"), map, &a), RT_E_FORMAT);
    unlink(path_of("empty"));
    assert_null(a);
  }
}

// A tensor that the limit of the context does not allow, from a small file: deflated or sparse, nothing of it is asked for in vain.
static void large_tensors_meet_the_limit(void **state) {
  (void)state;
  proto file = safetensors_file("{\"x\":{\"dtype\":\"U8\",\"shape\":[1073741824],\"data_offsets\":[0,1073741824]}}", NULL, 0);
  write_bytes(path_of("sparse"), &file);
  assert_int_equal(truncate(path_of("sparse"), (off_t)file.n + 1073741824), 0);
  rt_archive *a = NULL;
  rt_tensor *t = NULL;
  assert_int_equal(rt_archive_open(ctx, path_of("sparse"), 0, &a), RT_OK);
  assert_int_equal(rt_archive_read(a, 0, &t), RT_E_NO_MEMORY);
  rt_archive_close(a);
  assert_int_equal(rt_archive_open(ctx, path_of("sparse"), RT_ARCHIVE_MAP, &a), RT_OK); // mapped, it costs nothing
  assert_int_equal(rt_archive_read(a, 0, &t), RT_OK);
  rt_release(t);
  rt_archive_close(a);
  unlink(path_of("sparse"));
  proto_free(&file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(round_trip),
      cmocka_unit_test(written_safetensors),
      cmocka_unit_test(views_are_written_dense),
      cmocka_unit_test(mapped_tensors_outlive_the_archive),
      cmocka_unit_test(what_cannot_be_mapped_is_copied),
      cmocka_unit_test(mapped_members_have_checksums),
      cmocka_unit_test(files_that_shrink),
      cmocka_unit_test(a_full_disk_is_a_status),
      cmocka_unit_test(no_descriptors_left),
      cmocka_unit_test(what_is_no_file),
      cmocka_unit_test(large_tensors_meet_the_limit),
  };
  return cmocka_run_group_tests_name("archive", tests, open_all, close_all);
}
