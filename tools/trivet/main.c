// SPDX-License-Identifier: BSD-3-Clause
// The command line tool: picks the subcommand, and holds what all of them need (sentences on stderr, memory, contexts, small texts).
// Exit codes: 0 done, 1 failed with a sentence on stderr, 2 wrong usage.
#include "trivet.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const command *const commands[] = {&cmd_info, &cmd_backends, &cmd_ops, &cmd_run, &cmd_inspect, &cmd_convert, &cmd_onnx_test, &cmd_bench, &cmd_env};

static int vfail(const char *fmt, va_list args) {
  char text[2048];
  vsnprintf(text, sizeof text, fmt, args);
  fflush(stdout);
  for (char *s = text; *s; s++) if (((unsigned char)*s < 0x20 && *s != '\n') || *s == 0x7f) *s = '?';
  fprintf(stderr, "trivet: %s\n", text);
  return EXIT_FAILED;
}

int fail(const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  int code = vfail(fmt, args);
  va_end(args);
  return code;
}

int fail_status(rt_status status) {
  const char *sentence = rt_last_error();
  return fail("%s", *sentence ? sentence : rt_status_name((int)status));
}

int usage_error(const command *self, const char *fmt, ...) {
  if (fmt) {
    va_list args;
    va_start(args, fmt);
    vfail(fmt, args);
    va_end(args);
  }
  fprintf(stderr, "Try 'trivet %s%shelp'.\n", self ? self->name : "", self ? " --" : "");
  return EXIT_USAGE;
}

int print_help(const command *self) {
  printf("%s", self->help);
  return EXIT_OK;
}

static void log_to_stderr(void *user, rt_log_level level, const char *text) {
  (void)user;
  if (level <= RT_LOG_INFO) fail("%s", text);
}

rt_ctx *open_ctx(const char *backends) {
  rt_ctx_options options = {.size = sizeof options, .backends = backends, .log = log_to_stderr};
  rt_ctx *ctx = NULL;
  rt_status status = rt_ctx_create(&options, &ctx);
  if (status != RT_OK) fail_status(status);
  return ctx;
}

void *grow(void *array, size_t n, size_t item_bytes) {
  void *grown = n > SIZE_MAX / item_bytes ? NULL : realloc(array, n ? n * item_bytes : 1);
  if (!grown) exit(fail("out of memory (%zu items of %zu bytes)", n, item_bytes));
  return grown;
}

char *text_copy(const char *text) {
  size_t bytes = strlen(text) + 1;
  return memcpy(grow(NULL, bytes, 1), text, bytes);
}

char *text_format(const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  int length = vsnprintf(NULL, 0, fmt, args);
  va_end(args);
  char *text = grow(NULL, length < 0 ? 1 : (size_t)length + 1, 1);
  text[0] = '\0';
  va_start(args, fmt);
  if (length > 0) vsnprintf(text, (size_t)length + 1, fmt, args);
  va_end(args);
  return text;
}

char *shape_text(int32_t rank, const int64_t *shape, const char *const *symbol) {
  if (rank < 0) return text_copy("[...]");
  char *text = text_copy("[");
  for (int32_t d = 0; d < rank; d++) {
    char extent[24];
    snprintf(extent, sizeof extent, "%lld", (long long)shape[d]);
    const char *part = shape[d] >= 0 ? extent : symbol && symbol[d] ? symbol[d] : "?";
    char *longer = text_format("%s%s%s", text, d ? "," : "", part);
    free(text);
    text = longer;
  }
  char *closed = text_format("%s]", text);
  free(text);
  return closed;
}

char *bytes_text(uint64_t bytes) {
  static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  double value = (double)bytes;
  size_t u = 0;
  for (; value >= 1024 && u + 1 < COUNT(unit); u++) value /= 1024;
  return text_format(u == 0 ? "%.0f %s" : "%.1f %s", value, unit[u]);
}

bool parse_number(const char *text, int64_t low, int64_t high, int64_t *out) {
  char *end;
  if (strspn(text, "-0123456789") != strlen(text) || !*text) return false;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  if (errno || *end || value < low || value > high) return false;
  *out = value;
  return true;
}

char *library_dir(const char *suffix) {
  Dl_info info;
  union { const char *(*function)(void); void *address; } library = {.function = rt_version}; // ISO C has no such cast
  char path[PATH_MAX];
  if (!dladdr(library.address, &info) || !info.dli_fname || !realpath(info.dli_fname, path)) return NULL;
  char *slash = strrchr(path, '/');
  if (!slash) return NULL;
  *slash = '\0';
  return text_format("%s%s", path, suffix);
}

static int print_general_help(void) {
  printf("Usage: trivet [--json] COMMAND [OPTION]...\n\nRuns tensor programs on whatever the machine has, through plugins.\n\nCommands:\n");
  for (size_t i = 0; i < COUNT(commands); i++) printf("  %-9s %s\n", commands[i]->name, commands[i]->summary);
  printf("  %-9s %s\n\n", "help", "show this, or the help of a command: trivet help run");
  printf("  --json      the answer as JSON; works with every command (with onnx-test and bench only before the name: behind it, --json takes a file)\n"
         "  --version   the version of the library\n"
         "  --help      this text\n\n"
         "RT_BACKEND=name,name chooses the backends; 'trivet backends' lists them, 'trivet env' shows all settings.\n"
         "Exit codes: 0 done, 1 failed with a sentence on stderr, 2 wrong usage.\n");
  return EXIT_OK;
}

static int print_version(bool as_json) {
  if (!as_json) { printf("trivet %s\n", rt_version()); return EXIT_OK; }
  json j;
  json_start(&j);
  json_open(&j, NULL, '{');
  json_text(&j, "version", rt_version());
  json_close(&j, '{');
  json_end(&j);
  return EXIT_OK;
}

static const command *find_command(const char *name) {
  for (size_t i = 0; i < COUNT(commands); i++) if (strcmp(commands[i]->name, name) == 0) return commands[i];
  return NULL;
}

static int dispatch(int argc, char **argv) {
  bool as_json = false, version = false;
  int i = 1;
  for (; i < argc && argv[i][0] == '-'; i++) {
    if (strcmp(argv[i], "--json") == 0) as_json = true;
    else if (strcmp(argv[i], "--version") == 0 || strcmp(argv[i], "-V") == 0) version = true;
    else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return print_general_help();
    else return usage_error(NULL, "there is no option '%s'", argv[i]);
  }
  if (version) return print_version(as_json);
  if (i == argc) return usage_error(NULL, "a command is missing");
  const char *name = argv[i];
  if (strcmp(name, PROBE_FILE) == 0 || strcmp(name, PROBE_CONTEXT) == 0) return probe_child(argc - i, argv + i);
  bool help = strcmp(name, "help") == 0;
  if (help && i + 1 == argc) return print_general_help();
  if (help) name = argv[i + 1];
  const command *found = find_command(name);
  if (!found) return usage_error(NULL, "there is no command '%s'", name);
  if (help) return print_help(found);
  static char program[] = "trivet"; // getopt_long prints argv[0] before its sentences
  argv[i] = program;
  return found->run(found, argc - i, argv + i, as_json);
}

int main(int argc, char **argv) {
  int code = dispatch(argc, argv);
  if (fflush(stdout) != 0 || ferror(stdout)) return fail("standard output: %s", strerror(errno));
  return code;
}
