#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Each example that says at its end what it prints prints that, by default and on the asynchronous example device.
set -eu
source=${TRIVET_SOURCE_DIR:?} build=${TRIVET_BUILD_DIR:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0
for file in "$source"/examples/[0-9]*.c; do
  name=$(basename "$file" .c)
  sed -n '/^\/\/ Prints:$/,$p' "$file" | sed -n 's|^//   ||p' > "$work/want"
  test -s "$work/want" || continue
  for backend in default toy; do
    if [ $backend = toy ]; then
      test -e "$build/examples/trivet_toy.so" || continue
      RT_BACKEND=toy RT_BACKEND_PATH=$build/examples "$build/bin/example_$name" > "$work/got" || { echo "$name on toy: exit status $?"; exit 1; }
    else
      "$build/bin/example_$name" > "$work/got" || { echo "$name: exit status $?"; exit 1; }
    fi
    diff -u "$work/want" "$work/got" || { echo "$name on $backend: does not print what its comment says"; exit 1; }
    n=$((n + 1))
  done
done
echo "$n runs print what they say"
test $n -ge 3
