// SPDX-License-Identifier: BSD-3-Clause
// How a convolution is cut: whether its product runs across output channels or along lines, and into what boxes, blocks and copies. All choices
// depend on extents and strides alone: the same bits for any number of threads. And how a transposed convolution is made of ordinary ones.
#include "conv_call.h"

#define BOX_WORK 600000    // multiplications of a box that can be smaller: some 12 us;
#define LEAST_WORK 100000  // of one where there are few in all: half of them, so that two threads share one image
#define MOST_ROWS 128      // of a block: what is packed of x is used so often
#define MOST_COLUMNS 2048  // of a box
#define LEAST_PANELS 4     // of a box, so that weights are worth reading;
#define LEAST_SPOTS 24     // positions, across channels
#define MOST_READ 65536    // elements of x that are read as they lie
#define LEAST_POSITIONS 96 // that use packed weights;
#define FEW_POSITIONS 40   // where the weights are no more than FEW_WEIGHTS
#define FEW_WEIGHTS 65536
#define MOST_UNIT 2048     // numbers of a copy of several groups

static bool inner_is_dense(const rtb_view *view) {
  int64_t expected = 1;
  for (int32_t d = view->ndim - 1; d >= 1; expected *= view->shape[d--])
    if (view->shape[d] != 1 && view->stride[d] != expected) return false;
  return true;
}

/// Do these dimensions run on as one? *out_step: its stride.
static bool is_one_line(const int64_t extent[3], const int64_t stride[3], int64_t *out_step) {
  int64_t expected = 0;
  *out_step = 1;
  for (int32_t d = 2; d >= 0; d--) {
    if (extent[d] == 1) continue;
    if (expected == 0) *out_step = expected = stride[d];
    if (stride[d] != expected) return false;
    expected *= extent[d];
  }
  return true;
}

/// Does any position see padding?
bool simd_conv_sees_padding(const simd_window *w) {
  for (int32_t d = 0; d < 3; d++)
    if (w->pad_lo[d] > 0 || (w->out[d] - 1) * w->stride[d] + (w->taps[d] - 1) * w->dilation[d] - w->pad_lo[d] >= w->in[d]) return true;
  return false;
}

/// A window of one element at every position, over numbers that run on: the spatial dimensions become one.
static bool make_flat(conv *v) {
  simd_window *w = &v->window;
  int64_t x_step, out_step;
  for (int32_t d = 0; d < 3; d++) if (w->stride[d] != 1 || w->in[d] != w->out[d]) return false;
  if (w->n_taps != 1 || simd_conv_sees_padding(w) || v->x_bytes != v->kernels->num_bytes) return false;
  if (!is_one_line(w->in, w->x_stride, &x_step) || !is_one_line(w->out, w->out_stride, &out_step)) return false;
  w->in[2] = w->out[2] *= w->out[0] * w->out[1];
  w->in[0] = w->in[1] = w->out[0] = w->out[1] = 1;
  w->x_stride[2] = x_step, w->out_stride[2] = out_step;
  return true;
}

static void choose_boxes(conv *v) {
  const simd_window *w = &v->window;
  const int64_t nr = v->gemm->nr, work = v->form == DEPTHWISE ? w->n_taps : v->block_rows * v->depth;
  const int64_t all = v->out->shape[0] * v->groups * v->n_blocks * w->out[0] * w->out[1] * w->out[2] * work, of_box = held(all / 2, LEAST_WORK, BOX_WORK);
  const int64_t columns = least(most(of_box / most(1, work), v->is_across ? LEAST_SPOTS : LEAST_PANELS * nr), v->is_across ? most(8, MOST_SUMS / v->block_rows) : MOST_COLUMNS);
  v->box_columns = w->out[2] < 2 * columns ? most(1, w->out[2]) : even_part(w->out[2], columns, nr);
  v->box_lines = v->box_columns < w->out[2] ? 1 : even_part(w->out[1], parts(columns, most(1, w->out[2])), 1);
  v->boxes_across = parts(w->out[2], v->box_columns), v->boxes_down = parts(w->out[1], v->box_lines);
  v->n_boxes = w->out[0] * v->boxes_down * v->boxes_across;
}

