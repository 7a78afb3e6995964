// SPDX-License-Identifier: BSD-3-Clause
// The operating system, for Linux and its C libraries: memory, time, processors, locks, threads, futexes, directories and shared libraries.
// It decides nothing and keeps no state but the count of forks.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE // secure_getenv, dladdr1, sched_getaffinity
#endif
#include "../platform.h"

#include <dirent.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <limits.h>
#include <link.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// ---- memory ------------------------------------------------------------------------------------------------------------------------------

#define HUGE_PAGE_BYTES ((size_t)2 << 20)
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MOST_BYTES ((size_t)1 << 34) // their malloc ends the process when asked for more than there is
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define MOST_BYTES ((size_t)1 << 34)
#endif
#endif
#ifndef MOST_BYTES
#define MOST_BYTES ((size_t)PTRDIFF_MAX)
#endif

void *rti_os_alloc(size_t bytes, size_t align) {
  void *ptr = NULL;
  if (bytes > MOST_BYTES) return NULL;
  if (align <= _Alignof(max_align_t)) return malloc(bytes);
  if (bytes >= 2 * HUGE_PAGE_BYTES && align < HUGE_PAGE_BYTES) align = HUGE_PAGE_BYTES; // or the first huge page would be missing
  return posix_memalign(&ptr, align, bytes) == 0 ? ptr : NULL;
}

void rti_os_free(void *ptr, size_t bytes, size_t align) {
  (void)bytes, (void)align;
  free(ptr);
}

void rti_os_huge_pages(void *ptr, size_t bytes) {
  uintptr_t low = ((uintptr_t)ptr + HUGE_PAGE_BYTES - 1) & ~(uintptr_t)(HUGE_PAGE_BYTES - 1);
  uintptr_t high = ((uintptr_t)ptr + bytes) & ~(uintptr_t)(HUGE_PAGE_BYTES - 1);
  if (low < high) (void)madvise((void *)low, high - low, MADV_HUGEPAGE);
}

// ---- time, process -------------------------------------------------------------------------------------------------------------------------

uint64_t rti_os_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static pthread_once_t fork_once = PTHREAD_ONCE_INIT;
static atomic_ullong fork_count;
static atomic_int fork_watch; // 0: not registered yet, 1: counting, 2: cannot count, so the process id serves

static void after_fork(void) { atomic_fetch_add(&fork_count, 1); }
static void watch_forks(void) { atomic_store(&fork_watch, pthread_atfork(NULL, NULL, after_fork) == 0 ? 1 : 2); }

uint64_t rti_os_fork_count(void) {
  int watch = atomic_load_explicit(&fork_watch, memory_order_acquire);
  if (watch == 0) {
    pthread_once(&fork_once, watch_forks);
    watch = atomic_load(&fork_watch);
  }
  return watch == 1 ? atomic_load_explicit(&fork_count, memory_order_relaxed) : (uint64_t)getpid();
}

const char *rti_os_getenv(const char *name) { return secure_getenv(name); }

static int open_to_read(const char *path, int flags) {
  int fd;
  do fd = open(path, O_RDONLY | O_CLOEXEC | flags);
  while (fd < 0 && errno == EINTR);
  return fd;
}

/// Reads a small text file. false when it cannot be read.
static bool read_text(const char *path, char *out, size_t bytes) {
  int fd = open_to_read(path, 0);
  if (fd < 0) return false;
  size_t used = 0;
  ssize_t got = 1;
  while (used + 1 < bytes && (got > 0 || (got < 0 && errno == EINTR)))
    if ((got = read(fd, out + used, bytes - 1 - used)) > 0) used += (size_t)got;
  close(fd);
  out[used] = '\0';
  return got >= 0;
}

/// Lowers *count to what one control group allows: version 2 "max 100000" or "150000 100000", version 1 two files.
static void apply_quota(const char *directory, bool is_v1, int64_t *count) {
  char path[PATH_MAX + 64], text[64];
  long long quota = 0, period = 0;
  snprintf(path, sizeof path, "%s/%s", directory, is_v1 ? "cpu.cfs_quota_us" : "cpu.max");
  if (!read_text(path, text, sizeof text)) return;
  if (is_v1) {
    quota = strtoll(text, NULL, 10); // -1: no quota
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", directory);
    if (!read_text(path, text, sizeof text)) return;
    period = strtoll(text, NULL, 10);
  } else if (sscanf(text, "%lld %lld", &quota, &period) != 2) {
    return;
  }
  if (quota <= 0 || period <= 0) return;
  int64_t allowed = quota / period + (quota % period != 0);
  if (allowed < *count) *count = allowed;
}

