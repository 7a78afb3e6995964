// SPDX-License-Identifier: BSD-3-Clause
// Stands in for the calls by which our libraries and the tool reach files, directories, pipes and processes, and fails the one that it is told
// to fail. The checked twins that _FORTIFY_SOURCE picks count as the call they check. It never invents data: a fault is an errno, less, or an end.
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include "faults.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char armed_call[16];
static int armed_error;
static bool armed_for_good;
static atomic_bool is_armed;
static atomic_int calls_left, n_failed;
static int seen_fd = -1; // reached by syscall alone, never through ourselves

void faults_arm(fault which, int nth, bool for_good) {
  snprintf(armed_call, sizeof armed_call, "%s", which.call);
  armed_error = which.error;
  armed_for_good = for_good;
  atomic_store(&calls_left, nth);
  atomic_store(&n_failed, 0);
  atomic_store(&is_armed, true);
}

int faults_disarm(void) {
  atomic_store(&is_armed, false);
  return atomic_load(&n_failed);
}

static void disarm_at_exit(void) { faults_disarm(); } // what a coverage build writes when it ends is its own business

__attribute__((constructor)) static void arm_from_environment(void) {
  static char call[16], times[8];
  int error, nth;
  const char *text = getenv("TRIVET_FAULT"), *seen = getenv("TRIVET_FAULT_SEEN");
  if (!text) return;
  if (sscanf(text, "%15s %d %d %7s", call, &error, &nth, times) != 4 || !seen) _exit(FAULT_EXIT);
  seen_fd = (int)syscall(SYS_openat, AT_FDCWD, seen, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  // Away from the low numbers, whose order the tool relies on.
  const int high = (int)syscall(SYS_fcntl, seen_fd, F_DUPFD_CLOEXEC, 200);
  syscall(SYS_close, seen_fd);
  seen_fd = high;
  faults_arm((fault){call, error}, nth, strcmp(times, "always") == 0);
  atexit(disarm_at_exit);
}

/// The fault for this call: 0 when it passes.
static int fault_of(const char *call) {
  if (!atomic_load(&is_armed) || strcmp(call, armed_call) != 0) return 0;
  const int left = atomic_fetch_sub(&calls_left, 1);
  if (left > 0 || (left < 0 && !armed_for_good)) return 0;
  atomic_fetch_add(&n_failed, 1);
  if (seen_fd >= 0) syscall(SYS_write, seen_fd, "x", 1);
  if (armed_error > 0) errno = armed_error;
  return armed_error;
}

#define EXPORTED __attribute__((visibility("default"))) // the libraries must find these
/// Declares `real`, the next function of that name.
#define REAL(type, name, ...)                    \
  static type (*real)(__VA_ARGS__);              \
  if (!real) {                                   \
    void *address = dlsym(RTLD_NEXT, name);      \
    memcpy(&real, &address, sizeof real);        \
  }

// ---- descriptors -----------------------------------------------------------------------------------------------------------------------------

EXPORTED int open(const char *path, int flags, ...) {
  REAL(int, "open", const char *, int, ...)
  mode_t mode = 0;
  if (flags & (O_CREAT | O_TMPFILE)) {
    va_list args;
    va_start(args, flags);
    mode = va_arg(args, mode_t);
    va_end(args);
  }
  const size_t length = strlen(path);
  const bool is_gcov = length > 5 && strcmp(path + length - 5, ".gcda") == 0; // a coverage build writes when a plugin is closed
  return !is_gcov && fault_of("open") > 0 ? -1 : real(path, flags, mode);
}

EXPORTED ssize_t read(int fd, void *out, size_t bytes) {
  REAL(ssize_t, "read", int, void *, size_t)
  const int fault = fault_of("read");
  return fault > 0 ? -1 : fault == FAULT_END ? 0 : real(fd, out, fault == FAULT_SHORT && bytes > 1 ? 1 : bytes);
}
EXPORTED ssize_t __read_chk(int fd, void *out, size_t bytes, size_t room);
ssize_t __read_chk(int fd, void *out, size_t bytes, size_t room) { return bytes > room ? (abort(), 0) : read(fd, out, bytes); }

EXPORTED ssize_t pread(int fd, void *out, size_t bytes, off_t offset) {
  REAL(ssize_t, "pread", int, void *, size_t, off_t)
  const int fault = fault_of("pread");
  return fault > 0 ? -1 : fault == FAULT_END ? 0 : real(fd, out, fault == FAULT_SHORT && bytes > 1 ? 1 : bytes, offset);
}
EXPORTED ssize_t __pread_chk(int fd, void *out, size_t bytes, off_t offset, size_t room);
ssize_t __pread_chk(int fd, void *out, size_t bytes, off_t offset, size_t room) { return bytes > room ? (abort(), 0) : pread(fd, out, bytes, offset); }

EXPORTED ssize_t write(int fd, const void *data, size_t bytes) {
  REAL(ssize_t, "write", int, const void *, size_t)
  const int fault = fault_of("write");
  return fault > 0 ? -1 : real(fd, data, fault == FAULT_SHORT && bytes > 1 ? 1 : bytes);
}

EXPORTED int fsync(int fd) {
  REAL(int, "fsync", int)
  return fault_of("fsync") > 0 ? -1 : real(fd);
}

EXPORTED int close(int fd) { // as Linux does it: the descriptor is gone whatever the answer
  REAL(int, "close", int)
  const int fault = fault_of("close"), result = real(fd);
  if (fault > 0) errno = fault;
  return fault > 0 ? -1 : result;
}

EXPORTED int fstat(int fd, struct stat *out) {
  REAL(int, "fstat", int, struct stat *)
  return fault_of("fstat") > 0 ? -1 : real(fd, out);
}

EXPORTED void *mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset) {
  REAL(void *, "mmap", void *, size_t, int, int, int, off_t)
  return fault_of("mmap") > 0 ? MAP_FAILED : real(at, bytes, protection, flags, fd, offset);
}

