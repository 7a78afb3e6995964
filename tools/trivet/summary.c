// SPDX-License-Identifier: BSD-3-Clause
// The values of a tensor in one line: range, mean, how many are not finite, and the first few. Uses the library to bring them to the host
// as f64 (complex ones as c128), so integers beyond 2^53 are shown rounded.
#include "trivet.h"

#include <math.h>
#include <stdlib.h>

rt_status summarize(const rt_tensor *t, summary *out) {
  *out = (summary){.numel = rt_tensor_numel(t), .min = NAN, .max = NAN, .mean = NAN, .mean_im = NAN};
  out->is_complex = rt_dtype_kind_of(rt_tensor_dtype(t)) == RT_KIND_COMPLEX;
  rt_dtype widest = out->is_complex ? RT_C128 : RT_F64;
  int64_t parts = out->is_complex ? 2 : 1;
  if (out->numel == 0) return RT_OK;
  rt_tensor *wide = NULL;
  rt_status status = rt_to(t, RT_HOST, &wide);
  if (status == RT_OK && rt_tensor_dtype(wide) != widest) {
    rt_tensor *cast = NULL;
    status = rt_cast(wide, widest, &cast);
    rt_release(wide);
    wide = cast;
  }
  if (status != RT_OK) { rt_release(wide); return status; }
  double *value = grow(NULL, (size_t)(out->numel * parts), sizeof *value);
  status = rt_read(wide, value, (size_t)(out->numel * parts) * sizeof *value);
  rt_release(wide);
  double sum = 0, sum_im = 0;
  int64_t n_finite = 0;
  for (int64_t i = 0; status == RT_OK && i < out->numel; i++) {
    double v = value[i * parts], im = out->is_complex ? value[i * parts + 1] : 0, size = out->is_complex ? hypot(v, im) : v;
    if (i < (int64_t)COUNT(out->first)) out->first[out->n_first] = v, out->first_im[out->n_first++] = im;
    if (!isfinite(v) || !isfinite(im)) { *(isnan(v) || isnan(im) ? &out->n_nan : &out->n_inf) += 1; continue; }
    if (n_finite == 0 || size < out->min) out->min = size;
    if (n_finite == 0 || size > out->max) out->max = size;
    sum += v;
    sum_im += im;
    n_finite++;
  }
  if (n_finite > 0) out->mean = sum / (double)n_finite, out->mean_im = sum_im / (double)n_finite;
  free(value);
  return status;
}

char *summary_text(const summary *s) {
  if (s->numel == 0) return text_copy("no elements");
  char *text = s->is_complex ? text_format("modulus %.6g to %.6g, mean %.6g%+.6gi", s->min, s->max, s->mean, s->mean_im)
                             : text_format("min %.6g, mean %.6g, max %.6g", s->min, s->mean, s->max), *longer;
  if (s->n_nan || s->n_inf) {
    longer = text_format("%s, %lld NaN, %lld infinite", text, (long long)s->n_nan, (long long)s->n_inf);
    free(text);
    text = longer;
  }
  for (int32_t i = 0; i < s->n_first; i++) {
    const char *before = i == 0 ? "; first " : " ";
    longer = s->is_complex ? text_format("%s%s%.6g%+.6gi", text, before, s->first[i], s->first_im[i]) : text_format("%s%s%.6g", text, before, s->first[i]);
    free(text);
    text = longer;
  }
  if (s->numel <= s->n_first) return text;
  longer = text_format("%s ...", text);
  free(text);
  return longer;
}

static void number_json(json *j, const char *key, const summary *s, double re, double im) {
  if (s->is_complex) json_open(j, key, '[');
  json_real(j, s->is_complex ? NULL : key, re);
  if (!s->is_complex) return;
  json_real(j, NULL, im);
  json_close(j, '[');
}

void summary_json(json *j, const summary *s) {
  json_int(j, "numel", s->numel);
  json_real(j, s->is_complex ? "modulus_min" : "min", s->min);
  number_json(j, "mean", s, s->mean, s->mean_im);
  json_real(j, s->is_complex ? "modulus_max" : "max", s->max);
  json_int(j, "nan", s->n_nan);
  json_int(j, "infinite", s->n_inf);
  json_open(j, "first", '[');
  for (int32_t i = 0; i < s->n_first; i++) number_json(j, NULL, s, s->first[i], s->first_im[i]);
  json_close(j, '[');
}
