// SPDX-License-Identifier: BSD-3-Clause
// labels: slow
// The same faults under the command line tool: each command (a row of `commands`) is run as a process whose n-th call of one kind fails, for
// n = 0, 1, 2 ... until a run makes no such call any more. It never ends by a signal and never hangs; it either does its work completely or says
// in one sentence which file it could not, and an output file is whole or not there. Standard output may be full or closed as well.
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <trivet/io.h>
#include <trivet/rt.h>
#include <unistd.h>

#include "../api/proto_write.h"
#include "../results.h"
#include "faults.h"

#ifdef __SANITIZE_ADDRESS__
#define MOST 4 // a process takes 20 times as long to start
#else
#define MOST 40
#endif
#define TOOL TRIVET_BUILD_DIR "/tests/trivet_with_faults"
static char folder[] = "/tmp/trivet-tool-faults-XXXXXX";

// ---- commands --------------------------------------------------------------------------------------------------------------------------------

enum { FILES = 1, PLUGINS = 2 }; // FILES: works on files, says the same each time; PLUGINS: shows which plugins there are, so one that cannot be opened is another answer
static const struct command_row {
  const char *name;
  int kind;
  const char *argv[9];
} commands[] = {
    {"inspect .npy", FILES, {"trivet", "inspect", "x.npy"}},
    {"inspect archive", FILES, {"trivet", "inspect", "x.safetensors"}},
    {"convert", FILES, {"trivet", "convert", "x.safetensors", "y.npy", "--tensor", "x", "--json"}},
    {"inspect .onnx", FILES, {"trivet", "inspect", "m.onnx"}},
    {"run", FILES, {"trivet", "run", "m.onnx", "--input", "x.npy", "--output", "y.npy"}},
    {"ops --backend", FILES, {"trivet", "ops", "--backend", "cpu_ref", "add"}},
    {"backends", PLUGINS, {"trivet", "backends"}},
    {"backends FILE", PLUGINS, {"trivet", "backends", TRIVET_BUILD_DIR "/tests/plugins/trivet_unified.so"}},
    {"info", PLUGINS, {"trivet", "info", "--json"}},
    {"env", PLUGINS, {"trivet", "env"}},
};

static const struct fault_row {
  fault what;
  bool hidden; // must not show at all
} faults[] = {
    {{"open", EINTR}, true},     {{"open", EMFILE}, false},         {{"open", EACCES}, false},  {{"open", ENOMEM}, false},
    {{"fstat", EIO}, false},     {{"stat", EACCES}, false},         {{"read", EINTR}, true},    {{"read", FAULT_SHORT}, true},
    {{"read", EIO}, false},      {{"read", FAULT_END}, false},      {{"pread", EINTR}, true},   {{"pread", FAULT_SHORT}, true},
    {{"pread", EIO}, false},     {{"write", EINTR}, true},          {{"write", FAULT_SHORT}, true},
    {{"write", ENOSPC}, false},  {{"fsync", EIO}, false},           {{"close", EINTR}, true},   {{"close", EIO}, false},
    {{"rename", EACCES}, false}, {{"realpath", ENOMEM}, false},     {{"opendir", EMFILE}, false}, {{"readdir", EIO}, false},
    {{"fopen", EMFILE}, false},  {{"pipe2", EMFILE}, false},        {{"dup2", EMFILE}, false},  {{"fork", EAGAIN}, false},
    {{"poll", EINTR}, true},     {{"waitpid", EINTR}, true},
};
#define COUNT(array) (sizeof(array) / sizeof *(array))

// ---- one process -----------------------------------------------------------------------------------------------------------------------------

typedef struct answer { int code; bool met; char out[60000], err[6000]; } answer; // code: -signal where it ended by one

static void slurp(const char *name, char *out, size_t bytes) {
  FILE *file = fopen(name, "rb");
  size_t n = file ? fread(out, 1, bytes - 1, file) : 0;
  out[n] = '\0';
  if (file) fclose(file);
}

