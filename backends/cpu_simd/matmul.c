// SPDX-License-Identifier: BSD-3-Clause
// Matrix products: brings a call into the form C = A B with the columns of C side by side where it can, and chooses how to compute it:
// a vector times a matrix reads the matrix as it lies; small and flat products multiply without packing A; the rest is packed (gemm/gemm.c).
// The choice depends on extents and strides alone, never on threads.
#include <string.h>

#include "matmul.h"

// Multiplications of tiles, and of a vector with a matrix: below these numbers (3 us) a second thread is not worth it; a chunk of parallel work
// has about so many (5 to 10 us).
#define TILE_INLINE 150000
#define TILE_CHUNK 500000
#define VECTOR_INLINE 30000
#define VECTOR_CHUNK 125000
#define DEEP_ROWS 128       // of a matrix, whose products with a vector are worth a sum of their own
#define STACK_BYTES 32768   // of panels that a chunk packs for itself;
#define PANEL_BYTES 262144  // more of them come from the host: half of a second cache

typedef enum path { MIX, DOTS, DIRECT, PANELS, PACKED } path; // PANELS: as DIRECT, but a chunk packs its part of B

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t parts(int64_t n, int64_t size) { return (n + size - 1) / size; }
static int64_t round_up(int64_t n, int64_t unit) { return parts(n, unit) * unit; }

// ---- the form of a call -----------------------------------------------------------------------------------------------------------------------

/// Batch dimensions that are rows of one long matrix, because B is the same for all of them and A and C run on, become rows.
static void fold_rows(simd_product *p) {
  while (p->n_batch > 0) {
    const int32_t d = p->n_batch - 1;
    const int64_t extent = p->view[2]->shape[d];
    const bool runs_on = p->view[1]->stride[d] == 0 && p->view[0]->stride[d] == p->m * p->a.line_stride && p->view[2]->stride[d] == p->m * p->out.row;
    if (extent != 1 && !runs_on) return;
    p->m *= extent;
    p->n_batch--;
  }
}

/// C' = B' A': the same products, added in the same order.
static void turn(simd_product *p) {
  const rtb_view *view = p->view[0];
  const simd_gemm_matrix a = p->a;
  const int64_t m = p->m, row = p->out.row;
  p->view[0] = p->view[1], p->view[1] = view;
  p->a = p->b, p->b = a;
  p->m = p->n, p->n = m;
  p->out.row = p->out.column, p->out.column = row;
}

static path path_of(const simd_product *p) {
  const simd_gemm_kernels *g = p->gemm;
  if (p->m == 1 && p->a.depth_stride == 1 && p->b.depth_stride == 1) return DOTS;
  if (p->m == 1 && p->a.depth_stride == 1 && p->b.line_stride == 1) return MIX;
  // Packing A pays when each of its elements is used often, and when A is too large to be read in steps.
  const bool is_flat = p->m <= 16 * g->mr || p->n <= 2 * g->nr, is_small = p->m * p->n * p->k <= 300 * 300 * 300 && p->m * p->k <= 300 * 300;
  if (!is_flat && !is_small) return PACKED;
  return p->b.line_stride == 1 && p->n * p->k <= 300 * 300 ? DIRECT : PANELS;
}

simd_product simd_product_of(const simd_device *dev, const rtb_op *op, const simd_gemm_kernels *gemm) {
  const rtb_view *a = op->args[0], *b = op->args[1], *out = op->args[2];
  const int32_t d = out->ndim - 2;
  simd_product p = {
    .gemm = gemm, .host = dev->host, .view = {a, b, out}, .n_batch = d, .bytes = (int32_t)rtb_dtype_bytes(out->dtype),
    .m = out->shape[d], .n = out->shape[d + 1], .k = a->shape[d + 1],
    .a = {a->data, a->stride[d], a->stride[d + 1]}, .b = {b->data, b->stride[d + 1], b->stride[d]},
    .out = {.data = out->data, .row = out->stride[d], .column = out->stride[d + 1]},
  };
  if (p.n_batch > 0) fold_rows(&p);
  if ((p.out.column != 1 && p.out.row == 1 && p.m > 1) || (p.n == 1 && p.m > 1)) turn(&p);
  p.batch = 1;
  for (int32_t i = 0; i < p.n_batch; i++) p.batch *= out->shape[i];
  return p;
}

