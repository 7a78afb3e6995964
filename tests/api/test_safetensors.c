// SPDX-License-Identifier: BSD-3-Clause
// safetensors files through the public API: what is read, and every way in which a header can be wrong, with its sentence.
#include "archive_check.h"

static const uint8_t counted[64] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
                                    32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};

#define T(name, dtype, shape, offsets) "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"
static const char good[] = "{\"__metadata__\":{\"format\":\"pt\",\"\":\"\\u00e9\\ud834\\udd1e\\n\\u0000x\"}," T("b", "F32", "[2,3]", "[0,24]") ", " T("a/\\u00df", "I16", "[]", "[24,26]") ",\n"
    T("none", "F64", "[0,5]", "[26,26]") "," T("c", "BOOL", "[3]", "[26,29]") "," "\"d\" : { \"shape\" : [ 1 , 1 ] , \"data_offsets\" : [ 29 , 30 ] , \"dtype\" : \"F8_E4M3\" }}   ";

static void read_a_file(void **state) {
  (void)state;
  proto file = safetensors_file(good, counted, 30);
  rt_archive *a = opened(&file);
  assert_int_equal(rt_archive_format_of(a), RT_ARCHIVE_SAFETENSORS);
  assert_string_equal(rt_archive_format_name(rt_archive_format_of(a)), "safetensors");
  assert_int_equal(rt_archive_count(a), 5);
  check_tensor(a, "b", RT_F32, 2, counted, 24);
  check_tensor(a, "a/\u00df", RT_I16, 0, counted + 24, 2);
  check_tensor(a, "none", RT_F64, 2, counted, 0);
  check_tensor(a, "c", RT_BOOL, 1, "\1\1\1", 3); // 26, 27 and 28 are true
  rt_archive_entry entry;
  assert_int_equal(rt_archive_entry_at(a, 4, &entry), RT_OK);
  assert_string_equal(entry.name, "d");
  assert_string_equal(entry.stored, "F8_E4M3");
  assert_int_equal(entry.dtype, RT_DTYPE_NONE);
  assert_int_equal(entry.rank, 2);
  assert_int_equal(entry.offset, file.n - 1);
  assert_int_equal(entry.bytes, 1);
  rt_tensor *t = NULL;
  assert_int_equal(rt_archive_read(a, 4, &t), RT_E_DTYPE);
  assert_non_null(strstr(rt_last_error(), "good: tensor 'd': no dtype here is the F8_E4M3"));

  rt_archive_meta meta;
  rt_archive_value value;
  assert_int_equal(rt_archive_meta_count(a), 2);
  assert_int_equal(rt_archive_meta_at(a, 0, &meta), RT_OK);
  assert_string_equal(meta.key, "format");
  assert_string_equal(meta.type, "string");
  assert_false(meta.is_list);
  assert_int_equal(rt_archive_meta_item(a, 0, 0, &value), RT_OK);
  assert_string_equal(value.text, "pt");
  assert_int_equal(rt_archive_meta_item(a, 1, 0, &value), RT_OK);
  assert_int_equal(value.text_bytes, 9);
  assert_memory_equal(value.text, "\u00e9\U0001d11e\n\0x", 10);
  rt_archive_close(a);
  proto_free(&file);
}

static void every_dtype(void **state) {
  (void)state;
  static const struct { const char *name; rt_dtype dtype; } dtypes[] = {{"F64", RT_F64}, {"F32", RT_F32}, {"F16", RT_F16}, {"BF16", RT_BF16}, {"I64", RT_I64},
      {"I32", RT_I32}, {"I16", RT_I16}, {"I8", RT_I8}, {"U8", RT_U8}, {"U16", RT_U16}, {"U32", RT_U32}, {"U64", RT_U64}, {"C64", RT_C64}};
  for (size_t i = 0; i < COUNT(dtypes); i++) {
    char header[200];
    const size_t bytes = 4 * rt_dtype_bytes(dtypes[i].dtype);
    snprintf(header, sizeof header, "{\"x\":{\"dtype\":\"%s\",\"shape\":[4],\"data_offsets\":[0,%zu]}}", dtypes[i].name, bytes);
    proto file = safetensors_file(header, counted, bytes);
    rt_archive *a = opened(&file);
    check_tensor(a, "x", dtypes[i].dtype, 1, counted, bytes);
    rt_archive_close(a);
    proto_free(&file);
  }
}

