// SPDX-License-Identifier: BSD-3-Clause
// labels: threads
// The operating system layer: memory, forks, processors, threads and futexes, directories, and the check of plugin files with every kind of
// file that must not reach dlopen.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE // sched_setaffinity, dl_iterate_phdr
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <link.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"

static char directory[] = "/tmp/trivet_platform_XXXXXX";

static int make_directory(void **state) { return (void)state, mkdtemp(directory) ? 0 : -1; }
static int remove_directory(void **state) {
  char command[sizeof directory + 16];
  (void)state;
  snprintf(command, sizeof command, "rm -rf %s", directory);
  return system(command);
}

static const char *path_of(const char *name) {
  static char path[256];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  return path;
}

static const char *write_file(const char *name, const void *data, size_t bytes) {
  FILE *file = fopen(path_of(name), "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(data, 1, bytes, file), bytes);
  assert_int_equal(fclose(file), 0);
  return path_of(name);
}

static int child_status(pid_t child) {
  int status = -1;
  assert_true(child > 0);
  assert_int_equal(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

// ---- memory, time, process ----------------------------------------------------------------------------------------------------------------

static void memory_is_aligned(void **state) {
  static const size_t sizes[] = {1, 63, 4096, 100000, (size_t)5 << 20};
  (void)state;
  for (size_t align = 1; align <= 4096; align *= 2) {
    for (size_t i = 0; i < RTI_COUNT(sizes); i++) {
      char *ptr = rti_os_alloc(sizes[i], align);
      assert_non_null(ptr);
      assert_int_equal((uintptr_t)ptr % align, 0);
      memset(ptr, 1, sizes[i]);
      rti_os_huge_pages(ptr, sizes[i]);
      assert_int_equal(ptr[sizes[i] - 1], 1);
      rti_os_free(ptr, sizes[i], align);
    }
  }
  assert_null(rti_os_alloc(SIZE_MAX - 8192, 64));
  assert_null(rti_os_alloc(SIZE_MAX - 8192, 8));
}

static void time_goes_on(void **state) {
  uint64_t start = rti_os_now_ns();
  (void)state;
  usleep(2000);
  assert_true(rti_os_now_ns() - start >= 2000000);
}

static void forks_are_counted(void **state) {
  uint64_t mine = rti_os_fork_count();
  (void)state;
  pid_t child = fork();
  if (child == 0) {
    uint64_t theirs = rti_os_fork_count();
    pid_t grandchild = fork();
    if (grandchild == 0) _exit(rti_os_fork_count() != theirs && rti_os_fork_count() != mine ? 0 : 1);
    int status = -1;
    waitpid(grandchild, &status, 0);
    _exit(theirs != mine && rti_os_fork_count() == theirs ? status : 2);
  }
  assert_int_equal(child_status(child), 0);
  assert_int_equal(rti_os_fork_count(), mine);
}

static void processors_follow_the_affinity_mask(void **state) {
  cpu_set_t set;
  (void)state;
  assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
  assert_in_range(rti_os_cpu_count(), 1, CPU_COUNT(&set));
  pid_t child = fork();
  if (child == 0) {
    int first = 0;
    while (!CPU_ISSET(first, &set)) first++;
    CPU_ZERO(&set);
    CPU_SET(first, &set);
    _exit(sched_setaffinity(0, sizeof set, &set) != 0 || rti_os_cpu_count() == 1 ? 0 : 1);
  }
  assert_int_equal(child_status(child), 0);
}

static void environment_is_read(void **state) {
  (void)state;
  setenv("RT_PLATFORM_TEST", "x y", 1);
  assert_string_equal(rti_os_getenv("RT_PLATFORM_TEST"), "x y");
  unsetenv("RT_PLATFORM_TEST");
  assert_null(rti_os_getenv("RT_PLATFORM_TEST"));
}

// ---- threads --------------------------------------------------------------------------------------------------------------------------------

typedef struct shared { rti_mutex mutex; long count; _Atomic uint32_t word; atomic_int woken; bool blocks_int, blocks_segv; } shared;

static void count_many(void *arg) {
  shared *s = arg;
  for (int i = 0; i < 5000; i++) {
    rti_mutex_lock(&s->mutex);
    s->count++;
    rti_mutex_unlock(&s->mutex);
    if (i % 100 == 0) rti_os_yield();
    else rti_os_pause();
  }
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  rti_mutex_lock(&s->mutex);
  s->blocks_int = sigismember(&mask, SIGINT) && sigismember(&mask, SIGTERM) && sigismember(&mask, SIGPROF);
  s->blocks_segv = sigismember(&mask, SIGSEGV) || sigismember(&mask, SIGBUS);
  rti_mutex_unlock(&s->mutex);
}

static void threads_and_locks_work(void **state) {
  shared s = {.count = 0};
  rti_thread thread[4];
  sigset_t before, after;
  (void)state;
  pthread_sigmask(SIG_SETMASK, NULL, &before);
  assert_int_equal(rti_mutex_init(&s.mutex), 0);
  for (int i = 0; i < 4; i++) assert_int_equal(rti_thread_start(&thread[i], count_many, &s), 0);
  pthread_sigmask(SIG_SETMASK, NULL, &after);
  for (int i = 0; i < 4; i++) rti_thread_join(&thread[i]);
  assert_int_equal(s.count, 20000);
  assert_true(s.blocks_int);
  assert_false(s.blocks_segv); // a crash handler still hears of faults
  for (int i = 1; i < 32; i++) assert_int_equal(sigismember(&before, i), sigismember(&after, i));
  rti_mutex_deinit(&s.mutex);
}

static void wait_for_change(void *arg) {
  shared *s = arg;
  while (atomic_load(&s->word) == 7) rti_os_wait_u32((uint32_t *)(void *)&s->word, 7);
  atomic_fetch_add(&s->woken, 1);
}

static void futexes_wake(void **state) {
  shared s = {.word = 7};
  rti_thread thread[3];
  (void)state;
  rti_os_wait_u32((uint32_t *)(void *)&s.word, 8); // another value: returns at once
  for (int i = 0; i < 3; i++) assert_int_equal(rti_thread_start(&thread[i], wait_for_change, &s), 0);
  usleep(20000);
  rti_os_wake_u32((uint32_t *)(void *)&s.word, 3); // nothing changed: they sleep on
  usleep(5000);
  assert_int_equal(atomic_load(&s.woken), 0);
  atomic_store(&s.word, 8);
  rti_os_wake_u32((uint32_t *)(void *)&s.word, INT32_MAX);
  for (int i = 0; i < 3; i++) rti_thread_join(&thread[i]);
  assert_int_equal(atomic_load(&s.woken), 3);
}

// ---- directories ------------------------------------------------------------------------------------------------------------------------------

typedef struct listing { char text[8192]; int count; } listing;
static void add_name(void *user, const char *name) {
  listing *l = user;
  l->count++;
  strncat(l->text, name, sizeof l->text - strlen(l->text) - 2);
  strcat(l->text, ",");
}

static void directories_are_listed_in_order(void **state) {
  char path[512];
  listing l = {.count = 0};
  (void)state;
  snprintf(path, sizeof path, "%s", path_of("list"));
  assert_int_equal(rti_os_list_dir(path, add_name, &l), ENOENT);
  assert_int_equal(mkdir(path, 0700), 0);
  assert_int_equal(rti_os_list_dir(path, add_name, &l), 0);
  assert_int_equal(l.count, 0);
  write_file("list/b.so", "", 0), write_file("list/a", "", 0), write_file("list/Z", "", 0), write_file("list/.hidden", "", 0);
  assert_int_equal(rti_os_list_dir(path, add_name, &l), 0);
  assert_string_equal(l.text, ".hidden,Z,a,b.so,");
  for (int i = 0; i < 100; i++) {
    char name[32];
    snprintf(name, sizeof name, "list/n%02d", i);
    write_file(name, "", 0);
  }
  l = (listing){.count = 0};
  assert_int_equal(rti_os_list_dir(path, add_name, &l), 0);
  assert_int_equal(l.count, 104);
  assert_int_equal(rti_os_list_dir(path_of("list/a"), add_name, &l), ENOTDIR); // a file
}

static void own_directory_is_the_programs(void **state) {
  char dir[4096], exe[4096];
  (void)state;
  ssize_t length = readlink("/proc/self/exe", exe, sizeof exe - 1);
  assert_true(length > 0);
  exe[length] = '\0';
  *strrchr(exe, '/') = '\0';
  assert_true(rti_os_own_dir(dir, sizeof dir)); // linked statically into this test
  assert_string_equal(dir, exe);
  assert_false(rti_os_own_dir(dir, 3));
}

// ---- plugin files -----------------------------------------------------------------------------------------------------------------------------

static char library_path[4096]; // some shared library of this process
static unsigned char *library;
static size_t library_bytes, library_end; // where its last segment ends

static int find_library(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size, (void)data;
  if (!info->dlpi_name || info->dlpi_name[0] != '/' || !strstr(info->dlpi_name, "cmocka")) return 0;
  snprintf(library_path, sizeof library_path, "%s", info->dlpi_name);
  return 1;
}

static int read_library(void **state) {
  (void)state;
  dl_iterate_phdr(find_library, NULL);
  FILE *file = fopen(library_path, "rb");
  if (!file) return -1;
  fseek(file, 0, SEEK_END);
  library_bytes = (size_t)ftell(file);
  rewind(file);
  library = malloc(library_bytes);
  bool ok = library && fread(library, 1, library_bytes, file) == library_bytes;
  fclose(file);
  const ElfW(Ehdr) *header = (const void *)library;
  const ElfW(Phdr) *segment = (const void *)(library + header->e_phoff);
  for (int i = 0; ok && i < header->e_phnum; i++)
    if (segment[i].p_offset + segment[i].p_filesz > library_end) library_end = segment[i].p_offset + segment[i].p_filesz;
  return ok ? 0 : -1;
}
static int drop_library(void **state) { return (void)state, free(library), 0; }

static void expect_refusal(const char *path, const char *clause) {
  char why[200] = "";
  rti_file_id id = {1, 1};
  if (!rti_os_check_library(path, &id, why, sizeof why)) fail_msg("accepted, expected: %s", clause);
  if (!strstr(why, clause)) fail_msg("\"%s\" lacks \"%s\"", why, clause);
  assert_int_equal(id.inode, 0);
}

static void a_whole_library_is_accepted(void **state) {
  char why[200];
  rti_file_id id, again, other;
  (void)state;
  assert_int_equal(rti_os_check_library(library_path, &id, why, sizeof why), 0);
  assert_int_equal(rti_os_check_library(library_path, &again, why, sizeof why), 0);
  assert_memory_equal(&id, &again, sizeof id);
  assert_int_equal(rti_os_check_library(write_file("whole.so", library, library_bytes), &other, why, sizeof why), 0);
  assert_true(memcmp(&id, &other, sizeof id) != 0);
  char link[512];
  snprintf(link, sizeof link, "%s", path_of("link.so"));
  assert_int_equal(symlink("whole.so", link), 0);
  assert_int_equal(rti_os_check_library(link, &again, why, sizeof why), 0);
  assert_memory_equal(&other, &again, sizeof id); // two paths, one file
  assert_int_equal(rti_os_check_library(write_file("cut.so", library, library_end), &id, why, sizeof why), 0); // only the section table is gone
}

static void every_truncation_is_refused(void **state) {
  (void)state;
  for (size_t bytes = 0; bytes < library_end; bytes += bytes < 1200 ? 1 : 977) {
    const char *path = write_file("short.so", library, bytes);
    expect_refusal(path, bytes < sizeof(ElfW(Ehdr)) ? "too short for a library" : " bytes long, ");
  }
  expect_refusal(write_file("short.so", library, library_end - 1), "but segment ");
  expect_refusal(write_file("short.so", library, 2000), "is 2000 bytes long, but segment ");
}

static void wrong_headers_are_refused(void **state) {
  const ElfW(Ehdr) *header = (const void *)library;
  static const struct { size_t offset, bytes; uint64_t value; const char *clause; } cases[] = {
      {EI_MAG1, 1, 'e', "not an ELF file"},
      {EI_CLASS, 1, sizeof(void *) == 8 ? ELFCLASS32 : ELFCLASS64, "-bit programs"},
      {EI_DATA, 1, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB, "other byte order"},
      {offsetof(ElfW(Ehdr), e_machine), 2, EM_SPARC, "another machine"},
      {offsetof(ElfW(Ehdr), e_type), 2, ET_EXEC, "not a shared library"},
      {offsetof(ElfW(Ehdr), e_type), 2, ET_REL, "not a shared library"},
      {offsetof(ElfW(Ehdr), e_phnum), 2, 0, "table of segments"},
      {offsetof(ElfW(Ehdr), e_phnum), 2, 0xffff, "table of segments"},
      {offsetof(ElfW(Ehdr), e_phnum), 2, 0xfffe, "table of segments"},
      {offsetof(ElfW(Ehdr), e_phentsize), 2, 8, "table of segments"},
      {offsetof(ElfW(Ehdr), e_phoff), sizeof(ElfW(Off)), UINT64_MAX - 100, "table of segments"},
      {offsetof(ElfW(Ehdr), e_phoff), sizeof(ElfW(Off)), UINT64_MAX, "table of segments"},
  };
  (void)state;
  for (size_t i = 0; i < RTI_COUNT(cases); i++) {
    unsigned char *copy = malloc(library_bytes);
    memcpy(copy, library, library_bytes);
    memcpy(copy + cases[i].offset, &cases[i].value, cases[i].bytes); // little endian
    expect_refusal(write_file("wrong.so", copy, library_bytes), cases[i].clause);
    free(copy);
  }
  for (int i = 0; i < header->e_phnum; i++) { // each segment in turn claims what is not there
    for (int how = 0; how < 3; how++) {
      unsigned char *copy = malloc(library_bytes);
      memcpy(copy, library, library_bytes);
      ElfW(Phdr) *segment = (void *)(copy + header->e_phoff);
      if (segment[i].p_filesz != 0) {
        if (how == 0) segment[i].p_offset = library_bytes;
        if (how == 1) segment[i].p_filesz = (ElfW(Xword))-1;
        if (how == 2) segment[i].p_offset = (ElfW(Off))-4;
        expect_refusal(write_file("wrong.so", copy, library_bytes), "but segment ");
      }
      free(copy);
    }
  }
  unsigned char *copy = malloc(library_bytes);
  for (int how = 0; how < 2; how++) {
    memcpy(copy, library, library_bytes);
    ElfW(Phdr) *segment = (void *)(copy + header->e_phoff);
    for (int i = 0; i < header->e_phnum; i++)
      if (segment[i].p_type == (how ? PT_LOAD : PT_DYNAMIC)) segment[i].p_type = PT_NULL;
    expect_refusal(write_file("wrong.so", copy, library_bytes), how ? "no loadable segment" : "no dynamic segment");
  }
  free(copy);
}

static void other_files_are_refused(void **state) {
  char fifo[512], why[200] = "";
  rti_file_id id;
  (void)state;
  snprintf(fifo, sizeof fifo, "%s", path_of("fifo.so"));
  assert_int_equal(mkfifo(fifo, 0600), 0);
  alarm(20); // opening a FIFO must not wait
  expect_refusal(fifo, "not a regular file");
  alarm(0);
  expect_refusal(directory, "not a regular file");
  expect_refusal("/dev/null", "not a regular file");
  expect_refusal("/nonexistent/x.so", "No such file");
  expect_refusal(write_file("text.so", "#!/bin/sh\necho this is no library, however long its text may be.......\n", 70), "not an ELF file");
  expect_refusal(write_file("empty.so", "", 0), "0 bytes long");
  char tiny[4] = "abc";
  assert_int_equal(rti_os_check_library("/nonexistent/x.so", &id, tiny, sizeof tiny), ENOENT);
  assert_int_equal(tiny[3], '\0');
  assert_null(rti_os_open_library(path_of("text.so"), why, sizeof why));
  assert_true(strlen(why) > 0);
  assert_null(rti_os_open_library("libm.so.6", why, sizeof why)); // found by its name: but nobody asked for a search
  assert_string_equal(why, "is not a path");
}

static void loading_keeps_the_floating_point_environment(void **state) {
  char command[512], why[200];
  (void)state;
  write_file("fast.c", "double half(double x) { return x / 2; }\n", 40);
  snprintf(command, sizeof command, TRIVET_C_COMPILER " -shared -fPIC -ffast-math -o %s/fast.so %s/fast.c 2>/dev/null", directory, directory);
  if (system(command) != 0) {
    print_error("SKIPPED: no compiler makes a library: %s\n", command);
    skip();
  }
  volatile double tiny = 0x1p-1022;
  void *fast = rti_os_open_library(path_of("fast.so"), why, sizeof why);
  assert_non_null(fast);
  assert_true(tiny / 4 != 0); // flush-to-zero is still off
  double (*half)(double);
  *(void **)&half = rti_os_library_symbol(fast, "half");
  assert_non_null((void *)(uintptr_t)half);
  assert_true(half(3) == 1.5);
  assert_null(rti_os_library_symbol(fast, "no_such_symbol"));
  rti_os_close_library(fast);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(memory_is_aligned),
      cmocka_unit_test(time_goes_on),
      cmocka_unit_test(forks_are_counted),
      cmocka_unit_test(processors_follow_the_affinity_mask),
      cmocka_unit_test(environment_is_read),
      cmocka_unit_test(threads_and_locks_work),
      cmocka_unit_test(futexes_wake),
      cmocka_unit_test(directories_are_listed_in_order),
      cmocka_unit_test(own_directory_is_the_programs),
      cmocka_unit_test_setup_teardown(a_whole_library_is_accepted, read_library, drop_library),
      cmocka_unit_test_setup_teardown(every_truncation_is_refused, read_library, drop_library),
      cmocka_unit_test_setup_teardown(wrong_headers_are_refused, read_library, drop_library),
      cmocka_unit_test(other_files_are_refused),
      cmocka_unit_test(loading_keeps_the_floating_point_environment),
  };
  return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
