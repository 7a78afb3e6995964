// SPDX-License-Identifier: BSD-3-Clause
// The blocked product: splits C into blocks, packs what a block of the depth needs of both operands, and hands tiles of it to the kernels.
// Packing and multiplying are two parallel steps for each block of the depth. How C is split depends on extents alone, never on threads.
#include "gemm.h"

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t parts(int64_t n, int64_t most) { return (n + most - 1) / most; }
static int64_t round_up(int64_t n, int64_t unit) { return parts(n, unit) * unit; }
/// n in equal parts of at most `most`, each a multiple of unit (but the last).
static int64_t even_part(int64_t n, int64_t most, int64_t unit) { return round_up(parts(n, parts(n, most)), unit); }

#define PACK_ELEMENTS 131072 // of one chunk of packing: some 40 us
#define TILE_WORK 2000000    // multiplications of one chunk of tiles: some 40 us
#define INLINE_WORK 150000   // fewer in all than this (3 us) are not worth a second thread

/// How a product is cut. C in rows x columns blocks of the packed operands; each of these in tiles that one chunk computes.
typedef struct plan {
  int64_t depth, rows, columns; // of one block of packed operands
} plan;

// Rows are all packed at once, up to this many blocks of them.
#define ROW_BLOCKS 32

static plan plan_of(const simd_gemm_kernels *g, int64_t m, int64_t n, int64_t k) {
  return (plan){.depth = even_part(k, g->kc, 1), .rows = even_part(m, (int64_t)g->mc * ROW_BLOCKS, g->mr), .columns = even_part(n, g->nc, g->nr)};
}
static uint64_t bytes_of_a(const simd_gemm_kernels *g, const plan *p) { return (uint64_t)round_up(p->rows * p->depth * g->lane_bytes, 64); }

uint64_t simd_gemm_workspace(const simd_gemm_kernels *g, int64_t m, int64_t n, int64_t k) {
  const plan p = plan_of(g, m, n, k);
  return bytes_of_a(g, &p) + (uint64_t)(p.columns * p.depth * g->lane_bytes);
}

/// One block of the depth of one block of C.
typedef struct step {
  const simd_gemm_call *call;
  char *a_panels, *b_panels;
  int64_t i0, j0, k0, rows, columns, depth;
  int64_t pack_a_lines, pack_b_lines, n_pack_a; // lines of one chunk of packing; chunks of A come first
  int64_t tile_rows, tile_columns, n_across;
} step;

static int32_t pack_body(void *arg, int64_t begin, int64_t end) {
  const step *s = arg;
  for (int64_t chunk = begin; chunk < end; chunk++) {
    const bool is_a = chunk < s->n_pack_a;
    const int64_t lines = is_a ? s->pack_a_lines : s->pack_b_lines, extent = is_a ? s->rows : s->columns;
    const int64_t first = (is_a ? chunk : chunk - s->n_pack_a) * lines;
    const simd_gemm_side *side = is_a ? &s->call->a : &s->call->b;
    char *panels = (is_a ? s->a_panels : s->b_panels) + first * s->depth * s->call->kernels->lane_bytes;
    side->pack(side->source, (is_a ? s->i0 : s->j0) + first, least(lines, extent - first), s->k0, s->depth, panels);
  }
  return RTB_OK;
}

static int32_t tile_body(void *arg, int64_t begin, int64_t end) {
  const step *s = arg;
  const simd_gemm_kernels *g = s->call->kernels;
  for (int64_t chunk = begin; chunk < end; chunk++) {
    const int64_t i = chunk / s->n_across * s->tile_rows, j = chunk % s->n_across * s->tile_columns;
    simd_gemm_out out = s->call->out;
    out.data = (char *)out.data + ((s->i0 + i) * out.row + (s->j0 + j) * out.column) * g->lane_bytes;
    out.bias = out.bias && s->k0 == 0 ? (const char *)out.bias + (s->i0 + i) * g->lane_bytes : NULL;
    out.add |= s->k0 > 0;
    g->block(least(s->tile_rows, s->rows - i), least(s->tile_columns, s->columns - j), s->depth, s->a_panels + i * s->depth * g->lane_bytes,
             s->b_panels + j * s->depth * g->lane_bytes, &out);
  }
  return RTB_OK;
}

static int32_t run_step(const rtb_host *host, step *s) {
  const simd_gemm_kernels *g = s->call->kernels;
  s->pack_a_lines = round_up(parts(PACK_ELEMENTS, s->depth), g->mr);
  s->pack_b_lines = round_up(parts(PACK_ELEMENTS, s->depth), g->nr);
  s->n_pack_a = parts(s->rows, s->pack_a_lines);
  const int64_t n_pack = s->n_pack_a + parts(s->columns, s->pack_b_lines);
  s->tile_rows = even_part(s->rows, g->mc, g->mr);
  s->tile_columns = least(round_up(s->columns, g->nr), round_up(parts(TILE_WORK, s->tile_rows * s->depth), g->nr));
  s->n_across = parts(s->columns, s->tile_columns);
  const int64_t n_tiles = parts(s->rows, s->tile_rows) * s->n_across;
  const bool is_alone = !host || s->rows * s->columns * s->depth < INLINE_WORK;
  int32_t status = is_alone ? pack_body(s, 0, n_pack) : host->parallel_for(host, n_pack, 1, pack_body, s);
  if (status == RTB_OK) status = is_alone ? tile_body(s, 0, n_tiles) : host->parallel_for(host, n_tiles, 1, tile_body, s);
  return status;
}

int32_t simd_gemm_run(const rtb_host *host, const simd_gemm_call *call, void *workspace) {
  const plan p = plan_of(call->kernels, call->m, call->n, call->k);
  step s = {.call = call, .a_panels = workspace, .b_panels = (char *)workspace + bytes_of_a(call->kernels, &p)};
  int32_t status = RTB_OK;
  for (s.i0 = 0; s.i0 < call->m; s.i0 += p.rows) {
    s.rows = least(p.rows, call->m - s.i0);
    for (s.j0 = 0; s.j0 < call->n; s.j0 += p.columns) {
      s.columns = least(p.columns, call->n - s.j0);
      for (s.k0 = 0; s.k0 < call->k && status == RTB_OK; s.k0 += p.depth) {
        s.depth = least(p.depth, call->k - s.k0);
        status = run_step(host, &s);
      }
    }
  }
  return status;
}
