// SPDX-License-Identifier: BSD-3-Clause
// Options and the order of things: read a PNG, find its lines, read each, print them. Which backend does the work is RT_BACKEND's business.
// Exit status: 0 when the picture was read (it may hold no text), 1 when something failed, 2 for wrong usage.
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocr.h"

#ifndef TRIVET_SOURCE_DIR
#define TRIVET_SOURCE_DIR "."
#endif
#define FIND_MODEL "ch_PP-OCRv4_det_infer.onnx"
#define READ_MODEL "ch_PP-OCRv4_rec_infer.onnx"
#define LEAST_SURE 0.5 // what is less sure is not shown: pictures hold much that only resembles text

static const char help[] =
  "Usage: example_ocr [OPTION]... PICTURE.png\n"
  "       example_ocr --draw TEXT [--size PIXELS] PICTURE.png\n"
  "Reads the text in a picture with two trained networks; the second form makes a picture to try it on.\n\n"
  "  --models DIR   the folder of " FIND_MODEL " and " READ_MODEL "\n"
  "                 (default: TRIVET_MODELS, else build/models of the source tree, where scripts/fetch-models.sh puts them)\n"
  "  --boxes        before each line: how sure the network is, and left, top, width, height in pixels\n"
  "  --repeat N     runs the networks N times, for timing (default: 1)\n"
  "  --dump DIR     writes what goes into and comes out of each network to .npy files in this folder\n"
  "  --draw TEXT    draws this text; \\n begins a new line\n"
  "  --size PIXELS  how high a capital is drawn, 8 to 400 (default: 24)\n"
  "  --help         this text\n\n"
  "The lines go to standard output, a summary with times to standard error. RT_BACKEND chooses the backends.\n";

bool fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "ocr: ");
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\n");
  va_end(arguments);
  return false;
}

typedef struct settings {
  const char *models, *dump, *draw, *picture;
  bool boxes;
  int32_t size, repeat;
} settings;

static bool parse_count(const char *option, const char *text, int32_t least, int32_t most, int32_t *out) {
  char *end;
  errno = 0;
  long value = strtol(text, &end, 10);
  if (errno || end == text || *end || value < least || value > most)
    return fail("--%s %s: not a number from %d to %d", option, text, least, most);
  *out = (int32_t)value;
  return true;
}

/// The exit status when the program ends here, else -1.
static int parse(int argc, char **argv, settings *set) {
  static const struct option options[] = {
    {"models", required_argument, NULL, 'm'}, {"boxes", no_argument, NULL, 'b'},        {"repeat", required_argument, NULL, 'r'},
    {"dump", required_argument, NULL, 'd'},   {"draw", required_argument, NULL, 't'},   {"size", required_argument, NULL, 's'},
    {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
  };
  for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
    switch (c) {
      case 'm': set->models = optarg; break;
      case 'b': set->boxes = true; break;
      case 'r': if (!parse_count("repeat", optarg, 1, 1000, &set->repeat)) return 2; break;
      case 'd': set->dump = optarg; break;
      case 't': set->draw = optarg; break;
      case 's': if (!parse_count("size", optarg, 8, 400, &set->size)) return 2; break;
      case 'h': fputs(help, stdout); return 0;
      default: fputs("Try --help.\n", stderr); return 2; // getopt has said what is wrong
    }
  }
  if (argc - optind != 1) { fail("one picture, not %d; try --help", argc - optind); return 2; }
  set->picture = argv[optind];
  return -1;
}

static bool draw(const settings *set) {
  image page = {0};
  char *text = strdup(set->draw), *to = text;
  if (!text) return fail("no memory for the text");
  for (const char *from = text; *from; from++) *to++ = from[0] == '\\' && from[1] == 'n' ? (from++, '\n') : *from;
  *to = '\0';
  bool ok = draw_page(text, set->size, &page) && image_write(set->picture, &page);
  image_free(&page);
  free(text);
  return ok;
}

static void print_lines(const settings *set, const lines *all) {
  for (int32_t i = 0; i < all->n; i++) {
    const line *l = &all->at[i];
    const box *w = &l->where;
    if (l->sure < LEAST_SURE) continue;
    if (set->boxes) printf("%3.0f %%  %4.0f %4.0f %4.0f %4.0f  ", 100 * l->sure, w->left, w->top, w->right - w->left, w->bottom - w->top);
    puts(l->text);
  }
}

static bool read_picture(rt_ctx *ctx, const settings *set) {
  network find = {.name = "find", .dump = set->dump}, read = {.name = "read", .dump = set->dump};
  alphabet letters = {0};
  image picture = {0};
  lines all = {0};
  bool ok = image_read(set->picture, &picture) && network_open(ctx, set->models, FIND_MODEL, &find);
  ok = ok && network_open(ctx, set->models, READ_MODEL, &read) && alphabet_open(&read, &letters);
  for (int32_t i = 0; ok && i < set->repeat; i++) {
    lines_free(&all);
    ok = find_lines(&find, &picture, &all);
    for (int32_t k = 0; ok && k < all.n; k++) ok = read_line(&read, &letters, &picture, &all.at[k]);
  }
  if (ok) {
    print_lines(set, &all);
    fflush(stdout);
    fprintf(stderr, "%d lines in %d x %d pixels; ", all.n, picture.width, picture.height);
    fprintf(stderr, "finding %.3f s, reading %.3f s (%d runs of the networks)\n", find.seconds / set->repeat, read.seconds / set->repeat,
            find.n_runs + read.n_runs);
  }
  lines_free(&all);
  image_free(&picture);
  alphabet_free(&letters);
  rt_model_close(find.model), rt_model_close(read.model);
  return ok;
}

int main(int argc, char **argv) {
  const char *models = getenv("TRIVET_MODELS");
  settings set = {.models = models && *models ? models : TRIVET_SOURCE_DIR "/build/models", .size = 24, .repeat = 1};
  int status = parse(argc, argv, &set);
  if (status >= 0) return status;
  if (set.draw) return draw(&set) ? 0 : 1;
  rt_ctx *ctx = NULL;
  if (rt_ctx_create(NULL, &ctx) != RT_OK) return fail("%s", rt_last_error()), 1;
  bool ok = read_picture(ctx, &set);
  if (rt_ctx_close(ctx) != RT_OK) ok = fail("%s", rt_last_error());
  return ok ? 0 : 1;
}
