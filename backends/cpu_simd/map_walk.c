// SPDX-License-Identifier: BSD-3-Clause
// Elementwise operations on arguments of any strides, in pieces that a kernel sees as dense. Long rows are cut into tiles: a row of a tile is one
// call of the kernel, an argument whose rows have gaps is moved to a buffer first, a transposed one through registers. Short rows are
// joined: a piece of many rows, all arguments in buffers, is one call.
#include <string.h>

#include "map.h"

#define BUFFER 16384     // bytes per argument: tiles of all arguments share the first cache
#define LONG_ROW 64      // elements from which on a call per row is cheaper than moving to a buffer
#define LONG_WHOLE_ROW 256 // the same for rows that are moved fast, because they have no gaps
#define CHUNK 1024       // of rows with gaps, where all of them are more than SMALL: short, so that the rows of all arguments are fetched side by side
#define SMALL 131072
#define CLASH 512        // rows that lie a multiple of this many bytes apart share few places of the first cache

typedef struct walk {
  const map_kernel *kernel;
  const simd_moves *moves[MAP_ARGS];
  int32_t rank, n_in;
  int64_t numel;
  int64_t shape[RTB_MAX_RANK], step[MAP_ARGS][RTB_MAX_RANK]; // bytes
  char *at[MAP_ARGS];
  uint32_t still, buffered, periodic; // arguments that repeat one element; that pass through a buffer; whose buffer serves every piece
  int32_t cross, inner;               // the dimensions of a tile
  bool down;                          // the next tile is the one below, not the one beside
  int64_t tile_rows, tile_cols, row_tiles, col_tiles; // a piece is a tile of one row
} walk;