// ---- one product or a part of it, on this thread ------------------------------------------------------------------------------------------------

static void *advance(const simd_product *p, const void *data, int64_t elements) { return (char *)data + elements * p->bytes; }

/// Rows [i, i + m) and columns [j, j + n) through panels of B. Rows of B are packed in wide pieces, lines along the depth in deep ones, as
/// memory likes to be read.
static int32_t run_panels(const simd_product *p, int64_t i, int64_t m, int64_t j, int64_t n) {
  _Alignas(64) char stack[STACK_BYTES];
  const simd_gemm_kernels *g = p->gemm;
  const int64_t panel = g->nr * g->lane_bytes, all = round_up(n, g->nr) * p->k * g->lane_bytes;
  const bool is_little = all <= STACK_BYTES, packs_a = !is_little && m > g->mr; // rows of A at powers of two push each other out of the cache
  const int64_t deep = p->b.line_stride != 1 ? STACK_BYTES / panel : m <= 2 * g->mr ? 64 : 128;
  const int64_t depth = is_little ? p->k : parts(p->k, parts(p->k, deep)), width = (is_little ? STACK_BYTES : PANEL_BYTES) / (panel * depth) * g->nr;
  const uint64_t bytes = PANEL_BYTES + (uint64_t)(packs_a ? round_up(m, g->mr) * depth * g->lane_bytes : 0);
  char *panels = is_little ? stack : p->host->alloc(p->host, bytes, 64), *a_panels = panels + PANEL_BYTES;
  if (!panels) return p->host->fail(p->host, RTB_E_NO_MEMORY, "matmul: no memory to pack a part of its operands");
  for (int64_t j0 = j; j0 < j + n; j0 += width) {
    const int64_t columns = least(width, j + n - j0);
    for (int64_t k0 = 0; k0 < p->k; k0 += depth) {
      const int64_t kc = least(depth, p->k - k0);
      const simd_gemm_matrix a = {advance(p, p->a.data, i * p->a.line_stride + k0 * p->a.depth_stride), p->a.line_stride, p->a.depth_stride};
      simd_gemm_out out = p->out;
      out.data = advance(p, out.data, i * out.row + j0 * out.column);
      out.add = k0 > 0;
      g->pack_b(&p->b, j0, columns, k0, kc, panels);
      if (packs_a) g->pack_a(&a, 0, m, 0, kc, a_panels), g->block(m, columns, kc, a_panels, panels, &out);
      else g->direct(m, columns, kc, &a, panels, 0, true, &out);
    }
  }
  if (!is_little) p->host->free(p->host, panels, bytes);
  return RTB_OK;
}

/// x [k] times the columns [j, j + n) of B; y goes through the stack where its elements are not side by side.
static void run_mix(const simd_product *p, int64_t j, int64_t n) {
  const simd_gemm_kernels *g = p->gemm;
  const int64_t bytes = g->lane_bytes, room = STACK_BYTES / bytes;
  if (p->out.column == 1) {
    g->mix(n, p->k, p->a.data, advance(p, p->b.data, j), p->b.depth_stride, advance(p, p->out.data, j), false);
    return;
  }
  _Alignas(64) char dense[STACK_BYTES];
  for (int64_t j0 = j; j0 < j + n; j0 += room) {
    const int64_t columns = least(room, j + n - j0);
    g->mix(columns, p->k, p->a.data, advance(p, p->b.data, j0), p->b.depth_stride, dense, false);
    for (int64_t c = 0; c < columns; c++) memcpy(advance(p, p->out.data, (j0 + c) * p->out.column), dense + c * bytes, (size_t)bytes);
  }
}

