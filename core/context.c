// SPDX-License-Identifier: BSD-3-Clause
// Contexts: putting options, environment and defaults together, opening backends and their devices, and taking it all down again. Whether
// an operation runs, and where, is decided elsewhere, from the chains that are built here.
#include <stdio.h>
#include <string.h>

#include "objects.h"

#ifndef TRIVET_DEFAULT_BACKENDS
#define TRIVET_DEFAULT_BACKENDS "cpu_simd"
#endif
#define CONFIG_BYTES 4096

static void *system_alloc(void *user, size_t bytes, size_t align) {
  (void)user;
  return rti_os_alloc(bytes, align);
}
static void system_free(void *user, void *ptr, size_t bytes, size_t align) {
  (void)user;
  rti_os_free(ptr, bytes, align);
}

// ---- configuration of one backend -------------------------------------------------------------------------------------------------------------

/// The value of "backend.key" in the embedder's lines, and its length; NULL when it is not there.
static const char *option_value(const char *lines, const char *backend, const char *key, size_t *out_length) {
  size_t n = strlen(backend), m = strlen(key);
  for (const char *at = lines; at && *at; at += strcspn(at, "\n"), at += *at == '\n')
    if (!strncmp(at, backend, n) && at[n] == '.' && !strncmp(at + n + 1, key, m) && at[n + 1 + m] == '=') {
      *out_length = strcspn(at + n + m + 2, "\n");
      return at + n + m + 2;
    }
  return NULL;
}

/// Every line that names this backend must name a key it has.
static rt_status check_option_keys(const char *lines, const rti_lib *lib, const char *name) {
  size_t n = strlen(name);
  for (const char *at = lines; at && *at; at += strcspn(at, "\n"), at += *at == '\n') {
    if (strncmp(at, name, n) || at[n] != '.') continue;
    const char *key = at + n + 1;
    size_t length = strcspn(key, "=\n");
    bool is_known = false;
    for (const rtb_config_key *k = lib ? lib->keys : NULL; k && k->name && !is_known; k++) is_known = strlen(k->name) == length && !strncmp(k->name, key, length);
    if (!is_known || key[length] != '=') return rti_fail(RT_E_ARGUMENT, "config: backend %s has no key \"%.*s\"", name, (int)(length < 64 ? length : 64), key);
  }
  return RT_OK;
}

static rt_status build_config(rt_ctx *ctx, const rti_lib *lib, const char *name, char *out) {
  rt_status status = check_option_keys(ctx->config, lib, name);
  size_t at = 0;
  out[0] = 0;
  for (const rtb_config_key *k = lib ? lib->keys : NULL; k && k->name && status == RT_OK; k++) {
    size_t length;
    const char *value = option_value(ctx->config, name, k->name, &length);
    if (!value && (value = rti_env_config(name, k->name))) length = strcspn(value, "\n");
    if (!value) value = k->fallback ? k->fallback : "", length = strlen(value);
    int written = snprintf(out + at, CONFIG_BYTES - at, "%s=%.*s\n", k->name, (int)(length < CONFIG_BYTES ? length : CONFIG_BYTES), value);
    if (written < 0 || (size_t)written >= CONFIG_BYTES - at) return rti_fail(RT_E_ARGUMENT, "config: the settings of backend %s have more than %d bytes", name, CONFIG_BYTES);
    at += (size_t)written;
  }
  return status;
}

// ---- devices ---------------------------------------------------------------------------------------------------------------------------------

static rt_status add_device(rt_ctx *ctx, rti_instance *instance, const rtb_device_info *info) {
  rti_device *device = &ctx->device[ctx->n_devices];
  device->index = ctx->n_devices;
  device->order = INT32_MAX;
  device->own = instance;
  atomic_init(&device->epoch, 1);
  if (rti_mutex_init(&device->lock)) return rti_fail(RT_E_NO_MEMORY, "context: no mutex for device %d", ctx->n_devices);
  rt_device_desc *desc = &device->desc;
  if (instance) {
    snprintf(desc->name, sizeof desc->name, "%s:%u", instance->name, instance->index);
    int used = snprintf(desc->text, sizeof desc->text, "%.63s%s", info->name, info->text[0] ? ", " : "");
    snprintf(desc->text + used, sizeof desc->text - (size_t)used, "%s", info->text);
    desc->memory_bytes = info->memory_bytes;
    device->is_async = desc->is_async = instance->table.caps & RTB_CAP_ASYNC;
  } else {
    snprintf(desc->name, sizeof desc->name, "host");
    snprintf(desc->text, sizeof desc->text, "memory of this process");
    desc->is_host = true;
  }
  ctx->n_devices++;
  return RT_OK;
}

