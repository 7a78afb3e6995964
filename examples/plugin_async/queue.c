// SPDX-License-Identifier: BSD-3-Clause
// A stream: a ring of jobs that one worker thread runs in order. Jobs are held back until there are `batch` of them, or until a flush or a
// wait, as a device does that starts work by ringing an expensive doorbell. A failure is remembered with its seq; time goes on after it.
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "toy.h"

struct toy_stream {
  toy_device *dev;
  toy_stream *next;               // in dev->streams
  pthread_t worker;
  pthread_mutex_t lock;
  pthread_cond_t released_more;   // the worker waits for this
  pthread_cond_t ended_more;      // wait_host, and fn when the ring is full
  toy_job *ring;
  uint64_t capacity;
  uint64_t queued, released, ended; // counts of jobs: ended <= released <= queued <= ended + capacity
  uint64_t done_seq;              // of the last job that ended, well or not
  rtb_error error;                // the first failure; its seq is 0 while there is none
  bool stops;
};

// ---- the worker ------------------------------------------------------------------------------------------------------------------------

static int32_t execute(toy_device *dev, const toy_job *job) {
  if (dev->delay_us) {
    struct timespec t = {(time_t)(dev->delay_us / 1000000), (long)(dev->delay_us % 1000000) * 1000};
    nanosleep(&t, NULL);
  }
  if (atomic_load(&dev->is_lost)) return RTB_E_DEVICE_LOST;
  if (job->fails) {
    if (dev->fail_code == RTB_E_DEVICE_LOST) atomic_store(&dev->is_lost, true);
    return dev->fail_code;
  }
  job->run(job);
  return RTB_OK;
}

// Fills in the first failure of a stream. The lock is held.
static void record_failure(toy_stream *s, const toy_job *job, int32_t code) {
  s->error.size = sizeof s->error;
  s->error.code = code;
  s->error.seq = job->seq;
  s->error.op = job->op;
  const char *why = job->fails ? "fail_at asked for it" : "the device was lost before";
  snprintf(s->error.text, sizeof s->error.text, "%s (seq %llu)", why, (unsigned long long)job->seq); // the core names op and device
}

static void *work(void *arg) {
  toy_stream *s = arg;
  pthread_mutex_lock(&s->lock);
  for (;;) {
    while (s->ended == s->released && !s->stops) pthread_cond_wait(&s->released_more, &s->lock);
    if (s->ended == s->released) break;
    const toy_job *job = &s->ring[s->ended % s->capacity];
    bool skips = s->error.seq != 0; // after a failure nothing runs: its inputs may be rubbish
    pthread_mutex_unlock(&s->lock); // the slot stays ours until `ended` moves
    int32_t code = skips ? RTB_OK : execute(s->dev, job);
    pthread_mutex_lock(&s->lock);
    if (code != RTB_OK) record_failure(s, job, code);
    s->done_seq = job->seq;
    s->ended++;
    pthread_cond_broadcast(&s->ended_more);
  }
  pthread_mutex_unlock(&s->lock);
  return NULL;
}

// Hands everything that is queued to the worker. The lock is held.
static void release(toy_stream *s) {
  if (s->released == s->queued) return;
  s->released = s->queued;
  pthread_cond_signal(&s->released_more);
}

// ---- queueing one job ------------------------------------------------------------------------------------------------------------------

// Copies what a job needs of a view, and checks that all its elements lie in the buffer: a mistake is found here, not by the worker.
static int32_t bind(toy_device *dev, const rtb_view *view, toy_arg *arg) {
  int64_t bytes = rtb_dtype_bytes(view->dtype), low = 0, high = view->numel - 1; // of the elements, relative to element (0,0,...)
  arg->numel = view->numel, arg->dtype = view->dtype, arg->ndim = view->ndim, arg->layout = view->layout;
  if (view->layout == RTB_IMM) { // the value, now: its memory is gone when fn returns
    memcpy(&arg->imm, view->data, (size_t)bytes);
    arg->data = (char *)&arg->imm;
    return RTB_OK;
  }
  memcpy(arg->shape, view->shape, view->ndim * sizeof *arg->shape);
  memcpy(arg->stride, view->stride, view->ndim * sizeof *arg->stride);
  if (view->layout != RTB_DENSE) {
    high = 0;
    for (int32_t d = 0; d < view->ndim; d++) {
      int64_t reach = arg->stride[d] * (arg->shape[d] - 1);
      if (reach < 0) low += reach;
      else high += reach;
    }
  }
  if (view->buf == 0) { // host memory: only copies get here
    arg->data = view->data;
    return RTB_OK;
  }
  char *lowest = toy_address(dev, view->buf, view->offset + (uint64_t)(low * bytes), (uint64_t)((high - low + 1) * bytes));
  if (!lowest) {
    return rtb_failf(dev->host, RTB_E_INTERNAL, "toy: elements %lld to %lld round offset %llu are not inside buffer %llx", (long long)low,
                     (long long)high, (unsigned long long)view->offset, (unsigned long long)view->buf);
  }
  arg->data = lowest - low * bytes;
  return RTB_OK;
}

