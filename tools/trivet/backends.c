// SPDX-License-Identifier: BSD-3-Clause
// trivet backends: every plugin file that a search finds, whether it loads or why not, and the devices of the default context. No plugin is
// loaded into this process: each file, and the default context, is opened in a child process.
#include "trivet.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: trivet backends [--json] [FILE.so]...\n\n"
    "Lists every plugin file that a search finds, in search order: version, devices, whether the default context uses it (open), whether\n"
    "it loads (ok), whether an earlier file of the same name hides it (hidden), or why it is refused. Then the devices of the default\n"
    "context. Given files, probes just these; exit code 1 if one is refused.\n\n"
    "Each file is opened in a child process with a limit of two seconds, so a plugin that crashes, exits or hangs is reported as that.\n";

typedef struct plugin {
  char *name, *path, *origin;
  rt_backend_desc desc;  // empty when refused
  char *refused, *printed;
  int32_t open_at;       // position in the default context, -1 when it is not open
  bool hidden;
} plugin;
typedef struct plugins { plugin *at; size_t n; } plugins;

static plugin *add_plugin(plugins *all, const char *name, const char *path, const char *origin) {
  all->at = grow(all->at, all->n + 1, sizeof *all->at);
  all->at[all->n] = (plugin){.name = text_copy(name), .path = text_copy(path), .origin = text_copy(origin), .open_at = -1};
  return &all->at[all->n++];
}

static void found_plugin(void *user, const char *name, const char *path, const char *origin) { add_plugin(user, name, path, origin); }

static void probe_plugin(plugin *p) {
  probe result;
  probe_run(PROBE_FILE, p->path, &result);
  if (result.n_backends > 0) p->desc = result.backends[0];
  if (result.error) p->refused = text_copy(result.error);
  else if (result.n_backends == 0) p->refused = text_copy("it did not describe itself");
  else if (*p->desc.refused) p->refused = text_copy(p->desc.refused);
  if (result.printed) p->printed = text_copy(result.printed);
  probe_free(&result);
}

static bool same_file(const char *a, const char *b) {
  char *real_a = realpath(a, NULL), *real_b = realpath(b, NULL);
  bool same = strcmp(real_a ? real_a : a, real_b ? real_b : b) == 0;
  free(real_a);
  free(real_b);
  return same;
}

// Marks what the default context uses, adds what it uses without a file, and marks files that an earlier one of their name hides.
static void merge_context(plugins *all, const probe *context) {
  for (int32_t i = 0; i < context->n_backends; i++) {
    const rt_backend_desc *desc = &context->backends[i];
    plugin *p = NULL;
    for (size_t k = 0; k < all->n && !p; k++) if (same_file(all->at[k].path, desc->path)) p = &all->at[k];
    if (!p) {
      p = add_plugin(all, desc->name, desc->path, desc->origin);
      p->desc = *desc;
    }
    if (p->open_at < 0) p->open_at = i; // a backend has one entry per device
  }
  for (size_t i = 0; i < all->n; i++)
    for (size_t k = 0; k < i; k++)
      if (strcmp(all->at[i].name, all->at[k].name) == 0 && all->at[i].open_at < 0) all->at[i].hidden = true;
}

static const char *state_of(const plugin *p) {
  return p->refused ? "refused" : p->open_at >= 0 ? "open" : p->hidden ? "hidden" : "ok";
}

// The first lines of what a plugin printed, for people.
static void print_output(const char *text) {
  for (int n = 0; *text && n < 4; n++) {
    size_t length = strcspn(text, "\n");
    char *line = text_format("%.*s", length > 120 ? 120 : (int)length, text), *clean = clean_text(line);
    printf("      it printed: %s\n", clean);
    free(line);
    free(clean);
    text += length + (text[length] == '\n');
  }
}

static void print_text(const plugins *all, const probe *context) {
  table t;
  table_start(&t, "name|version|>devices|state|origin|path");
  for (size_t i = 0; i < all->n; i++) {
    const plugin *p = &all->at[i];
    char *devices = text_format("%d", p->desc.n_devices);
    table_row(&t, p->name, p->desc.version, p->refused ? "-" : devices, state_of(p), p->origin, p->path);
    free(devices);
  }
  if (all->n == 0) printf("No plugin files found.\n");
  table_end(&t, 0);
  bool any = false;
  for (size_t i = 0; i < all->n; i++) {
    const plugin *p = &all->at[i];
    if (!p->refused && !p->printed) continue;
    if (!any) printf("\n");
    any = true;
    char *path = clean_text(p->path), *why = clean_text(p->refused ? p->refused : "");
    printf("  %s\n", path);
    if (p->refused) printf("      refused: %s\n", why);
    if (p->printed) print_output(p->printed);
    free(path);
    free(why);
  }
  table_start(&t, "device|tries|>memory|text");
  for (int32_t i = 0; i < context->n_devices; i++) {
    const rt_device_desc *d = &context->devices[i];
    char *memory = d->memory_bytes ? bytes_text(d->memory_bytes) : text_copy("");
    char *text = text_format("%s%s%s%s", d->text, d->is_async ? ", asynchronous" : "", d->is_default ? ", the default" : "",
        d->is_lost ? ", lost" : "");
    table_row(&t, d->name, d->backends, memory, text);
    free(memory);
    free(text);
  }
  if (context->n_devices > 0) printf("\n");
  table_end(&t, 0);
}

