// SPDX-License-Identifier: BSD-3-Clause
// A page to try the networks on: black letters drawn with a round pen along lines and arcs that stand in a table below. The shapes are made
// for machines to read, not for people to admire.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ocr.h"

// The units of the table: a capital is 28 high, a small letter 20, and y grows upwards from the line that letters stand on.
#define CAPITAL 28.0
#define PEN 1.9
#define GAP 8.0
#define SPACE 16.0
#define LEADING 60.0 // from one line to the next
#define MARGIN 40.0
#define PI 3.14159265358979323846

// m X Y: the pen goes there without drawing; l X Y: a line; A CX CY RX RY FROM TO: an arc, angles in degrees, counter-clockwise when TO is
// larger; a: an arc that goes on where the pen is.
static const struct { char letter; double width; const char *strokes; } shapes[] = {
  {'A', 20, "m 0 0 l 10 28 l 20 0 m 4 10 l 16 10"},
  {'B', 18, "m 0 0 l 0 28 l 10 28 a 10 21.5 7 6.5 90 -90 l 0 15 m 10 15 a 10 7.5 8 7.5 90 -90 l 0 0"},
  {'C', 19, "A 11 14 11 14 45 315"},
  {'D', 20, "m 0 0 l 0 28 l 8 28 a 8 14 12 14 90 -90 l 0 0"},
  {'E', 16, "m 16 0 l 0 0 l 0 28 l 16 28 m 0 15 l 14 15"},
  {'F', 16, "m 0 0 l 0 28 l 16 28 m 0 15 l 13 15"},
  {'G', 21, "A 11 14 11 14 45 325 l 21 13 l 13 13"},
  {'H', 20, "m 0 0 l 0 28 m 20 0 l 20 28 m 0 14 l 20 14"},
  {'I', 8, "m 4 0 l 4 28 m 0 28 l 8 28 m 0 0 l 8 0"},
  {'J', 12, "m 12 28 l 12 7 a 6 7 6 7 0 -180"},
  {'K', 18, "m 0 0 l 0 28 m 17 28 l 0 11 m 6 17 l 18 0"},
  {'L', 15, "m 0 28 l 0 0 l 15 0"},
  {'M', 24, "m 0 0 l 0 28 l 12 6 l 24 28 l 24 0"},
  {'N', 20, "m 0 0 l 0 28 l 20 0 l 20 28"},
  {'O', 24, "A 12 14 12 14 0 360"},
  {'P', 18, "m 0 0 l 0 28 l 10 28 a 10 20.5 8 7.5 90 -90 l 0 13"},
  {'Q', 24, "A 12 14 12 14 0 360 m 14 7 l 24 -2"},
  {'R', 18, "m 0 0 l 0 28 l 10 28 a 10 20.5 8 7.5 90 -90 l 0 13 m 9 13 l 18 0"},
  {'S', 18, "A 9 21 8.5 7 30 270 a 9 7 9 7 90 -150"},
  {'T', 20, "m 10 0 l 10 28 m 0 28 l 20 28"},
  {'U', 20, "m 0 28 l 0 10 a 10 10 10 10 180 360 l 20 28"},
  {'V', 20, "m 0 28 l 10 0 l 20 28"},
  {'W', 30, "m 0 28 l 7.5 0 l 15 26 l 22.5 0 l 30 28"},
  {'X', 19, "m 0 0 l 19 28 m 0 28 l 19 0"},
  {'Y', 20, "m 0 28 l 10 13 l 20 28 m 10 13 l 10 0"},
  {'Z', 19, "m 0 28 l 19 28 l 0 0 l 19 0"},
  {'a', 16, "A 8 10 8 10 0 360 m 16 20 l 16 0"},
  {'b', 16, "m 0 0 l 0 28 A 8 10 8 10 0 360"},
  {'c', 15, "A 8.5 10 8.5 10 45 315"},
  {'d', 16, "A 8 10 8 10 0 360 m 16 28 l 16 0"},
  {'e', 17, "m 0 11 l 17 11 a 8.5 10 8.5 10 5 315"},
  {'f', 11, "A 11 22 6 6 90 180 l 5 0 m 0 19 l 11 19"},
  {'g', 16, "A 8 10 8 10 0 360 m 16 20 l 16 -2 a 8.5 -1 7.5 7 0 -160"},
  {'h', 15, "m 0 0 l 0 28 m 0 12 a 7.5 12 7.5 8 180 0 l 15 0"},
  {'i', 0, "m 0 0 l 0 20 m 0 27 l 0 27"},
  {'j', 4, "m 4 20 l 4 -3 a 0 -3 4 5 0 -100 m 4 27 l 4 27"},
  {'k', 14, "m 0 0 l 0 28 m 13 20 l 0 8 m 5 12 l 14 0"},
  {'l', 0, "m 0 0 l 0 28"},
  {'m', 24, "m 0 0 l 0 20 m 0 13 a 6 13 6 7 180 0 l 12 0 m 12 13 a 18 13 6 7 180 0 l 24 0"},
  {'n', 15, "m 0 0 l 0 20 m 0 12 a 7.5 12 7.5 8 180 0 l 15 0"},
  {'o', 17, "A 8.5 10 8.5 10 0 360"},
  {'p', 16, "m 0 -8 l 0 20 A 8 10 8 10 0 360"},
  {'q', 16, "A 8 10 8 10 0 360 m 16 20 l 16 -8"},
  {'r', 9, "m 0 0 l 0 20 m 0 11 a 9 11 9 9 180 90"},
  {'s', 14, "A 7 15 6.5 5 30 270 a 7 5 7 5 90 -150"},
  {'t', 11, "m 5 27 l 5 6 a 11 6 6 6 180 270 m 0 20 l 11 20"},
  {'u', 15, "m 0 20 l 0 8 a 7.5 8 7.5 8 180 360 m 15 20 l 15 0"},
  {'v', 15, "m 0 20 l 7.5 0 l 15 20"},
  {'w', 24, "m 0 20 l 6 0 l 12 18 l 18 0 l 24 20"},
  {'x', 15, "m 0 0 l 15 20 m 0 20 l 15 0"},
  {'y', 15, "m 0 20 l 7.5 0 m 15 20 l 4.5 -8"},
  {'z', 14, "m 0 20 l 14 20 l 0 0 l 14 0"},
  {'0', 17, "A 8.5 14 8.5 14 0 360"},
  {'1', 9, "m 0 22 l 8 28 l 8 0"},
  {'2', 17, "A 8.5 20 8 8 165 -40 l 0 0 l 17 0"},
  {'3', 17, "A 8 21 7.5 7 150 -90 a 8 7.2 8.5 7.2 90 -155"},
  {'4', 18, "m 13 0 l 13 28 l 0 9 l 18 9"},
  {'5', 17, "m 15 28 l 2 28 l 1 16 a 8 9 8.5 9 130 -150"},
  {'6', 17, "A 8.5 8.5 8.5 8.5 0 360 m 13 28 l 1.2 12.5"},
  {'7', 17, "m 0 28 l 17 28 l 6 0"},
  {'8', 17, "A 8.5 21 7 7 0 360 A 8.5 7 8.5 7 0 360"},
  {'9', 17, "A 8.5 19.5 8.5 8.5 0 360 m 4 0 l 15.8 15.5"},
  {'.', 0, "m 0 0 l 0 0"},
  {',', 2, "m 2 1 l 0 -5"},
  {':', 0, "m 0 1 l 0 1 m 0 17 l 0 17"},
  {';', 2, "m 2 1 l 0 -5 m 2 17 l 2 17"},
  {'-', 10, "m 0 11 l 10 11"},
  {'+', 16, "m 0 12 l 16 12 m 8 4 l 8 20"},
  {'=', 16, "m 0 8 l 16 8 m 0 16 l 16 16"},
  {'/', 12, "m 0 -3 l 12 30"},
  {'!', 0, "m 0 28 l 0 9 m 0 0 l 0 0"},
  {'?', 14, "A 7 21 7 7 165 -60 l 7 9 m 7 0 l 7 0"},
  {'(', 6, "A 12 11 12 20 120 240"},
  {')', 6, "A -6 11 12 20 60 -60"},
  {'\'', 0, "m 0 28 l 0 20"},
  {'"', 6, "m 0 28 l 0 20 m 6 28 l 6 20"},
};
enum { N_SHAPES = sizeof shapes / sizeof shapes[0] };

