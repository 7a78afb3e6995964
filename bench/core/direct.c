// SPDX-License-Identifier: BSD-3-Clause
// Calls a kernel of the reference plugin the way a program without a core would: opens the file, asks its table for f32 addition of dense
// arguments, and calls the function on four elements. What a call through the core costs beyond this is the core's overhead.
#include "bench.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <trivet/backend.h>

// ---- a host that offers the plain minimum ----------------------------------------------------------------------------------------------
static void *host_alloc(const rtb_host *host, uint64_t bytes, uint64_t align) {
  (void)host;
  uint64_t step = align < sizeof(void *) ? sizeof(void *) : align;
  return aligned_alloc(step, (bytes + step - 1) / step * step);
}
static void host_free(const rtb_host *host, void *ptr, uint64_t bytes) { (void)host, (void)bytes, free(ptr); }
static void host_log(const rtb_host *host, int32_t level, const char *text) { (void)host, (void)level, (void)text; }
static int32_t host_fail(const rtb_host *host, int32_t code, const char *text) {
  (void)host;
  fprintf(stderr, "bench: cpu_ref: %s\n", text);
  return code;
}
static int32_t host_parallel_for(const rtb_host *host, int64_t n, int64_t grain, rtb_body body, void *arg) {
  (void)host;
  int32_t status = RTB_OK;
  for (int64_t begin = 0; status == RTB_OK && begin < n; begin += grain) status = body(arg, begin, n - begin < grain ? n : begin + grain);
  return status;
}
static uint32_t host_n_threads(const rtb_host *host) { (void)host; return 1; }
static int32_t host_is_cancelled(const rtb_host *host) { (void)host; return 0; }
static uint64_t host_now_ns(const rtb_host *host) {
  (void)host;
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
static const char *host_name(const rtb_host *host, uint16_t code) { (void)host, (void)code; return "?"; }

static const rtb_host host = {
    .size = sizeof(rtb_host), .major = RTB_MAJOR, .minor = RTB_MINOR, .build = RTB_BUILD, .alloc = host_alloc, .free = host_free, .log = host_log,
    .fail = host_fail, .parallel_for = host_parallel_for, .n_threads = host_n_threads, .is_cancelled = host_is_cancelled,
    .now_ns = host_now_ns, .op_name = host_name, .dtype_name = host_name};

// ---- the call ----------------------------------------------------------------------------------------------------------------------------
typedef struct direct {
  rtb_kernel kernel;
  rtb_op op;
  rtb_view view[3];
  const rtb_view *args[3];
  int64_t shape[1], stride[1];
  _Alignas(64) float data[3][16]; // each view on a cache line of its own
} direct;
static direct call;

static bool run_direct(bench_case *self, int64_t n) {
  direct *d = self->out;
  rtb_fn volatile fn = d->kernel.fn; // loaded for each call, as from the core's table
  int32_t status = RTB_OK;
  for (int64_t i = 0; i < n; i++) status |= fn(d->kernel.kctx, NULL, &d->op);
  return status == RTB_OK;
}

bool add_direct_case(bench *all) {
  void *library = dlopen(all->reference_path, RTLD_NOW | RTLD_LOCAL);
  if (!library) return complain(dlerror());
  union { void *address; rtb_backend_entry_fn function; } entry = {.address = dlsym(library, RTB_BACKEND_ENTRY_NAME)}; // ISO C has no such cast
  const rtb_backend *backend = entry.address ? entry.function(&host) : NULL;
  void *device = (void *)&host; // what a backend without `open` gets; it only reads it
  if (!backend) return complain("cpu_ref has no table");
  if (backend->open && backend->open(&host, 0, "", &device) != RTB_OK) return complain("cpu_ref does not open");

  direct *d = &call;
  rtb_sig_arg arg = {.dtype = RTB_F32, .layout = RTB_DENSE, .rank = 1, .space = RTB_SPACE_HOST}, sig_args[3] = {arg, arg, arg};
  rtb_sig sig = {.size = sizeof sig, .op = RTB_OP_ADD, .nin = 2, .nout = 1, .arg = sig_args};
  d->kernel = (rtb_kernel){.size = sizeof d->kernel, .kctx = device};
  if (backend->resolve(device, &sig, &d->kernel) != RTB_OK) return complain(d->kernel.why);
  d->shape[0] = 4, d->stride[0] = 1;
  for (int k = 0; k < 3; k++) {
    for (int i = 0; i < 4; i++) d->data[k][i] = (float)(k + i);
    d->view[k] = (rtb_view){.data = d->data[k], .numel = 4, .dtype = RTB_F32, .ndim = 1, .layout = RTB_DENSE, .shape = d->shape, .stride = d->stride};
    d->args[k] = &d->view[k];
  }
  d->op = (rtb_op){.op = RTB_OP_ADD, .nin = 2, .nout = 1, .args = d->args};
  bench_case *c = add_case(all, "direct/4");
  c->run = run_direct;
  c->out = d;
  if (!run_direct(c, 1) || d->data[2][3] != 7) return complain("cpu_ref adds wrongly when called directly");
  return true;
}