/// Opens one device of a backend as an instance.
static rt_status open_instance(rt_ctx *ctx, rti_lib *lib, const rtb_backend *table, const char *name, uint32_t index, const rtb_device_info *info, const char *config, const char *origin) {
  if (ctx->n_instances == RTI_MAX_INSTANCES) return rti_fail(RT_E_UNSUPPORTED, "context: more than %d devices and backends", RTI_MAX_INSTANCES);
  bool is_host = table->caps & RTB_CAP_HOST_MEMORY;
  if (!is_host && ctx->n_devices == RTI_MAX_DEVICES) return rti_fail(RT_E_UNSUPPORTED, "context: more than %d devices", RTI_MAX_DEVICES);
  rti_instance *instance = &ctx->instance[ctx->n_instances];
  memset(instance, 0, sizeof *instance);
  snprintf(instance->name, sizeof instance->name, "%s", name);
  instance->lib = lib;
  instance->origin = origin;
  instance->table = *table;
  instance->index = index;
  instance->ctx = ctx;
  uint32_t errors = rti_error_count();
  int32_t code = table->open(&ctx->host, index, config, &instance->dev);
  if (code != RTB_OK) {
    rt_status status = code > 0 && code <= RTB_E_INTERNAL ? (rt_status)code : RT_E_BACKEND;
    return rti_error_count() != errors ? rti_fail_in(status, "backend %s does not open", name) : rti_fail(status, "backend %s does not open (code %d)", name, code);
  }
  ctx->n_instances++;
  instance->is_open = true;
  if (lib) atomic_fetch_add(&lib->opens, 1); // destroy gives it back, also when the rest fails
  if (!is_host) instance->device = ctx->n_devices;
  rt_status status = is_host ? RT_OK : add_device(ctx, instance, info);
  return status == RT_OK ? rti_layers_attach(instance) : status;
}

static bool is_open(const rt_ctx *ctx, const char *name) {
  for (int32_t i = 0; i < ctx->n_instances; i++)
    if (!strcmp(ctx->instance[i].name, name)) return true;
  return false;
}

/// Opens every device that a loaded backend offers. `order` counts the backends of the list.
static rt_status open_backend(rt_ctx *ctx, rti_lib *lib, const char *origin, int32_t *order) {
  char config[CONFIG_BYTES];
  rt_status status = build_config(ctx, lib, lib->name, config);
  int32_t before = ctx->n_instances;
  for (uint32_t index = 0; status == RT_OK; index++) {
    rtb_device_info info = {.size = sizeof info};
    // Probe does not know the configuration. A backend whose configuration leaves devices out answers RTB_E_NOT_FOUND when they are opened.
    int32_t code = lib->backend.probe(&ctx->host, index, &info);
    if (code != RTB_OK || (index > 0 && lib->backend.caps & RTB_CAP_HOST_MEMORY)) break;
    if (index == RTI_MAX_DEVICES / 2) {
      rti_log(ctx, RT_LOG_WARN, "backend %s offers more than %d devices; the rest is not used", lib->name, RTI_MAX_DEVICES / 2);
      break;
    }
    info.name[sizeof info.name - 1] = info.text[sizeof info.text - 1] = 0;
    status = open_instance(ctx, lib, &lib->backend, lib->name, index, &info, config, origin);
    if (status == RT_E_NOT_FOUND && index > 0) { // the configuration leaves this device out
      status = RT_OK;
      break;
    }
  }
  if (status == RT_OK && ctx->n_instances == before) status = rti_fail(RT_E_NOT_FOUND, "backend %s offers no device", lib->name);
  for (int32_t i = before; i < ctx->n_instances; i++) {
    rti_device *device = &ctx->device[ctx->instance[i].device];
    if (device->order == INT32_MAX) device->order = *order;
  }
  ++*order;
  return status;
}

