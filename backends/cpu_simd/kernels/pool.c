// SPDX-License-Identifier: BSD-3-Clause
// Pooling along one line of the output. First the rows that the windows see are joined column by column, then columns as the windows lie on
// them: so a window of h x w costs h + w steps, not h w, and all of them run along dense memory. Padding is joined as what changes nothing.
#include "../pool.h"
#include "pool_lanes.h"

#define SPAN 1024 // columns that are joined at a time
#define PIECE 256 // output positions of indices at a time

V_INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
V_INLINE int64_t held(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }

/// n elements of x, n <= V_LANES.
V_INLINE vec take(const lane *x, int64_t step, int64_t n) {
  if (step == 1) return n == V_LANES ? v_load(x) : v_load_n(x, n);
  lane part[V_LANES] = {0};
  for (int64_t k = 0; k < n; k++) part[k] = x[k * step];
  return v_load(part);
}

V_INLINE void give(lane *out, int64_t step, vec x, int64_t n) {
  if (step == 1 && n == V_LANES) v_store(out, x);
  else if (step == 1) v_store_n(out, x, n);
  else {
    lane part[V_LANES];
    v_store(part, x);
    for (int64_t k = 0; k < n; k++) out[k * step] = part[k];
  }
}

typedef vec (*joiner)(vec a, vec b);

/// Columns [begin, end) of all rows, joined.
V_INLINE void join_rows(const simd_pool_line *line, joiner join, num first, int64_t begin, int64_t end, num *columns) {
  const int64_t low = held(0, begin, end), high = line->n_planes && line->n_rows ? held(line->in, low, end) : low;
  for (int64_t i = begin; i < low; i++) columns[i - begin] = first;
  for (int64_t i = low; i < high; i += V_LANES) {
    const int64_t n = least(V_LANES, high - i);
    const lane *plane = (const lane *)line->x + i * line->step;
    vec all = take(plane, line->step, n);
    for (int64_t y = 1; y < line->n_rows; y++) all = join(all, take(plane + y * line->row, line->step, n));
    for (int64_t z = 1; z < line->n_planes; z++) {
      plane += line->plane;
      for (int64_t y = 0; y < line->n_rows; y++) all = join(all, take(plane + y * line->row, line->step, n));
    }
    v_put(columns + i - begin, all);
  }
  for (int64_t i = high; i < end; i++) columns[i - begin] = first;
}

/// Column q * stride + b becomes element q of phase b: then neighbouring windows see neighbouring elements.
V_INLINE void split(const num *restrict columns, int64_t stride, int64_t phases, int64_t pitch, num *restrict to) {
  for (int64_t b = 0; b < phases; b++)
    for (int64_t q = 0; q < pitch; q++) to[b * pitch + q] = columns[q * stride + b];
}

/// How many taps of position j are columns in [low, high)?
V_INLINE int64_t columns_counted(const simd_pool_line *line, int64_t j) {
  const simd_taps in = simd_taps_in(j * line->stride - line->pad, line->taps, line->dilation, line->low, line->high);
  return in.end - in.first;
}

/// Where the window does not fit into SPAN columns: one position, a part of its taps at a time.
static __attribute__((noinline)) vec wide_window(const simd_pool_line *line, joiner join, num first, int64_t j) {
  num columns[SPAN + V_LANES];
  const int64_t at = j * line->stride - line->pad, part = (SPAN - 1) / line->dilation + 1;
  vec all;
  for (int64_t i = 0; i < V_LANES; i++) all[i] = first;
  for (int64_t t = 0; t < line->taps; t += part) {
    const int64_t n = least(part, line->taps - t), begin = at + t * line->dilation;
    join_rows(line, join, first, begin, begin + (n - 1) * line->dilation + 1, columns);
    for (int64_t i = 0; i < n; i++) {
      vec one = all;
      one[0] = columns[i * line->dilation];
      all = join(all, one);
    }
  }
  return all;
}

