// SPDX-License-Identifier: BSD-3-Clause
// Convolution. The output is cut into boxes of lines and blocks of channels. For each, a block of the depth (input channels by taps) at a time,
// the part of x under the box is copied with its padding (conv.h) and multiplied with the weights: across output channels, by weights that were
// packed once for all boxes; or along output lines, with weights as they lie, by panels that are packed of the copy (gemm/gemm.h): where positions are
// few for packed weights, or lines of x are those of a matrix already. Without padding x itself can be read; where a group has one channel there is no
// product. All choices depend on extents and strides alone, and each element adds up in the order of the depth: the same bits for any number of threads.
#include "conv_call.h"

#include <string.h>

#define CHUNK_WORK 200000  // multiplications of a chunk of parallel work: some 4 us
#define INLINE_WORK 150000 // fewer in all than this (3 us) are not worth a second thread
#define MOST_PARTS 1024    // of a transposed convolution
#define PIECE 256          // positions that are added up at a time around weights that are not finite

// ---- numbers of weights and bias -------------------------------------------------------------------------------------------------------------------

/// Numbers of the packed weights of a group: those of each block of rows in parts of some vectors; of each part a row for the bias, and one for each depth.
static int64_t packed_group(const conv *v) { return round_up(v->rows, v->product->lanes) * (v->channels * v->window.n_taps + 1); }

/// For all of its taps; parts of a transposed convolution, one after the other, need no more.
static uint64_t workspace_of(const conv *v) {
  const int64_t rows = v->out->shape[1], numbers = (v->widens ? rows * v->channels * v->window.n_taps : 0) + (v->widens_bias ? rows : 0);
  const int64_t offsets = most(v->window.n_taps, v->gemm->kc) + least(v->out->numel, 3 * MOST_SUMS); // of taps or depths, and of a box's positions
  return (uint64_t)offsets * sizeof(int64_t) + (uint64_t)((numbers + v->groups * packed_group(v)) * v->kernels->num_bytes) + 64;
}

static int32_t widen_body(void *arg, int64_t begin, int64_t end) {
  const conv *v = arg;
  const rtb_view *weight = v->weight;
  const int64_t *taps = v->window.taps, bytes = v->kernels->num_bytes;
  int64_t stride[3] = {0}, first[3] = {0}; // of taps, and where the first is
  for (int32_t i = 5 - weight->ndim, d = 2; i < 3; i++, d++) {
    const bool turns = v->is_transposed;
    stride[i] = weight->stride[d] * (turns ? -v->tap_step[i] : 1);
    first[i] = turns ? (v->first_tap[i] + (taps[i] - 1) * v->tap_step[i]) * weight->stride[d] : 0;
  }
  for (int64_t m = begin; m < end; m++) for (int64_t c = 0; c < v->channels; c++) {
    const int64_t row = v->is_transposed ? m / v->rows * v->channels + c : m, column = v->is_transposed ? m % v->rows : c;
    for (int64_t z = 0; z < taps[0]; z++) for (int64_t y = 0; y < taps[1]; y++) {
      const int64_t from = row * weight->stride[0] + column * weight->stride[1] + first[0] + z * stride[0] + first[1] + y * stride[1] + first[2];
      const int64_t to = m * v->depth + ((c * taps[0] + z) * taps[1] + y) * taps[2];
      v->kernels->widen(taps[2], at(weight->data, from, v->x_bytes), stride[2], at(v->numbers, to, bytes));
    }
  }
  return RTB_OK;
}

/// The vectors of channels of a block of rows, `rows` of them, in parts of nearly equal size: where part `index` begins.
static int64_t part_begin(int64_t rows, int64_t lanes, int64_t index) {
  const int64_t vecs = parts(rows, lanes);
  return vecs * index / parts(vecs, SIMD_CONV_ACROSS);
}

