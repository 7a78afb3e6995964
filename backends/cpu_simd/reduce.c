// SPDX-License-Identifier: BSD-3-Clause
// Reductions over any axes of views with any strides. What a call folds is brought to a few dimensions, the innermost of them one that the
// kernels run along: rows (the terms of a result lie side by side) or columns (the results do). The work is cut into pieces by a
// rule that knows extents only, never threads; where results have too many terms for one piece, pieces leave states, joined in order.
#include "simd.h"

typedef struct fold_kernel {
  simd_device *dev;
  const simd_fold *row;
  int64_t grain;
  int32_t bytes, out_bytes; // of an element
  bool ordered;             // the index of a term counts: terms come in C order
} fold_kernel;

typedef struct dim { int64_t extent, x, out; } dim; // steps in elements
typedef struct dims { int32_t n; dim at[RTB_MAX_RANK]; } dims;

typedef struct fold_job {
  const fold_kernel *kernel;
  const char *x;
  char *out;
  dim results, terms;        // the innermost dimension of either kind
  dims outer, spread;        // the other ones: of results, of terms
  int64_t n_outer, n_terms;  // products of their extents; n_terms: all terms of a result
  int64_t tile, n_tiles;     // results of a piece
  int64_t part, n_parts;     // terms of a piece
  bool columns, gathers;
  char *partial;             // states, part by part; NULL: one part
} fold_job;

// ---- the shape of a call ----------------------------------------------------------------------------------------------------------------------
static int64_t order_of(const dim *d) { return d->x == 0 ? INT64_MAX : d->x < 0 ? -d->x : d->x; } // repeated elements outermost

static void sort_dims(dims *all) {
  for (int32_t i = 1; i < all->n; i++)
    for (int32_t k = i; k > 0 && order_of(&all->at[k - 1]) < order_of(&all->at[k]); k--) {
      const dim d = all->at[k];
      all->at[k] = all->at[k - 1], all->at[k - 1] = d;
    }
}

static void merge_dims(dims *all) {
  int32_t last = 0;
  for (int32_t i = 1; i < all->n; i++) {
    dim *outer = &all->at[last];
    const dim *inner = &all->at[i];
    if (outer->x == inner->x * inner->extent && outer->out == inner->out * inner->extent) *outer = (dim){outer->extent * inner->extent, inner->x, inner->out};
    else all->at[++last] = *inner;
  }
  if (all->n) all->n = last + 1;
}

static dim take_inner(dims *all) { return all->n ? all->at[--all->n] : (dim){1, 0, 0}; }

static int64_t up(int64_t n, int64_t step) { return (n + step - 1) / step; }

static void shape_job(fold_job *job, const rtb_op *op) {
  const fold_kernel *kernel = job->kernel;
  const rtb_view *x = op->args[0], *out = op->args[1];
  const uint32_t axes = ((const rtb_attr_axes *)op->attr)->axes;
  job->outer.n = job->spread.n = 0;
  for (int32_t d = 0; d < x->ndim; d++) {
    if (x->shape[d] == 1) continue;
    const bool is_reduced = axes >> d & 1;
    dims *of = is_reduced ? &job->spread : &job->outer;
    dim here = {x->shape[d], x->stride[d], is_reduced ? 0 : out->stride[d]};
    if (here.x < 0 && !(is_reduced && kernel->ordered)) { // from its other end
      job->x += (here.extent - 1) * here.x * kernel->bytes, job->out += (here.extent - 1) * here.out * kernel->out_bytes;
      here.x = -here.x, here.out = -here.out;
    }
    of->at[of->n++] = here;
  }
  sort_dims(&job->outer);
  if (!kernel->ordered) sort_dims(&job->spread);
  merge_dims(&job->outer), merge_dims(&job->spread);
  job->results = take_inner(&job->outer), job->terms = take_inner(&job->spread);
  job->n_outer = 1, job->n_terms = job->terms.extent;
  for (int32_t d = 0; d < job->outer.n; d++) job->n_outer *= job->outer.at[d].extent;
  for (int32_t d = 0; d < job->spread.n; d++) job->n_terms *= job->spread.at[d].extent;
  const bool is_row = job->terms.x == 1 || job->terms.extent == 1, is_column = job->results.x == 1 || job->results.extent == 1;
  job->columns = is_column && job->results.extent > 1 ? true : !is_row && order_of(&job->results) < order_of(&job->terms);
  job->gathers = job->columns ? !is_column : !is_row;
}

/// The most states that lie on the stack, and how many terms a part has at least.
enum { STATE_BYTES = 16384, LEAST_PART = 256, MANY_PIECES = 64 };