static int find_shape(char letter) {
  for (int i = 0; i < N_SHAPES; i++)
    if (shapes[i].letter == letter) return i;
  return -1;
}

// ---- the pen ---------------------------------------------------------------------------------------------------------------------------
typedef struct pen { image *page; double scale, left, base, x, y; } pen; // left, base: of the letter, in pixels

/// Darkens every pixel by how far the pen covers it. A pixel keeps the darkest it was given.
static void draw_to(pen *p, double x, double y) {
  const double x0 = p->left + p->x * p->scale, y0 = p->base - p->y * p->scale, x1 = p->left + x * p->scale, y1 = p->base - y * p->scale;
  const double radius = PEN * p->scale, dx = x1 - x0, dy = y1 - y0, square = dx * dx + dy * dy;
  const double reach = radius + 1, right = p->page->width - 1, bottom = p->page->height - 1;
  const int32_t first_x = (int32_t)fmax(0, floor(fmin(x0, x1) - reach)), last_x = (int32_t)fmin(right, ceil(fmax(x0, x1) + reach));
  const int32_t first_y = (int32_t)fmax(0, floor(fmin(y0, y1) - reach)), last_y = (int32_t)fmin(bottom, ceil(fmax(y0, y1) + reach));
  for (int32_t py = first_y; py <= last_y; py++) {
    for (int32_t px = first_x; px <= last_x; px++) {
      const double rx = px + 0.5 - x0, ry = py + 0.5 - y0, along = square > 0 ? fmin(fmax((rx * dx + ry * dy) / square, 0), 1) : 0;
      const double covered = fmin(fmax(radius + 0.5 - hypot(rx - along * dx, ry - along * dy), 0), 1);
      const uint8_t shade = (uint8_t)lround(255 * (1 - covered));
      uint8_t *pixel = p->page->pixels + 3 * ((size_t)py * (size_t)p->page->width + (size_t)px);
      if (shade < pixel[0]) memset(pixel, shade, 3);
    }
  }
  p->x = x, p->y = y;
}

