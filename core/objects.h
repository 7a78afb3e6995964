// SPDX-License-Identifier: BSD-3-Clause
// The objects of the core and who owns whom:
//
//   rt_tensor --> rti_storage --> rti_place (one per space that has a copy) --> rti_buffer (memory in one space)
//
// Views are tensors on one storage. Clones are storages on one buffer, until one of them is written. A tensor that brings its own storage
// is one block of memory: handle, storage, first buffer and up to 128 bytes of data, freed when the last of them goes.
#ifndef TRIVET_OBJECTS_H
#define TRIVET_OBJECTS_H

#include "internal.h"

#define RTI_MAX_DEVICES 32
#define RTI_MAX_INSTANCES 64
#define RTI_MAX_LAYERS 8
#define RTI_HANDLE_DIMS 4 // ranks above use a block of their own for shape and strides

typedef struct rti_device rti_device;
typedef struct rti_instance rti_instance;
typedef struct rti_kernel rti_kernel;
typedef struct rti_lib rti_lib;
typedef struct rti_stream rti_stream;
typedef struct rti_report rti_report;

// ---- memory -------------------------------------------------------------------------------------------------------------------------

typedef enum rti_memory { RTI_MEMORY_POOL, RTI_MEMORY_INLINE, RTI_MEMORY_IMPORT, RTI_MEMORY_DEVICE, RTI_MEMORY_SHARED } rti_memory;

/// Memory in one space. Immutable while it has several owners, so clones can share it.
typedef struct rti_buffer {
  atomic_int refs;           // storages, maps and work in flight
  atomic_int owners;         // storages alone: above 1 a write detaches first
  rti_memory memory;
  int32_t space;             // index of the device; 0: the host
  void *host;                // host address, or NULL
  uint64_t handle;           // the backend's, 0 for host memory
  uint64_t bytes;
  uint64_t epoch;            // of the device when written; older than the device's own: lost
  // The last use by an asynchronous stream; protected by `lock`. A buffer has at most one stream at a time: others wait first.
  rti_spin lock;
  rti_stream *stream;        // retained
  uint64_t write_seq, read_seq;
  void (*release)(void *user);
  void *user;
  struct rti_buffer *imported; // host memory that a device reads in place: owned by this buffer too, so that neither side writes it
  struct rt_block *block;    // the block it lies in, or NULL when it is an allocation of its own
  rt_ctx *ctx;
} rti_buffer;

typedef struct rti_place {
  int32_t space;
  bool valid;
  rti_buffer *buffer;        // NULL: not allocated yet
  struct rti_place *next;    // replicas beyond the second
} rti_place;

#define RTI_FAST_READ 1u  // host home, valid, nothing pending: host kernels may read at once
#define RTI_FAST_WRITE 2u // and nothing else is valid, not read-only, no raw pointer outside, not mapped

typedef struct rti_storage {
  atomic_int refs;
  atomic_uint fast;          // RTI_FAST_ bits; the rest is protected by `lock`
  atomic_uintptr_t base;     // address of the host memory while RTI_FAST_READ holds, else 0
  rti_spin lock;
  bool read_only, escaped;
  int32_t n_reads_mapped, n_writes_mapped;
  uint64_t bytes;
  atomic_ullong version;
  rti_place place[2];        // [0] is the home
  struct rt_block *block;
  rt_ctx *ctx;
} rti_storage;

// ---- tensors ------------------------------------------------------------------------------------------------------------------------

#define RTI_TENSOR_WEAK 1u

struct rt_tensor {
  rtb_view view;             // layout, shape and strides are always right; data is only when it equals the storage's address (rti_is_fresh)
  uint64_t sig;              // the packed rtb_sig_arg of a non-empty dense host tensor, else 0: not for the fast path
  rti_storage *storage;
  rt_ctx *ctx;
  atomic_int refs;
  int32_t device;
  uint32_t flags;
  uint32_t element_bytes;
  struct rt_block *block;    // NULL: a view, its own small block
  int64_t dims[2 * RTI_HANDLE_DIMS]; // shape, then strides at [RTI_HANDLE_DIMS]
};

