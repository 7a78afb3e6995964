// SPDX-License-Identifier: BSD-3-Clause
// trivet convert: a file of tensors written in another format. What a format cannot hold is a sentence, except for metadata, of which it says
// how much was left out.
#include "trivet.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: trivet convert IN OUT [OPTION]...\n\n"
    "Reads a .npy, .npz, safetensors or GGUF file and writes OUT, whose name ends in .npy, .npz or .safetensors.\n\n"
    "  -t, --tensor NAME  only this tensor; may be given several times\n"
    "      --dtype DTYPE  casts floating-point tensors: f16, bf16, f32 or f64\n"
    "      --compress     deflates the members of a .npz file\n"
    "      --json         the answer as JSON\n";

typedef struct request {
  const char *in, *out;
  rt_archive_format format;
  rt_dtype dtype; // RT_DTYPE_NONE: as they are
  const char **names;
  size_t n_names;
  bool compress, as_json;
} request;

typedef struct content {
  rt_named_tensor *tensors;
  rt_named_text *texts;
  int32_t n_tensors, n_texts, n_left_out;
  uint64_t bytes;
} content;

static bool ends_with(const char *text, const char *end) {
  size_t n = strlen(text), k = strlen(end);
  return n > k && strcmp(text + n - k, end) == 0;
}

static rt_archive_format format_by_name(const char *path) {
  return ends_with(path, ".npy")           ? RT_ARCHIVE_NPY
         : ends_with(path, ".npz")         ? RT_ARCHIVE_NPZ
         : ends_with(path, ".safetensors") ? RT_ARCHIVE_SAFETENSORS
                                           : RT_ARCHIVE_NONE;
}

static rt_status add_tensor(content *all, const request *r, const char *name, rt_tensor *t) {
  if (r->dtype && rt_dtype_kind_of(rt_tensor_dtype(t)) == RT_KIND_FLOAT && rt_tensor_dtype(t) != r->dtype) {
    rt_tensor *cast = NULL;
    rt_status status = rt_cast(t, r->dtype, &cast);
    rt_release(t);
    if (status != RT_OK) return status;
    t = cast;
  }
  all->tensors = grow(all->tensors, (size_t)all->n_tensors + 1, sizeof *all->tensors);
  all->tensors[all->n_tensors++] = (rt_named_tensor){name, t};
  all->bytes += (uint64_t)rt_tensor_numel(t) * rt_dtype_bytes(rt_tensor_dtype(t));
  return RT_OK;
}

static rt_status read_tensors(content *all, rt_archive *archive, const request *r) {
  rt_status status = RT_OK;
  int32_t n = r->n_names ? (int32_t)r->n_names : rt_archive_count(archive);
  for (int32_t i = 0; status == RT_OK && i < n; i++) {
    rt_tensor *t = NULL;
    rt_archive_entry entry;
    const char *name = r->n_names ? r->names[i] : NULL;
    status = name ? rt_archive_get(archive, name, &t) : rt_archive_read(archive, i, &t);
    if (status == RT_OK && !name && (status = rt_archive_entry_at(archive, i, &entry)) == RT_OK) name = entry.name;
    if (status == RT_OK) status = add_tensor(all, r, name, t);
    else rt_release(t);
  }
  return status;
}

// Single values become text; lists have no place in safetensors, and nothing has one in .npy and .npz.
static void read_texts(content *all, const rt_archive *archive, const request *r) {
  int32_t n = rt_archive_meta_count(archive);
  for (int32_t i = 0; i < n; i++) {
    rt_archive_meta meta;
    rt_archive_value value;
    bool fits = r->format == RT_ARCHIVE_SAFETENSORS && rt_archive_meta_at(archive, i, &meta) == RT_OK && !meta.is_list &&
                rt_archive_meta_item(archive, i, 0, &value) == RT_OK && (!value.text || strlen(value.text) == value.text_bytes);
    if (!fits) {
      all->n_left_out++;
      continue;
    }
    all->texts = grow(all->texts, (size_t)all->n_texts + 1, sizeof *all->texts);
    all->texts[all->n_texts++] = (rt_named_text){meta.key, value_text(&value)};
  }
}

