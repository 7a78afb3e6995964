// SPDX-License-Identifier: BSD-3-Clause
// Operations that read by index values: gather, take_along, gather_nd. First every index is checked and turned into an offset in x, then
// elements or runs of them are moved. Nothing is read because of a bad index, and the sentence names the first one in C order whatever
// the number of threads.
#include <string.h>

#include "index.h"

#define CHECK_GRAIN 16384 // indices
#define MOVE_GRAIN 65536  // bytes

// ---- from indices to offsets ----------------------------------------------------------------------------------------------------------------
/// n indices, `step` elements apart, as numbers; u64 beyond the range of i64 becomes a number that is out of every range, -1 - INT64_MAX.
typedef void (*read_indices)(int64_t n, const void *from, int64_t step, int64_t *to);
#define READER(name, type, convert)                                                                                                        \
  static void read_##name(int64_t n, const void *from, int64_t step, int64_t *to) {                                                        \
    const type *at = from;                                                                                                                 \
    for (int64_t i = 0; i < n; i++) { const type v = at[i * step]; to[i] = convert; }                                                      \
  }
READER(i8, int8_t, v) READER(i16, int16_t, v) READER(i32, int32_t, v) READER(i64, int64_t, v)
READER(u8, uint8_t, v) READER(u16, uint16_t, v) READER(u32, uint32_t, (int64_t)v) READER(u64, uint64_t, v > INT64_MAX ? INT64_MIN : (int64_t)v)
static const read_indices readers[SIMD_DTYPES] = {
  [RTB_I8] = read_i8, [RTB_I16] = read_i16, [RTB_I32] = read_i32, [RTB_I64] = read_i64,
  [RTB_U8] = read_u8, [RTB_U16] = read_u16, [RTB_U32] = read_u32, [RTB_U64] = read_u64,
};

bool simd_is_index(uint16_t dtype) { return dtype < SIMD_DTYPES && readers[dtype]; }

typedef struct check_job {
  const simd_device *dev;
  const char *name;
  const rtb_view *indices, *x;
  int32_t axis;
  int64_t n_axes;      // each row of so many indices is one place in x, for its axes from `axis` on
  simd_walk rows;      // array 0: indices
  int64_t *offset;
} check_job;

static int32_t fail_index(const check_job *job, int64_t element, int64_t position, int32_t axis) {
  int64_t index;
  char text[24];
  readers[job->indices->dtype](1, simd_at(job->indices, element), 0, &index);
  if (index == INT64_MIN && job->indices->dtype == RTB_U64) snprintf(text, sizeof text, "%llu", (unsigned long long)*(const uint64_t *)simd_at(job->indices, element));
  else snprintf(text, sizeof text, "%lld", (long long)index);
  return rtb_failf(job->dev->host, RTB_E_INDEX, "%s: index %s at position %lld is out of range for axis %d of size %lld", job->name, text,
                   (long long)position, (int)axis, (long long)job->x->shape[axis]);
}

static int32_t check_body(void *arg, int64_t begin, int64_t end) {
  const check_job *job = arg;
  const rtb_view *x = job->x;
  const read_indices read = readers[job->indices->dtype];
  const int64_t along = job->n_axes > 1 ? job->indices->stride[job->indices->ndim - 1] : 0;
  simd_walk w = job->rows;
  int64_t part[256];
  simd_walk_start(&w, begin);
  for (int64_t i = begin; i < end;) {
    int64_t n = simd_walk_run(&w), *offset = job->offset + i, first_bad = INT64_MAX;
    if (n > end - i) n = end - i;
    if (n > 256) n = 256;
    int32_t bad_axis = 0;
    memset(offset, 0, (size_t)n * sizeof *offset);
    for (int64_t k = 0; k < job->n_axes; k++) {
      const int32_t axis = job->axis + (int32_t)k;
      const int64_t size = x->shape[axis], stride = x->stride[axis];
      read(n, simd_at(job->indices, w.at[0] + k * along), simd_walk_step(&w, 0), part);
      uint64_t bad = 0;
      for (int64_t j = 0; j < n; j++) {
        const int64_t index = part[j] + (part[j] < 0 ? size : 0);
        bad |= (uint64_t)index >= (uint64_t)size;
        offset[j] = (int64_t)((uint64_t)offset[j] + (uint64_t)index * (uint64_t)stride);
        part[j] = index;
      }
      for (int64_t j = 0; bad && j < n; j++)
        if ((uint64_t)part[j] >= (uint64_t)size) {
          if (j < first_bad) first_bad = j, bad_axis = (int32_t)k;
          break;
        }
    }
    if (first_bad != INT64_MAX)
      return fail_index(job, w.at[0] + first_bad * simd_walk_step(&w, 0) + bad_axis * along, (i + first_bad) * job->n_axes + bad_axis, job->axis + bad_axis);
    simd_walk_next(&w, n);
    i += n;
  }
  return RTB_OK;
}

