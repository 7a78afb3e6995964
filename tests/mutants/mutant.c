// SPDX-License-Identifier: BSD-3-Clause
// A backend with one mistake at a time, chosen by its configuration key `bug`: the mistakes that kernels really have. It exists to show
// that the conformance grid notices each, in a cell whose name tells why. With bug=none it is right.
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <trivet/backend_kit.h>

typedef enum bug {
  NONE, TAIL, OFFSET, STRIDE, BROADCAST, GAP, INPUT, NAN_LOST, ZERO_SIGN, ROUND_TIE, ARGMAX_TIE, CAST_TRUNCATES, FMA_TWICE, SUM_NARROW,
  SHIFT_WRAPS, DEPTH_TAIL, TILE_EDGE, HALF_ENTRY, VANISHED_SIGN, BUGS
} bug;
static const char *const bug_names[BUGS] = {
  "none", "tail", "offset", "stride", "broadcast", "gap", "input", "nan_lost", "zero_sign", "round_tie", "argmax_tie", "cast_truncates",
  "fma_twice", "sum_narrow", "shift_wraps", "depth_tail", "tile_edge", "half_entry", "vanished_sign"};

typedef struct mutant {
  const rtb_host *host;
  bug bug;
} mutant;

// ---- elementwise ----------------------------------------------------------------------------------------------------------------------
typedef float (*scalar_fn)(const mutant *m, const float *x);

static float add(const mutant *m, const float *x) { return (void)m, x[0] + x[1]; }
static float neg(const mutant *m, const float *x) { return m->bug == ZERO_SIGN ? 0 - x[0] : -x[0]; }
static float round_even(const mutant *m, const float *x) { return m->bug == ROUND_TIE ? roundf(x[0]) : nearbyintf(x[0]); }
static float fma_once(const mutant *m, const float *x) {
  if (m->bug != FMA_TWICE) return fmaf(x[0], x[1], x[2]);
  volatile float product = x[0] * x[1];
  return product + x[2];
}
static float maximum(const mutant *m, const float *x) {
  if (m->bug != NAN_LOST && (x[0] != x[0] || x[1] != x[1])) return x[0] + x[1];
  if (x[0] == x[1]) return signbit(x[0]) ? x[1] : x[0];
  return x[0] > x[1] ? x[0] : x[1];
}

static float silu(const mutant *m, const float *x) {
  if (m->bug == VANISHED_SIGN && x[0] < -200) return 0.0f; // the exact result is below 0 and rounds to -0
  return x[0] == -INFINITY ? -0.0f : (float)(x[0] / (1 + exp(-(double)x[0])));
}

static scalar_fn find_scalar(uint16_t op) {
  switch (op) {
    case RTB_OP_ADD: return add;
    case RTB_OP_NEG: return neg;
    case RTB_OP_ROUND: return round_even;
    case RTB_OP_FMA: return fma_once;
    case RTB_OP_MAXIMUM: return maximum;
    case RTB_OP_SILU: return silu;
    default: return NULL;
  }
}

/// Where input k really reads, after the mistakes about memory.
static const float *input_at(const mutant *m, const rtb_view *v, int64_t at, int64_t i) {
  const float *data = v->data;
  // As if every view began where its memory does, which is at a multiple of 64 bytes.
  if (m->bug == OFFSET && v->layout == RTB_DENSE) data = (const float *)((uintptr_t)data & ~(uintptr_t)63);
  if (m->bug == STRIDE && v->layout == RTB_STRIDED) return data + i;
  if (m->bug == BROADCAST && v->layout == RTB_BCAST) { // as if it were dense, held inside of what there is
    int64_t n = 1;
    for (int32_t d = 0; d < v->ndim; d++) if (v->stride[d] != 0) n *= v->shape[d];
    return data + i % n;
  }
  return data + at;
}

