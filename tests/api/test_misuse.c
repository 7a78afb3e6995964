// SPDX-License-Identifier: BSD-3-Clause
// The misuse table: every public function, every parameter, every way in which it can be wrong. What a row asserts is in misuse_world.h;
// the rows are in the other misuse_*.h. The last test reads the public headers and fails when a function has no row.
#include "misuse_world.h"

#include "misuse_families.h"
#include "misuse_along.h"
#include "misuse_index.h"
#include "misuse_neural.h"
#include "misuse_ops.h"
#include "misuse_tensors.h"
#include "misuse_context.h"
#include "misuse_files.h"
#include "misuse_complex.h"

/// Every "RT_API ... rt_name(" of a header must have been called by a row.
static int missing_in(const char *header) {
  char path[1024], line[1024];
  int n_missing = 0;
  snprintf(path, sizeof path, "%s/include/trivet/%s", TRIVET_SOURCE_DIR, header);
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  while (fgets(line, sizeof line, file)) {
    if (strncmp(line, "RT_API", 6)) continue;
    const char *at = line;
    char *open;
    while ((at = strstr(at, "rt_")) && (open = strpbrk(at, "( *;,")) && *open != '(') at = open;
    if (!at) continue;
    char word[64];
    snprintf(word, sizeof word, " %.*s ", (int)strcspn(at, "("), at);
    if (strstr(called, word)) continue;
    print_error("%s has no row in the misuse table\n", word);
    n_missing++;
  }
  fclose(file);
  return n_missing;
}

static void every_function_has_rows(void **state) {
  (void)state;
  static const char *const headers[] = {"alloc.h", "config.h", "device.h", "dlpack.h", "dtype.h", "io.h", "ops.h", "status.h", "tensor.h"};
  int n_missing = 0;
  for (size_t k = 0; k < COUNT(headers); k++) n_missing += missing_in(headers[k]);
  assert_int_equal(n_missing, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(operations_of_the_table), cmocka_unit_test(operations_with_parameters), cmocka_unit_test(creating_tensors),
      cmocka_unit_test(facts_about_nothing),     cmocka_unit_test(elements_of_tensors),        cmocka_unit_test(views_of_tensors),
      cmocka_unit_test(dtypes_and_statuses),     cmocka_unit_test(contexts),                   cmocka_unit_test(what_contexts_tell),
      cmocka_unit_test(two_accelerators),        cmocka_unit_test(exchange),                   cmocka_unit_test(files),
      cmocka_unit_test(complex_numbers),         cmocka_unit_test(every_function_has_rows),
  };
  int failed = cmocka_run_group_tests(tests, make_world, free_world);
  print_message("%d rows of misuse, %d wrong\n", n_rows, n_wrong);
  return failed != 0;
}
