// SPDX-License-Identifier: BSD-3-Clause
// Whole files in and out. Every short read, short write, interruption and refusal of the system ends in a status whose sentence names the
// file; a file is replaced completely or not at all.
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io_internal.h"

static rt_status fail_os(const char *path, const char *what, int error) {
  char why[128];
  rti_io_text name;
  if (strerror_r(error, why, sizeof why) != 0) snprintf(why, sizeof why, "error %d", error);
  const rt_status status = error == ENOENT || error == ENOTDIR ? RT_E_NOT_FOUND : error == ENOMEM ? RT_E_NO_MEMORY : RT_E_IO;
  return rti_io_fail(status, "%s: cannot %s: %s", rti_io_quote(&name, path, strlen(path)), what, why);
}

static int open_again(const char *path, int flags, mode_t mode) {
  int fd;
  do fd = open(path, flags | O_CLOEXEC, mode);
  while (fd < 0 && errno == EINTR);
  return fd;
}

static rt_status read_all(int fd, const char *path, uint64_t limit, rti_io_file *out) {
  rti_io_text name;
  struct stat info;
  if (fstat(fd, &info) != 0) return fail_os(path, "read", errno);
  if (!S_ISREG(info.st_mode)) return rti_io_fail(RT_E_IO, "%s: not a regular file", rti_io_quote(&name, path, strlen(path)));
  const uint64_t bytes = (uint64_t)info.st_size;
  if (bytes > limit || bytes > SIZE_MAX - 1)
    return rti_io_fail(RT_E_FORMAT, "%s: %llu bytes is more than the limit of %llu", rti_io_quote(&name, path, strlen(path)), (unsigned long long)bytes,
                       (unsigned long long)limit);
  uint8_t *at = malloc((size_t)bytes + 1); // never a request for 0 bytes
  if (!at)
    return rti_io_fail(RT_E_NO_MEMORY, "%s: no memory for its %llu bytes", rti_io_quote(&name, path, strlen(path)), (unsigned long long)bytes);
  size_t done = 0;
  while (done < bytes) {
    const size_t rest = (size_t)bytes - done;
    const ssize_t got = read(fd, at + done, rest < (1u << 30) ? rest : (1u << 30));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      const rt_status status = got < 0 ? fail_os(path, "read", errno)
                                       : rti_io_fail(RT_E_IO, "%s: ended after %zu of %llu bytes", rti_io_quote(&name, path, strlen(path)), done,
                                                     (unsigned long long)bytes);
      free(at);
      return status;
    }
    done += (size_t)got;
  }
  *out = (rti_io_file){at, done};
  return RT_OK;
}

rt_status rti_io_read_file(const char *path, uint64_t limit, rti_io_file *out) {
  *out = (rti_io_file){0};
  const int fd = open_again(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0); // a FIFO must not make us wait for a writer
  if (fd < 0) return fail_os(path, "open", errno);
  const rt_status status = read_all(fd, path, limit, out);
  close(fd);
  return status;
}

void rti_io_file_free(rti_io_file *file) {
  free(file->at);
  *file = (rti_io_file){0};
}

// 0, or the errno of the first failure.
static int write_all(int fd, const uint8_t *at, size_t bytes) {
  while (bytes > 0) {
    const ssize_t put = write(fd, at, bytes < (1u << 30) ? bytes : (1u << 30));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno;
    if (put == 0) return EIO;
    at += put;
    bytes -= (size_t)put;
  }
  return 0;
}

// Some file systems report a full disk only now; some do not know fsync at all.
static int sync_all(int fd) {
  int result;
  do result = fsync(fd);
  while (result != 0 && errno == EINTR);
  return result == 0 || errno == EINVAL || errno == ENOTSUP ? 0 : errno;
}

static int write_parts(int fd, const void *head, size_t head_bytes, const void *body, size_t body_bytes, bool sync) {
  int error = write_all(fd, head, head_bytes);
  if (!error) error = write_all(fd, body, body_bytes);
  if (!error && sync) error = sync_all(fd);
  if (close(fd) != 0 && !error && errno != EINTR) error = errno;
  return error;
}

// `path` is where the file lies, `said` what the caller called it. `old` is what it replaces, or NULL: what was private stays private.
static rt_status replace(const char *said, const char *path, const struct stat *old, const void *head, size_t head_bytes, const void *body, size_t body_bytes) {
  const size_t length = strlen(path);
  char *temp = malloc(length + 48);
  if (!temp) return fail_os(said, "write", ENOMEM);
  int fd = -1, error = EEXIST;
  for (unsigned attempt = 0; attempt < 100 && fd < 0 && error == EEXIST; attempt++) {
    snprintf(temp, length + 48, "%s.%ld.%u.tmp", path, (long)getpid(), attempt);
    fd = open_again(temp, O_WRONLY | O_CREAT | O_EXCL, 0666);
    error = fd < 0 ? errno : 0;
  }
  rt_status status = RT_OK;
  if (fd < 0) {
    status = fail_os(said, "create a file beside it", error);
  } else {
    if (old) (void)fchmod(fd, old->st_mode & 0777); // some file systems have no permissions to set
    error = write_parts(fd, head, head_bytes, body, body_bytes, true);
    if (!error && rename(temp, path) != 0) error = errno;
    if (error) {
      unlink(temp);
      status = fail_os(said, "write", error);
      if (status == RT_E_NOT_FOUND) status = RT_E_IO; // the directory went away while we wrote
    }
  }
  free(temp);
  return status;
}

rt_status rti_io_replace_file(const char *path, const void *head, size_t head_bytes, const void *body, size_t body_bytes) {
  if (!path[0]) return fail_os("(empty path)", "write", ENOENT);
  struct stat info;
  const bool exists = stat(path, &info) == 0;
  if (!exists && errno != ENOENT) return fail_os(path, "write", errno); // what lies there is not known, so it is not replaced
  if (exists && S_ISDIR(info.st_mode)) return fail_os(path, "write", EISDIR);
  if (exists && !S_ISREG(info.st_mode)) { // renaming over /dev/null would take it away from everybody
    const int fd = open_again(path, O_WRONLY | O_NOCTTY, 0);
    const int error = fd < 0 ? errno : write_parts(fd, head, head_bytes, body, body_bytes, false);
    return error ? fail_os(path, "write", error) : RT_OK;
  }
  char *resolved = exists ? realpath(path, NULL) : NULL; // a symbolic link keeps pointing at the file that is replaced
  if (exists && !resolved) return fail_os(path, "write", errno);
  const rt_status status = replace(path, resolved ? resolved : path, exists ? &info : NULL, head, head_bytes, body, body_bytes);
  free(resolved);
  return status;
}
