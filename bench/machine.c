// SPDX-License-Identifier: BSD-3-Clause
// The facts about where and how figures were taken: processor, caches, system, load, and the backends of the context. What cannot be read stays
// empty; nothing here changes a setting.
#include "suite.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

// The first line of a file without its end; false when there is none.
static bool read_line(const char *path, char *out, size_t bytes) {
  FILE *file = fopen(path, "re");
  bool done = file && fgets(out, (int)bytes, file);
  if (!done) *out = '\0';
  if (file) fclose(file);
  out[strcspn(out, "\n")] = '\0';
  return done;
}

static void read_cpu(machine *m) {
  FILE *file = fopen("/proc/cpuinfo", "re");
  char line[4096];
  static const char *const wanted[] = {"avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512_bf16", "avx512_fp16", "amx_tile",
    "asimd", "asimdhp", "sve", "sve2"};
  while (file && fgets(line, sizeof line, file)) {
    char *value = strchr(line, ':');
    if (!value) continue;
    value += 1 + (value[1] == ' ');
    value[strcspn(value, "\n")] = '\0';
    if (!*m->cpu && strncmp(line, "model name", 10) == 0) snprintf(m->cpu, sizeof m->cpu, "%s", value);
    if (m->mhz == 0 && strncmp(line, "cpu MHz", 7) == 0) m->mhz = strtod(value, NULL);
    if (*m->flags || (strncmp(line, "flags", 5) != 0 && strncmp(line, "Features", 8) != 0)) continue;
    char *rest;
    for (char *flag = strtok_r(value, " ", &rest); flag; flag = strtok_r(NULL, " ", &rest))
      for (size_t i = 0; i < COUNT(wanted); i++) {
        size_t used = strlen(m->flags);
        if (strcmp(flag, wanted[i]) == 0) snprintf(m->flags + used, sizeof m->flags - used, "%s%s", used ? " " : "", flag);
      }
  }
  if (file) fclose(file);
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  m->n_cpus = n > 0 ? (int32_t)n : 1;
}

// "0-3,8" has five.
static int32_t count_cpus(const char *list) {
  int32_t n = 0;
  while (*list) {
    char *end;
    long first = strtol(list, &end, 10), last = first;
    if (end == list) break;
    if (*end == '-') last = strtol(end + 1, &end, 10);
    n += (int32_t)(last - first + 1);
    list = end + (*end == ',');
  }
  return n;
}

static void read_caches(machine *m) {
  for (int i = 0; m->n_caches < (int32_t)COUNT(m->cache); i++) {
    char path[120], text[64];
    cache_level *c = &m->cache[m->n_caches];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/level", i);
    if (!read_line(path, text, sizeof text)) return;
    c->level = (int32_t)strtol(text, NULL, 10);
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/type", i);
    read_line(path, c->type, sizeof c->type);
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/size", i);
    char *unit = text;
    if (read_line(path, text, sizeof text)) c->bytes = strtol(text, &unit, 10);
    c->bytes *= *unit == 'K' ? 1 << 10 : *unit == 'M' ? 1 << 20 : 1;
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/shared_cpu_list", i);
    if (read_line(path, text, sizeof text)) c->n_sharing = count_cpus(text);
    m->n_caches++;
  }
}

// Appends "what" to a list that commas separate.
static void append(char *list, size_t bytes, const char *what) {
  size_t used = strlen(list);
  snprintf(list + used, bytes - used, "%s%s", used ? ", " : "", what);
}

// Every setting of the open backends, and the library's own where the environment has them: RT_LAYERS, say, changes what is measured.
static void read_settings(machine *m, rt_ctx *ctx) {
  static const char *const elsewhere[] = {"RT_BACKEND", "RT_BACKEND_PATH", "RT_THREADS"}; // shown as the backends and threads in force
  rt_env_row row;
  char text[640];
  for (int32_t i = 0; rt_env_get(i, &row) == RT_OK; i++) {
    bool is_shown = strcmp(row.origin, "environment") != 0;
    for (size_t k = 0; k < COUNT(elsewhere); k++) is_shown |= strcmp(row.name, elsewhere[k]) == 0;
    snprintf(text, sizeof text, "%s=%s", row.name, row.value);
    if (!is_shown) append(m->settings, sizeof m->settings, text);
  }
  rt_backend_desc backend;
  rt_config_key key;
  for (int32_t i = 0; i < rt_backend_count(ctx); i++) {
    if (rt_backend_describe(ctx, i, &backend) != RT_OK) continue;
    for (int32_t k = 0; rt_backend_config_key(ctx, i, k, &key) == RT_OK; k++) {
      char variable[96];
      snprintf(variable, sizeof variable, "RT_%s_%s", backend.name, key.name);
      for (char *c = variable; *c; c++) *c = (char)toupper((unsigned char)*c);
      const char *value = getenv(variable); // read to be reported; the library reads it to obey it
      snprintf(text, sizeof text, "%s.%s=%s", backend.name, key.name, value && *value ? value : key.fallback ? key.fallback : "");
      if (!strstr(m->settings, text)) append(m->settings, sizeof m->settings, text);
    }
  }
}

static void read_backends(machine *m, rt_ctx *ctx) {
  rt_backend_desc backend;
  rt_device_desc device;
  for (int32_t i = 0; i < rt_backend_count(ctx); i++) {
    char text[88];
    if (rt_backend_describe(ctx, i, &backend) != RT_OK) continue;
    snprintf(text, sizeof text, "%s %s", backend.name, backend.version);
    if (!strstr(m->backends, text)) append(m->backends, sizeof m->backends, text);
  }
  for (rt_device d = 0; d < rt_device_count(ctx); d++)
    if (rt_device_describe(ctx, d, &device) == RT_OK && device.is_default) snprintf(m->device, sizeof m->device, "%s: %.120s", device.name, device.text);
}

char *processor_text(const machine *m) {
  return text_format("%s, %d online%s%s%s%s", *m->cpu ? m->cpu : "unknown", m->n_cpus, *m->flags ? "; " : "", m->flags, *m->governor ? "; governor " : "", m->governor);
}

void machine_read(machine *m, rt_ctx *ctx) {
  struct utsname os;
  time_t now = time(NULL);
  struct tm local;
  *m = (machine){.n_threads = rt_ctx_threads(ctx)};
  if (localtime_r(&now, &local)) strftime(m->date, sizeof m->date, "%Y-%m-%dT%H:%M:%S%z", &local);
  read_cpu(m);
  read_caches(m);
  read_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", m->governor, sizeof m->governor);
  read_line("/sys/kernel/mm/transparent_hugepage/enabled", m->huge_pages, sizeof m->huge_pages);
  if (uname(&os) == 0) snprintf(m->kernel, sizeof m->kernel, "%.20s %.40s %.20s", os.sysname, os.release, os.machine);
  if (getloadavg(m->load, 3) != 3) m->load[0] = m->load[1] = m->load[2] = -1;
#if defined(__clang__)
  snprintf(m->compiler, sizeof m->compiler, "%s", __VERSION__);
#else
  snprintf(m->compiler, sizeof m->compiler, "gcc %s", __VERSION__);
#endif
#ifdef __OPTIMIZE__
  snprintf(m->build, sizeof m->build, "release");
#else
  snprintf(m->build, sizeof m->build, "debug");
#endif
  read_backends(m, ctx);
  read_settings(m, ctx);
}