/// Blocks [begin, end) of the rows of all groups.
static int32_t pack_body(void *arg, int64_t begin, int64_t end) {
  const conv *v = arg;
  const int64_t bytes = v->kernels->num_bytes, lanes = v->product->lanes;
  const simd_moves *moves = simd_moves_of(v->dev, (uint32_t)bytes);
  for (int64_t i = begin; i < end; i++) {
    const int64_t first = i % v->n_blocks * v->block_rows, rows = least(v->block_rows, v->rows - first), m = i / v->n_blocks * v->rows + first;
    char *to = at(v->packed, i / v->n_blocks * packed_group(v) + first * (v->depth + 1), bytes);
    for (int64_t part = 0, vec = 0; vec * lanes < rows; part++) {
      const int64_t next = part_begin(rows, lanes, part + 1), width = (next - vec) * lanes, here = least(width, rows - vec * lanes), at_row = m + vec * lanes;
      memset(to, 0, (size_t)((here < width ? v->depth + 1 : 1) * width * bytes));
      if (v->bias_numbers) memcpy(to, at(v->bias_numbers, at_row, bytes), (size_t)(here * bytes));
      to = at(to, width, bytes);
      moves->move(here, v->depth, at(v->numbers, at_row * v->numbers_row, bytes), v->numbers_row * bytes, bytes, to, bytes, width * bytes);
      to = at(to, v->depth * width, bytes), vec = next;
    }
  }
  return RTB_OK;
}

/// Where a tap is seen, relative to the first one of its channel.
static int64_t offset_of(const conv *v, int64_t tap) {
  const simd_window *w = &v->window;
  const int64_t x = tap % w->taps[2] * w->dilation[2], y = tap / w->taps[2] % w->taps[1] * w->dilation[1], z = tap / (w->taps[2] * w->taps[1]);
  if (v->is_across && v->reads_x) return z * w->dilation[0] * w->x_stride[0] + y * w->x_stride[1] + x * w->x_stride[2];
  if (v->is_plain) return (z * v->n_rows + y) * v->pitch + x;
  return ((z * v->n_rows + y) * v->n_phases + x % w->stride[2]) * v->pitch + x / w->stride[2];
}

/// What the positions of a box see first, in its copy or in x. Smaller boxes have the first ones of them: a box of several lines has whole ones.
static int64_t *find_spots(const conv *v, int64_t *position) {
  const simd_window *w = &v->window;
  const int64_t line = v->reads_x ? w->stride[1] * w->x_stride[1] : v->line_rows * v->pitch, step = v->reads_x ? w->stride[2] * w->x_stride[2] : w->stride[2];
  for (int64_t y = 0; y < v->box_lines; y++)
    for (int64_t x = 0; x < v->box_columns; x++) *position++ = y * line + x * step;
  return position;
}

/// Fills the workspace.
static int32_t prepare(conv *v, void *workspace) {
  const simd_window *w = &v->window;
  int64_t *offset = workspace, *position = offset + w->n_taps;
  v->offset = offset;
  for (int64_t t = 0; t < w->n_taps; t++) offset[t] = offset_of(v, t);
  if (v->is_across) {
    position = offset + v->block_depth, v->position = position;
    for (int64_t k = w->n_taps; k < v->block_depth; k++) offset[k] = offset[k - w->n_taps] + (v->reads_x ? v->x->stride[1] : v->channel);
    position = find_spots(v, position);
  }
  char *rest = (char *)position;
  if (v->widens_bias) {
    v->kernels->widen(v->bias->shape[0], v->bias->data, v->bias->stride[0], rest);
    v->bias_numbers = rest, rest += v->bias->shape[0] * v->kernels->num_bytes;
  }
  int32_t status = RTB_OK;
  if (v->widens) {
    v->numbers = rest, rest += v->out->shape[1] * v->depth * v->kernels->num_bytes;
    status = simd_parallel(v->dev, v->out->shape[1], most(1, 16384 / most(1, v->depth)), widen_body, v);
  }
  if (!v->is_across || status != RTB_OK) return status;
  v->packed = (const void *)(((uintptr_t)rest + 63) / 64 * 64);
  return simd_parallel(v->dev, v->groups * v->n_blocks, most(1, 32768 / most(1, v->block_rows * v->depth)), pack_body, v);
}

/// Would padding that is multiplied as 0 give NaN?
static bool weights_are_finite(const conv *v) {
  if (v->numbers_row == v->depth) return v->kernels->is_finite(v->out->shape[1] * v->depth, v->numbers);
  for (int64_t m = 0; m < v->out->shape[1]; m++)
    if (!v->kernels->is_finite(v->depth, at(v->numbers, m * v->numbers_row, v->kernels->num_bytes))) return false;
  return true;
}

// ---- one box -----------------------------------------------------------------------------------------------------------------------------------------

