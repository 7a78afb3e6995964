#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Prints covered lines per source file from what the tests of the coverage preset left behind: sh coverage.sh SOURCE_DIR BUILD_DIR
set -eu
source_dir=$1
cd "$2"
mkdir -p coverage
cd coverage
find .. -name '*.gcda' | grep -E '_objects\.dir|trivet_builtin\.dir|backend_|layer_' | while read -r data; do
  gcov --no-output --object-directory "$(dirname "$data")" "$data" 2>/dev/null
done | awk -v root="$source_dir/" '
  /^File / { file = substr($0, 7, length($0) - 7); sub(root, "", file) }
  /^Lines executed:/ && file != "" && file !~ /^\// {
    split($0, part, /[:% ]+/)
    share = part[3] + 0; lines = part[5] + 0
    if (share / 100 * lines >= hit[file]) { hit[file] = share / 100 * lines; all[file] = lines }
    file = ""
  }
  END {
    for (f in all) { printf "%6.1f %%  %5d lines  %s\n", 100 * hit[f] / all[f], all[f], f | "sort -k 4"; h += hit[f]; a += all[f] }
    close("sort -k 4")
    if (a > 0) printf "%6.1f %%  %5d lines  all\n", 100 * h / a, a
    else { print "no coverage data: run ctest --preset coverage first"; exit 1 }
  }'