typedef vec (*finisher)(const simd_pool_line *line, int64_t j, int64_t n, vec all);

V_INLINE void run_line(const simd_pool_line *line, joiner join, num first, finisher finish) {
  num columns[SPAN + V_LANES], phase[SPAN + V_LANES];
  const int64_t stride = line->stride, reach = (line->taps - 1) * line->dilation + 1, phases = least(stride, reach);
  if (reach + stride > SPAN) {
    for (int64_t j = 0; j < line->n; j++)
      give((lane *)line->out + j * line->out_step, line->out_step, finish(line, j, 1, wide_window(line, join, first, j)), 1);
    return;
  }
  const int64_t most = (SPAN - reach) / stride, turn = line->dilation % stride, skip = line->dilation / stride;
  for (int64_t j0 = 0; j0 < line->n; j0 += most) {
    const int64_t n = least(most, line->n - j0), begin = j0 * stride - line->pad, pitch = n + (reach - 1) / stride;
    join_rows(line, join, first, begin, begin + (n - 1) * stride + reach, columns);
    if (stride > 1) split(columns, stride, phases, pitch, phase);
    const num *from = stride > 1 ? phase : columns;
    for (int64_t j = 0; j < n; j += V_LANES) {
      vec all = v_take(from + j);
      for (int64_t t = 1, b = 0, q = j; t < line->taps; t++) {
        b += turn, q += skip;
        if (b >= stride) b -= stride, q++;
        all = join(all, v_take(from + b * pitch + q));
      }
      const int64_t lanes = least(V_LANES, n - j);
      give((lane *)line->out + (j0 + j) * line->out_step, line->out_step, finish(line, j0 + j, lanes, all), lanes);
    }
  }
}

// ---- 2 columns wide, 2 apart, all of them inside -----------------------------------------------------------------------------------------------
/// One vector of what neighbouring windows make of columns x to x + 2 n - 1 of all rows.
V_INLINE vec see_pairs(const simd_pool_line *line, joiner join, const lane *x, int64_t n) {
  const int64_t left = least(V_LANES, 2 * n), right = 2 * n - left;
  vec a = take(x, 1, left), b = right > 0 ? take(x + V_LANES, 1, right) : a;
  for (int64_t y = 1; y < line->n_rows; y++) {
    const lane *row = x + y * line->row;
    a = join(a, take(row, 1, left));
    if (right > 0) b = join(b, take(row + V_LANES, 1, right));
  }
  return v_unmix(join(v_even_mixed(a, b), v_odd_mixed(a, b)));
}

/// The last vector of a line overlaps the one before; a line shorter than a vector is written past its end where the next one writes, too.
V_INLINE void run_pairs(const simd_pool_line *line, joiner join, finisher finish) {
  const lane *x = line->x;
  lane *out = line->out;
  const bool may_spill = line->next_out == line->n && 2 * line->n >= V_LANES;
  for (int64_t y = 0; y < line->n_lines; y++, x += line->next, out += line->next_out) {
    int64_t j = 0;
    for (; j + V_LANES <= line->n; j += V_LANES) v_store(out + j, finish(line, j, V_LANES, see_pairs(line, join, x + 2 * j, V_LANES)));
    if (j == line->n) continue;
    if (j > 0) j = line->n - V_LANES, v_store(out + j, finish(line, j, V_LANES, see_pairs(line, join, x + 2 * j, V_LANES)));
    else if (may_spill && y + 1 < line->n_lines) v_store(out, finish(line, 0, line->n, see_pairs(line, join, x, line->n)));
    else v_store_n(out, finish(line, 0, line->n, see_pairs(line, join, x, line->n)), line->n);
  }
}

