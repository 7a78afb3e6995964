// SPDX-License-Identifier: BSD-3-Clause
// Opens plugin files where they can do no harm: in a child process, which is this program again with a hidden subcommand. The child
// answers on a pipe of its own (file descriptor 3), so that nothing a plugin prints can be taken for an answer; what it prints is
// captured through another. A child that exits, crashes or takes longer than two seconds becomes a sentence.
#include "trivet.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIMIT_MS 2000
#define KEPT_BYTES (256 * 1024) // of each pipe; what comes after that is read and dropped
#define ANSWER_FD 3
#define FIELD '\x1f'

// ---- the child: records are lines, fields are separated by FIELD; the line "." says that the answer is complete -------------------------
static void put_field(FILE *out, const char *text) {
  fputc(FIELD, out);
  for (; *text; text++) fputc(*text == FIELD || *text == '\n' ? ' ' : *text, out);
}

static void put_number(FILE *out, long long value) { fprintf(out, "%c%lld", FIELD, value); }

static void put_backend(FILE *out, const rt_backend_desc *b) {
  fputc('B', out);
  put_field(out, b->name);
  put_field(out, b->version);
  put_field(out, b->vendor);
  put_field(out, b->path);
  put_field(out, b->origin);
  put_field(out, b->refused);
  put_number(out, b->n_devices);
  put_number(out, b->is_open);
  fputc('\n', out);
}

static void put_device(FILE *out, const rt_device_desc *d) {
  fputc('D', out);
  put_field(out, d->name);
  put_field(out, d->text);
  put_field(out, d->backends);
  put_number(out, (long long)d->memory_bytes);
  put_number(out, d->is_host);
  put_number(out, d->is_default);
  put_number(out, d->is_async);
  put_number(out, d->is_lost);
  fputc('\n', out);
}

static rt_status answer_context(FILE *out) {
  rt_ctx *ctx = NULL;
  rt_status status = rt_ctx_create(NULL, &ctx);
  for (int32_t i = 0; status == RT_OK && i < rt_backend_count(ctx); i++) {
    rt_backend_desc desc;
    if ((status = rt_backend_describe(ctx, i, &desc)) == RT_OK) put_backend(out, &desc);
  }
  for (int32_t i = 0; status == RT_OK && i < rt_device_count(ctx); i++) {
    rt_device_desc desc;
    if ((status = rt_device_describe(ctx, i, &desc)) == RT_OK) put_device(out, &desc);
  }
  if (status == RT_OK) status = rt_ctx_close(ctx);
  return status;
}

int probe_child(int argc, char **argv) {
  bool is_file = strcmp(argv[0], PROBE_FILE) == 0;
  FILE *out = argc == (is_file ? 2 : 1) ? fdopen(ANSWER_FD, "w") : NULL;
  if (!out) return usage_error(NULL, "'%s' is for the tool's own use", argv[0]);
  fcntl(ANSWER_FD, F_SETFD, FD_CLOEXEC);
  rt_status status;
  if (is_file) {
    rt_backend_desc desc = {0};
    if ((status = rt_backend_probe_file(argv[1], &desc)) == RT_OK) put_backend(out, &desc);
  } else {
    status = answer_context(out);
  }
  if (status != RT_OK) {
    const char *sentence = rt_last_error();
    fputc('E', out);
    put_field(out, *sentence ? sentence : rt_status_name((int)status));
    fputc('\n', out);
  }
  fputs(".\n", out);
  fflush(out);
  return EXIT_OK; // a normal exit, so that the plugin's destructors are tried as well
}

// ---- the parent -------------------------------------------------------------------------------------------------------------------------
typedef struct stream { int fd; char *text; size_t bytes; } stream;

// Gives the number of bytes, at least 1 so that a caller who counts comes to an end.
static ssize_t read_some(stream *s) {
  char chunk[4096];
  ssize_t n = read(s->fd, chunk, sizeof chunk);
  if (n > 0 && s->bytes < KEPT_BYTES) {
    s->text = grow(s->text, s->bytes + (size_t)n + 1, 1);
    memcpy(s->text + s->bytes, chunk, (size_t)n);
    s->bytes += (size_t)n;
    s->text[s->bytes] = '\0';
  }
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
    close(s->fd);
    s->fd = -1; // poll ignores it from now on
  }
  return n > 0 ? n : 1;
}

