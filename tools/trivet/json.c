// SPDX-License-Identifier: BSD-3-Clause
// A small JSON writer: two-space indentation, every string escaped and valid UTF-8, no NaN. It writes to memory; json_end prints.
#include "trivet.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void json_start(json *j) {
  memset(j, 0, sizeof *j);
  if (!(j->file = open_memstream(&j->data, &j->bytes))) exit(fail("out of memory"));
}

// Bytes of the UTF-8 sequence at s (shortest form, no surrogates, up to U+10FFFF), 0 when it is none.
static int utf8_bytes(const unsigned char *s) {
  if (s[0] < 0x80) return 1;
  int n = s[0] >= 0xc2 && s[0] <= 0xdf ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : 0;
  for (int i = 1; i < n; i++) if ((s[i] & 0xc0) != 0x80) return 0; // a NUL stops here too
  if (s[0] == 0xe0 && s[1] < 0xa0) return 0;
  if (s[0] == 0xed && s[1] > 0x9f) return 0;
  if (s[0] == 0xf0 && s[1] < 0x90) return 0;
  if (s[0] == 0xf4 && s[1] > 0x8f) return 0;
  return n;
}

static void put_string(FILE *file, const char *text) {
  fputc('"', file);
  for (const unsigned char *s = (const unsigned char *)text; *s;) {
    int n = utf8_bytes(s);
    if (n == 0) { fputs("\\ufffd", file); s++; continue; }
    if (*s == '"' || *s == '\\') fprintf(file, "\\%c", *s);
    else if (*s == '\n') fputs("\\n", file);
    else if (*s == '\t') fputs("\\t", file);
    else if (*s < 0x20 || *s == 0x7f) fprintf(file, "\\u%04x", *s);
    else fwrite(s, 1, (size_t)n, file);
    s += n;
  }
  fputc('"', file);
}

static void begin_value(json *j, const char *key) {
  if (j->depth > 0) {
    if (j->has_items[j->depth]) fputc(',', j->file);
    j->has_items[j->depth] = true;
    fprintf(j->file, "\n%*s", 2 * j->depth, "");
  }
  if (key) {
    put_string(j->file, key);
    fputs(": ", j->file);
  }
}

void json_open(json *j, const char *key, char kind) {
  begin_value(j, key);
  fputc(kind, j->file);
  j->depth++;
  j->has_items[j->depth] = false;
}

void json_close(json *j, char kind) {
  bool had_items = j->has_items[j->depth--];
  if (had_items) fprintf(j->file, "\n%*s", 2 * j->depth, "");
  fputc(kind == '{' ? '}' : ']', j->file);
}

void json_text(json *j, const char *key, const char *value) {
  begin_value(j, key);
  if (value) put_string(j->file, value);
  else fputs("null", j->file);
}

void json_int(json *j, const char *key, int64_t value) {
  begin_value(j, key);
  fprintf(j->file, "%lld", (long long)value);
}

void json_uint(json *j, const char *key, uint64_t value) {
  begin_value(j, key);
  fprintf(j->file, "%llu", (unsigned long long)value);
}

void json_real(json *j, const char *key, double value) {
  begin_value(j, key);
  if (!isfinite(value)) { fputs("null", j->file); return; }
  char text[40];
  for (int digits = 15; digits <= 17; digits++) { // the C locale is in force: the tool never calls setlocale
    snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, NULL) == value) break;
  }
  fputs(text, j->file);
}

void json_bool(json *j, const char *key, bool value) {
  begin_value(j, key);
  fputs(value ? "true" : "false", j->file);
}

void json_shape(json *j, const char *key, int32_t rank, const int64_t *shape, const char *const *symbol) {
  if (rank < 0) { json_text(j, key, NULL); return; }
  json_open(j, key, '[');
  for (int32_t d = 0; d < rank; d++) {
    if (shape[d] >= 0) json_int(j, NULL, shape[d]);
    else json_text(j, NULL, symbol ? symbol[d] : NULL);
  }
  json_close(j, '[');
}

void json_end(json *j) {
  if (fclose(j->file) != 0) exit(fail("out of memory"));
  fwrite(j->data, 1, j->bytes, stdout);
  fputc('\n', stdout);
  free(j->data);
}

int json_save(json *j, const char *path) {
  if (fclose(j->file) != 0) exit(fail("out of memory"));
  FILE *file = fopen(path, "we");
  bool done = file && fwrite(j->data, 1, j->bytes, file) == j->bytes && fputc('\n', file) != EOF;
  int error = errno;
  if (file && fclose(file) != 0 && done) done = false, error = errno;
  free(j->data);
  return done ? EXIT_OK : fail("%s: %s", path, strerror(error));
}
