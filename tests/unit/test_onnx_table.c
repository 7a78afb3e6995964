// SPDX-License-Identifier: BSD-3-Clause
// The table of ONNX operations: each row is well formed, no meaning is given twice, and docs/onnx.md names every operation.
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "onnx/ops.h"

// "axis:i pads:I": names of small letters, digits, capitals and _, a colon, one known letter, one blank between.
static bool well_formed(const char *attrs) {
  while (*attrs) {
    const char *name = attrs;
    while (isalnum((unsigned char)*attrs) || *attrs == '_') attrs++;
    if (attrs == name || *attrs++ != ':' || !*attrs || !strchr("ifsIFSgt-", *attrs)) return false;
    attrs++;
    if (*attrs == ' ' && attrs[1]) attrs++;
    else if (*attrs) return false;
  }
  return true;
}

static void rows_are_well_formed(void **state) {
  (void)state;
  for (size_t f = 0; f < rti_onnx_family_count; f++) {
    for (int32_t i = 0; i < rti_onnx_families[f]->count; i++) {
      const rti_onnx_op *row = &rti_onnx_families[f]->rows[i];
      if (!well_formed(row->attrs)) fail_msg("%s %d: attributes '%s'", row->name, row->since, row->attrs);
      if (row->min_in > row->max_in) fail_msg("%s %d: %d to %d inputs", row->name, row->since, row->min_in, row->max_in);
      if (row->since < 1 || row->since > RTI_ONNX_OPSET_MAX) fail_msg("%s: since %d", row->name, row->since);
      if (row->run && row->max_out < 1) fail_msg("%s %d: no outputs", row->name, row->since);
    }
  }
}

static void no_meaning_is_given_twice(void **state) {
  (void)state;
  for (size_t f = 0; f < rti_onnx_family_count; f++)
    for (int32_t i = 0; i < rti_onnx_families[f]->count; i++)
      for (size_t g = f; g < rti_onnx_family_count; g++)
        for (int32_t k = g == f ? i + 1 : 0; k < rti_onnx_families[g]->count; k++) {
          const rti_onnx_op *a = &rti_onnx_families[f]->rows[i], *b = &rti_onnx_families[g]->rows[k];
          if (a->since == b->since && !strcmp(a->name, b->name) && !strcmp(rti_onnx_families[f]->domain, rti_onnx_families[g]->domain)) fail_msg("%s %d is there twice", a->name, a->since);
        }
}

static void documentation_names_every_operation(void **state) {
  (void)state;
  FILE *file = fopen(TRIVET_SOURCE_DIR "/docs/onnx.md", "rb");
  static char text[1 << 16];
  assert_non_null(file);
  const size_t n = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  assert_true(n > 1000 && n < sizeof text - 1);
  for (size_t f = 0; f < rti_onnx_family_count; f++)
    for (int32_t i = 0; i < rti_onnx_families[f]->count; i++) {
      char quoted[64];
      snprintf(quoted, sizeof quoted, "`%s`", rti_onnx_families[f]->rows[i].name);
      if (!strstr(text, quoted)) fail_msg("docs/onnx.md does not mention %s", quoted);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_are_well_formed),
      cmocka_unit_test(no_meaning_is_given_twice),
      cmocka_unit_test(documentation_names_every_operation),
  };
  return cmocka_run_group_tests_name("onnx_table", tests, NULL, NULL);
}
