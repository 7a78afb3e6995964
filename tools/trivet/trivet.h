// SPDX-License-Identifier: BSD-3-Clause
// What the files of the command line tool share: subcommands, sentences on stderr, tables, JSON and the probe of plugin files in a child
// process. The tool uses the public headers only. It may exit; no library of ours does.
#ifndef TRIVET_TOOL_H
#define TRIVET_TOOL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE // dladdr, pipe2, sched_getaffinity: this header comes first in every file
#endif
#include <stdio.h>
#include <trivet/io.h>
#include <trivet/rt.h>

#if defined(__GNUC__)
#define TOOL_PRINTF(fmt_index, first) __attribute__((format(printf, fmt_index, first)))
#else
#define TOOL_PRINTF(fmt_index, first)
#endif
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TOOL_STRING_(x) #x
#define TOOL_STRING(x) TOOL_STRING_(x)

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

// ---- subcommands: one file each. argv[0] is "trivet"; as_json: --json stood before the subcommand's name ------------------------------
typedef struct command {
  const char *name, *summary, *help;
  int (*run)(const struct command *self, int argc, char **argv, bool as_json);
} command;
extern const command cmd_info, cmd_backends, cmd_ops, cmd_run, cmd_inspect, cmd_convert, cmd_onnx_test, cmd_bench, cmd_env;
/// What every subcommand does with an option that getopt_long rejected: points to the help, gives EXIT_USAGE.
int usage_error(const command *self, const char *fmt, ...) TOOL_PRINTF(2, 3);
int print_help(const command *self);

// ---- main.c: sentences, memory, contexts -----------------------------------------------------------------------------------------------
/// "trivet: ..." on stderr, control characters replaced. Gives EXIT_FAILED.
int fail(const char *fmt, ...) TOOL_PRINTF(1, 2);
/// The library's last sentence, or the name of the status when there is none. Gives EXIT_FAILED.
int fail_status(rt_status status);
/// A context whose log goes to stderr. backends: as rt_ctx_options. NULL after the sentence has been printed.
rt_ctx *open_ctx(const char *backends);
/// These end the tool with a sentence when memory is out.
void *grow(void *array, size_t n, size_t item_bytes); ///< realloc to n items
char *text_copy(const char *text);
char *text_format(const char *fmt, ...) TOOL_PRINTF(1, 2);
/// "[2,3]"; extents of -1 show their symbol, or "?". Yours to free.
char *shape_text(int32_t rank, const int64_t *shape, const char *const *symbol);
/// "1.5 MiB". Yours to free.
char *bytes_text(uint64_t bytes);
/// A decimal number in [low, high]; false for anything else.
bool parse_number(const char *text, int64_t low, int64_t high, int64_t *out);
/// The directory of the library that is running plus `suffix`, or NULL when it is not known (static builds: the tool's own directory).
char *library_dir(const char *suffix);

// ---- table.c: columns for people --------------------------------------------------------------------------------------------------------
typedef struct table { int32_t n_columns; size_t n_cells; char **cell; const char *heads[10]; } table;
/// Heads separated by '|'; one that starts with '>' is aligned to the right.
void table_start(table *t, const char *heads);
/// One row: a string per column (NULL shows as "-"). Copies them.
void table_row(table *t, ...);
/// Prints and empties it. Nothing at all is printed for a table without rows.
void table_end(table *t, int indent);
/// The same text with control characters replaced by '?', for names that come from files. Yours to free.
char *clean_text(const char *text);

// ---- json.c: a writer. Everything is kept in memory, so that a failure half-way leaves stdout empty -------------------------------------
typedef struct json { FILE *file; char *data; size_t bytes; int depth; bool has_items[16]; } json;
void json_start(json *j);
/// key: NULL inside arrays and for the outermost value. kind: '{' or '['.
void json_open(json *j, const char *key, char kind);
void json_close(json *j, char kind);
void json_text(json *j, const char *key, const char *value); ///< NULL gives null; bytes that are not UTF-8 become U+FFFD
void json_int(json *j, const char *key, int64_t value);
void json_uint(json *j, const char *key, uint64_t value);
void json_real(json *j, const char *key, double value);      ///< shortest text that reads back the same; NaN and infinities give null
void json_bool(json *j, const char *key, bool value);
/// Prints it to stdout and frees it.
void json_end(json *j);
int json_save(json *j, const char *path); ///< to a file instead. EXIT_OK, or EXIT_FAILED after the sentence
void json_shape(json *j, const char *key, int32_t rank, const int64_t *shape, const char *const *symbol); ///< unknown: null

// ---- summary.c: the values of a tensor in one line --------------------------------------------------------------------------------------
typedef struct summary {
  bool is_complex;
  int64_t numel, n_nan, n_inf;
  double min, max, mean;   ///< over the finite values; NaN when there is none. Of complex numbers min and max are of the modulus
  double mean_im;          ///< of complex numbers the other part of the mean
  int32_t n_first;
  double first[8], first_im[8];
} summary;
rt_status summarize(const rt_tensor *t, summary *out);
char *summary_text(const summary *s); ///< yours to free
void summary_json(json *j, const summary *s);

// ---- archive.c: files of named tensors --------------------------------------------------------------------------------------------------
/// What `trivet inspect` says about one.
int inspect_archive(rt_ctx *ctx, const char *path, bool as_json);
/// One value of metadata as text: a number shortest, text as it is. Yours to free.
char *value_text(const rt_archive_value *value);
// ---- profile.c: the time of each node of a model, over several runs ---------------------------------------------------------------------
typedef struct profile_node { uint64_t ns, calls; char *shape; rt_dtype dtype; } profile_node; // shape, dtype: of its first output
typedef struct profile {
  rt_model *model;
  profile_node *node;
  int32_t n_nodes;
  int64_t n_runs; ///< the caller counts them
} profile;
/// From here to profile_stop every run of the model counts. `p` must stay where it is.
rt_status profile_start(profile *p, rt_model *model);
rt_status profile_stop(profile *p);
void profile_print(const profile *p);
void profile_json(json *j, const profile *p);
void profile_free(profile *p);

// ---- probe.c: a plugin file, or a whole context, opened in a child process --------------------------------------------------------------
typedef struct probe {
  rt_backend_desc *backends; ///< one for a file, all that are open for a context
  int32_t n_backends;
  rt_device_desc *devices;   ///< of a context
  int32_t n_devices;
  char *error;               ///< why it failed, NULL when it did not
  char *printed;             ///< what the plugin's code wrote to stdout or stderr, NULL when nothing
} probe;
#define PROBE_FILE "__probe"
#define PROBE_CONTEXT "__context"
/// what: PROBE_FILE with a path, or PROBE_CONTEXT with NULL. Takes at most two seconds, whatever the plugin's code does.
void probe_run(const char *what, const char *path, probe *out);
void probe_free(probe *p);
/// The other side: the hidden subcommands. Answers through file descriptor 3.
int probe_child(int argc, char **argv);

#endif
