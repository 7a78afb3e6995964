// SPDX-License-Identifier: BSD-3-Clause
// GGUF files through the public API: metadata of every type, blocks decoded by hand, and descriptions that do not fit the file.
#include "archive_check.h"

static const uint64_t extents[4] = {32, 2, 1, 1}; // innermost first

// Q4_0 and Q8_0 blocks whose values are easy to see: scale 0.5 and -2, quants counting.
static void put_q4_0(proto *file) {
  for (int row = 0; row < 2; row++) {
    put_le(file, row ? 0xc000 : 0x3800, 2);
    for (int k = 0; k < 16; k++) put_le(file, (uint64_t)(k | (15 - k) << 4), 1);
  }
}
static void put_q8_0(proto *file) {
  for (int row = 0; row < 2; row++) {
    put_le(file, row ? 0xc000 : 0x3800, 2);
    for (int k = 0; k < 32; k++) put_le(file, (uint64_t)(k * 8 - 128), 1);
  }
}

static const float plain[3] = {1.5f, -2, 3e38f};

// alignment: 0 for the default, without saying so.
static proto small_file(uint32_t version, uint32_t alignment) {
  proto f = gguf_start(version, 4, 13 + (alignment != 0));
  gguf_string(&f, "general.architecture", "test");
  if (alignment) gguf_number(&f, "general.alignment", G_U32, alignment, 4);
  gguf_number(&f, "u8", G_U8, 200, 1);
  gguf_number(&f, "i8", G_I8, 200, 1);
  gguf_number(&f, "u16", G_U16, 60000, 2);
  gguf_number(&f, "i16", G_I16, 60000, 2);
  gguf_number(&f, "i32", G_I32, 0xfffffffe, 4);
  gguf_number(&f, "u64", G_U64, UINT64_MAX, 8);
  gguf_number(&f, "i64", G_I64, UINT64_MAX, 8);
  gguf_number(&f, "f32", G_F32, 0x3fc00000, 4);
  gguf_number(&f, "f64", G_F64, 0xbff8000000000000, 8);
  gguf_number(&f, "bool", G_BOOL, 1, 1);
  gguf_list(&f, "words", G_STRING, 3);
  gguf_text(&f, "a");
  gguf_text(&f, "");
  gguf_text(&f, "c\xff");
  gguf_list(&f, "numbers", G_I32, 2);
  put_le(&f, 5, 4);
  put_le(&f, 0xffffffff, 4);
  const uint64_t step = alignment ? alignment : 32, three = 3;
  const uint64_t second = (36 + step - 1) / step * step, third = second + (68 + step - 1) / step * step, fourth = third + (12 + step - 1) / step * step;
  gguf_tensor(&f, "q4", 2, extents, G_TENSOR_Q4_0, 0);
  gguf_tensor(&f, "q8", 4, extents, G_TENSOR_Q8_0, second);
  gguf_tensor(&f, "plain", 1, &three, G_TENSOR_F32, third);
  gguf_tensor(&f, "q5", 1, extents, G_TENSOR_Q5_0, fourth);
  gguf_pad(&f, step);
  put_q4_0(&f);
  gguf_pad(&f, step);
  put_q8_0(&f);
  gguf_pad(&f, step);
  put_raw(&f, plain, 12);
  gguf_pad(&f, step);
  for (int k = 0; k < 22; k++) put_le(&f, 0, 1);
  return f;
}

