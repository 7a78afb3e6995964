#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# labels: release
# The template builds out of tree against an installed Trivet in both ways it documents, and computes what it says it does.
set -eu
command -v pkg-config >/dev/null || { echo "no pkg-config (apt install pkg-config)"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$TRIVET_BUILD_DIR" --prefix "$work/trivet" >"$work/install.log"
PKG_CONFIG_PATH=$(dirname "$(find "$work/trivet" -name trivet.pc)")
export PKG_CONFIG_PATH
cp -r "$TRIVET_SOURCE_DIR/backends/template" "$work/template"

mkdir "$work/make"
make -C "$work/template" OUT="$work/make" CC="${CC:-cc}" >"$work/make.log" 2>&1 || { cat "$work/make.log"; exit 1; }
cmake -S "$work/template" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$work/trivet" >"$work/cmake.log" || { cat "$work/cmake.log"; exit 1; }
cmake --build "$work/cmake" >"$work/cmake.log" || { cat "$work/cmake.log"; exit 1; }

n=0
for path in "$work/make" "$work/cmake"; do
  for grain in 1 65536; do
    output=$(RT_BACKEND_PATH=$path RT_BACKEND=template RT_TEMPLATE_GRAIN=$grain "$TRIVET_BUILD_DIR/bin/example_01_add" 2>&1)
    [ "$output" = "1.5 2.5 3.5 4.5" ] || { echo "FAILED with $path: $output"; exit 1; }
    output=$(RT_BACKEND_PATH=$path RT_BACKEND=template RT_TEMPLATE_GRAIN=$grain "$TRIVET_BUILD_DIR/bin/example_04_devices" 2>&1)
    printf '%s\n' "$output" | grep -q '^ran .* relu .*template' || { echo "FAILED with $path: $output"; exit 1; }
    printf '%s\n' "$output" | grep -q '^sum of relu: 124750$' || { echo "FAILED with $path: $output"; exit 1; }
    n=$((n + 1))
  done
done
if output=$(RT_BACKEND_PATH=$work/make RT_BACKEND=template RT_TEMPLATE_GRAIN=none "$TRIVET_BUILD_DIR/bin/example_01_add" 2>&1); then
  echo "FAILED: grain=none was taken"
  exit 1
fi
printf '%s\n' "$output" | grep -q 'grain' || { echo "FAILED: no sentence about grain: $output"; exit 1; }

# `make install` puts it where Trivet looks by itself.
make -C "$work/template" OUT="$work/make" CC="${CC:-cc}" install >"$work/make.log" 2>&1 || { cat "$work/make.log"; exit 1; }
test -f "$(pkg-config --variable=backends_dir trivet)/trivet_template.so" || { echo "FAILED: make install put it elsewhere"; exit 1; }
echo "$n runs of the template"
