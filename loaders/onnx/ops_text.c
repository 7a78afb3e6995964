// SPDX-License-Identifier: BSD-3-Clause
// ONNX operations on tokens: counts of n-grams of numbers. Words, which would be strings, have no dtype here.
#include <string.h>

#include "ops.h"

typedef struct grams {
  const int64_t *starts, *columns, *pool; // ngram_counts: where the grams of 1, 2, ... tokens begin; the column of each gram; their tokens
  int64_t n_sizes, n_columns, n_pool;
} grams;

// The number of the gram of `size` tokens, `step` apart, that is in the pool; -1 when none is.
static int64_t find_gram(const grams *g, int64_t size, const int64_t *tokens, int64_t step) {
  const int64_t end = size < g->n_sizes ? g->starts[size] : g->n_pool;
  int64_t number = 0;
  for (int64_t s = 1; s < size; s++) number += (g->starts[s] - g->starts[s - 1]) / s;
  for (int64_t at = g->starts[size - 1]; at + size <= end; at += size, number++) {
    int64_t k = 0;
    while (k < size && g->pool[at + k] == tokens[k * step]) k++;
    if (k == size) return number;
  }
  return -1;
}

static grams read_grams(rti_onnx_call *call) {
  grams g = {0};
  int64_t n_columns;
  g.starts = rti_call_list(call, "ngram_counts", &g.n_sizes);
  g.columns = rti_call_list(call, "ngram_indexes", &n_columns);
  g.pool = rti_call_list(call, "pool_int64s", &g.n_pool);
  if (!g.starts || !g.columns || n_columns < 1) rti_call_fail(call, RT_E_FORMAT, "ngram_counts or ngram_indexes is missing");
  if (!g.pool) rti_call_fail(call, RT_E_UNSUPPORTED, "a pool of words is not supported");
  int64_t n_grams = 0;
  for (int64_t s = 0; s < g.n_sizes && call->status == RT_OK; s++) {
    const int64_t end = s + 1 < g.n_sizes ? g.starts[s + 1] : g.n_pool;
    if (g.starts[s] < 0 || end < g.starts[s] || end > g.n_pool || (end - g.starts[s]) % (s + 1) != 0) rti_call_fail(call, RT_E_FORMAT, "ngram_counts does not fit the pool");
    else n_grams += (end - g.starts[s]) / (s + 1);
  }
  if (call->status == RT_OK && n_grams != n_columns) rti_call_fail(call, RT_E_FORMAT, "%lld grams have %lld columns", (long long)n_grams, (long long)n_columns);
  for (int64_t i = 0; i < n_columns && call->status == RT_OK; i++) {
    if (g.columns[i] < 0 || g.columns[i] >= RTI_ONNX_HOST_LIMIT) rti_call_fail(call, RT_E_FORMAT, "column %lld", (long long)g.columns[i]);
    if (g.columns[i] >= g.n_columns) g.n_columns = g.columns[i] + 1;
  }
  return g;
}

// Counts the grams of one row. Tokens of a gram may be apart, equally far, with up to max_skip_count tokens between them.
static void count_grams(rti_onnx_call *call, const grams *g, const int64_t *tokens, int64_t n, float *counts) {
  const int64_t first = rti_call_i(call, "min_gram_length", 1), last = rti_call_i(call, "max_gram_length", 1), skip = rti_call_i(call, "max_skip_count", 0);
  for (int64_t size = first; size <= last && call->status == RT_OK; size++)
    for (int64_t step = 1; step <= (size > 1 ? skip + 1 : 1) && (size - 1) * step < n; step++)
      for (int64_t start = 0; start + (size - 1) * step < n && rti_call_goes_on(call); start++) {
        const int64_t gram = find_gram(g, size, tokens + start, step);
        if (gram >= 0) counts[g->columns[gram]]++;
      }
}

static void run_tf_idf(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const grams g = read_grams(call);
  const int32_t rank = rt_tensor_rank(x);
  const int64_t longest = rti_call_i(call, "max_gram_length", 1), shortest = rti_call_i(call, "min_gram_length", 1), skip = rti_call_i(call, "max_skip_count", 0);
  const char *mode = rti_call_s(call, "mode", "TF");
  const rti_onnx_attr *weights = rti_call_attr(call, "weights");
  const bool is_tf = !strcmp(mode, "TF"), is_idf = !strcmp(mode, "IDF");
  if (shortest < 1 || longest < shortest || longest > g.n_sizes || skip < 0 || skip > RTI_ONNX_HOST_LIMIT) rti_call_fail(call, RT_E_ARGUMENT, "grams of %lld to %lld tokens", (long long)shortest, (long long)longest);
  if (!is_tf && !is_idf && strcmp(mode, "TFIDF") != 0) rti_call_fail(call, RT_E_UNSUPPORTED, "mode '%.40s' is not known", mode);
  if (call->status == RT_OK && (rank < 1 || rank > 2)) rti_call_fail(call, RT_E_SHAPE, "an input of %d dimensions", rank);
  int64_t n, n_grams;
  const int64_t *tokens = rti_call_ints(call, 0, &n), *columns = rti_call_list(call, "ngram_indexes", &n_grams);
  if (weights && weights->n != n_grams) rti_call_fail(call, RT_E_FORMAT, "%lld weights for %lld grams", (long long)weights->n, (long long)n_grams);
  if (call->status != RT_OK) return;
  const int64_t n_rows = rank == 2 ? rt_tensor_shape(x)[0] : 1, length = rt_tensor_shape(x)[rank - 1], shape[2] = {n_rows, g.n_columns};
  if (n_rows > RTI_ONNX_HOST_LIMIT / g.n_columns) rti_call_fail(call, RT_E_SHAPE, "%lld rows of %lld columns", (long long)n_rows, (long long)g.n_columns);
  float *counts = call->status == RT_OK ? rti_call_buffer(call, (uint64_t)(n_rows * g.n_columns), sizeof *counts) : NULL;
  for (int64_t row = 0; counts && row < n_rows; row++) {
    float *own = counts + row * g.n_columns;
    count_grams(call, &g, tokens + row * length, length, own);
    for (int64_t i = 0; i < n_grams && !is_tf; i++) {
      float *c = &own[columns[i]];
      if (is_idf && *c > 0) *c = 1;
      if (weights) *c *= weights->floats[i];
    }
  }
  STEP(y, rt_from_data, call->ctx, RT_F32, rank, rank == 2 ? shape : shape + 1, counts);
  rti_call_out(call, 0, y);
}

#define GRAMS "max_gram_length:i max_skip_count:i min_gram_length:i mode:s ngram_counts:I ngram_indexes:I pool_int64s:I weights:F"

static const rti_onnx_op rows[] = {
    // name           since in    out attributes run
    {"TfIdfVectorizer",  9, 1, 1, 1, GRAMS,     run_tf_idf, NULL, NULL},
};

const rti_onnx_ops rti_onnx_text_ops = {"", rows, (int32_t)RTI_IO_COUNT(rows), false};