static void tensors(void **state) {
  (void)state;
  static const uint32_t versions[] = {2, 3, 3, 3}, alignments[] = {0, 0, 8, 128};
  float q4[64], q8[64];
  for (int row = 0; row < 2; row++)
    for (int k = 0; k < 32; k++) {
      const float scale = row ? -2 : 0.5f;
      q4[row * 32 + k] = scale * (float)((k < 16 ? k : 31 - k) - 8);
      q8[row * 32 + k] = scale * (float)(k * 8 - 128);
    }
  for (size_t i = 0; i < COUNT(versions); i++) {
    proto file = small_file(versions[i], alignments[i]);
    rt_archive *a = opened(&file);
    assert_int_equal(rt_archive_format_of(a), RT_ARCHIVE_GGUF);
    assert_int_equal(rt_archive_count(a), 4);
    check_tensor(a, "q4", RT_F32, 2, q4, sizeof q4);
    check_tensor(a, "q8", RT_F32, 4, q8, sizeof q8);
    check_tensor(a, "plain", RT_F32, 1, plain, sizeof plain);
    rt_archive_entry entry;
    rt_tensor *t = NULL;
    assert_int_equal(rt_archive_entry_at(a, 1, &entry), RT_OK);
    assert_string_equal(entry.stored, "Q8_0");
    assert_int_equal(entry.bytes, 68);
    assert_int_equal(entry.shape[0], 1);
    assert_int_equal(entry.shape[2], 2);
    assert_int_equal(entry.shape[3], 32);
    assert_int_equal(rt_archive_entry_at(a, 3, &entry), RT_OK);
    assert_string_equal(entry.stored, "Q5_0");
    assert_int_equal(entry.bytes, 22);
    assert_int_equal(entry.dtype, RT_DTYPE_NONE);
    assert_int_equal(rt_archive_read(a, 3, &t), RT_E_DTYPE);
    assert_non_null(strstr(rt_last_error(), "tensor 'q5': type Q5_0 of GGUF is not read here"));
    rt_archive_close(a);
    proto_free(&file);
  }
}

// The smallest subnormal, the smallest normal, infinity and NaN as scales.
static void scales_at_the_edges(void **state) {
  (void)state;
  static const struct { uint16_t bits; double scale; } rows[] = {{0x0001, 0x1p-24}, {0x83ff, -1023 * 0x1p-24}, {0x0400, 0x1p-14}, {0x7bff, 65504}, {0x8000, -0.0}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    proto f = gguf_start(3, 1, 0);
    gguf_tensor(&f, "x", 1, extents, G_TENSOR_Q8_0, 0);
    gguf_pad(&f, 32);
    put_le(&f, rows[i].bits, 2);
    float expected[32];
    for (int k = 0; k < 32; k++) {
      put_le(&f, (uint64_t)(k * 8 - 128), 1);
      expected[k] = (float)(rows[i].scale * (k * 8 - 128));
    }
    rt_archive *a = opened(&f);
    check_tensor(a, "x", RT_F32, 1, expected, sizeof expected);
    rt_archive_close(a);
    proto_free(&f);
  }
}

static void metadata(void **state) {
  (void)state;
  static const struct { const char *key, *type; rt_dtype_kind kind; double value; } numbers[] = {
      {"u8", "u8", RT_KIND_UNSIGNED, 200},   {"i8", "i8", RT_KIND_SIGNED, -56},  {"u16", "u16", RT_KIND_UNSIGNED, 60000},
      {"i16", "i16", RT_KIND_SIGNED, -5536}, {"i32", "i32", RT_KIND_SIGNED, -2}, {"u64", "u64", RT_KIND_UNSIGNED, 18446744073709551615.0},
      {"i64", "i64", RT_KIND_SIGNED, -1},    {"f32", "f32", RT_KIND_FLOAT, 1.5}, {"f64", "f64", RT_KIND_FLOAT, -1.5},
      {"bool", "bool", RT_KIND_BOOLEAN, 1}};
  proto file = small_file(3, 0);
  rt_archive *a = opened(&file);
  rt_archive_meta meta;
  rt_archive_value value;
  assert_int_equal(rt_archive_meta_count(a), 13);
  assert_int_equal(rt_archive_meta_item(a, 0, 0, &value), RT_OK);
  assert_string_equal(value.text, "test");
  for (size_t i = 0; i < COUNT(numbers); i++) {
    assert_int_equal(rt_archive_meta_at(a, (int32_t)i + 1, &meta), RT_OK);
    assert_string_equal(meta.key, numbers[i].key);
    assert_string_equal(meta.type, numbers[i].type);
    assert_false(meta.is_list);
    assert_int_equal(rt_archive_meta_item(a, (int32_t)i + 1, 0, &value), RT_OK);
    assert_null(value.text);
    assert_int_equal(value.number.kind, numbers[i].kind);
    const rt_scalar n = value.number;
    const double got = n.kind == RT_KIND_SIGNED ? (double)n.as.i : n.kind == RT_KIND_UNSIGNED ? (double)n.as.u : n.kind == RT_KIND_FLOAT ? n.as.f : n.as.b;
    assert_true(got == numbers[i].value);
  }
  assert_int_equal(rt_archive_meta_at(a, 11, &meta), RT_OK);
  assert_true(meta.is_list && meta.count == 3);
  assert_string_equal(meta.type, "string");
  assert_int_equal(rt_archive_meta_item(a, 11, 1, &value), RT_OK);
  assert_true(value.text && value.text_bytes == 0);
  assert_int_equal(rt_archive_meta_item(a, 11, 2, &value), RT_OK);
  assert_string_equal(value.text, "c\xff");
  assert_int_equal(rt_archive_meta_item(a, 12, 1, &value), RT_OK);
  assert_true(value.number.as.i == -1);
  rt_archive_close(a);
  proto_free(&file);
}

