#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Every public header compiles alone, without a warning, as C11 and as C++11, by each compiler that is here; and backend.h, which strangers
# copy, includes stdint.h and stddef.h only.
set -eu
include=$TRIVET_SOURCE_DIR/include
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0 bad=0

check() { # check HEADER LANGUAGE STANDARD COMPILER
  printf '#include <trivet/%s>\n#include <trivet/%s>\nint main(void) { return 0; }\n' "$1" "$1" >"$work/one"
  if ! "$4" -x "$2" -std="$3" -Wall -Wextra -Wpedantic -Wundef -Wno-unused-function -Werror -fsyntax-only -I"$include" "$work/one"; then
    echo "$1 as $3 by $4"
    bad=$((bad + 1))
  fi
  n=$((n + 1))
}

for path in "$include"/trivet/*.h; do
  header=$(basename "$path")
  for compiler in gcc clang; do
    if command -v $compiler >/dev/null; then check "$header" c c11 $compiler; fi
  done
  for compiler in g++ clang++; do
    if command -v $compiler >/dev/null; then check "$header" c++ c++11 $compiler; fi
  done
done

others=$(grep '^ *#include' "$include/trivet/backend.h" | grep -v -e '<stdint.h>' -e '<stddef.h>' || true)
[ -z "$others" ] || { echo "backend.h includes: $others"; bad=$((bad + 1)); }
[ "$n" -gt 0 ] || { echo "no compiler"; exit 77; }
echo "$n compiled, $bad bad"
[ "$bad" = 0 ]