static void run_tool(const char *const argv[], const char *fault_text, const char *out_name, answer *a) {
  unlink("seen"), unlink("y.npy"), unlink("err");
  const pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    close(1);
    const bool ok = !out_name || open(out_name, O_WRONLY | O_CREAT | O_TRUNC, 0600) == 1; // NULL: closed
    const int err = open("err", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (!ok || dup2(err, 2) != 2) _exit(121);
    if (err != 2) close(err);
    setenv("RT_BACKEND", "cpu_ref", 1); // one that may be left out, as the default may, would make another answer right
    setenv("RT_BACKEND_PATH", TRIVET_BUILD_DIR "/lib/trivet/backends-0", 1);
    setenv("TRIVET_FAULT_SEEN", "seen", 1);
    if (fault_text) setenv("TRIVET_FAULT", fault_text, 1);
    alarm(60); // a run that hangs ends by a signal
    execv(TOOL, (char *const *)(uintptr_t)argv);
    _exit(122);
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
  a->code = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  struct stat seen;
  a->met = stat("seen", &seen) == 0 && seen.st_size > 0;
  if (out_name && !strncmp(out_name, "out", 3)) slurp(out_name, a->out, sizeof a->out);
  else a->out[0] = '\0';
  slurp("err", a->err, sizeof a->err);
}

static answer plain, met; // large, so not on the stack

// y.npy is what the run without faults wrote, or it is not there.
static bool output_is_whole(const char *wanted, size_t bytes) {
  char now[4096];
  FILE *file = fopen("y.npy", "rb");
  if (!file) return true;
  const size_t n = fread(now, 1, sizeof now, file);
  fclose(file);
  return n == bytes && memcmp(now, wanted, n) == 0;
}

static bool names_a_file(const char *sentence) {
  static const char *const names[] = {"x.npy", "x.safetensors", "m.onnx", "y.npy", ".so", "backends-0", "standard output"};
  for (size_t i = 0; i < COUNT(names); i++)
    if (strstr(sentence, names[i])) return true;
  return false;
}

static const char *check(const struct command_row *c, const struct fault_row *f, const char *wanted, size_t wanted_bytes) {
  if (met.code != 0 && met.code != 1) return "neither 0 nor 1";
  if (strstr(met.err, "Sanitizer") || strstr(met.err, "runtime error")) return "a sanitizer reported";
  if (met.code == 1 && strncmp(met.err, "trivet: ", 8) != 0) return "failed without a sentence";
  if (f->hidden && met.code != plain.code) return "an interruption shows";
  if (met.code == 0 && c->kind & FILES && strcmp(met.out, plain.out) != 0) return "succeeded with another answer";
  if (met.code == 0 && met.out[0] == '\0') return "succeeded without an answer";
  if (met.code == 1 && c->kind & FILES && !names_a_file(met.err)) return "the sentence names no file";
  if (!output_is_whole(wanted, wanted_bytes)) return "left a damaged output file";
  if (met.code == 0 && c->argv[6] && access("y.npy", F_OK) != 0) return "succeeded without its output file";
  return NULL;
}

static void every_command_meets_every_fault(void **state) {
  (void)state;
  int total = 0;
  FILE *results = results_open("faults_tool");
  for (size_t i = 0; i < COUNT(commands); i++) {
    const struct command_row *c = &commands[i];
    char wanted[4096];
    size_t wanted_bytes = 0;
    run_tool(c->argv, NULL, "out", &plain);
    if (plain.code != 0) fail_msg("trivet %s without faults: exit code %d: %s", c->name, plain.code, plain.err);
    FILE *file = c->argv[6] ? fopen("y.npy", "rb") : NULL;
    if (file) wanted_bytes = fread(wanted, 1, sizeof wanted, file), fclose(file);
    int n_met = 0;
    for (size_t k = 0; k < COUNT(faults); k++)
      for (int for_good = 0; for_good < 2; for_good++) {
        const struct fault_row *f = &faults[k];
        if (for_good && f->what.error == EINTR) continue; // would be tried again for ever
        for (int nth = 0; nth < (c->kind & PLUGINS ? MOST / 4 : MOST); nth++) { // later calls of one kind do what earlier ones did (poll, read of a pipe)
          char text[64];
          snprintf(text, sizeof text, "%s %d %d %s", f->what.call, f->what.error, nth, for_good ? "always" : "once");
          run_tool(c->argv, text, "out", &met);
          if (!met.met) break;
          n_met++;
          const char *wrong = check(c, f, wanted, wanted_bytes);
          if (wrong) fail_msg("trivet %s, %s: exit code %d, %s\n%s", c->name, text, met.code, wrong, met.err);
        }
      }
    print_message("trivet %-15s %4d faults\n", c->name, n_met);
    RESULT(results, "trivet %s\t%d\t0\n", c->name, n_met);
    assert_true(n_met > 5);
    total += n_met;
  }
  results_close(results);
  print_message("%d faults met\n", total);
  assert_true(total > 200);
}

static void standard_output_is_full_or_closed(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(commands); i++)
    for (int closed = 0; closed < 2; closed++) {
      if (!closed && access("/dev/full", W_OK) != 0) continue;
      run_tool(commands[i].argv, NULL, closed ? NULL : "/dev/full", &met);
      if (met.code != 1 || !strstr(met.err, "trivet: standard output: "))
        fail_msg("trivet %s, standard output %s: exit code %d: %s", commands[i].name, closed ? "closed" : "full", met.code, met.err);
    }
}

// A regular file whose reading fails for real: address 0 of this process is not mapped.
static void a_file_that_cannot_be_read(void **state) {
  (void)state;
  run_tool((const char *const[]){"trivet", "inspect", "/proc/self/mem", NULL}, NULL, "out", &met);
  assert_int_equal(met.code, 1);
  assert_non_null(strstr(met.err, "/proc/self/mem"));
}

static int make_files(void **state) {
  (void)state;
  static const float x[8] = {1, -2, 3, -4, 5, -6, 7, -8};
  rt_ctx *ctx = NULL;
  rt_tensor *t = NULL;
  if (!mkdtemp(folder) || chdir(folder) != 0) return -1;
  proto model = small_network();
  FILE *file = fopen("m.onnx", "wb");
  bool ok = file && fwrite(model.at, 1, model.n, file) == model.n;
  if (file) fclose(file);
  proto_free(&model);
  ok = ok && rt_ctx_create(NULL, &ctx) == RT_OK && rt_from_data(ctx, RT_F32, 2, (int64_t[]){2, 4}, x, &t) == RT_OK && rt_npy_write("x.npy", t) == RT_OK &&
       rt_archive_write("x.safetensors", RT_ARCHIVE_SAFETENSORS, 0, 1, &(rt_named_tensor){"x", t}, 0, NULL) == RT_OK;
  rt_release(t);
  rt_ctx_close(ctx);
  return ok ? 0 : -1;
}
static int drop_files(void **state) {
  (void)state;
  static const char *const names[] = {"m.onnx", "x.npy", "x.safetensors", "y.npy", "out", "err", "seen"};
  for (size_t i = 0; i < COUNT(names); i++) unlink(names[i]);
  return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1; // a temporary file that was left behind would keep the folder
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_command_meets_every_fault),
      cmocka_unit_test(standard_output_is_full_or_closed),
      cmocka_unit_test(a_file_that_cannot_be_read),
  };
  return cmocka_run_group_tests_name("tool_faults", tests, make_files, drop_files);
}