/// A tensor that brings its storage. `parts` counts which of handle, storage and buffer are alive.
typedef struct rt_block {
  rt_tensor tensor;
  rti_storage storage;
  rti_buffer buffer;
  atomic_int parts;
  bool buffer_used;          // the buffer here is or was a place of the storage
  struct rt_block *next_free;
  _Alignas(64) unsigned char data[RT_INLINE_BYTES];
} rt_block;

// ---- devices, backends, kernels ---------------------------------------------------------------------------------------------------------

typedef struct rti_layer_use { const rti_lib *lib; void *self; } rti_layer_use;

/// One opened device of one backend, or a host-memory backend.
struct rti_instance {
  char name[40];
  rti_lib *lib;              // NULL: the built-in reference
  const char *origin;        // where this context found it
  rtb_backend table;         // our copy: every slot filled
  void *dev;
  int32_t device;            // logical device it serves
  uint32_t index;            // the backend's device index
  int32_t n_layers;
  rti_layer_use layer[RTI_MAX_LAYERS]; // innermost first
  rt_ctx *ctx;
  bool is_first_named, is_open;
};

/// A logical device, which is also a space. 0 is the host.
struct rti_device {
  int32_t index;
  int32_t order;             // position in the list of backends: the lowest wins the vote
  rti_instance *own;         // NULL for the host
  bool is_async;
  atomic_bool lost;
  atomic_ullong epoch;
  int32_t n_chain;
  rti_instance *chain[RTI_MAX_INSTANCES]; // who is tried, in order
  rti_mutex lock;            // protects the fields from here to the cache
  rti_stream *stream;        // current; replaced after a failure
  rt_status unseen;          // the first failure that no caller has been told of yet, for rt_ctx_sync
  const rti_stream *unseen_of; // whose it is; maybe gone
  char unseen_text[256];
  struct rti_device_cache *cache; // freed device memory kept for reuse
  rt_device_desc desc;
};

/// The answer of one backend to one signature: a kernel, or a refusal (fn NULL).
struct rti_kernel {
  uint64_t args[4];          // the first packed signature arguments, for the fast path
  uint32_t op_alias;         // op | nin << 16 | nout << 20 | alias << 24
  uint32_t align_mask;
  rtb_fn fn;                 // after layers
  void *fn_ctx;
  atomic_ullong runs;        // calls
  atomic_ullong passes;      // calls that had to go elsewhere because of this refusal
  rti_kernel *refuser;       // the entry before it in its device's chain that refused: fast runs count as its passes
  atomic_ullong fast_runs;
  rtb_kernel inner;
  rti_instance *instance;
  uint32_t math, hash, alias, attr_bytes;
  bool is_uncached;          // not in the table: freed after its call
  uint32_t is_wrapped;       // bit i: layer i took the call
  void *wrap_ctx[RTI_MAX_LAYERS];
  rtb_kernel *below;         // what each layer wraps; NULL without layers
  rti_kernel *next;
  atomic_bool counted;       // since the last reset: it is in the context's list of rows
  rti_kernel *next_counted;
  uint64_t *arg;             // nin + nout packed rtb_sig_arg; behind it the attributes
  void *attr;
};

#define RTI_KERNEL_BUCKETS 1024
#define RTI_FRONT_SLOTS 1024

// Plans of calls (plan.c): a call as words, and where what was found out about it is kept.
#define RTI_PLAN_SLOTS 1024
#define RTI_PLAN_WORDS 64
typedef struct rti_plan rti_plan;
typedef struct rti_plan_slot {
  rti_spin lock;
  rti_plan *plan;
} rti_plan_slot;
typedef struct rti_plan_key {
  int n;
  uint32_t alias;
  uint64_t hash;
  uint64_t word[RTI_PLAN_WORDS];
} rti_plan_key;

