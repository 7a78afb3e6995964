// SPDX-License-Identifier: BSD-3-Clause
// What the demo knows about terminals: whether there is one, its width, colours (not with NO_COLOR or TERM=dumb), half blocks (UTF-8 only).
// Without a terminal nothing but plain ASCII text leaves the program.
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "fashion.h"

#define GAP 3

static bool has_color, has_blocks, has_bar, bar_is_drawn;
static int width = 80;

void screen_init(void) {
  const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
  bool is_dumb = !term || !*term || !strcmp(term, "dumb");
  has_color = isatty(STDOUT_FILENO) && !is_dumb && !(no_color && *no_color);
  has_bar = isatty(STDERR_FILENO) && !is_dumb;
  setlocale(LC_CTYPE, ""); // LC_CTYPE alone: numbers keep their point
  has_blocks = has_color && !strcmp(nl_langinfo(CODESET), "UTF-8");
  struct winsize size;
  if (ioctl(isatty(STDOUT_FILENO) ? STDOUT_FILENO : STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) width = size.ws_col;
}

const char *screen_style(style s) {
  static const char *const codes[] = {"\033[0m", "\033[1m", "\033[2m", "\033[32m", "\033[31m"};
  return has_color ? codes[s] : "";
}

// ---- progress --------------------------------------------------------------------------------------------------------------------------
void screen_progress(const char *name, int32_t done, int32_t total, double seconds) {
  static double drawn_at; // of this run's clock
  if (!has_bar || width < 50) return;
  if (bar_is_drawn && seconds >= drawn_at && seconds - drawn_at < 0.1) return;
  drawn_at = seconds;
  char bar[33];
  int filled = (int)((int64_t)done * 32 / total);
  memset(bar, '.', 32);
  memset(bar, '#', (size_t)filled);
  bar[32] = 0;
  char text[160], left[32] = "";
  if (done > 0) snprintf(left, sizeof left, "%.0f s left", seconds / done * (total - done));
  int length = snprintf(text, sizeof text, "  %.20s [%s] %d of %d  %s", name, bar, done, total, left);
  if (length > width - 1) length = width - 1; // a longer line would wrap and stay
  fprintf(stderr, "\r%-*.*s", width - 1, length, text);
  bar_is_drawn = true;
}

void screen_progress_end(void) {
  if (bar_is_drawn) fprintf(stderr, "\r%*s\r", width - 1, "");
  bar_is_drawn = false;
}

bool fail(const char *format, ...) {
  fflush(stdout);
  screen_progress_end();
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "fashion: ");
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\n");
  va_end(arguments);
  return false;
}

// ---- pictures --------------------------------------------------------------------------------------------------------------------------
/// The greys of the 256-colour palette: 232 to 255, from dark to light, and black before them.
static int grey(uint8_t value) { return value < 8 ? 16 : 232 + value * 24 / 256; }

/// Two rows of pixels as one line: an upper half block in two greys, or a character as dark as both together.
static void draw_line(const uint8_t *upper) {
  static const char shades[] = " .:-=+*#%@";
  const uint8_t *lower = upper + IMAGE_SIDE;
  int front = -1, back = -1;
  for (int x = 0; x < IMAGE_SIDE; x++) {
    if (!has_blocks) {
      putchar(shades[(upper[x] + lower[x]) * 10 / 511]);
      continue;
    }
    if (grey(upper[x]) != front) printf("\033[38;5;%dm", front = grey(upper[x]));
    if (grey(lower[x]) != back) printf("\033[48;5;%dm", back = grey(lower[x]));
    fputs("\342\226\200", stdout); // U+2580
  }
  fputs(screen_style(STYLE_PLAIN), stdout);
}

static void draw_row(const picture *p, int32_t n) {
  const char *bold = screen_style(STYLE_BOLD), *plain = screen_style(STYLE_PLAIN);
  for (int32_t i = 0; i < n; i++) printf("%*s%s%-28.28s%s", i ? GAP : 2, "", bold, p[i].title, plain);
  for (int y = 0; y < IMAGE_SIDE; y += 2) {
    for (int32_t i = 0; i < n; i++) {
      printf("%s%*s", i ? "" : "\n", i ? GAP : 2, "");
      draw_line(p[i].pixels + y * IMAGE_SIDE);
    }
  }
  for (int32_t i = 0; i < n; i++) {
    style s = p[i].is_right ? STYLE_GOOD : STYLE_BAD;
    printf("%s%*s%s%-28.28s%s", i ? "" : "\n", i ? GAP : 2, "", screen_style(s), p[i].caption, plain);
  }
  printf("\n\n");
}

void screen_draw(const picture *pictures, int32_t n) {
  int32_t fit = (width - 2 + GAP) / (IMAGE_SIDE + GAP);
  if (fit < 1) return; // too narrow for even one
  while (fit < n && n % fit) fit--; // rows of equal length
  for (int32_t i = 0; i < n; i += fit) draw_row(pictures + i, n - i < fit ? n - i : fit);
}
