// SPDX-License-Identifier: BSD-3-Clause
// trivet info: the version and build of the library, the machine as it sees it, the backends it takes by default and where it looks for
// plugins.
#include "trivet.h"

#include <getopt.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <trivet/backend.h>
#include <unistd.h>

static const char help[] =
    "Usage: trivet info [--json]\n\n"
    "Shows the version and build of the library, the processor and the threads it would use, the default device, and the directories\n"
    "in which plugins are searched.\n";

// The instruction sets that kernels are written for, under their names in /proc/cpuinfo.
static const char *const known_flags[] = {"sse4_2", "avx", "f16c", "fma", "avx2", "avx512f", "avx512bw", "avx512vl", "avx512_bf16",
    "avx512_fp16", "avx512_vnni", "avx_vnni", "amx_tile", "amx_bf16", "amx_int8", // x86
    "asimd", "asimdhp", "asimddp", "bf16", "i8mm", "sve", "sve2"};                // aarch64

typedef struct processor { char *model, *flags; long n_online; int n_usable; } processor;

static bool has_word(const char *text, const char *word) {
  size_t n = strlen(word);
  for (const char *at = text; (at = strstr(at, word)); at += n)
    if ((at == text || at[-1] == ' ' || at[-1] == '\t') && (at[n] == '\0' || at[n] == ' ' || at[n] == '\n')) return true;
  return false;
}

static char *relevant_flags(const char *line) {
  char *flags = text_copy("");
  for (size_t i = 0; i < COUNT(known_flags); i++) {
    if (!has_word(line, known_flags[i])) continue;
    char *longer = text_format("%s%s%s", flags, *flags ? " " : "", known_flags[i]);
    free(flags);
    flags = longer;
  }
  return flags;
}

static processor read_processor(void) {
  processor p = {.n_online = sysconf(_SC_NPROCESSORS_ONLN)};
  cpu_set_t set;
  p.n_usable = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : (int)p.n_online;
  FILE *file = fopen("/proc/cpuinfo", "re");
  char *line = NULL;
  size_t capacity = 0;
  while (file && getline(&line, &capacity, file) > 0 && !(p.model && p.flags)) {
    char *value = strchr(line, ':');
    if (!value) continue;
    value += 1 + (value[1] == ' ');
    value[strcspn(value, "\n")] = '\0';
    if (!p.model && strncmp(line, "model name", 10) == 0) p.model = text_copy(value);
    if (!p.flags && (strncmp(line, "flags", 5) == 0 || strncmp(line, "Features", 8) == 0)) p.flags = relevant_flags(value);
  }
  free(line);
  if (file) fclose(file);
  return p;
}

#ifdef TRIVET_PRESET
#define BUILD_KIND TRIVET_PRESET
#elif defined(__SANITIZE_ADDRESS__)
#define BUILD_KIND "address sanitizer"
#elif defined(__SANITIZE_THREAD__)
#define BUILD_KIND "thread sanitizer"
#elif defined(__OPTIMIZE__)
#define BUILD_KIND "optimized"
#else
#define BUILD_KIND "not optimized"
#endif
#if defined(__clang__)
#define BUILD_COMPILER __VERSION__ // begins with the vendor's name
#elif defined(__GNUC__)
#define BUILD_COMPILER "gcc " __VERSION__
#else
#define BUILD_COMPILER "unknown compiler"
#endif

// ---- directories: those that are named, and those in which the search found something ---------------------------------------------------
typedef struct place { char *path, *origin; int n_plugins; } place;
typedef struct places { place *at; size_t n; } places;

static place *add_place(places *all, const char *path, size_t length, const char *origin) {
  for (size_t i = 0; i < all->n; i++)
    if (strlen(all->at[i].path) == length && strncmp(all->at[i].path, path, length) == 0) return &all->at[i];
  all->at = grow(all->at, all->n + 1, sizeof *all->at);
  all->at[all->n] = (place){.path = text_format("%.*s", (int)length, path), .origin = text_copy(origin)};
  return &all->at[all->n++];
}

static void found_plugin(void *user, const char *name, const char *path, const char *origin) {
  (void)name;
  const char *slash = strrchr(path, '/');
  if (slash) add_place(user, path, (size_t)(slash - path), origin)->n_plugins++;
}

// The row of the environment table for `name`; false when there is none.
static bool find_variable(const char *name, rt_env_row *out) {
  for (int32_t i = 0; rt_env_get(i, out) == RT_OK; i++) if (strcmp(out->name, name) == 0) return true;
  *out = (rt_env_row){.value = ""};
  return false;
}

static places search_places(void) {
  places all = {0};
  rt_env_row path;
  find_variable("RT_BACKEND_PATH", &path);
  for (const char *at = path.value; *at; at += at[strcspn(at, ":")] ? strcspn(at, ":") + 1 : strcspn(at, ":"))
    if (strcspn(at, ":") > 0) add_place(&all, at, strcspn(at, ":"), "RT_BACKEND_PATH");
  char *own = library_dir("/trivet/backends-" TOOL_STRING(RT_VERSION_MAJOR));
  if (own) add_place(&all, own, strlen(own), "beside libtrivet");
  free(own);
  rt_status status = rt_backend_search(NULL, found_plugin, &all);
  if (status != RT_OK) fail_status(status);
  return all;
}

// "cpu_simd,builtin": what this context opened, in order.
static char *open_backends(rt_ctx *ctx) {
  char *names = text_copy("");
  char last[sizeof(((rt_backend_desc *)0)->name)] = "";
  rt_backend_desc desc;
  for (int32_t i = 0; i < rt_backend_count(ctx); i++) {
    if (rt_backend_describe(ctx, i, &desc) != RT_OK || strcmp(desc.name, last) == 0) continue; // one entry per device
    snprintf(last, sizeof last, "%s", desc.name);
    char *longer = text_format("%s%s%s", names, *names ? "," : "", desc.name);
    free(names);
    names = longer;
  }
  return names;
}