// A type that is newer than the table: listed up to the next tensor, the others read.
static void unknown_types(void **state) {
  (void)state;
  const uint64_t three = 3;
  proto f = gguf_start(3, 2, 0);
  gguf_tensor(&f, "new", 2, extents, 999, 0);
  gguf_tensor(&f, "plain", 1, &three, G_TENSOR_F32, 64);
  gguf_pad(&f, 32);
  for (int k = 0; k < 64; k++) put_le(&f, 0, 1);
  put_raw(&f, plain, 12);
  rt_archive *a = opened(&f);
  rt_archive_entry entry;
  rt_tensor *t = NULL;
  check_tensor(a, "plain", RT_F32, 1, plain, 12);
  assert_int_equal(rt_archive_entry_at(a, 0, &entry), RT_OK);
  assert_string_equal(entry.stored, "?");
  assert_int_equal(entry.bytes, 64);
  assert_int_equal(rt_archive_read(a, 0, &t), RT_E_DTYPE);
  rt_archive_close(a);
  proto_free(&f);
}

// ---- what is refused -----------------------------------------------------------------------------------------------------------------------

static proto one_tensor(uint32_t rank, const uint64_t *dims, uint32_t type, uint64_t offset, size_t bytes) {
  proto f = gguf_start(3, 1, 0);
  gguf_tensor(&f, "x", rank, dims, type, offset);
  gguf_pad(&f, 32);
  for (size_t i = 0; i < bytes; i++) put_le(&f, 0, 1);
  return f;
}

