#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# labels: release
# Installs the build into a fresh folder, moves that folder, and uses it as a stranger would: consumers by CMake and by pkg-config, shared and
# static, and both example plugins out of tree with pkg-config alone.
set -eu
command -v pkg-config >/dev/null || { echo "no pkg-config (apt install pkg-config)"; exit 77; }
CC=${CC:-cc}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$TRIVET_BUILD_DIR" --prefix "$work/first" >"$work/install.log"
mkdir "$work/moved" && mv "$work/first" "$work/moved/trivet" # nothing may remember where it was installed
prefix=$work/moved/trivet
pc=$(find "$prefix" -name trivet.pc)
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH
libdir=$(pkg-config --variable=libdir trivet)
cp -r "$TRIVET_SOURCE_DIR/tests/install/consumer" "$work/consumer"
cp -r "$TRIVET_SOURCE_DIR/examples" "$work/examples"
cd "$work/consumer"

n=0
expect() { # expect NAME PATTERN command...: runs it and looks for the pattern in what it says
  what=$1 pattern=$2
  shift 2
  if ! output=$("$@" 2>&1); then echo "FAILED $what: $output"; exit 1; fi
  if ! printf '%s\n' "$output" | grep -q -- "$pattern"; then echo "FAILED $what: no \"$pattern\" in: $output"; exit 1; fi
  echo "ok $what: $output" | tail -n 1
  n=$((n + 1))
}
answer="11 22 33"

cmake -S . -B build -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Release >"$work/cmake.log" || { cat "$work/cmake.log"; exit 1; }
cmake --build build >"$work/cmake.log" || { cat "$work/cmake.log"; exit 1; }
for program in shared static shared_io static_io; do
  if [ -x build/$program ]; then expect "cmake $program" "$answer" build/$program; fi
done

# shellcheck disable=SC2046
{
  $CC -std=c11 main.c $(pkg-config --cflags --libs trivet) -Wl,-rpath,"$libdir" -o shared
  expect "pkg-config shared" "$answer" ./shared
  $CC -std=c11 main.c -DRT_STATIC $(pkg-config --cflags trivet) "$libdir/libtrivet.a" -lm -lpthread -ldl -o static
  expect "pkg-config static" "$answer" ./static
  if pkg-config --exists trivet_io; then
    $CC -std=c11 -DUSE_IO main.c $(pkg-config --cflags --libs trivet_io) -Wl,-rpath,"$libdir" -o shared_io
    expect "pkg-config shared with files" "$answer" ./shared_io
    $CC -std=c11 -DUSE_IO -DRT_STATIC main.c $(pkg-config --cflags trivet_io) "$libdir/libtrivet_io.a" "$libdir/libtrivet.a" -lm -lpthread -ldl $(pkg-config --static --libs trivet_io | grep -o -- -lz) -o static_io
    expect "pkg-config static with files" "$answer" ./static_io
  fi
}

# The installed plugins are found beside the library, not by a path that was compiled in.
if [ -f "$libdir/trivet/backends-0/trivet_cpu_ref.so" ]; then
  expect "installed backend" "cpu_ref(beside libtrivet)" env RT_BACKEND=cpu_ref ./shared
fi
for plugin in plugin:tiny plugin_async:toy; do
  folder=${plugin%:*} name=${plugin#*:}
  [ -f "$work/examples/$folder/Makefile" ] || continue
  mkdir "$work/out_$name"
  make -C "$work/examples/$folder" OUT="$work/out_$name" CC="$CC" >"$work/make.log" 2>&1 || { cat "$work/make.log"; exit 1; }
  expect "out-of-tree $folder" "$answer on $name" env RT_BACKEND_PATH="$work/out_$name" RT_BACKEND="$name" ./shared
  make -C "$work/examples/$folder" OUT="$work/out_$name" CC="$CC" install >"$work/make.log" 2>&1 || { cat "$work/make.log"; exit 1; }
  expect "installed $folder" "$name(beside libtrivet)" env RT_BACKEND="$name" ./shared
done
if [ -x "$prefix/bin/trivet" ]; then expect "installed tool" "cpu_ref" "$prefix/bin/trivet" backends; fi
echo "$n checks"