static void lay_out_copy(conv *v) {
  const simd_window *w = &v->window;
  const int64_t num_bytes = v->kernels->num_bytes, n_channels = v->form == DEPTHWISE ? 1 : parts(v->block_depth, w->n_taps) + 1;
  const int64_t reach_y = (w->taps[1] - 1) * w->dilation[1] + 1, reach_x = (w->taps[2] - 1) * w->dilation[2] + 1;
  v->line_rows = least(w->stride[1], reach_y), v->n_phases = v->is_plain ? 1 : least(w->stride[2], reach_x);
  v->n_rows = (v->box_lines - 1) * v->line_rows + reach_y;
  v->pitch = v->is_plain ? (v->box_columns - 1) * w->stride[2] + reach_x : v->box_columns + (reach_x - 1) / w->stride[2];
  v->channel = w->taps[0] * v->n_rows * v->n_phases * v->pitch;
  v->unit_groups = v->form == DEPTHWISE && v->n_boxes == 1 ? held(MOST_UNIT / v->channel, 1, v->groups) : 1;
  v->copy_bytes = v->form == FLAT || (v->is_across && v->reads_x) ? 0 : (uint64_t)round_up(least(n_channels, v->channels) * v->unit_groups * v->channel * num_bytes + SIMD_CONV_SLACK, 64);
  v->panel_bytes = v->form == DEPTHWISE || v->is_across ? 0 : (uint64_t)round_up(v->block_depth * v->gemm->nr * num_bytes + SIMD_CONV_SLACK, 64);
  v->aside = v->form != DEPTHWISE && (v->x_bytes != num_bytes || (v->box_lines > 1 && w->out_stride[1] != w->out[2] * w->out_stride[2]));
  v->aside_bytes = v->aside ? (uint64_t)(v->block_rows * v->box_lines * v->box_columns * num_bytes) : 0;
  v->sum_bytes = v->is_across ? (uint64_t)(round_up(v->block_rows, v->product->lanes) * v->box_lines * v->box_columns * num_bytes) : 0;
}

conv simd_conv_of(const simd_device *dev, const rtb_op *op) {
  const rtb_attr_window *attr = op->attr;
  conv v = {.dev = dev, .x = op->args[0], .weight = op->args[1], .bias = op->args[2], .out = op->args[op->nin]};
  v.kernels = dev->isa->conv[v.x->dtype];
  v.gemm = dev->isa->gemm[v.x->dtype == RTB_F64 ? RTB_F64 : RTB_F32];
  v.product = dev->isa->conv[v.x->dtype == RTB_F64 ? RTB_F64 : RTB_F32];
  v.window = simd_window_of(attr, v.x, v.out, v.weight->shape);
  v.x_bytes = rtb_dtype_bytes(v.x->dtype);
  v.out_data = v.out->data;
  v.groups = attr->groups, v.channels = v.x->shape[1] / v.groups, v.rows = v.out->shape[1] / v.groups;
  v.is_transposed = op->op == RTB_OP_CONV_TRANSPOSE;
  v.widens = v.is_transposed || v.x_bytes != v.kernels->num_bytes || !inner_is_dense(v.weight);
  v.widens_bias = v.bias && (v.x_bytes != v.kernels->num_bytes || v.bias->stride[0] != 1);
  return v;
}

/// Are few lanes lost along lines that x has dense? Then nothing has to turn: sums are stored as they are.
static bool pays_along(const conv *v) {
  const int64_t columns = v->window.out[2], lost = round_up(columns, v->gemm->nr) - columns;
  return v->form == FLAT && v->window.x_stride[2] == 1 && v->window.out_stride[2] == 1 && 8 * lost <= columns;
}