static void cut_job(fold_job *job) {
  const int64_t grain = job->kernel->grain, most = STATE_BYTES / job->kernel->row->state_bytes;
  int64_t tile = job->columns ? SIMD_FOLD_RESULTS : grain / job->n_terms;
  tile = tile < 1 ? 1 : tile > SIMD_FOLD_RESULTS ? SIMD_FOLD_RESULTS : tile;
  if (tile > most) tile = most;
  if (tile > job->results.extent) tile = job->results.extent;
  job->tile = tile, job->n_tiles = up(job->results.extent, tile);
  job->part = job->n_terms, job->n_parts = 1;
  if (job->n_terms * tile < 2 * grain || job->n_outer * job->n_tiles >= MANY_PIECES) return;
  job->part = up(grain, tile);
  job->part = job->part < LEAST_PART ? LEAST_PART : up(job->part, 64) * 64;
  job->n_parts = up(job->n_terms, job->part);
}

// ---- pieces -----------------------------------------------------------------------------------------------------------------------------------
enum { BUFFER_BYTES = 16384, BUFFER_ROWS = 8 }; // what is gathered at a time, and of columns in how many rows

static void fold_gathered(const fold_job *job, int64_t m, int64_t n, const char *x, int64_t first, char *states) {
  const fold_kernel *kernel = job->kernel;
  const int64_t bytes = kernel->bytes, most = BUFFER_BYTES / bytes;
  const int64_t columns = job->columns ? most / BUFFER_ROWS : 1, rows = job->columns ? BUFFER_ROWS : most;
  const int64_t m_step = job->results.x * bytes, n_step = job->terms.x * bytes;
  const simd_moves *moves = simd_moves_of(kernel->dev, (uint32_t)bytes);
  _Alignas(64) char buffer[BUFFER_BYTES];
  for (int64_t j = 0; j < m; j += columns) {
    const int64_t width = m - j < columns ? m - j : columns;
    for (int64_t i = 0; i < n; i += rows) {
      const int64_t height = n - i < rows ? n - i : rows;
      moves->move(height, width, x + j * m_step + i * n_step, n_step, m_step, buffer, width * bytes, bytes);
      if (job->columns) kernel->row->columns(width, height, buffer, width, first + i, states + j * kernel->row->state_bytes);
      else kernel->row->rows(1, height, buffer, 0, first + i, states + j * kernel->row->state_bytes);
    }
  }
}

/// Terms begin to end of m results.
static void fold_terms(const fold_job *job, int64_t m, const char *x, int64_t begin, int64_t end, char *states) {
  const fold_kernel *kernel = job->kernel;
  int64_t index[RTB_MAX_RANK], rest = begin / job->terms.extent, at = begin % job->terms.extent;
  for (int32_t d = job->spread.n - 1; d >= 0; d--) {
    const dim *s = &job->spread.at[d];
    index[d] = rest % s->extent, rest /= s->extent;
    x += index[d] * s->x * kernel->bytes;
  }
  for (int64_t n; begin < end; begin += n, at = 0) {
    n = job->terms.extent - at < end - begin ? job->terms.extent - at : end - begin;
    const char *here = x + at * job->terms.x * kernel->bytes;
    if (job->gathers) fold_gathered(job, m, n, here, begin, states);
    else if (job->columns) kernel->row->columns(m, n, here, job->terms.x, begin, states);
    else kernel->row->rows(m, n, here, job->results.x, begin, states);
    for (int32_t d = job->spread.n - 1; d >= 0; d--) {
      const dim *s = &job->spread.at[d];
      x += s->x * kernel->bytes;
      if (++index[d] < s->extent) break;
      index[d] = 0, x -= s->x * s->extent * kernel->bytes;
    }
  }
}

/// The address of a result's first term, and of the result: m0 counts along the innermost dimension of results.
static void locate(const fold_job *job, int64_t outer, int64_t m0, const char **x, char **out) {
  int64_t at_x = m0 * job->results.x, at_out = m0 * job->results.out;
  for (int32_t d = job->outer.n - 1; d >= 0; d--) {
    const dim *o = &job->outer.at[d];
    const int64_t index = outer % o->extent;
    outer /= o->extent;
    at_x += index * o->x, at_out += index * o->out;
  }
  *x = job->x + at_x * job->kernel->bytes, *out = job->out + at_out * job->kernel->out_bytes;
}