/// One unit of work: a box of one image for a block of rows of one group.
typedef struct unit {
  int64_t image, group, block, n_groups;
  int64_t z, y, x, n_lines, n_columns; // n_columns of each line
  int64_t m, rows;                     // output channels [m, m + rows) of all
} unit;

static void fit(const conv *v, unit *u) {
  u->n_columns = least(v->box_columns, v->window.out[2] - u->x), u->n_lines = least(v->box_lines, v->window.out[1] - u->y);
  u->n_groups = least(v->unit_groups, v->groups - u->group);
  u->m = u->group * v->rows + u->block * v->block_rows, u->rows = least(v->block_rows, v->rows - u->block * v->block_rows);
}

static unit unit_at(const conv *v, int64_t index) {
  unit u;
  u.x = index % v->boxes_across * v->box_columns, index /= v->boxes_across;
  u.y = index % v->boxes_down * v->box_lines, index /= v->boxes_down;
  u.z = index % v->window.out[0], index /= v->window.out[0];
  u.block = index % v->n_blocks, index /= v->n_blocks;
  const int64_t units = parts(v->groups, v->unit_groups); // along the groups
  u.group = index % units * v->unit_groups, u.image = index / units;
  fit(v, &u);
  return u;
}

static void next_unit(const conv *v, unit *u) {
  if ((u->x += v->box_columns) >= v->window.out[2]) {
    u->x = 0, u->y += v->box_lines;
    if (u->y >= v->window.out[1]) u->y = 0, u->z++;
    if (u->z == v->window.out[0]) u->z = 0, u->block++;
    if (u->block == v->n_blocks) u->block = 0, u->group += v->unit_groups;
    if (u->group >= v->groups) u->group = 0, u->image++;
  }
  fit(v, u);
}

static char *out_at(const conv *v, const unit *u, int64_t row, int64_t line) {
  const int64_t *stride = v->out->stride, *inner = v->window.out_stride;
  const int64_t to = u->image * stride[0] + (u->m + row) * stride[1] + u->z * inner[0] + (u->y + line) * inner[1] + u->x * inner[2];
  return at(v->out_data, to, v->x_bytes);
}

/// Copies what the box sees of n channels of its group.
static void copy_channels(const conv *v, const unit *u, int64_t first, int64_t n, char *to) {
  const simd_window *w = &v->window;
  const int64_t channel = u->image * v->x->stride[0] + (u->group * v->channels + first) * v->x->stride[1];
  const simd_conv_part part = {
    .x = at(v->x->data, channel, v->x_bytes), .n_channels = n, .channel = v->x->stride[1],
    .n_planes = w->taps[0], .plane = w->x_stride[0], .z = u->z * w->stride[0] - w->pad_lo[0], .dz = w->dilation[0], .in_z = w->in[0],
    .n_rows = (u->n_lines - 1) * v->line_rows + (w->taps[1] - 1) * w->dilation[1] + 1, .row = w->x_stride[1], .y = u->y * w->stride[1] - w->pad_lo[1],
    .sy = w->stride[1], .line = v->line_rows, .in_y = w->in[1],
    .step = w->x_stride[2], .at = u->x * w->stride[2] - w->pad_lo[2], .stride = v->is_plain ? 1 : w->stride[2], .in_x = w->in[2],
    .n_phases = v->n_phases, .pitch = v->pitch, .to_channel = v->channel, .to_plane = v->n_rows * v->n_phases * v->pitch,
  };
  v->kernels->copy(&part, to);
}

static simd_conv_lines lines_of(const conv *v, const unit *u, const void *copy) {
  return (simd_conv_lines){.from = copy, .offset = v->offset, .n_taps = v->window.n_taps, .channel = v->channel,
                           .line = v->line_rows * v->n_phases * v->pitch, .n_lines = u->n_lines, .n = u->n_columns};
}