static void tensors_that_do_not_fit(void **state) {
  (void)state;
  const uint64_t row = 32, odd = 33, huge = 1ull << 62, most = UINT64_MAX, square[2] = {1ull << 32, 1ull << 32}, hidden[3] = {0, 1ull << 32, 1ull << 32};
  check_refused(one_tensor(1, &row, G_TENSOR_F32, 0, 127), RT_E_FORMAT, "tensor 'x': 128 bytes at data offset 0 pass the end of the file (127 bytes of data)", "cut data");
  check_refused(one_tensor(1, &row, G_TENSOR_F32, 32, 160), RT_E_FORMAT, "tensor 'x' is said to begin at data offset 32, the tensors before it end at 0 (aligned to 32)", "gap");
  check_refused(one_tensor(1, &row, G_TENSOR_F32, 1, 160), RT_E_FORMAT, "begin at data offset 1,", "unaligned");
  check_refused(one_tensor(1, &row, G_TENSOR_F32, most, 160), RT_E_FORMAT, "begin at data offset 18446744073709551615,", "far away");
  check_refused(one_tensor(1, &odd, G_TENSOR_Q4_0, 0, 100), RT_E_FORMAT, "tensor 'x': rows of 33 elements do not fill blocks of 32 (Q4_0)", "half a block");
  check_refused(one_tensor(0, NULL, G_TENSOR_Q4_0, 0, 100), RT_E_FORMAT, "rows of 1 elements do not fill blocks of 32", "a scalar of blocks");
  check_refused(one_tensor(1, &huge, G_TENSOR_F32, 0, 0), RT_E_FORMAT, "tensor 'x': shape [4611686018427387904] of F32 is too large", "2^62 elements");
  check_refused(one_tensor(1, &most, G_TENSOR_F32, 0, 0), RT_E_FORMAT, "tensor 'x' has an extent of 18446744073709551615", "2^64-1 elements");
  check_refused(one_tensor(2, square, G_TENSOR_Q4_0, 0, 0), RT_E_FORMAT, "is too large", "2^64 elements");
  check_refused(one_tensor(3, hidden, G_TENSOR_F32, 0, 0), RT_E_FORMAT, "is too large", "an empty tensor that hides an overflow");
  check_refused(one_tensor(5, extents, G_TENSOR_F32, 0, 0), RT_E_FORMAT, "tensor 'x' has rank 5, GGUF has at most 4", "rank 5");
  check_refused(one_tensor(UINT32_MAX, extents, G_TENSOR_F32, 0, 0), RT_E_FORMAT, "rank 4294967295", "rank 2^32-1");
  proto f = gguf_start(3, 2, 0);
  gguf_tensor(&f, "x", 1, &row, G_TENSOR_F32, 0);
  gguf_tensor(&f, "y", 1, &row, G_TENSOR_F32, 64);
  gguf_pad(&f, 32);
  for (int k = 0; k < 256; k++) put_le(&f, 0, 1);
  check_refused(f, RT_E_FORMAT, "tensor 'y' is said to begin at data offset 64, the tensors before it end at 128", "overlap");
  f = gguf_start(3, 2, 0);
  gguf_tensor(&f, "x", 0, NULL, G_TENSOR_I8, 0);
  gguf_tensor(&f, "x", 0, NULL, G_TENSOR_I8, 32);
  check_refused(f, RT_E_FORMAT, "tensor 'x' is there twice", "a name twice");
  f = gguf_start(3, 1, 0);
  gguf_tensor(&f, "a\033", 0, NULL, G_TENSOR_I8, 0);
  check_refused(f, RT_E_FORMAT, "not printable UTF-8: 'a\\x1b'", "an escape character in a name");
}

static proto one_meta(uint32_t type, uint32_t item, uint64_t count, size_t bytes) {
  proto f = gguf_start(3, 0, 1);
  gguf_text(&f, "key");
  put_le(&f, type, 4);
  if (type == G_ARRAY) put_le(&f, item, 4), put_le(&f, count, 8);
  for (size_t i = 0; i < bytes; i++) put_le(&f, 0, 1);
  return f;
}

static void metadata_that_does_not_fit(void **state) {
  (void)state;
  check_refused(one_meta(13, 0, 0, 20), RT_E_FORMAT, "metadata 'key' has type 13, which GGUF does not have", "type 13");
  check_refused(one_meta(UINT32_MAX, 0, 0, 20), RT_E_FORMAT, "metadata 'key' has type 4294967295", "type 2^32-1");
  check_refused(one_meta(G_ARRAY, 13, 1, 20), RT_E_FORMAT, "metadata 'key' has type 13", "items of type 13");
  check_refused(one_meta(G_ARRAY, G_ARRAY, 1, 20), RT_E_UNSUPPORTED, "metadata 'key' is a list of lists", "lists of lists");
  check_refused(one_meta(G_ARRAY, G_U32, 6, 20), RT_E_FORMAT, "metadata 'key': 6 items do not fit the 20 bytes that are left", "a list longer than the file");
  check_refused(one_meta(G_ARRAY, G_U64, 1ull << 61, 20), RT_E_FORMAT, "items do not fit", "a list of 2^64 bytes");
  check_refused(one_meta(G_ARRAY, G_U8, UINT64_MAX, 20), RT_E_FORMAT, "18446744073709551615 items do not fit", "a list of 2^64-1 items");
  check_refused(one_meta(G_ARRAY, G_STRING, 3, 20), RT_E_FORMAT, "3 items do not fit the 20 bytes", "more strings than bytes");
  check_refused(one_meta(G_ARRAY, G_STRING, 1ull << 62, 20), RT_E_FORMAT, "items do not fit", "2^62 strings");
  check_refused(one_meta(G_F64, 0, 0, 7), RT_E_FORMAT, "metadata 'key': 1 items do not fit the 7 bytes", "half a number");
  proto f = gguf_start(3, 0, 2);
  gguf_string(&f, "key", "v");
  gguf_string(&f, "key", "w");
  check_refused(f, RT_E_FORMAT, "metadata entry 'key' is there twice", "a key twice");
  f = gguf_start(3, 0, 1);
  put_le(&f, UINT64_MAX, 8);
  put_le(&f, 0, 8);
  check_refused(f, RT_E_FORMAT, "a key of 18446744073709551615 bytes passes the end of the file (8 are left)", "a key of 2^64-1 bytes");
  static const uint32_t alignments[] = {0, 3, 33, UINT32_MAX};
  for (size_t i = 0; i < COUNT(alignments); i++) {
    f = gguf_start(3, 0, 1);
    gguf_number(&f, "general.alignment", G_U32, alignments[i], 4);
    check_refused(f, RT_E_FORMAT, "no power of two", "alignment");
  }
  f = gguf_start(3, 1, 1);
  gguf_number(&f, "general.alignment", G_U32, 1u << 31, 4);
  gguf_tensor(&f, "x", 0, NULL, G_TENSOR_I8, 0);
  check_refused(f, RT_E_FORMAT, "the data would begin at 2147483648, behind the end of the file", "alignment of 2^31");
  f = gguf_start(3, 0, 1);
  gguf_number(&f, "general.alignment", G_I32, 32, 4);
  check_refused(f, RT_E_FORMAT, "general.alignment is not a u32", "alignment of another type");
}