static int32_t fill_job(const toy_kernel *kernel, const rtb_op *op, toy_job *job) {
  job->seq = op->seq, job->op = op->op, job->nin = op->nin, job->n_args = (uint8_t)(op->nin + op->nout);
  job->run = kernel->run, job->loop = kernel->loop, job->workspace = NULL;
  if (kernel->attr_bytes) memcpy(&job->attr, op->attr, kernel->attr_bytes);
  for (int32_t k = 0; k < job->n_args; k++) {
    int32_t status = bind(kernel->dev, op->args[k], &job->arg[k]);
    if (status != RTB_OK) return status;
  }
  if (!op->workspace) return RTB_OK;
  job->workspace = toy_address(kernel->dev, op->workspace->buf, op->workspace->offset, 1);
  return job->workspace ? RTB_OK : rtb_failf(kernel->dev->host, RTB_E_INTERNAL, "toy: the workspace is not in a buffer of this device");
}

// The rtb_fn of every kernel here. Calls on one stream come from one thread at a time, so the slot behind `queued` is ours without a lock.
int32_t toy_submit(void *kctx, void *stream, const rtb_op *op) {
  const toy_kernel *kernel = kctx;
  toy_device *dev = kernel->dev;
  toy_stream *s = stream;
  int32_t status = toy_check_alive(dev);
  if (status != RTB_OK) return status;
  pthread_mutex_lock(&s->lock);
  if (s->queued - s->ended == s->capacity) release(s);
  while (s->queued - s->ended == s->capacity) pthread_cond_wait(&s->ended_more, &s->lock);
  toy_job *job = &s->ring[s->queued % s->capacity];
  pthread_mutex_unlock(&s->lock);
  if ((status = fill_job(kernel, op, job))) return status; // nothing was queued, so op->seq stays unused
  job->fails = atomic_fetch_add(&dev->n_ops, 1) + 1 == dev->fail_at;
  pthread_mutex_lock(&s->lock);
  s->queued++;
  if (s->queued - s->released >= dev->batch) release(s);
  pthread_mutex_unlock(&s->lock);
  return RTB_OK;
}

// ---- the slots of the table ------------------------------------------------------------------------------------------------------------

static void free_stream(toy_stream *s) {
  const rtb_host *host = s->dev->host;
  if (s->ring) host->free(host, s->ring, s->capacity * sizeof *s->ring);
  host->free(host, s, sizeof *s);
}

// The worker must not take the signals of the program it lives in.
static int start_worker(toy_stream *s) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failed = pthread_create(&s->worker, NULL, work, s);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return failed;
}

int32_t toy_stream_create(void *dev_ptr, void **out_stream) {
  toy_device *dev = dev_ptr;
  const rtb_host *host = dev->host;
  *out_stream = NULL;
  int32_t status = toy_check_alive(dev);
  if (status != RTB_OK) return status;
  toy_stream *s = host->alloc(host, sizeof *s, _Alignof(toy_stream));
  if (!s) return rtb_failf(host, RTB_E_NO_MEMORY, "toy: no memory for a stream");
  memset(s, 0, sizeof *s);
  s->dev = dev;
  s->capacity = 2 * dev->batch < 32 ? 32 : 2 * dev->batch;
  s->ring = host->alloc(host, s->capacity * sizeof *s->ring, _Alignof(toy_job));
  if (!s->ring) {
    free_stream(s);
    return rtb_failf(host, RTB_E_NO_MEMORY, "toy: no memory for a queue of %llu jobs", (unsigned long long)(2 * dev->batch));
  }
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_mutex_init(&s->lock, NULL); // on Linux these three cannot fail
  pthread_cond_init(&s->released_more, NULL);
  pthread_cond_init(&s->ended_more, &monotonic);
  pthread_condattr_destroy(&monotonic);
  int failed = start_worker(s);
  if (failed) {
    free_stream(s);
    return rtb_failf(host, RTB_E_BACKEND, "toy: no thread for a stream (%s)", failed == EAGAIN ? "too many threads" : "not allowed");
  }
  pthread_mutex_lock(&dev->lock);
  s->next = dev->streams, dev->streams = s;
  pthread_mutex_unlock(&dev->lock);
  *out_stream = s;
  return RTB_OK;
}