/// Adds the products of the depth [k0, k0 + kc).
static void multiply(const conv *v, const unit *u, int64_t k0, int64_t kc, char *copy, char *panel, simd_gemm_out out) {
  const simd_gemm_kernels *g = v->gemm;
  const int64_t bytes = g->lane_bytes, taps = v->window.n_taps, first = k0 / taps, columns = u->n_lines * u->n_columns;
  const simd_gemm_matrix a = {at(v->numbers, u->m * v->numbers_row + k0, bytes), v->numbers_row, 1};
  const int64_t image = u->image * v->x->stride[0] + (u->group * v->channels + k0) * v->x->stride[1];
  const simd_gemm_matrix flat = {at(v->x->data, image + u->x * v->window.x_stride[2], bytes), v->window.x_stride[2], v->x->stride[1]};
  const simd_conv_lines lines = lines_of(v, u, copy);
  if (v->form == WINDOWS && kc > 0) copy_channels(v, u, first, (k0 + kc - 1) / taps + 1 - first, copy);
  if (v->form == FLAT && v->reads_x) {
    g->direct(u->rows, columns, kc, &a, flat.data, flat.depth_stride, false, &out);
    return;
  }
  for (int64_t j = 0; j < columns; j += g->nr, out.data = at(out.data, g->nr * out.column, bytes)) {
    const int64_t n = least(g->nr, columns - j);
    if (v->form == FLAT) g->pack_b(&flat, j, n, 0, kc, panel);
    else v->kernels->panel(&lines, j, n, k0 - first * taps, kc, g->nr, panel);
    g->direct(u->rows, n, kc, &a, panel, 0, true, &out);
  }
}

/// Results that lie aside to their places.
static void store_aside(const conv *v, const unit *u, const char *aside) {
  const int64_t columns = u->n_lines * u->n_columns;
  for (int64_t m = 0; m < u->rows; m++) for (int64_t y = 0; y < u->n_lines; y++)
    v->kernels->store(u->n_columns, at(aside, m * columns + y * u->n_columns, v->kernels->num_bytes), out_at(v, u, m, y), v->window.out_stride[2]);
}

static void run_across(const conv *v, const unit *u, char *scratch) {
  const simd_window *w = &v->window;
  char *copy = scratch, *aside = copy + v->copy_bytes, *sums = aside + v->aside_bytes;
  const int64_t bytes = v->kernels->num_bytes, lanes = v->product->lanes, columns = u->n_lines * u->n_columns, first = u->m - u->group * v->rows;
  const char *packed = at(v->packed, u->group * packed_group(v) + first * (v->depth + 1), bytes);
  const int64_t corner = u->image * v->x->stride[0] + u->group * v->channels * v->x->stride[1] + (u->z * w->stride[0] - w->pad_lo[0]) * w->x_stride[0] +
                         (u->y * w->stride[1] - w->pad_lo[1]) * w->x_stride[1] + (u->x * w->stride[2] - w->pad_lo[2]) * w->x_stride[2];
  const simd_moves *moves = simd_moves_of(v->dev, (uint32_t)bytes);
  simd_gemm_out out = {.data = out_at(v, u, 0, 0), .row = v->out->stride[1], .column = w->out_stride[2]};
  if (v->aside) out = (simd_gemm_out){.data = aside, .row = columns, .column = 1};
  simd_conv_spots spots = {.x = copy, .position = v->position, .offset = v->offset, .n = columns};
  int64_t k = 0;
  do {
    spots.depth = least(v->block_depth, v->depth - k);
    if (v->reads_x) spots.x = at(v->x->data, corner + k / w->n_taps * v->x->stride[1], bytes);
    else copy_channels(v, u, k / w->n_taps, spots.depth / w->n_taps, copy);
    const bool is_last = k + spots.depth == v->depth;
    for (int64_t part = 0, vec = 0; vec * lanes < u->rows; part++) {
      const int64_t next = part_begin(u->rows, lanes, part + 1), width = (next - vec) * lanes, row = vec * lanes;
      const char *weights = at(packed, row * (v->depth + 1), bytes);
      spots.vecs = (int32_t)(next - vec), spots.sums = at(sums, row * columns, bytes);
      spots.start = k == 0 ? weights : NULL, spots.weights = at(weights, (k + 1) * width, bytes);
      const bool turns = is_last && out.column == 1 && row + width <= u->rows;
      spots.out = turns ? at(out.data, row * out.row, bytes) : NULL, spots.out_row = out.row;
      v->product->across(&spots);
      if (is_last && !turns)
        moves->move(columns, least(width, u->rows - row), spots.sums, width * bytes, bytes, at(out.data, row * out.row, bytes), out.column * bytes, out.row * bytes);
      vec = next;
    }
    k += spots.depth;
  } while (k < v->depth);
  if (v->aside) store_aside(v, u, aside);
}

