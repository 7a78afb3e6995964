// SPDX-License-Identifier: BSD-3-Clause
// Contexts, backends and devices: choosing them (RT_BACKEND), listing them, and the report of what ran where.
#ifndef TRIVET_DEVICE_H
#define TRIVET_DEVICE_H

#include <trivet/alloc.h>
#include <trivet/status.h>

RT_BEGIN

/// A logical device of a context: 0 is the host (all backends that compute in host memory), others follow in the order of the backends.
typedef int32_t rt_device;
#define RT_HOST ((rt_device)0)
#define RT_DEFAULT_DEVICE ((rt_device)-1) ///< the context's default: the first device of the first named backend

typedef enum rt_fallback {
  RT_FALLBACK_DEFAULT = 0, ///< RT_FALLBACK, else silent
  RT_FALLBACK_SILENT,      ///< counted in the report
  RT_FALLBACK_REPORT,      ///< and logged, once for each kind of call (operation, dtypes, layouts ...)
  RT_FALLBACK_ERROR        ///< an operation that the first-named backend does not run is an error
} rt_fallback;

typedef enum rt_log_level { RT_LOG_ERROR = 1, RT_LOG_WARN, RT_LOG_INFO, RT_LOG_DEBUG } rt_log_level;
typedef void (*rt_log_fn)(void *user, rt_log_level level, const char *text);

/// A thread pool of the embedder's. run(arg, k) must be called once for each k in [0, n), from any threads, before parallel returns.
typedef struct rt_threads {
  void (*parallel)(void *user, int32_t n, void (*run)(void *arg, int32_t k), void *arg);
  int32_t n_threads;
  void *user;
} rt_threads;

/// How to create a context. Zero means default everywhere; a value given here beats the environment. Grows at its end: set `size`.
typedef struct rt_ctx_options {
  uint32_t size;                ///< sizeof(rt_ctx_options)
  int32_t n_threads;            ///< 0: RT_THREADS, else the processors this process may use
  const char *backends;         ///< names in order, "toy,cpu_ref"; NULL: RT_BACKEND, else the build's default list
  const char *backend_path;     ///< absolute directories that are searched first, separated by ':'
  const char *const *plugins;   ///< absolute paths of plugin files, tried in order before any search; ends with NULL
  const char *layers;           ///< names, outermost first; NULL: RT_LAYERS
  const char *config;           ///< lines "backend.key=value\n"
  rt_fallback fallback;
  uint32_t math;                ///< RTB_MATH_ bits of backend.h
  uint64_t memory_limit_bytes;  ///< 0: RT_MEMORY_LIMIT, else none
  const rt_allocator *allocator;///< copied; NULL: the C library's
  const rt_threads *threads;    ///< copied; NULL: a pool of the context's own
  rt_log_fn log;                ///< NULL: nobody listens
  void *log_user;
  bool no_pool;                 ///< every request reaches the allocator: slow, for leak checkers and fault injection
} rt_ctx_options;

/// Opens a context: reads RT_* variables that options leave open, loads backends, opens their devices.
/// Owner    *out_ctx is yours; rt_ctx_close it
/// Errors   RT_E_NOT_FOUND when a named backend does not load (the sentence lists what exists and why it was refused) or a file of
///          `plugins` is not there, RT_E_FORMAT for such a file that is no plugin, RT_E_IO when the system refuses to read a folder or a
///          file of a named backend, RT_E_ARGUMENT (names, numbers, unknown math bits, configuration keys), RT_E_NO_MEMORY
/// Threads  any; contexts are independent of each other
RT_API RT_NODISCARD rt_status rt_ctx_create(const rt_ctx_options *options, rt_ctx **out_ctx);
/// Closes it. NULL is allowed.
/// Errors   RT_E_BUSY with the number of tensors that still live (the context stays usable)
RT_API rt_status rt_ctx_close(rt_ctx *ctx);
/// Makes running and later parallel work of this context stop with RT_E_CANCELLED, until cleared with `false`. Threads: any.
RT_API rt_status rt_ctx_cancel(rt_ctx *ctx, bool cancelled);
RT_API bool rt_ctx_is_cancelled(const rt_ctx *ctx); ///< for loops of the caller's own. Threads: any.
/// Waits until every operation submitted so far has ended. Errors: the first failure of a device that nobody has seen yet.
RT_API RT_NODISCARD rt_status rt_ctx_sync(rt_ctx *ctx);
/// The number of threads that parallel work may use, the caller's included.
RT_API int32_t rt_ctx_threads(const rt_ctx *ctx);