static void no_tensors(void **state) {
  (void)state;
  proto file = safetensors_file("{}", NULL, 0);
  rt_archive *a = opened(&file);
  assert_int_equal(rt_archive_count(a), 0);
  rt_archive_close(a);
  proto_free(&file);
}

#define X(dtype, shape, offsets) "{" T("x", dtype, shape, offsets) "}"
static const struct { const char *header; size_t bytes; rt_status status; const char *words; } bad[] = {
    // sizes and offsets
    {X("F32", "[2]", "[0,8]"), 9, RT_E_FORMAT, "its tensors end at data offset 8 ('x'), the file holds 9 bytes"},
    {X("F32", "[2]", "[0,8]"), 7, RT_E_FORMAT, "its tensors end at data offset 8 ('x'), the file holds 7 bytes"},
    {X("F32", "[2]", "[0,7]"), 7, RT_E_FORMAT, "tensor 'x': shape [2] of F32 needs 8 bytes, data_offsets [0,7] hold 7"},
    {X("F32", "[2]", "[8,0]"), 8, RT_E_FORMAT, "tensor 'x': data_offsets [8,0] end before they begin"},
    {X("F32", "[2]", "[1,9]"), 9, RT_E_FORMAT, "tensor 'x' begins at data offset 1, behind 0, where the header ends"},
    {"{" T("x", "U8", "[4]", "[0,4]") "," T("y", "U8", "[4]", "[5,9]") "}", 9, RT_E_FORMAT, "tensor 'y' begins at data offset 5, behind 4, where 'x' ends"},
    {"{" T("x", "U8", "[4]", "[0,4]") "," T("y", "U8", "[4]", "[3,7]") "}", 7, RT_E_FORMAT, "tensor 'y' begins at data offset 3, before 4, where 'x' ends"},
    {"{" T("x", "U8", "[4]", "[0,4]") "," T("y", "U8", "[4]", "[0,4]") "}", 4, RT_E_FORMAT, "tensor 'y' begins at data offset 0, before 4"},
    {X("U8", "[1152921504606846976]", "[0,1152921504606846976]"), 9, RT_E_FORMAT, "end at data offset 1152921504606846976"},
    {X("U8", "[9223372036854775807]", "[0,9223372036854775807]"), 9, RT_E_FORMAT, "is too large"},
    {X("F64", "[4611686018427387904]", "[0,0]"), 0, RT_E_FORMAT, "[4611686018427387904] of F64 is too large"},
    {X("F32", "[4294967296,4294967296]", "[0,0]"), 0, RT_E_FORMAT, "is too large"},
    {X("F32", "[0,4294967296,4294967296]", "[0,0]"), 0, RT_E_FORMAT, "is too large"}, // an empty tensor must not hide an overflow
    {X("F32", "[9223372036854775808]", "[0,0]"), 0, RT_E_FORMAT, "a number above 2^63-1"},
    {X("F32", "[2]", "[0,99999999999999999999]"), 0, RT_E_FORMAT, "a number above 2^63-1"},
    {X("F4", "[3]", "[0,1]"), 1, RT_E_FORMAT, "shape [3] of F4 needs 2 bytes, data_offsets [0,1] hold 1"},
    {"{}", 1, RT_E_FORMAT, "1 bytes of data belong to no tensor"},
    {X("U8", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "[0,1]"), 1, RT_E_UNSUPPORTED, "tensor 'x': more than 16 axes"},
    // dtypes, keys, names
    {X("F33", "[2]", "[0,8]"), 8, RT_E_DTYPE, "tensor 'x': dtype 'F33' is not one that safetensors has"},
    {X("f32", "[2]", "[0,8]"), 8, RT_E_DTYPE, "'f32'"},
    {X("", "[2]", "[0,8]"), 8, RT_E_DTYPE, "''"},
    {X("\\u001b[2J", "[2]", "[0,8]"), 8, RT_E_DTYPE, "\\x1b[2J"},
    {"{\"x\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, RT_E_FORMAT, "tensor 'x': dtype, shape or two data_offsets are missing"},
    {"{\"x\":{}}", 0, RT_E_FORMAT, "are missing"},
    {X("F32", "[2]", "[0]"), 8, RT_E_FORMAT, "two data_offsets are missing"},
    {X("F32", "[2]", "[]"), 8, RT_E_FORMAT, "two data_offsets are missing"},
    {X("F32", "[2]", "[0,8,8]"), 8, RT_E_FORMAT, "more than two numbers"},
    {"{\"x\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, RT_E_FORMAT, "the same key twice"},
    {"{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"more\":1}}", 8, RT_E_FORMAT, "a key of a tensor that is not"},
    {"{" T("x", "U8", "[]", "[0,1]") "," T("x", "U8", "[]", "[1,2]") "}", 2, RT_E_FORMAT, "tensor 'x' is there twice"},
    {"{" T("x", "U8", "[]", "[0,1]") "," T("\\u0078", "U8", "[]", "[1,2]") "}", 2, RT_E_FORMAT, "tensor 'x' is there twice"},
    {"{" T("a\\u0000b", "U8", "[]", "[0,1]") "}", 1, RT_E_FORMAT, "not printable UTF-8: 'a\\x00b'"},
    {"{" T("a\\u001bb", "U8", "[]", "[0,1]") "}", 1, RT_E_FORMAT, "not printable UTF-8: 'a\\x1bb'"},
    {"{" T("a\x7f", "U8", "[]", "[0,1]") "}", 1, RT_E_FORMAT, "not printable UTF-8"},
    {"{" T("\xc2\x85", "U8", "[]", "[0,1]") "}", 1, RT_E_FORMAT, "not printable UTF-8"},
    {"{" T("\xc2", "U8", "[]", "[0,1]") "}", 1, RT_E_FORMAT, "not UTF-8"},
    {"{" T("\xed\xa0\x80", "U8", "[]", "[0,1]") "}", 1, RT_E_FORMAT, "not UTF-8"},
    {"{" T("\xc0\x80", "U8", "[]", "[0,1]") "}", 1, RT_E_FORMAT, "not UTF-8"},
    {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, RT_E_FORMAT, "__metadata__ is there twice"},
    {"{\"__metadata__\":{\"k\":\"v\",\"k\":\"v\"}}", 0, RT_E_FORMAT, "metadata entry 'k' is there twice"},
    {"{\"__metadata__\":{\"k\":1}}", 0, RT_E_FORMAT, "expected a string"},
    {"{\"__metadata__\":[]}", 0, RT_E_FORMAT, "expected an object"},
    // the text itself
    {"{", 0, RT_E_FORMAT, "expected a string"},
    {"{\"x\"", 0, RT_E_FORMAT, "expected a colon"},
    {"{\"x\":", 0, RT_E_FORMAT, "expected an object"},
    {"{\"x", 0, RT_E_FORMAT, "a string does not end"},
    {"{\"x\\", 0, RT_E_FORMAT, "an escape"},
    {"{\"x\\q\":1}", 0, RT_E_FORMAT, "an escape"},
    {"{\"\\u12g4\":{}}", 0, RT_E_FORMAT, "four hexadecimal digits"},
    {"{\"\\u12", 0, RT_E_FORMAT, "four hexadecimal digits"},
    {"{\"\\ud834\":{}}", 0, RT_E_FORMAT, "first half of a surrogate"},
    {"{\"\\ud834\\u0041\":{}}", 0, RT_E_FORMAT, "first half of a surrogate"},
    {"{\"\\udd1e\":{}}", 0, RT_E_FORMAT, "second half of a surrogate"},
    {"{\"a\nb\":{}}", 0, RT_E_FORMAT, "a control character"},
    {"{} {}", 0, RT_E_FORMAT, "something follows"},
    {"{}\n", 0, RT_E_FORMAT, "something follows"},
    {"{,}", 0, RT_E_FORMAT, "expected a string"},
    {"{\"__metadata__\":{},}", 0, RT_E_FORMAT, "expected a string"},
    {X("F32", "[2,]", "[0,8]"), 8, RT_E_FORMAT, "expected a non-negative integer"},
    {X("F32", "[-2]", "[0,8]"), 8, RT_E_FORMAT, "expected a non-negative integer"},
    {X("F32", "[+2]", "[0,8]"), 8, RT_E_FORMAT, "expected a non-negative integer"},
    {X("F32", "[02]", "[0,8]"), 8, RT_E_FORMAT, "leading zero"},
    {X("F32", "[2.0]", "[0,8]"), 8, RT_E_FORMAT, "not an integer"},
    {X("F32", "[2e0]", "[0,8]"), 8, RT_E_FORMAT, "not an integer"},
    {X("F32", "[\"2\"]", "[0,8]"), 8, RT_E_FORMAT, "expected a non-negative integer"},
    {X("F32", "[[2]]", "[0,8]"), 8, RT_E_FORMAT, "expected a non-negative integer"},
    {X("F32", "2", "[0,8]"), 8, RT_E_FORMAT, "expected an array"},
    {X("F32", "null", "[0,8]"), 8, RT_E_FORMAT, "expected an array"},
    {X("F32", "[2 3]", "[0,8]"), 8, RT_E_FORMAT, "expected a comma"},
    {"{\"x\":{\"dtype\":\"F32\" \"shape\":[2],\"data_offsets\":[0,8]}}", 8, RT_E_FORMAT, "expected a comma"},
};

static void refuse_bad_headers(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(bad); i++) check_refused(safetensors_file(bad[i].header, counted, bad[i].bytes), bad[i].status, bad[i].words, bad[i].header);
}

static void lengths_are_bounded(void **state) {
  (void)state;
  static const uint64_t lengths[] = {0, 1, 3, 100, 100000001, UINT32_MAX, UINT64_MAX, UINT64_MAX - 7, 1ull << 63};
  for (size_t i = 0; i < COUNT(lengths); i++) {
    proto file = {0};
    put_le(&file, lengths[i], 8);
    put_raw(&file, "{}", 2);
    char which[40];
    snprintf(which, sizeof which, "length %llu", (unsigned long long)lengths[i]);
    check_refused(file, RT_E_FORMAT, lengths[i] > UINT32_MAX ? "its first bytes" : lengths[i] > 2 ? "a header of" : "", which);
  }
  char *name = malloc(6000);
  assert_non_null(name);
  snprintf(name, 6000, "{\"%05000d\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", 0);
  check_refused(safetensors_file(name, counted, 1), RT_E_FORMAT, "has 5000 bytes, at most 4096 are allowed", "a long name");
  free(name);
}

static void broken_in_every_way(void **state) {
  (void)state;
  proto file = safetensors_file("{\"__metadata__\":{\"k\":\"\\u00e9\"}," T("x", "F32", "[2,1]", "[0,8]") "," T("y", "BOOL", "[3]", "[8,11]") "} ", counted, 11);
  assert_int_equal(read_all(file.at, file.n), RT_OK);
  check_truncations(&file);
  check_flips(&file, 20000);
  proto_free(&file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(read_a_file),        cmocka_unit_test(every_dtype),         cmocka_unit_test(no_tensors),
      cmocka_unit_test(refuse_bad_headers), cmocka_unit_test(lengths_are_bounded), cmocka_unit_test(broken_in_every_way),
  };
  return cmocka_run_group_tests_name("safetensors", tests, open_ctx, close_ctx);
}
