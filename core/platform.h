// SPDX-License-Identifier: BSD-3-Clause
// Every call that the core makes to the operating system, with its contract. One implementation: platform/posix.c.
// Nothing here sets the error sentence except where said; callers know the operation and do that.
#ifndef TRIVET_PLATFORM_H
#define TRIVET_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ---- memory: NULL when there is none; align is a power of two ----------------------------------------------------------------------
void *rti_os_alloc(size_t bytes, size_t align);
void rti_os_free(void *ptr, size_t bytes, size_t align);
void rti_os_huge_pages(void *ptr, size_t bytes); ///< a hint; may do nothing

// ---- time, process -------------------------------------------------------------------------------------------------------------------
uint64_t rti_os_now_ns(void);     ///< monotonic
uint64_t rti_os_fork_count(void); ///< how many forks lie between the first call of this library and now: changes in a child. Cheap (no system call)
int32_t rti_os_cpu_count(void);   ///< processors this process may use: affinity mask and cgroup quota; at least 1
const char *rti_os_getenv(const char *name); ///< NULL when unset, or when the process is privileged (secure_getenv)

// ---- locks and threads -----------------------------------------------------------------------------------------------------------------
typedef struct rti_mutex { void *impl[8]; } rti_mutex; ///< storage for a pthread_mutex_t; zero bytes are not a mutex
int rti_mutex_init(rti_mutex *mutex);                  ///< 0, or -1
void rti_mutex_deinit(rti_mutex *mutex);
void rti_mutex_lock(rti_mutex *mutex);
void rti_mutex_unlock(rti_mutex *mutex);
typedef struct rti_thread { void *impl[3]; } rti_thread; ///< stays where it is until joined
int rti_thread_start(rti_thread *thread, void (*main)(void *arg), void *arg); ///< signals blocked in the new thread; 0, or -1
void rti_thread_join(rti_thread *thread);
void rti_os_pause(void);                                         ///< a spin-wait hint
void rti_os_yield(void);                                         ///< lets another thread run on this processor
void rti_os_wait_u32(uint32_t *word, uint32_t expected);         ///< sleeps while *word == expected (futex); may return early
void rti_os_wake_u32(uint32_t *word, int32_t count);             ///< wakes up to that many sleepers

// ---- files -------------------------------------------------------------------------------------------------------------------------------
// These two return 0, or the system's reason for refusing (an errno); RTI_OS_NO_LIBRARY where the file itself is the reason.
enum { RTI_OS_NO_LIBRARY = -1 };
/// Calls visit for each entry of a directory, in sorted order. None is visited when it cannot be read to its end.
int rti_os_list_dir(const char *path, void (*visit)(void *user, const char *name), void *user);
/// The system's sentence for such a reason.
const char *rti_os_reason(int error, char *out, size_t bytes);
/// The directory of the library that contains this code, without a trailing slash. false when not known.
bool rti_os_own_dir(char *out, size_t bytes);

// ---- shared libraries --------------------------------------------------------------------------------------------------------------------
/// Identity of a file: two paths to one file compare equal.
typedef struct rti_file_id { uint64_t device, inode; } rti_file_id;
/// Checks a plugin file without running it: a regular file (opened without blocking on a FIFO), ELF of this class, endianness and machine, a
/// shared object, every segment inside the file. If not, one clause in `why` ("is 2000 bytes long, but segment 2 ends at 12288").
int rti_os_check_library(const char *path, rti_file_id *out_id, char *why, size_t why_bytes);
/// dlopen RTLD_NOW|RTLD_LOCAL. NULL with dlerror's text in `why`.
void *rti_os_open_library(const char *path, char *why, size_t why_bytes);
void *rti_os_library_symbol(void *library, const char *name); ///< of a function; NULL when there is none
void rti_os_close_library(void *library);

#endif
