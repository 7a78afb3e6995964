// SPDX-License-Identifier: BSD-3-Clause
// Operations that make a line of a line: softmax along an axis, norms over some. Kernels see lines whose elements lie side by side; what lies
// otherwise goes through a buffer, several neighbouring lines at a time. Lines are shared out to threads, never cut.
#include "lines.h"

typedef struct line_kernel {
  simd_device *dev;
  const simd_line_row *row;
  const simd_moves *moves;
  int64_t grain;
  int32_t bytes; // of an element
} line_kernel;

typedef struct dim { int64_t extent, step[LINE_ARGS]; } dim; // steps in bytes
typedef struct dims { int32_t n; dim at[RTB_MAX_RANK]; } dims;

typedef struct line_job {
  const line_kernel *kernel;
  char *at[LINE_ARGS];     // NULL: absent
  bool direct[LINE_ARGS];  // its lines are dense
  dims lines, inside;      // what counts lines, and what lies in each
  int64_t n, n_lines, tile; // elements of a line; lines; lines of a piece, none of which goes past the innermost dimension of lines
  double eps;
  uint32_t still;          // as in simd_lines
} line_job;

/// Which input of the operation is what of a line: 1 + its number, or 0.
static const uint8_t roles[256][LINE_ARGS] = {
  [RTB_OP_SOFTMAX] = {[LINE_X] = 1},
  [RTB_OP_LOG_SOFTMAX] = {[LINE_X] = 1},
  [RTB_OP_LAYER_NORM] = {[LINE_X] = 1, [LINE_WEIGHT] = 2, [LINE_BIAS] = 3},
  [RTB_OP_RMS_NORM] = {[LINE_X] = 1, [LINE_WEIGHT] = 2},
  [RTB_OP_BATCH_NORM] = {[LINE_X] = 1, [LINE_MEAN] = 2, [LINE_VARIANCE] = 3, [LINE_WEIGHT] = 4, [LINE_BIAS] = 5},
};

static void add_dim(dims *all, const rtb_view *const *views, int32_t d, int32_t bytes) {
  dim here = {views[LINE_X]->shape[d], {0}};
  bool joins = all->n > 0;
  for (int32_t k = 0; k < LINE_ARGS; k++) {
    here.step[k] = views[k] ? views[k]->stride[d] * bytes : 0;
    joins = joins && all->at[all->n - 1].step[k] == here.step[k] * here.extent;
  }
  if (joins) here.extent *= all->at[all->n - 1].extent, all->at[all->n - 1] = here;
  else all->at[all->n++] = here;
}

/// The elements that share statistics are a line; those of batch_norm come with theirs, and any dimension will do.
static void shape_job(line_job *job, const rtb_view *const *views, bool is_batch, const rtb_attr_axes *attr) {
  const int32_t bytes = job->kernel->bytes, last = views[LINE_X]->ndim - 1;
  const uint32_t axes = !is_batch ? attr->axes : last < 0 ? 0 : 1u << last;
  job->still = 0;
  job->lines.n = job->inside.n = 0;
  for (int32_t d = 0; d < views[LINE_X]->ndim; d++)
    if (views[LINE_X]->shape[d] != 1) add_dim(axes >> d & 1 ? &job->inside : &job->lines, views, d, bytes);
  if (!job->inside.n) job->inside = (dims){1, {{1, {bytes, bytes, bytes, bytes, bytes, bytes}}}};
  if (!job->lines.n) job->lines = (dims){1, {{1, {0}}}};
  job->n = job->n_lines = 1;
  for (int32_t d = 0; d < job->inside.n; d++) job->n *= job->inside.at[d].extent;
  for (int32_t d = 0; d < job->lines.n; d++) job->n_lines *= job->lines.at[d].extent;
  for (int32_t k = 0; k < LINE_ARGS; k++) {
    job->at[k] = views[k] ? views[k]->data : NULL;
    const bool is_still = is_batch && k != LINE_X && k != LINE_OUT && views[k] && job->inside.at[0].step[k] == 0;
    job->still |= (uint32_t)is_still << k;
    job->direct[k] = !views[k] || is_still || (job->inside.n == 1 && (job->inside.at[0].step[k] == bytes || job->n == 1));
  }
}

/// m lines of argument k from or to a buffer of dense ones.
static void move_lines(const line_job *job, int32_t k, int64_t m, char *at, char *buffer, bool to_buffer) {
  const line_kernel *kernel = job->kernel;
  const dim *lines = &job->lines.at[job->lines.n - 1], *inner = &job->inside.at[job->inside.n - 1];
  const int64_t line_bytes = job->n * kernel->bytes, run_bytes = inner->extent * kernel->bytes;
  int64_t index[RTB_MAX_RANK] = {0};
  for (int64_t done = 0; done < line_bytes; done += run_bytes) {
    if (to_buffer) kernel->moves->move(m, inner->extent, at, lines->step[k], inner->step[k], buffer + done, line_bytes, kernel->bytes);
    else kernel->moves->move(m, inner->extent, buffer + done, line_bytes, kernel->bytes, at, lines->step[k], inner->step[k]);
    for (int32_t d = job->inside.n - 2; d >= 0; d--) {
      at += job->inside.at[d].step[k];
      if (++index[d] < job->inside.at[d].extent) break;
      index[d] = 0, at -= job->inside.at[d].step[k] * job->inside.at[d].extent;
    }
  }
}

