// SPDX-License-Identifier: BSD-3-Clause
// Parts of strided views to dense memory and back, in C order: what a kernel that wants its elements side by side calls first.
#include "simd.h"

typedef struct cursor {
  const simd_moves *moves;
  int32_t rank;
  const int64_t *shape, *step;
  char *view, *dense;
  int64_t n;
  bool to_view;
} cursor;

static void move_rows(const cursor *c, int64_t rows, int64_t cols, char *at, int64_t row_step, int64_t col_step, char *dense) {
  const int64_t bytes = c->moves->bytes;
  if (c->to_view) c->moves->move(rows, cols, dense, cols * bytes, bytes, at, row_step, col_step);
  else c->moves->move(rows, cols, at, row_step, col_step, dense, cols * bytes, bytes);
}

/// As many whole rows of the two innermost dimensions at a time as there are; parts of rows at both ends.
static void run(const cursor *c, int64_t begin) {
  const int32_t inner = c->rank - 1;
  const int64_t bytes = c->moves->bytes, cols = inner < 0 ? 1 : c->shape[inner], rows = inner < 1 ? 1 : c->shape[inner - 1];
  const int64_t col_step = inner < 0 ? bytes : c->step[inner], row_step = inner < 1 ? 0 : c->step[inner - 1];
  int64_t col = begin % cols, rest = begin / cols, index[RTB_MAX_RANK];
  char *at = c->view, *dense = c->dense;
  for (int32_t d = inner - 1; d >= 0; d--) index[d] = rest % c->shape[d], rest /= c->shape[d], at += index[d] * c->step[d];
  for (int64_t n = c->n; n > 0;) {
    const int64_t row = inner < 1 ? 0 : index[inner - 1];
    int64_t done = 1, moved;
    if (col > 0 || n < cols) {
      moved = n < cols - col ? n : cols - col;
      move_rows(c, 1, moved, at + col * col_step, 0, col_step, dense);
    } else {
      done = n / cols < rows - row ? n / cols : rows - row;
      moved = done * cols;
      move_rows(c, done, cols, at, row_step, col_step, dense);
    }
    n -= moved, dense += moved * bytes, col = 0;
    if (inner < 1) continue;
    index[inner - 1] += done, at += done * row_step;
    for (int32_t d = inner - 1; d > 0 && index[d] == c->shape[d]; d--)
      at += c->step[d - 1] - index[d] * c->step[d], index[d] = 0, index[d - 1]++;
  }
}

void simd_pack(const simd_moves *moves, int32_t rank, const int64_t *shape, const int64_t *step, const void *from, int64_t begin, int64_t n, void *to) {
  const cursor c = {moves, rank, shape, step, (char *)(uintptr_t)from, to, n, false};
  run(&c, begin);
}

void simd_unpack(const simd_moves *moves, int32_t rank, const int64_t *shape, const int64_t *step, const void *from, int64_t begin, int64_t n, void *to) {
  const cursor c = {moves, rank, shape, step, to, (char *)(uintptr_t)from, n, true};
  run(&c, begin);
}