static void run_product(const conv *v, const unit *u, char *scratch) {
  char *copy = scratch, *panel = copy + v->copy_bytes, *aside = panel + v->panel_bytes;
  const int64_t bytes = v->gemm->lane_bytes, columns = u->n_lines * u->n_columns;
  simd_gemm_out out = {.data = out_at(v, u, 0, 0), .row = v->out->stride[1], .column = v->window.out_stride[2]};
  if (v->aside) out = (simd_gemm_out){.data = aside, .row = columns, .column = 1};
  out.bias = v->bias_numbers ? at(v->bias_numbers, u->m, bytes) : NULL;
  int64_t k = 0;
  do {
    const int64_t kc = least(v->block_depth, v->depth - k);
    multiply(v, u, k, kc, copy, panel, out);
    out.bias = NULL, out.add = true;
    k += kc;
  } while (k < v->depth);
  if (v->aside) store_aside(v, u, aside);
}

static void run_depthwise(const conv *v, const unit *u, char *copy) {
  const int64_t bytes = v->kernels->num_bytes;
  simd_conv_maps maps = {
    .lines = lines_of(v, u, copy), .n = u->n_groups, .taps = v->window.taps[2], .apart = v->is_plain ? v->window.stride[2] : 1,
    .to_weight = v->rows * v->numbers_row, .to_bias = v->rows, .to_out = v->rows * v->out->stride[1],
    .out_line = v->window.out_stride[1], .out_step = v->window.out_stride[2],
  };
  copy_channels(v, u, 0, u->n_groups, copy);
  for (int64_t m = 0; m < v->rows; m++) {
    maps.weight = at(v->numbers, (u->m + m) * v->numbers_row, bytes), maps.out = out_at(v, u, m, 0);
    maps.bias = v->bias_numbers ? at(v->bias_numbers, u->m + m, bytes) : NULL;
    v->kernels->depthwise(&maps);
  }
}

static int32_t units_body(void *arg, int64_t begin, int64_t end) {
  const conv *v = arg;
  const rtb_host *host = v->dev->host;
  const uint64_t bytes = v->copy_bytes + v->panel_bytes + v->aside_bytes + v->sum_bytes;
  char *scratch = host->alloc(host, bytes, 64);
  if (!scratch) return rtb_failf(host, RTB_E_NO_MEMORY, "conv: no memory for %llu bytes of scratch", (unsigned long long)bytes);
  unit u = unit_at(v, begin);
  for (int64_t i = begin; i < end; i++, next_unit(v, &u)) {
    if (v->form == DEPTHWISE) run_depthwise(v, &u, scratch);
    else if (v->is_across) run_across(v, &u, scratch);
    else run_product(v, &u, scratch);
  }
  host->free(host, scratch, bytes);
  return RTB_OK;
}

// ---- around weights that are not finite ---------------------------------------------------------------------------------------------------------

/// Lines [begin, end) of all output channels: adds, tap by tap, only what is inside of x.
static int32_t careful_body(void *arg, int64_t begin, int64_t end) {
  const conv *v = arg;
  const simd_window *w = &v->window;
  const int64_t bytes = v->kernels->num_bytes;
  for (int64_t i = begin; i < end; i++) {
    const int64_t line = i % (w->out[0] * w->out[1]), map = i / (w->out[0] * w->out[1]), m = map % v->out->shape[1], image = map / v->out->shape[1];
    const int64_t oz = line / w->out[1], oy = line % w->out[1];
    for (int64_t j = 0; j < w->out[2]; j += PIECE) {
      const int64_t n = least(PIECE, w->out[2] - j);
      double sums[PIECE] = {0}; // or floats
      for (int64_t p = 0; v->bias_numbers && p < n; p++) memcpy(at(sums, p, bytes), at(v->bias_numbers, m, bytes), (size_t)bytes);
      for (int64_t k = 0; k < v->depth; k++) {
        const int64_t channel = m / v->rows * v->channels + k / w->n_taps, tap = k % w->n_taps;
        const int64_t z = oz * w->stride[0] + tap / (w->taps[2] * w->taps[1]) * w->dilation[0] - w->pad_lo[0];
        const int64_t y = oy * w->stride[1] + tap / w->taps[2] % w->taps[1] * w->dilation[1] - w->pad_lo[1];
        const int64_t x = j * w->stride[2] + tap % w->taps[2] * w->dilation[2] - w->pad_lo[2]; // of the first position
        if (z < 0 || z >= w->in[0] || y < 0 || y >= w->in[1] || x >= w->in[2]) continue;
        const int64_t from = x < 0 ? parts(-x, w->stride[2]) : 0, to = least(n, (w->in[2] - 1 - x) / w->stride[2] + 1);
        const int64_t seen = image * v->x->stride[0] + channel * v->x->stride[1] + z * w->x_stride[0] + y * w->x_stride[1] + (x + from * w->stride[2]) * w->x_stride[2];
        if (from < to)
          v->kernels->add(to - from, at(v->numbers, m * v->numbers_row + k, bytes), at(v->x->data, seen, v->x_bytes), w->stride[2] * w->x_stride[2], at(sums, from, bytes));
      }
      const int64_t to = image * v->out->stride[0] + m * v->out->stride[1] + oz * w->out_stride[0] + oy * w->out_stride[1] + j * w->out_stride[2];
      v->kernels->store(n, sums, at(v->out_data, to, v->x_bytes), w->out_stride[2]);
    }
  }
  return RTB_OK;
}