static int32_t fold_pieces(void *arg, int64_t begin, int64_t end) {
  const fold_job *job = arg;
  const simd_fold *row = job->kernel->row;
  _Alignas(64) char local[STATE_BYTES];
  for (int64_t piece = begin; piece < end; piece++) {
    const int64_t part = piece % job->n_parts, tile = piece / job->n_parts % job->n_tiles, outer = piece / job->n_parts / job->n_tiles;
    const int64_t m0 = tile * job->tile, rest = job->results.extent - m0, m = rest < job->tile ? rest : job->tile;
    const char *x;
    char *out, *states = local;
    locate(job, outer, m0, &x, &out);
    if (job->partial) states = job->partial + ((part * job->n_outer + outer) * job->results.extent + m0) * row->state_bytes;
    row->start(m, states);
    const int64_t first = part * job->part, last = job->n_terms - first < job->part ? job->n_terms : first + job->part;
    fold_terms(job, m, x, first, last, states);
    if (!job->partial) row->finish(m, states, job->n_terms, out, job->results.out);
  }
  return RTB_OK;
}

static void join_parts(const fold_job *job) {
  const simd_fold *row = job->kernel->row;
  const int64_t results = job->n_outer * job->results.extent;
  for (int64_t part = 1; part < job->n_parts; part++) row->join(results, job->partial + part * results * row->state_bytes, job->partial);
  for (int64_t outer = 0; outer < job->n_outer; outer++) {
    const char *x;
    char *out;
    locate(job, outer, 0, &x, &out);
    row->finish(job->results.extent, job->partial + outer * job->results.extent * row->state_bytes, job->n_terms, out, job->results.out);
  }
}

// ---- calls ------------------------------------------------------------------------------------------------------------------------------------
static int32_t fold_any(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  const fold_kernel *kernel = kctx;
  const simd_fold *row = kernel->row;
  const rtb_view *x = op->args[0], *out = op->args[1];
  if (x->layout == RTB_DENSE && out->numel == 1 && x->numel <= kernel->grain && x->ndim <= 1) {
    _Alignas(16) char state[32];
    row->start(1, state), row->rows(1, x->numel, x->data, 0, 0, state), row->finish(1, state, x->numel, out->data, 1);
    return RTB_OK;
  }
  fold_job job;
  job.kernel = kernel, job.x = x->data, job.out = out->data, job.partial = NULL;
  shape_job(&job, op);
  cut_job(&job);
  const rtb_host *host = kernel->dev->host;
  const int64_t pieces = job.n_outer * job.n_tiles * job.n_parts, of_piece = job.tile * job.part;
  const uint64_t partial_bytes = (uint64_t)(job.n_outer * job.results.extent * job.n_parts * row->state_bytes);
  if (job.n_parts > 1 && !(job.partial = host->alloc(host, partial_bytes, 64)))
    return rtb_failf(host, RTB_E_NO_MEMORY, "%s: no memory for %lld partial results", simd_op_name(kernel->dev, op->op), (long long)(job.n_outer * job.results.extent * job.n_parts));
  const int32_t status = simd_parallel(kernel->dev, pieces, of_piece >= kernel->grain ? 1 : kernel->grain / of_piece, fold_pieces, &job);
  if (job.partial) {
    if (status == RTB_OK) join_parts(&job);
    host->free(host, job.partial, partial_bytes);
  }
  return status;
}

int32_t simd_resolve_fold(simd_device *dev, const rtb_sig *sig, rtb_kernel *out) {
  const uint16_t dtype = sig->arg[0].dtype;
  const char *name = simd_op_name(dev, sig->op);
  const bool is_arg = sig->op == RTB_OP_ARGMAX || sig->op == RTB_OP_ARGMIN;
  const simd_fold *row = dtype >= SIMD_DTYPES ? NULL : is_arg ? dev->isa->arg[dtype] : dev->isa->fold[dtype];
  while (row && row->op && row->op != sig->op) row++;
  if (!row || !row->op) return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "%s of %s has no vector kernel", name, simd_dtype_name(dev, dtype));
  const int32_t refused = simd_want_views(dev, sig, out);
  if (refused) return refused;
  if (sig->alias) return rtb_refuse(out, RTB_UNSUPPORTED_ALIAS, "%s cannot write over its input", name);
  fold_kernel *kernel = simd_context(dev, sizeof *kernel, out);
  if (!kernel) return RTB_E_NO_MEMORY;
  kernel->row = row, kernel->grain = simd_grain(row->cost);
  kernel->bytes = (int32_t)rtb_dtype_bytes(dtype), kernel->out_bytes = (int32_t)rtb_dtype_bytes(sig->arg[1].dtype);
  kernel->ordered = is_arg;
  out->fn = fold_any;
  return RTB_OK;
}