static int32_t run_part(const simd_product *p, path path, int64_t i, int64_t m, int64_t j, int64_t n) {
  const simd_gemm_kernels *g = p->gemm;
  if (path == PANELS) return run_panels(p, i, m, j, n);
  if (path == DIRECT) {
    const simd_gemm_matrix a = {advance(p, p->a.data, i * p->a.line_stride), p->a.line_stride, p->a.depth_stride};
    simd_gemm_out out = p->out;
    out.data = advance(p, out.data, i * out.row + j * out.column);
    g->direct(m, n, p->k, &a, advance(p, p->b.data, j), p->b.depth_stride, false, &out);
  } else if (path == MIX) {
    run_mix(p, j, n);
  } else {
    g->dots(n, p->k, p->a.data, advance(p, p->b.data, j * p->b.line_stride), p->b.line_stride, advance(p, p->out.data, j * p->out.column), p->out.column);
  }
  return RTB_OK;
}

// ---- all of them --------------------------------------------------------------------------------------------------------------------------------

/// Products are cut into parts of rows x columns of C; a unit of work is one part of one product.
typedef struct job {
  const simd_product *product;
  path path;
  int64_t rows, columns, n_across, n_parts;
} job;

simd_product simd_product_at(const simd_product *first, int64_t index) {
  simd_product p = *first;
  int64_t at[3] = {0};
  for (int32_t d = p.n_batch - 1; d >= 0; d--) {
    const int64_t i = index % p.view[2]->shape[d];
    index /= p.view[2]->shape[d];
    for (int32_t k = 0; k < 3; k++) at[k] += i * p.view[k]->stride[d];
  }
  p.a.data = advance(&p, p.a.data, at[0]), p.b.data = advance(&p, p.b.data, at[1]), p.out.data = advance(&p, p.out.data, at[2]);
  return p;
}

static int32_t job_body(void *arg, int64_t begin, int64_t end) {
  const job *job = arg;
  int32_t status = RTB_OK;
  for (int64_t unit = begin; unit < end;) {
    const simd_product p = simd_product_at(job->product, unit / job->n_parts);
    for (int64_t part = unit % job->n_parts; part < job->n_parts && unit < end && status == RTB_OK; part++, unit++) {
      const int64_t i = part / job->n_across * job->rows, j = part % job->n_across * job->columns;
      status = run_part(&p, job->path, i, least(job->rows, p.m - i), j, least(job->columns, p.n - j));
    }
    if (status != RTB_OK) return status;
  }
  return RTB_OK;
}

/// A vector times a deep matrix: pieces of the depth have a sum each, so that its rows are read whole; they are added up in their order.
typedef struct deep {
  const simd_product *product;
  int64_t rows;
  char *sums; // [pieces, n]
} deep;

static int32_t deep_body(void *arg, int64_t begin, int64_t end) {
  const deep *d = arg;
  const simd_product *p = d->product;
  for (int64_t i = begin; i < end; i++) {
    const int64_t k = i * d->rows;
    p->gemm->mix(p->n, least(d->rows, p->k - k), advance(p, p->a.data, k), advance(p, p->b.data, k * p->b.depth_stride), p->b.depth_stride,
                 d->sums + i * p->n * p->bytes, false);
  }
  return RTB_OK;
}

static int32_t run_deep(const simd_product *p, int64_t rows) {
  const int64_t n_pieces = parts(p->k, rows);
  const uint64_t bytes = (uint64_t)(n_pieces * p->n * p->bytes);
  deep deep = {p, rows, p->host->alloc(p->host, bytes, 64)};
  if (!deep.sums) return p->host->fail(p->host, RTB_E_NO_MEMORY, "matmul: no memory for the sums of a vector times a matrix");
  const int32_t status = p->host->parallel_for(p->host, n_pieces, 1, deep_body, &deep);
  if (status == RTB_OK) p->gemm->total(p->n, n_pieces, deep.sums, p->out.data);
  p->host->free(p->host, deep.sums, bytes);
  return status;
}