typedef struct rt_device_desc {
  char name[64];          ///< "host", or "<backend>:<index>"
  char text[128];         ///< the backend's own description
  char backends[256];     ///< who is tried here, in order: "toy,cpu_ref,builtin"
  uint64_t memory_bytes;  ///< 0: not known
  bool is_host, is_default, is_async, is_lost;
} rt_device_desc;

RT_API int32_t rt_device_count(const rt_ctx *ctx);
RT_API RT_NODISCARD rt_status rt_device_describe(const rt_ctx *ctx, rt_device device, rt_device_desc *out_desc);
/// "host", "toy" (its first device) or "toy:1".
RT_API RT_NODISCARD rt_status rt_device_find(const rt_ctx *ctx, const char *name, rt_device *out_device);

typedef struct rt_backend_desc {
  char name[40];
  char version[40];
  char vendor[64];
  char path[1024];     ///< the file, or "(built in)"
  char origin[40];     ///< "built in", "static", "option", "RT_BACKEND_PATH", "beside libtrivet", "configured"
  char refused[256];   ///< why it was not loaded; "" when it was
  int32_t n_devices;
  bool is_open;        ///< this context uses it
} rt_backend_desc;

/// Backends that this context opened, in order; the last one is the built-in reference.
RT_API int32_t rt_backend_count(const rt_ctx *ctx);
RT_API RT_NODISCARD rt_status rt_backend_describe(const rt_ctx *ctx, int32_t index, rt_backend_desc *out_desc);

/// Every plugin file that a search would find, without loading any: calls visit(user, name, path, origin) for each in search order.
/// Errors   RT_E_IO, RT_E_NO_MEMORY: a folder is there but could not be listed (the sentence names the first one); all others were visited
RT_API rt_status rt_backend_search(const rt_ctx_options *options, void (*visit)(void *user, const char *name, const char *path, const char *origin), void *user);
/// Opens one plugin file far enough to describe it. This runs the file's code.
/// Errors   RT_E_ARGUMENT (no absolute path), RT_E_NOT_FOUND, RT_E_FORMAT (no plugin, with the reason), RT_E_IO (the system refuses), RT_E_NO_MEMORY
RT_API RT_NODISCARD rt_status rt_backend_probe_file(const char *path, rt_backend_desc *out_desc);
/// One configuration key of an open backend: RT_E_NOT_FOUND past the last. Strings belong to the plugin.
typedef struct rt_config_key { const char *name, *fallback, *help; } rt_config_key;
RT_API RT_NODISCARD rt_status rt_backend_config_key(const rt_ctx *ctx, int32_t backend, int32_t index, rt_config_key *out_key);

/// Registers a backend that is linked into the program; process-wide, under its own name. `entry` is its rt_backend_entry_v0.
RT_API rt_status rt_backend_register(const void *(*entry)(const void *host));

/// Asks whether a backend would run an operation on dense arguments of one dtype and rank. Errors: RT_E_UNSUPPORTED with its reason.
RT_API rt_status rt_backend_supports(rt_ctx *ctx, int32_t backend, uint16_t op, int dtype, int32_t rank);

typedef enum rt_report_kind { RT_REPORT_RUN = 0, RT_REPORT_FALLBACK, RT_REPORT_COPY, RT_REPORT_WAIT, RT_REPORT_LAYER } rt_report_kind;

/// One line of the report: calls, copies or waits of one kind with one reason.
typedef struct rt_report_row {
  rt_report_kind kind;
  char op[32];        ///< the operation; "" where none is involved
  char dtypes[64];    ///< "f32,f32->f32"
  char backend[40];   ///< RUN: who ran it; FALLBACK: who refused; COPY: "host->toy:0"
  char reason[160];   ///< why; "" for RUN
  uint64_t count;
  uint64_t bytes;     ///< moved (COPY), else 0
} rt_report_row;

RT_API int32_t rt_report_count(rt_ctx *ctx);
RT_API RT_NODISCARD rt_status rt_report_get(rt_ctx *ctx, int32_t index, rt_report_row *out_row);
RT_API rt_status rt_report_reset(rt_ctx *ctx);

/// One RT_* variable: name, value in force, where the value comes from, meaning. RT_E_NOT_FOUND past the last.
typedef struct rt_env_row { char name[48]; char value[512]; char origin[16]; char help[128]; } rt_env_row;
RT_API RT_NODISCARD rt_status rt_env_get(int32_t index, rt_env_row *out_row);

RT_END
#endif
