// SPDX-License-Identifier: BSD-3-Clause
// What a line says. The second network looks at a line that is 48 pixels high and answers for each column of 8 pixels with the probability
// of every character and of "nothing" (number 0). The best of each column, without repeats and without nothing, are the text.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ocr.h"

#define HEIGHT 48
#define MOST_WIDTH 4800 // a hundred times as wide as high
#define STRIDE 8

bool alphabet_open(const network *net, alphabet *out) {
  const char *text = rt_model_metadata(net->model, "character");
  memset(out, 0, sizeof *out);
  if (!text) return fail("read: this model does not say which characters it knows (metadata \"character\")");
  int32_t n = 1;
  for (const char *c = text; *c; c++) n += *c == '\n';
  out->text = strdup(text), out->at = calloc((size_t)n + 2, sizeof *out->at);
  if (!out->text || !out->at) return fail("no memory for %d characters", n);
  out->at[out->n++] = "";
  for (char *c = strtok(out->text, "\n"); c; c = strtok(NULL, "\n")) out->at[out->n++] = c;
  out->at[out->n++] = " ";
  return true;
}

void alphabet_free(alphabet *letters) {
  free(letters->text);
  free((void *)letters->at);
}

/// best[n], probability[n]: the winner of each column.
static bool decode(const alphabet *letters, const int64_t *best, const float *probability, int64_t n, line *out) {
  size_t length = 0;
  for (int64_t i = 0; i < n; i++) length += strlen(letters->at[best[i]]);
  if (!(out->text = calloc(length + 1, 1))) return fail("no memory for a line of %zu bytes", length);
  char *end = out->text;
  int64_t n_read = 0;
  double sum = 0;
  for (int64_t i = 0; i < n; i++) {
    if (best[i] == 0 || (i > 0 && best[i] == best[i - 1])) continue;
    end = stpcpy(end, letters->at[best[i]]);
    sum += probability[i], n_read++;
  }
  out->sure = n_read ? sum / (double)n_read : 0;
  return true;
}

static bool pick_best(const alphabet *letters, const rt_tensor *answer, line *out) {
  const int64_t *shape = rt_tensor_shape(answer), n = shape[1];
  if (shape[2] != letters->n)
    return fail("read: the model answers with %lld classes, its file names %d characters", (long long)shape[2], letters->n);
  rt_tensor *best = NULL, *probability = NULL;
  int64_t *indices = malloc((size_t)n * sizeof *indices);
  float *values = malloc((size_t)n * sizeof *values);
  const rt_axes last = {1, {2}};
  bool ok = (indices && values) || fail("no memory for %lld columns", (long long)n);
  if (ok && (rt_argmax(answer, &last, false, &best) || rt_max(answer, &last, false, &probability)
          || rt_read(best, indices, (size_t)n * sizeof *indices) || rt_read(probability, values, (size_t)n * sizeof *values))) {
    ok = fail("read: %s", rt_last_error());
  }
  ok = ok && decode(letters, indices, values, n, out);
  rt_release(best), rt_release(probability);
  free(indices), free(values);
  return ok;
}

bool read_line(network *net, const alphabet *letters, const image *picture, line *in_out) {
  const box *part = &in_out->where;
  const double columns = ceil(HEIGHT * (part->right - part->left) / (part->bottom - part->top) / STRIDE);
  rt_tensor *in = NULL, *answer = NULL;
  bool ok = image_sample(net->ctx, picture, part, (int32_t)fmin(columns * STRIDE, MOST_WIDTH), HEIGHT, &in);
  ok = ok && network_run(net, in, 3, &answer) && pick_best(letters, answer, in_out);
  rt_release(in), rt_release(answer);
  return ok;
}
