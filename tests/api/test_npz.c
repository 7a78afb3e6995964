// SPDX-License-Identifier: BSD-3-Clause
// .npz files through the public API: stored and deflated members, 64-bit records, and containers that lie.
#include "archive_check.h"

static const float values[6] = {0, 1, 2, 3, 4, 5};
static const zip_lie none;

static proto member(void) { return npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", values, sizeof values); }

// One member as it may be, and a second one with the lie.
static proto archive_with(bool deflate, zip_lie lie) {
  zip z = {0};
  proto one = member();
  zip_store(&z, "first.npy", &one, none);
  if (deflate) zip_deflate(&z, "second.npy", &one, lie);
  else zip_store(&z, "second.npy", &one, lie);
  proto_free(&one);
  return zip_end(&z, false);
}

// With zlib: what is deflated can be read. Without: it says what is missing.
static bool have_zlib(void) {
  proto file = archive_with(true, none);
  const rt_status status = read_all(file.at, file.n);
  proto_free(&file);
  if (status != RT_OK) assert_non_null(strstr(rt_last_error(), "needs zlib") ? rt_last_error() : strstr(rt_last_error(), "has no zlib"));
  return status == RT_OK;
}

static void stored_members(void **state) {
  (void)state;
  for (int wide = 0; wide < 2; wide++) {
    zip z = {0};
    proto one = member(), odd = npy_file("{'descr': '>i2', 'fortran_order': True, 'shape': (3, 1, 2), }\n", "\0\1\2\3\4\5\6\7\10\11\12\13", 12);
    proto truth = npy_file("{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }\n", "\0\1\377", 3);
    proto nothing = npy_file("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 4), }\n", NULL, 0);
    zip_store(&z, "a.npy", &one, (zip_lie){.wide = wide});
    zip_store(&z, "folder/b.npy", &odd, none);
    zip_store(&z, "c.npy", &truth, (zip_lie){.wide = wide});
    zip_store(&z, ".npy", &nothing, none);
    proto file = zip_end(&z, wide);
    rt_archive *a = opened(&file);
    static const int16_t by_hand[6] = {0x0001, 0x0607, 0x0203, 0x0809, 0x0405, 0x0a0b};
    assert_int_equal(rt_archive_format_of(a), RT_ARCHIVE_NPZ);
    assert_int_equal(rt_archive_count(a), 4);
    check_tensor(a, "a", RT_F32, 2, values, sizeof values);
    check_tensor(a, "folder/b", RT_I16, 3, by_hand, sizeof by_hand);
    check_tensor(a, "c", RT_BOOL, 1, "\0\1\1", 3);
    check_tensor(a, "", RT_F64, 2, "", 0);
    rt_archive_close(a);
    proto_free(&one), proto_free(&odd), proto_free(&truth), proto_free(&nothing), proto_free(&file);
  }
}

static void deflated_members(void **state) {
  (void)state;
  if (!have_zlib()) {
    print_message("note: %s\n", rt_last_error());
    return;
  }
  proto file = archive_with(true, none);
  rt_archive *a = opened(&file);
  rt_archive_entry entry;
  assert_int_equal(rt_archive_entry_at(a, 1, &entry), RT_OK);
  assert_string_equal(entry.stored, "<f4");
  assert_false(entry.in_place);
  check_tensor(a, "second", RT_F32, 2, values, sizeof values);
  rt_archive_close(a);
  proto_free(&file);
}

static void an_empty_archive(void **state) {
  (void)state;
  zip z = {0};
  proto file = zip_end(&z, false);
  rt_archive *a = opened(&file);
  assert_int_equal(rt_archive_count(a), 0);
  rt_archive_close(a);
  proto_free(&file);
}

// A member whose tensor nothing here can hold does not spoil the others.
static void members_that_are_only_listed(void **state) {
  (void)state;
  static const struct { const char *name, *descr; int method, flags; const char *stored; rt_status status; const char *words; } rows[] = {
      {"x.npy", "|O", 0, 0, "|O", RT_E_DTYPE, "tensor 'x': *'|O' is not one of"},
      {"x.npy", "<U7", 0, 0, "<U7", RT_E_DTYPE, "'<U7' is not one of"},
      {"x.npy", "<c32", 0, 0, "<c32", RT_E_DTYPE, "'<c32' is not one of"},
      {"x.txt", "<f4", 0, 0, "?", RT_E_DTYPE, "tensor 'x.txt': the member is no .npy file"},
      {"folder/", "<f4", 0, 0, "?", RT_E_DTYPE, "tensor 'folder/': the member is no .npy file"},
      {"x.npy", "<f4", 12, 0, "compressed", RT_E_UNSUPPORTED, "tensor 'x': compression method 12 is neither stored nor deflated"},
      {"x.npy", "<f4", 0, 1, "encrypted", RT_E_UNSUPPORTED, "tensor 'x': it is encrypted"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    char header[100];
    snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (1,), }", rows[i].descr);
    zip z = {0};
    proto one = npy_file(header, values, 4), fine = member();
    zip_store(&z, rows[i].name, &one, (zip_lie){.method = rows[i].method, .flags = rows[i].flags});
    zip_store(&z, "fine.npy", &fine, none);
    proto file = zip_end(&z, false);
    rt_archive *a = opened(&file);
    rt_archive_entry entry;
    rt_tensor *t = NULL;
    check_tensor(a, "fine", RT_F32, 2, values, sizeof values);
    assert_int_equal(rt_archive_entry_at(a, 0, &entry), RT_OK);
    assert_string_equal(entry.stored, rows[i].stored);
    assert_int_equal(entry.dtype, RT_DTYPE_NONE);
    assert_int_equal(entry.rank, -1);
    const rt_status status = rt_archive_read(a, 0, &t);
    const char *star = strchr(rows[i].words, '*'), *words = star ? star + 1 : rows[i].words;
    if (status != rows[i].status || !strstr(rt_last_error(), words)) fail_msg("%s: %s: %s", rows[i].words, rt_status_name(status), rt_last_error());
    rt_archive_close(a);
    proto_free(&one), proto_free(&fine), proto_free(&file);
  }
}

static const struct { bool deflate; zip_lie lie; const char *words; } lies[] = {
    {false, {.crc = 1}, "tensor 'second': its 94 bytes have the checksum"},
    {true, {.crc = 0x80000000}, "tensor 'second': its 94 bytes have the checksum"},
    {false, {.local_name = "sekond.npy"}, "member 'second.npy': its local header at 133 has another name"},
    {false, {.local_name = "third.npy"}, "member 'second.npy': its local header at 133 contradicts the directory"},
    {false, {.local_method = 8}, "contradicts the directory"},
    {false, {.size = 1}, "member 'second.npy' is stored, but 94 bytes are said to stand for 95"},
    {false, {.packed = 1}, "is stored, but 95 bytes are said to stand for 94"},
    {false, {.size = 10000, .packed = 10000}, "10094 bytes at 173 reach into the directory at 267"},
    {false, {.size = UINT64_MAX - 93, .packed = UINT64_MAX - 93}, "tensor 'second': its header: not a .npy file"},
    {false, {.local = 1}, "member 'second.npy': its local header at 134 contradicts"},
    {false, {.local = 100000}, "is said to begin at 100133, the directory at 267"},
    {false, {.wide = true, .local = UINT64_MAX - 132}, "local header at 0"},
    {false, {.wide = true, .size = 1ull << 62, .packed = 1ull << 62}, "bytes at 173 reach into the directory"},
    {true, {.size = 1ull << 20}, "member 'second.npy': 99 deflated bytes cannot stand for 1048670"},
    {true, {.size = 1}, "the file holds 25"},
    {true, {.size = UINT64_MAX}, "the file holds 23"},
    {true, {.packed = UINT64_MAX}, "tensor 'second': its deflated data"},
};

static void members_that_lie(void **state) {
  (void)state;
  const bool zlib = have_zlib();
  for (size_t i = 0; i < COUNT(lies); i++)
    if (zlib || !lies[i].deflate) check_refused(archive_with(lies[i].deflate, lies[i].lie), RT_E_FORMAT, lies[i].words, lies[i].words);
}

static void members_that_overlap(void **state) {
  (void)state;
  zip z = {0};
  proto one = member();
  zip_store(&z, "a.npy", &one, none);
  const size_t n = z.file.n;
  zip_store(&z, "b.npy", &one, none);
  z.directory.at[z.directory.n - 5 - 46 + 42] = 0; // b's place becomes a's, and b's name in the directory too
  z.directory.at[z.directory.n - 5] = 'a';
  proto file = zip_end(&z, false);
  check_refused(file, RT_E_FORMAT, "members 'a.npy' and 'a.npy' overlap: one ends at", "twice the same bytes");

  // A member inside of another: its local header lies in the data of the first.
  zip inner = {0}, outer = {0};
  zip_store(&inner, "in.npy", &one, none);
  proto nested = npy_file("{'descr': '|u1', 'fortran_order': False, 'shape': (130,), }", inner.file.at, inner.file.n);
  assert_int_equal(inner.file.n, 130);
  zip_store(&outer, "out.npy", &nested, none);
  zip_lie back = {.local = -(uint64_t)inner.file.n};
  const size_t before = outer.file.n;
  zip_store(&outer, "in.npy", &one, back);
  outer.file.n = before; // only the directory speaks of it
  file = zip_end(&outer, false);
  check_refused(file, RT_E_FORMAT, "members 'out.npy' and 'in.npy' overlap", "one inside of another");
  proto_free(&inner.file), proto_free(&inner.directory), proto_free(&nested), proto_free(&one);
  assert_true(n > 0);
}

static proto changed(size_t at_from_end, uint8_t value) {
  proto file = archive_with(false, none);
  file.at[file.n - at_from_end] = value;
  return file;
}

static void containers_that_lie(void **state) {
  (void)state;
  check_refused(changed(22, 0), RT_E_FORMAT, "no end record", "magic of the end record");
  check_refused(changed(2, 1), RT_E_FORMAT, "no end record", "comment that is not there");
  check_refused(changed(18, 1), RT_E_FORMAT, "several disks", "disk 1");
  check_refused(changed(14, 3), RT_E_FORMAT, "several disks", "other number of members on this disk");
  check_refused(changed(6, 0), RT_E_FORMAT, "does not end at its end record", "directory elsewhere");
  check_refused(changed(10, 0), RT_E_FORMAT, "does not end at its end record", "shorter directory");
  proto file = archive_with(false, none);
  file.at[file.n - 14] = file.at[file.n - 12] = 1; // a member fewer
  check_refused(file, RT_E_FORMAT, "its 1 entries have 55", "fewer members");
  file = archive_with(false, none);
  file.at[file.n - 14] = file.at[file.n - 12] = 3;
  check_refused(file, RT_E_FORMAT, "a central directory of 111 bytes for 3 members", "more members");
  file = archive_with(false, none);
  file.at[file.n - 13] = file.at[file.n - 11] = 255;
  check_refused(file, RT_E_FORMAT, "for 65282 members", "far more members");
  file = archive_with(false, none);
  file.at[267] = 0;
  check_refused(file, RT_E_FORMAT, "entry 0 of the central directory (at 267) is malformed", "magic of an entry");
  file = archive_with(false, none);
  file.at[267 + 29] = 255; // length of the name
  check_refused(file, RT_E_FORMAT, "entry 0 of the central directory (at 267) is malformed", "length of a name");
  file = archive_with(false, none);
  memset(file.at + file.n - 6, 0xff, 4); // then the place is in a 64-bit record, which is not there
  check_refused(file, RT_E_FORMAT, "the 64-bit end record is missing", "no 64-bit record");
  file = archive_with(false, none);
  memset(file.at + 267 + 20, 0xff, 4);
  check_refused(file, RT_E_FORMAT, "lacks its 64-bit numbers", "no 64-bit sizes");
  zip z = {0};
  proto one = member();
  zip_store(&z, "x.npy", &one, none);
  zip_store(&z, "x.npy", &one, none);
  check_refused(zip_end(&z, false), RT_E_FORMAT, "tensor 'x' is there twice", "a name twice");
  zip_store(&z, "a\033b.npy", &one, none);
  check_refused(zip_end(&z, false), RT_E_FORMAT, "not printable UTF-8: 'a\\x1bb'", "an escape character in a name");
  for (int k = 0; k < 8; k++) { // the 64-bit end record
    static const struct { int at; uint8_t value; const char *words; } rows[] = {
        {98, 0, "malformed"}, {82, 1, "malformed"}, {78, 1, "malformed"}, {74, 9, "malformed"}, {50, 99, "does not end at its end record"},
        {58, 1, "does not end at its end record"}, {42, 0, "64-bit end record is missing"}, {34, 255, "missing, or said to be at"}};
    zip_store(&z, "x.npy", &one, none);
    proto wide = zip_end(&z, true);
    wide.at[wide.n - (size_t)rows[k].at] = rows[k].value;
    check_refused(wide, RT_E_FORMAT, rows[k].words, "64-bit end record");
  }
  proto text = {0};
  put_raw(&text, "PK\3\4 and then nothing that is a zip file, but long enough to be searched for one", 80);
  check_refused(text, RT_E_FORMAT, "no end record", "text");
  proto_free(&one);
}

// The comment may hold what looks like an end record.
static void comments(void **state) {
  (void)state;
  proto file = archive_with(false, none);
  file.at[file.n - 2] = 30;
  put_raw(&file, "PK\5\6 this is a comment of 30 !", 30);
  if (read_all(file.at, file.n) != RT_OK) fail_msg("%s", rt_last_error());
  proto_free(&file);
}

static void broken_in_every_way(void **state) {
  (void)state;
  const bool zlib = have_zlib();
  for (int k = 0; k < 3; k++) {
    zip z = {0};
    proto one = member();
    zip_store(&z, "a.npy", &one, (zip_lie){.wide = k == 1});
    if (k == 2 && zlib) zip_deflate(&z, "b.npy", &one, none);
    proto file = zip_end(&z, k == 1);
    assert_int_equal(read_all(file.at, file.n), RT_OK);
    check_truncations(&file);
    check_flips(&file, 10000);
    proto_free(&one), proto_free(&file);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stored_members),   cmocka_unit_test(deflated_members),     cmocka_unit_test(an_empty_archive), cmocka_unit_test(members_that_are_only_listed),
      cmocka_unit_test(members_that_lie), cmocka_unit_test(members_that_overlap), cmocka_unit_test(containers_that_lie), cmocka_unit_test(comments),
      cmocka_unit_test(broken_in_every_way),
  };
  return cmocka_run_group_tests_name("npz", tests, open_ctx, close_ctx);
}
