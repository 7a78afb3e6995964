// SPDX-License-Identifier: BSD-3-Clause
// What the files of the HTML report share: text made safe for HTML, and the plots. All is well-formed XML as well, so that a strict reader can check it.
#ifndef TRIVET_BENCH_HTML_H
#define TRIVET_BENCH_HTML_H

#include "suite.h"

extern const char html_style[]; ///< the style sheet, light and dark
/// The text with what HTML reads as its own replaced.
void html_text(FILE *f, const char *text);
/// The cases of one row that are plotted: its first dtype, by growing size.
typedef struct group { const bench_case *at[96]; size_t n; const case_row *row; rt_dtype dtype; } group;
/// From cases[begin] on, up to the next row; returns where that is.
size_t next_group(const suite *s, size_t begin, group *out);
double elements_of(const bench_case *c);
void plot_time(FILE *f, const group *g, bool has_peers);  ///< time over size, both logarithmic
bool plot_bandwidth(FILE *f, const roofline *r);          ///< of the probes over footprint; false: there is too little to plot
typedef struct ratio_scale { double low, high; } ratio_scale;
ratio_scale ratio_range(const suite *s);
void plot_ratio_axis(FILE *f, const ratio_scale *scale);
void plot_ratios(FILE *f, const group *g, const ratio_scale *scale); ///< peer / Trivet, a dot for each size
void legend(FILE *f, bool has_peers);

#endif