/// Opens the backends of a list. Names that are `needed` must load.
static rt_status open_list(rt_ctx *ctx, const char *list, bool needed, const char *search_path, rti_lib **plugins, int32_t *order) {
  for (const char *at = list; at && *at;) {
    char name[40];
    while (*at == ' ' || *at == ',') at++;
    size_t length = strcspn(at, ", ");
    if (!length) break;
    if (length > 32) return rti_fail(RT_E_ARGUMENT, "backend \"%.40s...\": names have at most 32 characters", at);
    memcpy(name, at, length);
    name[length] = 0;
    at += length;
    for (size_t i = 0; i < length; i++)
      if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') || name[i] == '_'))
        return rti_fail(RT_E_ARGUMENT, "backend \"%s\": names have the characters a-z, 0-9 and _ (a path goes into RT_BACKEND_PATH)", name);
    if (is_open(ctx, name)) continue;
    if (!strcmp(name, "builtin")) return rti_fail(RT_E_ARGUMENT, "backend \"builtin\" is always tried last and is not named; \"cpu_ref\" is the same code as a plugin");
    rti_lib *lib = NULL;
    for (int i = 0; plugins[i] && !lib; i++)
      if (!strcmp(plugins[i]->name, name)) atomic_fetch_add(&(lib = plugins[i])->opens, 1);
    const char *origin = "option"; // a plugin path
    rt_status status = lib ? RT_OK : rti_load_name(name, search_path, false, &lib, &origin);
    if (status == RT_OK) status = open_backend(ctx, lib, origin, order);
    if (lib) rti_unload(lib); // instances hold their own count
    if (status == RT_OK) continue;
    if (needed) return status;
    rti_log(ctx, status == RT_E_NOT_FOUND ? RT_LOG_DEBUG : RT_LOG_WARN, "%s", rt_last_error()); // one that is there and fails is worth a word
  }
  return RT_OK;
}

// ---- creation ----------------------------------------------------------------------------------------------------------------------------------

static rt_status open_builtin(rt_ctx *ctx) {
  rtb_backend table;
  char why[160];
  if (!rti_merge_backend(rti_builtin_entry(&rti_negotiation_host), &table, why, sizeof why)) return rti_fail(RT_E_INTERNAL, "the built-in reference %s", why);
  rt_status status = open_instance(ctx, NULL, &table, "builtin", 0, NULL, "", "built in");
  if (status == RT_OK) ctx->builtin = &ctx->instance[ctx->n_instances - 1];
  return status;
}

static rt_status open_layers(rt_ctx *ctx, const char *list, const char *search_path) {
  for (const char *at = list; at && *at;) {
    char name[40];
    while (*at == ' ' || *at == ',') at++;
    size_t length = strcspn(at, ", ");
    if (!length) break;
    if (length > 32 || ctx->n_layer_libs == RTI_MAX_LAYERS) return rti_fail(RT_E_ARGUMENT, "layers: \"%.64s\": at most %d names of at most 32 characters", list, RTI_MAX_LAYERS);
    memcpy(name, at, length);
    name[length] = 0;
    at += length;
    rti_lib *lib;
    const char *origin;
    rt_status status = rti_load_name(name, search_path, true, &lib, &origin);
    if (status != RT_OK) return status;
    ctx->layer_lib[ctx->n_layer_libs++] = lib;
  }
  return RT_OK;
}

static void build_chains(rt_ctx *ctx) {
  for (int32_t d = 0; d < ctx->n_devices; d++) {
    rti_device *device = &ctx->device[d];
    if (device->own) device->chain[device->n_chain++] = device->own;
    for (int32_t i = 0; i < ctx->n_instances; i++)
      if (ctx->instance[i].device == 0 && &ctx->instance[i] != ctx->builtin) device->chain[device->n_chain++] = &ctx->instance[i];
    device->chain[device->n_chain++] = ctx->builtin;
    size_t at = 0;
    for (int32_t i = 0; i < device->n_chain && at < sizeof device->desc.backends; i++)
      at += (size_t)snprintf(device->desc.backends + at, sizeof device->desc.backends - at, "%s%s", i ? "," : "", device->chain[i]->name);
  }
  // The first name decides what is first-named and where new tensors live. Nothing named and nothing found: the built-in reference.
  rti_instance *first = &ctx->instance[0];
  for (int32_t i = 0; i < ctx->n_instances; i++) ctx->instance[i].is_first_named = !strcmp(ctx->instance[i].name, first->name);
  ctx->default_device = first->device;
  ctx->device[ctx->default_device].desc.is_default = true;
}

