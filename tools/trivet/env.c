// SPDX-License-Identifier: BSD-3-Clause
// trivet env: every RT_* variable with the value in force, where it comes from and what it means, and the keys that the open backends
// declare.
#include "trivet.h"

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: trivet env [--json]\n\n"
    "Lists every RT_* variable: the value in force, where it comes from, and its meaning; then the settings that the backends of the\n"
    "default context declare, RT_<BACKEND>_<KEY>. Choose other backends with RT_BACKEND to see theirs.\n";

typedef struct rows { rt_env_row *at; size_t n; } rows;

static rt_env_row *add_row(rows *all) {
  all->at = grow(all->at, all->n + 1, sizeof *all->at);
  return memset(&all->at[all->n++], 0, sizeof *all->at);
}

static void add_backend_keys(rows *all, rt_ctx *ctx, int32_t backend) {
  rt_backend_desc desc;
  rt_config_key key;
  if (rt_backend_describe(ctx, backend, &desc) != RT_OK) return;
  for (int32_t i = 0; rt_backend_config_key(ctx, backend, i, &key) == RT_OK; i++) {
    rt_env_row *row = add_row(all);
    snprintf(row->name, sizeof row->name, "RT_%s_%s", desc.name, key.name);
    for (char *s = row->name; *s; s++) *s = (char)toupper((unsigned char)*s);
    for (size_t k = 0; k + 1 < all->n; k++) if (strcmp(all->at[k].name, row->name) == 0) { all->n--; row = NULL; break; }
    if (!row) continue;
    const char *value = getenv(row->name);
    bool is_set = value && *value;
    snprintf(row->value, sizeof row->value, "%s", is_set ? value : key.fallback ? key.fallback : "");
    snprintf(row->origin, sizeof row->origin, "%s", is_set ? "environment" : "default");
    snprintf(row->help, sizeof row->help, "%s", key.help ? key.help : "");
  }
}

static void print_json(const rows *all) {
  json j;
  json_start(&j);
  json_open(&j, NULL, '[');
  for (size_t i = 0; i < all->n; i++) {
    json_open(&j, NULL, '{');
    json_text(&j, "name", all->at[i].name);
    json_text(&j, "value", all->at[i].value);
    json_text(&j, "origin", all->at[i].origin);
    json_text(&j, "help", all->at[i].help);
    json_close(&j, '{');
  }
  json_close(&j, '[');
  json_end(&j);
}

static int run(const command *self, int argc, char **argv, bool as_json) {
  static const struct option longs[] = {{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
  for (int c; (c = getopt_long(argc, argv, "h", longs, NULL)) != -1;) {
    if (c == 'j') as_json = true;
    else if (c == 'h') return print_help(self);
    else return usage_error(self, NULL);
  }
  if (optind < argc) return usage_error(self, "env takes no arguments, not '%s'", argv[optind]);
  rows all = {0};
  rt_env_row row;
  for (int32_t i = 0; rt_env_get(i, &row) == RT_OK; i++) *add_row(&all) = row;
  rt_ctx *ctx = open_ctx(NULL); // without one the library's own variables are still shown: a wrong value of one may be the reason
  for (int32_t i = 0; ctx && i < rt_backend_count(ctx); i++) add_backend_keys(&all, ctx, i);
  if (as_json) {
    print_json(&all);
  } else {
    table t;
    table_start(&t, "variable|value|origin|meaning");
    for (size_t i = 0; i < all.n; i++) table_row(&t, all.at[i].name, all.at[i].value, all.at[i].origin, all.at[i].help);
    table_end(&t, 0);
  }
  free(all.at);
  if (!ctx) return EXIT_FAILED;
  rt_ctx_close(ctx);
  return EXIT_OK;
}

const command cmd_env = {"env", "every RT_* variable: value, origin, meaning", help, run};
