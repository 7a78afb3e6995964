// SPDX-License-Identifier: BSD-3-Clause
// .npy files through the public API: what is read, what is refused and with which sentence, what happens when the system says no.
#define _XOPEN_SOURCE 700
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <trivet/io.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static rt_ctx *ctx;
static char folder[64];

static int open_all(void **state) {
  (void)state;
  strcpy(folder, "/tmp/trivet-npy-XXXXXX");
  return mkdtemp(folder) && rt_ctx_create(NULL, &ctx) == RT_OK ? 0 : -1;
}

// Tensors that a test leaves behind make closing fail.
static int close_all(void **state) {
  (void)state;
  return rmdir(folder) == 0 && rt_ctx_close(ctx) == RT_OK ? 0 : -1;
}

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

// A whole file in memory: magic, version, header, data.
typedef struct file { uint8_t at[4096]; size_t n; } file;

static file make(int major, const char *header, const void *data, size_t bytes) {
  file f = {.n = 0};
  const size_t length = strlen(header);
  memcpy(f.at, "\x93NUMPY", 6);
  f.at[6] = (uint8_t)major;
  f.at[8] = (uint8_t)length;
  f.at[9] = (uint8_t)(length >> 8);
  f.n = major == 1 ? 10 : 12;
  memcpy(f.at + f.n, header, length);
  f.n += length;
  if (bytes) memcpy(f.at + f.n, data, bytes);
  f.n += bytes;
  return f;
}

// ---- what is read ------------------------------------------------------------------------------------------------------------------------

static const uint8_t counted[64] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
                                    32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};

static const struct { int major; const char *header; size_t bytes; rt_dtype dtype; int32_t rank; int64_t shape[4]; } valid[] = {
    {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }\n", 48, RT_F32, 2, {3, 4}},
    {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }                                           \n", 12, RT_F32, 1, {3}},
    {2, "{'shape': (2, 3, 1), 'descr': '<i2', 'fortran_order': False}\n", 12, RT_I16, 3, {2, 3, 1}},
    {3, "{ \"fortran_order\" : False , 'shape':(2,2,),\t'descr':'|u1'\n}\n\n", 4, RT_U8, 2, {2, 2}},
    {1, "{'descr': '<f8', 'fortran_order': False, 'shape': (), }", 8, RT_F64, 0, {0}},
    {1, "{'descr': '<f2', 'fortran_order': True, 'shape': (), }", 2, RT_F16, 0, {0}},
    {1, "{'descr': '<f2', 'fortran_order': True, 'shape': (5,), }", 10, RT_F16, 1, {5}},
    {1, "{'descr': '|i1', 'fortran_order': False, 'shape': (0, 7), }", 0, RT_I8, 2, {0, 7}},
    {1, "{'descr': '|i1', 'fortran_order': True, 'shape': (7, 0), }", 0, RT_I8, 2, {7, 0}},
    {1, "{'descr': '=u2', 'fortran_order': False, 'shape': (4,), }", 8, RT_U16, 1, {4}},
    {1, "{'descr': 'i4', 'fortran_order': False, 'shape': (1L, 2L), }", 8, RT_I32, 2, {1, 2}},
    {1, "{'descr': '<u4', 'fortran_order': False, 'shape': (2,), }", 8, RT_U32, 1, {2}},
    {1, "{'descr': '<u8', 'fortran_order': False, 'shape': (2,), }", 16, RT_U64, 1, {2}},
    {1, "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }", 16, RT_I64, 1, {2}},
    {1, "{'descr': '<c8', 'fortran_order': False, 'shape': (2, 3), }", 48, RT_C64, 2, {2, 3}},
    {1, "{'descr': '<c16', 'fortran_order': False, 'shape': (3,), }", 48, RT_C128, 1, {3}},
};

static void read_valid_headers(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(valid); i++) {
    const file f = make(valid[i].major, valid[i].header, counted, valid[i].bytes);
    rt_tensor *t = NULL;
    if (rt_npy_parse(ctx, "valid", f.at, f.n, &t) != RT_OK) fail_msg("%s: %s", valid[i].header, rt_last_error());
    assert_int_equal(rt_tensor_dtype(t), valid[i].dtype);
    assert_int_equal(rt_tensor_rank(t), valid[i].rank);
    for (int32_t k = 0; k < valid[i].rank; k++) assert_int_equal(rt_tensor_shape(t)[k], valid[i].shape[k]);
    uint8_t data[64];
    assert_int_equal(rt_read(t, data, valid[i].bytes), RT_OK);
    assert_memory_equal(data, counted, valid[i].bytes); // little endian throughout; none of the Fortran ones has two extents above 1
    rt_release(t);
  }
}