static void heads(void **state) {
  (void)state;
  static const struct { uint32_t version; const char *words; } versions[] = {
      {0, "GGUF version 0 is not 2 or 3"}, {1, "GGUF version 1 is not 2 or 3"}, {4, "GGUF version 4"}, {0x03000000, "a big-endian GGUF file"}, {UINT32_MAX, "GGUF version 4294967295"}};
  for (size_t i = 0; i < COUNT(versions); i++) check_refused(gguf_start(versions[i].version, 0, 0), RT_E_UNSUPPORTED, versions[i].words, versions[i].words);
  check_refused(gguf_start(3, 1, 0), RT_E_FORMAT, "1 tensors and 0 metadata do not fit a file of 24 bytes", "a tensor that is not there");
  check_refused(gguf_start(3, UINT64_MAX, 0), RT_E_FORMAT, "do not fit", "2^64-1 tensors");
  check_refused(gguf_start(3, 0, 1ull << 63), RT_E_FORMAT, "do not fit", "2^63 metadata");
  proto empty = gguf_start(3, 0, 0);
  rt_archive *a = opened(&empty);
  assert_int_equal(rt_archive_count(a), 0);
  rt_archive_close(a);
  proto_free(&empty);
}

static void broken_in_every_way(void **state) {
  (void)state;
  proto f = gguf_start(3, 2, 3);
  gguf_string(&f, "key", "value");
  gguf_number(&f, "general.alignment", G_U32, 16, 4);
  gguf_list(&f, "words", G_STRING, 2);
  gguf_text(&f, "a");
  gguf_text(&f, "bc");
  gguf_tensor(&f, "q", 2, extents, G_TENSOR_Q4_0, 0);
  gguf_tensor(&f, "i", 1, extents, G_TENSOR_I8, 48);
  gguf_pad(&f, 16);
  put_q4_0(&f);
  gguf_pad(&f, 16);
  for (int k = 0; k < 32; k++) put_le(&f, 1, 1);
  if (read_all(f.at, f.n) != RT_OK) fail_msg("%s", rt_last_error());
  check_truncations(&f);
  check_flips(&f, 20000);
  proto_free(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tensors),       cmocka_unit_test(scales_at_the_edges),     cmocka_unit_test(metadata),
      cmocka_unit_test(unknown_types), cmocka_unit_test(tensors_that_do_not_fit), cmocka_unit_test(metadata_that_does_not_fit),
      cmocka_unit_test(heads),         cmocka_unit_test(broken_in_every_way),
  };
  return cmocka_run_group_tests_name("gguf", tests, open_ctx, close_ctx);
}
