// SPDX-License-Identifier: BSD-3-Clause
// Files in and out: whole ones, pieces of one, mappings. Every short read, short write, interruption and refusal of the system ends in a
// status whose sentence names the file; a file is replaced completely or not at all.
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io_internal.h"

// `name` is printable.
static rt_status fail_named(const char *name, const char *what, int error) {
  char why[128];
  if (strerror_r(error, why, sizeof why) != 0) snprintf(why, sizeof why, "error %d", error);
  const rt_status status = error == ENOENT || error == ENOTDIR ? RT_E_NOT_FOUND : error == ENOMEM ? RT_E_NO_MEMORY : RT_E_IO;
  return rti_io_fail(status, "%s: cannot %s: %s", name, what, why);
}

static rt_status fail_os(const char *path, const char *what, int error) {
  rti_io_text name;
  return fail_named(rti_io_quote(&name, path, strlen(path)), what, error);
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

void rti_io_put(rti_io_sink *sink, const void *data, size_t bytes) {
  if (!sink->error) sink->error = write_all(sink->fd, data, bytes);
  if (!sink->error) sink->written += bytes;
}

// Some file systems report a full disk only now; some do not know fsync at all.
static int sync_all(int fd) {
  int result;
  do result = fsync(fd);
  while (result != 0 && errno == EINTR);
  return result == 0 || errno == EINVAL || errno == ENOTSUP ? 0 : errno;
}

// Closes fd in every case. `path` is for sentences.
static rt_status write_and_close(int fd, const char *path, rti_io_writer write, void *user, bool sync) {
  rti_io_sink sink = {.fd = fd};
  const rt_status status = write(&sink, user);
  if (status == RT_OK && !sink.error && sync) sink.error = sync_all(fd);
  if (close(fd) != 0 && !sink.error && errno != EINTR) sink.error = errno;
  return status != RT_OK || !sink.error ? status : fail_os(path, "write", sink.error);
}

// `path` is where the file lies, `said` what the caller called it. `old` is what it replaces, or NULL: what was private stays private.
static rt_status replace(const char *said, const char *path, const struct stat *old, rti_io_writer write, void *user) {
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
    status = write_and_close(fd, said, write, user, true);
    if (status == RT_OK && rename(temp, path) != 0) status = fail_os(said, "write", errno);
    if (status != RT_OK) unlink(temp);
    if (status == RT_E_NOT_FOUND) status = RT_E_IO; // the directory went away while we wrote
  }
  free(temp);
  return status;
}

rt_status rti_io_replace(const char *path, rti_io_writer write, void *user) {
  if (!path[0]) return fail_os("(empty path)", "write", ENOENT);
  struct stat info;
  const bool exists = stat(path, &info) == 0;
  if (!exists && errno != ENOENT) return fail_os(path, "write", errno); // what lies there is not known, so it is not replaced
  if (exists && S_ISDIR(info.st_mode)) return fail_os(path, "write", EISDIR);
  if (exists && !S_ISREG(info.st_mode)) { // renaming over /dev/null would take it away from everybody
    const int fd = open_again(path, O_WRONLY | O_NOCTTY, 0);
    return fd < 0 ? fail_os(path, "write", errno) : write_and_close(fd, path, write, user, false);
  }
  char *resolved = exists ? realpath(path, NULL) : NULL; // a symbolic link keeps pointing at the file that is replaced
  if (exists && !resolved) return fail_os(path, "write", errno);
  const rt_status status = replace(path, resolved ? resolved : path, exists ? &info : NULL, write, user);
  free(resolved);
  return status;
}

typedef struct two_parts { const void *head, *body; size_t head_bytes, body_bytes; } two_parts;

static rt_status put_two_parts(rti_io_sink *sink, void *user) {
  const two_parts *parts = user;
  rti_io_put(sink, parts->head, parts->head_bytes);
  rti_io_put(sink, parts->body, parts->body_bytes);
  return RT_OK;
}

rt_status rti_io_replace_file(const char *path, const void *head, size_t head_bytes, const void *body, size_t body_bytes) {
  two_parts parts = {head, body, head_bytes, body_bytes};
  return rti_io_replace(path, put_two_parts, &parts);
}