#define PLUGINS_MOST 16
static rt_status open_backends(rt_ctx *ctx, const rt_ctx_options *options) {
  rti_lib *plugins[PLUGINS_MOST + 1] = {NULL};
  char plugin_names[PLUGINS_MOST * 34] = "";
  rt_status status = RT_OK;
  for (int i = 0; options->plugins && options->plugins[i] && status == RT_OK; i++) {
    if (i == PLUGINS_MOST) status = rti_fail(RT_E_ARGUMENT, "context: more than %d plugin paths", PLUGINS_MOST);
    else if ((status = rti_load_file(options->plugins[i], "option", NULL, false, &plugins[i])) == RT_OK)
      snprintf(plugin_names + strlen(plugin_names), sizeof plugin_names - strlen(plugin_names), "%s,", plugins[i]->name);
  }
  const char *list = options->backends ? options->backends : plugin_names[0] ? plugin_names : rti_env_text(RTI_ENV_BACKEND);
  int32_t order = 0;
  if (status == RT_OK) status = open_list(ctx, list, true, options->backend_path, plugins, &order);
  // The default list follows as fallback; with fallback forbidden it would never be used.
  if (status == RT_OK && (!list || ctx->fallback != RT_FALLBACK_ERROR)) status = open_list(ctx, TRIVET_DEFAULT_BACKENDS, false, options->backend_path, plugins, &order);
  for (int i = 0; i < PLUGINS_MOST; i++) rti_unload(plugins[i]);
  if (status == RT_OK) status = open_builtin(ctx);
  return status;
}

static rt_status read_options(rt_ctx *ctx, const rt_ctx_options *options) {
  ctx->log = options->log;
  ctx->log_user = options->log_user;
  ctx->math = options->math;
  ctx->fallback = options->fallback;
  if (ctx->fallback < RT_FALLBACK_DEFAULT || ctx->fallback > RT_FALLBACK_ERROR) return rti_fail(RT_E_ARGUMENT, "context: %d is no fallback mode", (int)ctx->fallback);
  if (ctx->math & ~(RTB_MATH_FAST | RTB_MATH_DETERMINISTIC)) return rti_fail(RT_E_ARGUMENT, "context: math 0x%x has bits without a meaning", ctx->math);
  const char *fallback = ctx->fallback == RT_FALLBACK_DEFAULT ? rti_env_text(RTI_ENV_FALLBACK) : NULL;
  if (ctx->fallback == RT_FALLBACK_DEFAULT) ctx->fallback = RT_FALLBACK_SILENT;
  if (fallback) {
    static const char *const names[] = {"", "silent", "report", "error"};
    int i = 3;
    while (i > 0 && strcmp(fallback, names[i])) i--;
    if (i == 0) return rti_fail(RT_E_ARGUMENT, "RT_FALLBACK=\"%.64s\" is not silent, report or error", fallback);
    ctx->fallback = (rt_fallback)i;
  }
  if (options->config) {
    size_t bytes = strlen(options->config) + 1;
    if (bytes > 65536) return rti_fail(RT_E_ARGUMENT, "context: the config has %zu bytes", bytes);
    if (!(ctx->config = rti_pool_alloc(ctx->pool, bytes))) return RT_E_NO_MEMORY;
    memcpy(ctx->config, options->config, bytes);
  }
  return RT_OK;
}

static rt_status start_threads(rt_ctx *ctx, const rt_ctx_options *options) {
  int64_t n = options->n_threads;
  if (n < 0 || n > RTI_MAX_THREADS) return rti_fail(RT_E_ARGUMENT, "context: %lld threads; there may be 1 to %d, and 0 chooses", (long long)n, RTI_MAX_THREADS);
  if (options->threads) {
    if (!options->threads->parallel || options->threads->n_threads < 1) return rti_fail(RT_E_ARGUMENT, "context: a thread pool without a function or threads");
    n = options->threads->n_threads;
    if (n > 4096) return rti_fail(RT_E_ARGUMENT, "context: %lld threads", (long long)n);
  } else if (n == 0) {
    rt_status status = rti_env_i64(RTI_ENV_THREADS, 1, RTI_MAX_THREADS, &n);
    if (status != RT_OK) return status;
    if (n == 0 && (n = rti_os_cpu_count()) > RTI_MAX_THREADS) n = RTI_MAX_THREADS;
  }
  return rti_threads_create(ctx->pool, (int32_t)n, options->threads, &ctx->cancelled, &ctx->threads);
}

// What was asked for and has no effect is said in the log.