// Seen by hand in a file that NumPy wrote: np.array([[1, 2], [3, 4]], '>f4', order='F').
static void big_endian_and_fortran_order(void **state) {
  (void)state;
  static const uint8_t big[16] = {0x3f, 0x80, 0, 0, 0x40, 0x40, 0, 0, 0x40, 0, 0, 0, 0x40, 0x80, 0, 0}; // 1 3 2 4
  static const float expected[4] = {1, 2, 3, 4};
  const file f = make(1, "{'descr': '>f4', 'fortran_order': True, 'shape': (2, 2), }\n", big, 16);
  rt_tensor *t = NULL;
  float data[4];
  assert_int_equal(rt_npy_parse(ctx, "big", f.at, f.n, &t), RT_OK);
  assert_true(rt_tensor_is_contiguous(t));
  assert_int_equal(rt_read(t, data, sizeof data), RT_OK);
  assert_memory_equal(data, expected, sizeof data);
  rt_release(t);

  const file wide = make(1, "{'descr': '>i2', 'fortran_order': True, 'shape': (3, 1, 2), }\n", counted, 12);
  static const int16_t by_hand[6] = {0x0001, 0x0607, 0x0203, 0x0809, 0x0405, 0x0a0b};
  int16_t numbers[6];
  assert_int_equal(rt_npy_parse(ctx, "wide", wide.at, wide.n, &t), RT_OK);
  assert_int_equal(rt_read(t, numbers, sizeof numbers), RT_OK);
  assert_memory_equal(numbers, by_hand, sizeof numbers);
  rt_release(t);

  // np.array([1.5 - 2j], '>c8'): the two parts are swapped each by itself.
  static const uint8_t one[8] = {0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0};
  const file complex = make(1, "{'descr': '>c8', 'fortran_order': False, 'shape': (1,), }\n", one, 8);
  rt_scalar z;
  assert_int_equal(rt_npy_parse(ctx, "complex", complex.at, complex.n, &t), RT_OK);
  assert_int_equal(rt_item(t, &z), RT_OK);
  assert_int_equal(z.kind, RT_KIND_COMPLEX);
  assert_true(z.as.c.re == 1.5 && z.as.c.im == -2);
  rt_release(t);
}

static void odd_truth_values_become_one(void **state) {
  (void)state;
  for (int k = 0; k < 2; k++) {
    const file f = make(1, k ? "{'descr': '|b1', 'fortran_order': False, 'shape': (4,), }" : "{'descr': '?', 'fortran_order': False, 'shape': (4,), }", "\x00\x01\x02\xff", 4);
    rt_tensor *t = NULL;
    uint8_t data[4];
    assert_int_equal(rt_npy_parse(ctx, "bool", f.at, f.n, &t), RT_OK);
    assert_int_equal(rt_tensor_dtype(t), RT_BOOL);
    assert_int_equal(rt_read(t, data, 4), RT_OK);
    assert_memory_equal(data, "\x00\x01\x01\x01", 4);
    rt_release(t);
  }
}

// ---- what is refused -----------------------------------------------------------------------------------------------------------------------

