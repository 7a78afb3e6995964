#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Instructions per call of the cases of trivet_bench_core, counted by callgrind: two runs of different length are subtracted, so that
# start-up cancels. Counts do not depend on how busy the machine is.
#
#   bench/callgrind.sh build/release/bin/trivet_bench_core [CASE...]
set -u
program=${1:?"usage: callgrind.sh PROGRAM [CASE...]"}
shift
if ! command -v valgrind >/dev/null 2>&1; then
  echo "callgrind: SKIPPED, no instruction counts: valgrind is not installed (apt install valgrind)" >&2
  exit 0
fi
few=200 many=1200

# Instructions of one whole run.
count() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" --count "$1" "$2" 2>&1 | sed -n 's/^==[0-9]*== Collected : \([0-9]*\).*/\1/p'
}

if [ $# -eq 0 ]; then
  # The device's cases are left out: its worker waits in a loop whose length depends on the clock.
  set -- direct/4
  for layers in 0 1; do
    for shape in dense/1 dense/4 dense/8 dense/32 dense/4096 one/8 one/32 one/4096 row/8 row/32 row/4096; do
      set -- "$@" "add_into/$shape/layers:$layers" "add/$shape/layers:$layers"
    done
  done
fi

echo "Instructions per call (callgrind, difference of runs of $many and $few calls)"
failed=0
for name in "$@"; do
  a=$(count "$name" $few)
  b=$(count "$name" $many)
  if [ -n "$a" ] && [ -n "$b" ]; then
    awk -v name="$name" -v a="$a" -v b="$b" -v n=$((many - few)) 'BEGIN { printf "%-28s %10.1f\n", name, (b - a) / n }'
  else
    printf '%-28s %10s\n' "$name" failed
    failed=1
  fi
done
exit $failed