static void warn_of_unused_lines(rt_ctx *ctx) {
  for (const char *at = ctx->config; at && *at; at += strcspn(at, "\n"), at += *at == '\n') {
    size_t length = strcspn(at, "\n"), name = strcspn(at, ".\n");
    bool is_used = length == 0;
    for (int32_t i = 0; i < ctx->n_instances && !is_used; i++) {
      const rti_lib *lib = ctx->instance[i].lib;
      is_used = lib && at[name] == '.' && strlen(lib->name) == name && !strncmp(lib->name, at, name);
    }
    if (!is_used) rti_log(ctx, RT_LOG_WARN, "config: \"%.*s\" is for no backend that is open", (int)(length < 64 ? length : 64), at);
  }
}

static void warn_of_unused_folders(rt_ctx *ctx, const rt_ctx_options *options) {
  const char *const lists[] = {options->backend_path, rti_env_text(RTI_ENV_BACKEND_PATH)};
  for (int i = 0; i < 2; i++)
    for (const char *at = lists[i]; at && *at; at += strcspn(at, ":"), at += *at == ':')
      if (*at != '/' && *at != ':')
        rti_log(ctx, RT_LOG_WARN, "%s: \"%.*s\" is not absolute, so it is not searched", i ? "RT_BACKEND_PATH" : "backend_path", (int)strcspn(at, ":"), at);
}

static void destroy(rt_ctx *ctx);

rt_status rt_ctx_create(const rt_ctx_options *given, rt_ctx **out_ctx) {
  if (!out_ctx) return rti_fail(RT_E_ARGUMENT, "context: out_ctx is NULL");
  *out_ctx = NULL;
  rt_ctx_options options = {.size = sizeof options};
  if (given) {
    if (given->size < offsetof(rt_ctx_options, backends)) return rti_fail(RT_E_ARGUMENT, "context: options.size is %u; set it to sizeof(rt_ctx_options)", given->size);
    memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
  }
  rt_allocator allocator = {.alloc = system_alloc, .free = system_free};
  if (options.allocator) allocator = *options.allocator;
  if (!allocator.alloc || !allocator.free) return rti_fail(RT_E_ARGUMENT, "context: an allocator without alloc or free");
  uint64_t limit = options.memory_limit_bytes;
  int64_t env_limit = 0;
  rt_status status = limit ? RT_OK : rti_env_i64(RTI_ENV_MEMORY_LIMIT, 0, INT64_MAX, &env_limit);
  if (status != RT_OK) return status;
  if (!limit) limit = (uint64_t)env_limit;
  rt_ctx *ctx = allocator.alloc(allocator.user, sizeof *ctx, 64);
  if (!ctx) return rti_fail(RT_E_NO_MEMORY, "context: no memory for %zu bytes", sizeof *ctx);
  memset(ctx, 0, sizeof *ctx);
  ctx->allocator = allocator;
  ctx->fork_count = rti_os_fork_count();
  rti_host_init(ctx);
  status = rti_pool_create(&ctx->allocator, limit, &ctx->pool);
  if (status == RT_OK && (ctx->no_pool = options.no_pool)) rti_pool_set_direct(ctx->pool);
  if (status == RT_OK) status = rti_report_create(ctx);
  if (status == RT_OK) status = read_options(ctx, &options);
  if (status == RT_OK) status = start_threads(ctx, &options);
  if (status == RT_OK) status = add_device(ctx, NULL, NULL);
  if (status == RT_OK) warn_of_unused_folders(ctx, &options);
  if (status == RT_OK) status = open_layers(ctx, options.layers ? options.layers : rti_env_text(RTI_ENV_LAYERS), options.backend_path);
  if (status == RT_OK) status = open_backends(ctx, &options);
  if (status != RT_OK) {
    destroy(ctx);
    return status;
  }
  build_chains(ctx);
  warn_of_unused_lines(ctx);
  *out_ctx = ctx;
  return RT_OK;
}

// ---- closing -----------------------------------------------------------------------------------------------------------------------------------

static void close_device(rti_device *device) {
  rti_stream *stream = device->stream;
  device->stream = NULL;
  if (stream) rti_stream_release(stream);
  if (device->own) rti_device_deinit(device);
  rti_mutex_deinit(&device->lock);
}

