// SPDX-License-Identifier: BSD-3-Clause
// The process-wide list of loaded plugin libraries, the search for their files, and static registration. This list is one of the three things
// the library keeps per process (with the thread-local sentence and the fork count): a file is mapped and negotiated with once.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "objects.h"

#define LIBS_MOST 64
static rti_lib libs[LIBS_MOST];
static _Atomic uint32_t lock_word; // 0, or the fork generation of the holder

// A lock that may be held while a file is read and its constructors run, so it sleeps. A forked child takes over what its parent held.
static void lock(void) {
  uint32_t mine = (uint32_t)rti_os_fork_count() + 1;
  for (;;) {
    uint32_t holder = 0;
    if (atomic_compare_exchange_strong(&lock_word, &holder, mine)) return;
    if (holder != mine && atomic_compare_exchange_strong(&lock_word, &holder, mine)) return;
    rti_os_wait_u32((uint32_t *)(void *)&lock_word, mine);
  }
}
static void unlock(void) {
  atomic_store(&lock_word, 0);
  rti_os_wake_u32((uint32_t *)(void *)&lock_word, 1);
}

// ---- search ------------------------------------------------------------------------------------------------------------------------------

typedef struct search {
  const char *dir, *origin;
  bool is_layer, stopped;
  bool (*visit)(void *user, const char *name, const char *path, const char *origin);
  void *user;
  rt_status failed; // of the first directory that is there but could not be read
  rti_text sentence;
} search;

static rt_status status_of(int error) {
  switch (error) {
    case RTI_OS_NO_LIBRARY: return RT_E_FORMAT;
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG: return RT_E_NOT_FOUND; // no file can have that name
    case ENOMEM: return RT_E_NO_MEMORY;
    default: return RT_E_IO;
  }
}

/// trivet_<name>.so, or trivet_layer_<name>.so for layers: copies the name out.
static bool plugin_name(const char *file, bool is_layer, char *out, size_t bytes) {
  static const char prefix[] = "trivet_", layer_prefix[] = "trivet_layer_";
  size_t length = strlen(file), skip = is_layer ? sizeof layer_prefix - 1 : sizeof prefix - 1;
  if (length < skip + 4 || strcmp(file + length - 3, ".so") || strncmp(file, is_layer ? layer_prefix : prefix, skip)) return false;
  if (!is_layer && !strncmp(file, layer_prefix, sizeof layer_prefix - 1)) return false;
  if (length - skip - 3 >= bytes) return false;
  memcpy(out, file + skip, length - skip - 3);
  out[length - skip - 3] = 0;
  return true;
}

static void visit_file(void *user, const char *file) {
  search *s = user;
  char name[40], path[1024];
  if (s->stopped || !plugin_name(file, s->is_layer, name, sizeof name)) return;
  if ((size_t)snprintf(path, sizeof path, "%s/%s", s->dir, file) >= sizeof path) return;
  s->stopped = !s->visit(s->user, name, path, s->origin);
}

/// Each absolute directory of a ':'-separated list. Relative ones are never searched: they would depend on the current directory.
static void search_list(search *s, const char *list, const char *origin) {
  char dir[1024];
  for (const char *at = list; at && *at && !s->stopped;) {
    size_t length = strcspn(at, ":");
    if (length > 0 && length < sizeof dir && *at == '/') {
      memcpy(dir, at, length);
      dir[length] = 0;
      s->dir = dir, s->origin = origin;
      int error = rti_os_list_dir(dir, visit_file, s);
      if (error && status_of(error) != RT_E_NOT_FOUND && !s->failed) {
        char reason[100];
        s->failed = status_of(error);
        rti_append(&s->sentence, "%.120s cannot be listed: %s", dir, rti_os_reason(error, reason, sizeof reason));
      }
    }
    at += length + (at[length] == ':');
  }
}

rt_status rti_search(const char *option_path, bool is_layer, bool (*visit)(void *user, const char *name, const char *path, const char *origin), void *user) {
  search s = {.is_layer = is_layer, .visit = visit, .user = user};
  char own[1000], dir[1100];
  const char *folder = is_layer ? "trivet/layers-0" : "trivet/backends-0";
  search_list(&s, option_path, "option");
  if (!s.stopped) search_list(&s, rti_env_text(RTI_ENV_BACKEND_PATH), "RT_BACKEND_PATH");
  if (!s.stopped && rti_os_own_dir(own, sizeof own) && (size_t)snprintf(dir, sizeof dir, "%s/%s", own, folder) < sizeof dir) search_list(&s, dir, "beside libtrivet");
#ifdef TRIVET_PLUGIN_DIR
  char configured[1100];
  if (!s.stopped && (size_t)snprintf(configured, sizeof configured, "%s%s", TRIVET_PLUGIN_DIR, is_layer ? "/../layers-0" : "") < sizeof configured &&
      strcmp(configured, dir))
    search_list(&s, configured, "configured");
#endif
  return s.failed ? rti_fail(s.failed, "%s", s.sentence.at) : RT_OK;
}

// ---- opening one file ----------------------------------------------------------------------------------------------------------------------