struct rt_ctx {
  rtb_host host;             // first: plugins get a pointer to it
  rt_allocator allocator;
  rti_pool *pool;
  rti_threads *threads;
  atomic_bool cancelled;
  rt_log_fn log;
  void *log_user;
  rt_fallback fallback;
  uint32_t math;
  bool no_pool;
  uint64_t fork_count;
  rti_instance *builtin;
  int32_t n_instances, n_devices, default_device, n_layer_libs;
  rti_instance instance[RTI_MAX_INSTANCES];
  rti_device device[RTI_MAX_DEVICES];
  const rti_lib *layer_lib[RTI_MAX_LAYERS]; // outermost first
  rti_spin lock;             // protects the insertion of kernels and the list of counted ones
  _Atomic(rti_kernel *) bucket[RTI_KERNEL_BUCKETS];
  _Atomic(rti_kernel *) front[RTI_FRONT_SLOTS];
  rti_plan_slot plan[RTI_PLAN_SLOTS];
  rti_report *report;
  _Atomic(rti_kernel *) counted; // kernels with counts, so that a report does not walk the whole table
  rti_spin blocks_lock;      // protects the two fields below
  rt_block *free_blocks;
  int64_t n_live;            // storages and views that live
  char *config;              // the embedder's lines
};

static inline rt_ctx *rti_ctx_of(const rtb_host *host) { return (rt_ctx *)(uintptr_t)host; }
static inline uint64_t rti_pack_arg(uint16_t dtype, uint8_t layout, uint8_t rank, uint8_t space) {
  return (uint64_t)dtype | (uint64_t)layout << 16 | (uint64_t)rank << 24 | (uint64_t)space << 32;
}

// ---- op_info.c ----------------------------------------------------------------------------------------------------------------------
typedef enum rti_family { RTI_NO_OP, RTI_UNARY, RTI_PARAM, RTI_BINARY, RTI_TERNARY, RTI_REDUCE, RTI_ARG, RTI_OP, RTI_COMPOSITE } rti_family;
#define RTI_AND_COMPLEX 8
typedef enum rti_accepts {
  RTI_ANY, RTI_NUMERIC, RTI_INTEGER, RTI_BITS, RTI_FLOAT,
  RTI_ANY_C = RTI_ANY | RTI_AND_COMPLEX, RTI_NUMERIC_C = RTI_NUMERIC | RTI_AND_COMPLEX, RTI_FLOAT_C = RTI_FLOAT | RTI_AND_COMPLEX
} rti_accepts;
typedef enum rti_result { RTI_SAME, RTI_BOOL, RTI_SUM, RTI_I64, RTI_REAL, RTI_COMPLEX, RTI_GIVEN } rti_result;
typedef enum rti_collapse { RTI_JOINT, RTI_ORDERED, RTI_AXES, RTI_NONE } rti_collapse;
typedef struct rti_op_info {
  const char *name;
  uint8_t family, nin, accepts, result, collapse, empty_ok;
} rti_op_info;
#define RTI_OP_COUNT 256
extern const rti_op_info rti_ops[RTI_OP_COUNT];

// ---- shape.c: extents, strides, layout classes ------------------------------------------------------------------------------------------
/// Checks rank and extents; *out_numel and *out_bytes are exact.
rt_status rti_check_shape(const char *who, rt_dtype dtype, int32_t rank, const int64_t *shape, int64_t *out_numel, uint64_t *out_bytes);
void rti_dense_strides(int32_t rank, const int64_t *shape, int64_t *out_strides);
/// The layout class of canonical (collapsed) or plain extents and strides.
uint8_t rti_layout(int32_t rank, const int64_t *shape, const int64_t *strides);
/// The lowest and highest element offset that the extents reach, relative to element (0,0,...). numel must not be 0.
bool rti_reach(int32_t rank, const int64_t *shape, const int64_t *strides, int64_t *out_low, int64_t *out_high);
/// Can two index tuples name the same element? (Answers true when it cannot tell.)
bool rti_self_overlaps(int32_t rank, const int64_t *shape, const int64_t *strides);
/// Joins `shape` into the broadcast shape built so far (both may grow). false when they do not broadcast.
bool rti_broadcast(int32_t *rank, int64_t *shape, int32_t other_rank, const int64_t *other);
/// Axis in [-rank, rank) -> [0, rank). RT_E_ARGUMENT names op, axis and rank.
rt_status rti_axis(const char *op, int64_t axis, int32_t rank, int32_t *out_axis);
/// A list of axes as bits; NULL means all. RT_E_ARGUMENT for repeated or out-of-range ones.
rt_status rti_axes(const char *op, const rt_axes *axes, int32_t rank, uint32_t *out_bits);

