// SPDX-License-Identifier: BSD-3-Clause
// The main function of a fuzz target where there is no libFuzzer: gives it every file of the folders and files that are named, and the empty
// input. So the seeds and every input that once failed are tested by any compiler.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../results.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int n_inputs;

static int replay_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) return fprintf(stderr, "replay: cannot open %s\n", path), 1;
  uint8_t *data = NULL;
  size_t size = 0, room = 0;
  for (;;) {
    if (size == room) {
      uint8_t *more = realloc(data, room = room * 2 + 4096);
      if (!more) return fprintf(stderr, "replay: no memory for %s\n", path), free(data), fclose(file), 1;
      data = more;
    }
    size_t n = fread(data + size, 1, room - size, file);
    if (n == 0) break;
    size += n;
  }
  fclose(file);
  // A block of exactly this size, so that a sanitizer sees a read past the end.
  uint8_t *exact = realloc(data, size ? size : 1);
  if (!exact) return free(data), 1;
  LLVMFuzzerTestOneInput(exact, size);
  free(exact);
  n_inputs++;
  return 0;
}

static int replay(const char *path) {
  struct stat info;
  if (stat(path, &info) != 0) return fprintf(stderr, "replay: no %s\n", path), 1;
  if (!S_ISDIR(info.st_mode)) return replay_file(path);
  DIR *folder = opendir(path);
  if (!folder) return fprintf(stderr, "replay: cannot read %s\n", path), 1;
  int bad = 0;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    char name[4096];
    if (entry->d_name[0] == '.') continue;
    if ((size_t)snprintf(name, sizeof name, "%s/%s", path, entry->d_name) < sizeof name) bad |= replay_file(name);
  }
  closedir(folder);
  return bad;
}

int main(int argc, char **argv) {
  int bad = 0;
  LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
  for (int i = 1; i < argc; i++) bad |= replay(argv[i]);
  printf("%d inputs\n", n_inputs);
  const char *name = argc > 0 && strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : "fuzz";
  FILE *results = results_open(name);
  RESULT(results, "%s\t%d\t%d\n", name, n_inputs, bad != 0);
  results_close(results);
  return bad || n_inputs == 0;
}
