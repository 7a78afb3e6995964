// SPDX-License-Identifier: BSD-3-Clause
// The values of a tensor in one line: range, mean, how many are not finite, and the first few. Uses the library to bring them to the host
// as f64, so integers beyond 2^53 are shown rounded.
#include "trivet.h"

#include <math.h>
#include <stdlib.h>

rt_status summarize(const rt_tensor *t, summary *out) {
  *out = (summary){.numel = rt_tensor_numel(t), .min = NAN, .max = NAN, .mean = NAN};
  if (out->numel == 0) return RT_OK;
  rt_tensor *wide = NULL;
  rt_status status = rt_to(t, RT_HOST, &wide);
  if (status == RT_OK && rt_tensor_dtype(wide) != RT_F64) {
    rt_tensor *cast = NULL;
    status = rt_cast(wide, RT_F64, &cast);
    rt_release(wide);
    wide = cast;
  }
  if (status != RT_OK) { rt_release(wide); return status; }
  double *value = grow(NULL, (size_t)out->numel, sizeof *value);
  status = rt_read(wide, value, (size_t)out->numel * sizeof *value);
  rt_release(wide);
  double sum = 0;
  int64_t n_finite = 0;
  for (int64_t i = 0; status == RT_OK && i < out->numel; i++) {
    double v = value[i];
    if (i < (int64_t)COUNT(out->first)) out->first[out->n_first++] = v;
    if (!isfinite(v)) { *(isnan(v) ? &out->n_nan : &out->n_inf) += 1; continue; }
    if (n_finite == 0 || v < out->min) out->min = v;
    if (n_finite == 0 || v > out->max) out->max = v;
    sum += v;
    n_finite++;
  }
  if (n_finite > 0) out->mean = sum / (double)n_finite;
  free(value);
  return status;
}

char *summary_text(const summary *s) {
  if (s->numel == 0) return text_copy("no elements");
  char *text = text_format("min %.6g, mean %.6g, max %.6g", s->min, s->mean, s->max), *longer;
  if (s->n_nan || s->n_inf) {
    longer = text_format("%s, %lld NaN, %lld infinite", text, (long long)s->n_nan, (long long)s->n_inf);
    free(text);
    text = longer;
  }
  for (int32_t i = 0; i < s->n_first; i++) {
    longer = text_format("%s%s%.6g", text, i == 0 ? "; first " : " ", s->first[i]);
    free(text);
    text = longer;
  }
  if (s->numel <= s->n_first) return text;
  longer = text_format("%s ...", text);
  free(text);
  return longer;
}

void summary_json(json *j, const summary *s) {
  json_int(j, "numel", s->numel);
  json_real(j, "min", s->min);
  json_real(j, "mean", s->mean);
  json_real(j, "max", s->max);
  json_int(j, "nan", s->n_nan);
  json_int(j, "infinite", s->n_inf);
  json_open(j, "first", '[');
  for (int32_t i = 0; i < s->n_first; i++) json_real(j, NULL, s->first[i]);
  json_close(j, '[');
}