static int32_t run_jobs(const simd_product *p, path path) {
  const simd_gemm_kernels *g = p->gemm;
  const bool is_vector = path == MIX || path == DOTS;
  const int64_t chunk = is_vector ? VECTOR_CHUNK : TILE_CHUNK, work = p->m * p->n * p->k;
  if (p->batch == 1 && work < (is_vector ? VECTOR_INLINE : TILE_INLINE)) return run_part(p, path, 0, p->m, 0, p->n);
  const int64_t deep_rows = round_up(most(VECTOR_CHUNK / most(p->n, 1), DEEP_ROWS), 16);
  if (path == MIX && p->batch == 1 && p->k > deep_rows && p->out.column == 1) return run_deep(p, deep_rows);
  job job = {p, path, p->m, p->n, 1, 1};
  if (p->batch * work < (is_vector ? VECTOR_INLINE : TILE_INLINE)) return job_body(&job, 0, p->batch);
  if (work > chunk) {
    // Rows of B are read in long pieces; a part that packs its B uses it for many rows.
    const bool reads_rows = path == MIX || (path == PANELS && p->b.line_stride == 1);
    const int64_t unit = reads_rows ? (is_vector ? 8192 : 1024) / g->lane_bytes : is_vector ? 8 : 4 * g->nr, many = 32 * g->mr;
    job.columns = least(round_up(p->n, unit), round_up(parts(chunk, least(p->m, many) * p->k), unit));
    job.rows = round_up(parts(chunk, least(job.columns, p->n) * p->k), g->mr);
    if (path == PANELS) job.rows = most(job.rows, many);
    job.n_across = parts(p->n, job.columns);
    job.n_parts = job.n_across * parts(p->m, job.rows);
  }
  return p->host->parallel_for(p->host, p->batch * job.n_parts, most(1, chunk / 2 / work), job_body, &job);
}

static int32_t run_packed(const simd_product *first) {
  const uint64_t bytes = simd_gemm_workspace(first->gemm, first->m, first->n, first->k);
  void *workspace = first->host->alloc(first->host, bytes, 64);
  int32_t status = workspace ? RTB_OK : first->host->fail(first->host, RTB_E_NO_MEMORY, "matmul: no memory to pack its operands");
  for (int64_t i = 0; i < first->batch && status == RTB_OK; i++) {
    const simd_product p = simd_product_at(first, i);
    const simd_gemm_call call = {p.gemm, p.m, p.n, p.k, {p.gemm->pack_a, &p.a}, {p.gemm->pack_b, &p.b}, p.out};
    status = simd_gemm_run(p.host, &call, workspace);
  }
  if (workspace) first->host->free(first->host, workspace, bytes);
  return status;
}

int32_t simd_product_run(const simd_product *p) {
  const path path = path_of(p);
  return path == PACKED ? run_packed(p) : run_jobs(p, path);
}

// ---- the kernel ---------------------------------------------------------------------------------------------------------------------------------
// Scratch memory is taken when a path needs it, not announced: then the core can call small products the short way.

static int32_t matmul(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  const simd_device *dev = kctx;
  const simd_product p = simd_product_of(dev, op, dev->isa->gemm[op->args[2]->dtype]);
  return simd_product_run(&p);
}

int32_t simd_resolve_matmul(simd_device *dev, const rtb_sig *sig, rtb_kernel *out) {
  const uint16_t dtype = sig->arg[0].dtype;
  if (sig->alias) return rtb_refuse(out, RTB_UNSUPPORTED_ALIAS, "matmul cannot write over what it still reads");
  out->fn = dev->isa->gemm[dtype] ? matmul : simd_matmul_made;
  return RTB_OK;
}
