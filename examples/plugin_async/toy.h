// SPDX-License-Identifier: BSD-3-Clause
// What the four files of this example share. "toy" is a make-believe accelerator: its memory is known to the host by numbers only, and a
// worker thread plays the queue of a device. Read backend.c first (what is offered), then device.c, queue.c, kernels.c.
#ifndef TOY_H
#define TOY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>
#include <trivet/backend.h>
#include <trivet/backend_kit.h>

#define TOY_MAX_DEVICES 4
#define TOY_MAX_ARGS 4       // inputs plus outputs of the ops offered here
#define TOY_MAX_RANK 4       // of everything but copies
#define TOY_MAX_MATMUL_K 1024

// ---- device.c: one opened device, its configuration and its memory ---------------------------------------------------------------------
typedef struct toy_buffer {
  void *data;          // NULL: this slot is free
  uint64_t bytes;
  uint32_t generation; // rises with each use of the slot, so that an old handle is noticed
} toy_buffer;

typedef struct toy_stream toy_stream;

typedef struct toy_device {
  const rtb_host *host;
  pid_t pid;                 // of the process that opened it: threads do not survive fork
  uint32_t index;
  uint64_t batch, delay_us, fail_at, memory_bytes;
  int32_t fail_code;
  atomic_uint_fast64_t n_ops; // queued since open; fail_at counts in this
  atomic_bool is_lost;
  pthread_mutex_t lock;      // guards everything below; may be held while a stream's lock is taken, never the other way round
  toy_buffer *buffers;
  uint32_t n_buffers;
  uint64_t used_bytes;
  toy_stream *streams;       // a list
} toy_device;

extern const rtb_config_key toy_config_keys[];
int32_t toy_open(const rtb_host *host, uint32_t index, const char *config, void **out_dev);
void toy_close(void *dev);
int32_t toy_mem_alloc(void *dev, uint64_t bytes, uint64_t *out_buf);
void toy_mem_free(void *dev, uint64_t buf);
/// The address behind [offset, offset + bytes) of a buffer, for kernels only. NULL when that range does not exist.
char *toy_address(toy_device *dev, uint64_t buf, uint64_t offset, uint64_t bytes);
/// RTB_OK, or why nothing can be done with this device any more (forked, lost), with a sentence.
int32_t toy_check_alive(const toy_device *dev);

// ---- queue.c: streams ------------------------------------------------------------------------------------------------------------------
// An argument as a job keeps it: nothing in here points at what the host passed to fn, apart from the elements.
typedef struct toy_arg {
  char *data;            // element (0,0,...); for an immediate, its own `imm`
  int64_t numel;
  uint16_t dtype;
  uint8_t ndim, layout;
  int64_t shape[RTB_MAX_RANK], stride[RTB_MAX_RANK]; // strides in elements
  uint64_t imm;
} toy_arg;

typedef struct toy_job toy_job;
typedef void (*toy_run)(const toy_job *job);
/// Walks n elements of each argument: at[k] is where argument k starts, step[k] its distance in bytes.
typedef void (*toy_loop)(int64_t n, char *const *at, const int64_t *step);

struct toy_job {
  uint64_t seq;
  uint16_t op;
  uint8_t nin, n_args;
  bool fails;            // chosen by fail_at
  toy_run run;
  toy_loop loop;
  char *workspace;
  union { rtb_attr_axes axes; rtb_attr_window window; } attr;
  toy_arg arg[TOY_MAX_ARGS];
};

/// What resolve hands out as kctx: read-only while calls run.
typedef struct toy_kernel {
  toy_device *dev;
  toy_run run;
  toy_loop loop;
  uint32_t attr_bytes;
} toy_kernel;

int32_t toy_submit(void *kctx, void *stream, const rtb_op *op);
int32_t toy_stream_create(void *dev, void **out_stream);
void toy_stream_destroy(void *dev, void *stream);
int32_t toy_flush(void *dev, void *stream);
uint64_t toy_done(void *dev, void *stream, uint64_t *out_failed_seq);
int32_t toy_wait_host(void *dev, void *stream, uint64_t seq, uint64_t timeout_ns, rtb_error *out_error);
int32_t toy_quiesce(void *dev);

// ---- kernels.c: what the device computes -----------------------------------------------------------------------------------------------
/// The loop of an elementwise op (or of COPY and FILL) for the dtype of its inputs, and the dtype of its output. NULL: not offered.
toy_loop toy_find_loop(uint16_t op, uint16_t dtype, uint16_t *out_dtype);
void toy_run_map(const toy_job *job);    // anything elementwise, COPY and FILL
void toy_run_sum(const toy_job *job);    // f32 -> f32 (added in double), i32 -> i64
void toy_run_matmul(const toy_job *job); // f32; the workspace holds one row of double sums
void toy_run_max_pool(const toy_job *job); // f32, two spatial dimensions

#endif