/// The quota of a group and of all groups above it. In a container the group's path may not exist under the mount; its top does.
static void apply_quotas(const char *mount, const char *group, bool is_v1, int64_t *count) {
  char directory[PATH_MAX];
  int length = snprintf(directory, sizeof directory, "%s%s", mount, group);
  if (length < 0 || (size_t)length >= sizeof directory) return;
  for (size_t top = strlen(mount);;) {
    apply_quota(directory, is_v1, count);
    char *slash = strrchr(directory, '/');
    if (strlen(directory) <= top || !slash || (size_t)(slash - directory) < top) return;
    *slash = '\0';
  }
}

int32_t rti_os_cpu_count(void) {
  unsigned long mask[16384 / (8 * sizeof(unsigned long))];
  memset(mask, 0, sizeof mask);
  int64_t count = 0;
  if (sched_getaffinity(0, sizeof mask, (cpu_set_t *)(void *)mask) == 0) {
    for (size_t i = 0; i < sizeof mask / sizeof mask[0]; i++) count += __builtin_popcountl(mask[i]);
  } else {
    count = sysconf(_SC_NPROCESSORS_ONLN);
  }
  char groups[4096], *line, *rest = groups;
  if (read_text("/proc/self/cgroup", groups, sizeof groups)) {
    while ((line = strsep(&rest, "\n")) != NULL) { // "0::/path" in version 2, "3:cpu,cpuacct:/path" in version 1
      strsep(&line, ":");
      char *controllers = strsep(&line, ":");
      if (!line || !controllers) continue;
      if (*controllers == '\0') {
        apply_quotas("/sys/fs/cgroup", line, false, &count);
        continue;
      }
      char list[128];
      snprintf(list, sizeof list, ",%s,", controllers);
      if (strstr(list, ",cpu,")) apply_quotas("/sys/fs/cgroup/cpu", line, true, &count);
    }
  }
  return count < 1 ? 1 : count > INT32_MAX ? INT32_MAX : (int32_t)count;
}

// ---- locks and threads -----------------------------------------------------------------------------------------------------------------------

_Static_assert(sizeof(pthread_mutex_t) <= sizeof(rti_mutex), "rti_mutex holds a pthread_mutex_t");
_Static_assert(sizeof(pthread_t) <= sizeof(void *), "rti_thread holds a pthread_t");

static pthread_mutex_t *native(rti_mutex *mutex) { return (pthread_mutex_t *)(void *)mutex; }
int rti_mutex_init(rti_mutex *mutex) { return pthread_mutex_init(native(mutex), NULL) == 0 ? 0 : -1; }
void rti_mutex_deinit(rti_mutex *mutex) { pthread_mutex_destroy(native(mutex)); }
void rti_mutex_lock(rti_mutex *mutex) { pthread_mutex_lock(native(mutex)); }
void rti_mutex_unlock(rti_mutex *mutex) { pthread_mutex_unlock(native(mutex)); }

static void *thread_main(void *self) {
  rti_thread *thread = self; // impl: [0] the thread, written by its creator; [1] main; [2] its argument
  void (*body)(void *arg);
  memcpy(&body, &thread->impl[1], sizeof body);
  body(thread->impl[2]);
  return NULL;
}

int rti_thread_start(rti_thread *thread, void (*body)(void *arg), void *arg) {
  // The program's signals are its own threads' business. Faults stay open: blocked, they would bypass the program's crash handler.
  static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
  sigset_t all, old;
  pthread_t id;
  sigfillset(&all);
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) sigdelset(&all, faults[i]);
  memcpy(&thread->impl[1], &body, sizeof body);
  thread->impl[2] = arg;
  if (pthread_sigmask(SIG_SETMASK, &all, &old) != 0) return -1;
  int error = pthread_create(&id, NULL, thread_main, thread);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  if (error != 0) return -1;
  memcpy(&thread->impl[0], &id, sizeof id);
  return 0;
}

void rti_thread_join(rti_thread *thread) {
  pthread_t id;
  memcpy(&id, &thread->impl[0], sizeof id);
  pthread_join(id, NULL);
}

void rti_os_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ __volatile__("yield" ::: "memory");
#else
  __asm__ __volatile__("" ::: "memory");
#endif
}

void rti_os_yield(void) { sched_yield(); }