static int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void become_child(const char *what, const char *path, int answer_fd, int printed_fd) {
  static char program[] = "trivet", exe[] = "/proc/self/exe";
  char *args[] = {program, (char *)what, (char *)path, NULL};
  setpgid(0, 0); // so that processes which the plugin starts can be ended with it
  setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
  // The pipes' descriptors are above 3: pipe ends at 0 to 3 would be overwritten by the dup2 calls below.
  int quiet;
  do quiet = open("/dev/null", O_RDONLY | O_CLOEXEC);
  while (quiet < 0 && errno == EINTR);
  if (quiet < 0 || dup2(quiet, 0) < 0 || dup2(printed_fd, 1) < 0 || dup2(printed_fd, 2) < 0 || dup2(answer_fd, ANSWER_FD) < 0) _exit(126);
  signal(SIGPIPE, SIG_DFL);
  execv(exe, args);
  _exit(127);
}

// A pipe whose reading end does not block and whose ends are above ANSWER_FD.
static bool open_pipe(int ends[2]) {
  int raw[2];
  if (pipe2(raw, O_CLOEXEC) != 0) return false;
  for (int i = 0; i < 2; i++) {
    ends[i] = fcntl(raw[i], F_DUPFD_CLOEXEC, ANSWER_FD + 1);
    close(raw[i]);
  }
  return ends[0] >= 0 && ends[1] >= 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0;
}

// Reads both pipes until the child has ended or the limit has passed; ends it then. Gives its wait status, -1 for a timeout.
static int watch(pid_t pid, stream *answer, stream *printed) {
  int64_t deadline = now_ms() + LIMIT_MS;
  int wait_status = 0;
  bool ended = false, in_time = true;
  while (!ended && in_time) {
    struct pollfd fds[2] = {{.fd = answer->fd, .events = POLLIN}, {.fd = printed->fd, .events = POLLIN}};
    poll(fds, 2, 2); // short: a descendant may keep the pipes open after the child has ended
    if (fds[0].revents) read_some(answer);
    if (fds[1].revents) read_some(printed);
    siginfo_t info = {0};
    // WNOWAIT: until it is reaped below, its id and its group's cannot become somebody else's.
    ended = waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
    in_time = now_ms() < deadline;
  }
  kill(-pid, SIGKILL); // whatever the plugin's code has started
  if (!ended) kill(pid, SIGKILL);
  while (waitpid(pid, &wait_status, 0) < 0 && errno == EINTR) {}
  stream *streams[] = {answer, printed};
  for (size_t i = 0; i < COUNT(streams); i++) { // what is still in the pipes, without waiting for more
    struct pollfd fd = {.fd = streams[i]->fd, .events = POLLIN};
    for (ssize_t n = 0; n < 4 * KEPT_BYTES && streams[i]->fd >= 0 && poll(&fd, 1, 0) > 0;) n += read_some(streams[i]);
    if (streams[i]->fd >= 0) close(streams[i]->fd);
  }
  return ended ? wait_status : -1;
}

// The next field of a record, its end cut; "" when there is none.
static const char *next_field(char **rest) {
  char *at = *rest;
  if (!at) return "";
  if ((*rest = strchr(at, FIELD))) *(*rest)++ = '\0';
  return at;
}

static void copy_field(char *out, size_t bytes, char **rest) { snprintf(out, bytes, "%s", next_field(rest)); }