static void print_json(const plugins *all, const probe *context) {
  json j;
  json_start(&j);
  json_open(&j, NULL, '{');
  json_open(&j, "backends", '[');
  for (size_t i = 0; i < all->n; i++) {
    const plugin *p = &all->at[i];
    json_open(&j, NULL, '{');
    json_text(&j, "name", p->name);
    json_text(&j, "path", p->path);
    json_text(&j, "origin", p->origin);
    json_text(&j, "state", state_of(p));
    if (p->open_at >= 0) json_int(&j, "order", p->open_at);
    else json_text(&j, "order", NULL);
    json_text(&j, "version", p->refused ? NULL : p->desc.version);
    json_text(&j, "vendor", p->refused ? NULL : p->desc.vendor);
    if (p->refused) json_text(&j, "devices", NULL);
    else json_int(&j, "devices", p->desc.n_devices);
    json_text(&j, "refused", p->refused);
    json_text(&j, "printed", p->printed);
    json_close(&j, '{');
  }
  json_close(&j, '[');
  json_open(&j, "devices", '[');
  for (int32_t i = 0; i < context->n_devices; i++) {
    const rt_device_desc *d = &context->devices[i];
    json_open(&j, NULL, '{');
    json_text(&j, "name", d->name);
    json_text(&j, "text", d->text);
    json_text(&j, "backends", d->backends);
    json_uint(&j, "memory_bytes", d->memory_bytes);
    json_bool(&j, "host", d->is_host);
    json_bool(&j, "default", d->is_default);
    json_bool(&j, "asynchronous", d->is_async);
    json_close(&j, '{');
  }
  json_close(&j, '[');
  json_text(&j, "error", context->error);
  json_close(&j, '{');
  json_end(&j);
}

// Backends given by file on the command line: their names are not known before they are probed.
static void add_files(plugins *all, int n, char **files) {
  for (int i = 0; i < n; i++) {
    char *real = realpath(files[i], NULL); // a bare name must not make the loader search its own path
    plugin *p = add_plugin(all, "?", real ? real : files[i], "command line");
    free(real);
    probe_plugin(p);
    if (!*p->desc.name) continue;
    free(p->name);
    p->name = text_copy(p->desc.name);
  }
}

// For the exit code of files that were asked for; why they were refused stands on standard output.
static int tell_refused(const plugins *all) {
  const char *first = NULL;
  int n_refused = 0;
  for (size_t i = 0; i < all->n; i++) {
    if (!all->at[i].refused) continue;
    if (n_refused++ == 0) first = all->at[i].path;
  }
  return n_refused ? fail("backends: refused %d of %zu files, first %s", n_refused, all->n, first) : EXIT_OK;
}

static int run(const command *self, int argc, char **argv, bool as_json) {
  static const struct option longs[] = {{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
  for (int c; (c = getopt_long(argc, argv, "h", longs, NULL)) != -1;) {
    if (c == 'j') as_json = true;
    else if (c == 'h') return print_help(self);
    else return usage_error(self, NULL);
  }
  plugins all = {0};
  probe context = {0};
  int code = EXIT_OK;
  if (optind < argc) {
    add_files(&all, argc - optind, argv + optind);
  } else {
    rt_status status = rt_backend_search(NULL, found_plugin, &all);
    if (status != RT_OK) code = fail_status(status);
    for (size_t i = 0; i < all.n; i++) probe_plugin(&all.at[i]);
    probe_run(PROBE_CONTEXT, NULL, &context);
    merge_context(&all, &context);
  }
  (as_json ? print_json : print_text)(&all, &context);
  if (optind < argc) code = tell_refused(&all);
  if (context.error) code = fail("the default context: %s", context.error);
  for (size_t i = 0; i < all.n; i++) {
    plugin *p = &all.at[i];
    free(p->name);
    free(p->path);
    free(p->origin);
    free(p->refused);
    free(p->printed);
  }
  free(all.at);
  probe_free(&context);
  return code;
}

const command cmd_backends = {"backends", "plugin files: found where, how loaded, devices, or why refused", help, run};
