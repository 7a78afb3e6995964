#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Instructions per call of the cases of trivet_bench_core, counted by callgrind. The program enters bench_mark before and after each case,
# where callgrind writes down and clears its counts; starting up is thereby left out. Counts do not depend on how busy the machine is.
#
#   bench/callgrind.sh build/release/bin/trivet_bench_core [CASE]
set -u
program=${1:?"usage: callgrind.sh PROGRAM [CASE]"}
calls=500
if ! command -v valgrind >/dev/null 2>&1; then
  echo "callgrind: SKIPPED, no instruction counts: valgrind is not installed (apt install valgrind)" >&2
  exit 0
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

if ! valgrind --tool=callgrind --callgrind-out-file="$work/part" --dump-before=bench_mark \
  "$program" --count "${2:-all}" $calls >"$work/names" 2>"$work/log"; then
  tail -n 20 "$work/log" >&2
  echo "callgrind: the program failed" >&2
  exit 1
fi

# Part 1 is the start; then each case has one part, and one more for the way to the next case.
part=0
while read -r name; do
  part=$((part + 2))
  counted=$(sed -n 's/^totals: \([0-9]*\).*/\1/p; s/^summary: \([0-9]*\).*/\1/p' "$work/part.$part" | head -n 1)
  echo "$name ${counted:-0}"
done <"$work/names" | awk -v calls=$calls '
  BEGIN {
    printf "\nInstructions per call (callgrind, %d calls each)\n", calls
    printf "%-6s %6s  %14s  %14s  %14s  %14s\n", "layout", "n", "rt_add_into", "with 1 layer", "rt_add", "with 1 layer"
  }
  $2 == 0 { print "callgrind: no count for " $1; failed = 1 }
  /^direct/ { direct = $2 / calls; next }
  {
    split($1, is, "/")
    row = is[2] " " is[3]
    if (!(row in seen)) { seen[row] = 1; order[++n] = row }
    count[row, is[1], is[4]] = $2 / calls
  }
  function cell(row, form, layers) { return (row, form, layers) in count ? sprintf("%.1f", count[row, form, layers]) : "-" }
  END {
    for (i = 1; i <= n; i++) {
      split(order[i], is, " ")
      printf "%-6s %6s  %14s  %14s  %14s  %14s\n", is[1], is[2], cell(order[i], "add_into", "layers:0"), cell(order[i], "add_into", "layers:1"),
        cell(order[i], "add", "layers:0"), cell(order[i], "add", "layers:1")
    }
    if (direct) {
      printf "direct call of the kernel on 4 elements: %.1f", direct
      printf "; the core adds %.1f (rt_add_into) and %.1f (rt_add)\n", cell("dense 4", "add_into", "layers:0") - direct, cell("dense 4", "add", "layers:0") - direct
    }
    exit failed
  }'
