#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The overhead benchmark runs every case and says what is wrong in a sentence. No time is judged.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/lib.sh"
tool=$build/bin/trivet_bench_core # `run` runs this
if [ ! -x "$tool" ]; then
  echo "skipped: $tool is not built"
  exit 77
fi
run --list; ok; says direct/4 add_into/dense/1/layers:0 add/dense/4096/layers:1 add_into/one/8/layers:0 add/row/32/layers:1
grep -v '^submit/' out >expected
run --count all 3; ok
n_checks=$((n_checks + 1))
cmp -s expected out || bad "did not run exactly the cases of the host"
run --count direct/4 2; ok; says direct/4
if [ -f "$build/examples/trivet_toy.so" ]; then
  run --count submit/64/sync:64 128; ok
fi
for wrong in "--count nonsense 3" "--count direct/4 0" "--count direct/4 x" "--toy /nowhere.so --list"; do
  # shellcheck disable=SC2086 # several words
  run $wrong
  n_checks=$((n_checks + 1))
  if [ "$code" -ne 1 ] || ! grep -q '^bench: ..*' err; then bad "should have failed with exit code 1 and a sentence"; fi
done
run --count direct/4; [ "$code" -eq 2 ] || bad "should have failed with exit code 2"
run --help; ok
finish
