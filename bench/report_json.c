// SPDX-License-Identifier: BSD-3-Clause
// The report as JSON in google-benchmark's form, so that its tools read it. Baselines are such files. Beyond the form each case has its quartiles,
// and the context says all about the machine.
#include "suite.h"

#include <stdlib.h>
#include <string.h>

static void write_context(const report *r, json *j) {
  const machine *m = r->machine;
  json_open(j, "context", '{');
  json_text(j, "date", m->date);
  json_text(j, "executable", "trivet bench");
  json_int(j, "num_cpus", m->n_cpus);
  json_real(j, "mhz_per_cpu", m->mhz);
  json_bool(j, "cpu_scaling_enabled", *m->governor && strcmp(m->governor, "performance") != 0);
  json_open(j, "caches", '[');
  for (int32_t i = 0; i < m->n_caches; i++) {
    json_open(j, NULL, '{');
    json_text(j, "type", m->cache[i].type);
    json_int(j, "level", m->cache[i].level);
    json_int(j, "size", m->cache[i].bytes);
    json_int(j, "num_sharing", m->cache[i].n_sharing);
    json_close(j, '{');
  }
  json_close(j, '[');
  json_open(j, "load_avg", '[');
  for (int i = 0; i < 3 && m->load[0] >= 0; i++) json_real(j, NULL, m->load[i]);
  json_close(j, '[');
  json_text(j, "library_build_type", m->build);
  char *library = text_format("Trivet %s", rt_version());
  json_text(j, "library", library);
  free(library);
  json_text(j, "backends", m->backends);
  json_text(j, "device", m->device);
  json_text(j, "settings", m->settings);
  json_int(j, "threads", m->n_threads);
  json_text(j, "cpu_model", m->cpu);
  json_text(j, "cpu_flags", m->flags);
  json_text(j, "cpu_governor", *m->governor ? m->governor : NULL);
  json_text(j, "huge_pages", *m->huge_pages ? m->huge_pages : NULL);
  json_text(j, "kernel", m->kernel);
  json_text(j, "compiler", m->compiler);
  json_text(j, "probe_isa", r->suite->roof.loops->name);
  json_close(j, '{');
}

static void write_common(json *j, const subject *s, int32_t n_threads) {
  json_text(j, "name", s->name);
  json_text(j, "run_name", s->name);
  json_text(j, "run_type", "iteration");
  json_int(j, "repetitions", 1);
  json_int(j, "repetition_index", 0);
  json_int(j, "threads", n_threads);
  json_int(j, "iterations", (int64_t)s->n_calls);
  json_real(j, "real_time", s->time.median);
  json_real(j, "cpu_time", s->cpu_time);
  json_text(j, "time_unit", "ns");
  json_real(j, "q1", s->time.low);
  json_real(j, "q3", s->time.high);
  json_real(j, "min", s->time.min);
  json_int(j, "samples", s->time.n);
  json_int(j, "outliers", s->time.n_outliers);
}

static void write_case(json *j, const bench_case *c, int32_t n_threads) {
  json_open(j, NULL, '{');
  write_common(j, &c->timing, n_threads);
  json_real(j, "bytes_per_second", 1e9 * c->bytes / c->timing.time.median);
  if (c->flops > 0) json_real(j, "flops_per_second", 1e9 * c->flops / c->timing.time.median);
  json_real(j, "page_faults", (double)c->timing.n_faults / (double)c->timing.n_calls);
  json_text(j, "traffic", traffic_kinds[c->kind].name);
  if (c->limit_ns > 0) {
    json_real(j, "roofline_time", c->limit_ns);
    json_real(j, "roofline_share", case_share(c));
  }
  json_text(j, "backend", c->backend);
  json_close(j, '{');
}

static void write_gauge(json *j, const gauge *g) {
  json_open(j, NULL, '{');
  write_common(j, &g->timing, g->n_threads);
  json_real(j, g->is_peak ? "flops_per_second" : "bytes_per_second", 1e9 * g->amount / g->timing.time.median);
  json_close(j, '{');
}

void report_json(const report *r, json *j) {
  const suite *s = r->suite;
  json_open(j, NULL, '{');
  write_context(r, j);
  json_open(j, "benchmarks", '[');
  for (size_t i = 0; i < s->n; i++) write_case(j, &s->at[i], r->machine->n_threads);
  json_close(j, '[');
  json_open(j, "roofline", '[');
  for (size_t i = 0; i < s->roof.n; i++) write_gauge(j, s->roof.at[i]);
  json_close(j, '[');
  json_close(j, '{');
}
