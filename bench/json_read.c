// SPDX-License-Identifier: BSD-3-Clause
// A reader of JSON files (RFC 8259): the whole value as a tree in one block of memory. Files come from anywhere, so whatever is wrong with one
// is a sentence with the place.
#include "suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES (64 << 20)
#define MOST_DEPTH 64

typedef struct reader {
  const char *path;
  char *text, *at, *end;
  json_file *out;
  size_t capacity;
  int depth;
  bool failed;
} reader;

static bool no(reader *r, const char *why) {
  if (!r->failed) fail("%s: %s at byte %zu", r->path, why, (size_t)(r->at - r->text));
  r->failed = true;
  return false;
}

static void skip_space(reader *r) { while (r->at < r->end && strchr(" \t\r\n", *r->at) && *r->at) r->at++; }

static bool take(reader *r, const char *word) {
  size_t n = strlen(word);
  if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0) return false;
  r->at += n;
  return true;
}

static char *put_utf8(char *to, unsigned code) {
  if (code < 0x80) *to++ = (char)code;
  else if (code < 0x800) *to++ = (char)(0xc0 | code >> 6), *to++ = (char)(0x80 | (code & 0x3f));
  else if (code < 0x10000) *to++ = (char)(0xe0 | code >> 12), *to++ = (char)(0x80 | (code >> 6 & 0x3f)), *to++ = (char)(0x80 | (code & 0x3f));
  else {
    *to++ = (char)(0xf0 | code >> 18), *to++ = (char)(0x80 | (code >> 12 & 0x3f));
    *to++ = (char)(0x80 | (code >> 6 & 0x3f)), *to++ = (char)(0x80 | (code & 0x3f));
  }
  return to;
}

static bool take_hex(reader *r, unsigned *out) {
  *out = 0;
  for (int i = 0; i < 4; i++, r->at++) {
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *found = r->at < r->end && *r->at ? strchr(digits, *r->at) : NULL;
    if (!found) return no(r, "four hexadecimal digits are missing");
    *out = *out * 16 + (unsigned)((found - digits) & 15);
  }
  return true;
}

// Decodes in place: no escape is shorter than what it stands for. NULL after a failure.
static const char *take_string(reader *r) {
  if (!take(r, "\"")) { no(r, "a string is missing"); return NULL; }
  char *start = r->at, *to = r->at;
  while (r->at < r->end && *r->at != '"') {
    if ((unsigned char)*r->at < 0x20) { no(r, "a control character in a string"); return NULL; }
    if (*r->at != '\\') { *to++ = *r->at++; continue; }
    static const char names[] = "\"\\/bfnrt", stands_for[] = "\"\\/\b\f\n\r\t";
    char kind = ++r->at < r->end ? *r->at++ : '\0';
    const char *found = kind ? strchr(names, kind) : NULL;
    if (found) { *to++ = stands_for[found - names]; continue; }
    unsigned code, low;
    if (kind != 'u') { no(r, "an unknown escape"); return NULL; }
    if (!take_hex(r, &code)) return NULL;
    if (code >= 0xd800 && code < 0xdc00 && take(r, "\\u")) {
      if (!take_hex(r, &low)) return NULL;
      code = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
    }
    to = put_utf8(to, code == 0 || (code >= 0xd800 && code < 0xe000) ? 0xfffd : code);
  }
  if (r->at == r->end) { no(r, "a string without end"); return NULL; }
  r->at++; // only now, because the end of what was decoded may be here
  *to = '\0';
  return start;
}

static json_value *take_value(reader *r);

static bool take_members(reader *r, json_value *parent) {
  const char *close = parent->kind == '{' ? "}" : "]";
  json_value **last = &parent->first;
  skip_space(r);
  if (take(r, close)) return true;
  for (;;) {
    const char *key = NULL;
    skip_space(r);
    if (parent->kind == '{') {
      if (!(key = take_string(r))) return false;
      skip_space(r);
      if (!take(r, ":")) return no(r, "':' is missing");
    }
    json_value *child = take_value(r);
    if (!child) return false;
    child->key = key;
    *last = child;
    last = &child->next;
    skip_space(r);
    if (take(r, close)) return true;
    if (!take(r, ",")) return no(r, "',' is missing");
  }
}