static void start(walk *w, const map_kernel *kernel, const rtb_op *op) {
  const rtb_view *out = op->args[kernel->n_in];
  *w = (walk){.kernel = kernel, .n_in = kernel->n_in, .rank = out->ndim, .numel = out->numel, .still = kernel->still};
  if (w->rank == 0) w->rank = 1, w->shape[0] = 1;
  for (int32_t d = 0; d < out->ndim; d++) w->shape[d] = out->shape[d];
  for (int32_t k = 0; k <= w->n_in; k++) {
    const rtb_view *view = op->args[k];
    w->at[k] = view->data;
    w->moves[k] = simd_moves_of(kernel->dev, kernel->bytes[k]);
    for (int32_t d = 0; d < view->ndim && !(kernel->still >> k & 1); d++) w->step[k][d] = view->stride[d] * kernel->bytes[k];
  }
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/// Once it is known what passes through buffers.
static void choose_stream(walk *w) {
  const map_kernel *kernel = w->kernel;
  const bool direct = !(w->buffered >> w->n_in & 1);
  if (direct && !kernel->is_in_place && w->numel * kernel->bytes[w->n_in] > MAP_STREAM_BYTES) w->still |= SIMD_STREAM;
}

// ---- pieces of many short rows ----------------------------------------------------------------------------------------------------------------
static int32_t pieces_body(void *arg, int64_t begin, int64_t end) {
  const walk *w = arg;
  const map_kernel *kernel = w->kernel;
  _Alignas(64) char buffer[MAP_ARGS][BUFFER];
  const int64_t piece = w->tile_cols, out_bytes = kernel->bytes[w->n_in];
  const void *in[MAP_INPUTS];
  for (int32_t k = 0; k < w->n_in; k++)
    if (w->periodic >> k & 1) simd_pack(w->moves[k], w->rank, w->shape, w->step[k], w->at[k], 0, least(piece, w->numel), buffer[k]);
  for (int64_t i = begin * piece; i < least(end * piece, w->numel); i += piece) {
    const int64_t n = least(piece, w->numel - i);
    if (kernel->is_copy && w->buffered == 1) { // straight to a dense output
      simd_pack(w->moves[0], w->rank, w->shape, w->step[0], w->at[0], i, n, w->at[1] + i * out_bytes);
      continue;
    }
    for (int32_t k = 0; k < w->n_in; k++) {
      const bool buffered = w->buffered >> k & 1;
      in[k] = buffered ? buffer[k] : w->still >> k & 1 ? w->at[k] : w->at[k] + i * kernel->bytes[k];
      if (buffered && !(w->periodic >> k & 1)) simd_pack(w->moves[k], w->rank, w->shape, w->step[k], w->at[k], i, n, buffer[k]);
    }
    const bool to_buffer = w->buffered >> w->n_in & 1;
    char *out = to_buffer ? buffer[w->n_in] : w->at[w->n_in] + i * out_bytes;
    kernel->fn(n, in, out, w->still);
    if (to_buffer) simd_unpack(w->moves[w->n_in], w->rank, w->shape, w->step[w->n_in], out, i, n, w->at[w->n_in]);
  }
  return RTB_OK;
}

static int32_t run_pieces(walk *w) {
  const map_kernel *kernel = w->kernel;
  int64_t period = 1, widest = 1;
  for (int32_t k = 0; k <= w->n_in; k++) widest = kernel->bytes[k] > widest ? kernel->bytes[k] : widest;
  const int64_t most = BUFFER / 2 / widest;
  for (int32_t k = 0; k <= w->n_in; k++) {
    bool dense = true, still = true;
    int64_t below = kernel->bytes[k], repeats = 1; // repeats: the elements after which it starts anew
    for (int32_t d = w->rank - 1; d >= 0; d--) {
      dense = dense && w->step[k][d] == below;
      still = still && w->step[k][d] == 0;
      below *= w->shape[d];
      if (w->step[k][d]) repeats = below / kernel->bytes[k];
    }
    if (still) w->still |= k < w->n_in ? 1u << k : 0;
    else if (!dense) w->buffered |= 1u << k;
    if (!still && !dense && k < w->n_in && repeats <= most) {
      w->periodic |= 1u << k;
      if (repeats > period) period = repeats; // each one divides the longer ones
    }
  }
  choose_stream(w);
  w->tile_cols = most / period * period;
  const int64_t n = (w->numel + w->tile_cols - 1) / w->tile_cols, grain = kernel->grain / w->tile_cols;
  return simd_parallel(kernel->dev, n, grain < 1 ? 1 : grain, pieces_body, w);
}

// ---- tiles of long rows -------------------------------------------------------------------------------------------------------------------------
static void run_tile(const walk *w, char *const *at, int64_t rows, int64_t cols, char (*buffer)[BUFFER]) {
  const map_kernel *kernel = w->kernel;
  const int32_t n_in = w->n_in;
  const int64_t out_bytes = kernel->bytes[n_in];
#define ROW_STEP(k) w->step[k][w->cross]
#define COL_STEP(k) w->step[k][w->inner]
  if (kernel->is_copy && !w->buffered)
    return w->moves[1]->move(rows, cols, at[0], ROW_STEP(0), COL_STEP(0), at[1], ROW_STEP(1), COL_STEP(1));
  const char *row[MAP_INPUTS];
  int64_t step[MAP_INPUTS];
  for (int32_t k = 0; k < n_in; k++) {
    row[k] = at[k], step[k] = ROW_STEP(k);
    if (!(w->buffered >> k & 1)) continue;
    w->moves[k]->move(rows, cols, at[k], ROW_STEP(k), COL_STEP(k), buffer[k], cols * kernel->bytes[k], kernel->bytes[k]);
    row[k] = buffer[k], step[k] = cols * kernel->bytes[k];
  }
  const bool to_buffer = w->buffered >> n_in & 1;
  char *out = to_buffer ? buffer[n_in] : at[n_in];
  const int64_t out_step = to_buffer ? cols * out_bytes : ROW_STEP(n_in);
  bool joined = out_step == cols * out_bytes && !(w->still & SIMD_GAPS); // do the rows of all arguments follow one another?
  for (int32_t k = 0; k < n_in && joined; k++) joined = step[k] == (w->still >> k & 1 ? 0 : cols * kernel->bytes[k]);
  const int64_t calls = joined ? 1 : rows, n = joined ? rows * cols : cols;
  for (int64_t r = 0; r < calls; r++) {
    const void *in[MAP_INPUTS];
    for (int32_t k = 0; k < n_in; k++) in[k] = row[k] + r * step[k];
    kernel->fn(n, in, out + r * out_step, w->still);
  }
  if (to_buffer) w->moves[n_in]->move(rows, cols, out, out_step, out_bytes, at[n_in], ROW_STEP(n_in), COL_STEP(n_in));
}

static int32_t tiles_body(void *arg, int64_t begin, int64_t end) {
  const walk *w = arg;
  _Alignas(64) char buffer[MAP_ARGS][BUFFER];
  const int64_t tiles = w->row_tiles * w->col_tiles, tile_at = begin % tiles;
  int64_t rest = begin / tiles, index[RTB_MAX_RANK] = {0};
  int64_t row_tile = w->down ? tile_at % w->row_tiles : tile_at / w->col_tiles, col_tile = w->down ? tile_at / w->row_tiles : tile_at % w->col_tiles;
  char *at[MAP_ARGS];
  memcpy(at, w->at, sizeof at);
  for (int32_t d = w->rank - 1; d >= 0; d--) {
    if (d == w->inner || d == w->cross) continue;
    index[d] = rest % w->shape[d], rest /= w->shape[d];
    for (int32_t k = 0; k <= w->n_in; k++) at[k] += index[d] * w->step[k][d];
  }
  for (int64_t tile = begin; tile < end; tile++) {
    const int64_t row = row_tile * w->tile_rows, col = col_tile * w->tile_cols;
    const int64_t n_rows = w->cross == w->inner ? 1 : w->shape[w->cross];
    char *here[MAP_ARGS];
    for (int32_t k = 0; k <= w->n_in; k++) here[k] = at[k] + col * COL_STEP(k) + (row ? row * ROW_STEP(k) : 0);
    run_tile(w, here, least(w->tile_rows, n_rows - row), least(w->tile_cols, w->shape[w->inner] - col), buffer);
    int64_t *const first = w->down ? &row_tile : &col_tile, *const second = w->down ? &col_tile : &row_tile;
    if (++*first < (w->down ? w->row_tiles : w->col_tiles)) continue;
    *first = 0;
    if (++*second < (w->down ? w->col_tiles : w->row_tiles)) continue;
    *second = 0;
    for (int32_t d = w->rank - 1; d >= 0; d--) {
      if (d == w->inner || d == w->cross) continue;
      const int64_t move = ++index[d] < w->shape[d] ? 1 : 1 - w->shape[d];
      for (int32_t k = 0; k <= w->n_in; k++) at[k] += move * w->step[k][d];
      if (move == 1) break;
      index[d] = 0;
    }
  }
  return RTB_OK;
}

static int32_t run_tiles(walk *w) {
  const map_kernel *kernel = w->kernel;
  const int32_t inner = w->rank - 1;
  int64_t widest = 1;
  bool transposed = false;
  w->inner = inner, w->cross = inner ? inner - 1 : inner;
  for (int32_t k = 0; k <= w->n_in; k++) {
    const int64_t bytes = kernel->bytes[k], step = w->step[k][inner];
    if (k < w->n_in && step == 0) w->still |= 1u << k;
    else if (k < w->n_in && step == 2 * bytes && kernel->takes_gaps) w->still |= SIMD_GAP(k);
    else if (step != bytes) w->buffered |= 1u << k;
    if (bytes > widest) widest = bytes;
    for (int32_t d = 0; d < inner && (w->buffered >> k & 1) && !transposed; d++)
      if (w->step[k][d] == bytes) w->cross = d, transposed = true;
  }
  const int64_t cols = w->shape[inner], rows = w->cross == inner ? 1 : w->shape[w->cross], most = BUFFER / widest;
  const int64_t chunk = w->numel * widest <= SMALL ? most / 4 : CHUNK / widest;
  const bool clash = w->step[w->n_in][w->cross] % CLASH == 0;
  if (kernel->is_copy && !(transposed && clash)) w->buffered = 0;
  choose_stream(w);
  // Tiles, measured at 500x500 to 4096x4096. A transposed copy writes whole cache lines down long columns; where those lines would push each other
  // out, it takes square tiles through a buffer. Kernels want long rows, and whole lines (pairs of them, where they clash) of what is transposed.
  w->down = transposed && kernel->is_copy;
  if (transposed && !w->buffered) w->tile_rows = 128, w->tile_cols = 64 / widest;
  else if (transposed && kernel->is_copy) w->tile_rows = widest < 2 ? 128 : widest < 8 ? 64 : 32, w->tile_cols = most / w->tile_rows;
  else if (transposed) w->tile_rows = (clash ? 128 : 64) / widest, w->tile_cols = most / w->tile_rows;
  else if (w->buffered) w->tile_cols = least(chunk, cols), w->tile_rows = chunk / w->tile_cols;
  else w->tile_rows = 16, w->tile_cols = 16384;
  w->tile_rows = least(w->tile_rows, rows), w->tile_cols = least(w->tile_cols, cols);
  w->row_tiles = (rows + w->tile_rows - 1) / w->tile_rows, w->col_tiles = (cols + w->tile_cols - 1) / w->tile_cols;
  const int64_t n = w->numel / (rows * cols) * w->row_tiles * w->col_tiles, grain = kernel->grain / (w->tile_rows * w->tile_cols);
  return simd_parallel(kernel->dev, n, grain < 1 ? 1 : grain, tiles_body, w);
}

int32_t map_strided(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  walk w;
  start(&w, kctx, op);
  bool whole = true; // has no row of any argument gaps?
  for (int32_t k = 0; k <= w.n_in; k++) whole = whole && (w.step[k][w.rank - 1] == 0 || w.step[k][w.rank - 1] == w.kernel->bytes[k]);
  if (w.shape[w.rank - 1] < (whole && !w.kernel->is_copy ? LONG_WHOLE_ROW : LONG_ROW)) return run_pieces(&w);
  return run_tiles(&w);
}
