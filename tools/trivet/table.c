// SPDX-License-Identifier: BSD-3-Clause
// Aligned columns for people. Cells are copied with control characters replaced: many come from files, and a terminal obeys them.
#include "trivet.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

char *clean_text(const char *text) {
  char *copy = text_copy(text);
  for (char *s = copy; *s; s++) if ((unsigned char)*s < 0x20 || *s == 0x7f) *s = '?';
  return copy;
}

// Columns on a terminal, taking every code point as one column wide.
static int width(const char *text) {
  int n = 0;
  for (; *text; text++) n += ((unsigned char)*text & 0xc0) != 0x80;
  return n;
}

void table_start(table *t, const char *heads) {
  memset(t, 0, sizeof *t);
  for (;; heads++) {
    t->heads[t->n_columns++] = heads;
    if (!(heads = strchr(heads, '|')) || t->n_columns == (int32_t)COUNT(t->heads)) return;
  }
}

void table_row(table *t, ...) {
  va_list args;
  va_start(args, t);
  t->cell = grow(t->cell, t->n_cells + (size_t)t->n_columns, sizeof *t->cell);
  for (int32_t c = 0; c < t->n_columns; c++) {
    const char *text = va_arg(args, const char *);
    t->cell[t->n_cells++] = clean_text(text && *text ? text : "-");
  }
  va_end(args);
}

static void put_row(const table *t, char *const *cell, const int *widths, int indent) {
  printf("%*s", indent, "");
  for (int32_t c = 0; c < t->n_columns; c++) {
    int pad = widths[c] - width(cell[c]);
    bool right = t->heads[c][0] == '>', last = c == t->n_columns - 1;
    printf("%*s%s%*s", right ? pad : 0, "", cell[c], right || last ? 0 : pad, "");
    fputs(last ? "\n" : "  ", stdout);
  }
}

void table_end(table *t, int indent) {
  if (t->n_cells > 0) {
    char *head[COUNT(t->heads)];
    int widths[COUNT(t->heads)];
    for (int32_t c = 0; c < t->n_columns; c++) {
      const char *text = t->heads[c] + (t->heads[c][0] == '>');
      head[c] = text_format("%.*s", (int)strcspn(text, "|"), text);
      widths[c] = width(head[c]);
      for (size_t i = (size_t)c; i < t->n_cells; i += (size_t)t->n_columns)
        if (width(t->cell[i]) > widths[c]) widths[c] = width(t->cell[i]);
    }
    put_row(t, head, widths, indent);
    for (size_t i = 0; i < t->n_cells; i += (size_t)t->n_columns) put_row(t, t->cell + i, widths, indent);
    for (int32_t c = 0; c < t->n_columns; c++) free(head[c]);
  }
  for (size_t i = 0; i < t->n_cells; i++) free(t->cell[i]);
  free(t->cell);
  memset(t, 0, sizeof *t);
}