int32_t simd_offsets(const simd_device *dev, const char *name, const rtb_view *indices, const rtb_view *x, int32_t axis, int64_t n_axes, int64_t *offset) {
  check_job job = {.dev = dev, .name = name, .indices = indices, .x = x, .axis = axis, .n_axes = n_axes, .offset = offset};
  simd_walk_init(&job.rows);
  const int32_t rank = indices->ndim - (n_axes != SIMD_SINGLE ? 1 : 0);
  if (n_axes == SIMD_SINGLE) job.n_axes = 1;
  for (int32_t d = 0; d < rank; d++) simd_walk_dim(&job.rows, indices->shape[d], indices->stride[d], 0, 0, 0);
  return simd_parallel(dev, job.rows.numel, CHECK_GRAIN, check_body, &job);
}

// ---- moving -----------------------------------------------------------------------------------------------------------------------------------
typedef struct pick_job {
  simd_walk places;    // array 0: x, 1: offsets, 2: out
  const int64_t *offset;
  const char *x;
  char *out;
  int64_t run_bytes;   // what one place moves
  int32_t bytes;       // of an element
} pick_job;

static int32_t pick_body(void *arg, int64_t begin, int64_t end) {
  const pick_job *job = arg;
  const int64_t bytes = job->bytes, run = job->run_bytes;
  simd_walk w = job->places;
  simd_walk_start(&w, begin);
  for (int64_t i = begin; i < end;) {
    int64_t n = simd_walk_run(&w);
    if (n > end - i) n = end - i;
    const int64_t sx = simd_walk_step(&w, 0), si = simd_walk_step(&w, 1), so = simd_walk_step(&w, 2);
    const int64_t *offset = job->offset + w.at[1];
    const char *x = job->x + w.at[0] * bytes;
    char *out = job->out + w.at[2] * bytes;
#define PICK(type) for (int64_t j = 0; j < n; j++) memcpy(out + j * so * (int64_t)sizeof(type), x + (j * sx + offset[j * si]) * (int64_t)sizeof(type), sizeof(type))
    if (run != bytes) for (int64_t j = 0; j < n; j++) memcpy(out + j * so * bytes, x + (j * sx + offset[j * si]) * bytes, (size_t)run);
    else if (bytes == 4) PICK(uint32_t);
    else if (bytes == 8) PICK(uint64_t);
    else if (bytes == 2) PICK(uint16_t);
    else if (bytes == 1) PICK(uint8_t);
    else for (int64_t j = 0; j < n; j++) memcpy(out + j * so * 16, x + (j * sx + offset[j * si]) * 16, 16);
    simd_walk_next(&w, n);
    i += n;
  }
  return RTB_OK;
}

/// Dimensions of slices, from `x_first` of x and `out_first` of out on: those that are one run of memory in both go into the run.
static void add_slices(pick_job *job, const rtb_view *x, int32_t x_first, const rtb_view *out, int32_t out_first) {
  int32_t n = x->ndim - x_first, in_run = 0;
  int64_t run = 1;
  while (in_run < n && (x->shape[x->ndim - 1 - in_run] == 1 || (x->stride[x->ndim - 1 - in_run] == run && out->stride[out->ndim - 1 - in_run] == run)))
    run *= x->shape[x->ndim - 1 - in_run++];
  job->run_bytes = run * job->bytes;
  for (int32_t d = 0; d < n - in_run; d++) simd_walk_dim(&job->places, x->shape[x_first + d], x->stride[x_first + d], 0, out->stride[out_first + d], 0);
}

static int32_t pick(const simd_device *dev, pick_job *job, const rtb_view *x, const rtb_view *out, const int64_t *offset) {
  job->x = x->data, job->out = out->data, job->offset = offset;
  const int64_t grain = MOVE_GRAIN / job->run_bytes;
  return simd_parallel(dev, job->places.numel, grain < 1 ? 1 : grain, pick_body, job);
}

static pick_job pick_of(const rtb_view *x) {
  pick_job job;
  memset(&job, 0, sizeof job);
  simd_walk_init(&job.places);
  job.bytes = (int32_t)rtb_dtype_bytes(x->dtype);
  return job;
}