static rti_lib *free_slot(void) {
  for (int i = 0; i < LIBS_MOST; i++)
    if (!libs[i].used) {
      memset(&libs[i], 0, sizeof libs[i]);
      return &libs[i];
    }
  return NULL;
}

/// Calls the entry function and merges its table.
static bool negotiate(rti_lib *lib, void *entry, char *why, size_t why_bytes) {
  const void *table;
  uint32_t errors = rti_error_count();
  if (lib->is_layer) {
    rtb_layer_entry_fn call;
    memcpy(&call, &entry, sizeof call);
    table = call(&rti_negotiation_host);
  } else {
    rtb_backend_entry_fn call;
    memcpy(&call, &entry, sizeof call);
    table = call(&rti_negotiation_host);
  }
  if (!table) {
    snprintf(why, why_bytes, "refuses to load: %.150s", rti_error_count() != errors ? rt_last_error() : "it gives no reason");
    return false;
  }
  bool fits = lib->is_layer ? rti_merge_layer(table, &lib->layer, why, why_bytes) : rti_merge_backend(table, &lib->backend, why, why_bytes);
  if (!fits) return false;
  lib->keys = lib->is_layer ? NULL : lib->backend.config_keys;
  snprintf(lib->name, sizeof lib->name, "%s", lib->is_layer ? lib->layer.name : lib->backend.name);
  return true;
}

static bool open_file(rti_lib *lib, const char *path, char *why, size_t why_bytes) {
  lib->handle = rti_os_open_library(path, why, why_bytes);
  if (!lib->handle) return false;
  void *entry = rti_os_library_symbol(lib->handle, lib->is_layer ? RTB_LAYER_ENTRY_NAME : RTB_BACKEND_ENTRY_NAME);
  if (!entry) {
    snprintf(why, why_bytes, "has no function %s", lib->is_layer ? RTB_LAYER_ENTRY_NAME : RTB_BACKEND_ENTRY_NAME);
    return false;
  }
  return negotiate(lib, entry, why, why_bytes);
}

static rt_status load_locked(const char *path, const char *origin, const char *want_name, bool is_layer, rti_lib **out) {
  char why[320] = "";
  rti_file_id id;
  int error = rti_os_check_library(path, &id, why, sizeof why);
  if (error) return rti_fail(status_of(error), "%s %s", path, why);
  for (int i = 0; i < LIBS_MOST; i++)
    if (libs[i].used && !libs[i].is_static && libs[i].is_layer == is_layer && libs[i].id.device == id.device && libs[i].id.inode == id.inode) {
      *out = &libs[i];
      break;
    }
  if (!*out) {
    rti_lib *lib = free_slot();
    if (!lib) return rti_fail(RT_E_NO_MEMORY, "%s: %d libraries are loaded already", path, LIBS_MOST);
    lib->is_layer = is_layer;
    lib->id = id;
    // A refused library stays mapped: what its constructors started may still run its code.
    if (!open_file(lib, path, why, sizeof why)) return rti_fail(RT_E_FORMAT, "%s %s", path, why);
    snprintf(lib->path, sizeof lib->path, "%s", path);
    snprintf(lib->origin, sizeof lib->origin, "%s", origin);
    lib->used = true;
    *out = lib;
  }
  if (want_name && strcmp((*out)->name, want_name)) {
    rt_status status = rti_fail(RT_E_FORMAT, "%s says its name is %s, not %s", path, (*out)->name, want_name);
    *out = NULL;
    return status;
  }
  atomic_fetch_add(&(*out)->opens, 1);
  return RT_OK;
}

rt_status rti_load_file(const char *path, const char *origin, const char *want_name, bool is_layer, rti_lib **out) {
  *out = NULL;
  if (!path || path[0] != '/') return rti_fail(RT_E_ARGUMENT, "plugin: \"%s\" is no absolute path", path ? path : "");
  lock();
  rt_status status = load_locked(path, origin, want_name, is_layer, out);
  unlock();
  return status;
}

void rti_unload(rti_lib *lib) {
  if (!lib || atomic_fetch_sub(&lib->opens, 1) != 1 || lib->is_static) return;
  lock();
  // Only what says it can be unmapped is: threads and thread-local data of others would outlive their code.
  if (lib->used && atomic_load(&lib->opens) == 0 && !lib->is_layer && lib->backend.caps & RTB_CAP_UNLOADABLE) {
    lib->backend.shutdown();
    rti_os_close_library(lib->handle);
    lib->used = false;
  }
  unlock();
}

// ---- by name -----------------------------------------------------------------------------------------------------------------------------

typedef struct by_name {
  const char *name;
  bool is_layer;
  rti_lib *found;
  const char *origin;
  rti_text refused, seen;
  rt_status why_refused;
} by_name;

static bool try_file(void *user, const char *name, const char *path, const char *origin) {
  by_name *want = user;
  if (strcmp(name, want->name)) {
    size_t length = strlen(name);
    const char *at = strstr(want->seen.at, name);
    bool is_listed = at && (at[length] == ',' || !at[length]);
    if (!is_listed) rti_append(&want->seen, "%s%s", want->seen.at[0] ? ", " : "", name);
    return true;
  }
  rt_status status = rti_load_file(path, origin, name, want->is_layer, &want->found);
  if (status == RT_OK) {
    want->origin = origin;
    return false;
  }
  if (!want->why_refused) want->why_refused = status;
  rti_append(&want->refused, "%s%s", want->refused.at[0] ? "; " : "", rt_last_error());
  return true;
}