static void draw_arc(pen *p, const double v[6], bool goes_on) {
  enum { STEPS = 32 };
  for (int i = 0; i <= STEPS; i++) {
    const double angle = (v[4] + (v[5] - v[4]) * i / STEPS) * PI / 180, x = v[0] + v[2] * cos(angle), y = v[1] + v[3] * sin(angle);
    if (i == 0 && !goes_on) p->x = x, p->y = y;
    draw_to(p, x, y);
  }
}

static void draw_shape(pen *p, const char *strokes) {
  for (const char *c = strokes; *c;) {
    const char command = *c++;
    double v[6];
    char *end;
    const int n = command == 'm' || command == 'l' ? 2 : 6;
    for (int i = 0; i < n; i++) v[i] = strtod(c, &end), c = end;
    while (*c == ' ') c++;
    if (command == 'm') p->x = v[0], p->y = v[1];
    else if (command == 'l') draw_to(p, v[0], v[1]);
    else draw_arc(p, v, command == 'a');
  }
}

// ---- the page --------------------------------------------------------------------------------------------------------------------------
bool draw_page(const char *text, double size, image *out) {
  const double scale = size / CAPITAL;
  double widest = 0, width = 0;
  int32_t n_lines = 1;
  for (const char *c = text; *c; c++) {
    const int shape = find_shape(*c);
    if (*c != ' ' && *c != '\n' && shape < 0)
      return fail("cannot draw the character '%c' (number %d)", *c >= ' ' ? *c : '?', (unsigned char)*c);
    if (*c == '\n') n_lines++, width = 0;
    else width += shape < 0 ? SPACE : shapes[shape].width + GAP;
    widest = fmax(widest, width);
  }
  const double page_width = ceil((widest + 2 * MARGIN) * scale), page_height = ceil((n_lines * LEADING + MARGIN) * scale);
  if (page_width * page_height > 1e8) return fail("a page of %.0f x %.0f pixels is too large", page_width, page_height);
  out->width = (int32_t)page_width, out->height = (int32_t)page_height;
  const size_t bytes = 3 * (size_t)out->width * (size_t)out->height;
  if (!(out->pixels = malloc(bytes))) return fail("no memory for a page of %d x %d pixels", out->width, out->height);
  memset(out->pixels, 255, bytes);
  pen p = {.page = out, .scale = scale, .left = MARGIN * scale, .base = (MARGIN + CAPITAL) * scale};
  for (const char *c = text; *c; c++) {
    const int shape = find_shape(*c);
    if (*c == '\n') {
      p.left = MARGIN * scale, p.base += LEADING * scale;
    } else {
      if (shape >= 0) draw_shape(&p, shapes[shape].strokes);
      p.left += scale * (shape < 0 ? SPACE : shapes[shape].width + GAP);
    }
  }
  return true;
}
