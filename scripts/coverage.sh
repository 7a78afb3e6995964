#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Covered lines and branches per source file, from what the tests of the coverage preset left behind, and whether the parts that promise a share
# keep it. Objects that hold one source (the same file compiled twice, a header) are merged: what any of them executed counts.
#   scripts/coverage.sh SOURCE_DIR BUILD_DIR            prints the table; exit status 1 when a promise is broken
#   scripts/coverage.sh SOURCE_DIR BUILD_DIR PATTERN    prints the lines and branches of matching files that no test reached
set -eu
source_dir=$(cd "$1" && pwd)
cd "$2"
find "$PWD" -name '*.gcda' | grep -E '_objects\.dir|trivet_builtin\.dir|backend_|layer_' >coverage.list || {
  echo "no coverage data: run ctest --preset coverage first"
  exit 1
}
mkdir -p tests/results
while read -r data; do
  gcov --stdout --branch-probabilities --branch-counts --object-directory "$(dirname "$data")" "$data" 2>/dev/null
done <coverage.list | awk -v root="$source_dir/" -v pattern="${3:-}" -v results=tests/results/coverage.tsv '
  # "   count:  line:source" with count "-" for no code and ##### for never; then "branch  0 taken 5" lines for the line above.
  /^ *[^:]*: *0:Source:/ { file = $0; sub(/^[^:]*: *0:Source:/, "", file); sub(root, "", file); next }
  file ~ /^\// { next }
  /^branch / {
    key = file SUBSEP line SUBSEP $2
    taken[key] = taken[key] || ($3 == "taken" && $4 > 0)
    next
  }
  /^ *[-#=0-9*]+: *[0-9]+:/ {
    split($0, part, ":")
    count = part[1]; line = part[2] + 0
    if (line == 0 || count ~ /-$/) next
    key = file SUBSEP line
    hit[key] = hit[key] || count ~ /[0-9]/
    if (pattern != "") { text = $0; sub(/^[^:]*:[^:]*:/, "", text); source[key] = text }
  }
  function share(part, all) { return all ? 100 * part / all : 100 }
  # promise(name, files, what, least): a row of the last table
  function promise(name, files, what, least,    f, part, all, percent, is_kept) {
    for (f in lines) if (f ~ files) {
      part += what == "lines" ? lines_hit[f] : branches_hit[f]
      all += what == "lines" ? lines[f] : branches[f]
    }
    percent = share(part, all)
    is_kept = all > 0 && percent >= least
    printf "%-34s %5.1f %% of %5d %-8s at least %d %%  %s\n", name, percent, all, what, least, is_kept ? "kept" : "BROKEN"
    printf "%s\t%s\t%d\t%d\t%d\n", name, what, percent, all, least >results
    if (!is_kept) broken = 1
  }
  END {
    for (key in hit) { split(key, k, SUBSEP); lines[k[1]]++; lines_hit[k[1]] += hit[key] }
    for (key in taken) { split(key, k, SUBSEP); branches[k[1]]++; branches_hit[k[1]] += taken[key]; if (!taken[key]) missed[k[1], k[2]] = missed[k[1], k[2]] " " k[3] }
    if (pattern != "") {
      order = "sort -t: -k1,1 -k2,2n"
      for (key in hit) { split(key, k, SUBSEP)
        if (k[1] !~ pattern) continue
        if (!hit[key]) printf "%s:%d: never  %s\n", k[1], k[2], source[key] | order
        else if (missed[k[1], k[2]] != "") printf "%s:%d: branch%s  %s\n", k[1], k[2], missed[k[1], k[2]], source[key] | order
      }
      close(order)
      exit
    }
    print "lines           branches        file"
    for (f in lines) {
      printf "%5.1f %% of %-5d %5.1f %% of %-5d %s\n", share(lines_hit[f], lines[f]), lines[f], share(branches_hit[f], branches[f]), branches[f], f | "sort -k 9b"
      l += lines_hit[f]; la += lines[f]; b += branches_hit[f]; ba += branches[f]
    }
    close("sort -k 9b")
    printf "%5.1f %% of %-5d %5.1f %% of %-5d %s\n\n", share(l, la), la, share(b, ba), ba, "all"
    promise("core", "^core/", "branches", 85)
    promise("shape arithmetic", "^core/(shape|canon|view)\\.c|^core/checked\\.h", "lines", 95)
    promise("shape arithmetic", "^core/(shape|canon|view)\\.c|^core/checked\\.h", "branches", 95)
    promise("parsers (libtrivet_io)", "^loaders/", "lines", 95)
    exit broken
  }'