// ---- tensor.c ----------------------------------------------------------------------------------------------------------------------
/// A tensor with its own storage on `device`; no memory for data yet except inline.
rt_status rti_tensor_create(rt_ctx *ctx, int32_t device, rt_dtype dtype, int32_t rank, const int64_t *shape, const int64_t *strides, rt_tensor **out);
/// A view on the storage of base; offset in elements from the start of the storage. Checked: inside the storage.
rt_status rti_tensor_view(const rt_tensor *base, int32_t rank, const int64_t *shape, const int64_t *strides, int64_t offset, rt_tensor **out);
/// Recomputes view.data, layout and sig after the storage moved.
void rti_tensor_refresh(rt_tensor *t);
/// Checks that a handle is usable in `op`.
rt_status rti_check_tensor(const char *op, const char *what, const rt_tensor *t);
rt_status rti_tensor_escape(rt_tensor *t, void **out_ptr);
static inline int64_t rti_element_offset(const rt_tensor *t) { return (int64_t)(t->view.offset / t->element_bytes); }
/// May a host kernel read through this handle's view as it is?
static inline bool rti_is_readable(const rt_tensor *t) {
  return (uintptr_t)t->view.data == atomic_load_explicit(&t->storage->base, memory_order_acquire) + t->view.offset;
}

/// A host tensor with the layout, extents, strides and numel (not 0) of `form`, and memory; sig: as its handle has it. For the short ways.
rt_status rti_tensor_create_as(rt_ctx *ctx, const rtb_view *form, rt_dtype dtype, uint64_t sig, rt_tensor **out);

// ---- storage.c: buffers and places ------------------------------------------------------------------------------------------------------
rt_block *rti_block_create(rt_ctx *ctx);
void rti_block_drop(rt_block *block); // one of its parts died
void rti_block_free_whole(rt_block *block);
/// Does nobody else hold any part of it, so that it can go at once, with rti_block_free_whole?
bool rti_block_is_ours(const rt_block *block);
void *rti_small_alloc(rt_ctx *ctx, size_t bytes); // counted as live: view handles, storages of clones
void rti_small_free(rt_ctx *ctx, void *ptr, size_t bytes);
void rti_storage_init(rti_storage *storage, rt_ctx *ctx, int32_t home, uint64_t bytes);
rt_status rti_storage_create(rt_ctx *ctx, int32_t home, uint64_t bytes, rti_storage **out);
void rti_storage_release(rti_storage *storage);
void rti_buffer_init(rti_buffer *buffer, rt_ctx *ctx, rti_memory memory, int32_t space, uint64_t bytes);
/// Memory in a space: from the pool, or the device (drains and retries once).
rt_status rti_buffer_create(rt_ctx *ctx, int32_t space, uint64_t bytes, rti_buffer **out);
/// Host memory as memory of a device that reads it in place; false: the device does not, or there is no memory for the buffer.
bool rti_buffer_import(rti_buffer *host, int32_t space, rti_buffer **out);
void rti_buffer_retain(rti_buffer *buffer);
void rti_buffer_release(rti_buffer *buffer);
void rti_buffer_own(rti_buffer *buffer);    ///< one more storage
void rti_buffer_disown(rti_buffer *buffer); ///< a storage lets go
/// Gives a storage that has no data yet its first memory, on the host: inline if it fits, else pooled. Valid afterwards.
rt_status rti_storage_host_memory(rti_storage *storage);
/// The buffer for a place in a space, not yet installed: the one inside the block where that is free.
rt_status rti_storage_buffer(rti_storage *storage, int32_t space, rti_buffer **out);
/// Installs a buffer as the place in a space (takes over the reference); the old one goes. Call with the lock held; release *out_old after.
rt_status rti_storage_install(rti_storage *storage, int32_t space, rti_buffer *buffer, bool valid, rti_buffer **out_old);
/// RT_OK, or the error that makes this memory unreadable. Does not wait.
rt_status rti_buffer_check(rti_buffer *buffer);
/// Waits until no stream touches it. With `reading`, pending reads are fine.
rt_status rti_buffer_quiet(rti_buffer *buffer, bool reading);
rti_place *rti_storage_place(rti_storage *storage, int32_t space); // NULL: none; call with the lock held
void rti_storage_update_fast(rti_storage *storage);                // call with the lock held