#define HEAD(descr, order, shape) "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape ", }"
static const struct { int major; const char *header; size_t bytes; rt_status status; const char *words; } invalid[] = {
    {1, HEAD("'<f4'", "False", "(3,)"), 13, RT_E_FORMAT, "needs 12 bytes of data, the file holds 13"},
    {1, HEAD("'<f4'", "False", "(3,)"), 11, RT_E_FORMAT, "needs 12 bytes"},
    {0, HEAD("'<f4'", "False", "(3,)"), 12, RT_E_FORMAT, "version 0.0"},
    {4, HEAD("'<f4'", "False", "(3,)"), 12, RT_E_FORMAT, "version 4.0"},
    {1, HEAD("'|O'", "False", "(1,)"), 8, RT_E_DTYPE, "'|O'"},
    {1, HEAD("'<U5'", "False", "(1,)"), 20, RT_E_DTYPE, "'<U5'"},
    {1, HEAD("'|S4'", "False", "(1,)"), 4, RT_E_DTYPE, "'|S4'"},
    {1, HEAD("'<c4'", "False", "(1,)"), 4, RT_E_DTYPE, "'<c4'"},
    {1, HEAD("'<c32'", "False", "(1,)"), 32, RT_E_DTYPE, "'<c32'"},
    {1, HEAD("'<c16'", "False", "(1,)"), 15, RT_E_FORMAT, "needs 16 bytes"},
    {1, HEAD("'<M8[ns]'", "False", "(1,)"), 8, RT_E_DTYPE, "M8"},
    {1, HEAD("'<f16'", "False", "(1,)"), 16, RT_E_DTYPE, "f16"},
    {1, HEAD("''", "False", "(1,)"), 1, RT_E_DTYPE, "''"},
    {1, HEAD("'<'", "False", "(1,)"), 1, RT_E_DTYPE, "'<'"},
    {1, HEAD("[('a', '<f4')]", "False", "(1,)"), 4, RT_E_DTYPE, "structured"},
    {1, HEAD("'\x1b[2J'", "False", "(1,)"), 4, RT_E_DTYPE, "\\x1b[2J"},
    {1, HEAD("'<f4'", "false", "(1,)"), 4, RT_E_FORMAT, "True or False"},
    {1, HEAD("'<f4'", "0", "(1,)"), 4, RT_E_FORMAT, "True or False"},
    {1, HEAD("'<f4'", "False", "(1)"), 4, RT_E_FORMAT, "comma"},
    {1, HEAD("'<f4'", "False", "[1]"), 4, RT_E_FORMAT, "tuple"},
    {1, HEAD("'<f4'", "False", "1"), 4, RT_E_FORMAT, "tuple"},
    {1, HEAD("'<f4'", "False", "(-1,)"), 4, RT_E_FORMAT, "extent"},
    {1, HEAD("'<f4'", "False", "(+1,)"), 4, RT_E_FORMAT, "extent"},
    {1, HEAD("'<f4'", "False", "(1 1,)"), 4, RT_E_FORMAT, "comma"},
    {1, HEAD("'<f4'", "False", "(,)"), 4, RT_E_FORMAT, "extent"},
    {1, HEAD("'<f4'", "False", "(1,,2)"), 8, RT_E_FORMAT, "extent"},
    {1, HEAD("'<f4'", "False", "(9223372036854775808,)"), 4, RT_E_FORMAT, "too large"},
    {1, HEAD("'<f4'", "False", "(99999999999999999999999,)"), 4, RT_E_FORMAT, "too large"},
    {1, HEAD("'<f4'", "False", "(9223372036854775807,)"), 4, RT_E_FORMAT, "2^63-1"},
    {1, HEAD("'<f4'", "False", "(4294967296, 4294967296)"), 0, RT_E_FORMAT, "2^63-1"},
    {1, HEAD("'<f4'", "False", "(0, 4294967296, 4294967296)"), 0, RT_E_FORMAT, "2^63-1"}, // an empty tensor must not hide an overflow
    {1, HEAD("'<f4'", "False", "(2305843009213693952,)"), 0, RT_E_FORMAT, "2^63-1"},
    {1, HEAD("'<f4'", "False", "(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)"), 4, RT_E_UNSUPPORTED, "16 axes"},
    {1, "", 0, RT_E_FORMAT, "dictionary"},
    {1, "{", 0, RT_E_FORMAT, "string"},
    {1, "{}", 0, RT_E_FORMAT, "missing"},
    {1, "{'descr': '<f4', 'fortran_order': False, }", 4, RT_E_FORMAT, "missing"},
    {1, "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 4, RT_E_FORMAT, "twice"},
    {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", 4, RT_E_FORMAT, "a key that"},
    {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", 4, RT_E_FORMAT, "follows"},
    {1, "{'descr': '<f4' 'fortran_order': False, 'shape': (1,)}", 4, RT_E_FORMAT, "comma"},
    {1, "{'descr' '<f4', 'fortran_order': False, 'shape': (1,)}", 4, RT_E_FORMAT, "colon"},
    {1, "{'descr': '<\\x66\\x34', 'fortran_order': False, 'shape': (1,)}", 4, RT_E_FORMAT, "escape"},
    {1, "{'descr': '<f4, 'fortran_order': False, 'shape': (1,)}", 4, RT_E_DTYPE, "f4, "},
    {1, "{'descr': \"<f4', 'fortran_order': False, 'shape': (1,)}", 4, RT_E_FORMAT, "does not end"},
};

static void refuse_invalid_files(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(invalid); i++) {
    const file f = make(invalid[i].major, invalid[i].header, counted, invalid[i].bytes);
    rt_tensor *t = (rt_tensor *)&f;
    const rt_status status = rt_npy_parse(ctx, "bad.npy", f.at, f.n, &t);
    if (status != invalid[i].status || !strstr(rt_last_error(), invalid[i].words) || !strstr(rt_last_error(), "bad.npy"))
      fail_msg("%s: %s: %s", invalid[i].header, rt_status_name(status), rt_last_error());
    assert_null(t);
  }
}

// The block has exactly the size that is announced, so that a sanitizer sees a read past it.
static rt_status parse_exactly(const uint8_t *data, size_t n, rt_tensor **out) {
  uint8_t *exact = malloc(n ? n : 1);
  assert_non_null(exact);
  if (n) memcpy(exact, data, n);
  const rt_status status = rt_npy_parse(ctx, "exact", exact, n, out);
  free(exact);
  return status;
}

static void every_truncation_is_an_error(void **state) {
  (void)state;
  for (int major = 1; major <= 3; major++) {
    const file f = make(major, HEAD("'<f4'", "False", "(2, 3)"), counted, 24);
    for (size_t n = 0; n < f.n; n++) {
      rt_tensor *t = NULL;
      const rt_status status = parse_exactly(f.at, n, &t);
      if (status != RT_E_FORMAT) fail_msg("%zu of %zu bytes: %s", n, f.n, rt_status_name(status));
      assert_null(t);
    }
  }
}

static void announced_lengths_are_bounded(void **state) {
  (void)state;
  rt_tensor *t = NULL;
  assert_int_equal(parse_exactly((const uint8_t *)"\x93NUMPY\x02\x00\xff\xff\xff\xff{}", 14, &t), RT_E_FORMAT);
  assert_non_null(strstr(rt_last_error(), "above the limit"));
  assert_int_equal(parse_exactly((const uint8_t *)"\x93NUMPY\x01\x00\xff\xff{}", 12, &t), RT_E_FORMAT);
  assert_non_null(strstr(rt_last_error(), "ends past the file"));
}

static void flipped_bytes_never_crash(void **state) {
  (void)state;
  uint64_t seed = 20240229;
  print_message("seed %llu\n", (unsigned long long)seed);
  const file f = make(1, HEAD("'<i2'", "True", "(2, 3)"), counted, 12);
  for (int round = 0; round < 20000; round++) {
    file bad = f;
    for (int k = 0; k < 1 + round % 3; k++) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      bad.at[(seed >> 33) % f.n] ^= (uint8_t)(1 + (seed >> 20) % 255);
    }
    rt_tensor *t = NULL;
    const rt_status status = parse_exactly(bad.at, bad.n, &t);
    assert_true((status == RT_OK) == (t != NULL));
    assert_true(status == RT_OK || status == RT_E_FORMAT || status == RT_E_DTYPE || status == RT_E_UNSUPPORTED);
    rt_release(t);
  }
}

static void misuse_is_an_error(void **state) {
  (void)state;
  rt_tensor *t = NULL;
  const int64_t one = 1;
  const uint16_t bits = 0;
  assert_int_equal(rt_npy_parse(NULL, "x", counted, 1, &t), RT_E_ARGUMENT);
  assert_int_equal(rt_npy_parse(ctx, NULL, counted, 1, &t), RT_E_ARGUMENT);
  assert_int_equal(rt_npy_parse(ctx, "x", NULL, 1, &t), RT_E_ARGUMENT);
  assert_int_equal(rt_npy_parse(ctx, "x", counted, 1, NULL), RT_E_ARGUMENT);
  assert_int_equal(rt_npy_parse(ctx, "x", NULL, 0, &t), RT_E_FORMAT);
  assert_int_equal(rt_npy_read(NULL, "x", &t), RT_E_ARGUMENT);
  assert_int_equal(rt_npy_read(ctx, NULL, &t), RT_E_ARGUMENT);
  assert_int_equal(rt_npy_read(ctx, "x", NULL), RT_E_ARGUMENT);
  assert_int_equal(rt_npy_write(NULL, NULL), RT_E_ARGUMENT);
  assert_int_equal(rt_npy_write("x", NULL), RT_E_ARGUMENT);
  assert_int_equal(rt_from_data(ctx, RT_BF16, 1, &one, &bits, &t), RT_OK);
  assert_int_equal(rt_npy_write(path_of("bf16"), t), RT_E_DTYPE);
  assert_non_null(strstr(rt_last_error(), "bf16"));
  rt_release(t);
}

// ---- files ---------------------------------------------------------------------------------------------------------------------------------

static void round_trip(void **state) {
  (void)state;
  static const rt_dtype dtypes[] = {RT_BOOL, RT_I8, RT_I16, RT_I32, RT_I64, RT_U8, RT_U16, RT_U32, RT_U64, RT_F16, RT_F32, RT_F64, RT_C64, RT_C128};
  static const struct { int32_t rank; int64_t shape[5]; } shapes[] = {{0, {0}}, {1, {1}}, {1, {0}}, {1, {7}}, {2, {2, 3}}, {3, {2, 0, 3}}, {5, {1, 2, 1, 2, 2}}};
  for (size_t d = 0; d < COUNT(dtypes); d++) {
    for (size_t s = 0; s < COUNT(shapes); s++) {
      uint8_t data[128], back[128];
      memcpy(data, counted, 64);
      memcpy(data + 64, counted, 64);
      if (dtypes[d] == RT_BOOL)
        for (int i = 0; i < 64; i++) data[i] &= 1;
      rt_tensor *t = NULL, *again = NULL;
      assert_int_equal(rt_from_data(ctx, dtypes[d], shapes[s].rank, shapes[s].shape, data, &t), RT_OK);
      if (rt_npy_write(path_of("t.npy"), t) != RT_OK || rt_npy_read(ctx, path_of("t.npy"), &again) != RT_OK) fail_msg("%s", rt_last_error());
      assert_int_equal(rt_tensor_dtype(again), dtypes[d]);
      assert_int_equal(rt_tensor_rank(again), shapes[s].rank);
      for (int32_t k = 0; k < shapes[s].rank; k++) assert_int_equal(rt_tensor_shape(again)[k], shapes[s].shape[k]);
      const size_t bytes = (size_t)rt_tensor_numel(t) * rt_dtype_bytes(dtypes[d]);
      assert_int_equal(rt_read(again, back, bytes), RT_OK);
      assert_memory_equal(back, data, bytes);
      rt_release(t);
      rt_release(again);
    }
  }
  assert_int_equal(files_in_folder(), 1);
  unlink(path_of("t.npy"));
}

// The bytes of a file, for a view that is neither contiguous nor at the start of its storage.
static void written_bytes(void **state) {
  (void)state;
  static const float values[6] = {0, 1, 2, 3, 4, 5}, expected[4] = {1, 4, 2, 5};
  static const int64_t shape[2] = {2, 3};
  rt_tensor *t = NULL, *part = NULL, *view = NULL;
  assert_int_equal(rt_from_data(ctx, RT_F32, 2, shape, values, &t), RT_OK);
  assert_int_equal(rt_slice(t, 1, 1, 3, 1, &part), RT_OK);
  assert_int_equal(rt_permute(part, NULL, &view), RT_OK);
  assert_int_equal(rt_npy_write(path_of("view.npy"), view), RT_OK);
  uint8_t bytes[512];
  FILE *f = fopen(path_of("view.npy"), "rb");
  assert_non_null(f);
  assert_int_equal(fread(bytes, 1, sizeof bytes, f), 144);
  fclose(f);
  assert_memory_equal(bytes, "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }   ", 71);
  assert_int_equal(bytes[127], '\n');
  assert_memory_equal(bytes + 128, expected, 16);
  unlink(path_of("view.npy"));
  rt_release(view);
  rt_release(part);
  rt_release(t);
}

static void files_that_cannot_be_read(void **state) {
  (void)state;
  rt_tensor *t = NULL;
  assert_int_equal(rt_npy_read(ctx, path_of("none.npy"), &t), RT_E_NOT_FOUND);
  assert_non_null(strstr(rt_last_error(), "none.npy"));
  assert_int_equal(rt_npy_read(ctx, folder, &t), RT_E_IO);
  assert_non_null(strstr(rt_last_error(), "not a regular file"));
  assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
  assert_int_equal(rt_npy_read(ctx, path_of("fifo"), &t), RT_E_IO); // at once, although nobody writes
  unlink(path_of("fifo"));
  assert_int_equal(rt_npy_read(ctx, "/dev/zero", &t), RT_E_IO);
  FILE *f = fopen(path_of("empty"), "wb");
  assert_non_null(f);
  fclose(f);
  assert_int_equal(rt_npy_read(ctx, path_of("empty"), &t), RT_E_FORMAT);
  assert_null(t);
  unlink(path_of("empty"));
}

static rt_tensor *large_tensor(void) {
  const int64_t shape = 1 << 16;
  rt_tensor *t = NULL;
  assert_int_equal(rt_ones(ctx, RT_F32, 1, &shape, &t), RT_OK);
  return t;
}

static void a_full_disk_is_a_status(void **state) {
  (void)state;
  rt_tensor *t = large_tensor();
  if (access("/dev/full", W_OK) == 0) {
    assert_int_equal(rt_npy_write("/dev/full", t), RT_E_IO);
    assert_non_null(strstr(rt_last_error(), "/dev/full"));
    assert_int_equal(rt_npy_write("/dev/null", t), RT_OK); // and the device is still one
    struct stat info;
    assert_int_equal(stat("/dev/null", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
  }
  // A limit on the size of files stops the write in the middle: the old file stays, the new one is removed.
  const int64_t one = 1;
  const float old = 42;
  rt_tensor *small = NULL, *back = NULL;
  rt_scalar value;
  assert_int_equal(rt_from_data(ctx, RT_F32, 1, &one, &old, &small), RT_OK);
  assert_int_equal(rt_npy_write(path_of("kept.npy"), small), RT_OK);
  struct rlimit before, low;
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  low = before;
  low.rlim_cur = 5000;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
  const rt_status status = rt_npy_write(path_of("kept.npy"), t);
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);
  assert_int_equal(status, RT_E_IO);
  assert_non_null(strstr(rt_last_error(), "kept.npy"));
  assert_int_equal(files_in_folder(), 1);
  assert_int_equal(rt_npy_read(ctx, path_of("kept.npy"), &back), RT_OK);
  assert_int_equal(rt_item(back, &value), RT_OK);
  assert_true(value.as.f == 42);
  unlink(path_of("kept.npy"));
  rt_release(back);
  rt_release(small);
  rt_release(t);
}

static void places_that_cannot_be_written(void **state) {
  (void)state;
  rt_tensor *t = large_tensor();
  assert_int_equal(rt_npy_write(path_of("no/such/folder.npy"), t), RT_E_NOT_FOUND);
  assert_non_null(strstr(rt_last_error(), "no/such/folder.npy"));
  assert_int_equal(rt_npy_write(folder, t), RT_E_IO);
  assert_int_equal(rt_npy_write("", t), RT_E_NOT_FOUND);
  assert_int_equal(files_in_folder(), 0);
  rt_release(t);
}

static void a_private_file_stays_private(void **state) {
  (void)state;
  rt_tensor *t = large_tensor();
  struct stat info;
  assert_int_equal(rt_npy_write(path_of("private.npy"), t), RT_OK);
  assert_int_equal(chmod(path_of("private.npy"), 0600), 0);
  assert_int_equal(rt_npy_write(path_of("private.npy"), t), RT_OK);
  assert_int_equal(stat(path_of("private.npy"), &info), 0);
  assert_int_equal(info.st_mode & 0777, 0600);
  unlink(path_of("private.npy"));
  rt_release(t);
}

static void a_link_stays_a_link(void **state) {
  (void)state;
  rt_tensor *t = large_tensor();
  struct stat info;
  assert_int_equal(rt_npy_write(path_of("real.npy"), t), RT_OK);
  assert_int_equal(symlink("real.npy", path_of("link.npy")), 0);
  assert_int_equal(rt_npy_write(path_of("link.npy"), t), RT_OK);
  assert_int_equal(lstat(path_of("link.npy"), &info), 0);
  assert_true(S_ISLNK(info.st_mode));
  unlink(path_of("link.npy"));
  unlink(path_of("real.npy"));
  rt_release(t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(read_valid_headers),         cmocka_unit_test(big_endian_and_fortran_order),
      cmocka_unit_test(odd_truth_values_become_one), cmocka_unit_test(refuse_invalid_files),
      cmocka_unit_test(every_truncation_is_an_error), cmocka_unit_test(announced_lengths_are_bounded),
      cmocka_unit_test(flipped_bytes_never_crash),  cmocka_unit_test(misuse_is_an_error),
      cmocka_unit_test(round_trip),                 cmocka_unit_test(written_bytes),
      cmocka_unit_test(files_that_cannot_be_read),  cmocka_unit_test(a_full_disk_is_a_status),
      cmocka_unit_test(places_that_cannot_be_written), cmocka_unit_test(a_link_stays_a_link),
      cmocka_unit_test(a_private_file_stays_private),
  };
  return cmocka_run_group_tests_name("npy", tests, open_all, close_all);
}
