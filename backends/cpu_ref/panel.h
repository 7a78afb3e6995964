// SPDX-License-Identifier: BSD-3-Clause
// The inner product of matmul and conv: acc += a b for blocks that lie on the stack, widened. Each element of acc adds its products one by
// one in the order of the depth; only the order in which elements are visited is blocked, 2 by 4, so that sums stay in registers.
// Included once per accumulator, with PANEL (name), ELEMENT and ACC.
#ifndef CPU_REF_PANEL_H
#define CPU_REF_PANEL_H
#define PANEL_ROWS 32    // even
#define PANEL_DEPTH 32
#define PANEL_COLUMNS 64 // a multiple of 4; also what fits a ref_wide_row
#endif

static void PANEL(int64_t rows, int64_t columns, int64_t depth, ELEMENT a[PANEL_ROWS][PANEL_DEPTH], ELEMENT b[PANEL_DEPTH][PANEL_COLUMNS],
                  ACC acc[PANEL_ROWS][PANEL_COLUMNS]) {
  // Rows and columns are rounded up: what lies past their end is computed and never used.
  for (int64_t r = 0; r < rows; r += 2) {
    for (int64_t c = 0; c < columns; c += 4) {
      ACC s00 = acc[r][c], s01 = acc[r][c + 1], s02 = acc[r][c + 2], s03 = acc[r][c + 3];
      ACC s10 = acc[r + 1][c], s11 = acc[r + 1][c + 1], s12 = acc[r + 1][c + 2], s13 = acc[r + 1][c + 3];
      for (int64_t k = 0; k < depth; k++) {
        const ACC a0 = a[r][k], a1 = a[r + 1][k];
        const ELEMENT *bk = &b[k][c];
        s00 += a0 * bk[0], s01 += a0 * bk[1], s02 += a0 * bk[2], s03 += a0 * bk[3];
        s10 += a1 * bk[0], s11 += a1 * bk[1], s12 += a1 * bk[2], s13 += a1 * bk[3];
      }
      acc[r][c] = s00, acc[r][c + 1] = s01, acc[r][c + 2] = s02, acc[r][c + 3] = s03;
      acc[r + 1][c] = s10, acc[r + 1][c + 1] = s11, acc[r + 1][c + 2] = s12, acc[r + 1][c + 3] = s13;
    }
  }
}
#undef PANEL
#undef ELEMENT
#undef ACC