static const char *backends_origin(void) {
  rt_env_row row;
  return find_variable("RT_BACKEND", &row) && *row.value ? "RT_BACKEND" : "the default list";
}

static void print_text(rt_ctx *ctx, const processor *p, const places *all) {
  struct utsname os;
  rt_env_row layers;
  rt_memory_stats memory;
  rt_device_desc device;
  find_variable("RT_LAYERS", &layers);
  char *library = library_dir(""), *backends = open_backends(ctx);
  printf("version    %s (backend interface %d.%d, exact match)\n", rt_version(), RTB_MAJOR, RTB_MINOR);
  printf("build      %s, %s\n", BUILD_COMPILER, BUILD_KIND);
  printf("library    %s\n", library ? library : "linked into this program");
  if (uname(&os) == 0) printf("system     %s %s %s\n", os.sysname, os.release, os.machine);
  printf("processor  %s\n", p->model ? p->model : "?");
  printf("           %d of %ld processors usable%s%s\n", p->n_usable, p->n_online, p->flags && *p->flags ? "; " : "",
      p->flags ? p->flags : "");
  printf("threads    %d\n", rt_ctx_threads(ctx));
  if (rt_ctx_memory(ctx, &memory) == RT_OK) {
    char *limit = memory.limit_bytes ? bytes_text(memory.limit_bytes) : text_copy("no limit");
    printf("memory     %s\n", limit);
    free(limit);
  }
  printf("backends   %s (%s)\n", backends, backends_origin());
  if (*layers.value) printf("layers     %s\n", layers.value);
  for (rt_device d = 0; d < rt_device_count(ctx); d++)
    if (rt_device_describe(ctx, d, &device) == RT_OK && device.is_default)
      printf("device     %s, tries %s\n", device.name, device.backends);
  printf("\nPlugins are searched in\n");
  table t;
  table_start(&t, "directory|origin|>plugins");
  for (size_t i = 0; i < all->n; i++) {
    char *n = text_format("%d", all->at[i].n_plugins);
    table_row(&t, all->at[i].path, all->at[i].origin, n);
    free(n);
  }
  table_end(&t, 2);
  free(library);
  free(backends);
}

static void print_json(rt_ctx *ctx, const processor *p, const places *all) {
  struct utsname os;
  rt_memory_stats memory = {0};
  char *library = library_dir(""), *backends = open_backends(ctx);
  bool has_os = uname(&os) == 0, has_memory = rt_ctx_memory(ctx, &memory) == RT_OK;
  json j;
  json_start(&j);
  json_open(&j, NULL, '{');
  json_text(&j, "version", rt_version());
  json_int(&j, "backend_interface", RTB_MAJOR);
  json_text(&j, "compiler", BUILD_COMPILER);
  json_text(&j, "build", BUILD_KIND);
  json_text(&j, "library", library);
  json_text(&j, "system", has_os ? os.sysname : NULL);
  json_text(&j, "release", has_os ? os.release : NULL);
  json_text(&j, "machine", has_os ? os.machine : NULL);
  json_text(&j, "processor", p->model);
  json_text(&j, "processor_flags", p->flags);
  json_int(&j, "processors", p->n_online);
  json_int(&j, "processors_usable", p->n_usable);
  json_int(&j, "threads", rt_ctx_threads(ctx));
  if (has_memory && memory.limit_bytes) json_uint(&j, "memory_limit_bytes", memory.limit_bytes);
  else json_text(&j, "memory_limit_bytes", NULL);
  json_text(&j, "backends", backends);
  json_text(&j, "backends_origin", backends_origin());
  json_open(&j, "devices", '[');
  for (rt_device d = 0; d < rt_device_count(ctx); d++) {
    rt_device_desc device;
    if (rt_device_describe(ctx, d, &device) != RT_OK) continue;
    json_open(&j, NULL, '{');
    json_text(&j, "name", device.name);
    json_text(&j, "backends", device.backends);
    json_bool(&j, "default", device.is_default);
    json_close(&j, '{');
  }
  json_close(&j, '[');
  json_open(&j, "search", '[');
  for (size_t i = 0; i < all->n; i++) {
    json_open(&j, NULL, '{');
    json_text(&j, "directory", all->at[i].path);
    json_text(&j, "origin", all->at[i].origin);
    json_int(&j, "plugins", all->at[i].n_plugins);
    json_close(&j, '{');
  }
  json_close(&j, '[');
  json_close(&j, '{');
  json_end(&j);
  free(library);
  free(backends);
}

static int run(const command *self, int argc, char **argv, bool as_json) {
  static const struct option longs[] = {{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
  for (int c; (c = getopt_long(argc, argv, "h", longs, NULL)) != -1;) {
    if (c == 'j') as_json = true;
    else if (c == 'h') return print_help(self);
    else return usage_error(self, NULL);
  }
  if (optind < argc) return usage_error(self, "info takes no arguments, not '%s'", argv[optind]);
  rt_ctx *ctx = open_ctx(NULL);
  if (!ctx) return EXIT_FAILED;
  processor p = read_processor();
  places all = search_places();
  (as_json ? print_json : print_text)(ctx, &p, &all);
  for (size_t i = 0; i < all.n; i++) {
    free(all.at[i].path);
    free(all.at[i].origin);
  }
  free(all.at);
  free(p.model);
  free(p.flags);
  rt_ctx_close(ctx);
  return EXIT_OK;
}

const command cmd_info = {"info", "version, build, processor, threads, where plugins are searched", help, run};