/// Adds dimensions [first, last) of the indices, whose offsets lie densely; out's begin at out_first.
static void add_indices(pick_job *job, const rtb_view *indices, int32_t last, int32_t first, const rtb_view *x, const rtb_view *out, int32_t out_first) {
  for (int32_t d = first; d < last; d++) {
    int64_t dense = 1;
    for (int32_t e = d + 1; e < last; e++) dense *= indices->shape[e];
    simd_walk_dim(&job->places, indices->shape[d], x ? x->stride[d] : 0, dense, out->stride[out_first + d - first], 0);
  }
}

static int32_t gather(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  const simd_device *dev = kctx;
  const rtb_view *x = op->args[0], *indices = op->args[1], *out = op->args[2];
  const int32_t axis = simd_axis_of(((const rtb_attr_axes *)op->attr)->axes);
  int64_t *offset = op->workspace->data;
  const int32_t status = simd_offsets(dev, "gather", indices, x, axis, SIMD_SINGLE, offset);
  if (status != RTB_OK) return status;
  pick_job job = pick_of(x);
  for (int32_t d = 0; d < axis; d++) simd_walk_dim(&job.places, x->shape[d], x->stride[d], 0, out->stride[d], 0);
  add_indices(&job, indices, indices->ndim, 0, NULL, out, axis);
  add_slices(&job, x, axis + 1, out, axis + indices->ndim);
  return pick(dev, &job, x, out, offset);
}

static int32_t take_along(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  const simd_device *dev = kctx;
  const rtb_view *x = op->args[0], *indices = op->args[1], *out = op->args[2];
  const int32_t axis = simd_axis_of(((const rtb_attr_axes *)op->attr)->axes);
  int64_t *offset = op->workspace->data, stride[RTB_MAX_RANK];
  const int32_t status = simd_offsets(dev, "take_along", indices, x, axis, SIMD_SINGLE, offset);
  if (status != RTB_OK) return status;
  rtb_view lines = *x; // x at the position of the output, but always first along the axis
  for (int32_t d = 0; d < x->ndim; d++) stride[d] = d == axis ? 0 : x->stride[d];
  lines.stride = stride;
  pick_job job = pick_of(x);
  job.run_bytes = job.bytes;
  add_indices(&job, indices, indices->ndim, 0, &lines, out, 0);
  return pick(dev, &job, x, out, offset);
}

static int32_t gather_nd(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  const simd_device *dev = kctx;
  const rtb_view *x = op->args[0], *indices = op->args[1], *out = op->args[2];
  const int32_t last = indices->ndim - 1;
  const int64_t k = indices->shape[last];
  int32_t batch = 0;
  while (((const rtb_attr_index *)op->attr)->axes >> batch & 1) batch++;
  int64_t *offset = op->workspace->data, stride[RTB_MAX_RANK] = {0};
  const int32_t status = simd_offsets(dev, "gather_nd", indices, x, batch, k, offset);
  if (status != RTB_OK) return status;
  for (int32_t d = 0; d < batch; d++) stride[d] = x->stride[d];
  const rtb_view batches = {.stride = stride};
  pick_job job = pick_of(x);
  add_indices(&job, indices, last, 0, &batches, out, 0);
  add_slices(&job, x, batch + (int32_t)k, out, last);
  return pick(dev, &job, x, out, offset);
}

// ---- resolve ----------------------------------------------------------------------------------------------------------------------------------
int32_t simd_index_accept(void *kctx, const rtb_op *op, uint64_t *out_workspace_bytes) {
  (void)kctx;
  const rtb_view *indices = op->args[1];
  const bool is_nd = op->op == RTB_OP_GATHER_ND || op->op == RTB_OP_SCATTER_ND;
  uint64_t n = 1;
  for (int32_t d = 0; d < indices->ndim - is_nd; d++) n *= (uint64_t)indices->shape[d];
  *out_workspace_bytes = n * sizeof(int64_t);
  return RTB_OK;
}

int32_t simd_resolve_index(simd_device *dev, const rtb_sig *sig, rtb_kernel *out) {
  const char *name = simd_op_name(dev, sig->op);
  const int32_t status = simd_want_views(dev, sig, out);
  if (status != RTB_OK) return status;
  if (!simd_is_index(sig->arg[1].dtype)) return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "%s: indices of %s", name, simd_dtype_name(dev, sig->arg[1].dtype));
  if (sig->alias) return rtb_refuse(out, RTB_UNSUPPORTED_ALIAS, "%s cannot write over its input", name);
  out->accept = simd_index_accept;
  out->fn = sig->op == RTB_OP_GATHER ? gather : sig->op == RTB_OP_TAKE_ALONG ? take_along : gather_nd;
  return RTB_OK;
}
