// SPDX-License-Identifier: BSD-3-Clause
// What a value of a model can hold during a run: a tensor, a list of tensors, or nothing.
#include <stdlib.h>

#include "model.h"

rti_onnx_list *rti_list_new(int64_t n) {
  uint64_t bytes;
  if (n < 0 || !rti_io_mul((uint64_t)n, sizeof(rt_tensor *), &bytes) || !rti_io_add(bytes, sizeof(rti_onnx_list), &bytes) || bytes > SIZE_MAX) return NULL;
  rti_onnx_list *list = calloc(1, (size_t)bytes);
  if (!list) return NULL;
  list->references = 1;
  list->n = n;
  return list;
}

void rti_list_release(rti_onnx_list *list) {
  if (!list || --list->references > 0) return;
  for (int64_t i = 0; i < list->n; i++) rt_release(list->items[i]);
  free(list);
}

rti_onnx_datum rti_datum_retain(rti_onnx_datum datum) {
  if (datum.tensor) rt_retain(datum.tensor);
  if (datum.list) datum.list->references++;
  return datum;
}

void rti_datum_release(rti_onnx_datum *datum) {
  rt_release(datum->tensor);
  rti_list_release(datum->list);
  *datum = (rti_onnx_datum){0};
}

const char *rti_datum_name(rti_onnx_datum datum) {
  static const char *const names[] = {"not there", "a tensor", "a sequence", "an empty optional"};
  return names[datum.kind];
}