rt_status rti_load_name(const char *name, const char *option_path, bool is_layer, rti_lib **out, const char **out_origin) {
  *out = NULL;
  *out_origin = "static";
  if (!is_layer) {
    lock();
    for (int i = 0; i < LIBS_MOST && !*out; i++)
      if (libs[i].used && libs[i].is_static && !strcmp(libs[i].name, name)) *out = &libs[i];
    if (*out) atomic_fetch_add(&(*out)->opens, 1);
    unlock();
    if (*out) return RT_OK;
  }
  by_name want = {.name = name, .is_layer = is_layer};
  rt_status listed = rti_search(option_path, is_layer, try_file, &want);
  *out_origin = want.origin;
  if ((*out = want.found)) return RT_OK;
  const char *what = is_layer ? "layer" : "backend";
  // A system that refuses to read is no proof that there is no such plugin.
  bool is_unread = want.why_refused == RT_E_IO || want.why_refused == RT_E_NO_MEMORY;
  if (want.refused.at[0]) return rti_fail(is_unread ? want.why_refused : RT_E_NOT_FOUND, "%s %s was refused: %s", what, name, want.refused.at);
  if (listed) return rti_fail_in(listed, "%s %.64s", what, name);
  return rti_fail(RT_E_NOT_FOUND, "%s %.64s: there is no file trivet_%s%.64s.so; found: %s", what, name, is_layer ? "layer_" : "", name,
                  want.seen.at[0] ? want.seen.at : "none");
}

// ---- public ------------------------------------------------------------------------------------------------------------------------------

rt_status rt_backend_register(const void *(*entry)(const void *host)) {
  if (!entry) return rti_fail(RT_E_ARGUMENT, "register: entry is NULL");
  char why[256] = "";
  lock();
  rti_lib *lib = free_slot();
  rt_status status = RT_OK;
  void *address;
  memcpy(&address, &entry, sizeof address);
  if (!lib) status = rti_fail(RT_E_NO_MEMORY, "register: %d libraries are loaded already", LIBS_MOST);
  else if (!negotiate(lib, address, why, sizeof why)) status = rti_fail(RT_E_FORMAT, "register: the backend %s", why);
  for (int i = 0; status == RT_OK && i < LIBS_MOST; i++)
    if (libs[i].used && libs[i].is_static && !strcmp(libs[i].name, lib->name)) status = rti_fail(RT_E_STATE, "register: backend %s is registered already", lib->name);
  if (status == RT_OK) {
    lib->is_static = lib->used = true;
    snprintf(lib->path, sizeof lib->path, "(linked in)");
    snprintf(lib->origin, sizeof lib->origin, "static");
  }
  unlock();
  return status;
}

typedef struct public_search { void (*visit)(void *user, const char *name, const char *path, const char *origin); void *user; } public_search;
static bool forward(void *user, const char *name, const char *path, const char *origin) {
  public_search *s = user;
  s->visit(s->user, name, path, origin);
  return true;
}

rt_status rt_backend_search(const rt_ctx_options *options, void (*visit)(void *user, const char *name, const char *path, const char *origin), void *user) {
  if (!visit) return rti_fail(RT_E_ARGUMENT, "search: visit is NULL");
  public_search s = {visit, user};
  return rti_search(options && options->size >= offsetof(rt_ctx_options, backend_path) + sizeof options->backend_path ? options->backend_path : NULL, false, forward, &s);
}

rt_status rt_backend_probe_file(const char *path, rt_backend_desc *out_desc) {
  if (!out_desc) return rti_fail(RT_E_ARGUMENT, "probe: out_desc is NULL");
  memset(out_desc, 0, sizeof *out_desc);
  rti_lib *lib;
  rt_status status = rti_load_file(path, "option", NULL, false, &lib);
  if (status != RT_OK) {
    snprintf(out_desc->path, sizeof out_desc->path, "%s", path ? path : "");
    snprintf(out_desc->refused, sizeof out_desc->refused, "%.255s", rt_last_error());
    return status;
  }
  snprintf(out_desc->name, sizeof out_desc->name, "%s", lib->name);
  snprintf(out_desc->version, sizeof out_desc->version, "%.39s", lib->backend.version);
  snprintf(out_desc->vendor, sizeof out_desc->vendor, "%.63s", lib->backend.vendor);
  snprintf(out_desc->path, sizeof out_desc->path, "%s", lib->path);
  snprintf(out_desc->origin, sizeof out_desc->origin, "%s", lib->origin);
  for (uint32_t i = 0; i < RTI_MAX_DEVICES; i++) {
    rtb_device_info info = {.size = sizeof info};
    if (lib->backend.probe(&rti_negotiation_host, i, &info) != RTB_OK) break;
    out_desc->n_devices++;
  }
  rti_unload(lib);
  return RT_OK;
}