// ---- names -----------------------------------------------------------------------------------------------------------------------------------

EXPORTED int stat(const char *path, struct stat *out) {
  REAL(int, "stat", const char *, struct stat *)
  return fault_of("stat") > 0 ? -1 : real(path, out);
}

EXPORTED int access(const char *path, int mode) {
  REAL(int, "access", const char *, int)
  return fault_of("access") > 0 ? -1 : real(path, mode);
}

EXPORTED int rename(const char *from, const char *to) {
  REAL(int, "rename", const char *, const char *)
  return fault_of("rename") > 0 ? -1 : real(from, to);
}

EXPORTED char *realpath(const char *path, char *out) {
  REAL(char *, "realpath", const char *, char *)
  return fault_of("realpath") > 0 ? NULL : real(path, out);
}
EXPORTED char *__realpath_chk(const char *path, char *out, size_t room);
char *__realpath_chk(const char *path, char *out, size_t room) {
  REAL(char *, "__realpath_chk", const char *, char *, size_t)
  return fault_of("realpath") > 0 ? NULL : real(path, out, room);
}

EXPORTED DIR *opendir(const char *path) {
  REAL(DIR *, "opendir", const char *)
  return fault_of("opendir") > 0 ? NULL : real(path);
}

EXPORTED struct dirent *readdir(DIR *dir) {
  REAL(struct dirent *, "readdir", DIR *)
  return fault_of("readdir") > 0 ? NULL : real(dir);
}

// ---- streams, pipes and processes, as the tool uses them -------------------------------------------------------------------------------------

EXPORTED FILE *fopen(const char *path, const char *mode) {
  REAL(FILE *, "fopen", const char *, const char *)
  return fault_of("fopen") > 0 ? NULL : real(path, mode);
}

EXPORTED int pipe2(int ends[2], int flags) {
  REAL(int, "pipe2", int[2], int)
  return fault_of("pipe2") > 0 ? -1 : real(ends, flags);
}

EXPORTED int dup2(int from, int to) {
  REAL(int, "dup2", int, int)
  return fault_of("dup2") > 0 ? -1 : real(from, to);
}

EXPORTED pid_t fork(void) {
  REAL(pid_t, "fork", void)
  return fault_of("fork") > 0 ? -1 : real();
}

EXPORTED int poll(struct pollfd *fds, nfds_t n, int timeout_ms) {
  REAL(int, "poll", struct pollfd *, nfds_t, int)
  return fault_of("poll") > 0 ? -1 : real(fds, n, timeout_ms);
}

EXPORTED pid_t waitpid(pid_t pid, int *status, int options) {
  REAL(pid_t, "waitpid", pid_t, int *, int)
  return fault_of("waitpid") > 0 ? -1 : real(pid, status, options);
}