static int32_t run_map(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  const mutant *m = kctx;
  scalar_fn f = find_scalar(op->op);
  const rtb_view *y = op->args[op->nin];
  float *out = y->data;
  bool is_dense = true;
  for (int k = 0; k <= op->nin; k++) is_dense = is_dense && (op->args[k]->layout == RTB_DENSE || op->args[k]->layout == RTB_IMM);
  float x[3];
  if (is_dense) {
    int64_t n = m->bug == TAIL ? y->numel / 8 * 8 : y->numel;
    for (int64_t i = 0; i < n; i++) {
      for (int k = 0; k < op->nin; k++) x[k] = *input_at(m, op->args[k], op->args[k]->layout == RTB_IMM ? 0 : i, i);
      out[i] = f(m, x);
    }
  } else {
    rtb_walk w;
    int64_t i = 0;
    for (rtb_walk_start(&w, y->shape, y->ndim, op->args, op->nin + 1); !w.done; rtb_walk_next(&w), i++) {
      for (int k = 0; k < op->nin; k++) x[k] = *input_at(m, op->args[k], w.at[k], i);
      out[w.at[op->nin]] = f(m, x);
      if (m->bug == GAP && y->ndim && y->stride[y->ndim - 1] == 2) out[w.at[op->nin] + 1] = 0; // a vector store over the gap
    }
  }
  if (m->bug == INPUT && op->args[0]->layout == RTB_DENSE && op->args[0]->data != y->data) ((float *)op->args[0]->data)[0] += 1;
  return RTB_OK;
}

static int32_t run_neg_f16(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  const mutant *m = kctx;
  rtb_walk w;
  for (rtb_walk_start(&w, op->args[1]->shape, op->args[1]->ndim, op->args, 2); !w.done; rtb_walk_next(&w)) {
    const uint16_t bits = ((const uint16_t *)op->args[0]->data)[w.at[0]];
    // One entry of a table of 65,536 is off by one in its last digit.
    ((uint16_t *)op->args[1]->data)[w.at[1]] = bits ^ (m->bug == HALF_ENTRY && bits == 0x5a3c ? 0x8001u : 0x8000u);
  }
  return RTB_OK;
}

static int32_t run_shift(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  const mutant *m = kctx;
  rtb_walk w;
  for (rtb_walk_start(&w, op->args[2]->shape, op->args[2]->ndim, op->args, 3); !w.done; rtb_walk_next(&w)) {
    uint32_t a = ((const uint32_t *)op->args[0]->data)[w.at[0]];
    int32_t b = ((const int32_t *)op->args[1]->data)[w.at[1]];
    bool fits = m->bug == SHIFT_WRAPS || (b >= 0 && b < 32); // hardware takes the count modulo 32
    ((uint32_t *)op->args[2]->data)[w.at[2]] = fits ? a << (b & 31) : 0;
  }
  return RTB_OK;
}

static int32_t run_cast(void *kctx, void *stream, const rtb_op *op) { // f32 to bf16
  (void)stream;
  const mutant *m = kctx;
  rtb_walk w;
  for (rtb_walk_start(&w, op->args[1]->shape, op->args[1]->ndim, op->args, 2); !w.done; rtb_walk_next(&w)) {
    float x = ((const float *)op->args[0]->data)[w.at[0]];
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if (x != x) bits |= 0x400000u;
    else if (m->bug != CAST_TRUNCATES) bits += 0x7fffu + (bits >> 16 & 1);
    ((uint16_t *)op->args[1]->data)[w.at[1]] = (uint16_t)(bits >> 16);
  }
  return RTB_OK;
}

