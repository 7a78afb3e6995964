// SPDX-License-Identifier: BSD-3-Clause
// Tensor data in a file beside the model. The model names the file, so the path is a stranger's: it must be relative and without "..", and
// neither a folder on the way nor the file may be a symbolic link. Only a regular file that holds all the bytes is read.
#include <string.h>

#include "model.h"

static bool is_key(const rti_wire_field *key, const char *name) { return key->bytes == strlen(name) && !memcmp(key->at, name, key->bytes); }

// A decimal number of at most 19 digits, as writers print it.
static bool read_number(const rti_wire_field *field, uint64_t *out) {
  *out = 0;
  if (field->bytes == 0 || field->bytes > 19) return false;
  for (size_t i = 0; i < field->bytes; i++) {
    if (field->at[i] < '0' || field->at[i] > '9') return false;
    *out = *out * 10 + (uint64_t)(field->at[i] - '0');
  }
  return *out <= INT64_MAX;
}

rt_status rti_onnx_read_external(const rti_wire *message, const char *what, rti_onnx_external *out) {
  enum { KEY = 1, VALUE = 2 };
  rti_wire walk = *message;
  rti_wire_field field, key = {0}, value = {0};
  bool more;
  rt_status status;
  while ((status = rti_wire_next(&walk, &field, &more)) == RT_OK && more) {
    if (field.number != KEY && field.number != VALUE) continue;
    if ((status = rti_wire_expect(&walk, &field, RTI_WIRE_BYTES)) != RT_OK) return status;
    *(field.number == KEY ? &key : &value) = field;
  }
  if (status != RT_OK || !key.number || !value.number) return status;
  rti_io_text quoted;
  bool fine = true;
  if (is_key(&key, "location")) out->location = value;
  else if (is_key(&key, "offset")) fine = read_number(&value, &out->offset);
  else if (is_key(&key, "length")) fine = out->has_length = read_number(&value, &out->length);
  if (!fine) return rti_io_fail(RT_E_FORMAT, "%s: external data: '%s' is no number of bytes", what, rti_io_quote(&quoted, value.at, value.bytes));
  return RT_OK;
}

rt_status rti_onnx_check_external(const rti_onnx_source *source, const char *file, const char *what, const rti_onnx_external *external, uint64_t bytes) {
  rti_io_text quoted;
  const char *name = rti_io_quote(&quoted, external->location.at, external->location.number ? external->location.bytes : 0);
  if (!external->location.number) return rti_io_fail(RT_E_FORMAT, "%s: %s: its data lie in another file, which is not named", file, what);
  if (!source->folder) return rti_io_fail(RT_E_UNSUPPORTED, "%s: %s: its data lie in another file ('%.120s'), and a model in memory has no folder", file, what, name);
  if (external->has_length && external->length != bytes)
    return rti_io_fail(RT_E_FORMAT, "%s: %s: %llu bytes of '%.120s' are stated, its shape needs %llu", file, what, (unsigned long long)external->length, name,
                       (unsigned long long)bytes);
  rt_status status = rti_io_read_below(source->folder, external->location.at, external->location.bytes, external->offset, NULL, bytes);
  return status == RT_OK ? RT_OK : rti_io_fail_in(status, "%s: %s", file, what);
}

rt_status rti_onnx_load_external(const rti_onnx_source *source, const char *file, const char *what, const rti_onnx_external *external, void *data, uint64_t bytes) {
  rt_status status = rti_io_read_below(source->folder, external->location.at, external->location.bytes, external->offset, data, bytes);
  return status == RT_OK ? RT_OK : rti_io_fail_in(status, "%s: %s", file, what);
}
