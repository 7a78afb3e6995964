// SPDX-License-Identifier: BSD-3-Clause
// Where the time of a model goes: every node of some runs timed, added up per node and per operation, slowest first. It only counts what the
// library tells through rt_model_watch.
#include "trivet.h"

#include <stdlib.h>
#include <string.h>

#define MOST_ROWS 10 // in a table for people; JSON has all

static void count_step(void *user, const rt_model_step *step) {
  profile *p = user;
  if (step->node < 0 || step->node >= p->n_nodes) return;
  profile_node *node = &p->node[step->node];
  node->ns += step->time_ns;
  node->calls++;
  const rt_tensor *out = step->n_outputs > 0 ? step->outputs[0] : NULL;
  if (node->shape || !out) return;
  node->shape = shape_text(rt_tensor_rank(out), rt_tensor_shape(out), NULL);
  node->dtype = rt_tensor_dtype(out);
}

rt_status profile_start(profile *p, rt_model *model) {
  rt_model_info info;
  *p = (profile){.model = model};
  rt_status status = rt_model_describe(model, &info);
  if (status != RT_OK) return status;
  p->n_nodes = info.n_nodes;
  const size_t bytes = ((size_t)p->n_nodes + 1) * sizeof *p->node;
  p->node = memset(grow(NULL, (size_t)p->n_nodes + 1, sizeof *p->node), 0, bytes);
  return rt_model_watch(model, count_step, p);
}

rt_status profile_stop(profile *p) { return rt_model_watch(p->model, NULL, NULL); }

void profile_free(profile *p) {
  for (int32_t i = 0; i < p->n_nodes; i++) free(p->node[i].shape);
  free(p->node);
  *p = (profile){0};
}

// ---- adding up --------------------------------------------------------------------------------------------------------------------------
typedef struct sum { rt_model_node node; int32_t index; uint64_t ns, calls; } sum;
typedef struct sums { sum *at; int32_t n; uint64_t ns; } sums;

static const char *domain_of(const rt_model_node *node) { return node->domain && *node->domain ? node->domain : "ai.onnx"; }

static int slowest_first(const void *a, const void *b) {
  const sum *x = a, *y = b;
  return x->ns != y->ns ? (x->ns < y->ns) - (x->ns > y->ns) : x->index - y->index;
}

// One entry per node that ran, or per operation.
static sums add_up(const profile *p, bool per_operation) {
  sums all = {.at = grow(NULL, (size_t)p->n_nodes + 1, sizeof *all.at)};
  for (int32_t i = 0; i < p->n_nodes; i++) {
    sum one = {.index = i, .ns = p->node[i].ns, .calls = p->node[i].calls};
    if (one.calls == 0 || rt_model_node_at(p->model, i, &one.node) != RT_OK) continue;
    all.ns += one.ns;
    int32_t k = per_operation ? 0 : all.n;
    while (k < all.n && (strcmp(all.at[k].node.op, one.node.op) != 0 || strcmp(domain_of(&all.at[k].node), domain_of(&one.node)) != 0)) k++;
    if (k == all.n) all.at[all.n++] = one;
    else all.at[k].ns += one.ns, all.at[k].calls += one.calls;
  }
  qsort(all.at, (size_t)all.n, sizeof *all.at, slowest_first);
  return all;
}

static double ms_per_run(const profile *p, uint64_t ns) { return (double)ns / 1e6 / (double)p->n_runs; }
static double share(const sums *all, uint64_t ns) { return all->ns ? 100.0 * (double)ns / (double)all->ns : 0; }

// ---- printing ---------------------------------------------------------------------------------------------------------------------------
static void print_rest(const profile *p, const sums *all, const char *what) {
  uint64_t ns = 0;
  for (int32_t i = MOST_ROWS; i < all->n; i++) ns += all->at[i].ns;
  if (all->n > MOST_ROWS) printf("  and %d more %s: %.4g ms (%.1f %%)\n", all->n - MOST_ROWS, what, ms_per_run(p, ns), share(all, ns));
}

void profile_print(const profile *p) {
  sums ops = add_up(p, true), nodes = add_up(p, false);
  printf("\nSlowest operations: %lld runs with a wait after each node, %.4g ms in the nodes of a run\n", (long long)p->n_runs, ms_per_run(p, ops.ns));
  table t;
  table_start(&t, "operation|>calls|>ms|>share");
  for (int32_t i = 0; i < ops.n && i < MOST_ROWS; i++) {
    const sum *s = &ops.at[i];
    char *calls = text_format("%llu", (unsigned long long)(s->calls / (uint64_t)p->n_runs)), *ms = text_format("%.3f", ms_per_run(p, s->ns));
    char *part = text_format("%.1f %%", share(&ops, s->ns));
    table_row(&t, s->node.op, calls, ms, part);
    free(calls), free(ms), free(part);
  }
  table_end(&t, 2);
  print_rest(p, &ops, "operations");
  printf("\nSlowest nodes\n");
  table_start(&t, ">node|operation|name|output|>ms|>share");
  for (int32_t i = 0; i < nodes.n && i < MOST_ROWS; i++) {
    const sum *s = &nodes.at[i];
    const profile_node *node = &p->node[s->index];
    char *index = text_format("%d", s->index), *ms = text_format("%.3f", ms_per_run(p, s->ns)), *part = text_format("%.1f %%", share(&nodes, s->ns));
    char *output = node->shape ? text_format("%s %s", rt_dtype_name(node->dtype), node->shape) : text_copy("");
    table_row(&t, index, s->node.op, s->node.name, output, ms, part);
    free(index), free(ms), free(part), free(output);
  }
  table_end(&t, 2);
  print_rest(p, &nodes, "nodes");
  free(ops.at), free(nodes.at);
}

void profile_json(json *j, const profile *p) {
  sums ops = add_up(p, true), nodes = add_up(p, false);
  json_open(j, "profile", '{');
  json_int(j, "runs", p->n_runs);
  json_real(j, "ms", ms_per_run(p, ops.ns));
  json_open(j, "operations", '[');
  for (int32_t i = 0; i < ops.n; i++) {
    json_open(j, NULL, '{');
    json_text(j, "op", ops.at[i].node.op);
    json_text(j, "domain", domain_of(&ops.at[i].node));
    json_uint(j, "calls", ops.at[i].calls / (uint64_t)p->n_runs);
    json_real(j, "ms", ms_per_run(p, ops.at[i].ns));
    json_real(j, "percent", share(&ops, ops.at[i].ns));
    json_close(j, '{');
  }
  json_close(j, '[');
  json_open(j, "nodes", '[');
  for (int32_t i = 0; i < nodes.n; i++) {
    const sum *s = &nodes.at[i];
    json_open(j, NULL, '{');
    json_int(j, "node", s->index);
    json_text(j, "op", s->node.op);
    json_text(j, "name", s->node.name);
    json_text(j, "shape", p->node[s->index].shape);
    json_real(j, "ms", ms_per_run(p, s->ns));
    json_real(j, "percent", share(&nodes, s->ns));
    json_close(j, '{');
  }
  json_close(j, '[');
  json_close(j, '{');
  free(ops.at), free(nodes.at);
}
