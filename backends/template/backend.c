// SPDX-License-Identifier: BSD-3-Clause
// The plugin to copy: a backend that computes in host memory, complete and small. It offers a few f32 ops; whatever it refuses runs
// elsewhere. Search for "template" and put your name there; then add rows, dtypes and layouts, and run the conformance tests on it.
#include <math.h>
#include <string.h>
#include <trivet/backend.h>
#include <trivet/backend_kit.h>

// ---- what is computed: to add an op, write its formula and add a row ------------------------------------------------------------------
// A call through a pointer per element is slow. It keeps this file short; yours will have one loop per op.
typedef float (*formula)(float a, float b);

static float add(float a, float b) { return a + b; }
static float subtract(float a, float b) { return a - b; }
static float multiply(float a, float b) { return a * b; }
static float negative(float a, float b) { (void)b; return -a; }
static float relu(float a, float b) { (void)b; return a > 0 || a != a ? a : 0; } // NaN stays, -0 becomes +0
static float root(float a, float b) { (void)b; return sqrtf(a); }

typedef struct row { uint16_t op; uint8_t nin; formula f; } row;
static const row rows[] = {
  {RTB_OP_ADD, 2, add}, {RTB_OP_SUB, 2, subtract}, {RTB_OP_MUL, 2, multiply},
  {RTB_OP_NEG, 1, negative}, {RTB_OP_RELU, 1, relu}, {RTB_OP_SQRT, 1, root},
};

// ---- state: one device per context, one kernel per signature; nothing is global --------------------------------------------------------
typedef struct device {
  const rtb_host *host; // valid from open to close
  int64_t grain;
} device;

typedef struct kernel {
  const device *dev;
  formula f;
} kernel;

// ---- running ---------------------------------------------------------------------------------------------------------------------------
typedef struct call {
  formula f;
  const float *a, *b;
  int64_t a_step, b_step; // 1, or 0 for one value that all elements share
  float *y;
} call;

// One chunk. The chunks are the same for any number of threads, so results are too.
static int32_t run_chunk(void *arg, int64_t begin, int64_t end) {
  const call *c = arg;
  for (int64_t i = begin; i < end; i++) c->y[i] = c->f(c->a[i * c->a_step], c->b[i * c->b_step]);
  return RTB_OK;
}

// The core has checked shapes, dtypes and overlap, and never passes an empty tensor. Output 0 may be an input: then it is exactly that
// input, element by element, which is fine here.
static int32_t run(void *kctx, void *stream, const rtb_op *op) {
  (void)stream; // synchronous backends get none
  const kernel *k = kctx;
  const rtb_view *a = op->args[0], *b = op->args[op->nin - 1], *y = op->args[op->nin];
  int is_dense = y->layout == RTB_DENSE;
  for (int i = 0; i < op->nin; i++) is_dense &= op->args[i]->layout == RTB_DENSE || op->args[i]->layout == RTB_IMM;
  if (is_dense) { // numel alone counts: whatever the shape is, all arguments share it
    call c = {k->f, a->data, b->data, a->layout != RTB_IMM, b->layout != RTB_IMM, y->data};
    return k->dev->host->parallel_for(k->dev->host, y->numel, k->dev->grain, run_chunk, &c);
  }
  const rtb_view *views[3] = {a, b, y}; // of one shape; a stride of 0 repeats an element, a negative one walks backwards
  rtb_walk w;
  for (rtb_walk_start(&w, y->shape, y->ndim, views, 3); !w.done; rtb_walk_next(&w)) {
    ((float *)y->data)[w.at[2]] = k->f(((const float *)a->data)[w.at[0]], ((const float *)b->data)[w.at[1]]);
  }
  return RTB_OK;
}

// ---- resolve: a kernel, or a reason ----------------------------------------------------------------------------------------------------
static void free_kernel(void *kctx) {
  kernel *k = kctx;
  k->dev->host->free(k->dev->host, k, sizeof *k);
}

// Called from any thread, also several at once. The answer is kept for all later calls with this signature.
static int32_t resolve(void *dev_ptr, const rtb_sig *sig, rtb_kernel *out) {
  const device *dev = dev_ptr;
  const rtb_host *host = dev->host;
  const row *found = NULL;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) if (rows[i].op == sig->op) found = &rows[i];
  if (!found || sig->prog) return rtb_refuse(out, RTB_UNSUPPORTED_OP, "template has no %s", host->op_name(host, sig->op));
  for (int i = 0; i < sig->nin + sig->nout; i++) {
    const rtb_sig_arg *arg = &sig->arg[i];
    if (arg->dtype != RTB_F32) {
      return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "template computes in f32, not in %s", host->dtype_name(host, arg->dtype));
    }
    if (arg->layout > RTB_IMM) { // block formats; every stride is welcome
      out->want_layout[i] = RTB_NEGATIVE;
      return rtb_refuse(out, RTB_UNSUPPORTED_LAYOUT, "template takes plain strides");
    }
  }
  kernel *k = host->alloc(host, sizeof *k, sizeof(void *)); // through the host, so that the embedder's limits hold
  if (!k) return rtb_failf(host, RTB_E_NO_MEMORY, "template: no memory for a kernel");
  *k = (kernel){dev, found->f};
  out->fn = run;
  out->kctx = k;
  out->free = free_kernel;
  return RTB_OK;
}

// ---- open and close --------------------------------------------------------------------------------------------------------------------
static const rtb_config_key config_keys[] = { // `trivet env` lists them; RT_TEMPLATE_GRAIN sets this one
  {"grain", "65536", "elements that one thread takes at a time"},
  {NULL, NULL, NULL},
};

static int32_t open_device(const rtb_host *host, uint32_t index, const char *config, void **out_dev) {
  (void)index; // without a `probe` there is one device
  int64_t grain = 65536;
  const char *line = config ? strstr(config, "grain=") : NULL;
  if (line) {
    grain = 0;
    for (const char *c = line + strlen("grain="); *c >= '0' && *c <= '9' && grain < 1000000000; c++) grain = grain * 10 + (*c - '0');
    if (grain < 1) return rtb_failf(host, RTB_E_ARGUMENT, "template: grain is not a number from 1: %.40s", line);
  }
  device *dev = host->alloc(host, sizeof *dev, sizeof(void *));
  if (!dev) return rtb_failf(host, RTB_E_NO_MEMORY, "template: no memory for a device");
  *dev = (device){host, grain};
  *out_dev = dev;
  return RTB_OK;
}

static void close_device(void *dev_ptr) {
  device *dev = dev_ptr;
  dev->host->free(dev->host, dev, sizeof *dev);
}

static const rtb_backend table = {
  RTB_BACKEND_HEADER, .caps = RTB_CAP_HOST_MEMORY | RTB_CAP_UNLOADABLE,
  .name = "template", .vendor = "you", .version = "0.1.0", .config_keys = config_keys,
  .open = open_device, .close = close_device, .resolve = resolve,
};

// The one exported symbol: cheap, without side effects, called as often as anyone likes.
RTB_EXPORT const rtb_backend *RTB_BACKEND_ENTRY(const rtb_host *host) {
  (void)host;
  return &table;
}
