// SPDX-License-Identifier: BSD-3-Clause
// The texts that a file carries beside its graph (metadata_props): an alphabet, class names, a licence. They are kept as they are and mean
// nothing to the loader.
#include <string.h>

#include "model.h"

rt_status rti_onnx_read_metadata(rt_model *model, void *user, const rti_wire *message) {
  (void)user;
  enum { KEY = 1, VALUE = 2 };
  rti_wire walk = *message;
  rti_wire_field field;
  bool more;
  rt_status status;
  rti_onnx_text text = {"", ""};
  while ((status = rti_wire_next(&walk, &field, &more)) == RT_OK && more) {
    if (field.number == KEY && !(text.key = rti_arena_text(&model->arena, &walk, &field, "metadata key", &status))) return status;
    if (field.number != VALUE) continue;
    if ((status = rti_wire_expect(&walk, &field, RTI_WIRE_BYTES)) != RT_OK) return status;
    // Texts are handed out as C strings, and half of one would be worse than none.
    if (memchr(field.at, 0, field.bytes)) return rti_io_fail(RT_E_FORMAT, "%s: the metadata '%.120s' has a zero byte in it", model->name, text.key);
    char *value = rti_arena_new(&model->arena, (uint64_t)field.bytes + 1, 1);
    if (!value) return rti_io_fail(RT_E_NO_MEMORY, "%s: no memory for the metadata '%.120s'", model->name, text.key);
    memcpy(value, field.at, field.bytes);
    text.value = value;
  }
  if (status == RT_OK) model->metadata[model->n_metadata++] = text;
  return status;
}

const char *rt_model_metadata_key(const rt_model *model, int32_t index) {
  return model && index >= 0 && index < model->n_metadata ? model->metadata[index].key : NULL;
}

const char *rt_model_metadata(const rt_model *model, const char *key) {
  for (int32_t i = 0; model && key && i < model->n_metadata; i++)
    if (!strcmp(model->metadata[i].key, key)) return model->metadata[i].value;
  return NULL;
}