// ---- over axes: the output has extent 1 where the input is folded ---------------------------------------------------------------------
static float narrow(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  bits &= 0xffff0000u;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static int32_t run_fold(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  const mutant *m = kctx;
  const rtb_view *x = op->args[0], *y = op->args[1];
  uint32_t axes = ((const rtb_attr_axes *)op->attr)->axes;
  int64_t kept[RTB_MAX_RANK], folded[RTB_MAX_RANK];
  for (int32_t d = 0; d < x->ndim; d++) kept[d] = axes >> d & 1 ? 1 : x->shape[d], folded[d] = axes >> d & 1 ? x->shape[d] : 1;
  const rtb_view *outer_views[] = {x, y}, *inner_views[] = {x};
  rtb_walk outer, inner;
  for (rtb_walk_start(&outer, kept, x->ndim, outer_views, 2); !outer.done; rtb_walk_next(&outer)) {
    const float *from = (const float *)x->data + outer.at[0];
    double sum = 0;
    float best = 0;
    int64_t n = 0, best_index = 0;
    for (rtb_walk_start(&inner, folded, x->ndim, inner_views, 1); !inner.done; rtb_walk_next(&inner), n++) {
      float v = from[inner.at[0]];
      sum = m->bug == SUM_NARROW ? narrow((float)sum + v) : sum + v;
      bool is_better = v > best || (v != v && best == best) || (m->bug == ARGMAX_TIE && v == best);
      if (n == 0 || is_better) best = v, best_index = n;
    }
    if (op->op == RTB_OP_SUM) ((float *)y->data)[outer.at[1]] = (float)sum;
    else ((int64_t *)y->data)[outer.at[1]] = best_index;
  }
  return RTB_OK;
}

static int32_t run_matmul(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  const mutant *m = kctx;
  const rtb_view *a = op->args[0], *b = op->args[1], *y = op->args[2];
  int64_t depth = m->bug == DEPTH_TAIL && a->shape[1] > 4 ? a->shape[1] / 4 * 4 : a->shape[1];
  for (int64_t i = 0; i < y->shape[0]; i++) {
    for (int64_t j = 0; j < y->shape[1]; j++) {
      double sum = 0;
      const float *row = (const float *)a->data + i * a->stride[0], *column = (const float *)b->data + j * b->stride[1];
      for (int64_t k = 0; k < depth; k++) sum += (double)row[k * a->stride[1]] * column[k * b->stride[0]];
      bool is_lost = m->bug == TILE_EDGE && y->shape[0] > 8 && y->shape[0] % 8 == 3 && y->shape[1] > 16 && i + 1 == y->shape[0] && j == 16;
      ((float *)y->data)[i * y->stride[0] + j * y->stride[1]] = is_lost ? 0 : (float)sum;
    }
  }
  return RTB_OK;
}

// ---- the table ------------------------------------------------------------------------------------------------------------------------
static int32_t resolve(void *dev, const rtb_sig *sig, rtb_kernel *out) {
  (void)dev;
  uint16_t in = RTB_F32, result = RTB_F32;
  switch (sig->op) {
    case RTB_OP_SHIFT_LEFT: out->fn = run_shift, in = result = RTB_I32; break;
    case RTB_OP_CAST: out->fn = run_cast, result = RTB_BF16; break;
    case RTB_OP_SUM: out->fn = run_fold; break;
    case RTB_OP_ARGMAX: out->fn = run_fold, result = RTB_I64; break;
    case RTB_OP_MATMUL: out->fn = run_matmul; break;
    default: out->fn = find_scalar(sig->op) ? run_map : NULL;
  }
  if (sig->op == RTB_OP_NEG && sig->arg[0].dtype == RTB_F16) out->fn = run_neg_f16, in = result = RTB_F16;
  if (!out->fn) return rtb_refuse(out, RTB_UNSUPPORTED_OP, "mutant has no such operation");
  bool fits = sig->arg[sig->nin].dtype == result;
  for (int k = 0; k < sig->nin; k++) fits = fits && sig->arg[k].dtype == in;
  if (!fits) return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "mutant has one dtype per operation");
  if (sig->op == RTB_OP_MATMUL) {
    if (sig->alias) return rtb_refuse(out, RTB_UNSUPPORTED_ALIAS, "mutant matmul needs an output of its own");
    if (sig->arg[0].rank != 2 || sig->arg[1].rank != 2) return rtb_refuse(out, RTB_UNSUPPORTED_RANK, "mutant multiplies matrices only");
  }
  return RTB_OK;
}

static int32_t open_device(const rtb_host *host, uint32_t index, const char *config, void **out_dev) {
  (void)index;
  mutant *m = host->alloc(host, sizeof *m, sizeof(void *));
  if (!m) return host->fail(host, RTB_E_NO_MEMORY, "mutant: no memory");
  m->host = host, m->bug = NONE;
  const char *value = config ? strstr(config, "bug=") : NULL;
  size_t length = value ? strcspn(value += 4, "\n") : 0;
  for (int b = 0; b < BUGS && value; b++)
    if (strlen(bug_names[b]) == length && memcmp(bug_names[b], value, length) == 0) m->bug = (bug)b;
  *out_dev = m;
  return RTB_OK;
}

static void close_device(void *dev) {
  mutant *m = dev;
  m->host->free(m->host, m, sizeof *m);
}

static const rtb_config_key keys[] = {{"bug", "none", "which mistake its kernels make"}, {NULL, NULL, NULL}};
static const rtb_backend table = {
  RTB_BACKEND_HEADER, .caps = RTB_CAP_HOST_MEMORY,
  .name = "mutant", .vendor = "the tests", .version = "0.1.0", .config_keys = keys,
  .open = open_device, .close = close_device, .resolve = resolve,
};

RTB_EXPORT const rtb_backend *RTB_BACKEND_ENTRY(const rtb_host *host) {
  (void)host;
  return &table;
}
