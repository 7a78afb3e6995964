// SPDX-License-Identifier: BSD-3-Clause
// Creation: ARANGE and random numbers. Element i in C order depends on i alone; pieces are computed in i64 or f64, then cast to their place.
// docs/numerics.md defines every bit.
#include <math.h>

#include "simd.h"

#define PIECE 1024

typedef struct make_kernel make_kernel;
typedef struct make_job { const make_kernel *kernel; const rtb_op *op; int64_t step[RTB_MAX_RANK]; bool dense; } make_job;
/// Elements first to first + n to 8 bytes each.
typedef void (*make_fn)(const make_job *job, int64_t first, int64_t n, void *wide);
struct make_kernel {
  simd_device *dev;
  make_fn fn;
  simd_map cast; // NULL: the wide elements are the result
  int64_t grain; // in pieces
  uint16_t dtype;
};

static double real_at(const rtb_op *op, int32_t k) {
  double x;
  memcpy(&x, op->args[k]->data, sizeof x);
  return x;
}
static uint64_t word_at(const rtb_op *op, int32_t k) {
  uint64_t x;
  memcpy(&x, op->args[k]->data, sizeof x);
  return x;
}

static void ramp_real(const make_job *job, int64_t first, int64_t n, void *wide) {
  job->kernel->dev->isa->makes->ramp(n, first, real_at(job->op, 0), real_at(job->op, 1), wide);
}
static void ramp_integer(const make_job *job, int64_t first, int64_t n, void *wide) { // wrapping makes i64 and u64 one
  const uint64_t start = word_at(job->op, 0), step = word_at(job->op, 1);
  uint64_t *to = wide;
  for (int64_t i = 0; i < n; i++) to[i] = start + (uint64_t)(first + i) * step;
}

/// `first` is a multiple of PIECE, so blocks are never cut.
static void words(const make_job *job, int64_t first, int64_t n, int64_t words_each, uint32_t *to) {
  const uint64_t seed = word_at(job->op, 0), stream = word_at(job->op, 1);
  const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)}, high[2] = {(uint32_t)stream, (uint32_t)(stream >> 32)};
  job->kernel->dev->isa->makes->philox((n * words_each + 3) / 4, (uint64_t)(first * words_each / 4), key, high, to);
}

static void uniform(const make_job *job, int64_t first, int64_t n, void *wide) {
  static const int32_t bits[] = {[RTB_F16] = 11, [RTB_BF16] = 8, [RTB_F32] = 24, [RTB_F64] = 53};
  uint32_t word[2 * PIECE];
  words(job, first, n, job->kernel->dtype == RTB_F64 ? 2 : 1, word);
  job->kernel->dev->isa->makes->uniform(n, word, bits[job->kernel->dtype], real_at(job->op, 2), real_at(job->op, 3), wide);
}

// cos(2 pi turns) for turns in [0, 1): the quadrant is taken off exactly, so the zeros are zeros.
#define COS_TURNS(name, real, m)                                                                               \
  static real name(real turns) {                                                                               \
    const real quarters = turns * 4, nearest = m(floor)(quarters + (real)0.5);                                 \
    const real angle = (quarters - nearest) * (real)1.570796326794896619231321691639751442L;                  \
    const real size = (int)nearest & 1 ? m(sin)(angle) : m(cos)(angle);                                        \
    return ((int)nearest & 3) == 1 || ((int)nearest & 3) == 2 ? -size : size;                                  \
  }
#define PLAIN(name) name
#define LONG(name) name##l
COS_TURNS(cos_turns, double, PLAIN)
COS_TURNS(cos_turns_long, long double, LONG)