// ---- the kernel --------------------------------------------------------------------------------------------------------------------------------------

static int32_t run_part(conv *v, void *workspace) {
  simd_conv_cut(v);
  const simd_window *w = &v->window;
  const int64_t maps = v->out->shape[0] * v->out->shape[1];
  if (maps * w->out[0] * w->out[1] * w->out[2] == 0) return RTB_OK;
  const int32_t status = prepare(v, workspace);
  if (status != RTB_OK) return status;
  if (simd_conv_sees_padding(w) && !weights_are_finite(v)) return simd_parallel(v->dev, maps * w->out[0] * w->out[1], 1, careful_body, v);
  const int64_t n = v->out->shape[0] * parts(v->groups, v->unit_groups) * v->n_blocks * v->n_boxes, per_column = v->form == DEPTHWISE ? 4 * v->depth + 16 : v->depth;
  const int64_t work = v->unit_groups * v->block_rows * v->box_lines * v->box_columns * most(1, per_column);
  if (n * work < INLINE_WORK) return units_body(v, 0, n);
  return simd_parallel(v->dev, n, most(1, CHUNK_WORK / work), units_body, v);
}

static int32_t run_conv(void *dev, void *stream, const rtb_op *op) {
  (void)stream;
  conv v = simd_conv_of(dev, op);
  if (!v.is_transposed) return run_part(&v, op->workspace->data);
  const int64_t n = v.window.stride[0] * v.window.stride[1] * v.window.stride[2];
  int32_t status = RTB_OK;
  for (int64_t i = 0; i < n && status == RTB_OK; i++) {
    conv part = simd_conv_remainder(&v, i);
    status = run_part(&part, op->workspace->data);
  }
  return status;
}

static int32_t accept_conv(void *dev, const rtb_op *op, uint64_t *out_workspace_bytes) {
  const conv v = simd_conv_of(dev, op);
  *out_workspace_bytes = workspace_of(&v);
  return RTB_OK;
}

int32_t simd_resolve_conv(simd_device *dev, const rtb_sig *sig, rtb_kernel *out) {
  const char *name = simd_op_name(dev, sig->op);
  const uint16_t dtype = sig->arg[0].dtype;
  if (dtype >= SIMD_DTYPES || !dev->isa->conv[dtype]) return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "%s of %s has no vector kernel", name, simd_dtype_name(dev, dtype));
  if (sig->alias) return rtb_refuse(out, RTB_UNSUPPORTED_ALIAS, "%s: windows overlap, so the output cannot be the input", name);
  int64_t n_parts = 1;
  const rtb_attr_window *attr = sig->attr;
  for (uint32_t d = 0; d < attr->spatial; d++) n_parts = least(n_parts, MOST_PARTS + 1) * attr->stride[d];
  if (sig->op == RTB_OP_CONV_TRANSPOSE && n_parts > MOST_PARTS) return rtb_refuse(out, RTB_UNSUPPORTED_ATTR, "%s: strides multiply to more than %d", name, MOST_PARTS);
  out->fn = run_conv, out->accept = accept_conv;
  return RTB_OK;
}