// ---- transfer.c: the only code that moves bytes between spaces --------------------------------------------------------------------------
/// Makes the storage readable in a space; the buffer is retained for the caller. why: for the report.
/// may_import: the storage is not written by what it is brought for, so host memory may be read by the device in place.
rt_status rti_bring(rti_storage *storage, int32_t space, bool may_import, uint16_t op, const char *why, rti_buffer **out);
/// Makes the storage writable in a space: exclusive memory there, holding the contents when `keep`. Retained. The caller writes, then calls rti_written.
rt_status rti_prepare_write(rti_storage *storage, int32_t space, bool keep, uint16_t op, rti_buffer **out);
/// The bytes [low, high) were written into `buffer` in `space`: the only valid place now; a partial write goes home at once.
rt_status rti_written(rti_storage *storage, int32_t space, rti_buffer *buffer, uint64_t low, uint64_t high, uint16_t op);
/// Copies bytes between two buffers through the COPY kernel of the device involved; below_layers: the backend's own, for what a layer itself reads.
rt_status rti_copy_bytes(rt_ctx *ctx, bool below_layers, rti_buffer *src, rti_buffer *dst, uint64_t low, uint64_t high, uint16_t op, const char *why);

// ---- stream.c ----------------------------------------------------------------------------------------------------------------------
rt_status rti_stream_get(rti_device *device, rti_stream **out); // retained
void rti_stream_retain(rti_stream *stream);
void rti_stream_release(rti_stream *stream); // NULL is allowed
/// Is this thread inside a kernel that is being submitted to the device? Then it must not submit another one.
bool rti_stream_is_inside(rti_device *device);
#define RTI_RETIRED ((rt_status)-2) // the stream failed meanwhile and is being replaced: get one again
/// Submits a kernel: numbers it, calls it under the stream's lock, keeps `buffers` until it has passed. writes: bit i, buffer i is written.
rt_status rti_stream_submit(rti_stream *stream, rti_kernel *kernel, rtb_op *op, int32_t n_buffers, rti_buffer *const *buffers, uint32_t writes);
rt_status rti_stream_wait(rti_stream *stream, uint64_t seq, uint16_t op, const char *why);
bool rti_stream_passed(rti_stream *stream, uint64_t seq);
/// RT_OK unless seq is poisoned by a failure of this stream.
rt_status rti_stream_error(rti_stream *stream, uint64_t seq);
void rti_stream_poll(rti_stream *stream);
/// The caller is about to be told of this stream's failure.
void rti_stream_seen(const rti_stream *stream);
/// The failure of a device that nobody was told of; RT_OK from then on.
rt_status rti_device_unseen(rti_device *device);
rt_status rti_device_sync(rti_device *device);

// ---- device_memory.c --------------------------------------------------------------------------------------------------------------------
rt_status rti_device_alloc(rti_device *device, uint64_t bytes, uint64_t *out_handle);
void rti_device_free(rti_device *device, uint64_t handle, uint64_t bytes);
void rti_device_trim(rti_device *device);
void rti_device_deinit(rti_device *device);

