#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Configures, builds and tests one preset. The last line is "N passed, N failed, N skipped"; the exit status is 0 only when nothing failed.
#   scripts/run-tests.sh PRESET [ctest options]
set -eu
preset=$1
shift
cd "$(dirname "$0")/.."
cmake --preset "$preset"
cmake --build --preset "$preset"

report=$PWD/build/$preset/tests.xml
rm -f "$report"
status=0
ctest --preset "$preset" --parallel "$(nproc)" --output-junit "$report" "$@" || status=$?
if [ ! -f "$report" ]; then
  echo "0 passed, 1 failed, 0 skipped (ctest wrote no report)"
  exit 1
fi
count() { sed -n "s/^[[:space:]]*$1=\"\([0-9]*\)\".*/\1/p; s/.* $1=\"\([0-9]*\)\".*/\1/p" "$report" | head -n 1; }
tests=$(count tests) failures=$(count failures) skipped=$(count skipped) disabled=$(count disabled)
skipped=$((skipped + disabled))
if [ "$status" != 0 ] && [ "$failures" = 0 ]; then failures=1; fi
if [ "$failures" != 0 ]; then status=1; fi
echo "$((tests - failures - skipped)) passed, $failures failed, $skipped skipped"
exit "$status"