void rti_os_wait_u32(uint32_t *word, uint32_t expected) {
  int saved = errno; // waking early or late is no failure of the program's
  (void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
  errno = saved;
}

void rti_os_wake_u32(uint32_t *word, int32_t count) {
  int saved = errno;
  (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
  errno = saved;
}

// ---- files -----------------------------------------------------------------------------------------------------------------------------------

static int compare_names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

const char *rti_os_reason(int error, char *out, size_t bytes) {
  const char *text = strerror_r(error, out, bytes); // the GNU one: it may answer with a text of its own
  if (text != out) snprintf(out, bytes, "%s", text);
  return out;
}

int rti_os_list_dir(const char *path, void (*visit)(void *user, const char *name), void *user) {
  DIR *dir;
  do dir = opendir(path);
  while (!dir && errno == EINTR);
  if (!dir) return errno;
  char **names = NULL;
  size_t count = 0, room = 0;
  int error = 0;
  errno = 0; // readdir tells its end from a failure by errno alone
  for (struct dirent *entry; !error && (entry = readdir(dir)) != NULL; errno = 0) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (count == room) {
      char **more = realloc(names, (room = room ? 2 * room : 16) * sizeof *names);
      if (more) names = more;
      else error = ENOMEM;
    }
    if (!error && (names[count] = strdup(entry->d_name)) != NULL) count++;
    else error = ENOMEM;
  }
  if (!error) error = errno;
  closedir(dir);
  if (!error && count) qsort(names, count, sizeof *names, compare_names);
  for (size_t i = 0; i < count; i++) {
    if (!error) visit(user, names[i]);
    free(names[i]);
  }
  free(names);
  return error;
}

bool rti_os_own_dir(char *out, size_t bytes) {
  Dl_info info;
  void *extra = NULL;
  char path[PATH_MAX];
  uintptr_t here = (uintptr_t)&rti_os_own_dir;
  if (!dladdr1((void *)here, &info, &extra, RTLD_DL_LINKMAP) || !extra) return false;
  const char *name = ((struct link_map *)extra)->l_name;
  if (!name || *name == '\0') { // linked into the program itself, whose argv[0] proves nothing
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length <= 0) return false;
    path[length] = '\0';
  } else if (*name != '/' || !realpath(name, path)) {
    return false; // found through a relative path, and the current directory may have changed since
  }
  char *slash = strrchr(path, '/');
  if (!slash) return false;
  *(slash == path ? slash + 1 : slash) = '\0';
  return (size_t)snprintf(out, bytes, "%s", path) < bytes;
}

// ---- shared libraries --------------------------------------------------------------------------------------------------------------------

#if defined(__x86_64__)
#define OWN_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OWN_MACHINE EM_AARCH64
#elif defined(__i386__)
#define OWN_MACHINE EM_386
#elif defined(__arm__)
#define OWN_MACHINE EM_ARM
#elif defined(__riscv)
#define OWN_MACHINE EM_RISCV
#else
#define OWN_MACHINE EM_NONE // not known here: the dynamic loader judges, and it says so cleanly
#endif
#define OWN_CLASS (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define OWN_DATA ELFDATA2MSB
#else
#define OWN_DATA ELFDATA2LSB
#endif

/// Writes the clause; the file is to blame.
__attribute__((format(printf, 3, 4))) static int refuse(char *why, size_t why_bytes, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  vsnprintf(why, why_bytes, fmt, args);
  va_end(args);
  return RTI_OS_NO_LIBRARY;
}

/// Writes the clause; the system is to blame.
static int refused(char *why, size_t why_bytes, const char *what, int error) {
  char reason[100];
  snprintf(why, why_bytes, "cannot be %s: %s", what, rti_os_reason(error, reason, sizeof reason));
  return error;
}

/// The bytes were there when the file was examined.
static int read_at(int fd, void *out, size_t bytes, uint64_t offset, char *why, size_t why_bytes) {
  for (size_t used = 0; used < bytes;) {
    ssize_t got = pread(fd, (char *)out + used, bytes - used, (off_t)(offset + used));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refused(why, why_bytes, "read", errno);
    if (got == 0) return refuse(why, why_bytes, "has been cut short while it was read"), EIO;
    used += (size_t)got;
  }
  return 0;
}