// ---- dispatch.c, execute.c --------------------------------------------------------------------------------------------------------------
#define RTI_MAX_IN (RTB_MAX_ARGS - 1)
typedef struct rti_arg {
  const rt_tensor *tensor;   // NULL with is_imm false: absent
  bool is_imm;
  bool is_spread;            // kernels see it with the extents of the first input, to which it broadcasts
  uint16_t dtype;            // of the immediate
  uint64_t bits[2];          // the immediate's value
} rti_arg;

/// One op to run: inputs already in their final dtypes; the output is checked or created by the runner.
typedef struct rti_call {
  uint16_t op;
  uint8_t nin;
  bool user;                 // called by the user, not by the core itself: RT_FALLBACK=error applies
  bool c_order;              // a new output is C-ordered whatever the inputs are
  bool is_offer;             // a composite as one op: the backend of its device takes it as it is, or the answer is RTI_NOT_TAKEN
  rt_ctx *ctx;
  int32_t device;            // -1: by vote
  uint32_t axes;             // AXES ops: bits over the axes of the first input
  const void *attr;
  uint32_t attr_bytes;
  const rti_plan_key *key;   // of rti_run: keep a plan under it
  rti_arg in[RTI_MAX_IN];
  rt_dtype out_dtype;
  int32_t out_rank;
  int64_t out_shape[RT_MAX_RANK];
} rti_call;
#define RTI_NOT_TAKEN ((rt_status)-3)
void rti_call_init(rti_call *call, rt_ctx *ctx, uint16_t op);
void rti_call_tensor(rti_call *call, const rt_tensor *t);
void rti_call_imm(rti_call *call, rt_dtype dtype, rt_scalar value);
/// Runs into a new output (*out NULL before) or, when `given`, into it.
rt_status rti_run(rti_call *call, rt_tensor *given, rt_tensor **out);
/// The second half of rti_run: device and output are settled; alias: inputs that are exactly the output.
rt_status rti_execute(const rti_call *call, int32_t device, rt_tensor *out, uint32_t alias);
/// The device an operation runs on, by the voting rule.
rt_status rti_vote(const rti_call *call, const rt_tensor *given, int32_t *out_device);
/// Copies src to dst where both are host memory described by extents and strides (elements), through COPY and resolve; below_layers as above.
rt_status rti_copy_host(rt_ctx *ctx, bool below_layers, rt_dtype dtype, int32_t rank, const int64_t *shape, const int64_t *src_strides, const void *src, const int64_t *dst_strides, void *dst);
/// Bytes that run on. The backend's copy shares many of them among the threads; one thread, or a cancelled context, copies them as they are.
rt_status rti_copy_dense(rt_ctx *ctx, size_t bytes, const void *src, void *dst);

// ---- canon.c -------------------------------------------------------------------------------------------------------------------------
/// Canonical extents and strides of all arguments of a call.
typedef struct rti_canon {
  int32_t n;                 // arguments
  int32_t rank;              // of all arguments with JOINT, ORDERED and AXES
  uint32_t axes;             // rewritten
  int32_t ranks[RTB_MAX_ARGS];
  int64_t shape[RTB_MAX_ARGS][RT_MAX_RANK], stride[RTB_MAX_ARGS][RT_MAX_RANK];
} rti_canon;
void rti_canonicalise(rti_canon *canon, rti_collapse collapse);

// ---- plan.c --------------------------------------------------------------------------------------------------------------------------
/// The long way takes this kernel with these views (whose data is not settled yet): lets the next call with these words be short.
rt_status rti_plan_keep(const rti_call *call, rti_kernel *kernel, const rti_canon *canon, const rtb_view *const *args, const rt_tensor *out);
void rti_plans_drop(rt_ctx *ctx);