// ---- pieces of a file ----------------------------------------------------------------------------------------------------------------------

static rti_io_source *new_source(const char *name) {
  rti_io_source *source = calloc(1, sizeof *source);
  if (!source) return NULL;
  atomic_init(&source->references, 1);
  source->fd = -1;
  rti_io_quote(&source->name, name, strlen(name));
  return source;
}

rt_status rti_io_source_memory(const char *name, const void *data, size_t bytes, rti_io_source **out) {
  if (!(*out = new_source(name))) return rti_io_fail(RT_E_NO_MEMORY, "no memory to read '%s'", name);
  static const uint8_t nothing;
  (*out)->at = data ? data : &nothing;
  (*out)->bytes = bytes;
  return RT_OK;
}

// A mapping needs no descriptor any more. An empty file cannot be mapped, nor need be.
static rt_status map_source(rti_io_source *source) {
  if (source->bytes > SIZE_MAX) return rti_io_fail(RT_E_FORMAT, "%s: %llu bytes do not fit the address space", source->name.at, (unsigned long long)source->bytes);
  void *at = source->bytes ? mmap(NULL, (size_t)source->bytes, PROT_READ, MAP_SHARED, source->fd, 0) : NULL;
  if (at == MAP_FAILED) return fail_named(source->name.at, "map", errno);
  if (!at) return RT_OK;
  source->at = at;
  source->is_mapped = true;
  close(source->fd);
  source->fd = -1;
  return RT_OK;
}

rt_status rti_io_source_open(const char *path, bool map, rti_io_source **out) {
  *out = NULL;
  rti_io_source *source = new_source(path);
  if (!source) return fail_os(path, "open", ENOMEM);
  struct stat info;
  rt_status status = RT_OK;
  source->fd = open_again(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0); // a FIFO must not make us wait for a writer
  if (source->fd < 0) status = fail_os(path, "open", errno);
  else if (fstat(source->fd, &info) != 0) status = fail_os(path, "read", errno);
  else if (!S_ISREG(info.st_mode)) status = rti_io_fail(RT_E_IO, "%s: not a regular file", source->name.at);
  else source->bytes = (uint64_t)info.st_size;
  if (status == RT_OK && map) status = map_source(source);
  if (status != RT_OK) {
    rti_io_source_release(source);
    return status;
  }
  *out = source;
  return RT_OK;
}

rti_io_source *rti_io_source_retain(rti_io_source *source) {
  atomic_fetch_add_explicit(&source->references, 1, memory_order_relaxed);
  return source;
}

void rti_io_source_release(void *user) {
  rti_io_source *source = user;
  if (!source || atomic_fetch_sub_explicit(&source->references, 1, memory_order_acq_rel) != 1) return;
  if (source->fd >= 0) close(source->fd);
  if (source->is_mapped) munmap((void *)(uintptr_t)source->at, (size_t)source->bytes);
  free(source);
}

rt_status rti_io_source_read(const rti_io_source *source, uint64_t offset, void *dst, size_t bytes) {
  if (offset > source->bytes || bytes > source->bytes - offset)
    return rti_io_fail(RT_E_FORMAT, "%s: %zu bytes at offset %llu pass the end of its %llu bytes", source->name.at, bytes, (unsigned long long)offset,
                       (unsigned long long)source->bytes);
  if (source->at) {
    if (bytes) memcpy(dst, source->at + offset, bytes);
    return RT_OK;
  }
  for (size_t done = 0; done < bytes;) {
    const size_t rest = bytes - done;
    const ssize_t got = pread(source->fd, (uint8_t *)dst + done, rest < (1u << 30) ? rest : (1u << 30), (off_t)(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_named(source->name.at, "read", errno);
    if (got == 0)
      return rti_io_fail(RT_E_IO, "%s: ended at byte %llu, it had %llu bytes when it was opened", source->name.at, (unsigned long long)(offset + done),
                         (unsigned long long)source->bytes);
    done += (size_t)got;
  }
  return RT_OK;
}
