// SPDX-License-Identifier: BSD-3-Clause
// The only reader of the environment: one table of RT_* variables, how each is parsed, and the listing that `trivet env` shows. A privileged
// process has no such variables (rti_os_getenv), and an empty variable counts as unset.
#include <stdio.h>
#include <string.h>

#include "internal.h"

typedef enum env_kind { ENV_TEXT, ENV_COUNT, ENV_BYTES } env_kind; // BYTES: digits, then K, M or G

static const struct env_entry {
  const char *name;
  env_kind kind;
  const char *help;
} table[RTI_ENV_COUNT] = {
    [RTI_ENV_BACKEND] = {"RT_BACKEND", ENV_TEXT, "names of backends in order of preference, such as vulkan,cpu_simd"},
    [RTI_ENV_BACKEND_PATH] = {"RT_BACKEND_PATH", ENV_TEXT, "absolute directories, separated by ':', that are searched first for plugins"},
    [RTI_ENV_LAYERS] = {"RT_LAYERS", ENV_TEXT, "names of layers that wrap every backend, outermost first"},
    [RTI_ENV_FALLBACK] = {"RT_FALLBACK", ENV_TEXT, "when the first-named backend refuses an operation: silent (default), report or error"},
    [RTI_ENV_THREADS] = {"RT_THREADS", ENV_COUNT, "threads of a context, the caller's included (default: the processors it may use)"},
    [RTI_ENV_MEMORY_LIMIT] = {"RT_MEMORY_LIMIT", ENV_BYTES, "most bytes a context's pool may hold, with K, M or G (default: no limit)"},
};
static const char config_pattern[] = "RT_<BACKEND>_<KEY>";
static const char config_help[] = "a setting of one backend, such as RT_CPU_SIMD_ISA; `trivet env` lists those of open backends";

const char *rti_env_text(rti_env which) {
  const char *value = rti_os_getenv(table[which].name);
  return value && *value ? value : NULL;
}

/// Digits with an optional minus, then for BYTES one of K, M, G in either case. The whole text must be used.
static bool parse_number(const char *text, env_kind kind, int64_t *out_value) {
  bool negative = *text == '-';
  if (negative) text++;
  if (*text < '0' || *text > '9') return false;
  int64_t value = 0;
  for (; *text >= '0' && *text <= '9'; text++)
    if (!rti_mul_i64(value, 10, &value) || !rti_add_i64(value, *text - '0', &value)) return false;
  if (kind == ENV_BYTES && *text) {
    static const char units[] = "KMGkmg";
    const char *unit = strchr(units, *text++);
    if (!unit || !rti_mul_i64(value, INT64_C(1) << 10 * ((unit - units) % 3 + 1), &value)) return false;
  }
  *out_value = negative ? -value : value;
  return *text == '\0';
}

rt_status rti_env_i64(rti_env which, int64_t low, int64_t high, int64_t *value) {
  const char *text = rti_env_text(which);
  int64_t parsed;
  if (!text) return RT_OK;
  if (!parse_number(text, table[which].kind, &parsed) || parsed < low || parsed > high)
    return rti_fail(RT_E_ARGUMENT, "%s=\"%.64s\" is not a number%s from %lld to %lld", table[which].name, text,
                    table[which].kind == ENV_BYTES ? " of bytes (K, M or G may follow)" : "", (long long)low, (long long)high);
  *value = parsed;
  return RT_OK;
}

/// Appends in capitals, anything that is no letter or digit as '_'. false when it does not fit.
static bool append_capitals(char *name, size_t bytes, const char *text) {
  size_t used = strlen(name);
  for (; *text; text++) {
    if (used + 1 >= bytes) return false;
    unsigned char c = (unsigned char)*text;
    name[used++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? (char)c : '_';
  }
  name[used] = '\0';
  return true;
}

const char *rti_env_config(const char *backend, const char *key) {
  char name[128] = "RT_";
  if (!append_capitals(name, sizeof name, backend) || !append_capitals(name, sizeof name, "_") || !append_capitals(name, sizeof name, key)) return NULL;
  for (int i = 0; i < RTI_ENV_COUNT; i++)
    if (strcmp(name, table[i].name) == 0) return NULL; // a backend called "memory" does not get our RT_MEMORY_LIMIT
  return rti_os_getenv(name);
}

rt_status rt_env_get(int32_t index, rt_env_row *out_row) {
  if (!out_row) return rti_fail(RT_E_ARGUMENT, "env_get: out_row is NULL");
  memset(out_row, 0, sizeof *out_row);
  if (index < 0 || index > RTI_ENV_COUNT) return rti_fail(RT_E_NOT_FOUND, "env_get: there is no variable %d, only 0 to %d", (int)index, RTI_ENV_COUNT);
  bool is_config = index == RTI_ENV_COUNT; // the last row stands for all settings of backends
  const char *value = is_config ? NULL : rti_env_text((rti_env)index);
  snprintf(out_row->name, sizeof out_row->name, "%s", is_config ? config_pattern : table[index].name);
  snprintf(out_row->help, sizeof out_row->help, "%s", is_config ? config_help : table[index].help);
  snprintf(out_row->origin, sizeof out_row->origin, "%s", value ? "environment" : "unset");
  if (value) snprintf(out_row->value, sizeof out_row->value, "%s", value);
  else if (index == RTI_ENV_FALLBACK) snprintf(out_row->value, sizeof out_row->value, "silent");
  else if (index == RTI_ENV_THREADS) snprintf(out_row->value, sizeof out_row->value, "%d", (int)rti_os_cpu_count());
  return RT_OK;
}