/// Are few lanes of the last vector of channels lost, and are there positions enough for packed weights?
static bool pays_across(const conv *v) {
  const simd_window *w = &v->window;
  const int64_t lost = round_up(v->rows, v->product->lanes) - v->rows, positions = v->out->shape[0] * w->out[0] * w->out[1] * w->out[2];
  const int64_t least_positions = v->groups * v->rows * v->depth <= FEW_WEIGHTS ? FEW_POSITIONS : LEAST_POSITIONS;
  return v->form != DEPTHWISE && v->channels > 0 && w->n_taps <= v->gemm->kc && 8 * lost <= v->rows && positions >= least_positions;
}

void simd_conv_cut(conv *v) {
  const int64_t taps = v->window.n_taps, kc = v->gemm->kc;
  v->depth = v->channels * taps;
  v->form = make_flat(v) ? FLAT : v->channels == 1 && v->rows <= 2 ? DEPTHWISE : WINDOWS;
  v->is_across = !pays_along(v) && pays_across(v);
  v->is_plain = v->is_across || (v->form == DEPTHWISE && v->window.stride[2] <= 2 && v->window.dilation[2] == 1 && taps <= SIMD_CONV_APART);
  v->numbers = v->weight->data, v->numbers_row = v->widens ? v->depth : v->weight->stride[0];
  v->bias_numbers = v->bias ? v->bias->data : NULL;
  v->block_rows = v->form == DEPTHWISE ? v->rows : even_part(v->rows, MOST_ROWS, v->is_across ? v->product->lanes : v->gemm->mr);
  v->n_blocks = v->form == DEPTHWISE ? 1 : parts(v->rows, v->block_rows);
  v->block_depth = taps <= kc ? even_part(v->channels, kc / taps, 1) * taps : kc;
  choose_boxes(v);
  v->reads_x = v->is_across ? v->x_bytes == v->kernels->num_bytes && !simd_conv_sees_padding(&v->window)
                            : v->form == FLAT && v->window.x_stride[2] == 1 && v->block_depth * v->box_columns <= MOST_READ;
  lay_out_copy(v);
}

// ---- transposed ----------------------------------------------------------------------------------------------------------------------------------------
// Output positions p with one remainder of (p + pad) by the stride see the same taps, each at one element of x more per position: they are an
// ordinary convolution of stride 1, with those taps in reverse. So a transposed convolution is one for each remainder in each dimension.

static int64_t common_divisor(int64_t a, int64_t b) { return b ? common_divisor(b, a % b) : a; }

/// Narrows dimension d to the positions of one remainder. Some of them see no taps: then the depth is 0.
static void narrow(conv *v, int32_t d, int64_t remainder) {
  simd_window *w = &v->window;
  const int64_t s = w->stride[d], first = (remainder + s - w->pad_lo[d] % s) % s, step = s / common_divisor(s, w->dilation[d]);
  int64_t tap = 0;
  while (tap < least(step, w->taps[d]) && tap * w->dilation[d] % s != remainder) tap++;
  const bool is_seen = tap < least(step, w->taps[d]);
  const int64_t base = is_seen ? (first + w->pad_lo[d] - tap * w->dilation[d]) / s : 0;
  v->first_tap[d] = tap, v->tap_step[d] = step;
  if (!is_seen) v->channels = 0;
  w->taps[d] = is_seen ? (w->taps[d] - 1 - tap) / step + 1 : 1;
  w->dilation[d] = w->dilation[d] / (s / step), w->stride[d] = 1;
  w->pad_lo[d] = (w->taps[d] - 1) * w->dilation[d] - base, w->pad_hi[d] = 0;
  w->out[d] = first < w->out[d] ? (w->out[d] - 1 - first) / s + 1 : 0;
  v->out_data = at(v->out_data, first * w->out_stride[d], v->x_bytes);
  w->out_stride[d] *= s;
}

/// The convolution for remainder number `index` of all.
conv simd_conv_remainder(const conv *whole, int64_t index) {
  conv v = *whole;
  for (int32_t d = 2; d >= 0; d--) {
    const int64_t s = whole->window.stride[d];
    narrow(&v, d, index % s);
    index /= s;
  }
  v.window.n_taps = v.window.taps[0] * v.window.taps[1] * v.window.taps[2];
  return v;
}