static bool take_number(reader *r, double *out) {
  // Checked before strtod sees it, which takes more than JSON has: hexadecimal, inf, a leading +.
  const char *s = r->at;
  s += *s == '-';
  size_t whole = strspn(s, "0123456789");
  if (whole == 0 || (whole > 1 && *s == '0')) return no(r, "a value is missing");
  s += whole;
  if (*s == '.') {
    size_t part = strspn(s + 1, "0123456789");
    if (part == 0) return no(r, "a digit is missing");
    s += 1 + part;
  }
  if (*s == 'e' || *s == 'E') {
    const char *power = s + 1 + (s[1] == '-' || s[1] == '+');
    size_t part = strspn(power, "0123456789");
    if (part == 0) return no(r, "a digit is missing");
    s = power + part;
  }
  *out = strtod(r->at, NULL);
  r->at = (char *)(uintptr_t)s;
  return true;
}

static json_value *take_value(reader *r) {
  skip_space(r);
  if (r->at == r->end) { no(r, "a value is missing"); return NULL; }
  json_value *v = &r->out->pool[r->out->n]; // room for as many as the text has bytes
  if (r->out->n == r->capacity) { no(r, "too many values"); return NULL; }
  r->out->n++;
  *v = (json_value){0};
  if (take(r, "true")) v->kind = 't';
  else if (take(r, "false")) v->kind = 'f';
  else if (take(r, "null")) v->kind = '0';
  else if (*r->at == '"') v->kind = 's', v->text = take_string(r);
  else if (*r->at == '{' || *r->at == '[') {
    v->kind = *r->at++;
    if (++r->depth > MOST_DEPTH) { no(r, "too many brackets inside each other"); return NULL; }
    take_members(r, v);
    r->depth--;
  } else {
    v->kind = 'n';
    take_number(r, &v->number);
  }
  return r->failed ? NULL : v;
}

// Upper bound of the values in a text: each but the first follows one of these.
static size_t count_values(const char *text, size_t bytes) {
  size_t n = 2;
  for (size_t i = 0; i < bytes; i++) n += text[i] == ',' || text[i] == '[' || text[i] == '{' || text[i] == ':';
  return n;
}

static int read_text(const char *path, char **out, size_t *bytes) {
  FILE *file = fopen(path, "re");
  if (!file) return fail("%s: %s", path, strerror(errno));
  size_t n = 0;
  char *text = NULL;
  do {
    text = grow(text, n + 65536 + 1, 1);
    n += fread(text + n, 1, 65536, file);
  } while (!feof(file) && !ferror(file) && n <= MOST_BYTES);
  int error = ferror(file) ? errno : 0;
  fclose(file);
  text[n] = '\0';
  *out = text, *bytes = n;
  if (error || n > MOST_BYTES) free(text);
  if (error) return fail("%s: %s", path, strerror(error));
  return n > MOST_BYTES ? fail("%s: more than %d bytes", path, MOST_BYTES) : EXIT_OK;
}

int json_load(const char *path, json_file *out) {
  size_t bytes = 0;
  *out = (json_file){0};
  int code = read_text(path, &out->text, &bytes);
  if (code != EXIT_OK) { out->text = NULL; return code; }
  reader r = {.path = path, .text = out->text, .at = out->text, .end = out->text + bytes, .out = out};
  r.capacity = count_values(out->text, bytes);
  out->pool = grow(NULL, r.capacity, sizeof *out->pool);
  out->root = take_value(&r);
  skip_space(&r);
  if (!r.failed && r.at != r.end) no(&r, "more after the value");
  if (!r.failed) return EXIT_OK;
  json_free(out);
  return EXIT_FAILED;
}

const json_value *json_get(const json_value *object, const char *key) {
  if (!object || object->kind != '{') return NULL;
  for (const json_value *v = object->first; v; v = v->next) if (strcmp(v->key, key) == 0) return v;
  return NULL;
}

const char *json_get_text(const json_value *object, const char *key) {
  const json_value *v = json_get(object, key);
  return v && v->kind == 's' ? v->text : "";
}

double json_get_number(const json_value *object, const char *key, double fallback) {
  const json_value *v = json_get(object, key);
  return v && v->kind == 'n' ? v->number : fallback;
}

void json_free(json_file *f) {
  free(f->pool);
  free(f->text);
  *f = (json_file){0};
}