static void answer(const request *r, const content *all) {
  const char *format = rt_archive_format_name(r->format);
  if (r->as_json) {
    json j;
    json_start(&j);
    json_open(&j, NULL, '{');
    json_text(&j, "file", r->out);
    json_text(&j, "format", format);
    json_int(&j, "tensors", all->n_tensors);
    json_uint(&j, "bytes", all->bytes);
    json_int(&j, "metadata", all->n_texts);
    json_int(&j, "metadata_left_out", all->n_left_out);
    json_close(&j, '{');
    json_end(&j);
    return;
  }
  char *name = clean_text(r->out), *size = bytes_text(all->bytes);
  printf("%s: %s, %d tensor%s of %s", name, format, all->n_tensors, all->n_tensors == 1 ? "" : "s", size);
  if (all->n_texts) printf(", %d metadata", all->n_texts);
  printf(all->n_left_out ? "; %d metadata left out: the format has no place for them\n" : "\n", all->n_left_out);
  free(name);
  free(size);
}

static int convert(rt_ctx *ctx, const request *r) {
  rt_archive *archive = NULL;
  content all = {0};
  rt_status status = rt_archive_open(ctx, r->in, RT_ARCHIVE_MAP, &archive);
  if (status == RT_OK) status = read_tensors(&all, archive, r);
  if (status == RT_OK) {
    read_texts(&all, archive, r);
    status = rt_archive_write(r->out, r->format, r->compress ? RT_ARCHIVE_DEFLATE : 0, all.n_tensors, all.tensors, all.n_texts, all.texts);
  }
  int code = status == RT_OK ? EXIT_OK : fail_status(status);
  if (code == EXIT_OK) answer(r, &all);
  for (int32_t i = 0; i < all.n_tensors; i++) rt_release((rt_tensor *)(uintptr_t)all.tensors[i].tensor); // ours, lent as const
  for (int32_t i = 0; i < all.n_texts; i++) free((char *)(uintptr_t)all.texts[i].text);
  free(all.tensors);
  free(all.texts);
  rt_archive_close(archive);
  return code;
}

// EXIT_OK when the command line makes sense.
static int read_options(const command *self, int argc, char **argv, request *r, bool *out_help) {
  enum { DTYPE = 1000, COMPRESS };
  static const struct option longs[] = {{"tensor", required_argument, NULL, 't'}, {"dtype", required_argument, NULL, DTYPE},
      {"compress", no_argument, NULL, COMPRESS}, {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
  for (int c; (c = getopt_long(argc, argv, "t:h", longs, NULL)) != -1;) {
    if (c == 't') {
      r->names = grow(r->names, r->n_names + 1, sizeof *r->names);
      r->names[r->n_names++] = optarg;
    } else if (c == DTYPE) {
      r->dtype = rt_dtype_from_name(optarg);
      if (rt_dtype_kind_of(r->dtype) != RT_KIND_FLOAT) return usage_error(self, "--dtype takes f16, bf16, f32 or f64, not '%s'", optarg);
    } else if (c == COMPRESS) r->compress = true;
    else if (c == 'j') r->as_json = true;
    else if (c == 'h') return *out_help = true, EXIT_OK;
    else return usage_error(self, NULL);
  }
  if (argc - optind != 2) return usage_error(self, "convert takes two files, not %d", argc - optind);
  r->in = argv[optind];
  r->out = argv[optind + 1];
  r->format = format_by_name(r->out);
  if (!r->format) return usage_error(self, "'%s' ends in none of .npy, .npz and .safetensors", r->out);
  if (r->compress && r->format != RT_ARCHIVE_NPZ) return usage_error(self, "--compress is for .npz files, not for '%s'", r->out);
  return EXIT_OK;
}

static int run(const command *self, int argc, char **argv, bool as_json) {
  request r = {.as_json = as_json};
  bool wants_help = false;
  int code = read_options(self, argc, argv, &r, &wants_help);
  if (code == EXIT_OK && wants_help) {
    code = print_help(self);
  } else if (code == EXIT_OK) {
    rt_ctx *ctx = open_ctx(NULL);
    code = ctx ? convert(ctx, &r) : EXIT_FAILED;
    if (ctx) rt_ctx_close(ctx);
  }
  free(r.names);
  return code;
}

const command cmd_convert = {"convert", "a file of tensors in another format: .npy, .npz, safetensors", help, run};