void toy_stream_destroy(void *dev_ptr, void *stream) {
  toy_device *dev = dev_ptr;
  toy_stream *s = stream;
  if (!s || dev->pid != getpid()) return; // in a forked child there is no worker to join
  pthread_mutex_lock(&dev->lock);
  for (toy_stream **link = &dev->streams; *link; link = &(*link)->next) {
    if (*link == s) { *link = s->next; break; }
  }
  pthread_mutex_unlock(&dev->lock);
  pthread_mutex_lock(&s->lock);
  s->stops = true;
  release(s);
  pthread_cond_signal(&s->released_more);
  pthread_mutex_unlock(&s->lock);
  pthread_join(s->worker, NULL);
  pthread_cond_destroy(&s->released_more);
  pthread_cond_destroy(&s->ended_more);
  pthread_mutex_destroy(&s->lock);
  free_stream(s);
}

int32_t toy_flush(void *dev_ptr, void *stream) {
  const toy_device *dev = dev_ptr;
  toy_stream *s = stream;
  if (dev->pid != getpid()) return toy_check_alive(dev);
  pthread_mutex_lock(&s->lock);
  release(s);
  pthread_mutex_unlock(&s->lock);
  return RTB_OK;
}

uint64_t toy_done(void *dev_ptr, void *stream, uint64_t *out_failed_seq) {
  const toy_device *dev = dev_ptr;
  toy_stream *s = stream;
  if (dev->pid != getpid()) { // nobody touches the memory any more, and nothing was computed
    *out_failed_seq = 1;
    return UINT64_MAX;
  }
  pthread_mutex_lock(&s->lock);
  uint64_t seq = s->done_seq;
  *out_failed_seq = s->error.seq;
  pthread_mutex_unlock(&s->lock);
  return seq;
}

// A point in time, timeout_ns from now. False when it is too far away to matter.
static bool deadline_in(uint64_t timeout_ns, struct timespec *out) {
  if (timeout_ns > (uint64_t)INT64_MAX) return false;
  clock_gettime(CLOCK_MONOTONIC, out);
  out->tv_sec += (time_t)(timeout_ns / 1000000000u);
  out->tv_nsec += (long)(timeout_ns % 1000000000u);
  if (out->tv_nsec >= 1000000000) out->tv_sec++, out->tv_nsec -= 1000000000;
  return true;
}

static void fill_error(rtb_error *out, const rtb_error *from) {
  if (!out) return;
  uint32_t bytes = out->size && out->size < sizeof *from ? out->size : (uint32_t)sizeof *from; // the host may know fewer fields
  memcpy((char *)out + sizeof out->size, (const char *)from + sizeof from->size, bytes - sizeof from->size);
}

int32_t toy_wait_host(void *dev_ptr, void *stream, uint64_t seq, uint64_t timeout_ns, rtb_error *out_error) {
  const toy_device *dev = dev_ptr;
  toy_stream *s = stream;
  if (dev->pid != getpid()) {
    rtb_error forked = {.size = sizeof forked, .code = RTB_E_FORKED, .seq = seq, .text = "toy: the device was opened before fork"};
    fill_error(out_error, &forked);
    return toy_check_alive(dev);
  }
  struct timespec deadline;
  bool has_deadline = deadline_in(timeout_ns, &deadline);
  int waited = 0;
  pthread_mutex_lock(&s->lock);
  release(s);
  while (s->done_seq < seq && s->ended < s->queued && waited == 0) { // a seq whose fn failed has nothing of its own to wait for
    waited = has_deadline ? pthread_cond_timedwait(&s->ended_more, &s->lock, &deadline)
                          : pthread_cond_wait(&s->ended_more, &s->lock);
  }
  bool is_reached = s->done_seq >= seq || s->ended == s->queued, is_lost = atomic_load(&dev->is_lost);
  rtb_error error = s->error;
  pthread_mutex_unlock(&s->lock);
  if (is_lost && !error.seq) { // lost through another stream: what this one computed went with the memory
    error = (rtb_error){.size = sizeof error, .code = RTB_E_DEVICE_LOST, .seq = seq, .text = "toy: the device is lost"};
  }
  if (is_lost || (error.seq && seq >= error.seq)) {
    fill_error(out_error, &error);
    return dev->host->fail(dev->host, error.code, error.text);
  }
  if (is_reached) return RTB_OK;
  return rtb_failf(dev->host, RTB_E_TIMEOUT, "toy: seq %llu is not reached yet", (unsigned long long)seq);
}

int32_t toy_quiesce(void *dev_ptr) {
  toy_device *dev = dev_ptr;
  if (dev->pid != getpid()) return RTB_OK;
  pthread_mutex_lock(&dev->lock);
  for (toy_stream *s = dev->streams; s; s = s->next) {
    pthread_mutex_lock(&s->lock);
    release(s);
    while (s->ended < s->queued) pthread_cond_wait(&s->ended_more, &s->lock);
    pthread_mutex_unlock(&s->lock);
  }
  pthread_mutex_unlock(&dev->lock);
  return RTB_OK;
}