static int check_header(const ElfW(Ehdr) *header, uint64_t size, char *why, size_t why_bytes) {
  if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return refuse(why, why_bytes, "is not an ELF file");
  if (header->e_ident[EI_CLASS] != OWN_CLASS) return refuse(why, why_bytes, "is not built for %d-bit programs", (int)sizeof(void *) * 8);
  if (header->e_ident[EI_DATA] != OWN_DATA) return refuse(why, why_bytes, "is built for the other byte order");
  if (OWN_MACHINE != EM_NONE && header->e_machine != OWN_MACHINE)
    return refuse(why, why_bytes, "is built for another machine (ELF number %d, this one is %d)", (int)header->e_machine, (int)OWN_MACHINE);
  if (header->e_type != ET_DYN) return refuse(why, why_bytes, "is not a shared library (ELF type %d)", (int)header->e_type);
  if (header->e_phentsize != sizeof(ElfW(Phdr)) || header->e_phnum == 0 || header->e_phnum == PN_XNUM)
    return refuse(why, why_bytes, "has no usable table of segments");
  uint64_t table = (uint64_t)header->e_phnum * sizeof(ElfW(Phdr));
  if (header->e_phoff > size || table > size - header->e_phoff)
    return refuse(why, why_bytes, "is %llu bytes long, too short for its table of segments", (unsigned long long)size);
  return 0;
}

/// A segment that reaches past the end of the file would be mapped all the same, and the first touch is a SIGBUS.
static int check_segments(int fd, const ElfW(Ehdr) *header, uint64_t size, char *why, size_t why_bytes) {
  bool has_load = false, has_dynamic = false;
  for (int i = 0; i < header->e_phnum; i++) {
    ElfW(Phdr) segment;
    int error = read_at(fd, &segment, sizeof segment, header->e_phoff + (uint64_t)i * sizeof segment, why, why_bytes);
    if (error) return error;
    has_load |= segment.p_type == PT_LOAD;
    has_dynamic |= segment.p_type == PT_DYNAMIC;
    if (segment.p_type == PT_NULL) continue;
    uint64_t offset = segment.p_offset, length = segment.p_filesz;
    if (offset > UINT64_MAX - length || (length > 0 && offset + length > size))
      return refuse(why, why_bytes, "is %llu bytes long, but segment %d ends at %llu", (unsigned long long)size, i,
                    offset > UINT64_MAX - length ? ULLONG_MAX : (unsigned long long)(offset + length));
    if (segment.p_type == PT_LOAD && length > segment.p_memsz) return refuse(why, why_bytes, "has a segment %d that is larger in the file than in memory", i);
  }
  return has_load && has_dynamic ? 0 : refuse(why, why_bytes, "has no %s segment", has_load ? "dynamic" : "loadable");
}

int rti_os_check_library(const char *path, rti_file_id *out_id, char *why, size_t why_bytes) {
  memset(out_id, 0, sizeof *out_id);
  int fd = open_to_read(path, O_NONBLOCK | O_NOCTTY); // NONBLOCK: opening a FIFO would wait for a writer
  if (fd < 0) return refused(why, why_bytes, "opened", errno);
  struct stat info;
  ElfW(Ehdr) header;
  int error;
  if (fstat(fd, &info) != 0) error = refused(why, why_bytes, "examined", errno);
  else if (!S_ISREG(info.st_mode)) error = refuse(why, why_bytes, "is not a regular file");
  else if ((uint64_t)info.st_size < sizeof header) error = refuse(why, why_bytes, "is %lld bytes long, too short for a library", (long long)info.st_size);
  else error = read_at(fd, &header, sizeof header, 0, why, why_bytes);
  if (!error) error = check_header(&header, (uint64_t)info.st_size, why, why_bytes);
  if (!error) error = check_segments(fd, &header, (uint64_t)info.st_size, why, why_bytes);
  close(fd);
  if (!error) *out_id = (rti_file_id){.device = (uint64_t)info.st_dev, .inode = (uint64_t)info.st_ino};
  return error;
}

void *rti_os_open_library(const char *path, char *why, size_t why_bytes) {
  if (!strchr(path, '/')) { // a bare name would be searched for in places that nobody chose
    refuse(why, why_bytes, "is not a path");
    return NULL;
  }
  fenv_t fenv; // a library linked with -ffast-math turns on flush-to-zero for the thread that loads it
  fegetenv(&fenv);
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  fesetenv(&fenv);
  if (!library) {
    const char *error = dlerror();
    refuse(why, why_bytes, "%s", error ? error : "cannot be loaded");
  }
  return library;
}

void *rti_os_library_symbol(void *library, const char *name) {
  void *address = dlsym(library, name);
#if defined(__GLIBC__)
  // A data object of that name must not be called.
  Dl_info info;
  ElfW(Sym) *symbol = NULL;
  if (address && dladdr1(address, &info, (void **)&symbol, RTLD_DL_SYMENT) && symbol && (symbol->st_info & 15) != STT_FUNC) return NULL;
#endif
  return address;
}
void rti_os_close_library(void *library) { dlclose(library); }