static void take_record(probe *out, char *line) {
  char *rest = line;
  const char *kind = next_field(&rest);
  if (strcmp(kind, "E") == 0) {
    free(out->error);
    out->error = text_copy(next_field(&rest));
  } else if (strcmp(kind, "B") == 0) {
    out->backends = grow(out->backends, (size_t)out->n_backends + 1, sizeof *out->backends);
    rt_backend_desc *b = &out->backends[out->n_backends++];
    memset(b, 0, sizeof *b);
    copy_field(b->name, sizeof b->name, &rest);
    copy_field(b->version, sizeof b->version, &rest);
    copy_field(b->vendor, sizeof b->vendor, &rest);
    copy_field(b->path, sizeof b->path, &rest);
    copy_field(b->origin, sizeof b->origin, &rest);
    copy_field(b->refused, sizeof b->refused, &rest);
    b->n_devices = (int32_t)strtol(next_field(&rest), NULL, 10);
    b->is_open = strtol(next_field(&rest), NULL, 10) != 0;
  } else if (strcmp(kind, "D") == 0) {
    out->devices = grow(out->devices, (size_t)out->n_devices + 1, sizeof *out->devices);
    rt_device_desc *d = &out->devices[out->n_devices++];
    memset(d, 0, sizeof *d);
    copy_field(d->name, sizeof d->name, &rest);
    copy_field(d->text, sizeof d->text, &rest);
    copy_field(d->backends, sizeof d->backends, &rest);
    d->memory_bytes = strtoull(next_field(&rest), NULL, 10);
    d->is_host = strtol(next_field(&rest), NULL, 10) != 0;
    d->is_default = strtol(next_field(&rest), NULL, 10) != 0;
    d->is_async = strtol(next_field(&rest), NULL, 10) != 0;
    d->is_lost = strtol(next_field(&rest), NULL, 10) != 0;
  }
}

// Reads the records of an answer; true when it is complete.
static bool take_answer(probe *out, char *text) {
  bool complete = false;
  for (char *line = text, *end; line && (end = strchr(line, '\n')); line = end + 1) {
    *end = '\0';
    if (strcmp(line, ".") == 0) complete = true;
    else take_record(out, line);
  }
  return complete;
}

static char *describe_end(int wait_status, bool complete) {
  const char *when = complete ? "after it had been probed" : "while it was being opened";
  if (wait_status == -1) return text_format("its code did not return within %d s %s: ended", LIMIT_MS / 1000, when);
  if (WIFSIGNALED(wait_status)) {
    int number = WTERMSIG(wait_status);
    return text_format("its code crashed with signal %d (%s) %s", number, strsignal(number), when);
  }
  int exit_code = WEXITSTATUS(wait_status);
  return complete && exit_code == 0 ? NULL : text_format("its code ended the process with exit code %d %s", exit_code, when);
}

void probe_run(const char *what, const char *path, probe *out) {
  memset(out, 0, sizeof *out);
  int answer_ends[2] = {-1, -1}, printed_ends[2] = {-1, -1};
  bool ready = open_pipe(answer_ends) && open_pipe(printed_ends);
  fflush(stdout);
  pid_t pid = ready ? fork() : -1;
  if (pid == 0) become_child(what, path, answer_ends[1], printed_ends[1]);
  if (pid < 0) out->error = text_format("cannot start a process to open it in: %s", strerror(errno));
  if (answer_ends[1] >= 0) close(answer_ends[1]);
  if (printed_ends[1] >= 0) close(printed_ends[1]);
  if (pid < 0) {
    if (answer_ends[0] >= 0) close(answer_ends[0]);
    if (printed_ends[0] >= 0) close(printed_ends[0]);
    return;
  }
  setpgid(pid, pid); // as the child does, whoever comes first
  stream answer = {.fd = answer_ends[0]}, printed = {.fd = printed_ends[0]};
  int wait_status = watch(pid, &answer, &printed);
  bool complete = take_answer(out, answer.text);
  char *ended = describe_end(wait_status, complete);
  if (ended) {
    free(out->error);
    out->error = ended;
  }
  free(answer.text);
  if (printed.text && *printed.text) out->printed = printed.text;
  else free(printed.text);
}

void probe_free(probe *p) {
  free(p->backends);
  free(p->devices);
  free(p->error);
  free(p->printed);
  memset(p, 0, sizeof *p);
}