/// Box and Muller, the cosine of each pair.
static void normal(const make_job *job, int64_t first, int64_t n, void *wide) {
  const double mean = real_at(job->op, 2), std = real_at(job->op, 3);
  double *to = wide;
  uint32_t word[4 * PIECE];
  if (job->kernel->dtype == RTB_F64) {
    words(job, first, n, 4, word);
    for (int64_t i = 0; i < n; i++) {
      const uint32_t *w = word + 4 * i;
      const long double u1 = (long double)((((uint64_t)w[1] << 32 | w[0]) >> 11) + 1) * 0x1p-53L, u2 = (long double)(((uint64_t)w[3] << 32 | w[2]) >> 11) * 0x1p-53L;
      to[i] = (double)(mean + std * (sqrtl(-2 * logl(u1)) * cos_turns_long(u2)));
    }
  } else {
    words(job, first, n, 2, word);
    for (int64_t i = 0; i < n; i++) to[i] = mean + std * (sqrt(-2 * log(((double)word[2 * i] + 1) * 0x1p-32)) * cos_turns(word[2 * i + 1] * 0x1p-32));
  }
}

static int32_t body(void *arg, int64_t begin, int64_t end) {
  const make_job *job = arg;
  const make_kernel *kernel = job->kernel;
  const rtb_view *out = job->op->args[job->op->nin];
  const int64_t bytes = rtb_dtype_bytes(out->dtype);
  const simd_moves *moves = simd_moves_of(kernel->dev, (uint32_t)bytes);
  _Alignas(64) char wide[PIECE * 8], piece[PIECE * 16];
  for (int64_t i = begin * PIECE; i < end * PIECE && i < out->numel; i += PIECE) {
    const int64_t n = out->numel - i < PIECE ? out->numel - i : PIECE;
    char *to = job->dense ? (char *)out->data + i * bytes : piece;
    kernel->fn(job, i, n, kernel->cast ? wide : to);
    const void *in[1] = {wide};
    if (kernel->cast) kernel->cast(n, in, to, 0);
    if (!job->dense) simd_unpack(moves, out->ndim, out->shape, job->step, piece, i, n, out->data);
  }
  return RTB_OK;
}

static int32_t run(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  const make_kernel *kernel = kctx;
  const rtb_view *out = op->args[op->nin];
  make_job job = {.kernel = kernel, .op = op, .dense = true};
  int64_t below = 1; // of a dense permutation, C order is not memory order
  for (int32_t d = out->ndim - 1; d >= 0; d--) {
    job.step[d] = out->stride[d] * (int64_t)rtb_dtype_bytes(out->dtype);
    job.dense = job.dense && out->stride[d] == below;
    below *= out->shape[d];
  }
  return simd_parallel(kernel->dev, (out->numel + PIECE - 1) / PIECE, kernel->grain, body, &job);
}

int32_t simd_resolve_make(simd_device *dev, const rtb_sig *sig, rtb_kernel *out) {
  const uint16_t to = sig->arg[sig->nin].dtype, from = sig->op == RTB_OP_ARANGE ? sig->arg[0].dtype : RTB_F64;
  const char *name = simd_op_name(dev, sig->op);
  for (int32_t k = 0; k < sig->nin; k++)
    if (sig->arg[k].layout != RTB_IMM) return rtb_refuse(out, RTB_UNSUPPORTED_LAYOUT, "%s: argument %d must be an immediate", name, k);
  simd_map cast;
  if (sig->arg[sig->nin].layout > RTB_NEGATIVE || !simd_cast_of(dev, from, to, &cast))
    return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "%s: no vector kernel makes %s", name, simd_dtype_name(dev, to));
  make_kernel *kernel = simd_context(dev, sizeof *kernel, out);
  if (!kernel) return RTB_E_NO_MEMORY;
  kernel->cast = cast, kernel->dtype = to;
  kernel->fn = sig->op == RTB_OP_RANDOM_UNIFORM ? uniform : sig->op == RTB_OP_RANDOM_NORMAL ? normal : from == RTB_F64 ? ramp_real : ramp_integer;
  kernel->grain = sig->op == RTB_OP_RANDOM_NORMAL ? 1 : sig->op == RTB_OP_RANDOM_UNIFORM ? 8 : 32;
  out->fn = run;
  return RTB_OK;
}