V_INLINE void run_lines(const simd_pool_line *lines, joiner join, num first, finisher finish) {
  const bool is_dense = lines->step == 1 && lines->out_step == 1 && lines->dilation == 1 && lines->n_planes == 1 && lines->n_rows > 0;
  if (is_dense && lines->taps == 2 && lines->stride == 2 && lines->pad == 0 && 2 * lines->n <= lines->in) {
    run_pairs(lines, join, finish);
    return;
  }
  simd_pool_line line = *lines;
  for (int64_t y = 0; y < lines->n_lines; y++) {
    run_line(&line, join, first, finish);
    line.x = (const lane *)line.x + lines->next, line.out = (lane *)line.out + lines->next_out;
  }
}

// ---- largest and mean ----------------------------------------------------------------------------------------------------------------------------
V_INLINE vec finish_max(const simd_pool_line *line, int64_t j, int64_t n, vec all) {
  (void)line, (void)j, (void)n;
  return all;
}
static void max_lines(const simd_pool_line *lines) { run_lines(lines, v_max, LOWEST, finish_max); }

#if POOL_INTEGER
#define mean_lines NULL
#else
V_INLINE vec finish_mean(const simd_pool_line *line, int64_t j, int64_t n, vec all) {
  const int64_t at = j * line->stride - line->pad, last = at + (n - 1) * line->stride + (line->taps - 1) * line->dilation;
  if (at >= line->low && last < line->high) return v_div(all, v_set((num)(line->count * line->taps)));
  num counts[V_LANES] = {0};
  for (int64_t i = 0; i < n; i++) counts[i] = (num)(line->count * columns_counted(line, j + i));
  for (int64_t i = n; i < V_LANES; i++) counts[i] = 1;
  return v_div(all, v_take(counts));
}
static void mean_lines(const simd_pool_line *lines) { run_lines(lines, v_add, 0, finish_mean); }
#endif

// ---- where the largest is --------------------------------------------------------------------------------------------------------------------
/// Tap by tap in C order, so that the first of equal elements stays.
static void index_piece(const simd_pool_line *line, int64_t j0, int64_t n) {
  num best[PIECE], row[PIECE + V_LANES];
  int64_t index[PIECE];
  for (int64_t j = 0; j < n; j++) index[j] = -1, best[j] = LOWEST;
  for (int64_t z = 0; z < line->n_planes; z++) for (int64_t y = 0; y < line->n_rows; y++) for (int64_t t = 0; t < line->taps; t++) {
    const int64_t at = j0 * line->stride + t * line->dilation - line->pad; // what position j0 sees
    const int64_t from = at < 0 ? (-at + line->stride - 1) / line->stride : 0;
    const int64_t end = at < line->in ? least(n, (line->in - 1 - at) / line->stride + 1) : 0;
    const lane *x = (const lane *)line->x + z * line->plane + y * line->row + at * line->step;
    const int64_t place = line->place + z * line->place_plane + y * line->place_row + at, step = line->stride * line->step;
    for (int64_t j = from; j < end; j += V_LANES) v_put(row + j, take(x + j * step, step, least(V_LANES, end - j)));
    for (int64_t j = from; j < end; j++) {
      const bool wins = is_larger(row[j], best[j]) || index[j] < 0;
      best[j] = wins ? row[j] : best[j];
      index[j] = wins ? place + j * line->stride : index[j];
    }
  }
  int64_t *out = (int64_t *)line->out + j0 * line->out_step;
  for (int64_t j = 0; j < n; j++) out[j * line->out_step] = index[j];
}

static void index_lines(const simd_pool_line *lines) {
  simd_pool_line line = *lines;
  for (int64_t y = 0; y < lines->n_lines; y++) {
    for (int64_t j = 0; j < line.n; j += PIECE) index_piece(&line, j, least(PIECE, line.n - j));
    line.x = (const lane *)line.x + lines->next, line.out = (int64_t *)line.out + lines->next_out, line.place += lines->next_place;
  }
}

extern const simd_pool KERNEL(pool);
const simd_pool KERNEL(pool) = {.max = max_lines, .mean = mean_lines, .index = index_lines};