// ---- resolve.c -----------------------------------------------------------------------------------------------------------------------
/// The cached answer of one instance; never NULL on RT_OK, fn NULL for a refusal. *uncached: free it with rti_kernel_free after the call.
rt_status rti_resolve(rti_instance *instance, uint16_t op, int nin, int nout, const uint64_t *args, uint32_t alias, const void *attr, uint32_t attr_bytes, rti_kernel **out, bool *uncached);
void rti_kernel_free(rti_kernel *kernel);
void rti_kernels_deinit(rt_ctx *ctx);
const char *rti_reason_name(int32_t reason);
/// The status and sentence of a kernel that returned `code`; errors_before tells whether it left a sentence of its own.
rt_status rti_kernel_failed(const rti_kernel *kernel, int32_t code, uint32_t errors_before);
/// Calls a kernel that works at once.
static inline rt_status rti_kernel_call(const rti_kernel *kernel, const rtb_op *op) {
  uint32_t errors = rti_error_count();
  int32_t code = kernel->fn(kernel->fn_ctx, NULL, op);
  return RTI_LIKELY(code == RTB_OK) ? RT_OK : rti_kernel_failed(kernel, code, errors);
}

// ---- report.c ------------------------------------------------------------------------------------------------------------------------
/// The first count of a kernel since the last reset.
RTI_COLD void rti_counted(rti_kernel *kernel);
static inline void rti_count(rti_kernel *kernel, atomic_ullong *counter) {
  atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
  if (RTI_UNLIKELY(!atomic_load_explicit(&kernel->counted, memory_order_relaxed))) rti_counted(kernel);
}
rt_status rti_report_create(rt_ctx *ctx);
void rti_report_destroy(rt_ctx *ctx);
/// Adds one to the row (kind, op, backend, reason); the layers hear of it too.
void rti_note(rt_ctx *ctx, rt_report_kind kind, uint16_t op, const char *backend, const char *reason, uint64_t bytes);
void rti_note_event(rt_ctx *ctx, const rtb_event *event); ///< from a plugin

// ---- registry.c, loader.c, host.c, layer.c, context.c -----------------------------------------------------------------------------------
struct rti_lib {
  bool used, is_layer, is_static;
  char name[40], path[1024], origin[40];
  rti_file_id id;
  void *handle;
  rtb_backend backend;       // merged
  rtb_layer layer;
  const rtb_config_key *keys;
  atomic_int opens;          // contexts that use it
};
typedef struct rti_abi { uint16_t major, minor, needed; } rti_abi;
/// The version rule, in one place. false with a clause in why.
bool rti_abi_accepts(rti_abi plugin, uint16_t host_major, uint16_t host_minor, char *why, size_t why_bytes);
/// Copies what both sides know of a backend's or layer's table into `out` and fills the rest. false with a clause in why.
bool rti_merge_backend(const rtb_backend *theirs, rtb_backend *out, char *why, size_t why_bytes);
bool rti_merge_layer(const rtb_layer *theirs, rtb_layer *out, char *why, size_t why_bytes);
rt_status rti_load_file(const char *path, const char *origin, const char *want_name, bool is_layer, rti_lib **out);
/// By name: static registrations, then each directory of the search path. RT_E_NOT_FOUND lists what exists and why it was refused; RT_E_IO or
/// RT_E_NO_MEMORY when the system would not let us look.
rt_status rti_load_name(const char *name, const char *option_path, bool is_layer, rti_lib **out, const char **out_origin); ///< origin: a literal
void rti_unload(rti_lib *lib);
rt_status rti_search(const char *option_path, bool is_layer, bool (*visit)(void *user, const char *name, const char *path, const char *origin), void *user);
void rti_host_init(rt_ctx *ctx);
extern const rtb_host rti_negotiation_host;
const rtb_backend *rti_builtin_entry(const rtb_host *host);
rt_status rti_layers_attach(rti_instance *instance);
void rti_layers_detach(rti_instance *instance);
int32_t rti_layers_wrap(rti_kernel *kernel, const rtb_sig *sig); ///< RTB_E_NO_MEMORY: nothing was wrapped
void rti_layers_unwrap(rti_kernel *kernel);
void rti_layers_event(rt_ctx *ctx, const rtb_event *event);
int32_t rti_layers_alloc(rti_instance *instance, uint64_t bytes);

#endif