/// Every part may be missing: creation failed half way.
static void destroy(rt_ctx *ctx) {
  bool is_child = ctx->fork_count != rti_os_fork_count();
  if (ctx->pool) rti_kernels_deinit(ctx);
  for (int32_t d = 0; d < ctx->n_devices; d++) close_device(&ctx->device[d]);
  for (int32_t i = ctx->n_instances - 1; i >= 0; i--) {
    rti_instance *instance = &ctx->instance[i];
    rti_layers_detach(instance);
    if (is_child && instance->device) continue; // its threads stayed in the parent
    instance->table.quiesce(instance->dev);
    instance->table.close(instance->dev);
  }
  // Detaching layers may still report; the report goes after them.
  for (int32_t i = 0; i < ctx->n_instances; i++)
    if (!(is_child && ctx->instance[i].device)) rti_unload(ctx->instance[i].lib);
  for (int32_t i = 0; i < ctx->n_layer_libs; i++) rti_unload((rti_lib *)(uintptr_t)ctx->layer_lib[i]);
  if (ctx->threads) rti_threads_destroy(ctx->threads);
  if (ctx->pool) {
    rti_report_destroy(ctx);
    for (rt_block *block = ctx->free_blocks, *next; block; block = next) {
      next = block->next_free;
      rti_pool_free(ctx->pool, block, sizeof *block);
    }
    if (ctx->config) rti_pool_free(ctx->pool, ctx->config, strlen(ctx->config) + 1);
    rti_pool_destroy(ctx->pool);
  }
  rt_allocator allocator = ctx->allocator;
  allocator.free(allocator.user, ctx, sizeof *ctx, 64);
}

rt_status rt_ctx_close(rt_ctx *ctx) {
  if (!ctx) return RT_OK;
  for (int32_t d = 0; d < ctx->n_devices; d++) {
    rt_status ignored = rti_device_sync(&ctx->device[d]); // what failed belongs to the tensors that read it
    (void)ignored;
  }
  rti_spin_lock(&ctx->blocks_lock);
  int64_t n_live = ctx->n_live;
  rti_spin_unlock(&ctx->blocks_lock);
  if (n_live > 0) return rti_fail(RT_E_BUSY, "context: %lld tensors, views or copies of them still live", (long long)n_live);
  destroy(ctx);
  return RT_OK;
}

rt_status rt_ctx_sync(rt_ctx *ctx) {
  if (!ctx) return rti_fail(RT_E_ARGUMENT, "sync: ctx is NULL");
  rt_status first = RT_OK;
  for (int32_t d = 0; d < ctx->n_devices; d++) {
    rt_status waited = rti_device_sync(&ctx->device[d]), status = rti_device_unseen(&ctx->device[d]);
    if (status == RT_OK && waited == RT_E_FORKED) status = waited;
    if (first == RT_OK) first = status;
  }
  return first;
}

rt_status rt_ctx_cancel(rt_ctx *ctx, bool cancelled) {
  if (!ctx) return rti_fail(RT_E_ARGUMENT, "cancel: ctx is NULL");
  atomic_store(&ctx->cancelled, cancelled);
  return RT_OK;
}

bool rt_ctx_is_cancelled(const rt_ctx *ctx) { return ctx && atomic_load(&ctx->cancelled); }

int32_t rt_ctx_threads(const rt_ctx *ctx) { return ctx ? rti_threads_count(ctx->threads) : 0; }

rt_status rt_ctx_memory(const rt_ctx *ctx, rt_memory_stats *out_stats) {
  if (!ctx || !out_stats) return rti_fail(RT_E_ARGUMENT, "memory: %s is NULL", ctx ? "out_stats" : "ctx");
  rti_pool_stats(ctx->pool, out_stats);
  return RT_OK;
}

rt_status rt_ctx_trim(rt_ctx *ctx) {
  if (!ctx) return rti_fail(RT_E_ARGUMENT, "trim: ctx is NULL");
  for (int32_t d = 1; d < ctx->n_devices; d++) rti_device_trim(&ctx->device[d]);
  rti_spin_lock(&ctx->blocks_lock);
  rt_block *blocks = ctx->free_blocks;
  ctx->free_blocks = NULL;
  rti_spin_unlock(&ctx->blocks_lock);
  for (rt_block *next; blocks; blocks = next) {
    next = blocks->next_free;
    rti_pool_free(ctx->pool, blocks, sizeof *blocks);
  }
  rti_plans_drop(ctx);
  rti_pool_trim(ctx->pool);
  return RT_OK;
}