static void run_piece(const line_job *job, int64_t first, int64_t m, char *buffer) {
  const line_kernel *kernel = job->kernel;
  const dim *inner = &job->lines.at[job->lines.n - 1];
  simd_lines lines = {.eps = job->eps, .still = job->still};
  char *at[LINE_ARGS];
  for (int32_t k = 0; k < LINE_ARGS; k++) {
    at[k] = job->at[k];
    if (!at[k]) continue;
    int64_t rest = first;
    for (int32_t d = job->lines.n - 1; d >= 0; d--) at[k] += rest % job->lines.at[d].extent * job->lines.at[d].step[k], rest /= job->lines.at[d].extent;
    lines.at[k] = at[k], lines.step[k] = inner->step[k] / kernel->bytes;
    if (job->direct[k]) continue;
    char *dense = buffer + k * job->tile * job->n * kernel->bytes;
    lines.at[k] = dense, lines.step[k] = job->n;
    if (k != LINE_OUT) move_lines(job, k, m, at[k], dense, true);
  }
  kernel->row->rows(m, job->n, &lines);
  if (!job->direct[LINE_OUT]) move_lines(job, LINE_OUT, m, at[LINE_OUT], lines.at[LINE_OUT], false);
}

static int32_t run_lines(void *arg, int64_t begin, int64_t end) {
  const line_job *job = arg;
  const rtb_host *host = job->kernel->dev->host;
  const bool direct = job->tile == INT64_MAX;
  const uint64_t buffer_bytes = direct ? 0 : (uint64_t)(LINE_ARGS * job->tile * job->n * job->kernel->bytes);
  char *buffer = direct ? NULL : host->alloc(host, buffer_bytes, 64);
  if (!direct && !buffer) return rtb_failf(host, RTB_E_NO_MEMORY, "%s: no memory for lines of %lld elements", simd_op_name(job->kernel->dev, job->kernel->row->op), (long long)job->n);
  const int64_t extent = job->lines.at[job->lines.n - 1].extent;
  for (int64_t line = begin, m; line < end; line += m) {
    m = extent - line % extent; // to the end of the innermost dimension
    if (m > end - line) m = end - line;
    if (m > job->tile) m = job->tile;
    run_piece(job, line, m, buffer);
  }
  if (buffer) host->free(host, buffer, buffer_bytes);
  return RTB_OK;
}

/// Lines that go through a buffer together: they are neighbours where lines lie side by side, so as to use whole cache lines.
enum { BUFFERED_LINES = 16 };

static int32_t run_op(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  const line_kernel *kernel = kctx;
  const rtb_view *views[LINE_ARGS];
  for (int32_t k = 0; k < LINE_ARGS; k++) views[k] = roles[op->op][k] ? op->args[roles[op->op][k] - 1] : NULL;
  views[LINE_OUT] = op->args[op->nin];
  line_job job;
  job.kernel = kernel, job.eps = op->nin > 1 ? *(const double *)op->args[op->nin - 1]->data : 0;
  shape_job(&job, views, op->op == RTB_OP_BATCH_NORM, op->attr);
  const int64_t grain = kernel->grain / job.n + 1;
  bool direct = true;
  for (int32_t k = 0; k < LINE_ARGS; k++) direct = direct && job.direct[k];
  job.tile = direct ? INT64_MAX : BUFFERED_LINES;
  return simd_parallel(kernel->dev, job.n_lines, direct ? grain : (grain + BUFFERED_LINES - 1) / BUFFERED_LINES * BUFFERED_LINES, run_lines, &job);
}

int32_t simd_resolve_lines(simd_device *dev, const rtb_sig *sig, rtb_kernel *out) {
  const uint16_t dtype = sig->arg[0].dtype;
  const char *name = simd_op_name(dev, sig->op);
  const simd_line_row *row = dtype < SIMD_DTYPES ? (sig->nin > 1 ? dev->isa->norm[dtype] : dev->isa->softmax[dtype]) : NULL;
  while (row && row->op && row->op != sig->op) row++;
  if (!row || !row->op) return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "%s of %s has no vector kernel", name, simd_dtype_name(dev, dtype));
  for (int32_t k = 0; k <= sig->nin; k++) {
    const bool is_eps = sig->nin > 1 && k == sig->nin - 1, may_miss = k > 0 && k < sig->nin;
    const uint8_t layout = sig->arg[k].layout;
    if (is_eps ? layout == RTB_IMM : layout <= RTB_NEGATIVE || (may_miss && layout == RTB_NONE)) continue;
    memset(out->want_layout, RTB_NEGATIVE, sizeof out->want_layout);
    return rtb_refuse(out, RTB_UNSUPPORTED_LAYOUT, "%s: argument %d must be a strided view", name, k);
  }
  line_kernel *kernel = simd_context(dev, sizeof *kernel, out);
  if (!kernel) return RTB_E_NO_MEMORY;
  kernel->row = row, kernel->grain = simd_grain(row->cost), kernel->bytes = (int32_t)rtb_dtype_bytes(dtype);
  kernel->moves = simd_moves_of(dev, (uint32_t)kernel->bytes);
  out->fn = run_op;
  return RTB_OK;
}
